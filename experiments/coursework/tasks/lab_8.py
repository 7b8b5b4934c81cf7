"""Lab 8: a look-up table as a classifier: the cases that the check tries, and the known mistakes."""

import numpy as np

from experiments.coursework.task import Case, Mistake, Task

SEED = 8  # of the cases, beside the profile's seed


def make_task(profile) -> Task:
    """lookup_labels(train_keys, train_labels, test_keys): the most common label of the same content in training."""
    return Task(
        lab=8,
        function="lookup_labels",
        parameters=("train_keys", "train_labels", "test_keys"),
        points=profile.points,
        solution=solution,
        cases=cases(profile.seed),
        mistakes=MISTAKES,
        axes=("test file",),
        refused=("sklearn", "scipy", "torch", "tensorflow", "xgboost", "lightgbm"),
    )


def solution(train_keys, train_labels, test_keys):
    """Per test key, the most common label of the equal training keys, else of all; the smallest in a tie."""
    return _answers(train_keys, train_labels, test_keys, most_common, most_common(train_labels))


def most_common(labels) -> int:
    """The most common label; among equally common ones, the smallest."""
    return int(np.bincount(labels).argmax())


def cases(own_seed: int) -> tuple[Case, ...]:
    """Visible: a folder full of copies, ties, contradictions, nothing known. Hidden: other folders, one file."""
    few = {
        "train_keys": np.array(["c", "a", "a", "b", "b", "a", "c", "d"]),
        "train_labels": np.array([2, 1, 1, 0, 3, 0, 1, 3]),
    }
    unknown = {  # the most common label is 2; of contents 1; of the most common content 4; the last one 3
        "train_keys": np.array([*"aaaaabbbbcdef"]),
        "train_labels": np.array([4, 4, 4, 2, 2, 2, 2, 2, 5, 1, 1, 1, 3]),
        "test_keys": np.array(["bb", "z", "A"]),
    }
    return (
        Case("eight files, all keys known", few | {"test_keys": np.array(["a", "d", "b", "c"])}),
        Case("eight files, two keys unknown", few | {"test_keys": np.array(["e", "a", "0", "d", "b"])}),
        Case("a folder of copies", folder(240, 40, 6, 8, own_seed)),
        Case("every content under one label only", folder(60, 20, 4, 2, own_seed, contradictions=False)),
        Case("no test key known", unknown),
        Case("a folder without copies", folder(30, 400, 4, 4, own_seed)),
        Case("another folder of copies", folder(300, 60, 6, 5, own_seed), hidden=True),
        Case("one training file", folder(1, 3, 3, 6, own_seed) | {"train_labels": np.array([2])}, hidden=True),
        Case("half the contents known", folder(50, 60, 5, 7, own_seed), hidden=True),
    )


