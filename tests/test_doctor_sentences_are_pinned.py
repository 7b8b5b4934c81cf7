"""Every sentence that the doctor can say stands in tests/golden/doctor_sentences.tsv, and it says exactly these.

    python -m tests.test_doctor_sentences_are_pinned --write        writes the table anew, after a change that is wanted

A line of the table is a kind, what the sentence is about, and the sentence. The inputs are made by formulas below, so
that the table depends on no file and no random number.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions import diff
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import __main__ as command
from dsp.doctor import compare, profile_diff
from dsp.doctor.compare import Comparison, compare_conventions
from dsp.doctor.comparison.causes import GAINS, OFFSETS
from dsp.doctor.diagnosis import Diagnosis, no_shape_sentence
from dsp.doctor.identify import long_clip_sentence
from dsp.doctor.knowledge.known_issues import KNOWN_ISSUES
from dsp.doctor.knowledge.phrases import NUMBER, PHRASES, difference, kind_of_features, percent, statement
from dsp.doctor.knowledge.preset_diff import effect_in_words
from dsp.doctor.knowledge.probe_signals import advice, probe
from dsp.doctor.report import comparison_text, diagnosis_text, error_location, list_values
from dsp.doctor.search.dither_and_resampling import DITHER, resampling_sentence
from dsp.doctor.search.interpretations import interpretations
from dsp.doctor.search.residuals import CLASSES
from tests.conftest import GOLDEN

TABLE = GOLDEN / "doctor_sentences.tsv"
RATE = 16_000
NAMES = ("a.npy", "b.npy")
KALDI = CONVENTIONS["kaldi"]
Line = tuple[str, str, str]  # kind, what it is about, sentence

NUMBERS = {  # for parameters that hold numbers: two values, and a third that agrees with the second in six digits
    "frame_length": (400, 512),
    "frame_length_s": (0.025, 0.032),
    "hop_length": (160, 512),
    "hop_length_s": (0.010, 0.0125),
    "f_min": (0.0, 133.0),
    "f_max": (8000.0, 6855.4976, 6855.4977),
    "floor": (1e-10, 1.1920928955078125e-07, 1.1920929e-07),
    "energy_floor": (0.0, 2.220446049250313e-16),
    "preemphasis": (0.95, 0.97),
    "dither": (1.0, 3e-05),
    "scale": (2.0, 32767.0),
    "n_fft": (512, 1024),
    "dynamic_range": (80.0, 60.0),
    "log_gain": (1.0, 0.25),
    "log_offset": (1.0, -4.5),
    "n_mels": (26, 40),
    "n_mfcc": (13, 20),
    "lifter": (22.0, 12.0),
    "delta_width": (5, 9),
    "spectrum_floor": (1e-9, 1e-10),
    "smoothing": (3, 5),
    "normalization_eps": (1e-5, 1e-7),
}


def values_of(parameter: str) -> list:
    """Every word and special number that a parameter has a phrase for, and some other numbers where it takes any."""
    known = [value for value in PHRASES[parameter][2] if value != NUMBER]
    return known + (list(NUMBERS[parameter]) if NUMBER in PHRASES[parameter][2] else [])


def of_parameters() -> Iterator[Line]:
    for parameter in PHRASES:
        values = values_of(parameter)
        for value in values:
            yield "value", f"{parameter} = {value!r}", statement(parameter, value, "librosa")
        for a, b in zip(values, values[1:] + values[:1], strict=True):
            if a != b:
                sentence = difference(parameter, a, b, "librosa", "kaldi")
                yield "difference", f"{parameter} = {a!r} and {b!r}", sentence
        yield "advice", parameter, advice(parameter)


def of_numbers() -> Iterator[Line]:
    for share in (0.0, 1e-9, 0.00123, 0.0996, 0.1, 0.85, 1.2, 12.0):
        yield "percent", f"{share:g}", percent(share)
    for effect in (0.0, 0.9e-12, 1.1e-12, 1e-6, 0.009, 0.011, 0.123, 3.0):
        yield "effect", f"{effect:g}", effect_in_words(effect)
    for kind in ("mfcc", "log_mel", "stack"):
        yield "kind", kind, kind_of_features(kind)
    for values in ((None, 80.0), ("power",), (1.0, 2.0, 3.0, 4.0), (5.0, 1e-10, 3.0, 4.0, 2.0), (1, 2, 3, 4, None)):
        yield "listed", repr(values), list_values(values)


def of_known_issues() -> Iterator[Line]:
    for number, issue in enumerate(KNOWN_ISSUES):
        yield "known issue", f"{number} {issue.tool}", issue.text()


PROFILES = [("librosa", "librosa_htk"), ("librosa", "kaldi"), ("kaldi", "librosa"), ("kaldi", "whisper")]
PROFILES += [("voicebox", "matlab_audio_toolbox"), ("scipy_stft", "scipy_spectrogram"), ("essentia", "librosa")]
PROFILES += [("python_speech_features", "opensmile_mfcc12"), ("scipy_spectrogram", "htk")]
IN_SAMPLES = {"frame_length": 400, "frame_length_s": None, "hop_length": 160, "n_fft": 512, "f_max": 8000.0}


def of_profiles() -> Iterator[Line]:
    pairs = [(f"{a}, {b}", (a, b)) for a, b in PROFILES]
    pairs += [
        ("kaldi, the same in samples", ("kaldi", replace(KALDI, **IN_SAMPLES))),
        ("kaldi, rounded half up", ("kaldi", replace(KALDI, rounding="half up"))),
        ("voicebox, a hop in seconds", ("voicebox", replace(CONVENTIONS["voicebox"], hop_length_s=0.016))),
        ("kaldi, itself", ("kaldi", "kaldi")),
    ]
    for name, pair in pairs:
        lines = profile_diff(*pair).text().split("\n")
        yield from lines_of("profiles", name, [line for line in lines if not line.startswith("known issue")])


def diagnosis(verdict="exact", name="kaldi", changes=(), **fields) -> Diagnosis:
    """A diagnosis of cepstra of 13 rows and 20 frames."""
    c = replace(CONVENTIONS[name], **dict(changes))
    one = np.ones((1, 1))
    made = Diagnosis(
        verdict=verdict,
        left_open=None,
        convention=c,
        kind="mfcc",
        transposed=False,
        nearest=name,
        differences=diff(name, c),
        unobservable={},
        residual=1.5e-15,
        distance=1e-16,
        gain=one,
        offset=0 * one,
        notes=(),
        matrix=np.zeros((13, 20)),
        error=np.zeros((13, 20)),
        seconds=0.1,
    )
    return replace(made, **fields)


def of_diagnoses() -> Iterator[Line]:
    class_ = "explained up to a class"
    nothing = {"verdict": "unexplained", "differences": {}, "residual": 1.0}
    hidden = {"rounding": ("half up",), "floor": (1e-10, 1e-8, 1.0, 1e-6, 2.0), "dynamic_range": (None, 60.0)}
    hidden |= {"lifter": (0.0,), "delta_width": (5,), "framing": ("pad tail",)}
    cases = {
        "exact": diagnosis(),
        "time first": diagnosis(transposed=True),
        "other parameters": diagnosis(changes={"lifter": 0.0, "n_mels": 40}),
        "not observable": diagnosis(unobservable=hidden),
        "bands, not observable": diagnosis(kind="log_mel", unobservable=hidden),
        "deltas, not observable": diagnosis(changes={"delta_orders": 1}, unobservable=hidden),
        "dither": diagnosis(class_, changes={"dither": 1.0}, left_open=DITHER),
        "a row of energy": diagnosis(class_, left_open="the first row, which follows the energy of the others"),
        "unexplained, far": diagnosis(**nothing, distance=0.7, notes=(resampling_sentence(22_050),)),
        "unexplained, near": diagnosis(**nothing, distance=0.123),
        "unexplained, nothing": diagnosis(**nothing, nearest="", notes=(no_shape_sentence(13, 20),)),
    }
    for name, (per_row, *_) in CLASSES.items():
        gain = np.full((13 if per_row else 1, 1), 3.7)
        cases[name] = diagnosis(class_, left_open=name, gain=gain, offset=2 * gain)
    for name, one in cases.items():
        yield from lines_of("diagnosis", name, diagnosis_text(one, everything=True).split("\n"))
        folded = [line for line in diagnosis_text(one).split("\n") if "--all" in line]
        yield from lines_of("diagnosis, folded", name, folded)
    yield "note", "another sample rate", resampling_sentence(22_050)
    yield "note", "a long clip", long_clip_sentence(1.5)
    yield "note", "no shape", no_shape_sentence(5, 7)


def of_errors() -> Iterator[Line]:
    """Where an error lies."""
    rows, frames, many = np.zeros((13, 400)), np.zeros((13, 100)), np.zeros((13, 400))
    rows[[4, 7]] = 1
    frames[:, [0, 99]] = 1
    many[:, 3:] = 1e-3
    many[:, 40:50] = 1
    spread = np.ones((13, 100))
    spread[5, 8] = 2
    one_row, one_frame = np.zeros((13, 400)), np.zeros((13, 400))
    one_row[3], one_frame[:, 7] = 1, 1
    cases = {"a row": one_row, "rows": rows, "a frame": one_frame, "frames": frames, "many frames": many}
    for name, error in (cases | {"spread": spread, "nothing": 0 * spread, "few rows": one_row[:4]}).items():
        yield "location", name, error_location(error)


def matrix(n_rows=9, n_frames=80) -> np.ndarray:
    """Rows that are neither constant nor alike."""
    m, t = np.mgrid[:n_rows, :n_frames]
    return 10 + np.sin(0.7 * m * m + 0.31 * t * (1 + 0.13 * m)) + 0.5 * np.cos(0.05 * t * t + m)


def of_values() -> Iterator[Line]:
    """Comparisons without audio."""
    m, rows = matrix(), np.arange(9.0)[:, None]
    lifter = dsp.lifter(9, 22)[:, None]
    cases = {
        "equal": (m, m),
        "equal, transposed": (m, m.T),
        "float32": (m.astype(np.float32), m),
        "row offsets": (m + rows, m),
        "row gains": (m * (2 + rows**2), m),
        "row gains and offsets": (m * (2 + rows**2) + rows, m),
        "a lifter in the first": (m * lifter, m),
        "a lifter in the second": (m / lifter, m),
        "a lifter from one": (m * dsp.lifter(9, 22, 1)[:, None], m),
        "a gain of nothing known": (3.3 * m, m),
        "a gain almost known": (4.35 * m, m),
        "an offset of nothing known": (m + 3.3, m),
        "an offset almost known": (m + 20.8, m),
        "other rows": (matrix(24), matrix(23)),
        "some more frames": (matrix(9, 86), m),
        "many more frames": (matrix(9, 160), m),
        "the first is late by one": (m[:, :-1], m[:, 1:]),
        "the second is late by two": (m[:, 2:], m[:, :-2]),
        "other values": (m**2 * (1 + 0.3 * np.sin(1.3 * rows * np.arange(80))), m),
        "other values, transposed": (m**2 * (1 + 0.3 * np.sin(1.3 * rows * np.arange(80))), m.T),
    }
    for gain in (2**0.5, 0.5**0.5, 1.415, 2.0, -1.0):
        cases[f"row 0 times {gain:.4g}"] = (np.concatenate([gain * m[:1], m[1:]]), m)
    for row in (0, 4, 8):
        changed = m.copy()
        changed[row] = m[row] ** 1.5
        cases[f"row {row} otherwise"] = (changed, m)
    for frames in ([0], [0, 1, 79], [10], [40, 41], [30, *range(40, 47)], [*range(7), 79], [*range(20, 29)]):
        changed = m.copy()
        changed[:, frames] += 1 + rows
        cases[f"frames {frames}"] = (changed, m)
    for number, gain in enumerate(GAINS):
        cases |= {f"gain {number}": (m * gain, m), f"gain {number}, inverse": (m / gain, m)}
    for number, offset in enumerate(OFFSETS):
        cases |= {f"offset {number}": (m + offset, m), f"offset {number}, negative": (m - offset, m)}
    cases["gain and offset"] = (m * 10 / np.log(10) + np.log(512), m)
    for name, (a, b) in cases.items():
        yield from lines_of("values", name, comparison_text(compare(a, b, names=NAMES)).split("\n"))


def of_conventions() -> Iterator[Line]:
    """Comparisons by the conventions of both."""
    x = probe("speech-like", RATE)
    other = {"lifter": 0.0, "window": "hamming"}
    left_open = {"verdict": "explained up to a class", "left_open": "a constant gain"}
    cases = {
        "two parameters": (diagnosis(), diagnosis(changes=other)),
        "not observable": (diagnosis(unobservable={"window": ("hamming",)}), diagnosis(changes=other)),
        "the shape": (diagnosis(), diagnosis(changes={"n_mfcc": 12, "preemphasis": 0.9})),
        "cannot be computed": (diagnosis(), diagnosis(changes={"f_max": 9000.0})),
        "both up to a class": (diagnosis(**left_open), diagnosis(**left_open)),
        "cepstra and bands": (diagnosis(), diagnosis(kind="log_mel")),
    }
    for name, (of_a, of_b) in cases.items():
        a = dsp.mfcc(x, RATE, of_a.convention)
        b = dsp.mfcc(x, RATE, replace(of_b.convention, f_max=None))
        error = a - b if a.shape == b.shape else None
        found = Comparison("unexplained", (), distance=None if error is None else 0.5, error=error)
        found = compare_conventions(found, of_a, of_b, x, RATE, NAMES)
        yield from lines_of("conventions", name, comparison_text(found).split("\n"))
    noise = probe("noise", RATE)[: 13 * 40].reshape(13, 40)
    unexplained = compare(noise, noise[:, ::-1], x, RATE, NAMES, time_limit=0.01)
    yield "conventions", "unexplained", unexplained.findings[-1]


def of_parts() -> Iterator[Line]:
    """What is said of rows that bands are searched without."""
    bands = matrix()
    energy = np.logaddexp.reduce(bands, axis=0)[None]
    stacked = {
        "energy first": np.concatenate([energy, bands]),
        "energy last": np.concatenate([bands, energy]),
        "deltas": np.concatenate([bands, dsp.delta(bands, 5, "replicate")]),
    }
    for name, x in stacked.items():
        left_out = [one.left_out for one in interpretations(x) if one.left_out and not one.transposed]
        yield from lines_of("left out", name, left_out)


def of_the_command() -> Iterator[Line]:
    """What is said of bad arguments."""
    for arguments in (
        [],
        ["a.npy"],
        ["a.npy", "b.npy", "c.npy"],
        ["a.npy", "b.npy", "--time-limit", "0"],
        ["a.npy", "b.npy", "--time-limit", "nan"],
    ):
        with pytest.raises(ValueError) as raised:
            command.run(command.parser().parse_args(arguments))
        yield "command", " ".join(arguments), str(raised.value)


def lines_of(kind: str, about: str, lines: list[str]) -> Iterator[Line]:
    yield from ((kind, f"{about}, line {number}", line) for number, line in enumerate(lines, start=1))


SOURCES = [of_parameters, of_numbers, of_known_issues, of_profiles, of_diagnoses, of_errors, of_values]
SOURCES += [of_conventions, of_parts, of_the_command]


def sentences() -> list[Line]:
    return [line for source in SOURCES for line in source()]


def read_table() -> list[Line]:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return [(kind, about, sentence) for kind, about, sentence in rows]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_the_doctor_says_exactly_what_is_pinned(source):
    said = list(source())
    kinds = {kind for kind, *_ in said}
    assert said == [line for line in read_table() if line[0] in kinds]


def test_the_table_holds_nothing_else():
    assert len(read_table()) == len(sentences())
    assert len({line[:2] for line in read_table()}) == len(read_table())


def test_no_sentence_shows_its_code():
    """No braces of a template, no doubled blanks, no None, no trailing blank."""
    for kind, about, sentence in read_table():
        bare = sentence.strip()
        assert sentence == sentence.rstrip() and "{" not in bare and "  " not in bare, (about, sentence)
        assert "None" not in bare or kind in ("listed", "diagnosis", "known issue"), (about, sentence)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--write", action="store_true", help="write the table anew")
    if not parser.parse_args().write:
        sys.exit("nothing was written; add --write to replace the table")
    TABLE.write_text("".join("\t".join(line) + "\n" for line in sentences()), encoding="utf-8")
    print(f"{len(sentences())} sentences in {TABLE}")
