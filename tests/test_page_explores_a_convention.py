"""The page's explorer shows what dsp computes, at a bounded cost; links, files and code lead back to it."""

import dataclasses
import io
import tomllib

import numpy as np
import pytest
import soundfile

import dsp
from dsp.conventions import CONVENTIONS, diff, load
from experiments.figures.trace.data import envelope, smoothed, traced
from experiments.figures.trace.resynthesis import resynthesize
from experiments.page.core import explore, setup
from experiments.page.core.setup import Setup


@pytest.fixture(scope="module")
def section() -> explore.Section:
    return explore.synthetic("f1", "happy")


@pytest.mark.parametrize("name", ["kaldi", "htk", "librosa", "whisper", "scipy_stft"])
def test_the_pictures_hold_dsps_numbers(section, name):
    t, c = explore.stages(section, Setup(name)), CONVENTIONS[name]
    shown = explore.maps(t)
    levels = dsp.log_mel(section.signal, section.sample_rate, c)
    assert shown["log_mel"].values.dtype == np.float32
    np.testing.assert_allclose(shown["log_mel"].values, levels, rtol=1e-6, atol=1e-6)
    assert ("mfcc" in shown) == (c.n_mfcc is not None)
    if "mfcc" in shown:
        cepstra = dsp.mfcc(section.signal, section.sample_rate, c)
        np.testing.assert_allclose(shown["mfcc"].values, cepstra, rtol=1e-6, atol=1e-5)
    half_hop = t.size.hop / t.sample_rate / 2
    assert shown["log_mel"].x == (t.centers_s[0] - half_hop, t.centers_s[-1] + half_hop)


def test_large_matrices_keep_their_peaks(rng):
    rows = rng.standard_normal((1025, 1300))
    rows[700, 900] = -50
    small = explore.shrunk(rows)
    assert small.shape[0] <= explore.MAX_ROWS and small.shape[1] <= explore.MAX_COLUMNS
    assert small.min() == -50 and small.max() == np.float32(rows.max())
    levels = explore.shrunk(rows - 60)
    assert levels.max() == np.float32((rows - 60).max())


def test_a_frame_shows_its_window_its_spectrum_and_its_envelope(section):
    t = explore.stages(section, Setup("kaldi"))
    found = explore.frame_view(t, None, 13)
    assert found.index == t.loudest
    x, windowed = found.lines["windowed"]
    own = t.steps["windowed"][:, t.loudest]
    np.testing.assert_allclose(windowed, own / np.abs(own).max(), atol=1e-6)
    np.testing.assert_allclose(np.diff(x), 1 / 16, rtol=1e-4)
    np.testing.assert_allclose(found.lines["envelope"][1], smoothed(t), rtol=1e-5)
    whole = explore.frame_view(t, 10_000, 10_000)
    assert whole.index == t.steps["frames"].shape[1] - 1
    np.testing.assert_allclose(whole.lines["envelope"][1], whole.lines["log_mel"][1], atol=1e-4)


def test_an_envelope_is_a_projection(rng):
    levels = rng.standard_normal((23, 4))
    smooth = envelope(levels, 7)
    np.testing.assert_allclose(envelope(smooth, 7), smooth, atol=1e-12)
    np.testing.assert_allclose(smooth[:, 1], dsp.idct(dsp.dct(levels[:, 1])[:7], 23), atol=1e-12)


def test_filters_and_waveform_are_drawn_where_they_are(section):
    t = explore.stages(section, Setup("kaldi"))
    xs, ys = explore.filters(t, "hz")
    assert len(xs) == 23
    for x, y, row in zip(xs, ys, t.steps["filterbank"], strict=True):
        assert y.max() == np.float32(row.max()) and x[np.argmax(y)] == np.float32(t.frequency[np.argmax(row)] / 1000)
    assert explore.filters(explore.stages(section, Setup("scipy_stft")), "mel") == ([], [])
    time, x = explore.waveform(section)
    assert x.max() == np.float32(section.signal.max()) and x.min() == np.float32(section.signal.min())
    assert len(x) <= explore.MAX_POINTS + 2 and np.all(np.diff(time) > 0)


def test_a_difference_is_one_where_the_shapes_agree(section):
    a, b, c = (explore.stages(section, one) for one in (Setup("kaldi"), Setup("kaldi", {"log": "log10"}), Setup("htk")))
    shown = explore.difference(a, b, "log_mel")
    np.testing.assert_allclose(shown.values, a.steps["log_mel"] - b.steps["log_mel"], rtol=1e-5, atol=1e-5)
    assert shown.low == -shown.high
    assert explore.difference(a, c, "log_mel").startswith("no difference value by value: 23 rows x ")
    shown, rows = explore.difference(a, c, "mfcc"), c.steps["mfcc"]
    assert explore.coefficients(a)[0] == "E" and explore.coefficients(c)[-1] == "c0"  # so by their names:
    np.testing.assert_allclose(shown.values, a.steps["mfcc"][1:] - rows[:12], rtol=1e-5, atol=1e-4)
    assert shown.names == tuple(f"c{i}" for i in range(1, 13)) and len(rows) == 13
    energy, c0 = (explore.stages(section, Setup(name, {"n_mfcc": 1})) for name in ("kaldi", "librosa"))
    assert explore.difference(energy, c0, "mfcc").endswith("no coefficient in common")
    w = explore.stages(section, Setup("whisper"))
    assert "no cepstra" in explore.difference(a, w, "mfcc")


