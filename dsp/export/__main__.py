"""The command: files for programs in other languages. One subcommand a kind of file; COMMANDS lists them.

python -m dsp.export golden FOLDER [--presets NAME ..] [--sample-rate HZ]
python -m dsp.export onnx CONVENTION --sample-rate HZ --out FILE [--kind KIND] [--form FORM] [--set NAME=VALUE ..]
python -m dsp.export c CONVENTION --sample-rate HZ --out FOLDER [--kind KIND] [--precision float|double] [--set ..]
python -m dsp.export matlab CONVENTION --sample-rate HZ --out FILE.m [--kind KIND] [--set ..]
"""

import argparse
import sys
from typing import Any

from dsp.export import c_command, golden_command, matlab_command, onnx_command
from dsp.files.commands import exit_status

# name -> module with SUMMARY, DESCRIPTION, add_arguments(parser), which adds `out`, and run(options)
COMMANDS: dict[str, Any] = {
    "golden": golden_command,
    "onnx": onnx_command,
    "c": c_command,
    "matlab": matlab_command,
}
DESCRIPTION = """\
Writes what programs in other languages need to compute the same features.

  python -m dsp.export golden FOLDER                          all presets
  python -m dsp.export golden FOLDER --presets kaldi whisper  some of them
  python -m dsp.export golden FOLDER --presets my_course.toml a convention of your own
  python -m dsp.export onnx kaldi --sample-rate 16000 --out kaldi.onnx
  python -m dsp.export c kaldi --sample-rate 16000 --out firmware
  python -m dsp.export matlab kaldi --sample-rate 16000 --out kaldi_mfcc.m
"""
EPILOG = "Exit status: 0 done, 2 bad input or usage, 130 interrupted."


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parser().parse_args(arguments)
    return exit_status(lambda: COMMANDS[options.command].run(options), target=options.out)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    raw = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(
        prog="python -m dsp.export", description=DESCRIPTION, epilog=EPILOG, formatter_class=raw
    )
    kinds = made.add_subparsers(required=True, dest="command", metavar="KIND")
    for name, command in COMMANDS.items():
        one = kinds.add_parser(
            name, help=command.SUMMARY, description=command.DESCRIPTION, epilog=EPILOG, formatter_class=raw
        )
        command.add_arguments(one)
    return made


if __name__ == "__main__":
    sys.exit(main())
