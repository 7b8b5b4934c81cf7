"""What it costs that a network answers with running statistics: accuracy with them, and with the training files' own.

    python -m tests.measure_running_statistics emodb EMODB RUN...      folders of experiments.finch_dycnn

Keras' batch normalisation moves its statistics by a hundredth a step, and with two steps an epoch the epoch that
validation chooses can lie before they have followed the weights. A second network has the same weights, and mean and
variance of the training files, in batches of 200. If it has no training file wrong and the first has, the statistics
are at fault.
"""

import argparse
import json
import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

import nets
from experiments.data.corpora import Corpus
from experiments.finch_dycnn import BATCH_SIZE, CORPORA, splits_of
from experiments.inputs import cache
from experiments.inputs.finch_dycnn import FEATURES, fit_row_z_score
from experiments.training.runner import Subset, answers, sides


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", choices=CORPORA)
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    options = parser.parse_args()
    corpus = CORPORA[options.corpus](options.data)
    front_ends = {front_end.name: front_end for front_end in FEATURES.values()}
    inputs_of = lru_cache(lambda name: cache.load(corpus, front_ends[name], cache.FEATURES))
    for folder in options.runs:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        images, content = inputs_of(result["config"]["inputs"])
        splits = splits_of(corpus, content, result["protocol"], result["seed"])
        split = next(split for split in splits if split.fold == result["fold"])
        z_score = fit_row_z_score(images, split.train)
        net = nets.build(result["system"], len(corpus.classes))
        net.load_state_dict(torch.load(folder / "network.pt", weights_only=True))

        training, _, test = sides(split, lambda files, x=images, z=z_score: z(x[files]), "cpu")
        running = told(net, corpus, training, test)
        settle(net, training.inputs)
        own = told(net, corpus, training, test)
        print(
            f"{folder.name}: right of training / test files {running}, with the former's statistics {own}", flush=True
        )


def told(net: torch.nn.Module, corpus: Corpus, *scored: Subset) -> str:
    """The accuracy of each side."""
    right = []
    for side in scored:
        files, probabilities = answers(net, side)
        right.append(np.mean(probabilities.argmax(1) == corpus.labels[files]))
    return " / ".join(f"{share:.1%}" for share in right)


def settle(net: torch.nn.Module, x: torch.Tensor) -> None:
    """Puts the mean over shuffled batches of x in place of every running statistic."""
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # PyTorch: a plain mean over all batches
    net.train()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for batch in order.chunk(math.ceil(len(x) / BATCH_SIZE)):
            net(x[batch])


if __name__ == "__main__":
    main()
