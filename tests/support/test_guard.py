"""The guards themselves: a planted write beside an operand, of one byte, must be caught."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn import backends
from tests.support.cases import cases_of
from tests.support.guard import FILLS, MARGIN, Fence, byte_range, guarded_variable
from tests.support.one_op import Bench, CompiledOneOp
from tests.support.tolerances import EXACT, REDUCTION, assert_within


def test_a_fence_sees_one_changed_byte():
    data = np.zeros(1000, dtype=np.uint8)
    fence = Fence(data, [(100, 200), (300, 301)], "memory")
    data[100:200] = 7
    data[300] = 7
    fence.check()
    for place in (0, 99, 200, 299, 301, 999):
        data[place] ^= 1
        with pytest.raises(AssertionError, match=f"memory: 1 bytes .* at {place} of 1000"):
            fence.check()
        data[place] ^= 1
    fence.check()


def test_a_guarded_variable_lies_between_margins():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    variable = guarded_variable(values)
    begin, end = byte_range(variable)
    data = variable.buffer.data
    np.testing.assert_array_equal(variable.numpy(), values)
    assert (begin, end) == (MARGIN, MARGIN + 24)
    assert data.size >= end + MARGIN
    assert set(data[:begin]) | set(data[end:]) == {FILLS[0]}
    assert np.isnan(data[: 4 * (begin // 4)].view(np.float32)).all()


def relu_case() -> tuple[Bench, CompiledOneOp]:
    case = next(case for case in cases_of("activation_forward") if case.variant == "relu")
    bench = Bench("float32", 5, 7)
    return bench, bench.compiled(backends.resolve("c"), case.build(bench))


@pytest.mark.parametrize("fill", FILLS)
def test_an_overrun_of_a_kernel_is_caught(fill: int, backend: str):
    if backend == "numpy":
        return
    _, compiled = relu_case()
    compiled.run(fill)
    record = compiled.records()[-1]
    output = 8  # the first operand's words: segment, offset, rows a, rows b, columns, stride
    for word, change in ((4, 1), (1, -4), (1, 7 * 5 * 4)):
        record[output + word] += change
        with pytest.raises(AssertionError, match="bytes changed that nobody may write"):
            compiled.run(fill)
        record[output + word] -= change
    compiled.run(fill)


def test_a_kernel_that_writes_its_input_is_caught():
    _, compiled = relu_case()
    record = compiled.records()[-1]
    record[8 + 1] = record[8 + 6 + 1]  # the output lies where the input lies
    with pytest.raises(AssertionError, match="input modified"):
        compiled.run()


def test_a_kernel_that_leaves_output_unwritten_is_caught():
    bench, compiled = relu_case()
    record = compiled.records()[-1]
    for operand in range(2):
        record[8 + 6 * operand + 4] -= 1  # one column less, the same stride
    (found,) = compiled.run()
    assert np.isnan(found[:, -1]).all()
    reference = bench.reference(compiled.node, "float64")[0]
    with pytest.raises(AssertionError, match="5 of 35 elements are off"):
        assert_within(found, reference, EXACT.bound("float32", reference, 1), "relu")


def test_tolerances_reject_what_is_a_little_beyond_them():
    reference = np.linspace(1, 2, 9)
    bound = REDUCTION.bound("float32", reference, 10)
    assert_within((reference + 0.9 * bound).astype(np.float32), reference, bound, "sum")
    with pytest.raises(AssertionError, match="elements are off"):
        assert_within((reference + 1.2 * bound).astype(np.float32), reference, bound, "sum")
    for bad in (np.nan, np.inf, -np.inf):
        wrong = reference.astype(np.float32)
        wrong[3] = bad
        with pytest.raises(AssertionError, match="1 of 9"):
            assert_within(wrong, reference, bound, "sum")
        with pytest.raises(AssertionError, match="1 of 9"):
            assert_within(reference, wrong.astype(np.float64), bound, "sum")
