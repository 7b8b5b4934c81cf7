"""Makes what a course hands out: a folder for students without solutions, an autograder, notebooks with the check.

    python -m experiments.coursework.release OUT [--lab N ...] [--profile NAME] [--labs executed|text|runnable]
    python -m experiments.coursework.release autograder OUT.zip --lab N [--profile NAME] [--hints 0|1|2]
    python -m experiments.coursework.release notebooks OUT --format otter|nbgrader [--lab N ...] [--profile NAME]

Example: python -m experiments.coursework.release to_students --lab 1 --lab 5 --profile dt2119

The folder for students holds the labs, the templates of the functions, and the check with the visible cases: the right
numbers of these cases, and what known mistakes give, but no code that computes them and nothing of a hidden case. With
--labs executed (the default), the labs are notebooks with their figures and sounds; with text, they are notebooks
without; with runnable, they are scripts with all that they import. That includes dsp, in which students can read the
formulas of most labs as code.

Exit status: 0 done, 2 bad input or a missing package, 130 interrupted.
"""

import argparse
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from dsp.files.commands import check_output_file, check_output_folder, exit_status
from dsp.files.naming import FileError, printable
from dsp.files.writing import write_atomically, write_text_atomically
from experiments.common.paths import ROOT
from experiments.coursework import course_profile
from experiments.coursework.handouts import assignments, autograder, bundle, gradescope, stored_task
from experiments.coursework.tasks import LABS, task_of

COURSEWORK = Path("experiments/coursework")
CHECK = ("experiments.check", "experiments.coursework.check", "experiments.coursework.sandbox.child")
SOLUTIONS = tuple(f"experiments.coursework.tasks.{name}" for name in LABS.values())
NO_DSP = '''"""Only dsp.files is here, which the check needs. The labs' experiments need the whole package dsp."""
'''
README = """# {course}: labs

You need Python 3.11 or later and `pip install -r requirements.txt`. Run all commands in this folder.

| lab | read | copy and write | function |
|---|---|---|---|
{rows}

For lab N: read the lab, copy the template to `my_lab_N.py`, write the function, and check it:

```sh
python -m experiments.check my_lab_N.py --lab N             # what passes, and which known mistake explains the rest
python -m experiments.check my_lab_N.py --lab N --hints 2   # also a question about the mistake
```

The check tries the cases that you can see here. Your teacher's check tries more.{note}

The rules of the course:

```
{rules}
```
"""


def release(out: Path, labs: list[int], profile: str, form: str) -> None:
    """Writes the folder for students.

    Raises FileError (a ValueError) if `out` exists and is not empty.

    Checked: tests/test_the_release_holds_no_solution.py
    """
    rules = course_profile.load(profile)
    files = bundle.contents(bundle.modules_of(CHECK, SOLUTIONS if form == "runnable" else (*SOLUTIONS, "dsp")))
    scripts = {lab: next((ROOT / COURSEWORK / "labs").glob(f"lab_{lab}_*.py")) for lab in labs}
    if form == "runnable":
        names = [".".join(script.relative_to(ROOT).with_suffix("").parts) for script in scripts.values()]
        files |= bundle.contents(bundle.modules_of([*names, "dsp"], SOLUTIONS))
    else:
        used = {name for content in files.values() for name in bundle.imported(content) if name.startswith("dsp.")}
        files |= bundle.contents(path for path in bundle.modules_of(used) if path.parts[:2] == ("dsp", "files"))
        files["dsp/__init__.py"] = NO_DSP.encode()
    files = {name: content for name, content in files.items() if not name.startswith(f"{COURSEWORK}/tasks/lab_")}
    for lab in labs:
        template = COURSEWORK / "student" / f"lab_{lab}.py"
        files[template.as_posix()] = (ROOT / template).read_bytes()
    files[f"{COURSEWORK}/profiles/default.toml"] = course_profile.as_toml(replace(rules, seed=0)).encode()
    packages = autograder.requirements("numpy", "numba", "matplotlib", "nbformat")
    files["requirements.txt"] = "".join(f"{package}\n" for package in packages).encode()
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write(out / name, content)
    for lab in labs:
        path = out / COURSEWORK / "tasks" / f"lab_{lab}.npz"
        stored_task.save(task_of(lab, rules), path, course_profile.describe(rules))
        if form != "runnable":
            write_notebook(lab, out / "labs" / f"{scripts[lab].stem}.ipynb", profile, form == "executed")
    write_text_atomically(out / "README.md", readme(rules, labs, scripts, form))


