"""Lab 7: from decibels to the bytes of a color image: the cases that the check tries, and the known mistakes."""

import numpy as np

from experiments.coursework.task import AUDIO_LIBRARIES, Case, Mistake, Task
from spectrogram_images import ind2rgb, jet, round_half_away, to_uint8

SEED = 7  # of the cases, beside the profile's seed


def make_task(profile) -> Task:
    """spectrogram_image(level_db, colors): what MATLAB's script makes of a spectrogram before it is resized."""
    return Task(
        lab=7,
        function="spectrogram_image",
        parameters=("level_db", "colors"),
        points=profile.points,
        solution=solution,
        cases=cases(profile.seed),
        mistakes=MISTAKES,
        axes=("row", "column", "channel"),
        dtype="uint8",
        refused=("spectrogram_images", "matplotlib", "PIL", "cv2", "skimage", "imageio", "seaborn", *AUDIO_LIBRARIES),
    )


def solution(level_db, colors):
    """i = round((L - min L) / (max L - min L) (m - 1)), colors 1 .. m (0 is 1), bytes round(255 c): (h, w, 3) uint8"""
    return to_uint8(ind2rgb(round_half_away(index(level_db, len(colors))), colors))


def cases(own_seed: int) -> tuple[Case, ...]:
    """Visible: a spectrogram, ties of either rounding, whole decibels, three colors. Hidden: other maps and ranges."""
    ten = np.array([[-10.0, -9.0, -8.0, -7.0], [-6.0, -5.0, -4.0, -3.0], [-2.0, -1.0, 0.0, -10.0]])
    six = np.array([[-6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0]])
    steps = np.arange(24.0).reshape(4, 6) / 2 - 40
    whole = np.random.default_rng([SEED, 1, own_seed]).integers(-70, -9, (6, 5))
    return (
        Case("a spectrogram, jet of 256 colors", {"level_db": levels(33, 20, 100, 2, own_seed), "colors": jet(256)}),
        Case("steps of 1 dB over 10 dB, jet of 256", {"level_db": ten, "colors": jet(256)}),
        Case("every color of a jet of 24", {"level_db": steps, "colors": jet(24)}),
        Case("whole decibels (dtype int64), 6 grays", {"level_db": whole, "colors": gray(6)}),
        Case("three colors", {"level_db": levels(5, 7, 30, 3, own_seed), "colors": np.eye(3)}),
        Case(
            "more than 80 dB, jet of 64", {"level_db": levels(17, 12, 140, 4, own_seed), "colors": jet(64)}, hidden=True
        ),
        Case("steps of 1 dB over 6 dB, 256 grays", {"level_db": six, "colors": gray(256)}, hidden=True),
        Case("two values", {"level_db": np.array([[-20.0, 5.0]]), "colors": jet(256)}, hidden=True),
    )


def levels(n_bins: int, n_frames: int, range_db: float, *seed: int) -> np.ndarray:
    """Decibels like those of speech: louder at low frequencies and in the middle, none of them a tie."""
    random = np.random.default_rng([SEED, *seed])
    k, t = np.linspace(0, 1, n_bins)[:, None], np.linspace(0, 1, n_frames)
    shape = np.sin(np.pi * t) - 1.5 * k + 0.4 * random.standard_normal((n_bins, n_frames))
    return -10 + range_db * (shape - shape.max()) / np.ptp(shape)


def gray(m: int) -> np.ndarray:
    """m grays from black to white."""
    return np.tile(np.linspace(0, 1, m)[:, None], (1, 3))


def index(level_db, m: int, top=None) -> np.ndarray:
    """The levels stretched to 0 .. m - 1 (or 0 .. top), not yet rounded."""
    level = np.asarray(level_db, dtype=np.float64)
    return (level - level.min()) / (level.max() - level.min()) * (m - 1 if top is None else top)


def _colored(i, colors) -> np.ndarray:
    return to_uint8(ind2rgb(i, colors))


def _with_index(rounded):
    """The right colors of another index: rounded(unrounded index, m)."""
    return lambda level_db, colors: _colored(rounded(index(level_db, len(colors)), len(colors)), colors)


def _with_scale(scaled):
    """The right rounding of another scale: scaled(level_db, m)."""
    return lambda level_db, colors: _colored(
        round_half_away(scaled(np.asarray(level_db, dtype=np.float64), len(colors))), colors
    )


def _with_bytes(to_bytes):
    """The right colors, turned into bytes in another way."""
    return lambda level_db, colors: to_bytes(ind2rgb(round_half_away(index(level_db, len(colors))), colors))


def _of_image(change):
    """The right image, changed."""
    return lambda level_db, colors: change(solution(level_db, colors))


