"""One training loop for all papers: batches, validation, selection, a checkpoint after every epoch.

A run is a pure function of (network, examples, options, seed). Its state after each epoch is saved in one file that is
replaced atomically. So a killed run can continue, and it ends in the same bits as an uninterrupted one (on the same
machine with the same number of threads).
"""

import copy
import ctypes
import hashlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from dsp.files.naming import FileError
from dsp.files.writing import write_atomically

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


class CheckpointError(FileError):
    """A run cannot continue from a checkpoint. The message is one line: the file, then the reason."""


@dataclass(frozen=True)
class Examples:
    """Examples to train or test a network.

    inputs : (n, ...) tensor, one example per row of the first axis;  labels : (n,) int64
    """

    inputs: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices) -> "Examples":
        indices = torch.as_tensor(indices, device=self.labels.device)
        return Examples(self.inputs[indices], self.labels[indices])


@dataclass(frozen=True)
class TrainingOptions:
    """The length of training, the order of the examples, and the rule that chooses the kept epoch."""

    epochs: int
    batch_size: int
    shuffle: str  # "once" (before training: the same batches in every epoch) or "every epoch"
    incomplete_batch: str  # "drop" or "keep" the last one
    select: str = "last epoch"  # or the best by "validation accuracy" (see ties), "validation loss"
    patience: int | None = None  # epochs without a better one before training stops; None: never
    patience_for: str | None = None  # by what an epoch is better there; None: by what is selected
    settling: int = 0  # steps: an epoch that ends before is not kept and no reason to stop
    ties: str = "lower loss"  # which of equally accurate epochs is the best; "first" is Keras' strict improvement


@dataclass
class History:
    """The course of training: loss and accuracy of each batch, everything else once per epoch."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)  # of this process, all its threads
    watched: list[list[int]] = field(default_factory=list)  # answers to the watched inputs; they decide nothing
    kept_epoch: int = 0  # 1-based: the epoch whose weights the network has at the end

    def kept_validation_accuracy(self) -> float:
        """Validation accuracy of the kept epoch; 0 without a validation set."""
        return self.validation_accuracy[self.kept_epoch - 1] if self.validation_accuracy else 0.0


def fit(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    training: Examples,
    options: TrainingOptions,
    *,
    seed: int,
    name: str,
    identity: str = "",
    validation: Examples | None = None,
    watched: Tensor | None = None,
    before_step: Callable[[float], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> History:
    """Trains `net` in place with cross-entropy. Afterwards `net` has the weights of the kept epoch.

    Parameters
    ----------
    net : module, inputs (batch, ...) -> logits (batch, n_classes)
    optimizer : over the parameters of net
    training, validation : Examples on net's device; validation is used for selection only
    options : TrainingOptions
    watched : inputs whose answers after each epoch are kept in the history; they decide nothing
    seed : int, for the order of the examples
    name : shown beside the progress bar
    identity : further facts that identify the run (optimizer, content of the corpus). A checkpoint with another
        name, identity, options, seed, network or number of examples is refused.
    before_step : called before each step with the share of all steps that is over, 0 <= share < 1
    checkpoint : file for the state after each epoch; None saves none
    resume : whether to continue from the checkpoint if there is one

    Returns
    -------
    history : History

    Raises
    ------
    CheckpointError  if the checkpoint is damaged or belongs to another run.
    ValueError  if there is no full batch, or if selection needs validation examples and there are none.

    Checked: tests/test_training_resumes_bit_for_bit.py
    """
    if options.select != "last epoch" and validation is None:
        raise ValueError(f"{options.select=} needs validation examples")
    if len(training) < (options.batch_size if options.incomplete_batch == "drop" else 1):
        raise ValueError(f"{len(training)} training examples do not fill one batch of {options.batch_size}")
    history, best, first_epoch = History(), None, 0
    run = _fingerprint(f"{name}; {identity}", net, training, options, seed)
    if resume and checkpoint is not None and checkpoint.exists():
        history, best, first_epoch = _restore(checkpoint, run, net, optimizer)

    bar = tqdm(total=options.epochs, initial=first_epoch, desc=name, unit="epoch", leave=False)
    for epoch in range(first_epoch, options.epochs):
        if _patience_is_over(history, options):
            break
        started, cpu_started = time.perf_counter(), time.process_time()
        net.train()
        batches = _batches(len(training), options, seed, epoch)
        for step, batch in enumerate(batches, start=epoch * len(batches)):
            if before_step is not None:
                before_step(step / (options.epochs * len(batches)))
            loss, accuracy = _step(net, optimizer, training.take(batch))
            history.loss.append(loss)
            history.accuracy.append(accuracy)
        if validation is not None:
            logits = predict(net, validation.inputs)
            history.validation_loss.append(float(nn.functional.cross_entropy(logits, validation.labels)))
            history.validation_accuracy.append(float((logits.argmax(1) == validation.labels).float().mean()))
        if watched is not None:
            history.watched.append(predict(net, watched).argmax(1).tolist())
        history.seconds.append(time.perf_counter() - started)
        history.cpu_seconds.append(time.process_time() - cpu_started)
        history.kept_epoch = best_epoch(history, options, options.select)
        if options.select != "last epoch" and history.kept_epoch == epoch + 1:
            best = copy.deepcopy(net.state_dict())
        if checkpoint is not None:
            _save(checkpoint, run, net, optimizer, history, best)
        bar.update()
        bar.set_postfix(loss=f"{np.mean(history.loss[-20:]):.3f}", accuracy=f"{np.mean(history.accuracy[-20:]):.2f}")
    bar.close()
    if best is not None:
        net.load_state_dict(best)
    return history


@torch.no_grad()
def predict(net: nn.Module, inputs: Tensor, batch_size: int = 60) -> Tensor:
    """Logits of all inputs, (n, n_classes) float32, with the network in evaluation mode."""
    net.eval()
    return torch.cat([net(inputs[i : i + batch_size]).float() for i in range(0, len(inputs), batch_size)])


def repeatable(device: str) -> None:
    """Prepares this process for training: equal runs end in equal bits, and freed memory is reused.

    On a GPU, operations without a repeatable form are still used; PyTorch warns about them.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS needs it before its first use
    torch.use_deterministic_algorithms(True, warn_only=device == "cuda")
    torch.utils.deterministic.fill_uninitialized_memory = False  # no code here reads uninitialized memory
    reuse_freed_memory()


