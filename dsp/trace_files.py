"""The steps of dsp.trace in a file, so that another program can be compared with them stage by stage."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dsp.checks import is_masked
from dsp.files.content import FeatureFileError
from dsp.files.matlab import mat_bytes
from dsp.files.writing import write_atomically


def save_trace(path: str | os.PathLike[str], steps: Mapping[str, np.ndarray]) -> None:
    """Writes every step of a trace into one file, under its name; the file is there whole or not at all.

    .npz  as they are; numpy.load(path)["mel"]
    .mat  as doubles, real or complex, level 5; vectors as columns; load(path) in MATLAB or Octave

    Parameters
    ----------
    path : str or path that ends in .npz or .mat; missing folders are made, and an existing file is replaced
    steps : what dsp.trace returns

    Returns
    -------
    None

    Raises
    ------
    FeatureFileError (a ValueError)  for another ending, or a step that does not go into such a file: no array of
        numbers, a masked array (the file has no place for its mask), or a name that MATLAB does not take.
    OSError  if the file cannot be written; an existing file then stays as it is.

    Source: NumPy, NEP 1; MathWorks, MAT-File Format. Checked: tests/test_feature_files_are_read.py
    """
    path = Path(path)
    if path.suffix.lower() not in (".npz", ".mat"):
        raise FeatureFileError(f"{path}: unknown ending {path.suffix!r}; .npz or .mat is expected")
    for name, step in steps.items():
        if is_masked(step):
            raise FeatureFileError(f"{path}: {name} is a masked array, whose mask would be lost; fill it first")
        if np.asarray(step).dtype.kind not in "biufc":
            raise FeatureFileError(f"{path}: {name} is {_described(step)}; an array of numbers is expected")
    if path.suffix.lower() == ".npz":
        write_atomically(path, lambda temporary: _write_npz(temporary, steps))
        return
    try:
        content = mat_bytes(steps)
    except ValueError as error:
        raise FeatureFileError(f"{path}: {error}") from None
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def _described(step: object) -> str:
    return f"an array of dtype {step.dtype}" if isinstance(step, np.ndarray) else f"a {type(step).__name__}"


def _write_npz(path: Path, steps: Mapping[str, np.ndarray]) -> None:
    """As numpy.savez does, which takes no array named "file" and adds .npz to the temporary path."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, step in steps.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(step), allow_pickle=False)
