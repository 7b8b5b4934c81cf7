"""Live oracles: SciPy's windows and DCTs, librosa, kaldi-native-fbank. Frozen: transformers.audio_utils. All options.

A grid holds values of a peer's options. From the default call, every value is tried alone, then options drawn at
random together. SPEECH translates a value to dsp's words; what dsp has no word for stands in NOT_SPOKEN with the
reason, and every documented option of a peer stands in one of the two.
tests/golden/make/audio_utils_grid.py made the frozen file.
"""

import inspect
import itertools
import json
import random
import runpy
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
from scipy import fft as scipy_fft
from scipy.signal import get_window, windows

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.framing import FRAMINGS
from tests.conftest import GOLDEN

RATE = 16_000
WINDOW_ATOL, DCT_ATOL, MEL_ATOL = 1e-14, 1e-13, 1e-13  # of values up to 1; DCT: relative to the greatest
LIBROSA_SPECTRUM, LIBROSA = 1e-13, 1e-6  # relative to the greatest; its mel bank is float32 inside its features
KALDI = 1e-5  # float32 throughout, relative to the greatest
TRANSFORMERS = 2e-7  # relative to the greatest; its spectra are complex64 inside

NOT_SPOKEN = {
    "scipy windows": {
        "triang": "dsp has Bartlett's triangle, whose ends are 0",
        "cosine": "samples half a step beside those of dsp.sine",
        "general_hamming": "dsp has its alpha = 0.5 and 0.54: hann and hamming",
        "general_cosine": "dsp has its special cases hann, hamming, blackman and blackman_harris",
        **dict.fromkeys(
            [
                "parzen", "bohman", "nuttall", "flattop", "barthann", "kaiser_bessel_derived", "gaussian",
                "general_gaussian", "chebwin", "exponential", "taylor", "dpss", "lanczos",
            ],
            "no feature extractor among dsp's conventions uses it",
        ),
        "kaiser, sym=False": "dsp.kaiser designs filters and is symmetric",
        "tukey, alpha <= 0": "a rectangle, which dsp.tukey refuses",
    },
    "scipy dct": {
        "n": "cut or extend x yourself", "axis": "dsp transforms the last axis; np.moveaxis moves another there",
        "overwrite_x": "dsp never overwrites its input", "workers": "dsp multiplies by a matrix",
        "type 1, ortho, orthogonalize=False": "neither orthogonal nor in use for features",
        "type 3, ortho, orthogonalize=False": "neither orthogonal nor in use for features",
        "type 1 to 3, not ortho, orthogonalize=True": "'ortho' times a factor",
    },
    "librosa": {
        "S": "a spectrogram instead of a signal: the same steps begin later",
        "dtype": "dsp computes in float64; dsp.extract rounds at the end", "out": "dsp returns new arrays",
        "axis": "time is dsp's last axis", "kwargs": "options of the function below, each in this table or in the grid",
        "pad_mode edge, symmetric, linear_ramp, wrap": "no tool among dsp's conventions pads so at both ends",
        "window as a number, a function or samples": "a convention names its window",
        "tukey with alpha other than 0.25": "a convention has the 0.25 of scipy.signal.spectrogram",
        "power other than 1 and 2": "a convention knows magnitude and power",
        "mel norm as a number": "dsp has peak 1, equal areas and sum 1 (below: norm=1 is dsp's 'sum')",
        "dct_type 1 and 4": "dsp.dct_matrix speaks them, a convention does not: no tool takes its cepstra so",
        "delta mode mirror, constant, wrap": "dsp knows the edges of librosa's default and of Kaldi and HTK",
        "ref as a function other than max": "a convention subtracts the clip's maximum or a constant",
    },
    "kaldi": {
        "frame_opts.dither": "noise of Kaldi's own generator; dsp's dither is seeded and other noise",
        "frame_opts.blackman_coeff": "dsp.blackman has 0.42, which is the default here",
        "mel_opts.vtln_low": "warps the bank for a factor other than 1, which the Python package never passes",
        "mel_opts.vtln_high": "as vtln_low", "mel_opts.debug_mel": "prints; changes no number",
        "mel_opts.htk_mode, low_freq on other bins": "cuts the first bin of the first filter whatever the limit, where "
        "HTK cuts the bins below its limit; both are the same for the limits in the grid",
        "round_to_power_of_two=False, an odd frame": "the package ends the process: its transform takes even lengths",
    },
    "transformers": {
        "waveform": "the signal", "dtype": "float64 here", "onesided": "dsp returns the bins up to Nyquist",
        "dither": "unseeded noise", "power=None": "complex: dsp.trace's spectrum, held against librosa",
        "center=False, a window shorter than a frame shorter than fft_length": "dsp has two lengths there, not three",
        "pad_mode edge, symmetric": "no tool among dsp's conventions pads so at both ends",
        "norm slaney with triangularize_in_mel_space": "divides by half the width in mel, a factor that all filters "
        "share, where dsp divides by that in Hz",
        "a periodic window of one sample": "the first of two there; 1 in SciPy, MATLAB and dsp",
    },
}  # fmt: skip


