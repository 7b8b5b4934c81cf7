"""One recording through a convention, with a figure of every stage.

command    python -m experiments.trace
data       the numbers of the stages
resynthesis  what mel bands or cepstra still hold, as a sound
pages      one figure per stage, and one page with all of them
panels     the panels of the figures
"""
