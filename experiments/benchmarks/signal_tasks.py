"""What experiments.benchmarks.signals times: pairs of calls that give the same result, with the ratio they must reach.

Every function returns a list of Pairs on signals of white noise at 16 kHz, float64 unless the task says float32.
"""

import inspect
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import import_module, metadata
from itertools import permutations
from typing import NamedTuple

import librosa
import numpy as np
import scipy
import soxr

import dsp

RATE, N_FFT, HOP = 16_000, 512, 128
WINDOW = dsp.hann(N_FFT, periodic=True)
RATES = (44_100, 48_000, 24_000, 22_050, 16_000, 8_000)
LENGTHS = {
    "of 2^8 to 2^18": tuple(2**k for k in range(8, 19)),
    "of prime length": (251, 509, 1_009, 2_003, 4_001, 10_007, 44_101, 65_537),
    "of odd length": (225, 441, 1_125, 2_205, 3_375, 11_025, 33_075),
}
TRANSFORMS = {f"{name} {label}": (name, LENGTHS[label]) for name in ("rfft", "fft") for label in LENGTHS}
KALDI_80 = replace(dsp.CONVENTIONS["kaldi"], n_mels=80, window="hamming")


class Pair(NamedTuple):
    """Two calls to be timed in turns."""

    task: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    peer_name: str
    gap: Callable[[], float] | None = None  # how far apart the two results are; None: they cannot be compared
    tolerance: float = 0.0
    required: float | None = None  # least ratio of the peer's time to ours, or greatest if `at_most`
    at_most: bool = False
    flops: float | None = None  # of our call, counted as 5 n log2 n for a transform of n complex numbers
    bytes: float | None = None  # that our call reads and writes at least, where flops say little
    ours_name: str = "ours"
    scale: float = 1.0  # the peer's seconds are divided by this: how much more work it does


def noise(seconds: float, rate: int = RATE, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * rate))


def furthest(a, b) -> float:
    """The largest difference, relative to the largest value of b; infinite where the shapes differ."""
    a, b = np.asarray(a), np.asarray(b)
    return float(np.abs(a - b).max() / np.abs(b).max()) if a.shape == b.shape else math.inf


def version(package: str) -> str:
    return f"{package} {metadata.version(package)}"


def compared(task: str, ours, peer, peer_name: str, tolerance: float, **how) -> Pair:
    """A Pair whose results are compared value by value."""
    return Pair(task, ours, peer, peer_name, lambda: furthest(ours(), peer()), tolerance, **how)


def front_ends() -> list[Pair]:
    """Whisper's log-mel and Kaldi's filter bank, float32, beside those of asrfront, audioFlux and others."""
    pairs = []
    for seconds, required in ((30, 1.25), (1, 1.0)):
        x = noise(seconds).astype(np.float32)
        bytes_of_fbank = x.nbytes + 4 * 80 * x.size / 160
        for name, convention in (("Whisper log-mel", dsp.CONVENTIONS["whisper"]), ("Kaldi fbank-80", KALDI_80)):
            ours = partial(_features, x, convention)
            for package, call in _front_end_peers(x)[name].items():
                rival = package.startswith("asrfront")
                task = f"{name} of {seconds} s, float32"
                limits = {"required": required} if rival else {}
                flops = x.size / 160 * 2.5 * 512 * 9
                if package.startswith("audioflux"):  # another window and mel scale: the same work, other numbers
                    pairs.append(Pair(task, ours, call, package, flops=flops, bytes=bytes_of_fbank))
                else:
                    pairs.append(compared(task, ours, call, package, 1e-3, flops=flops, **limits))
    return pairs


def _features(x: np.ndarray, convention: dsp.Convention) -> np.ndarray:
    return dsp.extract([x], RATE, convention, "log_mel", "float32")[0]


def _front_end_peers(x: np.ndarray) -> dict[str, dict]:
    """{features: {package with its version: call}} of the packages that can be imported."""
    peers = {"Whisper log-mel": {}, "Kaldi fbank-80": {}}
    with suppress(ImportError, OSError):
        tool = import_module("asrfront")
        peers["Whisper log-mel"][version("asrfront")] = partial(tool.whisper.log_mel, x, 80, False)
        peers["Kaldi fbank-80"][version("asrfront")] = lambda: tool.sensevoice.fbank_raw(x, 80).T
    with suppress(ImportError, OSError):
        peers["Whisper log-mel"][version("audioflux")] = _audioflux(x)
    with suppress(ImportError, OSError):
        peers["Kaldi fbank-80"][version("torchaudio")] = _torchaudio(x)
    with suppress(ImportError, OSError):
        peers["Kaldi fbank-80"][version("kaldi-native-fbank")] = _kaldi_native_fbank(x)
    return peers


