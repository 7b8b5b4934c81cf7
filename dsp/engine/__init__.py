"""The fast lane: what `dsp` computes step by step, compiled for a register of frames at a time.

Nothing here defines anything: each function equals a short one of the textbook lane, and a test
says so. To learn how a feature is made, read dsp/*.py; to learn how to make it fast, read on, in this order:

    lanes.py     one SIMD register as a type with ordinary operators
    kernels.py   from samples to mel values, the inner loops, written on it like formulas
    rows.py      the inner loops on rows: conditioning, logarithm, DCT, deltas
    plan.py      the tables that a Convention needs: window, roots of unity, sparse filters, DCT
    stages.py    the kernels as functions from arrays to arrays
    extract.py   many utterances: chunks, threads, and what is done to whole clips
    spectrum.py  the same kernels without filters, for spectrograms
"""
