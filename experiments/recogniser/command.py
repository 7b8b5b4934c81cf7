"""Recognizes the emotion in recordings: in a window, or on the command line with --audio or --folder.

    python -m experiments.recogniser                                     the window
    python -m experiments.recogniser --audio FILE ... [--json]           one line, or one JSON object, per file
    python -m experiments.recogniser --folder DIR [--out DIR] [--json]   every file below, accuracy, confusion matrix
    python -m experiments.recogniser --live [FILE] [--json]              one line a second: the microphone, or a file
    python -m experiments.recogniser --export [--out DIR]                the network as TorchScript and ONNX
    python -m experiments.recogniser --list                              the trained runs that it finds
    python -m experiments.recogniser --train                             trains a network on the synthetic corpus

Example: python -m experiments.recogniser --audio speech.wav other.flac --json

WAV, RF64, W64, FLAC, OGG (Vorbis, Opus), MP3, AIFF, AU and CAF files of any sample rate, length and number of channels
are read (the first 60 s); M4A/AAC, WebM, WMA and AMR files are refused: convert them first. Without --run the newest
run under experiments/runs answers; if there is none, the network that comes with the project (shipped/MODEL_CARD.md).

--live answers every second about the last three seconds that the microphone has heard (it needs the extra "window"), or
of a file that is played to it in real time, until the file ends or Ctrl+C. A line has the time, the emotion, its
probability and the chance level; a window below -60 dB re full scale is silence. Each answer is the one that --audio
gives for these three seconds. The network that comes with the project gets its features from dsp.Stream while they are
heard; the others compute theirs from the whole window, once a second.

Exit status: 0 every file answered, 1 an exported network answers differently from the run's, 2 a file, run or option
refused, 130 interrupted.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dsp.files.commands import BAD_INPUT, DONE, check_output_folder, check_written, exit_status
from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import printable
from experiments.recogniser import batch, exporting, live, trained, training
from experiments.recogniser.app import display
from experiments.recogniser.core import load_warm
from experiments.recogniser.recording import read
from experiments.recogniser.trained import RUNS, RunError, Trained

MANY = 20  # files from which a progress bar replaces the steps


def main(arguments: list[str] | None = None, runs: Path = RUNS) -> int:
    """The command; `runs` is where it looks for trained runs.

    Checked: tests/test_recogniser_core.py
    """
    options = parse(arguments)
    return exit_status(lambda: run(options, runs), target=options.out)


def run(options: argparse.Namespace, runs: Path) -> int:
    """Does what the options ask for; returns the exit status."""
    out = options.out or (batch.default_out(options.folder, runs) if options.folder else None)
    if out:
        check_output_folder(out)
    if options.train:
        status = training.train(runs, options.smoke)
        if status or not (options.audio or options.folder):
            return status
    if options.list:
        shipped = trained.runs_under(trained.SHIPPED) if not options.run and runs == RUNS else []
        for folder in [*trained.runs_under(options.run or runs), *shipped]:
            print(f"{printable(folder)}\n    {trained.title_of(folder)}")
        return DONE
    if options.export:
        folder = trained.newest(options.run or runs)
        return exporting.export_run(folder, options.out or folder / "portable")
    if options.live:
        return answer_live(options, runs)
    if not (options.audio or options.folder):
        if reason := display.reason_without_window():
            raise RunError(reason)
        return display.show(options.run or runs)
    paths = options.audio or batch.find_recordings(options.folder)
    network = load_run(options.run, runs)
    objects = list(answer_all(network, paths, options.json))
    if options.folder:
        summary, written = batch.write(out, network, objects)
        check_written(written)
        lines = [*batch.summary_lines(summary), *map(printable, written)]
        print("\n".join(lines), file=sys.stderr if options.json else sys.stdout)
    return BAD_INPUT if any("error" in item for item in objects) else DONE


def answer_live(options: argparse.Namespace, runs: Path, clock: Any = time) -> int:
    """Listens to the microphone or a file and prints a line a second.

    Checked: tests/test_recogniser_listens_live.py
    """
    if options.live is True:
        source: Any = open_microphone()
        pieces, sample_rate, steps = source, source.sample_rate, ()
    else:
        recording = read(options.live)
        pieces, sample_rate, steps = live.file_in_real_time(recording, clock), recording.sample_rate, recording.steps
    network = load_run(options.run, runs)
    print("\n".join([*steps, "listening; Ctrl+C ends"]), file=sys.stderr)
    for moment in live.listen(network, pieces, sample_rate):
        print(live.line(network, moment, options.json), flush=True)
    return DONE


def open_microphone():
    """The default microphone; RunError or MissingPackageError, one line, if there is none or Qt is missing."""
    advice = "--live FILE listens to a file"
    os.environ.setdefault("QT_LOGGING_RULES", "qt.multimedia.*=false")  # it lists the sound servers that are not there
    try:
        require("PySide6.QtMultimedia", feature="listening to a microphone", extra="window")
    except MissingPackageError as error:
        raise RunError(f"{error}; {advice}") from None
    except ImportError as error:
        raise RunError(f"no recording: QtMultimedia cannot be loaded ({error}); {advice}") from None
    from experiments.recogniser.app.microphone import Microphone

    return Microphone()


def load_run(run: Path | None, runs: Path) -> Trained:
    """Loads `run`, or the newest run below it, else the newest below `runs`; says which on standard error."""
    try:
        folder = trained.newest(run or runs)
    except RunError as error:
        if run is not None:
            raise
        raise RunError(f"{error}; train one: {training.COMMAND}") from None
    network = load_warm(folder)
    print(f"run: {trained.title(network.result, folder)}", file=sys.stderr)
    if network.result["corpus"] == "synthetic":
        print(training.SYNTHETIC, file=sys.stderr)
    return network


def answer_all(network: Trained, paths: list[Path], as_json: bool):
    """Answers and prints file by file; many files get a progress bar."""
    width = max(len(printable(path)) for path in paths)
    if not as_json:
        print(f"{'file':<{width}}  {'emotion':<10} {'p':>5}  {'label':<10} {'features':>8} {'network':>8}")
    items = batch.answer_files(network, paths)
    for item in tqdm(items, total=len(paths), unit="file", leave=False, disable=len(paths) < MANY):
        if as_json:
            print(json.dumps(item, ensure_ascii=False), flush=True)
        elif "error" not in item:
            print("\n    ".join([table_row(item, width), *([] if len(paths) >= MANY else item["steps"])]))
        if "error" in item:
            tqdm.write(f"error: {item['error']}", file=sys.stderr)
        yield item


def table_row(item: dict, width: int) -> str:
    """One line of the table: the file, its emotion and probability, its label if there is one, and the times."""
    label = item["label"] or item["named_emotion"] or "-"
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
    what.add_argument("--audio", nargs="+", type=Path, metavar="FILE", help="recordings to recognize")
    what.add_argument("--folder", type=Path, metavar="DIR", help="all recordings in a folder and below")
    what.add_argument(
        "--live",
        nargs="?",
        const=True,
        type=Path,
        metavar="FILE",
        help="one line a second: the microphone, or FILE",
    )
    what.add_argument("--export", action="store_true", help="write the run as TorchScript and ONNX")
    what.add_argument("--list", action="store_true", help="list the trained runs, newest first")
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="a trained run, or a folder of runs; default: the newest"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per file")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where results go; --folder: batch.json and confusion.png, default experiments/runs/recogniser/<folder>; "
        "--export: the files, default <run>/portable",
    )
    parser.add_argument("--train", action="store_true", help="first train a network on the synthetic corpus")
    parser.add_argument("--smoke", action="store_true", help="with --train: a tiny corpus, for tests")
    options = parser.parse_args(arguments)
    if options.out and not (options.folder or options.export):
        parser.error("--out goes with --folder or --export")
    if options.json and not (options.audio or options.folder or options.live):
        parser.error("--json goes with --audio, --folder or --live")
    if options.smoke and not options.train:
        parser.error("--smoke goes with --train")
    if options.train and options.run:
        parser.error("--train makes a run of its own; leave out --run")
    return options
