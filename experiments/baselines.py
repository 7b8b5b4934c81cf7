"""Baselines without a network: the majority class, an SVM and logistic regression on statistics of features.

Run:   python -m experiments.baselines --data FOLDER              FOLDER/casia, FOLDER/emodb, FOLDER/ravdess; 15 minutes
       python -m experiments.baselines --data FOLDER --corpus emodb
       python -m experiments.baselines --data FOLDER --corpus casia_author_images       a folder of ready images
       python -m experiments.baselines --data FOLDER --see egemaps --protocol honest speaker emobox
The splits are those of the five papers, made by the papers' own functions and seeds, so that a baseline and a network
are tested on the same files. A paper's own split is the protocol "as-published of <system>"; all share honest and
speaker. emobox are EmoBox's fixed folds (EMO-DB's drawn by file, the others' by speaker); cross-corpus trains on
EMO-DB or RAVDESS and tests on the other, on the six emotions that both have.

features    13 MFCC with two orders of deltas (39 rows) and 40 log-mel bands of the whole recording, 25/10 ms, 16 kHz
statistics  of every row over time: mean, standard deviation, quantiles of 10, 50 and 90 %: 395 numbers a recording
pixels      of ready images instead: colors of 16 x 16 squares. egemaps: openSMILE's 88 functionals instead (optional)
scale       z-score of every number over the training files
svm         RBF kernel, gamma 1 / number of values, C = 10; with a validation set the C of SVM_C that is best on it
logistic    L2-regularized multinomial logistic regression, C = 0.1; with a validation set the best of LOGISTIC_C
majority    the most common class of the training files

The classifiers are trained on the training files only, never on validation files. Where a paper scored the same set
on which it chose its epoch, nothing is chosen here.
"""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the baselines", extra="train"
)

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from dsp.files.extras import require
from experiments import dey_emodb, finch_dycnn, wang_cl, yadav_crnn, zheng_casia
from experiments.common.paths import RESULTS
from experiments.common.provenance import provenance
from experiments.data import emobox, leakage
from experiments.data import splits as protocols
from experiments.data.corpora import Corpus, casia, emodb, image_tree, ravdess
from experiments.evaluation.metrics import averages, scores
from experiments.evaluation.results import percent, record, scores_of
from experiments.inputs import cache, egemaps
from experiments.inputs.pixels import pixels
from experiments.inputs.statistics import FEATURES
from experiments.inputs.zheng_casia import load_images
from experiments.training.cli import HelpFormatter, small_synthetic_corpus
from experiments.training.run_folder import CROSS, STORED_CORPORA, run_cli
from experiments.training.runner import AuditedCorpus, audit_corpus, common_splits, format_answers

STEM = "baselines"
IMAGES = "casia_author_images"  # the images that Zheng's authors trained on
CORPORA = {"casia": casia, "emodb": emodb, "ravdess": ravdess, IMAGES: image_tree}
VARIANT, PIXELS, EGEMAPS = "statistics", "pixels", "egemaps"  # what a classifier sees
ZHENG = ("as-published", "matlab-split")  # Zheng's own protocols
SEEN = {PIXELS: "pixels", EGEMAPS: egemaps.EGEMAPS.name}  # the name of a variant's inputs, if not statistics
FIXED = ("emobox", "cross-corpus")  # protocols whose splits no seed changes
SVM_C = (0.1, 1.0, 10.0, 100.0)
LOGISTIC_C = (0.001, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class Baseline:
    """A classifier of statistics: make(C), the C without a validation set, and those that are tried with one."""

    make: Callable[[float], Pipeline]
    fixed: float
    tried: tuple[float, ...]


BASELINES = {
    "majority_class": Baseline(lambda c: make_pipeline(DummyClassifier(strategy="most_frequent")), 1.0, (1.0,)),
    "logistic_regression": Baseline(
        lambda c: make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)), 0.1, LOGISTIC_C
    ),
    "svm": Baseline(lambda c: make_pipeline(StandardScaler(), SVC(C=c, gamma="auto")), 10.0, SVM_C),
}


