"""Lab 1: what a frame is, why it is multiplied by a window, and how tools already differ here."""

# %% [markdown]
# # Lab 1: framing and windows
#
# Run this lab from the root of the repository, either cell by cell as a notebook or as a whole:
# `python -m experiments.coursework.labs.lab_1_framing_and_windows`. It needs NumPy, Numba and matplotlib.
#
# Speech changes all the time. Its spectrum is meaningful only over a stretch in which the mouth hardly moves, about 20
# to 30 ms. So we cut the signal into overlapping *frames* and process each frame by itself.

# %%
import sys
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

options, profile = begin(1)
sample_rate = 16_000
signal = synthesize(VOICES[1], 0, "happy")  # tones and noise through moving resonances, made here
play(signal, sample_rate, "lab_1_signal", options.out)

# %% [markdown]
# ## 1. Frames
#
# With $L$ samples per frame and a hop of $H$ samples, frame $t$ is
#
# $$ x_t[n] = x[n + tH], \quad n = 0 \dots L-1, \quad t = 0 \dots \lfloor (N - L)/H \rfloor . $$
#
# $\lfloor \cdot \rfloor$ rounds down, so samples that do not fill a last frame are left out. Frames are columns here:
# time is the last axis of every matrix.

# %%
L, H = (profile.samples(ms, sample_rate) for ms in (profile.frame_ms, profile.hop_ms))
frames = dsp.frame(signal, L, H)
window = dsp.hamming(L)
print(f"{signal.size} samples, L = {L}, H = {H}: frames of shape {frames.shape}")

figure, (top, bottom) = plt.subplots(2, 1, figsize=(10, 6), layout="constrained")
first = frames.shape[1] // 3
begin_of = first * H
shown = slice(begin_of - H, begin_of + L + 3 * H)
time_ms = 1000 * np.arange(signal.size) / sample_rate
peak = np.abs(signal[shown]).max()
top.plot(time_ms[shown], signal[shown], color=GRAY, linewidth=0.9)
for k in range(3):
    start = begin_of + k * H
    ends = time_ms[[start, start + L - 1]]
    top.plot(ends, [-peak * (1.15 + 0.18 * k)] * 2, color=(BLUE, ORANGE, GREEN)[k], linewidth=5, solid_capstyle="butt")
    top.text(ends[0], -peak * (1.15 + 0.18 * k), f"frame {first + k}  ", ha="right", va="center", size=9)
top.set(
    xlabel="Time (ms)",
    ylabel="Amplitude",
    title=f"Three frames of {L} samples, {H} samples apart",
    ylim=(-1.65 * peak, None),
)
bottom.plot(frames[:, first], color=GRAY, linewidth=0.9, label=f"frame {first}")
bottom.plot(frames[:, first] * window, color=BLUE, linewidth=1.2, label="times the window")
bottom.plot(peak * window, color=ORANGE, linewidth=1.2, linestyle="--", label="Hamming window (scaled)")
bottom.set(xlabel="Sample of the frame", ylabel="Amplitude", xlim=(0, L - 1), ylim=(-1.15 * peak, 1.6 * peak))
bottom.set_title("The first of them, before and after windowing")
bottom.legend(loc="upper center", fontsize=8, ncols=3)
show(figure, "lab_1_frames", options.out)

# %% [markdown]
# ## 2. How many frames?
#
# Two tools often differ in the number of frames before they differ in anything else. They disagree about what comes
# before the first sample and after the last: nothing, zeros, or the mirrored signal. They also disagree about rounding:
# 10 ms at 22050 Hz are 220.5 samples, which most tools round to 220 and python_speech_features rounds to 221.

# %%
tools = {
    "valid": "Kaldi, HTK, openSMILE, MATLAB",
    "center, zeros": "librosa >= 0.9",
    "center, reflect": "torchaudio, librosa < 0.9",
    "pad tail": "python_speech_features",
    "symmetric": "Kaldi without snip_edges",
    "scipy": "scipy.signal.stft",
}
lengths = (4000, 16000, 16001, 16079, 16080, 16160)
print(f"frames of L = 400, H = 160, of N = {'  '.join(f'{n:6d}' for n in lengths)}")
for framing, tool in tools.items():
    counts = "  ".join(f"{dsp.count_frames(n, 400, 160, framing):6d}" for n in lengths)
    print(f"{tool:29s}  {counts}")

