"""What a front end knows before it sees a waveform: the convention's choices, the rules for lengths, and the tables."""

import math
from collections.abc import Callable, Collection
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dsp.checks import as_sample_rate, as_word
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, sizes
from dsp.deltas import delta_weights
from dsp.framing import MIRRORED, count_leading_samples, frame_count
from dsp.mfcc import (
    LOG_FACTOR,
    MIN_LOG_ARGUMENT,
    cepstrum_matrix,
    cepstrum_weights,
    make_filterbank,
    make_window,
    power_divisor,
    require_cepstrum,
)

Kind = Literal["mfcc", "log_mel", "mel", "power"]
Learnable = Literal["window", "filters", "dynamic_range"]
SHORT_FLOATS = (torch.float16, torch.bfloat16)


class Tables(nn.Module):
    """A convention at a sample rate, in tensors, numbers and words that TorchScript and the compiler know.

    Tensors: window (frame,), with the spectrum's norm in it, or a learnable one (window,) without; filters
    (n_mels, bins); dynamic_range (); cepstrum (n, n_mels), DCT and lifter; slopes (2, width); sides (bins,). Those that
    are learnable are parameters, the others buffers that state_dict() leaves out.
    """

    window: Tensor
    filters: Tensor
    dynamic_range: Tensor
    cepstrum: Tensor
    slopes: Tensor
    sides: Tensor
    used_bins: Tensor

    def __init__(self, c: Convention, sample_rate: float, kind: Kind, learnable: Collection[Learnable] = ()) -> None:
        super().__init__()
        if as_word(kind, "kind", Kind) == "mfcc":
            require_cepstrum(c)
        self.convention, self.sample_rate, self.kind = c, as_sample_rate(sample_rate), kind
        if isinstance(learnable, str) or not isinstance(learnable, Collection):
            raise ValueError(f'learnable={learnable!r} is no list of words; ("window", "filters") is one')
        self.learnable = tuple(as_word(word, "learnable", Learnable) for word in learnable)
        size = sizes(c, sample_rate)
        self.frame, self.hop, self.n_fft, self.n_window = size.frame, size.hop, size.n_fft, size.window
        self._set_framing(c)
        self._set_choices(c)
        self._tables: dict[str, NDArray[np.float64]] = {}  # as computed, whatever the module's dtype
        self._make_tables(c, size)

    def _set_framing(self, c: Convention) -> None:
        """Frames of n samples: (n - anchor) // hop + anchor_frames, at least min_frames; dsp's counts give all three.

        Every rule counts one frame more for each hop, except for the shortest signals, which have the least number.
        """
        n = 2 * (self.frame + self.hop)
        at_n = frame_count(n, self.frame, self.hop, c.framing)
        low, high = n, n + self.hop
        while high - low > 1:  # until `high` is the first number of samples with one frame more
            middle = (low + high) // 2
            more = frame_count(middle, self.frame, self.hop, c.framing) > at_n
            low, high = (low, middle) if more else (middle, high)
        dropped = int(c.last_frame == "dropped")
        self.anchor, self.anchor_frames = high, at_n + 1 - dropped
        self.min_frames = frame_count(1, self.frame, self.hop, c.framing) - dropped
        self.before = count_leading_samples(self.frame, self.hop, c.framing)
        self.is_centered = c.framing == "valid, centered"  # behind samples that no frame takes
        self.mirrored, self.repeat = c.framing in MIRRORED, MIRRORED.get(c.framing, 0)
        self.shortened_below = self.n_window if c.framing == "scipy" else 0

    def _set_choices(self, c: Convention) -> None:
        """The convention's words as numbers and flags, which TorchScript and the compiler know."""
        self.scale, self.dither = float(c.scale), float(c.dither)
        self.signal_dc, self.frame_dc = c.dc_removal == "signal", c.dc_removal == "frame"
        self.preemphasis, self.preemphasis_first = float(c.preemphasis), c.preemphasis_first
        self.signal_emphasis = c.preemphasis > 0 and c.preemphasis_in == "signal"
        self.frame_emphasis = c.preemphasis > 0 and c.preemphasis_in == "frame"
        self.spectrum_norm = c.spectrum_norm or ""
        self.is_magnitude, self.is_doubled = c.spectrum == "magnitude", c.spectrum_scaling == "one-sided, doubled"
        self.root_floor = float(c.spectrum_floor)
        self.root_adds = c.spectrum_floor > 0 and c.spectrum_floor_rule == "add"
        self.has_filters, self.has_log = c.n_mels is not None, c.log is not None
        self.log_factor = 1.0 if c.log is None else LOG_FACTOR[c.log]
        self.floor, self.floor_rule, self.least_argument = float(c.floor), c.floor_rule, MIN_LOG_ARGUMENT
        self.has_reference, self.has_range = c.reference == "maximum", c.dynamic_range is not None
        self.log_gain, self.log_offset = float(c.log_gain), float(c.log_offset)
        energy = {"mfcc": c.energy, "log_mel": c.mel_energy}.get(self.kind) or ""
        replaced = "replaces last" if c.c0 == "last" else "replaces first"
        self.energy_at = replaced if energy == "replaces c0" else energy
        self.energy_of, self.energy_floor = c.energy_of, max(float(c.energy_floor), MIN_LOG_ARGUMENT)
        is_cepstral = self.kind == "mfcc"
        self.smoothing, self.delta_orders = (c.smoothing, c.delta_orders) if is_cepstral else (1, 0)
        self.delta_width, self.replicate = c.delta_width, c.delta_edges == "replicate"
        self.delta_second = c.delta_second
        is_last = is_cepstral or (self.kind == "log_mel" and c.n_mfcc is None)
        self.normalization = (c.normalization or "") if is_last else ""
        self.ddof, self.eps = int(c.normalization_ddof), float(c.normalization_eps)
        self.eps_to_variance = c.normalization_eps_to == "variance"

    def _make_tables(self, c: Convention, size: Sizes) -> None:
        window, bins = make_window(size, c), size.n_fft // 2 + 1
        self.divisor = power_divisor(window, size, self.sample_rate, c)  # of |X|^2
        left = (size.frame - size.window) // 2
        self.margins = (left, size.frame - size.window - left)  # zeros around a learnable window
        self.learns_window = "window" in self.learnable
        self._add("window", window[left:][: size.window] if self.learns_window else window / math.sqrt(self.divisor))
        sides = np.ones(bins)
        sides[1 : (size.n_fft + 1) // 2] = 2
        self._add("sides", np.sqrt(sides) if self.is_magnitude and not self.root_adds else sides)
        filters = make_filterbank(size, self.sample_rate, c) if self.has_filters else np.empty((0, 0))
        has = {
            "window": True,
            "filters": self.has_filters and self.kind != "power",
            "dynamic_range": self.has_log and self.has_range and self.kind in ("mfcc", "log_mel"),
        }
        for word in self.learnable:
            if not has[word]:
                raise ValueError(f"learnable={word!r}: {self.kind} features of this convention depend on no {word}")
        self._add("filters", filters)
        used = np.flatnonzero(filters.any(axis=0)) if self.has_filters else np.arange(bins)
        self.register_buffer("used_bins", torch.from_numpy(used), persistent=False)
        self._add("dynamic_range", np.array(float(c.dynamic_range or 0.0)))
        n_levels = len(filters) if self.has_filters else bins
        cepstrum = np.empty((0, 0))
        if self.kind == "mfcc":
            cepstrum = cepstrum_weights(c)[:, None] * cepstrum_matrix(n_levels, c)
        self._add("cepstrum", cepstrum)
        self._add("slopes", np.stack([delta_weights(c.delta_width, order) for order in (1, 2)]))
        n_static = {"power": bins, "mfcc": len(cepstrum)}.get(self.kind, n_levels)
        self.n_rows: int = (n_static + (self.energy_at in ("first", "last"))) * (1 + self.delta_orders)

    def _add(self, name: Any, table: NDArray[np.float64]) -> None:
        """Registers a table in float32, and keeps it in float64 for `_apply`."""
        self._tables[name] = np.ascontiguousarray(table).reshape(table.shape)
        tensor = torch.tensor(table, dtype=torch.float32)
        if name in self.learnable:
            self.register_parameter(name, nn.Parameter(tensor))
        else:
            self.register_buffer(name, tensor, persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Tables":
        """`.to`, `.double` and the like: tables are rounded from float64 anew, and never to less than float32.

        A parameter that still has its first value is rounded anew, too.
        """
        untrained = [name for name, p in self._parameters.items() if p is not None and self._is_first_value(name, p)]

        def convert(tensor: Tensor) -> Tensor:
            converted = fn(tensor)
            return tensor.to(converted.device) if converted.dtype in SHORT_FLOATS else converted

        super()._apply(convert, recurse)
        for name in self._tables:
            if name in untrained:
                with torch.no_grad():
                    getattr(self, name).copy_(self._rounded(name, getattr(self, name)))
            elif name not in self._parameters:
                self._buffers[name] = self._rounded(name, getattr(self, name))
        return self

    def _rounded(self, name: str, like: Tensor) -> Tensor:
        return torch.from_numpy(self._tables[name]).to(like.dtype).to(like.device)  # some devices have no float64

    def _is_first_value(self, name: str, parameter: Tensor) -> bool:
        return not parameter.is_meta and torch.equal(parameter.detach(), self._rounded(name, parameter))

    def get_extra_state(self) -> dict[str, Any]:
        """What state_dict() says about the front end."""
        rate = f"{self.sample_rate:g} Hz"
        return {"fingerprint": fingerprint(self.convention), "sample_rate": rate, "kind": self.kind}

    def set_extra_state(self, state: Any) -> None:
        """Raises ValueError for the state of another front end."""
        own = self.get_extra_state()
        theirs = state if isinstance(state, dict) else {}
        differing = [f"{key} {theirs.get(key)!r} instead of {own[key]!r}" for key in own if theirs.get(key) != own[key]]
        if differing:
            raise ValueError(f"this state belongs to another front end: {', '.join(differing)}")

    def extra_repr(self) -> str:
        tool = self.convention.tool or f"fingerprint {fingerprint(self.convention)}"
        learnable = f", learnable={self.learnable}" if self.learnable else ""
        return f"{tool}, {self.sample_rate:g} Hz, kind={self.kind!r}, n_rows={self.n_rows}{learnable}"
