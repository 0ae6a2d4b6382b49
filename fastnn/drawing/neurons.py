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
# Inches between neurons, between layers, and the radius of a neuron
_STEP, _GAP, _RADIUS = 0.5, 1.9, 0.16


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
        notes[0].append(f"size {counts[0]}")
    along = _GAP * (len(counts) - 1)
    across = _STEP * (max(counts) - 1)
    room = 0.2 * max(len(note) + 1 for note in notes) + 0.35  # for the captions below or beside
    aside = 0.09 * max(6, *(len(line) for note in notes for line in note))
    if rankdir == "LR":
        width, height = along + 1.6, across + room + 0.6
    else:
        width, height = across + 1.1 + aside, along + 1.0
    figure = Figure(figsize=(width, height))
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")

    def place(layer: int, neuron: int) -> tuple[float, float]:
        off = _STEP * ((counts[layer] - 1) / 2 - neuron)
        if rankdir == "LR":
            return 0.8 + _GAP * layer, 0.3 + room + across / 2 + off
        return 0.5 + across / 2 - off, height - 0.5 - _GAP * layer

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
        text = "\n".join([role, *notes[layer]])
        if rankdir == "LR":
            axes.text(place(layer, 0)[0], room, text, ha="center", va="top", fontsize=9)
        else:
            axes.text(0.85 + across, place(layer, 0)[1], text, ha="left", va="center", fontsize=9)
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
