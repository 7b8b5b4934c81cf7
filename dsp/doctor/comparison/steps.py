"""One part of an explanation: what is different, and what to change to remove the difference."""

from dataclasses import dataclass

Names = tuple[str, str]
FIRST, SECOND = 0, 1  # the files


@dataclass(frozen=True)
class Step:
    """One difference.

    sentence  what is different
    change    what removes it, as an order; empty where nothing does
    file      the file that the change is made to, FIRST or SECOND
    cost      how much it complicates the explanation
    remark    whether the sentence is no difference, only something that the reader should know
    partial   whether it says only where something differs, not what
    """

    sentence: str
    change: str = ""
    file: int = FIRST
    cost: float = 0.0
    remark: bool = False
    partial: bool = False


def changes_in_words(steps: tuple[Step, ...], names: Names) -> str:
    """What makes both files equal; empty where a step has no remedy, or there is nothing to change."""
    differences = [step for step in steps if not step.remark]
    if not differences or not all(step.change for step in differences):
        return ""
    orders = {file: "; ".join(step.change for step in differences if step.file == file) for file in (SECOND, FIRST)}
    if not orders[FIRST] or not orders[SECOND]:
        file = FIRST if orders[FIRST] else SECOND
        return f"to get {names[1 - file]} from {names[file]}: {orders[file]}"
    return f"to make both equal: with {names[SECOND]}, {orders[SECOND]}; with {names[FIRST]}, {orders[FIRST]}"


def count(n: int, what: str) -> str:
    """1 frame, 2 frames."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def span(first: int, last: int, what: str = "frame") -> str:
    """frame 3, frames 3 to 7: both ends included, counted from 0."""
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"
