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
from dsp.doctor.knowledge.known_issues import KNOWN_ISSUES, TOOLS_OF_PRESET, known_issues_of
from dsp.doctor.knowledge.phrases import PHRASES, difference, percent, phrase, statement
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
            assert phrase(parameter, a, None) in sentence or phrase(parameter, a) in sentence
            assert difference(parameter, b, a, name_b, name_a) != sentence


@pytest.mark.parametrize("parameter", WORDS)
def test_every_word_has_a_phrase_of_its_own(parameter):
    phrases = [phrase(parameter, word) for word in WORDS[parameter]]
    assert len(set(phrases)) == len(phrases)
    assert all(map(is_plain, phrases))
    for a, b in itertools.permutations(WORDS[parameter], 2):
        assert is_plain(difference(parameter, a, b, "ours", "theirs"), "ours", "theirs")


def test_every_parameter_has_phrases():
    assert tuple(PHRASES) == PARAMETERS


@pytest.mark.parametrize(
    ("parameter", "a", "b", "sentence"),
    [
        ("window_symmetry", "periodic", "symmetric", "librosa's window is periodic, while kaldi's is symmetric"),
        (
            "scale",
            1.0,
            32768.0,
            "librosa takes samples between -1 and 1, while kaldi takes 16-bit sample values (x 32768)",
        ),
        ("mel_triangles", "hz", "mel", "librosa's mel filters are triangles in Hz, while kaldi's are triangles in mel"),
        ("lifter", 0.0, 22.0, "librosa applies no lifter, while kaldi applies a sine lifter of length 22"),
        ("hop_length_s", 0.010, 0.0125, "librosa's hop is 10 ms, while kaldi's is 12.5 ms"),
        (
            "f_max",
            8000.0,
            None,
            "librosa's highest mel filter ends at 8000 Hz, while kaldi's ends at half the sample rate",
        ),
        ("f_max", 6855.4976, 6855.4977, "librosa's highest mel filter ends at 6855.4976"),
    ],
)
def test_sentences(parameter, a, b, sentence):
    assert difference(parameter, a, b, "librosa", "kaldi").startswith(sentence)


def test_one_value():
    assert phrase("window_symmetry", "periodic") == "periodic"
    assert statement("window_symmetry", "periodic", "librosa") == "librosa's window is periodic"
    with pytest.raises(ValueError, match="unknown parameter 'colour'; known are scale"):
        phrase("colour", 1)
    with pytest.raises(ValueError, match="window='square' is none of 'rectangular'"):
        phrase("window", "square")
    with pytest.raises(ValueError, match=r"lifter=None is none of 0\.0, a number"):
        phrase("lifter", None)


def test_known_issues_have_sources():
    sources = r"(github|mathworks)\.com/[\w./-]+/\d+|documentation|source code|measured"
    for issue in KNOWN_ISSUES:
        assert re.fullmatch(sources, issue.source), issue
        assert issue.what.endswith(".") and issue.versions and issue.affects and not issue.affects.endswith(".")
    assert len({issue.what for issue in KNOWN_ISSUES}) == len(KNOWN_ISSUES)
    assert {issue.tool for issue in KNOWN_ISSUES} == {tool for tools in TOOLS_OF_PRESET.values() for tool in tools}


def test_known_issues_of_a_preset():
    assert {issue.tool for issue in known_issues_of("kaldi")} == {"Kaldi", "kaldi-native-fbank"}
    of_librosa = known_issues_of("librosa")
    assert any("3 x0 - x1" in issue.what and issue.source.endswith("librosa/issues/1032") for issue in of_librosa)
    assert any("22050" in issue.what for issue in known_issues_of("librosa_htk"))
    assert known_issues_of("wang_cl") == []
    assert set(TOOLS_OF_PRESET) <= set(CONVENTIONS) and all(map(known_issues_of, TOOLS_OF_PRESET))
    with pytest.raises(ValueError, match="unknown convention 'librossa'"):
        known_issues_of("librossa")


def test_one_difference_and_its_effect():
    (found,) = profile_diff("librosa", "librosa_htk").differences
    assert found[:3] == ("mel_scale", "slaney", "htk")
    a, b = (mfcc(probe(PROBE, RATE), RATE, name) for name in ("librosa", "librosa_htk"))
    assert found.effect == pytest.approx(np.linalg.norm(a - b) / np.linalg.norm(a)) and found.effect > 0.01
    assert found.change == f"changes the features by {percent(found.effect)}"


@pytest.mark.parametrize("name", CONVENTIONS)
def test_no_difference_from_itself(name):
    found = profile_diff(name, name, RATE)
    assert found.differences == ()
    assert "0 differences" in found.text()


