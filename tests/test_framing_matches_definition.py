"""Definition: frames[n, t] = x[n + t hop]; buffer loses no sample and overlaps by p."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp import buffer, frame

sizes = st.integers(1, 60)


@settings(max_examples=200, deadline=None)
@given(n=st.integers(1, 300), length=sizes, hop=sizes)
def test_frame(n, length, hop):
    x = np.arange(float(n))
    if n < length:
        return
    frames = frame(x, length, hop)
    assert frames.shape == (length, 1 + (n - length) // hop)
    expected = [[x[i + t * hop] for t in range(frames.shape[1])] for i in range(length)]
    np.testing.assert_array_equal(frames, expected)


@settings(max_examples=200, deadline=None)
@given(length=st.integers(1, 300), n=sizes, overlap=st.integers(-20, 59))
def test_buffer(length, n, overlap):
    p = min(overlap, n - 1)
    x = np.arange(1.0, length + 1)
    frames = buffer(x, n, p)
    hop = n - p
    assert frames.shape == (n, -(-length // hop))
    extended = np.concatenate([np.zeros(max(p, 0)), x, np.zeros(n + hop)])
    expected = np.stack([extended[t * hop : t * hop + n] for t in range(frames.shape[1])], axis=1)
    np.testing.assert_array_equal(frames, expected)
    if p >= 0:
        assert set(x) <= set(frames.ravel())


def test_the_papers_call_hops_by_240():
    """buffer(y, 400, 160): the 160 that the script calls frame shift is the overlap."""
    frames = buffer(np.arange(1.0, 4001), 400, 160)
    assert frames.shape == (400, 17)
    assert (frames[:160, 0] == 0).all() and frames[160, 0] == 1
    np.testing.assert_array_equal(frames[:160, 1], frames[240:, 0])


def test_buffer_keeps_the_type_of_whole_numbers_without_overlap():
    assert buffer(np.arange(10), 4).dtype == np.arange(10).dtype


def test_frames_are_a_view_that_cannot_be_written():
    frames = frame(np.arange(10.0), 4, 2)
    assert not frames.flags.writeable
