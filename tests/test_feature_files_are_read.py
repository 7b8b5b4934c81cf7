"""Files of features against SciPy (.mat), NumPy, and bytes written here by hand from the formats' definitions."""

import struct

import numpy as np
import pytest
from scipy import io as scipy_io

import dsp
from dsp.feature_files import READERS, read_array
from dsp.files.htk import kind_words, read_htk

F = np.array([[1.5, -2.25, 3.0], [0.1, 1e-7, -4e5]])  # (n_frames, n_values)
Z = F * (1 - 2j)


def refused(path, *words, name=None):
    """The line that read_features says: of one line, with the file's name and the words."""
    with pytest.raises(dsp.FeatureFileError) as caught:
        dsp.read_features(path, name)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line
    for word in words:
        assert word in line, line
    return line


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def same(found, expected, dtype=None):
    assert found.dtype == (dtype or expected.dtype)
    np.testing.assert_array_equal(found, expected)


# NumPy


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4", ">f8", "<c8", "<c16"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_keeps_its_type(tmp_path, dtype, order):
    array = np.array(Z if "c" in dtype else F, dtype, order=order)
    np.save(tmp_path / "x.npy", array)
    same(dsp.read_features(tmp_path / "x.npy"), array, np.dtype(dtype).newbyteorder("="))


@pytest.mark.parametrize("dtype", ["i2", "u1", "i8", "f2", "?"])
def test_other_numbers_become_float64(tmp_path, dtype):
    array = (F > 0).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    same(dsp.read_features(tmp_path / "x.npy"), array.astype(np.float64))


def test_npz(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, mfcc=F, sample_rate=16000, times=np.arange(3.0), note=np.array("text"))
    same(dsp.read_features(path), F)
    same(dsp.read_features(str(path), "mfcc"), F)
    refused(path, "shape (3,)", "2-D", name="times")
    refused(path, "no matrix 'note'", "mfcc (2, 3)", "times (3,)", name="note")
    np.savez_compressed(path, a=F, b=F.T, c=np.array([None]))
    assert refused(path, "2 matrices", "a (2, 3), b (3, 2)").count("(") == 2
    same(dsp.read_features(path, "b"), F.T)
    np.savez(path, **{f"m{i}": F for i in range(30)})
    refused(path, "m7 (2, 3), ... (30 in all)")
    np.savez(path, note=np.array("text"))
    refused(path, "no matrix of numbers")


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.zeros((2, 3, 4)), "shape (2, 3, 4); a matrix, 2-D"),
        (np.zeros(5), "shape (5,)"),
        (np.zeros((0, 13)), "no values"),
        (np.array([[1, np.nan], [0, 1]]), "[0, 1] is nan"),
        (np.array([[1, 0], [0, 1j * np.inf]]), "[1, 1] is"),
        (np.array([["a", "b"]]), "numbers are expected"),
        (np.array([[None]]), "Python objects (a pickle), which are never loaded"),
    ],
)
def test_what_is_no_matrix_of_features(tmp_path, array, word):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    refused(tmp_path / "x.npy", word)


@pytest.mark.parametrize("shape", [(6,), (1, 2, 3), (2, 3)])
def test_arrays_of_any_number_of_axes(tmp_path, shape):
    np.save(tmp_path / "x.npy", F.reshape(shape))
    same(read_array(tmp_path / "x.npy"), F.reshape(shape))
    np.save(tmp_path / "x.npy", np.full(shape, np.nan))
    with pytest.raises(dsp.FeatureFileError, match=r"\[0(, 0)*\] is nan"):
        read_array(tmp_path / "x.npy")


def test_one_matrix_has_no_name(tmp_path):
    np.save(tmp_path / "x.npy", F)
    refused(tmp_path / "x.npy", "holds one, without a name", name="mfcc")


