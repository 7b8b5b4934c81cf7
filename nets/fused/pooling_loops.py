"""The loops over the values of one example for nets/fused/pooled_block.py, whose docstring has the formulas.

Checked: tests/test_pooled_block_is_the_layers.py
"""

from functools import cache

import numpy as np
from numba import njit

from dsp.files.compiled import keep_on_disk


@cache
def loops(window_height: int, window_width: int, n_channels: int):
    """The compiled loops for one pooling window and number of channels; z and dz are (h, w, channels) of an example.

    The compiler vectorizes over channels. Each such loop uses only a few arrays; with more, the compiler would give up
    checking whether they overlap.
    """
    n_places = window_height * window_width

    @keep_on_disk
    @njit(nogil=True)
    def look(z, pivot, sign, peak, sums):
        """peak: z of each window where sign(gamma) z is largest; sums: of z - p and its square."""
        height, width, _ = z.shape
        rows, columns, _ = peak.shape
        short = np.zeros(2 * n_channels, z.dtype)
        for i in range(-(-height // window_height)):  # includes the edges that the pooling ignores
            short[:] = 0
            for y in range(i * window_height, min(height, (i + 1) * window_height)):
                for x in range(width):
                    for c in range(n_channels):
                        d = z[y, x, c] - pivot[c]
                        short[c] += d
                        short[n_channels + c] += d * d
            sums += short
            for j in range(columns if i < rows else 0):
                for c in range(n_channels):
                    top = sign[c] * z[i * window_height, j * window_width, c]
                    for q in range(1, n_places):
                        signed = (
                            sign[c] * z[i * window_height + q // window_width, j * window_width + q % window_width, c]
                        )
                        top = signed if signed > top else top
                    peak[i, j, c] = sign[c] * top

    @keep_on_disk
    @njit(nogil=True)
    def add_up(peak, dy, sums):
        """sums: of dy and of dy z at the peaks, for each example."""
        images, rows, columns, _ = dy.shape
        short = np.zeros(2 * n_channels, dy.dtype)
        for image in range(images):
            for i in range(rows):
                short[:] = 0
                for j in range(columns):
                    for c in range(n_channels):
                        short[c] += dy[image, i, j, c]
                        short[n_channels + c] += dy[image, i, j, c] * peak[image, i, j, c]
                sums[image] += short

    @keep_on_disk
    @njit(nogil=True)
    def spread(z, peak, dy, line, dz):
        """dz = scale (dy at the peak) + slope z + shift; line: these three values for each channel."""
        height, width, _ = z.shape
        rows, columns, _ = peak.shape
        left, zero = np.zeros(n_channels, z.dtype), z.dtype.type(0)
        for i in range(rows):
            for j in range(columns):
                for c in range(n_channels):
                    left[c] = line[c] * dy[i, j, c]
                for q in range(n_places):
                    y, x = i * window_height + q // window_width, j * window_width + q % window_width
                    for c in range(n_channels):
                        here = left[c] if z[y, x, c] == peak[i, j, c] else zero
                        left[c] -= here
                        dz[y, x, c] = here + line[n_channels + c] * z[y, x, c] + line[2 * n_channels + c]
        for y in range(height):  # the edges that the pooling ignores
            for x in range(columns * window_width if y < rows * window_height else 0, width):
                for c in range(n_channels):
                    dz[y, x, c] = line[n_channels + c] * z[y, x, c] + line[2 * n_channels + c]

    return look, add_up, spread
