"""What the search tries: other values of every parameter.

A change is a dict for dataclasses.replace: most change one parameter, some change several that only make sense
together.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from dsp.conventions.parameters import WORDS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.common_values import (
    DYNAMIC_RANGES,
    ENERGY_FLOORS,
    F_MAX,
    F_MIN,
    FLOORS,
    GAINS,
    LENGTHS_MS,
    LIFTERS,
    N_MELS,
    PREEMPHASIS,
    SCALES,
)
from dsp.doctor.search.frame_grids import hops, with_lengths
from dsp.mfcc import LOG_FACTOR

OF_GRID = (
    *("frame_length", "frame_length_s", "hop_length", "hop_length_s", "rounding", "n_fft"),
    *("framing", "last_frame", "window_alignment"),
)
_PADDING = ("framing", "last_frame", "window_alignment")
CEPSTRUM_ROWS = [  # which stand where; an energy before or after no c0 is one in its place
    {"c0": c0, "energy": energy, **of}
    for c0 in WORDS["c0"]
    for energy in (WORDS["energy"] if c0 != "none" else (None, "replaces c0"))
    for of in ([{"energy_of": word} for word in WORDS["energy_of"]] if energy else [{}])
]
SPECTRA = [  # the windows and the pre-emphasis that move every value
    {"window": window, "preemphasis": strength}
    for window in ("rectangular", "hamming", "hann")
    for strength in (0.0, 0.97)
]
ONE_RESULT = (  # changes of several parameters that leave every value as it is, where there are no mel filters
    {"spectrum": "magnitude", "log": "20 log10"},
    {"spectrum": "power", "log": "10 log10"},
)


def changes(c: Convention, at: "Place") -> Iterator[dict]:
    """Every change of the convention that the search tries; what does not fit raises ValueError when it is used."""
    yield from spectrum_changes(c, at)
    yield from filter_changes(c, at)
    yield from late_changes(c, at)


@dataclass(frozen=True)
class Place:
    """What the changes must fit: the clip and the matrix."""

    rate: float
    n_samples: int
    n_frames: int
    kind: str
    n_static: int
    fixed_bins: bool  # the rows are the bins of the transform


def spectrum_changes(c: Convention, at: Place) -> Iterator[dict]:
    """The changes that need new spectra."""
    yield from _words(c, ("dc_removal", "rounding", "window", "window_symmetry"))
    yield from ({"preemphasis": value} for value in PREEMPHASIS)
    yield from _words(c, ("preemphasis_in", "preemphasis_first"))
    yield from of_presets(("dc_removal", "preemphasis", "preemphasis_in", "preemphasis_first"))
    if not at.fixed_bins:
        yield from ({"n_fft": n} for n in transforms(c, at.rate))
    yield from grid_changes(c, at)


def changed(c: Convention, change: dict) -> Convention:
    """The convention after a change out of the tables here: dataclasses.replace without its slow checks."""
    other = object.__new__(Convention)
    other.__dict__.update(c.__dict__, **change)
    return other


def banks(c: Convention, at: Place, every: bool = False) -> Iterator[dict]:
    """Filters of another kind altogether: what single changes do not lead to, since they move every band.

    Of cepstra other numbers of bands or other frequencies; every: both at once.
    """
    if c.n_mels is None:
        return
    own = (c.mel_scale, c.mel_triangles)
    kinds = dict.fromkeys([own, ("htk", "hz"), ("slaney", "hz"), ("htk", "bins")])
    scales = [{"mel_scale": a, "mel_triangles": b} for a, b in kinds]
    ranges = [{"f_min": float(a), "f_max": b} for b in (None, 3800.0, 4000.0, 7600.0) for a in (0, 20, 64, 133, 300)]
    numbers = [{"n_mels": n} for n in N_MELS if n >= _n_mfcc(c, at.n_static)] if at.kind == "mfcc" else []
    if every:
        yield from ({**a, **b, **d} for a in scales for b in ranges if b["f_min"] in (0, 133) for d in numbers)
    else:
        yield from ({**a, **b} for a in scales for b in (*ranges, *numbers))


def levels(c: Convention, greatest: float) -> Iterator[dict]:
    """Floors and ranges so and so far below the greatest value: what a floor comes to is found before its reason."""
    for n in range(1, 25 if c.log else 0):
        yield from ({"floor_rule": rule, "floor": greatest * 10 ** (-n / 2)} for rule in ("at least", "add"))
        yield {"dynamic_range": n / 2 * math.log(10) * LOG_FACTOR[c.log]}


def of_presets(names: tuple[str, ...]) -> Iterator[dict]:
    """Several parameters at once, as each preset has them."""
    rows = {tuple(getattr(c, name) for name in names) for c in CONVENTIONS.values() if c.n_mels is not None}
    yield from (dict(zip(names, row, strict=True)) for row in sorted(rows, key=str))


def filter_changes(c: Convention, at: Place) -> Iterator[dict]:
    """The changes that need the spectra there are."""
    yield from _words(c, ("spectrum", "spectrum_norm", "spectrum_scaling"))
    if c.n_mels is None:
        return
    yield from ({"f_min": float(value)} for value in F_MIN)
    yield from ({"f_max": value if value is None else float(value)} for value in F_MAX if (value or 0) <= at.rate / 2)
    yield from _words(c, ("mel_scale", "mel_triangles", "mel_norm"))
    yield from of_presets(("n_mels", "f_min", "f_max", "mel_scale", "mel_triangles")[at.kind != "mfcc" :])
    if at.kind == "mfcc":
        yield from ({"n_mels": n} for n in (*N_MELS, "3 ln rate") if n == "3 ln rate" or n >= _n_mfcc(c, at.n_static))


def transforms(c: Convention, rate: float) -> tuple:
    """Other lengths of the transform: as the frame, and powers of two up to eight frames."""
    window = sizes(replace(c, n_fft="power of two"), rate).window
    least = 1 << (window - 1).bit_length()
    return (
        "power of two",
        "frame length",
        *(k * least for k in (1, 2, 4, 8)),
        *(n for n in (400, 640, 800) if n >= window),
    )


def grid_changes(c: Convention, at: Place, factor: float = 2.5) -> Iterator[dict]:
    """Other frames of the same number: first of this length under every framing, then of other lengths."""
    size = sizes(c, at.rate)
    lengths = [
        n
        for n in _lengths(at.rate, size.hop)
        if 1 / factor < n / size.window < factor and not (at.fixed_bins and n > size.n_fft)
    ]
    for length in dict.fromkeys([size.window, *lengths]):
        fitted = c
        if isinstance(c.n_fft, int) and c.n_fft < length and size.n_fft != size.window:
            fitted = replace(c, n_fft="power of two")
        paddings = product(*(WORDS[name] for name in _PADDING))
        trials = [replace(fitted, **dict(zip(_PADDING, words, strict=True))) for words in paddings]
        if length != size.window and _hops(fitted, length, size.hop, at, 1)[:1] == [size.hop]:
            places = WORDS["window_alignment"] if length < size.n_fft else [c.window_alignment]
            trials = [replace(fitted, window_alignment=place) for place in places]
        for trial in trials:
            own = all(getattr(trial, name) == getattr(c, name) for name in _PADDING)
            for hop in _hops(trial, length, size.hop, at, 3 if own else 1):
                if own or hop == size.hop or length == size.window:
                    moved = with_lengths(trial, length, hop, at.rate)
                    in_longer = [replace(moved, n_fft=size.n_fft)] if length < size.n_fft else []
                    for other in dict.fromkeys([moved, *in_longer]):
                        yield {
                            name: getattr(other, name) for name in OF_GRID if getattr(other, name) != getattr(c, name)
                        }


def _hops(c: Convention, length: int, first: int, at: Place, most: int) -> list[int]:
    """Hops under the convention's padding that give the number of frames there is."""
    frame = sizes(with_lengths(c, length, first, at.rate), at.rate).frame
    n_frames = at.n_frames + (c.last_frame == "dropped")
    return hops(frame, c.framing, at.n_samples, n_frames, at.rate, most, first=first)


