"""Closed form and published tables: texts, curves, images and axes of the Keras papers' figures, read back before
they become pixels. Live oracles: scikit-learn for the report, librosa for the levels.
"""

import json

import librosa
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn import metrics as sklearn_metrics

import dsp
from experiments.evaluation.metrics import averages, classification_report, reordered, scores
from experiments.figures import keras, matlab, preprocessing
from experiments.inputs import dey_emodb, yadav_crnn
from experiments.training.loop import History

RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")  # corpora's order
AS_PRINTED = ("Ang", "Cal", "Dis", "Fea", "Hap", "Neu", "Sad", "Sur")
SUPPORT = (37, 36, 41, 41, 40, 24, 34, 35)
FIGURE_9 = """
94.59 0.0 2.7 0.0 0.0 0.0 2.7 0.0
0.0 91.67 0.0 0.0 0.0 2.78 5.56 0.0
4.88 0.0 75.61 7.32 2.44 0.0 9.76 0.0
2.44 2.44 4.88 80.49 2.44 0.0 7.32 0.0
5.0 2.5 0.0 15.0 67.5 0.0 7.5 2.5
0.0 16.67 0.0 0.0 0.0 70.83 12.5 0.0
0.0 5.88 5.88 14.71 2.94 0.0 70.59 0.0
0.0 0.0 0.0 0.0 2.86 0.0 11.43 85.71
"""
TABLE_2 = """
87.50 94.59 0.9091
80.49 91.67 0.8571
86.11 75.61 0.8052
70.21 80.49 0.7500
87.10 67.50 0.7606
94.44 70.83 0.8095
54.55 70.59 0.6154
96.77 85.71 0.9091
"""
MACRO, WEIGHTED = (82.15, 79.62, 0.8020), (81.72, 79.86, 0.8016)  # printed macro F1: .8564, Table 4's


@pytest.fixture
def drawn(monkeypatch):
    """Catches the figure instead of saving it."""
    caught = []
    monkeypatch.setattr(matlab, "save", lambda figure, path: caught.append(figure))
    yield caught
    plt.close("all")


@pytest.fixture
def long_recording(utterance, rng):
    """Speech of 4 s between two half seconds of silence."""
    speech = np.tile(utterance, 4)[:64_000] + 1e-4 * rng.standard_normal(64_000)
    return np.concatenate([np.zeros(8000), speech, np.zeros(8000)])


def table(text: str) -> np.ndarray:
    return np.array([line.split() for line in text.split("\n") if line], dtype=float)


def published() -> dict:
    """Table 2's labels through our scores, in the corpus's order of classes."""
    counts = np.rint(table(FIGURE_9) / 100 * np.array(SUPPORT)[:, None]).astype(int)
    assert counts.sum(axis=1).tolist() == list(SUPPORT) and np.trace(counts) == 230
    places = np.array([RAVDESS.index(name) for name in sorted(RAVDESS)])
    true, predicted = np.nonzero(counts)
    times = counts[true, predicted]
    return scores(np.repeat(places[true], times), np.repeat(places[predicted], times), RAVDESS)


def cells(axes) -> dict:
    """(row, column) -> text, by the position on the page: row 0 is the upper one."""
    assert axes.get_ylim()[0] > axes.get_ylim()[1] and axes.get_xlim()[0] < axes.get_xlim()[1]
    return {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in axes.texts}


def names_of(ticks) -> list[str]:
    return [label.get_text() for label in ticks]


def image_of(axes) -> np.ndarray:
    return np.asarray(axes.images[0].get_array())


def spans(axes, colour: str = preprocessing.SHADE) -> list[tuple[float, float]]:
    """(from, to) of what is shaded."""
    wanted = plt.matplotlib.colors.to_rgb(colour)
    found = [p for p in axes.patches if p.get_facecolor()[:3] == wanted and p.get_height() == 1]  # of the whole height
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in found]


def test_heat_map_in_percent_is_figure_9(drawn):
    result = reordered(published(), sorted(RAVDESS))
    names = keras.short_names(result["per_class"])
    keras.confusion_heatmap("x.png", result["confusion"], names, "Figure 9", percent=True)
    axes, bar = drawn[0].axes
    rows = [line.split() for line in FIGURE_9.strip().split("\n")]
    assert cells(axes) == {(i, j): text for i, row in enumerate(rows) for j, text in enumerate(row)}
    np.testing.assert_allclose(image_of(axes), table(FIGURE_9), atol=0.005 + 1e-9)
    assert names_of(axes.get_yticklabels()) == names_of(axes.get_xticklabels()) == list(AS_PRINTED)
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("True", "Predicted")
    assert bar.get_ylabel() == "share of the true class (%)" and bar.get_ylim() == (0, 100)
    assert drawn[0].get_suptitle() == "Figure 9"


