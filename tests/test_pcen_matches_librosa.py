"""Live oracle: librosa.pcen, on mel spectra of speech and on made-up energies, with its own initial state."""

import librosa
import numpy as np
import pytest

import dsp

TOLERANCE = 1e-12  # of the largest value
RATE, HOP = 16_000, 160
CALLS = [
    {},
    {"gain": 0.8, "bias": 10.0, "power": 0.25, "time_constant": 0.06, "eps": 1e-9},
    {"gain": 0.0},
    {"power": 0.0},  # a logarithm
    {"bias": 0.0},  # a power
    {"power": 1.0, "bias": 3.0},
    {"b": 0.025},
    {"b": 1.0},
    {"max_size": 2},
    {"max_size": 3},
    {"max_size": 6},
]


@pytest.fixture(scope="module")
def energies():
    """Powers of 40 bands: a chirp in noise with a pause, scaled as librosa advises."""
    n, rng = np.arange(RATE), np.random.default_rng(0)
    x = 0.3 * np.sin(2 * np.pi * (200 * n + 1500 * n**2 / RATE) / RATE) + 0.01 * rng.standard_normal(n.size)
    x[5000:8000] = 0
    spectrum = np.abs(dsp.stft(2.0**31 * x, dsp.hann(512, periodic=True), HOP))
    return dsp.mel_filterbank(40, 512, RATE) @ spectrum


def ours(call: dict) -> dict:
    return {"time_constant_s" if name == "time_constant" else name: value for name, value in call.items()}


def assert_close(found, expected):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.filterwarnings("ignore:divide by zero")  # librosa takes the logarithm of zeros where bias is 0
@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("level", [1.0, 2.0**-31])
def test_pcen(call, level, energies):
    E = level * energies
    theirs = librosa.pcen(E, sr=RATE, hop_length=HOP, max_axis=0 if "max_size" in call else None, **call)
    assert_close(dsp.pcen(E, RATE, HOP, **ours(call)), theirs)


@pytest.mark.parametrize(("rate", "hop"), [(22_050, 512), (8_000, 80), (44_100, 441)])
def test_the_time_constant_counts_seconds(rate, hop, energies):
    assert_close(dsp.pcen(energies, rate, hop), librosa.pcen(energies, sr=rate, hop_length=hop))


def test_pieces_join(energies):
    """The last column of the smoother is the next piece's initial; librosa's state is (1 - b) times that."""
    whole, first, rest = dsp.pcen(energies, RATE, HOP), energies[:, :37], energies[:, 37:]
    state = dsp.pcen_smoother(first, RATE, HOP)[:, -1]
    assert_close(np.c_[dsp.pcen(first, RATE, HOP), dsp.pcen(rest, RATE, HOP, initial=state)], whole)
    _, theirs = librosa.pcen(first, sr=RATE, hop_length=HOP, return_zf=True)
    T = 0.4 * RATE / HOP
    assert_close((1 - (np.sqrt(1 + 4 * T**2) - 1) / (2 * T**2)) * state, theirs[:, 0])


def test_the_smoother_by_hand():
    E = np.array([[1.0, 3.0], [8.0, 0.0]])
    np.testing.assert_allclose(dsp.pcen_smoother(E, 1.0, 1, b=0.5), [[1, 2], [4.5, 2.25]])
    np.testing.assert_allclose(dsp.pcen_smoother(E, 1.0, 1, b=0.5, initial=0.0), [[0.5, 1.75], [4, 2]])
    np.testing.assert_allclose(dsp.pcen_smoother(E, 1.0, 1, b=0.5, initial=[0.0, 2.0], max_size=3)[1], [5, 4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"energies": -np.ones((2, 3))}, "the smallest value of energies is -1"),
        ({"energies": np.ones(3)}, "energies"),
        ({"energies": np.ones((2, 0))}, "energies"),
        ({"initial": np.ones(3)}, r"initial has shape \(3,\); a number or \(2,\)"),
        ({"b": 1.5}, "b=1.5"),
        ({"eps": 0}, "eps=0"),
        ({"time_constant_s": 0}, "time_constant_s=0"),
        ({"gain": -1}, "gain=-1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        dsp.pcen(**{"energies": np.ones((2, 3)), "sample_rate": RATE, "hop_length": HOP} | arguments)
