"""Differences between conventions in plain sentences, with measured effects, and what is known of the tools."""

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from dsp.conventions import diff
from dsp.conventions.parameters import PARAMETERS, WORDS
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.knowledge.known_issues import PRESETS, QUIRKS, quirks_of
from dsp.doctor.knowledge.phrases import WORDING, difference, said, stated
from dsp.doctor.knowledge.preset_diff import PROBE, at_rate, is_used, profile_diff
from dsp.doctor.knowledge.probe_signals import probe
from dsp.mfcc import mfcc

RATE = 16_000


def is_plain(sentence: str, *names: str) -> bool:
    assert all(name in sentence for name in names), sentence
    for name in sorted(CONVENTIONS, key=len, reverse=True):
        sentence = sentence.replace(name, "tool")
    return not re.search(r"None|_|\.$|[{}]|  |\bTrue\b|'\w+'", sentence)


@pytest.mark.parametrize("name_a", CONVENTIONS)
def test_presets_differ_in_plain_sentences(name_a):
    for name_b in CONVENTIONS:
        for parameter, (a, b) in diff(name_a, name_b).items():
            sentence = difference(parameter, a, b, name_a, name_b)
            assert is_plain(sentence, name_a, name_b), sentence
            assert said(parameter, a, None) in sentence or said(parameter, a) in sentence
            assert difference(parameter, b, a, name_b, name_a) != sentence


@pytest.mark.parametrize("parameter", WORDS)
def test_every_word_has_a_phrase_of_its_own(parameter):
    phrases = [said(parameter, word) for word in WORDS[parameter]]
    assert len(set(phrases)) == len(phrases)
    assert all(is_plain(phrase) for phrase in phrases)
    for a, b in itertools.permutations(WORDS[parameter], 2):
        assert is_plain(difference(parameter, a, b, "ours", "theirs"), "ours", "theirs")


def test_every_parameter_is_worded():
    assert tuple(WORDING) == PARAMETERS


@pytest.mark.parametrize(
    ("parameter", "a", "b", "sentence"),
    [
        ("window_symmetry", "periodic", "symmetric", "librosa's window is periodic, kaldi's symmetric"),
        ("scale", 1.0, 32768.0, "librosa takes the samples as they are (-1 .. 1), kaldi 16-bit values (x 32768)"),
        ("mel_triangles", "hz", "mel", "librosa's mel filters are straight lines in Hz, kaldi's straight lines in mel"),
        ("lifter", 0.0, 22.0, "librosa does not lifter, kaldi lifters with a sine of length 22"),
        ("hop_length_s", 0.010, 0.0125, "librosa's hop is 10 ms, kaldi's 12.5 ms"),
        ("f_max", 8000.0, None, "librosa's highest mel filter ends at 8000 Hz, kaldi's half the sample rate"),
        ("f_max", 6855.4976, 6855.4977, "librosa's highest mel filter ends at 6855.4976"),
    ],
)
def test_sentences(parameter, a, b, sentence):
    assert difference(parameter, a, b, "librosa", "kaldi").startswith(sentence)


def test_one_value():
    assert said("window_symmetry", "periodic") == "periodic"
    assert stated("window_symmetry", "periodic", "librosa") == "librosa's window is periodic"
    with pytest.raises(ValueError, match="unknown parameter 'colour'; known are scale"):
        said("colour", 1)
    with pytest.raises(ValueError, match="window='square' is none of 'rectangular'"):
        said("window", "square")
    with pytest.raises(ValueError, match=r"lifter=None is none of 0\.0, a number"):
        said("lifter", None)


def test_quirks_have_sources():
    for quirk in QUIRKS:
        assert re.fullmatch(r"(github|mathworks)\.com/[\w./-]+/\d+|documentation|source code|measured", quirk.source), (
            quirk
        )
        assert quirk.what.endswith(".") and quirk.versions and quirk.whom and not quirk.whom.endswith(".")
    assert len({quirk.what for quirk in QUIRKS}) == len(QUIRKS)
    assert {quirk.tool for quirk in QUIRKS} == {tool for tools in PRESETS.values() for tool in tools}


