"""The fast lane: the steps of `dsp`, compiled for a register of frames at a time.

Nothing is defined here: each function has the result of a short one in the textbook lane, and tests compare them.
To learn how a feature is made, read dsp/*.py. To learn how to make it fast, read on in this order:

    lanes.py          one SIMD register as a type with ordinary operators
    complex_lanes.py  two of them as a complex number
    transpose.py      how frames get into lanes, and out of them
    structures.py     tables as one argument
    compiling.py      how functions on them are compiled
    workspaces.py     memory that a thread keeps between calls
    butterflies.py    one stage of a Fourier transform
    transforms.py     fft, rfft and their inverses, of any length; transform_tables.py has their tables
    row_transforms.py the same of many short rows
    clips.py          the way into a batch and out of it, for many clips at once
    kernels.py        the inner loops from clips to mel values, written on these types like formulas
    codelets.py       the small transforms inside their stages
    pairs.py          the same for odd lengths and large prime factors, two registers of frames at a time
    logarithm.py      the logarithm of a register
    rows.py           the inner loops on rows: logarithm, DCT, deltas
    plan.py           the tables that a Convention needs: window, roots of unity, sparse filters, DCT
    pair_tables.py    the tables of pairs.py: stages, chirps
    stages.py         the kernels as functions from arrays to arrays
    batch.py          the steps on a few clips side by side
    extract.py        many utterances: batches, pieces of long clips, threads
    streaming.py      frames of a signal that comes in pieces
    radices.py        eight complex transforms at once, one in each lane
    resampler.py      resampling by transforms of blocks
    running.py        means, variances and powers around every sample or frame
    least_squares.py  power spectra from mel spectra
    spectrum.py       the same kernels without filters, for spectrograms
    short_time_kernels.py  from samples to short-time spectra and back, and what changes spectra between them
    short_time.py     stft, istft, Griffin-Lim, time stretching and the spectral Wiener filter on these kernels
"""
