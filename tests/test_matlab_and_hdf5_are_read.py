"""MATLAB's levels 4, 5 and 7.3, structs and cells, and HDF5: against SciPy, Octave's own files and h5py.

A matrix of version 7.3 comes back as MATLAB shows it. Nothing outside the file is opened.
"""

import base64
import struct
import zlib

import numpy as np
import pytest
from scipy import io as scipy_io

import dsp
from dsp.files import hdf5 as hdf5_module

F = np.array([[1.5, -2.25, 3.0], [0.1, 1e-7, -4e5]])
V4_BY_OCTAVE = base64.b64decode(  # a = [1.5 2 3; 4 5 6]; save -v4 FILE a
    "AAAAAAIAAAADAAAAAAAAAAIAAABhAAAAAAAAAPg/AAAAAAAAEEAAAAAAAAAAQAAAAAAAABRAAAAAAAAACEAAAAAAAAAYQA=="
)


def refusal(path, name=None):
    with pytest.raises(dsp.FeatureFileError) as caught:
        dsp.read_features(path, name)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line
    return line.removeprefix(f"{path}: ")


def same(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


# level 4


def test_level_4_by_octave(tmp_path):
    (tmp_path / "x.mat").write_bytes(V4_BY_OCTAVE)
    same(dsp.read_features(tmp_path / "x.mat"), np.array([[1.5, 2, 3], [4, 5, 6]]))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "i2", "u2", "u1", "c16"])
def test_level_4_by_scipy(tmp_path, dtype):
    matrix = np.array([[1, 2, 3], [4, 5, 6]]).astype(dtype)
    scipy_io.savemat(tmp_path / "x.mat", {"mfcc": matrix, "note": "abc", "fs": 16_000.0}, format="4")
    expected = matrix if matrix.dtype.name in ("float32", "float64", "complex128") else matrix.astype(np.float64)
    same(dsp.read_features(tmp_path / "x.mat", "mfcc"), expected)
    assert "no matrix 'x'; there are mfcc (2, 3), fs (1, 1)" in refusal(tmp_path / "x.mat", "x")


@pytest.mark.parametrize("order", ["<", ">"])
def test_level_4_in_both_byte_orders(tmp_path, order):
    header = struct.pack(order + "5i", 1000 * (order == ">"), 2, 3, 0, 2)
    (tmp_path / "x.mat").write_bytes(header + b"x\0" + F.astype(order + "f8").tobytes(order="F"))
    same(dsp.read_features(tmp_path / "x.mat"), F)


def test_damaged_level_4(tmp_path):
    path = tmp_path / "x.mat"
    for at, value, words in (
        (0, 5000, "the matrix at byte 0 is of type 5000"),
        (0, 7, "the matrix at byte 0 is of type 7"),
        (4, -2, "a size or flag that none can have"),
        (4, 2**31 - 1, "bytes are missing"),
        (12, 2, "a size or flag"),
        (16, 0, "a size or flag"),
        (16, 2**30, "a size or flag"),
    ):
        data = bytearray(V4_BY_OCTAVE)
        data[at : at + 4] = struct.pack("<i", value)
        path.write_bytes(data)
        assert words in refusal(path)
    path.write_bytes(V4_BY_OCTAVE[:-3])
    assert "3 bytes are missing" in refusal(path)
    scipy_io.savemat(path, {"note": "abc"}, format="4")
    assert "no full numeric matrix in it, only note (text)" in refusal(path)


# structs and cells of level 5


