"""Writes the recogniser as a static page, which needs no server of its own: any web space or folder server will do.

    python -m experiments.recogniser.page OUT [--run DIR] [--ort FOLDER] [--serve [PORT]]

Example: python -m experiments.recogniser.page page --serve

The page takes an audio file or the microphone and shows waveform, log-mel spectrogram and probabilities. Everything is
computed in the visitor's browser by two ONNX graphs; no recording leaves it, and nothing is loaded from elsewhere.
ONNX Runtime Web comes from npm, once, with its content pinned; --ort takes it from a folder or from npm's archive.
OUT is a new or empty folder, or one with an older page, which visitors see until the new one is there whole.

Exit status: 0 written, 1 a graph answers differently from the run, 2 bad input or usage, 130 interrupted.
"""

import argparse
import sys
from pathlib import Path

from dsp.files.commands import DONE, NO, check_output_folder, check_written, exit_status
from dsp.files.naming import printable
from experiments.common.timing import DifferentError
from experiments.recogniser import trained
from experiments.recogniser.page import onnxruntime_web
from experiments.recogniser.page.building import write_page
from experiments.recogniser.page.graphs import make_graphs
from experiments.recogniser.page.serving import serve
from experiments.recogniser.training import SYNTHETIC

PORT = 8000


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status.

    Checked: tests/test_the_page_is_built.py
    """
    options = parse(arguments)
    return exit_status(lambda: run(options), target=options.out)


def run(options: argparse.Namespace) -> int:
    check_output_folder(options.out)
    network = trained.load(trained.newest(options.run) if options.run else trained.newest())
    if network.result["corpus"] == "synthetic":
        print(SYNTHETIC, file=sys.stderr)
    runtime = onnxruntime_web.runtime_files(options.ort)
    try:
        graphs = make_graphs(network)
    except DifferentError as error:
        print(f"error: {error}", file=sys.stderr)
        return NO
    index = write_page(options.out, network, graphs, runtime)
    check_written([index])
    print(printable(index))
    if options.serve is not None:
        serve(options.out, options.serve)
    return DONE


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.recogniser.page",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder for the page")
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="a trained run, or a folder of runs; default: as the recogniser's"
    )
    parser.add_argument(
        "--ort",
        type=Path,
        metavar="FOLDER",
        help=f"{onnxruntime_web.PACKAGE} as a folder, or as npm's archive; default: npm fetches it once",
    )
    parser.add_argument(
        "--serve",
        type=int,
        nargs="?",
        const=PORT,
        metavar="PORT",
        help=f"then serve the page to this machine, for trying it; default port {PORT}",
    )
    options = parser.parse_args(arguments)
    if options.serve is not None and not 0 <= options.serve <= 65_535:
        parser.error(f"--serve {options.serve}: a port is 0 .. 65535")
    return options