@dataclass(frozen=True)
class Task:
    """A protocol of a corpus: its splits by seed, and the side that is scored."""

    protocol: str
    splits: Callable[[Corpus, np.ndarray, int], list[protocols.Split]]
    scored: str = "test"
    variant: str = VARIANT


def paper_tasks(corpus: str) -> list[Task]:
    """The protocols under which a corpus is tested here: the common ones, and every paper's own split."""
    if corpus == IMAGES:
        return [replace(_zheng_task(name), variant=PIXELS) for name in ("honest", *ZHENG)]
    tasks = [
        Task(name, lambda corpus, content, seed, name=name: common_splits(corpus, content, name, seed))
        for name in ("honest", "speaker")
    ]
    if corpus in emobox.BY:
        tasks.append(Task("emobox", lambda corpus, content, seed: emobox.emobox_folds(corpus)))
    if corpus == "casia":
        tasks.append(Task("sentence", lambda corpus, content, seed: [_unseen_sentences(corpus, seed)]))
        tasks.append(_zheng_task("matlab-split"))  # "as-published" is Wang's split, too
    for module in (yadav_crnn, finch_dycnn, wang_cl):
        if corpus in module.CORPORA:
            tasks.append(
                Task(
                    f"as-published of {module.STEM}",
                    lambda corpus, content, seed, of=module: of.splits_of(corpus, content, "as-published", seed),
                )
            )
    if corpus == "emodb":
        for name, model in dey_emodb.MODELS.items():
            if name.endswith("_bilstm"):
                continue  # the same split as the LSTM's

            def splits(corpus: Corpus, content, seed: int, model=model) -> list[protocols.Split]:
                return [model.split(corpus.labels, seed)]

            tasks.append(Task(f"as-published of {name}", splits, "validation"))
            if model.tested:
                tasks.append(Task(f"as-published-test of {name}", splits))
    return tasks


def _zheng_task(name: str) -> Task:
    """A split of Zheng's experiment; nothing is chosen in the paper's own."""
    settings = (zheng_casia.PAPER_CONFIG,)
    if name == "honest":
        settings = (zheng_casia.VARIANTS["converged"][0],)
    protocol = name if name == "honest" else f"{name} of {zheng_casia.STEM}"
    return Task(protocol, lambda corpus, content, seed: zheng_casia.splits_of(settings, corpus, content, name, seed))


def _unseen_sentences(corpus: Corpus, seed: int) -> protocols.Split:
    return protocols.unseen_sentences(corpus.labels, corpus.sentences, seed)


def row(system: str, corpus: str, of: str, variant: str = VARIANT) -> dict:
    """A line of the table of results."""
    see = f" --see {EGEMAPS}" if variant == EGEMAPS else ""
    line = {"system": system, "variant": variant, "corpus": corpus, "protocol": of, "published": "-"}
    return line | {"command": f"python -m experiments.{STEM} --corpus {corpus} --data DIR{see}"}


# The emotions that EMO-DB and RAVDESS share: EMO-DB's word, RAVDESS' word.
SHARED = (
    *(("anger", "angry"), ("disgust", "disgust"), ("fear", "fearful")),
    *(("happiness", "happy"), ("neutral", "neutral"), ("sadness", "sad")),
)
SCALED_APART = "statistics-of-each-corpus"

PAPER = {
    "paper": "Baselines: no network, statistics of MFCC and log-mel over time",
    "classes": [],
    "published": {},
    "rows": [
        row(system, corpus, task.protocol, task.variant)
        for corpus in CORPORA
        for system in BASELINES
        for task in paper_tasks(corpus)
    ]
    + [
        row(system, corpus, of, EGEMAPS) | {"optional": True}
        for corpus in ("casia", "emodb", "ravdess")
        for system in BASELINES
        for of in ("honest", "speaker", "emobox")
    ]
    + [
        row(system, corpus, "cross-corpus")
        | {"variant": variant}
        | {"command": f"python -m experiments.{STEM} --corpus emodb ravdess --data DIR", "optional": True}
        for corpus in CROSS
        for system in BASELINES
        for variant in (VARIANT, SCALED_APART)
    ],
}


