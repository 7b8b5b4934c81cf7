"""Live oracles: librosa's and python_speech_features' mel scales and filter banks; definition for Kaldi's triangles."""

import librosa
import numpy as np
import pytest
import python_speech_features

import dsp

RELATIVE = 5e-14  # of the highest filter: exp and log of two programs


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_scales(scale):
    f = np.concatenate([[0.0, 999.9999, 1000.0, 1000.0001], np.geomspace(1, 20_000, 500)])
    m = librosa.hz_to_mel(f, htk=scale == "htk")
    np.testing.assert_allclose(dsp.hz_to_mel(f, scale), m, rtol=1e-14)
    np.testing.assert_allclose(dsp.mel_to_hz(m, scale), f, rtol=1e-13)


def test_kaldis_scale_is_htks_to_6e_6():
    f = np.geomspace(1, 20_000, 100)
    np.testing.assert_allclose(dsp.hz_to_mel(f, "kaldi"), dsp.hz_to_mel(f, "htk"), rtol=6e-6)
    np.testing.assert_allclose(dsp.mel_to_hz(dsp.hz_to_mel(f, "kaldi"), "kaldi"), f, rtol=1e-13)
    assert abs(float(dsp.hz_to_mel(700, "kaldi")) - 1127 * np.log(2)) < 1e-12


BANKS = [
    (16_000, 512, 40),
    (22_050, 2048, 128),
    (44_100, 1024, 64),
    (8_000, 256, 20),
    (16_000, 400, 80),
    (11_025, 333, 15),
]


@pytest.mark.parametrize(("rate", "n_fft", "n_mels"), BANKS)
@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
def test_straight_in_hz(rate, n_fft, n_mels, scale, norm):
    htk, slaney = scale == "htk", "slaney" if norm else None
    with np.errstate(all="ignore"):
        expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, htk=htk, norm=slaney, dtype=np.float64)
    ours = dsp.mel_filterbank(n_mels, n_fft, rate, scale=scale, norm=norm)
    np.testing.assert_allclose(ours, expected, atol=RELATIVE * expected.max())


def test_a_part_of_the_band():
    expected = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=24, fmin=133, fmax=6855, dtype=np.float64, norm=None)
    np.testing.assert_allclose(dsp.mel_filterbank(24, 512, 16_000, 133, 6855), expected, atol=RELATIVE)


@pytest.mark.parametrize(("rate", "n_fft", "n_mels"), [*BANKS, (16_000, 512, 80)])
def test_edges_on_bins(rate, n_fft, n_mels):
    expected = python_speech_features.get_filterbanks(n_mels, n_fft, rate)
    np.testing.assert_array_equal(dsp.mel_filterbank(n_mels, n_fft, rate, scale="htk", triangles="bins"), expected)


def test_straight_in_mel():
    bank = dsp.mel_filterbank(23, 512, 16_000, 20, 8000, scale="htk", triangles="mel")
    edges = np.linspace(dsp.hz_to_mel(20, "htk"), dsp.hz_to_mel(8000, "htk"), 25)
    for m in (0, 7, 22):
        for k in range(257):
            x = float(dsp.hz_to_mel(k * 16_000 / 512, "htk"))
            up, down = (x - edges[m]) / (edges[m + 1] - edges[m]), (edges[m + 2] - x) / (edges[m + 2] - edges[m + 1])
            assert abs(bank[m, k] - max(0.0, min(up, down))) < 1e-12


def test_cut_at_bins():
    """HTK's LOFREQ and HIFREQ: bins that round to a limit stand outside it."""
    plain = dsp.mel_filterbank(20, 512, 16_000, 300, 3390, scale="htk", triangles="mel")
    cut = dsp.mel_filterbank(20, 512, 16_000, 300, 3390, scale="htk", triangles="mel, cut at bins")
    used = np.flatnonzero((cut != plain).any(axis=0))
    assert used.tolist() == [10, 108] and not cut[:, [10, 108]].any()  # 312.5 and 3375 Hz
    whole = [dsp.mel_filterbank(20, 512, 16_000, triangles=kind) for kind in ("mel", "mel, cut at bins")]
    np.testing.assert_array_equal(*whole)


def test_symmetric():
    bank = dsp.mel_filterbank(23, 400, 16_000, scale="htk", triangles="symmetric")
    edges = dsp.mel_to_hz(np.linspace(0, dsp.hz_to_mel(8000, "htk"), 25), "htk")
    f = np.arange(201) * 40.0
    for m in (0, 10, 22):
        distance = np.abs(f - edges[m + 1]) / (edges[m + 1] - edges[m])
        np.testing.assert_allclose(bank[m], np.maximum(0, 1 - distance), atol=1e-12)


def test_stretched():
    plain, stretched = (
        dsp.mel_filterbank(24, 512, rate, low, high, scale="htk", triangles=kind)
        for rate, low, high, kind in ((16_000, 0, None, "hz"), (16_000, 0, 8000, "stretched"))
    )
    np.testing.assert_allclose(stretched, plain, atol=1e-12)
    bank = dsp.mel_filterbank(10, 8192, 16_000, 300, 3400, scale="htk", triangles="stretched")
    edges = dsp.mel_to_hz(np.linspace(dsp.hz_to_mel(300, "htk"), dsp.hz_to_mel(3400, "htk"), 12), "htk")
    peaks = 300 + bank.argmax(axis=1) * 3100 / 4096
    np.testing.assert_allclose(peaks, edges[1:-1], atol=1)


def test_both_sides():
    once = dsp.mel_filterbank(20, 256, 8_000, scale="htk", triangles="mel")
    twice = dsp.mel_filterbank(20, 256, 8_000, scale="htk", triangles="mel", norm="doubled")
    np.testing.assert_array_equal(twice[:, 1:128], 2 * once[:, 1:128])
    np.testing.assert_array_equal(twice[:, [0, 128]], once[:, [0, 128]])


def test_equal_sums():
    with pytest.warns(UserWarning, match="empty"):
        bank, plain = (dsp.mel_filterbank(120, 128, 8_000, norm=norm) for norm in ("sum", None))
    full = plain.any(axis=1)
    np.testing.assert_allclose(bank[full].sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(bank[full], plain[full] / plain[full].sum(axis=1, keepdims=True), rtol=1e-12)
    assert not bank[~full].any() and not full.all()


def test_equal_areas():
    bank = dsp.mel_filterbank(10, 8192, 16_000, norm="slaney")
    np.testing.assert_allclose(bank.sum(axis=1) * 16_000 / 8192, 1, atol=2e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.hz_to_mel(-1.0, "htk"), "-1.0 Hz"),
        (lambda: dsp.mel_to_hz(-1.0, "htk"), "-1.0 mel"),
        (lambda: dsp.hz_to_mel(1.0, "bark"), "bark"),
        (lambda: dsp.mel_to_hz(1.0, "bark"), "bark"),
        (lambda: dsp.mel_filterbank(0, 512, 16_000), "n_mels=0"),
        (lambda: dsp.mel_filterbank(20, 512, 16_000, 0, 9000), "f_max=9000"),
        (lambda: dsp.mel_filterbank(20, 512, 16_000, 5000, 4000), "f_min=5000"),
        (lambda: dsp.mel_filterbank(20, 512, 16_000, triangles="erb"), "erb"),
        (lambda: dsp.mel_filterbank(20, 512, 16_000, norm="area"), "area"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
