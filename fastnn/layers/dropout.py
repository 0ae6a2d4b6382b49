"""Dropout as a layer. The op is in ``fastnn/ops/dropout.py``, its masks in ``fastnn/random``."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.layers.noise import RandomLayer
from fastnn.ops.dropout import dropout
from fastnn.program.tensor import Tensor


class Dropout(RandomLayer):
    """Sets a share of its inputs to 0 while training.

    y = x / (1 - rate) with probability 1 - rate, else 0; y = x when not training.

    Parameters
    ----------
    rate : share that is dropped, in [0, 1].
    noise_shape : not supported; None.
    seed : integer in [0, 2⁶⁴) that fixes the masks; by default they follow from the model's seed.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``rate`` or ``seed`` is out of its range.
    UnsupportedError : for a noise shape.

    Examples
    --------
    >>> from fastnn.layers import Dropout
    >>> Dropout(0.5)([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent
    neural networks from overfitting", JMLR 15 (2014).

    Notes
    -----
    Differs from Keras: a mask is a function of seed, step and layer, so it does not depend on the
    backend or the number of threads, and a seed gives other masks than in Keras.
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        arguments.unsupported("Dropout", {"noise_shape": (noise_shape, None)})
        super().__init__(seed, **kwargs)
        self.rate: float = arguments.number("Dropout", "rate", rate, "[0, 1]")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, with a share dropped if ``training``."""
        if not training or self.rate == 0:
            return inputs
        return dropout(inputs, self.rate, self.key(), self.stream)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": None}
