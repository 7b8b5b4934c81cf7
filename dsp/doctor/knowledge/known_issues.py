"""Known issues of tools: what no parameter expresses, and what surprises anyone who compares features.

`source` is a public thread, "documentation", "source code" (read there) or "measured" (seen in the tool's output).
"""

from dataclasses import dataclass

from dsp.conventions import named
from dsp.conventions.registry import CONVENTIONS


@dataclass(frozen=True)
class KnownIssue:
    """One issue: of which tool, in which versions, what happens, what it affects, and where that is known from."""

    tool: str
    versions: str
    what: str
    affects: str
    source: str

    def text(self) -> str:
        """The issue as one line."""
        return f"known issue of {self.tool} ({self.versions}): {self.what} Affects {self.affects}. [{self.source}]"


def _github(thread: str) -> str:
    """owner/name/number as the thread's address; GitHub leads from an issue's address to a pull request's."""
    repository, number = thread.rsplit("/", 1)
    return f"github.com/{repository}/issues/{number}"


# fmt: off
KNOWN_ISSUES = (
    KnownIssue("librosa", "0.8.0 and later",
               "effects.preemphasis sets the first sample to 3 x0 - x1, whatever the coefficient is.",
               "comparisons of first frames, and clips that begin with a loud sample",
               _github("librosa/librosa/1032")),
    KnownIssue("librosa", "0.7.1 to 0.7.2",
               "effects.preemphasis set the first sample to x0 minus the coefficient itself.",
               "the first frame of features from these versions", _github("librosa/librosa/1032")),
    KnownIssue("librosa", "0.11",
               "The lifter counts c0 as one; HTK, Kaldi and python_speech_features count it as zero.",
               "anyone who sets lifter= to match another tool", _github("librosa/librosa/1310")),
    KnownIssue("librosa", "0.11",
               "delta with order=2 is the curvature of a fitted parabola, not the delta of the delta.",
               "39-row features that should match another tool's", "measured"),
    KnownIssue("librosa", "0.9.0 and later",
               "Centered frames are padded with zeros; before 0.9.0 the signal was reflected at its ends.",
               "moves between versions, and comparisons with torch.stft",
               "github.com/espnet/espnet/pull/4832"),
    KnownIssue("librosa", "all",
               "load resamples to 22050 Hz unless it is called with sr=None.",
               "files at any other sample rate", _github("librosa/librosa/509")),
    KnownIssue("librosa", "0.11",
               "top_db cuts off 80 dB below the greatest value of the clip, so every frame depends on all others.",
               "features of blocks and of cut clips", _github("librosa/librosa/1734")),
    KnownIssue("librosa", "0.11",
               "dct_type=3 is presented as HTK's, but HTK's transform is of type II with c0 scaled like the rest.",
               "anyone who sets it to match HTK", _github("librosa/librosa/682")),
    KnownIssue("torchaudio", "before pull request 453",
               "compliance.kaldi added dither of 1.0, far louder than speech between -1 and 1.",
               "models trained then: their input was mostly noise", "github.com/pytorch/audio/pull/453"),
    KnownIssue("torchaudio", "2.11",
               "compliance.kaldi.mfcc keeps c0 (use_energy is off); Kaldi itself puts the log energy there by default.",
               "comparisons with compute-mfcc-feats", "source code"),
    KnownIssue("torchaudio", "2.11",
               "The filterbank of the transforms ends at sample_rate // 2, which is 0.5 Hz too low at odd rates.",
               "odd sample rates, such as 11025 Hz", "source code"),
    KnownIssue("torchaudio", "2.11",
               "With the defaults, n_fft 400 and 128 bands, some filters are empty: they contain no bin. It warns.",
               "features computed with the defaults", "measured"),
    KnownIssue("torchaudio", "before the fix of issue 292",
               "The bins were stretched to f_max, so the filters were wrong wherever f_max was not half the rate.",
               "features of that time with f_max set", _github("pytorch/audio/292")),
    KnownIssue("python_speech_features", "0.6",
               "fbank, logfbank and ssc use 512 points: a longer frame is cut off, with only a warning in the log.",
               "sample rates above 20480 Hz with frames of 25 ms", _github("jameslyons/python_speech_features/91")),
    KnownIssue("python_speech_features", "0.6",
               "Filter edges are rounded down to bins, so narrow filters come out constant or empty.",
               "many bands, or a short transform", _github("jameslyons/python_speech_features/12")),
    KnownIssue("python_speech_features", "0.6",
               "Lengths are rounded half up, other tools round down: 25 ms at 11025 Hz are 276 samples, not 275.",
               "sample rates at which the lengths are not whole samples", "measured"),
    KnownIssue("spafe", "0.3.3",
               "Deltas are not divided by the sum of squares: with the default of nine frames they are 60 times too "
               "large.",
               "anyone who uses its deltas", "measured"),
    KnownIssue("spafe", "0.3.3",
               "With low_freq or high_freq set, the bins are spread between these two and the filters are wrong.",
               "anyone who sets either", "measured"),
    KnownIssue("spafe", "0.3.3",
               "A lifter above 10 does nothing, 1 to 10 multiplies by powers of the index, below 0 is off by one.",
               "anyone who sets lifter=22", "measured"),
    KnownIssue("spafe", "0.3.3",
               "There are 24 bands by default; the docstring says 40.",
               "anyone who relies on the docstring", "documentation"),
    KnownIssue("Kaldi", "all",
               "Dither of 1.0 is on by default, so two runs differ; the preset here leaves it out.",
               "comparisons of values, above all for audio between -1 and 1", "source code"),
    KnownIssue("Kaldi", "all",
               "c0 is replaced with the log energy of the raw frame unless use_energy is off.",
               "comparisons of the first coefficient", "source code"),
    KnownIssue("kaldi-native-fbank", "1.22",
               "Dither is 0.00003 by default, meant for audio between -1 and 1; Kaldi's 1.0 is meant for 16-bit "
               "values.",
               "16-bit input, and comparisons of two runs", "measured"),
    KnownIssue("kaldi-native-fbank", "1.22",
               "It does not scale the samples: with input between -1 and 1, log energies are 20.8 below Kaldi's.",
               "anyone who mixes the two", "source code"),
    KnownIssue("kaldi-native-fbank", "1.22",
               "The mel options alone default to 25 bands, the options of fbank and mfcc to 23.",
               "anyone who builds the filterbank by hand", "source code"),
    KnownIssue("HTK", "3.5",
               "c0 has the factor sqrt(2/N) of the other coefficients: sqrt(2) times that of an orthonormal transform.",
               "comparisons of c0", "source code"),
    KnownIssue("HTK", "3.5",
               "ENORMALISE, on by default, shifts the log energy to 1 at the loudest frame of the utterance.",
               "anyone who uses the energy (_E)", "source code"),
    KnownIssue("HTK", "3.5",
               "The filters weight the magnitude, not the power, unless USEPOWER is on.",
               "anyone who takes another tool's HTK-like features for the same", "source code"),
    KnownIssue("HTK", "3.5",
               "Frames are 25.6 ms long by default, not 25 ms.",
               "comparisons with the defaults of other tools", "source code"),
    KnownIssue("HTK", "3.5",
               "It is often said to use a DCT of type III; its code and its equation are of type II.",
               "readers of other tools' documentation", _github("librosa/librosa/437")),
    KnownIssue("openSMILE", "2.6",
               '"MFCC" names four things: MFCC12, IS09, eGeMAPS and ComParE differ in frames, spectrum and smoothing.',
               "readers of papers that say no more than openSMILE", "source code"),
    KnownIssue("openSMILE", "2.6",
               "Second deltas treat the two ends differently: deltas are repeated at the start, statics at the end.",
               "comparisons of the last two frames", "measured"),
    KnownIssue("openSMILE", "Python package",
               "process_signal accepts an array of 16-bit integers unchanged; it expects floats between -1 and 1.",
               "anyone who passes integers: divide them by 32768", _github("audeering/opensmile-python/44")),
    KnownIssue("MATLAB", "Audio Toolbox",
               "mfcc and audioFeatureExtractor use different bands: Slaney's from 133.33 Hz up, and O'Shaughnessy's.",
               "anyone who expects the two to agree", "mathworks.com/matlabcentral/answers/2129396"),
    KnownIssue("MATLAB", "Audio Toolbox",
               "audioDelta lags by half its window and is twice as large as the regression formula.",
               "comparisons of deltas", "documentation"),
    KnownIssue("MATLAB", "Audio Toolbox",
               "mfcc takes the logarithm to base 10, judging by its ports (not verified); most tools take the natural "
               "one.",
               "anyone who finds a factor of 2.3", "source code"),
    KnownIssue("VOICEBOX", "all",
               "Its Hann window is (1 .. n) / (n + 1): neither the periodic nor the usual symmetric one.",
               "anyone who uses the N option", "source code"),
    KnownIssue("VOICEBOX", "all",
               "Filters have a peak of 2, to account for the negative frequencies.",
               "log-mel values", "source code"),
    KnownIssue("VOICEBOX", "all",
               "The floor is relative to the greatest power in the clip, so it depends on all frames.",
               "quiet frames, and features of blocks", "source code"),
    KnownIssue("SciPy", "1.17",
               "signal.spectrogram subtracts the mean of each segment and uses a Tukey window; signal.stft does "
               "neither.",
               "comparisons of the bin at 0 Hz", _github("librosa/librosa/1795")),
    KnownIssue("SciPy", "all",
               "get_window makes periodic windows by default; windows.hann and the others make symmetric ones.",
               "anyone who takes one for the other", _github("scipy/scipy/23449")),
    KnownIssue("SciPy", "1.17",
               "signal.resample_poly divides MATLAB's filter by its sum, so it differs from MATLAB's resample by up to "
               "7e-4 of the greatest value; dsp.matlab_resample has MATLAB's numbers.",
               "signals resampled before their features are compared", "measured"),
    KnownIssue("Praat", "6.1",
               "A frame begins at the sample nearest to a time. Where that lies between two samples, as with an even "
               "number of samples beside the frames, rounding decides: some frames begin one sample earlier.",
               "comparisons to the last digit, in every second recording", "measured"),
    KnownIssue("Praat", "6.1",
               "Where the frames fill a recording exactly, rounding may cost the last one; all others then lie half a "
               "hop later.",
               "the number of frames, such as of 0.5 s at 8000 Hz", "measured"),
    KnownIssue("Praat", "6.1",
               "The window length that it asks for is half of its Gaussian window: 15 ms mean frames of 30 ms.",
               "anyone who takes its 15 ms for another tool's", "documentation"),
    KnownIssue("SpeechBrain", "1.1",
               "Filters are symmetric in Hz, each with the width of its lower side, so neighbors do not add up to 1.",
               "anyone who takes its mel filters for HTK's", "measured"),
    KnownIssue("NeMo", "3.0",
               "The last frame is set to zero and the number of frames is padded to a multiple of 16.",
               "comparisons of the last frames", "measured"),
    KnownIssue("TensorFlow", "2.21",
               "mfccs_from_log_mel_spectrograms scales every coefficient by sqrt(2/N), c0 too: sqrt(2) times the "
               "orthonormal c0.",
               "comparisons of c0", "measured"),
    KnownIssue("TensorFlow", "2.21",
               "tf.signal.stft with pad_end=True begins a frame at every hop and fills the last ones with zeros.",
               "comparisons of the number of frames", "measured"),
    KnownIssue("HiFi-GAN", "all",
               "The signal is padded by half the overlap of two frames, so there are n / hop frames, one fewer than in "
               "librosa.",
               "vocoders that are fed another tool's mel spectrogram", "measured"),
    KnownIssue("ESPnet", "202511",
               "The front end for recognition takes the natural logarithm of powers, the one for synthesis log10 of "
               "magnitudes.",
               "anyone who moves features between the two", "measured"),
)
# fmt: on