@pytest.mark.parametrize("compressed", [False, True])
def test_structs_and_cells(tmp_path, compressed):
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = F, {"z": F * 2}
    array = np.zeros((1, 2), [("m", object)])
    array["m"][0, 0], array["m"][0, 1] = F + 1, F.astype(np.float32)
    path = tmp_path / "x.mat"
    content = {"s": {"features": {"mfcc": F, "mel": F.T}, "rate": 16.0, "note": "text"}, "c": cell, "a": array}
    scipy_io.savemat(path, content, do_compression=compressed)
    for name, expected in {
        "s.features.mfcc": F,
        "s.features.mel": F.T,
        "c{1}": F,
        "c{2}.z": F * 2,
        "a(1).m": F + 1,
        "a(2).m": F.astype(np.float32),
    }.items():
        same(dsp.read_features(path, name), expected)
    assert "6 matrices; name one of s.features.mfcc (2, 3), s.features.mel (3, 2), c{1}" in refusal(path)
    assert "no matrix 'features.mfcc'; there are s.features.mfcc" in refusal(path, "features.mfcc")
    scipy_io.savemat(path, {"s": {"mfcc": F, "rate": 8.0}}, do_compression=compressed)
    same(dsp.read_features(path), F)
    scipy_io.savemat(path, {"s": {"word": "text"}, "e": np.empty((0, 0), object)}, do_compression=compressed)
    assert "no full numeric array in it, only s.word (char), e (empty cell)" in refusal(path)


def element(kind, data):
    return struct.pack("<2I", kind, len(data)) + data + bytes(-len(data) % 8)


def test_a_struct_of_impossible_sizes(tmp_path):
    def struct_of(shape, name_bytes, names, *arrays):
        head = element(6, struct.pack("<2I", 2, 0)) + element(5, struct.pack("<2i", *shape)) + element(1, b"s")
        fields = element(5, struct.pack("<i", name_bytes)) + element(1, names)
        return element(14, head + fields + b"".join(arrays))

    path = tmp_path / "x.mat"
    for content, words in (
        (struct_of((2**31 - 1, 2**31 - 1), 8, b"field\0\0\0"), "damaged"),
        (struct_of((2**31 - 1, 2**31 - 1), 8, b"field\0\0\0" * 20), "damaged: 46116860"),
        (struct_of((1, 1), 0, b"field\0\0\0"), "names of fields of 0 bytes"),
        (struct_of((1, 1), 5, b"field\0\0\0"), "names of fields of 5 bytes each in 8 bytes"),
        (struct_of((1, 1), 8, b"field\0\0\0", element(9, bytes(8))), "s.field is an element of type 9"),
        (struct_of((-1, 1), 8, b"field\0\0\0"), "a negative size"),
    ):
        path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + content)
        assert words in refusal(path)
    nested = struct_of((1, 1), 2, b"f\0")
    for _ in range(60):
        nested = struct_of((1, 1), 2, b"f\0", nested)
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + nested)
    assert "nested more than 50 deep" in refusal(path)


# HDF5

h5py = pytest.importorskip("h5py")
STORAGE = {
    "contiguous": {},
    "chunks": {"chunks": (2, 2)},
    "gzip": {"chunks": (2, 2), "compression": "gzip"},
    "gzip and shuffle": {"chunks": (2, 2), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"chunks": (2, 2), "compression": "lzf"},
    "checksum": {"chunks": (2, 2), "fletcher32": True},
}


