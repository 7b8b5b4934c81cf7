"""Recognises the emotion of recordings: a window, or with --wav or --folder a command.

    python -m experiments.recogniser                                    the window
    python -m experiments.recogniser --wav FILE ... [--json]            one line a file, or one JSON object
    python -m experiments.recogniser --folder DIR [--out DIR] [--json]  every file below, accuracy, confusion matrix
    python -m experiments.recogniser --list                             the trained runs it finds
    python -m experiments.recogniser --train                            makes one of the synthetic corpus first

Without --run it takes the newest run under experiments/runs. Exit status: 0 all answered, 1 a file or run refused.
"""

from dsp.files.commands import exit_without

exit_without("torch", "sklearn", "scipy", "matplotlib", "tqdm", feature="the recogniser", extra="train")

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from dsp import AudioError
from dsp.files.naming import file_error_line, printable
from experiments.recogniser import batch, trained, training
from experiments.recogniser.app import display
from experiments.recogniser.core import ready
from experiments.recogniser.trained import RUNS, RunError, Trained


def main(arguments: list[str] | None = None, runs: Path = RUNS) -> int:
    """The command; `runs` is where it looks for trained runs.

    Checked: tests/test_recogniser_core.py
    """
    options = parse(arguments)
    try:
        return run(options, runs)
    except (RunError, AudioError) as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(file_error_line(error, options.out))
    except KeyboardInterrupt:
        return refuse("interrupted") + 129


def refuse(line: str) -> int:
    print(f"error: {line}", file=sys.stderr)
    return 1


def run(options: argparse.Namespace, runs: Path) -> int:
    if options.train:
        status = training.train(runs, options.smoke)
        if status or not (options.wav or options.folder):
            return status
    if options.list:
        for folder in trained.runs_under(options.run or runs):
            print(f"{printable(folder)}\n    {trained.title_of(folder)}")
        return 0
    if not (options.wav or options.folder):
        reason = display.refusal()
        return refuse(reason) if reason else display.show(options.run or runs)
    network = chosen(options.run, runs)
    if options.wav:
        objects = list(tell(network, options.wav, options.json))
    else:
        objects = list(tell(network, batch.recordings_in(options.folder), options.json))
        out = options.out or batch.default_out(options.folder, runs)
        found, figure = batch.write(out, network, objects)
        lines = [*batch.summary_lines(found), *map(printable, filter(None, (out / "batch.json", figure)))]
        print("\n".join(lines), file=sys.stderr if options.json else sys.stdout)
    return int(any("error" in item for item in objects))


def chosen(run: Path | None, runs: Path) -> Trained:
    """The run that was named, or the newest below what was named, loaded; said on standard error."""
    try:
        folder = trained.newest(run or runs)
    except RunError as error:
        if run is not None:
            raise
        raise RunError(f"{error}; train one: {training.COMMAND}") from None
    network = ready(folder)
    print(f"run: {trained.title(network.result, folder)}", file=sys.stderr)
    if network.result["corpus"] == "synthetic":
        print(training.SYNTHETIC, file=sys.stderr)
    return network


def tell(network: Trained, paths: list[Path], as_json: bool):
    """Answers and prints file by file, with a progress bar where there are many."""
    width = max(len(printable(path)) for path in paths)
    if not as_json:
        print(f"{'file':<{width}}  {'emotion':<10} {'p':>5}  {'label':<10} {'features':>8} {'network':>8}")
    progress = tqdm(batch.answers(network, paths), total=len(paths), unit="file", leave=False, disable=len(paths) < 20)
    for item in progress:
        if as_json:
            print(json.dumps(item, ensure_ascii=False), flush=True)
        elif "error" not in item:
            print("\n    ".join([row(item, width), *([] if len(paths) >= 20 else item["steps"])]))
        if "error" in item:
            tqdm.write(f"error: {item['error']}", file=sys.stderr)
        yield item


def row(item: dict, width: int) -> str:
    """A line of the table: file, emotion, its probability, the label if one is told, times."""
    label = item["label"] or item["told"] or "-"
    p, seconds = item["probabilities"][item["emotion"]], item["seconds"]
    times = f"{seconds['features'] * 1e3:5.1f} ms {seconds['network'] * 1e3:5.1f} ms"
    return f"{item['file']:<{width}}  {item['emotion']:<10} {p:5.1%}  {label:<10} {times}"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.recogniser",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--wav",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="WAV, FLAC, OGG, MP3, AIFF ...; of any length",
    )
    what.add_argument("--folder", type=Path, metavar="DIR", help="all recordings in a folder and below")
    what.add_argument("--list", action="store_true", help="the trained runs, newest first")
    parser.add_argument("--run", type=Path, metavar="DIR", help="a trained run, or a folder above some: the newest")
    parser.add_argument("--json", action="store_true", help="one JSON object per file on standard output")
    parser.add_argument("--out", type=Path, metavar="DIR", help="of --folder: for batch.json and confusion.png")
    parser.add_argument("--train", action="store_true", help="first train a network on the synthetic corpus")
    parser.add_argument("--smoke", action="store_true", help="of --train: a tiny corpus, for tests")
    options = parser.parse_args(arguments)
    if options.out and not options.folder:
        parser.error("--out goes with --folder")
    if options.json and not (options.wav or options.folder):
        parser.error("--json goes with --wav or --folder")
    if options.smoke and not options.train:
        parser.error("--smoke goes with --train")
    if options.train and options.run:
        parser.error("--train makes a run of its own; leave out --run")
    return options


if __name__ == "__main__":
    sys.exit(main())
