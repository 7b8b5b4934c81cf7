"""What the numbers of two matrices show without their audio: a small search for the simplest relation that holds.

A relation has a layout (time axis, rows, frames) and a relation of the values. Reading order:

    steps.py       one part of an explanation: its sentence, and what to change
    shapes.py      arrays of any shape as matrices: axes of length 1, channels, the time axis, constant matrices
    rows.py        which rows of one file belong to which of the other
    frames.py      which frames belong together: cut, padded, late, every second one, stacked
    stored.py      how the numbers were rounded: float16, bfloat16, decimals
    values.py      gains and offsets that hold, the floors beside them, and where they do not hold
    segments.py    relations that change in time
    extras.py      the rows and frames that only one file has
    relations.py   a relation of values in words, with what to change
    remaining.py   what can be said where nothing holds
    causes.py      gains, offsets, floors and statistics by their names
    search.py      the search over all of these; the simplest explanation that holds wins
"""
