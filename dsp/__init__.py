"""Speech features from scratch: NumPy, Numba and the formulas.

The path of one utterance, one plain array per arrow; time is always the last axis:

    read_audio(path)                        samples               (n,)                 float64
    -> preemphasis                          high frequencies up   (n,)
    -> frame, extend, buffer                overlapping frames    (frame_length, n_frames)
    -> hamming, hann, povey, blackman ..    window                (frame_length,)
    -> fft, rfft (by definition: dft)       spectrum              (n_fft // 2 + 1, n_frames)  complex128
       stft, spectrogram                    the last three steps at once, and back: istft
    -> amplitude_to_db, power_to_db         level in decibels     (n_fft // 2 + 1, n_frames)
       log_spectrogram                      all steps from frames to decibels, by the fast lane in engine/
    -> mel_filterbank                       mel spectrum          (n_mels, n_frames); pcen in place of decibels
    -> dct, lifter                          cepstrum              (n_mfcc, n_frames)
    -> delta, cmn, cmvn, sliding_cmn        over time             (rows, n_frames)

    spectral_centroid, rms, chroma ..       one number, or a few, a frame (spectral_features.py, chroma.py)

    log_mel, mfcc, trace                    the whole path, under the convention of any tool (CONVENTIONS)
    extract                                 the same for many utterances, by the fast lane in engine/
    Stream                                  the same piece by piece, while the signal is still coming

    read_features, save_trace               features of other tools, from their files; a trace into a file
    conventions, doctor                     compare conventions; find the convention behind a file of features
    corpus                                  features of a whole corpus, shard by shard; reading them back

From signal to signal: resample (in pieces: Resampler), matlab_resample, trim, nonsilent_intervals, wiener,
spectral_wiener; add_noise, add_noise_at_snr, mix_at_snr, convolve, reverberate, change_speed, time_shift,
time_stretch, pitch_shift. Masks over features: mask_bands, mask_frames. Back from features: idct, mel_to_power,
griffin_lim.

Nothing here calls the transforms, windows or filters of NumPy or any other library: each is written out in a short
file of its own, definition first, and tested against its definition and against other tools. dsp/README.md has the
reading order and a glossary.
"""

import importlib
from types import ModuleType

from dsp._version import __version__
from dsp.audio import AudioError, audio_duration, read_audio, read_beginning
from dsp.augmentation import (
    add_noise,
    add_noise_at_snr,
    change_speed,
    convolve,
    mix_at_snr,
    pitch_shift,
    reverberate,
    time_shift,
    time_stretch,
)
from dsp.chroma import chroma, chroma_filterbank, estimate_tuning, tonnetz
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.cooley_tukey import roots_of_unity
from dsp.dct import dct, dct_matrix, lifter
from dsp.decibels import EPS, amplitude_to_db, power_to_db
from dsp.deltas import delta
from dsp.engine.extract import extract
from dsp.feature_files import read_features
from dsp.fft import dft, fft, ifft, irfft, rfft
from dsp.files.content import FeatureFileError
from dsp.framing import buffer, count_frames, extend, frame, praat_frames
from dsp.inversion import griffin_lim, idct, mel_to_power
from dsp.log_spectrogram import log_spectrogram
from dsp.masking import mask_bands, mask_frames
from dsp.matlab_resampling import matlab_resample
from dsp.mel import hz_to_mel, mel_filterbank, mel_to_hz
from dsp.mfcc import log_mel, mfcc, trace
from dsp.normalization import cmn, cmvn, dither, min_max, remove_dc, sliding_cmn, smooth, standardize
from dsp.pcen import pcen, pcen_smoother
from dsp.pieces import stream_frames, stream_preemphasis
from dsp.preemphasis import deemphasis, preemphasis
from dsp.resampling import Resampler, resample
from dsp.spectral_features import (
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_contrast,
    spectral_flatness,
    spectral_rolloff,
    zero_crossing_rate,
)
from dsp.stft import istft, power_spectral_density, spectrogram, stft
from dsp.streaming import Stream
from dsp.trace_files import save_trace
from dsp.trimming import nonsilent_intervals, trim
from dsp.wiener import spectral_wiener, wiener
from dsp.windows import bartlett, blackman, blackman_harris, gaussian, hamming, hann, kaiser, povey, sine, tukey

__all__ = [
    "CONVENTIONS",
    "EPS",
    "AudioError",
    "Convention",
    "FeatureFileError",
    "Resampler",
    "Stream",
    "__version__",
    "add_noise",
    "add_noise_at_snr",
    "amplitude_to_db",
    "audio_duration",
    "bartlett",
    "blackman",
    "blackman_harris",
    "buffer",
    "change_speed",
    "chroma",
    "chroma_filterbank",
    "cmn",
    "cmvn",
    "convolve",
    "count_frames",
    "dct",
    "dct_matrix",
    "deemphasis",
    "delta",
    "dft",
    "dither",
    "estimate_tuning",
    "extend",
    "extract",
    "fft",
    "frame",
    "gaussian",
    "griffin_lim",
    "hamming",
    "hann",
    "hz_to_mel",
    "idct",
    "ifft",
    "irfft",
    "istft",
    "kaiser",
    "lifter",
    "log_mel",
    "log_spectrogram",
    "mask_bands",
    "mask_frames",
    "matlab_resample",
    "mel_filterbank",
    "mel_to_hz",
    "mel_to_power",
    "mfcc",
    "min_max",
    "mix_at_snr",
    "nonsilent_intervals",
    "pcen",
    "pcen_smoother",
    "pitch_shift",
    "povey",
    "power_spectral_density",
    "power_to_db",
    "praat_frames",
    "preemphasis",
    "read_audio",
    "read_beginning",
    "read_features",
    "remove_dc",
    "resample",
    "reverberate",
    "rfft",
    "rms",
    "roots_of_unity",
    "save_trace",
    "sine",
    "sliding_cmn",
    "smooth",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_contrast",
    "spectral_flatness",
    "spectral_rolloff",
    "spectral_wiener",
    "spectrogram",
    "standardize",
    "stft",
    "stream_frames",
    "stream_preemphasis",
    "time_shift",
    "time_stretch",
    "tonnetz",
    "trace",
    "trim",
    "tukey",
    "wiener",
    "zero_crossing_rate",
]


def __getattr__(name: str) -> ModuleType:
    """Imports dsp.doctor and dsp.corpus on first use; most programs never need them."""
    if name in ("corpus", "doctor"):
        return importlib.import_module(f"dsp.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