def signal(n: int = 6000) -> np.ndarray:
    """A chirp that swells in noise, off center; whole numbers over 2^15, so that float32 and int16 hold them."""
    i = np.arange(n)
    chirp = 0.3 * np.sin(2 * np.pi * (200 * i / RATE + 3000 * (i / RATE) ** 2)) * (0.2 + i / n)
    return np.round(32_768 * (chirp + 0.02 * np.random.default_rng(0).standard_normal(n) + 0.01)) / 32_768


X = signal()


def calls(grid: dict[str, list], n_random: int) -> list[dict]:
    """The defaults (the first values), every other value alone, and random choices of all options together."""
    default = {option: values[0] for option, values in grid.items()}
    alone = [default | {option: value} for option, values in grid.items() for value in values[1:]]
    draw = random.Random(24)
    return [default, *alone, *({o: draw.choice(v) for o, v in grid.items()} for _ in range(n_random))]


def translate(options: dict, speech: dict) -> dict:
    """The changes of a convention that say what the options say."""
    changes: dict = {}
    for option, value in options.items():
        said = speech[option]
        changes |= said(value) if callable(said) else said[value]
    return changes


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-300))


def named(peer: str) -> set[str]:
    return set(NOT_SPOKEN[peer])


# SciPy's windows

SCIPY_WINDOWS = {
    "boxcar": None,
    "hamming": dsp.hamming,
    "hann": dsp.hann,
    "blackman": dsp.blackman,
    "blackmanharris": dsp.blackman_harris,
    "bartlett": dsp.bartlett,
}
LENGTHS = range(1, 66)


def in_a_convention(n: int, periodic: bool, window: str) -> np.ndarray:
    c = dsp.Convention(
        frame_length=n,
        hop_length=n,
        window=window,
        window_symmetry="periodic" if periodic else "symmetric",
        n_mels=None,
    )
    return dsp.trace(np.ones(n), RATE, c, until="window")["window"]


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("name", SCIPY_WINDOWS)
def test_windows_of_scipy(name, periodic):
    for n in LENGTHS:
        function = SCIPY_WINDOWS[name]
        ours = in_a_convention(n, periodic, "rectangular") if function is None else function(n, periodic)
        for theirs in (getattr(windows, name)(n, sym=not periodic), get_window(name, n, fftbins=periodic)):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=WINDOW_ATOL)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("alpha", [1e-3, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 1.0])
def test_tukeys_window_of_scipy(alpha, periodic):
    for n in LENGTHS:
        theirs = get_window(("tukey", alpha), n, fftbins=periodic)
        np.testing.assert_allclose(dsp.tukey(n, periodic, alpha), theirs, rtol=0, atol=WINDOW_ATOL / min(alpha, 0.1))


@pytest.mark.parametrize("beta", [0, 0.5, 2, 2.5, 5, 5.0, 8.6, 14, 14.0, 38])
def test_kaisers_window_of_scipy(beta):
    for n in LENGTHS:
        np.testing.assert_allclose(dsp.kaiser(n, beta), windows.kaiser(n, beta), rtol=0, atol=WINDOW_ATOL)


@pytest.mark.parametrize("periodic", [False, True])
def test_kaldis_windows_are_powers_of_scipys(periodic):
    for n in LENGTHS:
        hann = np.maximum(windows.hann(n, sym=not periodic), 0)
        np.testing.assert_allclose(dsp.povey(n, periodic), hann**0.85, rtol=0, atol=WINDOW_ATOL)
        np.testing.assert_allclose(dsp.sine(n, periodic), np.sqrt(hann), rtol=0, atol=1e-8)  # the root of a rounding
        np.testing.assert_allclose(dsp.sine(n, periodic) ** 2, hann, rtol=0, atol=WINDOW_ATOL)


