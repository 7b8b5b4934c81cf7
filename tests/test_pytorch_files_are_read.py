"""Tensors that torch.save wrote are read by name; what is no tensor is refused by name, and no pickle is run."""

import io
import pickle
import zipfile

import numpy as np
import pytest

import dsp

torch = pytest.importorskip("torch")
F = torch.tensor([[1.5, -2.25, 3.0], [0.1, 1e-7, -4e5]])


def refusal(path, name=None):
    with pytest.raises(dsp.FeatureFileError) as caught:
        dsp.read_features(path, name)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and "\n" not in line
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize("ending", ["pt", "pth"])
def test_tensors(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    torch.save(F, path)
    np.testing.assert_array_equal(dsp.read_features(path), F.numpy())
    torch.save(
        {"features": {"mfcc": F, "double": F.double()[:, 1:].T}, "rate": 16_000, "list": [F, F.to(torch.bfloat16)]},
        path,
    )
    np.testing.assert_array_equal(dsp.read_features(path, "features.mfcc"), F.numpy())
    np.testing.assert_array_equal(dsp.read_features(path, "features.double"), F.double().numpy()[:, 1:].T)
    np.testing.assert_array_equal(dsp.read_features(path, "list.1"), F.to(torch.bfloat16).float().numpy())
    line = refusal(path)
    assert "4 matrices; name one of features.mfcc (2, 3), features.double (2, 2), list.0 (2, 3)" in line
    torch.save({"weight": torch.nn.Parameter(F), "i": torch.tensor([2**60])}, path)
    np.testing.assert_array_equal(dsp.read_features(path), F.numpy())
    torch.save({"i": torch.full((2, 2), 2**60)}, path)
    assert "[0, 0] is 1152921504606846976, beyond 2**53" in refusal(path)


def test_what_is_no_tensor(tmp_path):
    path = tmp_path / "x.pt"
    torch.save({"rate": 16_000}, path)
    assert "no tensor of numbers in it; save tensors alone" in refusal(path)
    torch.save({"mfcc": F.numpy()}, path)
    assert "and only tensors are loaded; save tensors alone" in refusal(path)
    torch.save(torch.nn.Linear(2, 2), path)
    assert "it holds torch.nn.modules.linear.Linear" in refusal(path)
    torch.save(F, path, _use_new_zipfile_serialization=False)
    assert "before PyTorch 1.6, which is never loaded" in refusal(path)
    path.write_bytes(pickle.dumps([1]))
    assert "a pickle" in refusal(path)


class Evil:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


def rewritten(path, change, method=zipfile.ZIP_STORED):
    """The archive with its members changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(file, "w", method) as new:
        for member in old.namelist():
            new.writestr(member, change(member, old.read(member)))
    path.write_bytes(file.getvalue())


@pytest.mark.parametrize("protocol", range(5))
def test_no_pickle_is_run(tmp_path, protocol):
    path = tmp_path / "x.pt"
    torch.save(F, path)
    rewritten(path, lambda name, data: pickle.dumps(Evil(), protocol) if name.endswith("data.pkl") else data)
    assert "only tensors are loaded" in refusal(path)


def test_lies(tmp_path):
    path = tmp_path / "x.pt"
    torch.save(F, path)
    rewritten(path, lambda _, data: data, zipfile.ZIP_DEFLATED)
    assert "its members are compressed" in refusal(path)
    torch.save(F, path)
    rewritten(path, lambda _, data: data.replace(b"K\x06tq", b"M\0\x70tq"))  # 28,672 numbers in a storage of 6
    assert "record size (24 bytes) does not match" in refusal(path)
    torch.save(torch.zeros(1).expand(10**6, 10**6), path)  # one number, strides of 0
    assert "bytes are missing" in refusal(path)
    torch.save(F, path)
    path.write_bytes(path.read_bytes()[:-30])
    assert "not readable as a file of torch.save" in refusal(path)