def folder(n: int, n_contents: int, n_classes: int, *seed: int, contradictions=True) -> dict:
    """n training and n // 4 + 3 test files whose contents are drawn from n_contents; keys are eight hex digits."""
    random = np.random.default_rng([SEED, *seed])
    names = np.array([f"{number:08x}" for number in random.permutation(2**31 - 1 - np.arange(n_contents) * 4321)])
    train, test = random.integers(0, n_contents, n), random.integers(0, n_contents, n // 4 + 3)
    usual = random.integers(0, n_classes, n_contents)
    other = random.integers(0, n_classes, n)
    labels = np.where(random.random(n) < 0.5, other, usual[train]) if contradictions else usual[train]
    return {
        "train_keys": names[train],
        "train_labels": labels,
        "test_keys": names[test],
    }


def _answers(train_keys, train_labels, test_keys, of_labels, fallback) -> np.ndarray:
    """of_labels(the training labels of the same key) per test key, `fallback` for unknown ones."""
    known = set(train_keys)
    return np.array([of_labels(train_labels[train_keys == key]) if key in known else fallback for key in test_keys])


def _with_choice(of_labels):
    """Another choice among the labels of known content."""
    return lambda train_keys, train_labels, test_keys: _answers(
        train_keys, train_labels, test_keys, of_labels, most_common(train_labels)
    )


def _with_fallback(fallback):
    """Another answer for unknown content: fallback(train_keys, train_labels)."""
    return lambda train_keys, train_labels, test_keys: _answers(
        train_keys, train_labels, test_keys, most_common, fallback(train_keys, train_labels)
    )


def _largest_of_most_common(labels) -> int:
    return int(np.flatnonzero(np.bincount(labels) == np.bincount(labels).max())[-1])


def _first_of_most_common(labels) -> int:
    counts = np.bincount(labels)
    return next(int(label) for label in labels if counts[label] == counts.max())


def _most_common_content(train_keys, train_labels) -> int:
    names, counts = np.unique(train_keys, return_counts=True)
    return most_common(train_labels[train_keys == names[counts.argmax()]])


def _each_content_once(train_keys, train_labels) -> int:
    return most_common([most_common(train_labels[train_keys == key]) for key in np.unique(train_keys)])


def _always_the_most_common(train_keys, train_labels, test_keys):
    return np.full(len(test_keys), most_common(train_labels))


def _next_in_order(train_keys, train_labels, test_keys):
    names = np.unique(train_keys)
    place = np.searchsorted(names, test_keys).clip(max=len(names) - 1)
    return np.array([most_common(train_labels[train_keys == name]) for name in names[place]])


def _in_order_of_keys(train_keys, train_labels, test_keys):
    return solution(train_keys, train_labels, np.sort(test_keys))


def _unknown_left_out(train_keys, train_labels, test_keys):
    return solution(train_keys, train_labels, test_keys[np.isin(test_keys, train_keys)])


def _each_key_once(train_keys, train_labels, test_keys):
    return solution(train_keys, train_labels, np.unique(test_keys))


def _first_letters(train_keys, train_labels, test_keys):
    return solution(train_keys.astype("U1"), train_labels, test_keys.astype("U1"))


MISTAKES = (
    Mistake(
        "the last label wins",
        "A dictionary that is filled in a loop: what happens to the first label of a content that comes three times?",
        _with_choice(lambda labels: int(labels[-1])),
    ),
    Mistake(
        "the first label wins",
        "Content 'a' has three labels in training. How many of them do you look at?",
        _with_choice(lambda labels: int(labels[0])),
    ),
    Mistake(
        "ties go to the largest label",
        "Only ties differ. Which of two equally common labels does the task ask for?",
        _with_choice(_largest_of_most_common),
    ),
    Mistake(
        "ties go to the label seen first",
        "Only ties differ. Does your answer depend on the order of the files? Counter.most_common's does.",
        _with_choice(_first_of_most_common),
    ),
    Mistake(
        "the smallest label",
        "How often does each label occur? You answer with one that may have occurred once among many.",
        _with_choice(lambda labels: int(np.min(labels))),
    ),
    Mistake(
        "the mean of the labels",
        "Labels are names. What lies halfway between angry (0) and happy (2)?",
        _with_choice(lambda labels: int(np.floor(np.mean(labels) + 0.5))),
    ),
    Mistake(
        "the median of the labels",
        "Labels are names, and their order means nothing. Does your answer change if classes are numbered anew?",
        _with_choice(lambda labels: int(np.sort(labels)[len(labels) // 2])),
    ),
    Mistake(
        "-1 for unknown content",
        "An answer that is never right costs accuracy. What is the best guess about a file of which nothing is known?",
        _with_fallback(lambda keys, labels: -1),
    ),
    Mistake(
        "class 0 for unknown content",
        "Why class 0? What is the best guess about a file of which nothing is known?",
        _with_fallback(lambda keys, labels: 0),
    ),
    Mistake(
        "the last training label for unknown content",
        "Known content is right. Where does your answer for unknown content come from: does the loop leave it there?",
        _with_fallback(lambda keys, labels: int(labels[-1])),
    ),
    Mistake(
        "contents counted instead of files",
        "Known content is right. For unknown content, how many votes does a content have that was copied ten times?",
        _with_fallback(_each_content_once),
    ),
    Mistake(
        "unknown content takes the label of the most common content",
        "Known content is right. Which is most common: a file's content, or a label?",
        _with_fallback(_most_common_content),
    ),
    Mistake(
        "the same answer for all",
        "Which of the three arguments have you not used?",
        _always_the_most_common,
    ),
    Mistake(
        "unknown content takes its neighbor's label",
        "searchsorted says where a key would stand. How do you know that it is there?",
        _next_in_order,
    ),
    Mistake(
        "answers in the order of the keys",
        "The answers are right, and in another order than the questions. What has sorted them?",
        _in_order_of_keys,
    ),
    Mistake(
        "unknown content left out",
        "How many answers are asked for, how many are there? What would leaving questions out do to an accuracy?",
        _unknown_left_out,
    ),
    Mistake(
        "each test content answered once",
        "How many answers are asked for, how many are there? What if a test content comes twice?",
        _each_key_once,
    ),
    Mistake(
        "keys compared by their first letter",
        "When are two keys equal? Look at the dtype of the array you keep them in.",
        _first_letters,
    ),
)
