"""Rows over time, in C: smoothing, deltas, and the order in which frames are processed."""

from dsp.export.c_code.design import Design
from dsp.export.c_code.frames import condition_frame
from dsp.export.c_code.rows import takes_levels
from dsp.export.c_code.text import constant

AT = """\
/* Rows over time are numbered from the newest one, which is 0, down to oldest(), the first of the clip. */
static int32_t oldest(const pre_state *state)
{
    return state->frames > 0x40000000 ? -0x40000000 : 1 - (int32_t)state->frames;
}

/* Number k of row t; the first and the last row are repeated beyond the ends. */
static real at(const pre_state *state, int32_t t, int32_t k)
{
    const int32_t first = oldest(state);
    int32_t slot;
    if (t > 0) t = 0;
    if (t < first) t = first;
    slot = state->slot + t;
    return state->history[(slot < 0 ? slot + HISTORY : slot) * STATIC + k];
}
"""


def deltas(d: Design) -> str:
    """Smoothing and deltas of one number, by their definitions."""
    if not d.lookahead:
        return ""
    c = d.convention
    parts = [AT]
    static = "at"
    if d.smoothing > 1:
        static = "smoothed"
        half = d.smoothing // 2
        parts.append(
            f"/* The average of {d.smoothing} rows around row t. */\n"
            "static real smoothed(const pre_state *state, int32_t t, int32_t k)\n{\n"
            "    const int32_t first = oldest(state);\n    real sum = 0;\n    int32_t n;\n"
            "    if (t > 0) t = 0;\n    if (t < first) t = first;\n"
            f"    for (n = {-half}; n <= {half}; n++) sum += at(state, t + n, k);\n"
            f"    return sum / {constant(d.smoothing, d)};\n}}\n"
        )
    if d.delta_orders:
        parts.append(
            _slope(d, "delta", static, "SLOPE", "The delta: the slope of a line fitted to the rows around row t")
        )
    if d.delta_orders == 2:
        if c.delta_second == "curvature":
            text = "The second delta: the second derivative of a parabola fitted to the rows around row t"
            parts.append(_slope(d, "second_delta", static, "CURVATURE", text))
        elif c.delta_second == "delta of delta":
            parts.append(
                _slope(d, "second_delta", "delta_within", "SLOPE", "The second delta: the delta of the deltas")
            )
            parts.insert(
                -1,
                "/* The delta at row t; the first and the last one are repeated beyond the ends. */\n"
                "static real delta_within(const pre_state *state, int32_t t, int32_t k)\n{\n"
                "    const int32_t first = oldest(state);\n"
                "    return delta(state, t > 0 ? 0 : t < first ? first : t, k);\n}\n",
            )
        else:
            parts += _extended(d, static)
    return "\n".join(parts)


def _slope(d: Design, name: str, of: str, weights: str, what: str) -> str:
    """A weighted sum around row t; at the ends the rows repeat, or the nearest whole sum stands."""
    inside = []
    if d.interpolates:
        inside = [
            "    const int32_t first = oldest(state) + HALF;",
            "    if (t < first) t = first; /* the nearest whole window */",
            "    if (t > -HALF) t = -HALF;",
        ]
    return "\n".join(
        [
            f"/* {what}. */",
            f"static real {name}(const pre_state *state, int32_t t, int32_t k)",
            "{",
            *(inside[:1]),
            "    real sum = 0;",
            "    int32_t n;",
            *(inside[1:]),
            f"    for (n = -HALF; n <= HALF; n++) sum += {weights}[n + HALF] * {of}(state, t + n, k);",
            "    return sum;",
            "}",
            "",
        ]
    )


def _extended(d: Design, static: str) -> list[str]:
    """openSMILE's second deltas: the last row is repeated, then deltas are taken twice."""
    low = (
        "    const int32_t first = oldest(state) + HALF;"
        if d.interpolates
        else "    const int32_t first = oldest(state);"
    )
    high = ["    if (t > 0) t = 0;"] if d.interpolates else []
    return [
        "\n".join(
            [
                "/* The delta at row t of the rows with the last one repeated HALF times. */",
                "static real extended_delta(const pre_state *state, int32_t t, int32_t k)",
                "{",
                low,
                "    real sum = 0;",
                "    int32_t n;",
                "    if (t < first) t = first;",
                *high,
                f"    for (n = -HALF; n <= HALF; n++) sum += SLOPE[n + HALF] * {static}(state, t + n, k);",
                "    return sum;",
                "}",
                "",
            ]
        ),
        "\n".join(
            [
                "/* The second delta: the delta of these. */",
                "static real second_delta(const pre_state *state, int32_t t, int32_t k)",
                "{",
                *(["    const int32_t first = oldest(state) + HALF;"] if d.interpolates else []),
                "    real sum = 0;",
                "    int32_t n;",
                *(["    if (t < first) t = first;"] if d.interpolates else []),
                "    for (n = -HALF; n <= HALF; n++) sum += SLOPE[n + HALF] * extended_delta(state, t + n, k);",
                "    return sum;",
                "}",
                "",
            ]
        ),
    ]


def process_frame(d: Design) -> str:
    """What happens to a frame: its row goes out, or into the history until later ones are there."""
    stages = ["    load_frame(state);"]
    if condition_frame(d):
        stages.append("    condition_frame(state);")
    stages += ["    transform(state);", "    compute_power(state);"]
    if d.filterbank is not None:
        stages.append("    apply_filters(state);")
    greatest = []
    if d.needs_fraction and d.convention.floor_rule == "fraction of greatest bin" and d.filterbank is None:
        greatest = [
            "        int32_t k;",
            "        for (k = 0; k < BINS; k++) if (state->power[k] > state->greatest_bin) "
            "state->greatest_bin = state->power[k];",
        ]
    measure = []
    if d.measures:
        measure = ["    if (state->measuring) {", *greatest, "        measure(state);", "        return 0;", "    }"]
    levels = ["    take_levels(state);"] if takes_levels(d) else []
    head = [
        "/* The next frame, from samples to features. Returns how many rows come out. */",
        "static int32_t process_frame(pre_state *state, real *out)",
        "{",
        *stages,
        "    state->start += HOP;",
        *measure,
        *levels,
        "    state->frames++;",
    ]
    if not d.lookahead:
        return "\n".join([*head, "    fill_row(state, out);", "    return 1;", "}", ""])
    static = "smoothed" if d.smoothing > 1 else "at"
    fill = [f"        out[k] = {static}(state, t, k);"]
    if d.delta_orders:
        fill.append("        out[STATIC + k] = delta(state, t, k);")
    if d.delta_orders == 2:
        fill.append("        out[2 * STATIC + k] = second_delta(state, t, k);")
    ready = "state->pending > LOOKAHEAD"
    if d.interpolates:
        ready += " && state->frames > LOOKAHEAD + HALF"
    return "\n".join(
        [
            "/* The oldest row that waits, with its deltas. */",
            "static void write_row(pre_state *state, real *out)",
            "{",
            "    const int32_t t = 1 - state->pending;",
            "    int32_t k;",
            "    for (k = 0; k < STATIC; k++) {",
            *fill,
            "    }",
            "    state->pending--;",
            "}",
            "",
            *head,
            "    state->slot = state->slot + 1 == HISTORY ? 0 : state->slot + 1;",
            "    fill_row(state, state->history + state->slot * STATIC);",
            "    state->pending++;",
            "    {",
            "        int32_t rows = 0;",
            f"        while ({ready}) write_row(state, out + rows++ * PRE_ROWS);",
            "        return rows;",
            "    }",
            "}",
            "",
        ]
    )
