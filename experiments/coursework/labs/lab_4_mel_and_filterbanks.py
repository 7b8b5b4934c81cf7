"""Lab 4: two mel scales, four kinds of triangles, and how much they change the features."""

# %% [markdown]
# # Lab 4: the mel scale and its filterbanks
#
# `python -m experiments.coursework.labs.lab_4_mel_and_filterbanks`, from the root of the repository, or cell by cell.
# It needs NumPy, Numba and matplotlib. Lab 10 or lab 2 comes before it.
#
# A spectrum of 257 bins holds more detail than an ear hears. Filters whose width grows with frequency, as the ear's do,
# reduce it to 20 to 40 numbers per frame. The words "mel filterbank" hide several choices, and tools that all say "HTK"
# make them differently.

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
    play,
    plt,
    show,
)
from experiments.data.synthetic import VOICES, synthesize

options, profile = begin(4)
sample_rate, n_fft, n_mels = 16_000, 512, 26
signal = synthesize(VOICES[1], 2, "happy")  # tones and noise through moving resonances, made here

# %% [markdown]
# ## 1. The scale
#
# Two formulas are in use. O'Shaughnessy's was made popular by the HTK book; Slaney's is a straight line up to 1 kHz:
#
# $$ m = 2595 \log_{10}\left(1 + \frac{f}{700}\right) = 1127 \ln\left(1 + \frac{f}{700}\right), \qquad
#    m = \begin{cases} 3 f / 200 & f < 1000 \\ 15 + 27 \ln(f / 1000) / \ln 6.4 & \text{else.} \end{cases} $$
#
# A constant factor does not matter, since the edges are equally spaced in any unit; the curvature does. librosa uses
# Slaney's scale unless you pass `htk=True`; HTK, Kaldi, torchaudio, python_speech_features and openSMILE use the first
# formula. This choice moves the filters further than all the choices below together.

# %%
f = np.linspace(0, 8000, 801)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for scale, color in (("htk", BLUE), ("slaney", ORANGE)):
    mel = dsp.hz_to_mel(f, scale)
    left.plot(f, mel / mel[-1], color=color, label=scale)
    edges = dsp.mel_to_hz(np.linspace(0, mel[-1], n_mels + 2), scale)
    right.plot(np.arange(1, n_mels + 1), edges[2:] - edges[:-2], "o-", markersize=4, color=color, label=scale)
left.set(xlabel="Frequency (Hz)", ylabel="Position on the scale (8 kHz = 1)", xlim=(0, 8000), ylim=(0, 1.02))
left.set_title("Two mel scales")
right.axhline(2 * sample_rate / n_fft, color=GRAY, linewidth=0.9, linestyle=":")
right.text(n_mels, 2 * sample_rate / n_fft + 25, "two bins", color="0.4", size=8, ha="right")
right.set(xlabel="Filter", ylabel="Width (Hz)", title=f"Widths of {n_mels} filters up to 8 kHz", ylim=(0, None))
left.legend(fontsize=9)
show(figure, "lab_4_scales", options.out)

