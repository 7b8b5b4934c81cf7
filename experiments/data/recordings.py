"""Recordings for front ends: one channel, identified by the hash of its samples."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dsp import AudioError, read_audio
from experiments.data.corpora import Corpus, complete
from experiments.data.leakage import digests


@dataclass(frozen=True)
class Survey:
    """Facts about the audio of each file of a corpus.

    content : (n,) strings, the hash of each file's samples as one channel (see leakage.digests)
    rates, channels : (n,) int, sample rates in Hz and numbers of channels
    """

    content: np.ndarray
    rates: np.ndarray
    channels: np.ndarray

    def describe(self, corpus: Corpus) -> str:
        """One line with the sample rates and the number of files that were mixed down."""
        rates = ", ".join(f"{rate} Hz" for rate in np.unique(self.rates))
        text = f"{corpus.name}: {len(corpus)} files at {rates}"
        several = np.flatnonzero(self.channels > 1)
        if several.size:
            first = corpus.paths[several[0]].name
            text += f"; {several.size} with several channels, such as {first}, mixed down to their mean"
        return text


def read_mono(path: Path) -> tuple[np.ndarray, int, int]:
    """(signal, sample_rate, n_channels) of a file, mixed down by `to_mono`. Raises AudioError like read_audio.

    Checked: tests/test_inputs_are_kept.py
    """
    signal, sample_rate = read_audio(path)
    mono, n_channels = to_mono(signal)
    return mono, sample_rate, n_channels


def to_mono(signal: np.ndarray) -> tuple[np.ndarray, int]:
    """The mean of the channels, (n,) float64, and their number: mono[n] = mean_c x[c, n].

    Checked: tests/test_inputs_are_kept.py, tests/test_recogniser_core.py
    """
    return (signal, 1) if signal.ndim == 1 else (signal.mean(axis=0), len(signal))


def of_file(path: Path, function: Callable):
    """function(signal, sample_rate) for a file. Returns a ValueError that names the file if it cannot be used.

    Checked: tests/test_inputs_are_kept.py
    """
    try:
        signal, sample_rate, _ = read_mono(path)
    except AudioError as error:
        return error
    try:
        return function(signal, sample_rate)
    except ValueError as error:
        return ValueError(f"{path}: {error}")


def survey(corpus: Corpus) -> Survey:
    """Reads each file once.

    Raises CorpusError. Its message is one line: the first bad file, the rule, and the number of further bad files.

    Checked: tests/test_inputs_are_kept.py
    """
    with ThreadPoolExecutor() as threads:
        reports = threads.map(_report, corpus.paths)
        found = complete(list(tqdm(reports, total=len(corpus), desc="recordings", unit="file", leave=False)))
    content, rates, channels = zip(*found, strict=True)
    return Survey(np.array(content), np.array(rates), np.array(channels))


def _report(path: Path) -> tuple[str, int, int] | AudioError:
    try:
        signal, sample_rate, n_channels = read_mono(path)
    except AudioError as error:
        return error
    return digests([signal])[0], sample_rate, n_channels
