"""The roster of a class, a CSV file, and who of it has handed in, late or not at all.

    student,id,due,submitted,section
    Ada Lovelace,123,2026-10-01 23:59,2026-10-01 20:14,A

student    the name, as the learning platform writes it (required)
id         the platform's number, which its downloads carry in their names; decides where it occurs there
due        until when the work is due (YYYY-MM-DD HH:MM, with a time zone or without)
submitted  when it came; later than `due` is late
           All other columns are copied to the gradebook. Columns may be separated by commas or semicolons.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dsp.files.naming import FileError, file_error_line
from dsp.files.reading import read_regular_file
from experiments.coursework.classroom.hand_ins import HandIn

KNOWN = ("student", "id", "due", "submitted")


@dataclass(frozen=True)
class Person:
    """One line of the roster."""

    student: str
    id: str
    late: bool
    further: dict[str, str]  # the columns that are only copied


def read(path: Path) -> list[Person]:
    """The roster, in the file's order.

    Raises FileError (a ValueError): no such file, no column `student`, a time that cannot be read, a student twice.

    Checked: tests/test_a_class_is_graded.py
    """
    try:
        text = read_regular_file(path).decode("utf-8-sig")
    except OSError as error:
        raise FileError(file_error_line(error, path)) from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: not UTF-8; save the roster as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if "student" not in columns:
        raise FileError(f"{path}: no column student; it has {', '.join(columns) or 'no columns'}")
    people: dict[tuple[str, str], Person] = {}
    for row in reader:
        values = {column: (row.get(name) or "").strip() for column, name in columns.items()}
        if not any(values.values()):
            continue
        times = [moment(path, reader.line_num, name, values.get(name, "")) for name in ("due", "submitted")]
        further = {columns[name]: value for name, value in values.items() if name not in KNOWN}
        person = Person(values["student"], values.get("id", ""), is_late(path, reader.line_num, *times), further)
        if people.setdefault((plain(person.student), person.id), person) is not person:
            raise FileError(f"{path}: line {reader.line_num}: {person.student} stands in it twice; give them ids")
    if not people:
        raise FileError(f"{path}: no students in it")
    return list(people.values())


def moment(path: Path, line: int, column: str, text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise FileError(f"{path}: line {line}: {column} = {text!r}; YYYY-MM-DD HH:MM is expected") from None


def is_late(path: Path, line: int, due: datetime | None, submitted: datetime | None) -> bool:
    try:
        return due is not None and submitted is not None and submitted > due
    except TypeError:
        raise FileError(f"{path}: line {line}: only one of due and submitted has a time zone") from None


def match(people: list[Person], hand_ins: list[HandIn]) -> tuple[dict[int, Person], list[Person]]:
    """Who handed in what: hand-in number -> person, and the people who handed in nothing.

    An id that the roster knows decides; else the name does, in any case, with or without spaces and accents, the
    family name first or last. A name that fits two people fits nobody.

    Checked: tests/test_a_class_is_graded.py
    """
    by_id = {person.id: person for person in people if person.id}
    by_name: dict[str, list[Person]] = {}
    for person in people:
        for name in writings(person.student):
            by_name.setdefault(name, []).append(person)
    matched = {}
    for index, hand_in in enumerate(hand_ins):
        person = by_id.get(hand_in.id)
        if person is None:
            fitting = by_name.get(plain(hand_in.student), [])
            person = fitting[0] if len(fitting) == 1 else by_id.get(hand_in.student)
        if person is not None:
            matched[index] = person
    there = {id(person) for person in matched.values()}
    return matched, [person for person in people if id(person) not in there]


def plain(name: str) -> str:
    """The letters and digits of a name, without case and accents."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def writings(name: str) -> set[str]:
    """The name as it is, with the last word first, and with the first word last."""
    words = [plain(word) for word in re.split(r"[\s,_.]+", name) if plain(word)]
    return {"".join(order) for order in (words, words[-1:] + words[:-1], words[1:] + words[:1])}
