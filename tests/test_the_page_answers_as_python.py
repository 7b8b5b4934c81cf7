"""The page in Chromium gives the features and answers that Python gives, and one line for what it refuses.

A test opens recordings as a visitor does and reads the numbers that the page saves.
"""

import contextlib
import json
import re
import shutil
import struct

import numpy as np
import pytest
import soundfile

import dsp
from experiments.data.leakage import digests
from experiments.data.synthetic import VOICES, synthesize
from experiments.inputs.statistics import CONVENTION
from experiments.recogniser import core, trained
from experiments.recogniser.page import command
from experiments.recogniser.page.serving import server
from tests.browser import open_browser, open_page, running

pytestmark = pytest.mark.slow

MAX_FEATURE_ERROR, MAX_PROBABILITY_ERROR = 1e-3, 1e-4  # nat, of the log-mel picture; of a probability
MICROPHONE = "--use-fake-device-for-media-stream"


@pytest.fixture(scope="module")
def network():
    return core.load_warm(trained.SHIPPED)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if shutil.which("npm") is None:
        pytest.skip("needs npm: apt-get install npm")
    out = tmp_path_factory.mktemp("built") / "page"
    assert command.main([str(out), "--run", str(trained.SHIPPED)]) == 0
    with running(server(out, 0)) as address:
        yield address


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What the microphone hears: a WAV file, which Chromium plays to the page."""
    path = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    x = dsp.resample(synthesize(VOICES[2], 1, "angry"), 16_000, 48_000)
    soundfile.write(path, x / np.abs(x).max() / 2, 48_000)
    return path


@pytest.fixture(scope="module")
def browser(spoken):
    with open_browser(MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}") as browser:
        yield browser


@contextlib.contextmanager
def opened(browser, address, before=None, **options):
    """A page that has begun; before: (pattern, handler) of requests."""
    with open_page(browser, **options) as page:
        if before:
            page.route(*before)
        requested = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(f"{address}/")
        page.wait_for_selector("body[data-state=ready]")
        yield page
        downloads = f"failed: blob:{address}/"  # Chromium hands them on, and Playwright calls that a failure
        assert [line for line in page.complaints if not line.startswith(downloads)] == []
        assert all(url.startswith((address, "data:", f"blob:{address}")) for url in requested)


@pytest.fixture(scope="module")
def page(browser, address):
    with opened(browser, address, accept_downloads=True) as page:
        yield page


def choose(page, path) -> None:
    page.set_input_files("#file", path)
    page.wait_for_selector("body:not([data-state=busy])")


def saved(page) -> dict:
    """The numbers that the page offers to save."""
    with page.expect_download() as download:
        page.click("#save-numbers")
    return json.loads(download.value.path().read_text())


def refusal(page) -> str:
    assert page.get_attribute("body", "data-state") == "refused"
    assert page.is_hidden("#results") and page.inner_text("#status") == ""
    return page.inner_text("#error")


def check(found: dict, network, path, steps=None) -> None:
    """The page's numbers against those of Python for the same file."""
    answer = core.recognize(network, path)
    rate = network.view.sample_rate
    signal = answer.recording.signal
    if answer.recording.sample_rate != rate:
        signal = dsp.resample(signal, answer.recording.sample_rate, rate)
    expected = dsp.log_mel(signal, rate, CONVENTION)
    values = np.array(found["log_mel"]["values"])
    assert found["log_mel"]["unit"] == "nat" and values.shape == expected.shape
    assert np.abs(values - expected).max() <= MAX_FEATURE_ERROR
    assert list(found["probabilities"]) == list(answer.classes)
    probabilities = np.array(list(found["probabilities"].values()))
    assert np.abs(probabilities - answer.probabilities).max() <= MAX_PROBABILITY_ERROR
    assert found["emotion"] == answer.emotion
    told = core.as_json(network, answer)
    assert found["trained_on"] is told["trained_on"]
    assert found["recording"] == pytest.approx(told["recording"])
    assert found["file"] == path.name
    own = [step for step in told["steps"] if "statistics" not in step]
    assert found["steps"] == (own if steps is None else steps)


