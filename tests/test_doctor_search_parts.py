"""The doctor's search part by part: foretold sets of changes, floors as numbers, the bench that remembers stages."""

import time
from dataclasses import replace

import numpy as np
import pytest

import dsp
from dsp.conventions.registry import CONVENTIONS
from dsp.doctor.identify import identify
from dsp.doctor.search.band_edges import to_the_hertz
from dsp.doctor.search.coordinate_descent import Descent, clock, golden_section
from dsp.doctor.search.dither_and_resampling import DITHER
from dsp.doctor.search.interpretations import readings
from dsp.doctor.search.joint_moves import promising
from dsp.doctor.search.moves import changed
from dsp.doctor.search.residuals import CLASSES, Rows, distance, misfit, row_distance
from dsp.doctor.search.search import Search
from dsp.doctor.search.stage_cache import Bench
from dsp.doctor.search.verdict import FLOAT32_TOLERANCE, judged, tolerances
from dsp.resampling import resample
from tests.conftest import with_slow

RATE = 16_000
SECONDS = 60.0


def test_two_changes_that_help_only_together_are_foretold():
    """r + d_a and r + d_b are longer than r, r + d_a + d_b is 0; c helps a little alone."""
    now = np.array([1.0, 0.0])
    tried = [
        ({"a": 1}, np.array([0.5, 2.0])),
        ({"b": 1}, np.array([0.5, -2.0])),
        ({"c": 1}, np.array([0.9, 0.0])),
    ]
    sets = list(promising(now, tried, most=1))
    assert sets[0] == {"c": 1}
    assert sets[1] == {"a": 1, "b": 1}


def test_no_set_changes_a_parameter_twice():
    rng = np.random.default_rng(0)
    tried = [({"a": n}, rng.standard_normal(5)) for n in range(6)]
    assert all(len(joined) == 1 for joined in promising(rng.standard_normal(5), tried, most=9))


def test_golden_section():
    assert golden_section(lambda x: abs(x - 0.3), -1, 1) == pytest.approx(0.3, abs=1e-6)


def test_waiting_for_the_processor_does_not_count():
    descent = Descent(clock() + 0.05, 0.0)
    time.sleep(0.2)
    assert not descent.over()
    begun = time.monotonic()
    while not descent.over() and time.monotonic() < begun + 60:
        pass
    assert descent.over()


def test_the_norm_of_a_misfit_is_the_distance(rng):
    F, G = rng.standard_normal((2, 5, 40))
    assert np.linalg.norm(misfit(F, G)) == pytest.approx(distance(F, G))
    correlations = np.array([np.corrcoef(f, g)[0, 1] for f, g in zip(F, G, strict=True)])
    assert row_distance(F, G) == pytest.approx(np.sqrt(np.mean(1 - correlations**2)))
    assert np.linalg.norm(Rows(F).misfit(2 - 3 * F)) < 1e-12
    assert np.linalg.norm(Rows(F, positive=True).misfit(2 - 3 * F)) == pytest.approx(1)


def test_a_change_without_checks_is_the_same():
    c = CONVENTIONS["kaldi"]
    assert changed(c, {"n_mels": 40, "window": "hann"}) == replace(c, n_mels=40, window="hann")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize(
    "change", [{}, {"scale": 3.0, "spectrum_scaling": "one-sided, doubled"}, {"spectrum": "magnitude"}]
)
def test_the_bench_gives_the_textbooks_features(name, change, utterance):
    """Scales and norms multiply bands there and spectra here; filters are without their zeros there."""
    c = replace(CONVENTIONS[name], f_max=None, **change)
    for kind in ("mfcc", "log_mel") if c.n_mfcc else ("log_mel",):
        expected = getattr(dsp, kind)(utterance, RATE, c)
        found = Bench(utterance, RATE).features(c, kind)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["librosa", "kaldi", "scipy_spectrogram"])
