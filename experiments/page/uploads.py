"""Files that browsers hand in: bounded, in a private folder of their session, removed with it.

A ticket is a secret of one session that lets its page send files here. A file's name is the user's as far as a file
system takes it; each file has a folder of its own, so that names never meet.
"""

import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from dsp.files.naming import FileError, printable, shorten

MAX_FILE = 64 * 2**20  # bytes of one file
MAX_SESSION = 256 * 2**20  # of all files that one session holds
MAX_ALL = 2 * 2**30  # of all sessions together
MAX_FILES = 2_000  # of one session
MAX_SECONDS = 120.0  # for one file to arrive
MAX_NAME = 120  # bytes; file systems take 255, and readers append to it
PREFIX = "ser-page-"


class UploadError(FileError):
    """A file that is not taken. One line: its name, then the rule."""


def safe_name(name: str) -> str:
    """The last part of a name without what no file system takes; a long one keeps its ending.

    Checked: tests/test_page_takes_files.py
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    last = last.encode("utf-8", "replace").decode()
    stem, ending = os.path.splitext(last)
    ending = "" if len(ending.encode()) > 12 else ending
    stem = stem if ending else last
    stem = stem.encode()[: MAX_NAME - len(ending.encode())].decode(errors="ignore")
    return "unnamed" if f"{stem}{ending}".strip(". ") == "" else f"{stem}{ending}"


def safe_path(name: str) -> Path:
    """A name with the folder before it, if it has one: in CASIA's layout that is the emotion.

    Checked: tests/test_page_takes_files.py
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(". ")]
    return Path(*(safe_name(part) for part in parts[-2:])) if parts else Path("unnamed")


class Folder:
    """The files of one session: files by their ids, and the folder that holds them."""

    def __init__(self, store: "Store", path: Path):
        self.store, self.path, self.ticket = store, path, secrets.token_urlsafe(24)
        self.files: dict[str, Path] = {}
        self.sizes: dict[str, int] = {}
        self.is_open = True

    @property
    def size(self) -> int:
        return sum(self.sizes.values())

    def begin(self, name: str) -> tuple[str, Path]:
        """(id, path) of a file that is about to arrive. UploadError if the session or the server holds too much."""
        if not self.is_open:
            raise UploadError(f"{shorten(name)}: the page that this file belongs to is closed")
        if len(self.files) >= MAX_FILES:
            raise UploadError(f"{shorten(name)}: {MAX_FILES} files are held already; reload the page to remove them")
        key = secrets.token_urlsafe(9)
        path = self.path / key / safe_path(name)
        for folder in (self.path / key, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.files[key], self.sizes[key] = path, 0
        return key, self.files[key]

    def grow(self, key: str, n_bytes: int) -> None:
        """Counts bytes that arrived. UploadError beyond a limit."""
        name = shorten(printable(self.files[key].name))
        self.sizes[key] += n_bytes
        if self.sizes[key] > MAX_FILE:
            raise UploadError(f"{name}: more than {MAX_FILE // 2**20} MB; smaller files are taken")
        if self.size > MAX_SESSION:
            raise UploadError(f"{name}: this page would hold more than {MAX_SESSION // 2**20} MB; reload it")
        if self.store.size > MAX_ALL:
            raise UploadError(f"{name}: the server is full; try again later")

    def remove(self, key: str) -> None:
        """Removes one file; an unknown id is fine."""
        path = self.files.pop(key, None)
        self.sizes.pop(key, None)
        if path is not None:
            shutil.rmtree(self.path / key, ignore_errors=True)

    def keep_only(self, keys: set[str]) -> None:
        """Removes all other files, so that a session that tries many holds few."""
        for key in set(self.files) - keys:
            self.remove(key)

    def without_paths(self, text: str) -> str:
        """A message without the folders of the server: the names as the user knows them."""
        for key in self.files:
            text = text.replace(f"{self.path / key}{os.sep}", "")
        return text.replace(f"{self.path}{os.sep}", "")

    def close(self) -> None:
        self.is_open = False
        self.store.folders.pop(self.ticket, None)
        shutil.rmtree(self.path, ignore_errors=True)
        self.files.clear()
        self.sizes.clear()


class Store:
    """All sessions' folders, below one that only this user can read. `close` removes everything."""

    def __init__(self):
        _remove_leftovers()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # mode 0700
        self.folders: dict[str, Folder] = {}

    @property
    def size(self) -> int:
        return sum(folder.size for folder in self.folders.values())

    def open(self) -> Folder:
        """The folder of a new session."""
        folder = Folder(self, Path(tempfile.mkdtemp(dir=self.path)))
        self.folders[folder.ticket] = folder
        return folder

    def close(self) -> None:
        for folder in list(self.folders.values()):
            folder.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _remove_leftovers() -> None:
    """Removes what a server of this user left when it was killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        try:
            is_ours = path.lstat().st_uid == os.getuid() and not path.is_symlink()
        except (OSError, AttributeError):  # gone meanwhile; a system without user ids
            continue
        if is_ours and pid.isdigit() and not _is_running(int(pid)) and time.time() - path.stat().st_mtime > 60:
            shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
