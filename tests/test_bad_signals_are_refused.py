"""Every public function of dsp names what is wrong with its input in one line, and what is allowed."""

import numpy as np
import pytest

import dsp
from dsp.checks import as_count, as_signal

X = np.sin(np.arange(1000.0))
SIGNAL_FUNCTIONS = {
    "preemphasis": lambda x: dsp.preemphasis(x),
    "stft": lambda x: dsp.stft(x, dsp.hann(64), 16),
    "spectrogram": lambda x: dsp.spectrogram(x, dsp.hann(64), 32, 64, 16000),
    "log_spectrogram": lambda x: dsp.log_spectrogram(x, dsp.hann(64), 32, 64, 1e-9),
    "mfcc": lambda x: dsp.mfcc(x, 16_000, "kaldi"),
    "log_mel": lambda x: dsp.log_mel(x, 16_000),
    "trace": lambda x: dsp.trace(x, 16_000),
    "extract": lambda x: dsp.extract([x], 16_000),
    "resample": lambda x: dsp.resample(x, 16_000, 8_000),
    "trim": lambda x: dsp.trim(x),
    "wiener": lambda x: dsp.wiener(x),
    "time_stretch": lambda x: dsp.time_stretch(x, 1.1),
}
BAD_SIGNALS = {
    "empty": (X[:0], "empty"),
    "matrix": (X.reshape(2, 500), r"shape \(2, 500\)"),
    "integers": ((X * 99).astype(np.int16), "int16.*32768"),
    "complex": (X + 0j, "complex128"),
    "nan": (np.where(np.arange(1000) == 7, np.nan, X), r"\[7\] is nan"),
    "infinite": (np.where(np.arange(1000) == 3, np.inf, X), r"\[3\] is inf"),
    "text": ("speech", "shape"),
}


@pytest.mark.parametrize("name", SIGNAL_FUNCTIONS)
@pytest.mark.parametrize("bad", BAD_SIGNALS)
def test_bad_signals(name, bad):
    signal, message = BAD_SIGNALS[bad]
    with pytest.raises(ValueError, match=message):
        SIGNAL_FUNCTIONS[name](signal)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.hamming(0), "n=0 is too small"),
        (lambda: dsp.hann(-3), "n=-3 is too small"),
        (lambda: dsp.hann(2.5), "n=2.5 is not a whole number"),
        (lambda: dsp.preemphasis(X, 1.5), "coefficient=1.5"),
        (lambda: dsp.frame(X, 0, 10), "frame_length=0"),
        (lambda: dsp.frame(X, 10, 0), "hop_length=0"),
        (lambda: dsp.frame(X, 1001, 10), "1000 samples, fewer than one frame of 1001"),
        (lambda: dsp.frame(X[:0], 1, 1), "non-empty"),
        (lambda: dsp.buffer(X, 10, 10), "p=10"),
        (lambda: dsp.buffer(X, 10, 3, initial=np.ones(2)), r"\(3,\)"),
        (lambda: dsp.buffer(X, 10, 3, initial="ones"), "initial='ones'"),
        (lambda: dsp.buffer(X, 10, 0, initial="nodely"), "initial='nodely'"),
        (lambda: dsp.fft(X[:0]), "shape"),
        (lambda: dsp.fft(X, 999), "n=999"),
        (lambda: dsp.fft(["a"]), "dtype"),
        (lambda: dsp.rfft(X + 0j), "complex"),
        (lambda: dsp.irfft(np.ones(5), 7), "4 bins; X has 5"),
        (lambda: dsp.stft(X, dsp.hann(64), 16, n_fft=32), "n_fft=32"),
        (lambda: dsp.stft(X, dsp.hann(64), 16, padding="reflect"), "padding='reflect'"),
        (lambda: dsp.istft(np.ones(33), dsp.hann(64), 16), "shape"),
        (lambda: dsp.istft(np.ones((30, 4)), dsp.hann(64), 16), "bins"),
        (lambda: dsp.spectrogram(X, dsp.hann(64), 64, 64, 16000), "noverlap=64"),
        (lambda: dsp.spectrogram(X, dsp.hann(64), -1, 64, 16000), "noverlap=-1"),
        (lambda: dsp.spectrogram(X, dsp.hann(64), 32, 64, 0), "fs=0"),
        (lambda: dsp.spectrogram(X[:63], dsp.hann(64), 32, 64, 1), "63 samples"),
        (lambda: dsp.log_spectrogram(X[:63], dsp.hann(64), 32, 64, 1e-9), "63 samples"),
        (lambda: dsp.log_spectrogram(X, dsp.hann(64), 32, 64, 0), "offset=0"),
        (lambda: dsp.power_spectral_density(np.ones((5, 2)), dsp.hann(64), 64, 1), "33 bins"),
        (lambda: dsp.amplitude_to_db([-1.0]), "amplitude"),
        (lambda: dsp.power_to_db([1.0], offset=-1), "offset=-1"),
        (lambda: dsp.roots_of_unity(0), "n=0"),
        (lambda: dsp.roots_of_unity(10**12), "n=1000000000000 is too large"),
        (lambda: dsp.hamming(10**12), "n=1000000000000 is too large"),
        (lambda: dsp.rfft(X, 10**12), "n=1000000000000 is too large"),
        (lambda: dsp.mel_filterbank(10**6, 10**6, 16_000), "too large"),
        (lambda: dsp.mel_filterbank(40, 512, 16_000, f_max=8001), "f_max=8001.0 must lie in 0 .. 8000.0 Hz"),
        (lambda: dsp.mel_filterbank(40, 512, 16_000, f_min=-1), "f_min=-1"),
        (lambda: dsp.mel_filterbank(0, 512, 16_000), "n_mels=0"),
        (lambda: dsp.mfcc(X, 16_000, "kaldy"), "did you mean 'kaldi'"),
        (lambda: dsp.mfcc(X[:399], 16_000, "kaldi"), "399 samples give no frame of 400"),
        (lambda: dsp.mfcc(X, -16_000, "kaldi"), "sample_rate=-16000"),
        (lambda: dsp.log_mel(X, 44_100, "python_speech_features"), "n_fft=512 is less than a frame of 1103"),
        (lambda: dsp.Convention(hop_length=0), "hop_length=0"),
        (lambda: dsp.Convention(frame_length=10**12), "too large"),
        (lambda: dsp.Convention(window="hannn"), "window='hannn' is none of"),
        (lambda: dsp.Convention(floor=0), "floor=0"),
        (lambda: dsp.dct_matrix(0, 40), "n"),
        (lambda: dsp.delta(np.ones((3, 4)), 4), "width=4"),
        (lambda: dsp.lifter(13, -1), "-1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_empty_filters_are_told():
    with pytest.warns(UserWarning, match="4 of 128 mel filters are empty"):
        filters = dsp.mel_filterbank(128, 400, 16_000, scale="htk")
    assert (~filters.any(axis=1)).sum() == 4


def test_finite_samples_whose_sum_is_not():
    x = np.full(9, 1e308)
    assert as_signal(x) is x


def test_good_input_passes_unchanged():
    assert as_signal(X) is X
    assert as_signal(X.astype(np.float32)).dtype == np.float64
    assert as_count(np.int64(3), "n") == 3
