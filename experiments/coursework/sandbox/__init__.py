"""How a student's function is run without trusting it.

run       the parent: starts the child, reads what it answers
child     the process that imports the submission and calls the function
limits    what the child may open, use and start
"""
