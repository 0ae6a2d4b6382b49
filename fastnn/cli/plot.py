"""The picture of a training run that ``fastnn train --plot`` writes: one panel for the loss and one
for the accuracy, over the epochs. Matplotlib is imported only here, and only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_COLOURS = {"training": "#1f77b4", "validation": "#d62728"}


def save_plot(
    history: Mapping[str, Sequence[float]], epochs: Sequence[int], path: str, title: str
) -> None:
    """Draw the curves of a History; ``epochs`` are counted from 0 and shown from 1."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels = [name for name in history if not name.startswith("val_")]
    figure = Figure(figsize=(5.2 * len(panels), 4.0), layout="constrained")
    figure.suptitle(title)
    for position, name in enumerate(panels, start=1):
        axes: Any = figure.add_subplot(1, len(panels), position)
        for label, key in (("training", name), ("validation", f"val_{name}")):
            if key in history:
                numbers = [epoch + 1 for epoch in epochs[: len(history[key])]]
                marker = "o" if len(numbers) <= 30 else None
                axes.plot(
                    numbers, history[key], color=_COLOURS[label], label=label, marker=marker, ms=3
                )
        axes.set_xlabel("epoch")
        axes.set_ylabel(name.replace("_", " "))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)
