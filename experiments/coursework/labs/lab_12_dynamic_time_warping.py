"""Lab 12: dynamic time warping: comparing two words that are spoken at different speeds."""

# %% [markdown]
# # Lab 12: dynamic time warping of two words
#
# `python -m experiments.coursework.labs.lab_12_dynamic_time_warping`, from the root of the repository, or cell by cell.
# It needs NumPy, Numba and matplotlib. Lab 5 comes before it.
#
# Before there were neural networks, recognizers of single words compared the features of a new word with stored
# examples (Sakoe & Chiba 1978; KTH's course DT2119 still begins with it). Nobody says a word twice at the same speed,
# so the two matrices have different numbers of columns. **Dynamic time warping** finds the alignment that fits best.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.alignment import cheapest_path
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.labs.lab import ORANGE, begin, finish, play, plt, show
from experiments.coursework.labs.vowels import SAMPLE_RATE, word

options, profile = begin(12)
course = convention_of(profile)
spoken = {}  # two words by two voices, each fast and slow: vowels that glide into each other
for letters in ("aio", "aeo"):
    for voice, pitch, tract in (("man", 115, 1.0), ("woman", 205, 1.16)):
        for speed, durations_s in (("fast", (0.15, 0.15, 0.2)), ("slow", (0.4, 0.15, 0.3))):
            name = f"{letters}, {voice}, {speed}"
            spoken[name] = word(letters, durations_s, pitch, tract)
            play(spoken[name], SAMPLE_RATE, f"lab_12_{name.replace(', ', '_')}", options.out)
mfcc = {name: dsp.mfcc(signal, SAMPLE_RATE, course) for name, signal in spoken.items()}
for name, features in mfcc.items():
    print(f"{name:<18} {features.shape[1]:3d} frames")

# %% [markdown]
# ## 1. Local distances
#
# With features $x$ of $N$ frames and $y$ of $M$ frames, first compare every frame with every other,
#
# $$ d[i, j] = \sqrt{\sum_k (x_k[i] - y_k[j])^2}, \qquad i = 0 \dots N-1, \quad j = 0 \dots M-1 . $$
#
# An alignment is a *path* through this matrix from the first cell, $(0, 0)$, to the last, $(N-1, M-1)$, that moves down
# (another frame of $x$), right (another frame of $y$) or both, always by one. Its cost is the sum of all $d$ on its
# way. If the words are the same, there is a valley of small distances, and the cheapest path runs along it.
#
# ## 2. Accumulated costs
#
# There are far too many paths to try them all. But the cheapest path to a cell comes from one of only three cells, so
# the cheapest costs $A$ can be computed cell by cell (*dynamic programming*, Bellman):
#
# $$ A[i, j] = d[i, j] + \min \left( A[i-1, j], \; A[i, j-1], \; A[i-1, j-1] \right), \qquad A[0, 0] = d[0, 0] . $$
#
# Cells outside the matrix do not count: in the first row only the step from the left is possible, in the first column
# only the step from above. $A[N-1, M-1]$ is the cost of the best alignment. The path itself is found backwards: from
# the last cell, go to whichever of the three has the smallest $A$.
#
# A long word has a long path, and a long path costs more. Dividing by $N + M$ makes words of different lengths
# comparable:
#
# $$ D(x, y) = \frac{A[N-1, M-1]}{N + M} . $$


# %%
def local_distances(x, y) -> np.ndarray:
    return np.sqrt(np.sum((x[:, :, None] - y[:, None, :]) ** 2, axis=0))


first, second, third = "aio, man, fast", "aio, man, slow", "aeo, man, slow"
compared = {other: local_distances(mfcc[first], mfcc[other]) for other in (second, third)}
largest = max(d.max() for d in compared.values())
figure, panels = plt.subplots(2, 2, figsize=(11.5, 7), layout="constrained")
for (left, right), (other, d) in zip(panels, compared.items(), strict=True):
    costs, path = cheapest_path(d)
    rows, columns = np.transpose(path)
    drawn = left.imshow(d, origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=largest)
    figure.colorbar(drawn, ax=left, label="d[i, j]")
    left.set(title=f"Distances: {first} / {other}")
    drawn = right.imshow(costs, origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=45 * largest)
    figure.colorbar(drawn, ax=right, label="A[i, j]")
    right.set(title=f"Costs: D = {costs[-1, -1] / sum(d.shape):.1f}, a path of {len(path)} cells")
    for axes in (left, right):
        axes.plot(columns, rows, color=ORANGE, linewidth=2)
        axes.set(xlabel=f"Frame of {other}", ylabel=f"Frame of {first}")
