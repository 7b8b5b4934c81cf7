"""The page's tables are those of RESULTS.md, its chart and its runs those that are stored."""

import json

import numpy as np
import pytest

from experiments.common.paths import RESULTS
from experiments.page.core import papers


def test_every_table_of_the_document_is_there():
    text = papers.DOCUMENT.read_text(encoding="utf-8")
    tables = papers.document_tables()
    assert sum(2 + len(table.rows) for table in tables) == sum(line.startswith("|") for line in text.splitlines())
    assert len({table.title for table in tables}) == len(tables)
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.title
        assert not any("](" in cell or "`" in cell for row in table.rows for cell in row)


def test_a_table_is_text_under_its_heading():
    text = "# A\n\n## B <b>\n<!-- one -->\n| a | b |\n|---|---|\n| [x](y.md) | `c \\| d` |\n<!-- /one -->\n\n"
    text += "|x|\n|---|\n|1 ± 2|\n"
    first, second = papers.tables_in(text)
    assert first == papers.Table("B <b>: one", ("a", "b"), (("x", "c | d"),))
    assert second == papers.Table("B <b>", ("x",), (("1 ± 2",),))


def test_runs_are_the_stored_ones():
    runs = papers.list_runs()
    n_lines = sum(len(path.read_text().splitlines()) for path in RESULTS.glob("*.jsonl"))
    assert len(runs) == n_lines
    key = next(run["key"] for run in runs if run["curves"])
    stem, number = key.split(":")
    stored = json.loads((RESULTS / f"{stem}.jsonl").read_text().splitlines()[int(number)])
    found = papers.run_of(key)
    np.testing.assert_array_equal(found["confusion"], stored["confusion"])
    assert found["classes"] == tuple(stored["per_class"]) and set(found["curves"]) == set(stored["history"])
    assert found["confusion"].sum() == stored["n_test"]


@pytest.mark.parametrize(
    "key", ["", "dey_emodb:999999", "../../etc/passwd:0", "dey_emodb:-1", "dey_emodb:x", "nothing:0"]
)
def test_other_keys_are_refused(key):
    with pytest.raises(ValueError, match="no such stored run"):
        papers.run_of(key)


@pytest.mark.slow
def test_the_chart_says_what_the_table_of_papers_says():
    rows = papers.chart()
    text = (papers.DOCUMENT.parent.parent / "README.md").read_text(encoding="utf-8")
    (table,) = [table for table in papers.tables_in(text) if table.columns[0] == "paper"]
    assert len(rows) == len(table.rows)
    for row, cells in zip(rows, table.rows, strict=True):
        assert cells[0].startswith(row["paper"]) and cells[1] == row["corpus"]
        for word, cell in zip(papers.COLUMN_WORDS, cells[2:8], strict=True):
            if cell == "not run":
                assert np.isnan(row[word])
            else:
                assert f"{row[word]:.1f}" in (cell.split()[0], f"{float(cell.split()[0]):.1f}")
