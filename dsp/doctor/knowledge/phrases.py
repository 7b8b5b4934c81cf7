"""The parameters of a convention in plain words: one sentence for one value, and one for a difference.

A row of PHRASES holds a subject, a verb, and what follows the verb for each value. NUMBER stands for any number, {} for
that number and {ms} for a thousand times it. Where the phrases contain their verbs, subject and verb are empty. So
("'s window", "is", {"periodic": "periodic", ..}) gives "librosa's window is periodic, while kaldi's is symmetric".
"""

from typing import Any

from dsp.conventions.parameters import PARAMETERS

NUMBER = "a number"
DIGITS = 6  # of a number; two numbers that agree in so many are shown with all their digits

PHRASES: dict[str, tuple[str, str, dict[Any, str]]] = {
    "scale": (
        "",
        "",
        {
            1.0: "takes samples between -1 and 1",
            32768.0: "takes 16-bit sample values (x 32768)",
            NUMBER: "multiplies the samples by {}",
        },
    ),
    "dither": ("", "", {0.0: "adds no dither", NUMBER: "adds dither with a standard deviation of {}"}),
    "dc_removal": (
        "",
        "",
        {
            None: "does not remove the DC offset",
            "signal": "removes the DC offset of the whole signal",
            "frame": "removes the DC offset of each frame",
        },
    ),
    "preemphasis": (
        "",
        "",
        {0.0: "applies no pre-emphasis", NUMBER: "applies pre-emphasis with a coefficient of {}"},
    ),
    "preemphasis_in": (
        "",
        "applies pre-emphasis to",
        {"signal": "the whole signal", "frame": "each frame separately"},
    ),
    "preemphasis_first": (
        "'s first pre-emphasized sample",
        "is",
        {"keep": "x[0]", "replicate": "(1 - a) x[0]", "extrapolate": "3 x[0] - x[1]"},
    ),
    "frame_length": ("'s frames", "are", {None: "defined in seconds", NUMBER: "{} samples long"}),
    "frame_length_s": ("'s frames", "are", {None: "not defined in seconds", NUMBER: "{ms} ms long"}),
    "hop_length": ("'s hop", "is", {None: "not defined in samples", NUMBER: "{} samples"}),
    "hop_length_s": ("'s hop", "is", {None: "half a frame, or defined in samples", NUMBER: "{ms} ms"}),
    "rounding": (
        "",
        "rounds lengths",
        {
            "down": "down to whole samples",
            "half up": "to the nearest sample, halves up",
            "power of two down": "down to a power of two",
        },
    ),
    "framing": (
        "",
        "",
        {
            "valid": "uses only frames that lie inside the signal and drops the tail",
            "valid, centered": "uses only frames that lie inside the signal and centers them in it",
            "center, zeros": "pads half a frame of zeros at both ends",
            "center, reflect": "reflects half a frame of the signal at both ends",
            "half overlap, reflect": "reflects half the overlap of two frames at both ends",
            "pad tail": "pads the tail with zeros to a whole frame",
            "every hop": "begins a frame at every hop and pads the last ones with zeros",
            "symmetric": "centers frames between the hops and mirrors the signal at both ends, edge sample included",
            "scipy": "pads half a frame of zeros at both ends and the tail to a whole frame",
        },
    ),
    "last_frame": ("", "", {"kept": "keeps the last frame", "dropped": "drops the last frame"}),
    "window": (
        "'s window",
        "is",
        {
            "rectangular": "rectangular",
            "hamming": "a Hamming window",
            "hann": "a Hann window",
            "povey": "a Povey window (Hann to the power 0.85)",
            "blackman": "a Blackman window",
            "blackman harris": "a Blackman-Harris window",
            "bartlett": "a triangular (Bartlett) window",
            "gaussian": "a Gaussian window, cut off at exp(-12)",
            "sine": "a sine window (half a period)",
            "tukey": "a Tukey window (a quarter of it tapered)",
        },
    ),
    "window_symmetry": ("'s window", "is", {"symmetric": "symmetric", "periodic": "periodic"}),
    "window_alignment": (
        "'s window",
        "lies",
        {"left": "at the start of the transform", "center": "in the middle of the transform"},
    ),
    "n_fft": (
        "'s transform",
        "is",
        {
            "power of two": "as long as the next power of two",
            "frame length": "as long as the frame",
            NUMBER: "{} points long",
        },
    ),
    "spectrum": ("", "uses", {"power": "the power |X|^2", "magnitude": "the magnitude |X|"}),
    "spectrum_norm": (
        "",
        "",
        {
            None: "does not normalize the spectrum",
            "n_fft": "divides the power by the length of the transform",
            "window sum": "divides the spectrum by the sum of the window",
            "window energy": "divides the power by the sum of the squared window",
            "density": "divides the power by the sample rate and the sum of the squared window (a density per Hz)",
            "praat": "divides the power by the length of the transform, by n / (n - 1) and by the sum of the squared "
            "window of n samples",
        },
    ),
    "spectrum_scaling": (
        "",
        "",
        {
            "as is": "leaves the one-sided spectrum as it is",
            "one-sided, doubled": "doubles the power of the one-sided spectrum except at its two ends",
        },
    ),
    "spectrum_floor": (
        "",
        "",
        {0.0: "takes the root of the power as it is", NUMBER: "puts a floor of {} under the power before its root"},
    ),
    "spectrum_floor_rule": (
        "",
        "",
        {
            "add": "adds the floor under the root to every power",
            "at least": "raises powers below the floor under the root to it",
        },
    ),
    "n_mels": (
        "",
        "uses",
        {
            None: "the bins of the transform without mel filters",
            "3 ln rate": "3 ln(sample rate) mel bands",
            "every 100 mel": "a mel band every 100 mel",
            NUMBER: "{} mel bands",
        },
    ),
    "f_min": ("'s lowest mel filter", "starts at", {NUMBER: "{} Hz"}),
    "f_max": ("'s highest mel filter", "ends at", {None: "half the sample rate", NUMBER: "{} Hz"}),
    "mel_scale": (
        "'s mel scale",
        "is",
        {
            "htk": "2595 log10(1 + f / 700)",
            "kaldi": "1127 ln(1 + f / 700)",
            "slaney": "Slaney's (linear below 1 kHz, logarithmic above)",
        },
    ),
    "mel_triangles": (
        "'s mel filters",
        "are",
        {
            "hz": "triangles in Hz",
            "mel": "triangles in mel",
            "mel, cut at bins": "triangles in mel, cut off at the FFT bins nearest to the band limits",
            "bins": "triangles with edges rounded to FFT bins",
            "symmetric": "triangles in Hz with both sides as wide as the lower one",
            "stretched": "triangles in Hz on bins that are stretched over the band",
        },
    ),
    "mel_norm": (
        "'s mel filters",
        "have",
        {None: "a peak of 1", "slaney": "equal areas", "sum": "a sum of 1", "doubled": "a peak of 2"},
    ),
    "log": (
        "",
        "",
        {
            None: "takes no logarithm",
            "ln": "takes the natural logarithm",
            "log10": "takes the logarithm to base 10",
            "10 log10": "computes decibels as 10 log10",
            "20 log10": "computes decibels as 20 log10",
        },
    ),
    "floor": ("'s floor under the logarithm", "is", {NUMBER: "{}"}),
    "floor_rule": (
        "",
        "",
        {
            "at least": "raises values below the floor to the floor",
            "add": "adds the floor to every value",
            "zeros only": "replaces only zeros with the floor",
            "fraction of maximum": "takes the floor relative to the greatest value of the clip",
            "fraction of greatest bin": "takes the floor relative to the greatest FFT bin of the clip",
        },
    ),
    "reference": ("'s levels", "are", {None: "absolute", "maximum": "relative to the greatest level of the clip"}),
    "dynamic_range": (
        "",
        "",
        {
            None: "does not limit the dynamic range",
            NUMBER: "raises levels more than {} below the greatest level of the clip to that limit",
        },
    ),
    "log_gain": ("", "multiplies the logarithm", {NUMBER: "by {}"}),
    "log_offset": ("", "adds", {0.0: "nothing to the logarithm", NUMBER: "{} to the logarithm"}),
    "mel_energy": (
        "",
        "",
        {
            None: "has no row of energy beside the mel bands",
            "first": "puts a row of log energy before the mel bands",
            "last": "puts a row of log energy after the mel bands",
        },
    ),
    "n_mfcc": ("", "", {None: "computes no cepstra", NUMBER: "keeps {} cepstral coefficients"}),
    "dct_type": ("'s DCT", "is", {2: "of type II", 3: "of type III"}),
    "dct_norm": (
        "'s DCT",
        "is",
        {
            None: "not normalized (factor 2)",
            "ortho": "orthonormal",
            "htk": "scaled by sqrt(2/N), c0 included",
            "sum": "the plain sum of cosines (factor 1)",
        },
    ),
    "c0": ("", "", {"first": "puts c0 first", "last": "puts c0 last", "none": "leaves c0 out"}),
    "lifter": ("", "applies", {0.0: "no lifter", NUMBER: "a sine lifter of length {}"}),
    "lifter_first": ("'s lifter", "counts", {0: "c0 as 0", 1: "c0 as 1"}),
    "energy": (
        "",
        "",
        {
            None: "includes no log energy",
            "replaces c0": "replaces c0 with the log energy",
            "first": "puts the log energy before the cepstra",
            "last": "puts the log energy after the cepstra",
        },
    ),
    "energy_of": (
        "'s energy",
        "is that of",
        {
            "raw frame": "the frame before pre-emphasis and window",
            "windowed frame": "the windowed frame",
            "spectrum": "the spectrum",
        },
    ),
    "energy_floor": ("'s floor under the energy", "is", {NUMBER: "{}"}),
    "smoothing": ("", "", {1: "does not smooth over frames", NUMBER: "averages the cepstra over {} frames"}),
    "delta_orders": ("", "appends", {0: "no deltas", 1: "first deltas", 2: "first and second deltas"}),
    "delta_width": ("'s deltas", "span", {NUMBER: "{} frames"}),
    "delta_edges": (
        "'s deltas at the edges",
        "come from",
        {"replicate": "repeated edge frames", "interp": "a polynomial fitted to the first or last full window"},
    ),
    "delta_second": (
        "'s second deltas",
        "are",
        {
            "delta of delta": "deltas of the deltas",
            "delta of delta, extended": "deltas of the deltas, with the last frame repeated before both",
            "curvature": "the curvature of a fitted parabola",
        },
    ),
    "normalization": (
        "",
        "",
        {
            None: "does not normalize the rows",
            "mean": "subtracts the mean of each row",
            "mean and variance": "scales each row to mean 0 and variance 1",
        },
    ),
    "normalization_ddof": (
        "'s variance",
        "is",
        {0: "a sum divided by the number of frames", 1: "a sum divided by the number of frames less one"},
    ),
    "normalization_eps": (
        "",
        "adds",
        {0.0: "nothing before it divides by the deviation", NUMBER: "{} before it divides by the deviation"},
    ),
    "normalization_eps_to": (
        "",
        "adds",
        {"deviation": "that to the standard deviation", "variance": "that to the variance"},
    ),
}


