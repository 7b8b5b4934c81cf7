"""From filter outputs to the numbers of one frame, in C: the logarithm and its floors, cepstra, energy."""

from dsp.export.c_code.design import Design
from dsp.export.c_code.text import constant
from dsp.mfcc import MIN_LOG_ARGUMENT


def _log_of_mel(d: Design) -> str:
    """The function from a mel value to its level."""
    c = d.convention
    tiny = constant(MIN_LOG_ARGUMENT, d)
    floor, words = [], {
        "at least": f"at least {c.floor:g}",
        "add": f"x + {c.floor:g}",
        "zeros only": f"{c.floor:g} where x is 0",
    }  # fmt: skip
    if c.floor_rule == "at least":
        floor = [f"    if (x < {constant(c.floor, d)}) x = {constant(c.floor, d)};"]
    elif c.floor_rule == "add":
        floor = [f"    x += {constant(c.floor, d)};"]
    elif c.floor_rule == "zeros only":
        floor = [f"    if (x == 0) x = {constant(c.floor, d)};"]
    else:
        floor = ["    if (x < state->floor) x = state->floor;"]
        words[c.floor_rule] = f"at least {c.floor:g} of the clip's greatest"
    name = {"ln": "ln", "log10": "log10", "10 log10": "10 log10", "20 log10": "20 log10"}[str(c.log)]
    factor = "" if c.log == "ln" else f"{constant(d.log_factor, d)} * "
    argument = "const pre_state *state, real x" if d.needs_fraction else "real x"
    return "\n".join(
        [
            f"/* {name}(x), x {words[c.floor_rule]}; below 2^-126 it counts as 2^-126, a level for silence. */",
            f"static real level_of({argument})",
            "{",
            *floor,
            f"    return {factor}log(x > {tiny} ? x : {tiny});",
            "}",
            "",
        ]
    )


def levels(d: Design) -> str:
    """From filter outputs to levels; the first pass over a clip only looks for its greatest."""
    c = d.convention
    where = "power" if d.filterbank is None else "mel"
    parts = [] if c.log is None else [_log_of_mel(d)]
    call = "level_of(state, x)" if d.needs_fraction else "level_of(x)"
    if d.measures:
        update = ["        if (level[m] > state->greatest_mel) state->greatest_mel = level[m];"]
        if d.needs_highest and not d.needs_fraction:
            update = [
                "        const real found = level_of(level[m]);",
                "        if (found > state->highest) state->highest = found;",
            ]
        parts.append(
            "\n".join(
                [
                    "/* The first pass over a clip: its greatest value. */",
                    "static void measure(pre_state *state)",
                    "{",
                    f"    const real *level = state->{where};",
                    "    int32_t m;",
                    "    for (m = 0; m < LEVELS; m++) {",
                    *update,
                    "    }",
                    "}",
                    "",
                ]
            )
        )
    body, formula = [], []
    if c.log is not None:
        body.append(f"        x = {call};")
        if c.reference == "maximum":
            formula.append("minus the clip's highest level")
            body.append("        x -= state->highest;")
        if c.dynamic_range is not None:
            formula.append(f"at most {c.dynamic_range:g} below the highest")
            top = constant(0, d) if c.reference == "maximum" else "state->highest"
            limit = f"{top} - {constant(c.dynamic_range, d)}"
            body.append(f"        if (x < {limit}) x = {limit};")
    if c.log_gain != 1 or c.log_offset != 0:
        formula.append(f"times {c.log_gain:g} plus {c.log_offset:g}")
        body.append(f"        x = {constant(c.log_gain, d)} * x + {constant(c.log_offset, d)};")
    if not body:
        return "\n".join(parts)
    start = "The logarithm" if c.log is not None else "No logarithm: values"
    parts.append(
        "\n".join(
            [
                f"/* {', '.join([start, *formula])}. */",
                "static void take_levels(pre_state *state)",
                "{",
                f"    real *level = state->{where};",
                "    int32_t m;",
                "    for (m = 0; m < LEVELS; m++) {",
                "        real x = level[m];",
                *body,
                "        level[m] = x;",
                "    }",
                "}",
                "",
            ]
        )
    )
    return "\n".join(parts)


def takes_levels(d: Design) -> bool:
    """Whether anything happens to filter outputs."""
    c = d.convention
    return c.log is not None or c.log_gain != 1 or c.log_offset != 0


def rows(d: Design) -> str:
    """The numbers of one frame, before deltas."""
    c = d.convention
    where = "power" if d.filterbank is None else "mel"
    body, helpers, extra = [], "", ""
    if d.has_energy:
        least = max(c.energy_floor, MIN_LOG_ARGUMENT)
        extra = "log_energy(state)"
        helpers = (
            "/* ln of the frame's energy. */\nstatic real log_energy(const pre_state *state)\n{\n"
            f"    return log(state->energy > {constant(least, d)} ? state->energy : {constant(least, d)});\n}}\n\n"
        )
    if d.kind == "log_mel":
        what = "The levels" + (f", with the energy {c.mel_energy}" if c.mel_energy else "")
        shift = "1 + " if c.mel_energy == "first" else ""
        body.append(f"    for (m = 0; m < LEVELS; m++) row[{shift}m] = level[m];")
        if c.mel_energy:
            body.append(f"    row[{'0' if shift else 'LEVELS'}] = {extra};")
        loop = "    int32_t m;"
    else:
        n = len(d.dct)
        what = "Cepstrum: row[k] = sum over m of DCT[k, m] level[m]"
        what += ", times the lifter" if d.lifter is not None else ""
        what += f"; energy {c.energy}" if c.energy else ""
        shift = "1 + " if c.energy == "first" else ""
        lifted = "sum * LIFTER[k]" if d.lifter is not None else "sum"
        body += [
            f"    for (k = 0; k < {n}; k++) {{",
            "        const real *w = DCT + k * LEVELS;",
            "        real sum = 0;",
            "        for (m = 0; m < LEVELS; m++) sum += w[m] * level[m];",
            f"        row[{shift}k] = {lifted};",
            "    }",
        ]
        if c.energy:
            place = {"first": 0, "last": n, "replaces c0": n - 1 if c.c0 == "last" else 0}[c.energy]
            body.append(f"    row[{place}] = {extra};")
        loop = "    int32_t k, m;"
    return helpers + "\n".join(
        [
            f"/* {what}. */",
            "static void fill_row(const pre_state *state, real *row)",
            "{",
            f"    const real *level = state->{where};",
            loop,
            *body,
            "}",
            "",
        ]
    )
