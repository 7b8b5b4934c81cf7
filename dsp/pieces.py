"""What a filter and a framing rule remember of a signal that comes in pieces: the textbook form of dsp/streaming.py."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp.checks import as_count, as_number, as_signal, as_word
from dsp.framing import MIRRORED, Framing, count_leading_samples, frame, require_frames, slice_extended
from dsp.preemphasis import FirstSample, preemphasis


def stream_preemphasis(
    pieces: Iterable[ArrayLike], coefficient: float = 0.97, first: FirstSample = "keep"
) -> Iterator[NDArray[np.float64]]:
    """`preemphasis` of a signal that comes in pieces: the filter remembers one sample.

    y[n] = x[n] - a x[n-1], where x[n-1] may be the last sample of the piece before

    Parameters
    ----------
    pieces : of the signal, each (n,) real, in order
    coefficient, first : as in `preemphasis`

    Returns
    -------
    emphasized : iterator over float64 arrays, one for each piece and as long; together the bits of
        preemphasis(the whole signal). With first="extrapolate", which needs two samples, a first piece of one sample
        waits for the next.

    Raises
    ------
    ValueError  as `preemphasis`: for a bad piece when its turn comes.

    Source: as preemphasis; MATLAB's filter calls the sample remembered its final condition, zf.
    Checked: tests/test_streams_equal_extract.py
    """
    _require_pieces(pieces)
    coefficient = as_number(coefficient, "coefficient", low=0, high=1)
    return _preemphasize(pieces, coefficient, as_word(first, "first", FirstSample))


def _preemphasize(pieces: Iterable[ArrayLike], coefficient: float, first: FirstSample) -> Iterator[NDArray[np.float64]]:
    before, is_first = np.empty(0), True  # the sample before the next piece
    for piece in pieces:
        x = np.concatenate([before, as_signal(piece, "piece")])
        if is_first and first == "extrapolate" and x.size < 2:
            before = x
            continue
        y = preemphasis(x, coefficient, first)
        yield y if is_first else y[1:]
        before, is_first = x[-1:], False
    if is_first and before.size:
        preemphasis(before, coefficient, first)  # which says what is missing


def stream_frames(
    pieces: Iterable[ArrayLike], frame_length: int, hop_length: int, framing: Framing = "valid"
) -> Iterator[NDArray[np.float64]]:
    """The frames of a signal that comes in pieces, each frame as soon as its last sample is there.

    frames[n, t] = x[n + t H - P],  P the samples that the framing rule adds before the signal

    Beyond the ends, x is what `extend` makes of it. Only the samples that later frames share with earlier ones, and
    those that a rule may mirror at the end, are remembered.

    Parameters
    ----------
    pieces : of the signal, each (n,) real, in order
    frame_length, hop_length : L, H, int >= 1, samples
    framing : a word of count_frames

    Returns
    -------
    frames : iterator over (L, n_frames) float64 arrays, n_frames >= 0, one for each piece and one after the last;
        together the bits of frame(extend(x, L, H, framing), L, H)

    Raises
    ------
    ValueError  as `extend`: for a bad piece when its turn comes, for a short signal after its last piece; and for
        "valid, centered", which needs the whole signal first.

    Source: as count_frames. Checked: tests/test_streams_equal_extract.py
    """
    _require_pieces(pieces)
    frame_length, hop_length = as_count(frame_length, "frame_length"), as_count(hop_length, "hop_length")
    if as_word(framing, "framing", Framing) == "valid, centered":
        raise ValueError(f"{framing=} needs the whole signal before its first frame; 'valid' begins at sample 0")
    return _cut_frames(pieces, frame_length, hop_length, framing)


def _cut_frames(pieces: Iterable[ArrayLike], L: int, H: int, framing: Framing) -> Iterator[NDArray[np.float64]]:
    P = count_leading_samples(L, H, framing)
    x, origin, done = np.empty(0), 0, 0  # x[0] is sample `origin` of the signal; `done` frames are out

    def cut(stop: int) -> NDArray[np.float64]:
        n_frames = stop - done
        if n_frames <= 0:
            return np.empty((L, 0))
        return frame(slice_extended(x, done * H - P - origin, L + (n_frames - 1) * H, framing), L, H)

    for piece in pieces:
        x = np.concatenate([x, as_signal(piece, "piece")])
        n = origin + x.size
        frames = cut((n + P - L) // H + 1 if n > P or framing not in MIRRORED else 0)
        yield frames
        done += frames.shape[1]
        surplus = min(done * H - P, n - L - 1) - origin
        if done and surplus > 0:
            x, origin = x[surplus:], origin + surplus
    if origin + x.size:
        yield cut(require_frames(origin + x.size, L, H, framing))


def _require_pieces(pieces: Iterable[ArrayLike]) -> None:
    """Raises ValueError for what cannot be an iterable of pieces."""
    if not isinstance(pieces, Iterable) or isinstance(pieces, str | bytes | dict):
        raise ValueError(f"pieces is of type {type(pieces).__name__}; an iterable of signals is expected")
    if isinstance(pieces, np.ndarray) and pieces.ndim == 1 and pieces.dtype != object:
        raise ValueError("pieces is one array; an iterable of signals is expected, as in [x]")
