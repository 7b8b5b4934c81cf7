"""Which convention produced these features?"""

from dsp.doctor.identify import Diagnosis, identify

__all__ = ["Diagnosis", "identify"]