def test_quirks_of_a_preset():
    assert {quirk.tool for quirk in quirks_of("kaldi")} == {"Kaldi", "kaldi-native-fbank"}
    assert any(
        "3 x0 - x1" in quirk.what and quirk.source.endswith("librosa/issues/1032") for quirk in quirks_of("librosa")
    )
    assert any("22050" in quirk.what for quirk in quirks_of("librosa_htk"))
    assert quirks_of("wang_cl") == []
    assert set(PRESETS) <= set(CONVENTIONS) and all(quirks_of(name) for name in PRESETS)
    with pytest.raises(ValueError, match="unknown convention 'librossa'"):
        quirks_of("librossa")


def test_one_difference_and_its_effect():
    (found,) = profile_diff("librosa", "librosa_htk").differences
    assert found[:3] == ("mel_scale", "slaney", "htk")
    a, b = (mfcc(probe(PROBE, RATE), RATE, name) for name in ("librosa", "librosa_htk"))
    assert found.effect == pytest.approx(np.linalg.norm(a - b) / np.linalg.norm(a)) and found.effect > 0.01
    assert found.change == f"moves the features by {100 * found.effect:.0f} %"


@pytest.mark.parametrize("name", CONVENTIONS)
def test_no_difference_from_itself(name):
    found = profile_diff(name, name, RATE)
    assert found.differences == ()
    assert "0 differences" in found.text()


@pytest.mark.parametrize(("a", "b"), [("librosa", "kaldi"), ("htk", "voicebox"), ("whisper", "python_speech_features")])
def test_symmetric_plain_and_in_order(a, b):
    one, other = profile_diff(a, b), profile_diff(b, a)
    assert {found[:3] for found in one.differences} == {(s, y, x) for s, x, y, *_ in other.differences}
    parameters = [found.parameter for found in one.differences]
    assert parameters == sorted(parameters, key=PARAMETERS.index) and len(parameters) > 5
    for found in (*one.differences, *other.differences):
        assert is_plain(found.sentence, a, b), found.sentence
        assert found.effect is None or found.effect >= 0
    assert any(found.effect for found in one.differences)
    assert set(one.quirks) == set(other.quirks) == {*quirks_of(a), *quirks_of(b)}


def test_lengths_are_compared_in_samples():
    kaldi = CONVENTIONS["kaldi"]
    samples = replace(kaldi, frame_length=400, frame_length_s=None, hop_length=160, n_fft=512, f_max=8000.0)
    found = profile_diff("kaldi", samples)
    assert found.differences == ()
    assert found.notes[0] == (
        "kaldi's frames are 25 ms long, the second's frames are 400 samples long: the same frame at 16000 Hz"
    )
    assert [note.split(": ")[1].split(" at")[0] for note in found.notes] == [
        *("the same frame", "the same hop", "the same transform", "the same highest frequency"),
    ]
    other_rate = profile_diff("kaldi", samples, 22_050)
    assert [d[:3] for d in other_rate.differences] == [
        ("frame_length", 551, 400),
        ("hop_length", 220, 160),
        ("n_fft", 1024, 512),
        ("f_max", 11_025.0, 8000.0),
    ]


def test_rounding_is_a_note():
    rounded = replace(CONVENTIONS["kaldi"], rounding="half up")
    assert profile_diff("kaldi", rounded).differences == ()
    assert profile_diff("kaldi", rounded).notes == (
        "kaldi rounds lengths down to samples, the second to the nearest sample, halves up",
    )
    assert [d[:3] for d in profile_diff("kaldi", rounded, 11_025).differences] == [("frame_length", 275, 276)]


