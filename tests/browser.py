"""A headless Chromium for tests of pages: start it, serve a folder, or say in one line what is missing.

    @pytest.fixture(scope="module")
    def browser():
        with open_browser() as browser:
            yield browser

    def test_page(browser, tmp_path):
        with serve(tmp_path) as address, open_page(browser) as page:
            page.goto(f"{address}/index.html")

The scope is at most a module: while Playwright runs, asyncio.run() fails in the same thread. Mark such tests slow.
The tests open pages of this project only, so Chromium may run without its sandbox where there is none, as for root.
"""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
TIMEOUT_MS = 120_000  # a safety net
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


def missing_for_pages() -> str | None:
    """Why no page can be tested here, in one line; None if everything is there."""
    if find_spec("playwright") is None:
        return "needs Playwright for Python: pip install playwright"
    if executable() is None:
        return "needs Chromium: apt-get install chromium"
    return None


def executable() -> str | None:
    """The path of Chromium: Debian's, not one that Playwright would have to download."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def open_browser(*arguments: str) -> Iterator:
    """A Playwright `Browser` that reaches this machine only; skips the test if something is missing.

    arguments : further ones for Chromium, such as "--use-fake-device-for-media-stream"
    """
    if reason := missing_for_pages():
        pytest.skip(reason)
    from playwright.sync_api import Error, sync_playwright

    launch = {
        "executable_path": executable(),
        "args": [OFFLINE, "--no-proxy-server", "--force-color-profile=srgb", *arguments],
        "timeout": TIMEOUT_MS,
    }
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(chromium_sandbox=os.geteuid() != 0, **launch)
        except Error as error:
            if "sandbox" not in str(error):
                raise
            browser = playwright.chromium.launch(chromium_sandbox=False, **launch)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_page(browser, width: int = 1280, height: int = 900, **context) -> Iterator:
    """A page of its own, with its complaints in `page.complaints`: uncaught errors, console errors, failed requests.

    width, height : of the window, in CSS pixels
    context : for Playwright's new_context, such as permissions=["microphone"]
    """
    opened = browser.new_context(viewport={"width": width, "height": height}, **context)
    page = opened.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(f"uncaught: {error}"))
    page.on("console", lambda message: message.type == "error" and page.complaints.append(f"console: {message.text}"))
    page.on("requestfailed", lambda request: page.complaints.append(f"failed: {request.url} {request.failure}"))
    try:
        yield page
    finally:
        opened.close()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serves a folder to this machine; yields the address, such as http://127.0.0.1:41234."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES

    def log_message(self, format, *arguments) -> None:
        pass
