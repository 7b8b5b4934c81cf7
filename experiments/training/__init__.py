"""From inputs to a trained network and its stored scores; one pipeline for all papers.

loop          epochs, early stopping, checkpoints; a resumed run ends in the same bits
optimizers    MATLAB's and Keras' update rules
runner        every seed and split of a protocol: train, score, keep
run_folder    what one run leaves behind, and how a command ends
cli           the options that the papers' commands share
"""
