"""The doctor finds what a pipeline did beside a convention: to the signal before it, and to the frames after it.

Each case is a call of librosa or a preset, with one change. The verdict must be right, the change must be named, and
where nothing fits there must be no story.
"""

import re
from dataclasses import replace

import librosa
import numpy as np
import pytest
import python_speech_features
import soxr

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import identify
from dsp.doctor.knowledge.floors import constant_sentence, remarks
from dsp.doctor.report import diagnosis_dict, diagnosis_text
from dsp.doctor.search.changes import Oriented, changes, look
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.interpretations import resolution
from dsp.doctor.search.residuals import CLASSES
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.undone import search_changed
from dsp.doctor.search.verdict import predicts

RATE = 16_000
TIME_LIMIT = 600.0  # a safety net


@pytest.fixture(scope="module")
def speech(utterance):
    """Silence, the utterance, silence."""
    return np.concatenate([np.zeros(5000), utterance, np.zeros(7000)]) + 1e-6 * np.random.default_rng(
        0
    ).standard_normal(12_000 + utterance.size)


def mfcc(x, rate=RATE, n=13):
    return librosa.feature.mfcc(y=x, sr=rate, n_mfcc=n)


def stack(x, k, step):
    """k neighboring columns above each other, for every `step` columns."""
    starts = range(0, x.shape[1] - k + 1, step)
    return np.stack([x[:, start : start + k].T.ravel() for start in starts], axis=1)


