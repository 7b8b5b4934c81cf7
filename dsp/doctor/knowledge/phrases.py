"""The parameters in a user's words: one plain sentence for a difference between two conventions.

A row of WORDING is how a sentence about the parameter begins after a tool's name, and how it goes on for each value;
NUMBER stands for any number, {} for that number, {ms} for a thousand times it. "'s window is" makes the sentence
"librosa's window is periodic, kaldi's symmetric".
"""

from dsp.conventions.parameters import PARAMETERS

NUMBER = "a number"

WORDING = {
    "scale": (
        " takes",
        {
            1.0: "the samples as they are (-1 .. 1)",
            32768.0: "16-bit values (x 32768)",
            NUMBER: "the samples times {}",
        },
    ),
    "dither": (" adds", {0.0: "no dither", NUMBER: "dither of standard deviation {}"}),
    "dc_removal": (
        " takes",
        {None: "no mean off", "signal": "the mean of the whole signal off", "frame": "the mean of each frame off"},
    ),
    "preemphasis": (" does", {0.0: "no pre-emphasis", NUMBER: "pre-emphasis by {}"}),
    "preemphasis_in": (" pre-emphasises", {"signal": "the whole signal at once", "frame": "each frame anew"}),
    "preemphasis_first": (
        "'s first pre-emphasised sample is",
        {"keep": "x0 itself", "replicate": "(1 - a) x0", "extrapolate": "3 x0 - x1"},
    ),
    "frame_length": ("'s frames are", {None: "given in seconds", NUMBER: "{} samples long"}),
    "frame_length_s": ("'s frames are", {None: "not given in seconds", NUMBER: "{ms} ms long"}),
    "hop_length": ("'s hop is", {None: "not given in samples", NUMBER: "{} samples"}),
    "hop_length_s": ("'s hop is", {None: "half a frame or given in samples", NUMBER: "{ms} ms"}),
    "rounding": (
        " rounds lengths",
        {
            "down": "down to samples",
            "half up": "to the nearest sample, halves up",
            "power of two down": "down to a power of two",
        },
    ),
    "framing": (
        "",
        {
            "valid": "takes whole frames alone and leaves out the tail",
            "center, zeros": "pads half a frame of zeros at both ends",
            "center, reflect": "mirrors half a frame of signal at both ends",
            "pad tail": "fills up the tail with zeros",
            "symmetric": "centres frames between the hops and mirrors the signal at both ends, its edge samples twice",
            "scipy": "pads half a frame of zeros at both ends and fills up the tail",
        },
    ),
    "last_frame": ("", {"kept": "keeps the last frame", "dropped": "drops the last frame"}),
    "window": (
        "'s window is",
        {
            "rectangular": "rectangular",
            "hamming": "a Hamming window",
            "hann": "a Hann window",
            "povey": "a Povey window (Hann to the power 0.85)",
            "blackman": "a Blackman window",
            "blackman harris": "a Blackman-Harris window",
            "bartlett": "a triangle (Bartlett)",
            "sine": "half a sine",
            "tukey": "a Tukey window (a quarter of it tapered)",
        },
    ),
    "window_symmetry": ("'s window is", {"symmetric": "symmetric", "periodic": "periodic"}),
    "window_alignment": (
        "'s window stands",
        {"left": "at the start of the transform", "center": "in the middle of the transform"},
    ),
    "n_fft": (
        "'s transform is",
        {
            "power of two": "as long as the next power of two",
            "frame length": "as long as the frame",
            NUMBER: "{} points long",
        },
    ),
    "spectrum": (" takes", {"power": "the power |X|^2", "magnitude": "the magnitude |X|"}),
    "spectrum_norm": (
        "",
        {
            None: "leaves the spectrum as it is",
            "n_fft": "divides the power by the length of the transform",
            "window sum": "divides the spectrum by the sum of the window",
            "window energy": "divides the power by the sum of the squared window",
            "density": "divides the power by the sample rate and the sum of the squared window (a density per Hz)",
        },
    ),
    "spectrum_scaling": (
        " counts",
        {
            "as is": "each frequency once",
            "one-sided, doubled": "each frequency with its mirror image (twice the power)",
        },
    ),
    "n_mels": (
        " has",
        {
            None: "no mel filters, only the bins of the transform",
            "3 ln rate": "3 ln(sample rate) mel bands",
            NUMBER: "{} mel bands",
        },
    ),
    "f_min": ("'s lowest mel filter begins at", {NUMBER: "{} Hz"}),
    "f_max": ("'s highest mel filter ends at", {None: "half the sample rate", NUMBER: "{} Hz"}),
    "mel_scale": (
        "'s mel scale is",
        {
            "htk": "2595 log10(1 + f / 700)",
            "kaldi": "1127 ln(1 + f / 700)",
            "slaney": "Slaney's (linear below 1 kHz, logarithmic above)",
        },
    ),
    "mel_triangles": (
        "'s mel filters are",
        {
            "hz": "straight lines in Hz",
            "mel": "straight lines in mel",
            "bins": "straight lines with edges rounded to FFT bins",
        },
    ),
    "mel_norm": (
        "'s mel filters have",
        {None: "peak 1", "slaney": "equal areas", "sum": "sum 1", "doubled": "peak 2"},
    ),
    "log": (
        " takes",
        {
            None: "no logarithm",
            "ln": "the natural logarithm",
            "log10": "the logarithm to base 10",
            "10 log10": "decibels, 10 log10",
            "20 log10": "decibels, 20 log10",
        },
    ),
    "floor": ("'s floor under the logarithm is", {NUMBER: "{}"}),
    "floor_rule": (
        "",
        {
            "at least": "raises what is below the floor to it",
            "add": "adds the floor to every value",
            "zeros only": "puts the floor in place of zeros alone",
            "fraction of maximum": "takes the floor as a share of the clip's greatest value",
        },
    ),
    "reference": ("'s levels are", {None: "absolute", "maximum": "relative to the clip's greatest"}),
    "dynamic_range": (
        "",
        {None: "leaves quiet levels as they are", NUMBER: "cuts off levels more than {} below the clip's greatest"},
    ),
    "log_gain": (" multiplies the logarithm", {NUMBER: "by {}"}),
    "log_offset": (" adds", {0.0: "nothing to the logarithm", NUMBER: "{} to the logarithm"}),
    "n_mfcc": ("", {None: "makes no cepstra", NUMBER: "keeps {} cepstral coefficients"}),
    "dct_type": ("'s DCT is", {2: "of type II", 3: "of type III"}),
    "dct_norm": (
        "'s DCT is",
        {None: "not normalised (factor 2)", "ortho": "orthonormal", "htk": "scaled by sqrt(2/N) for c0, too"},
    ),
    "c0": ("", {"first": "puts c0 first", "last": "puts c0 last", "none": "leaves c0 out"}),
    "lifter": ("", {0.0: "does not lifter", NUMBER: "lifters with a sine of length {}"}),
    "lifter_first": ("'s lifter counts", {0: "c0 as 0", 1: "c0 as 1"}),
    "energy": (
        "",
        {
            None: "has no log energy",
            "replaces c0": "replaces c0 by the log energy",
            "first": "puts the log energy before the cepstra",
            "last": "puts the log energy after the cepstra",
        },
    ),
    "energy_of": (
        "'s energy is that of",
        {
            "raw frame": "the frame before pre-emphasis and window",
            "windowed frame": "the windowed frame",
            "spectrum": "the spectrum",
        },
    ),
    "energy_floor": ("'s floor under the energy is", {NUMBER: "{}"}),
    "delta_orders": (" appends", {0: "no deltas", 1: "deltas", 2: "deltas and second deltas"}),
    "delta_width": ("'s deltas span", {NUMBER: "{} frames"}),
    "delta_edges": (
        "'s deltas",
        {"replicate": "repeat the frames at the edges", "interp": "go on in a straight line at the edges"},
    ),
    "delta_second": (
        "'s second deltas are",
        {
            "delta of delta": "deltas of the deltas",
            "delta of delta, extended": "deltas of the deltas, the last frame repeated before both",
            "curvature": "the curvature of a fitted parabola",
        },
    ),
    "normalization": (
        "",
        {
            None: "does not normalise the cepstra",
            "mean": "takes the mean of each row off",
            "mean and variance": "brings each row to mean 0 and variance 1",
        },
    ),
}


