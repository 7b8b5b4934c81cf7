"""Several commands on one folder share its shards: no work is done twice, no file is broken."""

import sys

import pytest

from dsp.corpus.layout import claim


@pytest.mark.parametrize("package", ["filelock", None])
def test_a_claim_excludes_others(package, tmp_path, monkeypatch):
    if package is None:
        monkeypatch.setitem(sys.modules, "filelock", None)
    with claim(tmp_path, "00000") as first, claim(tmp_path, "00000") as second, claim(tmp_path, "00001") as other:
        assert (first, second, other) == (True, False, True)
    with claim(tmp_path, "00000") as again:
        assert again
