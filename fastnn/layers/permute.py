"""The axes of a sample in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import ops
from fastnn.errors import ArgumentError
from fastnn.layers.input_spec import InputSpec
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor


class Permute(Layer):
    """Puts the axes of each sample into another order.

    Parameters
    ----------
    dims : the axes in their new order; 1 is the first axis of a sample, the batch is not named.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, s_1, …, s_k) → outputs (batch, s_dims[0], …).

    Raises
    ------
    ArgumentError : if ``dims`` is not a permutation of 1 … k.
    ShapeError : when called on inputs of other than k + 1 axes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Permute
    >>> Permute((2, 1))(np.zeros((5, 3, 4))).shape
    (5, 4, 3)
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = tuple(dims) if isinstance(dims, Sequence) else ()
        if not axes or sorted(axes) != list(range(1, len(axes) + 1)):
            raise ArgumentError(
                f"Permute {self.name!r}: received dims={dims!r}, expected the numbers 1 to k, each "
                "once, for samples of k axes. Pass dims=(2, 1) to swap two axes; the batch is not "
                "named."
            )
        self.dims: tuple[int, ...] = axes
        self.input_spec: InputSpec | None = InputSpec(ndim=len(axes) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        """The axes in the order of ``dims``."""
        made: Tensor = ops.transpose(inputs, (0, *self.dims))
        return made

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "dims": list(self.dims)}
