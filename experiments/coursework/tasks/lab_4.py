"""Lab 4: a bank of triangular filters on the course's mel scale."""

import numpy as np

from dsp import hz_to_mel, mel_filterbank, mel_to_hz
from experiments.coursework.task import AUDIO_LIBRARIES, Case, Mistake, Task

ROUNDINGS = {  # of a filter's left edge, center and right edge, in bins
    "floor": (np.floor, np.floor, np.floor),
    "round": (np.round, np.round, np.round),
    "ceil": (np.ceil, np.ceil, np.ceil),
    "floor round ceil": (np.floor, np.round, np.ceil),
}
NORMS = {  # the mistake of a course that wants another
    "none": "filters of height 1",
    "slaney": "areas normalized",
    "sum": "filters divided by their sums",
}


def make_task(profile) -> Task:
    """mel_filterbank(n_mels, n_fft, sample_rate, f_min, f_max) on the profile's scale, with its edges and heights."""
    return Task(
        lab=4,
        function="mel_filterbank",
        parameters=("n_mels", "n_fft", "sample_rate", "f_min", "f_max"),
        points=profile.points,
        solution=Bank(profile),
        cases=cases(profile),
        mistakes=mistakes(profile),
        axes=("filter", "bin"),
        refused=AUDIO_LIBRARIES,
    )


