"""Lab 4: two mel scales, four kinds of triangles, and how much they change the features."""

# %% [markdown]
# # Lab 4: the mel scale and its filterbanks
#
# `python -m experiments.coursework.labs.lab_4_mel_and_filterbanks`, from the repository root, or cell by cell.
#
# A spectrum of 257 bins contains more than an ear hears. Filters whose width grows with frequency, as the ear's do,
# reduce it to 20 to 40 numbers per frame. "A mel filterbank" hides four choices, and tools that all say "HTK" make them
# differently.

# %%
import sys
import warnings
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.lab import (
    BLUE,
    GRAY,
    GREEN,
    ORANGE,
    begin,
    finish,
    plt,
    show,
)
from experiments.data.synthetic import VOICES, synthesize

options, profile = begin(4)
sample_rate, n_fft, n_mels = 16_000, 512, 26
signal = synthesize(VOICES[1], 2, "happy")

# %% [markdown]
# ## 1. The scale
#
# O'Shaughnessy's formula, made popular by the HTK book, and Slaney's, which is a straight line up to 1 kHz:
#
# $$ m = 2595 \log_{10}\left(1 + \frac{f}{700}\right) = 1127 \ln\left(1 + \frac{f}{700}\right), \qquad
#    m = \begin{cases} 3 f / 200 & f < 1000 \\ 15 + 27 \ln(f / 1000) / \ln 6.4 & \text{else.} \end{cases} $$
#
# A constant factor does not matter, since the edges are equally spaced in any unit; the curvature does. librosa uses
# Slaney's scale unless `htk=True`; HTK, Kaldi, torchaudio, python_speech_features and openSMILE use the first. This
# choice moves the filters further than all those below together.

# %%
f = np.linspace(0, 8000, 801)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for scale, color in (("htk", BLUE), ("slaney", ORANGE)):
    mel = dsp.hz_to_mel(f, scale)
    left.plot(f, mel / mel[-1], color=color, label=scale)
    edges = dsp.mel_to_hz(np.linspace(0, mel[-1], n_mels + 2), scale)
    right.plot(np.arange(1, n_mels + 1), edges[2:] - edges[:-2], "o-", markersize=4, color=color, label=scale)
left.set(xlabel="Frequency (Hz)", ylabel="Position on the scale (8 kHz = 1)", xlim=(0, 8000), ylim=(0, 1.02))
right.axhline(2 * sample_rate / n_fft, color=GRAY, linewidth=0.9, linestyle=":")
right.text(n_mels, 2 * sample_rate / n_fft + 25, "two bins", color="0.4", size=8, ha="right")
right.set(xlabel="Filter", ylabel="Width (Hz)", title=f"{n_mels} filters to 8 kHz", ylim=(0, None))
left.legend(fontsize=9)
show(figure, "lab_4_scales", options.out)

# %% [markdown]
# ## 2. The triangles
#
# With edges $f_0 \dots f_{M+1}$ equally spaced in mel, filter $m$ rises from $f_{m-1}$ to $f_m$ and falls to
# $f_{m+1}$. That leaves open:
#
# - over which axis the sides are straight: **Hz** (librosa, torchaudio, spafe) or **mel** (HTK, Kaldi, openSMILE,
#   VOICEBOX);
# - whether the edges are rounded to whole **bins**: python_speech_features uses
#   $\lfloor (N_{\text{fft}} + 1) f / f_s \rfloor$, and so do the many scripts that copied it;
# - the height: 1, or $2 / (f_{m+1} - f_{m-1})$, which gives equal areas (librosa; MATLAB's "bandwidth");
# - how many bins a filter has: a filter that lies between two bins is *empty*, and its logarithm is the floor.

