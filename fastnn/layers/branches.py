"""Blocks with more than one path, so that a ``Sequential`` can hold skip connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.errors import ArgumentError
from fastnn.layers.concatenate import Concatenate
from fastnn.layers.layer import Layer
from fastnn.layers.merging import Add
from fastnn.program.tensor import Tensor

Chain = list[Layer]


class Residual(Layer):
    """A chain of layers and a shortcut round it.

    y = merge([layers(x), shortcut(x)])

    Parameters
    ----------
    layers : a layer, or a list of layers applied one after another.
    merge : a layer that takes the two results as a list; ``Add()`` by default.
    shortcut : a layer or a list of layers on the way round, for example a ``Dense`` that brings x
        to the size of the main path; x itself by default.
    name, dtype, trainable, … : see ``Layer``.

    Raises
    ------
    ArgumentError : for anything but layers, or two layers of one name in a path.
    ShapeError : if the two results cannot be merged.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.layers import Dense, Residual
    >>> block = Residual([Dense(8, "relu"), Dense(4)])
    >>> model = fastnn.Sequential([fastnn.Input((4,)), block, Dense(1)])
    >>> model.output_shape, block.count_params()
    ((None, 1), 76)

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

    Notes
    -----
    fastnn's own: Keras needs the functional API for it.
    """

    _hands_masks_on = True

    def __init__(
        self,
        layers: Layer | Sequence[Layer],
        merge: Layer | None = None,
        shortcut: Layer | Sequence[Layer] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = f"Residual {self.name!r}"
        self.layers: Chain = chain_of(layers, owner, "layers")
        self.merge: Layer = merging_layer(merge, Add, owner)
        self.shortcut: Chain = [] if shortcut is None else chain_of(shortcut, owner, "shortcut")

    def _sublayers(self) -> list[tuple[str, Layer]]:
        return [
            *((layer.name, layer) for layer in self.layers),
            *((f"shortcut/{layer.name}", layer) for layer in self.shortcut),
            ("merge", self.merge),
        ]

    def _inside(self) -> list[tuple[str, Layer]]:
        return [*_labelled("main", self.layers), *_labelled("shortcut", self.shortcut)]

    def call(self, inputs: Tensor) -> Any:
        """merge([layers(x), shortcut(x)])."""
        return self.merge([run_chain(self.layers, inputs), run_chain(self.shortcut, inputs)])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: the mask is what the layers inside made of it."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "layers": chain_config(self.layers),
            "merge": chain_config([self.merge])[0],
            "shortcut": chain_config(self.shortcut) or None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new block from what ``get_config`` returned."""
        return cls(**_with_layers(config, ("layers", "merge", "shortcut")))


class Parallel(Layer):
    """Several branches side by side, and a layer that merges their results.

    y = merge([branch(x) for each branch])

    Parameters
    ----------
    branches : a list; each item is a layer or a list of layers applied one after another. An empty
        list hands x on.
    merge : a layer that takes the results as a list; ``Concatenate()`` by default.
    name, dtype, trainable, … : see ``Layer``.

    Raises
    ------
    ArgumentError : for anything but layers, no branch, or two layers of one name in a branch.
    ShapeError : if the results cannot be merged.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Dense, Parallel
    >>> wide_and_deep = Parallel([[], [Dense(8, "relu"), Dense(3)]])
    >>> wide_and_deep(np.zeros((2, 5))).shape
    (2, 8)

    Notes
    -----
    fastnn's own: Keras needs the functional API for it.
    """

    _hands_masks_on = True

    def __init__(
        self,
        branches: Sequence[Layer | Sequence[Layer]],
        merge: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = f"Parallel {self.name!r}"
        if isinstance(branches, Layer) or not isinstance(branches, (list, tuple)) or not branches:
            raise ArgumentError(
                f"{owner}: received {branches!r} as branches, expected a list of at least one "
                "layer or list of layers. Pass Parallel([Dense(4), [Dense(8), Dense(4)]])."
            )
        self.branches: list[Chain] = [
            chain_of(branch, owner, f"branches[{number}]") for number, branch in enumerate(branches)
        ]
        self.merge: Layer = merging_layer(merge, Concatenate, owner)

    def _sublayers(self) -> list[tuple[str, Layer]]:
        named = [
            (f"{number}/{layer.name}", layer)
            for number, branch in enumerate(self.branches)
            for layer in branch
        ]
        return [*named, ("merge", self.merge)]

    def _inside(self) -> list[tuple[str, Layer]]:
        return [
            item
            for number, branch in enumerate(self.branches)
            for item in _labelled(str(number), branch)
        ]

    def call(self, inputs: Tensor) -> Any:
        """merge([branch(x) for each branch])."""
        return self.merge([run_chain(branch, inputs) for branch in self.branches])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: the mask is what the layers inside made of it."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "branches": [chain_config(branch) for branch in self.branches],
            "merge": chain_config([self.merge])[0],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new block from what ``get_config`` returned."""
        return cls(**_with_layers(config, ("branches", "merge")))


def chain_of(layers: Any, owner: str, argument: str) -> Chain:
    """A layer or a list of layers as a list; names in it are unique, for they are keys in files."""
    chain = [layers] if isinstance(layers, Layer) else layers
    if not isinstance(chain, (list, tuple)) or not all(isinstance(x, Layer) for x in chain):
        raise ArgumentError(
            f"{owner}: received {argument}={layers!r}, expected a layer or a list of layers. "
            "Layers stand in fastnn.layers; write a pair of parentheses behind a class."
        )
    names = [layer.name for layer in chain]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(
                f"{owner}: two layers in {argument} are called {name!r}. Give one of them another "
                "name=."
            )
    return list(chain)


def merging_layer(merge: Any, default: type[Layer], owner: str) -> Layer:
    """The layer that merges: the one given, or a new one of the default class."""
    if merge is None:
        return default()
    if isinstance(merge, Layer):
        return merge
    raise ArgumentError(
        f"{owner}: received merge={merge!r}, expected a layer that takes a list. Pass "
        "fastnn.layers.Add() or Concatenate(), for example."
    )


def run_chain(chain: Chain, x: Any) -> Any:
    """The layers applied one after another."""
    for layer in chain:
        x = layer(x)
    return x


def chain_config(chain: Chain) -> list[dict[str, Any]]:
    """The configurations of layers."""
    from fastnn import layers

    return [layers.serialize(layer) for layer in chain]


def _labelled(label: str, chain: Chain) -> list[tuple[str, Layer]]:
    """Layers with what a summary calls their path."""
    return [(label, layer) for layer in chain]


def _with_layers(config: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """A configuration with layers in place of their configurations."""
    from fastnn import layers

    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [made(item) for item in value]
        return None if value is None else layers.deserialize(value)

    return {**config, **{key: made(config[key]) for key in keys if key in config}}
