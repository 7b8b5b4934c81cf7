"""From initial guesses to the best outcome: first by descent, then the nearest shapes by pairs of moves."""

from dsp.conventions.parameters import Convention
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.scheduler import schedule
from dsp.doctor.search.search import HOPELESS, Search
from dsp.doctor.search.verdict import EXACT, Outcome, judge

MAX_PAIRED = 3  # shapes that are searched on by pairs of moves; by trial
WORTH_FITTING = 2e-3  # a shape so near is worth fitting values to; by trial


def search_guesses(
    searches: list[Search], guesses_until: Deadline, by_pairs: bool = True
) -> tuple[Outcome | None, list[tuple[Search, Convention]]]:
    """The best outcome of all guesses, first by the descent alone, then (`by_pairs`) the nearest by pairs of moves.

    Where a class was left open, the near guesses of other interpretations are still searched: they may need none.
    Also returns the guesses that were searched.
    """
    outcomes: list[Outcome] = []
    shapes: list[tuple[float, int, Search, Convention]] = []
    searched: list[tuple[Search, Convention]] = []

    def is_explained() -> bool:
        return any(outcome.explains() for outcome in outcomes)

    for search, guess in schedule(searches, is_explained):
        if any(outcome.explains() and outcome.search is search for outcome in outcomes):
            continue
        searched.append((search, guess))
        search.include_loudest_frames(guess)
        c = search.fit_shape(guess)
        distance = search.affine_distance(c)
        shapes.append((distance, len(shapes), search, c))
        if distance < WORTH_FITTING:
            outcomes.append(_outcome_of_shape(search, c))
        if (outcomes and outcomes[-1].rank == EXACT) or guesses_until.is_over():
            break
    for distance, _, search, c in sorted(shapes, key=lambda shape: shape[:2])[: MAX_PAIRED if by_pairs else 0]:
        if outcomes and (search.descent.deadline.is_over() or is_explained()):
            break
        nearer = search.fit_shape_by_pairs(c) if distance > search.perhaps_rounding else c
        outcomes.append(_outcome_of_shape(search, nearer))
    return min(outcomes, key=Outcome.order, default=None), searched


def _outcome_of_shape(search: Search, c: Convention) -> Outcome:
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
