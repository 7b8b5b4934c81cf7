"""Names and texts inside generated source files: whatever a user calls a convention, the file stays valid.

A convention may come from a TOML file or another package, so its name and its `tool` are any text: they must neither
end a comment nor become code.
"""

import re
from pathlib import Path

from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.files.naming import FileError, shorten

MAX_NAME = 40  # characters: C compilers and MATLAB tell identifiers of 63 apart, and suffixes come on top
MAX_TEXT = 160  # characters of a user's text in a comment
MARK = "Written by ser-from-scratch"  # in the first lines of every file, which may then be replaced
KEYWORDS = frozenset(
    # C99 and C++
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while alignas "
    "alignof and asm bitand bitor bool catch class compl concept consteval constexpr constinit decltype delete "
    "explicit export false friend mutable namespace new noexcept not nullptr operator or private protected public "
    "requires template this throw true try typeid typename using virtual wchar_t xor "
    # MATLAB and Octave
    "classdef elseif end end_try_catch end_unwind_protect endfor endfunction endif endswitch endwhile function global "
    "otherwise parfor persistent spmd unwind_protect until".split()
)


def default_name(convention: str | Convention, c: Convention, kind: str) -> str:
    """An identifier for a convention and a kind of features: "kaldi_mfcc"; without a name, its fingerprint."""
    if isinstance(convention, str):
        base = convention
    else:
        base = next((name for name, preset in CONVENTIONS.items() if preset == c), f"features_{fingerprint(c)}")
    return f"{as_identifier(base)}_{kind}"


def as_identifier(name: str) -> str:
    """Lower-case letters, digits and underscores, at most 40, beginning with a letter and no keyword.

    Checked: tests/test_c_code_equals_dsp.py
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MAX_NAME].strip("_")
    if not words or words[0].isdigit() or words in KEYWORDS:
        words = f"features_{words}".strip("_")[:MAX_NAME].strip("_")
    return words


def check_identifier(name: str, what: str) -> str:
    """`name`, if it can be that of a function in C, C++ and MATLAB; ValueError otherwise.

    Checked: tests/test_c_code_equals_dsp.py
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,49}", name) or name in KEYWORDS:
        raise ValueError(
            f"{what}={shorten(repr(name))} is no name for a function; a letter, then letters, digits and _ are "
            "expected, at most 50 and no keyword"
        )
    return name


def comment_text(text: str) -> str:
    """A user's text for a comment in C or MATLAB: one line of ASCII that ends no comment.

    Checked: tests/test_c_code_equals_dsp.py
    """
    line = " ".join(re.sub(r"[^ -~]", " ", text).split())
    for ends, harmless in (("*/", "* /"), ("/*", "/ *"), ("\\", "/"), ("??", "? ?")):
        while ends in line:
            line = line.replace(ends, harmless)
    return shorten(line, MAX_TEXT)


def check_replaceable(path: Path) -> None:
    """Raises FileError if there is something at the path that no earlier export wrote.

    Checked: tests/test_c_code_equals_dsp.py
    """
    if not path.exists() and not path.is_symlink():
        return
    try:
        is_ours = path.is_file() and not path.is_symlink() and MARK in path.read_text(encoding="utf-8")[:2000]
    except ValueError:
        is_ours = False
    if not is_ours:
        raise FileError(f"{path}: is there already and is no earlier export; choose another folder or name")
