"""The search for a signal that was resampled before its features were taken: to which rate, and by which tool.

dsp.resample finds the rate, with the presets as they are. Its filter differs from those of other tools, so the features
come near only. The filters in RESAMPLERS come so near that the search for a convention can go on from there.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from dsp.conventions.parameters import Convention
from dsp.doctor.knowledge.resamplers import name_of
from dsp.doctor.search.changes import Change, Look, Oriented, Resampled, resampled
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.guesses import outcome_of_shape
from dsp.doctor.search.residuals import CLASSES, TINY, as_it_is, relative_distance
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.undone import AFTER_CHANGE, MUCH_NEARER, nearest_looks
from dsp.doctor.search.verdict import Outcome

# All bounds were set by trial.
RESAMPLER = "the filter of the resampler"
SURELY, PERHAPS = 0.045, 0.06  # distances that filters of resamplers leave in speech
FARTHEST = 0.35  # a distance of a preset from which the search for a convention is worth while
RESOLUTION = 1e-3  # to which the filters in RESAMPLERS give the features of their tools
SURE_TOOL = 5e-3  # a distance at which the nearest tool is named
AS_NEAR = 1.5  # tools that come so much farther than the nearest are not told apart from it
MAX_TOOLS = 3  # that are named together
MAX_RATES = 2  # that tools are tried at


class Tried(NamedTuple):
    """A tool, and how near a convention comes on the signal that it gives."""

    distance: float
    tool: str
    change: Change
    search: Search


def search_resampled(
    orientations: list[Oriented],
    cache: StageCache,
    eps: float,
    deadline: Deadline,
    as_given: float,
    is_last: bool = False,
) -> tuple[Outcome, Change] | None:
    """A convention on the signal at another rate that leaves nothing but the filter of the resampler open.

    as_given : how near the presets come without a change
    is_last : whether the search without resampling is over; it comes first where no preset is near

    Checked: tests/test_doctor_names_resamplers.py
    """
    looks = nearest_looks(resampled(orientations, cache.signal, cache.sample_rate), deadline, eps)
    of_rates: dict[float, Look] = {}
    for found in looks:
        of_rates.setdefault(found.change.sample_rate, found)
    nearest = list(of_rates.values())[:MAX_RATES]
    for found in nearest:
        explained = _by_tool(found, deadline, eps, is_last) if found.distance < min(FARTHEST, as_given) else None
        if explained is not None:
            return explained
    if not nearest or (nearest[1:] and nearest[0].distance > MUCH_NEARER * nearest[1].distance):
        return None
    return _as_preset(nearest[0], nearest[0].change, _searched(nearest[0], nearest[0].change, deadline, eps), is_last)


def _searched(found: Look, change: Change, deadline: Deadline, eps: float) -> Search:
    cache = StageCache(change.signal, change.sample_rate, change.kept, deadline.work)
    return Search(cache, found.interpretation, deadline, eps)


def _by_tool(found: Look, deadline: Deadline, eps: float, is_last: bool) -> tuple[Outcome, Change] | None:
    """The convention that explains the features with a tool's own filter, and the tool; None without one."""
    c, searches = found.convention, list(_searches(found, deadline, eps))
    tried = _ranked(searches, c)
    if is_last and tried[0].distance > SURELY:
        c = tried[0].search.fit_shape(c)
        tried = _ranked(searches, c)
    if tried[0].distance > AFTER_CHANGE:
        return None
    best = outcome_of_shape(tried[0].search, tried[0].search.fit_shape(c))
    if not best.explains():
        return _as_preset(found, _named(tried), tried[0].search, is_last)
    again = _ranked(searches, best.convention)  # what was wrong with the convention may have hidden the tool
    if again[0].search is not best.search:
        best = outcome_of_shape(again[0].search, best.convention)
    return (best, _named(again)) if best.explains() else None


def _named(tried: list[Tried]) -> Change:
    """The change of the nearest tool, which is named, with those that come as near, if they are few."""
    nearest = tried[0]
    tools = dict.fromkeys(one.tool for one in tried if one.distance <= max(AS_NEAR * nearest.distance, TINY))
    if nearest.distance > SURE_TOOL or len(tools) > MAX_TOOLS:
        return nearest.change
    what = nearest.change.sentence.replace(" Hz first", f" Hz first, as {' or '.join(tools)} does", 1)
    return replace(nearest.change, sentence=what)


def _searches(found: Look, deadline: Deadline, eps: float) -> Iterator[tuple[str, Change, Search]]:
    """The signal by dsp.resample, whose numbers are its own, and by every other tool."""
    change = found.change
    assert isinstance(change.altered, Resampled)
    yield "dsp.resample", change, _searched(found, change, deadline, eps)
    for altered in change.altered.by_tools():
        other = replace(change, altered=altered)
        tool = name_of(str(altered.tool), altered.sample_rate, altered.new_rate)
        yield tool, other, _searched(found, other, deadline, max(eps, RESOLUTION))


def _ranked(searches: list[tuple[str, Change, Search]], c: Convention) -> list[Tried]:
    """Every tool with the convention, nearest first."""
    tried = [Tried(search.affine_distance(c), tool, change, search) for tool, change, search in searches]
    return sorted(tried, key=lambda one: one.distance)


def _as_preset(found: Look, change: Change, search: Search, is_last: bool) -> tuple[Outcome, Change] | None:
    """The preset as it is, if it comes so near that only the resampler's filter can be different."""
    levels = search.levels(found.convention, search.whole)
    if levels is None or search.interpretation.left_out:
        return None
    features = search.cache.features(found.convention, search.kind)
    distance = relative_distance(search.interpretation.matrix, features)
    if distance >= (PERHAPS if is_last else SURELY):
        return None
    return Outcome(len(CLASSES), distance, RESAMPLER, as_it_is(features), found.convention, search), change
