"""Turns a folder of WAV recordings into the CASIA paper's images.

WAV_ROOT/<emotion>/*.wav  ->  PNG_ROOT/<emotion>/<emotion><i>.png, i the place in name order.
Interrupted? The same command goes on where it stopped. Exit status: 0 all done, 1 something failed
(each failure is named, the other images are made), 2 wrong arguments, 130 interrupted.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from dsp.files.processes import available_cores
from spectrogram_images.folder import OutputError, convert, find_recordings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m spectrogram_images", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wav_root", type=Path, metavar="WAV_ROOT")
    parser.add_argument("png_root", type=Path, metavar="PNG_ROOT")
    parser.add_argument(
        "--workers", type=int, default=available_cores(), metavar="N", help="processes; default: one per core"
    )
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error(f"--workers {options.workers}: at least 1 is expected")

    recordings, failures = find_recordings(options.wav_root)
    counts = Counter()
    try:
        with tqdm(total=len(recordings), unit="image", leave=False) as bar:
            for outcome in convert(recordings, options.png_root, options.workers):
                counts[outcome.status] += 1
                failures += [outcome.reason] if outcome.status == "failed" else []
                bar.update()
    except OutputError as error:
        print(f"error: {error}; stopped after {counts['written']} images", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted after {counts['written']} images; the same command goes on from here", file=sys.stderr)
        return 130
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    print(f"{counts['written']} images written, {counts['skipped']} were there already, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
