"""Rectifiers as layers of their own: ``ReLU``, ``LeakyReLU``, ``PReLU`` and ``ELU``. Their
functions are in ``fastnn/activations.py``; any other one becomes a layer by ``Activation``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastnn import activations, arguments, constraints, initializers, regularizers
from fastnn.errors import ArgumentError
from fastnn.layers.input_spec import InputSpec
from fastnn.layers.layer import Layer
from fastnn.ops.activation import activation_forward
from fastnn.ops.elementwise import multiply
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable


class ReLU(Layer):
    """Rectified linear unit.

    y = min(x, max_value) where x > threshold, else negative_slope · (x - threshold)

    Parameters
    ----------
    max_value : the largest y; None, the default, is no limit.
    negative_slope : slope below the threshold, at least 0, 0 by default.
    threshold : where the function begins to rise, at least 0, 0 by default.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if an argument is negative or not a number.

    Examples
    --------
    >>> from fastnn.layers import ReLU
    >>> ReLU(max_value=10, negative_slope=0.5)([[-10.0, -5.0, 0.0, 5.0, 20.0]]).tolist()
    [[-5.0, -2.5, 0.0, 5.0, 10.0]]

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """

    _hands_masks_on = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value: float | None = None
        if max_value is not None:
            self.max_value = arguments.number("ReLU", "max_value", max_value, "[0, inf)")
        self.negative_slope: float = _not_negative("ReLU", "negative_slope", negative_slope)
        self.threshold: float = _not_negative("ReLU", "threshold", threshold)

    def call(self, inputs: Tensor) -> Tensor:
        """relu(inputs)."""
        output: Tensor = activations.relu(
            inputs, self.negative_slope, self.max_value, self.threshold
        )
        return output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """A relu with a small slope below 0.

    y = x where x > 0, else negative_slope · x

    Parameters
    ----------
    negative_slope : slope below 0, at least 0, 0.3 by default (the function's is 0.2, as in Keras).
        ``alpha=`` is understood too.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if the slope is negative or not a number.

    Examples
    --------
    >>> from fastnn.layers import LeakyReLU
    >>> LeakyReLU(0.5)([[-10.0, 0.0, 5.0]]).tolist()
    [[-5.0, 0.0, 5.0]]

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """

    _hands_masks_on = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope: float = _not_negative("LeakyReLU", "negative_slope", negative_slope)

    def call(self, inputs: Tensor) -> Tensor:
        """leaky_relu(inputs)."""
        output: Tensor = activations.leaky_relu(inputs, self.negative_slope)
        return output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(Layer):
    """Exponential linear unit.

    y = x where x > 0, else alpha · (e^x - 1)

    Parameters
    ----------
    alpha : minus the limit of y for very negative x, 1 by default.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``alpha`` is not a number.

    Notes
    -----
    ``get_config`` holds alpha; Keras 3.15 forgets it.

    Examples
    --------
    >>> from fastnn.layers import ELU
    >>> ELU(alpha=2.0)([[-1e4, 0.0, 5.0]]).tolist()
    [[-2.0, 0.0, 5.0]]

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", ICLR 2016.
    """

    _hands_masks_on = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha: float = arguments.number("ELU", "alpha", alpha, "(-inf, inf)")

    def call(self, inputs: Tensor) -> Tensor:
        """elu(inputs)."""
        output: Tensor = activations.elu(inputs, self.alpha)
        return output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "alpha": self.alpha}


class PReLU(Layer):
    """A relu whose slope below 0 is learned, for each element of a sample.

    y = x where x > 0, else alpha · x

    Parameters
    ----------
    alpha_initializer : of the slopes; zeros by default.
    alpha_regularizer, alpha_constraint : names, objects or functions: what the slopes add to the
        loss, and what they become after each update.
    shared_axes : axes (the batch is 0) along which one slope is shared: an integer or several.
    name, dtype, input_shape, … : see ``Layer``.

    Attributes
    ----------
    alpha : the slopes, of the shape of a sample, with size 1 where they are shared.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if ``shared_axes`` are not axes of a sample.

    Examples
    --------
    >>> from fastnn.layers import PReLU
    >>> layer = PReLU(alpha_initializer="ones")
    >>> layer([[-10.0, 0.0, 5.0]]).tolist()
    [[-10.0, 0.0, 5.0]]
    >>> layer.alpha.shape
    (3,)

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """

    _hands_masks_on = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer: Any = initializers.get(
            "zeros" if alpha_initializer is None else alpha_initializer
        )
        self.alpha_regularizer: Callable[..., Any] | None = regularizers.get(alpha_regularizer)
        self.alpha_constraint: Callable[..., Any] | None = constraints.get(alpha_constraint)
        self.shared_axes: list[int] | None = None
        if shared_axes is not None:
            given = shared_axes if isinstance(shared_axes, (list, tuple)) else [shared_axes]
            self.shared_axes = [
                arguments.integer("PReLU", "shared_axes", axis, 1) for axis in given
            ]
        self.alpha: Variable | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the slopes for inputs of this shape (None for the batch)."""
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if axis > len(shape):
                raise ArgumentError(
                    f"PReLU {self.name!r}: received shared_axes={self.shared_axes} for inputs of "
                    f"{len(input_shape)} axes, expected axes from 1 to {len(shape)}. The batch is "
                    "axis 0."
                )
            shape[axis - 1] = 1
        sizes = tuple(size for size in shape if size is not None)
        self.alpha = self.add_weight(
            sizes,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        shared = self.shared_axes or ()
        axes = {i: size for i, size in enumerate(input_shape) if i and i not in shared}
        self.input_spec: InputSpec | None = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Tensor) -> Tensor:
        """relu(inputs) - alpha · relu(-inputs)."""
        below = activation_forward(-inputs, "relu")
        return activation_forward(inputs, "relu") - multiply(below, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


def _not_negative(owner: str, name: str, value: Any) -> float:
    return arguments.number(owner, name, value, "[0, inf)")
