"""The fully connected layer. The product is ``dense_forward`` in ``fastnn/ops/dense.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import activations, arguments, constraints, initializers, regularizers
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.layer import Layer
from fastnn.ops.dense import dense_forward
from fastnn.program.tensor import Size, Tensor
from fastnn.program.variable import Variable


class Dense(Layer):
    """Fully connected layer.

    y = activation(x · kernel + bias)

    Parameters
    ----------
    units : size of the output, positive.
    activation : name or function; None is the identity.
    use_bias : whether there is a bias.
    kernel_initializer, bias_initializer : names, ``Initializer`` objects or functions of the shape;
        ``"glorot_uniform"`` and ``"zeros"`` by default.
    kernel_regularizer, bias_regularizer, activity_regularizer : names, ``Regularizer`` objects or
        functions: what kernel, bias and output (divided by the rows) add to the loss.
    kernel_constraint, bias_constraint : names, ``Constraint`` objects or functions: what kernel and
        bias become after each update.
    lora_rank, lora_alpha, quantization_config : Keras arguments that are not supported: anything
        but None raises ``UnsupportedError``.
    name, dtype, trainable, input_shape, input_dim : see ``Layer``.

    Shapes
    ------
    inputs (batch, …, n_in) → outputs (batch, …, units); kernel (n_in, units), bias (units,).

    Raises
    ------
    ArgumentError : if ``units`` is not a positive integer, or a name is unknown.
    ShapeError : when called on inputs of one axis, or whose last axis is not the kernel's n_in.

    Examples
    --------
    >>> from fastnn.layers import Dense
    >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
    >>> layer([[1.0, 2.0], [-3.0, 1.0]]).tolist()
    [[3.0, 3.0], [0.0, 0.0]]
    >>> layer.kernel.shape, layer.bias.shape
    ((2, 2), (2,))
    """

    _hands_masks_on = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        arguments.unsupported(
            "Dense",
            {
                "lora_rank": (lora_rank, None),
                "lora_alpha": (lora_alpha, None),
                "quantization_config": (quantization_config, None),
            },
        )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units: int = arguments.integer("Dense", "units", units, 1)
        self.activation: activations.Activation = activations.get(activation)
        self.use_bias: bool = arguments.flag("Dense", "use_bias", use_bias)
        self.kernel_initializer: Callable[..., Any] = initializers.get(
            "glorot_uniform" if kernel_initializer is None else kernel_initializer
        )
        self.bias_initializer: Callable[..., Any] = initializers.get(
            "zeros" if bias_initializer is None else bias_initializer
        )
        self.kernel_regularizer: Callable[..., Any] | None = regularizers.get(kernel_regularizer)
        self.bias_regularizer: Callable[..., Any] | None = regularizers.get(bias_regularizer)
        self.kernel_constraint: Callable[..., Any] | None = constraints.get(kernel_constraint)
        self.bias_constraint: Callable[..., Any] | None = constraints.get(bias_constraint)
        self._kernel: Variable | None = None
        self.bias: Variable | None = None

    @property
    def kernel(self) -> Variable:
        """The weights (n_in, units); there are none before the layer is built."""
        if self._kernel is None:
            raise AttributeError(
                f"layer {self.name!r} has no kernel yet, because it does not know its input "
                "shape. Build the model (give it an Input, or call it on data) first."
            )
        return self._kernel

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make kernel and bias for inputs of this shape (None for the batch)."""
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ShapeError(
                f"Dense {self.name!r}: expected inputs of shape (batch, n), received (batch,). "
                "Reshape x of shape (n,) to (n, 1) for samples of one number, or to (1, n) for "
                "one sample."
            )
        n_in = input_shape[-1]
        self._kernel = self.add_weight(
            (n_in, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs: Tensor) -> Tensor:
        """activation(inputs · kernel + bias)."""
        self._check(inputs)
        bias = None if self.bias is None else self.bias.tensor()
        output: Tensor = self.activation(dense_forward(inputs, self.kernel.tensor(), bias))
        return output

    def _check(self, inputs: Tensor) -> None:
        """Refuse inputs that the kernel does not fit."""
        n_in = self.kernel.shape[0]
        if inputs.ndim < 2 or inputs.shape[-1] != n_in:
            received = ["batch", *(str(s) for s in inputs.shape[1:])]
            sizes = [s for s in inputs.shape[1:] if not isinstance(s, Size)]
            flat = 1
            for size in sizes:
                flat *= size
            advice = (
                f"Add Flatten() before it, or reshape x to (batch, {n_in})"
                if flat == n_in
                else f"Pass inputs whose last axis is {n_in}, or make a new layer for this input"
            )
            shown = ", ".join(received) + ("," if len(received) == 1 else "")
            raise ShapeError(
                f"Dense {self.name!r}: expected inputs of shape (batch, {n_in}), received "
                f"({shown}). {advice}."
            )
        if inputs.dtype != self.dtype:
            raise ArgumentError(
                f"Dense {self.name!r}: expected inputs of dtype {self.dtype}, received "
                f"{inputs.dtype}. Give all layers of a model one dtype."
            )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }
