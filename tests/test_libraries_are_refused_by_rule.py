"""A library that does a lab's work is refused by the lab's rule, however it is imported, installed here or not."""

import ast

import pytest

from experiments.coursework import course_profile
from experiments.coursework.checking.rules import refusal
from experiments.coursework.tasks import task_of

REFUSED = [  # lab, program, the line, what may not be used
    (1, "import librosa", 1, "librosa"),
    (1, "import numpy as np\nimport librosa.util as u", 2, "librosa"),
    (1, "def f():\n    from torchaudio.compliance import kaldi", 2, "torchaudio"),
    (1, "x = __import__('librosa')", 1, "librosa"),
    (1, "x = __import__('lib' + 'rosa')", 1, "librosa"),
    (1, "import importlib\nx = importlib.import_module('librosa.util')", 2, "librosa"),
    (1, "from importlib import import_module as im\nx = im('python_speech_features')", 2, "python_speech_features"),
    (1, "import importlib\nx = importlib.import_module(''.join(['lib', 'rosa']))", 2, "an import by a name"),
    (1, "exec('import librosa')", 1, "librosa"),
    (1, "import experiments.coursework.tasks.lab_1", 1, "experiments"),
    (2, "import numpy as np\nX = np.fft.fft([1])", 2, "np.fft"),
    (2, "import numpy\nf = numpy.fft", 2, "np.fft"),
    (2, "from numpy import fft as f", 1, "np.fft"),
    (2, "from numpy.fft import *", 1, "np.fft"),
    (2, "from numpy import *", 1, "np.fft"),
    (2, "import numpy as n\nF = getattr(n, 'fft')", 2, "np.fft"),
    (2, "import numpy as n\nF = getattr(n, 'f' + 'ft').fft", 2, "np.fft"),
    (2, "import numpy as n\nF = getattr(n, chr(102) + 'ft')", 2, "an attribute of numpy"),
    (2, "import numpy as n\nF = n.__dict__['fft']", 2, "np.fft"),
    (2, "import numpy as n\nF = vars(n)['fft']", 2, "np.fft"),
    (2, "import sys, numpy\nF = sys.modules['numpy.fft']", 2, "np.fft"),
    (2, "import numpy as n\nm = n\nF = m.fft.fft", 3, "np.fft"),
    (2, "import numpy\nF = eval('numpy.fft.fft')", None, None),  # the text by itself imports nothing
    (2, "F = __import__('numpy.fft')", 1, "np.fft"),
    (2, "F = __import__('numpy').fft.fft", 1, "np.fft"),
    (2, "import scipy.fftpack", 1, "scipy"),
    (2, "from scipy.linalg import dft", 1, "scipy"),
    (2, "import pyfftw", 1, "pyfftw"),
    (2, "import tensorflow as tf", 1, "tensorflow"),
    (3, "from scipy.signal import istft as i", 1, "scipy"),
    (3, "import librosa", 1, "librosa"),
    (4, "from librosa.filters import mel", 1, "librosa"),
    (5, "from scipy.fft import dct", 1, "scipy.fft"),
    (5, "from scipy.fftpack import dct", 1, "scipy.fft"),
    (5, "from scipy.fftpack.realtransforms import dct", 1, "scipy.fft"),
    (5, "import scipy as s\nd = s.fft.dct", 2, "scipy.fft"),
    (6, "import python_speech_features as p", 1, "python_speech_features"),
    (6, "from scipy.signal import savgol_filter", 1, "scipy.signal"),
    (7, "import cv2", 1, "cv2"),
    (7, "from matplotlib import cm", 1, "matplotlib"),
    (8, "from sklearn.neighbors import KNeighborsClassifier", 1, "sklearn"),
]
ALLOWED = [
    (1, "import numpy as np\nw = getattr(np, name)(400)"),
    (1, "from scipy.io import wavfile"),
    (1, "import numpy as np\nw = np.hamming(400)"),
    (2, "import cmath, math\nfrom numba import njit\nimport numpy as np\nx = np.exp(1)"),
    (2, "def g(fft):\n    return fft.fft"),
    (2, "fft = 3\nimport os\nos.environ['np.fft']"),
    (3, "import numpy as np\ny = np.fft.irfft"),
    (5, "import numpy as np\nfrom scipy import stats"),
    (6, "import numpy as np\nd = np.convolve, np.gradient"),
    (8, "from collections import Counter\nimport pandas"),
]


def refused(lab: int, program: str):
    return refusal(ast.parse(program), task_of(lab, course_profile.load()))


@pytest.mark.parametrize(("lab", "program", "line", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused(lab, program, line, words):
    found = refused(lab, program)
    if words is None:
        assert found is None
        return
    assert found[0] == line
    assert words in found[1]
    assert f"may not be used in lab {lab}" in found[1]


@pytest.mark.parametrize(("lab", "program"), ALLOWED, ids=lambda value: str(value)[:40])
def test_allowed(lab, program):
    assert refused(lab, program) is None
