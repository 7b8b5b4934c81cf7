"""Frozen oracle: GNU Octave for ind2rgb (which clips as MATLAB does), round and uint8."""

import numpy as np
import pytest

from spectrogram_images import ind2rgb, jet, round_half_away, to_uint8


def test_ind2rgb_counts_from_one_and_clips(octave_images):
    np.testing.assert_array_equal(ind2rgb(octave_images["indices"], jet(256)), octave_images["rgb"])


def test_zero_and_one_are_the_same_color():
    rgb = ind2rgb([[0, 1, 2]], jet(256))
    np.testing.assert_array_equal(rgb[0, 0], rgb[0, 1])
    assert (rgb[0, 1] != rgb[0, 2]).any()


def test_round(octave_images):
    np.testing.assert_array_equal(round_half_away(octave_images["numbers"]), octave_images["rounded"])


def test_bytes(octave_images):
    np.testing.assert_array_equal(to_uint8(octave_images["shades"]), octave_images["bytes"])


def test_bytes_at_the_ties():
    """127.5 goes up, the number just below it does not."""
    np.testing.assert_array_equal(to_uint8([0.5, np.nextafter(0.5, 0)]), [128, 127])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ind2rgb([[1.5]], jet(4)), "whole"),
        (lambda: ind2rgb([[np.nan]], jet(4)), "whole"),
        (lambda: ind2rgb([1, 2], jet(4)), r"\(2,\)"),
        (lambda: ind2rgb([[1]], np.ones((4, 2))), r"\(4, 2\)"),
        (lambda: to_uint8([np.nan]), "NaN"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
