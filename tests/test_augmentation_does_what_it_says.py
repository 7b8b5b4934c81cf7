"""Definition and closed form: drawn noise, exact ratios, sines under stretch and shift. Live oracle: librosa."""

import itertools

import librosa
import numpy as np
import pytest

from dsp.augmentation import (
    add_noise,
    add_noise_at_snr,
    change_speed,
    convolve,
    mix_at_snr,
    pitch_shift,
    reverberate,
    time_shift,
    time_stretch,
)
from dsp.masking import mask_bands, mask_frames

SR = 16000
SNR_ATOL_DB = 1e-10  # the scale is exact; sums of 20000 squares round
SAME_ATOL = 1e-10  # phases summed over 100 frames; measured: 2e-11
LIBROSA_ATOL = 1e-8  # of a peak of about 4: phases summed in another order; measured: 2e-9
STRETCH_CENTS = 0.01  # a phase vocoder keeps a steady sine's phase advance; measured: 0.0003
SHIFT_CENTS = 0.05  # how near the fraction is to the ratio of pitches; measured: 0.04 at 3.3 semitones
ATTACK = 9000  # samples after which the beginning no longer matters, at rates from 0.5 on
# rate: least and greatest amplitude of a sine that begins at full strength (the docstring's numbers)
ABRUPT = {0.5: (0.86, 1.0), 0.8: (0.90, 1.0), 0.9: (0.90, 1.0), 1.0: (0.99, 1.01), 1.1: (0.99, 1.01)}
ABRUPT |= {1.5: (0.99, 1.01), 2.0: (0.99, 1.01)}
FADED_IN_LEAST = 0.60  # amplitude left at rate 0.5 after a fade of 4096 samples; measured: 0.62
SMEAR = 1024  # samples; half a window, over which a phase vocoder spreads an onset; measured: 3 to 990
STEREO = np.ones((2, 9))


def sine(hz: float, seconds: float = 2.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * SR)) / SR)


