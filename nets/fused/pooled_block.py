"""Convolution, batch normalization and max-pooling in training, one example after the other, for speed only.

Computed separately, normalization and pooling pass a dozen times over the convolution's output, the largest array of
a block. Here each example's part of it is processed while it is in the cache, and the normalized array is never
stored. This also suits a dynamic convolution, which has a kernel for each example.

    z = W * x + b                                         W, b shared by all examples, or one for each
    m = mean(z);  s^2 = mean(z^2) - m^2 + epsilon         per channel, over all n positions
    y = max(gamma (z - m) / s + beta) = |gamma| max(sign(gamma) z) / s + beta - gamma m / s    over a window

    d beta  = sum(dy);  d gamma = sum(dy z^), z^ = (z - m) / s at the maximum of a window
    dz = gamma / s (dy if it is the maximum - d beta / n - z^ d gamma / n);  dx, dW: from dz, as in any convolution
    db = sum(dz) per example, from the sums that exist already

The sums are over z - p, where p is z at the first position, so a mean far from 0 costs no digits. Sums over short
stretches have the inputs' dtype; they are added in float64. Among equal maxima the first gets dy, as in PyTorch.

Source: Ioffe & Szegedy 2015, section 3. Checked: tests/test_pooled_block_is_the_layers.py
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from nets.fused.exact_batch_norm import update_running_statistics
from nets.fused.pooling_loops import loops
from nets.layers.dynamic_convolution import DynamicConv2d

MAX_TAPS = 9  # of a kernel whose windows are copied out; with larger ones PyTorch's convolution was faster


def fits(convolution: nn.Module, norm: nn.Module, pooling: nn.Module) -> bool:
    """Whether `pooled_block` supports these layers: 'same' padding, stride 1, adjacent pooling windows."""
    plain = isinstance(convolution, nn.Conv2d) and convolution.padding == "same" and convolution.groups == 1
    return (
        (isinstance(convolution, DynamicConv2d) or (plain and set(convolution.stride + convolution.dilation) == {1}))
        and isinstance(norm, nn.BatchNorm2d)
        and isinstance(pooling, nn.MaxPool2d)
        and pooling.stride == pooling.kernel_size
        and pooling.padding == 0
        and pooling.dilation == 1
    )


def pooled_block(
    steps: list[Callable],
    convolution: nn.Conv2d | DynamicConv2d,
    norm: nn.BatchNorm2d,
    pooling: nn.MaxPool2d,
    x: Tensor,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """The output of the layers for images x (batch, channels, height, width).

    steps : the same layers as functions of images; used in evaluation and on a GPU
    dtype : of the convolution of images with several channels, such as torch.bfloat16; None keeps that of x
    """
    if not norm.training or x.device.type != "cpu":
        for step in steps:
            x = step(x)
        return x
    if isinstance(convolution, DynamicConv2d):
        weight, bias = _mix_kernels(convolution, x)
    else:
        weight, bias = convolution.weight[None], convolution.bias[None]
    window = pooling.kernel_size if isinstance(pooling.kernel_size, tuple) else (pooling.kernel_size,) * 2
    x = x.contiguous(memory_format=torch.channels_last)
    y, mean, variance = _Block.apply(x, weight, bias, norm.weight, norm.bias, window, norm.eps, dtype or x.dtype)
    update_running_statistics(norm, mean, variance, len(x) * x[0, 0].numel())
    return y.movedim(-1, 1)


def _mix_kernels(layer: DynamicConv2d, x: Tensor) -> tuple[Tensor, Tensor]:
    """The kernels (batch, out, in, ...) and biases (batch, out) of the examples; input channels vary fastest."""
    pi, last = layer.attention(x), layer.weight.movedim(2, -1)
    return (pi @ last.flatten(1)).view(-1, *last.shape[1:]).movedim(-1, 2), pi @ layer.bias


class _Block(torch.autograd.Function):
    """x (batch, in, h, w), weight (batch or 1, out, in, ...), bias (batch or 1, out)
    -> y (batch, h', w', out), mean and variance (divided by n) of z."""

    @staticmethod
    def forward(ctx, x, weight, bias, gamma, beta, window, epsilon, dtype):
        look, _, _ = loops(*window, len(gamma))
        pooled = [size // k for size, k in zip(x.shape[2:], window, strict=True)]
        sign = torch.where(gamma < 0, -1.0, 1.0).to(x.dtype)
        peak = x.new_empty((len(x), *pooled, len(gamma)))
        sums = torch.zeros((len(x), 2 * len(gamma)), dtype=torch.float64)
        convolution, outputs = _Convolution(x, weight, bias, dtype), []
        for i in range(len(x)):
            outputs.append(convolution(i))
            if i == 0:
                pivot = outputs[0][0, 0].clone()
            look(*_arrays(outputs[i], pivot, sign, peak[i], sums[i]))
        n = len(x) * x[0, 0].numel()
        shift, squares = (sums.sum(0) / n).chunk(2)
        mean, variance = pivot + shift, squares - shift.square()
        scale = gamma * torch.rsqrt(variance + epsilon)
        y = peak * scale.to(x.dtype) + (beta - scale * mean).to(x.dtype)
        ctx.save_for_backward(x, weight, bias, gamma, peak, mean, variance, sums[:, : len(gamma)], pivot)
        ctx.outputs, ctx.window, ctx.epsilon, ctx.dtype = outputs, window, epsilon, dtype
        mean, variance = mean.to(x.dtype), variance.to(x.dtype)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx, dy, *_):
        x, weight, bias, gamma, peak, mean, variance, totals, pivot = ctx.saved_tensors
        _, add_up, spread = loops(*ctx.window, len(gamma))
        dy, positions = dy.contiguous(), x[0, 0].numel()
        sums = torch.zeros((len(x), 2 * len(gamma)), dtype=torch.float64)
        add_up(*_arrays(peak, dy, sums))
        d_beta, products = sums.sum(0).chunk(2)
        rate = torch.rsqrt(variance + ctx.epsilon)
        d_gamma = (products - mean * d_beta) * rate
        scale, n = gamma * rate, len(x) * positions
        slope = -scale * rate * d_gamma / n
        shift = -scale * d_beta / n - slope * mean
        line = torch.cat([scale, slope, shift]).to(x.dtype)

        convolution = _Convolution(x, weight, bias, ctx.dtype)
        dx = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        dw, dz = torch.empty_like(weight), torch.empty_like(ctx.outputs[0])
        for i, z in enumerate(ctx.outputs):
            spread(*_arrays(z, peak[i], dy[i], line, dz))
            convolution.gradients(i, dz, dx, dw)
        db = scale * sums[:, : len(gamma)] + slope * (totals + positions * pivot) + shift * positions
        db, d_gamma, d_beta = (a.to(x.dtype) for a in (db.sum_to_size(bias.shape), d_gamma, d_beta))
        return dx, dw, db, d_gamma, d_beta, None, None, None


class _Convolution:
    """The convolution of one example and its gradients; a matrix product for one channel and few taps."""

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor, dtype: torch.dtype):
        self.x, self.own, self.dtype = x, len(weight), dtype
        self.size, self.windows = weight.shape[-2:], None
        if x.shape[1] == 1 and weight[0, 0].numel() <= MAX_TAPS:
            self.windows, dtype = _windows(x[:, 0], *self.size), x.dtype
        self.weight, self.bias = weight.to(dtype), bias.to(dtype)

    def __call__(self, i: int) -> Tensor:
        """z of example i, (height, width, channels), in the dtype of x."""
        w, b = self.weight[i % self.own], self.bias[i % self.own]
        if self.windows is not None:
            return torch.addmm(b, self._windows_of(i).T, w.flatten(1).T).view(*self.x.shape[2:], -1)
        z = torch.conv2d(self.x[i : i + 1].to(self.dtype), w, b, padding="same")
        return z[0].movedim(0, -1).to(self.x.dtype).contiguous()

    def gradients(self, i: int, dz: Tensor, dx: Tensor | None, dw: Tensor) -> None:
        """Writes dx of example i and adds its share to dw; dz is (height, width, channels)."""
        k = i % self.own
        if self.windows is not None and dx is None:
            dw_i = (self._windows_of(i) @ dz.flatten(0, 1)).T.view_as(dw[k])
            (dw[k].copy_ if i < self.own else dw[k].add_)(dw_i)
            return
        images = dz.movedim(-1, 0)[None].to(self.dtype), self.x[i : i + 1].to(self.dtype)
        dx_i, dw_i, _ = torch.ops.aten.convolution_backward(
            *images, self.weight[k].to(self.dtype), None, [1, 1], [size // 2 for size in self.size], [1, 1],
            False, [0, 0], 1, [dx is not None, True, False],
        )  # fmt: skip
        (dw[k].copy_ if i < self.own else dw[k].add_)(dw_i)
        if dx is not None:
            dx[i] = dx_i[0]

    def _windows_of(self, i: int) -> Tensor:
        """The values under each place of the kernel, copied out: (height * width, positions)."""
        return self.windows[i].flatten(2).flatten(0, 1)


def _windows(x: Tensor, height: int, width: int) -> Tensor:
    """A view of the values of images x (batch, h, w) under each place of a kernel: (batch, height, width, h, w)."""
    x = nn.functional.pad(x, (width // 2, width // 2, height // 2, height // 2))
    return x.unfold(1, height, 1).unfold(2, width, 1).movedim((3, 4), (1, 2))


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]
