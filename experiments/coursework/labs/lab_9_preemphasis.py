"""Lab 9: pre-emphasis, the shortest filter of speech processing: one multiplication per sample."""

# %% [markdown]
# # Lab 9: pre-emphasis and its response
#
# `python -m experiments.coursework.labs.lab_9_preemphasis`, from the root of the repository, or cell by cell. It needs
# NumPy, Numba and matplotlib. This short lab is a good first one.
#
# A voice is loud at low frequencies and soft at high ones: the spectrum of a vowel falls by roughly 6 to 12 dB per
# octave. **Pre-emphasis** raises the high frequencies so that the whole spectrum has a similar level. Each sample loses
# a part $a$ of the one before it:
#
# $$ y[n] = x[n] - a \, x[n-1], \qquad 0 \le a \le 1, \text{ often } 0.97 . $$

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from experiments.coursework.labs.lab import BLUE, GRAY, GREEN, ORANGE, begin, finish, play, plt, show
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize

options, profile = begin(9)
a = profile.preemphasis or 0.97  # a course without pre-emphasis may do this lab all the same
x = synthesize(VOICES[0], 0, "neutral")  # tones and noise through moving resonances, made here
y = dsp.preemphasis(x, a)
play(x, SAMPLE_RATE, "lab_9_original", options.out)
play(4 * y, SAMPLE_RATE, "lab_9_preemphasized_4_times_louder", options.out)

# %% [markdown]
# ## 1. The response
#
# To see what a filter does to each frequency, put in a tone, $x[n] = e^{2 \pi i f n / f_s}$. One sample earlier, it was
# $e^{-2 \pi i f / f_s}$ times the same, so the tone comes out multiplied by
#
# $$ H(f) = 1 - a \, e^{-2 \pi i f / f_s}, \qquad |H(f)|^2 = 1 + a^2 - 2 a \cos \frac{2 \pi f}{f_s} . $$
#
# At 0 Hz this is $1 - a$, at the Nyquist frequency $f_s / 2$ it is $1 + a$. The filter never blocks a frequency
# completely as long as $a < 1$.

# %%
f = np.linspace(0, SAMPLE_RATE / 2, 1001)
figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4), layout="constrained")
for coefficient, color in ((0.68, GREEN), (0.9, ORANGE), (0.97, BLUE)):
    gain = np.sqrt(1 + coefficient**2 - 2 * coefficient * np.cos(2 * np.pi * f / SAMPLE_RATE))
    left.plot(f / 1000, 20 * np.log10(gain), color=color, label=f"a = {coefficient:g}")
left.axhline(0, color=GRAY, linewidth=0.8, linestyle=":")
left.set(xlabel="Frequency (kHz)", ylabel="Gain (dB)", xlim=(0, 8), title="The response at 16 kHz")
left.legend(loc="lower right")


def long_term_level(signal) -> np.ndarray:
    """The mean power spectrum of all frames, in decibels below its largest value."""
    power = (np.abs(dsp.stft(signal, dsp.hamming(400), 160, 512)) ** 2).mean(axis=1)
    return dsp.power_to_db(power / power.max(), 1e-12)


bins = np.arange(257) * SAMPLE_RATE / 512 / 1000
right.plot(bins, long_term_level(x), color=GRAY, label="original")
right.plot(bins, long_term_level(y), color=BLUE, label=f"pre-emphasized, a = {a:g}")
right.set(
    xlabel="Frequency (kHz)", ylabel="Level below the maximum (dB)", xlim=(0, 8), title="One sentence, mean spectrum"
)
right.legend(loc="upper right")
show(figure, "lab_9_response", options.out)
for name, signal in (("original", x), ("pre-emphasized", y)):
    level = long_term_level(signal)
    print(f"{name}: from the maximum to 4 kHz, the level falls by {-level[128]:.0f} dB")

