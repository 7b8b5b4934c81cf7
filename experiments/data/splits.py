"""Splits into training, validation and test examples, one function per protocol.

    as-published    random by file, as in the paper; no validation set
    matlab-split    the same with MATLAB's generator after `rng default`
    honest          random, but copies of one recording stay on one side; with a validation set
    speaker         leave one speaker out
    sentence        no test sentence occurs in training

The papers written in Keras have splits of their own: keras_validation_split, nested_stratified_80_20, random_80_20
and ordered_per_class.

A split consists of three arrays of indices. Anything that is selected is selected on `validation`, never on `test`.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import (
    GroupShuffleSplit,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    train_test_split,
)


@dataclass(frozen=True)
class Split:
    """Indices of the examples on each side. `validation` may be empty. `fold` names what the test side holds."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    fold: str | None = None

    def without_validation(self) -> "Split":
        """The same split for a variant that selects nothing: the validation examples join the training set."""
        train = np.sort(np.concatenate([self.train, self.validation]))
        return Split(train, self.validation[:0], self.test, self.fold)


NOTHING = np.array([], dtype=np.intp)


def as_published(labels, seed: int, test_share: float = 0.2) -> Split:
    """A random split by file with the same share of every class: 160/40 of 200 in the CASIA paper."""
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=test_share, random_state=seed)
    train, test = next(splitter.split(labels, labels))
    return Split(np.sort(train), NOTHING, np.sort(test))


def stratified_fifths(labels, seed: int) -> list[Split]:
    """Five splits by file. Each tests a fifth of every class, together they test every file once; no validation."""
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed).split(labels, labels)
    return [Split(train, NOTHING, test, fold=f"fifth-{k}") for k, (train, test) in enumerate(folds, 1)]


def matlab_split(labels, train_share: float = 0.8) -> Split:
    """MATLAB's `rng default; splitEachLabel(files, 0.8, 'randomized')`.

    For each class in alphabetical order, randperm(n) = argsort(rand(n)) permutes its files in name order. The Mersenne
    Twister is seeded with 5489. The first round(0.8 n) files are the training set.

    All published values of randperm agree with this argsort (n = 6, 8). For n = 200 it is a prediction that was not
    checked against MATLAB.

    Source: MathWorks, documentation of rng, randperm, splitEachLabel.
    Checked: tests/test_splits_keep_their_promises.py
    """
    labels = np.asarray(labels)
    generator = np.random.RandomState(5489)  # `rng default` is mt19937ar with seed 0, which MATLAB maps to 5489
    train = []
    for label in np.unique(labels):
        files = np.flatnonzero(labels == label)
        randperm = np.argsort(generator.random_sample(files.size), kind="stable")
        train.append(files[randperm[: int(np.floor(files.size * train_share + 0.5))]])
    train = np.sort(np.concatenate(train))
    return Split(train, NOTHING, np.setdiff1d(np.arange(labels.size), train))


def honest(labels, contents, seed: int) -> Split:
    """Random 60/20/20 training/validation/test, stratified by class; files of equal content stay on one side.

    contents : one value per file, equal for equal content
    """
    fifths = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=seed)
    parts = [np.sort(part) for _, part in fifths.split(labels, labels, groups=contents)]
    return Split(np.sort(np.concatenate(parts[2:])), parts[1], parts[0])


def leave_one_speaker_out(labels, speakers, sentences, seed: int) -> list[Split]:
    """One fold per speaker. A fifth of the sentences, spoken by the other speakers, is the validation set."""
    folds = []
    for rest, test in LeaveOneGroupOut().split(labels, labels, groups=speakers):
        train, validation = _fifth_of_groups(rest, np.asarray(sentences)[rest], seed)
        folds.append(Split(train, validation, test, fold=str(np.asarray(speakers)[test[0]])))
    return folds


