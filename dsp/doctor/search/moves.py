"""The moves of the search: other values of every parameter.

A move is a dict for dataclasses.replace. Most moves change one parameter; some change several that only make sense
together. A move that does not fit the clip raises ValueError when it is used.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from dsp.conventions.parameters import Convention
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
    USUAL_WORDS,
)
from dsp.doctor.search.frame_grids import hops, with_lengths
from dsp.doctor.search.residuals import TINY
from dsp.doctor.search.trials import Move, apply_move
from dsp.mfcc import LOG_FACTOR

PADDING = ("framing", "last_frame", "window_alignment")
FRAME_PARAMETERS = ("frame_length", "frame_length_s", "hop_length", "hop_length_s", "rounding", "n_fft", *PADDING)
CEPSTRUM_ROWS: list[Move] = [  # which row stands where; without c0, an energy before or after the cepstra replaces it
    {"c0": c0, "energy": energy, **of}
    for c0 in USUAL_WORDS["c0"]
    for energy in (USUAL_WORDS["energy"] if c0 != "none" else (None, "replaces c0"))
    for of in ([{"energy_of": word} for word in USUAL_WORDS["energy_of"]] if energy else [{}])
]
COMMON_SPECTRA: list[Move] = [  # window and pre-emphasis change every value; these are the ones that most tools use
    {"window": window, "preemphasis": strength}
    for window in ("rectangular", "hamming", "hann")
    for strength in (0.0, 0.97)
]
SAME_BINS: tuple[Move, ...] = (  # moves that leave every value as it is where there are no mel filters
    {"spectrum": "magnitude", "log": "20 log10"},
    {"spectrum": "power", "log": "10 log10"},
)
SPECTRUM_FLOORS = sorted({c.spectrum_floor for c in CONVENTIONS.values()})
NORMALIZATION_EPS = sorted({c.normalization_eps for c in CONVENTIONS.values()})
LENGTH_FACTOR = 2.5  # other frames are up to so many times as long; what is farther off is an initial guess's matter
NEAR_LENGTH_FACTOR = 1.35  # where window and length move together: a window makes up for a small change of length only
OWN_HOPS, OTHER_HOPS = 3, 1  # hops tried under the convention's own padding, and under any other; by trial
FLOOR_STEPS = range(1, 25)  # of half a decade: down to 1e-12 of the greatest value, the usual floors among them


@dataclass(frozen=True)
class Constraints:
    """What every move must fit: the clip and the matrix."""

    sample_rate: float
    n_samples: int
    n_frames: int
    kind: str  # "mfcc" or "log_mel"
    n_static: int
    bins_are_rows: bool  # the rows are the bins of the transform


def all_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """Every move that the descent tries."""
    yield from spectrum_moves(c, limits)
    yield from filter_moves(c, limits)
    yield from late_moves(c, limits)


def spectrum_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """The moves that need new spectra."""
    yield from _other_words(c, ("dc_removal", "rounding", "window", "window_symmetry"))
    yield from ({"preemphasis": value} for value in PREEMPHASIS)
    yield from _other_words(c, ("preemphasis_in", "preemphasis_first"))
    yield from as_in_presets(("dc_removal", "preemphasis", "preemphasis_in", "preemphasis_first"))
    if not limits.bins_are_rows:
        yield from ({"n_fft": n} for n in transform_lengths(c, limits.sample_rate))
    yield from frame_moves(c, limits)


def filter_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """The moves that need other filters, or another use of the spectra, but no new spectra."""
    yield from _other_words(c, ("spectrum", "spectrum_norm", "spectrum_scaling"))
    yield from spectrum_floors(c)
    if c.n_mels is None:
        return
    cepstra = limits.kind == "mfcc"
    yield from _lowest_frequencies()
    yield from _highest_frequencies(limits.sample_rate)
    yield from _other_words(c, ("mel_scale", "mel_triangles", "mel_norm"))
    yield from as_in_presets(("n_mels", "f_min", "f_max", "mel_scale", "mel_triangles")[not cepstra :])
    if cepstra:
        yield from _band_counts(c, limits.n_static)
        yield {"n_mels": "3 ln rate"}


def spectrum_floors(c: Convention) -> Iterator[Move]:
    """Other floors under the root of a magnitude."""
    if c.spectrum == "magnitude":
        for floor in SPECTRUM_FLOORS:
            yield from (
                {"spectrum_floor": floor, "spectrum_floor_rule": rule} for rule in USUAL_WORDS["spectrum_floor_rule"]
            )


def normalization_eps() -> Iterator[Move]:
    """What is added to the deviation or the variance of a row."""
    for eps in NORMALIZATION_EPS:
        yield from (
            {"normalization_eps": eps, "normalization_eps_to": word} for word in USUAL_WORDS["normalization_eps_to"]
        )


def late_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """The moves that need neither new spectra nor new filters."""
    yield from ({"scale": value} for value in SCALES)
    if c.log is not None:
        yield from _other_words(c, ("reference",))
        yield from floor_moves(c)
        yield from dynamic_range_moves()
        yield from GAINS
    if limits.kind == "mfcc":
        yield from row_moves(c, limits)
        yield from _other_words(c, ("dct_norm",))
        yield from ({"dct_type": value} for value in (2, 3))
        yield from ({"lifter": value} for value in LIFTERS)
        yield from ({"lifter_first": value} for value in (0, 1))
        yield from ({"energy_floor": value} for value in ENERGY_FLOORS)


def row_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """Which row stands where, and which energy is taken."""
    if limits.kind == "mfcc":
        yield from ({**rows, "n_mfcc": n_mfcc(apply_move(c, rows), limits.n_static)} for rows in CEPSTRUM_ROWS)


def floor_moves(c: Convention) -> Iterator[Move]:
    """Other rules of the floor, and customary floors."""
    yield from _other_words(c, ("floor_rule",))
    yield from ({"floor": value} for value in FLOORS)


def dynamic_range_moves() -> Iterator[Move]:
    """Ranges below the maximum; each goes with the unit of its logarithm."""
    for log, ranges in DYNAMIC_RANGES.items():
        yield from ({"log": log, "dynamic_range": value} for value in ranges)
    yield from ({"log": log} for log in DYNAMIC_RANGES)


def floor_levels(c: Convention, greatest: float, added_only: bool = False) -> Iterator[Move]:
    """Floors and ranges at steps below the greatest value: where a floor lies is found before the reason for it.

    Floors that are added may also lie above every value.
    """
    if c.log is None or greatest <= TINY:  # all bands may be empty
        return
    yield from ({"floor_rule": "add", "floor": greatest * factor} for factor in (1.0, 4.0))
    for n in FLOOR_STEPS:
        floor = greatest * 10 ** (-n / 2)
        yield {"floor_rule": "add", "floor": floor}
        if not added_only:
            yield {"floor_rule": "at least", "floor": floor}
            yield {"dynamic_range": n / 2 * math.log(10) * LOG_FACTOR[c.log]}


def filterbanks(c: Convention, limits: Constraints, every: bool = False) -> Iterator[Move]:
    """Filters of another kind altogether; single moves do not lead to them, since they move every band.

    Cepstra get other numbers of bands or other frequencies, with `every` both at once.
    """
    if c.n_mels is None:
        return
    own = (c.mel_scale, c.mel_triangles)
    kinds = dict.fromkeys([own, ("htk", "hz"), ("slaney", "hz"), ("htk", "bins")])
    scales = [{"mel_scale": a, "mel_triangles": b} for a, b in kinds]
    ranges = [{"f_min": float(a), "f_max": b} for b in (None, 3800.0, 4000.0, 7600.0) for a in (0, 20, 64, 133, 300)]
    counts = list(_band_counts(c, limits.n_static)) if limits.kind == "mfcc" else []
    if every:
        yield from ({**a, **b, **n} for a in scales for b in ranges if b["f_min"] in (0, 133) for n in counts)
    else:
        yield from ({**a, **b} for a in scales for b in (*ranges, *counts))


@lru_cache
def as_in_presets(names: tuple[str, ...]) -> tuple[Move, ...]:
    """Several parameters at once, as each preset has them."""
    rows = {tuple(getattr(c, name) for name in names) for c in CONVENTIONS.values() if c.n_mels is not None}
    return tuple(dict(zip(names, row, strict=True)) for row in sorted(rows, key=str))


def transform_lengths(c: Convention, sample_rate: float) -> tuple[int | str, ...]:
    """Other lengths of the transform: the frame's, powers of two up to eight frames, and three customary lengths."""
    window = sizes(replace(c, n_fft="power of two"), sample_rate).window
    shortest = 1 << (window - 1).bit_length()
    return (
        *("power of two", "frame length"),
        *(k * shortest for k in (1, 2, 4, 8)),
        *(n for n in (400, 640, 800) if n >= window),
    )


