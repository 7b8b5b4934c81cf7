"""Every bad input of the experiment's command: one line on standard error, a non-zero exit, nothing written over."""

import numpy as np
import pytest
from PIL import Image

from experiments import zheng_casia
from experiments.data.corpora import CASIA_EMOTIONS


def error_of(capsys, arguments: list[str], status: int = 2) -> str:
    assert zheng_casia.main(arguments) == status
    lines = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def image_folder(tmp_path, rng):
    """Twelve images of each of two classes."""
    for name in ("calm", "loud"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for k in range(12):
            pixels = rng.integers(0, 128 if name == "calm" else 256, (224, 224, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{k}.png", compress_level=0)
    return tmp_path / "images"


def test_folders(tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert "nowhere: no such folder" in error_of(capsys, ["--data", str(tmp_path / "nowhere"), *out])
    assert "CASIA is expected as" in error_of(capsys, ["--data", str(tmp_path), *out])
    assert "nowhere: no such folder" in error_of(capsys, ["--images", str(tmp_path / "nowhere"), *out])
    assert not (tmp_path / "out").exists()


def test_a_bad_recording_in_the_corpus(tmp_path, capsys):
    for emotion in CASIA_EMOTIONS:
        (tmp_path / "casia" / emotion).mkdir(parents=True)
        for k in range(1, 201):
            (tmp_path / "casia" / emotion / f"{emotion} ({k}).wav").touch()
    line = error_of(capsys, ["--data", str(tmp_path / "casia"), "--out", str(tmp_path / "out")])
    assert "angry (1).wav: empty file (0 bytes) (and 1199 more bad files)" in line


def test_a_bad_image(image_folder, tmp_path, capsys):
    Image.new("RGB", (10, 10)).save(image_folder / "calm" / "3.png")
    line = error_of(capsys, ["--images", str(image_folder), "--out", str(tmp_path / "out")])
    assert "3.png: 10 x 10 RGB; 224 x 224 RGB of 8 bits is expected" in line


def test_too_few_images(image_folder, tmp_path, capsys):
    for k in range(3):
        (image_folder / "loud" / f"{k}.png").unlink()
    line = error_of(capsys, ["--images", str(image_folder), "--out", str(tmp_path / "out")])
    assert "fewer than 10 images of loud" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", ".", "--protocol", "speaker"], "--protocol speaker needs --data"),
        (["--images", ".", "--data", "."], "not allowed with"),
        (["--data", ".", "--smoke"], "--smoke is for the synthetic corpus"),
        (["--variant", "converged"], "--variant converged needs validation data"),
        (["--device", "tpu"], "'tpu'"),
        (["--protocol", "random"], "invalid choice"),
        (["--variant", "best"], "invalid choice"),
        (["--seed", "x"], "invalid int"),
    ],
)
def test_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        zheng_casia.main(arguments)
    assert stop.value.code == 2 and message in capsys.readouterr().err


def test_an_output_folder_that_cannot_be(image_folder, tmp_path, capsys):
    (tmp_path / "out").write_text("a file where the folder should be")
    line = error_of(capsys, ["--images", str(image_folder), "--out", str(tmp_path / "out")])
    assert "is a file; a folder is expected" in line


def test_a_damaged_and_a_foreign_checkpoint(tmp_path, capsys):
    out = tmp_path / "out"
    checkpoint = out / "synthetic" / "zheng_cnn_lstm" / "published" / "as-published-seed0" / "checkpoint.pt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"nonsense")
    line = error_of(capsys, ["--smoke", "--resume", "--out", str(out)])
    assert "checkpoint.pt: damaged checkpoint" in line and checkpoint.read_bytes() == b"nonsense"
    import torch

    torch.save({"run": "something else"}, checkpoint)
    line = error_of(capsys, ["--smoke", "--resume", "--out", str(out)])
    assert "checkpoint.pt: checkpoint of another run" in line


def test_a_run_that_cannot_be_recorded_says_so(tmp_path, capsys, monkeypatch, image_folder):
    out = tmp_path / "out"
    out.mkdir()
    (out / "zheng_casia.jsonl").mkdir()
    monkeypatch.setattr("experiments.training.run_folder.STORED_CORPORA", ("synthetic",))
    line = error_of(capsys, ["--smoke", "--out", str(out)])
    assert "zheng_casia.jsonl: Is a directory" in line
