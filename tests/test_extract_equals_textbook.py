"""Two readings, one truth: dsp.extract against dsp.mfcc and dsp.log_mel, under presets and random conventions."""

import math
import tracemalloc
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import dsp
from dsp import CONVENTIONS, Convention
from dsp.conventions.parameters import WORDS
from dsp.engine import extract as engine
from dsp.engine import stages
from tests.conftest import here_and_on
from tests.two_lanes import assert_equal, textbook

FLOAT64 = 1e-9  # of the largest value, as promised; measured: 1e-13
FLOAT32 = 1e-4  # of the largest value where filters average; measured: 1e-5
BESIDE = 16e6  # bytes that four minutes and an hour may take beside signal and features; measured: 14e6, 11e6
pytestmark = pytest.mark.filterwarnings("ignore:.*beyond full scale")  # noise is louder than speech
RATE = 16_000
KINDS = [
    (name, kind)
    for name in CONVENTIONS
    for kind in ("log_mel", "mfcc")
    if kind == "log_mel" or CONVENTIONS[name].n_mfcc
]


def nasty(rate: int) -> dict[str, np.ndarray]:
    """Signals that bring out edges: one sample more and less than a frame of 25 ms, silence, extremes."""
    n, frame = np.arange(rate), int(0.025 * rate)
    return {
        "impulse": np.where(n == 5000, 1.0, 0.0),
        "silence": np.zeros(rate),
        "square": np.where(n // 20 % 2 == 0, 1.0, -1.0),
        "chirp": np.sin(2 * np.pi * (50 + 3000 * n / rate) * n / rate),
        "noise": np.random.default_rng(1).standard_normal(rate),
        "frame - 1": np.random.default_rng(2).standard_normal(frame - 1),
        "frame": np.random.default_rng(3).standard_normal(frame),
        "frame + 1": np.random.default_rng(4).standard_normal(frame + 1),
        "2049": np.random.default_rng(5).standard_normal(2049),
    }


@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_preset(utterance, name, kind, dtype):
    limit = FLOAT64 if dtype == "float64" else FLOAT32
    for label, x in {"speech": utterance, **nasty(RATE)}.items():
        try:
            textbook(x, RATE, name, kind)
        except ValueError as error:
            with pytest.raises(ValueError) as raised:
                dsp.extract([x], RATE, name, kind, dtype)
            assert str(error) in str(raised.value), label
        else:
            assert_equal(x, RATE, name, kind, dtype, limit)


def rate_of(name: str) -> int:
    """16 kHz, if the preset's filters do not go higher."""
    return RATE if (CONVENTIONS[name].f_max or 0) <= RATE / 2 else 44_100


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_speech_without_an_allowance(utterance, name, kind):
    rate = rate_of(name)
    expected = textbook(utterance, rate, name, kind)
    scale = np.abs(expected).max()
    assert np.abs(dsp.extract([utterance], rate, name, kind)[0] - expected).max() <= FLOAT64 * scale
    if CONVENTIONS[name].n_mels is not None:
        found = dsp.extract([utterance.astype(np.float32)], rate, name, kind, "float32")[0]
        assert np.abs(found - expected).max() <= FLOAT32 * scale


conventions = st.builds(
    Convention,
    scale=st.sampled_from([1.0, 32_768.0]),
    preemphasis=st.sampled_from([0.0, 0.95, 1.0]),
    dither=st.sampled_from([0.0, 0.0, 0.1]),
    frame_length=st.integers(1, 90),
    hop_length=st.integers(1, 100),
    n_fft=st.one_of(st.sampled_from(["power of two", "frame length", 1102, 1103, 2205]), st.integers(90, 600)),
    n_mels=st.one_of(st.none(), st.integers(1, 30)),
    spectrum_floor=st.sampled_from([0.0, 1e-3]),
    smoothing=st.sampled_from([1, 3]),
    floor=st.sampled_from([1e-6, 1e-3]),
    dynamic_range=st.sampled_from([None, 3.0]),
    log_gain=st.sampled_from([1.0, 0.25]),
    log_offset=st.sampled_from([0.0, 1.0]),
    n_mfcc=st.one_of(st.none(), st.integers(1, 12)),
    lifter=st.sampled_from([0.0, 22.0]),
    dct_type=st.sampled_from([2, 3]),
    delta_orders=st.integers(0, 2),
    delta_width=st.sampled_from([3, 5, 9]),
    **{field: st.sampled_from(words) for field, words in WORDS.items() if field != "normalization"},
    normalization=st.sampled_from([None, "mean"]),
)


DRAWN = {
    "c": conventions,
    "n": st.integers(1, 2500),
    "chunk": st.integers(1, 60),
    "seed": st.integers(0, 999),
    "loud": st.booleans(),
}


@pytest.mark.parametrize("examples", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_conventions_drawn_at_random(examples):
    limits = settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    limits(given(**DRAWN)(check_a_drawn_convention))()


def check_a_drawn_convention(c, n, chunk, seed, loud):
    x = np.random.default_rng(seed).standard_normal(n) * (1.0 if loud else 1e-3)
    kind = "log_mel" if c.n_mfcc is None else "mfcc"
    rate = 8000.0
    kept = engine.MAX_BATCH_FRAMES
    engine.MAX_BATCH_FRAMES = chunk
    try:
        try:
            textbook(x, rate, c, kind)
        except ValueError:
            with pytest.raises(ValueError):
                dsp.extract([x], rate, c, kind)
            assume(False)
        if c.floor_rule == "zeros only":  # what is 0 but for rounding is a zero in one lane and not in the other
            steps = dsp.trace(x, rate, c, until="log_mel")
            least = 1e-25 if c.spectrum == "power" else 3e-13
            assume(steps["mel"].min() > least * steps["power"].max())
        assert_equal(x, rate, c, kind, "float64", FLOAT64)
    finally:
        engine.MAX_BATCH_FRAMES = kept


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_chunks_leave_no_seam(utterance, name, kind, monkeypatch):
    whole = dsp.extract([utterance], rate_of(name), name, kind)[0]
    monkeypatch.setattr(engine, "MAX_BATCH_FRAMES", 17)
    for workers in (1, 3):
        pieces = dsp.extract([utterance], rate_of(name), name, kind, workers=workers)[0]
        np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-12 * np.abs(whole).max())


@pytest.mark.parametrize("name", ["kaldi", "librosa", "htk", "torchaudio"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stretches_leave_no_seam(rng, name, dtype, monkeypatch):
    """Clips of every length about a register's and a stretch's of frames, by themselves and side by side."""
    signals = [rng.standard_normal(4000 + 160 * extra).astype(dtype) for extra in range(40)]
    whole = dsp.extract(signals, RATE, name, dtype=dtype)
    monkeypatch.setattr(stages, "STRETCH", 0)  # a register of frames is the least
    together = dsp.extract(signals, RATE, name, dtype=dtype)
    for x, expected, found in zip(signals, whole, together, strict=True):
        atol = (1e-12 if dtype == "float64" else 1e-4) * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
        np.testing.assert_allclose(dsp.extract([x], RATE, name, dtype=dtype)[0], expected, rtol=0, atol=atol)


@pytest.mark.parametrize("workers", [2, 3, 16])
def test_workers_keep_the_order_and_every_bit(rng, workers):
    signals = [rng.standard_normal(n) for n in rng.integers(4000, 40_000, 37)]
    one = dsp.extract(signals, RATE, "kaldi")
    many = dsp.extract(signals, RATE, "kaldi", workers=workers)
    assert len(one) == len(many) == 37
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_signals_of_every_kind_side_by_side(rng, dtype):
    """float32, float64, every second sample of a longer array, read-only: a list of all is each of them alone."""
    x = rng.standard_normal(9000)
    signals = [x, x[:5000].astype(np.float32), x[:700], x[::2], x.astype(np.float32)]
    signals[0].flags.writeable = False
    together = dsp.extract(signals, RATE, "opensmile_mfcc12", dtype=dtype)
    for signal, features in zip(signals, together, strict=True):
        assert features.dtype == dtype and features.flags.c_contiguous and features.flags.writeable
        (alone,) = dsp.extract([np.array(signal, np.float64)], RATE, "opensmile_mfcc12", dtype=dtype)
        np.testing.assert_array_equal(features, alone)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_memory_beside_signal_and_features_does_not_grow(rng, dtype):
    beside = []
    for minutes in (4, 60):
        x = np.tile(rng.standard_normal(RATE * 60).astype(dtype), minutes)
        dsp.extract([x[:RATE]], RATE, "opensmile_mfcc12", "mfcc", dtype)  # compiles, and makes the tables
        tracemalloc.start()
        (features,) = dsp.extract([x], RATE, "librosa", "log_mel", dtype)
        beside.append(tracemalloc.get_traced_memory()[1] - features.nbytes)
        tracemalloc.stop()
    assert max(beside) <= BESIDE, beside


PROGRAM = """
import sys, numpy as np, dsp
rng = np.random.default_rng(0)
x = rng.standard_normal(9000)
found = [dsp.extract([x], 16000, name, kind, dtype)[0].ravel()
         for name, kind in (("kaldi", "mfcc"), ("librosa", "log_mel"), ("whisper", "log_mel"))
         for dtype in ("float64", "float32")]
np.save(sys.argv[1], np.concatenate(found).astype(np.float64))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "haswell"])
def test_other_processors_give_the_same_bits(tmp_path, processor):
    """No vector unit worth the name (SSE2), and AVX2 without AVX-512, by Numba's setting."""
    found = here_and_on(processor, PROGRAM, tmp_path)
    assert found[0].size > 10_000 and math.isfinite(found[0].sum())
    np.testing.assert_array_equal(found[0], found[1])


SIGNAL = np.ones(9000)
WITH_DELTAS = replace(CONVENTIONS["librosa"], delta_orders=1, delta_edges="interp")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.extract([SIGNAL], RATE, "libroza"), "did you mean 'librosa'"),
        (lambda: dsp.extract([SIGNAL], RATE, "librosa", "cepstra"), "kind='cepstra'"),
        (lambda: dsp.extract([SIGNAL], RATE, "librosa", dtype="float16"), "dtype='float16'"),
        (lambda: dsp.extract([SIGNAL], RATE, "librosa", workers=0), "workers=0"),
        (lambda: dsp.extract([SIGNAL], RATE, "librosa", workers=10**6), "workers=1000000 is too large"),
        (lambda: dsp.extract([SIGNAL], RATE, "whisper"), "has no cepstrum"),
        (lambda: dsp.extract([SIGNAL], 0, "librosa"), "sample_rate=0"),
        (lambda: dsp.extract(SIGNAL, RATE, "librosa"), "a list of signals"),
        (lambda: dsp.extract([SIGNAL, SIGNAL[:0]], RATE, "librosa"), r"signals\[1\] is empty"),
        (lambda: dsp.extract([SIGNAL, SIGNAL + np.nan], RATE, "librosa", workers=2), r"signals\[1\]\[0\] is nan"),
        (lambda: dsp.extract([SIGNAL - np.inf], RATE, "librosa", dtype="float32"), r"signals\[0\]\[0\] is -inf"),
        (lambda: dsp.extract([SIGNAL.astype(np.int16)], RATE, "librosa"), r"signals\[0\] has dtype int16"),
        (lambda: dsp.extract([SIGNAL + 1j], RATE, "librosa"), r"signals\[0\] has dtype complex128"),
        (lambda: dsp.extract([np.ones((2, 9000))], RATE, "librosa"), r"signals\[0\] has shape \(2, 9000\)"),
        (lambda: dsp.extract([SIGNAL[:399]], RATE, "kaldi"), r"signals\[0\]: 399 samples give no frame of 400"),
        (lambda: dsp.extract([SIGNAL[:99]], RATE, "torchaudio"), r"signals\[0\]: 99 samples are too few to reflect"),
        (lambda: dsp.extract([SIGNAL[:300]], RATE, WITH_DELTAS), r"signals\[0\]: 1 frames are fewer than width=9"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("batch", [17, 8192])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("place", [0, 1, 4321, 8700, 8998, 8999])  # of 9000 samples; kaldi's frames end before the last
@pytest.mark.parametrize("name", ["librosa", "kaldi"])
def test_one_bad_sample_is_found_wherever_it_is(monkeypatch, name, place, dtype, batch):
    monkeypatch.setattr(engine, "MAX_BATCH_FRAMES", batch)
    for value in (np.nan, -np.inf):
        x = np.sin(np.arange(9000.0)).astype(dtype)
        x[place] = value
        with pytest.raises(ValueError, match=rf"signals\[1\]\[{place}\] is {value}"):
            dsp.extract([SIGNAL, x], RATE, name, dtype="float32")


def test_no_signals():
    assert dsp.extract([], RATE, "librosa") == []


@pytest.mark.parametrize("name", ["librosa", "kaldi", "htk"])
@pytest.mark.parametrize("kind", ["mfcc", "log_mel"])
def test_whole_numbers_in_a_convention_are_numbers(rng, name, kind):
    """floor=1 is floor=1.0: every numeric parameter, as a whole number near its value."""
    x = rng.standard_normal(4000) / 10
    convention, tried = CONVENTIONS[name], 0
    for field in fields(convention):
        value = getattr(convention, field.name)
        if not isinstance(value, float):
            continue
        whole = max(1, round(value))
        try:
            pair = [replace(convention, **{field.name: kind_of(whole)}) for kind_of in (float, int)]
            expected = dsp.extract([x], 16000, pair[0], kind)
        except ValueError:  # such as a window of a second
            continue
        np.testing.assert_array_equal(dsp.extract([x], 16000, pair[1], kind)[0], expected[0], err_msg=field.name)
        tried += 1
    assert tried >= 5


@pytest.mark.parametrize("kind", ["mfcc", "log_mel"])
@pytest.mark.parametrize("place", [0, 7_000, 15_999])
def test_one_bad_sample_of_a_single_clip(rng, place, kind):
    x = rng.standard_normal(16_000).astype(np.float32)
    x[place] = np.nan
    with pytest.raises(ValueError, match=r"signals\[0\]"):
        dsp.extract([x], 16_000, "librosa", kind, "float32")
