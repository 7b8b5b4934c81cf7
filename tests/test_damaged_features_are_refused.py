"""Files of features whose headers lie: one line that says why, and no memory for what they promise."""

import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from scipy import io as scipy_io

import dsp
from dsp.files.matlab import mat_bytes
from tests.conftest import ROOT

F = np.arange(12.0).reshape(3, 4) / 7
MEGABYTE = 2**20


def refusal(path, data, name=None):
    """The line that read_features says about these bytes; its memory stays below 8 MB."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(dsp.FeatureFileError) as caught:
            dsp.read_features(path, name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and len(line.splitlines()) == 1 and line.isprintable()
    assert len(line) < 1500 and peak < 8 * MEGABYTE + 2 * len(data)
    return line


def npy(shape, dtype="<f8", data=b""):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + data


def npz(members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def element(kind, data):
    padding = 0 if kind == 15 else -len(data) % 8  # compressed elements have none
    return struct.pack("<2I", kind, len(data)) + data + bytes(padding)


def mat(*elements):
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + b"".join(elements)


def mat_array(shape, data, kind=9):
    flags, sizes = struct.pack("<2I", 6, 0), struct.pack(f"<{len(shape)}i", *shape)
    return element(6, flags) + element(5, sizes) + element(1, b"mfcc") + element(kind, data)


@pytest.mark.parametrize("shape", [(2**40, 13), (2**62, 2**62), (2**63, 1)])
def test_npy_of_impossible_sizes(tmp_path, shape):
    assert "bytes are missing" in refusal(tmp_path / "x.npy", npy(shape))
    assert "bytes are missing" in refusal(tmp_path / "x.npz", npz({"x.npy": npy(shape)}))


def test_npy_without_values_and_with_impossible_sizes(tmp_path):
    refusal(tmp_path / "x.npy", npy((2**31, 0, 2**62)))
    assert "no values" in refusal(tmp_path / "x.npy", npy((2**31, 0)))


def test_negative_sizes(tmp_path):
    words = "a negative size"
    assert words in refusal(tmp_path / "x.npy", npy((-3, -4), data=F.tobytes()))
    assert words in refusal(tmp_path / "x.npz", npz({"x.npy": npy((-3, -4), data=F.tobytes())}))
    assert words in refusal(tmp_path / "x.mat", mat(element(14, mat_array((-3, -4), F.tobytes()))))
    for kind in (b"FM", b"DM"):
        sizes = b"\4" + struct.pack("<i", -3) + b"\4" + struct.pack("<i", -4)
        assert words in refusal(tmp_path / "x.ark", b"u \0B" + kind + b" " + sizes + F.tobytes())
    assert words in refusal(tmp_path / "x.ark", b"u \0BFV \4" + struct.pack("<i", -3) + F.tobytes())
    for kind in (b"CM", b"CM2", b"CM3"):
        assert words in refusal(
            tmp_path / "x.ark", b"u \0B" + kind + b" " + struct.pack("<2f2i", 0, 1, -3, -4) + bytes(999)
        )


@pytest.mark.parametrize("kind", [b"FM", b"DM", b"FV", b"DV", b"CM", b"CM2", b"CM3"])
def test_kaldi_of_impossible_sizes(tmp_path, kind):
    great = struct.pack("<i", 2**31 - 1)
    header = bytes(8) + great * 2 if kind[:1] == b"C" else (b"\4" + great) * (2 if kind[1:] == b"M" else 1)
    assert "bytes are missing" in refusal(tmp_path / "x.ark", b"u \0B" + kind + b" " + header + bytes(1000))


def test_htk_of_impossible_sizes(tmp_path):
    for n_frames, frame_bytes in ((2**31 - 1, 2**16 - 4), (-1, 52), (-(2**31), 4), (0, 0)):
        header = struct.pack(">iihH", n_frames, 100_000, frame_bytes - 2**16 * (frame_bytes >= 2**15), 6)
        assert "not an HTK parameter file, or cut off" in refusal(tmp_path / "x.htk", header + bytes(520))


def test_mat_of_impossible_sizes(tmp_path):
    path = tmp_path / "x.mat"
    assert "12 values for the shape" in refusal(path, mat(element(14, mat_array((2**31 - 1,) * 2, F.tobytes()))))
    assert "bytes are missing" in refusal(path, mat(struct.pack("<2I", 14, 2**32 - 8) + bytes(100)))
    lie = zlib.compress(struct.pack("<2I", 14, 2**31) + mat_array((3, 4), F.tobytes()))
    assert "claim to hold 2147483648 bytes" in refusal(path, mat(element(15, lie)))
    lie = zlib.compress(struct.pack("<2I", 14, 10**6) + mat_array((3, 4), F.tobytes()))
    assert "bytes are missing" in refusal(path, mat(element(15, lie)))
    whole = struct.pack("<2I", 14, len(mat_array((3, 4), F.tobytes()))) + mat_array((3, 4), F.tobytes())
    assert "its end is missing" in refusal(path, mat(element(15, zlib.compress(whole)[:-2])))
    assert "incorrect data check" in refusal(path, mat(element(15, zlib.compress(whole)[:-2] + b"ab")))


def test_zip_bombs(tmp_path):
    """72 MB of zeros in 72 kB: honest sizes, but no matrix of features is compressed so well."""
    zeros = bytes(72 * MEGABYTE)
    data = npz({"x.npy": npy((72 * MEGABYTE // 8, 1), data=zeros)})
    array = mat_array((72 * MEGABYTE // 8, 1), zeros)
    compressed = zlib.compress(struct.pack("<2I", 14, len(array)) + array)
    del array, zeros
    assert len(data) < MEGABYTE > len(compressed)
    assert "more than 200-fold is refused" in refusal(tmp_path / "x.npz", data)
    assert "more than 200-fold is refused" in refusal(tmp_path / "x.mat", mat(element(15, compressed)))


def test_a_bomb_beside_the_wanted_matrix_is_not_decompressed(tmp_path):
    data = npz({"bomb.npy": npy((4 * MEGABYTE, 1), data=bytes(32 * MEGABYTE)), "x.npy": npy((3, 4), data=F.tobytes())})
    (tmp_path / "x.npz").write_bytes(data)
    tracemalloc.start()
    np.testing.assert_array_equal(dsp.read_features(tmp_path / "x.npz", "x"), F)
    assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    tracemalloc.stop()
    assert "bomb (4194304, 1)" in refusal(tmp_path / "x.npz", data)


def test_a_large_matrix_of_ordinary_density_is_read(tmp_path, rng, monkeypatch):
    """Neither a size beyond the limit (lowered here) nor a strong compression is a reason to refuse a matrix."""
    monkeypatch.setattr("dsp.files.content.ALWAYS_EXPANDED", 2**16)
    matrix = np.repeat(rng.integers(0, 8, (20_000, 1)), 8, axis=1).astype(np.float64)
    np.savez_compressed(tmp_path / "x.npz", x=matrix)
    scipy_io.savemat(tmp_path / "x.mat", {"x": matrix}, do_compression=True)
    for name in ("x.npz", "x.mat"):
        assert matrix.nbytes > 8 * (tmp_path / name).stat().st_size
        np.testing.assert_array_equal(dsp.read_features(tmp_path / name), matrix)


def test_pickles_and_objects_are_refused_with_the_reason(tmp_path):
    import pickle

    np.save(tmp_path / "o.npy", np.array([[None, 1]]), allow_pickle=True)
    objects = (tmp_path / "o.npy").read_bytes()
    for name, data in (("x.npy", objects), ("x.npy", pickle.dumps(F)), ("x.npz", npz({"o.npy": objects}))):
        assert "Python objects (a pickle), which are never loaded" in refusal(tmp_path / name, data)
    assert "no zip archive" in refusal(tmp_path / "x.npz", pickle.dumps(F))
    np.savez(tmp_path / "y.npz", x=F, o=np.array([None]))
    np.testing.assert_array_equal(dsp.read_features(tmp_path / "y.npz"), F)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_npz_compressed_otherwise(tmp_path, method):
    data = npz({"x.npy": npy((3, 4), data=F.tobytes())}, method)
    assert f"compression method {method}" in refusal(tmp_path / "x.npz", data)


def test_damage_inside_an_npz_is_noticed(tmp_path):
    data = bytearray(npz({"x.npy": npy((3, 4), data=F.tobytes())}, zipfile.ZIP_STORED))
    data[data.index(F.tobytes()) + 5] ^= 1
    assert "Bad CRC-32" in refusal(tmp_path / "x.npz", bytes(data))


EVIL = "two\nlines\x1b[31m\u202e"
ESCAPED = r"two\x0alines\x1b[31m\u202e"


def test_names_inside_files_are_escaped(tmp_path):
    """Line breaks and terminal escapes in the names of variables and utterances stay out of the terminal."""
    two = npz({f"{EVIL}{i}.npy": npy((3, 4), data=F.tobytes()) for i in range(2)})
    line = refusal(tmp_path / "x.npz", two)
    assert f"{ESCAPED}0 (3, 4)" in line
    assert ESCAPED in refusal(tmp_path / "x.npz", npz({f"{EVIL}.npy": b"no array"}))
    name = EVIL.replace("\n", "\r").encode()
    entry = b" \0BFM \4" + struct.pack("<i", 3) + b"\4" + struct.pack("<i", 4) + F.astype("<f4").tobytes()
    assert r"\x0dlines\x1b[31m\u202e" in refusal(tmp_path / "x.ark", name + b"1" + entry + name + b"2" + entry)
    assert r"\rlines\x1b" in refusal(tmp_path / "x.ark", name + b" \0BXX " + bytes(40))
    assert r"\x1b[2J" in refusal(tmp_path / "x.ark", b"\x1b[2Ju [ 1 2\n 3 ]\n")
    whole = mat(element(14, mat_array((3, 4), F.tobytes())).replace(b"mfcc", b"\x1b[2\n"))
    assert r"\x1b[2\x0a (3, 4)" in refusal(tmp_path / "x.mat", whole, "mfcc")
    assert r"\x1b[31m" in refusal(tmp_path / "x.csv", b"1,2\n3,\x1b[31m\n")
    assert r"'\x1b'" in refusal(tmp_path / "x.npy", npy((3, 4), data=F.tobytes()), "\x1b")


def test_a_name_of_a_million_letters_is_shortened(tmp_path):
    entry = b" \0BFM \4" + struct.pack("<i", 3) + b"\4" + struct.pack("<i", 4) + F.astype("<f4").tobytes()
    assert "aaa... (3, 4)" in refusal(tmp_path / "x.ark", b"a" * 10**6 + entry + b"b" + entry)
    assert "aaa..." in refusal(tmp_path / "x.ark", b"a" * 10**6 + b" \0BXX ")
    assert "aaa..." in refusal(tmp_path / "x.csv", b"1,2\n3," + b"a" * 10**6)
    assert "aaa..." in refusal(tmp_path / "x.ark", b"u [ 1 " + b"a" * 10**6 + b" ]")


@pytest.fixture
def originals(tmp_path, rng):
    """A file of every format; .npz and .mat both plain and compressed."""
    matrix = rng.standard_normal((40, 13)).astype(np.float32)
    paths = [tmp_path / name for name in ("x.npy", "x.npz", "z.npz", "x.mat", "z.mat", "x.htk", "c.htk", "x.ark")]
    np.save(paths[0], matrix)
    np.savez(paths[1], mfcc=matrix, sample_rate=16_000, other=matrix)
    np.savez_compressed(paths[2], mfcc=matrix)
    paths[3].write_bytes(mat_bytes({"mfcc": matrix, "z": matrix * 1j}))
    scipy_io.savemat(paths[4], {"mfcc": matrix, "text": "abc"}, do_compression=True)
    paths[5].write_bytes(struct.pack(">iihH", 40, 100_000, 52, 6) + matrix.astype(">f4").tobytes())
    compressed = np.ones((2, 13), ">f4").tobytes() + bytes(40 * 26) + b"\0\0"
    paths[6].write_bytes(struct.pack(">iihH", 44, 100_000, 26, 6 | 0o012000) + compressed)
    sizes = b"\4" + struct.pack("<i", 40) + b"\4" + struct.pack("<i", 13)
    plain = b"mfcc \0BFM " + sizes + matrix.tobytes()
    squeezed = [b"%s \0B%s " % (kind, kind) + struct.pack("<2f2i", -1, 2, 40, 13) for kind in (b"CM", b"CM2", b"CM3")]
    paths[7].write_bytes(squeezed[0] + bytes(104 + 520) + squeezed[1] + bytes(1040) + plain + squeezed[2] + bytes(520))
    (tmp_path / "t.ark").write_text("mfcc [\n 1 2 3\n 4 5 6 ]\nu [ 1 2 ]\n")
    (tmp_path / "x.csv").write_text("c0;c1;c2\n" + "1,5;-2,25;3\n" * 20)
    return [*paths, tmp_path / "t.ark", tmp_path / "x.csv", *more_originals(tmp_path, matrix)]


def more_originals(folder, matrix):
    """Tables of pandas and openSMILE, ARFF, Kaldi text and an index, MATLAB 4, 7.3 and structs, HDF5, torch.save.

    Parquet, and a dict in an .npy file, which is refused whole and damaged.
    """
    h5py, pandas, torch = (pytest.importorskip(name) for name in ("h5py", "pandas", "torch"))
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    frame = pandas.DataFrame(matrix)
    frame.to_csv(folder / "pandas.csv")
    frame.to_csv(folder / "tab.tsv", sep="\t", decimal=",", index=False)
    frame.insert(0, "frameTime", np.arange(40) / 100)
    frame.insert(0, "name", "'unknown'")
    frame.rename(columns="mfcc[{}]".format).to_csv(folder / "smile.csv", sep=";", index=False)
    package = pandas.DataFrame(matrix, columns=[f"F{i}_sma" for i in range(13)])
    package.insert(0, "end", [f"0 days 00:00:00.{i:02}0000" for i in range(40)])
    package.insert(0, "start", "0 days")
    package.insert(0, "file", "a b.wav")
    package.to_csv(folder / "package.csv", index=False)
    np.save(folder / "dict.npy", {"mfcc": matrix}, allow_pickle=True)
    parquet.write_table(pyarrow.table({"name": ["mfcc"], "features": [matrix.tolist()]}), folder / "x.parquet")
    parquet.write_table(pyarrow.table({f"c{i}": matrix[:, i] for i in range(13)}), folder / "table.parquet")
    attributes = "@attribute name string\n" + "".join(f"@attribute m{i} numeric\n" for i in range(13))
    rows = "".join("'a b'," + ",".join(f"{x:.4g}" for x in row) + "\n" for row in matrix)
    (folder / "x.arff").write_text(f"@relation x\n{attributes}@data\n{rows}")
    lines = "\n".join(" ".join(f"{x:.6g}" for x in row) for row in matrix)
    (folder / "kaldi.txt").write_text(f"mfcc  [\n{lines} ]\n")
    sizes = b"\4" + struct.pack("<i", 40) + b"\4" + struct.pack("<i", 13)
    (folder / "target").write_bytes(b"\0BFM " + sizes + matrix.tobytes())
    (folder / "index.scp").write_text(f"mfcc {folder}/target:0\n")
    scipy_io.savemat(folder / "four.mat", {"mfcc": matrix, "fs": 8.0}, format="4")
    scipy_io.savemat(folder / "struct.mat", {"s": {"a": {"mfcc": matrix}, "c": np.array([1, "b"], object)}})
    scipy_io.savemat(folder / "packed.mat", {"s": {"a": {"mfcc": matrix}}}, do_compression=True)
    for name, version in (("x.h5", "earliest"), ("y.hdf5", "latest"), ("seven.mat", "earliest")):
        with h5py.File(folder / name, "w", libver=version, userblock_size=512 * (name == "seven.mat")) as file:
            packed = {"chunks": (8, 13), "compression": "gzip", "shuffle": True} if name != "y.hdf5" else {}
            file.create_dataset("mfcc", data=matrix, **packed).attrs["MATLAB_class"] = np.bytes_("single")
            file.create_dataset("g/fs", data=8.0)
    seven = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + (folder / "seven.mat").read_bytes()[128:]
    (folder / "seven.mat").write_bytes(seven)
    torch.save({"mfcc": torch.tensor(matrix), "fs": 8}, folder / "x.pt")
    torch.save(torch.tensor(matrix), folder / "y.pth")
    names = (
        "pandas.csv tab.tsv smile.csv package.csv x.arff kaldi.txt index.scp four.mat struct.mat packed.mat x.h5 "
        "y.hdf5 seven.mat x.pt y.pth x.parquet table.parquet dict.npy"
    )
    return [folder / name for name in names.split()]


UNNAMED = (".npy", ".htk", ".csv", ".tsv", ".arff", ".pth")
INSIDE = {"struct.mat": "s.a.mfcc", "packed.mat": "s.a.mfcc"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_copies_of_every_format(originals, count):
    """None ends in anything but a FeatureFileError or takes more than 100 MB; read in a child, so a crash is seen."""
    *readable, pickled = originals
    assert "Python objects (a pickle)" in refusal(pickled, pickled.read_bytes())
    for path in readable:
        name = None if path.name == "table.parquet" or path.suffix in UNNAMED else INSIDE.get(path.name, "mfcc")
        assert dsp.read_features(path, name).size >= 6
    command = [sys.executable, "-m", "tests.read_mutants", str(count), "20", "100", *map(str, originals)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    counts = json.loads(done.stdout)
    assert len(counts) == len(originals)
    for name, outcome in counts.items():
        assert outcome["refused"] > count / 5 and outcome["longest"] < 1500, name


def test_the_utterances_of_a_long_archive_are_listed_without_being_decoded(tmp_path):
    """Time and memory grow with the number of utterances, not with their numbers."""
    entry = b" \0BFM \4" + struct.pack("<i", 200) + b"\4" + struct.pack("<i", 40) + bytes(4 * 8000)
    path = tmp_path / "x.ark"
    line = refusal(path, b"".join(b"u%d" % i + entry for i in range(1000)))  # 32 MB
    assert "(1000 in all)" in line
    tracemalloc.start()
    dsp.read_features(path, "u999")
    assert tracemalloc.get_traced_memory()[1] < path.stat().st_size + 4 * MEGABYTE
    tracemalloc.stop()


BOMBS = """
import re, resource, sys
from pathlib import Path
import h5py, torch, dsp
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 200 * 2**20,) * 2)
for path in sys.argv[1:]:
    try:
        dsp.read_features(path)
        sys.exit(f"{path} was read")
    except dsp.FeatureFileError as error:
        if re.search("memory|allocat", str(error), re.IGNORECASE):
            sys.exit(str(error))
        print(str(error).removeprefix(f"{path}: "))