def hertz(x: np.ndarray) -> float:
    """Frequency of a sine: the peak of a zero-padded spectrum, between bins by a parabola."""
    x = x[ATTACK // 2 : -ATTACK // 2]
    level = np.log(np.abs(np.fft.rfft(x * np.hanning(x.size), 2**19)) + 1e-30)
    k = int(level.argmax())
    a, b, c = level[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * SR / 2**19


def amplitude(x: np.ndarray) -> float:
    return np.sqrt(2 * np.mean(x[ATTACK : -ATTACK // 2] ** 2))


def test_noise_is_the_rule_written_out():
    x = np.random.default_rng(1).uniform(-0.2, 0.2, 500)
    draw = np.random.default_rng(7)
    u = draw.uniform(0, 1)
    expected = x + 0.1 * u * max(abs(x)) * draw.normal(0, 1, 500)
    np.testing.assert_allclose(add_noise(x, 0.1, np.random.default_rng(7)), expected, rtol=1e-15)


def test_the_strength_of_the_noise_is_uniform_up_to_the_level(rng):
    x = np.full(400, -0.5)  # the peak is 0.5
    strengths = np.array([np.std(add_noise(x, 0.1, rng) - x) for _ in range(400)]) / (0.1 * 0.5)
    assert strengths.min() < 0.05 and 0.95 < strengths.max() < 1.15
    np.testing.assert_allclose(strengths.mean(), 0.5, atol=0.06)  # 4 standard deviations of the mean of 400 draws


def test_no_level_and_no_signal_get_no_noise(rng):
    x = rng.standard_normal(100)
    np.testing.assert_array_equal(add_noise(x, 0, rng), x)
    np.testing.assert_array_equal(add_noise(np.zeros(100), 0.1, rng), np.zeros(100))


@pytest.mark.parametrize("snr_db", [-20, 0, 3.7, 40])
@pytest.mark.parametrize("n", [1, 17, 20000])
def test_the_ratio_is_exact(rng, snr_db, n):
    x = 0.01 * rng.standard_normal(n)
    noise = add_noise_at_snr(x, snr_db, rng) - x
    np.testing.assert_allclose(10 * np.log10(np.sum(x**2) / np.sum(noise**2)), snr_db, atol=SNR_ATOL_DB)


def test_the_noise_is_white_and_gaussian(rng):
    g = add_noise_at_snr(np.ones(100_000), 0, rng) - 1
    assert abs(np.mean(g)) < 0.02 and abs(np.mean(g[1:] * g[:-1])) < 0.02  # 6 standard deviations
    np.testing.assert_allclose(np.mean(g**4), 3, atol=0.2)  # a Gaussian's; a uniform one has 1.8


@pytest.mark.parametrize("add", [lambda x, rng: add_noise(x, 0.1, rng), lambda x, rng: add_noise_at_snr(x, 10, rng)])
def test_a_seed_repeats_the_noise(add):
    x = sine(300, 0.1)
    first, second = (add(x, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first != add(x, np.random.default_rng(4))).any()
    rng = np.random.default_rng(3)
    assert (add(x, rng) != add(x, rng)).any()


def test_time_shift_moves_and_fills():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    shifted = {0: x, 1: [0, 1, 2, 3], 3: [0, 0, 0, 1], 4: [0] * 4, 9: [0] * 4, -1: [2, 3, 4, 0], -4: [0] * 4}
    for samples, expected in shifted.items():
        np.testing.assert_array_equal(time_shift(x, samples), expected)
    assert not np.shares_memory(time_shift(x, 0), x)


@pytest.mark.parametrize("n", [2, 511, 512, 513, 2048, 9999])
def test_lengths(rng, n):
    x = rng.standard_normal(n)
    for rate in (0.3, 0.8, 1, 1.1, 1.75):
        y = time_stretch(x, rate)
        assert y.shape == (round(n / rate),) and y.dtype == np.float64
    assert all(pitch_shift(x, semitones).shape == (n,) for semitones in (-8, -1.5, 0.1, 1.5, 12))


@pytest.mark.parametrize("n", [1, 300, 5000, 50000])
def test_rate_one_and_no_semitones_change_nothing(rng, n):
    x = rng.uniform(-1, 1, n)
    np.testing.assert_allclose(time_stretch(x, 1), x, atol=SAME_ATOL)
    np.testing.assert_allclose(pitch_shift(x, 0), x, atol=SAME_ATOL)


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.7, 0.8, 0.9, 1.1, 1.37, 2.0, 3.0])
def test_time_stretch_equals_librosas_but_for_the_end(rng, rate):
    for n in (9457, 20000, 30721):
        x = rng.standard_normal(n)
        y, expected = time_stretch(x, rate), librosa.effects.time_stretch(x, rate=rate)
        assert y.size == expected.size
        known = y.size - int(1536 + 512 / rate)
        assert known > 0
        np.testing.assert_allclose(y[:known], expected[:known], atol=LIBROSA_ATOL)


@pytest.mark.parametrize(("hz", "rate"), list(itertools.product([220.0, 1003.7, 3000.0], ABRUPT)))
def test_a_stretched_sine_keeps_its_frequency_and_amplitude(hz, rate):
    y = time_stretch(sine(hz, 2 * max(rate, 1)), rate)
    assert abs(1200 * np.log2(hertz(y) / hz)) <= STRETCH_CENTS
    least, greatest = ABRUPT[rate]
    assert least <= amplitude(y) / 0.5 <= greatest


def test_a_slow_attack_costs_amplitude():
    x = sine(1003.7)
    x[:4096] *= np.hanning(8192)[:4096]
    assert FADED_IN_LEAST <= amplitude(time_stretch(x, 0.5)) / 0.5 < ABRUPT[0.5][0]


@pytest.mark.parametrize("rate", [0.8, 1.1])
def test_events_move_with_the_stretch(rate):
    x = np.zeros(2 * SR)
    x[20000:21000] = sine(1000, 1000 / SR)
    y = time_stretch(x, rate)
    centre = np.sum(np.arange(y.size) * y**2) / np.sum(y**2)
    assert abs(centre - 20500 / rate) <= SMEAR


@pytest.mark.parametrize(
    ("hz", "semitones"), list(itertools.product([220.0, 1003.7, 3000.0], [-12, -5, -1.5, 1.5, 3.3, 7, 12]))
)
def test_a_shifted_sine_moves_by_its_semitones(hz, semitones):
    y = pitch_shift(sine(hz), semitones)
    assert y.size == 2 * SR
    assert abs(1200 * np.log2(hertz(y) / hz) - 100 * semitones) <= SHIFT_CENTS
    assert (0.86 if semitones > 0 else 0.99) <= amplitude(y) / 0.5 <= 1.01


@pytest.mark.parametrize("semitones", [-7, 1.5])
def test_events_stay_where_they_are_under_pitch_shift(semitones):
    x = np.zeros(2 * SR)
    x[20000:21000] = sine(1000, 1000 / SR)
    y = pitch_shift(x, semitones)
    assert abs(np.sum(np.arange(y.size) * y**2) / np.sum(y**2) - 20500) <= SMEAR


def test_what_would_rise_above_nyquist_is_removed():
    y = pitch_shift(sine(6000), 12)
    assert np.sqrt(np.mean(y[ATTACK:-ATTACK] ** 2)) < 1e-4 * 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: add_noise(sine(300), -0.1, rng), "level=-0.1"),
        (lambda rng: add_noise(sine(300), np.nan, rng), "level=nan"),
        (lambda rng: add_noise(sine(300), 0.1, 42), "rng is of type int"),
        (lambda rng: add_noise(STEREO, 0.1, rng), r"\(2, 9\)"),
        (lambda rng: add_noise_at_snr(sine(300), np.inf, rng), "snr_db=inf"),
        (lambda rng: add_noise_at_snr(np.zeros(9), 10, rng), "silent"),
        (lambda rng: add_noise_at_snr(sine(300), 10, np.random.RandomState(1)), "rng is of type RandomState"),
        (lambda rng: add_noise_at_snr(STEREO, 10, rng), r"\(2, 9\)"),
        (lambda rng: time_shift(sine(300), 1.5), "samples=1.5"),
        (lambda rng: time_shift(STEREO, 1), r"\(2, 9\)"),
        (lambda rng: time_stretch(sine(300), 0), "rate=0"),
        (lambda rng: time_stretch(sine(300), -1.1), "rate=-1.1"),
        (lambda rng: time_stretch(sine(300), np.nan), "rate=nan"),
        (lambda rng: time_stretch(np.ones(3), 10), "leaves nothing of 3 samples"),
        (lambda rng: time_stretch(STEREO, 1.1), r"\(2, 9\)"),
        (lambda rng: pitch_shift(sine(300), 12.5), "semitones=12.5"),
        (lambda rng: pitch_shift(sine(300), np.nan), "semitones=nan"),
        (lambda rng: pitch_shift(STEREO, 1), r"\(2, 9\)"),
    ],
)
def test_bad_arguments(rng, call, message):
    with pytest.raises(ValueError, match=message):
        call(rng)


def decibels(power: float, noise_power: float) -> float:
    return 10 * np.log10(power / noise_power)


@pytest.mark.parametrize("snr_db", [-20.0, 0.0, 15.5])
@pytest.mark.parametrize(("n_noise", "start"), [(5000, 0), (70, 0), (70, 33), (3000, 2900), (1000, 10**8)])
def test_a_recorded_noise_is_mixed_at_the_ratio(rng, snr_db, n_noise, start):
    x, noise = rng.standard_normal(1000), rng.standard_normal(n_noise) + 0.3
    added = mix_at_snr(x, noise, snr_db, start) - x
    assert abs(decibels(np.mean(x**2), np.mean(added**2)) - snr_db) < 1e-9
    expected = np.array([noise[(start + n) % n_noise] for n in range(1000)])
    np.testing.assert_allclose(added / added[0], expected / expected[0], rtol=1e-9, atol=1e-9)


def test_pauses_do_not_change_the_ratio_over_active_samples(rng):
    """A block of the pause is 60 dB below speech; the last block is short, and 34 dB below."""
    speech, pause, noise = rng.standard_normal(512), 1e-3 * rng.standard_normal(2560), rng.standard_normal(9000)
    x = np.concatenate([speech, pause, 0.02 * rng.standard_normal(10)])
    added = mix_at_snr(x, noise, 10.0, level="active") - x
    active = np.r_[0:512, 3072:3082]
    assert abs(decibels(np.mean(x[active] ** 2), np.mean(added**2)) - 10) < 1e-9
    over_all = mix_at_snr(x, noise, 10.0) - x
    np.testing.assert_allclose(added / over_all, np.sqrt(np.mean(x[active] ** 2) / np.mean(x**2)), rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(9), np.ones(9), 0.0), "signal is silent"),
        ((np.ones(9), np.zeros(9), 0.0), "noise is silent in the 9 samples from 0 on"),
        ((np.ones(9), np.r_[1.0, np.zeros(20)], 0.0, 5), "noise is silent in the 9 samples from 5 on"),
        ((np.ones(9), np.ones(9), 0.0, -1), "start=-1"),
    ],
)
def test_no_ratio_to_silence(arguments, message):
    with pytest.raises(ValueError, match=message):
        mix_at_snr(*arguments)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (100, 1), (100, 33), (50, 200), (257, 256)])
