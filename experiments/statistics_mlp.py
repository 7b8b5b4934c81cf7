"""The recogniser's own network: one hidden layer on statistics of a whole recording. No paper's, rows apart.

Claim: none. The papers' networks see 1 to 4 s of a recording; the baselines' statistics describe all of it. This
       network sees those statistics. The recogniser ships one that was trained on RAVDESS.
Run:   python -m experiments.statistics_mlp                                            synthetic corpus, seconds
       python -m experiments.statistics_mlp --corpus ravdess --data RAVDESS --protocol speaker
       python -m experiments.statistics_mlp --corpus emodb --data EMODB --protocol emobox
       python -m experiments.statistics_mlp --corpus emodb-ravdess --data FOLDER       FOLDER/emodb and FOLDER/ravdess
Cost:  2 seconds a run on one core; all protocols of three corpora with 3 seeds take 4 minutes, features included.
Protocols: honest (60/20/20 at random) and speaker (unseen speakers): validation chooses the epoch. emobox: EmoBox's
       fixed folds. cross-corpus: trained on one corpus, tested on the other, on the six emotions that both have.
       The last two have no validation set: the last of 60 epochs counts.
Sizes, rate, batch and number of epochs were fixed before the first run; none was tuned.
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

import nets
from experiments.baselines import crossed
from experiments.data import emobox, splits
from experiments.data.corpora import RAVDESS_EMOTIONS, Corpus, casia, emodb, ravdess
from experiments.inputs import cache
from experiments.inputs.row_scaling import fit_row_scaling
from experiments.inputs.statistics import FEATURES, N_STATISTICS
from experiments.training.cli import finish_options, limit, load_corpus, parser_of
from experiments.training.loop import TrainingOptions
from experiments.training.run_folder import CROSS, run_cli
from experiments.training.runner import (
    AuditedCorpus,
    TrainingConfig,
    audit_corpus,
    common_splits,
    run_all,
    sides,
    summarize,
    train_and_score,
)

STEM = SYSTEM = "statistics_mlp"
VARIANT = "statistics"
CORPORA = {"casia": casia, "emodb": emodb, "ravdess": ravdess}
PAIRS = {"emodb-ravdess": ("emodb", "ravdess"), "ravdess-emodb": ("ravdess", "emodb")}  # trained on, tested on
PROTOCOLS = ("honest", "speaker", "emobox", "cross-corpus")
LEARNING_RATE = 1e-3  # Adam
EPOCHS = 200
OPTIONS = TrainingOptions(
    epochs=EPOCHS, batch_size=32, shuffle="every epoch", incomplete_batch="keep",
    select="validation loss", patience=30,
)  # fmt: skip
UNCHOSEN = replace(OPTIONS, epochs=60, select="last epoch", patience=None)


def row(corpus: str, of: str) -> dict:
    """A line of the table of results."""
    name = corpus.replace(" to ", "-")
    return {"system": SYSTEM, "variant": VARIANT, "corpus": corpus, "protocol": of, "published": "-"} | {
        "command": f"python -m experiments.{STEM} --corpus {name} --data DIR --protocol {of}"
    }


PAPER = {
    "paper": "No paper: the recogniser's own network",
    "classes": list(RAVDESS_EMOTIONS),
    "published": {},
    "rows": [
        *(row(corpus, of) for corpus in CORPORA for of in PROTOCOLS[:3]),
        *(row(corpus, "cross-corpus") for corpus in CROSS),
    ],
}


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


def run_experiment(options: argparse.Namespace) -> None:
    """Corpus -> statistics -> audit -> for each seed and split: train, score, store."""
    splits_of = common
    if options.protocol == "cross-corpus":
        of, features, split = two_corpora(options)
        splits_of = partial(lambda split, *_: [split], split)
    else:
        corpus = load_corpus(options, CORPORA.get(options.corpus))
        features, content = cache.load(corpus, FEATURES, options.features)
        of = audit_corpus(corpus, content)
    print(nets.summary(nets.build(SYSTEM, len(of.corpus.classes)), (N_STATISTICS,)))
    train = partial(run_split, options, of.corpus, features)
    shortened = f"at most {options.epochs} of {EPOCHS} epochs" if options.epochs < EPOCHS else None
    results = run_all(options, of, splits_of, VARIANT, {"inputs": FEATURES.name}, train, shortened, inputs=features)
    summarize(results, "-")


def run_split(options, corpus: Corpus, features: np.ndarray, split: splits.Split, facts: dict) -> list[dict]:
    """Trains and scores the network on one split."""
    scale = fit_row_scaling(features, split.train, "z-score")
    facts = facts | {"z_score": {name: values.tolist() for name, values in asdict(scale).items()}}
    training, validation, test = sides(split, lambda files: scale(features[files]), options.device)
    chosen = OPTIONS if validation else UNCHOSEN
    setting = TrainingConfig(
        SYSTEM, LEARNING_RATE, replace(chosen, epochs=min(options.epochs, chosen.epochs)), optimizer="PyTorch's Adam"
    )
    scored = {options.protocol: test}
    return train_and_score(options, corpus, setting, training.examples(corpus), validation, scored, facts)


def two_corpora(options: argparse.Namespace) -> tuple[AuditedCorpus, np.ndarray, splits.Split]:
    """Two corpora as one, its features, and the split that trains on the first and tests on the second."""
    found = []
    for name in PAIRS[options.corpus]:
        corpus = CORPORA[name](options.data / name)
        features, content = cache.load(corpus, FEATURES, options.features)
        found.append((audit_corpus(corpus, content).corpus, content, features))
    corpus, content, features, split = crossed(*found)
    return audit_corpus(corpus, content), features, split


def common(corpus: Corpus, content, name: str, seed: int) -> list[splits.Split]:
    return emobox.emobox_folds(corpus) if name == "emobox" else common_splits(corpus, content, name, seed)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(STEM, __doc__, PROTOCOLS)
    parser.add_argument(
        "--corpus", choices=(*CORPORA, *PAIRS), default="ravdess", help="which corpus lies in --data, or which two"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="the corpus as published, or a folder with both")
    parser.add_argument(
        "--epochs", type=int, metavar="N", help=f"at most N; fewer than {EPOCHS} is stated in the result"
    )
    options = parser.parse_args(arguments)
    if options.corpus in PAIRS and not options.data:
        parser.error(f"--corpus {options.corpus} needs --data, the folder with both")
    if options.corpus in PAIRS:
        options.protocol = "cross-corpus"
    elif options.protocol == "cross-corpus":
        parser.error(f"--protocol cross-corpus is for --corpus {' or '.join(PAIRS)}")
    if options.protocol == "emobox" and not options.data:
        parser.error("--protocol emobox needs --data: its folds name a corpus' own files")
    options.epochs = limit(parser, options, "epochs", EPOCHS, synthetic=5)
    return finish_options(parser, options, STEM)


if __name__ == "__main__":
    sys.exit(main())
