"""A convention at work on one recording, every stage drawn: from the waveform to cepstra and back to an envelope.

    python -m experiments.trace [WAV] [--convention NAME] [--out FOLDER]

Writes a figure per stage (01_waveform.png ... 11_envelope.png, those that the convention has), pipeline.png with all
of them on one page, and the numbers: trace.npz and trace.mat. Without WAV it takes an utterance of the synthetic
corpus. Needs NumPy, Numba and matplotlib; soundfile for a WAV.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from dsp import CONVENTIONS, save_trace
from dsp.audio import read_one_channel
from dsp.conventions import named
from dsp.files.commands import exit_status
from dsp.files.naming import figure_label, printable
from experiments.common.paths import RUNS
from experiments.data.synthetic import SAMPLE_RATE as SYNTHETIC_RATE
from experiments.data.synthetic import VOICES, synthesize
from experiments.figures.matlab import check_drawable
from experiments.figures.trace.data import traced
from experiments.figures.trace.pages import STAGES, draw, stages_of


def recording(wav: Path | None) -> tuple[np.ndarray, int, str]:
    """(signal, sample_rate, title); the synthetic utterance without a file.

    Raises AudioError, one line, as read_audio does, and for several channels or more than 60 s.
    """
    if wav is None:
        return synthesize(VOICES[0], 0, "happy"), SYNTHETIC_RATE, "synthetic utterance"
    signal, sample_rate = read_one_channel(wav, "traces")
    check_drawable(wav, signal, sample_rate, "a trace is")
    return signal, sample_rate, figure_label(wav)


def draw_and_tell(wav: Path | None, convention: str, out: Path) -> None:
    if wav is None:
        print("SYNTHETIC: tones and noise made by this program, not speech; WAV draws a recording")
    signal, sample_rate, title = recording(wav)
    t = traced(signal, sample_rate, convention, title)
    paths = draw(out, t)
    for name in ("trace.npz", "trace.mat"):
        save_trace(out / name, t.steps)
        paths.append(out / name)
    print("\n".join(map(printable, paths)))
    missing = [stage for stage in STAGES if stage not in stages_of(t)]
    if missing:
        print(f"{convention} has no {', '.join(missing)}")


def main(arguments: list[str] | None = None) -> int:
    name = "python -m experiments.trace"
    parser = argparse.ArgumentParser(
        prog=name, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wav", nargs="?", type=Path, metavar="WAV", help="a recording of one channel")
    parser.add_argument("--convention", default="librosa", metavar="NAME", help=", ".join(CONVENTIONS))
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: experiments/runs/trace/NAME")
    options = parser.parse_args(arguments)
    out = options.out or RUNS / "trace" / options.convention
    return exit_status(lambda: named(options.convention), "--convention", out) or exit_status(
        lambda: draw_and_tell(options.wav, options.convention, out), options.wav or "synthetic utterance", out
    )


if __name__ == "__main__":
    sys.exit(main())
