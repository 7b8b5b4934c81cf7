"""Where the search begins: every preset, with its own lengths or on frames that fit, adapted to the matrix's rows.

Each function takes the Search whose matrix is to be explained. `as_they_are` and `on_other_frames` only look: they give
families of guesses, {convention: distance} for each preset. `ranked` takes the time to bring these nearer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dsp.conventions.parameters import Convention, FftLength, Framing, LastFrame
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.common_values import F_MAX, F_MIN, LENGTHS_MS, RARE, USUAL_WORDS
from dsp.doctor.search import moves
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.frame_grids import grids, hops, with_lengths
from dsp.doctor.search.trials import Move, apply_move
from dsp.mel import MelScale, filter_edges

if TYPE_CHECKING:
    from dsp.doctor.search.search import Search

Guess = tuple[float, Convention]  # its affine distance
Family = dict[Convention, float]


class Grid(NamedTuple):
    """Where frames lie, and how near a generic convention comes on them."""

    distance: float
    window: int
    hop: int
    framing: Framing
    last_frame: LastFrame
    n_fft: int | FftLength


# All bounds below were set by trial.
MAX_GUESSES = 5  # that one source of guesses gives for one interpretation
MAX_FRAMINGS = 3  # of a preset, the nearest ones
MAX_REFILTERED = 20  # guesses that are given other filters
MAX_REFILTERED_BOTH = 4  # guesses that are given other bands and other frequencies at once, which takes many trials
MAX_EDGES = 6  # guesses whose band edges are fitted
NEAR_ALREADY = 0.05  # a guess so near needs no other filters: the descent finds the rest
ALMOST_AS_NEAR = 1.2  # of power and magnitude the farther is tried, too, if it is at most so much farther
MUCH_FARTHER = 4  # a guess so much farther than the best one so far is not brought nearer
NO_CHANCE = 0.9  # other rows must bring a guess below this share: 22 arrangements of rows, one may fit by chance
WORTH_REFILTERING = (0.01, 0.95)  # distances: nearer is right already, farther has nothing in common
WORTH_REFILTERING_BOTH = (0.3, 0.95)
TIME_SHARE = 0.15  # of the time left, for bringing the guesses of one source nearer
FRAMINGS = ("framing", "last_frame", "window_alignment", "rounding")
OWN_FRAMING: tuple[Move, ...] = ({},)
EVERY_FRAMING: tuple[Move, ...] = tuple(
    dict(zip(FRAMINGS, words, strict=True)) for words in product(*(USUAL_WORDS[name] for name in FRAMINGS))
)
GENERIC = {  # conventions without a floor, on which the nearest frames are found for all presets
    "htk": Convention(preemphasis=0.97, floor=1e-20),
    "slaney": Convention(window="hann", n_mels=40, mel_scale="slaney", floor=1e-20),
}
GRIDS_PER_PRESET = 2


def as_they_are(search: Search) -> list[Family]:
    """The presets with their own lengths, where some framing gives the number of frames that there are."""
    families = []
    for preset in CONVENTIONS.values():
        adapted = adapt(search, preset)
        for own in (adapted, *_other_kinds(search, adapted)):
            for framings in _framings(search, own):
                fitting = [apply_move(own, move) for move in framings]
                if len(fitting) > MAX_FRAMINGS:
                    fitting.sort(key=lambda c: search.affine_distance(c, search.coarse))
                families.append(
                    {
                        c: search.affine_distance(c)
                        for c in fitting[:MAX_FRAMINGS]
                        if not search.descent.deadline.is_over()
                    }
                )
    return families


def nearest_grids(search: Search) -> list[Grid]:
    """The frame grids that give the number of frames, on which two generic conventions are nearest: nearest first."""
    found = []
    for generic in GENERIC.values():
        c = adapt(search, generic)
        n_fft = search.n_fft if c.n_mels is None else None
        for fitted in grids(c, search.cache.sample_rate, search.cache.signal.size, search.n_frames, n_fft):
            if search.descent.deadline.is_over():
                break
            size = sizes(fitted, search.cache.sample_rate)
            distance = min(search.affine_distance(one, search.coarse) for one in _in_other_orders(search, fitted))
            found.append(Grid(distance, size.window, size.hop, fitted.framing, fitted.last_frame, fitted.n_fft))
    return sorted(found, key=lambda grid: grid.distance)


def _in_other_orders(search: Search, c: Convention) -> Iterator[Convention]:
    """The convention; for cepstra, also in every other order of rows, since in a wrong order all frames look far."""
    yield c
    if search.kind == "mfcc":
        for word in USUAL_WORDS["c0"]:
            other = apply_move(c, {"c0": word})
            yield apply_move(other, {"n_mfcc": moves.n_mfcc(other, search.n_static)})


def on_other_frames(search: Search, nearest: list[Grid] | None = None) -> list[Family]:
    """The presets with other lengths: on the nearest frame grids, which are looked for if they are not given."""
    nearest = nearest_grids(search) if nearest is None else nearest
    families = []
    for preset in CONVENTIONS.values():
        own, family = adapt(search, preset), {}
        on_grids = [_on_grid(search, own, grid) for grid in nearest[:GRIDS_PER_PRESET]]
        framings = (own.framing, on_grids[0].framing) if on_grids else ()
        for c in (*on_grids, *_with_fitting_hop(search, own, framings)):
            if c not in family and not search.descent.deadline.is_over():
                family[c] = search.affine_distance(c)
        families.append(family)
    return families


def nearest_of(families: list[Family]) -> float:
    """The distance of the nearest guess."""
    return min((distance for family in families for distance in family.values()), default=DOES_NOT_FIT)


def ranked(search: Search, families: list[Family]) -> list[Guess]:
    """The guesses, nearest first, by what other filters make of them; at least one of each preset is looked at.

    Each is followed by the guess that it was made of: other filters and floors may only have made up for wrong frames.
    """
    firsts: list[Guess] = []
    rest: list[Guess] = []
    for family in families:
        members = sorted(((distance, c) for c, distance in family.items() if distance < DOES_NOT_FIT), key=_distance)
        firsts += [_with_its_rows(search, c) for _, c in members[:1]]
        for guess in members[1:]:
            (firsts if guess[0] < NEAR_ALREADY else rest).append(guess)
    guesses = _one_of_equals(sorted(firsts, key=_distance) + sorted(rest, key=_distance))
    nearest = _nearest_frames(guesses, families)
    low, high = WORTH_REFILTERING
    if low < min((distance for distance, _ in guesses), default=DOES_NOT_FIT) < high:
        guesses = _bring_nearer(search, guesses, _with_other_filters, MAX_REFILTERED)
        guesses = _with_unusual_edges(search, guesses) + guesses
    low, high = WORTH_REFILTERING_BOTH
    if guesses and low < guesses[0][0] < high:
        guesses = _bring_nearer(search, guesses, _with_any_filters, MAX_REFILTERED_BOTH)
    return _one_of_equals(guesses[:1] + nearest + guesses[1:])[:MAX_GUESSES]  # other filters may mislead the rest


def _nearest_frames(guesses: list[Guess], families: list[Family]) -> list[Guess]:
    """The nearest guess, and the same preset on its second-nearest frames, which no single move may lead to."""
    of_nearest = [family for _, c in guesses[:1] for family in families if c in family]
    others = sorted(((distance, c) for family in of_nearest for c, distance in family.items()), key=_distance)
    return guesses[:1] + [guess for guess in others if guess[0] < DOES_NOT_FIT][1:2]


def _one_of_equals(guesses: list[Guess]) -> list[Guess]:
    """The first guess at every distance: others as far as that differ in nothing that shows."""
    at_distance: dict[float, Guess] = {}
    for guess in guesses:
        at_distance.setdefault(round(guess[0], 12), guess)
    return list(at_distance.values())


def _distance(guess: Guess) -> float:
    return guess[0]


def _framings(search: Search, c: Convention) -> Iterator[tuple[Move, ...]]:
    """The framings that give the matrix's number of frames; then those with windows in the middle of longer frames.

    Where a matrix holds a part of a clip's frames, every framing has enough, and only the convention's own counts.
    """
    cache = search.cache
    if cache.kept is not None:
        yield cache.fitting(c, OWN_FRAMING, search.n_frames)
        return
    if not cache.may_have(search.n_frames, c):
        return
    if c.framing not in USUAL_WORDS["framing"]:
        yield cache.fitting(c, OWN_FRAMING, search.n_frames)
    yield cache.fitting(c, EVERY_FRAMING, search.n_frames)
    size = cache.sizes_or_none(c)
    yield cache.fitting(c, _in_longer_frames(size.n_fft), search.n_frames) if size else ()


@lru_cache
def _in_longer_frames(n_fft: int) -> tuple[Move, ...]:
    centered = (move for move in EVERY_FRAMING if move["window_alignment"] == "center")
    return tuple({**move, "n_fft": k * n_fft} for move in centered for k in (2, 4))


def _with_unusual_edges(search: Search, guesses: list[Guess]) -> list[Guess]:
    """What comes much nearer by unusual band edges."""
    if guesses[0][0] < NEAR_ALREADY:
        return []
    fitted = [(search.fit_band_edges(c), c) for _, c in guesses[:MAX_EDGES]]
    return [(search.affine_distance(new), new) for new, old in fitted if new != old]


def _bring_nearer(
    search: Search, guesses: list[Guess], step: Callable[[Search, Convention], Convention], count: int
) -> list[Guess]:
    """What a step makes of the first guesses, nearest first, each before what it was; then those that are left.

    These are the ones after a guess that is near already, the ones much farther off, and those there is no time for.
    """
    pairs: list[tuple[Guess, Guess]] = []
    until = search.descent.deadline.part(TIME_SHARE)
    for distance, c in guesses[:count]:
        if until.is_over() or distance > MUCH_FARTHER * min((new[0] for new, _ in pairs), default=DOES_NOT_FIT):
            break
        other = step(search, c)
        pairs.append(((search.affine_distance(other), other), (distance, c)))
        if pairs[-1][0][0] < NEAR_ALREADY:
            break
    ordered = sorted(pairs, key=lambda pair: pair[0][0])
    return list(dict.fromkeys([guess for pair in ordered for guess in pair] + guesses[len(pairs) :]))


def _with_its_rows(search: Search, c: Convention) -> Guess:
    """The guess with the rows that come nearest, if they come so much nearer that it is not by chance."""
    distance = search.affine_distance(c)
    other = search.best_of(c, moves.row_moves(c, search.limits(c)))
    of_other = search.affine_distance(other)
    return (of_other, other) if of_other < NO_CHANCE * distance else (distance, c)


def _with_other_filters(search: Search, c: Convention) -> Convention:
    """The guess with other filters and another floor, in either order, in power or magnitude."""

    def refiltered(c: Convention) -> Convention:
        return search.best_of(c, moves.filterbanks(c, search.limits(c)))

    def floored(c: Convention) -> Convention:
        return search.best_of(c, search.floor_levels(c))

    spectra = [apply_move(c, {"spectrum": word}) for word in USUAL_WORDS["spectrum"]]
    near = ALMOST_AS_NEAR * min(map(search.affine_distance, spectra))
    filtered = [refiltered(other) for other in spectra if search.affine_distance(other) <= near]
    nearest = min(replace(c, dynamic_range=None), *filtered, key=search.affine_distance)
    if search.affine_distance(nearest) > NEAR_ALREADY:
        nearest = min(floored(nearest), refiltered(floored(c)), key=search.affine_distance)
    return search.best_of(nearest, moves.COMMON_SPECTRA)


def _with_any_filters(search: Search, c: Convention) -> Convention:
    return search.best_of(c, moves.filterbanks(c, search.limits(c), every=True))


def _other_kinds(search: Search, c: Convention) -> Iterator[Convention]:
    """The convention with a step of another kind, which no gain and offset of a row makes up for."""
    if c.n_mels == "every 100 mel" and search.kind == "log_mel":
        yield replace(c, n_mels=search.n_static, f_min=0.0, f_max=None)
    if search.kind == "mfcc":
        yield replace(c, dct_type=3)
    elif not search.interpretation.linear and search.interpretation.matrix.min() >= 0:
        plus_one = replace(c, log="ln", floor_rule="add", floor=1.0, dynamic_range=None, reference=None)  # ln(1 + x)
        yield from (replace(plus_one, scale=scale) for scale in (1.0, 32_768.0))


def _with_fitting_hop(search: Search, c: Convention, framings: Iterable[Framing]) -> Iterator[Convention]:
    """The convention with its own frame length and the most customary hop that gives the number of frames.

    A framing that the descent does not lead to comes with every customary length.
    """
    sample_rate = search.cache.sample_rate
    try:
        size = sizes(c, sample_rate)
    except ValueError:
        return
    n_frames = search.n_frames + (c.last_frame == "dropped")
    for framing in dict.fromkeys(framings):
        windows = [size.window]
        if framing == RARE["framing"]:
            windows += [round(ms * sample_rate / 1000) for ms in LENGTHS_MS]
        for window in dict.fromkeys(windows):
            frame = window if size.frame == size.window else size.frame
            for hop in hops(frame, framing, search.cache.signal.size, n_frames, sample_rate, count=1):
                yield with_lengths(replace(c, framing=framing), window, hop, sample_rate)


def _on_grid(search: Search, c: Convention, grid: Grid) -> Convention:
    c = replace(c, framing=grid.framing, last_frame=grid.last_frame)
    own = search.cache.sizes_or_none(c)
    if isinstance(c.n_fft, int) and c.n_fft < grid.window and not (own and own.n_fft == own.window):
        c = replace(c, n_fft=grid.n_fft)
    return with_lengths(c, grid.window, grid.hop, search.cache.sample_rate)


def _bands(search: Search, preset: Convention) -> Move:
    """As many bands as there are rows: their number, or the preset's rule with edges between which it gives so many."""
    if preset.n_mels == "every 100 mel":
        edges = _edges_of_count(search.n_static, search.cache.sample_rate, preset.f_min, preset.mel_scale)
        if edges:
            return {"f_min": edges[0], "f_max": edges[1]}
    return {"n_mels": search.n_static}


