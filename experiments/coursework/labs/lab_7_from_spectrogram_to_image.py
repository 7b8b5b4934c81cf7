"""Lab 7: from a spectrogram in decibels to the bytes of a color image, as a paper's MATLAB script makes it."""

# %% [markdown]
# # Lab 7: from spectrogram to image
#
# `python -m experiments.coursework.labs.lab_7_from_spectrogram_to_image`, from the root of the repository, or cell by
# cell. It needs NumPy, Numba, Pillow and matplotlib.
#
# Papers that recognize emotions "from spectrograms" often mean *pictures*: a script draws the spectrogram in colors and
# saves it, and a network made for photographs reads the file. Four small steps lead from the spectrum $S$ to the bytes.
# These are the steps of one paper's MATLAB script (`spectrogram_images/render.py` has them line by line, equal to
# MATLAB's in every pixel):
#
# $$ L = 20 \log_{10}(|S| + \varepsilon), \qquad \varepsilon = 2^{-52} $$
# $$ i = \mathrm{round}\left( \frac{L - \min L}{\max L - \min L} \cdot 255 \right) \qquad \text{a color number} $$
# $$ \mathrm{rgb} = \mathrm{jet}_{256}[\max(i, 1)] \qquad \text{counted from 1: 0 and 1 give the same color} $$
# $$ \mathrm{image} = \mathrm{round}(255 \cdot \mathrm{bicubic}(\mathrm{rgb})) \qquad 224 \times 224,\ 0 \dots 255 $$
#
# Each step discards something. Row 0 of the matrix is 0 Hz, so the image is upside down compared with the usual figure.

# %%
import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dsp").is_dir()]  # the root

import numpy as np

import dsp
from dsp.files.commands import exit_without
from experiments.coursework.labs.lab import begin, finish, play, plt, show
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize
from spectrogram_images import imresize, ind2rgb, jet, render, round_half_away, to_uint8
from spectrogram_images.compare import explain

exit_without("PIL", feature="lab 7", extra="images")
options, _ = begin(7)

from PIL import Image

x = synthesize(VOICES[1], 0, "happy")  # tones and noise through moving resonances, made here
play(x, SAMPLE_RATE, "lab_7_happy", options.out)
S, _, _ = dsp.spectrogram(x, dsp.hann(256), 128, 512, SAMPLE_RATE)
level = dsp.amplitude_to_db(np.abs(S), offset=dsp.EPS)
scaled = (level - level.min()) / np.ptp(level) * 255
index = round_half_away(scaled)
rgb = ind2rgb(index, jet(256))
image = to_uint8(imresize(rgb, (224, 224)))
print(level.shape, "->", rgb.shape, "->", image.shape, image.dtype, "; equal to render(x):", (image == render(x)).all())

figure, panels = plt.subplots(1, 4, figsize=(13, 3.5), layout="constrained")
drawn = panels[0].imshow(level, aspect="auto", cmap="gray")
figure.colorbar(drawn, ax=panels[0], label="Level (dB)")
panels[0].set(title="1. level", xlabel="Frame", ylabel="Bin (0 Hz at the top)")
drawn = panels[1].imshow(index, aspect="auto", cmap="gray")
figure.colorbar(drawn, ax=panels[1], label="Color number i")
panels[1].set(title="2. color number", xlabel="Frame", ylabel="Bin")
panels[2].imshow(to_uint8(rgb), aspect="auto")
panels[2].set(title=f"3. jet, {rgb.shape[0]} x {rgb.shape[1]}", xlabel="Frame", ylabel="Bin")
panels[3].imshow(image, aspect="auto")
panels[3].set(title="4. bytes, 224 x 224", xlabel="Column", ylabel="Row")
show(figure, "lab_7_steps", options.out)

