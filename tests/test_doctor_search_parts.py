"""The doctor's search part by part: predicted sets of moves, floors as numbers, the cache of stages, deadlines."""

import time
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import dsp
from dsp.conventions.parameters import WORDS, Convention
from dsp.conventions.registry import CONVENTIONS
from dsp.conventions.sizes import sizes
from dsp.doctor.identify import identify
from dsp.doctor.search.band_edges import fit_to_the_hertz
from dsp.doctor.search.changes import Oriented
from dsp.doctor.search.coordinate_descent import golden_section
from dsp.doctor.search.deadline import WALL_S, WORK, Deadline
from dsp.doctor.search.dither_and_resampling import DITHER
from dsp.doctor.search.frame_grids import grids
from dsp.doctor.search.interpretations import interpretations
from dsp.doctor.search.joint_moves import promising_sets
from dsp.doctor.search.residuals import (
    AffineRows,
    affine_distance,
    relative_distance,
    relative_residual,
)
from dsp.doctor.search.search import Search
from dsp.doctor.search.sparse_filters import filter_frames, sparse_filters
from dsp.doctor.search.stage_cache import StageCache
from dsp.doctor.search.trials import apply_move
from dsp.doctor.search.verdict import EXACT, FLOAT32_TOLERANCE, UNEXPLAINED, judge, tolerances
from tests.conftest import with_slow

RATE = 16_000
TIME_LIMIT = 600.0  # a safety net: a case takes up to 15 s of work, and longer on a busy machine


def test_two_moves_that_help_only_together_are_predicted():
    """r + d_a and r + d_b are longer than r, r + d_a + d_b is 0; c helps a little alone."""
    now = np.array([1.0, 0.0])
    tried = [
        ({"a": 1}, np.array([0.5, 2.0])),
        ({"b": 1}, np.array([0.5, -2.0])),
        ({"c": 1}, np.array([0.9, 0.0])),
    ]
    sets = list(promising_sets(now, tried, per_size=1))
    assert sets[0] == {"c": 1}
    assert sets[1] == {"a": 1, "b": 1}


def test_no_set_changes_a_parameter_twice():
    rng = np.random.default_rng(0)
    tried = [({"a": n}, rng.standard_normal(5)) for n in range(6)]
    sets = list(promising_sets(rng.standard_normal(5), tried, per_size=9))
    assert sorted(joined["a"] for joined in sets) == list(range(6))  # each alone, and none of two or more


def test_golden_section():
    assert golden_section(lambda x: abs(x - 0.3), -1, 1) == pytest.approx(0.3, abs=1e-6)


def test_work_is_counted_and_not_timed(utterance):
    deadline = Deadline.for_search(TIME_LIMIT, effort=1e-4)
    time.sleep(0.2)
    assert not deadline.is_over()
    cache = StageCache(utterance, RATE, work=deadline.work)
    for name in ("librosa", "kaldi", "whisper"):
        cache.features(CONVENTIONS[name], "log_mel")
    done = deadline.work.done
    assert deadline.is_over() and not deadline.is_late()
    again = StageCache(utterance, RATE)
    for name in ("librosa", "kaldi", "whisper"):
        again.features(CONVENTIONS[name], "log_mel")
    assert again.work.done == done


def test_a_deadline_ends_by_the_clock_too():
    """A machine that gives no processor time must still get an answer."""
    deadline = Deadline.for_search(time_limit=0.05)
    assert not deadline.is_over() and not deadline.part(0.5).is_over()
    time.sleep(0.2)
    assert deadline.is_over() and deadline.part(0.5).is_over() and deadline.is_late()


def test_a_part_of_a_deadline():
    whole = Deadline.for_search(time_limit=1000)
    assert whole.part(0.25).most == pytest.approx(whole.most / 4)
    assert whole.part(0.25).wall == pytest.approx(whole.wall - 750, abs=1)
    assert whole.part(0.25).work is whole.work


def test_effort_multiplies_work_and_the_time_that_it_may_take():
    now = time.monotonic()
    for limit, effort, seconds in ((None, 1.0, WALL_S), (None, 3.0, 3 * WALL_S), (5.0, 3.0, 5.0)):
        deadline = Deadline.for_search(limit, effort)
        assert deadline.most == effort * WORK
        assert deadline.wall - now == pytest.approx(seconds, abs=1)