# %% [markdown]
# ## 3. Windows
#
# A frame is the signal times a rectangle, so its spectrum is the signal's spectrum smeared by the rectangle's. That one
# has a narrow peak but high side lobes, so that a loud tone hides a soft one far away from it (*leakage*). A window
# that falls gently towards 0 has lower side lobes, at the price of a wider peak:
#
# $$ w[n] = a - (1 - a) \cos \frac{2 \pi n}{M}, \quad n = 0 \dots L-1, \quad
#    a = 0.54 \text{ (Hamming)}, \; 0.5 \text{ (Hann)} . $$
#
# $M = L - 1$ gives the *symmetric* window of filter design, whose last sample equals the first. $M = L$ gives the
# *periodic* window, whose next sample would be the first one again. `np.hamming`, MATLAB's `hamming(L)` and
# `scipy.signal.windows.hann` are symmetric by default; `scipy.signal.get_window`, librosa and PyTorch are periodic. On
# speech the choice changes log-mel values by about one part in a thousand: no plot shows it, but a comparison to nine
# digits does.

# %%
n_fft = 8192
tones = np.sin(2 * np.pi * 1000.3 * np.arange(L) / sample_rate)
tones = tones + 10 ** (-50 / 20) * np.sin(2 * np.pi * 2200 * np.arange(L) / sample_rate)
shapes = {"rectangular": np.ones(L), "Hamming": dsp.hamming(L), "Hann": dsp.hann(L)}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for (name, shape), color in zip(shapes.items(), (GRAY, BLUE, ORANGE), strict=True):
    own = dsp.amplitude_to_db(np.abs(dsp.rfft(shape, n_fft)) / shape.sum(), 1e-7)
    left.plot(np.arange(own.size) * L / n_fft, own, color=color, linewidth=1.1, label=name)
    seen = dsp.amplitude_to_db(np.abs(dsp.rfft(tones * shape, n_fft)) / shape.sum() * 2, 1e-7)
    right.plot(np.arange(seen.size) * sample_rate / n_fft, seen, color=color, linewidth=1.1, label=name)
left.set(
    xlim=(0, 12),
    ylim=(-110, 3),
    xlabel="Frequency (bins of the frame)",
    ylabel="Level (dB)",
    title="Spectra of three windows",
)
right.axvline(2200, color=GREEN, linewidth=0.8, linestyle=":")
right.annotate("the soft tone", (2200, -48), (2700, -24), arrowprops={"arrowstyle": "->"}, size=9)
right.set(xlim=(0, 4000), ylim=(-110, 3), xlabel="Frequency (Hz)", ylabel="Level (dB)")
right.set_title("Tones at 1000.3 Hz (0 dB) and 2200 Hz (-50 dB)")
left.legend(loc="upper right", fontsize=8)
show(figure, "lab_1_windows", options.out)

# %% [markdown]
# If overlapping windows add up to a constant, adding the windowed frames restores the signal. Periodic Hann windows do
# so exactly at a hop of half their length; symmetric ones do not.

# %%
n, hop = 64, 32
figure, panels = plt.subplots(1, 2, figsize=(11, 3), sharey=True, layout="constrained")
for axes, periodic in zip(panels, (True, False), strict=True):
    total = np.zeros(6 * hop + n)
    for t in range(7):
        total[t * hop : t * hop + n] += dsp.hann(n, periodic)
        axes.plot(np.arange(n) + t * hop, dsp.hann(n, periodic), color=BLUE, linewidth=0.8)
    axes.plot(total, color=ORANGE, linewidth=1.5, label="sum")
    inside = total[n:-n]
    axes.set(xlabel="Sample", ylim=(0, 1.15), xlim=(0, total.size - 1))
    axes.set_title(
        f"{'Periodic' if periodic else 'Symmetric'} Hann: sum {inside.min():.4f} to {inside.max():.4f}", size=11
    )
panels[0].set_ylabel("Window")
panels[0].legend(loc="lower center", fontsize=8)
show(figure, "lab_1_overlap", options.out)

# %% [markdown]
# ## Questions
#
# 1. How many frames does a signal of exactly $L$ samples have? And one of $L + H - 1$ samples? How many samples are
#    then in no frame?
# 2. The symmetric window of one sample has $M = 0$. What should its value be?
# 3. In the second figure, which window would you use to separate 1000 Hz from 1060 Hz, both at 0 dB? Why not the one
#    that shows the soft tone best?
# 4. A colleague's matrix has one frame more than yours. Name three rules that could be the cause, and signal lengths
#    that tell them apart (use the table of section 2).
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_1.py` and write `windowed_frames(signal, sample_rate, frame_ms, hop_ms)`: the
# frames of section 1, each multiplied by the window, as a matrix with one column per frame. The rules of your course
# decide how milliseconds become samples and which window is used; in the default profile, samples are rounded down and
# the window is a symmetric Hamming window. Before you check, try a signal of ones: what is each column then?
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(1, options.file, options.profile)
