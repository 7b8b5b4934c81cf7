"""The filters of dsp.mel_filterbank without their zeros, as a search makes thousands of banks."""

from typing import NamedTuple

import numpy as np
from numba import njit

from dsp.conventions.parameters import Convention
from dsp.files.compiled import keep_on_disk
from dsp.mel import filter_edges


class SparseFilters(NamedTuple):
    """All weights in one row, and where the weights of each filter belong."""

    weights: np.ndarray  # (n,)
    first: np.ndarray  # (n_mels,) the first bin of each filter
    n_bins: np.ndarray  # (n_mels,) how many weights it has


def sparse_filters(n_fft: int, sample_rate: float, c: Convention) -> SparseFilters:
    """The convention's filters for a transform of n_fft points.

    Every weight is computed by the same formula as in dsp.mel_filterbank. Raises ValueError as that does.
    Checked: tests/test_doctor_search_parts.py
    """
    assert c.n_mels is not None
    edges = filter_edges(c.n_mels, n_fft, sample_rate, c.f_min, c.f_max, c.mel_scale, c.mel_triangles)
    weights, first, n_bins = _weights(
        edges.x, edges.left, edges.center, edges.right, edges.first_bin, edges.last_bin, c.mel_norm == "sum"
    )
    if c.mel_norm == "slaney":
        weights *= np.repeat(2 / edges.width_hz, n_bins)
    elif c.mel_norm == "doubled":
        bins = np.arange(weights.size) + np.repeat(first - (np.cumsum(n_bins) - n_bins), n_bins)
        weights[(bins > 0) & (bins < (n_fft + 1) // 2)] *= 2
    return SparseFilters(weights, first, n_bins)


@keep_on_disk
@njit
def _weights(x, left, center, right, first_bin, last_bin, sum_to_one):
    """dsp.mel.triangle of the bins in which it is not 0, filter by filter: as in SparseFilters."""
    n_mels = left.size
    weights = np.empty(n_mels * (last_bin - first_bin + 1) if last_bin >= first_bin else 0)
    first, n_bins = np.zeros(n_mels, np.int64), np.zeros(n_mels, np.int64)
    n = 0
    for m in range(n_mels):
        begin, total = n, 0.0
        for k in range(max(first_bin, np.searchsorted(x, left[m])), last_bin + 1):
            if x[k] > right[m]:
                break
            rising, falling = 1.0, 0.0  # corners that fall together make a vertical side
            if center[m] > left[m]:
                rising = (x[k] - left[m]) / (center[m] - left[m])
            if right[m] > center[m]:
                falling = (right[m] - x[k]) / (right[m] - center[m])
            elif x[k] < center[m]:
                falling = 1.0
            weight = min(rising, falling, 1.0)
            if weight > 0:  # the corners have none
                if n == begin:
                    first[m] = k
                weights[n] = weight
                total += weight
                n += 1
        n_bins[m] = n - begin
        if sum_to_one:
            weights[begin:n] /= total
    return weights[:n].copy(), first, n_bins


@keep_on_disk
@njit
def filter_frames(weights, first, n_bins, bins):
    """What the filters make of bins, (n_bins, n_columns).

    Returns the bands, (n_mels, n_columns), and of every column the sum of all bins and the greatest bin that a filter
    uses, (n_columns,).
    """
    n_columns = bins.shape[1]
    bands, total, greatest = np.zeros((first.size, n_columns)), np.zeros(n_columns), np.zeros(n_columns)
    position, lowest, above = 0, bins.shape[0], 0
    for m in range(first.size):
        if n_bins[m] > 0:
            lowest, above = min(lowest, first[m]), max(above, first[m] + n_bins[m])
        for k in range(first[m], first[m] + n_bins[m]):
            for t in range(n_columns):
                bands[m, t] += weights[position] * bins[k, t]
            position += 1
    for k in range(bins.shape[0]):
        for t in range(n_columns):
            total[t] += bins[k, t]
            if lowest <= k < above:
                greatest[t] = max(greatest[t], bins[k, t])
    return bands, total, greatest
