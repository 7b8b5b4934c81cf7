"""Lab 6: how features move (deltas), and what normalization removes and therefore hides."""

# %% [markdown]
# # Lab 6: deltas and normalization
#
# `python -m experiments.coursework.labs.lab_6_deltas_and_normalization`, from the repository root, or cell by cell. It
# needs NumPy, Numba and matplotlib.
#
# One frame is a photograph. Its **delta** shows the movement: the slope of the line that best fits the $2M + 1$ frames
# around $t$. Minimize $\sum_{n=-M}^{M} (x[t+n] - a - b n)^2$ over $a$ and $b$. Because $\sum n = 0$, the best slope $b$
# is
#
# $$ d[t] = \frac{\sum_{n=-M}^{M} n\, x[t+n]}{\sum_{n=-M}^{M} n^2}
#         = \frac{\sum_{n=1}^{M} n\, (x[t+n] - x[t-n])}{2 \sum_{n=1}^{M} n^2} $$
#
# HTK calls this the regression formula, others a Savitzky-Golay filter of degree 1. A ramp of slope 1 must give 1,
# which is the shortest possible test. The delta is a difference, so it shows changes; it is also an average, so it does
# not follow every jitter. The *width* is the number of frames, $2M + 1$.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

from dataclasses import replace

import numpy as np

import dsp
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.labs.lab import begin, finish, play, plt, show
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize

options, profile = begin(6)

course = convention_of(profile)
spoken = synthesize(VOICES[0], 1, "neutral")  # tones and noise through moving resonances, made here
mfcc = dsp.mfcc(spoken, SAMPLE_RATE, course)
ramp = np.arange(20.0)
print("slope of a ramp, width 5:", dsp.delta(ramp, 5, edges="replicate").round(3))

# %% [markdown]
# ## What tools do differently
#
# | tool | middle | before the first and after the last frame |
# |---|---|---|
# | HTK, Kaldi, torchaudio, python_speech_features, openSMILE | the formula | first and last frame repeated |
# | librosa | the formula, width 9 | the line fitted to the outermost 9 frames (`mode="interp"`) |
# | spafe | **not divided**: a ramp gives 60 at width 9; along *coefficients* unless transposed | repeated |
# | MATLAB `audioDelta`, by its documentation | **delayed** by $M$ frames and **twice as large** | zeros before |
#
# Moreover, python_speech_features gives integers for a matrix of integers: it truncates the fractions.
#
# The figure shows three of these deltas for one coefficient. The treatment of the ends changes at most eight frames,
# four at either end. A delay or a factor changes every frame, and no classifier will ever complain about either.

# %%
n = np.arange(-4, 5)
c1, frames = mfcc[1], np.arange(mfcc.shape[1])
repeated = dsp.delta(c1, 9, edges="replicate")
causal = np.array([2 * n / np.sum(n**2) @ np.concatenate([np.zeros(8), c1])[t : t + 9] for t in frames])
figure, (upper, lower) = plt.subplots(2, 1, figsize=(10, 5.4), sharex=True, layout="constrained")
upper.plot(c1, color="0.3")
upper.set(ylabel="c1", title="The coefficient c1 of a synthetic sentence")
lower.set_title("Its delta over 9 frames, in three tools")
lower.plot(repeated, color="#0072bd", linewidth=2.5, label="formula, ends repeated (HTK, Kaldi)")
lower.plot(dsp.delta(c1, 9, edges="interp"), "--", color="#d95319", label="fitted line at the ends (librosa)")
lower.plot(causal, color="#77ac30", linewidth=1, label="4 frames late, twice as large (audioDelta)")
lower.set(xlabel="Frame (10 ms)", ylabel="Delta of c1 (per frame)", ylim=(-34, 24))
lower.legend(frameon=False, ncols=3, loc="lower center", fontsize=9)
show(figure, "lab_6_deltas", options.out)
print("spafe's factor at width 9:", np.sum(n**2))

