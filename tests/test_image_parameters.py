"""Bad parameters of an image script are refused in one line; the words mean MATLAB's functions."""

from dataclasses import replace

import numpy as np
import pytest

import dsp
from spectrogram_images import PAPER, ImageParameters, render, render_by_definition
from spectrogram_images.parameters import WINDOWS


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"window": "hamm"}, "window='hamm' is unknown; one of hann, hanning, hamming"),
        ({"sampling": "both"}, "sampling='both' is unknown; one of symmetric, periodic"),
        ({"colormap": "parula"}, "colormap='parula' is unknown; one of jet, gray"),
        ({"window_length": 0}, "window_length=0 is too small"),
        ({"noverlap": 256}, "noverlap=256 must be less than window_length=256"),
        ({"noverlap": -1}, "noverlap=-1 is too small"),
        ({"noverlap": 12.5}, "noverlap=12.5 is not a whole number"),
        ({"nfft": 255}, "nfft=255 must be at least window_length=256"),
        ({"size": 224}, "size=224: .height, width. is expected"),
        ({"size": (0, 224)}, "height=0 is too small"),
        ({"size": (224, "224")}, "width='224' is not a whole number"),
        ({"sample_rate": 0}, "sample_rate=0 is too small"),
    ],
)
def test_bad_parameters(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        replace(PAPER, **given)
    assert "\n" not in str(caught.value)


def test_the_papers_numbers():
    assert PAPER.describe() == "hann(256), overlap 128, NFFT 512, jet, 224x224"
    assert replace(PAPER, sampling="periodic", size=[3, np.int64(4)]).describe() == (
        "hann(256, periodic), overlap 128, NFFT 512, jet, 3x4"
    )


def test_windows_are_matlabs():
    """hanning has no zeros at its ends; its periodic form begins with one, as MATLAB's documentation says."""
    values = {name: ImageParameters(window=name, window_length=256).window_values() for name in WINDOWS}
    np.testing.assert_array_equal(values["hann"], dsp.hann(256))
    np.testing.assert_array_equal(values["hamming"], dsp.hamming(256))
    np.testing.assert_array_equal(values["hanning"], dsp.hann(258)[1:-1])
    np.testing.assert_array_equal(values["blackman"], dsp.blackman(256))
    np.testing.assert_array_equal(values["blackmanharris"], dsp.blackman_harris(256))
    np.testing.assert_array_equal(values["bartlett"], dsp.bartlett(256))
    np.testing.assert_array_equal(values["rectwin"], np.ones(256))
    periodic = ImageParameters(window="hanning", sampling="periodic").window_values()
    assert periodic[0] == 0 and periodic[128] == 1
    np.testing.assert_allclose(periodic[1:], dsp.hann(257)[1:-1], atol=1e-15)


def test_a_spectrum_without_differences_or_without_end(rng):
    x = rng.standard_normal(4000)
    with pytest.raises(ValueError, match="every value of the spectrogram is the same"):
        render(x, ImageParameters(window_length=2, noverlap=1))  # hann(2) is [0 0]
    for maker in (render, render_by_definition):
        with pytest.raises(ValueError, match=r"a sample exceeds 1e\+100"):
            maker(1e120 * x)
    np.testing.assert_array_equal(render(1e99 * x), render_by_definition(1e99 * x))
