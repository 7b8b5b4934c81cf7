"""Gains, offsets, floors and statistics by the names of what causes them."""

from typing import NamedTuple

import numpy as np

from dsp.dct import lifter

KNOWN = 1e-4  # a gain, an offset or a lifter is one of those below if it agrees to 1 in 10,000
KNOWN_OF_C0 = 3e-5  # an offset of c0 alone: there are more candidates
MEAN, DEVIATION = 2e-4, 3e-5  # how near means and deviations are to 0 and 1, relative to the deviation
NEAR_ONE = 2e-3  # a deviation so near to 1 had a small number added
MIN_KNOWN = 1e-9  # below it an offset is none

DB = 10 / np.log(10)
OFFSETS = {  # of natural logarithms of powers
    2 * np.log(32768): "16-bit samples against samples between -1 and 1, 2 ln 32768",
    np.log(32768): "magnitudes of 16-bit samples against samples between -1 and 1, ln 32768",
    np.log(512): "a division by n_fft = 512, ln 512",
    np.log(400): "a division by n_fft = 400, ln 400",
    np.log(1024): "a division by n_fft = 1024, ln 1024",
    np.log(2048): "a division by n_fft = 2048, ln 2048",
    np.log(2): "a doubled power of the one-sided spectrum, ln 2",
}
IN_OTHER_UNITS = {  # the same offset in other logarithms: its unit, and its name
    DB: ("16-bit samples against samples between -1 and 1, 20 log10 32768", 2 * np.log(32768)),
    1 / np.log(10): ("16-bit samples against samples between -1 and 1, 2 log10 32768", 2 * np.log(32768)),
    1 / np.log(2): ("16-bit samples against samples between -1 and 1, 2 log2 32768", 2 * np.log(32768)),
}
GAINS = {
    10 / np.log(10): "decibels of power against natural logarithms, 10 / ln 10",
    20 / np.log(10): "20 log10 against natural logarithms, 20 / ln 10",
    1 / np.log(10): "logarithms to base 10 against natural ones, 1 / ln 10",
    1 / np.log(2): "logarithms to base 2 against natural ones, 1 / ln 2",
    10 * np.log10(2): "decibels of power against logarithms to base 2, 10 log10 2",
    np.log10(2): "logarithms to base 10 against those to base 2, log10 2",
    10.0: "10 log10 against log10",
    20.0: "20 log10 against log10",
    2.0: "power against magnitude, or 20 log10 against 10 log10 of one spectrum",
    32768.0: "16-bit samples against samples between -1 and 1, 32768",
    32768.0**2: "powers of 16-bit samples against those of samples between -1 and 1, 32768^2",
    0.25 / np.log(10): "Whisper's (log10 + 4) / 4 against natural logarithms, 1 / (4 ln 10)",
    0.25: "Whisper's (log10 + 4) / 4 against log10, 1 / 4",
    1 / (2 * 4.5689974): "AST's (x + 4.2677393) / (2 x 4.5689974)",
}
BANDS = (13, 20, 22, 23, 24, 26, 30, 32, 40, 64, 80, 96, 128)  # mel bands that c0 may sum
FLOORS = {
    1e-5: "1e-5",
    1e-6: "1e-6",
    1e-7: "1e-7",
    1e-8: "1e-8",
    1e-9: "1e-9",
    1e-10: "1e-10",
    1e-12: "1e-12",
    1e-20: "1e-20",
    1e-3: "1e-3",
    1e-2: "1e-2",
    float(np.finfo(np.float32).eps): "FLT_EPSILON",
    float(np.finfo(np.float32).tiny): "FLT_MIN",
    float(np.finfo(np.float64).eps): "DBL_EPSILON",
    float(np.finfo(np.float64).tiny): "DBL_MIN",
    2.0**-24: "2^-24",
}
LOGARITHMS = {
    "ln({})": 1.0,
    "10 log10({})": DB,
    "20 log10({})": 2 * DB,
    "log10({})": DB / 10,
    "log2({})": 1.0 / np.log(2),
}