def late_changes(c: Convention, at: Place) -> Iterator[dict]:
    """The changes that need no new spectra and no new filters."""
    yield from ({"scale": value} for value in SCALES)
    if c.log is not None:
        yield from _words(c, ("reference",))
        yield from floor_changes(c)
        yield from range_changes(c)
        yield from GAINS
    if at.kind == "mfcc":
        yield from row_changes(c, at)
        yield from _words(c, ("dct_norm",))
        yield from ({"dct_type": value} for value in (2, 3))
        yield from ({"lifter": value} for value in LIFTERS)
        yield from ({"lifter_first": value} for value in (0, 1))
        yield from ({"energy_floor": value} for value in ENERGY_FLOORS)


def row_changes(c: Convention, at: Place) -> Iterator[dict]:
    """Which rows stand where, and what the energy is of."""
    if at.kind == "mfcc":
        yield from ({**rows, "n_mfcc": _n_mfcc(replace(c, **rows), at.n_static)} for rows in CEPSTRUM_ROWS)


def floor_changes(c: Convention) -> Iterator[dict]:
    yield from _words(c, ("floor_rule",))
    yield from ({"floor": value} for value in FLOORS)


def range_changes(c: Convention) -> Iterator[dict]:
    """A range below the maximum goes with the unit of the logarithm."""
    for log, ranges in DYNAMIC_RANGES.items():
        yield from ({"log": log, "dynamic_range": value} for value in ranges)
    yield from ({"log": log} for log in DYNAMIC_RANGES)


