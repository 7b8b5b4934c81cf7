"""Lab 4: a bank of triangular filters on the course's mel scale."""

import numpy as np

from dsp import hz_to_mel, mel_filterbank, mel_to_hz
from experiments.coursework.checking.explain import is_same, result
from experiments.coursework.checking.task import AUDIO_LIBRARIES, Case, Mistake, Task

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
        variant=variant_of(profile),
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

    def on(self, frequency, n_fft, sample_rate, n_mels, f_min, f_max, clipped=True, side=None) -> np.ndarray:
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
        if side is not None:  # the other one is missing
            filters = np.where(frequency <= center if side == "rising" else frequency >= center, filters, 0)
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


def variant_of(profile):
    """variant(**parts) -> the solution with other parts.

    scale, triangles, rounding, norm : as in Bank; edges(n_mels, f_min, f_max) -> Hz; grid(n_fft, rate, f_min, f_max)
    -> Hz of the bins; count(n_mels), low(f_min, rate), high(f_max, rate) : other arguments; clipped : at 0; side : the
    only one; shape, rows, columns, layout : changes of the filters, in this order; columns also takes n_fft
    """

    def variant(edges=None, grid=None, count=None, low=None, high=None, clipped=True, side=None, **rest):
        changes = [rest.pop(name) for name in ("shape", "rows") if name in rest]
        columns, layout = rest.pop("columns", None), rest.pop("layout", None)
        bank = Bank(profile, **rest)
        bank.edges = edges or bank.edges

        def function(n_mels, n_fft, sample_rate, f_min, f_max):
            n = count(n_mels) if count else n_mels
            first, last = low(f_min, sample_rate) if low else f_min, high(f_max, sample_rate) if high else f_max
            if edges or grid or high or side or not clipped:
                f = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
                f = grid(n_fft, sample_rate, f_min, f_max) if grid else f
                filters = bank.on(f, n_fft, sample_rate, n, first, last, clipped, side)
            else:
                filters = bank(n, n_fft, sample_rate, first, last)
            for change in changes:
                filters = change(filters)
            filters = columns(filters, n_fft) if columns else filters
            return layout(filters) if layout else filters

        return function

    return variant