def fitted(
    baseline: Baseline, features: np.ndarray, labels: np.ndarray, split: protocols.Split, scored: str
) -> tuple[Pipeline, float]:
    """The classifier trained on the training files, and its C: chosen on validation files that are not scored.

    Among equally good values the smallest C counts.

    Checked: tests/test_baselines_are_fair.py
    """
    choosing = len(split.validation) > 0 and scored != "validation"
    candidates = {}
    for c in baseline.tried if choosing else (baseline.fixed,):
        candidates[c] = baseline.make(c).fit(features[split.train], labels[split.train])
    if not choosing:
        return candidates[baseline.fixed], baseline.fixed
    best = max(candidates, key=lambda c: candidates[c].score(features[split.validation], labels[split.validation]))
    return candidates[best], best


def run_split(
    system: str, corpus: Corpus, features: np.ndarray, split: protocols.Split, task: Task, facts: dict
) -> dict:
    """One classifier on one split, scored as the protocol says."""
    began, cpu_began = time.perf_counter(), time.process_time()
    classifier, c = fitted(BASELINES[system], features, corpus.labels, split, task.scored)
    files = getattr(split, task.scored)
    predicted = classifier.predict(features[files])
    result = scores(corpus.labels[files], predicted, corpus.classes)
    return result | {
        "averages": averages(result),
        **facts,
        "system": system,
        "variant": task.variant,
        "corpus": corpus.name,
        "protocol": task.protocol,
        "fold": split.fold,
        "config": facts["config"] | {"inputs": SEEN.get(task.variant, FEATURES.name), "C": c},
        "training_accuracy": round(float(classifier.score(features[split.train], corpus.labels[split.train])), 4),
        "answers": format_answers(corpus, files, predicted),
        "device": "cpu, 1 threads",
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - cpu_began, 2),
        **provenance(),
    }


def run_corpus(options: argparse.Namespace, name: str, corpus: Corpus) -> tuple[Corpus, np.ndarray, np.ndarray]:
    """The corpus under all its protocols; (corpus, content, features) for what compares corpora."""
    tasks = paper_tasks(name)
    if name == IMAGES:
        images = load_images(corpus)
        features, content = pixels(images), leakage.digests(images)
    elif options.see == EGEMAPS:
        require("opensmile", feature="the eGeMAPS row", extra="egemaps")
        features, content = cache.load(corpus, egemaps.EGEMAPS, options.features)
        tasks = [replace(task, variant=EGEMAPS) for task in tasks]
    else:
        features, content = cache.load(corpus, FEATURES, options.features)
    of = audit_corpus(corpus, content)
    run_tasks(options, of, features, tasks)
    return of.corpus, of.content, features


def run_tasks(options: argparse.Namespace, of: AuditedCorpus, features: np.ndarray, tasks: list[Task]) -> None:
    """All baselines on all splits: scored, stored, printed."""
    for task in tasks:
        if options.protocol and task.protocol not in options.protocol:
            continue
        seeds = options.seed[:1] if task.protocol in FIXED else options.seed
        splits = [(seed, split) for seed in seeds for split in task.splits(of.corpus, of.content, seed)]
        for system in BASELINES:
            runs = []
            for seed, split in splits:
                facts = {"seed": seed, "config": {"content": leakage.fingerprint(of.corpus, of.content)}}
                facts["audit"] = leakage.audit_split(of.corpus, of.content, split) | {"corpus": of.found}
                facts["split"] = leakage.split_hashes(of.content, split)
                runs.append(run_split(system, of.corpus, features, split, task, facts))
            if of.corpus.name in STORED_CORPORA:
                for run in runs:
                    record(options.results, run)
            accuracy, uar = (percent(score) for score in scores_of(runs).values())
            print(f"{of.corpus.name:8} {task.protocol:36} {system:20} accuracy {accuracy} %  UAR {uar} %", flush=True)


