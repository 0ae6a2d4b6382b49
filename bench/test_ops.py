"""Time of every op of the case table (``tests/support/cases.py``), every backend and CPU level, on
one thread, at sizes that networks use and at awkward ones: one short of, or one more than, a
register or tile. ``extra_info`` says GFLOP/s and GB/s, and the share of the roofline that the
machine's measured peaks allow (``roofline.py``): of the CPU level, and of the memory that the
operands fit in.

``FASTNN_BENCH_SAMPLES`` (any value) leaves only small sizes, for a run that shows that all work.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

import fastnn
from bench import roofline
from bench.kernel_call import Work, kernel_call, numpy_call, work
from bench.probe import ProbeUnavailable, peaks
from fastnn.backends import backends
from fastnn.backends.c_cffi import levels
from tests.support.cases import CASES, Case
from tests.support.one_op import Bench

# (rows, size, other): a product is rows x size x other, others are rows x size or `size` elements
PRODUCTS = [(128, 784, 512), (32, 784, 128), (33, 785, 129), (10, 8, 32), (1, 784, 128)]
ROWS = [(128, 512, 1), (33, 129, 1), (10, 32, 1), (4096, 512, 1)]
CLASSES = [(128, 10, 1), (33, 17, 1)]
RUNS = [(1, 400_000, 1), (1, 4_095, 1), (1, 4_000_003, 1)]
SMALL = [(33, 17, 9)]

KERNELS = ["numpy", *(f"c:{level}" for level in levels.supported_levels())]
if backends()["numba"].available:
    KERNELS.append("numba")
DTYPES = ["float32", "float64"]


def sizes(case: Case) -> list[tuple[int, int, int]]:
    """The sizes that a case is timed at."""
    if "FASTNN_BENCH_SAMPLES" in os.environ:
        return SMALL
    if case.op.startswith("dense") and case.op != "dense_db":
        return PRODUCTS
    if case.op.endswith("_step"):
        return RUNS
    if "crossentropy" in case.op or case.op in ("one_hot", "argmax_i32", "epoch_end"):
        return CLASSES
    return ROWS


def grid() -> list[Any]:
    """Case, dtype and sizes; float64 at the first sizes only. A reshape runs no kernel."""
    return [
        pytest.param(case, dtype, size, id=f"{case.id}-{dtype}-{'x'.join(map(str, size))}")
        for case in CASES
        if case.op != "reshape"
        for dtype in DTYPES
        for size in (sizes(case) if dtype == "float32" else sizes(case)[:1])
    ]


def describe(benchmark: Any, kernels: str, dtype: str, done: Work) -> None:
    """Rates and the share of what the machine allows."""
    operations, moved = done.operations, done.moved
    benchmark.extra_info.update(
        kernels=kernels, dtype=dtype, threads=1, flops=operations, bytes=moved
    )
    if benchmark.stats is None:
        return
    seconds = benchmark.stats.stats.median
    rates = {"gflops": operations / seconds / 1e9, "gbytes_per_s": moved / seconds / 1e9}
    benchmark.extra_info.update(rates)
    try:
        found = peaks(1)
    except ProbeUnavailable as error:
        benchmark.extra_info["peaks"] = str(error)
        return
    level = kernels.partition(":")[2] or roofline.best_level(found)
    place = found.memory(done.operands)
    least = roofline.floor(operations, moved, place, found, level, dtype)
    benchmark.extra_info.update(
        peak_gflops=found.compute(level, dtype) / 1e9,
        peak_gbytes_per_s=found.bandwidth(place) / 1e9,
        memory=place,
        bound=least.bound,
        share_of_roofline=least.seconds / seconds,
    )


@pytest.mark.benchmark(max_time=0.05, min_rounds=5, warmup=False)
@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("case", "dtype", "size"), grid())
def test_op(
    benchmark: Any, case: Case, dtype: str, size: tuple[int, int, int], kernels: str
) -> None:
    """One call of the op over all of its range."""
    n, columns, other = size
    bench = Bench(dtype, n, columns, other)
    node = case.build(bench)
    benchmark.group = f"{case.id} {dtype} {n} x {columns} x {other}"
    call = numpy_call(bench, node) if kernels == "numpy" else kernel_call(bench, node, kernels)
    with fastnn.threads(1):
        benchmark(call)
    describe(benchmark, kernels, dtype, work(bench, node))
