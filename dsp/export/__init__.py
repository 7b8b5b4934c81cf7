"""What other programs need to compute the same features.

golden         golden vectors: signals, every step of dsp.trace and the features of presets, as .npz and as JSON
signals        the signals they are computed from: synthetic speech, and what ports fail on
tolerances     how far another program's numbers may be off by rounding
readme         the text that lies beside the golden vectors
golden_command, ..     the arguments and the report of each subcommand;  options: the arguments that they share

    python -m dsp.export golden FOLDER
"""

from dsp.export.golden import write_golden

__all__ = ["write_golden"]
