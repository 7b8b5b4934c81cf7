"""Lab 8: from features to a classifier, and why the split decides what its accuracy means."""

# %% [markdown]
# # Lab 8: a classifier, and what its accuracy means
#
# `python -m experiments.coursework.labs.lab_8_classifier_and_splits`, from the repository root, or cell by cell. It
# needs NumPy, Numba, matplotlib, scikit-learn and tqdm.
#
# An accuracy is an answer, and the *split* into training and test files is the question. It may ask about "files like
# these", about "sentences that nobody has said before" or about "people whom nobody has heard before". If the test set
# shares more with the training set than new recordings will, the accuracy measures how well the classifier
# **remembers**.
#
# This lab tells two stories. The first is about *copies*. The folder of 1200 spectrogram images that a published
# training script loads contains **only 91 distinct images**, 29 of them under more than one emotion. Every emotion has
# its 200 files, the names and numbers are in order, and nothing looks wrong. In a random split, nearly every test image
# is also a training image. A **look-up table**, with no network at all, scores 78.8 % over 300 such splits; the
# published accuracy is 77.9 %. If all copies of an image are kept on the same side of the split, the paper's network
# performs at chance level on the same images.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from dsp.files.commands import exit_without
from experiments.coursework.labs.lab import begin, finish, play, plt, show

exit_without("sklearn", "tqdm", feature="lab 8", extra="train")
options, _ = begin(8)

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from experiments.data.corpora import CASIA_EMOTIONS
from experiments.data.leakage import ceiling, digests, lookup_table_accuracy
from experiments.data.splits import as_published, honest
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize


