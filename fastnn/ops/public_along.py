"""Activations of ``fastnn.ops`` that look at a whole axis, under Keras's names: softmax and its
kin, and the gated linear unit. ``fastnn.activations`` has them too.

The kernels work along the last axis; for another one, axes are exchanged before and after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.errors import ShapeError
from fastnn.ops import strided
from fastnn.ops.activation import (
    activation_forward,
    log_softmax_forward,
    softmax_forward,
    sparsemax_forward,
)
from fastnn.ops.axes import sample_axis
from fastnn.ops.dispatch import anyaxis, check_last_axis, is_symbolic, rowwise, symbol
from fastnn.ops.elementwise import multiply
from fastnn.program.tensor import Tensor


def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that sum to 1 along an axis.

    y_j = e^(x_j) / Σ_k e^(x_k)

    Parameters
    ----------
    x : tensor or array.
    axis : along which, the last one by default; not the batch of a symbolic tensor.

    Returns
    -------
    Of the shape of ``x``, between 0 and 1; finite for x up to ±1e4 and beyond, since the maximum is
    taken off first.

    Raises
    ------
    UnsupportedError : for the batch axis.
    ArgumentError : for an axis that x does not have.

    Notes
    -----
    As the last layer of a classifier, with a crossentropy: probabilities of the classes.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.softmax([[0.0, 0.0], [1e4, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    >>> ops.softmax([[0.0, 0.0], [1e4, 0.0]], axis=0).tolist()
    [[0.0, 0.5], [1.0, 0.5]]

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
    """
    return _softmax(x) if _is_last(x, axis) else _softmax_along(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of softmax, computed without it.

    y_j = x_j - log Σ_k e^(x_k)

    Parameters
    ----------
    x : tensor or array.
    axis : along which, the last one by default; not the batch of a symbolic tensor.

    Returns
    -------
    Of the shape of ``x``, at most 0.

    Raises
    ------
    UnsupportedError : for the batch axis.
    ArgumentError : for an axis that x does not have.

    Notes
    -----
    As the last layer of a classifier whose loss takes logarithms of probabilities.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log_softmax([[1e4, 0.0]]).tolist()
    [[0.0, -10000.0]]
    """
    return _log_softmax(x) if _is_last(x, axis) else _log_softmax_along(x, axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the simplex next to x: as softmax, but with exact zeros.

    y_j = max(x_j - τ, 0), τ such that Σ_j y_j = 1

    Parameters
    ----------
    x : tensor or array.
    axis : along which, the last one by default; not the batch of a symbolic tensor.

    Returns
    -------
    Of the shape of ``x``, between 0 and 1.

    Raises
    ------
    UnsupportedError : for the batch axis.
    ArgumentError : for an axis that x does not have.

    Notes
    -----
    In attention, and in classifiers of several labels. As the paper has it; what Keras 3.15 returns
    does not sum to 1 where more than one element is above 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sparsemax([[0.0, 0.5, 3.0], [1.0, 1.0, 0.0]]).tolist()
    [[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]

    References
    ----------
    Martins and Astudillo, "From softmax to sparsemax", ICML 2016.
    """
    return _sparsemax(x) if _is_last(x, axis) else _sparsemax_along(x, axis)


@anyaxis("x")
def glu(x: Any, axis: int = -1) -> Tensor:
    """Gated linear unit: one half of x, gated by the other.

    y = a / (1 + e^(-b)), a and b the first and the second half of x along the axis.

    Parameters
    ----------
    x : tensor or array, whose axis has an even size.
    axis : along which, the last one by default; not the batch of a symbolic tensor.

    Returns
    -------
    Half as large as ``x`` along the axis, without bounds.

    Raises
    ------
    ShapeError : if the size of the axis is odd.

    Notes
    -----
    After a dense layer of twice the units, in hidden layers.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.glu([[1.0, -2.0, 100.0, 0.0]]).tolist()
    [[1.0, -1.0]]

    References
    ----------
    Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", ICML
    2017.
    """
    place = sample_axis("glu", axis, x)
    sizes = list(strided.sample(x))
    if sizes[place] % 2:
        raise ShapeError(
            f"glu: received a tensor of shape {x.shape}, whose axis {axis} has the odd size "
            f"{sizes[place]}, expected an even one. Give the layer before it twice the units."
        )
    half = [*sizes[:place], sizes[place] // 2, *sizes[place + 1 :]]
    starts, ones = [0] * len(sizes), [1] * len(sizes)
    a = strided.window(x, starts, ones, half)
    starts[place] = half[place]
    b = strided.window(x, starts, ones, half)
    return multiply(a, activation_forward(b, "sigmoid"))


def _is_last(x: Any, axis: Any) -> bool:
    """Whether an axis of a tensor or array is its last."""
    value = symbol(x)
    return axis in (-1, (value.ndim if is_symbolic(x) else np.ndim(x)) - 1)


def _pair(
    name: str, formula: Callable[[Tensor], Tensor]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A formula along the last axis, and along another one."""

    def last(x: Any) -> Tensor:
        check_last_axis(name, -1, x.shape)
        return formula(x)

    def along(x: Any, axis: int) -> Tensor:
        place = sample_axis(name, axis, x)
        order = list(range(len(strided.sample(x))))
        order[place], order[-1] = order[-1], order[place]
        return strided.transpose(formula(strided.transpose(x, order)), order)

    for function in (last, along):
        function.__name__ = name
    return rowwise("x")(last), anyaxis("x")(along)


_softmax, _softmax_along = _pair("softmax", softmax_forward)
_log_softmax, _log_softmax_along = _pair("log_softmax", log_softmax_forward)
_sparsemax, _sparsemax_along = _pair("sparsemax", sparsemax_forward)
