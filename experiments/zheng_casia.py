"""Zheng et al. 2023, "Speech emotion recognition based on CNN+LSTM Model" (CASIA, MATLAB).

Claim: 77.9 % accuracy over six emotions (confusion matrix, Fig. 9: 187 of 240; the text also says 78.9 and 79 %).
Run:   python -m experiments.zheng_casia                                 synthetic corpus, one run, < 2 minutes
       python -m experiments.zheng_casia --data CASIA --protocol honest  the real corpus (also: --variant converged)
       python -m experiments.zheng_casia --images FOLDER                 a ready image tree, such as the paper's own
Cost:  2.6 s an epoch of 960 images on two cores; a published run 80 s, so 25 of them (5 protocols of 3 seeds or 4
       speakers, 3 of them also with the paper's images) 35 minutes; a converged run up to 8 minutes, 10 of them 75.
Every setting below names its place in the paper, or MATLAB's documented default, or says UNSTATED.
"""

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

import nets
from dsp import read_audio
from experiments.common.locks import exclusive_lock, run_unclaimed
from experiments.common.paths import RESULTS, RUNS
from experiments.data import leakage, splits
from experiments.data.corpora import CASIA_EMOTIONS, Corpus, CorpusError, casia, image_tree
from experiments.data.synthetic import NO_RESULT, NOTICE, VOICES, synthetic_corpus
from experiments.evaluation.results import percent, scores_of
from experiments.figures import matlab
from experiments.inputs.zheng_casia import fingerprint, load_images
from experiments.training.loop import Examples, TrainingOptions, fit, predict, repeatable
from experiments.training.optimizers import MatlabSgdm
from experiments.training.run_folder import (
    describe_device,
    finished_run,
    keep_run,
    resolve_device,
    run_cli,
    training_content,
)
from nets.zheng_casia import analyze_network
from spectrogram_images.psd_figure import psd_figure

STEM = "zheng_casia"
SYSTEM = "zheng_cnn_lstm"
PROTOCOLS = ("as-published", "matlab-split", "honest", "speaker", "sentence")
KNOWN_CONTENT = {  # by fingerprint: results are stored under these names only if the content is this
    "4cfe86b31500ff8d": "casia_author_images",  # the folder that the paper's training script loads
    "1d7c4a6b88ce1d9f": "casia",  # the 1200 published recordings, as images
}
LEAST_PER_CLASS = 10  # files; fewer cannot be divided

PUBLISHED = TrainingOptions(
    epochs=30,  # appendix, MaxEpochs
    batch_size=10,  # appendix, MiniBatchSize
    shuffle="once",  # appendix, Shuffle
    incomplete_batch="drop",  # what trainNetwork does
    select="last epoch",  # trainNetwork without validation data returns the final network
)


@dataclass(frozen=True)
class Config:
    """Training options; the defaults are the paper's."""

    optimizer: str = "sgdm"  # appendix
    learning_rate: float = 0.001  # appendix, InitialLearnRate; constant
    momentum: float = 0.9  # MATLAB's default for sgdm
    l2: float = 1e-4  # MATLAB's default, weights only
    gradient_threshold: float = 1.0  # appendix, GradientThreshold; 'l2norm' of each array is the default
    options: TrainingOptions = PUBLISHED


# Not the paper's: the same network for as long as its validation accuracy rises.
LONGER = replace(PUBLISHED, epochs=100, shuffle="every epoch", select="validation accuracy", patience=30)
VARIANTS = {  # a run trains every one of its variant's settings and keeps the best on its own validation set
    "published": (Config(),),
    "converged": (Config(options=LONGER), Config(optimizer="adam", learning_rate=3e-4, options=LONGER)),
}

# The lines of the README's table; published: Fig. 9, rows predicted, columns true.
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
            "command": f"python -m experiments.{STEM} {'--data' if corpus == 'casia' else '--images'} DIR"
            f" --protocol {name}{'' if variant == 'published' else f' --variant {variant}'}",
        }
        for variant, corpus, name, published in ROWS
    ],
}


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


