"""Folders, lists, tables, and the manifests of lhotse and Kaldi become items; what is hostile is refused."""

import gzip
import json

import pytest

from dsp.corpus import extract, open_features
from dsp.corpus import manifests as manifests_module
from dsp.corpus.items import Item, safe_name, with_names
from dsp.corpus.manifests import ManifestError, read_items
from tests.small_corpus import make_corpus


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    make_corpus(tmp_path / "in", 4)
    (tmp_path / "in" / "notes.txt").write_text("no audio")
    (tmp_path / "in" / ".hidden.wav").write_bytes(b"")
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "x.wav").write_bytes(b"")
    folder, items = read_items(tmp_path / "in")
    assert folder == tmp_path / "in"
    assert [item.path for item in items] == ["a/000.wav", "a/002.wav", "b/001.wav", "b/003.wav"]
    assert [item.path for item in read_items(tmp_path / "in", without=tmp_path / "in" / "a")[1]] == [
        "b/001.wav",
        "b/003.wav",
    ]
    with pytest.raises(ManifestError, match="no recordings in it"):
        (tmp_path / "empty").mkdir()
        read_items(tmp_path / "empty")


def test_names_are_safe_and_differ():
    items = [Item("a/x y.wav"), Item("a/x_y.flac"), Item("A/X_Y.wav"), Item("a/x y.wav", start=1.0, end=2.5)]
    assert [item.name for item in with_names(items)] == ["a-x_y", "a-x_y-2", "A-X_Y-3", "a-x_y-1000-2500"]
    assert safe_name("../../etc/passwd") == "etc-passwd" and len(safe_name("ü" * 500).encode()) <= 150
    assert safe_name("\0\n\ud800") == safe_name("..") == "item"
    assert [one.name for one in with_names([Item("a-2.wav"), Item("a.wav"), Item("a.flac")])] == ["a-2", "a", "a-3"]


TABLE = [
    {"path": "x.wav", "id": "one", "start": 0.5, "end": 1.25, "channel": 1, "speaker": "s1", "label": "happy"},
    {"path": "/absolute/größe.wav", "speaker": "007", "label": "3"},
    {"path": "two\n\nlines, and a comma.wav"},
]
ITEMS = [
    Item("x.wav", "one", 0.5, 1.25, 1, "s1", "happy"),
    Item("/absolute/größe.wav", speaker="007", label="3"),
    Item("two\n\nlines, and a comma.wav"),
]


def as_table(separator):
    def quoted(value):
        return '"' + str(value).replace('"', '""') + '"'

    columns = ("label", "path", "id", "start", "end", "channel", "speaker")
    rows = [separator.join(quoted(row.get(column, "")) for column in columns) for row in TABLE]
    return "\n".join(["Label" + separator + separator.join(columns[1:]), *rows, "", ""])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("name", "text", "items"),
    [
        (
            "list.txt",
            "a.wav\n\n b c.wav\r\n# no comment.wav\n",
            [Item("a.wav"), Item(" b c.wav"), Item("# no comment.wav")],
        ),
        ("table.csv", "\ufeff" + as_table(","), ITEMS),
        ("table.tsv", as_table("\t"), ITEMS),
        ("table.jsonl", "\n".join(json.dumps(row) for row in TABLE) + "\n", ITEMS),
    ],
)
def test_lists_and_tables(name, text, items, compressed, tmp_path):
    path = tmp_path / (name + ".gz" if compressed else name)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if compressed else data)
    assert read_items(path) == (tmp_path, items)
    (tmp_path / "in").mkdir()
    assert read_items(tmp_path / "in", path) == (tmp_path / "in", items)


def lhotse_recording(name, path, channels=(0,), **changes):
    source = {"type": "file", "channels": list(channels), "source": path}
    about = {"id": name, "sources": [source], "sampling_rate": 16_000, "num_samples": 9_600, "duration": 0.6}
    return {**about, "channel_ids": list(channels), **changes}


def lhotse_supervision(name, recording, start=0.0, duration=0.5, **changes):
    return {"id": name, "recording_id": recording, "start": start, "duration": duration, "channel": 0, **changes}


def write_lines(path, *objects):
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in objects).encode()))
    return path


