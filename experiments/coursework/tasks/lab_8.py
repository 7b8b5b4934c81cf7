"""Lab 8: a look-up table as a classifier: the cases that the check tries, and the known mistakes."""

import numpy as np

from experiments.coursework.checking.task import Case, Mistake, Task

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
        variant=variant,
        axes=("test file",),
        refused=("sklearn", "scipy", "torch", "tensorflow", "xgboost", "lightgbm"),
    )


def solution(train_keys, train_labels, test_keys):
    """Per test key, the most common label of the equal training keys, else of all; the smallest in a tie."""
    return variant()(train_keys, train_labels, test_keys)


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
    tied = {  # 1 is seen first, 2 is the largest
        "train_keys": np.array([*"fedcba"]),
        "train_labels": np.array([1, 2, 0, 2, 0, 1]),
        "test_keys": np.array(["z", "a", "y", "d"]),
    }
    return (
        Case("eight files, all keys known", few | {"test_keys": np.array(["a", "d", "b", "c"])}),
        Case("eight files, two keys unknown", few | {"test_keys": np.array(["e", "a", "0", "d", "b"])}),
        Case("a folder of copies", folder(240, 40, 6, 8, own_seed)),
        Case("every content under one label only", folder(60, 20, 4, 2, own_seed, contradictions=False)),
        Case("no test key known", unknown),
        Case("all labels equally common", tied),
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


def variant(choice=most_common, usual=None, fallback=None, asked=None, answers=None):
    """The solution with other parts.

    choice(labels) : of the labels of a known key; usual(labels) : of all labels, for unknown keys; fallback(keys,
    labels) : in its place; asked(test_keys, train_keys) -> the questions;
    answers(train_keys, train_labels, test_keys) : all of it, in the place of these
    """

    def function(train_keys, train_labels, test_keys):
        if answers is not None:
            return answers(train_keys, train_labels, test_keys)
        other = (usual or most_common)(train_labels) if fallback is None else fallback(train_keys, train_labels)
        questions, keys = test_keys if asked is None else asked(test_keys, train_keys), set(train_keys)
        return np.array([choice(train_labels[train_keys == key]) if key in keys else other for key in questions])

    return function


def largest_of_most_common(labels) -> int:
    return int(np.flatnonzero(np.bincount(labels) == np.bincount(labels).max())[-1])


def first_of_most_common(labels) -> int:
    counts = np.bincount(labels)
    return next(int(label) for label in labels if counts[label] == counts.max())


def last_of_most_common(labels) -> int:
    return first_of_most_common(labels[::-1])


def first_to_reach_the_most(labels) -> int:
    """The label that first had as many votes as the winner in the end, as a running maximum finds it."""
    counts, most = np.zeros(int(labels.max()) + 1, int), np.bincount(labels).max()
    for label in labels:
        counts[label] += 1
        if counts[label] == most:
            return int(label)
    raise ValueError


def rarest(labels) -> int:
    counts = np.bincount(labels)
    return int(np.flatnonzero(counts == counts[counts > 0].min())[0])


def most_common_content(train_keys, train_labels) -> int:
    names, counts = np.unique(train_keys, return_counts=True)
    return most_common(train_labels[train_keys == names[counts.argmax()]])


def each_content_once(train_keys, train_labels) -> int:
    return most_common([most_common(train_labels[train_keys == key]) for key in np.unique(train_keys)])


def next_in_order(train_keys, train_labels, test_keys):
    names = np.unique(train_keys)
    place = np.searchsorted(names, test_keys).clip(max=len(names) - 1)
    return np.array([most_common(train_labels[train_keys == name]) for name in names[place]])


def first_letters(train_keys, train_labels, test_keys):
    return solution(train_keys.astype("U1"), train_labels, test_keys.astype("U1"))


def all_but_the_last(train_keys, train_labels, test_keys):
    return solution(train_keys[:-1], train_labels[:-1], test_keys)


def known(name: str, hint: str, **parts) -> Mistake:
    return Mistake(name, hint, variant(**parts), parts)


THREE = "A dictionary that is filled in a loop: what happens to the first label of a content that comes three times?"
TIES = "Only ties differ. Which of two equally common labels does the task ask for?"
ORDER = "Only ties differ. Does your answer depend on the order of the files? Counter.most_common's does."
NAMES = "Labels are names, and their order means nothing. Does your answer change if classes are numbered anew?"
BEST = "What is the best guess about a file of which nothing is known?"
UNKNOWN = "Known content is right. Where does your answer for unknown content come from: does the loop leave it there?"
COUNT = "How many answers are asked for, how many are there?"
MISTAKES = (
    known("the last label wins", THREE, choice=lambda labels: int(labels[-1])),
    known(
        "the first label wins",
        "Content 'a' has three labels in training. How many of them do you look at?",
        choice=lambda labels: int(labels[0]),
    ),
    known("ties go to the largest label", TIES, choice=largest_of_most_common, usual=largest_of_most_common),
    known("ties of known content go to the largest label", TIES, choice=largest_of_most_common),
    known("ties of all labels go to the largest label", TIES, usual=largest_of_most_common),
    known("ties go to the label seen first", ORDER, choice=first_of_most_common, usual=first_of_most_common),
    known("ties of known content go to the label seen first", ORDER, choice=first_of_most_common),
    known("ties of all labels go to the label seen first", ORDER, usual=first_of_most_common),
    known("ties go to the label seen last", ORDER, choice=last_of_most_common, usual=last_of_most_common),
    known("ties of known content go to the label seen last", ORDER, choice=last_of_most_common),
    known("ties of known content go to the label that was ahead first", ORDER, choice=first_to_reach_the_most),
    known(
        "the smallest label",
        "How often does each label occur? You answer with one that may have occurred once among many.",
        choice=lambda labels: int(np.min(labels)),
    ),
    known("the largest label", "How often does each label occur?", choice=lambda labels: int(np.max(labels))),
    known("the rarest label", "How often does each label occur?", choice=rarest),
    known(
        "the mean of the labels",
        "Labels are names. What lies halfway between angry (0) and happy (2)?",
        choice=lambda labels: int(np.floor(np.mean(labels) + 0.5)),
    ),
    known(
        "the mean of the labels, not rounded",
        "Labels are names. What lies halfway between angry (0) and happy (2)?",
        choice=lambda labels: float(np.mean(labels)),
    ),
    known("the mean of the labels, cut off", NAMES, choice=lambda labels: int(np.mean(labels))),
    known("the median of the labels", NAMES, choice=lambda labels: int(np.sort(labels)[len(labels) // 2])),
    known(
        "how often the most common label occurs",
        COUNT + " What is a label?",
        choice=lambda labels: int(np.bincount(labels).max()),
    ),
    known(
        "-1 for unknown content",
        "An answer that is never right costs accuracy. " + BEST,
        fallback=lambda keys, labels: -1,
    ),
    known("class 0 for unknown content", "Why class 0? " + BEST, fallback=lambda keys, labels: 0),
    known("class 1 for unknown content", "Why class 1? " + BEST, fallback=lambda keys, labels: 1),
    known("NaN for unknown content", BEST, fallback=lambda keys, labels: float("nan")),
    known("the first training label for unknown content", BEST, fallback=lambda keys, labels: int(labels[0])),
    known("the last training label for unknown content", UNKNOWN, fallback=lambda keys, labels: int(labels[-1])),
    known("the largest label for unknown content", BEST, fallback=lambda keys, labels: int(labels.max())),
    known("the smallest label for unknown content", BEST, fallback=lambda keys, labels: int(labels.min())),
    known("the rarest label for unknown content", BEST, fallback=lambda keys, labels: rarest(labels)),
    known(
        "the mean label for unknown content", NAMES, fallback=lambda keys, labels: int(np.floor(np.mean(labels) + 0.5))
    ),
    known(
        "contents counted instead of files",
        "Known content is right. For unknown content, how many votes does a content have that was copied ten times?",
        fallback=each_content_once,
    ),
    known(
        "unknown content takes the label of the most common content",
        "Known content is right. Which is most common: a file's content, or a label?",
        fallback=most_common_content,
    ),
    known(
        "the same answer for all",
        "Which of the three arguments have you not used?",
        answers=lambda keys, labels, asked: np.full(len(asked), most_common(labels)),
    ),
    known(
        "unknown content takes its neighbor's label",
        "searchsorted says where a key would stand. How do you know that it is there?",
        answers=next_in_order,
    ),
    known(
        "the last training file left out", "Does your loop come to the last training file?", answers=all_but_the_last
    ),
    known(
        "answers in the order of the keys",
        "The answers are right, and in another order than the questions. What has sorted them?",
        asked=lambda test_keys, train_keys: np.sort(test_keys),
    ),
    known(
        "answers in reverse order",
        "The answers are right, and in another order than the questions.",
        asked=lambda test_keys, train_keys: test_keys[::-1],
    ),
    known(
        "unknown content left out",
        COUNT + " What would leaving questions out do to an accuracy?",
        asked=lambda test_keys, train_keys: test_keys[np.isin(test_keys, train_keys)],
    ),
    known(
        "each test content answered once",
        COUNT + " What if a test content comes twice?",
        asked=lambda test_keys, train_keys: np.unique(test_keys),
    ),
    known("answers for the training files", COUNT, asked=lambda test_keys, train_keys: train_keys),
    known(
        "keys compared by their first letter",
        "When are two keys equal? Look at the dtype of the array you keep them in.",
        answers=first_letters,
    ),
)
