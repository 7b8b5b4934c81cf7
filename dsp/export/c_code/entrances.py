"""The functions that a program calls, in C: a stream, or a whole clip with what only that can have."""

import numpy as np

from dsp.export.c_code.design import FRACTIONS, Design
from dsp.export.c_code.state import state_fields
from dsp.export.c_code.text import constant


def feed(d: Design) -> str:
    """What all entrances share: counting frames, checking samples, the beginning and the end of a clip."""
    count = [f"    if (n < {d.shortest_signal}) return 0;", "    n += COUNT_OFFSET;", "    n = n < 0 ? 0 : n / HOP;"]
    if d.least:
        count.append("    if (n < 1) n = 1;")
    if d.dropped:
        count.append("    n -= DROPPED;")
    count.append(f"    return n < {d.shortest_clip} ? 0 : n;")
    flush = ["    while (state->pending > 0) write_row(state, out + rows++ * PRE_ROWS);"] if d.lookahead else []
    reset = [
        f"    state->{f.name} = {_initial(f.name, d)};" for f in state_fields(d) if not f.length and not _kept(f.name)
    ]
    return "\n".join(
        [
            "int64_t pre_count_frames(int64_t n)",
            "{",
            *count,
            "}",
            "",
            "/* 1 if no sample is NaN or infinite. */",
            "static int32_t all_finite(const real *samples, int32_t n)",
            "{",
            "    int32_t i;",
            "    for (i = 0; i < n; i++) if (!(samples[i] - samples[i] == 0)) return 0;",
            "    return 1;",
            "}",
            "",
            "/* The beginning of a clip. */",
            "static void begin(pre_state *state)",
            "{",
            "    int32_t i;",
            *reset,
            "    for (i = 0; i < N_FFT; i++) state->frame[i] = 0;",
            "}",
            "",
            "/* Samples, and the frames that become whole with them. Returns how many rows come out. */",
            "static int32_t feed(pre_state *state, const real *samples, int32_t n, real *out)",
            "{",
            "    int64_t due;",
            "    int32_t rows = 0;",
            "    while (n > 0) {",
            "        const int32_t taken = n < state->wait ? n : state->wait;",
            "        take_samples(state, samples, taken);",
            "        samples += taken;",
            "        n -= taken;",
            "        state->wait -= taken;",
            "        while (state->wait == 0) {",
            "            rows += process_frame(state, out + rows * PRE_ROWS);",
            "            due = state->start + BEFORE + REACH - state->seen;",
            "            state->wait = due > 0 ? (int32_t)due : 0;",
            "        }",
            "    }",
            "    return rows;",
            "}",
            "",
            "/* The frames that reach beyond the end of a clip of `frames` frames, and rows that waited. */",
            "static int32_t flush(pre_state *state, int64_t frames, real *out)",
            "{",
            "    int32_t rows = 0;",
            "    state->finished = 1;",
            "    while (state->start + BEFORE < frames * HOP) rows += process_frame(state, out + rows * PRE_ROWS);",
            *flush,
            "    return rows;",
            "}",
            "",
        ]
    )


def _kept(name: str) -> bool:
    """Members that a second pass over the same clip must still know."""
    return name in ("mean", "greatest_mel", "greatest_bin", "highest", "floor", "measuring", "energy")


def _initial(name: str, d: Design) -> str:
    return {"start": "-BEFORE", "wait": "FIRST_REACH", "slot": "HISTORY - 1"}.get(name, "0")


STREAM = """\
void pre_init(pre_state *state)
{
    begin(state);
}

void pre_reset(pre_state *state)
{
    begin(state);
}

int32_t pre_latency(void)
{
    return PRE_LATENCY;
}

int32_t pre_push(pre_state *state, const pre_real *samples, int32_t n, pre_real *out, int32_t max_frames)
{
    if (state == NULL || n < 0 || (n > 0 && samples == NULL)) return PRE_BAD_ARGUMENT;
    if (state->finished) return PRE_FINISHED;
    {
        const int64_t rows = count_ready(state->seen + n) - count_ready(state->seen);
        if (rows > max_frames || (rows > 0 && out == NULL)) return PRE_NO_ROOM;
    }
    if (!all_finite(samples, n)) return PRE_NOT_FINITE;
    return feed(state, samples, n, out);
}

int32_t pre_finish(pre_state *state, pre_real *out, int32_t max_frames)
{
    int64_t frames, rows;
    if (state == NULL) return PRE_BAD_ARGUMENT;
    if (state->finished) return PRE_FINISHED;
    frames = pre_count_frames(state->seen);
    if (frames == 0) return PRE_TOO_SHORT;
    rows = frames - count_ready(state->seen);
    if (rows > max_frames || (rows > 0 && out == NULL)) return PRE_NO_ROOM;
    return flush(state, frames, out);
}
"""


def stream(d: Design) -> str:
    """The functions of a stream, unless the convention has none."""
    if d.whole_clip:
        return ""
    count_ready = ["    if (seen < FIRST_REACH) return 0;"]
    if not d.lookahead:
        count_ready.append("    return (seen - REACH) / HOP + 1;")
    else:
        least = "LOOKAHEAD + HALF" if d.interpolates else "LOOKAHEAD"
        count_ready += [
            "    {",
            "        const int64_t frames = (seen - REACH) / HOP + 1;",
            f"        return frames > {least} ? frames - LOOKAHEAD : 0;",
            "    }",
        ]
    head = "/* Rows that have come out when so many samples are there. */\nstatic int64_t count_ready(int64_t seen)"
    return "\n".join([head, "{", *count_ready, "}", "", STREAM])


