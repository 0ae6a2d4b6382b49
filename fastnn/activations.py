"""Activation functions, by name or as functions of a tensor or an array. The ops are in
``fastnn/ops/activation.py``; variants with Keras's extra arguments are composed of ops here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.ops.activation import activation_forward, softmax_forward
from fastnn.ops.dispatch import check_last_axis, elementwise, rowwise
from fastnn.ops.elementwise import binary, clip, scale
from fastnn.program.tensor import Tensor
from fastnn.registry import Registry

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
    y = activation_forward(x, "relu") if start == 0 else x * binary(x, start, function="greater")
    if max_value is not None:
        y = clip(y, 0.0, arguments.number("relu", "max_value", max_value, "[0, inf)"))
    if slope == 0:
        return y
    return binary(
        y, scale(activation_forward(scale(x, -1.0, start), "relu"), slope), function="subtract"
    )


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


@rowwise("x")
def softmax(x: Any, axis: int = -1) -> Tensor:
    """Exponentials that sum to 1 along the last axis.

    y_j = e^(x_j) / Σ_k e^(x_k)

    Parameters
    ----------
    x : tensor or array; one axis counts as one row.
    axis : the last axis; others are not supported.

    Returns
    -------
    Of the shape of ``x``; finite for x up to ±1e4 and beyond, since the maximum is taken off first.

    Raises
    ------
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import activations
    >>> activations.softmax([[0.0, 0.0], [1e4, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    check_last_axis("softmax", axis, x.shape)
    return softmax_forward(x)


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


REGISTRY: Registry[Any] = Registry(
    "activation",
    {"relu": relu, "sigmoid": sigmoid, "tanh": tanh, "softmax": softmax, "linear": linear},
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
    inner = config.get("config")
    if config.get("class_name") == "function" and isinstance(inner, str):  # as Keras writes one
        return deserialize(inner, custom_objects)
    made: Activation = REGISTRY.deserialize(config, custom_objects)
    return made