# SciPy's DCT

SCIPY_NORMS = (None, "backward", "forward", "ortho")
DSP_NORMS = (None, "forward", "ortho", "htk")


def dct_word(kind: int, norm: str | None, orthogonalize: bool | None) -> str | None:
    """dsp's norm for SciPy's; "not spoken" where there is none."""
    as_usual = kind == 4 or orthogonalize is None or orthogonalize == (norm == "ortho")
    if as_usual:
        return None if norm == "backward" else norm
    return "htk" if (kind, norm) == (2, "ortho") else "not spoken"


@pytest.mark.parametrize("orthogonalize", [None, True, False])
@pytest.mark.parametrize("norm", SCIPY_NORMS)
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_dct_of_scipy(rng, kind, norm, orthogonalize):
    word = dct_word(kind, norm, orthogonalize)
    for n in (*range(1 + (kind == 1), 14), 32, 33, 64):
        x = rng.standard_normal((2, n))
        theirs = scipy_fft.dct(x, type=kind, norm=norm, orthogonalize=orthogonalize)
        if word == "not spoken":  # and so it is: none of dsp's words says it
            norms = DSP_NORMS if kind in (2, 3) else DSP_NORMS[:3]
            assert n < 4 or min(relative(dsp.dct(x, other, kind), theirs) for other in norms) > 1e-3
            continue
        assert relative(dsp.dct(x, word, kind), theirs) <= DCT_ATOL
        for n_out in {1, (n + 1) // 2, n}:
            assert np.abs(dsp.dct_matrix(n_out, n, word, kind) @ x.T - theirs.T[:n_out]).max() <= 1e-12


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_dct_is_orthogonal(kind):
    C = dsp.dct_matrix(17, 17, "ortho", kind)
    np.testing.assert_allclose(C @ C.T, np.eye(17), atol=1e-14)
    if kind in (1, 4):
        np.testing.assert_allclose(C, C.T, atol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 1, None, 1), "kind=1 needs n_in >= 2"),
        ((3, 3, "htk", 4), "norm='htk' is a norm of kinds 2 and 3"),
        ((3, 3, "backward", 2), "norm='backward'"),
        ((3, 3, None, 5), "kind=5"),
    ],
)
def test_dct_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        dsp.dct_matrix(*arguments)


# librosa

LIBROSA_FRAMES = {
    "n_fft": [512, 256, 400, 333],
    "win_length": [None, 200, 233],
    "hop_length": [128, 64, 97],
    "window": ["hann", "hamming", "blackman", "bartlett", "blackmanharris", "boxcar", ("tukey", 0.25)],
    "center": [True, False],
    "pad_mode": ["constant", "reflect"],
}
LIBROSA_MEL = {
    "sr": [RATE, 22_050, 8000],
    "n_mels": [40, 20, 13],
    "fmin": [0.0, 100.0, 64.5],
    "fmax": [None, 3500.0, 3999.5],
    "htk": [False, True],
    "norm": ["slaney", None],
}
LIBROSA_DB = {"ref": [1.0, 20.0, np.max], "amin": [1e-10, 1e-3], "top_db": [80.0, 40.0, None]}
LIBROSA_MFCC = {
    "n_mfcc": [13, 20, 1],
    "dct_type": [2, 3],
    "dct_norm": ["ortho", None],
    "lifter": [0.0, 22.0, 7.5],
}
LIBROSA_WORDS = {"blackmanharris": "blackman harris", "boxcar": "rectangular", ("tukey", 0.25): "tukey"}
LIBROSA_SPEECH = {
    "n_fft": lambda n: {"n_fft": n},
    "hop_length": lambda n: {"hop_length": n},
    "win_length": lambda n: {"frame_length": n},
    "window": lambda w: {"window": LIBROSA_WORDS.get(w, w)},
    "center": lambda center: {"framing": "center" if center else "valid"},
    "pad_mode": lambda mode: {},  # with center, below
    "power": {1.0: {"spectrum": "magnitude"}, 2.0: {"spectrum": "power"}},
    "sr": lambda rate: {},
    "n_mels": lambda n: {"n_mels": n},
    "fmin": lambda f: {"f_min": f},
    "fmax": lambda f: {"f_max": f},
    "htk": {False: {"mel_scale": "slaney"}, True: {"mel_scale": "htk"}},
    "norm": lambda norm: {"mel_norm": norm},
    "ref": lambda ref: {"reference": "maximum"} if ref is np.max else {"log_offset": -10 * np.log10(ref)},
    "amin": lambda amin: {"floor": amin},
    "top_db": lambda top: {"dynamic_range": top},
    "n_mfcc": lambda n: {"n_mfcc": n},
    "dct_type": lambda kind: {"dct_type": kind},
    "dct_norm": lambda norm: {"dct_norm": norm},
    "lifter": lambda length: {"lifter": length},
}


def librosa_convention(options: dict) -> dsp.Convention:
    changes = translate(options, LIBROSA_SPEECH)
    if changes["framing"] == "center":
        changes["framing"] = {"constant": "center, zeros", "reflect": "center, reflect"}[options["pad_mode"]]
    changes["frame_length"] = changes["frame_length"] or changes["n_fft"]
    return replace(CONVENTIONS["librosa"], **changes)


def test_stft_of_librosa():
    for options in calls(LIBROSA_FRAMES, 60):
        theirs = librosa.stft(X, **options)
        c = librosa_convention(options)
        steps = dsp.trace(X, RATE, c, until="spectrum")
        assert relative(steps["spectrum"], theirs) <= LIBROSA_SPECTRUM, options
        if options["pad_mode"] == "constant":
            ours = dsp.stft(X, steps["window"], options["hop_length"], padding="zeros" if options["center"] else None)
            assert relative(ours, theirs) <= LIBROSA_SPECTRUM, options


@pytest.mark.filterwarnings("ignore")
def test_mel_bank_of_librosa():
    for options in calls(LIBROSA_MEL | {"n_fft": [512, 2048, 333]}, 60):
        theirs = librosa.filters.mel(**options, dtype=np.float64)
        scale = "htk" if options["htk"] else "slaney"
        ours = dsp.mel_filterbank(
            options["n_mels"], options["n_fft"], options["sr"], options["fmin"], options["fmax"], scale,
            norm=options["norm"],
        )  # fmt: skip
        assert relative(ours, theirs) <= MEL_ATOL, options
    theirs = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=20, norm=1, dtype=np.float64)
    np.testing.assert_allclose(dsp.mel_filterbank(20, 512, RATE, norm="sum"), theirs, atol=MEL_ATOL)


@pytest.mark.filterwarnings("ignore")
def test_features_of_librosa():
    grid = LIBROSA_FRAMES | {"power": [2.0, 1.0]} | LIBROSA_MEL | LIBROSA_DB | LIBROSA_MFCC
    for options in calls(grid, 60):
        of = {name: {key: options[key] for key in part} for name, part in LIBROSA_PARTS.items()}
        mel = librosa.feature.melspectrogram(y=X, power=options["power"], **of["frames"], **of["mel"])
        level = librosa.power_to_db(mel, **of["db"])
        norm = options["dct_norm"]
        n_mfcc = min(options["n_mfcc"], options["n_mels"])
        cepstra = {"n_mfcc": n_mfcc, "dct_type": options["dct_type"], "norm": norm, "lifter": options["lifter"]}
        theirs = librosa.feature.mfcc(S=level, **cepstra)
        steps = dsp.trace(X, options["sr"], librosa_convention(options | {"n_mfcc": n_mfcc}))
        assert relative(steps["mel"], mel) <= LIBROSA, options
        assert relative(steps["log_mel"], level) <= LIBROSA, options
        assert relative(steps["mfcc"], theirs) <= LIBROSA, options
        if options["lifter"] or options["dct_type"] == 3:  # in one call, with librosa's own power_to_db
            whole = librosa.feature.mfcc(
                y=X, power=options["power"], mel_norm=options["norm"], **cepstra, **of["frames"],
                **{key: value for key, value in of["mel"].items() if key != "norm"},
            )  # fmt: skip
            default_db = {"ref": 1.0, "amin": 1e-10, "top_db": 80.0, "n_mfcc": n_mfcc}
            assert relative(dsp.mfcc(X, options["sr"], librosa_convention(options | default_db)), whole) <= LIBROSA


LIBROSA_PARTS = {"frames": LIBROSA_FRAMES, "mel": LIBROSA_MEL, "db": LIBROSA_DB}