def matlab_73(path, **arrays):
    """A file as MATLAB writes it with -v7.3: 512 bytes before the HDF5 file, axes in reverse, a class for each."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            if np.iscomplexobj(array):
                both = np.zeros(array.T.shape, [("real", array.real.dtype), ("imag", array.real.dtype)])
                both["real"], both["imag"] = array.T.real, array.T.imag
                array = both.T
            dataset = file.create_dataset(name.replace(".", "/"), data=array.T, chunks=array.T.shape, compression=3)
            dataset.attrs["MATLAB_class"] = np.bytes_("single" if array.dtype == np.float32 else "double")
        text = file.create_dataset("note", data=np.frombuffer(b"a\0b\0", "<u2").reshape(2, 1))
        text.attrs["MATLAB_class"] = np.bytes_("char")
        file.create_group("#refs#").create_dataset("a", data=F)
    data = bytearray(path.read_bytes())
    data[:128] = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM"
    path.write_bytes(data)


def test_matlab_73_comes_back_as_matlab_shows_it(tmp_path):
    path = tmp_path / "x.mat"
    matlab_73(path, mfcc=F)
    same(dsp.read_features(path), F)
    matlab_73(path, **{"s.features.mfcc": F, "s.z": F * (1 - 2j), "single": F.astype(np.float32)})
    same(dsp.read_features(path, "s.features.mfcc"), F)
    same(dsp.read_features(path, "s.z"), F * (1 - 2j))
    same(dsp.read_features(path, "single"), F.astype(np.float32))
    line = refusal(path)
    assert all(f"{name} (2, 3)" in line for name in ("s.features.mfcc", "s.z", "single")) and "note" not in line
    (tmp_path / "x.h5").write_bytes(path.read_bytes())
    same(dsp.read_features(tmp_path / "x.h5", "single"), F.astype(np.float32))


@pytest.mark.parametrize("ending", ["h5", "hdf5"])
@pytest.mark.parametrize("options", STORAGE.values(), ids=STORAGE)
def test_hdf5(tmp_path, ending, options):
    path = tmp_path / f"x.{ending}"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/mfcc", data=F, **options)
        file.create_dataset("a/z", data=(F * 1j).astype(np.complex64), **options)
        file.create_dataset("rate", data=16_000)
        file["words"] = "text"
        file["copy"] = file["a/mfcc"]  # a hard link
        file["loop"] = file["a"]
    same(dsp.read_features(path, "a/mfcc" if "a/mfcc" in refusal(path) else "copy"), F)
    assert "rate ()" in refusal(path, "nothing")
    same(dsp.read_features(path, "/a/z"), (F * 1j).astype(np.complex64))
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=F.astype(">i2"), **options)
    same(dsp.read_features(path), F.astype(np.int16).astype(np.float64))


def test_nothing_outside_the_file_is_opened(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = F
    (tmp_path / "raw").write_bytes(F.tobytes())
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["far"] = h5py.ExternalLink("other.h5", "x")
        file["soft"] = h5py.SoftLink("/far")
    line = refusal(path)
    assert "far (a link, which is not followed), soft (a link" in line
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (2, 3), "f8", external=[(str(tmp_path / "raw"), 0, 48)])
    assert "lies in another file, which is not opened" in refusal(path)
    layout = h5py.VirtualLayout((2, 3), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (2, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    assert "lies in another file" in refusal(path)


def test_hdf5_that_promises_more_than_it_holds(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (2**40, 2**20), "f8", chunks=(64, 64))
    assert "was never written" in refusal(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (2**40, 2**20), "f8", chunks=(4, 4))[0, 0] = 1
    assert "more than 200-fold is refused" in refusal(path)
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (4, 4), "f8", chunks=(4, 4), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(64 * 2**20)))
    assert "the chunk at (0, 0) unpacks to more bytes, not 128" in refusal(path)
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (4, 4), "f8", chunks=(4, 4), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(100)))
    assert "unpacks to 100 bytes, not 128" in refusal(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.zeros((4, 4), int), chunks=(4, 4), scaleoffset=4)
    assert "gzip, lzf and shuffle are read" in refusal(path)
    with h5py.File(path, "w") as file:
        file["x"] = F
    path.write_bytes(path.read_bytes()[:-9])
    assert "not readable as an HDF5 file" in refusal(path)
    path.write_bytes(b"no HDF5" * 100)
    assert "its signature is missing" in refusal(path)


def test_without_h5py_a_line_says_how_to_install_it(tmp_path, monkeypatch):
    def missing(package, **words):
        raise hdf5_module.MissingPackageError("reading HDF5 needs h5py: pip install 'ser-from-scratch[corpus]'")

    matlab_73(tmp_path / "x.mat", mfcc=F)
    monkeypatch.setattr(hdf5_module, "require", missing)
    assert "needs h5py: pip install" in refusal(tmp_path / "x.mat")
