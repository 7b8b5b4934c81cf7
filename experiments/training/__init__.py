"""From network inputs to a trained network and stored scores; one pipeline for all papers.

loop          epochs, early stopping, checkpoints; a resumed run ends in the same bits
optimizers    MATLAB's and Keras' update rules
runner        trains, scores and stores each seed and split of a protocol
run_folder    the files of one run, and the exit status of a command
scheduling    the runs of a command on other processors: --shard, --scheduler
cli           the options that the papers' commands share
"""
