"""Eight short labs, from framing to why splits matter, each ending in a check: begin with lab_1."""
