"""Lab 3: what a longer window shows, which matrices are transforms of a signal, and how to find the nearest signal."""

# %% [markdown]
# # Lab 3: the short-time Fourier transform, and back
#
# `python -m experiments.coursework.labs.lab_3_stft_and_back`, from the root of the repository, or cell by cell. It
# needs NumPy, Numba and matplotlib. Labs 1 and 2 come before it.
#
# The short-time Fourier transform consists of the transforms of all windowed frames. It is the matrix behind every
# spectrogram. It can also be inverted, which is how programs remove noise and stretch time.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.lab import BLUE, ORANGE, begin, finish, play, plt, show
from experiments.data.synthetic import VOICES, synthesize

options, profile = begin(3)
sample_rate = 16_000
signal = synthesize(VOICES[0], 1, "surprise")

# %% [markdown]
# ## 1. The transform
#
# $$ X[k, t] = \sum_{n=0}^{L-1} w[n] \, x[n + tH] \, e^{-2 \pi i k n / N_{\text{fft}}} $$
#
# A short window shows *when* something happens, a long one *at which frequency*. In the figure, the short window shows
# the pulses of the voice on the left and the long one its harmonics on the right. No window shows both, since the
# product of the two widths has a lower bound.
#
# Tools differ. librosa and PyTorch put the *center* of frame $t$ at sample $tH$ and need something before the first
# sample: zeros (librosa since 0.9) or the reflected signal (PyTorch, older librosa). SciPy's `stft` divides by $\sum
# w$; `scipy.signal.spectrogram` also subtracts the mean of each frame, which changes the lowest rows. A window shorter
# than $N_{\text{fft}}$ lies in the middle of the points (librosa, PyTorch) or at their left end (Kaldi, HTK), so that
# it covers different samples.

# %%
figure, panels = plt.subplots(1, 2, figsize=(12, 4.2), sharey=True, layout="constrained")
for axes, length in zip(panels, (80, 640), strict=True):
    spectra = dsp.stft(signal, dsp.hann(length, periodic=True), 32, 1024)
    level = dsp.amplitude_to_db(np.abs(spectra) / (length / 4), 1e-6)
    extent = (0, signal.size / sample_rate, 0, sample_rate / 2000)
    picture = axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-95, vmax=-15, cmap="magma")
    axes.set(
        title=f"Hann window of {1000 * length / sample_rate:g} ms", xlabel="Time (s)", xlim=(0.3, 0.9), ylim=(0, 4)
    )
panels[0].set_ylabel("Frequency (kHz)")
figure.colorbar(picture, ax=panels, label="Level (dB)", pad=0.01)
show(figure, "lab_3_short_and_long", options.out)

# %% [markdown]
# ## 2. And back
#
# The inverse transform of column $t$ gives back its windowed frame, $y_t[n]$, $n = 0 \dots L-1$. As long as the spectra
# are unchanged, the frames are pieces of one signal, and many ways of joining them restore it. Once the spectra have
# been changed, the frames contradict each other where they overlap, and no signal has this matrix as its transform. The
# signal $y$ whose transform is *nearest* minimizes $\sum_t \sum_n (w[n] \, y[n + tH] - y_t[n])^2$. Setting the
# derivative with respect to each $y[n]$ to zero gives
#
# $$ y[n] = \frac{\sum_t w[n - tH] \, y_t[n - tH]}{\sum_t w^2[n - tH]} . $$
#
# The sums run over the frames that cover sample $n$; each counts most where its window is large (Griffin & Lim 1984).
# For some windows and hops, the divisor is constant in the middle of the signal. It never is at the ends, and it is 0
# where every window is 0: there the signal is unknown.

