"""What visitors hand in is bounded, private and removed; heavy work is bounded, shared fairly, killed if need be."""

import http.client
import json
import logging
import os
import socket
import stat
import threading
import time

import numpy as np
import pytest
import soundfile

pytest.importorskip("panel")

from experiments.page import receiver, uploads, workers
from experiments.page.core.reading import read_for_page
from experiments.page.workers import Job, JobError, Workers

PATIENCE_S = 120


@pytest.fixture
def store():
    made = uploads.Store()
    yield made
    made.close()


def put(folder, name: str, content: bytes) -> str:
    key, path = folder.begin(name)
    folder.grow(key, len(content))
    path.write_bytes(content)
    return key


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("speech.wav", "speech.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\sounds\\a.wav", "a.wav"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\0b.npy", "ab.npy"),
        ("<img src=x onerror=alert(1)>.wav", "<img src=x onerror=alert(1)>.wav"),
        ("é" * 300 + ".flac", None),
        ("\ud800.wav", "?.wav"),
    ],
)
def test_names_are_what_a_file_system_takes(store, name, safe):
    made = uploads.safe_name(name)
    assert safe is None or made == safe
    assert len(made.encode()) <= uploads.MAX_NAME and made.endswith(os.path.splitext(name)[1][:5])
    folder = store.open()
    key = put(folder, name, b"x")
    assert folder.files[key].resolve().is_relative_to((folder.path / key).resolve())


def test_a_folder_before_a_name_stays(store):
    folder = store.open()
    key = put(folder, "casia/angry/angry (1).wav", b"x")
    assert folder.files[key] == folder.path / key / "angry" / "angry (1).wav"
    assert folder.without_paths(f"{folder.files[key]}: bad") == "angry/angry (1).wav: bad"
    for name in ("../x.wav", "/x.wav", "a/../x.wav", "..\\x.wav"):
        assert folder.path / key != folder.files[put(folder, name, b"")].parent
        assert folder.files[list(folder.files)[-1]].resolve().is_relative_to(folder.path.resolve())
    folder.remove(key)
    assert not (folder.path / key).exists()


