"""Lengths that fit: frames and hops in samples that give the number of frames that was counted."""

from dataclasses import replace

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import sizes
from dsp.framing import FRAMINGS, count_frames, samples_before

COARSE_MS = (8, 12, 18, 25, 36, 55, 93, 128)


def with_lengths(c: Convention, frame_length: int, hop_length: int, rate: float) -> Convention:
    """The convention with these lengths in samples; said in seconds where it says seconds.

    A transform as long as the frame stays so.
    """
    size = _sizes(c, rate)
    if size and size.n_fft == size.window != frame_length and isinstance(c.n_fft, int):
        c = replace(c, n_fft=frame_length)
    if size and size.window == frame_length:
        changes = {}
    elif c.frame_length is None:
        changes = {"frame_length_s": _seconds(frame_length, rate)}
        if c.rounding == "power of two down":
            changes["rounding"] = "down"
    else:
        changes = {"frame_length": frame_length}
    c = replace(c, **changes)
    size = _sizes(replace(c, n_fft="power of two"), rate)
    if size and size.hop == hop_length:
        return c
    if c.hop_length is None and c.frame_length is None:
        return replace(c, hop_length_s=_seconds(hop_length, rate))
    return replace(c, hop_length=hop_length)


def _seconds(n: int, rate: float) -> float:
    """n samples in seconds, the shortest decimal that comes back to n."""
    for digits in range(3, 12):
        seconds = round(n / rate, digits)
        if int(seconds * rate + 1e-9) == n and int(seconds * rate + 0.5) == n:
            return seconds
    return n / rate


def _sizes(c: Convention, rate: float):
    try:
        return sizes(c, rate)
    except ValueError:
        return None


def grids(c: Convention, rate: float, n_samples: int, n_frames: int, n_fft: int | None) -> list[Convention]:
    """The convention with coarse frame lengths and every hop and framing that give this number of frames.

    n_fft is given where the number of bins is. Framings that begin at the same sample count as one here.
    """
    found = {}
    lengths = [round(ms * rate / 1000) for ms in COARSE_MS]
    own = _sizes(c, rate)
    if n_fft is not None:
        lengths = [n for n in lengths if n < n_fft] + [n_fft]
    elif own:
        lengths = [own.window, *lengths]
    framings = sorted(FRAMINGS, key=lambda framing: framing != c.framing)
    for length in lengths:
        for framing in framings:
            for hop in hops(length, framing, n_samples, n_frames, rate):
                key = (length, hop, samples_before(length, hop, framing))
                if key not in found:
                    n = n_fft or (c.n_fft if isinstance(c.n_fft, str) else max(c.n_fft, 1 << (length - 1).bit_length()))
                    found[key] = with_lengths(replace(c, framing=framing, n_fft=n), length, hop, rate)
    return list(found.values())


def hops(
    length: int, framing: str, n_samples: int, n_frames: int, rate: float, most: int = 4, first: int | None = None
) -> list[int]:
    """Hops that give n_frames of this length: that which is asked for first, then the customary ones."""
    low = max(1, (n_samples - 2 * length) // (n_frames + 1))
    high = (n_samples + 2 * length) // max(1, n_frames - 1) + 1
    fitting = [hop for hop in range(low, high + 1) if count_frames(n_samples, length, hop, framing) == n_frames]
    return sorted(fitting, key=lambda hop: (hop != first, -_custom(hop, length, rate), hop))[:most]


def _custom(hop: int, length: int, rate: float) -> int:
    """How customary a hop is: whole halves of a millisecond, powers of two, halves and quarters of the frame."""
    ms = 1000 * hop / rate
    return (
        2 * (abs(ms - round(ms)) < 1e-9)
        + (abs(2 * ms - round(2 * ms)) < 1e-9)
        + (abs(ms / 5 - round(ms / 5)) < 1e-9)
        + 2 * (hop & (hop - 1) == 0)
        + (hop % 16 == 0)
        + (hop % 10 == 0)
        + 2 * (hop in (length // 2, length // 4))
    )
