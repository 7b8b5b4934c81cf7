"""Finds submissions that are nearly the same program, whatever their names, comments and white space are.

A program becomes a list of tokens. Comments, documentation strings and layout are dropped; a name of the student's own
choice becomes its number within the passage that is compared; keywords, operators, numbers and the names of attributes
(cos in np.cos) stay. Passages of PASSAGE tokens are hashed and thinned out by winnowing: of every WINDOW passages in a
row, the smallest hash is kept. So two programs with PASSAGE + WINDOW - 1 equal tokens in a row share at least one hash.
What the template of the lab already contains counts for nobody.

Short functions that follow one formula look alike without copying. The numbers tell where to look; they prove nothing.

Source: Schleimer, Wilkerson & Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003.
"""

import builtins
import hashlib
import io
import keyword
import tokenize
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from experiments.coursework.checking.notebook import read_notebook
from experiments.coursework.checking.submission import decoded
from experiments.coursework.sandbox.source import read_submission

PASSAGE = 12
WINDOW = 5
ALIKE = 0.8  # share of the smaller program's hashes
MIN_HASHES = 6  # of the smaller program: fewer say nothing
MIN_TOKENS = 40  # of a program that is called identical to another
KEPT_NAMES = frozenset(keyword.kwlist) | frozenset(dir(builtins))
LAYOUT = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENCODING}
TEXT = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}


@dataclass(frozen=True)
class Alike:
    """Two submissions, by their numbers in the list, and how much of the smaller one they share."""

    first: int
    second: int
    share: float


def compare_all(files: list[Path | None], template: Path | None, function: str) -> tuple[list[list[int]], list[Alike]]:
    """Groups of submissions that are identical token by token, and pairs that share most of their passages.

    files : of each submission; None takes no part
    function : that the lab asks for; of a notebook, only what it needs takes part
    template : the file that every student began with

    Returns the groups (two or more numbers each) and the pairs, most similar first; a pair inside a group is left out.

    Checked: tests/test_similar_submissions_are_found.py
    """
    known = hashes(tokens(text_of(template, function))) if template else set()
    all_tokens = [tokens(text_of(file, function)) if file else [] for file in files]
    own = [winnow(one) - known for one in all_tokens]
    groups: dict[tuple, list[int]] = {}
    for index, one in enumerate(all_tokens):
        if len(one) >= MIN_TOKENS and own[index]:
            groups.setdefault(renumbered(one), []).append(index)
    identical = [group for group in groups.values() if len(group) > 1]
    group_of = {index: number for number, group in enumerate(identical) for index in group}
    pairs = []
    for i, j in combinations(range(len(own)), 2):
        smaller = min(len(own[i]), len(own[j]))
        if smaller < MIN_HASHES or (i in group_of and group_of[i] == group_of.get(j)):
            continue
        share = len(own[i] & own[j]) / smaller
        if share >= ALIKE:
            pairs.append(Alike(i, j, round(share, 3)))
    return identical, sorted(pairs, key=lambda pair: (-pair.share, pair.first, pair.second))


def text_of(file: Path, function: str) -> str:
    """The program text of a file, "" if it cannot be read; of a notebook, what the function needs."""
    try:
        text = decoded(read_submission(file), file)
        return read_notebook(text, file, function).source if file.suffix.lower() == ".ipynb" else text
    except (ValueError, RecursionError):
        return ""


def tokens(text: str) -> list[str]:
    """The tokens of a program as far as it can be read; names of the student's own are marked with a leading space."""
    found, line = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                found += [] if line == ["text"] else line  # a documentation string
                line = []
            elif token.type == tokenize.NAME:
                attribute = bool(line) and line[-1] == "."
                line.append(token.string if attribute or token.string in KEPT_NAMES else " " + token.string)
            elif token.type in TEXT:
                line.append("text")
            elif token.type not in LAYOUT and token.string:
                line.append(token.string)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found + line


def renumbered(passage: list[str]) -> tuple:
    """The tokens with own names numbered in the order in which they appear."""
    numbers: dict[str, int] = {}
    return tuple(numbers.setdefault(one, len(numbers)) if one.startswith(" ") else one for one in passage)


def hashes_in_order(passages: list[str]) -> list[int]:
    """The hash of every passage of PASSAGE tokens, in order."""
    starts = range(len(passages) - PASSAGE + 1)
    texts = (repr(renumbered(passages[start : start + PASSAGE])) for start in starts)
    return [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) for text in texts]


def hashes(passages: list[str]) -> set[int]:
    return set(hashes_in_order(passages))


def winnow(passages: list[str]) -> set[int]:
    """The smallest hash of every WINDOW passages in a row."""
    found = hashes_in_order(passages)
    if len(found) < WINDOW:
        return set(found)
    return {min(found[start : start + WINDOW]) for start in range(len(found) - WINDOW + 1)}
