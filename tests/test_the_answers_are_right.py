"""The answer key has an answer to every question of the labs, and its numbers are what code computes."""

import re
import warnings

import numpy as np
import pytest
import scipy.optimize
import scipy.signal

import dsp
from experiments.coursework import course_profile
from experiments.coursework.labs.alignment import cheapest_path
from experiments.coursework.labs.conventions import convention_of
from experiments.coursework.labs.vowels import SAMPLE_RATE, glide, word
from experiments.coursework.notebooks import cells_of, script_of
from experiments.coursework.tasks import LABS
from experiments.data.synthetic import VOICES, synthesize
from tests.conftest import ROOT

COURSE = convention_of(course_profile.load())


def answers() -> dict[tuple[int, int], str]:
    """The text of every answer, by lab and question."""
    text = (ROOT / "experiments" / "coursework" / "answers.md").read_text(encoding="utf-8")
    found = {}
    for lab, section in re.findall(r"^## Lab (\d+)[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        for number, answer in re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", section, re.MULTILINE | re.DOTALL):
            found[int(lab), int(number)] = " ".join(answer.split())
    return found


def questions(lab: int) -> list[int]:
    """The numbers of a lab's questions: those under its heading "Questions", or "(1)" in paragraphs "Think."."""
    text = "\n\n".join(
        text for kind, text in cells_of(script_of(lab).read_text(encoding="utf-8")) if kind == "markdown"
    )
    if "## Questions" in text:
        listed = text.partition("## Questions")[2].partition("## Your function")[0]
        return [int(number) for number in re.findall(r"^(\d+)\. ", listed, re.MULTILINE)]
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.startswith("**Think.**")]
    return [int(number) for paragraph in paragraphs for number in re.findall(r"\((\d+)\)\s", paragraph)]


@pytest.mark.parametrize("lab", LABS)
def test_every_question_has_an_answer(lab):
    numbers = questions(lab)
    assert len(numbers) >= 4
    assert numbers == sorted(numbers) == list(range(1, len(numbers) + 1))
    assert [number for number_of, number in answers() if number_of == lab] == numbers
    heading = cells_of(script_of(lab).read_text(encoding="utf-8"))[0][1].splitlines()[0]
    assert f"#{heading}\n" in (ROOT / "experiments" / "coursework" / "answers.md").read_text(encoding="utf-8")


