"""An activation function as a layer of its own. The functions are in ``fastnn/activations.py``."""

from __future__ import annotations

from typing import Any

from fastnn import activations
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class Activation(Layer):
    """Applies an activation function.

    y = activation(x)

    Parameters
    ----------
    activation : the name of a function of ``fastnn.activations`` (``"relu"``, ``"gelu"``, …) or a
        function of a tensor written in ``fastnn.ops``.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : for an unknown name.

    Examples
    --------
    >>> from fastnn.layers import Activation
    >>> Activation("relu")([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0]]
    """

    _hands_masks_on = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation: activations.Activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        """activation(inputs)."""
        output: Tensor = self.activation(inputs)
        return output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
