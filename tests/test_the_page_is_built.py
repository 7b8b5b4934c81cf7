"""The page is written whole or not at all, says what its network is worth, and loads nothing from elsewhere."""

import http.client
import io
import json
import os
import re
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsp.files.naming import FileError
from experiments.recogniser import trained
from experiments.recogniser.page import building, card, onnxruntime_web, serving
from experiments.recogniser.page.building import SITE, Graph, Graphs, PageError, write_page
from experiments.recogniser.trained import SHIPPED
from tests.browser import running

LOG_MEL = Graph(b"log-mel graph", {"input": "waveform", "output": "features", "unit": "nat"})
GRAPHS = Graphs(LOG_MEL, Graph(b"network graph", {"input": "waveform", "output": "probabilities"}), 16_000, 400)
RUNTIME = {name: name.encode() for name in onnxruntime_web.FILES}


@pytest.fixture(scope="module")
def network():
    return trained.load(SHIPPED)


def names_in(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_page_names_its_files_by_their_content(tmp_path, network):
    out = tmp_path / "new" / "page"
    index = write_page(out, network, GRAPHS, RUNTIME)
    assert index == out / "index.html"
    (assets,) = out.glob("page-*")
    text = index.read_text()
    referred = re.findall(rf'(?:src|href)="{assets.name}/([\w.]+)"', text)
    assert set(referred) == {"style.css", "page.mjs"} and not re.search(r"\{\w+\}", text)
    assert "level in nat</figcaption>" in text
    modules = {path.name for path in SITE.iterdir()} - {"index.html"}
    runtime = {f"ort/{name}" for name in RUNTIME}
    assert names_in(assets) == modules | runtime | {"log_mel.onnx", "network.onnx", "model.json"}
    for module in SITE.glob("*.mjs"):
        for name in re.findall(r'from "\./([\w./-]+)"|new URL\("([\w./-]+\.\w+)"', module.read_text()):
            assert "".join(name) in names_in(assets), (module.name, name)
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    write_page(out, network, GRAPHS, RUNTIME)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first


def test_model_json_says_what_the_modules_need(tmp_path, network):
    write_page(tmp_path / "page", network, GRAPHS, RUNTIME)
    (path,) = (tmp_path / "page").glob("page-*/model.json")
    facts = json.loads(path.read_text())
    assert facts["classes"] == list(network.classes) and len(facts["classes"]) == 8
    known = facts["training_content"]
    assert len(known) == 1139 and all(re.fullmatch("[0-9a-f]{16}", digest) for digest in known)
    assert (facts["sample_rate"], facts["min_samples"]) == (16_000, 400)
    assert facts["log_mel"] == {"file": "log_mel.onnx", **LOG_MEL.facts}
    palette = np.array(facts["palette"])
    assert palette.shape == (64, 3) and 0 <= palette.min() and palette.max() <= 255
    lightness = palette @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()  # told apart without seeing colors


def test_another_page_replaces_the_old_one_in_one_step(tmp_path, network, monkeypatch):
    out = tmp_path / "page"
    write_page(out, network, GRAPHS, RUNTIME)
    (old,) = out.glob("page-*")
    killed = out / ".page-killed.part"
    killed.mkdir()
    (out / ".page-other.part").mkdir()  # of a command that is still writing
    os.utime(killed, (0, 0))
    other = replace(GRAPHS, network=Graph(b"another", GRAPHS.network.facts))

    def fail(*_):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(building, "write_text_atomically", fail)
        with pytest.raises(OSError, match="no space left"):
            write_page(out, network, other, RUNTIME)
    assert old.name in (out / "index.html").read_text() and len(names_in(old)) > 10
    write_page(out, network, other, RUNTIME)
    (new,) = out.glob("page-*")
    assert new != old and new.name in (out / "index.html").read_text()
    assert not killed.exists() and (out / ".page-other.part").exists()
    (new / "model.json").write_text("damaged")
    write_page(out, network, other, RUNTIME)
    assert json.loads((new / "model.json").read_text())


def test_a_folder_of_other_files_is_left_alone(tmp_path, network):
    for name in ("thesis.txt", "index.html"):
        out = tmp_path / name.partition(".")[0]
        out.mkdir()
        (out / name).write_text("mine")
        with pytest.raises(PageError, match=r"a new or empty folder, or one with an older page, is expected"):
            write_page(out, network, GRAPHS, RUNTIME)
        assert names_in(out) == {name} and (out / name).read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError):
        write_page(tmp_path / "file", network, GRAPHS, RUNTIME)


