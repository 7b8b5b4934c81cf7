"""Closed form: the texts and curves inside the figures, read back from matplotlib before they become pixels."""

import numpy as np
import pytest

from experiments.figures import matlab
from experiments.training.loop import History
from tests.test_metrics_match_published_matrix import EMOTIONS, PREDICTED_BY_TRUE


@pytest.fixture
def drawn(monkeypatch):
    """Catches the figure instead of saving it."""
    caught = []
    monkeypatch.setattr(matlab, "save", lambda figure, path: caught.append(figure))
    return caught


def test_plotconfusion_has_predictions_in_rows(drawn):
    matlab.plotconfusion("x.png", PREDICTED_BY_TRUE.T, EMOTIONS, "Fig. 9")
    axes = drawn[0].axes[0]
    texts = {
        (round(t.get_position()[0] - 0.5), int(t.get_position()[1]), t.get_position()[1] % 1 < 0.5): t
        for t in axes.texts
    }

    def cell(row, column):
        return texts[column, row, True].get_text(), texts[column, row, False].get_text()

    assert cell(5, 4) == ("23", "9.6%")  # predicted surprise, truly sad
    assert cell(4, 5) == ("0", "0.0%")
    assert cell(0, 0) == ("40", "16.7%")
    assert [cell(row, 6)[0] for row in range(6)] == [
        "100.0%",
        "81.6%",
        "62.5%",
        "100.0%",
        "91.7%",
        "57.1%",
    ]  # precision
    assert [cell(6, column)[0] for column in range(6)] == ["100.0%", "77.5%", "62.5%", "100.0%", "27.5%", "100.0%"]
    assert cell(6, 6) == ("77.9%", "22.1%")
    assert axes.get_xlabel() == "Target Class (true)" and axes.get_ylabel() == "Output Class (predicted)"


def test_plotconfusion_of_a_class_never_predicted(drawn):
    matlab.plotconfusion("x.png", [[2, 0], [1, 0]], ("a", "b"), "")
    assert "-" in [text.get_text() for text in drawn[0].axes[0].texts]


def test_training_progress(drawn):
    history = History(
        loss=np.linspace(1.8, 0.5, 60).tolist(),
        accuracy=np.linspace(0, 1, 60).tolist(),
        validation_loss=[1.5, 1.0, 0.9],
        validation_accuracy=[0.3, 0.5, 0.4],
        seconds=[1.0] * 3,
        kept_epoch=2,
    )
    matlab.training_progress("x.png", history, "title")
    upper, lower = drawn[0].axes
    raw, smooth, validation = (line.get_ydata() for line in upper.lines[:3])
    np.testing.assert_allclose(raw, 100 * np.array(history.accuracy))
    np.testing.assert_allclose(smooth[-1], raw[-10:].mean())
    np.testing.assert_allclose(smooth[0], raw[0])
    np.testing.assert_allclose(validation, [30, 50, 40])
    assert upper.lines[2].get_xdata().tolist() == [20, 40, 60]
    np.testing.assert_allclose(lower.lines[0].get_ydata(), history.loss)
    assert upper.lines[3].get_xdata() == [40, 40]  # the kept epoch


def test_emotion_panel(drawn, rng):
    images = rng.integers(0, 255, (6, 224, 224, 3), dtype=np.uint8)
    matlab.emotion_panel("x.png", images, EMOTIONS, "six")
    shown = [axes for axes in drawn[0].axes if axes.images]
    assert [axes.get_title() for axes in shown] == [name.capitalize() for name in EMOTIONS]
    for axes in shown:
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time (whole recording)", "Frequency (kHz)")
        assert axes.axison and axes.images[0].get_extent()[2:] == [8, 0]  # 0 Hz on top
    for axes, image in zip(shown, images, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)


def test_a_figure_is_saved_whole(tmp_path):
    matlab.emotion_panel(tmp_path / "new" / "panel.png", np.zeros((2, 4, 4, 3), np.uint8), ("a", "b"), "")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["panel.png"]
