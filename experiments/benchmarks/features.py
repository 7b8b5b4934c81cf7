"""Times `dsp.extract` against the feature libraries that are installed here, doing equivalent work.

    python -m experiments.benchmark_features [--data WAV_TREE] [--files N] [--rounds N] [--end-to-end] [--store]

Example: python -m experiments.benchmark_features --data CASIA --files 200

MFCC-39: 13 MFCC, their deltas and the deltas of those; 25/10 ms, Hamming, 512 points, 40 mels, pre-emphasis 0.97.
Log-mel: librosa's default. All get the same float32 signals, one thread, and memory that is kept when freed.
torch (MKL's transform) and scipy are pipelines written here that give our numbers, as librosa's log-mel does; that
is checked first. The others do the same steps with other mel scales or edges. librosa and python_speech_features
transform in float64; librosa as called makes its mel bank every time. Tasks take turns, and what counts is the ratio
of each round. A chart goes to experiments/runs/, or with --store to experiments/benchmarks/; the last table says how
near the engine comes to this core's limit. Images: python -m experiments.benchmarks.images.

--end-to-end times the way from WAV and FLAC files to features on disk instead: see experiments.benchmarks.end_to_end.
"""

import argparse
import os
import sys

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # before NumPy

from contextlib import suppress
from functools import lru_cache, partial
from importlib import import_module, metadata
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
import scipy
import soundfile
import torch
from numba import njit

from dsp import CONVENTIONS, Convention, extract
from dsp.engine import lanes, plan, stages
from dsp.files.commands import BAD_INPUT, NO
from dsp.files.processes import available_cores
from dsp.mfcc import cepstrum_matrix, make_filterbank, make_window, sizes
from experiments.benchmarks import end_to_end
from experiments.common import markdown, timing
from experiments.common.paths import BENCHMARKS, ROOT
from experiments.data import synthetic
from experiments.figures import matlab
from experiments.training import loop
from spectrogram_images import folder

RATE, FRAME, HOP, N_FFT = 16_000, 400, 160, 512  # Hz, then samples
MFCC_39 = Convention(preemphasis=0.97, n_fft=N_FFT, n_mels=40, n_mfcc=13, delta_orders=2)
KINDS = {  # convention, and how far from ours those may be that give our numbers (log_mel: dB)
    "mfcc": (MFCC_39, {"torch": 1e-2, "scipy": 1e-2}),
    "log_mel": (CONVENTIONS["librosa"], {"librosa": 1e-3, "torch": 2e-3}),  # torch, too, transforms in float32
}
STFT_39 = {"n_fft": N_FFT, "hop_length": HOP, "win_length": FRAME, "center": False}
MEL_39 = STFT_39 | {"n_mels": 40, "window_fn": torch.hamming_window}  # in torchaudio's words
FIRST_RESULT = "import numpy, dsp; dsp.extract([numpy.sin(numpy.arange(32000.0))], 16000, dtype='float32')"


@lru_cache
def tables(kind: str, convert=np.asarray) -> list:
    """Window (as long as the transform), mel filters and DCT of a kind of features, float32."""
    c, size = KINDS[kind][0], sizes(KINDS[kind][0], RATE)
    window = np.pad(make_window(size, c), (0, size.n_fft - size.frame))
    return [
        convert(x.astype(np.float32)) for x in (window, make_filterbank(size, RATE, c), cepstrum_matrix(c.n_mels, c))
    ]


def with_slopes(static: np.ndarray) -> np.ndarray:
    """The rows, their deltas and the deltas of those: SciPy's correlation was the fastest of five ways on a clip."""
    first = scipy.ndimage.correlate1d(static, np.arange(-4, 5) / 60, mode="nearest")
    return np.concatenate([static, first, scipy.ndimage.correlate1d(first, np.arange(-4, 5) / 60, mode="nearest")])


def torch_power(spectrum: torch.Tensor) -> torch.Tensor:
    squares = torch.view_as_real(spectrum).square()
    return squares[..., 0] + squares[..., 1]


@torch.inference_mode()
def by_torch(x: np.ndarray, kind: str) -> np.ndarray:
    (window, filters, dct), x = tables(kind, torch.from_numpy), torch.from_numpy(x)
    if kind == "log_mel":
        spectrum = torch.stft(x, 2048, 512, window=window, pad_mode="constant", return_complex=True)
        level = (filters @ torch_power(spectrum)).clamp_min_(1e-10).log10_().mul_(10)
        return level.clamp_min_(level.max() - 80).numpy()
    x = torch.cat([x[:1], x[1:] - 0.97 * x[:-1], torch.zeros(N_FFT - FRAME)])  # torch counts frames of n_fft
    spectrum = torch.stft(x, N_FFT, HOP, window=window, center=False, return_complex=True)
    return with_slopes((dct @ (filters @ torch_power(spectrum)).clamp_min_(1e-10).log_()).numpy())


