"""Output of transformers.audio_utils over a grid of its options; one call a row, named by its number.

    python3 -m venv other; other/bin/pip install transformers==5.24.0 numpy
    other/bin/python tests/golden/make/audio_utils_grid.py            writes ../grid_transformers_audio_utils.npz
    other/bin/python tests/golden/make/audio_utils_grid.py --check    compares with the stored file

The signal is a chirp with noise that dies away and 300 exact zeros, whole numbers over 2^15. CALLS holds every call: a
function and its options. `window` and `mel_filters` of a spectrogram are options of the functions that make them.
"""

import inspect
import json
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "grid_transformers_audio_utils.npz"
RATE = 16_000
FUNCTIONS = ("window_function", "mel_filter_bank", "spectrogram")

WINDOWS = [
    {"window_length": n, "name": name, "periodic": periodic}
    for name in ("boxcar", "hamming", "hann", "povey")
    for periodic in (True, False)
    for n in (1, 2, 25, 64)
] + [
    {"window_length": 40, "name": "hann", "periodic": True, "frame_length": 64, "center": True},
    {"window_length": 41, "name": "hamming", "periodic": False, "frame_length": 64, "center": True},
    {"window_length": 40, "name": "hann", "periodic": True, "frame_length": 64, "center": False},
]
BANK = {
    "num_frequency_bins": 129, "num_mel_filters": 15, "min_frequency": 0.0, "max_frequency": 8000.0,
    "sampling_rate": RATE, "norm": None, "mel_scale": "htk", "triangularize_in_mel_space": False,
}  # fmt: skip
BANKS = [
    BANK | {"norm": norm, "mel_scale": scale, "triangularize_in_mel_space": in_mel} | band
    for norm in (None, "slaney")
    for scale in ("htk", "kaldi", "slaney")
    for in_mel in (False, True)
    for band in (
        {},
        {"min_frequency": 133.3, "max_frequency": 6855.0, "num_mel_filters": 11},
        {"min_frequency": 20.0, "max_frequency": 4000.0, "sampling_rate": 8000, "num_mel_filters": 9},
    )
]
FRAMES = {
    "window": {"window_length": 200, "name": "hann", "periodic": True}, "frame_length": 200, "hop_length": 90,
    "fft_length": 256, "power": 2.0, "center": True, "pad_mode": "reflect", "mel_filters": BANK,
}  # fmt: skip
WHOLE = {"fft_length": None, "frame_length": 256, "window": FRAMES["window"] | {"window_length": 256}}
CHANGES = [
    {"power": 1.0}, {"center": False}, {"pad_mode": "constant"}, WHOLE,
    WHOLE | {"pad_mode": "constant", "hop_length": 64}, {"hop_length": 57},
    {"window": {"window_length": 200, "name": "povey", "periodic": False}, "center": False},
    {"window": {"window_length": 200, "name": "boxcar", "periodic": True}},
    {"window": {"window_length": 150, "name": "hamming", "periodic": True, "frame_length": 200, "center": True}},
    {"mel_filters": None}, {"mel_filters": None, "power": 1.0}, {"mel_floor": 1e-3}, {"log_mel": "log"},
    {"log_mel": "log10"}, {"log_mel": "dB"}, {"log_mel": "log", "mel_floor": 1e-2}, {"log_mel": "log", "power": 1.0},
    {"log_mel": "dB", "power": 1.0, "min_value": 1e-5}, {"log_mel": "dB", "reference": 20.0},
    {"log_mel": "dB", "db_range": 40.0}, {"log_mel": "dB", "min_value": 1e-2},
    {"log_mel": "dB", "reference": 3.0, "db_range": 50.0, "min_value": 1e-8},
    {"log_mel": "log", "mel_filters": BANK | {"mel_scale": "slaney", "norm": "slaney"}},
    {"log_mel": "log", "mel_filters": BANK | {"mel_scale": "kaldi", "triangularize_in_mel_space": True}},
    {"preemphasis": 0.97, "window": {"window_length": 200, "name": "boxcar"}},
    {"preemphasis": 0.5, "log_mel": "log"}, {"preemphasis": 0.0}, {"remove_dc_offset": True},
    {"remove_dc_offset": True, "preemphasis": 0.97, "center": False, "log_mel": "log", "mel_floor": 2.0**-23},
]  # fmt: skip
CALLS = (
    [("window_function", options) for options in WINDOWS]
    + [("mel_filter_bank", options) for options in BANKS]
    + [("spectrogram", FRAMES | changes) for changes in ({}, *CHANGES)]
)


def signal() -> np.ndarray:
    """1200 samples, float64."""
    n = np.arange(1200)
    noise = ((n**2 * 7919) % 65_521 / 32_768 - 1) * np.exp(-n / 700)
    x = 0.5 * np.sin(2 * np.pi * (200 * n / RATE + 20_000 * (n / RATE) ** 2)) + 0.3 * noise + 0.05
    x[500:800] = 0
    return np.round(x * 32_767) / 32_768


def make(x: np.ndarray) -> dict:
    from transformers import audio_utils

    made = {"signal": x, "version": version("transformers")}
    made["parameters"] = json.dumps(
        {name: sorted(inspect.signature(getattr(audio_utils, name)).parameters) for name in FUNCTIONS}
    )
    for number, (name, options) in enumerate(CALLS):
        options = dict(options)
        if name == "spectrogram":
            options["window"] = audio_utils.window_function(**options["window"])
            if options["mel_filters"]:
                options["mel_filters"] = audio_utils.mel_filter_bank(**options["mel_filters"])
            options |= {"waveform": x, "dtype": np.float64}
        made[str(number)] = getattr(audio_utils, name)(**options)
    return made


def main() -> int:
    made = make(signal())
    if "--check" in sys.argv:
        stored = np.load(TARGET)
        numbers = [key for key in made if key not in ("version", "parameters")]
        different = [key for key in numbers if not np.allclose(stored[key], made[key], rtol=1e-9)]
        print(f"{TARGET.name}: " + (f"different: {', '.join(different)}" if different else "equal"))
        return bool(different)
    np.savez_compressed(TARGET, **made)
    print(TARGET.name, sha256(TARGET.read_bytes()).hexdigest(), TARGET.stat().st_size, made["version"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
