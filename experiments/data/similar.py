"""Finds recordings that sound alike (louder, cut, resampled or encoded copies) by a log-mel fingerprint.

E[m, t]   log-mel spectrogram at 16 kHz: 33 bands from 100 to 4000 Hz, frames of 128 ms every 10 ms
F[m, t] = sign of (E[m, t] - E[m+1, t]) - (E[m, t-3] - E[m+1, t-3]), 32 bits per frame
          0 in frames 40 dB below the loudest one, which hold noise

Differences between neighboring bands and frames do not depend on the gain. Long frames make shifts by less than a hop
harmless. Two recordings are compared at every shift in time:

    similarity = max over shifts of sum F_a F_b / number of bits where neither is 0

This is 1 for a copy and near 0 for unrelated recordings. A shift counts if the recordings overlap by at least
MIN_FRAMES frames and by the share MIN_OVERLAP of the shorter one, so a recording is also found inside a longer one.

Source: Haitsma & Kalker 2002, "A Highly Robust Audio Fingerprinting System".
Checked: tests/test_similar_recordings_are_found.py
"""

import numpy as np

from dsp import Convention, extract, resample

SAMPLE_RATE, HOP = 16_000, 160
CONVENTION = Convention(
    tool="fingerprints of similar recordings",
    status="our own",
    frame_length=2048,
    hop_length=HOP,
    n_fft=2048,
    n_mels=33,
    f_min=100.0,
    f_max=4000.0,
    floor=1e-12,
)
LAG = 3  # frames between the two compared frames: 30 ms
QUIET_DB = 40.0
MIN_OVERLAP, MIN_FRAMES = 0.6, 25
THRESHOLD = 0.5  # different recordings of EMO-DB reach 0.23; copies reach 0.6 or more, even with a tenth of noise


def bits(signal, sample_rate: int) -> np.ndarray:
    """The fingerprint of a recording: (32, n_frames) int8 of -1, 0, 1; at least one frame.

    signal : (n,) float64; zeros are appended to a signal that is shorter than a frame

    Checked: tests/test_similar_recordings_are_found.py
    """
    x = np.asarray(signal, dtype=np.float64)
    x = x if sample_rate == SAMPLE_RATE else resample(x, sample_rate, SAMPLE_RATE)
    peak = np.abs(x).max(initial=0)
    x = np.pad(x / peak if peak else x, (0, max(0, CONVENTION.frame_length + (LAG + 1) * HOP - x.size)))
    (level,) = extract([x], SAMPLE_RATE, CONVENTION, kind="log_mel")
    step = level[:-1] - level[1:]
    signs = np.sign(step[:, LAG:] - step[:, :-LAG]).astype(np.int8)
    loudness = level.max(0)[LAG:]
    signs[:, loudness < loudness.max() - QUIET_DB * np.log(10) / 10] = 0
    return signs


def similarities(some: list[np.ndarray], others: list[np.ndarray], same: bool = False) -> np.ndarray:
    """(len(some), len(others)) float32, the similarity of each pair of fingerprints; 0 if the overlap is too small.

    some, others : fingerprints made by `bits`
    same : whether both lists are the same; then only the pairs i < j are computed, and the rest is 0

    One inverse FFT gives all shifts of a pair: that of the sum over bands of the products of their FFTs.

    Checked: tests/test_similar_recordings_are_found.py
    """
    longest = max((f.shape[1] for f in [*some, *others]), default=1)
    size = 1 << (2 * longest - 1).bit_length()
    spectra = [_spectra(f, size) for f in others]
    counts = np.array([f.shape[1] for f in others])
    result = np.zeros((len(some), len(others)), np.float32)
    for i, a in enumerate(some):
        fa, ma = _spectra(a, size)
        for start in range(i + 1 if same else 0, len(others), 64):
            block = range(start, min(start + 64, len(others)))
            products = np.stack([(fa * spectra[j][0].conj()).sum(0) for j in block])
            masks = np.stack([ma * spectra[j][1].conj() for j in block])
            agreement, overlap = np.fft.irfft(products, size), np.rint(np.fft.irfft(masks, size))
            minimum = np.maximum(MIN_OVERLAP * np.minimum(_loud(a), [_loud(others[j]) for j in block]), MIN_FRAMES)
            enough = overlap >= np.minimum(minimum, np.minimum(a.shape[1], counts[list(block)]))[:, None]
            shares = np.where(enough & (overlap > 0), agreement / np.maximum(overlap, 1) / len(a), 0)
            result[i, list(block)] = shares.max(1)
    return result


def _spectra(f: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """FFTs of the bits, (32, size / 2 + 1), and of the mask of frames that have bits."""
    mask = (f != 0).any(0).astype(np.float32)
    return np.fft.rfft(f.astype(np.float32), size).astype(np.complex64), np.fft.rfft(mask, size)


def _loud(f: np.ndarray) -> int:
    return max(int((f != 0).any(0).sum()), 1)
