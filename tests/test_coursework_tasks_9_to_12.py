"""Labs 9 to 12: solutions equal other tools, and code as students write it passes or is explained."""

import textwrap

import librosa
import numpy as np
import pytest
import scipy.fft
import scipy.signal
import scipy.spatial.distance
import sklearn.preprocessing

import dsp
from experiments.coursework import check, course_profile
from experiments.coursework.labs.alignment import cheapest_path
from experiments.coursework.labs.vowels import FORMANTS, SAMPLE_RATE, word
from experiments.coursework.tasks import task_of

DEFAULT = course_profile.load()
RIGHT = {
    9: """
        def preemphasize(signal, coefficient):
            y = np.zeros(len(signal))
            y[0] = signal[0]
            for n in range(1, len(signal)):
                y[n] = signal[n] - coefficient * signal[n - 1]
            return y
        """,
    10: """
        def log_spectrum(frames, n_fft, floor):
            L, T = frames.shape
            out = np.empty((n_fft // 2 + 1, T))
            for t in range(T):
                padded = np.concatenate([frames[:, t], np.zeros(n_fft - L)])
                X = np.fft.fft(padded)[: n_fft // 2 + 1]
                power = X.real**2 + X.imag**2
                power[power < floor] = floor
                out[:, t] = np.log(power)
            return out
        """,
    11: """
        def cmvn(features, variance):
            x = features.astype(float)
            mean = x.mean(axis=1)[:, None]
            if not variance:
                return x - mean
            return (x - mean) / (x.std(axis=1)[:, None] + 1e-8)
        """,
    12: """
        def dtw(x, y):
            N, M = x.shape[1], y.shape[1]
            A = np.full((N + 1, M + 1), np.inf)
            A[0, 0] = 0
            for i in range(1, N + 1):
                for j in range(1, M + 1):
                    cost = np.linalg.norm(x[:, i - 1] - y[:, j - 1])
                    A[i, j] = cost + min(A[i - 1, j], A[i, j - 1], A[i - 1, j - 1])
            return A[1:, 1:] / (N + M)
        """,
}
WRONG = [  # lab, what the student wrote instead of what, the mistake's name; None: nothing may be named
    (9, "y[0] = signal[0]", "y[0] = (1 - coefficient) * signal[0]", "the first sample repeated before the beginning"),
    (9, "y[0] = signal[0]", "pass", "a first sample of 0"),
    (9, "coefficient * signal[n - 1]", "coefficient * y[n - 1]",
     "the result fed back: changed in place from left to right"),
    (9, "np.zeros(len(signal))", "np.zeros_like(signal)", "integers from integers"),
    (9, "coefficient * signal[n - 1]", "0.97 * signal[n - 1]", "a fixed coefficient of 0.97"),
    (9, "range(1, len(signal))", "range(1, len(signal) - 1)", None),
    (10, "X.real**2 + X.imag**2", "abs(X)", "the magnitude, not the power"),
    (10, "X.real**2 + X.imag**2", "abs(X) ** 2 / n_fft", "divided by n_fft"),
    (10, "power[power < floor] = floor", "power = power + floor", "the floor added"),
    (10, "np.log(power)", "10 * np.log10(power)", "10 log10"),
    (10, "np.fft.fft(padded)", "np.fft.fft(padded) * np.hamming(n_fft)", None),
    (11, "x.std(axis=1)", "x.std(axis=1, ddof=1) if x.shape[1] > 1 else x.std(axis=1)", None),
    (11, "x.std(axis=1)", "x.var(axis=1)", "divided by the variance"),
    (11, "x.mean(axis=1)[:, None]", "x.mean()", None),
    (11, "if not variance", "if False", "always divided"),
    (11, "x.std(axis=1)[:, None]", "x.std()", "the deviation of the whole matrix, means included"),
    (12, "np.full((N + 1, M + 1), np.inf)", "np.zeros((N + 1, M + 1))", "zeros around the matrix"),
    (12, ", A[i - 1, j - 1])", ")", None),
    (12, "np.linalg.norm(x[:, i - 1] - y[:, j - 1])", "np.sum((x[:, i - 1] - y[:, j - 1]) ** 2)",
     "the squared distance"),
    (12, "np.linalg.norm(x[:, i - 1] - y[:, j - 1])", "abs(x[:, i - 1] - y[:, j - 1]).sum()",
     "the sum of magnitudes as the distance"),
    (12, " / (N + M)", "", "not divided"),
]  # fmt: skip
OTHER = [  # lab, what a student wrote from scratch, the mistake's name; None: nothing may be named
    (9, "def preemphasize(x, coefficient):\n    return np.append(x[0], x[1:] + coefficient * x[:-1])", "a plus"),
    (9, "def preemphasize(signal, coefficient):\n    return signal[1:] - coefficient * signal[:-1]",
     "the first sample left out"),
    (9, "def preemphasize(signal, coefficient):\n    return signal - coefficient * np.roll(signal, 1)",
     "the last sample before the first"),
    (9, "def preemphasize(signal, coefficient):\n    return np.append(signal[0], np.diff(signal))",
     "the coefficient ignored: a plain difference"),
    (9, "def preemphasize(signal, coefficient):\n    for n in range(1, len(signal)):\n"
        "        signal[n] -= coefficient * signal[n - 1]\n    return signal",
     "in 3 of 4 cases: the result fed back: changed in place from left to right"),  # and an error for integers
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return np.log(np.abs(np.fft.rfft(frames, n_fft, axis=0)) ** 2)", None),  # -inf in silence
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return np.log(np.maximum(np.abs(np.fft.fft(frames, n_fft, axis=0)) ** 2, floor))", "all n_fft bins"),
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return np.log(np.maximum(np.abs(np.fft.fft(frames, n_fft, axis=0)) ** 2, floor))[: n_fft // 2]",
     "the last bin left out"),
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return np.log(np.maximum(np.abs(np.fft.rfft(frames.T, n_fft)) ** 2, floor))", "frames as rows"),
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return np.log(np.maximum(np.abs(np.fft.rfft(frames, axis=0)) ** 2, floor))", "n_fft ignored"),
    (10, "def log_spectrum(frames, n_fft, floor):\n"
         "    return 2 * np.log(np.maximum(np.abs(np.fft.rfft(frames, n_fft, axis=0)), floor))", None),
    (11, "def cmvn(features, variance):\n    y = features - features.mean(axis=0)\n"
         "    s = features.std(axis=0)\n    return y / np.where(s > 0, s, 1) if variance else y",
     "normalized over the rows of each frame"),
    (11, "def cmvn(features, variance):\n    y = features - features.mean()\n"
         "    return y / max(features.std(), 1e-12) if variance else y",
     "one mean and one deviation for the whole matrix"),
    (11, "def cmvn(features, variance):\n    y = features - np.median(features, axis=1, keepdims=True)\n"
         "    s = np.sqrt((y**2).mean(axis=1, keepdims=True))\n    return y / np.where(s > 0, s, 1) if variance else y",
     "the median in the place of the mean"),
    (11, "def cmvn(features, variance):\n    return features - features.mean(axis=1, keepdims=True)", "the mean alone"),
    (11, "def cmvn(features, variance):\n    x = features - features.mean(axis=1, keepdims=True)\n"
         "    return x / x.std(axis=1, keepdims=True) if variance else x", None),  # 0 / 0 where nothing changes
    (12, "def dtw(x, y):\n    d = np.linalg.norm(x[:, :, None] - y[:, None], axis=0)\n    return d / sum(d.shape)",
     "distances that are not accumulated"),
    (12, "def dtw(x, y):\n    d = np.linalg.norm(x[:, :, None] - y[:, None], axis=0)\n    A = d.copy()\n"
         "    for i in range(len(d)):\n        for j in range(len(d[0])):\n"
         "            before = [A[a, b] for a, b in ((i - 1, j), (i, j - 1)) if a >= 0 and b >= 0]\n"
         "            A[i, j] += min(before, default=0)\n    return A / sum(d.shape)", "no diagonal step"),
    (12, "def dtw(x, y):\n    d = np.linalg.norm(y[:, :, None] - x[:, None], axis=0)\n    A = d.copy()\n"
         "    for i in range(len(d)):\n        for j in range(len(d[0])):\n"
         "            before = [A[a, b] for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0]\n"
         "            A[i, j] += min(before, default=0)\n    return A / sum(d.shape)", "x and y exchanged"),
    (12, "def dtw(x, y):\n    d = np.linalg.norm(x[:, :, None] - y[:, None], axis=0)\n    A = d.copy()\n"
         "    for i in range(len(d)):\n        for j in range(len(d[0])):\n"
         "            before = [A[a, b] for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0]\n"
         "            A[i, j] += min(before, default=0)\n    return A[-1, -1] / sum(d.shape)", "the last value alone"),
    (12, "def dtw(x, y):\n    d = np.linalg.norm(x[:, :, None] - y[:, None], axis=0)\n    A = d.copy()\n"
         "    for i in range(1, len(d)):\n        for j in range(1, len(d[0])):\n"
         "            A[i, j] += min(A[i - 1, j], A[i, j - 1], A[i - 1, j - 1])\n    return A / sum(d.shape)",
     "zeros around the matrix"),
]  # fmt: skip
CASES = [(lab, number) for lab in (9, 10, 11, 12) for number in range(len(task_of(lab, DEFAULT).cases))]


