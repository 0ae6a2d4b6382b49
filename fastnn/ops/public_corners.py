"""Activations with corners of ``fastnn.ops``, under Keras's names: straight pieces, shrinking,
thresholds. ``fastnn.activations`` has them too. Smooth ones: ``public_smooth.py``.
"""

from __future__ import annotations

import math
from typing import Any

from fastnn import arguments
from fastnn.ops.curve import curve
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import binary, clip, unary, where
from fastnn.program.tensor import Tensor


@elementwise("x")
def relu6(x: Any) -> Tensor:
    """A relu that ends at 6.

    y = min(max(x, 0), 6).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, between 0 and 6.

    Notes
    -----
    In networks for small devices, whose numbers have few digits.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.relu6([-1.0, 3.0, 9.0]).tolist()
    [0.0, 3.0, 6.0]

    References
    ----------
    Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """
    return curve(x, "ramp", 0.0, 0.0, 0.0, 6.0)


@elementwise("x")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """A relu with a small slope below 0.

    y = x where x > 0, else negative_slope · x.

    Parameters
    ----------
    x : tensor or array of any shape.
    negative_slope : slope below 0, 0.2 by default; also the derivative at 0.

    Returns
    -------
    Of the shape of ``x``, without bounds.

    Notes
    -----
    In hidden layers, and in the discriminators of GANs.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """
    slope = arguments.number("leaky_relu", "negative_slope", negative_slope, "(-inf, inf)")
    return curve(x, "ramp", slope, 0.0, -math.inf, math.inf)


@elementwise("x")
def hard_sigmoid(x: Any) -> Tensor:
    """A sigmoid of three straight pieces.

    y = min(max(x / 6 + 1/2, 0), 1).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, between 0 and 1.

    Notes
    -----
    Where a sigmoid would be too dear, such as gates on small devices.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]

    References
    ----------
    Courbariaux, Bengio and David, "BinaryConnect", NIPS 2015.
    """
    return curve(x, "hard", 1.0 / 6.0, 0.5, 0.0, 1.0)


@elementwise("x")
def hard_silu(x: Any) -> Tensor:
    """A silu made of a hard sigmoid; also called hard swish.

    y = x · min(max(x / 6 + 1/2, 0), 1).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, at least -0.375.

    Notes
    -----
    In networks for small devices, instead of silu.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.hard_silu([-3.0, 0.0, 3.0]).tolist()
    [-0.0, 0.0, 3.0]

    References
    ----------
    Howard and others, "Searching for MobileNetV3", ICCV 2019.
    """
    return curve(x, "hard_silu")


@elementwise("x")
def hard_tanh(x: Any) -> Tensor:
    """A tanh of three straight pieces.

    y = min(max(x, -1), 1).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, between -1 and 1.

    Notes
    -----
    Where tanh would be too dear, and to keep values in bounds.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.hard_tanh([-3.0, 0.5, 3.0]).tolist()
    [-1.0, 0.5, 1.0]

    References
    ----------
    Collobert, "Large scale machine learning", PhD thesis, Université Paris VI, 2004.
    """
    return clip(x, -1.0, 1.0)


@elementwise("x")
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Values moved towards 0.

    y = x - threshold where x > threshold, x + threshold where x < -threshold, else 0.

    Parameters
    ----------
    x : tensor or array of any shape.
    threshold : by how much, 0.5 by default.

    Returns
    -------
    Of the shape of ``x``, without bounds.

    Raises
    ------
    ArgumentError : if ``threshold`` is negative or not a number.

    Notes
    -----
    In sparse coding and denoising.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.soft_shrink([-2.0, 0.25, 2.0]).tolist()
    [-1.5, 0.0, 1.5]

    References
    ----------
    Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory, 1995.
    """
    limit = arguments.number("soft_shrink", "threshold", threshold, "[0, inf)")
    return binary(x, clip(x, -limit, limit), function="subtract")


@elementwise("x")
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Small values set to 0.

    y = 0 where |x| ≤ threshold, else x.

    Parameters
    ----------
    x : tensor or array of any shape.
    threshold : up to where, 0.5 by default.

    Returns
    -------
    Of the shape of ``x``, without bounds; NaN stays.

    Raises
    ------
    ArgumentError : if ``threshold`` is negative or not a number.

    Notes
    -----
    In sparse coding and denoising.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.hard_shrink([-2.0, 0.25, 2.0]).tolist()
    [-2.0, 0.0, 2.0]
    """
    limit = arguments.number("hard_shrink", "threshold", threshold, "[0, inf)")
    return where(binary(unary(x, "absolute"), limit, function="less_equal"), 0.0, x)


@elementwise("x")
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """Values above a threshold, another number elsewhere.

    y = x where x > threshold, else default_value.

    Parameters
    ----------
    x : tensor or array of any shape.
    threshold : what x must exceed.
    default_value : y elsewhere.

    Returns
    -------
    Of the shape of ``x``, without bounds; NaN stays.

    Notes
    -----
    To cut off noise.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.threshold([-1.0, 1.0, 2.0], 1.0, -5.0).tolist()
    [-5.0, -5.0, 2.0]
    """
    limit = arguments.number("threshold", "threshold", threshold, "(-inf, inf)")
    default = arguments.number("threshold", "default_value", default_value, "(-inf, inf)")
    return where(binary(x, limit, function="less_equal"), default, x)


@elementwise("x")
def sparse_plus(x: Any) -> Tensor:
    """The softplus that belongs to sparsemax.

    y = 0 where x ≤ -1, (x + 1)² / 4 between -1 and 1, x where x ≥ 1.

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, at least 0, and 0 for many x.

    Notes
    -----
    Where an output must not be negative and should often be 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sparse_plus([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.25, 3.0]

    References
    ----------
    Martins and Astudillo, "From softmax to sparsemax", ICML 2016.
    """
    rise = unary(clip(x, -1.0, 1.0) + 1.0, "square") * 0.25
    return where(binary(x, 1.0, function="greater_equal"), x, rise)


@elementwise("x")
def sparse_sigmoid(x: Any) -> Tensor:
    """The sigmoid that belongs to sparsemax.

    y = min(max((x + 1) / 2, 0), 1).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, between 0 and 1, both of them reached.

    Notes
    -----
    For gates and probabilities that may be exactly 0 or 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.sparse_sigmoid([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]

    References
    ----------
    Martins and Astudillo, "From softmax to sparsemax", ICML 2016.
    """
    return curve(x, "hard", 0.5, 0.5, 0.0, 1.0)


@elementwise("x")
def binary_step(x: Any) -> Tensor:
    """The step of the perceptron (not in Keras).

    y = 1 where x > 0, else 0. The derivative is 0 everywhere.

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, 0 or 1; NaN stays.

    Notes
    -----
    In a perceptron, whose learning rule needs no derivative. Gradient descent learns nothing
    through it.

    Examples
    --------
    >>> from fastnn import ops
    >>> from fastnn import activations
    >>> activations.binary_step([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.0, 1.0]

    References
    ----------
    Rosenblatt, "The perceptron", Psychological Review, 1958.
    """
    return curve(x, "step")


hard_swish = hard_silu
