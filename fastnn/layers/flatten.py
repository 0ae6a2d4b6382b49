"""Samples of any shape as vectors: no numbers move, see ``reshape`` in ``fastnn/ops/shape.py``."""

from __future__ import annotations

from typing import Any

from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.layers.layer import Layer
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product


class Flatten(Layer):
    """Makes a vector of each sample.

    Parameters
    ----------
    data_format : ``"channels_last"``; None is the same. ``"channels_first"`` is not supported.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, a, b, …) → outputs (batch, a · b · …); inputs (batch,) → outputs (batch, 1).

    Raises
    ------
    ArgumentError : for an unknown data format.
    UnsupportedError : for ``"channels_first"``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Flatten
    >>> Flatten()(np.zeros((3, 28, 28))).shape
    (3, 784)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format == "channels_first":
            raise UnsupportedError(
                f"Flatten {self.name!r}: received data_format='channels_first', but fastnn "
                "supports 'channels_last' only. Move the channels of x to the last axis."
            )
        if data_format not in (None, "channels_last"):
            raise ArgumentError(
                f"Flatten {self.name!r}: received data_format={data_format!r}, expected "
                "'channels_last' or None. Leave it out."
            )
        self.data_format = "channels_last"

    def call(self, inputs: Tensor) -> Tensor:
        """(batch, a, b, …) → (batch, a · b · …)."""
        return reshape(inputs, (inputs.shape[0], product(inputs.shape[1:])))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "data_format": self.data_format}
