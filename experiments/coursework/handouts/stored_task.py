"""A task as numbers: what the solution and the known mistakes give in the visible cases, without their code.

That is what students get: their check says what the teacher's says about the visible cases, but there is no solution in
it and nothing of a hidden case. One .npz file per lab, readable without pickle.
"""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from dsp.files.naming import FileError
from dsp.files.reading import read_regular_file
from dsp.files.writing import write_atomically
from experiments.coursework.checking.explain import IMPOSSIBLE
from experiments.coursework.checking.task import Case, Mistake, Task, Work

PLAIN = (
    "lab",
    "function",
    "parameters",
    "points",
    "tolerance",
    "axes",
    "refused",
    "dtype",
)  # fields that JSON can hold


class Stored:
    """A function as the table of its results; of any other arguments it knows nothing."""

    def __init__(self, cases: tuple[Case, ...], results: list):
        self.cases, self.results = cases, results

    def __call__(self, **arguments):
        for case, result in zip(self.cases, self.results, strict=True):
            if all(np.array_equal(value, arguments[name]) for name, value in case.arguments.items()):
                if result is None:
                    raise ValueError("no result in this case")
                return result.copy()
        raise ValueError("only the results of the visible cases are known here")


def save(task: Task, path: Path, rules: str) -> None:
    """Writes the visible cases of the task, with the results of the solution and of every mistake.

    rules : of the course, as course_profile.describe puts them; load() refuses others

    Checked: tests/test_the_release_holds_no_solution.py
    """
    store, cases = Store(), [case for case in task.cases if not case.hidden]
    facts = {name: getattr(task, name) for name in PLAIN}
    facts["rules"] = rules
    facts["cases"] = [{"name": case.name, "arguments": store.arguments(case.arguments)} for case in cases]
    facts["solution"] = [store.result(task.solution, case) for case in cases]
    facts["mistakes"] = [
        {
            "name": mistake.name,
            "hint": mistake.hint,
            "results": [store.result(mistake.function, case) for case in cases],
        }
        for mistake in task.mistakes
    ]
    if task.work:
        sizes = [[store.arguments(one) for one in pair] for pair in task.work.sizes]
        cases = [name for name in task.work.cases if name in {case.name for case in cases}]
        facts["work"] = vars(task.work) | {"sizes": sizes, "cases": cases}
    text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    content = io.BytesIO()
    np.savez_compressed(content, facts=text, **store.arrays)
    write_atomically(path, lambda temporary: temporary.write_bytes(content.getvalue()))


def load(path: Path, rules: str) -> Task:
    """The task that save() wrote, with visible cases only. FileError (a ValueError) if it was made for other rules.

    Checked: tests/test_the_release_holds_no_solution.py
    """
    with np.load(io.BytesIO(read_regular_file(path)), allow_pickle=False) as arrays:
        facts = json.loads(arrays["facts"].tobytes())
        if facts["rules"] != rules:
            raise FileError("this folder checks by the rules of its own course alone, the profile default")

        def value(stored):
            return arrays[stored["array"]] if isinstance(stored, dict) else stored

        def arguments(stored: dict) -> dict:
            return {name: value(one) for name, one in stored.items()}

        def results(stored: list) -> list:
            return [None if one is None else value(one) for one in stored]

        cases = tuple(Case(case["name"], arguments(case["arguments"])) for case in facts["cases"])
        plain = {name: facts[name] for name in PLAIN if name in facts}
        for name in ("parameters", "axes", "refused"):
            plain[name] = tuple(plain[name])
        if work := facts.get("work"):
            sizes = tuple((arguments(small), arguments(large)) for small, large in work["sizes"])
            plain["work"] = Work(**work | {"sizes": sizes, "cases": tuple(work["cases"])})
        return Task(
            **plain,
            cases=cases,
            solution=Stored(cases, results(facts["solution"])),
            mistakes=tuple(
                Mistake(one["name"], one["hint"], Stored(cases, results(one["results"]))) for one in facts["mistakes"]
            ),
        )


class Store:
    """Arrays by name, equal ones once."""

    def __init__(self):
        self.arrays: dict[str, np.ndarray] = {}

    def value(self, value):
        """The value for JSON: itself, or the name of its array."""
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray):
            return value
        content = np.ascontiguousarray(value)
        digest = hashlib.sha256(repr((content.dtype.str, content.shape)).encode() + content.tobytes()).hexdigest()[:16]
        self.arrays[f"a{digest}"] = value
        return {"array": f"a{digest}"}

    def arguments(self, arguments: dict) -> dict:
        return {name: self.value(value) for name, value in arguments.items()}

    def result(self, function, case: Case):
        """The result in a case, None if the function is impossible there."""
        try:
            with np.errstate(all="ignore"):
                return self.value(np.asarray(function(**case.arguments)))
        except IMPOSSIBLE:
            return None