def test_decibels_of_librosa():
    """amplitude_to_db is power_to_db of the square, with the square of amin and of ref."""
    amplitude = np.abs(np.random.default_rng(1).standard_normal((20, 30))) ** 3
    for ref, amin, top_db in itertools.product((1.0, 5.0, np.max), (1e-5, 1e-2), (None, 30.0)):
        theirs = librosa.amplitude_to_db(amplitude, ref=ref, amin=amin, top_db=top_db)
        reference = ref(amplitude) if callable(ref) else ref
        ours = dsp.amplitude_to_db(np.maximum(amplitude, amin)) - 20 * np.log10(reference)
        ours = ours if top_db is None else np.maximum(ours, ours.max() - top_db)
        np.testing.assert_allclose(ours, theirs, atol=1e-11)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("width", [3, 5, 7, 9, 15])
@pytest.mark.parametrize(("mode", "edges"), [("interp", "interp"), ("nearest", "replicate")])
def test_deltas_of_librosa(rng, width, order, mode, edges):
    for n_frames in (15, 16, 40):
        x = rng.standard_normal((4, n_frames))
        theirs = librosa.feature.delta(x, width=width, order=order, mode=mode)
        np.testing.assert_allclose(dsp.delta(x, width, edges, order), theirs, atol=1e-13)


# Kaldi

KALDI_FRAMES = {
    "frame_opts.samp_freq": [16_000.0, 8000.0, 11_025.0, 22_050.0],
    "frame_opts.snip_edges": [True, False],
    "frame_opts.remove_dc_offset": [True, False],
    "frame_opts.preemph_coeff": [0.97, 0.0, 0.5],
    "frame_opts.window_type": ["povey", "hamming", "hanning", "hann", "rectangular", "blackman", "sine"],
    "frame_opts.round_to_power_of_two": [True, False],
    "frame_opts.frame_length_ms": [25.0, 20.0, 32.0, 25.3],
    "frame_opts.frame_shift_ms": [10.0, 5.0, 12.5],
    "mel_opts.num_bins": [23, 15],
    "mel_opts.low_freq": [20.0, 0.0, 133.3],
    "mel_opts.high_freq": [0.0, -400.0, 3700.0],
    "use_energy": [False, True],
    "raw_energy": [True, False],
    "energy_floor": [0.0, 1e11],
    "htk_compat": [False, True],
}
KALDI_FBANK = KALDI_FRAMES | {
    "use_log_fbank": [True, False],
    "use_power": [True, False],
    "eps": [float(np.finfo(np.float32).eps), 1e8],
    "use_log_floor": [True, False],
}
KALDI_MFCC = KALDI_FRAMES | {
    "use_energy": [True, False],
    "num_ceps": [13, 7, 15],
    "cepstral_lifter": [22.0, 0.0, 15.5],
}
KALDI_BANKS = {  # options of mel_opts that belong together: the changes of a convention
    (("is_librosa", True),): {"mel_scale": "slaney", "mel_triangles": "hz", "mel_norm": "slaney"},
    (("is_librosa", True), ("norm", "")): {"mel_scale": "slaney", "mel_triangles": "hz"},
    (("is_librosa", True), ("use_slaney_mel_scale", False)): {"mel_triangles": "hz", "mel_norm": "slaney"},
    (("is_librosa", True), ("norm", ""), ("floor_to_int_bin", True)): {"mel_scale": "slaney", "mel_triangles": "bins"},
    (("is_librosa", True), ("norm", ""), ("floor_to_int_bin", True), ("use_slaney_mel_scale", False)): {
        "mel_triangles": "bins"
    },
    (("htk_mode", True),): {"mel_triangles": "mel, cut at bins"},
    (("htk_mode", True), ("low_freq", 0.0)): {"f_min": 0.0},
    (("htk_mode", True), ("low_freq", 48.0)): {"f_min": 48.0, "mel_triangles": "mel, cut at bins"},
}
KALDI_WINDOWS = {"hanning": {"window": "hann"}, "hann": {"window": "hann", "window_symmetry": "periodic"}}
KALDI_SPEECH = {
    "frame_opts.samp_freq": lambda rate: {},
    "frame_opts.snip_edges": {True: {"framing": "valid"}, False: {"framing": "symmetric"}},
    "frame_opts.remove_dc_offset": {True: {"dc_removal": "frame"}, False: {"dc_removal": None}},
    "frame_opts.preemph_coeff": lambda a: {"preemphasis": a},
    "frame_opts.window_type": lambda word: KALDI_WINDOWS.get(word, {"window": word}),
    "frame_opts.round_to_power_of_two": {True: {"n_fft": "power of two"}, False: {"n_fft": "frame length"}},
    "frame_opts.frame_length_ms": lambda ms: {"frame_length_s": ms / 1000},
    "frame_opts.frame_shift_ms": lambda ms: {"hop_length_s": ms / 1000},
    "mel_opts.num_bins": lambda n: {"n_mels": n},
    "mel_opts.low_freq": lambda f: {"f_min": f},
    "mel_opts.high_freq": lambda f: {"f_max": f},  # below 0 counted from the Nyquist frequency
    "use_log_fbank": {True: {"log": "ln"}, False: {"log": None}},
    "use_power": {True: {"spectrum": "power"}, False: {"spectrum": "magnitude"}},
    "eps": lambda floor: {"floor": floor},
    "use_log_floor": {True: {"floor_rule": "at least"}, False: {"floor_rule": "add"}},
    "raw_energy": {True: {"energy_of": "raw frame"}, False: {"energy_of": "windowed frame"}},
    "energy_floor": lambda floor: {"energy_floor": floor},
    "num_ceps": lambda n: {"n_mfcc": n},
    "cepstral_lifter": lambda length: {"lifter": length},
    "use_energy": lambda yes: {},  # with htk_compat, below: the two say where a row stands
    "htk_compat": lambda yes: {},
}
FBANK_ENERGY = {  # use_energy, htk_compat
    (False, False): {"mel_energy": None},
    (False, True): {"mel_energy": None},
    (True, False): {"mel_energy": "first"},
    (True, True): {"mel_energy": "last"},
}
MFCC_ENERGY = {
    (True, False): {"energy": "replaces c0"},
    (True, True): {"energy": "replaces c0", "c0": "last"},
    (False, False): {"energy": None},
    (False, True): {"energy": None, "c0": "last", "dct_norm": "htk"},
}


