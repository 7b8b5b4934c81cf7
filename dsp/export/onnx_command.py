"""python -m dsp.export onnx CONVENTION --sample-rate HZ --out FILE: its arguments and its report."""

import argparse
import os

from dsp.export.onnx_file import onnx
from dsp.export.options import add_convention, convention_of
from dsp.files.commands import check_output_file
from dsp.files.naming import printable

SUMMARY = "a convention as an ONNX graph for phones and browsers: samples in, features out"
DESCRIPTION = """\
Writes a convention as an ONNX graph: samples in, features out, in plain operators that every ONNX runtime has.

  python -m dsp.export onnx kaldi --sample-rate 16000 --out kaldi.onnx
  python -m dsp.export onnx kaldi_fbank --sample-rate 16000 --set n_mels=40 --out fbank40.onnx
  python -m dsp.export onnx librosa --sample-rate 22050 --kind log_mel --form exact --out librosa.onnx

The graph takes waveform (batch, samples), float32 in -1 .. 1, and gives features (batch, rows, frames). All signals of
a batch have one length. Metadata say the sample rate, the convention, its fingerprint and the tolerance.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_convention(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="the file, such as kaldi.onnx")
    parser.add_argument(
        "--kind", choices=("mfcc", "log_mel"), help="the features (default: cepstra, if the convention has them)"
    )
    parser.add_argument(
        "--form",
        choices=("small", "exact"),
        default="small",
        help="small: the DFT as two matrix products; exact: one convolution, less rounding and a large file "
        "(default: small)",
    )


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for."""
    check_output_file(options.out)
    about = onnx(convention_of(options), options.sample_rate, options.out, kind=options.kind, form=options.form)
    size = os.path.getsize(options.out) / 1e3
    print(
        f"{printable(options.out)}: {about['kind']} at {about['sample_rate']} Hz, {size:.0f} kB, within "
        f"{about['tolerance']} of dsp ({about['unit']}); fingerprint {about['fingerprint']}"
    )
