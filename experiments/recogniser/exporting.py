"""python -m experiments.recogniser --export: a run as files for other programs and small devices.

network.torchscript.pt, network.onnx, network.json   the network alone, after its features (portable)
recogniser.onnx                                      samples in, probabilities out, in one graph (whole_graph)
"""

import sys
from pathlib import Path

from dsp.files.commands import DONE, NO, check_output_folder, check_written
from dsp.files.naming import printable
from experiments.common.timing import DifferentError
from experiments.recogniser import portable, whole_graph
from experiments.recogniser.trained import load

WHOLE = "recogniser.onnx"


def export_run(run: Path, out: Path) -> int:
    """Exports the run in the folder `run` into `out` and prints the paths; returns the exit status.

    A line on standard error says why a network has no graph from samples to probabilities.

    Checked: tests/test_portable_networks_answer_alike.py, tests/test_recognisers_become_one_graph.py
    """
    check_output_folder(out)
    trained = load(run)
    try:
        paths = portable.export(trained, out)
        if reason := whole_graph.reason_without_graph(trained):
            (out / WHOLE).unlink(missing_ok=True)  # of another network
            print(f"no {WHOLE}: {reason}", file=sys.stderr)
        else:
            whole_graph.write_whole_graph(trained, out / WHOLE)
            paths.append(out / WHOLE)
    except DifferentError as error:
        print(f"error: {error}", file=sys.stderr)
        return NO
    check_written(paths)
    print("\n".join(map(printable, paths)))
    return DONE
