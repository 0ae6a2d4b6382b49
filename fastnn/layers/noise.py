"""What the random layers share: the key and the stream of their random numbers."""

from __future__ import annotations

from typing import Any

from fastnn import random
from fastnn.layers.layer import Layer


class RandomLayer(Layer):
    """Base class of layers that draw random numbers while training.

    Parameters
    ----------
    seed : integer in [0, 2⁶⁴) that fixes the numbers; by default they follow from the model's seed.
    """

    _hands_masks_on = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = f"{type(self).__name__} {self.name!r}"
        self.seed: int | None = None if seed is None else random.check_seed(seed, owner)

    @property
    def stream(self) -> int:
        """Index of this layer among the random layers of its model."""
        return self._dropout_stream

    def key(self) -> tuple[int, int]:
        """The Philox key of the numbers: of ``seed``, else of the model, else drawn once."""
        if self.seed is not None:
            return random.key_from_seed(self.seed)
        if self._dropout_key is None:
            self._dropout_key = random.key_from_seed(random.next_seed())
        return self._dropout_key

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "seed": self.seed}
