"""Time of an epoch and of ``predict``, per workload and backend. ``extra_info`` says samples/s,
GFLOP/s and, where the machine can be probed, the share of the roofline (``roofline.py``).

Nothing here asserts a time. ``pytest bench/ --benchmark-only`` measures; with
``--benchmark-disable`` every benchmark runs once, which CI does so that none rots. Smaller data for
such runs: ``FASTNN_BENCH_SAMPLES``.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import fastnn
from bench import roofline
from bench.probe import ProbeUnavailable, peaks
from bench.roofline import Floor
from bench.workloads import WORKLOADS, Workload
from fastnn.backends import backends

BACKENDS = [name for name, info in backends().items() if info.available]
LIMIT = int(os.environ.get("FASTNN_BENCH_SAMPLES", "0"))


def describe(
    benchmark: Any, workload: Workload, samples: int, backend: str, operations: float
) -> None:
    """What a reader needs beside the seconds."""
    benchmark.extra_info.update(
        workload=str(workload),
        samples=samples,
        backend=backend,
        threads=fastnn.get_num_threads(),
        dtype="float32",
    )
    if benchmark.stats is not None:
        seconds = benchmark.stats.stats.median
        benchmark.extra_info.update(
            us_per_sample=1e6 * seconds / samples,
            samples_per_s=samples / seconds,
            gflops=operations / seconds / 1e9,
        )


def add_share(benchmark: Any, workload: Workload, rows: int = 0) -> None:
    """The share of the roofline: of ``rows`` predicted rows, or else of an epoch."""
    if benchmark.stats is None:
        return
    try:
        found = peaks(fastnn.get_num_threads())
    except ProbeUnavailable as error:
        benchmark.extra_info["peaks"] = str(error)
        return
    seconds = benchmark.stats.stats.median
    if rows:
        least = roofline.inference(workload, rows, found)
    else:
        sample = roofline.training(workload, found)
        least = Floor(sample.seconds * benchmark.extra_info["samples"], sample.bound)
    benchmark.extra_info.update(bound=least.bound, share_of_roofline=least.seconds / seconds)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", list(WORKLOADS))
def test_epoch(benchmark: Any, name: str, backend: str) -> None:
    """One epoch of training, shuffled, without display or validation."""
    workload = WORKLOADS[name]
    benchmark.group = f"epoch of {name}"
    x, labels = workload.data(LIMIT or None)
    y, model = workload.targets(labels), workload.model(backend)
    model.fit(x, y, batch_size=workload.batch, verbose=0)

    def epoch() -> fastnn.callbacks.History:
        return model.fit(x, y, batch_size=workload.batch, verbose=0)

    history = benchmark.pedantic(epoch, rounds=5, iterations=1)
    loss = history.history["loss"][-1]
    describe(benchmark, workload, len(x), backend, len(x) * workload.training_flops())
    add_share(benchmark, workload)
    benchmark.extra_info["final_loss"] = loss
    assert np.isfinite(loss)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rows", [1, 32, 10000])
@pytest.mark.parametrize("name", ["A", "B"])
def test_predict(benchmark: Any, name: str, rows: int, backend: str) -> None:
    """``predict`` of some rows."""
    workload = WORKLOADS[name]
    benchmark.group = f"predict {rows} rows of {name}"
    x, _ = workload.data(rows)
    model = workload.model(backend)
    result = benchmark(model.predict, x, verbose=0)
    describe(benchmark, workload, rows, backend, rows * workload.forward_flops())
    add_share(benchmark, workload, rows)
    assert result.shape == (rows, 10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_call_of_one_row(benchmark: Any, backend: str) -> None:
    """``model(x)`` on one row of A, with one thread."""
    workload = WORKLOADS["A"]
    benchmark.group = "call 1 row of A"
    x, _ = workload.data(1)
    model = workload.model(backend)
    with fastnn.threads(1):
        result = benchmark(model, x)
        describe(benchmark, workload, 1, backend, workload.forward_flops())
        add_share(benchmark, workload, 1)
    assert result.shape == (1, 10)
