"""The fast lane: what `dsp` computes frame by frame, compiled for eight frames at a time.

Nothing here defines anything: each function equals a short one of the textbook lane, and a test
says so. To learn how a feature is made, read dsp/*.py; to learn how to make it fast, read on:
`lanes` is the register type, `spectrum` the transform and the logarithm on it.
"""
