"""Leaks that are demonstrated: segments of one recording on both sides, and the same segments without the leak."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments import dey_emodb, wang_cl, yadav_crnn
from experiments.data import leakage, splits
from experiments.data.corpora import Corpus
from experiments.inputs.wang_cl import FRAMES, SEGMENT_HOP, inputs, segments
from experiments.training.runner import AuditedCorpus


def test_the_first_segment_is_what_the_network_saw_of_the_recording(rng):
    x = rng.standard_normal(16000 * 3) / 10
    found = segments(x, 16000)
    n_frames = 1 + (x.size - 512) // 256
    assert len(found) == 1 + (n_frames - FRAMES) // SEGMENT_HOP > 5
    np.testing.assert_array_equal(found[0], inputs(x, 16000))


def test_a_segment_begins_eight_frames_after_the_one_before():
    """A click in frame 40 lies 8 frames earlier in each segment."""
    x = np.random.default_rng(0).standard_normal(16000 * 3) * 1e-3
    x[40 * 256 + 256] += 0.9  # the middle of frame 40, and the end of frame 39
    found = segments(x, 16000)
    for k in range(4):
        assert abs(int(found[k, :, :128].mean(1).argmax()) - (40 - SEGMENT_HOP * k)) <= 1


def test_a_short_recording_is_one_segment(rng):
    x = rng.standard_normal(16000) / 10
    found = segments(x, 16000)
    assert found.shape == (1, FRAMES, 141) and found.dtype == np.float32
    np.testing.assert_array_equal(found[0], inputs(x, 16000))


@pytest.fixture
def recordings(tmp_path, rng) -> Corpus:
    """Thirty recordings of 1 to 4 seconds, three classes."""
    paths = []
    for i in range(30):
        paths.append(Path(tmp_path / f"{i}.wav"))
        soundfile.write(paths[-1], rng.standard_normal(16000 + 1600 * i) / 10, 16000)
    k = np.arange(30)
    return Corpus("emodb", ("a", "b", "c"), tuple(paths), k % 3, (k // 10).astype(str), (k // 6).astype(str))


def test_what_is_leaked_and_what_is_not(recordings):
    content = np.array([f"c{i}" for i in range(30)])
    several, hashes, features, files = wang_cl.segmented(recordings, content)
    assert len(features) == len(files) == len(several) == len(hashes) > 60
    assert np.array_equal(several.labels, recordings.labels[files])
    assert np.array_equal(several.speakers, recordings.speakers[files]) and np.array_equal(hashes, content[files])

    def shared(name: str) -> float:
        (split,) = wang_cl.splits_of(several, hashes, name, 0, files)
        everything = np.sort(np.concatenate([split.train, split.test]))
        assert np.array_equal(everything, np.arange(len(several))) and not len(split.validation)
        return leakage.audit_split(several, hashes, split)["test_copies_in_training"]

    assert shared("leak-segments") > 0.8  # recordings of several segments are on both sides
    assert shared("segments-by-file") == 0


def test_copies_before_the_split_are_on_both_sides(rng):
    """Every copy is an example of its own, under its recording's label, content and speaker."""
    k = np.arange(40)
    corpus = Corpus("emodb", ("a", "b"), tuple(Path(f"{i}.wav") for i in k), k % 2, (k // 4).astype(str))
    features = (10 * k[:, None] + np.arange(5))[:, :, None, None, None].astype(np.float32)
    of, flat = yadav_crnn.with_copies(AuditedCorpus(corpus, k.astype(str), {}), features)
    assert flat.shape == (200, 1, 1, 1, 1) and len(of.corpus) == 200
    assert np.array_equal(flat.ravel() // 10, np.repeat(k, 5)) and np.array_equal(
        of.content, np.repeat(k, 5).astype(str)
    )
    assert np.array_equal(of.corpus.labels, np.repeat(k % 2, 5))
    (leak,) = yadav_crnn.splits_of(of.corpus, of.content, "leak-copies", 0)
    assert leakage.audit_split(of.corpus, of.content, leak)["test_copies_in_training"] > 0.9
    (clean,) = yadav_crnn.splits_of(corpus, k.astype(str), "as-published", 0)
    assert leakage.audit_split(corpus, k.astype(str), clean)["test_copies_in_training"] == 0


@pytest.mark.parametrize(
    "arguments, message",
    [(["--protocol", "leak-copies"], "add --augment"), (["--full", "--protocol", "honest"], "--full is for")],
)
def test_readings_that_exclude_each_other(capsys, arguments, message):
    with pytest.raises(SystemExit):
        yadav_crnn.main([*arguments, "--smoke"])
    assert message in capsys.readouterr().err


def test_a_split_by_file_keeps_classes_in_proportion():
    labels, files = np.repeat([0, 1, 2], 100), np.repeat(np.arange(60), 5)
    split = splits.fifth_of_files(labels, files, 3)
    assert np.bincount(labels[split.test]).tolist() == [20, 20, 20]
    assert not set(files[split.test]) & set(files[split.train])


def test_a_leak_has_no_other_readings(capsys):
    with pytest.raises(SystemExit):
        wang_cl.main(["--protocol", "leak-segments", "--scaling", "row-z-score", "--smoke"])
    assert "--protocol leak-segments" in capsys.readouterr().err


def test_windows_of_a_recording_are_on_both_sides(rng):
    """Dey's one-dimensional networks: the examples to split are windows, each with the content of its recording."""
    k = np.arange(60)
    corpus = Corpus("emodb", ("a", "b", "c"), tuple(Path(f"{i}.wav") for i in k), k % 3, (k // 6).astype(str))
    files = np.repeat(k, 5)
    windows, content = corpus.of_examples(files), k.astype(str)[files]
    assert len(windows) == 300 and np.array_equal(windows.speakers, corpus.speakers[files])
    model = dey_emodb.MODELS["dey_1d_cnn_lstm"]
    (leak,) = dey_emodb.splits_of(model, windows, content, "leak-windows", 0)
    assert np.isin(content[leak.validation], content[leak.train]).mean() > 0.9
    (clean,) = dey_emodb.splits_of(model, corpus, k.astype(str), "as-published", 0)
    assert not np.isin(clean.validation, clean.train).any()


def test_networks_that_see_no_windows_have_no_such_leak(capsys):
    with pytest.raises(SystemExit):
        dey_emodb.main(["--protocol", "leak-windows", "--model", "dey_2d_cnn_lstm", "--smoke"])
    assert "leak-windows is for" in capsys.readouterr().err


@pytest.mark.slow
def test_the_leak_of_windows_runs(tmp_path):
    command = ["--protocol", "leak-windows", "--model", "dey_1d_cnn_lstm", "--smoke", "--out", str(tmp_path)]
    assert dey_emodb.main(command) == 0
    assert list(tmp_path.rglob("leak-windows-seed0/result.json"))
