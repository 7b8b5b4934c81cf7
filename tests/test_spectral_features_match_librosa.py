"""Live oracle: librosa; and real MATLAB output, with what MATLAB's reference code counts differently."""

import warnings

import librosa
import numpy as np
import pytest
from librosa import feature
from scipy import io

import dsp

FLOAT64, FLOAT32 = 1e-13, 1e-6  # of the largest value; librosa keeps chroma banks and energies in float32
MATLAB = 1e-12
RATE = 22_050


def sounds() -> dict[str, np.ndarray]:
    """A gliding and a steady tone with noise and a pause; noise alone; a chord that lies a fifth of a tone too high."""
    n, rng = np.arange(30_000), np.random.default_rng(0)
    t = n / RATE
    tones = 0.4 * np.sin(2 * np.pi * (261.6 * t + 30 * t**2)) + 0.2 * np.sin(2 * np.pi * 447 * t)
    tones += 0.02 * rng.standard_normal(n.size)
    tones[9000:14_000] = 0
    chord = sum(np.sin(2 * np.pi * 440 * 2 ** ((k + 0.2) / 12) * t) for k in (-9, -5, -2))
    return {"tones": tones, "noise": 0.1 * rng.standard_normal(20_000), "chord": chord / 4}


SOUNDS = sounds()
CALLS = {  # ours, librosa's, tolerance
    "centroid": (dsp.spectral_centroid, feature.spectral_centroid, {}, FLOAT64),
    "bandwidth": (dsp.spectral_bandwidth, feature.spectral_bandwidth, {}, FLOAT64),
    "bandwidth, p 3": (dsp.spectral_bandwidth, feature.spectral_bandwidth, {"p": 3}, FLOAT64),
    "rolloff": (dsp.spectral_rolloff, feature.spectral_rolloff, {}, FLOAT64),
}


def assert_close(ours, theirs, tolerance):
    theirs = np.asarray(theirs).squeeze()
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= tolerance * np.abs(theirs).max()


@pytest.fixture(params=SOUNDS)
def x(request):
    return SOUNDS[request.param]


@pytest.fixture
def magnitude(x):
    return np.abs(dsp.stft(x, dsp.hann(2048, periodic=True), 512))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("rate", [16_000, RATE])
def test_of_the_magnitude(name, magnitude, rate):
    ours, theirs, options, tolerance = CALLS[name]
    assert_close(ours(magnitude, rate, **options), theirs(S=magnitude, sr=rate, **options), tolerance)


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.99])
def test_other_fractions(magnitude, fraction):
    theirs = feature.spectral_rolloff(S=magnitude, sr=RATE, roll_percent=fraction)
    np.testing.assert_array_equal(dsp.spectral_rolloff(magnitude, RATE, fraction), theirs[0])


@pytest.mark.parametrize(("n_bands", "f_min", "quantile"), [(6, 200.0, 0.02), (5, 150.0, 0.1), (3, 333.3, 0.4)])
def test_contrast(magnitude, n_bands, f_min, quantile):
    for scale in ("decibels", "difference"):
        theirs = feature.spectral_contrast(
            S=magnitude, sr=RATE, n_bands=n_bands, fmin=f_min, quantile=quantile, linear=scale == "difference"
        )
        assert_close(dsp.spectral_contrast(magnitude, RATE, n_bands, f_min, quantile, scale), theirs, FLOAT64)


def test_flatness(magnitude):
    assert_close(dsp.spectral_flatness(magnitude), feature.spectral_flatness(S=magnitude), FLOAT64)
    theirs = feature.spectral_flatness(S=magnitude, amin=1e-5, power=1.0)
    assert_close(dsp.spectral_flatness(magnitude, 1e-5, 1.0), theirs, FLOAT64)


