"""What a drawing says about a layer, and the colours of its role in the network."""

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
