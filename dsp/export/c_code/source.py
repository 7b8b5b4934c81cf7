"""The C source of a design: tables, then one function a stage, each with the formula that it computes."""

from dsp.export.c_code.design import Design, sparse
from dsp.export.c_code.entrances import feed, stream, whole_clip
from dsp.export.c_code.frames import condition_frame, load_frame, samples
from dsp.export.c_code.over_time import deltas, process_frame
from dsp.export.c_code.rows import levels, rows
from dsp.export.c_code.spectrum import filters, power, transform
from dsp.export.c_code.text import table, with_names


def source_text(d: Design, name: str, about: str) -> str:
    """The .c file.

    Checked: tests/test_c_code_equals_dsp.py
    """
    parts = [
        about.rstrip() + "\n",
        f'#include "{name}.h"\n\n#include <math.h>\n#include <stddef.h>\n',
        "typedef pre_real real;\n",
        _constants(d),
        _tables(d),
        samples(d),
        load_frame(d),
        condition_frame(d),
        transform(d),
        power(d),
        filters(d),
        levels(d),
        rows(d),
        deltas(d),
        process_frame(d),
        feed(d),
        stream(d),
        whole_clip(d),
    ]
    return with_names("\n".join(part for part in parts if part), name, d)


def _constants(d: Design) -> str:
    size = d.size
    values = [
        ("FRAME", size.frame, "samples in a frame"),
        ("HOP", size.hop, "samples from one frame to the next"),
        ("BEFORE", d.before, "samples by which the first frame begins before the signal"),
        ("N_FFT", size.n_fft, "points of the transform of real samples"),
        ("POINTS", d.points, "points of the complex transform that computes it"),
        ("BINS", d.bins, "frequencies from 0 Hz to half the sample rate"),
        ("LEVELS", d.levels, "log-mel values of a frame" if d.filterbank is not None else "levels of a frame"),
        ("STATIC", d.static_rows, "numbers of a frame without deltas"),
        ("RING", d.ring, "samples that are kept"),
        ("REACH", d.reach, "frame t can be computed when t * HOP + REACH samples are there"),
        ("FIRST_REACH", d.first_reach, "the same for frame 0"),
        ("COUNT_OFFSET", d.count_offset, "n samples have (n + COUNT_OFFSET) / HOP frames"),
        ("DROPPED", d.dropped, "frames left out at the end"),
        ("LOOKAHEAD", d.lookahead, "later frames that a row of features depends on"),
    ]
    if d.delta_orders:
        values.append(("HALF", d.delta_half, "of the window of the deltas"))
    if d.lookahead:
        values.append(("HISTORY", 2 * d.lookahead + 1, "rows that are kept"))
    lines = [f"    {name} = {value}{',' if i + 1 < len(values) else ''}" for i, (name, value, _) in enumerate(values)]
    width = max(map(len, lines)) + 3
    body = "\n".join(f"{line:<{width}}/* {meaning} */" for line, (_, _, meaning) in zip(lines, values, strict=True))
    return f"enum {{\n{body}\n}};\n"


def _tables(d: Design) -> str:
    c = d.convention
    parts = []
    if c.window != "rectangular":
        parts.append(table("WINDOW", d.window, f"the {c.window} window, {c.window_symmetry}", d))
    if d.points > 1:
        parts.append(table("ORDER", d.order, "where the points of the first stage come from", d, whole=True))
        parts.append(table("ROOTS", d.roots, "exp(-2 pi i k / POINTS): real and imaginary parts", d))
    if d.packed:
        parts.append(table("UNPACKING", d.unpacking_roots, "exp(-2 pi i k / N_FFT): real and imaginary parts", d))
    if d.filterbank is not None:
        first, count, weights = sparse(d.filterbank)
        parts.append(table("FIRST_BIN", first, "the first bin of each filter", d, whole=True))
        parts.append(table("BIN_COUNT", count, "and how many it has", d, whole=True))
        parts.append(table("WEIGHTS", weights or [0.0], "the weights of all filters, one after the other", d))
    if d.kind == "mfcc":
        what = f"row k, column m: coefficient k of the DCT-{'I' * c.dct_type}, in the order of the output"
        parts.append(table("DCT", d.dct.ravel(), what, d))
        if d.lifter is not None:
            parts.append(table("LIFTER", d.lifter, f"1 + L/2 sin(pi k / L), L = {c.lifter:g}", d))
    if d.delta_orders:
        parts.append(table("SLOPE", d.weights, "weights of the deltas: n / sum of n^2", d))
    if d.second_weights is not None:
        parts.append(table("CURVATURE", d.second_weights, "the second derivative of a fitted parabola", d))
    return "\n".join(parts)
