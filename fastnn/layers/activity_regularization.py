"""A layer that changes nothing and adds a penalty on what passes through it to the loss."""

from __future__ import annotations

from typing import Any

from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor
from fastnn.regularizers import L1L2


class ActivityRegularization(Layer):
    """Adds (l1 · Σ|x| + l2 · Σ x²) / n to the loss, n the rows of the batch; passes x on.

    Parameters
    ----------
    l1, l2 : factors ≥ 0, 0 by default.
    name, dtype, input_shape : see ``Layer``.

    Raises
    ------
    ArgumentError : if a factor is negative or not finite.

    Examples
    --------
    >>> from fastnn.layers import ActivityRegularization
    >>> ActivityRegularization(l2=0.1)([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        regularizer = L1L2(l1=l1, l2=l2)
        super().__init__(activity_regularizer=regularizer, **kwargs)
        self.l1: float = regularizer.l1
        self.l2: float = regularizer.l2

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
