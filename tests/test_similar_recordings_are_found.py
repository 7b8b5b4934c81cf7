"""The audit of folders: copies, however they were made, are found; other recordings are not; all sides are compared."""

import json
import shutil

import numpy as np
import pytest
import soundfile

from dsp import resample
from experiments.data import audit
from experiments.data.recordings import read_mono
from experiments.data.similar import THRESHOLD, bits, similarities
from experiments.data.synthetic import VOICES, synthesize

RATE = 16_000
EMOTIONS = ("angry", "happy", "sad", "neutral")


@pytest.fixture(scope="module")
def speech() -> list[np.ndarray]:
    """Eight recordings: sentences, emotions and voices in turn."""
    return [0.5 * synthesize(VOICES[i % 3], i, EMOTIONS[i % 4]) for i in range(8)]


def write(folder, signals, ending="wav", rate=RATE):
    folder.mkdir(exist_ok=True)
    for i, x in enumerate(signals):
        soundfile.write(folder / f"{folder.name}{i}.{ending}", x, rate)
    return folder


def report_of(capsys, *folders) -> tuple[dict, int]:
    status = audit.main([*map(str, folders), "--json"])
    return json.loads(capsys.readouterr().out), status


def one_sample_changed(x):
    y = x.copy()
    y[-100] += 0.01
    return y


