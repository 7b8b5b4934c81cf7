"""From samples to windowed frames, in C: the ring of samples, what extends the signal, pre-emphasis, the window."""

from dsp.export.c_code.design import Design
from dsp.export.c_code.text import constant

FIRST = {"keep": "x[0]", "replicate": "(1 - a) x[0]", "extrapolate": "3 x[0] - x[1]"}  # of pre-emphasis


def samples(d: Design) -> str:
    """Scale, mean and pre-emphasis of the signal as a whole, into the ring."""
    c = d.convention
    emphasis = bool(c.preemphasis) and c.preemphasis_in == "signal"
    formula = ["x = sample" + (f" * {c.scale:g}" if c.scale != 1 else "")]
    body = [f"        real x = samples[i]{f' * {constant(c.scale, d)}' if c.scale != 1 else ''};"]
    start, end = ["    int32_t i, position = state->position;"], []
    if c.dc_removal == "signal":
        formula.append("minus the mean of the clip")
        body.append("        x -= state->mean;")
    stored = "x"
    if emphasis:
        formula.append(f"then y[n] = x[n] - a x[n-1], a = {c.preemphasis:g}, y[0] = {FIRST[c.preemphasis_first]}")
        start.append("    real last = state->last;")
        stored = f"x - {constant(c.preemphasis, d)} * last"
        if c.preemphasis_first == "replicate":
            body.append("        if (i == 0 && state->seen == 0) last = x;")
        elif c.preemphasis_first == "extrapolate":
            body.append(f"        if (state->seen + i == 1) state->ring[0] = {constant(3, d)} * last - x;")
        end.append("    state->last = last;")
    body.append(f"        state->ring[position] = {stored};")
    if emphasis:
        body.append("        last = x;")
    body.append("        if (++position == RING) position = 0;")
    return "\n".join(
        [
            f"/* Samples into the ring: {', '.join(formula)}. */",
            "static void take_samples(pre_state *state, const real *samples, int32_t n)",
            "{",
            *start,
            "    for (i = 0; i < n; i++) {",
            *body,
            "    }",
            "    state->position = position;",
            *end,
            "    state->seen += n;",
            "}",
            "",
        ]
    )


MIRROR = """\
/* The index of the sample that stands at index k of the signal of n samples, mirrored at both ends. */
static int64_t mirrored(int64_t k, int64_t n)
{
    const int64_t period = n > 1 || REPEAT ? 2 * (n - 1 + REPEAT) : 1;
    int64_t forward = k % period;
    if (forward < 0) forward += period;
    return forward < n ? forward : period - REPEAT - forward;
}

static real mirrored_sample(const pre_state *state, int64_t k)
{
    return state->ring[ring_index(state, mirrored(k, state->seen))];
}
"""


def load_frame(d: Design) -> str:
    """The next frame out of the ring, and what stands in for samples beyond the ends."""
    extended = {
        "valid": "",
        "valid, centered": "",
        "pad tail": ", with zeros after the signal",
        "every hop": ", with zeros after the signal",
    }.get(d.convention.framing, ", with zeros around the signal" if d.mirror is None else ", mirrored at both ends")
    parts = [
        "/* Where sample k of the signal lies in the ring. */",
        "static int32_t ring_index(const pre_state *state, int64_t k)",
        "{",
        "    const int32_t index = state->position - (int32_t)(state->seen - k);",
        "    return index < 0 ? index + RING : index;",
        "}",
        "",
    ]
    if d.mirror is not None:
        repeat = (
            "1  /* the samples at the edges stand twice */" if d.mirror else "0  /* about the samples at the edges */"
        )
        parts += [f"#define REPEAT {repeat}", *MIRROR.splitlines(), ""]
    fill = f"state->frame[i] = {'mirrored_sample(state, start + i)' if d.mirror is not None else constant(0, d)};"
    parts += [
        f"/* The frame that begins at `start`{extended}. */",
        "static void load_frame(pre_state *state)",
        "{",
        "    const int64_t start = state->start, rest = state->seen - start;",
        f"    const int32_t end = rest >= FRAME ? FRAME : {'rest > 0 ? (int32_t)rest : 0' if d.is_padded else '0'};",
        "    int32_t i = 0, index;",
    ]
    if d.before > 0:
        parts.append(f"    for (; i < FRAME && start + i < 0; i++) {fill}")
    parts += [
        "    if (i < end) {",
        "        index = ring_index(state, start + i);",
        "        for (; i < end; i++) {",
        "            state->frame[i] = state->ring[index];",
        "            if (++index == RING) index = 0;",
        "        }",
        "    }",
    ]
    if d.is_padded:
        parts.append(f"    for (; i < FRAME; i++) {fill}")
    return "\n".join([*parts, "}", ""])


