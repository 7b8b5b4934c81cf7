"""The frames of an MP3 file, counted without decoding: whether its end is there, and how long it is.

libsndfile trusts the header of the first frame or, without one, estimates the length from the first frames' bit rate
and reads no further: of a file of variable bit rate it may silently return a sixth.

A frame begins with 32 bits: 11 ones, version (2 bits), layer (2), no checksum (1), bit rate (4), sample rate (2),
padding (1), private (1), channel mode (2), and others. A first frame that holds "Xing" or "Info" in place of sound
says how many frames follow.

Source: ISO/IEC 11172-3 and 13818-3 (frame headers); id3.org, ID3 tag version 2.4.0 (tags).
Checked: tests/test_damaged_audio_is_refused.py
"""

import os
import struct
from typing import BinaryIO, NamedTuple

BIT_RATES = {  # kbit/s of layer III, by version: MPEG 1, and MPEG 2 or 2.5
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAMPLE_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
LAYER_3, MONO = 1, 3
TAGS = (b"TAG", b"APE", b"LYR")  # what may follow the last frame
COUNT_IS_GIVEN = 1  # a flag of a Xing header


class Frames(NamedTuple):
    """n_present, n_promised : frames of sound; n_promised is None without a header that says it.
    n_cut : bytes that the last, incomplete frame lacks, at least; it is not among n_present
    """

    n_present: int
    n_promised: int | None
    samples_per_frame: int
    n_cut: int = 0

    @property
    def n_samples(self) -> int:
        return self.n_present * self.samples_per_frame


def is_mp3(beginning: bytes) -> bool:
    """Whether a file that begins like this may be an MP3: an ID3 tag or the first bits of a frame."""
    return beginning[:3] == b"ID3" or _frame(beginning[:4]) is not None


def count_frames(file: BinaryIO) -> Frames | None:
    """The frames of an MP3 file; None if they cannot be counted (another layer, a free bit rate, damage in between)."""
    size = os.fstat(file.fileno()).st_size
    position = _end_of_id3(file)
    n_frames, n_promised, samples, n_cut = 0, None, 0, 0
    has_header = False
    while position + 4 <= size:
        file.seek(position)
        head = file.read(4)
        parsed = _frame(head)
        if parsed is None:
            if head[:3] in TAGS and n_frames:
                break
            return None
        n_bytes, samples, side_bytes = parsed
        if position + n_bytes > size:
            n_cut = position + n_bytes - size
            break
        if n_frames == 0:
            has_header, n_promised = _xing(file.read(side_bytes + 12)[side_bytes:])
        n_frames += 1
        position += n_bytes
    if 0 < size - position < 4:
        file.seek(position)
        n_cut = 1 if file.read(1) == b"\xff" else 0  # a part of a frame's header
    return Frames(n_frames - has_header, n_promised, samples, n_cut) if n_frames else None


def _end_of_id3(file: BinaryIO) -> int:
    """Where the first frame begins: behind an ID3v2 tag, if there is one."""
    file.seek(0)
    tag = file.read(10)
    if tag[:3] != b"ID3" or len(tag) < 10:
        return 0
    length = 0
    for byte in tag[6:]:
        length = length << 7 | byte & 0x7F
    return 10 + length + (10 if tag[5] & 0x10 else 0)  # a footer repeats the header


def _frame(head: bytes) -> tuple[int, int, int] | None:
    """(bytes, samples, bytes of side information) of the frame with these first 4 bytes; None if they are none."""
    bits = int.from_bytes(head, "big")
    version, layer, bit_rate, sample_rate = bits >> 19 & 3, bits >> 17 & 3, bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or layer != LAYER_3 or version == 1 or bit_rate in (0, 15) or sample_rate == 3:
        return None
    is_first, is_mono, padding = version == 3, bits >> 6 & 3 == MONO, bits >> 9 & 1
    bits_per_s = 1000 * BIT_RATES[1 if is_first else 2][bit_rate]
    samples = 1152 if is_first else 576
    side_bytes = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    return samples // 8 * bits_per_s // SAMPLE_RATES[version][sample_rate] + padding, samples, side_bytes


def _xing(content: bytes) -> tuple[bool, int | None]:
    """Whether a first frame holds a header in place of sound, and the number of frames that it promises."""
    if content[:4] not in (b"Xing", b"Info") or len(content) < 12:
        return False, None
    flags, count = struct.unpack(">2I", content[4:12])
    return True, count if flags & COUNT_IS_GIVEN else None
