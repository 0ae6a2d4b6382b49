"""The base classes of metrics: a value per sample in ops, and its mean with a state in float64.

Inside a Program only ``values`` is used: the op ``metric_mean`` accumulates what it gives. On
arrays the values come from the same ``values`` and are accumulated here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import config
from fastnn.errors import ArgumentError
from fastnn.layers.layer import snake_case
from fastnn.losses.reduction import spread_weights
from fastnn.losses.targets import fit_targets, per_sample
from fastnn.ops.reduce import reduce_columns
from fastnn.program.tensor import Tensor


class Metric:
    """Base class of metrics.

    Parameters
    ----------
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default. Sums are kept in float64 in any
        case.
    name : name in logs; the class name in snake case by default.

    Attributes
    ----------
    sparse : whether targets are integer labels; they are then int32 tensors (batch, 1) in
        ``values``.

    Examples
    --------
    >>> from fastnn.metrics import Accuracy
    >>> metric = Accuracy()
    >>> metric.update_state([[1], [2], [3], [4]], [[0], [2], [3], [4]])
    >>> float(metric.result())
    0.75
    """

    sparse: bool = False

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise ArgumentError(
                f"{type(self).__name__}: received name={name!r}, expected a string. Pass "
                "name='accuracy', say."
            )
        self.name: str = name or snake_case(type(self).__name__)
        self.dtype: str = config.standardize_dtype(dtype)

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One value per sample, (batch, …, 1), from symbolic targets and predictions."""
        raise ArgumentError(
            f"metric {self.name!r} ({type(self).__name__}) does not define values(y_true, "
            "y_pred), so fit and evaluate cannot compute it. Define it with functions of "
            "fastnn.ops, or pass such a function."
        )

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take more data into account."""
        raise ArgumentError(
            f"metric class {type(self).__name__!r} does not define update_state(). Derive from "
            "fastnn.metrics.Mean, or use MeanMetricWrapper(function)."
        )

    def result(self) -> Any:
        """The metric over all data since the last ``reset_state``."""
        raise ArgumentError(
            f"metric class {type(self).__name__!r} does not define result(). Derive from "
            "fastnn.metrics.Mean, or use MeanMetricWrapper(function)."
        )

    def reset_state(self) -> None:
        """Forget all data."""
        raise ArgumentError(
            f"metric class {type(self).__name__!r} does not define reset_state(). Derive from "
            "fastnn.metrics.Mean, or use MeanMetricWrapper(function)."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """``update_state`` with the same arguments, then ``result``."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A new metric from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


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

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values.

        Parameters
        ----------
        values : (batch, …); axes beyond the first are averaged for each sample.
        sample_weight : one weight per sample, or one per value.
        """
        array = np.asarray(values, dtype=np.float64)
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
        return np.float64(self.total / self.count if self.count else 0.0)

    def reset_state(self) -> None:
        """Forget all values."""
        self.total = 0.0
        self.count = 0.0


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Parameters
    ----------
    fn : takes symbolic targets and predictions and returns one value per sample (or per element),
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
    #: whether targets must have the shape of the predictions
    checks_targets: bool = False

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
        super().__init__(name or ("metric" if title == "<lambda>" else title), dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """fn(y_true, y_pred)."""
        if y_true.ndim == 1 and y_pred.ndim == 2 and y_pred.shape[-1] == 1:
            y_true = fit_targets(y_true, y_pred, self.name)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if not isinstance(values, Tensor) or not values.has_batch:
            raise ArgumentError(
                f"metric {self.name!r}: the function returned {values!r}, expected a symbolic "
                "tensor with one value per sample. Use functions of fastnn.ops, and reduce the "
                "last axis only."
            )
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


def mean_of_columns(values: Tensor) -> Tensor:
    """(…, k) → (…, 1)."""
    return values if values.shape[-1] == 1 else reduce_columns(values, "mean")
