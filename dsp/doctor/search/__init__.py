"""The search for the convention behind a matrix. In the order in which identify uses the files:

    interpretations        what the matrix may be: which axis is time, whether it holds logarithms or deltas
    sparse_filters         mel filters without their zeros
    stage_cache            features of one clip under many conventions, every stage computed once
    deadline               when the search must stop: work is counted
    changes                what pipelines do to the signal before a convention, and to the frames after it
    undone                 the search for such a change
    resampled              the search for a signal at another rate, and for the tool that resampled it
    pooled                 vectors: statistics of features over time
    row_groups             several features one above the other, and statistics of them
    scheduler              in which order initial guesses are searched
    initial_guesses        where the search begins: presets, on their own frames or on others
    frame_grids            frame lengths and hops that give a number of frames
    guesses                from all guesses to the best outcome
    search                 from a guess to the nearest shape, then to the nearest values
    coordinate_descent     the descent that makes one move, or several together, per round
    trials                 a convention after a move
    moves                  what the descent tries
    joint_moves            which moves are predicted to help together
    band_edges             the frequency range of the filters, to the hertz
    gain_and_offset        what explains gains and offsets of rows
    residuals              how far one matrix is from another
    verdict                whether a convention explains the matrix, and what rounding may change
    identifiability        what the clip does not show, and the simplest of equivalent conventions
    dither_and_resampling  causes that no convention reproduces

Thresholds stand at the top of the file that uses them, each with its reason. "By trial" means that a value was set
while watching how many random conventions `python -m tests.measure_doctor` finds; no experiment isolates it.
"""
