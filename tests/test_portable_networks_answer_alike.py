"""Exported networks: TorchScript and ONNX files give the answers of the network that they were made from."""

import json
import sys

import numpy as np
import pytest
import torch

import nets
from dsp.files.extras import install_command
from experiments.inputs.finch_dycnn import RowZScore
from experiments.inputs.row_scaling import RowScaling
from experiments.inputs.yadav_crnn import ZScore
from experiments.recogniser import command, exporting, portable
from experiments.recogniser.trained import Trained, network_inputs
from experiments.recogniser.views import VIEWS
from nets.fused.fuse import fuse
from tests.test_recogniser_core import keep

CLASSES = ("angry", "fear", "happy", "neutral", "sad", "surprise")
SYSTEMS = {  # one of every kind, with what it sees
    "zheng_cnn_lstm": "zheng_cnn_lstm",
    "dey_2d_cnn_lstm": "dey_mel_2d_sign",
    "dey_td_cnn_bilstm": "dey_mel_segments",
    "dey_1d_cnn_lstm": "windows_1d",
    "yadav_crnn": "yadav_crnn",
    "finch_dycnn_bilstm": "finch_mfcc",
    "wang_cl": "wang_first_frames",
    "statistics_mlp": "baseline_statistics",
}
Z_SCORES = {"yadav_crnn": ZScore(-40.0, 20.0), "finch_dycnn_bilstm": RowZScore(np.zeros(39), np.ones(39))}
Z_SCORES["statistics_mlp"] = RowScaling(np.zeros(395), np.full(395, 9.0))


def trained(system: str) -> Trained:
    net = nets.build(system, len(CLASSES), seed=1)
    result = {"system": system, "variant": "published"}
    return Trained(None, result, CLASSES, fuse(net).eval(), VIEWS[SYSTEMS[system]], Z_SCORES.get(system))


@pytest.mark.parametrize("system", SYSTEMS)
def test_files_answer_as_the_network(tmp_path, system):
    run = trained(system)
    paths = portable.export(run, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["network.torchscript.pt", "network.onnx", "network.json"]
    facts = json.loads(paths[2].read_text())
    assert facts["classes"] == list(CLASSES) and facts["system"] == system
    signal = np.random.default_rng(5).standard_normal(run.view.sample_rate) / 20
    example = network_inputs(run, signal)[:1].astype(np.float32)
    assert facts["input_shape"] == list(example.shape) and facts["sample_rate"] == run.view.sample_rate
    with torch.inference_mode():
        expected = run.net(torch.from_numpy(example)).numpy()
    assert expected.shape == (1, 6) and np.ptp(expected) > 1e-4
    for path, runner in zip(paths, (portable.run_torchscript, portable.run_onnx), strict=False):
        np.testing.assert_allclose(runner(path.read_bytes())(example), expected, atol=1e-4 * np.abs(expected).max())


def test_another_network_is_noticed(tmp_path, monkeypatch):
    """A file that answers otherwise is not written, and what was there stays."""
    (tmp_path / "network.onnx").write_text("old")
    other = portable.onnx(nets.build("wang_cl", 6, seed=2).eval(), np.zeros((1, 128, 141), np.float32))
    monkeypatch.setattr(portable, "onnx", lambda net, example: other)
    with pytest.raises(portable.DifferentError, match=r"network.onnx: its logits differ from the network's by"):
        portable.export(trained("wang_cl"), tmp_path)
    assert (tmp_path / "network.onnx").read_text() == "old" and not (tmp_path / "network.json").exists()


def test_a_folder_without_a_run(tmp_path, capsys):
    assert command.main(["--export", "--run", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no trained run" in capsys.readouterr().err


def test_the_command_exports_a_run(tmp_path, capsys):
    run = keep(tmp_path / "run", "wang_cl", "wang_first_frames")
    capsys.readouterr()
    assert command.main(["--export", "--run", str(run)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        str(run / "portable" / name) for name in ("network.torchscript.pt", "network.onnx", "network.json")
    ]


def test_a_different_answer_is_a_verdict_of_no(tmp_path, monkeypatch, capsys):
    def differ(trained, folder):
        raise portable.DifferentError("network.onnx: its logits differ")

    monkeypatch.setattr(portable, "export", differ)
    run = keep(tmp_path / "run", "wang_cl", "wang_first_frames")
    assert command.main(["--export", "--run", str(run), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "error: network.onnx: its logits differ\n"


def test_a_bad_output_folder_is_refused_before_the_work(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(exporting, "load", lambda folder: pytest.fail("the work has begun"))
    run = keep(tmp_path / "run", "wang_cl", "wang_first_frames")
    assert command.main(["--export", "--run", str(run), "--out", str(tmp_path / "file")]) == 2
    assert "file: is a file; a folder is expected" in capsys.readouterr().err


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    run = keep(tmp_path / "run", "wang_cl", "wang_first_frames")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert command.main(["--export", "--run", str(run), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: exporting a network needs onnx: {install_command('export')}"
