"""Per-class tables: the published recalls agree with the published accuracies, and ours are in their order."""

import pytest

from experiments import wang_cl, yadav_crnn
from experiments.evaluation.per_class import class_tables

SUPPORTS = {  # Yadav's, of the test files
    "ravdess": {"angry": 37, "calm": 36, "disgust": 41, "fearful": 41, "happy": 40, "neutral": 24, "sad": 34,
                "surprised": 35},
    "emodb": {"anger": 34, "boredom": 10, "disgust": 10, "fear": 12, "happiness": 13, "neutral": 17, "sadness": 11},
}  # fmt: skip


@pytest.mark.parametrize("key", yadav_crnn.PAPER["published"]["recalls"])
def test_yadav_s_recalls_give_yadav_s_accuracy(key):
    _, variant, corpus = key
    recalls, supports = yadav_crnn.PAPER["published"]["recalls"][key], SUPPORTS[corpus]
    assert list(recalls) == list(supports)
    right = {name: recalls[name] / 100 * supports[name] for name in recalls}
    assert all(abs(count - round(count)) < 0.006 for count in right.values())
    text = yadav_crnn.PUBLISHED[corpus, variant]
    assert f"({sum(round(count) for count in right.values())}/{sum(supports.values())})" in text


@pytest.mark.parametrize("key", wang_cl.PAPER["published"]["recalls"])
def test_wang_s_recalls_are_near_wang_s_accuracy(key):
    """A mean of classes and a share of files differ by little; CASIA's classes are equal, and still they differ."""
    system, variant, corpus = key
    recalls = wang_cl.PAPER["published"]["recalls"][key]
    mean = sum(recalls.values()) / len(recalls)
    assert mean == pytest.approx(float(wang_cl.PUBLISHED[corpus][system]), abs=2) and variant == "first-frames"
    if corpus == "casia":
        assert f"{mean:.2f}" == wang_cl.CLASS_MEANS[system]


def test_ours_stand_in_the_order_of_the_papers():
    recalls = {("s", "v", "c"): {"b": 40.0, "a": 60.0}}
    per_class = {name: {"recall": share, "precision": 0, "f1": 0} for name, share in (("a", 0.25), ("b", 0.5))}
    run = {"system": "s", "variant": "v", "corpus": "c", "protocol": "honest", "seed": 0, "fold": None, "n_test": 4}
    run |= {"accuracy": 0.4, "uar": 0.4, "per_class": per_class, "confusion": [[1, 1], [1, 1]]}
    run |= {"audit": {"lookup_table": 0.1, "train": 1, "test": 4}}
    svm = run | {"system": "svm", "variant": "statistics", "protocol": "as-published of p"}
    paper = {"published": {"recalls": recalls}, "runs": [run]}
    (corpus, text), *others = class_tables("p", paper, [svm, svm | {"system": "majority_class"}]).items()
    assert corpus == "c" and not others
    assert text.splitlines()[2:] == [
        "| s | v | published | 40.0 | 60.0 | 50.0 |",
        "| s | v | honest, here (1) | 50.0 | 25.0 | 37.5 |",
        "| svm | statistics | as-published, here (1) | 50.0 | 25.0 | 37.5 |",
    ]
