"""A course's profile follows its handout, changes cases, solutions and figures, and is refused if it is impossible."""

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest
import python_speech_features as psf
import scipy.fft
import scipy.signal

import dsp
from experiments.coursework import course_profile
from experiments.coursework.checking import compare, explain
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.tasks import LABS, task_of
from tests.conftest import ROOT
from tests.test_coursework_labs import arrays_of

DEFAULT = course_profile.load()
OTHERS = [
    dataclasses.replace(DEFAULT, name="another seed", seed=1),
    dataclasses.replace(DEFAULT, name="unscaled", dct_norm="none", mel_norm="sum"),
    dataclasses.replace(
        DEFAULT, name="rounded and equal areas", dct_norm="htk", edge_rounding="floor", mel_norm="slaney"
    ),
]
PROFILES = [*map(course_profile.load, course_profile.names()), *OTHERS]
COURSES = {  # the rules that the course's own text states
    "dt2119": {
        "sample_rate": 20000, "preemphasis": 0.97, "window": "hamming", "window_symmetry": "periodic", "n_fft": 512,
        "mel_scale": "slaney", "mel_norm": "slaney", "n_mels": 40, "n_mfcc": 13, "lifter": 22, "log": "ln",
    },
    "ece417": {"window": "hamming", "log": "20 log10"},
    "com4511": {"preemphasis": 0.97, "window": "hamming", "n_mels": 26, "n_mfcc": 13, "lifter": 22},
    "e6870": {"preemphasis": 0, "window": "hamming", "log": "ln"},
    "cmu11756": {"sample_rate": 16000, "n_mels": 40, "f_min": 50, "f_max": 7000, "n_mfcc": 13},
    "cs4347": {"preemphasis": 0.95, "n_mels": 26, "edge_rounding": "floor round ceil", "log": "log10"},
    "nwpu": {"preemphasis": 0.97, "n_mels": 23, "n_mfcc": 12},
    "jang": {"preemphasis": 0.95, "window": "hamming", "n_mels": 20, "n_mfcc": 12},
    "htk": {
        "scale": 32768, "spectrum": "magnitude", "mel_triangles": "mel", "dct_norm": "htk", "n_mels": 20, "floor": 1,
        "lifter": 22,
    },
    "fayek": {"n_mels": 40, "edge_rounding": "floor", "log": "20 log10", "spectrum_norm": "n_fft"},
    "practicalcryptography": {"window": "rectangular", "edge_rounding": "floor", "rounding": "half up", "n_mels": 26},
    "aalto": {"frame_ms": 30, "sample_rate": 48000},
}  # fmt: skip


def test_every_course_has_its_test():
    assert set(COURSES) == set(course_profile.names()) - {"default"}
    assert DEFAULT.assumed == ()


@pytest.mark.parametrize("name", COURSES)
def test_a_profile_states_what_its_course_states(name):
    profile = course_profile.load(name)
    for field, value in COURSES[name].items():
        assert getattr(profile, field) == value
        assert field not in profile.assumed
    assert course_profile.describe(profile).count("\n") == 2


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("lab", LABS)
def test_every_profile_gives_a_task(lab, profile):
    task = task_of(lab, profile)
    assert all(np.isfinite(array).all() for array in arrays_of(task, task.solution))
    assert len({mistake.name for mistake in task.mistakes}) == len(task.mistakes)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("lab", LABS)
def test_every_mistake_is_named_under_every_profile(lab, profile):
    """Under some profiles two mistakes give the same numbers, and then both are named; or a mistake changes nothing,
    as pre-emphasis does where there is none. Under the default profile every mistake has a name of its own.
    """
    task = task_of(lab, profile)
    right = arrays_of(task, task.solution)
    for mistake in task.mistakes:
        arrays = arrays_of(task, mistake.function)
        names = [one.name for one in explain.explanations(task, arrays)]
        if profile == DEFAULT:
            assert names == [mistake.name]
        elif are_equal(task, arrays, right):
            assert names == []
        else:
            assert mistake.name in names


def are_equal(task, arrays, others) -> bool:
    """Whether all visible cases, on which explanations rest, have the same results; None for one that raises."""
    return all(
        a is b or (a is not None and b is not None and a.shape == b.shape and compare.is_right(a, b, task.tolerance))
        for case, a, b in zip(task.cases, arrays, others, strict=True)
        if not case.hidden
    )


