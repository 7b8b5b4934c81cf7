"""Conventions as TOML files and as entry points: what is saved is loaded again, and bad files get one line."""

import sys
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp.conventions import fingerprint, load, named, save
from dsp.conventions.assignments import chosen
from dsp.conventions.parameters import CHOICES, Convention
from dsp.conventions.registry import CONVENTIONS


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_preset_comes_back(tmp_path, name):
    save(name, tmp_path / "c.toml")
    found = load(tmp_path / "c.toml")
    assert found == CONVENTIONS[name] and fingerprint(found) == fingerprint(name)


FIELDS = {name: st.sampled_from(words) for name, words in CHOICES.items()} | {
    "tool": st.text(st.characters(codec="utf-8"), max_size=30),
    "floor": st.floats(1e-300, 1e300),
    "scale": st.floats(0.1, 1e20),
    "f_max": st.none() | st.floats(1, 8000),
    "n_mels": st.none() | st.just("3 ln rate") | st.integers(1, 500),
    "n_mfcc": st.none() | st.integers(1, 40),
    "frame_length": st.integers(1, 4000),
    "frame_length_s": st.none() | st.floats(0.001, 1),
    "dynamic_range": st.none() | st.integers(0, 120),
}


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional=FIELDS))
def test_any_convention_comes_back(tmp_path_factory, values):
    c = Convention(**({"frame_length": 400} | values))
    path = tmp_path_factory.mktemp("c") / "c.toml"
    save(c, path)
    assert load(path) == c


def test_a_base_and_what_changes_it(tmp_path):
    path = tmp_path / "course.toml"
    path.write_text('base = "kaldi"\ntool = "DT2119"\nn_mels = 40\nf_max = "none"\nc0 = "none"\n', encoding="utf-8")
    assert load(path) == replace(CONVENTIONS["kaldi"], tool="DT2119", n_mels=40, c0="none")
    path.write_text("", encoding="utf-8")
    assert load(path) == Convention()


def test_a_command_changes_a_convention(tmp_path):
    save("kaldi", tmp_path / "c.toml")
    changes = ["n_mels=40", "f_max = none", "c0=none", "framing=center, zeros", "floor=1e-3", 'window="hann"']
    expected = replace(
        CONVENTIONS["kaldi"], n_mels=40, f_max=None, c0="none", framing="center, zeros", floor=1e-3, window="hann"
    )
    assert chosen("Kaldi", changes) == chosen(str(tmp_path / "c.toml"), changes) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n_mels", "--set n_mels: NAME=VALUE is expected"),
        ("n_mel=80", "unknown parameter 'n_mel'; did you mean 'n_mels'"),
        ("tool=x", "unknown parameter 'tool'"),
        ("n_mels=many", "n_mels='many' is none of"),
        ("window=none", "window=None is none of"),
    ],
)
def test_bad_changes(text, message):
    with pytest.raises(ValueError, match=message):
        chosen("kaldi", [text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n_mel = 40", "unknown parameter 'n_mel'; did you mean 'n_mels'"),
        ("colour = 40", "unknown parameter 'colour'; "),
        ('window = "hamm"', "window='hamm' is none of .*did you mean 'hamming'"),
        ("n_mels = 2.5", "n_mels=2.5 is not a whole number"),
        ("n_mels = true", "n_mels=True is not a whole number"),
        ("floor = inf", "floor=inf is not allowed"),
        ('floor = "none"', "floor=None is not allowed"),
        ("floor = [1, 2]", r"floor='\[1, 2\]' is neither a word nor a number"),
        ("floor = 2020-01-01", "floor='2020-01-01' is neither"),
        ("tool = 3", "tool=3 is no text"),
        ('base = "kaldy"', "unknown convention 'kaldy'; did you mean 'kaldi'"),
        ("base = 3", "convention is of type int"),
        ('fingerprint = "abc"', "fingerprint='abc', but the parameters have "),
        ("n_mels = ", "not TOML: Invalid value"),
        ("n_mels = 1\nn_mels = 2", "not TOML: Cannot overwrite a value"),
        ("[frames]\nn_mels = 1", "unknown parameter 'frames'"),
        (b"\xff\xfe", "not TOML: 'utf-8' codec"),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "c.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as raised:
        load(path)
    said = str(raised.value)
    assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < 500


def test_missing_files(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        load(tmp_path / "c.toml")
    with pytest.raises(ValueError, match="unknown convention 'xyz'"):
        save("xyz", tmp_path / "c.toml")
    assert not list(tmp_path.iterdir())


def test_a_file_says_only_what_differs(tmp_path):
    save(Convention(n_mels=40), tmp_path / "c.toml")
    text = (tmp_path / "c.toml").read_text(encoding="utf-8")
    assert text.splitlines()[2:] == ["n_mels = 40", f'fingerprint = "{fingerprint(Convention(n_mels=40))}"']
    assert len(fields(Convention)) > 50


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that offers two presets, one of them wrong."""
    (tmp_path / "my_presets.py").write_text(
        "import dsp\nMINE = dsp.Convention(tool='mine', n_mels=33)\nWRONG = {'n_mels': 3}\nKALDI = MINE\n",
        encoding="utf-8",
    )
    info = tmp_path / "my_presets-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-presets\nVersion: 1.0\n", encoding="utf-8")
    lines = ["my_lab = my_presets:MINE", "wrong = my_presets:WRONG", "kaldi = my_presets:KALDI"]
    (info / "entry_points.txt").write_text("\n".join(["[dsp.conventions]", *lines]), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("my_presets", None)


def test_entry_points(package, rng):
    assert named("my_lab") == named("My-Lab") == Convention(n_mels=33, tool="mine")
    assert named("kaldi") is CONVENTIONS["kaldi"]  # a package cannot replace a preset
    assert dsp.log_mel(rng.standard_normal(4000), 16_000, "my_lab").shape[0] == 33
    with pytest.raises(ValueError, match="'wrong': the entry point my_presets:WRONG is of type dict"):
        named("wrong")


def test_without_the_package_the_name_is_unknown():
    with pytest.raises(ValueError, match="unknown convention 'my_lab'"):
        named("my_lab")
