"""Runs functions on arrays that end, or begin, where memory does: an access outside of one ends the process.

    python -m tests.guarded_arrays NAME SEED

NAME is one of WORK. All that dsp allocates meanwhile by np.zeros, np.empty, np.ascontiguousarray and its workspaces is
guarded; nothing of it is freed. tests/test_kernels_stay_in_their_arrays.py starts it.
"""

import ctypes
import importlib
import mmap
import pkgutil
import sys
import types
import warnings

import numpy as np

import dsp

PAGE = mmap.PAGESIZE
NO_ACCESS, READ_WRITE = 0, 3
PRIVATE_ANONYMOUS = 0x22
RUNS = 40
COMPILED_WITH_NUMPY = ("cooley_tukey", "dsp.fft")  # Numba knows NumPy itself, and no module in its place
NOT_PATCHED = ("doctor", "corpus", "export", "files", "conventions", "__main__", *COMPILED_WITH_NUMPY)

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def guarded(shape, dtype, at_end: bool) -> np.ndarray:
    """Zeros whose last byte, or else whose first, lies beside a page that nobody may read or write."""
    dtype = np.dtype(dtype)
    n = int(np.prod(shape)) * dtype.itemsize
    if n == 0 or dtype.hasobject:
        return np.zeros(shape, dtype)
    size = -(-n // PAGE) * PAGE
    begin = libc.mmap(None, size + 2 * PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
    assert begin not in (None, ctypes.c_size_t(-1).value)
    for page in (begin, begin + PAGE + size):
        assert libc.mprotect(page, PAGE, NO_ACCESS) == 0
    start = begin + PAGE + (size - n if at_end else 0)
    return np.frombuffer((ctypes.c_char * n).from_address(start), dtype).reshape(shape)


class GuardedNumpy(types.ModuleType):
    """NumPy, but with guarded arrays."""

    def __init__(self):
        super().__init__("numpy")
        self.at_end = True

    def __getattr__(self, name):
        return getattr(np, name)

    def zeros(self, shape, dtype=float):
        return guarded(shape, dtype, self.at_end)

    empty = zeros

    def ascontiguousarray(self, x, dtype=None):
        plain = np.ascontiguousarray(x, dtype)
        copy = self.zeros(plain.shape, plain.dtype)
        copy[...] = plain
        return copy


def stretch(x, rng):
    dsp.time_stretch(x, rng.uniform(0.5, 2))


def shift(x, rng):
    dsp.pitch_shift(x, rng.uniform(-4, 4))


def short_time(x, rng):
    n = int(rng.choice([64, 96, 320, 400, 512, 882, 2048]))
    window, hop = np.hanning(n + 2)[1:-1], int(rng.integers(n // 8, n // 2))
    x = x[: 60 * n]
    spectra = dsp.stft(x, window, hop)
    dsp.istft(spectra, window, hop)
    dsp.spectral_wiener(x, window, hop)
    dsp.griffin_lim(np.abs(spectra), window, hop, iterations=1)


def transforms(x, rng):
    n, rows = int(rng.integers(1, 3000)), int(rng.integers(1, 20))
    dsp.irfft(dsp.rfft(np.resize(x, (rows, n))), n)
    dsp.ifft(dsp.fft(np.resize(x, (rows, n))))


def resample(x, rng):
    dsp.resample(x, *map(int, rng.choice([8000, 11_025, 12_345, 16_000, 22_050, 44_100, 48_000], 2)))


def features(x, rng):
    name = str(rng.choice(["librosa", "kaldi", "whisper", "htk", "voicebox", "tensorflow", "speechbrain_fbank"]))
    x, dtype = x[: 30_000 + int(rng.integers(2000))], str(rng.choice(["float32", "float64"]))
    dsp.extract([x, x[: int(rng.integers(3000, 9000))]], 16_000, name, "log_mel", dtype)
    if name in ("kaldi", "htk"):
        stream = dsp.Stream(name, 16_000)
        for i in range(0, x.size, 777):
            stream.push(x[i : i + 777])
        stream.finish()


WORK = {one.__name__: one for one in (stretch, shift, short_time, transforms, resample, features)}


def main() -> None:
    """The command."""
    name, rng, numpy = sys.argv[1], np.random.default_rng(int(sys.argv[2])), GuardedNumpy()
    warnings.simplefilter("ignore")
    for found in pkgutil.walk_packages(dsp.__path__, "dsp."):
        if any(word in found.name for word in NOT_PATCHED):
            continue
        module = importlib.import_module(found.name)
        if getattr(module, "np", None) is np:
            module.np = numpy
        for function in ("workspace", "scratch"):
            if hasattr(module, function):
                setattr(module, function, _of_workspaces(function, numpy))
    for n in range(RUNS):
        numpy.at_end = n % 2 == 0
        x = numpy.zeros(int(rng.integers(5000, 150_000)))
        x[:] = 0.1 * rng.standard_normal(x.size)
        WORK[name](x, rng)
    print("stayed inside")


def _of_workspaces(function: str, numpy: GuardedNumpy):
    if function == "workspace":
        return lambda name, shape, dtype: numpy.zeros(shape, dtype)
    return lambda n: numpy.zeros(n)


if __name__ == "__main__":
    main()
