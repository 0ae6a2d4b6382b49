"""Smooth activations of ``fastnn.ops``, under Keras's names; ``fastnn.activations`` has them too.
With corners: ``public_corners.py``; along an axis: ``public_along.py``.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.ops.activation import activation_forward
from fastnn.ops.curve import curve
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import binary, unary
from fastnn.program.tensor import Tensor

# such that activations of mean 0 and variance 1 keep them (Klambauer and others, 2017)
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@elementwise("x")
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit.

    y = x where x > 0, else alpha · (e^x - 1).

    Parameters
    ----------
    x : tensor or array of any shape.
    alpha : minus the limit of y for very negative x, 1 by default.

    Returns
    -------
    Of the shape of ``x``, at least -alpha.

    Notes
    -----
    In hidden layers, where relu's zeros would stop the learning of a unit.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.elu([-1e4, 0.0, 2.0]).tolist()
    [-1.0, 0.0, 2.0]

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", ICLR 2016.
    """
    return curve(x, "elu", _number("elu", alpha), 1.0, 1.0)


@elementwise("x")
def selu(x: Any) -> Tensor:
    """Scaled exponential linear unit.

    y = 1.0507 · (x where x > 0, else 1.6733 · (e^x - 1)).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, at least -1.7581.

    Notes
    -----
    In deep dense networks without normalisation, with ``lecun_normal`` weights and
    ``AlphaDropout``: activations keep mean 0 and variance 1.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.selu([-1e4, 0.0]).round(4).tolist()
    [-1.7581000328063965, 0.0]

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.
    """
    return curve(x, "elu", SELU_ALPHA, SELU_SCALE, 1.0)


@elementwise("x")
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable exponential linear unit.

    y = x where x > 0, else alpha · (e^(x/alpha) - 1): no corner at 0, whatever alpha is.

    Parameters
    ----------
    x : tensor or array of any shape.
    alpha : minus the limit of y for very negative x, 1 by default; not 0.

    Returns
    -------
    Of the shape of ``x``, at least -alpha.

    Raises
    ------
    ArgumentError : if ``alpha`` is 0 or not a number.

    Notes
    -----
    As ``elu``.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.celu([-1e4, 0.0, 2.0], alpha=0.5).tolist()
    [-0.5, 0.0, 2.0]

    References
    ----------
    Barron, "Continuously differentiable exponential linear units", arXiv:1704.07483, 2017.
    """
    alpha = _number("celu", alpha)
    if alpha == 0:
        raise ArgumentError("celu: received alpha=0, expected another number. Pass alpha=1.0.")
    return curve(x, "elu", alpha, 1.0, 1.0 / alpha)


@elementwise("x")
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Gaussian error linear unit.

    y = x · Φ(x), Φ the normal distribution; approximately
    x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).

    Parameters
    ----------
    x : tensor or array of any shape.
    approximate : whether to take the second formula: here yes, in ``activations.gelu`` no (as
        Keras).

    Returns
    -------
    Of the shape of ``x``, at least -0.17.

    Notes
    -----
    In the hidden layers of transformers and of deep dense networks.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.gelu([0.0, 100.0]).tolist()
    [0.0, 100.0]

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415, 2016.
    """
    return curve(x, "gelu_tanh" if approximate else "gelu")


@elementwise("x")
def silu(x: Any) -> Tensor:
    """Sigmoid linear unit, also called swish.

    y = x / (1 + e^(-x)).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, at least -0.2785.

    Notes
    -----
    In hidden layers of deep networks.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.silu([0.0, 100.0]).tolist()
    [0.0, 100.0]

    References
    ----------
    Ramachandran, Zoph and Le, "Searching for activation functions", arXiv:1710.05941, 2017.
    """
    return curve(x, "silu")


@elementwise("x")
def mish(x: Any) -> Tensor:
    """Mish.

    y = x · tanh(log(1 + e^x)).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, at least -0.3088.

    Notes
    -----
    In hidden layers of deep networks.

    Examples
    --------
    >>> from fastnn import ops
    >>> from fastnn import activations
    >>> activations.mish([0.0, 100.0]).tolist()
    [0.0, 100.0]

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """
    return curve(x, "mish")


@elementwise("x")
def softplus(x: Any) -> Tensor:
    """A smooth relu.

    y = log(1 + e^x).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, above 0; x itself where x is large.

    Notes
    -----
    Where an output must be positive, such as a standard deviation.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.softplus([0.0, 1e4]).tolist()
    [0.6931471824645996, 10000.0]

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for
    better option pricing", NIPS 2000.
    """
    return curve(x, "softplus", 1.0)


@elementwise("x")
def log_sigmoid(x: Any) -> Tensor:
    """The logarithm of the logistic function.

    y = -log(1 + e^(-x)).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, below 0; x itself where x is very negative.

    Notes
    -----
    In losses of probabilities, where ``log(sigmoid(x))`` would be -inf.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.log_sigmoid([0.0, -1e4]).tolist()
    [-0.6931471824645996, -10000.0]
    """
    return curve(x, "softplus", -1.0)


@elementwise("x")
def softsign(x: Any) -> Tensor:
    """A tanh that saturates slowly.

    y = x / (1 + |x|).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, between -1 and 1.

    Notes
    -----
    In hidden layers, instead of tanh.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.softsign([-1.0, 0.0, 3.0]).tolist()
    [-0.5, 0.0, 0.75]

    References
    ----------
    Bergstra, Desjardins, Lamblin and Bengio, "Quadratic polynomials learn better image features",
    technical report 1337, Université de Montréal, 2009.
    """
    return curve(x, "softsign")


@elementwise("x")
def squareplus(x: Any, b: float = 4) -> Tensor:
    """A relu smoothed without exponentials.

    y = (x + √(x² + b)) / 2.

    Parameters
    ----------
    x : tensor or array of any shape.
    b : how smooth; 0 is relu. 4 by default.

    Returns
    -------
    Of the shape of ``x``, at least 0.

    Raises
    ------
    ArgumentError : if ``b`` is negative or not a number.

    Notes
    -----
    In hidden layers, and where an output must be positive.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.squareplus([0.0, 1.5]).tolist()
    [1.0, 2.0]

    References
    ----------
    Barron, "Squareplus: a softplus-like algebraic rectifier", arXiv:2112.11687, 2021.
    """
    return curve(x, "squareplus", arguments.number("squareplus", "b", b, "[0, inf)"))


@elementwise("x")
def tanh_shrink(x: Any) -> Tensor:
    """What tanh takes off.

    y = x - tanh(x).

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, close to x³/3 near 0 and to x ∓ 1 far from it.

    Notes
    -----
    In sparse coding, to push small values to 0.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.tanh_shrink([0.0, 100.0]).tolist()
    [0.0, 99.0]
    """
    return binary(x, activation_forward(x, "tanh"), function="subtract")


@elementwise("x")
def exponential(x: Any) -> Tensor:
    """The exponential function.

    y = e^x.

    Parameters
    ----------
    x : tensor or array of any shape.

    Returns
    -------
    Of the shape of ``x``, above 0.

    Notes
    -----
    Where an output is a rate or a scale, as in Poisson regression.

    Examples
    --------
    >>> from fastnn import ops
    >>> from fastnn import activations
    >>> activations.exponential([0.0]).tolist()
    [1.0]
    """
    return unary(x, "exp")


def _number(owner: str, alpha: Any) -> float:
    return arguments.number(owner, "alpha", alpha, "(-inf, inf)")


swish = silu
