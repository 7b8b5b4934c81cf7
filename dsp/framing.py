"""Cutting a signal into frames.

Conventions: a frame is a column, time is the last axis: (frame_length, n_frames), as MATLAB's
`buffer` and librosa's `util.frame` return it.
"""

import sys
from typing import Any, Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from dsp.checks import NUMERIC, as_array, as_count, as_number, as_sample_rate, as_signal, as_word

Framing = Literal[
    "valid", "valid, centered", "center, zeros", "center, reflect", "half overlap, reflect", "pad tail", "every hop",
    "symmetric", "scipy",
]  # fmt: skip
FRAMINGS: tuple[Framing, ...] = get_args(Framing)
MIRRORED: dict[Framing, int] = {  # framings that mirror the signal, with the `repeat` of mirror_index
    "center, reflect": 0,
    "half overlap, reflect": 0,
    "symmetric": 1,
}


def frame(signal: ArrayLike, frame_length: int, hop_length: int) -> NDArray[Any]:
    """Overlapping frames; a tail too short for a frame is left out.

    frames[n, t] = x[n + t hop_length],  t = 0 .. floor((N - frame_length) / hop_length)

    Parameters
    ----------
    signal : (N,), N >= frame_length
    frame_length, hop_length : int >= 1, samples

    Returns
    -------
    frames : (frame_length, n_frames), a read-only view of the signal

    Raises
    ------
    ValueError  if the signal is not a vector, is masked or shorter than one frame, or a length is < 1.

    Source: MathWorks, documentation of spectrogram (k = floor((Nx - noverlap) / (L - noverlap))).
    Checked: tests/test_framing_matches_definition.py
    """
    x = _as_vector(signal)
    frame_length = as_count(frame_length, "frame_length")
    hop_length = as_count(hop_length, "hop_length")
    if x.size < frame_length:
        raise ValueError(f"signal has {x.size} samples, fewer than one frame of {frame_length}")
    return sliding_window_view(x, frame_length)[::hop_length].T


