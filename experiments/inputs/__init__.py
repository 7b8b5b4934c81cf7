"""The inputs of each network, computed from recordings with `dsp` only.

    recordings     a file as one channel, and the hash of its samples
    dey_emodb      the three inputs of the EMO-DB paper's five networks: mel_2d, mel_segments, windows_1d
    yadav_crnn     the CRNN's log-mel spectrogram, its four augmentations, its z-score
    finch_dycnn    39 feature rows over 3 s, and a z-score per row
    wang_cl        a spectrogram and MFCC of the same 128 frames
    statistics     395 statistics over time of a whole recording's features
    row_scaling    a scale per feature row, fitted on training files
    front_end      FrontEnd: a function from recording to input, and all that its values depend on
    cache          inputs of a whole corpus, computed once and stored

Inputs have a channel axis. Time is the last axis, except in finch_dycnn and wang_cl, where rows are frames. A front end
is a function of one recording. Statistics over recordings (such as a z-score) are fitted on training examples, after
the split, and are never stored with the features.
"""
