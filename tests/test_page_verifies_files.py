"""The page's doctor says what the commands say, of features and of images, and refuses what they refuse."""

import numpy as np
import pytest
import soundfile
from PIL import Image

import dsp
from dsp.conventions import diff, load
from experiments.page.core.verify import HandedInError, sorted_out, verify
from spectrogram_images import render


@pytest.fixture
def speech(tmp_path, utterance):
    soundfile.write(tmp_path / "speech.wav", utterance[:10_000], 16_000)
    return tmp_path / "speech.wav"


def test_one_file_is_named_with_its_convention(speech, tmp_path):
    x, rate = dsp.read_audio(speech)
    np.save(tmp_path / "<b>mine.npy", dsp.mfcc(x, rate, "kaldi").T)
    found = verify([str(tmp_path / "<b>mine.npy"), str(speech)])
    assert found["settled"] and found["verdict"].startswith("exact: ")
    assert [title for title, _ in found["maps"]][1:] == ["Based on kaldi", "Difference"]
    given, fitted, error = (values for _, values in found["maps"])
    assert given.shape == fitted.shape == error.shape == (13, 61) and np.abs(error).max() < 1e-3
    (tmp_path / "c.toml").write_text(found["toml"])
    assert np.array_equal(dsp.mfcc(x, rate, load(tmp_path / "c.toml")), dsp.mfcc(x, rate, "kaldi"))
    assert b"<b>mine" not in found["report"] and b"&lt;b&gt;mine.npy" in found["report"]


@pytest.mark.slow
def test_two_files_are_compared_and_the_second_convention_comes_along(speech, tmp_path):
    x, rate = dsp.read_audio(speech)
    np.save(tmp_path / "a.npy", dsp.log_mel(x, rate, "kaldi"))
    np.save(tmp_path / "b.npy", 2 * dsp.log_mel(x, rate, "kaldi"))
    found = verify([str(tmp_path / "a.npy"), str(tmp_path / "b.npy")])
    assert found["settled"] and found["verdict"].startswith("explained") and len(found["maps"]) == 3
    assert found["toml"] == ""
    np.save(tmp_path / "c.npy", dsp.mfcc(x, rate, "htk"))
    np.save(tmp_path / "d.npy", dsp.mfcc(x, rate, "htk") + 1)
    assert found["remark"] == ""
    found = verify([str(tmp_path / "a.npy"), str(tmp_path / "c.npy")])
    assert len(found["maps"]) == 2
    assert found["remark"] == "No difference value by value: 23 rows x 61 frames and 13 rows x 60 frames."
    found = verify([str(tmp_path / "d.npy"), str(tmp_path / "c.npy"), str(speech)])
    (tmp_path / "c.toml").write_text(found["toml"])
    assert "log_offset" not in diff("htk", load(tmp_path / "c.toml"))


@pytest.mark.slow
def test_two_images_are_compared(tmp_path, speech):
    x, _ = dsp.read_audio(speech)
    pixels = render(x)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels[:, :, ::-1]).save(tmp_path / "b.png")
    found = verify([str(tmp_path / "a.png"), str(tmp_path / "b.png")])
    assert "blue and red exchanged" in found["details"] and found["settled"] and found["png"].startswith(b"\x89PNG")
    first, second = found["verdict"].splitlines()
    assert first.startswith("different: ") and second == "blue and red exchanged (BGR)"
    assert b"data:image/png" in found["report"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.exe"], "a.exe: no known ending"),
        (["a.npy"], "add the recording"),
        (["a.npy", "b.npy", "c.npy"], "one or two files of features are taken"),
        (["a.png"], "two images are compared"),
        (["a.png", "b.npy"], "give one or two files of features, or two images"),
        (["a.wav"], "give files of features or images, too"),
        (["a.npy", "a.wav", "b.wav"], "at most one recording"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_files_that_make_no_question_are_refused(names, said):
    with pytest.raises(HandedInError, match=said):
        sorted_out(names)


def test_bad_files_are_refused_as_by_the_commands(speech, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (tmp_path / "no.png").write_bytes(b"no picture")
    for names, said in (
        (["objects.npy", "speech.wav"], "objects.npy"),
        (["cut.npy", "speech.wav"], "cut.npy"),
        (["no.png", "no.png"], "no.png"),
    ):
        with pytest.raises((ValueError, OSError), match=said) as caught:
            verify([str(tmp_path / name) for name in names])
        assert "\n" not in str(caught.value)