def kaldi(kind: str, options: dict) -> np.ndarray:
    chosen = getattr(kaldi_native_fbank, f"{kind}Options")()
    chosen.frame_opts.dither = 0.0
    for option, value in options.items():
        *group, name = option.split(".")
        setattr(getattr(chosen, group[0]) if group else chosen, name, value)
    tool = getattr(kaldi_native_fbank, f"Online{kind}")(chosen)
    tool.accept_waveform(chosen.frame_opts.samp_freq, (X * 32_768).tolist())
    tool.input_finished()
    return np.array([tool.get_frame(i) for i in range(tool.num_frames_ready)]).T


def in_dsp(kind: str, options: dict) -> np.ndarray:
    changes = translate(options, KALDI_SPEECH)
    rate = options["frame_opts.samp_freq"]
    changes["f_max"] = changes["f_max"] + rate / 2 if changes["f_max"] <= 0 else changes["f_max"]
    where = (options["use_energy"], options["htk_compat"])
    changes |= (MFCC_ENERGY if kind == "Mfcc" else FBANK_ENERGY)[where]
    if kind == "Fbank":
        return dsp.log_mel(X, rate, replace(CONVENTIONS["kaldi_fbank"], **changes))
    if changes.get("c0") == "last":
        changes["n_mfcc"] -= 1
        if changes["n_mfcc"] == 0:
            raise AssertionError("a cepstrum of c0 alone, last")
    return dsp.mfcc(X, rate, replace(CONVENTIONS["kaldi"], **changes))


@pytest.mark.parametrize(("kind", "grid"), [("Fbank", KALDI_FBANK), ("Mfcc", KALDI_MFCC)])
def test_options_of_kaldi(kind, grid):
    for options in calls(grid, 60):
        if int(options["frame_opts.samp_freq"] * options["frame_opts.frame_length_ms"] / 1000) % 2:
            options["frame_opts.round_to_power_of_two"] = True
        assert relative(in_dsp(kind, options), kaldi(kind, options)) <= KALDI, options


@pytest.mark.parametrize(("kind", "grid"), [("Fbank", KALDI_FBANK), ("Mfcc", KALDI_MFCC)])
def test_every_option_of_kaldi_shows(kind, grid):
    """A value that changed nothing would prove nothing; the floor of a logarithm shows in silence alone."""
    for base in ({"use_energy": True, "energy_floor": 0.0}, {"use_energy": True, "htk_compat": True}):
        default = {option: values[0] for option, values in grid.items()} | base
        for option, values in grid.items():
            if option in base:
                continue
            louder = {"eps": 1e8} if option == "use_log_floor" else {}
            usual = kaldi(kind, default | louder)
            for value in values[1:]:
                other = kaldi(kind, default | louder | {option: value})
                assert usual.shape != other.shape or relative(usual, other) > 1e-4, (option, value)


