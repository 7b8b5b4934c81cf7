"""What the first bytes of an audio file say: formats that libsndfile does not read, and samples that are not there."""

import os
import struct
from typing import BinaryIO

FOREIGN_FORMATS = (  # (offset, bytes found there, name): common formats that libsndfile does not read
    (4, b"ftyp", "MP4, M4A or AAC"),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
    (0, b"#!AMR", "AMR"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
)
# Magic number -> (chunk header, offset of the first chunk, chunk of the samples, chunks are padded to even lengths)
_CHUNKED = {
    b"RIFF": ("<4sI", 12, b"data", True),
    b"RIFX": (">4sI", 12, b"data", True),
    b"RF64": ("<4sI", 12, b"data", True),
    b"FORM": (">4sI", 12, b"SSND", True),
    b"caff": (">4sq", 8, b"data", False),
}
_LENGTH_UNKNOWN = {0xFFFFFFFF, 0x7FFFFFFF, -1}  # what programs that write to a pipe put into a header
_MAX_CHUNKS = 1000  # a damaged file may consist of empty chunks


def foreign_format(beginning: bytes) -> str | None:
    """The format whose files begin like this, if it is a common one that libsndfile does not read.

    Checked: tests/test_damaged_audio_is_refused.py
    """
    return next((name for at, magic, name in FOREIGN_FORMATS if beginning[at : at + len(magic)] == magic), None)


def missing_sample_bytes(file: BinaryIO) -> int:
    """Bytes of samples that the header promises beyond the end of the file; 0 for formats without such a length.

    Reads the headers of WAV, RF64, AIFF, CAF (their chunks) and AU; libsndfile itself reads on as far as the file
    goes and does not tell.

    Source: Microsoft, Multimedia Programming Interface (RIFF); EBU Tech 3306 (RF64); Apple, AIFF 1.3 and Core Audio
    Format 1.0; Sun Microsystems, AU. Checked: tests/test_damaged_audio_is_refused.py
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    magic = file.read(4)
    if magic == b".snd":
        return _beyond(size, *struct.unpack(">II", file.read(8).ljust(8, b"\0")))
    if magic not in _CHUNKED:
        return 0
    head, position, name_of_samples, is_padded = _CHUNKED[magic]
    length_64 = None
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(struct.calcsize(head))
        if len(header) < struct.calcsize(head):
            return 0
        name, length = struct.unpack(head, header)
        position += len(header)
        if name == b"ds64" and magic == b"RF64":
            length_64 = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))[0]
        if name == name_of_samples:
            return _beyond(size, position, length_64 if length == 0xFFFFFFFF and length_64 is not None else length)
        if length < 0:
            return 0
        position += length + (length % 2 if is_padded else 0)
    return 0


def _beyond(size: int, start: int, length: int) -> int:
    return 0 if length in _LENGTH_UNKNOWN else max(0, start + length - size)
