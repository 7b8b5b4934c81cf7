"""The page's answers are the recogniser's; archives are unpacked within bounds or refused in one line."""

import io
import struct
import zipfile

import numpy as np
import pytest
import soundfile

from experiments.page.core import recognize
from experiments.page.core.recognize import ArchiveError, unpack
from experiments.recogniser import core
from experiments.recogniser.trained import SHIPPED

RUN = str(SHIPPED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """angry/a.wav and sad/b.wav: noise of different color."""
    path, rng = tmp_path_factory.mktemp("recordings"), np.random.default_rng(3)
    for emotion, name, gain in (("angry", "a.wav", 0.3), ("sad", "b.wav", 0.01)):
        (path / emotion).mkdir()
        soundfile.write(path / emotion / name, gain * rng.standard_normal(16_000), 16_000)
    return path


def archive(path, *members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def wav(n: int = 8000) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).standard_normal(n) / 10, 8000, format="WAV")
    return file.getvalue()


def test_the_answer_is_the_recognisers(folder):
    found = recognize.answer_file(RUN, str(folder / "angry" / "a.wav"))
    own = core.recognize(core.load_warm(SHIPPED), folder / "angry" / "a.wav")
    np.testing.assert_array_equal(found["probabilities"], own.probabilities)
    assert found["png"].startswith(b"\x89PNG") and found["verdict"].startswith(("Right", "Wrong"))
    live = recognize.probabilities_of(RUN, str(folder / "angry" / "a.wav"))
    np.testing.assert_array_equal(live["probabilities"], own.probabilities)


def test_the_runs_and_the_card_that_comes_along(tmp_path):
    ((folder, title),) = recognize.list_runs(str(tmp_path))
    assert folder == RUN and title.endswith("(comes along)")
    card = recognize.card_of(RUN)
    assert card["card"].startswith("# ") and card["chance"] == 1 / len(card["classes"])


def test_a_folder_and_an_archive_of_it_get_the_same_table(folder, tmp_path):
    paths = [str(folder / "angry" / "a.wav"), str(folder / "sad" / "b.wav")]
    first, *items, last = recognize.answer_files(RUN, paths)
    assert first == {"count": 2} and last["summary"]["labeled"] == 2 and np.sum(last["summary"]["confusion"]) == 2
    made = archive(
        tmp_path / "all.zip",
        *(
            (f"x/{p.parent.name}/{p.name}", p.read_bytes())
            for p in map(folder.__truediv__, ("angry/a.wav", "sad/b.wav"))
        ),
    )
    _, *again, summary = recognize.answer_files(RUN, [str(made)])
    assert [one["probabilities"] for one in again] == [one["probabilities"] for one in items]
    assert [one["label"] for one in again] == ["angry", "sad"] and summary["lines"] == last["lines"]


def test_a_bad_recording_among_good_ones_is_named(folder, tmp_path):
    (tmp_path / "<b>bad.wav").write_bytes(b"no sound")
    _, first, second, last = recognize.answer_files(RUN, [str(folder / "sad" / "b.wav"), str(tmp_path / "<b>bad.wav")])
    assert "error" not in first and second["file"] == "<b>bad.wav" and "error" in second
    assert last["lines"][0] == "1 of 2 files answered, 1 refused"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("../out.wav", wav())], "leaves the archive's folder"),
        ([("/abs.wav", wav())], "leaves the archive's folder"),
        ([("zeros.wav", bytes(8 << 20))], "grows more than 100 times"),
        ([("readme.txt", b"x")], "no recordings"),
        ([(f"{i}.wav", b"") for i in range(recognize.MAX_MEMBERS + 1)], "at most 2000 are taken"),
    ],
    ids=["parent", "absolute", "bomb", "nothing", "many"],
)
def test_bad_archives_get_one_line_and_leave_nothing(tmp_path, members, said):
    made = archive(tmp_path / "a.zip", *members)
    with pytest.raises(ArchiveError, match=said) as caught:
        unpack(made)
    assert str(caught.value).startswith("a.zip: ") and "\n" not in str(caught.value)
    assert not (tmp_path / "unpacked").exists() and not (tmp_path.parent / "out.wav").exists()


def test_links_encryption_damage_and_lies_are_refused(tmp_path, monkeypatch):
    link = zipfile.ZipInfo("link.wav")
    link.external_attr = 0o120777 << 16
    made = archive(tmp_path / "link.zip", (link, "/etc/passwd"))
    with pytest.raises(ArchiveError, match="is a link"):
        unpack(made)
    content = bytearray(archive(tmp_path / "e.zip", ("a.wav", wav())).read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    (tmp_path / "e.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="is encrypted"):
        unpack(tmp_path / "e.zip")
    (tmp_path / "cut.zip").write_bytes(archive(tmp_path / "c.zip", ("a.wav", wav())).read_bytes()[:900])
    with pytest.raises(ArchiveError, match=r"cut\.zip: not a ZIP archive"):
        unpack(tmp_path / "cut.zip")
    lying = bytearray(archive(tmp_path / "l.zip", ("a.wav", bytes(5000)), compression=zipfile.ZIP_STORED).read_bytes())
    at = lying.index(b"PK\1\2") + 24
    lying[at : at + 4] = struct.pack("<I", 10)
    (tmp_path / "l.zip").write_bytes(lying)
    with pytest.raises(ArchiveError):
        unpack(tmp_path / "l.zip")
    monkeypatch.setattr(recognize, "MAX_UNPACKED", 1000)
    with pytest.raises(ArchiveError, match="at most 0 MB are taken"):
        unpack(archive(tmp_path / "large.zip", ("a.wav", wav())))
