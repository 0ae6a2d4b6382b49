"""``MetricVariable``: a part of the state of a metric of the user's own.

On arrays it holds numbers. While ``update_state`` is traced into a Program it stands for words of
the run's state: reading it loads them, ``assign`` stores them, and sums are added to them in
float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError
from fastnn.losses.targets import shape_text
from fastnn.ops import metric as metric_ops
from fastnn.ops.contract import as_tensor
from fastnn.ops.elementwise import binary
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Node, Tensor, constant

Array = np.ndarray[Any, Any]


def initial_value(initializer: Any, shape: Any) -> Array:
    """The value that an initializer makes, in float64."""
    from fastnn import initializers

    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    made = initializers.get("zeros" if initializer is None else initializer)
    return np.asarray(made(sizes, dtype="float64"), dtype=np.float64).reshape(sizes)


class MetricVariable:
    """A part of the state of a metric; ``Metric.add_variable`` makes it.

    Attributes
    ----------
    name : for reading.
    shape : tuple of int.
    initial : the value before any data, float64.

    Examples
    --------
    >>> from fastnn import metrics
    >>> total = metrics.Mean().add_variable((2,), "zeros", name="total")
    >>> total.name, total.shape, total.initial.tolist()
    ('total', (2,), [0.0, 0.0])
    """

    __array_priority__: float = 1000.0

    def __init__(self, initial: Array, name: str) -> None:
        self.name: str = name
        self.initial: Array = initial
        self.shape: tuple[int, ...] = initial.shape
        self._value = initial.copy()
        self._first = 0
        self._dtype = ""  # of the tensors while it is traced
        self._base: Tensor | None = None  # the value without what was added; None: not read yet
        self._assigned = False
        self._added: Tensor | None = None

    @property
    def size(self) -> int:
        """Number of words."""
        return int(self.initial.size)

    # -- tracing ----------------------------------------------------------------------------------

    @property
    def is_traced(self) -> bool:
        """Whether it stands for words of a run's state now."""
        return bool(self._dtype)

    def begin_trace(self, first: int, dtype: str) -> None:
        """Stand for the words from ``first`` on."""
        self._first, self._dtype = first, dtype
        self._base, self._added, self._assigned = None, None, False

    def end_trace(self) -> None:
        """Hold numbers again."""
        self._dtype = ""
        self._base = self._added = None

    def tensor(self) -> Tensor:
        """The current value as a symbolic tensor."""
        if self._base is None:
            self._base = metric_ops.metric_load(self._first, self.shape, self._dtype)
        if self._added is None:
            return self._base
        return binary(self._base, self._added, function="add")

    def traced_updates(self) -> list[Node]:
        """The nodes that write what was assigned and added."""
        if self._assigned:
            return [metric_ops.metric_store(self._first, self.tensor())]
        if self._added is None:
            return []
        return [metric_ops.metric_sum(self._first, self._added, None)]

    def _fitted(self, value: Any) -> Tensor:
        """A value as a tensor of the variable's shape."""
        symbol = value.tensor() if isinstance(value, MetricVariable) else value
        tensor = as_tensor(symbol, self._dtype)
        if tensor.shape == self.shape:
            return tensor
        if not tensor.has_batch and tensor.shape in ((), (1,)):
            if self.size == 1:
                return reshape(tensor, self.shape)
            zeros = constant(np.zeros(self.shape), self._dtype)
            return binary(zeros, tensor, function="add")
        raise ShapeError(
            f"metric variable {self.name!r} of shape {self.shape}: received a value of shape "
            f"{shape_text(tensor.shape)}. Reduce it over the batch, for example with "
            "ops.sum(value) or ops.sum(value, axis=0)."
        )

    # -- values -----------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The current value: an array, or a symbolic tensor while it is traced."""
        return self.tensor() if self.is_traced else self.numpy()

    def numpy(self) -> Array:
        """A copy of the numbers."""
        copy: Array = self._value.copy()
        return copy

    def assign(self, value: Any) -> None:
        """Replace the value."""
        if self.is_traced:
            self._base, self._added, self._assigned = self._fitted(value), None, True
        else:
            self._value = self._numbers(value)

    def assign_add(self, value: Any) -> None:
        """Add to the value, in float64."""
        if self.is_traced:
            added = self._fitted(value)
            self._added = (
                added if self._added is None else binary(self._added, added, function="add")
            )
        else:
            self._value = self._value + self._numbers(value)

    def assign_sub(self, value: Any) -> None:
        """Subtract from the value."""
        if self.is_traced:
            self.assign_add(binary(0.0, self._fitted(value), function="subtract"))
        else:
            self._value = self._value - self._numbers(value)

    def _numbers(self, value: Any) -> Array:
        if isinstance(value, Tensor):
            raise ArgumentError(
                f"metric variable {self.name!r}: received a symbolic tensor outside of "
                "update_state. Assign to it in update_state."
            )
        array = np.asarray(value, dtype=np.float64)
        try:
            return np.array(np.broadcast_to(array, self.shape))
        except ValueError:
            raise ShapeError(
                f"metric variable {self.name!r} of shape {self.shape}: received a value of shape "
                f"{array.shape}. Pass one of its shape, or a number."
            ) from None

    # -- arithmetic: symbolic while it is traced, NumPy's otherwise ------------------------------

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.asarray(self.numpy(), dtype=dtype)

    def __float__(self) -> float:
        return float(self.value)

    def __add__(self, other: Any) -> Any:
        return self.value + _value(other)

    def __radd__(self, other: Any) -> Any:
        return _value(other) + self.value

    def __sub__(self, other: Any) -> Any:
        return self.value - _value(other)

    def __rsub__(self, other: Any) -> Any:
        return _value(other) - self.value

    def __mul__(self, other: Any) -> Any:
        return self.value * _value(other)

    def __rmul__(self, other: Any) -> Any:
        return _value(other) * self.value

    def __truediv__(self, other: Any) -> Any:
        return self.value / _value(other)

    def __rtruediv__(self, other: Any) -> Any:
        return _value(other) / self.value

    def __neg__(self) -> Any:
        return -self.value

    def __repr__(self) -> str:
        return f"<MetricVariable {self.name} shape={self.shape}>"


def _value(other: Any) -> Any:
    return other.value if isinstance(other, MetricVariable) else other
