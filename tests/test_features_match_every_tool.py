"""Live and frozen oracles: the default call of every tool against the preset of its name.

Signals: speech (synthetic; real with the corpora) and nasty ones. Where a tool computes in float32 the tolerance is
its rounding, relative to the largest value, and says so; a mel bank kept in float32 (librosa) is the same.
"""

import csv
import logging
from dataclasses import replace
from pathlib import Path

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
import python_speech_features
import torch
from scipy import signal as scipy_signal

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.mfcc import make_window
from tests.conftest import GOLDEN

FLOAT64 = 1e-12
LIBROSA = 1e-6  # its mel bank is float32
LIBROSA_WITH_OUR_BANK = 1e-10
KALDI = 5e-5  # float32 throughout
TORCHAUDIO_MFCC, TORCHAUDIO_DB = 2e-6, 1e-4  # float32; decibels of quiet bands
OPENSMILE = 2e-6  # float32
ESSENTIA = 1e-5  # float32
RATE = 16_000


def nasty_signals() -> dict[str, np.ndarray]:
    n = np.arange(16_000)
    impulse, late = np.zeros(4000), np.zeros(16_000)
    impulse[0] = 0.5
    late[12_000:] = 0.1 * np.sin(n[:4000] * 0.3)
    return {
        "impulse at sample 0": impulse,
        "silence": np.zeros(5000),
        "full-scale square": np.sign(np.sin(n * 0.05) + 1e-9) * (1 - 2.0**-15),
        "one frame": np.sin(n[:400]) * 0.3,
        "a sample more": np.sin(n[:401]) * 0.3,
        "a sample less": np.sin(n[:399]) * 0.3,
        "chirp of an hour": np.sin(2 * np.pi * (8000 / 57_600_000 / 2) * (20_000_000 + n.astype(float)) ** 2 / 16_000)
        * 0.5,
        "late start": late,
    }


def speech(utterance) -> dict[str, np.ndarray]:
    return {"synthetic speech": utterance, "quiet speech": utterance * 2.0**-9}


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-300)) if theirs.size else 0.0


def their_fbank(x: np.ndarray, rate: int = RATE) -> np.ndarray:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, rate
    return fed(kaldi_native_fbank.OnlineFbank(options), x, rate, 23)


def their_kaldi(x: np.ndarray, rate: int = RATE) -> np.ndarray:
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, rate
    return fed(kaldi_native_fbank.OnlineMfcc(options), x, rate, 13)


def fed(tool, x: np.ndarray, rate: int, rows: int) -> np.ndarray:
    tool.accept_waveform(rate, (x * 32_768).astype(np.float32).tolist())
    tool.input_finished()
    return np.array([tool.get_frame(i) for i in range(tool.num_frames_ready)]).reshape(-1, rows).T


def check_librosa(x, rate):
    assert relative(dsp.mfcc(x, rate, "librosa"), librosa.feature.mfcc(y=x, sr=rate)) <= LIBROSA
    level = librosa.power_to_db(librosa.feature.melspectrogram(y=x, sr=rate))
    assert relative(dsp.log_mel(x, rate, "librosa"), level) <= LIBROSA
    theirs = librosa.feature.mfcc(y=x, sr=rate, htk=True)
    assert relative(dsp.mfcc(x, rate, "librosa_htk"), theirs) <= LIBROSA


def check_python_speech_features(x, rate):
    n_fft = 512 if rate <= 16_000 else 2048  # the default call cuts longer frames off
    theirs = python_speech_features.mfcc(x, rate, nfft=n_fft).T
    ours = dsp.mfcc(x, rate, replace(CONVENTIONS["python_speech_features"], n_fft=n_fft))
    assert relative(ours, theirs) <= FLOAT64


def check_kaldi(x, rate):
    if dsp.count_frames(x.size, int(0.025 * rate), int(0.01 * rate), "valid") == 0:
        assert their_kaldi(x, rate).shape[1] == their_fbank(x, rate).shape[1] == 0
        return
    steps = dsp.trace(x, rate, "kaldi")
    # Its float32 transform leaves eps |frame|^2 in every band, which shows where a band has no more than that.
    noise = np.finfo(np.float32).eps * np.sum(steps["windowed"] ** 2, axis=0) * 20
    band = np.maximum(steps["mel"], CONVENTIONS["kaldi"].floor)
    limit = KALDI + noise / band
    assert (np.abs(steps["log_mel"] - their_fbank(x, rate)) <= limit).all()
    theirs = their_kaldi(x, rate)
    assert theirs.shape == steps["mfcc"].shape
    if limit.max() < 10 * KALDI:
        assert relative(steps["mfcc"], theirs) <= KALDI


