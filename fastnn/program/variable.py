"""Variables: named arrays that a model owns and trains, and the flat buffers that hold them.

A new variable has a small buffer of its own. When a model is built it *adopts* its variables: their
values move into one flat, 64-byte-aligned buffer, so that an optimizer update, a norm or a snapshot
is one pass over memory. A variable that another model has adopted stays there, and both models read
and train it. Programs refer to (buffer, offset); ``Buffer.abandoned`` tells them that something
moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from fastnn.errors import ShapeError
from fastnn.program import assignments
from fastnn.program.tensor import Tensor, constant

ALIGNMENT = 64
Array = np.ndarray[Any, Any]


def aligned_bytes(size: int) -> Array:
    """A zeroed byte array of ``size`` bytes whose first byte lies on a 64-byte boundary."""
    raw = np.zeros(size + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]


def padded(size: int) -> int:
    """``size`` rounded up to a multiple of the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


class Buffer:
    """A flat piece of memory that holds variables of one dtype, each at its place (byte offset).

    A buffer that a variable has left is ``abandoned``: Programs that refer to it are stale. It
    keeps the places, so that what lies in the same layout beside it (optimizer slots) can follow.
    """

    __slots__ = ("abandoned", "data", "owner", "places")

    def __init__(self, size: int, owner: object = None) -> None:
        self.data: Array = aligned_bytes(padded(size))
        self.owner: object = owner
        self.places: dict[Variable, int] = {}
        self.abandoned: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.data.size)


