"""Zheng et al. 2023, "Speech emotion recognition based on CNN+LSTM Model" (CASIA, MATLAB).

Claim: 77.9 % accuracy over six emotions (confusion matrix, Fig. 9: 187 of 240; the text also says 78.9 and 79 %).
Run:   python -m experiments.zheng_casia                                 synthetic corpus, one run, < 2 minutes
       python -m experiments.zheng_casia --data CASIA --protocol honest  the real corpus (also: --variant converged)
       python -m experiments.zheng_casia --images FOLDER                 a ready image tree, such as the paper's own
Cost:  an epoch of 960 images takes 2.6 s on two cores. A published run takes 80 s; all 25 of them (5 protocols with
       3 seeds or 4 speakers, 3 protocols also with the paper's images) take 35 minutes. A converged run takes up to
       8 minutes; all 10 take 75 minutes.
Each setting below names its place in the paper or MATLAB's documented default, or says UNSTATED.
"""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the experiment", extra="train"
)
exit_without("PIL", feature="the experiment", extra="images")

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

import nets
from dsp.audio import read_one_channel
from experiments.common.locks import exclusive_lock
from experiments.data import leakage, splits
from experiments.data.corpora import CASIA_EMOTIONS, Corpus, CorpusError, casia, image_tree
from experiments.data.synthetic import NOTICE, VOICES, synthetic_corpus
from experiments.figures import matlab
from experiments.inputs.zheng_casia import load_images
from experiments.training.cli import finish_options, parser_of
from experiments.training.loop import Examples, History, TrainingOptions
from experiments.training.run_folder import run_cli
from experiments.training.runner import TrainingConfig, audit_corpus, run_all, sides, summarize, train_and_score
from nets.zheng_casia import analyze_network
from spectrogram_images.psd_figure import psd_figure

STEM = "zheng_casia"
SYSTEM = "zheng_cnn_lstm"
PROTOCOLS = ("as-published", "matlab-split", "honest", "speaker", "sentence")
MIN_PER_CLASS = 10  # files; fewer cannot be divided

PUBLISHED = TrainingOptions(
    epochs=30,  # appendix, MaxEpochs
    batch_size=10,  # appendix, MiniBatchSize
    shuffle="once",  # appendix, Shuffle
    incomplete_batch="drop",  # what trainNetwork does
    select="last epoch",  # trainNetwork without validation data returns the final network
)


PAPER_CONFIG = TrainingConfig(
    SYSTEM,
    learning_rate=0.001,  # appendix, InitialLearnRate; constant
    options=PUBLISHED,
    optimizer="MATLAB's sgdm",  # appendix
    momentum=0.9,  # MATLAB's default for sgdm
    l2=1e-4,  # MATLAB's default, weights only
    gradient_threshold=1.0,  # appendix, GradientThreshold; 'l2norm' of each array is the default
)
# Not in the paper: the same network, trained for as long as its validation accuracy rises.
LONGER = replace(PUBLISHED, epochs=100, shuffle="every epoch", select="validation accuracy", patience=30)
VARIANTS = {  # a run trains each setting of its variant and keeps the best one on its own validation set
    "published": (PAPER_CONFIG,),
    "converged": (
        replace(PAPER_CONFIG, options=LONGER),
        TrainingConfig(SYSTEM, 3e-4, LONGER, optimizer="PyTorch's Adam"),
    ),
}

# The rows of the results table; published: Fig. 9, whose rows are predicted and columns true classes.
ROWS = (
    ("published", "casia_author_images", "as-published", "77.9"),
    ("published", "casia_author_images", "matlab-split", "77.9"),
    ("published", "casia_author_images", "honest", "-"),
    ("published", "casia", "as-published", "77.9"),
    ("published", "casia", "matlab-split", "77.9"),
    ("published", "casia", "honest", "-"),
    ("published", "casia", "speaker", "-"),
    ("published", "casia", "sentence", "-"),
    ("converged", "casia", "honest", "-"),
    ("converged", "casia", "speaker", "-"),
    ("converged", "casia", "sentence", "-"),
)
PAPER = {
    "paper": "Zheng et al. 2023, Speech emotion recognition based on CNN+LSTM Model",
    "main": (SYSTEM, "published", "casia"),  # system, variant and corpus of its line in README.md
    "classes": list(CASIA_EMOTIONS),
    "published": {
        "accuracy": 0.7792,
        "recall": {"angry": 1.0, "fear": 0.775, "happy": 0.625, "neutral": 1.0, "sad": 0.275, "surprise": 1.0},
    },
    "rows": [
        {
            "system": SYSTEM,
            "variant": variant,
            "corpus": corpus,
            "protocol": name,
            "published": published,
            "published_n": 240,  # a fifth of 1200
            "command": f"python -m experiments.{STEM} {'--data' if corpus == 'casia' else '--images'} DIR"
            f" --protocol {name}{'' if variant == 'published' else f' --variant {variant}'}",
        }
        for variant, corpus, name, published in ROWS
    ],
}


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


