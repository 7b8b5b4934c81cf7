"""A dataset's items are those of dsp, whichever worker reads them; augmentation repeats; parts share no speaker."""

import json
import multiprocessing
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import dsp
import nets
from dsp.corpus import extract, open_features
from nets.augmentation import POLICIES, AugmentationError, Noise, Reverberation, SpecAugment, Speed, parse_steps

SR = 16_000
LABELS = ("angry", "sad", "happy")
CONVENTION = replace(dsp.CONVENTIONS["kaldi"], n_mels=12, n_mfcc=8)
N = 9


def sound(i: int, n: int) -> np.ndarray:
    return 0.3 * np.sin(np.arange(n) ** (1.1 + i / 50)) * np.random.default_rng(i).uniform(0.5, 1, n)


@pytest.fixture
def items(write_wav) -> list[dict[str, str]]:
    """Nine recordings of unequal lengths by five speakers."""
    paths = [write_wav(f"wavs/{i}.wav", sound(i, 2000 + 311 * i)) for i in range(N)]
    return [{"path": str(path), "label": LABELS[i % 3], "speaker": f"s{i % 5}"} for i, path in enumerate(paths)]


def stored(items: list[dict], out: Path, convention=CONVENTION, **options) -> Path:
    manifest = out.with_suffix(".jsonl")
    manifest.write_text("".join(json.dumps(item) + "\n" for item in items))
    extract(manifest, out, convention, kind="log_mel", **options)
    return out


@pytest.fixture
def folder(items, tmp_path) -> Path:
    return stored(items, tmp_path / "features")


def features_of(item: dict) -> np.ndarray:
    return dsp.extract([dsp.read_audio(item["path"])[0]], SR, CONVENTION, kind="log_mel", dtype="float32")[0]


def same(a, b) -> bool:
    return all(torch.equal(x, y) and p == q for (x, p), (y, q) in zip(a, b, strict=True))


def test_stored_and_computed_items_are_those_of_dsp(items, folder):
    expected = [features_of(item) for item in items]
    for data in (nets.FeatureDataset(folder), nets.FeatureDataset.from_audio(items, CONVENTION, SR)):
        assert len(data) == N and data.classes == ("angry", "happy", "sad")
        order = [[item["path"] for item in items].index(str(Path(folder.parent, path))) for path in data.paths]
        assert sorted(order) == list(range(N))
        for (features, label), i in zip(data, order, strict=True):
            assert features.dtype == torch.float32 and data.classes[label] == items[i]["label"]
            np.testing.assert_array_equal(features.numpy(), expected[i])
        assert [data.classes[label] for label in data.labels] == [items[i]["label"] for i in order]
        assert data.speakers == [items[i]["speaker"] for i in order]
        assert data.fingerprint == dsp.conventions.fingerprint(CONVENTION)
        assert (data.kind, data.sample_rate) == ("log_mel", SR)


def test_batches_are_padded_with_zeros_after_each_item(folder):
    data = nets.FeatureDataset(folder)
    batch = nets.pad_batch([data[i] for i in range(N)])
    assert batch.features.shape == (N, 12, max(batch.lengths)) and batch.features.dtype == torch.float32
    assert batch.lengths.dtype == batch.labels.dtype == torch.int64
    for row, length, label, (features, expected) in zip(*batch, data, strict=True):
        assert torch.equal(row[:, :length], features) and not row[:, length:].any() and label == expected
    assert len(set(batch.lengths.tolist())) > 5
    with pytest.raises(ValueError, match="no items"):
        nets.pad_batch([])
    with pytest.raises(ValueError, match=r"\(2, 3\), \(3, 3\)"):
        nets.pad_batch([(torch.zeros(2, 3), 0), (torch.zeros(3, 3), 0)])


@pytest.fixture
def steps(write_wav):
    """All of them, with two rooms and two noises."""
    for i in range(2):
        write_wav(f"rooms/{i}.wav", 0.5 * np.random.default_rng(i).standard_normal(300) * np.exp(-np.arange(300) / 50))
        write_wav(f"noises/deeper/{i}.wav", sound(30 + i, 500))
    rooms = write_wav("rooms/2.wav", np.r_[0.5, np.zeros(9)]).parent
    noises = rooms.with_name("noises")
    return parse_steps(f"speed=0.9,1,1.1;reverberation={rooms}; noise={noises}@5..15dB;specaugment=SM;", SR)