def _audioflux(x: np.ndarray) -> Callable[[], np.ndarray]:
    tool = import_module("audioflux")
    kind = import_module("audioflux.type").SpectralFilterBankScaleType.MEL
    mel = tool.BFT(num=80, radix2_exp=9, samplate=RATE, slide_length=160, scale_type=kind)
    return lambda: np.log10(np.maximum(mel.bft(x, result_type=1), 1e-10))


def _torchaudio(x: np.ndarray) -> Callable[[], np.ndarray]:
    torch, kaldi = import_module("torch"), import_module("torchaudio.compliance.kaldi")
    samples, how = torch.from_numpy(32768 * x)[None], {"window_type": "hamming", "energy_floor": 0.0, "dither": 0.0}
    return lambda: kaldi.fbank(samples, num_mel_bins=80, **how).numpy().T


def _kaldi_native_fbank(x: np.ndarray) -> Callable[[], np.ndarray]:
    tool = import_module("kaldi_native_fbank")
    options = tool.FbankOptions()
    options.frame_opts.dither, options.frame_opts.window_type, options.mel_opts.num_bins = 0, "hamming", 80

    def fbank() -> np.ndarray:
        computer = tool.OnlineFbank(options)
        computer.accept_waveform(RATE, (32768 * x).tolist())  # takes less time than with the array
        computer.input_finished()
        return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)], axis=1)

    return fbank


def resampling() -> list[Pair]:
    """Every pair of the usual rates beside soxr, which reaches about 120 dB as ours does."""
    pairs = []
    for old, new in permutations(RATES, 2):
        x = _band_limited(3.0, old, 0.4 * min(old, new))
        ours = partial(dsp.resample, x, old, new)
        peer = partial(soxr.resample, x, old, new, quality="HQ")
        gap = partial(_gap_inside, ours, peer)
        size = 8 * (x.size + x.size * new / old)
        pairs.append(
            Pair(f"resample {old} to {new} Hz", ours, peer, f"{version('soxr')} HQ", gap, 1e-3, 1.0, bytes=size)
        )
    return pairs


def _band_limited(seconds: float, rate: int, limit: float) -> np.ndarray:
    """White noise below `limit` Hz: the two filters differ near the highest frequency only."""
    spectrum = np.fft.rfft(noise(seconds, rate))
    spectrum[int(limit * seconds) :] = 0
    return np.fft.irfft(spectrum, int(seconds * rate))


def _gap_inside(ours, peer) -> float:
    """furthest, without the ends, where soxr lets the signal begin otherwise."""
    a, b = ours(), peer()
    n = min(a.size, b.size)
    return furthest(a[2000 : n - 2000], b[2000 : n - 2000]) if abs(a.size - b.size) <= 1 else math.inf


def odd_rate() -> list[Pair]:
    """Rates without a common divisor must not cost much more than usual ones."""
    usual, odd = noise(3.0, 44_100), noise(3.0, 44_101)
    task = "resample 44101 to 16000 Hz, in times of 44100 to 16000 Hz"
    names = {"ours_name": "44100 Hz", "peer_name": "44101 Hz"}
    easy, hard = partial(dsp.resample, usual, 44_100, 16_000), partial(dsp.resample, odd, 44_101, 16_000)
    return [Pair(task, easy, hard, required=5.0, at_most=True, bytes=8 * 1.36 * usual.size, **names)]


def transforms(group: str) -> list[Pair]:
    """Single transforms of a group in TRANSFORMS beside SciPy's."""
    name, lengths = TRANSFORMS[group]
    return [_transform(name, n) for n in lengths]


def _transform(name: str, n: int) -> Pair:
    real = name == "rfft"
    x = noise(n, 1) if real else noise(n, 1) + 1j * noise(n, 1, seed=1)
    ours, peer = partial(getattr(dsp, name), x), partial(getattr(scipy.fft, name), x)
    flops = (2.5 if real else 5) * n * math.log2(n)
    return compared(f"{name} of {n}", ours, peer, version("scipy"), 1e-12, required=1.0, flops=flops)


