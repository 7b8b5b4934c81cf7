"""Frozen oracle: Praat's MFCC and MelSpectrogram as praat-parselmouth computes them, which also runs live if installed.

Praat takes the sample nearest to the time at which a frame begins. With an odd number of samples beside the frames
that is one sample. With an even number the time lies between two samples, and the rounding of Praat's arithmetic
decides, frame by frame; the preset takes the later sample. The same rounding may cost Praat its last frame where the
frames fill the signal exactly. dsp.praat_frames follows Praat's arithmetic, at every rate, so that every frame is
compared.
"""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions.registry import CONVENTIONS
from experiments.benchmarks import agreement
from tests.conftest import GOLDEN

TOLERANCE = 1e-9  # decibels; sums of them in cepstra
FLOAT32 = 1e-6  # of the largest value, where no band lies below what float32 leaves of its frame's energy
HALF_WINDOW_S, HOP_S = 0.015, 0.005
RATES = (8_000, 10_000, 16_000, 20_000, 24_000, 32_000, 48_000)
PRAAT = CONVENTIONS["praat"]
AS_THEY_STAND = replace(PRAAT, framing="valid", hop_length_s=PRAAT.frame_length_s, rounding="half up")


@pytest.fixture(scope="module")
def stored():
    return np.load(GOLDEN / "features_praat.npz")


@pytest.mark.parametrize(("n", "rate"), [(7999, 16_000), (7999, 24_000)])
@pytest.mark.parametrize("lane", ["textbook", "extract", "float32"])
def test_where_the_nearest_sample_is_one(n, rate, lane, stored):
    x, theirs = stored["signal"][:n], stored[f"mfcc_{n}_{rate}"]
    if lane == "textbook":
        ours = dsp.mfcc(x, rate, "praat")
    else:
        (ours,) = dsp.extract([x], rate, "praat", dtype="float32" if lane == "float32" else "float64")
    assert ours.shape == theirs.shape
    loud = theirs[0] > 500  # in the pause float32 rounds what is left of the frame
    if lane == "float32":
        assert np.abs(ours - theirs)[:, loud].max() <= FLOAT32 * np.abs(theirs).max()
    else:
        assert np.abs(ours - theirs).max() <= TOLERANCE


def test_mel_spectrogram_in_decibels(stored):
    """Silent frames stand at -300 dB."""
    theirs = stored["log_mel_7999_16000"]
    ours = dsp.log_mel(stored["signal"][:7999], 16_000, "praat")
    assert ours.shape == theirs.shape and theirs.min() == -300
    assert np.abs(ours - theirs).max() <= TOLERANCE


@pytest.mark.parametrize(("n", "rate"), [(7998, 16_000), (8000, 16_000), (8000, 8_000), (8000, 48_000)])
@pytest.mark.parametrize("lane", ["textbook", "extract"])
def test_where_rounding_decides(n, rate, lane, stored):
    """Every frame of Praat is the preset's of the one sample or the other, as its arithmetic says."""
    x, theirs = stored["signal"][:n], stored[f"mfcc_{n}_{rate}"]
    frames = dsp.praat_frames(x, rate)
    ours = (
        dsp.mfcc(frames, rate, AS_THEY_STAND) if lane == "textbook" else dsp.extract([frames], rate, AS_THEY_STAND)[0]
    )
    assert np.abs(ours - theirs).max() <= TOLERANCE
    length, hop = round(2 * HALF_WINDOW_S * rate), round(HOP_S * rate)
    if theirs.shape[1] == dsp.count_frames(n, length, hop, "valid, centered"):
        preset = dsp.mfcc(x, rate, "praat")
        same = np.abs(preset - theirs).max(axis=0) <= TOLERANCE
        assert (n - length) % 2 == 0 and 0 < same.mean() < 1


def test_a_hop_of_a_fraction_of_a_sample_is_refused():
    x = np.ones(44_100)
    for call in (dsp.mfcc, lambda x, rate, c: dsp.extract([x], rate, c)):
        with pytest.raises(ValueError, match=r"hop_length_s=0.005 is 220.5 samples at 44100 Hz; .* resample"):
            call(x, 44_100, "praat")
    assert dsp.mfcc(x, 44_100, replace(PRAAT, hop_length=220)).shape[0] == 13


@pytest.mark.parametrize("road", ["front_end_64", "onnx_exact", "c_64", "matlab"])
def test_every_road_centers_the_frames(road, stored, tmp_path):
    """39 of 7999 samples lie before the first frame, 20 of 7960, none of 7920."""
    needed = {"c_64": "gcc", "matlab": "octave"}.get(road)
    if needed and shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    features = agreement.ROADS[road](PRAAT, 16_000, "mfcc", tmp_path).features
    for n in (7999, 7960, 7920):
        x = np.ascontiguousarray(stored["signal"][:n])
        expected = dsp.mfcc(x, 16_000, PRAAT)
        loud = expected[0] > 500
        found = np.asarray(features(x), np.float64)
        assert found.shape == expected.shape
        tolerance = 2e-3 if road == "onnx_exact" else 1e-8  # decibels; the graph computes in float32
        assert np.median(np.abs(found - expected)[:, loud]) <= tolerance


