"""The doctor names the features that tutorials stack, row group by row group, and tells no story of other rows.

The features are computed by librosa and python_speech_features themselves.
"""

import librosa
import numpy as np
import pytest
import python_speech_features

import dsp
from dsp.chroma import count_deviations
from dsp.doctor import compare, identify
from dsp.doctor.report import comparison_text, diagnosis_dict, diagnosis_text
from dsp.doctor.search.changes import Oriented
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.row_groups import stacked_rows, stacked_statistics
from dsp.doctor.search.stage_cache import StageCache

RATE = 16_000
FEATURE = librosa.feature
TIME_LIMIT = 600.0  # a safety net


class Features:
    """librosa's features of a clip in single precision, as tutorials compute them."""

    def __init__(self, x):
        self.x = x
        self.y = y = x.astype(np.float32)
        S = np.abs(librosa.stft(y))
        self.mfcc = FEATURE.mfcc(y=y, sr=RATE, n_mfcc=40)
        self.chroma = FEATURE.chroma_stft(S=S, sr=RATE)
        self.mel = FEATURE.melspectrogram(y=y, sr=RATE)
        self.level = librosa.power_to_db(self.mel, ref=np.max)
        self.contrast = FEATURE.spectral_contrast(S=S, sr=RATE)
        self.tonnetz = FEATURE.tonnetz(chroma=FEATURE.chroma_stft(y=y, sr=RATE))
        self.zcr, self.rms = FEATURE.zero_crossing_rate(y), FEATURE.rms(y=y)
        self.shape = [
            FEATURE.spectral_centroid(y=y, sr=RATE),
            FEATURE.spectral_bandwidth(y=y, sr=RATE),
            FEATURE.spectral_rolloff(y=y, sr=RATE),
            FEATURE.spectral_flatness(y=y),
        ]


@pytest.fixture(scope="module")
def of(utterance):
    return Features(utterance)


@pytest.fixture(scope="module")
def other(utterance):
    """Another clip of the same length."""
    return Features(np.round(np.roll(utterance, 4000) * np.linspace(0.2, 1, utterance.size) * 32_768) / 32_768)


def deltas(f):
    m = f.mfcc[:13]
    return [m, FEATURE.delta(m), FEATURE.delta(m, order=2), f.chroma]


def psf_both(f):
    return np.hstack([python_speech_features.mfcc(f.x, RATE), python_speech_features.logfbank(f.x, RATE)])


STACKS = {  # features -> sentences
    "mfcc, chroma, mel": (
        lambda f: np.vstack([f.mfcc, f.chroma, f.mel]),
        ("rows 0 to 39: 40 MFCC of librosa", "rows 40 to 51: chroma_stft", "rows 52 to 179: mel power of librosa"),
    ),
    "time first": (
        lambda f: np.vstack([f.mel, f.mfcc[:20], f.chroma]).T,
        ("rows 0 to 127: mel power", "rows 128 to 147: 20 MFCC of librosa", "rows 148 to 159: chroma_stft"),
    ),
    "zcr, rms, mfcc": (
        lambda f: np.vstack([f.zcr, f.rms, f.mfcc[:13]]),
        ("row 0: zero-crossing rate", "row 1: RMS", "rows 2 to 14: 13 MFCC"),
    ),
    "mfcc, rms, zcr": (
        lambda f: np.vstack([f.mfcc[:13], f.rms, f.zcr]),
        ("rows 0 to 12: 13 MFCC", "row 13: RMS", "row 14: zero-crossing rate"),
    ),
    "everything of a spectrum": (
        lambda f: np.vstack([*f.shape, f.contrast, f.tonnetz, f.level]),
        (
            "row 0: spectral centroid",
            "row 1: spectral bandwidth",
            "row 2: spectral roll-off",
            "row 3: spectral flatness",
            "rows 4 to 10: spectral contrast",
            "rows 11 to 16: tonnetz",
            "rows 17 to 144: mel levels of librosa in dB below the maximum",
        ),
    ),
    "deltas": (
        lambda f: np.vstack(deltas(f)),
        ("rows 13 to 25: deltas of 13 MFCC", "rows 26 to 38: deltas of deltas of 13 MFCC", "rows 39 to 50: chroma"),
    ),
    "hop 160": (
        lambda f: np.vstack(
            [FEATURE.mfcc(y=f.y, sr=RATE, n_mfcc=13, hop_length=160), FEATURE.rms(y=f.y, hop_length=160)]
        ),
        ("rows 0 to 12: 13 MFCC", "row 13: RMS", "a hop of 160"),
    ),
    "frames of 512": (
        lambda f: np.vstack(
            [
                FEATURE.chroma_stft(y=f.y, sr=RATE, n_fft=512, hop_length=160),
                FEATURE.mfcc(y=f.y, sr=RATE, n_mfcc=13, n_fft=512, hop_length=160),
            ]
        ),
        ("rows 0 to 11: chroma_stft", "rows 12 to 24: 13 MFCC", "frames have 512 samples and a hop of 160"),
    ),
    "another tool": (
        psf_both,
        ("rows 0 to 12: 13 MFCC of python_speech_features", "rows 13 to 38: log-mel values of python_speech"),
    ),
}


