"""Readers of matrices in files, written from the formats' definitions; atomic writes; worker processes.

    content            the bytes of a file, the one matrix that is wanted, and what a matrix must be
    numpy_files        .npy, .npz
    parquet            .parquet
    text_tables        .csv, .tsv, .txt, .arff
    matlab, matlab4    .mat: level 5 read and written, level 4 read
    hdf5               .h5, .hdf5, and .mat of version 7.3
    torch_files        .pt, .pth
    htk                HTK parameter files
    kaldi              Kaldi archives, binary, compressed and text, and their indexes (.scp)
    audio_headers      what the first bytes of an audio file say, and whether its end is there
    mp3_frames         the frames of an MP3 file, counted
    reading            regular files only, opened without waiting
    naming             names in one printable line, and the error that says them
    extras             the packages of an extra, or one line that says how to install it
    writing            files that are either there whole or not at all
    compiled           compiled functions, kept on disk
    processes          worker processes that end with their parent
    commands           one line and an exit status for what a command's task raises

A reader takes bytes and returns {name: Stored}; it raises ValueError with the reason alone, and the caller puts
the file's name before it.
"""
