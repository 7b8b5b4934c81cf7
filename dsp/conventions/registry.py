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
    "praat": tools.praat,
    "zheng_casia": papers.zheng_casia,
    "dey_emodb": papers.dey_emodb,
    "yadav_crnn": papers.yadav_crnn,
    "finch_dycnn": papers.finch_dycnn,
    "wang_cl": papers.wang_cl,
}


GROUP = "dsp.conventions"  # of the entry points by which other packages offer presets
SHOWN = 8  # names in a message


def named(convention: Any) -> Convention:
    """The Convention itself, or the preset of that name; case is ignored, and spaces or hyphens count as underscores.

    Beside CONVENTIONS these are the presets that installed packages offer as entry points of the group
    "dsp.conventions", each the name of a Convention, as in pyproject.toml:

        [project.entry-points."dsp.conventions"]
        my_lab = "my_package.features:MY_LAB"

    Raises ValueError for an unknown name, with the nearest known ones, for what is neither name nor Convention, and for
    an entry point that is no Convention.

    Checked: tests/test_conventions_are_tables.py
    """
    if isinstance(convention, Convention):
        return convention
    if not isinstance(convention, str):
        raise ValueError(
            f"convention is of type {type(convention).__name__}; a Convention or the name of one is expected: {_some()}"
        )
    name = convention.strip().lower().replace("-", "_").replace(" ", "_")
    if name in CONVENTIONS:
        return CONVENTIONS[name]
    found = _installed(name)
    if found is not None:
        return found
    known = suggest(name, CONVENTIONS) or f"; known are {_some()}"
    raise ValueError(f"unknown convention {convention!r}{known}")


def _some() -> str:
    """The first names, and how many more there are."""
    names = list(CONVENTIONS)
    return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more, which dsp.CONVENTIONS lists"


def _installed(name: str) -> Convention | None:
    """The preset of that name that an installed package offers, if one does."""
    from importlib.metadata import entry_points  # here, because it takes longer than everything else in this package

    for entry in entry_points(group=GROUP):
        if entry.name.lower().replace("-", "_") == name:
            offered = entry.load()
            if not isinstance(offered, Convention):
                raise ValueError(
                    f"convention {name!r}: the entry point {entry.value} is of type {type(offered).__name__}; "
                    "a dsp.Convention is expected"
                )
            return offered
    return None