# text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "1.5,-2.25,3\n0.1,1e-7,-4e5\n"),
        ("x.csv", "\ufeffc0, c1, c2\r\n1.5, -2.25, 3\r\n0.1, 1E-7, -4E5"),
        ("x.csv", "c0;c1;c2\n1,5;-2,25;3\n0,1;1e-7;-400000\n\n"),
        ("x.csv", "1.5;-2.25;3;\n0.1;0.0000001;-4e5;\n"),
        ("x.tsv", "a\tb\tc\n1.5\t-2.25\t3\n0.1\t1e-7\t-4e5\n"),
        ("x.txt", "# one\n  1.5 -2.25   3.000\n# two\n 1.000000000000000055e-01\t1e-7 -4e5\n"),
        ("x.txt", "c0 c1, c2\n1.5 -2.25 3\n0.1 1e-7 -4e5"),
    ],
)
def test_text(tmp_path, name, content):
    same(dsp.read_features(written(tmp_path, name, content)), F)


def test_text_as_savetxt_writes_it(tmp_path, rng):
    matrix = rng.standard_normal((20, 13))
    np.savetxt(tmp_path / "x.txt", matrix, header="13 columns")
    same(dsp.read_features(tmp_path / "x.txt"), matrix)
    assert dsp.read_features(written(tmp_path, "row.txt", "1 2 3")).shape == (1, 3)
    assert dsp.read_features(written(tmp_path, "column.txt", "1\n2\n3")).shape == (3, 1)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("1,2,3\n4,5\n", "line 2 has 2 values, line 1 has 3"),
        ("a,b\n1,2\n\n3,x7\n", "line 4, column 2: 'x7' is not a number"),
        ("1,2\n3,\n", "line 2"),
        ("word;c0\n'a';1\n", "line 2, column 1"),
        ("a,b,c\n", "no numbers"),
        ("# nothing\n\n", "no numbers"),
        ("1,2\n3,nan\n", "[1, 1] is nan"),
        (b"\xff\xfe1\x002\x00", "not readable as text"),
    ],
)
def test_bad_text(tmp_path, content, word):
    refused(written(tmp_path, "x.csv", content), word)


# MATLAB

MATLAB_TYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", MATLAB_TYPES)
def test_mat_of_every_type_as_scipy_writes_it(tmp_path, rng, dtype, compressed):
    matrix = (100 * rng.random((5, 7))).astype(dtype)
    path = tmp_path / "x.mat"
    scipy_io.savemat(path, {"x": matrix, "fs": 16000.0, "text": "abc"}, do_compression=compressed)
    same(dsp.read_features(path), matrix.astype(dtype if dtype[0] == "f" else np.float64))


@pytest.mark.parametrize("compressed", [False, True])
def test_mat_complex_and_several(tmp_path, compressed):
    path = tmp_path / "x.mat"
    variables = {"S": Z, "s": Z.astype(np.complex64), "a_long_name": F, "fs": 8.0, "cube": np.ones((2, 3, 4))}
    scipy_io.savemat(path, variables, do_compression=compressed)
    same(dsp.read_features(path, "S"), Z)
    same(dsp.read_features(path, "s"), Z.astype(np.complex64))
    same(dsp.read_features(path, "a_long_name"), F)
    refused(path, "4 matrices", "S (2, 3), s (2, 3), a_long_name (2, 3), cube (2, 3, 4)")
    refused(path, "2-D", name="cube")
    refused(path, "no matrix 'mfcc'", "fs (1, 1)", name="mfcc")


def test_mat_skips_and_names_what_is_no_matrix(tmp_path):
    path = tmp_path / "x.mat"
    others = {"c": np.array(["b", "a"], object), "s": {"field": "a"}, "t": "text", "sp": scipy_sparse()}
    scipy_io.savemat(path, others)
    refused(path, "no full numeric array", "c{1} (char), c{2} (char), s.field (char), t (char)", "sp (sparse)")
    scipy_io.savemat(path, others | {"x": F})
    same(dsp.read_features(path), F)


def scipy_sparse():
    from scipy import sparse

    return sparse.csc_array(F)


def element(order, kind, data):
    return struct.pack(order + "2I", kind, len(data)) + data + bytes(-len(data) % 8)


def mat_by_hand(order, *elements):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(order + "2H", 0x0100, 0x4D49) + b"".join(elements)