def test_lhotse(tmp_path):
    recordings = write_lines(
        tmp_path / "x_recordings_train.jsonl.gz",
        lhotse_recording("r1", "x.wav"),
        lhotse_recording("r2", "/y.flac", channels=(0, 1)),
    )
    assert read_items(recordings)[1] == [Item("x.wav", "r1"), Item("/y.flac", "r2")]
    supervisions = write_lines(
        tmp_path / "x_supervisions_train.jsonl.gz",
        lhotse_supervision("s1", "r1", 0.1, 0.2, speaker="A", custom={"emotion": "sad"}),
        lhotse_supervision("s2", "r2", channel=[1]),
    )
    assert read_items(supervisions)[1] == [
        Item("x.wav", "s1", 0.1, 0.3, None, "A", "sad"),
        Item("/y.flac", "s2", 0.0, 0.5, 1),
    ]


@pytest.mark.slow
def test_lhotse_itself_writes_what_is_read(tmp_path):
    lhotse = pytest.importorskip("lhotse", reason="needs lhotse, which writes the manifests")
    paths = make_corpus(tmp_path / "in", 2)
    recordings = lhotse.RecordingSet.from_recordings(lhotse.Recording.from_file(path) for path in paths)
    recordings.to_file(tmp_path / "recordings.jsonl.gz")
    parts = [lhotse.SupervisionSegment(f"s{i}", one.id, 0.1, 0.3, speaker="A") for i, one in enumerate(recordings)]
    lhotse.SupervisionSet.from_segments(parts).to_file(tmp_path / "supervisions.jsonl.gz")
    assert extract(tmp_path / "supervisions.jsonl.gz", tmp_path / "out", "kaldi").failed == 0
    assert [item["name"] for item in open_features(tmp_path / "out").index] == ["s0", "s1"]


