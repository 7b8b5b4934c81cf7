"""The tasks of the labs, one file each: solution, cases, mistakes. A file is imported when its lab is needed.

In a folder for students (experiments.coursework.release), a task is a file of numbers instead, lab_5.npz.
"""

import importlib
from dataclasses import replace
from pathlib import Path

from experiments.coursework.course_profile import describe
from experiments.coursework.handouts import stored_task

HERE = Path(__file__).parent
FILES = [*HERE.glob("lab_*.py"), *HERE.glob("lab_*.npz")]
LABS = dict(sorted((int(path.stem.removeprefix("lab_")), path.stem) for path in FILES))


def task_of(lab: int, profile):
    """The Task of a lab under a course's Profile, with the profile's points. ValueError for a lab that does not exist.

    Checked: tests/test_coursework_labs.py
    """
    if lab not in LABS:
        raise ValueError(f"lab {lab} is none of {', '.join(map(str, sorted(LABS)))}")
    if (stored := HERE / f"{LABS[lab]}.npz").exists():
        return stored_task.load(stored, describe(profile))
    task = importlib.import_module(f"{__name__}.{LABS[lab]}").make_task(profile)
    return replace(task, points=profile.points_of(lab))