@pytest.mark.parametrize("order", ["<", ">"])
def test_mat_by_hand(tmp_path, order):
    """Both byte orders; a name in a small element; doubles stored in a byte each; the imaginary part in 16 bits."""
    flags = element(order, 6, struct.pack(order + "2I", 6 | 0x0800, 0))
    sizes = element(order, 5, struct.pack(order + "2i", 2, 3))
    small = struct.pack(order + "I", 2 << 16 | 1) + b"xy\0\0"
    real = element(order, 2, bytes([1, 2, 3, 4, 5, 6]))
    imaginary = element(order, 3, struct.pack(order + "6h", -1, -2, -3, -4, -5, 300))
    array = element(order, 14, flags + sizes + small + real + imaginary)
    expected = np.array([[1 - 1j, 3 - 3j, 5 - 5j], [2 - 2j, 4 - 4j, 6 + 300j]])
    same(dsp.read_features(written(tmp_path, "x.mat", mat_by_hand(order, array)), "xy"), expected)
    wrong = element(order, 14, flags + sizes + small + element(order, 2, bytes(5)))
    refused(written(tmp_path, "x.mat", mat_by_hand(order, wrong)), "5 values for the shape (2, 3)")
    refused(written(tmp_path, "x.mat", mat_by_hand(order, array)[:-30]), "cut off or damaged", "bytes are missing")
    refused(written(tmp_path, "x.mat", mat_by_hand(order)), "no matrix of numbers")


def test_other_mat_files(tmp_path):
    refused(written(tmp_path, "x.mat", b"MATLAB 7.3 MAT-file, Platform".ljust(600)), "'-v7'", "7.3")
    refused(written(tmp_path, "x.mat", b"\x89HDF\r\n\x1a\n".ljust(600)), "'-v7'")
    refused(written(tmp_path, "x.mat", b"no MAT-file at all".ljust(600)), "not a MAT-file of level 5", "'-v7'")
    refused(written(tmp_path, "x.mat", mat_by_hand("<").replace(b"\0\1", b"\0\2")), "version 0x0200")
    scipy_io.savemat(tmp_path / "x.mat", {"x": F}, do_compression=True)
    data = bytearray((tmp_path / "x.mat").read_bytes())
    data[-6] ^= 0xFF
    refused(written(tmp_path, "x.mat", bytes(data)), "a compressed variable is damaged")


# HTK


def htk(matrix, kind, period=100_000, tail=b""):
    content = matrix.astype(">f4").tobytes()
    return struct.pack(">iihH", len(matrix), period, 4 * matrix.shape[1], kind) + content + tail


@pytest.mark.parametrize("ending", [".htk", ".mfc", ".fea", ".plp", ".fbank"])
def test_htk(tmp_path, ending):
    path = written(tmp_path, "x" + ending, htk(F, 6 | 0o020000 | 0o000400 | 0o001000))
    same(dsp.read_features(path), F.astype(np.float32))
    matrix, period_s, kind = read_htk(path)
    same(matrix, F.astype(np.float32))
    assert (period_s, kind) == (pytest.approx(0.01), "MFCC_0_D_A")


def test_htk_kinds():
    """As the HTK Book's table of kinds and qualifiers has them."""
    table = "WAVEFORM LPC LPREFC LPCEPSTRA LPDELCEP IREFC MFCC FBANK MELSPEC USER DISCRETE PLP".split()
    assert [kind_words(i) for i in range(12)] == table
    octal = {"E": 100, "N": 200, "D": 400, "A": 1000, "C": 2000, "Z": 4000, "K": 10000, "0": 20000, "V": 40000}
    for word, digits in octal.items():
        assert kind_words(7 + int(str(digits), 8)) == f"FBANK_{word}"
    assert kind_words(0o100000 + 9) == "USER_T"
    assert kind_words(6 + 0o020000 + 0o000100 + 0o000400) == "MFCC_E_0_D"


