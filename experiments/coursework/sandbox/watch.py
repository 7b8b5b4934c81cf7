"""Looks from outside at the process that runs a submission: its threads, and the files that it has made.

The kernel limits memory, processor time and the size of a file by itself. It has no limit on the number of threads of
a process that root owns, nor on the number of files, so the checking process counts both ten times a second. It counts
files by asking the tmpfs for its totals, or, in a temporary folder where no folder can be made, by listing that folder;
it opens none of them.
"""

import os
import resource
from pathlib import Path

from experiments.coursework.sandbox.containment import BUBBLEWRAP, MAX_WRITTEN, NOTHING

MAX_THREADS = 64
MAX_FILES = 1000
UNKNOWN_ADDRESS_SPACE = 4 << 30  # where there is no /proc


class Watch:
    """What the process with this number, or its only grandchild under bubblewrap, takes."""

    def __init__(self, pid: int, containment: str, folder: str):
        while containment == BUBBLEWRAP and (children := children_of(pid)):
            pid = children[0]
        self.proc = Path(f"/proc/{pid}")
        self.containment, self.folder = containment, folder

    def address_space(self) -> int:
        """Bytes that the process has mapped."""
        try:
            return int((self.proc / "statm").read_text().split()[0]) * resource.getpagesize()
        except OSError:
            return UNKNOWN_ADDRESS_SPACE

    def excess(self) -> str:
        """What there is too much of, or "". A process that has just ended has too much of nothing."""
        try:
            threads = len(os.listdir(self.proc / "task"))
            files, written = self.files()
        except OSError:
            return ""
        if threads > MAX_THREADS:
            return f"started {threads} threads; {MAX_THREADS} are allowed"
        if files > MAX_FILES or written > MAX_WRITTEN:
            return f"made {files} files with {written >> 20} MB; {MAX_FILES} and {MAX_WRITTEN >> 20} MB are allowed"
        return ""

    def files(self) -> tuple[int, int]:
        """The number of files in the working folder and their size in bytes."""
        if self.containment == NOTHING:
            return 0, 0
        if self.containment == BUBBLEWRAP:
            totals = os.statvfs(f"{self.proc}/root{self.folder}")
            return totals.f_files - totals.f_ffree, (totals.f_blocks - totals.f_bfree) * totals.f_frsize
        count = written = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                count, written = count + 1, written + entry.stat(follow_symlinks=False).st_size
                if count > MAX_FILES:
                    break
        return count, written


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
