"""Bad folders, interruptions, other parameters: the command for a folder says so in one line and loses nothing."""

import contextlib
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import termios
from dataclasses import replace
from threading import Timer

import numpy as np
import pytest
from PIL import Image

from dsp import read_audio
from spectrogram_images import PAPER, render, render_file
from spectrogram_images.__main__ import main
from spectrogram_images.folder import EMOTIONS, convert, find_recordings

X = 0.1 * np.sin(np.arange(4000) ** 1.3)


def test_the_images_are_numbered_in_name_order(write_wav, tmp_path, capsys):
    names = ["angry (1)", "angry (10)", "angry (100)", "angry (2)"]
    for k, name in enumerate(names):
        write_wav(f"wavs/shouting/{name}.wav", X * (k + 1) / 9)
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout", "--workers", "2"]) == 0
    for i, name in enumerate(names, 1):
        expected = render_file(tmp_path / "wavs" / "shouting" / f"{name}.wav")
        with Image.open(tmp_path / "pngs" / "shouting" / f"shouting{i}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), expected)


def test_a_second_call_skips_what_is_finished_and_makes_what_has_changed(write_wav, tmp_path, capsys):
    for name in ("a", "b", "c"):
        write_wav(f"wavs/e/{name}.wav", X * ord(name) / 200)
    arguments = [str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]
    assert main(arguments) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pngs" / "e").iterdir()}
    write_wav("wavs/e/b.wav", X[::-1])
    assert main(arguments) == 0
    assert "1 images written, 2 were there already, 0 failed" in capsys.readouterr().out
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {"e2.png"}
    with Image.open(tmp_path / "pngs" / "e" / "e2.png") as image:
        np.testing.assert_array_equal(np.asarray(image), render_file(tmp_path / "wavs" / "e" / "b.wav"))


def test_somebody_elses_file_is_left_alone(write_wav, tmp_path, capsys):
    write_wav("wavs/e/a.wav", X)
    write_wav("wavs/e/b.wav", X / 2)
    (tmp_path / "pngs" / "e").mkdir(parents=True)
    theirs = tmp_path / "pngs" / "e" / "e1.png"
    Image.new("RGB", (3, 3)).save(theirs)
    content = theirs.read_bytes()
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]) == 1
    assert "e1.png: already there and not written by this program" in capsys.readouterr().err
    assert theirs.read_bytes() == content and (tmp_path / "pngs" / "e" / "e2.png").exists()


def test_missing_and_empty_folders(write_wav, tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "pngs")]) == 2
    assert "nowhere: no such folder" in capsys.readouterr().err
    (tmp_path / "wavs").mkdir()
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs")]) == 2
    assert "it holds nothing" in capsys.readouterr().err
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]) == 2
    assert "no WAV files" in capsys.readouterr().err
    assert not (tmp_path / "pngs").exists()
    write_wav("wavs/angry/a.wav", X)
    (tmp_path / "wavs" / "sad").mkdir()
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs")]) == 1
    error = capsys.readouterr().err
    assert "sad: no WAV files" in error
    for name in ("fear", "happy", "neutral", "surprise"):
        assert f"{name}: emotion folder missing" in error
    assert (tmp_path / "pngs" / "angry" / "angry1.png").exists()


