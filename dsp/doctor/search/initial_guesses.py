"""Where the search begins: every preset, with its own lengths or on frames that fit, fitted to the rows that there are.

Each function takes the search (dsp/doctor/search.py) whose matrix is to be explained. `presets` and `others` look, and
give families of starts, {convention: distance} of every preset; `nearer` takes the time to bring these nearer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from dsp.conventions.parameters import WORDS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.search import moves
from dsp.doctor.search.coordinate_descent import FAR, clock
from dsp.doctor.search.frame_grids import grids, hops, with_lengths

MOST_LOOKED_AT = 20
NEAR_ALREADY = 0.05
AS_NEAR = 1.2
MUCH_FARTHER = 4
NO_CHANCE = 0.9
SHARE = 0.25  # of the time left
MOST_RANGED = 6
MOST_LOOKED_AT_LONG = 4
MOST_STARTS = 5
OF_FRAMES = ("framing", "last_frame", "window_alignment", "rounding")
GENERIC = {
    "htk": Convention(preemphasis=0.97, floor=1e-20),
    "slaney": Convention(window="hann", n_mels=40, mel_scale="slaney", floor=1e-20),
}


def presets(search) -> list[dict[Convention, float]]:
    """The presets with their own lengths, where some framing gives the number of frames that there are."""
    families = []
    for preset in CONVENTIONS.values():
        adapted = _adapted(search, preset)
        for own in (adapted, *_kinds(search, adapted)):
            for framed in (_framed(own), _in_longer(own, search.bench.sizes(own))):
                fitting = dict.fromkeys(c for c in framed if search.bench.n_frames(c) == search.n_frames)
                families.append({c: search.shape(c) for c in fitting if not search.over()})
    return families


def _framed(c: Convention) -> Iterator[Convention]:
    """The convention under every framing."""
    for words in product(*(WORDS[name] for name in OF_FRAMES)):
        yield moves.changed(c, dict(zip(OF_FRAMES, words, strict=True)))


def _in_longer(c: Convention, size) -> Iterator[Convention]:
    """The same with windows in the middle of longer frames."""
    for framed in _framed(c) if size else ():
        if framed.window_alignment == "center":
            yield from (moves.changed(framed, {"n_fft": k * size.n_fft}) for k in (2, 4))


def others(search) -> list[dict[Convention, float]]:
    """The presets with other lengths: the frame grids, on which two generic conventions are nearest."""
    ranked = []
    for generic in GENERIC.values():
        c = _adapted(search, generic)
        n_fft = search.n_fft if c.n_mels is None else None
        for fitted in grids(c, search.bench.rate, search.bench.signal.size, search.n_frames, n_fft):
            if search.over():
                break
            size = sizes(fitted, search.bench.rate)
            ranked.append((search.shape(fitted), size.window, size.hop, fitted.framing, fitted.n_fft))
    families = []
    for preset in CONVENTIONS.values():
        own, found = _adapted(search, preset), {}
        nearest = [_on_grid(search, own, *grid[1:]) for grid in sorted(ranked, key=lambda grid: grid[0])[:2]]
        for c in (*nearest, *_with_fitting_hop(search, own, (own.framing, nearest[0].framing) if nearest else ())):
            if c not in found and not search.over():
                found[c] = search.shape(c)
        families.append(found)
    return families


def nearest_of(families: list[dict[Convention, float]]) -> float:
    """How near the nearest start is."""
    return min((value for found in families for value in found.values()), default=FAR)


def nearer(search, families: list[dict[Convention, float]]) -> list[tuple[float, Convention]]:
    """The starts, nearest first, by what other filters make of them; of every preset one is looked at.

    After each comes what it was made of: other filters and floors may have made up for other frames.
    """
    firsts, rest = [], []
    for found in families:
        members = sorted(((value, c) for c, value in found.items() if value < FAR), key=lambda start: start[0])
        firsts += [_with_its_rows(search, c) for _, c in members[:1]]
        rest += members[1:]
    ordered = sorted(firsts, key=lambda start: start[0]) + sorted(rest, key=lambda start: start[0])
    one_of_equals = {}
    for start in ordered:
        one_of_equals.setdefault(round(start[0], 12), start)
    starts = list(one_of_equals.values())
    nearest = min(starts, key=lambda start: start[0], default=(FAR, None))[0]
    if 0.01 < nearest < 0.95:
        starts = _moved(search, starts, _with_other_filters, MOST_LOOKED_AT)
        starts = _ranged(search, starts) + starts
    if starts and 0.3 < starts[0][0] < 0.95:
        starts = _moved(search, starts, _with_any_filters, MOST_LOOKED_AT_LONG)
    return starts[:MOST_STARTS]


def _ranged(search, starts) -> list[tuple[float, Convention]]:
    """What comes much nearer by a range of frequencies that nobody is used to."""
    if starts[0][0] < NEAR_ALREADY:
        return []
    moved = [search.ranged(c) for _, c in starts[:MOST_RANGED]]
    return [(search.shape(new), new) for new, (_, old) in zip(moved, starts[:MOST_RANGED], strict=True) if new != old]


def _moved(search, starts, moved, most: int) -> list[tuple[float, Convention]]:
    """What becomes of starts, nearest first, each before what it was; then those that were left out.

    These are what follows one that is near already, what is far in comparison, and what there is no time for.
    """
    found, until = [], clock() + SHARE * (search.deadline - clock())
    for value, c in starts[:most]:
        if clock() > until or value > MUCH_FARTHER * min((pair[0][0] for pair in found), default=FAR):
            break
        other = moved(search, c)
        found.append(((search.shape(other), other), (value, c)))
        if found[-1][0][0] < NEAR_ALREADY:
            break
    ordered = sorted(found, key=lambda pair: pair[0][0])
    return list(dict.fromkeys([start for pair in ordered for start in pair] + starts[len(found) :]))


def _with_its_rows(search, c: Convention) -> tuple[float, Convention]:
    """The start with the rows that come nearest, if they come so much nearer that it is not by chance."""
    value = search.shape(c)
    other = search.best_of(c, moves.row_changes(c, search.at(c)), search.shape_misfit)
    return (search.shape(other), other) if search.shape(other) < NO_CHANCE * value else (value, c)


def _with_other_filters(search, c: Convention) -> Convention:
    """The start with other filters and another floor, either first, in power or magnitude."""

    def filtered(c):
        return search.best_of(c, moves.banks(c, search.at(c)), search.shape_misfit)

    def floored(c):
        return search.best_of(c, moves.levels(c, search.bench.greatest(c)), search.shape_misfit)

    kinds = [replace(c, spectrum=kind) for kind in WORDS["spectrum"]]
    near = AS_NEAR * min(map(search.shape, kinds))
    filters = [filtered(kind) for kind in kinds if search.shape(kind) <= near]
    nearest = min(replace(c, dynamic_range=None), *filters, key=search.shape)
    if search.shape(nearest) > NEAR_ALREADY:
        nearest = min(floored(nearest), filtered(floored(c)), key=search.shape)
    return search.best_of(nearest, moves.SPECTRA, search.shape_misfit)


def _with_any_filters(search, c: Convention) -> Convention:
    return search.best_of(c, moves.banks(c, search.at(c), every=True), search.shape_misfit)


def _kinds(search, c: Convention) -> Iterator[Convention]:
    """The convention with another kind of step in it, which no row's gain and offset can make up for."""
    if search.kind == "mfcc":
        yield replace(c, dct_type=3)
    elif not search.reading.linear and search.reading.matrix.min() >= 0:
        plus_one = replace(c, log="ln", floor_rule="add", floor=1.0, dynamic_range=None, reference=None)  # ln(1 + x)
        yield from (replace(plus_one, scale=scale) for scale in (1.0, 32_768.0))


