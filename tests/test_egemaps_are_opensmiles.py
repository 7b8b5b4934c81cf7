"""The optional eGeMAPS row: the functionals are openSMILE's, and silence is refused."""

import numpy as np
import pytest

from experiments.inputs.egemaps import N_FUNCTIONALS, egemaps

opensmile = pytest.importorskip("opensmile", reason="openSMILE is optional: pip install .[egemaps]")


def test_they_are_opensmile_s_of_the_same_samples(rng):
    n = np.arange(16_000)
    signal = 0.3 * np.sin(2 * np.pi * 150 / 16_000 * n) * (1 + 0.5 * np.sin(n / 2000)) + rng.normal(0, 0.01, n.size)
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
    )
    expected = smile.process_signal(signal.astype(np.float32), 16_000)
    found = egemaps(signal, 16_000)
    assert found.shape == (N_FUNCTIONALS,) == (expected.shape[1],)
    np.testing.assert_allclose(found, expected.to_numpy()[0], rtol=1e-6)
    pitch = list(expected.columns).index("F0semitoneFrom27.5Hz_sma3nz_amean")
    assert found[pitch] == pytest.approx(12 * np.log2(150 / 27.5), abs=0.5)


def test_silence_is_refused():
    with pytest.raises(ValueError, match="silent"):
        egemaps(np.zeros(16_000), 16_000)