def frame_moves(c: Convention, limits: Constraints, factor: float = LENGTH_FACTOR) -> tuple[Move, ...]:
    """Other frames that give the same number of them: of this length under every padding, then of other lengths."""
    return _frame_moves(Convention(**{name: getattr(c, name) for name in FRAME_PARAMETERS}), limits, factor)


@lru_cache(maxsize=100)  # a search asks for those of the same frames again and again
def _frame_moves(c: Convention, limits: Constraints, factor: float) -> tuple[Move, ...]:
    """As frame_moves; the convention's other parameters do not matter."""
    return tuple(_all_frame_moves(c, limits, factor))


def _all_frame_moves(c: Convention, limits: Constraints, factor: float) -> Iterator[Move]:
    size = sizes(c, limits.sample_rate)
    lengths = [
        n
        for n in _frame_lengths(limits.sample_rate, size.hop)
        if 1 / factor < n / size.window < factor and not (limits.bins_are_rows and n > size.n_fft)
    ]
    for length in dict.fromkeys([size.window, *lengths]):
        fitted = c
        if isinstance(c.n_fft, int) and c.n_fft < length and size.n_fft != size.window:
            fitted = replace(c, n_fft="power of two")
        paddings: list[Move] = [
            dict(zip(PADDING, words, strict=True)) for words in product(*(USUAL_WORDS[name] for name in PADDING))
        ]
        if length != size.window and _hops(fitted, length, size.hop, limits, 1)[:1] == [size.hop]:
            alignments = USUAL_WORDS["window_alignment"] if length < size.n_fft else [c.window_alignment]
            paddings = [{"window_alignment": word} for word in alignments]
        for padding in paddings:
            trial = apply_move(fitted, padding)
            own = all(getattr(trial, name) == getattr(c, name) for name in PADDING)
            for hop in _hops(trial, length, size.hop, limits, OWN_HOPS if own else OTHER_HOPS):
                if own or hop == size.hop or length == size.window:
                    moved = with_lengths(trial, length, hop, limits.sample_rate)
                    in_longer = [replace(moved, n_fft=size.n_fft)] if length < size.n_fft else []
                    yield from (_frame_move(c, other) for other in dict.fromkeys([moved, *in_longer]))


