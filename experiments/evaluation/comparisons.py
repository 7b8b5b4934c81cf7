"""Two systems, or two precisions of one, on the same test files: the tables of what helps and of what rounding does."""

from experiments.common.markdown import table
from experiments.evaluation.metrics import paired_comparison
from experiments.evaluation.results import row_of


def comparisons_table(papers: dict[str, dict], twins: dict[str, dict]) -> str:
    """What the papers say helps, asked of the same examples; the units are speakers.

    papers, twins : contents of results files by their stems; a twin is a run once more, in the other precision
    """
    rows = []
    for stem, paper in papers.items():
        for asked in paper.get("comparisons", []):
            found = compared([*paper["runs"], *twins.get(stem, {"runs": []})["runs"]], asked)
            cells = [asked["question"], asked["corpus"], asked["protocol"]]
            if found is None:
                cells += ["0", "not run", "-", "-"]
            else:
                difference = f"{100 * found['difference']:+.1f} ± {100 * found['half_width']:.1f}"
                cells += [str(found["n_runs"]), difference, f"{found['p']:.2g}", str(found["n_groups"])]
            rows.append(cells)
    header = ["does it help?", "corpus", "protocol", "runs", "difference of accuracy, points", "p", "speakers"]
    return table(header, rows)


def compared(runs: list[dict], asked: dict) -> dict | None:
    """metrics.paired_comparison of two systems over all runs that both have; None if there is no such pair.

    Of runs that were made in both precisions those are taken that were trained alike, the first ones if there are more.

    runs : main ones before their twins
    asked : {"a", "b": [system, variant], "corpus", "protocol"}

    Raises ValueError if two runs of a pair were not asked the same.

    Checked: tests/test_results_have_one_home.py
    """

    def of(system: str, variant: str) -> dict:
        found = {}
        for run in runs:
            if row_of(run) == (system, variant, asked["corpus"], asked["protocol"]):
                found.setdefault((run["seed"], run["fold"]), []).append(run)
        return found

    a, b = of(*asked["a"]), of(*asked["b"])
    pairs = {}
    for key in a.keys() & b.keys():
        alike = [(x, y) for x in a[key] for y in b[key] if precision_of(x) == precision_of(y)]
        pairs[key] = [run["answers"] for run in (alike or [(a[key][0], b[key][0])])[0]]
    one, other = ({key: pair[side] for key, pair in pairs.items()} for side in (0, 1))
    return _paired(one, other, asked["question"])


def precision_of(run: dict) -> str:
    """What the convolutions of a run were trained in; older results do not say, and were trained in float32."""
    return run.get("config", {}).get("setting", {}).get("precision") or "float32"


def _paired(a: dict, b: dict, of: str) -> dict | None:
    """metrics.paired_comparison of {(seed, fold): answers} where both have one, and how many answers are the same."""
    groups, right, same = [], ([], []), []
    for key in sorted(set(a) & set(b), key=str):
        if (a[key]["files"], a[key]["true"]) != (b[key]["files"], b[key]["true"]):
            raise ValueError(f"{of}, {key}: the two were not tested on the same files")
        groups += a[key]["speakers"].split()
        told = [answers[key]["predicted"].split() for answers in (a, b)]
        for predicted, found in zip(told, right, strict=True):
            found += [true == here for true, here in zip(a[key]["true"].split(), predicted, strict=True)]
        same += [one == other for one, other in zip(*told, strict=True)]
    if not groups:
        return None
    return paired_comparison(groups, *right) | {"n_runs": len(set(a) & set(b)), "same": sum(same) / len(same)}


def precision_table(papers: dict[str, dict], twins: dict[str, dict]) -> str:
    """Runs that were trained in float32 and with convolutions in bfloat16, from the same initial values.

    papers, twins : contents of results files by their stems

    Checked: tests/test_results_have_one_home.py
    """
    rows = []
    for stem, twin in twins.items():
        by_precision = {"float32": {}, "bfloat16": {}}
        for run in (*papers[stem]["runs"], *twin["runs"]):
            key = row_of(run)
            by_precision[precision_of(run)].setdefault(key, {})[run["seed"], run["fold"]] = run
        for key in sorted({row_of(run) for run in twin["runs"]}):
            rows.append(
                [*key, *_of_both_precisions(*(runs.get(key, {}) for runs in by_precision.values()), " ".join(key))]
            )
    header = ["system", "variant", "corpus", "protocol", "runs", "float32 %", "bfloat16 %", "difference, points"]
    return table([*header, "the same answers %", "files"], rows)


def _of_both_precisions(full: dict, rounded: dict, of: str) -> list[str]:
    """Cells of the table; full, rounded : {(seed, fold): run}."""
    told = [{key: run["answers"] for key, run in runs.items()} for runs in (rounded, full)]
    found = _paired(*told, of)
    if found is None:
        raise ValueError(f"{of}: no run has a twin in the other precision")
    both = set(full) & set(rounded)
    means = [100 * sum(runs[key]["accuracy"] for key in both) / len(both) for runs in (full, rounded)]
    difference = f"{100 * found['difference']:+.1f} ± {100 * found['half_width']:.1f}"
    same, n_files = f"{100 * found['same']:.0f}", sum(full[key]["n_test"] for key in both)
    return [str(len(both)), *(f"{mean:.1f}" for mean in means), difference, same, str(n_files)]
