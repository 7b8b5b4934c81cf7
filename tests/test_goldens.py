"""Invariants of tests/golden: the manifest and the folder agree, and every file is used by a test."""

import hashlib
import tomllib

from tests.conftest import GOLDEN

MANIFEST = tomllib.loads((GOLDEN / "MANIFEST.toml").read_text(encoding="utf-8"))


def test_manifest_and_folder_agree():
    stored = {path.name for path in GOLDEN.glob("*.npz")}  # other tools' numbers; the sentences are the doctor's own
    assert stored == {entry["file"] for entry in MANIFEST.values()} and stored


def test_files_are_what_the_manifest_says():
    for entry in MANIFEST.values():
        assert {"file", "sha256", "oracle", "platform", "date", "command", "input"} == set(entry)
        content = (GOLDEN / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["file"]
        assert len(content) <= 200_000
        script = GOLDEN.parent.parent / entry["command"].split()[1]
        assert script.exists()


def test_every_file_is_loaded_by_a_test():
    sources = [
        path.read_text(encoding="utf-8") for path in GOLDEN.parent.glob("*.py") if path.name != "test_goldens.py"
    ]
    for entry in MANIFEST.values():
        assert any(entry["file"] in source for source in sources), entry["file"]
