"""The base class of metrics, and their state.

A metric's state is a few float64 words. Inside a Program ``accumulate`` adds ops that update them,
``words`` says how many there are, and ``compute`` makes the figure out of them once a batch or an
epoch has ended. Applied to arrays, the same ``accumulate`` runs as a tiny Program.

A class of the user's own defines ``update_state`` and ``result`` as in Keras; ``accumulate`` traces
its ``update_state`` (``variable.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError
from fastnn.layers.layer import snake_case
from fastnn.losses.targets import match_targets, shape_text
from fastnn.metrics.variable import MetricVariable, initial_value
from fastnn.ops.dispatch import float_array
from fastnn.program.tensor import Node, Shape, Tensor

Array = np.ndarray[Any, Any]


class Metric(arguments.NamesItsArguments):
    """Base class of metrics.

    A metric of your own makes its state in ``__init__`` with ``add_variable``, takes batches into
    account in ``update_state`` and gives the figure in ``result``, all with functions of
    ``fastnn.ops``. ``fit`` and ``evaluate`` trace ``update_state`` once and run it natively;
    ``result`` is called at the end of an epoch, on numbers.

    Parameters
    ----------
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default. State is kept in float64 in any
        case.
    name : name in logs; the class name in snake case by default. A second metric of that name in a
        model is logged as ``name_1``, and so on.

    Attributes
    ----------
    sparse : whether targets are integer labels; they are then int32 tensors (batch, 1) in
        ``update_state``, and are checked to be below the number of classes.
    checks_targets : whether targets must have the shape of the predictions.

    Examples
    --------
    >>> from fastnn import metrics, ops
    >>> class WorstError(metrics.Metric):
    ...     def __init__(self, name="worst_error", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.worst = self.add_variable((), "zeros", name="worst")
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.worst.assign(ops.maximum(self.worst, ops.max(ops.absolute(y_true - y_pred))))
    ...
    ...     def result(self):
    ...         return self.worst.value
    >>> metric = WorstError()
    >>> metric.update_state(np.array([[0.0], [1.0]]), np.array([[0.5], [3.0]]))
    >>> metric.update_state(np.array([[1.0]]), np.array([[0.0]]))
    >>> float(metric.result())
    2.0

    Notes
    -----
    Differs from Keras: state is float64; the variables of the classes of this module are no
    ``variables``; ``update_state`` of your own must not look at numbers while it is traced.
    """

    sparse: bool = False
    checks_targets: bool = False

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise ArgumentError(
                f"{type(self).__name__}: received name={name!r}, expected a string. Pass "
                "name='accuracy', say."
            )
        owner = type(self).__name__
        self.name: str = arguments.text(owner, "name", name) or snake_case(owner)
        self.dtype: str = config.standardize_dtype(dtype)
        self._variables: list[MetricVariable] = []

    # -- what Programs use ------------------------------------------------------------------------

    def words(self, prediction: Shape) -> int:
        """How many float64 words the state has, for predictions of a shape."""
        return sum(variable.size for variable in self.variables)

    def initial(self, prediction: Shape) -> Array:
        """The words before any data."""
        parts = [variable.initial.reshape(-1) for variable in self.variables]
        return np.concatenate(parts) if parts else np.zeros(self.words(prediction))

    def accumulate(
        self, first: int, y_true: Tensor, y_pred: Tensor, weights: Tensor | None
    ) -> list[Node]:
        """The ops that take a batch into account, in the words from ``first`` on."""
        place = first
        try:
            for variable in self.variables:
                variable.begin_trace(place, y_pred.dtype)
                place += variable.size
            if "sample_weight" in inspect.signature(self.update_state).parameters:
                self.update_state(y_true, y_pred, sample_weight=weights)
            else:
                self.update_state(y_true, y_pred)
            return [node for variable in self.variables for node in variable.traced_updates()]
        finally:
            for variable in self.variables:
                variable.end_trace()

    def compute(self, state: Array) -> Any:
        """The figure that the words mean: a float, or an array."""
        kept = [variable.numpy() for variable in self.variables]
        place = 0
        try:
            for variable in self.variables:
                words = state[place : place + variable.size]
                variable.assign(words.reshape(variable.shape))
                place += variable.size
            return plain(self.result())
        finally:
            for variable, value in zip(self.variables, kept, strict=True):
                variable.assign(value)

    # -- what users call and define ---------------------------------------------------------------

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> MetricVariable:
        """A part of the state, to be called in ``__init__``.

        Parameters
        ----------
        shape : tuple of int, ``()`` for a number.
        initializer : name, object of ``fastnn.initializers`` or function of (shape, dtype) that
            makes the value before any data.
        dtype, aggregation : accepted for Keras's sake: the state is float64, and of one process.
        name : ``"variable"`` by default.

        Returns
        -------
        A ``MetricVariable`` with ``assign``, ``assign_add``, ``assign_sub`` and ``value``, which
        takes part in arithmetic and in functions of ``fastnn.ops``.
        """
        variable = MetricVariable(initial_value(initializer, shape), name or "variable")
        self.variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> MetricVariable:
        """``add_variable`` under the name that layers use."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[MetricVariable]:
        """What ``add_variable`` made."""
        try:
            return self._variables
        except AttributeError:
            raise ArgumentError(
                f"metric class {type(self).__name__!r} does not call super().__init__(). Call it "
                "first in __init__."
            ) from None

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take more data into account."""
        self._undefined("update_state")

    def result(self) -> Any:
        """The metric over all data since the last ``reset_state``."""
        self._undefined("result")

    def _undefined(self, method: str) -> None:
        raise ArgumentError(
            f"metric class {type(self).__name__!r} does not define {method}(). Define it with "
            "functions of fastnn.ops, derive from fastnn.metrics.Mean, or use "
            "MeanMetricWrapper(function)."
        )

    def reset_state(self) -> None:
        """Forget all data."""
        for variable in self.variables:
            variable.assign(variable.initial)

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


class StateMetric(Metric):
    """Base of the metrics here that are not means: counts, sums of squares, histograms.

    A subclass defines ``words``, ``accumulate`` and ``compute``; ``update_state`` and ``result``
    use them on arrays.
    """

    checks_targets = True

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        super().__init__(dtype, name)
        self._state: Array | None = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add samples.

        Parameters
        ----------
        y_true, y_pred : targets and predictions (batch, …).
        sample_weight : one weight per sample, or one per prediction.

        Raises
        ------
        ShapeError : if targets do not fit predictions, or predictions those before.
        """
        from fastnn.program.accumulate import accumulate

        p = float_array(y_pred, self.name, "y_pred")
        t = float_array(y_true, self.name, "y_true").astype(p.dtype, copy=False)
        flat = (1, -1) if self.one_row else (-1, 1)
        p, t = (array.reshape(flat) if array.ndim < 2 else array for array in (p, t))
        if self.checks_targets:
            t = t.reshape(match_targets(t.shape, p.shape, self.name))
        words = self.words(p.shape)
        if self._state is None:
            self._state = np.zeros(words)
        elif self._state.size != words:
            raise ShapeError(
                f"{self.name}: received predictions of shape {shape_text(p.shape)}, which do not "
                "fit those before. Pass predictions of one kind, or call reset_state() first."
            )
        arrays = [t, p]
        if sample_weight is not None:
            arrays.append(self._weights(sample_weight, p.shape).astype(p.dtype))
        accumulate(
            lambda t, p, w=None: self.accumulate(0, t, p, w),
            arrays,
            self._state,
            key=(type(self), self._key(), config.epsilon()),
            names=("y_true", "y_pred", "sample_weight"),
        )

    def _weights(self, sample_weight: Any, shape: tuple[int, ...]) -> Array:
        """Weights as (batch, 1), or of the shape of the predictions."""
        w = np.asarray(sample_weight, dtype=np.float64)
        if w.ndim == 0:
            return np.full((shape[0], 1), w)
        if w.shape == shape:
            return w
        if w.size == shape[0] == w.shape[0]:
            return w.reshape(-1, 1)
        raise ShapeError(
            f"{self.name}: received sample_weight of shape {w.shape} for predictions of shape "
            f"{shape}, expected one weight per sample, or one per prediction. Reshape it."
        )

    def _key(self) -> Hashable:
        """What identifies ``accumulate`` with its settings, for the cache of compiled functions."""
        settings = {k: v for k, v in self.get_config().items() if k not in ("name", "dtype")}
        return repr(settings)

    def result(self) -> Any:
        """The metric over all data since the last ``reset_state``, in float64."""
        if self._state is None:
            return self.empty()
        return self.compute(self._state)

    @property
    def one_row(self) -> bool:
        """Whether arrays of one axis are one sample, rather than samples of one number."""
        return False

    def empty(self) -> Any:
        """The result before any data."""
        return np.float64(0.0)

    def reset_state(self) -> None:
        """Forget all data."""
        self._state = None


def plain(value: Any) -> Any:
    """A result as a number or a float64 array."""
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array
