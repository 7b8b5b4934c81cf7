"""Deltas: how features change with time.

Conventions: rows are coefficients, columns frames; the window of `width` frames is centered. Two names exist for
one regression: away from the edges, HTK's formula and the slope of a Savitzky-Golay filter are equal. Tools differ
at the edges, and in what they call the second order.
"""

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_real, as_word
from dsp.engine.rows import delta_rows

DeltaEdges = Literal["replicate", "interp"]
DeltaOrder = Literal[1, 2]
SecondDelta = Literal["delta of delta", "delta of delta, extended", "curvature"]

FIRST = np.array([0])  # the frame with which a clip begins


def delta(x: ArrayLike, width: int = 9, edges: DeltaEdges = "interp", order: DeltaOrder = 1) -> NDArray[np.float64]:
    """Slope (order 1) or curvature (order 2) of the polynomial of that degree fitted around every frame.

    order 1:  d[t] = sum_n n x[t + n] / sum_n n^2,  n = -M .. M, M = (width - 1) / 2
    order 2:  the second derivative of the fitted parabola; not the delta of the delta

    edges "interp"     the polynomial fitted to the first (last) `width` frames gives all of the first (last) M values
          "replicate"  the first and last frame are repeated (HTK, Kaldi, torchaudio, python_speech_features)

    Parameters
    ----------
    x : (..., n_frames) real
    width : odd int >= 3
    edges : "interp" (needs n_frames >= width) or "replicate"
    order : 1 or 2

    Returns
    -------
    d : same shape, float64, per frame (order 2: per frame squared)

    Raises
    ------
    ValueError  for an even width or one below 3, too few frames, complex or masked x, or an unknown word.

    Source: HTK Book eq. 5.16; Savitzky & Golay 1964. Checked: tests/test_deltas_match_librosa.py,
    tests/test_fast_statistics_equal_textbook.py
    """
    rows = as_real(x, "x")
    width = as_count(width, "width", min_value=3)
    if width % 2 == 0:
        raise ValueError(f"{width=} is even; the window needs a middle frame")
    as_word(order, "order", DeltaOrder)
    n_frames, replicate = rows.shape[-1], as_word(edges, "edges", DeltaEdges) == "replicate"
    if n_frames < width and not replicate:
        raise ValueError(f"{n_frames} frames are fewer than {width=}; edges='replicate' takes any number")
    flat = np.ascontiguousarray(rows).reshape(-1, n_frames)
    d = np.empty(flat.shape)
    delta_rows(flat, FIRST, np.array([n_frames]), delta_weights(width, order), replicate, d)
    return d.reshape(rows.shape)


def delta_by_definition(
    rows: NDArray[np.float64], width: int, edges: DeltaEdges, order: DeltaOrder
) -> NDArray[np.float64]:
    """`delta` of checked arguments, as a sum of shifted rows."""
    half = width // 2
    if edges == "replicate":
        return _slide(_repeat_edges(rows, half, half), width, order)
    return _repeat_edges(_slide(rows, width, order), half, half)  # the highest derivative of a polynomial is constant


def second_delta(
    rows: NDArray[np.float64], first: NDArray[np.float64], width: int, edges: DeltaEdges, second: SecondDelta
) -> NDArray[np.float64]:
    """The second-order deltas that a tool appends, given the static rows and their first-order deltas.

    "delta of delta"            the first-order deltas of the first-order deltas
    "delta of delta, extended"  the same, with the last static frame first repeated width // 2 times (openSMILE)
    "curvature"                 delta(rows, order=2), the second derivative of a fitted parabola (librosa)

    Checked: tests/test_features_match_every_tool.py
    """
    if second == "curvature":
        return delta(rows, width, edges, order=2)
    if second == "delta of delta":
        return delta(first, width, edges)
    extended = _repeat_edges(rows, 0, width // 2)
    return delta(delta(extended, width, edges), width, edges)[..., : rows.shape[-1]]


def _repeat_edges(x: NDArray[np.float64], before: int, after: int) -> NDArray[np.float64]:
    return np.concatenate([x[..., :1]] * before + [x] + [x[..., -1:]] * after, axis=-1)


@lru_cache(maxsize=32)
def delta_weights(width: int, order: int) -> NDArray[np.float64]:
    """w with w . x = the order-th derivative, in the middle, of the polynomial of that degree fitted to x."""
    n = np.arange(width) - width // 2
    fit = np.linalg.pinv(np.vander(n, order + 1, increasing=True))  # coefficients of 1, n, n^2 as weights of x
    weights = order * fit[order]  # d/dn of c1 n is c1; the second derivative of c2 n^2 is 2 c2
    weights.flags.writeable = False
    return weights


def _slide(x: NDArray[np.float64], width: int, order: int) -> NDArray[np.float64]:
    """The slope (or curvature) of every run of `width` frames."""
    n_frames = x.shape[-1] - width + 1
    slope = np.zeros((*x.shape[:-1], n_frames))
    for offset, weight in enumerate(delta_weights(width, order)):
        slope += weight * x[..., offset : offset + n_frames]
    return slope
