"""The benchmark of signals runs, times nobody who computes something else, and says what holds and what does not."""

import os
from functools import partial

import numpy as np
import pytest

import dsp


@pytest.fixture
def benchmark(monkeypatch):
    """The module, with transforms of a few lengths only; what it sets for the whole process is put back."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, os.environ.get(variable, "1"))
    from experiments.benchmarks import signals

    monkeypatch.setattr(signals, "LEAST_SECONDS", 1e-4)
    monkeypatch.setattr(signals, "core_limits", lambda rounds: {"float32 GFLOP/s": 100.0, "GB/s": 50.0})
    monkeypatch.setitem(signals.signal_tasks.TRANSFORMS, "rfft of odd length", ("rfft", (9, 15, 25)))
    return signals


def test_a_summarized_group(benchmark, capsys):
    assert benchmark.main(["--only", "rfft of odd", "--rounds", "3"]) == 0
    printed = capsys.readouterr().out
    assert "rfft of odd length, median of 3: rfft of " in printed and "rfft of odd length, worst of 3" in printed
    assert "at least 1: " in printed and "2 rows, " in printed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["front_ends", "odd_rate", "short_time", "phases", "filters", "resampling"])
def test_every_pair_computes_the_same(benchmark, name):
    for pair in getattr(benchmark.signal_tasks, name)():
        gap = pair.gap() if pair.gap else 0.0
        assert gap <= pair.tolerance, (pair.task, pair.peer_name, gap)


def test_every_step_beside_the_presets_is_timed(benchmark):
    tasks = {pair.task.removeprefix("convention ") for pair in benchmark.signal_tasks.conventions()}
    assert set(dsp.CONVENTIONS) | {"log=None", "one-sided, doubled", "n_fft=1103", "n_fft=2205"} <= tasks


@pytest.mark.parametrize("name", ["rfft", "fft"])
def test_a_wrong_peer_is_not_timed(benchmark, monkeypatch, capsys, name):
    def wrong(right, x):
        return right(x) * (1 + 1e-9)

    tasks = benchmark.signal_tasks
    monkeypatch.setitem(tasks.TRANSFORMS, "rfft of odd length", (name, (15,)))
    monkeypatch.setattr(tasks.scipy.fft, name, partial(wrong, getattr(tasks.scipy.fft, name)))
    monkeypatch.setattr(benchmark.timing, "alternate", lambda *_: pytest.fail("something was timed"))
    assert benchmark.main(["--only", "rfft of odd", "--rounds", "3"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {name} of 15: ours and scipy ")


def row_of(benchmark, ratios, **limits):
    seconds = {"ours": [1.0] * len(ratios), "peer": list(ratios)}
    row = benchmark.timing.comparison("task", "ours", "peer", seconds)
    return row | benchmark.timing.verdict(row, seconds, **limits)


def test_two_of_three_runs_decide(benchmark):
    assert row_of(benchmark, [3, 3, 3, 1, 1, 1, 3, 3, 3], required=2.0)["holds"] is True
    missed = row_of(benchmark, [3, 3, 3, 1, 1, 1, 1, 1, 3], required=2.0)
    assert missed["holds"] is False and missed["runs"] == [3, 1, 1]
    assert row_of(benchmark, [3, 1, 1], required=2.0, at_most=True)["holds"] is True
    assert "required" not in row_of(benchmark, [3, 1, 1], required=None)


def test_a_missed_limit_says_how_far_and_what_bounds_it(benchmark):
    timing = benchmark.timing
    missed = row_of(benchmark, [0.5, 0.6, 0.7], required=1.0) | {"bound": "3.0 GFLOP/s, 5% of this core's 60"}
    expected = "at least 1: missed (runs: 0.50, 0.60, 0.70; 3.0 GFLOP/s, 5% of this core's 60)"
    assert timing.requirement(missed) == expected
    text = timing.table([{"rows": [missed], "machine": "M", "date": "2026-01-01"}])
    assert f"| {expected} |" in text
    assert timing.requirement(row_of(benchmark, [1.5] * 3, required=1.0)) == "at least 1: holds"
    assert timing.requirement(row_of(benchmark, [1.5] * 3, required=3.0, at_most=True)) == "at most 3: holds"


def test_further_tables_say_where_they_were_measured(benchmark):
    content = {"machine": "M", "date": "D", "tables": {"more": {"header": ["a", "b"], "rows": [["1", "2"]]}}}
    texts = benchmark.timing.further_tables([content, {"machine": "N", "date": "D"}])
    assert texts == {"more": "| a | b |\n|---|---|\n| 1 | 2 |\n\nMeasured on: M, D."}


def test_work_is_counted_beside_this_cores_limit(benchmark):
    pair = benchmark.Pair("a task", None, None, "peer", flops=2e9)
    limits = {"float32 GFLOP/s": 100.0, "GB/s": 50.0}
    assert benchmark.work_rates(pair, 0.1, limits) == {"bound": "20.0 GFLOP/s, 40% of this core's 50"}
    in_float32 = pair._replace(task="a task, float32")
    assert benchmark.work_rates(in_float32, 0.1, limits) == {"bound": "20.0 GFLOP/s, 20% of this core's 100"}
    copied = pair._replace(flops=None, bytes=1e9)
    assert benchmark.work_rates(copied, 0.1, limits) == {"bound": "10.00 GB/s, copying in L2: 50"}


def test_the_worst_of_many_is_shown(benchmark):
    rows = [row_of(benchmark, [ratio] * 3, required=1.0) | {"task": str(ratio)} for ratio in (4, 0.5, 2)]
    median, worst = benchmark.summary("all", rows)
    assert (median["task"], worst["task"]) == ("all, median of 3: 2", "all, worst of 3: 0.5")
    rows = [row_of(benchmark, [ratio] * 3, required=3.0, at_most=True) | {"task": str(ratio)} for ratio in (4, 0.5, 2)]
    assert benchmark.summary("all", rows)[1]["task"] == "all, worst of 3: 4"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--rounds", "2"], "--rounds is at least 3"),
        (["--only", "rfft", "--store"], "--store keeps all groups"),
        (["--only", "nonsense"], "--only nonsense: no such group"),
    ],
)
def test_bad_options_are_refused(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        benchmark.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_the_programs_of_the_first_and_second_result_run(benchmark, capsys):
    exec(benchmark.FIRST + benchmark.SECOND, {})
    assert 0 < float(capsys.readouterr().out) < 120


def test_equal_results_have_no_gap(benchmark):
    furthest = benchmark.signal_tasks.furthest
    assert furthest(np.ones(3), np.ones(3)) == 0
    assert furthest([1.0, 2.0], [1.0, 4.0]) == 0.5
    assert furthest(np.ones(3), np.ones(4)) == np.inf
