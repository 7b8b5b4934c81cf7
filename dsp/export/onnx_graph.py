"""The steps of dsp/mfcc.py as ONNX operators: from samples to features under any convention.

Every function here adds to a graph what the function of the same purpose in dsp/mfcc.py computes. Tables (window, DFT,
filters, cosines) are computed by dsp in float64 and stored in float32.

    (batch, samples) -> frames (batch, time, frame) -> power (batch, time, bins) -> log-mel (batch, time, bands)
    -> features (batch, rows, time)

A signal that dsp refuses, as it is too short, gives no frames. So that no operator meets an empty array, the graph then
computes some frames of zeros and drops them at the end.
"""

import warnings
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, require_frames, sizes
from dsp.export.onnx_cepstra import add_mfcc, add_normalization
from dsp.export.onnx_nodes import Nodes
from dsp.export.two_factors import dft_table, two_factors
from dsp.framing import MIRRORED, count_leading_samples
from dsp.mfcc import (
    LOG_FACTOR,
    MIN_LOG_ARGUMENT,
    _preemphasize_columns,
    make_filterbank,
    make_window,
    power_divisor,
    require_cepstrum,
)

Form = Literal["small", "exact"]
Kind = Literal["mfcc", "log_mel"]


@dataclass(frozen=True)
class Frames:
    """What the steps after framing need.

    signal : (batch, extended), as the framing rule extends it, a whole number of hops
    kept : () int64, how many frames the features have;  computed : () int64, how many are computed, at least one
    """

    signal: str
    kept: str
    computed: str


def add_features(nodes: Nodes, waveform: str, sample_rate: float, c: Convention, kind: Kind, form: Form) -> str:
    """Adds all steps; returns the name of the features, (batch, rows, frames)."""
    (features,) = add_several_features(nodes, waveform, sample_rate, c, (kind,), form)
    return features


def add_several_features(
    nodes: Nodes, waveform: str, sample_rate: float, c: Convention, kinds: tuple[Kind, ...], form: Form
) -> list[str]:
    """Adds all steps, and each only once where several kinds of features share it; returns their names.

    Raises ValueError for dither, cepstra of a convention without, and lengths that do not fit the sample rate.

    Checked: tests/test_onnx_graphs_equal_dsp.py
    """
    if c.dither:
        raise ValueError(f"the convention adds noise (dither={c.dither:g}), which no graph can repeat; set dither=0")
    if "mfcc" in kinds:
        require_cepstrum(c)
    size = sizes(c, sample_rate)
    needed = max(min_frames(c, kind) for kind in kinds)
    frames = _frame(nodes, _preprocess(nodes, waveform, c), size, needed, c)
    cut = _Cut(nodes, frames, size, c)
    power = _power(nodes, cut, frames, size, sample_rate, c, form)
    levels = _log_mel(nodes, power, size, sample_rate, c)
    energy = _log_energy(nodes, cut, power, c)
    results = []
    for kind in kinds:
        if kind == "log_mel":
            rows = _log_mel_rows(nodes, levels, energy, c)
        else:
            rows = add_mfcc(nodes, levels, count_levels(size, sample_rate, c), energy, c)
        results.append(nodes.add("Slice", rows, [0], _vector(nodes, frames.kept), [2]))
    return results


def count_levels(size: Sizes, sample_rate: float, c: Convention) -> int:
    """The number of mel bands, or of bins without filters."""
    return size.n_fft // 2 + 1 if c.n_mels is None else filterbank(size, sample_rate, c).shape[0]


def _vector(nodes: Nodes, number: str) -> str:
    """A single number as a vector of one."""
    return nodes.add("Unsqueeze", number, [0])


def _preprocess(nodes: Nodes, x: str, c: Convention) -> str:
    """dsp.mfcc.preprocess_signal: scale, DC removal, pre-emphasis of the whole signal."""
    if c.scale != 1:
        x = nodes.add("Mul", x, float(c.scale))
    if c.dc_removal == "signal":
        x = _remove_mean(nodes, x, 1)
    if c.preemphasis and c.preemphasis_in == "signal":
        x = _preemphasize(nodes, x, 1, c)
    return x