def paired_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """Two moves at once, of parameters that hide each other."""
    floors = [
        *floor_moves(c),
        *({"floor_rule": rule, "floor": value} for rule in USUAL_WORDS["floor_rule"] for value in FLOORS),
    ]
    strengths = [{"preemphasis": value} for value in PREEMPHASIS]
    emphasis = _word_pairs("preemphasis_in", "preemphasis_first")
    offsets = [{"dc_removal": word} for word in USUAL_WORDS["dc_removal"]]
    hop = sizes(c, limits.sample_rate).hop
    near_lengths = [
        move
        for move in frame_moves(c, limits, NEAR_LENGTH_FACTOR)
        if sizes(replace(c, **move), limits.sample_rate).hop == hop
    ]
    yield from paired_filter_moves(c, limits)
    groups = [(list(dynamic_range_moves()), floors)] if c.log else []
    groups += [(offsets, emphasis), (strengths, emphasis)]
    if c.n_mels is not None:
        groups += [
            (strengths, list(_lowest_frequencies())),
            (strengths, list(_highest_frequencies(limits.sample_rate))),
        ]
    groups += [(_word_pairs("window", "window_symmetry"), near_lengths)]
    for first, second in groups:
        yield from ({**a, **b} for a, b in product(first, second))


def paired_filter_moves(c: Convention, limits: Constraints) -> Iterator[Move]:
    """Two moves of the filters at once."""
    if c.n_mels is None:
        return
    lowest, highest = list(_lowest_frequencies()), list(_highest_frequencies(limits.sample_rate))
    scales = _word_pairs("mel_scale", "mel_triangles")
    for first, second in ((lowest, highest), (scales, lowest), (scales, highest)):
        yield from ({**a, **b} for a, b in product(first, second))


def _frame_move(c: Convention, other: Convention) -> Move:
    return {name: getattr(other, name) for name in FRAME_PARAMETERS if getattr(other, name) != getattr(c, name)}


def _hops(c: Convention, length: int, preferred: int, limits: Constraints, count: int) -> list[int]:
    """Hops that give the matrix's number of frames under the convention's padding."""
    frame = sizes(with_lengths(c, length, preferred, limits.sample_rate), limits.sample_rate).frame
    n_frames = limits.n_frames + (c.last_frame == "dropped")
    return hops(frame, c.framing, limits.n_samples, n_frames, limits.sample_rate, count, preferred)


def n_mfcc(c: Convention, n_static: int) -> int:
    """How many coefficients of the DCT a convention has whose static rows are so many."""
    return n_static - (c.c0 == "last") - (c.energy in ("first", "last"))


def _band_counts(c: Convention, n_static: int) -> Iterator[Move]:
    yield from ({"n_mels": n} for n in N_MELS if n >= n_mfcc(c, n_static))


def _lowest_frequencies() -> Iterator[Move]:
    yield from ({"f_min": float(value)} for value in F_MIN)


def _highest_frequencies(sample_rate: float) -> Iterator[Move]:
    yield from ({"f_max": value and float(value)} for value in F_MAX if (value or 0) <= sample_rate / 2)


def _frame_lengths(sample_rate: float, hop: int) -> list[int]:
    """Customary lengths of a frame: in milliseconds, in samples, in hops."""
    lengths = {n * hop for n in (1, 2, 3, 4, 5, 8)} | set(range(100, 1201, 100))
    for ms in LENGTHS_MS:
        lengths |= {int(ms * sample_rate / 1000), int(ms * sample_rate / 1000 + 0.5)}
    return sorted(n for n in lengths | {1 << k for k in range(6, 13)} if n > 1)


def _word_pairs(one: str, other: str) -> list[Move]:
    return [{one: a, other: b} for a in USUAL_WORDS[one] for b in USUAL_WORDS[other]]


def _other_words(c: Convention, names: tuple[str, ...]) -> Iterator[Move]:
    for name in names:
        yield from ({name: word} for word in USUAL_WORDS[name] if word != getattr(c, name))
