"""A headless Chromium for tests of pages: start it, serve a folder, or say in one line what is missing.

    @pytest.fixture(scope="module")
    def browser():
        with open_browser() as browser:
            yield browser

    def test_page(browser, tmp_path):
        with serve(tmp_path) as address, open_page(browser) as page:
            page.goto(f"{address}/index.html")

The scope is at most a module: while Playwright runs, asyncio.run() fails in the same thread. Mark such tests slow.
"""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.common.chromium import TIMEOUT_MS, missing_for_chromium, open_chromium

TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


@contextlib.contextmanager
def open_browser(*arguments: str) -> Iterator:
    """experiments.common.chromium.open_chromium; skips the test if something is not installed."""
    if reason := missing_for_chromium():
        pytest.skip(reason)
    with open_chromium(*arguments) as browser:
        yield browser


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
    page.on("requestfailed", lambda request: _complain(page, request))
    try:
        yield page
    finally:
        opened.close()


def _complain(page, request) -> None:
    """A sound or a module in the page's own memory is no failed request if a reload leaves it behind."""
    if not (request.url.startswith("blob:") and request.failure == "net::ERR_ABORTED"):
        page.complaints.append(f"failed: {request.url} {request.failure}")


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serves a folder to this machine; yields the address, such as http://127.0.0.1:41234."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        yield address


@contextlib.contextmanager
def running(server: http.server.ThreadingHTTPServer) -> Iterator[str]:
    """Runs a server in a thread; yields its address."""
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
