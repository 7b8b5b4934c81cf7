"""PyTorch's .pt and .pth: a tensor, or tensors in dicts and lists by name, without running a pickle's programs.

torch.load(weights_only=True) builds the tensors. Before it is called, the members of the zip archive must be stored
as torch.save stores them (none compressed, together no longer than the file), and the pickle may name nothing but
tensors, parameters and ordered dicts.

Source: PyTorch, documentation of torch.load and "Serialization semantics".
Checked: tests/test_pytorch_files_are_read.py, tests/test_damaged_features_are_refused.py
"""

import io
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from dsp.files.content import Stored, check_complete, explained
from dsp.files.extras import MissingPackageError, require
from dsp.files.naming import shorten

NAMED = re.compile(
    r"torch\._utils _rebuild_(tensor_v2|parameter)|torch (\w*Storage|float\d+|u?int\d+|bfloat16|bool)"
    r"|torch\.serialization _get_layout|collections OrderedDict|torch Size"
)
MAX_DEPTH, MAX_TENSORS = 20, 20_000
SAVE_AGAIN = "save tensors alone: torch.save({'mfcc': tensor}, FILE)"


def pt(data: bytes) -> dict[str, Stored]:
    """Every tensor of numbers: a single one under the name "", those of dicts and lists as KEY.KEY and KEY.0.

    ValueError if the file is damaged, names anything but tensors, or PyTorch is not installed.
    """
    try:
        torch = require("torch", feature="reading PyTorch's files (.pt, .pth)", extra="train")
    except MissingPackageError as error:
        raise ValueError(str(error)) from None
    _check_archive(data)
    content = explained(
        "a file of torch.save", lambda: torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    )
    stored: dict[str, Stored] = {}
    for name, tensor in _tensors(torch, content, "", 0):
        if len(stored) >= MAX_TENSORS:
            raise ValueError(f"more than {MAX_TENSORS} tensors")
        if tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type == "cpu":
            check_complete(tensor.numel() * tensor.element_size(), len(data))  # a stride of 0 repeats a number at will
            stored[name] = Stored(tuple(tensor.shape), partial(_array, torch, tensor))
    if not stored:
        raise ValueError(f"no tensor of numbers in it; {SAVE_AGAIN}")
    return stored


def _check_archive(data: bytes) -> None:
    """ValueError unless the file is a zip archive as torch.save writes it, whose pickle names tensors alone."""
    if data[:1] == b"\x80":
        raise ValueError(f"a pickle, or written before PyTorch 1.6, which is never loaded; {SAVE_AGAIN}")
    if not data.startswith(b"PK"):
        raise ValueError("not readable as a file of torch.save (it is no zip archive)")
    archive: zipfile.ZipFile = explained("a file of torch.save", lambda: zipfile.ZipFile(io.BytesIO(data)))
    members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("not readable as a file of torch.save (its members are compressed)")
    check_complete(sum(member.file_size for member in members), len(data))
    pickles = [member for member in members if member.filename.endswith("data.pkl")]
    if len(pickles) != 1:
        raise ValueError(f"not readable as a file of torch.save ({len(pickles)} members data.pkl, 1 is expected)")
    if any(member.filename.endswith("constants.pkl") for member in members):
        raise ValueError(f"a program (TorchScript), which is never run; {SAVE_AGAIN}")

    import pickletools  # reads a pickle's operations without performing them; here, as few files need it

    def foreign_name() -> str | None:
        for opcode, argument, _ in pickletools.genops(archive.read(pickles[0])):
            if opcode.name in ("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"):
                return opcode.name
            if opcode.name == "GLOBAL" and not NAMED.fullmatch(str(argument)):
                return argument
        return None

    name = explained("a file of torch.save", foreign_name)
    if name is not None:
        raise ValueError(f"it holds {shorten(name.replace(' ', '.'))}, and only tensors are loaded; {SAVE_AGAIN}")


def _tensors(torch: Any, content: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(content, torch.Tensor):
        yield name, content
        return
    if depth > MAX_DEPTH:
        raise ValueError(f"tensors nested more than {MAX_DEPTH} deep")
    if isinstance(content, dict):
        items: Any = content.items()
    elif isinstance(content, (list, tuple)):
        items = enumerate(content)
    else:
        return
    for key, value in items:
        if isinstance(key, (str, int)):
            yield from _tensors(torch, value, f"{name}.{key}" if name else str(key), depth + 1)


def _array(torch: Any, tensor: Any) -> np.ndarray:
    def read() -> np.ndarray:
        dense = tensor.detach().resolve_conj().resolve_neg()
        return (dense.float() if dense.dtype == torch.bfloat16 else dense).numpy()

    return explained("a file of torch.save", read)