# %%
L = 256
choices = (
    ("periodic Hann, hop L/4", dsp.hann(L, periodic=True), L // 4),
    ("periodic Hann, hop L/2", dsp.hann(L, periodic=True), L // 2),
    ("Hamming, hop 2L/3", dsp.hamming(L), 2 * L // 3),
)
figure, panels = plt.subplots(1, 3, figsize=(12, 3.2), sharey=True, layout="constrained")
for axes, (name, window, hop) in zip(panels, choices, strict=True):
    n_frames = 1 + 4 * L // hop
    total = np.zeros((n_frames - 1) * hop + L)
    for t in range(n_frames):
        total[t * hop : t * hop + L] += window**2
        axes.plot(np.arange(L) + t * hop, window**2, color=BLUE, linewidth=0.7)
    axes.plot(total, color=ORANGE, linewidth=1.6, label="$\\sum_t w^2[n - tH]$")
    axes.set(title=name[0].upper() + name[1:], xlabel="Sample", xlim=(0, total.size), ylim=(0, 1.7))
panels[0].set_ylabel("Squared windows and their sum")
panels[0].legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 0.82))
show(figure, "lab_3_sum_of_squares", options.out)

# %% [markdown]
# ## 3. Changing the spectra
#
# We add white noise and attenuate every bin whose power is near that of the noise. The result is not the transform of
# any signal. The formula above gives the nearest signal. "Divide by the window, then average" gives one that is further
# away, because it trusts frames where their windows are nearly 0. (The signal is padded here, so that every sample lies
# under the middle of a window; without padding, the first and the last samples would be divided by almost 0.)

# %%
window, hop = dsp.hann(512, periodic=True), 128
noise = 0.01 * np.random.default_rng(1).standard_normal(signal.size)
noisy = dsp.stft(signal + noise, window, hop, padding="zeros")
power_of_noise = 0.01**2 * np.sum(window**2)
gain = np.maximum(0.05, 1 - 3 * power_of_noise / np.abs(noisy) ** 2)
changed = gain * noisy


def window_divided_out(spectra):
    """Divides each frame by its window, except at its ends, and averages the overlapping frames."""
    frames = dsp.irfft(spectra.T, window.size)
    trusted = window > 0.01
    total = np.zeros((frames.shape[0] - 1) * hop + window.size)
    count = np.zeros_like(total)
    for t, frame in enumerate(frames):
        total[t * hop : t * hop + window.size][trusted] += frame[trusted] / window[trusted]
        count[t * hop : t * hop + window.size] += trusted
    half = window.size // 2
    return (total / np.maximum(count, 1))[half:-half]


ways = {
    "noisy": signal + noise,
    "weighted overlap-add": dsp.istft(changed, window, hop, padding="zeros"),
    "window divided out": window_divided_out(changed),
}
for name, y in ways.items():
    away = np.linalg.norm(dsp.stft(y, window, hop, padding="zeros")[:, : changed.shape[1]] - changed)
    away = 100 * away / np.linalg.norm(changed)
    play(y, sample_rate, f"lab_3_{name.replace(' ', '_').replace('-', '_')}", options.out)
    clean = signal[: y.size]
    snr = 10 * np.log10(np.sum(clean**2) / np.sum((y - clean) ** 2))
    print(f"{name:20s}  {away:5.1f} % away from the changed spectra, signal-to-noise ratio {snr:5.1f} dB")

figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), sharey=True, layout="constrained")
for axes, (name, y) in zip(panels, ways.items(), strict=True):
    level = dsp.amplitude_to_db(np.abs(dsp.stft(y, window, hop)) / (window.sum() / 2), 1e-6)
    extent = (0, y.size / sample_rate, 0, sample_rate / 2000)
    picture = axes.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-95, vmax=-15, cmap="magma")
    axes.set(title=name[0].upper() + name[1:], xlabel="Time (s)")
panels[0].set_ylabel("Frequency (kHz)")
figure.colorbar(picture, ax=panels, label="Level (dB)", pad=0.01)
show(figure, "lab_3_noise_taken_out", options.out)
play(signal, sample_rate, "lab_3_original", options.out)

# %% [markdown]
# ## Questions
#
# 1. Both spectrograms in the first figure show the pitch of the voice. How do you read it from each?
# 2. Transforms of 62 and 63 samples both have 32 bins. What must an inverse transform be told?
# 3. Which samples of the signal are lost for good in an STFT with a periodic Hann window and without padding? How does
#    librosa's centering avoid this, and what does it cost?
# 4. Another way of joining adds the frames $y_t$ without a second window and divides by $\sum_t w[n - tH]$. Why is it
#    right for unchanged spectra, and why is it not the nearest signal for changed ones?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_3.py` and write `istft(spectra, window, hop_length)`: the formula of section
# 2 for the spectra of $T$ frames, with as many points as the window has samples, $L$, which may be odd. The result has
# $(T - 1) H + L$ samples, and 0 wherever every window is 0. `np.fft.irfft` may be used. Before you check, transform a
# signal and see whether you get it back.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(3, options.file, options.profile)
