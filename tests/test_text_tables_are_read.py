"""CSV of pandas, openSMILE and spreadsheets, ARFF and Kaldi's text: the numbers come back, doubtful ones are refused.

A header is a line without a number or pandas' column numbers; a damaged first row is none. Each refusal names the line
and the column.
"""

import numpy as np
import pytest

import dsp

F = np.array([[1.5, -2.25, 3.0], [0.1, 1e-7, -4e5], [7.0, 8.0, 9.5]])
SMILE = "name;frameTime;mfcc[0];mfcc[1];mfcc[2]\n'unknown';0.0;1.5;-2.25;3\n'unknown';0.01;0.1;1e-7;-4e5\n"
ARFF = """@relation SMILEfeatures
% made by hand

@attribute name string
@attribute frameTime numeric
@attribute 'mfcc sma[0]' numeric
@attribute mfcc[1] REAL
@attribute mfcc[2] numeric
@attribute class {anger, 'no anger'}

@data

'a, b',0.00,1.5,-2.25,3,anger
'it\\'s',0.01,0.1,1e-7,-4e5,'no anger'
'c',0.02,7,8,9.5,?
"""


def read(tmp_path, content, name="x.csv"):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return dsp.read_features(tmp_path / name)


def refusal(tmp_path, content, name="x.csv"):
    with pytest.raises(dsp.FeatureFileError) as caught:
        read(tmp_path, content, name)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / name}: ") and "\n" not in line
    return line.removeprefix(f"{tmp_path / name}: ")


PANDAS = {  # options of to_csv
    "default": {},
    "no index": {"index": False},
    "no header": {"header": False, "index": False},
    "semicolon, decimal comma": {"sep": ";", "decimal": ","},
    "tab": {"sep": "\t"},
    "named index": {"index_label": "frame"},
    "quoted": {"quoting": 2},
}


@pytest.mark.parametrize("options", PANDAS.values(), ids=PANDAS)
@pytest.mark.parametrize(
    "columns", [None, ["a", "b", "c"], ["mfcc 1", "mfcc, 2", "mfcc; 3"]], ids=["0..", "a..", "long"]
)
def test_pandas(tmp_path, options, columns):
    pandas = pytest.importorskip("pandas")
    if "index_label" in options and columns:
        return  # a named column beside named columns may be a feature: it is kept
    pandas.DataFrame(F, columns=columns).to_csv(tmp_path / "x.csv", **options)
    np.testing.assert_array_equal(dsp.read_features(tmp_path / "x.csv"), F)


def test_pandas_tables_of_labels(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "x.csv"
    frame = pandas.DataFrame(F, index=["a.wav", "b.wav", "c.wav"])
    frame.to_csv(path)
    np.testing.assert_array_equal(dsp.read_features(path), F)
    frame["label"] = ["anger", "joy", "anger"]
    frame.insert(0, "clip", ["a", "b", "c"])
    frame.to_csv(path)
    np.testing.assert_array_equal(dsp.read_features(path), F)
    pandas.read_csv(path).to_csv(path)  # a second index, "Unnamed: 0"
    np.testing.assert_array_equal(dsp.read_features(path), F)
    whole = pandas.DataFrame(np.arange(12).reshape(3, 4))
    whole.to_csv(path)
    np.testing.assert_array_equal(dsp.read_features(path), np.arange(12.0).reshape(3, 4))


def test_r(tmp_path):
    assert read(tmp_path, '"V1","V2"\n"1",1.5,2\n"2",3.5,4\n').tolist() == [[1.5, 2], [3.5, 4]]


def test_opensmile_csv(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, SMILE), F[:2])
    functionals = "name;F0_sma_amean;jitter_sma_stddev\n'unknown';1.5;-2\n"
    assert read(tmp_path, functionals).tolist() == [[1.5, -2]]
    package = "file,start,end,a,b\n/x y/a.wav,0 days,0 days 00:00:00.020000,1.5,2\n"
    assert read(tmp_path, package).tolist() == [[1.5, 2]]


