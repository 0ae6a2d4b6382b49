"""A layer that holds a layer."""

from __future__ import annotations

from typing import Any

from fastnn.errors import ArgumentError
from fastnn.layers.layer import Layer


class Wrapper(Layer):
    """Base class of layers that wrap one layer: holds it, builds it, saves it.

    Parameters
    ----------
    layer : the layer.
    name, dtype, trainable, … : see ``Layer``.

    Raises
    ------
    ArgumentError : if ``layer`` is no layer.

    Examples
    --------
    >>> from fastnn.layers import Dense, Wrapper
    >>> class Twice(Wrapper):
    ...     def call(self, inputs):
    ...         return self.layer(self.layer(inputs))
    >>> layer = Twice(Dense(2, kernel_initializer="ones"))
    >>> layer([[1.0, 2.0]]).tolist(), layer.count_params()
    ([[6.0, 6.0]], 6)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}: received layer={layer!r}, expected a layer. "
                "Pass fastnn.layers.Dense(8), for example."
            )
        self.layer: Layer = layer

    def _inside(self) -> list[tuple[str, Layer]]:
        return [("layer", self.layer)]

    def build(self, input_shape: Any) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        from fastnn import layers

        return {**super().get_config(), "layer": layers.serialize(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new layer from what ``get_config`` returned."""
        from fastnn import layers

        return cls(**{**config, "layer": layers.deserialize(config["layer"])})
