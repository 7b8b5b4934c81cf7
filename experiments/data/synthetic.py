"""A synthetic emotional corpus in CASIA's layout, for first steps and tests.

A source-filter model: a sum of harmonics of a moving pitch, with spectral tilt and some breath noise, passes through
moving formants (a product in the short-time spectrum). Emotions differ in pitch, range, tempo, energy and tilt;
speakers in pitch and vocal tract; sentences in their syllables. Every sample is a function of (speaker, sentence,
emotion), so two runs give equal files. This is not speech, and accuracies on it say nothing about speech.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dsp import hann, istft, stft
from dsp.files.writing import write_atomically
from experiments.data.corpora import CASIA_EMOTIONS, Corpus

NOTICE = """\
SYNTHETIC CORPUS: tones and noise made by this program, not speech. The accuracies below show
that the program works; they say nothing about emotions. --data DIR runs on a real corpus."""
NO_RESULT = "  a SYNTHETIC corpus: this is not a result about speech and is not stored"
SAMPLE_RATE = 16_000  # Hz
N_FFT, HOP_LENGTH = 512, 128

# Formants of five vowels in Hz (adult male averages, rounded), their bandwidths, and a hiss like [s].
VOWELS = np.array(
    [
        [730, 1090, 2440, 3400, 4500, 5500],
        [270, 2290, 3010, 3600, 4500, 5500],
        [300, 870, 2240, 3300, 4500, 5500],
        [530, 1840, 2480, 3500, 4500, 5500],
        [570, 840, 2410, 3300, 4500, 5500],
    ]
)
BANDWIDTHS = np.array([80.0, 100.0, 140.0, 200.0, 300.0, 400.0])
HISS, HISS_BANDWIDTH = 5500.0, 1800.0


@dataclass(frozen=True)
class Voice:
    """A speaker: mean pitch in Hz, and formants relative to VOWELS (a shorter vocal tract raises them)."""

    name: str
    pitch: float
    formants: float


@dataclass(frozen=True)
class Expression:
    """The effect of an emotion on the voice, relative to neutral speech."""

    pitch: float  # factor on the speaker's mean pitch
    range_semitones: float  # of the pitch movement within the sentence
    final_semitones: float  # rise (or fall) over the last third
    tempo: float  # factor on the speed
    level_db: float
    tilt_db: float  # per octave, of the harmonics
    breath: float  # share of noise in the source
    tremor_semitones: float  # depth of a 7 Hz wobble


VOICES = (Voice("m1", 110, 1.00), Voice("f1", 205, 1.16), Voice("m2", 130, 1.05), Voice("f2", 235, 1.20))
EXPRESSIONS = {
    "angry": Expression(1.30, 7, -2, 1.25, 6, -4, 0.02, 0.0),
    "fear": Expression(1.50, 2, 0, 1.35, -2, -9, 0.35, 0.8),
    "happy": Expression(1.40, 12, 2, 1.05, 3, -7, 0.02, 0.0),
    "neutral": Expression(1.00, 3, -1, 1.00, 0, -11, 0.03, 0.0),
    "sad": Expression(0.85, 1, -3, 0.65, -8, -17, 0.10, 0.2),
    "surprise": Expression(1.20, 3, 14, 0.90, 2, -9, 0.06, 0.0),
}


def synthetic_corpus(root, n_sentences: int = 20, voices: tuple[Voice, ...] = VOICES) -> Corpus:
    """The corpus under `root`: 6 emotions x sentences x voices. Writes the files that are missing.

    Parameters
    ----------
    root : folder for <emotion>/<emotion> (k).wav, 16 kHz mono 16-bit
    n_sentences : int >= 1
    voices : the speakers

    Returns
    -------
    corpus : Corpus named "synthetic", in name order, with speakers and sentences

    Checked: tests/test_synthetic_corpus_is_deterministic.py
    """
    from tqdm import tqdm  # imported here, so that `synthesize` needs only NumPy and Numba

    from experiments.common.locks import exclusive_lock

    root = Path(root)
    entries = [
        (f"{emotion}/{emotion} ({sentence * len(voices) + index + 1}).wav", emotion, sentence, voice)
        for emotion in CASIA_EMOTIONS
        for sentence in range(n_sentences)
        for index, voice in enumerate(voices)
    ]
    entries.sort(key=lambda entry: entry[0])
    with exclusive_lock(root):  # a second process uses what the first has written
        for name, emotion, sentence, voice in tqdm(entries, desc="synthetic corpus", unit="file", leave=False):
            if not (root / name).exists():
                write_atomically(root / name, partial(_write_wav, synthesize(voice, sentence, emotion)))
    return Corpus(
        name="synthetic",
        classes=CASIA_EMOTIONS,
        paths=tuple(root / name for name, *_ in entries),
        labels=np.array([CASIA_EMOTIONS.index(emotion) for _, emotion, _, _ in entries]),
        speakers=np.array([voice.name for *_, voice in entries]),
        sentences=np.array([str(sentence) for _, _, sentence, _ in entries]),
    )


def synthesize(voice: Voice, sentence: int, emotion: str) -> np.ndarray:
    """One utterance: harmonics with tilt and breath noise, filtered by the formants of the sentence's vowels.

    Returns (n,) float64 in (-1, 1) at 16 kHz, about 1 to 2 s.

    Checked: tests/test_synthetic_corpus_is_deterministic.py
    """
    expression = EXPRESSIONS[emotion]
    script = np.random.default_rng([sentence])  # the words: the same for every voice and emotion
    take = np.random.default_rng([sentence, CASIA_EMOTIONS.index(emotion), int(voice.pitch)])  # the manner of speaking
    n_syllables = script.integers(5, 8)
    vowels = VOWELS[script.integers(0, len(VOWELS), n_syllables)] * voice.formants
    durations_s = script.uniform(0.14, 0.24, n_syllables) * take.uniform(0.93, 1.07, n_syllables) / expression.tempo

    ends = np.round(np.cumsum(durations_s) * SAMPLE_RATE).astype(int)
    t = np.arange(ends[-1] + int(0.1 * SAMPLE_RATE))  # a tenth of a second to ring out
    syllable = np.searchsorted(ends, t, side="right").clip(max=n_syllables - 1)
    position = ((t - np.append(0, ends)[syllable]) / np.diff(ends, prepend=0)[syllable]).clip(max=1)  # 0..1
    loudness = np.sin(np.pi * position) ** 0.6 * take.uniform(0.7, 1.0, n_syllables)[syllable]

    pitch = voice.pitch * expression.pitch * 2 ** (_melody(t / t.size, expression, take) / 12)
    source = _harmonics(pitch, expression.tilt_db) + expression.breath * take.standard_normal(t.size)
    centers = ends - np.diff(ends, prepend=0) / 2
    formants = [np.interp(t, centers, vowels[:, i]) for i in range(vowels.shape[1])]
    voiced = _resonate(source * loudness, formants, BANDWIDTHS)

    begins_with_hiss = script.random(n_syllables) < 0.4
    burst = begins_with_hiss[syllable] * np.exp(-(((position - 0.08) / 0.06) ** 2))
    hiss = _resonate(burst * take.standard_normal(t.size), [np.full(t.size, HISS)], [HISS_BANDWIDTH])
    spoken = voiced / np.abs(voiced).max() + 0.02 * hiss

    level = 0.25 * 10 ** (expression.level_db / 20)
    utterance = np.pad(spoken / np.abs(spoken).max() * level, int(0.05 * SAMPLE_RATE))
    return utterance + 1e-4 * take.standard_normal(utterance.size)


def _write_wav(signal: np.ndarray, path: Path) -> None:
    import soundfile

    soundfile.write(path, np.round(signal * 32767).astype(np.int16), SAMPLE_RATE, "PCM_16", format="WAV")


def _melody(progress: np.ndarray, expression: Expression, take: np.random.Generator) -> np.ndarray:
    """Pitch movement in semitones over the sentence, progress 0..1."""
    accents = np.sin(2 * np.pi * (take.uniform(1.5, 2.5) * progress + take.uniform()))
    final = np.clip((progress - 2 / 3) * 3, 0, 1) ** 2
    tremor = np.sin(2 * np.pi * take.uniform(9, 11) * progress)
    return (
        expression.range_semitones / 2 * accents
        + expression.final_semitones * final
        + expression.tremor_semitones * tremor
        - 2 * progress
    )


def _harmonics(pitch: np.ndarray, tilt_db: float) -> np.ndarray:
    """sum_h 10^(tilt log2(h) / 20) cos(h phi), where phi is the integral of the pitch; nothing above 7.5 kHz."""
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    source = np.zeros(pitch.size)
    for h in range(1, int(7500 / pitch.min()) + 1):
        source += 10 ** (tilt_db * np.log2(h) / 20) * np.cos(h * phase) * (h * pitch < 7500)
    return source


def _resonate(source: np.ndarray, centers, bandwidths) -> np.ndarray:
    """Filters the source by resonances F^2 / (F^2 - f^2 + i f B) whose centers F move with time.

    source : (n,);  centers : one (n,) track in Hz per resonance;  bandwidths : one B in Hz per resonance
    """
    window = hann(N_FFT, periodic=True)
    spectra = stft(source, window, HOP_LENGTH, padding="zeros")
    frequency = np.arange(spectra.shape[0])[:, None] * SAMPLE_RATE / N_FFT
    now = np.minimum(np.arange(spectra.shape[1]) * HOP_LENGTH, source.size - 1)
    for center, bandwidth in zip(centers, bandwidths, strict=True):
        F = center[now]
        spectra = spectra * (F**2 / (F**2 - frequency**2 + 1j * frequency * bandwidth))
    filtered = istft(spectra, window, HOP_LENGTH, padding="zeros")
    return np.pad(filtered, (0, source.size))[: source.size]