def level_in_words(level: float) -> str:
    """A value, and the floor whose logarithm it is: "-15.9424, which is ln(FLT_EPSILON), a floor"."""
    shown = f"{level:.6g}"
    for name, unit in LOGARITHMS.items():
        for floor, floor_name in FLOORS.items():
            known = unit * np.log(floor)
            if abs(level / known - 1) < 1e-6:
                return f"{shown}, which is {name.format(floor_name)}, a floor"
    return shown


def known_cause(value: float, causes: dict[float, str], inverse) -> str:
    """The cause of a number or of its inverse, in brackets with a blank before; empty for an unknown one."""
    for known, cause in causes.items():
        if any(abs(value / candidate - 1) < KNOWN for candidate in (known, inverse(known))):
            return f" ({cause})"
    return ""


def gain_cause(gain: float, lengths: tuple[int, ...] = ()) -> str:
    """The cause of a gain. lengths: of the rows, or files, over which deviations may have been computed."""
    for n in lengths:
        ratio = np.sqrt((n - 1) / n)
        if abs(1 - ratio) > 1e-5 and min(abs(gain / ratio - 1), abs(gain * ratio - 1)) < min(1e-5, (1 - ratio) / 10):
            which = "sqrt((n-1)/n)" if gain < 1 else "sqrt(n/(n-1))"
            return f" ({which} with n = {n}: a standard deviation with ddof=1 against one with ddof=0)"
    return known_cause(gain, GAINS, lambda x: 1 / x)


def offset_cause(offset: float, gain: float = 1.0) -> str:
    """The cause of an offset, added after the gain or before it."""
    for value in dict.fromkeys((offset, offset / gain)):
        if abs(value) < MIN_KNOWN:
            continue
        found = known_cause(value, OFFSETS, lambda x: -x)
        for unit, (name, natural) in IN_OTHER_UNITS.items():
            found = found or known_cause(value, {unit * natural: name}, lambda x: -x)
        if found:
            return found
    return ""


def offset_of_c0_cause(offset: float) -> str:
    """The cause of an offset of c0 alone: sqrt(bands) times that of every band."""
    for bands in BANDS:
        for unit, name in ((1.0, "2 ln 32768"), (DB, "20 log10 32768"), (1 / np.log(10), "2 log10 32768")):
            if abs(abs(offset) / (unit * 2 * np.log(32768) * np.sqrt(bands)) - 1) < KNOWN_OF_C0:
                return (
                    f" (sqrt({bands}) x {name}: 16-bit samples against samples between -1 and 1, "
                    f"as an orthonormal DCT of {bands} bands has it)"
                )
    return ""


class Lifter(NamedTuple):
    """A sine lifter that one of two files has."""

    length: int
    first: int
    inverse: bool


def lifter_of(gain: np.ndarray) -> Lifter | None:
    """The lifter whose weights, or their inverses, the gains of the rows are, up to a constant."""
    for length in range(2, 61):
        for first in (0, 1):
            weights = lifter(len(gain), length, first)
            if np.abs(weights).min() < 1e-9:
                continue
            for known, inverse in ((weights, False), (1 / weights, True)):
                if np.allclose(gain / known, (gain / known)[-1], rtol=KNOWN, atol=0):
                    return Lifter(length, first, inverse)
    return None


class Statistic(NamedTuple):
    """What a normalization made of values: "z-scores", the order that repeats it, and what that has."""

    name: str
    order: str
    gain: bool
    offset: bool


