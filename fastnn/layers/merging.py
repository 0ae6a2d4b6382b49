"""Layers that make one tensor of several, element by element, each also as a function. Joining and
products are in ``concatenate.py`` and ``dot.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import ops
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.input_spec import shown
from fastnn.layers.layer import Layer
from fastnn.ops.elementwise import broadcast_to
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor


class Merge(Layer):
    """Base class of the layers that take a list of tensors and return one.

    They are called on a list: ``Add()([a, b])``, with arrays or inside a layer's ``call``, or stand
    as ``merge=`` in ``Parallel`` and ``Residual``. Inputs of fewer axes get axes of size 1 after
    the batch; sizes must agree or be 1.

    Parameters
    ----------
    name, dtype, … : see ``Layer``.

    Examples
    --------
    >>> from fastnn import layers
    >>> issubclass(layers.Add, layers.Merge)
    True
    >>> layers.Add()([[[1.0, 2.0]], [[10.0, 20.0]]]).tolist()
    [[11.0, 22.0]]
    """

    _several_inputs = True
    _hands_masks_on = True
    #: how many inputs it takes: at least, at most
    _count: tuple[int, int | None] = (1, None)

    def build(self, input_shape: Any) -> None:
        """Check the number of inputs and their shapes."""
        self._check_number(len(input_shape))
        self._check_shapes([tuple(shape) for shape in input_shape])

    def _check_number(self, count: int) -> None:
        low, high = self._count
        if count < low or (high is not None and count > high):
            expected = f"exactly {low}" if low == high else f"at least {low}"
            raise ArgumentError(
                f"{type(self).__name__} {self.name!r}: received {count} inputs, expected "
                f"{expected}. Pass them as a list: layer([a, b])."
            )

    def _check_shapes(self, shapes: Sequence[tuple[Any, ...]]) -> None:
        """Refuse shapes that do not go together element by element."""
        rank = max(map(len, shapes))
        aligned = [(None,) + (1,) * (rank - len(s)) + s[1:] for s in shapes]
        for sizes in zip(*(shape[1:] for shape in aligned), strict=True):
            if len({size for size in sizes if size != 1}) > 1:
                listed = " and ".join(shown(shape) for shape in shapes)
                raise ShapeError(
                    f"{type(self).__name__} {self.name!r}: received inputs of shapes {listed}, "
                    "expected sizes that are equal or 1. Give the branches one output size, for "
                    "example with shortcut=Dense(units) in a Residual, or join them with "
                    "Concatenate()."
                )

    def call(self, inputs: list[Tensor]) -> Tensor:
        """The inputs made into one."""
        self._check_number(len(inputs))
        rank = max(x.ndim for x in inputs)
        aligned = []
        for x in inputs:
            missing = (1,) * (rank - x.ndim)
            grown = reshape(x, (x.shape[0], *missing, *x.shape[1:])) if missing else x
            grown.mask = x.mask
            aligned.append(grown)
        return self.merge(aligned)

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """What a subclass computes of inputs with equally many axes."""
        raise ArgumentError(
            f"layer class {type(self).__name__!r} does not define merge(inputs). Define it with "
            "functions of fastnn.ops."
        )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """A step counts where it counts in any input; None if an input has no mask."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        mask = previous_mask[0]
        for other in previous_mask[1:]:
            mask = ops.maximum(mask, other)
        return mask


class Add(Merge):
    """The sum of its inputs.

    y = Σ_i x_i

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Add
    >>> Add()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[4.0, 6.0]]
    """

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Subtract(Merge):
    """The difference of two inputs.

    y = x_0 - x_1

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Subtract
    >>> Subtract()([np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])]).tolist()
    [[-2.0, -3.0]]
    """

    _count = (2, 2)

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The first less the second."""
        return inputs[0] - inputs[1]


class Multiply(Merge):
    """The product of its inputs, element by element; masked steps count as 1.

    y = Π_i x_i

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Multiply
    >>> Multiply()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[3.0, 8.0]]
    """

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The product."""
        masks = [None if x.mask is None else _spread(x.mask, x) for x in inputs]
        factors = [
            x if mask is None else ops.where(mask, x, 1.0)
            for x, mask in zip(inputs, masks, strict=True)
        ]
        total = factors[0]
        for x in factors[1:]:
            total = total * x
        known = [mask for mask in masks if mask is not None]
        if len(known) == len(inputs):
            any_counts = known[0]
            for mask in known[1:]:
                any_counts = ops.maximum(any_counts, mask)
            total = ops.where(any_counts, total, 0.0)
        return total


