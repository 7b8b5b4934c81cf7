"""What one open page owns: its folder of files, its place in the queue, and a way back into its document."""

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dsp.files.naming import printable, shorten
from experiments.page.uploads import Folder
from experiments.page.workers import Job, JobError, Workers, one_line


class Session:
    """The private side of one page. Nothing in it is shared with another page."""

    def __init__(self, folder: Folder, workers: Workers, later: Callable[[Callable], None], runs: Path | None = None):
        """later : runs a function in the page's document when its turn comes."""
        self.folder, self.workers, self.later, self.runs = folder, workers, later, runs

    @property
    def address(self) -> str:
        """Where the page sends files, relative to its own address."""
        return f"upload/{self.folder.ticket}"

    def paths(self, ids: list[str]) -> list[Path]:
        """The files of this session with these ids; ids that are not its own are left out."""
        return [self.folder.files[key] for key in ids if key in self.folder.files]

    def run(
        self,
        function: str,
        arguments: tuple,
        on_done: Callable[[Any], None],
        on_error: Callable[[str], None],
        on_item: Callable[[Any], None] | None = None,
        limit_s: float = 60.0,
    ) -> None:
        """Does "module:function" in a worker process; the answers come in the page's document."""
        job = Job(
            self.folder.ticket,
            function,
            arguments,
            on_done=lambda result: self._back(on_done, result),
            on_error=lambda line: self._back(on_error, self.shown(line)),
            on_item=None if on_item is None else lambda item: self._back(on_item, item),
            limit_s=limit_s,
        )
        try:
            self.workers.submit(job)
        except JobError as error:
            on_error(str(error))

    def cancel(self) -> None:
        self.workers.cancel(self.folder.ticket)

    def close(self) -> None:
        """Ends the session's work and removes its files."""
        self.cancel()
        self.folder.close()

    def shown(self, line: str) -> str:
        """A message as the page shows it: without the server's folders, one bounded line."""
        return shorten(self.folder.without_paths(line), 600)

    def shown_lines(self, text: str) -> str:
        """The same for a few lines."""
        return "\n".join(map(self.shown, text.splitlines()))

    def name(self, path: Path) -> str:
        return printable(path.name)

    def _back(self, callback: Callable, argument) -> None:
        if self.folder.is_open:
            self.later(partial(callback, argument))


class OwnSession:
    """For a notebook: the work is done here and now, and there are no files to take."""

    runs = None

    def run(self, function, arguments, on_done, on_error, on_item=None, limit_s: float = 60.0) -> None:
        module, _, name = function.partition(":")
        try:
            result = getattr(importlib.import_module(module), name)(*arguments)
        except (ValueError, OSError) as error:
            on_error(one_line(error))
        else:
            on_done(result)
