"""Compiled functions on disk, as Numba's cache=True keeps them, but a damaged or outdated file never stops a program.

Numba notices an edit of the function's own file only, and fails at every start if one of its files is cut short. Here

- an entry is used only if no file of the function's folder or of the engine has changed since
- every compiled function is stored with a checksum; what does not match it is compiled again and stored anew
- every form of a function has a file name of its own: Numba numbers them, so that two processes that store two forms
  at once may leave an index that names the other one's code
- where nothing can be stored (full disk, read-only folder), the program compiles at every start

The files are those of Numba, in __pycache__ or in NUMBA_CACHE_DIR, and like them they are read with pickle: whoever can
write there can run code. This module uses classes of Numba that its documentation does not describe (tested with 0.68).
"""

import hashlib
import pickle
from functools import cache
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.serialize import dumps

ENGINE = Path(__file__).parents[1] / "engine"  # its generators of code are part of what every kernel becomes
DIGEST = hashlib.sha256().digest_size


def keep_on_disk(compiled: Any) -> Any:
    """A decorator above @njit: the compiled forms of a function are stored, and loaded by later processes.

    compiled : what @njit returns, as which it is returned

    Checked: tests/test_compiled_functions_are_kept.py
    """
    try:
        compiled._cache = _Cache(compiled.py_func, counts_references=compiled.targetoptions.get("_nrt", True))
    except RuntimeError:  # Numba finds no folder to write to
        pass
    return compiled


@cache
def stamp(folder: Path) -> str:
    """Sixteen hex digits that change with the name, size or time of any Python file in a folder or in the engine.

    Checked: tests/test_compiled_functions_are_kept.py
    """
    files = sorted({*folder.glob("*.py"), *ENGINE.glob("*.py")})
    facts = [(path.name, status.st_size, status.st_mtime_ns) for path in files for status in (path.stat(),)]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


class _Cache(FunctionCache):
    """Numba's cache of a function, with the files below.

    Before a function is loaded, Numba imports all that it can compile, SciPy included: 0.2 s. Only its counting of
    references needs some of that.
    """

    def __init__(self, function, counts_references):
        super().__init__(function)
        self._counts_references = counts_references
        stamps = (self._impl.locator.get_source_stamp(), stamp(Path(function.__code__.co_filename).parent))
        self._cache_file = _CheckedFile(self._cache_path, self._impl.filename_base, stamps)

    def load_overload(self, signature, context):
        if self._counts_references:
            return super().load_overload(signature, context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(signature, context)

    def _load_overload(self, *arguments):
        try:
            return super()._load_overload(*arguments)
        except Exception:  # whatever Numba raises while it rebuilds a function from another version's data
            return None


class _CheckedFile(IndexDataCacheFile):
    """The index of a function's compiled forms, and one file for each."""

    def load(self, key):
        try:
            return super().load(key)
        except Exception:  # whatever a damaged file makes the unpickler raise
            return None

    def save(self, key, data):
        name = self._data_name(int(hashlib.sha256(dumps(key)).hexdigest()[:16], 16))
        try:
            self._save_data(name, data)
            self._save_index({**self._index(), key: name})
        except OSError:  # nothing can be stored here
            pass

    def _index(self):
        try:
            return self._load_index()
        except OSError:
            raise
        except Exception:  # the index is damaged
            return {}

    def _save_data(self, name, data):
        content = dumps(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(self._checksum(name, content) + content)

    def _load_data(self, name):
        content = Path(self._data_path(name)).read_bytes()
        if self._checksum(name, content[DIGEST:]) != content[:DIGEST]:
            raise ValueError("the checksum differs")
        return pickle.loads(content[DIGEST:])

    def _checksum(self, name, content):
        """Of the code together with what it was compiled from: the stamps, and the form, for which the name stands."""
        return hashlib.sha256(repr((self._source_stamp, name)).encode() + content).digest()
