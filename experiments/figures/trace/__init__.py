"""One recording through a convention, with a figure of every stage.

command    python -m experiments.trace
data       the numbers of the stages
pages      one figure per stage, and one page with all of them
panels     the panels of the figures
"""
