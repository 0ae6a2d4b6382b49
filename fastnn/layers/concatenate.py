"""Joining several tensors along an axis: a layer, and the same as a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.input_spec import shown
from fastnn.layers.merging import Merge
from fastnn.program.tensor import Tensor


class Concatenate(Merge):
    """Joins its inputs along an axis.

    Parameters
    ----------
    axis : the axis along which they are joined, counted with the batch; not 0.
    name, dtype, … : see ``Layer``.

    Shapes
    ------
    Inputs agree in all sizes but that of ``axis``; the output's is their sum.

    Raises
    ------
    ArgumentError : for the batch axis, or an axis that is no integer.
    ShapeError : for inputs whose other sizes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Concatenate
    >>> Concatenate()([np.array([[1.0, 2.0]]), np.array([[3.0]])]).tolist()
    [[1.0, 2.0, 3.0]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ArgumentError(
                f"Concatenate {self.name!r}: received axis={axis!r}, expected an axis of a sample: "
                "1, 2, … or -1, -2, …. The batch (axis 0) cannot be joined in a layer."
            )
        self.axis: int = axis

    def _check_shapes(self, shapes: Sequence[tuple[Any, ...]]) -> None:
        ranks = {len(shape) for shape in shapes}
        rank = len(shapes[0])
        inside = -rank < self.axis < rank and self.axis % rank != 0
        others = (
            {shape[: self.axis % rank] + shape[self.axis % rank + 1 :] for shape in shapes}
            if inside
            else set()
        )
        if len(ranks) != 1 or len(others) != 1:
            listed = " and ".join(shown(shape) for shape in shapes)
            raise ShapeError(
                f"Concatenate {self.name!r}: received inputs of shapes {listed}, expected equally "
                f"many axes and equal sizes but for axis {self.axis}. Reshape one of them, or join "
                "them along another axis."
            )

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The inputs one after another."""
        made: Tensor = ops.concatenate(inputs, axis=self.axis)
        return made

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Steps that count in any input (all of those of an input without a mask)."""
        if previous_mask is None or all(mask is None for mask in previous_mask):
            return None
        if self.axis % inputs[0].ndim != 1:
            return _any_of(inputs, previous_mask)
        parts = [
            _all_count(x, previous_mask) if mask is None else mask
            for x, mask in zip(inputs, previous_mask, strict=True)
        ]
        return ops.concatenate(parts, axis=1)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Several tensors or arrays joined along an axis: ``Concatenate(axis)(inputs)``.

    y = [x_0, x_1, …]

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    axis : the axis along which they are joined, counted with the batch; not 0.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Concatenate``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.concatenate([[[1.0, 2.0]], [[3.0]]]).tolist()
    [[1.0, 2.0, 3.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def _all_count(x: Tensor, masks: list[Tensor | None]) -> Tensor:
    """A mask of ones for an input without one."""
    known = next(mask for mask in masks if mask is not None)
    row = ops.add(ops.multiply(known[:, :1], 0.0), 1.0)
    made: Tensor = ops.repeat(row, x.shape[1], axis=1)  # type: ignore[arg-type]
    return made


def _any_of(inputs: list[Tensor], masks: list[Tensor | None]) -> Tensor | None:
    """1 where any of the masks is; None if an input has none, and so all its steps count."""
    known = [mask for mask in masks if mask is not None]
    if len(known) < len(inputs):
        return ops.add(ops.multiply(known[0], 0.0), 1.0)  # type: ignore[no-any-return]
    mask = known[0]
    for other in known[1:]:
        mask = ops.maximum(mask, other)
    return mask
