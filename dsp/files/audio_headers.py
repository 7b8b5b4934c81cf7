"""What the first bytes of an audio file say: formats that libsndfile does not read, and samples that are not there."""

import os
import struct
from typing import BinaryIO, NamedTuple

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
# Magic number -> (chunk header, offset of the first chunk, chunk of the samples, chunks begin at multiples of)
_CHUNKED = {
    b"RIFF": ("<4sI", 12, b"data", 2),
    b"RIFX": (">4sI", 12, b"data", 2),
    b"RF64": ("<4sI", 12, b"data", 2),
    b"FORM": (">4sI", 12, b"SSND", 2),
    b"caff": (">4sq", 8, b"data", 1),
    b"riff": ("<16sq", 40, b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", 8),  # W64: sizes count headers too
}
_OPEN_LENGTHS = (  # beside 0 and -1: what programs that write to a pipe promise, as they cannot say the length
    range(0x7EFFF000, 0x80000001),  # SoX: 0x7F000000 (AIFF), 0x7FFFF000 (WAV); arecord: 0x80000000; and less a header
    range(0xFFFFF000, 0x100000000),  # FFmpeg, GStreamer
)
_MAX_CHUNKS = 1000  # a damaged file may consist of empty chunks


class _Samples(NamedTuple):
    """Where the samples of a file begin, how many bytes its header promises, and where in which form it says so."""

    start: int
    length: int
    at: int
    form: str
    counted: int  # bytes that are counted beside the samples
    size: int  # of the file

    @property
    def is_open(self) -> bool:
        """Whether the promise is one that stands for "until the end"."""
        if self.length <= 0:
            return self.size > self.start
        is_short = self.start < self.size < self.start + self.length
        return is_short and any(self.length in lengths for lengths in _OPEN_LENGTHS)


def foreign_format(beginning: bytes) -> str | None:
    """The format whose files begin like this, if it is a common one that libsndfile does not read.

    Checked: tests/test_damaged_audio_is_refused.py
    """
    return next((name for at, magic, name in FOREIGN_FORMATS if beginning[at : at + len(magic)] == magic), None)


def missing_sample_bytes(file: BinaryIO) -> int:
    """Bytes of samples that the header promises beyond the end of the file; 0 for formats without such a length.

    Reads the headers of WAV, RF64, W64, AIFF, CAF (their chunks) and AU; libsndfile itself reads on as far as the file
    goes and does not tell.

    Source: Microsoft, Multimedia Programming Interface (RIFF); EBU Tech 3306 (RF64); Sony Pictures Digital, Wave64;
    Apple, AIFF 1.3 and Core Audio Format 1.0; Sun Microsystems, AU. Checked: tests/test_damaged_audio_is_refused.py
    """
    samples = _samples(file)
    return 0 if samples is None or samples.is_open else max(0, samples.start + samples.length - samples.size)


def with_its_length(file: BinaryIO) -> "_Patched | None":
    """A file that was written to a pipe, as if its header said how long it is; None for any other file.

    Such a header promises nothing, or about 2 or 4 GiB; libsndfile takes some of these numbers at their word.

    Source: as missing_sample_bytes. Checked: tests/test_damaged_audio_is_refused.py
    """
    samples = _samples(file)
    if samples is None or not samples.is_open:
        return None
    length = samples.size - samples.start + samples.counted
    try:
        return _Patched(file, samples.at, struct.pack(samples.form, length))
    except struct.error:  # more than 4 GiB
        return None


class _Patched:
    """A file some of whose bytes are replaced, for libsndfile to read."""

    def __init__(self, file: BinaryIO, at: int, replacement: bytes) -> None:
        self.file, self.at, self.replacement = file, at, replacement
        self.seek, self.tell = file.seek, file.tell
        file.seek(0)

    def read(self, n_bytes: int) -> bytes:
        start = self.file.tell()
        found = self.file.read(n_bytes)
        first, last = max(start, self.at), min(start + len(found), self.at + len(self.replacement))
        if first >= last:
            return found
        patch = self.replacement[first - self.at : last - self.at]
        return found[: first - start] + patch + found[last - start :]


def _samples(file: BinaryIO) -> _Samples | None:
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    magic = file.read(4)
    if magic == b".snd":
        start, length = struct.unpack(">II", file.read(8).ljust(8, b"\0"))
        return _Samples(start, length, 8, ">I", 0, size)
    if magic not in _CHUNKED:
        return None
    head, position, name_of_samples, multiple = _CHUNKED[magic]
    counted = struct.calcsize(head) if magic == b"riff" else 0
    length_64 = None
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(struct.calcsize(head))
        if len(header) < struct.calcsize(head):
            return None
        name, length = struct.unpack(head, header)
        length -= counted
        position += len(header)
        if name == b"ds64" and magic == b"RF64":
            length_64 = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))[0]
        if name == name_of_samples:
            if length == 0 and _is_chunk(file.read(8), head, size - position):
                return None  # no samples, and something behind them
            form = head[0] + head[-1]
            at = position - struct.calcsize(form)
            if length == 0xFFFFFFFF and length_64:
                length = length_64
            return _Samples(position, length, at, form, counted, size)
        if length < 0:
            return None
        position += length + -length % multiple
    return None


def _is_chunk(beginning: bytes, head: str, n_left: int) -> bool:
    """Whether there is a chunk at these bytes that ends with the file or before."""
    if len(beginning) < 8 or head[1:] != "4sI":
        return False
    name, length = struct.unpack(head, beginning)
    return name.isascii() and name.decode("ascii").isprintable() and 8 + length <= n_left
