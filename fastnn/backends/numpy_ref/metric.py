"""Metric accumulators: float64 words, such as a pair (sum, weight), updated in place step by step
and copied to the history at the end of an epoch. What is added up is computed by other ops.
Twin: ``kernels/metric.c``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import LAST_STEP_OF_EPOCH, Array, Context, ieee


@ieee
def metric_mean(
    context: Context, state: NDArray[np.float64], v: Array, w: Array | None = None
) -> None:
    """state += (Σ_i Σ_j w_i v_ij, columns · Σ_i w_i); v (…, columns), w (rows, 1) or 1."""
    rows = v.reshape(-1, v.shape[-1]).astype(np.float64)
    weights = np.ones((rows.shape[0], 1)) if w is None else w.reshape(-1, 1).astype(np.float64)
    state[0] += (rows * weights).sum()
    state[1] += weights.sum() * rows.shape[1]


@ieee
def metric_scalar(context: Context, state: NDArray[np.float64], loss: NDArray[np.float64]) -> None:
    """state += (loss · n, n): a mean over the batch counts with the batch's rows."""
    state[0] += float(loss) * context.n
    state[1] += context.n


@ieee
def metric_sum(
    context: Context, state: NDArray[np.float64], v: Array, w: Array | None = None
) -> None:
    """state[j] += Σ_i w_i v_ij; v (…, columns), w (rows, 1) or 1."""
    rows = v.reshape(-1, v.shape[-1]).astype(np.float64)
    state += (rows if w is None else rows * w.reshape(-1, 1)).sum(axis=0)


@ieee
def metric_histogram(
    context: Context,
    state: NDArray[np.float64],
    x: Array,
    edges: Array,
    v: Array | None = None,
    *,
    histograms: int,
) -> None:
    """state[b, j] += v_ij, b the number of edges below x_ij; j = 0 unless ``histograms`` > 1."""
    bins = np.searchsorted(edges, x, side="left")
    bins[np.isnan(x)] = 0
    column = np.arange(x.shape[-1]) % histograms
    amounts = np.broadcast_to(1.0 if v is None else v, x.shape).astype(np.float64)
    np.add.at(state, bins * histograms + column, amounts)


def metric_load(context: Context, state: NDArray[np.float64], *, dtype: str) -> Array:
    """y = state in the float type."""
    return state.astype(dtype)


def metric_store(context: Context, state: NDArray[np.float64], x: Array) -> None:
    """state = x."""
    state[:] = x


def epoch_end(
    context: Context,
    state_all: NDArray[np.float64],
    initial: NDArray[np.float64] | None = None,
) -> None:
    """In the last step of an epoch: copy all accumulators to the history row, then set them to 0 or
    to initial values.
    """
    if context.flags & LAST_STEP_OF_EPOCH:
        context.history[context.history_row, : state_all.size] = state_all
        state_all[:] = 0.0 if initial is None else initial
