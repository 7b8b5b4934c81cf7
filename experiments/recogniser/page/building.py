"""Writes the page: its modules, the graphs, ONNX Runtime Web and what is said about the network.

    OUT/index.html              names the folder below; replaced last, in one step
    OUT/page-0123456789ab/      everything else, named by its content

So a visitor gets the old page or the new one, never half of each, and a browser never mixes them in its cache.
"""

import hashlib
import html
import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import colormaps

from dsp import __version__
from dsp.files.commands import check_output_folder
from dsp.files.naming import FileError
from dsp.files.writing import write_text_atomically
from experiments.recogniser.page import onnxruntime_web
from experiments.recogniser.page.card import card, lead
from experiments.recogniser.trained import Trained, title

SITE = Path(__file__).with_name("site")
ASSETS = re.compile(r"page-[0-9a-f]{12}")
PART, ABANDONED_S = re.compile(r"\.page-\w+\.part"), 3600
PALETTE = "cividis"  # the same to people who tell no red from green
N_COLORS = 64


class PageError(FileError):
    """A folder that the page may not be written into. The message is one line."""


@dataclass(frozen=True)
class Graph:
    """An ONNX graph from samples (1, n) float32 at the network's rate, and what the page must know of it.

    facts : for model.json: the names of "input" and "output" and, of a spectrogram, how to draw it
    """

    content: bytes
    facts: dict


@dataclass(frozen=True)
class Graphs:
    """The two graphs of a page. min_samples : the shortest signal that both take."""

    log_mel: Graph
    network: Graph
    sample_rate: int
    min_samples: int


def write_page(out: Path, trained: Trained, graphs: Graphs, runtime: dict[str, bytes]) -> Path:
    """Writes the page into a new or empty folder, or over an older page; returns the path of index.html.

    Raises PageError for a folder with other files, OSError if it cannot be written.

    Checked: tests/test_the_page_is_built.py
    """
    check_output_folder(out)
    _check_is_page(out)
    files = page_files(trained, graphs, runtime)
    assets = f"page-{_digest(files)[:12]}"
    out.mkdir(parents=True, exist_ok=True)
    _write_folder(out / assets, files)
    index = _index(trained, graphs, assets)
    write_text_atomically(out / "index.html", index)
    for old in out.iterdir():
        if (ASSETS.fullmatch(old.name) and old.name != assets) or _is_abandoned(old):
            shutil.rmtree(old, ignore_errors=True)
    return out / "index.html"


def page_files(trained: Trained, graphs: Graphs, runtime: dict[str, bytes]) -> dict[str, bytes]:
    """{name: content} of all files but index.html."""
    modules = {path.name: path.read_bytes() for path in sorted(SITE.iterdir()) if path.name != "index.html"}
    made = {"log_mel.onnx": graphs.log_mel.content, "network.onnx": graphs.network.content}
    made["model.json"] = json.dumps(_facts(trained, graphs), indent=1).encode()
    return modules | made | {f"ort/{name}": content for name, content in runtime.items()}


def _facts(trained: Trained, graphs: Graphs) -> dict:
    """model.json: what the page needs to know.

    training_content : hashes of the recordings that the run was trained and selected on, or None: see
        core.was_trained_on
    """
    result, known = trained.result, trained.training_content
    of_samples = known is not None and known["kind"] == "samples"
    return {
        "classes": list(trained.classes),
        "sample_rate": graphs.sample_rate,
        "min_samples": graphs.min_samples,
        "log_mel": {"file": "log_mel.onnx", **graphs.log_mel.facts},
        "network": {"file": "network.onnx", **graphs.network.facts},
        "palette": (255 * colormaps[PALETTE](np.linspace(0, 1, N_COLORS))[:, :3]).round().astype(int).tolist(),
        "training_content": sorted({*known["training"], *known["validation"]}) if of_samples else None,
        "run": {name: result[name] for name in ("system", "corpus", "variant") if name in result},
    }


def _index(trained: Trained, graphs: Graphs, assets: str) -> str:
    versions = f"dsp {__version__}, ONNX Runtime Web {onnxruntime_web.VERSION} (MIT license, Microsoft). "
    versions += f"Network: {title(trained.result, trained.folder)}."
    filled = {
        "assets": assets,
        "lead": lead(trained),
        "card": card(trained),
        "unit": html.escape(graphs.log_mel.facts["unit"]),
        "versions": html.escape(versions),
    }
    template = (SITE / "index.html").read_text(encoding="utf-8")
    return re.sub(r"\{(\w+)\}", lambda match: filled[match[1]], template)


def _digest(files: dict[str, bytes]) -> str:
    parts = (f"{name} {hashlib.sha256(content).hexdigest()}\n" for name, content in sorted(files.items()))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _check_is_page(out: Path) -> None:
    """A folder whose files are not a page's is left alone."""
    if not out.exists():
        return
    names = sorted(entry.name for entry in out.iterdir())
    foreign = [name for name in names if name != "index.html" and not ASSETS.fullmatch(name) and name[0] != "."]
    is_page = any(map(ASSETS.fullmatch, names))
    if foreign or ("index.html" in names and not is_page):
        found = foreign[0] if foreign else "an index.html of something else"
        raise PageError(f"{out}: holds {found}; a new or empty folder, or one with an older page, is expected")


def _is_abandoned(path: Path) -> bool:
    """Whether this is what a killed command left."""
    return bool(PART.fullmatch(path.name)) and time.time() - path.stat().st_mtime > ABANDONED_S


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """The whole folder at once; one of that name is replaced if it was damaged."""
    if folder.is_dir() and all((folder / name).is_file() for name in files):
        if all((folder / name).read_bytes() == content for name, content in files.items()):
            return
    made = Path(tempfile.mkdtemp(prefix=".page-", suffix=".part", dir=folder.parent))
    try:
        for name, content in files.items():
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        os.chmod(made, 0o755)
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
