"""The filters of dsp.mel_filterbank without their zeros, as a search makes thousands of banks."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from dsp.conventions.parameters import Convention
from dsp.files.compiled import keep_on_disk
from dsp.mel import filter_edges, triangle


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
    n_mels = c.n_mels if isinstance(c.n_mels, int) else math.floor(3 * math.log(sample_rate))  # "3 ln rate"
    edges = filter_edges(n_mels, n_fft, sample_rate, c.f_min, c.f_max, c.mel_scale, c.mel_triangles)
    lowest = np.maximum(np.searchsorted(edges.x, edges.left, side="left"), edges.first_bin)
    above = np.minimum(np.searchsorted(edges.x, edges.right, side="right"), edges.last_bin + 1)
    counts = np.maximum(0, above - lowest)
    filters = np.repeat(np.arange(n_mels), counts)
    bins = np.arange(counts.sum()) + np.repeat(lowest - (np.cumsum(counts) - counts), counts)
    weights = triangle(edges.x[bins], edges.left[filters], edges.center[filters], edges.right[filters])
    used = weights > 0  # the corners have none
    weights, filters, bins = weights[used], filters[used], bins[used]
    n_bins = np.bincount(filters, minlength=n_mels)
    first = np.zeros(n_mels, dtype=np.int64)
    first[n_bins > 0] = bins[np.searchsorted(filters, np.flatnonzero(n_bins))]
    if c.mel_norm == "slaney":
        weights = weights * (2 / edges.width_hz)[filters]
    elif c.mel_norm == "sum":
        weights = weights / np.bincount(filters, weights, n_mels)[filters]
    elif c.mel_norm == "doubled":
        weights = np.where((bins > 0) & (bins < (n_fft + 1) // 2), 2 * weights, weights)
    return SparseFilters(weights, first, n_bins)


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
