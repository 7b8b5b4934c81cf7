"""Reads damaged copies of files in a process whose memory is limited; prints what became of them as JSON.

    python -m tests.read_mutants COUNT SEED MEGABYTES FILE ...

FILE.wav, .flac ... goes through dsp.read_audio, a file of features through dsp.read_features, with and without a name.
Status 0: all COUNT copies of every file were read or refused in one line, and none needed more than MEGABYTES beyond
what the process held before. A copy that is refused because its samples do not fit into the memory is a failure.
"""

import contextlib
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dsp import AudioError, FeatureFileError, read_audio, read_features
from dsp.feature_files import READERS
from dsp.files.naming import printable

EXTREMES = (0, 1, -1, 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**40, 2**62, 2**63 - 1, -(2**63))
MARKS = b",;.\t\n\"'[]{}()@#%?:|_-+eE019 nN"


def mutants(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Damaged copies: bytes and integers of a header replaced, parts cut off, doubled, dropped or exchanged."""
    rng = np.random.default_rng(seed)
    header = min(len(data), 400)
    for i in range(count):
        copy = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            kind = int(rng.integers(9)) if i % 2 else 0  # every other copy has integers that lie, and only these
            at = int(rng.integers(header if rng.random() < 0.8 else len(data)))
            if kind <= 1:
                size = int(rng.choice([1, 2, 4, 8]))
                value = EXTREMES[rng.integers(len(EXTREMES))] if rng.random() < 0.8 else int(rng.integers(2**31))
                order = "little" if rng.random() < 0.5 else "big"
                copy[at : at + size] = (value % 2 ** (8 * size)).to_bytes(size, order)
            elif kind == 2:
                copy[at : at + 4] = rng.bytes(4)
            elif kind == 3:
                del copy[at:]
            elif kind == 4:
                del copy[at : at + int(rng.integers(1, 40))]
            elif kind == 5:
                copy[at:at] = rng.bytes(int(rng.integers(1, 40)))
            elif kind == 6:
                copy[at:at] = copy[at : at + int(rng.integers(1, 40))]
            elif kind == 8:  # what text files are made of
                copy[at : at + int(rng.integers(2))] = bytes([MARKS[rng.integers(len(MARKS))]])
            elif copy:
                copy[at % len(copy)] ^= 1 << int(rng.integers(8))
        yield bytes(copy)


def read(path: Path) -> None:
    """Whatever reads such a file; the error of a refusal."""
    if path.suffix not in READERS:
        read_audio(path)
        return
    try:
        read_features(path)
    except FeatureFileError:
        read_features(path, "mfcc")
        raise


def main(count: int, seed: int, megabytes: int, paths: list[Path]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / path.name for path in paths]
        for path, copy in zip(paths, copies, strict=True):
            copy.write_bytes(path.read_bytes())
            with contextlib.suppress(FeatureFileError):  # several matrices
                read(copy)  # whatever is imported or allocated once is there now
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + megabytes * 2**20,) * 2)
        counts = {copy.name: read_all(copy, count, seed) for copy in copies}
    print(json.dumps(counts))
    return 0


def read_all(copy: Path, count: int, seed: int) -> dict[str, int]:
    """Every mutant of the file, written over it and read; SystemExit with a line about the first that fails."""
    refused, longest = 0, 0
    for i, data in enumerate(mutants(copy.read_bytes(), count, seed)):
        copy.write_bytes(data)
        try:
            read(copy)
        except (AudioError, FeatureFileError) as error:
            line = str(error)
            refused, longest = refused + 1, max(longest, len(line))
            is_whole = line.startswith(f"{copy}: ") and len(line.splitlines()) == 1 and line == printable(line)
            if not is_whole or "memory" in line.lower() or "Unable to allocate" in line:
                sys.exit(f"{copy.name}, mutant {i}: {line!r}")
        except BaseException as error:
            sys.exit(f"{copy.name}, mutant {i}: {type(error).__name__}: {error}")
    return {"read": count - refused, "refused": refused, "longest": longest}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4]), [Path(argument) for argument in sys.argv[4:]]))
