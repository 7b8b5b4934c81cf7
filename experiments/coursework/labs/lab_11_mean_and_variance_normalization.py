"""Lab 11: cepstral mean and variance normalization: what it removes, what it needs, and what it cannot do."""

# %% [markdown]
# # Lab 11: cepstral mean and variance normalization
#
# `python -m experiments.coursework.labs.lab_11_mean_and_variance_normalization`, from the root of the repository, or
# cell by cell. It needs NumPy, Numba and matplotlib. Lab 5 comes before it.
#
# The same sentence through another microphone, in another room or by a louder voice gives other MFCC. Much of the
# difference is an *offset* or a *factor* of each coefficient that lasts for the whole sentence. Statistics of the
# sentence remove both. With $T$ frames,
#
# $$ m_k = \frac 1 T \sum_t x_k[t], \qquad s_k^2 = \frac 1 T \sum_t (x_k[t] - m_k)^2, \qquad
#    y_k[t] = \frac{x_k[t] - m_k}{s_k} . $$
#
# Subtracting the mean alone is **CMN**; dividing by the standard deviation as well is **CMVN**. A coefficient that does
# not change at all has $s_k = 0$; its normalized values are 0.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.labs.lab import BLUE, GRAY, GREEN, ORANGE, begin, finish, play, plt, show
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize

options, profile = begin(11)
course = convention_of(profile)
spoken = synthesize(VOICES[0], 3, "neutral")  # tones and noise through moving resonances, made here
random = np.random.default_rng(11)
heard = {
    "at the microphone": spoken,
    "half as loud": 0.5 * spoken,
    "by telephone": dsp.preemphasis(spoken, 0.9),  # a filter: fewer low frequencies
    "in a noisy room": spoken + 0.003 * random.standard_normal(spoken.size),
}
mfcc = {name: dsp.mfcc(signal, SAMPLE_RATE, course) for name, signal in heard.items()}
for name, signal in heard.items():
    play(signal, SAMPLE_RATE, f"lab_11_{name.replace(' ', '_')}", options.out)

# %% [markdown]
# ## 1. What it removes
#
# A gain multiplies the spectrum, so it adds the same number to the logarithm of every band; the DCT puts that number
# into $c_0$ alone. A filter that stays the same adds a fixed vector to all coefficients. CMN removes both.
#
# **Noise** is different. It fills the pauses and covers soft sounds, so the coefficients move less. CMVN gives them
# their usual deviation back, and a classifier that was trained on quiet speech sees values of the size that it knows.
# But what the noise has covered stays covered: in the table, no normalization makes up for it.

# %%
reference = mfcc["at the microphone"]
print(f"{'relative difference to the microphone':<40}{'MFCC':>8}{'CMN':>8}{'CMVN':>8}")
for name, features in mfcc.items():
    row = [
        np.linalg.norm(g(features) - g(reference)) / np.linalg.norm(g(reference)) for g in (np.copy, dsp.cmn, dsp.cmvn)
    ]
    print(f"{name:<40}" + "".join(f"{value:8.3f}" for value in row))
spread = mfcc["in a noisy room"].std(axis=1) / reference.std(axis=1)
print("deviation in noise, relative to the microphone: c0", f"{spread[0]:.2f}, c1 {spread[1]:.2f}, c2 {spread[2]:.2f}")

figure, panels = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
time_s = np.arange(reference.shape[1]) * profile.hop_ms / 1000
styles = ((BLUE, "-", 3.5), ("black", "--", 1), (ORANGE, "-", 1.2), (GREEN, "-", 1.2))
for axes, title, change in zip(panels, ("MFCC", "CMN", "CMVN"), (np.copy, dsp.cmn, dsp.cmvn), strict=True):
    for (name, features), (color, line, width) in zip(mfcc.items(), styles, strict=True):
        axes.plot(time_s, change(features)[1], line, color=color, linewidth=width, label=name)
    axes.set(xlabel="Time (s)", ylabel="c1" if title != "CMVN" else "c1 (deviations)", title=f"c1: {title}")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
show(figure, "lab_11_four_recordings", options.out)

# %% [markdown]
# ## 2. What it needs: enough of the sentence
#
# The mean of a few frames is the mean of a few *sounds*. A system that answers while you speak cannot wait for the end
# of the sentence; it uses the mean so far, or of the last seconds (Kaldi: a window of 600 frames). The figure shows how
# far the mean of a short piece is from the mean of the long recording that it is taken from, in units of the deviation:
# the root mean square over all pieces of that length and all coefficients.

# %%
long = np.concatenate([dsp.mfcc(synthesize(VOICES[0], s, "neutral"), SAMPLE_RATE, course) for s in range(12)], axis=1)
z = (long - long.mean(axis=1, keepdims=True)) / long.std(axis=1, keepdims=True)
sums = np.cumsum(np.pad(z, ((0, 0), (1, 0))), axis=1)
frames = np.arange(1, long.shape[1] // 3)
away = np.array([np.sqrt(np.mean(((sums[:, T:] - sums[:, :-T]) / T) ** 2)) for T in frames])
figure, axes = plt.subplots(figsize=(8.5, 3.8), layout="constrained")
axes.loglog(frames * profile.hop_ms / 1000, away, color=BLUE, label="all coefficients, rms")
axes.loglog(
    frames * profile.hop_ms / 1000, 1 / np.sqrt(frames), ":", color=GRAY, label="independent frames: $1 / \\sqrt{T}$"
)
axes.set(xlabel="Length of the piece (s)", ylabel="Error of the mean (deviations)", ylim=(1e-2, 3))
axes.set_title("How long it takes to know the mean of a voice")
axes.legend()
show(figure, "lab_11_length", options.out)
seconds = [0.1, 1, 5]
errors = [away[round(1000 * second / profile.hop_ms) - 1] for second in seconds]
print("error of the mean after", ", ".join(f"{t} s: {e:.2f}" for t, e in zip(seconds, errors, strict=True)))

# %% [markdown]
# Neighboring frames are alike, so the error falls much later than $1 / \sqrt T$ promises. On a word of half a second,
# the mean removes the word along with the microphone.
#
# ## Questions
#
# 1. What is the sum of the squares of one row after CMVN, if there are $T$ frames? What would it be with $T - 1$ in the
#    place of $T$ in the formula of $s_k^2$? By how many percent do the results of the two formulas differ for $T =
#    100$?
# 2. What does CMVN make of a sentence of one frame? And CMN?
# 3. Which of these disappear after CMN, and which after CMVN: samples of 16 bits instead of $-1 \dots 1$, decibels
#    instead of natural logarithms, a lifter, pre-emphasis, another number of mel bands?
# 4. A file ends in two seconds of silence. What happens to the normalized values of the speech in it? Why do tools
#    detect speech first, or compute $m_k$ and $s_k$ from the loud frames alone?
# 5. You normalize each *speaker* instead of each sentence. What do you need for that, and what can a classifier of
#    emotions then still see that it could not see before? (Lab 8 measures it.)
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_11.py` and write `cmvn(features, variance)`: subtract the mean of every row
# and, if `variance` is true, divide by the standard deviation with $T$ (not $T - 1$) in its formula. A row whose values
# are all equal becomes 0. The result is float64, even for integers. Before you check, look at the mean and the mean
# square of every row of your result.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(11, options.file, options.profile)
