"""Folders, lists, tables, and the manifests of lhotse and Kaldi become items; what is hostile is refused."""

import pytest

from dsp.corpus.items import Item, safe_name, with_names
from dsp.corpus.manifests import ManifestError, read_items
from tests.small_corpus import make_corpus


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    make_corpus(tmp_path / "in", 4)
    (tmp_path / "in" / "notes.txt").write_text("no audio")
    folder, items = read_items(tmp_path / "in")
    assert folder == tmp_path / "in"
    assert [item.path for item in items] == ["a/000.wav", "a/002.wav", "b/001.wav", "b/003.wav"]
    with pytest.raises(ManifestError, match="no recordings in it"):
        (tmp_path / "empty").mkdir()
        read_items(tmp_path / "empty")


def test_names_are_safe_and_differ():
    items = [Item("a/x y.wav"), Item("a/x_y.flac"), Item("A/X_Y.wav"), Item("a/x y.wav", start=1.0, end=2.5)]
    assert [item.name for item in with_names(items)] == ["a-x_y", "a-x_y-2", "A-X_Y-3", "a-x_y-1000-2500"]
    assert safe_name("../../etc/passwd") == "etc-passwd" and len(safe_name("ü" * 500).encode()) <= 150
