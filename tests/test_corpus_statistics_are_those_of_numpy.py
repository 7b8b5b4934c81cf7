"""Statistics in one pass, merged in any order, are NumPy's over all frames at once; they are saved exactly."""

import numpy as np
import pytest

from dsp.corpus import Statistics, extract, open_features, statistics
from tests.small_corpus import make_corpus


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder / "in")
    extract(folder / "in", folder / "out", "kaldi_fbank", format="ark", dtype="float64")
    return open_features(folder / "out")


def test_all_items(features):
    frames = np.concatenate(list(features), axis=1)
    found = statistics(features.folder)
    assert found.n_frames == frames.shape[1] and found.fingerprint == features.fingerprint
    np.testing.assert_allclose(found.mean, frames.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(found.deviation(), frames.std(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.deviation(ddof=1), frames.std(axis=1, ddof=1), rtol=1e-12)
    normalized = found.normalize(frames)
    np.testing.assert_allclose(normalized.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normalized.std(axis=1), 1, rtol=1e-12)


def test_training_items_alone(features):
    """Those of the other files change nothing."""
    paths = [features.index[i]["path"] for i in (4, 1)]
    frames = np.concatenate([features[1], features[4]], axis=1)
    for items in (paths, [4, 1], np.array([1, 4])):
        np.testing.assert_allclose(statistics(features, items).mean, frames.mean(axis=1), rtol=1e-13)
    for items, reason in (
        ([], "no item"),
        ([1, 1], "item 1, .* is named twice"),
        ([99], "no item 99; there are 0 .. 5"),
        (["missing.wav"], "no features of 'missing.wav'"),
        ("a/000.wav", "items is one text"),
    ):
        with pytest.raises(ValueError, match=reason):
            statistics(features, items)


def test_merging_keeps_small_deviations_on_large_means(rng):
    x = 1e9 + rng.normal(0, 1e-3, (3, 10_000))
    parts = [Statistics.of(x[:, start : start + 777]) for start in range(0, 10_000, 777)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    whole = Statistics.of(x[:, ::-1])
    assert merged.n_frames == whole.n_frames
    np.testing.assert_allclose(merged.deviation(), x.std(axis=1), rtol=1e-3)
    np.testing.assert_allclose(merged.squares, whole.squares, rtol=1e-3)


@pytest.mark.parametrize("ending", [".npz", ".json"])
def test_saved_statistics_are_exact(ending, features, tmp_path):
    found = statistics(features)
    found.save(tmp_path / f"train{ending}")
    loaded = Statistics.load(tmp_path / f"train{ending}")
    np.testing.assert_array_equal(loaded.mean, found.mean)
    np.testing.assert_array_equal(loaded.squares, found.squares)
    assert (loaded.n_frames, loaded.fingerprint, loaded.kind) == (found.n_frames, found.fingerprint, "log_mel")
    content = (tmp_path / f"train{ending}").read_bytes()
    for damage in (content[: len(content) // 2], b"", b"[" * 100_000, b"PK"):
        (tmp_path / f"bad{ending}").write_bytes(damage)
        with pytest.raises(ValueError, match="damaged statistics"):
            Statistics.load(tmp_path / f"bad{ending}")
    with pytest.raises(ValueError, match="No such file"):
        Statistics.load(tmp_path / f"missing{ending}")


def test_what_does_not_fit_is_refused(features):
    found = statistics(features)
    with pytest.raises(ValueError, match="13 rows; the statistics have 80"):
        found.normalize(np.zeros((13, 5)))
    with pytest.raises(ValueError, match="the statistics are of log_mel"):
        found.merge(Statistics.of(np.ones((80, 3))))
    with pytest.raises(ValueError, match="unknown ending"):
        found.save("statistics.txt")
    constant = Statistics.of(np.full((2, 9), 7.0))
    np.testing.assert_array_equal(constant.normalize(np.full((2, 3), 8.0)), 1.0)
