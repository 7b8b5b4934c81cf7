"""Invariants: a run replaces its earlier self and no other; tables are made from the files alone and are up to date."""

import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from experiments.common.paths import RESULTS
from experiments.evaluation.comparisons import compared, comparisons_table, precision_table
from experiments.evaluation.metrics import grouped_scores, mean_interval
from experiments.evaluation.published import published_table
from experiments.evaluation.results import (
    ResultsError,
    describe_runs,
    load,
    percent,
    read,
    record,
    scores_of,
    summarize,
)
from experiments.evaluation.tables import (
    papers_table,
    recall_table,
    replace_between_marks,
    results_table,
    tables_of,
    updated,
)
from experiments.results import papers

PAPER = {
    "paper": "P",
    "classes": ["x", "y"],
    "published": {"recall": {"x": 0.5, "y": 1.0}},
    "rows": [
        {"system": "net", "variant": "r", "corpus": "c", "protocol": name, "published": "70"}
        | {"command": f"run --protocol {name}"}
        for name in ("random", "speaker")
    ],
}


def a_run(seed=0, accuracy=0.5, **other):
    run = {"system": "net", "variant": "r", "corpus": "c", "protocol": "random", "seed": seed, "fold": None}
    run |= {"confusion": [[10, 0], [0, 90]], "config": {}}
    per_class = {"x": {"recall": accuracy}, "y": {"recall": 1.0}}
    return (
        run
        | {
            "n_test": 100,
            "accuracy": accuracy,
            "uar": accuracy,
            "per_class": per_class,
            "audit": {"lookup_table": 0.25, "validation": 0},
        }
        | other
    )


def test_record_replaces_equal_runs_only(tmp_path):
    path = tmp_path / "p.jsonl"
    for run in (a_run(1, 0.6), a_run(0, 0.5), a_run(1, 0.7), a_run(0, 0.9, fold="anna")):
        record(path, run)
    assert [(run["seed"], run["fold"], run["accuracy"]) for run in load(path)] == [
        (0, None, 0.5),
        (0, "anna", 0.9),
        (1, None, 0.7),
    ]
    assert len(path.read_text().splitlines()) == 4 and {run["paper"] for run in load(path)} == {"p"}


def test_a_run_that_was_stored_before_it_was_interrupted_is_not_stored_again(tmp_path):
    """What counts is the last line of the same identity: a run that returns to an earlier result is stored again."""
    path = tmp_path / "p.jsonl"
    for run, lines in (
        (a_run(0, 0.5, seconds=3.0), 1),
        (a_run(0, 0.5, seconds=4.0, cpu_seconds=1.0), 1),
        (a_run(1, 0.5, seconds=3.0), 2),
        (a_run(0, 0.6, seconds=3.0), 3),
        (a_run(0, 0.5, seconds=3.0), 4),
        (a_run(0, 0.5, seconds=3.0, commit="other"), 5),
    ):
        record(path, run)
        assert len(path.read_text().splitlines()) == lines
    path.write_bytes(b"[1]\nnonsense\n" + path.read_bytes())
    record(path, a_run(1, 0.5))
    assert len(path.read_text().splitlines()) == 7


def test_runs_that_end_at_once_are_all_recorded(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: record(tmp_path / "p.jsonl", a_run(seed)), range(40)))
    assert {run["seed"] for run in load(tmp_path / "p.jsonl")} == set(range(40))


@pytest.mark.parametrize("damaged", ["{", "[]", '{"paper": 1}', "null", "[" * 100_000, '{"system": "net"'])
def test_a_damaged_line_is_named_and_harms_no_other(tmp_path, damaged):
    """A line that was cut off at the end of the file, too, stays a line of its own."""
    path = tmp_path / "p.jsonl"
    record(path, a_run(0))
    with open(path, "a") as file:
        file.write(damaged)
    record(path, a_run(1))
    runs, problems = read(path)
    assert [run["seed"] for run in runs] == [0, 1]
    assert len(problems) == 1 and problems[0].startswith(f"{path}:2: not a stored run (")
    with pytest.raises(ResultsError, match=r"p.jsonl:2: not a stored run"):
        load(path)