def test_the_opensmile_package_itself(tmp_path):
    opensmile = pytest.importorskip("opensmile")
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.LowLevelDescriptors)
    signal = np.sin(np.arange(16_000) / 10) * np.linspace(0, 0.5, 16_000)
    frame = smile.process_signal(signal, 16_000)
    frame.to_csv(tmp_path / "x.csv")
    np.testing.assert_allclose(dsp.read_features(tmp_path / "x.csv"), frame.to_numpy(np.float64), rtol=1e-6)


@pytest.mark.parametrize("name", ["x.arff", "x.txt"])
def test_arff(tmp_path, name):
    np.testing.assert_array_equal(read(tmp_path, ARFF, name), F)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("@data\n", "", "line 12: \"'a, b',0.00,1.5,-2.25,3,anger\" is no part of an ARFF header"),
        (ARFF[ARFF.index("@data") :], "", "without its @data"),
        ("-4e5", "?", "line 14, column 5: '?', a missing value"),
        ("0.1,", "", "line 14 has 5 values for 6 attributes"),
        ("-4e5", "-4x5", "line 14, column 5: '-4x5' is not a number"),
        (",9.5,?\n", "", "line 15 has 4 values for 6 attributes, and no line break follows: cut off"),
        ("'c',0.02,7,8,9.5,?", "{2 7, 3 8}", "line 15: a sparse row"),
        ("@attribute mfcc[1] REAL", "@attribute", "line 7: '@attribute NAME TYPE' is expected"),
    ],
)
def test_damaged_arff(tmp_path, old, new, words):
    assert old in ARFF
    assert words in refusal(tmp_path, ARFF.replace(old, new), "x.arff")


