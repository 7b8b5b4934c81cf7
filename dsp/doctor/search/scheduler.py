"""In which order starts are gone on from: those of all readings of a matrix take turns, and what is far waits."""

from collections.abc import Callable, Iterator
from itertools import count

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import FAR
from dsp.doctor.search.initial_guesses import nearer, nearest_of, others, presets
from dsp.doctor.search.search import HOPELESS, Search

LIKELY = 0.25  # with a start so near, readings without any start are left out
MUCH = 0.2  # a reading is that much farther than another: it waits
NEAR = 0.12  # starts farther than that, but a few, wait for those on other frames
FEW = 2


def in_turn(searches: list[Search], enough: Callable[[], bool]) -> Iterator[tuple[Search, Convention]]:
    """(search, convention) of all readings: presets as they are; until enough, on other frames; what was farther."""
    turns = _Turns(searches)
    turns.look(presets)
    yield from turns.taken(enough, as_they_are=True)
    if not enough():
        turns.look(others)
        yield from turns.taken(enough)
    if not enough():
        turns.look_again()
        yield from turns.taken(enough)


class _Turns:
    """The starts that wait for their turn."""

    def __init__(self, searches: list[Search]):
        self.searches = searches
        self.nearest: dict[Search, float] = {}  # how far the nearest start of each reading is
        self.waiting: list[tuple] = []  # (far?, place among its reading's, distance, number, search, convention)
        self.later: list[tuple] = []  # (search, families) of readings that were much farther than another

    def look(self, source: Callable[[Search], list]) -> None:
        """Has the starts of a source wait: of the readings that are not much farther than another."""
        looked = []
        for search in self.searches:
            if not self._without_hope(search):
                search.look_at(search.some)
                looked.append((search, source(search)))
        for search, families in sorted(looked, key=lambda pair: nearest_of(pair[1])):
            value = nearest_of(families)
            self.nearest[search] = min(value, self.nearest.get(search, FAR))
            if value > max(min(self.nearest.values()) + MUCH, HOPELESS):
                self.later.append((search, families))
            else:
                self._wait(search, families)

    def look_again(self) -> None:
        """Has those wait that were much farther."""
        for search, families in self.later:
            self._wait(search, families)

    def taken(self, enough: Callable[[], bool], as_they_are: bool = False) -> Iterator[tuple[Search, Convention]]:
        """The starts in their order; of presets as they are a few, then near ones; once there is enough, near ones."""
        self.waiting.sort(key=lambda start: start[:4])
        for passed in count():
            farthest = FAR
            if as_they_are:
                farthest = NEAR if passed >= FEW else HOPELESS
            if not self.waiting or self.waiting[0][2] > (NEAR if enough() else farthest):
                return
            *_, search, c = self.waiting.pop(0)
            yield search, c

    def _without_hope(self, search: Search) -> bool:
        """Whether another reading of the matrix is much nearer."""
        nearest = min(self.nearest.values(), default=FAR)
        return nearest < LIKELY and self.nearest.get(search, 0.0) > max(nearest + MUCH, HOPELESS)

    def _wait(self, search: Search, families: list) -> None:
        search.look_at(search.some)
        for place, (value, c) in enumerate(nearer(search, families)):
            self.waiting.append((value > HOPELESS, place, value, len(self.waiting), search, c))  # readings take turns
            self.nearest[search] = min(value, self.nearest[search])