def test_folders_are_private_and_removed(store):
    one, other = store.open(), store.open()
    key = put(one, "a.wav", b"abc")
    for path in (store.path, one.path, one.files[key].parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert key not in other.files and one.ticket != other.ticket
    path = one.files[key]
    assert one.without_paths(f"{path}: bad") == "a.wav: bad"
    one.close()
    assert not path.exists() and one.ticket not in store.folders
    with pytest.raises(uploads.UploadError, match="closed"):
        one.begin("b.wav")
    store.close()
    assert not store.path.exists()


def test_limits_of_a_file_a_page_and_the_server(store, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILE", 100)
    monkeypatch.setattr(uploads, "MAX_SESSION", 150)
    monkeypatch.setattr(uploads, "MAX_ALL", 200)
    monkeypatch.setattr(uploads, "MAX_FILES", 3)
    one, other = store.open(), store.open()
    with pytest.raises(uploads.UploadError, match=r"^a\.npy: more than"):
        put(one, "a.npy", b"x" * 101)
    one.keep_only(set())
    put(one, "a.npy", b"x" * 100)
    with pytest.raises(uploads.UploadError, match="this page would hold more"):
        put(one, "b.npy", b"x" * 51)
    one.remove(list(one.files)[-1])
    with pytest.raises(uploads.UploadError, match="the server is full"):
        put(other, "c.npy", b"x" * 100), put(other, "c.npy", b"x" * 20)
    other.close()
    put(one, "b", b""), put(one, "c", b"")
    with pytest.raises(uploads.UploadError, match="3 files are held"):
        one.begin("d")


def test_what_a_killed_server_left_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(uploads.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(uploads.tempfile, "tempdir", str(tmp_path))
    gone, running = tmp_path / f"{uploads.PREFIX}999999999-x", tmp_path / f"{uploads.PREFIX}{os.getpid()}-x"
    for path in (gone, running):
        path.mkdir()
        (path / "a").write_text("a")
        os.utime(path, (0, 0))
    uploads.Store().close()
    assert not gone.exists() and running.exists()


# The address that takes files


@pytest.fixture
def server(store, caplog):
    """The port of a server that takes files, in a thread of its own. It ends without an error in its log."""
    import asyncio

    import tornado.httpserver
    import tornado.testing
    import tornado.web

    listening, port = tornado.testing.bind_unused_port()
    ready, stop = threading.Event(), None

    async def main():
        nonlocal stop
        stop = asyncio.Event()
        settings = {"store": store, "origins": {f"127.0.0.1:{port}"}}
        server = tornado.httpserver.HTTPServer(
            tornado.web.Application([(r"/upload/([\w-]+)", receiver.Receiver, settings)])
        )
        server.add_sockets([listening])
        loop_of.append(asyncio.get_running_loop())
        ready.set()
        await stop.wait()
        server.stop()
        await server.close_all_connections()

    loop_of: list = []
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait(PATIENCE_S)
    yield port
    loop_of[0].call_soon_threadsafe(stop.set)
    thread.join(PATIENCE_S)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def post(port: int, ticket: str, body: bytes, name: str = "a.wav", **headers) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", f"/upload/{ticket}?name={name}", body, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read() or b"{}")
    connection.close()
    return found


def begun(port: int, ticket: str) -> bytes:
    """A request that promises more than it sends."""
    head = f"POST /upload/{ticket}?name=h.wav HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 900\r\n\r\n"
    return head.encode() + b"xx"


def wait_for(condition) -> None:
    """Waits for what the server's thread does in its own time."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_file_arrives_for_its_page_only(server, store):
    one, other = store.open(), store.open()
    status, found = post(server, one.ticket, b"RIFF", Origin=f"http://127.0.0.1:{server}")
    assert status == 200 and one.files[found["id"]].read_bytes() == b"RIFF" and not other.files
    assert stat.S_IMODE(one.files[found["id"]].parent.stat().st_mode) == 0o700


def test_other_origins_and_tickets_are_refused(server, store):
    one = store.open()
    assert post(server, one.ticket, b"x", Origin="http://evil.example")[0] == 403
    assert post(server, one.ticket, b"x", Host=f"evil.example:{server}")[0] == 403
    status, found = post(server, "nosuchticket", b"x")
    assert status == 404 and "no longer open" in found["error"]
    assert not one.files


def test_too_large_a_file_is_refused_before_it_is_read(server, store, monkeypatch):
    one = store.open()
    monkeypatch.setattr(receiver, "MAX_FILE", 1000)
    status, found = post(server, one.ticket, b"x" * 2000, "big<b>.wav")
    assert status == 413 and found["error"].startswith("big<b>.wav: ") and "are taken" in found["error"]
    assert not one.files and not list(one.path.iterdir())


def test_a_lying_length_and_a_broken_connection_leave_nothing(server, store, monkeypatch):
    one = store.open()
    monkeypatch.setattr(uploads, "MAX_FILE", 1000)
    status, found = post(server, one.ticket, b"x" * 2000)
    assert status == 413 and "smaller files are taken" in found["error"] and not one.files
    with socket.create_connection(("127.0.0.1", server)) as half:
        half.sendall(begun(server, one.ticket))
        wait_for(lambda: one.files)
    wait_for(lambda: not one.files and not list(one.path.iterdir()))


def test_a_body_that_never_ends_is_dropped(server, store, monkeypatch):
    monkeypatch.setattr(receiver, "MAX_SECONDS", 0.2)
    one = store.open()
    with socket.create_connection(("127.0.0.1", server), timeout=PATIENCE_S) as slow:
        slow.sendall(begun(server, one.ticket))
        assert slow.recv(1) == b""
    wait_for(lambda: not one.files and not list(one.path.iterdir()))


def test_a_recording_travels_as_plain_values(tmp_path, rng):
    x = rng.standard_normal((8000, 2)) / 10
    soundfile.write(tmp_path / "x.wav", x, 8000, subtype="DOUBLE")
    found = read_for_page(str(tmp_path / "x.wav"))
    np.testing.assert_allclose(found["signal"], x.mean(axis=1))
    assert found["sample_rate"] == 8000 and found["steps"] == ("2 channels mixed to their mean",)


# Heavy work


class Answers:
    """Collects what one job answers."""

    def __init__(self, owner: str, function: str, *arguments, limit_s: float = PATIENCE_S):
        self.items, self.result, self.error, self.ended = [], None, None, threading.Event()
        name = f"tests.page_jobs:{function}"
        self.job = Job(owner, name, arguments, self._done, self._failed, self.items.append, limit_s)

    def _done(self, result):
        self.result = result
        self.ended.set()

    def _failed(self, line):
        self.error = line
        self.ended.set()

    def wait(self):
        assert self.ended.wait(PATIENCE_S)
        return self


@pytest.fixture(scope="module")
def pool():
    made = Workers(1, max_waiting=3)
    yield made
    made.close()


def submit(pool, *arguments, **options) -> Answers:
    made = Answers(*arguments, **options)
    pool.submit(made.job)
    return made


def test_work_answers_and_errors_are_one_line(pool):
    assert submit(pool, "a", "echo", 7).wait().result == 7
    assert submit(pool, "a", "fail", "a.npy: two\nlines").wait().error == "a.npy: two lines"
    assert submit(pool, "a", "fault").wait().error == "this failed inside the program: RuntimeError: inside the program"
    assert submit(pool, "a", "count", 3).wait().items == [0, 1, 2]


def test_a_killed_worker_and_a_long_job_end_in_one_line_and_the_next_one_works(pool):
    assert "ended, perhaps for want of memory" in submit(pool, "a", "crash").wait().error
    assert submit(pool, "a", "echo", 1).wait().result == 1
    assert submit(pool, "a", "sleep", 1000, limit_s=0.3).wait().error == "stopped: this takes longer than 0.3 s"
    assert submit(pool, "a", "echo", 2).wait().result == 2


def test_pages_take_turns_and_none_fills_the_queue(pool):
    order = []
    submit(pool, "z", "sleep", 1000)
    made = [Answers(owner, "echo", i) for i, owner in enumerate("aaab")]
    for one in made:
        one.job.on_done = lambda result, one=one: (order.append(result), one.ended.set())
    for one in made[:3]:
        pool.submit(one.job)
    with pytest.raises(JobError, match="still waits"):
        pool.submit(Answers("a", "echo", 9).job)
    pool.submit(made[3].job)
    pool.cancel("z")
    for one in made:
        one.wait()
    assert order == [0, 3, 1, 2]


def test_a_closed_page_ends_its_work(pool):
    long = submit(pool, "gone", "sleep", 1000)
    waiting = submit(pool, "gone", "echo", 1)
    time.sleep(0.3)
    pool.cancel("gone")
    assert submit(pool, "here", "echo", 5).wait().result == 5
    assert not long.ended.is_set() and not waiting.ended.is_set()


def test_a_worker_has_a_limit_of_memory(pool):
    assert submit(pool, "a", "take", workers.MAX_BYTES).wait().error == "not enough memory for this"
