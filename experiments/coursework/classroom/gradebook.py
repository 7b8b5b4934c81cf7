"""Grades a folder of submissions: a report for every student, a summary, and the gradebook as a CSV file.

Every report is written as soon as it is there, whole or not at all. A run that was interrupted or killed goes on with
--resume: it takes over the reports of the same submissions, checked by the same program with the same options, and ends
with the same gradebook as a run without interruption. Two commands cannot write the same gradebook at the same time.
"""

import argparse
import csv
import hashlib
import io
import json
import re
from contextlib import ExitStack
from pathlib import Path

from dsp.files.commands import DONE, NO, check_output_file, check_output_folder, exit_without
from dsp.files.naming import FileError, printable
from dsp.files.processes import available_cores
from dsp.files.writing import write_text_atomically

exit_without("tqdm", "filelock", feature="grading a class", extra="course")

from filelock import FileLock, Timeout
from tqdm import tqdm

from experiments.coursework import course_profile
from experiments.coursework.classroom import hand_ins, report, roster, similar, workers
from experiments.coursework.sandbox.source import read_submission
from experiments.coursework.tasks import task_of

HERE = Path(__file__).parents[1]
COLUMNS = ("student", "id", "status", "late", "score", "points", "passed", "cases", "explained_by", "alike", "message")
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their wide forms; begin a formula
MAX_ALIKE = 5  # names in a field of the gradebook


def grade(options: argparse.Namespace) -> int:
    """The command for a folder; returns the exit status. `options` are those of experiments.check.

    Checked: tests/test_a_class_is_graded.py
    """
    rules = course_profile.load(options.profile)
    task = task_of(options.lab, rules)
    if options.csv is None:
        raise ValueError("a folder is graded into a gradebook: give --csv FILE")
    folder = options.reports or options.csv.with_name(f"{options.csv.stem}_reports")
    check_output_file(options.csv)
    check_output_folder(folder)
    people = roster.read(options.roster) if options.roster else []
    found = hand_ins.find(options.file, task.function, options.lab)
    matched, missing = roster.match(people, found)
    with ExitStack() as stack:
        for path in (options.csv, folder / "reports"):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
            try:
                stack.enter_context(lock)
            except Timeout:
                raise FileError(f"{path}: another command is grading into it") from None
        return Class(options, task, folder, found, matched, missing, bool(people)).run()


