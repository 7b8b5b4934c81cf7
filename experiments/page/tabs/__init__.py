"""The tabs of the page, one file each: they turn what core/ computes into what is seen, and nothing else."""
