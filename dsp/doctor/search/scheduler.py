"""In which order initial guesses are searched: those of all interpretations take turns, and what is far waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.initial_guesses import Family, as_they_are, nearest_of, on_other_frames, ranked
from dsp.doctor.search.search import HOPELESS, Search

# All bounds below were set by trial, as distances between 0 (the same shape) and 1 (nothing in common).
LIKELY = 0.25  # with a guess so near, interpretations that are much farther are not looked at on other frames
MUCH_FARTHER = 0.2  # an interpretation that is farther than another by that much waits
NEAR = 0.12  # with a guess so near other frames are not looked at, and with enough, guesses farther off are left out


def schedule(searches: list[Search], is_enough: Callable[[], bool]) -> Iterator[tuple[Search, Convention]]:
    """(search, initial guess) of all interpretations in the order in which they are worth searching.

    First come presets, as they are and, unless one of these is very near, on other frames; then, until there is
    enough, what was much farther.
    """
    queue = _Queue(searches)
    queue.look()
    yield from queue.take(is_enough)
    if not is_enough():
        queue.look_again()
        yield from queue.take(is_enough)


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

    def __init__(self, searches: list[Search]):
        self.searches = searches
        self.waiting: list[_Entry] = []
        self.later: list[tuple[Search, list[Family]]] = []  # of interpretations that were much farther than another

    def look(self) -> None:
        """Adds the guesses of the interpretations that are not much farther than another."""
        looked = [(search, as_they_are(search)) for search in self.searches]
        nearest = min((nearest_of(families) for _, families in looked), default=DOES_NOT_FIT)
        if nearest > NEAR:
            likely = DOES_NOT_FIT if nearest > LIKELY else nearest + MUCH_FARTHER
            looked = [
                (search, families + (on_other_frames(search) if nearest_of(families) <= likely else []))
                for search, families in looked
            ]
        looked.sort(key=lambda pair: nearest_of(pair[1]))
        nearest = min((nearest_of(families) for _, families in looked), default=DOES_NOT_FIT)
        for search, families in looked:
            if nearest_of(families) > max(nearest + MUCH_FARTHER, HOPELESS):
                self.later.append((search, families))
            else:
                nearest = min(nearest, self._add(search, families))

    def look_again(self) -> None:
        """Adds the guesses of the interpretations that were much farther."""
        for search, families in self.later:
            self._add(search, families)

    def take(self, is_enough: Callable[[], bool]) -> Iterator[tuple[Search, Convention]]:
        """The guesses in their order; once there is enough, near ones only."""
        self.waiting.sort(key=lambda entry: entry[:4])
        while self.waiting and self.waiting[0].distance <= (NEAR if is_enough() else DOES_NOT_FIT):
            entry = self.waiting.pop(0)
            yield entry.search, entry.convention

    def _add(self, search: Search, families: list[Family]) -> float:
        """Adds the guesses of an interpretation; returns the distance of the nearest."""
        guesses = ranked(search, families)
        for position, (distance, c) in enumerate(guesses):
            self.waiting.append(_Entry(distance > HOPELESS, position, distance, len(self.waiting), search, c))
        return min((distance for distance, _ in guesses), default=DOES_NOT_FIT)
