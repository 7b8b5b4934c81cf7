"""What the doctor knows of tools, and how it says it.

phrases        the parameters of a convention in plain words
known_issues   issues of tools that no parameter expresses, with their sources
preset_diff    two conventions compared: sentences and measured effects
probe_signals  for every parameter a signal that shows it
common_values  customary values, which the search tries first
resamplers     the filters of tools that resample
"""
