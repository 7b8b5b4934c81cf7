"""Batch normalization of images whose channels vary fastest in memory, with sums that do not lose digits.

On a CPU, PyTorch sums a channel of such images in float32, one value after the other. In the first layer of
dey_td_cnn_lstm a batch has 292 608 positions; the variance is then wrong by 1e-3 and the output by 4e-4. (In the other
layout, where PyTorch sums in float64, the error is 1e-7.) Here PyTorch's fast routines see each channel as k channels
with a k-th of the positions each, and the k short sums are added afterwards (error 3e-6).

    forward    m = mean_k(m_k);  v = mean_k(v_k) + mean_k((m_k - m)^2)
               x^ = (x - m) / sqrt(v + epsilon);  y = gamma x^ + beta
    backward   d gamma = sum(dy x^);  d beta = sum(dy)
               dx = gamma / sqrt(v + epsilon) (dy - d beta / n - x^ d gamma / n)

n is batch size times positions. The running variance is updated with v n / (n - 1), as in PyTorch.

Source: Ioffe & Szegedy 2015, section 3. Checked: tests/test_fused_nets_are_equal.py
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

MAX_PARTS = 64  # of a channel; more parts are no better, and their sums would not fit into the cache


def batch_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    """The output of `layer` for images x (batch, channels, height, width); updates its running statistics.

    Signals are images of height 1. In evaluation and on a GPU this is PyTorch's own function.
    """
    if not layer.training or x.device.type != "cpu":
        if layer.training:
            layer.num_batches_tracked.add_(1)
        running, options = (layer.running_mean, layer.running_var), (layer.training, layer.momentum, layer.eps)
        return functional.batch_norm(x, *running, layer.weight, layer.bias, *options)
    y, mean, variance = _Normalize.apply(x, layer.weight, layer.bias, layer.eps)
    update_running_statistics(layer, mean, variance, x.numel() / x.shape[1])
    return y


def update_running_statistics(layer: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, variance: Tensor, n: float) -> None:
    """Updates the layer's running statistics with the mean and variance (divided by n) of a batch."""
    layer.num_batches_tracked.add_(1)
    for running, new in ((layer.running_mean, mean), (layer.running_var, variance * n / (n - 1))):
        running.lerp_(new, layer.momentum)


class _Normalize(torch.autograd.Function):
    """x, gamma, beta, epsilon -> y, and the batch's mean and variance (divided by n); only y has gradients."""

    @staticmethod
    def forward(ctx, x, gamma, beta, epsilon):
        k = _parts(x)
        means, variances = (a.view(k, -1) for a in torch.batch_norm_update_stats(_split(x, k), None, None, 0.0))
        mean = means.mean(0)
        variance = variances.mean(0) + (means - mean).square().mean(0)
        ctx.save_for_backward(x, gamma, mean, variance)
        ctx.epsilon = epsilon
        ctx.mark_non_differentiable(mean, variance)
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=epsilon), mean, variance

    @staticmethod
    def backward(ctx, dy, *_):
        x, gamma, mean, variance = ctx.saved_tensors
        k, n = _parts(x), x.numel() / x.shape[1]
        statistics = None, mean.repeat(k), variance.repeat(k), None, None  # these two sums do not depend on gamma
        sums = torch.ops.aten.native_batch_norm_backward(
            _split(dy, k), _split(x, k), *statistics, False, ctx.epsilon, [False, True, True]
        )
        d_gamma, d_beta = (a.view(k, -1).sum(0) for a in sums[1:])
        scale = gamma * torch.rsqrt(variance + ctx.epsilon)
        shifts = -scale * d_gamma / n, -scale * d_beta / n
        dx = functional.batch_norm(x, mean, variance, *shifts, eps=ctx.epsilon)
        return dx.addcmul_(dy, scale[:, None, None]), d_gamma, d_beta, None


def _parts(x: Tensor) -> int:
    """The largest k <= MAX_PARTS that divides the number of positions."""
    n = x.numel() // x.shape[1]
    return max(k for k in range(1, MAX_PARTS + 1) if n % k == 0)


def _split(x: Tensor, k: int) -> Tensor:
    """A view (batch, c, height, width) -> (1, k c, n / k, 1): position i of channel j into channel (i mod k) c + j."""
    n = x.numel() // x.shape[1]
    return x.movedim(1, -1).reshape(1, n // k, 1, k * x.shape[1]).movedim(-1, 1)
