"""Several features one above the other, as tutorials stack them: [mfcc, chroma, mel], [zcr, rms, mfcc], in any order.

Each group of rows is compared, as it is, with what librosa's functions give for the clip; a vector with statistics of
that over time. Nothing is fitted: a group is recognized if its numbers are the same. The rest is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from dsp.chroma import chroma, count_deviations, tonnetz
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.search.changes import Oriented
from dsp.doctor.search.deadline import LEVEL, Deadline
from dsp.doctor.search.pooled import STATISTICS
from dsp.doctor.search.residuals import TINY
from dsp.doctor.search.stage_cache import StageCache
from dsp.mfcc import compute_deltas
from dsp.spectral_features import (
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_contrast,
    spectral_flatness,
    spectral_rolloff,
    zero_crossing_rate,
)

LIBROSA = CONVENTIONS["librosa"]
LENGTHS = (2048, 1024, 512, 400)  # customary transforms: librosa's default first
HOPS = (512, 160, 256, 128, 200, 220, 221, 320, 400, 441, 480, 1024, 64)
FRAMINGS_OF_VECTORS = ((2048, 512), (1024, 256), (512, 160), (400, 160))  # the number of frames is not to be seen
OF_SINGLE_ROWS = ("mean", "standard deviation")  # statistics; with more of them a number may agree by chance
BANDS = (128, 64, 80, 40, 26)
MIN_FRAMES = 8  # of rows that are compared: fewer may agree by chance
MIN_CEPSTRA = 4  # first cepstra that make a group
ANCHOR = 4  # numbers of a vector that agree one after the other: a single one may by chance
NEAR = 2e-3  # of a row's deviation: single precision leaves less, another feature about 1
NEAR_NUMBERS, NEAR_LARGEST = 5e-5, 2e-6  # of a number of a vector, and of the largest of its group
SHOWS = 20.0  # times the rounding: a row that varies less shows nothing
SINGLE_PRECISION = 1e-4  # of the largest value of a group: what tools that compute in float32 leave
TUNINGS, NEARLY_AS_FREQUENT = 6, 2  # at most so many; peaks fewer than the most frequent has
COST = 10.0  # values of a spectrum count so often: all features are computed from them


@dataclass(frozen=True)
class Block:
    """A feature of the clip."""

    name: str  # what the notes call it; {n} stands for its rows
    rows: np.ndarray  # (n, n_frames), or (n,) statistics of these
    convention: Convention | None = None  # of cepstra and mel bands
    preset: str = "librosa"  # that it is based on
    is_prefix: bool = False  # any number of its first rows is a group as well


@dataclass(frozen=True)
class Group:
    """Rows of a matrix, and the feature that they are."""

    first: int
    block: Block

    @property
    def stop(self) -> int:
        return self.first + len(self.block.rows)

    def sentence(self) -> str:
        return f"{rows_in_words(self.first, self.stop)}: {self.block.name.format(n=len(self.block.rows))}"


@dataclass(frozen=True)
class Stack:
    """What the rows of a matrix, or the numbers of a vector, are."""

    oriented: Oriented
    groups: tuple[Group, ...]
    framing: Convention | None  # the frames of librosa's functions; None where all groups are of presets

    @property
    def fitted(self) -> np.ndarray:
        """The matrix of what was recognized, 0 elsewhere."""
        fitted = np.zeros(self.oriented.matrix.shape)
        for group in self.groups:
            rows = group.block.rows
            fitted[group.first : group.stop] = rows if rows.ndim == 2 else rows[:, None]
        return fitted

    @property
    def unknown(self) -> list[tuple[int, int]]:
        """(first, stop) of the rows that were not recognized."""
        edges = [0, *(edge for group in self.groups for edge in (group.first, group.stop)), len(self.oriented.matrix)]
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]

    @property
    def main(self) -> Block | None:
        """The first cepstra or mel bands."""
        return next((group.block for group in self.groups if group.block.convention), None)

    def n_recognized(self) -> int:
        return sum(len(group.block.rows) for group in self.groups)

    def is_several(self) -> bool:
        """Whether there is more than one feature; cepstra with their deltas are one."""
        return sum(not group.block.name.startswith(DELTAS) for group in self.groups) > 1

    def is_hopeless(self) -> bool:
        """Whether no search for one convention can explain the matrix."""
        return self.is_several() or (bool(self.groups) and self.main is None and not self.unknown)

    def is_exact(self) -> bool:
        """Whether every number agrees to single precision."""
        x = self.oriented.matrix
        for group in self.groups:
            rows = group.block.rows if group.block.rows.ndim == 2 else group.block.rows[:, None]
            if np.abs(x[group.first : group.stop] - rows).max() > SINGLE_PRECISION * np.abs(rows).max():
                return False
        return True

    def sentences(self) -> tuple[str, ...]:
        """Every group with its rows, in order; what is unknown; the frames."""
        parts = [(group.first, group.sentence()) for group in self.groups]
        parts += [(first, f"{rows_in_words(first, stop)}: not recognized") for first, stop in self.unknown]
        sentences = [sentence for _, sentence in sorted(parts)]
        if any(stop - first == 6 for first, stop in self.unknown):
            sentences.append("(librosa.feature.tonnetz starts from chroma_cqt, which is not part of dsp)")
        if self.framing is not None:
            n_fft, hop = self.framing.n_fft, self.framing.hop_length
            sentences.append(f"librosa's frames have {n_fft} samples and a hop of {hop}, centered")
        return tuple(sentences)


DELTAS = "deltas of"


def rows_in_words(first: int, stop: int) -> str:
    return f"row {first}" if stop == first + 1 else f"rows {first} to {stop - 1}"


def stacked_rows(
    orientations: list[Oriented], cache: StageCache, resolution: float, deadline: Deadline
) -> Stack | None:
    """The features that stand above each other in a matrix, the reading that recognizes most; None if none is.

    Checked: tests/test_doctor_recognizes_row_groups.py
    """
    best: Stack | None = None
    for oriented in orientations:
        if oriented.matrix.shape[1] < MIN_FRAMES:
            continue
        for framing, blocks in _candidates(cache, oriented.matrix.shape[1]):
            if deadline.is_over():
                return best
            best = _better(best, Stack(oriented, _parse(oriented.matrix, blocks, _Rows(resolution)), framing))
            if best is not None and not best.unknown:
                return best
    return best


def stacked_statistics(vector: np.ndarray, cache: StageCache, resolution: float, deadline: Deadline) -> Stack | None:
    """As stacked_rows, of a vector of statistics over time.

    Checked: tests/test_doctor_recognizes_row_groups.py
    """
    best: Stack | None = None
    oriented = Oriented(vector[:, None], False)
    for framing, blocks in _candidates(cache, None):
        if deadline.is_over():
            break
        pooled = [
            replace(block, name=f"the {statistic} over time of {block.name}", rows=function(block.rows))
            for block in blocks
            for statistic, function in STATISTICS.items()
            if len(block.rows) > 1 or statistic in OF_SINGLE_ROWS
        ]
        groups = _parse(vector, pooled, _Numbers(resolution))
        if max((len(group.block.rows) for group in groups), default=0) >= ANCHOR:
            best = _better(best, Stack(oriented, groups, framing))
        if best is not None and not best.unknown:
            break
    return best


def _better(best: Stack | None, found: Stack) -> Stack | None:
    """The one that recognizes more rows; of equals the first."""
    if found.groups and (best is None or found.n_recognized() > best.n_recognized()):
        return found
    return best


def _candidates(cache: StageCache, n_frames: int | None) -> Iterator[tuple[Convention | None, list[Block]]]:
    """The frames of librosa's functions, and what may stand in a stack then; at last with the presets beside it.

    n_frames : of the matrix; None if that is not to be seen
    """
    if n_frames is None:
        framings = list(FRAMINGS_OF_VECTORS)
    else:
        framings = [(n, hop) for n, hop in product(LENGTHS, HOPS) if 1 + cache.signal.size // hop == n_frames]
    first: list[Block] = []
    for n_fft, hop in framings:
        blocks = list(_blocks(cache, n_fft, hop))
        if blocks:
            first = first or blocks
            yield _framing(n_fft, hop), blocks
    of_presets = list(_blocks_of_presets(cache, n_frames))
    if of_presets:
        yield _framing(*framings[0]) if first else None, [*first, *of_presets]


def _framing(n_fft: int, hop: int) -> Convention:
    return replace(LIBROSA, frame_length=n_fft, n_fft=n_fft, hop_length=hop)


class _Rows:
    """Compares rows over time."""

    def __init__(self, resolution: float):
        self.resolution = resolution

    def same(self, F: np.ndarray, G: np.ndarray, largest: float, of_block: np.ndarray) -> np.ndarray:
        """For every row of F, whether it is that of G.

        largest, of_block : the greatest magnitude in the file, and in the block of each row of G
        """
        slack = 2 * self.resolution * largest
        off = np.sqrt(np.mean((F - G) ** 2, axis=1))
        return off <= NEAR * G.std(axis=1) + slack

    def shows(self, G: np.ndarray, largest: float) -> bool:
        """Whether any row varies enough to be recognized."""
        deviation = G.std(axis=1)
        floor = max(SHOWS * self.resolution * largest, 1e-6 * np.abs(G).max(initial=0), TINY)
        return bool((deviation > floor).any())


class _Numbers:
    """Compares the numbers of vectors."""

    def __init__(self, resolution: float):
        self.resolution = resolution

    def same(self, F: np.ndarray, G: np.ndarray, largest: float, of_block: np.ndarray) -> np.ndarray:
        slack = 2 * self.resolution * largest + NEAR_LARGEST * of_block
        return np.abs(F - G) <= NEAR_NUMBERS * np.abs(G) + slack

    def shows(self, G: np.ndarray, largest: float) -> bool:
        """Zeros, and one number several times over, are no evidence."""
        greatest = float(np.abs(G).max(initial=0))
        floor = max(SHOWS * self.resolution * largest, TINY)
        return greatest > floor and (len(G) == 1 or float(np.ptp(G)) > max(floor, SHOWS * NEAR_NUMBERS * greatest))


def _parse(x: np.ndarray, blocks: list[Block], compare: _Rows | _Numbers) -> tuple[Group, ...]:
    """From the first row on, the longest feature that begins there; a row at which none does is left out."""
    groups: list[Group] = []
    first, largest = 0, float(np.abs(x).max())
    deltas: list[Block] = []
    heads = np.array([block.rows[0] for block in blocks])
    of_blocks = np.array([np.abs(block.rows).max() for block in blocks])
    while first < len(x):
        begins = compare.same(x[first], heads, largest, of_blocks)
        beginning = [*deltas, *(blocks[i] for i in np.flatnonzero(begins))]
        matching = [m for block in beginning if (m := _matching(x[first:], block, compare, largest))]
        found = max(matching, key=lambda block: len(block.rows), default=None)
        if found is None:
            first += 1
            continue
        groups.append(Group(first, found))
        first += len(found.rows)
        if found.is_prefix and found.rows.ndim == 2:
            deltas = _deltas(found)
    return tuple(groups)


def _matching(x: np.ndarray, block: Block, compare: _Rows | _Numbers, largest: float) -> Block | None:
    """The block, or its first rows, if x begins with it."""
    n = min(len(x), len(block.rows))
    if n < len(block.rows) and not block.is_prefix:
        return None
    same = compare.same(x[:n], block.rows[:n], largest, np.abs(block.rows).max())
    if block.is_prefix:
        n = n if same.all() else int(np.argmin(same))
        if n < MIN_CEPSTRA:
            return None
        c = replace(block.convention, n_mfcc=n) if block.convention else None
        block = replace(block, rows=block.rows[:n], convention=c)
    elif not same.all():
        return None
    return block if compare.shows(block.rows, largest) else None


def _deltas(cepstra: Block) -> list[Block]:
    """The deltas of cepstra by the preset's rule."""
    name = cepstra.name.format(n=len(cepstra.rows))
    try:
        rows = compute_deltas(cepstra.rows, replace(cepstra.convention or LIBROSA, delta_orders=2))
    except ValueError:  # fewer frames than the deltas' window
        return []
    return [Block(f"{DELTAS} {what}{name}", values) for what, values in zip(("", "deltas of "), rows, strict=True)]