def _remove_mean(nodes: Nodes, x: str, axis: int) -> str:
    """Twice: what rounding leaves of a large mean is a small one."""
    for _ in range(2):
        x = nodes.add("Sub", x, nodes.add("ReduceMean", x, axes=[axis], keepdims=1))
    return x


def _preemphasize(nodes: Nodes, x: str, axis: int, c: Convention) -> str:
    """y[n] = x[n] - a x[n - 1] along an axis, with the convention's first sample."""
    first = nodes.add("Slice", x, [0], [1], [axis])
    before = {"keep": nodes.add("Mul", first, 0.0), "replicate": first}.get(c.preemphasis_first)
    if before is None:  # 3 x[0] - x[1] = x[0] - a before
        second = nodes.add("Slice", nodes.add("Concat", x, first, axis=axis), [1], [2], [axis])
        before = nodes.add("Mul", nodes.add("Sub", second, nodes.add("Mul", first, 2.0)), 1 / c.preemphasis)
    shifted = nodes.add("Concat", before, nodes.add("Slice", x, [0], [-1], [axis]), axis=axis)
    return nodes.add("Sub", x, nodes.add("Mul", shifted, float(c.preemphasis)))


def _frame(nodes: Nodes, x: str, size: Sizes, needed: int, c: Convention) -> Frames:
    """The extended signal, and the numbers of frames; with fewer than needed there are none."""
    n = nodes.add("Gather", nodes.add("Shape", x), 1)
    counted = _count_frames(nodes, n, size, c)
    kept = nodes.add("Where", nodes.add("Less", counted, needed), 0, counted)
    computed = nodes.add("Max", counted, needed)
    blocks = nodes.add("Add", computed, count_blocks(size) - 1)
    return Frames(_extend(nodes, x, n, nodes.add("Mul", blocks, size.hop), size, c), kept, computed)


