"""One spectrogram image made in many ways: each stage of the MATLAB script has the alternatives that people use.

A `Recipe` names one choice per stage; `Redrawing.draw` makes its image. The default recipe is the MATLAB script's,
so its image is render's.
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dsp import EPS, log_spectrogram, spectrogram
from spectrogram_images.colormaps import COLORMAPS, colormap
from spectrogram_images.compare.resizers import MATLAB_BICUBIC, RESIZERS
from spectrogram_images.ind2rgb import ind2rgb
from spectrogram_images.parameters import PAPER, WINDOWS, ImageParameters
from spectrogram_images.quantize import round_half_away
from spectrogram_images.render import render

MATPLOTLIB_MAPS = (
    "jet jet_r viridis magma inferno plasma cividis turbo hot afmhot gist_heat gray gray_r Greys hsv rainbow "
    "nipy_spectral coolwarm seismic Spectral cubehelix ocean terrain"
).split()
MATLAB_LEVEL = "20 log10(|S| + eps)"
LEVELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # of the magnitude |S|
    MATLAB_LEVEL: lambda magnitude: 20 * np.log10(magnitude + EPS),
    "10 log10(|S|^2 + eps)": lambda magnitude: 10 * np.log10(magnitude**2 + EPS),
    "10 log10(|S|^2 + 1e-10)": lambda magnitude: 10 * np.log10(magnitude**2 + 1e-10),
    "|S| without a logarithm": lambda magnitude: magnitude,
    "|S|^2 without a logarithm": lambda magnitude: magnitude**2,
    "log(1 + |S|)": np.log1p,
    "log(1 + |S|^2)": lambda magnitude: np.log1p(magnitude**2),
    "20 log10(|S| + eps), at most 80 dB below the maximum": lambda magnitude: _limited(magnitude, 80),
}
MATLAB_INDEX = "rounded half up, colors counted from 1"
INDICES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # of 0 .. 1; what ind2rgb takes, which counts from 1
    MATLAB_INDEX: lambda x: round_half_away(255 * x),
    "rounded half up, colors counted from 0": lambda x: round_half_away(255 * x) + 1,
    "rounded half to even, colors counted from 1": lambda x: np.rint(255 * x),
    "rounded half to even, colors counted from 0": lambda x: np.rint(255 * x) + 1,
    "truncated, colors counted from 1": lambda x: np.floor(255 * x),
    "truncated, colors counted from 0": lambda x: np.floor(255 * x) + 1,
    "256 steps of equal width, colors counted from 0 (matplotlib)": lambda x: np.floor(256 * x) + 1,
}
MATLAB_ROUNDING = "rounded half up"
ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # of 0 .. 1 to bytes
    MATLAB_ROUNDING: lambda x: np.floor(255 * x + 0.5),
    "rounded half to even": lambda x: np.rint(255 * x),
    "truncated": lambda x: np.floor(255 * x),
    "256 steps of equal width": lambda x: np.minimum(np.floor(256 * x), 255),
}
COLORS_RESIZED, LEVELS_RESIZED = "resizing after coloring", "resizing before coloring"


@dataclass(frozen=True)
class Recipe:
    """One choice per stage: keys of the tables above; of `parameters`, all but the colormap count."""

    parameters: ImageParameters = PAPER
    level: str = MATLAB_LEVEL
    index: str = MATLAB_INDEX
    colors: str = "MATLAB's jet"
    order: str = COLORS_RESIZED
    resize: str = MATLAB_BICUBIC
    rounding: str = MATLAB_ROUNDING


@dataclass
class Redrawing:
    """Makes images of one recording; keeps what several recipes share."""

    signal: np.ndarray
    kept: dict[tuple, np.ndarray] = field(default_factory=dict)

    def draw(self, recipe: Recipe) -> np.ndarray:
        """The image, (height, width, 3) uint8. ValueError where the recipe does not suit the signal."""
        plain = Recipe(recipe.parameters, colors=recipe.colors)
        if recipe == plain and recipe.colors == f"MATLAB's {recipe.parameters.colormap}":
            return render(self.signal, recipe.parameters)
        return ROUNDINGS[recipe.rounding](self.shades(recipe)).astype(np.uint8)

    def shades(self, recipe: Recipe) -> np.ndarray:
        """The image before it is rounded to bytes, 0 .. 1."""
        size, colors = recipe.parameters.size, colors_of(recipe.colors)
        resizer = RESIZERS[recipe.resize]
        if recipe.order == LEVELS_RESIZED:
            scaled = np.clip(resizer(self._scaled(recipe), size), 0, 1)
            shades = ind2rgb(INDICES[recipe.index](scaled), colors)
        else:
            shades = resizer(self._rgb(recipe), size)
        return np.clip(shades, 0, 1)

    def _rgb(self, recipe: Recipe) -> np.ndarray:
        key = ("rgb", _analysis(recipe.parameters), recipe.level, recipe.index, recipe.colors)
        return self._keep(key, lambda: ind2rgb(INDICES[recipe.index](self._scaled(recipe)), colors_of(recipe.colors)))

    def _scaled(self, recipe: Recipe) -> np.ndarray:
        """Levels from 0 to 1."""
        return self._keep(("scaled", _analysis(recipe.parameters), recipe.level), lambda: _min_max(self._level(recipe)))

    def _level(self, recipe: Recipe) -> np.ndarray:
        p = recipe.parameters
        if recipe.level == MATLAB_LEVEL:
            return log_spectrogram(self.signal, p.window_values(), p.noverlap, p.nfft, EPS)
        key = ("magnitude", _analysis(p))
        S = self._keep(key, lambda: np.abs(spectrogram(self.signal, p.window_values(), p.noverlap, p.nfft, 1)[0]))
        return LEVELS[recipe.level](S)

    def _keep(self, key: tuple, make: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in self.kept:
            if len(self.kept) >= 64:
                del self.kept[next(iter(self.kept))]
            self.kept[key] = make()
        return self.kept[key]


def colors_of(name: str) -> np.ndarray:
    """The 256 colors (64 where the name says so) of "MATLAB's jet", "matplotlib's jet" ..."""
    source, _, rest = name.partition(" ")
    if source == "matplotlib's":
        import matplotlib

        return matplotlib.colormaps[rest](np.arange(256))[:, :3]
    map_name, _, count = rest.partition(" of ")
    return colormap(map_name, int(count.split()[0]) if count else 256)  # type: ignore[arg-type]


def color_names() -> list[str]:
    """The names that colors_of knows here; matplotlib's only where it is installed."""
    names = [f"MATLAB's {name}" for name in COLORMAPS] + ["MATLAB's jet of 64 colors"]
    if importlib.util.find_spec("matplotlib"):
        names += [f"matplotlib's {name}" for name in MATPLOTLIB_MAPS]
    return names


