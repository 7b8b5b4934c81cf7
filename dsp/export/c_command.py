"""python -m dsp.export c CONVENTION --sample-rate HZ --out FOLDER: its arguments and its report."""

import argparse
import re
from pathlib import Path

from dsp.engine.extract import FeatureKind
from dsp.export.c_code import write_c
from dsp.export.generated import default_name
from dsp.export.options import add_convention, convention_of
from dsp.files.naming import printable

SUMMARY = "a convention as one C99 file with a streaming interface, for microcontrollers and other programs"
DESCRIPTION = """\
Writes a convention as C99: NAME.c with its tables, NAME.h, and NAME_demo.c, which prints the features of a WAV file.

  python -m dsp.export c kaldi --sample-rate 16000 --out firmware
  python -m dsp.export c librosa --sample-rate 22050 --kind log_mel --precision double --out port
  cc -O2 firmware/kaldi_mfcc.c firmware/kaldi_mfcc_demo.c -lm -o demo && ./demo speech.wav

The header explains the functions. Nothing is allocated; the caller provides the state, whose size is printed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_convention(parser)
    parser.add_argument("--out", required=True, metavar="FOLDER", help="of the three files; created if need be")
    parser.add_argument(
        "--kind", choices=("mfcc", "log_mel"), help="the features (default: cepstra, if the convention has them)"
    )
    parser.add_argument(
        "--precision", choices=("float", "double"), default="float", help="of all numbers (default: float)"
    )
    parser.add_argument("--name", metavar="NAME", help="of files and functions (default: convention and kind)")


def run(options: argparse.Namespace) -> None:
    """Does what the options ask for."""
    c = convention_of(options)
    kind: FeatureKind = options.kind or ("log_mel" if c.n_mfcc is None else "mfcc")
    name = options.name or default_name(re.sub(r"\.toml$", "", Path(options.convention).name), c, kind)
    files = write_c(c, options.sample_rate, options.out, kind=kind, precision=options.precision, name=name)
    size = files.source.stat().st_size / 1e3
    print(
        f"{printable(options.out)}: {files.name}.c ({size:.0f} kB), .h and _demo.c; {files.rows} numbers a frame, "
        f"a state of {files.state_bytes} bytes"
    )
    if files.latency is None:
        print(f"  whole clips only, because of {', '.join(files.whole_clip)}")
    else:
        print(f"  streams; frame t has come out when t * hop + {files.latency} samples are there")
