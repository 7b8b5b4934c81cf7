"""The pipeline of all experiments: from examples to a stored score."""

import argparse
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import nets
from dsp.files.writing import write_text_atomically
from experiments.common.locks import exclusive_lock, run_unclaimed
from experiments.data import leakage, splits
from experiments.data.corpora import Corpus
from experiments.data.synthetic import NO_RESULT
from experiments.evaluation import calibration
from experiments.evaluation.metrics import classification_report, reordered
from experiments.evaluation.results import percent, scores_of
from experiments.figures.keras import confusion_heatmap, learning_curves, short_names
from experiments.figures.reliability import reliability_curve
from experiments.training.loop import Examples, History, TrainingOptions, best_epoch, fit, predict
from experiments.training.optimizers import KerasAdam, KerasRmsprop, MatlabSgdm
from experiments.training.run_folder import describe_device, finished_run, keep_run, store_run, training_content
from nets.fused.fuse import fuse

SCHEDULES = {  # factor on the learning rate as a function of the share of training that is over, 0 <= share < 1
    "constant": lambda share: 1.0,
    "cosine": lambda share: (1 + math.cos(math.pi * share)) / 2,  # from the initial rate to 0 at the last step
}
OPTIMIZERS = {
    "Keras' Adam": lambda net, config: KerasAdam(
        _trainable(net), config.learning_rate, decay=config.decay, l2=config.l2 or 0.0
    ),
    "Keras' RMSprop": lambda net, config: KerasRmsprop(_trainable(net), config.learning_rate),
    "MATLAB's sgdm": lambda net, config: MatlabSgdm(
        net, config.learning_rate, config.momentum, config.l2, config.gradient_threshold
    ),
    "PyTorch's Adam": lambda net, config: torch.optim.Adam(_trainable(net), config.learning_rate, fused=True),
}


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained."""

    system: str
    learning_rate: float
    options: TrainingOptions
    decay: float = 0.0  # the rate is learning_rate / (1 + decay step); only Keras' Adam
    momentum: float | None = None  # for MATLAB's sgdm only
    l2: float | None = None  # for weights, not for biases; for MATLAB's sgdm and Keras' Adam
    gradient_threshold: float | None = None  # for MATLAB's sgdm only; maximum norm of the gradient of each array
    optimizer: str = "Keras' Adam"  # a key of OPTIMIZERS
    precision: str = "float32"  # of the convolutions in training: a key of nets.fused.fuse.PRECISIONS
    schedule: str = "constant"  # of the learning rate: a key of SCHEDULES


@dataclass(frozen=True)
class Subset:
    """Examples that are scored together.

    inputs : (n, ...) tensor;  files : (n,) int, the file of each example, an index into the corpus
    per_file : True for one answer per file, by the mean probabilities of its examples; False for one per example
    """

    inputs: Tensor
    files: np.ndarray
    per_file: bool = True

    def examples(self, corpus: Corpus) -> Examples:
        return Examples(self.inputs, torch.from_numpy(corpus.labels[self.files]).to(self.inputs.device))


def train_and_score(
    options: argparse.Namespace,
    corpus: Corpus,
    settings: TrainingConfig | tuple[TrainingConfig, ...],
    training: Examples,
    validation: Subset | None,
    scored: dict[str, Subset],
    facts: dict,
    draw: Callable[[Path, Corpus, dict, History, str], None] | None = None,
    before_training: Callable[[nn.Module, Examples], None] | None = None,
    before_step: Callable[[nn.Module, float], None] | None = None,
    also: dict[str, str] | None = None,
) -> list[dict]:
    """Trains one network, from initial values to its scores. With --resume, a finished run is not repeated.

    Raises LockedError if another process is training it.

    Parameters
    ----------
    options : out, results, resume, device, precision
    settings : how to train. With several settings, each trains a network, and the best one on validation is kept.
    training : the examples that the weights are fitted to
    validation : the examples that the epoch is chosen on; None keeps the last epoch
    scored : {protocol: subset}. With "as-published" this can be the validation set itself, as in some papers.
    facts : variant, seed, fold, audit and config of the run
    draw : function(folder, corpus, result, history, title) that draws the paper's figures; None for draw_run
    before_training : called with the network and its training examples before the first step
    before_step : called before each step with the network and the share of training that is over, 0 <= share < 1
    also : {variant: rule}, further rules that choose an epoch (see loop.best_epoch). There must be only one scored
        set. Its answers after the epoch that a rule chooses are stored under that variant.

    Returns
    -------
    results : one per entry of `scored`, as stored
    """
    candidates = settings if isinstance(settings, tuple) else (settings,)
    candidates = tuple(replace(setting, precision=options.precision) for setting in candidates)
    system = candidates[0].system
    facts = facts | {"system": system, "corpus": corpus.name}
    tried = [asdict(setting) for setting in candidates]
    facts["config"] = facts["config"] | ({"settings": tried} if len(tried) > 1 else {"setting": tried[0]})
    run = "-".join([f"seed{facts['seed']}", *([facts["fold"]] if facts["fold"] else [])])
    home = Path(options.out) / corpus.name / system / facts["variant"]
    folders = {name: home / f"{name}-{run}" for name in scored}
    first = next(iter(folders.values()))
    with exclusive_lock(first, wait=False):
        finished = [finished_run(folder, facts["config"]) for folder in folders.values()]
        if options.resume and all(finished):
            for folder, result in zip(folders.values(), finished, strict=True):
                print(f"{system} {folder.name}: finished earlier, accuracy {result['accuracy']:.1%}")
            return finished
        (watched,) = scored.values() if also else (None,)
        networks = []
        for number, setting in enumerate(candidates):
            checkpoint = first / (f"checkpoint_{number}.pt" if number else "checkpoint.pt")
            networks.append(
                train(options, corpus, setting, training, validation, watched, facts, checkpoint,
                      before_training, before_step)
            )  # fmt: skip
        kept = max(range(len(networks)), key=lambda i: networks[i][2].kept_validation_accuracy()) if networks[1:] else 0
        (net, fast, history), setting = networks[kept], candidates[kept]
        if networks[1:]:
            facts["kept_setting"] = setting.optimizer
        facts["device"] = describe_device(options.device, setting.precision)
        for variant, rule in (also or {}).items():
            variant_facts = facts | {"protocol": next(iter(scored)), "variant": variant}
            keep_epoch(options, corpus, setting, history, watched, rule, variant_facts)
        facts["training_accuracy"] = training_accuracy(fast, training)
        results = []
        for name, folder in folders.items():
            files, probabilities = answers(fast, scored[name])
            predicted = probabilities.argmax(1)
            answered = format_answers(corpus, files, predicted, probabilities.max(1))
            run_facts = facts | {"protocol": name, "answers": answered}
            results.append(
                keep_run(folder, options.results, corpus, files, predicted, net, history, run_facts, draw or draw_run)
            )
        for checkpoint in first.glob("checkpoint*.pt"):
            checkpoint.unlink()
        return results


def train(
    options: argparse.Namespace,
    corpus: Corpus,
    setting: TrainingConfig,
    training: Examples,
    validation: Subset | None,
    watched: Subset | None,
    facts: dict,
    checkpoint: Path,
    before_training: Callable[[nn.Module, Examples], None] | None,
    before_step: Callable[[nn.Module, float], None] | None,
) -> tuple[nn.Module, nn.Module, History]:
    """Trains one setting: (network, its fused version from nets.fused, history)."""
    seed = facts["seed"]
    net = nets.build(setting.system, len(corpus.classes), seed).to(options.device)
    fast = fuse(net, setting.precision)
    if before_training:
        before_training(net, training)
    torch.manual_seed(seed)  # for dropout
    n_validation = len(validation.files) if validation else 0
    name = f"{setting.system} {checkpoint.parent.name}"
    print(f"\n{name}: {len(training)} training examples, {n_validation} for validation")
    optimizer = OPTIMIZERS[setting.optimizer](net, setting)

    def prepare_step(share: float) -> None:
        set_rate(optimizer, setting, share)
        if before_step:
            before_step(net, share)

    history = fit(
        fast,
        optimizer,
        training,
        setting.options,
        seed=seed,
        name=name,
        identity=f"{setting}; {facts['config']}",
        validation=validation and validation.examples(corpus),
        watched=watched and watched.inputs,
        before_step=prepare_step,
        checkpoint=checkpoint,
        resume=options.resume,
    )
    return net, fast, history


def _trainable(net: nn.Module) -> list[nn.Parameter]:
    return [p for p in net.parameters() if p.requires_grad]


def set_rate(optimizer: torch.optim.Optimizer, setting: TrainingConfig, share: float) -> None:
    """Sets the learning rate for the step before which the share `share` of training is over.

    Checked: tests/test_readings_train_as_they_say.py
    """
    for group in optimizer.param_groups:
        name = "learning_rate" if "learning_rate" in group else "lr"
        group[name] = setting.learning_rate * SCHEDULES[setting.schedule](share)


def training_accuracy(net: nn.Module, training: Examples) -> float:
    """Accuracy on the training examples, with the network in evaluation mode.

    Checked: tests/test_readings_train_as_they_say.py
    """
    return round(float((predict(net, training.inputs).argmax(1) == training.labels).float().mean()), 4)


def keep_epoch(
    options: argparse.Namespace,
    corpus: Corpus,
    setting: TrainingConfig,
    history: History,
    watched: Subset,
    rule: str,
    facts: dict,
) -> None:
    """Stores the network's answers after the epoch that `rule` chooses, without its weights.

    Checked: tests/test_readings_train_as_they_say.py
    """
    epoch = best_epoch(history, setting.options, rule)
    predicted = np.array(history.watched[epoch - 1])
    facts = facts | {"answers": format_answers(corpus, watched.files, predicted), "kept": rule}
    store_run(options.results, corpus, watched.files, predicted, replace(history, kept_epoch=epoch), facts)


def draw_run(
    folder: Path, corpus: Corpus, result: dict, history: History, title: str, percent_in_figure: bool = False
) -> None:
    """Draws learning curves, the reliability curve and the confusion matrix, and writes scikit-learn's report.

    percent_in_figure : bool, shows the matrix in percent of its rows, with classes in alphabetical order
    """
    learning_curves(folder / "learning_curves.png", history, title)
    shown = reordered(result, sorted(corpus.classes)) if percent_in_figure else result
    names = short_names(shown["per_class"]) if percent_in_figure else list(shown["per_class"])
    confusion_heatmap(folder / "confusion.png", shown["confusion"], names, title, percent_in_figure)
    if "confidence" in result.get("answers", {}):
        reliability_curve(folder / "reliability.png", *calibration.answers_of([result]), title)
    report = classification_report(shown, digits=4)
    write_text_atomically(folder / "report.txt", report)


def answers(net: nn.Module, side: Subset) -> tuple[np.ndarray, np.ndarray]:
    """(files, probabilities), (n,) int and (n, n_classes): one answer per file, or one per example if not per_file.

    Checked: tests/test_trained_runs.py
    """
    probabilities = torch.softmax(predict(net, side.inputs), 1).double().cpu().numpy()
    if not side.per_file:
        return side.files, probabilities
    files, owner = np.unique(side.files, return_inverse=True)
    sums = np.zeros((files.size, probabilities.shape[1]))
    np.add.at(sums, owner, probabilities)
    return files, sums / np.bincount(owner)[:, None]


def format_answers(
    corpus: Corpus, files: np.ndarray, predicted: np.ndarray, confidence: np.ndarray | None = None
) -> dict[str, str]:
    """All answers of a run as space-separated strings, for paired comparisons; an unknown speaker is "-".

    confidence : (n,) the probabilities of the predicted classes, kept with three decimals for the calibration table
    """
    speakers = ["-"] * len(files) if corpus.speakers is None else corpus.speakers[files]
    columns = {"files": files, "speakers": speakers, "true": corpus.labels[files], "predicted": predicted}
    if confidence is not None:
        columns["confidence"] = [f"{share:.3f}" for share in confidence]
    return {name: " ".join(map(str, column)) for name, column in columns.items()}


@dataclass(frozen=True)
class AuditedCorpus:
    """A corpus under its verified name, the content hashes of its files, and the audit's report."""

    corpus: Corpus
    content: np.ndarray
    found: dict


