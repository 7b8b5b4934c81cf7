"""Checks whether training, test and validation share recordings: copies, recordings that sound alike, takes, speakers.

    python -m experiments.audit TRAINING TEST                  two folders of recordings
    python -m experiments.audit TRAINING TEST VALIDATION       compares validation with both
    python -m experiments.audit train.txt test.txt --json      takes lists of paths, one per line; prints JSON

A copy has the same samples. Recordings sound alike if one is a louder, shorter, resampled, encoded or slightly noisy
version of the other. Two takes of one sentence do not sound alike; they are counted separately.
Exit status: 0 only takes and speakers are shared, 1 two sides share copies or similar recordings, 2 bad input.

Copies are found by the hash of their samples and similar sounds by a fingerprint (similar.py), never by name. Takes
and speakers are taken from file names, in RAVDESS and EMO-DB.
"""

import argparse
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import AudioError
from dsp.files.commands import DONE, NO, exit_status
from dsp.files.naming import printable
from experiments.data.corpora import CorpusError, complete
from experiments.data.leakage import digests
from experiments.data.recordings import read_mono
from experiments.data.similar import THRESHOLD, bits, similarities

ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au")
NAMES = (  # the speaker, and the take: speaker, words, emotion and intensity without the repetition
    re.compile(r"03-01-(?P<words>\d\d-\d\d-\d\d)-\d\d-(?P<speaker>\d\d)\.\w+"),  # RAVDESS: emotion, intensity, words
    re.compile(r"(?P<speaker>\d\d)(?P<words>[ab]\d\d[A-Z])[a-z]\.\w+"),  # EMO-DB: words, emotion
)
N_EXAMPLES = 5


@dataclass(frozen=True)
class Recordings:
    """The files of one side: paths, hashes of samples, fingerprints; speakers and takes if all names state them."""

    name: str
    paths: tuple[Path, ...]
    content: np.ndarray
    fingerprints: list[np.ndarray]
    speakers: np.ndarray | None
    takes: np.ndarray | None


def recordings_of(source: Path) -> Recordings:
    """The recordings in a folder and its subfolders, or those listed in a text file, one path per line.

    Raises
    ------
    CorpusError  one line: the folder or list is missing or names no recording, a file is missing, or a recording
        cannot be read (with the number of further ones).

    Checked: tests/test_similar_recordings_are_found.py
    """
    paths = _listed(source) if source.is_file() else _found(source)
    with ThreadPoolExecutor() as threads:
        parts = complete(list(threads.map(_read, paths)))
    content, fingerprints = zip(*parts, strict=True)
    matches = [next((m for pattern in NAMES if (m := pattern.fullmatch(path.name))), None) for path in paths]
    known = all(matches)
    return Recordings(
        str(source),
        tuple(paths),
        np.array(content),
        list(fingerprints),
        np.array([match["speaker"] for match in matches]) if known else None,
        np.array([f"{match['speaker']} {match['words']}" for match in matches]) if known else None,
    )


