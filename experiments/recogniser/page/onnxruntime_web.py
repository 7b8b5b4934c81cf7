"""ONNX Runtime Web, which runs the page's graphs: from npm, from a folder, or from what was fetched before.

The version is pinned, and so is the content: npm's archive by its SHA-512, each file that the page needs by its
SHA-256. Nothing else is used, whoever hands it in.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from dsp.files.naming import FileError, printable, shorten
from dsp.files.writing import write_atomically
from experiments.common.paths import ROOT, RUNS

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web@{VERSION}"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FILES = {  # of the package's folder dist: SHA-256
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
CACHE = RUNS / "onnxruntime-web"
HELP = f"get it where npm is, by: npm pack {PACKAGE}; then give --ort {ARCHIVE}"
TIMEOUT_S = 300
MAX_ARCHIVE_BYTES = 200 * 2**20


class RuntimeFilesError(FileError):
    """ONNX Runtime Web is not to be had, or is not the pinned one. The message is one line that says what to do."""


def runtime_files(source: Path | None = None, cache: Path = CACHE) -> dict[str, bytes]:
    """{name: content} of what a page needs of ONNX Runtime Web, its license included.

    source : a folder with the package's files, or npm's archive; None: what was fetched before, else npm
    cache : the folder that keeps npm's archive

    Raises RuntimeFilesError.

    Checked: tests/test_the_page_is_built.py
    """
    if source is None:
        files = _unpack(_fetched(cache))
    elif source.is_dir():
        files = {name: _found(source, name).read_bytes() for name in FILES}
    else:
        files = _unpack(source)
    for name, digest in FILES.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise RuntimeFilesError(f"{source or cache}: its {name} is not that of {PACKAGE}; {HELP}")
    return files | {"LICENSE.txt": _license().encode()}


def _license() -> str:
    """The MIT license, as this project has it, with the holder that the package names (it contains no such file)."""
    lines = (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()
    holder = "Copyright (c) Microsoft Corporation"
    lines = [holder if line.startswith("Copyright") else line for line in lines]
    return "\n".join([f"ONNX Runtime Web {VERSION}", "", *lines, ""])


def _found(folder: Path, name: str) -> Path:
    inside = ("", "dist", "package/dist", "node_modules/onnxruntime-web/dist")
    paths = [folder / part / name for part in inside]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise RuntimeFilesError(f"{folder}: no {name} in it or in its dist; the folder of {PACKAGE} is expected")
    return path


def _fetched(cache: Path) -> Path:
    """npm's archive in the cache, fetched if it is not there."""
    kept = cache / ARCHIVE
    if kept.is_file() and _integrity(kept.read_bytes()) == INTEGRITY:
        return kept
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeFilesError(f"the page needs {PACKAGE}, and npm is not installed; {HELP}")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", PACKAGE, "--ignore-scripts", "--pack-destination", folder]
        try:
            ended = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            raise RuntimeFilesError(f"npm did not fetch {PACKAGE} within {TIMEOUT_S} s; {HELP}") from None
        archive = Path(folder) / ARCHIVE
        if ended.returncode or not archive.is_file():
            reason = next((line for line in ended.stderr.splitlines() if line.startswith("npm error")), "no archive")
            raise RuntimeFilesError(f"npm could not fetch {PACKAGE} ({shorten(printable(reason))}); {HELP}")
        content = archive.read_bytes()
    if _integrity(content) != INTEGRITY:
        raise RuntimeFilesError(f"npm sent another archive than the pinned {PACKAGE}; {HELP}")
    write_atomically(kept, lambda path: path.write_bytes(content))
    return kept


def _unpack(archive: Path) -> dict[str, bytes]:
    """The content of FILES in npm's archive, once the archive is the pinned one."""
    try:
        content = archive.read_bytes() if archive.stat().st_size <= MAX_ARCHIVE_BYTES else b""
    except OSError as error:
        raise RuntimeFilesError(f"{archive}: {error.strerror}; a folder or archive of {PACKAGE} is expected") from None
    if _integrity(content) != INTEGRITY:
        raise RuntimeFilesError(f"{archive}: not the archive of {PACKAGE}, whose SHA-512 is pinned; {HELP}")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {name: tar.extractfile(f"package/dist/{name}").read() for name in FILES}


def _integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
