"""Batch normalisation. Its ops are in ``fastnn/ops/normalization.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import arguments, config, initializers, ops
from fastnn.errors import ShapeError
from fastnn.layers.normalizing import Normalizing, arranged, positions
from fastnn.ops.normalization import batch_norm, batch_variance
from fastnn.ops.reduce import reduce_rows
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable


class BatchNormalization(Normalizing):
    """Gives each feature mean 0 and variance 1 over the batch.

    While training, with mean and variance of the batch (all axes but ``axis``):
    y = gamma · (x - mean) / √(variance + epsilon) + beta, and
    moving_mean ← momentum · moving_mean + (1 - momentum) · mean, likewise moving_variance. When not
    training, or with ``trainable=False``, the moving ones take the place of the batch's.

    Parameters
    ----------
    axis : the axis of the features, not the batch axis.
    momentum : share of the old value in a moving one, in [0, 1].
    epsilon : added to the variance, not negative.
    center, scale : whether there is a beta, a gamma.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer :
        names, ``Initializer`` objects or functions of the shape.
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : names, objects or
        functions: what beta and gamma add to the loss, and what they become after each update.
    renorm, renorm_clipping, renorm_momentum, synchronized : Keras arguments that are not supported:
        leave them at their defaults.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    Inputs (batch, …, features); where they carry a mask (batch, …), or the call is given one, the
    steps that it marks as padding have no part in mean and variance (they are normalised like the
    others). Outputs are of the shape of the inputs; gamma, beta and the moving ones (features,).

    Raises
    ------
    ArgumentError : for an argument out of its range.
    UnsupportedError : for renorm and synchronized.
    ShapeError : if ``axis`` or a mask does not fit the inputs.

    Examples
    --------
    >>> from fastnn.layers import BatchNormalization
    >>> layer = BatchNormalization(momentum=0.5)
    >>> layer([[1.0], [3.0]], training=True).round(2).tolist()
    [[-1.0], [1.0]]
    >>> layer.moving_mean.numpy().tolist(), layer.moving_variance.numpy().tolist()
    ([1.0], [1.0])

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015.

    Notes
    -----
    Variances are sums of squared deviations in double, so they are never negative and the same bits
    for any number of threads. The last batch of an epoch, if it is smaller, counts like the others
    in the moving ones, as in Keras. Differs from Keras: batch renormalisation is not available.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        arguments.unsupported(
            "BatchNormalization",
            {
                "renorm": (renorm, False),
                "renorm_clipping": (renorm_clipping, None),
                "renorm_momentum": (renorm_momentum, 0.99),
                "synchronized": (synchronized, False),
            },
        )
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.axis: int = arguments.integer("BatchNormalization", "axis", axis, -64)
        self.momentum: float = arguments.number(
            "BatchNormalization", "momentum", momentum, "[0, 1]"
        )
        self.moving_mean_initializer: Callable[..., Any] = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer: Callable[..., Any] = initializers.get(
            moving_variance_initializer
        )
        self.moving_mean: Variable | None = None
        self.moving_variance: Variable | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make gamma, beta, moving_mean and moving_variance."""
        (place,) = positions(self, self.axis, input_shape)
        shape = (input_shape[place] or 1,)
        self.add_factors(shape, self.scale, self.center)
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, inputs: Tensor, training: bool = False, mask: Any = None) -> Tensor:
        """The inputs, normalised."""
        (place,) = positions(self, self.axis, inputs.shape)
        order = [axis for axis in range(inputs.ndim) if axis != place]
        counts = None
        if mask is not None and training and self.trainable:
            counts = arranged(self._counts(mask, inputs), (*order, place))
        y = self._by_columns(arranged(inputs, (*order, place)), training, counts)
        back = list(range(inputs.ndim - 1))
        back.insert(place, inputs.ndim - 1)
        return arranged(y, tuple(back))

    def _counts(self, mask: Any, inputs: Tensor) -> Tensor:
        """1 for inputs that count, 0 for masked ones, in the shape of the inputs."""
        steps: Tensor = ops.convert_to_tensor(mask)
        if steps.ndim != inputs.ndim - 1:
            raise ShapeError(
                f"BatchNormalization {self.name!r}: received a mask of shape {steps.shape} for "
                f"inputs of shape {inputs.shape}, expected one axis less than the inputs. Pass "
                "(batch, steps) for inputs (batch, steps, features)."
            )
        counts = ops.cast(ops.not_equal(steps, 0), inputs.dtype)
        spread: Tensor = ops.broadcast_to(ops.expand_dims(counts, -1), inputs.shape)
        return spread

    def _by_columns(self, x: Tensor, training: bool, counts: Tensor | None) -> Tensor:
        """The same for features on the last axis; ``counts`` is 0 for what the statistics of the
        batch leave out.
        """
        assert self.moving_mean is not None
        assert self.moving_variance is not None
        gamma, beta = self.factors()
        old_mean, old_variance = self.moving_mean.tensor(), self.moving_variance.tensor()
        if not (training and self.trainable):
            return batch_norm(x, old_mean, old_variance, gamma, beta, epsilon=self.epsilon)
        if counts is None:
            mean, variance = reduce_rows(x, "mean"), batch_variance(x)
        else:
            mean, variance = _moments(x, counts)
        rest = 1.0 - self.momentum
        self.moving_mean.assign(old_mean * self.momentum + mean * rest)
        self.moving_variance.assign(old_variance * self.momentum + variance * rest)
        if counts is None:
            return batch_norm(x, mean, variance, gamma, beta, epsilon=self.epsilon, batch=True)
        # of ops, so that the gradient goes through the mean and the variance of what counts
        y: Tensor = (x - mean) * ops.rsqrt(variance + self.epsilon)
        y = y if gamma is None else y * gamma
        y = y if beta is None else y + beta
        return y

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": 0.99,
            "synchronized": False,
        }


def _moments(x: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each column over the rows that count, as Keras computes them."""
    number = reduce_rows(counts, "sum") + config.epsilon()
    mean = reduce_rows(ops.where(counts, x, 0.0), "sum") / number
    left = ops.where(counts, x - mean, 0.0)
    return mean, reduce_rows(ops.square(left), "sum") / number
