"""A trace as figures: one per stage of the pipeline, and one page with all of them."""

import textwrap
from pathlib import Path

from experiments.figures import matlab
from experiments.figures.trace import panels
from experiments.figures.trace.data import Traced

STAGES = {  # file name: the step that must be there, and the panels
    "01_waveform": ("signal", [panels.waveform]),
    "02_preemphasis": ("preemphasis", [panels.preemphasis]),
    "03_frames": ("frames", [panels.frames]),
    "04_window": ("window", [panels.window, panels.window_spectrum]),
    "05_spectrum": ("spectrum", [panels.frame_spectrum, panels.spectrogram]),
    "06_filterbank": ("filterbank", [panels.filterbank_hz, panels.filterbank_mel]),
    "07_log_mel": ("log_mel", [panels.log_mel]),
    "08_dct": ("cepstrum", [panels.dct_basis]),
    "09_mfcc": ("mfcc", [panels.mfcc]),
    "10_deltas": ("deltas", [panels.deltas]),
    "11_envelope": ("cepstrum", [panels.envelope]),
}
MAX_COLUMNS = 4  # of the page


def stages_of(t: Traced) -> dict[str, list]:
    """The stages that the convention has: {file name: panels}."""
    there = set(t.steps) | ({"preemphasis"} if t.convention.preemphasis else set())
    return {stage: drawn for stage, (step, drawn) in STAGES.items() if step in there}


def draw(out: Path, t: Traced) -> list[Path]:
    """Draws <stage>.png for every stage that the convention has, and pipeline.png; returns their paths.

    Checked: tests/test_trace_shows_every_stage.py
    """
    paths = []
    for stage, drawn in stages_of(t).items():
        size = (8.5 if len(drawn) == 1 else 13, 4.8)
        figure, axes = matlab.plt.subplots(1, len(drawn), figsize=size, squeeze=False, layout="constrained")
        for panel, where in zip(drawn, axes[0], strict=True):
            panel(where, t)
        figure.suptitle(f"{stage.replace('_', ' ')}: {t.name}, {t.title}", size=10, color="0.35")
        paths.append(out / f"{stage}.png")
        matlab.save(figure, paths[-1])
    paths.append(out / "pipeline.png")
    matlab.save(page(t), paths[-1])
    return paths


def page(t: Traced):
    """All panels on one sheet, in the order of the pipeline; a matplotlib figure.

    Every row is filled from edge to edge. A title has the number of its stage; the panels of a stage that has two
    are 4a and 4b.

    Checked: tests/test_trace_shows_every_stage.py
    """
    drawn = [
        (f"{int(stage[:2])}{'ab'[k] if len(panels_of) > 1 else ''}", panel)
        for stage, panels_of in stages_of(t).items()
        for k, panel in enumerate(panels_of)
    ]
    rows = filled_rows(len(drawn))
    remaining = iter(drawn)
    with matlab.plt.rc_context({"font.size": 8, "axes.titlesize": 9, "axes.titlelocation": "left"}):
        figure = matlab.plt.figure(figsize=(18, 3.4 * len(rows) + 0.5), layout="constrained")
        for row, n_panels in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows, strict=True):
            for axes in row.subplots(1, n_panels, squeeze=False)[0]:
                number, panel = next(remaining)
                panel(axes, t)
                title = f"{number}  {axes.get_title('left') or axes.get_title()}"
                axes.set_title("\n".join(textwrap.wrap(title, 180 // n_panels)))
        figure.suptitle(f"{t.name} ({t.convention.tool}): {t.title}", size=12)
    return figure


def filled_rows(n_panels: int) -> list[int]:
    """How many panels each row of the page has: at most four, and as equal as possible, the longer rows first."""
    n_rows = -(-n_panels // MAX_COLUMNS)
    return [n_panels // n_rows + (row < n_panels % n_rows) for row in range(n_rows)]