def said(parameter: str, value, digits: int | None = 6) -> str:
    """The phrase for one value of a parameter: said("window_symmetry", "periodic") is "periodic".

    digits : of a number; None for all it has

    Raises ValueError for an unknown parameter, or a value it cannot have.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    if parameter not in WORDING:
        raise ValueError(f"unknown parameter {parameter!r}; known are {', '.join(PARAMETERS)}")
    phrases = WORDING[parameter][1]
    if value in phrases:
        return phrases[value]
    if NUMBER not in phrases or isinstance(value, str) or value is None:
        allowed = ", ".join(repr(known) if known != NUMBER else NUMBER for known in phrases)
        raise ValueError(f"{parameter}={value!r} is none of {allowed}")
    shown = "" if digits is None else f".{digits}g"
    return phrases[NUMBER].format(format(value, shown), ms=format(1000 * value, shown))


def stated(parameter: str, value, name: str) -> str:
    """What one tool does: stated("window_symmetry", "periodic", "librosa") is "librosa's window is periodic".

    Checked: tests/test_doctor_says_it_in_words.py
    """
    return f"{name}{_begun(parameter)} {said(parameter, value)}"


def difference(parameter: str, a, b, name_a: str, name_b: str) -> str:
    """One sentence, without its full stop, on a parameter that is a in one tool and b in another.

    Raises ValueError as said.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    digits = 6 if said(parameter, a) != said(parameter, b) else None
    owner = "'s" if _begun(parameter).startswith("'s") else ""
    return f"{name_a}{_begun(parameter)} {said(parameter, a, digits)}, {name_b}{owner} {said(parameter, b, digits)}"


def _begun(parameter: str) -> str:
    return WORDING[parameter][0] if parameter in WORDING else ""