# %% [markdown]
# ## A delta is a filter
#
# The formula gives each frame a fixed weight, so it is a filter whose input is the sequence of one coefficient, here
# 100 values per second. Put in $x[t] = e^{2 \pi i f t / 100}$: the frames at $+n$ and $-n$ together contribute $2i\,n
# \sin(2 \pi f n / 100)$, and the 2 cancels against the one in the denominator, so that
#
# $$ H(f) = i \, \frac{\sum_{n=1}^{M} n \sin(2 \pi f n / 100)}{\sum_{n=1}^{M} n^2} . $$
#
# At low *modulation frequencies* $f$, where $\sin x \approx x$, this is the derivative, $2 \pi i f / 100$. Syllables
# come 3 to 8 times per second.
#
# A **delta-delta** is either the delta of the delta (HTK, torchaudio, python_speech_features: two slopes in turn, 17
# frames for width 9) or the second derivative of a fitted *parabola* (librosa's `order=2`: 9 frames). These are two
# different filters: they agree on parabolas and differ elsewhere, by far more than rounding errors. openSMILE repeats
# the outermost frames before each of the two slopes; VOICEBOX computes $(d[t+1] - d[t-1])/2$ from the delta.

# %%
impulse = np.eye(1, 41, 20)[0]
kernels = {
    "delta of delta (HTK)": dsp.delta(dsp.delta(impulse, 9), 9),
    "curvature (librosa)": dsp.delta(impulse, 9, order=2),
}
f = np.linspace(0, 50, 500)
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.6), layout="constrained")
left.set_title("Magnitude response of the delta")
left.plot(f, 2 * np.pi * f / 100, color="0.7", linestyle="--", label="the derivative itself")
for width, color in ((3, "#edb120"), (5, "#d95319"), (9, "#0072bd")):
    m = np.arange(1, width // 2 + 1)
    H = 1j * (m @ np.sin(2 * np.pi * np.outer(m, f) / 100)) / np.sum(m**2)
    left.plot(f, np.abs(H), color=color, label=f"width {width}")
left.axvspan(3, 8, color="0.92", linewidth=0)
left.text(5.5, 1.42, "syllables", ha="center", color="0.35", fontsize=9)
left.set(xlabel="Modulation frequency (Hz)", ylabel="|H(f)| (per frame)", ylim=(0, 1.5))
left.legend(frameon=False, fontsize=9)
for (name, kernel), color in zip(kernels.items(), ("#0072bd", "#d95319"), strict=True):
    right.plot(np.arange(-20, 21), kernel, "o-", markersize=3, color=color, label=name)
right.set(xlabel="Frame, relative to t", ylabel="Weight", xlim=(-12, 12), title="Two delta-deltas of width 9")
right.legend(frameon=False, fontsize=9, loc="lower right")
show(figure, "lab_6_filters", options.out)
second = dsp.delta(dsp.delta(mfcc, 9), 9), dsp.delta(mfcc, 9, order=2)
away = np.linalg.norm(second[0] - second[1]) / np.linalg.norm(second[0])
print(f"the two delta-deltas of this sentence differ by {away:.0%}")

# %% [markdown]
# **Think.** (1) Read from the figure: at which modulation frequencies is a delta of width 9 deaf, and what is the
# largest frequency at which a delta of width 3 still follows the derivative to within 10 %? (2) Which width would you
# choose for a hop of 5 ms? (3) A paper says "MFCC with deltas and delta-deltas". Which four things must you ask before
# you can compute them?
#
# ## Normalization
#
# A microphone or a telephone line is a filter $h$. It multiplies the spectrum, $|Y| = |X| |H|$, so it adds to the
# logarithm, $\ln |Y| = \ln |X| + \ln |H|$, and because the DCT is linear, $c_Y[t] = c_X[t] + c_H$. The added $c_H$ is
# **a constant**, the same in every frame, as long as the window is longer than $h$ and $H$ hardly changes within a
# band. Cepstral mean normalization (CMN) removes it together with the mean over the sentence; CMVN also divides by the
# standard deviation:
#
# $$ y_k[t] = \frac{x_k[t] - \overline{x_k}}{s_k} $$

# %%
line = 0.2 * dsp.preemphasis(spoken, 0.9)  # a thin, quiet telephone: a lower level, fewer low frequencies
play(spoken, SAMPLE_RATE, "lab_6_microphone", options.out)
play(line, SAMPLE_RATE, "lab_6_telephone", options.out)
clean, distorted = mfcc, dsp.mfcc(line, SAMPLE_RATE, course)
figure, panels = plt.subplots(1, 3, figsize=(12, 3.4), sharex=True, layout="constrained")
for axes, name, change in zip(panels, ("MFCC", "CMN", "CMVN"), (np.copy, dsp.cmn, dsp.cmvn), strict=True):
    before, after = change(clean), change(distorted)
    axes.plot(before[1], color="#0072bd", label="microphone")
    axes.plot(after[1], color="#d95319", linewidth=1, label="telephone")
    away = np.linalg.norm(after - before) / np.linalg.norm(before)
    axes.set(title=f"{name}: difference {away:.0%} over all rows", xlabel="Frame (10 ms)", ylabel="c1")
panels[0].legend(frameon=False, loc="lower center")
show(figure, "lab_6_channel", options.out)

# %% [markdown]
# ## What it hides
#
# Whatever is constant over the sentence is gone, wanted or not. One example is the level of a voice: loud and soft
# speech become more alike, which helps speech recognition but may harm emotion recognition. Another is the long-term
# spectrum of the speaker.
#
# Moreover, **whole conventions disappear**: a fixed gain or offset of a row cannot be seen after CMVN. Two feature sets
# that agree after CMVN need not be the same features, so compare tools before this step.

# %%
changes = {
    "16-bit samples": {"scale": 32768.0, "floor": 1e-10 * 32768**2},
    "power divided by n_fft": {"spectrum_norm": "n_fft", "floor": 1e-10 / 512},
    "decibels instead of ln": {"log": "10 log10"},
    "HTK's c0": {"dct_norm": "htk"},
    "librosa's lifter": {"lifter_first": 1},
    "no lifter": {"lifter": 0.0},
    "no pre-emphasis": {"preemphasis": 0.0},
    "Hann window": {"window": "hann"},
    "Slaney's mel scale": {"mel_scale": "slaney"},
    "triangles straight in mel": {"mel_triangles": "mel"},
}
print(f"{'what is changed':<28}{'MFCC':>8}{'CMN':>8}{'CMVN':>8}   (relative difference)")
for name, change in changes.items():
    other = dsp.mfcc(spoken, SAMPLE_RATE, replace(course, **change))
    row = [np.linalg.norm(g(other) - g(clean)) / np.linalg.norm(g(clean)) for g in (np.copy, dsp.cmn, dsp.cmvn)]
    print(f"{name:<28}" + "".join(f"{value:8.3f}" for value in row))

# %% [markdown]
# **Over what?** To normalize over a sentence (`dsp.cmvn`), you must have heard its end before you can emit its first
# frame. Kaldi therefore offers a sliding window of 600 frames (`dsp.sliding_cmn`). A z-score over a corpus must use the
# mean and the deviation of the *training* files alone (`dsp.standardize`); otherwise it has seen the test set. spafe's
# "mvn" divides all rows by the same deviation. (Lab 11 is about the function itself.)
#
# **Think.** (4) Why does the delta of CMN features equal the delta of the features? And is the delta of CMVN features
# the CMVN of the deltas? (5) Why does CMVN turn a sentence of silence into features as large as those of speech? (6)
# CMN does not remove all traces of the telephone. In which frames do some remain, and which of the assumptions above
# fails there? (7) Which lines of the table above would show a difference if each row were reduced by its mean and
# divided by its deviation over a *training set* of unchanged features instead of over the sentence?

# %% [markdown]
# ## Your function
#
# Copy `experiments/coursework/student/lab_6.py` and write `deltas(features, width)`: the first formula of this lab for
# every row of a matrix, with $M = (width - 1) / 2$. Where the formula needs frames before the first or after the last,
# repeat the first or last frame. The result has the shape of `features` and is float64 even if the features are
# integers. Before you check, try a ramp of slope 1, a single 1 among zeros, a matrix with fewer frames than the window,
# and a matrix of integers.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(6, options.file, options.profile)
