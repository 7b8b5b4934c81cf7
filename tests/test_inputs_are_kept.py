"""A corpus's inputs are computed once: what changed, broke or is missing is computed again, and nothing else."""

import json
import multiprocessing
import os
from dataclasses import replace

import numpy as np
import pytest

from dsp import CONVENTIONS
from experiments.data.corpora import Corpus, CorpusError, emodb, ravdess
from experiments.data.leakage import digests
from experiments.data.recordings import read_mono, survey
from experiments.inputs import cache, yadav_crnn
from experiments.inputs.cache import load
from experiments.inputs.front_end import SAMPLE_RATE, FrontEnd

N = 6
CALLS = []


def loudness(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """A quick front end that says when it is called; the probe of FrontEnd.identity is not counted."""
    if signal.size != 2 * SAMPLE_RATE:
        CALLS.append(signal.size)
        if signal[0] > 0.9:
            raise ValueError("begins too loud, below 0.9 is expected")
    return np.array([[np.abs(signal).max(), sample_rate, signal.mean()]], np.float32)


def doubled(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    return 2 * loudness(signal, sample_rate)


def interrupted(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    if signal.size == 1004:
        raise KeyboardInterrupt
    return loudness(signal, sample_rate)


def killed(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    if signal.size == 1004:
        os._exit(9)
    return loudness(signal, sample_rate)


QUICK = FrontEnd("quick", 1, CONVENTIONS["librosa"], (1, 3), loudness)


@pytest.fixture
def corpus(write_wav, rng) -> Corpus:
    """File i has 1000 + i samples."""
    paths = tuple(write_wav(f"wavs/{i}.wav", rng.uniform(-0.5, 0.5, 1000 + i)) for i in range(N))
    return Corpus("made_up", ("x", "y"), paths, np.arange(N) % 2)


@pytest.fixture
def keep(tmp_path, corpus):
    """keep(front_end) -> (features, which files were computed)."""

    def once(front_end: FrontEnd = QUICK, of: Corpus = corpus):
        CALLS.clear()
        features, _ = load(of, front_end, tmp_path / "kept", workers=1)
        return features, [size - 1000 for size in CALLS]

    return once


def expected(corpus: Corpus) -> np.ndarray:
    return np.stack([loudness(*read_mono(path)[:2]) for path in corpus.paths])


def test_a_second_call_computes_nothing(corpus, keep, tmp_path, capsys):
    features, computed = keep()
    assert computed == list(range(N))
    np.testing.assert_array_equal(features, expected(corpus))
    assert features.dtype == np.float32 and not features.flags.writeable
    printed = capsys.readouterr().out
    assert f"made_up: {N} files at 16000 Hz\n" in printed
    assert f"made_up-quick: 0 files kept, {N} computed in" in printed
    again, computed = keep()
    assert computed == [] and "computed" not in capsys.readouterr().out
    np.testing.assert_array_equal(again, features)
    assert sorted(path.name for path in (tmp_path / "kept").glob("[!.]*")) == [
        "made_up-quick.json",
        "made_up-quick.npy",
    ]


def test_contents_come_along(corpus, tmp_path):
    _, content = load(corpus, QUICK, tmp_path, workers=1)
    np.testing.assert_array_equal(content, digests([read_mono(path)[0] for path in corpus.paths]))
    assert len(set(content)) == N


def test_a_changed_file_is_computed_again(corpus, keep, write_wav, capsys):
    keep()
    write_wav("wavs/2.wav", np.full(1002, 0.25))
    features, computed = keep()
    assert computed == [2] and features[2, 0, 0] == 0.25
    np.testing.assert_array_equal(features, expected(corpus))
    assert f"{N - 1} files kept, 1 computed" in capsys.readouterr().out
    samples = read_mono(corpus.paths[3])[0]
    write_wav("wavs/3.wav", samples, rate=8000)  # the same samples, another rate
    features, computed = keep()
    assert computed == [3] and features[3, 0, 1] == 8000


def test_files_in_another_order(corpus, keep):
    keep()
    features, computed = keep(of=replace(corpus, paths=corpus.paths[::-1]))
    assert computed == list(range(N))[::-1]
    np.testing.assert_array_equal(features, expected(corpus)[::-1])


@pytest.mark.parametrize(
    "other",
    [
        replace(QUICK, version=2),
        replace(QUICK, convention=CONVENTIONS["librosa_htk"]),
        replace(QUICK, features=doubled),  # code that has changed, and nobody raised the version
    ],
    ids=["version", "convention", "code"],
)
def test_another_front_end_of_the_same_name(keep, other, corpus):
    keep()
    features, computed = keep(other)
    assert computed == list(range(N))
    np.testing.assert_array_equal(features, expected(corpus) * (2 if other.features is doubled else 1))


def test_another_name_is_another_file(keep):
    keep()
    assert keep(replace(QUICK, name="other"))[1] == list(range(N))
    assert keep()[1] == []


def test_more_or_fewer_files(corpus, keep):
    keep()
    fewer = replace(corpus, paths=corpus.paths[:4])
    features, computed = keep(of=fewer)
    assert computed == [0, 1, 2, 3] and features.shape == (4, 1, 3)


def flip_a_bit_of_row_3(path):
    content = bytearray(path.read_bytes())
    content[-(N - 3) * 12 + 5] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "again", "message"),
    [
        (flip_a_bit_of_row_3, [3], f"damaged, 1 of {N} rows"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), list(range(N)), "damaged"),
        (lambda path: path.write_bytes(b""), list(range(N)), "damaged"),
        (lambda path: path.write_bytes(b"nonsense" * 20), list(range(N)), "damaged"),
        (lambda path: path.unlink(), list(range(N)), "damaged"),
        (lambda path: path.with_suffix(".json").write_text("[[1,"), list(range(N)), "damaged"),
        (lambda path: path.with_suffix(".json").write_text('{"a": 1}'), list(range(N)), "damaged"),
        (lambda path: path.with_suffix(".json").write_text("[7]"), list(range(N)), "damaged"),
        (lambda path: path.with_suffix(".json").unlink(), list(range(N)), "computed"),
        (lambda path: np.save(path, np.zeros((N, 1, 3))), list(range(N)), "computed"),
    ],
)
def test_damaged(corpus, keep, tmp_path, capsys, harm, again, message):
    keep()
    path = tmp_path / "kept" / "made_up-quick.npy"
    harm(path)
    capsys.readouterr()
    features, computed = keep()
    lines = [line for line in capsys.readouterr().out.splitlines() if message in line]
    assert computed == again and len(lines) == 1 and path.stem in lines[0]
    np.testing.assert_array_equal(features, expected(corpus))
    assert keep()[1] == []


def test_interrupted(corpus, keep, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        keep(replace(QUICK, features=interrupted))
    assert [row is not None for row in json.loads((tmp_path / "kept" / "made_up-quick.json").read_text())] == [
        True, True, True, True, False, False,
    ]  # fmt: skip
    features, computed = keep()
    assert computed == [4, 5]
    np.testing.assert_array_equal(features, expected(corpus))


def test_killed(corpus, keep, monkeypatch):
    """Without a chance to clean up: what was noted, every `BLOCK` rows, is kept."""
    monkeypatch.setattr(cache, "BLOCK", 3)
    child = multiprocessing.get_context("fork").Process(target=keep, args=(replace(QUICK, features=killed),))
    child.start()
    child.join()
    assert child.exitcode == 9
    features, computed = keep()
    assert computed == [3, 4, 5]
    np.testing.assert_array_equal(features, expected(corpus))


def test_a_killed_worker(corpus, keep, tmp_path):
    with pytest.raises(OSError, match="a worker process was killed"):
        load(corpus, replace(QUICK, features=killed), tmp_path / "kept", workers=2)
    np.testing.assert_array_equal(keep()[0], expected(corpus))


def test_bad_files_are_named_and_the_others_kept(corpus, keep, write_wav):
    for i in (1, 4):
        write_wav(f"wavs/{i}.wav", np.full(1000 + i, 0.95))
    with pytest.raises(CorpusError, match=r"1.wav: begins too loud, .* expected \(and 1 more bad files\)") as caught:
        keep()
    assert "\n" not in str(caught.value)
    write_wav("wavs/1.wav", np.full(1001, 0.5))
    write_wav("wavs/4.wav", np.full(1004, 0.5))
    assert keep()[1] == [1, 4]
    corpus.paths[2].write_bytes(b"")
    with pytest.raises(CorpusError, match=r"2.wav: empty file"):
        keep()


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(16_000), 16_000, "silent: all 16000 samples are 0"),
        (np.ones(400) / 2, 16_000, "1103 samples at 44100 Hz between silences, fewer than a frame of 2048"),
    ],
)
def test_what_the_crnn_cannot_use(write_wav, tmp_path, utterance, samples, rate, message):
    paths = (write_wav("good.wav", utterance), write_wav("bad.wav", samples, rate))
    with pytest.raises(CorpusError, match=f"bad.wav: {message}$"):
        load(Corpus("made_up", ("x",), paths, np.zeros(2, int)), yadav_crnn.ORIGINALS, tmp_path, workers=1)