def _each(axis):
    def scaled(level, m):
        low, high = level.min(axis=axis, keepdims=True), level.max(axis=axis, keepdims=True)
        return (level - low) / np.where(high > low, high - low, 1) * (m - 1)

    return scaled


def _of_the_maximum(level, m):
    return np.abs(level) / np.abs(level).max() * (m - 1)


def _eighty_decibels(level, m):
    return index(np.maximum(level, level.max() - 80), m)


def _darkest_wraps(level_db, colors):
    return to_uint8(colors[round_half_away(index(level_db, len(colors))).astype(int) - 1])


def _step_in_front(i, m):
    return np.floor(i) + 1


MISTAKES = (
    Mistake(
        "colors counted from 0",
        "Which colors do the indices 0 and 1 have in MATLAB? How often is the last color of the map used?",
        lambda level_db, colors: to_uint8(colors[round_half_away(index(level_db, len(colors))).astype(int)]),
    ),
    Mistake(
        "the darkest pixels in the last color",
        "Look at the quietest pixel. Which row of the map is colors[0 - 1] in Python?",
        _darkest_wraps,
    ),
    Mistake(
        "the index truncated instead of rounded",
        "What does astype(int) make of 126.9, and what does MATLAB's round?",
        _with_index(lambda i, m: np.floor(i)),
    ),
    Mistake(
        "the index rounded up",
        "What happens to an index of 126.1?",
        _with_index(lambda i, m: np.ceil(i)),
    ),
    Mistake(
        "the index one too high",
        "Cut off and one added: where does 126.9 go, where 126.1?",
        _with_index(_step_in_front),
    ),
    Mistake(
        "halves of the index rounded to even",
        "Only pixels whose index is a half differ. What do np.round(76.5) and MATLAB's round(76.5) give?",
        _with_index(lambda i, m: np.round(i)),
    ),
    Mistake(
        "halves of the bytes rounded to even",
        "The colors are right, single bytes are 1 off. What is 255 / 6, and how do NumPy and MATLAB round it?",
        _with_bytes(lambda rgb: np.round(255 * rgb).astype(np.uint8)),
    ),
    Mistake(
        "bytes truncated instead of rounded",
        "The colors are right, many bytes are 1 too low. What does astype(np.uint8) do with 51.9?",
        _with_bytes(lambda rgb: (255 * rgb).astype(np.uint8)),
    ),
    Mistake(
        "256 levels of brightness cut off",
        "White is right, and so is black. Which byte belongs to 0.5 in MATLAB's imwrite?",
        _with_bytes(lambda rgb: np.minimum(256 * rgb, 255).astype(np.uint8)),
    ),
    Mistake(
        "colors from 0 to 1",
        "What is the dtype of your result, and what is white in it?",
        _with_bytes(lambda rgb: rgb),
    ),
    Mistake(
        "stretched to the number of colors",
        "A spectrogram of one loud and one quiet pixel: what are your two indices for a map of 256 colors?",
        _with_scale(lambda level, m: index(level, m, top=m)),
    ),
    Mistake(
        "always stretched to 255",
        "The maps of 256 colors pass. What should the largest index be when there are six grays?",
        _with_scale(lambda level, m: index(level, m, top=255)),
    ),
    Mistake(
        "every frame stretched by itself",
        "Can your image still show that one frame is louder than another?",
        _with_scale(_each(axis=0)),
    ),
    Mistake(
        "every frequency stretched by itself",
        "Can your image still show that low frequencies are louder than high ones?",
        _with_scale(_each(axis=1)),
    ),
    Mistake(
        "divided by the largest size",
        "Levels are negative. Which pixel is far from 0, the loud one or the quiet one? Which two colors must occur?",
        _with_scale(_of_the_maximum),
    ),
    Mistake(
        "80 dB below the maximum cut off",
        "Which pixel decides about your darkest color: the quietest one, or a rule about decibels?",
        _with_scale(_eighty_decibels),
    ),
    Mistake(
        "low frequencies at the bottom",
        "Row 0 of the spectrogram is 0 Hz. Where does the script's image have it?",
        _of_image(lambda image: image[::-1]),
    ),
    Mistake(
        "blue, green, red",
        "Which color has the loudest pixel under jet? In which order does your library keep the channels?",
        _of_image(lambda image: image[:, :, ::-1]),
    ),
    Mistake(
        "loud is blue",
        "Which end of the map belongs to the loudest pixel?",
        lambda level_db, colors: solution(level_db, colors[::-1]),
    ),
    Mistake(
        "frames as rows",
        "Look at the shape you return: height is frequency, width is time.",
        _of_image(lambda image: image.transpose(1, 0, 2)),
    ),
    Mistake(
        "channels first",
        "Look at the shape you return. Which axis do image files have last?",
        _of_image(lambda image: image.transpose(2, 0, 1)),
    ),
)