def _with_fitting_hop(search, c: Convention, framings: Iterable[str]) -> Iterator[Convention]:
    """The convention with its own frame length and the most customary hop that gives the number of frames."""
    try:
        size = sizes(c, search.bench.rate)
    except ValueError:
        return
    for framing in dict.fromkeys(framings):
        n_samples, n_frames = search.bench.signal.size, search.n_frames + (c.last_frame == "dropped")
        for hop in hops(size.frame, framing, n_samples, n_frames, search.bench.rate, most=1):
            yield with_lengths(replace(c, framing=framing), size.window, hop, search.bench.rate)


def _on_grid(search, c: Convention, window: int, hop: int, framing: str, n_fft) -> Convention:
    c = replace(c, framing=framing, last_frame="kept")
    own = search.bench.sizes(c)
    if isinstance(c.n_fft, int) and c.n_fft < window and not (own and own.n_fft == own.window):
        c = replace(c, n_fft=n_fft)
    return with_lengths(c, window, hop, search.bench.rate)


def _adapted(search, preset: Convention) -> Convention:
    """The preset with this matrix's number of rows."""
    c = replace(preset, dither=0.0, normalization=search.reading.normalization, delta_orders=0)
    if search.reading.deltas:
        c = replace(c, **search.reading.deltas)
    if c.f_max is not None and c.f_max > search.bench.rate / 2:
        c = replace(c, f_max=None)
    if not search.reading.linear:
        c = replace(c, log=c.log or "ln")
    if search.kind == "log_mel":
        if search.n_fft is not None:
            return replace(c, n_mels=None, n_fft=search.n_fft, n_mfcc=None)
        return replace(c, n_mels=search.n_static, n_mfcc=None)
    n_mfcc = search.n_static - (c.c0 == "last") - (c.energy in ("first", "last"))
    n_mels = 26 if c.n_mels is None else c.n_mels
    if isinstance(n_mels, int):
        n_mels = max(n_mels, n_mfcc + 1)
    return replace(c, n_mfcc=max(1, n_mfcc), n_mels=n_mels)
