"""What the C code of a convention consists of: lengths, counts and tables, before they become text."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp.checks import as_sample_rate, as_word
from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import sizes
from dsp.cooley_tukey import factors, roots_of_unity
from dsp.deltas import delta_weights
from dsp.framing import MIRRORED, count_leading_samples
from dsp.mfcc import (
    LOG_FACTOR,
    cepstrum_matrix,
    cepstrum_weights,
    make_filterbank,
    make_window,
    power_divisor,
    require_cepstrum,
)

MAX_N_FFT = 2**16  # of a table in a source file; also what 16 bits can count
MAX_FILTERBANK = 2**24  # numbers of the full matrix, of which the file has those that are not 0
MAX_TABLE = 2**20  # numbers: 20 MB of text
FRACTIONS = ("fraction of maximum", "fraction of greatest bin")


@dataclass(frozen=True)
class Design:
    """A convention at one sample rate, as lengths and tables.

    The frames of every framing rule begin at t * hop - before, and there are max(least, (n + count_offset) // hop) of
    n samples, less the one that may be dropped.
    """

    convention: Convention
    sample_rate: float
    kind: str
    precision: str

    @cached_property
    def size(self) -> Any:
        return sizes(self.convention, self.sample_rate)

    # frames

    @cached_property
    def before(self) -> int:
        """Samples that the rule puts in front of the signal; negative if the first frame begins after its start."""
        return count_leading_samples(self.size.frame, self.size.hop, self.convention.framing)

    @property
    def mirror(self) -> int | None:
        """What dsp.framing.mirror_index calls `repeat`; None if zeros extend the signal."""
        return MIRRORED.get(self.convention.framing)

    @cached_property
    def count_offset(self) -> int:
        length, hop = self.size.frame, self.size.hop
        odd = length % 2
        return {
            "valid": hop - length,
            "valid, centered": hop - length,
            "center, zeros": hop - odd,
            "center, reflect": hop - odd,
            "half overlap, reflect": hop - length + 2 * max(0, (length - hop) // 2),
            "pad tail": 2 * hop - length - 1,
            "every hop": hop - 1,
            "symmetric": hop // 2,
            "scipy": 2 * hop - 1 - odd,
        }[self.convention.framing]

    @property
    def least(self) -> int:
        return int(self.convention.framing == "pad tail")

    @property
    def dropped(self) -> int:
        return int(self.convention.last_frame == "dropped")

    @property
    def is_padded(self) -> bool:
        """Whether frames reach beyond the end of the signal."""
        return not self.convention.framing.startswith("valid")

    @cached_property
    def reach(self) -> int:
        """Frame t can be computed, and is known to exist, as soon as t * hop + reach samples are there."""
        exists = self.size.hop * (1 + self.dropped) - self.count_offset
        return max(self.size.frame - self.before, exists)

    @cached_property
    def first_reach(self) -> int:
        """The same for frame 0, which may need more samples to mirror."""
        needed = self.reach
        if self.mirror is not None and self.before > 0:
            needed = max(needed, self.before + 1 - self.mirror)
        return max(needed, self.shortest_signal)

    @cached_property
    def shortest_signal(self) -> int:
        """Samples below which a clip is refused whatever its frames."""
        c = self.convention
        shortest = 1
        if c.preemphasis and c.preemphasis_in == "signal" and c.preemphasis_first == "extrapolate":
            shortest = 2
        if self.mirror == 0:
            shortest = max(shortest, self.before + 1)
        if c.framing == "scipy":
            shortest = max(shortest, self.size.window)
        return shortest

    @cached_property
    def min_samples(self) -> int:
        """Of the shortest clip that gives features."""
        needed = (self.shortest_clip + self.dropped) * self.size.hop - self.count_offset
        if self.least and self.shortest_clip + self.dropped == 1:
            needed = 1
        return max(needed, self.shortest_signal)

    @cached_property
    def ring(self) -> int:
        """Samples that are kept."""
        return max(self.first_reach + self.before, 2)

    # the window and the transform

    @cached_property
    def window(self) -> NDArray[np.float64]:
        """The window without the zeros around it."""
        return make_window(self.size, self.convention)[self.window_start :][: self.size.window]

    @cached_property
    def window_start(self) -> int:
        return (self.size.frame - self.size.window) // 2

    @property
    def bins(self) -> int:
        return self.size.n_fft // 2 + 1

    @property
    def packed(self) -> bool:
        """Whether two real samples travel in one complex number."""
        return self.size.n_fft % 2 == 0

    @property
    def points(self) -> int:
        """Of the complex transform."""
        return self.size.n_fft // 2 if self.packed else self.size.n_fft

    @cached_property
    def radices(self) -> tuple[int, ...]:
        """Of the stages, in their order; large ones first, where the transforms they join are short."""
        return tuple(sorted(factors(self.points), key=lambda radix: (radix in (2, 4), -radix)))

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Which point of the signal each stage-one point is."""
        return _digit_reversed(np.arange(self.points), self.radices)

    @cached_property
    def roots(self) -> NDArray[np.float64]:
        return _interleaved(roots_of_unity(self.points))

    @cached_property
    def unpacking_roots(self) -> NDArray[np.float64]:
        return _interleaved(roots_of_unity(self.size.n_fft)[: self.points // 2 + 1])

    @cached_property
    def power_scale(self) -> float:
        return 1 / power_divisor(make_window(self.size, self.convention), self.size, self.sample_rate, self.convention)

    # filters, cepstrum

    @cached_property
    def filterbank(self) -> NDArray[np.float64] | None:
        if self.convention.n_mels is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of empty filters
            return make_filterbank(self.size, self.sample_rate, self.convention)

    @property
    def levels(self) -> int:
        return self.bins if self.filterbank is None else len(self.filterbank)

    @cached_property
    def dct(self) -> NDArray[np.float64]:
        return cepstrum_matrix(self.levels, self.convention)

    @cached_property
    def lifter(self) -> NDArray[np.float64] | None:
        return cepstrum_weights(self.convention) if self.convention.lifter else None

    # rows and time

    @property
    def has_energy(self) -> bool:
        c = self.convention
        return (c.energy if self.kind == "mfcc" else c.mel_energy) is not None

    @cached_property
    def static_rows(self) -> int:
        c = self.convention
        if self.kind == "log_mel":
            return self.levels + (c.mel_energy is not None)
        return len(self.dct) + (c.energy in ("first", "last"))

    @property
    def delta_orders(self) -> int:
        return self.convention.delta_orders if self.kind == "mfcc" else 0

    @property
    def rows(self) -> int:
        return self.static_rows * (1 + self.delta_orders)

    @property
    def smoothing(self) -> int:
        return self.convention.smoothing if self.kind == "mfcc" else 1

    @property
    def delta_half(self) -> int:
        return self.convention.delta_width // 2 if self.delta_orders else 0

    @property
    def interpolates(self) -> bool:
        return bool(self.delta_orders) and self.convention.delta_edges == "interp"

    @cached_property
    def lookahead(self) -> int:
        """Frames after a frame that its row depends on."""
        chained = self.delta_orders == 2 and self.convention.delta_second != "curvature"
        return self.smoothing // 2 + self.delta_half * (2 if chained else 1)

    @property
    def weights(self) -> NDArray[np.float64]:
        return delta_weights(self.convention.delta_width, 1)

    @property
    def second_weights(self) -> NDArray[np.float64] | None:
        """Those of the curvature, where second-order deltas are that."""
        if self.delta_orders == 2 and self.convention.delta_second == "curvature":
            return delta_weights(self.convention.delta_width, 2)
        return None

    @property
    def shortest_clip(self) -> int:
        """Frames below which a clip is refused."""
        return self.convention.delta_width if self.interpolates else 1

    @cached_property
    def latency(self) -> int:
        """Row t has come out when t * hop + latency samples are there; row 0 not before. That of dsp.Stream."""
        waiting = self.lookahead + (self.delta_half if self.interpolates else 0)
        return max(self.first_reach, self.reach + waiting * self.size.hop)

    @cached_property
    def start_burst(self) -> int:
        """Rows that may come out at once when the first ones do."""
        at_once = (self.first_reach - self.reach) // self.size.hop
        return 2 + at_once + (self.delta_half if self.interpolates else 0)

    def count(self, n: NDArray[np.int64]) -> NDArray[np.int64]:
        """Frames of clips of n samples."""
        return np.maximum(self.least, (n + self.count_offset) // self.size.hop) - self.dropped

    def count_ready(self, n: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows that have come out when n samples are there."""
        ready = np.where(n < self.first_reach, 0, (n - self.reach) // self.size.hop + 1)
        enough = ready > self.lookahead + (self.delta_half if self.interpolates else 0)
        return np.where(enough, ready - self.lookahead, 0)

    @cached_property
    def finish_frames(self) -> int:
        """Rows that are still to come at the end of a clip, at most."""
        hop = self.size.hop
        settled = self.first_reach + self.reach + (self.lookahead + self.delta_half + 2) * hop
        step = max(1, settled // 2_000_000)  # of clips far longer than any convention needs, some stand for all
        n = np.concatenate([np.arange(1, settled, step), settled + np.arange(min(hop, 100_000) + 1)])
        return int(np.max(self.count(n) - self.count_ready(n))) + (step > 1)

    # what needs the whole clip

    @cached_property
    def whole_clip(self) -> tuple[str, ...]:
        """The parameters because of which the first frame depends on the last one."""
        c = self.convention
        found = []
        if c.framing == "valid, centered":
            found.append(f"framing={c.framing!r}")
        if c.dc_removal == "signal":
            found.append("dc_removal='signal'")
        if c.log is not None:
            if c.floor_rule in FRACTIONS:
                found.append(f"floor_rule={c.floor_rule!r}")
            if c.reference is not None:
                found.append(f"reference={c.reference!r}")
            if c.dynamic_range is not None:
                found.append(f"dynamic_range={c.dynamic_range:g}")
        if self.normalization is not None:
            found.append(f"normalization={self.normalization!r}")
        return tuple(found)

    @property
    def normalization(self) -> str | None:
        """Of the rows; that of a convention with cepstra is not for its log-mel values."""
        is_final = self.kind == "mfcc" or self.convention.n_mfcc is None
        return self.convention.normalization if is_final else None

    @property
    def needs_highest(self) -> bool:
        c = self.convention
        return c.log is not None and (c.reference is not None or c.dynamic_range is not None)

    @property
    def needs_fraction(self) -> bool:
        return self.convention.log is not None and self.convention.floor_rule in FRACTIONS

    @property
    def measures(self) -> bool:
        """Whether a first pass over the clip looks for its greatest value."""
        return self.needs_highest or self.needs_fraction

    @property
    def log_factor(self) -> float:
        return LOG_FACTOR[self.convention.log]


def make_design(c: Convention, sample_rate: float, kind: str | None, precision: str) -> Design:
    """The design of a convention, with everything refused that no C code can do."""
    as_sample_rate(sample_rate)
    as_word(precision, "precision", ("float", "double"))
    kind = ("log_mel" if c.n_mfcc is None else "mfcc") if kind is None else as_word(kind, "kind", ("mfcc", "log_mel"))
    if kind == "mfcc":
        require_cepstrum(c)
    if c.dither:
        raise ValueError(f"dither={c.dither:g} adds noise, which no other program can repeat; set dither=0")
    made = Design(c, sample_rate, kind, precision)
    size = made.size
    if size.n_fft > MAX_N_FFT or size.hop > 2**24:
        raise ValueError(f"n_fft={size.n_fft}, hop={size.hop}: C code takes n_fft up to {MAX_N_FFT} and hops to 2^24")
    if isinstance(c.n_mels, int) and c.n_mels * made.bins > MAX_FILTERBANK:
        raise ValueError(f"n_mels={c.n_mels} filters over {made.bins} bins are too many for C code")
    cepstra = (c.n_mfcc or 0) * made.levels if kind == "mfcc" else 0
    if cepstra > MAX_TABLE:
        raise ValueError(
            f"n_mfcc={c.n_mfcc} of {made.levels} levels needs a table of {cepstra} numbers, too many for C"
        )
    if made.rows * (2 * made.lookahead + 1) > MAX_TABLE:
        raise ValueError(f"delta_width={c.delta_width} of {made.rows} rows would make the state too large for C code")
    in_frame = c.preemphasis and c.preemphasis_in == "frame"
    if in_frame and c.preemphasis_first == "extrapolate" and size.frame < 2:
        raise ValueError("preemphasis_first='extrapolate' needs two samples; a frame has one")
    return made


def _digit_reversed(indices: NDArray[np.int64], radices: tuple[int, ...]) -> NDArray[np.int64]:
    """The order in which the points of a signal enter the first stage; the last stage joins its interleaved parts."""
    if not radices:
        return indices
    *before, radix = radices
    return np.concatenate([_digit_reversed(indices[part::radix], tuple(before)) for part in range(radix)])


def _interleaved(roots: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.stack([roots.real, roots.imag], axis=-1).ravel()


def sparse(filters: NDArray[np.float64]) -> tuple[list[int], list[int], list[float]]:
    """Of each filter the first bin and the number of bins, and all weights one after the other."""
    first, count, weights = [], [], []
    for row in filters:
        used = np.flatnonzero(row)
        start, stop = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
        first.append(start)
        count.append(stop - start)
        weights += row[start:stop].tolist()
    return first, count, weights
