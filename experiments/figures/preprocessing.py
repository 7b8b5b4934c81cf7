"""Draws how two papers prepare a recording for their networks.

    python -m experiments.figures [--audio FILE] [--out DIR]

Example: python -m experiments.figures --audio speech.wav --out figures

Writes <name>_preprocessing.png and <name>_augmentation.png of the CRNN paper (RAVDESS, EMO-DB) and, for a recording at
16 kHz, <name>_dey_inputs.png of the EMO-DB paper with five networks. Without --audio it takes an utterance of the
synthetic corpus.

Exit status: 0 drawn, 2 bad input, 130 interrupted.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap

from dsp import hz_to_mel
from dsp.files.commands import check_output_folder, check_written, exit_status
from dsp.files.naming import figure_label, printable
from experiments.common.paths import RUNS
from experiments.data.recordings import read_mono
from experiments.data.synthetic import SAMPLE_RATE as SYNTHETIC_RATE
from experiments.data.synthetic import VOICES, synthesize
from experiments.figures import matlab
from experiments.inputs import dey_emodb, yadav_crnn

DEFAULT_OUT = RUNS / "preprocessing"
THREE_SECONDS = yadav_crnn.N_SAMPLES / yadav_crnn.SAMPLE_RATE
WAVE, SHADE = "#0072bd", "0.85"
SIGN = ListedColormap(["#35298c", "white", "#f0c020"])  # of -1, 0, 1
TICKS = (500, 1000, 2000, 4000, 8000, 16000)  # Hz


def preprocessing_figure(path, signal, sample_rate: int, title: str = "") -> None:
    """Draws Fig. 5 and 7 of the CRNN paper and the steps between: waveform and log-mel spectrogram, one row per step.

    Rows: the recording at its own rate, with the silence at its ends shaded; trimmed, at 44.1 kHz; after the Wiener
    filter; 3 s. All rows share one time axis from 0, one amplitude axis and one decibel scale.

    Raises ValueError for what `yadav_crnn.prepared` refuses.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    stages, rate = yadav_crnn.stages(signal, sample_rate), yadav_crnn.SAMPLE_RATE
    longer = stages.filtered.size > yadav_crnn.N_SAMPLES
    rows = [
        (f"recording, {sample_rate / 1000:g} kHz", np.asarray(signal), sample_rate),
        ("at 44.1 kHz, silence at the ends removed", stages.trimmed, rate),
        ("Wiener filter", stages.filtered, rate),
        ("the first 3 s only" if longer else "zeros appended", stages.three_seconds, rate),
    ]
    levels = [yadav_crnn.level_of(x, of_rate) for _, x, of_rate in rows]
    panels = _waves_and_levels(rows, levels, title)
    last = np.asarray(signal).size / sample_rate
    for start, stop in ((0, stages.kept[0]), (stages.kept[1], last)):
        if stop > start:
            panels[0, 0].axvspan(start, stop, color=SHADE, linewidth=0)
    matlab.save(panels[0, 0].figure, path)