@pytest.mark.parametrize("bank", KALDI_BANKS, ids=str)
def test_mel_options_of_kaldi(bank):
    theirs = kaldi("Fbank", {f"mel_opts.{name}": value for name, value in bank} | {"mel_opts.num_bins": 23})
    c = replace(CONVENTIONS["kaldi_fbank"], n_mels=23, **KALDI_BANKS[bank])
    assert relative(dsp.log_mel(X, RATE, c), theirs) <= KALDI


# transformers.audio_utils, frozen

STORED = np.load(GOLDEN / "grid_transformers_audio_utils.npz")
GRID = runpy.run_path(str(GOLDEN / "make" / "audio_utils_grid.py"))
FRAMES_OF_TRANSFORMERS = {(True, "reflect"): "center, reflect", (True, "constant"): "center, zeros"}
TRANSFORMERS_LOG = {None: None, "log": "ln", "log10": "log10", "dB": "10 log10"}


def dsps_window(options: dict) -> np.ndarray:
    names = {"boxcar": "rectangular"}
    n, name = options["window_length"], names.get(options["name"], options["name"])
    if n <= 2 and name != "rectangular":  # a convention refuses a window that is 0 everywhere
        window = (
            getattr(dsp, name)(2)[:1] if n == 1 and options["periodic"] else getattr(dsp, name)(n, options["periodic"])
        )
    else:
        window = in_a_convention(n, options["periodic"], name)
    before = (options.get("frame_length", n) - n) // 2 if options.get("center", True) else 0
    return np.pad(window, (before, options.get("frame_length", n) - n - before))


def dsps_bank(o: dict) -> np.ndarray:
    """The bank in dsp's words, but for the height of "slaney" filters of triangles in mel: NOT_SPOKEN has them."""
    in_mel, n_fft = o["triangularize_in_mel_space"], 2 * (o["num_frequency_bins"] - 1)
    band, scale = (o["min_frequency"], o["max_frequency"]), o["mel_scale"]
    not_spoken = in_mel and o["norm"] == "slaney"
    triangles, norm = "mel" if in_mel else "hz", None if not_spoken else o["norm"]
    bank = dsp.mel_filterbank(o["num_mel_filters"], n_fft, o["sampling_rate"], *band, scale, triangles, norm)
    if not_spoken:  # 2 / width as for Hz, of a width in mel, which all filters share
        return bank * (o["num_mel_filters"] + 1) / np.diff(dsp.hz_to_mel(band, scale))
    return bank


def spectrogram_convention(o: dict) -> dsp.Convention:
    window, bank, log = o["window"], o["mel_filters"], o["log_mel"]
    mel = {"n_mels": None}
    if bank:
        mel = {
            "n_mels": bank["num_mel_filters"],
            "f_min": bank["min_frequency"],
            "f_max": bank["max_frequency"],
            "mel_scale": bank["mel_scale"],
            "mel_norm": bank["norm"],
            "mel_triangles": "mel" if bank["triangularize_in_mel_space"] else "hz",
        }
    # decibels of a magnitude are 20 log10, floored at its min_value; of a power 10 log10
    decibels = {1.0: 20.0, 2.0: 10.0}[o["power"]]
    floor, offset = o["mel_floor"], 0.0
    if log == "dB":
        floor = max(floor, o.get("min_value", 1e-10))
        offset = -decibels * np.log10(max(o.get("reference", 1.0), o.get("min_value", 1e-10)))
    return dsp.Convention(
        dc_removal="frame" if o.get("remove_dc_offset") else None,
        preemphasis=o.get("preemphasis") or 0.0,
        preemphasis_in="frame",
        preemphasis_first="replicate",
        frame_length=window["window_length"],  # a window in the middle of its frame is a frame of its own
        hop_length=o["hop_length"],
        framing=FRAMES_OF_TRANSFORMERS.get((o["center"], o["pad_mode"]), "valid"),
        window={"boxcar": "rectangular"}.get(window["name"], window["name"]),
        window_symmetry="periodic" if window.get("periodic", True) else "symmetric",
        n_fft=o["fft_length"] or o["frame_length"],
        spectrum={1.0: "magnitude", 2.0: "power"}[o["power"]],
        log="20 log10" if log == "dB" and o["power"] == 1 else TRANSFORMERS_LOG[log],
        floor=floor,
        log_offset=offset,
        dynamic_range=o.get("db_range"),
        n_mfcc=None,
        **mel,
    )


