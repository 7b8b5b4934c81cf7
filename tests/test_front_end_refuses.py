"""nets.front_end refuses what dsp refuses, in one line that names the item."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import nets
from dsp import CONVENTIONS
from tests.front_ends import RATE

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*empty", "ignore:.*beyond full scale", "ignore:`torch.jit.*deprecated:DeprecationWarning"
)

BATCH = torch.zeros(2, 3000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nets.front_end("kaldy", RATE), "unknown convention 'kaldy'; did you mean 'kaldi'"),
        (lambda: nets.front_end("whisper", RATE), "has no cepstrum (n_mfcc is None)"),
        (lambda: nets.front_end("kaldi", RATE, kind="fbank"), "kind='fbank' is none of 'mfcc', 'log_mel'"),
        (lambda: nets.front_end("kaldi", 0), "sample_rate=0 is not allowed"),
        (lambda: nets.front_end("panns", RATE, kind="log_mel"), "f_max=14000"),
        (lambda: nets.front_end("kaldi", RATE, learnable="window"), "learnable='window' is no list of words"),
        (lambda: nets.front_end("kaldi", RATE, learnable=["windows"]), "did you mean 'window'"),
        (lambda: nets.front_end("kaldi", RATE, learnable=["dynamic_range"]), "depend on no dynamic_range"),
        (lambda: nets.front_end("scipy_stft", RATE, kind="log_mel", learnable=["filters"]), "depend on no filters"),
        (lambda: nets.front_end("kaldi", RATE)(np.zeros(3000)), "waveform is of type ndarray; a torch.Tensor"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH[None]), "waveform has shape (1, 2, 3000); (batch, samples)"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH[:, :0]), "waveform is empty"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.short()), "waveform has dtype int16; real floating-point"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.cfloat()), "waveform has dtype complex64; real floating-point"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH.to("meta")), "waveform is on meta, the front end on cpu"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, [3000, 2000]), "lengths is of type list"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([1.0, 0.5])), "lengths has dtype float32; whole"),
        (
            lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000])),
            "lengths has shape (1,); (2,) is expected",
        ),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000, 3001])), "lengths[1]=3001 is not allowed"),
        (lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([0, 3000])), "lengths[0]=0 is not allowed"),
        (
            lambda: nets.front_end("kaldi", RATE)(BATCH, torch.tensor([3000, 399])),
            "waveform[1]: 399 samples give no frame of 400 under the framing 'valid'",
        ),
        (
            lambda: nets.front_end("librosa_0_8", RATE)(BATCH[:, :1000]),
            "waveform: 1000 samples are too few to reflect 1024 at the edges; 1025 are needed",
        ),
        (
            lambda: nets.front_end(replace(CONVENTIONS["librosa"], delta_orders=1, delta_edges="interp"), RATE)(BATCH),
            "waveform: 6 frames are fewer than width=9",
        ),
        (
            lambda: nets.front_end(
                replace(CONVENTIONS["librosa"], preemphasis=0.9, preemphasis_first="extrapolate"), RATE
            )(BATCH, torch.tensor([3000, 1])),
            'waveform[1]: first="extrapolate" needs two samples; there is one',
        ),
        (
            lambda: nets.front_end(
                replace(CONVENTIONS["scipy_stft"], n_fft=512), RATE, kind="mel", learnable=["window"]
            )(BATCH[:, :100]),
            "not shortened where tables are learnable",
        ),
    ],
)
def test_bad_arguments_are_one_line(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert message in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_sample_is_named_unless_it_is_padding(value):
    module = nets.front_end("kaldi", RATE)
    x = torch.zeros(2, 3000)
    x[1, 2500] = value
    with pytest.raises(ValueError, match=rf"^waveform\[1, 2500\] is {value}; every value must be finite$"):
        module(x)
    assert torch.isfinite(module(x, torch.tensor([3000, 2500]))[0]).all()
    with pytest.raises(ValueError, match=r"^waveform\[2500\] is "):
        module(x[1])


@pytest.mark.filterwarnings("default:.*beyond full scale")
def test_samples_beyond_full_scale_are_named():
    module = nets.front_end("kaldi", RATE)
    with pytest.warns(UserWarning, match=r"^signals\[1\] reaches 3, beyond full scale"):
        module(torch.tensor([[0.5], [3.0]]).expand(2, 3000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nets.front_end("librosa", RATE)(torch.full((3000,), 3.0))