COPIES = {
    "gain 0.5": lambda x: 0.5 * x,
    "one changed sample": one_sample_changed,
    "trimmed": lambda x: x[1637:-2400],
    "padded": lambda x: np.pad(x, (777, 4000)),
    "resampled": lambda x: resample(resample(x, RATE, 8000), 8000, RATE)[: x.size],
    "shifted by a constant": lambda x: x + 0.01,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_changed_copy_is_found(tmp_path, capsys, speech, how):
    training = write(tmp_path / "training", speech)
    test = write(tmp_path / "test", [COPIES[how](x) for x in speech[:3]])
    report, status = report_of(capsys, training, test)
    found = report["test in training"]
    assert found["copies"] == 0 and found["similar"] == found["files"] == 3 and status == 1
    for a, b, similarity in found["examples"]:
        assert a[-5] == b[-5] and similarity > THRESHOLD  # the very recording


def test_an_mp3_round_trip_is_found(tmp_path, capsys, speech):
    training = write(tmp_path / "training", speech)
    test = write(tmp_path / "test", speech[:3], "mp3")
    back = write(tmp_path / "back", [read_mono(path)[0] for path in sorted(test.iterdir())])
    for folder in (test, back):
        report, status = report_of(capsys, training, folder)
        assert report["test in training"]["similar"] == 3 and report["test in training"]["copies"] == 0
        assert status == 1


def test_other_recordings_are_not_found(tmp_path, capsys, speech):
    training, test = write(tmp_path / "training", speech[:4]), write(tmp_path / "test", speech[4:])
    report, status = report_of(capsys, training, test)
    assert report["test in training"]["similar"] == 0 and status == 0
    assert report["training"] == {"files": 4, "distinct": 4, "distinct_sounds": 4}


def test_a_validation_set_that_is_the_test_set(tmp_path, capsys, speech):
    training, test = write(tmp_path / "training", speech[:4]), write(tmp_path / "test", speech[4:])
    validation = tmp_path / "validation"
    shutil.copytree(test, validation)
    report, status = report_of(capsys, training, test, validation)
    assert report["test in training"]["similar"] == 0 and report["validation in training"]["similar"] == 0
    assert report["test in validation"]["copies"] == 4 and status == 1


def test_many_copies_of_one_file_are_one(tmp_path, capsys, speech):
    """1200 copies: the folder holds one distinct recording, whatever the names say."""
    folder = write(tmp_path / "training", speech[:1])
    (only,) = folder.iterdir()
    for i in range(1199):
        (folder / f"other {i}.wav").hardlink_to(only)
    test = write(tmp_path / "test", speech[1:2])
    report, status = report_of(capsys, folder, test)
    assert report["training"] == {"files": 1200, "distinct": 1, "distinct_sounds": 1} and status == 0


def test_louder_copies_within_a_folder_are_one_sound(tmp_path, capsys, speech):
    folder = write(tmp_path / "training", [speech[0], 0.5 * speech[0], 0.25 * speech[0], speech[1]])
    report, _ = report_of(capsys, folder, write(tmp_path / "test", speech[2:3]))
    assert report["training"] == {"files": 4, "distinct": 4, "distinct_sounds": 2}


def test_takes_and_speakers_are_told_by_names(tmp_path, capsys, speech):
    """RAVDESS says both statements twice: the second repetition is a take of the first, and no copy."""
    training, test = tmp_path / "training", tmp_path / "test"
    training.mkdir()
    test.mkdir()
    soundfile.write(training / "03-01-05-01-02-01-12.wav", speech[0], RATE)
    soundfile.write(test / "03-01-05-01-02-02-12.wav", speech[1], RATE)  # the repetition
    soundfile.write(test / "03-01-05-02-02-01-12.wav", speech[2], RATE)  # another intensity
    soundfile.write(test / "03-01-05-01-02-01-13.wav", speech[3], RATE)  # another actor
    report, status = report_of(capsys, training, test)
    found = report["test in training"]
    assert (found["shared_takes"], found["shared_speakers"], found["similar"]) == (1, 2, 0) and status == 0
    assert audit.main([str(training), str(test)]) == 0
    assert "1 share their take, 2 share their speaker" in capsys.readouterr().out


def test_names_that_tell_nothing_are_no_zero(tmp_path, capsys, speech):
    report, _ = report_of(capsys, write(tmp_path / "a", speech[:1]), write(tmp_path / "b", speech[1:2]))
    assert report["test in training"]["shared_takes"] is None


def test_lists_of_paths(tmp_path, capsys, speech):
    folder = write(tmp_path / "all", speech[:4])
    (tmp_path / "train.txt").write_text("all/all0.wav\nall/all1.wav\n\n")
    (tmp_path / "test.txt").write_text("all/all1.wav\nall/all2.wav\n")
    report, status = report_of(capsys, tmp_path / "train.txt", tmp_path / "test.txt")
    assert report["test in training"]["copies"] == 1 and status == 1
    (tmp_path / "test.txt").write_text("all/all1.wav\nall/gone.wav\n")
    assert audit.main([str(tmp_path / "train.txt"), str(tmp_path / "test.txt")]) == 2
    assert "1 of its 2 files are missing" in capsys.readouterr().err and folder.is_dir()


@pytest.mark.parametrize("bad", ["missing", "empty", "not audio", "empty list"])
def test_bad_folders_are_named(tmp_path, capsys, speech, bad):
    good, folder = write(tmp_path / "good", speech[:1]), tmp_path / "bad"
    if bad == "empty list":
        folder.write_text("\n")
    elif bad != "missing":
        folder.mkdir()
        if bad == "not audio":
            (folder / "x.wav").write_bytes(b"no audio")
    assert audit.main([str(good), str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and str(folder) in error and error.count("\n") == 1


def test_similarity_by_the_definition(rng):
    """Against a loop over shifts, on bits of which some frames are quiet."""
    a, b = (rng.integers(0, 2, (32, n)).astype(np.int8) * 2 - 1 for n in (60, 80))
    b[:, 30:80] = a[:, 5:55]
    a[:, :3] = b[:, :20] = 0
    best = 0.0
    for shift in range(-60, 81):  # frame t of a beside frame t + shift of b
        t = np.arange(max(0, -shift), min(60, 80 - shift))
        both = (a[:, t] != 0).any(0) & (b[:, t + shift] != 0).any(0) if t.size else np.zeros(0, bool)
        if both.sum() >= 0.6 * 57:
            best = max(best, float((a[:, t] * b[:, t + shift]).sum() / both.sum() / 32))
    assert similarities([a], [b])[0, 0] == pytest.approx(best, abs=1e-5) and best > 0.9


def test_quiet_and_short_recordings_have_a_fingerprint():
    assert bits(np.zeros(100), RATE).shape[0] == 32
    assert not np.any(bits(np.zeros(5000), RATE))
    assert similarities([bits(np.zeros(5000), RATE)], [bits(np.zeros(5000), RATE)])[0, 0] == 0


@pytest.mark.corpus
def test_other_takes_of_a_corpus_are_no_copies(corpora):
    paths = sorted((corpora / "emodb" / "wav").glob("*.wav"))[:120]
    fingerprints = [bits(*read_mono(path)[:2]) for path in paths]
    others = similarities(fingerprints, fingerprints, same=True)
    assert others.max() < THRESHOLD - 0.1
    halves = [bits(0.5 * read_mono(path)[0][900:-2000], RATE) for path in paths[:20]]
    assert min(similarities([half], [whole])[0, 0] for half, whole in zip(halves, fingerprints, strict=False)) > 0.8
