"""Which changes help together, foretold from what each does alone.

To first order the effects of changes add up: if r is the misfit now and r + d_i that after change i, then r + d_i + d_j
foretells that after both. All pairs, triples .. cost one matrix of inner products instead of a trial each, and two
changes are found of which neither helps alone.
"""

from collections.abc import Iterator

import numpy as np

WIDTH = 48  # sets of one size that are gone on with
MOST_AT_ONCE = 5  # changes
MOST_NUMBERS = 1500  # of a misfit


def promising(now: np.ndarray, tried: list[tuple[dict, np.ndarray]], most: int) -> Iterator[dict]:
    """Changes joined into one, `most` of each size, those that are foretold to leave the least first.

    |r + sum_S d|^2 = |r|^2 + sum_S (2 r d_i + |d_i|^2) + 2 sum_{i < j in S} d_i d_j

    now : (n,) the misfit r
    tried : (change, misfit after it) of single changes; sets that change one parameter twice are left out

    Source: matching pursuit, Mallat & Zhang 1993, with fixed weights. Checked: tests/test_doctor_search_parts.py
    """
    step = -(-now.size // MOST_NUMBERS)
    D = np.array([after[::step] - now[::step] for _, after in tried])
    inner, gain = D @ D.T, D @ now[::step]
    alone = 2 * gain + np.diag(inner)
    marks = np.column_stack([alone, gain, D @ np.cos(np.arange(D.shape[1]) ** 2)]) / (now @ now)
    kept = np.sort(np.unique(np.round(marks, 10), axis=0, return_index=True)[1])  # one of several to the same effect
    changes, inner, alone = [tried[i][0] for i in kept], inner[np.ix_(kept, kept)], alone[kept]
    apart = np.array([[not (a.keys() & b.keys()) for b in changes] for a in changes])
    sets = {(): (0.0, np.zeros(len(changes)), np.ones(len(changes), bool))}
    for _ in range(MOST_AT_ONCE):
        longer = {}
        for members, (score, crossed, free) in sets.items():
            scores = np.where(free, score + alone + 2 * crossed, np.inf)
            for i in np.argsort(scores)[:WIDTH]:
                if np.isfinite(scores[i]):
                    longer[tuple(sorted((*members, i)))] = (scores[i], crossed + inner[i], free & apart[i])
        sets = dict(sorted(longer.items(), key=lambda item: item[1][0])[:WIDTH])
        for members in list(sets)[:most]:
            yield {name: value for i in members for name, value in changes[i].items()}
