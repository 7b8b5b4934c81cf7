"""Going down to the nearest convention: one change, or several together, after another."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.joint_moves import promising
from dsp.doctor.search.moves import changed

clock = time.thread_time  # seconds of the processor: what other programs take of it does not count
FAR = 9.0  # a distance for what does not fit
MOST_FORETOLD = 10  # sets of changes of each size that are tried


class Descent:
    """What ends at a deadline, and where a distance of `least` is surely mere rounding."""

    def __init__(self, deadline: float, least: float):
        self.deadline, self.least = deadline, least

    def over(self) -> bool:
        return clock() > self.deadline

    def best_of(self, c: Convention, changes: Iterable[dict], objective: Callable) -> Convention:
        best = (norm(objective(c)), c)
        for change in changes:
            value = norm(self.tried(c, change, objective))
            if value < 0.999 * best[0]:
                best = (value, replace(c, **change))
            if self.over():
                break
        return best[1]

    def descend(
        self, c: Convention, objective: Callable, alternatives: Callable | None = None, rounds: int = 30
    ) -> Convention:
        """To a smaller misfit: all changes are tried, then those sets of them that are foretold to help together."""
        for _ in range(rounds):
            now = objective(c)
            if now is None or norm(now) <= self.least or self.over():
                break
            tried = []
            for change in (alternatives or self.alternatives)(c):
                after = self.tried(c, change, objective)
                if after is not None:
                    tried.append((change, after))
                if self.over():
                    break
            moved = self.best_of(c, promising(now, tried, MOST_FORETOLD), objective) if tried else c
            if moved == c:
                break
            c = moved
        return c

    def tried(self, c: Convention, change: dict, objective: Callable) -> np.ndarray | None:
        """The misfit after a change; None where the change is impossible."""
        try:
            return objective(changed(c, change))
        except ValueError:
            return None


def golden_section(f: Callable, low: float, high: float, steps: int = 36) -> float:
    """The place of the least value of f between two places, if it falls to it from both."""
    golden = (math.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    at_a, at_b = f(a), f(b)
    for _ in range(steps):
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - golden * (high - low)
            at_a = f(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + golden * (high - low)
            at_b = f(b)
    return a if at_a < at_b else b


def norm(misfit: np.ndarray | None) -> float:
    """The distance; FAR where the convention does not fit."""
    return FAR if misfit is None else float(np.linalg.norm(misfit))
