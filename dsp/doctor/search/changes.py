"""Features of a changed signal, or with changed frames: what pipelines do beside a convention.

They cut or pad recordings to a length, trim silence, read a part, resample, declare a wrong rate; afterwards they cut
or pad frames, mask or stack them. Each `Change` undoes one such step, so that the search sees a plain case: a signal,
and the frames of it that the matrix holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

import numpy as np

from dsp.checks import as_signal
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.knowledge.resamplers import RESAMPLERS, n_outputs, resample_like
from dsp.doctor.search.coordinate_descent import DOES_NOT_FIT
from dsp.doctor.search.deadline import Deadline
from dsp.doctor.search.initial_guesses import adapt
from dsp.doctor.search.interpretations import Interpretation, interpretations
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import Kept, StageCache
from dsp.framing import frame_count
from dsp.resampling import resample
from dsp.trimming import trim

SECONDS = (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 7.5, 8, 10, 12, 15, 20, 25, 30, 60)  # customary lengths of a clip
OFFSETS_S = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8, 1.0, 1.5, 2.0)  # customary beginnings
LOAD_OFFSET_S = 0.5  # the offset that tutorials on RAVDESS give to librosa.load
TOP_DB = (60, 50, 45, 40, 35, 30, 25, 20, 15, 10)  # customary thresholds of librosa.effects.trim
TRIM_FRAMES = ((2048, 512), (512, 64), (512, 128), (256, 64), (1024, 256))  # its frame and hop: the default first
RATES = (22_050, 16_000, 8_000, 44_100, 48_000, 24_000, 11_025, 32_000)
STACKED = (2, 3, 4, 5, 6, 7, 8, 10)  # frames in a row of a matrix of stacked frames
MIN_FRAMES = 8  # of a matrix that is compared with a part of a clip's frames: fewer may fit by chance
CUSTOMARY = tuple(  # calls of librosa that are as common as its defaults
    replace(CONVENTIONS["librosa"], frame_length=frame, n_fft=max(frame, n_fft), hop_length=hop, n_mels=n_mels)
    for frame, n_fft, hop in ((512, 512, 160), (400, 512, 160), (400, 400, 160), (512, 512, 256), (1024, 1024, 256))
    for n_mels in (40, 128)
)
PSF, PSF_N_FFT = CONVENTIONS["python_speech_features"], 512  # its default, to which longer frames are cut
CUT_TO_THE_TRANSFORM = replace(PSF, frame_length=PSF_N_FFT, n_fft=PSF_N_FFT)
MIN_CUT = 4  # frames that a cut removes; with fewer, another rule of framing is likelier


def constant_edges(x: np.ndarray) -> tuple[int, int]:
    """(first, stop): the columns without those at either end that repeat the outermost column, or hold one value."""
    n = x.shape[1]
    first = stop = 0
    for reverse in (False, True):
        y = x[:, ::-1] if reverse else x
        same = (y == y[:, :1]).all(axis=0)
        run = n if same.all() else int(np.argmin(same))
        if run == 1 and np.ptp(y[:, 0]) > 0:
            run = 0  # any frame equals itself
        first, stop = (first, n - run) if reverse else (run, n)
    return first, max(first, stop)


def is_at_floor(column: np.ndarray, inner: np.ndarray) -> bool:
    """Whether a constant frame is one of silence: at a floor that values within the clip stand at, too."""
    return bool(inner.size and np.ptp(column) == 0 and column[0] == inner.min())


class Oriented:
    """A matrix with time as its last axis, and what it may be."""

    def __init__(self, matrix: np.ndarray, transposed: bool):
        self.matrix, self.transposed = matrix, transposed

    @cached_property
    def interpretations(self) -> list[Interpretation]:
        """What the matrix may be, transposed where the file has time first."""
        plain = [one for one in interpretations(self.matrix) if not one.transposed]
        return [replace(one, transposed=self.transposed) for one in plain]

    @cached_property
    def edges(self) -> tuple[int, int]:
        """constant_edges of the matrix, but for silence."""
        x, (first, stop) = self.matrix, constant_edges(self.matrix)
        inner = x[:, first:stop]
        return 0 if is_at_floor(x[:, 0], inner) else first, x.shape[1] if is_at_floor(x[:, -1], inner) else stop

    @property
    def n_constant(self) -> int:
        """How many frames at the ends are constant."""
        first, stop = self.edges
        return self.matrix.shape[1] - (stop - first)


@dataclass(frozen=True)
class Altered:
    """Samples start .. start + size - 1 of a signal, with zeros after its end; made only when they are asked for."""

    whole: np.ndarray
    start: int
    size: int

    @classmethod
    def as_given(cls, signal: np.ndarray) -> Altered:
        return cls(signal, 0, signal.size)

    def resized(self, size: int) -> Altered:
        """Cut, or padded with zeros, to so many samples."""
        return Altered(self._kept(), 0, size)

    def _kept(self) -> np.ndarray:
        return self.whole[self.start : self.start + self.size]

    def make(self) -> np.ndarray:
        rest = self._kept()
        return rest if rest.size == self.size else np.concatenate([rest, np.zeros(self.size - rest.size)])


@dataclass(frozen=True)
class Resampled:
    """A part of a signal at another rate, by dsp.resample or as another tool gives it, with zeros up to its size."""

    part: Altered
    sample_rate: int
    new_rate: int
    size: int
    tool: str | None = None  # of RESAMPLERS

    def resized(self, size: int) -> Resampled:
        return replace(self, size=size)

    def make(self) -> np.ndarray:
        x, rates = self.part.make(), (self.sample_rate, self.new_rate)
        y = resample(x, *rates) if self.tool is None else resample_like(x, *rates, self.tool)
        return np.pad(y, (0, max(0, self.size - y.size)))[: self.size]

    def by_tools(self) -> Iterator[Resampled]:
        """The same by every other tool, also with the zero that librosa appends where a tool rounds down."""
        whole = n_outputs(self.part.size, self.sample_rate, self.new_rate, "ceil")
        for tool, resampler in RESAMPLERS.items():
            own = n_outputs(self.part.size, self.sample_rate, self.new_rate, resampler.length)
            lengths = dict.fromkeys((own, whole)) if self.size == whole else (self.size,)
            yield from (replace(self, tool=tool, size=size) for size in lengths)


@dataclass(frozen=True)
class Change:
    """A signal and a matrix, as they were before a step that changed one of them."""

    sentence: str  # what was done
    altered: Altered | Resampled
    sample_rate: float
    oriented: Oriented
    kept: Kept = None  # the frames of the signal that the matrix holds; None for all
    least_missing: int = 0  # frames that the matrix lacks at its end
    candidates: tuple[Convention, ...] = (*CONVENTIONS.values(), *CUSTOMARY)  # what is looked at

    @property
    def matrix(self) -> np.ndarray:
        return self.oriented.matrix

    @cached_property
    def signal(self) -> np.ndarray:
        return self.altered.make()

    def searches(self, deadline: Deadline, resolution: float) -> list[Search]:
        """A search for every interpretation of the matrix."""
        cache = StageCache(self.signal, self.sample_rate, self.kept, deadline.work)
        return [Search(cache, one, deadline, resolution) for one in self.oriented.interpretations]

    def fits_a_preset(self) -> bool:
        """Whether any preset gives the matrix's number of frames, or more where it holds a part of them."""
        counts = _frames_of_presets(self.altered.size, self.sample_rate)
        return max(counts) >= self.kept[1] if self.kept else self.matrix.shape[1] in counts