def test_another_layout_is_refused_unless_asked_for(write_wav, tmp_path, capsys):
    for name in ("wav/a.wav", "wav/b.wav", "deep/er/c.wav", "top.wav"):
        write_wav(f"corpus/{name}", X)
    arguments = [str(tmp_path / "corpus"), str(tmp_path / "pngs")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "the paper's layout is expected" in error and "--any-layout" in error
    assert "it holds 1 WAV files and the folders deep, wav" in error and not (tmp_path / "pngs").exists()
    assert main([*arguments, "--any-layout"]) == 0
    made = sorted(str(path.relative_to(tmp_path / "pngs")) for path in (tmp_path / "pngs").rglob("*.png"))
    assert made == ["corpus1.png", "deep/er/er1.png", "wav/wav1.png", "wav/wav2.png"]


def test_recordings_outside_the_papers_folders_are_named(write_wav, tmp_path, capsys):
    for emotion in EMOTIONS:
        write_wav(f"wavs/{emotion}/a.wav", X)
    for name in ("loose.wav", "loose2.wav", "calm/a.wav"):
        write_wav(f"wavs/{name}", X)
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "loose.wav and 1 more: not in an emotion's folder" in lines[0]
    assert "calm: not one of the paper's emotions" in lines[1]
    assert len(list((tmp_path / "pngs").rglob("*.png"))) == 6


def test_a_folder_that_links_to_itself(write_wav, tmp_path):
    write_wav("wavs/a/a.wav", X)
    (tmp_path / "wavs" / "a" / "again").symlink_to(tmp_path / "wavs")
    recordings, problems = find_recordings(tmp_path / "wavs", any_layout=True)
    assert [png for _, png in recordings] == ["a/a1.png"] and problems == []


@pytest.mark.parametrize("bad", ["pngs", "pngs/deeper/still"])
def test_a_bad_output_folder_is_found_before_the_work(write_wav, tmp_path, capsys, monkeypatch, bad):
    write_wav("wavs/e/a.wav", X)
    (tmp_path / "pngs").write_text("a file where the folder should be")
    monkeypatch.setattr("spectrogram_images.__main__.convert", None)  # work would end in a TypeError
    assert main([str(tmp_path / "wavs"), str(tmp_path / bad), "--any-layout"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith(f"error: {tmp_path / bad}: ")


def test_other_parameters_are_not_mixed_in(write_wav, tmp_path, capsys):
    """Neither resumed nor overwritten nor added: one line, and the folder stays as it is."""
    write_wav("wavs/e/a.wav", X)
    arguments = [str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]
    assert main(arguments) == 0
    paper = (tmp_path / "pngs" / "e" / "e1.png").read_bytes()
    write_wav("wavs/e/b.wav", X / 2)
    capsys.readouterr()
    others = (
        "--colormap hot",
        "--window hamming",
        "--sampling periodic",
        "--overlap 127",
        "--nfft 1024",
        "--size 224 225",
        "--window-length 200",
    )
    for other in others:
        assert main([*arguments, *other.split()]) == 2, other
        error = capsys.readouterr().err
        assert (
            error.count("\n") == 1 and "e1.png: made with hann(256), overlap 128, NFFT 512, jet, 224x224, not" in error
        )
    assert [path.read_bytes() for path in (tmp_path / "pngs").rglob("*.png")] == [paper]
    assert main([str(tmp_path / "wavs"), str(tmp_path / "hot"), "--any-layout", "--colormap", "hot"]) == 0
    assert main([str(tmp_path / "wavs"), str(tmp_path / "hot"), "--any-layout", "--colormap", "hot"]) == 0
    assert "0 images written, 2 were there already" in capsys.readouterr().out
    assert main([str(tmp_path / "wavs"), str(tmp_path / "hot"), "--any-layout"]) == 2
    assert "made with hann(256), overlap 128, NFFT 512, hot, 224x224, not" in capsys.readouterr().err
    with Image.open(tmp_path / "hot" / "e" / "e2.png") as image:
        expected = render(read_audio(tmp_path / "wavs" / "e" / "b.wav")[0], replace(PAPER, colormap="hot"))
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_an_image_of_other_parameters_that_appears_meanwhile_is_left(write_wav, tmp_path):
    recording = (write_wav("wavs/e/a.wav", X), "e/e1.png")
    assert [o.status for o in convert([recording], tmp_path / "pngs", 1, replace(PAPER, colormap="hot"))] == ["written"]
    (outcome,) = convert([recording], tmp_path / "pngs", 1)
    assert outcome.status == "failed" and "made with" in outcome.reason


def test_the_sample_rate_is_a_parameter(write_wav, tmp_path, capsys):
    write_wav("wavs/e/a.wav", X, 44_100)
    arguments = [str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]
    assert main(arguments) == 1 and "44100 Hz" in capsys.readouterr().err
    assert main([*arguments, "--sample-rate", "44100"]) == 0


@pytest.mark.parametrize(
    "wrong", [["--overlap", "256"], ["--nfft", "100"], ["--size", "0", "5"], ["--colormap", "parula"]]
)
def test_bad_parameters(tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path), str(tmp_path), *wrong])
    assert stop.value.code == 2 and wrong[1] in capsys.readouterr().err.splitlines()[-1]


def test_pipes_do_not_hang(write_wav, tmp_path, capsys):
    """One among the recordings, one among the images."""
    for name in ("a", "c"):
        write_wav(f"wavs/e/{name}.wav", X)
    os.mkfifo(tmp_path / "wavs" / "e" / "b.wav")
    (tmp_path / "pngs" / "e").mkdir(parents=True)
    os.mkfifo(tmp_path / "pngs" / "e" / "e3.png")
    assert main([str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "b.wav: a named pipe" in lines[0] and "e3.png: a named pipe" in lines[1]
    assert (tmp_path / "pngs" / "e" / "e1.png").exists()


def test_a_folder_deleted_meanwhile_is_noticed(write_wav, tmp_path, capsys, monkeypatch):
    for name in "abcd":
        write_wav(f"wavs/e/{name}.wav", X)

    def convert_and_delete(*arguments):
        for i, outcome in enumerate(convert(*arguments)):
            yield outcome
            if i == 1:
                shutil.rmtree(tmp_path / "pngs")

    monkeypatch.setattr("spectrogram_images.__main__.convert", convert_and_delete)
    arguments = [str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout", "--workers", "1"]
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert "e1.png and 1 more images are gone" in printed.err and "4 images written" in printed.out
    assert "2 are gone" in printed.out
    monkeypatch.undo()
    assert main(arguments) == 0
    assert "2 images written, 2 were there already" in capsys.readouterr().out


@pytest.mark.slow
def test_two_shells_finish_together(write_wav, tmp_path):
    for i in range(40):
        write_wav(f"wavs/e/{i}.wav", X * (i + 1) / 99)
    command = [sys.executable, "-m", "spectrogram_images", tmp_path / "wavs", tmp_path / "pngs", "--any-layout"]
    pair = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
    printed = [process.communicate(timeout=120) for process in pair]
    assert [process.returncode for process in pair] == [0, 0], printed
    files = [path for path in (tmp_path / "pngs").rglob("*") if path.is_file()]
    assert len(files) == 40 and {path.suffix for path in files} == {".png"}


@pytest.mark.slow
def test_the_interrupt_message_has_a_line_of_its_own(write_wav, tmp_path):
    """In a terminal, Ctrl-C while the bar is shown: the message does not follow the bar on its line."""
    for i in range(400):
        write_wav(f"wavs/e/{i}.wav", X)
    command = [sys.executable, "-m", "spectrogram_images", tmp_path / "wavs", tmp_path / "pngs", "--any-layout"]
    terminal, other_end = pty.openpty()
    termios.tcsetwinsize(other_end, (24, 120))
    process = subprocess.Popen(command, stdout=other_end, stderr=other_end, stdin=other_end, start_new_session=True)
    os.close(other_end)
    safety_net = Timer(120, os.killpg, (process.pid, signal.SIGKILL))
    safety_net.start()
    shown = b""
    while b"images:" not in shown:
        shown += os.read(terminal, 4096)
    os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(OSError):  # the terminal ends with its process
        while part := os.read(terminal, 4096):
            shown += part
    assert process.wait(120) == 130
    safety_net.cancel()
    assert b"compiling the kernels" in shown
    line = shown.decode().rstrip().splitlines()[-1]
    assert re.fullmatch(r"interrupted after \d+ images; run the same command again to resume", line.split("\r")[-1])
    assert shown.decode().rstrip().splitlines()[-2].split("\r")[-1].strip() == ""


@pytest.mark.slow
def test_no_bar_in_a_log_file(write_wav, tmp_path):
    write_wav("wavs/e/a.wav", X)
    command = [sys.executable, "-m", "spectrogram_images", tmp_path / "wavs", tmp_path / "pngs", "--any-layout"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "" and done.stdout == "1 images written, 0 were there already, 0 failed\n"


@pytest.mark.slow
@pytest.mark.parametrize("compiled_code", ["kept", "not yet kept"])
def test_a_full_disk(write_wav, tmp_path, compiled_code):
    """The kernel refuses to let any file grow beyond 20 kB: the first image cannot be written whole."""
    for name in ("a", "b", "c"):
        write_wav(f"wavs/e/{name}.wav", X * ord(name) / 200)
    done = subprocess.run(
        [sys.executable, "-m", "spectrogram_images", str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        env=os.environ | ({} if compiled_code == "kept" else {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "error" in line]
    assert len(lines) == 1 and "File too large" in lines[0]
    assert compiled_code == "not yet kept" or ".png" in lines[0]
    assert [path for path in (tmp_path / "pngs").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("length", [0, 4, 20, 2**16, 2**31, 2**32 - 1])
def test_a_text_chunk_that_lies_about_its_length(write_wav, tmp_path, capsys, length):
    write_wav("wavs/e/a.wav", X)
    arguments = [str(tmp_path / "wavs"), str(tmp_path / "pngs"), "--any-layout"]
    assert main(arguments) == 0
    png = tmp_path / "pngs" / "e" / "e1.png"
    content = bytearray(png.read_bytes())
    at = content.index(b"tEXt") - 4
    content[at : at + 4] = length.to_bytes(4, "big")
    png.write_bytes(content)
    assert main(arguments) == 1
    assert "e1.png: already there and not written by this program" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0 and "examples:" in text and "exit status: 0" in text


def test_workers(capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path), str(tmp_path), "--workers", "0"])
    assert stop.value.code == 2 and "--workers 0" in capsys.readouterr().err
