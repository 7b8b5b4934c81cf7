"""The last steps of dsp/mfcc.py as ONNX operators: from log-mel values to cepstra, deltas and normalized rows."""

import numpy as np
from numpy.typing import NDArray

from dsp.conventions.parameters import Convention
from dsp.deltas import delta_weights
from dsp.export.onnx_nodes import Nodes
from dsp.mfcc import cepstrum_matrix, cepstrum_weights

ROUNDING = 16 * float(np.finfo(np.float32).eps)  # of a row's largest value: dsp.cmvn calls a smaller deviation 0


def add_mfcc(nodes: Nodes, levels: str, n_levels: int, energy: str, c: Convention) -> str:
    """Cepstra with lifter, energy, smoothing, deltas and normalization.

    levels : (batch, time, n_levels) log-mel values;  energy : (batch, time, 1) log energy, or "" without
    Returns (batch, rows, time).

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    matrix = cepstrum_weights(c)[:, None] * cepstrum_matrix(n_levels, c)
    cepstra = _insert_energy(nodes, nodes.add("MatMul", levels, matrix.T), energy, c)
    rows = nodes.add("Transpose", cepstra, perm=[0, 2, 1])
    n_rows = matrix.shape[0] + (c.energy in ("first", "last"))
    if c.smoothing > 1:
        rows = _slide(
            nodes, _repeat_edges(nodes, rows, c.smoothing // 2), np.full(c.smoothing, 1 / c.smoothing), n_rows
        )
    both = [rows, *_deltas(nodes, rows, n_rows, c)]
    return add_normalization(nodes, nodes.add("Concat", *both, axis=1) if len(both) > 1 else rows, c)


def add_normalization(nodes: Nodes, rows: str, c: Convention) -> str:
    """dsp.mfcc.normalize_rows of (batch, rows, time).

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    if c.normalization is None:
        return rows
    centered = nodes.add("Sub", rows, nodes.add("ReduceMean", rows, axes=[2], keepdims=1))
    if c.normalization == "mean":
        return centered
    n_frames = nodes.add("Gather", nodes.add("Shape", rows), 2)
    divisor = nodes.add("Cast", nodes.add("Max", nodes.add("Sub", n_frames, c.normalization_ddof), 1), to=1)
    squares = nodes.add("ReduceSum", nodes.add("Mul", centered, centered), [2], keepdims=1)
    variance = nodes.add("Div", squares, divisor)
    deviation = nodes.add("Sqrt", variance)
    largest = nodes.add("ReduceMax", nodes.add("Abs", rows), axes=[2], keepdims=1)
    is_constant = nodes.add("LessOrEqual", deviation, nodes.add("Mul", largest, ROUNDING))
    by = deviation
    if c.normalization_eps and c.normalization_eps_to == "variance":
        by = nodes.add("Sqrt", nodes.add("Add", variance, float(c.normalization_eps)))
    elif c.normalization_eps:
        by = nodes.add("Add", deviation, float(c.normalization_eps))
    quotient = nodes.add("Div", centered, nodes.add("Where", is_constant, 1.0, by))
    return nodes.add("Where", is_constant, 0.0, quotient)


def _insert_energy(nodes: Nodes, cepstra: str, energy: str, c: Convention) -> str:
    """dsp.mfcc.insert_energy of (batch, time, coefficients)."""
    if c.energy is None:
        return cepstra
    if c.energy == "replaces c0":
        is_last = c.c0 == "last"
        rest = nodes.add("Slice", cepstra, *(([0], [-1]) if is_last else ([1], [np.iinfo(np.int64).max])), [2])
        return nodes.add("Concat", *((rest, energy) if is_last else (energy, rest)), axis=2)
    return nodes.add("Concat", *((energy, cepstra) if c.energy == "first" else (cepstra, energy)), axis=2)


def _deltas(nodes: Nodes, rows: str, n_rows: int, c: Convention) -> list[str]:
    """dsp.mfcc.compute_deltas."""
    if c.delta_orders == 0:
        return []
    first = _delta(nodes, rows, n_rows, c, 1)
    if c.delta_orders == 1:
        return [first]
    if c.delta_second == "curvature":
        return [first, _delta(nodes, rows, n_rows, c, 2)]
    if c.delta_second == "delta of delta":
        return [first, _delta(nodes, first, n_rows, c, 1)]
    half = c.delta_width // 2
    extended = _repeat_edges(nodes, rows, 0, half)
    second = _delta(nodes, _delta(nodes, extended, n_rows, c, 1), n_rows, c, 1)
    return [first, nodes.add("Slice", second, [0], [-half], [2])]


def _delta(nodes: Nodes, rows: str, n_rows: int, c: Convention, order: int) -> str:
    """dsp.delta: edges repeated before the sums, or the outermost sums repeated."""
    half, weights = c.delta_width // 2, delta_weights(c.delta_width, order)
    if c.delta_edges == "replicate":
        return _slide(nodes, _repeat_edges(nodes, rows, half), weights, n_rows)
    return _repeat_edges(nodes, _slide(nodes, rows, weights, n_rows), half)


def _repeat_edges(nodes: Nodes, rows: str, before: int, after: int | None = None) -> str:
    after = before if after is None else after
    return nodes.add("Pad", rows, [0, 0, before, 0, 0, after], mode="edge")


def _slide(nodes: Nodes, rows: str, weights: NDArray[np.float64], n_rows: int) -> str:
    """The weighted sum of every run of frames, row by row."""
    return nodes.add("Conv", rows, np.tile(weights, (n_rows, 1, 1)), group=n_rows)
