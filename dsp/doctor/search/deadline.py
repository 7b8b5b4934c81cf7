"""When a search must stop: after so much work of the processor, and at a wall-clock time in any case."""

import time
from dataclasses import dataclass

WORK_S = 9.0  # of the processor: it finds 194 of 200 random conventions, half of them within 0.75 s (measure_doctor)
WALL_S = 300.0  # thirty times the work: a machine this busy should answer late, and hardly ever with less


@dataclass(frozen=True)
class Deadline:
    """The processor time of this thread and the wall-clock time at which a search stops, whichever comes first.

    Processor time measures the work, so that other programs on the machine do not change what a search finds. The
    wall-clock time is a safety net for a machine that hardly gives this program any processor time.
    """

    processor: float  # on time.thread_time()'s clock
    wall: float  # on time.monotonic()'s clock

    @classmethod
    def after(cls, processor_s: float, wall_s: float) -> "Deadline":
        """The deadline so many seconds from now."""
        return cls(time.thread_time() + processor_s, time.monotonic() + wall_s)

    @classmethod
    def for_search(cls, time_limit: float | None) -> "Deadline":
        """The deadline of a whole search: the given number of seconds, or WORK_S of work within WALL_S."""
        return cls.after(WORK_S, WALL_S) if time_limit is None else cls.after(time_limit, time_limit)

    def part(self, share: float) -> "Deadline":
        """The deadline after a share of the time that is left on both clocks."""
        processor, wall = time.thread_time(), time.monotonic()
        return Deadline(processor + share * (self.processor - processor), wall + share * (self.wall - wall))

    def is_over(self) -> bool:
        return time.thread_time() > self.processor or time.monotonic() > self.wall