# %% [markdown]
# ## What is lost, step by step
#
# **Min-max scaling.** The loudest bin becomes dark red and the softest dark blue, whatever their levels. The same voice
# at a tenth of the amplitude gives the same picture: the loudness that distinguishes anger from sadness is gone.
# Moreover, a single outlier determines the contrast: digital silence has $20 \log_{10} \varepsilon = -313$ dB, so a few
# zeros at the end of a file squeeze all speech into yellows and reds.

# %%
quieter = render(0.1 * x)
print(f"0.1 x: {np.mean(quieter == image):.1%} of all bytes are equal")
S_longer, _, _ = dsp.spectrogram(np.append(x, np.zeros(600)), dsp.hann(256), 128, 512, SAMPLE_RATE)
longer = dsp.min_max(dsp.amplitude_to_db(np.abs(S_longer), offset=dsp.EPS), 0, 255)[:, : level.shape[1]]
print(f"mean color number of the speech: {index.mean():.0f}, before 40 ms of digital silence: {longer.mean():.0f}")

# %% [markdown]
# **Rounding.** MATLAB's `round` rounds halves away from zero (2.5 to 3, -2.5 to -3), the `round` of NumPy and of Python
# rounds them to the even neighbor (2.5 to 2), and `astype(int)` truncates. Halves are rare in a spectrogram but not in
# *bytes*: jet consists of multiples of 1/64, and $255 \cdot 32/64 = 127.5$.
#
# **Counting from one.** MATLAB's colors are numbered $1 \dots 256$, and `ind2rgb` takes color 1 for both 0 and 1. So a
# spectrogram scaled to 0 .. 255 never uses the last of 256 colors. In Python, whose arrays begin at 0, `colors[i]`
# shifts everything by one color, and `colors[i - 1]` paints the quietest bin in the *last* color.
#
# **Jet.** Its brightness rises and falls: dark blue, bright cyan and yellow, dark red. In gray, as some networks see
# it, the loudest bins look like the soft ones.

# %%
colors = jet(256)
luminance = colors @ (0.299, 0.587, 0.114)  # the weights of `convert("L")` and rgb2gray
halves = np.array([0.5, 1.5, 2.5, 3.5])
print("halves     ", halves, "\nMATLAB     ", round_half_away(halves), "\nnp.round   ", np.round(halves))
print("astype(int)", halves.astype(int))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.5), layout="constrained")
for channel, color in enumerate(("#d62728", "#2ca02c", "#1f77b4")):
    left.plot(np.arange(1, 257), colors[:, channel], color=color, linewidth=1, label=("red", "green", "blue")[channel])
left.plot(np.arange(1, 257), luminance, color="k", linewidth=2, label="luminance (gray)")
left.imshow(colors[None], extent=(1, 256, -0.16, -0.06), aspect="auto")
left.set(xlim=(1, 256), ylim=(-0.16, 1.25), xlabel="Color number", ylabel="Value", title="MATLAB's jet(256)")
left.legend(frameon=False, fontsize=8, loc="upper center", ncols=4)
drawn = right.imshow(rgb @ (0.299, 0.587, 0.114), aspect="auto", cmap="gray", vmin=0, vmax=1)
figure.colorbar(drawn, ax=right, label="Luminance")
right.set(xlabel="Frame", ylabel="Bin", title="In gray, the loudest bins are dark")
show(figure, "lab_7_jet", options.out)

# %% [markdown]
# **Resizing.** `imresize` is bicubic with Keys' kernel ($a = -1/2$). 257 rows become 224: counted from 1, output row
# $i$ lies at $u = i / s + (1 - 1/s)/2$ in the input, with $s = 224/257$. Because the image shrinks, the kernel is
# stretched by $1/s$, which makes it a low-pass filter against aliasing. The number of columns is the duration, so a
# short sentence is stretched and a long one squeezed: **the tempo is gone, too.** The kernel has negative lobes, so
# colors overshoot and are clipped.
#
# Other libraries differ. Pillow has the same kernel and antialiasing but works on bytes, so it rounds *before* resizing
# and once more between the two directions; OpenCV has $a = -3/4$ and no antialiasing. The order of rounding matters:

