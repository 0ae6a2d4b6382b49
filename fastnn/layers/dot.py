"""The product of two tensors, sample by sample: a layer, and the same as a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import arguments, ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.input_spec import shown
from fastnn.layers.merging import Merge
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product


class Dot(Merge):
    """Sums the products of two inputs along one axis of each, sample by sample.

    y[i, …] = Σ_k x_0[i, …, k, …] · x_1[i, …, k, …]

    Parameters
    ----------
    axes : the axis of both inputs, or a pair of axes, counted with the batch; not 0.
    normalize : whether both inputs are scaled to length 1 along their axes first (the cosine).
    name, dtype, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, …, k, …) twice → (batch, other sizes of the first, other sizes of the second), or
    (batch, 1) where nothing else is left.

    Raises
    ------
    ArgumentError : for other than two inputs, or axes that are no integers.
    ShapeError : if the sizes of the two axes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Dot
    >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[11.0]]
    """

    _count = (2, 2)

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        given = [axes] if isinstance(axes, int) else list(axes) if _is_pair(axes) else []
        if not given or any(isinstance(a, bool) or not isinstance(a, int) or a == 0 for a in given):
            raise ArgumentError(
                f"Dot {self.name!r}: received axes={axes!r}, expected an axis of a sample or a "
                "pair of them. Pass axes=1, or axes=(1, 2); axis 0 is the batch."
            )
        self.axes: int | list[int] = axes if isinstance(axes, int) else given
        self.normalize: bool = arguments.flag("Dot", "normalize", normalize)

    def _places(self, ranks: Sequence[int]) -> list[int]:
        """The summed axis of each input, from the front."""
        pair = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        return [axis % rank for axis, rank in zip(pair, ranks, strict=True)]

    def _check_shapes(self, shapes: Sequence[tuple[Any, ...]]) -> None:
        places = self._places([len(shape) for shape in shapes])
        sizes = [shape[place] for shape, place in zip(shapes, places, strict=True)]
        if sizes[0] != sizes[1] or 0 in places:
            listed = " and ".join(shown(shape) for shape in shapes)
            raise ShapeError(
                f"Dot {self.name!r}: received inputs of shapes {listed}, expected the sizes of "
                f"axis {places[0]} of the first and axis {places[1]} of the second to be equal. "
                "Choose other axes=, or bring the inputs to one size."
            )

    def call(self, inputs: list[Tensor]) -> Tensor:
        """The sums of products."""
        self._check_number(len(inputs))
        places = self._places([x.ndim for x in inputs])
        moved = []
        for x, place in zip(inputs, places, strict=True):
            order = [axis for axis in range(x.ndim) if axis != place] + [place]
            turned = x if order == list(range(x.ndim)) else ops.transpose(x, order)
            moved.append(_unit(turned) if self.normalize else turned)
        a, b = moved
        n, k = a.shape[0], a.shape[-1]
        left, right = a.shape[1:-1], b.shape[1:-1]
        rows = reshape(a, (n, product(left), k))
        columns = ops.transpose(reshape(b, (n, product(right), k)), (0, 2, 1))
        made: Tensor = ops.matmul(rows, columns)
        return reshape(made, (n, *((*left, *right) or (1,))))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: the steps are summed."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """The products of two tensors or arrays, summed along axes: ``Dot(axes)(inputs)``.

    y[i, …] = Σ_k x_0[i, …, k, …] · x_1[i, …, k, …]

    Parameters
    ----------
    inputs : a list of two: arrays, or tensors inside a layer's ``call``.
    axes : the axis of both inputs, or a pair of axes, counted with the batch; not 0.
    **kwargs : ``normalize``, ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Dot``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.dot([[[1.0, 2.0]], [[3.0, 4.0]]]).tolist()
    [[11.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Dot(axes=axes, **kwargs)(inputs)


def _is_pair(axes: Any) -> bool:
    return isinstance(axes, (list, tuple)) and len(axes) == 2


def _unit(x: Tensor) -> Tensor:
    """x scaled to length 1 along its last axis; as Keras, squares below 1e-12 count as 1e-12."""
    squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
    made: Tensor = ops.divide(x, ops.sqrt(ops.maximum(squares, 1e-12)))
    return made
