"""Tests of a difference that account for every source of chance.

A published accuracy is a sample of one run, and so is ours. The answers to windows of one recording are correlated. A
network that is trained again gives other answers. A table of many tests finds something by chance.

Two systems on the same files, `paired`: V = V_speakers + V_training.
    V_speakers  variance of the mean over files, clustered by speaker (speakers are drawn, files come with them)
    V_training  variance between two trainings of the pair: 2 kappa / n for every pair of networks with n files
    kappa is pooled over all systems of a corpus that were trained several times and tested on the same files. Most
    comparisons have one or three seeds, which are too few for an estimate of their own; a bootstrap of three seeds
    underestimates it. V_speakers already contains part of V_training, so the sum errs towards "no difference".
    The difference and its interval concern the mean over files, as every accuracy here does, not a mean over speakers.
"""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from scipy import stats

# With fewer speakers no sign or rank test can reach 0.05: its smallest p is 2^(1 - n), 0.125 for four. A t test of four
# numbers could reach it only by assuming that speakers are normally distributed.
MIN_SPEAKERS = 6


def two_sample_p(share_a: float, n_a: float, share_b: float, n_b: float) -> float:
    """Two-sided p of Fisher's exact test that two shares of right answers, such as a published one and ours, are equal.

    share_a, share_b : 0 .. 1;  n_a, n_b : numbers of independent answers, rounded to whole ones

    Source: Fisher 1922. Checked: tests/test_statistics_hold.py
    """
    counts = []
    for share, n in ((share_a, n_a), (share_b, n_b)):
        n = max(round(n), 1)
        right = round(share * n)
        counts.append([right, n - right])
    return float(stats.fisher_exact(counts).pvalue)


def right_answers(answers: dict) -> list[bool]:
    """Whether each answer of a run is right, from its "true" and "predicted" columns.

    Checked: tests/test_statistics_hold.py
    """
    return [
        true == predicted for true, predicted in zip(answers["true"].split(), answers["predicted"].split(), strict=True)
    ]


def design_effect(clusters, right) -> float:
    """The number of answers that count as one independent answer, since answers within a recording are correlated.

    variance of the mean over answers, clustered / variance of the same number of independent ones; at least 1

    Parameters
    ----------
    clusters : (n,) the recording of each answer;  right : (n,) bool

    Source: Kish 1965. Checked: tests/test_statistics_hold.py
    """
    right = np.asarray(right, dtype=float)
    p = right.mean()
    if p in (0.0, 1.0) or len(set(clusters)) < 2:
        return 1.0
    return max(1.0, _clustered_variance(clusters, right) / (p * (1 - p) / right.size))


def overdispersion(groups: Iterable[list[tuple[float, int]]]) -> float:
    """Variance of equal runs' accuracies, relative to that of n independent answers; at least 1.

    phi = sum (a - mean)^2 n / (p (1 - p)) / sum of degrees of freedom, pooled over all groups of two or more runs

    groups : of each row the (accuracy, n) of its runs; seeds differ in split and initial values

    Checked: tests/test_statistics_hold.py
    """
    total, freedom = 0.0, 0
    for runs in groups:
        shares, ns = np.array([share for share, _ in runs]), np.array([n for _, n in runs], dtype=float)
        p = float((shares * ns).sum() / ns.sum())
        if len(runs) > 1 and 0 < p < 1:
            total += float(((shares - p) ** 2 * ns).sum() / (p * (1 - p)))
            freedom += len(runs) - 1
    return max(1.0, total / freedom) if freedom else 1.0


def training_variance(runs: Iterable[dict]) -> tuple[float, int]:
    """(kappa, degrees of freedom): n times the variance of a network's accuracy on the same n files over trainings.

    It is pooled over systems and speakers, from seeds of one system, variant and protocol that were tested on the same
    files. (nan, 0) if nothing was trained twice.

    Checked: tests/test_statistics_hold.py
    """
    answered = defaultdict(lambda: defaultdict(list))
    for run in runs:
        key = tuple(run[name] for name in ("system", "variant", "corpus", "protocol"))
        for speaker, files, right in _by_speaker(run["answers"]):
            answered[key, speaker, files][
                run["seed"], run.get("config", {}).get("setting", {}).get("precision")
            ].append(right)
    total, freedom = 0.0, 0
    for (_, _, files), seeds in answered.items():
        shares = [np.mean(right) for right in seeds.values()]
        if len(shares) > 1:
            total += len(files.split()) * float(np.var(shares)) * len(shares)
            freedom += len(shares) - 1
    return (total / freedom, freedom) if freedom else (math.nan, 0)


