"""What each network sees: recordings in, arrays out, made with `dsp` alone.

    recordings     a file as one channel, and the hash of its samples
    dey_emodb      the three inputs of the EMO-DB paper's five networks: mel_2d, mel_segments, windows_1d
    yadav_crnn     the CRNN's log-mel spectrogram, its four augmentations, its z-score
    finch_dycnn    39 rows of features over 3 s, and their z-score row by row
    wang_cl        a spectrogram and MFCC of 128 frames side by side
    front_end      FrontEnd: a function from recording to input, with what its numbers depend on
    cache          inputs of a whole corpus, computed once and kept

A network's input carries its channel axis; time is the last axis, but the first one of finch_dycnn's and wang_cl's
images, whose rows are frames. What a front end computes is a
function of one recording alone. Statistics over recordings (a z-score) are fitted on training examples,
after the split, and are never kept with the features.
"""
