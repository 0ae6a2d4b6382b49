"""A layer that hands its input on."""

from __future__ import annotations

from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class Identity(Layer):
    """Hands its input on as it is; a placeholder, or a shortcut.

    y = x

    Parameters
    ----------
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Examples
    --------
    >>> from fastnn.layers import Identity
    >>> Identity()([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    _hands_masks_on = True

    def call(self, inputs: Tensor) -> Tensor:
        """The input itself."""
        return inputs