def check_scipy(x, rate):
    c = CONVENTIONS["scipy_stft"]
    theirs = scipy_signal.stft(x, rate)[2]
    weights = make_window(sizes(c, rate, x.size), c)
    assert relative(dsp.trace(x, rate, c)["spectrum"] / weights.sum(), theirs) <= FLOAT64
    if x.size >= 256:
        density = scipy_signal.spectrogram(x, rate)[2]
        assert relative(dsp.log_mel(x, rate, "scipy_spectrogram"), density) <= FLOAT64


CHECKS = {
    "librosa": check_librosa,
    "python_speech_features": check_python_speech_features,
    "kaldi": check_kaldi,
    "scipy": check_scipy,
}


@pytest.fixture(autouse=True)
def quiet_tools():
    logging.disable(logging.CRITICAL)
    with np.errstate(all="ignore"):
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tool", CHECKS)
@pytest.mark.parametrize("name", nasty_signals())
def test_nasty_signals(tool, name):
    CHECKS[tool](nasty_signals()[name], RATE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tool", CHECKS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
def test_speech_at_every_rate(tool, rate, utterance):
    for x in speech(utterance).values():
        CHECKS[tool](x, rate)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.corpus
@pytest.mark.parametrize("tool", CHECKS)
def test_real_speech(tool, corpora):
    """Twenty utterances of EMO-DB, CASIA and RAVDESS, spread over each corpus."""
    files = []
    for corpus, count in (("emodb", 7), ("casia", 7), ("ravdess", 6)):
        found = sorted(Path(corpora / corpus).rglob("*.wav"))
        files += found[:: len(found) // count][:count]
    assert len(files) == 20
    for path in files:
        x, rate = dsp.read_audio(path)
        x = x if x.ndim == 1 else x[0]
        CHECKS[tool](x, rate)


@pytest.mark.filterwarnings("ignore")
def test_librosa_with_our_mel_bank(monkeypatch, utterance):
    """What is left of the difference is its float32 mel bank."""

    def bank(*, sr, n_fft, n_mels=128, htk=False, **rest):
        return dsp.mel_filterbank(n_mels, n_fft, sr, scale="htk" if htk else "slaney", norm="slaney")

    monkeypatch.setattr(librosa.filters, "mel", bank)
    assert (
        relative(dsp.mfcc(utterance, RATE, "librosa"), librosa.feature.mfcc(y=utterance, sr=RATE))
        <= LIBROSA_WITH_OUR_BANK
    )
    theirs = librosa.feature.mfcc(y=utterance, sr=RATE, htk=True)
    assert relative(dsp.mfcc(utterance, RATE, "librosa_htk"), theirs) <= LIBROSA_WITH_OUR_BANK


@pytest.mark.filterwarnings("ignore")
def test_librosas_lifter_energy_and_preemphasis(utterance):
    liftered = replace(CONVENTIONS["librosa"], lifter=22.0, n_mfcc=13)
    theirs = librosa.feature.mfcc(y=utterance, sr=RATE, n_mfcc=13, lifter=22)
    assert relative(dsp.mfcc(utterance, RATE, liftered), theirs) <= LIBROSA
    ours = dsp.preemphasis(utterance, 0.97, "extrapolate")
    np.testing.assert_allclose(ours, librosa.effects.preemphasis(utterance), atol=1e-14)
    np.testing.assert_allclose(dsp.deemphasis(dsp.preemphasis(utterance)), utterance, atol=1e-13)


def test_torchaudio():
    golden = np.load(GOLDEN / "features_torchaudio.npz")
    x, rate = golden["signal"], int(golden["sample_rate"])
    assert relative(dsp.mfcc(x, rate, "torchaudio"), golden["mfcc"]) <= TORCHAUDIO_MFCC
    assert relative(dsp.log_mel(x, rate, "torchaudio"), golden["log_mel"]) <= TORCHAUDIO_DB


def test_kaldi_as_torchaudio_computes_it():
    """torchaudio.compliance.kaldi.mfcc keeps c0 where Kaldi puts the energy."""
    golden = np.load(GOLDEN / "features_torchaudio.npz")
    ours = dsp.mfcc(golden["signal"], int(golden["sample_rate"]), "kaldi")
    assert relative(ours[1:], golden["kaldi_mfcc"][1:]) <= KALDI


def test_spafe():
    golden = np.load(GOLDEN / "features_spafe.npz")
    assert relative(dsp.mfcc(golden["signal"], int(golden["sample_rate"]), "spafe"), golden["mfcc"]) <= FLOAT64


def test_opensmile():
    golden = np.load(GOLDEN / "features_opensmile.npz")
    ours = dsp.mfcc(golden["signal"], int(golden["sample_rate"]), "opensmile_mfcc12")
    assert relative(ours, golden["mfcc"]) <= OPENSMILE


def test_essentia():
    golden = np.load(GOLDEN / "features_essentia.npz")
    x, rate = golden["signal"], int(golden["sample_rate"])
    steps = dsp.trace(x, rate, "essentia")
    assert relative(steps["mel"], golden["mel"]) <= ESSENTIA
    assert relative(steps["mfcc"], golden["mfcc"]) <= ESSENTIA


def test_whispers_frames_are_torchs(utterance):
    """The preset's STFT against torch.stft, and the last step written out."""
    c = CONVENTIONS["whisper"]
    window = torch.hann_window(400, dtype=torch.float64)
    stft = torch.stft(torch.from_numpy(utterance), 400, 160, window=window, return_complex=True)[..., :-1]
    power = stft.abs().numpy() ** 2
    steps = dsp.trace(utterance, RATE, c)
    assert relative(steps["power"], power) <= FLOAT64
    level = np.log10(np.maximum(steps["filterbank"] @ power, 1e-10))
    assert relative(steps["log_mel"], (np.maximum(level, level.max() - 8) + 4) / 4) <= FLOAT64


def test_silence_has_the_level_of_the_smallest_normal_float32():
    c = dsp.Convention(floor=1e-300, n_mfcc=None)
    for level in (dsp.log_mel(np.zeros(4000), RATE, c), dsp.extract([np.zeros(4000)], RATE, c, "log_mel")[0]):
        np.testing.assert_allclose(level, -126 * np.log(2), rtol=1e-12)


def test_zheng_casia_is_the_image_pipeline(utterance):
    from spectrogram_images.parameters import PAPER

    S, _, _ = dsp.spectrogram(utterance, PAPER.window_values(), PAPER.noverlap, PAPER.nfft, RATE)
    expected = dsp.amplitude_to_db(np.abs(S), dsp.EPS)
    np.testing.assert_allclose(dsp.log_mel(utterance, RATE, "zheng_casia"), expected, atol=1e-9)


def test_voicebox_and_matlab_by_their_documents(utterance):
    """No tool to run: the documented pipeline written a second time, plainly."""
    x = utterance
    frames = np.stack([x[t : t + 256] for t in range(0, x.size - 255, 128)], axis=1)
    magnitude = np.abs(dsp.rfft((frames * dsp.hamming(256)[:, None]).T).T)
    bank = dsp.mel_filterbank(29, 256, RATE, scale="htk", triangles="mel", norm="doubled")
    mel = bank @ magnitude
    log = np.log(np.maximum(mel, 1e-10 * mel.max()))
    assert relative(dsp.mfcc(x, RATE, "voicebox"), dsp.dct(log.T).T[1:13]) <= FLOAT64

    frames = np.stack([x[t : t + 480] for t in range(0, x.size - 479, 160)], axis=1)
    magnitude = np.abs(dsp.rfft((frames * dsp.hamming(480, periodic=True)[:, None]).T).T)
    edges = np.concatenate([400 / 3 + 200 / 3 * np.arange(14), 1000 * 6.4 ** (np.arange(1, 29) / 27)])
    f = np.arange(241) * RATE / 480
    rows = []
    for left, centre, right in zip(edges, edges[1:], edges[2:], strict=False):
        up, down = (f - left) / (centre - left), (right - f) / (right - centre)
        rows.append(np.maximum(0, np.minimum(up, down)) * 2 / (right - left))
    cepstra = dsp.dct(np.log10(np.array(rows) @ magnitude).T).T[:13]
    expected = np.concatenate([np.log(np.sum(frames**2, axis=0))[None], cepstra])
    assert relative(dsp.mfcc(x, RATE, "matlab_audio_toolbox"), expected) <= 1e-9


@pytest.mark.parametrize("scaling", ["density", "spectrum"])
@pytest.mark.parametrize("n_fft", [400, 401, 512])
def test_scipys_spectrograms(scaling, n_fft, utterance):
    c = replace(
        CONVENTIONS["scipy_spectrogram"],
        frame_length=400,
        hop_length=160,
        n_fft=n_fft,
        window="blackman harris",
        spectrum_norm={"density": "density", "spectrum": "window sum"}[scaling],
    )
    if n_fft == 401:
        c = replace(c, frame_length=401)
    length = c.frame_length
    theirs = scipy_signal.spectrogram(utterance, RATE, "blackmanharris", length, length - 160, n_fft, scaling=scaling)[
        2
    ]
    assert relative(dsp.log_mel(utterance, RATE, c), theirs) <= FLOAT64


def test_kaldis_energy_after_the_window(utterance):
    """raw_energy=False, of either kind of window."""
    for window in ("hamming", "sine"):
        options = kaldi_native_fbank.MfccOptions()
        options.frame_opts.dither, options.raw_energy, options.frame_opts.window_type = 0, False, window
        theirs = fed(kaldi_native_fbank.OnlineMfcc(options), utterance, RATE, 13)
        c = replace(CONVENTIONS["kaldi"], energy_of="windowed frame", window=window)
        assert relative(dsp.mfcc(utterance, RATE, c), theirs) <= KALDI


def test_trace_ends_where_the_convention_does(utterance):
    assert list(dsp.trace(utterance, RATE, "librosa")) == [
        "signal", "frames", "window", "windowed", "spectrum", "power", "filterbank", "mel", "log_mel", "cepstrum",
        "liftered", "mfcc",
    ]  # fmt: skip
    steps = dsp.trace(utterance, RATE, "opensmile_mfcc12")
    assert list(steps)[-4:] == ["cepstrum", "liftered", "deltas", "mfcc"]
    np.testing.assert_array_equal(steps["mfcc"], np.concatenate([steps["liftered"], steps["deltas"]]))
    assert relative(steps["windowed"][:, 3:4] / steps["window"][:, None], np.c_[dsp.preemphasis(
        steps["frames"][:, 3], 0.97, "replicate")]) <= FLOAT64  # fmt: skip
    kaldi = dsp.trace(utterance, RATE, "kaldi")
    np.testing.assert_array_equal(kaldi["liftered"], kaldi["mfcc"])
    assert relative(kaldi["liftered"][1:], kaldi["cepstrum"][1:] * dsp.lifter(13, 22)[1:, None]) <= FLOAT64
    assert list(dsp.trace(utterance, RATE, "scipy_stft"))[-1] == "log_mel"
    assert "cepstrum" not in dsp.trace(utterance, RATE, "kaldi", until="log_mel")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: dsp.mfcc(x, RATE, "librossa"), "did you mean 'librosa'"),
        (lambda x: dsp.mfcc(x, RATE, "scipy_stft"), "has no cepstrum"),
        (lambda x: dsp.mfcc(x[:399], RATE, "kaldi"), "399 samples give no frame of 400"),
        (lambda x: dsp.mfcc(x, 8_000, "opensmile_mfcc12"), "f_max=8000"),
        (lambda x: dsp.log_mel((x * 32_768).astype(np.int16), RATE), "int16"),
        (lambda x: dsp.mfcc(np.stack([x, x]), RATE), "shape"),
        (lambda x: dsp.mfcc(x, -5), "sample_rate=-5"),
    ],
)
def test_bad_arguments(call, message, utterance):
    with pytest.raises(ValueError, match=message):
        call(utterance)


def test_the_presets_say_what_they_were_verified_against():
    for name, convention in CONVENTIONS.items():
        assert convention.tool and any(word in convention.status for word in ("verified", "paper")), name
    rows = csv.reader([",".join(CONVENTIONS)])
    assert len(next(rows)) == 41
