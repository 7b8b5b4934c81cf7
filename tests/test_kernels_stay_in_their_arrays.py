"""Compiled loops, which check no bounds, touch nothing outside their arrays."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.guarded_arrays import WORK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="guards memory by Linux's mmap")


@pytest.mark.parametrize("name", WORK)
def test_nothing_is_read_or_written_outside(name):
    """A process that does it dies of SIGSEGV."""
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.guarded_arrays", name, "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout) == (0, "stayed inside\n"), done.stderr


def test_an_access_outside_ends_the_process():
    program = "from tests.guarded_arrays import guarded; import ctypes; a = guarded((3,), float, {}); print(a.sum())\n"
    program += "ctypes.memset(a.ctypes.data + {}, 0, 1)"
    for at_end, offset in ((True, 24), (False, -1)):
        command = [sys.executable, "-c", program.format(at_end, offset)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.stdout == "0.0\n" and done.returncode == -11
