"""Metric accumulators: float64 sums in the state segment, so that an epoch's figures are exact
means.

================  ==============================================================================
metric_mean       state += (Σ w_i v_ij, Σ w_i): in place, double, rows ascending
metric_scalar     state += (loss · n, n): in place; the epoch's loss is the mean over samples
metric_sum        state[j] += Σ_i w_i v_ij: in place, double, rows ascending
metric_histogram  state[b, j] += v_ij, b the number of edges below x_ij: in place, double, rows
                  ascending; a NaN is above no edge; j = 0 unless each column has its own
metric_load       y = the float type's value of the state
metric_store      state = x
epoch_end         at the last step of an epoch: history[row] = state, then state = 0, or initial
                  values
================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastnn.ops.contract import SERIAL, define
from fastnn.ops.elementwise import vector
from fastnn.ops.loss import _per_row
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Node, Shape, Size, Tensor, constant, matrix_view, product


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


def _searches(node: Node) -> Size:
    """A search in the edges for each element, spread over the words of the state."""
    words = node.inputs[0].region.count
    return Size(0, -(-32 * _elements(node.inputs[1]).b // words))


METRIC_SUM = define(
    "metric_sum",
    "state[j] += sum(w * v[:, j])",
    SERIAL,
    integers=lambda node: (len(node.inputs) - 2,),
    typed_by=lambda node: node.inputs[1].dtype,
    effect=True,
    flops=lambda node: matrix_view(node.inputs[1].shape)[0] * 2,
)
METRIC_HISTOGRAM = define(
    "metric_histogram",
    "state[edges below x] += v",
    SERIAL,
    integers=lambda node: (node.attributes["histograms"], len(node.inputs) - 3),
    typed_by=lambda node: node.inputs[1].dtype,
    effect=True,
    flops=lambda node: _searches(node),
)
METRIC_LOAD = define("metric_load", "y = state", SERIAL)
METRIC_STORE = define(
    "metric_store",
    "state = x",
    SERIAL,
    typed_by=lambda node: node.inputs[1].dtype,
    effect=True,
)
EPOCH_END = define(
    "epoch_end",
    "if last step of the epoch: history[row] = state; state = initial",
    SERIAL,
    integers=lambda node: (node.inputs[0].region.count, len(node.inputs) - 1),
    typed_by=lambda node: "",
    effect=True,
)


def state(first: int, count: Any) -> Tensor:
    """The accumulators ``first`` … ``first + count - 1`` as a tensor."""
    return Tensor((count,), "float64", region=StateRegion(first, int(count)))


def metric_mean(first: int, values: Tensor, weights: Tensor | None) -> Node:
    """Accumulate the weighted mean of per-sample values in the pair that starts at ``first``.

    A value without a batch axis counts once, as one sample does.
    """
    rows, columns = matrix_view(values.shape)
    values = _per_row(values) if rows.b else reshape(values, (1, rows.a * columns))
    inputs = [state(first, 2), values]
    if weights is not None:
        inputs.append(_per_row(weights))
    return METRIC_MEAN.node(inputs, {}, [])


def metric_scalar(first: int, loss: Tensor) -> Node:
    """Accumulate the mean over samples of the batch loss in the pair that starts at ``first``."""
    return METRIC_SCALAR.node((state(first, 2), loss), {}, [])


def metric_sum(first: int, values: Tensor, weights: Tensor | None) -> Node:
    """Add the weighted sum of each column of (n, k) values to the k words from ``first`` on.

    Values without a batch axis, (k,), are added as they are.
    """
    rows, columns = matrix_view(values.shape)
    values = _per_row(values) if rows.b else reshape(values, (1, rows.a * columns))
    inputs = [state(first, values.shape[-1]), values]
    if weights is not None:
        inputs.append(_per_row(weights))
    return METRIC_SUM.node(inputs, {}, [])


def metric_histogram(
    first: int, x: Tensor, values: Tensor | None, edges: Sequence[float], *, by_column: bool = False
) -> Node:
    """Add values (n, k), (n, 1) or 1 to the bins, from ``first`` on, that x (n, k) lies in.

    There are ``len(edges) + 1`` bins, one set of them, or with ``by_column`` one for each column,
    side by side: word b · k + j belongs to bin b of column j.
    """
    x = _per_row(x)
    histograms = matrix_view(x.shape)[1] if by_column else 1
    inputs = [state(first, (len(edges) + 1) * histograms), x, vector(edges, x.dtype)]
    if values is not None:
        inputs.append(_per_row(values))
    return METRIC_HISTOGRAM.node(inputs, {"histograms": histograms}, [])


def metric_load(first: int, shape: Shape, dtype: str) -> Tensor:
    """The words from ``first`` on as a tensor of a shape."""
    words = product(shape)
    loaded = METRIC_LOAD.node((state(first, words),), {"dtype": dtype}, [((words,), dtype)])
    return reshape(loaded.output, shape)


def metric_store(first: int, x: Tensor) -> Node:
    """Replace the words from ``first`` on by the elements of a tensor without a batch axis."""
    words = product(x.shape)
    return METRIC_STORE.node((state(first, words), reshape(x, (words,))), {}, [])


def epoch_end(count: int, initial: Any = None) -> Node:
    """Move the ``count`` accumulators to the history at the end of an epoch, and begin anew: with
    zeros, or ``count`` initial values.
    """
    inputs = [state(0, count)]
    if initial is not None:
        inputs.append(constant(initial, "float64"))
    return EPOCH_END.node(inputs, {}, [])