def test_a_bad_sample_that_no_frame_takes_is_refused():
    for n in (0, 38, 39, 7998):
        x = np.ones(7999)  # 39 samples lie before the frames, 40 after them
        x[n] = np.nan
        for call in (dsp.mfcc, lambda x, rate, c: dsp.extract([x], rate, c)):
            with pytest.raises(ValueError, match=rf"signal.*\[{n}\] is nan"):
                call(x, 16_000, "praat")


@pytest.mark.parametrize("n", [2, 7, 480])
def test_the_window_reaches_zero_one_sample_beyond_its_ends(n):
    for periodic in (False, True):
        w, M = dsp.gaussian(n, periodic), n if periodic else n - 1
        i = np.arange(-1, n + 1)
        formula = (np.exp(-48 * ((i - M / 2) / (M + 2)) ** 2) - np.exp(-12)) / (1 - np.exp(-12))
        np.testing.assert_allclose(w, formula[1:-1], rtol=1e-13)
        assert abs(formula[0]) < 1e-16 and (periodic or abs(formula[-1]) < 1e-16)
    np.testing.assert_array_equal(dsp.gaussian(n, True), dsp.gaussian(n + 1)[:n])
    assert dsp.gaussian(1) == 1


def test_bands_lie_every_100_mel():
    """As many as Praat has at each rate; the last one may reach beyond half the rate."""
    counts = {
        8_000: 20,
        11_025: 24,
        16_000: 27,
        22_050: 31,
        24_000: 32,
        44_100: 38,
        48_000: 39,
    }  # of To MelSpectrogram..
    for rate, n in counts.items():
        filters = dsp.mel_filterbank("every 100 mel", 2048, rate, scale="htk")
        assert filters.shape == (n, 1025)
        f = np.arange(1025) * rate / 2048
        corners = dsp.mel_to_hz(100.0 * np.arange(n + 2), "htk")
        for row, a, b, c in zip(filters, corners, corners[1:], corners[2:], strict=False):
            np.testing.assert_allclose(row, np.clip(np.minimum((f - a) / (b - a), (c - f) / (c - b)), 0, None))
    with pytest.raises(ValueError, match="no filter fits between 0 and "):
        dsp.mel_filterbank("every 100 mel", 64, 100, scale="htk")
    with pytest.raises(ValueError, match="n_mels='every 10 mel' is none of"):
        dsp.mel_filterbank("every 10 mel", 64, 200, scale="htk")


def test_praat_itself():
    """Live, where praat-parselmouth is installed: noise of random lengths at seven rates, other windows and hops."""
    parselmouth = pytest.importorskip("parselmouth", reason="praat-parselmouth is optional")
    rng = np.random.default_rng(0)
    for rate in RATES:
        for half_s, hop_s in ((0.015, 0.005), (0.0125, 0.010), (0.020, 0.005)):
            length, hop = round(2 * half_s * rate), round(hop_s * rate)
            n = int(rng.integers(length + 3 * hop, rate)) // 2 * 2 + 1
            x = 10.0 ** rng.uniform(-3, 0) * rng.standard_normal(n) / 5
            sound = parselmouth.Sound(x, sampling_frequency=rate)
            theirs = parselmouth.praat.call(sound, "To MFCC...", 15, half_s, hop_s, 100.0, 100.0, 0.0).to_array()
            c = replace(PRAAT, frame_length_s=2 * half_s, hop_length_s=hop_s, n_mfcc=16)
            assert np.abs(dsp.mfcc(x, rate, c) - theirs).max() <= TOLERANCE


@pytest.mark.parametrize("rate", [*RATES, 11_025, 12_345, 22_050, 44_100])
def test_praat_itself_at_every_rate(rate):
    """Live, where praat-parselmouth is installed: hops and windows of fractions of a sample; even and odd lengths."""
    parselmouth = pytest.importorskip("parselmouth", reason="praat-parselmouth is optional")
    rng = np.random.default_rng(rate)
    for half_s, hop_s in ((0.015, 0.005), (0.0125, 0.010), (0.020, 0.0025)):
        for n in rng.integers(rate // 5, rate, 3):
            x = 10.0 ** rng.uniform(-3, 0) * rng.standard_normal(n) / 5
            sound = parselmouth.Sound(x, sampling_frequency=rate)
            theirs = parselmouth.praat.call(sound, "To MFCC...", 12, half_s, hop_s, 100.0, 100.0, 0.0).to_array()
            c = replace(AS_THEY_STAND, frame_length_s=2 * half_s, hop_length_s=2 * half_s)
            ours = dsp.mfcc(dsp.praat_frames(x, rate, 2 * half_s, hop_s), rate, c)
            assert np.abs(ours - theirs).max() <= TOLERANCE


def test_a_signal_shorter_than_a_frame_is_refused():
    for arguments, said in (
        ((np.ones(479), 16_000), "479 samples at 16000 Hz are shorter than one frame of 0.03 s"),
        ((np.ones(999), 16_000, 0.03, 0.00006), "hop_length_s=6e-05: at least one sample each is expected, 6.25e-05 s"),
    ):
        with pytest.raises(ValueError, match=said):
            dsp.praat_frames(*arguments)
    assert dsp.praat_frames(np.ones(480), 16_000).shape == (480,)
