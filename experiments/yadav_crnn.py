"""Yadav et al., "Speech Emotion Recognition using Convolutional Recurrent Neural Network" (RAVDESS, EMO-DB, Keras).

Claim: accuracies of 79.86 % (RAVDESS) and 83.18 % (EMO-DB), with augmentation 85.76 % and 91.59 %, one split each.
Run:   python -m experiments.yadav_crnn                                            synthetic corpus, < 2 minutes
       python -m experiments.yadav_crnn --corpus emodb --data EMODB --protocol speaker --augment
       python -m experiments.yadav_crnn --corpus all --data FOLDER                 FOLDER/emodb and FOLDER/ravdess
Cost:  on one core with --precision bfloat16, an epoch takes 12 s (EMO-DB) or 33 s (RAVDESS); twice as long in float32,
       five times as long with copies. Training stops after 50 to 100 epochs, with copies after 40. A run takes 9 to 21
       minutes on EMO-DB (with copies 25 to 45) and 45 minutes on RAVDESS (with copies 110). All protocols with
       3 seeds take 20 hours for both corpora, with copies 53.
Protocols: as-published (80:20 at random by file, a tenth of the training files for validation), honest (60/20/20 at
       random, copies of one recording on one side), speaker (5 folds of unseen speakers, others for validation).
Leak:  --protocol leak-copies --augment (copies made before the split). No result: it shows what such a leak does.
Copies are made of training files only, after the split. The z-score is fitted on the training files and their copies.
Each setting below names its place in the paper, or says UNSTATED.
"""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the experiment", extra="train"
)

import argparse
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

import nets
from experiments.data import splits
from experiments.data.corpora import RAVDESS_EMOTIONS, Corpus, emodb, ravdess
from experiments.inputs import cache
from experiments.inputs.yadav_crnn import COPIES, ORIGINALS, WITH_COPIES, ZScore, fit_z_score
from experiments.training.cli import PROTOCOLS, add_model_option, finish_options, limit, load_corpus, parser_of
from experiments.training.loop import Examples, TrainingOptions
from experiments.training.run_folder import run_cli
from experiments.training.runner import (
    AuditedCorpus,
    Subset,
    TrainingConfig,
    audit_corpus,
    common_splits,
    draw_run,
    run_all,
    summarize,
    train_and_score,
)

STEM = "yadav_crnn"
SYSTEM = "yadav_crnn"
ELU, KERNELS_3 = "yadav_crnn_elu", "yadav_crnn_kernels_3"  # what the paper compares its choices with
MODELS = (SYSTEM, ELU, KERNELS_3)
CORPORA = {"emodb": emodb, "ravdess": ravdess}
PUBLISHED = {  # %: the diagonals of the paper's tables
    ("ravdess", "plain"): "79.86 (230/288)",
    ("ravdess", "augmented"): "85.76 (247/288)",
    ("emodb", "plain"): "83.18 (89/107)",
    ("emodb", "augmented"): "91.59 (98/107)",
}
_RAVDESS = ("angry", "calm", "disgust", "fearful", "happy", "neutral", "sad", "surprised")  # in the paper's order
_EMODB = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
RECALLS = {  # %: the diagonals of the paper's tables
    ("ravdess", "plain"): dict(zip(_RAVDESS, (94.59, 91.67, 75.61, 80.49, 67.5, 70.83, 70.59, 85.71), strict=True)),
    ("ravdess", "augmented"): dict(zip(_RAVDESS, (97.3, 88.89, 95.12, 70.73, 82.5, 75, 85.29, 88.57), strict=True)),
    ("emodb", "plain"): dict(zip(_EMODB, (85.29, 80, 80, 91.67, 61.54, 82.35, 100), strict=True)),
    ("emodb", "augmented"): dict(zip(_EMODB, (97.06, 90, 100, 83.33, 76.92, 88.24, 100), strict=True)),
}
UNSTATED_OF_IT = "UNSTATED: filter, scope of the z-score, regularization, padding, number of epochs, stopping rule"
CHOSEN_COPIES = "the paper chose the four kinds of copies by 'initial experimentation' on unnamed files"
NOTES = {  # remarks on a published accuracy
    ("ravdess", "plain"): f"one random split by file, every speaker on both sides; {UNSTATED_OF_IT}",
    ("emodb", "plain"): f"one random split of 107 test files, one file is 0.9 points; {UNSTATED_OF_IT}",
    ("ravdess", "augmented"): f"{CHOSEN_COPIES}; 17 more files right than without copies",
    ("emodb", "augmented"): f"{CHOSEN_COPIES}; 9 more files right than without copies",
}
NOT_RUN = {("ravdess", "augmented", "honest"): "takes two hours per run"}
EPOCHS = 150  # UNSTATED
OPTIONS = TrainingOptions(
    epochs=EPOCHS,
    batch_size=16,  # section "Experimental setup"
    shuffle="every epoch",  # Keras' default
    incomplete_batch="keep",  # Keras' default
    select="validation loss",  # "early stopping": of what is UNSTATED
    patience=20,  # UNSTATED
    settling=459,  # UNSTATED. 0.99^459 = 0.01: until then validation sees batch normalisation's initial statistics
)
LEARNING_RATE = 1e-4  # Adam, section "Experimental setup"
VALIDATION_SHARE = 0.1  # of the training files, drawn before any copies are made: UNSTATED

