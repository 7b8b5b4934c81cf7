"""An extraction that is killed at any moment ends, when it is repeated, with the bytes of an undisturbed one."""

import os
import random
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pytest

from dsp.corpus import extract, open_features
from dsp.corpus.formats import FORMATS
from dsp.files.writing import remove_abandoned
from tests.conftest import ROOT, with_slow
from tests.small_corpus import digests, make_corpus

OPTIONS = {"convention": "kaldi", "shard_s": 1.5}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    make_corpus(folder)
    return folder


def test_what_is_finished_is_skipped(corpus, tmp_path):
    first = extract(corpus, tmp_path, **OPTIONS)
    before = digests(tmp_path)
    again = extract(corpus, tmp_path, **OPTIONS)
    assert (first.skipped, again.skipped, again.items, again.is_complete) == (0, 6, 6, True)
    assert extract(corpus, tmp_path, **OPTIONS, resume=False).skipped == 0
    assert digests(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a child process is forked")
@pytest.mark.parametrize("file_format", with_slow(("npy", "ark", "hdf5", "parquet"), "hdf5", "parquet"))
def test_killed_at_every_change_of_a_file(file_format, corpus, tmp_path):
    """The child is killed before its first, second, third .. change of a name; then nothing kills it any more."""
    extract(corpus, tmp_path / "whole", **OPTIONS, format=file_format)
    expected = digests(tmp_path / "whole")
    out, n_kills, step = tmp_path / "out", 0, 3 if FORMATS[file_format].is_folder else 1
    while _killed(n_kills * step, lambda: extract(corpus, out, **OPTIONS, format=file_format)):
        n_kills += 1
        assert n_kills < 100
    assert n_kills >= 4
    assert digests(out) == expected


def _killed(n_changes: int, task) -> bool:
    """Whether a child process was killed before it had renamed or removed so many files."""
    child = os.fork()
    if child == 0:
        count = 0

        def killing(call):
            def wrapped(*arguments, **named):
                nonlocal count
                count += 1
                if count > n_changes:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*arguments, **named)

            return wrapped

        try:
            os.replace, os.unlink, os.mkdir = map(killing, (os.replace, os.unlink, os.mkdir))
            task()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def test_files_of_killed_writers_go_and_those_being_written_stay(tmp_path):
    import fcntl

    abandoned, written = tmp_path / ".00000.ark.part", tmp_path / ".00001.ark.part"
    for path in (abandoned, written):
        path.write_text("half")
    with open(written) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_abandoned(tmp_path)
    assert not abandoned.exists() and written.exists()


def test_a_damaged_shard_is_made_again(corpus, tmp_path):
    extract(corpus, tmp_path, **OPTIONS, format="ark")
    before = digests(tmp_path)
    (tmp_path / "shards" / ".00001.ark.1.part").write_text("half")  # of the second of two writers, which was killed
    n_kept = sum(item["file"] == "shards/00000.ark" for item in open_features(tmp_path).index)
    (tmp_path / "shards" / "00001.ark").write_bytes(b"short")
    (tmp_path / "shards" / "00002.jsonl").write_text("[")
    assert extract(corpus, tmp_path, **OPTIONS, format="ark").skipped == n_kept
    assert digests(tmp_path) == before


def test_other_versions_are_told(corpus, tmp_path):
    assert extract(corpus, tmp_path, **OPTIONS).warnings == []
    path = tmp_path / "versions.json"
    text = path.read_text()
    path.write_text(text.replace(f'"{np.__version__}"', '"1.0"'))
    (warning,) = extract(corpus, tmp_path, **OPTIONS).warnings
    assert warning == "finished shards were made with numpy 1.0; --no-resume makes all of them again"
    assert path.read_text() == text and extract(corpus, tmp_path, **OPTIONS).warnings == []


def test_a_record_that_is_damaged_inside_is_named(corpus, tmp_path):
    extract(corpus, tmp_path, **OPTIONS)
    record = tmp_path / "shards" / "00000.jsonl"
    for damage in ("{", "[" * 100_000, "1", '{"name": "x"}'):
        record.write_text(record.read_text().splitlines()[0] + f"\n{damage}\n")
        with pytest.raises(ValueError, match=r"00000\.jsonl: damaged; remove it"):
            extract(corpus, tmp_path, **OPTIONS)


def test_recordings_that_change_are_extracted_again(tmp_path):
    paths = make_corpus(tmp_path / "in")
    extract(tmp_path / "in", tmp_path / "out", **OPTIONS)
    os.utime(paths[0], (1, 1))
    assert extract(tmp_path / "in", tmp_path / "out", **OPTIONS).skipped == 3
    paths[-1].unlink()
    extract(tmp_path / "in", tmp_path / "out", **OPTIONS)
    extract(tmp_path / "in", tmp_path / "fresh", **OPTIONS)
    assert digests(tmp_path / "out") == digests(tmp_path / "fresh")
    assert len(open_features(tmp_path / "out")) == 5


@pytest.mark.slow
def test_killed_at_random_with_its_workers(tmp_path):
    """The command and its worker processes; after each kill another one goes on at once."""
    make_corpus(tmp_path / "in", 60)
    arguments = [sys.executable, "-m", "dsp.corpus", tmp_path / "in", tmp_path / "out", "--workers", "2"]
    arguments += ["--convention", "kaldi", "--format", "ark", "--shard-seconds", "1"]
    moments = random.Random(7)
    n_killed = 0
    for attempt in range(8):
        command = subprocess.Popen(list(map(str, arguments)), cwd=ROOT, stdout=subprocess.DEVNULL)
        if attempt < 4:
            wait_for_records(tmp_path / "out", 4 * n_killed + 1, command)
            time.sleep(moments.uniform(0, 0.05))
            command.kill()
            n_killed += command.wait(timeout=120) < 0
        elif command.wait(timeout=120) == 0:
            break
    assert n_killed >= 3
    extract(tmp_path / "in", tmp_path / "whole", "kaldi", format="ark", shard_s=1)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def wait_for_records(out: Path, n: int, command: subprocess.Popen) -> None:
    """Until so many shards are there, or the command has ended."""
    until = time.monotonic() + 120
    while len(list(out.glob("shards/*.jsonl"))) < n and command.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
