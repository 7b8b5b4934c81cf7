"""Why two pictures differ, if one of the usual suspects reproduces one of them from the other to the last byte.

A cause is named only where every byte agrees; otherwise the answer is "not explained". The pictures alone decide
what can happen to a finished picture (alterations.py). All that happens before its pixels are mixed (the window, the
colormap, the resizing ...) needs the recording: one picture must be its spectrogram image, and the other one is
redrawn with one stage after another changed (pipeline.py).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spectrogram_images.colormaps import COLORMAPS
from spectrogram_images.compare import alterations
from spectrogram_images.compare.pipeline import (
    MATLAB_ROUNDING,
    Recipe,
    Redrawing,
    analyses,
    neighbors,
    windows_of,
)
from spectrogram_images.parameters import ImageParameters
from spectrogram_images.render import render

MAX_CHANGES = 5  # stages that may differ at once
NEARER = 0.9  # a change must come so much nearer, or the search ends
BEAM = 4  # recipes that are changed further, the nearest ones
MAX_TIED = 32  # values that differ by 1, for which the note speaks of a tie
TIE = 1e-9  # of 255: float64 leaves about 1e-13, and no other value of 1200 real images is nearer than 4e-8


@dataclass(frozen=True)
class Cause:
    """One difference in the making of two pictures: its kind in a word or two, and what "B has ..." in the end."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Explanation:
    """What together turns one picture into the other, exactly; no causes if nothing was found.

    Parameters
    ----------
    causes : all of them hold together
    altered : "A" or "B", the picture that the causes make from the other; "" if it works both ways or is not known
    original : how the other picture was made, if the recording was given and reproduces it; else ""
    alternatives : other explanations that are just as exact
    note : why there is no explanation, or what else there is to know
    """

    causes: tuple[Cause, ...] = ()
    altered: str = ""
    original: str = ""
    alternatives: tuple[tuple[Cause, ...], ...] = ()
    note: str = ""


def explain(
    a: np.ndarray,
    b: np.ndarray,
    signal: np.ndarray | None = None,
    time_limit: float = 60,
    remembered: list[Recipe] | None = None,
) -> Explanation:
    """The cause of the difference between two pictures.

    Parameters
    ----------
    a, b : (height, width, 3) uint8, not equal
    signal : (n,) real, the recording that at least one of them shows; None if it is not at hand
    time_limit : s, after which the search with the recording ends
    remembered : recipes that explained earlier pairs; they are tried first, and a new one is added

    Returns
    -------
    explanation : with causes only where every byte agrees

    Raises
    ------
    ValueError  if the signal cannot be drawn.

    Source: the images' own pipeline, spectrogram_images.render. Checked: tests/test_image_causes.py
    """
    found = _from_pictures(a, b)
    if found is not None:
        return found
    if signal is None:
        return Explanation(note=_near_tie(a, b) or "many more suspects can be tested with the recording (--audio)")
    deadline = time.monotonic() + time_limit
    return _from_recording(a, b, Redrawing(signal), deadline, [] if remembered is None else remembered)


# ---------------------------------------------------------------- from the pictures alone


def _from_pictures(a: np.ndarray, b: np.ndarray) -> Explanation | None:
    for names, copy in alterations.turned(a):
        if names and np.array_equal(copy, b):
            return Explanation(_turns(names))
    for altered, original, copy in (("B", a, b), ("A", b, a)):
        exact = (cause for cause, made in _lossy(original, copy) if np.array_equal(made, copy))
        first = next(exact, None)
        if first is not None:
            others = () if first.kind == "JPEG" else tuple((cause,) for cause in exact)  # JPEG: too many to go on
            return Explanation((first,), altered, alternatives=others)
    return None


def _lossy(original: np.ndarray, copy: np.ndarray) -> Iterator[tuple[Cause, np.ndarray]]:
    """Copies of a picture that might be the other one; none of a picture so plain that a match proves nothing."""
    if alterations.has_few_colors(original):
        return
    if alterations.is_gray(copy) and not alterations.is_gray(original) and original.shape == copy.shape:
        yield from ((Cause("grayscale", name), made) for name, made in alterations.grays(original))
    if original.shape != copy.shape:
        size = (copy.shape[0], copy.shape[1])
        yield from ((Cause("size", name), made) for name, made in alterations.resized(original, size))
        return
    yield from ((Cause("colormap", name), made) for name, made in alterations.recolored(original))
    yield from ((Cause("palette", name), made) for name, made in alterations.palettes(original))
    alike = np.abs(original.astype(np.int16) - copy).mean() < 40
    if alike and original.shape[0] * original.shape[1] <= alterations.MAX_JPEG_PIXELS:
        yield from ((Cause("JPEG", name), made) for name, made in alterations.jpegs(original))


