"""Speech features from scratch: NumPy, Numba and the formulas.

One utterance walks through here as one plain array per arrow; time is always the last axis:

    read_audio(path)                        WAV samples           (n,)                 float64
    -> preemphasis                          high frequencies up   (n,)
    -> frame, buffer                        overlapping pieces    (frame_length, n_frames)
    -> hamming, hann                        window                (frame_length,)
    -> fft, rfft (by definition: dft)       spectrum              (n_fft // 2 + 1, n_frames)  complex128
       stft, spectrogram                    the last three at once, and back: istft
    -> amplitude_to_db, power_to_db         level in decibels     (n_fft // 2 + 1, n_frames)
       log_spectrogram                      all from frames to decibels, by the fast lane in engine/

Nothing here calls NumPy's or anybody else's transforms, windows or filters: each is written out
in its own short file, definition first, and held against definitions and other tools in tests/.
"""

from dsp.audio import AudioError, read_audio
from dsp.cooley_tukey import roots_of_unity
from dsp.decibels import EPS, amplitude_to_db, power_to_db
from dsp.fft import dft, fft, ifft, irfft, rfft
from dsp.framing import buffer, frame
from dsp.log_spectrogram import log_spectrogram
from dsp.preemphasis import preemphasis
from dsp.stft import istft, power_spectral_density, spectrogram, stft
from dsp.windows import hamming, hann

__all__ = [
    "EPS",
    "AudioError",
    "amplitude_to_db",
    "buffer",
    "dft",
    "fft",
    "frame",
    "hamming",
    "hann",
    "ifft",
    "irfft",
    "istft",
    "log_spectrogram",
    "power_spectral_density",
    "power_to_db",
    "preemphasis",
    "read_audio",
    "rfft",
    "roots_of_unity",
    "spectrogram",
    "stft",
]