def buffer(signal: ArrayLike, n: int, p: int = 0, initial: ArrayLike = "zeros") -> NDArray[Any]:
    """MATLAB's buffer: frames of n samples; neighboring frames share p samples.

    p is the *overlap*; the hop is n - p. With 0 <= p the first frame begins with the p samples
    of `initial`; with p < 0 the -p samples between two frames are skipped. Zeros fill up the last
    frame: no sample is lost.

    frames[i, t] = xp[i + t (n - p)],  xp = initial followed by x, then zeros

    Parameters
    ----------
    signal : (N,)
    n : int >= 1, samples in a frame
    p : int < n, overlap in samples; negative skips
    initial : "zeros" (p zeros), "nodelay" (nothing: frame 0 begins with x[0]) or p values;
        for p < 0 only "zeros", and then nothing precedes the signal

    Returns
    -------
    frames : (n, n_frames); n_frames = ceil(N / (n - p)), with "nodelay" 1 + ceil((N - n) / (n - p))

    Raises
    ------
    ValueError  if the signal is not a vector or empty, p >= n, or `initial` does not fit p.

    Source: MathWorks, documentation of buffer.
    Checked: tests/test_dsp_matches_octave.py
    """
    x = _as_vector(signal)
    n = as_count(n, "n")
    p = as_count(p, "p", min_value=-sys.maxsize)
    if p >= n:
        raise ValueError(f"an overlap of {p=} leaves no hop in frames of {n=}; p < n is expected")
    hop = n - p
    if isinstance(initial, str) and initial == "nodelay" and p >= 0:
        n_frames = 1 + max(0, -(-(x.size - n) // hop))
    else:
        n_frames = -(-x.size // hop)
        if p > 0:
            x = np.concatenate([_initial_samples(initial, p), x])
        elif not (isinstance(initial, str) and initial == "zeros"):
            raise ValueError(f"{initial=} needs a positive overlap; {p=}")
    padded = np.zeros(n + (n_frames - 1) * hop, dtype=x.dtype)
    kept = min(x.size, padded.size)
    padded[:kept] = x[:kept]
    return frame(padded, n, hop).copy()


def count_frames(n_samples: int, frame_length: int, hop_length: int, framing: Framing) -> int:
    """How many frames a signal has under a framing rule. No other number tells tools apart so well.

    "valid"            1 + floor((N - L) / H), none if N < L     Kaldi snip_edges, HTK, openSMILE, spafe, MATLAB
    "valid, centered"  the same                                  Praat
    "center, zeros"    1 + floor(N / H) for even L               librosa >= 0.9
    "center, reflect"  1 + floor(N / H) for even L               torch.stft, torchaudio, librosa < 0.9
    "half overlap, reflect"  1 + floor((N + 2 floor((L - H) / 2) - L) / H)    HiFi-GAN, BigVGAN, UnivNet
    "pad tail"         1 + ceil(max(0, N - L) / H)               python_speech_features
    "every hop"        ceil(N / H)                               tf.signal with pad_end
    "symmetric"        floor((N + floor(H / 2)) / H)             Kaldi without snip_edges
    "scipy"            1 + ceil((N + 2 floor(L / 2) - L) / H)    scipy.signal.stft

    Parameters
    ----------
    n_samples : N, int >= 1
    frame_length, hop_length : L, H, int >= 1, samples
    framing : one of the words above

    Returns
    -------
    n_frames : int >= 0

    Raises
    ------
    ValueError  for an unknown rule, or a number that is no whole number >= 1.

    Source: each tool's documentation, and its behavior for N = 1 .. 2000.
    Checked: tests/test_frame_counts_match_every_tool.py
    """
    as_count(n_samples, "n_samples")
    _check_rule(frame_length, hop_length, framing)
    return frame_count(n_samples, frame_length, hop_length, framing)


def frame_count(N: int, L: int, H: int, framing: Framing) -> int:
    """count_frames of checked numbers, for a search that tries thousands.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    if framing in ("valid", "valid, centered"):
        return max(0, 1 + (N - L) // H)
    if framing in ("center, zeros", "center, reflect"):
        return 1 + (N + 2 * (L // 2) - L) // H
    if framing == "half overlap, reflect":
        return max(0, 1 + (N + 2 * max(0, (L - H) // 2) - L) // H)
    if framing == "pad tail":
        return 1 - (min(0, L - N) // H)
    if framing == "every hop":
        return -(-N // H)
    if framing == "symmetric":
        return (N + H // 2) // H
    return 1 - ((L - N - 2 * (L // 2)) // H)


def extend(signal: ArrayLike, frame_length: int, hop_length: int, framing: Framing) -> NDArray[Any]:
    """The signal as a framing rule extends it at both ends: frame(extended, L, H) gives the rule's frames.

    "valid"            nothing
    "valid, centered"  nothing; floor(((N - L) mod H) / 2) samples before the first frame are left out, the rest after
                       the last one
    "center, zeros"    L // 2 zeros on both sides
    "center, reflect"  L // 2 samples on both sides, mirrored about the first and last sample
    "half overlap, reflect"  (L - H) // 2 samples on both sides (none if H > L), mirrored in the same way
    "pad tail"         zeros at the end up to a whole frame
    "every hop"        zeros at the end, so that a frame begins at every multiple of H before the end
    "symmetric"        floor(L/2) - floor(H/2) samples before, the rest after, mirrored with the edge repeated
    "scipy"            L // 2 zeros on both sides, then zeros up to a whole frame

    Parameters
    ----------
    signal : (N,) real
    frame_length, hop_length : L, H, int >= 1, samples
    framing : a word of count_frames

    Returns
    -------
    extended : (L + (n_frames - 1) H,) of the signal's dtype: exactly what the frames take

    Raises
    ------
    ValueError  if the rule gives this signal no frame, reflection needs more samples than there are, or the rule
        is unknown.

    Source: as count_frames. Checked: tests/test_frame_counts_match_every_tool.py
    """
    x = _as_vector(signal)
    _check_rule(frame_length, hop_length, framing)
    n_frames = require_frames(x.size, frame_length, hop_length, framing)
    start = first_sample(x.size, frame_length, hop_length, framing)
    return slice_extended(x, start, frame_length + (n_frames - 1) * hop_length, framing)


def praat_frames(
    signal: ArrayLike, sample_rate: float, frame_length_s: float = 0.030, hop_length_s: float = 0.005
) -> NDArray[np.float64]:
    """Praat's frames one after the other, at any sample rate, for a convention that takes them as they stand.

    Frame t begins at the sample that is nearest to the time

        t_0 + t H - D/2,   t_0 = N dx / 2 - n H / 2 + H / 2,   n = 1 + floor((N dx - D) / H) frames,   dx = 1 / rate

    with frames of D seconds and hops of H, which need no whole number of samples. Where the time lies between two
    samples, the rounding of this very arithmetic decides. L = round(D / dx) samples are one frame, zeros surround the
    signal, and the samples are multiplied by sqrt(L dx / D), as Praat divides powers by D. So these are Praat's MFCC:

        praat = dsp.CONVENTIONS["praat"]
        c = dataclasses.replace(praat, framing="valid", hop_length_s=praat.frame_length_s, rounding="half up")
        dsp.mfcc(dsp.praat_frames(x, sample_rate), sample_rate, c)

    The preset "praat" itself takes whole hops, and of two samples that are equally near always the later one.

    Parameters
    ----------
    signal : (N,) real, in -1 .. 1
    sample_rate : Hz
    frame_length_s : D, s; twice the window length that Praat's command states
    hop_length_s : H, s

    Returns
    -------
    frames : (n L,) float64

    Raises
    ------
    ValueError  for a bad signal or rate, a length that is no number of at least one sample, or a signal that is
        shorter than one frame.

    Source: P. Boersma and D. Weenink, Praat 6.1, To MFCC..; the rounding is that of its output.
    Checked: tests/test_praat_matches_parselmouth.py
    """
    x, rate = as_signal(signal), as_sample_rate(sample_rate)
    D, H = as_number(frame_length_s, "frame_length_s", above=0), as_number(hop_length_s, "hop_length_s", above=0)
    if min(D, H) * rate < 1:
        raise ValueError(f"{frame_length_s=}, {hop_length_s=}: at least one sample each is expected, {1 / rate:g} s")
    starts, L = praat_starts(x.size, rate, D, H)
    if starts.size == 0:
        raise ValueError(f"{x.size} samples at {rate:g} Hz are shorter than one frame of {D:g} s")
    frames = sliding_window_view(np.pad(x, L), L)[starts + L]
    return (frames * np.sqrt(L / rate / D)).ravel()


def praat_starts(n_samples: int, rate: float, D: float, H: float) -> tuple[NDArray[np.int_], int]:
    """The sample at which each of praat_frames begins, and how many samples a frame has; arguments are checked.

    Checked: tests/test_praat_matches_parselmouth.py
    """
    dx = 1 / rate
    n = max(0, 1 + int(np.floor((n_samples * dx - D) / H)))
    first = 0.5 * (n_samples * dx) - 0.5 * (n * H) + 0.5 * H
    times = first + np.arange(n) * H - 0.5 * D
    return np.floor((times - 0.5 * dx) / dx + 0.5).astype(int), int(np.floor(D / dx + 0.5))


def _check_rule(frame_length: int, hop_length: int, framing: Framing) -> None:
    as_count(frame_length, "frame_length")
    as_count(hop_length, "hop_length")
    as_word(framing, "framing", Framing)


def require_frames(n_samples: int, frame_length: int, hop_length: int, framing: Framing) -> int:
    """count_frames of a signal that `extend` can serve; ValueError if it gives no frame or is too short to reflect.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    n_frames = frame_count(n_samples, frame_length, hop_length, framing)
    if n_frames == 0:
        raise ValueError(f"{n_samples} samples give no frame of {frame_length} under the framing {framing!r}")
    before = count_leading_samples(frame_length, hop_length, framing)
    if framing in MIRRORED and not MIRRORED[framing] and n_samples <= before:
        raise ValueError(f"{n_samples} samples are too few to reflect {before} at the edges; {before + 1} are needed")
    return n_frames


def count_leading_samples(frame_length: int, hop_length: int, framing: Framing) -> int:
    """How many samples a framing rule adds before the first one."""
    half = frame_length // 2
    centered = {"center, zeros": half, "center, reflect": half, "scipy": half, "symmetric": half - hop_length // 2}
    centered["half overlap, reflect"] = max(0, (frame_length - hop_length) // 2)
    return centered.get(framing, 0)


def count_skipped_samples(n_samples: int, frame_length: int, hop_length: int, framing: Framing) -> int:
    """How many samples come before the first frame because the rule centers the frames; the signal has a frame."""
    return (n_samples - frame_length) % hop_length // 2 if framing == "valid, centered" else 0


def first_sample(n_samples: int, frame_length: int, hop_length: int, framing: Framing) -> int:
    """The sample at which the first frame begins; negative where the rule adds samples before the signal."""
    skipped = count_skipped_samples(n_samples, frame_length, hop_length, framing)
    return skipped - count_leading_samples(frame_length, hop_length, framing)


def slice_extended(x: NDArray[Any], start: int, length: int, framing: Framing) -> NDArray[Any]:
    """x[start : start + length] of the signal that the framing rule extends at both ends."""
    stop = start + length
    if 0 <= start and stop <= x.size:
        return x[start:stop]
    low, high = max(start, 0), max(start, 0, min(stop, x.size))
    longer = np.zeros(length, x.dtype)
    longer[low - start : high - start] = x[low:high]
    if framing in MIRRORED:
        outside = np.concatenate([np.arange(start, low), np.arange(high, stop)])
        longer[outside - start] = x[mirror_index(outside, x.size, MIRRORED[framing])]
    return longer


def mirror_index(index, n, repeat):
    """The index 0 .. n-1 whose sample stands at any index of a signal of n samples that is mirrored at both ends.

    repeat 0   about the edge samples: -1 becomes 1, n becomes n - 2 (NumPy's "reflect")
           1   with the edge samples repeated: -1 becomes 0, n becomes n - 1 (NumPy's "symmetric")

    Arithmetic only, so that it serves whole arrays here and in dsp/engine/clips.py one index after the other.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    period = 2 * (n - 1 + repeat) or 1  # one sample reflected about itself has none
    forward = index % period
    return forward + (period - repeat - 2 * forward) * (forward >= n)


def _initial_samples(initial: ArrayLike, p: int) -> NDArray[Any]:
    """The p samples that precede the first frame of `buffer`."""
    if isinstance(initial, str):
        if initial != "zeros":
            raise ValueError(f'{initial=} is neither "zeros", "nodelay" nor {p} values')
        return np.zeros(p)
    values = as_array(initial, "initial", kinds=NUMERIC)
    if values.shape != (p,):
        raise ValueError(f"initial has shape {values.shape}; the overlap asks for ({p},)")
    return values


def _as_vector(signal: ArrayLike) -> NDArray[Any]:
    """A non-empty vector of any dtype of numbers: framing moves samples and computes nothing."""
    return as_array(signal, "signal", dimensions=(1,), kinds=NUMERIC)
