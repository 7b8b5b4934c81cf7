"""The package installs: every import is declared, the wheel holds three packages, a missing extra is one line."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata

import numpy as np
import pytest
import soundfile
from packaging.requirements import Requirement
from packaging.version import Version

import dsp
import nets
from dsp.files import extras
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = PROJECT["dependencies"]
EXTRAS = PROJECT["optional-dependencies"]
IMPORTED_AS = {
    "pillow": "PIL",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "pyside6-essentials": "PySide6",
    "pyside6-addons": "PySide6",
    "dask": "distributed",
    "ipython": "IPython",
}
OUTSIDE = {"test", "docs", "egemaps"}  # what requirements.txt does not pin
PACKAGES = ("dsp", "spectrogram_images", "nets", "experiments")
COMES_WITH_NUMBA = "llvmlite"
BENCHMARKED = {  # if installed
    "librosa", "soxr", "python_speech_features", "kaldi_native_fbank", "playwright", "torchaudio", "nnAudio",
}  # fmt: skip


def import_name(requirement: str) -> str:
    """The name a requirement is imported by."""
    name = Requirement(requirement).name
    return IMPORTED_AS.get(name.lower().replace("_", "-"), name)


def imports_of(package: str) -> set[str]:
    """The top-level names that the files of a package import, literally or by require()."""
    names = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require":
                names |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return {name.partition(".")[0] for name in names}


def declared(*extra_names: str) -> set[str]:
    """The import names that the base and these extras install."""
    return {import_name(line) for line in [*BASE, *(line for extra in extra_names for line in EXTRAS[extra])]}


@pytest.mark.parametrize(
    ("package", "extra_names"),
    [
        ("dsp", ("corpus", "export", "train")),
        ("spectrogram_images", ("images", "train")),
        ("nets", ("train",)),
        ("experiments", tuple(set(EXTRAS) - {"test", "docs"})),
    ],
    ids=PACKAGES,
)
def test_every_import_is_declared(package, extra_names):
    foreign = imports_of(package) - set(sys.stdlib_module_names) - set(PACKAGES) - {COMES_WITH_NUMBA}
    assert foreign - BENCHMARKED <= declared(*extra_names)


def test_every_dependency_is_used():
    used = set().union(*map(imports_of, PACKAGES))
    names = [extra for extra in EXTRAS if extra not in OUTSIDE]
    assert declared(*names) <= used


def test_the_pinned_environment_satisfies_the_package():
    """requirements.txt pins what the base and the extras ask for, nothing else, and in a version they allow."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = {}
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        name, version = line.split("==")
        pins[Requirement(name).name] = Version(version)
    asked = [*BASE, *(line for extra in EXTRAS if extra not in OUTSIDE for line in EXTRAS[extra])]
    assert set(pins) == {Requirement(line).name for line in asked}
    for requirement in map(Requirement, asked):
        assert pins[requirement.name] in requirement.specifier, requirement


@pytest.mark.parametrize("script", PROJECT["scripts"])
def test_console_commands_exist(script):
    module, function = PROJECT["scripts"][script].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_doctor_is_an_attribute_that_is_loaded_when_it_is_used():
    code = "import sys, dsp; assert 'dsp.doctor' not in sys.modules; print(dsp.doctor.identify.__name__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "identify\n", done.stderr


