"""`dsp`'s features inside a network: a torch module for any convention, with gradients, for batches of mixed lengths.

    front_end = nets.front_end("kaldi_fbank", 16_000, kind="log_mel")
    features, frames = front_end(waveforms, lengths)        (batch, rows, frames), (batch,)

`module` has the steps of dsp/mfcc.py in the same order, `steps` those that need no convention, `tables` what they read,
`checks` what is refused. Every table (window, filters, DCT, deltas) and every rule for lengths comes from `dsp`.
"""

from collections.abc import Collection

from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from nets.front_end.module import FrontEnd
from nets.front_end.tables import Kind, Learnable

__all__ = ["FrontEnd", "front_end"]


def front_end(
    convention: str | Convention,
    sample_rate: float,
    *,
    kind: Kind = "mfcc",
    learnable: Collection[Learnable] = (),
) -> FrontEnd:
    """A torch module that computes the features of dsp.extract from waveforms, differentiably, on any device.

    forward(waveform, lengths=None) -> (features, frames)

        waveform   (batch, samples) or (samples,), floating point, in -1 .. 1
        lengths    (batch,) whole numbers: the samples of each item before its padding; None: all of them
        features   (batch, rows, frames), or (rows, frames) of a vector; of the module's dtype
        frames     (batch,) int64: the frames of each item; features beyond them are 0

    An item's features depend neither on its padding, whatever stands there, nor on its neighbors: a signal is mirrored
    at the item's own end, and maxima, means and deltas see the item's own frames.

    Precision. Tables are computed in float64 and rounded once. After `module.double()` features equal dsp's to 1e-9 of
    the largest value. In float32, of which the module is at first, they have the errors of single precision: 1e-6 of
    the largest value where no band is far weaker than another one of the same frame. Waveforms of float16 and bfloat16
    become float32; `.half()`, `.bfloat16()` and autocast leave the module in float32. A network that allows TF32 for
    matrix products gets products of that precision here, too.

    Modes. torch.compile and torch.jit.script work, for all lengths. Compiled by the former, the module does not look at
    samples and lengths: it neither refuses NaN and items that are too short, nor warns. TorchScript has neither dither
    nor SciPy's windows for signals shorter than the window. Dither is dsp's: the same noise in every call.
    state_dict() holds what can be learned, and says to which convention it belongs.

    Parameters
    ----------
    convention : a name in dsp.CONVENTIONS (case is ignored) or a Convention
    sample_rate : Hz, of the waveforms
    kind : "mfcc" or "log_mel" as in dsp.extract; "mel" or "power" as in dsp.trace
    learnable : what becomes a parameter, beginning with the convention's values: "window", (window,); "filters",
        (n_mels, bins); "dynamic_range", a number in the unit of the logarithm

    Returns
    -------
    module : FrontEnd, in float32, on the CPU; its `n_rows` is the number of rows of the features

    Raises
    ------
    ValueError  as dsp.extract for a convention that is unknown, does not fit the sample rate or has no cepstrum; for an
        unknown kind, and for something learnable that the features do not depend on. forward raises ValueError for
        waveforms and lengths of a wrong type, shape or device, for NaN and infinity, and for items that are too short;
        the message names the item.

    Warns as dsp.extract.

    Example
    -------
    From a WAV file to a trained layer, the mel filters among what is trained:

        signal, rate = dsp.read_audio("speech.wav")
        front_end = nets.front_end("kaldi_fbank", rate, kind="log_mel", learnable=["filters"])
        layer = torch.nn.Linear(front_end.n_rows, 6)
        optimizer = torch.optim.SGD([*front_end.parameters(), *layer.parameters()], lr=1e-4)
        features, frames = front_end(torch.from_numpy(signal)[None])
        means = features.sum(dim=2) / frames[:, None]
        loss = torch.nn.functional.cross_entropy(layer(means), torch.tensor([3]))
        loss.backward()
        optimizer.step()

    Source: as dsp.mfcc. Checked: tests/test_front_end_in_a_network.py
    """
    return FrontEnd(named(convention), sample_rate, kind, learnable)
