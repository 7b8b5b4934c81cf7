"""Steps on batches that need no convention, in the words that TorchScript knows.

Shapes: rows (batch, rows, frames); n and counts (batch,) or (1,) int64, the samples or frames of each item or of all.

Checked: tests/test_front_end_in_a_network.py
"""

import torch
from torch import Tensor


def mirror(index: Tensor, n: Tensor, repeat: int) -> Tensor:
    """dsp.framing.mirror_index for each item: (batch or 1, indices)."""
    n = n.unsqueeze(1)
    period = (2 * (n - 1 + repeat)).clamp(min=1)
    forward = torch.remainder(index, period)
    return torch.where(forward >= n, period - repeat - forward, forward)


def emphasize(x: Tensor, a: float, first: str) -> Tensor:
    """dsp.preemphasis along the last axis, as (x[n] - x[n-1]) + (1 - a) x[n-1]: near samples differ by little, so that
    this rounds less than x[n] - a x[n-1].
    """
    start = x[..., :1]
    if first == "replicate":
        start = start * (1.0 - a)
    elif first == "extrapolate":
        start = 3.0 * start - x[..., 1:2]
    previous = x[..., :-1]
    return torch.cat([start, (x[..., 1:] - previous) + (1.0 - a) * previous], dim=-1)


def take_frames(rows: Tensor, index: Tensor) -> Tensor:
    """rows[b, :, index[b]] for an index (batch, n), or rows[:, :, index[0]] for an index (1, n)."""
    if index.shape[0] == 1:
        return rows.index_select(2, index[0])
    return rows.gather(2, index.unsqueeze(1).expand(-1, rows.shape[1], -1))


def repeat_edges(rows: Tensor, counts: Tensor, before: int, after: int) -> Tensor:
    """The first frame repeated `before` times, and the last frame of each item `after` times behind it."""
    t = torch.arange(-before, rows.shape[2] + after, device=rows.device).clamp(min=0)
    return take_frames(rows, torch.minimum(t.unsqueeze(0), (counts - 1).unsqueeze(1)))


def smooth(rows: Tensor, counts: Tensor, width: int) -> Tensor:
    """dsp.smooth of each item."""
    return repeat_edges(rows, counts, width // 2, width // 2).unfold(2, width, 1).mean(-1)


def delta(rows: Tensor, counts: Tensor, weights: Tensor, replicate: bool) -> Tensor:
    """dsp.delta of each item; weights (width,) are dsp.deltas.delta_weights."""
    width, half = weights.shape[0], weights.shape[0] // 2
    if replicate:
        return (repeat_edges(rows, counts, half, half).unfold(2, width, 1) * weights).sum(-1)
    slopes = (rows.unfold(2, width, 1) * weights).sum(-1)  # of the windows that lie inside
    t = (torch.arange(rows.shape[2], device=rows.device) - half).clamp(min=0)
    return take_frames(slopes, torch.minimum(t.unsqueeze(0), (counts - width).unsqueeze(1)))


def second_delta(
    rows: Tensor, first: Tensor, counts: Tensor, slopes: Tensor, curvature: Tensor, replicate: bool, second: str
) -> Tensor:
    """dsp.deltas.second_delta of each item."""
    if second == "curvature":
        return delta(rows, counts, curvature, replicate)
    if second == "delta of delta":
        return delta(first, counts, slopes, replicate)
    half = slopes.shape[0] // 2
    extended = repeat_edges(rows, counts, 0, half)
    inner = delta(extended, counts + half, slopes, replicate)
    return delta(inner, counts + half, slopes, replicate)[:, :, : rows.shape[2]]


def maximum(values: Tensor, valid: Tensor, is_padded: bool) -> Tensor:
    """(batch, 1, 1): the greatest value of each item's own frames."""
    if is_padded:
        values = values.masked_fill(~valid, -float("inf"))
    return values.amax(dim=[1, 2], keepdim=True)


def subtract_mean(rows: Tensor, counts: Tensor, valid: Tensor, is_padded: bool) -> Tensor:
    """dsp.cmn of each item; 0 beyond its frames. The second time removes what rounding left of the mean."""
    n = counts.reshape(-1, 1, 1)
    for _ in range(2):
        if is_padded:
            rows = rows.masked_fill(~valid, 0.0)
        rows = rows - rows.sum(2, keepdim=True) / n
    return rows.masked_fill(~valid, 0.0) if is_padded else rows


def standardize(
    rows: Tensor, counts: Tensor, valid: Tensor, is_padded: bool, ddof: int, eps: float, to_variance: bool
) -> Tensor:
    """dsp.cmvn of each item; 0 beyond its frames."""
    y = subtract_mean(rows, counts, valid, is_padded)
    own = rows.masked_fill(~valid, 0.0) if is_padded else rows
    variance = y.square().sum(2, keepdim=True) / (counts - ddof).clamp(min=1).reshape(-1, 1, 1)
    rounding = 16.0 * (2.0**-52 if rows.dtype == torch.float64 else 2.0**-23)
    is_constant = variance.sqrt() <= rounding * own.abs().amax(dim=2, keepdim=True)
    variance = variance.masked_fill(is_constant, 1.0)  # the root of 0 has no slope
    deviation = (variance + eps).sqrt() if to_variance else variance.sqrt() + eps
    return (y / deviation).masked_fill(is_constant, 0.0)
