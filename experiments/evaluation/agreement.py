"""The table of how well the exported front ends agree with `dsp`, joined from what every road has stored.

A road is a way from samples to features outside `dsp`: a module in a network, an ONNX graph, a C file, a MATLAB
function. experiments/benchmarks/agreement.py measures the roads.
"""

import json
from collections.abc import Mapping

from experiments.common import markdown
from experiments.common.paths import BENCHMARKS

ROADS: dict[str, str] = {  # in the order of the table: the name of a road, and its column
    "front_end": "nets.front_end, float32",
    "front_end_64": "nets.front_end, float64",
    "onnx_small": "ONNX, small form",
    "onnx_exact": "ONNX, exact form",
    "browser": "ONNX, small form, in Chromium",
    "c": "C99, float",
    "c_64": "C99, double",
    "matlab": "MATLAB function (Octave), double",
}
PREFIX = "agreement_"  # of the stored files


def load_roads() -> dict[str, dict]:
    """{road: what it stored} of the roads that were measured."""
    paths = {road: BENCHMARKS / f"{PREFIX}{road}.json" for road in ROADS}
    return {road: json.loads(path.read_text(encoding="utf-8")) for road, path in paths.items() if path.exists()}


def agreement_table(roads: Mapping[str, dict]) -> str:
    """The stored roads as one Markdown table: a line for each preset and kind of features, a column for each road.

    A cell holds the largest error over speech and noise; the largest error over the other signals, with the name of
    that signal; the size; and the time for 10 s of sound. A road that was not measured says "not run".

    Checked: tests/test_agreement_is_measured.py
    """
    by_road = {road: {(row["preset"], row["kind"]): row for row in of["agreement"]} for road, of in roads.items()}
    units: dict[tuple[str, str], str] = {}
    for rows in by_road.values():
        units |= {key: row["unit"] for key, row in rows.items()}
    header = ["preset", "kind", "unit", *ROADS.values()]
    lines = [
        [preset, kind, unit, *(_cell(by_road.get(road, {}).get((preset, kind))) for road in ROADS)]
        for (preset, kind), unit in units.items()
    ]
    machines = sorted({f"{of['machine']}, {of['date']}" for of in roads.values()})
    measured = f"Measured on: {'; '.join(machines)}." if machines else "Not run."
    return f"{markdown.table(header, lines)}\n\n{measured}"


def _cell(row: dict | None) -> str:
    """'1.1e-05; tone 3.0e-01; 45 kB; 1.6 ms'."""
    if row is None:
        return "not run"
    if "refused" in row:
        return f"refused: {row['refused']}"
    parts = [f"{row['largest_error']:.1e}", f"{row['worst_signal']} {row['worst_error']:.1e}", _size(row["size_bytes"])]
    return "; ".join([*parts, f"{row['ms']:.2g} ms"] if row["ms"] < 10 else [*parts, f"{row['ms']:.0f} ms"])


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"