def _blocks(cache: StageCache, n_fft: int, hop: int) -> Iterator[Block]:
    """Every feature of the clip that is known, in frames of n_fft samples; nothing where the clip is too short."""
    c = _framing(n_fft, hop)
    linear = replace(c, log=None, dynamic_range=None, n_mfcc=None)
    try:
        magnitude = cache.features(replace(linear, n_mels=None, spectrum="magnitude"), "log_mel")
    except ValueError:
        return
    cache.work.done += COST * LEVEL * magnitude.size
    yield Block("{n} MFCC of librosa", cache.features(replace(c, n_mfcc=BANDS[0]), "mfcc"), c, is_prefix=True)
    for n_mels in BANDS:
        level = replace(c, n_mels=n_mels, n_mfcc=None)
        yield Block("mel power of librosa, {n} bands", *_bands(cache, replace(linear, n_mels=n_mels)))
        yield Block("mel levels of librosa in dB, {n} bands", *_bands(cache, level))
        relative = replace(level, reference="maximum")
        yield Block("mel levels of librosa in dB below the maximum, {n} bands", *_bands(cache, relative))
    yield from _of_spectrum(cache, magnitude)
    yield from _of_signal(cache, n_fft, hop)


def _blocks_of_presets(cache: StageCache, n_frames: int | None) -> Iterator[Block]:
    """Cepstra, and levels of bands, of the other presets that give so many frames.

    Normalized ones are left out: their means and deviations are 0 and 1 in any clip.
    """
    for name, preset in CONVENTIONS.items():
        if preset == LIBROSA or preset.normalization or (n_frames is not None and cache.n_frames(preset) != n_frames):
            continue
        plain = replace(preset, dither=0.0, delta_orders=0)
        n_mels = plain.n_mels if isinstance(plain.n_mels, int) else None
        is_prefix = plain.c0 == "first" and plain.energy in (None, "replaces c0") and n_mels is not None
        try:
            if plain.n_mfcc is not None:
                c = replace(plain, n_mfcc=n_mels) if is_prefix else plain
                yield Block(f"{{n}} MFCC of {name}", cache.features(c, "mfcc"), c, name, is_prefix)
            c = replace(plain, n_mfcc=None)
            yield Block(f"log-mel values of {name}, {{n}} bands", cache.features(c, "log_mel"), c, name)
        except ValueError:  # the clip is too short, or the rate does not fit
            continue