def served(data, epoch: int, workers: int) -> list:
    data.set_epoch(epoch)
    return [
        (b.features, b.labels.tolist()) for b in DataLoader(data, 3, collate_fn=nets.pad_batch, num_workers=workers)
    ]


def test_an_item_is_the_same_in_any_worker_and_order(items, steps):
    """The same seed, epoch and number: the same item. Another seed or epoch: another one, in every item."""
    data = nets.FeatureDataset.from_audio(items, CONVENTION, SR, steps=steps, seed=3)
    here = [data[i] for i in range(N)]
    assert same(reversed([data[i] for i in reversed(range(N))]), here)
    assert same(served(data, 0, 2), served(data, 0, 0))
    part = data.subset([7, 2], steps=steps)
    assert same(part, [here[7], here[2]])
    assert same(part.subset([1], steps=steps), [here[2]])
    data.set_epoch(1)
    again = [data[i] for i in range(N)]
    others = [*nets.FeatureDataset.from_audio(items, CONVENTION, SR, steps=steps, seed=4)]
    plain = [*nets.FeatureDataset.from_audio(items, CONVENTION, SR)]
    for other in (again, others, plain):
        assert not any(x.shape == y.shape and torch.equal(x, y) for (x, _), (y, _) in zip(other, here, strict=True))


def test_workers_that_live_on_see_a_new_epoch(folder):
    data = nets.FeatureDataset(folder)
    data = data.subset(range(N), steps=[POLICIES["SM"]])
    loader = DataLoader(data, 3, collate_fn=nets.pad_batch, num_workers=1, persistent_workers=True)
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        assert same([(b.features, b.labels.tolist()) for b in loader], served(data, epoch, 0))


@pytest.mark.slow
def test_a_worker_that_is_started_anew_serves_the_same(folder):
    """By spawn, as on macOS and Windows: the dataset travels as a pickle."""
    data = nets.FeatureDataset(folder).subset(range(N), steps=[POLICIES["LD"]])
    context = multiprocessing.get_context("spawn")
    loader = DataLoader(data, 3, collate_fn=nets.pad_batch, num_workers=1, multiprocessing_context=context)
    assert same([(b.features, b.labels.tolist()) for b in loader], served(data, 0, 0))


def test_statistics_come_from_the_items_of_a_part(items, folder):
    """Fitted on some items and given to all: these have mean 0 and deviation 1 by row, the others have not."""
    for data in (nets.FeatureDataset(folder), nets.FeatureDataset.from_audio(items, CONVENTION, SR)):
        known = data.subset([0, 3, 5], steps=[POLICIES["LD"]]).statistics()
        frames = np.concatenate([data[i][0].numpy() for i in (0, 3, 5)], axis=1).astype(np.float64)
        np.testing.assert_allclose(known.mean, frames.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(known.deviation(), frames.std(axis=1), rtol=1e-6)
        normal = data.subset(range(N), statistics=known)
        together = torch.cat([normal[i][0] for i in (0, 3, 5)], dim=1)
        assert together.mean(1).abs().max() < 1e-4 and (together.std(1, correction=0) - 1).abs().max() < 1e-4
        np.testing.assert_allclose(normal[1][0], known.normalize(data[1][0].numpy()), rtol=1e-6)
        filled = normal.subset(range(N), statistics=known, steps=[SpecAugment(12, 9, 99, 9, value=7.0)])
        assert torch.any(filled[0][0] == 7)  # masks come after normalization
    with pytest.raises(ValueError, match=r"statistics of log_mel .*; the features are mfcc"):
        nets.FeatureDataset.from_audio(items, CONVENTION, SR, kind="mfcc", statistics=known)


def test_parts_have_no_speaker_in_common(rng):
    speakers = [f"s{i}" for i in rng.integers(0, 23, 500)]
    seen = set()
    for seed in range(20):
        parts = nets.split_by_speaker(speakers, (0.8, 0.1, 0.1), seed)
        assert sorted(np.concatenate(parts)) == list(range(500))
        names = [{speakers[i] for i in part} for part in parts]
        assert sum(map(len, names)) == len(set(speakers)) and all(names)
        largest = max(Counter(speakers).values())
        assert all(abs(len(part) - share * 500) <= largest for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True))
        seen.add(tuple(parts[2]))
        assert all(map(np.array_equal, parts, nets.split_by_speaker(speakers, (8, 1, 1), seed)))
    assert len(seen) > 10
    assert sorted(len(part) for part in nets.split_by_speaker(list("abcd"), (0.8, 0.1, 0.1))) == [1, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a", "", "b"],), "1 of 3 items have no speaker, first item 1"),
        ((["a", "b"],), "2 speakers cannot be divided among 3 parts"),
        ((["a", "b"], (1, 0)), "shares are"),
        ((["a", "b"], ()), "shares are"),
        ((["a", "b"], (1, 1), -1), "seed=-1"),
    ],
)
def test_bad_splits(arguments, message):
    with pytest.raises(ValueError, match=message):
        nets.split_by_speaker(*arguments)


