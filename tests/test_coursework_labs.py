"""Every lab's check passes its solution, names each mistake it knows, and gives the right numbers to nobody.

All tests go over the labs that are in experiments/coursework/tasks; labs 1 to 4 also meet code as students write it.
"""

import dataclasses
import io
import json
import re

import numpy as np
import pytest

from dsp import mel_filterbank
from experiments.coursework import check, course_profile
from experiments.coursework.checking import compare, explain, one_file, rules
from experiments.coursework.checking.task import Case, Mistake, Task
from experiments.coursework.sandbox.run import run
from experiments.coursework.tasks import LABS, task_of
from tests.conftest import ROOT

UNLIKE = """
course = "one that differs from the default wherever it can"
rounding = "half up"
window = "hann"
window_symmetry = "periodic"
mel_scale = "slaney"
edge_rounding = "floor"
preemphasis = 0.9
"""


@pytest.fixture(params=["default", "unlike"])
def profile(request, tmp_path):
    if request.param == "default":
        return course_profile.load()
    (tmp_path / "unlike.toml").write_text(UNLIKE)
    return course_profile.load(str(tmp_path / "unlike.toml"))


def arrays_of(task, function) -> list:
    """What a function computes in every case, None where it cannot; labs may give integers."""
    arrays = []
    for case in task.cases:
        try:
            with np.errstate(all="ignore"):
                arrays.append(compare.as_float(np.asarray(function(**case.arguments))))
        except (ValueError, IndexError, ZeroDivisionError):
            arrays.append(None)
    return arrays


@pytest.mark.parametrize("lab", LABS)
def test_a_task_is_whole(lab, profile):
    task = task_of(lab, profile)
    assert task.lab == lab
    assert sum(not case.hidden for case in task.cases) >= 4
    assert sum(case.hidden for case in task.cases) >= 2
    assert len({mistake.name for mistake in task.mistakes}) == len(task.mistakes) >= 10
    assert all(set(case.arguments) == set(task.parameters) for case in task.cases)
    assert all(np.isfinite(array).all() for array in arrays_of(task, task.solution))
    template = (ROOT / "experiments" / "coursework" / "student" / f"lab_{lab}.py").read_text()
    assert f"def {task.function}({', '.join(task.parameters)}):" in template


@pytest.mark.parametrize("lab", LABS)
def test_every_known_mistake_is_named_and_no_other(lab, profile):
    task = task_of(lab, profile)
    assert explain.explanations(task, arrays_of(task, task.solution)) == []
    for mistake in task.mistakes:
        found = explain.explanations(task, arrays_of(task, mistake.function))
        assert [one.name for one in found] == [mistake.name]


RECITE = """
import numpy as np
answers = np.load("answers.npz")
numbers = iter(range(1000))
def {}(**arguments): return answers[str(next(numbers))]
"""


@pytest.mark.parametrize("lab", LABS)
def test_right_answers_get_all_points(lab, tmp_path, monkeypatch):
    """The file recites the solution's arrays: what it returns reaches the comparison as it is, whatever its dtype."""
    task = task_of(lab, course_profile.load())
    path = tmp_path / "student.py"
    path.write_text(RECITE.format(task.function))

    def with_answers(file, function, calls, *limits, **options):
        answers = io.BytesIO()
        np.savez(answers, **{str(i): task.solution(**arguments) for i, arguments in enumerate(calls)})
        return run(file, function, calls, *limits, **options | {"extra": {"answers.npz": answers.getvalue()}})

    monkeypatch.setattr(rules, "refusal", lambda *arguments: None)
    monkeypatch.setattr(one_file, "run", with_answers)
    report = check.check(path, lab, seconds=60)
    assert [case["message"] for case in report["cases"]] == [""] * len(task.cases)
    assert all(case["passed"] for case in report["cases"])
    assert report["score"] == task.points


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_cannot_be_imported(lab, tmp_path, monkeypatch):
    task = task_of(lab, course_profile.load())
    path = tmp_path / "student.py"
    path.write_text(f"from experiments.coursework import tasks\n{task.function} = tasks.task_of({lab}).solution\n")
    with pytest.raises(ValueError, match="line 1: experiments may not be used"):
        check.check(path, lab)
    monkeypatch.setattr(rules, "refusal", lambda *arguments: None)
    report = check.check(path, lab, seconds=60)
    assert "raised ImportError: cannot import name 'tasks'" in report["cases"][0]["message"]
    assert report["score"] == 0