def test_kaldi(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text("u1 a b.wav\nu2\t/c.flac\n")
    (data / "utt2spk").write_text("u1 speaker\nu2 other\n")
    expected = [Item("a b.wav", "u1", speaker="speaker"), Item("/c.flac", "u2", speaker="other")]
    assert read_items(data / "wav.scp") == (data, expected)
    assert read_items(tmp_path, data / "wav.scp") == (tmp_path, expected)
    (data / "segments").write_text("s1 u1 0.10 0.50\ns2 u2 1 -1\n")
    (data / "utt2spk").write_text("s1 speaker\n")
    assert read_items(data / "wav.scp")[1] == [
        Item("a b.wav", "s1", 0.1, 0.5, speaker="speaker"),
        Item("/c.flac", "s2", 1),
    ]


LIES = {
    "no path": ("m.csv", "file,label\nx.wav,1\n", "line 1: unknown column 'file'"),
    "near column": ("m.csv", "path,strat\nx.wav,1\n", "unknown column 'strat'.*start"),
    "only other columns": ("m.csv", "label,speaker\nx,1\n", "line 1: no column 'path'"),
    "twice": ("m.csv", "path,path\nx,1\n", "a column appears twice"),
    "too few values": ("m.csv", "path,label\nx.wav\n", "line 2: 1 values; the header has 2 columns"),
    "open quote": ("m.csv", 'path\n"x.wav\n', "damaged"),
    "empty": ("m.csv", "", "no recordings in it"),
    "only a header": ("m.csv", "path\n", "no recordings in it"),
    "no file name": ("m.csv", "path,label\n ,1\n", "is no name of a file"),
    "leaves the folder": ("m.txt", "a/../../secret.wav\n", "line 1: path .* leaves the folder"),
    "the folder above": ("m.txt", "x.wav\n..\n", "line 2: path '..' leaves the folder"),
    "zero byte": ("m.jsonl", '{"path": "a\\u0000.wav"}\n', "zero byte"),
    "long path": ("m.txt", "x" * 5000, "longer than 4096"),
    "long line": ("m.txt", "x" * (2**20 + 2), "line 1 is longer than 1048576 bytes"),
    "text as time": ("m.csv", "path,start\nx.wav,soon\n", "start 'soon' is not a number"),
    "nan": ("m.csv", "path,start\nx.wav,nan\n", "start nan is not within"),
    "infinite": ("m.csv", "path,end\nx.wav,1e999\n", "end inf is not within"),
    "negative": ("m.csv", "path,start\nx.wav,-1\n", "start -1 is not within"),
    "huge": ("m.jsonl", '{"path": "x", "end": 1' + "0" * 400 + "}\n", "end '1000.*' is not a number"),
    "more digits than Python reads": ("m.jsonl", '{"path": "x", "end": 1' + "0" * 5000 + "}\n", "line 1: not JSON"),
    "end before start": ("m.csv", "path,start,end\nx.wav,2,1\n", "end 1 s is not after start 2 s"),
    "half a channel": ("m.jsonl", '{"path": "x", "channel": 0.5}\n', "channel '0.5' is not a whole number"),
    "true": ("m.jsonl", '{"path": "x", "start": true}\n', "start 'True' is not a number"),
    "many channels": ("m.csv", "path,channel\nx.wav,99999999999\n", "channel 99999999999 is not within 0 .. 1023"),
    "list as label": ("m.jsonl", '{"path": "x", "label": [1]}\n', "label is not a text"),
    "long label": ("m.csv", f"path,label\nx.wav,{'l' * 1001}\n", "label is longer than 1000"),
    "not JSON": ("m.jsonl", "{'path': 1}\n", "line 1: not JSON"),
    "no object": ("m.jsonl", "[1]\n", "line 1: an object is expected"),
    "deep": ("m.jsonl", "[" * 100_000 + "\n", "line 1: not JSON"),
    "unknown name": ("m.jsonl", '{"path": "x", "emotion": 1}\n', "unknown name 'emotion'"),
    "ending": ("m.xlsx", "x", "unknown ending '.xlsx'"),
    "pipe": ("wav.scp", "u1 x.wav\nu2 sox y.mp3 -t wav - |\n", "line 2: a command, which is never run"),
    "pipe before": ("wav.scp", "u1 | rm x\n", "line 1: a command, which is never run"),
    "no file": ("wav.scp", "u1\n", "line 1: 'NAME FILE' is expected"),
    "name twice": ("wav.scp", "u1 x.wav\nu1 y.wav\n", "line 2: a second recording 'u1'"),
    "lhotse command": (
        "recordings.jsonl",
        json.dumps({"id": 1, "sources": [{"type": "command", "channels": [0], "source": "rm x"}], "sampling_rate": 1}),
        "line 1: a source of type 'command', which is never run or fetched",
    ),
    "lhotse without sources": ("recordings.jsonl", '{"sources": [], "sampling_rate": 1}', "without sources"),
    "lhotse transforms": ("recordings.jsonl", json.dumps(lhotse_recording("r", "x", transforms=[{}])), "transforms"),
    "lhotse supervisions alone": (
        "supervisions.jsonl",
        json.dumps(lhotse_supervision("s", "r")),
        "without their recordings",
    ),
    "lhotse cuts": ("cuts.jsonl", '{"id": "c", "type": "MonoCut", "recording": {}}', "lhotse cuts"),
}


@pytest.mark.parametrize(("name", "text", "reason"), LIES.values(), ids=LIES)
def test_what_is_hostile_or_wrong_is_one_line(name, text, reason, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(ManifestError, match=reason) as caught:
        read_items(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name)) and len(str(caught.value)) < 400
    with pytest.raises(ManifestError):
        extract(tmp_path / name, tmp_path / "out", "kaldi")
    assert not (tmp_path / "out").exists()


def test_other_files_that_are_no_manifests(tmp_path):
    with pytest.raises(ManifestError, match="No such file"):
        read_items(tmp_path / "missing.csv")
    with pytest.raises(ManifestError, match="No such file"):
        read_items(tmp_path, tmp_path / "missing.csv")
    (tmp_path / "list.txt.gz").write_bytes(b"not compressed")
    with pytest.raises(ManifestError, match="damaged"):
        read_items(tmp_path / "list.txt.gz")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"a.wav\n" * 1000)[:-10])
    with pytest.raises(ManifestError, match="damaged"):
        read_items(tmp_path / "cut.txt.gz")
    (tmp_path / "list.txt").write_text("a.wav\n")
    with pytest.raises(ManifestError, match="a folder is expected beside a manifest"):
        read_items(tmp_path / "list.txt", tmp_path / "list.txt")


def test_wrong_kaldi_segments(tmp_path):
    (tmp_path / "wav.scp").write_text("u1 x.wav\n")
    for line, reason in (
        ("s1 u1 0", "'NAME RECORDING START END' is expected"),
        ("s1 u2 0 1", "recording 'u2' is not in wav.scp"),
        ("s1 u1 0 -2", "end -2 is not within"),
    ):
        (tmp_path / "segments").write_text(line + "\n")
        with pytest.raises(ManifestError, match=reason):
            read_items(tmp_path / "wav.scp")


def test_the_number_of_items_is_bounded(tmp_path, monkeypatch):
    """A small compressed file may hold any number of lines."""
    monkeypatch.setattr(manifests_module, "MAX_ITEMS", 1000)
    (tmp_path / "list.txt.gz").write_bytes(gzip.compress(b"a\n" * 1001))
    with pytest.raises(ManifestError, match="more than 1000 items"):
        read_items(tmp_path / "list.txt.gz")
