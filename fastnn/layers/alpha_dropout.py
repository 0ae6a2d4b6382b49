"""Dropout for self-normalising networks. The numbers come from ``fastnn/ops/noise.py``."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.layers.noise import RandomLayer
from fastnn.ops.elementwise import binary, scale, where
from fastnn.ops.noise import random_uniform
from fastnn.program.tensor import Tensor

# where SELU saturates: -alpha · scale (Klambauer et al., 2017)
SATURATION = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946


class AlphaDropout(RandomLayer):
    """Sets a share of its inputs to SELU's saturation value while training, and keeps mean and
    variance.

    y = a · (x with probability 1 - rate, else α′) + b, α′ = -1.7581,
    a = ((1 - rate) · (1 + rate · α′²))^-½, b = -a · α′ · rate; y = x when not training.

    Parameters
    ----------
    rate : share that is dropped, in [0, 1).
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
    >>> from fastnn.layers import AlphaDropout
    >>> AlphaDropout(0.5)([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.

    Notes
    -----
    Differs from Keras: rate 1 is refused (Keras divides by zero when it trains), and the masks are
    those of ``Dropout``: a function of seed, step and layer.
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        arguments.unsupported("AlphaDropout", {"noise_shape": (noise_shape, None)})
        super().__init__(seed, **kwargs)
        self.rate: float = arguments.number("AlphaDropout", "rate", rate, "[0, 1)")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, with a share replaced if ``training``."""
        if not training or self.rate == 0:
            return inputs
        drawn = random_uniform(inputs, self.key(), self.stream)
        kept = binary(drawn, self.rate, function="greater_equal")
        a = ((1 - self.rate) * (1 + self.rate * SATURATION**2)) ** -0.5
        return scale(where(kept, inputs, SATURATION), a, -a * SATURATION * self.rate)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": None}
