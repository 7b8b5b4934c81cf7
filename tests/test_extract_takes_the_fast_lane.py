"""No convention leaves the fast lane: transforms of every length, spectra of every kind, dtypes side by side."""

import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp import CONVENTIONS, Convention
from dsp.conventions.parameters import WORDS
from dsp.cooley_tukey import MAX_BUTTERFLY, factors
from dsp.engine import extract as engine
from dsp.engine.pair_tables import convolution_radices
from tests.conftest import here_and_on
from tests.two_lanes import assert_equal, textbook

FLOAT64 = 1e-9  # of the largest value, as promised
SPECTRUM = {"float64": 1e-14, "float32": 1e-6}  # of the largest bin; measured: 1e-15, 3e-7
RATE = 16_000
pytestmark = pytest.mark.filterwarnings("ignore:.*beyond full scale")


@pytest.fixture
def only_fast(monkeypatch):
    """Makes the textbook lane unavailable to dsp.extract."""

    def refuse(*arguments):
        raise AssertionError("dsp.extract took the textbook lane")

    monkeypatch.setattr(engine, "compute_trace", refuse)


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_presets(rng, only_fast, name, dtype):
    x = rng.standard_normal(9000)
    rate = RATE if (CONVENTIONS[name].f_max or 0) <= RATE / 2 else 44_100
    for signal in (x, x[:5000]):
        dsp.extract([signal], rate, name, "mfcc" if CONVENTIONS[name].n_mfcc else "log_mel", dtype)


