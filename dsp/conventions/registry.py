"""The conventions of known tools and of the five papers, by name."""

from dsp import paper_conventions as papers
from dsp import tool_conventions as tools
from dsp.switches import Convention

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