@pytest.mark.parametrize(("lab", "number"), CASES)
def test_the_solution_is_another_tools(lab, number):
    task = task_of(lab, DEFAULT)
    given = task.cases[number].arguments
    if lab == 9:
        expected = scipy.signal.lfilter([1, -given["coefficient"]], [1], given["signal"].astype(float))
    elif lab == 10:
        spectra = scipy.fft.rfft(given["frames"], given["n_fft"], axis=0)
        expected = np.log(10) / 10 * librosa.power_to_db(np.abs(spectra) ** 2, amin=given["floor"], top_db=None)
    elif lab == 11:
        scaler = sklearn.preprocessing.StandardScaler(with_std=given["variance"])
        expected = scaler.fit_transform(given["features"].T.astype(float)).T
    else:
        local = scipy.spatial.distance.cdist(given["x"].T, given["y"].T)
        expected = librosa.sequence.dtw(C=local, backtrack=False) / sum(local.shape)
        np.testing.assert_allclose(cheapest_path(local)[0] / sum(local.shape), expected, atol=1e-12)
    np.testing.assert_allclose(task.solution(**given), expected, atol=1e-9)


@pytest.mark.parametrize("lab", RIGHT)
def test_right_code_passes_as_a_student_writes_it(lab, tmp_path):
    report = check.check(student(RIGHT[lab], tmp_path), lab)
    assert [case["message"] for case in report["cases"]] == [""] * len(report["cases"])
    assert report["score"] == report["points"]


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "this", "instead", "name"), WRONG)
def test_wrong_code_is_explained_as_a_student_writes_it(lab, this, instead, name, tmp_path):
    assert this in RIGHT[lab]
    report = check.check(student(RIGHT[lab].replace(this, instead), tmp_path), lab)
    assert not all(case["passed"] for case in report["cases"])
    assert report["explained_by"] == ([name] if name else [])


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "code", "name"), OTHER)
def test_wrong_code_from_scratch_is_explained(lab, code, name, tmp_path):
    report = check.check(student(code + "\n", tmp_path), lab)
    assert not all(case["passed"] for case in report["cases"])
    assert report["explained_by"] == ([name] if name else [])


