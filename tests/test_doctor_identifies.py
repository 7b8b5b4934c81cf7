"""The doctor against the tools themselves: it finds default and altered calls of each with the right parameters.

What is not a known convention (chroma, noise, another clip) stays unexplained. Time limits are generous, for a busy
machine; no test measures speed.
"""

import logging
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
import python_speech_features
from scipy import signal as scipy_signal

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import identify
from tests.conftest import GOLDEN, with_slow
from tests.measure_doctor import AFTER_LEVELS, measure

RATE = 16_000
TIME_LIMIT = 600.0  # a safety net: a case takes up to 15 s of work, and longer on a busy machine
FEATURE = librosa.feature


@pytest.fixture(autouse=True)
def quiet_tools():
    logging.disable(logging.CRITICAL)
    with np.errstate(all="ignore"):
        yield
    logging.disable(logging.NOTSET)


def kaldi(kind: str, x, **settings):
    """kaldi-native-fbank as (n_frames, n_values); settings as frame_opts__dither=0."""
    options = {"fbank": kaldi_native_fbank.FbankOptions, "mfcc": kaldi_native_fbank.MfccOptions}[kind]()
    for path, value in {"frame_opts__dither": 0.0, "frame_opts__samp_freq": RATE, **settings}.items():
        *owners, name = path.split("__")
        owner = options
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, value)
    tool = {"fbank": kaldi_native_fbank.OnlineFbank, "mfcc": kaldi_native_fbank.OnlineMfcc}[kind](options)
    tool.accept_waveform(RATE, (x * 32_768).astype(np.float32).tolist())
    tool.input_finished()
    return np.array([tool.get_frame(i) for i in range(tool.num_frames_ready)])


def psf(x, **settings):
    return python_speech_features.mfcc(x, RATE, **settings)


def mel(x, **settings):
    return FEATURE.melspectrogram(y=x, sr=RATE, **settings)


