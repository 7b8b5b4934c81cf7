"""Reads an extracted corpus: the features of each item by its number, and what the index says about it."""

import json
import operator
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from numpy.typing import NDArray

from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.toml_files import load
from dsp.corpus.formats import FORMATS
from dsp.corpus.layout import CONVENTION, INDEX, SETTINGS, read_settings
from dsp.files.content import FeatureFileError
from dsp.files.naming import file_error_line
from dsp.files.reading import open_regular_file

FIELDS = {  # of a line of the index, and what JSON makes of them
    "path": str,
    "name": str,
    "file": str,
    "offset": int,
    "rows": int,
    "frames": int,
    "speaker": str,
    "label": str,
    "fingerprint": str,
    "sha256": str,
}


class Features:
    """The features of an extracted corpus. `open_features` makes one.

    len(f) is the number of items, f[i] the features of item i, (rows, frames), in the dtype they were stored in. Only
    the index stays in memory; an item is read when it is asked for, so any number of processes may use one Features.

    Attributes
    ----------
    index : list of dicts, one for each item: path (of the recording, as the manifest has it), name, start, end (s),
        channel, speaker, label, rows, frames, file (relative to the folder), offset (the byte in the file at which the
        numbers begin; in Parquet the row), fingerprint, sha256 (of the recording's file)
    convention : Convention;  fingerprint : str, twelve hex digits of it
    sample_rate : int, Hz, at which the features were computed
    kind : "mfcc" or "log_mel";  dtype : "float32" or "float64";  format : one of FORMATS
    folder : Path

    Checked: tests/test_corpus_formats_read_back.py
    """

    def __init__(self, folder: Path, settings: dict[str, Any], convention: Convention, index: list[dict]) -> None:
        self.folder = folder
        self.index = index
        self.convention = convention
        self.fingerprint = fingerprint(convention)
        self.sample_rate: int = settings["sample_rate"]
        self.kind: str = settings["kind"]
        self.dtype: str = settings["dtype"]
        self.format: str = settings["format"]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, i: int) -> NDArray[Any]:
        item = self.index[operator.index(i)]
        path = self.folder / item["file"]
        try:
            return FORMATS[self.format].read(path, item["offset"], (item["rows"], item["frames"]), self.dtype)
        except OSError as error:
            raise FeatureFileError(file_error_line(error, path)) from None
        except ValueError as error:
            raise FeatureFileError(f"{path}: {error}") from None

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[i] for i in range(len(self)))

    def find(self, path: str | os.PathLike[str]) -> list[int]:
        """The numbers of the items of one recording, in order; a recording may have several parts or channels.

        Parameters
        ----------
        path : of the recording, as the manifest has it

        Raises
        ------
        ValueError  if the index has no item of that recording.
        """
        if not hasattr(self, "_by_path"):
            self._by_path: dict[str, list[int]] = {}
            for i, item in enumerate(self.index):
                self._by_path.setdefault(item["path"], []).append(i)
        found = self._by_path.get(os.fspath(path)) or self._by_path.get(str(PurePosixPath(path)))
        if not found:
            raise ValueError(f"no features of {os.fspath(path)!r} in {self.folder}")
        return list(found)


def open_features(out: str | os.PathLike[str]) -> Features:
    """Opens the features that `extract` wrote into a folder.

    Parameters
    ----------
    out : the folder, in any of the formats

    Returns
    -------
    features : Features; len(f), f[i] -> (rows, frames), f.index, f.find(path), f.convention, f.fingerprint,
        f.sample_rate

    Raises
    ------
    FeatureFileError (a ValueError)  if the folder is missing, holds no features, is not finished, or if its convention,
        its settings or its index are damaged or do not belong together.

    Source: none; a file format of this project. Checked: tests/test_corpus_formats_read_back.py
    """
    folder = Path(out)
    try:
        settings = read_settings(folder)
        if settings is None:
            raise FeatureFileError(f"{folder}: no features of a corpus ({SETTINGS} is missing)")
        if not (folder / INDEX).exists():
            raise FeatureFileError(f"{folder}: not finished, {INDEX} is missing; run the same dsp-extract again")
        convention = load(folder / CONVENTION)
        if fingerprint(convention) != settings["fingerprint"]:
            raise FeatureFileError(f"{folder}: {CONVENTION} is not the convention that {SETTINGS} names")
        index = _read_index(folder / INDEX, settings["fingerprint"])
    except OSError as error:
        raise FeatureFileError(file_error_line(error, folder)) from None
    except FeatureFileError:
        raise
    except ValueError as error:
        raise FeatureFileError(str(error)) from None
    return Features(folder, settings, convention, index)


def _read_index(path: Path, expected: str) -> list[dict[str, Any]]:
    index = []
    with open_regular_file(path) as file:
        for number, line in enumerate(file, 1):
            try:
                item = json.loads(line)
                for field, kind in FIELDS.items():
                    if type(item[field]) is not kind:
                        raise ValueError(f"{field} is {item[field]!r}")
                if min(item["offset"], item["rows"], item["frames"]) < 0:
                    raise ValueError("a negative size")
                file_name = PurePosixPath(item["file"])
                if file_name.is_absolute() or ".." in file_name.parts:
                    raise ValueError("file lies outside the folder")
                if item["fingerprint"] != expected:
                    raise ValueError(f"fingerprint {item['fingerprint']!r}, {expected!r} is expected")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise FeatureFileError(f"{path}: line {number} is damaged ({type(error).__name__}: {error})") from None
            index.append(item)
    return index
