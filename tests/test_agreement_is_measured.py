"""The table of agreement holds what was measured: an error that is there is found, a wrong refusal ends the command."""

import json
import re
import shutil

import numpy as np
import pytest

import dsp
from experiments.benchmarks import agreement, in_browser
from experiments.common import chromium
from experiments.common.chromium import missing_for_chromium
from experiments.evaluation import agreement as table


def road(change=lambda features: features, refuse=()):
    """A road that computes what dsp computes, then changes it."""

    def build(c, rate, kind, folder):
        def features(x):
            if x.size in refuse:
                raise ValueError("too short")
            return change(dsp.extract([x], rate, c, kind)[0].copy())

        return agreement.Road(features, 1234, ms=lambda x: 5.0)

    return build


def add_one_to_the_last(features):
    features[-1, -1] += 1
    return features


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """run(build, *arguments) -> (exit status, output, {file: content})"""

    def command(build, *arguments):
        monkeypatch.setitem(agreement.ROADS, "front_end", build)
        monkeypatch.setattr(agreement.timing, "BENCHMARKS", tmp_path)
        monkeypatch.setattr(table, "BENCHMARKS", tmp_path)
        status = agreement.main(["--road", "front_end", "--rounds", "1", *arguments])
        stored = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
        return status, capsys.readouterr(), stored

    return command


def test_an_error_is_found_in_its_unit(run):
    assert run(road(), "--only", "kaldi")[1].out.splitlines()[0].startswith("  front_end: kaldi, log_mel: 0.0e+00 nat")
    status, printed, _ = run(road(add_one_to_the_last), "--only", "librosa", "scipy_spectrogram")
    assert status == 0
    lines = printed.out.splitlines()
    assert lines[0].startswith("  front_end: librosa, log_mel: 1.0e+00 dB, ") and lines[0].endswith(" 1 kB, 5.00 ms")
    assert lines[1].startswith("  front_end: librosa, mfcc: 1.0e+00 dB")
    assert " of the greatest, " in lines[2] and float(lines[2].split()[3]) > 1  # the greatest value is far below 1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (road(refuse={300}), "error: front_end: librosa, log_mel, short: dsp gives (128, 1), the road too short"),
        (road(lambda features: features[:, 1:]), "error: front_end: librosa, log_mel, speech: dsp gives (128, "),
        (road(lambda features: features * np.nan), "error: front_end: librosa, log_mel, speech: a value is not finite"),
    ],
    ids=["refusal", "shape", "NaN"],
)
def test_other_shapes_refusals_and_nan_end_the_command(run, build, message):
    status, printed, stored = run(build, "--only", "librosa")
    assert status == 1 and printed.err.startswith(message) and not stored


def test_what_is_stored_becomes_the_table(run, monkeypatch):
    few = {name: dsp.CONVENTIONS[name] for name in ("librosa", "kaldi_fbank")}
    monkeypatch.setattr(agreement.dsp, "CONVENTIONS", few)
    status, _, stored = run(road(add_one_to_the_last), "--store")
    assert status == 0 and list(stored) == ["agreement_front_end.json"]
    lines = table.agreement_table(table.load_roads()).splitlines()
    cell = r"1.0e\+00; \w+ 1.0e\+00; 1 kB; 5 ms \| not run"
    for line, start in zip(
        lines[2:5], ("librosa .*log_mel .*dB", "librosa .*mfcc .*dB", "kaldi_fbank .*log_mel .*nat"), strict=True
    ):
        assert re.fullmatch(rf"\| {start} \| {cell}.*", line)
        assert line.count("not run") == len(table.ROADS) - 1
    assert lines[5] == "" and lines[6].startswith("Measured on: ")


def test_without_a_measured_road_nothing_was_run(monkeypatch, tmp_path):
    monkeypatch.setattr(table, "BENCHMARKS", tmp_path)
    assert table.agreement_table(table.load_roads()).endswith("\n\nNot run.")


def test_a_convention_that_a_road_refuses_is_a_line_of_its_own(run):
    def build(c, rate, kind, folder):
        raise ValueError("no deltas here")

    assert "  front_end: kaldi, mfcc: refused: no deltas here\n" in run(build, "--only", "kaldi")[1].out
    assert table._cell({"refused": "no deltas here"}) == "refused: no deltas here"


@pytest.mark.parametrize("arguments", [["--only", "kaldy"], ["--store", "--only", "kaldi"], ["--rounds", "0"]])
def test_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        agreement.main(arguments)
    assert ended.value.code == 2 and capsys.readouterr().err.count("error: ") == 1


def test_every_road_has_a_column_and_every_preset_a_rate():
    assert set(agreement.ROADS) <= set(table.ROADS)
    assert {agreement.rate_of(c) for c in dsp.CONVENTIONS.values()} <= set(agreement.RATES)


@pytest.mark.slow
def test_a_graph_in_chromium_agrees(monkeypatch):
    """And without Chromium the command ends with one line."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm: apt-get install npm")
    if reason := missing_for_chromium():
        pytest.skip(reason)
    try:
        row = agreement.measure(agreement.ROADS["browser"], "finch_dycnn", "log_mel", 1)
    finally:
        in_browser.close_runtime()
    assert row["unit"] == "nat" and 1e-8 < row["largest_error"] < 1e-3 and row["ms"] > 0
    assert row["size_bytes"] < 200_000


def test_without_chromium_one_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(in_browser, "runtime_files", lambda: {})
    monkeypatch.setattr(chromium, "executable", lambda: None)
    assert agreement.main(["--road", "browser", "--only", "finch_dycnn"]) == 2
    assert re.fullmatch(r"error: browser: needs .*: (pip|apt-get) install \w+\n", capsys.readouterr().err)