def test_a_long_clip_is_taken_in_parts(name, utterance, monkeypatch):
    """And what is kept, of all of its frames and of some, is not mixed up; nor is too much kept."""
    of_frames = replace(CONVENTIONS[name], dynamic_range=None, reference=None)  # a maximum is of what is looked at
    conventions = [of_frames, replace(of_frames, window="sine"), replace(of_frames, window="blackman"), of_frames]
    whole = [dsp.log_mel(utterance, RATE, c) for c in conventions]
    monkeypatch.setattr("dsp.doctor.search.stage_cache.MOST_AT_ONCE", 3000)
    monkeypatch.setattr("dsp.doctor.search.stage_cache.MOST_NUMBERS", 3 * whole[0].size)
    bench = Bench(utterance, RATE)
    for columns in (slice(None), np.array([3, 40]), slice(None), np.array([4, 41]), np.array([3, 40])):
        bench.look_at(None if isinstance(columns, slice) else columns)
        for c, expected in zip(conventions, whole, strict=True):
            np.testing.assert_allclose(bench.static(c, "log_mel"), expected[:, columns], rtol=0, atol=1e-9)
            assert sum(a.size for kept in bench._mels.kept.values() for a in kept) <= 3 * whole[0].size


HIDDEN = {  # conventions that hide most of themselves, or lie far from every preset
    "a floor over most values": ("wang_cl", "mfcc", {"spectrum_norm": "n_fft", "floor": 1e-6}),
    "a floor and another scale": ("htk", "mfcc", {"scale": 1.0, "floor": 1e-4, "last_frame": "dropped"}),
    "DCT-III, liftered": ("finch_dycnn", "mfcc", {"dct_type": 3, "lifter": 12.0, "scale": 32_768.0}),
    "DCT-III, below the maximum": ("htk", "mfcc", {"dct_type": 3, "reference": "maximum", "n_mels": 40}),
    "empty bands under DCT-III": (
        "spafe",
        "mfcc",
        {"preemphasis": 0.0, "window_symmetry": "periodic", "n_mels": 128, "dct_type": 3},
    ),
    "normalised, with a range below the maximum": (
        "librosa",
        "mfcc",
        {"normalization": "mean and variance", "mel_norm": "doubled"},
    ),
    "without its mean": ("librosa", "mfcc", {"normalization": "mean", "n_mfcc": 13}),
    "a transform of eight frames": ("voicebox", "log_mel", {"n_fft": 2048, "window": "tukey", "dc_removal": "signal"}),
    "no mel filters, 20 log10 of a power": ("zheng_casia", "log_mel", {"scale": 32_768.0, "spectrum": "power"}),
    "other bands, edges and rows": (
        "matlab_audio_toolbox",
        "mfcc",
        {"frame_length_s": 0.02, "n_mels": 23, "f_max": 4000.0, "mel_norm": "sum"},
    ),
    "frames of a round number of samples": (
        "librosa",
        "mfcc",
        {"frame_length": 1000, "hop_length": 250, "n_fft": 1000},
    ),
    "ln(x + 1e-6)": (
        "librosa",
        "log_mel",
        {"n_fft": 1024, "frame_length": 1024, "hop_length": 256, "n_mels": 80, "log": "ln", "floor": 1e-6}
        | {"floor_rule": "add", "dynamic_range": None},
    ),
}


SLOW = ("ln(x + 1e-6)", "frames of a round number of samples", "other bands, edges and rows")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", with_slow(HIDDEN, *SLOW))
def test_hidden_conventions(name, utterance):
    preset, kind, change = HIDDEN[name]
    features = getattr(dsp, kind)(utterance, RATE, replace(CONVENTIONS[preset], **change))
    found = identify(features, utterance, RATE, SECONDS)
    assert found.verdict == "exact"
    again = getattr(dsp, found.kind)(utterance, RATE, found.convention)
    np.testing.assert_allclose(again, features, rtol=0, atol=1e-6 * np.abs(features).max())