def test_heat_map_in_counts(drawn):
    keras.confusion_heatmap("x.png", [[5, 2], [0, 7]], ("anger", "fear"), "", percent=False)
    axes, bar = drawn[0].axes
    assert cells(axes) == {(0, 0): "5", (0, 1): "2", (1, 0): "0", (1, 1): "7"}
    assert (axes.get_ylabel(), axes.get_xlabel(), bar.get_ylabel()) == ("True", "Predicted", "count")
    assert names_of(axes.get_yticklabels()) == ["anger", "fear"] and bar.get_ylim() == (0, 7)


def test_heat_map_of_a_class_without_files(drawn):
    keras.confusion_heatmap("x.png", [[3, 1], [0, 0]], ("a", "b"), "", percent=True)
    assert cells(drawn[0].axes[0]) == {(0, 0): "75.0", (0, 1): "25.0", (1, 0): "-", (1, 1): "-"}


def test_report_is_table_2():
    result = reordered(published(), sorted(RAVDESS))
    numbers = [line.split()[-4:] for line in classification_report(result, digits=4).split("\n") if line]
    expected = table(TABLE_2) / [100, 100, 1]
    np.testing.assert_allclose(np.array(numbers[1:9], dtype=float)[:, :3], expected, atol=1e-9)
    assert [int(row[3]) for row in numbers[1:9]] == list(SUPPORT)
    assert numbers[9] == ["accuracy", "0.7986", "288"]
    for row, name, printed in ((numbers[10], "macro", MACRO), (numbers[11], "weighted", WEIGHTED)):
        np.testing.assert_allclose(np.array(row[:3], dtype=float), np.array(printed) / [100, 100, 1], atol=1e-9)
        found = averages(result)[name]
        assert [f"{found[key]:.4f}" for key in ("precision", "recall", "f1")] == row[:3] and found["support"] == 288


@pytest.mark.parametrize("n_classes", [2, 5])
def test_report_is_scikit_learns(rng, n_classes):
    names = ["anger", "a class with a long name", "joy", "d", "e"][:n_classes]
    true, predicted = rng.integers(0, n_classes, 97), rng.integers(0, n_classes - 1, 97)  # the last one never predicted
    how = {"labels": np.arange(n_classes), "target_names": names, "zero_division": 0}
    result = scores(true, predicted, names)
    for digits in (2, 4):
        theirs = sklearn_metrics.classification_report(true, predicted, digits=digits, **how)
        assert classification_report(result, digits) == theirs
    theirs = sklearn_metrics.classification_report(true, predicted, output_dict=True, **how)
    ours = json.loads(json.dumps(averages(result)))
    for name in ("macro", "weighted"):
        expected = {key.replace("f1-score", "f1"): value for key, value in theirs[f"{name} avg"].items()}
        assert ours[name] == {key: round(value, 4) for key, value in expected.items()}


def test_reordered(rng):
    names = ("x", "y", "z")
    true, predicted = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    places = np.array([1, 2, 0])  # of x, y, z in z, x, y
    found = reordered(scores(true, predicted, names), ("z", "x", "y"))
    assert found == scores(places[true], places[predicted], ("z", "x", "y"))
    assert list(found["per_class"]) == ["z", "x", "y"]
    with pytest.raises(ValueError, match="are not the classes of the result"):
        reordered(found, ("x", "y"))