def paired(pairs: list[tuple[dict, dict]], kappa: float, confidence: float = 0.95) -> dict:
    """Whether one system is right more often than another on the same files.

    Parameters
    ----------
    pairs : the answers of both, of every split and seed: dicts of "files", "speakers", "true", "predicted"
    kappa : of training_variance; nan counts as 0

    Returns
    -------
    comparison : dict with n_runs, n_groups (speakers), difference (of the mean over files), half_width of its interval,
        p (two-sided, Student's t with n_groups - 1 degrees of freedom; of fewer than MIN_SPEAKERS never below
        2^(1 - n_groups)), and same, the share of equal answers

    Raises
    ------
    ValueError  if the two systems of a pair were not tested on the same files.

    Source: Cameron & Miller 2015 (clustered variance). Checked: tests/test_statistics_hold.py
    """
    speakers, gains, same, training = [], [], [], 0.0
    for a, b in pairs:
        if (a["files"], a["true"]) != (b["files"], b["true"]):
            raise ValueError("the two were not tested on the same files")
        true, one, other = (answers.split() for answers in (a["true"], a["predicted"], b["predicted"]))
        gains += [(t == x) - (t == y) for t, x, y in zip(true, one, other, strict=True)]
        same += [x == y for x, y in zip(one, other, strict=True)]
        speakers += a["speakers"].split()
        training += 0.0 if math.isnan(kappa) else 2 * kappa * len(true)  # n^2 times 2 kappa / n
    gains = np.array(gains, dtype=float)
    difference, n_groups = float(gains.mean()), len(set(speakers))
    variance = _clustered_variance(speakers, gains) if n_groups > 1 else math.nan
    error = math.sqrt(variance + training / gains.size**2)
    freedom = n_groups - 1
    if not freedom:
        p, half_width = math.nan, math.nan
    elif difference == 0:
        p, half_width = 1.0, float(stats.t.ppf(0.5 + confidence / 2, freedom)) * error
    else:
        p = float(2 * stats.t.sf(abs(difference) / error, freedom)) if error else 0.0
        p = max(p, 2.0**-freedom) if n_groups < MIN_SPEAKERS else p
        half_width = float(stats.t.ppf(0.5 + confidence / 2, freedom)) * error
    return {
        "n_runs": len(pairs),
        "n_groups": n_groups,
        "difference": difference,
        "half_width": half_width,
        "p": p,
        "same": float(np.mean(same)),
    }


def holm(ps: list[float]) -> list[float]:
    """Holm's adjusted p of every test in a family; an adjusted p below 0.05 holds for the table as a whole.

    sorted upwards: max over j <= i of (m - j) p_j (j from 0), at most 1; nan stays nan and does not count

    Source: Holm 1979. Checked: tests/test_statistics_hold.py
    """
    known = [i for i in np.argsort(ps) if not math.isnan(ps[i])]
    adjusted, so_far = [math.nan] * len(ps), 0.0
    for rank, i in enumerate(known):
        so_far = min(1.0, max(so_far, (len(known) - rank) * ps[i]))
        adjusted[i] = so_far
    return adjusted


def _clustered_variance(clusters, values) -> float:
    """Variance of the mean of `values`: G / (G - 1) sum_g (sum of deviations in g)^2 / n^2, of G clusters."""
    values = np.asarray(values, dtype=float)
    names, owner = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(owner, weights=values - values.mean())
    return float(names.size / (names.size - 1) * (sums**2).sum() / values.size**2)


def _by_speaker(answers: dict) -> list[tuple[str, str, list[bool]]]:
    """(speaker, files, right) of every speaker of a run."""
    parts = defaultdict(lambda: ([], []))
    columns = answers["files"].split(), answers["speakers"].split(), right_answers(answers)
    for file, speaker, is_right in zip(*columns, strict=True):
        parts[speaker][0].append(file)
        parts[speaker][1].append(is_right)
    return [(speaker, " ".join(files), right) for speaker, (files, right) in parts.items()]
