"""Text tables: a row of numbers per line, as spreadsheets, savetxt, pandas, openSMILE and Weka write them.

    separators   semicolons, else tabs, else commas, else blanks: the second line decides, as the first may be a header
    decimals     a point; between semicolons and tabs also a comma, if the whole file has it
    header       a first line without a number, or pandas' column numbers; any other first line is a row
    left out     under a header: pandas' index (its name is empty), the columns LABELS, columns of text

Source: pandas, documentation of DataFrame.to_csv; openSMILE, documentation of cCsvSink and cArffSink; Weka, "ARFF".
Checked: tests/test_text_tables_are_read.py
"""

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import numpy as np

from dsp.files.content import LARGEST_EXACT, Stored
from dsp.files.kaldi import text_archive
from dsp.files.naming import shorten

LABELS = {  # columns that say which row it is, not what was measured
    *("", "unnamed: 0", "index"),  # pandas' index, also of a table that was read and written again
    *("name", "frameindex", "frametime", "file", "start", "end"),  # openSMILE's program and its Python package
    *("filename", "label", "class", "emotion"),
}
KALDI_TEXT = re.compile(r"\s*\S+\s+\[(\s|$)")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([,.'_ \u00a0\u202f\u2019])\d{3}(\1\d{3})*([.,]\d*)?")
COMMA_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
NEARLY_NUMBER = re.compile(r"[+-]?[.,]?\d")
WHOLE = re.compile(r"[+-]?\d+")
ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\S+)\s+(.+)", re.IGNORECASE)
ARFF_NUMBERS = ("numeric", "real", "integer")
ENOUGH = 3  # other cells that must have one number of decimals before a shorter last cell counts as cut


class _Row(NamedTuple):
    line: int  # counted from 1
    fields: list[str]


def text(data: bytes) -> dict[str, Stored]:
    """Rows of numbers, under the name ""; Kaldi's text archives and ARFF are recognized in any text file.

    Empty lines, lines that begin with # and what the module's head lists are left out. ValueError names the line and
    column of anything else that is not a number, of thousands separators, of whole numbers beyond 2**53, and of a last
    number that was cut off, as far as this can be seen.
    """
    content = _decoded(data)
    lines = [(i, one) for i, one in enumerate(content.splitlines(), 1) if one.strip()]
    if lines and KALDI_TEXT.match(lines[0][1]):
        return text_archive(content)
    if lines and lines[0][1].lstrip().lower().startswith(("@relation", "%")):
        return arff(data)
    lines = [(i, one) for i, one in lines if not one.lstrip().startswith("#")]
    if lines and lines[0][1].strip().lower() in ("sep=;", "sep=,", "sep=\t"):
        lines = lines[1:]  # a note to Excel
    if not lines:
        raise ValueError("no numbers in it")
    decider = lines[min(1, len(lines) - 1)][1].strip()
    separator = next((mark for mark in (";", "\t", ",") if mark in decider), None)
    cells = [cell.split() for cell in decider.split("\t")]
    if separator == "\t" and any(len(cell) > 1 and _number(cell[0]) is not None for cell in cells):
        separator = None  # tabs and blanks mixed
    rows = [_Row(i, _fields(i, one, separator)) for i, one in lines]
    decimal_comma = separator in (";", "\t") and _has_decimal_commas(rows)
    header = rows[0].fields if _is_header(rows, separator, decimal_comma) else None
    body = rows[1:] if header else rows
    if not body:
        raise ValueError("no numbers in it, only a header")
    is_whole = content.endswith(("\n", "\r"))
    _check_lengths(body, header, rows[0].line, is_whole)
    left_out = _left_out(header, body, decimal_comma) if header else set()
    return _matrix(body, left_out, decimal_comma, is_whole)


def arff(data: bytes) -> dict[str, Stored]:
    """The numeric attributes of an ARFF file, a row per instance, under the name "".

    Attributes of text, dates and classes are left out, and so are openSMILE's frameIndex and frameTime.
    """
    content = _decoded(data)
    attributes: list[tuple[str, str]] = []
    lines = iter(enumerate(content.splitlines(), 1))
    for i, line in lines:
        word = line.strip().lower()
        if word.startswith("@attribute"):
            found = ATTRIBUTE.fullmatch(line.strip())
            if not found:
                raise ValueError(f"line {i}: '@attribute NAME TYPE' is expected")
            attributes.append((found[1].strip("'\""), found[2].strip().lower()))
        elif word.startswith("@data"):
            break
        elif word and not word.startswith(("%", "@relation")):
            raise ValueError(f"line {i}: {shorten(line.strip())!r} is no part of an ARFF header")
    else:
        raise ValueError("an ARFF file without its @data, or cut off")
    body = [
        _Row(i, _arff_fields(i, one.strip())) for i, one in lines if one.strip() and not one.lstrip().startswith("%")
    ]
    if not attributes or not body:
        raise ValueError("an ARFF file without attributes or without rows")
    is_whole = content.endswith(("\n", "\r"))
    for row in body:
        if len(row.fields) != len(attributes):
            cut = "" if is_whole or row is not body[-1] else ", and no line break follows: cut off"
            raise ValueError(f"line {row.line} has {len(row.fields)} values for {len(attributes)} attributes{cut}")
    left_out = {
        column
        for column, (name, kind) in enumerate(attributes)
        if kind.split()[0] not in ARFF_NUMBERS or name.lower() in LABELS
    }
    return _matrix(body, left_out, False, is_whole)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "UTF-16; save it as UTF-8" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"UTF-8, byte {error.start}"
        raise ValueError(f"not readable as text ({kind})") from None


def _fields(line: int, content: str, separator: str | None) -> list[str]:
    if separator is None:
        return content.split()
    content = content.strip(" \r\n").removesuffix(separator)
    if '"' not in content:
        return [field.strip() for field in content.split(separator)]
    try:
        reader = csv.reader([content], delimiter=separator, skipinitialspace=True, strict=True)
        return [field.strip() for field in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise ValueError(f"line {line}: {error}") from None


def _arff_fields(line: int, content: str) -> list[str]:
    if content.startswith("{"):
        raise ValueError(f"line {line}: a sparse row; write every value")
    if "'" not in content and '"' not in content:
        return [field.strip() for field in content.split(",")]
    mark = "'" if "'" in content else '"'
    try:
        reader = csv.reader([content], quotechar=mark, escapechar="\\", skipinitialspace=True, strict=True)
        return [field.strip() for field in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise ValueError(f"line {line}: {error}") from None


def _number(field: str, decimal_comma: bool = False) -> float | None:
    """The number, or None; Python's own readings such as 1_000 are none."""
    if "_" in field or not field.isascii():
        return None
    try:
        return float(field.replace(",", ".") if decimal_comma else field)
    except ValueError:
        return None


def _has_decimal_commas(rows: list[_Row]) -> bool:
    """Whether commas are decimal; ValueError at the first that may as well stand between thousands."""
    numbers = [
        (row.line, column, field)
        for row in rows
        for column, field in enumerate(row.fields, 1)
        if _number(field, True) is not None
    ]
    with_comma = [one for one in numbers if "," in one[2]]
    if not with_comma:
        return False
    line, column, field = with_comma[0]
    if any("." in one for _, _, one in numbers):
        raise ValueError(
            f"line {line}, column {column}: {shorten(field)!r} in a file with decimal points: thousands separator or "
            "decimal comma? Write numbers with a decimal point alone"
        )
    if all(COMMA_THOUSANDS.fullmatch(one) for _, _, one in with_comma) and len(with_comma) < len(numbers):
        raise ValueError(
            f"line {line}, column {column}: {shorten(field)!r} may have a thousands separator, as other numbers have "
            "no comma; write numbers with a decimal point alone"
        )
    return True


def _is_header(rows: list[_Row], separator: str | None, decimal_comma: bool) -> bool:
    """Whether the first row is a header; ValueError where it may be one or not."""
    line, fields = rows[0]
    numeric = [column for column, field in enumerate(fields) if _number(field, decimal_comma) is not None]
    if not numeric:
        _check_names(line, fields)
        return True
    others = [column for column in range(len(fields)) if column not in numeric]
    counts = [str(i) for i in range(len(numeric) + 1)]
    is_counting = [fields[column] for column in numeric] in (counts[:-1], counts[1:])
    if is_counting and separator is not None and len(numeric) > 1 and (others or fields[0] == "0"):
        if others == [0] and not fields[0]:
            return True  # pandas: no name above the index, the columns' numbers beside it
        if len(numeric) > 2 and _has_fractions(rows[1:], numeric):
            return True
        if len(rows) > 1:
            raise ValueError(
                f"line {line} may be a row or a header of column numbers; write names there, or no header at all"
            )
    if others == [0] and not fields[0] and len(rows) > 2 and _counts([row.fields[0] for row in rows[1:]]):
        return True  # pandas: the index counts, and the columns are called by numbers such as times
    if others:
        column = others[0]
        raise ValueError(
            f"line {line}, column {column + 1}: {shorten(fields[column])!r} is not a number, and the line is no header "
            f"as it holds the number {shorten(fields[numeric[0]])}"
        )
    return False


def _check_names(line: int, fields: list[str]) -> None:
    """ValueError if a first row without a number looks like damaged numbers; 100Hz, 200Hz ... are names."""
    if not any(fields):
        _refuse(line, 1, "")
    damaged = [column for column, field in enumerate(fields) if NEARLY_NUMBER.match(field)]
    units = {field.lstrip("+-.,0123456789 ") for field in fields}
    is_unit = len(fields) > 1 and len(damaged) == len(fields) and len(units) == 1 and units.pop().isalpha()
    if damaged and not is_unit:
        at = f"line {line}, column {damaged[0] + 1}"
        raise ValueError(f"{at}: {shorten(fields[damaged[0]])!r} is neither a number nor a name of a column")


def _counts(cells: list[str]) -> bool:
    return cells == [str(i) for i in range(len(cells))]


def _has_fractions(rows: list[_Row], columns: list[int]) -> bool:
    """Whether every row has something in these columns that is no whole number, as column numbers are."""
    return bool(rows) and all(
        any(column < len(row.fields) and not WHOLE.fullmatch(row.fields[column]) for column in columns) for row in rows
    )


def _check_lengths(body: list[_Row], header: list[str] | None, first_line: int, is_whole: bool) -> None:
    expected, line = (len(header), first_line) if header else (len(body[0].fields), body[0].line)
    if header and all(len(row.fields) == expected + 1 for row in body):
        header.insert(0, "")  # R's write.table: no name above the names of the rows
        expected += 1
    if header and all(len(row.fields) == len(body[0].fields) for row in body) and len(body) > 1:
        expected, line = len(body[0].fields), body[0].line  # names with separators in them
    for row in body:
        if len(row.fields) != expected:
            cut = ""
            if row is body[-1] and not is_whole and len(row.fields) < expected:
                cut = ", and no line break follows: cut off"
            raise ValueError(f"line {row.line} has {len(row.fields)} values, line {line} has {expected}{cut}")


def _left_out(header: list[str], body: list[_Row], decimal_comma: bool) -> set[int]:
    """The columns that are labels."""
    if len(header) != len(body[0].fields):
        return set()
    names = [name.strip("'\"").lower() for name in header]
    left_out = {column for column, name in enumerate(names) if name in LABELS}
    numbers = [str(i) for i in range(len(names) - 1)]
    if len(names) > 2 and header[1:] == numbers:
        left_out.add(0)  # pandas: the index has a name, the columns have numbers
    if len(body) > 1:
        for column in range(len(names)):
            cells = [row.fields[column] for row in body]
            if all(cell and _number(cell, decimal_comma) is None and not THOUSANDS.fullmatch(cell) for cell in cells):
                left_out.add(column)
    return left_out


def _matrix(body: list[_Row], left_out: set[int], decimal_comma: bool, is_whole: bool) -> dict[str, Stored]:
    columns = [column for column in range(len(body[0].fields)) if column not in left_out]
    if not columns:
        raise ValueError("no column of numbers in it")
    matrix = np.array([_values(row, columns, decimal_comma) for row in body])
    if not is_whole and columns[-1] == len(body[-1].fields) - 1:
        _check_last_cell(body, columns, decimal_comma)
    return {"": Stored(matrix.shape, lambda: matrix)}


def _values(row: _Row, columns: list[int], decimal_comma: bool) -> list[float]:
    """The row's numbers; ValueError that names the line and column of what is not a number."""
    values = []
    for column in columns:
        field = row.fields[column]
        value = _number(field, decimal_comma)
        if value is None:
            _refuse(row.line, column + 1, field)
        elif abs(value) >= LARGEST_EXACT and WHOLE.fullmatch(field) and abs(_whole(field)) > LARGEST_EXACT:
            raise ValueError(
                f"line {row.line}, column {column + 1}: {shorten(field)} is a whole number beyond 2**53, which float64 "
                "does not hold exactly"
            )
        values.append(value)
    return values


def _whole(field: str) -> int:
    return int(field) if len(field) < 400 else 10**400  # Python refuses to convert thousands of digits


def _refuse(line: int, column: int, field: str) -> NoReturn:
    """Raises the ValueError for a field that is not a number."""
    at = f"line {line}, column {column}"
    if not field:
        raise ValueError(f"{at}: an empty cell; a number is expected (pandas leaves a cell empty for NaN)")
    if field == "?":
        raise ValueError(f"{at}: '?', a missing value; a number is expected")
    if THOUSANDS.fullmatch(field):
        raise ValueError(f"{at}: {shorten(field)!r} has a thousands separator; write 1234.5")
    raise ValueError(f"{at}: {shorten(field)!r} is not a number")


def _check_last_cell(body: list[_Row], columns: list[int], decimal_comma: bool) -> None:
    """ValueError if every number has the same count of characters behind its point, but for the file's very last."""
    mark = "," if decimal_comma else "."

    def decimals() -> Iterator[int]:
        for row in body:
            for column in columns:
                if (row is not body[-1] or column != columns[-1]) and row.fields[column].lower() not in ("nan", "inf"):
                    yield len(row.fields[column].partition(mark)[2])

    last = body[-1].fields[columns[-1]]
    counts = list(decimals())
    if last.endswith(mark) or (
        len(counts) >= ENOUGH and len(set(counts)) == 1 and len(last.partition(mark)[2]) < counts[0]
    ):
        raise ValueError(
            f"line {body[-1].line}, column {columns[-1] + 1}: {shorten(last)!r} has fewer decimals than all other "
            "numbers, and no line break follows: cut off"
        )
