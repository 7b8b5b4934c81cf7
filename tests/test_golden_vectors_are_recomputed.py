"""Golden vectors are what they say: the standard library reads and recomputes them, other tools and the fast lane agree
within the tolerances, wrong ports do not, and the command writes the same bytes again and nothing over other files.
"""

import cmath
import hashlib
import json
import math
import wave
from dataclasses import replace

import kaldi_native_fbank
import librosa
import numpy as np
import pytest

import dsp
from dsp.conventions import fingerprint, load, save
from dsp.conventions.registry import CONVENTIONS
from dsp.export import golden as golden_module
from dsp.export import write_golden
from dsp.export.__main__ import main
from dsp.export.signals import DESCRIPTIONS, golden_signals

RATE = 16_000
PRESETS = ("kaldi", "librosa", "scipy_stft")
REFUSED = ("short", "one_sample")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden") / "new" / "vectors"
    write_golden(folder, PRESETS)
    return folder


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def samples_of(folder, golden):
    """The signal as a port reads it: a list of floats."""
    with wave.open(str(folder / golden["signal"])) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, golden["sample_rate"])
        data = file.readframes(file.getnframes())
    return [int.from_bytes(data[i : i + 2], "little", signed=True) / 32_768 for i in range(0, len(data), 2)]


def kaldi_frame(x, t, convention):
    """One frame of Kaldi's MFCC in plain Python: every step by name."""
    p, size = convention["parameters"], convention["sizes"]
    frame = [value * p["scale"] for value in x[t * size["hop"] :][: size["frame"]]]
    mean = sum(frame) / len(frame)
    centered = [value - mean for value in frame]
    energy = sum(value * value for value in centered)
    before = [centered[0], *centered[:-1]]
    emphasized = [value - p["preemphasis"] * last for value, last in zip(centered, before, strict=True)]
    windowed = [value * w for value, w in zip(emphasized, convention["window"], strict=True)]
    n = size["n_fft"]
    roots = [cmath.exp(-2j * math.pi * k / n) for k in range(n)]
    spectrum = [sum(v * roots[k * i % n] for i, v in enumerate(windowed)) for k in range(n // 2 + 1)]
    power = [abs(value) ** 2 for value in spectrum]
    mel = [
        sum(weight * power[row["first_bin"] + i] for i, weight in enumerate(row["weights"]))
        for row in convention["filterbank"]
    ]
    log_mel = [math.log(max(value, p["floor"])) for value in mel]
    m = len(log_mel)
    cepstrum = [
        math.sqrt((2 if k else 1) / m) * sum(v * math.cos(math.pi * k * (i + 0.5) / m) for i, v in enumerate(log_mel))
        for k in range(p["n_mfcc"])
    ]
    lifter = [1 + p["lifter"] / 2 * math.sin(math.pi * k / p["lifter"]) for k in range(p["n_mfcc"])]
    liftered = [value * weight for value, weight in zip(cepstrum, lifter, strict=True)]
    liftered[0] = math.log(max(energy, p["energy_floor"]))
    return {
        "frames": frame,
        "windowed": windowed,
        "spectrum": spectrum,
        "power": power,
        "mel": mel,
        "log_mel": log_mel,
        "cepstrum": cepstrum,
        "liftered": liftered,
        "mfcc": liftered,
    }


def values_of(golden, step, t):
    values = golden["steps"][step]
    at = golden["frames_of_wide_steps"].index(t) if step in golden_module.WIDE else t
    if step == "spectrum":
        return [complex(re, im) for re, im in zip(values["real"][at], values["imag"][at], strict=True)]
    return values[at]


@pytest.mark.parametrize("name", [name for name in DESCRIPTIONS if name not in REFUSED])
def test_the_standard_library_recomputes_kaldi(name, folder):
    convention, golden = read(folder / "kaldi" / "convention.json"), read(folder / "kaldi" / f"{name}.json")
    x = samples_of(folder, golden)
    assert golden["steps"]["signal"] == [value * 32_768 for value in x]
    for t in golden["frames_of_wide_steps"]:
        for step, mine in kaldi_frame(x, t, convention).items():
            theirs, allowed = values_of(golden, step, t), golden["tolerance"]["float64"][step]
            assert len(mine) == len(theirs)
            assert max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) <= allowed["max"], (step, t)


def is_within(allowed, mine, theirs):
    """The comparison of README.md."""
    error = np.abs(np.asarray(mine, np.float64) - np.asarray(theirs))
    return bool(error.max() <= allowed["max"] and np.sqrt(np.mean(error**2)) <= allowed["rms"])


@pytest.mark.parametrize("name", [name for name in DESCRIPTIONS if name not in REFUSED])
def test_tools_in_single_precision_are_within_the_tolerances(name, folder):
    """Kaldi's own code, and librosa on float32."""
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0.0, RATE
    golden = read(folder / "kaldi" / f"{name}.json")
    x = np.array(samples_of(folder, golden), np.float32)
    tool = kaldi_native_fbank.OnlineMfcc(options)
    tool.accept_waveform(RATE, (x * 32_768).tolist())
    tool.input_finished()
    mfcc = np.array([tool.get_frame(i) for i in range(tool.num_frames_ready)])
    assert is_within(golden["tolerance"]["float32"]["mfcc"], mfcc, golden["steps"]["mfcc"])
    golden = read(folder / "librosa" / f"{name}.json")
    mfcc = librosa.feature.mfcc(y=x, sr=RATE, n_mfcc=20)
    assert is_within(golden["tolerance"]["float32"]["mfcc"], mfcc.T, golden["steps"]["mfcc"])


WRONG = {
    "kaldi": (
        {"window": "hann"},
        {"preemphasis": 0.95},
        {"dc_removal": None},
        {"mel_triangles": "hz"},
        {"f_min": 0.0},
        {"spectrum": "magnitude"},
        {"log": "log10"},
        {"lifter": 0.0},
        {"energy": None},
    ),
    "librosa": (
        {"window_symmetry": "symmetric"},
        {"framing": "center, reflect"},
        {"mel_scale": "htk"},
        {"mel_norm": None},
        {"dynamic_range": None},
        {"lifter_first": 0, "lifter": 1000.0},
        {"dct_norm": None},
    ),
}


@pytest.mark.parametrize(
    ("preset", "change"), [(name, change) for name, changes in WRONG.items() for change in changes]
)
def test_wrong_ports_exceed_the_tolerances(preset, change, folder):
    """Even those of single precision, for one of the signals at least."""
    wrong = replace(CONVENTIONS[preset], **change)
    refuted = []
    for name in DESCRIPTIONS:
        golden = read(folder / preset / f"{name}.json")
        if "refused" not in golden and golden["n_frames"] > 3:
            mine = dsp.mfcc(np.array(samples_of(folder, golden)), RATE, wrong)
            refuted.append(not is_within(golden["tolerance"]["float32"]["mfcc"], mine.T, golden["steps"]["mfcc"]))
    assert any(refuted)


def test_a_small_mistake_shows_in_double_precision(folder):
    """32767 for 32768 is 3e-5 of the samples: less than single precision leaves of some cepstra."""
    golden = read(folder / "kaldi" / "speech.json")
    mine = dsp.mfcc(np.array(samples_of(folder, golden)), RATE, replace(CONVENTIONS["kaldi"], scale=32_767.0))
    assert not is_within(golden["tolerance"]["float64"]["mfcc"], mine.T, golden["steps"]["mfcc"])


def test_every_step_is_there_and_both_formats_agree(folder):
    for preset in PRESETS:
        convention = read(folder / preset / "convention.json")
        assert convention["fingerprint"] == fingerprint(preset)
        c = CONVENTIONS[preset]
        for name in DESCRIPTIONS:
            golden = read(folder / preset / f"{name}.json")
            assert golden["fingerprint"] == fingerprint(preset)
            if "refused" in golden:
                assert golden["n_frames"] == 0 and not (folder / preset / f"{name}.npz").exists()
                continue
            x = np.array(samples_of(folder, golden))
            steps = dsp.trace(x, RATE, c)
            assert set(steps) == {*golden["steps"], "window", *(["filterbank"] if c.n_mels else [])} | (
                set(golden["steps"]) & {"window"}
            )
            assert set(golden["tolerance"]["float32"]) == set(steps)
            npz = np.load(folder / preset / f"{name}.npz")
            shown = golden["frames_of_wide_steps"]
            for step, values in golden["steps"].items():
                whole = steps[step][:, shown] if step in golden_module.WIDE else steps[step]
                if step == "spectrum":
                    values = np.array(values["real"]) + 1j * np.array(values["imag"])
                np.testing.assert_array_equal(np.array(values).T, whole)
                np.testing.assert_array_equal(npz[step], whole)
        if c.n_mels:
            rows = np.zeros(steps["filterbank"].shape)
            for row, filter_ in zip(rows, convention["filterbank"], strict=True):
                row[filter_["first_bin"] :][: len(filter_["weights"])] = filter_["weights"]
            np.testing.assert_array_equal(rows, steps["filterbank"])
        np.testing.assert_array_equal(convention["window"], dsp.trace(np.ones(4000), RATE, c)["window"])


def test_what_is_too_short_is_said_to_be(folder):
    assert "refused" in read(folder / "kaldi" / "short.json")
    assert read(folder / "librosa" / "one_sample.json")["n_frames"] == 1


def test_the_manifest_names_every_file_and_the_bytes_repeat(folder, tmp_path):
    manifest = read(folder / "manifest.json")
    assert manifest["complete"] and manifest["left_out"] == {}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {*manifest["files"], "manifest.json"}
    for name, file in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    write_golden(tmp_path, PRESETS)
    for name in there:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_another_run_replaces_what_it_wrote_and_nothing_else(tmp_path):
    write_golden(tmp_path, ["kaldi", "htk"])
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "htk" / "notes.txt").write_text("mine")
    write_golden(tmp_path, ["kaldi"], 8000)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"notes.txt", "htk/notes.txt"} <= names and "htk/speech.json" not in names
    assert "signals/8000/speech.wav" in names and "signals/16000/speech.wav" not in names