def energy_loop(d: Design, of: str, count: str) -> list[str]:
    """The sum of a frame's squares, or of its spectrum."""
    square = f" * state->{of}[i]" if of == "frame" else ""
    return [
        "    state->energy = 0;",
        f"    for (i = 0; i < {count}; i++) state->energy += state->{of}[i]{square};",
    ]


def _emphasis(d: Design) -> list[str]:
    """Pre-emphasis inside a frame, from its end to its start, so that it needs no second array."""
    c = d.convention
    a = constant(c.preemphasis, d)
    lines = [f"    for (i = FRAME - 1; i > 0; i--) state->frame[i] -= {a} * state->frame[i - 1];"]
    if c.preemphasis_first == "replicate":
        lines.append(f"    state->frame[0] -= {a} * state->frame[0];")
    elif c.preemphasis_first == "extrapolate":
        lines.insert(0, f"    const real first = {constant(3, d)} * state->frame[0] - state->frame[1];")
        lines.append("    state->frame[0] = first;")
    return lines


def _windowing(d: Design) -> list[str]:
    """Times the window, which may be shorter than the frame."""
    start, length = d.window_start, d.size.window
    lines = [f"    for (i = 0; i < {start}; i++) state->frame[i] = 0;"] if start else []
    if d.convention.window != "rectangular":
        index = f"{start} + i" if start else "i"
        lines.append(f"    for (i = 0; i < {length}; i++) state->frame[{index}] *= WINDOW[i];")
    if start + length < d.size.frame:
        lines.append(f"    for (i = {start + length}; i < FRAME; i++) state->frame[i] = 0;")
    return lines


def condition_frame(d: Design) -> str:
    """Mean, pre-emphasis and window of a frame; empty if nothing is to be done."""
    c = d.convention
    what, body = [], []
    if c.dc_removal == "frame":
        what.append("minus its mean")
        body += [
            "    real mean = 0;",
            "    for (i = 0; i < FRAME; i++) mean += state->frame[i];",
            "    mean /= (real)FRAME;",
            "    for (i = 0; i < FRAME; i++) state->frame[i] -= mean;",
        ]
    if d.has_energy and c.energy_of == "raw frame":
        body += energy_loop(d, "frame", "FRAME")
    if c.preemphasis and c.preemphasis_in == "frame":
        what.append(f"y[n] = x[n] - a x[n-1], a = {c.preemphasis:g}, y[0] = {FIRST[c.preemphasis_first]}")
        body += _emphasis(d)
    if c.window != "rectangular" or d.size.window < d.size.frame:
        what.append("times the window")
        body += _windowing(d)
    if d.has_energy and c.energy_of == "windowed frame":
        body += energy_loop(d, "frame", "FRAME")
    if not body:
        return ""
    return "\n".join(
        [
            f"/* The frame {', then '.join(what) or 'as it is, and its energy'}. */",
            "static void condition_frame(pre_state *state)",
            "{",
            "    int32_t i;",
            *body,
            "}",
            "",
        ]
    )