def test_htk_compressed(tmp_path, rng):
    """x_short = A x_float - B with A = 2 * 32767 / (max - min), B = (max + min) 32767 / (max - min)."""
    matrix = rng.standard_normal((40, 13)) * np.arange(1, 14)
    low, high = matrix.min(axis=0), matrix.max(axis=0)
    A = (2 * 32767 / (high - low)).astype(">f4")
    B = ((high + low) * 32767 / (high - low)).astype(">f4")
    integers = np.round(A.astype(float) * matrix - B).clip(-32768, 32767).astype(">i2")
    header = struct.pack(">iihH", 40 + 4, 100_000, 2 * 13, 6 | 0o002000 | 0o010000)
    data = header + A.tobytes() + B.tobytes() + integers.tobytes()
    path = written(tmp_path, "x.mfc", data + b"\x12\x34")
    found = dsp.read_features(path)
    assert found.dtype == np.float32 and found.shape == matrix.shape
    assert (np.abs(found - matrix) <= 0.51 * (high - low) / 65534 + 1e-6).all()
    assert read_htk(path)[2] == "MFCC_C_K"
    refused(written(tmp_path, "x.mfc", data), "cut off")


def test_htk_reflection_coefficients(tmp_path):
    integers = np.array([[32767, -32767], [0, 16384]])
    data = struct.pack(">iihH", 2, 100_000, 4, 5) + integers.astype(">i2").tobytes()
    found = dsp.read_features(written(tmp_path, "x.htk", data))
    np.testing.assert_allclose(found, integers / 32767, rtol=1e-7)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (htk(F, 6)[:-1], ("cut off", "2 frames of 12 bytes", "35 bytes")),
        (htk(F, 6) + b"\0", ("37 bytes",)),
        (htk(F, 6)[:11], ("fewer than the 12",)),
        (htk(F, 63), ("unknown kind 63",)),
        (htk(F, 0), ("WAVEFORM; features are expected",)),
        (htk(np.array([[1, np.inf]]), 6), ("[0, 1] is inf",)),
        (struct.pack("<iihH", 2, 100_000, 12, 6) + F.astype("<f4").tobytes(), ("little-endian",)),
        (struct.pack(">iihH", 2, 100_000, 6, 6) + bytes(12), ("frames of 6 bytes",)),
        (struct.pack(">iihH", 4, 100_000, 2, 6 | 0o002000) + bytes(8), ("no frames after A and B",)),
    ],
)
def test_bad_htk(tmp_path, data, words):
    path = written(tmp_path, "x.htk", data)
    refused(path, *words)
    with pytest.raises(dsp.FeatureFileError, match=r"x\.htk: "):
        read_htk(path)


# Kaldi


def size(n):
    return b"\x04" + struct.pack("<i", n)


def kaldi(name, matrix, kind="FM"):
    dtype = "<f4" if kind[0] == "F" else "<f8"
    sizes = b"".join(map(size, matrix.shape))
    return name.encode() + b" \0B" + kind.encode() + b" " + sizes + matrix.astype(dtype).tobytes()


def test_ark(tmp_path):
    path = written(tmp_path, "x.ark", kaldi("a-1", F))
    same(dsp.read_features(path), F.astype(np.float32))
    path = written(tmp_path, "x.ark", kaldi("a-1", F) + kaldi("é2", F.T, "DM") + kaldi("v", F[0], "FV"))
    same(dsp.read_features(path, "a-1"), F.astype(np.float32))
    same(dsp.read_features(path, "é2"), F.T)
    refused(path, "2 matrices", "a-1 (2, 3), é2 (3, 2)")
    refused(path, "shape (3,)", name="v")
    refused(path, "no matrix 'b'", name="b")
    many = b"".join(kaldi(f"u{i}", F) for i in range(100))
    assert "u8" not in refused(written(tmp_path, "x.ark", many), "u7 (2, 3), ... (100 in all)")


def test_of_two_utterances_with_one_name_the_first_counts(tmp_path):
    same(dsp.read_features(written(tmp_path, "x.ark", kaldi("u", F) + kaldi("u", 2 * F))), F.astype(np.float32))
    same(dsp.read_features(written(tmp_path, "y.ark", "u [ 1 2 ]\nu [ 3 4 ]\n")), np.array([[1.0, 2.0]]))