def test_dt2119_is_its_handout():
    """The pipeline in SciPy, as the handout describes it: hamming(400, sym=0), heights 2 / width, orthonormal DCT."""
    profile = course_profile.load("dt2119")
    x = np.random.default_rng(0).standard_normal(4000)
    frames = task_of(1, profile).solution(signal=x, sample_rate=20000, frame_ms=20.0, hop_ms=10.0)
    window = scipy.signal.windows.hamming(400, sym=False)
    expected = np.array([x[t : t + 400] * window for t in range(0, 4000 - 400 + 1, 200)]).T
    assert np.allclose(frames, expected, atol=1e-14)

    linear = 133.33 + 200 / 3 * np.arange(13)
    edges = np.concatenate([linear, linear[-1] * 1.0711703 ** np.arange(1, 30)])  # 42 edges of 40 filters
    f = np.arange(257) * 20000 / 512
    up = (f - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - f) / (edges[2:] - edges[1:-1])[:, None]
    heights = 2 / (edges[2:] - edges[:-2])
    expected = heights[:, None] * np.maximum(0, np.minimum(up, down))
    filters = task_of(4, profile).solution(
        n_mels=40, n_fft=512, sample_rate=20000, f_min=profile.f_min, f_max=profile.f_max
    )
    assert np.abs(filters - expected).max() < 0.01 * expected.max()  # the two scales differ by 0.02 % of f
    assert np.allclose(filters.max(axis=1) / heights, expected.max(axis=1) / heights, atol=0.03)

    log_mel = np.log(filters @ np.abs(np.fft.rfft(frames, 512, axis=0)) ** 2)
    cepstra = scipy.fft.dct(log_mel, norm="ortho", axis=0)[:13]
    weights = 1 + 22 / 2 * np.sin(np.pi * np.arange(13) / 22)
    assert np.allclose(task_of(5, profile).solution(log_mel=log_mel, n_mfcc=13, lifter=22), weights[:, None] * cepstra)
    made = dsp.trace(x, 20000, dataclasses.replace(convention_of(profile), preemphasis=0.0))
    assert np.allclose(made["log_mel"], log_mel)


def test_practicalcryptography_is_python_speech_features():
    profile = course_profile.load("practicalcryptography")
    x = 1000 * np.random.default_rng(0).standard_normal(4000)
    made = dsp.trace(x, 16000, convention_of(profile))["log_mel"]
    theirs = psf.logfbank(x, 16000).T[:, : made.shape[1]]  # it also fills the tail with zeros
    assert np.allclose(made, theirs, rtol=1e-10)
    filters = task_of(4, profile).solution(n_mels=26, n_fft=512, sample_rate=16000, f_min=0.0, f_max=8000.0)
    assert np.allclose(filters, psf.get_filterbanks(26, 512, 16000), atol=1e-12)


def test_htk_scales_c0_like_the_others():
    """c_i = sqrt(2 / N) sum_j m_j cos(pi i / N (j - 0.5)), j from 1, for every i."""
    log_mel = np.random.default_rng(0).standard_normal((20, 7))
    i, j = np.arange(13)[:, None], np.arange(1, 21)
    expected = np.sqrt(2 / 20) * np.cos(np.pi * i / 20 * (j - 0.5)) @ log_mel
    made = task_of(5, course_profile.load("htk")).solution(log_mel=log_mel, n_mfcc=13, lifter=0)
    assert np.allclose(made, expected, atol=1e-13)


def test_a_rule_changes_cases_solution_and_figures():
    def changed(lab: int, **rules) -> tuple[bool, bool]:
        """Whether the cases differ, and whether the solution differs on the same case."""
        here, there = (task_of(lab, profile) for profile in (DEFAULT, dataclasses.replace(DEFAULT, **rules)))
        one, other = here.cases[1], there.cases[1]
        same = all(np.array_equal(value, other.arguments[name]) for name, value in one.arguments.items())
        answers = [task.solution(**one.arguments) for task in (here, there)]
        return not same, not np.allclose(answers[0], answers[1])

    assert changed(4, mel_norm="slaney") == (False, True)
    assert changed(4, mel_norm="sum") == (False, True)
    assert changed(5, dct_norm="htk") == (False, True)
    assert changed(5, dct_norm="none") == (False, True)
    assert changed(5, log="10 log10") == (True, False)
    assert changed(5, floor=1e-3) == (True, False)
    for lab in LABS:
        assert changed(lab, seed=3)[1] is False
    assert changed(5, seed=3)[0]
    for rules in (
        {"preemphasis": 0.5},
        {"scale": 32768.0},
        {"log": "log10"},
        {"floor": 1e-3},
        {"mel_norm": "slaney"},
        {"dct_norm": "none"},
        {"spectrum": "magnitude"},
        {"spectrum_norm": "n_fft"},
        {"edge_rounding": "floor"},
    ):
        assert convention_of(dataclasses.replace(DEFAULT, **rules)) != convention_of(DEFAULT), rules


