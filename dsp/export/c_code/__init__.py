"""A convention as C: one C99 file with its tables, a header, and a small program that reads a WAV file.

design   lengths, counts and tables;  state: what is remembered
source   the C text: tables, then frames, spectrum, rows, over_time and entrances, one function a stage
header   the header with the state and its functions
demo     the program
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dsp._version import __version__
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.engine.extract import FeatureKind
from dsp.export.c_code.demo import demo_text
from dsp.export.c_code.design import Design, make_design
from dsp.export.c_code.header import ABOUT, header_text
from dsp.export.c_code.source import source_text
from dsp.export.c_code.state import state_bytes
from dsp.export.c_code.text import with_names
from dsp.export.generated import check_identifier, check_replaceable, comment_text, default_name
from dsp.files.commands import check_output_folder
from dsp.files.writing import write_text_atomically

Precision = Literal["float", "double"]


@dataclass(frozen=True)
class CFiles:
    """What `write_c` wrote."""

    name: str  # the prefix of every function
    source: Path
    header: Path
    demo: Path
    rows: int  # numbers of a frame
    state_bytes: int
    min_samples: int  # of the shortest clip that gives a frame
    latency: int | None  # samples, as in the header; None without a stream
    whole_clip: tuple[str, ...]  # the parameters because of which there is no stream


def write_c(
    convention: str | Convention,
    sample_rate: float,
    folder: str | os.PathLike[str],
    *,
    kind: FeatureKind | None = None,
    precision: Precision = "float",
    name: str | None = None,
) -> CFiles:
    """Writes a convention as C99: NAME.c and NAME.h, and NAME_demo.c, a program around them.

    The code takes samples in pieces of any size (NAME_init, NAME_push, NAME_finish, NAME_reset, NAME_latency) or a
    whole clip at once (NAME_extract), and returns the numbers of `dsp.mfcc` or `dsp.log_mel`. It allocates nothing: the
    caller provides the state, whose size the header says. It needs <math.h> alone, compiles as C++ too, and is fit for
    microcontrollers: no recursion, no arrays of variable length, tables that stay in flash memory. A convention in
    which every frame depends on the whole clip (a dynamic range below the maximum, statistics of the utterance) has
    NAME_extract alone.

    Where the framing is "scipy", a clip shorter than one window is refused by the code; dsp shortens the window.

    Parameters
    ----------
    convention : a name in CONVENTIONS or a Convention
    sample_rate : Hz, of the samples that the code will get
    folder : of the files; it is created if need be. Files of an earlier export are replaced, others never
    kind : "mfcc" or "log_mel"; None takes "mfcc" if the convention has cepstra
    precision : "float" or "double", of the samples, the arithmetic and the features
    name : the prefix of every name in the code and of the files; None makes one of convention and kind: kaldi_mfcc

    Returns
    -------
    files : CFiles

    Raises
    ------
    ValueError  for a convention with dither or one that does not fit the rate, an unknown word, a name that C does not
        take, tables too large for a source file (n_fft above 65536), a number that does not fit the precision, or a
        file in the folder that is not an earlier export.
    OSError  if the folder cannot be written.

    Source: ISO/IEC 9899:1999; Cooley & Tukey 1965. Checked: tests/test_c_code_equals_dsp.py
    """
    c = named(convention)
    d = make_design(c, sample_rate, kind, precision)
    name = default_name(convention, c, d.kind) if name is None else check_identifier(name, "name")
    folder = Path(folder)
    check_output_folder(folder)
    texts = _texts(d, name)
    paths = {ending: folder / f"{name}{ending}" for ending in texts}
    for path in paths.values():
        check_replaceable(path)
    for ending, text in texts.items():
        write_text_atomically(paths[ending], text)
    latency = None if d.whole_clip else d.latency
    source, header, demo = paths[".c"], paths[".h"], paths["_demo.c"]
    return CFiles(name, source, header, demo, d.rows, state_bytes(d), d.min_samples, latency, d.whole_clip)


def _texts(d: Design, name: str) -> dict[str, str]:
    """The files by their endings; the header last, so that a program never sees one without its source."""
    c = d.convention
    about = ABOUT.format(
        name=name,
        rows=f"{'log-mel values' if d.kind == 'log_mel' else 'cepstra'} ({d.rows} a frame, {d.precision})",
        tool=comment_text(c.tool) or "a convention made by hand",
        rate=f"{d.sample_rate:g}",
        fingerprint=fingerprint(c),
        kind=d.kind,
        version=__version__,
    )
    return {
        ".c": source_text(d, name, about),
        "_demo.c": with_names(demo_text(d, name, about), name, d),
        ".h": with_names(header_text(d, name, about), name, d),
    }