def logistic():
    """A linear classifier on z-scores, whose mean and deviation are those of its training data."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))


def support_vectors():
    """A classifier with curved boundaries, a support vector machine with Gaussian kernels, on z-scores, too."""
    return make_pipeline(StandardScaler(), SVC(C=10))


def accuracy(model, features, labels, split) -> float:
    return model.fit(features[split.train], labels[split.train]).score(features[split.test], labels[split.test])


# %% [markdown]
# ## A folder that remembers
#
# We invent such a folder: 91 contents of **pure noise**, 40 numbers each, drawn before any label exists. Each emotion
# gets 200 files, which are copies of its contents; as in the published folder, some contents are shared between fear
# and happy, between happy and sad, and between sad and surprise. The noise says nothing about any label. What accuracy
# can a classifier reach?

# %%
random = np.random.default_rng(8)
contents_of = {  # the contents of each emotion, out of 91: 14, 27, 28, 16, 27 and 13 of them
    "angry": range(0, 14),
    "neutral": range(14, 30),
    "fear": range(30, 57),
    "happy": [*range(52, 57), *range(57, 80)],
    "sad": [*range(66, 80), *range(78, 91)],
    "surprise": range(78, 91),
}
noise = random.standard_normal((91, 40))
content, labels = [], []
for label, emotion in enumerate(CASIA_EMOTIONS):
    own = np.array(contents_of[emotion])
    content += [*own, *random.choice(own, 200 - own.size)]  # each at least once
    labels += [label] * 200
labels, features = np.array(labels), noise[content]
keys = digests(features)  # equal content, equal key; the names do not count
print(f"{len(keys)} files, {len(set(keys))} distinct; no classifier can beat {ceiling(keys, labels):.1%}")

models = {
    "look-up table": None,
    "1 nearest neighbor": KNeighborsClassifier(1),
    "logistic regression": logistic(),
}
scores = {}
for name, model in models.items():
    for protocol, split_of in (
        ("files at random", lambda seed: as_published(labels, seed)),
        ("copies on one side", lambda seed: honest(labels, keys, seed).without_validation()),
    ):
        splits = [split_of(seed) for seed in range(5)]
        if model is None:
            accuracies = [lookup_table_accuracy(keys, labels, split) for split in splits]
        else:
            accuracies = [accuracy(model, features, labels, split) for split in splits]
        scores[name, protocol] = accuracies
        print(f"{name:<20} {protocol:<20} {np.mean(accuracies):6.1%}  ({min(accuracies):.1%} .. {max(accuracies):.1%})")

# %% [markdown]
# **Think.** (1) Where does the ceiling come from, and why is it not 100 %? (2) Why do the 1-nearest-neighbor classifier
# and the look-up table have similar scores, and why not the same? (3) With copies on one side, the look-up table knows
# no test file and gives one and the same answer to all of them. Why is it right *less* often than in 1 of 6 cases?
#
# **The tool for your own work:** before you train anything, hash what the network sees and count the hashes.
# `experiments/data/leakage.py` does this before every experiment in this repository.
#
# ## Speakers on both sides
#
# The second story needs no faulty folder. We use the synthetic corpus (tones and noise, which reveal something about
# splits and nothing about emotions), ten sentences by four voices, and the simplest features: the mean of 13 MFCC over
# the utterance. There are three questions: how well does the classifier do on unseen *files*, on unseen *sentences* and
# on unseen *speakers*? In each case, one part of the corpus is left out, the rest is used for training, and this is
# repeated for every part.

# %%
N_SENTENCES = 10
files = [
    (voice, sentence, emotion)
    for voice in VOICES
    for sentence in range(N_SENTENCES)
    for emotion in range(len(CASIA_EMOTIONS))
]
mfcc = [dsp.mfcc(synthesize(v, s, CASIA_EMOTIONS[e]), SAMPLE_RATE, "wang_cl") for v, s, e in files]
features = np.array([frames.mean(axis=1) for frames in mfcc])
emotion = np.array([e for *_, e in files])
speaker, sentence = np.array([v.name for v, *_ in files]), np.array([s for _, s, _ in files])
print(features.shape[1], "features of", len(files), "files")
for voice in VOICES[:2]:
    for name in ("angry", "sad"):
        play(synthesize(voice, 0, name), SAMPLE_RATE, f"lab_8_{voice.name}_{name}", options.out)


def left_out(groups, features=features, labels=emotion) -> list[float]:
    """The accuracy on each group after training on the others."""
    accuracies = []
    for group in np.unique(groups):
        inside = groups == group
        model = support_vectors().fit(features[~inside], labels[~inside])
        accuracies.append(model.score(features[inside], labels[inside]))
    return accuracies


anything = np.random.default_rng(0).permutation(len(files)) % N_SENTENCES  # ten random parts
by_protocol = {"unseen files": left_out(anything), "unseen sentences": left_out(sentence)}
by_protocol["unseen speakers"] = left_out(speaker)
for name, accuracies in by_protocol.items():
    print(f"{name:<18} {np.mean(accuracies):6.1%}   parts: " + " ".join(f"{value:.0%}" for value in accuracies))

print(f"the same features identify the speaker in {np.mean(left_out(anything, labels=speaker)):.1%} (chance 25 %)")
centered = features.copy()  # without what is constant in a speaker
for name in np.unique(speaker):
    centered[speaker == name] -= features[speaker == name].mean(axis=0)
print(f"unseen speakers, each voice's mean removed: {np.mean(left_out(speaker, centered)):.1%}")

# %% [markdown]
# Unseen sentences cost the classifier about five points. Unseen speakers cost it more than twenty: the features tell
# who is speaking nearly as well as how, so for an unseen voice all its boundaries are shifted. Subtracting each
# speaker's mean brings half of the loss back, but it needs several utterances of a speaker before the first can be
# judged.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
positions = np.arange(len(models))
for shift, protocol, color in ((-0.2, "files at random", "#d95319"), (0.2, "copies on one side", "#0072bd")):
    means = [100 * np.mean(scores[name, protocol]) for name in models]
    left.bar(positions + shift, means, 0.38, color=color, label=protocol)
    for position, value in zip(positions, means, strict=True):
        left.text(position + shift, max(value, 16) + 1.5, f"{value:.0f}", ha="center", fontsize=9)
left.axhline(100 / 6, color="k", linestyle=":", linewidth=1, label="chance")
left.set_xticks(positions, list(models))
left.set(ylabel="Accuracy (%)", ylim=(0, 100), title="1200 files of noise, 91 distinct contents")
left.legend(frameon=False, loc="upper right")
for k, accuracies in enumerate(by_protocol.values()):
    right.bar(k, 100 * np.mean(accuracies), 0.55, color="0.85")
    across = np.linspace(-0.2, 0.2, len(accuracies))
    right.plot(k + across, np.multiply(accuracies, 100), "o", color="#0072bd", markersize=4)
    right.text(k + 0.3, 100 * np.mean(accuracies), f"{100 * np.mean(accuracies):.0f}", va="center", fontsize=9)
right.axhline(100 / 6, color="k", linestyle=":", linewidth=1)
right.set_xticks(range(3), list(by_protocol))
right.set(
    ylabel="Accuracy (%)", xlim=(-0.5, 2.6), ylim=(0, 104), title="240 synthetic files: mean and each part left out"
)
show(figure, "lab_8_splits", options.out)

# %% [markdown]
# **Think.** (4) On the right, each voice is one dot above "unseen speakers". With four speakers, how certain is the
# mean? (5) All 240 files are distinct. Is the look-up table of any use as an audit here? What else must be kept on one
# side? (6) `support_vectors()` takes mean and deviation from its training part. What changes if you standardize all
# files first, and why is it wrong even if nothing changes? (7) A paper trains for 100 epochs and reports the best test
# accuracy. Which set is missing?

# %% [markdown]
# ## Your function
#
# Copy `experiments/coursework/student/lab_8.py` and write `lookup_labels(train_keys, train_labels, test_keys)`: the
# answers of a table that remembers. A key is a string, equal for equal contents; a label is an integer, 0 or more. For
# each test key, return the most common label of the training files with that key. If several labels are equally common,
# return the smallest of them. For a key that training never saw, return the most common label of all training files,
# again the smallest if there are several.
#
# This table is the first baseline that a new corpus deserves: if it beats chance in your split, no other accuracy in
# that split means much. Before you check, try one content under two labels, and a test file that training never saw.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(8, options.file, options.profile)
