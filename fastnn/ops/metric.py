"""Metric accumulators: float64 sums in the state segment, so that an epoch's figures are exact
means.

=============  =================================================================================
metric_mean    state += (Σ w_i v_ij, Σ w_i): in place, double, rows ascending
metric_scalar  state += (loss · n, n): in place; the epoch's loss is the mean over samples
epoch_end      at the last step of an epoch: history[row] = state, then state = 0
=============  =================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

from fastnn.ops.contract import SERIAL, define
from fastnn.ops.loss import _per_row
from fastnn.program.tensor import Node, Size, Tensor, matrix_view


@dataclass(frozen=True)
class StateRegion:
    """A run of float64 accumulators: ``count`` of them from ``first`` on."""

    first: int
    count: int
    kind: str = "state"


def _elements(values: Tensor) -> Size:
    rows, columns = matrix_view(values.shape)
    return rows * columns


METRIC_MEAN = define(
    "metric_mean",
    "state += (sum(w * v), sum(w))",
    SERIAL,
    integers=lambda node: (len(node.inputs) - 2,),
    typed_by=lambda node: node.inputs[1].dtype,
    effect=True,
    flops=lambda node: _elements(node.inputs[1]),
)
METRIC_SCALAR = define(
    "metric_scalar",
    "state += (loss * n, n)",
    SERIAL,
    typed_by=lambda node: "",
    effect=True,
)
EPOCH_END = define(
    "epoch_end",
    "if last step of the epoch: history[row] = state; state = 0",
    SERIAL,
    integers=lambda node: (node.inputs[0].region.count,),
    typed_by=lambda node: "",
    effect=True,
)


def state(first: int, count: int) -> Tensor:
    """The accumulators ``first`` … ``first + count - 1`` as a tensor."""
    return Tensor((count,), "float64", region=StateRegion(first, count))


def metric_mean(first: int, values: Tensor, weights: Tensor | None) -> Node:
    """Accumulate the weighted mean of per-sample values in the pair that starts at ``first``."""
    values = _per_row(values)
    inputs = [state(first, 2), values]
    if weights is not None:
        inputs.append(_per_row(weights))
    return METRIC_MEAN.node(inputs, {}, [])


def metric_scalar(first: int, loss: Tensor) -> Node:
    """Accumulate the mean over samples of the batch loss in the pair that starts at ``first``."""
    return METRIC_SCALAR.node((state(first, 2), loss), {}, [])


def epoch_end(count: int) -> Node:
    """Move the ``count`` accumulators to the history at the end of an epoch."""
    return EPOCH_END.node((state(0, count),), {}, [])
