"""Invariant: pieces of any size, put together, give the bits of dsp.extract for the whole signal; no frame is late."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dsp
from dsp.conventions.sizes import sizes as sizes_of
from dsp.framing import FRAMINGS

WHOLE_SIGNAL = {"dynamic_range": None, "reference": None, "normalization": None}
RATES = {"essentia": 44_100, "hifigan": 22_050, "tacotron2": 22_050, "panns": 32_000}  # Hz; the others take 16 kHz


def can_stream(convention) -> bool:
    try:
        dsp.Stream(convention, 44_100, kind="log_mel")
    except ValueError as error:
        return "the whole signal" not in str(error)
    return True


CENTERED = "valid, centered"  # which needs the length of the signal
STREAMABLE = [name for name, convention in dsp.CONVENTIONS.items() if can_stream(convention)]
CHANGED = {  # the others, without what needs the whole signal
    name: replace(
        c,
        **WHOLE_SIGNAL,
        floor_rule=c.floor_rule if "fraction" not in c.floor_rule else "at least",
        framing=c.framing if c.framing != CENTERED else "valid",
    )
    for name, c in dsp.CONVENTIONS.items()
    if name not in STREAMABLE
}
DELTAS = {"delta_orders": 2, "delta_width": 5}
BASE = dsp.CONVENTIONS["finch_dycnn"]
STEPS = {  # what no preset does
    "dither": replace(dsp.CONVENTIONS["kaldi"], dither=1.0, scale=1000.0),
    "extrapolated": replace(BASE, preemphasis_first="extrapolate"),
    "replicated": replace(BASE, preemphasis_first="replicate", framing="symmetric"),
    "interpolated": replace(BASE, **DELTAS | {"delta_edges": "interp"}),
    "curvature": replace(BASE, **DELTAS | {"delta_edges": "interp", "delta_second": "curvature"}),
    "extended": replace(BASE, **DELTAS | {"delta_second": "delta of delta, extended", "smoothing": 5}),
    "dropped": replace(BASE, delta_orders=0, last_frame="dropped"),
    "dropped, deltas": replace(BASE, **DELTAS, framing="half overlap, reflect", last_frame="dropped"),
    "energy": replace(BASE, energy="last", energy_of="spectrum", framing="center, reflect"),
    "level energy": replace(BASE, mel_energy="first", energy_of="windowed frame", spectrum="magnitude", n_mfcc=None),
    "long hop": replace(BASE, frame_length=300, hop_length=1700, framing="pad tail"),
    "huge hop": replace(BASE, frame_length=300, hop_length=9000),
    "odd transform": replace(BASE, frame_length=75, hop_length=30, n_fft="frame length", delta_orders=0),
    "prime transform": replace(BASE, frame_length=331, hop_length=7, n_fft="frame length", framing="scipy"),
    "SciPy": replace(BASE, framing="scipy", frame_length=512, hop_length=100, delta_orders=0),
}
EVERY = {name: dsp.CONVENTIONS[name] for name in STREAMABLE} | CHANGED | STEPS


def kinds_of(convention) -> list[str]:
    return ["log_mel"] if convention.n_mfcc is None else ["mfcc", "log_mel"]


def noise(n: int, dtype="float64") -> np.ndarray:
    return (np.random.default_rng(n).standard_normal(n) / 10).astype(dtype)


def in_pieces(stream: dsp.Stream, x: np.ndarray, sizes) -> np.ndarray:
    """All features of a signal pushed in pieces of these sizes, over and over."""
    parts, start, turn = [], 0, 0
    while start < x.size:
        size = sizes[turn % len(sizes)]
        parts.append(stream.push(x[start : start + size]))
        start, turn = start + size, turn + 1
    parts.append(stream.finish())
    return np.concatenate([part for part in parts if part.shape[1]] or parts[-1:], axis=1)


def assert_same(x, rate, convention, kind, sizes, dtype="float64") -> None:
    """Equal bits; or the same refusal, if the signal is too short."""
    stream = dsp.Stream(convention, rate, kind=kind, dtype=dtype)
    try:
        (expected,) = dsp.extract([x], rate, convention, kind, dtype)
    except ValueError as error:
        with pytest.raises(ValueError) as refusal:
            in_pieces(stream, x, sizes)
        assert str(error) == f"signals[0]: {refusal.value}"
        return
    found = in_pieces(stream, x, sizes)
    assert found.shape == expected.shape and found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*EVERY]),
    st.booleans(),
    st.sampled_from(["float64", "float32"]),
    st.sampled_from(["float64", "float32"]),
    st.integers(1, 20_000),
    st.lists(st.integers(1, 5000), min_size=1, max_size=12),
)
def test_pieces_of_any_size(name, last_kind, dtype, samples, n, sizes):
    convention = EVERY[name]
    kind = kinds_of(convention)[-1 if last_kind else 0]
    assert_same(noise(n, samples), RATES.get(name, 16_000), convention, kind, sizes, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_convention(name):
    convention, rate = EVERY[name], RATES.get(name, 16_000)
    for kind in kinds_of(convention):
        for dtype, samples in (("float64", "float64"), ("float32", "float32"), ("float32", "float64")):
            for n, sizes in ((6000, [1, 2, 3]), (9001, [160]), (30_000, [4999, 1, 777]), (17, [5])):
                assert_same(noise(n, samples), rate, convention, kind, sizes, dtype)


NASTY = {
    "silence": np.zeros(3000),
    "constant": np.full(3000, 0.25),
    "full scale": np.tile([1.0, -1.0], 1500),
    "one sample": np.ones(1),
    "two samples": np.array([0.5, -0.5]),
    "shorter than a window": noise(399),
    "one window": noise(400),
    "subnormal": np.full(3000, 5e-324),
    "huge": np.full(3000, 1e150),
}


@pytest.mark.filterwarnings("ignore:the signal reaches")
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("signal", NASTY)
def test_nasty_signals(signal):
    for name in ("kaldi", "python_speech_features", "scipy_stft", "tensorflow_pad_end", "espnet", "dropped", "SciPy"):
        for kind in kinds_of(EVERY[name]):
            assert_same(NASTY[signal], 16_000, EVERY[name], kind, [1000, 1])


@pytest.mark.parametrize("hop_length", [20, 37])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_long_signals_whose_frames_share_transforms(hop_length, dtype):
    """extract cuts signals of more than 8192 frames into pieces, where pairs of frames must not be torn apart."""
    convention = replace(STEPS["odd transform"], hop_length=hop_length)
    for n_frames in (8192, 8192 + 5, 16_384 + 31):
        x = noise(75 + (n_frames - 1) * hop_length)
        assert_same(x, 16_000, convention, "mfcc", [4001], dtype)


def test_workers_give_the_same_bits():
    x = noise(20 * 5000)
    for convention in (STEPS["odd transform"], BASE):
        convention = replace(convention, hop_length=20)
        one, two = (dsp.extract([x], 16_000, convention, workers=workers)[0] for workers in (1, 2))
        assert one.tobytes() == two.tobytes()


def test_features_do_not_depend_on_the_batch():
    """A clip beside others has the bits of the clip alone: what a stream relies on."""
    clips = [noise(n, "float32") for n in (500, 900, 1234, 400)]
    for dtype in ("float64", "float32"):
        for convention in (BASE, STEPS["curvature"], STEPS["extended"], STEPS["replicated"]):
            usable = [x for x in clips if convention.delta_edges != "interp" or x.size > 1200]
            together = dsp.extract(usable, 16_000, convention, dtype=dtype)
            for x, features in zip(usable, together, strict=True):
                assert features.tobytes() == dsp.extract([x], 16_000, convention, dtype=dtype)[0].tobytes()


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from([48_000, 44_100, 8_000, 16_000]),
    st.integers(1, 60_000),
    st.lists(st.integers(1, 5000), min_size=1, max_size=8),
)
def test_resampled_on_the_way(rate, n, sizes):
    x = noise(n, "float32")
    resampled = dsp.resample(x, rate, 16_000)
    stream = dsp.Stream("tensorflow_pad_end", 16_000, resample_from=rate, dtype="float32")
    (expected,) = dsp.extract([resampled], 16_000, "tensorflow_pad_end", dtype="float32")
    assert in_pieces(stream, x, sizes).tobytes() == expected.tobytes()


@pytest.mark.parametrize("rate", [None, 48_000])
@pytest.mark.parametrize("name", ["kaldi_fbank", "espnet", "opensmile_mfcc12", *STEPS])
def test_frames_come_within_the_latency(name, rate):
    """The frame that is not out yet is not due yet; without resampling, one comes at the last moment."""
    convention = EVERY[name]
    stream = dsp.Stream(convention, 16_000, kind=kinds_of(convention)[0], resample_from=rate)
    factor = (rate or 16_000) // 16_000
    hop, step = sizes_of(convention, 16_000).hop * factor, 50 if rate is None else 997
    n_pushed = n_out = 0
    spare = set()
    while n_pushed < stream.latency + 50 * hop and n_out < 60:
        n_pushed += step
        n_out += stream.push(noise(step)).shape[1]
        spare.add(stream.latency + n_out * hop - n_pushed)
    assert n_out > 0 and min(spare) > 0
    if rate is None:
        assert min(spare) <= step


def test_latencies_are_pinned():
    """frame - P + hop d, in samples."""
    assert dsp.Stream("kaldi_fbank", 16_000, kind="log_mel").latency == 400
    assert dsp.Stream("espnet", 16_000, kind="log_mel").latency == 257  # 256 mirrored samples and the first
    assert dsp.Stream("opensmile_mfcc12", 16_000).latency == 400 + 4 * 160
    assert dsp.Stream("opensmile_compare", 16_000).latency == 320 + 3 * 160  # smoothing 1, deltas 2
    assert dsp.Stream(STEPS["interpolated"], 16_000).latency == 400 + 6 * 160
    assert dsp.Stream(STEPS["odd transform"], 16_000).latency == 75 + 23 * 30
    resampled = dsp.Stream("kaldi_fbank", 16_000, kind="log_mel", resample_from=48_000)
    assert resampled.latency == 1200 + dsp.Resampler(48_000, 16_000).latency


def test_reset_begins_again():
    x, other = noise(9000), noise(5001)
    for convention in (STEPS["dither"], STEPS["extended"], STEPS["odd transform"]):
        stream = dsp.Stream(convention, 16_000, resample_from=24_000)
        first = in_pieces(stream, x, [777])
        stream.reset()
        stream.push(other)
        stream.reset()
        stream.push(other.astype(np.float32))
        stream.reset()
        assert in_pieces(stream, x, [4001]).tobytes() == first.tobytes()
    running = dsp.Stream("nemo", 16_000, kind="log_mel", normalization="running")
    first = in_pieces(running, x, [777])
    running.reset()
    assert in_pieces(running, x, [123]).tobytes() == first.tobytes()


def test_an_empty_piece_is_nothing():
    x = noise(3000)
    stream = dsp.Stream("kaldi", 16_000)
    assert stream.push([]).shape == stream.push(x[:0]).shape == (stream.n_rows, 0)
    assert in_pieces(stream, x, [1000]).tobytes() == dsp.extract([x], 16_000, "kaldi")[0].tobytes()
    assert dsp.Stream("kaldi", 16_000).finish().shape == (13, 0)


@pytest.mark.parametrize("name", ["kaldi", "odd transform", "extended"])
def test_streams_side_by_side(name):
    """Two threads, each with its stream, and streams that change threads."""
    convention = EVERY[name]
    signals = [noise(n) for n in (40_000, 40_001, 40_002)]
    streams = [dsp.Stream(convention, 16_000) for _ in signals]
    results = {}

    def work(index: int) -> None:
        results[index] = [streams[index].push(piece) for piece in np.array_split(signals[index][20_000:], 200)]

    first = [streams[index].push(x[:20_000]) for index, x in enumerate(signals)]
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(signals))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for index, x in enumerate(signals):
        found = np.concatenate([first[index], *results[index], streams[index].finish()], axis=1)
        assert found.tobytes() == dsp.extract([x], 16_000, convention)[0].tobytes()


def resident_bytes() -> int:
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096


@pytest.mark.slow
def test_an_hour_in_small_pieces_keeps_little():
    pieces = [noise(800, "float32") for _ in range(7)]  # 50 ms
    stream = dsp.Stream("opensmile_mfcc12", 16_000, dtype="float32", resample_from=None)
    n_frames, sizes, resident = 0, set(), []
    for index in range(3600 * 20):
        n_frames += stream.push(pieces[index % 7]).shape[1]
        if index > 1000:
            sizes.add(stream._source._buffer.size)
        if index in (6000, 3600 * 20 - 1):
            resident.append(resident_bytes())
    assert n_frames >= 3600 * 100 - 10
    assert len(sizes) == 1 and stream._context[0].shape[1] < 20
    assert resident[1] - resident[0] < 8e6


def test_a_resampled_stream_has_no_end(monkeypatch):
    """The limit on samples is one of a piece, not of all pieces together."""
    monkeypatch.setattr("dsp.resampling.MAX_COUNT", 5000)
    x = noise(48_000)
    stream = dsp.Stream("kaldi", 16_000, resample_from=48_000)
    found = in_pieces(stream, x, [4800])
    monkeypatch.undo()
    assert found.tobytes() == dsp.extract([dsp.resample(x, 48_000, 16_000)], 16_000, "kaldi")[0].tobytes()


PIECES = st.lists(st.integers(1, 300), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(PIECES, st.integers(1, 80), st.integers(1, 90), st.sampled_from([f for f in FRAMINGS if f != CENTERED]))
@example([60, 60], 20, 30, "center, reflect")  # the last frame mirrors a sample before its own first one
def test_frames_of_pieces(sizes, frame_length, hop_length, framing):
    x = noise(sum(sizes))
    pieces = np.split(x, np.cumsum(sizes)[:-1])
    try:
        expected = dsp.frame(dsp.extend(x, frame_length, hop_length, framing), frame_length, hop_length)
    except ValueError as error:
        with pytest.raises(ValueError) as refusal:
            list(dsp.stream_frames(pieces, frame_length, hop_length, framing))
        assert str(refusal.value) == str(error)
        return
    found = list(dsp.stream_frames(pieces, frame_length, hop_length, framing))
    np.testing.assert_array_equal(np.concatenate(found, axis=1), expected)
    if framing == "valid":  # a frame comes with the piece that completes it
        counts = np.cumsum([frames.shape[1] for frames in found[:-1]])
        assert counts.tolist() == [max(0, 1 + (n - frame_length) // hop_length) for n in np.cumsum(sizes)]


@settings(max_examples=30, deadline=None)
@given(PIECES, st.sampled_from(["keep", "replicate", "extrapolate"]))
def test_preemphasis_of_pieces(sizes, first):
    x = noise(sum(sizes))
    pieces = np.split(x, np.cumsum(sizes)[:-1])
    if first == "extrapolate" and x.size < 2:
        with pytest.raises(ValueError, match="two samples"):
            list(dsp.stream_preemphasis(pieces, 0.97, first))
        return
    found = np.concatenate(list(dsp.stream_preemphasis(pieces, 0.97, first)))
    np.testing.assert_array_equal(found, dsp.preemphasis(x, 0.97, first))


def test_no_pieces_give_nothing():
    assert list(dsp.stream_frames([], 4, 2)) == list(dsp.stream_preemphasis([])) == []