def test_another_seed_gives_other_random_cases_in_every_lab():
    for lab in LABS:
        cases = [task_of(lab, dataclasses.replace(DEFAULT, seed=seed)).cases for seed in (0, 0, 1)]
        arrays = [[value for case in one for value in case.arguments.values()] for one in cases]
        assert all(np.array_equal(a, b) for a, b in zip(arrays[0], arrays[1], strict=True))
        random = lab != 4  # a filterbank has no random input
        assert any(not np.array_equal(a, b) for a, b in zip(arrays[0], arrays[2], strict=True)) == random


def test_the_logarithm_of_a_course():
    power = np.array([0.0, 1e-12, 1.0, 100.0])
    for log, expected in (
        ("ln", np.log([1e-10, 1e-10, 1, 100])),
        ("log10", [-10, -10, 0, 2]),
        ("10 log10", [-100, -100, 0, 20]),
        ("20 log10", [-200, -200, 0, 40]),
    ):
        assert np.allclose(dataclasses.replace(DEFAULT, log=log).compress(power), expected)


def test_points_may_be_fractional_and_differ_between_labs(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("points = 2.5\nlab_points = { 5 = 7.25 }\n")
    profile = course_profile.load(str(path))
    assert [task_of(lab, profile).points for lab in (1, 5)] == [2.5, 7.25]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_as_a_file_is_the_same_profile(profile, tmp_path):
    points = dataclasses.replace(profile, lab_points={"5": 12.5}, course='a "course" of \\ two\nlines')
    (tmp_path / "mine.toml").write_text(course_profile.as_toml(points))
    again = course_profile.load(str(tmp_path / "mine.toml"))
    assert dataclasses.replace(again, name="", assumed=()) == dataclasses.replace(points, name="", assumed=())


def test_lengths_are_rounded_as_the_course_does():
    assert DEFAULT.samples(10, 22050) == 220
    assert course_profile.load("practicalcryptography").samples(10, 22050) == 221
    kth = course_profile.load("dt2119")
    assert (kth.samples(kth.frame_ms, kth.sample_rate), kth.samples(kth.hop_ms, kth.sample_rate)) == (400, 200)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("windw = 'hann'", "unknown field 'windw'; did you mean window?"),
        ("window = 'kaiser'", "window = 'kaiser' is none of rectangular, hamming, hann"),
        ("n_fft = 512.5", "n_fft = 512.5; a whole number >= 0 is expected"),
        ("n_fft = true", "n_fft = True; a whole number"),
        ("sample_rate = 0", "sample_rate = 0; more than 0 is expected"),
        ("window = 3", "window = 3; a word is expected"),
        ("window = ", "not readable as TOML"),
        ("lab_points = 3", "lab_points = 3; a table such as { 5 = 12.5 } is expected"),
        ("lab_points = { five = 3 }", "a table such as { 5 = 12.5 } is expected"),
        ("n_mfcc = 27", "n_mfcc = 27; at most n_mels = 26 is possible (n_mels = 26 is assumed; state it)"),
        ("n_mels = 10", "n_mfcc = 13; at most n_mels = 10 is possible (n_mfcc = 13 is assumed; state it)"),
        ("f_max = 8001", "f_max = 8001; the Nyquist frequency, 8000 Hz, is the highest"),
        ("f_min = 8000", "f_min = 8000; less than f_max, 8000 Hz, is expected"),
        ("delta_width = 4", "delta_width = 4; an odd number of frames, at least 3, is expected"),
        ("delta_width = 1", "delta_width = 1; an odd number of frames"),
        ("n_fft = 256", "n_fft = 256; a frame has 400 samples, and n_fft must hold it"),
        (
            "sample_rate = 44100",
            "n_fft = 512; a frame has 1102 samples, and n_fft must hold it (n_fft = 512 is",
        ),
        ("hop_ms = 0.05", "hop_ms = 0.05; less than one sample at 16000 Hz"),
        ("frame_ms = 0.1", "frame_ms = 0.1; a frame of 1 samples at 16000 Hz; at least 2 are expected"),
        ("preemphasis = 1.5", "preemphasis = 1.5; at most 1 is expected"),
        ("points = 2.505", "points = 2.505; at most two decimals are expected"),
        ("seed = -1", "seed = -1; a whole number >= 0 is expected"),
    ],
)
def test_a_bad_profile_gets_one_line(text, words, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught, warnings.catch_warnings():
        course_profile.load(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.slow
def test_a_labs_figures_follow_the_profile(tmp_path):
    """The script prints the shapes of its own features: 20 bands, as the HTK Book has it."""
    command = [sys.executable, "-m", "experiments.coursework.labs.lab_5_cepstrum_and_mfcc", "--out", str(tmp_path)]
    done = subprocess.run([*command, "--profile", "htk"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stderr == ""
    assert "'log_mel': (20, " in done.stdout and "2 ln 2 sqrt(20) = 6.2" in done.stdout
