"""Normal noise that is added, and normal noise that multiplies. The numbers come from
``fastnn/ops/noise.py``.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn import arguments
from fastnn.layers.noise import RandomLayer
from fastnn.ops.elementwise import binary, scale
from fastnn.ops.noise import random_normal
from fastnn.program.tensor import Tensor


class GaussianNoise(RandomLayer):
    """Adds normal noise to its inputs while training.

    y = x + stddev · z, z standard normal; y = x when not training.

    Parameters
    ----------
    stddev : standard deviation of the noise, in [0, 1].
    seed : integer in [0, 2⁶⁴) that fixes the noise; by default it follows from the model's seed.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``stddev`` or ``seed`` is out of its range.

    Examples
    --------
    >>> from fastnn.layers import GaussianNoise
    >>> layer = GaussianNoise(0.5, seed=1)
    >>> layer([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    >>> layer([[1.0, 2.0]], training=True).round(2).tolist()
    [[1.6100000143051147, 2.2200000286102295]]

    Notes
    -----
    Differs from Keras: the noise is a function of seed, step and layer, so it does not depend on
    the backend or the number of threads, and a seed gives other noise than in Keras.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev: float = arguments.number("GaussianNoise", "stddev", stddev, "[0, 1]")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, with noise if ``training``."""
        if not training or self.stddev == 0:
            return inputs
        noise = scale(random_normal(inputs, self.key(), self.stream), self.stddev)
        return binary(inputs, noise, function="add")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(RandomLayer):
    """Multiplies its inputs by normal noise of mean 1 while training.

    y = x · (1 + √(rate / (1 - rate)) · z), z standard normal; y = x when not training.

    Parameters
    ----------
    rate : in [0, 1); mean and variance of y are those of ``Dropout(rate)``.
    seed : integer in [0, 2⁶⁴) that fixes the noise; by default it follows from the model's seed.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``rate`` or ``seed`` is out of its range.

    Examples
    --------
    >>> from fastnn.layers import GaussianDropout
    >>> GaussianDropout(0.5)([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent
    neural networks from overfitting", JMLR 15 (2014), section 10.

    Notes
    -----
    Differs from Keras: rate 1 is refused (Keras divides by zero when it trains), and the noise is a
    function of seed, step and layer, see ``GaussianNoise``.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate: float = arguments.number("GaussianDropout", "rate", rate, "[0, 1)")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, times noise if ``training``."""
        if not training or self.rate == 0:
            return inputs
        deviation = math.sqrt(self.rate / (1.0 - self.rate))
        noise = scale(random_normal(inputs, self.key(), self.stream), deviation, 1.0)
        return binary(inputs, noise, function="multiply")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "rate": self.rate}