"""


def zeros_600_mb(beginning):
    """The bytes and 600 MB of zeros behind them, compressed to 0.6 MB; without a checksum."""
    packer = zlib.compressobj(9)
    first = packer.compress(beginning) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + 600 * (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
def test_bombs_and_lies_take_less_than_200_megabytes(tmp_path):
    """Libraries allocate outside of what tracemalloc sees: here the whole process is limited."""
    h5py, torch = pytest.importorskip("h5py"), pytest.importorskip("torch")
    zeros = zeros_600_mb(b"")
    shape = (600 * MEGABYTE // 8, 1)
    files = {
        name: tmp_path / name for name in ("chunk.h5", "dense.h5", "tall.h5", "s.mat", "4.mat", "x.pt", "y.pt", "x.scp")
    }
    with h5py.File(files["chunk.h5"], "w") as file:
        small = file.create_dataset("x", (64, 64), "f8", chunks=(64, 64), compression="gzip")
        small.id.write_direct_chunk((0, 0), zeros)
    with h5py.File(files["dense.h5"], "w") as file:
        file.create_dataset("x", shape, "f8", chunks=shape, compression="gzip").id.write_direct_chunk((0, 0), zeros)
    with h5py.File(files["tall.h5"], "w") as file:
        file.create_dataset("x", (2**50, 8), "f8", chunks=(2, 2))[0, 0] = 1
    array = element(6, struct.pack("<2I", 6, 0)) + element(5, struct.pack("<2i", *shape)) + element(1, b"")
    field = struct.pack("<2I", 14, len(array) + 8 + 8 * shape[0]) + array + struct.pack("<2I", 9, 8 * shape[0])
    head = element(6, struct.pack("<2I", 2, 0)) + element(5, struct.pack("<2i", 1, 1)) + element(1, b"s")
    head += element(5, struct.pack("<i", 2)) + element(1, b"f\0") + field
    content = zeros_600_mb(struct.pack("<2I", 14, len(head) + 8 * shape[0]) + head)
    files["s.mat"].write_bytes(mat(element(15, content)))
    files["4.mat"].write_bytes(struct.pack("<5i", 0, 2**31 - 1, 2**31 - 1, 1, 2) + b"x\0" + bytes(100))
    torch.save(torch.zeros(1).expand(10**6, 10**4), files["x.pt"])
    with zipfile.ZipFile(files["y.pt"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("y/data.pkl", bytes(MEGABYTE))
    files["x.scp"].write_text("u target:0\n")
    (tmp_path / "target").write_bytes(b"\0BDM \4" + struct.pack("<i", 2**31 - 1) + b"\4" + struct.pack("<i", 2**31 - 1))
    command = [sys.executable, "-c", BOMBS, *map(str, files.values())]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    words = [
        "unpacks to more bytes",
        "200-fold",
        "200-fold",
        "200-fold",
        *["bytes are missing"] * 2,
        "compressed",
        "are missing",
    ]
    for line, word in zip(done.stdout.splitlines(), words, strict=True):
        assert word in line, line