def test_several_channels_are_mixed_down_and_counted(write_wav, tmp_path, rng, capsys):
    left, right = np.round(rng.uniform(-0.5, 0.5, (2, 1000)) * 32_768) / 32_768
    paths = (write_wav("one.wav", left), write_wav("two.wav", np.stack([left, right], axis=1)))
    signal, sample_rate, n_channels = read_mono(paths[1])
    np.testing.assert_array_equal(signal, (left + right) / 2)
    assert (sample_rate, n_channels) == (16_000, 2)
    corpus = Corpus("made_up", ("x",), paths, np.zeros(2, int))
    assert survey(corpus).channels.tolist() == [1, 2]
    load(corpus, QUICK, tmp_path, workers=1)
    assert "1 with several channels, such as two.wav, mixed down to their mean" in capsys.readouterr().out


def test_workers_and_order_change_nothing(write_wav, tmp_path, utterance):
    paths = tuple(write_wav(f"{i}.wav", utterance[: 9000 + 500 * i] * (i + 1) / 3) for i in range(3))
    corpus = Corpus("made_up", ("x",), paths, np.zeros(3, int))
    alone, _ = load(corpus, yadav_crnn.WITH_COPIES, tmp_path / "alone", workers=1)
    together, _ = load(corpus, yadav_crnn.WITH_COPIES, tmp_path / "together", workers=2)
    backwards, _ = load(replace(corpus, paths=paths[::-1]), yadav_crnn.WITH_COPIES, tmp_path / "backwards", workers=2)
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(alone, backwards[::-1])


@pytest.mark.corpus
def test_what_is_in_the_real_corpora(corpora):
    berlin = survey(emodb(corpora / "emodb"))
    assert len(set(berlin.content)) == 535 and set(berlin.rates) == {16_000} and set(berlin.channels) == {1}
    corpus = ravdess(corpora / "ravdess")
    toronto = survey(corpus)
    assert set(toronto.rates) == {48_000}
    assert "5 with several channels" in toronto.describe(corpus)
    assert sorted(corpus.paths[i].name for i in np.flatnonzero(toronto.channels > 1)) == [
        "03-01-02-01-01-02-01.wav",
        "03-01-02-01-02-02-05.wav",
        "03-01-03-01-02-01-20.wav",
        "03-01-06-01-01-02-20.wav",
        "03-01-08-01-02-02-01.wav",
    ]
    assert len(set(toronto.content)) == 1439
    values, counts = np.unique(toronto.content, return_counts=True)
    twice = np.flatnonzero(toronto.content == values[counts.argmax()])
    assert [corpus.paths[i].name for i in twice] == ["03-01-03-01-02-01-07.wav", "03-01-03-01-02-02-07.wav"]
