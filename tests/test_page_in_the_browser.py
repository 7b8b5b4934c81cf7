"""The page, driven in Chromium as three kinds of visitors do: every tab, files good and bad, two visitors at once."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from PIL import Image

import dsp
from dsp.conventions import load
from experiments.data.synthetic import VOICES, synthesize
from spectrogram_images import render
from tests.browser import open_browser, open_page
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
PATIENCE_S = 120
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
HOSTILE = "<img src=x onerror=document.title=666>.wav"


class Server:
    """`python -m experiments.page` in a process of its own, with a folder for temporary files."""

    def __init__(self, folder: Path, *arguments: str):
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "experiments.page", "--port", "0", "--runs", str(folder / "runs"), *arguments]
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.address = self.process.stdout.readline().split()[0]

    def stop(self) -> str:
        """Ends it as Ctrl+C does; returns what it wrote on standard error."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_S)
        self.log.seek(0)
        return self.log.read()

    def files(self) -> list[Path]:
        """What the visitors' files are at this moment."""
        return [path for path in self.temporary.glob("ser-page-*/*/*/*") if path.is_file()]


@pytest.fixture(scope="module")
def browser():
    with open_browser(*FAKE_MICROPHONE) as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("page"))
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    x = np.round(synthesize(VOICES[0], 0, "happy")[: 400 + 160 * 100] * 32767) / 32768
    soundfile.write(path, x, 16_000)
    return path


def visit(page, server: Server, query: str = "", ready: str = "Mel bands"):
    """Opens the page; `requests` collects every address that it asks for."""
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(f"{server.address}/{query}")
    page.get_by_role("heading", level=1).wait_for()
    if ready:
        page.get_by_label(ready, exact=True).first.wait_for()
    return page


def check_quiet(page, server: Server) -> None:
    """Nothing went wrong in the page, and it asked for nothing outside its server."""
    assert page.complaints == []
    hosts = {urlsplit(url).netloc for url in page.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(server.address).netloc}


def give(page, name: str, *paths) -> None:
    page.get_by_label(name, exact=True).set_input_files([str(path) for path in paths])


def wait_for(condition) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


