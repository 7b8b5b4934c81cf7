"""ONNX files say what they are, and the loader refuses in one line what is not theirs."""

import json
import re
import wave
from dataclasses import replace

import numpy as np
import onnx
import pytest

import dsp
from dsp.conventions import fingerprint
from dsp.export import load_onnx
from dsp.export import onnx as write_onnx
from dsp.export.__main__ import main
from dsp.export.onnx_file import features_model, runner_of
from dsp.files.extras import MissingPackageError
from tests.conftest import ROOT

RATE = 16_000


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "new" / "kaldi.onnx"
    write_onnx("kaldi", RATE, path)
    return path


def test_a_file_is_run(path):
    features = load_onnx(path, RATE)
    x = np.random.default_rng(0).standard_normal((2, 5_000)) / 10
    batch = features(x)
    assert batch.dtype == np.float32 and batch.shape[0] == 2
    for one, found in zip(x, batch, strict=True):
        np.testing.assert_array_equal(features(one), found)
        assert np.abs(found - dsp.mfcc(one, RATE, "kaldi")).max() <= features.tolerance
    assert features(x[0, :399]).shape == (13, 0)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("kaldi", {}),
        ("librosa", {"delta_orders": 1}),
        ("whisper", {}),
        ("hifigan", {"hop_length": 900}),
        ("tensorflow_pad_end", {"delta_orders": 2, "delta_edges": "interp"}),
        ("kaldi", {"framing": "symmetric"}),
        ("python_speech_features", {"preemphasis_first": "extrapolate"}),
        ("essentia", {"f_max": 8000.0}),
    ],
)
def test_the_shortest_signal_is_known(name, changes):
    model = features_model(replace(dsp.CONVENTIONS[name], **changes), RATE)
    shortest = int(next(entry.value for entry in model.metadata_props if entry.key == "min_samples"))
    run = runner_of(model.SerializeToString())
    assert run(np.zeros((1, shortest))).shape[-1] > 0
    assert shortest == 1 or run(np.zeros((1, shortest - 1))).shape[-1] == 0


def test_metadata_say_what_it_is(path):
    features = load_onnx(path, RATE)
    about = features.metadata
    assert features.convention == dsp.CONVENTIONS["kaldi"] and features.fingerprint == fingerprint("kaldi")
    assert (features.sample_rate, features.kind, features.form) == (RATE, "mfcc", "small")
    assert features.unit == "nat, after the DCT" and about["version"] == dsp.__version__
    assert set(json.loads(about["errors"])) > {"speech", "noise", "tone", "silence"}
    assert 0 < features.tolerance < 0.01
    model = onnx.load(path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]


@pytest.mark.parametrize("rate", [8_000, 16_001, 44_100])
def test_another_rate_is_refused(path, rate):
    with pytest.raises(ValueError, match=f"kaldi.onnx: made for 16000 Hz, not {rate} Hz; resample") as raised:
        load_onnx(path, rate)
    assert "\n" not in str(raised.value)


def of_identity(operator="Identity", domain="", **props):
    helper = onnx.helper
    value = [helper.make_tensor_value_info(name, 1, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], domain=domain)], "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, props)
    return model


def changed(**props):
    model = features_model("kaldi", RATE)
    about = {entry.key: entry.value for entry in model.metadata_props} | props
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, about)
    return model


def elsewhere():
    model = changed()
    table = model.graph.initializer[-1]
    table.ClearField("raw_data")
    table.data_location = onnx.TensorProto.EXTERNAL
    entry = table.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return model


def looping():
    model = changed()
    model.graph.node[3].op_type = "Loop"
    return model


def with_input(name):
    model = changed()
    model.graph.input[0].name = name
    return model


def broken():
    model = changed()
    model.graph.node[3].input[0] = "nowhere"
    return model


FOREIGN = {
    "of another tool": (of_identity, "no graph of features; its metadata lack format"),
    "of another operator": (lambda: of_identity("Loop", format="dsp features 1"), "has the operator 'Loop'"),
    "with a loop": (looping, "has the operator 'Loop', which no such graph needs"),
    "of another domain": (lambda: of_identity("Add", "evil", format="dsp features 1"), "has the operator 'Add'"),
    "without metadata": (lambda: of_identity("Abs", format="dsp features 1"), r"damaged metadata \('convention'\)"),
    "with a bad convention": (lambda: changed(convention="n_mel = 3"), "damaged metadata .its convention: unknown par"),
    "with a long convention": (lambda: changed(convention="x" * 10**6), "damaged metadata .its convention: not TOML"),
    "with a bad rate": (lambda: changed(sample_rate="many"), "damaged metadata .invalid literal"),
    "with another fingerprint": (lambda: changed(fingerprint="0" * 12), "its fingerprint is '000000000000', but its"),
    "with tables elsewhere": (elsewhere, "has tables in other files or formats"),
    "with other inputs": (lambda: with_input("x"), "its inputs are x; waveform are expected"),
    "that does not run": (broken, "ONNX Runtime refuses it"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused(tmp_path, name):
    make, message = FOREIGN[name]
    path = tmp_path / "foreign.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(ValueError, match=message) as raised:
        load_onnx(path, RATE)
    said = str(raised.value)
    assert said.startswith(f"{path}: ") and "\n" not in said and len(said) < len(str(path)) + 240


@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b"RIFF" * 9, b"\x08\x08" + b"\xff" * 200])
def test_other_bytes_are_refused(tmp_path, content):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.onnx: no ONNX file"):
        load_onnx(path, RATE)