def _turns(names: tuple[str, ...]) -> tuple[Cause, ...]:
    kinds = {alterations.FLIPPED: "flip", alterations.BGR: "channel order", alterations.NEGATIVE: "negative"}
    return tuple(Cause(kinds.get(name, "orientation"), name) for name in names)


def _near_tie(a: np.ndarray, b: np.ndarray) -> str:
    if a.shape != b.shape:
        return ""
    difference = np.abs(a.astype(np.int16) - b)
    if difference.max() == 1 and np.count_nonzero(difference) <= MAX_TIED:
        n_values = int(np.count_nonzero(difference))
        values = "1 value differs" if n_values == 1 else f"{n_values} values differ"
        return f"only {values}, by 1: perhaps a tie of rounding, which only the recording (--audio) can prove"
    return ""


# ---------------------------------------------------------------- from the recording


def _from_recording(
    a: np.ndarray, b: np.ndarray, drawing: Redrawing, deadline: float, remembered: list[Recipe]
) -> Explanation:
    base, altered, copy = _original(a, b, drawing, deadline)
    if base is None:
        late = " within the time limit" if time.monotonic() > deadline else ""
        return Explanation(note=f"neither picture was reproduced from the recording{late}")
    search = _Search(drawing, copy, deadline)
    found = search.run(replace(base, parameters=_sized(base.parameters, copy)), remembered)
    described = describe(base)
    if found:
        if found[0][0] not in remembered:
            remembered.append(found[0][0])
        causes = [_causes(base, recipe, turns) for recipe, turns in found]
        return Explanation(causes[0], altered, described, tuple(causes[1:]))
    late = ", and the time limit ended the search" if search.late else ""
    other = "B" if altered == "A" else "A"
    return Explanation(original=described, note=f"{other} is the recording's image; no suspect makes {altered}{late}")


def describe(recipe: Recipe) -> str:
    """The script that makes a picture, in one line; what is MATLAB's script goes without saying."""
    causes = _causes(Recipe(replace(recipe.parameters, colormap="jet")), replace(recipe, colors="MATLAB's jet"), ())
    words = recipe.parameters.describe().replace(", jet,", f", {recipe.colors},")
    return "; ".join([words, *(cause.detail for cause in causes)])


def _script_of(image: np.ndarray, signal: np.ndarray) -> Recipe | None:
    """The MATLAB script that makes this image of the signal: the paper's, or one with another colormap."""
    for colors in COLORMAPS:
        parameters = _sized(ImageParameters(colormap=colors), image)
        if np.array_equal(render(signal, parameters), image):
            return Recipe(parameters, colors=f"MATLAB's {colors}")
    return None


def _original(
    a: np.ndarray, b: np.ndarray, drawing: Redrawing, deadline: float
) -> tuple[Recipe | None, str, np.ndarray]:
    """The recipe of the picture that a MATLAB script made, which of A and B is the other one, and that other one.

    If neither is such a picture, the recipe of A (or else of B) is looked for as a cause is: as a change of the
    paper's script.
    """
    both = (("B", a, b), ("A", b, a))
    for altered, original, copy in both:
        base = _script_of(original, drawing.signal)
        if base is not None:
            return base, altered, copy
    for altered, original, copy in both:
        part = (deadline - time.monotonic()) / 3
        found = _Search(drawing, original, time.monotonic() + part, turns=False).run(
            Recipe(_sized(ImageParameters(), original))
        )
        if found:
            return found[0][0], altered, copy
    return None, "", a


def _sized(parameters: ImageParameters, image: np.ndarray) -> ImageParameters:
    return replace(parameters, size=(image.shape[0], image.shape[1]))


