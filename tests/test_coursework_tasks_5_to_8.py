"""Labs 5 to 8: solutions equal other tools and plain Python, mistakes differ and are recognized in code."""

import sys
import textwrap
from collections import Counter
from itertools import combinations

import librosa
import numpy as np
import pytest
import python_speech_features
import scipy.fft

import dsp
import spectrogram_images
from experiments.coursework import course_profile
from experiments.coursework.checking.compare import is_right
from experiments.coursework.checking.explain import explanations, result
from experiments.coursework.labs.vowels import SAMPLE_RATE, glide
from experiments.coursework.tasks import task_of

LABS = (5, 6, 7, 8)

# What people hand in, as they write it: per lab a right answer written in another way, and three wrong ones.
RIGHT = {
    5: """
        from math import cos, pi, sin, sqrt

        def mfcc(log_mel, n_mfcc, lifter):
            M, T = log_mel.shape
            out = np.zeros((n_mfcc, T))
            for k in range(n_mfcc):
                a = sqrt((1 if k == 0 else 2) / M)
                w = 1 + lifter / 2 * sin(pi * k / lifter) if lifter > 0 else 1
                for m in range(M):
                    out[k] += w * a * log_mel[m] * cos(pi * k * (2 * m + 1) / (2 * M))
            return out
        """,
    6: """
        def deltas(features, width):
            M = width // 2
            T = features.shape[1]
            d = np.zeros(features.shape)
            for t in range(T):
                for n in range(1, M + 1):
                    d[:, t] += n * (features[:, min(t + n, T - 1)] - features[:, max(t - n, 0)])
            return d / (2 * sum(n * n for n in range(1, M + 1)))
        """,
    7: """
        def spectrogram_image(level_db, colors):
            m = len(colors)
            scaled = (level_db - np.min(level_db)) * ((m - 1) / (np.max(level_db) - np.min(level_db)))
            index = np.maximum(np.floor(scaled + 0.5).astype(int), 1) - 1
            return np.floor(colors[index] * 255 + 0.5).astype(np.uint8)
        """,
    8: """
        from collections import Counter

        def lookup_labels(train_keys, train_labels, test_keys):
            def best(counter):
                return min(counter, key=lambda label: (-counter[label], label))
            table = {}
            for key, label in zip(train_keys, train_labels):
                table.setdefault(key, Counter())[int(label)] += 1
            usual = best(Counter(int(label) for label in train_labels))
            return np.array([best(table[key]) if key in table else usual for key in test_keys])
        """,
}
WRONG = {
    5: {
        "the lifter counts from one": """
            from scipy.fft import dct

            def mfcc(log_mel, n_mfcc, lifter):
                c = dct(log_mel, type=2, axis=0, norm="ortho")[:n_mfcc]
                if lifter:
                    n = np.arange(1, n_mfcc + 1)
                    c = c * (1 + lifter / 2 * np.sin(np.pi * n / lifter))[:, None]
                return c
            """,
        "transformed along time": """
            from scipy.fft import dct

            def mfcc(log_mel, n_mfcc, lifter):
                c = dct(log_mel, norm="ortho")[:n_mfcc]
                if lifter > 0:
                    c *= (1 + lifter / 2 * np.sin(np.pi * np.arange(n_mfcc) / lifter))[:, None]
                return c
            """,
        "c0 scaled like the others": """
            def mfcc(log_mel, n_mfcc, lifter):
                M = log_mel.shape[0]
                out = np.empty((n_mfcc, log_mel.shape[1]))
                for k in range(n_mfcc):
                    basis = np.sqrt(2 / M) * np.cos(np.pi * k / M * (np.arange(M) + 0.5))
                    weight = 1 if lifter == 0 else 1 + lifter / 2 * np.sin(np.pi * k / lifter)
                    out[k] = weight * (basis @ log_mel)
                return out
            """,
    },
    6: {
        "the wrong sign": """
            def deltas(features, width):
                M = width // 2
                n = np.arange(-M, M + 1)
                kernel = n / np.sum(n**2)
                padded = np.pad(features, ((0, 0), (M, M)), mode="edge")
                return np.array([np.convolve(row, kernel, mode="valid") for row in padded])
            """,
        "twice as large": """
            def deltas(features, width):
                M = width // 2
                padded = np.pad(features.astype(float), ((0, 0), (M, M)), mode="edge")
                T = features.shape[1]
                d = np.zeros((features.shape[0], T))
                for n in range(1, M + 1):
                    d += n * (padded[:, M + n : M + n + T] - padded[:, M - n : M - n + T])
                return d / sum(n**2 for n in range(1, M + 1))
            """,
        "integers from integers": """
            def deltas(features, width):
                M = width // 2
                d = np.zeros_like(features)
                last = features.shape[1] - 1
                for t in range(last + 1):
                    total = 0
                    for n in range(-M, M + 1):
                        total = total + n * features[:, min(max(t + n, 0), last)]
                    d[:, t] = total / (M * (M + 1) * (2 * M + 1) / 3)
                return d
            """,
    },
    7: {
        "the darkest pixels in the last color": """
            def spectrogram_image(level_db, colors):
                S = (level_db - level_db.min()) / (level_db.max() - level_db.min()) * (len(colors) - 1)
                index = np.floor(S + 0.5).astype(int) - 1
                return np.floor(255 * colors[index] + 0.5).astype(np.uint8)
            """,
        "bytes truncated instead of rounded": """
            def spectrogram_image(level_db, colors):
                S = (level_db - level_db.min()) / (level_db.max() - level_db.min()) * (len(colors) - 1)
                index = np.clip(np.floor(S + 0.5), 1, len(colors)).astype(int)
                return (colors[index - 1] * 255).astype(np.uint8)
            """,
        "every frame stretched by itself": """
            def spectrogram_image(level_db, colors):
                image = np.zeros(level_db.shape + (3,), np.uint8)
                for t in range(level_db.shape[1]):
                    column = level_db[:, t]
                    spread = column.max() - column.min()
                    S = (column - column.min()) / spread * (len(colors) - 1) if spread else np.zeros(len(column))
                    for k, value in enumerate(S):
                        i = max(int(value + 0.5), 1)
                        image[k, t] = [int(255 * c + 0.5) for c in colors[i - 1]]
                return image
            """,
    },
    8: {
        "the last label wins": """
            def lookup_labels(train_keys, train_labels, test_keys):
                table = dict(zip(train_keys, train_labels))
                usual = np.bincount(train_labels).argmax()
                return np.array([table.get(key, usual) for key in test_keys])
            """,
        "ties of known content go to the label seen first": """
            from collections import Counter, defaultdict

            def lookup_labels(train_keys, train_labels, test_keys):
                table = defaultdict(Counter)
                for key, label in zip(train_keys, train_labels):
                    table[key][label] += 1
                usual = np.bincount(train_labels).argmax()
                return np.array([table[key].most_common(1)[0][0] if key in table else usual for key in test_keys])
            """,
        "unknown content left out": """
            def lookup_labels(train_keys, train_labels, test_keys):
                answers = []
                for key in test_keys:
                    same = train_labels[train_keys == key]
                    if len(same):
                        answers.append(np.argmax(np.bincount(same)))
                return np.array(answers, dtype=int)
            """,
    },
}


