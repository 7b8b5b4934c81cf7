"""Live oracle: librosa.effects.trim and split, index for index. Closed form: a tone between silences."""

import librosa
import numpy as np
import pytest

from dsp.trimming import nonsilent_intervals, trim

CASES = 40  # signals of each kind
SETTINGS = [(2048, 512), (400, 160), (401, 100), (33, 37), (1024, 1), (1, 1)]  # even, odd, hop beyond the frame
TOP_DB = [60.0, 40.0, 20.0, 3.0]


def bursts(rng):
    """Noise whose level jumps by up to 100 dB, as speech does between words."""
    x = rng.standard_normal(rng.integers(3000, 9000))
    for _ in range(4):
        start, stop = np.sort(rng.integers(0, x.size + 1, 2))
        x[start:stop] *= 10 ** rng.uniform(-5, 0)
    return x


def silence_first(rng):
    return np.concatenate([np.zeros(rng.integers(1, 4000)), rng.standard_normal(rng.integers(1, 4000))])


def silence_last(rng):
    return silence_first(rng)[::-1]


def silence_within(rng):
    return np.concatenate([silence_last(rng), silence_first(rng)])


def silence(rng):
    return np.zeros(rng.integers(1, 6000))


def shorter_than_a_frame(rng):
    return rng.standard_normal(rng.integers(1, 400)) * 10 ** rng.uniform(-4, 0)


def about_a_multiple_of_the_hop(rng):
    x = rng.standard_normal(512 * rng.integers(1, 12) + rng.integers(-1, 2))
    x[: rng.integers(0, x.size)] *= 1e-4
    return x


def about_the_least_level(rng):
    """Below a root mean square of 1e-5 all frames are alike."""
    return bursts(rng) * 10 ** rng.uniform(-7, -2)


KINDS = [
    bursts,
    silence_first,
    silence_last,
    silence_within,
    silence,
    shorter_than_a_frame,
    about_a_multiple_of_the_hop,
    about_the_least_level,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_same_indices(rng, kind):
    cut = 0
    for case in range(CASES):
        x = kind(rng)
        frame_length, hop_length = SETTINGS[case % len(SETTINGS)]
        top_db = TOP_DB[case // 3 % len(TOP_DB)]
        arguments = dict(top_db=top_db, frame_length=frame_length, hop_length=hop_length)
        expected, index = librosa.effects.trim(x, **arguments)
        trimmed, (start, stop) = trim(x, **arguments)
        assert (start, stop) == tuple(index), (x.size, arguments)
        np.testing.assert_array_equal(trimmed, expected)
        np.testing.assert_array_equal(nonsilent_intervals(x, **arguments), librosa.effects.split(x, **arguments))
        cut += stop - start < x.size
    assert (cut == 0) == (kind is silence)


def test_the_same_defaults(rng):
    x = np.concatenate([np.zeros(6000), bursts(rng), np.zeros(6000)])
    assert trim(x)[1] == tuple(librosa.effects.trim(x)[1]) != (0, x.size)
    np.testing.assert_array_equal(nonsilent_intervals(x), librosa.effects.split(x))


@pytest.mark.parametrize("n", [1, 511, 2048, 5000])
def test_silence_is_kept_whole(n):
    x = np.zeros(n)
    assert trim(x)[1] == (0, n) == tuple(librosa.effects.trim(x)[1])
    assert nonsilent_intervals(x).tolist() == [[0, n]]


def test_nothing_is_louder_than_the_loudest_frame(rng):
    x = rng.standard_normal(5000)
    for top_db in (0.0, -3.0):
        trimmed, index = trim(x, top_db)
        assert index == (0, 0) == tuple(librosa.effects.trim(x, top_db=top_db)[1])
        assert trimmed.size == 0 and nonsilent_intervals(x, top_db).shape == (0, 2)


def test_a_tone_between_silences():
    x = np.zeros(64 * 512)
    x[20 * 512 : 40 * 512] = np.sin(np.arange(20 * 512))
    trimmed, index = trim(x)
    assert index == (19 * 512, 42 * 512)  # frames reach 1024 samples to either side; the last one ends a hop later
    np.testing.assert_array_equal(trimmed, x[slice(*index)])
    assert not np.shares_memory(trimmed, x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trim(np.ones(9), np.nan), "top_db=nan"),
        (lambda: trim(np.ones(9), np.inf), "top_db=inf"),
        (lambda: trim(np.ones(9), 60, 0), "frame_length=0"),
        (lambda: trim(np.ones(9), 60, 2048, 0), "hop_length=0"),
        (lambda: trim(np.ones((2, 9))), r"\(2, 9\)"),
        (lambda: nonsilent_intervals(np.array([])), "empty"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