class _Search:
    """Looks for recipes that make the target exactly, changing one stage of a recipe after another."""

    def __init__(self, drawing: Redrawing, target: np.ndarray, deadline: float, turns: bool = True) -> None:
        self.drawing, self.target, self.deadline, self.late = drawing, target, deadline, False
        self.turned = list(alterations.turned(target)) if turns else [((), target)]
        self.gray = turns and alterations.is_gray(target)
        self.seen: dict[Recipe, float] = {}
        self.found: list[tuple[Recipe, tuple[Cause, ...]]] = []

    def run(self, base: Recipe, remembered: Sequence[Recipe] = ()) -> list[tuple[Recipe, tuple[Cause, ...]]]:
        """All recipes with the fewest changes that make the target, with how it was turned afterwards.

        What explained other pairs is tried first, without regard to the time limit.
        """
        for recipe in remembered:
            self._draw_and_compare(replace(recipe, parameters=_sized(recipe.parameters, self.target)))
            if self.found:
                return self.found
        self._draw_and_compare(base)
        beam, nearest_before = [base], self.seen[base]
        for change in range(MAX_CHANGES):
            for recipe in beam:
                for neighbor in neighbors(recipe):
                    if not self._try(neighbor):
                        break
            if not self.found and change == 0:
                self._try_analyses(base)
            if self.found or self.late:
                break
            beam = sorted(self.seen, key=self.seen.__getitem__)[:BEAM]
            if self.seen[beam[0]] > NEARER * nearest_before:
                break  # a foreign picture: no change comes much nearer
            nearest_before = self.seen[beam[0]]
        fewest = min((len(_causes(base, *found)) for found in self.found), default=0)
        best = [found for found in self.found if len(_causes(base, *found)) == fewest]
        return sorted(best, key=lambda found: any(cause.kind == "tie" for cause in found[1]))  # a rule says more

    def _try_analyses(self, base: Recipe) -> None:
        """Window, length, overlap and NFFT all at once: they seldom come nearer one by one."""
        size = base.parameters.size
        tried = []
        for parameters in analyses(size, ("hann", "hamming")):
            recipe = replace(base, parameters=replace(parameters, colormap=base.parameters.colormap))
            if not self._try(recipe):
                return
            tried.append(recipe)
        for recipe in sorted(tried, key=self.seen.__getitem__)[:BEAM]:
            for parameters in windows_of(recipe.parameters):
                if not self._try(replace(recipe, parameters=parameters)):
                    return

    def _try(self, recipe: Recipe) -> bool:
        """Draws a recipe and compares; False once the time is up."""
        if time.monotonic() > self.deadline:
            self.late = True
            return False
        if recipe not in self.seen:
            self._draw_and_compare(recipe)
        return True

    def _draw_and_compare(self, recipe: Recipe) -> None:
        try:
            image = self.drawing.draw(recipe)
        except (ValueError, ImportError):  # a window longer than the signal; a resizer that is not installed
            self.seen[recipe] = np.inf
            return
        self.seen[recipe] = np.inf
        for names, target in self.turned:
            if target.shape != image.shape:
                continue
            nearness = self._distance(image, target)
            self.seen[recipe] = min(self.seen[recipe], nearness)
            if nearness < 1 and np.array_equal(image, target):
                self.found.append((recipe, _turns(names)))
            elif nearness < 0.5 and (ties := self._ties(recipe, image, target)):
                self.found.append((recipe, (*_turns(names), ties)))
            if self.gray and not alterations.is_gray(image):
                for name, made in alterations.grays(image):
                    if np.array_equal(made, target):
                        self.found.append((recipe, (*_turns(names), Cause("grayscale", name))))

    @staticmethod
    def _distance(image: np.ndarray, target: np.ndarray) -> float:
        """Mean absolute difference, of a ninth of the pixels."""
        return float(np.abs(image[::3, ::3].astype(np.int16) - target[::3, ::3]).mean())

    def _ties(self, recipe: Recipe, image: np.ndarray, target: np.ndarray) -> Cause | None:
        """The cause "tie" if the pictures differ by 1 in a few values, each halfway between two bytes."""
        difference = np.abs(image.astype(np.int16) - target)
        n_different = int(np.count_nonzero(difference))
        if n_different == 0 or difference.max() > 1 or recipe.rounding != MATLAB_ROUNDING:
            return None
        exact = 255 * self.drawing.shades(recipe)[difference > 0]
        if np.abs(exact - np.floor(exact) - 0.5).max() > TIE:
            return None
        values = "1 value is" if n_different == 1 else f"{n_different} values are"
        return Cause("tie", f"{values} halfway between two bytes, and the last bit of a sum decides")


_STAGES: tuple[tuple[str, str, Callable[[Recipe], object]], ...] = (
    ("window", "the window", lambda r: r.parameters.window),
    ("periodic window", "a window that is", lambda r: r.parameters.sampling),
    ("window length", "window length", lambda r: r.parameters.window_length),
    ("overlap", "overlap", lambda r: r.parameters.noverlap),
    ("NFFT", "NFFT", lambda r: r.parameters.nfft),
    ("size", "size", lambda r: "x".join(map(str, r.parameters.size))),
    ("level", "the level", lambda r: r.level),
    ("color numbers", "color numbers", lambda r: r.index),
    ("colormap", "", lambda r: r.colors),
    ("order", "", lambda r: r.order),
    ("resizing", "", lambda r: r.resize),
    ("rounding", "bytes", lambda r: r.rounding),
)


def _causes(base: Recipe, recipe: Recipe, turns: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """The stages in which a recipe differs from the base, then what happened to the finished picture."""
    changed = [
        Cause(kind, f"{words} {value(recipe)} instead of {value(base)}".strip())
        for kind, words, value in _STAGES
        if value(recipe) != value(base)
    ]
    return (*changed, *turns)