RECORDINGS = {  # rate, channels, format, subtype
    "16 kHz.wav": (16_000, 1, "WAV", "PCM_16"),
    "44.1 kHz, 24 bits.wav": (44_100, 1, "WAV", "PCM_24"),
    "48 kHz, two channels.wav": (48_000, 2, "WAV", "PCM_16"),
    "floating point.wav": (48_000, 1, "WAV", "FLOAT"),
    "telephone.wav": (8_000, 1, "WAV", "PCM_U8"),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_features_and_answers_are_those_of_python(page, network, tmp_path, name):
    rate, channels, form, subtype = RECORDINGS[name]
    x = synthesize(VOICES[1], len(name) % 3, "happy")
    x = x if rate == 16_000 else dsp.resample(x, 16_000, rate)
    path = tmp_path / name
    soundfile.write(path, np.stack([x, np.roll(x, 9) / 3], 1) if channels == 2 else x, rate, subtype, format=form)
    choose(page, path)
    check(saved(page), network, path)
    assert page.inner_text("#heading") == name
    assert re.fullmatch(rf"{re.escape(name)}: \w+, \d+\.\d\s%; chance is 12\.5\s%", page.inner_text("#status"))


def test_a_long_recording_is_read_for_a_minute(page, network, tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.resize(synthesize(VOICES[0], 0, "sad"), 16_000 * 61), 16_000)
    choose(page, path)
    check(saved(page), network, path, ["only the first 60 s of 1 min 1 s were read"])


def test_a_recording_of_the_training_is_recognized_as_such(browser, address, tmp_path, rng):
    """By its samples: two channels at another rate, under another name."""
    path = tmp_path / "mine.wav"
    soundfile.write(path, rng.uniform(-0.5, 0.5, (9000, 2)), 44_100)
    signal = dsp.read_audio(path)[0].mean(axis=0)

    def add_hash(route):
        facts = route.fetch().json()
        assert len(facts["training_content"]) > 1000
        route.fulfill(json=facts | {"training_content": [*facts["training_content"], *digests([signal])]})

    with opened(browser, address, accept_downloads=True, before=("**/model.json", add_hash)) as page:
        choose(page, path)
        assert page.is_visible("#trained-on") and saved(page)["trained_on"] is True
        soundfile.write(path, dsp.read_audio(path)[0][:, :-1].T, 44_100)
        choose(page, path)
        assert page.is_hidden("#trained-on") and saved(page)["trained_on"] is False


def test_the_page_shows_what_it_saves(page, tmp_path, utterance):
    path = tmp_path / "shown.wav"
    soundfile.write(path, utterance, 16_000)
    choose(page, path)
    found = saved(page)
    rows = page.locator("#probabilities tr").all()
    shown = {row.locator("th").inner_text().removesuffix(" ◀"): row.locator("td").last.inner_text() for row in rows}
    assert shown == {name: f"{100 * share:.1f}\xa0%" for name, share in found["probabilities"].items()}
    assert page.inner_text("tr.best th") == f"{found['emotion']} ◀"
    assert page.inner_text("#chance") == "The dashed line is chance: 12.5\xa0% for each of 8 classes."
    bars = page.evaluate("""() => [...document.querySelectorAll(".bar")].map((bar) => [
        bar.firstChild.offsetWidth / bar.clientWidth, bar.lastChild.offsetLeft / bar.clientWidth])""")
    np.testing.assert_allclose([bar[0] for bar in bars], list(found["probabilities"].values()), atol=0.01)
    np.testing.assert_allclose([bar[1] for bar in bars], 0.125, atol=0.01)
    colors = page.evaluate("""() => ["waveform", "log-mel"].map((id) => {
        const canvas = document.getElementById(id);
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")
    assert colors[0] > 3 and colors[1] > 40  # drawn
    label = page.get_attribute("#log-mel", "aria-label")
    values = np.array(found["log_mel"]["values"])
    assert label.endswith(f"40 bands x {values.shape[1]} frames, {values.min():.1f} to {values.max():.1f} nat")
    assert page.get_attribute("#waveform", "aria-label").startswith(f"Waveform of {utterance.size / 16_000:.2f} s")


def bad_files(folder):
    tone = np.sin(np.arange(4000) / 9) / 4
    (folder / "text.wav").write_text("no sound at all")
    (folder / "empty.mp3").write_bytes(b"")
    soundfile.write(folder / "silence.wav", np.zeros(4000), 16_000)
    soundfile.write(folder / "short.wav", tone[:100], 16_000)
    soundfile.write(folder / "cut.wav", tone, 16_000)
    cut = (folder / "cut.wav").read_bytes()
    (folder / "cut.wav").write_bytes(cut[:-1000])
    (folder / "rate.wav").write_bytes(cut[:24] + struct.pack("<I", 500) + cut[28:])
    return {
        "text.wav": "not readable as audio in this browser; WAV files of integers or floating point always are",
        "empty.mp3": "empty file (0 bytes)",
        "silence.wav": "silent, all 4000 samples are 0",
        "short.wav": "6.3 ms, shorter than a frame of 25 ms",
        "cut.wav": "cut off, 1000 bytes of the samples its header promises are missing",
        "rate.wav": "500 Hz; 1000 .. 192000 Hz are expected",
    }


def test_bad_files_are_refused_in_one_line_and_the_next_one_is_answered(page, network, tmp_path, utterance):
    good = tmp_path / "good.wav"
    soundfile.write(good, utterance, 16_000)
    for name, line in bad_files(tmp_path).items():
        choose(page, tmp_path / name)
        assert refusal(page) == f"{name}: {line}"
    choose(page, good)
    check(saved(page), network, good)
    assert page.inner_text("#error") == ""


def test_a_file_can_be_dropped(page, network, tmp_path, utterance):
    path = tmp_path / "dropped.wav"
    soundfile.write(path, utterance, 16_000)
    transfer = page.evaluate_handle(
        """(bytes) => { const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "dropped.wav")); return transfer; }""",
        list(path.read_bytes()),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("body:not([data-state=busy])")
    check(saved(page), network, path)


def test_the_last_of_two_files_is_shown(page, tmp_path, utterance):
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    soundfile.write(first, np.resize(utterance, 48_000 * 20), 48_000)
    soundfile.write(second, utterance, 16_000)
    page.evaluate("""() => {
        globalThis.headings = [];
        const note = () => headings.push(document.getElementById("heading").textContent);
        new MutationObserver(note).observe(document.getElementById("heading"), { childList: true });
    }""")
    page.set_input_files("#file", first)
    choose(page, second)
    page.wait_for_function("headings.length > 0")
    page.wait_for_timeout(500)
    assert page.evaluate("headings") == ["second.wav"] and saved(page)["file"] == "second.wav"


@pytest.mark.corpus
def test_real_recordings_are_answered_alike(page, network, corpora):
    """RAVDESS (48 kHz) and EMO-DB (16 kHz); those of actor 2 were trained on."""
    ravdess = [
        path for actor in ("01", "02", "09") for path in sorted((corpora / "ravdess").rglob(f"*-{actor}.wav"))[::20]
    ]
    emodb = sorted((corpora / "emodb").rglob("*.wav"))[::200]
    known = set()
    for path in [*ravdess, *emodb]:
        choose(page, path)
        found = saved(page)
        check(found, network, path)
        known.add(found["trained_on"])
    assert known == {True, False}


# The microphone


def test_the_microphone_is_recorded_and_answered(browser, address, network, spoken, tmp_path):
    """Its sound comes back as a file, for which Python gives the same answer; and it is what was spoken."""
    with opened(browser, address, permissions=["microphone"], accept_downloads=True) as page:
        page.focus("#record")
        page.keyboard.press("Enter")
        page.wait_for_selector("#record.on")
        assert page.inner_text("#record") == "Stop" and page.is_visible("#elapsed")
        page.wait_for_timeout(1500)
        assert page.evaluate("document.getElementById('level').value") >= 0
        page.keyboard.press("Space")
        page.wait_for_selector("#results:not([hidden])")
        found = saved(page)
        with page.expect_download() as download:
            page.click("#save-sound")
        path = tmp_path / "microphone.wav"
        shutil.copy(download.value.path(), path)
        assert page.inner_text("#record") == "Record" and page.is_hidden("#elapsed")
    check(found, network, path)
    heard, rate = dsp.read_audio(path)
    assert 0.8 < heard.size / rate < 10 and np.abs(heard).max() > 0.1
    source, _ = dsp.read_audio(spoken)
    source = np.tile(source if rate == 48_000 else dsp.resample(source, 48_000, rate), 8)
    assert max(best_correlation(source, heard[at : at + rate // 4]) for at in range(0, heard.size, rate // 8)) > 0.95


def best_correlation(x: np.ndarray, part: np.ndarray) -> float:
    """Of `part` with the stretch of x that is most like it. (A busy machine drops some pieces of the sound.)"""
    n = 1 << (x.size + part.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(x, n) * np.conj(np.fft.rfft(part, n)), n)[: x.size - part.size]
    at = int(products.argmax())
    return float(np.corrcoef(x[at : at + part.size], part)[0, 1])


def test_without_permission_or_a_secure_address_one_line_says_so(browser, address):
    with opened(browser, address) as page:
        page.click("#record")
        page.wait_for_selector("body[data-state=refused]")
        assert refusal(page) == "microphone: not permitted; allow this page to use the microphone, or choose a file"
        assert page.inner_text("#record") == "Record" and page.is_enabled("#record")
        page.evaluate("delete Navigator.prototype.mediaDevices")
        page.click("#record")
        page.wait_for_function("document.getElementById('error').textContent.includes('https')")


# What everyone can use


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_overlaps_or_leaves_the_window(browser, address, tmp_path, utterance, width):
    path = tmp_path / f"{'a long name ' * 9}.wav"
    soundfile.write(path, utterance, 16_000)
    with opened(browser, address, width=width) as page:
        choose(page, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.evaluate("""() => [...document.querySelectorAll(
            "h1, h2, h3, p, input, button, canvas, figcaption, audio, li, .scroll, .button")]
            .filter((one) => one.checkVisibility() && one.getClientRects().length && one.textContent + one.id)
            .map((one) => { const { x, y, width, height } = one.getBoundingClientRect();
                return [one.id || one.textContent.slice(0, 20), x, y, width, height]; })""")
        assert len(boxes) > 25
        for index, (name, x, y, box_width, height) in enumerate(boxes):
            assert x >= 0 and x + box_width <= width + 1, name
            for other, x2, y2, width2, height2 in boxes[index + 1 :]:
                across = min(x + box_width, x2 + width2) - max(x, x2)
                down = min(y + height, y2 + height2) - max(y, y2)
                contained = x <= x2 and y <= y2 and x + box_width >= x2 + width2 and y + height >= y2 + height2
                assert across <= 1 or down <= 1 or contained, (name, other)


def test_keys_reach_everything_and_everything_has_a_name(browser, address, tmp_path, utterance):
    path = tmp_path / "named.wav"
    soundfile.write(path, utterance, 16_000)
    with opened(browser, address) as page:
        choose(page, path)
        reached = []
        while "save-sound" not in reached and len(reached) < 20:
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id"))
        assert list(dict.fromkeys(reached)) == ["file", "record", "player", "save-numbers", "save-sound"]
        check_names(page)


def check_names(page) -> None:
    for role, name in (
        ("button", "Record"),
        ("img", re.compile("^Waveform of")),
        ("img", re.compile("^Log-mel spectrogram")),
        ("link", "Save the numbers (JSON)"),
        ("list", "What was done"),
        ("table", "Probability of each emotion"),
    ):
        assert page.get_by_role(role, name=name).count() == 1, name
    assert page.get_by_label("Audio file").get_attribute("id") == "file"
    assert page.get_by_role("status").count() == 1 and page.locator("[role=alert]").count() == 1


def test_text_stands_out_from_its_ground(page):
    """The contrast that WCAG 2 asks for: 4.5 for text, 3 for what is not."""
    pairs = page.evaluate("""() => ["h1", "p", "a", "button", "#error", "figcaption", "caption"].map((one) => {
        const style = getComputedStyle(document.querySelector(one)); return [one, style.color]; })""")
    for name, color in [*pairs, ("bar", "rgb(91, 143, 196)"), ("chance", "rgb(180, 83, 9)")]:
        channels = np.array(re.findall(r"\d+", color)[:3], float) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        contrast = 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)
        assert contrast >= (4.5 if name in dict(pairs) else 3), name


def test_a_missing_graph_is_said_in_one_line(browser, address):
    with open_page(browser) as page:
        page.route("**/network.onnx", lambda route: route.fulfill(status=404))
        page.goto(f"{address}/")
        page.wait_for_selector("body[data-state=refused]")
        assert page.inner_text("#error") == "The page cannot start: network.onnx: 404 Not Found"
        assert page.is_disabled("#file") and page.is_disabled("#record")
