"""Invariant: what needs the whole signal is refused with the parameter to change, or replaced by the value so far."""

from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.mfcc import log_compress, log_energy

RANGE, NORMALIZATION = "dynamic_range=None", "normalization=None"
CENTERED = 'framing="valid"'
GREATEST = 'floor_rule="at least" with a floor (now 1e-10)'
REFUSED = {  # preset: what its message says to set
    "librosa": RANGE,
    "librosa_htk": RANGE,
    "torchaudio": RANGE,
    "voicebox": GREATEST,
    "whisper": RANGE,
    "librosa_0_8": RANGE,
    "speechbrain_fbank": RANGE,
    "speechbrain_mfcc": RANGE,
    "nemo": NORMALIZATION,
    "seamless_m4t": NORMALIZATION,
    "speech_to_text": NORMALIZATION,
    "keras": RANGE,
    "whisper_large_v3": RANGE,
    "praat": CENTERED,
    "dey_emodb": RANGE,
    "yadav_crnn": RANGE,
}
CHANGES = {
    RANGE: {"dynamic_range": None},
    NORMALIZATION: {"normalization": None},
    CENTERED: {"framing": "valid"},
    GREATEST: {"floor_rule": "at least"},
    'dc_removal="frame" or None': {"dc_removal": "frame"},
    "reference=None": {"reference": None},
}
RATE = 48_000  # of conventions with a long transform: two presets have filters up to 14 kHz


def stream(convention, kind="log_mel", **options) -> dsp.Stream:
    n_fft = dsp.conventions.named(convention).n_fft
    rate = RATE if isinstance(n_fft, str) or n_fft > 512 else 16_000
    return dsp.Stream(convention, rate, kind=kind, **options)


@pytest.mark.parametrize("name", dsp.CONVENTIONS)
def test_presets(name):
    convention = dsp.CONVENTIONS[name]
    for kind in ["log_mel"] if convention.n_mfcc is None else ["mfcc", "log_mel"]:
        if name not in REFUSED:
            stream(name, kind)
            continue
        with pytest.raises(ValueError) as refusal:
            stream(name, kind)
        message = str(refusal.value)
        assert "\n" not in message and 'normalization="running"' in message
        assert f"needs the whole signal: set {REFUSED[name]} with dataclasses.replace" in message
        stream(replace(convention, **CHANGES[REFUSED[name]]), kind)
        stream(name, kind, normalization="running")


def test_every_reason_is_named():
    convention = replace(
        dsp.CONVENTIONS["kaldi"],
        dc_removal="signal",
        reference="maximum",
        dynamic_range=70.0,
        normalization="mean",
        floor_rule="fraction of maximum",
        floor=1e-8,
    )
    with pytest.raises(ValueError) as refusal:
        dsp.Stream(convention, 16_000)
    assert str(refusal.value).startswith(
        'dc_removal="signal" and floor_rule="fraction of maximum" and reference="maximum" and dynamic_range=70 and '
        'normalization="mean" need the whole signal: set dc_removal="frame" or None and floor_rule="at least" with a '
        "floor (now 1e-08) and reference=None and dynamic_range=None and normalization=None with dataclasses.replace"
    )


def test_only_what_is_done_is_refused():
    """The levels of a convention with normalized cepstra are not normalized; without a logarithm there is no range."""
    normalized = replace(dsp.CONVENTIONS["kaldi"], normalization="mean")
    dsp.Stream(normalized, 16_000, kind="log_mel")
    with pytest.raises(ValueError, match="normalization=None"):
        dsp.Stream(normalized, 16_000, kind="mfcc")
    dsp.Stream(replace(normalized, log=None, dynamic_range=80.0, normalization=None), 16_000)


# the value so far, by definition: at frame t, what the whole signal up to frame t would give


def pushed(x, rate, convention, kind):
    running = dsp.Stream(convention, rate, kind=kind, normalization="running")
    return np.concatenate([*(running.push(piece) for piece in np.array_split(x, 23)), running.finish()], axis=1)


