"""The page's modules read WAV files and resample as dsp does, in Chromium: every sample, every rate, every bad file."""

import base64
import shutil
import struct

import numpy as np
import pytest
import soundfile

from dsp import AudioError, read_audio, resample
from dsp.resampling import resample_by_definition
from tests.browser import open_browser, open_page, serve
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

READ = """async ([module, name, text]) => {
    const { [name]: read } = await import(module);
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    try {
        const { samples, rate, channels, seconds, steps } = await read(new File([bytes], "speech.wav"));
        const values = new Uint8Array(Float64Array.from(samples).buffer);
        let packed = "";
        for (let n = 0; n < values.length; n += 9000) packed += String.fromCharCode(...values.subarray(n, n + 9000));
        return { samples: btoa(packed), rate, channels, seconds, steps };
    } catch (error) {
        return { error: error.constructor.name, line: error.message };
    }
}"""
RESAMPLE = """async ([text, rate, newRate]) => {
    const { resample } = await import("./resample.mjs");
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return [...resample(new Float64Array(bytes.buffer), rate, newRate)];
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    for path in (ROOT / "experiments" / "recogniser" / "page" / "site").glob("*.mjs"):
        shutil.copy(path, folder)
    (folder / "index.html").write_text("<!doctype html><link rel='icon' href='data:,'>")
    with open_browser() as browser, serve(folder) as address, open_page(browser) as page:
        page.goto(f"{address}/index.html")
        yield page
        assert page.complaints == []


def read(page, content: bytes, module: str = "files.mjs", function: str = "readFile") -> dict:
    found = page.evaluate(READ, [f"./{module}", function, base64.b64encode(content).decode()])
    if "samples" in found:
        found["samples"] = np.frombuffer(base64.b64decode(found["samples"]))
    return found


def resampled(page, x: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    return np.array(page.evaluate(RESAMPLE, [base64.b64encode(x.tobytes()).decode(), rate, new_rate]))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_every_sample_of_a_wav_file_is_read(page, tmp_path, rng, subtype, form):
    path = tmp_path / "speech.wav"
    soundfile.write(path, rng.uniform(-1, 1, (3001, 3)), 44_100, subtype=subtype, format=form)
    expected, _ = read_audio(path)
    found = read(page, path.read_bytes())
    np.testing.assert_allclose(found["samples"], expected.mean(axis=0), rtol=0, atol=2e-16)
    assert (found["rate"], found["channels"]) == (44_100, 3) and found["seconds"] == pytest.approx(3001 / 44_100)
    assert found["steps"] == ["3 channels mixed to their mean"]


def test_chunks_around_the_samples_are_passed_over(page, tmp_path, rng):
    path = tmp_path / "speech.wav"
    soundfile.write(path, rng.uniform(-1, 1, 800), 16_000)
    content = path.read_bytes()
    expected = read(page, content)["samples"]
    odd = b"LIST" + struct.pack("<I", 5) + b"hello\0"  # chunks begin at even offsets
    for changed in (content[:12] + odd + content[12:], content[:36] + odd + content[36:], content + odd):
        np.testing.assert_array_equal(read(page, changed)["samples"], expected)
    soundfile.write(tmp_path / "long.wav", read_audio(path)[0], 16_000, format="RF64")  # its length is in another chunk
    np.testing.assert_array_equal(read(page, (tmp_path / "long.wav").read_bytes() + odd)["samples"], expected)
    for length in (0, 0xFFFFFFFF, 0x7FFFF000):  # as written to a pipe
        piped = content[:40] + struct.pack("<I", length) + content[44:]
        np.testing.assert_array_equal(read(page, piped)["samples"], expected)


def header(n_bytes: int, code=1, channels=1, rate=16_000, bits=16, frame_bytes=None) -> bytes:
    frame_bytes = channels * bits // 8 if frame_bytes is None else frame_bytes
    form = struct.pack("<HHIIHH", code, channels, rate, rate * frame_bytes % 2**32, frame_bytes, bits)
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", n_bytes)


NOISE = np.random.default_rng(0).integers(-9000, 9000, 900).astype("<i2").tobytes()
NAN = np.array([0.1, np.nan, 0.2] * 300, "<f4").tobytes()
REFUSED = {
    "empty": (b"", "empty file (0 bytes)"),
    "text": (
        b"no sound at all",
        "not readable as audio in this browser; WAV files of integers or floating point always",
    ),
    "cut off": (header(5000) + NOISE, "cut off, 3200 bytes of the samples its header promises are missing"),
    "no samples": (header(0), "no samples"),
    "an empty chunk, then another": (header(0) + b"LIST" + struct.pack("<I", 4) + b"text", "no samples"),
    "no rate": (header(1800, rate=0) + NOISE, "0 Hz; 1000 .. 192000 Hz are expected"),
    "only a header": (header(0)[:36], "no samples"),
    "no format": (b"RIFF\0\0\0\0WAVEdata" + struct.pack("<I", 1800) + NOISE, "a WAV file without a format"),
    "half a format": (header(0)[:24], "a WAV file whose format is cut off"),
    "silent": (header(1800) + bytes(1800), "silent, all 900 samples are 0"),
    "rate": (header(1800, rate=999) + NOISE, "999 Hz; 1000 .. 192000 Hz are expected"),
    "huge rate": (header(1800, rate=2**32 - 1) + NOISE, "4294967295 Hz; 1000 .. 192000 Hz are expected"),
    "no channels": (header(1800, channels=0) + NOISE, "0 channels; 1 .. 64 are expected"),
    "many channels": (header(1800, channels=65) + NOISE, "65 channels; 1 .. 64 are expected"),
    "frame size": (header(1800, frame_bytes=3) + NOISE, "a WAV file of 3 bytes a frame; 1 x 16 bits are 2"),
    "NaN": (header(len(NAN), code=3, bits=32) + NAN, "holds NaN or infinite samples"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_in_one_line(page, tmp_path, name):
    content, line = REFUSED[name]
    found = read(page, content)
    assert found["error"] == "AudioError" and found["line"].startswith(line)
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    if name not in ("silent", "no rate", "rate", "huge rate", "many channels", "frame size"):  # rules of the recogniser
        with pytest.raises(AudioError):
            read_audio(path)


def test_damaged_files_end_in_samples_or_one_line(page, rng):
    """300 files with bytes changed, removed or repeated: no other error, no hang, nothing that is not finite."""
    whole = header(1800) + NOISE
    script = f"async (files) => Promise.all(files.map((text) => ({READ})(['./wav.mjs', 'readWav', text])))"
    files = []
    for _ in range(300):
        content = bytearray(whole)
        for at in rng.integers(12, 48, rng.integers(1, 4)):
            content[at] = rng.integers(256)
        if rng.random() < 0.3:
            content = content[: rng.integers(12, len(content))]
        files.append(base64.b64encode(bytes(content)).decode())
    found = page.evaluate(script, files)
    refused = [item for item in found if "error" in item]
    assert 30 < len(refused) < 290
    others = {item["error"]: item["line"] for item in refused if item["error"] != "AudioError"}
    assert set(others) <= {"TypeError"} and "null" in others.get("TypeError", "null")  # null: another encoding


@pytest.mark.parametrize(("rate", "new_rate"), [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (11_025, 16_000)])
def test_resampling_is_that_of_dsp(page, rng, rate, new_rate):
    x = rng.standard_normal(4000)
    expected = resample_by_definition(x, rate, new_rate)
    np.testing.assert_allclose(resampled(page, x, rate, new_rate), expected, rtol=0, atol=1e-12)


def test_rates_without_a_common_divisor_are_interpolated(page, rng):
    """16000 branches would take 200 MB; 2048 and straight lines between them are within 1e-6."""
    x = rng.standard_normal(4000)
    found = resampled(page, x, 44_099, 16_000)
    error = np.abs(found - resample(x, 44_099, 16_000)).max() / np.abs(x).max()
    assert 1e-10 < error < 1e-6


@pytest.mark.parametrize(
    ("form", "subtype", "rate", "tolerance"),
    [("FLAC", "PCM_16", 22_050, 1e-5), ("OGG", "VORBIS", 44_100, 1e-3), ("WAV", "ULAW", 8_000, 1e-5)],
)
def test_other_formats_are_decoded_at_their_own_rate(page, tmp_path, form, subtype, rate, tolerance):
    """Chromium divides positive integers by 32767, which is 3e-5 of their value off."""
    t = np.arange(rate) / rate
    path = tmp_path / "speech.audio"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * t), rate, format=form, subtype=subtype)
    expected, _ = read_audio(path)
    found = read(page, path.read_bytes())
    assert (found["rate"], found["steps"]) == (rate, ["decoded by the browser"])
    n = min(expected.size, found["samples"].size)
    assert n >= 0.95 * expected.size
    np.testing.assert_allclose(found["samples"][:n], expected[:n], rtol=0, atol=tolerance)
