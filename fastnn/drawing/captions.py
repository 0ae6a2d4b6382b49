"""What a drawing says about a layer, how the words are set, and the colours of its role in the
network. They are the drawing's own, whatever style the user has set for plots: the boxes are light
in a dark style too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastnn.errors import StateError
from fastnn.layers.layer import Layer

#: fill and edge by role; light enough for black text
COLOURS = {
    "input": ("#d9ead3", "#5b8c4a"),
    "hidden": ("#cfe2f3", "#3d75a8"),
    "output": ("#fce0c8", "#c4762c"),
    "no weights": ("#efefef", "#8a8a8a"),
}

#: inches between two lines of text of 9 points, and from the middle of a line to its baseline
LINE, _BASELINE = 0.19, 0.045


def write(
    axes: Any, x: float, y: float, text: list[str], upright: bool = False, **how: Any
) -> None:
    """Lines of text round a point, on axes in inches; ``upright``: one line, read from below.

    Each is placed by its baseline; matplotlib would put lines with brackets further apart.
    """
    down = 1.0 if axes.yaxis_inverted() else -1.0
    how = {"ha": "center", "fontsize": 9, "color": "black", "family": "DejaVu Sans", **how}
    if upright:
        how |= {"rotation": 90, "rotation_mode": "anchor"}
    for position, line in enumerate(text):
        offset = LINE * (position - (len(text) - 1) / 2) + _BASELINE
        spot = (x + offset, y) if upright else (x, y + down * offset)
        axes.text(*spot, line, va="baseline", **how)


def roles(layers: list[Layer]) -> dict[int, str]:
    """The role of each layer, by ``id``: the last one with weights is the output."""
    weighted = [layer for layer in layers if layer.count_params()]
    found = {id(layer): "no weights" for layer in layers}
    found.update({id(layer): "hidden" for layer in weighted})
    found.update({id(layer): "output" for layer in weighted[-1:]})
    return found


def activation_name(layer: Layer) -> str:
    """The name of a layer's activation; empty for none and for ``linear``."""
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", type(function).__name__) if function else ""
    return "" if name == "linear" else name


def lines(layer: Layer, shown: Mapping[str, bool]) -> list[str]:
    """The lines in a layer's box."""
    kind = type(layer).__name__
    found = [f"{layer.name} ({kind})" if shown["names"] else kind]
    if shown["activations"] and activation_name(layer):
        found.append(f"activation: {activation_name(layer)}")
    if shown["shapes"]:
        found.append(f"{_shape(layer, 'input_shape')} → {_shape(layer, 'output_shape')}")
    if shown["dtype"]:
        found.append(layer.dtype)
    if shown["trainable"] and layer.count_params():
        found.append("trainable" if layer.trainable else "frozen")
    return found


def _shape(layer: Layer, name: str) -> Any:
    try:
        return getattr(layer, name)
    except StateError:  # never called: a path that is switched off
        return "?"
