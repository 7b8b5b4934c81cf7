"""A published accuracy beside the runs that repeat it: how many files it is of, what is tested, what is said."""

import pytest

from experiments import baselines, dey_emodb, finch_dycnn, wang_cl, yadav_crnn, zheng_casia
from experiments.common.paths import RESULTS
from experiments.evaluation.against_baseline import against_baseline, against_baseline_table
from experiments.evaluation.findings import findings
from experiments.evaluation.published import format_training, published_rows, published_share, published_table
from experiments.evaluation.results import load
from experiments.evaluation.significance import two_sample_p
from experiments.results import papers

PAPERS = (dey_emodb, finch_dycnn, wang_cl, yadav_crnn, zheng_casia)


def answers(n_right: int, n: int, windows: int = 1) -> dict:
    columns = {
        "files": [i // windows for i in range(n)],
        "speakers": ["s"] * n,
        "true": [1] * n,
        "predicted": [1] * n_right + [0] * (n - n_right),
    }
    return {name: " ".join(map(str, column)) for name, column in columns.items()}


def a_run(n_right: int, n: int, windows: int = 1, **other) -> dict:
    run = {"system": "net", "variant": "r", "corpus": "c", "protocol": "as-published", "seed": 0, "fold": None}
    run |= {
        "n_test": n,
        "accuracy": n_right / n,
        "uar": n_right / n,
        "per_class": {"x": {"recall": 0.5}, "y": {"recall": 0.5}},
    }
    return run | {"audit": {"lookup_table": 0.1, "validation": 5}, "answers": answers(n_right, n, windows)} | other


def a_paper(published: str, *runs: dict, **of_row) -> dict:
    row = {name: runs[0][name] for name in ("system", "variant", "corpus", "protocol")} | {"published": published}
    return {"rows": [row | of_row], "runs": list(runs)}


def test_n_is_the_papers():
    assert published_share({"published": "80.68 (71/88)"}) == (71 / 88, 88)
    assert published_share({"published": "85.72", "published_n": 107}) == (0.8572, 107)
    row = {"published": "85.72", "system": "s", "variant": "r", "corpus": "c", "protocol": "p"}
    with pytest.raises(ValueError, match="of how many files"):
        published_share(row)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.__name__.split(".")[-1])
def test_every_published_number_says_of_how_many(paper):
    rows = [row for row in paper.PAPER["rows"] if row.get("published", "-") != "-"]
    assert rows and all(0 < published_share(row)[0] < 1 for row in rows)


def test_two_samples_are_compared():
    (line,) = published_rows({"p": a_paper("80.68 (71/88)", a_run(63, 88))})
    assert line["p"] == pytest.approx(two_sample_p(71 / 88, 88, 63 / 88, 88)) and line["p"] > 0.05
    assert line["n_published"] == 88 and line["here"].startswith("71.6 (61.")
    assert "| not different |" in published_table({"p": a_paper("80.68 (71/88)", a_run(63, 88))})
    assert "| different |" in published_table({"p": a_paper("99.00 (99/100)", a_run(63, 88))})


def test_windows_of_a_recording_are_no_independent_answers():
    alone = published_rows({"p": a_paper("70 (280/400)", a_run(240, 400))})[0]["p"]
    windows = published_rows({"p": a_paper("70 (280/400)", a_run(240, 400, windows=5))})[0]["p"]
    assert alone < 0.01 < 0.1 < windows


def test_seeds_that_differ_more_than_chance_count_for_less():
    calm = [a_run(60, 100, seed=seed) for seed in range(3)]
    wild = [a_run(right, 100, seed=seed) for seed, right in enumerate((45, 60, 75))]
    p_calm, p_wild = (published_rows({"p": a_paper("80 (80/100)", *runs)})[0]["p"] for runs in (calm, wild))
    assert p_calm < 0.01 < p_wild


def test_the_family_is_corrected_together():
    many = {f"p{i}": a_paper("80 (80/100)", a_run(67, 100)) for i in range(10)}
    alone, together = published_table({"p0": many["p0"]}), published_table(many)
    assert "| 0.054 | 0.054 |" in alone and "| 0.054 | 0.54 |" in together


def test_a_network_that_does_not_train_is_seen():
    assert format_training([a_run(1, 2, training_accuracy=0.31)]) == "31.0: does not train to 90"
    assert format_training([a_run(1, 2, training_accuracy=0.97)]) == "97.0"
    assert format_training([a_run(1, 2, training_accuracy_last_epoch=0.99)]) == "99.0 (batches of the last epoch)"
    two = [a_run(1, 2, training_accuracy=0.99), a_run(1, 2, training_accuracy=0.2)]
    assert "does not train" in format_training(two)


def test_the_svm_is_that_of_the_same_splits():
    net = a_run(60, 100, seed=1, fold="fifth-1")
    of = {"system": "svm", "variant": "statistics", "protocol": "as-published of p"}
    svm = [a_run(right, 100, **of, seed=seed, fold=fold) for seed, fold, right in ((1, "fifth-1", 80), (1, "x", 10))]
    both = {"p": a_paper("80 (80/100)", net), "baselines": {"rows": [], "runs": svm}}
    assert published_rows(both)[0]["svm"] == "80.0"
    both["baselines"]["runs"] = svm[1:]
    assert published_rows(both)[0]["svm"] == "-"