class Variable:
    """A named array that a layer owns: a weight or a piece of state.

    ``numpy()`` returns a copy, ``assign(value)`` overwrites the value in place, and NumPy functions
    see a copy. While a model is traced, the functions of ``fastnn.ops`` and operators take a
    variable like a tensor, and ``assign`` becomes part of the trace.

    Parameters
    ----------
    value : the initial value.
    name : the last part of its path, for example ``"kernel"``.
    dtype : NumPy name of a floating-point type.
    trainable : whether optimizers may change it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.program.variable import Variable
    >>> kernel = Variable(np.ones((2, 3)), name="kernel")
    >>> kernel.shape
    (2, 3)
    >>> kernel.assign(np.zeros((2, 3)))
    >>> float(kernel.numpy().sum())
    0.0
    """

    def __init__(
        self, value: Any, *, name: str = "variable", dtype: str = "float32", trainable: bool = True
    ) -> None:
        array = np.asarray(value, dtype=dtype)
        self.name = name
        self.path = name
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype: str = str(array.dtype)
        self.trainable: bool = bool(trainable)
        # functions of the value: what it adds to the loss, what it becomes after each update
        self.regularizer: Callable[..., Any] | None = None
        self.constraint: Callable[..., Any] | None = None
        self.buffer: Buffer = Buffer(array.nbytes)
        self.buffer.places[self] = 0
        self.offset = 0
        self.view()[...] = array

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the value, without padding."""
        return self.size * np.dtype(self.dtype).itemsize

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def value(self) -> Array:
        """A copy of the value (the same as ``numpy()``)."""
        return self.numpy()

    def view(self) -> Array:
        """The storage itself, as a writable array; for fastnn's own code."""
        stored = self.buffer.data[self.offset : self.offset + self.nbytes]
        value: Array = stored.view(self.dtype).reshape(self.shape)
        return value

    def numpy(self) -> Array:
        """A copy of the value."""
        value: Array = self.view().copy()
        return value

    def assign(self, value: Any) -> None:
        """Overwrite the value; the shape must be the variable's own.

        In a layer's ``call`` the value may be a tensor. The rest of the trace then sees it in place
        of the old one, and it is stored natively at the end of each training step (also of a call
        of the layer on an array, or of a model with ``training=True``), after every read of the old
        value; a step that is stopped stores nothing. Programs that only evaluate or predict store
        nothing, and a variable that the optimizer trains keeps what the optimizer makes of it.
        """
        traced = assignments.current()
        if traced is not None:
            traced[self] = self._symbol(value)
            return
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ShapeError(
                f"variable {self.path!r} has shape {self.shape}, received a value of shape "
                f"{array.shape}. Pass an array of the variable's own shape."
            )
        self.view()[...] = array

    def assign_add(self, value: Any) -> None:
        """Overwrite the value by its sum with another one."""
        self.assign(self + value)

    def assign_sub(self, value: Any) -> None:
        """Overwrite the value by its difference from another one."""
        self.assign(self - value)

    def _symbol(self, value: Any) -> Tensor:
        """A value that is assigned in a trace, as a tensor of this variable's shape and dtype."""
        if isinstance(value, Variable):
            value = value.tensor()
        elif not isinstance(value, Tensor):
            value = constant(value, self.dtype)
        if value.shape != self.shape or value.dtype != self.dtype:
            raise ShapeError(
                f"variable {self.path!r} has shape {self.shape} and dtype {self.dtype}, received a "
                f"tensor of shape {value.shape} and dtype {value.dtype}. Assign a tensor of the "
                "variable's own shape, for example a mean over the batch axis."
            )
        tensor: Tensor = value
        return tensor

    def tensor(self) -> Tensor:
        """The symbolic tensor that stands for this variable in a trace."""
        assigned = (assignments.current() or {}).get(self)
        return Tensor(self.shape, self.dtype, variable=self) if assigned is None else assigned

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"<Variable path={self.path} shape={self.shape} dtype={self.dtype}>"

    def __len__(self) -> int:
        return self.shape[0]

    def __add__(self, other: Any) -> Any:
        return _operand(self, other) + other

    def __radd__(self, other: Any) -> Any:
        return other + _operand(self, other)

    def __sub__(self, other: Any) -> Any:
        return _operand(self, other) - other

    def __rsub__(self, other: Any) -> Any:
        return other - _operand(self, other)

    def __mul__(self, other: Any) -> Any:
        return _operand(self, other) * other

    def __rmul__(self, other: Any) -> Any:
        return other * _operand(self, other)

    def __truediv__(self, other: Any) -> Any:
        return _operand(self, other) / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / _operand(self, other)

    def __matmul__(self, other: Any) -> Any:
        return _operand(self, other) @ other

    def __rmatmul__(self, other: Any) -> Any:
        return other @ _operand(self, other)

    def __floordiv__(self, other: Any) -> Any:
        return _operand(self, other) // other

    def __rfloordiv__(self, other: Any) -> Any:
        return other // _operand(self, other)

    def __mod__(self, other: Any) -> Any:
        return _operand(self, other) % other

    def __rmod__(self, other: Any) -> Any:
        return other % _operand(self, other)

    def __pow__(self, other: Any) -> Any:
        return _operand(self, other) ** other

    def __rpow__(self, other: Any) -> Any:
        return other ** _operand(self, other)

    def __neg__(self) -> Any:
        return -_operand(self)

    def __pos__(self) -> Any:
        return _operand(self)

    def __abs__(self) -> Any:
        return abs(_operand(self))

    def __gt__(self, other: Any) -> Any:
        return _operand(self, other) > other

    def __ge__(self, other: Any) -> Any:
        return _operand(self, other) >= other

    def __lt__(self, other: Any) -> Any:
        return _operand(self, other) < other

    def __le__(self, other: Any) -> Any:
        return _operand(self, other) <= other

    # Two variables are equal if they are one: lists of them are searched. (Keras: by element.)
    def __eq__(self, other: Any) -> Any:
        if other is None or isinstance(other, (Variable, str)):
            return NotImplemented
        return _operand(self, other) == other

    def __ne__(self, other: Any) -> Any:
        if other is None or isinstance(other, (Variable, str)):
            return NotImplemented
        return _operand(self, other) != other

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, key: Any) -> Any:
        return _operand(self)[key]


def _operand(variable: Variable, other: Any = None) -> Any:
    """The variable as a tensor in a trace or beside a tensor, as an array beside anything else."""
    symbolic = isinstance(other, Tensor) or assignments.current() is not None
    return variable.tensor() if symbolic else variable.numpy()


def adopt(variables: Sequence[Variable], owner: object) -> None:
    """Move the variables that no other model owns into one flat buffer per dtype, in order.

    Order is kept: trainable and frozen variables keep their places when ``trainable`` changes.
    """
    mine = [v for v in unique(variables) if v.buffer.owner is None or v.buffer.owner is owner]
    for dtype in dict.fromkeys(v.dtype for v in mine):
        group = [v for v in mine if v.dtype == dtype]
        first = group[0].buffer
        if first.owner is owner and list(first.places) == group:
            continue
        flat = Buffer(sum(padded(v.nbytes) for v in group), owner)
        offset = 0
        for variable in group:
            value = variable.numpy()
            variable.buffer.abandoned = True
            variable.buffer, variable.offset = flat, offset
            variable.view()[...] = value
            flat.places[variable] = offset
            offset += padded(variable.nbytes)


def unique(variables: Iterable[Variable]) -> list[Variable]:
    """The variables without repetitions, in order."""
    return list({id(v): v for v in variables}.values())