def normalization(x: np.ndarray, per_row: bool, rounded: bool) -> Statistic | None:
    """The normalization that x itself shows, over each row or over all of it."""
    axis = 1 if per_row else None
    deviation = x.std(axis=axis)
    if (deviation <= 0).any():
        x, deviation = (x[deviation > 0], deviation[deviation > 0]) if per_row else (x, deviation)
        if not np.all(deviation > 0) or not x.size:
            return None
    near = 4e-3 if rounded else MEAN
    n = x.shape[1] if per_row else x.size
    of = "each row" if per_row else "the whole file"
    mean, low, high = x.mean(axis=axis), x.min(axis=axis), x.max(axis=axis)
    if np.all(np.abs(mean) <= near * deviation):
        for scale, words in ((1.0, ""), (0.5, " over 2")):
            spread = np.abs(deviation / scale - 1).max()
            with_ddof = np.abs(deviation / scale / np.sqrt((n - 1) / n) - 1).max()
            limit = near if rounded else DEVIATION
            if min(spread, with_ddof) <= limit:
                ddof = 1 if with_ddof < spread else 0
                order = f"subtract the mean of {of} and divide by its standard deviation (ddof={ddof})"
                order += " x 2" if scale != 1 else ""
                return Statistic(f"z-scores{words} of {of} (ddof={ddof})", order, True, True)
            if spread <= NEAR_ONE:
                order = f"subtract the mean of {of} and divide by its standard deviation"
                name = f"z-scores{words} of {of}, with a small number added to the deviation"
                return Statistic(name, order, True, True)
        return Statistic(f"values about the mean of {of}", f"subtract the mean of {of}", False, True)
    span = np.abs(high - low)
    for bottom, top in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if np.all(np.abs(low - bottom) <= near * span) and np.all(np.abs(high - top) <= near * span):
            order = f"map the minimum and maximum of {of} to {bottom:g} and {top:g}"
            return Statistic(f"min-max values, {bottom:g} to {top:g}, of {of}", order, True, True)
    if np.all(np.abs(high) <= 1e-6 * span) and np.all(low < 0):
        return Statistic(f"levels relative to the maximum of {of}", f"subtract the maximum of {of}", False, True)
    most = np.maximum(np.abs(low), np.abs(high))
    if np.all(np.abs(most - 1) <= near):
        order = f"divide by the greatest absolute value of {of}"
        return Statistic(f"values over the greatest absolute value of {of}", order, True, False)
    return None


def by_statistics_of(x: np.ndarray, gain: np.ndarray, offset: np.ndarray, per_row: bool) -> Statistic | None:
    """The normalization by x's own statistics that has these gains and offsets, over each row or over all of it."""
    axis = 1 if per_row else None
    of = "each row" if per_row else "the whole file"
    mean, low, high = (f(x, axis=axis, keepdims=True) for f in (np.mean, np.min, np.max))
    for ddof in (0, 1):
        deviation = x.std(axis=axis, keepdims=True, ddof=ddof)
        if (deviation > 0).all() and np.allclose(gain * deviation, 1, rtol=DEVIATION) and agree(gain, offset, mean, x):
            order = f"subtract the mean of {of} and divide by its standard deviation (ddof={ddof})"
            return Statistic(f"z-scores of {of} (ddof={ddof})", order, True, True)
    span = high - low
    if (span > 0).all() and np.allclose(gain * span, 1, rtol=2e-4) and agree(gain, offset, low, x):
        order = f"map the minimum and maximum of {of} to 0 and 1"
        return Statistic(f"min-max values, 0 to 1, of {of}", order, True, True)
    if np.allclose(gain, 1, rtol=2e-4):
        for center, name in ((mean, "mean"), (high, "maximum"), (np.median(x, axis=axis, keepdims=True), "median")):
            if agree(gain, offset, center, x):
                return Statistic(f"values about the {name} of {of}", f"subtract the {name} of {of}", False, True)
    return None


def agree(gain: np.ndarray, offset: np.ndarray, center: np.ndarray, x: np.ndarray) -> bool:
    """Whether the gain and offset move `center` to 0."""
    return bool((np.abs(gain * center + offset) <= MEAN * np.abs(gain) * np.maximum(x.std(axis=1).max(), 1e-300)).all())
