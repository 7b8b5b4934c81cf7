"""Two readings, one truth: stft, istft, Griffin-Lim, the vocoder and the spectral Wiener filter in lanes.

Each fast function against its formula in the textbook lane; Griffin-Lim against librosa's, too.
"""

import importlib
import tracemalloc

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp.augmentation import time_stretch_by_definition
from dsp.engine.short_time import MAX_N_FFT, is_fast
from dsp.inversion import griffin_lim_by_definition
from dsp.stft import istft_by_definition, stft_by_definition
from tests.conftest import here_and_on

spectral_wiener_by_definition = importlib.import_module("dsp.wiener").spectral_wiener_by_definition

EQUAL = 1e-13  # of the largest value: one transform there, or one there and back
VOCODER = 1e-12  # products of up to 600 phasors
STEPS = 1e-9  # of the largest value after 8 steps of Griffin-Lim, which turn small bins by large angles
SIZES = st.sampled_from([2, 4, 6, 8, 10, 12, 16, 22, 26, 60, 62, 64, 96, 128, 200, 250, 256, 320, 400, 512, 1024])
SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.sampled_from([1.0, 1e-200, 1e150])


def relative(found, expected, peak=None):
    """The largest difference, relative to the largest value or to a given one."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    peak = np.abs(expected).max(initial=0) if peak is None else peak
    return np.abs(found - expected).max() / peak if peak else 0.0


def shapes(n_fft, window_share, hop_share):
    return max(1, round(window_share * n_fft)), max(1, round(hop_share * n_fft))


@settings(max_examples=100, deadline=None)
@given(
    n_fft=SIZES,
    window_share=st.floats(0.05, 1),
    hop_share=st.floats(0.02, 1),
    n=st.integers(1, 3000),
    centered=st.booleans(),
    in_order=st.sampled_from("CF"),
    extra=st.sampled_from([None, -7, 0, 40]),
    seed=SEEDS,
)
def test_stft_and_istft(n_fft, window_share, hop_share, n, centered, in_order, extra, seed):
    """Also of spectra that no signal has: with an imaginary part at 0 Hz and at the Nyquist frequency."""
    rng = np.random.default_rng(seed)
    length, hop = shapes(n_fft, window_share, hop_share)
    padding, before = ("zeros", n_fft // 2) if centered else (None, 0)
    n = max(n, length)
    x, window = rng.standard_normal(n), rng.standard_normal(length)
    assert is_fast(n_fft, hop)
    X = stft_by_definition(x, window, hop, n_fft, before)
    assert relative(dsp.stft(x, window, hop, n_fft, padding), X) <= EQUAL
    Y = np.array(X + rng.standard_normal(X.shape) + 1j * rng.standard_normal(X.shape), order=in_order)
    wanted = None if extra is None else max(1, n + extra)
    window = np.abs(window) + 0.1
    y = istft_by_definition(Y, window, hop, n_fft, before, wanted)
    assert relative(dsp.istft(Y, window, hop, n_fft, padding, wanted), y) <= EQUAL


@pytest.mark.parametrize("n_frames", [1, 7, 8, 9, 63, 64, 65, 129, 1024, 1025, 1033])
def test_every_number_of_frames(rng, n_frames):
    """Registers, blocks and stretches of frames end where the frames end."""
    window, hop = rng.random(200) + 0.1, 128
    x = rng.standard_normal(200 + (n_frames - 1) * hop + 5)
    X = dsp.stft(x, window, hop, 256)
    assert X.shape == (129, n_frames) and X.flags.c_contiguous
    assert relative(X, stft_by_definition(x, window, hop, 256, 0)) <= EQUAL
    for Y in (X, np.asfortranarray(X), X[:, ::-1]):
        y = istft_by_definition(Y, window, hop, 256, 0, None)
        assert relative(dsp.istft(Y, window, hop, 256), y) <= EQUAL
    assert relative(dsp.istft(X.real, window, hop, 256), dsp.istft(X.real + 0j, window, hop, 256)) <= EQUAL


@pytest.mark.parametrize("n_fft", [1, 3, 97, 511, 74, 2 * MAX_N_FFT, 512])
def test_other_transforms_take_the_textbook(rng, n_fft):
    """Odd lengths, large primes, very long transforms, and hops that leave gaps."""
    x, window, hop = rng.standard_normal(2000), np.ones(min(n_fft, 500)), 600
    assert not is_fast(n_fft, hop)
    X = stft_by_definition(x, window, hop, n_fft, n_fft // 2)
    np.testing.assert_array_equal(dsp.stft(x, window, hop, n_fft, "zeros"), X)
    y = istft_by_definition(X, window, hop, n_fft, n_fft // 2, 2000)
    np.testing.assert_array_equal(dsp.istft(X, window, hop, n_fft, "zeros", 2000), y)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(4, 300),
    hop_share=st.floats(0.02, 0.5),
    n=st.integers(1, 2000),
    name=st.sampled_from(["hann", "hamming", "blackman"]),
    seed=SEEDS,
)
def test_with_its_length_a_signal_comes_back(length, hop_share, n, name, seed):
    """istft(stft(x), length=N) is x: all N samples, for every hop up to half a window, by either lane."""
    window = getattr(dsp, name)(length, periodic=True)
    hop = max(1, int(hop_share * length))
    x = np.random.default_rng(seed).standard_normal(n)
    y = dsp.istft(dsp.stft(x, window, hop, padding="zeros"), window, hop, padding="zeros", length=n)
    total = np.zeros(n + 2 * length)
    for t in range(1 + (n - length % 2) // hop):
        total[t * hop : t * hop + length] += window**2
    weight = np.sqrt(total[length // 2 : length // 2 + n])  # small under the end of the last window
    assert y.shape == (n,) and weight.min() > 1e-8
    assert (np.abs(y - x) <= 1e-14 * (1 / weight + np.abs(x))).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("n_fft", [16, 17])
def test_spectra_that_are_not_finite_are_refused(bad, n_fft):
    X = np.ones((9, 20), complex)
    X[3, 11] = bad
    with pytest.raises(ValueError, match=r"spectra\[3, 11\] is"):
        dsp.istft(X, np.ones(n_fft), 4)


@settings(max_examples=25, deadline=None)
@given(
    n_fft=st.sampled_from([4, 12, 16, 20, 64, 250, 256]),
    window_share=st.floats(0.3, 1),
    hop_share=st.floats(0.02, 0.5),
    n_frames=st.integers(4, 60),
    momentum=st.sampled_from([0.0, 0.5, 0.99]),
    consistent=st.booleans(),
    scale=SCALES,
    seed=SEEDS,
)
def test_griffin_lim(n_fft, window_share, hop_share, n_frames, momentum, consistent, scale, seed):
    rng = np.random.default_rng(seed)
    length, hop = shapes(n_fft, window_share, hop_share)
    n_frames += 2 * n_fft // hop
    window = rng.random(length) + 0.1
    M = rng.random((n_fft // 2 + 1, n_frames))
    if consistent:
        M = np.abs(dsp.stft(rng.standard_normal((n_frames - 1) * hop), window, hop, n_fft, "zeros"))
    turns = np.random.default_rng(seed).random(M.shape)
    x = griffin_lim_by_definition(M, turns, window, hop, n_fft, 8, momentum)
    y = dsp.griffin_lim(scale * M, window, hop, n_fft, 8, np.random.default_rng(seed), momentum)
    assert relative(y / scale, x) <= STEPS


@pytest.mark.parametrize("momentum", [0.0, 0.99])
@pytest.mark.parametrize("n_fft", [256, 400, 512])
def test_griffin_lim_is_librosas(rng, n_fft, momentum):
    """With phases of 0 at the start, as librosa's are random otherwise."""
    M = np.abs(librosa.stft(rng.standard_normal(8000), n_fft=n_fft, hop_length=80))
    theirs = librosa.griffinlim(M, n_iter=16, hop_length=80, n_fft=n_fft, momentum=momentum, init=None)
    ours = dsp.griffin_lim(M, dsp.hann(n_fft, periodic=True), 80, n_fft, 16, momentum=momentum)
    assert relative(ours, theirs) <= STEPS


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 60_000), rate=st.floats(0.2, 20), scale=SCALES, silent=st.booleans(), seed=SEEDS)
def test_time_stretch(n, rate, scale, silent, seed):
    x = np.random.default_rng(seed).standard_normal(n)
    if silent:
        x[: n // 2] = 0  # frames without a phase
    n_stretched = max(1, round(n / rate))
    rate = n / n_stretched
    t = rate * np.arange(1 + -(-n_stretched // 512))
    expected = time_stretch_by_definition(x, t, n_stretched)
    assert relative(dsp.time_stretch(scale * x, rate) / scale, expected, np.abs(x).max()) <= VOCODER


def test_time_stretch_far_apart(rng):
    """Rates at which neighboring output frames lie further apart than a block of frames."""
    for n, rate in ((400_000, 40.0), (400_000, 780.0), (100, 90.0)):
        x, n_stretched = rng.standard_normal(n), round(n / rate)
        t = rate * np.arange(1 + -(-n_stretched // 512))
        assert relative(dsp.time_stretch(x, rate), time_stretch_by_definition(x, t, n_stretched)) <= VOCODER


@pytest.mark.parametrize("rate", [1e-12, 1e-310])
def test_stretching_to_an_absurd_length_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate=.* makes more than"):
        dsp.time_stretch(np.ones(100), rate)


@settings(max_examples=25, deadline=None)
@given(
    length=st.sampled_from([2, 16, 26, 64, 200, 400, 512]),
    hop_share=st.floats(0.02, 0.5),
    n=st.integers(1, 5000),
    noise=st.sampled_from(["estimated", "number", "bins", "none"]),
    seed=SEEDS,
)
def test_spectral_wiener(length, hop_share, n, noise, seed):
    rng = np.random.default_rng(seed)
    window, hop = rng.random(length) + 0.1, max(1, round(hop_share * length))
    x = rng.standard_normal(n) * np.linspace(0.1, 1, n)
    power = {"estimated": None, "number": np.array(length / 4), "none": np.array(0.0)}
    noise = power[noise] if noise in power else length * rng.random(length // 2 + 1)
    expected = spectral_wiener_by_definition(x, window, hop, noise)
    assert relative(dsp.spectral_wiener(x, window, hop, noise), expected, np.abs(x).max()) <= EQUAL


@pytest.mark.parametrize(
    "call",
    [lambda x: dsp.time_stretch(x, 1.1), lambda x: dsp.spectral_wiener(x, dsp.hann(512, periodic=True), 128)],
    ids=["time_stretch", "spectral_wiener"],
)
def test_long_signals_need_little_memory(rng, call):
    """At most four vectors of the signal's length; the spectra would fill 8 (time_stretch) and 16 of them."""
    x = rng.standard_normal(2**21)
    call(x[:5000])
    tracemalloc.start()
    call(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 4 * x.nbytes


PROGRAM = """
import sys
import numpy as np
import dsp
x = np.random.default_rng(0).standard_normal(6000)
found = []
for length, n_fft in ((512, 512), (400, 400), (200, 256)):
    window = dsp.hamming(length)
    X = dsp.stft(x, window, 100, n_fft, "zeros")
    found += [X.real, X.imag, dsp.istft(X, window, 100, n_fft, "zeros", 6000), dsp.spectral_wiener(x, window, 100),
              dsp.griffin_lim(np.abs(X), window, 100, n_fft, 4, momentum=0.99)]
found.append(dsp.time_stretch(x, 1.1))
np.save(sys.argv[1], np.concatenate([part.ravel() for part in found]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "haswell"])
def test_other_processors_give_the_same_bits(tmp_path, processor):
    """No vector unit worth the name (SSE2), and AVX2 without AVX-512, by Numba's setting."""
    found = here_and_on(processor, PROGRAM, tmp_path)
    assert found[0].size > 10_000 and np.isfinite(found[0]).all()
    np.testing.assert_array_equal(found[0], found[1])
