"""The leakage audit: what the sides of a split share, stated before any training.

Contents (pixels or samples) are compared by hash, never by file name.
"""

import hashlib
from dataclasses import replace

import numpy as np

from experiments.data.corpora import Corpus
from experiments.data.splits import Split, as_published

KNOWN_CONTENT = {  # fingerprints of published files: only results on this content are stored under these names
    "f91f3753f8ce4c5f": "casia",  # the 1200 recordings, as samples
    "1d7c4a6b88ce1d9f": "casia",  # the same, as spectrogram images
    "4cfe86b31500ff8d": "casia_author_images",  # the folder that the CASIA paper's training script loads
    "3d1b9fdd3bfa583f": "emodb",
    "53adb6ac83e6db29": "ravdess",
}


def digests(contents) -> np.ndarray:
    """A short hash of each example's content; equal contents have equal hashes.

    contents : (n, ...) array, or n arrays of any lengths
    """
    return np.array([hashlib.sha256(np.ascontiguousarray(content).tobytes()).hexdigest()[:16] for content in contents])


def fingerprint(corpus: Corpus, content: np.ndarray) -> str:
    """Sixteen hex digits that identify all contents and labels in their order; `content` comes from digests."""
    listing = "".join(f"{label} {item}\n" for label, item in zip(corpus.labels, content, strict=True))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def verified_name(corpus: Corpus, content) -> Corpus:
    """The corpus, named by its content: "casia" with other recordings becomes "casia_altered".

    A corpus with another name keeps it, unless its content is known.

    Checked: tests/test_audit_finds_what_is_there.py
    """
    other = f"{corpus.name}_altered" if corpus.name in KNOWN_CONTENT.values() else corpus.name
    return replace(corpus, name=KNOWN_CONTENT.get(fingerprint(corpus, content), other))


def lookup_table_accuracy(content, labels, split: Split) -> float:
    """Accuracy of a look-up table: it answers with the most common label that the same content has in training.

    Content that does not occur in training gets the most common label of the training set. Among equally common labels
    the first in class order counts.
    """
    content, labels = np.asarray(content), np.asarray(labels)
    seen, known = content[split.train], labels[split.train]
    fallback = np.bincount(known).argmax()
    table = {key: np.bincount(known[seen == key]).argmax() for key in set(seen)}
    guesses = np.array([table.get(key, fallback) for key in content[split.test]])
    return float(np.mean(guesses == labels[split.test]))


def ceiling(content, labels) -> float:
    """The highest accuracy that any function of the content can reach on all examples."""
    content, labels = np.asarray(content), np.asarray(labels)
    return float(sum(np.bincount(labels[content == key]).max() for key in set(content)) / labels.size)


def audit_corpus(corpus: Corpus, content) -> dict:
    """Copies in a corpus: the number of distinct contents, and of contents with several labels.

    The accuracy of the look-up table is given as mean and standard deviation over 300 random splits by file.

    Checked: tests/test_audit_finds_what_is_there.py
    """
    content, labels = np.asarray(content), corpus.labels
    labels_of = {key: np.unique(labels[content == key]) for key in set(content)}
    tables = [lookup_table_accuracy(content, labels, as_published(labels, seed)) for seed in range(300)]
    return {
        "files": len(corpus),
        "distinct": len(labels_of),
        "distinct_per_class": {name: len(set(content[labels == i])) for i, name in enumerate(corpus.classes)},
        "under_several_labels": sum(len(several) > 1 for several in labels_of.values()),
        "ceiling": round(ceiling(content, labels), 4),
        "lookup_table_mean": round(float(np.mean(tables)), 4),
        "lookup_table_sd": round(float(np.std(tables, ddof=1)), 4),
    }


def audit_split(corpus: Corpus, content, split: Split, inputs=None) -> dict:
    """What the sides of one split share.

    test_copies_in_training : share of test examples whose exact content is in the training set
    validation_copies_in_training, test_copies_in_validation : the same for the other pairs; None without validation
    test_inputs_in_training : share of test examples whose network input equals that of a training example, even if
        the samples differ; None without `inputs`
    lookup_table            : accuracy of the look-up table on this test set
    shared_speakers, shared_sentences, shared_takes : share of test examples whose speaker / sentence / take (same
        speaker, words, emotion and intensity) is in the training set; None if unknown

    inputs : one value per example, equal for equal network inputs (digests of the inputs)

    Checked: tests/test_audit_finds_what_is_there.py
    """
    content, selecting = np.asarray(content), len(split.validation) > 0
    return {
        "train": len(split.train),
        "validation": len(split.validation),
        "test": len(split.test),
        "test_copies_in_training": _share_seen(content, split.test, split.train),
        "validation_copies_in_training": _share_seen(content, split.validation, split.train) if selecting else None,
        "test_copies_in_validation": _share_seen(content, split.test, split.validation) if selecting else None,
        "test_inputs_in_training": _share_seen(inputs, split.test, split.train),
        "lookup_table": round(lookup_table_accuracy(content, corpus.labels, split), 4),
        "shared_speakers": _share_seen(corpus.speakers, split.test, split.train),
        "shared_sentences": _share_seen(corpus.sentences, split.test, split.train),
        "shared_takes": _share_seen(corpus.takes, split.test, split.train),
    }


def split_hashes(content, split: Split) -> dict[str, str]:
    """A short hash per side, of its files' contents in order; equal sides have equal hashes.

    Checked: tests/test_audit_finds_what_is_there.py
    """
    content = np.asarray(content)
    sides = {"train": split.train, "validation": split.validation, "test": split.test}
    return {
        name: hashlib.sha256("\n".join(map(str, content[side])).encode()).hexdigest()[:16]
        for name, side in sides.items()
    }


def _share_seen(values, asked: np.ndarray, known: np.ndarray) -> float | None:
    """The share of the examples `asked` whose value occurs among the examples `known`; None without values."""
    if values is None:
        return None
    return round(float(np.isin(values[asked], values[known]).mean()), 4)


def describe(corpus: Corpus, report: dict) -> str:
    """The audit of a corpus as a few lines of text."""
    copies = report["files"] - report["distinct"]
    lines = [f"leakage audit of {corpus.name}: {report['files']} files, {report['distinct']} distinct"]
    if copies:
        per_class = ", ".join(f"{name} {count}" for name, count in report["distinct_per_class"].items())
        lines += [
            f"  {copies} files are copies of another; distinct per class: {per_class}",
            f"  {report['under_several_labels']} contents have more than one label: "
            f"no classifier can exceed {report['ceiling']:.1%}",
            f"  a look-up table without a network scores {report['lookup_table_mean']:.1%} "
            f"+- {report['lookup_table_sd']:.1%} over 300 random splits",
        ]
    if corpus.speakers is not None:
        known, same = f"{len(set(corpus.speakers))} speakers", "voices"
        if corpus.sentences is not None:
            known, same = f"{known}, {len(set(corpus.sentences))} sentences", "voices and sentences"
        lines.append(f"  {known}: a random split has the same {same} on both sides")
    return "\n".join(lines)