def test_convolution_is_the_sum(rng, n, m):
    x, h = rng.standard_normal(n), rng.standard_normal(m)
    expected = [sum(h[k] * x[i - k] for k in range(m) if 0 <= i - k < n) for i in range(n + m - 1)]
    atol = 1e-14 * np.abs(h).sum() * np.abs(x).max() * np.log2(n + m)
    np.testing.assert_allclose(convolve(x, h), expected, rtol=0, atol=atol)


@pytest.mark.parametrize(("n", "m", "direct"), [(400, 90, 0), (400, 90, 31), (60, 500, 20), (60, 500, 70)])
def test_reverberation_keeps_time_length_and_power(rng, n, m, direct):
    """Also with an impulse response that is longer than the clip: what comes after the clip is cut."""
    x, h = rng.standard_normal(n), 0.3 * rng.standard_normal(m) * np.exp(-np.arange(m) / 40)
    h[direct] = -2.0
    y = reverberate(x, h)
    whole = np.array([sum(h[k] * x[i - k] for k in range(m) if 0 <= i - k < n) for i in range(n + m - 1)])
    cut = whole[direct : direct + n]
    np.testing.assert_allclose(y, cut * np.sqrt(np.sum(x**2) / np.sum(cut**2)), rtol=0, atol=1e-12 * np.abs(y).max())
    assert y.shape == x.shape