CHANGES = {  # features of the speech -> the preset, and words of the change
    "frames padded": (lambda x: np.pad(mfcc(x), ((0, 0), (0, 140))), "librosa", "the last 140 frames are constant"),
    "padded at both ends": (
        lambda x: np.pad(mfcc(x), ((0, 0), (3, 20)), constant_values=-1.0),
        "librosa",
        "the first 3 frames are constant (padded or masked) and the last 20 frames are constant",
    ),
    "frames cut": (lambda x: mfcc(x)[:, :40], "librosa", "only the first 40 frames of the clip"),
    "time first, cut": (lambda x: dsp.log_mel(x, RATE, "kaldi").T[:100], "kaldi", "only the first 100 frames"),
    "first samples": (lambda x: mfcc(x[:RATE]), "librosa", "cut to its first 1 s"),
    "zeros appended": (
        lambda x: mfcc(np.append(x, np.zeros(3 * RATE - x.size)), n=20),
        "librosa",
        "padded with zeros to 3 s",
    ),
    "30 s": (
        lambda x: dsp.log_mel(np.append(x, np.zeros(30 * RATE - x.size)), RATE, "whisper"),
        "whisper",
        "padded with zeros to 30 s",
    ),
    "read from 0.5 s on": (lambda x: mfcc(x[RATE // 2 :]), "librosa", "read from 0.5 s on"),
    "offset and duration": (
        lambda x: dsp.mfcc(x[RATE // 4 :][:RATE], RATE, "kaldi"),
        "kaldi",
        "read from 0.25 s on; then it was cut to its first 1 s",
    ),
    "trimmed": (lambda x: mfcc(librosa.effects.trim(x, top_db=25)[0]), "librosa", "silence was trimmed: samples"),
    "a wrong rate": (lambda x: mfcc(x, 22_050), "librosa", "samples at 16000 Hz were taken for samples at 22050 Hz"),
    "two frames stacked": (
        lambda x: stack(dsp.log_mel(x, RATE, "kaldi"), 2, 2).T,
        "kaldi",
        "2 frames of 23 rows stand in each column",
    ),
    "read from 0.2 s on, other frames": (
        lambda x: librosa.feature.mfcc(y=x[3200:], sr=RATE, n_mfcc=13, n_fft=512, hop_length=160, n_mels=40),
        "librosa",
        "read from 0.2 s on",
    ),
    "low frame rate": (
        lambda x: stack(dsp.log_mel(x, RATE, "kaldi"), 7, 6),
        "kaldi",
        "7 frames of 23 rows stand in each column, a column for every 6",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CHANGES)
def test_one_change_is_named(case, speech):
    compute, preset, words = CHANGES[case]
    found = identify(compute(speech), speech, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest) == ("exact", preset)
    assert words in found.change
    assert set(found.differences) <= {"n_mfcc", "n_mels", "n_fft", "frame_length", "hop_length"}
    assert words in diagnosis_text(found) and diagnosis_dict(found)["change"] == found.change


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_change_that_shows_in_the_last_frames_alone(utterance):
    """The preset comes so near without it that a plain search is tried first."""
    clip = utterance[5000:21_200]
    found = identify(mfcc(clip[:RATE]), clip, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest, set(found.differences)) == ("exact", "librosa", {"n_mfcc"})
    assert found.change == "the signal was cut to its first 1 s (16000 samples)"


@pytest.mark.filterwarnings("ignore")
def test_all_frames_of_a_clip_are_no_cut(utterance):
    """Otherwise "cut" to all frames would be the nearest change wherever a preset is near."""
    deadline = Deadline.for_search(TIME_LIMIT)
    for n_missing, is_cut in ((0, False), (3, False), (4, True)):
        features = dsp.log_mel(utterance, RATE, "kaldi")
        oriented = Oriented(features[:, : features.shape[1] - n_missing], False)
        cut = next(changes([oriented], utterance, RATE))
        assert "the features are cut" in cut.sentence
        found = look(cut, deadline, 1e-15)
        assert (found is not None and found.distance < 1e-3) == is_cut  # other presets have more frames, but are far


@pytest.mark.filterwarnings("ignore")
def test_frames_that_are_masked_show_beside_a_near_preset(utterance):
    features = dsp.log_mel(utterance, RATE, "kaldi_fbank")
    features[:, -4:] = 0.0
    orientations = [Oriented(features, False), Oriented(features.T, True)]
    deadline = Deadline.for_search(TIME_LIMIT)
    cache = StageCache(utterance, RATE, work=deadline.work)
    best, change = search_changed(orientations, cache, 1e-15, deadline, 1e-5, 0.17, is_last=True)
    assert best.left_open is None and change.sentence == "the last 4 frames are constant (padded or masked)"


@pytest.mark.filterwarnings("ignore")
def test_padded_frames_of_a_convention_that_is_no_preset(utterance):
    c = replace(CONVENTIONS["python_speech_features"], n_mels=40, lifter=0.0)
    features = np.pad(dsp.mfcc(utterance, RATE, c), ((0, 0), (0, 60)))
    found = identify(features, utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest) == ("exact", "python_speech_features")
    assert set(found.differences) == {"n_mels", "lifter"}
    assert found.change == "the last 60 frames are constant (padded or masked)"


@pytest.mark.filterwarnings("ignore")
def test_masked_and_normalized(speech):
    """The last frame is masked, and every row was normalized before."""
    w = dsp.log_mel(speech, RATE, "whisper")
    v = (w - w.mean(1, keepdims=True)) / w.std(1, keepdims=True)
    v[:, -1] = 0
    found = identify(v, speech, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest) == ("explained up to a class", "whisper")
    assert found.left_open == "a gain and an offset per row"
    assert "the last frame is constant" in found.change


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rate", [22_050, 16_000])
def test_a_resampled_signal(rate, utterance, rng):
    """By a resampler with another filter than ours."""
    x = dsp.resample(utterance, RATE, 44_100)
    x = x + 1e-3 * rng.standard_normal(x.size)
    y = soxr.resample(x, 44_100, rate, quality="HQ")
    found = identify(dsp.mfcc(y, rate, "librosa"), x, 44_100, TIME_LIMIT)
    assert (found.verdict, found.nearest) == ("explained up to a class", "librosa")
    assert found.left_open == "the filter of the resampler"
    assert found.change.startswith(f"the signal was resampled from 44100 to {rate} Hz first, as soxr")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("rate", "declared", "words"),
    [
        (48_000, 48_000, "frames of 1200 samples were cut to the transform of 512"),
        (16_000, 22_050, "taken for samples at 22050 Hz; frames of 551 samples were cut to the transform of 512"),
    ],
)
def test_frames_longer_than_the_transform(rate, declared, words, utterance, rng, caplog):
    """python_speech_features cuts them, with a warning that few read."""
    x = dsp.resample(utterance, RATE, rate)
    x = x + 1e-4 * rng.standard_normal(x.size)
    for features in (
        python_speech_features.mfcc(x, declared),
        python_speech_features.logfbank(x, declared, nfilt=40).T,
    ):
        found = identify(features, x, rate, TIME_LIMIT)
        assert (found.verdict, found.nearest) == ("exact", "python_speech_features")
        assert found.change.endswith(words) and found.differences["frame_length"] == (None, 512)
    assert "frame will be truncated" in caplog.text


@pytest.mark.filterwarnings("ignore")
def test_without_a_change_none_is_named(utterance):
    for c in ("librosa", "kaldi", replace(CONVENTIONS["kaldi"], framing="symmetric", n_mels=40)):
        assert identify(dsp.log_mel(utterance, RATE, c), utterance, RATE, TIME_LIMIT).change is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.float32(-15.942385), "ln(FLT_EPSILON), a floor"),
        (-100.0, "10 log10 1e-10"),
        (np.log(1e-5), "ln(1e-5)"),
        (0.0, "every value is 0"),
        (3.25, "every value is 3.25: nothing can be said"),
    ],
)
def test_a_constant_matrix_is_said_to_be_one(value, words, utterance):
    found = identify(np.full((80, 98), value), utterance, RATE)
    assert found.verdict == "unexplained" and found.differences == {}
    assert words in found.notes[0]
    assert words in diagnosis_text(found)


def test_what_varies_is_not_called_constant(rng):
    assert constant_sentence(-15.9 + 1e-3 * rng.standard_normal((8, 40))) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: -23 + 1e-5 * x, r"every value is -23 but for .*, which is no more than rounding or faint noise"),
        (lambda x: 0 * x + x[:, :1], "the values do not vary along the second axis: if that is time"),
        (lambda x: x[:, :1] + 2e-5 * x, "the values hardly vary along the second axis"),
        (lambda x: 0 * x + x[:1], "the values do not vary along the first axis"),
        (
            lambda x: np.maximum(x, 1.0) - 101.0,
            r"\d\d.* % of the values are alike: each stands at -100, which is 20 log",
        ),
        (lambda x: np.where(np.arange(8)[:, None] == 5, 3.0, x), "row 5 is constant"),
        (lambda x: np.where(np.arange(8)[:, None] > 5, 3.0, x), "rows 6, 7 are constant"),
    ],
    ids=("one value", "rows", "nearly rows", "frames", "a floor", "a row", "two rows"),
)
def test_what_an_unexplained_matrix_shows_by_itself(change, words, rng):
    (remark,) = remarks(change(rng.standard_normal((8, 40))))
    assert re.search(words, remark), remark
    assert remarks(rng.standard_normal((8, 40))) == ()


