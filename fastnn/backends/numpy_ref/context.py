"""What an op may know besides its inputs: the ``Context`` of the current step, the user's arrays
(``Binding``) and the exception by which an op stops the run (``StepStopped``). Holds no op and no
loop over steps. Its twin in C is the control row and the binding descriptors of the record format.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Status codes of a run, the same numbers in every backend.
NON_FINITE_INPUT = 1
LABEL_OUT_OF_RANGE = 2
LABEL_NOT_INTEGRAL = 3
NON_FINITE_LOSS = 4
INDEX_OUT_OF_RANGE = 5

LAST_STEP_OF_EPOCH = 1  # bit of Context.flags

Function = TypeVar("Function", bound=Callable[..., Any])


def ieee(op: Function) -> Function:
    """Let an op follow IEEE 754 without warnings: overflow is inf, 0/0 is NaN.

    Both travel on to the loss, where ``loss_mean`` finds and reports them. Only the decorated op is
    quiet; nothing is switched off globally. (``np.errstate`` itself as a decorator cannot be nested
    before NumPy 2.)
    """

    @functools.wraps(op)
    def quiet(*inputs: Any, **attributes: Any) -> Any:
        with np.errstate(all="ignore"):
            return op(*inputs, **attributes)

    return quiet  # type: ignore[return-value]


class StepStopped(Exception):
    """An op found data that it must not train on; the current step changes nothing.

    Parameters
    ----------
    code : one of the status codes above.
    row : row of the user's array (through the permutation); -1 where no row is to blame.
    binding : index of that array in ``Context.bindings``; -1 where there is none.
    value : the offending number.
    """

    def __init__(self, code: int, row: int, binding: int, value: float) -> None:
        super().__init__(
            f"step stopped: code {code}, row {row}, binding {binding}, value {value!r}"
        )
        self.code = code
        self.row = row
        self.binding = binding
        self.value = value


@dataclass(slots=True)
class Binding:
    """An array of the user: an input that steps read from, or an output that they write to.

    Parameters
    ----------
    array : rows first; borrowed, never copied whole; any strides.
    permutation : int64 row numbers, position → row; None is the identity.
    check_finite : whether reading a NaN or infinity stops the step.
    """

    array: Array
    permutation: NDArray[np.int64] | None = None
    check_finite: bool = False

    def rows(self, offset: int, n: int) -> slice | NDArray[np.int64]:
        """Index of the n rows from position ``offset`` on."""
        if self.permutation is None:
            return slice(offset, offset + n)
        return self.permutation[offset : offset + n]

    def source_row(self, position: int) -> int:
        """The row of ``array`` at a position."""
        return position if self.permutation is None else int(self.permutation[position])


def _no_history() -> NDArray[np.float64]:
    """An empty history: (0, 0)."""
    return np.zeros((0, 0))


@dataclass(slots=True)
class Context:
    """The current step.

    Parameters
    ----------
    n : rows of this step's batch.
    offset : position of its first row.
    step : optimizer iterations done before this step.
    flags : bit 0 is set in the last step of an epoch.
    history_row : row of ``history`` that ``epoch_end`` fills.
    learning_rate : of this step.
    scalars : further numbers of the optimizer, such as Adam's step size.
    bindings : the user's arrays, indexed by the ``binding`` attribute of ops in ``data.py``.
    history : float64, one row of metric accumulators per epoch.
    ahead : this step and those after it that have as many rows, as far as the run goes.
    masks : of dropouts, by what they are drawn from: the first step, and a mask for each step.
    """

    n: int = 0
    offset: int = 0
    step: int = 0
    flags: int = 0
    history_row: int = 0
    learning_rate: float = 0.0
    scalars: Sequence[float] = ()
    bindings: Sequence[Binding] = ()
    history: NDArray[np.float64] = field(default_factory=_no_history)
    ahead: int = 1
    masks: dict[Hashable, tuple[int, NDArray[Any]]] = field(default_factory=dict)
