"""Trains the first block of a network without storing its largest array, for speed only.

The block is a convolution of one channel, [ReLU], batch normalization and max-pooling. The array between the
convolution and the pooling is the largest of the whole network (150 MB for a batch of dey_td_cnn_lstm). Reading and
writing it a dozen times takes most of a training step. Here it is never written: each pooling window is processed
while its values are in registers, and the gradients need only sums over all positions.

    z = w x + b                  at one position: w, b of one channel; x holds the values under the kernel and a 1 for b
    r = f(z)                     f is ReLU or the identity
    y = max(gamma (r - m) / s + beta) = |gamma| max(sign(gamma) r) / s + beta - gamma m / s    over a window
    m = V_b / n;  s^2 = sum(r^2) / n - m^2 + epsilon

    d beta  = sum(dy);  d gamma = sum(dy r^), r^ = (r - m) / s at the maximum of a window
    dw_k    = gamma / s (G_k - U_k d beta / n - (V_k - m U_k) d gamma / (n s))     x_k is 1 for b
    G_k = sum(dy f'(z) x_k) over maxima;  U_k = sum(f'(z) x_k), V_k = sum(f(z) x_k) over all n positions

dw_k combines the gradients of convolution, ReLU and batch normalization. The gradient at a position is
gamma / s f'(z) (dy if it is the maximum of its window - d beta / n - r^ d gamma / n). Sums over short stretches have
the inputs' dtype; they are added in float64.

Source: Ioffe & Szegedy 2015, section 3. Checked: tests/test_first_block_is_the_layers.py
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from numba import njit
from torch import Tensor, nn

from dsp.files.compiled import keep_on_disk
from nets.fused.exact_batch_norm import update_running_statistics

MAX_TAPS = 4  # of the convolution's kernel; with larger ones PyTorch was as fast
WINDOWS = 64  # pooling windows that one short sum covers


def fits(convolution: nn.Module, norm: nn.Module, pooling: nn.Module) -> bool:
    """Whether `first_block` supports these layers: one channel, small kernel, stride 1, adjacent pooling windows."""
    return (
        isinstance(convolution, nn.Conv2d | nn.Conv1d)
        and isinstance(norm, nn.BatchNorm2d | nn.BatchNorm1d)
        and isinstance(pooling, nn.MaxPool2d | nn.MaxPool1d)
        and convolution.in_channels == 1
        and convolution.weight.numel() <= MAX_TAPS * convolution.out_channels
        and set((*convolution.stride, *convolution.dilation)) == {1}
        and pooling.stride == pooling.kernel_size
        and pooling.padding == 0
        and pooling.dilation == 1
    )


def first_block(
    steps: list[Callable], convolution: nn.Module, relu: bool, norm: nn.Module, pooling: nn.Module, x: Tensor
) -> Tensor:
    """The output of the layers for images x (batch, 1, height, width); signals are images of height 1.

    steps : the same layers as functions of images; used in evaluation, on a GPU, and if dy/dx is needed
    """
    if not norm.training or x.device.type != "cpu" or x.requires_grad:
        for step in steps:
            x = step(x)
        return x
    kernel, window = _both(convolution, convolution.kernel_size, 1), _both(convolution, pooling.kernel_size, 1)
    y, mean, variance, n = _Block.apply(
        _padded(x[:, 0], convolution, kernel), convolution.weight, convolution.bias, norm.weight, norm.bias,
        (*kernel, *window, convolution.out_channels, relu), norm.eps,
    )  # fmt: skip
    update_running_statistics(norm, mean, variance, n)
    return y.movedim(-1, 1)


class _Block(torch.autograd.Function):
    """x (batch, height, width) -> y (batch, height, width, channels), mean, variance (divided by n), n."""

    @staticmethod
    def forward(ctx, x, weight, bias, gamma, beta, shape, epsilon):
        look, _ = _kernels(*shape)
        kernel, window = shape[:2], shape[2:4]
        sizes = [size - k + 1 for size, k in zip(x.shape[1:], kernel, strict=True)]
        pooled = [size // width for size, width in zip(sizes, window, strict=True)]
        table = torch.cat([weight.flatten(1), bias[:, None]], 1).T.contiguous()
        sign = torch.where(gamma < 0, -1.0, 1.0).to(x.dtype)
        largest = x.new_empty((len(x), *pooled, len(gamma)))
        places = torch.empty(largest.shape, dtype=torch.uint8)
        sums = torch.zeros((len(x), 2 * len(table) + 1, len(gamma)), dtype=torch.float64)
        _over_images(look, x, table, sign, largest, places, sums)
        u, v, squares = sums.sum(0).split([len(table), len(table), 1])
        n = len(x) * sizes[0] * sizes[1]
        mean = v[-1] / n
        variance = squares[0] / n - mean.square()
        scale = gamma * torch.rsqrt(variance + epsilon)
        y = largest * (scale * sign).to(x.dtype) + (beta - scale * mean).to(x.dtype)
        ctx.save_for_backward(x, sign, largest, places, u, v, mean, variance, gamma)
        ctx.shape, ctx.n, ctx.epsilon, ctx.weight_shape = shape, n, epsilon, weight.shape
        mean, variance = mean.to(x.dtype), variance.to(x.dtype)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance, n

    @staticmethod
    def backward(ctx, dy, *_):
        x, sign, largest, places, u, v, mean, variance, gamma = ctx.saved_tensors
        _, gather = _kernels(*ctx.shape)
        sums = torch.zeros((len(x), len(u) + 2, len(gamma)), dtype=torch.float64)
        _over_images(gather, x, largest, places, dy.contiguous(), sums)
        g, d_beta, products = sums.sum(0).split([len(u), 1, 1])
        rate = torch.rsqrt(variance + ctx.epsilon)
        d_gamma = (sign * products - mean * d_beta) * rate
        dw = gamma * rate * (g - (u * d_beta + (v - mean * u) * rate * d_gamma) / ctx.n)
        dw, d_gamma, d_beta = (a.to(x.dtype) for a in (dw, d_gamma[0], d_beta[0]))
        return None, dw[:-1].T.reshape(ctx.weight_shape), dw[-1], d_gamma, d_beta, None, None


@cache
def _kernels(kernel_height, kernel_width, window_height, window_width, n_channels, relu):
    """The compiled loops for one shape. The compiler unrolls taps and places and vectorizes over channels."""
    n_taps, n_places = kernel_height * kernel_width, window_height * window_width

    @keep_on_disk
    @njit(nogil=True)
    def taps_of(x, image, i, j, taps):
        """Row q: the values under the kernel at place q of window i, j, then a 1; all zeros outside the image."""
        for q in range(n_places):
            y, z = i * window_height + q // window_width, j * window_width + q % window_width
            if y + kernel_height <= x.shape[1] and z + kernel_width <= x.shape[2]:
                for k in range(n_taps):
                    taps[q, k] = x[image, y + k // kernel_width, z + k % kernel_width]
                taps[q, n_taps] = 1
            else:
                taps[q] = 0

    @keep_on_disk
    @njit(nogil=True)
    def look(x, table, sign, largest, places, sums, begin, end):
        """largest: max sign(gamma) r of each window; places: its place there; sums: U, V and sum(r^2) of each image."""
        zero, one, lowest = x.dtype.type(0), x.dtype.type(1), x.dtype.type(-np.inf)
        rows = -(-(x.shape[1] - kernel_height + 1) // window_height)
        columns = -(-(x.shape[2] - kernel_width + 1) // window_width)  # includes the edges that the pooling ignores
        taps = np.empty((n_places, n_taps + 1), x.dtype)
        short = np.zeros((2 * n_taps + 3, n_channels), x.dtype)
        best, at = np.empty(n_channels, x.dtype), np.empty(n_channels, np.uint8)
        for image in range(begin, end):
            for window in range(rows * columns):
                i, j = window // columns, window % columns
                taps_of(x, image, i, j, taps)
                for c in range(n_channels):
                    top, place, squares = lowest, zero, short[2 * n_taps + 2, c]
                    for q in range(n_places):
                        r = table[n_taps, c] * taps[q, n_taps]
                        for k in range(n_taps):
                            r += table[k, c] * taps[q, k]
                        slope = one
                        if relu:
                            slope = one if r > zero else zero
                            r = zero if r < zero else r
                        for k in range(n_taps + 1):
                            short[k, c] += slope * taps[q, k]
                        for k in range(n_taps + 1):
                            short[n_taps + 1 + k, c] += r * taps[q, k]
                        squares += r * r
                        signed = sign[c] * r
                        place = x.dtype.type(q) if signed > top else place
                        top = signed if signed > top else top
                    short[2 * n_taps + 2, c] = squares
                    best[c], at[c] = top, place
                if i < largest.shape[1] and j < largest.shape[2]:
                    largest[image, i, j] = best
                    places[image, i, j] = at
                if window % WINDOWS == WINDOWS - 1 or window == rows * columns - 1:
                    sums[image] += short
                    short[:] = 0

    @keep_on_disk
    @njit(nogil=True)
    def gather(x, largest, places, dy, sums, begin, end):
        """sums: G, sum(dy) and sum(dy sign(gamma) r) of each image."""
        zero = x.dtype.type(0)
        rows, columns = largest.shape[1:3]
        taps = np.empty((n_places, n_taps + 1), x.dtype)
        short = np.zeros((n_taps + 3, n_channels), x.dtype)
        for image in range(begin, end):
            for window in range(rows * columns):
                i, j = window // columns, window % columns
                taps_of(x, image, i, j, taps)
                best, at, d = largest[image, i, j], places[image, i, j], dy[image, i, j]
                for c in range(n_channels):
                    short[n_taps + 1, c] += d[c]
                    short[n_taps + 2, c] += d[c] * best[c]
                    slope = zero if relu and best[c] == zero else d[c]
                    for q in range(n_places):
                        here = slope if at[c] == q else zero
                        for k in range(n_taps + 1):
                            short[k, c] += here * taps[q, k]
                if window % WINDOWS == WINDOWS - 1 or window == rows * columns - 1:
                    sums[image] += short
                    short[:] = 0

    return look, gather


def _over_images(kernel: Callable, *arrays: Tensor) -> None:
    """Runs kernel(*arrays, begin, end) over all images, in as many threads as PyTorch uses."""
    images = len(arrays[0])
    threads = min(torch.get_num_threads(), images)
    edges = [images * i // threads for i in range(threads + 1)]
    arrays = [array.detach().numpy() for array in arrays]
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(kernel, *arrays, *edges[i : i + 2]) for i in range(threads)]:
            done.result()


def _padded(x: Tensor, convolution: nn.Module, kernel: tuple[int, int]) -> Tensor:
    """Pads images (batch, height, width) with zeros for the convolution; kernels with padding "same" are odd."""
    if convolution.padding == "same":
        rows, columns = (k // 2 for k in kernel)
    else:
        rows, columns = _both(convolution, 0 if convolution.padding == "valid" else convolution.padding, 0)
    return nn.functional.pad(x, (columns, columns, rows, rows)).contiguous()


def _both(convolution: nn.Module, setting: int | tuple, alone: int) -> tuple[int, int]:
    """A setting as (height, width); a signal's setting is for its width, and its height gets `alone`."""
    numbers = setting if isinstance(setting, tuple) else (setting,) * (1 if isinstance(convolution, nn.Conv1d) else 2)
    return (alone, *numbers)[-2:]
