"""Speech features from scratch: NumPy, Numba and the formulas.

One utterance walks through here as one plain array per arrow; time is always the last axis:

    read_audio(path)                        WAV samples           (n,)                 float64
    -> preemphasis                          high frequencies up   (n,)
    -> frame, extend, buffer                overlapping pieces    (frame_length, n_frames)
    -> hamming, hann, povey, blackman       window                (frame_length,)
    -> fft, rfft (by definition: dft)       spectrum              (n_fft // 2 + 1, n_frames)  complex128
       stft, spectrogram                    the last three at once, and back: istft
    -> amplitude_to_db, power_to_db         level in decibels     (n_fft // 2 + 1, n_frames)
       log_spectrogram                      all from frames to decibels, by the fast lane in engine/
    -> mel_filterbank                       mel spectrum          (n_mels, n_frames)
    -> dct, lifter                          cepstrum              (n_mfcc, n_frames)
    -> delta, cmn, cmvn, sliding_cmn        over time             (rows, n_frames)

    log_mel, mfcc, trace                    the whole way, under the convention of any tool (CONVENTIONS)

Nothing here calls NumPy's or anybody else's transforms, windows or filters: each is written out
in its own short file, definition first, and held against definitions and other tools in tests/.
"""

from dsp.audio import AudioError, read_audio
from dsp.conventions import Convention
from dsp.cooley_tukey import roots_of_unity
from dsp.dct import dct, dct_matrix, lifter
from dsp.decibels import EPS, amplitude_to_db, power_to_db
from dsp.deltas import delta
from dsp.fft import dft, fft, ifft, irfft, rfft
from dsp.framing import buffer, count_frames, extend, frame
from dsp.log_spectrogram import log_spectrogram
from dsp.mel import hz_to_mel, mel_filterbank, mel_to_hz
from dsp.mfcc import log_mel, mfcc, trace
from dsp.normalization import cmn, cmvn, dither, min_max, remove_dc, sliding_cmn, standardize
from dsp.preemphasis import deemphasis, preemphasis
from dsp.presets import CONVENTIONS
from dsp.stft import istft, power_spectral_density, spectrogram, stft
from dsp.windows import blackman, hamming, hann, povey

__all__ = [
    "CONVENTIONS",
    "EPS",
    "AudioError",
    "Convention",
    "amplitude_to_db",
    "blackman",
    "buffer",
    "cmn",
    "cmvn",
    "count_frames",
    "dct",
    "dct_matrix",
    "deemphasis",
    "delta",
    "dft",
    "dither",
    "extend",
    "fft",
    "frame",
    "hamming",
    "hann",
    "hz_to_mel",
    "ifft",
    "irfft",
    "istft",
    "lifter",
    "log_mel",
    "log_spectrogram",
    "mel_filterbank",
    "mel_to_hz",
    "mfcc",
    "min_max",
    "povey",
    "power_spectral_density",
    "power_to_db",
    "preemphasis",
    "read_audio",
    "remove_dc",
    "rfft",
    "roots_of_unity",
    "sliding_cmn",
    "spectrogram",
    "standardize",
    "stft",
    "trace",
]