def floored(values: np.ndarray, options: dict) -> np.ndarray:
    """mel_floor holds without a logarithm too, where a convention has no floor; it needs mel filters."""
    return np.maximum(values, options["mel_floor"]) if options["mel_filters"] and not options["log_mel"] else values


@pytest.mark.filterwarnings("ignore")
def test_audio_utils_of_transformers():
    x = STORED["signal"]
    np.testing.assert_array_equal(x, GRID["signal"]())
    for number, (name, options) in enumerate(GRID["CALLS"]):
        theirs = STORED[str(number)]
        options = {"mel_floor": 1e-10, "log_mel": None} | options
        if name == "window_function":
            np.testing.assert_allclose(dsps_window(options), theirs, atol=WINDOW_ATOL)
        elif name == "mel_filter_bank":
            np.testing.assert_allclose(dsps_bank(options).T, theirs, atol=MEL_ATOL)
        else:
            ours = floored(dsp.log_mel(x, RATE, spectrogram_convention(options)), options)
            assert relative(ours, theirs) <= TRANSFORMERS, options


# Nothing is left out


def parameters(*functions) -> set[str]:
    return set().union(*(inspect.signature(function).parameters for function in functions))


def test_every_option_is_spoken_or_named():
    scipy_windows = set(windows.__all__) - {"get_window"}
    assert scipy_windows <= set(SCIPY_WINDOWS) | {"tukey", "kaiser"} | named("scipy windows")
    assert parameters(scipy_fft.dct) <= {"x", "type", "norm", "orthogonalize"} | named("scipy dct")
    functions = (librosa.stft, librosa.feature.melspectrogram, librosa.feature.mfcc, librosa.filters.mel)
    functions += (librosa.power_to_db, librosa.amplitude_to_db, librosa.feature.delta)
    known = {"y", "data", "power", "mel_norm", "width", "order", "mode"} | named("librosa")
    known |= set().union(LIBROSA_FRAMES, LIBROSA_MEL, LIBROSA_DB, LIBROSA_MFCC)
    assert parameters(*functions) <= known
    groups = {"frame_opts.": "FrameExtractionOptions", "mel_opts.": "MelBanksOptions"}
    theirs = {prefix + name for prefix, kind in groups.items() for name in options_of(kind)}
    theirs |= (options_of("FbankOptions") | options_of("MfccOptions")) - {"frame_opts", "mel_opts"}
    banks = {f"mel_opts.{name}" for bank in KALDI_BANKS for name, _ in bank}
    assert theirs <= set(KALDI_FBANK) | set(KALDI_MFCC) | banks | named("kaldi")
    used = {name: set() for name in GRID["FUNCTIONS"]}
    for name, options in GRID["CALLS"]:
        used[name] |= set(options)
    for name, options in json.loads(str(STORED["parameters"])).items():
        assert set(options) <= used[name] | named("transformers"), name
    for peer, table in NOT_SPOKEN.items():
        assert all(len(reason) > 5 for reason in table.values()), peer


def options_of(kind: str) -> set[str]:
    public = {name for name in dir(getattr(kaldi_native_fbank, kind)) if not name.startswith("_")}
    return public - {"as_dict", "from_dict"}


def test_what_is_not_spoken_has_no_word():
    """Of the edges that dsp does not know, no framing gives the frames that librosa's padding gives."""
    c = librosa_convention({option: values[0] for option, values in LIBROSA_FRAMES.items()})
    for mode in ("edge", "symmetric", "linear_ramp"):
        theirs = librosa.stft(X, n_fft=512, hop_length=128, pad_mode=mode)
        for framing in FRAMINGS:
            ours = dsp.trace(X, RATE, replace(c, framing=framing), until="spectrum")["spectrum"]
            assert ours.shape != theirs.shape or relative(ours, theirs) > 1e-6, (mode, framing)
    x = np.random.default_rng(2).standard_normal((3, 20))
    for mode in ("mirror", "constant", "wrap"):
        theirs = librosa.feature.delta(x, mode=mode)
        assert min(np.abs(dsp.delta(x, 9, edges) - theirs).max() for edges in ("interp", "replicate")) > 1e-2
