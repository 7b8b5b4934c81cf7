"""Two files of one clip without its audio: every change that people make to features, alone and in pairs, is named.

A layout (cut, padded, transposed ..) and a change of values (normalized, rounded ..) are applied to real features one
after the other. The doctor must say both in either order of the files. Unrelated matrices stay unexplained.
"""

from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor import compare
from dsp.doctor.report import comparison_text

RATE = 16_000
NAMES = ("a.npy", "b.npy")


@pytest.fixture(scope="module")
def features(utterance) -> dict[str, np.ndarray]:
    bands = dsp.log_mel(utterance, RATE, "kaldi")
    return {
        "bands": bands,
        "cepstra": dsp.mfcc(utterance, RATE, "kaldi"),
        "decibels": dsp.log_mel(utterance, RATE, "librosa"),
        "whisper": dsp.log_mel(utterance, RATE, "whisper"),
        "signal": utterance,
    }


def z(x, axis=1, ddof=0):
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True, ddof=ddof)


def min_max(x, axis=1):
    low, high = x.min(axis=axis, keepdims=True), x.max(axis=axis, keepdims=True)
    return (x - low) / (high - low)


def bfloat16(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def stack(x, size, hop, lead):
    """FunASR's low frame rate: `size` frames below each other at every `hop`, the first and last repeated."""
    n = -(-x.shape[1] // hop)
    index = np.clip(hop * np.arange(n) - lead + np.arange(size)[:, None], 0, x.shape[1] - 1)
    return np.concatenate([x[:, frames] for frames in index])


def per_chunk(x, length, change):
    return np.concatenate([change(x[:, k : k + length]) for k in range(0, x.shape[1], length)], axis=1)


def from_frame(x, t, offset):
    y = x.copy()
    y[:, t:] += offset
    return y


def masked(x):
    y = x.copy()
    y[:, 40:52] = 0
    return y


def floored(x):
    return np.maximum(x, np.quantile(x, 0.3))


def energy(x):
    return np.logaddexp.reduce(x - x.mean(), axis=0)[None]


def corpus(x):
    mean, deviation = np.linspace(-3, 4, len(x))[:, None], np.linspace(0.7, 2.9, len(x))[:, None]
    return (x - mean) / deviation


LAYOUTS = {  # name: (change, words of which each must be said)
    "as it is": (lambda x: x, ()),
    "time first": (lambda x: x.T, ("time on the other axis",)),
    "a batch axis": (lambda x: x[None], ("without its axes of length 1",)),
    "cut": (lambda x: x[:, :60], ("cut", "first 60 of")),
    "cut at the start": (lambda x: x[:, 25:], ("cut at the start", "frame 25 of")),
    "padded": (lambda x: np.pad(x, ((0, 0), (0, 55))), ("padded at the end", "55 frames of the constant 0")),
    "last frame repeated": (lambda x: np.pad(x, ((0, 0), (0, 40)), "edge"), ("padded at the end", "40 frames")),
    "tail": (lambda x: x[:, :-1], ("1 frame more at the end",)),
    "late": (lambda x: np.concatenate([x[:, 3:], x[:, :3][:, ::-1]], axis=1), ("lags by 3 frames",)),
    "fewer coefficients": (lambda x: x[: len(x) - 7], ("7 more coefficients",)),
    "energy first": (lambda x: np.concatenate([energy(x), x]), ("one row more before the others",)),
    "energy last": (lambda x: np.concatenate([x, energy(x)]), ("one row more after the others",)),
    "reversed rows": (lambda x: x[::-1], ("reverse order",)),
    "first row last": (lambda x: np.roll(x, -1, axis=0), ("as c0 is with HTK",)),
    "every second frame": (lambda x: x[:, ::2], ("every second frame",)),
    "stacked": (lambda x: stack(x[:, : x.shape[1] // 3 * 3], 3, 3, 0), ("3 frames of", "below each other")),
    "low frame rate": (lambda x: stack(x, 7, 6, 3), ("lfr_m=7, lfr_n=6",)),
}
VALUES = {
    "as they are": (lambda x: x, ()),
    "float16": (lambda x: x.astype(np.float16), ("float16",)),
    "bfloat16": (bfloat16, ("bfloat16",)),
    "three decimals": (lambda x: np.round(x, 2), ("2 decimals",)),
    "decibels": (lambda x: x * 10 / np.log(10), ("decibels of power against natural logarithms",)),
    "base 2": (lambda x: x / np.log(2), ("logarithms to base 2",)),
    "16-bit samples": (lambda x: x + 2 * np.log(32768), ("2 ln 32768",)),
    "z-scores": (z, ("z-scores of each row (ddof=0)",)),
    "z-scores, ddof 1": (lambda x: z(x, ddof=1), ("z-scores of each row (ddof=1)",)),
    "z-scores of the file": (lambda x: z(x, None), ("z-scores of the whole file (ddof=0)",)),
    "mean subtracted": (lambda x: x - x.mean(axis=1, keepdims=True), ("about the mean of each row",)),
    "min-max": (min_max, ("min-max values, 0 to 1, of each row",)),
    "min-max of the file": (lambda x: min_max(x, None), ("min-max values, 0 to 1, of the whole file",)),
    "relative to the maximum": (lambda x: x - x.max(), ("the maximum of the whole file",)),
    "a corpus": (corpus, ("constants from elsewhere",)),
    "a lifter": (lambda x: x * dsp.lifter(len(x), 22)[:, None], ("a sine lifter of length 22",)),
    "a floor": (floored, ("has a floor at",)),
    "masked frames": (masked, ("are constant at 0: masked, or padded",)),
    "from a frame on": (lambda x: from_frame(x, 50, -1.0), ("equal before frame", "on, an offset of")),
    "means of chunks": (
        lambda x: per_chunk(x, 30, lambda part: part - part.mean(axis=1, keepdims=True)),
        ("about the mean of each row, taken of chunks of 30 frames",),
    ),
}
# What stands in the way: nothing is left to see, or two answers are right.
NOT_TOGETHER = {
    ("every second frame", "masked frames"),
    ("every second frame", "from a frame on"),
    ("every second frame", "means of chunks"),
    ("low frame rate", "masked frames"),
    ("low frame rate", "from a frame on"),
    ("low frame rate", "means of chunks"),
    ("stacked", "masked frames"),
    ("stacked", "from a frame on"),
    ("stacked", "means of chunks"),
}
ONLY = {"a lifter": "cepstra", "16-bit samples": "bands", "a floor": "bands"}
PAIRS = [(layout, value) for layout in LAYOUTS for value in VALUES if (layout, value) not in NOT_TOGETHER]


def changed(layout: str, value: str, x: np.ndarray) -> np.ndarray:
    """The values are changed first, but for what is done to stored numbers at the end."""
    change_layout, change_values = LAYOUTS[layout][0], VALUES[value][0]
    if value in ("float16", "bfloat16", "three decimals"):
        return change_values(change_layout(x))
    return change_layout(change_values(x))


def missing(a, b, words) -> str:
    """What the doctor should have said; empty if it said all."""
    found = compare(a, b, names=NAMES)
    said = comparison_text(found)
    lacking = [word for word in words if word not in said]
    if found.verdict not in ("explained", "equal") or lacking:
        return f"{lacking}: {said}"
    return ""


@pytest.mark.parametrize(("layout", "value"), PAIRS, ids=lambda name: name.replace(" ", "_"))
def test_a_layout_and_a_change_of_values(layout, value, features):
    x = features[ONLY.get(value, "bands" if "energy" in layout else "cepstra")]
    y = changed(layout, value, x)
    words = (*LAYOUTS[layout][1], *VALUES[value][1])
    assert not missing(y, x, words)
    assert not missing(x, y, words)


def unrelated(rng, features, utterance):
    """Pairs without a relation: noise, smooth noise, another clip, another kind of features, chroma-like folds."""
    other = dsp.log_mel(rng.permutation(utterance.reshape(-1, 1)).ravel()[: utterance.size], RATE, "kaldi")
    x = features["bands"]
    shape = x.shape
    smooth = np.cumsum(rng.standard_normal(shape), axis=1)
    chroma = np.stack([x[k::12].mean(axis=0) for k in range(12)])
    return {
        "noise": (rng.standard_normal(shape), x),
        "smooth noise": (smooth, x),
        "two noises": (rng.standard_normal((20, 90)), rng.standard_normal((20, 90))),
        "smooth noises": (smooth, np.cumsum(rng.standard_normal(shape), axis=1)),
        "another clip": (other, x),
        "reversed in time": (x[:, ::-1], x),
        "another kind": (dsp.mfcc(utterance, RATE, "kaldi"), features["cepstra"] ** 2),
        "chroma": (chroma, chroma[::-1] * rng.standard_normal((12, 1)) + rng.standard_normal(chroma.shape)),
        "other sizes": (rng.standard_normal((40, 70)), x),
        "few frames": (rng.standard_normal((13, 8)), rng.standard_normal((13, 8))),
    }


def test_unrelated_matrices_stay_unexplained(features, utterance):
    wrong = []
    for seed in range(10):
        for name, (a, b) in unrelated(np.random.default_rng(seed), features, utterance).items():
            found = compare(a, b)
            if found.verdict != "unexplained":
                wrong.append((seed, name, found.findings))
    assert not wrong


@pytest.mark.parametrize("seed", range(5))
def test_rounding_to_nothing_is_no_evidence(seed):
    """Whole numbers that hardly leave 0 agree to within their rounding, whatever they were."""
    rng = np.random.default_rng(seed)
    a, b = (np.round(0.6 * rng.standard_normal((13, 90))) for _ in range(2))
    assert compare(a, b).verdict == "unexplained"


@pytest.mark.parametrize("turned", [False, True])
def test_a_constant_matrix_says_nothing(features, turned):
    x = features["bands"]
    floor = np.full(x.shape, np.log(np.finfo(np.float32).eps), np.float32)
    found = compare(*((x, floor) if turned else (floor, x)), names=NAMES)
    assert found.verdict == "unexplained" and not found.findings and found.gain is None
    assert any("every value stands at -15.9424, which is ln(FLT_EPSILON), a floor" in one for one in found.remarks)


def test_a_gain_of_zero_is_no_relation(features):
    """A file that hardly moves about constant rows follows nothing."""
    x = features["bands"]
    rows = np.arange(len(x))[:, None] + 1e-9 * np.random.default_rng(0).standard_normal(x.shape)
    found = compare(rows, x)
    assert found.verdict == "unexplained" and any("are constant" in one for one in found.remarks)


def test_constant_rows_are_named(features):
    x = features["bands"]
    y = 2 * x
    y[[3, 4]] = -7.5
    found = compare(y, x, names=NAMES)
    assert found.verdict == "explained" and "gain 2" in comparison_text(found)
    assert "rows 3, 4 of a.npy are constant at -7.5: not compared" in found.remarks


@pytest.mark.parametrize("order", [1, -1])
def test_a_floor_of_one_file(utterance, order):
    """16-bit samples against samples between -1 and 1 under Kaldi's floor."""
    kaldi = CONVENTIONS["kaldi"]
    pair = [dsp.log_mel(utterance, RATE, replace(kaldi, n_mels=80, scale=scale)) for scale in (32768.0, 1.0)]
    found = compare(*pair[::order])
    said = comparison_text(found)
    assert found.verdict == "explained" and "2 ln 32768" in said and "ln(FLT_EPSILON)" in said


def test_deviations_of_two_kinds(features):
    x = features["cepstra"]
    found = compare(z(x), z(x, ddof=1))
    assert found.verdict == "explained" and "a standard deviation with ddof=1" in found.findings[0]


def test_the_offset_of_c0_is_named(utterance):
    c = replace(CONVENTIONS["kaldi"], energy=None, lifter=0.0)
    a, b = (dsp.mfcc(utterance, RATE, replace(c, scale=scale, floor=1e-30)) for scale in (32768.0, 1.0))
    (finding,) = compare(a, b).findings
    assert finding.startswith("only row 0 differs, by an offset of 99.72") and "sqrt(23) x 2 ln 32768" in finding


def test_channels(features):
    left, right = features["cepstra"], features["cepstra"][:, ::-1] * 1.3
    both, swapped = np.stack([left, right]), np.stack([right, left])
    assert "the channels of the two files are swapped" in compare(both, swapped).findings
    assert "a.npy is channel 1 of b.npy" in compare(right, both, names=NAMES).findings
    last = compare(np.moveaxis(both, 0, 2), both, names=NAMES)
    assert last.verdict == "equal" and "a.npy has 2 channels on its last axis" in last.remarks
    turned = compare(both.transpose(0, 2, 1), both + 3.0, names=NAMES)
    assert turned.verdict == "explained" and "b.npy has time on the other axis (last)" in turned.findings
    assert any("offset -3" in finding for finding in turned.findings)


def test_the_upper_half_of_float32_is_bfloat16(features):
    """Half of the tools round to bfloat16, the others cut: neither is a gain."""
    x = features["cepstra"].astype(np.float32)
    cut = (x.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    for a, b in ((cut, x), (x, cut)):
        assert not missing(a, b, ("equal to the rounding of bfloat16",))


def test_a_lifter_shorter_than_the_cepstra(features):
    """Its weights are negative from its length on."""
    x = dsp.mfcc(features["signal"], RATE, replace(CONVENTIONS["librosa"], n_mfcc=40))
    assert not missing(x * dsp.lifter(40, 22)[:, None], x, ("a.npy applies a sine lifter of length 22",))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_masked_values_are_refused_with_their_place(features, bad):
    x = features["cepstra"].copy()
    x[3, 7] = bad
    with pytest.raises(ValueError, match=rf"b.npy\[3, 7\] is {bad}; every value must be finite: replace masked"):
        compare(features["cepstra"], x, names=NAMES)
    x[4, 7] = bad
    with pytest.raises(ValueError, match=r"as are 1 other value"):
        compare(features["cepstra"], x, names=NAMES)


@pytest.mark.parametrize("shape", [(3,), (9, 9, 9), (0, 5), (1, 3)])
def test_other_shapes_are_refused(features, shape):
    with pytest.raises(ValueError, match=r"the first has shape \("):
        compare(np.ones(shape), features["cepstra"])


def test_the_first_two_lines_say_what_differs_and_what_to_change(features):
    x = features["cepstra"]
    first, second, *_ = comparison_text(compare(x.T[:60], x, names=NAMES)).split("\n")
    assert first.startswith("explained: b.npy has time on the other axis (last); a.npy is cut: it has the first 60 of")
    assert second.startswith("to get a.npy from b.npy: transpose it; keep its first 60 of")
