"""Finds the submissions in a folder, as a course keeps them or as Moodle and Canvas pack them.

Accepted in FOLDER:

    ada.py, ada.ipynb                                     one file per student, named after the student
    ada/anything.py, ada/sub/anything.ipynb               one folder per student
    Ada Lovelace_123_assignsubmission_file_/anything.py   Moodle, with or without folders
    lovelaceada_LATE_123_456_anything-1.py                Canvas; LATE marks a late submission

Of several files of one student, the one that has the lab's function is checked; modules beside it that it imports come
along. Archives are not unpacked, links are not followed, and names that begin with "." or "__" are skipped.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from dsp.files.naming import FileError, printable
from experiments.coursework.checking.task import Task
from experiments.coursework.sandbox.source import read_submission

SUFFIXES = (".py", ".ipynb")
MAX_FILES = 200  # of one student; the rest is not looked at
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)", re.IGNORECASE)
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>late_)?(?P<id>\d+)_\d+_.+", re.IGNORECASE)


@dataclass
class HandIn:
    """What one student handed in."""

    student: str  # the name that the file or folder carries
    id: str = ""  # the learning platform's number
    late: bool = False
    files: list[Path] = field(default_factory=list)  # programs and notebooks
    others: list[str] = field(default_factory=list)  # names of everything else, and of what was skipped
    file: Path | None = None  # the one to check
    problem: str = ""  # why there is none

    @property
    def order(self) -> tuple[str, str, str]:
        """By this, lists of students are sorted."""
        return self.student.casefold(), self.student, self.id


def find(folder: Path, function: str, lab: int) -> list[HandIn]:
    """The submissions in the folder, sorted by student, each with its file or the reason why there is none.

    Raises FileError (a ValueError) if the folder holds no submission, OSError if it cannot be read.

    Checked: tests/test_a_class_is_graded.py
    """
    found: dict[tuple[str, str], HandIn] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith((".", "__")) or not (is_folder or path.suffix.lower() in SUFFIXES):
            continue
        name, number, late = who(entry.name if is_folder else path.stem)
        hand_in = found.setdefault((name, number), HandIn(name, number))
        hand_in.late = hand_in.late or late
        for file in files_below(path, hand_in) if is_folder else [path]:
            add(file, hand_in)
    if not found:
        raise FileError(f"{folder}: no .py file, no .ipynb file and no folder of a student in it")
    for hand_in in found.values():
        choose(hand_in, function, lab)
    return sorted(found.values(), key=lambda hand_in: hand_in.order)


def file_of_student(folder: Path, task: Task) -> Path:
    """The file to check in the folder of one student; FileError (a ValueError) with the reason why there is none.

    Checked: tests/test_a_class_is_graded.py
    """
    hand_in = HandIn(folder.name)
    for file in files_below(folder, hand_in):
        add(file, hand_in)
    choose(hand_in, task.function, task.lab)
    if hand_in.file is None:
        raise FileError(f"{folder}: {hand_in.problem}")
    return hand_in.file


def who(name: str) -> tuple[str, str, bool]:
    """The student, the platform's number and whether the submission is late, from the name of a file or folder."""
    if match := MOODLE.match(name):
        return match["name"], match["id"], False
    if match := CANVAS.fullmatch(name):
        return match["name"], match["id"], bool(match["late"])
    return name, "", False


def files_below(folder: Path, hand_in: HandIn):
    """The files of a student's folder, in order of their names, without following links."""
    count = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(files):
            count += 1
            if count > MAX_FILES:
                hand_in.others.append(f"more than {MAX_FILES} files")
                return
            yield Path(root, name)


def add(file: Path, hand_in: HandIn) -> None:
    if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "__")):
        hand_in.files.append(file)
    else:
        hand_in.others.append(file.name)


def choose(hand_in: HandIn, function: str, lab: int) -> None:
    """Sets the file to check: the only one, else the only one with the function, else the one named after the lab."""
    files = hand_in.files
    if len(files) > 1:
        files = [file for file in files if has_function(file, function)]
    if len(files) > 1:
        files = [file for file in files if re.search(rf"lab[ _-]?0?{lab}(?!\d)", file.stem, re.IGNORECASE)] or files
    if len(files) == 1:
        hand_in.file = files[0]
    elif not hand_in.files:
        others = f" ({printable(', '.join(hand_in.others[:3]))})" if hand_in.others else ""
        hand_in.problem = f"no .py or .ipynb file{others}"
    else:
        count, which = len(hand_in.files), "several" if files else "none"
        hand_in.problem = f"{count} files, and {which} of them {'have' if files else 'has'} a function {function}"


def helpers_of(hand_in: HandIn) -> list[Path]:
    """The student's own modules beside the file that it imports."""
    if hand_in.file is None:
        return []
    try:
        text = read_submission(hand_in.file).decode("utf-8", "replace")
    except FileError:
        return []
    names = set(re.findall(r'(?:^|")\s*(?:import|from)\s+(\w+)', text, re.MULTILINE))
    beside = [file for file in hand_in.files if file != hand_in.file and file.parent == hand_in.file.parent]
    return [file for file in beside if file.suffix == ".py" and file.stem in names]


def has_function(file: Path, function: str) -> bool:
    """Whether the text defines or assigns the function; a notebook holds its lines as JSON strings."""
    try:
        text = read_submission(file).decode("utf-8", "replace")
    except FileError:
        return False
    return re.search(rf'(^|")\s*(def\s+{function}\s*\(|{function}\s*=)', text, re.MULTILINE) is not None