def by_scipy(x: np.ndarray, kind: str) -> np.ndarray:
    window, filters, dct = tables(kind)
    x = np.append(x[:1], x[1:] - np.float32(0.97) * x[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(x, FRAME)[::HOP] * window[:FRAME]
    spectrum = scipy.fft.rfft(frames, N_FFT)
    return with_slopes(dct @ np.log(np.maximum(filters @ (spectrum.real**2 + spectrum.imag**2).T, np.float32(1e-10))))


def by_librosa(x: np.ndarray, kind: str, cached: bool = True) -> np.ndarray:
    tool = import_module("librosa")
    if kind == "log_mel":
        mel = tables(kind)[1] @ np.abs(tool.stft(x)) ** 2 if cached else tool.feature.melspectrogram(y=x, sr=RATE)
        return tool.power_to_db(mel)
    spectrum = tool.stft(tool.effects.preemphasis(x), window="hamming", **STFT_39)
    static = tool.feature.mfcc(S=tool.power_to_db(tables(kind)[1] @ np.abs(spectrum) ** 2), n_mfcc=13)
    return np.concatenate([static, tool.feature.delta(static), tool.feature.delta(static, order=2)])


torchaudio_mfcc = lru_cache(lambda: import_module("torchaudio.transforms").MFCC(RATE, 13, 2, "ortho", True, MEL_39))


@torch.inference_mode()
def by_torchaudio(x: np.ndarray, kind: str) -> np.ndarray:
    tool = import_module("torchaudio.functional")
    static = torchaudio_mfcc()(tool.preemphasis(torch.from_numpy(x)))
    first = tool.compute_deltas(static, 9)
    return torch.cat([static, first, tool.compute_deltas(first, 9)]).numpy()


def by_kaldi(x: np.ndarray, kind: str) -> np.ndarray:
    tool = import_module("kaldi_native_fbank")
    options = tool.MfccOptions()
    options.frame_opts.dither, options.frame_opts.window_type = 0, "hamming"
    options.mel_opts.num_bins, options.use_energy = 40, False
    computer = tool.OnlineMfcc(options)
    computer.accept_waveform(RATE, x.tolist())  # takes less time than with the array
    computer.input_finished()
    return with_slopes(np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)], axis=1))


def by_psf(x: np.ndarray, kind: str) -> np.ndarray:
    tool = import_module("python_speech_features")
    static = tool.mfcc(x, RATE, nfilt=40, nfft=N_FFT, appendEnergy=False, winfunc=np.hamming)
    first = tool.delta(static, 4)
    return np.concatenate([static, first, tool.delta(first, 4)], axis=1).T


PEERS = {  # package, how: features of one signal; the first three make log-mel, all but the first MFCC-39
    "librosa, as called": partial(by_librosa, cached=False),
    "librosa, mel bank cached": by_librosa,
    "torch": by_torch,
    "scipy": by_scipy,
    "torchaudio": by_torchaudio,
    "kaldi-native-fbank": by_kaldi,
    "python_speech_features": by_psf,
}


def peers(kind: str) -> dict:
    """{name with its version: features of one signal} of the PEERS that can be imported."""
    found = {}
    for name in list(PEERS)[slice(3) if kind == "log_mel" else slice(1, None)]:
        package = name.split(",")[0]
        with suppress(ImportError, OSError):  # OSError: its compiled part does not fit
            import_module(package.replace("-", "_"))
            found[name.replace(package, f"{package} {metadata.version(package)}")] = partial(PEERS[name], kind=kind)
    return found


def ours(signals: list, kind: str, dtype: str = "float32", workers: int = 1) -> list[np.ndarray]:
    return extract(signals, RATE, KINDS[kind][0], kind, dtype, workers)


def different(clips: list) -> list[str]:
    """The peers that should give our numbers and do not, one line each."""
    problems = {}
    for kind, (_, tolerances) in KINDS.items():
        for name, peer in peers(kind).items():
            tolerance = tolerances.get(name.split()[0], np.inf)
            for theirs, mine in zip(map(peer, clips), ours(clips, kind), strict=True):
                gap = np.abs(theirs - mine).max() if theirs.shape == mine.shape else np.inf
                if not gap <= tolerance:
                    problems[kind, name] = f"{kind} by {name} and by us differ by {gap:.2g}, more than {tolerance}"
    return list(problems.values())