def test_rows_that_do_not_vary_are_no_evidence():
    """A gain for each row takes any constant row to any other."""
    F, G = np.repeat(np.arange(1.0, 9.0)[:, None], 40, axis=1), np.ones((8, 40))
    for name in CLASSES:
        assert not predicts(F, G, name, np.full(F.shape, 1e-4))


@pytest.mark.filterwarnings("ignore")
def test_gains_and_offsets_alone_explain_nothing(utterance, rng):
    """A gain and an offset per row reproduce any two frames, and any row that stays at one value."""
    two_frames = rng.standard_normal((13, 2))
    flat = np.repeat(rng.standard_normal((80, 1)), 98, axis=1) + 1e-6 * rng.standard_normal((80, 98))
    for features, remark in ((two_frames, None), (flat, "vary along the second axis")):
        found = identify(features, utterance, RATE, TIME_LIMIT, effort=0.2)
        assert found.verdict == "unexplained" and (remark is None or remark in found.notes[-1])


@pytest.mark.filterwarnings("ignore")
def test_unrelated_frames_are_no_part_of_a_clip(utterance, rng):
    other = np.roll(utterance, 4000) * np.linspace(0.2, 1, utterance.size)
    for features in (mfcc(other)[:, :20], np.pad(mfcc(other), ((0, 0), (0, 60))), rng.standard_normal((46, 40))):
        found = identify(features, utterance, RATE, TIME_LIMIT, effort=0.2)
        assert found.verdict == "unexplained" and found.change is None


def test_vectors_are_statistics_over_time(utterance, rng):
    m = mfcc(utterance, n=40)
    for vector, statistics in (
        (m.mean(axis=1), "the mean over time"),
        (np.concatenate([m.mean(axis=1), m.std(axis=1)]), "the mean and the standard deviation over time"),
        (m.max(axis=1)[None], "the maximum over time"),
    ):
        found = identify(vector, utterance, RATE)
        assert (found.verdict, found.nearest, found.convention.n_mfcc) == ("explained up to a class", "librosa", 40)
        assert statistics in found.notes[0] and "other conventions may give the same" in found.notes[0]
    customary = librosa.feature.mfcc(y=utterance, sr=RATE, n_mfcc=13, n_fft=512, hop_length=160, n_mels=40).mean(axis=1)
    found = identify(customary, utterance, RATE)
    assert (found.verdict, found.nearest, found.convention.hop_length) == ("explained up to a class", "librosa", 160)
    assert "librosa with 40 bands, n_fft 512, frames of 512 and a hop of 160" in found.notes[0]
    unknown = identify(rng.standard_normal(40), utterance, RATE)
    assert (
        unknown.verdict == "unexplained"
        and "no preset's features have statistics over time that come near" in unknown.notes[0]
    )


@pytest.mark.filterwarnings("ignore")
def test_axes_of_length_1_are_left_out(utterance):
    found = identify(mfcc(utterance)[None, :, :, None], utterance, RATE)
    assert found.verdict == "exact"
    assert "the shape (1, 13, 53, 1): axes of length 1 were left out" in found.notes[0]


def test_the_rounding_of_numbers_is_seen(utterance, rng):
    """Of bfloat16 by its bits, of a text by its digits; few values and whole numbers may be short by themselves."""
    m = mfcc(utterance)
    upper_half = (m.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    printed = np.array([[float(f"{value:.3g}") for value in row] for row in m])
    assert resolution(upper_half) == 2.0**-7 and resolution(printed) == 0.005
    assert resolution(m) == 2.0**-52 and resolution(m.astype(np.float32)) == 2.0**-23
    assert resolution(np.round(m)) == resolution(rng.integers(0, 4, (13, 60)) / 4) == 2.0**-10


@pytest.mark.filterwarnings("ignore")
def test_three_significant_digits_are_exact(utterance):
    m = mfcc(utterance)
    printed = np.array([[float(f"{value:.3g}") for value in row] for row in m])
    found = identify(printed, utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest, set(found.differences)) == ("exact", "librosa", {"n_mfcc"})


@pytest.mark.filterwarnings("ignore")
def test_half_precision_is_exact(utterance):
    found = identify(mfcc(utterance).astype(np.float16), utterance, RATE, TIME_LIMIT)
    assert (found.verdict, found.nearest, set(found.differences)) == ("exact", "librosa", {"n_mfcc"})