def augmentation_figure(path, signal, sample_rate: int, title: str = "") -> None:
    """Draws Fig. 11 of the CRNN paper: the prepared recording and its four copies, one row each.

    Left: the whole clip, shaded beyond 3 s. Right: the log-mel spectrogram of its 3 s, as the network sees it.

    Raises ValueError for what `yadav_crnn.prepared` refuses.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    rate = yadav_crnn.SAMPLE_RATE
    clips = yadav_crnn.clips(signal, sample_rate)
    rows = [(name, clip, rate) for name, clip in zip(yadav_crnn.COPIES, clips, strict=True)]
    levels = [yadav_crnn.log_mel_of(clip)[0] for clip in clips]
    panels = _waves_and_levels(rows, levels, title)
    panels[0, 1].set_xlim(0, THREE_SECONDS)
    for axes, clip in zip(panels[:, 0], clips, strict=True):
        if clip.size / rate > THREE_SECONDS:
            axes.axvspan(THREE_SECONDS, clip.size / rate, color=SHADE, linewidth=0)
    matlab.save(panels[0, 0].figure, path)


def dey_inputs_figure(path, signal, title: str = "") -> None:
    """Draws the inputs of the EMO-DB paper's five networks, for a recording at 16 kHz.

    Top: the waveform at unit power with the windows of 1 s below it; zeros around the recording are shaded.
    Middle: the mel image as intended (z-score) and as the code computes it (sign).
    Bottom: the spectrogram of 219 frames, its 18 segments of 5 frames, and, shaded, the frames never seen.

    Raises ValueError for a silent or bad signal, or one without a positive sample.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    rate = dey_emodb.SAMPLE_RATE
    figure = matlab.plt.figure(figsize=(12, 10), layout="constrained")
    top, left, right, bottom = figure.subplot_mosaic("AA;BC;DD").values()
    s = dey_emodb.unit_power(signal)
    _draw_windows(top, s, dey_emodb.window_bounds(s.size), rate)

    meant = spectrogram(left, dey_emodb.mel_2d(signal, "z-score")[0], dey_emodb.IMAGE, rate)
    figure.colorbar(meant, ax=left, label="standard deviations")
    left.set_title("2D CNN-LSTM, as intended: 8 s, z-score", size=10)
    fed = spectrogram(right, dey_emodb.mel_2d(signal)[0], dey_emodb.IMAGE, rate, cmap=SIGN, vmin=-1.5, vmax=1.5)
    figure.colorbar(fed, ax=right, ticks=(-1, 0, 1), label="sign of the level")
    right.set_title("2D CNN-LSTM, as the code computes it: the sign", size=10)

    level = dey_emodb.segment_level(signal)
    picture = spectrogram(bottom, level, dey_emodb.SEGMENT, rate)
    figure.colorbar(picture, ax=bottom, label="Level (dB re maximum)")
    _draw_segments(bottom, level.shape[1], dey_emodb.SEGMENT.hop_length / rate)
    figure.suptitle(title, size=11)
    matlab.save(figure, path)


def _waves_and_levels(rows, levels, title: str):
    """Draws waveforms left and spectrograms right, from rows of (name, signal, sample rate); returns the panels."""
    n = len(rows)
    figure, panels = matlab.plt.subplots(n, 2, figsize=(12, 2 * n + 0.8), sharex="col", layout="constrained")
    limits = {"vmin": min(level.min() for level in levels), "vmax": max(level.max() for level in levels)}
    peak = 1.05 * max(np.abs(x).max() for _, x, _ in rows)
    for (wave, image), (name, x, rate), level in zip(panels, rows, levels, strict=True):
        wave.plot(np.arange(x.size) / rate, x, color=WAVE, linewidth=0.4)
        wave.set_title(f"{name} ({x.size / rate:.2f} s)", size=10, loc="left")
        wave.set(ylim=(-peak, peak), ylabel="Amplitude")
        picture = spectrogram(image, level, yadav_crnn.CONVENTION, rate, **limits)
        image.set_title(f"{len(level)} mel bands to {rate / 2000:g} kHz, {level.shape[1]} frames", size=10, loc="left")
    longest = max(x.size / rate for _, x, rate in rows)
    for axes in panels[0]:  # after the images, which set their own
        axes.set_xlim(0, max(longest, THREE_SECONDS))
    for axes in panels[:-1].flat:
        axes.set_xlabel("")
    panels[-1, 0].set_xlabel("Time (s)")
    figure.colorbar(picture, ax=panels[:, 1], label="Level (dB)")
    figure.suptitle(title, size=11)
    return panels


