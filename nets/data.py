"""Features with labels for PyTorch: a Dataset over an extracted corpus or recordings, and batches of unequal lengths.

    train, validation, test = nets.split_by_speaker(data.speakers, (0.8, 0.1, 0.1), seed=0)
    data = nets.FeatureDataset("FEATURES")                    # what `python -m dsp.corpus` wrote
    known = data.subset(train).statistics()                   # fitted on training files only
    part = data.subset(train, steps=[nets.augmentation.SpecAugment()], statistics=known)
    loader = torch.utils.data.DataLoader(part, 16, shuffle=True, num_workers=4, collate_fn=nets.pad_batch)
    for epoch in range(50):
        part.set_epoch(epoch)                                 # other augmentation in each epoch
        for features, lengths, labels in loader: ...          # (batch, rows, frames), (batch,), (batch,)

What an item is depends on the seed, the epoch and its number alone, whichever worker reads it and in whatever order.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import dsp
from dsp.audio import read_one_channel
from dsp.checks import as_count
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention

if TYPE_CHECKING:
    from dsp.corpus import Features, Statistics

SEED_LIMIT = 2**63


class Batch(NamedTuple):
    """What `pad_batch` makes.

    features : (batch, rows, frames) float32, zeros after the end of each item
    lengths : (batch,) int64, the frames of each item
    labels : (batch,) int64, numbers of classes
    """

    features: Tensor
    lengths: Tensor
    labels: Tensor


def pad_batch(items: Sequence[tuple[Tensor, int]]) -> Batch:
    """Puts items of unequal lengths into one batch: the collate_fn of a DataLoader.

    Parameters
    ----------
    items : (features (rows, frames), label) each, with equal numbers of rows

    Returns
    -------
    batch : Batch; features (batch, rows, frames of the longest) float32

    Raises
    ------
    ValueError  if there is no item, or if their numbers of rows differ.

    Source: none; a layout of this project. Checked: tests/test_datasets_serve_features.py
    """
    if not items:
        raise ValueError("no items; a batch needs at least one")
    shapes = [tuple(features.shape) for features, _ in items]
    if len({shape[:-1] for shape in shapes}) > 1 or len(shapes[0]) != 2:
        raise ValueError(f"items of the shapes {sorted(set(shapes))[:4]}; (rows, frames) of equal rows is expected")
    lengths = [shape[1] for shape in shapes]
    padded = torch.zeros(len(items), shapes[0][0], max(lengths))
    for row, (features, _) in zip(padded, items, strict=True):
        row[:, : features.shape[1]] = features
    return Batch(padded, torch.tensor(lengths), torch.tensor([label for _, label in items]))


def split_by_speaker(
    speakers: Sequence[str], shares: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0
) -> tuple[NDArray[np.int64], ...]:
    """Parts of a corpus that have no speaker in common.

    The speakers are shuffled. Each part gets one; each of the others goes to the part that lacks most items of its
    share. Shares are met as well as whole speakers allow.

    Parameters
    ----------
    speakers : (n,) strings, the speaker of each item
    shares : > 0 each; their sum is what counts as the whole
    seed : int >= 0

    Returns
    -------
    parts : one array of item numbers per share, in order; together all items, each once

    Raises
    ------
    ValueError  if a speaker is missing, there are fewer speakers than parts, or a share is not above 0.

    Source: none; definition. Checked: tests/test_datasets_serve_features.py
    """
    missing = [i for i, speaker in enumerate(speakers) if not speaker]
    if missing:
        raise ValueError(f"{len(missing)} of {len(speakers)} items have no speaker, first item {missing[0]}")
    if not shares or not all(0 < share < float("inf") for share in shares):
        raise ValueError(f"shares are {tuple(shares)}; numbers above 0 are expected")
    names, of_item = np.unique(np.asarray(speakers, str), return_inverse=True)
    if names.size < len(shares):
        raise ValueError(f"{names.size} speakers cannot be divided among {len(shares)} parts")
    order = np.random.default_rng(as_count(seed, "seed", 0, SEED_LIMIT)).permutation(names.size)
    sizes = np.bincount(of_item)
    lacking = np.array(shares, float) / sum(shares) * len(speakers)
    part_of = np.empty(names.size, int)
    for i, speaker in enumerate(order):
        part = i if i < len(shares) else int(np.argmax(lacking))
        part_of[speaker] = part
        lacking[part] -= sizes[speaker]
    return tuple(np.flatnonzero(part_of[of_item] == part) for part in range(len(shares)))


@dataclass(frozen=True)
class _Stored:
    """The items of extracted corpora, one after the other."""

    opened: "tuple[Features, ...]"
    place: tuple[tuple[int, int], ...]  # of each item: which corpus, which of its items

    def read(self, number: int, signal_steps: tuple, rng: np.random.Generator) -> NDArray[Any]:
        corpus, item = self.place[number]
        return self.opened[corpus][item]


@dataclass(frozen=True)
class _Computed:
    """The features of recordings, computed when they are asked for."""

    paths: tuple[str, ...]
    convention: Convention
    sample_rate: int
    kind: str

    def read(self, number: int, signal_steps: tuple, rng: np.random.Generator) -> NDArray[Any]:
        path = self.paths[number]
        signal, rate = read_one_channel(path)
        if rate != self.sample_rate:
            raise ValueError(f"{path}: {rate} Hz; the dataset's sample rate is {self.sample_rate} Hz")
        try:
            for step in signal_steps:
                signal = step(signal, rng)
            return dsp.extract([signal], rate, self.convention, kind=self.kind, dtype="float32")[0]  # type: ignore[arg-type]
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


class FeatureDataset(torch.utils.data.Dataset):
    """Items of a corpus as (features, label), for a DataLoader with any number of workers.

    len(d) is the number of items. d[i] is (features (rows, frames) float32 tensor, label int), after normalization by
    `statistics` and then the steps on features. `FeatureDataset.from_audio` computes features from recordings instead,
    after the steps on signals.

    Parameters
    ----------
    folders : the folder of an extraction (`dsp.corpus`), or several of one convention, kind and sample rate
    classes : the labels in the order of their numbers; None takes those that occur, in alphabetical order
    steps : augmentation, see nets.augmentation; a stored corpus takes those on features only
    statistics : dsp.corpus.Statistics, fitted on training items; None leaves features as they are
    seed : int >= 0, of the augmentation

    Attributes
    ----------
    classes : tuple of str;  labels : (n,) int64;  speakers : list of str, "" where unknown;  paths : list of str
    fingerprint : str, of the convention;  kind : "mfcc" or "log_mel";  sample_rate : int, Hz

    Raises
    ------
    ValueError  one line: no items, an item without a label or without frames, a label that is none of the classes,
        folders of different conventions, statistics of another convention, a step that does not fit.

    Checked: tests/test_datasets_serve_features.py
    """

    def __init__(
        self,
        folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        classes: Sequence[str] | None = None,
        steps: Sequence[Any] = (),
        statistics: "Statistics | None" = None,
        seed: int = 0,
    ) -> None:
        from dsp.corpus import open_features

        if isinstance(folders, str | os.PathLike):
            folders = [folders]
        opened = tuple(open_features(folder) for folder in folders)
        if not opened:
            raise ValueError("no folder of features; at least one is expected")
        first = opened[0]
        for other, folder in zip(opened, folders, strict=True):
            for name in ("fingerprint", "kind", "sample_rate"):
                mine, theirs = getattr(first, name), getattr(other, name)
                if mine != theirs:
                    raise ValueError(
                        f"{folder}: features of {name.replace('_', ' ')} {theirs}; those of {folders[0]} have {mine}"
                    )
        place = tuple((c, i) for c, corpus in enumerate(opened) for i in range(len(corpus)))
        index = [item for corpus in opened for item in corpus.index]
        empty = [item["path"] for item in index if not item["frames"]]
        if empty:
            raise ValueError(f"{len(empty)} of {len(index)} items have no frames, first {empty[0]}")
        self._begin(_Stored(opened, place), index, first.fingerprint, first.kind, first.sample_rate, classes, seed)
        self._set(np.arange(len(index)), steps, statistics)

    @classmethod
    def from_audio(
        cls,
        items: Sequence[Mapping[str, str]],
        convention: str | Convention,
        sample_rate: int,
        *,
        kind: str = "log_mel",
        classes: Sequence[str] | None = None,
        steps: Sequence[Any] = (),
        statistics: "Statistics | None" = None,
        seed: int = 0,
    ) -> "FeatureDataset":
        """A dataset over recordings of one channel, whose features are computed when they are asked for.

        Parameters
        ----------
        items : {"path", "label", "speaker"} each; the speaker may be missing
        convention : a name or a Convention;  sample_rate : Hz, of every recording
        kind : "mfcc" or "log_mel"
        classes, steps, statistics, seed : as for the class; steps on signals are applied before features are computed

        Raises
        ------
        ValueError  as the class; and, when an item is read, one line for a recording that is missing, damaged, of
            another rate or of several channels.

        Checked: tests/test_datasets_serve_features.py
        """
        if isinstance(convention, str):
            if convention not in dsp.CONVENTIONS:
                raise ValueError(f"convention {convention!r} is unknown; dsp.CONVENTIONS has the names")
            convention = dsp.CONVENTIONS[convention]
        if kind not in ("mfcc", "log_mel"):
            raise ValueError(f"kind is {kind!r}; 'mfcc' or 'log_mel' is expected")
        sample_rate = as_count(sample_rate, "sample_rate")
        index = [{"speaker": "", **item} for item in items]
        lacking = [i for i, item in enumerate(index) if not item.get("path")]
        if lacking:
            raise ValueError(f"item {lacking[0]} has no path")
        source = _Computed(tuple(os.fspath(item["path"]) for item in index), convention, sample_rate, kind)
        dataset = cls.__new__(cls)
        dataset._begin(source, index, fingerprint(convention), kind, sample_rate, classes, seed)
        dataset._set(np.arange(len(index)), steps, statistics)
        return dataset

    def subset(
        self, items: Sequence[int] | NDArray[Any], *, steps: Sequence[Any] = (), statistics: "Statistics | None" = None
    ) -> "FeatureDataset":
        """Some items, by their numbers in this dataset, with their own steps and statistics.

        Augmentation depends on an item's number in the whole corpus, so it is the same in every subset.

        Raises ValueError if there is no item or no such item.

        Checked: tests/test_datasets_serve_features.py
        """
        chosen = np.asarray(items)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or chosen.size == 0:
            raise ValueError("items are no list of numbers, or an empty one; at least one number is expected")
        if chosen.min() < 0 or chosen.max() >= len(self):
            raise ValueError(f"items reach from {chosen.min()} to {chosen.max()}; there are 0 .. {len(self) - 1}")
        dataset = type(self).__new__(type(self))
        dataset.__dict__.update(self.__dict__)
        dataset._set(self._numbers[chosen], steps, statistics)
        return dataset

    def set_epoch(self, epoch: int) -> None:
        """Chooses the augmentation of the epoch, also in workers that are running already.

        Checked: tests/test_datasets_serve_features.py
        """
        self._epoch.fill_(as_count(epoch, "epoch", 0, SEED_LIMIT))

    def statistics(self) -> "Statistics":
        """Mean and deviation of each row over all frames of these items, without steps: for `statistics=`.

        Checked: tests/test_datasets_serve_features.py
        """
        from dsp.corpus.row_statistics import Statistics

        total: Statistics | None = None
        for number in self._numbers:
            features = self._source.read(int(number), (), np.random.default_rng(0))
            one = Statistics.of(features, self.fingerprint, self.kind)
            total = one if total is None else total.merge(one)
        assert total is not None, "a dataset has at least one item"
        return total

    @property
    def labels(self) -> NDArray[np.int64]:
        return self._labels[self._numbers]

    @property
    def speakers(self) -> list[str]:
        return [self._index[i].get("speaker", "") for i in self._numbers]

    @property
    def paths(self) -> list[str]:
        return [os.fspath(self._index[i]["path"]) for i in self._numbers]

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        number = int(self._numbers[i])
        rng = np.random.default_rng([self._seed, int(self._epoch), number])
        features = self._source.read(number, self._signal_steps, rng)
        if self._statistics is not None:
            features = self._statistics.normalize(features)
        for step in self._feature_steps:
            features = step(features, rng)
        return torch.from_numpy(np.ascontiguousarray(features, np.float32)), int(self._labels[number])

    def _begin(
        self,
        source: _Stored | _Computed,
        index: list[Any],
        fingerprint: str,
        kind: str,
        sample_rate: int,
        classes: Sequence[str] | None,
        seed: int,
    ) -> None:
        """What all subsets share: where features come from, and the labels."""
        if not index:
            raise ValueError("the dataset is empty; at least one item is expected")
        missing = [item["path"] for item in index if not item.get("label")]
        if missing:
            raise ValueError(f"{len(missing)} of {len(index)} items have no label, first {missing[0]}")
        names = tuple(sorted({item["label"] for item in index}) if classes is None else classes)
        number_of = {name: i for i, name in enumerate(names)}
        for item in index:
            if item["label"] not in number_of:
                raise ValueError(f"{item['path']}: label {item['label']!r} is none of the classes {', '.join(names)}")
        if len(number_of) < len(names):
            raise ValueError(f"classes are {names}; each is expected once")
        self.classes, self.fingerprint, self.kind, self.sample_rate = names, fingerprint, kind, sample_rate
        self._source, self._index = source, index
        self._labels = np.array([number_of[item["label"]] for item in index])
        self._seed = as_count(seed, "seed", 0, SEED_LIMIT)
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # workers that live on see a new epoch

    def _set(self, numbers: NDArray[Any], steps: Sequence[Any], statistics: "Statistics | None") -> None:
        """What subsets differ in: their items, steps and statistics."""
        other = [step for step in steps if getattr(step, "of", None) not in ("signal", "features")]
        if other:
            raise ValueError(f"{other[0]!r} is no step; its attribute `of` says 'signal' or 'features'")
        self._numbers = numbers
        self._signal_steps = tuple(step for step in steps if step.of == "signal")
        self._feature_steps = tuple(step for step in steps if step.of == "features")
        if self._signal_steps and isinstance(self._source, _Stored):
            name = type(self._signal_steps[0]).__name__
            raise ValueError(f"{name} changes signals; stored features take SpecAugment, from_audio takes all steps")
        for step in self._signal_steps:
            rate = getattr(step, "sample_rate", self.sample_rate)
            if rate != self.sample_rate:
                raise ValueError(f"{type(step).__name__} of {rate} Hz; the dataset has {self.sample_rate} Hz")
        theirs = None if statistics is None else (statistics.kind, statistics.fingerprint)
        if theirs not in (None, (self.kind, self.fingerprint)):
            raise ValueError(f"statistics of {' '.join(theirs)}; the features are {self.kind} {self.fingerprint}")
        self._statistics = statistics
