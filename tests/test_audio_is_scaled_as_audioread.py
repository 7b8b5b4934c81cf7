"""Closed form: integers of b bits come back divided by 2^(b-1), floats as they are, stereo as two rows."""

import numpy as np
import pytest
import soundfile

from dsp import AudioError, audio_duration, read_audio, read_beginning
from dsp.audio import read_one_channel

SAMPLES = np.array([-1.0, -0.5, 0.0, 2.0**-7, 0.25, 1 - 2.0**-7])  # whole in 8 bits and more


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_format(write_wav, subtype):
    signal, sample_rate = read_audio(write_wav("x.wav", SAMPLES, 8000, subtype))
    assert sample_rate == 8000 and signal.dtype == np.float64
    np.testing.assert_array_equal(signal, SAMPLES)


def test_sixteen_bits_are_divided_by_32768(write_wav):
    samples = np.array([-32768, -1, 0, 1, 32767], np.int16)
    signal, _ = read_audio(write_wav("x.wav", samples))
    np.testing.assert_array_equal(signal, samples / 32768)


def test_floats_beyond_one_are_kept(write_wav):
    signal, _ = read_audio(write_wav("x.wav", np.array([1.5, -3.0]), subtype="DOUBLE"))
    np.testing.assert_array_equal(signal, [1.5, -3.0])


def test_flac(tmp_path):
    soundfile.write(tmp_path / "x.flac", SAMPLES, 48_000, subtype="PCM_16")
    signal, sample_rate = read_audio(tmp_path / "x.flac")
    assert sample_rate == 48_000
    np.testing.assert_array_equal(signal, SAMPLES)


def test_channels_come_first_and_time_last(write_wav):
    stereo = np.stack([SAMPLES, -SAMPLES / 2], axis=1)
    signal, _ = read_audio(write_wav("x.wav", stereo, subtype="DOUBLE"))
    assert signal.shape == (2, SAMPLES.size) and signal.flags.c_contiguous
    np.testing.assert_array_equal(signal, stereo.T)


def test_one_channel_is_one_channel(write_wav):
    signal, sample_rate = read_one_channel(write_wav("one.wav", SAMPLES, 8000, "DOUBLE"))
    assert sample_rate == 8000
    np.testing.assert_array_equal(signal, SAMPLES)
    two = write_wav("two.wav", np.stack([SAMPLES, SAMPLES], axis=1))
    with pytest.raises(AudioError, match=r"two.wav: 2 channels; features are made from one$"):
        read_one_channel(two)
    with pytest.raises(AudioError, match=r"two.wav: 2 channels; images are made from one$"):
        read_one_channel(str(two), "images")


def test_a_path_of_any_letters_as_text_or_path(write_wav):
    path = write_wav("愤怒/тест é (1).wav", SAMPLES)
    for given in (path, str(path)):
        assert read_audio(given)[0].size == SAMPLES.size


def test_a_header_of_unknown_length_is_read(write_wav):
    """Programs that write to a pipe leave the length of the data open: 0xFFFFFFFF."""
    path = write_wav("x.wav", SAMPLES)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert read_audio(path)[0].size == SAMPLES.size


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds, n", [(0.5, 4000), (1.25, 10_000), (2.0, 12_000)])
def test_the_beginning_is_the_whole_file_s(write_wav, rng, seconds, n, channels):
    path = write_wav("x.wav", rng.uniform(-1, 1, (12_000, channels)).squeeze(), 8000, "DOUBLE")
    (signal, sample_rate), (whole, _) = read_beginning(path, seconds), read_audio(path)
    assert sample_rate == 8000 and signal.shape[-1] == n
    np.testing.assert_array_equal(signal, whole[..., :n])


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "OGG", "MP3"])
def test_the_duration_is_that_of_the_samples(tmp_path, rng, form):
    soundfile.write(tmp_path / "x", rng.uniform(-0.5, 0.5, (12_345, 2)), 8000, format=form)
    signal, sample_rate = read_audio(tmp_path / "x")
    assert signal.shape[1] >= 12_345
    assert audio_duration(tmp_path / "x") == signal.shape[1] / sample_rate


def test_bad_beginnings(write_wav, tmp_path):
    """What lies behind is not looked at."""
    samples = np.where(np.arange(8000) == 6000, np.nan, 0.25)
    path = write_wav("x.wav", samples, 8000, "DOUBLE")
    assert read_beginning(path, 0.5)[0].size == 4000
    (tmp_path / "text.wav").write_text("not audio")
    bad = ((path, 0.9, "NaN"), (tmp_path / "text.wav", 1, "not readable"), (tmp_path / "no.wav", 1, ""))
    for of, seconds, rule in bad:
        with pytest.raises(AudioError, match=rf"{of.name}: .*{rule}"):
            read_beginning(of, seconds)
