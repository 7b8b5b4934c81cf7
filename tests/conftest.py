"""What many tests need: a seeded generator, the corpora, golden files, WAV files of any kind."""

import getpass
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job, whose children would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)
if "PYTEST_XDIST_WORKER" in os.environ:  # one process per core already; read when the libraries are loaded
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import soundfile
from filelock import FileLock

COMPILE_LIBROSA = "import librosa, numpy as np; librosa.estimate_tuning(y=np.sin(np.arange(8000.0)), sr=8000)"
if "PYTEST_XDIST_WORKER" in os.environ and find_spec("librosa"):
    # librosa keeps what Numba compiles for it: two workers that compile the same at once have crashed
    with FileLock(Path(tempfile.gettempdir()) / f"librosa-{getpass.getuser()}.lock"):
        subprocess.run([sys.executable, "-c", COMPILE_LIBROSA], check=False, capture_output=True, timeout=120)

GOLDEN = Path(__file__).with_name("golden")
ROOT = Path(__file__).resolve().parent.parent


def with_slow(values, *slow) -> list:
    """What parametrize takes: all values, those in `slow` marked as needing more than about 5 s."""
    assert set(slow) <= set(values)
    return [pytest.param(value, marks=pytest.mark.slow) if value in slow else value for value in values]


def here_and_on(processor: str, program: str, folder: Path, haswell: str = "+avx2") -> list[np.ndarray]:
    """The array that a program saves as sys.argv[1], on this processor and with what another has, by Numba's setting.

    haswell : the features of "haswell"; any other processor has those that its name implies
    """
    found = []
    for name in (None, processor):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        if name:
            environment |= {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": haswell if name == "haswell" else ""}
        path = folder / f"{name}.npy"
        subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=True, cwd=folder)
        found.append(np.load(path))
    return found


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20231207)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder that SER_CORPORA names, with casia/, casia_author_images/ ... under it."""
    if not os.environ.get("SER_CORPORA"):
        pytest.skip("needs the real corpora: set SER_CORPORA to the folder that holds them")
    folder = Path(os.environ["SER_CORPORA"])
    assert folder.is_dir(), f"SER_CORPORA={folder} is not a folder"
    return folder


@pytest.fixture(scope="session")
def octave_dsp() -> dict:
    return dict(np.load(GOLDEN / "dsp_octave.npz"))


@pytest.fixture(scope="session")
def octave_images() -> dict:
    return dict(np.load(GOLDEN / "images_octave.npz"))


@pytest.fixture
def write_wav(tmp_path):
    """write_wav(name, samples, rate=16000, subtype="PCM_16") -> path under tmp_path."""

    def write(name: str, samples, rate: int = 16_000, subtype: str = "PCM_16") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype=subtype, format="WAV")
        return path

    return write


@pytest.fixture(scope="session")
def utterance() -> np.ndarray:
    """A second and a bit of the synthetic speaker, (n,) float64, whole multiples of 2^-15."""
    from experiments.data.synthetic import VOICES, synthesize

    return np.round(synthesize(VOICES[0], 0, "happy") * 32767) / 32768