def test_kaldi_text_of_any_name(tmp_path):
    content = "utt-1  [\n  1.5 -2.25 3\n  0.1 1e-7 -4e5\n  7 8 9.5 ]\n"
    np.testing.assert_array_equal(read(tmp_path, content, "x.txt"), F)
    (tmp_path / "x.txt").write_text(content + "u2 [ 1 2 ]\n")
    assert dsp.read_features(tmp_path / "x.txt", "u2").tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "x1.5,2,3\n4,5,6\n",
            "line 1, column 1: 'x1.5' is not a number, and the line is no header as it holds the number 2",
        ),
        ("1.5,2.b5,3.5\n4,5,6\n", "line 1, column 2: '2.b5' is not a number, and the line is no header"),
        ("1.5x\n2.5\n3.5\n", "line 1, column 1: '1.5x' is neither a number nor a name"),
        ("1.5x,2.5y\n2.5,3\n", "line 1, column 1: '1.5x' is neither a number nor a name"),
        ("a,-.5.5\n2.5,3\n", "line 1, column 2: '-.5.5' is neither a number nor a name"),
        (",,\n2.5,3,4\n", "line 1, column 1: an empty cell"),
        (",2.5,3.5\n1,5,6\n", "line 1, column 1: '' is not a number"),
        ("0,1,2\n3,4,5\n6,7,8\n", "line 1 may be a row or a header of column numbers"),
        ("a,0,1\n3,4,5\n6,7,8\n", "line 1 may be a row or a header of column numbers"),
        ("0,1\n0.5,0.25\n", "line 1 may be a row or a header"),
        ("a,b\n1,2\n3,,\n", "line 3"),
        ("a,b\n1,2\n,4\n", "line 3, column 1: an empty cell"),
        ("a,b\nx,2\n3,4\n", "line 2, column 1: 'x' is not a number"),
        ("a;b\n1.234,5;2\n", "line 2, column 1: '1.234,5' has a thousands separator"),
        ("a;b\n1,234.5;2\n", "line 2, column 1: '1,234.5' has a thousands separator"),
        ('a,b\n"1,234.5",2\n', "line 2, column 1: '1,234.5' has a thousands separator"),
        ("a;b\n1,234;2.5\n", "line 2, column 1: '1,234' in a file with decimal points"),
        ("a;b\n1,234;567\n", "line 2, column 1: '1,234' may have a thousands separator"),
        ("a;b\n1'234.5;2\n", 'line 2, column 1: "1\'234.5" has a thousands separator'),
        ("a;b\n1 234.5;2\n", "line 2, column 1: '1 234.5' has a thousands separator"),
        ("1_000,2\n3,4\n", "line 1, column 1: '1_000'"),
        ("3,4\n1_000,2\n", "line 2, column 1: '1_000' has a thousands separator"),
        ("1.5,2\n9007199254740993,2\n", "line 2, column 1: 9007199254740993 is a whole number beyond 2**53"),
        ("1,2,3\n4,5,6\n7,8", "line 3 has 2 values, line 1 has 3, and no line break follows: cut off"),
        ("1,2,3\n4,5\n7,8,9", "line 2 has 2 values, line 1 has 3"),
        ("1.25,2.50\n4.75,5.00\n7.25,8.1", "line 3, column 2: '8.1' has fewer decimals than all other"),
        ("1.25,2.5\n4.75,5.\n7.25,8.", "line 3, column 2: '8.' has fewer decimals"),
        ('1,"2\n3,4\n', "line 1"),
    ],
)
def test_doubtful_tables_are_refused(tmp_path, content, words):
    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1.25,2.50\n4.75,5.00\n7.25,8.1\n", [[1.25, 2.5], [4.75, 5], [7.25, 8.1]]),  # whole: a line break ends it
        ("1.25,2.5\n4.75,5.125\n7.25,8.1", [[1.25, 2.5], [4.75, 5.125], [7.25, 8.1]]),  # no common number of decimals
        ("a;b\n0,125;0,250\n1,234;5,678\n", [[0.125, 0.25], [1.234, 5.678]]),
        ("100Hz,200Hz\n1.5,2\n", [[1.5, 2]]),
        (",0.0,0.01\n0,1.5,2\n1,3,4\n", [[1.5, 2], [3, 4]]),  # pandas, its columns named by times
        ("sep=;\na;b\n1,5;2\n", [[1.5, 2]]),  # a note to Excel
        ("9007199254740992,2\n3,4\n", [[2.0**53, 2], [3, 4]]),
        ("1e+20,2\n3,4\n", [[1e20, 2], [3, 4]]),
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("1 2 3\n4 5 6", [[1, 2, 3], [4, 5, 6]]),
        ("0 1 2\n3 4 5", [[0, 1, 2], [3, 4, 5]]),  # pandas writes no blanks
    ],
)
def test_what_looks_similar_is_read(tmp_path, content, expected):
    np.testing.assert_array_equal(read(tmp_path, content), expected)


def test_utf_16_is_named(tmp_path):
    (tmp_path / "x.csv").write_bytes("1,2\n".encode("utf-16"))
    with pytest.raises(dsp.FeatureFileError, match="UTF-16; save it as UTF-8"):
        dsp.read_features(tmp_path / "x.csv")


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_beyond_2_53_are_refused(tmp_path, dtype):
    array = np.array([[1, 2], [2**53, 3]], dtype)
    np.save(tmp_path / "x.npy", array)
    assert dsp.read_features(tmp_path / "x.npy").max() == 2.0**53
    for value in (2**53 + 1, 2**63 - 1):
        array[1, 0] = value
        np.save(tmp_path / "x.npy", array)
        with pytest.raises(dsp.FeatureFileError, match=rf"\[1, 0\] is {value}, beyond 2\*\*53"):
            dsp.read_features(tmp_path / "x.npy")
    if dtype is np.int64:
        array[1, 0] = -(2**63)
        np.save(tmp_path / "x.npy", array)
        with pytest.raises(dsp.FeatureFileError, match="is -9223372036854775808, beyond"):
            dsp.read_features(tmp_path / "x.npy")
