"""Audio whose header lies or whose end is missing is refused in one line, without memory for what it promises."""

import json
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from dsp import AudioError, audio_duration, read_audio, read_beginning
from dsp.files.audio_headers import foreign_format
from dsp.files.mp3_frames import count_frames
from tests.conftest import ROOT

RATE = 8000
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "float.wav": ("WAVEX", "FLOAT"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "rf64": ("RF64", "PCM_24"),
    "w64": ("W64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "raw": ("WAV", "PCM_16"),  # the name does not matter, not even one that soundfile takes for headerless samples
}


@pytest.fixture
def write(tmp_path, rng):
    signal = np.cumsum(rng.uniform(-0.1, 0.1, (4000, 2)), axis=0)
    signal /= 2 * np.abs(signal).max()

    def write_format(ending):
        path = tmp_path / f"x.{ending}"
        with open(path, "wb") as file:
            soundfile.write(file, signal, RATE, format=FORMATS[ending][0], subtype=FORMATS[ending][1])
        return path

    return write_format


def refusal(path, call=read_audio):
    with pytest.raises(AudioError) as caught:
        call(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ") and len(line.splitlines()) == 1
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize("ending", FORMATS)
def test_every_promised_format_is_read(write, ending):
    path = write(ending)
    signal, rate = read_audio(path)
    assert rate == RATE and signal.shape[0] == 2 and 4000 <= signal.shape[1] < 4100
    assert read_beginning(path, 0.25)[0].shape == (2, 2000)


@pytest.mark.parametrize("n_missing", [1, 7, 500])
@pytest.mark.parametrize("ending", ["wav", "float.wav", "adpcm.wav", "rf64", "w64", "aiff", "au", "caf"])
def test_a_missing_end_is_counted(write, ending, n_missing):
    path = write(ending)
    _cut(path, n_missing)
    assert f"cut off, {n_missing} bytes" in refusal(path)
    assert read_beginning(path, 0.1)[0].shape == (2, 800)  # what lies behind is not looked at


@pytest.mark.parametrize("ending", ["flac", "ogg", "opus"])
def test_a_missing_end_of_compressed_audio_is_noticed(write, ending):
    path = write(ending)
    _cut(path, path.stat().st_size // 2)
    assert re.match(r"damaged or cut off|cut off|not readable as audio|no samples", refusal(path))


@pytest.fixture
def mp3(tmp_path, rng):
    """A function that writes an MP3 file of a loud second and 15 silent ones, in a bit rate of the given mode."""
    signal = np.concatenate([rng.uniform(-0.9, 0.9, 16_000), np.zeros(15 * 16_000)])

    def write(mode, rate=16_000, channels=1):
        path = tmp_path / f"{mode}.mp3"
        samples = np.stack([signal] * channels, axis=1)
        with soundfile.SoundFile(path, "w", rate, channels, compression_level=0.5, bitrate_mode=mode) as file:
            file.write(samples)
        return path

    return write


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 22_050, 32_000, 48_000])
@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_the_frames_of_an_mp3_are_counted(mp3, mode, rate, channels):
    """All versions of the format, and behind an ID3 tag; against the number in the header that the encoder wrote."""
    path = mp3(mode, rate, channels)
    with open(path, "rb") as file:
        frames = count_frames(file)
    assert frames.n_present == frames.n_promised
    assert 0 <= frames.n_samples - 16 * 16_000 < 4 * frames.samples_per_frame
    tag = b"ID3\4\0\0" + bytes([0, 0, 2, 5]) + bytes(2 * 128 + 5)
    path.write_bytes(tag + path.read_bytes() + b"TAG".ljust(128, b"\0"))
    with open(path, "rb") as file:
        assert count_frames(file) == frames
    assert read_audio(path)[0].shape[-1] == 16 * 16_000


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_a_missing_end_of_an_mp3_is_counted(mp3, mode):
    path = mp3(mode)
    _cut(path, path.stat().st_size // 4)
    assert re.match(r"cut off, \d+ of the 447 MP3 frames promised are missing", refusal(path))


@pytest.mark.parametrize("n_left", [1, 3, 4, 50, -1])
def test_a_part_of_the_last_frame_of_an_mp3_is_missed(mp3, n_left):
    """Whatever is left of it, also in an MP3 without a header that counts the frames."""
    path = mp3("CONSTANT")
    data = path.read_bytes()
    n_frame = data.index(data[:2], 4)
    n_missing = (n_frame - n_left) % n_frame
    for start in (0, data.index(data[:2], 4)):
        path.write_bytes(data[start:])
        assert read_audio(path)[0].size >= 16 * 16_000
        path.write_bytes(data[start:-n_missing])
        assert re.match(r"cut off, (\d+ bytes of its last|\d+ of the 447) MP3 frame", refusal(path))


def test_an_mp3_of_variable_bit_rate_without_its_length_is_refused(mp3):
    """libsndfile estimates the length from the loud beginning and would return 2 of 16 seconds."""
    path = mp3("VARIABLE")
    data = path.read_bytes()
    path.write_bytes(data[data.index(data[:2], 4) :])
    assert audio_duration(path) < 3
    assert re.search(r"MP3 without its length, of which libsndfile reads 38\d{3} of its 257472 samples", refusal(path))
    path = mp3("CONSTANT")
    data = path.read_bytes()
    path.write_bytes(data[data.index(data[:2], 4) :])
    assert read_audio(path)[0].size >= 16 * 16_000


@pytest.mark.parametrize("beginning", [b"RIFX", b"RF64", b"FORM", b"caff", b".snd", b"RIFF"])
def test_a_header_alone_is_no_audio(tmp_path, beginning):
    for n_zeros in (0, 1, 7, 100):
        (tmp_path / "x.wav").write_bytes(beginning + bytes(n_zeros))
        assert "not readable as audio" in refusal(tmp_path / "x.wav") and "FLAC" in refusal(tmp_path / "x.wav")


FOREIGN = {
    "MP4, M4A or AAC": b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom",
    "WebM or Matroska": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01",
    "WMA": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
    "AMR": b"#!AMR\n\x3c",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_formats_that_are_not_read_are_named_and_those_that_are_listed(tmp_path, name):
    path = tmp_path / "x.wav"
    path.write_bytes(FOREIGN[name].ljust(5000, b"\0"))
    for call in (read_audio, audio_duration, lambda path: read_beginning(path, 1)):
        line = refusal(path, call)
        assert f"not readable as audio ({name})" in line
        for known in ("WAV", "FLAC", "OGG", "MP3", "AIFF", "AU"):
            assert known in line
    assert foreign_format(b"RIFF\0\0\0\0WAVEfmt ") is None


@pytest.fixture
def streamed_flac(write):
    """A function that writes the number of samples into the header of a FLAC file."""

    def with_length(n_samples):
        path = write("flac")
        data = bytearray(path.read_bytes())
        data[21] = data[21] & 0xF0 | n_samples >> 32
        data[22:26] = struct.pack(">I", n_samples & 0xFFFFFFFF)
        path.write_bytes(data)
        return path

    return with_length


def test_a_flac_stream_of_unknown_length_is_read_to_its_end(write, streamed_flac):
    expected = read_audio(write("flac"))[0]
    path = streamed_flac(0)
    np.testing.assert_array_equal(read_audio(path)[0], expected)
    np.testing.assert_array_equal(read_beginning(path, 0.25)[0], expected[:, :2000])
    assert audio_duration(path) == np.inf


def test_a_flac_header_that_promises_512_gigabytes_is_refused(streamed_flac):
    path = streamed_flac(2**36 - 1)
    assert "cut off" in refusal(path)
    assert read_beginning(path, 0.25)[0].shape == (2, 2000)


def test_long_recordings_are_read_block_by_block_without_a_seam(tmp_path, monkeypatch, rng):
    signal = rng.integers(-100, 100, (5000, 3), np.int16)
    signal[:4000] = 0  # compresses so well that the length is implausible
    soundfile.write(tmp_path / "x.flac", signal, RATE)
    expected = signal.T / 32768
    monkeypatch.setattr("dsp.audio._BLOCK_VALUES", 100)
    monkeypatch.setattr("dsp.audio._MAX_EXPANSION", 1)
    np.testing.assert_array_equal(read_audio(tmp_path / "x.flac")[0], expected)


@pytest.mark.parametrize("seconds", [0, -1, np.nan, np.inf])
def test_seconds_that_are_no_duration(write, seconds):
    with pytest.raises(ValueError, match=r"seconds is .*; a finite number above 0 is expected"):
        read_beginning(write("wav"), seconds)


SAMPLES = (20_000 * np.sin(np.arange(8000) / 10)).astype(np.int16)


def wav(riff, length, tail=b""):
    form = b"fmt " + struct.pack("<I2H2I2H", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    data = SAMPLES.astype("<i2").tobytes() if not tail else b""
    return b"RIFF" + struct.pack("<I", riff) + b"WAVE" + form + b"data" + struct.pack("<I", length) + data + tail


def au(length):
    return b".snd" + struct.pack(">5I", 24, length, 3, RATE, 1) + SAMPLES.astype(">i2").tobytes()


def aiff(size, n_frames, length):
    common = struct.pack(">hIh", 1, n_frames, 16) + b"\x40\x0b\xfa" + bytes(7)
    chunks = b"COMM" + struct.pack(">I", 18) + common + b"SSND" + struct.pack(">3I", length, 0, 0)
    return b"FORM" + struct.pack(">I", size) + b"AIFF" + chunks + SAMPLES.astype(">i2").tobytes()


def caf(length):
    description = struct.pack(">d4s5I", RATE, b"lpcm", 0, 2, 1, 1, 16)
    chunks = b"desc" + struct.pack(">q", 32) + description + b"data" + struct.pack(">qI", length, 0)
    return b"caff" + struct.pack(">2H", 1, 0) + chunks + SAMPLES.astype(">i2").tobytes()


PIPED = {
    "zeros": wav(0, 0),
    "0": wav(36 + 16_000, 0),
    "0x7fffffff": wav(0x7FFFFFFF, 0x7FFFFFFF),
    "0xffffffff": wav(0xFFFFFFFF, 0xFFFFFFFF),
    "SoX": wav(0x7FFFF024, 0x7FFFF000),
    "arecord": wav(0x80000024, 0x80000000),
    "less a header": wav(0xFFFFFFFF, 0xFFFFFFFF - 36),
    "AU 0": au(0),
    "AU 0x7fffffff": au(0x7FFFFFFF),
    "AU 0xffffffff": au(0xFFFFFFFF),
    "AIFF of SoX": aiff(0x7F00002E, 0x3F800000, 0x7F000008),
    "AIFF 0": aiff(0, 0, 0),
    "AIFF 0xffffffff": aiff(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
    "CAF -1": caf(-1),
}


@pytest.mark.parametrize("data", PIPED.values(), ids=PIPED)
def test_what_was_written_to_a_pipe_is_read_to_its_end(tmp_path, data):
    path = tmp_path / "x"
    path.write_bytes(data)
    signal, rate = read_audio(path)
    np.testing.assert_array_equal(signal, SAMPLES / 32768)
    assert rate == RATE and audio_duration(path) == 1.0
    np.testing.assert_array_equal(read_beginning(path, 0.5)[0], SAMPLES[:4000] / 32768)


def test_lengths_that_only_look_like_a_pipe_s(tmp_path):
    """An empty recording stays empty, also with a chunk behind it; another length beyond the end is a missing end."""
    path = tmp_path / "x"
    for data in (wav(36, 0)[:44], wav(44, 0, b"LIST" + struct.pack("<I", 4) + b"INFO")):
        path.write_bytes(data)
        assert refusal(path) == "no samples"
    for length in (0x7EFFEFFF, 0x80000001, 0xFFFFEFFF):
        path.write_bytes(wav(0x7FFFFFFF, length))
        assert f"cut off, {length - 16_000} bytes" in refusal(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_copies(write, count):
    """None ends in anything but an AudioError or takes more than 200 MB; read in a child, so that a crash is seen."""
    files = [str(write(ending)) for ending in FORMATS if ending != "raw"]
    command = [sys.executable, "-m", "tests.read_mutants", str(count), "20", "200", *files]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    counts = json.loads(done.stdout)
    assert len(counts) == len(files)
    for name, outcome in counts.items():
        assert outcome["refused"] >= count / 20, name  # mpg123 reads on whatever an MP3 lacks
        assert outcome["longest"] < 500, name


def _cut(path, n_bytes):
    path.write_bytes(path.read_bytes()[:-n_bytes])