def short_time() -> list[Pair]:
    """stft and istft of 3 s, 512 points every 128 samples, beside librosa and SciPy."""
    x = noise(3.0)
    X = dsp.stft(x, WINDOW, HOP, padding="zeros")
    by_librosa = {"n_fft": N_FFT, "hop_length": HOP}
    by_scipy = {"window": "hann", "nperseg": N_FFT, "noverlap": N_FFT - HOP, "scaling": "spectrum"}
    forward = partial(dsp.stft, x, WINDOW, HOP, padding="zeros")
    back = partial(dsp.istft, X, WINDOW, HOP, padding="zeros", length=x.size)
    flops = X.shape[1] * 2.5 * N_FFT * math.log2(N_FFT)
    scale = WINDOW.sum()

    def scipy_stft():
        return scipy.signal.stft(x, boundary="zeros", padded=False, **by_scipy)[2]

    def scipy_istft():
        return scipy.signal.istft(X / scale, **by_scipy)[1]

    tool, other = version("librosa"), version("scipy")
    forward_by_librosa = partial(librosa.stft, x, pad_mode="constant", **by_librosa)
    back_by_librosa = partial(librosa.istft, X, length=x.size, **by_librosa)
    return [
        compared("stft of 3 s", forward, forward_by_librosa, tool, 1e-9, required=2.0, flops=flops),
        Pair(
            "stft of 3 s",
            forward,
            scipy_stft,
            other,
            lambda: furthest(scipy_stft() * scale, X),
            1e-9,
            1.0,
            flops=flops,
        ),
        compared("istft of 3 s", back, back_by_librosa, tool, 1e-9, required=2.0, flops=flops),
        compared("istft of 3 s", back, scipy_istft, other, 1e-9, required=1.0, flops=flops),
    ]


def phases() -> list[Pair]:
    """griffin_lim, time_stretch and pitch_shift of 3 s beside librosa."""
    x, tool = noise(3.0), version("librosa")
    magnitude = np.abs(dsp.stft(x, WINDOW, HOP, padding="zeros"))
    flops = 2 * 32 * magnitude.shape[1] * 2.5 * N_FFT * math.log2(N_FFT)
    pairs = []
    momenta = (0.0, 0.99) if "momentum" in inspect.signature(dsp.griffin_lim).parameters else (0.0,)
    for momentum in momenta:
        ours = partial(_griffin_lim, magnitude, momentum)
        how = {"n_fft": N_FFT, "hop_length": HOP, "momentum": momentum, "random_state": 0, "pad_mode": "constant"}
        peer = partial(librosa.griffinlim, magnitude, n_iter=32, **how)
        gap = partial(_gap_of_magnitudes, ours, peer, magnitude)
        task = f"griffin_lim of 3 s, 32 steps, momentum {momentum:g}"
        pairs.append(Pair(task, ours, peer, tool, gap, 0.05, 10.0, flops=flops))
    stretch, by_librosa = partial(dsp.time_stretch, x, 1.1), partial(librosa.effects.time_stretch, x, rate=1.1)
    gap = partial(_gap_of_beginnings, stretch, by_librosa)
    pairs.append(Pair("time_stretch of 3 s by 1.1", stretch, by_librosa, tool, gap, 1e-6, 5.0, bytes=16 * x.size))
    shift = partial(dsp.pitch_shift, x, 2)
    by_librosa = partial(librosa.effects.pitch_shift, x, sr=RATE, n_steps=2)
    gap = partial(_gap_of_powers, shift, by_librosa)
    pairs.append(Pair("pitch_shift of 3 s by 2", shift, by_librosa, tool, gap, 0.1, 5.0, bytes=16 * x.size))
    return pairs


def _griffin_lim(magnitude: np.ndarray, momentum: float) -> np.ndarray:
    how = {"momentum": momentum} if momentum else {}
    return dsp.griffin_lim(magnitude, WINDOW, HOP, iterations=32, rng=np.random.default_rng(0), **how)


def _gap_of_magnitudes(ours, peer, magnitude: np.ndarray) -> float:
    """How much worse our signal's magnitudes fit than the peer's: they begin at other random phases."""
    misfits = []
    for signal in (ours(), peer()):
        X = dsp.stft(np.pad(signal, (0, HOP)), WINDOW, HOP, padding="zeros")[:, : magnitude.shape[1]]
        misfits.append(np.linalg.norm(np.abs(X) - magnitude) / np.linalg.norm(magnitude))
    return misfits[0] - misfits[1]


def _gap_of_beginnings(ours, peer) -> float:
    a, b = ours(), peer()
    return furthest(a[:-3000], b[:-3000]) if a.size == b.size else math.inf  # librosa cuts the last frames short


def _gap_of_powers(ours, peer) -> float:
    a, b = ours(), peer()
    return abs(float(np.mean(a**2) / np.mean(b**2)) - 1) if a.size == b.size else math.inf


