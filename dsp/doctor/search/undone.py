"""The search for a change of the signal, or of the frames, beside a convention: changes.py lists them.

Every change is looked at with the presets as they are, which is cheap; the nearest are searched on.
"""

from collections.abc import Iterable

from dsp.doctor.search.changes import Altered, Change, Look, Oriented, changes, look, without_edges
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.guesses import WORTH_FITTING, Guesses, outcome_of_shape
from dsp.doctor.search.initial_guesses import as_they_are, nearest_of
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.verdict import EXACT, Outcome

# All bounds were set by trial.
LIKELY_AS_GIVEN = (
    0.5  # with a preset so near, a plain search comes before changes: half of random conventions are farther
)
LOOKS_SHARE = 0.4  # of the work, for looking at changed signals and frames
AS_GIVEN = 0.12  # with a preset so near, no change is looked for before the plain search
AFTER_CHANGE = 0.12  # a change after which a preset comes so near is searched on
MUCH_NEARER = 0.5  # and must bring it nearer than that share
MAX_CHANGES = 3  # that are searched on
NOTHING_IN_COMMON = 0.85  # a distance of presets after which a change is not searched on
ROUNDING = 1e-6  # a distance that can be rounding


def distance_as_given(orientations: list[Oriented], cache: StageCache, deadline: Deadline, eps: float) -> float:
    """How near the presets come to the matrix as it is, without any change."""
    looks = nearest_looks(_unchanged(orientations, cache), deadline, eps)
    return min((found.distance for found in looks), default=DOES_NOT_FIT)


def _unchanged(orientations: list[Oriented], cache: StageCache) -> list[Change]:
    return [Change("", Altered.as_given(cache.signal), cache.sample_rate, oriented) for oriented in orientations]


def search_changed(
    orientations: list[Oriented],
    cache: StageCache,
    eps: float,
    deadline: Deadline,
    as_given: float,
    found_plain: float,
    is_last: bool = False,
) -> tuple[Outcome, Change] | None:
    """The outcome after a change of the signal or of the frames that explains the matrix; None without one.

    as_given : how near the presets come without a change
    found_plain : how near the plain search has come so far
    is_last : whether the plain search is over; it comes first where a preset is near without a change
    """
    until = deadline.part(LOOKS_SHARE)
    is_near = as_given < WORTH_FITTING or (as_given < AS_GIVEN and not any(one.n_constant for one in orientations))
    if is_near != is_last:
        return None
    most = min(AFTER_CHANGE, max(MUCH_NEARER * as_given, WORTH_FITTING))
    looks = nearest_looks(changes(orientations, cache.signal, cache.sample_rate), until, eps)[:MAX_CHANGES]
    looks = [found for found in looks if found.distance <= most]
    is_open = bool(looks) and not is_last  # whether another framing may explain the matrix without a change
    plain = _nearest_framing(orientations, cache, until, eps) if is_open else DOES_NOT_FIT
    for found in looks:
        if plain <= max(found.distance, ROUNDING):
            break
        searches = found.change.searches(until, eps)
        best = _exact_as_found(found, searches) or Guesses(searches).search(until)
        if best is not None and best.explains():
            return best, found.change
    for change in (one for x in orientations for one in without_edges(x, cache.signal, cache.sample_rate)):
        if change.kept is None and found_plain > AS_GIVEN:  # a convention that is no preset, with padded frames
            best = Guesses(change.searches(until, eps), NOTHING_IN_COMMON).search(until)
            if best is not None and best.explains():
                return best, change
    return None


def _exact_as_found(found: Look, searches: list[Search]) -> Outcome | None:
    """The outcome of the preset that was looked at, if nothing is left open."""
    if found.distance > WORTH_FITTING:
        return None
    search = next(one for one in searches if one.interpretation is found.interpretation)
    outcome = outcome_of_shape(search, found.convention)
    return outcome if outcome.rank == EXACT else None


def _nearest_framing(orientations: list[Oriented], cache: StageCache, until: Deadline, eps: float) -> float:
    """How near the presets come without any change, under every framing: another one is plainer than a cut."""
    searches = [search for change in _unchanged(orientations, cache) for search in change.searches(until, eps)]
    return min((nearest_of(as_they_are(search)) for search in searches), default=DOES_NOT_FIT)


def nearest_looks(candidates: Iterable[Change], until: Deadline, eps: float) -> list[Look]:
    """What the presets come to after each change, nearest first; of equally near ones the plainest first."""
    looks = []
    for change in candidates:
        if until.is_over():
            break
        found = look(change, until, eps)
        if found is not None:
            looks.append(found)
        if found is not None and found.distance < WORTH_FITTING:
            break
    return sorted(looks, key=lambda found: round(found.distance, 6))