@pytest.mark.parametrize(("a", "b"), [("librosa", "kaldi"), ("htk", "voicebox"), ("whisper", "python_speech_features")])
def test_symmetric_plain_and_in_order(a, b):
    one, other = profile_diff(a, b), profile_diff(b, a)
    assert {found[:3] for found in one.differences} == {(p, y, x) for p, x, y, *_ in other.differences}
    parameters = [found.parameter for found in one.differences]
    assert parameters == sorted(parameters, key=PARAMETERS.index) and len(parameters) > 5
    for found in (*one.differences, *other.differences):
        assert is_plain(found.sentence, a, b), found.sentence
        assert found.effect is None or found.effect >= 0
    assert any(found.effect for found in one.differences)
    assert set(one.known_issues) == set(other.known_issues) == {*known_issues_of(a), *known_issues_of(b)}


def test_lengths_are_compared_in_samples():
    kaldi = CONVENTIONS["kaldi"]
    samples = replace(kaldi, frame_length=400, frame_length_s=None, hop_length=160, n_fft=512, f_max=8000.0)
    found = profile_diff("kaldi", samples)
    assert found.differences == ()
    assert found.notes[0] == (
        "kaldi's frames are 25 ms long, while the second's frames are 400 samples long: "
        "the same frame length at 16000 Hz"
    )
    assert [note.split(": ")[1].split(" at")[0] for note in found.notes] == [
        *("the same frame length", "the same hop", "the same transform", "the same highest frequency"),
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
        "kaldi rounds lengths down to whole samples, while the second rounds lengths to the nearest sample, halves up",
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


def test_second_deltas_need_two_orders():
    first, second = (replace(CONVENTIONS["kaldi"], delta_orders=orders) for orders in (1, 2))
    assert profile_diff(first, replace(first, delta_second="curvature")).differences == ()
    (difference,) = profile_diff(second, replace(second, delta_second="curvature")).differences
    assert difference.parameter == "delta_second" and difference.effect > 0.01


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_what_is_left_out_changes_no_preset(parameter):
    """Where a parameter is said to have no effect, another word or number in its place gives the same features."""
    numbers = {"lifter": 22.0, "lifter_first": 1, "delta_width": 5, "energy_floor": 1.0, "f_min": 20.0}
    for name in ("librosa", "kaldi", "torchaudio", "python_speech_features", "opensmile_mfcc12"):
        c = at_rate(CONVENTIONS[name], RATE)
        if is_used(parameter, c):
            continue
        x = probe(PROBE, RATE)[:8000]
        for other in WORDS.get(parameter, (numbers.get(parameter, getattr(c, parameter)),)):
            assert np.array_equal(mfcc(x, RATE, c), mfcc(x, RATE, replace(c, **{parameter: other})))


def test_a_parameter_that_one_side_lacks():
    sentence = "kaldi applies pre-emphasis to each frame separately, while librosa applies no pre-emphasis"
    found = {d.parameter: d for d in profile_diff("librosa", "kaldi").differences}["preemphasis_in"]
    assert (found.sentence, found.effect, found.change) == (sentence, 0, "changes nothing on its own")
    back = {d.parameter: d for d in profile_diff("kaldi", "librosa").differences}["preemphasis_in"]
    assert back.sentence == sentence and back.effect > 0


def test_effects_that_cannot_be_measured_say_so():
    found = {d.parameter: d for d in profile_diff("librosa", "kaldi").differences}
    assert found["hop_length"].effect is None and found["hop_length"].change.startswith(
        "changes one second from 20 x 32 to 20 x 101"
    )
    assert found["n_fft"].effect is None and "n_fft=512 is less than a frame" in found["n_fft"].change
    longer = {d.parameter: d for d in profile_diff("kaldi", "librosa").differences}["frame_length"]
    assert (
        longer.change == "changes one second from 13 x 98 to 13 x 88, rows by frames, with a transform of 2048 points"
    )
    essentia = profile_diff("essentia", "librosa")
    assert {d.effect for d in essentia.differences} == {None}
    assert "f_max=11000.0" in essentia.notes[-1]
    with pytest.raises(ValueError, match="n_fft=512 is less than a frame of 1103 samples"):
        profile_diff("python_speech_features", "librosa", 44_100)


def test_cepstra_against_none():
    found = {d.parameter: d for d in profile_diff("kaldi", "whisper").differences}
    assert found["n_mfcc"].sentence == "kaldi keeps 13 cepstral coefficients, while whisper computes no cepstra"
    assert found["lifter"].effect == 0 and found["lifter"].change.startswith("acts after the log-mel values")


def test_text_and_json():
    found = profile_diff("torchaudio", "kaldi")
    text = found.text()
    assert text.startswith(f"torchaudio and kaldi at 16000 Hz: {len(found.differences)} differences\n")
    assert all(d.sentence in text and d.change in text for d in found.differences)
    assert all(issue.what in text and issue.source in text for issue in found.known_issues)
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["differences"][0]["parameter"] == "scale" and plain["differences"][0]["effect"] > 0
    assert plain["known_issues"][0]["source"] and plain["notes"] == list(found.notes)
