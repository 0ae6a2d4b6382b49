"""Rows of ``cases.py`` for the state of metrics: see there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.ops import metric
from fastnn.program.tensor import Node, Tensor
from tests.support import magnitudes as sizes
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM


def metric_mean(weighted: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        state = b.state(2)
        values, weights = b.rows(b.size), b.rows(1, low=0.0) if weighted else None
        inputs = (state, values) if weights is None else (state, values, weights)
        return metric.METRIC_MEAN.node(inputs, {}, [])

    return build


def metric_sum(weighted: bool, rows: bool = True) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        state, values = b.state(b.size), b.rows(b.size) if rows else b.fixed(1, b.size)
        inputs = (state, values, b.rows(1, low=0.0)) if weighted else (state, values)
        return metric.METRIC_SUM.node(inputs, {}, [])

    return build


def metric_histogram(by_column: bool, values: int | None) -> Callable[[Bench], Node]:
    """With values for each element (0), for each row (1), or without."""

    def build(b: Bench) -> Node:
        edges = np.sort(np.round(b.numbers((b.other,)), 1))
        state = b.state((b.other + 1) * (b.size if by_column else 1))
        inputs = [state, b.rows(b.size, grid=0.1), b.constant(np.nan_to_num(edges))]
        if values is not None:
            inputs.append(b.rows(values or b.size))
        histograms = b.size if by_column else 1
        return metric.METRIC_HISTOGRAM.node(inputs, {"histograms": histograms}, [])

    return build


def metric_load(b: Bench) -> Node:
    return node_of_load(b.state(b.size), b.dtype)


def node_of_load(state: Tensor, dtype: str) -> Node:
    return metric.METRIC_LOAD.node((state,), {"dtype": dtype}, [(state.shape, dtype)])


def metric_store(b: Bench) -> Node:
    return metric.METRIC_STORE.node((b.state(b.size), b.fixed(b.size)), {}, [])


def metric_scalar(b: Bench) -> Node:
    inputs = (b.state(2), b.fixed(dtype="float64"))
    return metric.METRIC_SCALAR.node(inputs, {}, [])


def epoch_end(initial: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.steps(2)
        state = b.state(b.size)
        inputs = (state, b.fixed(b.size, dtype="float64")) if initial else (state,)
        return metric.EPOCH_END.node(inputs, {}, [])

    return build


_SUM = {"family": DOUBLE_SUM, "magnitude": "absolute"}
ROWS: list[dict[str, Any]] = [
    *(
        {"op": op, "variant": name, "build": build, "terms": sizes.all_rows, **_SUM}
        for op, name, build in (
            ("metric_mean", "", metric_mean(False)),
            ("metric_mean", "weighted", metric_mean(True)),
            ("metric_sum", "", metric_sum(False)),
            ("metric_sum", "weighted", metric_sum(True)),
            ("metric_sum", "of one row", metric_sum(False, rows=False)),
        )
    ),
    {"op": "metric_scalar", "variant": "", "build": metric_scalar, **_SUM},
    *(
        {"op": op, "variant": name, "build": build}
        for op, name, build in (
            ("metric_histogram", "", metric_histogram(False, None)),
            ("metric_histogram", "values", metric_histogram(False, 0)),
            ("metric_histogram", "values of rows", metric_histogram(False, 1)),
            ("metric_histogram", "by column", metric_histogram(True, None)),
            ("metric_histogram", "values by column", metric_histogram(True, 0)),
            ("metric_load", "", metric_load),
            ("metric_store", "", metric_store),
            ("epoch_end", "", epoch_end(False)),
            ("epoch_end", "initial values", epoch_end(True)),
        )
    ),
]