@lru_cache(maxsize=1024)
def _frames_of_presets(size: int, sample_rate: float) -> frozenset[int]:
    cache = StageCache(np.broadcast_to(0.0, size), sample_rate)
    return frozenset(cache.n_frames(c) for c in (*CONVENTIONS.values(), *CUSTOMARY, CUT_TO_THE_TRANSFORM))


@dataclass(frozen=True)
class Look:
    """How near the presets, as they are, come to a matrix after one change."""

    distance: float
    change: Change
    convention: Convention
    interpretation: Interpretation


def look(change: Change, deadline: Deadline, resolution: float) -> Look | None:
    """The nearest preset as it is, adapted to the matrix's rows; None if none has the matrix's number of frames."""
    if not change.fits_a_preset():
        return None
    best: Look | None = None
    for search in change.searches(deadline, resolution):
        for preset in change.candidates:
            if deadline.is_over():
                return best
            if _is_possible(change, search.cache, preset):
                c = adapt(search, preset)
                distance = search.affine_distance(c)
                if distance < (best.distance if best else DOES_NOT_FIT):
                    best = Look(distance, change, c, search.interpretation)
    return best


def _is_possible(change: Change, cache: StageCache, c: Convention) -> bool:
    """Whether the convention gives the matrix's number of frames, and where it is cut, clearly more.

    Where very few frames are missing, another rule for the ends of the signal is likelier than a cut; where none is,
    there was no change.
    """
    if cache.n_frames(c) != change.matrix.shape[1]:
        return False
    missing = cache.frames_of_clip(c) - change.kept[1] if change.kept else 0
    return missing >= change.least_missing


