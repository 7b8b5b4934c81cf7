"""Which convention produced these features, what differs between two matrices, and between two tools.

    identify      a matrix and its audio -> the tool and its settings, or that none is known
    compare       two matrices, with or without the audio -> what differs, in words
    profile_diff  two presets -> a static table, with the known issues of both tools
    probe         signals on which a parameter shows

As a command: dsp-doctor, or python -m dsp.doctor. In this folder, diagnosis.py holds what identify returns, and
report.py turns answers into text and JSON; search/ finds conventions, comparison/ relations of two matrices, and
knowledge/ holds what is known of tools and how to say it.
Begin to read with identify.py, then search/__init__.py, then comparison/__init__.py.
"""

from dsp.doctor.compare import Comparison, compare
from dsp.doctor.diagnosis import Diagnosis
from dsp.doctor.identify import identify
from dsp.doctor.knowledge.preset_diff import ProfileDiff, profile_diff
from dsp.doctor.knowledge.probe_signals import probe

__all__ = ["Comparison", "Diagnosis", "ProfileDiff", "compare", "identify", "probe", "profile_diff"]
