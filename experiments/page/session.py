"""What one open page owns: its folder of files, its place in the queue, and a way back into its document."""

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dsp.files.naming import printable, shorten
from experiments.page.uploads import Folder
from experiments.page.workers import Job, JobError, Workers, one_line

REST_MS = 250  # without a move: what is too slow for every move is done then


class Session:
    """The private side of one page. Nothing in it is shared with another page."""

    def __init__(self, folder: Folder, workers: Workers, document, runs: Path | None = None):
        """document : the page's Bokeh document; callbacks run in it when their turn comes."""
        self.folder, self.workers, self.document, self.runs = folder, workers, document, runs
        self._is_shown, self._until_shown = False, list[Callable[[], None]]()
        self._resting = None
        document.on_event("document_ready", lambda _: self._show())

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

    def when_shown(self, callback: Callable[[], None]) -> None:
        """Calls back once the browser shows the page: what comes later than its first view."""
        if self._is_shown:
            callback()
        else:
            self._until_shown.append(callback)

    def at_rest(self, callback: Callable[[], None]) -> None:
        """Calls back when nothing was asked for during REST_MS. Only the last callback is kept."""
        if self._resting is not None:
            self.document.remove_timeout_callback(self._resting)

        def rested() -> None:
            self._resting = None
            callback()

        self._resting = self.document.add_timeout_callback(rested, REST_MS)

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

    def _show(self) -> None:
        self._is_shown = True
        waiting, self._until_shown = self._until_shown, []
        for callback in waiting:
            callback()

    def _back(self, callback: Callable, argument) -> None:
        if self.folder.is_open:
            self.document.add_next_tick_callback(partial(callback, argument))


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

    def when_shown(self, callback: Callable[[], None]) -> None:
        callback()

    def at_rest(self, callback: Callable[[], None]) -> None:
        callback()
