"""Batch normalisation. Its ops are in ``fastnn/ops/normalization.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import arguments, initializers
from fastnn.errors import UnsupportedError
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
    Outputs are of the shape of the inputs; gamma, beta and the moving ones (features,).

    Raises
    ------
    ArgumentError : for an argument out of its range.
    UnsupportedError : for renorm and synchronized.
    ShapeError : if ``axis`` does not fit the inputs.

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
        if training and self.trainable and mask is not None:
            raise UnsupportedError(
                f"BatchNormalization {self.name!r}: the inputs have a mask, but fastnn does not "
                "leave masked steps out of the statistics of a batch. Put the layer before the "
                "masking, or use LayerNormalization."
            )
        (place,) = positions(self, self.axis, inputs.shape)
        order = [axis for axis in range(inputs.ndim) if axis != place]
        y = self._by_columns(arranged(inputs, (*order, place)), training)
        back = list(range(inputs.ndim - 1))
        back.insert(place, inputs.ndim - 1)
        return arranged(y, tuple(back))

    def _by_columns(self, x: Tensor, training: bool) -> Tensor:
        """The same for features on the last axis."""
        assert self.moving_mean is not None
        assert self.moving_variance is not None
        gamma, beta = self.factors()
        old_mean, old_variance = self.moving_mean.tensor(), self.moving_variance.tensor()
        if not (training and self.trainable):
            return batch_norm(x, old_mean, old_variance, gamma, beta, epsilon=self.epsilon)
        mean, variance = reduce_rows(x, "mean"), batch_variance(x)
        rest = 1.0 - self.momentum
        self.moving_mean.assign(old_mean * self.momentum + mean * rest)
        self.moving_variance.assign(old_variance * self.momentum + variance * rest)
        return batch_norm(x, mean, variance, gamma, beta, epsilon=self.epsilon, batch=True)

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
