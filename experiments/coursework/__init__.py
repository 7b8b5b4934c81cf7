"""Eight short labs, from framing to why splits matter, each ending in a check. Begin with lab_1_framing_and_windows.py."""