def test_learning_curves(drawn):
    history = History(
        loss=[4.0, 2.0, 1.0, 3.0, 1.0, 0.0],
        accuracy=[0.0, 0.5, 0.5, 1.0, 1.0, 0.8],
        validation_loss=[1.5, 1.0, 0.9],
        validation_accuracy=[0.3, 0.5, 0.4],
        seconds=[1.0] * 3,
        kept_epoch=2,
    )
    keras.learning_curves("x.png", history, "title")
    accuracy, loss = drawn[0].axes
    for axes, training, validation in ((accuracy, [25, 75, 90], [30, 50, 40]), (loss, [3, 2, 0.5], [1.5, 1, 0.9])):
        np.testing.assert_allclose(axes.lines[0].get_ydata(), training)
        np.testing.assert_allclose(axes.lines[1].get_ydata(), validation)
        assert [line.get_label() for line in axes.lines] == ["training", "validation", "kept: epoch 2"]
        assert axes.lines[0].get_xdata().tolist() == axes.lines[1].get_xdata().tolist() == [1, 2, 3]
        assert axes.lines[2].get_xdata() == [2, 2] and axes.get_xlabel() == "Epoch"
        assert all(tick == round(tick) for tick in axes.get_xticks())
    assert (accuracy.get_ylabel(), loss.get_ylabel()) == ("Accuracy (%)", "Loss")
    assert loss.get_ylim()[0] == 0 and accuracy.get_ylim() == (0, 105)


def test_learning_curves_without_validation(drawn):
    keras.learning_curves("x.png", History(loss=[1.0], accuracy=[0.5], seconds=[1.0], kept_epoch=1), "")
    assert [line.get_label() for line in drawn[0].axes[0].lines] == ["training", "kept: epoch 1"]


def test_preprocessing_shows_every_step(drawn, long_recording):
    preprocessing.preprocessing_figure("x.png", long_recording, 16_000, "name")
    waves, images = drawn[0].axes[0:8:2], drawn[0].axes[1:8:2]
    trimmed, (start, stop) = dsp.trim(dsp.resample(long_recording, 16_000, 44_100))
    filtered = dsp.wiener(trimmed)
    steps = [(long_recording, 16_000), *((x, 44_100) for x in (trimmed, filtered, filtered[:132_300]))]
    for wave, image, (x, rate) in zip(waves, images, steps, strict=True):
        np.testing.assert_array_equal(wave.lines[0].get_ydata(), x)
        np.testing.assert_allclose(wave.lines[0].get_xdata()[-1], (x.size - 1) / rate)
        how = {"n_fft": 2048, "hop_length": 512, "n_mels": 128, "htk": True, "pad_mode": "constant"}
        theirs = librosa.power_to_db(librosa.feature.melspectrogram(y=x, sr=rate, **how), ref=1.0)
        np.testing.assert_allclose(image_of(image), theirs, atol=1e-4)
        assert wave.get_xlim() == image.get_xlim() == (0, 5) and wave.get_ylabel() == "Amplitude"
        frames, hop = theirs.shape[1], 512 / rate
        np.testing.assert_allclose(image.images[0].get_extent(), (-hop / 2, (frames - 0.5) * hop, -0.5, 127.5))
        assert image.images[0].origin == "lower" and image.get_ylabel() == "Hz (mel scale)"
    assert [wave.get_title("left").split(" (")[0] for wave in waves] == [
        "recording, 16 kHz",
        "at 44.1 kHz, silence at the ends removed",
        "Wiener filter",
        "the first 3 s only",
    ]
    np.testing.assert_allclose(spans(waves[0]), [(0, start / 44_100), (stop / 44_100, 5)])
    assert 0.4 < start / 44_100 < 0.6 and not spans(waves[1])
    assert waves[-1].get_xlabel() == images[-1].get_xlabel() == "Time (s)"
    assert drawn[0].axes[8].get_ylabel() == "Level (dB)"
    assert len({image.images[0].get_clim() for image in images}) == 1


def test_preprocessing_of_a_short_recording(drawn, utterance):
    preprocessing.preprocessing_figure("x.png", utterance, 16_000)
    wave = drawn[0].axes[6]
    assert wave.get_title("left") == "zeros appended (3.00 s)" and wave.get_xlim() == (0, 3)
    shown = wave.lines[0].get_ydata()
    assert shown.size == 132_300 and not shown[-44_100:].any() and shown[:44_100].any()


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("convention", [dey_emodb.IMAGE, yadav_crnn.CONVENTION])
def test_ticks_in_hz_lie_at_their_bands(convention, rate):
    """A sine at a tick's frequency is loudest in the band at the tick."""
    figure, axes = plt.subplots()
    preprocessing.spectrogram(axes, np.zeros((128, 3)), convention, rate)
    ticks = {int(label.get_text()): label.get_position()[1] for label in axes.get_yticklabels()}
    plt.close(figure)
    assert list(ticks) == [hz for hz in preprocessing.TICKS if hz < rate / 2]
    for hz, band in ticks.items():
        (level,) = dsp.extract([np.sin(2 * np.pi * hz * np.arange(rate) / rate)], rate, convention, kind="log_mel")
        power = 10 ** (level[:, 15] / 10 if convention.log == "10 log10" else level[:, 15] / 20)
        width = librosa.mel_frequencies(130, fmin=0, fmax=rate / 2, htk=convention.mel_scale == "htk")
        loudest = np.argmax(power * (width[2:] - width[:-2]))  # equal heights instead of equal areas
        assert abs(loudest - band) < 1, hz


