"""What layers add to the loss while a model is traced (``add_loss``, activity regularizers), and
the penalties of the weights' regularizers.

Whoever traces a model in order to train or evaluate it opens ``collected()`` and adds what it gets
to the loss; outside of such a trace what is added is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from fastnn.errors import ArgumentError
from fastnn.ops import penalty as ops
from fastnn.ops.dispatch import symbol
from fastnn.ops.reduce import reduce_columns, reduce_rows
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, constant
from fastnn.program.variable import Variable

_current: ContextVar[list[Tensor] | None] = ContextVar("fastnn_penalties", default=None)


@contextmanager
def collected() -> Iterator[list[Tensor]]:
    """A trace whose losses count; yields the list that they go to."""
    found: list[Tensor] = []
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def add_loss(value: Any, owner: str, dtype: str) -> None:
    """Add a tensor (the sum of its elements) or a number to the loss of the trace that is going
    on.
    """
    value = symbol(value)
    if not isinstance(value, Tensor):
        try:
            value = constant(float(value), dtype)
        except (TypeError, ValueError):
            raise ArgumentError(
                f"layer {owner!r}: add_loss received {type(value).__name__}, expected a tensor or "
                "a number. Compute the loss with fastnn.ops."
            ) from None
    found = _current.get()
    if found is not None:
        found.append(total(value) if value.has_batch else value)


def add_activity(regularizer: Any, output: Tensor, owner: str) -> None:
    """Add what a regularizer makes of a layer's output, divided by the rows of the batch."""
    if _current.get() is None:
        return
    found = regularizer(output)
    if not isinstance(found, Tensor):
        raise ArgumentError(
            f"layer {owner!r}: its activity_regularizer returned {type(found).__name__}, expected "
            "a tensor of one number. Compute it from the output with fastnn.ops."
        )
    add_loss(ops.divide_by_rows(total(found)), owner, output.dtype)


def total(x: Tensor) -> Tensor:
    """The sum of all elements, as a scalar; the batch axis is summed too."""
    if not x.shape:
        return x
    return reshape(reduce_rows(reduce_columns(x, "sum"), "sum"), ())


def add_penalties(
    loss: Tensor | None,
    losses: Iterable[Tensor],
    variables: Iterable[Variable],
    check_finite: bool,
) -> Tensor | None:
    """The loss, if there is one, with what layers added, and with the penalties of the variables
    that have any; None where there is none of these.
    """
    terms = [*losses, *(term for v in variables if (term := _penalty(v)) is not None)]
    for term in terms:
        first = constant(0.0, "float64") if loss is None else loss
        loss = ops.add_terms(first, term, check_finite=check_finite)
    return loss


def _penalty(variable: Variable) -> Tensor | None:
    """The terms of a variable's penalty; None where it has no regularizer."""
    if variable.regularizer is None:
        return None
    factors = getattr(variable.regularizer, "penalty_factors", None)
    if factors is not None:  # one pass over the weights, another over their gradients
        return ops.penalty_sums(variable.tensor(), *factors())
    found = variable.regularizer(variable.tensor())
    if isinstance(found, Tensor) and not found.has_batch:
        return found
    raise ArgumentError(
        f"the regularizer of {variable.path!r} returned {type(found).__name__}, expected a tensor "
        "of one number. Compute it from the weights with fastnn.ops."
    )