def widest(page) -> int:
    """How far the page reaches beyond the window, in pixels."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_explore_redraws_by_keyboard_and_keeps_its_state(browser, server):
    with open_page(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        visit(page, server)
        page.get_by_role("slider", name="Mel bands").focus()
        for _ in range(7):
            page.keyboard.press("ArrowRight")
        page.get_by_text(re.compile("n_mels=30")).first.wait_for()
        page.get_by_role("combobox", name="Logarithm").select_option("log10")
        page.get_by_role("combobox", name="Compare with").select_option("htk")
        page.get_by_text(re.compile("differences; the largest: ")).wait_for()
        page.get_by_role("img", name=re.compile("^Log-mel: of the second convention")).first.wait_for()
        page.get_by_text("As Python", exact=True).click()
        page.get_by_label("As Python").filter(has_text="n_mels=30, log='log10'").wait_for()
        page.get_by_role("button", name="Copy as Python").click()
        page.get_by_text("copied", exact=True).wait_for()
        assert "n_mels=30, log='log10')" in page.evaluate("navigator.clipboard.readText()")
        page.wait_for_function("/n_mels=30.*second=htk/.test(location.search)")
        page.reload()
        page.get_by_text(re.compile("n_mels=30, log='log10'")).first.wait_for()
        assert page.get_by_role("slider", name="Mel bands").input_value() == "30"
        page.get_by_role("button", name="As the preset").click()
        page.get_by_text(re.compile(r"16000 Hz\. kaldi\.$")).first.wait_for()
        assert page.get_by_role("slider", name="Mel bands").input_value() == "23"
        check_quiet(page, server)


def test_a_slider_sends_its_newest_value(browser, server):
    """While the first value is worked on, the hand moves on; the values between are never computed."""
    sent = []
    with open_page(browser) as page:
        page.on(
            "websocket", lambda socket: socket.on("framesent", lambda frame: "n_mels" in str(frame) and sent.append(1))
        )
        visit(page, server)
        slider = page.get_by_role("slider", name="Mel bands")
        slider.evaluate("""(slider) => {
            for (let i = 24; i <= 63; i++) { slider.value = i; slider.dispatchEvent(new Event("input")) }
        }""")
        page.get_by_text(re.compile("n_mels=63")).first.wait_for()
        assert slider.input_value() == "63" and len(sent) == 2
        check_quiet(page, server)


def test_a_link_is_followed_as_far_as_it_is_allowed(browser, server):
    with open_page(browser) as page:
        visit(page, server, "?convention=../../etc/passwd&voice=%3Cimg%20src=x%3E&second=nothing&frame=x&n_mels=-1")
        line = page.get_by_role("alert").filter(has_text="the link was followed in part: ")
        line.wait_for()
        said = line.inner_text()
        assert all(word in said for word in ("'../../etc/passwd'", "voice '<img src=x>'", "are numbers")), said
        assert "\n" not in said and page.locator("img[src=x]").count() == 0
        page.get_by_text(re.compile(r"16000 Hz\. kaldi\.$")).wait_for()
        check_quiet(page, server)


def test_explore_takes_a_file_the_microphone_and_a_convention(browser, server, speech, tmp_path):
    hostile = tmp_path / HOSTILE
    hostile.write_bytes(speech.read_bytes())
    with open_page(browser, permissions=["microphone"]) as page:
        visit(page, server)
        give(page, "Recording, or a convention as TOML", hostile)
        page.get_by_text(re.compile("onerror=document.title=666>.wav: 0.00 .. 1.02 s at 16000 Hz")).wait_for()
        assert page.title() != "666" and page.locator("img[src=x]").count() == 0
        page.get_by_role("button", name="Rebuild the sound").click()
        page.get_by_label("Rebuilt from the first 13 cepstra").wait_for()
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as TOML").click()
        toml = tmp_path / "mine.toml"
        toml.write_text(
            Path(saving.value.path()).read_text().replace("n_mels = 23", "n_mels = 31").split("fingerprint")[0]
        )
        give(page, "Recording, or a convention as TOML", toml)
        page.get_by_text(re.compile("n_mels=31")).first.wait_for()
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_role("button", name="Stop recording").wait_for()
        page.wait_for_timeout(1200)
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_text(re.compile(r"^recording\.wav: 0\.00 \.\. \d\.\d\d s at \d+ Hz")).wait_for()
        check_quiet(page, server)


REFUSED = {
    "broken.wav": (b"RIFF\x00\x00\x00\x00WAVEjunk", "broken.wav: "),
    "c.toml": (b"n_melts = 3\n", "c.toml: unknown parameter 'n_melts'"),
    "text.wav": (b"no sound", "text.wav: "),
}


def test_explore_refuses_as_the_commands_do(browser, server, tmp_path):
    with open_page(browser) as page:
        visit(page, server)
        for name, (content, said) in REFUSED.items():
            (tmp_path / name).write_bytes(content)
            give(page, "Recording, or a convention as TOML", tmp_path / name)
            line = page.get_by_role("alert").filter(has_text=said)
            line.wait_for()
            assert "\n" not in line.inner_text() and "/ser-page-" not in line.inner_text()
            page.get_by_text(re.compile("^synthetic voice f1")).wait_for()


def test_a_browser_without_a_microphone_is_told_so(browser, server):
    with open_page(browser) as page:
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        visit(page, server)
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_text("no recording: this browser offers no microphone to this address").wait_for()


def test_visitors_are_apart_and_what_they_leave_is_removed(browser, server, speech):
    with open_page(browser) as one, open_page(browser) as other:
        visit(one, server)
        visit(other, server)
        give(one, "Recording, or a convention as TOML", speech)
        one.get_by_text(re.compile(r"^speech\.wav: ")).wait_for()
        one.get_by_role("combobox", name="Convention", exact=True).select_option("whisper")
        one.get_by_text(re.compile(r"Hz\. whisper\.$")).wait_for()
        assert other.get_by_text(re.compile(r"Hz\. kaldi\.$")).count() == 1
        assert other.get_by_text(re.compile(r"speech\.wav")).count() == 0
        wait_for(lambda: [path.name for path in server.files()] == ["speech.wav"])  # those of earlier tests go
        assert all((path.stat().st_mode & 0o077) == 0 for path in server.temporary.glob("ser-page-*"))
    wait_for(lambda: not server.files())


def test_a_stopped_server_is_said_in_one_line_and_leaves_nothing(browser, tmp_path):
    made = Server(tmp_path)
    with open_page(browser) as page:
        visit(page, made)
        errors = made.stop()
        page.get_by_role("alert").filter(has_text="The connection to the server is lost.").wait_for()
    assert errors == "stopped\n" and made.process.returncode == 130
    assert list(made.temporary.glob("ser-page-*")) == []


def test_a_lost_connection_is_said_and_a_reload_goes_on(browser, server):
    sockets = []
    with open_page(browser) as page:
        page.route_web_socket(re.compile("/ws"), lambda socket: sockets.append((socket, socket.connect_to_server())))
        visit(page, server)
        page.get_by_role("slider", name="Mel bands").press("ArrowRight")
        page.wait_for_function("location.search.includes('n_mels=24')")
        sockets[0][0].close()
        page.get_by_role("alert").filter(has_text="The connection to the server is lost.").wait_for()
        page.reload()
        page.get_by_text(re.compile("n_mels=24")).first.wait_for()
        assert page.get_by_role("alert").filter(has_text="is lost").count() == 0


def answer_to_handshake(server: Server, origin: str) -> str:
    """The first line that the server says to a page of this origin that asks for a connection."""
    where = urlsplit(server.address)
    head = (
        f"GET /ws HTTP/1.1\r\nHost: {where.netloc}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    )
    head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode())
        return connection.makefile("rb").readline().decode()


def test_the_server_is_for_this_machine_and_its_own_page(server):
    port = urlsplit(server.address).port
    tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
    sockets = [line.split()[1:4:2] for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    listening = [address for address, state in sockets if address.endswith(f":{port:04X}") and state == "0A"]
    assert listening == [f"0100007F:{port:04X}"]  # 127.0.0.1
    assert " 101 " in answer_to_handshake(server, server.address)
    for origin in ("http://evil.example", f"http://evil.example:{port}", f"http://127.0.0.1:{port + 1}"):
        assert " 403 " in answer_to_handshake(server, origin)


CONTROLS = {"button", "slider", "combobox", "textbox", "searchbox", "tab", "link", "checkbox", "radio", "image"}


def nameless(page) -> list[str]:
    """What a hand, a key or a screen reader can reach, as Chromium tells screen readers, and that has no name."""
    session, found = page.context.new_cdp_session(page), []
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        role, name = (node.get(key, {}).get("value", "") for key in ("role", "name"))
        facts = {fact["name"]: fact["value"].get("value") for fact in node.get("properties", ())}
        if (
            not node["ignored"]
            and not name.strip()
            and (role in CONTROLS or (facts.get("focusable") and role == "generic"))
        ):
            part = session.send("DOM.describeNode", {"backendNodeId": node["backendDOMNodeId"]})["node"]
            if "tabulator-tableholder" not in part["attributes"]:  # takes the keys that scroll a table
                found.append(f"{role}: <{part['localName']} {' '.join(part['attributes'])}>")
    session.detach()
    return found


FOCUSED = """() => {
    let element = document.activeElement
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
    return element.ariaLabel
}"""


def test_every_control_has_a_name_and_every_tab_fits_the_window(browser, server):
    tabs = {
        "explore&second=htk": re.compile("^MFCC: of the second"),
        "doctor": None,
        "recognize": None,
        "papers": re.compile("^Accuracy in percent"),
    }
    with open_page(browser) as page:
        for tab, picture in tabs.items():
            visit(page, server, f"?tab={tab}", ready=None)
            page.get_by_role("combobox").first.wait_for()
            if picture:
                page.get_by_role("img", name=picture).wait_for()
            until = time.monotonic() + PATIENCE_S
            while (left := nameless(page)) and time.monotonic() < until:
                time.sleep(0.2)
            assert left == [], tab
            assert widest(page) <= 0, tab
            page.set_viewport_size({"width": 390, "height": 844})
            wait_for(lambda: widest(page) <= 0)
            page.set_viewport_size({"width": 1280, "height": 900})
        visit(page, server, "?tab=doctor", ready=None)
        page.get_by_role("tab", name="Doctor").focus()
        reached = []
        for _ in range(2):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
        assert reached == ["Features, images, recording", "Search"]


# Doctor, Recognize, Papers


def choose(page, name: str, *paths) -> None:
    """Gives files to the chooser of that name."""
    page.locator(f'input[type=file][aria-label="{name}"]').set_input_files([str(path) for path in paths])


def test_doctor_names_a_convention_and_hands_out_its_report(browser, server, speech, tmp_path):
    x, rate = dsp.read_audio(speech)
    mine = tmp_path / "<img src=x onerror=document.title=666>.npy"
    np.save(mine, dsp.mfcc(x, rate, "kaldi").T)
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY\x01\x00")
    with open_page(browser) as page:
        visit(page, server, "?tab=doctor", ready=None)
        choose(page, "Features, images, recording", speech, tmp_path / "bad.npy")
        page.get_by_text("2 of at most 3 files: speech.wav, bad.npy").wait_for()
        page.get_by_role("button", name="Examine").click()
        page.get_by_role("alert").filter(has_text=re.compile(r"^bad\.npy: ")).wait_for()
        page.get_by_role("button", name="Remove the files").click()
        page.get_by_text("no files yet").wait_for()
        choose(page, "Features, images, recording", mine)
        page.get_by_text(re.compile("^1 of at most 3 files")).wait_for()
        choose(page, "Features, images, recording", speech)
        page.get_by_text(re.compile("^2 of at most 3 files")).wait_for()
        page.get_by_role("button", name="Examine").click()
        page.get_by_role("heading", name=re.compile("^exact: kaldi to get it: dsp.mfcc")).wait_for()
        page.get_by_text("Details", exact=True).click()
        page.get_by_label("Details").filter(has_text="same as kaldi: Kaldi").wait_for()
        with page.expect_download() as saving:
            page.get_by_role("button", name="Download report.html").click()
        report = Path(saving.value.path()).read_text()
        assert (
            saving.value.suggested_filename == "report.html"
            and "<h1>exact: kaldi</h1>" in report
            and "<img src=x" not in report
        )
        with page.expect_download() as saving:
            page.get_by_role("button", name="Download the convention as TOML").click()
        toml = tmp_path / "c.toml"
        toml.write_bytes(Path(saving.value.path()).read_bytes())
        assert np.array_equal(dsp.mfcc(x, rate, load(toml)), dsp.mfcc(x, rate, "kaldi"))
        assert page.title() != "666"
        check_quiet(page, server)
        page.set_viewport_size({"width": 390, "height": 844})
        wait_for(lambda: widest(page) <= 0)


def drop(page, name: str, *paths: Path) -> None:
    """Drops files on the place of that name."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer()
            for (const [name, bytes] of files) transfer.items.add(new File([new Uint8Array(bytes)], name))
            return transfer
        }""",
        [[path.name, list(path.read_bytes())] for path in paths],
    )
    page.get_by_role("group", name=f"Files: {name}").dispatch_event("drop", {"dataTransfer": transfer})


def test_doctor_compares_images_and_says_why_no_difference_is_shown(browser, server, speech, tmp_path):
    x, rate = dsp.read_audio(speech)
    pixels = render(x)
    for name, image in (("a", pixels), ("b", pixels[:, :, ::-1]), ("c", pixels[:100, :90])):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    np.save(tmp_path / "a.npy", dsp.log_mel(x, rate, "kaldi"))
    np.save(tmp_path / "b.npy", dsp.mfcc(x, rate, "htk"))
    pairs = {
        ("a.png", "b.png"): ("blue and red exchanged", None),
        ("a.png", "c.png"): ("^different", "No difference pixel by pixel: 224 x 224 and 90 x 100 pixels."),
        ("a.npy", "b.npy"): ("^unexplained", "No difference value by value: 23 rows x "),
    }
    with open_page(browser) as page:
        visit(page, server, "?tab=doctor", ready=None)
        page.get_by_text("no files yet").wait_for()
        for names, (verdict, remark) in pairs.items():
            drop(page, "Features, images, recording", *(tmp_path / name for name in names))
            page.get_by_text(f"2 of at most 3 files: {', '.join(names)}").wait_for()
            page.get_by_role("button", name="Examine").click()
            page.get_by_role("heading", name=re.compile(verdict)).wait_for()
            picture = page.get_by_alt_text("Both images and their difference")
            if names[0].endswith("png"):
                picture.wait_for()
                assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 500
            else:
                picture.wait_for(state="hidden")
            if remark:
                page.get_by_text(remark).wait_for()
            page.get_by_role("button", name="Remove the files").click()
            page.get_by_text("no files yet").wait_for()
        check_quiet(page, server)


def test_a_reload_in_the_middle_ends_the_work_and_others_go_on(browser, server, speech, tmp_path, rng):
    np.save(tmp_path / "noise.npy", rng.standard_normal((13, 101)))
    with open_page(browser) as one, open_page(browser) as other:
        visit(one, server, "?tab=doctor", ready=None)
        choose(one, "Features, images, recording", tmp_path / "noise.npy", speech)
        one.get_by_text("2 of at most 3 files: noise.npy, speech.wav").wait_for()
        one.get_by_role("combobox", name="Search").select_option("four times as long")
        one.get_by_role("button", name="Examine").click()
        one.get_by_text(re.compile("^examining")).wait_for()
        one.get_by_role("button", name="Stop").click()
        one.get_by_role("alert").filter(has_text="stopped").wait_for()
        assert one.get_by_role("combobox", name="Search").input_value() == "4"
        one.get_by_role("button", name="Examine").click()
        one.get_by_text(re.compile("^examining")).wait_for()
        visit(other, server)
        other.get_by_role("slider", name="Mel bands").press("ArrowRight")
        other.get_by_text(re.compile("n_mels=24")).first.wait_for()
        one.reload()
        one.get_by_text("no files yet").wait_for()
        wait_for(lambda: not server.files())
        other.get_by_role("tab", name="Recognize").click()
        other.get_by_text(re.compile("^ready: ")).wait_for()  # the only worker is free again
        check_quiet(other, server)


def test_recognize_answers_live_one_and_many(browser, server, speech, tmp_path):
    for emotion in ("angry", "sad"):
        (tmp_path / "some" / emotion).mkdir(parents=True)
        (tmp_path / "some" / emotion / "a.wav").write_bytes(speech.read_bytes())
    (tmp_path / "bad.zip").write_bytes(b"PK")
    with open_page(browser, permissions=["microphone"]) as page:
        visit(page, server, "?tab=recognize", ready=None)
        page.get_by_text(re.compile("^ready: statistics_mlp, ravdess, .*; 8 emotions .* chance 12.5%")).wait_for()
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_role("heading", name=re.compile(r"% \(chance 12.5%\), while you speak")).wait_for()
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("heading", name=re.compile(r"% \(chance 12.5%\), recording.wav")).wait_for()
        page.get_by_alt_text("What the network sees of the recording").wait_for()
        choose(page, "Recordings, or a ZIP archive", speech)
        page.get_by_role("heading", name=re.compile(r"% \(chance 12.5%\), speech.wav")).wait_for()
        choose(page, "Recordings, or a ZIP archive", tmp_path / "bad.zip")
        page.get_by_role("alert").filter(has_text="bad.zip: not a ZIP archive that can be read").wait_for()
        choose(page, "A folder of recordings", tmp_path / "some")
        page.get_by_role("heading", name="2 of 2 files answered, 0 refused").wait_for()
        page.get_by_role("img", name=re.compile("^Confusion: ")).wait_for()
        page.get_by_text("Model card", exact=True).click()
        page.get_by_label("Model card").filter(has_text="unseen").or_(page.get_by_label("Model card")).first.wait_for()
        check_quiet(page, server)
        page.set_viewport_size({"width": 390, "height": 844})
        wait_for(lambda: widest(page) <= 0)


def cells(table, field: str) -> set[str]:
    """What stands in a column of a table, as far as it is shown."""
    return set(table.locator(f".tabulator-row [tabulator-field={field}]").all_inner_texts())


def test_papers_filters_tables_and_shows_runs(browser, server):
    with open_page(browser) as page:
        visit(page, server, "?tab=papers&table=10", ready=None)
        said = "Zheng et al. 2023 on casia: published 77.9, same protocol 34.9"
        page.get_by_role("img", name=re.compile(said)).wait_for()
        table, runs = page.locator(".tabulator").first, page.locator(".tabulator").nth(1)
        for one in (runs, table):  # before both are there, the first may be the other one
            one.locator(".tabulator-row").first.wait_for()
        table.locator(".tabulator-header-filter input").first.press_sequentially("yadav")
        wait_for(lambda: cells(table, "system") == {"yadav_crnn"})
        runs.locator(".tabulator-header-filter input").last.press_sequentially("yes")
        wait_for(lambda: cells(runs, "curves") == {"yes"})
        runs.locator(".tabulator-row").first.click()
        page.get_by_text(re.compile("^paper .*accuracy % ")).wait_for()
        page.get_by_role("img", name=re.compile("^Accuracy: over the epochs")).wait_for()
        page.get_by_role("tab", name="Papers").press("ArrowRight")
        page.get_by_role("tab", name="Explore").and_(page.locator("[aria-selected=true]")).wait_for()
        page.wait_for_function("location.search.includes('tab=explore')")
        page.reload()
        page.get_by_role("slider", name="Mel bands").wait_for()
        check_quiet(page, server)
