"""The house keeps its rules: who imports whom, what dsp may not use, which docstrings name a test that exists."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("dsp", "spectrogram_images", "nets", "experiments")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MAY_IMPORT = {
    "dsp": {"dsp"},
    "spectrogram_images": {"dsp", "spectrogram_images"},
    "nets": {"dsp", "nets"},
    "experiments": set(PACKAGES),
}
DSP_LIBRARIES = {
    "numpy",
    "numba",
    "llvmlite",
    "soundfile",
}  # llvmlite: Numba's own code generator, for the register type
STANDARD = set(sys.stdlib_module_names)
FORBIDDEN_IN_DSP = {
    ("np", "fft"),
    ("np", "hamming"),
    ("np", "hanning"),
    ("np", "convolve"),
    ("np", "correlate"),
    ("np", "interp"),
}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out from the root"
            names.add(node.module)
    return {name.split(".")[0] for name in names}


WRITE_INSTRUCTIONS = ("lanes.py", "complex_lanes.py", "transpose.py", "codelets.py", "structures.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports(path):
    package = path.relative_to(ROOT).parts[0]
    names = imported(ast.parse(path.read_text(encoding="utf-8")))
    assert names & set(PACKAGES) <= MAY_IMPORT[package]
    if package == "dsp":
        assert names <= {"dsp"} | DSP_LIBRARIES | STANDARD
        assert "soundfile" not in names or path.name == "audio.py"
        assert "llvmlite" not in names or path.name in WRITE_INSTRUCTIONS


@pytest.mark.parametrize("path", [p for p in FILES if "dsp" in p.parts], ids=lambda path: path.name)
def test_dsp_is_hand_written(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {
        (n.value.id, n.attr) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
    }
    assert not used & FORBIDDEN_IN_DSP
    assert "numpy.fft" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_explains_itself_and_names_tests_that_exist(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree), path
    for name in re.findall(r"tests/\w+\.py", source):
        assert (ROOT / name).exists(), f"{path}: {name}"
    if path.name != "__init__.py":
        assert len(source.splitlines()) <= 400, f"{path}: two rooms in one?"


PUBLIC = [
    (package, name)
    for package in ("dsp", "spectrogram_images")
    for name in importlib.import_module(package).__all__
    if inspect.isfunction(getattr(importlib.import_module(package), name))
]


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=lambda value: value)
def test_public_functions_are_documented(package, name):
    """Sections, every parameter by its name, a source, and a test that exists and uses the function."""
    thing = getattr(importlib.import_module(package), name)
    text = inspect.getdoc(thing) or ""
    for section in ("Parameters\n---", "Returns\n---", "Raises\n---"):
        assert section in text, section
    assert "Source: " in text or "AudioError" in text
    described = text.split("Parameters\n")[1].split("Returns\n")[0]
    for parameter in inspect.signature(thing).parameters:
        assert re.search(rf"\b{parameter}\b", described), parameter
    proofs = re.findall(r"tests/\w+\.py", text.split("Checked:")[1])
    assert proofs
    assert any(re.search(rf"\b{name}\b", (ROOT / proof).read_text(encoding="utf-8")) for proof in proofs), proofs


def test_the_top_level_is_the_users():
    tracked = subprocess.run(
        ["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    visible = {name for name in tracked if not name.startswith(".")}
    assert visible <= {"README.md", "requirements.txt", "LICENSE", "pyproject.toml", *PACKAGES, "tests"}


def test_readme_links_and_claims():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in [*re.findall(r"tests/\w+\.py", text), *re.findall(r"\]\((?!http)([\w./]+)\)", text)]:
        assert (ROOT / name).exists(), name


def test_readme_fits_its_readers():
    """At most 200 lines, with the one command that .ci/run extracts; no table says that a variant was left out."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    assert len(re.findall(r"^python3 -m venv .*pytest.*$", text, re.MULTILINE)) == 1
    for document in (ROOT / "README.md", ROOT / "experiments" / "RESULTS.md"):
        assert "not run: a variant" not in document.read_text(encoding="utf-8"), document.name


def test_the_table_of_claims_names_tests_that_exist():
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"test_\w+\.py", text))
    assert len(named) >= 60
    assert not [name for name in named if not (ROOT / "tests" / name).exists()]


def test_the_reading_order_of_dsp_names_every_file():
    text = (ROOT / "dsp" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\.py|\w+/)`", text))
    parts = {path.name + "/" * path.is_dir() for path in (ROOT / "dsp").iterdir() if not path.name.startswith("__")}
    assert parts - {"README.md", "py.typed"} <= named
    assert not [name for name in named if not list((ROOT / "dsp").rglob(name.rstrip("/")))]


def test_no_machine_paths_no_media():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    media = [name for name in tracked if re.search(r"\.(wav|flac|mp3|ogg|mat|pt|pth)$", name)]
    assert media in ([], ["experiments/recogniser/shipped/network.pt"])
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".json", ".m") and path.exists():
            assert not re.search(r"/(home|root|work)/\w", path.read_text(encoding="utf-8")), name
    assert Path(ROOT / ".ci" / "run").exists()


# Folders of experiments/, the products first; a folder imports only from itself and from those after it.
FOLDERS = (
    "benchmarks",
    "page",
    "recogniser",
    "coursework",
    "papers",
    "training",
    "figures",
    "evaluation",
    "inputs",
    "data",
    "common",
)
PAPER_MODULES = {"zheng_casia", "dey_emodb", "yadav_crnn", "finch_dycnn", "wang_cl", "baselines", "statistics_mlp"}
ENTRIES = {"__main__", "audit", "benchmark_features", "check", "doctor_report", "results", "trace"}


def folder_of(module: str) -> str | None:
    """The folder of a module of experiments; "papers" for the papers' own; None for the package itself."""
    parts = module.split(".")
    if len(parts) < 2:
        return None
    return "papers" if parts[1] in PAPER_MODULES else parts[1]


def imports_of_experiments() -> list[tuple[Path, str, str]]:
    """(file, its folder, the folder it imports from) of every import inside experiments/."""
    found = []
    for path in (path for path in FILES if path.relative_to(ROOT).parts[0] == "experiments"):
        here = folder_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "experiments":
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names if alias.name.split(".")[0] == "experiments"]
            found += [(path, here, there) for there in map(folder_of, modules) if there and here != there]
    return found


def test_folders_of_experiments_import_downwards():
    """So there is no circle either. Nothing but another entry module imports an entry module."""
    used = imports_of_experiments()
    assert {here for _, here, _ in used if here} <= {*FOLDERS, *ENTRIES, "__init__"}
    for path, here, there in used:
        if here in FOLDERS:
            assert there in FOLDERS and FOLDERS.index(here) < FOLDERS.index(there), f"{path}: {here} imports {there}"
    assert not {there for _, here, there in used if here == "common"}
    assert len({(here, there) for _, here, there in used}) <= 60


def test_the_top_of_experiments_holds_papers_and_entries():
    """An entry module is a few lines that call the code in its folder."""
    modules = {path.stem: path for path in (ROOT / "experiments").glob("*.py")}
    assert set(modules) <= {*PAPER_MODULES, *ENTRIES, "__init__"}
    for name in ENTRIES & set(modules) - {"__main__"}:
        assert len(modules[name].read_text(encoding="utf-8").splitlines()) <= 30, name


def test_file_helpers_come_from_dsp_files():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spectrogram_images"):
                names = {alias.name for alias in node.names}
                assert not names & {"write_atomically", "write_text_atomically", "available_cores", "mapped"}, path
