"""Activation functions, by name or as functions of a tensor or an array. What ``fastnn.ops`` has
under the same name with the same arguments is that function; the others are here. The ops are in
``fastnn/ops/activation.py`` and ``curve.py``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.lacking import refusing
from fastnn.ops.activation import activation_forward
from fastnn.ops.curve import curve
from fastnn.ops.dispatch import elementwise
from fastnn.ops.public_along import (
    glu,
    log_softmax,
    softmax,
    sparsemax,
)
from fastnn.ops.public_corners import (
    binary_step,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    relu6,
    soft_shrink,
    sparse_plus,
    sparse_sigmoid,
    threshold,
)
from fastnn.ops.public_smooth import (
    celu,
    elu,
    exponential,
    log_sigmoid,
    mish,
    selu,
    silu,
    softplus,
    softsign,
    squareplus,
    swish,
    tanh_shrink,
)
from fastnn.program.tensor import Tensor
from fastnn.registry import Registry, checked_config

__all__ = [
    "binary_step",
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "plot",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

Activation = Callable[..., Any]


@elementwise("x")
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """Rectified linear unit.

    y = x where x > 0, else 0. In general y = min(x, max_value) where x > threshold, else
    negative_slope · (x - threshold).

    Parameters
    ----------
    x : tensor or array of any shape.
    negative_slope : slope below the threshold, 0 by default.
    max_value : the largest y; None, the default, is no limit.
    threshold : where the function begins to rise, 0 by default.

    Returns
    -------
    Of the shape of ``x``. NaN stays NaN. At x = 0 the derivative is 0.

    Raises
    ------
    ArgumentError : if ``max_value`` is negative or an argument is not a number.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.relu([-1, 2, -0.5, 3]).tolist()
    [0.0, 2.0, 0.0, 3.0]
    >>> activations.relu([-10.0, 5.0, 10.0], negative_slope=0.5, max_value=6.0).tolist()
    [-5.0, 5.0, 6.0]

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """
    slope = arguments.number("relu", "negative_slope", negative_slope, "(-inf, inf)")
    start = arguments.number("relu", "threshold", threshold, "(-inf, inf)")
    if slope == 0 and start == 0 and max_value is None:
        return activation_forward(x, "relu")  # which a dense layer's kernel computes too
    low, high = -math.inf, math.inf
    if max_value is not None:
        low, high = 0.0, arguments.number("relu", "max_value", max_value, "[0, inf)")
    return curve(x, "ramp", slope, start, low, high)


@elementwise("x")
def sigmoid(x: Any) -> Tensor:
    """Logistic function.

    y = 1 / (1 + e^(-x)), between 0 and 1.

    Parameters
    ----------
    x : tensor or array of any shape.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.sigmoid([0.0, 100.0, -100.0]).round(6).tolist()
    [0.5, 1.0, 0.0]
    """
    return activation_forward(x, "sigmoid")


@elementwise("x")
def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent.

    y = (e^x - e^(-x)) / (e^x + e^(-x)), between -1 and 1.

    Parameters
    ----------
    x : tensor or array of any shape.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.tanh([0.0]).tolist()
    [0.0]
    """
    return activation_forward(x, "tanh")


@elementwise("x")
def linear(x: Any) -> Tensor:
    """The identity: y = x.

    Parameters
    ----------
    x : tensor or array of any shape.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.linear([1.0, -2.0]).tolist()
    [1.0, -2.0]
    """
    return activation_forward(x, "linear")


@elementwise("x")
def gelu(x: Any, approximate: bool = False) -> Tensor:
    """Gaussian error linear unit.

    y = x · Φ(x), Φ the normal distribution; approximately
    x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).

    Parameters
    ----------
    x : tensor or array of any shape.
    approximate : whether to take the second formula: here no, in ``ops.gelu`` yes (as Keras).

    Returns
    -------
    Of the shape of ``x``, at least -0.17.

    Notes
    -----
    In the hidden layers of transformers and of deep dense networks.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.gelu([0.0, 100.0]).tolist()
    [0.0, 100.0]

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415, 2016.
    """
    return curve(x, "gelu_tanh" if approximate else "gelu")


