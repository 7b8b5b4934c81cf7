"""Features of one clip under many conventions: every stage is kept, so that a new convention costs what it changes.

The stages are those of dsp/mfcc.py, called one by one; only what is remembered, and that a search may look at some
columns instead of all, is this file's.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numba import njit

from dsp.checks import as_signal
from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import frames_given, sizes
from dsp.fft import rfft
from dsp.mfcc import (
    append_deltas_and_normalize,
    cepstrum_matrix,
    cepstrum_weights,
    deltas_of,
    emphasized,
    filterbank_of,
    frames_of,
    log_compress,
    power_divisor,
    preprocess_signal,
    window_of,
    with_energy,
)
from dsp.normalization import remove_dc

MOST_KEPT = 48  # spectra, and as many mel matrices
MOST_NUMBERS = 2**26  # of what is kept of each kind
MOST_AT_ONCE = 2**22  # samples in frames: longer clips are taken in parts, and their spectra are not kept
OF_SIGNAL = ("dc_removal", "preemphasis", "preemphasis_in", "preemphasis_first")
OF_SPECTRUM = (*OF_SIGNAL, "framing", "last_frame", "window", "window_symmetry")  # its place is known from the lengths
OF_BANK = ("n_mels", "f_min", "f_max", "mel_scale", "mel_triangles", "mel_norm")
OF_CEPSTRUM = ("n_mfcc", "c0", "dct_type", "dct_norm", "lifter", "lifter_first")
OF_POWER = ("scale", "spectrum", "spectrum_norm", "spectrum_scaling")


class Bench:
    """One signal, and what was computed of it."""

    def __init__(self, signal, sample_rate: float):
        self.signal = as_signal(signal)
        if not sample_rate > 0:
            raise ValueError(f"{sample_rate=} is not a sample rate; more than 0 Hz is expected")
        self.rate = sample_rate
        self.look_at(None)
        self._signals, self._spectra, self._mels = _Memory(4), _Memory(MOST_KEPT), _Memory(MOST_KEPT)
        self._banks, self._cepstra, self._windows = _Memory(4000), _Memory(400), _Memory(MOST_KEPT)

    def look_at(self, columns) -> None:
        """From now on features have these columns alone (None: all); what a clip's maximum decides is theirs, too."""
        self.columns = columns  # as indices
        self._seen = None if columns is None else np.asarray(columns).tobytes()

    def sizes(self, c: Convention):
        """The convention's lengths at this rate; None if it does not fit."""
        try:
            return sizes(c, self.rate, self.signal.size)
        except ValueError:
            return None

    def n_frames(self, c: Convention) -> int:
        """How many frames the whole clip has; 0 if the convention does not fit it."""
        try:
            return frames_given(self.signal.size, sizes(c, self.rate, self.signal.size), c)
        except ValueError:
            return 0

    def static(self, c: Convention, kind: str) -> np.ndarray:
        """log_mel, or the cepstra with their energy, before deltas and normalisation: (n_rows, n_columns).

        Raises ValueError where the convention does not fit the clip.
        """
        mel, total, frames = self._mel(c)
        level = log_compress(mel, c)
        if kind == "log_mel":
            return level
        energies = {"raw frame": frames[0] * c.scale**2, "windowed frame": frames[1] * c.scale**2, "spectrum": total}
        return with_energy(self._cepstrum_matrix(c, len(level)) @ level, energies[c.energy_of], c)

    def features(self, c: Convention, kind: str) -> np.ndarray:
        """The finished features: as `static`, for cepstra with deltas and normalisation."""
        rows = self.static(c, kind)
        return append_deltas_and_normalize([rows, *deltas_of(rows, c)], c) if kind == "mfcc" else rows

    def n_mels(self, c: Convention) -> int:
        """How many levels go into a cepstrum."""
        return len(self._mel(c)[0])

    def drift(self, c: Convention, eps: float) -> np.ndarray:
        """(n_mels, n_columns): how far the logarithm of a band moves, in units of 1, by rounding of its frame's power.

        Nothing moves in an empty band, or in one that stays below the floor.
        """
        mel, total, _ = self._mel(c)
        noise = 30 * eps * total * (1.0 if c.n_mels is None else self._peaks(c)[:, None])
        least = c.floor * (mel.max() if c.floor_rule == "fraction of maximum" else 1)
        if c.floor_rule != "zeros only":
            noise = np.where(mel + noise > least, noise, 0)
            mel = np.maximum(mel, least)
        return np.log1p(noise / np.maximum(mel, noise + 1e-300))

    def greatest(self, c: Convention) -> float:
        """The greatest of what the logarithm is taken of, in the columns looked at; 1 where nothing fits."""
        try:
            return float(self._mel(c)[0].max())
        except ValueError:
            return 1.0

    def drowned(self, c: Convention) -> bool:
        """Whether a floor that is added is above everything: ln(f + x) is then x but for a gain and an offset."""
        return c.log is not None and c.floor_rule == "add" and c.floor > self.greatest(c)

    def gain(self, c: Convention) -> float:
        """What scale and norm multiply a convention's band powers (or magnitudes) by.

        Raises ValueError where the convention does not fit the clip.
        """
        size = sizes(c, self.rate, self.signal.size)
        window = self._windows.of((size, c.window, c.window_symmetry), lambda: window_of(size, c))
        gain = float(c.scale**2 / power_divisor(window, size, self.rate, c))
        return gain**0.5 if c.spectrum == "magnitude" else gain

    def _mel(self, c: Convention):
        """What the logarithm is taken of, the power of each frame, and the energies of _spectrum."""
        size = sizes(c, self.rate, self.signal.size)
        of_spectrum = (self._seen, size, *(getattr(c, name) for name in OF_SPECTRUM))
        of_bank = (size.n_fft, *(getattr(c, name) for name in OF_BANK))
        key = (of_spectrum, of_bank, c.spectrum, c.spectrum_scaling)
        mel, total, *energies = self._mels.of(key, lambda: self._all_bands(c, size, of_spectrum, of_bank))
        gain = self.gain(c)
        return mel * gain, total * gain, energies

    def _all_bands(self, c: Convention, size, of_spectrum, of_bank) -> list[np.ndarray]:
        """Bands, power and energies of all frames that are looked at; of a long clip some at a time."""
        n_columns = self.n_frames(c) if self.columns is None else len(self.columns)
        if n_columns * size.n_fft <= MOST_AT_ONCE:
            kept = self._spectra.of(of_spectrum, lambda: self._spectrum(c, size, self._frames(c, size)))
            return self._bands(c, size, of_bank, *kept)
        frames, step = self._frames(c, size), max(1, MOST_AT_ONCE // size.n_fft)
        parts = [frames[:, first : first + step] for first in range(0, frames.shape[1], step)]
        bands = [self._bands(c, size, of_bank, *self._spectrum(c, size, part)) for part in parts]
        return [np.concatenate(of, axis=-1) for of in zip(*bands, strict=True)]

    def _bands(self, c: Convention, size, of_bank, power, *energies) -> list[np.ndarray]:
        """What the logarithm is taken of but for a gain, and the power of each frame likewise; and the energies."""
        bins = power.copy() if c.spectrum_scaling == "one-sided, doubled" else power
        if c.spectrum_scaling == "one-sided, doubled":
            bins[1 : (size.n_fft + 1) // 2] *= 2
        if c.spectrum == "magnitude":
            bins = np.sqrt(bins)
        bands = bins if c.n_mels is None else filtered(*self._bank(c, size, of_bank), bins)
        return [bands, bins.sum(axis=0), *energies]

    def _frames(self, c: Convention, size) -> np.ndarray:
        """(frame, n_columns), those that are looked at."""
        plain = replace(c, scale=1.0, dither=0.0)
        of_signal = tuple(getattr(c, name) for name in OF_SIGNAL)
        signal = self._signals.of(of_signal, lambda: preprocess_signal(self.signal, plain))
        frames = frames_of(signal, size, c)
        return frames if self.columns is None else frames[:, self.columns]

    def _spectrum(self, c: Convention, size, frames: np.ndarray):
        """|X|^2, and the sum of squares of each frame before and after the window."""
        raw = remove_dc(frames.T).T if c.dc_removal == "frame" else frames
        windowed = emphasized(raw, c) * window_of(size, c)[:, None]
        spectrum = np.ascontiguousarray(rfft(windowed.T, size.n_fft).T)
        return spectrum.real**2 + spectrum.imag**2, np.sum(raw**2, axis=0), np.sum(windowed**2, axis=0)

    def _bank(self, c: Convention, size, key):
        """The filters without their zeros: all weights in one row, the first bin of each and its number of bins."""

        def bank():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of empty filters
                filters = filterbank_of(size, self.rate, c)
            used = filters > 0
            first, last = used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)
            last[~used.any(axis=1)] = 0
            n_bins = np.maximum(0, last - first)
            return (
                np.concatenate([row[f : f + n] for row, f, n in zip(filters, first, n_bins, strict=True)]),
                first,
                n_bins,
            )

        return self._banks.of(key, bank)

    def _peaks(self, c: Convention) -> np.ndarray:
        """(n_mels,): the greatest weight of each filter."""
        return filterbank_of(sizes(c, self.rate, self.signal.size), self.rate, c).max(axis=1)

    def _cepstrum_matrix(self, c: Convention, n_mels: int) -> np.ndarray:
        """The DCT with the lifter's weights in it."""
        key = (n_mels, *(getattr(c, name) for name in OF_CEPSTRUM))
        return self._cepstra.of(key, lambda: cepstrum_weights(c)[:, None] * cepstrum_matrix(n_mels, c))


@njit(cache=True)
def filtered(weights, first, n_bins, power):
    """The bands, (n_mels, n_columns): each the sum of its n_bins weights times the power from bin `first` on."""
    bands = np.zeros((first.size, power.shape[1]))
    place = 0
    for m in range(first.size):
        for k in range(first[m], first[m] + n_bins[m]):
            for t in range(power.shape[1]):
                bands[m, t] += weights[place] * power[k, t]
            place += 1
    return bands


class _Memory:
    """What was computed: at most so many things, and MOST_NUMBERS in them. The oldest make room."""

    def __init__(self, most: int):
        self.most, self.kept, self.numbers = most, {}, 0

    def of(self, key, compute: Callable):
        """What compute() gives, computed where it is not kept: an array, or several."""
        if key not in self.kept:
            found = compute()
            self.numbers += _size(found)
            while self.kept and (len(self.kept) >= self.most or self.numbers > MOST_NUMBERS):
                self.numbers -= _size(self.kept.pop(next(iter(self.kept))))
            self.kept[key] = found
        return self.kept[key]


def _size(kept) -> int:
    """How many numbers there are in an array, or in several."""
    return kept.size if isinstance(kept, np.ndarray) else sum(a.size for a in kept)