# %% [markdown]
# ## 2. And back
#
# Nothing is lost. The inverse filter adds what was taken away, this time from its own last *result*:
#
# $$ x[n] = y[n] + a \, x[n-1] . $$
#
# This is *de-emphasis*. Radio and tape use the pair against hiss: raise the high frequencies before the noise comes in,
# and lower them together with the noise afterwards. The price is a rumble, because the low frequencies of the noise are
# raised. (FM radio therefore emphasizes only above 2 or 3 kHz, where hiss is heard best.)

# %%
back = dsp.deemphasis(y, a)
print("largest difference after pre-emphasis and de-emphasis:", np.abs(back - x).max())
hiss = 0.003 * np.random.default_rng(9).standard_normal(x.size)
plain, treated = x + hiss, dsp.deemphasis(3 * y + hiss, a) / 3  # 3: as loud as x, about
for name, received in (("plain", plain), ("with pre-emphasis and de-emphasis", treated)):
    power = np.abs(dsp.stft(received - x, dsp.hamming(400), 160, 512)) ** 2
    rumble, high = (10 * np.log10(np.mean(band)) for band in (power[1:16], power[64:]))
    print(f"noise, {name}: below 500 Hz {rumble:.0f} dB, above 2 kHz {high:.0f} dB")
play(plain, SAMPLE_RATE, "lab_9_hiss", options.out)
play(treated, SAMPLE_RATE, "lab_9_hiss_after_deemphasis", options.out)

# %% [markdown]
# ## 3. What tools do differently
#
# The formula needs a sample before the first one, and there is none:
#
# | tool | applied to | first sample |
# |---|---|---|
# | python_speech_features, spafe, torchaudio's `preemphasis` | the signal | $y[0] = x[0]$, as if zeros came before |
# | Kaldi, HTK, openSMILE | each frame | $y[0] = (1 - a) \, x[0]$, as if $x[0]$ came before |
# | librosa's `preemphasis` | the signal | $y[0] = 3 x[0] - x[1]$, whatever $a$ is |
# | `mfcc` of librosa, torchaudio and MATLAB | not at all | |
#
# The first sample of a *file* hardly matters. The first sample of every *frame* does: there, the first rule leaves a
# step that the window makes small but does not remove.

# %%
frames = dsp.frame(x, 400, 160)
window = dsp.hamming(400)[:, None]
step = frames - a * np.vstack([np.zeros(frames.shape[1]), frames[:-1]])  # y[0] = x[0] in every frame
repeated = step.copy()
repeated[0] = (1 - a) * frames[0]
whole = dsp.frame(y, 400, 160)  # of the signal: the sample before the frame is known
spectra = [dsp.power_to_db(np.abs(dsp.rfft((v * window).T, 512)) ** 2, 1e-12) for v in (whole, step, repeated)]
for name, other in zip(("y[0] = x[0]", "y[0] = (1 - a) x[0]"), spectra[1:], strict=True):
    print(f"per frame, {name}: rms difference of the levels {np.sqrt(np.mean((other - spectra[0]) ** 2)):.2f} dB")

# %% [markdown]
# ## Questions
#
# 1. What are the gains of $a = 0.97$ at 0 Hz and at the Nyquist frequency, in decibels?
# 2. At which frequency does $a = 0.97$ leave the level unchanged at $f_s = 16$ kHz? (Set $|H| = 1$.)
# 3. A colleague uses $a = 0.97$ at 8 kHz and you use it at 44.1 kHz. Do the two filters treat 1 kHz alike? By how much
#    do their gains at 1 kHz differ, in decibels?
# 4. Which samples of two tools differ if one filters the whole signal and the other each frame, with the same rule for
#    the first sample?
# 5. With $a = 1$ and $y[0] = x[0]$, can the signal still be restored? And with $y[0] = (1 - a) \, x[0]$?
#
# ## Your function
#
# Copy `experiments/coursework/student/lab_9.py` and write `preemphasize(signal, coefficient)`: the formula of this lab
# with $a$ = `coefficient` and $y[0] = x[0]$. The result has as many samples as the signal and is float64, even if the
# signal consists of integers. Before you check, put in a signal of ones and a single 1 among zeros.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(9, options.file, options.profile)
