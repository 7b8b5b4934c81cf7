"""The road through a browser: the ONNX graph of a convention, run by ONNX Runtime Web in a headless Chromium.

One Chromium serves all presets; it ends with the process. Nothing but the graph and the runtime is in its page.
"""

import atexit
import base64
import contextlib
import http.server
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from dsp.files.naming import FileError
from experiments.common.chromium import open_chromium
from experiments.recogniser.page.onnxruntime_web import runtime_files
from experiments.recogniser.page.serving import server

PAGE = "<!doctype html><title>A graph</title><link rel='icon' href='data:,'>"
LOAD = """async (text) => {
    const ort = globalThis.ort = await import("./ort.wasm.min.mjs");
    ort.env.wasm.numThreads = 1;
    await globalThis.session?.release();
    const graph = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    globalThis.session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] });
}"""
RUN = """async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const samples = new Float32Array(bytes.buffer);
    const [input, output] = [session.inputNames[0], session.outputNames[0]];
    const tensor = new ort.Tensor("float32", samples, [1, samples.length]);
    const started = performance.now();
    const { [output]: result } = await session.run({ [input]: tensor });
    const ms = performance.now() - started;
    const found = new Uint8Array(Float32Array.from(result.data).buffer);
    let packed = "";
    for (let at = 0; at < found.length; at += 30000) packed += String.fromCharCode(...found.subarray(at, at + 30000));
    return { values: btoa(packed), shape: result.dims, ms };
}"""


_opened = contextlib.ExitStack()


def close_runtime() -> None:
    """Ends Chromium; the next graph starts another one."""
    _opened.close()
    open_runtime.cache_clear()


@lru_cache(maxsize=1)
def open_runtime():
    """A page with ONNX Runtime Web; OSError, one line, if Chromium or the runtime is not to be had."""
    stack = _opened
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    try:
        runtime = runtime_files()
    except FileError as error:
        raise OSError(str(error)) from None
    for name, content in runtime.items():
        (folder / name).write_bytes(content)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    bound: http.server.ThreadingHTTPServer = stack.enter_context(server(folder, 0))
    threading.Thread(target=bound.serve_forever, daemon=True).start()
    stack.callback(bound.shutdown)
    page = stack.enter_context(open_chromium()).new_page()
    page.goto(f"http://127.0.0.1:{bound.server_address[1]}/index.html")
    return page


atexit.register(close_runtime)


def load_graph(content: bytes) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """A function, samples (n,) -> (the graph's result for them as a batch of one, milliseconds in the browser)."""
    open_runtime().evaluate(LOAD, base64.b64encode(content).decode())
    return _run


def _run(samples: np.ndarray) -> tuple[np.ndarray, float]:
    text = base64.b64encode(np.asarray(samples, np.float32).tobytes()).decode()
    found = open_runtime().evaluate(RUN, text)
    values = np.frombuffer(base64.b64decode(found["values"]), np.float32)
    return values.reshape(found["shape"])[0], found["ms"]
