"""Samples under another shape: no numbers move, see ``reshape`` in ``fastnn/ops/shape.py``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.layer import Layer
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor


class Reshape(Layer):
    """Gives each sample another shape with as many elements.

    Parameters
    ----------
    target_shape : the sizes of a sample, without the batch; one of them may be -1 and is found.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, …) → outputs (batch, target_shape…).

    Raises
    ------
    ArgumentError : if ``target_shape`` holds anything but positive integers and one -1.
    ShapeError : when called on samples with another number of elements.

    Examples
    --------
    >>> from fastnn.layers import Reshape
    >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]]).tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """

    def __init__(self, target_shape: Sequence[int] | int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        given = [target_shape] if isinstance(target_shape, int) else target_shape
        sizes = tuple(arguments.several("Reshape", "target_shape", given, "integers"))
        whole = all(isinstance(s, int) and not isinstance(s, bool) for s in sizes)
        if not whole or any(s < 1 and s != -1 for s in sizes) or sizes.count(-1) > 1:
            raise ArgumentError(
                f"Reshape {self.name!r}: received target_shape={target_shape!r}, expected positive "
                "integers, one of which may be -1. Leave out the batch."
            )
        self.target_shape: tuple[int, ...] = sizes

    def call(self, inputs: Tensor) -> Tensor:
        """(batch, …) → (batch, target_shape…)."""
        sizes = [size for size in inputs.shape[1:] if isinstance(size, int)]
        total, known = math.prod(sizes), math.prod(s for s in self.target_shape if s != -1)
        found = tuple(total // known if size == -1 else size for size in self.target_shape)
        if math.prod(found) != total:
            raise ShapeError(
                f"Reshape {self.name!r}: received samples of shape {tuple(sizes)}, which have "
                f"{total} elements, expected {'a multiple of ' if -1 in self.target_shape else ''}"
                f"{known} for target_shape={self.target_shape}. Change one of the two."
            )
        return reshape(inputs, (inputs.shape[0], *found))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "target_shape": list(self.target_shape)}