class Class:
    """The submissions of one folder, and what has been found out about them."""

    def __init__(self, options, task, folder: Path, found, matched, missing, has_roster: bool):
        self.options, self.task, self.folder, self.found = options, task, folder, found
        self.matched, self.missing, self.has_roster = matched, missing, has_roster
        self.names = file_names([f"{one.student}_{one.id}" if one.id else one.student for one in found])
        self.entries: dict[int, dict] = {}
        template = HERE / "student" / f"lab_{options.lab}.py"
        groups, pairs = similar.compare_all(
            [one.file for one in found], template if template.exists() else None, task.function
        )
        self.labels = self.unique_labels()
        self.alike = {
            "identical": [[self.labels[index] for index in group] for group in groups],
            "similar": [[self.labels[pair.first], self.labels[pair.second], pair.share] for pair in pairs],
        }
        self.alike_to: dict[str, list[str]] = {}
        for group in (*self.alike["identical"], *(pair[:2] for pair in self.alike["similar"])):
            for one in group:
                self.alike_to.setdefault(one, []).extend(other for other in group if other != one)

    def unique_labels(self) -> list[str]:
        """The students' names as the roster has them, else as the file or folder has them; all different."""
        names = []
        for index, hand_in in enumerate(self.found):
            person = self.matched.get(index)
            names.append(printable(person.student if person else hand_in.student))
        return [
            f"{name} ({printable(one.id or one.student)})" if names.count(name) > 1 else name
            for name, one in zip(names, self.found, strict=True)
        ]

    def run(self) -> int:
        common = self.common_key()
        keys = {index: self.key(common, index) for index in range(len(self.found))}
        requests = {}
        for index, hand_in in enumerate(self.found):
            if hand_in.file is None:
                self.store(index, keys[index], {"error": hand_in.problem}, "no file")
            elif not (self.options.resume and self.restore(index, keys[index])):
                requests[index] = self.request(hand_in)
        count = self.options.workers or available_cores()
        bar = tqdm(total=len(self.found), initial=len(self.entries), desc="submissions", unit="file", disable=None)
        with bar:
            for index, made in workers.graded(requests, count, self.options.time_limit):
                self.store(index, keys[index], made)
                self.write_gradebook()
                bar.update()
        self.write_gradebook()
        facts = self.write_summary()
        print(report.summary_text(facts), end="")
        print(f"{printable(self.options.csv)}, {printable(self.folder)}")
        return NO if any(entry["status"] == "failed" for entry in self.entries.values()) else DONE

    def request(self, hand_in: hand_ins.HandIn) -> dict:
        o = self.options
        profile = str(Path(o.profile).resolve()) if str(o.profile).endswith(".toml") else o.profile
        request = {"file": str(hand_in.file.absolute()), "lab": o.lab, "profile": profile, "hints": o.hints}
        request |= {"seconds": o.time_limit, "megabytes": o.memory_limit, "unsafe": o.unsafe}
        return request | {"helpers": [str(path.absolute()) for path in (*o.helpers, *hand_ins.helpers_of(hand_in))]}

    def common_key(self) -> bytes:
        """Changes with everything but the submission that a report depends on: options, profile, this program."""
        o = self.options
        digest = hashlib.sha256(repr((o.lab, o.hints, o.time_limit, o.memory_limit)).encode())
        digest.update(repr(course_profile.load(o.profile)).encode())
        for path in [*o.helpers, *sorted(HERE.rglob("*.py"))]:
            digest.update(path.read_bytes())
        return digest.digest()

    def key(self, common: bytes, index: int) -> str:
        """Changes with the submission, too."""
        digest = hashlib.sha256(common)
        for path in self.found[index].files:
            digest.update(repr((path.name, path == self.found[index].file)).encode())
            try:
                digest.update(hashlib.sha256(read_submission(path)).digest())
            except FileError as error:
                digest.update(str(error).encode())
        return digest.hexdigest()

    def restore(self, index: int, key: str) -> bool:
        """Takes over the report of an earlier run, if there is one of the same submission."""
        try:
            entry = json.loads((self.folder / f"{self.names[index]}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        if not isinstance(entry, dict) or entry.get("key") != key or entry.get("status") not in ("graded", "refused"):
            return False
        self.store(index, key, entry["report"], entry["status"])
        return True

    def store(self, index: int, key: str, made: dict, status: str = "") -> None:
        """Keeps a report and writes the student's files."""
        hand_in, person = self.found[index], self.matched.get(index)
        status = status or ("failed" if "failed" in made else "refused" if "error" in made else "graded")
        message = str(made.get("failed") or made.get("error") or "")
        if hand_in.file is not None:  # the student's file, not the teacher's folder
            message = message.replace(str(hand_in.file.absolute()), hand_in.file.name)
        entry = report.clean(
            {
                "student": self.labels[index],
                "id": person.id if person and person.id else hand_in.id,
                "lab": self.options.lab,
                "profile": str(self.options.profile),
                "file": str(hand_in.file.relative_to(self.options.file)) if hand_in.file else "",
                "status": status,
                "late": hand_in.late or bool(person and person.late),
                "message": message,
                "key": key,
                "report": made,
            }
        )
        self.entries[index] = entry
        path = self.folder / self.names[index]
        write_text_atomically(f"{path}.json", json.dumps(entry, indent=1) + "\n")
        write_text_atomically(f"{path}.html", report.student_page(entry))

    def write_gradebook(self) -> None:
        """Writes the rows of all students whose reports are there, and of those who handed in nothing."""
        further = list(dict.fromkeys(name for person in self.people() for name in person.further))
        rows = []
        for index in self.in_order():
            entry = self.entries[index]
            cases = entry["report"].get("cases", [])
            graded = entry["status"] == "graded"
            notes = [entry["message"]] if entry["message"] else []
            if self.has_roster and index not in self.matched:
                notes.append("not in the roster")
            row = {name: entry[name] for name in ("student", "id", "status")}
            row |= {"late": "yes" if entry["late"] else "", "alike": some(self.alike_to.get(entry["student"], []))}
            score = f"{entry['report']['score']:g}" if graded else "" if entry["status"] == "failed" else "0"
            row |= {"score": score, "points": f"{self.task.points:g}", "message": "; ".join(notes)}
            if graded:
                row |= {"passed": sum(case["passed"] for case in cases), "cases": len(cases)}
                row |= {"explained_by": "; ".join(entry["report"]["explained_by"])}
            person = self.matched.get(index)
            rows.append(row | (person.further if person else {}))
        for person in self.missing:
            row = {"student": person.student, "id": person.id, "status": "missing", "points": f"{self.task.points:g}"}
            rows.append(row | person.further)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([safe(name) for name in (*COLUMNS, *further)])
        writer.writerows([[safe(row.get(name, "")) for name in (*COLUMNS, *further)] for row in rows])
        write_text_atomically(self.options.csv, text.getvalue())

    def people(self) -> list:
        return [*self.matched.values(), *self.missing]

    def in_order(self) -> list[int]:
        """The numbers of the reports that are there, by the students' names."""
        return sorted(self.entries, key=lambda index: (self.labels[index].casefold(), index))

    def write_summary(self) -> dict:
        entries = [self.entries[index] for index in self.in_order()]
        count = f"{len(entries)} submission{'s' * (len(entries) != 1)}"
        head = f"lab {self.options.lab}, {self.task.function}, profile {self.options.profile}: {count}"
        missing = [person.student for person in self.missing]
        facts = report.summary(entries, missing, self.alike, self.task.points, head)
        pages = {self.entries[index]["student"]: f"{self.names[index]}.html" for index in self.in_order()}
        write_text_atomically(self.folder / "summary.txt", report.summary_text(facts))
        write_text_atomically(self.folder / "summary.html", report.summary_page(facts, pages))
        return facts


def safe(value) -> str:
    """A field of the gradebook: one line, and nothing that a spreadsheet takes for a formula.

    Checked: tests/test_a_class_is_graded.py
    """
    words = printable(str(value))
    return f"'{words}" if words.lstrip().startswith(FORMULA) else words


def some(names: list[str]) -> str:
    more = len(names) - MAX_ALIKE
    return "; ".join(names[:MAX_ALIKE]) + (f"; and {more} more" if more > 0 else "")


def file_names(students: list[str]) -> list[str]:
    """Names for the students' files: plain letters, and different even where a file system ignores case."""
    names = []
    for student in students:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student).strip("._")[:60]
        digest = hashlib.sha256(student.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        names.append(plain if plain and plain == student and plain.casefold() != "summary" else f"{plain}_{digest}")
    lower = [name.casefold() for name in names]
    return [f"{n}_{i}" if lower.count(n.casefold()) > 1 else n for i, n in enumerate(names)]
