"""The C code of every preset, and of random conventions, has dsp's numbers, in pieces of any size, in C and in C++."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dsp
from dsp import CONVENTIONS, Convention
from dsp.export.__main__ import main
from dsp.export.c_code import write_c
from dsp.export.generated import as_identifier, check_identifier, comment_text
from dsp.export.golden import RATES
from dsp.export.signals import golden_signals
from dsp.export.tolerances import tolerances
from experiments.common.c_programs import STRICT, CFeatures, RefusedError, compile_library, compiler
from tests.test_extract_takes_the_fast_lane import draw
from tests.two_lanes import textbook

RATE = 16_000
DOUBLE, FLOAT = 1e-9, 5e-5  # of the largest value, of speech and noise; measured: 3e-14, 1.5e-5
STREAMED = {  # with every kind of edge, and with everything that looks ahead
    "kaldi": {},
    "opensmile_mfcc12": {},
    "opensmile_compare": {},
    "hifigan": {},
    "torchaudio_kaldi": {"last_frame": "dropped"},
    "nemo": {"normalization": None},
    "python_speech_features": {"delta_orders": 2},
    "scipy_stft": {},
    "librosa": {"dynamic_range": None, "delta_orders": 2},
    "kaldi_fbank": {"framing": "symmetric", "hop_length": 90, "preemphasis_first": "extrapolate"},
}
WHOLE = ("librosa", "whisper", "voicebox", "seamless_m4t", "speech_to_text", "nemo")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*beyond full scale"),
    pytest.mark.filterwarnings("ignore:.*mel filters are empty"),
]


@pytest.fixture(scope="module", autouse=True)
def needs_gcc():
    try:
        compiler()
    except FileNotFoundError as error:
        pytest.skip(str(error))


def kinds(c: Convention) -> list[str]:
    return ["log_mel"] if c.n_mfcc is None else ["mfcc", "log_mel"]


def rate_of(c: Convention) -> int:
    return next(rate for rate in RATES if 2 * (c.f_max or 0) <= rate)


def expected_of(x, rate, c, kind):
    return dsp.extract([np.asarray(x, np.float64)], rate, c, kind)[0]


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    """{preset: (convention, its C code in double)}; made once."""
    folder = tmp_path_factory.mktemp("c")
    conventions = {name: replace(CONVENTIONS[name], **changes) for name, changes in STREAMED.items()}
    files = {name: write_c(c, RATE, folder, precision="double", name=name) for name, c in conventions.items()}
    library = compile_library(files.values(), folder, level="-O0")
    return {name: (conventions[name], CFeatures(library, files[name])) for name in files}


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    files = {name: write_c(name, RATE, folder, name=name) for name in WHOLE}
    library = compile_library(files.values(), folder, level="-O0")
    return {name: CFeatures(library, files[name]) for name in files}


@pytest.mark.parametrize("name", STREAMED)
def test_streams_equal_dsp(rng, streams, name):
    c, code = streams[name]
    x = 0.1 * rng.standard_normal(5000)
    expected = expected_of(x, RATE, c, kinds(c)[0])
    found = code.extract(x)
    assert found.shape == expected.shape and np.abs(found - expected).max() <= DOUBLE * np.abs(expected).max()
    assert code.state_bytes == code.files.state_bytes and code.files.whole_clip == ()
    shortest = code.files.min_samples
    assert code.count_frames(shortest - 1) == 0 < code.count_frames(shortest)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(list(STREAMED)),
    n=st.integers(1, 9000),
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=40),
)
def test_pieces_of_any_size_give_the_same_bits(streams, name, n, cuts):
    c, code = streams[name]
    x = 0.1 * np.random.default_rng(n).standard_normal(n)
    try:
        whole = code.extract(x)
    except RefusedError as refused:
        with pytest.raises(RefusedError) as again:
            code.stream(np.split(x, np.cumsum(cuts)))
        assert again.value.code == refused.code == -1
        if c.framing != "scipy":  # dsp shortens its window
            with pytest.raises(ValueError):
                expected_of(x, RATE, c, kinds(c)[0])
        return
    np.testing.assert_array_equal(code.stream(np.split(x, np.cumsum(cuts))), whole)
    assert whole.shape == expected_of(x, RATE, c, kinds(c)[0]).shape == (code.files.rows, code.count_frames(n))


@pytest.mark.parametrize("name", STREAMED)
def test_latency_is_that_of_dsp_stream(rng, streams, name):
    """Frame 0 comes out with exactly that sample, and frame t at most t hops later."""
    c, code = streams[name]
    latency, hop = code.latency(), dsp.conventions.sizes(c, RATE).hop
    assert latency == code.files.latency == dsp.Stream(c, RATE, kind=kinds(c)[0]).latency
    x = rng.standard_normal(latency + 30 * hop)
    code.start()
    assert code.push(x[: latency - 1], 1000).shape[1] == 0
    frames = code.push(x[latency - 1 : latency], 1000).shape[1]
    for t in range(1, 31):
        assert frames >= t
        frames += code.push(x[latency + (t - 1) * hop :][:hop], 1000).shape[1]


@pytest.mark.parametrize("name", WHOLE)
def test_conventions_that_need_the_whole_clip(rng, wholes, name):
    code, c = wholes[name], CONVENTIONS[name]
    x = (0.1 * rng.standard_normal(5000) * np.linspace(0, 1, 5000) ** 3).astype(np.float32)
    expected = expected_of(x, RATE, c, kinds(c)[0])
    assert np.abs(code.extract(x) - expected).max() <= FLOAT * np.abs(expected).max()
    assert code.files.whole_clip and code.files.latency is None
    assert f"{name}_push" not in code.files.header.read_text()


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_rows_that_are_constant_but_for_rounding_become_0(wholes, level):
    """As in dsp.cmvn: nothing is divided by a deviation that is rounding."""
    assert not wholes["speech_to_text"].extract(np.full(4000, level)).any()
    tone = 0.5 * np.sin(2 * np.pi * np.arange(4000) / 160) + 1e-7 * np.random.default_rng(0).standard_normal(4000)
    is_zero = (wholes["speech_to_text"].extract(tone) == 0).all(axis=1)
    assert is_zero[0] and not is_zero[-1]  # its own band differs by rounding from frame to frame, others by the noise


def test_bad_calls_change_nothing(rng, streams):
    code = streams["kaldi"][1]
    x = 0.1 * rng.standard_normal(4000)
    whole = code.extract(x)
    code.start()
    parts = [code.push(x[:1500], 100)]
    for bad, room, expected in (
        (x[1500:], 3, -2),  # fewer rows than come out
        (np.append(x[1500:], np.nan), 100, -4),
        (np.append(x[1500:], -np.inf), 100, -4),
    ):
        with pytest.raises(RefusedError) as refused:
            code.push(bad, room)
        assert refused.value.code == expected
    parts += [code.push(x[1500:], 100), code.finish(0)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    for call in (lambda: code.push(x, 100), lambda: code.finish(100)):
        with pytest.raises(RefusedError) as refused:
            call()
        assert refused.value.code == -5
    with pytest.raises(RefusedError) as refused:
        code.extract(x, max_frames=whole.shape[1] - 1)
    assert refused.value.code == -2
    functions, state = code._library, code._at
    assert functions.kaldi_push(None, None, 0, None, 0) == functions.kaldi_finish(None, None, 0) == -3
    code.reset()
    assert functions.kaldi_push(state, None, 5, None, 0) == functions.kaldi_push(state, None, -1, None, 0) == -3


def test_kaldi_itself(rng, streams):
    """kaldi-native-fbank, fed the same samples."""
    knf = pytest.importorskip("kaldi_native_fbank")
    _, code = streams["kaldi"]
    x = 0.1 * rng.standard_normal(8000)
    options = knf.MfccOptions()
    options.frame_opts.dither = 0
    tool = knf.OnlineMfcc(options)
    tool.accept_waveform(RATE, (32768 * x).astype(np.float32).tolist())
    expected = np.array([tool.get_frame(t) for t in range(tool.num_frames_ready)]).T
    assert np.abs(code.extract(x) - expected).max() <= 1e-3  # the tool's own rounding; measured 1.1e-4


@pytest.mark.slow
def test_librosa_itself(rng, wholes):
    librosa = pytest.importorskip("librosa")
    x = (0.1 * rng.standard_normal(8000)).astype(np.float32)
    expected = librosa.feature.mfcc(y=x, sr=RATE)
    assert np.abs(wholes["librosa"].extract(x) - expected).max() <= 1e-3  # dB; both are single precision


@pytest.mark.parametrize(
    ("convention", "arguments", "message"),
    [
        (replace(CONVENTIONS["kaldi"], dither=1.0), {}, "dither=1 adds noise"),
        ("kaldy", {}, "unknown convention 'kaldy'"),
        ("scipy_stft", {"kind": "mfcc"}, "has no cepstrum"),
        ("kaldi", {"kind": "mel"}, "kind='mel' is none of"),
        ("kaldi", {"precision": "half"}, "precision='half' is none of"),
        ("kaldi", {"name": "2x"}, "is no name for a function"),
        ("kaldi", {"name": "while"}, "is no name for a function"),
        ("kaldi", {"name": "a/../b"}, "is no name for a function"),
        (replace(CONVENTIONS["kaldi"], n_fft=2**17), {}, "n_fft=131072"),
        (replace(CONVENTIONS["kaldi"], n_fft=2**16, n_mels=1000), {}, "n_mels=1000"),
        (replace(CONVENTIONS["kaldi"], scale=1e300), {}, "does not fit single precision; take precision='double'"),
        ("panns", {}, "f_max=14000"),
    ],
)
def test_what_no_c_code_can_do_is_refused(tmp_path, convention, arguments, message):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as refused:
        write_c(convention, RATE, tmp_path, **arguments)
    assert message in str(refused.value) and not list(tmp_path.iterdir())


def test_only_earlier_exports_are_replaced(tmp_path):
    files = write_c("htk", RATE, tmp_path)
    assert write_c("htk", RATE, tmp_path) == files
    files.header.write_text("mine\n")
    with pytest.raises(ValueError, match=r"htk_mfcc\.h: is there already and is no earlier export"):
        write_c("htk", RATE, tmp_path)
    files.header.unlink()
    files.header.symlink_to(files.source)
    with pytest.raises(ValueError, match="is there already"):
        write_c("htk", RATE, tmp_path)


HOSTILE = ["*/ int main(){}", "a\nb", "../../etc", "9", "while", "π", "", "x" * 500, "%}\nquit", "??/", "\\"]


def test_hostile_names_become_identifiers_and_comments(tmp_path):
    for name in HOSTILE:
        assert check_identifier(as_identifier(name), "name")
        text = comment_text(name)
        assert text.isascii() and not set(text) & set("\\\n") and "*/" not in text and "??" not in text
    c = replace(CONVENTIONS["kaldi"], tool="*/ #error out ??/\n\\")
    files = write_c(c, RATE, tmp_path)
    assert files.name.startswith("kaldi") or files.name.startswith("features_")
    compile_library([files], tmp_path, level="-O0")


def test_the_command(tmp_path, capsys, write_wav, rng):
    """From the command to the features of a WAV file, as its --help says."""
    toml = tmp_path / "9 my *course.toml"
    toml.write_text('base = "htk"\nn_mels = 24\n')
    arguments = ["c", str(toml), "--sample-rate", "16000", "--set", "n_mfcc=10", "--precision", "double"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "features_9_my_course_mfcc.c" in printed and "11 numbers" not in printed.split("state")[1]
    c = replace(CONVENTIONS["htk"], n_mels=24, n_mfcc=10)
    base = tmp_path / "out" / "features_9_my_course_mfcc"
    program = tmp_path / "demo"
    build = [compiler(), *STRICT, f"{base}.c", f"{base}_demo.c", "-lm", "-o", str(program)]
    subprocess.run(build, check=True)
    x = np.rint(3000 * rng.standard_normal(4000)) / 32_768
    wav = write_wav("speech.wav", x)
    done = subprocess.run([program, wav, "37"], capture_output=True, text=True, check=True)
    found = np.array([line.split() for line in done.stdout.splitlines()], float).T
    np.testing.assert_allclose(found, expected_of(x, RATE, c, "mfcc"), rtol=0, atol=1e-9)
    for path, rule in (
        (write_wav("wrong.wav", x, rate=8000), "16000 Hz are expected"),
        (write_wav("stereo.wav", np.stack([x, x], axis=1)), "one channel is expected"),
        (write_wav("float.wav", x, subtype="FLOAT"), "16-bit PCM is expected"),
        (toml, "no WAV file"),
        (tmp_path / "missing.wav", "cannot be opened"),
        (write_wav("short.wav", x[:20]), "too few samples"),
    ):
        done = subprocess.run([program, path], capture_output=True, text=True)
        assert done.returncode == 2 and rule in done.stderr and done.stderr.count("\n") == 1
    assert main(["c", "kaldi", "--sample-rate", "16000", "--set", "dither=1", "--out", str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err.startswith("error: dither=1 adds noise") and not (tmp_path / "no").exists()


def presets_in(folder, precision: str):
    """Every preset with its final features, in one library."""
    made = {}
    for name, c in CONVENTIONS.items():
        made[name] = write_c(name, rate_of(c), folder, precision=precision, name=f"{name}_{precision}")
    library = compile_library(made.values(), folder, level="-O0" if precision == "double" else "-O1")
    return {name: CFeatures(library, files) for name, files in made.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "limit"), [("double", DOUBLE), ("float", FLOAT)])
def test_every_preset(rng, tmp_path, precision, limit):
    """Noise within the limit; two nasty signals a preset within golden tolerances; the same clips refused."""
    names = list(golden_signals(RATE))
    for number, (name, code) in enumerate(presets_in(tmp_path, precision).items()):
        c, rate = CONVENTIONS[name], rate_of(CONVENTIONS[name])
        noise = (0.1 * rng.standard_normal(rate // 4)).astype(code.dtype)
        expected = expected_of(noise, rate, c, kinds(c)[0])
        found = code.extract(noise)
        error = np.abs(found - expected).max()
        assert found.shape == expected.shape and error <= limit * np.abs(expected).max(), (name, error)
        if not code.files.whole_clip:
            np.testing.assert_array_equal(code.stream(np.split(noise, np.arange(7, noise.size, 97))), found)
        for signal in (names[(2 * number) % len(names)], names[(2 * number + 1) % len(names)]):
            assert_nasty_signal(code, c, rate, signal, precision)


def assert_nasty_signal(code, c, rate, signal, precision):
    x = golden_signals(rate)[signal] / 32_768
    try:
        steps = dsp.trace(x, rate, c)
    except ValueError:
        with pytest.raises(RefusedError):
            code.extract(x)
        return
    if c.framing == "scipy" and x.size < dsp.conventions.sizes(c, rate).window:
        return  # refused: dsp shortens the window
    kind = kinds(c)[0]
    error = np.abs(code.extract(x) - steps[kind]).max()
    allowed = tolerances(x, rate, c, steps)["float64" if precision == "double" else "float32"][kind]
    assert error <= allowed["max"], (signal, error, allowed)


def random_conventions(rng, n: int):
    """(convention, kind, signal, features): every framing, window, norm and order of deltas is among many."""
    made = []
    x = rng.standard_normal(4000)
    while len(made) < n:
        c = draw(rng)
        if len(made) % 2:  # one that streams
            c = replace(c, dynamic_range=None, reference=None, normalization=None, floor_rule="add", dc_removal=None)
        kind = kinds(c)[int(rng.integers(len(kinds(c))))]
        signal = x[: rng.integers(800, 4000)]
        try:
            steps = dsp.trace(signal, RATE, c, until="log_mel")
            expected = textbook(signal, RATE, c, kind)
        except ValueError:
            continue
        if c.floor_rule == "zeros only" and steps["mel"].min() <= 1e-12 * steps["power"].max():
            continue  # what is 0 but for rounding is a zero in one program and not in the other
        made.append((c, kind, signal, expected))
    return made


@pytest.mark.slow
def test_random_conventions(rng, tmp_path):
    drawn = random_conventions(rng, 14)
    files = [
        write_c(c, RATE, tmp_path, kind=kind, precision="double", name=f"c{i}")
        for i, (c, kind, _, _) in enumerate(drawn)
    ]
    library = compile_library(files, tmp_path, level="-O0")
    for of, (c, _, x, expected) in zip(files, drawn, strict=True):
        code = CFeatures(library, of)
        found = code.extract(x)
        assert found.shape == expected.shape, c
        assert np.abs(found - expected).max() <= DOUBLE * np.abs(expected).max(), c
        assert code.state_bytes == of.state_bytes
        if not of.whole_clip:
            np.testing.assert_array_equal(code.stream(np.split(x, np.arange(5, x.size, 61))), found)


@pytest.mark.slow
def test_no_sanitizer_complains(rng, tmp_path, write_wav):
    """gcc's address and undefined-behavior checks on WAV files of awkward lengths, in pieces of 1 sample and more."""
    x = 0.1 * rng.standard_normal(6000)
    files = [write_c(replace(CONVENTIONS[n], **STREAMED[n]), RATE, tmp_path, name=n) for n in list(STREAMED)[1:6]]
    files.append(write_c("librosa", RATE, tmp_path))
    paths = [write_wav(f"{n}.wav", x[:n]) for n in (1, 401, 6000)]
    for of in files:
        program = tmp_path / of.name
        check = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1"]
        subprocess.run([compiler(), *STRICT, *check, of.source, of.demo, "-lm", "-o", program], check=True)
        texts = []
        for path in paths:
            for piece in ([] if of.whole_clip else ["1", "997"]) or [None]:
                done = subprocess.run([program, path, *filter(None, [piece])], capture_output=True, text=True)
                assert done.returncode == 0 or done.stderr.endswith("too few samples for a frame\n"), done.stderr
                texts.append(done.stdout)
        assert of.whole_clip or texts[::2] == texts[1::2]


@pytest.mark.slow
def test_a_cpp_program_uses_it(tmp_path):
    """Compiled as C and as C++, called from C++."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    files = write_c("opensmile_mfcc12", RATE, tmp_path)
    program = tmp_path / "main.cpp"
    program.write_text(
        f'#include "{files.header.name}"\nint main() {{ static {files.name}_state s; {files.name}_init(&s); '
        f"return {files.name}_latency() == {files.latency} ? 0 : 1; }}\n"
    )
    objects = [tmp_path / "c.o", tmp_path / "cpp.o"]
    subprocess.run([compiler(), *STRICT, "-c", files.source, "-o", objects[0]], check=True)
    cpp = ["g++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run([*cpp, "-x", "c++", "-c", files.source, "-o", objects[1]], check=True)
    for compiled in objects:
        subprocess.run([*cpp, program, compiled, "-o", tmp_path / "main"], check=True)
        subprocess.run([tmp_path / "main"], check=True)
