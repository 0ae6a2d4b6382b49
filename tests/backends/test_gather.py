"""The way in and the way out: arrays of every type, with any strides, alignment and row order, as
the batches of several steps; what is refused and which row is named; outputs with strides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fastnn import backends
from fastnn.backends.base import (
    GATHERED_DTYPES,
    LABEL_NOT_INTEGRAL,
    LABEL_OUT_OF_RANGE,
    NON_FINITE_INPUT,
    Bound,
    RunResult,
    RunState,
)
from fastnn.ops import data
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program, Slot

ROWS, COLUMNS = 37, 6


def source(dtype: str, rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, 100, (rows, columns))
    if dtype == "bool":
        return values % 2 == 0
    return (values / 8 if dtype.startswith("float") else values).astype(dtype)


def unaligned(array: np.ndarray) -> np.ndarray:
    raw = np.zeros(array.nbytes + 3, np.uint8)
    view = raw[3:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def field(array: np.ndarray) -> np.ndarray:
    """A column of records, with odd strides."""
    records = np.zeros(array.shape, dtype=[("pad", "u1"), ("value", array.dtype), ("more", "u1")])
    records["value"] = array
    return records["value"]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "dense": lambda a: a,
    "fortran": np.asfortranarray,
    "every second column": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "every third row": lambda a: np.repeat(a, 3, axis=0)[::3],
    "rows backwards": lambda a: a[::-1].copy()[::-1],
    "columns backwards": lambda a: a[:, ::-1].copy()[:, ::-1],
    "both backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda a: a.T.copy().T,
    "unaligned": unaligned,
    "field of records": field,
    "repeated row": lambda a: np.broadcast_to(a[:1], a.shape),
}


def through(
    backend: str,
    array: np.ndarray,
    dtype: str,
    batch: int,
    *,
    permutation: np.ndarray | None = None,
    labels: int = -1,
    check: bool = False,
    threads: int = 1,
) -> tuple[np.ndarray, RunResult]:
    """What a gather makes of an array, batch by batch, by way of a scatter."""
    columns = array.shape[1]
    if labels >= 0:
        tensor = data.gather_labels(0, (columns,), labels)
    else:
        tensor = data.gather_rows(0, (columns,), dtype)
    out = np.full((len(array) + 1, columns), -77, dtype=tensor.dtype)
    slots = [Slot("x", "input", columns, dtype), Slot("y", "output", columns, tensor.dtype)]
    program = Program([data.scatter_rows(tensor, 1)], slots)
    executable = backends.resolve(backend).compile(program, batch)
    lent = [Bound(array, permutation, check), Bound(out)]
    control = ControlBlock.blocks(len(array), batch)
    result = executable.run(lent, control, RunState.of(program), threads=threads)
    assert (out[-1] == -77).all()
    return out[:-1], result


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stored", GATHERED_DTYPES)
def test_every_type_and_layout(stored: str, dtype: str, backend: str):
    order = np.random.default_rng(1).permutation(ROWS)
    for name, layout in LAYOUTS.items():
        array = layout(source(stored))
        array.flags.writeable = False
        assert array.dtype == stored
        for permutation in (None, order):
            found, result = through(backend, array, dtype, 8, permutation=permutation)
            expected = (array if permutation is None else array[permutation]).astype(dtype)
            assert result.done == 5
            np.testing.assert_array_equal(found, expected, err_msg=f"{name} {permutation}")


@pytest.mark.parametrize("stored", GATHERED_DTYPES)
def test_labels_of_every_type_and_layout(stored: str, backend: str):
    order = np.random.default_rng(1).permutation(ROWS)
    for name, layout in LAYOUTS.items():
        array = layout(np.floor(source(stored, columns=2)).astype(stored))
        for permutation in (None, order):
            for classes in (0, 100):
                found, _ = through(
                    backend, array, "int64", 8, permutation=permutation, labels=classes
                )
                expected = (array if permutation is None else array[permutation]).astype(int)
                assert found.dtype == np.int32
                np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("columns", [1, 2, 3, 7, 8, 16, 17, 64, 65, 784])
def test_widths(columns: int, backend: str):
    for stored in ("uint8", "float32", "float64"):
        array = source(stored, 35, columns)
        found, _ = through(backend, array, "float32", 33)
        np.testing.assert_array_equal(found, array.astype("float32"))


def test_numbers_are_rounded_once(backend: str):
    exact = np.array([[2**53 + 1, 2**24 + 1, -(2**63), 2**62 + 3]])
    for dtype in ("float32", "float64"):
        found, _ = through(backend, exact, dtype, 1)
        np.testing.assert_array_equal(found, exact.astype(dtype))
    fine = np.array([[1 + 2**-24, 0.1, 1e-45, -0.0]])
    found, _ = through(backend, fine, "float32", 1)
    np.testing.assert_array_equal(found, fine.astype("float32"))
    assert np.signbit(found[0, 3])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("stored", ["float32", "float64"])
def test_what_is_not_finite_is_named(value: float, stored: str, backend: str):
    order = np.random.default_rng(1).permutation(ROWS)
    for columns in (1, 7, 16, 65):
        array = source(stored, columns=columns)
        array[order[21], columns - 1] = array[order[19], columns // 2] = value
        for threads in (1, 4):
            found, result = through(
                backend, array, "float32", 8, permutation=order, check=True, threads=threads
            )
            assert (result.status, result.done) == (NON_FINITE_INPUT, 2)
            assert (result.row, result.binding) == (order[19], 0)
            np.testing.assert_equal(result.value, value)
            np.testing.assert_array_equal(found[:16], array[order[:16]].astype("float32"))
        found, result = through(backend, array, "float32", 8, permutation=order)
        assert result.done == 5
        np.testing.assert_array_equal(found, array[order].astype("float32"))


def test_the_first_bad_row_is_named_whoever_finds_one_first(native: str):
    """Tiles are 32 rows: the thread with the second finds its bad row before the first one's."""
    array = np.ones((96, 20_000), np.float32)
    array[[31, 32, 64], 0] = np.nan
    for _ in range(10):
        _, result = through(native, array, "float32", 96, check=True, threads=4)
        assert (result.status, result.done, result.row) == (NON_FINITE_INPUT, 0, 31)


