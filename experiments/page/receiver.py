"""The address to which the page sends files: POST upload/<ticket>?name=NAME, the bytes as the body."""

import json
from collections.abc import Collection
from urllib.parse import urlsplit

import tornado.web
from tornado.iostream import StreamClosedError

from dsp.files.naming import printable, shorten
from experiments.page.uploads import MAX_FILE, MAX_SECONDS, Store, UploadError


@tornado.web.stream_request_body
class Receiver(tornado.web.RequestHandler):
    """Writes the body to the session's folder as it comes, and stops reading at the first limit.

    Checked: tests/test_page_takes_files.py
    """

    def initialize(self, store: Store, origins: Collection[str]) -> None:
        self.store, self.origins = store, origins
        self.key = self.file = self.folder = None

    def prepare(self) -> None:
        origin = self.request.headers.get("Origin")
        if self.request.host not in self.origins or (origin and urlsplit(origin).netloc not in self.origins):
            return self._refuse(403, "this page is not allowed to send files here")
        self.folder = self.store.folders.get(self.path_args[0])
        if self.folder is None:
            return self._refuse(404, "this page is no longer open here; reload it")
        name = self.get_query_argument("name", "unnamed")
        self.request.connection.set_max_body_size(MAX_FILE + 1)
        self.request.connection.set_body_timeout(MAX_SECONDS)
        declared = self.request.headers.get("Content-Length", "0")
        if not declared.isdigit() or int(declared) > MAX_FILE:
            limit = f"at most {MAX_FILE // 2**20} MB are taken"
            return self._refuse(413, f"{shorten(printable(name))}: {int(declared) / 2**20:.1f} MB; {limit}")
        try:
            self.key, path = self.folder.begin(name)
        except UploadError as error:
            return self._refuse(413, str(error))
        self.file = open(path, "xb")

    def data_received(self, chunk: bytes) -> None:
        if self._finished:
            return
        try:
            self.folder.grow(self.key, len(chunk))
            self.file.write(chunk)
        except UploadError as error:
            self._drop()
            self._refuse(413, str(error))
        except (OSError, KeyError) as error:  # a full disk; a session that ended meanwhile
            self._drop()
            self._refuse(507, f"not taken: {getattr(error, 'strerror', None) or 'the page is closed'}")

    def post(self, ticket: str) -> None:
        self.file.close()
        self.finish({"id": self.key})

    def on_connection_close(self) -> None:
        self._drop()
        super().on_connection_close()  # ends the request, which waits for the rest of the body

    def _drop(self) -> None:
        if self.file is not None:
            self.file.close()
        if self.folder is not None and self.key is not None:
            self.folder.remove(self.key)

    def _refuse(self, status: int, line: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Connection", "close")
        try:
            self.finish(json.dumps({"error": line}))
        except StreamClosedError:
            pass
