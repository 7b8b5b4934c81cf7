"""The doctor's picture against its numbers, read back from the figure: the matrices, the difference, margins, bars."""

import base64
import html
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import python_speech_features
from matplotlib import pyplot as plt

import dsp
from dsp.doctor import compare, identify
from dsp.doctor.__main__ import main as doctor
from dsp.doctor.picture.page import save_page
from dsp.doctor.picture.panels import Clip, of_comparison, of_diagnosis
from dsp.files.extras import install_command
from experiments.figures import matlab
from experiments.figures.doctor import command
from tests.conftest import ROOT

RATE = 16_000
KALDI = dsp.CONVENTIONS["kaldi"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def maps(figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def words(figure) -> str:
    return "\n".join(text.get_text() for axes in figure.axes for text in axes.texts)


def margins(figure, error):
    """The axes above and beside the map of the error, with their numbers checked."""
    (above,) = [axes for axes in figure.axes if axes.lines]
    np.testing.assert_allclose(above.lines[0].get_ydata(), np.sqrt((error**2).mean(axis=0)))
    (beside,) = [axes for axes in figure.axes if axes.get_xlabel() == "RMS"]
    np.testing.assert_allclose([bar.get_width() for bar in beside.patches], np.sqrt((error**2).mean(axis=1)))


def seconds_above(axes):
    (top,) = axes.child_axes
    assert top.get_xlabel() == "Time (s)"
    return top._functions[0]


def test_one_file_that_is_explained(utterance):
    features = python_speech_features.mfcc(utterance, RATE)
    found = identify(features, utterance, RATE, 120)
    figure = of_diagnosis(found, Clip(utterance, RATE), ("mine.npy", "speech.wav"))
    given, fitted, error = maps(figure)
    np.testing.assert_array_equal(given, features.T)
    np.testing.assert_allclose(fitted, dsp.mfcc(utterance, RATE, "python_speech_features"), atol=1e-9)
    np.testing.assert_array_equal(error, found.error)
    margins(figure, found.error)
    assert "mine.npy, with speech.wav: exact" in figure.get_suptitle()
    assert "same as python_speech_features" in words(figure) and "probe(" not in words(figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["E", *(f"c{k}" for k in range(1, 13))]
    np.testing.assert_allclose(seconds_above(figure.axes[0])(np.array([0, 100])), [0.0125, 1.0125])


@pytest.mark.slow
def test_one_file_that_is_not(utterance, rng):
    features = dsp.mfcc(utterance, RATE, "kaldi")
    features[:, -1] += 10 * rng.standard_normal(13)
    found = identify(features, utterance, RATE)
    figure = of_diagnosis(found, Clip(utterance, RATE), ("mine.npy", "speech.wav"))
    assert found.verdict == "unexplained" and "unexplained" in words(figure)
    given, fitted, error = maps(figure)
    np.testing.assert_array_equal(given, features)
    np.testing.assert_array_equal(error, found.error)
    np.testing.assert_allclose(given - fitted, error, atol=1e-9)
    margins(figure, error)


def test_a_file_that_nothing_is_known_of(utterance, rng):
    features = rng.standard_normal((5, 7))
    found = identify(features, utterance, RATE, 2)
    figure = of_diagnosis(found, Clip(utterance, RATE), ("mine.npy", "speech.wav"))
    (given,) = maps(figure)
    np.testing.assert_array_equal(given, features)
    assert "no known convention gives" in words(figure)


def test_two_files_with_audio(utterance):
    other = replace(KALDI, window="hamming", lifter=0)
    a, b = dsp.mfcc(utterance, RATE, "kaldi").T, dsp.mfcc(utterance, RATE, other)
    found = compare(a, b, utterance, RATE, ("a.npy", "b.npy"), 120)
    figure = of_comparison(found, Clip(utterance, RATE), ("a.npy", "b.npy"))
    first, second, error = maps(figure)
    np.testing.assert_array_equal(first, a.T)
    np.testing.assert_array_equal(second, b)
    np.testing.assert_array_equal(error, a.T - b)
    margins(figure, a.T - b)
    (bars,) = [axes for axes in figure.axes if "parameter" in axes.get_title()]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["window", "lifter"]
    liftered = dsp.mfcc(utterance, RATE, replace(KALDI, lifter=0))
    share = np.sqrt(np.sum((liftered - a.T) ** 2) / np.sum((a.T - b) ** 2))
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches][1], share)
    assert "applies a sine lifter" in words(figure)


def test_two_files_without_audio(utterance):
    a = dsp.log_mel(utterance, RATE, "kaldi")
    found = compare(a, 2 * a.T, names=("a.npy", "b.npy"))
    figure = of_comparison(found, None, ("a.npy", "b.npy"))
    first, second, error = maps(figure)
    np.testing.assert_array_equal(first, a)
    np.testing.assert_array_equal(second, 2 * a)
    np.testing.assert_array_equal(error, -a)
    assert "gain 0.5" in words(figure) and not figure.axes[0].child_axes


def test_shapes_that_differ(utterance):
    """Each stands alone; only parameters that change the shape are said to change it."""
    a, b = dsp.mfcc(utterance, RATE, "python_speech_features"), dsp.mfcc(utterance, RATE, "kaldi").T
    found = compare(a, b, utterance, RATE, ("a.npy", "b.npy"), 120)
    figure = of_comparison(found, Clip(utterance, RATE), ("a.npy", "b.npy"))
    first, second = maps(figure)
    np.testing.assert_array_equal(first, a)
    np.testing.assert_array_equal(second, b.T)
    assert "python_speech_features" not in words(figure) and "window" in words(figure)
    (shaping,) = [finding for finding in found.findings if "changes the shape" in finding]
    assert "tail" in shaping


@pytest.fixture
def files(utterance, write_wav, tmp_path):
    np.save(tmp_path / "kaldi.npy", dsp.mfcc(utterance, RATE, "kaldi"))
    np.save(tmp_path / "bands.npy", dsp.log_mel(utterance, RATE, "kaldi"))
    return tmp_path, write_wav("speech.wav", utterance)


def test_the_command_says_what_the_doctor_says(files, capsys):
    folder, wav = files
    for arguments in ([folder / "kaldi.npy", "--audio", wav, "--time-limit", 120], [folder / "kaldi.npy"] * 2):
        arguments, out = list(map(str, arguments)), folder / "new" / "picture.png"
        status = doctor(arguments)
        said = capsys.readouterr().out
        assert command.main([*arguments, "--out", str(out)]) == status == 0
        assert capsys.readouterr().out == f"{said}drawn in {out}\n"
        assert plt.imread(out).shape[1] >= 1200
        assert [path.name for path in out.parent.iterdir()] == ["picture.png"]
        out.unlink()
    arguments = [str(folder / "kaldi.npy"), str(folder / "bands.npy")]
    assert command.main([*arguments, "--out", str(out)]) == doctor(arguments) == 1


def test_a_page_holds_the_text_and_the_picture(files, capsys):
    """One file without links: the two lines that matter first, then the details, then the picture."""
    folder, _ = files
    odd = folder / "<b>&.npy"
    np.save(odd, np.load(folder / "kaldi.npy")[:, :60])
    arguments, out = [str(odd), str(folder / "kaldi.npy")], folder / "report.html"
    assert command.main([*arguments, "--out", str(out)]) == 0
    said = capsys.readouterr().out.split("\n")
    page = out.read_text(encoding="utf-8")
    first, second = (html.unescape(line) for line in re.findall(r"<h1>(.*)</h1>\n<p>(.*)</p>", page)[0])
    assert [first, second] == said[:2] and "<b>&" in first and "<b>&" not in page
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert plt.imread(io.BytesIO(base64.b64decode(picture))).shape[1] >= 1200
    assert "http" not in page and [path.name for path in folder.glob("report*")] == ["report.html"]
    other = folder / "other.HTML"
    assert doctor([*arguments, "--html", str(other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "explained"
    assert other.read_text(encoding="utf-8") == page


def test_a_page_of_one_file(files, monkeypatch, capsys):
    """Of features with frames appended, which the picture leaves out, as the search does."""
    folder, wav = files
    features = np.load(folder / "kaldi.npy")
    np.save(folder / "padded.npy", np.pad(features, ((0, 0), (0, 90))))
    out, figures = folder / "one.html", []
    monkeypatch.setattr("dsp.doctor.__main__.save_page", lambda *given: (figures.append(given[2]), save_page(*given)))
    assert doctor([str(folder / "padded.npy"), "--audio", str(wav), "--html", str(out)]) == 0
    first, second, *rest = capsys.readouterr().out.split("\n")
    page = out.read_text(encoding="utf-8")
    assert f"<h1>{html.escape(first)}</h1>\n<p>{html.escape(second)}</p>" in page
    assert "<title>padded.npy with speech.wav</title>" in page and html.escape(rest[0]) in page
    given, fitted, error = maps(figures[0])
    np.testing.assert_array_equal(given, features)
    np.testing.assert_allclose(given - fitted, error, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}/kaldi.npy", "{folder}/bands.npy", "--html", "{folder}/bands.npy"], "must end in .html or .htm"),
        (["{folder}/kaldi.npy", "{folder}/bands.npy", "--html", "{folder}/bands.npy/x.html"], "bands.npy"),
        (["--profiles", "kaldi", "htk", "--html", "{folder}/x.html"], "takes no FEATURES, --audio or --html"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused_before_the_work(arguments, message, files, monkeypatch, capsys):
    folder, _ = files
    monkeypatch.setattr("dsp.doctor.__main__.read_inputs", lambda *_: pytest.fail("files were read"))
    assert doctor([argument.format(folder=folder) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not list(folder.rglob("*.html")) and np.load(folder / "bands.npy").size


def test_without_matplotlib_one_line_says_what_to_install(files, monkeypatch, capsys):
    folder, _ = files
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    arguments = [str(folder / "kaldi.npy"), str(folder / "bands.npy")]
    assert doctor([*arguments, "--html", str(folder / "x.html")]) == 2
    assert capsys.readouterr().err == f"error: drawing the report needs matplotlib: {install_command('images')}\n"
    assert doctor(arguments) == 1 and not list(folder.rglob("*.html"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "0 files of features were given; one (with --audio) or two"),
        (["{folder}/kaldi.npy"], "--audio"),
        (["{folder}/none.npy", "--audio", "{wav}"], "none.npy"),
        (["{folder}/kaldi.npy", "--audio", "{folder}/none.wav"], "none.wav"),
        (["{folder}/kaldi.npy", "{folder}/kaldi.npy", "--out", "{folder}/x.pdf"], "must end in .png or .html"),
        (["{folder}/kaldi.npy", "{folder}/kaldi.npy", "--out", "{folder}/kaldi.npy/x.png"], "kaldi.npy"),
    ],
)
def test_bad_use(arguments, message, files, capsys):
    folder, wav = files
    assert command.main([argument.format(folder=folder, wav=wav) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not list(folder.rglob("*.png"))


def test_a_dollar_in_a_name_begins_no_formula(files, capsys):
    folder, _ = files
    odd = folder / "$x^{2$.npy"
    np.save(odd, np.load(folder / "bands.npy"))
    out = folder / "odd.png"
    assert command.main([str(odd), str(folder / "kaldi.npy"), "--out", str(out)]) == 1
    assert "$x^{2$.npy has 23 rows" in capsys.readouterr().out and out.exists()


@pytest.mark.parametrize("out", ["{folder}", "{folder}/kaldi.npy/x.png", "{folder}/x.jpg"])
def test_a_bad_out_is_found_before_the_work(out, files, monkeypatch, capsys):
    folder, wav = files
    monkeypatch.setattr(command, "identify", lambda *_: pytest.fail("the search began"))
    monkeypatch.setattr(command, "read_inputs", lambda *_: pytest.fail("files were read"))
    assert command.main([str(folder / "kaldi.npy"), "--audio", str(wav), "--out", out.format(folder=folder)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_half_a_picture_is_never_seen(files, monkeypatch, capsys):
    folder, _ = files

    def full(self, path, **_):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(matlab.plt.Figure, "savefig", full)
    out = folder / "out" / "report.png"
    assert command.main([str(folder / "kaldi.npy")] * 2 + ["--out", str(out)]) == 2
    assert capsys.readouterr().err == f"error: {out}: No space left on device\n"
    assert not list(out.parent.iterdir())


def test_the_name_that_people_type_runs_the_command(files):
    folder, _ = files
    pair = [str(folder / "kaldi.npy"), str(folder / "bands.npy")]
    program = [sys.executable, "-m", "experiments.doctor_report", *pair, "--out", str(folder / "report.png")]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "drawn in" in done.stdout and (folder / "report.png").exists()


def test_numpy_numba_and_matplotlib_are_enough(files):
    folder, _ = files
    program = (
        "import sys\n"
        "for name in ('torch', 'scipy', 'sklearn', 'tqdm', 'soundfile'): sys.modules[name] = None\n"
        "from experiments.figures.doctor.command import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    pair = [str(folder / "kaldi.npy"), str(folder / "bands.npy")]
    command = [sys.executable, "-c", program, *pair, "--out", str(folder / "report.png")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and not done.stderr and (folder / "report.png").exists()