def student(code: str, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import numpy as np\n" + textwrap.dedent(code))
    return path


def test_the_cheapest_path_is_connected_and_pays_what_it_says(rng):
    costs = rng.uniform(0, 1, (23, 31))
    totals, path = cheapest_path(costs)
    assert path[0] == (0, 0) and path[-1] == (22, 30)
    steps = np.diff(path, axis=0)
    assert set(map(tuple, steps.tolist())) <= {(0, 1), (1, 0), (1, 1)}
    assert totals[-1, -1] == pytest.approx(sum(costs[cell] for cell in path))


def test_a_word_has_the_formants_of_its_vowels():
    x = word("iau", (0.3, 0.3, 0.3), pitch=100, tract=1.1)
    assert x.shape == (round(0.9 * SAMPLE_RATE),)
    assert np.abs(x).max() == pytest.approx(0.3)
    for letter, middle_s in (("i", 0.15), ("a", 0.45), ("u", 0.75)):
        around = x[int(middle_s * SAMPLE_RATE) - 512 :][:1024] * dsp.hann(1024)
        level = dsp.power_to_db(np.abs(dsp.rfft(around)) ** 2, 1e-12)
        for f in FORMANTS[letter][:2]:
            here = round(1.1 * f * 1024 / SAMPLE_RATE)
            beyond = round((1.1 * f + 450) * 1024 / SAMPLE_RATE)
            assert level[here - 6 : here + 7].max() > level[beyond - 3 : beyond + 4].max() + 3, (letter, f)
