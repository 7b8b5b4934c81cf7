"""Lab 2: the transform by its definition and by halving, and what appended zeros can and cannot do."""

# %% [markdown]
# # Lab 2: from the DFT to the FFT
#
# `python -m experiments.coursework.labs.lab_2_from_dft_to_fft`, from the root of the repository, or cell by cell. It
# needs NumPy, Numba and matplotlib.
#
# The discrete Fourier transform measures how much of each of $N$ frequencies is in $N$ samples. Its definition costs
# $N^2$ multiplications. There is an algorithm that needs only about $N \log_2 N$; without it, nobody would compute
# spectrograms.

# %%
import sys
import time
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.lab import BLUE, GRAY, ORANGE, begin, finish, play, plt, show

options, profile = begin(2)

# %% [markdown]
# ## 1. The definition
#
# $$ X[k] = \sum_{n=0}^{N-1} x[n] \, w^{kn}, \qquad w = e^{-2 \pi i / N}, \quad k = 0 \dots N-1 . $$
#
# It is a matrix times a vector: the numbers in row $k$ of the matrix go $k$ times around the unit circle. Bin $k$
# stands for the frequency $k f_s / N$. For a real signal, the bins above $N/2$ mirror those below: $X[N-k] =
# \overline{X[k]}$.
#
# Tools agree on the sum but not on the factor before it. NumPy, SciPy, MATLAB and PyTorch use 1 forward and $1/N$
# backward; with `norm="ortho"`, it is $1/\sqrt N$ both ways. python_speech_features and spafe divide the *power* by $N$
# afterwards, which lowers every natural log spectrum by $\ln 512 = 6.238$ for $N = 512$.