# %% [markdown]
# ## 2. The triangles
#
# With edges $f_0 \dots f_{M+1}$ equally spaced in mel, $f_0$ the lowest and $f_{M+1}$ the highest frequency, filter $m
# = 1 \dots M$ rises from 0 at $f_{m-1}$ to 1 at $f_m$ and falls back to 0 at $f_{m+1}$. At the frequency $f$ of a bin,
# with sides that are straight in Hz, its weight is
#
# $$ H_m(f) = \max \left( 0, \; \min \left( \frac{f - f_{m-1}}{f_m - f_{m-1}}, \;
#    \frac{f_{m+1} - f}{f_{m+1} - f_m} \right) \right) . $$
#
# Tools differ in
#
# - over which axis the sides are straight: **Hz** (librosa, torchaudio, spafe) or **mel** (HTK, Kaldi, openSMILE,
#   VOICEBOX);
# - whether the edges are rounded to whole **bins**: python_speech_features uses
#   $\lfloor (N_{\text{fft}} + 1) f / f_s \rfloor$, and so do the many scripts that copied it;
# - the height: 1, or $2 / (f_{m+1} - f_{m-1})$, which gives equal areas (librosa; MATLAB's "bandwidth");
# - the number of bins in a filter: one that lies between two bins is *empty*, and its logarithm is the floor.

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
panels[-1].set_xlabel("Frequency (Hz); each dot is a bin")
panels[1].set_ylabel("Weight")
figure.suptitle(f"The ten lowest of {n_mels} filters on {n_fft} points", size=11)
show(figure, "lab_4_triangles", options.out)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for count, points in ((26, 512), (80, 512), (128, 512), (128, 400)):
        bank = dsp.mel_filterbank(count, points, sample_rate, scale="htk")
        print(f"{count:3d} filters on {points} points: {count - np.count_nonzero(bank.any(axis=1))} empty")

# %% [markdown]
# ## 3. How it changes the features
#
# The figure shows the same sentence through five filterbanks: the level for the first, and for the others the
# difference from the first in decibels, without the mean difference of each filter. Sides that are straight in mel
# hardly matter. Rounding to bins matters in the low filters, which are only four or five bins wide. On Slaney's scale
# the same filter number means another band. The height adds the same offset in every frame, so nothing of it remains.

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
panels[0].set_title("straight in Hz: the level", size=10)
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
# ## 4. What the ear is left with
#
# Can you hear what the filters discard? We go back from the band powers to a spectrum that has these powers, and from
# there to a signal with such a spectrum (`dsp.mel_to_power` and `dsp.griffin_lim`, which repeats lab 3 with guessed
# phases). The vowels remain; with few bands the harmonics, and so the pitch, are blurred.

# %%
hann = dsp.hann(n_fft, periodic=True)
powers = np.abs(dsp.stft(signal, hann, 128, padding="zeros")) ** 2
play(signal, sample_rate, "lab_4_original", options.out)
for count in (80, 26, 13):
    bank = dsp.mel_filterbank(count, n_fft, sample_rate, scale="htk")
    magnitude = np.sqrt(dsp.mel_to_power(bank @ powers, bank, iterations=50))
    again = dsp.griffin_lim(magnitude, hann, 128, iterations=30, rng=np.random.default_rng(4))
    play(again, sample_rate, f"lab_4_from_{count}_bands", options.out)

# %% [markdown]
# ## Questions
#
# 1. How many edges do $M$ filters have that overlap by half?
# 2. Why must the first and last edges be `f_min` and `f_max`, and not the first and last centers?
# 3. A tool computes the frequencies of its bins as `linspace(f_min, f_max, n_fft // 2 + 1)`. When is that right, and
#    what filterbank results for a telephone band, 300 to 3400 Hz, at 16 kHz? (torchaudio did so until its issue 292;
#    spafe 0.3.3 still does.)
# 4. With 128 bands on the HTK scale from 0 to 8 kHz at 16 kHz, how many points must the transform have at least so that
#    no filter is empty? (With torchaudio's default of 400 points, some are.)
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_4.py` and write `mel_filterbank(n_mels, n_fft, sample_rate, f_min, f_max)`: a
# matrix with one row per filter and one column per bin, $k = 0 \dots \lfloor N_{\text{fft}} / 2 \rfloor$, at the
# frequencies $k f_s / N_{\text{fft}}$. `n_fft` may be odd. In the default profile, the scale is the first formula, the
# sides are straight in Hz, edges are not rounded, and every filter has the height 1, that is, the formula of section 2.
# If your course has other rules, name it with `--profile`; the template explains how edges are rounded. Before you
# check, look at the sum of all rows: between the first and the last center it is 1.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(4, options.file, options.profile)
