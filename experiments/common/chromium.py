"""A headless Chromium, driven by Playwright: for tests of pages, and to measure what a browser computes."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec

NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
TIMEOUT_MS = 120_000  # a safety net


def missing_for_chromium() -> str | None:
    """What is not installed, in one line; None if Chromium can be started.

    Checked: tests/test_pages_open_in_chromium.py
    """
    if find_spec("playwright") is None:
        return "needs Playwright for Python: pip install playwright"
    if executable() is None:
        return "needs Chromium: apt-get install chromium"
    return None


def executable() -> str | None:
    """The path of Chromium: Debian's, not one that Playwright would have to download."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def open_chromium(*arguments: str) -> Iterator:
    """A Playwright `Browser` that reaches this machine only. Only pages of this project should be opened in it.

    It has Chromium's sandbox where the system allows that, which it does not for root. While it is open, asyncio.run()
    fails in the same thread.

    arguments : further ones for Chromium, such as "--use-fake-device-for-media-stream"

    Raises OSError, one line, if something is not installed.

    Checked: tests/test_pages_open_in_chromium.py
    """
    if reason := missing_for_chromium():
        raise OSError(reason)
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
