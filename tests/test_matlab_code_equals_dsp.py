"""The MATLAB function of every preset, and of random conventions, has dsp's numbers when GNU Octave runs it."""

import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp import CONVENTIONS
from dsp.export.__main__ import main
from dsp.export.golden import RATES
from dsp.export.matlab_code import write_matlab
from dsp.export.signals import golden_signals
from dsp.export.tolerances import tolerances
from experiments.common.octave import Octave, OctaveError, find_octave
from tests.test_extract_takes_the_fast_lane import draw
from tests.two_lanes import textbook

RATE = 16_000
EXACT = 1e-10  # of the largest value; measured: 2e-14
NASTY = ("kaldi", "scipy_stft", "whisper", "speech_to_text")  # presets that meet the nasty signals
STEPS = ("kaldi", "opensmile_mfcc12", "librosa")  # presets whose every step is compared
RANDOM = 20

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*beyond full scale"),
    pytest.mark.filterwarnings("ignore:.*mel filters are empty"),
]


@pytest.fixture(scope="module")
def octave(tmp_path_factory):
    """One process for all tests."""
    try:
        find_octave()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with Octave(tmp_path_factory.mktemp("octave")) as process:
        yield process


def rate_of(name: str) -> int:
    return next(rate for rate in RATES if 2 * (CONVENTIONS[name].f_max or 0) <= rate)


def kinds(c) -> list[str]:
    return ["log_mel"] if c.n_mfcc is None else ["mfcc", "log_mel"]


