"""Marking the padded steps of sequences."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, ops
from fastnn.layers.input_spec import InputSpec
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class Masking(Layer):
    """Marks the steps whose features all have one value as padding, and sets them to 0.

    mask[i, t] = any_j x[i, t, j] ≠ mask_value, y = x where mask else 0

    Layers hand the mask on; the loss and the metrics leave the steps out that it marks.

    Parameters
    ----------
    mask_value : the value of padding.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs, (batch, steps, …, features); the mask lacks the last
    axis.

    Raises
    ------
    ArgumentError : if ``mask_value`` is not a finite number.
    ShapeError : when called on inputs of one axis.

    Examples
    --------
    >>> from fastnn.layers import Masking
    >>> Masking(mask_value=-1.0)([[[1.0, -1.0], [-1.0, -1.0]]]).tolist()
    [[[1.0, -1.0], [0.0, 0.0]]]
    """

    makes_mask = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value: float = arguments.number(
            "Masking", "mask_value", mask_value, "(-inf, inf)"
        )
        self.input_spec: InputSpec | None = InputSpec(min_ndim=2)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """1 for steps that count, 0 for padding."""
        return ops.max(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, with padding set to 0."""
        counts = ops.max(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        made: Tensor = ops.where(counts, inputs, 0.0)
        return made

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "mask_value": self.mask_value}
