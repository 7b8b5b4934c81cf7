"""The conventions of known tools and of the five papers, by name."""

from difflib import get_close_matches

from dsp.conventions import papers, tools
from dsp.conventions.parameters import Convention

CONVENTIONS: dict[str, Convention] = {
    "librosa": tools.librosa,
    "librosa_htk": tools.librosa_htk,
    "torchaudio": tools.torchaudio,
    "kaldi": tools.kaldi,
    "htk": tools.htk,
    "python_speech_features": tools.python_speech_features,
    "spafe": tools.spafe,
    "opensmile_mfcc12": tools.opensmile_mfcc12,
    "essentia": tools.essentia,
    "matlab_audio_toolbox": tools.matlab_audio_toolbox,
    "voicebox": tools.voicebox,
    "scipy_stft": tools.scipy_stft,
    "scipy_spectrogram": tools.scipy_spectrogram,
    "whisper": tools.whisper,
    "zheng_casia": papers.zheng_casia,
    "dey_emodb": papers.dey_emodb,
    "yadav_crnn": papers.yadav_crnn,
    "finch_dycnn": papers.finch_dycnn,
    "wang_cl": papers.wang_cl,
}


def named(convention) -> Convention:
    """The Convention itself, or the preset of that name.

    Raises ValueError for an unknown name, with the nearest known ones.

    Checked: tests/test_conventions_are_tables.py
    """
    if isinstance(convention, Convention):
        return convention
    if convention in CONVENTIONS:
        return CONVENTIONS[convention]
    near = get_close_matches(str(convention), CONVENTIONS, n=3) or list(CONVENTIONS)
    raise ValueError(f"unknown convention {convention!r}; did you mean {', '.join(near)}?")
