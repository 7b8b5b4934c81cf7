"""Matrices in files, read byte by byte from the formats' definitions: what dsp/feature_files.py and trace_files.py use.

    content            the bytes of a file, the one matrix that is wanted, and what a matrix must be
    numpy_and_text     .npy, .npz; .csv, .tsv, .txt
    matlab             .mat, level 5: read and written
    htk                HTK parameter files
    kaldi              Kaldi archives, binary, compressed and text
    naming             names in one printable line, and the error that says them
    writing            files that are there whole or not at all

A reader takes bytes and returns {name: Stored}; it raises ValueError with the reason alone, and the caller puts
the file's name before it.
"""