def test_what_the_float_type_cannot_hold_is_not_finite(backend: str):
    array = np.zeros((5, 3))
    array[3, 1] = 1e300
    with np.errstate(over="ignore"):
        _, result = through(backend, array, "float32", 2, check=True)
    assert (result.status, result.done, result.row, result.value) == (1, 1, 3, 1e300)
    _, result = through(backend, array, "float64", 2, check=True)
    assert (result.status, result.done) == (0, 3)


@pytest.mark.parametrize(
    ("bad", "stored", "code"),
    [
        (-1, "int32", LABEL_OUT_OF_RANGE),
        (10, "uint8", LABEL_OUT_OF_RANGE),
        (10, "int64", LABEL_OUT_OF_RANGE),
        (2**62, "int64", LABEL_OUT_OF_RANGE),
        (-1.0, "float32", LABEL_OUT_OF_RANGE),
        (1e30, "float64", LABEL_OUT_OF_RANGE),
        (0.5, "float32", LABEL_NOT_INTEGRAL),
        (9.999999, "float64", LABEL_NOT_INTEGRAL),
        (np.nan, "float32", LABEL_NOT_INTEGRAL),
        (np.inf, "float64", LABEL_NOT_INTEGRAL),
    ],
)
def test_bad_labels_are_named(bad: float, stored: str, code: int, backend: str):
    order = np.random.default_rng(1).permutation(ROWS)
    array = (np.arange(ROWS) % 10).astype(stored).reshape(-1, 1)
    array[order[30], 0] = array[order[20], 0] = bad
    for threads in (1, 4):
        _, result = through(
            backend, array, "int64", 8, permutation=order, labels=10, threads=threads
        )
        assert (result.status, result.done, result.row) == (code, 2, order[20])
        np.testing.assert_equal(result.value, float(bad))


def test_labels_without_a_range_must_fit_int32(backend: str):
    good = np.array([[2**31 - 1], [-(2**31)], [0]])
    found, result = through(backend, good, "int64", 3, labels=0)
    assert result.status == 0
    np.testing.assert_array_equal(found, good)
    for bad in (2**31, -(2**31) - 1):
        _, result = through(backend, np.array([[0], [bad]]), "int64", 2, labels=0)
        assert (result.status, result.row) == (LABEL_OUT_OF_RANGE, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_outputs_may_have_strides(dtype: str, backend: str):
    values = source(dtype)
    if dtype == "int32":
        tensor = data.gather_labels(0, (COLUMNS,), 0)
    else:
        tensor = data.gather_rows(0, (COLUMNS,), dtype)
    slots = [Slot("x", "input", COLUMNS, dtype), Slot("y", "output", COLUMNS, dtype)]
    program = Program([data.scatter_rows(tensor, 1)], slots)
    executable = backends.resolve(backend).compile(program, 8)
    for name in ("dense", "fortran", "every second column", "both backwards"):
        blank = np.zeros((2 * ROWS, 2 * COLUMNS), dtype)
        out = {
            "dense": lambda a: np.zeros((ROWS, COLUMNS), dtype),
            "fortran": lambda a: np.zeros((COLUMNS, ROWS), dtype).T,
            "every second column": lambda a: a[:ROWS, ::2],
            "both backwards": lambda a: a[ROWS - 1 :: -1, COLUMNS - 1 :: -1],
        }[name](blank)
        control = ControlBlock.blocks(ROWS, 8)
        executable.run([Bound(values), Bound(out)], control, RunState.of(program))
        np.testing.assert_array_equal(out, values, err_msg=name)
        rest = blank.copy()
        if out.base is blank:
            rest[:ROWS, : 2 * COLUMNS] = 0
        assert not rest.any()


def test_several_bindings_at_once(backend: str):
    """Each with its own type, order and check."""
    order = np.random.default_rng(1).permutation(ROWS)
    arrays = [source("uint8"), source("float64", columns=3), source("int64", columns=1)]
    tensors = [data.gather_rows(i, (a.shape[1],), "float32") for i, a in enumerate(arrays)]
    outs = [np.zeros(a.shape, np.float32) for a in arrays]
    slots = [Slot("x", "input", a.shape[1], "float32") for a in arrays]
    slots += [Slot("y", "output", a.shape[1], "float32") for a in arrays]
    roots = [data.scatter_rows(t, 3 + i) for i, t in enumerate(tensors)]
    program = Program(roots, slots)
    lent = [Bound(arrays[0], order), Bound(arrays[1], None, True), Bound(arrays[2], order[::-1])]
    lent[2].permutation = order[::-1].copy()
    lent += [Bound(out) for out in outs]
    executable = backends.resolve(backend).compile(program, 10)
    executable.run(lent, ControlBlock.blocks(ROWS, 10), RunState.of(program))
    np.testing.assert_array_equal(outs[0], arrays[0][order])
    np.testing.assert_array_equal(outs[1], arrays[1].astype(np.float32))
    np.testing.assert_array_equal(outs[2], arrays[2][order[::-1]])
