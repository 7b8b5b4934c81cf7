"""Features of one clip under many conventions: every stage is kept, so that a new convention costs what it changes.

The stages are those of dsp/mfcc.py, called one by one. This file adds the memory, and that a caller may ask for some
columns (frames) instead of all. A clip's maximum, where a convention uses it, is then the maximum of these columns.
"""

from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import Any

import numpy as np

from dsp.checks import as_signal
from dsp.conventions.parameters import WORDS, Convention
from dsp.conventions.sizes import Sizes, require_frames, sizes
from dsp.doctor.search.deadline import CALL, LEVEL, SAMPLE, WEIGHT, Work
from dsp.doctor.search.frame_grids import sizes_or_none
from dsp.doctor.search.residuals import TINY
from dsp.doctor.search.sparse_filters import filter_frames, sparse_filters
from dsp.doctor.search.trials import Move, apply_move
from dsp.fft import rfft
from dsp.mfcc import (
    append_deltas_and_normalize,
    cepstrum_matrix,
    cepstrum_weights,
    compute_deltas,
    cut_frames,
    insert_energy,
    insert_mel_energy,
    log_compress,
    make_filterbank,
    make_window,
    normalize_rows,
    power_divisor,
    preemphasize_frames,
    preprocess_signal,
    root,
)
from dsp.normalization import remove_dc, smooth

MAX_SPECTRA = 400  # kept, and as many mel matrices; by trial
MAX_SIGNALS = 4  # kept whole; they differ in pre-emphasis and DC removal alone
MAX_FRAMED = 16  # signals as their framing extends them
MAX_BANKS = 4000  # filterbanks without their zeros: small, and the dearest thing to compute again
MAX_CEPSTRUM_MATRICES = 400
MAX_NUMBERS = 2**26  # of what is kept of each kind: 512 MB of float64
MAX_AT_ONCE = 2**22  # samples in frames, 32 MB: a longer clip is taken in parts, and its spectra are not kept
DROWNED = 10.0  # times the greatest value: a logarithm bends by 5 % then, and by more under lower floors
ROUNDING_SPREAD = 30  # times eps: the error of a weak bin of an FFT relative to its frame's power, with a margin

SIGNAL_PARAMETERS = ("dc_removal", "preemphasis", "preemphasis_in", "preemphasis_first")
SPECTRUM_PARAMETERS = (  # beside the lengths, from which the window's alignment follows
    *SIGNAL_PARAMETERS,
    *("framing", "last_frame", "window", "window_symmetry"),
)
LENGTH_PARAMETERS = (
    *("frame_length", "frame_length_s", "hop_length", "hop_length_s"),
    *("rounding", "n_fft", "window_alignment"),
)
FIT_THE_SIGNAL = ("scipy", "valid, centered")  # framings with lengths that depend on the signal's
BANK_PARAMETERS = ("n_mels", "f_min", "f_max", "mel_scale", "mel_triangles", "mel_norm")
CEPSTRUM_PARAMETERS = ("n_mfcc", "c0", "dct_type", "dct_norm", "lifter", "lifter_first")
POWER_PARAMETERS = ("scale", "spectrum", "spectrum_norm", "spectrum_scaling")
_framing_of = attrgetter("framing", "last_frame")
_lengths_of = attrgetter(*LENGTH_PARAMETERS)  # attrgetter, since a search asks for these some 100,000 times
_spectrum_of = attrgetter(*SPECTRUM_PARAMETERS)
_signal_of = attrgetter(*SIGNAL_PARAMETERS)
_window_of = attrgetter("window", "window_symmetry")
_bank_of = attrgetter(*BANK_PARAMETERS)
_cepstrum_of = attrgetter(*CEPSTRUM_PARAMETERS)
_gain_of = attrgetter("window", "window_symmetry", "scale", "spectrum_norm", "spectrum")

Columns = np.ndarray | None  # indices of frames; None for all
Kept = tuple[int, int] | None  # the first of the clip's frames that a matrix holds, and the one after the last


