"""A small dense network as circles: one per neuron, a line for each weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastnn.drawing import captions
from fastnn.layers.dense import Dense

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

#: the widest layer that is drawn neuron by neuron
LARGEST = 16
# Inches between neurons, between layers, the radius of a neuron, and from the middle of the first
# one to the edge of the picture
_STEP, _GAP, _RADIUS, _EDGE = 0.5, 1.9, 0.16, 0.36


def sizes(model: Sequential) -> list[int] | None:
    """Numbers of neurons, input first; None if the model is not a chain of small dense layers."""
    if not isinstance(model.input_shape, tuple) or len(model.input_shape) != 2:
        return None
    found = [int(model.input_shape[1] or 0)]
    for layer in model.layers:
        if isinstance(layer, Dense):
            found.append(layer.units)
        elif layer.count_params() or layer._inside() or layer.output_shape != layer.input_shape:
            return None
    return found if len(found) > 1 and max(found) <= LARGEST else None


def draw(model: Sequential, counts: list[int], rankdir: str, shown: Mapping[str, bool]) -> Any:
    """The figure of a network whose layers have these numbers of neurons."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Circle

    notes = _notes(model, shown)
    roles = ["input", *["hidden"] * (len(counts) - 2), "output"]
    if shown["shapes"]:
        notes[0].insert(0, f"size {counts[0]}")
    deepest = captions.LINE * max(len(note) + 1 for note in notes)  # of the captions
    longest = 0.085 * max(6, *(len(line) for note in notes for line in note))
    gap = max(_GAP, longest + 0.2) if rankdir == "LR" else _GAP
    along, across = gap * (len(counts) - 1), _STEP * (max(counts) - 1)
    if rankdir == "LR":
        before, below = max(_EDGE, longest / 2 + 0.1), _EDGE + deepest  # the captions stand below
        width, height = along + 2 * before, _EDGE + across + below
    else:
        before = max(_EDGE, deepest / 2 + 0.1)
        width, height = 2 * _EDGE + across + 0.2 + longest, along + 2 * before
    figure = Figure(figsize=(width, height), facecolor="white")
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")

    def place(layer: int, neuron: int) -> tuple[float, float]:
        off = _STEP * ((counts[layer] - 1) / 2 - neuron)
        if rankdir == "LR":
            return before + gap * layer, below + across / 2 + off
        return _EDGE + across / 2 - off, height - before - gap * layer

    for layer in range(1, len(counts)):
        for i in range(counts[layer - 1]):
            for j in range(counts[layer]):
                (x0, y0), (x1, y1) = place(layer - 1, i), place(layer, j)
                axes.plot([x0, x1], [y0, y1], color="#9a9a9a", lw=0.6, zorder=1)
    for layer, role in enumerate(roles):
        fill, edge = captions.COLOURS[role]
        for neuron in range(counts[layer]):
            spot = place(layer, neuron)
            axes.add_patch(Circle(spot, _RADIUS, facecolor=fill, edgecolor=edge, lw=1.4, zorder=2))
        text, (x, y) = [role, *notes[layer]], place(layer, 0)
        if rankdir == "LR":
            captions.write(axes, x, below - _EDGE - captions.LINE * len(text) / 2 + 0.1, text)
        else:
            captions.write(axes, _EDGE + across + 0.4, y, text, ha="left")
    return figure


def _notes(model: Sequential, shown: Mapping[str, bool]) -> list[list[str]]:
    """What stands beside each layer of neurons; layers without any are named there."""
    notes: list[list[str]] = [[]]
    for layer in model.layers:
        if isinstance(layer, Dense):
            notes.append(_about(layer, shown))
        else:
            notes[-1].append(f"+ {type(layer).__name__}")
    return notes


def _about(layer: Dense, shown: Mapping[str, bool]) -> list[str]:
    found = [layer.name] if shown["names"] else []
    name: str = captions.activation_name(layer)
    if name:
        found.append(name)
    if shown["shapes"]:
        found.append(f"size {layer.units}")
    if shown["dtype"]:
        found.append(layer.dtype)
    if shown["trainable"]:
        found.append("trainable" if layer.trainable else "frozen")
    return found
