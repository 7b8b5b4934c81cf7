"""Copies are found whatever their names, comments and layout are; what the template contains makes nobody alike."""

import json

import pytest

from experiments.coursework.classroom import similar
from tests.conftest import ROOT

TEMPLATE = ROOT / "experiments" / "coursework" / "student" / "lab_5.py"
MINE = '''
import numpy as np

def mfcc(log_mel, n_mfcc, lifter):
    """My answer."""
    M, T = log_mel.shape
    out = np.zeros((n_mfcc, T))
    for k in range(n_mfcc):
        a = np.sqrt((1 if k == 0 else 2) / M)
        w = 1 + lifter / 2 * np.sin(np.pi * k / lifter) if lifter > 0 else 1
        for m in range(M):
            out[k] += w * a * log_mel[m] * np.cos(np.pi * k * (2 * m + 1) / (2 * M))
    return out
'''
RENAMED = '''
import numpy as numpy_library
# all my own work
def mfcc(bands, count, length):

    number, frames = bands.shape     # bands and frames
    result = numpy_library.zeros(
        (count, frames)
    )
    for row in range(count):
            scale = numpy_library.sqrt((1 if row == 0 else 2) / number)
            weight = 1 + length / 2 * numpy_library.sin(numpy_library.pi * row / length) if length > 0 else 1
            for band in range(number):
                result[row] += weight * scale * bands[band] * numpy_library.cos(numpy_library.pi * row * (2 * band + 1) / (2 * number))
    "a text that does nothing"
    return result
'''  # fmt: skip  # noqa: E501
ANOTHER = """
import numpy as np
from functools import lru_cache

@lru_cache
def matrix(rows, bands):
    angles = np.outer(np.arange(rows), np.arange(bands) + 0.5) * (np.pi / bands)
    C = np.cos(angles)
    C *= (2 / bands) ** 0.5
    C[0] /= 2 ** 0.5
    return C

def mfcc(log_mel, n_mfcc, lifter):
    c = matrix(n_mfcc, log_mel.shape[0]).dot(log_mel)
    if not lifter:
        return c
    return c * (1 + (lifter / 2) * np.sin(np.pi / lifter * np.arange(n_mfcc)))[:, np.newaxis]
"""


def compared(tmp_path, *texts):
    files = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.py"
        path.write_text(text)
        files.append(path)
    return similar.compare_all(files, TEMPLATE, "mfcc")


def test_names_comments_and_layout_do_not_matter(tmp_path):
    groups, pairs = compared(tmp_path, MINE, ANOTHER, RENAMED)
    assert groups == [[0, 2]] and pairs == []


def test_a_copy_with_changes_is_alike(tmp_path):
    changed = RENAMED.replace("if length > 0 else 1", "if length != 0 else 1.0").replace(
        "return result", "return 1 * result"
    )
    more = changed.replace("def mfcc", "def helper(x):\n    return [y + 1 for y in x if y]\n\ndef mfcc")
    groups, pairs = compared(tmp_path, MINE, ANOTHER, more)
    assert groups == [] and [(pair.first, pair.second) for pair in pairs] == [(0, 2)]
    assert 0.8 <= pairs[0].share < 1


def test_another_program_is_not(tmp_path):
    assert compared(tmp_path, MINE, ANOTHER) == ([], [])


def test_the_template_makes_nobody_alike(tmp_path):
    """Two empty templates, and two different programs in the template, which is much longer than they are."""
    template = TEMPLATE.read_text()
    assert compared(tmp_path, template, template) == ([], [])
    long = "import numpy as np\n" + "".join(f"def given_{n}(x, y={n}):\n    return x * y + {n}\n" for n in range(40))
    path = tmp_path / "template.py"
    path.write_text(long)
    files = []
    for number, text in enumerate((MINE, ANOTHER)):
        files.append(tmp_path / f"{number}.py")
        files[-1].write_text(long + text)
    assert similar.compare_all(files, path, "mfcc") == ([], [])
    assert similar.compare_all(files, None, "mfcc")[1] != []


def test_winnowing_keeps_a_hash_of_every_long_passage():
    """Two programs with PASSAGE + WINDOW - 1 equal tokens in a row share a hash, wherever those stand."""
    length = similar.PASSAGE + similar.WINDOW - 1
    common = [f"{number}" for number in range(length)]
    for before in range(12):
        one = [f"a{number}" for number in range(before)] + common + [f"b{number}" for number in range(9)]
        other = [f"c{number}" for number in range(7)] + common + [f"d{number}" for number in range(before)]
        assert similar.winnow(one) & similar.winnow(other)


def test_a_renamed_attribute_or_number_is_another_program():
    assert similar.tokens("y = np.cos(x)") != similar.tokens("y = np.sin(x)")
    assert similar.renumbered(similar.tokens("y = f(x)")) == similar.renumbered(similar.tokens("a = b(c)"))
    assert similar.renumbered(similar.tokens("y = f(x)")) != similar.renumbered(similar.tokens("a = b(a)"))
    assert similar.tokens("y = 2 * x") != similar.tokens("y = 3 * x")


@pytest.mark.parametrize("text", ["def f(:\n", "'", "x = [[[", "\x00", "if 1:\n  x\n y", ""])
def test_no_text_breaks_it(text, tmp_path):
    assert compared(tmp_path, text, text, MINE) == ([], [])


def test_notebooks_take_part(tmp_path):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# hello"]},
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": 1,
            "source": ["%matplotlib inline\n", RENAMED],
        },
    ]
    (tmp_path / "a.py").write_text(MINE)
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    (tmp_path / "c.ipynb").write_text("{}")
    files = [tmp_path / "a.py", tmp_path / "b.ipynb", None, tmp_path / "c.ipynb", tmp_path / "none.py"]
    assert similar.compare_all(files, TEMPLATE, "mfcc") == ([[0, 1]], [])
