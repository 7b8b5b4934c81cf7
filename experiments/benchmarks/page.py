"""How quickly the page in the browser answers: alone, and with ten visitors who move their sliders at the same time.

    python -m experiments.benchmarks.page [--visitors N] [--moves N] [--store]

Starts the page's server and one headless Chromium with a page per visitor. Every visitor moves the slider of mel bands
as soon as the last move was answered; a move takes from the slider's event until the page's line states the new value,
with all pictures redrawn by then or in the same message. Also measured: from the start of the process to the first byte
and to the first paint, and the server's own processor time, which a busy machine hardly changes. The visitors' browser
works on the same cores as the server, which makes the times upper bounds. --store keeps the table for BENCHMARKS.md.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from dsp.files.commands import exit_status
from experiments.common import timing
from experiments.common.chromium import open_chromium
from experiments.common.paths import ROOT

READY = "Mel bands"
HEADER = ["measured", "median ms", "95 % below, ms", "of the server's processor, ms", "moves"]

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
    await new Promise((done) => setTimeout(done, 80)) // a hand needs time, too
  }
  window.moved = times
}
"""


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


def start_up(folder: Path, browser) -> tuple[float, float, float]:
    """Seconds from the start of the process to the first byte of a page and to its first paint; its own time."""
    server = Server(folder)
    try:
        with urllib.request.urlopen(server.address, timeout=120) as answer:
            answer.read(1)
        first_byte, own = time.perf_counter() - server.begun, server.cpu_s()
        page = browser.new_page()
        opened = time.perf_counter() - server.begun
        page.goto(server.address, wait_until="commit")
        paint = "performance.getEntriesByType('paint').length && performance.getEntriesByType('paint')[0].startTime"
        painted_ms = page.wait_for_function(paint).json_value()
        page.context.close()
        return first_byte, opened + painted_ms / 1000, own
    finally:
        server.stop()


def moves_of(server: Server, browser, visitors: int, moves: int) -> tuple[list[float], float]:
    """Milliseconds of every move of every visitor, all at the same time, and the server's own for one move."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(visitors)]
    try:
        pages = [context.new_page() for context in contexts]
        for page in pages:
            page.set_default_timeout(300_000)
            page.goto(server.address)
            page.get_by_role("slider", name=READY).wait_for()
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


def measure(visitors: int, moves: int, store: bool) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder, open_chromium() as browser:
        first_byte, first_paint, own = start_up(Path(folder), browser)
        rows.append(
            ["start of the process to the first byte", f"{1000 * first_byte:.0f}", "-", f"{1000 * own:.0f}", "1"]
        )
        rows.append(["start of the process to the first paint", f"{1000 * first_paint:.0f}", "-", "-", "1"])
        server = Server(Path(folder))
        try:
            for n in dict.fromkeys((1, visitors)):
                times, own = moves_of(server, browser, n, moves)
                times.sort()
                name = "one visitor moves a slider" if n == 1 else f"{n} visitors move their sliders at once"
                highest = times[min(len(times) - 1, int(0.95 * len(times)))]
                rows.append([name, f"{statistics.median(times):.0f}", f"{highest:.0f}", f"{own:.1f}", str(len(times))])
        finally:
            server.stop()
    for row in rows:
        print(f"  {row[0]:<42} median {row[1]:>6} ms, 95 % below {row[2]:>6} ms, server {row[3]:>5} ms, {row[4]} moves")
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