@pytest.mark.parametrize(
    ("tool", "changes"),
    [
        ("librosa", {"preemphasis_in": "frame", "preemphasis_first": "extrapolate"}),
        ("librosa", {"lifter_first": 0}),
        ("librosa", {"window_alignment": "left"}),
        ("librosa", {"delta_width": 5, "delta_edges": "replicate", "delta_second": "delta of delta"}),
        ("librosa", {"energy_of": "spectrum", "energy_floor": 1.0}),
        ("kaldi", {"window": "rectangular"}),
        ("scipy_spectrogram", {"floor": 1.0, "floor_rule": "add", "reference": "maximum", "dynamic_range": 8.0}),
        ("scipy_stft", {"dct_norm": None, "dct_type": 3, "lifter": 22.0, "c0": "none", "mel_scale": "slaney"}),
        ("scipy_stft", {"f_min": 20.0, "mel_triangles": "bins", "mel_norm": "slaney", "delta_orders": 2}),
    ],
)
def test_parameters_without_effect_are_left_out(tool, changes):
    before = CONVENTIONS[tool]
    if "window" in changes:
        before, changes = replace(before, **changes), {"window_symmetry": "periodic"}
    assert profile_diff(before, replace(before, **changes)).differences == ()


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_what_is_left_out_changes_no_preset(parameter):
    """If a parameter is said to have no effect, another word or number in its place gives the same features."""
    numbers = {"lifter": 22.0, "lifter_first": 1, "delta_width": 5, "energy_floor": 1.0, "f_min": 20.0}
    for name in ("librosa", "kaldi", "torchaudio", "python_speech_features", "opensmile_mfcc12"):
        c = at_rate(CONVENTIONS[name], RATE)
        if is_used(parameter, c):
            continue
        x = probe(PROBE, RATE)[:8000]
        for other in WORDS.get(parameter, (numbers.get(parameter, getattr(c, parameter)),)):
            assert np.array_equal(mfcc(x, RATE, c), mfcc(x, RATE, replace(c, **{parameter: other})))


def test_a_parameter_that_one_side_lacks():
    found = {d.parameter: d for d in profile_diff("librosa", "kaldi").differences}
    assert found["preemphasis_in"].sentence == "kaldi pre-emphasises each frame anew, librosa does no pre-emphasis"
    assert found["preemphasis_in"].effect == 0 and found["preemphasis_in"].change == "moves nothing on its own"
    back = {d.parameter: d for d in profile_diff("kaldi", "librosa").differences}
    assert back["preemphasis_in"].sentence == found["preemphasis_in"].sentence
    assert back["preemphasis_in"].effect > 0


def test_what_cannot_be_compared_says_so():
    found = {d.parameter: d for d in profile_diff("librosa", "kaldi").differences}
    assert found["hop_length"].effect is None and found["hop_length"].change.startswith("makes 20 x 101 values")
    assert found["n_fft"].effect is None and "n_fft=512 is less than a frame" in found["n_fft"].change
    longer = {d.parameter: d for d in profile_diff("kaldi", "librosa").differences}["frame_length"]
    assert (
        longer.change
        == "makes 13 x 88 values of 13 x 98, rows by frames, of one second, with a transform of 2048 points"
    )
    essentia = profile_diff("essentia", "librosa")
    assert {d.effect for d in essentia.differences} == {None}
    assert "f_max=11000.0" in essentia.notes[-1]
    with pytest.raises(ValueError, match="n_fft=512 is less than a frame of 1103 samples"):
        profile_diff("python_speech_features", "librosa", 44_100)


def test_cepstra_against_none():
    found = {d.parameter: d for d in profile_diff("kaldi", "whisper").differences}
    assert found["n_mfcc"].sentence == "kaldi keeps 13 cepstral coefficients, whisper makes no cepstra"
    assert found["lifter"].effect == 0 and found["lifter"].change.startswith("comes after the log-mel values")


def test_text_and_json():
    found = profile_diff("torchaudio", "kaldi")
    text = found.text()
    assert text.startswith(f"torchaudio and kaldi at 16000 Hz: {len(found.differences)} differences\n")
    assert all(d.sentence in text and d.change in text for d in found.differences)
    assert all(quirk.what in text and quirk.source in text for quirk in found.quirks)
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["differences"][0]["parameter"] == "scale" and plain["differences"][0]["effect"] > 0
    assert plain["quirks"][0]["source"] and plain["notes"] == list(found.notes)
