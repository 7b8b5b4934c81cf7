"""What every room uses and what knows nothing of experiments: paths, locks, provenance, timing, Markdown.

paths         where the project keeps results, benchmarks and runs; computed here and nowhere else
locks         several processes on one job
provenance    the commit, versions and processor behind a number
timing        one program timed against another in turns, and how it is stored
markdown      tables
"""