def test_nothing_comes_from_elsewhere():
    """No address of another host, no code in a string, and a policy that forbids both."""
    for path in SITE.iterdir():
        text = path.read_text()
        assert not re.search(r"https?://|//cdn|\beval\(|new Function|innerHTML|document\.write", text), path.name
        assert path.suffix != ".html" or not re.search(r"<style|\sstyle=|\son\w+=|<script>", text)
    index = (SITE / "index.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', index)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe-inline" not in policy
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'" and rules["connect-src"] == "'self'"


def test_the_page_says_what_its_network_is_worth(network):
    scores = re.search(r"five folds \| 15 \| ([\d.]+)", card.CARD.read_text())[1]
    assert f"it is right in {float(scores):.0f} % of the recordings; chance is 12.5 %." in card.lead(network)
    html = card.card(network)
    for text in (
        "Do not decide anything about a person by it.",
        "RAVDESS speech: 1,440 recordings",
        "<td>44.2 ± 4.2</td>",
    ):
        assert text in html
    assert "<!--" not in html and "](" not in html and "**" not in html


def test_another_run_is_described_by_its_result(network):
    facts = {"corpus": "emodb", "protocol": "as-published", "accuracy": 0.5, "n_test": 107}
    other = replace(network, folder=Path("a run"), result=network.result | facts)
    assert "It is right in 50 % of 107 recordings of emodb; chance is 12.5 %." in card.lead(other)
    assert "may be of people whom it was trained on" in card.lead(other)
    assert "people whom it has not heard" in card.lead(replace(other, result=other.result | {"protocol": "speaker"}))
    assert "SYNTHETIC" in card.lead(replace(other, result=other.result | {"corpus": "synthetic"}))
    assert '<th scope="row">accuracy %</th><td>50.0</td>' in card.card(other)


def test_what_a_run_says_is_text_and_no_markup(tmp_path, network):
    hostile = "<script>alert(1)</script>"
    run = replace(
        network,
        folder=Path("a run"),
        classes=(hostile, "b"),
        result=network.result | {"corpus": hostile, "system": hostile, "protocol": hostile},
    )
    index = write_page(tmp_path / "page", run, GRAPHS, RUNTIME).read_text()
    assert "<script>alert" not in index and "&lt;script&gt;alert" in index


def test_markdown_of_the_card_becomes_html():
    assert card.as_html("# A & B\n\ntext **bold** `code`\nmore") == (
        "<h2>A &amp; B</h2>\n<p>text <strong>bold</strong> <code>code</code>\nmore</p>"
    )
    assert card.as_html("- one\n  two\n- three") == "<ul><li>one\n  two\n</li><li>three</li></ul>"
    assert card.as_html("[here](https://example.org/a) [file](../b.py)") == (
        '<p><a href="https://example.org/a" rel="noreferrer">here</a> file</p>'
    )
    assert card.as_html("[x](javascript:alert)") == "<p>x</p>"
    table = card.as_html("<!-- t -->\n| a | b |\n|---|---|\n| 1 | 2 |\n<!-- /t -->")
    assert '<th scope="col">a</th>' in table and '<th scope="row">1</th><td>2</td>' in table


# ONNX Runtime Web


@pytest.fixture
def pinned(monkeypatch):
    """Small files in the place of the pinned ones: {name: content} and npm's archive of them."""
    contents = {name: f"content of {name}".encode() for name in onnxruntime_web.FILES}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    digests = {name: building.hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(onnxruntime_web, "FILES", digests)
    monkeypatch.setattr(onnxruntime_web, "INTEGRITY", onnxruntime_web._integrity(buffer.getvalue()))
    return contents, buffer.getvalue()


def npm(folder, monkeypatch, script: str):
    """A program of that name in front of all others."""
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_the_runtime_is_taken_from_a_folder_or_an_archive(tmp_path, pinned):
    contents, archive = pinned
    (tmp_path / "npm.tgz").write_bytes(archive)
    for inside in ("", "dist", "package/dist", "node_modules/onnxruntime-web/dist"):
        folder = tmp_path / f"from {inside.replace('/', '_')}" / inside
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    for source in [tmp_path / "npm.tgz", *tmp_path.glob("from *")]:
        files = onnxruntime_web.runtime_files(source)
        license_text = files.pop("LICENSE.txt").decode()
        assert files == contents and "MIT" in license_text and "Microsoft" in license_text
    (folder / "ort.wasm.min.mjs").write_text("something else")
    with pytest.raises(FileError, match=r"its ort.wasm.min.mjs is not that of onnxruntime-web@[\d.]+"):
        onnxruntime_web.runtime_files(tmp_path / "from node_modules_onnxruntime-web_dist")
    (tmp_path / "npm.tgz").write_bytes(archive[:-1])
    with pytest.raises(FileError, match=r"not the archive of onnxruntime-web@[\d.]+, whose SHA-512 is pinned"):
        onnxruntime_web.runtime_files(tmp_path / "npm.tgz")
    with pytest.raises(FileError, match=r"no ort\.wasm\.min\.mjs in it"):
        onnxruntime_web.runtime_files(SITE)
    with pytest.raises(FileError, match=r"missing\.tgz: No such file"):
        onnxruntime_web.runtime_files(tmp_path / "missing.tgz")


def test_npm_fetches_the_runtime_once(tmp_path, pinned, monkeypatch):
    contents, archive = pinned
    (tmp_path / "there.tgz").write_bytes(archive)
    npm(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/calls; cp {tmp_path}/there.tgz "$5/{onnxruntime_web.ARCHIVE}"')
    for _ in range(2):
        files = onnxruntime_web.runtime_files(cache=tmp_path / "cache")
        assert contents.items() <= files.items()
    assert (tmp_path / "calls").read_text().startswith(f"pack {onnxruntime_web.PACKAGE} --ignore-scripts ")
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    (tmp_path / "cache" / onnxruntime_web.ARCHIVE).write_bytes(b"damaged")
    assert onnxruntime_web.runtime_files(cache=tmp_path / "cache") == files
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_without_npm_or_network_one_line_says_what_to_do(tmp_path, pinned, monkeypatch):
    advice = rf"get it where npm is, by: npm pack {onnxruntime_web.PACKAGE}; then give --ort"
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "")
        with pytest.raises(FileError, match=rf"npm is not installed; {advice}"):
            onnxruntime_web.runtime_files(cache=tmp_path / "cache")
    npm(tmp_path, monkeypatch, "echo npm error code ENOTFOUND >&2; exit 1")
    with pytest.raises(FileError, match=rf"npm could not fetch .* \(npm error code ENOTFOUND\); {advice}"):
        onnxruntime_web.runtime_files(cache=tmp_path / "cache")
    npm(tmp_path, monkeypatch, f'echo other > "$5/{onnxruntime_web.ARCHIVE}"')
    with pytest.raises(FileError, match=rf"npm sent another archive than the pinned .*; {advice}"):
        onnxruntime_web.runtime_files(cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm: apt-get install npm")
def test_the_pinned_runtime_is_there(tmp_path):
    files = onnxruntime_web.runtime_files(cache=tmp_path)
    assert files["ort-wasm-simd-threaded.wasm"].startswith(b"\0asm")
    assert onnxruntime_web.VERSION in files["ort.wasm.min.mjs"][:200].decode()


# --serve


def test_the_server_gives_types_that_browsers_need_and_no_listings(tmp_path):
    for name in ("index.html", "a.mjs", "b.wasm", "c.css"):
        (tmp_path / name).write_text(name)
    (tmp_path / "inside").mkdir()
    found = {}
    with running(serving.server(tmp_path, 0)) as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        for path in ("/", "/a.mjs", "/b.wasm", "/c.css", "/inside/", "/../secret", "/none"):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            found[path] = response.status, response.headers.get_content_type()
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert address.startswith("http://127.0.0.1:")
        with pytest.raises(OSError, match=r"port \d+ cannot be served"):
            serving.serve(tmp_path, int(address.rpartition(":")[2]))
    assert found["/"] == (200, "text/html") and found["/c.css"] == (200, "text/css")
    assert found["/a.mjs"] == (200, "text/javascript") and found["/b.wasm"] == (200, "application/wasm")
    assert {found[path][0] for path in ("/inside/", "/../secret", "/none")} == {404}