@pytest.mark.parametrize(("length", "hop"), [(2048, 512), (401, 100), (1, 1)])
def test_of_the_signal(x, length, hop):
    theirs = feature.zero_crossing_rate(x, frame_length=length, hop_length=hop)
    np.testing.assert_array_equal(dsp.zero_crossing_rate(x, length, hop), theirs[0])
    assert_close(dsp.rms(x, length, hop), feature.rms(y=x, frame_length=length, hop_length=hop), FLOAT32)


def test_values_near_zero_do_not_cross():
    x = np.tile([1e-11, -1e-11, 0.0, -0.0, 1.0], 100)
    theirs = feature.zero_crossing_rate(x, frame_length=50, hop_length=10)
    np.testing.assert_array_equal(dsp.zero_crossing_rate(x, 50, 10), theirs[0])
    assert not theirs.any()


@pytest.mark.parametrize("n_chroma", [12, 24, 7])
@pytest.mark.parametrize(("tuning", "center", "width"), [(0.0, 5.0, 2.0), (0.2, 4.0, None), (-0.5, 5.0, 1.0)])
@pytest.mark.parametrize("from_c", [True, False])
def test_chroma_filterbank(n_chroma, tuning, center, width, from_c):
    theirs = librosa.filters.chroma(
        sr=RATE, n_fft=1024, n_chroma=n_chroma, tuning=tuning, ctroct=center, octwidth=width, base_c=from_c,
        dtype=np.float64,
    )  # fmt: skip
    ours = dsp.chroma_filterbank(n_chroma, 1024, RATE, tuning, center, width, from_c)
    assert_close(ours, theirs, 1e-12)


@pytest.mark.parametrize("power", [1, 2])
def test_chroma_and_tuning(magnitude, power):
    S = magnitude**power
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an empty set of frequencies
        assert dsp.estimate_tuning(S, RATE) == pytest.approx(librosa.estimate_tuning(S=S, sr=RATE), abs=1e-12)
        assert_close(dsp.chroma(S, RATE), feature.chroma_stft(S=S, sr=RATE), FLOAT32)
        assert_close(dsp.chroma(S, RATE, 24), feature.chroma_stft(S=S, sr=RATE, n_chroma=24), FLOAT32)
    assert_close(dsp.chroma(S, RATE, 12, 0.1), feature.chroma_stft(S=S, sr=RATE, tuning=0.1), FLOAT32)


def test_the_chord_is_out_of_tune():
    S = np.abs(dsp.stft(SOUNDS["chord"], dsp.hann(2048, periodic=True), 512))
    assert abs(dsp.estimate_tuning(S, RATE) - 0.2) < 0.05
    assert dsp.estimate_tuning(np.zeros((1025, 4)), RATE) == 0


def test_tonnetz(magnitude):
    for n_chroma in (12, 24):
        chroma = dsp.chroma(magnitude, RATE, n_chroma)
        assert_close(dsp.tonnetz(chroma), feature.tonnetz(chroma=chroma), FLOAT64)


def test_silence_is_zero():
    S = np.zeros((1025, 3))
    for found in (dsp.spectral_centroid(S, RATE), dsp.spectral_bandwidth(S, RATE), dsp.spectral_rolloff(S, RATE)):
        assert not found.any()
    assert not dsp.chroma(S, RATE).any() and not dsp.tonnetz(np.zeros((12, 3))).any()
    np.testing.assert_allclose(dsp.spectral_flatness(S), 1, rtol=1e-12)


@pytest.fixture(scope="module")
def matlab(corpora):
    """A file of MATLAB's numbers, every single value as a number."""

    def read(name):
        file = io.loadmat(corpora / "matlab_fixtures" / f"{name}.mat")
        return {key: value.item() if np.size(value) == 1 else value for key, value in file.items() if key[0] != "_"}

    return read


@pytest.mark.corpus
def test_matlabs_centroid_and_rolloff(matlab):
    S = matlab("met-bandwidth-001")["S"]
    assert_close(dsp.spectral_centroid(S, RATE), matlab("met-centroid-001")["centroid"], MATLAB)
    for number in (1, 2, 3):
        file = matlab(f"met-rolloff-00{number}")
        assert_close(dsp.spectral_rolloff(S, RATE, file["pct"]), file["rolloff"], MATLAB)


