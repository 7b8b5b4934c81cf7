"""Draws every stage of a convention on one recording: from the waveform to cepstra and back to a spectral envelope.

    python -m experiments.trace [--audio FILE] [--convention NAME] [--out DIR]

Example: python -m experiments.trace --audio speech.wav --convention kaldi --out trace

Writes one figure per stage that the convention has (01_waveform.png ... 11_envelope.png), pipeline.png with all of
them on one page, and the numbers as trace.npz and trace.mat. Without --audio it takes an utterance of the synthetic
corpus. Needs NumPy, Numba and matplotlib; soundfile to read a recording.

Exit status: 0 drawn, 2 bad input, 130 interrupted.
"""

from dsp.files.commands import exit_without

exit_without("matplotlib", feature="drawing", extra="train")

import argparse
import sys
from pathlib import Path

import numpy as np

from dsp import CONVENTIONS, save_trace
from dsp.audio import read_one_channel
from dsp.conventions import named
from dsp.files.commands import check_output_folder, check_written, exit_status
from dsp.files.naming import figure_label, printable
from experiments.common.paths import RUNS
from experiments.data.synthetic import SAMPLE_RATE as SYNTHETIC_RATE
from experiments.data.synthetic import VOICES, synthesize
from experiments.figures.matlab import check_drawable
from experiments.figures.trace.data import traced
from experiments.figures.trace.pages import STAGES, draw, stages_of


def read_recording(path: Path | None) -> tuple[np.ndarray, int, str]:
    """(signal, sample_rate, title) of a file, or of the synthetic utterance without one.

    Raises AudioError, one line, as read_audio does, and for several channels or more than 60 s.
    """
    if path is None:
        return synthesize(VOICES[0], 0, "happy"), SYNTHETIC_RATE, "synthetic utterance"
    signal, sample_rate = read_one_channel(path, "traces")
    check_drawable(path, signal, sample_rate, "a trace is")
    return signal, sample_rate, figure_label(path)


def draw_and_print(audio: Path | None, convention: str, out: Path) -> None:
    """Draws everything and prints the paths and the stages that the convention does not have."""
    check_output_folder(out)
    if audio is None:
        print("SYNTHETIC: tones and noise made by this program, not speech; --audio FILE draws a recording")
    signal, sample_rate, title = read_recording(audio)
    t = traced(signal, sample_rate, convention, title)
    paths = draw(out, t)
    for name in ("trace.npz", "trace.mat"):
        save_trace(out / name, t.steps)
        paths.append(out / name)
    check_written(paths)
    print("\n".join(map(printable, paths)))
    missing = [stage for stage in STAGES if stage not in stages_of(t)]
    if missing:
        print(f"{convention} has no {', '.join(missing)}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.trace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--audio", type=Path, metavar="FILE", help="a recording of one channel; default: a synthetic one"
    )
    parser.add_argument(
        "--convention", default="librosa", metavar="NAME", help=f"one of {', '.join(CONVENTIONS)}; default: librosa"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: experiments/runs/trace/<convention>")
    options = parser.parse_args(arguments)
    out = options.out or RUNS / "trace" / options.convention
    return exit_status(lambda: named(options.convention), "--convention", out) or exit_status(
        lambda: draw_and_print(options.audio, options.convention, out), options.audio or "synthetic utterance", out
    )


if __name__ == "__main__":
    sys.exit(main())
