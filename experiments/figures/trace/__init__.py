"""One recording through a convention, every stage drawn.

command    python -m experiments.trace
data       the stages' numbers
pages      one figure per stage, and all of them on one page
panels     what stands in a figure
"""
