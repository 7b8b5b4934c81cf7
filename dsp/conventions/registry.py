"""The conventions of known tools, of front ends and of the five papers, by name."""

from typing import Any

from dsp.checks import suggest
from dsp.conventions import front_ends, papers, tools
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
    "whisper": front_ends.whisper,
    "librosa_0_8": tools.librosa_0_8,
    "torchaudio_kaldi": tools.torchaudio_kaldi,
    "kaldi_fbank": tools.kaldi_fbank,
    "speechbrain_fbank": front_ends.speechbrain_fbank,
    "speechbrain_mfcc": front_ends.speechbrain_mfcc,
    "espnet": front_ends.espnet,
    "espnet_tts": front_ends.espnet_tts,
    "nemo": front_ends.nemo,
    "tacotron2": front_ends.tacotron2,
    "hifigan": front_ends.hifigan,
    "vggish": front_ends.vggish,
    "yamnet": front_ends.yamnet,
    "panns": front_ends.panns,
    "ast": front_ends.ast,
    "seamless_m4t": front_ends.seamless_m4t,
    "speech_to_text": front_ends.speech_to_text,
    "tensorflow": front_ends.tensorflow,
    "tensorflow_pad_end": front_ends.tensorflow_pad_end,
    "keras": front_ends.keras,
    "opensmile_compare": tools.opensmile_compare,
    "whisper_large_v3": front_ends.whisper_large_v3,
    "zheng_casia": papers.zheng_casia,
    "dey_emodb": papers.dey_emodb,
    "yadav_crnn": papers.yadav_crnn,
    "finch_dycnn": papers.finch_dycnn,
    "wang_cl": papers.wang_cl,
}


def named(convention: Any) -> Convention:
    """The Convention itself, or the preset of that name; case is ignored, and spaces or hyphens count as underscores.

    Raises ValueError for an unknown name, with the nearest known ones, and for what is neither name nor Convention.

    Checked: tests/test_conventions_are_tables.py
    """
    if isinstance(convention, Convention):
        return convention
    if not isinstance(convention, str):
        raise ValueError(
            f"convention is of type {type(convention).__name__}; a Convention or the name of one is expected: "
            + ", ".join(CONVENTIONS)
        )
    name = convention.strip().lower().replace("-", "_").replace(" ", "_")
    if name in CONVENTIONS:
        return CONVENTIONS[name]
    known = suggest(name, CONVENTIONS) or f"; known are {', '.join(CONVENTIONS)}"
    raise ValueError(f"unknown convention {convention!r}{known}")