@pytest.mark.corpus
def test_matlabs_bandwidth_is_a_mean_over_bins(matlab):
    """It weighs by the magnitudes themselves and divides by the number of bins, with p = 1."""
    file = matlab("met-bandwidth-001")
    S = file["S"]
    assert_close(dsp.spectral_bandwidth(S, RATE, 1) * S.mean(axis=0), file["bw"], MATLAB)


@pytest.mark.corpus
def test_matlabs_contrast_counts_the_bins_of_the_band_alone(matlab):
    """Of 74 bins and one below them it averages round(0.02 74) = 1, librosa round(0.02 75) = 2."""
    S, theirs = matlab("met-bandwidth-001")["S"], matlab("met-contrast-001")["contrast"]
    ours = dsp.spectral_contrast(S, RATE, scale="difference")
    assert_close(np.delete(ours, 5, axis=0), np.delete(theirs, 5, axis=0), MATLAB)
    assert_close(dsp.spectral_contrast(S, RATE, quantile=0.0199, scale="difference"), theirs, MATLAB)
    assert np.abs(ours[5] - theirs[5]).max() > 1e-4


@pytest.mark.corpus
@pytest.mark.parametrize("number", range(1, 30))
def test_matlabs_chroma_banks(matlab, number):
    file = matlab(f"feature-chromafb-{number:03}")
    n_chroma, n_fft = file["nchroma"], file["nfft"]
    tuning, width = n_chroma * np.log2(file["a440"] / 440), float(file["octwidth"]) or None
    ours = dsp.chroma_filterbank(n_chroma, n_fft, file["sr"], tuning, float(file["ctroct"]), width, False)
    assert_close(ours, file["wts"][:, : n_fft // 2 + 1], MATLAB)


@pytest.mark.corpus
@pytest.mark.parametrize("number", range(1, 39))
@pytest.mark.filterwarnings("ignore:.*empty")
def test_matlabs_mel_banks(matlab, number):
    file = matlab(f"feature-melfb-{number:03}")
    scale, n_fft = "htk" if file["htk"] else "slaney", file["nfft"]
    ours = dsp.mel_filterbank(
        file["nfilts"], n_fft, file["sr"], float(file["fmin"]), float(file["fmax"]), scale, "hz", "slaney"
    )
    assert_close(ours, file["wts"][:, : n_fft // 2 + 1], MATLAB)


@pytest.mark.corpus
@pytest.mark.parametrize("number", range(1, 5))
def test_matlabs_mel_scales(matlab, number):
    for name, function, argument in (("hz_to_mel", dsp.hz_to_mel, "f"), ("mel_to_hz", dsp.mel_to_hz, "m")):
        file = matlab(f"feature-{name}-{number:03}")
        ours = function(np.ravel(file.get(argument, file.get("f"))), "htk" if file["htk"] else "slaney")
        np.testing.assert_allclose(ours, np.ravel(file["result"]), rtol=MATLAB)


S = np.ones((1025, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.spectral_centroid(-S, RATE), "smallest value of magnitude is -1"),
        (lambda: dsp.spectral_centroid(S, 0), "sample_rate=0"),
        (lambda: dsp.spectral_centroid(S[:1], RATE), "n_fft >= 2"),
        (lambda: dsp.spectral_rolloff(S, RATE, 1.5), "fraction=1.5"),
        (lambda: dsp.spectral_contrast(S, RATE, 7), "do not fit below 11025"),
        (lambda: dsp.spectral_contrast(S[:9], RATE), "one bin lies between"),
        (lambda: dsp.chroma_filterbank(12, 1, RATE), "n_fft=1"),
        (lambda: dsp.chroma_filterbank(2**20, 2**20, RATE), "too large"),
        (lambda: dsp.rms(np.ones(3), 0), "frame_length=0"),
        (lambda: dsp.tonnetz(-np.ones((12, 3))), "chroma is -1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