show(figure, "lab_12_paths", options.out)

# %% [markdown]
# ## 3. Which word was it?
#
# Is warping worth the trouble? The simpler way is to stretch the shorter word *evenly*, which is a straight path from
# corner to corner. Compare the two ways on all pairs of our eight recordings.


# %%
def even(d) -> float:
    """The cost of the straight path over N + M."""
    steps = max(d.shape)
    i, j = (np.round(np.linspace(0, n - 1, steps)).astype(int) for n in d.shape)
    return d[i, j].sum() / sum(d.shape)


def warped(d) -> float:
    return cheapest_path(d)[0][-1, -1] / sum(d.shape)


names = list(mfcc)
distances = {
    title: np.array([[way(local_distances(mfcc[a], mfcc[b])) for b in names] for a in names])
    for title, way in (("stretched evenly", even), ("dynamic time warping", warped))
}
largest = max(D.max() for D in distances.values())
figure, panels = plt.subplots(1, 2, figsize=(13, 5.4), layout="constrained")
for axes, (title, D) in zip(panels, distances.items(), strict=True):
    drawn = axes.imshow(D, cmap="magma_r", vmin=0, vmax=largest)
    for i, j in np.ndindex(*D.shape):
        axes.text(
            j,
            i,
            f"{D[i, j]:.0f}",
            ha="center",
            va="center",
            size=8,
            color="white" if D[i, j] > largest / 2 else "black",
        )
    axes.set_xticks(range(8), names, rotation=40, ha="right", size=8)
    axes.set_yticks(range(8), names if axes is panels[0] else [""] * 8, size=8)
    axes.set(title=f"D: {title}", xlabel="Recording", ylabel="Recording" if axes is panels[0] else "")
figure.colorbar(drawn, ax=panels, label="Distance D")
show(figure, "lab_12_all_pairs", options.out)

letters, voices, _ = np.transpose([name.split(", ") for name in names])
allowed = (voices[:, None] == voices) & ~np.eye(8, dtype=bool)  # another recording of the same voice
for title, D in distances.items():
    nearest = np.where(allowed, D, np.inf).argmin(axis=1)
    right = np.count_nonzero(letters[nearest] == letters)
    print(f"{title}: the nearest recording of the same voice is the same word for {right} of 8 recordings")

# %% [markdown]
# ## Questions
#
# 1. What does a word cost against itself, and along which path?
# 2. How many cells has the shortest path from $(0, 0)$ to $(N-1, M-1)$, and how many the longest?
# 3. Stretched evenly, the fast [aio] of the man is closer to his fast [aeo] than to his slow [aio]. By how much, and
#    what becomes of the two distances with warping?
# 4. In the second figure, which matters more, the word or the voice? What would you change in the features so that the
#    word matters more?
# 5. The recursion charges a diagonal step for one cell and a step down plus a step right for two. Sakoe and Chiba
#    therefore counted the diagonal cell twice. Which paths does each rule prefer, and with which rule is the divisor
#    $N + M$ exactly the sum of the weights on every path (apart from the first cell)?
# 6. The costs grow with $N \cdot M$. If no path may be further than $r$ frames from the diagonal, how many cells remain
#    for two words of $N$ frames, about?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_12.py` and write `dtw(x, y)` for two matrices whose columns are frames.
# Return the whole matrix $A / (N + M)$, with one row per frame of `x` and one column per frame of `y`; its last value
# is $D(x, y)$. Two loops are fast enough. Before you check, compute `0 1 3 3` against `0 3 4` (one coefficient per
# frame) by hand.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(12, options.file, options.profile)
