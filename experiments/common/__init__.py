"""Tools for all folders; nothing here knows about experiments.

paths         where the project keeps results, benchmarks and runs; no other module computes such paths
locks         several processes share one job
provenance    the commit, versions and processor behind a number
timing        times programs in turns and stores the ratios
markdown      tables
"""