def test_a_room_without_echoes_changes_nothing(rng):
    x = rng.standard_normal(100)
    np.testing.assert_allclose(reverberate(x, np.r_[np.zeros(7), 0.01, np.zeros(3)]), x, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(reverberate(np.zeros(5), np.ones(3)), np.zeros(5))
    with pytest.raises(ValueError, match="impulse_response is silent"):
        reverberate(x, np.zeros(4))


@pytest.mark.parametrize(("factor", "p", "q"), [(0.9, 9, 10), (1.0, 1, 1), (1.1, 11, 10), (0.5, 1, 2), (1.25, 5, 4)])
def test_speed_divides_the_duration_and_multiplies_the_pitch(factor, p, q):
    x = sine(1000)
    y = change_speed(x, factor)
    assert y.size == -(-x.size * q // p)
    t = np.arange(y.size) * p / q / SR
    expected = 0.5 * np.sin(2 * np.pi * 1000 * t)
    inside = slice(2000, -2000)  # a sine that begins at full strength rings at its ends
    np.testing.assert_allclose(y[inside], expected[inside], rtol=0, atol=1e-9)
    assert abs(1200 * np.log2(hertz(y) / (1000 * factor))) < STRETCH_CENTS


MASKS = {"bands": (mask_bands, 0), "frames": (mask_frames, 1)}


def masked(mask, axis: int, features: np.ndarray, *arguments) -> np.ndarray:
    """Which rows, or frames, were replaced by -1; those that were not are as they were."""
    y = mask(features, *arguments, value=-1.0)
    gone = (y == -1).all(axis=1 - axis)
    kept = np.compress(~gone, y, axis=axis)
    np.testing.assert_array_equal(kept, np.compress(~gone, features, axis=axis))
    return np.flatnonzero(gone)


@pytest.mark.parametrize("kind", MASKS)
def test_widths_and_places_of_masks_are_uniform(kind, rng):
    """Widths 0 .. 6 as often; each place of a width as often, the last one too. Four standard deviations."""
    mask, axis = MASKS[kind]
    features = rng.uniform(0, 1, (20, 20))
    found = [masked(mask, axis, features, 6, 1, rng) for _ in range(4000)]
    assert all(np.array_equal(rows, np.arange(rows.size) + rows[:1].sum()) for rows in found)
    counts = np.bincount([rows.size for rows in found], minlength=7)
    assert counts.size == 7 and np.abs(counts - 4000 / 7).max() < 4 * np.sqrt(4000 * 6 / 49)
    first = np.array([rows[0] for rows in found if rows.size == 6])
    places = np.bincount(first, minlength=15)
    assert places.size == 15 and np.abs(places - first.size / 15).max() < 4 * np.sqrt(first.size / 15)


@pytest.mark.parametrize("kind", MASKS)
def test_masks_are_as_many_as_asked_and_filled_with_the_mean(kind, rng):
    mask, axis = MASKS[kind]
    features = rng.uniform(1, 2, (30, 30))
    for n_masks in (0, 1, 2, 5):
        gone = [masked(mask, axis, features, 3, n_masks, rng) for _ in range(200)]
        assert max(rows.size for rows in gone) <= 3 * n_masks
        assert max(np.sum(np.diff(rows, prepend=-9) > 1) for rows in gone) == n_masks
    y = mask(features, 30, 9, rng)
    assert set(y[y != features]) == {features.mean()}
    np.testing.assert_array_equal(
        mask(features, 5, 2, np.random.default_rng(3)), mask(features, 5, 2, np.random.default_rng(3))
    )
    assert masked(mask, axis, rng.uniform(0, 1, (1, 1)), 27, 2, rng).size <= 1


def test_a_time_mask_covers_at_most_its_share(rng):
    features = rng.uniform(0, 1, (4, 59))
    widths = {masked(mask_frames, 1, features, 70, 1, rng, 0.2).size for _ in range(2000)}
    assert widths == set(range(12))  # floor(0.2 * 59) = 11
    np.testing.assert_array_equal(mask_frames(features, 70, 2, rng, 0.0), features)
