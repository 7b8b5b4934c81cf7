"""From predictions to the tables: scores, stored results, paired comparisons.

metrics        accuracy, unweighted average recall, intervals; all of them from confusion matrices
results        one home for every run: experiments/results/
comparisons    two systems on the same files
tables         the tables of results, written from what is stored
"""
