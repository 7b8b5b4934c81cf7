"""Invariant: no step of Griffin-Lim goes back. Closed form: spectra and cepstra that are known are found again."""

import librosa
import numpy as np
import pytest
import scipy.fft
import scipy.optimize

import dsp
from dsp.inversion import griffin_lim, idct, mel_to_power

SINE_ERROR = 0.2  # spectral error after 100 steps from random phases (a local minimum); over seeds: 0.04 to 0.19
SINE_OMEGA_ATOL = np.pi / 256  # half a bin: where the phases found jump, the line is split
EXACT_ATOL = 1e-14  # one inverse transform of 16 points
MEL_RESIDUAL = {"noise": 1e-7, "smooth": 1e-12, "line": 0.02}  # |H P - mel| / |mel| after 200 steps, in any frame
LEAST_RTOL = 1e-6  # 20000 steps end this near to the least residual
IDCT_ATOL = 1e-13  # sums of 128 products of about 1
CASES = {
    "hann": (dsp.hann(256, periodic=True), 64, None),
    "hamming, zero-padded": (dsp.hamming(200), 80, 256),
    "half overlap": (dsp.hann(64, periodic=True), 32, None),
    "odd": (dsp.hamming(51), 17, 51),
}


def distance(x, M, window, hop, n_fft):
    """||stft x| - M| / |M| over all n_fft bins: those that stand for two frequencies count twice."""
    found = np.abs(dsp.stft(x, window, hop, n_fft, padding="zeros"))
    n_fft = n_fft or window.size
    weight = np.where(np.arange(len(M)) % (n_fft / 2) == 0, 1, 2)[:, None]
    return np.sqrt(np.sum(weight * (found - M) ** 2) / np.sum(weight * M**2))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("consistent", [True, False])
def test_no_step_goes_back(rng, case, seed, consistent):
    window, hop, n_fft = CASES[case]
    n_bins = (n_fft or window.size) // 2 + 1
    if consistent:
        M = np.abs(dsp.stft(rng.standard_normal(20 * hop), window, hop, n_fft, padding="zeros"))
    else:
        M = rng.random((n_bins, 20))
    distances = [
        distance(griffin_lim(M, window, hop, n_fft, i, seed and np.random.default_rng(seed)), M, window, hop, n_fft)
        for i in range(20)
    ]
    assert (np.diff(distances) < 0).all()
    assert distances[-1] < 0.7 * distances[0]


@pytest.mark.parametrize("seed", range(4))
def test_momentum_ends_nearer(seed):
    """After 32 steps from the same phases; over seeds, 0.60 to 0.70 of the distance."""
    rng, (window, hop, n_fft) = np.random.default_rng(seed), CASES["hann"]
    M = np.abs(dsp.stft(rng.standard_normal(4000), window, hop, n_fft, padding="zeros"))
    plain, fast = (
        griffin_lim(M, window, hop, n_fft, 32, np.random.default_rng(seed), momentum) for momentum in (0.0, 0.99)
    )
    assert distance(fast, M, window, hop, n_fft) < 0.8 * distance(plain, M, window, hop, n_fft)


@pytest.mark.parametrize("omega", [0.05, 0.3, 0.7, 1.1])
def test_a_sine_is_found_again(rng, omega):
    window, hop = dsp.hann(256, periodic=True), 64
    M = np.abs(dsp.stft(np.sin(omega * np.arange(4096)), window, hop, padding="zeros"))
    x = griffin_lim(M, window, hop, iterations=100, rng=rng)
    assert x.shape == (4096,)
    assert distance(x, M, window, hop, None) <= SINE_ERROR
    spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size), 2**18))
    np.testing.assert_allclose(spectrum.argmax() * 2 * np.pi / 2**18, omega, atol=SINE_OMEGA_ATOL)


