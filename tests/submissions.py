"""Submissions to labs 1 to 8 as students write them: a program per lab, and what was changed in it.

Each entry: lab, verdict, words that the report must hold, changes (this, instead, this, instead ...). One text instead
of changes is a whole program.
"""

# ruff: noqa: E501  (one submission, one line)

RIGHT = {
    1: """import numpy as np

def windowed_frames(signal, sample_rate, frame_ms, hop_ms):
    n_frame = int(frame_ms / 1000 * sample_rate)
    n_hop = int(hop_ms / 1000 * sample_rate)
    count = (len(signal) - n_frame) // n_hop + 1
    n = np.arange(n_frame)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * n / (n_frame - 1))
    frames = np.zeros((n_frame, count))
    for i in range(count):
        start = i * n_hop
        frames[:, i] = signal[start : start + n_frame] * window
    return frames
""",
    2: """import numpy as np

def fft(x):
    n = len(x)
    if n == 1:
        return np.array(x, dtype=complex)
    if n % 2 == 1:
        k = np.arange(n).reshape(-1, 1)
        return (np.exp(-2j * np.pi * k * np.arange(n) / n) * x).sum(axis=1)
    even = fft(x[0::2])
    odd = fft(x[1::2])
    result = np.zeros(n, dtype=complex)
    for k in range(n // 2):
        t = np.exp(-2j * np.pi * k / n) * odd[k]
        result[k] = even[k] + t
        result[k + n // 2] = even[k] - t
    return result
""",
    3: """import numpy as np

def istft(spectra, window, hop_length):
    size = len(window)
    n_frames = spectra.shape[1]
    out = np.zeros(hop_length * (n_frames - 1) + size)
    norm = np.zeros(len(out))
    for i in range(n_frames):
        frame = np.fft.irfft(spectra[:, i], n=size)
        a = i * hop_length
        out[a : a + size] += frame * window
        norm[a : a + size] += window ** 2
    seen = norm > 1e-15
    out[seen] = out[seen] / norm[seen]
    return out
""",
    4: """import numpy as np

def mel_filterbank(n_mels, n_fft, sample_rate, f_min, f_max):
    def hz2mel(f):
        return 2595.0 * np.log10(1 + f / 700.0)
    def mel2hz(m):
        return 700.0 * (10 ** (m / 2595.0) - 1)
    mels = np.linspace(hz2mel(f_min), hz2mel(f_max), n_mels + 2)
    hz = mel2hz(mels)
    bank = np.zeros((n_mels, n_fft // 2 + 1))
    for m in range(n_mels):
        left, center, right = hz[m], hz[m + 1], hz[m + 2]
        for k in range(n_fft // 2 + 1):
            f = k * sample_rate / n_fft
            if left <= f <= center:
                bank[m, k] = (f - left) / (center - left)
            elif center < f <= right:
                bank[m, k] = (right - f) / (right - center)
    return bank
""",
    5: """import numpy as np

def mfcc(log_mel, n_mfcc, lifter):
    n_mels, n_frames = log_mel.shape
    basis = np.zeros((n_mfcc, n_mels))
    for k in range(n_mfcc):
        scale = np.sqrt(1 / n_mels) if k == 0 else np.sqrt(2 / n_mels)
        basis[k] = scale * np.cos(np.pi * k * (np.arange(n_mels) + 0.5) / n_mels)
    coefficients = basis.dot(log_mel)
    if lifter > 0:
        for k in range(n_mfcc):
            coefficients[k] *= 1 + lifter / 2 * np.sin(np.pi * k / lifter)
    return coefficients
""",
    6: """import numpy as np

def deltas(features, width):
    half = width // 2
    n_rows, n_frames = features.shape
    denominator = 2 * sum(i ** 2 for i in range(1, half + 1))
    result = np.zeros((n_rows, n_frames))
    padded = np.pad(features, ((0, 0), (half, half)), mode="edge")
    for t in range(n_frames):
        weights = np.arange(-half, half + 1)
        result[:, t] = np.dot(padded[:, t : t + 2 * half + 1], weights) / denominator
    return result
""",
    7: """import numpy as np

def spectrogram_image(level_db, colors):
    low, high = level_db.min(), level_db.max()
    n = len(colors)
    index = (level_db - low) / (high - low) * (n - 1)
    index = np.floor(index + 0.5).astype(int)
    index[index < 1] = 1
    rgb = colors[index - 1]
    return np.floor(rgb * 255 + 0.5).astype(np.uint8)
""",
    8: """import numpy as np

def lookup_labels(train_keys, train_labels, test_keys):
    def majority(labels):
        values, counts = np.unique(labels, return_counts=True)
        return values[np.argmax(counts)]
    overall = majority(train_labels)
    answers = []
    for key in test_keys:
        same = train_labels[train_keys == key]
        answers.append(majority(same) if len(same) > 0 else overall)
    return np.array(answers)
""",
}

