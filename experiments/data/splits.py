"""How examples are divided into training, validation and test, one function per protocol.

    as-published    random by file, as the paper did: no validation set
    matlab-split    the same by MATLAB's own generator after `rng default`
    honest          random, but copies of one recording stay on one side, and a validation set is kept apart
    speaker         leave one speaker out
    sentence        no test sentence is heard in training

and what the two papers written in Keras did: last_fifth, twice_four_fifths, in_order, any_fifth.

A split is three arrays of indices. Whoever selects anything looks at `validation`, never at `test`.
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
    """Indices of the examples on each side; `validation` may be empty. `fold` says what is left out."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    fold: str | None = None

    def without_validation(self) -> "Split":
        """The same split for a variant that selects nothing: the validation examples are trained on."""
        train = np.sort(np.concatenate([self.train, self.validation]))
        return Split(train, self.validation[:0], self.test, self.fold)


NOTHING = np.array([], dtype=np.intp)


def as_published(labels, seed: int, test_share: float = 0.2) -> Split:
    """Random split by file, the same share of every class: 160/40 of 200 in the CASIA paper."""
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=test_share, random_state=seed)
    train, test = next(splitter.split(labels, labels))
    return Split(np.sort(train), NOTHING, np.sort(test))


def stratified_fifths(labels, seed: int) -> list[Split]:
    """Five splits by file, a fifth of every class tested in each, every file once; nothing for validation."""
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed).split(labels, labels)
    return [Split(train, NOTHING, test, fold=f"fifth-{k}") for k, (train, test) in enumerate(folds, 1)]


def matlab_split(labels, train_share: float = 0.8) -> Split:
    """MATLAB's `rng default; splitEachLabel(files, 0.8, 'randomized')`.

    For every class in alphabetical order one randperm(n) = argsort(rand(n)) over its files in name
    order, from the Mersenne Twister seeded with 5489; the first round(0.8 n) train.

    That randperm is this argsort holds for every published value (n = 6, 8); for n = 200 it is a
    prediction that nobody has checked against MATLAB.

    Source: MathWorks, documentation of rng, randperm, splitEachLabel.
    Checked: tests/test_splits_keep_their_promises.py
    """
    labels = np.asarray(labels)
    generator = np.random.RandomState(5489)  # what `rng default` (mt19937ar, seed 0) turns into
    train = []
    for label in np.unique(labels):
        files = np.flatnonzero(labels == label)
        randperm = np.argsort(generator.random_sample(files.size), kind="stable")
        train.append(files[randperm[: int(np.floor(files.size * train_share + 0.5))]])
    train = np.sort(np.concatenate(train))
    return Split(train, NOTHING, np.setdiff1d(np.arange(labels.size), train))


def honest(labels, contents, seed: int) -> Split:
    """60/20/20 train/validation/test; files of equal content stay together, classes in proportion.

    contents : one value per file, equal for equal content
    """
    fifths = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=seed)
    parts = [np.sort(part) for _, part in fifths.split(labels, labels, groups=contents)]
    return Split(np.sort(np.concatenate(parts[2:])), parts[1], parts[0])


def leave_one_speaker_out(labels, speakers, sentences, seed: int) -> list[Split]:
    """One fold per speaker; the validation sentences (a fifth) are taken from the other speakers."""
    folds = []
    for rest, test in LeaveOneGroupOut().split(labels, labels, groups=speakers):
        train, validation = _fifth_of_groups(rest, np.asarray(sentences)[rest], seed)
        folds.append(Split(train, validation, test, fold=str(np.asarray(speakers)[test[0]])))
    return folds


def unseen_sentences(labels, sentences, seed: int) -> Split:
    """A fifth of the sentences is the test, a fifth of the others validation."""
    sentences = np.asarray(sentences)
    rest, test = _fifth_of_groups(np.arange(len(labels)), sentences, seed)
    train, validation = _fifth_of_groups(rest, sentences[rest], seed)
    return Split(train, validation, test)


def speaker_folds(speakers, seed: int, n_folds: int = 5) -> list[Split]:
    """Speakers in random order in n_folds groups: each is the test once, the next one validation, the rest training.

    Nobody is heard on two sides: the validation set is as strange to the network as the test set.
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
    """Keras' validation_split=0.2: the last fifth in the order of the files, before anything is shuffled.

    The paper's number is the accuracy on that validation set, so it is the test set here, too.

    Source: Keras, documentation of fit: "the last samples in the x and y data provided, before shuffling".
    Checked: tests/test_splits_keep_their_promises.py
    """
    train, validation = np.split(np.arange(n_files), [int(np.floor(n_files * 0.8))])
    return Split(train, validation, validation)


def nested_stratified_80_20(labels, seed: int) -> Split:
    """Of every class floor(0.8 n) for training and validation, of these floor(0.8 n) for training.

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
    """A fifth of the files is the test with all its segments, classes in proportion; no validation set.

    labels, files : (n_segments,) label and file of every segment

    Checked: tests/test_leaks_are_what_they_say.py
    """
    folds = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=seed)
    train, test = next(folds.split(labels, labels, groups=files))
    return Split(np.sort(train), NOTHING, np.sort(test))


def random_80_20(n_files: int, seed: int, validation_share: float) -> Split:
    """A random fifth of the files is the test, of the others a share is validation; classes as they fall.

    EMO-DB: 107 test files, RAVDESS 288.

    Checked: tests/test_splits_keep_their_promises.py
    """
    rest, test = train_test_split(np.arange(n_files), test_size=0.2, random_state=seed)
    train, validation = train_test_split(rest, test_size=validation_share, random_state=seed)
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def ordered_per_class(labels) -> Split:
    """Of every class, in the order of the files, the first are training, the next validation, the last the test.

    t = round(0.8 n) for the first two, round(0.2 t) of these for validation. EMO-DB: 344, 85 and 106 files.

    Checked: tests/test_splits_keep_their_promises.py
    """
    labels, parts = np.asarray(labels), []
    for label in np.unique(labels):
        files = np.flatnonzero(labels == label)
        both = round(0.8 * files.size)
        parts.append(np.split(files, [both - round(0.2 * both), both]))
    return Split(*(np.sort(np.concatenate(side)) for side in zip(*parts, strict=True)))


def _fifth_of_groups(indices, groups, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`indices` in two: four fifths of the groups and the last fifth."""
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=seed)
    most, fifth = next(splitter.split(indices, groups=groups))
    return np.sort(indices[most]), np.sort(indices[fifth])
