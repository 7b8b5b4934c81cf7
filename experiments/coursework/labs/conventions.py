"""A course's rules as one of dsp's conventions, so that a lab's figures follow the profile as the check does."""

import dsp
from experiments.coursework.course_profile import Profile


def convention_of(profile: Profile) -> dsp.Convention:
    """The course's rules, for dsp.trace, dsp.log_mel and dsp.mfcc, without the normalization over time.

    Rounded filter edges become dsp's only rounding, "bins" (floor).

    Checked: tests/test_course_profiles.py
    """
    none = {"none": None}
    return dsp.Convention(
        scale=profile.scale,
        preemphasis=profile.preemphasis,
        frame_length_s=profile.frame_ms / 1000,
        hop_length_s=profile.hop_ms / 1000,
        rounding=profile.rounding,
        window=profile.window,
        window_symmetry=profile.window_symmetry,
        n_fft=profile.n_fft,
        spectrum=profile.spectrum,
        spectrum_norm=none.get(profile.spectrum_norm, profile.spectrum_norm),
        n_mels=profile.n_mels,
        f_min=profile.f_min,
        f_max=profile.f_max,
        mel_scale=profile.mel_scale,
        mel_triangles=profile.mel_triangles if profile.edge_rounding == "none" else "bins",
        mel_norm=none.get(profile.mel_norm, profile.mel_norm),
        log=profile.log,
        floor=profile.floor,
        n_mfcc=profile.n_mfcc,
        dct_norm=none.get(profile.dct_norm, profile.dct_norm),
        lifter=profile.lifter,
    )
