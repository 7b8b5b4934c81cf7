"""Cutting a signal into frames.

Conventions: a frame is a column, time is the last axis: (frame_length, n_frames), as MATLAB's
`buffer` and librosa's `util.frame` return it.
"""

import sys

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dsp.checks import as_count


def frame(signal, frame_length: int, hop_length: int) -> np.ndarray:
    """Overlapping frames; the tail that does not fill a frame is left out.

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
    ValueError  if the signal is not a vector, is shorter than one frame, or a length is < 1.

    Source: MathWorks, documentation of spectrogram (k = floor((Nx - noverlap) / (L - noverlap))).
    Checked: tests/test_framing_matches_definition.py
    """
    x = _as_vector(signal)
    frame_length = as_count(frame_length, "frame_length")
    hop_length = as_count(hop_length, "hop_length")
    if x.size < frame_length:
        raise ValueError(f"the signal has {x.size} samples, fewer than one frame of {frame_length}")
    return sliding_window_view(x, frame_length)[::hop_length].T


def buffer(signal, n: int, p: int = 0, initial="zeros") -> np.ndarray:
    """MATLAB's buffer: frames of n samples whose neighbours share p samples.

    p is the *overlap*; the hop is n - p. With 0 <= p the first frame begins with the p samples
    of `initial`; with p < 0 the -p samples between two frames are skipped. The last frame is
    filled up with zeros: no sample is lost.

    frames[i, t] = xp[i + t (n - p)],  xp = initial followed by x, then zeros

    Parameters
    ----------
    signal : (N,)
    n : int >= 1, samples in a frame
    p : int < n, overlap in samples; negative skips
    initial : "zeros" (p zeros), "nodelay" (nothing: frame 0 begins with x[0]) or p values;
        for p < 0 only "zeros", which then means that nothing is put before the signal

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
    p = as_count(p, "p", at_least=-sys.maxsize)
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


FRAMINGS = ("valid", "center, zeros", "center, reflect", "pad tail", "symmetric", "scipy")


def count_frames(n_samples: int, frame_length: int, hop_length: int, framing: str) -> int:
    """How many frames a signal has under a framing rule; the best fingerprint of a tool.

    "valid"            1 + floor((N - L) / H), none if N < L     Kaldi snip_edges, HTK, openSMILE, spafe, MATLAB
    "center, zeros"    1 + floor(N / H) for even L               librosa >= 0.9
    "center, reflect"  1 + floor(N / H) for even L               torch.stft, torchaudio, librosa < 0.9
    "pad tail"         1 + ceil(max(0, N - L) / H)               python_speech_features
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
    ValueError  for an unknown rule.

    Source: each tool's documentation, and its behaviour for N = 1 .. 2000.
    Checked: tests/test_frame_counts_match_every_tool.py
    """
    N, L, H = n_samples, frame_length, hop_length
    if framing == "valid":
        return max(0, 1 + (N - L) // H)
    if framing in ("center, zeros", "center, reflect"):
        return 1 + (N + 2 * (L // 2) - L) // H
    if framing == "pad tail":
        return 1 - (min(0, L - N) // H)
    if framing == "symmetric":
        return (N + H // 2) // H
    if framing == "scipy":
        return 1 - ((L - N - 2 * (L // 2)) // H)
    raise ValueError(f"{framing=} is none of {', '.join(FRAMINGS)}")


def extend(signal, frame_length: int, hop_length: int, framing: str) -> np.ndarray:
    """The signal with what a framing rule puts before and after it: frame(extended, L, H) are the rule's frames.

    "valid"            nothing
    "center, zeros"    L // 2 zeros on both sides
    "center, reflect"  L // 2 samples on both sides, mirrored about the first and last sample
    "pad tail"         zeros at the end up to a whole frame
    "symmetric"        floor(L/2) - floor(H/2) samples before, the rest after, mirrored with the edge repeated
    "scipy"            L // 2 zeros on both sides, then zeros up to a whole frame

    Parameters
    ----------
    signal : (N,) real
    frame_length, hop_length : L, H, int >= 1, samples
    framing : a rule of count_frames

    Returns
    -------
    extended : (L + (n_frames - 1) H,) float64: exactly what the frames take

    Raises
    ------
    ValueError  if the rule gives this signal no frame, or reflection needs more samples than there are.

    Source: as count_frames. Checked: tests/test_frame_counts_match_every_tool.py
    """
    x = _as_vector(signal)
    n_frames = frames_given(x.size, frame_length, hop_length, framing)
    start, length = -samples_before(frame_length, hop_length, framing), frame_length + (n_frames - 1) * hop_length
    return stretch(x, start, length, framing)


def frames_given(n_samples: int, frame_length: int, hop_length: int, framing: str) -> int:
    """count_frames of a signal that must give at least one frame; ValueError if `extend` cannot.

    Checked: tests/test_frame_counts_match_every_tool.py
    """
    n_frames = count_frames(n_samples, frame_length, hop_length, framing)
    if n_frames == 0:
        raise ValueError(f"{n_samples} samples give no frame of {frame_length} under the framing {framing!r}")
    half = frame_length // 2
    if framing == "center, reflect" and n_samples <= half:
        raise ValueError(f"{n_samples} samples are too few to reflect {half} at the edges; {half + 1} are needed")
    return n_frames


def samples_before(frame_length: int, hop_length: int, framing: str) -> int:
    """How many samples a framing rule puts before the first one."""
    half = frame_length // 2
    centred = {"center, zeros": half, "center, reflect": half, "scipy": half, "symmetric": half - hop_length // 2}
    return centred.get(framing, 0)


def stretch(x: np.ndarray, start: int, length: int, framing: str) -> np.ndarray:
    """x[start : start + length] of a signal that goes on at both ends as the framing rule says."""
    stop = start + length
    if 0 <= start and stop <= x.size:
        return x[start:stop]
    low, high = max(start, 0), max(start, 0, min(stop, x.size))
    longer = np.zeros(length, x.dtype)
    longer[low - start : high - start] = x[low:high]
    if framing in ("center, reflect", "symmetric"):
        outside = np.concatenate([np.arange(start, low), np.arange(high, stop)])
        longer[outside - start] = x[_mirrored(outside, x.size, framing)]
    return longer


def _mirrored(place: np.ndarray, n: int, framing: str) -> np.ndarray:
    """The places in a signal of n samples that stand for places outside, under the two rules that mirror."""
    if framing == "center, reflect":  # -1 is 1, n is n - 2
        inside = np.abs(place) % max(1, 2 * (n - 1))
        return np.where(inside < n, inside, 2 * (n - 1) - inside)
    inside = place % (2 * n)  # -1 is 0, n is n - 1
    return np.where(inside < n, inside, 2 * n - 1 - inside)


def _initial_samples(initial, p: int) -> np.ndarray:
    """The p samples that stand before the first frame of `buffer`."""
    if isinstance(initial, str):
        if initial != "zeros":
            raise ValueError(f'{initial=} is neither "zeros", "nodelay" nor {p} values')
        return np.zeros(p)
    initial = np.asarray(initial)
    if initial.shape != (p,):
        raise ValueError(f"initial has shape {initial.shape}; the overlap asks for ({p},)")
    return initial


def _as_vector(signal) -> np.ndarray:
    """A non-empty vector of any real dtype: framing moves samples, it does not compute."""
    x = np.asarray(signal)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"the signal has shape {x.shape}; a non-empty vector is expected")
    return x