def repeated(task, arguments: list[tuple]):
    return lambda: [task(*one) for one in arguments]


def features(clips: list):
    """(label, tasks, items in a round): ours beside the peers, in either precision, and by two workers."""
    joined, n = np.concatenate(clips), len(clips)
    long = list(np.resize(joined, (max(1, joined.size // (60 * RATE)), 60 * RATE)))
    clip, minute, log_mel = "MFCC-39 of a clip", "MFCC-39 of 60 s", "log-mel of a clip"
    for label, signals, kind in ((clip, clips, "mfcc"), (minute, long, "mfcc"), (log_mel, clips, "log_mel")):
        found = list(peers(kind).items())[: 3 if signals is long else None]
        tasks = {name: repeated(peer, [(x,) for x in signals]) for name, peer in found}
        yield label, {"ours": partial(ours, signals, kind)} | tasks, len(signals)
    for label, kind in ((clip, "mfcc"), (log_mel, "log_mel")):
        yield label, {f"ours, {dtype}": partial(ours, clips, kind, dtype) for dtype in ("float32", "float64")}, n
    if available_cores() >= 2:
        n, clips = 8 * n, clips * 8  # so long that waking the second core does not count
        yield clip, {f"ours, workers={count}": partial(ours, clips, "mfcc", workers=count) for count in (2, 1)}, n


def power_spectra() -> tuple[str, dict, float]:
    """192 frames in, 192 power spectra out, all in the second cache."""
    frames = np.random.default_rng(0).standard_normal((192, N_FFT)).astype(np.float32)
    bare = plan.spectrum_tables(np.ones(N_FFT), N_FFT, N_FFT, frames.dtype, magnitude=False)
    tasks = {
        "ours": lambda: stages.mel_and_energy(frames.ravel(), 192, bare),
        f"torch {torch.__version__}": lambda: torch_power(torch.fft.rfft(torch.from_numpy(frames))),
        f"scipy {scipy.__version__}": lambda: (X := scipy.fft.rfft(frames)).real ** 2 + X.imag**2,
    }
    return "1000 power spectra of 512 points in cache", {k: repeated(f, [()] * 250) for k, f in tasks.items()}, 48


def first_result(scratch: str) -> tuple[str, dict, int]:
    """From the start of Python to the first MFCC, with the compiled code of an earlier process and without."""
    start = partial(run, [sys.executable, "-c", FIRST_RESULT], check=True, cwd=ROOT)
    tasks = {"with a compile cache": start}
    tasks["without"] = lambda: start(env=os.environ | {"NUMBA_CACHE_DIR": mkdtemp(dir=scratch)})
    return "first result in a new process", tasks, 1


@njit
def multiply_and_add(x, times):
    for _ in range(times):
        for i in range(0, 256, 16):  # 16 registers, none of which waits for another
            lanes.store(x, i, lanes.fma(lanes.load(x, i), 0.5, 0.5))


@njit
def copy(x, y, times):
    for _ in range(times):
        for i in range(0, x.size, 16):
            lanes.store(y, i, lanes.load(x, i) * 0.5)  # * 0.5, or it would become the C library's memcpy


def print_nearness(rounds: int, n: int = 384) -> None:
    """What this core and the engine's stages on n frames do in a second; of the stages also the share of the core's."""
    room = np.ones(2**18, np.float32)
    room = room[-room.ctypes.data % 64 // 4 :]  # from the beginning of a cache line
    full = plan.make_plan(MFCC_39, RATE, "float32")
    bare = plan.make_plan(Convention(n_fft=N_FFT, n_mels=1, n_mfcc=1, f_max=99.0), RATE, "float32")
    samples, mel = room[: stages.count_samples(n, full.tables)], np.ones((40, n), np.float32)
    tasks = {  # what works, with what, on how many operations or bytes
        "multiply and add": (multiply_and_add, (room, 10_000), 1e4 * 512),
        "copying in L1": (copy, (room[:2048], room[2048:4096], 100), 1e2 * 2**14),
        "copying in L2": (copy, (room[: 2**16], room[2**16 : 2**17], 4), 4 * 2**19),
        "layout, transform, power": (stages.mel_and_energy, (samples, n, bare.tables), n * (2.5 * 512 * 9 + 3 * 257)),
        "mel filter": (stages.mel_and_energy, (samples, n, full.tables), 2 * n * full.tables.filter_weights.size),
        "logarithm": (stages.logarithm, (mel, 1.0, 1e-10, stages.AT_LEAST), 18 * mel.size),
        "DCT": (stages.matmul_rows, (full.cepstrum, mel), 2 * n * full.cepstrum.size),
    }
    timed = timing.alternate({name: repeated(task, [how] * 50) for name, (task, how, _) in tasks.items()}, rounds)
    seconds = dict(zip(tasks, np.min(list(timed.values()), axis=1) / 50, strict=True))  # a limit: the best round
    seconds["mel filter"] -= seconds["layout, transform, power"]  # which it was timed with
    rates = {name: work / seconds[name] / 1e9 for name, (*_, work) in tasks.items()}
    for place, (name, rate) in enumerate(rates.items()):
        unit, share = "GB/s" if "copying" in name else "GFLOP/s", f", {rate / rates['multiply and add']:.0%}"
        print(f"  {name:25}{rate:4.0f} {unit}{share if place > 2 else ''}")


def chart(path: Path, rows: list[dict]) -> None:
    """The ratios as bars, a panel per task."""
    panels = {}
    for row in rows:
        panels.setdefault(f"{row['task']} (1: {row['fast']})", {})[row["slow"]] = row["ratio"]
    heights = [len(bars) + 1 for bars in panels.values()]
    figure, places = matlab.plt.subplots(len(panels), figsize=(9, 10), height_ratios=heights, layout="constrained")
    for axes, (title, bars) in zip(places, panels.items(), strict=True):
        axes.bar_label(axes.barh(list(bars), list(bars.values()), color="#0072bd"), fmt="%.2f", padding=3)
        axes.axvline(1, color="0.2", linestyle="--")
        axes.set_title(title, loc="left", size=10)
        axes.set(xlim=(0, 1.12 * max(1, *bars.values())), ylim=(len(bars) - 0.4, -0.6))
    figure.suptitle("Times as long as this program: ratios, which differ less between machines than seconds")
    matlab.save(figure, path)


def files_to_features(paths: list[Path], options: argparse.Namespace) -> int:
    """The program of --end-to-end."""
    with TemporaryDirectory() as scratch:
        difference = end_to_end.different(paths[:8], Path(scratch) / "check")
        if difference:
            print(f"error: {difference}", file=sys.stderr)
            return NO
        print(f"{len(paths)} recordings, equal features, {options.rounds} rounds")
        rows, lines = end_to_end.measure(paths, Path(scratch), options.rounds)
    for row in rows:
        timing.show(row)
    table = {"header": end_to_end.HEADER, "rows": lines}
    print(markdown.table(table["header"], table["rows"]))
    if options.store:
        timing.store("end_to_end", rows, {"tables": {"end to end": table}})
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmark_features",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a WAV tree; default: the synthetic corpus")
    parser.add_argument("--files", type=int, default=100, metavar="N", help="recordings per round; default: 100")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="default: 7")
    parser.add_argument("--end-to-end", action="store_true", help="from audio files to features on disk")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    loop.reuse_freed_memory()
    for package in sorted({name.split(",")[0] for name in PEERS} - {name.split()[0] for name in peers("mfcc")}):
        print(f"not installed: {package} (pip install {package})")
    with TemporaryDirectory() as scratch:
        if options.data is None:
            synthetic.synthetic_corpus(scratch)
        recordings, problems = folder.find_recordings(options.data or Path(scratch), any_layout=True)
        read = [soundfile.read(wav, dtype="float32") for wav, _ in recordings[:: len(recordings) // options.files or 1]]
        if any(rate != RATE or x.ndim != 1 for x, rate in read):
            problems.append(f"{options.data}: recordings of one channel at {RATE} Hz are expected")
        if options.end_to_end and not problems:
            return files_to_features([wav for wav, _ in recordings[:: len(recordings) // options.files or 1]], options)
        clips = [x for x, _ in read]
        differences = [] if problems else different(clips)
        if problems or differences:
            print(f"error: {[*problems, *differences][0]}", file=sys.stderr)
            return BAD_INPUT if problems else NO
        print(f"{len(clips)} recordings, equal features, {options.rounds} rounds")
        rows = []
        for label, tasks, per in (*features(clips), power_spectra(), first_result(scratch)):
            seconds, (fast, *others) = timing.alternate(tasks, options.rounds), tasks
            rows += [timing.comparison(label, fast, slow, seconds, per) for slow in others]
    for row in rows:
        timing.show(row)
    print_nearness(options.rounds)
    chart(BENCHMARKS / "features.png" if options.store else ROOT / "experiments/runs/benchmark_features.png", rows)
    if options.store:
        timing.store("features", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
