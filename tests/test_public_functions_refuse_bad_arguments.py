"""Every public function of dsp names the argument that is wrong. A new function fails here until it has a good call.

GOOD holds one correct call of each function. The bad calls follow from it: each argument in turn takes values that its
type does not allow, and the message must name the argument.
"""

import copy
import inspect
import warnings
from collections.abc import Iterator
from typing import Literal, get_origin, get_type_hints

import numpy as np
import pytest

import dsp
from dsp import checks

X = np.sin(np.arange(1000.0)) / 2
MATRIX = np.abs(np.sin(np.arange(60.0))).reshape(5, 12)
WINDOW = dsp.hann(64)
SPECTRA = dsp.stft(X, WINDOW, 16)
RNG = np.random.default_rng(0)
MEL = dsp.mel_filterbank(5, 64, 8_000)
N = {"n": 8, "periodic": True}

GOOD = {
    "add_noise": {"signal": X, "level": 0.1, "rng": RNG},
    "add_noise_at_snr": {"signal": X, "snr_db": 10.0, "rng": RNG},
    "amplitude_to_db": {"amplitude": MATRIX, "offset": 1.0},
    "bartlett": N,
    "blackman": N,
    "blackman_harris": N,
    "buffer": {"signal": X, "n": 10, "p": 3, "initial": np.ones(3)},
    "change_speed": {"signal": X, "factor": 1.1},
    "chroma": {"spectrum": MATRIX, "sample_rate": 8_000, "n_chroma": 12, "tuning": 0.1},
    "chroma_filterbank": {
        "n_chroma": 12, "n_fft": 64, "sample_rate": 8_000, "tuning": 0.1, "center_octave": 5.0, "octave_width": 2.0,
        "from_c": True,
    },
    "cmn": {"x": MATRIX},
    "cmvn": {"x": MATRIX, "ddof": 1, "eps": 1e-5, "eps_to": "variance"},
    "convolve": {"signal": X, "impulse_response": X[:9]},
    "count_frames": {"n_samples": 1000, "frame_length": 100, "hop_length": 50, "framing": "valid"},
    "dct": {"x": MATRIX, "norm": "ortho", "kind": 2},
    "dct_matrix": {"n_out": 3, "n_in": 5, "norm": "ortho", "kind": 2},
    "deemphasis": {"signal": X, "coefficient": 0.5},
    "delta": {"x": MATRIX, "width": 3, "edges": "interp", "order": 1},
    "dft": {"x": MATRIX},
    "dither": {"signal": X, "amplitude": 0.1, "rng": RNG},
    "estimate_tuning": {"spectrum": MATRIX, "sample_rate": 8_000, "n_chroma": 12, "resolution": 0.01},
    "extend": {"signal": X, "frame_length": 100, "hop_length": 50, "framing": "symmetric"},
    "extract": {
        "signals": [X], "sample_rate": 16_000, "convention": "kaldi",
        "kind": "mfcc", "dtype": "float64", "workers": 1,
    },
    "fft": {"x": MATRIX, "n": 12},
    "frame": {"signal": X, "frame_length": 100, "hop_length": 50},
    "gaussian": N,
    "griffin_lim": {
        "magnitude": np.abs(SPECTRA), "window": WINDOW, "hop_length": 16, "n_fft": 64, "iterations": 1, "rng": RNG,
        "momentum": 0.5,
    },
    "hamming": N,
    "hann": N,
    "hz_to_mel": {"frequency": np.arange(3.0), "scale": "htk"},
    "idct": {"coefficients": MATRIX, "n": 8},
    "ifft": {"X": MATRIX},
    "irfft": {"X": MATRIX, "n": 22},
    "istft": {
        "spectra": SPECTRA, "window": WINDOW, "hop_length": 16, "n_fft": 64, "padding": "zeros", "length": 300,
    },
    "kaiser": {"n": 8, "beta": 5.0},
    "lifter": {"n": 5, "length": 22.0, "first": 0},
    "log_mel": {"signal": X, "sample_rate": 16_000, "convention": "kaldi"},
    "log_spectrogram": {"signal": X, "window": WINDOW, "noverlap": 32, "nfft": 64, "offset": 1e-9},
    "mask_bands": {"features": MATRIX, "max_width": 2, "n_masks": 2, "rng": RNG, "value": 0.5},
    "mask_frames": {
        "features": MATRIX, "max_width": 2, "n_masks": 2, "rng": RNG, "max_share": 0.5, "value": 0.5,
    },
    "matlab_resample": {"signal": X, "p": 3, "q": 2, "n": 10, "beta": 5.0},
    "mel_filterbank": {
        "n_mels": 5, "n_fft": 256, "sample_rate": 8_000, "f_min": 20.0, "f_max": 3_000.0,
        "scale": "htk", "triangles": "hz", "norm": "slaney",
    },
    "mel_to_hz": {"mel": np.arange(3.0), "scale": "htk"},
    "mel_to_power": {"mel": MEL @ np.ones((33, 4)), "filterbank": MEL, "iterations": 1},
    "mfcc": {"signal": X, "sample_rate": 16_000, "convention": "kaldi"},
    "min_max": {"x": MATRIX, "low": 0.0, "high": 1.0},
    "mix_at_snr": {"signal": X, "noise": X[:50], "snr_db": 10.0, "start": 3, "level": "active"},
    "nonsilent_intervals": {"signal": X, "top_db": 60.0, "frame_length": 64, "hop_length": 16},
    "pcen": {
        "energies": MATRIX, "sample_rate": 8_000, "hop_length": 80, "gain": 0.98, "bias": 2.0, "power": 0.5,
        "time_constant_s": 0.4, "eps": 1e-6, "b": 0.1, "max_size": 3, "initial": np.ones(5),
    },
    "pcen_smoother": {
        "energies": MATRIX, "sample_rate": 8_000, "hop_length": 80, "time_constant_s": 0.4, "b": 0.1, "max_size": 3,
        "initial": np.ones(5),
    },
    "pitch_shift": {"signal": X, "semitones": 1.0},
    "povey": N,
    "power_spectral_density": {"S": SPECTRA, "window": WINDOW, "nfft": 64, "fs": 8_000.0},
    "power_to_db": {"power": MATRIX, "offset": 1.0},
    "praat_frames": {"signal": X, "sample_rate": 800, "frame_length_s": 0.1, "hop_length_s": 0.05},
    "preemphasis": {"signal": X, "coefficient": 0.5, "first": "keep"},
    "remove_dc": {"x": MATRIX},
    "resample": {"signal": X, "sample_rate": 8_000, "new_rate": 4_000},
    "reverberate": {"signal": X, "impulse_response": X[:9]},
    "rfft": {"x": MATRIX, "n": 12},
    "rms": {"signal": X, "frame_length": 64, "hop_length": 16},
    "roots_of_unity": {"n": 8},
    "sine": N,
    "sliding_cmn": {"x": MATRIX, "window": 4, "variance": True},
    "smooth": {"x": MATRIX, "width": 3},
    "spectral_bandwidth": {"magnitude": MATRIX, "sample_rate": 8_000, "p": 2.0},
    "spectral_centroid": {"magnitude": MATRIX, "sample_rate": 8_000},
    "spectral_contrast": {
        "magnitude": np.abs(SPECTRA), "sample_rate": 8_000, "n_bands": 2, "f_min": 500.0, "quantile": 0.1,
        "scale": "decibels",
    },
    "spectral_flatness": {"magnitude": MATRIX, "floor": 1e-10, "power": 2.0},
    "spectral_rolloff": {"magnitude": MATRIX, "sample_rate": 8_000, "fraction": 0.85},
    "spectral_wiener": {"signal": X, "window": WINDOW, "hop_length": 16, "noise_power": np.ones(33)},
    "spectrogram": {"signal": X, "window": WINDOW, "noverlap": 32, "nfft": 64, "fs": 8_000.0},
    "standardize": {"x": MATRIX, "mean": np.ones(12), "sd": np.ones(12)},
    "stream_frames": {"pieces": [X], "frame_length": 100, "hop_length": 50, "framing": "symmetric"},
    "stream_preemphasis": {"pieces": [X], "coefficient": 0.5, "first": "keep"},
    "stft": {"signal": X, "window": WINDOW, "hop_length": 16, "n_fft": 64, "padding": "zeros"},
    "time_shift": {"signal": X, "samples": 3},
    "time_stretch": {"signal": X, "rate": 1.1},
    "tonnetz": {"chroma": MATRIX},
    "trace": {"signal": X, "sample_rate": 16_000, "convention": "kaldi", "until": "mel"},
    "trim": {"signal": X, "top_db": 60.0, "frame_length": 64, "hop_length": 16},
    "tukey": {**N, "alpha": 0.5},
    "wiener": {"signal": X, "width": 3, "noise": 0.1},
    "zero_crossing_rate": {"signal": X, "frame_length": 64, "hop_length": 16},
}  # fmt: skip
FILES = {"audio_duration", "read_audio", "read_beginning", "read_features", "save_trace"}  # their tests read files
COMPLEX_IS_FINE = {
    *(("dft", "x"), ("fft", "x"), ("ifft", "X"), ("irfft", "X"), ("istft", "spectra"), ("power_spectral_density", "S")),
    *(("frame", "signal"), ("extend", "signal"), ("buffer", "signal"), ("buffer", "initial")),  # these compute nothing
}
ELEMENTWISE = {"amplitude_to_db", "power_to_db", "hz_to_mel", "mel_to_hz"}  # of nothing they make nothing
OPTIONAL = {  # arguments for which None means something
    *(("fft", "n"), ("rfft", "n"), ("stft", "n_fft"), ("istft", "n_fft"), ("griffin_lim", "n_fft")),
    *(("istft", "length"), ("chroma", "tuning"), ("chroma_filterbank", "octave_width")),
    *(("pcen", "b"), ("pcen_smoother", "b")),
    *(("mask_bands", "value"), ("mask_frames", "value")),
    *(("griffin_lim", "rng"), ("mel_filterbank", "f_max"), ("wiener", "noise"), ("spectral_wiener", "noise_power")),
}