# %%
N = 16
n = np.arange(N)
W = np.exp(-2j * np.pi * np.outer(n, n) / N)
x = np.cos(2 * np.pi * 3 * n / N) + 0.5 * np.sin(2 * np.pi * 5 * n / N)
print("largest difference between the matrix and dsp.dft:", np.abs(W @ x - dsp.dft(x)).max())

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
for axes, part, name in ((left, W.real, "Real part of W"), (middle, W.imag, "Imaginary part of W")):
    picture = axes.imshow(part, cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set(xlabel="Sample n", ylabel="Bin k", title=name, xticks=range(0, N, 4), yticks=range(0, N, 4))
figure.colorbar(picture, ax=middle, shrink=0.85)
X = W @ x
right.stem(n - 0.12, X.real, linefmt=BLUE, markerfmt="o", basefmt=" ", label="real part")
right.stem(n + 0.12, X.imag, linefmt=ORANGE, markerfmt="s", basefmt=" ", label="imaginary part")
right.axvline(N / 2, color=GRAY, linewidth=0.8, linestyle=":")
right.set(xlabel="Bin k", ylabel="X[k]", title="Cosine of 3 turns + ½ sine of 5 turns", xticks=range(0, N, 4))
right.legend(fontsize=8, loc="upper center")
show(figure, "lab_2_dft_matrix", options.out)

# %% [markdown]
# ## 2. Halving
#
# Separate the even from the odd samples, $n = 2m$ and $n = 2m + 1$. With their transforms $E$ and $O$ of $N/2$ points,
#
# $$ X[k] = E[k] + w^k O[k], \qquad X[k + N/2] = E[k] - w^k O[k], \qquad k = 0 \dots N/2 - 1, $$
#
# for three reasons: $w^2$ is the root of unity of $N/2$ points, so the even samples give the transform $E$; the odd
# samples come one sample later, which is a factor $w^k$; and $w^{k + N/2} = -w^k$. Two half transforms cost half as
# much as a whole one, and halving again and again leaves $(N/2) \log_2 N$ multiplications.
#
# A length $N = 2^m r$ with odd $r$ can be halved $m$ times. The definition does the rest, transforms of $r$ points.
# (`dsp/cooley_tukey.py` continues with other factors, and with a convolution for large primes, so that every length is
# fast.)

# %%
sizes = 2 ** np.arange(4, 12)
once = 2 * (sizes // 2) ** 2 + sizes // 2  # two half transforms by the definition, N/2 factors w^k
wholly = sizes // 2 * np.log2(sizes)

x = np.random.default_rng(0).standard_normal(2048)
for name, transform in (("dsp.dft", dsp.dft), ("dsp.fft", dsp.fft)):
    transform(x)  # compiles it before it is timed
    begun = time.perf_counter()
    transform(x)
    print(f"{name} of {x.size} samples: {1e3 * (time.perf_counter() - begun):.3g} ms")


def chained_roots(N: int):
    """w^0 .. w^(N-1), each computed from the one before: one multiplication each, and errors that add up."""
    roots, step = [1 + 0j], np.exp(-2j * np.pi / N)
    while len(roots) < N:
        roots.append(roots[-1] * step)
    return np.array(roots)


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for count, name, color in (
    (sizes**2, "definition, $N^2$", ORANGE),
    (once, "halved once", GRAY),
    (wholly, "halved to the end, $(N/2) \\log_2 N$", BLUE),
):
    left.loglog(sizes, count, "o-", color=color, label=name)
left.set(xlabel="Samples N", ylabel="Complex multiplications", title="Cost of a transform")
left.legend(fontsize=8)
exact = [dsp.roots_of_unity(int(size)) for size in sizes]
direct = [np.abs(np.exp(-2j * np.pi * np.arange(size) / size) - w).max() for size, w in zip(sizes, exact, strict=True)]
chained = [np.abs(chained_roots(int(size)) - w).max() for size, w in zip(sizes, exact, strict=True)]
right.loglog(sizes, chained, "o-", color=ORANGE, label="each root from the one before")
right.loglog(sizes, direct, "s-", color=BLUE, label="each from its own angle")
right.axhline(2.0**-53, color=GRAY, linewidth=0.9, linestyle=":")
right.text(sizes[0], 2.0**-53 * 0.8, "half a unit in the last place of 1", size=8, va="top", color="0.4")
right.set(xlabel="Samples N", ylabel="Largest error", title="Accuracy of the roots of unity", ylim=(3e-17, None))
right.legend(fontsize=8)
show(figure, "lab_2_cost_and_error", options.out)

# %% [markdown]
# ## 3. Zeros at the end
#
# A frame of 400 samples is usually transformed with 512 points, that is, with zeros after the samples: Kaldi and HTK
# use the next power of two, librosa and PyTorch a parameter. The zeros add no information; they show the same smooth
# spectrum at more points. Two tones that are closer than about two bins *of the frame* remain one peak, however many
# zeros follow. If, on the other hand, `n_fft` is shorter than the frame, samples are discarded: python_speech_features
# does so at 44.1 kHz with its default of 512 (1103 samples per frame) and says so only in its log.

# %%
sample_rate, L = 16_000, 400
t = np.arange(4 * L) / sample_rate
tones = np.sin(2 * np.pi * 1000 * t) + np.sin(2 * np.pi * 1050 * t + 1)
second = np.arange(sample_rate) / sample_rate  # you hear one rough tone: a beat of 50 Hz
play(
    0.2 * (np.sin(2 * np.pi * 1000 * second) + np.sin(2 * np.pi * 1050 * second)),
    sample_rate,
    "lab_2_beat",
    options.out,
)
views = (
    (L, L, "400 samples, 400 points", "o"),
    (L, 4096, "400 samples, 4096 points", None),
    (4 * L, 16384, "1600 samples, 16384 points", None),
)
figure, axes = plt.subplots(figsize=(9, 3.8), layout="constrained")
for (length, points, name, marker), color in zip(views, (BLUE, GRAY, ORANGE), strict=True):
    level = np.abs(dsp.rfft(tones[:length] * dsp.hann(length, periodic=True), points)) / length * 4
    frequency = np.arange(level.size) * sample_rate / points
    style = {"linestyle": "none", "marker": marker, "zorder": 3} if marker else {"linewidth": 1.4}
    axes.plot(frequency, level, color=color, label=name, **style)
axes.set(
    xlim=(800, 1250), xlabel="Frequency (Hz)", ylabel="Amplitude", title="Tones at 1000 and 1050 Hz under a Hann window"
)
axes.legend(fontsize=8)
show(figure, "lab_2_zeros", options.out)

# %% [markdown]
# ## Questions
#
# 1. What is bin 0 of a signal of $N$ ones? What does that reveal about a tool's factor?
# 2. What are the magnitude and the phase of the bins of an impulse at sample 1? Does the phase rise or fall with $k$,
#    and what if the exponent had a plus?
# 3. How often can $N = 400$ be halved? How many multiplications do the transforms of odd length cost in total, and how
#    many do the halvings cost?
# 4. Your function may get integers or complex numbers. What is the dtype of the array that you write into?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_2.py` and write `fft(x)` for a vector of any length, 1 included, real or
# complex: halve as long as the length is even, and use the definition for what is odd. The result is complex and has
# all $N$ bins. `np.fft` is refused. Before you check, try four samples by hand, and 12 samples against the matrix $W$.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(2, options.file, options.profile)