def test_ark_text(tmp_path):
    one = "utt1  [\n  1.5 -2.25 3 \n  0.1 1e-07 -4e+05 ]\n"
    same(dsp.read_features(written(tmp_path, "x.ark", one)), F)
    path = written(tmp_path, "x.ark", one + "utt2 [ 1 2 ]\n")
    same(dsp.read_features(path, "utt2"), np.array([[1.0, 2.0]]))
    refused(path, "utt1 (2, 3), utt2 (1, 2)")


def test_ark_compressed_by_hand(tmp_path):
    """CM: bytes 0, 64, 192, 255 are the percentiles, and straight lines lie between; CM2, CM3: min + range i / max."""
    header = struct.pack("<2f2i", -10.0, 20.0, 6, 2)
    knots = np.array([[0, 16383.75, 49151.25, 65535], [65535, 0, 0, 65535]]).round().astype("<u2")
    column = np.array([0, 64, 128, 192, 224, 255], np.uint8)
    data = b"u \0BCM " + header + knots.tobytes() + column.tobytes() * 2
    found = dsp.read_features(written(tmp_path, "x.ark", data + kaldi("v", F)), "u")
    expected = [-10, -5, 0, 5, 5 + 5 * 32 / 63, 10]
    np.testing.assert_allclose(found[:, 0], expected, atol=2e-4)
    np.testing.assert_allclose(found[:, 1], [10, -10, -10, -10, -10 + 20 * 32 / 63, 10], atol=2e-6)
    assert found.dtype == np.float32 and found.shape == (6, 2)

    header = struct.pack("<2f2i", -1.0, 2.0, 2, 3)
    levels = np.array([[0, 65535, 32768], [1, 2, 3]])
    path = written(tmp_path, "x.ark", b"u \0BCM2 " + header + levels.astype("<u2").tobytes())
    np.testing.assert_allclose(dsp.read_features(path), -1 + 2 * levels / 65535, atol=1e-7)
    levels = np.array([[0, 255, 128], [1, 2, 3]])
    path = written(tmp_path, "x.ark", b"u \0BCM3 " + header + levels.astype("u1").tobytes())
    np.testing.assert_allclose(dsp.read_features(path), -1 + 2 * levels / 255, atol=1e-7)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (kaldi("u", F)[:-5], ("cut off or damaged: 5 bytes",)),
        (kaldi("u", F) + b"\0\0 \0", ("no utterance begins at byte",)),
        (kaldi("u", F).replace(b"FM ", b"XX "), ("'u' is no matrix",)),
        (b"u \0BFM \x05", ("no size",)),
        (b"u \0BFM " + size(-1) + size(3), ("a negative size",)),
        (b"u \0BFM " + size(0) + size(0), ("no values",)),
        (b"u \0BCM " + struct.pack("<2f2i", 0, 1, 9, 9), ("cut off",)),
        (kaldi("u", F * np.nan), ("[0, 0] is nan",)),
        (b"u [ 1 2\n 3 ]\n", ("'u' has rows of 1 and 2",)),
        (b"u [ 1 x ]\n", ("'x'",)),
        (b"u [ 1 1_000 ]\n", ("'u': '_' in a number",)),
        (b"u [ ]\n", ("no values",)),
        (b"u [ 1 2 ]\nrest\n", ("line 2",)),
        (b"u [ 1 2\n", ("no 'name [ numbers ]' from line 1",)),
        (b"\xff\xfe\xfd\xfc", ("not a Kaldi archive",)),
    ],
)
def test_bad_ark(tmp_path, data, words):
    refused(written(tmp_path, "x.ark", data), *words)


# all


@pytest.mark.parametrize("ending", READERS)
def test_empty_missing_and_random_bytes(tmp_path, rng, ending):
    refused(written(tmp_path, "x" + ending, b""), "empty file (0 bytes)")
    refused(tmp_path / ("y" + ending), "No such file")
    for n in (1, 100, 1000):
        refused(written(tmp_path, "x" + ending, rng.bytes(n)))