def test_augmentation_shows_five_copies_in_order(drawn, long_recording):
    preprocessing.augmentation_figure("x.png", long_recording, 16_000)
    waves, images = drawn[0].axes[0:10:2], drawn[0].axes[1:10:2]
    assert [wave.get_title("left").split()[0] for wave in waves] == ["original", "noise", "faster", "slower", "higher"]
    shown = [wave.lines[0].get_ydata() for wave in waves]
    clip = dsp.wiener(dsp.trim(dsp.resample(long_recording, 16_000, 44_100))[0])
    np.testing.assert_array_equal(shown[0], clip)
    assert shown[1].size == clip.size and np.std(shown[1] - clip) > 1e-3 * np.abs(clip).max()
    np.testing.assert_array_equal(shown[2], dsp.time_stretch(clip, 1.1))
    np.testing.assert_array_equal(shown[3], dsp.time_stretch(clip, 0.8))
    np.testing.assert_array_equal(shown[4], dsp.pitch_shift(clip, 1.5))
    fed = yadav_crnn.copies(long_recording, 16_000)[:, 0]
    for wave, image, x, level in zip(waves, images, shown, fed, strict=True):
        np.testing.assert_array_equal(image_of(image), level)
        np.testing.assert_allclose(spans(wave), [(3, x.size / 44_100)])
        assert image.get_xlim() == (0, 3)
    np.testing.assert_allclose(waves[0].get_xlim(), (0, shown[3].size / 44_100))
    assert drawn[0].axes[10].get_ylabel() == "Level (dB)"


def test_dey_inputs(drawn, utterance):
    x = np.tile(utterance, 2)[:20_000]
    preprocessing.dey_inputs_figure("x.png", x)
    meant, fed, segments, *bars = drawn[0].axes[1:]
    np.testing.assert_array_equal(image_of(meant), dey_emodb.mel_2d(x, "z-score")[0])
    np.testing.assert_array_equal(image_of(fed), dey_emodb.mel_2d(x, "sign")[0])
    assert set(np.unique(image_of(fed))) <= {-1, 0, 1} and "intended" in meant.get_title() and "sign" in fed.get_title()
    assert abs(image_of(meant).mean()) < 1e-5 and abs(image_of(meant).std() - 1) < 1e-5
    assert [bar.get_ylabel() for bar in bars] == ["standard deviations", "sign of the level", "Level (dB re maximum)"]
    for axes, seconds in ((meant, 8), (fed, 8), (segments, 3.5)):
        assert axes.get_xlabel() == "Time (s)" and axes.get_ylabel() == "Hz (mel scale)"
        hop = seconds / (image_of(axes).shape[1] - 1) if seconds == 8 else 0.016
        np.testing.assert_allclose(axes.get_xlim(), (-hop / 2, (image_of(axes).shape[1] - 0.5) * hop))
    level = image_of(segments)
    assert level.shape == (128, 219) and (level.min(), level.max()) == (-80, 0)


def test_segments_are_marked_where_they_are(drawn, utterance):
    x = np.tile(utterance, 4)[:60_000]
    preprocessing.dey_inputs_figure("x.png", x)
    axes, hop = drawn[0].axes[3], 256 / 16_000
    level, given = image_of(axes), dey_emodb.mel_segments(x)[:, 0]
    starts = [line.get_xdata()[0] / hop + 0.5 for line in axes.lines]  # in frames: the left side of a frame
    ends = [*starts[1:], axes.patches[0].get_x() / hop + 0.5]
    assert len(starts) == 18
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        np.testing.assert_allclose(level[:, round(start) : round(end)], given[k], atol=1e-5)
        assert axes.texts[k].get_text() == str(k + 1) and start < axes.texts[k].get_position()[0] / hop + 0.5 < end
    np.testing.assert_allclose((starts[0], ends[-1]), (0, 90), atol=1e-9)
    np.testing.assert_allclose(spans(axes, "white"), [(89.5 * hop, 218.5 * hop)])
    assert axes.texts[18].get_text() == "129 frames never seen"
    assert axes.get_title() == "Time-distributed networks: 18 segments of 5 of 219 frames"


