"""What the rows of cepstra are called under a convention."""

from dsp.conventions.parameters import Convention


def cepstrum_names(c: Convention) -> list[str]:
    """c0, c1, ... in the order of the convention.

    Checked: tests/test_trace_shows_every_stage.py
    """
    n = c.n_mfcc or 0
    if c.c0 == "first":
        return [f"c{k}" for k in range(n)]
    return [f"c{k}" for k in range(1, n + 1)] + (["c0"] if c.c0 == "last" else [])


def row_names(c: Convention) -> list[str]:
    """The same, with the energy E if the convention has it.

    Checked: tests/test_trace_shows_every_stage.py
    """
    names = cepstrum_names(c)
    if c.energy == "replaces c0":
        return ["E" if name == "c0" else name for name in names] if "c0" in names else ["E", *names[1:]]
    return (["E"] if c.energy == "first" else []) + names + (["E"] if c.energy == "last" else [])
