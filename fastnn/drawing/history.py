"""The curves of a training: a panel for each quantity, over the epochs. ``History.plot``,
``callbacks.PlotHistory`` and ``fastnn train --plot`` draw with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

#: colour and line; they differ in grey, and to the colour-blind, too
_LOOK = {"training": ("#1f77b4", "-"), "validation": ("#e06000", "--")}
_COLUMNS = 3  # panels beside each other
_MARKED = 30  # with more epochs the markers would hide the curve

Curves = Mapping[str, tuple[Sequence[int], Sequence[float]]]


def draw(curves: Curves, title: str = "") -> Any:
    """The figure for curves by name, each its epochs (from 0, shown from 1) and its values."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels = list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    columns = 2 if len(panels) == 4 else min(_COLUMNS, max(1, len(panels)))
    rows = max(1, math.ceil(len(panels) / columns))
    figure = Figure(figsize=(5.2 * columns, 0.5 + 3.6 * rows), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.12, h_pad=0.1)
    if title:
        figure.suptitle(title, wrap=True)
    for position, name in enumerate(panels, start=1):
        axes: Any = figure.add_subplot(rows, columns, position)
        shown = []
        for label, key in (("training", name), ("validation", f"val_{name}")):
            if key not in curves:
                continue
            epochs, values = curves[key]
            colour, line = _LOOK[label]
            marker = "o" if len(epochs) <= _MARKED else None
            numbers = [epoch + 1 for epoch in epochs]
            axes.plot(numbers, values, line, color=colour, label=label, marker=marker, ms=3.5)
            shown += numbers
        space = max(0.5, 0.03 * (shown[-1] - shown[0]))
        axes.set_xlim(min(shown) - space, max(shown) + space)
        axes.set_xlabel("epoch")
        axes.set_ylabel(name.replace("_", " "))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
        axes.grid(alpha=0.3)
        if name != "learning_rate":
            axes.legend()
    return figure
