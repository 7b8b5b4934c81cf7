"""Descent to the nearest convention: in each round one move is made, or several moves that help together."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.joint_moves import promising_sets
from dsp.doctor.search.trials import Move, apply_move

DOES_NOT_FIT = 9.0  # the distance of a convention that gives another shape; real distances are at most about 1
SETS_PER_SIZE = 10  # sets of moves of each size that are tried; by trial
MIN_GAIN = 0.999  # a move must bring the distance below this share: less is rounding, and would never end
MAX_ROUNDS = 30  # a safety net: the descents for ten random conventions took at most 4 rounds

Residual = np.ndarray | None  # None where a convention does not fit the clip or the matrix
Objective = Callable[[Convention], Residual]


class CoordinateDescent:
    """A descent that stops at a deadline, or at a distance (`least`) that can only be rounding."""

    def __init__(self, deadline: Deadline, least: float):
        self.deadline, self.least = deadline, least

    def best_of(self, c: Convention, moves: Iterable[Move], objective: Objective) -> Convention:
        """The convention after the best single move, or as it is if no move helps."""
        best = (norm(objective(c)), c)
        for move in moves:
            value = norm(residual_after(c, move, objective))
            if value < MIN_GAIN * best[0]:
                best = (value, replace(c, **move))  # with the checks that a trial skips
            if self.deadline.is_over():
                break
        return best[1]

    def run(
        self,
        c: Convention,
        objective: Objective,
        moves_from: Callable[[Convention], Iterable[Move]],
        rounds: int = MAX_ROUNDS,
    ) -> Convention:
        """The convention at the end of the descent.

        Each round tries every move alone, then the sets of moves that the single ones predict to help together, and
        makes the best of these sets. A set may hold one move.
        """
        for _ in range(rounds):
            now = objective(c)
            if now is None or norm(now) <= self.least or self.deadline.is_over():
                break
            tried = []
            for move in moves_from(c):
                after = residual_after(c, move, objective)
                if after is not None:
                    tried.append((move, after))
                if self.deadline.is_over():
                    break
            moved = self.best_of(c, promising_sets(now, tried, SETS_PER_SIZE), objective) if tried else c
            if moved == c:
                break
            c = moved
        return c


def residual_after(c: Convention, move: Move, objective: Objective) -> Residual:
    """The residual after a move; None where the move is impossible."""
    try:
        return objective(apply_move(c, move))
    except ValueError:
        return None


def golden_section(f: Callable[[float], float], low: float, high: float, steps: int = 36) -> float:
    """Where between two points f is least, if it falls towards that point from both sides.

    36 steps narrow the interval by a factor of 3e-8.
    """
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


def norm(residual: Residual) -> float:
    """The distance; DOES_NOT_FIT where the convention does not fit."""
    return DOES_NOT_FIT if residual is None else float(np.linalg.norm(residual))