def draw(rng: np.random.Generator) -> Convention:
    """A convention with words drawn evenly and lengths that a person might give."""

    def one_of(*values):
        return values[rng.integers(len(values))]

    frame = int(rng.integers(16, 500))
    words = {field: one_of(*values) for field, values in WORDS.items() if field not in ("normalization", "n_mels")}
    numbers = {
        "scale": one_of(1.0, 32_768.0),
        "preemphasis": one_of(0.0, 0.97),
        "frame_length": frame,
        "hop_length": one_of(None, 1 + frame // 3, 2 * frame),
        "hop_length_s": None,
        "n_fft": one_of("power of two", "frame length", frame + int(rng.integers(0, 2000)), 1103, 2205),
        "spectrum_floor": one_of(0.0, 1e-3),
        "smoothing": one_of(1, 3),
        "n_mels": one_of(None, "3 ln rate", 8),
        "floor": one_of(1e-6, 1e-3),
        "dynamic_range": one_of(None, 3.0),
        "log_gain": one_of(1.0, 0.25),
        "log_offset": one_of(0.0, 1.0),
        "n_mfcc": one_of(None, 8),
        "dct_type": one_of(2, 3),
        "delta_orders": one_of(0, 1, 2),
        "normalization": one_of(None, "mean"),
    }
    return Convention(**words | numbers)


def test_200_random_conventions(rng, monkeypatch):
    """Each has the features of the textbook lane, and none is computed there."""
    x, taken = rng.standard_normal(7000), []
    monkeypatch.setattr(engine, "compute_trace", lambda *arguments: taken.append(arguments))
    compared = 0
    while compared < 200:
        c = draw(rng)
        kind = "log_mel" if c.n_mfcc is None else "mfcc"
        signal = x[: rng.integers(1000, 7000)]
        try:
            steps = dsp.trace(signal, RATE, c, until="log_mel")
            textbook(signal, RATE, c, kind)
        except ValueError:
            continue
        if c.floor_rule == "zeros only" and steps["mel"].min() <= 1e-12 * steps["power"].max():
            continue  # what is 0 but for rounding is a zero in one lane and not in the other
        assert_equal(signal, RATE, c, kind, "float64", FLOAT64)
        compared += 1
    assert not taken


def spectra(n_fft: int, **changes) -> Convention:
    """Magnitudes of the bins alone, of frames as long as the transform."""
    alone = {"n_mels": None, "n_mfcc": None, "log": None, "spectrum": "magnitude"}
    return Convention(frame_length=n_fft, n_fft=n_fft, hop_length=max(1, n_fft // 3), **alone | changes)


def assert_spectra_equal(x, c: Convention, dtype: str) -> None:
    expected = dsp.log_mel(x, RATE, c)
    (found,) = dsp.extract([x], RATE, c, "log_mel", dtype)
    assert found.shape == expected.shape and found.dtype == dtype
    assert np.abs(found - expected).max() <= SPECTRUM[dtype] * np.abs(expected).max()


@settings(max_examples=60, deadline=None)
@given(n_fft=st.integers(1, 8192), frames=st.floats(1, 12), dtype=st.sampled_from(["float64", "float32"]))
def test_transforms_of_any_length(n_fft, frames, dtype):
    x = np.random.default_rng(n_fft).standard_normal(math.ceil(n_fft * frames))
    assert_spectra_equal(x, spectra(n_fft), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_short_transform(rng, only_fast, dtype):
    """Every radix from 2 to 31 by itself, its products, and the shortest convolutions."""
    x = rng.standard_normal(1000)
    for n_fft in range(1, 200):
        c = spectra(n_fft)
        (found,) = dsp.extract([x], RATE, c, "log_mel", dtype)
        frames = dsp.frame(x, n_fft, c.hop_length) * dsp.hamming(n_fft)[:, None]
        expected = np.abs(np.fft.rfft(frames, axis=0))
        np.testing.assert_allclose(found, expected, rtol=0, atol=SPECTRUM[dtype] * expected.max(), err_msg=str(n_fft))


@pytest.mark.parametrize("n_frames", [1, 7, 8, 9, 16, 17, 24, 25, 33, 47, 48, 49, 100])
@pytest.mark.parametrize("n_fft", [45, 74, 101])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_frames_in_pairs_of_registers(rng, only_fast, n_frames, n_fft, dtype):
    """An odd register, an incomplete one, and fewer frames than one: every frame has its own spectrum."""
    c = spectra(n_fft)
    x = rng.standard_normal(n_fft + (n_frames - 1) * c.hop_length)
    (found,) = dsp.extract([x], RATE, c, "log_mel", dtype)
    expected = np.abs(np.fft.rfft(dsp.frame(x, n_fft, c.hop_length) * dsp.hamming(n_fft)[:, None], axis=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=SPECTRUM[dtype] * expected.max())


@pytest.mark.parametrize("n_fft", [45, 101])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_quiet_frame_beside_a_loud_one(only_fast, n_fft, dtype):
    """Frames of one transform do not disturb each other: silence stays 0, and a frame 200 dB lower keeps its digits."""
    x = np.random.default_rng(n_fft).standard_normal(40 * n_fft).astype(dtype)
    x[: 8 * n_fft] = 0
    x[20 * n_fft :] *= 1e-10
    c = replace(spectra(n_fft), hop_length=n_fft)
    (found,) = dsp.extract([x], RATE, c, "log_mel", dtype)
    expected = np.abs(np.fft.rfft(x.astype(float).reshape(40, n_fft) * dsp.hamming(n_fft), axis=1)).T
    assert not found[:, :8].any()
    assert (np.abs(found - expected).max(axis=0) <= SPECTRUM[dtype] * expected.max(axis=0)).all()


@pytest.mark.parametrize("energy_of", ["windowed frame", "spectrum", "raw frame"])
@pytest.mark.parametrize("spectrum", ["power", "magnitude"])
@pytest.mark.parametrize("scaling", ["as is", "one-sided, doubled"])
@pytest.mark.parametrize("n_fft", [512, 441, 479])
def test_energy(rng, only_fast, energy_of, spectrum, scaling, n_fft):
    """Of even, odd and prime lengths, whatever the spectrum is divided by."""
    x = rng.standard_normal(5000)
    for norm in (None, "n_fft", "density"):
        c = replace(
            CONVENTIONS["kaldi"],
            **{"n_fft": n_fft, "energy_of": energy_of, "spectrum": spectrum, "spectrum_norm": norm},
            spectrum_scaling=scaling,
        )
        (found,) = dsp.extract([x], RATE, c)
        expected = dsp.mfcc(x, RATE, c)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("n", [1, 2, 100, 255, 256, 257, 5000])
def test_scipy_shortens_its_window_to_the_signal(rng, only_fast, n):
    """Signals shorter and longer than the window, side by side, each as it is alone."""
    c = CONVENTIONS["scipy_spectrogram"]
    signals = [rng.standard_normal(n), rng.standard_normal(3000), rng.standard_normal(n)]
    for x, found in zip(signals, dsp.extract(signals, RATE, replace(c, framing="scipy"), "log_mel"), strict=True):
        expected = dsp.log_mel(x, RATE, replace(c, framing="scipy"))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_dtypes_that_alternate_share_two_batches(rng, monkeypatch):
    signals = [rng.standard_normal(4000).astype(["float32", "float64", "float16"][i % 3]) for i in range(30)]
    alone = [dsp.extract([np.float64(x)], RATE, "kaldi")[0] for x in signals]
    batches, compute = [], engine.compute_features
    monkeypatch.setattr(
        engine, "compute_features", lambda clips, *rest: (batches.append(len(clips)), compute(clips, *rest))[1]
    )
    together = dsp.extract(signals, RATE, "kaldi")
    assert sorted(batches) == [10, 20]
    for found, expected in zip(together, alone, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("least", [73, 75, 81, 129, 2205, 16_381, 2**19 - 1])
def test_lengths_of_convolutions(least):
    """Long enough, not much longer, a four at each end, and only radices that have a stage back."""
    radices = convolution_radices(least)
    assert least <= math.prod(radices) <= 1.34 * least
    assert radices[0] == radices[-1] == 4 and {*radices} <= {2, 3, 4, 8}


def test_a_transform_too_long_for_workspaces_takes_the_textbook_lane(rng, monkeypatch):
    x, c = rng.standard_normal(2000), spectra(601)
    monkeypatch.setattr(engine, "MAX_N_FFT", 600)
    np.testing.assert_array_equal(dsp.extract([x], RATE, c, "log_mel")[0], dsp.log_mel(x, RATE, c))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame_length": 10**8, "n_fft": 10**8}, "2000 samples give no frame of 100000000"),
        ({"frame_length": 10**8 + 7, "n_fft": 10**8 + 7}, "2000 samples give no frame of 100000007"),
        ({"frame_length": 2001, "n_fft": 2003}, "2000 samples give no frame of 2001"),
        ({"frame_length": 500, "n_fft": 499}, "n_fft=499 is less than a frame of 500"),
    ],
)
def test_windows_longer_than_the_signal_are_refused_before_any_table_is_made(changes, message):
    c = replace(CONVENTIONS["kaldi"], **changes)
    tracemalloc.start()
    with pytest.raises(ValueError, match=message):
        dsp.extract([np.ones(2000)], RATE, c)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


PROGRAM = """
import sys, numpy as np, dsp
from dataclasses import replace
x = np.random.default_rng(0).standard_normal(6000)
found = [dsp.extract([x], 16000, replace(dsp.CONVENTIONS["kaldi"], n_fft=n, energy_of="windowed frame"), dtype=dtype)[0]
         for n in (405, 1102, 1103, 2205) for dtype in ("float64", "float32")]
np.save(sys.argv[1], np.concatenate([features.ravel() for features in found]).astype(np.float64))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "haswell"])
def test_other_processors_give_the_same_bits(tmp_path, processor):
    found = here_and_on(processor, PROGRAM, tmp_path)
    assert found[0].size > 3000 and math.isfinite(found[0].sum())
    np.testing.assert_array_equal(found[0], found[1])


def test_short_lengths_cover_every_radix():
    """What test_every_short_transform claims."""
    lengths = [factors(n) for n in range(1, 200)]
    assert {radix for radices in lengths for radix in radices if 2 < radix <= MAX_BUTTERFLY} >= {3, 4, 5, 7, 11, 31}
    assert any(max(radices) > MAX_BUTTERFLY for radices in lengths)
