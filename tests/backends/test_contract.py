"""The vocabulary and those who speak it: every op has a case, a NumPy function and a C kernel for
each type, and no kernel or function stands for an op that does not exist.
"""

from __future__ import annotations

import importlib
import inspect

import pytest

from fastnn import backends
from fastnn.backends.numpy_ref import context as context_module
from fastnn.backends.numpy_ref.executor import FAMILIES, find_function
from fastnn.ops import (
    activation,
    circle,
    curve,
    data,
    dense,
    dropout,
    elementwise,
    layerwise,
    loss,
    matrices,
    metric,
    optimizer,
    perceptron,
    pick,
    shape,
    state,
    strided,
)
from fastnn.ops import (
    reduce as reduce_ops,
)
from fastnn.ops.contract import OPS, ROW, SERIAL, TILE
from fastnn.program.record import SUFFIX, _extent, _work, kernel_name
from fastnn.program.stages import kind_of
from fastnn.program.tensor import Size, matrix_view, product
from tests.support.cases import CASES, bytes_moved, cases_of, flops, op_names
from tests.support.one_op import COMPOSED, Bench

FILES = (
    activation,
    circle,
    curve,
    data,
    dense,
    dropout,
    elementwise,
    loss,
    matrices,
    metric,
    optimizer,
    pick,
    reduce_ops,
    shape,
    state,
    strided,
    layerwise,
    perceptron,
)


def test_every_op_has_a_case_and_every_case_an_op():
    assert sorted(op_names()) == sorted(OPS)
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))
    for case in CASES:
        node = case.build(Bench("float32", 3, 4))
        assert node.op is OPS[case.op], case.id


def test_every_op_has_a_numpy_function_and_every_function_an_op():
    without = {name for name in OPS if find_function(name) is None}
    assert without == set(COMPOSED)
    named = set()
    for family in FAMILIES:
        module = importlib.import_module(f"fastnn.backends.numpy_ref.{family}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or name == context_module.ieee.__name__:
                continue
            if inspect.unwrap(function).__module__ == module.__name__:
                named.add(name)
                assert find_function(name) is function, f"{name} is defined in two files"
    assert named == set(OPS) - without


def test_every_op_is_defined_in_the_file_of_its_numpy_function():
    for file in FILES:
        family = file.__name__.rpartition(".")[2]
        module = importlib.import_module(f"fastnn.backends.numpy_ref.{family}")
        mine = [op for op in vars(file).values() if type(op).__name__ == "Op"]
        for op in mine:
            if op.name not in COMPOSED:
                assert inspect.unwrap(getattr(module, op.name)).__module__ == module.__name__


def test_kernels_are_the_ops_kernels(native: str):
    backend = backends.resolve(native)
    expected = set()
    for dtype in ("float32", "float64"):
        for case in CASES:
            if case.op != "reshape":
                expected.add(kernel_name(case.build(Bench(dtype, 2, 3))))
    assert set(backend.kernels) == expected
    for name in OPS:
        assert backend.has(name) or name == "reshape"


def test_every_suffix_is_a_type_or_none():
    assert set(SUFFIX.values()) == {"_f32", "_f64", "_i32", ""}


@pytest.mark.parametrize("name", sorted(OPS))
def test_op(name: str):
    op = OPS[name]
    assert op.name == name
    assert op.formula
    assert op.stage in (ROW, TILE, SERIAL)
    assert op.grain >= 1
    for case in cases_of(name):
        node = case.build(Bench("float64", 6, 5, 3))
        assert flops(node, 6) >= 0
        assert bytes_moved(node, 6) > 0
        assert op.effect == (not node.outputs)
        for value in op.integers(node):
            assert isinstance(value, int), (case.id, value)
        for value in op.floats(node):
            assert isinstance(value, float), (case.id, value)
        if op.stage == ROW and node.outputs:
            rows = matrix_view(node.output.shape)[0]
            assert rows.a == 0, case.id  # one row or a fixed number of them per sample
            assert rows.b >= 1, case.id


def test_flops_and_bytes_of_a_product():
    bench = Bench("float32", 6, 5, 3)
    node = next(c for c in cases_of("dense_forward") if c.variant == "bias").build(bench)
    assert flops(node, 6) == 2 * 6 * 5 * 3
    assert bytes_moved(node, 6) == 4 * (6 * 5 + 5 * 3 + 3 + 6 * 3)


def test_flops_of_sums_over_the_batch():
    """They grow with it; what decides on threads (``record.py``) counts the same."""
    bench = Bench("float32", 6, 5, 3)
    expected = {
        "dense_dw": 2 * 6 * 5 * 3,
        "dense_db": 6 * 5,
        "reduce_rows": 6 * 5,
        "loss_mean": 6 * 5,
        "metric_mean": 2 * 6 * 5,
        "adam_step": 12 * 5,
        "dense_dw_adam_step": (2 * 6 + 12) * 5 * 3,
        "dense_dw_sgd_step": (2 * 6 + 1) * 5 * 3,
        "dense_db_momentum_step": (6 + 4) * 5,
    }
    for name, count in expected.items():
        node = cases_of(name)[0].build(bench)
        assert flops(node, 6) == count, name
        assert _work(node).at(6) == count, name


def test_the_subject_of_an_op():
    """What is computed and cut into tiles: the first output, or what an op changes."""
    bench = Bench("float32", 6, 5, 3)
    for case in CASES:
        node = case.build(bench)
        subject = node.op.subject(node)
        if subject.node is None and subject.variable is None and subject.region is None:
            whole = (node.outputs or node.inputs)[0]  # its elements, without a shape
            parts = node.op.subject in (layerwise.chunks, layerwise.all_rows, layerwise.all_columns)
            assert parts or subject.shape == (product(whole.shape),), case.id
        elif node.outputs:
            assert subject is node.output, case.id
        elif case.op.endswith("_step"):
            assert subject.region.kind == "parameters", case.id
            columns = matrix_view(subject.shape)
            rows = Size(columns[0].a if case.op.startswith("dense_dw") else columns[1], 0)
            assert _extent(node, kind_of(node)) == rows, case.id
        else:
            assert subject is node.inputs[0], case.id


def test_a_backward_op_for_every_forward_op():
    for name in OPS:
        if name.endswith("_forward") and name not in COMPOSED:
            assert OPS[name].gradient is not None, name
            if name != "dense_forward":
                assert name.replace("_forward", "_backward") in OPS
