"""Times the front ends and the recogniser of two versions of this project: seconds of features for a corpus.

    python -m experiments.benchmarks.before_after --before TREE [--data WAV_TREE ...] [--files N] [--rounds N] [--store]

Example: git worktree add ../before e1d8334, then python -m experiments.benchmarks.before_after --before ../before
--data CASIA EMODB RAVDESS

TREE is a checkout of the earlier version. The two versions take turns, each in a process of its own in its own folder
that first computes one recording of every kind (so nothing compiles while the clock runs). Timed is one core, with the
recording in memory for a front end, and from the WAV file to the label for the recogniser. The table multiplies the
time of N recordings spread over a corpus to all of its recordings. A front end that refuses the corpus' sample rate has
no line. Without --data the corpus is synthetic.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from dsp.files.commands import BAD_INPUT
from experiments.common import markdown, timing
from experiments.common.paths import ROOT
from experiments.data.synthetic import synthetic_corpus

HEADER = ["corpus", "step", "before", "after", "ratio, median [least .. greatest]"]
PROGRAM = """
import json, sys, time
from dsp import read_audio
from experiments.inputs import dey_emodb, finch_dycnn, wang_cl, yadav_crnn
from experiments.recogniser import core
from spectrogram_images import render

def image(signal, sample_rate):
    if sample_rate != 16000:
        raise ValueError
    return render(signal)

STEPS = {
    "Zheng, image": image,
    "Dey, 2 s log-mel": dey_emodb._image,
    "Yadav, resample, trim, Wiener, log-mel": yadav_crnn.originals,
    "Yadav, the same with four copies": yadav_crnn.copies,
    "Finch, MFCC-39": finch_dycnn.mfcc,
    "Wang, log-mel": wang_cl.first_frames,
}
paths = sys.argv[1:]
signals = [read_audio(path) for path in paths]
signals = [(x if x.ndim == 1 else x[0], rate) for x, rate in signals]
trained = core.load_warm("experiments/recogniser/shipped")
seconds = {}
for name, step in STEPS.items():
    try:
        step(*signals[0])
    except ValueError:
        continue
    started = time.perf_counter()
    for signal in signals:
        step(*signal)
    seconds[name] = time.perf_counter() - started
core.recognize(trained, paths[0])
started = time.perf_counter()
for path in paths:
    core.recognize(trained, path)
seconds["recogniser, WAV to label"] = time.perf_counter() - started
print(json.dumps(seconds))
"""


def run(tree: Path, paths: list[Path]) -> dict[str, float]:
    """Seconds of every step for the recordings, in the version that lies in `tree`."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    how = {"cwd": tree, "env": os.environ | threads, "check": True, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, *(str(path.resolve()) for path in paths)]
    return json.loads(subprocess.run(command, **how).stdout.splitlines()[-1])


def compare(before: Path, corpus: Path, n_files: int, rounds: int) -> tuple[list[dict], list[list[str]]]:
    """Rows for the table of speed, and lines for all recordings of the corpus."""
    recordings = sorted(corpus.rglob("*.wav"))
    chosen = recordings[:: max(1, len(recordings) // n_files)][:n_files]
    runs = {"before": [], "after": []}
    for _ in range(rounds):
        runs["before"].append(run(before, chosen))
        runs["after"].append(run(ROOT, chosen))
    rows, lines = [], []
    for step in runs["after"][0]:
        seconds = {side: [one[step] for one in of_side] for side, of_side in runs.items()}
        row = timing.comparison(f"{step}, {corpus.name}", "after", "before", seconds, len(chosen))
        rows.append(row)
        whole = [statistics.median(seconds[side]) / len(chosen) * len(recordings) for side in ("before", "after")]
        spread = f"{row['ratio']:.2f} [{row['least']:.2f} .. {row['greatest']:.2f}]"
        name = f"{corpus.name}, {len(recordings)} recordings"
        lines.append([name, step, *(f"{value:.1f} s" for value in whole), spread])
    return rows, lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.before_after",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--before", type=Path, required=True, metavar="TREE", help="a checkout of the earlier version")
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="DIR", help="WAV trees; default: synthetic")
    parser.add_argument("--files", type=int, default=12, metavar="N", help="recordings of each corpus; default: 12")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--store", action="store_true", help="keep the result for the table in BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if not (options.before / "experiments" / "inputs").is_dir():
        print(f"error: {options.before}: no checkout of this project", file=sys.stderr)
        return BAD_INPUT
    with tempfile.TemporaryDirectory() as scratch:
        if not options.data:
            synthetic_corpus(Path(scratch) / "synthetic")
        corpora = options.data or [Path(scratch) / "synthetic"]
        for corpus in corpora:
            if not any(corpus.rglob("*.wav")):
                print(f"error: {corpus}: no WAV files", file=sys.stderr)
                return BAD_INPUT
        lines = []
        for corpus in corpora:
            rows, more = compare(options.before, corpus, options.files, options.rounds)
            lines += more
            for row in rows:
                timing.show(row)
    table = {"header": HEADER, "rows": lines}
    print(markdown.table(HEADER, lines))
    if options.store:
        timing.store("before_after", [], {"tables": {"before and after": table}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
