"""Lab 10: from the spectrum to its power and its logarithm, and why silence needs a floor."""

# %% [markdown]
# # Lab 10: power spectrum and logarithm
#
# `python -m experiments.coursework.labs.lab_10_power_and_logarithm`, from the root of the repository, or cell by cell.
# It needs NumPy, Numba and matplotlib. Labs 1 and 2 come before it.
#
# The transform of a frame is complex: a magnitude and a phase in every bin. The phase depends on where the frame
# happens to begin, so features use the magnitude, or its square, the **power spectrum**:
#
# $$ P[k] = |X[k]|^2, \qquad X[k] = \sum_{n=0}^{L-1} x[n] \, e^{-2 \pi i k n / N_{\text{fft}}}, \qquad
#    k = 0 \dots \lfloor N_{\text{fft}} / 2 \rfloor . $$
#
# A frame of real samples has a mirror-symmetric spectrum, so the bins up to the Nyquist frequency are enough.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.lab import BLUE, GRAY, GREEN, ORANGE, begin, finish, play, plt, show
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize

options, profile = begin(10)
signal = synthesize(VOICES[1], 1, "neutral")  # tones and noise through moving resonances, made here
play(signal, SAMPLE_RATE, "lab_10_signal", options.out)
L, n_fft = 400, 512
frames = dsp.frame(signal, L, 160) * dsp.hamming(L)[:, None]
X = dsp.rfft(frames.T, n_fft).T
P = np.abs(X) ** 2
print(f"frames {frames.shape} -> spectra {X.shape}: {n_fft // 2 + 1} bins per frame")

# %% [markdown]
# ## 1. Why a logarithm?
#
# The strongest bin of a vowel has a million times the power of a weak one, and both matter to the ear, which judges
# *ratios*. A logarithm turns ratios into differences. It also turns products into sums: the source times the filter of
# a voice (lab 5) and the voice times the microphone (lab 11) become sums, which can be separated.
#
# Decibels, $10 \log_{10} P = 20 \log_{10} |X|$, are the same up to a factor: $10 / \ln 10 = 4.343$ dB for one natural
# unit. So a classifier does not care which logarithm you take, but a comparison of two tools does.

# %%
t = 60
frequency = np.arange(n_fft // 2 + 1) * SAMPLE_RATE / n_fft / 1000
figure, panels = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
views = (
    (np.abs(X[:, t]), "Magnitude |X|", "The magnitude"),
    (P[:, t], "Power |X|²", "The power"),
    (dsp.power_to_db(P[:, t]), "Level 10 log10 |X|² (dB)", "The level"),
)
for axes, (values, name, title), color in zip(panels, views, (GRAY, ORANGE, BLUE), strict=True):
    axes.plot(frequency, values, color=color)
    axes.set(xlabel="Frequency (kHz)", ylabel=name, title=f"{title} of frame {t}", xlim=(0, 8))
show(figure, "lab_10_views", options.out)
largest = P[:, t].max()
print(f"bins with less than 1 % of the largest power: {np.mean(P[:, t] < 0.01 * largest):.0%}")

# %% [markdown]
# ## 2. Why a floor?
#
# The logarithm of 0 is $-\infty$, and digital silence (samples that are exactly 0) does occur: at the end of a padded
# file, in a gated telephone line, in synthetic test signals. One such value makes every mean infinite. So every tool
# bounds the power from below, each in its own way:
#
# | tool | value whose logarithm is taken |
# |---|---|
# | Kaldi | $\max(P, 1.19 \cdot 10^{-7})$, samples of the size of 16-bit integers |
# | HTK, openSMILE | $\max(P, 1)$, samples of the size of 16-bit integers |
# | librosa, torchaudio | $\max(P, 10^{-10})$, then at least the maximum of the clip minus 80 dB |
# | python_speech_features, spafe | $2.2 \cdot 10^{-16}$ where $P$ is exactly 0, else $P$ |
# | MATLAB scripts | often $P + \varepsilon$ or $\lvert X \rvert + \varepsilon$, with $\varepsilon = 2^{-52}$ |
#
# This lab uses $\max(P, \text{floor})$. It leaves every value above the floor exactly as it is.

# %%
power = 10.0 ** np.linspace(-16, -4, 400)
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
left.semilogx(power, np.log(np.maximum(power, 1e-10)), color=BLUE, label="ln max(P, 1e-10)")
left.semilogx(power, np.log(power + 1e-10), "--", color=ORANGE, label="ln(P + 1e-10)")
left.semilogx(power, np.log(power), ":", color=GRAY, label="ln P, no floor")
left.set(xlabel="Power P", ylabel="Natural logarithm", title="Two kinds of floor", ylim=(-38, -8))
left.legend(loc="upper left")

padded = np.append(signal, np.zeros(SAMPLE_RATE // 2))  # half a second of digital silence
rounded = np.round(padded * 32768) / 32768  # as a 16-bit file stores it
faint = padded + 1e-3 * np.random.default_rng(10).standard_normal(padded.size)
for name, x, color in (("16-bit file, zeros at its end", rounded, BLUE), ("with room noise", faint, GREEN)):
    each = np.abs(dsp.stft(x, dsp.hamming(L), 160, n_fft)) ** 2
    level = np.log(np.maximum(each, 1e-10)).mean(axis=0)
    right.plot(np.arange(level.size) / 100, level, color=color, label=name)
    print(f"{name}: {np.mean(each < 1e-10):.1%} of all powers are below the floor; mean logarithm {level.mean():.2f}")
right.set(xlabel="Time (s)", ylabel="Mean ln P over the bins", title="Digital silence sits on the floor", ylim=(-25, 2))
right.legend(loc="upper right")
show(figure, "lab_10_floor", options.out)

# %% [markdown]
# The floor is a *convention*, not physics: a file that ends in zeros gets a mean that depends on it, and everything
# that is normalized by this mean does, too (lab 11). A little noise, added on purpose (*dither*), is the other remedy;
# Kaldi does so by default.
#
# ## Questions
#
# 1. By how many decibels does the level rise if all samples are doubled? And by how much does $\ln P$ rise?
# 2. In decibels, how far apart are the silent frames of a tool with the floor $10^{-10}$ and one with
#    $1.19 \cdot 10^{-7}$? And in natural units?
# 3. *Parseval*: the sum of $P$ over all $N_{\text{fft}}$ bins is $N_{\text{fft}} \sum_n x[n]^2$. How do you compute
#    that sum if you have only the bins $0 \dots N_{\text{fft}} / 2$ of an even $N_{\text{fft}}$?
# 4. A 16-bit file has samples that are multiples of $2^{-15}$. Rounding adds noise of the variance $2^{-30} / 12$ to
#    each sample. Which power does this noise have in a bin under a Hamming window of 400 samples? Can a power below
#    $10^{-10}$ then occur anywhere but in digital silence?
# 5. At which power do $\ln \max(P, \varepsilon)$ and $\ln (P + \varepsilon)$ differ most, and by how much?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_10.py` and write `log_spectrum(frames, n_fft, floor)`. Each column of
# `frames` is one windowed frame; append zeros up to `n_fft` samples, transform it (`np.fft` is allowed), square the
# magnitude, raise what is below `floor` to `floor`, and take the natural logarithm. Your course may take the magnitude
# without the square, divide by `n_fft` before the floor, or take another logarithm: the first lines of the check name
# its rules. The result has `n_fft // 2 + 1` rows. Before you check, try an impulse of height 1 and a frame of zeros.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(10, options.file, options.profile)