SUBMISSIONS = [
    (1, "pass", ""),
    (1, "fail", "a Hann window", "0.54 - 0.46", "0.5 - 0.5"),
    (1, "fail", "a periodic window, and frames as rows", "(n_frame - 1)", "n_frame", "return frames", "return frames.T"),
    (1, "fail", "the window applied twice", "* window\n", "* window * window\n"),
    (1, "fail", "0.54 and 0.46 exchanged", "0.54 - 0.46", "0.46 - 0.54"),
    (1, "fail", "a sine in the place of the cosine", "np.cos", "np.sin"),
    (1, "fail", "degrees in the place of radians, half a turn", "2 * np.pi * n", "180 * n"),
    (1, "fail", "the last frame left out", "// n_hop + 1", "// n_hop"),
    (1, "fail", "the signal cut to whole numbers", "    count", "    signal = signal.astype(int)\n    count"),
    (1, "fail", "16000 Hz, whatever the sample rate", "* sample_rate", "* 16000"),
    (1, "fail", "pre-emphasis before the frames, and a Hann window", "0.54 - 0.46", "0.5 - 0.5",
     "    count", "    signal = np.append(signal[0], signal[1:] - 0.97 * signal[:-1])\n    count"),
    (1, "fail", "dtype float32", "return frames", "return np.float32(frames)"),
    (1, "fail", "signal is changed in place", "        frames[:, i] = signal[start : start + n_frame] * window",
     "        part = signal[start : start + n_frame]\n        part *= window\n        frames[:, i] = part"),
    (1, "fail", "something is kept between calls", "def windowed_frames(signal, sample_rate, frame_ms, hop_ms)",
     "def windowed_frames(signal, sample_rate, frame_ms, hop_ms, cache={})", "    window =",
     '    window = cache.setdefault("w",', "(n_frame - 1))", "(n_frame - 1)))"),
    (1, "fail", "winow is not defined (NameError)", "* window\n", "* winow\n"),
    (1, "fail", "count is used before it gets a value", "    count = (len(signal) - n_frame) // n_hop + 1\n",
     "    count = count + 1\n"),
    (1, "fail", "returned None", "    return frames\n", ""),
    (1, "fail", "line 7: '(' was never closed", "np.arange(n_frame)", "np.arange(n_frame"),
    (1, "fail", "nothing but the file", "    return frames", "    return frames\n\nnp.loadtxt('signal.txt')"),
    (1, "refused", "it is inside the function main", "def windowed_frames", "def main():\n  def windowed_frames"),
    (1, "pass", "", "sample_rate", "fs", "frame_ms", "win_ms"),
    (2, "pass", ""),
    (2, "fail", "a plus in the second half", "even[k] - t", "even[k] + t"),
    (2, "fail", "halved at every step", "return result", "return result / 2"),
    (2, "fail", "scaled by 1/sqrt(N)", "def fft(x)", "def f(x)", "= fft(", "= f(", "    return result\n",
     "    return result\n\ndef fft(x):\n    return f(x) / np.sqrt(len(x))\n"),
    (2, "fail", "the wrong sign in the definition for the odd rest", "np.exp(-2j * np.pi * k * np", "np.exp(2j * np.pi * k * np"),
    (2, "fail", "the inverse transform's sign in the exponent", "-2j", "2j"),
    (2, "fail", "twiddle factors of 2 N instead of N", "-2j * np.pi * k / n)", "-1j * np.pi * k / n)"),
    (2, "fail", "no twiddle factors", "np.exp(-2j * np.pi * k / n) * odd[k]", "odd[k]"),
    (2, "fail", "the imaginary part of the input dropped", "    n = len(x)\n", "    x = np.real(x)\n    n = len(x)\n"),
    (2, "fail", "complex numbers are expected", "return result", "return result.real"),
    (2, "fail", "the magnitude", "def fft(x)", "def f(x)", "= fft(", "= f(", "    return result\n",
     "    return result\n\ndef fft(x):\n    return np.abs(f(x))\n"),
    (2, "fail", "called itself endlessly", "    if n == 1:\n        return np.array(x, dtype=complex)\n    if n % 2 == 1:",
     "    if n == 0:"),
    (2, "fail", "no halving", """import numpy as np
def fft(x):
    N = len(x)
    X = np.zeros(N, complex)
    for k in range(N):
        X[k] = np.sum(x * np.exp(-2j * np.pi * k * np.arange(N) / N))
    return X
"""),
    (2, "fail", "no halving", "even = fft(x[0::2])", "even = dft(x[0::2])", "odd = fft(x[1::2])", "odd = dft(x[1::2])",
     "def fft", "def dft(x):\n    k = np.arange(len(x))\n    return np.exp(-2j * np.pi * np.outer(k, k) / len(x)) @ x\n\ndef fft"),
    (2, "pass", "", "if n % 2 == 1:", "if n % 2 == 1 or n <= 16:"),
    (2, "refused", "np.fft may not be used in lab 2", "    n = len(x)\n", "    n = len(x)\n    return getattr(np, 'fft').fft(x)\n"),
    (2, "refused", "scipy may not be used in lab 2", "import numpy as np", "import numpy as np\nfrom scipy.fft import fft as _f"),
    (3, "pass", ""),
    (3, "pass", "", "1e-15", "1e-12"),
    (3, "fail", "divided by the sum of the windows", "window ** 2", "window"),
    (3, "fail", "divided by the number of frames that overlap", "+= window ** 2", "+= 1"),
    (3, "fail", "frames averaged, the window left in", "frame * window", "frame", "+= window ** 2", "+= 1"),
    (3, "fail", "no window before adding, divided by the sum of its squares", "frame * window", "frame"),
    (3, "fail", "a transform of even length", ", n=size)", ")", "    for i", "    size = 2 * (len(spectra) - 1)\n    window = window[:size]\n    for i",
     "    out = np.zeros(hop_length * (n_frames - 1) + size)", "    out = np.zeros(hop_length * (n_frames - 1) + 2 * (len(spectra) - 1))"),
    (3, "fail", "the sign of the exponent", "spectra[:, i]", "np.conj(spectra[:, i])"),
    (3, "fail", "the phase dropped", "spectra[:, i]", "np.abs(spectra[:, i])"),
    (3, "fail", "0.01 added to the divisor", "    seen = norm > 1e-15\n    out[seen] = out[seen] / norm[seen]\n", "    out = out / (norm + 0.01)\n"),
    (3, "fail", "half a window cut off at both ends", "return out", "return out[size // 2 : -(size // 2)]"),
    (3, "fail", "a length of n_frames hops", "return out", "return out[: n_frames * hop_length]", "size)\n    norm", "size + hop_length)\n    norm"),
    (3, "fail", "spectra is changed in place", "    for i in", "    spectra *= 2\n    for i in"),
    (3, "refused", "scipy may not be used in lab 3", "import numpy as np", "import numpy as np\nimport scipy.signal"),
    (4, "pass", ""),
    (4, "fail", "edges equally spaced in Hz", "hz = mel2hz(mels)", "hz = np.linspace(f_min, f_max, n_mels + 2)"),
    (4, "fail", "edges in mel, not turned back into Hz", "hz = mel2hz(mels)", "hz = mels"),
    (4, "fail", "f_min ignored", "hz2mel(f_min)", "hz2mel(0)"),
    (4, "fail", "f_max is the sample rate", "hz2mel(f_max)", "hz2mel(sample_rate)"),
    (4, "fail", "bins as rows", "return bank", "return bank.T"),
    (4, "fail", "areas normalized", "    return bank", "        bank[m] *= 2 / (right - left)\n    return bank"),
    (4, "fail", "filters divided by their sums", "    return bank", "        bank[m] /= bank[m].sum()\n    return bank"),
    (4, "fail", "the first filter left zero", "for m in range(n_mels)", "for m in range(1, n_mels)"),
    (4, "fail", "the falling side missing", "            elif center < f <= right:\n                bank[m, k] = (right - f) / (right - center)\n", ""),
    (4, "fail", "bins spread over the whole sample rate", "f = k * sample_rate / n_fft", "f = k * sample_rate / (n_fft // 2)"),
    (4, "fail", "f_max ignored, and filters divided by their sums", "hz2mel(f_max)", "hz2mel(sample_rate / 2)",
     "    return bank", "        bank[m] /= bank[m].sum()\n    return bank"),
    (4, "refused", "librosa may not be used in lab 4", "import numpy as np", "import numpy as np\nimport librosa"),
    (5, "pass", ""),
    (5, "fail", "c0 scaled like the others", "np.sqrt(1 / n_mels) if k == 0 else ", ""),
    (5, "fail", "the sum without any factor", "scale * np.cos", "np.cos"),
    (5, "fail", "the half sample forgotten", "(np.arange(n_mels) + 0.5)", "np.arange(n_mels)"),
    (5, "fail", "a sine in the place of the cosine", "np.cos", "np.sin"),
    (5, "fail", "2 forgotten under the fraction", "(np.arange(n_mels) + 0.5)", "(2 * np.arange(n_mels) + 1)"),
    (5, "fail", "no lifter", "if lifter > 0", "if False"),
    (5, "fail", "half the lifter rounded down", "lifter / 2", "lifter // 2"),
    (5, "fail", "the lifter cut to a whole number", "    if lifter", "    lifter = int(lifter)\n    if lifter"),
    (5, "fail", "the lifter without its half", "lifter / 2 *", "lifter *"),
    (5, "fail", "the lifter counts from one, and c0 scaled like the others", "np.sqrt(1 / n_mels) if k == 0 else ", "",
     "np.sin(np.pi * k", "np.sin(np.pi * (k + 1)"),
    (5, "fail", "frames as rows", "return coefficients", "return coefficients.T"),
    (5, "refused", "scipy.fft may not be used in lab 5", "import numpy as np", "import numpy as np\nfrom scipy.fft import dct"),
    (6, "pass", ""),
    (6, "fail", "twice as large", "2 * sum", "sum"),
    (6, "fail", "no division", " / denominator", ""),
    (6, "fail", "zeros before the first", ', mode="edge"', ""),
    (6, "fail", "mirrored at the ends, the edge twice", '"edge"', '"symmetric"'),
    (6, "fail", "the wrong sign", "np.arange(-half, half + 1)", "np.arange(half, -half - 1, -1)"),
    (6, "fail", "integers from integers", "np.zeros((n_rows, n_frames))", "np.zeros_like(features)"),
    (6, "fail", "frames as rows", "return result", "return result.T"),
    (6, "fail", "the mean over time removed", "return result", "return result - result.mean(axis=1)[:, None]"),
    (6, "fail", "a window of 5 frames, whatever the width", "half = width // 2", "half = 2"),
    (6, "fail", "twice as large, and frames as rows", "2 * sum", "sum", "return result", "return result.T"),
    (6, "fail", "another result for the same arguments", "return result", "return result + np.random.rand(n_frames)"),
    (7, "pass", ""),
    (7, "fail", "uint8 is asked for", ".astype(np.uint8)", ""),
    (7, "fail", "uint8 is asked for", ".astype(np.uint8)", ".astype(int)"),
    (7, "fail", "the index truncated", "np.floor(index + 0.5)", "np.floor(index)"),
    (7, "fail", "halves of the index rounded to even", "np.floor(index + 0.5)", "np.round(index)"),
    (7, "fail", "bytes truncated", "np.floor(rgb * 255 + 0.5)", "(rgb * 255)"),
    (7, "fail", "stretched to the number of colors less 2", "(n - 1)", "(n - 2)"),
    (7, "fail", "low frequencies at the bottom", "rgb = colors[index - 1]", "rgb = colors[index - 1][::-1]"),
    (7, "fail", "blue, green, red", "rgb * 255", "rgb[..., ::-1] * 255"),
    (7, "fail", "every frequency stretched by itself", "level_db.min(), level_db.max()",
     "level_db.min(axis=1, keepdims=True), level_db.max(axis=1, keepdims=True)"),
    (7, "fail", "colors counted from 0, and bytes truncated", "colors[index - 1]", "colors[index]", "    index[index < 1] = 1\n", "",
     "np.floor(rgb * 255 + 0.5)", "(rgb * 255)"),
    (7, "refused", "matplotlib may not be used in lab 7", "import numpy as np", "import numpy as np\nimport matplotlib.cm"),
    (8, "pass", ""),
    (8, "fail", "the first label wins", "majority(same)", "same[0]"),
    (8, "fail", "the largest label", "majority(same)", "same.max()"),
    (8, "fail", "-1 for unknown content", "else overall", "else -1"),
    (8, "fail", "the last training label for unknown content", "else overall", "else train_labels[-1]"),
    (8, "fail", "ties go to the largest label", "values[np.argmax(counts)]", "values[::-1][np.argmax(counts[::-1])]"),
    (8, "fail", "the same answer for all", "majority(same) if len(same) > 0 else overall", "overall"),
    (8, "fail", "unknown content left out", "        answers.append(majority(same) if len(same) > 0 else overall)",
     "        if len(same) > 0:\n            answers.append(majority(same))"),
    (8, "fail", "each test content answered once", "in test_keys", "in np.unique(test_keys)"),
    (8, "fail", "the first label wins, and class 0 for unknown content", "majority(same)", "same[0]", "else overall", "else 0"),
    (8, "fail", "the rarest label", "np.argmax(counts)", "np.argmin(counts)"),
    (8, "refused", "sklearn may not be used in lab 8", "import numpy as np", "import numpy as np\nfrom sklearn import svm"),
]  # fmt: skip


def text_of(entry: tuple) -> str:
    """The program of an entry."""
    lab, _, _, *changes = entry
    if len(changes) == 1:
        return changes[0]
    text = RIGHT[lab]
    for this, instead in zip(changes[::2], changes[1::2], strict=True):
        assert this in text, (entry, this)
        text = text.replace(this, instead)
    return text
