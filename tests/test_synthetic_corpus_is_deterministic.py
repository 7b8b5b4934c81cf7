"""Invariants: equal arguments give equal samples; emotions and speakers differ where they are said to."""

import numpy as np
import soundfile

import dsp
from experiments.data.corpora import CASIA_EMOTIONS
from experiments.data.synthetic import EXPRESSIONS, VOICES, _harmonics, synthesize, synthetic_corpus


def test_two_corpora_are_equal_to_the_byte(tmp_path):
    first = synthetic_corpus(tmp_path / "a", n_sentences=2, voices=VOICES[:2])
    second = synthetic_corpus(tmp_path / "b", n_sentences=2, voices=VOICES[:2])
    assert len(first) == 24
    for a, b in zip(first.paths, second.paths, strict=True):
        assert a.read_bytes() == b.read_bytes()
    assert len({path.read_bytes() for path in first.paths}) == 24


def test_a_broken_off_corpus_is_completed(tmp_path):
    corpus = synthetic_corpus(tmp_path, n_sentences=1, voices=VOICES[:1])
    lost, kept = corpus.paths[3], corpus.paths[0]
    content, time = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    synthetic_corpus(tmp_path, n_sentences=1, voices=VOICES[:1])
    assert lost.read_bytes() == content and kept.stat().st_mtime_ns == time


def test_the_layout_is_casias(tmp_path):
    corpus = synthetic_corpus(tmp_path, n_sentences=3, voices=VOICES[:2])
    assert corpus.classes == CASIA_EMOTIONS and np.bincount(corpus.labels).tolist() == [6] * 6
    assert sorted({path.name for path in corpus.paths if "sad" in path.name}) == [f"sad ({k}).wav" for k in range(1, 7)]
    info = soundfile.info(corpus.paths[0])
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert set(corpus.speakers) == {"m1", "f1"} and set(corpus.sentences) == {"0", "1", "2"}


def test_what_the_emotions_do():
    said = {emotion: synthesize(VOICES[0], 1, emotion) for emotion in EXPRESSIONS}
    length = {emotion: signal.size for emotion, signal in said.items()}
    level = {emotion: np.abs(signal).max() for emotion, signal in said.items()}
    assert length["sad"] > 1.2 * length["neutral"] > 1.2 * length["fear"]
    assert level["angry"] > level["neutral"] > level["sad"] and max(level.values()) < 1


def test_harmonics_fall_by_the_tilt():
    levels = dsp.amplitude_to_db(np.abs(dsp.rfft(_harmonics(np.full(16_000, 100.0), -12.0))))
    np.testing.assert_allclose(levels[[200, 400, 800]] - levels[100], [-12, -24, -36], atol=0.01)
    assert levels[150] < levels[100] - 200  # nothing between the harmonics


def test_a_woman_speaks_higher_than_a_man():
    def mean_period(voice):
        signal = synthesize(voice, 0, "neutral")[3000:9000]
        spectrum = np.abs(dsp.rfft(signal, 16_000))[70:400]
        return 70 + spectrum.argmax()

    assert VOICES[1].pitch > VOICES[0].pitch and mean_period(VOICES[1]) > mean_period(VOICES[0])