def test_the_sentence_names_what_differs():
    text = explore.sentence(Setup("kaldi"), Setup("kaldi", {"n_mels": 40}), 16_000)
    assert text.startswith("1 difference; the largest: kaldi uses 23 mel bands, while the second uses 40 mel bands")
    assert "give the same features" in explore.sentence(Setup("kaldi"), Setup("kaldi"), 16_000)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hop_length": 1}, "are too much for a page"),
        ({"n_fft": 1 << 16}, "are too much for a page"),
        ({"n_mels": 100_000}, "are too many for a page"),
        ({"n_mfcc": 100_000}, "are too many for a page"),
    ],
    ids=["hop", "transform", "bands", "cepstra"],
)
def test_costs_are_bounded(section, changes, said):
    with pytest.raises(ValueError, match=said):
        explore.stages(section, Setup("kaldi", changes))


def test_every_preset_comes_back_through_link_and_toml(tmp_path):
    for name in CONVENTIONS:
        made = Setup(name).changed(
            {"n_mels": 31, "log": None, "c0": "none", "f_max": None, "window": "blackman harris"}
        )
        query = {key: str(value) for key, value in setup.as_link(made).items()}
        back = setup.from_link(query.pop("convention"), query)
        assert diff(back.convention, made.convention) == {}
        path = tmp_path / "c.toml"
        path.write_text(setup.as_toml_text(made))
        assert diff(setup.from_convention(load(path)).convention, made.convention) == {}
        assert tomllib.loads(path.read_text())["n_mels"] == 31


@pytest.mark.parametrize(
    ("base", "texts", "said"),
    [
        ("kladi", {}, "did you mean"),
        ("../../etc/secret.toml", {}, "unknown convention"),
        ("kaldi", {"n_melts": "3"}, "unknown parameter"),
        ("kaldi", {"n_mels": "<script>"}, "n_mels"),
        ("kaldi", {"n_mels": "-1"}, "n_mels"),
        ("kaldi", {"hop_length": "1e99"}, "hop_length"),
        ("kaldi", {"f_max": "nan"}, "f_max"),
    ],
)
def test_bad_links_get_one_line(base, texts, said):
    with pytest.raises(ValueError, match=said) as caught:
        setup.from_link(base, texts)
    assert "\n" not in str(caught.value)


def test_controls_change_what_they_name(section):
    made = Setup("librosa")
    for control, value in {"frame": 30, "hop": 5, "n_mels": 0, "n_mfcc": 0, "log": "none", "lifter": 3}.items():
        made = setup.moved(made, control, value, 16_000)
    c = made.convention
    assert (c.frame_length, c.hop_length, c.n_mels, c.n_mfcc, c.log, c.lifter) == (480, 80, None, None, None, 3)
    shown = setup.control_values(c, 16_000)
    assert (shown["frame"], shown["hop"], shown["n_mels"], shown["log"]) == (30, 5, 0, "none")
    longer = setup.moved(made, "frame", 200, 16_000).convention
    assert longer.n_fft == "power of two" and longer.frame_length == 3200
    assert setup.moved(made, "f_max", 8000, 16_000).convention.f_max is None
    assert setup.moved(Setup("kaldi"), "n_mels", 23, 16_000).changes == {}
    for control, value in (("eval", 1), ("window", "<b>"), ("preemphasis", 7), ("n_mels", "many")):
        with pytest.raises(ValueError):
            setup.moved(made, control, value, 16_000)


def test_the_python_on_the_screen_computes_what_is_shown(section, tmp_path):
    made = Setup("htk").changed({"n_mels": 30, "window": "hann"})
    t = explore.stages(section, made)
    n = section.signal.size
    names: dict = {}
    exec(setup.as_python(made, setup.lines_of_synthetic("f1", "happy", n, 16_000)), names)
    np.testing.assert_array_equal(names["features"], t.steps["mfcc"])
    path = tmp_path / "a 'quoted' name.wav"
    stereo = np.stack([section.signal, section.signal / 2], axis=1)
    soundfile.write(path, stereo, 16_000, subtype="DOUBLE")
    shown = explore.cut(stereo.mean(axis=1), 16_000, 0.5, path.name)
    first = round(shown.start_s * 16_000)
    exec(setup.as_python(Setup("whisper"), setup.lines_of_recording(str(path), first, shown.signal.size)), names)
    np.testing.assert_allclose(names["steps"]["log_mel"], explore.stages(shown, Setup("whisper")).steps["log_mel"])


