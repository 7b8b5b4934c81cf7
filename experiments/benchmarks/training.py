"""Times one training run of the CASIA network against the plain way of writing it in PyTorch.

    python -m experiments.benchmarks.training [--images DIR] [--rounds N] [--store]

Example: python -m experiments.benchmarks.training --images IMAGES

Same network, same arithmetic (checked: the first ten losses agree to 1e-4), 960 images, batches of 10. The
plain way is nn.LSTM, PyTorch's default memory layout and allocator, and images decoded by Pillow as each
batch needs them. Epochs alternate between two processes; what we do once (decoding) is added to our 30.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

import nets
from dsp.files.commands import BAD_INPUT
from experiments.common.timing import comparison, show, store
from experiments.data.corpora import Corpus, CorpusError, image_tree
from experiments.data.synthetic import synthetic_corpus
from experiments.inputs.zheng_casia import load_images
from experiments.training.loop import Examples, _step, reuse_freed_memory
from experiments.training.optimizers import MatlabSgdm
from spectrogram_images.folder import convert, find_recordings

EPOCHS, N_IMAGES, BATCH = 30, 960, 10


class PlainNetwork(nn.Module):
    """The same layers as one would write them first: nn.LSTM over a sequence of one."""

    def __init__(self, n_classes: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3, 1, 1))
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),
        )
        self.lstm1 = nn.LSTM(5408, 200, batch_first=True)
        self.lstm2 = nn.LSTM(200, 50, batch_first=True)
        self.fc = nn.Linear(50, n_classes)

    def forward(self, x):
        x = self.features(x - self.mean).transpose(2, 3).flatten(1)[:, None]
        return self.fc(self.lstm2(self.lstm1(x)[0])[0][:, 0])

    def copy_from(self, net: nn.Sequential) -> None:
        """The initial values and the mean of our network."""
        self.mean.copy_(net.imageinput.mean[:, None, None])
        convolutions = [layer for layer in self.features if isinstance(layer, nn.Conv2d)]
        pairs = zip(convolutions, (net.ConvolutionLayer1, net.ConvolutionLayer2, net.ConvolutionLayer3), strict=True)
        for theirs, ours in (*pairs, (self.fc, net.fc)):
            theirs.load_state_dict(ours.state_dict())
        with torch.no_grad():
            for lstm, ours in ((self.lstm1, net.LSTMLayer1), (self.lstm2, net.LSTMLayer2)):
                lstm.weight_ih_l0.copy_(ours.input_weight)
                lstm.weight_hh_l0.copy_(ours.recurrent_weight)
                lstm.bias_ih_l0.copy_(ours.bias)
                lstm.bias_hh_l0.zero_()
                lstm.bias_hh_l0.requires_grad_(False)  # MATLAB has one bias


class PlainSgdm:
    """MATLAB's sgdm from torch.optim.SGD: L2 by hand, clipping array by array, then the step."""

    def __init__(self, net: nn.Module):
        self.net = net
        self.sgd = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.001, momentum=0.9)

    def step(self) -> None:
        for name, p in self.net.named_parameters():
            if p.requires_grad:
                if "bias" not in name:
                    p.grad = p.grad + 1e-4 * p.detach()
                nn.utils.clip_grad_norm_([p], 1.0)
        self.sgd.step()


def plain_step(net: PlainNetwork, optimizer: PlainSgdm, corpus: Corpus, batch: np.ndarray) -> float:
    images = np.stack([np.asarray(Image.open(corpus.paths[i])) for i in batch])
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float().contiguous()
    loss = nn.functional.cross_entropy(net(x), torch.from_numpy(corpus.labels[batch]))
    optimizer.sgd.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--images", type=Path, help="an image tree <class>/*.png; without it, synthetic images")
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each that are timed")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            corpus = image_tree(options.images or synthetic_images(Path(scratch)))
            row = compare(corpus, options.rounds)
        except CorpusError as error:
            print(f"error: {error}", file=sys.stderr)
            return BAD_INPUT
    show(row)
    if options.store:
        store("training", [row])
    return 0


def synthetic_images(folder: Path) -> Path:
    synthetic_corpus(folder / "wav")
    for _ in convert(find_recordings(folder / "wav")[0], folder / "png", workers=2):
        pass
    return folder / "png"


def compare(corpus: Corpus, rounds: int) -> dict:
    """One process for each program, since they differ in how memory is kept; epochs in turn."""
    chosen = np.resize(np.random.default_rng(0).permutation(len(corpus)), N_IMAGES)
    chosen = replace(corpus, paths=tuple(corpus.paths[i] for i in chosen), labels=corpus.labels[chosen])
    context = multiprocessing.get_context("spawn")
    programs = {}
    for name, program in (("plain", plain_program), ("ours", our_program)):
        here, there = context.Pipe()
        context.Process(target=program, args=(there, chosen), daemon=True).start()
        programs[name] = here
    decoding = programs["ours"].recv()

    seconds, losses = {"plain": [], "ours": []}, {}
    for turn in range(rounds + 1):
        for name, pipe in programs.items():
            pipe.send("epoch")
            taken, losses[name] = pipe.recv()
            seconds[name] += [taken] if turn else []
        if turn == 0:  # not counted: it warms both up and checks that they compute the same
            difference = np.abs(np.subtract(losses["plain"], losses["ours"]))[:10].max()
            print(f"largest difference between the first ten losses: {difference:.1e}")
            if difference > 1e-4:  # later ones drift apart: training magnifies the rounding of float32
                raise CorpusError("the two programs do not compute the same")
    runs = {
        "plain PyTorch": [EPOCHS * epoch for epoch in seconds["plain"]],
        "ours": [EPOCHS * epoch + decoding for epoch in seconds["ours"]],
    }
    task = f"training, {N_IMAGES} images x {EPOCHS} epochs, {torch.get_num_threads()} threads"
    return comparison(task, "ours", "plain PyTorch", runs)


def our_program(pipe, corpus: Corpus) -> None:
    """Sends the seconds of decoding, then (seconds, losses) of an epoch at every request."""
    started = time.perf_counter()
    pixels = load_images(corpus)
    pipe.send(time.perf_counter() - started)
    reuse_freed_memory()
    examples = Examples(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(corpus.labels))
    net = our_network(corpus, examples)
    optimizer = MatlabSgdm(net, 0.001, gradient_threshold=1)
    while pipe.recv():
        started = time.perf_counter()
        losses = [_step(net, optimizer, examples.take(batch))[0] for batch in batches()]
        pipe.send((time.perf_counter() - started, losses))


def plain_program(pipe, corpus: Corpus) -> None:
    """Sends (seconds, losses) of an epoch at every request."""
    pixels = load_images(corpus)
    examples = Examples(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(corpus.labels))
    net = PlainNetwork(len(corpus.classes))
    net.copy_from(our_network(corpus, examples))
    del pixels, examples
    optimizer = PlainSgdm(net)
    while pipe.recv():
        started = time.perf_counter()
        losses = [plain_step(net, optimizer, corpus, batch) for batch in batches()]
        pipe.send((time.perf_counter() - started, losses))


def our_network(corpus: Corpus, examples: Examples) -> nn.Sequential:
    net = nets.build("zheng_cnn_lstm", len(corpus.classes)).to(memory_format=torch.channels_last)
    net.imageinput.fit(examples.inputs)
    return net


def batches() -> np.ndarray:
    return np.random.default_rng(1).permutation(N_IMAGES).reshape(-1, BATCH)


if __name__ == "__main__":
    sys.exit(main())
