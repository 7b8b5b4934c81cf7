"""NumPy's .npy and .npz, and text: a row of numbers per line, as spreadsheets and savetxt write them."""

import io

import numpy as np

from dsp.files.content import Stored


def npy(data: bytes) -> dict[str, Stored]:
    """The array of a .npy file, under the name "". Pickled objects are refused."""
    array = _loaded("a .npy file", lambda: np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))
    return {"": Stored(array.shape, lambda: array)}


def npz(data: bytes) -> dict[str, Stored]:
    """Every array of a .npz file by its name, but those of pickled objects."""
    if not data.startswith(b"PK"):
        raise ValueError("not readable as a .npz file (it is no zip archive)")
    archive = _loaded("a .npz file", lambda: np.load(io.BytesIO(data), allow_pickle=False))
    stored = {}
    for name in archive.files:
        try:
            array = np.asarray(_loaded("a .npz file", lambda name=name: archive[name]))
        except ValueError as error:
            if "allow_pickle" in str(error):
                continue
            raise
        if array.dtype.kind in "biufc":
            stored[name] = Stored(array.shape, lambda array=array: array)
    return stored


def text(data: bytes) -> dict[str, Stored]:
    """Rows of numbers, under the name "".

    Between the numbers semicolons, else tabs, else commas, else blanks, as the first row has them; where they are
    semicolons or tabs, a comma is a decimal point. Empty lines, lines that begin with #, and a first line that is
    not numbers are left out.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError("not readable as text (UTF-8)") from None
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise ValueError("no numbers in it")
    separator = next((mark for mark in (";", "\t", ",") if mark in numbered[-1][1].strip()), None)
    if not _all_numbers(_fields(numbered[0][1], separator)):
        numbered = numbered[1:]  # a header
    rows = [_row(i, line, separator) for i, line in numbered]
    if not rows:
        raise ValueError("no numbers in it")
    for (i, _), row in zip(numbered, rows, strict=True):
        if len(row) != len(rows[0]):
            raise ValueError(f"line {i} has {len(row)} values, line {numbered[0][0]} has {len(rows[0])}")
    matrix = np.array(rows)
    return {"": Stored(matrix.shape, lambda: matrix)}


def _fields(line: str, separator: str | None) -> list[str]:
    if separator in (";", "\t"):
        line = line.replace(",", ".")
    if separator in (None, "\t"):
        return line.split()
    return [field.strip() for field in line.strip().removesuffix(separator).split(separator)]


def _row(i: int, line: str, separator: str | None) -> list[float]:
    """The numbers of line i; ValueError that names the line and column of what is none."""
    row = []
    for column, field in enumerate(_fields(line, separator), 1):
        try:
            row.append(float(field))
        except ValueError:
            raise ValueError(f"line {i}, column {column}: {field!r} is not a number") from None
    return row


def _all_numbers(fields: list[str]) -> bool:
    try:
        return bool([float(field) for field in fields])
    except ValueError:
        return False


def _loaded(what: str, load):
    """load(), whatever goes wrong inside NumPy's and zip's readers said in one line."""
    try:
        return load()
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"not readable as {what} ({reason})") from None
