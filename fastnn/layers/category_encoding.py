"""Class numbers as vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.layers.encoding import checked_mode, encode
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class CategoryEncoding(Layer):
    """Encodes ids in [0, num_tokens) as vectors.

    Parameters
    ----------
    num_tokens : number of different ids, positive.
    output_mode : ``"one_hot"``: one vector per id; ``"multi_hot"``: one vector per sample with a
        one for each id that occurs; ``"count"``: one with how often each occurs.
    sparse : not supported; False.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, m) → ``"one_hot"`` (batch, m, num_tokens), (batch, num_tokens) for m = 1;
    otherwise (batch, num_tokens).

    Raises
    ------
    ArgumentError : without ``num_tokens``, or for an unknown mode.
    DataError : as the first layer of a model, for an id that is no whole number in the range.
    UnsupportedError : for ``sparse=True``.

    Examples
    --------
    >>> from fastnn.layers import CategoryEncoding
    >>> CategoryEncoding(4)([[0, 1], [3, 3]]).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    >>> CategoryEncoding(4, output_mode="count")([[3, 3]]).tolist()
    [[0.0, 0.0, 0.0, 2.0]]

    Notes
    -----
    Differs from Keras: an id out of range is an error where the layer is the first of a model, and
    gives zeros elsewhere.
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = f"CategoryEncoding {self.name!r}"
        arguments.unsupported("CategoryEncoding", {"sparse": (sparse, False)})
        self.output_mode: str = checked_mode(owner, output_mode)
        if num_tokens is None:
            raise ArgumentError(
                f"{owner}: num_tokens is missing. Pass the number of different ids: "
                "num_tokens=int(x.max()) + 1."
            )
        self.num_tokens: int = arguments.integer(owner, "num_tokens", num_tokens, 1)

    @property
    def input_classes(self) -> int:
        """The ids are in [0, this)."""
        return self.num_tokens

    def call(self, inputs: Tensor, count_weights: Any = None) -> Tensor:
        """The ids as vectors; ``count_weights`` of their shape weigh them in mode ``"count"``."""
        owner = f"CategoryEncoding {self.name!r}"
        if count_weights is not None and self.output_mode != "count":
            raise ArgumentError(
                f"{owner}: received count_weights with output_mode={self.output_mode!r}, expected "
                "them with output_mode='count' alone. Leave them out."
            )
        return encode(inputs, self.output_mode, self.num_tokens, self.dtype, owner, count_weights)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "num_tokens": self.num_tokens,
            "output_mode": self.output_mode,
        }