@lru_cache
def _edges_of_count(count: int, sample_rate: float, f_min: float, scale: MelScale) -> tuple[float, float | None] | None:
    """The lowest and highest frequency, customary ones, between which there are so many bands, one every 100 mel."""
    for low, high in product((f_min, *F_MIN), F_MAX):
        try:
            edges = filter_edges("every 100 mel", 2, sample_rate, low, high, scale, "hz")
        except ValueError:
            continue
        if edges.center.size == count:
            return float(low), high if high is None else float(high)
    return None


def adapt(search: Search, preset: Convention) -> Convention:
    """The preset with this matrix's number of rows."""
    interpretation = search.interpretation
    move: Move = {"dither": 0.0, "normalization": interpretation.normalization, "delta_orders": 0}
    if interpretation.normalization is not None:
        move["normalization_ddof"] = interpretation.ddof
        if preset.normalization is None:
            move["normalization_eps"] = 0.0
    move |= interpretation.deltas or {}
    if preset.f_max is not None and preset.f_max > search.cache.sample_rate / 2:
        move["f_max"] = None
    if not interpretation.linear:
        move["log"] = preset.log or "ln"
    if search.kind == "log_mel" and search.n_fft is not None:
        move |= {"n_mels": None, "n_fft": search.n_fft, "n_mfcc": None}
    elif search.kind == "log_mel":
        move |= {**_bands(search, preset), "n_mfcc": None}
    else:
        n_mfcc = moves.n_mfcc(preset, search.n_static)
        n_mels = 26 if preset.n_mels is None else preset.n_mels
        move |= {
            "n_mfcc": max(1, n_mfcc),
            "n_mels": max(n_mels, n_mfcc + 1) if isinstance(n_mels, int) else n_mels,
        }
    return apply_move(preset, move)
