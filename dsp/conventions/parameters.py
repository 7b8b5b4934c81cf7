"""Every parameter in which the features of two tools can differ, as one table of words and numbers.

A `Convention` determines completely how a signal becomes log-mel values and cepstra. `CONVENTIONS` holds those of
known tools (dsp/conventions/registry.py); `dataclasses.replace(c, n_mels=40)` derives another. The textbook lane
(dsp/mfcc.py) and the engine both take a Convention and nothing else, so two features are equal exactly if their
conventions are.

Here lengths are samples, or seconds where the name ends in _s; choices are words, never booleans; None means that a
step is not done.
"""

import dataclasses
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dsp.checks import as_count, as_number, as_word
from dsp.dct import DctNorm, DctType
from dsp.deltas import DeltaEdges, SecondDelta
from dsp.framing import Framing
from dsp.mel import MelCount, MelNorm, MelScale, MelTriangles
from dsp.normalization import EpsTo
from dsp.preemphasis import FirstSample

DcRemoval = Literal[None, "signal", "frame"]
PreemphasisIn = Literal["signal", "frame"]
Rounding = Literal["down", "half up", "power of two down"]
LastFrame = Literal["kept", "dropped"]
Window = Literal[
    "rectangular", "hamming", "hann", "povey", "blackman", "blackman harris", "bartlett", "gaussian", "sine", "tukey"
]
WindowSymmetry = Literal["symmetric", "periodic"]
WindowAlignment = Literal["left", "center"]
FftLength = Literal["power of two", "frame length"]
Spectrum = Literal["power", "magnitude"]
SpectrumNorm = Literal[None, "n_fft", "window sum", "window energy", "density", "praat"]
SpectrumScaling = Literal["as is", "one-sided, doubled"]
Log = Literal[None, "ln", "log10", "10 log10", "20 log10"]
SpectrumFloorRule = Literal["add", "at least"]
FloorRule = Literal["at least", "add", "zeros only", "fraction of maximum", "fraction of greatest bin"]
Reference = Literal[None, "maximum"]
C0 = Literal["first", "last", "none"]
MelEnergy = Literal[None, "first", "last"]
Energy = Literal[None, "replaces c0", "first", "last"]
EnergyOf = Literal["raw frame", "windowed frame", "spectrum"]
Normalization = Literal[None, "mean", "mean and variance"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Convention:
    """How a signal becomes features: every parameter in which real tools differ.

    A convention is frozen; `dataclasses.replace(convention, n_mels=40)` returns a changed copy. Each entry below
    gives the allowed values, the meaning, the unit, and the default.

    About the convention (not compared, not part of its fingerprint)
    ----------------------------------------------------------------
    tool : str. The tool, its version and its function. Default ''.
    status : str. What the convention was verified against, or that it was not. Default 'made by hand'.

    The signal
    ----------
    scale : float, not 0. Factor on the samples: 1 for samples in -1 .. 1, 32768 where a tool expects 16-bit values.
        Default 1.0.
    dither : float >= 0. Standard deviation of the seeded noise that is added to the scaled samples. Default 0.0.
    dc_removal : None, 'signal' or 'frame'. Subtracts nothing, the mean of the whole signal, or the mean of each frame.
        Default None.
    preemphasis : float in 0 .. 1. The a of y[n] = x[n] - a x[n-1]; 0 means none. Default 0.0.
    preemphasis_in : 'signal' or 'frame'. Filters the whole signal once, or each frame on its own. Default 'signal'.
    preemphasis_first : 'keep', 'replicate' or 'extrapolate'. The first output sample y[0] is x[0], (1 - a) x[0], or
        3 x[0] - x[1]. Default 'keep'.

    Frames
    ------
    frame_length : int >= 1 or None. Samples in a frame; None takes frame_length_s. Default None.
    frame_length_s : float > 0 or None. Seconds in a frame, used if frame_length is None. Default 0.025.
    hop_length : int >= 1 or None. Samples from one frame to the next; None takes hop_length_s. Default None.
    hop_length_s : float > 0 or None. Seconds from one frame to the next, used if hop_length is None; if both are None,
        the hop is half a frame. Default 0.01.
    rounding : 'down', 'half up' or 'power of two down'. How seconds become samples. Default 'down'.
    framing : 'valid', 'valid, centered', 'center, zeros', 'center, reflect', 'half overlap, reflect', 'pad tail',
        'every hop', 'symmetric' or 'scipy'. How many frames there are, where they lie and what extends the signal at
        its ends; dsp.count_frames and dsp.extend define each word. Default 'valid'.
    last_frame : 'kept' or 'dropped'. Whisper drops the last frame. Default 'kept'.
    window : 'rectangular', 'hamming', 'hann', 'povey', 'blackman', 'blackman harris', 'bartlett', 'gaussian', 'sine' or
        'tukey'. The window function (dsp.hamming and so on; Tukey's with alpha = 0.25). Default 'hamming'.
    window_symmetry : 'symmetric' or 'periodic'. The window ends where it began, or one sample earlier.
        Default 'symmetric'.
    window_alignment : 'left' or 'center'. Where a window shorter than n_fft lies: at the start of the transform, with
        zeros after it, or in the middle of frames of n_fft samples. Default 'left'.
    n_fft : int >= 1, 'power of two' or 'frame length'. Samples of the transform; the words take the smallest power of
        two that holds a frame, or the frame length itself. Default 'power of two'.

    Spectrum
    --------
    spectrum : 'power' or 'magnitude'. |X|^2 or |X|. Default 'power'.
    spectrum_norm : None, 'n_fft', 'window sum', 'window energy', 'density' or 'praat'. Divides |X|^2 by 1, n_fft,
        sum(w)^2, sum(w^2), sample_rate sum(w^2), or n_fft sum(w^2) n / (n - 1), n samples in w. Default None.
    spectrum_scaling : 'as is' or 'one-sided, doubled'. The latter doubles the power except at 0 Hz and the Nyquist
        frequency, which have no mirror image. Default 'as is'.
    spectrum_floor : float >= 0. A floor under |X|^2 of a magnitude, before the root is taken; 0 means none.
        Default 0.0.
    spectrum_floor_rule : 'add' or 'at least'. The floor is added to every |X|^2, or smaller ones become the floor.
        Default 'add'.

    Mel filters
    -----------
    n_mels : int >= 1, '3 ln rate', 'every 100 mel' or None. Number of filters; '3 ln rate' is floor(3 ln sample_rate),
        'every 100 mel' has as many as fit (dsp.mel_filterbank), and None keeps the FFT bins. Default 26.
    f_min : float >= 0. Hz, where the lowest filter begins. Default 0.0.
    f_max : float or None. Hz, where the highest filter ends; None takes the Nyquist frequency. Default None.
    mel_scale : 'htk', 'kaldi' or 'slaney'. The formula of dsp.hz_to_mel. Default 'htk'.
    mel_triangles : 'hz', 'mel', 'mel, cut at bins', 'bins', 'symmetric' or 'stretched'. The axis on which the sides of
        a filter are straight lines, and what a tool makes of it; dsp.mel_filterbank defines each word. Default 'hz'.
    mel_norm : None, 'slaney', 'sum' or 'doubled'. Filters of peak 1, of equal area, of sum 1, or of peak 2 (see
        dsp.mel_filterbank). Default None.

    Logarithm
    ---------
    log : None, 'ln', 'log10', '10 log10' or '20 log10'. The logarithm; None takes none, and only log_gain and
        log_offset apply. Default 'ln'.
    floor : float > 0. In the unit of the mel values; see floor_rule. Default 1e-10.
    floor_rule : 'at least', 'add', 'zeros only', 'fraction of maximum' or 'fraction of greatest bin'. Values below the
        floor become the floor; the floor is added to every value; only zeros become the floor; or the floor is that
        fraction of the clip's greatest mel value, or of the greatest bin that any filter uses. Default 'at least'.
    reference : None or 'maximum'. 'maximum' subtracts the clip's maximum, so that it becomes 0. Default None.
    dynamic_range : float >= 0 or None. In the unit of the logarithm: values further below the clip's maximum are raised
        to this distance (librosa's top_db). Default None.
    log_gain : float. Applied last: log_gain * value + log_offset. Default 1.0.
    log_offset : float. See log_gain. Default 0.0.
    mel_energy : None, 'first' or 'last'. Where the log energy of the frame stands beside the log-mel values: nowhere,
        in a row before them, or after them; energy_of and energy_floor apply, cepstra ignore it. Default None.

    Cepstrum
    --------
    n_mfcc : int >= 1 or None. Number of coefficients: c0 .. c(n-1), or c1 .. cn if c0 is 'last' or 'none'; None stops
        at the log-mel values. Default 13.
    dct_type : 2 or 3. The type of the DCT (dsp.dct_matrix). Default 2.
    dct_norm : None, 'ortho', 'htk' or 'sum'. The norm of the DCT (dsp.dct). Default 'ortho'.
    c0 : 'first', 'last' or 'none'. The row of c0: before the others, after them, or left out. Default 'first'.
    lifter : float >= 0. Length L of the sine lifter (dsp.lifter); 0 means none. Default 0.0.
    lifter_first : int >= 0. The number that the lifter gives the first coefficient: 0, or 1 in librosa. Default 0.
    energy : None, 'replaces c0', 'first' or 'last'. Where the log energy of the frame stands: nowhere, instead of c0,
        in a row before the cepstra, or after them. Default None.
    energy_of : 'raw frame', 'windowed frame' or 'spectrum'. Energy is ln of the sum of squares after DC removal, of
        that after pre-emphasis and window, or of the sum of the power spectrum. Default 'raw frame'.
    energy_floor : float >= 0. Smallest energy before its logarithm. Default 0.0.

    Over time
    ---------
    smoothing : int >= 1, odd. Frames in the moving average over the cepstra; 1 means none. The first and
        the last frame are repeated beyond the ends. Default 1.
    delta_orders : 0, 1 or 2. Rows appended to the cepstra: none, deltas, or deltas and second-order deltas. Default 0.
    delta_width : int >= 3, odd. Frames in the window of the deltas. Default 9.
    delta_edges : 'replicate' or 'interp'. What the deltas do at the ends (dsp.delta). Default 'replicate'.
    delta_second : 'delta of delta', 'delta of delta, extended' or 'curvature'. Second-order deltas: deltas of the
        deltas; the same, with the last static frame first repeated (openSMILE); or the second derivative of a fitted
        parabola (librosa). Default 'delta of delta'.
    normalization : None, 'mean' or 'mean and variance'. Of every row of the finished features over the utterance: of
        the cepstra, or of the log-mel values if n_mfcc is None. Default None.
    normalization_ddof : 0 or 1. The variance is a sum over n frames divided by n, or by n - 1. Default 0.
    normalization_eps : float >= 0. Added before the division by the standard deviation. Default 0.0.
    normalization_eps_to : 'deviation' or 'variance'. What normalization_eps is added to. Default 'deviation'.

    Raises
    ------
    ValueError  for a value that its field does not allow, with the nearest word.

    Source: the documentation of each tool. Checked: tests/test_conventions_are_tables.py
    """

    tool: str = ""
    status: str = "made by hand"

    scale: float = 1.0
    dither: float = 0.0
    dc_removal: DcRemoval = None
    preemphasis: float = 0.0
    preemphasis_in: PreemphasisIn = "signal"
    preemphasis_first: FirstSample = "keep"

    frame_length: int | None = None
    frame_length_s: float | None = 0.025
    hop_length: int | None = None
    hop_length_s: float | None = 0.010
    rounding: Rounding = "down"
    framing: Framing = "valid"
    last_frame: LastFrame = "kept"
    window: Window = "hamming"
    window_symmetry: WindowSymmetry = "symmetric"
    window_alignment: WindowAlignment = "left"
    n_fft: int | FftLength = "power of two"

    spectrum: Spectrum = "power"
    spectrum_norm: SpectrumNorm = None
    spectrum_scaling: SpectrumScaling = "as is"
    spectrum_floor: float = 0.0
    spectrum_floor_rule: SpectrumFloorRule = "add"

    n_mels: int | MelCount | None = 26
    f_min: float = 0.0
    f_max: float | None = None
    mel_scale: MelScale = "htk"
    mel_triangles: MelTriangles = "hz"
    mel_norm: MelNorm = None

    log: Log = "ln"
    floor: float = 1e-10
    floor_rule: FloorRule = "at least"
    reference: Reference = None
    dynamic_range: float | None = None
    log_gain: float = 1.0
    log_offset: float = 0.0
    mel_energy: MelEnergy = None

    n_mfcc: int | None = 13
    dct_type: DctType = 2
    dct_norm: DctNorm = "ortho"
    c0: C0 = "first"
    lifter: float = 0.0
    lifter_first: int = 0
    energy: Energy = None
    energy_of: EnergyOf = "raw frame"
    energy_floor: float = 0.0

    smoothing: int = 1
    delta_orders: Literal[0, 1, 2] = 0
    delta_width: int = 9
    delta_edges: DeltaEdges = "replicate"
    delta_second: SecondDelta = "delta of delta"
    normalization: Normalization = None
    normalization_ddof: Literal[0, 1] = 0
    normalization_eps: float = 0.0
    normalization_eps_to: EpsTo = "deviation"

    def __post_init__(self) -> None:
        for field, words in CHOICES.items():
            value = getattr(self, field)
            if not (isinstance(value, str) and value in words):  # searches make many conventions: first the usual case
                as_word(value, field, words)
        self._check_counts()
        for field, bounds in _BOUNDS.items():
            if getattr(self, field) is not None or field not in _OPTIONAL:
                as_number(getattr(self, field), field, **bounds)
        if self.scale == 0:
            raise ValueError("scale=0 would silence every signal; another number is expected")
        if self.frame_length is None and self.frame_length_s is None:
            raise ValueError("frame_length or frame_length_s must be given")

    def _check_counts(self) -> None:
        for field in ("frame_length", "hop_length", "n_mfcc"):
            if getattr(self, field) is not None:
                as_count(getattr(self, field), field)
        if not (self.n_mels is None or isinstance(self.n_mels, str)):
            as_count(self.n_mels, "n_mels")
        elif self.n_mels is not None:
            as_word(self.n_mels, "n_mels", MelCount)
        if isinstance(self.n_fft, str):
            as_word(self.n_fft, "n_fft", FftLength)
        else:
            as_count(self.n_fft, "n_fft")
        as_count(self.lifter_first, "lifter_first", min_value=0)
        if as_count(self.delta_width, "delta_width", min_value=3) % 2 == 0:
            raise ValueError(f"delta_width={self.delta_width} is even; the window needs a middle frame")
        if as_count(self.smoothing, "smoothing") % 2 == 0:
            raise ValueError(f"smoothing={self.smoothing} is even; the average needs a middle frame")


_BOUNDS: dict[str, dict[str, Any]] = {
    "scale": {},
    "dither": {"low": 0},
    "preemphasis": {"low": 0, "high": 1},
    "frame_length_s": {"above": 0, "unit": "of seconds"},
    "hop_length_s": {"above": 0, "unit": "of seconds"},
    "f_min": {"low": 0, "unit": "of Hz"},
    "f_max": {"above": 0, "unit": "of Hz"},
    "spectrum_floor": {"low": 0},
    "floor": {"above": 0},  # silence needs a level
    "dynamic_range": {"low": 0},
    "log_gain": {},
    "log_offset": {},
    "lifter": {"low": 0},
    "energy_floor": {"low": 0},
    "normalization_eps": {"low": 0},
}
_OPTIONAL = ("frame_length_s", "hop_length_s", "f_max", "dynamic_range")
_TYPES = get_type_hints(Convention)

# What each field of a fixed set of values allows; WORDS has those whose values are words.
CHOICES: dict[str, tuple[Any, ...]] = {
    field: get_args(annotation) for field, annotation in _TYPES.items() if get_origin(annotation) is Literal
}
WORDS: dict[str, tuple[Any, ...]] = {
    field: values for field, values in CHOICES.items() if any(isinstance(value, str) for value in values)
}
PARAMETERS: tuple[str, ...] = tuple(field for field in _TYPES if field not in ("tool", "status"))