# %%
by_pillow = np.asarray(Image.fromarray(to_uint8(rgb)).resize((224, 224), Image.Resampling.BICUBIC))
away = np.abs(by_pillow.astype(int) - image)
print(
    f"Pillow: {np.mean(away == 0):.0%} of all bytes are equal, {np.mean(away <= 1):.0%} within 1, maximum {away.max()}"
)
raw = imresize(rgb, (224, 224))
print(f"before clipping: {raw.min():.3f} .. {raw.max():.3f}")

figure, panels = plt.subplots(1, 3, figsize=(11.5, 3.6), layout="constrained")
for axes, emotion in zip(panels, ("fear", "sad"), strict=False):
    utterance = synthesize(VOICES[1], 0, emotion)
    play(utterance, SAMPLE_RATE, f"lab_7_{emotion}", options.out)
    peak_db = 20 * np.log10(np.abs(utterance).max())
    axes.imshow(render(utterance))
    axes.set(
        title=f"{emotion}: {utterance.size / SAMPLE_RATE:.2f} s, peak {peak_db:.0f} dB", xlabel="Column", ylabel="Row"
    )
drawn = panels[2].imshow(away.max(axis=2), cmap="gray_r", vmin=0, vmax=4)
figure.colorbar(drawn, ax=panels[2], label="Difference of bytes")
panels[2].set(title="|Pillow - MATLAB|, happy", xlabel="Column", ylabel="Row")
show(figure, "lab_7_resizing", options.out)

# %% [markdown]
# ## Why do two pictures differ?
#
# A picture from another program may differ from MATLAB's nearly everywhere, and the eye cannot tell why. But each step
# has few usual alternatives, so one can redraw the picture with one step after another changed. `explain` does that and
# names a cause only if it reproduces every byte (`python -m spectrogram_images.compare A B --audio WAV` does so for
# files). A change to the finished picture, such as exchanged colors, can be found without the recording.

# %%
matplotlibs_jet = plt.colormaps["jet"](np.arange(256))[:, :3]
pictures = {
    "by Pillow": by_pillow,
    "matplotlib's figure": to_uint8(imresize(ind2rgb(index, matplotlibs_jet), (224, 224)))[::-1],
    "read by OpenCV": image[..., ::-1],
    "another sentence": render(synthesize(VOICES[1], 1, "happy")),
}
for name, picture in pictures.items():
    found = explain(image, picture, None if name == "another sentence" else x)
    print(f"{name}: {'; '.join(cause.detail for cause in found.causes) or 'not explained'}")

# %% [markdown]
# **Think.** (1) Which byte does MATLAB make of a color value of 0.5, and which does `np.round` make? And of 1/6? (2)
# Why might a color picture help a network that was trained on photographs? (3) A network is trained on MATLAB's images
# and applied to yours, made with `matplotlib.cm.jet` and Pillow. Which steps must be equal, and how would you find out
# without MATLAB? (4) You may use `level` itself as the input. Which of the steps above would you keep, and with
# constants from which recordings?

# %% [markdown]
# ## Your function
#
# Copy `experiments/coursework/student/lab_7.py` and write `spectrogram_image(level_db, colors)`: the color numbers, the
# colors and the bytes, $\mathrm{round}(255 \cdot \mathrm{rgb})$, without resizing. `colors` has $m$ rows (red, green
# and blue from 0 to 1), so the color numbers go from 0 to $m - 1$ instead of 255. `round` is MATLAB's, and number 0
# gives MATLAB's color 1, the first row. The result has one row per row of `level_db` and is of dtype uint8. Before you
# check, try a matrix of two values, and one whose color numbers are halves.
#
# Give the path of your file with `--file` (or below). With `--hints 2`, the check asks a question about a mistake that
# it recognizes.

# %%
finish(7, options.file, options.profile)