def test_the_norm_of_a_residual_is_the_distance(rng):
    F, G = rng.standard_normal((2, 5, 40))
    assert np.linalg.norm(relative_residual(F, G)) == pytest.approx(relative_distance(F, G))
    correlations = np.array([np.corrcoef(f, g)[0, 1] for f, g in zip(F, G, strict=True)])
    assert affine_distance(F, G) == pytest.approx(np.sqrt(np.mean(1 - correlations**2)))
    assert np.linalg.norm(AffineRows(F).residual(2 - 3 * F)) < 1e-12
    assert np.linalg.norm(AffineRows(F, positive=True).residual(2 - 3 * F)) == pytest.approx(1)


def test_the_residual_is_what_a_least_squares_line_leaves_of_each_row(rng):
    """With masked cells and a row that is constant in F alone, against numpy.polyfit row by row."""
    F, G = rng.standard_normal((2, 6, 30))
    F[3], G[4] = 2.0, -1.0
    counted = rng.random((6, 30)) < 0.8
    for cells in (None, counted):
        expected = []
        for f, g, used in zip(F, G, np.ones((6, 30), bool) if cells is None else cells, strict=True):
            f, g = f[used], g[used]
            rest = f - f.mean() if np.ptp(g) == 0 else f - np.polyval(np.polyfit(g, f, 1), g)
            spread = np.sum((f - f.mean()) ** 2)
            expected.append(1.0 if np.ptp(f) == 0 else np.sum(rest**2) / spread)
        residual = AffineRows(F, cells).residual(G).reshape(6, 30)
        if cells is None:
            np.testing.assert_allclose(6 * np.sum(residual**2, axis=1), expected, rtol=1e-9)
        assert affine_distance(F, G, cells) == pytest.approx(np.sqrt(np.mean(expected)), rel=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("triangles, norm", list(product(WORDS["mel_triangles"], WORDS["mel_norm"])))
def test_filters_without_zeros_are_those_of_mel_filterbank(triangles, norm):
    for n_mels, n_fft, f_min, f_max, scale in (
        (26, 512, 0.0, None, "htk"),
        (128, 400, 20.0, 7600.0, "slaney"),  # some of them empty
        (23, 513, 133.0, 4000.0, "kaldi"),
        (1, 64, 300.0, 3000.0, "htk"),
    ):
        c = Convention(n_mels=n_mels, f_min=f_min, f_max=f_max, mel_scale=scale, mel_triangles=triangles, mel_norm=norm)
        dense = dsp.mel_filterbank(n_mels, n_fft, RATE, f_min, f_max, scale, triangles, norm)
        sparse = sparse_filters(n_fft, RATE, c)
        filled, position = np.zeros_like(dense), 0
        for m, (first, n) in enumerate(zip(sparse.first, sparse.n_bins, strict=True)):
            filled[m, first : first + n] = sparse.weights[position : position + n]
            position += n
        np.testing.assert_allclose(filled, dense, rtol=1e-14)
        assert position == sparse.weights.size == np.count_nonzero(dense)
        power = np.random.default_rng(0).random((n_fft // 2 + 1, 5))
        bands, total, greatest = filter_frames(*sparse, power)
        np.testing.assert_allclose(bands, dense @ power, rtol=1e-12)
        np.testing.assert_allclose(total, power.sum(axis=0), rtol=1e-12)
        used = np.flatnonzero(dense.any(axis=0))
        np.testing.assert_array_equal(greatest, power[used.min() : used.max() + 1].max(axis=0))


def test_a_move_without_checks_is_the_same():
    c = CONVENTIONS["kaldi"]
    assert apply_move(c, {"n_mels": 40, "window": "hann"}) == replace(c, n_mels=40, window="hann")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize(
    "change", [{}, {"scale": 3.0, "spectrum_scaling": "one-sided, doubled"}, {"spectrum": "magnitude"}]
)
def test_the_cache_gives_the_textbooks_features(name, change, utterance):
    """The cache applies scales and norms to bands instead of spectra, and drops the zeros of filters."""
    c = replace(CONVENTIONS[name], f_max=None, **change)
    for kind in ("mfcc", "log_mel") if c.n_mfcc else ("log_mel",):
        expected = getattr(dsp, kind)(utterance, RATE, c)
        found = StageCache(utterance, RATE).features(c, kind)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["librosa", "kaldi", "scipy_spectrogram"])
def test_a_long_clip_is_taken_in_parts(name, utterance, monkeypatch):
    """What is kept of all frames and of some is not mixed up, and not too much is kept."""
    of_frames = replace(CONVENTIONS[name], dynamic_range=None, reference=None)  # a maximum is of what is looked at
    conventions = [of_frames, replace(of_frames, window="sine"), replace(of_frames, window="blackman"), of_frames]
    whole = [dsp.log_mel(utterance, RATE, c) for c in conventions]
    monkeypatch.setattr("dsp.doctor.search.stage_cache.MAX_AT_ONCE", 3000)
    monkeypatch.setattr("dsp.doctor.search.stage_cache.MAX_NUMBERS", 3 * whole[0].size)
    cache = StageCache(utterance, RATE)
    for columns in (None, np.array([3, 40]), None, np.array([4, 41]), np.array([3, 40])):
        for c, expected in zip(conventions, whole, strict=True):
            expected = expected if columns is None else expected[:, columns]
            np.testing.assert_allclose(cache.static(c, "log_mel", columns), expected, rtol=0, atol=1e-9)
            assert sum(a.size for entry in cache._mels.entries.values() for a in entry) <= 3 * whole[0].size


def test_columns_are_part_of_the_question(utterance):
    """The cache has no state that one caller sets and another reads: the order of questions does not matter."""
    c, columns = CONVENTIONS["librosa"], np.array([1, 5])
    asked_before = StageCache(utterance, RATE)
    some = asked_before.static(c, "log_mel", columns), asked_before.greatest(c, columns)
    whole = asked_before.static(c, "log_mel"), asked_before.greatest(c)
    fresh = StageCache(utterance, RATE)
    np.testing.assert_array_equal(whole[0], fresh.static(c, "log_mel"))
    np.testing.assert_array_equal(some[0], fresh.static(c, "log_mel", columns))
    assert whole[1] == fresh.greatest(c) > some[1] == fresh.greatest(c, columns)


HIDDEN = {  # conventions that hide most of what they are, or are far from every preset
    "a floor over most values": ("wang_cl", "mfcc", {"spectrum_norm": "n_fft", "floor": 1e-6}),
    "a floor and another scale": ("htk", "mfcc", {"scale": 1.0, "floor": 1e-4, "last_frame": "dropped"}),
    "DCT-III, liftered": ("finch_dycnn", "mfcc", {"dct_type": 3, "lifter": 12.0, "scale": 32_768.0}),
    "DCT-III, below the maximum": ("htk", "mfcc", {"dct_type": 3, "reference": "maximum", "n_mels": 40}),
    "empty bands under DCT-III": (
        "spafe",
        "mfcc",
        {"preemphasis": 0.0, "window_symmetry": "periodic", "n_mels": 128, "dct_type": 3},
    ),
    "normalized, with a range below the maximum": (
        "librosa",
        "mfcc",
        {"normalization": "mean and variance", "mel_norm": "doubled"},
    ),
    "with its mean subtracted": ("librosa", "mfcc", {"normalization": "mean", "n_mfcc": 13}),
    "a transform of eight frames": ("voicebox", "log_mel", {"n_fft": 2048, "window": "tukey", "dc_removal": "signal"}),
    "a floor above every value": ("kaldi", "log_mel", {"scale": 1.0, "floor_rule": "add", "floor": 50.0}),
    "no mel filters, 20 log10 of a power": ("zheng_casia", "log_mel", {"scale": 32_768.0, "spectrum": "power"}),
    "other bands, edges and norm": (
        "matlab_audio_toolbox",
        "mfcc",
        {"n_mels": 23, "f_max": 4000.0, "mel_norm": "sum"},
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


SLOW = ("ln(x + 1e-6)", "frames of a round number of samples", "other bands, edges and norm")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", with_slow(HIDDEN, *SLOW))
def test_hidden_conventions(name, utterance):
    preset, kind, change = HIDDEN[name]
    features = getattr(dsp, kind)(utterance, RATE, replace(CONVENTIONS[preset], **change))
    found = identify(features, utterance, RATE, TIME_LIMIT, effort=3)
    assert found.verdict == "exact"
    again = getattr(dsp, found.kind)(utterance, RATE, found.convention)
    np.testing.assert_allclose(again, features, rtol=0, atol=1e-6 * np.abs(features).max())


def test_a_floor_under_the_root(utterance):
    quiet = 0.03 * utterance
    c = replace(CONVENTIONS["hifigan"], spectrum_floor_rule="at least", hop_length=200, floor=1e-10)
    found = identify(dsp.log_mel(quiet, RATE, c), quiet, RATE)
    assert (found.verdict, found.convention.spectrum_floor_rule) == ("exact", "at least")


def test_normalized_powers_are_not_taken_for_logarithms(utterance):
    linear = replace(CONVENTIONS["seamless_m4t"], scale=1.0, log=None, normalization_eps=0.0)
    F = dsp.log_mel(utterance, RATE, linear)
    drowned = replace(
        linear, log="ln", floor_rule="add", floor=1e6
    )  # ln(1e6 + x) is x / 1e6 + ln(1e6), normalized the same
    np.testing.assert_allclose(dsp.log_mel(utterance, RATE, drowned), F, atol=1e-3)
    cache = StageCache(utterance, RATE)
    found = next(
        one for one in interpretations(F) if one.kind == "log_mel" and one.normalization and not one.transposed
    )
    search = Search(cache, found, Deadline.for_search(), FLOAT32_TOLERANCE)
    assert judge(search, drowned).rank == UNEXPLAINED
    assert search.levels(drowned) is None


@pytest.mark.filterwarnings("ignore:.* mel filters are empty:UserWarning")
def test_bands_without_a_bin_have_no_floor_to_fit(utterance, rng):
    F = np.repeat(rng.normal(size=(1, 165)), 3, axis=0)
    search = search_of(F, utterance, 1e-12)
    empty = replace(CONVENTIONS["kaldi"], n_mels=3, f_min=1000.0, f_max=1001.0)
    assert search.cache.greatest(empty) == 0 and list(search.floor_levels(empty)) == []
    assert search.fit_floor(empty) == empty


def test_short_hops_leave_no_grid_but_with_the_last_frame_dropped():
    found = grids(CONVENTIONS["kaldi"], 16_000, 48_000, 595, None)  # 596 frames at a hop of 80, 590 at 81
    assert {c.last_frame for c in found if sizes(c, 16_000).window == 400} == {"dropped"}


def test_hops_of_a_third_of_a_second_are_no_grid():
    """Two frames of 3 s would fit half of all hops; the longest that is tried is still found."""
    assert grids(CONVENTIONS["kaldi"], 16_000, 48_000, 2, None) == []
    longest = grids(CONVENTIONS["kaldi"], 16_000, 10_000, 3, None)
    assert longest and max(sizes(c, 16_000).hop for c in longest) <= 4_800


def test_silence_at_the_ends_is_no_mask(rng):
    levels = rng.normal(size=(20, 50))
    levels[:, :3] = levels[:, 45:] = 0.0  # a value in the middle of the others
    assert Oriented(levels, False).edges == (3, 45)
    levels[4, 20] = levels[:, :3] = levels[:, 45:] = levels.min()  # a floor, which one more value stands at
    assert Oriented(levels, False).edges == (0, 50)


def test_a_framing_is_plainer_than_a_cut(utterance):
    c = replace(CONVENTIONS["tensorflow"], last_frame="dropped")
    found = identify(dsp.mfcc(utterance, RATE, c), utterance, RATE)
    assert (found.verdict, found.change, found.convention.last_frame) == ("exact", None, "dropped")


def test_the_tolerance_of_a_normalized_row_is_in_its_own_units(utterance):
    """A row divided by its deviation may be off by that much less."""
    c = replace(CONVENTIONS["essentia"], f_max=None, normalization="mean and variance")
    features = dsp.mfcc(utterance, RATE, c)
    interpretation = next(interpretations(features))
    allowed = tolerances(StageCache(utterance, RATE), interpretation, c, 2e-16)
    plain = dsp.mfcc(utterance, RATE, replace(c, normalization=None))
    allowed_plain = tolerances(
        StageCache(utterance, RATE), next(interpretations(plain)), replace(c, normalization=None), 2e-16
    )
    drift = allowed_plain - FLOAT32_TOLERANCE * np.abs(plain).max()
    drift = drift + drift.mean(axis=1, keepdims=True)  # the mean that is subtracted moves, too, and the deviation
    expected = drift + np.abs(features) * np.sqrt(np.mean(drift**2, axis=1, keepdims=True))
    of_value = allowed - FLOAT32_TOLERANCE * np.abs(features).max()
    np.testing.assert_allclose(of_value * plain.std(axis=1, keepdims=True), expected, rtol=1e-6)


def search_of(F, utterance, resolution: float) -> Search:
    """The search for F as log-mel values, time last."""
    interpretation = next(i for i in interpretations(F) if i.kind == "log_mel" and not i.transposed and not i.linear)
    deadline = Deadline.for_search(TIME_LIMIT, effort=10)
    return Search(StageCache(utterance, RATE), interpretation, deadline, resolution)


@pytest.mark.parametrize(("low", "high"), [(33.0, 7123.0), (0.0, 5001.0), (300.0, 3800.0), (300.0, 5500.0)])
@pytest.mark.parametrize("triangles", ["hz", "mel", "bins"])
def test_unusual_band_edges_are_found(low, high, triangles, utterance):
    """To the hertz, or to the same filters where these begin and end at bins."""
    lengths = {"n_fft": 512, "frame_length": 512, "n_mels": 30}
    start = replace(CONVENTIONS["librosa"], mel_triangles=triangles, mel_norm=None, **lengths)
    c = replace(start, f_min=low, f_max=high)
    F = dsp.log_mel(utterance, RATE, c)
    found = fit_to_the_hertz(search_of(F, utterance, 1e-16), replace(start, n_mfcc=None))
    np.testing.assert_allclose(dsp.log_mel(utterance, RATE, found), F, atol=1e-9)
    assert triangles == "bins" or (found.f_min, found.f_max) == (low, high)


def test_only_a_thousandth_of_the_values_may_be_farther_off(utterance):
    """An almost empty band keeps few digits in float32; many values that are off are no rounding."""
    F = dsp.log_mel(utterance, RATE, "kaldi")
    drift = StageCache(utterance, RATE).rounding_drift(CONVENTIONS["kaldi"], 1e-7)
    weak = np.argsort(drift, axis=None)[::-1]
    for share, rank in ((0.0008, EXACT), (0.01, UNEXPLAINED)):
        G = F.copy()
        G.ravel()[weak[: int(share * F.size)]] += 2e-3
        assert judge(search_of(G, utterance, 1e-12), CONVENTIONS["kaldi"]).rank == rank


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["log_mel", "mfcc"])
def test_dither_is_a_class(kind, utterance):
    """Noise of another seed than dsp's own has the same effect on average."""
    noise = np.random.default_rng(5).standard_normal(utterance.size) / 32_768
    features = getattr(dsp, kind)(utterance + noise, RATE, "kaldi").astype(np.float32)
    found = identify(features, utterance, RATE)
    assert (found.verdict, found.left_open, found.nearest) == ("explained up to a class", DITHER, "kaldi")
    assert 0.7 < found.convention.dither < 1.4
    assert set(found.differences) - {"n_mfcc"} == {"dither"}


def test_other_errors_are_not_taken_for_dither(utterance):
    """An offset per row, and rounded values: as large as dither, but not where dither would be."""
    features = dsp.log_mel(utterance, RATE, "kaldi")
    for wrong in (features + 0.05 * np.sin(np.arange(len(features)))[:, None] ** 2 * features, np.round(features, 1)):
        assert identify(wrong, utterance, RATE, 8.0).left_open != DITHER
