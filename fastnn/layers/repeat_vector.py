"""A vector as a sequence of equal steps."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, ops
from fastnn.layers.input_spec import InputSpec
from fastnn.layers.layer import Layer
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor


class RepeatVector(Layer):
    """Repeats each sample n times.

    y[i, t] = x[i] for t in 0 … n - 1

    Parameters
    ----------
    n : how often, positive.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, features) → outputs (batch, n, features).

    Raises
    ------
    ArgumentError : if ``n`` is not a positive integer.
    ShapeError : when called on inputs of other than two axes.

    Examples
    --------
    >>> from fastnn.layers import RepeatVector
    >>> RepeatVector(2)([[1.0, 2.0]]).tolist()
    [[[1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n: int = arguments.integer("RepeatVector", "n", n, 1)
        self.input_spec: InputSpec | None = InputSpec(ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        """(batch, features) → (batch, n, features)."""
        step = reshape(inputs, (inputs.shape[0], 1, inputs.shape[1]))
        made: Tensor = ops.repeat(step, self.n, axis=1)
        return made

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "n": self.n}