def test_packages_import_without_any_extra():
    """All four imports work with the base dependencies; what needs more says so in one line."""
    code = f"""
import sys
for name in {sorted(declared(*EXTRAS) - declared())}:
    sys.modules[name] = None
import dsp, dsp.doctor, spectrogram_images, nets
try:
    nets.build
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == f"nets.build needs PyTorch: {extras.install_command('train')}\n", done.stderr
    assert all(hasattr(nets, name) for name in nets.__all__)


COMMANDS = [
    ("spectrogram_images", ("tqdm",), ["IN", "OUT"], "images"),
    ("spectrogram_images", ("isal",), ["IN", "OUT"], "images"),
    ("experiments.zheng_casia", ("torch",), [], "train"),
    ("experiments.dey_emodb", ("torch",), [], "train"),
    ("experiments.yadav_crnn", ("sklearn",), [], "train"),
    ("experiments.finch_dycnn", ("matplotlib",), [], "train"),
    ("experiments.wang_cl", ("scipy",), [], "train"),
    ("experiments.baselines", ("sklearn",), [], "train"),
    ("experiments", ("pandas",), [], "train"),
    ("experiments.results", ("pandas",), ["--check"], "train"),
    ("experiments.recogniser", ("torch",), ["--list"], "train"),
    ("experiments.coursework.labs.lab_1_framing_and_windows", ("matplotlib",), [], "train"),
    ("experiments.coursework.labs.lab_8_classifier_and_splits", ("sklearn",), [], "train"),
    ("experiments.trace", ("matplotlib",), [], "train"),
    ("experiments.doctor_report", ("matplotlib",), ["A", "B", "--out", "C"], "train"),
    ("experiments.figures", ("matplotlib",), [], "train"),
    ("experiments.coursework.notebooks", ("nbclient",), [], "course"),
    ("dsp.corpus", ("h5py",), ["IN", "OUT", "--format", "hdf5"], "corpus"),
    ("experiments.check", ("filelock",), [".", "--lab", "5", "--csv", "grades.csv"], "course"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("module", "missing", "arguments", "extra"), COMMANDS, ids=lambda value: str(value))
def test_a_command_without_its_extra_ends_in_one_line(module, missing, arguments, extra, tmp_path):
    code = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({missing!r}))
sys.argv = ["command", *{arguments!r}]
runpy.run_module({module!r}, run_name="__main__", alter_sys=False)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    soundfile.write(tmp_path / "IN.wav", np.sin(np.arange(16000)), 16000)
    (tmp_path / "IN" / "angry").mkdir(parents=True)
    (tmp_path / "IN.wav").rename(tmp_path / "IN" / "angry" / "angry (1).wav")
    folder = ROOT if "labs" in module else tmp_path  # a lab looks for the clone around it
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and extras.install_command(extra) in line


def test_the_version_is_declared_once():
    assert "version" not in PROJECT
    assert re.fullmatch(r"\d+\.\d+\.\d+", dsp.__version__)


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.delitem(sys.modules, "skimage.metrics", raising=False)  # another test may have imported it
    with pytest.raises(extras.MissingPackageError) as caught:
        extras.require("skimage.metrics", feature="comparing images", extra="images")
    assert str(caught.value) == f"comparing images needs scikit-image: {extras.install_command('images')}"
    assert caught.value.name == "skimage"


def test_what_is_installed_is_imported():
    assert extras.require("json.tool", feature="this test", extra="test") is sys.modules["json.tool"]


def test_a_package_that_breaks_says_so_itself(monkeypatch, tmp_path):
    """A package that is there but lacks one of its own dependencies is not called missing."""
    (tmp_path / "half_installed.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency") as caught:
        extras.require("half_installed", feature="this test", extra="test")
    assert not isinstance(caught.value, extras.MissingPackageError)


def test_the_install_command_fits_the_installation(monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: None)
    assert extras.install_command("images") == "pip install 'ser-from-scratch[images]'"

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    assert extras.install_command("images") == f"pip install -e '{ROOT}[images]'"


def test_each_require_names_an_extra_that_brings_the_package():
    calls = 0
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("require", "exit_without")):
                    continue
                (extra,) = [k.value.value for k in node.keywords if k.arg == "extra"]
                names = {arg.value.partition(".")[0] for arg in node.args if isinstance(arg, ast.Constant)}
                assert extra in EXTRAS and names <= declared(extra), path
                calls += 1
    assert calls


@pytest.mark.slow
def test_the_wheel_holds_three_packages(tmp_path):
    """Only tracked files go in; the result is small and typed, and has no tests and no experiments."""
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", ROOT, source], check=True)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.partition("/")[0] for name in names}
    assert packages == {"dsp", "spectrogram_images", "nets", f"ser_from_scratch-{dsp.__version__}.dist-info"}
    assert {f"{package}/py.typed" for package in PACKAGES[:3]} <= set(names)
    modules = {str(path.relative_to(source)) for package in PACKAGES[:3] for path in (source / package).rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}
    assert wheel.stat().st_size < 2_000_000