def speech(n=12_000) -> np.ndarray:
    """Very quiet, loud, quiet again, with digital silence after a sixth."""
    level = np.interp(np.arange(n), [0, n // 4, n // 2, n], [-6, -6, -1, -4])
    x = np.random.default_rng(5).standard_normal(n) * 10**level
    x[n // 6 : n // 4] = 0
    return x


RELATIVE = {
    "librosa": {},
    "whisper": {},
    "voicebox": {},
    "keras": {},
    "yadav_crnn": {"reference": "maximum"},
    "zheng_casia": {"dynamic_range": 40.0, "reference": "maximum"},  # the floor is added
    "spafe": {"reference": "maximum", "floor_rule": "fraction of maximum", "floor": 1e-3},
    "python_speech_features": {"dynamic_range": 12.0},  # only zeros become the floor
}


@pytest.mark.parametrize("name", RELATIVE)
def test_running_maximum(name):
    x, rate = speech(), 16_000
    convention = replace(dsp.CONVENTIONS[name], **RELATIVE[name])
    steps = dsp.trace(x, rate, convention, until="mel")
    mel, power = steps["mel"], steps["power"]
    bins = power[steps["filterbank"].any(axis=0)] if "filterbank" in steps else power
    expected = np.stack(
        [log_compress(mel[:, : t + 1], convention, bins[:, : t + 1].max())[:, t] for t in range(mel.shape[1])], axis=1
    )
    np.testing.assert_allclose(pushed(x, rate, convention, "log_mel"), expected, rtol=0, atol=1e-8)
    whole = dsp.log_mel(x, rate, convention)
    assert np.abs(whole - expected).max() > 0.2  # which is what makes it another feature


def test_running_frames_begin_at_the_first_sample():
    """Where a framing centers them, only the length of the whole signal says where the first one begins."""
    x, rate = np.random.default_rng(1).standard_normal(6_043), 16_000
    at_once = replace(dsp.CONVENTIONS["praat"], framing="valid", scale=1.0)
    centered = replace(at_once, framing="valid, centered")
    np.testing.assert_array_equal(pushed(x, rate, centered, "mfcc"), dsp.extract([x], rate, at_once)[0])
    np.testing.assert_array_equal(dsp.extract([x], rate, centered)[0], dsp.extract([x[21:]], rate, at_once)[0])
    with pytest.raises(ValueError, match="framing='valid, centered' needs the whole signal"):
        dsp.stream_frames([x], 480, 80, "valid, centered")


def test_running_maximum_under_cepstra():
    x, rate, convention = speech(), 16_000, dsp.CONVENTIONS["librosa"]
    levels = pushed(x, rate, convention, "log_mel")
    expected = dsp.dct_matrix(20, 128, "ortho", 2) @ levels
    np.testing.assert_allclose(pushed(x, rate, convention, "mfcc"), expected, rtol=0, atol=1e-8)


NORMALIZED = {
    "nemo": {},
    "speech_to_text": {},
    "seamless_m4t": {},
    "espnet": {"normalization": "mean"},
    "ast": {"normalization": "mean and variance", "normalization_eps": 1e-3, "normalization_eps_to": "variance"},
}


@pytest.mark.parametrize("name", NORMALIZED)
def test_running_normalization(name):
    x, rate = speech(), 16_000
    c = replace(dsp.CONVENTIONS[name], **NORMALIZED[name])
    rows = dsp.log_mel(x, rate, replace(c, normalization=None))
    columns = []
    for t in range(rows.shape[1]):
        so_far = rows[:, : t + 1]
        statistics = (c.normalization_ddof, c.normalization_eps, c.normalization_eps_to)
        columns.append((dsp.cmn(so_far) if c.normalization == "mean" else dsp.cmvn(so_far, *statistics))[:, t])
    found = pushed(x, rate, c, "log_mel")
    np.testing.assert_allclose(found, np.stack(columns, axis=1), rtol=0, atol=1e-7 * max(1, np.abs(found).max()))
    assert (found[:, 0] == 0).all()


def test_running_normalization_of_finished_cepstra():
    x, rate = speech(), 16_000
    c = replace(dsp.CONVENTIONS["opensmile_mfcc12"], normalization="mean")
    rows = dsp.mfcc(x, rate, replace(c, normalization=None))
    expected = rows - np.cumsum(rows, axis=1) / np.arange(1, rows.shape[1] + 1)
    np.testing.assert_allclose(pushed(x, rate, c, "mfcc"), expected, rtol=0, atol=1e-9 * np.abs(rows).max())


def test_running_mean_of_the_samples():
    x, rate = speech() / 2 + 0.25, 16_000
    c = replace(dsp.CONVENTIONS["htk"], dc_removal="signal")
    centered = x - np.cumsum(x) / np.arange(1, x.size + 1)
    expected = dsp.log_mel(centered, rate, replace(c, dc_removal=None))
    np.testing.assert_allclose(pushed(x, rate, c, "log_mel"), expected, rtol=0, atol=1e-7)


def test_running_changes_nothing_where_nothing_is_relative():
    x = speech()
    assert pushed(x, 16_000, "kaldi", "mfcc").tobytes() == dsp.extract([x], 16_000, "kaldi")[0].tobytes()


# bad arguments and bad samples


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"convention": "kalid"}, "did you mean 'kaldi'"),
        ({"convention": "kaldi_fbank"}, "has no cepstrum"),
        ({"kind": "mel"}, "kind='mel' is none of"),
        ({"dtype": "int16"}, "dtype='int16'"),
        ({"sample_rate": 0}, "sample_rate=0"),
        ({"sample_rate": 1}, "length=0 is too small"),
        ({"normalization": "mean"}, "normalization='mean' is none of None, 'running'"),
        ({"resample_from": 0}, "sample_rate=0 is too small"),
        ({"resample_from": 10**8}, "too far apart"),
        ({"resample_from": 8000, "sample_rate": 16_000.5}, "not a whole number"),
        ({"convention": replace(dsp.CONVENTIONS["kaldi"], n_fft=2**19)}, "n_fft=524288 is not streamed"),
        ({"convention": replace(dsp.CONVENTIONS["kaldi"], n_fft=8)}, "less than a frame"),
    ],
)
def test_bad_arguments(arguments, message):
    arguments = {"convention": "kaldi", "sample_rate": 16_000} | arguments
    convention, rate = arguments.pop("convention"), arguments.pop("sample_rate")
    with pytest.raises(ValueError, match=message) as refusal:
        dsp.Stream(convention, rate, **arguments)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("resample_from", [None, 48_000])
