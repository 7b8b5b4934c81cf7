"""One page in the browser for all three users: explore a convention, verify features, recognize emotions, read results.

    python -m experiments.page

Reading order: core/ (what is computed, without any page), then uploads (files of visitors), workers (heavy work in
bounded processes), receiver (the address that takes files), session (what one visitor owns), widgets (native controls,
with their JavaScript in js/), figures (pictures that redraw by data), tabs/ (one file per tab), page, command.
In a notebook: `from experiments.page.tabs.explore import explorer`.
"""
