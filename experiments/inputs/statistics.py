"""Statistics over time of a recording's features: what the baselines and the recogniser's own network see.

features    13 MFCC with two orders of deltas (39 rows) and 40 log-mel bands of the whole recording, 25/10 ms, 16 kHz
statistics  of every row over time: mean, standard deviation, quantiles of 10, 50 and 90 %: 395 numbers a recording
"""

import numpy as np

from dsp import CONVENTIONS, Stream, extract, resample
from experiments.inputs.front_end import SAMPLE_RATE, FrontEnd, check_sounding

CONVENTION = CONVENTIONS["finch_dycnn"]
QUANTILES = (0.1, 0.5, 0.9)
NAMES = ("mean", "standard deviation", *(f"{quantile:.0%} quantile" for quantile in QUANTILES))
ROWS = 39 + CONVENTION.n_mels
N_STATISTICS = ROWS * len(NAMES)


def statistics(signal, sample_rate: int) -> np.ndarray:
    """Mean, deviation and quantiles over time of every row of MFCC-39 and log-mel: (395,) float32.

    One statistic after the other, in the order of NAMES, each of 39 rows of MFCC and 40 of log-mel.

    signal : (n,) float64, resampled to 16 kHz

    Raises ValueError for a silent or bad signal, or one shorter than a frame.

    Checked: tests/test_baselines_are_fair.py
    """
    check_sounding(signal)
    signal = signal if sample_rate == SAMPLE_RATE else resample(signal, sample_rate, SAMPLE_RATE)
    (cepstra,) = extract([signal], SAMPLE_RATE, CONVENTION, kind="mfcc")
    (bands,) = extract([signal], SAMPLE_RATE, CONVENTION, kind="log_mel")
    return _over_time(cepstra, bands)


class StatisticsStream:
    """`statistics` of a signal at 16 kHz that comes in pieces: finish() gives the same bits as (1, 395) inputs."""

    def __init__(self) -> None:
        self._streams = [Stream(CONVENTION, SAMPLE_RATE, kind=kind) for kind in ("mfcc", "log_mel")]
        self._rows: tuple[list[np.ndarray], ...] = ([], [])

    def push(self, samples: np.ndarray) -> None:
        for stream, rows in zip(self._streams, self._rows, strict=True):
            rows.append(stream.push(samples))

    def finish(self) -> np.ndarray:
        """Raises ValueError for a signal shorter than a frame.

        Checked: tests/test_recogniser_listens_live.py
        """
        for stream, rows in zip(self._streams, self._rows, strict=True):
            rows.append(stream.finish())
        return _over_time(*(np.concatenate(rows, axis=1) for rows in self._rows))[None]


def _over_time(cepstra: np.ndarray, bands: np.ndarray) -> np.ndarray:
    frames = np.concatenate([cepstra, bands]).astype(np.float64)
    columns = [frames.mean(1), frames.std(1), *np.quantile(frames, QUANTILES, axis=1)]
    return np.concatenate(columns).astype(np.float32)


FEATURES = FrontEnd("baseline_statistics", 1, CONVENTION, (N_STATISTICS,), statistics)
