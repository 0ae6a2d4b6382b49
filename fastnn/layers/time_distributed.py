"""A layer applied to every step of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn.errors import ShapeError
from fastnn.layers.input_spec import shown
from fastnn.layers.layer import Layer
from fastnn.layers.wrapper import Wrapper
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product


class TimeDistributed(Wrapper):
    """Applies a layer to every step of a sequence, with the same weights.

    y[i, t] = layer(x[i, t])

    Parameters
    ----------
    layer : the layer; its input is one step.
    name, dtype, trainable, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, steps, …) → outputs (batch, steps, …).

    Raises
    ------
    ArgumentError : if ``layer`` is no layer.
    ShapeError : when called on inputs of fewer than three axes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Dense, TimeDistributed
    >>> TimeDistributed(Dense(8))(np.zeros((2, 10, 16))).shape
    (2, 10, 8)

    Notes
    -----
    All steps of a batch go through the layer as one batch of batch · steps rows. Differs from Keras
    for a layer that mixes the rows of a batch (BatchNormalization): its statistics are those of all
    steps together.
    """

    _hands_masks_on = True

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def _step_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        """The shape of a step, batch first."""
        if len(shape) < 3:
            raise ShapeError(
                f"TimeDistributed {self.name!r}: received inputs of shape {shown(shape)}, expected "
                "at least three axes (batch, steps, features). Reshape x to (batch, steps, 1) for "
                "steps of one number, or use the layer itself."
            )
        return (shape[0], *shape[2:])

    def build(self, input_shape: Any) -> None:
        """Build the layer for one step."""
        super().build(self._step_shape(input_shape))

    def call(self, inputs: Tensor, training: bool = False, mask: Any = None) -> Any:
        """The layer on every step."""
        self._step_shape(inputs.shape)
        rows = product(inputs.shape[:2])
        steps = reshape(inputs, (rows, *inputs.shape[2:]))
        if mask is not None and self.layer._call_has_mask:
            steps.mask = reshape(mask, (rows,))
        output = self.layer(steps, training=training)
        return reshape(output, (*inputs.shape[:2], *output.shape[1:]))
