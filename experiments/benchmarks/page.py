"""How quickly the page in the browser answers: alone, and with ten visitors who move their sliders at the same time.

    python -m experiments.benchmarks.page [--visitors N] [--moves N] [--store]

Every visitor gives a recording of 3 s and moves the slider of mel bands as soon as the last move was answered. A move
takes from the slider's event until the page's line states the new value; all pictures change in the same message.
Visitors are either headless Chromiums, which work on the server's own cores and make the times upper bounds, or
connections that read all that the server sends and draw nothing, as if every visitor had a machine of their own.
Also measured: from the start of the process to the first byte, the first paint, the controls and the pictures, in a
browser that runs already, and the server's own processor time, which a busy machine hardly changes. --store keeps the
table for BENCHMARKS.md.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import soundfile

from dsp.files.commands import exit_status
from experiments.common import timing
from experiments.common.chromium import open_chromium
from experiments.common.paths import ROOT
from experiments.data.synthetic import SAMPLE_RATE, VOICES, synthesize

READY = "Mel bands"
LAST_PICTURE = "Envelope: "
FIRST_BYTE = "performance.getEntriesByType('navigation')[0].responseStart"
PAINT = "performance.getEntriesByType('paint')[0].startTime"
HEADER = ["measured", "median ms", "95 % below, ms", "required", "of the server's processor, ms", "moves"]
SECONDS = 3
ARRIVED = f"0.00 .. {SECONDS}.00 s at"
PAUSE_S = 0.08  # a hand needs time, too
PATIENCE_S = 300

# Moves the slider `count` times, each after the last was answered; all elements lie in open shadow roots.
MOVE = """
async (count) => {
  const all = (root, found = []) => {
    for (const e of root.querySelectorAll("*")) { found.push(e); if (e.shadowRoot) all(e.shadowRoot, found) }
    return found
  }
  const elements = all(document)
  const slider = elements.find((e) => e.matches("input[aria-label='Mel bands']"))
  const line = elements.find((e) => e.matches("p[role=status]") && e.textContent.includes(" Hz. "))
  const times = []
  for (let i = 0; i < count; i++) {
    const value = 24 + ((Number(slider.value) + 1) % 40)
    const begun = performance.now()
    slider.value = value
    slider.dispatchEvent(new Event("input"))
    while (!line.textContent.includes(`n_mels=${value}`)) await new Promise((done) => setTimeout(done, 4))
    times.push(performance.now() - begun)
    await new Promise((done) => setTimeout(done, PAUSE_MS))
  }
  window.moved = times
}
""".replace("PAUSE_MS", f"{1000 * PAUSE_S:g}")


class Server:
    """The page's server in a process of its own."""

    def __init__(self, folder: Path):
        environment = {**os.environ, "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "experiments.page", "--port", "0"]
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            raise OSError("the page's server did not start")
        self.address = line.split()[0]

    def cpu_s(self) -> float:
        """Seconds of processor time that the server itself, without its workers, has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


class Connection:
    """A visitor's connection to the server, as Bokeh's client in the page holds it, without the page."""

    async def open(self, address: str, recording: Path) -> None:
        """Opens a page and gives it a recording."""
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        page = (await _fetch(address)).decode()
        token = re.search(r'"token":"([^"]+)"', page)[1]
        request = HTTPRequest(f"{address.replace('http', 'ws', 1)}/ws", headers={"Origin": address})
        self.socket = await websocket_connect(request, subprotocols=["bokeh", token])
        await self._until("")  # the server is ready
        await self._send("PULL-DOC-REQ", {})
        document = json.loads(await self._until('"Upload"'))
        self.form, upload = (_model_with(document, text) for text in ('"n_mels"', '"upload/'))
        await self._event("document_ready")
        ticket = re.search(r'"(upload/[^"]+)"', json.dumps(upload))[1]
        found = json.loads(await _fetch(f"{address}/{ticket}?name=speech.wav", recording.read_bytes()))
        await self._event("data_event", upload, {"kind": "files", "ids": [found["id"]], "errors": []})
        await self._until(ARRIVED)

    async def move(self, count: int) -> list[float]:
        """Moves the slider as a hand does; milliseconds until each move was answered."""
        times = []
        for value in range(24, 24 + count):
            begun = time.perf_counter()
            await self._event("data_event", self.form, {"name": "n_mels", "value": value})
            await self._until(f"n_mels={value}")
            times.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(PAUSE_S)
        return times

    async def _send(self, kind: str, content: dict) -> None:
        for part in ({"msgid": str(time.monotonic_ns()), "msgtype": kind}, {}, content):
            await self.socket.write_message(json.dumps(part))

    async def _event(self, name: str, model: dict | None = None, data: dict | None = None) -> None:
        entries = [["model", {"id": model["id"]}], ["data", _as_map(data)]] if model else []
        event = {"type": "event", "name": name, "values": {"type": "map", "entries": entries}}
        await self._send(
            "PATCH-DOC", {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}]}
        )

    async def _until(self, text: str) -> str:
        """Reads messages, with all that belongs to them, up to the first that says `text`."""
        while True:
            header = json.loads(await self._read())
            _, content = await self._read(), await self._read()
            for _ in range(2 * header.get("num_buffers", 0)):
                await self._read()
            if text in content:
                return content

    async def _read(self):
        found = await asyncio.wait_for(self.socket.read_message(), PATIENCE_S)
        if found is None:
            raise OSError("the page's server closed the connection")
        return found


async def _fetch(address: str, body: bytes | None = None) -> bytes:
    def fetch():
        with urllib.request.urlopen(address, body, timeout=PATIENCE_S) as answer:
            return answer.read()

    return await asyncio.to_thread(fetch)


def _as_map(data: dict) -> dict:
    """A dict as Bokeh writes it."""
    return {"type": "map", "entries": [list(pair) for pair in data.items()]}


def _model_with(document, text: str) -> dict:
    """The innermost part of the page whose data say `text`."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in inside:
        if (found := _model_with(value, text)) is not None:
            return found
    own = isinstance(document, dict) and str(document.get("name", "")).endswith("ReactiveESM")
    return document if own and text in json.dumps(document) else None


def start_up(folder: Path, browser) -> tuple[dict[str, float], float]:
    """{what: seconds from the start of the process}, and the server's own time until the pictures are there.

    The browser runs already, and opens the page as soon as the server prints its address.
    """
    page = browser.new_page()
    server = Server(folder)
    try:
        opened = time.perf_counter() - server.begun
        page.goto(server.address, wait_until="commit")
        page.get_by_role("slider", name=READY).wait_for()
        controls = time.perf_counter() - server.begun
        page.get_by_role("img", name=LAST_PICTURE).wait_for()
        pictures, own = time.perf_counter() - server.begun, server.cpu_s()
        response, paint = (page.evaluate(code) / 1000 for code in (FIRST_BYTE, PAINT))
        found = {"first byte": opened + response, "first paint": opened + paint}
        return found | {"controls": controls, "pictures": pictures}, own
    finally:
        page.context.close()
        server.stop()


def moves_in_chromium(
    server: Server, browser, recording: Path, visitors: int, moves: int, query: str = ""
) -> tuple[list[float], float]:
    """Milliseconds of every move of every visitor, all at the same time, and the server's own for one move."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(visitors)]
    try:
        pages = [context.new_page() for context in contexts]
        for page in pages:
            page.set_default_timeout(1000 * PATIENCE_S)
            page.goto(f"{server.address}/{query}")
            page.get_by_label("Recording, or a convention as TOML", exact=True).set_input_files(str(recording))
            page.get_by_text(ARRIVED).wait_for()
        for page in pages:
            page.evaluate(f"() => {{ ({MOVE})({moves}) }}")  # without waiting for the end
        found, begun = [], server.cpu_s()
        for page in pages:
            page.wait_for_function("window.moved !== undefined")
            found += page.evaluate("window.moved")[1:]  # the first move compiles what it draws
        return found, 1000 * (server.cpu_s() - begun) / (visitors * moves)
    finally:
        for context in contexts:
            context.close()


def moves_of_connections(server: Server, recording: Path, visitors: int, moves: int) -> tuple[list[float], float]:
    """The same for visitors whose pages are drawn elsewhere."""

    async def move_all():
        made = [Connection() for _ in range(visitors)]
        for one in made:
            await one.open(server.address, recording)
        begun = server.cpu_s()
        times = await asyncio.gather(*(one.move(moves) for one in made))
        own = 1000 * (server.cpu_s() - begun) / (visitors * moves)
        for one in made:
            one.socket.close()
        return [value for row in times for value in row[1:]], own

    return asyncio.run(move_all())


def measure(visitors: int, moves: int, store: bool) -> None:
    rows = []

    def add(name: str, times: list[float], own: float | None, required: str = "") -> None:
        times = sorted(times)
        highest = f"{times[min(len(times) - 1, int(0.95 * len(times)))]:.0f}" if len(times) > 1 else "-"
        median = f"{statistics.median(times):.0f}"
        rows.append([name, median, highest, required, "-" if own is None else f"{own:.0f}", str(len(times))])
        print(f"  {name:<66} median {median:>6} ms, 95 % below {highest:>6} ms, server {rows[-1][4]:>5} ms", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "speech.wav"
        speech = np.concatenate([synthesize(VOICES[0], 0, emotion) for emotion in ("happy", "angry", "sad")])
        soundfile.write(recording, speech[: SECONDS * SAMPLE_RATE], SAMPLE_RATE)
        server = None
        try:
            with open_chromium() as browser:
                found, own = start_up(Path(folder), browser)
                for name, seconds in found.items():
                    limit = "at most 4000" if name == "controls" else ""
                    cost = 1000 * own if name == "pictures" else None
                    add(f"start of the process to the {name}", [1000 * seconds], cost, limit)
                server = Server(Path(folder))
                one = "one visitor moves a slider, in Chromium beside the server"
                add(one, *moves_in_chromium(server, browser, recording, 1, moves), "at most 150")
                second = moves_in_chromium(server, browser, recording, 1, moves, "?second=htk")
                add(f"{one}, two conventions", *second, "at most 150")
                many = moves_in_chromium(server, browser, recording, visitors, moves)
            add(f"{visitors} visitors at once, in Chromium beside the server", *many)
            many = moves_of_connections(server, recording, visitors, moves)
            add(f"{visitors} visitors at once, each on a machine of their own", *many)
        finally:
            if server is not None:
                server.stop()
    if store:
        timing.store("page", [], {"tables": {"page": {"header": HEADER, "rows": rows}}})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.benchmarks.page",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--visitors", type=int, default=10, metavar="N", help="at the same time; default: 10")
    parser.add_argument("--moves", type=int, default=20, metavar="N", help="of each visitor; default: 20")
    parser.add_argument("--store", action="store_true", help="keep the table for BENCHMARKS.md")
    options = parser.parse_args(arguments)
    if options.visitors < 1 or options.moves < 2:
        parser.error("at least one visitor and two moves are expected")
    return exit_status(lambda: measure(options.visitors, options.moves, options.store))


if __name__ == "__main__":
    sys.exit(main())
