"""Two causes that no convention reproduces: dither, which is random, and a signal at another sample rate."""

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.initial_guesses import as_they_are, on_other_frames, ranked
from dsp.doctor.search.interpretations import interpretations
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import StageCache
from dsp.resampling import resample

DITHER = "dither"
DRAWS = 8  # of noise: enough for a deviation to within a quarter
FIRST_STRENGTH = 2.0**-15  # of full scale: Kaldi's dither of 1 on 16-bit values
STRENGTHS = (3e-6, 1e-2)  # the least and the most dither that is looked for, as a share of full scale
NOISE_MEDIAN = 0.6  # the median of |z| of normal noise is 0.67; a little less makes the steps short
LEAST_MOVE = 1e-5  # of the largest value: a value that noise moves less than that tells nothing about it
ENOUGH_MOVED = 0.2  # of the values must move
RATES = (22_050, 16_000, 8_000, 44_100, 48_000)
NEAR_ENOUGH = 0.1  # a shape of resampled speech: resamplers differ near the edge of the band
WORTH_DESCENDING = 0.5  # a guess so near is brought nearer before it is judged


def dither_strength(search: Search, c: Convention, deadline: Deadline) -> float | None:
    """The standard deviation of the dither with which this convention gives the matrix; None if none does.

    Dither moves every value by its own amount: little in loud bands, much in quiet ones. Let s be the deviation of
    each value over some draws of noise. What the matrix is off by must be about s, in the values that move little as
    well as in those that move much. Weak noise moves values in proportion, so a few steps find its strength.

    Source: kaldi-native-fbank, frame_opts.dither. Checked: tests/test_doctor_search_parts.py
    """
    if deadline.is_over():
        return None
    clean, target = search.levels(c), search.sample.target
    if clean is None or search.interpretation.linear or search.interpretation.normalization:
        return None
    off, strength = target - clean, FIRST_STRENGTH
    least = LEAST_MOVE * np.abs(target).max()
    for _ in range(4):
        deviation = _deviation(search, c, clean, strength)
        ratio = np.abs(off)[deviation > least] / deviation[deviation > least]
        if ratio.size < ENOUGH_MOVED * off.size:
            return None
        if _is_noise(off, np.maximum(deviation, least)):
            return float(f"{strength * c.scale:.2g}")
        strength = float(np.clip(strength * np.median(ratio) / NOISE_MEDIAN, *STRENGTHS))
    return None


def _deviation(search: Search, c: Convention, clean: np.ndarray, strength: float) -> np.ndarray:
    """How far noise of this standard deviation moves each value: root mean square over some draws."""
    rng, squares, cache = np.random.default_rng(0), np.zeros(clean.shape), search.cache
    for _ in range(DRAWS):
        noise = strength * rng.standard_normal(cache.signal.size)
        noisy = StageCache(cache.signal + noise, cache.sample_rate, cache.kept, cache.work)
        squares += (noisy.static(c, search.kind, search.sample.columns) - clean) ** 2
    return np.sqrt(squares / DRAWS)


def _is_noise(off: np.ndarray, deviation: np.ndarray) -> bool:
    """Whether differences are as large as noise makes them, in each quarter of the values by how far they move.

    The bounds are wide because the deviation comes from DRAWS draws only; the spread keeps out an even difference.
    """
    order = np.argsort(deviation, axis=None)
    z, deviation = (off / deviation).ravel()[order], deviation.ravel()[order]
    quarters = [np.sqrt(np.mean(np.clip(quarter, -6, 6) ** 2)) for quarter in np.array_split(z, 4)]
    spread = deviation[int(0.9 * deviation.size)] / deviation[int(0.1 * deviation.size)]
    return bool(0.6 < min(quarters) and max(quarters) < 1.6 and np.mean(np.abs(z) > 5) < 0.005 and spread > 3)


def resampling_note(
    cache: StageCache, matrix: np.ndarray, resolution: float, deadline: Deadline, distance: float
) -> str | None:
    """A sentence, if the features come much nearer when the signal is first taken to another rate.

    They only come near, never to an exact verdict: every resampler has its own filter.

    distance : of the nearest shape so far

    Source: librosa.load, which resamples to 22050 Hz. Checked: tests/test_doctor_search_parts.py
    """
    near = min(NEAR_ENOUGH, 0.5 * distance)
    for source in (as_they_are, on_other_frames):
        for rate in RATES:
            if rate == cache.sample_rate or cache.sample_rate != int(cache.sample_rate):
                continue
            if deadline.is_over():
                return None
            other = StageCache(resample(cache.signal, int(cache.sample_rate), rate), rate, work=cache.work)
            for interpretation in interpretations(matrix):
                search = Search(other, interpretation, deadline, resolution)
                if deadline.is_over():
                    return None
                guesses = ranked(search, source(search))
                if not guesses:
                    continue
                at, c = guesses[0]
                if NEAR_ENOUGH <= at < WORTH_DESCENDING:
                    c = search.descent.run(c, search.affine_residual, search.all_moves, rounds=2)
                    at = search.affine_distance(c)
                if at < near:
                    return resampling_sentence(rate)
    return None


def resampling_sentence(rate: int) -> str:
    return f"the features come near those of the signal at {rate} Hz: it was probably resampled first"