def test_a_tuning_that_single_precision_may_choose_is_recognized(utterance):
    """Where two tunings are as frequent as can be, librosa's single precision may take the other one."""
    x = utterance[:20_000]
    S = np.abs(librosa.stft(x, n_fft=512, hop_length=160)) ** 2
    edges, counts = count_deviations(S, RATE, 12, 0.01)
    first, second = np.argsort(-counts, kind="stable")[:2]
    assert counts[second] >= counts[first] - 2 and edges[first] == dsp.estimate_tuning(S, RATE)
    rows = FEATURE.chroma_stft(S=S, sr=RATE, tuning=edges[second])
    said = diagnosis_text(identify(rows, x, RATE, TIME_LIMIT))
    assert f"rows 0 to 11: chroma_stft of librosa, 12 classes, tuned by {edges[second]:.2f} as single" in said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", STACKS)
def test_every_group_of_a_stack_is_named(case, of, utterance):
    compute, sentences = STACKS[case]
    features = compute(of)
    found = identify(features, utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.kind, found.left_open) == ("exact", "stack", None)
    assert found.residual < 1e-5 and found.transposed == (case in ("time first", "another tool"))
    text = diagnosis_text(found)
    for sentence in sentences:
        assert sentence in text, text
    assert not any("not recognized" in note for note in found.notes)
    assert diagnosis_dict(found)["verdict"] == "exact"


def test_two_stacks_are_compared_by_name(of, utterance):
    """More rows than frames, so that the shapes alone would take rows for frames."""
    a = np.vstack([of.mfcc, of.chroma, of.mel])
    for b, only in (
        (np.vstack([of.mel, of.mfcc, of.chroma]), "b.npy: rows 128 to 167: 40 MFCC of librosa"),
        (np.vstack([of.mfcc, of.chroma]), "a.npy: rows 52 to 179: mel power of librosa, 128 bands"),
        (of.mfcc[:13].T, "b.npy: rows 0 to 12: cepstra of librosa"),
    ):
        found = compare(a, b, utterance, RATE, ("a.npy", "b.npy"))
        assert found.verdict == "explained" and only in found.findings, found.findings
        assert not found.change and "lags" not in comparison_text(found) and "cut" not in comparison_text(found)


def test_two_vectors_are_compared(of, utterance):
    mean_of_13, mean_of_20 = of.mfcc[:13].mean(axis=1), of.mfcc[:20].mean(axis=1)
    found = compare(mean_of_13, mean_of_20, utterance, RATE, ("a.npy", "b.npy"))
    assert found.verdict == "explained"
    assert any("a.npy" in one and "the mean over time of 13 MFCC of librosa" in one for one in found.findings)
    gained = compare(2 * mean_of_20, mean_of_20, names=("a.npy", "b.npy"))
    assert gained.verdict == "explained" and "gain 2" in gained.findings[0]
    assert "a.npy has shape (20,): a vector, read as one row" in gained.remarks


def test_a_single_row_is_named(of, utterance):
    for row, name in ((of.rms, "row 0: RMS"), (of.zcr.T, "row 0: zero-crossing rate")):
        found = identify(row, utterance, RATE, TIME_LIMIT)
        assert found.verdict == "unexplained" and name in found.notes
        assert not any("statistics over time" in note or "nearest are" in note for note in found.notes)


def mean(x):
    return x.mean(axis=1)