def filters() -> list[Pair]:
    """Wiener filters, trim, the mean over a sliding window, mel_to_power and delta."""
    x, tool, other = noise(3.0), version("librosa"), version("scipy")
    quiet = np.concatenate([1e-5 * x[:9000], x, 1e-5 * x[:8000]])
    rows = np.random.default_rng(0).standard_normal((40, 3000))
    filterbank = dsp.mel_filterbank(40, N_FFT, RATE)
    power = np.abs(dsp.stft(x, WINDOW, HOP, padding="zeros")) ** 2
    mel = filterbank @ power
    wiener = partial(dsp.wiener, x, 11), partial(scipy.signal.wiener, x, 11)
    spectral = partial(dsp.spectral_wiener, x, WINDOW, HOP), partial(_spectral_wiener_by_scipy, x)
    trim = partial(dsp.trim, quiet), partial(librosa.effects.trim, quiet)
    invert = partial(dsp.mel_to_power, mel, filterbank), partial(librosa.util.nnls, filterbank, mel)
    delta = partial(dsp.delta, rows), partial(librosa.feature.delta, rows)
    flops = 200 * 4 * filterbank.size * mel.shape[1]
    short, long = (np.resize(rows, (257, n)) for n in (2_000, 16_000))
    sliding = partial(dsp.sliding_cmn, short, 300), partial(dsp.sliding_cmn, long, 300)
    names = {"ours_name": "2000 frames", "peer_name": "16000 frames"}
    return [
        compared("wiener of 3 s, 11 samples", *wiener, other, 1e-9, required=2.0, bytes=16 * x.size),
        compared("spectral_wiener of 3 s", *spectral, f"{other}, as one would", 1e-6, required=2.0, bytes=16 * x.size),
        Pair(
            "trim of 4 s",
            *trim,
            tool,
            lambda: float(tuple(trim[0]()[1]) != tuple(trim[1]()[1])),
            0.0,
            1.0,
            bytes=8 * quiet.size,
        ),
        Pair(
            "mel_to_power of 376 frames",
            *invert,
            tool,
            lambda: float(np.linalg.norm(filterbank @ invert[0]() - mel) / np.linalg.norm(mel)),
            1e-3,
            5.0,
            flops=flops,
        ),
        compared("delta of 40 x 3000", *delta, tool, 1e-9, required=2.0, bytes=16 * rows.size),
        Pair(
            "sliding_cmn of 257 rows, eight times the frames",
            *sliding,
            required=12.0,
            at_most=True,
            bytes=16 * short.size,
            **names,
        ),
    ]


def _spectral_wiener_by_scipy(x: np.ndarray) -> np.ndarray:
    """dsp.spectral_wiener with scipy.signal.stft and istft, as one would write it."""
    how = {"window": "hann", "nperseg": N_FFT, "noverlap": N_FFT - HOP}
    X = scipy.signal.stft(np.pad(x, (0, HOP)), boundary="zeros", padded=False, **how)[2]
    power = np.abs(X) ** 2
    quietest = np.argsort(power.sum(axis=0), kind="stable")[: math.ceil(power.shape[1] / 10)]
    noise_power = power[:, quietest].mean(axis=1, keepdims=True)
    gain = np.maximum(power - noise_power, 0) / np.maximum(np.maximum(power, noise_power), np.finfo(float).tiny)
    return scipy.signal.istft(gain * X, **how)[1][: x.size]


def conventions() -> list[Pair]:
    """Every preset and every step beside the presets' road, in times of the librosa preset, per frame and n log n."""
    x, usual = noise(12.0), replace(dsp.CONVENTIONS["librosa"], n_mfcc=None)
    usual_cost, _ = _cost(x, usual, RATE)
    beside = {
        "log=None": replace(usual, log=None, dynamic_range=None, reference=None),
        "one-sided, doubled": replace(usual, spectrum_scaling="one-sided, doubled"),
        "energy of the windowed frame": replace(dsp.CONVENTIONS["kaldi"], energy_of="windowed frame"),
    }
    for n_fft in (1_103, 2_205, 4_093, 1_000, 8_192, 16):
        beside[f"n_fft={n_fft}"] = replace(
            usual, n_fft=n_fft, frame_length=n_fft, hop_length=max(1, n_fft // 4), n_mels=min(128, 4 * n_fft // 64 + 1)
        )
    pairs = []
    for name, convention in (dsp.CONVENTIONS | beside).items():
        rate = 44_100 if (convention.f_max or 0) > RATE / 2 else RATE
        cost, flops = _cost(x, convention, rate)
        pairs.append(
            Pair(
                f"convention {name}",
                partial(dsp.extract, [x] * 2, RATE, usual, "log_mel"),
                partial(dsp.extract, [x] * 2, rate, convention, _kind(convention)),
                name,
                required=3.0,
                at_most=True,
                scale=cost / usual_cost,
                flops=flops,
                ours_name="librosa preset",
            )
        )
    return pairs


def _kind(convention: dsp.Convention) -> str:
    return "log_mel" if convention.n_mfcc is None else "mfcc"


def _cost(x: np.ndarray, convention: dsp.Convention, rate: int) -> tuple[float, float]:
    """frames x n log2 n, and the operations of our real transforms, of two signals."""
    n_frames = dsp.extract([x], rate, convention, _kind(convention))[0].shape[1]
    n_fft = import_module("dsp.conventions.sizes").sizes(convention, rate, x.size).n_fft
    cost = n_frames * n_fft * math.log2(n_fft)
    return cost, 2 * 2.5 * cost