NUMBERS = [(name, key) for name, call in GOOD.items() for key, value in call.items() if isinstance(value, float)]


@pytest.mark.parametrize(("name", "key"), NUMBERS)
@pytest.mark.parametrize("kind", [int, np.int64, np.float32, np.float64])
def test_a_whole_number_of_any_kind_is_a_number(name, key, kind):
    """dsp.kaiser(5, 14) is dsp.kaiser(5, 14.0)."""
    function, whole = getattr(dsp, name), max(1.0, float(round(GOOD[name][key])))
    expected, found = (function(**copy.deepcopy(GOOD[name]) | {key: value}) for value in (whole, kind(whole)))
    for ours, theirs in zip(*(x if isinstance(x, tuple | Iterator) else (x,) for x in (found, expected)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_function_has_a_good_call():
    public = {name for name in dsp.__all__ if inspect.isfunction(getattr(dsp, name))}
    assert public - FILES == set(GOOD)
    for name, arguments in GOOD.items():
        assert set(arguments) == set(inspect.signature(getattr(dsp, name)).parameters), name
        getattr(dsp, name)(**arguments)


def bad_values(name: str, argument: str, good):
    """Values that the type of the good one does not allow, as (what they are, the value)."""
    function = getattr(dsp, name)
    hint = get_type_hints(inspect.unwrap(function)).get(argument)
    if isinstance(good, np.ndarray):
        yield "masked", np.ma.masked_array(good, np.zeros(good.shape, bool))
        yield "text", np.array(["a", "b"])
        if name not in ELEMENTWISE:
            yield "empty", good[:0]
        yield "objects", [object()]
        yield "ragged", [[1.0], [1.0, 2.0]]
        if (name, argument) not in COMPLEX_IS_FINE:
            yield "complex", good + 0j
        if argument == "signal" and (name, argument) not in COMPLEX_IS_FINE and name != "dither":
            yield "integers", (good * 100).astype(np.int16)
            yield "number", 16_000
            yield "matrix", good.reshape(2, -1)
            yield "NaN", np.where(good == good[7], np.nan, good)
    elif get_origin(hint) is Literal:
        for value in ("nonsense", 1.5, ["a"], b"hann"):
            yield repr(value), value
    elif isinstance(good, bool):
        for value in ("periodic", 1, None):
            yield repr(value), value
    elif isinstance(good, int) and hint is int:
        for value in (2.5, "3", True, np.nan, 1 + 0j, 10**12, [3]):
            if not (value == 10**12 and (name, argument) in {("time_shift", "samples"), ("count_frames", "n_samples")}):
                yield repr(value), value
    elif isinstance(good, int | float):
        for value in ("16000", np.nan, np.inf, True, 1 + 0j, np.array([1.0, 2.0]), [1.0]):
            yield repr(value), value
    elif isinstance(good, np.random.Generator):
        for value in (0, "seed", np.random.RandomState(0)):
            yield type(value).__name__, value
    elif argument == "convention":
        for value in ("nonsense", {}, 3, ["kaldi"], None):
            yield repr(value), value
    elif argument == "signals":
        yield "one array", X
        yield "a masked array", [np.ma.masked_array(X, X > 9)]
        yield "a number", 16_000
        yield "text", "speech"
        yield "integers", [(X * 100).astype(np.int16)]
    elif argument == "pieces":
        yield "one array", X
        yield "a number", 16_000
        yield "text", "speech"
    elif argument == "dtype":
        for value in ("float16", np.int16, "nonsense", None, 3):
            yield repr(value), value
    else:
        raise AssertionError(f"{name}: {argument}={good!r} has no bad values")
    if (
        not isinstance(good, np.ndarray | bool)
        and get_origin(hint) is not Literal
        and argument not in ("convention", "dtype")
    ):
        if (name, argument) not in OPTIONAL:
            yield "None", None


CASES = [
    pytest.param(name, argument, value, id=f"{name}-{argument}-{kind}".replace(" ", "_"))
    for name, arguments in GOOD.items()
    for argument, good in arguments.items()
    for kind, value in bad_values(name, argument, good)
]


@pytest.mark.parametrize(("name", "argument", "value"), CASES)
def test_the_message_names_the_argument(name, argument, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as raised:
            getattr(dsp, name)(**{**GOOD[name], argument: value})
    text = str(raised.value)
    assert argument in text, text
    assert "\n" not in text and len(text) < 400


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.mfcc(16_000, X), "signal=16000 is a single number; .*the signal comes before the sample rate"),
        (lambda: dsp.log_mel(X, X), r"sample_rate is an array of shape \(1000,\)"),
        (lambda: dsp.mfcc(X, "16000"), "sample_rate='16000' is not allowed; a finite number of Hz > 0 is expected"),
        (lambda: dsp.mfcc(X, 0), "sample_rate=0 is not allowed; a finite number of Hz > 0"),
        (lambda: dsp.mfcc(X, -1), "sample_rate=-1 is not allowed"),
        (lambda: dsp.extract([X], float("nan")), "sample_rate=nan is not allowed"),
        (lambda: dsp.mfcc(X, 16_000, {}), "convention is of type dict; a Convention or the name of one"),
        (lambda: dsp.mfcc(X, 16_000, "librossa"), "unknown convention 'librossa'; did you mean 'librosa'"),
        (lambda: dsp.Convention(window="hamm"), "window='hamm' is none of .*; did you mean 'hamming'"),
        (lambda: dsp.Convention(framing="centre, zeros"), "did you mean 'center, zeros'"),
        (lambda: dsp.trace(X, 16_000, until="melll"), "until='melll' is none of .*; did you mean 'mel'"),
        (lambda: dsp.hz_to_mel(1.0, "Slaney"), "scale='Slaney' is none of .*; did you mean 'slaney'"),
        (lambda: dsp.stft(X, "hann", 16), "window='hann' is a word; an array of samples"),
        (lambda: dsp.hann(8, "periodic"), "periodic='periodic' is neither True nor False"),
        (lambda: dsp.mfcc(X, 16_000, "whisper"), "has no cepstrum"),
        (lambda: dsp.cmn(np.ma.masked_array(MATRIX)), r"x is a masked array, .*fill it \(.filled\(0\)\)"),
        (lambda: dsp.cmvn(MATRIX + 1j), "x is complex .*real numbers are expected"),
        (lambda: dsp.mel_to_power(-MATRIX, MEL), "the smallest value of mel is -"),
        (lambda: dsp.griffin_lim(np.full((33, 4), np.nan), WINDOW, 16), r"magnitude\[0, 0\] is nan"),
        (lambda: dsp.kaiser(8, -1), "beta=-1 is not allowed; a finite number >= 0"),
        (lambda: dsp.tukey(8, alpha=0), "alpha=0 is not allowed; a finite number > 0 and <= 1"),
        (lambda: dsp.time_shift(X, 10**30), "samples=.* is too large"),
        (lambda: dsp.Convention(scale=0), "scale=0"),
        (lambda: dsp.Convention(scale="1"), "scale='1'"),
        (
            lambda: dsp.Convention(n_mels="3 ln"),
            "n_mels='3 ln' is none of '3 ln rate', 'every 100 mel'; did you mean '3 ln rate'",
        ),
        (lambda: dsp.Convention(n_fft="frame"), "n_fft='frame' is none of .*; did you mean 'frame length'"),
        (lambda: dsp.Convention(delta_width=4), "delta_width=4 is even"),
        (lambda: dsp.Convention(f_max=float("inf")), "f_max=inf"),
        (lambda: dsp.conventions.table(), "no convention"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_words_are_taken_as_people_write_them():
    """Names of conventions in any case; a precision as a word, a NumPy type or a dtype."""
    np.testing.assert_array_equal(dsp.mfcc(X, 16_000, "HTK"), dsp.mfcc(X, 16_000, "htk"))
    for dtype in ("float32", np.float32, np.dtype("float32")):
        assert dsp.extract([X], 16_000, "Kaldi", dtype=dtype)[0].dtype == np.float32
    assert checks.as_flag(np.True_, "flag") is True and checks.as_count(np.int8(3), "n") == 3
    assert dsp.delta(MATRIX, 3, order=np.int64(1)).shape == MATRIX.shape


def test_trace_stops_where_it_is_told():
    names = list(dsp.trace(X, 16_000, "opensmile_mfcc12"))
    assert names[-1] == "mfcc" and "deltas" in names
    for index, name in enumerate(names):
        assert list(dsp.trace(X, 16_000, "opensmile_mfcc12", until=name)) == names[: index + 1]
    assert list(dsp.trace(X, 16_000, "scipy_stft"))[-2:] == ["mel", "log_mel"]
    assert list(dsp.trace(X, 16_000, "scipy_stft", until="filterbank"))[-1] == "mel"


LOUD = np.abs(X) * 20_000  # of one sign, so that the other sign is a case of its own
COMPUTE = {
    "mfcc": lambda x, convention: dsp.mfcc(x, 16_000, convention),
    "log_mel": lambda x, convention: dsp.log_mel(x, 16_000, convention),
    "trace": lambda x, convention: dsp.trace(x, 16_000, convention),
    "extract": lambda x, convention: dsp.extract([x], 16_000, convention),
    "extract of many": lambda x, convention: dsp.extract([X, x, x], 16_000, convention),
}


@pytest.mark.parametrize("name", COMPUTE)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_signal_beyond_full_scale_warns_once(name, sign):
    """Where 16-bit values were not divided by 32768, the user's own line is named, and what to do."""
    with pytest.warns(UserWarning, match=r"reaches 9999.*divide 16-bit samples by 32768, or set scale=1") as caught:
        COMPUTE[name](sign * LOUD, "kaldi")
    (warning,) = caught
    assert warning.filename == __file__
    assert ("signals[1] (and 1 more)" in str(warning.message)) == (name == "extract of many")


@pytest.mark.parametrize("name", COMPUTE)
@pytest.mark.parametrize(
    ("x", "convention"), [(LOUD, "librosa"), (X / np.abs(X).max(), "kaldi"), (LOUD, "essentia_16k")]
)
def test_full_scale_itself_and_other_conventions_do_not_warn(name, x, convention):
    if convention == "essentia_16k":
        convention = dsp.Convention(scale=2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", message=".* mel filters are empty")
        if convention == "librosa" and name == "extract of many":
            x = x[:900]
        COMPUTE[name](np.resize(x, 3000), convention)