def spectrogram(axes, level, convention, sample_rate: int, **look):
    """Draws a mel spectrogram: bands from the bottom up, frames at their centers, ticks in Hz.

    Parameters
    ----------
    axes : the matplotlib axes to draw on
    level : (n_mels, n_frames), made at the convention's hop and mel scale
    look : cmap, vmin, vmax, as imshow takes them

    Returns
    -------
    picture : for a color bar

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    n_mels, n_frames = level.shape
    hop = convention.hop_length / sample_rate
    extent = (-0.5 * hop, (n_frames - 0.5) * hop, -0.5, n_mels - 0.5)
    picture = axes.imshow(level, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **look)
    top = hz_to_mel(sample_rate / 2, convention.mel_scale)
    bands = hz_to_mel(TICKS, convention.mel_scale) / top * (n_mels + 1) - 1  # band m's center is edge m + 1 of n + 2
    shown = [(band, f"{hz}") for band, hz in zip(bands, TICKS, strict=True) if band < n_mels]
    axes.set_yticks(*zip(*shown, strict=True))
    axes.set(xlabel="Time (s)", ylabel="Hz (mel scale)")
    return picture


def _draw_windows(axes, s, bounds, rate: int) -> None:
    """Draws the waveform and a numbered bar for every window, in two alternating lines."""
    peak = np.abs(s).max()
    axes.plot(np.arange(s.size) / rate, s, color=WAVE, linewidth=0.4)
    for k, (start, stop) in enumerate(bounds):
        x, width, y = start / rate, (stop - start) / rate, -peak * (1.3 + 0.25 * (k % 2))
        axes.add_patch(matlab.plt.Rectangle((x, y), width, 0.2 * peak, facecolor="#b9e5bd", edgecolor="0.3"))
        axes.text(x + width / 2, y + 0.1 * peak, str(k + 1), ha="center", va="center", size=8)
    first, last = min(0, bounds[0][0]) / rate, bounds[-1][1] / rate
    for start, stop in ((first, 0), (s.size / rate, last)):
        if stop > start:
            axes.axvspan(start, stop, color=SHADE, linewidth=0, zorder=0)
    axes.set(xlim=(first, last), ylim=(-1.65 * peak, 1.1 * peak), xlabel="Time (s)", ylabel="Amplitude (rms = 1)")
    axes.set_title(f"1D networks: {len(bounds)} windows of 1 s, half a second apart", size=10)


def _draw_segments(axes, n_frames: int, hop: float) -> None:
    width, starts = dey_emodb.SEGMENT_FRAMES, dey_emodb.SEGMENT_STARTS
    for k, start in enumerate(starts):
        axes.axvline((start - 0.5) * hop, color="white", linewidth=0.8)
        axes.text((start + width / 2 - 0.5) * hop, 121, str(k + 1), color="white", ha="center", va="center", size=8)
    unseen = starts[-1] + width
    axes.axvspan((unseen - 0.5) * hop, (n_frames - 0.5) * hop, color="white", alpha=0.6, linewidth=0)
    middle = (unseen + n_frames - 1) / 2 * hop
    axes.text(middle, 121, f"{n_frames - unseen} frames never seen", ha="center", va="center", size=9)
    title = f"Time-distributed networks: {len(starts)} segments of {width} of {n_frames} frames"
    axes.set_title(title, size=10)


def draw(out: Path, signal, sample_rate: int, name: str) -> list[Path]:
    """Draws all figures of a recording; returns their paths. ValueError for a signal that cannot be prepared."""
    paths = [out / f"{name}_preprocessing.png", out / f"{name}_augmentation.png"]
    title = figure_label(name)
    preprocessing_figure(paths[0], signal, sample_rate, title)
    augmentation_figure(paths[1], signal, sample_rate, title)
    if sample_rate == dey_emodb.SAMPLE_RATE:
        paths.append(out / f"{name}_dey_inputs.png")
        dey_inputs_figure(paths[2], signal, title)
    return paths


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a recording; default: a synthetic one")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", default=DEFAULT_OUT, help="default: experiments/runs/preprocessing"
    )
    options = parser.parse_args(arguments)
    return exit_status(lambda: draw_and_print(options.audio, options.out), options.audio, options.out)


def draw_and_print(audio: Path | None, out: Path) -> None:
    """Draws the figures and prints their paths."""
    check_output_folder(out)
    if audio is None:
        print("SYNTHETIC: tones and noise made by this program, not speech; --audio FILE draws a recording")
        signal, sample_rate, label = synthesize(VOICES[0], 0, "happy"), SYNTHETIC_RATE, "synthetic"
    else:
        signal, sample_rate, n_channels = read_mono(audio)
        matlab.check_drawable(audio, signal, sample_rate, "figures are")
        label = printable(audio.stem)
        if n_channels > 1:
            print(f"{printable(audio)}: {n_channels} channels, mixed down to their mean")
    paths = draw(out, signal, sample_rate, label)
    check_written(paths)
    print("\n".join(map(printable, paths)))
    if sample_rate != dey_emodb.SAMPLE_RATE:
        print(f"no dey_inputs: {sample_rate} Hz; those networks take {dey_emodb.SAMPLE_RATE} Hz")