def test_refused_samples_change_nothing(resample_from):
    x = speech(9000)
    running = dsp.Stream("kaldi", 16_000, resample_from=resample_from)
    parts = [running.push(x[:4000])]
    bad = x[4000:5000].copy()
    bad[7] = np.nan
    for samples, message in (
        (bad, r"samples\[7\] is nan \(sample 4007 of the stream\)"),
        (np.full(3, -np.inf), r"samples\[0\] is -inf \(sample 4000 of the stream\)"),
        (np.ones((2, 5)), r"shape \(2, 5\); one channel"),
        (np.ones(5, np.int16), "dtype int16; real floating-point samples"),
        (np.ones(5, complex), "dtype complex128"),
        (np.ma.masked_array(np.ones(5)), "masked"),
        (x[4000:4100].astype(np.float32), "dtype float32; the stream began with float64"),
        (0.5, "single number"),
        ("noise", r"shape \(\); one channel"),
    ):
        with pytest.raises(ValueError, match=message):
            running.push(samples)
    parts += [running.push(x[4000:]), running.finish()]
    whole = x if resample_from is None else dsp.resample(x, resample_from, 16_000)
    assert np.concatenate(parts, axis=1).tobytes() == dsp.extract([whole], 16_000, "kaldi")[0].tobytes()


def test_nothing_comes_after_the_end():
    ended = dsp.Stream("kaldi", 16_000)
    ended.push(speech(1000))
    ended.finish()
    for call in (lambda: ended.push(np.zeros(10)), ended.finish, lambda: ended.push([])):
        with pytest.raises(ValueError, match=r"reset\(\) begins another signal"):
            call()
    ended.reset()
    ended.push(speech(1000))


def test_too_short_a_signal_is_refused_at_the_end():
    short = dsp.Stream("kaldi", 16_000)
    short.push(np.zeros(399))
    with pytest.raises(ValueError, match="399 samples give no frame of 400"):
        short.finish()
    short.reset()
    assert short.push(np.zeros(400)).shape == (13, 1)


def test_samples_beyond_full_scale_are_mentioned_once():
    loud = dsp.Stream("kaldi", 16_000)
    with pytest.warns(UserWarning, match="beyond full scale") as warnings:
        loud.push(np.full(500, 20_000.0))
        loud.push(np.full(500, 20_000.0))
    assert len(warnings) == 1 and warnings[0].filename == __file__


def test_energy_of_levels_is_counted_among_the_rows():
    convention = replace(dsp.CONVENTIONS["kaldi"], mel_energy="first")
    energetic = dsp.Stream(convention, 16_000, kind="log_mel")
    features = energetic.push(speech(2000))
    assert energetic.n_rows == len(features) == 24
    raw = dsp.trace(speech(2000), 16_000, convention, until="frames")["frames"]
    power = ((raw - raw.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(features[:1], log_energy(power, convention), rtol=1e-9)
