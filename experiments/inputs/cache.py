"""Inputs of a whole corpus, computed once and stored in a memory-mapped file.

A corpus and a front end have two files: <corpus>-<front end>.npy with one row per recording, and a .json file with the
hash of the samples, the identity of the front end and the checksum of each row. A row is computed again if one of the
three does not match. So changed recordings, interrupted runs and damaged files cost only the rows that are missing.
"""

import json
import time
import zlib
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dsp.files.processes import available_cores, mapped
from dsp.files.writing import write_atomically, write_text_atomically
from experiments.common.locks import exclusive_lock
from experiments.common.paths import FEATURES
from experiments.data.corpora import Corpus, complete
from experiments.data.recordings import Survey, of_file, survey
from experiments.inputs.front_end import FrontEnd

BLOCK = 32  # rows between two notes of what is finished


def load(
    corpus: Corpus, front_end: FrontEnd, folder=FEATURES, workers: int | None = None, found: Survey | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The front end's features of all recordings. Prints how many were read, reused and computed.

    Worker processes are used because threads share one interpreter: for WITH_COPIES two threads are 1.2 times as fast
    as one, two processes 1.7 times. The features are float32; float16 would err by up to 0.03 dB.

    Parameters
    ----------
    corpus : Corpus; its name is part of the file names
    folder : for the files; about 0.7 MB per recording for WITH_COPIES
    found : survey(corpus), if the caller has it already
    workers : number of processes; None uses one per core, 1 uses this process only

    Returns
    -------
    features : (n, *front_end.shape) float32, read-only, memory-mapped
    content : (n,) strings, the hash of each recording's samples, for the leakage audit

    Raises
    ------
    CorpusError  one line: the first file that cannot be used, the rule, and the number of further ones. The features
        of the other files are kept.
    OSError  if the files cannot be written, or a worker was killed.

    Checked: tests/test_inputs_are_kept.py
    """
    found = found or survey(corpus)
    print(found.describe(corpus))
    path = Path(folder) / f"{corpus.name}-{front_end.name}.npy"
    made_by = front_end.identity()
    keys = [f"{content} {rate} Hz {made_by}" for content, rate in zip(found.content, found.rates, strict=True)]
    with exclusive_lock(path.parent):  # a second process uses what the first has computed
        rows = _finished(path, (len(corpus), *front_end.shape), keys)
        missing = [i for i, row in enumerate(rows) if row is None]
        if missing:
            began = time.perf_counter()
            _compute(corpus, front_end, path, keys, rows, missing, workers or available_cores())
            seconds = time.perf_counter() - began
            print(f"{path.stem}: {len(rows) - len(missing)} files kept, {len(missing)} computed in {seconds:.0f} s")
    return np.load(path, mmap_mode="r"), found.content


def _finished(path: Path, shape: tuple[int, ...], keys: list[str]) -> list:
    """[key, checksum] of each intact row, None for the others. Creates the file if necessary."""
    journal = path.with_suffix(".json")
    nothing = [None] * len(keys)
    if not journal.exists():
        _begin(path, shape)
        return nothing
    try:
        noted = json.loads(journal.read_text(encoding="utf-8"))
        kept = np.load(path, mmap_mode="r")
        if not (isinstance(noted, list) and all(row is None or len(row) == 2 for row in noted)):
            raise ValueError("not a list of rows")
    except (OSError, ValueError, TypeError, EOFError) as error:
        print(f"{path}: damaged ({error}); its features are computed again")
        _begin(path, shape)
        return nothing
    if kept.shape != shape or kept.dtype != np.float32 or len(noted) != len(keys):
        _begin(path, shape)
        return nothing
    rows = [row if row and row[0] == key else None for row, key in zip(noted, keys, strict=True)]
    broken = [i for i, row in enumerate(rows) if row and zlib.crc32(kept[i]) != row[1]]
    if broken:
        print(f"{path}: damaged, {len(broken)} of {len(rows)} rows; these are computed again")
    for i in broken:
        rows[i] = None
    return rows


def _begin(path: Path, shape: tuple[int, ...]) -> None:
    """Replaces the file by one of zeros, atomically, because others may still be reading the old one."""
    path.with_suffix(".json").unlink(missing_ok=True)
    write_atomically(path, lambda new: np.lib.format.open_memmap(new, "w+", np.float32, shape).flush())


def _compute(corpus, front_end, path: Path, keys: list[str], rows: list, missing: list[int], workers: int) -> None:
    """Fills the missing rows. In any case, the journal records the finished ones."""
    offset, row_bytes = _layout(path)
    paths = [corpus.paths[i] for i in missing]
    results = mapped(partial(_features_of_file, front_end), paths, min(workers, len(paths)))
    errors = []
    with open(path, "r+b") as file, closing(results):
        try:
            progress = tqdm(results, total=len(missing), desc=path.stem, unit="file", leave=False)
            for done, (i, result) in enumerate(zip(missing, progress, strict=True), 1):
                if isinstance(result, ValueError):
                    errors.append(result)
                    continue
                file.seek(offset + i * row_bytes)
                file.write(result.tobytes())
                rows[i] = [keys[i], zlib.crc32(result)]
                if done % BLOCK == 0:
                    _note(path, file, rows)
        finally:
            _note(path, file, rows)
    complete(errors)


def _layout(path: Path) -> tuple[int, int]:
    """The offset of row 0 in the file, and the number of bytes per row."""
    kept = np.load(path, mmap_mode="r")
    return kept.offset, kept[0].nbytes


def _note(path: Path, file, rows: list) -> None:
    file.flush()  # first the rows, then the journal that lists them
    text = json.dumps(rows, indent=0)
    write_text_atomically(path.with_suffix(".json"), text)


def _features_of_file(front_end: FrontEnd, path: Path) -> np.ndarray | ValueError:
    features = of_file(path, front_end.features)
    if isinstance(features, ValueError):
        return features
    assert features.shape == front_end.shape and features.dtype == np.float32, front_end.name
    return features
