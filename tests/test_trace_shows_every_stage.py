"""The figures of a trace against its arrays, read back from what matplotlib holds before it becomes pixels."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile
from matplotlib import pyplot as plt

import dsp
from dsp.conventions.row_names import cepstrum_names, row_names
from dsp.framing import count_leading_samples
from experiments.figures import matlab
from experiments.figures.trace import command, panels
from experiments.figures.trace.data import smoothed, traced
from experiments.figures.trace.pages import STAGES, draw, page, stages_of
from tests.conftest import ROOT

RATE = 16_000
ALL = list(STAGES)
WITHOUT = {
    "librosa": {"02_preemphasis", "10_deltas"},
    "kaldi": {"10_deltas"},
    "scipy_stft": {"02_preemphasis", "06_filterbank", "08_dct", "09_mfcc", "10_deltas", "11_envelope"},
    "whisper": {"02_preemphasis", "08_dct", "09_mfcc", "10_deltas", "11_envelope"},
    "opensmile_mfcc12": set(),
}


@pytest.fixture(scope="module")
def t(utterance):
    """A trace by the name of its convention, each computed once."""
    made = {}

    def of(convention):
        if convention not in made:
            made[convention] = traced(utterance, RATE, convention, "an utterance")
        return made[convention]

    return of


@pytest.fixture
def axes():
    yield plt.figure().subplots()
    plt.close("all")


def image_of(axes):
    (picture,) = axes.images
    assert picture.origin == "lower"
    return np.asarray(picture.get_array()), picture


def line(axes, i=0):
    return axes.lines[i].get_xdata(), axes.lines[i].get_ydata()


@pytest.mark.parametrize("convention", WITHOUT)
def test_stages_are_those_of_the_convention(t, tmp_path, monkeypatch, convention):
    saved = []
    monkeypatch.setattr(matlab, "save", lambda figure, path: (saved.append((path.name, figure)), plt.close(figure)))
    expected = [f"{stage}.png" for stage in ALL if stage not in WITHOUT[convention]] + ["pipeline.png"]
    assert [path.name for path in draw(tmp_path, t(convention))] == expected
    assert [name for name, _ in saved] == expected
    for name, figure in saved:
        assert convention in figure.get_suptitle() and "an utterance" in figure.get_suptitle()
        if name != "pipeline.png":
            assert name[3:-4].replace("_", " ") in figure.get_suptitle()
        for where in figure.axes:
            if where.axison and where.get_label() != "<colorbar>":
                assert where.get_xlabel() and where.get_ylabel()
                assert where.get_title() or where.get_title("left")


@pytest.mark.parametrize("convention", WITHOUT)
def test_the_page_shows_all_of_them(t, convention):
    figure = page(t(convention))
    titles = [where.get_title("left") for where in figure.axes if where.get_title("left")]
    stages = stages_of(t(convention)).items()
    numbers = [f"{int(stage[:2])}{letter}" for stage, drawn in stages for letter in ([""] if len(drawn) == 1 else "ab")]
    assert [title.split()[0] for title in titles] == numbers and len(set(numbers)) == len(numbers)
    assert len(figure.axes) - sum(where.get_label() == "<colorbar>" for where in figure.axes) >= len(numbers)
    figure.draw_without_rendering()
    for where in figure.axes:
        box = where.title if where.get_title() else where._left_title
        right = figure.transFigure.inverted().transform(box.get_window_extent())[1, 0]
        assert right <= 1, box.get_text()
    plt.close(figure)


TEXTS_OF = ("kaldi", "opensmile_mfcc12", "librosa", "matlab_audio_toolbox")


@pytest.mark.parametrize("convention", TEXTS_OF)
def test_no_text_of_the_page_covers_another_at_44_khz(convention, utterance):
    """Titles, axis labels and the labels of color bars; frames of 1102 samples make the longest titles."""
    figure = page(traced(dsp.resample(utterance, RATE, 44_100), 44_100, convention, "an utterance"))
    figure.draw_without_rendering()
    texts = [figure._suptitle]
    for where in figure.axes:
        texts += [where.title, where._left_title, where.xaxis.label, where.yaxis.label]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    width, height = figure.bbox.size
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text!r} is cut off"
        for other, other_box in boxes[:i]:
            assert not box.overlaps(other_box), f"{text!r} covers {other!r}"
    plt.close(figure)


@pytest.mark.parametrize("convention", WITHOUT)
def test_the_page_has_no_empty_places(t, convention):
    """The panels of each row reach from edge to edge, whatever their number."""
    figure = page(t(convention))
    n_panels = len([where for where in figure.axes if where.get_label() != "<colorbar>"])
    rows = [len([w for w in row.axes if w.get_label() != "<colorbar>"]) for row in figure.subfigs]
    assert sum(rows) == n_panels and max(rows) <= 4 and max(rows) - min(rows) <= 1
    assert all(where.axison for where in figure.axes)
    plt.close(figure)


def test_waveform(t, axes):
    panels.waveform(axes, t("kaldi"))
    np.testing.assert_array_equal(line(axes)[1], t("kaldi").steps["signal"])
    np.testing.assert_allclose(line(axes)[0][-1], (t("kaldi").signal.size - 1) / RATE)
    assert "32768" in axes.get_ylabel() and len(axes.lines) == 1
    shaded = axes.patches[0]
    frame = int(np.argmax(np.sum(t("kaldi").steps["windowed"] ** 2, axis=0)))
    np.testing.assert_allclose([shaded.get_x(), shaded.get_width()], [frame * 0.01, 0.025])


def test_waveform_shows_what_was_given_beside_pre_emphasis(t, axes, utterance):
    panels.waveform(axes, t("python_speech_features"))
    np.testing.assert_array_equal(line(axes, 0)[1], utterance)
    np.testing.assert_array_equal(line(axes, 1)[1], dsp.preemphasis(utterance, 0.97))


def test_preemphasis(t, axes):
    """At 0 Hz 1 - a, at the Nyquist frequency 1 + a; between, the DFT of the impulse response."""
    panels.preemphasis(axes, t("kaldi"))
    kilohertz, gain = line(axes)
    np.testing.assert_allclose(gain[[0, -1]], 20 * np.log10([0.03, 1.97]))
    response = np.abs(dsp.rfft(np.array([1, -0.97]), 1024))
    np.testing.assert_allclose(gain, 20 * np.log10(response), atol=1e-9)
    np.testing.assert_allclose(kilohertz, np.arange(513) * RATE / 1024 / 1000)


@pytest.mark.parametrize("convention", ["kaldi", "librosa", "scipy_stft"])
def test_frames_stand_where_they_were_cut(t, axes, convention):
    """Every sample of a drawn frame is the signal's at that time."""
    of = t(convention)
    panels.frames(axes, of)
    shown = [int(label.get_text()) for label in axes.get_yticklabels()]
    assert len(shown) == 5 and of.loudest in shown and np.diff(shown).tolist() == [1] * 4
    drawn = [one for one in axes.lines if len(one.get_xdata()) == of.size.frame]
    peak = np.abs(of.steps["frames"][:, shown]).max()
    for row, (i, one) in enumerate(zip(shown, drawn, strict=True)):
        np.testing.assert_allclose((one.get_ydata() + 2 * row) * peak, of.steps["frames"][:, i], atol=1e-9 * peak)
        places = np.round(one.get_xdata() / 1000 * RATE).astype(int)
        np.testing.assert_allclose((one.get_ydata() + 2 * row) * peak, of.steps["signal"][places], atol=1e-9 * peak)
        assert places[0] == i * of.size.hop - count_leading_samples(of.size.frame, of.size.hop, of.convention.framing)
    assert f"hop {of.size.hop} samples" in axes.texts[-1].get_text()


