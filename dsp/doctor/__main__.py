"""Which convention produced a matrix of features, and what differs between two.

    python -m dsp.doctor FEATURES --audio WAV            the tool and the settings behind a file
    python -m dsp.doctor A B [--audio WAV]               what differs between two files
    python -m dsp.doctor --profiles librosa htk          what differs between two tools, without any file

FEATURES, A, B: .npy, .npz, .csv, .txt, .mat, HTK (.htk, .mfc, .fea ..) or Kaldi (.ark); FILE:NAME picks one matrix of
several. Ends with 0 if everything is explained, 1 if not, 2 if something cannot be read.
"""

import argparse
import json
import sys
from pathlib import Path

from dsp.audio import read_one_channel
from dsp.doctor import compare, identify, profile_diff
from dsp.doctor.report import dict_of, dict_of_comparison, text_of, text_of_comparison
from dsp.feature_files import read_features


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit status."""
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except (ValueError, OSError) as error:
        print(f"dsp.doctor: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    found = argparse.ArgumentParser(prog="python -m dsp.doctor", description=__doc__.split("\n\n")[0])
    found.add_argument("features", nargs="*", help="one file of features, or two")
    found.add_argument("--audio", type=Path, help="the recording that they were computed from, one channel")
    found.add_argument("--profiles", nargs=2, metavar="PRESET", help="two presets to compare")
    found.add_argument("--rate", type=float, default=16_000, help="Hz, for --profiles (16000)")
    found.add_argument("--seconds", type=float, default=9.0, help="of the processor, for the search (9)")
    found.add_argument("--json", action="store_true", help="one JSON object instead of text")
    return found


def run(options) -> int:
    """Does what the options ask for."""
    if options.profiles:
        found = profile_diff(*options.profiles, sample_rate=options.rate)
        print(json.dumps(found.as_dict(), indent=1) if options.json else found.text())
        return 0
    if len(options.features) not in (1, 2):
        raise ValueError("one file of features (with --audio), two files, or --profiles is expected")
    matrices = [read_features(*named_matrix(path)) for path in options.features]
    signal, rate = recording(options.audio) if options.audio else (None, None)
    if len(matrices) == 1:
        if signal is None:
            raise ValueError("the recording is missing: --audio WAV (without it two files can be compared)")
        found = identify(matrices[0], signal, rate, options.seconds)
        print(json.dumps(dict_of(found), indent=1) if options.json else text_of(found))
        return int(found.verdict == "unexplained")
    names = tuple(Path(path).name for path in options.features)
    if names[0] == names[1]:
        names = tuple(options.features)
    found = compare(*matrices, signal, rate, names, options.seconds)
    print(json.dumps(dict_of_comparison(found), indent=1) if options.json else text_of_comparison(found))
    return int(found.verdict not in ("equal", "explained"))


def named_matrix(path: str) -> tuple[str, str | None]:
    """FILE:NAME apart, where FILE:NAME is not itself a file."""
    if Path(path).exists() or ":" not in path:
        return path, None
    file, name = path.rsplit(":", 1)
    return (file, name) if Path(file).exists() else (path, None)


def recording(path: Path):
    """The samples and the rate of a recording of one channel; AudioError for more."""
    return read_one_channel(path)


if __name__ == "__main__":
    sys.exit(main())
