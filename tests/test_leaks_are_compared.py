"""Leaks: a published number is called reached only by a run that reaches it, and its control stands beside it."""

import pytest

from experiments.evaluation.leaks import BEST_EPOCH, KINDS, leak_lines, leaks_table


def run(protocol: str, accuracy: float, n: int = 100, **other) -> dict:
    of = {"system": "s", "variant": "v", "corpus": "c", "protocol": protocol, "accuracy": accuracy, "n_test": n}
    return of | {"audit": {"validation": 5}} | other


def paper(*runs: dict, published: str = "80 (80/100)") -> dict:
    row = {"system": "s", "variant": "v", "corpus": "c", "protocol": "as-published", "published": published}
    return {"rows": [row], "runs": list(runs)}


@pytest.mark.parametrize(
    "accuracy, verdict, reached",
    [(0.78, "not different", True), (0.95, "above the published", True), (0.6, "below the published", False)],
)
def test_a_leak_reaches_the_number_or_not(accuracy, verdict, reached):
    runs = [
        run("as-published", 0.55),
        run("leak-segments", accuracy, shortened="60 of 200 epochs"),
        run("segments-by-file", 0.7),
    ]
    (line,) = leak_lines({"p": paper(*runs)})
    assert (line["verdict"], line["reached"], line["here"], line["control"]) == (verdict, reached, "55.0", "70.0")
    assert line["with"] == f"{100 * accuracy:.1f} (60 of 200 epochs)"
    assert f"| {KINDS['leak-segments'][0]} |" in leaks_table({"p": paper(*runs)})


def test_a_leak_that_is_no_better_explains_nothing():
    (line,) = leak_lines({"p": paper(run("as-published", 0.79), run("leak-segments", 0.78))})
    assert line["verdict"] == "not different" and not line["reached"] and line["control"] == "not run"
    runs = [run("as-published", 0.5), run("leak-segments", 0.78), run("segments-by-file", 0.79)]
    (line,) = leak_lines({"p": paper(*runs)})
    assert line["verdict"] == "not different" and not line["reached"]  # the segments do it, not the leak


def test_segments_count_for_no_more_than_was_published():
    """5,000 segments of 100 recordings are no 5,000 independent answers."""
    (line,) = leak_lines({"p": paper(run("as-published", 0.5), run("leak-segments", 0.75, n=5000))})
    assert line["p"] > 0.3


def test_the_best_epoch_on_the_test_files_is_a_leak():
    watched = run("as-published", 0.6, history={"test_accuracy": [0.5, 0.77, 0.6]})
    (line,) = leak_lines({"p": paper(watched)})
    assert (line["leak"], line["with"], line["control"], line["reached"]) == (BEST_EPOCH, "77.0", "60.0", True)
    chosen = run("as-published", 0.6, best_epoch_accuracy=0.9)  # on validation files: no leak
    assert leak_lines({"p": paper(chosen)}) == []
    (line,) = leak_lines({"p": paper(chosen | {"audit": {"validation": 0}})})
    assert line["with"] == "90.0"