def test_window_and_its_spectrum(t, axes):
    panels.window(axes, t("kaldi"))
    np.testing.assert_array_equal(line(axes)[1], dsp.povey(400))
    np.testing.assert_allclose(line(axes)[0], np.arange(400) / 16)
    axes.clear()
    panels.window_spectrum(axes, t("kaldi"))
    frequency, level = line(axes)
    at = [0, 37, 1000]
    angle = np.exp(-2j * np.pi * frequency[at, None] / RATE * np.arange(400))
    expected = np.abs(angle @ dsp.povey(400)) / dsp.povey(400).sum()
    np.testing.assert_allclose(level[at], 20 * np.log10(expected), atol=1e-6)
    assert level.max() == 0


def test_spectra(t, axes):
    of = t("librosa")
    level = 20 * np.log10(np.abs(of.steps["spectrum"]))
    panels.frame_spectrum(axes, of)
    np.testing.assert_allclose(line(axes)[1], level[:, of.loudest])
    np.testing.assert_allclose(line(axes)[0], np.arange(1025) * RATE / 2048 / 1000)
    axes.clear()
    panels.spectrogram(axes, of)
    rows, picture = image_of(axes)
    np.testing.assert_allclose(rows, level)
    left, right, bottom, top = picture.get_extent()
    np.testing.assert_allclose([left, right], [-0.016, 52 * 0.032 + 0.016])  # centred frames: the first about 0 s
    np.testing.assert_allclose([bottom, top], np.array([-0.5, 1024.5]) * RATE / 2048 / 1000)


