"""Softmax as a layer of its own. The function is in ``fastnn/ops/public_along.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import activations
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class Softmax(Layer):
    """Exponentials that sum to 1 along an axis.

    y_j = e^(x_j) / Σ_k e^(x_k)

    Parameters
    ----------
    axis : along which, the last one by default; not the batch. A list of one axis is understood.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    UnsupportedError : for several axes, for the batch axis, and for a call with a mask of elements
        (Keras: such elements become 0).
    ArgumentError : if ``axis`` is not an integer.

    Examples
    --------
    >>> from fastnn.layers import Softmax
    >>> Softmax()([[0.0, 0.0], [1e4, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    """

    _hands_masks_on = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        given = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        if len(given) != 1:
            raise UnsupportedError(
                f"Softmax: received axis={axis!r}, but fastnn computes softmax along one axis. "
                "Reshape the inputs so that these axes are one, and reshape the outputs back."
            )
        if isinstance(given[0], bool) or not isinstance(given[0], int):
            raise ArgumentError(
                f"Softmax: received axis={axis!r}, expected an integer. Pass axis=-1, for example."
            )
        self.axis: int = given[0]

    def call(self, inputs: Tensor) -> Tensor:
        """softmax(inputs)."""
        output: Tensor = activations.softmax(inputs, self.axis)
        return output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
