"""A fixed linear map of the inputs, such as from [0, 255] to [0, 1]."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.layer import Layer
from fastnn.ops.elementwise import binary, scale, vector
from fastnn.program.tensor import Tensor

Factor = float | list[float]


class Rescaling(Layer):
    """Multiplies the inputs and adds to them.

    y = scale · x + offset

    Parameters
    ----------
    scale : a number, or one number per channel (the last axis).
    offset : likewise; 0 by default.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``scale`` or ``offset`` is neither a finite number nor a vector of them.
    ShapeError : when called on inputs whose last axis has another size than a vector's.

    Examples
    --------
    >>> from fastnn.layers import Rescaling
    >>> Rescaling(1 / 255)([[0.0, 51.0, 255.0]]).round(3).tolist()
    [[0.0, 0.20000000298023224, 1.0]]
    """

    _hands_masks_on = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale: Factor = self._factor("scale", scale)
        self.offset: Factor = self._factor("offset", offset)

    def _factor(self, name: str, value: Any) -> Factor:
        """A number or a list of numbers, as plain data."""
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            array = np.array(math.nan)
        if array.ndim > 1 or array.size == 0 or not np.isfinite(array).all():
            raise ArgumentError(
                f"Rescaling {self.name!r}: received {name}={value!r}, expected a finite number or "
                "a vector of one number per channel. Pass 1 / 255, for example."
            )
        factor: Factor = array.tolist()
        return factor

    def call(self, inputs: Tensor) -> Tensor:
        """scale · inputs + offset."""
        if isinstance(self.scale, float) and isinstance(self.offset, float):
            return scale(inputs, self.scale, self.offset)
        for name, factor in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(factor, list) and len(factor) not in (1, inputs.shape[-1]):
                raise ShapeError(
                    f"Rescaling {self.name!r}: {name} has {len(factor)} numbers, but the last "
                    f"axis of the inputs has size {inputs.shape[-1]}. Give one number per "
                    "channel, or one number."
                )
        product = binary(inputs, vector(self.scale, inputs.dtype), function="multiply")
        return binary(product, vector(self.offset, inputs.dtype), function="add")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