def run_experiment(options: argparse.Namespace) -> None:
    if not options.data:
        run_corpus(options, "synthetic", small_synthetic_corpus(options.out / "synthetic_wav"))
        return
    found = {name: run_corpus(options, name, CORPORA[name](options.data / name)) for name in options.corpus}
    if {"emodb", "ravdess"} <= set(found) and options.see == VARIANT:
        for a, b in (("emodb", "ravdess"), ("ravdess", "emodb")):
            corpus, content, features, split = crossed(found[a], found[b])
            of = AuditedCorpus(corpus, content, leakage.audit_corpus(corpus, content))
            run_tasks(options, of, features, [cross_task(split, VARIANT)])
            run_tasks(options, of, scaled_apart(features, split), [cross_task(split, SCALED_APART)])


def cross_task(split: protocols.Split, variant: str) -> Task:
    return Task("cross-corpus", lambda corpus, content, seed: [split], variant=variant)


def scaled_apart(features: np.ndarray, split: protocols.Split) -> np.ndarray:
    """Every number z-scored within its corpus, the tested one by its own unlabeled recordings: rooms, microphones and
    levels of the two differ.

    Checked: tests/test_baselines_are_fair.py
    """
    scaled = np.empty(features.shape, np.float64)
    for side in (split.train, split.test):
        scaled[side] = StandardScaler().fit_transform(features[side])
    return scaled


def crossed(
    known: tuple[Corpus, np.ndarray, np.ndarray], asked: tuple[Corpus, np.ndarray, np.ndarray]
) -> tuple[Corpus, np.ndarray, np.ndarray, protocols.Split]:
    """One corpus of the shared emotions of two, trained on the first and tested on the second.

    known, asked : (corpus, content, features) of EMO-DB and RAVDESS, or the other way round

    Checked: tests/test_baselines_are_fair.py
    """
    parts = []
    for corpus, content, features in (known, asked):
        words = {word: i for i, pair in enumerate(SHARED) for word in pair}
        labels = np.array([words.get(corpus.classes[label], -1) for label in corpus.labels])
        kept = np.flatnonzero(labels >= 0)
        speakers = np.array([f"{corpus.name}-{speaker}" for speaker in corpus.speakers[kept]])
        parts.append((labels[kept], speakers, content[kept], features[kept], [corpus.paths[i] for i in kept]))
    labels, speakers, content, features = (np.concatenate([part[i] for part in parts]) for i in range(4))
    name = f"{known[0].name} to {asked[0].name}"
    both = Corpus(name, tuple(word for word, _ in SHARED), tuple(parts[0][4] + parts[1][4]), labels, speakers)
    n = len(parts[0][0])
    return both, content, features, protocols.Split(np.arange(n), protocols.NOTHING, np.arange(n, len(labels)))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{STEM}",
        description=__doc__,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder with casia/, emodb/ and ravdess/")
    parser.add_argument(
        "--corpus", nargs="+", choices=CORPORA, default=list(CORPORA)[:3], metavar="NAME", help=", ".join(CORPORA)
    )
    parser.add_argument("--see", choices=(VARIANT, EGEMAPS), default=VARIANT, help="what the classifiers see")
    parser.add_argument("--protocol", nargs="+", metavar="NAME", help="only these; default: all of a corpus")
    parser.add_argument("--seed", type=int, nargs="+", metavar="N", default=[0, 1, 2], help="of splits and classifiers")
    parser.add_argument("--out", type=Path, metavar="DIR", help="for all output, the results file too")
    options = parser.parse_args(arguments)
    known = {task.protocol for name in options.corpus for task in paper_tasks(name)} | {"cross-corpus"}
    if not set(options.protocol or ()) <= known:
        parser.error(f"--protocol: {', '.join(sorted(known))} are known")
    options.results = (options.out or RESULTS) / f"{STEM}.jsonl"
    options.features = options.out / "features" if options.out else cache.FEATURES
    options.out = options.out or Path(__file__).with_name("runs") / STEM
    return options


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


if __name__ == "__main__":
    sys.exit(main())
