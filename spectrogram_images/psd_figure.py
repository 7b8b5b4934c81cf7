"""Draws the CASIA paper's figure of one signal: its power spectral density over time and frequency.

    python -m spectrogram_images.psd_figure WAV PNG

MATLAB's script frames the signal with buffer, multiplies by a Hamming window and takes |FFT|; then it draws
something else, spectrogram(y, window, 160, 512, fs, 'yaxis'). `framed_spectrum` is what the script computes
and never shows; `psd_figure` is what it shows.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsp import EPS, buffer, hamming, power_spectral_density, power_to_db, rfft, spectrogram
from dsp.audio import read_one_channel
from dsp.files.commands import check_output_file, exit_status
from dsp.files.extras import require
from dsp.files.naming import figure_label, printable
from dsp.files.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Blue over green to yellow, rising evenly in lightness as MATLAB's parula does (its numbers are not used).
BLUE_TO_YELLOW = ("#35298c", "#2a5fe0", "#1496d8", "#1fb5b0", "#6cc16a", "#d9ba46", "#f8fb16")


def analysis_sizes(sample_rate: int) -> tuple[int, int, int]:
    """(frame length, overlap, NFFT) in samples: 25 ms, 10 ms, the next power of two.

    The script calls the 10 ms its frame shift, but buffer and spectrogram take it as the overlap, so
    frames are 15 ms apart. ValueError where 25 ms or 10 ms is not a whole number of samples (44.1 kHz).
    """
    frame_length, overlap = 0.025 * sample_rate, 0.01 * sample_rate
    if abs(frame_length - round(frame_length)) > 1e-9 or abs(overlap - round(overlap)) > 1e-9:
        found = f"25 ms are {frame_length:g} samples and 10 ms are {overlap:g}"
        raise ValueError(f"{sample_rate} Hz: {found}; whole numbers are needed")
    return round(frame_length), round(overlap), 1 << (round(frame_length) - 1).bit_length()


def framed_spectrum(signal, sample_rate: int) -> np.ndarray:
    """|fft(buffer(y, 400, 160) .* hamming(400), 512)|, bins 0 to Nyquist: (257, n_frames) at 16 kHz.

    Source: Zheng et al., appendix "Generate Spectrogram for the First Signal".
    Checked: tests/test_psd_figure_is_the_papers.py
    """
    frame_length, overlap, n_fft = analysis_sizes(sample_rate)
    frames = buffer(signal, frame_length, overlap) * hamming(frame_length)[:, None]
    return np.abs(rfft(frames.T, n_fft).T)


def psd(signal, sample_rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What MATLAB's spectrogram draws without output arguments: 10 log10(P + eps), F, T.

    Returns
    -------
    level : (n_fft // 2 + 1, n_frames) float64, dB per Hz
    F : Hz;  T : s

    Source: MathWorks, documentation of spectrogram; Zheng et al., appendix.
    Checked: tests/test_psd_figure_is_the_papers.py
    """
    frame_length, overlap, n_fft = analysis_sizes(sample_rate)
    window = hamming(frame_length)
    S, F, T = spectrogram(signal, window, overlap, n_fft, sample_rate)
    return power_to_db(power_spectral_density(S, window, n_fft, sample_rate), offset=EPS), F, T


def psd_figure(path, signal, sample_rate: int, title: str = "Spectrogram for the First Signal") -> None:
    """Draws `psd` with time in seconds to the right and frequency in kHz upwards; writes a PNG whole.

    Raises ValueError for what `psd` or `analysis_sizes` refuses, MissingPackageError without matplotlib.

    Checked: tests/test_psd_figure_is_the_papers.py
    """
    figures = require("matplotlib.figure", feature="drawing figures", extra="images")
    level, F, T = psd(signal, sample_rate)
    figure = figures.Figure(figsize=(7, 5.25), layout="constrained")
    axes = figure.subplots()
    half_hop, half_bin = (T[1] - T[0]) / 2 if T.size > 1 else T[0], F[1] / 2
    extent = (T[0] - half_hop, T[-1] + half_hop, (F[0] - half_bin) / 1e3, (F[-1] + half_bin) / 1e3)
    picture = axes.imshow(level, origin="lower", aspect="auto", extent=extent, cmap=_colormap())
    figure.colorbar(picture, label="Power/frequency (dB/Hz)")
    axes.set(xlabel="Time (s)", ylabel="Frequency (kHz)", ylim=(0, F[-1] / 1e3), title=title)
    write_atomically(path, lambda temporary: figure.savefig(temporary, format="png", dpi=110))


def _colormap() -> "Colormap":
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("blue to yellow", BLUE_TO_YELLOW)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m spectrogram_images.psd_figure",
        description=__doc__.splitlines()[0],
        epilog='example: python -m spectrogram_images.psd_figure "CASIA/angry/angry (1).wav" first_signal.png',
    )
    parser.add_argument("wav", type=Path, metavar="WAV", help="a recording of one channel")
    parser.add_argument("png", type=Path, metavar="PNG", help="the figure")
    options = parser.parse_args(arguments)

    def draw() -> None:
        check_output_file(options.png)
        signal, sample_rate = read_one_channel(options.wav, "such figures")
        psd_figure(options.png, signal, sample_rate, title=figure_label(options.wav))
        print(printable(options.png))

    return exit_status(draw, options.wav, options.png)


if __name__ == "__main__":
    sys.exit(main())
