"""Closed form and definition for the paper's single-file figure: buffer, Hamming, PSD; and the picture itself."""

import numpy as np
import pytest
from PIL import Image
from scipy import signal as scipy_signal

import dsp
from spectrogram_images.psd_figure import analysis_sizes, framed_spectrum, main, psd, psd_figure


def test_sizes_at_16_khz_and_8_khz():
    assert analysis_sizes(16_000) == (400, 160, 512)
    assert analysis_sizes(8_000) == (200, 80, 256)


def test_44100_hz_has_no_whole_frame():
    with pytest.raises(ValueError, match=r"1102\.5"):
        analysis_sizes(44_100)


def test_framed_spectrum_is_fft_of_buffered_frames(utterance):
    spectrum = framed_spectrum(utterance, 16_000)
    assert spectrum.shape == (257, -(-utterance.size // 240))  # the hop is 400 - 160
    frame = np.concatenate([np.zeros(160), utterance[:240]]) * dsp.hamming(400)
    np.testing.assert_allclose(spectrum[:, 0], np.abs(dsp.dft(np.pad(frame, (0, 112))))[:257], atol=1e-12)


def test_psd_is_matlabs(utterance):
    level, F, T = psd(utterance, 16_000)
    f, t, P = scipy_signal.spectrogram(utterance, 16_000, dsp.hamming(400), 400, 160, 512, detrend=False)
    np.testing.assert_allclose(level, 10 * np.log10(P + 2.0**-52), atol=1e-8)
    np.testing.assert_allclose(F, f)
    np.testing.assert_allclose(T, t)


def test_the_figure_is_written(tmp_path, utterance):
    psd_figure(tmp_path / "new" / "figure.png", utterance, 16_000)
    with Image.open(tmp_path / "new" / "figure.png") as image:
        assert image.width > 600 and len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 100
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["figure.png"]


def test_the_command(tmp_path, write_wav, utterance, capsys):
    assert main([str(write_wav("a.wav", utterance)), str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").exists()
    bad = {
        "stereo.wav": (np.stack([utterance, utterance], axis=1), 16_000, "2 channels"),
        "fast.wav": (utterance, 44_100, "44100 Hz"),
        "short.wav": (utterance[:300], 16_000, "300 samples"),
    }
    for name, (samples, rate, message) in bad.items():
        assert main([str(write_wav(name, samples, rate)), str(tmp_path / "b.png")]) == 2
        error = capsys.readouterr().err
        assert message in error and name in error and error.count("\n") == 1
    assert not (tmp_path / "b.png").exists()
