"""What each network sees of a recording and how that is drawn: the one list of systems that the recogniser knows.

A new system gets an entry in VIEWS, under the name that its runs' config gives their inputs, or under its own name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from experiments.figures.preprocessing import SIGN, spectrogram
from experiments.inputs import dey_emodb, finch_dycnn, statistics, wang_cl, yadav_crnn
from experiments.inputs.front_end import SAMPLE_RATE, FrontEnd
from experiments.inputs.row_scaling import RowScaling
from spectrogram_images import render
from spectrogram_images.parameters import PAPER

_DEY = SAMPLE_RATE


@dataclass(frozen=True)
class View:
    """How a recording becomes what a network sees.

    sample_rate : Hz, of the signals below
    min_samples : the shortest signal that the network takes
    inputs : signal (n,) float64 -> (n_examples, ...) as the network takes them; ValueError for a bad signal
    describe : the same signal -> what the network sees of it, one line per step
    draw : (axes, inputs, answers (n_examples, n_classes), classes, seconds) -> the title
    z_score : builds the run's z-score from the numbers in its result, if the inputs need one
    stream : makes what takes a signal piece by piece, push(samples), and returns `inputs` of it, finish(); None for
        inputs that need the whole signal at once
    """

    sample_rate: int
    min_samples: int
    inputs: Callable[[np.ndarray], np.ndarray]
    describe: Callable[[np.ndarray], tuple[str, ...]]
    draw: Callable[..., str]
    z_score: Callable | None = None
    stream: Callable[[], Any] | None = None


def view_of(result: dict) -> View:
    """The view of a run, by the name of its inputs in its config, else by its system.

    Raises ValueError for a system without a view.

    Checked: tests/test_recogniser_core.py
    """
    name = result["config"].get("inputs", result["system"])
    if name not in VIEWS:
        known = ", ".join(VIEWS)
        raise ValueError(f"the recogniser has no view {name!r}, the inputs of {result['system']}; it has {known}")
    return VIEWS[name]


def _one(front_end: FrontEnd, sample_rate: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda signal: front_end.features(signal, sample_rate)[None]


def _describe_beginning(seconds: float, signal: np.ndarray, sample_rate: int) -> tuple[str, ...]:
    """How a signal is brought to `seconds`: cut off or padded."""
    missing = seconds - signal.size / sample_rate
    if missing < 0:
        return (f"the network sees the first {seconds:g} s of {signal.size / sample_rate:.2f} s",)
    return (f"{missing:.2f} s of zeros appended to make {seconds:g} s",) if missing else ()


# Zheng et al.: the whole recording as one image


def _image(signal: np.ndarray) -> np.ndarray:
    return render(signal).transpose(2, 0, 1)[None]


def _describe_image(signal: np.ndarray) -> tuple[str, ...]:
    return (f"all {signal.size / PAPER.sample_rate:.2f} s as an image of 224 x 224 pixels",)


def _draw_image(axes, inputs, answers, classes, seconds) -> str:
    extent = (0, seconds, PAPER.sample_rate / 2000, 0)  # 0 Hz is the top row
    axes.imshow(inputs[0].transpose(1, 2, 0), aspect="auto", extent=extent, interpolation="nearest")
    axes.set(xlabel="Time (s)", ylabel="Frequency (kHz)")
    return "the image, 0 Hz at the top as the network sees it"


# Dey et al.


def _draw_mask(axes, inputs, answers, classes, seconds) -> str:
    spectrogram(axes, inputs[0, 0], dey_emodb.IMAGE, _DEY, cmap=SIGN, vmin=-1.5, vmax=1.5)
    return "sign of the mel level: yellow +1, blue -1"


def _draw_level(convention, sample_rate: int, axes, inputs, answers, classes, seconds) -> str:
    picture = spectrogram(axes, inputs[0, 0], convention, sample_rate)
    axes.figure.colorbar(picture, ax=axes, label="standard deviations", pad=0.01)
    return "log-mel spectrogram, z-scored"


SEGMENTS_S = len(dey_emodb.SEGMENT_STARTS) * dey_emodb.SEGMENT_FRAMES * dey_emodb.SEGMENT.hop_length / _DEY


def _draw_segments(axes, inputs, answers, classes, seconds) -> str:
    segments = inputs[0, :, 0]  # (18, 128, 5)
    picture = spectrogram(axes, np.concatenate(list(segments), axis=1), dey_emodb.SEGMENT, _DEY)
    for place in range(1, len(segments)):
        x = (place * dey_emodb.SEGMENT_FRAMES - 0.5) * dey_emodb.SEGMENT.hop_length / _DEY
        axes.axvline(x, color="white", linewidth=0.5)
    axes.figure.colorbar(picture, ax=axes, label="dB re maximum", pad=0.01)
    return f"log-mel spectrogram, {len(segments)} segments of {dey_emodb.SEGMENT_FRAMES} frames"


def _describe_windows(signal: np.ndarray) -> tuple[str, ...]:
    bounds = dey_emodb.window_bounds(signal.size)
    zeros = max(0, bounds[-1][1] - signal.size) + max(0, -bounds[0][0])
    padded = f", {zeros / _DEY:.2f} s of zeros around them" if zeros else ""
    answers = f"the mean answer to {len(bounds)} windows" if len(bounds) > 1 else "one window"
    return (f"all {signal.size / _DEY:.2f} s: {answers} of 1 s{padded}",)


def _draw_windows(axes, inputs, answers, classes, seconds) -> str:
    """This network takes the waveform itself, so its answer to each window is drawn."""
    step = dey_emodb.HOP / _DEY
    center = 0.5 * dey_emodb.WINDOW / _DEY if len(answers) > 1 else seconds / 2
    extent = (center - step / 2, center + (len(answers) - 0.5) * step, len(classes) - 0.5, -0.5)
    look = {"cmap": "Blues", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
    picture = axes.imshow(answers.T, aspect="auto", extent=extent, **look)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="Time (s), middle of the window", xlim=(0, seconds))
    axes.figure.colorbar(picture, ax=axes, label="probability", pad=0.01)
    return f"the waveform is the input; answers to {len(answers)} windows of 1 s"


# Yadav et al.


def _describe_crnn(signal: np.ndarray) -> tuple[str, ...]:
    stages = yadav_crnn.stages(signal, yadav_crnn.SAMPLE_RATE)
    start, stop = stages.kept
    duration = signal.size / yadav_crnn.SAMPLE_RATE
    kept = f"silence at the ends removed: {start:.2f} .. {stop:.2f} s of {duration:.2f} s kept"
    three_s = yadav_crnn.N_SAMPLES / yadav_crnn.SAMPLE_RATE
    return kept, "Wiener filter", *_describe_beginning(three_s, stages.filtered, yadav_crnn.SAMPLE_RATE)


# Finch


def _draw_rows(name: str, axes, inputs, answers, classes, seconds) -> str:
    extent = (0, finch_dycnn.FRAMES * 0.01, 0, finch_dycnn.ROWS)
    look = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "vmin": -3, "vmax": 3, "cmap": "RdBu_r"}
    picture = axes.imshow(inputs[0, 0].T, extent=extent, **look)
    axes.set(xlabel="Time (s)", ylabel=name, yticks=(0, 13, 26, 39))
    axes.figure.colorbar(picture, ax=axes, label="standard deviations", pad=0.01)
    return f"{finch_dycnn.ROWS} rows of features, z-scored row by row"


def _view_of_rows(features: str, name: str) -> View:
    front_end, describe = finch_dycnn.FEATURES[features], partial(_describe_frames, finch_dycnn.FRAMES, 400, 160)
    draw = partial(_draw_rows, name)
    return View(SAMPLE_RATE, 400, _one(front_end, SAMPLE_RATE), describe, draw, z_score=finch_dycnn.RowZScore)


# Wang


_LEVEL = "level, scaled to 0 .. 1"
_LEVEL_OF_ROW = "level, scaled for every frequency"


def _draw_spectrogram(axes, inputs, answers, classes, seconds, label=_LEVEL) -> str:
    seconds = wang_cl.FRAMES * wang_cl.CEPSTRA.hop_length / SAMPLE_RATE
    return _draw_whole_clip(axes, inputs, answers, classes, seconds, label)


def _draw_whole_clip(axes, inputs, answers, classes, seconds, label=_LEVEL) -> str:
    """The 13 coefficients of the other branch are left out."""
    extent = (0, seconds, 0, SAMPLE_RATE / 2000)
    frames = inputs[0, :, : wang_cl.FRAMES]
    picture = axes.imshow(frames.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest")
    axes.set(xlabel="Time (s)", ylabel="Frequency (kHz)")
    axes.figure.colorbar(picture, ax=axes, label=label, pad=0.01)
    return "power spectrogram of 128 frames (the MFCC branch is not shown)"


def _describe_frames(max_frames: int, length: int, hop: int, signal: np.ndarray) -> tuple[str, ...]:
    frames = 1 + (signal.size - length) // hop
    if frames > max_frames:
        seen_s = max_frames * hop / SAMPLE_RATE
        return (f"the network sees the first {max_frames} of {frames} frames: {seen_s:.2f} s",)
    return (f"{frames} frames; the other {max_frames - frames} are zeros",) if frames < max_frames else ()


def _describe_clip(signal: np.ndarray) -> tuple[str, ...]:
    return (f"all {signal.size / SAMPLE_RATE:.2f} s, stretched or squeezed into {wang_cl.FRAMES} frames",)


# The recogniser's own network


def _describe_statistics(signal: np.ndarray) -> tuple[str, ...]:
    return (f"{statistics.N_STATISTICS} statistics of all {signal.size / SAMPLE_RATE:.2f} s",)


def _draw_statistics(axes, inputs, answers, classes, seconds) -> str:
    """A column per statistic, a row per feature."""
    table = inputs[0].reshape(len(statistics.NAMES), statistics.ROWS).T
    look = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "vmin": -3, "vmax": 3, "cmap": "RdBu_r"}
    picture = axes.imshow(table, **look)
    axes.set_xticks(range(len(statistics.NAMES)), statistics.NAMES)
    axes.set(ylabel="Feature: 39 MFCC, 40 bands", yticks=(0, 13, 26, 39, 59, 78))
    axes.figure.colorbar(picture, ax=axes, label="standard deviations", pad=0.01)
    return "statistics over time, z-scored over the training files"


_IMAGE_S = dey_emodb.IMAGE_SAMPLES / _DEY
_DESCRIBE_MEL = partial(_describe_beginning, _IMAGE_S, sample_rate=_DEY)

VIEWS = {
    "zheng_cnn_lstm": View(PAPER.sample_rate, PAPER.window_length, _image, _describe_image, _draw_image),
    "dey_mel_2d_sign": View(
        _DEY, dey_emodb.IMAGE.frame_length, _one(dey_emodb.MEL_2D_SIGN, _DEY), _DESCRIBE_MEL, _draw_mask
    ),
    "dey_mel_2d_z_score": View(
        _DEY,
        dey_emodb.IMAGE.frame_length,
        _one(dey_emodb.MEL_2D_Z_SCORE, _DEY),
        _DESCRIBE_MEL,
        partial(_draw_level, dey_emodb.IMAGE, _DEY),
    ),
    "dey_mel_segments": View(
        _DEY,
        dey_emodb.SEGMENT.frame_length,
        _one(dey_emodb.MEL_SEGMENTS, _DEY),
        partial(_describe_beginning, SEGMENTS_S, sample_rate=_DEY),
        _draw_segments,
    ),
    "windows_1d": View(_DEY, 400, dey_emodb.windows_1d, _describe_windows, _draw_windows),  # 25 ms, a frame of others
    "yadav_crnn": View(
        yadav_crnn.SAMPLE_RATE,
        yadav_crnn.FRAME,
        _one(yadav_crnn.ORIGINALS, yadav_crnn.SAMPLE_RATE),
        _describe_crnn,
        partial(_draw_level, yadav_crnn.CONVENTION, yadav_crnn.SAMPLE_RATE),
        z_score=yadav_crnn.ZScore,
    ),
    statistics.FEATURES.name: View(
        SAMPLE_RATE,
        400,  # 25 ms
        _one(statistics.FEATURES, SAMPLE_RATE),
        _describe_statistics,
        _draw_statistics,
        z_score=RowScaling,
        stream=statistics.StatisticsStream,
    ),
    "finch_mfcc": _view_of_rows("mfcc", "13 MFCC, deltas, their deltas"),
    "finch_log_mel": _view_of_rows("log-mel", "Mel band"),
    "wang_first_frames": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.FEATURES["first-frames"], SAMPLE_RATE),
        partial(_describe_frames, wang_cl.FRAMES, wang_cl.CEPSTRA.frame_length, wang_cl.CEPSTRA.hop_length),
        _draw_spectrogram,
    ),
    "wang_whole_clip": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.FEATURES["whole-clip"], SAMPLE_RATE),
        _describe_clip,
        _draw_whole_clip,
    ),
    "wang_first_frames_levels": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.LEVELS["first-frames"], SAMPLE_RATE),
        partial(_describe_frames, wang_cl.FRAMES, wang_cl.CEPSTRA.frame_length, wang_cl.CEPSTRA.hop_length),
        partial(_draw_spectrogram, label=_LEVEL_OF_ROW),
        z_score=RowScaling,
    ),
    "wang_whole_clip_levels": View(
        SAMPLE_RATE,
        wang_cl.CEPSTRA.frame_length,
        _one(wang_cl.LEVELS["whole-clip"], SAMPLE_RATE),
        _describe_clip,
        partial(_draw_whole_clip, label=_LEVEL_OF_ROW),
        z_score=RowScaling,
    ),
}
