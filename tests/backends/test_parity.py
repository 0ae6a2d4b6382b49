"""Every case of ``tests/support/cases.py`` on every backend and CPU level against the NumPy
functions run in float64, each as a Program of one op in the guarded layout: margins round every
operand, outputs full of NaN beforehand, inputs compared afterwards. Then the kernels called in
pieces, which must give the bits of one call.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from fastnn import backends
from fastnn.ops.contract import ROW, SERIAL
from tests.support.cases import FEW_SIZES, FULL_SIZES, SIZES, Case, cases_of, op_names
from tests.support.guard import FILLS
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM, assert_within

FULL = os.environ.get("FASTNN_FULL") == "1"
DTYPES = ("float32", "float64")


def grid(few: bool) -> list[tuple[int, int, int, str]]:
    """(n, size, other, values): every size, with batches of 1 and odd ones that cross a tile."""
    sizes = FULL_SIZES if FULL else FEW_SIZES if few else SIZES
    rows, each = ((1, 2, 5, 31, 32, 33, 65), 2) if FULL else ((1, 5, 33), 1)
    found = []
    for i, size in enumerate(sizes):
        other = sizes[(i + 4) % len(sizes)]
        for values in ("uniform", "lognormal"):
            taken = [rows[(i + len(found) + j) % len(rows)] for j in range(each)]
            found += [(n, size, other, values) for n in taken]
    return found


# Beyond one panel of the products: more columns than a packed panel is deep, more rows than a
# block.
LARGE = [(130, 600, 70, "uniform"), (3, 70, 1030, "uniform"), (300, 17, 9, "uniform")]
# A layer with one output, whose kernels are products with a vector: rows in fours and what is left,
# more of them than a block, inputs that fill no register
ONE_OUTPUT = [(21, 70, 1, "lognormal"), (300, 33, 1, "uniform"), (513, 97, 1, "uniform")]
# Sums over batches deeper than a block of a weight gradient, and than what it keeps packed (512
# samples in float32, 256 in float64); widths that are no multiple of a register.
DEEP = [(129, 50, 10, "lognormal"), (300, 48, 65, "uniform"), (513, 49, 10, "uniform")]
DEEP += [(600, 97, 65, "uniform")]


def check(case: Case, kernels: str, dtype: str, n: int, size: int, other: int, values: str) -> None:
    bench = Bench(dtype, n, size, other, values)
    node = case.build(bench)
    reference = bench.reference(node, "float64")
    if kernels == "numpy":
        runs = [bench.reference(node, dtype)]
    else:
        compiled = bench.compiled(backends.resolve(kernels), node)
        runs = [compiled.run(fill) for fill in FILLS]
    for found in runs:
        bounds = case.bounds(bench, node, reference, found)
        for number, (a, b, bound) in enumerate(zip(found, reference, bounds, strict=True)):
            assert_within(a, b, bound, f"{case.id} on {kernels}, {bench.label}, result {number}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", op_names())
def test_parity(op: str, kernels: str, dtype: str):
    for case in cases_of(op):
        for shape in grid(few=kernels == "numpy"):
            check(case, kernels, dtype, *shape)
        if op.endswith("_step") or op.startswith(("lamb_", "adafactor_", "muon_s")):
            check(case, kernels, dtype, 1, 2 * 4096 + 3, 1, "uniform")
        # inside the optimizer's step: the bits of the two ops (test_gradient_steps.py)
        inside = op.startswith(("dense_dw_", "dense_db_")) and case is not cases_of(op)[0]
        if inside and not FULL:
            continue
        if op.startswith(("dense", "reduce", "loss", "metric", "softmax", "log_softmax")):
            for shape in LARGE:
                check(case, kernels, dtype, *shape)
        if op.startswith("dense"):
            for shape in ONE_OUTPUT:
                check(case, kernels, dtype, *shape)
        if op.startswith(("dense_dw", "dense_db")):
            for shape in DEEP:
                check(case, kernels, dtype, *shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", [name for name in op_names() if name != "reshape"])
def test_pieces_give_the_bits_of_one_call(op: str, native: str, dtype: str):
    backend = backends.resolve(native)
    for case in cases_of(op):
        shapes = [(33, 17, 65), (7, 65, 9), (130, 9, 40)]
        for n, size, other in (*shapes, (21, 70, 1)) if op.startswith("dense") else shapes:
            bench = Bench(dtype, n, size, other)
            node = case.build(bench)
            if node.op.stage == SERIAL:
                continue
            compiled = bench.compiled(backend, node)
            whole = compiled.run_pieces(lambda extent: [])
            for share in (1, 2, 3, 5):
                for first in range(min(share, 2)):
                    pieces = compiled.run_pieces(
                        lambda extent, step=share, at=first: range(at + 1, extent, step)
                    )
                    for a, b in zip(pieces, whole, strict=True):
                        assert a.tobytes() == b.tobytes(), f"{case.id} {bench.label} step {share}"
            if node.op.stage == ROW:
                run = compiled.run()
                for a, b in zip(run, whole, strict=True):
                    assert a.tobytes() == b.tobytes(), f"{case.id} {bench.label}: run_program"


def test_a_float32_sum_fails_the_bound_of_a_double_sum():
    values = np.random.default_rng(0).random((3001, 3), dtype=np.float32)
    chain = np.zeros(3, dtype=np.float32)
    for row in values:
        chain += row
    exact = values.sum(axis=0, dtype=np.float64)
    bound = DOUBLE_SUM.bound("float32", exact, 3001)
    assert_within(exact.astype(np.float32), exact, bound, "double sum")
    with pytest.raises(AssertionError, match="of 3 elements are off"):
        assert_within(chain, exact, bound, "float32 chain")
