"""What a front end refuses, with dsp's messages. None of this runs in compiled code, but for shapes and types."""

import numpy as np
import torch
from torch import Tensor

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import Sizes, require_frames
from dsp.mfcc import warn_beyond_full_scale


def check_types(waveform: Tensor, lengths: Tensor | None, device: torch.device) -> None:
    """Raises ValueError for what can be seen without reading values: type, shape, dtype, device.

    Checked: tests/test_front_end_refuses.py
    """
    if not isinstance(waveform, Tensor):
        raise ValueError(f"waveform is of type {type(waveform).__name__}; a torch.Tensor is expected")
    shape = tuple(waveform.shape)
    if len(shape) not in (1, 2):
        raise ValueError(f"waveform has shape {shape}; (batch, samples) or (samples,) is expected")
    if shape[-1] == 0:
        raise ValueError("waveform is empty; at least one sample is expected")
    if not waveform.is_floating_point():
        raise ValueError(
            f"waveform has dtype {str(waveform.dtype).removeprefix('torch.')}; real floating-point samples are "
            "expected (scale integers first, as in samples / 32768)"
        )
    if waveform.device != device:
        raise ValueError(f"waveform is on {waveform.device}, the front end on {device}; move one of them with .to")
    if lengths is None:
        return
    if not isinstance(lengths, Tensor):
        raise ValueError(f"lengths is of type {type(lengths).__name__}; a torch.Tensor of whole numbers is expected")
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        dtype = str(lengths.dtype).removeprefix("torch.")
        raise ValueError(f"lengths has dtype {dtype}; whole numbers of samples are expected")
    if tuple(lengths.shape) != shape[:-1]:
        raise ValueError(f"lengths has shape {tuple(lengths.shape)}; {shape[:-1]} is expected beside waveform {shape}")
    if lengths.device != device:
        raise ValueError(f"lengths is on {lengths.device}, the front end on {device}; move it with .to")


def check_counts(counts: list[int], samples: int) -> None:
    """Raises ValueError for an item of no sample, or of more samples than there are.

    Checked: tests/test_front_end_refuses.py
    """
    for index, n in enumerate(counts):
        if not 1 <= n <= samples:
            raise ValueError(f"lengths[{index}]={n} is not allowed; a number of samples in 1 .. {samples} is expected")


def check_frames(n: int, c: Convention, size: Sizes, kind: str) -> None:
    """Raises dsp.extract's ValueError if n samples are too few for the convention.

    Checked: tests/test_front_end_refuses.py
    """
    n_frames = require_frames(n, size, c)
    if c.preemphasis and c.preemphasis_first == "extrapolate":
        if (size.frame if c.preemphasis_in == "frame" else n) < 2:
            raise ValueError('first="extrapolate" needs two samples; there is one')
    if kind == "mfcc" and c.delta_orders and c.delta_edges == "interp" and n_frames < c.delta_width:
        raise ValueError(f"{n_frames} frames are fewer than width={c.delta_width}")


def check_samples(waveform: Tensor, lengths: Tensor | None, c: Convention) -> None:
    """Raises ValueError for NaN and infinity before an item's end; warns as dsp does beyond full scale.

    Checked: tests/test_front_end_refuses.py
    """
    x = waveform.detach()
    if x.numel() == 0:
        return
    if lengths is not None:
        x = x.masked_fill(torch.arange(x.shape[-1], device=x.device) >= lengths.unsqueeze(-1), 0)
    low, high = torch.aminmax(x, dim=-1)  # NaN is both
    bounds = torch.stack([low, high], -1).reshape(-1, 2).cpu().double().numpy()
    if not np.isfinite(bounds).all():
        where = tuple(torch.nonzero(~torch.isfinite(x))[0].tolist())
        raise ValueError(f"waveform[{', '.join(map(str, where))}] is {float(x[where])}; every value must be finite")
    warn_beyond_full_scale(list(bounds), c)