class Average(Merge):
    """The mean of its inputs.

    y = Σ_i x_i / k

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Average
    >>> Average()([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[2.0, 3.0]]
    """

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The sum, divided by the number of inputs."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total / len(inputs)


class Maximum(Merge):
    """The largest of its inputs, element by element; masked steps do not take part.

    y = max_i x_i

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Maximum
    >>> Maximum()([np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[3.0, 5.0]]
    """

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The elementwise maximum."""
        return _extreme(ops.maximum, inputs)


class Minimum(Merge):
    """The smallest of its inputs, element by element; masked steps do not take part.

    y = min_i x_i

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Minimum
    >>> Minimum()([np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])]).tolist()
    [[1.0, 4.0]]
    """

    def merge(self, inputs: list[Tensor]) -> Tensor:
        """The elementwise minimum."""
        return _extreme(ops.minimum, inputs)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The sum of several tensors or arrays: ``Add()(inputs)``.

    y = Σ_i x_i

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Add``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.add([[[1.0, 2.0]], [[3.0, 4.0]]]).tolist()
    [[4.0, 6.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The difference of two tensors or arrays: ``Subtract()(inputs)``.

    y = x_0 - x_1

    Parameters
    ----------
    inputs : a list of two: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Subtract``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.subtract([[[1.0, 2.0]], [[3.0, 5.0]]]).tolist()
    [[-2.0, -3.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The product of several tensors or arrays: ``Multiply()(inputs)``.

    y = Π_i x_i

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Multiply``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.multiply([[[1.0, 2.0]], [[3.0, 4.0]]]).tolist()
    [[3.0, 8.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The mean of several tensors or arrays: ``Average()(inputs)``.

    y = Σ_i x_i / k

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Average``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.average([[[1.0, 2.0]], [[3.0, 4.0]]]).tolist()
    [[2.0, 3.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The largest of several tensors or arrays, element by element: ``Maximum()(inputs)``.

    y = max_i x_i

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Maximum``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.maximum([[[1.0, 5.0]], [[3.0, 4.0]]]).tolist()
    [[3.0, 5.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The smallest of several tensors or arrays, element by element: ``Minimum()(inputs)``.

    y = min_i x_i

    Parameters
    ----------
    inputs : a list of several: arrays, or tensors inside a layer's ``call``.
    **kwargs : ``name``, ``dtype``, … of the layer that is made.

    Raises
    ------
    ArgumentError, ShapeError : as the layer ``Minimum``.

    Examples
    --------
    >>> from fastnn import layers
    >>> layers.minimum([[[1.0, 5.0]], [[3.0, 4.0]]]).tolist()
    [[1.0, 4.0]]

    Notes
    -----
    On ``Input(...)`` and what follows from it a graph results, for which ``Model`` says the
    ``Sequential`` with ``Residual`` or ``Parallel`` that computes the same.
    """
    return Minimum(**kwargs)(inputs)


def _spread(mask: Tensor, x: Tensor) -> Tensor:
    """A mask (batch, steps) as one of the shape of x (batch, steps, …)."""
    return broadcast_to(reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim))), x.shape)


def _extreme(function: Any, inputs: list[Tensor]) -> Tensor:
    """Maximum or minimum, where a masked step takes the other input's value, as in Keras."""
    result, known = (
        inputs[0],
        None if inputs[0].mask is None else _spread(inputs[0].mask, inputs[0]),
    )
    for x in inputs[1:]:
        mask = None if x.mask is None else _spread(x.mask, x)
        other = x if mask is None else ops.where(mask, x, result)
        if known is not None:
            result = ops.where(known, result, other)
        known = ops.maximum(known, mask) if known is not None and mask is not None else None
        result = function(result, other)
    return result