def _bands(cache: StageCache, c: Convention) -> tuple[np.ndarray, Convention]:
    return cache.features(c, "log_mel"), c


def _of_spectrum(cache: StageCache, S: np.ndarray) -> Iterator[Block]:
    """Features of a magnitude spectrum."""
    rate = cache.sample_rate
    for tuning, said in _tunings(S**2, rate):
        of_power = chroma(S**2, rate, tuning=tuning)
        yield Block(f"chroma_stft of librosa, {{n}} classes{said}", of_power)
        yield Block(f"tonnetz of librosa's chroma_stft, {{n}} dimensions{said}", tonnetz(of_power))
    for tuning, said in _tunings(S, rate):
        yield Block(f"chroma_stft of librosa from magnitudes, {{n}} classes{said}", chroma(S, rate, tuning=tuning))
    functions: dict[str, Callable[[], np.ndarray]] = {
        "spectral contrast of librosa, {n} bands": lambda: spectral_contrast(S, rate),
        "spectral centroid in Hz": lambda: spectral_centroid(S, rate)[None],
        "spectral bandwidth in Hz": lambda: spectral_bandwidth(S, rate)[None],
        "spectral roll-off in Hz (85 %)": lambda: spectral_rolloff(S, rate)[None],
        "spectral flatness": lambda: spectral_flatness(S)[None],
    }
    for name, compute in functions.items():
        try:
            yield Block(name, compute())
        except ValueError:  # octaves above the Nyquist frequency
            continue


def _tunings(S: np.ndarray, rate: float) -> Iterator[tuple[float, str]]:
    """The estimated tuning, and those that are nearly as frequent: librosa's single precision may prefer one."""
    edges, counts = count_deviations(S, rate, 12, 0.01)
    first, *others = np.argsort(-counts, kind="stable")[:TUNINGS]
    yield float(edges[first]) if counts.any() else 0.0, ""
    for i in others:
        if counts[i] >= counts.max() - NEARLY_AS_FREQUENT:
            yield float(edges[i]), f", tuned by {edges[i]:.2f} as single precision decides"


def _of_signal(cache: StageCache, n_fft: int, hop: int) -> Iterator[Block]:
    """Features of the samples; their own functions always have frames of 2048 by default."""
    for length in dict.fromkeys((2048, n_fft)):
        said = "" if length == 2048 else f" in frames of {length}"
        for name, function in (("zero-crossing rate", zero_crossing_rate), ("RMS", rms)):
            try:
                yield Block(f"{name}{said}", function(cache.signal, length, hop)[None])
            except ValueError:
                continue
