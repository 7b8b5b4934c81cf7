"""The recogniser answers as the experiments do, takes any recording, and refuses everything else in one line."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import soundfile
import torch
from matplotlib.figure import Figure

import nets
from dsp import AudioError, read_audio, resample
from dsp.audio import FORMATS
from experiments import dey_emodb as dey_emodb_experiment
from experiments.data import leakage
from experiments.data.corpora import CASIA_EMOTIONS, Corpus
from experiments.data.synthetic import VOICES, synthetic_corpus
from experiments.inputs import cache, dey_emodb, finch_dycnn, statistics, wang_cl, yadav_crnn
from experiments.inputs.row_scaling import RowScaling
from experiments.inputs.statistics import N_STATISTICS
from experiments.inputs.yadav_crnn import ZScore
from experiments.inputs.zheng_casia import load_images
from experiments.recogniser import batch, command, core, recording, trained, training
from experiments.recogniser.drawing import draw_answer
from experiments.recogniser.labels import class_of, emotion_in_name
from experiments.recogniser.trained import RunError
from experiments.training.loop import History, predict
from experiments.training.run_folder import TRAINING_CONTENT, keep_run
from nets.fused.fuse import fuse
from tests.conftest import ROOT

Z_SCORE = ZScore(-41.5, 17.25)
ROW_Z_SCORE = finch_dycnn.RowZScore(np.linspace(-20, 5, 39), np.linspace(8, 0.5, 39))
SEEN = {  # of every system: what its runs' config calls the inputs, if it does
    "zheng_cnn_lstm": None,
    "dey_2d_cnn_lstm": "dey_mel_2d_sign",
    "dey_2d_cnn_lstm_256": "dey_mel_2d_z_score",
    "dey_td_cnn_lstm": "dey_mel_segments",
    "dey_td_cnn_bilstm": "dey_mel_segments",
    "dey_1d_cnn_lstm": "windows_1d",
    "dey_1d_cnn_bilstm": "windows_1d",
    "yadav_crnn": None,
    **dict.fromkeys(("yadav_crnn_elu", "yadav_crnn_kernels_3"), "yadav_crnn"),
    "statistics_mlp": "baseline_statistics",
    **dict.fromkeys(("finch_dycnn_bilstm", "finch_cnn_bilstm", "finch_dycnn_lstm"), "finch_mfcc"),
    "finch_cnn_lstm": "finch_log_mel",
    **{name: "wang_first_frames" for name in nets.SYSTEMS if name.startswith("wang_")},
    "wang_control_2": "wang_whole_clip",
}
OF_STATISTICS = RowScaling(np.linspace(-20, 5, N_STATISTICS), np.linspace(8, 0.5, N_STATISTICS))
Z_SCORED = {"statistics_mlp": OF_STATISTICS}
Z_SCORED |= {name: ROW_Z_SCORE for name in nets.SYSTEMS if name.startswith("finch_")}
Z_SCORED |= {name: Z_SCORE for name in nets.SYSTEMS if name.startswith("yadav_")}
ANSWERED = [name for name in SEEN if "all_steps" not in name and name not in ("wang_control_1", "wang_control_3")]
FRONT_ENDS = (
    *(dey_emodb.MEL_2D_SIGN, dey_emodb.MEL_2D_Z_SCORE, dey_emodb.MEL_SEGMENTS, yadav_crnn.ORIGINALS),
    *(*finch_dycnn.FEATURES.values(), *wang_cl.FEATURES.values(), statistics.FEATURES),
)


def keep(folder, system="dey_td_cnn_bilstm", inputs="dey_mel_segments", corpus="synthetic", **facts):
    """An untrained network in a run's folder, written as the experiments write theirs."""
    head = Corpus(corpus, CASIA_EMOTIONS, (), np.arange(6))
    history = History(loss=[1.0], accuracy=[0.5], seconds=[1.0], kept_epoch=1)
    config = {"content": "0", "setting": {}} | ({"inputs": inputs} if inputs else {})
    facts = {"system": system, "variant": "published", "corpus": corpus, "config": config} | facts
    of_all = np.arange(6)
    net = nets.build(system, 6, seed=3)
    keep_run(folder, folder / "results.jsonl", head, of_all, of_all, net, history, facts, lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return keep(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def network(run):
    return core.load_warm(run)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Twelve files, laid out as CASIA."""
    return synthetic_corpus(tmp_path_factory.mktemp("wav"), n_sentences=1, voices=VOICES[:2])


def experiments_own(system, corpus, net, folder) -> np.ndarray:
    """Probabilities as the experiment comes by them: its inputs of a whole corpus, its prediction."""
    files = np.arange(len(corpus))
    if system == "zheng_cnn_lstm":
        inputs = torch.from_numpy(load_images(corpus)).permute(0, 3, 1, 2)
        net = net.eval()
    elif SEEN[system] == "windows_1d":
        windows, files = dey_emodb.windows_of(corpus)
        inputs, net = torch.from_numpy(windows), fuse(net)
    else:
        (front_end,) = [one for one in FRONT_ENDS if one.name == (SEEN[system] or system)]
        features, _ = cache.load(corpus, front_end, folder, workers=1)
        features = Z_SCORED[system](features) if system in Z_SCORED else np.array(features)
        inputs, net = torch.from_numpy(features), fuse(net)
    of_examples = torch.softmax(predict(net, inputs), 1).double().numpy()
    return np.stack([of_examples[files == i].mean(axis=0) for i in range(len(corpus))])


def test_no_system_is_forgotten():
    """A new network wants a line in views.VIEWS, and one here."""
    assert set(nets.SYSTEMS) == set(SEEN)


@pytest.mark.parametrize("system", ANSWERED)
def test_answers_are_those_of_the_experiment(system, corpus, tmp_path):
    facts = {}
    if system in Z_SCORED:
        numbers = {name: np.asarray(value).tolist() for name, value in asdict(Z_SCORED[system]).items()}
        facts = {"z_score": numbers}
    network = core.load_warm(keep(tmp_path / "run", system, SEEN[system], **facts))
    expected = experiments_own(system, corpus, nets.build(system, 6, seed=3), tmp_path)
    found = [core.recognize(network, path) for path in corpus.paths]
    ours = np.stack([one.probabilities for one in found])
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    assert np.ptp(expected, axis=0).max() > 1e-4, "all files alike: nothing would be noticed"
    np.testing.assert_allclose(ours.sum(axis=1), 1, atol=1e-6)
    assert [one.label for one in found] == [CASIA_EMOTIONS[label] for label in corpus.labels]
    assert all(one.seconds["features"] > 0 and one.seconds["network"] > 0 for one in found)
    figure = Figure(layout="constrained")
    draw_answer(figure, found[0], network.view)
    figure.canvas.draw()
    assert {axes.get_xlabel() for axes in figure.axes} >= {"Time (s)", "Probability"}


@pytest.mark.slow
def test_a_trained_runs_own_answers_are_given_again(tmp_path):
    """What the experiment noted of its test files, file by file, comes out of the run's folder alone."""
    assert dey_emodb_experiment.main(["--smoke", "--out", str(tmp_path), "--model", "dey_td_cnn_lstm"]) == 0
    network = core.load_warm(trained.newest(tmp_path))
    recorded = network.result["answers"]
    files, true, predicted = ([int(word) for word in recorded[name].split()] for name in ("files", "true", "predicted"))
    corpus = synthetic_corpus(tmp_path / "synthetic_wav", n_sentences=3, voices=VOICES[:3])
    found = [core.recognize(network, corpus.paths[i]) for i in files]
    assert [network.classes.index(one.emotion) for one in found] == predicted
    assert [network.classes.index(one.label) for one in found] == true
    assert not any(one.trained_on for one in found)
    others = [core.recognize(network, path) for i, path in enumerate(corpus.paths) if i not in files]
    assert len(others) > 2 * len(files) and all(one.trained_on for one in others)


# any recording


@pytest.mark.slow
def test_other_rates_and_channels_are_resampled_and_mixed(network, utterance, write_wav):
    """Against the steps put together here: the mean of the channels, dsp.resample, the front end, the network."""
    for rate, channels in ((8_000, 1), (44_100, 2), (11_025, 3), (96_000, 1), (44_101, 1)):
        signal = resample(utterance, 16_000, rate)
        parts = np.stack([np.roll(signal, 3000 * c) * (0.2 + 0.3 * c) for c in range(channels)], axis=1)
        path = write_wav(f"{rate}.wav", parts, rate, "DOUBLE")
        found = core.recognize(network, path)
        x = resample(parts.mean(axis=1), rate, 16_000)
        logits = predict(network.net, torch.from_numpy(dey_emodb.mel_segments(x))[None])
        np.testing.assert_allclose(found.probabilities, torch.softmax(logits, 1)[0].numpy(), atol=1e-6)
        text = "; ".join(found.steps)
        assert f"resampled from {rate} Hz to 16000 Hz" in text
        assert (f"{channels} channels mixed to their mean" in text) == (channels > 1)
        assert ("nothing above 4 kHz" in text) == (rate == 8_000)
        assert found.signal_s == pytest.approx(utterance.size / 16_000, abs=1e-3)


@pytest.mark.parametrize("form", [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_24")])
def test_other_formats(form, network, utterance, tmp_path):
    path = tmp_path / "sound.any"
    soundfile.write(path, utterance, 16_000, format=form[0], subtype=form[1])
    assert core.recognize(network, path).probabilities.sum() == pytest.approx(1)


def test_of_ten_minutes_a_minute_is_read(network, rng, tmp_path):
    signal = rng.standard_normal(600 * 16_000) / 10
    path = tmp_path / "long.flac"
    soundfile.write(path, np.stack([signal, signal], axis=1), 16_000)
    found = core.recognize(network, path)
    assert found.recording.signal.size == 60 * 16_000 and found.recording.seconds == 600
    assert found.steps[0] == "only the first 60 s of 10 min 0 s were read"
    assert found.steps[-1] == "the network sees the first 1.44 s of 60.00 s"
    soundfile.write(tmp_path / "start.flac", signal[: 60 * 16_000], 16_000)
    short = core.recognize(network, tmp_path / "start.flac")
    np.testing.assert_allclose(found.probabilities, short.probabilities, atol=1e-6)


def test_what_is_appended_is_told(network, utterance, write_wav):
    found = core.recognize(network, write_wav("short.wav", utterance[:8000]))
    assert found.steps == ("0.94 s of zeros appended to make 1.44 s",)


# what is refused

NOISE = np.random.default_rng(5).standard_normal(16_000) / 10
BAD = {
    "not audio": (b"to whom it may concern", "not readable as audio"),
    "empty": (b"", "empty file (0 bytes)"),
    "no samples": ((NOISE[:0], 16_000), "no samples"),
    "NaN": ((np.where(np.arange(16_000) == 7, np.nan, NOISE), 16_000), "holds NaN"),
    "silent": ((np.zeros(16_000), 16_000), "silent, all 16000 samples are 0"),
    "constant": ((np.full(16_000, 0.25), 16_000), "all 16000 samples are 0.25"),
    "cancelling": ((np.stack([NOISE, -NOISE], axis=1), 16_000), "silent once its 2 channels are mixed"),
    "short": ((NOISE[:511], 16_000), "31.9 ms, shorter than a frame of 32 ms"),
    "slow": ((NOISE, 500), "500 Hz; 1000 .. 192000 Hz are expected"),
    "late NaN": ((np.append(np.tile(NOISE, 61), np.nan)[::-1], 16_000), "holds NaN"),
}


def write_bad(folder, name):
    content, rule = BAD[name]
    path = folder / f"{name}.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        soundfile.write(path, *content, subtype="DOUBLE")
    return path, rule


@pytest.mark.parametrize("name", BAD)
def test_bad_recordings_are_refused_in_one_line(name, network, tmp_path):
    path, rule = write_bad(tmp_path, name)
    with pytest.raises(AudioError) as caught:
        core.recognize(network, path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and rule in line and "\n" not in line


def test_files_cut_off_missing_or_folders(network, utterance, write_wav, tmp_path):
    whole = write_wav("whole.wav", utterance)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[:-1000])
    for path, rule in ((cut, "cut off, 1000 bytes"), (tmp_path / "none.wav", "No such file"), (tmp_path, "directory")):
        with pytest.raises(AudioError, match=rule) as caught:
            recording.read(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_formats_that_are_not_read_are_named(network, tmp_path):
    """The first bytes of an M4A, a WMA and an AMR file, under a name that promises WAV."""
    beginnings = {
        "a.wav": (b"\0\0\0\x20ftypM4A \0\0\0\0", "WAV, RF64, W64, FLAC"),
        "b.wav": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "MP3, AIFF, AU and CAF"),
        "c.wav": (b"#!AMR\n" + bytes(26), "are read"),
    }
    for name, (beginning, rule) in beginnings.items():
        (tmp_path / name).write_bytes(beginning + bytes(500))
        with pytest.raises(AudioError, match=rule):
            core.recognize(network, tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_named_pipe_is_refused_at_once(network, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="named pipe"):
        core.recognize(network, tmp_path / "pipe.wav")


# what the network was trained on


def content_of(*paths) -> list[str]:
    return [str(digest) for digest in leakage.digests([read_audio(path)[0] for path in paths])]


def test_training_files_are_known_by_their_content(corpus, utterance, tmp_path, write_wav):
    """Renamed, or in another lossless format, they are still known; the name alone means nothing."""
    trained_on, selected_on, unseen = corpus.paths[:3]
    content = {"kind": "samples", "training": content_of(trained_on), "validation": content_of(selected_on)}
    network = core.load_warm(keep(tmp_path / "run", training_content=content))
    assert "training_content" not in network.result
    renamed, other_format = tmp_path / "renamed.wav", tmp_path / "other.flac"
    renamed.write_bytes(trained_on.read_bytes())
    soundfile.write(other_format, *read_audio(trained_on))
    impostor = write_wav("impostor.wav", utterance)
    impostor = impostor.rename(tmp_path / trained_on.name)
    expected = {trained_on: True, selected_on: True, renamed: True, other_format: True, unseen: False, impostor: False}
    for path, known in expected.items():
        assert core.recognize(network, path).trained_on is known, path
    summary = batch.summarize(network, list(batch.answer_files(network, corpus.paths)))
    assert summary["caution"] == "the network was trained or selected on 2 of these 12 recordings"


def test_a_run_on_images_knows_its_images(corpus, tmp_path):
    images = load_images(corpus)
    hashes = [str(digest) for digest in leakage.digests(images)]
    content = {"kind": "images", "training": hashes[:1], "validation": []}
    network = core.load_warm(keep(tmp_path, "zheng_cnn_lstm", None, training_content=content))
    assert [core.recognize(network, path).trained_on for path in corpus.paths[:2]] == [True, False]


def test_a_run_without_a_record_claims_nothing(network, corpus):
    assert core.recognize(network, corpus.paths[0]).trained_on is None


def test_nothing_is_claimed_of_a_recording_that_was_cut_off(rng, tmp_path):
    content = {"kind": "samples", "training": ["0"], "validation": []}
    network = core.load_warm(keep(tmp_path / "run", training_content=content))
    soundfile.write(tmp_path / "long.wav", rng.standard_normal(61 * 8000) / 10, 8000)
    assert core.recognize(network, tmp_path / "long.wav").trained_on is None


def test_a_damaged_record_is_refused(tmp_path):
    keep(tmp_path, training_content={"kind": "samples", "training": [], "validation": []})
    (tmp_path / TRAINING_CONTENT).write_text('{"kind": "samples"}')
    with pytest.raises(RunError, match=f"{TRAINING_CONTENT}: not the hashes"):
        trained.load(tmp_path)


# labels


@pytest.mark.parametrize(
    ("path", "emotion"),
    [
        ("wav/03a01Fa.wav", "happiness"),
        ("16b10Wb.flac", "anger"),
        ("03a01La.wav", "boredom"),
        ("Actor_01/03-01-06-01-02-01-12.wav", "fearful"),
        ("03-01-01-01-02-01-12.wav", "neutral"),
        ("angry/angry (7).wav", "angry"),
        ("Surprise/my own.wav", "surprise"),
        ("03a01Xa.wav", None),
        ("03-01-09-01-02-01-12.wav", None),
        ("03-02-06-01-02-01-12.wav", None),  # a song
        ("speech/hello.wav", None),
    ],
)
def test_names_state_emotions(path, emotion, tmp_path):
    assert emotion_in_name(tmp_path / path) == emotion


def test_emotions_are_named_as_the_classes_are():
    assert class_of("happy", ("fear", "happiness")) == "happiness" == class_of("happiness", ("happiness",))
    assert class_of("anger", CASIA_EMOTIONS) == "angry" and class_of("fearful", CASIA_EMOTIONS) == "fear"
    assert class_of("calm", CASIA_EMOTIONS) is None and class_of("neutral", ("calm", "neutral")) == "neutral"


# runs


def test_runs_are_found_newest_first(tmp_path):
    for age, name in enumerate(("b", "c/d", "a")):
        folder = keep(tmp_path / name)
        os.utime(folder / "result.json", (1e9 - age, 1e9 - age))
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "result.json").write_text("{}")
    assert [str(path.relative_to(tmp_path)) for path in trained.runs_under(tmp_path)] == ["b", "c/d", "a"]
    assert trained.newest(tmp_path) == tmp_path / "b"
    assert "dey_td_cnn_bilstm, synthetic, published, b, 100.0%" == trained.title_of(tmp_path / "b")


def spoil_result(folder, **changes):
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(result | changes))


def test_classes_stand_in_the_order_of_the_result(tmp_path):
    """As EMO-DB's do, which is not the alphabet's."""
    order = ("sad", "fear", "happy", "angry", "surprise", "neutral")
    per_class = json.loads((keep(tmp_path) / "result.json").read_text())["per_class"]
    spoil_result(tmp_path, per_class={name: per_class[name] for name in order})
    assert trained.load(tmp_path).classes == order


SPOILED = {
    "no network": (lambda run: (run / "network.pt").unlink(), "no network.pt"),
    "no result": (lambda run: (run / "result.json").unlink(), "no result.json"),
    "half a result": (lambda run: (run / "result.json").write_text('{"system": '), "not the result of a run"),
    "another result": (lambda run: (run / "result.json").write_text("[]"), "not the result of a run"),
    "half a network": (lambda run: (run / "network.pt").write_bytes(b"PK\x03\x04 and so on"), "not the weights"),
    "another network": (lambda run: spoil_result(run, system="dey_1d_cnn_lstm"), "not the weights of dey_1d"),
    "unknown system": (lambda run: spoil_result(run, system="eliza"), "unknown network 'eliza'"),
    "unknown inputs": (lambda run: spoil_result(run, config={"setting": 0, "inputs": "tea leaves"}), "'tea leaves'"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_runs_that_cannot_be_used(name, tmp_path):
    spoil, rule = SPOILED[name]
    spoil(keep(tmp_path))
    with pytest.raises(RunError) as caught:
        trained.load(tmp_path)
    assert str(tmp_path) in str(caught.value) and rule in str(caught.value) and "\n" not in str(caught.value)


def test_a_run_of_the_crnn_without_its_z_score_is_refused(tmp_path):
    with pytest.raises(
        RunError, match=r"older than stored z-scores; train it .* python -m experiments\.yadav_crnn"
    ) as caught:
        trained.load(keep(tmp_path, "yadav_crnn", None))
    assert "\n" not in str(caught.value)


# the command


def test_json_is_numbers_and_the_good_files_are_answered(run, corpus, tmp_path, capsys):
    bad, rule = write_bad(tmp_path, "silent")
    files = [str(corpus.paths[0]), str(bad), str(corpus.paths[1])]
    assert command.main(["--run", str(run), "--json", "--audio", *files]) == 2
    out, err = capsys.readouterr()
    first, refused, last = (json.loads(line) for line in out.splitlines())
    assert refused == {"file": str(bad), "error": f"{bad}: silent, all 16000 samples are 0"} and rule in err
    for item, path in ((first, files[0]), (last, files[2])):
        assert item["file"] == path and item["label"] == "angry" == item["named_emotion"]
        assert list(item["probabilities"]) == list(CASIA_EMOTIONS)
        values = [*item["probabilities"].values(), *item["seconds"].values(), item["recording"]["seconds"]]
        assert all(type(value) is float for value in values) and sum(item["probabilities"].values()) == pytest.approx(1)
        assert item["emotion"] == max(item["probabilities"], key=item["probabilities"].get)
        assert item["right"] is (item["emotion"] == "angry") and item["recording"]["sample_rate"] == 16_000
        assert set(item["seconds"]) == {"reading", "features", "network"} and item["steps"]
    assert "SYNTHETIC" in err and command.main(["--run", str(run), "--audio", files[0]]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split()[:2] == ["file", "emotion"] and files[0] in table[1] and " ms" in table[1]


def test_a_folder_is_scored(run, network, corpus, tmp_path, capsys):
    folder = corpus.paths[0].parent.parent
    assert command.main(["--run", str(run), "--folder", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert "12 of 12 files answered" in capsys.readouterr().out
    kept = json.loads((tmp_path / "out" / "batch.json").read_text())
    assert (tmp_path / "out" / "confusion.png").read_bytes().startswith(b"\x89PNG")
    right = [core.recognize(network, path).emotion == path.parent.name for path in corpus.paths]
    assert kept["summary"]["accuracy"] == np.mean(right) and np.sum(kept["summary"]["confusion"]) == 12
    assert "does not record its training files" in kept["summary"]["caution"] and len(kept["files"]) == 12
    assert kept["summary"]["chance"] == 1 / 6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_odd_names_and_pipes_do_not_end_a_batch(run, corpus, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    odd = os.fsencode(folder) + b"/g\xfcltig.wav"
    with open(odd, "wb") as file:
        file.write(corpus.paths[0].read_bytes())
    (folder / "bad\n\x1b[2J.wav").write_bytes(b"to whom it may concern")
    (folder / "voice.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    os.mkfifo(folder / "pipe.wav")
    for flags in ([], ["--json"]):
        arguments = ["--run", str(run), "--folder", str(folder), "--out", str(tmp_path / "out"), *flags]
        assert command.main(arguments) == 2
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err
        names = [json.loads(line)["file"] for line in out.splitlines()] if flags else out.split("  ")
        assert any(name.endswith("g\\xfcltig.wav") for name in names)
        assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 3
        assert "1 of 4 files answered, 3 refused" in out + err
    kept = json.loads((tmp_path / "out" / "batch.json").read_text())
    assert [item["file"].removeprefix(f"{folder}/") for item in kept["files"] if "error" not in item] == [
        "g\\xfcltig.wav"
    ]


def test_an_output_folder_deleted_meanwhile_is_noticed(run, corpus, tmp_path, monkeypatch, capsys):
    out, write = tmp_path / "out", batch.write

    def write_and_lose(*arguments):
        done = write(*arguments)
        shutil.rmtree(out)
        return done

    monkeypatch.setattr(batch, "write", write_and_lose)
    folder = corpus.paths[0].parent
    assert command.main(["--run", str(run), "--folder", str(folder), "--out", str(out)]) == 2
    assert "batch.json: was written, but has disappeared" in capsys.readouterr().err


def test_a_bad_output_folder_is_refused_before_the_work(run, corpus, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(command, "load_run", lambda *_: pytest.fail("the work has begun"))
    folder = corpus.paths[0].parent
    arguments = ["--run", str(run), "--folder", str(folder), "--out", str(tmp_path / "file" / "out")]
    assert command.main(arguments) == 2
    assert "file: is a file; a folder is expected" in capsys.readouterr().err


def test_help_has_an_example_and_says_what_is_read(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert stop.value.code == 0 and "Example: python -m experiments.recogniser" in text
    assert FORMATS in text and "M4A/AAC, WebM, WMA and AMR files are refused" in text
    assert "default: the newest" in text


def test_names_that_are_not_utf8_end_no_batch(run, utterance, tmp_path, capfd):
    """Bytes that are not UTF-8, line breaks and terminal escapes in names, of good files and of refused ones."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    names = [os.fsdecode(name) for name in (b"a\xff.wav", b"b\n\x1b[2J.wav", b"c.wav")]
    try:
        folder.mkdir()
        files = [open(folder / name, "wb") for name in names]
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for i, file in enumerate(files):
        with file:
            soundfile.write(file, utterance * (i != 2), 16_000, format="WAV")
    (folder / os.fsdecode(b"d\xff\n.wav")).write_bytes(b"not audio")
    for arguments in (["--json"], []):
        command.main(["--run", str(run), "--folder", str(folder), "--out", str(tmp_path / "out"), *arguments])
        out, err = capfd.readouterr()  # as a terminal takes it: UTF-8, no surrogates
        for shown in (r"caf\xe9/a\xff.wav", r"caf\xe9/b\x0a\x1b[2J.wav"):
            assert (json.dumps(shown)[1:-1] if arguments else shown) in out
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 2 and r"caf\xe9/d\xff\x0a.wav: not readable as audio" in errors[1]
        assert "\x1b" not in out + err
    kept = json.loads((tmp_path / "out" / "batch.json").read_text(encoding="utf-8"))
    shown = [item["file"].rpartition("/")[2] for item in kept["files"]]
    assert shown == [r"a\xff.wav", r"b\x0a\x1b[2J.wav", "c.wav", r"d\xff\x0a.wav"]
    command.main(["--run", str(run), "--audio", *(str(folder / name) for name in names)])
    assert r"a\xff.wav" in capfd.readouterr().out


def test_a_run_whose_folder_is_not_utf8(tmp_path, capfd):
    folder = tmp_path / os.fsdecode(b"caf\xe9\n")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    keep(folder)
    assert command.main(["--list", "--run", str(folder)]) == 0
    assert r"caf\xe9\x0a" in capfd.readouterr().out
    (folder / "network.pt").write_bytes(b"damaged")
    command.main(["--run", str(folder), "--audio", "x.wav"])
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and r"caf\xe9\x0a/network.pt: not the weights" in err


def test_only_the_part_that_was_read_counts_where_a_header_leaves_the_length_open(utterance, tmp_path):
    path = tmp_path / "stream.flac"
    soundfile.write(path, utterance, 16_000)
    data = bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] & 0xF0, bytes(4)
    path.write_bytes(data)
    found = recording.read(path)
    assert found.seconds == utterance.size / 16_000 and found.steps == ()


def item_of(name, label, emotion):
    return {"file": name, "label": label, "emotion": emotion, "trained_on": False}


def test_the_summary_counts_what_has_a_label(network):
    items = [item_of("a", "angry", "angry"), item_of("b", "angry", "sad"), item_of("c", "fear", "fear")]
    items += [item_of("d", None, "fear"), {"file": "e", "error": "e: silent"}]
    found = batch.summarize(network, items)
    assert (found["files"], found["answered"], found["refused"], found["labeled"]) == (5, 4, 1, 3)
    assert found["accuracy"] == 2 / 3 and found["uar"] == 0.75 and found["caution"] is None  # of the two that occur
    assert found["confusion"][0] == [1, 0, 0, 0, 1, 0]
    assert "nothing to score" in batch.summary_lines(batch.summarize(network, items[3:]))[1]


def test_a_folder_without_recordings(run, tmp_path, capsys):
    assert command.main(["--run", str(run), "--folder", str(tmp_path)]) == 2
    assert f"{tmp_path}: no recordings" in capsys.readouterr().err
    assert command.main(["--run", str(run), "--folder", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_without_a_run_it_says_how_to_get_one(tmp_path, capsys):
    assert command.main(["--audio", "x.wav"], runs=tmp_path) == 2
    error = capsys.readouterr().err.strip()
    assert training.COMMAND in error and "\n" not in error
    assert command.main(["--run", str(tmp_path), "--audio", "x.wav"]) == 2
    assert "no trained run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json"], "--json goes with"),
        (["--out", "x", "--audio", "y"], "--out goes with --folder or --export"),
        (["--smoke"], "--smoke goes with --train"),
        (["--train", "--run", "x"], "leave out --run"),
        (["--audio", "x", "--folder", "y"], "not allowed with"),
        (["--export", "--list"], "not allowed with"),
    ],
)
def test_bad_options(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2 and message in capsys.readouterr().err


def test_without_qt_only_the_window_is_refused(run):
    code = f"""
import sys
sys.modules["PySide6"] = None
from experiments.recogniser.command import main
assert main(["--list", "--run", {str(run)!r}]) == 0
sys.exit(main([]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "dey_td_cnn_bilstm, synthetic" in done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert (
        line.startswith("error: the window needs PySide6: pip install ")
        and "[window]" in line
        and "--audio FILE" in line
    )