def count_blocks(size: Sizes) -> int:
    """A frame as a number of hops: frames are put together of blocks of one hop, which are copied as a whole."""
    return -(-size.frame // size.hop)


def _extend(nodes: Nodes, x: str, n: str, length: str, size: Sizes, c: Convention) -> str:
    """dsp.framing.slice_extended: as many samples as wanted of the signal that the framing rule extends."""
    if c.framing == "valid, centered":
        rest = nodes.add("Mod", nodes.add("Max", nodes.add("Sub", n, size.frame), 0), size.hop)
        return _slice_padded(nodes, x, n, nodes.add("Div", rest, 2), length)
    before = count_leading_samples(size.frame, size.hop, c.framing)
    skipped, before = max(0, -before), max(0, before)
    end = nodes.add("Add", length, skipped)
    after = nodes.add("Max", nodes.add("Sub", end, nodes.add("Add", n, before)), 0)
    if c.framing in MIRRORED:
        stop = nodes.add("Add", n, after)
        edges: list[str | NDArray[np.int64]] = [np.arange(-before, 0), nodes.add("Range", n, stop, 1)]
        left, right = (_mirror(nodes, edge, n, MIRRORED[c.framing]) for edge in edges)
        parts = [nodes.add("Gather", x, left, axis=1)] if before else []
        longer = nodes.add("Concat", *parts, x, nodes.add("Gather", x, right, axis=1), axis=1)
    else:
        pads = nodes.add("Concat", [0, before, 0], _vector(nodes, after), axis=0)
        longer = nodes.add("Pad", x, pads, 0.0, mode="constant")
    return nodes.add("Slice", longer, [skipped], _vector(nodes, end), [1])


def _slice_padded(nodes: Nodes, x: str, n: str, first: str, length: str) -> str:
    """x[first : first + length] of the n samples, with zeros after them."""
    end = nodes.add("Add", first, length)
    after = nodes.add("Max", nodes.add("Sub", end, n), 0)
    longer = nodes.add("Pad", x, nodes.add("Concat", [0, 0, 0], _vector(nodes, after), axis=0), 0.0, mode="constant")
    return nodes.add("Slice", longer, _vector(nodes, first), _vector(nodes, end), [1])


def min_frames(c: Convention, kind: Kind) -> int:
    """The fewest frames that features take: more than one for deltas that are fitted at the ends."""
    return c.delta_width if kind == "mfcc" and c.delta_orders and c.delta_edges == "interp" else 1


def min_samples(c: Convention, sample_rate: float, kind: Kind) -> int:
    """The shortest signal that gives a frame: for longer ones the graph and dsp give equally many.

    Checked: tests/test_onnx_files_are_checked.py
    """
    size, needed = sizes(c, sample_rate), min_frames(c, kind)

    def is_enough(n: int) -> bool:
        try:
            return n >= _shortest(size, c) and require_frames(n, size, c) >= needed
        except ValueError:
            return False

    return 1 + bisect_left(range(1, 2 * size.frame + (needed + 2) * size.hop), True, key=is_enough)


def _shortest(size: Sizes, c: Convention) -> int:
    """The shortest signal that the graph takes, however many frames the framing rule gives."""
    shortest = 1
    if c.framing in MIRRORED and not MIRRORED[c.framing]:
        shortest = count_leading_samples(size.frame, size.hop, c.framing) + 1
    elif c.framing == "scipy":  # which takes another window for a shorter signal
        shortest = size.window
    if c.preemphasis and c.preemphasis_in == "signal" and c.preemphasis_first == "extrapolate":
        shortest = max(shortest, 2)
    return shortest


def _count_frames(nodes: Nodes, n: str, size: Sizes, c: Convention) -> str:
    """dsp.framing.frame_count, and 0 where dsp refuses a signal.

    ONNX divides integers towards 0, so no numerator here is negative.
    """
    L, H = size.frame, size.hop

    def plus_over_hop(number: int) -> str:
        """(n + number) / H, at least 0."""
        return nodes.add("Div", nodes.add("Max", nodes.add("Add", n, number), 0), H)

    numbers = {
        "valid": H - L,
        "valid, centered": H - L,
        "center, zeros": H + 2 * (L // 2) - L,
        "center, reflect": H + 2 * (L // 2) - L,
        "half overlap, reflect": H + 2 * max(0, (L - H) // 2) - L,
        "every hop": H - 1,
        "symmetric": H // 2,
        "scipy": 2 * (L // 2) - L + 2 * H - 1,
    }
    if c.framing == "pad tail":  # 1 + ceil(max(0, n - L) / H)
        beyond = nodes.add("Max", nodes.add("Sub", n, L), 0)
        count = nodes.add("Add", nodes.add("Div", nodes.add("Add", beyond, H - 1), H), 1)
    else:
        count = plus_over_hop(numbers[c.framing])
    count = nodes.add("Where", nodes.add("Less", n, _shortest(size, c)), 0, count)
    if c.last_frame == "dropped":
        count = nodes.add("Max", nodes.add("Sub", count, 1), 0)
    return count


def _mirror(nodes: Nodes, index: str | NDArray[np.int64], n: str, repeat: int) -> str:
    """dsp.framing.mirror_index."""
    period = nodes.add("Max", nodes.add("Mul", nodes.add("Add", n, repeat - 1), 2), 1)
    forward = nodes.add("Mod", index, period)
    backward = nodes.add("Sub", nodes.add("Sub", period, repeat), forward)
    return nodes.add("Where", nodes.add("Less", forward, n), forward, backward)


class _Cut:
    """Frames cut out of the signal, each step when it is first asked for: (batch, time, frame)."""

    def __init__(self, nodes: Nodes, frames: Frames, size: Sizes, c: Convention) -> None:
        self._nodes, self._frames, self._size, self._c = nodes, frames, size, c
        self._raw = self._windowed = ""

    def raw(self) -> str:
        """After removal of each frame's mean."""
        if not self._raw:
            nodes = self._nodes
            n_blocks, hop = count_blocks(self._size), self._size.hop
            blocks = nodes.add("Reshape", self._frames.signal, [0, -1, hop])
            first = nodes.add("Unsqueeze", nodes.add("Range", 0, self._frames.computed, 1), [1])
            together = nodes.add("Gather", blocks, nodes.add("Add", first, np.arange(n_blocks)), axis=1)
            self._raw = nodes.add("Reshape", together, [0, 0, n_blocks * hop])
            if n_blocks * hop > self._size.frame:
                self._raw = nodes.add("Slice", self._raw, [0], [self._size.frame], [2])
            if self._c.dc_removal == "frame":
                self._raw = _remove_mean(nodes, self._raw, 2)
        return self._raw

    def windowed(self) -> str:
        """After pre-emphasis and the window, too."""
        if not self._windowed:
            x, window = self.raw(), make_window(self._size, self._c)
            if self._c.preemphasis and self._c.preemphasis_in == "frame":
                x = _preemphasize(self._nodes, x, 2, self._c)
            self._windowed = x if np.all(window == 1) else self._nodes.add("Mul", x, window)
        return self._windowed


def _power(nodes: Nodes, cut: _Cut, frames: Frames, size: Sizes, sample_rate: float, c: Convention, form: Form) -> str:
    """dsp.mfcc.normalize_power: (batch, time, bins)."""
    power = _one_conv(nodes, cut, frames, size, c) if form == "exact" else _two_products(nodes, cut.windowed(), size)
    weights = np.full(size.n_fft // 2 + 1, 1 / power_divisor(make_window(size, c), size, sample_rate, c))
    if c.spectrum_scaling == "one-sided, doubled":
        weights[1 : (size.n_fft + 1) // 2] *= 2
    if np.any(weights != 1):
        power = nodes.add("Mul", power, weights if np.ptp(weights) else float(weights[0]))
    if c.spectrum == "power":
        return power
    if c.spectrum_floor:
        power = nodes.add("Max" if c.spectrum_floor_rule == "at least" else "Add", power, float(c.spectrum_floor))
    return nodes.add("Sqrt", power)


def _one_conv(nodes: Nodes, cut: _Cut, frames: Frames, size: Sizes, c: Convention) -> str:
    """|X|^2 by one convolution with what is linear in a frame, multiplied out in float64.

    Each frame's mean is subtracted before, as a constant is large beside what rounding would leave of it; the frames
    then lie one after the other.
    """
    bins = size.n_fft // 2 + 1
    table = dft_table(size.n_fft, bins)[:, : size.frame] * make_window(size, c)
    if c.preemphasis and c.preemphasis_in == "frame":
        table = table @ _preemphasize_columns(np.eye(size.frame), c.preemphasis, c.preemphasis_first)
    kernels = np.concatenate([table.real, table.imag])[:, None]
    x, step = nodes.add("Unsqueeze", frames.signal, [1]), size.hop
    if c.dc_removal == "frame":
        x, step = nodes.add("Unsqueeze", nodes.add("Flatten", cut.raw(), axis=1), [1]), size.frame
    spectrum = nodes.add("Conv", x, kernels, strides=[step])
    real, imaginary = nodes.add_several("Split", 2, nodes.add("Mul", spectrum, spectrum), axis=1)
    return nodes.add("Transpose", nodes.add("Add", real, imaginary), perm=[0, 2, 1])


def _two_products(nodes: Nodes, windowed: str, size: Sizes) -> str:
    """|X|^2 by the tables of dsp.export.two_factors."""
    bins, t = size.n_fft // 2 + 1, two_factors(size.n_fft)
    if t.p == 1:
        n = t.q // 2 + 1
        both = nodes.add("MatMul", windowed, t.last[: size.frame, :])  # a real signal: the upper half is enough
        real, imaginary = nodes.add_several("Split", 2, nodes.add("Mul", both, both), axis=2)
        assert n == bins
        return nodes.add("Add", real, imaginary)
    if size.n_fft > size.frame:
        windowed = nodes.add("Pad", windowed, [0, 0, 0, 0, 0, size.n_fft - size.frame], 0.0, mode="constant")
    x = nodes.add("Reshape", windowed, [0, 0, t.p, t.q])
    real, imaginary = nodes.add_several("Split", 2, nodes.add("MatMul", t.first, x), axis=2)
    turned_real = nodes.add("Sub", nodes.add("Mul", real, t.cosine), nodes.add("Mul", imaginary, t.sine))
    turned_imaginary = nodes.add("Add", nodes.add("Mul", real, t.sine), nodes.add("Mul", imaginary, t.cosine))
    spectrum = nodes.add("MatMul", nodes.add("Concat", turned_real, turned_imaginary, axis=3), t.last)
    real, imaginary = nodes.add_several("Split", 2, nodes.add("Mul", spectrum, spectrum), axis=3)
    by_k2 = nodes.add("Transpose", nodes.add("Add", real, imaginary), perm=[0, 1, 3, 2])  # k = k1 + p k2
    return nodes.add("Slice", nodes.add("Reshape", by_k2, [0, 0, -1]), [0], [bins], [2])


def _log_mel(nodes: Nodes, power: str, size: Sizes, sample_rate: float, c: Convention) -> str:
    """The mel filters and dsp.mfcc.log_compress: (batch, time, bands)."""
    mel = power
    used: NDArray[np.bool_] = np.ones(size.n_fft // 2 + 1, np.bool_)
    if c.n_mels is not None:
        filters = filterbank(size, sample_rate, c)
        mel, used = nodes.add("MatMul", power, filters.T), np.asarray(filters.any(axis=0))
    if c.log is None:
        return _affine(nodes, mel, c)
    if c.floor_rule == "at least":
        mel = nodes.add("Max", mel, float(c.floor))
    elif c.floor_rule == "add":
        mel = nodes.add("Add", mel, float(c.floor))
    elif c.floor_rule == "zeros only":
        mel = nodes.add("Where", nodes.add("Equal", mel, 0.0), float(c.floor), mel)
    else:
        bins = mel if c.floor_rule == "fraction of maximum" else nodes.add("Mul", power, used.astype(np.float64))
        mel = nodes.add("Max", mel, nodes.add("Mul", _greatest(nodes, bins), float(c.floor)))
    level = nodes.add("Log", nodes.add("Max", mel, MIN_LOG_ARGUMENT))
    if LOG_FACTOR[c.log] != 1:
        level = nodes.add("Mul", level, LOG_FACTOR[c.log])
    if c.reference == "maximum":
        level = nodes.add("Sub", level, _greatest(nodes, level))
    if c.dynamic_range is not None:
        level = nodes.add("Max", level, nodes.add("Sub", _greatest(nodes, level), float(c.dynamic_range)))
    return _affine(nodes, level, c)


def _affine(nodes: Nodes, x: str, c: Convention) -> str:
    if c.log_gain != 1:
        x = nodes.add("Mul", x, float(c.log_gain))
    return nodes.add("Add", x, float(c.log_offset)) if c.log_offset else x


def _greatest(nodes: Nodes, x: str) -> str:
    """The maximum of each clip, (batch, 1, 1)."""
    return nodes.add("ReduceMax", x, axes=[1, 2], keepdims=1)


def filterbank(size: Sizes, sample_rate: float, c: Convention) -> NDArray[np.float64]:
    """The convention's filters, (n_mels, bins), without the warning about empty ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_filterbank(size, sample_rate, c)


def _log_energy(nodes: Nodes, cut: _Cut, power: str, c: Convention) -> str:
    """dsp.mfcc.log_energy, (batch, time, 1); "" if nothing needs it."""
    if c.energy is None and c.mel_energy is None:
        return ""
    x = power
    if c.energy_of != "spectrum":
        frames = cut.raw() if c.energy_of == "raw frame" else cut.windowed()
        x = nodes.add("Mul", frames, frames)
    energy = nodes.add("ReduceSum", x, [2], keepdims=1)
    return nodes.add("Log", nodes.add("Max", energy, max(c.energy_floor, MIN_LOG_ARGUMENT)))


def _log_mel_rows(nodes: Nodes, levels: str, energy: str, c: Convention) -> str:
    """The log-mel values as features: (batch, rows, time)."""
    rows = levels
    if c.mel_energy is not None:
        rows = nodes.add("Concat", *((energy, levels) if c.mel_energy == "first" else (levels, energy)), axis=2)
    rows = nodes.add("Transpose", rows, perm=[0, 2, 1])
    return add_normalization(nodes, rows, c) if c.n_mfcc is None else rows
