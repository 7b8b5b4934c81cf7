"""Names of files, and names inside files, as text that fits into one line of any terminal, JSON or CSV file.

A file system takes almost any bytes as a name. Python turns bytes that are not UTF-8 into lone surrogates, which no
UTF-8 file or terminal accepts; a line break splits a one-line error in two, and an escape sequence repaints a terminal.
"""

import os
import unicodedata

_ESCAPED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}  # control characters, surrogates, separators of lines and paragraphs
_DIRECTION_MARKS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # would reorder what is displayed
_UNDECODED_BYTES = range(0xDC80, 0xDD00)  # how os.fsdecode keeps the bytes 0x80 .. 0xFF that are not UTF-8


class FileError(ValueError):
    """A file that cannot be used. The message is one printable line: the file, then the rule it breaks.

    Checked: tests/test_names_are_printable.py
    """

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))


def printable(name: str | bytes | os.PathLike) -> str:
    r"""The name in one line of valid Unicode; every character that would break or repaint a line is escaped.

    A byte that is not UTF-8 becomes \xNN, a control character (line breaks, tabs and terminal escapes among them)
    \xNN, and a separator or a mark that reverses the direction of writing \uNNNN. All other letters stay as they
    are, so an ordinary name comes back unchanged.

    Parameters
    ----------
    name : a path or any text; bytes are decoded as file names are

    Returns
    -------
    text : str without line breaks that UTF-8 can encode

    Source: Python Enhancement Proposal 383; Unicode Standard Annex 9. Checked: tests/test_names_are_printable.py
    """
    text = os.fsdecode(name)
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def figure_label(path: str | bytes | os.PathLike) -> str:
    """The last part of a path as a label that matplotlib draws letter by letter: "$" begins no formula.

    Checked: tests/test_names_are_printable.py
    """
    return printable(os.path.basename(os.fsdecode(path))).replace("$", r"\$")


def shorten(text: str, max_length: int = 60) -> str:
    """The text, or its beginning and "..." where it is longer: a damaged file may hold a name of a million letters.

    Checked: tests/test_names_are_printable.py
    """
    return text if len(text) <= max_length else text[: max_length - 3] + "..."


def file_error_line(error: OSError, path: str | bytes | os.PathLike | None = None) -> str:
    """What an OSError says in one printable line: the file it names (else `path`), then the reason.

    Checked: tests/test_names_are_printable.py
    """
    name = error.filename if isinstance(error.filename, (str, bytes, os.PathLike)) else path
    reason = error.strerror or str(error) or type(error).__name__
    return printable(reason if name is None else f"{os.fsdecode(name)}: {reason}")


def _escaped(character: str) -> str:
    code = ord(character)
    if code in _UNDECODED_BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if (
        unicodedata.category(character) in _ESCAPED_CATEGORIES
        or unicodedata.bidirectional(character) in _DIRECTION_MARKS
    ):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return character
