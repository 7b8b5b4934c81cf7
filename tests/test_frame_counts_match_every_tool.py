"""Live oracles: the number of frames of every tool for every length from 1 to 2000; definition of what is padded."""

import warnings
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest
import python_speech_features
import torch
from scipy import signal as scipy_signal

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.framing import mirror_index
from dsp.mfcc import sizes
from tests.conftest import GOLDEN

LENGTHS = range(1, 2001)


def kaldi_frames(n: int, snip_edges: bool) -> int:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = snip_edges
    tool = kaldi_native_fbank.OnlineFbank(options)
    tool.accept_waveform(16_000, [0.0] * n)
    tool.input_finished()
    return tool.num_frames_ready


def scipy_frames(n: int) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it shortens its window
        return scipy_signal.stft(np.ones(n))[2].shape[1]


TOOLS = {
    "valid": lambda n: (dsp.count_frames(n, 400, 160, "valid"), kaldi_frames(n, True)),
    "symmetric": lambda n: (dsp.count_frames(n, 400, 160, "symmetric"), kaldi_frames(n, False)),
    "pad tail": lambda n: (
        dsp.count_frames(n, 400, 160, "pad tail"),
        len(python_speech_features.sigproc.framesig(np.ones(n), 400, 160)),
    ),
    "center, zeros": lambda n: (
        dsp.count_frames(n, 2048, 512, "center, zeros"),
        librosa.util.frame(np.pad(np.ones(n), 1024), frame_length=2048, hop_length=512).shape[1],
    ),
    "scipy": lambda n: (shortened(n), scipy_frames(n)),
}


def shortened(n: int) -> int:
    size = sizes(CONVENTIONS["scipy_stft"], 16_000, n)
    return dsp.count_frames(n, size.frame, size.hop, "scipy")


@pytest.mark.parametrize("framing", TOOLS)
def test_every_length(framing):
    different = {n: counts for n in LENGTHS if (counts := TOOLS[framing](n))[0] != counts[1]}
    assert not different


def test_librosa_and_torch_themselves():
    for n in [*range(1, 40), 511, 512, 513, 1023, 1024, 1025, 2000]:
        assert dsp.count_frames(n, 2048, 512, "center, zeros") == librosa.stft(np.ones(n), n_fft=2048).shape[1]
    for n in (201, 399, 400, 401, 600, 2000):
        frames = torch.stft(torch.ones(n), 400, 200, window=torch.ones(400), return_complex=True).shape[1]
        assert dsp.count_frames(n, 400, 200, "center, reflect") == frames


def test_essentia():
    counts = np.load(GOLDEN / "features_essentia.npz")["frame_counts"]
    assert [dsp.count_frames(n, 1024, 512, CONVENTIONS["essentia"].framing) for n in range(1, 2001)] == counts.tolist()


@pytest.mark.parametrize("framing", dsp.framing.FRAMINGS)
@pytest.mark.parametrize(("n", "length", "hop"), [(1000, 400, 160), (401, 400, 160), (777, 64, 33), (500, 33, 7)])
def test_extended_signals_fit_their_frames(framing, n, length, hop):
    x = np.arange(1.0, n + 1)
    frames = dsp.frame(dsp.extend(x, length, hop, framing), length, hop)
    assert frames.shape[1] == dsp.count_frames(n, length, hop, framing)
    before = {
        "symmetric": length // 2 - hop // 2,
        "valid": 0,
        "valid, centered": -((n - length) % hop // 2),
        "pad tail": 0,
        "every hop": 0,
        "half overlap, reflect": (length - hop) // 2,
    }.get(framing, length // 2)
    inside = np.flatnonzero((np.arange(length) >= before) & (np.arange(length) - before < n))
    np.testing.assert_array_equal(frames[inside, 0], x[inside - before])


def test_what_stands_outside():
    x = np.arange(5.0)
    np.testing.assert_array_equal(dsp.extend(np.arange(8.0), 4, 3, "valid, centered"), np.arange(7.0))
    np.testing.assert_array_equal(dsp.extend(np.arange(9.0), 4, 3, "valid, centered"), np.arange(1.0, 8.0))
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "center, reflect"), np.pad(x, 2, mode="reflect")[:8])
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "center, zeros"), np.pad(x, 2)[:8])
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "half overlap, reflect"), [1, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "every hop"), [0, 1, 2, 3, 4, 0, 0, 0])
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "symmetric"), [0, 0, 1, 2, 3, 4, 4, 3])
    for n in (1, 2, 5):  # of any length, to any distance
        for repeat, mode in ((0, "reflect"), (1, "symmetric")):
            expected = np.pad(np.arange(n), 20, mode=mode)
            np.testing.assert_array_equal(mirror_index(np.arange(-20, n + 20), n, repeat), expected)
    np.testing.assert_array_equal(dsp.extend(x, 4, 3, "pad tail"), [0, 1, 2, 3, 4, 0, 0])
    np.testing.assert_array_equal(dsp.extend(x, 4, 2, "scipy"), [0, 0, 0, 1, 2, 3, 4, 0, 0, 0])


@pytest.mark.parametrize(
    ("rate", "window", "hop"), [(11_025, 275, 110), (22_050, 551, 220), (44_100, 1102, 441), (16_000, 400, 160)]
)
def test_milliseconds_become_samples(rate, window, hop):
    down = sizes(CONVENTIONS["kaldi"], rate)
    assert (down.window, down.hop) == (window, hop)


def test_python_speech_features_rounds_half_up():
    for rate, window, hop in ((11_025, 276, 110), (22_050, 551, 221), (44_100, 1103, 441)):
        size = sizes(replace(CONVENTIONS["python_speech_features"], n_fft=2048), rate)
        assert (size.window, size.hop) == (window, hop)


def test_voicebox_takes_powers_of_two():
    size = sizes(CONVENTIONS["voicebox"], 16_000)
    assert (size.window, size.hop, size.n_fft) == (256, 128, 256)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.count_frames(10, 4, 2, "edge"), "edge"),
        (lambda: dsp.extend(np.ones(3), 4, 2, "valid"), "3 samples give no frame of 4"),
        (lambda: dsp.extend(np.ones(3), 8, 2, "center, reflect"), "too few to reflect"),
        (lambda: sizes(CONVENTIONS["spafe"], 44_100), "n_fft=512 is less than a frame of 1102"),
        (lambda: sizes(CONVENTIONS["kaldi"], 0), "sample_rate=0"),
        (lambda: sizes(CONVENTIONS["kaldi"], 30), "frame_length=0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