def run_experiment(options: argparse.Namespace) -> None:
    """Corpus -> images -> audit -> for every seed and split: train, test, store."""
    corpus = load_corpus(options)
    images = load_images(corpus)
    content = leakage.digests(images)
    corpus = named_by_content(corpus, fingerprint(corpus, content))
    with exclusive_lock(options.out):
        draw_corpus(options.out / corpus.name, corpus, images)
    print(analyze_network(nets.build(SYSTEM, len(corpus.classes))))
    corpus_audit = leakage.audit_corpus(corpus, content)
    print(leakage.describe(corpus, corpus_audit))

    settings = settings_of(options)
    runs = []
    for seed in options.seed:
        for split in splits_of(corpus, content, options.protocol, seed):
            if settings[0].options.select == "last epoch":
                split = split.without_validation()
            facts = {"audit": leakage.audit_split(corpus, content, split) | {"corpus": corpus_audit}}
            facts["training_content"] = training_content(content, split, kind="images")
            facts["config"] = {"content": fingerprint(corpus, content), "settings": [asdict(s) for s in settings]}
            runs.append((split, seed, facts))
    results = run_unclaimed(lambda run: run_once(options, corpus, images, settings, *run), runs)
    summarize(corpus, options, results)


def named_by_content(corpus: Corpus, found: str) -> Corpus:
    """The corpus under the name of its content: "casia" with other recordings in it is "casia_altered"."""
    few = [name for i, name in enumerate(corpus.classes) if np.sum(corpus.labels == i) < LEAST_PER_CLASS]
    if few and corpus.name == "images":
        raise CorpusError(f"{corpus.paths[0].parent.parent}: fewer than {LEAST_PER_CLASS} images of {', '.join(few)}")
    other = "casia_altered" if corpus.name == "casia" else corpus.name
    return replace(corpus, name=KNOWN_CONTENT.get(found, other))


def settings_of(options: argparse.Namespace) -> list[Config]:
    """The variant's settings; under the honest protocol the epoch, too, is chosen on the validation set."""
    settings = []
    for config in VARIANTS[options.variant]:
        training_options = config.options
        if options.protocol == "honest":
            training_options = replace(training_options, select="validation accuracy")
        if options.smoke:
            training_options = replace(training_options, epochs=3)
        settings.append(replace(config, options=training_options))
    return settings


def splits_of(corpus: Corpus, content: np.ndarray, name: str, seed: int) -> list[splits.Split]:
    if name == "as-published":
        return [splits.as_published(corpus.labels, seed)]
    if name == "matlab-split":
        return [splits.matlab_split(corpus.labels)]
    if name == "honest":
        return [splits.honest(corpus.labels, content, seed)]
    if name == "speaker":
        return splits.leave_one_speaker_out(corpus.labels, corpus.speakers, corpus.sentences, seed)
    return [splits.unseen_sentences(corpus.labels, corpus.sentences, seed)]


def run_once(options, corpus: Corpus, images: np.ndarray, settings, split, seed: int, facts: dict) -> dict:
    """From initial values to a test score, once per split; a finished run is not repeated under --resume.

    Raises TakenError if another process is training it.
    """
    name = "-".join([options.protocol, f"seed{seed}", *([split.fold] if split.fold else [])])
    folder = options.out / corpus.name / options.variant / name
    with exclusive_lock(folder, wait=False):
        if options.resume and (finished := finished_run(folder, facts["config"])):
            print(f"{name}: finished earlier, accuracy {finished['accuracy']:.1%}")
            return finished
        print(f"\n{name}: {len(split.train)} train, {len(split.validation)} validation, {len(split.test)} test")

        device = resolve_device(options.device)
        repeatable(device)
        inputs = torch.from_numpy(images).permute(0, 3, 1, 2)  # (n, 3, 224, 224), channels last in memory
        examples = Examples(inputs.to(device), torch.from_numpy(corpus.labels).to(device))
        training = examples.take(split.train)
        validation = examples.take(split.validation) if len(split.validation) else None
        trained = [train(options, corpus, config, training, validation, seed, folder, facts) for config in settings]
        net, history, config = max(trained, key=lambda item: item[1].kept_validation_accuracy())  # never the test set
        predicted = predict(net, examples.inputs[split.test]).argmax(1).cpu().numpy()

        facts = facts | {"system": SYSTEM, "variant": options.variant, "corpus": corpus.name}
        facts |= {"protocol": options.protocol, "seed": seed, "fold": split.fold, "kept_setting": config.optimizer}
        facts["device"] = describe_device(device)
        result = keep_run(folder, options.results, corpus, split.test, predicted, net, history, facts, draw_run)
        for checkpoint in folder.glob("checkpoint_*.pt"):
            checkpoint.unlink()
        return result


