"""HTK parameter files: a header of 12 bytes, then one frame after the other, all big-endian.

    bytes 0-3  nSamples, frames     4-7  sampPeriod, 100 ns     8-9  sampSize, bytes per frame     10-11  parmKind

parmKind is a kind (its lower 6 bits) and qualifiers, a bit each. With _C a frame consists of 16-bit integers, and two
rows of float32, A and B, stand before the first and count as four frames: value = (integer + B) / A. With _K a
checksum of two bytes follows the last frame; it must be there but is not verified, as the HTK Book does not define it.

Source: Young et al., The HTK Book, "HTK Format Parameter Files". Checked: tests/test_feature_files_are_read.py
"""

import os
from pathlib import Path

import numpy as np

from dsp.files.content import FeatureFileError, Stored, as_matrix, numbers_at, read_bytes

KINDS = {
    0: "WAVEFORM",
    1: "LPC",
    2: "LPREFC",
    3: "LPCEPSTRA",
    4: "LPDELCEP",
    5: "IREFC",
    6: "MFCC",
    7: "FBANK",
    8: "MELSPEC",
    9: "USER",
    10: "DISCRETE",
    11: "PLP",
}
QUALIFIERS = {  # in the order in which HTK writes them
    "E": 0o000100,
    "0": 0o020000,
    "N": 0o000200,
    "D": 0o000400,
    "A": 0o001000,
    "T": 0o100000,
    "Z": 0o004000,
    "C": 0o002000,
    "K": 0o010000,
    "V": 0o040000,
}
NO_FEATURES = ("WAVEFORM", "DISCRETE")
IREFC_SCALE = 32767


def read_htk(path: str | os.PathLike[str]) -> tuple[np.ndarray, float, str]:
    """Matrix, frame period and kind of an HTK parameter file.

    Parameters
    ----------
    path : str or path of a regular file

    Returns
    -------
    matrix : (n_frames, n_values) float32, as stored; with _C uncompressed
    period_s : float, seconds from frame to frame
    kind : str such as "MFCC_0_D_A", with _C and _K where the file has them

    Raises
    ------
    FeatureFileError (a ValueError)  if the file is missing, empty or not a regular file, if it holds a waveform or
        codebook indices, if its header contradicts its length, or if a value is not finite.

    Source: Young et al., The HTK Book, "HTK Format Parameter Files". Checked: tests/test_feature_files_are_read.py
    """
    path = Path(path)
    data = read_bytes(path)
    try:
        kind, period, matrix = _parts(data)
        return as_matrix(matrix), period * 1e-7, kind
    except ValueError as error:
        raise FeatureFileError(f"{path}: {error}") from None


def htk(data: bytes) -> dict[str, Stored]:
    """The matrix of an HTK parameter file, under the name ""."""
    _, _, matrix = _parts(data)
    return {"": Stored(matrix.shape, lambda: matrix)}


def kind_words(kind: int) -> str:
    """The words of a header's parmKind: 6 + 0o020000 is "MFCC_0"."""
    base = kind & 0o77
    if base not in KINDS:
        raise ValueError(f"parmKind {kind} has the unknown kind {base}; not an HTK parameter file?")
    return "_".join([KINDS[base], *(word for word, bit in QUALIFIERS.items() if kind & bit)])


def _parts(data: bytes) -> tuple[str, int, np.ndarray]:
    """(kind, period in 100 ns, matrix); ValueError where header and length contradict each other."""
    if len(data) < 12:
        raise ValueError(f"{len(data)} bytes, fewer than the 12 of an HTK header")
    n_frames, period, frame_bytes, kind = _header(data, ">")
    if not _fits(data, n_frames, frame_bytes, kind):
        little = _header(data, "<")
        if _fits(data, little[0], *little[2:]):
            raise ValueError("an HTK file in little-endian order; write it with NATURALWRITEORDER = F")
        raise ValueError(
            f"not an HTK parameter file, or cut off: {n_frames} frames of {frame_bytes} bytes (header) "
            f"in a file of {len(data)} bytes"
        )
    words = kind_words(kind)
    if words.split("_")[0] in NO_FEATURES:
        raise ValueError(f"an HTK file of kind {words}; features are expected")
    return words, period, _matrix(data, n_frames, frame_bytes, words)


def _header(data: bytes, order: str) -> tuple[int, int, int, int]:
    n_frames, period = (int(n) for n in numbers_at(data, order + "i4", 2, 0))
    frame_bytes, kind = (int(n) for n in numbers_at(data, order + "u2", 2, 8))
    return n_frames, period, frame_bytes, kind


def _fits(data: bytes, n_frames: int, frame_bytes: int, kind: int) -> bool:
    checksum = 2 if kind & QUALIFIERS["K"] else 0
    return n_frames > 0 and frame_bytes > 0 and 12 + n_frames * frame_bytes + checksum == len(data)


def _matrix(data: bytes, n_frames: int, frame_bytes: int, words: str) -> np.ndarray:
    compressed, irefc = "C" in words.split("_")[1:], words.startswith("IREFC")
    size = 2 if compressed or irefc else 4
    if frame_bytes % size:
        raise ValueError(f"frames of {frame_bytes} bytes; {words} has {size} bytes a value")
    n_values = frame_bytes // size
    if irefc:
        return numbers_at(data, ">i2", n_frames * n_values, 12).reshape(-1, n_values) / np.float32(IREFC_SCALE)
    if not compressed:
        return numbers_at(data, ">f4", n_frames * n_values, 12).reshape(-1, n_values).astype(np.float32)
    with np.errstate(all="ignore"):  # damaged factors give values that are not finite, which as_matrix refuses
        return _uncompressed(data, n_frames, n_values, words)


def _uncompressed(data: bytes, n_frames: int, n_values: int, words: str) -> np.ndarray:
    A, B = numbers_at(data, ">f4", 2 * n_values, 12).reshape(2, n_values).astype(np.float64)
    if n_frames <= 4 or (A == 0).any():
        raise ValueError(f"{words}: no frames after A and B, or a factor A of 0")
    integers = numbers_at(data, ">i2", (n_frames - 4) * n_values, 12 + 8 * n_values).reshape(-1, n_values)
    return ((integers + B) / A).astype(np.float32)
