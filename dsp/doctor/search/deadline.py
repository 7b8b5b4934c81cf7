"""When a search must stop: after so much work, and at a wall-clock time in any case.

Work is counted, not timed, so that a search finds the same on a slow or busy machine: every stage that is computed adds
what it costs on one core of a machine of 2025, in seconds.
"""

import time
from dataclasses import dataclass

WORK = 14.0  # finds the band edges of real calls to the hertz, which take up to 9 (tests/test_doctor_identifies.py)
WALL_S = 300.0  # a safety net: a machine this busy should answer late, and hardly ever with less
CALL = 5e-5  # work of looking at one convention, however small the clip
SAMPLE = 1e-8  # of one sample in a frame that is transformed
WEIGHT = 6e-10  # of one weight of a filter on one frame
LEVEL = 1.4e-8  # of one value: its logarithm, and the comparisons that follow


class Work:
    """What one search has done so far."""

    def __init__(self):
        self.done = 0.0


@dataclass(frozen=True)
class Deadline:
    """The work after which a search stops, and the wall-clock time at which it does, whichever comes first."""

    work: Work
    most: float  # of the work
    wall: float  # on time.monotonic()'s clock

    @classmethod
    def for_search(cls, time_limit: float | None = None, effort: float = 1.0) -> "Deadline":
        """The deadline of a whole search: `effort` times WORK, within so many seconds (effort times WALL_S)."""
        seconds = effort * WALL_S if time_limit is None else time_limit
        return cls(Work(), effort * WORK, time.monotonic() + seconds)

    def part(self, share: float) -> "Deadline":
        """The deadline after a share of the work and of the time that are left."""
        done, wall = self.work.done, time.monotonic()
        return Deadline(self.work, done + share * (self.most - done), wall + share * (self.wall - wall))

    def is_over(self) -> bool:
        return self.work.done > self.most or self.is_late()

    def is_late(self) -> bool:
        """Whether it is the time that ends the search."""
        return time.monotonic() > self.wall
