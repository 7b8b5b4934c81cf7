"""What no convention gives, and what it may be all the same: dither, which is random, and a signal at another rate."""

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.doctor.search.coordinate_descent import FAR, clock
from dsp.doctor.search.initial_guesses import nearer, others, presets
from dsp.doctor.search.interpretations import readings
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import Bench
from dsp.resampling import resample

DITHER = "dither"
DRAWS = 8
STRENGTHS = (3e-6, 1e-2)  # the least and the most that dither is looked for, as a share of full scale
RATES = (22_050, 16_000, 8_000, 44_100, 48_000)
NEAR_ENOUGH = 0.1  # a shape of resampled speech: resamplers differ near the edge of the band


def dither_of(search: Search, c: Convention) -> float | None:
    """The standard deviation of the dither that makes the matrix of this convention's features; None if none does.

    Dither moves every value by another amount: little in loud bands, much in quiet ones. With s the deviation of each
    value over some draws of noise, what the matrix is off by must be about s, in the values that move little as in
    those that move much; s is proportional to the noise where it is weak, so that a few steps find its strength.

    Source: kaldi-native-fbank, frame_opts.dither. Checked: tests/test_doctor_search_parts.py
    """
    search.look_at(search.some)
    if search.over():
        return None
    clean = search.levels(c)
    if clean is None or search.reading.linear or search.reading.normalization:
        return None
    off, strength = search.target - clean, 2.0**-15
    least = 1e-5 * np.abs(search.target).max()
    for _ in range(4):
        moved = _moved(search, c, clean, strength)
        ratio = np.abs(off)[moved > least] / moved[moved > least]
        if ratio.size < 0.2 * off.size:
            return None
        if _is_noise(off, np.maximum(moved, least)):
            return float(f"{strength * c.scale:.2g}")
        strength = float(np.clip(strength * np.median(ratio) / 0.6, *STRENGTHS))
    return None


def _moved(search: Search, c: Convention, clean: np.ndarray, strength: float) -> np.ndarray:
    """How far each value moves by noise of this standard deviation: root mean square over some draws."""
    rng, squares = np.random.default_rng(0), np.zeros(clean.shape)
    for _ in range(DRAWS):
        bench = Bench(search.bench.signal + strength * rng.standard_normal(search.bench.signal.size), search.bench.rate)
        bench.look_at(search.some)
        squares += (bench.static(c, search.kind) - clean) ** 2
    return np.sqrt(squares / DRAWS)


def _is_noise(off: np.ndarray, moved: np.ndarray) -> bool:
    """Whether differences are as large as noise makes them, in each quarter of the values by how far they move."""
    order = np.argsort(moved, axis=None)
    z, moved = (off / moved).ravel()[order], moved.ravel()[order]
    quarters = [np.sqrt(np.mean(np.clip(quarter, -6, 6) ** 2)) for quarter in np.array_split(z, 4)]
    spread = moved[int(0.9 * moved.size)] / moved[int(0.1 * moved.size)]
    return 0.6 < min(quarters) and max(quarters) < 1.6 and np.mean(np.abs(z) > 5) < 0.005 and spread > 3


def resampled(bench: Bench, matrix: np.ndarray, eps: float, deadline: float, so_far: float) -> str | None:
    """A sentence, if the features come much nearer when the signal is taken to another rate first.

    They can only come near: every resampler has its own filter.

    Source: librosa.load, which resamples to 22050 Hz. Checked: tests/test_doctor_search_parts.py
    """
    near = min(NEAR_ENOUGH, 0.5 * so_far)
    for source in (presets, others):
        for rate in (rate for rate in RATES if rate != bench.rate and bench.rate == int(bench.rate)):
            if clock() > deadline:
                return None
            other = Bench(resample(bench.signal, int(bench.rate), rate), rate)
            for reading in readings(matrix):
                search = Search(other, reading, deadline, eps)
                if search.over():
                    return None
                starts = nearer(search, source(search))
                value, c = starts[0] if starts else (FAR, None)
                if NEAR_ENOUGH <= value < 0.5:
                    c = search.descend(c, search.shape_misfit, rounds=2)
                    value = search.shape(c)
                if value < near:
                    return f"of the signal at {rate} Hz they would be near: it was resampled first"
    return None
