"""Times one sentence from its WAV file to its label: the run-time table of Wang (120 sentences, one after the other).

    python -m experiments.benchmarks.recogniser [--data CASIA] [--run RUN] [--store]

Example: python -m experiments.benchmarks.recogniser --data CASIA

Published: 6.82 s for 120 sentences on a desktop, 57 ms each; 5.76 s, 48 ms, on a Jetson Xavier NX, which nobody
claims here. What is timed there, and in which precision, is UNSTATED; here it is reading, features and network,
each by itself, one sentence at a time on one core, after a warm-up. The sentences are 20 of every emotion that the
run was tested on, or, without a run, the first 20 of every emotion and a network without training (the same work).
plain is the same recogniser as one would write it with librosa and PyTorch; its inputs agree, or nothing is timed.
Without --data the sentences are synthetic.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax

import nets
from dsp.files.commands import BAD_INPUT, NO
from experiments.common.paths import RUNS
from experiments.common.timing import DifferentError, comparison, show, store
from experiments.data.corpora import Corpus, CorpusError, casia
from experiments.data.recordings import read_mono
from experiments.data.synthetic import synthetic_corpus
from experiments.inputs import wang_cl
from experiments.recogniser import portable
from experiments.recogniser.trained import RunError, load
from nets.fused.fuse import fuse

SYSTEM, PER_EMOTION, ROUNDS = "wang_cl", 20, 3
TIE = 1e-4  # of two probabilities
OURS, PLAIN = "PyTorch float32", "plain librosa and PyTorch"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.recogniser",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="CASIA", help="as published; without it, synthetic sentences")
    parser.add_argument("--run", type=Path, metavar="RUN", help=f"of {SYSTEM} on CASIA; without it, no training")
    parser.add_argument("--sentences", type=int, metavar="N", help=f"of every emotion; default {PER_EMOTION}")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        rows, facts = run(options.data, options.run, options.sentences or PER_EMOTION)
    except (CorpusError, RunError, DifferentError) as error:
        print(f"error: {error}", file=sys.stderr)
        return NO if isinstance(error, DifferentError) else BAD_INPUT
    for row in rows:
        show(row)
    if options.store:
        store("recogniser", rows, facts)
    return 0


def run(data: Path | None, run_folder: Path | None, per_emotion: int) -> tuple[list[dict], dict]:
    """The benchmark's lines, and what else there is to tell of the answers."""
    corpus, net, files = sentences(data, run_folder, per_emotion)
    programs = back_ends(net)
    check_inputs(corpus, files)
    seconds, answers = timed(corpus, files, programs)
    facts = told(corpus, files, answers, trained=run_folder is not None)
    features, network = ({name: of[:, part] for name, of in seconds.items()} for part in (0, 1))
    features["ours"], whole = features[OURS], {name: of.sum(axis=1) for name, of in seconds.items()}
    task = f"WAV to label, {SYSTEM}, one core, {len(files)} sentences"
    rows = [comparison(task, name, PLAIN, whole) for name in seconds if "float32" in name]
    rows.append(comparison(f"features of a sentence, {SYSTEM}", "ours", PLAIN, features))
    rows += [comparison(f"network of a sentence, {SYSTEM}", name, PLAIN, network) for name in seconds if name != PLAIN]
    return rows, facts


def sentences(data, run_folder, per_emotion: int) -> tuple[Corpus, torch.nn.Module, np.ndarray]:
    """(corpus, network, files): as many of every emotion, in the order of the files."""
    if data is None:
        corpus = synthetic_corpus(RUNS / "benchmark_recogniser" / "synthetic_wav")
    else:
        corpus = casia(data)
    files = np.arange(len(corpus))
    if run_folder is None:
        net = nets.build(SYSTEM, len(corpus.classes)).eval()
    else:
        trained = load(run_folder)
        if (trained.result["system"], trained.classes) != (SYSTEM, corpus.classes):
            raise RunError(f"{run_folder}: a run of {SYSTEM} on {corpus.name} is expected")
        net, files = trained.net.net, np.array(trained.result["answers"]["files"].split(), int)
    chosen = [files[corpus.labels[files] == k][:per_emotion] for k in range(len(corpus.classes))]
    return corpus, net, np.sort(np.concatenate(chosen))


def back_ends(net: torch.nn.Module) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """inputs -> logits, by name; PLAIN last."""
    example, fast = np.zeros((1, *wang_cl.FEATURES["first-frames"].shape), np.float32), fuse(net).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its move to another package
        small = torch.ao.quantization.quantize_dynamic(net, {torch.nn.Linear, torch.nn.LSTM}, dtype=torch.qint8)
    return {
        OURS: by_torch(fast),
        "TorchScript float32": portable.run_torchscript(portable.torchscript(fast, example)),
        "ONNX Runtime float32": portable.run_onnx(portable.onnx(net, example)),
        "PyTorch bfloat16": by_torch(net, torch.bfloat16),
        "PyTorch int8 (dense layers and LSTM)": by_torch(small),
        PLAIN: by_torch(net),
    }


