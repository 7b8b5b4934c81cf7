"""Definition and closed form: drawn noise, exact ratios, sines under stretch and shift. Live oracle: librosa."""

import itertools

import librosa
import numpy as np
import pytest

from dsp.augmentation import add_noise, add_noise_at_snr, pitch_shift, time_shift, time_stretch

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
