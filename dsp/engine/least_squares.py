"""Non-negative least squares with a sparse matrix: eight frames at a time, one in each lane.

Checked: tests/test_fast_statistics_equal_textbook.py
"""

import numpy as np

from dsp.engine.compiling import inner, kernel
from dsp.engine.lanes import fma, load, load_splat, splat, store, zero_to
from dsp.engine.workspaces import workspace

LANES = 8


def fit_power(H: np.ndarray, levels: np.ndarray, start: np.ndarray, iterations: int) -> np.ndarray:
    """The iterations of dsp.inversion.mel_to_power from start, (n_bins, n_frames)."""
    used = [np.flatnonzero(row) for row in H]
    spans = np.array([(bins[0], bins[-1] + 1) if bins.size else (0, 0) for bins in used])
    power, n_frames = np.empty(start.shape), start.shape[1]
    P, target, denominator = (workspace(f"{name} of 8", (len(start), LANES), power.dtype) for name in "Ptd")
    for first in range(0, n_frames, LANES):
        stop = min(first + LANES, n_frames)
        P[:], target[:] = 0, 0
        P[:, : stop - first] = start[:, first:stop]
        target[:, : stop - first] = H.T @ levels[:, first:stop]
        _iterate(H, spans, target, denominator, P, iterations)
        power[:, first:stop] = P[:, : stop - first]
    return power


@kernel
def _iterate(H, spans, target, denominator, P, iterations):
    """P <- P target / (H' H P), where a row of H is 0 outside its span."""
    for _ in range(iterations):
        for i in range(0, P.size, LANES):
            store(denominator, i, splat(P, 0.0))
        for m in range(len(spans)):
            _add_band(H, m * H.shape[1], spans[m, 0], spans[m, 1], P, denominator)
        for i in range(0, P.size, LANES):
            ratio = load(target, i) / zero_to(load(denominator, i), splat(P, 1.0))
            store(P, i, load(P, i) * ratio)


@inner
def _add_band(H, offset, start, stop, P, denominator):
    """denominator += h (h' P) for one row h of H."""
    level = splat(P, 0.0)
    for k in range(start, stop):
        level = fma(load_splat(H, offset + k), load(P, k * LANES), level)
    for k in range(start, stop):
        store(denominator, k * LANES, fma(load_splat(H, offset + k), level, load(denominator, k * LANES)))
