"""Frame lengths and hops, in samples, that give the number of frames that the matrix has."""

from collections.abc import Iterator

from dsp.conventions.parameters import Convention, LastFrame
from dsp.conventions.sizes import Sizes, sizes
from dsp.doctor.search.trials import apply_move
from dsp.framing import FRAMINGS, Framing, count_leading_samples, frame_count

COARSE_MS = (8, 12, 18, 25, 36, 55, 93, 128)  # a factor of 1.5 apart: the descent moves by up to 2.5 from there
LONGEST_HOP_S = 0.3  # few frames of a long clip would fit tens of thousands of hops
HOPS = 4  # tried for each length and framing, the customary ones first; by trial


def with_lengths(c: Convention, frame_length: int, hop_length: int, sample_rate: float) -> Convention:
    """The convention with these lengths in samples, given in seconds where it gives seconds.

    A transform that is as long as the frame stays so.
    """
    size = sizes_or_none(c, sample_rate)
    if size and size.n_fft == size.window != frame_length and isinstance(c.n_fft, int):
        c = apply_move(c, {"n_fft": frame_length})
    if size is None or size.window != frame_length:
        if c.frame_length is None:
            rounding = "down" if c.rounding == "power of two down" else c.rounding
            c = apply_move(c, {"frame_length_s": _seconds(frame_length, sample_rate), "rounding": rounding})
        else:
            c = apply_move(c, {"frame_length": frame_length})
    size = sizes_or_none(apply_move(c, {"n_fft": "power of two"}), sample_rate)
    if size and size.hop == hop_length:
        return c
    if c.hop_length is None and c.frame_length is None and c.framing != "valid, centered":  # which has whole hops
        return apply_move(c, {"hop_length_s": _seconds(hop_length, sample_rate)})
    return apply_move(c, {"hop_length": hop_length})


def sizes_or_none(c: Convention, sample_rate: float, n_samples: int | None = None) -> Sizes | None:
    """The convention's lengths; None where it does not fit the sample rate."""
    try:
        return sizes(c, sample_rate, n_samples)
    except ValueError:
        return None


def grids(c: Convention, sample_rate: float, n_samples: int, n_frames: int, n_fft: int | None) -> list[Convention]:
    """The convention with coarse frame lengths and every hop and framing that give this number of frames.

    n_fft is given where the number of bins is known. Framings that begin at the same sample count as one here.
    """
    conventions = {}
    lengths = [round(ms * sample_rate / 1000) for ms in COARSE_MS]
    own = sizes_or_none(c, sample_rate)
    if n_fft is not None:
        lengths = [n for n in lengths if n < n_fft] + [n_fft]
    elif own:
        lengths = [own.window, *lengths]
    framings = sorted(FRAMINGS, key=lambda framing: framing != c.framing)
    for length in lengths:
        for framing in framings:
            for last_frame, hop in _hops_by_last_frame(length, framing, n_samples, n_frames, sample_rate):
                key = (length, hop, count_leading_samples(length, hop, framing))
                if key not in conventions:
                    n = n_fft or (c.n_fft if isinstance(c.n_fft, str) else max(c.n_fft, 1 << (length - 1).bit_length()))
                    framed = apply_move(c, {"framing": framing, "last_frame": last_frame, "n_fft": n})
                    conventions[key] = with_lengths(framed, length, hop, sample_rate)
    return list(conventions.values())


def _hops_by_last_frame(
    length: int, framing: Framing, n_samples: int, n_frames: int, sample_rate: float
) -> Iterator[tuple[LastFrame, int]]:
    """Hops that give the frames; where none does, those that give one frame more, which is dropped."""
    kept = hops(length, framing, n_samples, n_frames, sample_rate, HOPS)
    yield from (("kept", hop) for hop in kept)
    if not kept:
        yield from (("dropped", hop) for hop in hops(length, framing, n_samples, n_frames + 1, sample_rate, HOPS))


def hops(
    length: int,
    framing: Framing,
    n_samples: int,
    n_frames: int,
    sample_rate: float,
    count: int,
    preferred: int | None = None,
) -> list[int]:
    """At most `count` hops that give n_frames of this length: the preferred one first, then the customary ones."""
    low = max(1, (n_samples - 2 * length) // (n_frames + 1))
    high = min((n_samples + 2 * length) // max(1, n_frames - 1) + 1, int(LONGEST_HOP_S * sample_rate))
    fitting = [hop for hop in range(low, high + 1) if frame_count(n_samples, length, hop, framing) == n_frames]
    return sorted(fitting, key=lambda hop: (hop != preferred, -_customary(hop, length, sample_rate), hop))[:count]


def _seconds(n: int, sample_rate: float) -> float:
    """n samples in seconds: the shortest decimal that comes back to n, rounded down or to the nearest."""
    for digits in range(3, 12):
        seconds = round(n / sample_rate, digits)
        if int(seconds * sample_rate + 1e-9) == n and int(seconds * sample_rate + 0.5) == n:
            return seconds
    return n / sample_rate


def _customary(hop: int, length: int, sample_rate: float) -> int:
    """How customary a hop is: whole or half milliseconds, powers of two, halves and quarters of the frame."""
    ms = 1000 * hop / sample_rate
    return (
        2 * (abs(ms - round(ms)) < 1e-9)
        + (abs(2 * ms - round(2 * ms)) < 1e-9)
        + (abs(ms / 5 - round(ms / 5)) < 1e-9)
        + 2 * (hop & (hop - 1) == 0)
        + (hop % 16 == 0)
        + (hop % 10 == 0)
        + 2 * (hop in (length // 2, length // 4))
    )