_KNOWN: tuple[Activation, ...] = (
    *(relu, sigmoid, tanh, linear, gelu, softmax, log_softmax, sparsemax, glu),
    *(relu6, leaky_relu, hard_sigmoid, hard_silu, hard_tanh, soft_shrink, hard_shrink, threshold),
    *(sparse_plus, sparse_sigmoid, binary_step, elu, selu, celu, silu, mish, softplus, log_sigmoid),
    *(softsign, squareplus, tanh_shrink, exponential),
)
REGISTRY: Registry[Any] = Registry(
    "activation",
    {
        **{function.__name__: function for function in _KNOWN},
        "swish": silu,
        "hard_swish": hard_silu,
    },
    {},
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Activation:
    """The activation function that a layer's argument stands for.

    Parameters
    ----------
    identifier : a name (``"relu"``), a function of a tensor written in ``fastnn.ops``, a
        configuration, or None for ``linear``.
    custom_objects : functions of the caller, by name.

    Raises
    ------
    ArgumentError : for an unknown name (the known ones are listed) or anything else.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.get("tanh") is activations.tanh
    True
    """
    if identifier is None:
        return linear
    if isinstance(identifier, (str, Mapping)):
        return deserialize(identifier, custom_objects)
    if callable(identifier):
        function: Activation = identifier() if isinstance(identifier, type) else identifier
        return function
    raise ArgumentError(
        f"received {identifier!r} as an activation, expected a name, a function or None. Pass "
        "'relu', or a function of a tensor written in fastnn.ops."
    )


def serialize(activation: Activation) -> str | dict[str, Any]:
    """An activation as data: the name of a function, or ``{"class_name": ..., "config": ...}``.

    Raises
    ------
    ArgumentError : for a function without a name (a lambda).

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.serialize(activations.relu)
    'relu'
    """
    get_config = getattr(activation, "get_config", None)
    if callable(get_config):
        return {"class_name": type(activation).__name__, "config": get_config()}
    name = getattr(activation, "__name__", "<lambda>")
    if name == "<lambda>":
        raise ArgumentError(
            "an activation without a name (a lambda) cannot be written to a file. Define it with "
            "def, and pass it as custom_objects when loading."
        )
    return str(name)


def deserialize(
    config: str | Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Activation:
    """An activation from what ``serialize`` returned.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.deserialize("relu") is activations.relu
    True
    """
    if isinstance(config, str):
        found: Any = REGISTRY.find(config, custom_objects)
        return found() if isinstance(found, type) else found  # type: ignore[no-any-return]
    inner = checked_config("an activation", config).get("config")
    if config.get("class_name") == "function" and isinstance(inner, str):  # as Keras writes one
        return deserialize(inner, custom_objects)
    made: Activation = REGISTRY.deserialize(config, custom_objects)
    return made


def plot(
    names: str | Activation | Sequence[str | Activation] | None = None,
    to_file: str | os.PathLike[str] = "activations.png",
    dpi: int = 120,
) -> Any:
    """Draw activation functions: curve, derivative, range and usual place of each.

    The derivative is the one that training uses.

    Parameters
    ----------
    names : a name or a function of the caller's, or a list of them; by default all that act on each
        value by itself.
    to_file : the picture; its suffix says of which type (``.png``, ``.svg``, ``.pdf``, …).
    dpi : dots per inch.

    Returns
    -------
    In a notebook an image that it shows, else None.

    Raises
    ------
    MissingExtraError : without matplotlib, the extra ``plot``.
    ArgumentError : for an unknown name, a function that mixes values (softmax), or a file type that
        cannot be written.

    Notes
    -----
    fastnn's own: Keras has no such function.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.plot(["relu", "tanh"], "two.png")
    """
    from fastnn.drawing import curves

    return curves.plot(names, to_file, dpi)


if not TYPE_CHECKING:
    __getattr__ = refusing(__name__)
