"""Serves a page to this machine, for trying it: files with their right types, nothing computed."""

import functools
import http.server
from pathlib import Path

ADDRESS = "127.0.0.1"
TYPES = {
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".onnx": "application/octet-stream",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest is in the page
    "Cache-Control": "no-cache",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files below a folder; no listings of folders, no log of requests."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path):
        self.send_error(http.HTTPStatus.NOT_FOUND)

    def log_message(self, format, *arguments) -> None:
        pass


def server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A server that is bound and not yet running; port 0 takes a free one.

    Raises OSError if the port is taken.

    Checked: tests/test_the_page_is_built.py
    """
    return http.server.ThreadingHTTPServer((ADDRESS, port), functools.partial(Handler, directory=str(folder)))


def serve(folder: Path, port: int) -> None:
    """Serves until Ctrl+C."""
    try:
        bound = server(folder, port)
    except OSError as error:
        raise OSError(error.errno, f"port {port} cannot be served: {error.strerror}") from None
    with bound:
        print(f"http://{ADDRESS}:{bound.server_address[1]}/  (Ctrl+C ends it)", flush=True)
        bound.serve_forever()