@pytest.fixture(scope="module", params=["default", "dt2119", "fayek"])  # all others: tests/test_course_profiles.py
def profile(request):
    return course_profile.load(request.param)


def written(code: str, task):
    """The function of a student's file."""
    names = {"np": np}
    exec(textwrap.dedent(code), names)
    return names[task.function]


def results(function, task) -> list[np.ndarray]:
    """What a function gives in every case; nothing at all where it is impossible."""
    found = [result(function, case.arguments) for case in task.cases]
    return [np.zeros(0) if array is None else array for array in found]


def all_right(got, expected) -> bool:
    return all(is_right(a.astype(float), b.astype(float), 1e-9) for a, b in zip(got, expected, strict=True))


def test_mfcc_is_scipys_dct_and_python_speech_features_lifter(profile):
    task = task_of(5, profile)
    for case in task.cases:
        log_mel, n_mfcc, lifter = case.arguments.values()
        cepstra = scipy.fft.dct(log_mel, type=2, axis=0, norm="ortho")[:n_mfcc]
        expected = python_speech_features.lifter(cepstra.T, lifter).T
        np.testing.assert_allclose(task.solution(**case.arguments), expected, atol=1e-14 * np.abs(expected).max())


def test_the_lifter_mistake_is_librosas_lifter(profile):
    task = task_of(5, profile)
    mistake = next(m for m in task.mistakes if m.name == "the lifter counts from one")
    for case in task.cases:
        log_mel, n_mfcc, lifter = case.arguments.values()
        theirs = librosa.feature.mfcc(S=log_mel, n_mfcc=n_mfcc, lifter=lifter)
        np.testing.assert_allclose(mistake.function(**case.arguments), theirs, atol=1e-14 * np.abs(theirs).max())


