"""Known bugs and quirks of tools: what no parameter says, and what surprises whoever compares features.

`source` is a public thread, "documentation", "source code" (read there) or "measured" (seen in the tool's output).
"""

from dataclasses import dataclass

from dsp.conventions import named
from dsp.conventions.registry import CONVENTIONS


@dataclass(frozen=True)
class Quirk:
    """One quirk: of which tool, in which versions, what happens, whom it hits, and where that is known from."""

    tool: str
    versions: str
    what: str
    whom: str
    source: str


def _github(thread: str) -> str:
    """owner/name/number as the thread's address; GitHub leads from an issue's address to a pull request's."""
    repository, number = thread.rsplit("/", 1)
    return f"github.com/{repository}/issues/{number}"


# fmt: off
QUIRKS = (
    Quirk("librosa", "0.8.0 and later",
          "effects.preemphasis makes the first sample 3 x0 - x1, whatever the coefficient is.",
          "whoever compares first frames, or begins with a loud sample", _github("librosa/librosa/1032")),
    Quirk("librosa", "0.7.1 to 0.7.2",
          "effects.preemphasis made the first sample x0 minus the coefficient itself.",
          "features of that time, in their first frame", _github("librosa/librosa/1032")),
    Quirk("librosa", "0.11",
          "The lifter counts c0 as one, where HTK, Kaldi and python_speech_features count it as zero.",
          "whoever sets lifter= to match another tool", _github("librosa/librosa/1310")),
    Quirk("librosa", "0.11",
          "delta with order=2 is the curvature of a fitted parabola, not the delta of the delta.",
          "whoever stacks 39 rows as other tools do", "measured"),
    Quirk("librosa", "0.9.0 and later",
          "Centred frames are padded with zeros; before 0.9.0 the signal was mirrored at its ends.",
          "whoever moves between versions, or compares with torch.stft",
          "github.com/espnet/espnet/pull/4832"),
    Quirk("librosa", "all",
          "load resamples to 22050 Hz unless it is called with sr=None.",
          "whoever has files at another rate and does not look", _github("librosa/librosa/509")),
    Quirk("librosa", "0.11",
          "top_db cuts 80 dB below the loudest value of the clip, so a frame's features depend on all other frames.",
          "whoever computes features in blocks, or of cut clips", _github("librosa/librosa/1734")),
    Quirk("librosa", "0.11",
          "dct_type=3 is presented as HTK's, but HTK's transform is of type II with c0 scaled like the rest.",
          "whoever takes it to match HTK", _github("librosa/librosa/682")),
    Quirk("torchaudio", "before pull request 453",
          "compliance.kaldi added dither of 1.0, far louder than speech between -1 and 1.",
          "models trained then: they were fed noise", "github.com/pytorch/audio/pull/453"),
    Quirk("torchaudio", "2.11",
          "compliance.kaldi.mfcc keeps c0 (use_energy is off), where Kaldi's own default puts the log energy there.",
          "whoever compares it with compute-mfcc-feats", "source code"),
    Quirk("torchaudio", "2.11",
          "The bank of the transforms ends at sample_rate // 2: at odd rates it lies 0.5 Hz too low.",
          "odd sample rates, 11025 Hz among them", "source code"),
    Quirk("torchaudio", "2.11",
          "With the defaults, n_fft 400 and 128 bands, some filters are empty: no bin lies in them. It warns.",
          "whoever keeps the defaults", "measured"),
    Quirk("torchaudio", "before the fix of issue 292",
          "The grid of bins was stretched to f_max, so the filters were wrong wherever f_max was not half the rate.",
          "features of that time with f_max set", _github("pytorch/audio/292")),
    Quirk("python_speech_features", "0.6",
          "fbank, logfbank and ssc take 512 points: a longer frame is cut off, with no more than a warning in the log.",
          "sample rates above 20480 Hz with frames of 25 ms", _github("jameslyons/python_speech_features/91")),
    Quirk("python_speech_features", "0.6",
          "Filter edges are rounded down to bins, so that narrow filters come out constant or empty.",
          "many bands, or a short transform", _github("jameslyons/python_speech_features/12")),
    Quirk("python_speech_features", "0.6",
          "Lengths are rounded half up, elsewhere down: 25 ms at 11025 Hz are 276 samples and not 275.",
          "rates at which the milliseconds are no whole samples", "measured"),
    Quirk("spafe", "0.3.3",
          "Deltas are not divided by the sum of squares: with the default of nine frames they are 60 times too large.",
          "whoever takes its deltas", "measured"),
    Quirk("spafe", "0.3.3",
          "With low_freq or high_freq set, the bins are laid between these two and the filters end up wrong.",
          "whoever sets either", "measured"),
    Quirk("spafe", "0.3.3",
          "A lifter above 10 does nothing, 1 to 10 multiplies by powers of the index; below 0 it is one step off.",
          "whoever sets lifter=22", "measured"),
    Quirk("spafe", "0.3.3",
          "There are 24 bands by default; the docstring says 40.",
          "readers of it", "documentation"),
    Quirk("Kaldi", "all",
          "Dither of 1.0 is on by default, so two runs differ; the preset here leaves it out.",
          "whoever compares values, above all of audio between -1 and 1", "source code"),
    Quirk("Kaldi", "all",
          "c0 is replaced by the log energy of the raw frame unless use_energy is off.",
          "whoever compares the first coefficient", "source code"),
    Quirk("kaldi-native-fbank", "1.22",
          "Dither is 0.00003 by default, meant for audio between -1 and 1; Kaldi's 1.0 is meant for 16-bit values.",
          "whoever feeds 16-bit values, or compares two runs", "measured"),
    Quirk("kaldi-native-fbank", "1.22",
          "It does not scale the samples: fed -1 .. 1, the energies lie 20.8 below those of Kaldi.",
          "whoever mixes the two", "source code"),
    Quirk("kaldi-native-fbank", "1.22",
          "The bank's options alone say 25 bands, those of fbank and mfcc 23.",
          "whoever builds the bank by hand", "source code"),
    Quirk("HTK", "3.5",
          "c0 has the factor sqrt(2/N) of the others: sqrt(2) times that of an orthonormal transform.",
          "whoever compares c0", "source code"),
    Quirk("HTK", "3.5",
          "ENORMALISE, on by default, moves the log energy to 1 at the loudest frame of the utterance.",
          "whoever takes the energy (_E)", "source code"),
    Quirk("HTK", "3.5",
          "The filters weigh the magnitude, not the power, unless USEPOWER is on.",
          "whoever takes HTK-like features of another tool for the same", "source code"),
    Quirk("HTK", "3.5",
          "Frames are 25.6 ms long by default, not 25 ms.",
          "whoever compares with the defaults of other tools", "source code"),
    Quirk("HTK", "3.5",
          "It is often said to use a DCT of type III; its code and its equation are of type II.",
          "readers of documentation elsewhere", _github("librosa/librosa/437")),
    Quirk("openSMILE", "2.6",
          '"MFCC" is four things: MFCC12, IS09, eGeMAPS and ComParE differ in frames, spectrum and smoothing.',
          "readers of papers that say no more than openSMILE", "source code"),
    Quirk("openSMILE", "2.6",
          "Second deltas treat the two ends differently: at the start deltas are repeated, at the end statics.",
          "whoever compares the last two frames", "measured"),
    Quirk("openSMILE", "Python package",
          "process_signal takes an array of 16-bit integers as it is; it expects floats between -1 and 1.",
          "whoever passes integers: divide by 32768", _github("audeering/opensmile-python/44")),
    Quirk("MATLAB", "Audio Toolbox",
          "mfcc and audioFeatureExtractor take different bands: Slaney's from 133.33 Hz on, and O'Shaughnessy's.",
          "whoever expects the two to agree", "mathworks.com/matlabcentral/answers/2129396"),
    Quirk("MATLAB", "Audio Toolbox",
          "audioDelta is late by half its window and twice as large as the regression formula.",
          "whoever compares deltas", "documentation"),
    Quirk("MATLAB", "Audio Toolbox",
          "mfcc takes the logarithm to base 10, by what its ports do (not verified); most tools take the natural one.",
          "whoever finds a factor of 2.3", "source code"),
    Quirk("VOICEBOX", "all",
          "Its Hann window is (1 .. n) / (n + 1): neither the periodic nor the usual symmetric one.",
          "whoever asks for the N option", "source code"),
    Quirk("VOICEBOX", "all",
          "Filters have peak 2, for the negative frequencies.",
          "log-mel values", "source code"),
    Quirk("VOICEBOX", "all",
          "The floor is a share of the greatest power in the clip, so it depends on all frames.",
          "quiet frames, and features in blocks", "source code"),
    Quirk("SciPy", "1.17",
          "signal.spectrogram takes the mean of each segment off and uses a Tukey window; signal.stft does neither.",
          "whoever compares the bin at 0 Hz", _github("librosa/librosa/1795")),
    Quirk("SciPy", "all",
          "get_window makes periodic windows by default, windows.hann and the others symmetric ones.",
          "whoever takes one for the other", _github("scipy/scipy/23449")),
)
# fmt: on

PRESETS = {  # whose quirks a preset has
    "librosa": ("librosa",),
    "librosa_htk": ("librosa",),
    "dey_emodb": ("librosa",),
    "yadav_crnn": ("librosa",),
    "torchaudio": ("torchaudio",),
    "kaldi": ("Kaldi", "kaldi-native-fbank"),
    "htk": ("HTK",),
    "python_speech_features": ("python_speech_features",),
    "spafe": ("spafe",),
    "opensmile_mfcc12": ("openSMILE",),
    "matlab_audio_toolbox": ("MATLAB",),
    "voicebox": ("VOICEBOX",),
    "scipy_stft": ("SciPy",),
    "scipy_spectrogram": ("SciPy",),
}


def quirks_of(name: str) -> list[Quirk]:
    """The known quirks of the tool behind a preset; of some none is known.

    Raises ValueError for an unknown name.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    named(name)
    tools = PRESETS.get(name, ()) if name in CONVENTIONS else ()
    return [quirk for quirk in QUIRKS if quirk.tool in tools]
