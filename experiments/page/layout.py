"""How parts stand on the page: below each other, and side by side as far as the window is wide."""

import panel as pn

STRETCH = {"sizing_mode": "stretch_width"}


def part(*items, **options):
    """Items below each other, as wide as the page."""
    return pn.Column(*(_stretched(item) for item in items), **STRETCH, **options)


def columns(*items):
    """Items side by side, each at least 300 pixels wide; one below the other on a phone."""
    for item in items:
        item.sizing_mode = "stretch_width"
        item.styles = {"flex": "1 1 380px", "min-width": "min(100%, 300px)", "max-width": "100%"}
    return pn.FlexBox(*items, flex_direction="row", flex_wrap="wrap", gap="6px", **STRETCH)


def _stretched(item):
    if getattr(item, "sizing_mode", None) is None:
        item.sizing_mode = "stretch_width"
    return item
