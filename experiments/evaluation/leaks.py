"""Leaks, demonstrated: runs that break a rule on purpose, beside the published number, and beside their control.

A leak is named as an explanation only if a run with it reaches the published accuracy. Each line says what the leak is,
what the network scores with it, and what it scores on the same examples without it.
"""

from experiments.common.markdown import table
from experiments.evaluation.published import published_share
from experiments.evaluation.results import best_on_test, by_row, pooled_accuracy, row_of
from experiments.evaluation.significance import two_sample_p

ALPHA = 0.05
# protocol of the leak: what it is, and the protocol of its control
KINDS = {
    "leak-segments": ("segments of one recording on both sides", "segments-by-file"),
    "leak-windows": ("windows of one recording on both sides", "as-published"),
    "leak-copies": ("copies made before the split: those of a tested recording are trained on", "as-published"),
}
BEST_EPOCH = "the epoch is chosen on the test files"


def leaks_table(papers: dict[str, dict]) -> str:
    """A line for every published accuracy and leak that was run.

    papers : contents of the results files by their stems

    Checked: tests/test_leaks_are_compared.py
    """
    header = ["system", "variant", "corpus", "published %", "as published here %", "leak", "with the leak %"]
    rows = [
        [*line["key"][:3], line["published"], line["here"], line["leak"], line["with"], line["control"],
         f"{line['p']:.2g}", line["verdict"]]
        for line in leak_lines(papers)
    ]  # fmt: skip
    return table([*header, "without it %", "p", "the leak's accuracy is"], rows)


def leak_lines(papers: dict[str, dict]) -> list[dict]:
    """The table's lines: "key" (system, variant, corpus, "as-published"), the cells, p and "reached".

    reached : bool, the accuracy with the leak is not below the published one, and above ours without it

    Fisher's test compares the published accuracy with that of the leak. Segments are no independent answers, so the
    leak counts for no more answers than were published.

    Checked: tests/test_leaks_are_compared.py
    """
    lines = []
    for paper in papers.values():
        runs_of = by_row(paper["runs"])
        for row in paper["rows"]:
            if row["protocol"] != "as-published" or row.get("published", "-") == "-":
                continue
            key = row_of(row)
            here = runs_of.get(key, [])
            for protocol, (leak, control) in KINDS.items():
                with_leak = runs_of.get((*key[:3], protocol), [])
                if with_leak:
                    lines.append(_line(row, here, leak, with_leak, runs_of.get((*key[:3], control), [])))
            best = [run | {"accuracy": best_on_test(run)} for run in here]
            if best and all(run["accuracy"] is not None for run in best):
                lines.append(_line(row, here, BEST_EPOCH, best, here))
    return lines


def _line(row: dict, here: list[dict], leak: str, with_leak: list[dict], control: list[dict]) -> dict:
    share, n = published_share(row)
    found = pooled_accuracy(with_leak)
    p = two_sample_p(share, n, found, min(n, sum(run["n_test"] for run in with_leak)))
    without = [pooled_accuracy(runs) for runs in (here, control) if runs]
    verdict = "not different" if p >= ALPHA else "above the published" if found > share else "below the published"
    return {
        "key": row_of(row),
        "published": row["published"],
        "here": _percent(here),
        "leak": leak,
        "with": _percent(with_leak),
        "control": _percent(control),
        "p": p,
        "verdict": verdict,
        "reached": verdict != "below the published" and all(found > share for share in without),
    }


def _percent(runs: list[dict]) -> str:
    """'94.4 (60 of 200 epochs)', or 'not run'."""
    if not runs:
        return "not run"
    remarks = sorted({run["shortened"] for run in runs if run.get("shortened")})
    return f"{100 * pooled_accuracy(runs):.1f}" + (f" ({'; '.join(remarks)})" if remarks else "")
