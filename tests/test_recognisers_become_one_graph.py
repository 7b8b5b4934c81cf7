"""A recogniser's ONNX graph, samples in and probabilities out, answers as the recogniser does."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest

import dsp
from dsp.export.onnx_loader import start
from experiments.common.timing import DifferentError
from experiments.data.synthetic import synthetic_corpus
from experiments.inputs.finch_dycnn import RowZScore
from experiments.recogniser import command
from experiments.recogniser.core import answer, compute_probabilities
from experiments.recogniser.recording import read, resample_to
from experiments.recogniser.trained import SHIPPED, load, network_inputs
from experiments.recogniser.views import VIEWS
from experiments.recogniser.whole_graph import load_whole_graph, write_whole_graph
from tests.test_portable_networks_answer_alike import trained
from tests.test_recogniser_core import keep

RATE = 16_000
ATOL = 1e-3  # probabilities; measured: 1e-5


@pytest.fixture(scope="module")
def shipped():
    return load(SHIPPED)


@pytest.fixture(scope="module")
def path(shipped, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "recogniser.onnx"
    write_whole_graph(shipped, path)
    return path


def test_the_shipped_network_answers_recordings_as_python_does(shipped, path, tmp_path):
    graph = load_whole_graph(path, RATE)
    assert graph.classes == shipped.classes
    for file in synthetic_corpus(tmp_path, n_sentences=1).paths[::5]:
        recording = read(file)
        signal, _ = resample_to(recording, RATE)
        expected, found = answer(shipped, recording), graph(signal)
        assert graph.classes[found.argmax()] == expected.emotion
        assert np.abs(found - expected.probabilities).max() <= ATOL


@pytest.mark.parametrize("n", [400, 401, 559, 560, 1_000, 16_000, 40_001])
def test_any_length_and_batch(shipped, path, n):
    x = (np.random.default_rng(n).standard_normal((3, n)) / 10).astype(np.float32)
    (found,) = start(path.read_bytes(), "").run(None, {"waveform": x})
    np.testing.assert_allclose(load_whole_graph(path, RATE)(x), found, atol=1e-5)
    inputs = [network_inputs(shipped, one.astype(np.float64)) for one in x]
    expected = compute_probabilities(shipped, np.concatenate(inputs).astype(np.float32))
    assert found.shape == (3, 8) and np.abs(found - expected).max() <= ATOL
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("view", ["finch_mfcc", pytest.param("finch_log_mel", marks=pytest.mark.slow)])
def test_networks_on_frames(tmp_path, view):
    """Clips shorter and longer than the 3 s that the network sees, of which the graph knows nothing beforehand."""
    run = replace(
        trained("finch_dycnn_bilstm"), view=VIEWS[view], z_score=RowZScore(np.linspace(-9, 1, 39), np.full(39, 9.0))
    )
    write_whole_graph(run, tmp_path / "x.onnx")
    graph = load_whole_graph(tmp_path / "x.onnx", RATE)
    for n in (400, 12_345, 60_000):
        x = (np.random.default_rng(n).standard_normal(n) / 10).astype(np.float32)
        expected = compute_probabilities(run, network_inputs(run, x.astype(np.float64)))
        spread = np.ptp(expected)  # small, as the network has its initial values
        assert spread > 1e-4 and np.abs(graph(x) - expected[0]).max() <= spread / 50


def test_metadata_say_what_it_is(shipped, path):
    about = load_whole_graph(path, RATE).metadata
    assert json.loads(about["classes"]) == list(shipped.classes)
    assert about["fingerprint"] == dsp.conventions.fingerprint("finch_dycnn") and about["unit"] == "probability"
    assert (about["sample_rate"], about["min_samples"], about["system"]) == ("16000", "400", "statistics_mlp")
    assert 0 < float(about["tolerance"]) <= ATOL
    onnx.checker.check_model(onnx.load(path), full_check=True)


def test_what_is_wrong_is_refused(path, tmp_path):
    with pytest.raises(ValueError, match=r"recogniser.onnx: made for 16000 Hz, not 44100 Hz; resample"):
        load_whole_graph(path, 44_100)
    with pytest.raises(ValueError, match="at least 400 samples are expected"):
        load_whole_graph(path, RATE)(np.zeros(399))
    dsp.export.onnx("kaldi", RATE, tmp_path / "kaldi.onnx")
    with pytest.raises(ValueError, match=r"kaldi.onnx: no graph of a recogniser; its metadata lack"):
        load_whole_graph(tmp_path / "kaldi.onnx", RATE)
    with pytest.raises(ValueError, match=r"recogniser.onnx: no graph of features"):
        dsp.export.load_onnx(path, RATE)
    model = onnx.load(path)
    model.graph.node[0].op_type = "Scan"
    onnx.save(model, tmp_path / "scan.onnx")
    with pytest.raises(ValueError, match=r"scan.onnx: has the operator 'Scan'"):
        load_whole_graph(tmp_path / "scan.onnx", RATE)


def test_another_answer_is_not_written(shipped, tmp_path):
    """The graph of these weights, beside a recogniser whose rows are scaled otherwise."""
    other = replace(shipped, z_score=lambda inputs: inputs * 0)
    other.z_score.__dict__.update(offset=shipped.z_score.offset, scale=shipped.z_score.scale)
    with pytest.raises(DifferentError, match="the graph's probabilities differ from the network's by"):
        write_whole_graph(other, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command(tmp_path, capsys):
    assert command.main(["--export", "--run", str(SHIPPED), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "recogniser.onnx")
    assert load_whole_graph(tmp_path / "recogniser.onnx", RATE).classes[0] == "neutral"
    run = keep(tmp_path / "run", "wang_cl", "wang_first_frames")
    assert command.main(["--export", "--run", str(run), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert not (tmp_path / "recogniser.onnx").exists() and "recogniser.onnx" not in said.out
    assert said.err.startswith("no recogniser.onnx: wang_cl sees wang_first_frames, for which there is no graph")


@pytest.mark.corpus
def test_recordings_of_ravdess(shipped, path, corpora):
    graph, n_equal = load_whole_graph(path, RATE), 0
    files = sorted((corpora / "ravdess").rglob("*.wav"))[::24]
    for file in files:
        recording = read(file)
        signal, _ = resample_to(recording, RATE)
        expected, found = answer(shipped, recording), graph(signal)
        assert np.abs(found - expected.probabilities).max() <= ATOL
        n_equal += graph.classes[found.argmax()] == expected.emotion
    assert n_equal == len(files) >= 60