def whole_clip(d: Design) -> str:
    """The function that takes a whole clip."""
    c = d.convention
    started = ["    begin(state);"]
    if c.framing == "valid, centered":
        started += [
            "    state->start = (n - FRAME) % HOP / 2;  /* the frames lie in the middle of the clip */",
            "    state->wait += (int32_t)state->start;",
        ]
    passes: list[str] = []
    declared: list[str] = []
    if c.dc_removal == "signal":
        declared += ["    double sum = 0;", "    int32_t i;"]
        scaled = f" * {constant(c.scale, d)}" if c.scale != 1 else ""
        passes += [
            "    /* the mean; in double, as a sum over a whole clip needs it */",
            "    for (i = 0; i < n; i++) sum += (double)samples[i];",
            f"    state->mean = (real)(sum / (double)n){scaled};",
        ]
    if d.measures:
        passes += [
            "    /* first pass: the greatest values of the clip */",
            "    state->measuring = 1;",
            "    state->greatest_mel = 0;",
            "    state->greatest_bin = 0;",
            f"    state->highest = {constant(-1e30, d)};",
            *started,
            "    (void)feed(state, samples, n, out);",
            "    (void)flush(state, frames, out);",
            "    state->measuring = 0;",
        ]
        if d.needs_fraction:
            which = "greatest_mel" if c.floor_rule == FRACTIONS[0] else "greatest_bin"
            passes.append(f"    state->floor = {constant(c.floor, d)} * state->{which};")
            passes.append("    state->highest = level_of(state, state->greatest_mel);")
    normalize = ["    normalize(out, (int32_t)frames);"] if d.normalization else []
    return _normalize(d) + "\n".join(
        [
            "int32_t pre_extract(",
            "    pre_state *state, const pre_real *samples, int32_t n, pre_real *out, int32_t max_frames)",
            "{",
            "    int64_t frames;",
            *declared,
            "    int32_t rows;",
            "    if (state == NULL || samples == NULL || n < 0 || out == NULL) return PRE_BAD_ARGUMENT;",
            "    frames = pre_count_frames(n);",
            "    if (frames == 0) return PRE_TOO_SHORT;",
            "    if (frames > max_frames) return PRE_NO_ROOM;",
            "    if (!all_finite(samples, n)) return PRE_NOT_FINITE;",
            *passes,
            *started,
            "    rows = feed(state, samples, n, out);",
            "    rows += flush(state, frames, out + rows * PRE_ROWS);",
            *normalize,
            "    return rows;",
            "}",
            "",
        ]
    )


def _normalize(d: Design) -> str:
    c = d.convention
    if d.normalization is None:
        return ""
    variance: list[str] = []
    what = "Every row minus its mean over the clip"
    if d.normalization == "mean and variance":
        eps = np.finfo(np.float64 if d.precision == "double" else np.float32).eps
        what += ", divided by its deviation; a row that is constant but for rounding becomes 0"
        added = f" + {float(c.normalization_eps)!r}" if c.normalization_eps else ""
        to_variance = c.normalization_eps_to == "variance"
        divisor = (
            f"frames > 1 ? (double)(frames - {c.normalization_ddof}) : 1.0"
            if c.normalization_ddof
            else "(double)frames"
        )
        # the type of `sqrt` here is double whatever the precision: written with a space, it keeps its name
        deviation = f"sqrt (variance{added})" if to_variance else f"sqrt (variance){added}"
        variance = [
            "        {",
            "            double variance = 0, greatest = 0, deviation;",
            "            for (t = 0; t < frames; t++) {",
            "                const double x = (double)row[t * PRE_ROWS] - mean;",
            "                variance += x * x;",
            "                if (row[t * PRE_ROWS] > greatest) greatest = (double)row[t * PRE_ROWS];",
            "                if (-row[t * PRE_ROWS] > greatest) greatest = -(double)row[t * PRE_ROWS];",
            "            }",
            f"            variance /= {divisor};",
            f"            deviation = {deviation};",
            f"            scale = sqrt (variance) <= {16 * float(eps)!r} * greatest ? 0 : 1 / deviation;",
            "            if (!(deviation > 0)) scale = 0;",
            "        }",
        ]
    scale = " * scale" if variance else ""
    return "\n".join(
        [
            f"/* {what}. Sums over a whole clip are in double. */",
            "static void normalize(real *out, int32_t frames)",
            "{",
            "    int32_t k, t;",
            "    for (k = 0; k < PRE_ROWS; k++) {",
            "        real *row = out + k;",
            f"        double mean = 0{', scale' if variance else ''};",
            "        for (t = 0; t < frames; t++) mean += (double)row[t * PRE_ROWS];",
            "        mean /= (double)frames;",
            *variance,
            "        for (t = 0; t < frames; t++)",
            f"            row[t * PRE_ROWS] = (real)(((double)row[t * PRE_ROWS] - mean){scale});",
            "    }",
            "}",
            "",
            "",
        ]
    )
