"""Every parameter in which two tools' features can differ, as one table of words and numbers.

A `Convention` says completely how a signal becomes log-mel values and cepstra. `CONVENTIONS` names those
of known tools (dsp/conventions/registry.py); `dataclasses.replace(c, n_mels=40)` makes another. The textbook lane
(dsp/mfcc.py) and the engine both take a Convention and nothing else, so two features are equal
exactly if their conventions are.

Conventions here: lengths in samples, or in seconds where the name ends in _s; a word, never a
boolean; None means "not done".
"""

import dataclasses

from dsp.checks import as_count

WORDS = {  # the words each field may hold; None is allowed where it is listed
    "dc_removal": (None, "signal", "frame"),
    "preemphasis_in": ("signal", "frame"),
    "preemphasis_first": ("keep", "replicate", "extrapolate"),
    "rounding": ("down", "half up", "power of two down"),
    "framing": ("valid", "center, zeros", "center, reflect", "pad tail", "symmetric", "scipy"),
    "last_frame": ("kept", "dropped"),
    "window": ("rectangular", "hamming", "hann", "povey", "blackman", "blackman harris", "bartlett", "sine", "tukey"),
    "window_symmetry": ("symmetric", "periodic"),
    "window_alignment": ("left", "center"),
    "spectrum": ("power", "magnitude"),
    "spectrum_norm": (None, "n_fft", "window sum", "window energy", "density"),
    "spectrum_scaling": ("as is", "one-sided, doubled"),
    "mel_scale": ("htk", "kaldi", "slaney"),
    "mel_triangles": ("hz", "mel", "bins"),
    "mel_norm": (None, "slaney", "sum", "doubled"),
    "log": (None, "ln", "log10", "10 log10", "20 log10"),
    "floor_rule": ("at least", "add", "zeros only", "fraction of maximum"),
    "reference": (None, "maximum"),
    "dct_norm": (None, "ortho", "htk"),
    "c0": ("first", "last", "none"),
    "energy": (None, "replaces c0", "first", "last"),
    "energy_of": ("raw frame", "windowed frame", "spectrum"),
    "delta_edges": ("replicate", "interp"),
    "delta_second": ("delta of delta", "delta of delta, extended", "curvature"),
    "normalization": (None, "mean", "mean and variance"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Convention:
    """How a signal becomes features. Every field is a parameter in which real tools differ."""

    tool: str = ""  # whose convention this is, with its version
    status: str = "made by hand"  # against what it was verified, or that it was not

    # the signal
    scale: float = 1.0  # factor on the samples; 32768 where a tool expects 16-bit values
    dither: float = 0.0  # standard deviation of noise added to the scaled samples, seeded
    dc_removal: str | None = None  # mean of the whole signal or of each frame taken off
    preemphasis: float = 0.0  # a of y[n] = x[n] - a x[n-1]; 0 for none
    preemphasis_in: str = "signal"  # once over the signal, or in each frame anew
    preemphasis_first: str = "keep"  # y[0]: x[0], (1 - a) x[0], or 3 x[0] - x[1]

    # frames
    frame_length: int | None = None  # samples; or
    frame_length_s: float | None = 0.025  # seconds, rounded to samples
    hop_length: int | None = None
    hop_length_s: float | None = 0.010  # neither: half a frame
    rounding: str = "down"
    framing: str = "valid"  # what stands before and after the signal: see dsp.framing.count_frames
    last_frame: str = "kept"
    window: str = "hamming"
    window_symmetry: str = "symmetric"
    window_alignment: str = "left"  # of a window shorter than n_fft; "center" makes frames n_fft long
    n_fft: int | str = "power of two"  # or "frame length"

    # spectrum
    spectrum: str = "power"  # |X|^2 or |X|
    spectrum_norm: str | None = (
        None  # divides the power by n_fft, X by sum(w) or sqrt(sum(w^2)); "density": by rate sum(w^2)
    )
    spectrum_scaling: str = "as is"  # or "one-sided, doubled": twice the power except at 0 Hz and the Nyquist frequency

    # mel filters
    n_mels: int | str | None = 26  # None: the bins themselves; "3 ln rate": floor(3 ln sample_rate)
    f_min: float = 0.0  # Hz
    f_max: float | None = None  # Hz; None: the Nyquist frequency
    mel_scale: str = "htk"
    mel_triangles: str = "hz"
    mel_norm: str | None = None

    # logarithm
    log: str | None = "ln"  # None: none of what follows but gain and offset
    floor: float = 1e-10  # > 0
    floor_rule: str = "at least"
    reference: str | None = None  # "maximum": the clip's greatest value becomes 0
    dynamic_range: float | None = None  # in the logarithm's unit, below the clip's greatest value ("top_db")
    log_gain: float = 1.0  # after all of that: gain * value + offset
    log_offset: float = 0.0

    # cepstrum
    n_mfcc: int | None = 13  # coefficients c0 .. c(n-1), or c1 .. cn where c0 is "last" or "none"; None: no cepstrum
    dct_type: int = 2
    dct_norm: str | None = "ortho"
    c0: str = "first"
    lifter: float = 0.0
    lifter_first: int = 0  # 1: librosa's count from one
    energy: str | None = None
    energy_of: str = "raw frame"  # ln of the sum of squares after DC removal, after the window, or of the spectrum
    energy_floor: float = 0.0

    # over time
    delta_orders: int = 0  # rows appended to the cepstra: 1 deltas, 2 also their deltas
    delta_width: int = 9
    delta_edges: str = "replicate"
    delta_second: str = "delta of delta"  # "extended": the statics' last frame repeated before either (openSMILE)
    normalization: str | None = None  # of the finished cepstra, per row over the utterance

    def __post_init__(self):
        for field, words in WORDS.items():
            if getattr(self, field) not in words:
                allowed = ", ".join(repr(word) for word in words)
                raise ValueError(f"{field}={getattr(self, field)!r} is none of {allowed}")
        for field in ("frame_length", "hop_length"):
            if getattr(self, field) is not None:
                as_count(getattr(self, field), field)
            elif getattr(self, f"{field}_s") is not None and not getattr(self, f"{field}_s") > 0:
                raise ValueError(f"{field}_s={getattr(self, f'{field}_s')} s is not a length")
        if self.frame_length is None and self.frame_length_s is None:
            raise ValueError("frame_length or frame_length_s must be given")
        for field in ("n_mels", "n_mfcc"):
            if isinstance(getattr(self, field), int):
                as_count(getattr(self, field), field)
        if self.n_fft not in ("power of two", "frame length"):
            as_count(self.n_fft, "n_fft")
        if not self.floor > 0:
            raise ValueError(f"floor={self.floor} must be more than 0: silence needs a level")
        if not 0 <= self.preemphasis <= 1:
            raise ValueError(f"preemphasis={self.preemphasis} is outside 0..1")
        if self.dct_type not in (2, 3):
            raise ValueError(f"dct_type={self.dct_type} is neither 2 nor 3")
        if self.delta_orders not in (0, 1, 2):
            raise ValueError(f"delta_orders={self.delta_orders} is none of 0, 1, 2")


PARAMETERS = tuple(field.name for field in dataclasses.fields(Convention) if field.name not in ("tool", "status"))