def changes(orientations: list[Oriented], signal: np.ndarray, sample_rate: float) -> Iterator[Change]:
    """Every change that is looked at, the plain ones first.

    Those of frames come before the trims and offsets, which are many: the work may end before all were looked at.

    orientations : the matrix with either axis as time
    """
    x = as_signal(signal)
    for oriented in orientations:
        yield _cut(oriented, x, sample_rate)
    for oriented in orientations:
        yield from _with_frames_cut(Change("", Altered.as_given(x), sample_rate, oriented))
    for sentence, other, rate in (
        *_declared_rates(x, sample_rate),
        *_lengths("the signal", Altered.as_given(x), sample_rate),
    ):
        for oriented in orientations:
            changed = Change(sentence, other, rate, oriented)
            yield changed
            yield from _with_frames_cut(changed)
    for oriented in orientations:
        yield from without_edges(oriented, x, sample_rate)
        yield from _stacked_frames(oriented, x, sample_rate)
    for sentence, other, rate in _parts(x, sample_rate):
        yield from (Change(sentence, other, rate, oriented) for oriented in orientations)


def _cut(oriented: Oriented, signal: np.ndarray, rate: float, before: str = "") -> Change:
    """The matrix as the first of the clip's frames."""
    n = oriented.matrix.shape[1]
    sentence = f"{before}the features are cut: only the first {n} frames of the clip are there"
    return Change(sentence, Altered.as_given(signal), rate, oriented, (0, n), MIN_CUT)


def _with_frames_cut(change: Change) -> Iterator[Change]:
    """The same by python_speech_features where its frames are longer than its transform.

    It cuts each of them to the transform's length, and warns; where they begin, and how many there are, stays.
    """
    size = sizes(replace(PSF, n_fft="frame length"), change.sample_rate)
    if size.window <= PSF_N_FFT or change.altered.size < size.window:
        return
    n_frames = frame_count(change.altered.size, size.window, size.hop, PSF.framing)
    if change.matrix.shape[1] == n_frames:
        what = f"frames of {size.window} samples were cut to the transform of {PSF_N_FFT}"
        sentence = "; ".join(filter(None, (change.sentence, what)))
        altered = change.altered.resized(min(change.altered.size, (n_frames - 1) * size.hop + PSF_N_FFT))
        yield replace(change, sentence=sentence, altered=altered, candidates=(CUT_TO_THE_TRANSFORM,))


def without_edges(oriented: Oriented, signal: np.ndarray, rate: float) -> Iterator[Change]:
    """The matrix without constant frames at its end, at its beginning, at both: all of the clip's frames, or a part."""
    x, n_frames = oriented.matrix, oriented.matrix.shape[1]
    first, stop = oriented.edges
    edges = dict.fromkeys([(0, stop), (first, n_frames), (first, stop)])
    for start, end in edges:
        if end - start < MIN_FRAMES or (start, end) == (0, n_frames):
            continue
        inner = Oriented(x[:, start:end], oriented.transposed)
        constant = " and ".join(
            f"the {where} {count_frames(count)} constant (padded or masked)"
            for where, count in (("first", start), ("last", n_frames - end))
            if count
        )
        yield Change(constant, Altered.as_given(signal), rate, inner)
        yield Change(constant, Altered.as_given(signal), rate, inner, (start, end))
        if start:
            yield _cut(inner, signal, rate, f"{constant}; ")


def count_frames(n: int) -> str:
    return "frame is" if n == 1 else f"{n} frames are"


