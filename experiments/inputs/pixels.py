"""What an SVM sees of a spectrogram image: its colors, averaged over squares of 14 x 14 pixels."""

import numpy as np

SQUARE = 14  # pixels; 224 / 14 = 16
N_PIXELS = 16 * 16 * 3


def pixels(images) -> np.ndarray:
    """images : (n, 224, 224, 3) uint8 -> (n, 768) float32: row, column, color; 0 .. 255.

    Checked: tests/test_baselines_are_fair.py
    """
    images = np.asarray(images)
    squares = images.reshape(len(images), 16, SQUARE, 16, SQUARE, 3)
    return squares.mean(axis=(2, 4), dtype=np.float64).reshape(len(images), N_PIXELS).astype(np.float32)
