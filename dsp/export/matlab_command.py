"""python -m dsp.export matlab CONVENTION --sample-rate HZ --out FILE.m: its arguments and its report."""

import argparse

from dsp.export.matlab_code import write_matlab
from dsp.export.options import add_convention, convention_of
from dsp.files.naming import printable

SUMMARY = "a convention as one MATLAB function, for GNU Octave too, that returns every step"
DESCRIPTION = """\
Writes a convention as one MATLAB function without toolboxes, which GNU Octave runs too.

  python -m dsp.export matlab kaldi --sample-rate 16000 --out kaldi_mfcc.m
  python -m dsp.export matlab librosa --sample-rate 22050 --kind log_mel --set dynamic_range=none --out librosa_mel.m

In MATLAB: [features, steps] = kaldi_mfcc(audioread('speech.wav')) returns the features, one column a frame, and every
step on the way to them: steps.frames, steps.windowed, steps.spectrum, steps.mel, steps.log_mel, steps.cepstrum ..
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_convention(parser)
    parser.add_argument("--out", required=True, metavar="FILE.m", help="the file; its name is that of the function")
    parser.add_argument(
        "--kind", choices=("mfcc", "log_mel"), help="the features (default: cepstra, if the convention has them)"
    )


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for."""
    file = write_matlab(convention_of(options), options.sample_rate, options.out, kind=options.kind)
    size = file.path.stat().st_size / 1e3
    print(f"{printable(options.out)}: {size:.1f} kB; [features, steps] = {file.name}(samples), {file.kind}")
