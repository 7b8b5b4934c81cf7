"""The input of the CRNN of Yadav et al. (RAVDESS, EMO-DB): three seconds as a log-mel spectrogram.

In the paper's order: 44.1 kHz -> trim silence -> Wiener filter -> augmentation (training copies only) -> 3 s ->
log-mel -> z-score. Speech recorded at 16 kHz has nothing above 8 kHz, so those bands are at the floor.
"""

from dataclasses import dataclass

import numpy as np

from dsp import CONVENTIONS, add_noise, extract, pitch_shift, resample, standardize, time_stretch, trim, wiener
from experiments.data.leakage import digests
from experiments.inputs.front_end import FrontEnd, check_sounding

SAMPLE_RATE = 44_100  # Hz
N_SAMPLES = 132_300  # 3 s
CONVENTION = CONVENTIONS["yadav_crnn"]
FRAME = CONVENTION.frame_length

NOISE_LEVEL = 0.1  # "threshold 0.1"
RATES = (1.1, 0.8)  # faster, slower
SEMITONES = 1.5  # "factor 1.5": UNSTATED of what
COPIES = ("original", "noise", "faster", "slower", "higher")
NOISE_SEED = 0


@dataclass(frozen=True)
class Stages:
    """The steps of a recording's preparation, one (n,) float64 signal per step.

    kept : (start, stop) in seconds of the recording, without the silence before and after
    trimmed : this part, at 44.1 kHz
    filtered : the output of the Wiener filter
    three_seconds : its first 3 s, with zeros appended
    """

    kept: tuple[float, float]
    trimmed: np.ndarray
    filtered: np.ndarray
    three_seconds: np.ndarray


def stages(signal, sample_rate: int) -> Stages:
    """The result of each step of the paper's preparation. Raises the same errors as `prepared`.

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    check_sounding(signal)
    trimmed, (start, stop) = trim(resample(signal, sample_rate, SAMPLE_RATE))
    if trimmed.size < FRAME:
        raise ValueError(f"{trimmed.size} samples at {SAMPLE_RATE} Hz between silences, fewer than a frame of {FRAME}")
    filtered = wiener(trimmed)
    return Stages((start / SAMPLE_RATE, stop / SAMPLE_RATE), trimmed, filtered, _three_seconds(filtered))


def prepared(signal, sample_rate: int) -> np.ndarray:
    """The clip before augmentation: at 44.1 kHz, without silence at its ends, Wiener-filtered.

    wiener(trim(resample(x))), in the paper's order;  trim: 60 dB, 2048/512 (librosa's defaults);  wiener: width 3,
    noise = mean local variance (as in SciPy). The filter and the threshold are UNSTATED.

    Parameters
    ----------
    signal : (n,) float64
    sample_rate : Hz

    Returns
    -------
    clip : (m,) float64 at 44.1 kHz; m is at least one frame of 2048 samples

    Raises
    ------
    ValueError  for a silent or bad signal, or less than a frame of sound.

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    return stages(signal, sample_rate).filtered


def augmented(clip: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """The four augmented copies of a prepared clip, in the order of COPIES[1:]; for training only.

    noise   x + 0.1 u max|x| g,  u ~ U(0, 1),  g ~ N(0, 1)
    faster, slower  at 1.1 and 0.8 times the speed, same pitch;  higher  by 1.5 semitones, same length

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    noisy = add_noise(clip, NOISE_LEVEL, rng)
    return [noisy, *(time_stretch(clip, rate) for rate in RATES), pitch_shift(clip, SEMITONES)]


def log_mel_of(clip: np.ndarray) -> np.ndarray:
    """The network's input before the z-score: the log-mel spectrogram of the first 3 s, with zeros appended.

    L = 10 log10(max(1e-10, P)), not below max(L) - 80
    P = mel power: Hann 2048, hop 512, centered; 128 bands of equal area on the HTK scale (the formula in the paper)
    up to 22.05 kHz. The treatment of longer clips is UNSTATED.

    Parameters
    ----------
    clip : (m,) float64 at 44.1 kHz, prepared or augmented

    Returns
    -------
    level : (1, 128, 259) float32: channel, mel band, frame; dB

    Raises
    ------
    ValueError  for a bad signal.

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    return level_of(_three_seconds(clip), SAMPLE_RATE).astype(np.float32)[None]


def level_of(signal, sample_rate: int) -> np.ndarray:
    """The log-mel spectrogram of log_mel_of for any length and sample rate, up to half that rate.

    Returns
    -------
    level : (128, 1 + n // 512) float64: mel band, frame; dB

    Checked: tests/test_paper_figures_show_what_they_say.py
    """
    (level,) = extract([signal], sample_rate, CONVENTION, kind="log_mel")
    return level


def originals(signal, sample_rate: int) -> np.ndarray:
    """log_mel_of(prepared(signal)), (1, 128, 259) float32."""
    return log_mel_of(prepared(signal, sample_rate))


def copies(signal, sample_rate: int) -> np.ndarray:
    """The original and its four augmented copies, (5, 1, 128, 259) float32, in the order of COPIES.

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    return np.stack([log_mel_of(clip) for clip in clips(signal, sample_rate)])


def clips(signal, sample_rate: int) -> list[np.ndarray]:
    """The prepared clip and its four augmented copies as signals of any length, in the order of COPIES.

    The noise is seeded by NOISE_SEED and the recording's content. So it does not depend on the order of files or the
    number of processes, and equal recordings get equal noise.

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    clip = prepared(signal, sample_rate)
    rng = np.random.default_rng([NOISE_SEED, int(digests([signal])[0], 16)])
    return [clip, *augmented(clip, rng)]


def _three_seconds(clip: np.ndarray) -> np.ndarray:
    x = clip[:N_SAMPLES]
    return np.pad(x, (0, N_SAMPLES - x.size))


@dataclass(frozen=True)
class ZScore:
    """y = (x - mean) / sd, with the mean and standard deviation of the training set."""

    mean: float
    sd: float

    def __call__(self, features) -> np.ndarray:
        """features : any shape, dB -> float32, the same shape"""
        return standardize(features, self.mean, self.sd).astype(np.float32)


def fit_z_score(features, train) -> ZScore:
    """Mean and standard deviation of all values of the training examples, and of no others.

    There is one mean and one standard deviation over bands and frames; the paper does not state the scope.

    Parameters
    ----------
    features : (n, ...) real, of the whole corpus; may be memory-mapped
    train : indices of the training examples

    Returns
    -------
    z_score : applies to training, validation and test examples

    Raises
    ------
    ValueError  if there is no training example.

    Checked: tests/test_yadav_crnn_inputs_match_librosa.py
    """
    if len(train) == 0:
        raise ValueError("a z-score without training examples")
    mean = float(np.mean([np.mean(features[i], dtype=np.float64) for i in train]))
    variance = np.mean([np.mean((features[i].astype(np.float64) - mean) ** 2) for i in train])
    return ZScore(mean, float(np.sqrt(variance)))


ORIGINALS = FrontEnd("yadav_crnn", 1, CONVENTION, (1, 128, 259), originals)
WITH_COPIES = FrontEnd("yadav_crnn_with_copies", 1, CONVENTION, (len(COPIES), 1, 128, 259), copies)