def phrase(parameter: str, value, digits: int | None = DIGITS) -> str:
    """What follows the verb for one value of a parameter: phrase("window_symmetry", "periodic") is "periodic".

    digits : of a number; None for all that it has

    Raises ValueError for an unknown parameter, or a value that it cannot have.

    Checked: tests/test_doctor_sentences_are_pinned.py
    """
    if parameter not in PHRASES:
        raise ValueError(f"unknown parameter {parameter!r}; known are {', '.join(PARAMETERS)}")
    phrases = PHRASES[parameter][2]
    if value in phrases:
        return phrases[value]
    if NUMBER not in phrases or isinstance(value, str) or value is None:
        allowed = ", ".join(repr(known) if known != NUMBER else NUMBER for known in phrases)
        raise ValueError(f"{parameter}={value!r} is none of {allowed}")
    shown = "" if digits is None else f".{digits}g"
    return phrases[NUMBER].format(format(value, shown), ms=format(1000 * value, shown))


def statement(parameter: str, value, name: str) -> str:
    """What one tool does: statement("window_symmetry", "periodic", "librosa") is "librosa's window is periodic".

    Raises ValueError as phrase does.

    Checked: tests/test_doctor_sentences_are_pinned.py
    """
    return _clause(parameter, phrase(parameter, value), name)


