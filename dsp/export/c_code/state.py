"""The state of a design: what the C code remembers between calls."""

import ctypes
from dataclasses import dataclass
from typing import Any

from dsp.export.c_code.design import Design


@dataclass(frozen=True)
class Field:
    """A member of the state: its C type ("real" or an integer type), name, length (0: no array) and meaning."""

    type: str
    name: str
    length: int
    meaning: str


def state_fields(d: Design) -> list[Field]:
    """The members of the state, the widest first."""
    made = [
        Field("int64_t", "seen", 0, "samples so far"),
        Field("int64_t", "start", 0, "the sample at which the next frame begins"),
        Field("int64_t", "frames", 0, "frames so far"),
        Field("real", "ring", d.ring, "the last samples, the oldest at `position`"),
        Field("real", "frame", d.size.n_fft, "one frame, with zeros up to the length of the transform"),
        Field("real", "z", 2 * d.points, "the transform, real and imaginary parts in turn"),
        Field("real", "power", d.bins, "the spectrum of one frame"),
    ]
    if d.filterbank is not None:
        made.append(Field("real", "mel", d.levels, "the filters' outputs, then their logarithms"))
    if any(radix not in (2, 4) for radix in d.radices):
        made.append(Field("real", "terms", 2 * max(d.radices), "one butterfly"))
    if d.lookahead:
        length = (2 * d.lookahead + 1) * d.static_rows
        made.append(Field("real", "history", length, "the last rows, around which deltas are computed"))
    if d.convention.preemphasis and d.convention.preemphasis_in == "signal":
        made.append(Field("real", "last", 0, "the sample before"))
    if d.convention.dc_removal == "signal":
        made.append(Field("real", "mean", 0, "of the whole clip"))
    if d.measures:
        made += [
            Field("real", "greatest_mel", 0, "greatest filter output of the clip"),
            Field("real", "greatest_bin", 0, "greatest value of its spectrum that a filter uses"),
            Field("real", "highest", 0, "highest level of the clip"),
            Field("real", "floor", 0, "of the filter outputs"),
        ]
    if d.has_energy:
        made.append(Field("real", "energy", 0, "of one frame"))
    made += [
        Field("int32_t", "position", 0, "where the next sample goes in `ring`"),
        Field("int32_t", "wait", 0, "samples until the next frame"),
        Field("int32_t", "finished", 0, "1 after the end of a clip"),
    ]
    if d.lookahead:
        made += [
            Field("int32_t", "slot", 0, "the newest row in `history`"),
            Field("int32_t", "pending", 0, "rows that wait for later ones"),
        ]
    if d.measures:
        made.append(Field("int32_t", "measuring", 0, "1 during the first pass over a clip"))
    return made


def state_bytes(d: Design) -> int:
    """The size of the state as usual compilers lay it out."""
    real = ctypes.c_double if d.precision == "double" else ctypes.c_float
    types: dict[str, Any] = {"int64_t": ctypes.c_int64, "int32_t": ctypes.c_int32, "real": real}
    members = [(f.name, types[f.type] * f.length if f.length else types[f.type]) for f in state_fields(d)]
    return ctypes.sizeof(type("State", (ctypes.Structure,), {"_fields_": members}))