def test_filters_over_frequency_and_over_mel(t, axes):
    of = t("kaldi")
    panels.filterbank_hz(axes, of)
    for i, weights in enumerate(of.steps["filterbank"]):
        np.testing.assert_array_equal(line(axes, i)[1], weights)
        np.testing.assert_allclose(line(axes, i)[0], np.arange(257) / 512 * 16)
    axes.clear()
    panels.filterbank_mel(axes, of)
    assert len(axes.lines) == 23
    mel = line(axes, 7)[0]
    np.testing.assert_allclose(mel, 2595 * np.log10(1 + np.arange(257) * RATE / 512 / 700))
    inside = line(axes, 7)[1] > 0
    slopes = np.diff(line(axes, 7)[1][inside]) / np.diff(mel[inside])
    assert np.ptp(np.abs(slopes[[0, 1, -1]])) < 1e-4 * np.abs(slopes).max()  # straight lines, as Kaldi has them


def test_log_mel(t, axes):
    of = t("kaldi")
    panels.log_mel(axes, of)
    rows, picture = image_of(axes)
    np.testing.assert_array_equal(rows, of.steps["log_mel"])
    np.testing.assert_allclose(picture.get_extent(), (0.0125 - 0.005, 0.0125 + 0.01 * 164 + 0.005, -0.5, 22.5))
    peaks = of.frequency[np.argmax(of.steps["filterbank"], axis=1)]
    for tick, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        low, high = np.interp([tick - 0.3, tick + 0.3], np.arange(23), peaks)
        assert low - 20 < float(label.get_text()) < high + 20


def test_log_spectrum_without_filters(t, axes):
    panels.log_mel(axes, t("scipy_stft"))
    rows, picture = image_of(axes)
    np.testing.assert_array_equal(rows, t("scipy_stft").steps["log_mel"])
    assert "kHz" in axes.get_ylabel() and abs(picture.get_extent()[3] - 8) < 0.05