def test_a_seed_repeats_the_signal(rng):
    M, window = rng.random((17, 9)), dsp.hann(32, periodic=True)
    first, second, other = (griffin_lim(M, window, 8, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_random_phases_fill_the_circle(rng):
    """Without a step: the magnitudes with phases uniform on 0 .. 2 pi, in the order of the generator."""
    M, window = rng.random((17, 9)), dsp.hann(32, periodic=True)
    phi = 2 * np.pi * np.random.default_rng(3).random(M.shape)
    expected = dsp.istft(M * np.exp(1j * phi), window, 8, padding="zeros")
    found = griffin_lim(M, window, 8, iterations=0, rng=np.random.default_rng(3))
    np.testing.assert_allclose(found, expected, atol=EXACT_ATOL)


def test_phases_begin_at_zero(rng):
    M = rng.random((9, 6))
    x = griffin_lim(M, np.ones(16), 16, iterations=0)  # frames side by side: each is the inverse of its column
    assert x.shape == (80,)
    np.testing.assert_allclose(x[8:72].reshape(4, 16), np.fft.irfft(M[:, 1:-1].T), atol=EXACT_ATOL)


def test_silence_stays_silent():
    np.testing.assert_array_equal(griffin_lim(np.zeros((9, 5)), dsp.hann(16, periodic=True), 4), np.zeros(16))


def mel_filters(n_mels: int, n_fft: int, fmin: float = 0.0) -> np.ndarray:
    return librosa.filters.mel(sr=16000, n_fft=n_fft, n_mels=n_mels, fmin=fmin, dtype=np.float64)


@pytest.mark.parametrize(("n_mels", "n_fft"), [(26, 512), (40, 512), (80, 1024)])
@pytest.mark.parametrize("kind", MEL_RESIDUAL)
def test_the_mel_spectrum_of_a_known_spectrum_is_reproduced(rng, n_mels, n_fft, kind):
    H = mel_filters(n_mels, n_fft)
    k = np.arange(n_fft // 2 + 1)[:, None]
    if kind == "noise":
        power = rng.exponential(size=(k.size, 8))
    elif kind == "smooth":
        power = np.exp(-k / k.size * np.arange(1, 9))
    else:
        line = np.abs(dsp.stft(np.sin(0.2 * np.arange(2000)), dsp.hann(n_fft, periodic=True), n_fft // 4)) ** 2
        power = line + 0.01 * rng.exponential(size=line.shape)
    found = mel_to_power(H @ power, H)
    assert found.shape == power.shape and found.min() >= 0
    residual = np.linalg.norm(H @ found - H @ power, axis=0) / np.linalg.norm(H @ power, axis=0)
    assert residual.max() <= MEL_RESIDUAL[kind]


def test_no_step_raises_the_residual(rng):
    H = mel_filters(40, 512)
    mel = rng.exponential(size=(40, 5))  # of no spectrum: the least residual is not 0
    residuals = [np.linalg.norm(H @ mel_to_power(mel, H, i) - mel, axis=0) for i in range(30)]
    assert (np.diff(residuals, axis=0) < 0).all()


def test_many_steps_reach_the_least_squares(rng):
    H = rng.random((12, 8))  # more filters than bins: one answer, some of its bins 0
    mel = rng.random(12)
    least, residual = scipy.optimize.nnls(H, mel)
    assert (least == 0).any()
    found = mel_to_power(mel[:, None], H, 20000)[:, 0]
    np.testing.assert_allclose(np.linalg.norm(H @ found - mel), residual, rtol=LEAST_RTOL)
    np.testing.assert_allclose(found, least, atol=1e-3)


def test_the_start_fits_a_flat_spectrum_and_unseen_bins_are_zero():
    H = mel_filters(40, 512, fmin=300)
    seen = H.any(axis=0)
    assert 5 < (~seen).sum() < 20
    start = mel_to_power(H.sum(axis=1)[:, None], H, iterations=0)[:, 0]
    np.testing.assert_allclose(start[seen], 1, rtol=1e-13)
    assert (start[~seen] == 0).all()
    np.testing.assert_array_equal(mel_to_power(np.zeros((40, 3)), H), np.zeros((257, 3)))


@pytest.mark.parametrize(("n", "kept"), [(1, 1), (2, 1), (40, 13), (40, 40), (128, 20)])
def test_idct_inverts_the_orthonormal_dct(rng, n, kept):
    x = rng.standard_normal((n, 7))
    c = scipy.fft.dct(x, type=2, norm="ortho", axis=0)
    c[kept:] = 0
    expected = scipy.fft.idct(c, type=2, norm="ortho", axis=0)
    np.testing.assert_allclose(idct(c[:kept], n), expected, atol=IDCT_ATOL)
    np.testing.assert_allclose(idct(c[:kept, 0], n), expected[:, 0], atol=IDCT_ATOL)
    if kept == n:
        np.testing.assert_allclose(idct(c, n), x, atol=IDCT_ATOL)


M = np.ones((9, 5))
WINDOW = dsp.hann(16, periodic=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: griffin_lim(-M, WINDOW, 4), "smallest value of magnitude is -1.0"),
        (lambda: griffin_lim(M * np.nan, WINDOW, 4), r"magnitude\[0, 0\] is nan"),
        (lambda: griffin_lim(M + 0j, WINDOW, 4), "magnitude is complex"),
        (lambda: griffin_lim(M[0], WINDOW, 4), r"magnitude has shape \(5,\)"),
        (lambda: griffin_lim(M[:8], WINDOW, 4), "9 bins; magnitude has 8"),
        (lambda: griffin_lim(M[:, :1], WINDOW, 4), "magnitude has 1 frames, too few"),
        (lambda: griffin_lim(M, WINDOW, 0), "hop_length=0"),
        (lambda: griffin_lim(M, WINDOW, 4, 8), "n_fft=8"),
        (lambda: griffin_lim(M, WINDOW, 4, iterations=-1), "iterations=-1"),
        (lambda: griffin_lim(M, WINDOW, 4, rng=3), "rng is of type int"),
        (lambda: griffin_lim(M, WINDOW, 4, momentum=-0.1), "momentum=-0.1"),
        (lambda: griffin_lim(M, WINDOW, 4, momentum=np.nan), "momentum=nan"),
        (lambda: mel_to_power(M, -M), "smallest value of filterbank is -1.0"),
        (lambda: mel_to_power(M, M[:8]), "mel has 9 rows, filterbank 8"),
        (lambda: mel_to_power(M, M, 1.5), "iterations=1.5"),
        (lambda: mel_to_power(M[0], M), r"mel has shape \(5,\)"),
        (lambda: idct(M, 8), "9 coefficients are more than n=8"),
        (lambda: idct(M, 0), "n=0"),
        (lambda: idct(M * np.inf, 9), r"coefficients\[0, 0\] is inf"),
        (lambda: idct(M + 1j, 9), "complex128"),
        (lambda: idct(np.ones((2, 2, 2)), 9), r"shape \(2, 2, 2\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
