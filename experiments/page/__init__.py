"""One page in the browser for all three users: explore a convention, verify features, recognize emotions, read results.

    python -m experiments.page

Reading order: core/ (what is computed, without any page), then uploads (files of visitors), workers (heavy work in
bounded processes), receiver (the address that takes files), session (what one visitor owns), widgets (native controls,
with their JavaScript in js/), figures (pictures that redraw by data), tabs/ (one file per tab), page, command.
In a notebook, the same explorer without a server: `from experiments.page.tabs.explore import explorer`, then
`explorer()`, or `explorer(signal, sample_rate, "htk")` as the last line of a cell.
"""
