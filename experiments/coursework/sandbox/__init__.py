"""Runs a student's function without trusting it.

run       the parent: starts the child and reads its answers
child     the process that imports the submission and calls the function
limits    what the child may open, use and start
"""
