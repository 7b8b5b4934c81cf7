"""Calls that tell more than a result: does a function change its arguments, does it remember, how does its work grow?

A probe is a few lines behind the student's program, called in the sandbox like any function. What it returns is no
better than the submission, with which it shares a process; it helps honest students and serves as no proof.
"""

import numpy as np

from experiments.coursework.checking.submission import Submission
from experiments.coursework.checking.task import Task, Work
from experiments.coursework.sandbox.run import run

POSITIONAL = """
def {function}(*, _call={function}, **arguments):
    return _call(*[arguments[name] for name in {names!r}])
"""
PROBE = """
def __probe__(_what, **arguments):
    import copy, time
    if _what == "call":
        return {function}(**arguments)
    if _what == "changed":
        before = copy.deepcopy(arguments)
        {function}(**arguments)
        return [1.0 * (repr(a) != repr(b) if not hasattr(a, "tobytes") else a.tobytes() != b.tobytes())
                for a, b in ((before[name], arguments[name]) for name in sorted(arguments))]
    small, large = ({{k[6:]: v for k, v in arguments.items() if k.startswith(size)}} for size in ("small_", "large_"))
    least = [1e9, 1e9]
    for _ in range(2):
        for i, one in enumerate((small, large)):
            start, runs, used = time.process_time(), 0, 0.0
            while used < 0.05 and runs < 3000:  # many runs, as the clock may be a coarse one
                {function}(**one)
                runs += 1
                used = time.process_time() - start
            least[i] = min(least[i], used / runs)
    return least
"""
PROBE_S = 10.0  # at most, of one call
SHORT_S = 0.02  # processor time below which a larger signal is tried


def adapted(submission: Submission, task: Task) -> bytes:
    """The program whose function takes its arguments by the names that `call_names` gives."""
    if not submission.positional:
        return submission.program()
    return submission.program(POSITIONAL.format(function=task.function, names=list(task.parameters)))


def renamed(submission: Submission, arguments: dict) -> dict:
    """A call's arguments by the student's names."""
    if submission.positional:
        return arguments
    return {submission.names[name]: value for name, value in arguments.items()}


class Probes:
    """Further calls of one submission under the limits of its check."""

    def __init__(self, file, submission: Submission, task: Task, seconds: float, megabytes: int, **options):
        self.file, self.submission, self.task = file, submission, task
        self.limits, self.options = (min(seconds, PROBE_S), megabytes), options
        self.program = adapted(submission, task) + PROBE.format(function=task.function).encode()

    def run(self, calls: list[tuple[str, dict]]) -> list:
        """The array of each (what, arguments), or None; in a new process."""
        requests = [{"_what": what} | renamed(self.submission, arguments) for what, arguments in calls]
        source, extra = self.program, self.submission.helpers
        outcomes = run(self.file, "__probe__", requests, *self.limits, source=source, extra=extra, **self.options)
        return [outcome.array for outcome in outcomes]

    def habits(self, arguments: dict) -> tuple[list[str], list]:
        """(parameters that a call changes in place, results of the same call as the first and the second one)."""
        first, second, changed = self.run([("call", arguments), ("call", arguments), ("changed", arguments)])
        names = sorted(arguments, key=lambda name: renamed(self.submission, {name: 0}).popitem()[0])
        if changed is None or changed.shape != (len(names),):
            return [], [first, second]
        return [name for name, flag in zip(names, changed, strict=True) if flag], [first, second]

    def growth(self, work: Work) -> float:
        """How many times the processor time of the small call the large one takes: the least of two processes.

        Processor time does not count what other programs do meanwhile, and the smallest of several runs leaves out
        what disturbed the others. A call that cannot be measured counts as 1.
        """
        return min(self.growth_once(work), self.growth_once(work))

    def growth_once(self, work: Work) -> float:
        largest = 1.0
        for small, large in work.sizes:
            arguments = {f"small_{name}": value for name, value in renamed(self.submission, small).items()}
            arguments |= {f"large_{name}": value for name, value in renamed(self.submission, large).items()}
            requests = [{"_what": "time"} | arguments]
            source, extra = self.program, self.submission.helpers
            [outcome] = run(self.file, "__probe__", requests, *self.limits, source=source, extra=extra, **self.options)
            least = outcome.array
            if least is None or least.shape != (2,) or not (np.isfinite(least).all() and (least > 0).all()):
                break
            largest = max(largest, float(least[1] / least[0]))
            if largest > work.at_most or least[1] > SHORT_S:
                break
        return largest