class StageCache:
    """One signal, and what has been computed from it.

    `kept` are the frames that there are to compare with, where a matrix holds a part of the clip's frames. Columns
    count from the first of these. Maxima, deltas and normalization are still those of the whole clip.
    """

    def __init__(self, signal, sample_rate: float, kept: Kept = None, work: Work | None = None):
        self.signal, self.kept, self.work = as_signal(signal), kept, work or Work()
        if not sample_rate > 0:
            raise ValueError(f"{sample_rate=} is not a sample rate; more than 0 Hz is expected")
        self.sample_rate = sample_rate
        self._signals, self._spectra, self._mels = _Memory(MAX_SIGNALS), _Memory(MAX_SPECTRA), _Memory(MAX_SPECTRA)
        self._framed = _Memory(MAX_FRAMED)
        self._windows: dict[tuple, np.ndarray] = {}
        self._own_sizes: dict[tuple, Sizes | str] = {}
        self._banks, self._cepstra = _Memory(MAX_BANKS), _Memory(MAX_CEPSTRUM_MATRICES)
        self._fits: dict[tuple, tuple[Sizes, int] | str] = {}
        self._gains: dict[tuple, float] = {}
        self._fitting: dict[tuple, tuple[tuple[Move, ...], tuple[Move, ...]]] = {}

    def sizes_or_none(self, c: Convention) -> Sizes | None:
        """The convention's lengths for this clip; None if it does not fit."""
        return sizes_or_none(c, self.sample_rate, self.signal.size)

    def n_frames(self, c: Convention) -> int:
        """How many frames there are to compare with; 0 if the convention does not fit the clip."""
        n_frames = self.frames_of_clip(c)
        if self.kept is None:
            return n_frames
        first, stop = self.kept
        return stop - first if stop <= n_frames else 0

    def frames_of_clip(self, c: Convention) -> int:
        """How many frames the whole clip has; 0 if the convention does not fit it."""
        fit = self._fit(c)
        return 0 if isinstance(fit, str) else fit[1]

    def fitting(self, c: Convention, moves: tuple[Move, ...], n_frames: int) -> tuple[Move, ...]:
        """Those of the moves, of lengths and framings alone, after which there are n_frames to compare with.

        Of moves that lead to the same frames only the first is given.
        """
        key = (_lengths_of(c), _framing_of(c), id(moves), n_frames)
        if key not in self._fitting:
            of_frames: dict[tuple, Move] = {}
            for move in moves:
                other = apply_move(c, move)
                if self.n_frames(other) == n_frames:
                    of_frames.setdefault((self._sizes(other), other.framing, other.last_frame), move)
            self._fitting[key] = (moves, tuple(of_frames.values()))  # holds the moves, so that no others get their id
        return self._fitting[key][1]

    def static(self, c: Convention, kind: str, columns: Columns = None) -> np.ndarray:
        """The log-mel values, or the cepstra with their energy, before deltas and normalization.

        Returns (n_rows, n_columns). Raises ValueError where the convention does not fit the clip.
        """
        of_clip = self._of_clip(columns)
        if of_clip is None or self.kept is None or not uses_maximum(c):
            return self._static(c, kind, of_clip)
        mel, _, greatest, _ = self._mel(c, None)
        loudest = [mel.max(axis=0).argmax(), greatest.argmax()]
        return self._static(c, kind, np.append(of_clip, loudest))[:, : -len(loudest)]

    def _of_clip(self, columns: Columns) -> Columns:
        """Columns counted from the clip's first frame."""
        if self.kept is None:
            return columns
        return np.arange(*self.kept) if columns is None else columns + self.kept[0]

    def _static(self, c: Convention, kind: str, columns: Columns) -> np.ndarray:
        """As `static`, in columns of the clip."""
        if kind == "mfcc" and c.smoothing > 1:  # a column needs its neighbors
            rows = smooth(self._static(apply_move(c, {"smoothing": 1}), kind, None), c.smoothing)
            return rows if columns is None else rows[:, columns]
        mel, total, greatest, energies = self._mel(c, columns)
        self.work.done += CALL + LEVEL * mel.size
        level = log_compress(mel, c, float(greatest.max()))
        energy = total
        if c.energy_of != "spectrum":
            energy = energies[0 if c.energy_of == "raw frame" else 1] * c.scale**2
        if kind == "log_mel":
            return insert_mel_energy(level, energy, c)
        return insert_energy(self._cepstrum_matrix(c, len(level)) @ level, energy, c)

    def features(self, c: Convention, kind: str) -> np.ndarray:
        """The finished features of all frames: as `static`, cepstra with their deltas and normalized."""
        rows = self._static(c, kind, None)
        if kind == "mfcc":
            rows = append_deltas_and_normalize([rows, *compute_deltas(rows, c)], c)
        elif c.n_mfcc is None:
            rows = normalize_rows(rows, c)
        return rows if self.kept is None else rows[:, slice(*self.kept)]

    def n_mels(self, c: Convention, columns: Columns = None) -> int:
        """How many bands go into a cepstrum."""
        return len(self._mel(c, self._of_clip(columns))[0])

    def rounding_drift(self, c: Convention, eps: float) -> np.ndarray:
        """How far the natural logarithm of each band may move by rounding of its frame's power.

        Returns (n_mels, n_frames). Nothing moves in an empty band, or in one that stays below the floor.
        """
        mel, total, greatest, _ = self._mel(c)
        noise = ROUNDING_SPREAD * eps * total * (1.0 if c.n_mels is None else self._peaks(c)[:, None])
        unit = {"fraction of maximum": mel.max(), "fraction of greatest bin": greatest.max()}.get(c.floor_rule, 1.0)
        least = c.floor * unit
        if c.floor_rule != "zeros only":
            noise = np.where(mel + noise > least, noise, 0)
            mel = np.maximum(mel, least)
        drift = np.log1p(noise / np.maximum(mel, noise + TINY))
        return drift if self.kept is None else drift[:, slice(*self.kept)]

    def greatest(self, c: Convention, columns: Columns = None) -> float:
        """The greatest value that the logarithm is taken of; 1 where the convention does not fit."""
        try:
            return float(self._unscaled(c, self._of_clip(columns))[0].max()) * self.gain(c)
        except ValueError:
            return 1.0

    def is_drowned(self, c: Convention, columns: Columns = None) -> bool:
        """Whether a floor that is added is far above every value: ln(floor + x) is then x up to gain and offset."""
        return c.log is not None and c.floor_rule == "add" and c.floor > DROWNED * self.greatest(c, columns)

    def gain(self, c: Convention) -> float:
        """The factor of scale and norm on a convention's band powers (or magnitudes).

        Raises ValueError where the convention does not fit the clip.
        """
        size = self._sizes(c)
        key = (size, _gain_of(c))
        if key not in self._gains:
            gain = float(c.scale**2 / power_divisor(self._window(size, c), size, self.sample_rate, c))
            self._gains[key] = gain**0.5 if c.spectrum == "magnitude" else gain
        return self._gains[key]

    def _sizes(self, c: Convention) -> Sizes:
        fit = self._fit(c)
        if isinstance(fit, str):
            raise ValueError(fit)
        return fit[0]

    def _fit(self, c: Convention) -> tuple[Sizes, int] | str:
        """The lengths for this clip with the number of frames (0 if the clip is too short), or why there are none."""
        lengths = _lengths_of(c), c.framing if c.framing in FIT_THE_SIGNAL else None
        key = lengths, _framing_of(c)
        if key not in self._fits:
            if lengths not in self._own_sizes:
                self._own_sizes[lengths] = self._computed_sizes(c)
            size = self._own_sizes[lengths]
            self._fits[key] = size if isinstance(size, str) else (size, self._count_frames(size, c))
        return self._fits[key]

    def _computed_sizes(self, c: Convention) -> Sizes | str:
        try:
            return sizes(c, self.sample_rate, self.signal.size)
        except ValueError as e:
            return str(e)

    def _count_frames(self, size: Sizes, c: Convention) -> int:
        try:
            return require_frames(self.signal.size, size, c)
        except ValueError:
            return 0

    def may_have(self, n_frames: int, c: Convention) -> bool:
        """Whether any framing and rounding could give about n_frames: a quick check that errs only towards yes."""
        for word in WORDS["rounding"]:
            size = self.sizes_or_none(apply_move(c, {"rounding": word}))
            if size and abs(n_frames * size.hop - self.signal.size) <= 4 * size.n_fft + 3 * size.hop:
                return True
        return False

    def _mel(
        self, c: Convention, columns: Columns = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
        """What the logarithm is taken of; of each frame its power and greatest bin; the two energies of _spectrum."""
        mel, total, greatest, *energies = self._unscaled(c, columns)
        gain = self.gain(c)
        return mel * gain, total * gain, greatest * gain, energies

    def _unscaled(self, c: Convention, columns: Columns) -> list[np.ndarray]:
        """As _mel, before scale and norm."""
        size = self._sizes(c)
        seen = None if columns is None else columns.tobytes()
        spectrum_key = (seen, size, _spectrum_of(c))
        bank_key = (size.n_fft, _bank_of(c))
        floor = (c.spectrum_floor, c.spectrum_floor_rule, self.gain(c)) if c.spectrum_floor else None
        key = (spectrum_key, bank_key, c.spectrum, c.spectrum_scaling, floor)
        return self._mels.get(key, lambda: self._all_bands(c, size, columns, spectrum_key, bank_key))

    def _all_bands(self, c: Convention, size: Sizes, columns: Columns, spectrum_key, bank_key) -> list[np.ndarray]:
        """Bands, power and energies of all columns asked for; of a long clip, computed part by part."""
        n_columns = self.frames_of_clip(c) if columns is None else len(columns)
        if n_columns * size.n_fft <= MAX_AT_ONCE:
            kept = self._spectra.get(spectrum_key, lambda: self._spectrum(c, size, self._frames(c, size, columns)))
            return self._bands(c, size, bank_key, *kept)
        frames, step = self._frames(c, size, columns), max(1, MAX_AT_ONCE // size.n_fft)
        parts = [frames[:, first : first + step] for first in range(0, frames.shape[1], step)]
        bands = [self._bands(c, size, bank_key, *self._spectrum(c, size, part)) for part in parts]
        return [np.concatenate(of, axis=-1) for of in zip(*bands, strict=True)]

    def _bands(self, c: Convention, size: Sizes, bank_key, power, *energies) -> list[np.ndarray]:
        """Bands, power and greatest bin of each frame, all before the gain; and the energies as they are."""
        bins = power
        if c.spectrum_scaling == "one-sided, doubled":
            bins = power.copy()
            bins[1 : (size.n_fft + 1) // 2] *= 2
        if c.spectrum == "magnitude":
            gain = self.gain(c) if c.spectrum_floor else 1.0
            bins = root(bins * gain**2, c) / gain
        if c.n_mels is None:
            return [bins, bins.sum(axis=0), bins.max(axis=0), *energies]
        bank = self._banks.get(bank_key, lambda: sparse_filters(size.n_fft, self.sample_rate, c))
        self.work.done += WEIGHT * bank.weights.size * bins.shape[1]
        return [*filter_frames(*bank, bins), *energies]

    def _frames(self, c: Convention, size: Sizes, columns: Columns) -> np.ndarray:
        """(frame, n_columns)."""
        plain = apply_move(c, {"scale": 1.0, "dither": 0.0})
        key = _signal_of(c)

        def framed() -> np.ndarray:
            return cut_frames(self._signals.get(key, lambda: preprocess_signal(self.signal, plain)), size, c)

        frames = self._framed.get((key, size.frame, size.hop, _framing_of(c)), framed)
        return frames if columns is None else frames[:, columns]

    def _spectrum(self, c: Convention, size: Sizes, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """|X|^2, and the sum of squares of each frame before and after the window."""
        self.work.done += SAMPLE * size.n_fft * frames.shape[1]
        raw = remove_dc(frames.T).T if c.dc_removal == "frame" else frames
        windowed = preemphasize_frames(raw, c) * self._window(size, c)[:, None]
        spectrum = np.ascontiguousarray(rfft(windowed.T, size.n_fft).T)
        return spectrum.real**2 + spectrum.imag**2, np.sum(raw**2, axis=0), np.sum(windowed**2, axis=0)

    def _window(self, size: Sizes, c: Convention) -> np.ndarray:
        key = (size.window, size.frame, _window_of(c))
        if key not in self._windows:
            self._windows[key] = make_window(size, c)
        return self._windows[key]

    def _peaks(self, c: Convention) -> np.ndarray:
        """(n_mels,): the greatest weight of each filter."""
        return make_filterbank(self._sizes(c), self.sample_rate, c).max(axis=1)

    def _cepstrum_matrix(self, c: Convention, n_mels: int) -> np.ndarray:
        """The DCT with the lifter's weights in it."""
        key = (n_mels, _cepstrum_of(c))
        return self._cepstra.get(key, lambda: cepstrum_weights(c)[:, None] * cepstrum_matrix(n_mels, c))


def uses_maximum(c: Convention) -> bool:
    """Whether a level depends on the maximum of its clip."""
    return c.log is not None and (
        c.reference is not None or c.dynamic_range is not None or c.floor_rule.startswith("fraction of")
    )


class _Memory:
    """What has been computed: at most so many entries, and MAX_NUMBERS numbers in them. The oldest make room."""

    def __init__(self, max_entries: int):
        self.max_entries, self.numbers = max_entries, 0
        self.entries: dict[Hashable, Any] = {}

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The entry, an array or several; compute() gives it where it is not kept."""
        if key not in self.entries:
            entry = compute()
            self.numbers += _count_numbers(entry)
            while self.entries and (len(self.entries) >= self.max_entries or self.numbers > MAX_NUMBERS):
                self.numbers -= _count_numbers(self.entries.pop(next(iter(self.entries))))
            self.entries[key] = entry
        return self.entries[key]


def _count_numbers(entry: Any) -> int:
    """How many numbers there are in an array, or in several."""
    return entry.size if isinstance(entry, np.ndarray) else sum(a.size for a in entry)
