"""In which order initial guesses are searched: those of all interpretations take turns, and what is far waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.initial_guesses import Family, as_they_are, nearest_grids, nearest_of, on_other_frames, ranked
from dsp.doctor.search.search import HOPELESS, Search

# All bounds below were set by trial, as distances between 0 (the same shape) and 1 (nothing in common).
LIKELY = 0.25  # with a guess so near, interpretations that have none at all are left out
MUCH_FARTHER = 0.2  # an interpretation that is farther than another by that much waits
MUCH_NEARER = 0.5  # other frames must bring a preset so much nearer to come first
NEAR = 0.12  # guesses farther than that wait for those on other frames
SOMETHING_IN_COMMON, NOTHING_IN_COMMON = 0.5, 0.85  # distances of generic conventions on the nearest frames
LEFT_OUT_WAITS = 2  # turns: an interpretation without some rows may come as near as the one with all of them
FEW = 2  # presets as they are that are searched in any case


def schedule(
    searches: list[Search], is_enough: Callable[[], bool], farthest: float
) -> Iterator[tuple[Search, Convention]]:
    """(search, initial guess) of all interpretations in the order in which they are worth searching.

    An interpretation is left out if even its nearest preset is farther away than `farthest`.

    First come presets as they are, then, until there is enough, presets on other frames, then what was much farther.
    Where the presets are far and much nearer on other frames, these come first.
    """
    queue = _Queue(searches, farthest)
    for n, looked in enumerate(_sources(searches)):
        queue.look(looked)
        yield from queue.take(is_enough, few=n == 0)
        if is_enough():
            return
    queue.look_again()
    yield from queue.take(is_enough)


Looked = list[tuple[Search, list[Family]]]


def _sources(searches: list[Search]) -> Iterator[Looked]:
    """Guesses as the presets are and on other frames, in the order in which they are worth searching."""
    own = [(search, as_they_are(search)) for search in searches]
    if _nearest(own) <= NEAR:
        yield own
        yield _on_other_frames(searches)  # made only when it is asked for
        return
    others = _on_other_frames(searches)
    yield from (others, own) if _nearest(others) < MUCH_NEARER * _nearest(own) else (own, others)


def _on_other_frames(searches: list[Search]) -> Looked:
    """The presets on other frames, for every interpretation that has anything in common with them."""
    grids = {search: nearest_grids(search) for search in searches}
    nearest = min((of[0].distance for of in grids.values() if of), default=DOES_NOT_FIT)
    most = NOTHING_IN_COMMON if nearest < SOMETHING_IN_COMMON else DOES_NOT_FIT
    return [(search, on_other_frames(search, of)) for search, of in grids.items() if of and of[0].distance <= most]


def _nearest(looked: Looked) -> float:
    return min((nearest_of(families) for _, families in looked), default=DOES_NOT_FIT)


class _Entry(NamedTuple):
    """A guess that waits. Entries are taken in the order of the first four fields."""

    is_far: bool
    position: int  # among the guesses of its interpretation, so that interpretations take turns
    distance: float
    number: int  # of the entry
    search: Search
    convention: Convention


class _Queue:
    """The guesses that wait for their turn."""

    def __init__(self, searches: list[Search], farthest: float):
        self.searches, self.farthest = searches, farthest
        self.nearest: dict[Search, float] = {}  # the distance of each interpretation's nearest guess
        self.waiting: list[_Entry] = []
        self.added: dict[Search, list[Convention]] = {}  # all guesses that ever entered the queue
        self.later: Looked = []  # of interpretations that were much farther than another

    def look(self, looked: Looked) -> None:
        """Adds the guesses of a source: of the interpretations that are not much farther than another."""
        likely = [
            (search, families)
            for search, families in looked
            if nearest_of(families) <= self.farthest and not self._is_hopeless(search)
        ]
        for search, families in likely:
            self.nearest[search] = min(nearest_of(families), self.nearest.get(search, DOES_NOT_FIT))
        farthest = max(min(self.nearest.values(), default=0.0) + MUCH_FARTHER, HOPELESS)
        for search, families in sorted(likely, key=lambda pair: nearest_of(pair[1])):
            if nearest_of(families) > farthest:
                self.later.append((search, families))
            else:
                self._add(search, families)

    def look_again(self) -> None:
        """Adds the guesses of the interpretations that were much farther."""
        for search, families in self.later:
            self._add(search, families)

    def take(self, is_enough: Callable[[], bool], few: bool = False) -> Iterator[tuple[Search, Convention]]:
        """The guesses in their order. With `few`, a few and then near ones; with enough, near ones only."""
        self.waiting.sort(key=lambda entry: entry[:4])
        for n_taken in count():
            farthest = DOES_NOT_FIT
            if few:
                farthest = NEAR if n_taken >= FEW else HOPELESS
            if not self.waiting or self.waiting[0].distance > (NEAR if is_enough() else farthest):
                return
            entry = self.waiting.pop(0)
            yield entry.search, entry.convention

    def _is_hopeless(self, search: Search) -> bool:
        """Whether another interpretation of the matrix is much nearer."""
        nearest = min(self.nearest.values(), default=DOES_NOT_FIT)
        return nearest < LIKELY and self.nearest.get(search, 0.0) > max(nearest + MUCH_FARTHER, HOPELESS)

    def _add(self, search: Search, families: list[Family]) -> None:
        first = LEFT_OUT_WAITS if search.interpretation.left_out else 0
        earlier = self.added.setdefault(search, [])
        known = {round(search.affine_distance(c), 12) for c in earlier}  # guesses as far as one of these are the same
        for position, (distance, c) in enumerate(ranked(search, families), start=first):
            self.nearest[search] = min(distance, self.nearest[search])
            if round(distance, 12) not in known:
                self.waiting.append(_Entry(distance > HOPELESS, position, distance, len(self.waiting), search, c))
                earlier.append(c)