def audit_corpus(corpus: Corpus, content: np.ndarray) -> AuditedCorpus:
    """Verifies the name of a corpus, audits it, and prints the report.

    content : one value per file, equal for equal content
    """
    corpus = leakage.verified_name(corpus, content)
    found = leakage.audit_corpus(corpus, content)
    print(leakage.describe(corpus, found))
    return AuditedCorpus(corpus, content, found)


def run_all(
    options: argparse.Namespace,
    of: AuditedCorpus,
    splits_of: Callable[..., list[splits.Split]],
    variant: str,
    config: dict,
    run_split: Callable[[splits.Split, dict], list[dict]],
    shortened: str | None = None,
    content_kind: str = "samples",
    inputs: np.ndarray | None = None,
) -> list[list[dict]]:
    """Calls run_split(split, facts) for each seed and split of the chosen protocol that options.selection takes.

    Runs that another process is training are postponed.

    Parameters
    ----------
    splits_of : function(corpus, content, protocol, seed) -> splits
    variant, config, shortened : for the facts; the fingerprint of the corpus is added to config
    content_kind : what was hashed, "samples" or "images"
    inputs : (n, ...) the network inputs of all examples, for the audit
    """
    seen = None if inputs is None else leakage.digests(inputs)
    config = {"content": leakage.fingerprint(of.corpus, of.content)} | config
    runs = []
    for seed in options.seed:
        for split in splits_of(of.corpus, of.content, options.protocol, seed)[: options.folds]:
            facts = {"variant": variant, "seed": seed, "fold": split.fold}
            facts["audit"] = leakage.audit_split(of.corpus, of.content, split, seen) | {"corpus": of.found}
            facts["split"] = leakage.split_hashes(of.content, split)
            facts["training_content"] = training_content(of.content, split, content_kind)
            facts |= {"config": config} | ({"shortened": shortened} if shortened else {})
            runs.append((split, facts))
    return run_unclaimed(lambda run: run_split(*run), options.selection.take(runs))


