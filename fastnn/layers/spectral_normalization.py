"""Spectral normalisation of another layer's kernel."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, initializers
from fastnn.errors import ArgumentError
from fastnn.layers.layer import Layer
from fastnn.layers.wrapper import Wrapper
from fastnn.ops.dense import dense_dx, dense_forward
from fastnn.ops.elementwise import binary, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape, stop_gradient
from fastnn.program.tensor import Tensor, product
from fastnn.program.variable import Variable

SMALLEST_SQUARE = 1e-14  # of a length that is divided by: Keras's epsilon 1e-7, squared


class SpectralNormalization(Wrapper):
    """Divides a layer's kernel by its largest singular value while training.

    u, v ← power_iterations steps of v = W u / |W u|, u = Wᵀ v / |Wᵀ v|; σ = vᵀ W u; the layer then
    computes with W / σ, and the gradient of W goes through σ (u and v count as constants).

    Parameters
    ----------
    layer : a layer with a ``kernel`` (``Dense``) or ``embeddings``.
    power_iterations : steps of the power iteration per call, positive.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    Inputs and outputs are those of the layer; vector_u is (1, n_out) and not trained.

    Raises
    ------
    ArgumentError : if ``power_iterations`` is not a positive integer, or the layer has neither a
        ``kernel`` nor ``embeddings``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Dense, SpectralNormalization
    >>> layer = SpectralNormalization(Dense(2, kernel_initializer="ones"), power_iterations=20)
    >>> y = layer(np.eye(2), training=True)
    >>> float(np.linalg.norm(layer.layer.kernel.numpy(), 2).round(3))
    1.0

    References
    ----------
    Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
    networks", ICLR 2018.

    Notes
    -----
    As in Keras on JAX: a call of the layer itself with ``training=True`` stores the divided kernel;
    in ``fit`` the division is part of the step, and the kernel that the optimizer trains, which
    ``predict`` uses, is the undivided one.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations: int = arguments.integer(
            "SpectralNormalization", "power_iterations", power_iterations, 1
        )
        self.vector_u: Variable | None = None

    @property
    def kernel(self) -> Variable:
        """The wrapped layer's kernel or embeddings."""
        for name in ("kernel", "embeddings"):
            found = getattr(self.layer, name, None)
            if isinstance(found, Variable):
                return found
        raise ArgumentError(
            f"SpectralNormalization {self.name!r}: layer {self.layer.name!r} of class "
            f"{type(self.layer).__name__} has neither a kernel nor embeddings. Wrap a Dense layer, "
            "for example."
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the layer, and make the vector that the power iteration starts from."""
        super().build(input_shape)
        self._variables.append(self.kernel)  # so that the weights have Keras's order
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The layer's output, with the divided kernel if ``training``."""
        if training:
            self._divide()
        output: Tensor = self.layer(inputs)
        return output

    def _divide(self) -> None:
        """Assign kernel / σ and the new u; a kernel of zeros and its u stay as they are."""
        assert self.vector_u is not None
        kernel, old = self.kernel.tensor(), self.vector_u.tensor()
        w = reshape(kernel, (product(kernel.shape[:-1]), kernel.shape[-1]))
        like = Tensor((1, w.shape[0]), w.dtype)
        u = old
        for _ in range(self.power_iterations):
            v = _unit(dense_dx(u, w, like))
            u = _unit(dense_forward(v, w))
        u, v = stop_gradient(u), stop_gradient(v)
        sigma = reduce_columns(multiply(dense_forward(v, w), u), "sum")
        largest = reduce_columns(
            unary(reshape(stop_gradient(w), (1, product(w.shape))), "absolute"), "max"
        )
        zero = scale(binary(largest, 0.0, function="equal"), 1.0)
        self.vector_u.assign(u + zero * old)
        self.kernel.assign(reshape(binary(w, sigma + zero, function="divide"), kernel.shape))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(x: Tensor) -> Tensor:
    """x / |x|, (1, k)."""
    squares = reduce_columns(unary(x, "square"), "sum")
    length = unary(binary(squares, SMALLEST_SQUARE, function="maximum"), "sqrt")
    return binary(x, length, function="divide")