def pairs(c: Convention, at: Place) -> Iterator[dict]:
    """Two changes at once, of parameters that hide each other."""
    floors = [
        *floor_changes(c),
        *({"floor_rule": rule, "floor": value} for rule in WORDS["floor_rule"] for value in FLOORS),
    ]
    groups = [(list(range_changes(c)), floors)] if c.log else []
    if c.n_mels is not None:
        lowest = [{"f_min": float(value)} for value in F_MIN]
        highest = [{"f_max": value and float(value)} for value in F_MAX if (value or 0) <= at.rate / 2]
        scales = [{"mel_scale": a, "mel_triangles": b} for a in WORDS["mel_scale"] for b in WORDS["mel_triangles"]]
        groups += [(lowest, highest), (scales, lowest), (scales, highest)]
    strengths = [{"preemphasis": value} for value in PREEMPHASIS]
    emphasis = [
        {"preemphasis_in": a, "preemphasis_first": b} for a in ("signal", "frame") for b in WORDS["preemphasis_first"]
    ]
    offsets = [{"dc_removal": word} for word in WORDS["dc_removal"]]
    groups += [(offsets, emphasis), (strengths, emphasis)]
    if c.n_mels is not None:
        groups += [(strengths, lowest), (strengths, highest)]
    windows = [{"window": a, "window_symmetry": b} for a in WORDS["window"] for b in WORDS["window_symmetry"]]
    hop = sizes(c, at.rate).hop
    near = [change for change in grid_changes(c, at, 1.35) if sizes(replace(c, **change), at.rate).hop == hop]
    groups += [(windows, near)]
    for one, other in groups:
        yield from ({**a, **b} for a in one for b in other)


def _n_mfcc(c: Convention, n_static: int) -> int:
    return n_static - (c.c0 == "last") - (c.energy in ("first", "last"))


def _lengths(rate: float, hop: int) -> list[int]:
    """Customary lengths of a frame: in milliseconds, in samples, in hops."""
    lengths = {n * hop for n in (1, 2, 3, 4, 5, 8)} | set(range(100, 1201, 100))
    lengths |= {int(ms * rate / 1000) for ms in LENGTHS_MS} | {int(ms * rate / 1000 + 0.5) for ms in LENGTHS_MS}
    return sorted(n for n in lengths | {1 << k for k in range(6, 13)} if n > 1)


def _words(c: Convention, fields: tuple[str, ...]) -> Iterator[dict]:
    for field in fields:
        yield from ({field: word} for word in WORDS[field] if word != getattr(c, field))
