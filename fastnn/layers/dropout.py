"""Dropout as a layer. The op is in ``fastnn/ops/dropout.py``, its masks in ``fastnn/random.py``."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, random
from fastnn.layers.layer import Layer
from fastnn.ops.dropout import dropout
from fastnn.program.tensor import Tensor


class Dropout(Layer):
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

    _hands_masks_on = True

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        arguments.unsupported("Dropout", {"noise_shape": (noise_shape, None)})
        super().__init__(**kwargs)
        self.rate: float = arguments.number("Dropout", "rate", rate, "[0, 1]")
        self.seed: int | None = (
            None if seed is None else random.check_seed(seed, f"Dropout {self.name!r}")
        )
        # set by the model that holds the layer, before it is traced
        self._dropout_key: tuple[int, int] | None = None
        self._dropout_stream = 0

    @property
    def stream(self) -> int:
        """Index of this layer among the random layers of its model."""
        return self._dropout_stream

    def key(self) -> tuple[int, int]:
        """The Philox key of the masks: of ``seed``, else of the model, else drawn once."""
        if self.seed is not None:
            return random.key_from_seed(self.seed)
        if self._dropout_key is None:
            self._dropout_key = random.key_from_seed(random.next_seed())
        return self._dropout_key

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, with a share dropped if ``training``."""
        if not training or self.rate == 0:
            return inputs
        return dropout(inputs, self.rate, self.key(), self.stream)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": None,
        }