def test_what_a_normalised_row_may_be_off_by_is_in_its_own_units(utterance):
    """A row that was divided by its deviation may be off by as much less."""
    c = replace(CONVENTIONS["essentia"], f_max=None, normalization="mean and variance")
    features = dsp.mfcc(utterance, RATE, c)
    reading = next(readings(features))
    allowed = tolerances(Bench(utterance, RATE), reading, c, 2e-16)
    plain = dsp.mfcc(utterance, RATE, replace(c, normalization=None))
    allowed_plain = tolerances(Bench(utterance, RATE), next(readings(plain)), replace(c, normalization=None), 2e-16)
    base = FLOAT32_TOLERANCE
    of_row = (allowed - base * np.abs(features).max()).max(axis=1)
    np.testing.assert_allclose(
        of_row * plain.std(axis=1), (allowed_plain - base * np.abs(plain).max()).max(), rtol=1e-6
    )


@pytest.mark.parametrize(("low", "high"), [(33.0, 7123.0), (0.0, 5001.0), (300.0, 3800.0), (300.0, 5500.0)])
@pytest.mark.parametrize("triangles", ["hz", "mel", "bins"])
def test_a_range_that_nobody_is_used_to_is_found(low, high, triangles, utterance):
    """To the hertz, or to the same filters where these begin and end at bins."""
    lengths = {"n_fft": 512, "frame_length": 512, "n_mels": 30}
    start = replace(CONVENTIONS["librosa"], mel_triangles=triangles, mel_norm=None, **lengths)
    c = replace(start, f_min=low, f_max=high)
    F = dsp.log_mel(utterance, RATE, c)
    reading = next(r for r in readings(F) if r.kind == "log_mel" and not r.transposed and not r.linear)
    search = Search(Bench(utterance, RATE), reading, clock() + SECONDS, 1e-16)
    found = to_the_hertz(search, replace(start, n_mfcc=None))
    np.testing.assert_allclose(dsp.log_mel(utterance, RATE, found), F, atol=1e-9)
    assert triangles == "bins" or (found.f_min, found.f_max) == (low, high)


def test_a_thousandth_of_the_values_may_be_farther_off_and_no_more(utterance):
    """Of a band with next to nothing in it little is left in float32; many such values are no rounding."""
    F = dsp.log_mel(utterance, RATE, "kaldi")
    bench = Bench(utterance, RATE)
    weak = np.argsort(bench.drift(CONVENTIONS["kaldi"], 1e-7), axis=None)[::-1]
    for share, rank in ((0.0008, 0), (0.01, len(CLASSES) + 1)):
        G = F.copy()
        G.ravel()[weak[: int(share * F.size)]] += 2e-3
        reading = next(r for r in readings(G) if r.kind == "log_mel" and not r.transposed and not r.linear)
        assert judged(bench, reading, CONVENTIONS["kaldi"], 1e-12)[0] == rank


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["log_mel", "mfcc"])
def test_dither_is_a_class(kind, utterance):
    """Noise of another seed than dsp's own, in each frame its own or not: the same on average."""
    noise = np.random.default_rng(5).standard_normal(utterance.size) / 32_768
    features = getattr(dsp, kind)(utterance + noise, RATE, "kaldi").astype(np.float32)
    found = identify(features, utterance, RATE, 20.0)
    assert (found.verdict, found.left_open, found.nearest) == ("explained up to a class", DITHER, "kaldi")
    assert 0.7 < found.convention.dither < 1.4
    assert set(found.differences) - {"n_mfcc"} == {"dither"}


def test_what_is_no_noise_is_no_dither(utterance):
    """An offset in one row, and values rounded: as large as dither, but not where dither would be."""
    features = dsp.log_mel(utterance, RATE, "kaldi")
    for wrong in (features + 0.05 * np.sin(np.arange(len(features)))[:, None] ** 2 * features, np.round(features, 1)):
        assert identify(wrong, utterance, RATE, 8.0).left_open != DITHER


def test_a_signal_at_another_rate_is_hinted_at(utterance):
    features = dsp.mfcc(resample(utterance, RATE, 22_050), 22_050, "librosa")
    found = identify(features, utterance, RATE, 20.0)
    assert found.verdict == "unexplained"
    assert any("22050 Hz" in note for note in found.notes)
