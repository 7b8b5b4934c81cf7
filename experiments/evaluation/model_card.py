"""The generated tables of the shipped network's model card (experiments/recogniser/shipped/MODEL_CARD.md)."""

from experiments.common.markdown import table
from experiments.evaluation.calibration import answers_of, ece, reliability
from experiments.evaluation.results import percent, summarize

SYSTEM, CORPUS = "statistics_mlp", "ravdess"
PROTOCOLS = {  # what is tested, in the order of the table
    "speaker": "people whom the network has not heard, five folds",
    "emobox": "EmoBox's folds: people whom the network has not heard, six folds, no validation set",
    "honest": "people whom the network has heard, other recordings",
}


def card_tables(runs: list[dict]) -> dict[str, str]:
    """{mark: table} from all runs of the network.

    Checked: tests/test_the_shipped_network_is_as_its_card_says.py
    """
    of = {name: [run for run in runs if (run["corpus"], run["protocol"]) == (CORPUS, name)] for name in PROTOCOLS}
    summaries = {key[3]: found for key, found in summarize(runs).items() if key[2] == CORPUS} if runs else {}
    scores = []
    for name, words in PROTOCOLS.items():
        if name in summaries:
            found = summaries[name]
            shares = percent(found["accuracy"]), percent(found["uar"]), f"{100 * ece(*answers_of(of[name])):.1f}"
            scores.append([words, str(found["n_runs"]), *shares])
    recall = summaries["speaker"]["recall"] if "speaker" in summaries else {}
    bins = reliability(*answers_of(of["speaker"])) if of["speaker"] else []
    reliable = [[f"{n:.0f}", f"{100 * mean:.0f}", f"{100 * share:.0f}"] for n, mean, share in bins if n]
    return {
        "scores": table(["tested on", "runs", "accuracy %", "UAR %", "ECE, points"], scores),
        "recall": table(["emotion", "recognized %"], [[name, f"{100 * share:.0f}"] for name, share in recall.items()]),
        "reliability": table(["answers", "probability given, mean %", "right %"], reliable),
    }