VECTORS = {
    "180": (
        lambda f: [mean(f.mfcc), mean(f.chroma), mean(f.mel)],
        (
            "rows 0 to 39: the mean over time of 40 MFCC of librosa",
            "rows 40 to 51: the mean over time of chroma_stft",
            "rows 52 to 179: the mean over time of mel power",
        ),
    ),
    "zcr first": (
        lambda f: [mean(f.zcr), mean(f.chroma), mean(f.mfcc[:20]), mean(f.rms), mean(f.mel)],
        (
            "row 0: the mean over time of zero-crossing rate",
            "rows 13 to 32: the mean",
            "row 33: the mean over time of RMS",
        ),
    ),
    "means and deviations": (
        lambda f: [mean(f.mfcc), f.mfcc.std(axis=1), mean(f.contrast), f.contrast.std(axis=1)],
        (
            "rows 40 to 79: the standard deviation over time of 40 MFCC",
            "rows 80 to 86: the mean over time of spectral contrast",
            "rows 87 to 93: the standard deviation over time of spectral contrast",
        ),
    ),
    "beside Kaldi": (
        lambda f: [mean(dsp.mfcc(f.x, RATE, "kaldi")), mean(f.chroma)],
        ("rows 0 to 12: the mean over time of 13 MFCC of kaldi", "rows 13 to 24: the mean over time of chroma_stft"),
    ),
    "as text": (
        lambda f: [np.round(np.hstack([mean(f.mfcc), mean(f.chroma)]), 6)],
        ("rows 0 to 39: the mean over time of 40 MFCC", "rows 40 to 51: the mean over time of chroma_stft"),
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", VECTORS)
def test_every_group_of_a_vector_is_named(case, of, utterance):
    compute, sentences = VECTORS[case]
    found = identify(np.hstack(compute(of)), utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.kind) == ("explained up to a class", "stack")
    assert "statistics over time" in found.left_open
    for sentence in sentences:
        assert any(sentence in note for note in found.notes), found.notes


@pytest.mark.filterwarnings("ignore")
def test_what_is_unknown_is_said_and_leaves_the_stack_unexplained(of, utterance, rng):
    """librosa's own tonnetz starts from another transform."""
    parts = [mean(of.mfcc), mean(of.chroma), mean(of.mel), mean(of.contrast), rng.standard_normal(6)]
    stack = np.vstack([of.zcr, rng.standard_normal(of.rms.shape), of.mfcc[:13]])
    for features, unknown in ((np.hstack(parts), "rows 187 to 192"), (stack, "row 1")):
        found = identify(features, utterance, RATE, TIME_LIMIT)
        assert found.verdict == "unexplained" and found.differences == {}
        assert f"{unknown}: not recognized" in found.notes
        assert any("MFCC of librosa" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore")
def test_a_single_feature_is_named_and_no_convention(of, utterance):
    for features, words in (
        (of.chroma, "rows 0 to 11: chroma_stft"),
        (of.contrast.T, "rows 0 to 6: spectral contrast"),
    ):
        found = identify(features, utterance, RATE, TIME_LIMIT)
        assert found.verdict == "unexplained" and found.seconds < 120
        assert words in found.notes[0]


@pytest.mark.filterwarnings("ignore")
def test_plain_features_are_left_to_the_search(of, utterance):
    for features in (of.mfcc[:13], np.vstack(deltas(of)[:3]), of.level):
        found = identify(features, utterance, RATE, TIME_LIMIT)
        assert (found.verdict, found.nearest) == ("exact", "librosa") and found.kind != "stack"


def groups_of(features, signal):
    """What is recognized in a matrix or a vector, without any other search."""
    cache = StageCache(signal, RATE)
    if features.ndim == 1:
        return stacked_statistics(features, cache, 2.0**-52, Deadline.for_search())
    orientations = [Oriented(features, False), Oriented(features.T, True)]
    return stacked_rows(orientations, cache, 2.0**-52, Deadline.for_search())


@pytest.mark.filterwarnings("ignore")
def test_noise_another_clip_and_constants_are_nothing(of, other, utterance):
    n_frames = of.mfcc.shape[1]
    foreign = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        foreign += [rng.standard_normal((15, n_frames)), 50 * rng.standard_normal(193), rng.random(180) ** 8]
    foreign += [np.vstack([other.zcr, other.rms, other.mfcc]), np.hstack([mean(other.mfcc), mean(other.mel)])]
    foreign += [np.zeros((14, n_frames)), np.ones(180), np.zeros(180), np.repeat(of.mfcc[:1], 20, axis=0)[:, ::-1]]
    foreign += [of.mfcc[:, ::-1], 1.01 * of.mfcc, of.mfcc + 0.1 * of.mfcc.std(axis=1, keepdims=True)]
    for features in foreign:
        found = groups_of(features, utterance)
        assert found is None, found.sentences()


@pytest.mark.filterwarnings("ignore")
def test_few_frames_and_tiny_clips_end_quietly(utterance, rng):
    for n in (1, 2000):
        for features in (rng.standard_normal((14, 1 + n // 160)), rng.standard_normal(180)):
            assert groups_of(features, utterance[4000 : 4000 + n]) is None
    work = Deadline.for_search(effort=1e-9)
    work.work.done = 1.0
    assert (
        stacked_rows([Oriented(rng.standard_normal((9, 53)), False)], StageCache(utterance, RATE), 1e-9, work) is None
    )
