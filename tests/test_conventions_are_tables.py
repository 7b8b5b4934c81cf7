"""Invariants of conventions: frozen, complete, printable, comparable, hashable."""

import dataclasses
import inspect
import re

import pytest

from dsp.conventions import diff, fingerprint, named, table
from dsp.conventions.parameters import CHOICES, PARAMETERS, WORDS, Convention
from dsp.conventions.registry import CONVENTIONS


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CONVENTIONS["librosa"].n_mels = 3


def test_names():
    assert named("kaldi") is CONVENTIONS["kaldi"] and named(CONVENTIONS["kaldi"]) is CONVENTIONS["kaldi"]
    with pytest.raises(ValueError, match="'librossa'; did you mean 'librosa'"):
        named("librossa")
    assert (
        named("HTK") is CONVENTIONS["htk"]
        and named(" Python Speech-Features ") is CONVENTIONS["python_speech_features"]
    )
    with pytest.raises(ValueError, match=r"convention is of type NoneType; .*: librosa, "):
        named(None)
    with pytest.raises(ValueError, match="convention is of type dict"):
        named({})
    with pytest.raises(ValueError, match="unknown convention 'xyz'; known are librosa, "):
        named("xyz")


def test_diff():
    found = diff("librosa", "librosa_htk")
    assert found == {"mel_scale": ("slaney", "htk")}
    assert diff("kaldi", CONVENTIONS["kaldi"]) == {}
    assert diff("kaldi", dataclasses.replace(CONVENTIONS["kaldi"], tool="mine", n_mels=40)) == {"n_mels": (23, 40)}
    assert {"window", "mel_triangles", "framing", "energy"} <= set(diff("librosa", "kaldi"))


def test_table():
    text = table("librosa", "librosa_htk")
    marked = [line.split()[1] for line in text.splitlines() if line.startswith("*")]
    assert marked == ["mel_scale"]
    assert len(text.splitlines()) == len(PARAMETERS) + 1
    assert all(name in text for name in PARAMETERS)


def test_fingerprints():
    prints = {fingerprint(name) for name in CONVENTIONS}
    assert len(prints) == len(CONVENTIONS) and all(len(value) == 12 for value in prints)
    renamed = dataclasses.replace(CONVENTIONS["htk"], tool="mine", status="mine")
    assert fingerprint(renamed) == fingerprint("htk")
    assert fingerprint(dataclasses.replace(renamed, lifter=23.0)) != fingerprint("htk")


def test_every_parameter_is_a_value_that_can_be_printed_and_hashed():
    for convention in CONVENTIONS.values():
        assert hash(convention)
        for name in PARAMETERS:
            assert getattr(convention, name) is None or isinstance(getattr(convention, name), str | int | float)


@pytest.mark.parametrize("field", WORDS)
def test_every_word_is_accepted_and_no_other(field):
    for word in WORDS[field]:
        assert getattr(dataclasses.replace(Convention(), **{field: word}), field) == word
    with pytest.raises(ValueError, match=f"{field}='nonsense' is none of"):
        Convention(**{field: "nonsense"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"frame_length": 0}, "frame_length=0"),
        ({"hop_length": -1}, "hop_length=-1"),
        ({"hop_length": 2.5}, "hop_length=2.5"),
        ({"frame_length_s": 0.0}, "frame_length_s=0.0"),
        ({"frame_length_s": None}, "frame_length or frame_length_s"),
        ({"n_mels": 0}, "n_mels=0"),
        ({"n_mfcc": 0}, "n_mfcc=0"),
        ({"n_fft": 0}, "n_fft=0"),
        ({"n_fft": "big"}, "n_fft='big'"),
        ({"preemphasis": 2.0}, "preemphasis=2.0"),
        ({"delta_orders": 3}, "delta_orders=3"),
    ],
)
def test_bad_values(fields, message):
    with pytest.raises(ValueError, match=message):
        Convention(**fields)


def test_help_explains_every_field():
    """Each field has an entry with its allowed words, all of them and no other, and its default."""
    entries = dict(re.findall(r"^(\w+) : (.*?)(?=\n\n|\n\w+ : )", inspect.getdoc(Convention), flags=re.S | re.M))
    fields = {field.name: field for field in dataclasses.fields(Convention)}
    assert list(entries) == list(fields)
    for name, entry in entries.items():
        allowed, text = entry.replace("\n", " ").split(". ", 1)
        assert re.search(rf"Default {re.escape(repr(fields[name].default))}\.$", entry), name
        words = CHOICES.get(name, ())
        assert all(re.search(rf"(?<!\w){re.escape(repr(word))}(?!\w)", allowed) for word in words), name
        quoted = set(re.findall(r"'([^']*)'", allowed))
        others = {"n_fft": {"power of two", "frame length"}, "n_mels": {"3 ln rate", "every 100 mel"}}
        assert quoted == {word for word in words if isinstance(word, str)} | others.get(name, set()), name
        assert ("None" in allowed) == (fields[name].default is None or accepts_none(name)), name
        assert len(text.split()) >= 4, name


def accepts_none(name: str) -> bool:
    try:
        dataclasses.replace(Convention(frame_length=400), **{name: None})
    except ValueError:
        return False
    return name not in ("tool", "status")