def _found(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CorpusError(f"{printable(folder)}: no such folder, nor a text file of paths")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not paths:
        raise CorpusError(f"{printable(folder)}: no recordings ({', '.join(ENDINGS)}) in it or its folders")
    return paths


def _listed(listing: Path) -> list[Path]:
    try:
        lines = [line.strip() for line in listing.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise CorpusError(f"{printable(listing)}: not a text file of paths, one per line") from None
    paths = [listing.parent / line for line in lines]
    missing = [path for path in paths if not path.is_file()]
    if missing or not paths:
        named = (
            f"{len(missing)} of its {len(paths)} files are missing, such as {printable(missing[0])}" if paths else ""
        )
        raise CorpusError(f"{printable(listing)}: {named or 'it names no files'}")
    return paths


def _read(path: Path) -> tuple[str, np.ndarray] | ValueError:
    try:
        signal, sample_rate, _ = read_mono(path)
        return digests([signal])[0], bits(signal, sample_rate)
    except AudioError as error:
        return error
    except ValueError as error:
        return ValueError(f"{printable(path)}: {error}")


def within(side: Recordings) -> dict:
    """Copies inside one side: {"files", "distinct", "distinct_sounds"}. Recordings that sound alike count once.

    Checked: tests/test_similar_recordings_are_found.py
    """
    _, first = np.unique(side.content, return_index=True)
    different = [side.fingerprints[i] for i in sorted(first)]
    alike = similarities(different, different, same=True) >= THRESHOLD
    groups = list(range(len(different)))
    for i, j in zip(*np.nonzero(alike), strict=True):
        groups = [groups[i] if group == groups[j] else group for group in groups]
    return {"files": len(side.paths), "distinct": len(different), "distinct_sounds": len(set(groups))}


def between(asked: Recordings, known: Recordings) -> dict:
    """What the files of `asked` share with those of `known`: counts of files in `asked`, and the first examples.

    copies    same samples;  similar  same sound, including copies;  examples  [file, most similar file, similarity]
    shared_speakers, shared_takes  None if names do not state them

    Checked: tests/test_similar_recordings_are_found.py
    """
    copies = np.isin(asked.content, known.content)
    likeness = similarities(asked.fingerprints, known.fingerprints)
    best, nearest = likeness.max(1), likeness.argmax(1)
    similar = np.flatnonzero(copies | (best >= THRESHOLD))
    examples = [
        [str(asked.paths[i]), str(known.paths[nearest[i]]), round(float(best[i]), 3)] for i in similar[:N_EXAMPLES]
    ]
    return {
        "files": len(asked.paths),
        "copies": int(copies.sum()),
        "similar": len(similar),
        "shared_speakers": _shared(asked.speakers, known.speakers),
        "shared_takes": _shared(asked.takes, known.takes),
        "examples": examples,
    }


def _shared(asked: np.ndarray | None, known: np.ndarray | None) -> int | None:
    return None if asked is None or known is None else int(np.isin(asked, known).sum())


def audit(training: Recordings, test: Recordings, validation: Recordings | None = None) -> dict:
    """The report: the contents of each side, and what each pair of sides shares.

    Checked: tests/test_similar_recordings_are_found.py
    """
    report = {"training": within(training), "test": within(test), "test in training": between(test, training)}
    if validation is not None:
        report |= {"validation": within(validation), "validation in training": between(validation, training)}
        report["test in validation"] = between(test, validation)
    return report


def leaks(report: dict) -> bool:
    """Whether two sides share a recording."""
    return any(part["similar"] for name, part in report.items() if " in " in name)


def describe(report: dict) -> str:
    """The report in a few lines for people."""
    lines = []
    for name, part in report.items():
        if " in " not in name:
            line = f"{name}: {part['files']} files, {part['distinct']} distinct"
            lines.append(line + f", {part['distinct_sounds']} sounds" * (part["distinct_sounds"] < part["distinct"]))
            continue
        line = f"{name}: {part['files']} files, {part['copies']} are copies, {part['similar']} sound alike"
        for kind in ("takes", "speakers"):
            shared = part[f"shared_{kind}"]
            line += "" if shared is None else f", {shared} share their {kind.removesuffix('s')}"
        lines.append(line)
        lines += [f"  {printable(a)} is like {printable(b)} ({similarity})" for a, b, similarity in part["examples"]]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("training", type=Path, metavar="TRAINING", help="a folder, or a text file of paths")
    parser.add_argument("test", type=Path, metavar="TEST", help="likewise")
    parser.add_argument("validation", type=Path, metavar="VALIDATION", nargs="?", help="likewise; may be left out")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    options = parser.parse_args(arguments)
    sources = [source for source in (options.training, options.test, options.validation) if source is not None]
    return exit_status(lambda: run(sources, options.json))


def run(sources: list[Path], as_json: bool) -> int:
    """Prints the report; NO if two sides share a recording."""
    report = audit(*(recordings_of(source) for source in sources))
    print(json.dumps(report, indent=1) if as_json else describe(report))
    return NO if leaks(report) else DONE