TOOLS = {  # the call -> the nearest preset, and the parameters that must come out different from it
    "librosa": (lambda x: FEATURE.mfcc(y=x, sr=RATE), "librosa", {}),
    "librosa, 25 ms of 10 ms": (
        lambda x: FEATURE.mfcc(y=x, sr=RATE, n_mfcc=13, n_mels=40, n_fft=512, win_length=400, hop_length=160),
        "librosa",
        {"n_mfcc": 13, "n_mels": 40, "frame_length": 400, "hop_length": 160},
    ),
    "librosa, dct_type=3": (
        lambda x: FEATURE.mfcc(y=x, sr=RATE, n_mfcc=13, dct_type=3),
        "librosa",
        {"n_mfcc": 13, "dct_type": 3},
    ),
    "librosa, lifter and norm": (
        lambda x: FEATURE.mfcc(y=x, sr=RATE, n_mfcc=13, lifter=22, htk=True, norm=None),
        "librosa_htk",
        {"n_mfcc": 13, "lifter": 22.0, "dct_norm": None},
    ),
    "librosa, dB below the maximum": (
        lambda x: librosa.power_to_db(mel(x, n_mels=64, fmin=50, fmax=4000), ref=np.max),
        "librosa",
        {"n_mels": 64, "f_min": 50.0, "f_max": 4000.0, "reference": "maximum"},
    ),
    "librosa, no top_db": (lambda x: librosa.power_to_db(mel(x), top_db=None), "librosa", {"dynamic_range": None}),
    "librosa, 50 to 7600 Hz": (
        lambda x: FEATURE.mfcc(y=x, sr=RATE, fmin=50, fmax=7600),
        "librosa",
        {"f_min": 50.0, "f_max": 7600.0},
    ),
    "librosa, mel power": (lambda x: mel(x), "librosa", {"log": None}),
    "librosa, ln(1 + x)": (
        lambda x: np.log1p(mel(x, n_mels=40)),
        "librosa",
        {"n_mels": 40, "log": "ln", "floor": 1.0, "floor_rule": "add"},
    ),
    "librosa, not centred": (
        lambda x: librosa.power_to_db(mel(x, center=False, power=1.0)),
        "librosa",
        {"framing": "valid", "spectrum": "magnitude"},
    ),
    "librosa, 39 rows": (
        lambda x: np.vstack([m := FEATURE.mfcc(y=x, sr=RATE, n_mfcc=13), FEATURE.delta(m), FEATURE.delta(m, order=2)]),
        "librosa",
        {"n_mfcc": 13, "delta_orders": 2},
    ),
    "kaldi mfcc": (lambda x: kaldi("mfcc", x), "kaldi", {}),
    "kaldi fbank": (lambda x: kaldi("fbank", x), "kaldi", {}),
    "kaldi, hanning and 80 bands": (
        lambda x: kaldi(
            "fbank", x, mel_opts__num_bins=80, frame_opts__window_type="hanning", frame_opts__preemph_coeff=0.0
        ),
        "kaldi_fbank",
        {"window": "hann", "preemphasis": 0.0},
    ),
    "kaldi, snip_edges=False": (
        lambda x: kaldi("fbank", x, frame_opts__snip_edges=False, mel_opts__num_bins=40),
        "kaldi",
        {"framing": "symmetric", "n_mels": 40},
    ),
    "kaldi, c0": (
        lambda x: kaldi("mfcc", x, use_energy=False, num_ceps=20, mel_opts__num_bins=40),
        "kaldi",
        {"energy": None, "n_mfcc": 20, "n_mels": 40},
    ),
    "kaldi, 60 to 7600 Hz": (
        lambda x: kaldi(
            "fbank", x, mel_opts__low_freq=60.0, mel_opts__high_freq=-400.0, frame_opts__remove_dc_offset=False
        ),
        "kaldi",
        {"f_min": 60.0, "f_max": 7600.0, "dc_removal": None},
    ),
    "kaldi, 80 bands": (lambda x: kaldi("fbank", x, mel_opts__num_bins=80), "kaldi_fbank", {}),
    "kaldi, 117 to 6123 Hz": (
        lambda x: kaldi("mfcc", x, mel_opts__low_freq=117.0, mel_opts__high_freq=6123.0),
        "kaldi",
        {"f_min": 117.0, "f_max": 6123.0},
    ),
    "kaldi, magnitude": (lambda x: kaldi("fbank", x, use_power=False), "kaldi", {"spectrum": "magnitude"}),
    "psf": (lambda x: psf(x), "python_speech_features", {}),
    "psf, hamming": (lambda x: psf(x, winfunc=np.hamming), "python_speech_features", {"window": "hamming"}),
    "psf, 32 ms": (
        lambda x: psf(x, winlen=0.032, winstep=0.016, numcep=20, nfilt=30, ceplifter=0, preemph=0.95),
        "python_speech_features",
        {
            "frame_length_s": 0.032,
            "hop_length_s": 0.016,
            "n_mels": 30,
            "n_mfcc": 20,
            "lifter": 0.0,
            "preemphasis": 0.95,
        },
    ),
    "psf logfbank": (
        lambda x: python_speech_features.logfbank(x, RATE, nfilt=40, lowfreq=300, highfreq=4000),
        "python_speech_features",
        {"n_mels": 40, "f_min": 300.0, "f_max": 4000.0},
    ),
    "psf, 133 to 6855 Hz": (  # with the same bins for edges as 133 to 6850, the rounder
        lambda x: psf(x, lowfreq=133, highfreq=6855),
        "python_speech_features",
        {"f_min": 133.0, "f_max": 6850.0},
    ),
    "psf, no energy": (lambda x: psf(x, appendEnergy=False), "python_speech_features", {"energy": None}),
    "psf with deltas": (
        lambda x: np.hstack([m := psf(x), python_speech_features.delta(m, 2)]),
        "python_speech_features",
        {"delta_orders": 1},
    ),
    "scipy stft": (lambda x: scipy_signal.stft(x, RATE)[2], "scipy_stft", {"log": None}),
    "scipy stft, hamming": (
        lambda x: np.abs(scipy_signal.stft(x, RATE, "hamming", 400, 240, 512)[2]),
        "scipy_stft",
        {"window": "hamming", "frame_length": 400, "hop_length": 160, "log": None},
    ),
    "scipy spectrogram": (lambda x: scipy_signal.spectrogram(x, RATE)[2], "scipy_spectrogram", {}),
    "scipy spectrogram, hann": (
        lambda x: scipy_signal.spectrogram(x, RATE, "hann", 400, 240, 512)[2],
        "scipy_spectrogram",
        {"window": "hann", "frame_length": 400, "hop_length": 160},
    ),
    "scipy stft, psd": (
        lambda x: np.abs(scipy_signal.stft(x, RATE, nperseg=320, scaling="psd")[2]),
        "scipy_stft",
        {"frame_length": 320, "spectrum_norm": "density", "log": None},
    ),
    "scipy spectrogram, boxcar": (
        lambda x: scipy_signal.spectrogram(x, RATE, "boxcar", 256, 128, scaling="spectrum")[2],
        "scipy_spectrogram",
        {"window": "rectangular", "hop_length": 128, "spectrum_norm": "window sum"},
    ),
}