def test_every_network_as_published_has_a_baseline_beside_it():
    """CASIA's images apart, of which no SVM of features is trained."""
    stored = {stem: paper | {"runs": load(RESULTS / f"{stem}.jsonl")} for stem, paper in papers().items()}
    lines = published_rows(stored)
    without = {line["key"] for line in lines if line["svm"] == "-"}
    assert len(lines) >= 20 and {key[0] for key in without} <= {"zheng_cnn_lstm"}
    assert baselines.STEM in stored


def shared(system: str, right: list[bool], protocol: str = "speaker", **other) -> dict:
    """A run of ten speakers with four files each."""
    n = len(right)
    columns = {"files": range(n), "speakers": [i // 4 for i in range(n)], "true": [1] * n, "predicted": map(int, right)}
    told = {name: " ".join(map(str, column)) for name, column in columns.items()}
    share = sum(right) / n
    run = a_run(
        1, 2, system=system, protocol=protocol, n_test=n, accuracy=share, uar=share, answers=told, corpus="emodb"
    )
    return run | other


def test_networks_stand_beside_the_svm_on_its_files():
    weak, strong = [i % 2 == 0 for i in range(40)], [True] * 40
    svm = shared("svm", strong, variant="statistics")
    net = shared("net", weak)
    both = {"p": {"rows": [], "runs": [net]}, "baselines": {"rows": [], "runs": [svm]}}
    (line,) = against_baseline(both)
    assert (line["network"], line["svm"], line["difference"], line["n_groups"]) == (0.5, 1, -0.5, 10)
    assert "| net | r | emodb | speaker | 1 | 50.0 | 100.0 | -50.0 ± " in against_baseline_table(both)
    other = net | {"answers": net["answers"] | {"files": " ".join(map(str, range(1, 41)))}}
    both["p"]["runs"] = [other, net | {"protocol": "as-published"}]  # other files; a protocol of the paper's own
    assert against_baseline(both) == []


def findings_of(**papers: dict) -> str:
    return findings(papers, {})


def test_findings_say_what_differs_and_no_cause():
    near, far = a_paper("80.68 (71/88)", a_run(63, 88)), a_paper("99 (99/100)", a_run(63, 88, system="other"))
    text = findings_of(dey_emodb=near | {"paper": "D"}, wang_cl=far | {"paper": "W"})
    assert "Of 2 published accuracies that runs here repeat, 1 do not differ" in text
    assert "other c 99 % (here 71.6 %; tried: r)" in text and "No stored run shows why." in text and "net c" not in text
    better = a_run(99, 100, system="other", variant="another reading")
    several = {"rows": [*far["rows"], far["rows"][0] | {"variant": "another reading"}], "runs": [*far["runs"], better]}
    text = findings_of(wang_cl=several | {"paper": "W"})
    assert "None of 1 published accuracies differs" in text  # under one reading it comes out


def test_a_number_that_a_leak_reaches_is_told_with_it():
    far = a_paper("90 (90/100)", a_run(60, 100))
    leak = a_run(95, 100, protocol="leak-segments", shortened="60 of 200 epochs")
    text = findings_of(wang_cl=far | {"paper": "W", "runs": [*far["runs"], leak]})
    assert "1 differ, and a leak that a run here demonstrates reaches them: net c 90 %" in text
    assert "(here 60.0 %, with the leak 95.0 (60 of 200 epochs): segments of one recording on both sides)" in text
    assert "differ under every reading" not in text
    weak = a_run(70, 100, protocol="leak-segments")
    assert "No stored run shows why" in findings_of(wang_cl=far | {"paper": "W", "runs": [*far["runs"], weak]})


def test_findings_count_only_what_survives_holm():
    weak, strong = [i % 2 == 0 for i in range(40)], [True] * 40
    svm = {"rows": [], "runs": [shared("svm", strong, variant="statistics")]}
    few = {"rows": [], "runs": [shared("net", weak)], "paper": "P"}
    assert "1 of them significantly lower, 0 significantly higher" in findings_of(p=few, baselines=svm)
    near = [i % 20 != 0 for i in range(40)]
    assert "0 of them significantly lower" in findings_of(p=few | {"runs": [shared("net", near)]}, baselines=svm)


def test_a_leak_is_told_beside_its_control():
    of = {"system": "wang_cl", "corpus": "emodb", "shortened": "20 of 200 epochs"}
    leak = a_run(80, 100, **of, protocol="leak-segments")
    control = a_run(60, 100, **of, protocol="segments-by-file")
    text = findings_of(wang_cl={"rows": [], "runs": [leak, control]})
    assert "both sides (a leak), wang_cl scores 80.0 % of emodb's segments (20 of 200 epochs)" in text
    assert "with every recording on one side 60.0 % (20 of 200 epochs)." in text
    assert "one side" not in findings_of(wang_cl={"rows": [], "runs": [leak]})


def test_every_number_of_the_findings_has_runs():
    """No sentence is left with an open place."""
    stored = {stem: paper | {"runs": load(RESULTS / f"{stem}.jsonl")} for stem, paper in papers().items()}
    text = findings(stored, {})
    assert text.count("\n") >= 8 and "{" not in text and "nan" not in text