def test_damaged_files_end_in_one_line(path, tmp_path):
    """Bytes changed at random: refused in one line, or still a graph of these metadata."""
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(content[: rng.integers(1, len(content))] if rng.random() < 0.3 else content)
        for index in rng.integers(0, len(damaged), 3):
            damaged[index] = rng.integers(256)
        (tmp_path / "x.onnx").write_bytes(damaged)
        try:
            load_onnx(tmp_path / "x.onnx", RATE)
        except ValueError as error:
            assert str(error).startswith(str(tmp_path)) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (np.zeros(5, np.int16), "signal has dtype int16"),
        (np.array([0.0, np.nan]), r"signal\[1\] is nan"),
        (np.zeros((1, 2, 3)), "signal has shape"),
        (np.zeros(0), "signal has shape"),
    ],
)
def test_bad_samples_are_refused(path, signal, message):
    with pytest.raises(ValueError, match=message):
        load_onnx(path, RATE)(signal)


@pytest.mark.parametrize(
    ("convention", "options", "message"),
    [
        ("kaldy", {}, "unknown convention 'kaldy'"),
        ("kaldi", {"kind": "melspec"}, "kind='melspec'"),
        ("kaldi", {"form": "tiny"}, "form='tiny'"),
        ("whisper", {"kind": "mfcc"}, "has no cepstrum"),
        (replace(dsp.CONVENTIONS["kaldi"], dither=1.0), {}, r"adds noise \(dither=1\)"),
        (replace(dsp.CONVENTIONS["kaldi"], n_fft=300), {}, "n_fft=300 is less than a frame"),
        (replace(dsp.CONVENTIONS["kaldi"], n_fft=2**17, frame_length=2**17), {"form": "exact"}, "needs tables of"),
        (replace(dsp.CONVENTIONS["kaldi"], n_fft=10_007, frame_length=10_007), {}, "needs tables of 401 MB"),
        (replace(dsp.CONVENTIONS["kaldi"], scale=1e20), {}, "single precision does not hold"),
        (replace(dsp.CONVENTIONS["essentia"], f_max=11e3), {}, "f_max"),
    ],
)
def test_what_has_no_graph_is_refused(tmp_path, convention, options, message):
    with pytest.raises(ValueError, match=message):
        write_onnx(convention, RATE, tmp_path / "x.onnx", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rate", [0, 3_999, 16_000.5, "16k"])
def test_bad_rates_are_refused(tmp_path, rate):
    with pytest.raises(ValueError, match="sample_rate"):
        write_onnx("kaldi", rate, tmp_path / "x.onnx")


def test_the_command(tmp_path, capsys):
    out = tmp_path / "fbank.onnx"
    arguments = ["onnx", "kaldi_fbank", "--sample-rate", "8000", "--out", str(out), "--set", "n_mels=40"]
    assert main([*arguments, "--form", "exact"]) == 0
    assert "log_mel at 8000 Hz" in capsys.readouterr().out
    assert load_onnx(out, 8_000).convention == replace(dsp.CONVENTIONS["kaldi_fbank"], n_mels=40)
    for wrong, message in (
        (["--set", "n_mel=3"], "error: --set n_mel=3: unknown parameter"),
        (["--kind", "mfcc"], "error: Kaldi compute-fbank-feats"),
        (["--out", str(tmp_path)], f"error: {tmp_path}: is a folder"),
    ):
        assert main([*arguments, *wrong]) == 2
        assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_one_line(monkeypatch, tmp_path, path, package):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    for call in (lambda: write_onnx("kaldi", RATE, tmp_path / "x.onnx"), lambda: load_onnx(path, RATE)):
        with pytest.raises(MissingPackageError, match=f"ONNX files needs {package}: pip install .*export"):
            call()
    assert not list(tmp_path.iterdir())


def test_the_way_to_a_phone_works(tmp_path, monkeypatch):
    """The commands of "Take a model to a phone" run as they stand, and their check passes and can fail."""
    text = (ROOT / "dsp" / "README.md").read_text(encoding="utf-8")
    text = text.split("## Take a model to a phone")[1].split("\n## ")[0]
    commands = re.findall(r"python -m dsp\.export ((?:onnx|golden|c) [^`#\n]+)", text)
    assert [command.split()[0] for command in commands] == ["onnx", "c", "golden"]
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert main(command.split()) == 0
    golden = json.loads((tmp_path / "golden" / "kaldi_fbank" / "speech.json").read_text())
    with wave.open(str(tmp_path / "golden" / "signals" / "16000" / "speech.wav")) as file:
        samples = np.frombuffer(file.readframes(10**6), "<i2").astype(np.float32) / 32_768
    expected = np.array(golden["steps"]["log_mel"]).T
    allowed = golden["tolerance"]["float32"]["log_mel"]["max"]
    features = load_onnx("fbank.onnx", RATE)
    assert np.abs(features(samples) - expected).max() <= min(allowed, features.tolerance)
    assert np.abs(features(samples * 32_768) - expected).max() > allowed
    assert np.abs(features(samples[::2])[:, :10] - expected[:, :10]).max() > allowed