SLOW = ("librosa, 50 to 7600 Hz", "kaldi, 117 to 6123 Hz", "librosa, dB below the maximum", "psf, 133 to 6855 Hz")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", with_slow(TOOLS, *SLOW))
def test_tools_themselves(call, utterance):
    compute, preset, parameters = TOOLS[call]
    found = identify(compute(utterance), utterance, RATE, TIME_LIMIT)
    assert found.verdict == "exact"
    assert found.nearest == preset
    assert {name: values[1] for name, values in found.differences.items() if name in parameters} == parameters
    assert set(found.differences) - set(parameters) <= {"n_fft"}  # a transform as long as another window asks for
    assert found.residual < 5e-5


FOLLOWS = "the {} row, which follows the energy of the others"
PARTS = {
    "kaldi, energy first": (
        lambda x: kaldi("fbank", x, use_energy=True),
        "kaldi",
        FOLLOWS.format("first"),
    ),
    "kaldi, energy last": (
        lambda x: kaldi("fbank", x, use_energy=True, htk_compat=True),
        "kaldi",
        FOLLOWS.format("last"),
    ),
    "psf logfbank with deltas": (
        lambda x: np.hstack([m := python_speech_features.logfbank(x, RATE), python_speech_features.delta(m, 2)]),
        "python_speech_features",
        "the rows from 26 on, which are deltas of the rows before over 5 frames",
    ),
    "librosa, 240 rows": (
        lambda x: np.vstack([m := librosa.power_to_db(mel(x, n_mels=80)), FEATURE.delta(m), FEATURE.delta(m, order=2)]),
        "librosa",
        "the rows from 80 on, which are deltas of the rows before over 9 frames",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", PARTS)
def test_bands_beside_other_rows(call, utterance):
    compute, preset, left_open = PARTS[call]
    features = compute(utterance)
    found = identify(features, utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest, found.kind) == ("explained up to a class", preset, "log_mel")
    assert found.left_open == left_open
    assert set(found.differences) <= {"n_mels"}
    assert found.error.shape in (features.shape, features.T.shape)
    left_out = {"first": found.error[0], "last": found.error[-1]}.get(
        left_open.split()[1], found.error[len(found.error) // 2 :]
    )
    assert not left_out.any() and found.error.any()
    assert found.residual < 5e-5


@pytest.mark.filterwarnings("ignore")
def test_other_rows_are_not_called_deltas(utterance):
    bands = python_speech_features.logfbank(utterance, RATE)
    deltas = python_speech_features.delta(bands, 2)
    wrong = deltas + 0.1 * deltas.std() * np.random.default_rng(0).standard_normal(bands.shape)
    assert identify(np.hstack([bands, wrong]), utterance, RATE, 9.0).verdict == "unexplained"


FROZEN = [
    ("torchaudio", "mfcc", "torchaudio", {}),
    ("torchaudio", "log_mel", "torchaudio", {}),
    ("torchaudio", "kaldi_mfcc", "kaldi", {"energy"}),
    ("spafe", "mfcc", "spafe", {}),
    ("opensmile", "mfcc", "opensmile_mfcc12", {}),
    ("essentia", "mfcc", "essentia", {}),
]


@pytest.mark.parametrize(("tool", "name", "preset", "parameters"), FROZEN)
def test_frozen_tools(tool, name, preset, parameters):
    golden = np.load(GOLDEN / f"features_{tool}.npz")
    found = identify(golden[name], golden["signal"], int(golden["sample_rate"]), TIME_LIMIT)
    assert (found.verdict, found.nearest) == ("exact", preset)
    assert set(found.differences) == set(parameters)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_presets(name, utterance):
    """Time first or last, float32 or float64."""
    rate = RATE if (CONVENTIONS[name].f_max or 0) <= RATE / 2 else 44_100
    features = dsp.log_mel(utterance, rate, name)
    found = identify(features.T.astype(np.float32), utterance, rate, TIME_LIMIT)
    normalized = CONVENTIONS[name].normalization is not None  # then at least the gain and offset of each row is left
    assert found.verdict in ("exact", "explained up to a class")[: 1 + normalized]
    assert found.transposed and found.kind == "log_mel"
    known = {name: values for name, values in found.differences.items() if name not in AFTER_LEVELS}
    assert not dsp.conventions.diff(CONVENTIONS[name], found.convention).keys() & BEFORE_LEVELS - set(
        found.unobservable
    ), known


BEFORE_LEVELS = {"mel_scale", "mel_triangles", "window", "window_symmetry", "dc_removal", "preemphasis", "spectrum"}


def check_random(signals, rate, n, seed):
    """All but one are exact, and an exact convention gives the same numbers."""
    measured = list(measure(signals, rate, n, seed, TIME_LIMIT, effort=3))
    assert not [case.convention for case in measured if case.verdict == "exact" and not case.same]
    assert sum(case.verdict == "exact" for case in measured) >= n - 1, [
        (case.verdict, case.convention) for case in measured if case.verdict != "exact"
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_random_conventions(utterance):
    check_random([utterance, utterance[::-1].copy()], RATE, 8, seed=3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.corpus
def test_random_conventions_of_real_speech(corpora):
    files = sorted((corpora / "emodb").rglob("*.wav"))[::53]
    assert len(files) > 5
    check_random([dsp.read_audio(path)[0][: 3 * RATE] for path in files], RATE, 10, seed=4)


def test_a_search_that_runs_out_of_time_on_a_long_clip_asks_for_a_part_of_it(rng):
    for n_seconds, asked in ((90, True), (30, False)):
        found = identify(rng.standard_normal((13, 100 * n_seconds)), rng.standard_normal(RATE * n_seconds), RATE, 0.2)
        assert found.verdict == "unexplained"
        assert any("1.5 minutes: give a part of it" in note for note in found.notes) == asked


@pytest.mark.filterwarnings("ignore")
def test_what_is_no_known_convention_stays_unexplained(utterance, rng):
    x = utterance
    other = np.roll(x, 4000) * np.linspace(0.2, 1, x.size)
    for features in (
        FEATURE.chroma_stft(y=x, sr=RATE, tuning=0.0),
        FEATURE.spectral_contrast(y=x, sr=RATE),
        rng.standard_normal((13, 98)),
        dsp.mfcc(other, RATE, "librosa"),
        np.roll(dsp.mfcc(x, RATE, "kaldi"), 1, axis=1),
    ):
        found = identify(features, x, RATE, 4.0)
        assert found.verdict == "unexplained"
        assert found.differences == {} and found.distance > 1e-3


@pytest.mark.parametrize(
    ("change", "left_open"),
    [
        (lambda m: 3.7 * m, "a constant gain"),
        (lambda m: m - 5.5, "a constant offset"),
        (lambda m: 0.3 * m + 1.9, "a constant gain and offset"),
        (lambda m: m - np.median(m, axis=1, keepdims=True), "an offset per row"),
        (
            lambda m: (m - np.median(m, axis=1, keepdims=True)) / np.ptp(m, axis=1, keepdims=True),
            "a gain and an offset per row",
        ),
    ],
)
def test_classes(change, left_open, utterance):
    features = change(dsp.log_mel(utterance, RATE, "kaldi"))
    found = identify(features, utterance, RATE, TIME_LIMIT)
    assert found.verdict == "explained up to a class" and found.left_open == left_open
    early = {"window", "preemphasis", "mel_triangles", "dc_removal", "frame_length", "hop_length"}
    assert not early & set(found.differences)
    for parameter in ("mel_norm", "scale") if "offset" in left_open else ():
        assert parameter in found.unobservable  # any of them would give the same numbers


def test_normalized_cepstra(utterance):
    c = replace(CONVENTIONS["kaldi"], normalization="mean and variance", n_mels=40)
    found = identify(dsp.mfcc(utterance, RATE, c), utterance, RATE, TIME_LIMIT)
    assert found.verdict == "exact"
    assert found.differences["normalization"] == (None, "mean and variance")
    assert {"lifter", "scale", "log"} <= set(found.unobservable)


def test_what_a_clip_does_not_show(utterance):
    found = identify(dsp.mfcc(utterance, RATE, "librosa"), utterance, RATE, TIME_LIMIT)
    assert "keep" not in found.unobservable["preemphasis_first"]  # there is no pre-emphasis: the others do the same
    assert {"replicate", "extrapolate"} <= set(found.unobservable["preemphasis_first"])
    loud = utterance + 0.1 * np.sin(np.arange(utterance.size))
    assert "floor" in identify(dsp.log_mel(loud, RATE, "kaldi"), loud, RATE, TIME_LIMIT).unobservable


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros(3), "shape"),
        (np.zeros((2, 3, 4)), "shape"),
        (np.full((3, 4), np.nan), r"features\[0, 0\] is nan"),
        (np.array([["a", "b"], ["c", "d"]]), "dtype"),
    ],
)
def test_bad_features(features, message, utterance):
    with pytest.raises(ValueError, match=message):
        identify(features, utterance, RATE)


def test_bad_signals(utterance):
    features = dsp.mfcc(utterance, RATE, "librosa")
    with pytest.raises(ValueError, match="int16"):
        identify(features, (utterance * 32_768).astype(np.int16), RATE)
    with pytest.raises(ValueError, match="sample_rate"):
        identify(features, utterance, 0)


@pytest.mark.parametrize("time_limit", [0, -1.0, float("nan")])
def test_a_time_limit_is_positive(time_limit, utterance):
    with pytest.raises(ValueError, match="time_limit"):
        identify(dsp.mfcc(utterance, RATE, "librosa"), utterance, RATE, time_limit)


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        (lambda m: m - m.mean(axis=1, keepdims=True), {"normalization": "mean"}),
        (
            lambda m: (m - m.mean(axis=1, keepdims=True)) / m.std(axis=1, keepdims=True),
            {"normalization": "mean and variance", "normalization_ddof": 0},
        ),
        (
            lambda m: ((m - m.mean(axis=1, keepdims=True)) / m.std(axis=1, keepdims=True, ddof=1)).astype("float32"),
            {"normalization": "mean and variance", "normalization_ddof": 1},
        ),
    ],
    ids=("mean", "mean and variance", "mean and variance, n - 1, float32"),
)
def test_bands_normalized_over_the_utterance(change, parameters, utterance):
    """Not a class: the normalization is a parameter, with the ddof of its deviation."""
    features = change(dsp.log_mel(utterance, RATE, "kaldi"))
    found = identify(features, utterance, RATE, TIME_LIMIT)
    assert found.verdict == "exact"
    assert {name: getattr(found.convention, name) for name in parameters} == parameters


def test_presets_with_eps_and_smoothing_are_found_beside_other_changes(utterance):
    for preset, kind, changes in (
        ("speech_to_text", "log_mel", {"hop_length_s": 0.016}),
        ("opensmile_compare", "mfcc", {"window_symmetry": "periodic", "n_mels": 40}),
        ("ast", "log_mel", {"scale": 32_768.0, "window_alignment": "center", "n_mels": 26}),
    ):
        c = replace(CONVENTIONS[preset], **changes)
        found = identify(getattr(dsp, kind)(utterance, RATE, c), utterance, RATE, TIME_LIMIT)
        assert (found.verdict, found.nearest) == ("exact", preset)
        assert found.convention.smoothing == c.smoothing and found.convention.log_gain == c.log_gain