ROUNDINGS = ("none", "floor", "round", "ceil", "floor round ceil")


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_rounded_edges_do_not_hang_on_the_last_bit(rounding):
    """Edges 1e-12 higher or lower give the same filters: another order of operations is as right. floor is dsp's."""
    task = task_of(4, dataclasses.replace(course_profile.load(), edge_rounding=rounding))
    for case in task.cases:
        filters = task.solution(**case.arguments)
        for factor in (1 - 1e-12, 1 + 1e-12):
            near = case.arguments | {"f_min": case.arguments["f_min"] * factor}
            near["f_max"] = min(case.arguments["f_max"] * factor, case.arguments["sample_rate"] / 2)
            assert np.allclose(task.solution(**near), filters, atol=1e-9)
        if rounding == "floor":
            by_dsp = mel_filterbank(**case.arguments, scale="htk", triangles="bins")
            assert np.allclose(filters, by_dsp, atol=1e-12)


@pytest.mark.parametrize("name", course_profile.names())
def test_lengths_do_not_hang_on_the_last_bit(name):
    profile = course_profile.load(name)
    for case in task_of(1, profile).cases:
        for key in ("frame_ms", "hop_ms"):
            length, rate = case.arguments[key], case.arguments["sample_rate"]
            half = 0.5 if profile.rounding == "half up" else 0.0
            ways = [way + half for way in (length * rate / 1000, length / 1000 * rate, rate * length * 1e-3)]
            assert {int(way + 1e-9) for way in ways} == {int(way) for way in ways} == {profile.samples(length, rate)}


FRAMES = """
import numpy as np
def windowed_frames(signal, sample_rate, frame_ms, hop_ms):
    L, H = int(frame_ms * sample_rate / 1000), int(hop_ms * sample_rate / 1000)
    n = np.arange(L)
    w = 0.54 - 0.46 * np.cos(2 * np.pi * n / (L - 1))
    T = 1 + (len(signal) - L) // H
    out = np.zeros((L, T))
    for t in range(T):
        out[:, t] = signal[t * H : t * H + L] * w
    return out
"""
FFT = """
import numpy as np
def fft(x):
    N = len(x)
    if N % 2 == 1:
        k = np.arange(N)
        return np.exp(-2j * np.pi * np.outer(k, k) / N) @ x
    E, O = fft(x[0::2]), fft(x[1::2])
    w = np.exp(-2j * np.pi * np.arange(N // 2) / N)
    return np.concatenate([E + w * O, E - w * O])
"""
ISTFT = """
import numpy as np
def istft(spectra, window, hop_length):
    L, T = len(window), spectra.shape[1]
    y, weight = np.zeros((T - 1) * hop_length + L), np.zeros((T - 1) * hop_length + L)
    for t in range(T):
        at = slice(t * hop_length, t * hop_length + L)
        y[at] += window * np.fft.irfft(spectra[:, t], L)
        weight[at] += window ** 2
    return np.where(weight > 1e-30, y / np.maximum(weight, 1e-30), 0)
"""
MEL = """
import numpy as np
def mel(f):
    return 2595 * np.log10(1 + f / 700)
def mel_filterbank(n_mels, n_fft, sample_rate, f_min, f_max):
    points = np.linspace(mel(f_min), mel(f_max), n_mels + 2)
    edges = 700 * (10 ** (points / 2595) - 1)
    f = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    H = np.zeros((n_mels, len(f)))
    for m in range(n_mels):
        up = (f - edges[m]) / (edges[m + 1] - edges[m])
        down = (edges[m + 2] - f) / (edges[m + 2] - edges[m + 1])
        H[m] = np.maximum(0, np.minimum(up, down))
    return H
"""
WRITTEN = [  # lab, right code, what the student wrote instead of what, the mistake's name
    (1, FRAMES, "(L - 1))", "L)", "a periodic window"),
    (1, FRAMES, "0.54 - 0.46 *", "0.5 - 0.5 *", "a Hann window"),
    (1, FRAMES, "t * H : t * H + L", "t * L : t * L + L", None),
    (1, FRAMES, "int(frame_ms * sample_rate / 1000), int(hop_ms * sample_rate / 1000)",
     "int(frame_ms * sample_rate / 1000 + 0.5), int(hop_ms * sample_rate / 1000 + 0.5)",
     "milliseconds to samples rounded half up"),
    (1, FRAMES, "return out", "return out.T", "frames as rows"),
    (2, FFT, "E - w * O", "E + w * O", "a plus in the second half"),
    (2, FFT, "np.exp(-2j * np.pi * np.arange(N // 2) / N)", "1", "no twiddle factors"),
    (2, FFT, "x[0::2]), fft(x[1::2])", "x[: N // 2]), fft(x[N // 2 :])",
     "first and second half instead of even and odd samples"),
    (3, ISTFT, "+= window * np", "+= np", "no window before adding, divided by the sum of its squares"),
    (3, ISTFT, "window ** 2", "window", "divided by the sum of the windows, not of their squares"),
    (3, ISTFT, "np.where(weight > 1e-30, y / np.maximum(weight, 1e-30), 0)", "y",
     "no division by the sum of squared windows"),
    (3, ISTFT, "np.where(weight > 1e-30, y / np.maximum(weight, 1e-30), 0)", "y / (weight + 1e-8)",
     "1e-08 added to the divisor"),
    (4, MEL, "np.arange(n_fft // 2 + 1) * sample_rate / n_fft", "np.linspace(f_min, f_max, n_fft // 2 + 1)",
     "bins spread over f_min to f_max"),
    (4, MEL, "edges = 700 * (10 ** (points / 2595) - 1)",
     "edges = np.floor((n_fft + 1) * 700 * (10 ** (points / 2595) - 1) / sample_rate) * sample_rate / n_fft",
     "edges rounded to bins (floor)"),
    (4, MEL, "np.linspace(mel(f_min), mel(f_max), n_mels + 2)", "mel(np.linspace(f_min, f_max, n_mels + 2))",
     "edges equally spaced in Hz"),
]  # fmt: skip


