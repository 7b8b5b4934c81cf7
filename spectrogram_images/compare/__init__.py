"""Compares two pictures: the same pixels or not, how far apart, and the cause if a usual suspect explains it exactly.

python -m spectrogram_images.compare A B [--audio WAV] [--out report.png] [--json]       files or trees

measures       same pixels, greatest difference, peak signal-to-noise ratio, structural similarity
causes         why they differ: what explains every byte, or "not explained"
alterations    what can happen to a finished picture
pipeline       the spectrogram image made in other ways, stage by stage
resizers       how other programs resize
trees          pairs of files in two folders
picture        the report
"""

from spectrogram_images.compare.causes import Cause, Explanation, explain
from spectrogram_images.compare.measures import Comparison, compare_images

__all__ = ["Cause", "Comparison", "Explanation", "compare_images", "explain"]
