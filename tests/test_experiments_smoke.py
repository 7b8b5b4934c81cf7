"""The newcomer's command in small: what it prints, what it writes, what it must not write."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from experiments import zheng_casia
from experiments.common.paths import RESULTS
from experiments.zheng_casia import PROTOCOLS
from tests.conftest import with_slow


@pytest.mark.parametrize("protocol", with_slow(PROTOCOLS, "as-published", "matlab-split", "sentence"))
def test_every_protocol_on_a_tiny_synthetic_corpus(tmp_path, capsys, protocol):
    before = {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}
    assert zheng_casia.main(["--smoke", "--protocol", protocol, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("SYNTHETIC CORPUS") and "this is not a result about speech" in printed
    assert "4,540,642 total learnables, 16 layers" in printed and "leakage audit of synthetic: 36 files" in printed
    runs = sorted((tmp_path / "synthetic" / "zheng_cnn_lstm" / "published").iterdir())
    assert len(runs) == (2 if protocol == "speaker" else 1)
    for folder in runs:
        assert sorted(p.name for p in folder.glob("[!.]*")) == [
            "confusion.png",
            "network.pt",
            "result.json",
            "training_content.json",
            "training_progress.png",
        ]
        result = json.loads((folder / "result.json").read_text())
        assert result["protocol"] == protocol and result["corpus"] == "synthetic" and result["epochs"] == 3
        assert np.sum(result["confusion"]) == result["n_test"]
        if protocol == "speaker":
            assert result["fold"] in folder.name and result["audit"]["shared_speakers"] == 0
        if protocol == "sentence":
            assert result["audit"]["shared_sentences"] == 0
        if protocol == "honest":
            assert (
                result["audit"]["validation"] > 0
                and result["config"]["setting"]["options"]["select"] == "validation accuracy"
            )
    for picture in tmp_path.rglob("*.png"):
        with Image.open(picture) as image:
            assert np.asarray(image.convert("RGB")).std() > 5, picture
    assert {p.name for p in (tmp_path / "synthetic").glob("*.png")} == {"six_emotions.png", "first_signal.png"}
    assert not list(tmp_path.glob("*.jsonl"))
    assert before == {path: path.read_bytes() for path in RESULTS.glob("*.jsonl")}


@pytest.mark.slow
def test_a_finished_run_is_not_repeated(tmp_path, capsys):
    arguments = ["--smoke", "--resume", "--protocol", "honest", "--out", str(tmp_path)]
    assert zheng_casia.main(arguments) == 0
    network = tmp_path / "synthetic" / "zheng_cnn_lstm" / "published" / "honest-seed0" / "network.pt"
    time = network.stat().st_mtime_ns
    assert zheng_casia.main(arguments) == 0
    assert "finished earlier" in capsys.readouterr().out and network.stat().st_mtime_ns == time
    assert zheng_casia.main([*arguments, "--variant", "converged"]) == 0
    assert "finished earlier" not in capsys.readouterr().out
    result = json.loads(
        (tmp_path / "synthetic" / "zheng_cnn_lstm" / "converged" / "honest-seed0" / "result.json").read_text()
    )
    assert [setting["optimizer"] for setting in result["config"]["settings"]] == [
        "MATLAB's sgdm",
        "PyTorch's Adam",
    ]
    assert result["kept_setting"] in ("MATLAB's sgdm", "PyTorch's Adam")


BENCHMARKS = [f"experiments.benchmarks.{name}" for name in ("images", "training", "training_keras")]
PROGRAMS = [
    *("experiments", "experiments.zheng_casia", "experiments.dey_emodb", "experiments.yadav_crnn"),
    *("experiments.finch_dycnn", "experiments.wang_cl"),
    *("experiments.results", "experiments.figures.preprocessing"),
    *("spectrogram_images", "spectrogram_images.psd_figure"),
]


@pytest.mark.parametrize("module", PROGRAMS)
def test_help(module, capsys):
    package = importlib.util.find_spec(module).submodule_search_locations
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(f"{module}.__main__" if package else module).main(["--help"])
    assert stop.value.code == 0 and capsys.readouterr().out.startswith("usage: python -m")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["experiments.zheng_casia", *BENCHMARKS])
def test_help_as_a_command(module):
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("usage: python -m")


@pytest.mark.slow
def test_training_of_a_keras_network_is_timed(capsys):
    from experiments.benchmarks import training_keras as benchmark

    assert benchmark.main(["--networks", "dey_2d_cnn_lstm", "--rounds", "1", "--steps", "1"]) == 0
    assert "training, dey_2d_cnn_lstm, an epoch of 107 batches of 4" in capsys.readouterr().out
    with pytest.raises(benchmark.DifferentError, match=r"first losses 2\.0"):
        benchmark.check("dey_2d_cnn_lstm", {"plain": 2.0, "ours": 2.1})


def test_the_list_of_papers():
    done = subprocess.run([sys.executable, "-m", "experiments"], capture_output=True, text=True)
    assert done.returncode == 0 and "zheng_casia" in done.stdout and "Claim: 77.9 %" in done.stdout
