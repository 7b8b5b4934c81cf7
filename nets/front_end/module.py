"""The module that nets.front_end returns."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from dsp.conventions.sizes import sizes
from dsp.normalization import dither
from nets.front_end import checks
from nets.front_end.steps import delta, emphasize, maximum, mirror, second_delta, smooth, standardize, subtract_mean
from nets.front_end.tables import Tables


class FrontEnd(Tables):
    """Features under a convention at a sample rate; `nets.front_end` says what goes in and comes out."""

    def forward(self, waveform: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(features, frames), as nets.front_end says."""
        if torch.jit.is_scripting():
            self._check_scripted(waveform, lengths)
            return self._compute(waveform, lengths, None)
        else:  # which TorchScript does not read
            return self._forward_eagerly(waveform, lengths)

    def _forward_eagerly(self, waveform: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """forward with all checks, dither and SciPy's short windows; autocast is kept out."""
        checks.check_types(waveform, lengths, self.window.device)
        c, samples = self.convention, waveform.shape[-1]
        if torch.compiler.is_compiling() or torch.jit.is_tracing():
            if self._is_too_short(samples):
                raise ValueError("the waveform has too few samples for the convention")
        else:
            counts = [samples] if lengths is None else lengths.reshape(-1).tolist()
            checks.check_counts(counts, samples)
            if waveform.numel() > 0 and min(counts) < self.shortened_below:
                return self._compute_shortened(waveform, lengths)
            size = sizes(c, self.sample_rate)
            for index, n in enumerate(counts):
                try:
                    checks.check_frames(n, c, size, self.kind)
                except ValueError as error:
                    item = f"waveform[{index}]" if lengths is not None and waveform.dim() == 2 else "waveform"
                    raise ValueError(f"{item}: {error}") from None
            checks.check_samples(waveform, lengths, c)
        noise = None
        if self.dither:
            drawn = dither(np.zeros(samples), self.dither, np.random.default_rng(0))
            noise = torch.from_numpy(drawn).to(self.window.dtype).to(self.window.device)
        with torch.autocast(waveform.device.type, enabled=False):
            return self._compute(waveform, lengths, noise)

    def _compute_shortened(self, waveform: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """SciPy's framing where items are shorter than the window: each of them gets a window of its own length.

        Raises ValueError if such an item has another number of rows than the others.
        """
        if self.learnable:
            raise ValueError("an item is shorter than the window, which is not shortened where tables are learnable")
        items = waveform if waveform.dim() == 2 else waveform.unsqueeze(0)
        counts = [waveform.shape[-1]] * len(items) if lengths is None else lengths.reshape(-1).tolist()
        results = []
        for index, (item, n) in enumerate(zip(items, counts, strict=True)):
            own = self
            if n < self.n_window:
                c = replace(self.convention, frame_length=n)
                own = FrontEnd(c, self.sample_rate, self.kind).to(self.window)
            if own.n_rows != self.n_rows and len(items) > 1:
                raise ValueError(
                    f"waveform[{index}] has {n} samples, fewer than the window of {self.n_window}, which SciPy "
                    f"shortens to them: {own.n_rows} rows instead of {self.n_rows}; pass this item alone"
                )
            try:
                results.append(own(item[:n])[0])
            except ValueError as error:
                name = f"waveform[{index}]" if waveform.dim() == 2 else "waveform"
                raise ValueError(str(error).replace("waveform", name, 1)) from None
        frames = torch.tensor([result.shape[1] for result in results], device=waveform.device)
        width = max(result.shape[1] for result in results)
        if waveform.shape[-1] >= self.n_window:
            width = max(width, self._count(waveform.shape[-1]))
        padded = torch.stack([nn.functional.pad(result, (0, width - result.shape[1])) for result in results])
        return (padded, frames) if waveform.dim() == 2 else (padded[0], frames[0])

    # The rest is written in the words that TorchScript knows. x (batch, samples); rows (batch, rows, frames).

    def _check_scripted(self, waveform: Tensor, lengths: Tensor | None) -> None:
        """The checks that TorchScript can express."""
        if waveform.dim() != 1 and waveform.dim() != 2:
            raise ValueError("waveform has a wrong shape; (batch, samples) or (samples,) is expected")
        if not waveform.is_floating_point():
            raise ValueError(
                "waveform holds no real floating-point samples; scale integers first, as in samples / 32768"
            )
        if self.dither > 0:
            raise ValueError("dither is NumPy's noise, which TorchScript does not have; dither=0 is expected")
        samples, shortest, x = waveform.size(-1), waveform.size(-1), waveform
        if lengths is not None:
            if lengths.dim() != waveform.dim() - 1:
                raise ValueError("lengths has a wrong shape; a number of samples for each item is expected")
            if lengths.numel() > 0:
                shortest = int(lengths.min())
                if shortest < 1 or int(lengths.max()) > samples:
                    raise ValueError("lengths are not in 1 .. the number of samples of the waveform")
            x = x.masked_fill(torch.arange(samples, device=x.device) >= lengths.unsqueeze(-1), 0.0)
        if self._is_too_short(shortest):
            raise ValueError("an item has too few samples for the convention")
        if not bool(torch.isfinite(x).all()):
            raise ValueError("waveform holds NaN or infinity; every value must be finite")

    def _is_too_short(self, n: int) -> bool:
        """Whether dsp refuses n samples, or shortens its window to them."""
        frames = self._count(n)
        return (
            frames < 1
            or n < self.shortened_below
            or (self.mirrored and self.repeat == 0 and n <= self.before)
            or (self.delta_orders > 0 and not self.replicate and frames < self.delta_width)
            or (self.preemphasis_first == "extrapolate" and self.signal_emphasis and n < 2)
            or (self.preemphasis_first == "extrapolate" and self.frame_emphasis and self.frame < 2)
        )

    def _compute(self, waveform: Tensor, lengths: Tensor | None, noise: Tensor | None) -> tuple[Tensor, Tensor]:
        """(features, frames) of checked arguments."""
        is_vector, is_padded = waveform.dim() == 1, lengths is not None
        x = waveform.to(self.slopes.dtype)
        if is_vector:
            x = x.unsqueeze(0)
        n = torch.full((1,), x.shape[1], dtype=torch.int64, device=x.device)  # samples of every item
        if lengths is not None:
            n = lengths.reshape(-1).to(torch.int64)
        width = self._count(x.shape[1])
        if x.shape[0] == 0:  # which some Fourier transforms refuse
            return x.new_zeros(0, self.n_rows, width), n[:0]
        counts = torch.div(n - self.anchor, self.hop, rounding_mode="floor") + self.anchor_frames
        counts = counts.clamp(min=self.min_frames)
        valid = (torch.arange(width, device=x.device) < counts.unsqueeze(1)).unsqueeze(1)  # (batch or 1, 1, frames)
        x = self._extend(self._preprocess(x, n, is_padded, noise), n, is_padded, width)
        features = self._features(x, counts, valid, is_padded)
        if is_padded:
            features = features.masked_fill(~valid, 0.0)
        features, counts = features.contiguous(), counts.expand(x.shape[0])
        if is_vector:
            return features[0], counts[0]
        return features, counts

    def _count(self, n: int) -> int:
        """Frames of n samples."""
        return max(self.min_frames, (n - self.anchor) // self.hop + self.anchor_frames)

    def _preprocess(self, x: Tensor, n: Tensor, is_padded: bool, noise: Tensor | None) -> Tensor:
        """dsp.mfcc.preprocess_signal of each item; 0 beyond its end."""
        beyond = torch.arange(x.shape[1], device=x.device) >= n.unsqueeze(1)
        if self.scale != 1.0:
            x = x * self.scale
        if noise is not None:
            x = x + noise
        if self.signal_dc:
            for _ in range(2):  # the second time removes what rounding left of the mean
                if is_padded:
                    x = x.masked_fill(beyond, 0.0)
                x = x - x.sum(1, keepdim=True) / n.unsqueeze(1)
        if self.signal_emphasis:
            x = emphasize(x, self.preemphasis, self.preemphasis_first)
        if is_padded:
            x = x.masked_fill(beyond, 0.0)
        return x

    def _extend(self, x: Tensor, n: Tensor, is_padded: bool, width: int) -> Tensor:
        """dsp.framing.extend of each item: the samples that `width` frames take."""
        total, lead = self.frame + (width - 1) * self.hop, max(self.before, 0)
        if self.is_centered:
            skipped = torch.div((n - self.frame) % self.hop, 2, rounding_mode="floor")
            index = skipped.unsqueeze(1) + torch.arange(total, device=x.device)
            return x.gather(1, index.clamp(max=x.shape[1] - 1).expand(x.shape[0], -1))
        if not self.mirrored:
            x = nn.functional.pad(x, (lead, max(0, total - lead - x.shape[1])))
        else:
            after = self.frame - self.before  # as many as any rule takes beyond the end
            left = mirror(torch.arange(-lead, 0, device=x.device).unsqueeze(0), n, self.repeat)
            end = n.unsqueeze(1) + torch.arange(after, device=x.device)
            right = mirror(end, n, self.repeat)
            if is_padded:
                longer = nn.functional.pad(torch.cat([x.gather(1, left), x], dim=1), (0, after))
                x = longer.scatter(1, end + lead, x.gather(1, right))
            else:
                x = torch.cat([x.index_select(1, left[0]), x, x.index_select(1, right[0])], dim=1)
        start = lead - self.before
        return x[:, start : start + total]

    def _features(self, x: Tensor, counts: Tensor, valid: Tensor, is_padded: bool) -> Tensor:
        """The extended signal's features: (batch, rows, frames)."""
        power, energy = self._spectrum(x)
        mel = power.transpose(1, 2)
        if self.has_filters and self.kind != "power":
            mel = nn.functional.linear(power, self.filters).transpose(1, 2)
        if self.kind == "power" or self.kind == "mel":
            return mel
        rows = self._compress(mel, power, valid, is_padded)
        if self.kind == "mfcc":
            rows = torch.matmul(self.cepstrum, rows)
        rows = self._insert(rows, energy)
        if self.smoothing > 1:
            rows = smooth(rows, counts, self.smoothing)
        if self.delta_orders > 0:
            first = delta(rows, counts, self.slopes[0], self.replicate)
            parts = [rows, first]
            if self.delta_orders > 1:
                parts.append(
                    second_delta(rows, first, counts, self.slopes[0], self.slopes[1], self.replicate, self.delta_second)
                )
            rows = torch.cat(parts, dim=1)
        if self.normalization == "mean":
            rows = subtract_mean(rows, counts, valid, is_padded)
        elif self.normalization != "":
            rows = standardize(rows, counts, valid, is_padded, self.ddof, self.eps, self.eps_to_variance)
        return rows

    def _spectrum(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, frames, bins) |X|^2 or |X| as the convention has it, and the energy (batch, frames) of each frame."""
        frames = x.unfold(1, self.frame, self.hop)
        mean = torch.zeros((1, 1, 1), dtype=x.dtype, device=x.device)
        if self.frame_dc:
            mean = frames.mean(-1, keepdim=True)
        energy = torch.zeros(0, dtype=x.dtype, device=x.device)
        if self.energy_at != "" and self.energy_of == "raw frame":
            energy = (frames - mean).square().sum(-1)
        window, divisor = self._window()
        if self.frame_emphasis:
            windowed = self._emphasize_frames(x, frames, mean, window)
        elif self.frame_dc:
            windowed = (frames - mean) * window
        else:
            windowed = frames * window
        if self.energy_at != "" and self.energy_of == "windowed frame":
            energy = windowed.square().sum(-1) * divisor
        spectrum = torch.fft.rfft(windowed, self.n_fft)
        if self.is_magnitude and not self.root_adds:
            power = spectrum.abs()  # whose slope at 0 is 0; that of a root is infinite
        else:
            power = torch.real(spectrum).square() + torch.imag(spectrum).square()
        if self.is_doubled:
            power = power * self.sides
        if self.is_magnitude:
            if self.root_adds:
                power = (power + self.root_floor).sqrt()
            elif self.root_floor > 0:
                power = power.clamp(min=math.sqrt(self.root_floor))
        if self.energy_at != "" and self.energy_of == "spectrum":
            energy = power.sum(-1)
        return power, energy

    def _emphasize_frames(self, x: Tensor, frames: Tensor, mean: Tensor, window: Tensor) -> Tensor:
        """The frames without their mean, emphasized one by one and windowed, in three passes over the frames.

        Behind its first sample, a frame of the emphasized signal is the emphasized frame:
        (x[n] - m) - a (x[n-1] - m) = (x[n] - a x[n-1]) - (1 - a) m
        """
        start = emphasize(frames[..., :2] - mean, self.preemphasis, self.preemphasis_first)[..., :1]
        first = nn.functional.pad(window[:1], (0, self.frame - 1))  # the window's first value, then zeros
        rest = window - first
        emphasized = emphasize(x, self.preemphasis, "keep").unfold(1, self.frame, self.hop)
        windowed = torch.addcmul(emphasized * rest, start, first)
        return torch.addcmul(windowed, mean, (self.preemphasis - 1.0) * rest)

    def _window(self) -> tuple[Tensor, Tensor]:
        """The window with the spectrum's norm in it, (frame,), and the divisor of |X|^2 that the norm is."""
        window = self.window
        divisor = torch.full((), self.divisor, dtype=window.dtype, device=window.device)
        if not self.learns_window:
            return window, divisor
        if self.spectrum_norm == "window sum":
            divisor = window.sum().square()
        elif self.spectrum_norm == "window energy":
            divisor = window.square().sum()
        elif self.spectrum_norm == "density":
            divisor = self.sample_rate * window.square().sum()
        elif self.spectrum_norm == "praat":
            divisor = self.n_fft * self.n_window / max(1, self.n_window - 1) * window.square().sum()
        return nn.functional.pad(window / divisor.sqrt(), self.margins), divisor

    def _compress(self, mel: Tensor, power: Tensor, valid: Tensor, is_padded: bool) -> Tensor:
        """dsp.mfcc.log_compress of each item."""
        if not self.has_log:
            return self.log_gain * mel + self.log_offset
        if self.floor_rule == "at least":
            mel = mel.clamp(min=max(self.floor, self.least_argument))
        elif self.floor_rule == "add":
            mel = mel + self.floor
        elif self.floor_rule == "zeros only":
            mel = mel.masked_fill(mel == 0, self.floor)
        else:
            bins = mel
            if self.floor_rule == "fraction of greatest bin" and self.used_bins.numel() > 0:
                bins = power.index_select(2, self.used_bins).transpose(1, 2)
            mel = torch.maximum(mel, self.floor * maximum(bins, valid, is_padded))
        level = self.log_factor * mel.clamp(min=self.least_argument).log()
        if self.has_reference:
            level = level - maximum(level, valid, is_padded)
        if self.has_range:
            level = torch.maximum(level, maximum(level, valid, is_padded) - self.dynamic_range)
        if self.log_gain != 1.0 or self.log_offset != 0.0:
            level = self.log_gain * level + self.log_offset
        return level

    def _insert(self, rows: Tensor, energy: Tensor) -> Tensor:
        """dsp.mfcc.insert_energy or insert_mel_energy."""
        if self.energy_at == "":
            return rows
        row = energy.clamp(min=self.energy_floor).log().unsqueeze(1)
        if self.energy_at == "first":
            return torch.cat([row, rows], dim=1)
        if self.energy_at == "last":
            return torch.cat([rows, row], dim=1)
        if self.energy_at == "replaces last":
            return torch.cat([rows[:, :-1], row], dim=1)
        return torch.cat([row, rows[:, 1:]], dim=1)