def sides(split: splits.Split, inputs_of: Callable[[np.ndarray], np.ndarray], device: str) -> list[Subset | None]:
    """The training, validation and test subsets, one example per file; None for a side without files.

    inputs_of : function of file indices (n,) int -> (n, ...) float32
    """
    parts = (split.train, split.validation, split.test)
    return [Subset(torch.from_numpy(inputs_of(files)).to(device), files) if len(files) else None for files in parts]


def common_splits(corpus: Corpus, content: np.ndarray, name: str, seed: int) -> list[splits.Split]:
    """The splits of the protocols that all papers share: "honest" and "speaker".

    "speaker" leaves out speakers in five folds, and other speakers for validation. CASIA has only four speakers, so
    each fold leaves out one, and unseen sentences are the validation set.
    """
    if name == "honest":
        return [splits.honest(corpus.labels, content, seed)]
    if corpus.name == "casia":
        return splits.leave_one_speaker_out(corpus.labels, corpus.speakers, corpus.sentences, seed)
    return splits.speaker_folds(corpus.speakers, seed, n_folds=min(5, len(set(corpus.speakers))))


def summarize(results: list[list[dict]], published: str) -> None:
    """Prints the mean over seeds and folds beside the published accuracy; results[i] is train_and_score's of run i.

    A command that trains a part of the runs (--shard) prints the mean of these, or nothing if it has none.
    """
    for runs in zip(*results, strict=True):
        accuracy, uar = (percent(score) for score in scores_of(runs).values())
        first = runs[0]
        print(f"\n{first['system']}, {first['variant']}, {first['corpus']}, {first['protocol']}, {len(runs)} runs:")
        print(f"  accuracy {accuracy} %   UAR {uar} %   (mean, 95 % interval)   published {published}")
    if results and results[0][0]["corpus"] == "synthetic":
        print(NO_RESULT)