def nested_keys(value, path=()):
    """Every path into nested objects and lists, of lists the first element's alone."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, child in items:
        yield from nested_keys(child, (*path, key))


def altered(run, path, new):
    """A copy of the run in which what lies at the path is replaced, or missing if new is `...`."""
    run = json.loads(json.dumps(run))
    at = run
    for key in path[:-1]:
        at = at[key]
    if new is ... and isinstance(at, list):
        at.pop(path[-1])
    elif new is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return run


@pytest.mark.parametrize("step", [19, pytest.param(1, marks=pytest.mark.slow)])
def test_whatever_is_wrong_in_a_stored_run_every_table_is_made_or_the_run_is_named(tmp_path, step):
    """A run without a class's recall ended in a traceback; so might any other field that is missing or of another kind.

    One line of results is altered in every place and every way (or in every 19th of these); it either is reported or
    harms no table.
    """
    stored = [json.loads(line) for line in (RESULTS / "wang_cl.jsonl").read_text(encoding="utf-8").splitlines()]
    row = [run for run in stored if run["corpus"] == "casia" and run["protocol"] == "as-published"][:3]
    paper = dict(papers()["wang_cl"])
    kinds = (..., None, "x", -1, 2, 0.5, True, [], {}, [[1]], {"x": {"recall": 1}})
    paths = [path for path in nested_keys(row[0]) if path and path[0] not in ("averages", "versions")]
    ways = list(product(paths, kinds))[::step]
    n_reported = 0
    for path, new in ways:
        file = tmp_path / "wang_cl.jsonl"
        runs = [altered(row[0], path, new), *row[1:]]
        file.write_text("".join(json.dumps(run) + "\n" for run in runs))
        paper["runs"], problems = read(file)
        assert len(paper["runs"]) + len(problems) == 3 or path[0] in ("seed", "fold")
        assert all(problem.startswith(f"{file}:") and problem.isprintable() for problem in problems)
        n_reported += bool(problems)
        results_table([paper])
        recall_table(paper | {"published": {"recall": dict.fromkeys(paper["classes"], 1.0)}})
        published_table({"wang_cl": paper})
        try:
            comparisons_table({"wang_cl": paper}, {"wang_cl": {"runs": paper["runs"]}})
            precision_table({"wang_cl": paper}, {"wang_cl": {"runs": paper["runs"]}})
        except ValueError as error:  # the command says this in one line: two runs that were not asked the same
            assert len(str(error).splitlines()) == 1
    assert n_reported > len(ways) / 5


def test_what_is_missing_or_wrong_is_named(tmp_path):
    wrong = {
        "it lacks per_class.x.recall": altered(a_run(), ("per_class", "x", "recall"), ...),
        "it lacks audit.lookup_table": altered(a_run(), ("audit", "lookup_table"), ...),
        "per_class.y.recall: a number 0 .. 1 is expected": altered(a_run(), ("per_class", "y", "recall"), "1"),
        "confusion: 2 x 2 whole numbers is expected": altered(a_run(), ("confusion", 0), [1]),
        "n_test: a whole number > 0 is expected": a_run(n_test=0),
        "accuracy: a number 0 .. 1 is expected": a_run(accuracy=math.nan),
        "an object {...} is expected": [a_run()],
        "config.setting.precision: float32 or bfloat16 is expected": a_run(config={"setting": {"precision": "int8"}}),
        "its classes are not those of the earlier runs": a_run(1)
        | {"per_class": {"a": {"recall": 1}, "b": {"recall": 1}}},
    }
    for reason, run in wrong.items():
        (tmp_path / "p.jsonl").write_text(f"{json.dumps(a_run())}\n{json.dumps(run)}\n")
        runs, problems = read(tmp_path / "p.jsonl")
        assert len(runs) == len(problems) == 1 and reason in problems[0], reason


def test_every_run_that_was_stored_before_is_there():
    """Results were one JSON file a paper; counts and scores as they were when each run became a line."""
    stored = {"dey_emodb": 100, "finch_dycnn": 83, "wang_cl": 163, "yadav_crnn": 35, "zheng_casia": 35}
    right = {"dey_emodb": 6993, "finch_dycnn": 6817, "wang_cl": 11506, "yadav_crnn": 3519, "zheng_casia": 3454}
    for stem, n_runs in stored.items():
        runs = [json.loads(line) for line in (RESULTS / f"{stem}.jsonl").read_text(encoding="utf-8").splitlines()]
        assert len(runs) >= n_runs
        assert sum(sum(row[i] for i, row in enumerate(run["confusion"])) for run in runs[:n_runs]) == right[stem]


def test_tables():
    paper = PAPER | {"runs": [a_run(0, 0.5), a_run(1, 0.7), a_run(2, 0.6)]}
    table = results_table([paper]).splitlines()
    assert table[0] == (
        "| system | variant | corpus | published % | as-published | honest | speaker | other protocols | command |"
    )
    assert table[2:] == [
        "| net | r | c | 70 | - | - | not run | random 60.0 ± 24.8 / 60.0 ± 24.8 (3) | `run --protocol P` |"
    ]
    recall = recall_table(paper).splitlines()
    assert recall[2:] == ["| published | | | - | 50.0 | 100.0 |", "| r | c | random | 25.0 | 60.0 | 100.0 |"]
    assert summarize(paper["runs"])["net", "r", "c", "random"]["n_runs"] == 3


def test_a_main_row_says_that_it_does_not_train():
    row = {"system": "net", "variant": "r", "corpus": "c", "protocol": "as-published", "published": "70"}
    runs = [a_run(0, protocol="as-published", epochs=3, training_accuracy=0.4)]
    paper = {"paper": "P", "main": ("net", "r", "c"), "rows": [row], "runs": runs}
    assert "(trains to 40.0 %)" in papers_table({"p": paper})
    runs[0]["training_accuracy"] = 0.9
    assert "trains to" not in papers_table({"p": paper})


def test_percent():
    assert percent((0.7792, float("nan"))) == "77.9" and percent((0.5, 0.0251)) == "50.0 ± 2.5"


def test_marks():
    text = "a\n<!-- t -->\nold\n<!-- /t -->\nb"
    assert replace_between_marks(text, "t", "new") == "a\n<!-- t -->\nnew\n<!-- /t -->\nb"
    for bad in ("a", text + text, "<!-- /t --><!-- t -->"):
        with pytest.raises(ResultsError, match="marks"):
            replace_between_marks(bad, "t", "new")


def test_the_documents_are_up_to_date():
    filled = {stem: paper | {"runs": load(RESULTS / f"{stem}.jsonl")} for stem, paper in papers().items()}
    documents = tables_of(filled)
    assert len(documents) == 4
    for document, tables in documents.items():
        old, new = updated(document, tables)
        assert new == old, f"{document.name}: run python -m experiments.results"


def numbers_without_a_table(text):
    """The numbers with a decimal point in the text outside of all marks that no table of the document shows."""
    tables = "\n".join(re.findall(r"^\|.*$", text, re.MULTILINE))
    prose = re.sub(r"<!-- ([\w ]+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)
    numbers = set(re.findall(r"-?\d+\.\d+(?: ± \d+\.\d+)?", prose))
    return sorted(number for number in numbers if not re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", tables))


def test_numbers_in_the_text_stand_in_a_table():
    assert numbers_without_a_table(
        "We have 71.6 ± 2.0 %, not 5.0.\n<!-- t -->\n| 71.6 ± 2.0 | 15.0 |\n<!-- /t -->"
    ) == ["5.0"]
    assert numbers_without_a_table((RESULTS.parent / "RESULTS.md").read_text(encoding="utf-8")) == []


def test_stored_runs_are_complete():
    needed = {"system", "variant", "corpus", "protocol", "seed", "fold", "n_test", "accuracy", "uar", "per_class"}
    needed |= {"confusion", "audit", "config", "commit", "versions", "device", "seconds"}
    files = sorted(RESULTS.glob("*.jsonl"))
    assert files
    for path in files:
        for run in load(path):
            assert not needed - set(run), path
            assert run["corpus"] != "synthetic"
            matrix = run["confusion"]
            correct, total = sum(matrix[i][i] for i in range(len(matrix))), sum(map(sum, matrix))
            assert total == run["n_test"] and abs(correct / total - run["accuracy"]) < 1e-9
            assert "+changes" not in run["commit"], f"{path}: a run of code that was not committed"


def asked_run(system, predicted, seed=0, true="0 1 1", files="3 5 8"):
    told = {"files": files, "speakers": "anna anna ben", "true": true, "predicted": predicted}
    return a_run(seed, system=system, answers=told)


KAPPAS = {"": 0.0}  # of training_variance
ASKED = {"question": "b or not b", "corpus": "c", "protocol": "random", "a": ["a", "r"], "b": ["b", "r"]}


def test_a_comparison_takes_the_runs_that_both_have():
    runs = [asked_run("a", "0 1 1"), asked_run("b", "0 0 1"), asked_run("a", "0 0 0", seed=1)]
    found = compared(runs, ASKED, KAPPAS)
    assert found["n_runs"] == 1 and found["n_groups"] == 2 and found["difference"] == 1 / 3  # a mean over files
    assert compared(runs[:1], ASKED, KAPPAS) is None
    table = comparisons_table({"p": PAPER | {"runs": runs, "comparisons": [ASKED]}}, {})
    assert "| b or not b | c | random | 1 | +33.3 | " in table  # two speakers: the interval would exceed 100
    assert "| b or not b | c | random | 0 | not run" in comparisons_table(
        {"p": PAPER | {"runs": [], "comparisons": [ASKED]}}, {}
    )


def test_systems_that_were_not_asked_the_same_are_not_compared():
    with pytest.raises(ValueError, match="not tested on the same files"):
        compared([asked_run("a", "0 1 1"), asked_run("b", "0 1 1", files="3 5 9")], ASKED, KAPPAS)


def test_runs_that_were_trained_alike_are_compared():
    """b is there in float32 and, as a twin, in bfloat16: the twin beside such an a; main runs if none is alike."""
    a, b = asked_run("a", "0 1 1"), asked_run("b", "0 0 1")
    twin = asked_run("b", "1 0 0") | {"config": {"setting": {"precision": "bfloat16"}}}
    assert compared([a, b, twin], ASKED, KAPPAS)["difference"] == 1 / 3
    a = a | {"config": twin["config"]}
    assert compared([a, b, twin], ASKED, KAPPAS)["difference"] == 1.0
    assert compared([a, b], ASKED, KAPPAS)["difference"] == 1 / 3
    table = comparisons_table({"p": PAPER | {"runs": [a, b], "comparisons": [ASKED]}}, {"p": {"runs": [twin]}})
    assert "| 1 | +100.0 | 0.5 | 0.5 | 2 |" in table  # two speakers cannot say more


def test_speakers_that_were_left_out_are_what_the_interval_is_over():
    """Anna 2 of 2 and 1 of 2 right in two seeds, ben 1 of 1 and 1 of 1: 5 of 6 answers; seeds add no speaker."""
    runs = [asked_run("net", "0 1 1", 0), asked_run("net", "0 0 1", 1)]
    runs = [run | {"protocol": "speaker"} for run in runs]
    anna, ben = [[2, 0], [1, 1]], [[0, 0], [0, 2]]
    assert scores_of(runs)["accuracy"][0] == grouped_scores([anna, ben])["accuracy"][0] == 5 / 6
    assert summarize(runs)["net", "r", "c", "speaker"]["accuracy"][0] == 5 / 6
    folds = [a_run(fold=name, protocol="speaker", confusion=of) for name, of in (("anna", anna), ("ben", ben))]
    np.testing.assert_equal(scores_of(folds), scores_of(runs))  # results that do not keep their answers
    some = [[[5, 5], [5, 5]], [[5, 5], [4, 6]], [[5, 5], [6, 4]], [[5, 5], [5, 5]]]
    known = [a_run(fold=str(k), protocol="speaker", confusion=of) for k, of in enumerate(some)]
    assert scores_of(known) == grouped_scores(some)
    random = [run | {"protocol": "random", "accuracy": share} for run, share in zip(runs, (0.5, 1.0), strict=True)]
    np.testing.assert_equal(scores_of(random)["accuracy"], (0.75, math.nan))  # 0.75 +- 3.2
    near = [run | {"accuracy": share} for run, share in zip(random, (0.50, 0.51), strict=True)]
    assert scores_of(near)["accuracy"] == mean_interval([0.50, 0.51])


def trained_in(precision, predicted, seed=0, accuracy=0.5):
    return asked_run("a", predicted, seed) | {
        "config": {"setting": {"precision": precision}},
        "accuracy": accuracy,
        "n_test": 3,
    }


def test_runs_of_both_precisions_are_compared_answer_by_answer():
    """Whichever of the two is the main one; a run that does not say is of float32; one without a twin is left out."""
    rounded = [trained_in("bfloat16", "0 1 1", 0, 1.0), trained_in("bfloat16", "0 0 0", 1)]
    full = trained_in("float32", "0 0 1", 0, 0.625)
    line = "| a | r | c | random | 1 | 62.5 | 100.0 | +33.3 | 0."
    for main, twins in ((rounded, [full]), ([full], rounded), (rounded, [full | {"config": {}}])):
        table = precision_table({"p": PAPER | {"runs": main}}, {"p": PAPER | {"runs": twins}})
        assert line in table and table.endswith("| 67 | 3 |")
    others = [run | {"system": "b"} for run in (trained_in("bfloat16", "0 1 1"), trained_in("float32", "0 1 1", 1))]
    table = precision_table({"p": PAPER | {"runs": [*rounded, *others]}}, {"p": PAPER | {"runs": [full]}})
    assert line in table and "| b |" not in table  # seeds in one precision each, without twins
    with pytest.raises(ValueError, match="no run has a twin"):
        precision_table({"p": PAPER | {"runs": rounded[1:]}}, {"p": PAPER | {"runs": [full]}})


def test_folds_that_are_missing_are_told():
    """Two of three folds, of one seed or of each of two: 100 and 120 of 300 files; all three; and no folds."""
    sides = {"audit": {"lookup_table": 0.25, "train": 100, "validation": 100, "test": 100}}
    folds = [a_run(seed, fold=fold, **sides) for seed in (0, 1) for fold in "ABC"]
    folds[1]["n_test"] = folds[4]["n_test"] = 120
    folds[2]["n_test"] = folds[5]["n_test"] = 80

    def told(runs):
        return describe_runs(summarize(runs)["net", "r", "c", "random"])

    assert told(folds[:2]) == "2 of one seed, folds that test 220 of 300 files"
    assert told(folds[:2] + folds[3:5]) == "4 of two seeds, folds that test 220 of 300 files"
    assert told(folds[:3]) == "3 of one seed" and told(folds) == "6 of two seeds"
    assert told([a_run(seed, **sides) for seed in range(3)]) == "3" and told([a_run(0, **sides)]) == "1"


def test_the_best_epoch_on_the_test_set_stands_beside_where_there_was_no_validation_set():
    rows = [PAPER["rows"][0] | {"published": "90 (90/100)"}]
    watched = a_run(0, 0.5, best_epoch_accuracy=0.625)
    assert "| 62.5 | - |" in published_table({"p": PAPER | {"rows": rows, "runs": [watched]}})
    assert "| - | - | - |" in published_table({"p": PAPER | {"rows": rows, "runs": [watched, a_run(1, 0.5)]}})
    chosen = watched | {"audit": watched["audit"] | {"validation": 7}}  # then it is the validation set's
    assert "| - | - | - |" in published_table({"p": PAPER | {"rows": rows, "runs": [chosen]}})


def test_a_systems_protocols_stand_side_by_side():
    """Published numbers once each; other protocols in one column; another corpus on a line of its own."""
    protocols = ("as-published", "as-published-test", "honest", "speaker")
    rows = [PAPER["rows"][0] | {"protocol": name, "command": f"run --protocol {name}"} for name in protocols]
    rows[1]["published"], rows[2]["published"] = "80", "-"
    other = rows[3] | {"corpus": "d", "published": "-", "not_run_reason": "licensed corpus"}
    runs = [a_run(0, 0.5, protocol="as-published"), a_run(0, 0.25, protocol="as-published-test")]
    lines = results_table([PAPER | {"rows": [*rows, other], "runs": runs}]).splitlines()[2:]
    assert lines == [
        "| net | r | c | 70, 80 | 50.0 / 50.0 (1) | not run | not run | as-published-test 25.0 / 25.0 (1) | "
        "`run --protocol P` |",
        "| net | r | d | - | - | - | not run: licensed corpus | - | `run --protocol P` |",
    ]


def test_a_network_that_does_not_train_says_so_in_the_table():
    """Measured on the training files, or, of older runs, the batches of the last epoch; a baseline has no epochs."""
    runs = [a_run(0, 0.5, epochs=9, training_accuracy=0.6), a_run(1, 0.6, epochs=9, training_accuracy_last_epoch=0.4)]
    assert "(2, trains to 50.0 %)" in results_table([PAPER | {"runs": runs}])
    trained = [a_run(0, 0.5, epochs=9, training_accuracy=0.95, training_accuracy_last_epoch=0.1)]
    assert "(1)" in results_table([PAPER | {"runs": trained}])
    assert "(1)" in results_table([PAPER | {"runs": [a_run(0, 0.5, training_accuracy=0.2)]}])


def test_a_shortened_run_says_so_in_the_table():
    runs = [a_run(0, 0.5, shortened="at most 9 of 150 epochs"), a_run(1, 0.6)]
    assert "(2, at most 9 of 150 epochs)" in results_table([PAPER | {"runs": runs}])
