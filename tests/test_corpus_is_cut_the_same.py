"""The cut into shards depends on the recordings alone; the parts of an array together are the whole."""

import pytest

from dsp.corpus.items import Item
from dsp.corpus.plan import Header, make_plan, part_of

SETTINGS = {"resample": None, "channel": None}


def test_the_parts_of_an_array_are_the_whole():
    items = [Item(f"{i}.wav") for i in range(100)]
    headers = {item.path: Header(16_000 * (1 + i % 7), 16_000, 1, 32_000, 0) for i, item in enumerate(items)}
    plan = make_plan(items, headers, SETTINGS, 10)
    assert [item.path for shard in plan.shards for item in shard.items] == [item.path for item in items]
    assert plan.shards == make_plan(items, headers, SETTINGS, 10).shards
    for count in (1, 3, 200):
        parts = [part_of(plan.shards, index, count) for index in range(1, count + 1)]
        assert sorted((s for part in parts for s in part), key=lambda s: s.number) == plan.shards
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_several_rates_are_refused_with_their_counts():
    items = [Item(f"{i}.wav") for i in range(5)]
    headers = {item.path: Header(16_000, 16_000 if i < 3 else 48_000, 1, 32_000, 0) for i, item in enumerate(items)}
    with pytest.raises(ValueError, match="3 at 16000 Hz, 2 at 48000 Hz; choose one with --resample"):
        make_plan(items, headers, SETTINGS)