def test_several_folders_are_one_dataset_if_they_fit(items, tmp_path):
    a, b = stored(items[:4], tmp_path / "a"), stored(items[4:], tmp_path / "b")
    data = nets.FeatureDataset([a, b])
    assert len(data) == N and len(open_features(a)) == 4
    assert same(data, [*nets.FeatureDataset(a, classes=data.classes), *nets.FeatureDataset(b, classes=data.classes)])
    other = stored(items[4:], tmp_path / "c", replace(CONVENTION, n_mels=13))
    with pytest.raises(ValueError, match=f"^{other}: features of fingerprint .{{12}}; those of {a} have .{{12}}$"):
        nets.FeatureDataset([a, other])
    faster = stored(items[4:], tmp_path / "d", resample=8000)
    with pytest.raises(ValueError, match=f"^{faster}: features of sample rate 8000; those of {a} have 16000$"):
        nets.FeatureDataset([a, faster])


def test_what_cannot_be_served_is_named(items, folder, tmp_path, write_wav):
    from_audio = nets.FeatureDataset.from_audio
    bare = [{"path": items[0]["path"]}]
    unlabelled = [*items[:2], {"path": "x.wav", "label": ""}, {"path": "y.wav"}]
    cases = [
        (lambda: from_audio([], "kaldi", SR), "the dataset is empty"),
        (lambda: nets.FeatureDataset([]), "no folder of features"),
        (lambda: nets.FeatureDataset(tmp_path / "no"), "no"),
        (lambda: from_audio(unlabelled, "kaldi", SR), "2 of 4 items have no label, first x.wav"),
        (lambda: from_audio([{"label": "sad"}], "kaldi", SR), "item 0 has no path"),
        (lambda: nets.FeatureDataset(stored(bare, tmp_path / "bare")), "1 of 1 items have no label"),
        (lambda: from_audio(items, "kaldi", SR, classes=["sad", "angry"]), "label 'happy' is none of the classes"),
        (lambda: from_audio(items, "kaldi", SR, classes=["sad", "angry", "happy", "sad"]), "each is expected once"),
        (lambda: from_audio(items, "kaldy", SR), "'kaldy' is unknown"),
        (lambda: from_audio(items, "kaldi", SR, kind="mel"), "kind is 'mel'"),
        (lambda: from_audio(items, "kaldi", 8000)[0], "0.wav: 16000 Hz; the dataset's sample rate is 8000 Hz"),
        (lambda: from_audio([{"path": "gone.wav", "label": "sad"}], "kaldi", SR)[0], "gone.wav"),
        (lambda: nets.FeatureDataset(folder).subset([]), "empty"),
        (lambda: nets.FeatureDataset(folder).subset([0, N]), f"reach from 0 to {N}; there are 0 .. {N - 1}"),
        (lambda: nets.FeatureDataset(folder, steps=[Speed()]), "Speed changes signals; stored features take"),
        (lambda: nets.FeatureDataset(folder, steps=[len]), "no step"),
        (lambda: nets.FeatureDataset(folder, seed=-1), "seed=-1"),
        (lambda: nets.FeatureDataset(folder).set_epoch(0.5), "epoch=0.5"),
    ]
    for make, message in cases:
        with pytest.raises(ValueError, match=message) as caught:
            make()
        assert len(str(caught.value).splitlines()) == 1
    silent = [{"path": str(write_wav("silent.wav", np.zeros(4000))), "label": "sad"}]
    noise = Noise((write_wav("n.wav", sound(1, 400)),), SR, 0, 0)
    with pytest.raises(ValueError, match=r"silent.wav: signal is silent"):
        from_audio(silent, "kaldi", SR, steps=[noise])[0]


