"""What features still hold, as a sound: back from mel bands, or from a few cepstra, by Griffin and Lim."""

import numpy as np

import dsp
from experiments.figures.trace.data import Traced, envelope

STEPS = 60  # of Griffin and Lim, with momentum
FLOOR = 1e-8  # of the greatest band, below which a logarithm is not followed


def resynthesize(t: Traced, n_cepstra: int | None = None) -> np.ndarray:
    """A signal with nearly these mel bands, or with what their first cepstra keep of them; as loud as the recording.

    mel -> [ln, first n_cepstra rows of the DCT and back, exp] -> P >= 0 with H P = mel -> Griffin and Lim -> deemphasis

    n_cepstra : None takes the bands as they are

    Returns (n,) float64, as long as the recording to within n_fft and a hop, peak at most 1.

    Raises ValueError where the convention's frames cannot be put together again (hop longer than the frame, or too
    short a recording), or for a bad n_cepstra.

    Checked: tests/test_page_explores_a_convention.py
    """
    c, size = t.convention, t.size
    if size.hop > size.window:
        raise ValueError(
            f"the hop of {size.hop} samples leaves gaps between frames of {size.window}: nothing to rebuild"
        )
    bands = t.steps["mel"]
    if n_cepstra is not None:
        floor = max(float(bands.max()), 1e-300) * FLOOR
        bands = np.exp(envelope(np.log(np.maximum(bands, floor)), n_cepstra))
    bins = bands if c.n_mels is None else dsp.mel_to_power(bands, np.maximum(t.steps["filterbank"], 0))
    magnitude = bins if c.spectrum == "magnitude" else np.sqrt(bins)
    if not magnitude.any():
        raise ValueError("the recording is silent in every band: nothing to rebuild")
    x = dsp.griffin_lim(magnitude / magnitude.max(), t.steps["window"], size.hop, size.n_fft, STEPS, momentum=0.99)
    if c.preemphasis:
        x = dsp.deemphasis(x, c.preemphasis)
    x -= x.mean()
    level = np.sqrt(np.mean(t.signal**2)) / max(np.sqrt(np.mean(x**2)), 1e-300)
    x *= level
    return x / max(1.0, float(np.abs(x).max()))