TOOLS_OF_PRESET = {  # whose issues a preset has
    "librosa": ("librosa",),
    "librosa_htk": ("librosa",),
    "librosa_0_8": ("librosa",),
    "torchaudio_kaldi": ("torchaudio",),
    "kaldi_fbank": ("Kaldi", "kaldi-native-fbank"),
    "opensmile_compare": ("openSMILE",),
    "praat": ("Praat",),
    "speechbrain_fbank": ("SpeechBrain",),
    "speechbrain_mfcc": ("SpeechBrain",),
    "nemo": ("NeMo",),
    "tensorflow": ("TensorFlow",),
    "tensorflow_pad_end": ("TensorFlow",),
    "yamnet": ("TensorFlow",),
    "hifigan": ("HiFi-GAN",),
    "espnet": ("ESPnet",),
    "espnet_tts": ("ESPnet",),
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


def known_issues_of(name: str) -> list[KnownIssue]:
    """The known issues of the tool behind a preset; for some tools none is known.

    Raises ValueError for an unknown name.

    Checked: tests/test_doctor_says_it_in_words.py
    """
    named(name)
    tools = TOOLS_OF_PRESET.get(name, ()) if name in CONVENTIONS else ()
    return [issue for issue in KNOWN_ISSUES if issue.tool in tools]
