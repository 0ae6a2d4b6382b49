"""Normalisation of the features by what their mean and variance are in some data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError, StateError
from fastnn.layers.layer import Layer
from fastnn.layers.normalizing import given_axes, positions
from fastnn.ops.elementwise import binary, unary
from fastnn.ops.shape import reshape
from fastnn.program.tensor import BATCH, Shape, Tensor
from fastnn.program.variable import Variable

Array = np.ndarray[Any, Any]


class Normalization(Layer):
    """Shifts and scales each feature to mean 0 and variance 1, by given or adapted numbers.

    y = (x - mean) / max(√variance, ε), ε = ``config.epsilon()``;
    with ``invert``, y = mean + x · max(√variance, ε).

    Parameters
    ----------
    axis : the axis, or tuple of axes, with a mean and variance for each index; None: one mean and
        variance for all. Not the batch axis.
    mean, variance : numbers, or arrays of the sizes of ``axis``; both or none. Without them call
        ``adapt`` before training.
    invert : whether to compute the inverse.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs.

    Raises
    ------
    ArgumentError : if only one of ``mean`` and ``variance`` is given, or their shapes differ.
    ShapeError : if ``axis`` does not fit the inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Normalization
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0], [2.0, 9.0]]))
    >>> layer([[2.0, 7.0]]).tolist()
    [[1.0, -1.0]]
    >>> Normalization(mean=3.0, variance=4.0)([[1.0], [5.0]]).tolist()
    [[-1.0], [1.0]]
    """

    _hands_masks_on = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        given = [] if axis is None else given_axes("Normalization", axis)
        self.axis: tuple[int, ...] = (given,) if isinstance(given, int) else tuple(given)
        self.invert: bool = arguments.flag("Normalization", "invert", invert)
        if (mean is None) != (variance is None):
            raise ArgumentError(
                f"Normalization {self.name!r}: received mean={mean!r} and variance={variance!r}, "
                "expected both or none. Pass both, or call adapt(data)."
            )
        shapes = np.shape(mean), np.shape(variance)
        self.input_mean: Any = None if mean is None else np.asarray(mean).tolist()
        self.input_variance: Any = None if variance is None else np.asarray(variance).tolist()
        if shapes[0] != shapes[1] or len(shapes[0]) > len(self.axis):
            raise ArgumentError(
                f"Normalization {self.name!r}: received mean of shape {shapes[0]} and variance of "
                f"shape {shapes[1]}, expected equal shapes of at most {len(self.axis)} axes, for "
                f"axis={axis}. Pass numbers, or arrays of the sizes of these axes."
            )
        self.adapt_mean: Variable | None = None
        self.adapt_variance: Variable | None = None
        self.count: Variable | None = None
        self._sample: tuple[int, ...] = ()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make mean and variance, unless they are given."""
        kept = self._kept(input_shape)
        self._sample = tuple(size or 1 for size in input_shape[1:])
        if self.input_mean is not None:
            self._given(self.input_mean, kept)
            return
        shape = tuple(self._sample[place - 1] for place in kept)
        self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
        self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
        # Keras keeps it for the sake of older files; so the weights are the same in number
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def _kept(self, shape: Sequence[Any]) -> tuple[int, ...]:
        return positions(self, self.axis, shape) if self.axis else ()

    def adapt(self, data: Any) -> None:
        """Compute mean and variance of the features of some data, and keep them as weights.

        Parameters
        ----------
        data : an array, samples first; or an iterable of batches, arrays or tuples that begin with
            one.

        Raises
        ------
        StateError : if mean and variance were given.
        ShapeError : if the data does not fit the layer.
        """
        if self.input_mean is not None:
            raise StateError(
                f"Normalization {self.name!r}: mean and variance were given. Leave them out to "
                "adapt the layer to data."
            )
        batches = _batches(data)
        first = next(batches, None)
        if first is None or first.size == 0:
            raise ArgumentError(
                f"Normalization {self.name!r}: adapt() received no data. Pass an array, or an "
                "iterable of at least one batch."
            )
        self.ensure_built((BATCH, *first.shape[1:]))
        kept = self._kept(first.shape)
        reduced = tuple(axis for axis in range(first.ndim) if axis not in kept)
        total, count = _moments(self._checked(first), reduced), first.size
        for batch in batches:
            part = _moments(self._checked(batch), reduced)
            share = batch.size / (count + batch.size)
            mean = total[0] * (1 - share) + part[0] * share
            variance = (total[1] + (total[0] - mean) ** 2) * (1 - share)
            total = mean, variance + (part[1] + (part[0] - mean) ** 2) * share
            count += batch.size
        assert self.adapt_mean is not None
        assert self.adapt_variance is not None
        self.adapt_mean.assign(total[0])
        self.adapt_variance.assign(total[1])

    def _checked(self, batch: Array) -> Array:
        """The batch, if its axes are those that the layer was built for."""
        expected = self._sample
        if batch.shape[1:] != expected and (
            batch.ndim != len(expected) + 1
            or any(batch.shape[place] != expected[place - 1] for place in self._kept(batch.shape))
        ):
            raise ShapeError(
                f"Normalization {self.name!r}: the layer was built for samples of shape "
                f"{expected}, adapt() received {batch.shape[1:]}. Pass data of that shape."
            )
        return batch

    @property
    def mean(self) -> Array:
        """The mean of each feature, given or adapted."""
        return np.asarray(self._value(self.input_mean, self.adapt_mean))

    @property
    def variance(self) -> Array:
        """The variance of each feature, given or adapted."""
        return np.asarray(self._value(self.input_variance, self.adapt_variance))

    def _value(self, given: Any, adapted: Variable | None) -> Any:
        if given is None and adapted is None:
            raise StateError(
                f"Normalization {self.name!r} has no mean and variance yet. Call adapt(data) first."
            )
        return given if adapted is None else adapted.numpy()

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs, normalised."""
        mean = self._spread(self.input_mean, self.adapt_mean, inputs)
        variance = self._spread(self.input_variance, self.adapt_variance, inputs)
        epsilon = config.epsilon()
        if isinstance(variance, np.ndarray):
            root: Any = np.maximum(np.sqrt(variance), epsilon).astype(inputs.dtype)
        else:
            root = binary(unary(variance, "sqrt"), epsilon, function="maximum")
        if self.invert:
            return binary(mean, binary(inputs, root, function="multiply"), function="add")
        return binary(binary(inputs, mean, function="subtract"), root, function="divide")

    def _spread(self, given: Any, adapted: Variable | None, x: Tensor) -> Any:
        """A mean or variance in a shape that goes with the inputs."""
        kept = self._kept(x.shape)
        first = kept[0] if kept else x.ndim
        shape: Shape = tuple(x.shape[a] if a in kept else 1 for a in range(first, x.ndim))
        if adapted is not None:
            return reshape(adapted.tensor(), shape)
        return self._given(given, kept).astype(x.dtype).reshape(shape)

    def _given(self, value: Any, kept: tuple[int, ...]) -> Array:
        """A given mean or variance, broadcast to the sizes of the kept axes."""
        sizes = tuple(self._sample[place - 1] for place in kept)
        array = np.asarray(value, dtype=np.float64)
        try:
            return np.broadcast_to(array, sizes)
        except ValueError:
            raise ShapeError(
                f"Normalization {self.name!r}: received mean and variance of shape {array.shape}, "
                f"but the inputs have {sizes} features. Pass one number per feature."
            ) from None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "mean": self.input_mean,
            "variance": self.input_variance,
            "invert": self.invert,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Normalization:
        """A new layer from what ``get_config`` returned."""
        return cls(**{**config, "axis": tuple(config["axis"]) or None})


def _batches(data: Any) -> Iterator[Array]:
    """The data as arrays: itself, or the batches that it yields."""
    if hasattr(data, "shape") or not isinstance(data, Iterable):
        yield np.asarray(data)
        return
    items = list(data) if isinstance(data, (list, tuple)) else data
    if isinstance(items, list) and items and not hasattr(_first(items[0]), "shape"):
        yield np.asarray(items)
        return
    for item in items:
        yield np.asarray(_first(item))


def _first(batch: Any) -> Any:
    """x of a batch (x, y)."""
    return batch[0] if isinstance(batch, tuple) else batch


def _moments(data: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance over the axes, in float64."""
    return data.mean(axis=axes, dtype=np.float64), data.var(axis=axes, dtype=np.float64)