class Bank:
    """A filterbank as a function of five arguments, with rules that can be replaced one by one."""

    def __init__(self, profile, scale=None, triangles=None, rounding=None, norm=None):
        self.scale, self.norm = scale or profile.mel_scale, norm or profile.mel_norm
        self.triangles = triangles or profile.mel_triangles
        self.rounding = rounding or ("none" if triangles else profile.edge_rounding)

    def edges(self, n_mels, f_min, f_max) -> np.ndarray:
        """The n_mels + 2 edges in Hz."""
        low, high = hz_to_mel(f_min, self.scale), hz_to_mel(f_max, self.scale)
        return mel_to_hz(np.linspace(low, high, n_mels + 2), self.scale)

    def __call__(self, n_mels, n_fft, sample_rate, f_min, f_max) -> np.ndarray:
        if self.rounding == "none":
            norm = None if self.norm == "none" else self.norm
            return mel_filterbank(
                n_mels, n_fft, sample_rate, f_min, f_max, self.scale, triangles=self.triangles, norm=norm
            )
        return self.on(np.arange(n_fft // 2 + 1) * sample_rate / n_fft, n_fft, sample_rate, n_mels, f_min, f_max)

    def on(self, frequency, n_fft, sample_rate, n_mels, f_min, f_max, clipped=True) -> np.ndarray:
        """The filters at any frequencies. Rounded edges: floor((n_fft + 1) f / rate), else R(n_fft f / rate)."""
        edges = self.edges(n_mels, f_min, f_max)
        left, center, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        if self.rounding != "none":
            n = n_fft + 1 if self.rounding == "floor" else n_fft
            left, center, right = (
                R(n * edge / sample_rate)
                for R, edge in zip(ROUNDINGS[self.rounding], (left, center, right), strict=True)
            )
            frequency = frequency * n_fft / sample_rate
        elif self.triangles == "mel":
            frequency, left, center, right = (hz_to_mel(f, self.scale) for f in (frequency, left, center, right))
        with np.errstate(divide="ignore", invalid="ignore"):  # coinciding edges make a vertical side
            rising, falling = (frequency - left) / (center - left), (right - frequency) / (right - center)
        sides = np.fmin(np.fmin(rising, falling), 1)  # where one side is 0/0, the other decides
        filters = np.maximum(0, sides) if clipped else sides
        if self.norm == "sum":
            sums = filters.sum(axis=1, keepdims=True)
            return filters / np.where(sums == 0, 1, sums)
        return filters * (2 / (edges[2:] - edges[:-2]))[:, None] if self.norm == "slaney" else filters


def cases(profile) -> tuple[Case, ...]:
    p = profile
    off = 0.0 if p.edge_rounding == "none" else 0.2  # bins: no edge lies where the last bit decides on rounding

    def case(name: str, n_mels, n_fft, sample_rate, f_min, f_max, hidden=False) -> Case:
        arguments = {"n_mels": n_mels, "n_fft": n_fft, "sample_rate": sample_rate}
        arguments |= {"f_min": float(f_min), "f_max": f_max - off * sample_rate / n_fft}
        return Case(f"{name}, {f_min:g} to {arguments['f_max']:g} Hz", arguments, hidden)

    return (
        case("four filters on 128 points at 8 kHz", 4, 128, 8000, 0, 4000),
        case("the course's", p.n_mels, p.n_fft, p.sample_rate, p.f_min, p.f_max or p.sample_rate / 2),
        case("telephone band: 12 filters on 512 points at 8 kHz", 12, 512, 8000, 300, 3400),
        case("an odd number of points, 1001", 10, 1001, 16000, 0, 8000),
        case("one filter", 1, 256, 16000, 100, 6000),
        case("40 filters on 2048 points at 22.05 kHz", 40, 2048, 22050, 20, 7600, hidden=True),
        case("an odd number of points, 255", 6, 255, 11025, 64, 5000, hidden=True),
    )


def mistakes(profile) -> tuple[Mistake, ...]:
    solution = Bank(profile)
    other = "slaney" if profile.mel_scale != "slaney" else "htk"

    def from_edges(edges_of):
        """The solution with edges_of(n_mels, f_min, f_max) in Hz."""
        bank = Bank(profile)
        bank.edges = edges_of
        return lambda n_mels, n_fft, sample_rate, f_min, f_max: bank.on(
            np.arange(n_fft // 2 + 1) * sample_rate / n_fft, n_fft, sample_rate, n_mels, f_min, f_max
        )

    def on_grid(grid):
        """The solution at the frequencies grid(n_fft, rate, f_min, f_max)."""
        return lambda n_mels, n_fft, sample_rate, f_min, f_max: solution.on(
            grid(n_fft, sample_rate, f_min, f_max), n_fft, sample_rate, n_mels, f_min, f_max
        )

    def changed(change):
        return lambda *arguments, **named: change(solution(*arguments, **named))

    def spaced(to_mel, to_hz):
        return from_edges(lambda n, low, high: to_hz(np.linspace(to_mel(low), to_mel(high), n + 2)))

    def not_clipped(n_mels, n_fft, sample_rate, f_min, f_max):
        frequency = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
        return solution.on(frequency, n_fft, sample_rate, n_mels, f_min, f_max, clipped=False)

    def rising_side(n_mels, n_fft, sample_rate, f_min, f_max):
        filters = solution(n_mels, n_fft, sample_rate, f_min, f_max)
        return np.where(np.arange(filters.shape[1]) <= filters.argmax(axis=1)[:, None], filters, 0)

    def two_fewer(n_mels, n_fft, sample_rate, f_min, f_max):
        return solution(max(1, n_mels - 2), n_fft, sample_rate, f_min, f_max)

    def to_nyquist(n_mels, n_fft, sample_rate, f_min, f_max):
        return solution(n_mels, n_fft, sample_rate, f_min, sample_rate / 2)

    def from_zero(n_mels, n_fft, sample_rate, f_min, f_max):
        return solution(n_mels, n_fft, sample_rate, 0.0, f_max)

    def mirrored(n_mels, n_fft, sample_rate, f_min, f_max):
        filters = solution(n_mels, n_fft, sample_rate, f_min, f_max)
        return np.pad(filters, ((0, 0), (0, n_fft - filters.shape[1])))

    mel_edges = "Are your edges as far apart at 100 Hz as at 5000 Hz, in Hz?"
    bins = "At which frequency, in Hz, does bin k of n_fft stand? And the last one, if n_fft is odd?"
    known = [
        Mistake(
            f"the {other} mel scale", "Where does your scale turn from straight to curved?", Bank(profile, scale=other)
        ),
        Mistake(
            "edges equally spaced in Hz", mel_edges, from_edges(lambda n, low, high: np.linspace(low, high, n + 2))
        ),
        Mistake(
            "a way back from mel that does not fit the way there",
            "Is mel_to_hz(hz_to_mel(1000)) 1000? Natural and decimal logarithm have different inverses.",
            spaced(lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (np.exp(m / 2595) - 1)),
        ),
        Mistake(
            "1000 Hz in the place of 700 Hz",
            "At which frequency does your scale turn from straight to curved?",
            spaced(lambda f: np.log(1 + f / 1000), lambda m: 1000 * (np.exp(m) - 1)),
        ),
        Mistake("bins as rows", "Which axis of your result counts filters?", changed(np.transpose)),
        Mistake("the Nyquist bin left out", bins, changed(lambda H: H[:, :-1])),
        Mistake("n_fft bins", "How many bins does rfft leave of n_fft samples?", mirrored),
        Mistake("two filters too few", "How many edges do n filters need that overlap by half?", two_fewer),
        Mistake(
            "bins spread over f_min to f_max",
            bins,
            on_grid(lambda n, rate, low, high: np.linspace(low, high, n // 2 + 1)),
        ),
        Mistake(
            "the last bin taken for the Nyquist frequency of an odd n_fft",
            bins,
            on_grid(lambda n, rate, low, high: np.linspace(0, rate / 2, n // 2 + 1)),
        ),
        Mistake("f_max ignored", "Where does your last filter end in the telephone band?", to_nyquist),
        Mistake("f_min ignored", "Where does your first filter begin in the telephone band?", from_zero),
        Mistake(
            "rectangles",
            "How high is a filter half-way between its edge and its center?",
            changed(lambda H: (H > 0) * 1.0),
        ),
        Mistake("the falling side missing", "Is every frequency between two centers seen by two filters?", rising_side),
        Mistake("negative outside the triangle", "What is your filter's value far away from its center?", not_clipped),
        Mistake(
            "the square of the triangles",
            "How high is a filter half-way between its edge and its center?",
            changed(np.square),
        ),
    ]
    for norm, name in NORMS.items():
        if norm != profile.mel_norm:
            known.append(Mistake(name, "How high is your highest filter?", Bank(profile, norm=norm)))
    for rounding in ("none", *ROUNDINGS):
        if rounding != profile.edge_rounding:
            name = "edges not rounded to bins" if rounding == "none" else f"edges rounded to bins ({rounding})"
            hint = "Does a filter's peak lie on a bin, or between two?"
            known.append(Mistake(name, hint, Bank(profile, rounding=rounding)))
    other_sides = "mel" if profile.mel_triangles == "hz" else "hz"
    if profile.edge_rounding == "none":
        hint = "Over which axis are your filters' sides straight lines: Hz or mel?"
        known.append(Mistake(f"sides straight in {other_sides}", hint, Bank(profile, triangles=other_sides)))
        logarithmic = spaced(lambda f: np.log(np.maximum(f, 1.0)), np.exp)
        known.append(Mistake("edges equally spaced in the logarithm of Hz", mel_edges, logarithmic))
    return tuple(known)