def by_torch(net: torch.nn.Module, dtype=None) -> Callable[[np.ndarray], np.ndarray]:
    def logits(inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype is not None):
            return net(torch.from_numpy(inputs)).float().numpy()

    return logits


def plain_inputs(path) -> np.ndarray:
    """The features as one would write them with librosa."""
    import librosa
    from scipy.fft import dct

    x, _ = librosa.load(path, sr=None)
    y = np.append(x[0], x[1:] - 0.97 * x[:-1])
    power = np.abs(librosa.stft(y, n_fft=512, hop_length=256, window=np.hamming(512), center=False)) ** 2
    level = 10 * np.log10(np.maximum(power[1:].reshape(128, 2, -1).mean(axis=1), 1e-10))
    mel = librosa.feature.melspectrogram(S=power, sr=16_000, n_mels=26, htk=True, norm=None)
    cepstra = dct(np.log(np.maximum(mel, 1e-10)), axis=0, norm="ortho")[:13]
    features = []
    for feature in (level, cepstra):
        feature = feature[:, :128]
        feature = (feature - feature.min()) / (feature.max() - feature.min())
        features.append(np.pad(feature, ((0, 0), (0, 128 - feature.shape[1]))))
    return np.concatenate(features).T.astype(np.float32)


def our_inputs(path) -> np.ndarray:
    signal, sample_rate, _ = read_mono(path)
    return wang_cl.first_frames(signal, sample_rate)


def check_inputs(corpus: Corpus, files: np.ndarray) -> None:
    """Both programs see the same of the first sentence of every emotion, on average over its numbers.

    librosa's float32 moves the least level of a spectrogram, which lies in its noise, and with it all the others.
    """
    for k in range(len(corpus.classes)):
        path = corpus.paths[files[corpus.labels[files] == k][0]]
        difference = float(np.abs(our_inputs(path) - plain_inputs(path)).mean())
        if not difference <= 3e-3:
            raise DifferentError(f"{path}: inputs differ by {difference:.1e}")


def timed(corpus: Corpus, files, programs) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """By program: seconds (n, 2) of features and network, a row for a sentence of a round; probabilities.

    A program answers all sentences, one after the other as the paper's did; then the next one does. One round
    before the others is not counted.
    """
    seconds, answers = {name: [] for name in programs}, {}
    for turn in range(ROUNDS + 1):
        for name, logits in programs.items():
            found = [one_sentence(corpus.paths[i], logits, plain=name == PLAIN) for i in files]
            answers[name] = np.stack([probabilities for _, probabilities in found])
            seconds[name] += [taken for taken, _ in found] if turn else []
    return {name: np.array(of) for name, of in seconds.items()}, answers


def one_sentence(path, logits: Callable[[np.ndarray], np.ndarray], plain: bool) -> tuple[tuple, np.ndarray]:
    """((seconds of features, reading among them, seconds of the network), probabilities)."""
    began = time.perf_counter()
    inputs = (plain_inputs if plain else our_inputs)(path)[None]
    between = time.perf_counter()
    scores = logits(inputs)[0].astype(float)
    return (between - began, time.perf_counter() - between), softmax(scores)


def told(corpus: Corpus, files, answers: dict[str, np.ndarray], trained: bool) -> dict:
    """Right answers of every emotion, and how many answers of every back end are others than float32's.

    Raises DifferentError if a float32 back end gives another answer where there is no tie.
    """
    facts, labels = {"trained": trained, "right": {}, "other_answers": {}}, corpus.labels[files]
    reference = answers[OURS]
    ordered = np.sort(reference, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > TIE
    for name, probabilities in answers.items():
        others = probabilities.argmax(1) != reference.argmax(1)
        if "float32" in name and np.any(others & clear):
            raise DifferentError(f"{name}: {np.sum(others & clear)} answers are not {OURS}'s, and no ties")
        right = probabilities.argmax(1) == labels
        facts["other_answers"][name] = int(others.sum())
        facts["right"][name] = {emotion: int(right[labels == k].sum()) for k, emotion in enumerate(corpus.classes)}
        words = ", ".join(f"{emotion} {n}" for emotion, n in facts["right"][name].items())
        of = f"right answers of {len(files)}: {words}, together {right.mean():.1%}; " if trained else ""
        print(f"  {name}: {of}{others.sum()} answers other than {OURS}'s")
    return facts


if __name__ == "__main__":
    sys.exit(main())