def _parts(x: np.ndarray, rate: float) -> Iterator[tuple[str, Altered, float]]:
    """(what was done, the signal after it, its rate): trimmed, or read from somewhere on, then cut or padded."""
    seen = {(0, x.size)}
    for (frame_length, hop_length), top_db in product(TRIM_FRAMES, TOP_DB):
        _, (start, stop) = trim(x, top_db, frame_length, hop_length)
        if stop > start and (start, stop) not in seen:
            seen.add((start, stop))
            sentence = (
                f"silence was trimmed: samples {start} to {stop - 1} are left, as trim gives with top_db={top_db}"
            )
            if frame_length != TRIM_FRAMES[0][0]:
                sentence += f", frames of {frame_length} and a hop of {hop_length}"
            trimmed = Altered(x, start, stop - start)
            yield sentence, trimmed, rate
            yield from _lengths(f"{sentence}; then it", trimmed, rate)
    for seconds in OFFSETS_S:
        start = round(seconds * rate)
        if start < x.size:
            sentence = f"the signal was read from {seconds:g} s on"
            rest = Altered(x, start, x.size - start)
            yield sentence, rest, rate
            yield from _lengths(f"{sentence}; then it", rest, rate)


def _lengths(what: str, x: Altered, rate: float) -> Iterator[tuple[str, Altered, float]]:
    """The signal cut, or padded with zeros, to customary lengths."""
    lengths = {round(seconds * rate): f"{seconds:g} s" for seconds in SECONDS}
    lengths |= {n: f"{n} samples" for n in (1 << k for k in range(12, 20)) if n not in lengths}
    for n, words in sorted(lengths.items()):
        if n < x.size:
            yield f"{what} was cut to its first {words} ({n} samples)", x.resized(n), rate
        elif n > x.size:
            yield f"{what} was padded with zeros to {words} ({n} samples)", x.resized(n), rate


def _declared_rates(x: np.ndarray, rate: float) -> Iterator[tuple[str, Altered, float]]:
    for declared in RATES:
        if declared != rate:
            yield f"samples at {rate:g} Hz were taken for samples at {declared} Hz", Altered.as_given(x), declared


def resampled(orientations: list[Oriented], signal: np.ndarray, rate: float) -> Iterator[Change]:
    """The signal, and customary parts of it, at other rates by dsp.resample.

    Features come near only, as every resampler has its own filter. Parts come first: librosa.load cuts, then resamples.
    """
    if rate != int(rate):
        return
    x = as_signal(signal)
    whole, start = Altered.as_given(x), round(LOAD_OFFSET_S * rate)
    parts = [("the signal was", whole), *_cuts("the signal", whole, rate)]
    if start < x.size:
        read = f"the signal was read from {LOAD_OFFSET_S:g} s on; then it"
        rest = Altered(x, start, x.size - start)
        parts += [(f"{read} was", rest), *_cuts(read, rest, rate)]
    for (what, part), other in product(parts, RATES):
        if other != rate:
            y = Resampled(part, int(rate), other, n_outputs(part.size, int(rate), other, "ceil"))
            sentence = f"{what} resampled from {rate:g} to {other} Hz first"
            for oriented in orientations:
                changed = Change(sentence, y, other, oriented)
                yield changed
                yield from _with_frames_cut(changed)


def _cuts(what: str, x: Altered, rate: float) -> Iterator[tuple[str, Altered]]:
    """The signal cut to customary lengths, and the beginning of a sentence that goes on."""
    for sentence, part, _ in _lengths(what, x, rate):
        if part.size < x.size:
            yield f"{sentence}, then", part


def _stacked_frames(oriented: Oriented, signal: np.ndarray, rate: float) -> Iterator[Change]:
    """Neighboring frames that stand one above the other in a column, taken apart."""
    x, (n_rows, n_columns) = oriented.matrix, oriented.matrix.shape
    for k in STACKED:
        if n_rows % k:
            continue
        blocks = x.reshape(k, n_rows // k, n_columns)
        for step in range(1, k + 1):
            if not _is_stacked(blocks, step):
                continue
            apart = np.concatenate(
                [blocks[:step].transpose(1, 2, 0).reshape(n_rows // k, -1), blocks[step:, :, -1].T], 1
            )
            if apart.shape[1] >= MIN_FRAMES:
                every = "" if step == k else f", a column for every {step}"
                sentence = f"{k} frames of {n_rows // k} rows stand in each column{every}"
                single = Oriented(apart, oriented.transposed)
                yield from (
                    Change(sentence, Altered.as_given(signal), rate, single, kept)
                    for kept in (None, (0, apart.shape[1]))
                )


def _is_stacked(blocks: np.ndarray, step: int) -> bool:
    """Whether columns that are `step` frames apart agree where they overlap; without an overlap nothing tells."""
    k = len(blocks)
    return step == k or bool((blocks[step:, :, :-1] == blocks[: k - step, :, 1:]).all())
