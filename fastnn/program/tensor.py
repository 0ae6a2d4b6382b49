"""Symbolic tensors: what a layer's ``call`` receives while a model is traced into a Program.

A ``Tensor`` has a shape and a dtype and knows the ``Node`` (one use of an op) that makes it, but
holds no numbers. The batch axis has the symbolic size n, so one trace serves every batch size. What
the ops mean stands in ``fastnn/ops``; how a graph of nodes becomes a Program stands in
``program.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Union

import numpy as np

from fastnn.errors import FastnnError, ShapeError

if TYPE_CHECKING:
    from fastnn.ops.contract import Op
    from fastnn.program.variable import Variable


@dataclass(frozen=True)
class Size:
    """A size that depends on the batch: ``a + b * n`` elements for a batch of n rows."""

    a: int
    b: int

    def at(self, n: int) -> int:
        """The number of elements for a batch of ``n`` rows."""
        return self.a + self.b * n

    def __mul__(self, factor: int) -> Size:
        return Size(self.a * factor, self.b * factor)

    def __repr__(self) -> str:
        if self.a == 0:
            return "n" if self.b == 1 else f"{self.b}n"
        return f"{self.a}+{self.b}n"


Dimension = Union[int, Size]  # noqa: UP007 - evaluated at run time on Python 3.10
Shape = tuple[Dimension, ...]
BATCH = Size(0, 1)

_node_ids = itertools.count()


def product(dimensions: Sequence[Dimension]) -> Dimension:
    """The product of the sizes; at most one of them may depend on the batch."""
    total: Dimension = 1
    for dimension in dimensions:
        if isinstance(dimension, Size):
            if isinstance(total, Size):
                raise ShapeError(f"two axes of {tuple(dimensions)} depend on the batch size.")
            total = dimension * total
        elif isinstance(total, Size):
            total = total * dimension
        else:
            total = total * dimension
    return total


def matrix_view(shape: Shape) -> tuple[Size, int]:
    """Shape as the (rows, columns) that kernels see: the last axis is the columns.

    A tensor whose only axis is the batch is one column.
    """
    if not shape:
        return Size(1, 0), 1
    if isinstance(shape[-1], Size):
        leading, columns = product(shape), 1
    else:
        leading, columns = product(shape[:-1]), shape[-1]
    return (leading if isinstance(leading, Size) else Size(leading, 0)), columns


class Node:
    """One use of an op: its inputs, its attributes and the tensors it makes."""

    __slots__ = ("attributes", "id", "inputs", "op", "outputs")

    def __init__(
        self,
        op: Op,
        inputs: Sequence[Tensor],
        attributes: Mapping[str, Any],
        outputs: Sequence[tuple[Shape, str]],
    ) -> None:
        self.id: int = next(_node_ids)
        self.op: Op = op
        self.inputs: tuple[Tensor, ...] = tuple(inputs)
        self.attributes: dict[str, Any] = dict(attributes)
        self.outputs: tuple[Tensor, ...] = tuple(
            Tensor(shape, dtype, node=self) for shape, dtype in outputs
        )

    @classmethod
    def fused(
        cls, op: Op, inputs: Sequence[Tensor], attributes: Mapping[str, Any], last: Node
    ) -> Node:
        """A node that stands in for a chain of nodes ending in ``last``: it makes last's
        outputs.
        """
        node = cls(op, inputs, attributes, ())
        node.id = last.id
        node.outputs = last.outputs
        return node

    @property
    def output(self) -> Tensor:
        """The first (mostly the only) output."""
        return self.outputs[0]

    def __repr__(self) -> str:
        made = ", ".join(str(t.shape) for t in self.outputs)
        read = ", ".join(str(t.shape) for t in self.inputs)
        return f"{self.op.name}({read}; {self.attributes}) -> {made}"


class Tensor:
    """A symbolic array: a shape and a dtype, made by a node, a variable, a constant or a region.

    Attributes
    ----------
    shape : tuple of int or ``Size``; the batch axis is ``Size(0, 1)`` and prints as ``n``.
    dtype : NumPy name of the element type.
    node : the node that makes it, or None.
    variable : the variable whose value it is, or None.
    constant : the array whose value it is, or None.
    region : for optimizer updates, the run of storage it stands for, or None.
    mask : 1 where a step counts and 0 where it is padding, as a tensor, or None; layers set it and
        hand it on, losses and metrics leave out what is 0.
    """

    __slots__ = ("constant", "dtype", "mask", "node", "region", "shape", "variable")
    __array_priority__: float = 1000.0

    def __init__(
        self,
        shape: Shape,
        dtype: str,
        *,
        node: Node | None = None,
        variable: Variable | None = None,
        constant: np.ndarray[Any, Any] | None = None,
        region: Any = None,
    ) -> None:
        self.shape: tuple[Dimension, ...] = tuple(shape)
        self.dtype: str = dtype
        self.node: Node | None = node
        self.variable: Variable | None = variable
        self.constant: np.ndarray[Any, Any] | None = constant
        self.region: Any = region
        self.mask: Tensor | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def has_batch(self) -> bool:
        """Whether one of its sizes depends on the batch."""
        return any(isinstance(size, Size) for size in self.shape)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape} dtype={self.dtype}>"

    def __add__(self, other: Any) -> Tensor:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _binary("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _binary("subtract", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _binary("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _binary("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _binary("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _binary("divide", other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return _matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return _matmul(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return _binary("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _binary("floor_divide", other, self)

    def __mod__(self, other: Any) -> Tensor:
        return _binary("mod", self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return _binary("mod", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _binary("power", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _binary("power", other, self)

    def __neg__(self) -> Tensor:
        return _unary("negative", self)

    def __abs__(self) -> Tensor:
        return _unary("absolute", self)

    def __round__(self, ndigits: int | None = None) -> Tensor:
        from fastnn import ops

        rounded: Tensor = ops.round(self, decimals=ndigits or 0)
        return rounded

    def __and__(self, other: Any) -> Tensor:
        return _binary("logical_and", self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _binary("logical_and", other, self)

    def __or__(self, other: Any) -> Tensor:
        return _binary("logical_or", self, other)

    def __ror__(self, other: Any) -> Tensor:
        return _binary("logical_or", other, self)

    def __xor__(self, other: Any) -> Tensor:
        return _binary("logical_xor", self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return _binary("logical_xor", other, self)

    def __invert__(self) -> Tensor:
        return _unary("logical_not", self)

    def __gt__(self, other: Any) -> Tensor:
        return _binary("greater", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _binary("greater_equal", self, other)

    def __lt__(self, other: Any) -> Tensor:
        return _binary("less", self, other)

    def __le__(self, other: Any) -> Tensor:
        return _binary("less_equal", self, other)

    # element by element, as in Keras; None and text equal no tensor
    def __eq__(self, other: Any) -> Any:
        return NotImplemented if _is_no_number(other) else _binary("equal", self, other)

    def __ne__(self, other: Any) -> Any:
        return NotImplemented if _is_no_number(other) else _binary("not_equal", self, other)

    # a key is this very tensor
    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        self._refuse("bool()")

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __len__(self) -> int:
        self._refuse("len()")

    def __iter__(self) -> Iterator[Any]:
        self._refuse("iteration")

    def __getitem__(self, key: Any) -> Tensor:
        from fastnn.ops import slicing

        return slicing.getitem(self, key)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        self._refuse("a NumPy function")

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse("a NumPy function")

    def __array_function__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse("a NumPy function")

    def _refuse(self, what: str) -> NoReturn:
        """Raise: a symbolic tensor has no numbers to look at."""
        raise SymbolicTensorError(
            f"{what} was applied to a symbolic tensor of shape {self.shape}, which has no values "
            "while the model is traced. Use the functions of fastnn.ops instead, or call the layer "
            "on an array."
        )


class SymbolicTensorError(FastnnError, TypeError):
    """Something that needs numbers was done to a symbolic tensor."""


def _binary(function: str, a: Any, b: Any) -> Tensor:
    from fastnn.ops import elementwise

    return elementwise.binary(a, b, function=function)


def _matmul(a: Any, b: Any) -> Tensor:
    from fastnn import ops

    product_of_both: Tensor = ops.matmul(a, b)
    return product_of_both


def _is_no_number(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _unary(function: str, x: Tensor) -> Tensor:
    from fastnn.ops import elementwise

    return elementwise.unary(x, function)


def constant(value: Any, dtype: str) -> Tensor:
    """A tensor with a fixed value."""
    array = np.array(value, dtype=dtype)
    return Tensor(array.shape, dtype, constant=array)