def mistakes(profile) -> tuple[Mistake, ...]:
    variant, solution = variant_of(profile), Bank(profile)
    other = "slaney" if profile.mel_scale != "slaney" else "htk"

    def mistake(name: str, hint: str, **parts) -> Mistake:
        return Mistake(name, hint, variant(**parts), parts)

    def to_mel(f):
        return hz_to_mel(f, profile.mel_scale)

    def to_hz(mel):
        return mel_to_hz(mel, profile.mel_scale)

    def spaced(there, back):
        """n + 2 edges, equally spaced on a scale."""
        return lambda n, low, high: back(np.linspace(there(low), there(high), n + 2))

    def centers_to_the_ends(n, low, high):
        step = (float(to_mel(high)) - float(to_mel(low))) / (n - 1)
        return to_hz(np.linspace(to_mel(low) - step, to_mel(high) + step, n + 2))

    def with_row(row: int):
        def change(H):
            H = H.copy()
            H[row] = 0
            return H

        return change

    mel_edges = "Are your edges as far apart at 100 Hz as at 5000 Hz, in Hz?"
    bins = "At which frequency, in Hz, does bin k of n_fft stand? And the last one, if n_fft is odd?"
    curved = "At which frequency does your scale turn from straight to curved?"
    half_way = "How high is a filter half-way between its edge and its center?"
    highest = "How high is your highest filter?"
    count = "How many edges do n filters need that overlap by half? Which are the first and the last one?"
    sides = "Is every frequency between two centers seen by two filters?"
    band = "Where does your {} filter {} in the telephone band?"
    known = [
        mistake(f"the {other} mel scale", "Where does your scale turn from straight to curved?", scale=other),
        mistake("edges equally spaced in Hz", mel_edges, edges=spaced(lambda f: f, lambda f: f)),
        mistake(
            "edges in mel, not turned back into Hz", "In which unit are your edges?", edges=spaced(to_mel, lambda m: m)
        ),
        mistake(
            "f_min and f_max taken for mel", "In which unit are f_min and f_max?", edges=spaced(lambda f: f, to_hz)
        ),
        mistake(
            "a way back from mel that does not fit the way there",
            "Is mel_to_hz(hz_to_mel(1000)) 1000? Natural and decimal logarithm have different inverses.",
            edges=spaced(lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (np.exp(m / 2595) - 1)),
        ),
        mistake(
            "1000 Hz in the place of 700 Hz",
            curved,
            edges=spaced(lambda f: np.log(1 + f / 1000), lambda m: 1000 * (np.exp(m) - 1)),
        ),
        mistake(
            "edges equally spaced in Bark (Traunmüller)",
            "Which formula is your course's scale?",
            edges=spaced(lambda f: 26.81 * f / (1960 + f) - 0.53, lambda z: 1960 * (z + 0.53) / (26.28 - z)),
        ),
        mistake("the first and the last center at f_min and f_max", count, edges=centers_to_the_ends),
        mistake(
            "one edge too many, the last one unused",
            count,
            edges=lambda n, low, high: to_hz(np.linspace(to_mel(low), to_mel(high), n + 3))[:-1],
        ),
        mistake(
            "one edge too many, the first one unused",
            count,
            edges=lambda n, low, high: to_hz(np.linspace(to_mel(low), to_mel(high), n + 3))[1:],
        ),
        mistake("two filters too few", count, count=lambda n: max(1, n - 2)),
        mistake("one filter too few", count, count=lambda n: max(1, n - 1)),
        mistake(
            "bins spread over f_min to f_max", bins, grid=lambda n, rate, low, high: np.linspace(low, high, n // 2 + 1)
        ),
        mistake(
            "the last bin taken for the Nyquist frequency of an odd n_fft",
            bins,
            grid=lambda n, rate, low, high: np.linspace(0, rate / 2, n // 2 + 1),
        ),
        mistake(
            "bins from 0 to the Nyquist frequency without it",
            bins,
            grid=lambda n, rate, low, high: np.arange(n // 2 + 1) * rate / 2 / (n // 2 + 1),
        ),
        mistake("bins counted from 1", bins, grid=lambda n, rate, low, high: (np.arange(n // 2 + 1) + 1) * rate / n),
        mistake(
            "bins spread over the whole sample rate",
            bins,
            grid=lambda n, rate, low, high: np.linspace(0, rate, n // 2 + 1),
        ),
        mistake("f_max ignored", band.format("last", "end"), high=lambda f, rate: rate / 2),
        mistake("f_max is the sample rate", band.format("last", "end"), high=lambda f, rate: rate),
        mistake("f_min ignored", band.format("first", "begin"), low=lambda f, rate: 0.0),
        mistake("the last filter left zero", "How often does your loop over the filters run?", rows=with_row(-1)),
        mistake("the first filter left zero", "Where does your loop over the filters begin?", rows=with_row(0)),
        mistake("the filters in reverse order", "Which filter is the lowest one?", rows=lambda H: H[::-1]),
        mistake("rectangles", half_way, shape=lambda H: (H > 0) * 1.0),
        mistake("the falling side missing", sides, side="rising"),
        mistake("the rising side missing", sides, side="falling"),
        mistake("negative outside the triangle", "What is a filter's value far from its center?", clipped=False),
        mistake("the square of the triangles", half_way, shape=np.square),
        mistake("the square root of the triangles", half_way, shape=np.sqrt),
        mistake("upside down: 0 at the center", half_way, shape=lambda H: np.where(H > 0, 1 - H, 0)),
        mistake("cut to whole numbers", "What is the dtype of the array that you write into?", shape=np.trunc),
        mistake("every filter's largest bin is 1", highest, shape=lambda H: H / H.max(axis=1, keepdims=True)),
        mistake("the Nyquist bin left out", bins, columns=lambda H, n: H[:, :-1]),
        mistake(
            "n_fft bins",
            "How many bins does rfft leave of n_fft samples?",
            columns=lambda H, n: np.pad(H, ((0, 0), (0, n - H.shape[1]))),
        ),
        mistake("bins as rows", "Which axis of your result counts filters?", layout=np.transpose),
    ]
    for norm, name in NORMS.items():
        if norm != profile.mel_norm:
            known.append(mistake(name, highest, norm=norm))
    for rounding in ("none", *ROUNDINGS):
        if rounding != profile.edge_rounding:
            name = "edges not rounded to bins" if rounding == "none" else f"edges rounded to bins ({rounding})"
            known.append(mistake(name, "Does a filter's peak lie on a bin, or between two?", rounding=rounding))
    other_sides = "mel" if profile.mel_triangles == "hz" else "hz"
    if profile.edge_rounding == "none":
        hint = "Over which axis are your filters' sides straight lines: Hz or mel?"
        known.append(mistake(f"sides straight in {other_sides}", hint, triangles=other_sides))
        logarithmic = spaced(lambda f: np.log(np.maximum(f, 1.0)), np.exp)
        known.append(mistake("edges equally spaced in the logarithm of Hz", mel_edges, edges=logarithmic))
    return tuple(one for one in known if differs(one, solution, profile))


def differs(mistake: Mistake, solution, profile) -> bool:
    """Whether the mistake is one under these rules: some are the rule of another course."""
    for case in cases(profile):
        wrong, right = result(mistake.function, case.arguments), solution(**case.arguments)
        if wrong is not None and not is_same(wrong, right, 1e-7):
            return True
    return False