# %%
kinds = {"hz": "straight in Hz", "mel": "straight in mel", "bins": "edges on bins (floor)"}
banks = {kind: dsp.mel_filterbank(n_mels, n_fft, sample_rate, scale="htk", triangles=kind) for kind in kinds}
bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
figure, panels = plt.subplots(3, 1, figsize=(10, 6.4), sharex=True, sharey=True, layout="constrained")
for axes, (kind, name) in zip(panels, kinds.items(), strict=True):
    for m in range(10):
        axes.plot(bins, banks[kind][m], ".-", color=(BLUE, ORANGE, GREEN)[m % 3], linewidth=1.2, markersize=5)
    axes.set_title(name, size=10, loc="left")
panels[0].set(xlim=(0, 1100), ylim=(0, 1.08))
panels[-1].set_xlabel("Frequency (Hz); a dot is a bin")
panels[1].set_ylabel("Weight")
show(figure, "lab_4_triangles", options.out)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for count, points in ((26, 512), (80, 512), (128, 512), (128, 400)):
        bank = dsp.mel_filterbank(count, points, sample_rate, scale="htk")
        print(f"{count:3d} filters on {points} points: {count - np.count_nonzero(bank.any(axis=1))} empty")

# %% [markdown]
# ## 3. How it changes the features
#
# The same speech through five filterbanks: the level of the first, and the difference between the others and it in
# decibels, without the mean difference of each filter. Sides that are straight in mel hardly matter. Rounding to bins
# matters in the low filters, which are only four or five bins wide. On Slaney's scale the same number means a different
# band. The height is the same offset in every frame, so nothing of it remains.

# %%
window = dsp.hamming(400)
power = np.abs(dsp.stft(signal, window, 160, n_fft)) ** 2
others = {
    "straight in mel": banks["mel"],
    "edges on bins": banks["bins"],
    "Slaney's scale": dsp.mel_filterbank(n_mels, n_fft, sample_rate, scale="slaney"),
    "equal areas": dsp.mel_filterbank(n_mels, n_fft, sample_rate, scale="htk", norm="slaney"),
}
reference = dsp.power_to_db(banks["hz"] @ power, 1e-10)
figure, panels = plt.subplots(1, 5, figsize=(14, 3.6), sharey=True, layout="constrained")
extent = (0, signal.size / sample_rate, 0.5, n_mels + 0.5)
style = {"origin": "lower", "aspect": "auto", "extent": extent, "interpolation": "nearest"}
level = panels[0].imshow(reference, cmap="magma", vmin=reference.max() - 70, **style)
panels[0].set_title("straight in Hz", size=10)
figure.colorbar(level, ax=panels[0], location="bottom", shrink=0.9, label="Level (dB)")
for axes, (name, bank) in zip(panels[1:], others.items(), strict=True):
    difference = dsp.power_to_db(bank @ power, 1e-10) - reference
    difference = difference - difference.mean(axis=1, keepdims=True)
    picture = axes.imshow(difference, cmap="RdBu_r", vmin=-10, vmax=10, **style)
    axes.set_title(f"{name}\n{np.sqrt(np.mean(difference**2)):.2f} dB rms", size=10)
panels[0].set_ylabel("Filter")
for axes in panels:
    axes.set_xlabel("Time (s)")
figure.colorbar(
    picture, ax=list(panels[1:]), location="bottom", label="Difference without its mean (dB)", shrink=0.5, extend="both"
)
show(figure, "lab_4_differences", options.out)

# %% [markdown]
# ## Questions
#
# 1. How many edges do $M$ filters have that overlap by half?
# 2. A tool computes its bin frequencies as `linspace(f_min, f_max, n_fft // 2 + 1)`. When is that right, and which
#    filterbank results for a telephone band at 16 kHz? (torchaudio did so until its issue 292; spafe 0.3.3 still does.)
# 3. Why must the first and last edges be `f_min` and `f_max`, and not the first and last centers?
# 4. With 128 bands (torchaudio's default, on 400 points), how long must the transform be so that no filter is empty?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_4.py`, write `mel_filterbank` by the rules of your course, and check it with
# `--profile` and the name of the course.

# %%
finish(4, options.file, options.profile)
