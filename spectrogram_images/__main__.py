"""Turns a folder of WAV recordings into spectrogram images, pixel for pixel as MATLAB writes them.

WAV_ROOT/<emotion>/*.wav  ->  PNG_ROOT/<emotion>/<emotion><i>.png, where i is the position in name order.
The defaults are the CASIA paper's script. Run the same command again to resume it after an interruption. Several
shells, also on several machines that see one PNG_ROOT, may run the same command at the same time: they share the work.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import file_error_line
from dsp.files.processes import available_cores
from spectrogram_images.colormaps import COLORMAPS
from spectrogram_images.folder import OutputError, convert, find_recordings, prepare_output
from spectrogram_images.parameters import PAPER, WINDOWS, ImageParameters, Sampling
from spectrogram_images.render import load_kernels

EXAMPLES = """\
examples:
  {prog} CASIA IMAGES
  {prog} EMODB IMAGES --any-layout
  {prog} CASIA HOT --window hamming --window-length 400 --overlap 240 --nfft 512 --size 128 128 --colormap hot

exit status: 0 all images are there; 1 some could not be made, each with its reason; 2 bad input or usage,
nothing was made; 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error(f"--workers {options.workers}: at least 1 is expected")
    try:
        parameters = ImageParameters(
            window=options.window,
            window_length=options.window_length,
            sampling=options.sampling,
            noverlap=options.overlap,
            nfft=options.nfft,
            size=tuple(options.size),
            colormap=options.colormap,
            sample_rate=options.sample_rate,
        )
    except ValueError as error:
        parser.error(str(error))
    recordings, problems = find_recordings(options.wav_root, options.any_layout)
    if not recordings:
        return _report(problems, 2)
    try:
        for package in ("tqdm", "filelock", "isal.isal_zlib"):
            require(package, feature="converting a folder", extra="images")
        prepare_output(options.png_root, parameters)
    except (MissingPackageError, OutputError) as error:
        return _report([str(error)], 2)
    return _make(recordings, problems, options, parameters)


def _make(recordings, failures: list[str], options, parameters: ImageParameters) -> int:
    """Converts the recordings, reports and returns the exit status."""
    from tqdm import tqdm

    counts: Counter[str] = Counter()
    made: list[Path] = []
    try:
        with tqdm(total=len(recordings), unit="image", leave=False, disable=None) as bar:  # none in a log file
            if not all((options.png_root / png).exists() for _, png in recordings):
                bar.set_description("compiling the kernels, on the first run only")
                load_kernels()
            bar.set_description("images")
            outcomes = convert(recordings, options.png_root, options.workers, parameters)
            for (_, png), outcome in zip(recordings, outcomes, strict=True):
                counts[outcome.status] += 1
                if outcome.status == "failed":
                    failures.append(outcome.reason)
                else:
                    made.append(options.png_root / png)
                bar.update()
    except OutputError as error:
        return _report([*failures, f"{error}; stopped after {counts['written']} images"], 1)
    except OSError as error:  # Numba could not store what it has compiled
        return _report([*failures, file_error_line(error, "the cache of compiled code")], 1)
    except KeyboardInterrupt:
        print(f"interrupted after {counts['written']} images; run the same command again to resume", file=sys.stderr)
        return 130
    gone = [png for png in made if not png.exists()]
    if gone:
        advice = "somebody else deleted them; run the same command again to make them"
        failures.append(f"{gone[0]} and {len(gone) - 1} more images are gone: {advice}")
    _report(failures, 1)
    there = f"{counts['written']} images written, {counts['skipped']} were there already, {counts['failed']} failed"
    print(there + (f", {len(gone)} are gone" if gone else ""))
    return 1 if failures else 0


def _report(problems: list[str], status: int) -> int:
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    started_as = Path(sys.argv[0]).stem
    prog = started_as if started_as == "matlab-spectrograms" else "python -m spectrogram_images"
    parser = argparse.ArgumentParser(
        prog=prog,
        description=__doc__,
        epilog=EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("wav_root", type=Path, metavar="WAV_ROOT", help="folder of recordings of one channel")
    parser.add_argument("png_root", type=Path, metavar="PNG_ROOT", help="folder for the images; made if missing")
    parser.add_argument(
        "--any-layout",
        action="store_true",
        help="take every folder under WAV_ROOT that holds WAV files, and WAV_ROOT itself, as a class",
    )
    script = parser.add_argument_group("the script's parameters (defaults: the paper's)")
    script.add_argument("--window", choices=WINDOWS, default=PAPER.window, help=f"({PAPER.window})")
    script.add_argument(
        "--window-length", type=int, default=PAPER.window_length, metavar="N", help=f"samples ({PAPER.window_length})"
    )
    script.add_argument("--sampling", choices=get_args(Sampling), default=PAPER.sampling, help=f"({PAPER.sampling})")
    script.add_argument(
        "--overlap", type=int, default=PAPER.noverlap, metavar="N", help=f"of frames, samples ({PAPER.noverlap})"
    )
    script.add_argument("--nfft", type=int, default=PAPER.nfft, metavar="N", help=f"({PAPER.nfft})")
    script.add_argument(
        "--size", type=int, nargs=2, default=PAPER.size, metavar=("HEIGHT", "WIDTH"), help="pixels (224 224)"
    )
    script.add_argument("--colormap", choices=COLORMAPS, default=PAPER.colormap, help=f"({PAPER.colormap})")
    script.add_argument(
        "--sample-rate",
        type=int,
        default=PAPER.sample_rate,
        metavar="HZ",
        help=f"that every recording must have ({PAPER.sample_rate})",
    )
    parser.add_argument("--workers", type=int, default=available_cores(), metavar="N", help="processes (one per core)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
