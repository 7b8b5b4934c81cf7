"""Conventions: the parameters in which tools differ, the values of each tool, and how two conventions compare.

parameters   Convention, the table of all parameters, and the words that each allows
tools        the conventions of known tools
front_ends   the conventions of the front ends of neural networks
papers       the conventions of the five papers
registry     CONVENTIONS: all of them by name
compare      what differs between two conventions, and several side by side
fingerprint  twelve hex digits that name a convention
toml_files   conventions as files: load and save
assignments  a convention and changes to it, as commands take them
sizes        lengths in samples at one sample rate
"""

from dsp.conventions.compare import diff, table
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import PARAMETERS, WORDS, Convention
from dsp.conventions.registry import CONVENTIONS, named
from dsp.conventions.sizes import Sizes, sizes
from dsp.conventions.toml_files import load, save

__all__ = [
    "CONVENTIONS",
    "PARAMETERS",
    "WORDS",
    "Convention",
    "Sizes",
    "diff",
    "fingerprint",
    "load",
    "named",
    "save",
    "sizes",
    "table",
]
