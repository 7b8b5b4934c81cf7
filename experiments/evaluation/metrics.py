"""Scores of a test set and of several runs.

accuracy is what speech-emotion papers call WA (weighted by class size), UAR the unweighted mean of
the per-class recalls (UA), of the classes that have test files. Both are fractions 0..1.
"""

import math

import numpy as np
from scipy import stats
from sklearn import metrics as sklearn_metrics
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support


def scores(true, predicted, classes) -> dict:
    """Accuracy, UAR, per-class precision/recall/F1/support and the confusion matrix.

    Parameters
    ----------
    true, predicted : (n,) int, places in `classes`
    classes : names

    Returns
    -------
    scores : dict of plain numbers and lists; confusion[i][j] counts true class i predicted as j
        (scikit-learn's order; `plotconfusion` draws its transpose); precision of a class that was
        never predicted is 0; a class without test files is left out of UAR

    Checked: tests/test_metrics_match_published_matrix.py
    """
    labels = np.arange(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    confusion = confusion_matrix(true, predicted, labels=labels)
    return {
        "n_test": len(true),
        "accuracy": _accuracy_of(confusion),
        "uar": _uar_of(confusion),
        "per_class": {
            name: {
                "precision": round(float(precision[i]), 4),
                "recall": round(float(recall[i]), 4),
                "f1": round(float(f1[i]), 4),
                "support": int(support[i]),
            }
            for i, name in enumerate(classes)
        },
        "confusion": confusion.tolist(),
    }


def mean_interval(values, confidence: float = 0.95) -> tuple[float, float]:
    """Mean of independent runs and the half-width of its Student-t interval (nan for one run).

    mean +- t_(n-1) s / sqrt(n)

    Checked: tests/test_metrics_match_published_matrix.py
    """
    values = np.asarray(values, dtype=float)
    if values.size < 2:
        return float(values.mean()), math.nan
    t = stats.t.ppf(0.5 + confidence / 2, values.size - 1)
    return float(values.mean()), float(t * values.std(ddof=1) / math.sqrt(values.size))


def grouped_scores(confusions, confidence: float = 0.95) -> dict[str, tuple[float, float]]:
    """Accuracy and UAR of all answers together, with the half-widths of intervals over the groups they come from.

    theta = the score of sum_g C_g;  theta_(g) = the same without group g, of G
    half-width = t_(G-1) sqrt((G-1)/G sum_g (theta_(g) - mean theta_(g))^2), the jackknife's; nan for one group

    The accuracy of groups of one size is mean_interval of theirs. UAR cannot be averaged over groups in which some
    classes have one file or none.

    Parameters
    ----------
    confusions : (G, k, k) answers of each group, true class first: of one speaker to several seeds, say

    Source: Tukey 1958; Efron and Stein 1981. Checked: tests/test_metrics_match_published_matrix.py
    """
    confusions = np.asarray(confusions)
    everything, n_groups = confusions.sum(0), len(confusions)
    t = stats.t.ppf(0.5 + confidence / 2, n_groups - 1) if n_groups > 1 else math.nan
    intervals = {}
    for name, score in (("accuracy", _accuracy_of), ("uar", _uar_of)):
        without = [score(everything - one) for one in confusions] if n_groups > 1 else [math.nan]
        error = math.sqrt((n_groups - 1) * np.var(without))
        intervals[name] = score(everything), float(t * error)
    return intervals


def _accuracy_of(confusion: np.ndarray) -> float:
    return float(np.trace(confusion) / confusion.sum())


def _uar_of(confusion: np.ndarray) -> float:
    n_true = confusion.sum(1)
    return float((np.diag(confusion)[n_true > 0] / n_true[n_true > 0]).mean())


def share_interval(share: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high) of Wilson's score interval of a share of n answers: the uncertainty of one run by chance alone.

    Source: Wilson 1927. Checked: tests/test_metrics_match_published_matrix.py
    """
    interval = stats.binomtest(round(share * n), n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def report_lines(result: dict, classes) -> list[str]:
    """Per-class precision, recall, F1 and support as a small table for people."""
    lines = [f"{'':>10}  precision  recall     F1  support"]
    for name in classes:
        row = result["per_class"][name]
        numbers = f"{row['precision']:9.3f}  {row['recall']:6.3f}  {row['f1']:5.3f}  {row['support']:7d}"
        lines.append(f"{name:>10}  {numbers}")
    lines.append(f"accuracy (WA) {result['accuracy']:.1%}   UAR {result['uar']:.1%}   n = {result['n_test']}")
    return lines


def classification_report(result: dict, digits: int = 2) -> str:
    """scikit-learn's report as text: precision, recall, F1 and support per class, accuracy, both averages.

    It is made from the confusion matrix, for the numbers under "per_class" are rounded.

    Parameters
    ----------
    result : from `scores`
    digits : decimals; 4 as the CRNN paper's tables have them

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    return _report(result, digits=digits)


def averages(result: dict) -> dict:
    """The report's last rows for a results file: {"macro": ..., "weighted": ...}, each as a row of "per_class".

    macro     the mean over the classes;  weighted  the mean over the classes weighed by their supports
    Both are taken of unrounded numbers, the macro F1 too: a mean of F1, not the F1 of means.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    report = _report(result, output_dict=True)
    return {
        name: {
            "precision": round(float(row["precision"]), 4),
            "recall": round(float(row["recall"]), 4),
            "f1": round(float(row["f1-score"]), 4),
            "support": int(row["support"]),
        }
        for name, row in (("macro", report["macro avg"]), ("weighted", report["weighted avg"]))
    }


def reordered(result: dict, classes) -> dict:
    """The same result with its classes in another order, such as a paper's: confusion and per_class.

    Parameters
    ----------
    result : from `scores`
    classes : the names under "per_class", each once

    Raises
    ------
    ValueError  for other names.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    names = list(result["per_class"])
    if sorted(names) != sorted(classes):
        raise ValueError(f"{list(classes)} are not the classes of the result, {names}")
    places = [names.index(name) for name in classes]
    return result | {
        "per_class": {name: result["per_class"][name] for name in classes},
        "confusion": np.asarray(result["confusion"])[np.ix_(places, places)].tolist(),
    }


def _report(result: dict, **how):
    """scikit-learn's report on labels that give the result's confusion matrix."""
    names, confusion = list(result["per_class"]), np.asarray(result["confusion"])
    true, predicted = np.nonzero(confusion)
    counts = confusion[true, predicted]
    return sklearn_metrics.classification_report(
        np.repeat(true, counts),
        np.repeat(predicted, counts),
        labels=np.arange(len(names)),
        target_names=names,
        zero_division=0,
        **how,
    )
