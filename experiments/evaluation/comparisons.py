"""Two systems, or two precisions of one, on the same test files: the tables of what helps and of what rounding does."""

import math

from experiments.common.markdown import table
from experiments.evaluation.results import row_of
from experiments.evaluation.significance import holm, paired, training_variance


def comparisons_table(papers: dict[str, dict], twins: dict[str, dict]) -> str:
    """The papers' additions, compared on the same files; p by significance.paired, with Holm's over the whole table.

    papers, twins : contents of results files by their stems; a twin is a run once more, in the other precision
    """
    kappas = kappas_of([*papers.values(), *twins.values()])
    asked_and_found = [
        (asked, compared([*paper["runs"], *twins.get(stem, {"runs": []})["runs"]], asked, kappas))
        for stem, paper in papers.items()
        for asked in paper.get("comparisons", [])
    ]
    adjusted = holm([found["p"] if found else math.nan for _, found in asked_and_found])
    rows = []
    for (asked, found), p in zip(asked_and_found, adjusted, strict=True):
        cells = [asked["question"], asked["corpus"], asked["protocol"]]
        if found is None:
            cells += ["0", "not run", "-", "-", "-"]
        else:
            cells += [str(found["n_runs"]), format_difference(found), f"{found['p']:.2g}", f"{p:.2g}"]
            cells.append(f"{found['n_groups']}" + (": p < 0.125 is impossible" if found["n_groups"] == 4 else ""))
        rows.append(cells)
    header = [
        "does it help?",
        "corpus",
        "protocol",
        "runs",
        "difference of accuracy, points",
        "p",
        "p, Holm",
        "speakers",
    ]
    return table(header, rows)


def format_difference(found: dict) -> str:
    """'+4.4 ± 5.0' in points; no interval where it would reach beyond -100 .. 100."""
    if not abs(found["difference"]) + found["half_width"] <= 1:
        return f"{100 * found['difference']:+.1f}"
    return f"{100 * found['difference']:+.1f} ± {100 * found['half_width']:.1f}"


def kappas_of(papers: list[dict]) -> dict[str, float]:
    """significance.training_variance of every corpus; under "" of all, for a corpus without repeated trainings."""
    answered = [run for paper in papers for run in paper["runs"] if "answers" in run]
    of = {
        corpus: training_variance(run for run in answered if run["corpus"] == corpus)
        for corpus in {r["corpus"] for r in answered}
    }
    return {corpus: kappa for corpus, (kappa, freedom) in of.items() if freedom} | {"": training_variance(answered)[0]}


def compared(runs: list[dict], asked: dict, kappas: dict[str, float]) -> dict | None:
    """significance.paired of two systems over all runs that both have; None if there is no such pair.

    Of runs that were made in both precisions those are taken that were trained alike, the first ones if there are more.

    runs : main ones before their twins
    asked : {"a", "b": [system, variant], "corpus", "protocol"}
    kappas : of kappas_of

    Raises ValueError if the two runs of a pair were not tested on the same files.

    Checked: tests/test_results_have_one_home.py
    """

    def of(system: str, variant: str) -> dict:
        found = {}
        for run in runs:
            if "answers" in run and row_of(run) == (system, variant, asked["corpus"], asked["protocol"]):
                found.setdefault((run["seed"], run["fold"]), []).append(run)
        return found

    a, b = of(*asked["a"]), of(*asked["b"])
    pairs = []
    for key in sorted(a.keys() & b.keys(), key=str):
        alike = [(x, y) for x in a[key] for y in b[key] if precision_of(x) == precision_of(y)]
        one, other = (alike or [(a[key][0], b[key][0])])[0]
        pairs.append((one["answers"], other["answers"]))
    return _paired(pairs, kappas.get(asked["corpus"], kappas[""]), asked["question"]) if pairs else None


def precision_of(run: dict) -> str:
    """The precision of a run's convolutions in training; older results do not state it and used float32."""
    return run.get("config", {}).get("setting", {}).get("precision") or "float32"


def _paired(pairs: list[tuple[dict, dict]], kappa: float, of: str) -> dict:
    """significance.paired; the error says which question it was."""
    try:
        return paired(pairs, kappa)
    except ValueError as error:
        raise ValueError(f"{of}: {error}") from None


def precision_table(papers: dict[str, dict], twins: dict[str, dict]) -> str:
    """Runs that were trained in float32 and with convolutions in bfloat16, from the same initial values.

    papers, twins : contents of results files by their stems

    Checked: tests/test_results_have_one_home.py
    """
    kappas, rows = kappas_of([*papers.values(), *twins.values()]), []
    for stem, twin in twins.items():
        by_precision = {"float32": {}, "bfloat16": {}}
        for run in (*papers[stem]["runs"], *twin["runs"]):
            if "answers" in run:
                by_precision[precision_of(run)].setdefault(row_of(run), {})[run["seed"], run["fold"]] = run
        for key in sorted({row_of(run) for run in twin["runs"] if "answers" in run}):
            full, rounded = (runs.get(key, {}) for runs in by_precision.values())
            rows.append([*key, *_of_both_precisions(full, rounded, kappas.get(key[2], kappas[""]), " ".join(key))])
    header = ["system", "variant", "corpus", "protocol", "runs", "float32 %", "bfloat16 %", "difference, points", "p"]
    return table([*header, "the same answers %", "files"], rows)


def _of_both_precisions(full: dict, rounded: dict, kappa: float, of: str) -> list[str]:
    """Cells of the table; full, rounded : {(seed, fold): run}."""
    both = sorted(set(full) & set(rounded), key=str)
    if not both:
        raise ValueError(f"{of}: no run has a twin in the other precision")
    found = _paired([(rounded[key]["answers"], full[key]["answers"]) for key in both], kappa, of)
    means = [100 * sum(runs[key]["accuracy"] for key in both) / len(both) for runs in (full, rounded)]
    same, n_files = f"{100 * found['same']:.0f}", sum(full[key]["n_test"] for key in both)
    return [
        str(len(both)),
        *(f"{mean:.1f}" for mean in means),
        format_difference(found),
        f"{found['p']:.2g}",
        same,
        str(n_files),
    ]