L2 = 0.01  # "regularization" is UNSTATED; Keras' default of l2(), of every kernel
FULL_EPOCHS = 60  # UNSTATED: where nothing stops the training; runs with validation keep an epoch near it
LEAK = "leak-copies"  # copies made before the split: a copy of what is tested may be trained on
ALSO = {"last-epoch": "last epoch", "best-accuracy": "validation accuracy"}  # which epoch counts is UNSTATED

NO_NUMBER = {"published": "-"}
PAPER = {
    "paper": "Yadav et al., Speech Emotion Recognition using Convolutional Recurrent Neural Network",
    "main": (SYSTEM, "plain", "emodb"),  # system, variant and corpus of its line in README.md
    "classes": list(RAVDESS_EMOTIONS),
    "published": {
        "accuracy": {f"{corpus}, {variant}": text for (corpus, variant), text in PUBLISHED.items()},
        "recalls": {(SYSTEM, variant, corpus): recalls for (corpus, variant), recalls in RECALLS.items()},
    },
    "rows": [
        {"system": SYSTEM, "variant": variant, "corpus": corpus, "protocol": of}
        | (
            {"published": PUBLISHED[corpus, variant], "note": NOTES[corpus, variant]}
            if of == PROTOCOLS[0]
            else NO_NUMBER
        )
        | {
            "command": f"python -m experiments.{STEM} --corpus {corpus} --data DIR --protocol {of}"
            + (" --augment" if variant == "augmented" else "")
        }
        | ({"not_run_reason": NOT_RUN[corpus, variant, of]} if (corpus, variant, of) in NOT_RUN else {})
        for corpus in ("emodb", "ravdess")
        for variant in ("plain", "augmented")
        for of in PROTOCOLS
    ]
    + [
        {"system": SYSTEM, "variant": f"{variant}-{name}", "corpus": corpus, "protocol": "as-published"}
        | {"published": PUBLISHED[corpus, variant], "note": NOTES[corpus, variant]}
        | {"command": f"python -m experiments.{STEM} --corpus {corpus} --data DIR"}
        | {"optional": True}  # runs that answer the test set after every epoch store these too
        for corpus in ("emodb", "ravdess")
        for variant in ("plain", "augmented")
        for name in ALSO
    ]
    + [
        {"system": SYSTEM, "variant": variant, "corpus": corpus, "protocol": of, "optional": True}
        | ({"published": PUBLISHED[corpus, variant.split("-")[0]]} if of == "as-published" else NO_NUMBER)
        | {"command": f"python -m experiments.{STEM} --corpus {corpus} --data DIR --protocol {of}{options}"}
        for corpus in ("emodb", "ravdess")
        for variant, options, of in (
            ("plain-l2", " --regularization l2", "as-published"),
            ("augmented-l2", " --regularization l2 --augment", "as-published"),
            ("plain-full", " --full", "as-published"),
            ("augmented-full", " --full --augment", "as-published"),
            ("augmented", " --augment", LEAK),
        )
    ]
    + [
        {"system": model, "variant": "plain", "corpus": corpus, "protocol": of, "published": "-", "optional": True}
        | {"command": f"python -m experiments.{STEM} --corpus {corpus} --data DIR --model {model} --protocol {of}"}
        for corpus in ("emodb", "ravdess")
        for model in (ELU, KERNELS_3)
        for of in PROTOCOLS
    ],
    "comparisons": [
        {"question": question, "corpus": "emodb", "protocol": of, "a": [SYSTEM, "plain"], "b": [other, "plain"]}
        for question, other in (("ReLU instead of ELU", ELU), ("kernels of 9, 7, 5, 3 instead of 3", KERNELS_3))
        for of in ("honest", "speaker")
    ]
    + [
        {"question": "training with augmented copies", "corpus": corpus, "protocol": of}
        | {"a": [SYSTEM, "augmented"], "b": [SYSTEM, "plain"]}
        for corpus in ("emodb", "ravdess")
        for of in PROTOCOLS
    ],
}


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


def run_experiment(options: argparse.Namespace) -> None:
    """Corpus -> inputs -> audit -> for each seed and split: train, score, store."""
    for corpus in load_corpora(options):
        features, content = cache.load(corpus, WITH_COPIES if options.augment else ORIGINALS, options.features)
        if not options.augment:
            features = features[:, None]  # one copy: the original
        of = audit_corpus(corpus, content)
        if options.protocol == LEAK:
            of, features = with_copies(of, features)
        variant, config = variant_name(options), {"inputs": SYSTEM, "copies": features.shape[1]}
        shortened = f"at most {options.epochs} of {EPOCHS} epochs" if options.epochs < EPOCHS else None
        for model in options.model:
            print(f"\n{model}\n{nets.summary(nets.build(model, len(corpus.classes)), features.shape[2:])}")
            train = partial(run_split, options, of.corpus, model, features)
            results = run_all(options, of, splits_of, variant, config, train, shortened, inputs=features[:, 0])
            summarize(results, PUBLISHED.get((of.corpus.name, variant), "-") if model == SYSTEM else "-")


