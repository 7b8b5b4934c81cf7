"""The page in the browser for all three users: explore a convention, verify features, recognize emotions, read results.

    python -m experiments.page                    serves the page to this machine; open the address that it prints
    python -m experiments.page --port 8000 --open
    python -m experiments.page --host 0.0.0.0 --origin lab.example.org:5006     to others: whoever reaches it may use it

It works without the internet. What a visitor hands in stays in a private folder and is removed with the visit.

Exit status: 0 stopped, 2 bad usage, or an address that is taken, 130 interrupted.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("BOKEH_RESOURCES", "server")  # every script comes from here

from dsp.files.commands import exit_status
from dsp.files.processes import available_cores
from experiments.common.paths import RUNS

PORT = 5006
MAX_MESSAGE = 2 * 2**20  # bytes of one message from a page; files come by another way
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOUSEKEEPING_MS = 5_000
LINGER_MS = 20_000  # how long a closed page's session lives, and one whose page is still loading


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    return exit_status(lambda: serve(options), target=f"{options.host}:{options.port}", on_interrupt="stopped")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.page", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"0 takes a free one; default: {PORT}")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; default: this machine only")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="a further name under which browsers know this server; needed with --host",
    )
    parser.add_argument("--runs", type=Path, default=RUNS, metavar="DIR", help="where trained runs are looked for")
    parser.add_argument("--workers", type=int, metavar="N", help="processes for heavy work; default: all cores but one")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    options = parser.parse_args(arguments)
    if not 0 <= options.port < 65536:
        parser.error(f"--port {options.port}: 0 .. 65535 are expected")
    if options.workers is not None and not 1 <= options.workers <= 64:
        parser.error(f"--workers {options.workers}: 1 .. 64 are expected")
    if options.host not in LOOPBACK and not options.origin:
        parser.error(f"--host {options.host}: add --origin HOST:PORT, the name that browsers use")
    return options


def serve(options: argparse.Namespace) -> NoReturn:
    """Serves until it is stopped, which ends with KeyboardInterrupt."""
    import panel as pn
    from bokeh.server.server import Server  # noqa: F401  what panel starts
    from tornado.ioloop import IOLoop

    from experiments.page.page import TITLE, app
    from experiments.page.receiver import Receiver
    from experiments.page.uploads import Store
    from experiments.page.workers import Workers

    pn.extension("tabulator", notifications=False, loading_indicator=False, throttled=False)
    store = Store()
    workers = Workers(options.workers or max(1, available_cores() - 1))
    origins: set[str] = set(options.origin)
    try:
        server = pn.serve(
            {"/": app(store, workers, options.runs)},
            port=options.port,
            address=options.host,
            websocket_origin=["placeholder:0"],  # the port may be known only now
            title=TITLE,
            show=False,
            location=False,
            start=False,
            threaded=False,
            verbose=False,
            websocket_max_message_size=MAX_MESSAGE,
            check_unused_sessions_milliseconds=HOUSEKEEPING_MS,
            unused_session_lifetime_milliseconds=LINGER_MS,
            extra_patterns=[(r"/upload/([\w-]+)", Receiver, {"store": store, "origins": origins})],
        )
        if options.host in LOOPBACK:
            origins |= {f"{name}:{server.port}" for name in ("127.0.0.1", "localhost")}
        server._tornado._websocket_origins = set(origins)
        address = (
            f"http://{options.host if options.host != '0.0.0.0' else options.origin[0].partition(':')[0]}:{server.port}"
        )
        print(f"{address}   (Ctrl+C stops it)", flush=True)
        server.start()
        if options.open:
            server.show("/")
        _run_until_signal(IOLoop.current())
    finally:
        workers.close()
        store.close()


def _run_until_signal(loop) -> None:
    """Runs the loop until Ctrl+C or SIGTERM, then raises KeyboardInterrupt: the visitors' files are removed.

    A signal only ends the loop. An exception of its own could come while a callback runs that swallows it.
    """
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    loop.start()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
