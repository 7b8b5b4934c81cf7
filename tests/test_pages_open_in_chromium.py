"""Chromium opens a page that a test serves, reports what goes wrong in it, and reaches nothing but this machine."""

import pytest

from experiments.common.chromium import missing_for_chromium
from tests.browser import open_browser, open_page, serve

pytestmark = pytest.mark.slow

PAGE = """<!doctype html><title>A page</title><link rel="icon" href="data:,">
<script type="module">import { seven } from "./seven.mjs"; document.title = `seven is ${seven}`;</script>"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


def test_a_module_runs_in_a_page(browser, tmp_path):
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "seven.mjs").write_text("export const seven = 3 + 4;")
    with serve(tmp_path) as address, open_page(browser, width=390) as page:
        page.goto(f"{address}/index.html")
        page.wait_for_function("document.title === 'seven is 7'")
        assert page.evaluate("innerWidth") == 390
        assert page.complaints == []


def test_what_goes_wrong_in_a_page_is_reported(browser, tmp_path):
    broken = "console.error('a bad sign'); fetch('http://example.com/').catch(() => { throw new Error('offline') });"
    (tmp_path / "index.html").write_text(f"<!doctype html><link rel='icon' href='data:,'><script>{broken}</script>")
    with serve(tmp_path) as address, open_page(browser) as page:
        with page.expect_event("pageerror"):
            page.goto(f"{address}/index.html")
        complaints = "\n".join(page.complaints)
    assert "a bad sign" in complaints and "uncaught: offline" in complaints
    assert "http://example.com/ net::ERR_NAME_NOT_RESOLVED" in complaints


def test_without_chromium_a_test_is_skipped_with_one_line(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert missing_for_chromium() == "needs Chromium: apt-get install chromium"
    with pytest.raises(pytest.skip.Exception, match="needs Chromium"), open_browser():
        pass
