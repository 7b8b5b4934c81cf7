"""The steps of dsp.trace in a file, for another program to be compared with them stage by stage."""

from pathlib import Path

import numpy as np

from dsp.files.content import FeatureFileError
from dsp.files.matlab import mat_bytes
from dsp.files.writing import write_atomically


def save_trace(path, steps: dict[str, np.ndarray]) -> None:
    """Every step of a trace in one file, under its name; the file is there whole or not at all.

    .npz  as they are; numpy.load(path)["mel"]
    .mat  as doubles, real or complex, level 5; vectors as columns; load(path) in MATLAB or Octave

    Parameters
    ----------
    path : str or path that ends in .npz or .mat; a file that is there is replaced
    steps : what dsp.trace returns

    Returns
    -------
    None

    Raises
    ------
    FeatureFileError (a ValueError)  for another ending, or steps that do not go into such a file.
    OSError  if the file cannot be written.

    Source: NumPy, NEP 1; MathWorks, MAT-File Format. Checked: tests/test_feature_files_are_read.py
    """
    path = Path(path)
    if path.suffix.lower() not in (".npz", ".mat"):
        raise FeatureFileError(f"{path}: unknown ending {path.suffix!r}; .npz or .mat is expected")
    for name, step in steps.items():
        if np.asarray(step).dtype.kind not in "biufc":
            raise FeatureFileError(f"{path}: {name} is {type(step).__name__}; an array of numbers is expected")
    if path.suffix.lower() == ".npz":
        write_atomically(path, lambda temporary: _write_npz(temporary, steps))
        return
    try:
        content = mat_bytes(steps)
    except ValueError as error:
        raise FeatureFileError(f"{path}: {error}") from None
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def _write_npz(path: Path, steps: dict[str, np.ndarray]) -> None:
    with open(path, "wb") as file:  # savez adds .npz to a path that has another ending
        np.savez(file, **steps)