def reuse_freed_memory() -> None:
    """Tells glibc to keep the memory of freed tensors instead of returning it to the kernel at each step.

    A training step frees and allocates the same few large activations. Without this call, each of them would get fresh
    pages that the kernel has to clear first. With other C libraries this does nothing.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_MMAP_THRESHOLD, 1 << 30)
    mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def _step(net: nn.Module, optimizer: torch.optim.Optimizer, batch: Examples) -> tuple[float, float]:
    """One iteration. Returns the loss and accuracy of the batch before the weights change."""
    optimizer.zero_grad(set_to_none=True)
    logits = net(batch.inputs)
    loss = nn.functional.cross_entropy(logits, batch.labels)
    loss.backward()
    optimizer.step()
    return loss.item(), (logits.argmax(1) == batch.labels).float().mean().item()


def _batches(n: int, options: TrainingOptions, seed: int, epoch: int) -> list[np.ndarray]:
    """The indices of each batch of an epoch. They depend only on seed and epoch."""
    if options.shuffle not in ("once", "every epoch"):
        raise ValueError(f'{options.shuffle=} is neither "once" nor "every epoch"')
    order = np.random.default_rng([seed, 0 if options.shuffle == "once" else epoch]).permutation(n)
    stop = n - n % options.batch_size if options.incomplete_batch == "drop" else n
    return [order[i : min(i + options.batch_size, n)] for i in range(0, stop, options.batch_size)]


def best_epoch(history: History, options: TrainingOptions, rule: str) -> int:
    """The 1-based number of the best epoch so far, among those that end after `options.settling` steps.

    If none does, the last epoch counts.

    rule : "last epoch", "validation loss" or "validation accuracy"

    Raises ValueError for another rule, or for unknown ties.

    Checked: tests/test_training_resumes_bit_for_bit.py
    """
    if options.ties not in ("lower loss", "first"):
        raise ValueError(f'{options.ties=} is neither "lower loss" nor "first"')
    n_epochs, settling = len(history.seconds), options.settling
    if rule == "last epoch":
        return n_epochs
    early = math.ceil(settling * n_epochs / len(history.loss)) - 1 if settling else 0
    early = min(early, n_epochs - 1)
    losses, accuracies = history.validation_loss[early:], history.validation_accuracy[early:]
    if rule == "validation loss":
        return early + 1 + int(np.argmin(losses))
    if rule == "validation accuracy":
        if options.ties == "first":
            return early + 1 + int(np.argmax(accuracies))
        return early + 1 + int(np.lexsort([losses, np.negative(accuracies)])[0])
    raise ValueError(f'{rule=} is neither "last epoch", "validation accuracy" nor "validation loss"')


def _patience_is_over(history: History, options: TrainingOptions) -> bool:
    if options.patience is None or not history.seconds:
        return False
    best = best_epoch(history, options, options.patience_for or options.select)
    return len(history.seconds) - best >= options.patience


def _fingerprint(name: str, net: nn.Module, training: Examples, options: TrainingOptions, seed: int) -> str:
    """The facts that a checkpoint must share with a run: name, shapes, labels in order, options, seed."""
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    labels = hashlib.sha256(training.labels.cpu().numpy().tobytes()).hexdigest()[:16]
    return f"{name}; seed {seed}; {options}; {len(training)} examples {labels}; network {shapes}"


def _save(path: Path, run: str, net, optimizer, history: History, best) -> None:
    state = {
        "run": run,
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "history": vars(history),
        "best": best,
        "random": torch.get_rng_state(),
    }
    write_atomically(path, lambda temporary: torch.save(state, temporary))


def _restore(path: Path, run: str, net, optimizer) -> tuple[History, dict | None, int]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = state["run"]
    except Exception as error:  # whatever a damaged file makes the unpickler raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: damaged checkpoint ({reason}); delete it or leave out --resume") from None
    if found != run:
        raise CheckpointError(f"{path}: checkpoint of another run ({found[:80]}...); omit --resume to start over")
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    history = History(**state["history"])
    return history, state["best"], len(history.seconds)