@pytest.mark.parametrize("ending", [".npy", ".npz", ".mat", ".htk", ".ark"])
def test_files_cut_off_anywhere(tmp_path, ending):
    """One line, whatever is missing."""
    whole = {".npy": np.save, ".npz": lambda path, x: np.savez(path, x=x)}.get(ending)
    path = tmp_path / ("x" + ending)
    if whole:
        whole(path, F)
    elif ending == ".mat":
        scipy_io.savemat(path, {"x": F}, do_compression=True)
    else:
        path.write_bytes(htk(F, 6) if ending == ".htk" else kaldi("utterance", F))
    data = path.read_bytes()
    for n in range(1, len(data) - 8):
        refused(written(tmp_path, "cut" + ending, data[:n]))


def test_unknown_endings(tmp_path):
    refused(written(tmp_path, "x.wav", b"RIFF"), "unknown ending '.wav'", ".npy", ".ark")
    refused(tmp_path / "x", "unknown ending ''")
    np.save(tmp_path / "x.npy", F)
    (tmp_path / "x.npy").rename(tmp_path / "X.NPY")
    same(dsp.read_features(tmp_path / "X.NPY"), F)


# what is written


@pytest.mark.parametrize("convention", ["kaldi", "opensmile_mfcc12", "scipy_stft"])
def test_a_saved_trace_is_the_trace(tmp_path, utterance, convention):
    steps = dsp.trace(utterance, 16_000, convention)
    dsp.save_trace(tmp_path / "new" / "t.npz", steps)
    dsp.save_trace(tmp_path / "new" / "t.mat", steps)
    npz = np.load(tmp_path / "new" / "t.npz")
    mat = scipy_io.loadmat(tmp_path / "new" / "t.mat")
    assert list(npz) == list(steps) == [name for name in mat if not name.startswith("__")]
    for name, step in steps.items():
        same(npz[name], step)
        same(mat[name], step if step.ndim == 2 else step[:, None])
        same(dsp.read_features(tmp_path / "new" / "t.mat", name), mat[name])
        if step.ndim == 2:
            same(dsp.read_features(tmp_path / "new" / "t.npz", name), step)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["t.mat", "t.npz"]


def test_a_step_of_any_name_is_saved(tmp_path):
    steps = {"file": F, "allow_pickle": F.T, "x": np.float32(2), "complex": Z}
    dsp.save_trace(tmp_path / "t.npz", steps)
    for name, array in np.load(tmp_path / "t.npz").items():
        same(array, np.asarray(steps[name]))
    same(dsp.read_features(tmp_path / "t.npz", "file"), F)


def test_what_is_not_saved(tmp_path, monkeypatch):
    def line(path, steps):
        with pytest.raises(dsp.FeatureFileError) as caught:
            dsp.save_trace(path, steps)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
        return str(caught.value)

    assert ".npz or .mat is expected" in line(tmp_path / "t.csv", {"x": F})
    assert "'1x' is not a name" in line(tmp_path / "t.mat", {"1x": F})
    assert "is not a name" in line(tmp_path / "t.mat", {"x" * 64: F})
    assert "x is a list; an array of numbers is expected" in line(tmp_path / "t.npz", {"x": ["a"]})
    assert "x is an array of dtype object; an array" in line(tmp_path / "t.npz", {"x": np.array([None])})
    assert "x is a masked array" in line(tmp_path / "t.npz", {"x": np.ma.array(F, mask=F > 1)})
    assert "x is a masked array" in line(tmp_path / "t.mat", {"x": np.ma.array(F)})
    monkeypatch.setattr("dsp.files.matlab.MAX_BYTES", 95)  # 6 complex doubles take 96
    assert "too large" in line(tmp_path / "t.mat", {"x": Z})
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.npz"
    dsp.save_trace(path, {"x": F})
    monkeypatch.setattr(np.lib.format, "write_array", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        dsp.save_trace(path, {"x": 2 * F})
    same(dsp.read_features(path), F)
    assert [file.name for file in tmp_path.iterdir()] == ["t.npz"]