def noise(rate: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(7).standard_normal(rate // 4)


def random_conventions() -> list[tuple]:
    """(convention, kind, signal, features); without what amplifies rounding, a zero that is none elsewhere."""
    rng = np.random.default_rng(20)
    x, drawn = rng.standard_normal(4000), []
    while len(drawn) < RANDOM:
        c = replace(draw(rng), n_fft="power of two") if len(drawn) % 3 else draw(rng)
        kind = kinds(c)[int(rng.integers(len(kinds(c))))]
        signal = x[: rng.integers(40, 4000)]
        try:
            steps = dsp.trace(signal, RATE, c, until="log_mel")
            expected = textbook(signal, RATE, c, kind)
        except ValueError:
            continue
        if c.floor_rule != "zeros only" or steps["mel"].min() > 1e-12 * steps["power"].max():
            drawn.append((c, kind, signal, expected))
    return drawn


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_preset(octave, tmp_path, name):
    rate = rate_of(name)
    for kind in kinds(CONVENTIONS[name]):
        expected = dsp.extract([noise(rate)], rate, name, kind)[0]
        file = write_matlab(name, rate, tmp_path / f"{name}_{kind}.m", kind=kind)
        found = octave.call(file.path, noise(rate))
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= EXACT * np.abs(expected).max()


@pytest.mark.parametrize("name", STEPS)
def test_every_step(octave, tmp_path, name):
    """All of dsp.trace, so that a person can compare them one by one."""
    octave.call(write_matlab(name, RATE, tmp_path / f"steps_{name}.m").path, noise(RATE))
    found = octave.steps()
    expected = dsp.trace(noise(RATE), RATE, name)
    assert set(found) == set(expected)
    for step, values in expected.items():
        values = values[:, None] if values.ndim == 1 else values
        assert found[step].shape == values.shape, step
        assert np.abs(found[step] - values).max() <= EXACT * np.abs(values).max(), step


@pytest.mark.parametrize("name", NASTY)
def test_nasty_signals(octave, tmp_path, name):
    """Within the tolerances of golden vectors; what dsp refuses ends with an error."""
    c, rate = CONVENTIONS[name], rate_of(name)
    kind = kinds(c)[0]
    file = write_matlab(name, rate, tmp_path / f"nasty_{name}.m").path
    for signal, samples in golden_signals(rate).items():
        x = samples / 32_768
        try:
            steps = dsp.trace(x, rate, c)
        except ValueError:
            with pytest.raises(OctaveError, match="too few"):
                octave.call(file, x)
            continue
        found = octave.call(file, x)
        assert found.shape == steps[kind].shape
        allowed = tolerances(x, rate, c, steps)["float64"][kind]["max"]
        assert np.abs(found - steps[kind]).max() <= allowed, signal


@pytest.mark.parametrize("edges", ["replicate", "interp"])
@pytest.mark.parametrize("second", ["delta of delta", "delta of delta, extended", "curvature"])
def test_every_kind_of_deltas(octave, tmp_path, edges, second):
    c = replace(CONVENTIONS["htk"], delta_orders=2, delta_edges=edges, delta_second=second, smoothing=3)
    name = f"deltas_{edges}_{second}".replace(" ", "_").replace(",", "")
    expected = dsp.mfcc(noise(RATE), RATE, c)
    found = octave.call(write_matlab(c, RATE, tmp_path / f"{name}.m").path, noise(RATE))
    assert np.abs(found - expected).max() <= EXACT * np.abs(expected).max()


def test_random_conventions(octave, tmp_path):
    for i, (c, kind, signal, expected) in enumerate(random_conventions()):
        file = write_matlab(c, RATE, tmp_path / f"random{i}.m", kind=kind)
        found = octave.call(file.path, signal)
        assert found.shape == expected.shape, c
        assert np.abs(found - expected).max() <= EXACT * np.abs(expected).max(), c


@pytest.mark.parametrize(
    ("convention", "name", "arguments", "message"),
    [
        (replace(CONVENTIONS["kaldi"], dither=1.0), "f.m", {}, "dither=1 adds noise"),
        ("kaldi", "f.txt", {}, "'f.txt' does not end in .m"),
        ("kaldi", "2f.m", {}, "is no name for a function"),
        ("kaldi", "end.m", {}, "is no name for a function"),
        ("kaldi", "a-b.m", {}, "is no name for a function"),
        ("kaldi", "fft.m", {}, "would hide the function fft"),
        ("kaldi", "slopes.m", {}, "would hide the function slopes"),
        ("kaldi", "f.m", {"kind": "mel"}, "kind='mel' is none of"),
        ("scipy_stft", "f.m", {"kind": "mfcc"}, "has no cepstrum"),
        ("panns", "f.m", {}, "f_max=14000"),
        (replace(CONVENTIONS["kaldi"], n_fft=2**20, n_mels=400), "f.m", {}, "n_mels=400 filters over 524289 bins"),
        (
            replace(CONVENTIONS["htk"], n_mfcc=20),
            "f.m",
            {},
            "21 cepstral coefficients, c0 among them, cannot come from 20",
        ),
        (replace(CONVENTIONS["kaldi"], n_fft=2**21), "f.m", {}, "n_fft=2097152"),
    ],
)
def test_what_no_function_can_do_is_refused(tmp_path, convention, name, arguments, message):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as refused:
        write_matlab(convention, RATE, tmp_path / name, **arguments)
    assert message in str(refused.value) and not list(tmp_path.iterdir())


def test_other_files_are_not_replaced(tmp_path):
    mine = tmp_path / "f.m"
    write_matlab("kaldi", RATE, mine)
    write_matlab("kaldi", RATE, mine)
    mine.write_text("disp(1)\n")
    with pytest.raises(ValueError, match=r"f\.m: is there already and is no earlier export"):
        write_matlab("kaldi", RATE, mine)
    assert mine.read_text() == "disp(1)\n"


def test_the_command_and_what_the_function_refuses(octave, tmp_path, capsys):
    file = tmp_path / "htk24.m"
    assert main(["matlab", "htk", "--sample-rate", "16000", "--set", "n_mels=24", "--out", str(file)]) == 0
    assert re.search(r"htk24\.m: \d\.\d kB; \[features, steps\] = htk24\(samples\), mfcc", capsys.readouterr().out)
    write_matlab(replace(CONVENTIONS["htk"], tool="%} end\nquit(3)\n..."), RATE, tmp_path / "hostile.m")
    program = """
    for bad = {{zeros(2), 16000}, {'text'}, {[1 NaN]}, {int16(1:9)}, {zeros(1, 999), 8000}, {1:5}}
        try, htk24(bad{1}{:}); disp('taken'), catch e, disp(e.message), end
    end
    disp(size(htk24(zeros(1, 999)))), disp(size(hostile(single(zeros(999, 1)))))
    disp(class(hostile(single(ones(999, 1)))))"""
    command = [find_octave(), "--no-gui", "--quiet", "--norc", "--path", str(tmp_path), "--eval", program]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[:3] == ["a vector of finite real numbers is expected"] * 3
    assert lines[3].startswith("integers: divide") and lines[4].startswith("samples at 8000 Hz; 16000 Hz are expected")
    assert lines[5] == "too few samples for a frame"
    assert lines[6].split() == lines[7].split() == ["13", "4"] and lines[8] == "double"
    assert main(["matlab", "kaldi", "--sample-rate", "16000", "--out", str(tmp_path / "log10.m")]) == 2
    assert capsys.readouterr().err.startswith("error: a file log10.m would hide the function log10")