def unseen_sentences(labels, sentences, seed: int) -> Split:
    """A fifth of the sentences is the test set, a fifth of the others the validation set."""
    sentences = np.asarray(sentences)
    rest, test = _fifth_of_groups(np.arange(len(labels)), sentences, seed)
    train, validation = _fifth_of_groups(rest, sentences[rest], seed)
    return Split(train, validation, test)


def speaker_folds(speakers, seed: int, n_folds: int = 5) -> list[Split]:
    """Random groups of speakers: each group is the test set of one fold, and the next group its validation set.

    No speaker is on two sides, so the validation set is as unfamiliar to the network as the test set.
    """
    speakers = np.asarray(speakers)
    groups = np.array_split(np.random.default_rng(seed).permutation(np.unique(speakers)), n_folds)
    folds = []
    for test, validation in zip(groups, groups[1:] + groups[:1], strict=True):
        sides = [np.flatnonzero(np.isin(speakers, side)) for side in (validation, test)]
        train = np.setdiff1d(np.arange(speakers.size), np.concatenate(sides))
        folds.append(Split(train, *sides, fold="+".join(sorted(map(str, test)))))
    return folds


def keras_validation_split(n_files: int) -> Split:
    """Keras' validation_split=0.2: the last fifth of the files in their order, before any shuffling.

    The paper reports the accuracy on this validation set, so here it is the test set too.

    Source: Keras, documentation of fit: "the last samples in the x and y data provided, before shuffling".
    Checked: tests/test_splits_keep_their_promises.py
    """
    train, validation = np.split(np.arange(n_files), [int(np.floor(n_files * 0.8))])
    return Split(train, validation, validation)


def nested_stratified_80_20(labels, seed: int) -> Split:
    """Two nested random splits of each class: floor(0.8 n) for training and validation, and floor(0.8) of these train.

    EMO-DB: 336, 88 and 111 files.

    Checked: tests/test_splits_keep_their_promises.py
    """
    labels, random = np.asarray(labels), np.random.default_rng(seed)
    parts = []
    for label in np.unique(labels):
        files = random.permutation(np.flatnonzero(labels == label))
        both = int(0.8 * files.size)
        parts.append(np.split(files, [int(0.8 * both), both]))
    return Split(*(np.sort(np.concatenate(side)) for side in zip(*parts, strict=True)))


def fifth_of_files(labels, files, seed: int) -> Split:
    """All segments of a fifth of the files are the test set, stratified by class; no validation set.

    labels, files : (n_segments,) label and file of each segment

    Checked: tests/test_leaks_are_what_they_say.py
    """
    folds = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=seed)
    train, test = next(folds.split(labels, labels, groups=files))
    return Split(np.sort(train), NOTHING, np.sort(test))


def random_80_20(n_files: int, seed: int, validation_share: float) -> Split:
    """A random fifth of the files is the test set and a share of the others the validation set; not stratified.

    EMO-DB: 107 test files, RAVDESS 288.

    Checked: tests/test_splits_keep_their_promises.py
    """
    rest, test = train_test_split(np.arange(n_files), test_size=0.2, random_state=seed)
    train, validation = train_test_split(rest, test_size=validation_share, random_state=seed)
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def ordered_per_class(labels) -> Split:
    """Divides each class in file order: the first files are for training, the next for validation, the last for test.

    t = round(0.8 n) files are for training and validation, round(0.2 t) of them for validation.
    EMO-DB: 344, 85 and 106 files.

    Checked: tests/test_splits_keep_their_promises.py
    """
    labels, parts = np.asarray(labels), []
    for label in np.unique(labels):
        files = np.flatnonzero(labels == label)
        both = round(0.8 * files.size)
        parts.append(np.split(files, [both - round(0.2 * both), both]))
    return Split(*(np.sort(np.concatenate(side)) for side in zip(*parts, strict=True)))


def _fifth_of_groups(indices, groups, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divides `indices` in two by random groups: four fifths of the groups, and one fifth."""
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=seed)
    rest, fifth = next(splitter.split(indices, groups=groups))
    return np.sort(indices[rest]), np.sort(indices[fifth])