@pytest.mark.parametrize(("n", "n_windows"), [(9001, 1), (16_000, 1), (16_001, 2), (24_000, 2), (35_000, 4)])
def test_windows_are_marked_where_they_are(drawn, utterance, n, n_windows):
    x = np.tile(utterance, 3)[:n]
    preprocessing.dey_inputs_figure("x.png", x)
    axes, given = drawn[0].axes[0], dey_emodb.windows_1d(x)[:, 0]
    s = axes.lines[0].get_ydata()
    np.testing.assert_allclose(s, x / np.sqrt(np.mean(x**2)))
    np.testing.assert_allclose(axes.lines[0].get_xdata(), np.arange(n) / 16_000)
    bars = [patch for patch in axes.patches if patch.get_facecolor()[1] > patch.get_facecolor()[0]]  # the green ones
    assert len(bars) == len(axes.texts) == len(given) == n_windows
    for k, bar in enumerate(bars):
        start = round(bar.get_x() * 16_000)
        padded = np.pad(s, 16_000)[16_000 + start : 32_000 + start]
        np.testing.assert_allclose(given[k], padded, atol=1e-5)
        np.testing.assert_allclose(bar.get_width(), 1)
        assert axes.texts[k].get_text() == str(k + 1) and bar.get_y() + bar.get_height() < s.min()
    first, last = bars[0].get_x(), bars[-1].get_x() + 1
    assert round(16_000 * first) == -max(0, (16_000 - n) // 2)  # a short recording lies in the middle of its window
    zeros = [span for span in ((first, 0), (n / 16_000, last)) if span[1] > span[0]]
    np.testing.assert_allclose(np.reshape(spans(axes), (-1, 2)), np.reshape(zeros, (-1, 2)), atol=1e-12)
    np.testing.assert_allclose(axes.get_xlim(), (first, last))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time (s)", "Amplitude (rms = 1)")


def test_the_command_draws_all_figures(tmp_path, capsys, write_wav, utterance):
    wav = write_wav("one.wav", np.stack([utterance, utterance], axis=1))
    assert preprocessing.main(["--audio", str(wav), "--out", str(tmp_path / "out")]) == 0
    names = {"one_preprocessing.png", "one_augmentation.png", "one_dey_inputs.png"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert "2 channels, mixed down to their mean" in capsys.readouterr().out


def test_the_command_without_a_recording_and_at_another_rate(
    drawn, tmp_path, capsys, write_wav, utterance, monkeypatch
):
    monkeypatch.setattr(preprocessing, "check_written", lambda paths: None)  # `drawn` catches the figures instead
    assert preprocessing.main(["--out", str(tmp_path)]) == 0 and len(drawn) == 3
    assert "SYNTHETIC" in capsys.readouterr().out
    wav = write_wav("two.wav", utterance, 22_050)
    assert preprocessing.main(["--audio", str(wav), "--out", str(tmp_path)]) == 0
    assert "no dey_inputs: 22050 Hz" in capsys.readouterr().out and len(drawn) == 5


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (None, "bad.wav: No such file"),
        (np.zeros(16_000), "bad.wav: silent: all 16000 samples are 0"),
        (np.full(100, 0.5), "bad.wav: 276 samples at 44100 Hz between silences, fewer than a frame of 2048"),
        (np.zeros(0), "bad.wav: no samples"),
        (np.full(61 * 16_000, 0.5), "bad.wav: 61.0 s; figures are drawn of at most 60 s"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path, capsys, write_wav, samples, message):
    wav = tmp_path / "bad.wav" if samples is None else write_wav("bad.wav", samples)
    assert preprocessing.main(["--audio", str(wav), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path}") and message in line
    assert not (tmp_path / "out").exists()


def test_the_command_given_a_file_as_its_folder(tmp_path, capsys, write_wav, utterance):
    wav = write_wav("one.wav", utterance)
    assert preprocessing.main(["--audio", str(wav), "--out", str(wav)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {wav}: ")
