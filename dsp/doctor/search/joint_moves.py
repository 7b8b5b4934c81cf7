"""Which moves help together, predicted from what each move does alone.

To first order the effects of moves add up. If r is the residual now and r + d_i the residual after move i, then
r + d_i + d_j predicts the residual after both. All pairs and triples cost one matrix of inner products instead of a
trial each, and pairs are found of which neither move helps alone.
"""

from collections.abc import Iterator

import numpy as np

from dsp.doctor.search.trials import Move

BEAM = 48  # sets of one size that are extended, out of 80 to 530 single moves in a round; by trial
MAX_SIZE = 5  # moves in a set
MAX_RESIDUAL = 600  # values of the residual that are used: the prediction is a rough one

Sets = dict[tuple[int, ...], tuple[float, np.ndarray, np.ndarray]]  # moves -> (score, inner products, free moves)


def promising_sets(now: np.ndarray, tried: list[tuple[Move, np.ndarray]], per_size: int) -> Iterator[Move]:
    """Sets of moves, each joined into one move: `per_size` of each size, those with the least predicted residual first.

    |r + sum_S d|^2 = |r|^2 + sum_S (2 r d_i + |d_i|^2) + 2 sum_{i < j in S} d_i d_j

    Parameters
    ----------
    now : (n,) the residual r
    tried : (move, residual after it) of single moves
    per_size : how many sets of each size to give

    Returns
    -------
    sets : moves; no set changes a parameter twice

    Source: matching pursuit, Mallat & Zhang 1993, with fixed weights. Checked: tests/test_doctor_search_parts.py
    """
    step = -(-now.size // MAX_RESIDUAL)
    D = np.array([after[::step] - now[::step] for _, after in tried])
    inner, gain = D @ D.T, D @ now[::step]
    alone = 2 * gain + np.diag(inner)
    # Moves with one effect have one signature: its length, its gain and a projection on a fixed direction.
    signatures = np.column_stack([alone, gain, D @ np.cos(np.arange(D.shape[1]) ** 2)]) / (now @ now)
    kept = np.sort(np.unique(np.round(signatures, 10), axis=0, return_index=True)[1])
    moves, inner, alone = [tried[i][0] for i in kept], inner[np.ix_(kept, kept)], alone[kept]
    names = sorted({name for move in moves for name in move})
    changes = np.array([[name in move for name in names] for move in moves], dtype=float)
    compatible = changes @ changes.T == 0
    sets: Sets = {(): (0.0, np.zeros(len(moves)), np.ones(len(moves), bool))}
    for _ in range(MAX_SIZE):
        longer: dict[tuple[int, ...], tuple[float, tuple[int, ...], int]] = {}  # members -> (score, shorter set, move)
        for members, (score, crossed, free) in sets.items():
            scores = np.where(free, score + alone + 2 * crossed, np.inf)
            for i in map(int, np.argsort(scores)[:BEAM]):
                if np.isfinite(scores[i]):
                    longer[tuple(sorted((*members, i)))] = (float(scores[i]), members, i)
        best = sorted(longer.items(), key=lambda item: item[1][0])[:BEAM]
        sets = {
            members: (score, sets[shorter][1] + inner[i], sets[shorter][2] & compatible[i])
            for members, (score, shorter, i) in best
        }
        for members in list(sets)[:per_size]:
            yield {name: value for i in members for name, value in moves[i].items()}
