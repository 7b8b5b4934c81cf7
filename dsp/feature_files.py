"""Features that other tools wrote: one matrix out of a file of any of their formats. The formats are in dsp/files/."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dsp.files.content import FeatureFileError, Stored, as_matrix, as_numbers, pick, read_bytes
from dsp.files.hdf5 import hdf5
from dsp.files.htk import htk
from dsp.files.kaldi import ark, scp
from dsp.files.matlab import mat
from dsp.files.numpy_files import npy, npz
from dsp.files.parquet import parquet
from dsp.files.text_tables import arff, text
from dsp.files.torch_files import pt

READERS: dict[str, Callable[..., dict[str, Stored]]] = {  # of the file's bytes
    ".npy": npy,
    ".npz": npz,
    ".csv": text,
    ".tsv": text,
    ".txt": text,
    ".arff": arff,
    ".mat": mat,
    ".htk": htk,
    ".mfc": htk,
    ".fea": htk,
    ".plp": htk,
    ".fbank": htk,
    ".ark": ark,
    ".h5": hdf5,
    ".hdf5": hdf5,
    ".pt": pt,
    ".pth": pt,
    ".parquet": parquet,
    ".scp": scp,  # points into other files: takes the path and the name too
}


def read_features(path: str | os.PathLike[str], name: str | None = None) -> np.ndarray:
    """The matrix of features in a file, as it is stored: nothing is transposed, scaled or cut off.

    .npy, .npz               NumPy; pickled objects are never loaded
    .csv, .tsv, .txt         numbers between commas, semicolons, tabs or blanks; a header of names, pandas' index and
                             openSMILE's columns name and frameTime are left out; Kaldi's text archives
    .arff                    Weka, openSMILE -arff: the numeric attributes
    .mat                     MATLAB, full numeric arrays as MATLAB shows them; of version 7.3 with h5py
    .h5 .hdf5                HDF5, datasets of numbers as they lie in the file; needs h5py
    .pt .pth                 torch.save: a tensor, or tensors in dicts and lists; needs PyTorch
    .htk .mfc .fea .plp .fbank   HTK parameter files, (n_frames, n_values); read_htk in dsp/files/htk.py also returns
                             their kind and frame period
    .ark .scp                Kaldi archives and indexes of them, (n_frames, n_values)
    .parquet                 columns name and features, as dsp-extract writes them, (n_frames, n_values), or columns of
                             numbers; needs pyarrow

    Parameters
    ----------
    path : str or path of a regular file; its ending says the format
    name : the variable (.npz, .mat), dataset (.h5), tensor (.pt) or utterance (.ark, .scp, .parquet) wanted: in structs
        and dicts "features.mfcc", in cell arrays "c{2}", in groups "features/mfcc". None: the only matrix, where single
        numbers and vectors beside it do not count

    Returns
    -------
    features : 2-D; float32, float64 and complex as stored, other numbers as float64

    Raises
    ------
    FeatureFileError (a ValueError)  if the file is missing, empty, not a regular file, damaged or of an unknown
        ending; if there is no such matrix or, without a name, not exactly one (names and shapes are listed); if the
        matrix is not 2-D, has no values or one that is not finite, is compressed more than 200-fold, or has an
        integer beyond 2**53. The message names the place in the file.

    Source: NumPy, NEP 1; MathWorks, MAT-File Format; The HTK Book; Kaldi, "Kaldi I/O mechanisms".
    Checked: tests/test_feature_files_are_read.py, tests/test_text_tables_are_read.py,
    tests/test_matlab_and_hdf5_are_read.py, tests/test_pytorch_files_are_read.py, tests/test_kaldi_indexes_are_read.py,
    tests/test_damaged_features_are_refused.py
    """
    return _read(path, name, as_matrix)


def read_array(path: str | os.PathLike[str], name: str | None = None) -> np.ndarray:
    """The features in a file as read_features returns them, whatever their number of axes.

    Statistics over time are vectors, (n_values,); networks' inputs have axes of length 1, (1, n_values, n_frames).

    Parameters
    ----------
    path, name : as read_features takes them

    Returns
    -------
    features : float32, float64 and complex as stored, other numbers as float64

    Raises
    ------
    FeatureFileError (a ValueError)  as read_features, but for the number of axes.

    Source: as read_features. Checked: tests/test_feature_files_are_read.py
    """
    return _read(path, name, as_numbers)


def _read(path: str | os.PathLike[str], name: str | None, checked: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise FeatureFileError(f"{path}: unknown ending {path.suffix!r}; known are {', '.join(READERS)}")
    data = read_bytes(path)
    try:
        stored = scp(data, path, name) if reader is scp else reader(data)
        return checked(pick(stored, name))
    except ValueError as error:
        raise FeatureFileError(f"{path}: {error}") from None