def test_dct_basis(t, axes):
    panels.dct_basis(axes, t("opensmile_mfcc12"))
    rows, _ = image_of(axes)
    everything = dsp.dct_matrix(13, 26, "htk")
    np.testing.assert_array_equal(rows, everything[[*range(1, 13), 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == [*(f"c{k}" for k in range(1, 13)), "c0"]


@pytest.mark.parametrize("convention", ["librosa", "kaldi", "opensmile_mfcc12"])
def test_mfcc_and_deltas(t, axes, convention):
    of = t(convention)
    panels.mfcc(axes, of)
    n = len(of.steps["liftered"])
    rows, picture = image_of(axes)
    np.testing.assert_array_equal(rows, of.steps["mfcc"][:n])
    least, most = picture.get_clim()
    assert least == -most == -np.sort(np.abs(rows).max(axis=1))[-2]
    if convention == "opensmile_mfcc12":
        axes.clear()
        panels.deltas(axes, of)
        np.testing.assert_array_equal(image_of(axes)[0], of.steps["mfcc"][n:])
        assert [label.get_text() for label in axes.get_yticklabels()] == ["delta", "delta-delta"]
        assert list(axes.get_yticks()) == [6, 19]


def test_names_of_the_rows():
    """As each tool's documentation orders them."""
    c = dsp.CONVENTIONS
    assert row_names(c["librosa"]) == [f"c{k}" for k in range(20)]
    assert row_names(c["kaldi"]) == ["E", *(f"c{k}" for k in range(1, 13))]
    assert row_names(c["htk"]) == [*(f"c{k}" for k in range(1, 13)), "c0"]
    assert row_names(c["matlab_audio_toolbox"]) == ["E", *(f"c{k}" for k in range(13))]
    assert row_names(c["voicebox"]) == cepstrum_names(c["voicebox"]) == [f"c{k}" for k in range(1, 13)]


@pytest.mark.parametrize("convention", ["librosa", "kaldi", "opensmile_mfcc12", "voicebox"])
def test_envelope_is_the_nearest_of_so_many_cosines(t, axes, convention):
    of = t(convention)
    panels.envelope(axes, of)
    values = of.steps["log_mel"][:, of.loudest]
    np.testing.assert_array_equal(line(axes, 0)[1], values)
    np.testing.assert_array_equal(line(axes, 1)[1], smoothed(of))
    n = len(of.steps["cepstrum"]) + (convention == "voicebox")  # which leaves c0 out: the mean stands for it
    cosines = dsp.dct_matrix(n, values.size)
    np.testing.assert_allclose(smoothed(of), cosines.T @ np.linalg.lstsq(cosines.T, values)[0], atol=1e-9)
    if convention == "librosa":
        np.testing.assert_allclose(smoothed(of), dsp.idct(of.steps["cepstrum"][:, of.loudest], 128), atol=1e-9)


def test_the_command(write_wav, tmp_path, capsys):
    wav = write_wav("speech.wav", 0.1 * np.sin(np.arange(8000) ** 1.3))
    out = tmp_path / "figures"
    assert command.main(["--audio", str(wav), "--convention", "scipy_stft", "--out", str(out)]) == 0
    names = ["01_waveform.png", "03_frames.png", "04_window.png", "05_spectrum.png", "07_log_mel.png", "pipeline.png"]
    assert sorted(path.name for path in out.iterdir()) == [*names, "trace.mat", "trace.npz"]
    signal, rate = dsp.read_audio(wav)
    log_mel = dsp.log_mel(signal, rate, "scipy_stft")
    for name in ("trace.npz", "trace.mat"):
        np.testing.assert_array_equal(dsp.read_features(out / name, "log_mel"), log_mel)
    printed = capsys.readouterr().out
    assert str(out / "pipeline.png") in printed and "has no 02_preemphasis" in printed
    for name in names:
        assert plt.imread(out / name).shape[1] >= 900


@pytest.mark.parametrize(
    ("samples", "arguments", "words"),
    [
        (np.zeros((4000, 2)), [], "2 channels; traces are made from one"),
        (np.zeros(61 * 8000), [], "61.0 s; a trace is drawn of at most 60 s"),
        (np.zeros(100), ["--convention", "kaldi"], "give no frame"),
        (np.zeros(4000), ["--convention", "kaldy"], "--convention: unknown convention 'kaldy'; did you mean 'kaldi'"),
    ],
)
def test_what_is_not_drawn(tmp_path, capsys, samples, arguments, words):
    soundfile.write(tmp_path / "x.wav", samples, 8000)
    out = tmp_path / "out"
    assert command.main(["--audio", str(tmp_path / "x.wav"), "--out", str(out), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and words in error and error.count("\n") == 1
    assert not out.exists()


def test_a_bad_output_folder_is_refused_before_the_work(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(command, "read_recording", lambda path: pytest.fail("the work has begun"))
    assert command.main(["--out", str(tmp_path / "file")]) == 2
    assert "file: is a file; a folder is expected" in capsys.readouterr().err


def test_an_output_folder_deleted_meanwhile_is_noticed(tmp_path, monkeypatch, capsys):
    def draw_and_lose(out, t):
        (out / "01_waveform.png").parent.mkdir(exist_ok=True)
        return [out / "01_waveform.png"]

    monkeypatch.setattr(command, "draw", draw_and_lose)
    assert command.main(["--out", str(tmp_path / "out")]) == 2
    assert "01_waveform.png: was written, but has disappeared" in capsys.readouterr().err


def test_help_names_the_choices_the_default_and_an_example(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: python -m experiments.trace --audio" in text and "default: librosa" in text and "kaldi" in text


def test_numpy_numba_and_matplotlib_are_enough(tmp_path):
    program = (
        "import sys\n"
        "for name in ('torch', 'scipy', 'sklearn', 'tqdm', 'librosa'): sys.modules[name] = None\n"
        "from experiments.figures.trace.command import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "--convention", "whisper", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "SYNTHETIC" in done.stdout and (tmp_path / "pipeline.png").exists()
