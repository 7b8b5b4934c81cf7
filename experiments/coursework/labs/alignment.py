"""The cheapest path through a matrix, found as a navigator finds the shortest way, cell by cell outwards."""

import heapq

import numpy as np


def cheapest_path(costs) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The cheapest path from the first to the last cell of `costs`, by steps down, right or both (Dijkstra 1959).

    Parameters
    ----------
    costs : (n, m) real, >= 0; a path pays for every cell that it enters

    Returns
    -------
    totals : (n, m), what the cheapest path to each cell costs
    path : the cells from (0, 0) to (n - 1, m - 1)

    Checked: tests/test_coursework_tasks_9_to_12.py
    """
    costs = np.asarray(costs, dtype=np.float64)
    totals, came_from = np.full(costs.shape, np.inf), {}
    totals[0, 0] = costs[0, 0]
    waiting = [(totals[0, 0], (0, 0))]
    while waiting:
        total, (i, j) = heapq.heappop(waiting)
        if total > totals[i, j]:  # a cheaper way here has been found since
            continue
        for there in ((i + 1, j + 1), (i + 1, j), (i, j + 1)):
            if there[0] < costs.shape[0] and there[1] < costs.shape[1] and total + costs[there] < totals[there]:
                totals[there] = total + costs[there]
                came_from[there] = (i, j)
                heapq.heappush(waiting, (totals[there], there))
    path = [(costs.shape[0] - 1, costs.shape[1] - 1)]
    while path[-1] != (0, 0):
        path.append(came_from[path[-1]])
    return totals, path[::-1]
