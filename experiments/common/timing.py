"""Times one program against another in a single run, and makes the table in BENCHMARKS.md.

Tasks take turns (a, b, a, b, ...), so a machine that slows down slows both. The result is the ratio in each round.
Benchmarks are stored in experiments/benchmarks/<name>.json.
"""

import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date

from dsp.files.processes import available_cores
from dsp.files.writing import write_text_atomically
from experiments.common import markdown
from experiments.common.paths import BENCHMARKS
from experiments.common.provenance import processor, provenance


class DifferentError(ValueError):
    """Two programs that should give the same result do not. The message is one line."""


def alternate(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each task in each round. The tasks take turns; a first round is run but not counted."""
    seconds = {name: [] for name in tasks}
    for round_number in range(rounds + 1):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if round_number:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def comparison(task: str, fast: str, slow: str, seconds: dict[str, list[float]], per: int = 1) -> dict:
    """One row of a benchmark: the medians in seconds per item, and the ratio slow / fast over the rounds.

    Parameters
    ----------
    task : the name of the timed task
    fast, slow : keys of `seconds`, which also name the two sides
    per : items in a round

    Returns
    -------
    row : {"task", "fast", "slow", "fast_s", "slow_s", "ratio", "least", "greatest", "rounds"}

    Checked: tests/test_results_have_one_home.py
    """
    ratios = sorted(b / a for a, b in zip(seconds[fast], seconds[slow], strict=True))
    return {
        "task": task,
        "fast": fast,
        "slow": slow,
        "fast_s": statistics.median(seconds[fast]) / per,
        "slow_s": statistics.median(seconds[slow]) / per,
        "ratio": round(statistics.median(ratios), 2),
        "least": round(ratios[0], 2),
        "greatest": round(ratios[-1], 2),
        "rounds": len(ratios),
    }


def verdict(row: dict, seconds: dict[str, list[float]], required: float | None, at_most: bool = False) -> dict:
    """What a row of `comparison` must reach, and whether two of three runs do: the thirds of its rounds.

    Parameters
    ----------
    row, seconds : of comparison; three rounds or more
    required : the least ratio, or the greatest if at_most; None: nothing is required

    Returns
    -------
    fields : {} or {"required", "at_most", "runs", "holds"}, runs being the median ratios of the three

    Checked: tests/test_benchmark_signals_runs.py
    """
    if required is None:
        return {}
    ratios = [b / a for a, b in zip(seconds[row["fast"]], seconds[row["slow"]], strict=True)]
    n = len(ratios)
    runs = [statistics.median(ratios[i * n // 3 : (i + 1) * n // 3]) for i in range(3)]
    reached = sum(ratio <= required if at_most else ratio >= required for ratio in runs)
    runs = [round(ratio, 2) for ratio in runs]
    return {"required": round(required, 2), "at_most": at_most, "runs": runs, "holds": reached >= 2}


def requirement(row: dict) -> str:
    """The last column: what is required, whether it holds, and if not, how fast this program works."""
    if "required" not in row:
        return ""
    limit = f"{'at most' if row['at_most'] else 'at least'} {row['required']:g}"
    if row["holds"]:
        return f"{limit}: holds"
    runs = ", ".join(f"{ratio:.2f}" for ratio in row["runs"])
    return f"{limit}: missed (runs: {runs}{'; ' + row['bound'] if 'bound' in row else ''})"


def show(row: dict) -> None:
    spread = f"[{row['least']:.2f} .. {row['greatest']:.2f}]"
    sides = f"{row['fast']} {duration(row['fast_s'])}, {row['slow']} {duration(row['slow_s'])}"
    print(f"  {row['task']}: {sides}: {row['ratio']:.2f}x {spread} {requirement(row)}".rstrip())


def store(name: str, rows: list[dict], facts: dict | None = None) -> None:
    """Writes a benchmark, with further facts and the machine, to experiments/benchmarks/<name>.json."""
    machine = f"{processor()}, {available_cores()} cores, {platform.system()}"
    content = {
        "name": name,
        "date": str(date.today()),
        "machine": machine,
        **provenance(),
        **(facts or {}),
        "rows": rows,
    }
    text = json.dumps(content, indent=1) + "\n"
    write_text_atomically(BENCHMARKS / f"{name}.json", text)


def table(contents: list[dict]) -> str:
    """The stored benchmarks as one Markdown table.

    Checked: tests/test_results_have_one_home.py
    """
    rows = []
    for content in contents:
        for row in content["rows"]:
            spread = f"{row['ratio']:.2f} [{row['least']:.2f} .. {row['greatest']:.2f}]"
            fast, slow = (f"{row[side]} {duration(row[f'{side}_s'])}" for side in ("fast", "slow"))
            rows.append([row["task"], fast, slow, spread, requirement(row)])
    machines = sorted({f"{content['machine']}, {content['date']}" for content in contents if content["rows"]})
    header = ["task", "this program", "the other", "ratio, median [least .. greatest]", "required"]
    lines = markdown.table(header, rows)
    return f"{lines}\n\nMeasured on: {'; '.join(machines)}."


def further_tables(contents: list[dict]) -> dict[str, str]:
    """{name: Markdown} of the tables that a benchmark stores beside its rows: {"tables": {name: {"header", "rows"}}}.

    Checked: tests/test_benchmark_signals_runs.py
    """
    tables = {}
    for content in contents:
        for name, stored in content.get("tables", {}).items():
            lines = markdown.table(stored["header"], stored["rows"])
            tables[name] = f"{lines}\n\nMeasured on: {content['machine']}, {content['date']}."
    return tables


def duration(seconds: float) -> str:
    if seconds < 1e-4:
        return f"{1e6 * seconds:.1f} µs"
    return f"{1e3 * seconds:.2f} ms" if seconds < 0.1 else f"{seconds:.1f} s"
