"""Runs octave.m and keeps what it wrote as ../dsp_octave.npz and ../images_octave.npz.

    python tests/golden/make/octave.py            needs octave with the signal and image packages
    python tests/golden/make/octave.py --check    compares with the stored files instead of writing them

Then put the printed hashes into MANIFEST.toml.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.io import loadmat

HERE = Path(__file__).resolve().parent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["octave", "--no-gui", "--quiet", str(HERE / "octave.m")], cwd=folder, check=True)
        for thing in ("dsp", "images"):
            made = loadmat(Path(folder) / f"octave_{thing}.mat")
            made = {key: value for key, value in made.items() if not key.startswith("__")}
            target = HERE.parent / f"{thing}_octave.npz"
            if "--check" in sys.argv:
                stored = np.load(target)
                different = [key for key in made if key != "version" and not np.array_equal(stored[key], made[key])]
                print(f"{target.name}: " + (f"different: {', '.join(different)}" if different else "equal"))
                if different or set(stored.files) != set(made):
                    return 1
            else:
                np.savez_compressed(target, **made)
                print(target.name, hashlib.sha256(target.read_bytes()).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
