"""Deltas: how features change with time.

Conventions: rows are coefficients, columns frames; the window of `width` frames is centred. The same
regression has two names: HTK's formula and the slope of a Savitzky-Golay filter are equal away from the
edges; tools differ in what they do there, and in what they call the second order.
"""

import numpy as np

from dsp.checks import as_count


def delta(x, width: int = 9, edges: str = "interp", order: int = 1) -> np.ndarray:
    """Slope (order 1) or curvature (order 2) of the polynomial of that degree fitted around every frame.

    order 1:  d[t] = sum_n n x[t + n] / sum_n n^2,  n = -M .. M, M = (width - 1) / 2
    order 2:  the second derivative of the fitted parabola; not the delta of the delta

    edges "interp"     the polynomial fitted to the first (last) `width` frames serves for all of the first (last) M
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
    ValueError  for an even or small width, too few frames, or an unknown word.

    Source: HTK Book eq. 5.16; Savitzky & Golay 1964. Checked: tests/test_deltas_match_librosa.py
    """
    x = np.asarray(x, dtype=np.float64)
    width = as_count(width, "width", at_least=3)
    if width % 2 == 0:
        raise ValueError(f"{width=} is even; the window needs a middle frame")
    if order not in (1, 2):
        raise ValueError(f"{order=} is neither 1 nor 2")
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x has shape {x.shape}; at least one frame is expected")
    half = width // 2
    if edges == "replicate":
        return _slide(_repeat_edges(x, half), width, order)
    if edges != "interp":
        raise ValueError(f'{edges=} is neither "interp" nor "replicate"')
    if x.shape[-1] < width:
        raise ValueError(f"{x.shape[-1]} frames are fewer than {width=}; edges='replicate' takes any number")
    return _repeat_edges(_slide(x, width, order), half)  # the highest derivative of a polynomial is constant


def _repeat_edges(x: np.ndarray, times: int) -> np.ndarray:
    return np.concatenate([x[..., :1]] * times + [x] + [x[..., -1:]] * times, axis=-1)


def delta_weights(width: int, order: int) -> np.ndarray:
    """w with w . x = the order-th derivative, in the middle, of the polynomial of that degree fitted to x."""
    n = np.arange(width) - width // 2
    fit = np.linalg.pinv(np.vander(n, order + 1, increasing=True))  # coefficients of 1, n, n^2 as weights of x
    return order * fit[order]  # d/dn of c1 n is c1; the second derivative of c2 n^2 is 2 c2


def _slide(x: np.ndarray, width: int, order: int) -> np.ndarray:
    """The slope (or curvature) of every run of `width` frames."""
    n_frames = x.shape[-1] - width + 1
    slope = np.zeros((*x.shape[:-1], n_frames))
    for at, weight in enumerate(delta_weights(width, order)):
        slope += weight * x[..., at : at + n_frames]
    return slope