def run_experiment(options: argparse.Namespace) -> None:
    """Corpus -> images -> audit -> for each seed and split: train, test, store."""
    corpus = load_corpus(options)
    images = load_images(corpus)
    of = audit_corpus(corpus, leakage.digests(images))
    check_size(of.corpus)
    with exclusive_lock(options.out):
        draw_corpus(options.out / of.corpus.name, of.corpus, images)
    print(analyze_network(nets.build(SYSTEM, len(corpus.classes))))
    settings = settings_of(options)
    train = partial(run_split, options, of.corpus, images, settings)
    results = run_all(options, of, partial(splits_of, settings), options.variant, {}, train, content_kind="images")
    summarize(results, "77.9 (187 of 240), random split by file")


def check_size(corpus: Corpus) -> None:
    """Raises CorpusError if a class of an image tree has too few files to be split."""
    few = [name for i, name in enumerate(corpus.classes) if np.sum(corpus.labels == i) < MIN_PER_CLASS]
    if few and corpus.name == "images":
        raise CorpusError(f"{corpus.paths[0].parent.parent}: fewer than {MIN_PER_CLASS} images of {', '.join(few)}")


def settings_of(options: argparse.Namespace) -> tuple[TrainingConfig, ...]:
    """The settings of the variant. In the honest protocol, the epoch is also chosen on the validation set."""
    settings = []
    for config in VARIANTS[options.variant]:
        training_options = config.options
        if options.protocol == "honest":
            training_options = replace(training_options, select="validation accuracy")
        if options.smoke:
            training_options = replace(training_options, epochs=3)
        settings.append(replace(config, options=training_options))
    return tuple(settings)


def splits_of(settings, corpus: Corpus, content: np.ndarray, name: str, seed: int) -> list[splits.Split]:
    """The splits of a protocol. If nothing is selected, the validation files join the training set."""
    parts = {
        "as-published": lambda: [splits.as_published(corpus.labels, seed)],
        "matlab-split": lambda: [splits.matlab_split(corpus.labels)],
        "honest": lambda: [splits.honest(corpus.labels, content, seed)],
        "speaker": lambda: splits.leave_one_speaker_out(corpus.labels, corpus.speakers, corpus.sentences, seed),
        "sentence": lambda: [splits.unseen_sentences(corpus.labels, corpus.sentences, seed)],
    }[name]()
    selects = settings[0].options.select != "last epoch"
    return parts if selects else [split.without_validation() for split in parts]


def run_split(options, corpus: Corpus, images: np.ndarray, settings, split: splits.Split, facts: dict) -> list[dict]:
    """Trains one network per setting on one split, and scores the best."""
    subsets = sides(split, lambda files: images[files].transpose(0, 3, 1, 2), options.device)  # channels last in memory
    training, validation, test = subsets
    return train_and_score(
        options, corpus, settings, training.examples(corpus), validation, {options.protocol: test}, facts,
        draw=draw_run, before_training=center_images,
    )  # fmt: skip


def center_images(net: nn.Module, training: Examples) -> None:
    """Fits the mean of the training images, which MATLAB's imageInputLayer subtracts."""
    net.imageinput.fit(training.inputs)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(STEM, __doc__, protocols=PROTOCOLS, default="as-published")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="DIR", help="CASIA as published: <emotion>/<emotion> (k).wav")
    source.add_argument("--images", type=Path, metavar="DIR", help="a ready image tree: <emotion>/*.png, 224 x 224")
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="published", help="how long to train")
    options = parser.parse_args(arguments)
    options.data = options.data or options.images
    if options.images and options.protocol in ("speaker", "sentence"):
        parser.error(f"--protocol {options.protocol} needs --data: the speakers of an image tree are unknown")
    if options.variant == "converged" and options.protocol in ("as-published", "matlab-split"):
        parser.error(f"--variant converged needs validation data; --protocol {options.protocol} has none (use honest)")
    if options.protocol == "speaker":
        options.seed = options.seed or [0]
    return finish_options(parser, options, STEM)


def load_corpus(options: argparse.Namespace) -> Corpus:
    if options.images:
        return image_tree(options.images)
    if options.data:
        return casia(options.data)
    print(NOTICE)
    if options.smoke:
        return synthetic_corpus(options.out / "synthetic_wav_small", n_sentences=3, voices=VOICES[:2])
    return synthetic_corpus(options.out / "synthetic_wav")


def draw_corpus(folder: Path, corpus: Corpus, images: np.ndarray) -> None:
    """Draws Fig. 3 (the first image of each emotion) and the appendix's figure of the first signal."""
    first = [int(np.flatnonzero(corpus.labels == label)[0]) for label in range(len(corpus.classes))]
    title = f"{corpus.name}: spectrogram images"
    matlab.emotion_panel(folder / "six_emotions.png", images[first], corpus.classes, title)
    if corpus.paths[0].suffix == ".wav":
        signal, sample_rate = read_one_channel(corpus.paths[0], "the images")
        psd_figure(folder / "first_signal.png", signal, sample_rate)


def draw_run(folder: Path, corpus: Corpus, result: dict, history: History, title: str) -> None:
    """Draws MATLAB's training-progress window and Fig. 9."""
    matlab.training_progress(folder / "training_progress.png", history, title)
    matlab.plotconfusion(folder / "confusion.png", result["confusion"], corpus.classes, title)


if __name__ == "__main__":
    sys.exit(main())
