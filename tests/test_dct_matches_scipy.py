"""Live oracles and definition: scipy.fft.dct; HTK's scaling; the lifters of librosa and HTK's book."""

import librosa
import numpy as np
import pytest
from scipy import fft as scipy_fft

import dsp

ATOL = 1e-12


@pytest.mark.parametrize("n", [1, 2, 3, 13, 26, 40, 128])
@pytest.mark.parametrize("norm", ["ortho", None])
def test_dct(rng, n, norm):
    x = rng.standard_normal((4, n))
    np.testing.assert_allclose(dsp.dct(x, norm), scipy_fft.dct(x, type=2, norm=norm), atol=ATOL)
    np.testing.assert_allclose(dsp.dct_matrix(n, n, norm) @ x[0], dsp.dct(x[0], norm), atol=ATOL)


@pytest.mark.parametrize("norm", ["ortho", None])
def test_type_three(rng, norm):
    """The inverse of type 2, and what librosa computes when it is told dct_type=3; not what HTK does."""
    x = rng.standard_normal(26)
    expected = scipy_fft.dct(x, type=3, norm=norm)
    np.testing.assert_allclose(dsp.dct_matrix(13, 26, norm, kind=3) @ x, expected[:13], atol=ATOL)
    with pytest.raises(ValueError, match="kind=5"):
        dsp.dct_matrix(13, 26, norm, kind=5)


def test_orthonormal():
    C = dsp.dct_matrix(20, 20)
    np.testing.assert_allclose(C @ C.T, np.eye(20), atol=1e-14)


def test_htk_differs_in_c0_only(rng):
    """HTK's 'DCT' is type II: only c0 is larger, by sqrt(2); the type III that is often quoted is another thing."""
    x = rng.standard_normal(26)
    ortho, htk = dsp.dct(x), dsp.dct(x, "htk")
    np.testing.assert_allclose(htk[1:], ortho[1:], atol=1e-14)
    np.testing.assert_allclose(htk[0], np.sqrt(2) * ortho[0], rtol=1e-14)
    assert np.abs(scipy_fft.dct(x, type=3, norm="ortho") - htk).max() > 0.5


def test_librosas_lifter_counts_from_one(rng):
    S = rng.standard_normal((40, 7))
    plain, liftered = librosa.feature.mfcc(S=S, n_mfcc=13), librosa.feature.mfcc(S=S, n_mfcc=13, lifter=22)
    np.testing.assert_allclose(liftered, plain * dsp.lifter(13, 22, first=1)[:, None], rtol=1e-12)


def test_htks_lifter_leaves_c0_alone():
    weights = dsp.lifter(13, 22)
    assert weights[0] == 1
    np.testing.assert_allclose(weights[11], 12.0)  # 1 + 22/2 sin(pi/2)
    np.testing.assert_array_equal(dsp.lifter(5, 0), np.ones(5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dsp.dct(np.ones((3, 0))), "shape"),
        (lambda: dsp.dct(np.ones(3), "htk3"), "htk3"),
        (lambda: dsp.dct_matrix(5, 4), "n_out=5"),
        (lambda: dsp.lifter(3, -1), "length=-1"),
        (lambda: dsp.lifter(0, 22), "n=0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