def test_steps_are_what_dsp_computes(write_wav, rng):
    x = sound(3, 3000)
    assert {Speed((0.9, 1.1))(x, rng).size for _ in range(40)} == {3334, 2728}
    room = write_wav("room.wav", np.r_[0.1, 0.5, 0.2, np.zeros(5000)])  # longer than the clip
    h, _ = dsp.read_audio(room)
    np.testing.assert_array_equal(Reverberation((room,), SR)(x, rng), dsp.reverberate(x, h))
    quiet = write_wav("noise.wav", np.r_[np.zeros(90_000), sound(4, 500)])  # silent nearly everywhere
    ratios = []
    for _ in range(60):
        added = Noise((quiet,), SR, 10, 20)(x, rng) - x
        ratios.append(10 * np.log10(np.mean(x**2) / np.mean(added**2)))
    assert 10 <= min(ratios) < 12 and 18 < max(ratios) <= 20
    features = rng.standard_normal((30, 200))
    y = POLICIES["SS"](features, rng)
    assert set(y[y != features]) <= {features.mean()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sped=1", "'sped=1': speed=0.9,1.1, reverberation"),
        ("speed=", "speed="),
        ("speed=1.2.3", "speed=1.2.3"),
        ("speed=0.9;speed=20", "0.1 .. 10.0"),
        ("specaugment=XX", "LB|LD"),
        ("specaugment=SM;speed=1", "come after"),
        ("noise={0}@20..10dB", "20.0 .. 10.0 dB: finite numbers in order"),
        ("noise={0}@20..10", "noise=FOLDER@10..20dB"),
        ("noise={0}/no@3dB", "no: no such folder"),
        ("reverberation={0}/empty", "empty: no .wav or .flac file in it"),
        ("reverberation={0}/slow", "8.wav: impulse response of 8000 Hz; 16000 Hz, as the signals, is expected"),
        ("noise={0}/stereo@3dB", "2.wav: noise of 2 channels; one is expected"),
        ("noise={0}/broken@3dB", "x.wav"),
    ],
)
def test_bad_augmentation_is_one_line(text, message, write_wav, tmp_path):
    write_wav("slow/8.wav", sound(1, 99), 8000)
    write_wav("stereo/2.wav", np.ones((99, 2)) / 2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError) as caught:
        parse_steps(text.format(tmp_path), SR)
    assert message in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_silent_files_and_other_rates_are_refused(items, write_wav, rng):
    silent = write_wav("silent.wav", np.zeros(99))
    for step in (Noise((silent,), SR, 0, 1), Reverberation((silent,), SR)):
        with pytest.raises(AugmentationError, match=r"silent.wav: a silent (noise|impulse response)$"):
            step(sound(1, 99), rng)
    slow = Noise((write_wav("slow.wav", sound(1, 99), 8000),), 8000, 0, 1)
    with pytest.raises(ValueError, match="Noise of 8000 Hz; the dataset has 16000 Hz"):
        nets.FeatureDataset.from_audio(items, "kaldi", SR, steps=[slow])
    for wrong in (lambda: Noise((), SR, 0, 1), lambda: Speed(()), lambda: Noise((silent,), SR, 0, 1, "some")):
        with pytest.raises(ValueError, match=r"no noise|speed factors|level is 'some'"):
            wrong()
    with pytest.raises(ValueError, match="max_share"):
        SpecAugment(max_share=2.0)


def test_steps_read_from_text_are_those_of_the_classes(write_wav, tmp_path):
    path = write_wav("noises@home/a.wav", sound(1, 99))
    steps = parse_steps(
        f"speed = 0.9, 1.1 ; noise={path.parent}@-5..2.5dB; noise={path.parent}@10dB; specaugment=LB", SR
    )
    assert steps == (Speed((0.9, 1.1)), Noise((path,), SR, -5, 2.5), Noise((path,), SR, 10, 10), POLICIES["LB"])
    assert parse_steps("", SR) == ()
