"""From initial guesses to the best outcome: first by descent, then the nearest shapes by pairs of moves."""

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.scheduler import schedule
from dsp.doctor.search.search import HOPELESS, Search
from dsp.doctor.search.verdict import EXACT, Outcome, judge

MAX_PAIRED = 3  # shapes that are searched on by pairs of moves; by trial
WORTH_FITTING = 2e-3  # a shape so near is worth fitting values to; by trial


class Guesses:
    """The initial guesses of some interpretations, and what has been found from them so far.

    An interpretation is left out if even its nearest preset is farther away than `farthest`.
    """

    def __init__(self, searches: list[Search], farthest: float = DOES_NOT_FIT):
        self.searched: list[tuple[Search, Convention]] = []
        self._outcomes: list[Outcome] = []
        self._shapes: list[tuple[float, int, Search, Convention]] = []
        self._scheduled = schedule(searches, self._is_explained, farthest)

    def search(self, until: Deadline) -> Outcome | None:
        """The best outcome of all guesses, first by the descent alone, then the nearest by pairs of moves."""
        self.descend(until)
        for distance, _, search, c in sorted(self._shapes, key=lambda shape: shape[:2])[:MAX_PAIRED]:
            if self._outcomes and (search.descent.deadline.is_over() or self._is_explained()):
                break
            nearer = search.fit_shape_by_pairs(c) if distance > search.perhaps_rounding else c
            self._outcomes.append(outcome_of_shape(search, nearer))
        return self._best()

    def descend(self, until: Deadline) -> Outcome | None:
        """The best outcome by the descent alone, from where the last call stopped.

        Where a class was left open, the near guesses of other interpretations are still searched: they may need none.
        """
        for search, guess in () if self._is_exact() else self._scheduled:
            if any(outcome.explains() and outcome.search is search for outcome in self._outcomes):
                continue
            self.searched.append((search, guess))
            search.include_loudest_frames(guess)
            c = search.fit_shape(guess)
            distance = search.affine_distance(c)
            self._shapes.append((distance, len(self._shapes), search, c))
            if distance < WORTH_FITTING:
                self._outcomes.append(outcome_of_shape(search, c))
            if self._is_exact() or until.is_over():
                break
        return self._best()

    def nearest(self) -> float:
        """The distance of the nearest shape so far."""
        return min((shape[0] for shape in self._shapes), default=DOES_NOT_FIT)

    def _is_explained(self) -> bool:
        return any(outcome.explains() for outcome in self._outcomes)

    def _is_exact(self) -> bool:
        return any(outcome.rank == EXACT for outcome in self._outcomes)

    def _best(self) -> Outcome | None:
        return min(self._outcomes, key=Outcome.order, default=None)


def outcome_of_shape(search: Search, c: Convention) -> Outcome:
    """The best outcome of a shape: as it is, with its gains explained, with its values fitted, refined."""
    search.include_loudest_frames(c)
    is_far = search.affine_distance(c) > HOPELESS
    c = c if is_far else search.fit_eps(c)
    best = judge(search, c)
    for step in (search.explain_gains, search.fit_values, search.refine):
        if (best.rank == EXACT and best.distance <= search.perhaps_rounding) or is_far:
            break
        if search.descent.deadline.is_over():
            break
        if step == search.fit_values and best.explains():
            continue  # what the class leaves open would draw the other values after it
        moved = step(c)
        outcome = judge(search, moved)
        if outcome.order() < best.order():
            best = outcome
        c = moved if step != search.explain_gains or best.explains() else c
    return best