def test_what_the_features_hold_comes_back_as_a_sound(section):
    """From the bands, the bands come back; from few cepstra, only their envelope."""
    errors = {}
    for n_cepstra in (None, 13, 2):
        x = resynthesize(traced(section.signal, 16_000, "htk", ""), n_cepstra)
        assert np.abs(x).max() <= 1 and abs(x.size - section.signal.size) <= 512 + 160
        there, back = (dsp.log_mel(one, 16_000, "htk") for one in (section.signal, np.append(x, np.zeros(500))))
        n = min(there.shape[1], back.shape[1])
        errors[n_cepstra] = min(
            np.sqrt(np.mean((there[:, 3 : n - 3] - back[:, 3 - k : n - 3 - k]) ** 2)) for k in range(3)
        )
    assert errors[None] < errors[13] < errors[2]
    wav, rate = soundfile.read(io.BytesIO(explore.resynthesis(section, Setup("kaldi"), 13)))
    assert rate == 16_000 and np.sqrt(np.mean(wav**2)) == pytest.approx(np.sqrt(np.mean(section.signal**2)), rel=0.2)


@pytest.mark.parametrize(("changes", "said"), [({"hop_length": 500, "frame_length": 400}, "leaves gaps")], ids=["gaps"])
def test_what_cannot_be_put_together_is_refused(section, changes, said):
    with pytest.raises(ValueError, match=said):
        explore.resynthesis(section, Setup("kaldi", changes), None)
    silent = dataclasses.replace(section, signal=np.zeros(16_000))
    with pytest.raises(ValueError, match="silent"):
        explore.resynthesis(silent, Setup("librosa"), None)


def test_a_notebook_holds_the_explorer(section):
    """The same objects without a server; moving a control redraws and its sound is computed at once."""
    pytest.importorskip("panel")
    from experiments.page.session import OwnSession
    from experiments.page.tabs.explore import Explorer

    made = Explorer(OwnSession(), {"convention": "htk", "n_mels": "30", "second": "kaldi", "f_max": "bad"})
    assert "f_max" in made.trouble.text and made.setup.base == "kaldi"
    made = Explorer(OwnSession(), {"convention": "htk", "n_mels": "30", "second": "kaldi"})
    assert made.pictures.maps["log_mel"].source.data["image"][0].shape[0] == 30
    made.move("n_mels", 25)
    assert made.pictures.maps["log_mel"].source.data["image"][0].shape[0] == 25
    assert "n_mels=25" in made.python.text and "n_mels=25" in made.link.text
    made.move("window", "no such window")
    assert "window" in made.trouble.text and made.setup.convention.n_mels == 25
    made.move("rebuild", True)
    assert made.from_bands.wav.startswith(b"RIFF") and made.from_cepstra.wav.startswith(b"RIFF")


def test_the_pictures_follow_the_controls_and_the_sentence_waits_for_a_rest():
    """The first view of a page holds no pictures; a slider that moves on does not wait for the comparison."""
    pytest.importorskip("panel")
    from bokeh.document import Document
    from bokeh.events import DocumentReady

    from experiments.page.session import Session
    from experiments.page.tabs.explore import Explorer
    from experiments.page.uploads import Store

    store, document = Store(), Document()
    try:
        made = Explorer(Session(store.open(), None, document), {"second": "htk"})
        assert made.pictures is None and made.facts.text.endswith("kaldi.") and "htk" in made.link.text
        document.callbacks.trigger_event(DocumentReady())
        assert made.pictures.maps["log_mel"].source.data["image"][0].shape[0] == 23
        for n_mels in (30, 31):
            made.move("n_mels", n_mels)
        assert made.pictures.maps["log_mel"].source.data["image"][0].shape[0] == 31
        assert made.sentence.text == "comparing the two"
        (waiting,) = document.session_callbacks
        waiting.callback()
        assert "differences; the largest: " in made.sentence.text
    finally:
        store.close()


def test_a_slider_in_a_notebook_redraws_its_pictures(section):
    """What Jupyter's pages send and get, without Jupyter: a move comes in, the pictures' new numbers go out."""
    pytest.importorskip("panel")
    from bokeh.document import Document
    from panel.io.state import state
    from panel.models.esm import DataEvent
    from pyviz_comms import Comm

    from experiments.page.tabs.explore import explorer
    from experiments.page.widgets import Form

    class Channel(Comm):
        def send(self, data=None, metadata=None, buffers=()):
            sent.append((data or "", [bytes(one) for one in buffers]))

    sent, document, channel = [], Document(), Channel(id="a")
    channel._comm = True  # open
    view = explorer(section.signal, section.sample_rate, "htk")
    root = view._render_model(document, channel)
    document.hold()
    form = next(one for one in view.select(Form) if one.title == "The convention")
    model, _ = form._models[root.ref["id"]]
    form._comm_event(document, DataEvent(model, {"name": "n_mels", "value": 30}))
    n_frames = explore.stages(section, Setup("htk")).steps["frames"].shape[1]
    assert any("n_mels=30" in text for text, _ in sent)
    assert any(len(one) == 4 * 30 * n_frames for _, buffers in sent for one in buffers)  # log-mel as float32
    assert form.answered == 1
    del state._views[root.ref["id"]]
