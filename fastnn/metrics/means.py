"""Metrics that are sums or means of values: a value per sample in ops, two words of state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, DataError
from fastnn.losses.reduction import counted, doubles, of_valid, spread_weights
from fastnn.losses.targets import fit_targets, per_sample
from fastnn.metrics.metric import Array, Metric
from fastnn.ops.dispatch import is_symbolic
from fastnn.ops.metric import metric_mean
from fastnn.program.tensor import Node, Shape, Tensor


class Mean(Metric):
    """The weighted mean of values.

    Σ w_i v_i / Σ w_i over all samples i; 0 if there are none.

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Examples
    --------
    >>> from fastnn.metrics import Mean
    >>> metric = Mean()
    >>> metric.update_state([1, 3, 5, 7])
    >>> float(metric.result())
    4.0
    >>> metric.reset_state()
    >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> float(metric.result())
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total: float = 0.0
        self.count: float = 0.0

    def words(self, prediction: Shape) -> int:
        """Two: the total and the count."""
        return 2

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """What a subclass's ``update_state(y_true, y_pred, sample_weight)`` passes on to this
        class's.
        """
        self._traced: list[Node] = []
        self._first = first
        self.update_state(y_true, y_pred, weights)  # type: ignore[call-arg]
        return self._traced

    def compute(self, state: Array) -> Any:
        """total / count."""
        return mean_of(float(state[0]), float(state[1]))

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Parameters
        ----------
        values : (batch, …); axes beyond the first are averaged for each sample.
        sample_weight : one weight per sample, or one per value.
        """
        if is_symbolic(values):
            self._traced.append(metric_mean(self._first, values, sample_weight))
            return
        array = doubles(values, f"metric {self.name!r}: received values")
        axes = tuple(range(1, array.ndim))
        if sample_weight is None:
            self.total += float(array.mean(axis=axes).sum()) if array.size else 0.0
            self.count += float(array.shape[0] if array.ndim else 1)
            return
        weights = spread_weights(sample_weight, array.shape, self.name)
        if array.size:
            self.total += float((array * weights).mean(axis=axes).sum())
            self.count += float(weights.mean(axis=axes).sum())

    def result(self) -> Any:
        """The mean over all values since the last ``reset_state``, float64."""
        return np.float64(self.compute(np.array([self.total, self.count])))

    def reset_state(self) -> None:
        """Forget all values."""
        self.total = 0.0
        self.count = 0.0


class Sum(Metric):
    """The weighted sum of values.

    Σ w_i v_i over all samples i, axes of a value beyond the first added up

    Parameters
    ----------
    name, dtype : see ``Metric``.

    Examples
    --------
    >>> from fastnn.metrics import Sum
    >>> metric = Sum()
    >>> metric.update_state([1, 3, 5, 7])
    >>> float(metric.result())
    16.0
    >>> metric.reset_state()
    >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> float(metric.result())
    4.0
    """

    def __init__(self, name: str | None = "sum", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total: float = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Parameters
        ----------
        values : (batch, …).
        sample_weight : one weight per sample, or one per value.
        """
        array = doubles(values, f"metric {self.name!r}: received values")
        if sample_weight is not None:
            array = array * spread_weights(sample_weight, array.shape, self.name)
        self.total += float(array.sum())

    def result(self) -> Any:
        """The sum of all values since the last ``reset_state``, float64."""
        return np.float64(self.total)

    def reset_state(self) -> None:
        """Forget all values."""
        self.total = 0.0


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Parameters
    ----------
    fn : takes symbolic targets and predictions and returns one value per sample (or per element, or
        one for the whole batch, which counts as much as that of any other batch, as in Keras),
        written in ``fastnn.ops``.
    name, dtype : see ``Metric``; the name is the function's by default.
    **kwargs : further arguments of ``fn``.

    Examples
    --------
    >>> from fastnn import metrics, ops
    >>> def largest_error(y_true, y_pred):
    ...     return ops.max(ops.absolute(y_true - y_pred), axis=-1)
    >>> metric = metrics.MeanMetricWrapper(largest_error)
    >>> float(metric([[0.0, 1.0], [2.0, 2.0]], [[0.0, 4.0], [3.0, 2.0]]))
    2.0
    """

    #: whether every number of y is a sample of its own when arrays of one axis are passed
    elementwise: bool = False

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(fn):
            raise ArgumentError(
                f"MeanMetricWrapper: received fn={fn!r}, expected a function of (y_true, y_pred). "
                "Pass one written in fastnn.ops."
            )
        title = getattr(fn, "__name__", type(fn).__name__)
        name = arguments.text("MeanMetricWrapper", "name", name)
        super().__init__(name or ("metric" if title == "<lambda>" else title), dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """Add Σ w v and Σ w, over the steps that count where the predictions carry a mask."""
        found = self.values(y_true, y_pred)
        if not found.has_batch:  # one value for the whole batch counts once, as in Keras
            return [metric_mean(first, found, None)]
        values, valid = counted(found, None, y_pred.mask, self.name)
        if valid is not None:
            values, weights, _ = of_valid(values, weights, "weighted_mean", valid)
        return [metric_mean(first, values, weights)]

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """fn(y_true, y_pred): one value per sample, (batch, …, 1), or one for the whole batch."""
        if y_true.ndim == 1 and y_pred.ndim == 2 and y_pred.shape[-1] == 1:
            y_true = fit_targets(y_true, y_pred, self.name)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        alone = isinstance(values, Tensor) and not values.has_batch and values.shape in ((), (1,))
        if not isinstance(values, Tensor) or not (values.has_batch or alone):
            raise ArgumentError(
                f"metric {self.name!r}: the function returned {values!r}, expected a symbolic "
                "tensor with one value per sample, or one for the whole batch. Use functions of "
                "fastnn.ops, and reduce the last axis or all axes."
            )
        if values.dtype != y_pred.dtype:
            raise DataError(f"metric {self.name!r} gives values of dtype {values.dtype}.")
        return values

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Add samples.

        Parameters
        ----------
        y_true, y_pred : targets and predictions (batch, …).
        sample_weight : one weight per sample, or one per value.

        Raises
        ------
        ShapeError : if targets do not fit predictions.
        DataError : for a label that is not a whole number in [0, classes).
        """
        if self.elementwise and np.ndim(y_true) == np.ndim(y_pred) == 1:
            y_true, y_pred = np.reshape(y_true, (-1, 1)), np.reshape(y_pred, (-1, 1))
        values = per_sample(
            self.values,
            y_true,
            y_pred,
            name=self.name,
            key=(type(self), self._key(), config.epsilon()),
            sparse=self.sparse,
            checked=self.checks_targets,
        )
        super().update_state(values, sample_weight)

    def _key(self) -> Any:
        """What identifies ``values`` with its settings, for the cache of compiled functions."""
        return (self._fn, *((k, type(v).__name__, v) for k, v in self._fn_kwargs.items()))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric; the function by its name."""
        title = getattr(self._fn, "__name__", "<lambda>")
        if title == "<lambda>":
            raise ArgumentError(
                f"metric {self.name!r}: a function without a name (a lambda) cannot be written to "
                "a file. Define it with def, and pass it as custom_objects when loading."
            )
        return {**super().get_config(), "fn": title, **self._fn_kwargs}


def mean_of(total: float, count: float) -> float:
    """total / count; as in Keras, nothing divided by nothing is 0."""
    if count:
        return total / count
    return math.nan if total else 0.0
