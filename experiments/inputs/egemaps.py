"""eGeMAPS: 88 functionals of a recording by openSMILE, an optional comparison for the baselines.

It is the one input that `dsp` does not compute. openSMILE is a package of its own, free for research only.
"""

from functools import cache

import numpy as np

from dsp.files.extras import require
from experiments.inputs.front_end import FrontEnd, check_sounding
from experiments.inputs.statistics import CONVENTION

N_FUNCTIONALS = 88


def egemaps(signal, sample_rate: int) -> np.ndarray:
    """The functionals of eGeMAPSv02, in openSMILE's order: (88,) float32.

    signal : (n,) float64

    Raises ValueError for a silent signal or one that openSMILE cannot describe; MissingPackageError without openSMILE.

    Source: Eyben et al. 2016. Checked: tests/test_egemaps_are_opensmiles.py
    """
    check_sounding(signal)
    values = _smile().process_signal(np.asarray(signal, dtype=np.float32), sample_rate).to_numpy(dtype=np.float64)[0]
    if values.shape != (N_FUNCTIONALS,) or not np.isfinite(values).all():
        raise ValueError("openSMILE finds no finite eGeMAPS functionals in it")
    return values.astype(np.float32)


@cache
def _smile():
    require("opensmile", feature="the eGeMAPS row", extra="egemaps")
    import opensmile  # here, because only this optional row needs it

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
    )


EGEMAPS = FrontEnd("egemaps", 1, CONVENTION, (N_FUNCTIONALS,), egemaps)  # the convention is not used
