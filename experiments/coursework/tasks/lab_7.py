"""Lab 7: from decibels to the bytes of a color image: the cases that the check tries, and the known mistakes."""

import numpy as np

from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task
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
        variant=variant,
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


def variant(
    level=None, scaled=None, rounded=None, colored=None, bytes_of=None, flipped=None, channels=None, layout=None
):
    """The solution with other parts.

    level(level_db) : the decibels that are used; scaled(level, m) -> 0 .. m - 1, not yet rounded; rounded(index) ;
    colored(rounded index, colors) -> (h, w, 3) from 0 to 1; bytes_of(rgb); flipped, channels, layout : changes of the
    image, in this order
    """
    changes = [change for change in (flipped, channels, layout) if change is not None]

    def function(level_db, colors):
        x = np.asarray(level_db, dtype=np.float64)
        x = x if level is None else level(x)
        i = index(x, len(colors)) if scaled is None else scaled(x, len(colors))
        i = round_half_away(i) if rounded is None else rounded(i)
        rgb = ind2rgb(i, colors) if colored is None else colored(i, colors)
        image = to_uint8(rgb) if bytes_of is None else bytes_of(rgb)
        for change in changes:
            image = change(image)
        return image

    return function


def each(axis):
    def scaled(level, m):
        low, high = level.min(axis=axis, keepdims=True), level.max(axis=axis, keepdims=True)
        return (level - low) / np.where(high > low, high - low, 1) * (m - 1)

    return scaled


def from_zero(i, colors):
    """Colors counted from 0; past the end, Python refuses."""
    return colors[i.astype(int)]


def clipped_from_zero(i, colors):
    return colors[i.astype(int).clip(0, len(colors) - 1)]


def darkest_wraps(i, colors):
    return colors[i.astype(int) - 1]


def wrapped_bytes(rgb):
    """256 levels that wrap: white becomes black."""
    return (np.floor(256 * rgb).astype(int) % 256).astype(np.uint8)


def grayscale(image):
    return np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)


def known(name: str, hint: str, **parts) -> Mistake:
    return Mistake(name, hint, variant(**parts), parts)