def test_deltas_are_librosas_and_python_speech_features(profile):
    task = task_of(6, profile)
    for case in task.cases:
        features, width = case.arguments.values()
        found = task.solution(features, width)
        atol = 1e-13 * max(1, np.abs(features).max())
        np.testing.assert_allclose(found, librosa.feature.delta(features, width=width, mode="nearest"), atol=atol)
        theirs = python_speech_features.delta(features.T.astype(float), width // 2).T
        np.testing.assert_allclose(found, theirs, atol=atol)


def test_whole_numbers_out_of_whole_numbers_is_what_python_speech_features_does(profile):
    task = task_of(6, profile)
    mistake = next(m for m in task.mistakes if m.name == "integers from integers")
    case = next(case for case in task.cases if case.arguments["features"].dtype == np.int64)
    features, width = case.arguments.values()
    np.testing.assert_array_equal(
        mistake.function(features, width), python_speech_features.delta(features.T, width // 2).T
    )


def test_the_image_is_that_of_the_papers_script(monkeypatch, profile):
    task, x = task_of(7, profile), glide(duration_s=0.3)
    script = sys.modules["spectrogram_images.render"]  # the package has a function of that name
    monkeypatch.setattr(script, "imresize", lambda rgb, size: rgb)
    S, _, _ = dsp.spectrogram(x, dsp.hann(256), 128, 512, SAMPLE_RATE)
    found = task.solution(dsp.amplitude_to_db(np.abs(S), offset=dsp.EPS), spectrogram_images.jet(256))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, script.render_by_definition(x))


def test_the_look_up_table_is_plain_pythons(profile):
    task = task_of(8, profile)
    for case in task.cases:
        keys, labels, asked = (list(value) for value in case.arguments.values())
        expected = []
        for key in asked:
            same = [label for k, label in zip(keys, labels, strict=True) if k == key] or labels
            counts = Counter(same)
            expected.append(min(label for label in counts if counts[label] == max(counts.values())))
        assert task.solution(**case.arguments).tolist() == expected


@pytest.mark.parametrize("lab", LABS)
def test_mistakes_differ_from_the_solution_and_from_each_other_in_what_a_student_sees(lab, profile):
    task = task_of(lab, profile)
    assert len(task.mistakes) >= 10
    assert sum(case.hidden for case in task.cases) >= 2
    assert sum(not case.hidden for case in task.cases) >= 4
    visible = [not case.hidden for case in task.cases]
    found = {m.name: [r for r, v in zip(results(m.function, task), visible, strict=True) if v] for m in task.mistakes}
    assert len(found) == len(task.mistakes)
    found["the solution"] = [r for r, v in zip(results(task.solution, task), visible, strict=True) if v]
    same = [(a, b) for (a, x), (b, y) in combinations(found.items(), 2) if all_right(x, y)]
    assert not same


@pytest.mark.parametrize("lab", LABS)
def test_every_case_tells_a_mistake_from_the_solution(lab, profile):
    task = task_of(lab, profile)
    for i, case in enumerate(task.cases):
        right = results(task.solution, task)[i]
        assert any(not all_right([results(m.function, task)[i]], [right]) for m in task.mistakes), case.name


@pytest.mark.parametrize("lab", LABS)
def test_a_right_answer_written_in_another_way_passes(lab, profile):
    task = task_of(lab, profile)
    expected = results(task.solution, task)
    for case, got, right in zip(task.cases, results(written(RIGHT[lab], task), task), expected, strict=True):
        assert is_right(got.astype(float), right, task.tolerance), case.name


@pytest.mark.parametrize(("lab", "name"), [(lab, name) for lab in LABS for name in WRONG[lab]])
def test_students_code_computes_what_its_mistake_computes(lab, name, profile):
    task = task_of(lab, profile)
    got = [array.astype(float) for array in results(written(WRONG[lab][name], task), task)]
    mistake = next(m for m in task.mistakes if m.name == name)
    for case, array, wrong in zip(task.cases, got, results(mistake.function, task), strict=True):
        assert is_right(array, wrong, task.tolerance), case.name
    assert [found.name for found in explanations(task, got)] == [name]


def test_vowels_have_the_pitch_and_formants_they_are_said_to_have():
    x = glide(pitch=125)
    assert x.shape == (SAMPLE_RATE,)
    assert np.abs(x).max() == pytest.approx(0.3)
    for start, pitch, formants in ((0.05, 124, (730, 1090)), (0.9, 102, (270, 2290))):
        power = np.abs(dsp.rfft(x[int(start * SAMPLE_RATE) :][:1024] * dsp.hann(1024))) ** 2
        log = np.log(power)
        cepstrum = dsp.irfft(log, 1024)
        lag = 100 + np.argmax(cepstrum[100:200])
        assert SAMPLE_RATE / lag == pytest.approx(pitch, rel=0.03)
        for f in formants:
            here = power[round((f - 110) * 1024 / SAMPLE_RATE) : round((f + 110) * 1024 / SAMPLE_RATE)].max()
            beside = power[round(1600 * 1024 / SAMPLE_RATE) : round(1800 * 1024 / SAMPLE_RATE)].max()
            assert here > 3 * beside
