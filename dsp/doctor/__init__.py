"""Which convention produced these features, what differs between two matrices, and between two tools.

identify      a matrix and its audio -> the tool and its settings, or that none is known
compare       two matrices, with or without the audio -> what differs, in words
profile_diff  two presets -> the static table, with what is known of both tools
probe         signals on which a parameter shows

As a command: python -m dsp.doctor. Reading order: identify, reading (what a matrix may be), turns, search (with starts,
candidates, lengths, ranges, descent, together, explaining, bench and fit), judging, outside (dither, a signal at
another rate), same, compare, report; customary, words, quirks, probes and profiles are tables.
"""

from dsp.doctor.compare import Comparison, compare
from dsp.doctor.identify import Diagnosis, identify
from dsp.doctor.knowledge.preset_diff import ProfileDiff, profile_diff
from dsp.doctor.knowledge.probe_signals import probe

__all__ = ["Comparison", "Diagnosis", "ProfileDiff", "compare", "identify", "probe", "profile_diff"]