FROM_ONE = "Which colors do the indices 0 and 1 have in MATLAB? How often is the last color of the map used?"
ROUND = "What does astype(int) make of 126.9, and what does MATLAB's round?"
TWO = "A spectrogram of one loud and one quiet pixel: what are your two indices for a map of 256 colors?"
MAPS = "The maps of 256 colors pass. What should the largest index be when there are six grays?"
DECIDES = "Which pixel decides about your darkest color: the quietest one, or a rule about decibels?"
DECIBELS = "Are the levels that you get decibels already?"
BYTES = "The colors are right, single bytes are off. Which byte belongs to 0.5 in MATLAB's imwrite?"
SHAPE = "Look at the shape you return. Which axis do image files have last?"
CHANNELS = "Which color has the loudest pixel under jet? In which order does your library keep the channels?"
MISTAKES = (
    known("colors counted from 0", FROM_ONE, colored=from_zero),
    known(
        "the darkest pixels in the last color",
        "Look at the quietest pixel. What is colors[0 - 1]?",
        colored=darkest_wraps,
    ),
    known("the index truncated instead of rounded", ROUND, rounded=np.floor),
    known("the index rounded up", "What happens to an index of 126.1?", rounded=np.ceil),
    known(
        "the index one too high",
        "Cut off and one added: where does 126.9 go, where 126.1?",
        rounded=lambda i: np.floor(i) + 1,
    ),
    known(
        "halves of the index rounded to even",
        "Only pixels whose index is a half differ. What do np.round(76.5) and MATLAB's round(76.5) give?",
        rounded=np.round,
    ),
    known(
        "halves of the bytes rounded to even",
        "The colors are right, single bytes are 1 off. What is 255 / 6, and how do NumPy and MATLAB round it?",
        bytes_of=lambda rgb: np.round(255 * rgb).astype(np.uint8),
    ),
    known(
        "bytes truncated instead of rounded",
        "The colors are right, many bytes are 1 too low. What does astype(np.uint8) do with 51.9?",
        bytes_of=lambda rgb: (255 * rgb).astype(np.uint8),
    ),
    known("bytes rounded up", BYTES, bytes_of=lambda rgb: np.ceil(255 * rgb).astype(np.uint8)),
    known("256 levels of brightness cut off", BYTES, bytes_of=lambda rgb: np.minimum(256 * rgb, 255).astype(np.uint8)),
    known("256 levels of brightness that wrap: white is black", BYTES, bytes_of=wrapped_bytes),
    known("bytes of colors that are cut to 0 and 1", BYTES, bytes_of=lambda rgb: 255 * rgb.astype(np.uint8)),
    known("colors from 0 to 1", "What is the dtype of your result, and what is white in it?", bytes_of=lambda rgb: rgb),
    known(
        "colors from 0 to 1, cut to bytes",
        "What is the dtype of your result, and what is white in it?",
        bytes_of=lambda rgb: rgb.astype(np.uint8),
    ),
    known("bytes that are not rounded", "What is the dtype of your result?", bytes_of=lambda rgb: 255 * rgb),
    known("stretched to the number of colors", TWO, scaled=lambda x, m: index(x, m, top=m)),
    known("stretched to the number of colors less 2", TWO, scaled=lambda x, m: index(x, m, top=m - 2)),
    known("always stretched to 255", MAPS, scaled=lambda x, m: index(x, m, top=255)),
    known("always stretched to 63", MAPS, scaled=lambda x, m: index(x, m, top=63)),
    known(
        "every frame stretched by itself",
        "Can your image still show that one frame is louder than another?",
        scaled=each(axis=0),
    ),
    known(
        "every frequency stretched by itself",
        "Can your image still show that low frequencies are louder than high ones?",
        scaled=each(axis=1),
    ),
    known(
        "divided by the largest size",
        "Levels are negative. Which pixel is far from 0, the loud one or the quiet one? Which two colors must occur?",
        scaled=lambda x, m: np.abs(x) / np.abs(x).max() * (m - 1),
    ),
    known(
        "the minimum not taken off",
        "Levels are negative. Which index has the quietest pixel, which the loudest?",
        scaled=lambda x, m: x / (x.max() - x.min()) * (m - 1),
    ),
    known(
        "divided by the maximum in the place of the range",
        TWO,
        scaled=lambda x, m: (x - x.min()) / np.abs(x.max()) * (m - 1),
    ),
    known("80 dB below the maximum cut off", DECIDES, level=lambda x: np.maximum(x, x.max() - 80)),
    known("60 dB below the maximum cut off", DECIDES, level=lambda x: np.maximum(x, x.max() - 60)),
    known("40 dB below the maximum cut off", DECIDES, level=lambda x: np.maximum(x, x.max() - 40)),
    known("levels turned back into amplitudes", DECIBELS, level=lambda x: 10 ** (x / 20)),
    known("levels turned back into powers", DECIBELS, level=lambda x: 10 ** (x / 10)),
    known("levels cut to whole decibels", "What is the dtype of the array that you write into?", level=np.trunc),
    known("loud is blue", "Which end of the map belongs to the loudest pixel?", level=lambda x: -x),
    known(
        "the map in reverse order",
        "Which end of the map belongs to the loudest pixel?",
        colored=lambda i, colors: ind2rgb(i, colors[::-1]),
    ),
    known(
        "low frequencies at the bottom",
        "Row 0 of the spectrogram is 0 Hz. Where does the script's image have it?",
        flipped=lambda image: image[::-1],
    ),
    known("time from right to left", "In which column is the first frame?", flipped=lambda image: image[:, ::-1]),
    known("blue, green, red", CHANNELS, channels=lambda image: image[:, :, ::-1]),
    known("gray: the mean of red, green and blue", CHANNELS, channels=grayscale),
    known("red only", SHAPE, channels=lambda image: image[:, :, 0]),
    known(
        "a fourth channel, 255 everywhere",
        SHAPE,
        channels=lambda image: np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]),
    ),
    known(
        "frames as rows",
        "Look at the shape you return: height is frequency, width is time.",
        layout=lambda image: image.transpose(1, 0, *range(2, image.ndim)),
    ),
    known("channels first", SHAPE, layout=lambda image: np.moveaxis(image, -1, 0)),
)