@pytest.mark.parametrize(("lab", "right"), [(1, FRAMES), (2, FFT), (3, ISTFT), (4, MEL)])
def test_right_code_passes_as_a_student_writes_it(lab, right, tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(right)
    assert check.main([str(path), "--lab", str(lab)]) == 0
    assert "10 of 10 points" in capsys.readouterr().out


@pytest.mark.parametrize(("lab", "right", "this", "instead", "name"), WRITTEN)
def test_wrong_code_is_explained_as_a_student_writes_it(lab, right, this, instead, name, tmp_path):
    path = tmp_path / "mine.py"
    assert this in right
    path.write_text(right.replace(this, instead))
    report = check.check(path, lab)
    assert report["explained_by"] == ([name] if name else [])
    assert report["score"] < report["points"]


TOY = Task(
    lab=0,
    function="double",
    parameters=("x",),
    points=8,
    solution=lambda x: 2.0 * x,
    cases=(
        Case("secret", {"x": np.full((2, 2), 7.0)}, hidden=True),
        Case("a matrix", {"x": np.arange(12.0).reshape(3, 4) ** 1.5 + 1}),
        Case("another", {"x": np.ones((2, 3))}),
        Case("empty", {"x": np.zeros((0, 3))}, hidden=True),
    ),
    mistakes=(
        Mistake("not doubled", "How much is 2 x 1?", lambda x: x),
        Mistake("sevens not doubled", "", lambda x: x if (x == 7).any() else 2 * x),
        Mistake("matrices refused", "", lambda x: 2 * x if x.shape != (3, 4) else np.zeros(3)[x.size]),
    ),
    axes=("band", "frame"),
)
X = TOY.cases[1].arguments["x"]
RELATIONS = [
    (X, "equal up to a factor of 0.5"),
    (-2 * X, "the opposite sign"),
    (2 * X + 3, "equal up to an added constant of 3"),
    (4 * X + 3, "equal up to a factor and an added constant"),
    ((2 * X).T, "rows and columns are exchanged, otherwise right"),
    (X.T, "rows and columns are exchanged, otherwise equal up to a factor of 0.5"),
    (2 * X[:, :-1], "1 frame too few, the first 3 are right"),
    (2 * X[:, 1:], "1 frame too few, the last 3 are right"),
    (np.pad(2 * X, ((0, 2), (0, 0))), "2 bands too many, the first 3 are right"),
    ((2 * X).astype(np.float32).astype(float), "not to float64's precision"),
    (2 * X[:, ::-1], "in reverse order"),
    (2 * X * np.array([[1], [2], [3]]), "every band is right up to a factor of its own"),
    (2 * X * np.array([1, 2, 3, 4]), "every frame is right up to a factor of its own"),
    (np.roll(2 * X, 1, axis=1), "shifted by one along the last axis"),
    (0 * X, "all zeros"),
    (2 * X + 0j, "dtype complex128: real numbers are expected"),
    (np.where(X > 3, 2 * X, np.nan), "2 of 12 values are NaN: is something divided by 0?"),
    (X**2, "the shape is right, the values are wrong"),
    (2 * X[0], "yours is (4,); (3, 4) is expected, (band, frame)"),
]


@pytest.mark.parametrize(("got", "words"), RELATIONS, ids=[words for _, words in RELATIONS])
def test_a_simple_relation_is_said(got, words):
    hint = compare.hint(got, 2 * X, TOY)
    assert words in hint
    assert not compare.is_right(got, 2 * X, TOY.tolerance)


def test_the_complex_are_told_apart():
    z = np.exp(1j * X)
    assert compare.hint(np.conj(z), z, TOY).startswith("the complex conjugate")
    assert "yours are the magnitudes" in compare.hint(np.abs(z), z, TOY)
    assert "a factor of 0+2j" in compare.hint(2j * z, z, TOY)


def test_the_place_of_the_first_difference():
    got = 2 * X
    got[1, 2:] += 1
    words = compare.first_difference(got, 2 * X, TOY)
    assert words.startswith(
        "first difference at band 1, frame 2; 2 of 12 values differ, in band 1 of 0..2, frames 2..3 of 0..3, by"
    )
    assert words.endswith(f"by up to about {100 / (2 * X).max():.0f} % of the largest value")
    assert compare.first_difference(np.ones((2, 3)), np.zeros((2, 3)), TOY) == "all 6 values differ"


def reported(code: str, tmp_path, monkeypatch, hints: int = 2) -> dict:
    monkeypatch.setattr(one_file, "task_of", lambda lab, profile: TOY)
    (tmp_path / "mine.py").write_text(code)
    return check.check(tmp_path / "mine.py", 0, hints=hints)


def test_hint_levels_and_what_is_hidden(tmp_path, monkeypatch):
    code = "SEEN = []\ndef double(x):\n    SEEN.extend(x.ravel()[:1].tolist())\n    print('seen', SEEN)\n    return x"
    reports = [reported(code, tmp_path, monkeypatch, hints) for hints in (0, 1, 2)]
    assert [case["message"] for case in reports[0]["cases"]] == [""] * 4
    assert [report["explained_by"] for report in reports] == [[], ["not doubled"], ["not doubled"]]
    assert [report["questions"] for report in reports] == [[], [], ["How much is 2 x 1?"]]
    assert reports[1]["cases"][1]["message"] == "equal up to a factor of 0.5"
    assert "all 12 values differ, by up to about 50 %" in reports[2]["cases"][1]["message"]
    for report in reports:
        assert [case["name"] for case in report["cases"]] == ["hidden case 1", "a matrix", "another", "hidden case 2"]
        assert [case["passed"] for case in report["cases"]] == [False, False, False, True]
        assert report["cases"][0]["message"] == ""
        assert report["score"] == 8 * (3 * 0.2 + 1) / 4
        assert report["printed"] == "seen [1.0]\nseen [1.0, 1.0]\n"  # nothing of the hidden cases, which come last
        assert "secret" not in check.format_report(report)


@pytest.mark.parametrize("wrong", ["x * 0 + x.size", "x * 0 + 1", "x + x.size", "np.ones(5)", "x * np.nan"])
def test_no_right_number_is_printed(wrong, tmp_path, monkeypatch):
    text = check.format_report(
        reported(f"import numpy as np\ndef double(x):\n    return {wrong}", tmp_path, monkeypatch)
    )
    printed = [float(number) for number in re.findall(r"\d+\.\d+", text)]
    for value in (2 * X).ravel():
        assert not np.isclose(value, printed, rtol=1e-2).any()
    assert "factor of" not in text and "constant of" not in text  # of a constant answer it would give the answer


def test_a_mistake_of_the_hidden_cases_alone_is_not_explained(tmp_path, monkeypatch):
    report = reported("def double(x):\n    return x if (x == 7).any() else 2 * x", tmp_path, monkeypatch)
    assert [case["passed"] for case in report["cases"]] == [False, True, True, True]
    assert report["explained_by"] == []


def test_a_mistake_that_says_nothing_of_the_wrong_case_explains_nothing(tmp_path, monkeypatch):
    report = reported("def double(x):\n    return 2 * x + (x.shape == (3, 4))", tmp_path, monkeypatch)
    assert [case["passed"] for case in report["cases"]] == [True, False, True, True]
    assert report["explained_by"] == []


def test_integers_and_lists_are_numbers(tmp_path, monkeypatch):
    code = "def double(x):\n    return (2 * x).tolist() if x.size else x"
    assert reported(code, tmp_path, monkeypatch)["score"] == 8
    assert run(tmp_path / "mine.py", "double", [{"x": np.array([1])}])[0].array.tolist() == [2]


def test_reports_for_autograders(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(FRAMES.replace("(L - 1)", "L"))
    outputs = [str(tmp_path / name) for name in ("report.json", "results.json")]
    command = [str(tmp_path / "mine.py"), "--lab", "1", "--json", outputs[0], "--gradescope", outputs[1]]
    assert check.main(command) == 1
    assert "explained by: a periodic window" in capsys.readouterr().out
    report, results = (json.loads((tmp_path / name).read_text()) for name in ("report.json", "results.json"))
    assert (report["lab"], report["function"], report["points"]) == (1, "windowed_frames", 10)
    assert set(report["cases"][0]) == {"name", "passed", "hidden", "message", "score", "points"}
    assert report["score"] == results["score"] == pytest.approx(2.0)
    assert results["output"] == "explained by: a periodic window"
    assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(10)


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (None, ["--lab", "1"], "mine.py: No such file or directory"),
        ("x = 1", ["--lab", "1"], "no function windowed_frames; it has no function at all"),
        ("def windowed_frame(): pass", ["--lab", "1"], "did you mean windowed_frame (line 1)?"),
        (
            "def windowed_frames(x): pass",
            ["--lab", "1"],
            "takes 1 parameter (x); windowed_frames(signal, sample_rate",
        ),
        (FRAMES, ["--lab", "77"], "lab 77 is none of 1, 2, 3, 4"),
        (FRAMES, ["--lab", "1", "--profile", "dt2129"], "unknown profile 'dt2129'; did you mean dt2119?"),
        (FRAMES, ["--lab", "1", "--time-limit", "0"], "--time-limit and --memory-limit must be more than 0"),
        ("from numpy.fft import fft as f\ndef fft(x): return f(x)", ["--lab", "2"], "line 1: np.fft may not be used"),
        ("import numpy as n\ndef fft(x):\n return n.fft.fft(x)", ["--lab", "2"], "line 3: np.fft may not be used"),
        ("from numpy import *\ndef fft(x): return fft.fft(x)", ["--lab", "2"], "line 1: np.fft may not be used"),
        (
            "from dsp import istft as i\ndef istft(spectra, window, hop_length): 1",
            ["--lab", "3"],
            "dsp.istft may not be used",
        ),
    ],
)
def test_bad_use_gets_one_line(text, arguments, words, tmp_path, capsys):
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    results = tmp_path / "results.json"
    assert check.main([str(tmp_path / "mine.py"), *arguments, "--gradescope", str(results)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert words in printed.err
    assert json.loads(results.read_text())["score"] == 0


@pytest.mark.parametrize("option", ["--json", "--gradescope"])
def test_a_bad_report_path_is_known_before_the_check(option, tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(FRAMES)
    monkeypatch.setattr(check, "check", lambda *_, **__: pytest.fail("the check has begun"))
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1", option, str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "is a folder; a file is expected" in printed.err and printed.err.count("\n") == 1


def test_an_interrupted_check_ends_with_130(tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "check", interrupt)
    assert check.main([str(tmp_path / "mine.py"), "--lab", "1"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_help_names_choices_defaults_and_an_example(capsys):
    with pytest.raises(SystemExit):
        check.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in ("Example: python -m experiments.check", "one of 1, 2, 3", "dt2119", "default: 10", "default: 1024"):
        assert words in text
