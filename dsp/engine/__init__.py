"""The fast lane: what `dsp` computes step by step, compiled for a register of frames at a time.

Nothing here defines anything: each function equals a short one of the textbook lane, and a test
says so. To learn how a feature is made, read dsp/*.py; to learn how to make it fast, read on, in this order:

    lanes.py          one SIMD register as a type with ordinary operators
    complex_lanes.py  two of them as a complex number
    transpose.py      how frames come to lie in lanes
    compiling.py      how functions on them are compiled
    clips.py          into a batch and out of it: many clips at once
    kernels.py        from clips to mel values, the inner loops, written on these types like formulas
    logarithm.py      the logarithm of a register
    rows.py           the inner loops on rows: logarithm, DCT, deltas
    plan.py           the tables that a Convention needs: window, roots of unity, sparse filters, DCT
    stages.py         the kernels as functions from arrays to arrays
    batch.py          what is done to a few clips that lie side by side
    extract.py        many utterances: batches, pieces of long ones, threads
    spectrum.py       the same kernels without filters, for spectrograms
"""