def neighbors(recipe: Recipe) -> Iterator[Recipe]:
    """Every recipe that differs from this one in a single stage."""
    yield from (replace(recipe, level=name) for name in LEVELS if name != recipe.level)
    yield from (replace(recipe, index=name) for name in INDICES if name != recipe.index)
    yield from (replace(recipe, rounding=name) for name in ROUNDINGS if name != recipe.rounding)
    yield from (replace(recipe, resize=name) for name in RESIZERS if name != recipe.resize)
    yield from (replace(recipe, colors=name) for name in color_names() if name != recipe.colors)
    yield replace(recipe, order=LEVELS_RESIZED if recipe.order == COLORS_RESIZED else COLORS_RESIZED)
    for parameters in _neighboring_analyses(recipe.parameters):
        yield replace(recipe, parameters=parameters)


def analyses(size: tuple[int, int], windows: tuple[str, ...]) -> Iterator[ImageParameters]:
    """The usual windows, lengths, overlaps and NFFTs together."""
    for length in (128, 160, 200, 240, 256, 320, 400, 480, 512, 640, 1024):
        overlaps = sorted({*_overlaps(length), 128, 160})
        for noverlap in (n for n in overlaps if n < length):
            for nfft in sorted({n for n in (length, 256, 512, 1024, 2048) if n >= length}):
                for window in windows:
                    yield ImageParameters(window, length, "symmetric", noverlap, nfft, size)  # type: ignore[arg-type]


def windows_of(parameters: ImageParameters) -> Iterator[ImageParameters]:
    """The same analysis with every other window, symmetric and periodic."""
    for window in WINDOWS:
        for sampling in ("symmetric", "periodic"):
            if (window, sampling) not in ((parameters.window, parameters.sampling), ("rectwin", "periodic")):
                yield replace(parameters, window=window, sampling=sampling)


def _neighboring_analyses(p: ImageParameters) -> Iterator[ImageParameters]:
    yield from windows_of(p)
    for noverlap in _overlaps(p.window_length):
        if noverlap != p.noverlap:
            yield replace(p, noverlap=noverlap)
    for nfft in sorted({256, 512, 1024, 2048, 4096, p.window_length}):
        if nfft != p.nfft and nfft >= p.window_length:
            yield replace(p, nfft=nfft)


def _overlaps(length: int) -> list[int]:
    candidates = {0, length // 4, length // 2, 5 * length // 8, 3 * length // 4, 7 * length // 8, length - 1}
    candidates |= {length - hop for hop in (80, 128, 160, 256)} | {int(0.6 * length), 128, 160}
    return sorted(n for n in candidates if 0 <= n < length and length - n >= 32)


def _analysis(p: ImageParameters) -> tuple:
    return (p.window, p.window_length, p.sampling, p.noverlap, p.nfft)


def _min_max(level: np.ndarray) -> np.ndarray:
    lowest, highest = level.min(), level.max()
    if not highest > lowest:
        raise ValueError("every value of the spectrogram is the same: there is nothing to scale")
    return (level - lowest) / (highest - lowest)


def _limited(magnitude: np.ndarray, range_db: float) -> np.ndarray:
    level = 20 * np.log10(magnitude + EPS)
    return np.maximum(level, level.max() - range_db)