def write_notebook(lab: int, path: Path, profile: str, executed: bool) -> None:
    """Writes a lab as a notebook; executed under the course's rules, which in the folder are the default ones."""
    from experiments.coursework import notebooks  # needs nbformat and nbclient

    full = str(Path(profile).absolute()) if profile.endswith(".toml") else profile
    notebook = notebooks.notebook_of(lab, full)
    if executed:
        with tempfile.TemporaryDirectory(prefix="release_") as folder:
            notebooks.execute(notebook, Path(folder))
    for cell in notebook.cells:
        cell.source = cell.source.replace(f'begin({lab}, profile="{full}")', f"begin({lab})")
    write_text_atomically(path, notebooks.nbformat.writes(notebook) + "\n")


def readme(rules: course_profile.Profile, labs: list[int], scripts: dict[int, Path], form: str) -> str:
    rows = []
    for lab in labs:
        task = task_of(lab, rules)
        if form == "runnable":
            read = f"`python -m experiments.coursework.labs.{scripts[lab].stem}`"
        else:
            read = f"[labs/{scripts[lab].stem}.ipynb](labs/{scripts[lab].stem}.ipynb)"
        template = f"`experiments/coursework/student/lab_{lab}.py`"
        rows.append(f"| {lab} | {read} | {template} | `{task.function}({', '.join(task.parameters)})` |")
    note = "" if form == "runnable" else " The notebooks are there to be read; their cells need the package dsp."
    return README.format(note=note, course=rules.course, rows="\n".join(rows), rules=course_profile.describe(rules))


def write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def main(arguments: list[str] | None = None) -> int:
    """The command.

    Checked: tests/test_the_release_holds_no_solution.py
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    kind = arguments[0] if arguments and arguments[0] in ("autograder", "notebooks") else "students"
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.coursework.release{'' if kind == 'students' else f' {kind}'}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="what is made; a folder must be new or empty")
    several = kind != "autograder"
    parser.add_argument(
        "--lab",
        type=int,
        action="append" if several else "store",
        required=not several,
        metavar="N",
        choices=LABS,
        help=f"one of {', '.join(map(str, LABS))}" + ("; may be given again; default: all" if several else ""),
    )
    profiles = ", ".join(course_profile.names())
    parser.add_argument("--profile", default="default", help=f"one of {profiles}, or a .toml file; default: default")
    if kind == "students":
        forms = ("executed", "text", "runnable")
        parser.add_argument("--labs", choices=forms, default="executed", help="as described above; default: executed")
    elif kind == "autograder":
        parser.add_argument("--hints", type=int, choices=(0, 1, 2), default=1, help="how much to reveal; default: 1")
        parser.add_argument(
            "--hidden-tests",
            choices=gradescope.VISIBILITIES,
            default="after_published",
            help="when students see whether hidden cases passed; default: after_published",
        )
        parser.add_argument("--unsafe", action="store_true", help="grade even where nothing contains a submission")
    else:
        parser.add_argument("--format", choices=assignments.FORMATS, required=True, help="the grading program")
    options = parser.parse_args(arguments[1:] if kind != "students" else arguments)
    return exit_status(lambda: make(kind, options))


def make(kind: str, options: argparse.Namespace) -> None:
    rules = course_profile.load(options.profile)
    if kind == "autograder":
        check_output_file(options.out)
        content = autograder.archive(options.lab, rules, options.hints, options.hidden_tests, options.unsafe)
        write(options.out, content)
        print(printable(options.out))
        return
    check_output_folder(options.out)
    if options.out.exists() and any(options.out.iterdir()):
        raise FileError(f"{options.out}: not empty; give a new folder")
    labs = sorted(set(options.lab)) if options.lab else list(LABS)
    try:
        if kind == "students":
            release(options.out, labs, options.profile, options.labs)
        else:
            assignments.write(options.out, labs, rules, options.format)
    except BaseException:
        shutil.rmtree(options.out, ignore_errors=True)
        raise
    print(printable(options.out))


if __name__ == "__main__":
    sys.exit(main())
