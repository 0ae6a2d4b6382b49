"""The products of matrices of ``fastnn.ops``, under Keras's names, for symbolic tensors and for
arrays.
"""

from __future__ import annotations

from typing import Any

from fastnn.errors import ShapeError, UnsupportedError
from fastnn.ops import elementwise, matrices, strided
from fastnn.ops.broadcast import common_shape
from fastnn.ops.dense import dense_forward
from fastnn.ops.dispatch import anyaxis
from fastnn.ops.pick import flat
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Size, Tensor


@anyaxis("x1", "x2", integers=False)
def matmul(x1: Any, x2: Any) -> Tensor:
    """The product of matrices: y[…, i, j] = Σ_k x1[…, i, k] · x2[…, k, j].

    Parameters
    ----------
    x1, x2 : tensors or arrays (…, p, q) and (…, q, r), whose first axes are broadcast against each
        other; or vectors (q,).

    Raises
    ------
    ShapeError : if the inner sizes differ.

    Examples
    --------
    >>> from fastnn import ops
    >>> ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    return _matmul("matmul", x1, x2)


@anyaxis("x1", "x2", integers=False)
def dot(x1: Any, x2: Any) -> Tensor:
    """The sum over the last axis of x1 and the first of a vector or matrix x2; of numbers, their
    product.

    Raises
    ------
    UnsupportedError : for an x2 of more than two axes. ShapeError : if the sizes differ.

    Examples
    --------
    >>> from fastnn import ops
    >>> float(ops.dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    if 0 in (x1.ndim, x2.ndim):
        return elementwise.multiply(x1, x2)
    if x2.ndim > 2 or x2.has_batch:
        raise UnsupportedError(
            f"dot: received x2 of shape {x2.shape}, but fastnn takes a vector or a matrix without "
            "the batch axis. Use matmul for matrices of samples."
        )
    return _matmul("dot", x1, x2)


def _matmul(owner: str, x1: Tensor, x2: Tensor) -> Tensor:
    """The product, with vectors as matrices of one row or column."""
    vectors = [x for x in (x1, x2) if x.ndim < 2]
    if any(x.ndim == 0 or x.has_batch for x in vectors) or (x2.ndim == 2 and x2.has_batch):
        raise ShapeError(
            f"{owner}: received tensors of shapes {x1.shape} and {x2.shape}, of which one has the "
            "batch where a matrix has its rows. Give each sample a matrix, with expand_dims."
        )
    a = reshape(x1, (1, *x1.shape)) if x1.ndim == 1 else x1
    b = reshape(x2, (*x2.shape, 1)) if x2.ndim == 1 else x2
    if a.shape[-1] != b.shape[-2] or a.dtype != b.dtype:
        raise ShapeError(
            f"{owner}: received tensors {x1.shape} {x1.dtype} and {x2.shape} {x2.dtype}, expected "
            "as many columns of the first as rows of the second, and one dtype."
        )
    y = dense_forward(a, b) if b.ndim == 2 else _batched(a, b)
    shape = list(y.shape)
    if x2.ndim == 1:
        del shape[-1]
    if x1.ndim == 1:
        del shape[len(shape) - (1 if x2.ndim == 1 else 2)]
    return reshape(y, tuple(shape))


def _batched(a: Tensor, b: Tensor) -> Tensor:
    """Matrices b of each sample, and a the same or shared."""
    p, q, r = a.shape[-2], a.shape[-1], b.shape[-1]
    if isinstance(p, Size):  # (n, q): the batch would be the rows of a matrix
        raise ShapeError(
            f"matmul: received tensors of shapes {a.shape} and {b.shape}, of which the first has "
            "the batch where a matrix has its rows. Give each sample a matrix, with expand_dims."
        )
    assert isinstance(q, int)
    assert isinstance(r, int)
    lead = common_shape([a.shape[:-2], b.shape[:-2]])
    if a.ndim > 2:
        a = strided.broadcast_to(a, (*lead, p, q))
    b = strided.broadcast_to(b, (*lead, q, r))
    y = matrices.matmul(flat(a, p * q), flat(b, q * r), p, q, r)
    return reshape(y, (*lead, p, r))
