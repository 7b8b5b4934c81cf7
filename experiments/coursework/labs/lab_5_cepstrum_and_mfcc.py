"""Lab 5: from log-mel values to cepstral coefficients, and how much of the spectrum a few of them preserve."""

# %% [markdown]
# # Lab 5: cepstrum and MFCC
#
# `python -m experiments.coursework.labs.lab_5_cepstrum_and_mfcc`, from the root of the repository, or cell by cell. It
# needs NumPy, Numba and matplotlib. Lab 4 comes before it.
#
# A voice is a source (pulses at the pitch $f_0$) whose sound passes through a filter (the vocal tract). The spectrum is
# the product of the two, so its logarithm is their **sum**: a slow curve, the formants of the tract, plus a fast
# ripple, the harmonics. A Fourier transform separates slow from fast, so we apply one more, *to the logarithm*:
#
# $$ c[n] = \frac 1 N \sum_{k=0}^{N-1} \ln|X[k]| \, e^{2 \pi i k n / N} $$
#
# This is the **real cepstrum** (Bogert, Healy & Tukey 1963). Its axis $n$ is a time again, called *quefrency*. The
# ripple repeats every $f_0$ Hz, so it appears as a peak at $n / f_s = 1 / f_0$. To set everything above a few
# milliseconds to 0 is called *liftering*; what remains, transformed back, is a smooth envelope.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.labs.lab import begin, finish, play, plt, show
from experiments.coursework.labs.vowels import SAMPLE_RATE, glide
from experiments.data.synthetic import VOICES, synthesize

options, profile = begin(5)

x = glide(pitch=125)  # one second from [a] to [i]
play(x, SAMPLE_RATE, "lab_5_original", options.out)
course = convention_of(profile)  # 25 ms Hamming every 10 ms, HTK's mel, ln, unless your course says otherwise
n_mels, n_mfcc, length = profile.n_mels, profile.n_mfcc, profile.lifter or 22
steps = dsp.trace(x, SAMPLE_RATE, course)
print({name: step.shape for name, step in steps.items()})

