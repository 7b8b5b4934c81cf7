"""The archive that a teacher uploads to Gradescope: this tree's check with everything that it needs, and two scripts.

setup.sh builds the machine once: Python 3.11 or later, NumPy, Numba, nbformat (submissions may be
notebooks), and bubblewrap, which contains the submissions.
run_autograder checks one submission, a single file or several, and writes results.json.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import io
import zipfile

from experiments.common.paths import ROOT
from experiments.coursework import course_profile
from experiments.coursework.course_profile import Profile
from experiments.coursework.handouts import bundle
from experiments.coursework.tasks import LABS

SETUP = """#!/usr/bin/env bash
# Builds the machine: Python 3.11 or later in a virtual environment, NumPy, Numba, nbformat, bubblewrap.
set -eu
root="${{AUTOGRADER:-/autograder}}"
export DEBIAN_FRONTEND=noninteractive
recent='import sys; sys.exit(sys.version_info < (3, 11))'
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv ca-certificates
apt-get install -y --no-install-recommends bubblewrap || echo "no bubblewrap: the kernel's own means must do"
python=python3
if ! python3 -c "$recent"; then  # Ubuntu 22.04 has 3.10, and this one beside it
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv "$root/venv"
"$root/venv/bin/pip" install {packages}
"$root/venv/bin/python" -c 'import nbformat, numba, numpy'
"""
RUN = """#!/usr/bin/env bash
# Checks one submission. The exit status says whether it passes; Gradescope reads results.json alone.
root="${{AUTOGRADER:-/autograder}}"
results="$root/results/results.json"
mkdir -p "$root/results"
cd "$root/source" || exit 1
"$root/venv/bin/python" -m experiments.check "$root/submission" --lab {lab} --profile profile.toml --hints {hints} \\
    --hidden-tests {hidden_tests} --gradescope "$results"{unsafe}
if [ ! -s "$results" ]; then
    echo '{{"score": 0, "output": "The check itself failed. Tell your teacher."}}' > "$results"
fi
exit 0
"""
ENTRIES = ("experiments.check", "experiments.coursework.check", "experiments.coursework.sandbox.child")
DATE = (2020, 1, 1, 0, 0, 0)  # of every file: equal contents give equal archives


def archive(lab: int, profile: Profile, hints: int = 1, hidden_tests: str = "after_published", unsafe=False) -> bytes:
    """The .zip file for one lab.

    hints : 0, 1 or 2, as in the check
    hidden_tests : when students see whether hidden cases passed, one of gradescope.VISIBILITIES
    unsafe : grade even where nothing contains a submission

    Checked: tests/test_autograder_for_gradescope.py
    """
    task = f"experiments.coursework.tasks.{LABS[lab]}"
    others = [f"experiments.coursework.tasks.{name}" for number, name in LABS.items() if number != lab]
    files = bundle.contents(bundle.modules_of([*ENTRIES, task], others))
    files["experiments/coursework/profiles/default.toml"] = (course_profile.FOLDER / "default.toml").read_bytes()
    files["profile.toml"] = course_profile.as_toml(profile).encode()
    options = {"lab": lab, "hints": hints, "hidden_tests": hidden_tests, "unsafe": " --unsafe" if unsafe else ""}
    files["setup.sh"] = SETUP.format(packages=" ".join(requirements("numpy", "numba", "nbformat"))).encode()
    files["run_autograder"] = RUN.format(**options).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name in ("setup.sh", "run_autograder") else 0o644) << 16
            made.writestr(info, data)
    return content.getvalue()


def requirements(*packages: str) -> list[str]:
    """The pinned versions of packages, "numpy==2.4.6"."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("#")[0].strip() for line in lines]
    return [pin for pin in pins if pin.partition("==")[0] in packages]