def peaks_of_two_tones(window) -> int:
    """In how many of 32 phases the spectrum of tones at 1000 and 1060 Hz shows two peaks."""
    n, count = np.arange(400), 0
    for phase in np.arange(0, 2 * np.pi, 0.2):
        tones = np.sin(2 * np.pi * 1000 * n / 16000) + np.sin(2 * np.pi * 1060 * n / 16000 + phase)
        spectrum = np.abs(np.fft.rfft(tones * window, 16384))[970 * 16384 // 16000 : 1090 * 16384 // 16000]
        count += len(scipy.signal.find_peaks(spectrum, height=spectrum.max() / 2)[0]) == 2
    return count


def period_at(signal, middle_s: float) -> int:
    """The samples of one period, by autocorrelation."""
    piece = signal[int((middle_s - 0.02) * 16000) :][:640] * np.hanning(640)
    return 60 + int(np.argmax(np.correlate(piece, piece, "full")[639:][60:200]))


def fewest_points(n_mels: int) -> int:
    """The fewest points with which no filter up to 8 kHz is empty, and with no longer transform either."""
    empty = []
    for n_fft in range(400, 800):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not dsp.mel_filterbank(n_mels, n_fft, 16000, scale="htk").any(axis=1).all():
                empty.append(n_fft)
    return max(empty) + 1


def first_width(n_mels: int) -> float:
    mel = 2595 * np.log10(1 + 8000 / 700)
    return 700 * (10 ** (2 * mel / (n_mels + 1) / 2595) - 1)


def mean_correlation(log_mel) -> float:
    return np.abs(np.corrcoef(dsp.dct_matrix(26, 26) @ log_mel))[np.triu_indices(26, 1)].mean()


def zeros_of_delta(width: int) -> list[float]:
    f, n = np.linspace(1, 49, 48001), np.arange(1, width // 2 + 1)
    H = n @ np.sin(2 * np.pi * np.outer(n, f) / 100)
    return [f"{zero:.0f}" for zero in f[:-1][np.sign(H[1:]) != np.sign(H[:-1])]]


def derivative_ends(share: float) -> float:
    return scipy.optimize.brentq(lambda f: np.sinc(2 * f / 100) - share, 1, 40)


def traces_of_the_telephone() -> list[str]:
    """Where CMN leaves traces of the telephone, and how many bands are near the floor there."""
    spoken = synthesize(VOICES[0], 1, "neutral")
    telephone = 0.2 * dsp.preemphasis(spoken, 0.9)
    away = np.linalg.norm(
        *[dsp.cmn(dsp.mfcc(telephone, 16000, COURSE)) - dsp.cmn(dsp.mfcc(spoken, 16000, COURSE))], axis=0
    )
    (frames,) = np.nonzero(away > 15)
    near = (dsp.log_mel(telephone, 16000, COURSE) < np.log(1e-10) + 1).mean(axis=0)
    before, after = frames[frames < 60].max(), frames[frames > 60].min()
    assert near[before + 1 : after].max() < 0.1 < near[[0, before, after, -1]].min()
    return [f"frames 0 to {before} and from {after} on", f"up to {100 * near.max():.0f} %"]


def gain_db(a: float, f: float, rate: float) -> float:
    return 20 * np.log10(abs(1 - a * np.exp(-2j * np.pi * f / rate)))


def rounding_noise() -> float:
    return np.sum(dsp.hamming(400) ** 2) * 2.0**-30 / 12


def speech_among_silence() -> list[str]:
    """Mean and deviation of c0 after CMVN over the speech, without and with two seconds of faint noise behind it."""
    spoken = synthesize(VOICES[0], 3, "neutral")
    faint = np.append(spoken, 1e-4 * np.random.default_rng(0).standard_normal(32000))
    c0 = [dsp.cmvn(dsp.mfcc(signal, 16000, COURSE))[0, 5:125] for signal in (spoken, faint)]
    return [f"from {c0[0].mean():.2f} to {c0[1].mean():.2f}", f"from {c0[0].std():.2f} to {c0[1].std():.2f}"]


def word_distances(a: tuple, b: tuple) -> tuple[float, float]:
    """Stretched evenly, and warped."""
    x, y = (dsp.mfcc(word(*recording), SAMPLE_RATE, COURSE) for recording in (a, b))
    d = np.linalg.norm(x[:, :, None] - y[:, None, :], axis=0)
    i, j = (np.round(np.linspace(0, n - 1, max(d.shape))).astype(int) for n in d.shape)
    return d[i, j].sum() / sum(d.shape), cheapest_path(d)[0][-1, -1] / sum(d.shape)


FAST, SLOW = (0.15, 0.15, 0.2), (0.4, 0.15, 0.3)
AIO, AIO_SLOW, AEO = ("aio", FAST, 115, 1.0), ("aio", SLOW, 115, 1.0), ("aeo", FAST, 115, 1.0)
AIO_WOMAN = ("aio", FAST, 205, 1.16)


def both(other) -> tuple[float, float]:
    return word_distances(AIO, other)


NUMBERS = {
    (1, 1): lambda: [f"One frame each{'.' * (dsp.count_frames(400, 400, 160, 'valid') == 1)}", f"{160 - 1} for"],
    (1, 3): lambda: [
        f"two peaks in {peaks_of_two_tones(np.ones(400))} cases",
        f"the Hann window in {peaks_of_two_tones(dsp.hann(400))}",
        f"bins of {16000 // 400} Hz",
        f"{60 / 40} bins apart",
    ],
    (1, 4): lambda: [
        f"{dsp.count_frames(16000, 400, 160, 'pad tail')} frames instead of 98 of 16000",
        f"as many, {dsp.count_frames(16080, 400, 160, 'valid')}, of 16080",
        f"already {dsp.count_frames(400, 400, 160, 'symmetric')} frames instead of 1",
        f"already {dsp.count_frames(400, 400, 160, 'center, zeros')} frames instead of 1",
    ],
    (2, 3): lambda: [f"= {16 * 25**2}$ multiplications", f"= {4 * 400 // 2}$;", f"cost {400**2}"],
    (3, 1): lambda: [
        f"{period_at(synthesize(VOICES[0], 1, 'surprise'), 0.6) / 16:.1f} ms",
        f"{16000 / period_at(synthesize(VOICES[0], 1, 'surprise'), 0.6):.0f} Hz",
    ],
    (4, 3): lambda: [f"{(1000 - 300) / (3400 - 300) * 8000:.0f} Hz"],
    (4, 4): lambda: [f"{fewest_points(128)} points.", f"{fewest_points(128) - 1} points", f"{first_width(128):.1f} Hz"],
    (5, 3): lambda: [f"is {mean_correlation(dsp.log_mel(glide(pitch=125), 16000, COURSE)):.2f} instead of"],
    (6, 1): lambda: ["Near {}, {} and {} Hz".format(*zeros_of_delta(9)), f"up to {derivative_ends(0.9):.1f} Hz"],
    (6, 6): traces_of_the_telephone,
    (7, 1): lambda: [f"becomes {255 * 0.5}", f"becomes {255 / 6}", f"`np.round` gives {np.round(255 / 6):.0f}",
                     f"MATLAB gives {np.floor(255 / 6 + 0.5):.0f}", f"both give {np.round(127.5):.0f}"],
    (9, 1): lambda: [f"= {gain_db(0.97, 0, 1):.1f}$ dB", f"= {gain_db(0.97, 0.5, 1):.1f}$ dB"],
    (9, 2): lambda: [f"{16000 / (2 * np.pi) * np.arccos(0.97 / 2):.0f} Hz"],
    (9, 3): lambda: [
        f"{gain_db(0.97, 1000, 8000):.1f}$ dB", f"{gain_db(0.97, 1000, 44100):.1f}$ dB",
        f"{gain_db(0.97, 1000, 8000) - gain_db(0.97, 1000, 44100):.1f} dB apart",
    ],
    (10, 1): lambda: [f"{20 * np.log10(2):.2f} dB", f"{2 * np.log(2):.3f}"],
    (10, 2): lambda: [f"{10 * np.log10(1.19e-7 / 1e-10):.1f} dB", f"{np.log(1.19e-7 / 1e-10):.2f} natural"],
    (10, 4): lambda: [f"{np.sum(dsp.hamming(400) ** 2):.1f}", f"{rounding_noise() * 1e8:.2f} \\cdot 10^{{-8}}",
                      f"{rounding_noise() / 1e-10:.0f} times",
                      f"{100 * -np.expm1(-1e-10 / rounding_noise()):.1f} % of them"],
    (10, 5): lambda: [f"{np.log(2):.3f}"],
    (11, 1): lambda: [f"{100 * (1 - np.sqrt(1 - 1 / 100)):.1f} % for $T = 100$"],
    (11, 4): speech_among_silence,
    (12, 3): lambda: [f"By {both(AIO_SLOW)[0] - both(AEO)[0]:.1f}: {both(AEO)[0]:.1f}",
                      f"{both(AIO_SLOW)[0]:.1f} for his slow",
                      f"nearer: {both(AIO_SLOW)[1]:.1f} instead of {both(AEO)[1]:.1f}"],
    (12, 4): lambda: [f"is {both(AIO_WOMAN)[1]:.1f} away", f"same voice {both(AEO)[1]:.1f}"],
}  # fmt: skip


@pytest.mark.parametrize(("lab", "question"), NUMBERS)
def test_the_numbers_are_computed(lab, question):
    text = answers()[lab, question]
    for number in NUMBERS[lab, question]():
        assert number in text, number


@pytest.mark.slow
def test_what_standardizing_all_files_first_changes_in_lab_8():
    from sklearn.svm import SVC

    from experiments.data.corpora import CASIA_EMOTIONS

    files = [(v, s, e) for v in VOICES for s in range(10) for e in CASIA_EMOTIONS]
    features = np.array([dsp.mfcc(synthesize(*file), 16000, "wang_cl").mean(axis=1) for file in files])
    z = (features - features.mean(axis=0)) / features.std(axis=0)
    speaker, emotion = np.array([v.name for v, *_ in files]), np.array([e for *_, e in files])
    scores = []
    for name in np.unique(speaker):
        inside = speaker == name
        scores.append(SVC(C=10).fit(z[~inside], emotion[~inside]).score(z[inside], emotion[inside]))
    assert f"to {100 * np.mean(scores):.1f} %" in answers()[8, 6]