def difference(parameter: str, a, b, name_a: str, name_b: str) -> str:
    """One sentence, without its full stop, on a parameter that is a in one tool and b in another.

    Raises ValueError as phrase does.

    Checked: tests/test_doctor_sentences_are_pinned.py
    """
    digits = DIGITS if phrase(parameter, a) != phrase(parameter, b) else None
    first = _clause(parameter, phrase(parameter, a, digits), name_a)
    return f"{first}, while {_clause(parameter, phrase(parameter, b, digits), name_b, subject_is_known=True)}"


def _clause(parameter: str, words: str, name: str, subject_is_known: bool = False) -> str:
    subject, verb, _ = PHRASES[parameter]
    if subject_is_known and subject:
        subject = "'s"
    return " ".join(filter(None, (f"{name}{subject}", verb, words)))


def percent(share: float) -> str:
    """A share in percent, rounded as people say it: 1.2 is "120 %", 0.0123 is "1.2 %"."""
    return f"{two_digits(100 * share)} %"


def two_digits(value: float) -> str:
    """A number that is not negative with two significant digits, without an exponent where it is large."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def kind_of_features(kind: str) -> str:
    """A kind of features in words."""
    return {"mfcc": "cepstra", "stack": "several features"}.get(kind, "bands or spectra")
