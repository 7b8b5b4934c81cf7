"""Customary values of the parameters that hold numbers: what the search tries first.

They are the defaults and documented examples of the tools among the presets, values seen in public recipes, and round
numbers between them. What is not listed is found by other means: lengths in search/frame_grids.py, band edges in
search/band_edges.py, floors by floor_levels in search/moves.py.
"""

from typing import Any

import numpy as np

from dsp.conventions.parameters import PARAMETERS, WORDS
from dsp.conventions.registry import CONVENTIONS

_CEPSTRUM_AND_LATER = PARAMETERS[PARAMETERS.index("n_mfcc") :]
AFTER_LOG_MEL = tuple(name for name in _CEPSTRUM_AND_LATER if not name.startswith("normalization"))  # of cepstra alone

RARE = {  # words of a single preset, which is where the search begins with them: it tries them on nothing else
    "framing": "valid, centered",
    "window": "gaussian",
    "spectrum_norm": "praat",
    "dct_norm": "sum",
}
USUAL_WORDS: dict[str, tuple[Any, ...]] = {
    name: tuple(word for word in words if word != RARE.get(name, "")) for name, words in WORDS.items()
}

LENGTHS_MS = (5, 8, 10, 12.5, 15, 16, 20, 23.2, 24, 25, 25.6, 30, 32, 35, 40, 45, 46.4, 50, 60, 64, 80, 92.8, 100, 128)
PREEMPHASIS = (0.0, 0.9, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1.0)
F_MIN = (
    0,
    10,
    20,
    25,
    30,
    40,
    50,
    60,
    64,
    70,
    80,
    90,
    100,
    120,
    125,
    130,
    133,
    400 / 3,
    150,
    180,
    200,
    250,
    300,
    400,
    500,
)
F_MAX = (
    *(None, 3000, 3400, 3500, 3600, 3700, 3800, 3900, 4000, 5000, 5500, 6000, 6400, 6500, 6800, 6855.4976, 7000, 7200),
    *(7400, 7500, 7600, 7700, 7800, 7900, 7950, 8000, 10_000, 11_000, 11_025, 12_000, 14_000, 15_000, 16_000, 20_000),
)
N_MELS = (
    *(
        10,
        12,
        13,
        14,
        15,
        16,
        18,
        19,
        20,
        21,
        22,
        23,
        24,
        25,
        26,
        27,
        28,
        29,
        30,
        32,
        33,
        34,
        35,
        36,
        38,
        39,
        40,
        42,
        44,
    ),
    *(45, 48, 50, 52, 54, 56, 60, 64, 66, 70, 72, 75, 80, 85, 90, 96, 100, 110, 120, 128, 140, 150, 160, 200, 224, 256),
)
FLOORS = (
    *(
        float(np.finfo(np.float64).tiny),
        1e-30,
        1e-20,
        1e-16,
        float(np.finfo(np.float64).eps),
        1e-14,
        1e-12,
        1e-10,
        1e-9,
    ),
    *(1e-8, float(np.finfo(np.float32).eps), 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0),
)
DYNAMIC_RANGES = {
    "ln": (None, 6, 8, 10, 12, 14, 15, 16, 18, 20, 60, 80),
    "log10": (None, 4, 5, 6, 8, 10, 12, 60, 80),
    "10 log10": (None, 30, 40, 50, 60, 70, 80, 90, 96, 100, 120),
    "20 log10": (None, 30, 40, 50, 60, 70, 80, 90, 96, 100, 120),
}
SCALES = (1.0, 2.0, 128.0, 32767.0, 32768.0, 65536.0)
LIFTERS = (
    0.0,
    10.0,
    11.0,
    12.0,
    13.0,
    14.0,
    15.0,
    18.0,
    20.0,
    21.0,
    22.0,
    23.0,
    24.0,
    25.0,
    26.0,
    28.0,
    30.0,
    32.0,
    40.0,
)
ENERGY_FLOORS = (0.0, float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).eps), 1e-10, FLOORS[10], 1.0)
GAINS: tuple[dict[str, Any], ...] = tuple(  # of 'log_gain' and 'log_offset', as the presets have them; the plain first
    {"log_gain": gain, "log_offset": offset}
    for gain, offset in dict.fromkeys([(1.0, 0.0), *((c.log_gain, c.log_offset) for c in CONVENTIONS.values())])
)