def test_an_interrupted_run_is_repeated(tmp_path, monkeypatch):
    write, count = golden_module.write_atomically, iter(range(12))

    def write_some(path, how):
        if next(count, None) is None:
            raise KeyboardInterrupt
        write(path, how)

    monkeypatch.setattr(golden_module, "write_atomically", write_some)
    assert main(["golden", str(tmp_path), "--presets", "kaldi"]) == 130
    assert not read(tmp_path / "manifest.json")["complete"]
    monkeypatch.undo()
    assert main(["golden", str(tmp_path), "--presets", "kaldi"]) == 0
    assert read(tmp_path / "manifest.json")["complete"]
    assert not list(tmp_path.rglob("*.part"))


def test_the_command_refuses_bad_input_in_one_line(tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    save(replace(CONVENTIONS["kaldi"], dither=1.0), tmp_path / "noisy.toml")
    new = str(tmp_path / "new")
    for arguments, words in (
        ([str(other)], "new or empty folder"),
        ([str(tmp_path / "file")], "is a file; a folder is expected"),
        ([new, "--presets", "kaldy"], "kaldi"),
        ([new, "--presets", str(tmp_path / "noisy.toml")], "dither"),
        ([new, "--presets", str(tmp_path / "none.toml")], "none.toml"),
        ([new, "--presets", "panns", "--sample-rate", "8000"], "panns does not fit"),
        ([new, "--sample-rate", "100"], "at least 4000 Hz"),
        ([new, "--sample-rate", "-1"], "sample_rate"),
    ):
        assert main(["golden", *arguments]) == 2, arguments
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1, error
    assert not (tmp_path / "new").exists()
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_a_file_of_ones_own_is_a_preset(tmp_path, capsys):
    save(replace(CONVENTIONS["kaldi"], n_mfcc=20, delta_orders=2), tmp_path / "my-course.toml")
    assert main(["golden", str(tmp_path / "out"), "--presets", str(tmp_path / "my-course.toml")]) == 0
    assert "1 preset, " in capsys.readouterr().out
    golden = read(tmp_path / "out" / "my_course" / "speech.json")
    assert golden["fingerprint"] == fingerprint(load(tmp_path / "my-course.toml"))
    assert len(golden["steps"]["deltas"][0]) == 40 and len(golden["steps"]["mfcc"][0]) == 60


def test_signals_are_what_their_descriptions_say():
    for rate in (4000, 16_000, 44_100):
        made = golden_signals(rate)
        assert list(made) == list(DESCRIPTIONS)
        assert all(x.dtype == np.int16 for x in made.values())
        assert (made["square"].min(), made["square"].max()) == (-32_768, 32_767)
        assert made["tone"].max() >= 32_000 and np.count_nonzero(made["impulse"]) == 1
        assert np.abs(made["loud_then_quiet"][-100:]).max() == 1
        assert np.abs(made["speech"]).max() > 10_000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_fast_lane_is_within_the_tolerances_of_every_preset(tmp_path):
    """In double and in single precision, on every signal; and all files together stay small."""
    manifest = write_golden(tmp_path)
    assert set(manifest["presets"]) == set(CONVENTIONS)
    assert sum(file["bytes"] for file in manifest["files"].values()) < 70e6
    for preset, of in manifest["presets"].items():
        for name, samples in golden_signals(of["sample_rate"]).items():
            golden = read(tmp_path / preset / f"{name}.json")
            if "refused" in golden:
                continue
            features = golden["features"]
            for precision in ("float64", "float32"):
                mine = dsp.extract([samples / 32_768], of["sample_rate"], preset, features, dtype=precision)[0]
                allowed = golden["tolerance"][precision][features]
                assert is_within(allowed, mine.T, golden["steps"][features]), (preset, name, precision)