def variant_name(options: argparse.Namespace) -> str:
    """'plain' or 'augmented', then what else is read otherwise: 'plain-l2', 'augmented-full'."""
    name = "augmented" if options.augment else "plain"
    return name + "-l2" * (options.regularization == "l2") + "-full" * options.full


def with_copies(of: AuditedCorpus, features: np.ndarray) -> tuple[AuditedCorpus, np.ndarray]:
    """A corpus whose examples are originals and copies alike, and their features, (n_files * n_copies, 1, ...).

    The content of a copy is that of its recording, so that the audit sees recordings on both sides.

    Checked: tests/test_leaks_are_what_they_say.py
    """
    corpus, n_copies = of.corpus, features.shape[1]
    files = np.repeat(np.arange(len(corpus)), n_copies)
    several = replace(of, corpus=corpus.of_examples(files), content=of.content[files])
    return several, features.reshape(-1, 1, *features.shape[2:])


def run_split(
    options, corpus: Corpus, model: str, features: np.ndarray, split: splits.Split, facts: dict
) -> list[dict]:
    """Trains and scores one network on one split."""
    settings = replace(OPTIONS, epochs=options.epochs)
    if options.full:  # the paper's 80 % without a validation set: nothing is chosen
        split = split.without_validation()
        settings = replace(settings, select="last epoch", patience=None, epochs=min(options.epochs, FULL_EPOCHS))
    training, validation, test, z_score = sides_of(features, corpus, split, options.device)
    facts = facts | {"z_score": asdict(z_score)}  # needed to apply the trained network to other recordings
    l2 = L2 if options.regularization == "l2" else None
    setting = TrainingConfig(model, LEARNING_RATE, settings, l2=l2)
    scored = {options.protocol: test}
    rules = ALSO if options.protocol == "as-published" and validation else {}
    also = {f"{facts['variant']}-{name}": rule for name, rule in rules.items()}
    return train_and_score(
        options, corpus, setting, training, validation, scored, facts,
        draw=partial(draw_run, percent_in_figure=True), also=also,
    )  # fmt: skip


def sides_of(
    features: np.ndarray, corpus: Corpus, split: splits.Split, device: str
) -> tuple[Examples, Subset | None, Subset, ZScore]:
    """Training examples with their copies, validation and test subsets without copies, all z-scored, and the z-score.

    features : (n_files, n_copies, 1, 128, 259) float32, the original first

    Checked: tests/test_trained_runs.py
    """
    z_score = fit_z_score(features, split.train)
    copies = torch.from_numpy(z_score(features[split.train])).flatten(0, 1)
    labels = torch.from_numpy(np.repeat(corpus.labels[split.train], features.shape[1]))
    sides = [
        Subset(torch.from_numpy(z_score(features[of, 0])).to(device), of) if len(of) else None
        for of in (split.validation, split.test)
    ]
    return Examples(copies.to(device), labels.to(device)), *sides, z_score


def splits_of(corpus: Corpus, content, name: str, seed: int) -> list[splits.Split]:
    if name in ("as-published", LEAK):
        return [splits.random_80_20(len(corpus), seed, VALIDATION_SHARE)]
    return common_splits(corpus, content, name, seed)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(STEM, __doc__, (*PROTOCOLS, LEAK))
    parser.add_argument("--corpus", choices=(*CORPORA, "all"), default="emodb", help="which corpus lies in --data")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the corpus as published; all: a folder with both",
    )
    add_model_option(parser, MODELS, SYSTEM)
    parser.add_argument("--augment", action="store_true", help=f"also train on copies: {', '.join(COPIES[1:])}")
    parser.add_argument("--regularization", choices=("none", "l2"), default="none", help=f"l2: {L2} of every kernel")
    parser.add_argument(
        "--full", action="store_true", help=f"as published without validation: the last of {FULL_EPOCHS} epochs"
    )
    parser.add_argument(
        "--epochs", type=int, metavar="N", help=f"at most N; fewer than {EPOCHS} is stated in the result"
    )
    options = parser.parse_args(arguments)
    if options.protocol == LEAK and not options.augment:
        parser.error(f"--protocol {LEAK} is of copies: add --augment")
    if options.full and options.protocol != "as-published":
        parser.error("--full is for --protocol as-published")
    options.epochs = limit(parser, options, "epochs", EPOCHS, synthetic=3)
    options.model = list(MODELS) if "all" in options.model else options.model
    return finish_options(parser, options, STEM)


def load_corpora(options: argparse.Namespace) -> list[Corpus]:
    if options.data and options.corpus == "all":
        return [load(options.data / name) for name, load in CORPORA.items()]
    return [load_corpus(options, CORPORA.get(options.corpus))]


if __name__ == "__main__":
    sys.exit(main())