# %%
t, n_fft = 20, profile.n_fft  # frame 20 lies in the [a]
log_spectrum = np.log(np.abs(steps["spectrum"][:, t]))
cepstrum = dsp.irfft(log_spectrum, n_fft)
quefrency_ms = np.arange(n_fft) * 1000 / SAMPLE_RATE
kept = np.minimum(quefrency_ms, quefrency_ms[-1] + quefrency_ms[1] - quefrency_ms) < 2  # from both ends: c[-n] = c[n]
envelope = dsp.rfft(np.where(kept, cepstrum, 0)).real
pitch_at = 80 + np.argmax(cepstrum[80 : n_fft // 2])  # the largest value beyond 5 ms
print(f"peak at {quefrency_ms[pitch_at]:.2f} ms: {1000 / quefrency_ms[pitch_at]:.0f} Hz")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
frequency = np.arange(n_fft // 2 + 1) * SAMPLE_RATE / n_fft / 1000
left.plot(frequency, log_spectrum, color="0.6", linewidth=0.9, label="ln |X|")
left.plot(frequency, envelope, color="#d95319", linewidth=2, label="from quefrencies below 2 ms")
left.set(xlabel="Frequency (kHz)", ylabel="ln |X|", title="One frame of [a]")
left.legend(frameon=False)
right.plot(quefrency_ms[2 : n_fft // 2], cepstrum[2 : n_fft // 2], color="#0072bd", linewidth=0.9)
right.axvspan(0, 2, color="#d95319", alpha=0.15, linewidth=0)
right.annotate(
    f"1 / {1000 / quefrency_ms[pitch_at]:.0f} Hz",
    (quefrency_ms[pitch_at], cepstrum[pitch_at]),
    xytext=(12, 4),
    textcoords="offset points",
    va="center",
)
right.set(xlabel="Quefrency (ms)", ylabel="c[n]", title="Its real cepstrum (from n = 2 on)")
show(figure, "lab_5_cepstrum", options.out)

# %% [markdown]
# **Think.** (1) Pre-emphasis multiplies the spectrum by a fixed curve. What does it do to the cepstrum? (2) The peak
# moves during the glide; plotted over the frames, it is a pitch tracker. When does it fail?
#
# ## Mel bands and the DCT
#
# MFCC use the logarithms of $M$ mel bands, $L[m]$, instead of all bins. Except for the lowest bands, these are too wide
# to show harmonics, so most of the pitch is gone already. $L$ is real and, unlike a spectrum of all bins, does not
# contain its own mirror image. The transform for it is the **DCT of type II**, which is the Fourier transform of $L$
# followed by that mirror image:
#
# $$ c_k = a_k \sum_{m=0}^{M-1} L[m] \cos \frac{\pi k (2m + 1)}{2M}, \qquad a_0 = \sqrt{1/M},\; a_{k>0} = \sqrt{2/M} $$
#
# With these $a_k$ the matrix is orthogonal: $\sum_k c_k^2 = \sum_m L[m]^2$, and the inverse is its transpose (a DCT of
# type III). There are two reasons for using a DCT. The first dozen coefficients suffice to describe the shape of the
# spectrum, and they are **much less correlated** than neighboring bands are; classifiers with diagonal covariances need
# that.

# %%
log_mel = steps["log_mel"]
C = dsp.dct_matrix(n_mels, n_mels)
print("C C' = I:", np.allclose(C @ C.T, np.eye(n_mels)))
for n in (5, n_mfcc, n_mels):
    back = C[:n].T @ (C[:n] @ log_mel)
    print(f"{n:2d} coefficients: rms error of the log-mel values {np.sqrt(np.mean((back - log_mel) ** 2)):.3f}")

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(12.5, 3.6), layout="constrained", width_ratios=(1.6, 1, 1.2)
)
left.plot(log_mel[:, t], "o-", color="0.6", markersize=3, linewidth=0.9, label=f"{n_mels} bands")
for n, color in ((5, "#edb120"), (n_mfcc, "#d95319")):
    left.plot(C[:n].T @ (C[:n] @ log_mel[:, t]), color=color, linewidth=1.8, label=f"from {n} coefficients")
left.set(xlabel="Mel band", ylabel=f"{profile.log} of the band's {profile.spectrum}")
left.set_title("A frame of [a], and back by the inverse DCT")
left.legend(frameon=False)
speech = np.concatenate([synthesize(voice, sentence, "happy") for voice in VOICES[:2] for sentence in range(2)])
many = dsp.log_mel(speech, SAMPLE_RATE, course)  # many vowels: in one glide, everything would move together
for axes, rows, name in ((middle, many, "Mel band"), (right, C @ many, "Coefficient")):
    correlation = np.abs(np.corrcoef(rows))
    print(f"mean |correlation| of two rows, {name.lower()}s: {correlation[np.triu_indices(n_mels, 1)].mean():.2f}")
    picture = axes.imshow(correlation, vmin=0, vmax=1, cmap="viridis")
    axes.set(title=f"Correlation of {name.lower()}s", xlabel=name, ylabel=name)
figure.colorbar(picture, ax=right, label="|Correlation|, four sentences")
show(figure, "lab_5_dct", options.out)

# %% [markdown]
# **Think.** (3) Some coefficients are still correlated. What moves them together? (Use `x` instead of `speech`: why are
# the correlations larger?) (4) Why does a DCT not treat the last band as the neighbor of the first, as a Fourier
# transform would?
#
# **Listen.** What do 13 coefficients preserve? We go all the way back: from the coefficients to bands (inverse DCT), to
# power spectra (`dsp.mel_to_power`), and to a signal with guessed phases (`dsp.griffin_lim`). The vowels remain
# recognizable; the pitch is gone, so the voice whispers.

# %%
hann = dsp.hann(n_fft, periodic=True)
bank = steps["filterbank"]
log_bands = np.log(np.maximum(bank @ np.abs(dsp.stft(x, hann, 128, padding="zeros")) ** 2, 1e-10))
for n in (n_mels, n_mfcc, 5):
    power = dsp.mel_to_power(np.exp(C[:n].T @ (C[:n] @ log_bands)), bank, iterations=50)
    again = dsp.griffin_lim(np.sqrt(power), hann, 128, iterations=30, rng=np.random.default_rng(5))
    play(again, SAMPLE_RATE, f"lab_5_from_{n}_coefficients", options.out)

# %% [markdown]
# ### A legend: "HTK uses type III"
#
# librosa's documentation calls `dct_type=3` "HTK-style", and others repeat it. HTK's formula is
# $c_i = \sqrt{2/N} \sum_{j=1}^{N} m_j \cos(\frac{\pi i}{N} (j - 0.5))$. With $j = m + 1$ this is type **II**, with the
# same factor for $i = 0$ as for the others. So only $c_0$ differs from the orthonormal one, by $\sqrt 2$. The legend
# probably comes from a toolbox that *labels* "type II with HTK's scale" with the number 3.

# %%
i, j = np.arange(n_mels)[:, None], np.arange(1, n_mels + 1)
htk = np.sqrt(2 / n_mels) * np.cos(np.pi * i / n_mels * (j - 0.5)) @ log_mel[:, t]
type_2, type_3 = dsp.dct(log_mel[:, t]), C.T @ log_mel[:, t]
print(f"HTK's formula - type II:  c0 ratio {htk[0] / type_2[0]:.6f}, others {np.abs(htk - type_2)[1:].max():.1e}")
print(f"HTK's formula - type III: others {np.abs(htk - type_3)[1:].max():.1e}")

# %% [markdown]
# ## The lifter
#
# High coefficients are small. HTK and its followers multiply them by an arch of a sine, so that all have a similar
# size:
#
# $$ w_k = 1 + \frac L 2 \sin \frac{\pi k}{L}, \qquad k = 0, 1, \dots \qquad (L = 22;\ L = 0: w_k = 1) $$
#
# The lifter changes the distances between frames, but has no effect if each coefficient is standardized afterwards.
# Tools disagree: HTK, Kaldi, openSMILE and python_speech_features count as above ($w_0 = 1$); **librosa counts from
# one**; torchaudio's MFCC has no lifter; spafe's has no effect for $L > 10$ and raises $k$ to the power $L$ for smaller
# values.

# %%
k = np.arange(n_mfcc)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
left.plot(k, dsp.lifter(n_mfcc, length), "o-", color="#0072bd", label="HTK, Kaldi, openSMILE")
left.plot(k, dsp.lifter(n_mfcc, length, first=1), "s--", color="#d95319", label="librosa (counts from one)")
left.set(xlabel="Coefficient k", ylabel="Weight", title=f"Lifters of length {length:g}", ylim=(0, 2 + length / 2))
left.legend(frameon=False, loc="lower right")
spread = (C[:n_mfcc] @ many).std(axis=1)
right.bar(k - 0.2, spread, 0.4, color="0.7", label="without lifter")
right.bar(k + 0.2, spread * dsp.lifter(n_mfcc, length), 0.4, color="#0072bd", label="with lifter")
right.set(xlabel="Coefficient k", ylabel="Standard deviation", title="Variation of each coefficient, four sentences")
right.legend(frameon=False)
show(figure, "lab_5_lifter", options.out)

# %% [markdown]
# ## c0 and the energy
#
# $c_0 = \sum_m L[m] / \sqrt M$ is the mean of the log band powers, times $\sqrt M$. So a factor on the samples or on
# the spectrum changes $c_0$ **and nothing else**: with 26 bands, 16-bit values instead of $-1 \dots 1$ add $2 \ln 32768
# \sqrt{26} = 106.03$, and dividing the power by an `n_fft` of 512 subtracts $\ln 512 \sqrt{26} = 31.81$. Decibels
# instead of natural logarithms multiply *all* coefficients by 4.343. So the first question about a feature file is what
# its row 0 is:
#
# | tool | row 0 |
# |---|---|
# | librosa, torchaudio, spafe | $c_0$ |
# | Kaldi | log energy of the raw frame (before pre-emphasis and window) |
# | python_speech_features | log of the summed power spectrum (after pre-emphasis) |
# | HTK `_0`, openSMILE | $c_1$; $c_0$ is the last row |
# | MATLAB `mfcc`, by its documentation | log energy, in *addition* to $c_0$ |
#
# Moreover, librosa's `top_db=80` raises every value that lies more than 80 dB below the maximum of the **clip** to that
# limit. The MFCC of a quiet frame then depend on the rest of the file:

# %%
print("samples x 2:", np.round(np.abs(dsp.mfcc(2 * x, SAMPLE_RATE, course) - steps["mfcc"]).max(axis=1)[:4], 3))
print(f"2 ln 2 sqrt({n_mels}) =", round(2 * np.log(2) * np.sqrt(n_mels), 3))
quiet = 1e-5 * glide(loudness=0.3)
alone = dsp.mfcc(quiet, SAMPLE_RATE, "librosa")[0, 15]
after = dsp.mfcc(np.concatenate([x[: 30 * 512], quiet]), SAMPLE_RATE, "librosa")[0, 30 + 15]  # librosa's hop is 512
print(f"librosa, c0 of one quiet frame: {alone:.0f} in a file of its own, {after:.0f} after a loud vowel")

# %% [markdown]
# **Think.** (5) The MFCC of two programs differ by a constant in row 0 and agree elsewhere. Name three possible causes.
# (6) They differ by a factor in each row. What are the possible causes now? (7) If you normalize each row over time
# (next lab), which of all these differences remain visible?

# %% [markdown]
# ## Your function
#
# Copy `experiments/coursework/student/lab_5.py` and write `mfcc(log_mel, n_mfcc, lifter)`. The columns of `log_mel` are
# frames of $M$ log-mel values. Return the first `n_mfcc` coefficients, $k = 0, 1, \dots$, of the orthonormal DCT-II
# over the bands, one row each, multiplied by the weights $w_k$ of the lifter, $L$ = `lifter`, which counts from zero.
# One matrix product and one line of weights are enough; `dsp` is refused. (A course may scale the DCT otherwise; the
# check names its rules.) Before you check, try this: is the sum of squares preserved if no coefficient is left out and
# `lifter` is 0? What is the result for a frame whose values are all equal?
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(5, options.file, options.profile)