def train(options, corpus: Corpus, config: Config, training, validation, seed: int, folder: Path, facts: dict):
    """(network, history, config) of one setting on one split; folder : of the checkpoint."""
    net = nets.build(SYSTEM, len(corpus.classes), seed).to(training.inputs.device, memory_format=torch.channels_last)
    net.imageinput.fit(training.inputs)
    history = fit(
        net,
        optimizer_of(net, config),
        training,
        config.options,
        seed=seed,
        name=f"{corpus.name} {folder.name} {config.optimizer}",
        identity=f"{config}; content {facts['config']['content']}",
        validation=validation,
        checkpoint=folder / f"checkpoint_{config.optimizer}.pt",
        resume=options.resume,
    )
    return net, history, config


def optimizer_of(net: torch.nn.Module, config: Config) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(net.parameters(), config.learning_rate)
    return MatlabSgdm(net, config.learning_rate, config.momentum, config.l2, config.gradient_threshold)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{STEM}", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, metavar="DIR", help="CASIA as published: <emotion>/<emotion> (k).wav")
    source.add_argument("--images", type=Path, metavar="DIR", help="a ready image tree: <emotion>/*.png, 224 x 224")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="as-published")
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="published")
    parser.add_argument("--seed", type=int, nargs="+", metavar="N", help="default: 0 1 2; speaker and synthetic: 0")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--out", type=Path, metavar="DIR", help="for everything written, the results file too")
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted command stopped")
    parser.add_argument("--smoke", action="store_true", help="a tiny synthetic corpus and three epochs, for tests")
    options = parser.parse_args(arguments)
    synthetic = not (options.data or options.images)
    if options.smoke and not synthetic:
        parser.error("--smoke is for the synthetic corpus")
    if options.images and options.protocol in ("speaker", "sentence"):
        parser.error(f"--protocol {options.protocol} needs --data: nobody knows the speakers behind an image tree")
    if options.variant == "converged" and options.protocol in ("as-published", "matlab-split"):
        parser.error(f"--variant converged needs validation data; --protocol {options.protocol} has none (take honest)")
    try:
        resolve_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    options.seed = options.seed or ([0] if synthetic or options.protocol == "speaker" else [0, 1, 2])
    options.results = (options.out or RESULTS) / f"{STEM}.jsonl"
    options.out = options.out or RUNS / STEM
    return options


def load_corpus(options: argparse.Namespace) -> Corpus:
    if options.data:
        return casia(options.data)
    if options.images:
        return image_tree(options.images)
    print(NOTICE)
    if options.smoke:
        return synthetic_corpus(options.out / "synthetic_wav_small", n_sentences=3, voices=VOICES[:2])
    return synthetic_corpus(options.out / "synthetic_wav")


def draw_corpus(folder: Path, corpus: Corpus, images: np.ndarray) -> None:
    """Fig. 3 (the first image of every emotion) and the appendix's figure of the first signal."""
    first = [int(np.flatnonzero(corpus.labels == label)[0]) for label in range(len(corpus.classes))]
    title = f"{corpus.name}: spectrogram images"
    matlab.emotion_panel(folder / "six_emotions.png", images[first], corpus.classes, title)
    if corpus.paths[0].suffix == ".wav":
        signal, sample_rate = read_audio(corpus.paths[0])
        psd_figure(folder / "first_signal.png", signal, sample_rate)


def draw_run(folder: Path, corpus: Corpus, result: dict, history, title: str) -> None:
    """MATLAB's training-progress window, and Fig. 9."""
    matlab.training_progress(folder / "training_progress.png", history, title)
    matlab.plotconfusion(folder / "confusion.png", result["confusion"], corpus.classes, title)


def summarize(corpus: Corpus, options: argparse.Namespace, results: list[dict]) -> None:
    """The mean over seeds or folds beside the published number."""
    accuracy, uar = (percent(score) for score in scores_of(results).values())
    print(f"\n{corpus.name}, {options.variant} variant, {options.protocol}, {len(results)} runs:")
    print(f"  accuracy {accuracy} %   UAR {uar} %   (mean, 95 % interval; chance {100 / len(corpus.classes):.1f} %)")
    if corpus.name == "synthetic":
        print(NO_RESULT)
    else:
        print("  published 77.9 % (187 of 240), random split by file")


if __name__ == "__main__":
    sys.exit(main())
