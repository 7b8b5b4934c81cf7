"""Features of a signal that comes in pieces, such as a recording in progress: the numbers of the whole signal.

Read dsp/pieces.py first, for what a filter and a framing rule remember between two pieces. `Stream` does all steps of
a convention, with the kernels of `extract`.
"""

import math
from bisect import bisect_left
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dsp.checks import as_count, as_float_dtype, as_sample_rate, as_samples, as_word
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.sizes import sizes
from dsp.engine.batch import append_deltas_and_normalize, count_rows, single_span
from dsp.engine.extract import FeatureKind, count_clip_frames
from dsp.engine.lanes import width
from dsp.engine.plan import MAX_N_FFT, make_plan
from dsp.engine.streaming import FrameSource, least_samples
from dsp.framing import frame_count
from dsp.mfcc import insert_mel_energy, require_cepstrum, warn_beyond_full_scale
from dsp.resampling import Resampler

StreamNormalization = Literal[None, "running"]
PIECE = 2**15  # samples: longer pieces are cut, so that the buffer stays small


class Stream:
    """`extract` for a signal that comes in pieces: features as soon as their samples are there.

        stream = dsp.Stream("kaldi_fbank", 16000, kind="log_mel")
        for samples in microphone:
            frames = stream.push(samples)       # (80, n), n >= 0
        last = stream.finish()

    The results of all calls of `push` and the one of `finish`, put together, are bit for bit what `extract` gives for
    the whole signal, whatever the size of the pieces. Framing, pre-emphasis, dither, smoothing, deltas and resampling
    remember what they need; the memory does not grow with the signal.

    A convention that needs the whole signal before its first frame is refused, and the message says what to change;
    dsp.CONVENTIONS["whisper"], which takes its maximum, is one. With normalization="running" the value so far takes
    the place of the value of the whole signal:

        M_t     = max over s <= t          of the greatest level, or bin, of frame s  (maximum)
        mu_t    = 1/(t+1) sum over s <= t  of x[k, s]                                    (normalization)
        sd_t^2  = 1/(t+1-ddof) sum over s <= t  of (x[k, s] - mu_t)^2
        m_n     = 1/(n+1) sum over i <= n  of sample i                                   (dc_removal="signal")
        the first frame begins at sample 0                                             (framing="valid, centered")

    These features differ from `extract`'s, most at the beginning.

    Frame t has come out once `latency` + t hop_length samples have been pushed (t hop_length resample_from /
    sample_rate, rounded up, where the stream resamples), where

        latency = frame_length - P + hop_length d

    P are the samples that the framing adds before the signal, and d counts the frames to wait for: half of
    delta_width for each order of deltas ("curvature": once), half of the smoothing, another half of delta_width for
    delta_edges="interp", and 3 w - 1, w = 8 or 16 (float32), for a transform of odd length or with a prime factor above
    31, which the kernels share between two frames. last_frame="dropped" waits for the next frame to exist, and
    resampling adds the latency of Resampler.

    Parameters
    ----------
    convention : a name in CONVENTIONS (case is ignored) or a Convention
    sample_rate : Hz, of the features
    kind : "mfcc" or "log_mel"
    dtype : of the features, "float64" or "float32"
    normalization : None, or "running" as above
    resample_from : int, Hz, or None. The rate of the samples pushed, if it is another: they go through Resampler, and
        the features are those of extract([resample(x, resample_from, sample_rate)], ..)

    Raises
    ------
    ValueError  for a convention that needs the whole signal, a transform of more than 2^18 samples, and what `extract`
        or `Resampler` refuse.

    Source: as extract. Checked: tests/test_streams_equal_extract.py, tests/test_streams_refuse_what_they_cannot_know.py
    """

    def __init__(
        self,
        convention: str | Convention,
        sample_rate: float,
        *,
        kind: FeatureKind = "mfcc",
        dtype: DTypeLike = "float64",
        normalization: StreamNormalization = None,
        resample_from: int | None = None,
    ) -> None:
        c = named(convention)
        if as_word(kind, "kind", FeatureKind) == "mfcc":
            require_cepstrum(c)
        as_sample_rate(sample_rate)
        precision = as_float_dtype(dtype)
        self._running = as_word(normalization, "normalization", StreamNormalization) == "running"
        if not self._running:
            _refuse_whole_signal(c, kind)
        if sizes(c, sample_rate).n_fft > MAX_N_FFT:
            raise ValueError(f"n_fft={sizes(c, sample_rate).n_fft} is not streamed; at most {MAX_N_FFT} is expected")
        self._convention, self._kind, self._sample_rate = c, kind, sample_rate
        self._plan = make_plan(replace(c, normalization=None, dither=0.0), sample_rate, precision)
        self._preprocesses = c.dither > 0 or c.dc_removal == "signal"
        self._is_static = kind == "log_mel" or (c.smoothing == 1 and c.delta_orders == 0)
        self._normalizes = c.normalization is not None and (kind == "mfcc" or c.n_mfcc is None)
        self._resampler, self._resampling = None, (1, 1)
        if resample_from is not None:
            self._resampling = resample_from, as_count(sample_rate, "sample_rate")
            self._resampler = Resampler(*self._resampling)
        self.reset()

    @property
    def latency(self) -> int:
        """Samples pushed until frame 0 has come out, and at most until frame t, counted from t hop_length on."""
        c, size, plan = self._convention, self._plan.size, self._plan
        first = size.frame - plan.before
        if c.last_frame == "dropped":  # frame t is certain once frame t + 1 exists
            lengths = range(size.frame + 4 * size.hop)
            exist = [
                bisect_left(lengths, t + 2, key=lambda n: frame_count(n, size.frame, size.hop, c.framing))
                for t in (0, 1)
            ]
            first = max(first, exist[0], exist[1] - size.hop)
        waiting = 0 if self._is_static else _frames_ahead(c) + (_half(c) if _interpolates(c) else 0)
        if plan.pair is not None:
            waiting += 3 * width(plan.tables.window) - 1
        latency = max(first + waiting * size.hop, least_samples(size, plan.before, c))
        if self._resampler is None:
            return latency
        rate, new_rate = self._resampling
        return -(-latency * rate // new_rate) + self._resampler.latency

    @property
    def n_rows(self) -> int:
        """Rows of the features."""
        if self._kind == "mfcc":
            return count_rows(self._plan)
        return self._plan.tables.n_levels + (self._convention.mel_energy is not None)

    def reset(self) -> None:
        """Forgets everything pushed; the next sample is the first of another signal."""
        self._n_pushed = 0
        self._finished = self._warned = False
        self._dtype: Any = None  # of the samples pushed
        self._source: FrameSource | None = None  # made with the first piece, whose dtype it takes
        self._noise = np.random.default_rng(0)
        self._sum = 0.0  # of all samples
        self._n_summed = 0
        self._context = np.empty((len(self._plan.cepstrum), 0), self._plan.dtype), np.empty(0, self._plan.dtype)
        self._context_start = self._n_out = 0  # frames
        self._statistics = _RunningStatistics(self._convention)
        if self._resampler is not None:
            self._resampler.reset()

    def push(self, samples: ArrayLike) -> NDArray[Any]:
        """The features that further samples complete.

        Parameters
        ----------
        samples : (n,) real, in -1 .. 1 as read_audio returns them; n = 0 is allowed, and all pieces have one dtype

        Returns
        -------
        features : (n_rows, n_frames); n_frames is 0 if no frame is complete yet

        Raises
        ------
        ValueError  if the samples are not a finite real vector, have another dtype than those before, or `finish` was
            called; nothing is pushed then.

        Warns as log_mel, once a signal.

        Checked: tests/test_streams_equal_extract.py
        """
        if self._finished:
            raise ValueError("the stream has ended: finish() was called; reset() begins another signal")
        if np.shape(samples) == (0,):
            return np.empty((self.n_rows, 0), self._plan.dtype)
        x, peak = self._check(samples)
        if peak > 1 and not self._warned:
            warn_beyond_full_scale([x], self._convention)
            self._warned = True
        if self._dtype is None:
            self._begin(x)
        resampled = x if self._resampler is None else self._resampler.push(x)
        self._n_pushed += x.size
        return self._add(resampled)

    def finish(self) -> NDArray[Any]:
        """The features left at the end of the signal; then only `reset` is allowed.

        Returns
        -------
        features : (n_rows, n_frames); n_frames is 0 if nothing was pushed

        Raises
        ------
        ValueError  if `extract` refuses the signal as too short, or `finish` was called before.

        Checked: tests/test_streams_equal_extract.py
        """
        if self._finished:
            raise ValueError("the stream has ended already; reset() begins another signal")
        self._finished = True
        if self._source is None:
            return np.empty((self.n_rows, 0), self._plan.dtype)
        resampled = None if self._resampler is None else self._add(self._resampler.finish())
        count_clip_frames(self._source.n_samples, self._plan.size, self._convention, self._kind, self._sample_rate)
        rest = self._to_features(self._source.compute_rest(), at_end=True)
        return rest if resampled is None or resampled.shape[1] == 0 else np.concatenate([resampled, rest], axis=1)

    def _check(self, samples: ArrayLike) -> tuple[NDArray[np.floating], float]:
        """The samples, if they may be pushed, and their greatest magnitude."""
        is_usual = type(samples) is np.ndarray and samples.dtype is self._dtype and samples.ndim == 1  # and not empty
        x: NDArray[Any] = np.asarray(samples) if is_usual else as_samples(samples, "samples")
        if not is_usual:
            if x.dtype not in (np.float32, np.float64):
                x = x.astype(np.float64)
            if self._dtype is not None and self._dtype != x.dtype:  # NumPy takes None for float64
                raise ValueError(f"samples has dtype {x.dtype}; the stream began with {self._dtype}")
        peak = max(float(np.maximum.reduce(x)), -float(np.minimum.reduce(x)))  # NaN if one is there
        if not math.isfinite(peak):
            bad = int(np.argmin(np.isfinite(x)))
            raise ValueError(
                f"samples[{bad}] is {x[bad]} (sample {self._n_pushed + bad} of the stream); every value must be finite"
            )
        return x, peak

    def _begin(self, x: NDArray[np.floating]) -> None:
        is_changed = self._resampler is not None or self._preprocesses  # into float64
        dtype = np.float64 if is_changed else x.dtype.type
        self._source = FrameSource(self._plan, self._kind, self._sample_rate, self._running, dtype)
        self._dtype = x.dtype

    def _add(self, x: NDArray[np.floating]) -> NDArray[Any]:
        """The features that samples at the rate of the features complete."""
        source, blocks = self._source, []
        assert source is not None
        for start in range(0, x.size, PIECE):
            piece = x if x.size <= PIECE else x[start : start + PIECE]
            source.add(self._preprocess(piece) if self._preprocesses else piece)
            blocks += source.compute_complete()
        return self._to_features(blocks, at_end=False)

    def _preprocess(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Dither, and DC removal by the mean so far; the kernels do the rest."""
        c = self._convention
        if c.dither:
            x = (c.scale * x.astype(np.float64) + c.dither * self._noise.standard_normal(x.shape)) / c.scale
        if c.dc_removal == "signal":
            sums = self._sum + np.cumsum(x, dtype=np.float64)
            x = x - sums / (self._n_summed + np.arange(1, x.size + 1))
            self._sum, self._n_summed = float(sums[-1]), self._n_summed + x.size
        return x

    def _to_features(self, blocks: list, at_end: bool) -> NDArray[Any]:
        """The steps after levels and cepstra: energy, smoothing, deltas, running normalization."""
        if self._is_static:
            parts = [self._assemble(rows, energy) for rows, energy in blocks]
            if len(parts) == 1:
                features = parts[0]
            else:
                features = np.concatenate(parts, axis=1) if parts else np.empty((self.n_rows, 0), self._plan.dtype)
        else:
            features = self._append_deltas(blocks, at_end)
        return self._statistics.normalize(features) if self._normalizes and features.size else features

    def _assemble(self, rows: NDArray[Any], energy: Any) -> NDArray[Any]:
        """The finished rows of neighboring frames, as if they were a whole signal."""
        if self._kind == "log_mel":
            return insert_mel_energy(rows, energy, self._plan.convention)
        features = np.empty((count_rows(self._plan), rows.shape[1]), self._plan.dtype)
        return append_deltas_and_normalize(rows, energy, single_span(rows.shape[1]), self._plan, features)

    def _append_deltas(self, blocks: list, at_end: bool) -> NDArray[Any]:
        """Rows with deltas of the frames that have all their neighbors, which are computed with these."""
        c = self._convention
        rows = np.concatenate([self._context[0], *(rows for rows, _ in blocks)], axis=1)
        energy = np.concatenate([self._context[1], *(energy for _, energy in blocks if energy is not None)])
        start, ahead = self._context_start, _frames_ahead(c)
        stop = start + rows.shape[1] - (0 if at_end else ahead)
        if not at_end and self._n_out == 0 and _interpolates(c) and stop <= _half(c):
            stop = 0  # the first frames take the slope of a later one
        features = np.empty((self.n_rows, max(0, stop - self._n_out)), self._plan.dtype)
        if stop > self._n_out:
            features[:] = self._assemble(rows, energy)[:, self._n_out - start : stop - start]
            self._n_out = stop
        kept = max(0, self._n_out - 2 * ahead - _half(c) - start)
        self._context, self._context_start = (rows[:, kept:], energy[kept:]), start + kept
        return features


class _RunningStatistics:
    """Mean and variance of every row over the frames so far, by Welford's recursion.

    mu_t = mu_{t-1} + (x_t - mu_{t-1}) / n,  S_t = S_{t-1} + (x_t - mu_{t-1}) (x_t - mu_t),  variance = S_t / (n - ddof)

    Source: Welford 1962. Checked: tests/test_streams_refuse_what_they_cannot_know.py
    """

    def __init__(self, convention: Convention) -> None:
        self._convention = convention
        self._n = 0
        self._mean: Any = 0.0
        self._squares: Any = 0.0
        self._greatest: Any = 0.0

    def normalize(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Every column by the statistics up to it: dsp.cmn or dsp.cmvn of the rows so far, its last column."""
        normalized = np.empty_like(rows)
        for t in range(rows.shape[1]):
            normalized[:, t] = self._next(rows[:, t].astype(np.float64), 16 * np.finfo(rows.dtype).eps)
        return normalized

    def _next(self, x: NDArray[np.float64], rounding: float) -> NDArray[np.float64]:
        c, deviation_before = self._convention, x - self._mean
        self._n += 1
        self._mean = self._mean + deviation_before / self._n
        self._squares = self._squares + deviation_before * (x - self._mean)
        self._greatest = np.maximum(self._greatest, np.abs(x))
        y = x - self._mean
        if c.normalization == "mean":
            return y
        variance, eps = self._squares / max(1, self._n - c.normalization_ddof), c.normalization_eps
        deviation = np.sqrt(variance + eps) if c.normalization_eps_to == "variance" else np.sqrt(variance) + eps
        is_constant = np.sqrt(variance) <= rounding * self._greatest
        return np.where(is_constant, 0.0, y / np.where(deviation == 0, 1.0, deviation))


def _refuse_whole_signal(c: Convention, kind: FeatureKind) -> None:
    """Raises ValueError if a convention needs the whole signal, with the parameters to change."""
    changes = []
    if c.framing == "valid, centered":
        changes.append(('framing="valid, centered"', 'framing="valid"'))
    if c.dc_removal == "signal":
        changes.append(('dc_removal="signal"', 'dc_removal="frame" or None'))
    if c.log is not None:
        if c.floor_rule in ("fraction of maximum", "fraction of greatest bin"):
            changes.append((f'floor_rule="{c.floor_rule}"', f'floor_rule="at least" with a floor (now {c.floor:g})'))
        if c.reference is not None:
            changes.append((f'reference="{c.reference}"', "reference=None"))
        if c.dynamic_range is not None:
            changes.append((f"dynamic_range={c.dynamic_range:g}", "dynamic_range=None"))
    if c.normalization is not None and (kind == "mfcc" or c.n_mfcc is None):
        changes.append((f'normalization="{c.normalization}"', "normalization=None"))
    if changes:
        given, wanted = (" and ".join(words) for words in zip(*changes, strict=True))
        raise ValueError(
            f"{given} {'need' if len(changes) > 1 else 'needs'} the whole signal: "
            f"set {wanted} with dataclasses.replace(convention, ..), "
            'or take what is known so far: Stream(.., normalization="running")'
        )


def _half(c: Convention) -> int:
    return c.delta_width // 2 if c.delta_orders else 0


def _interpolates(c: Convention) -> bool:
    return c.delta_orders > 0 and c.delta_edges == "interp"


def _frames_ahead(c: Convention) -> int:
    """How many later frames smoothing and deltas need."""
    orders = 1 if c.delta_second == "curvature" else c.delta_orders
    return c.smoothing // 2 + min(orders, c.delta_orders) * _half(c)
