"""No submission escapes, survives, hangs the check, ends it with a traceback, or gains a point.

attack_the_check.py has the attacks as a table. They are made by root, if root runs the tests, and by an unprivileged
user; under bubblewrap, with Landlock and the filter of system calls alone, and with neither, where nothing runs.
A combination that this machine does not have is skipped and says so.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from experiments.coursework.sandbox import containment
from tests import attack_the_check
from tests.conftest import ROOT

NOBODY = "65534"


def works(chosen: str) -> bool:
    return {"bubblewrap": containment.bubblewrap_works, "landlock": containment.landlock_works}[chosen]()


def as_nobody() -> list[str]:
    """The beginning of a command that runs the rest without privileges.

    Python and this clone may lie in a folder of root's that nobody else can enter; bubblewrap then shows them there.
    """
    shown, words = (ROOT, Path(sys.prefix), Path(sys.base_prefix)), []
    for path in shown:
        closed = next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)
        if closed and str(closed) not in words:
            words += ["--tmpfs", str(closed)]
        between = [folder for folder in reversed(path.parents) if closed and closed in folder.parents]
        words += [word for folder in between for word in ("--perms", "0755", "--dir", str(folder))]
    words += [word for path in shown for word in ("--ro-bind", str(path), str(path))]
    return [
        *("bwrap", "--dev-bind", "/", "/", *words),
        *("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"),
    ]


@pytest.fixture
def folder():
    """A folder that everybody may use; tmp_path lies in one that belongs to the user who runs the tests."""
    with tempfile.TemporaryDirectory(prefix="attacks_", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o777)
        yield Path(name)


def attack(chosen: str, user: str, folder: Path, *names: str) -> str:
    """What the attacks report; the test is skipped where this machine cannot make them."""
    if chosen != "refused" and not works(chosen):
        pytest.skip(f"{chosen} does not work on this machine: no attack was tried")
    prefix = []
    if user == "nobody":
        if os.getuid() != 0:
            pytest.skip("the tests are not run by root: the attacks under 'this user' were made without privileges")
        if not works("bubblewrap"):
            pytest.skip("no bubblewrap, which shows root's Python to another user: no attack was tried as another user")
        prefix = as_nobody()
    environment = os.environ | {"TMPDIR": str(folder), "HOME": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    command = [*prefix, sys.executable, "-m", "tests.attack_the_check", chosen, *names]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_suite_is_large_enough_and_every_attack_has_a_name_of_its_own():
    names = [name for name, *_ in [*attack_the_check.BODIES, *attack_the_check.FILES]]
    assert len(names) >= 90
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("chosen", ["bubblewrap", "landlock"])
def test_attacks_that_share_a_process_fail(chosen, folder):
    """Those of the table that neither end their process nor wait for a limit; the slow test makes all of them."""
    names = [name for name, _, _, *alone in attack_the_check.BODIES if not alone]
    assert f"0 failures, {len(names)} attacks" in attack(chosen, "this user", folder, *names)


@pytest.mark.parametrize("user", ["this user", "nobody"])
def test_where_nothing_contains_it_a_submission_is_refused(user, folder):
    assert "0 failures" in attack("refused", user, folder)


@pytest.mark.slow
@pytest.mark.parametrize("user", ["this user", "nobody"])
@pytest.mark.parametrize("chosen", ["bubblewrap", "landlock"])
def test_all_attacks_fail(chosen, user, folder):
    count = len(attack_the_check.BODIES) + len(attack_the_check.FILES)
    assert f"0 failures, {count} attacks, {chosen}" in attack(chosen, user, folder)
