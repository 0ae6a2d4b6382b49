"""Variables, the flat buffers that hold them, and Programs that notice when something has moved."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from fastnn.errors import ShapeError
from fastnn.ops import data, elementwise
from fastnn.program.program import Program, Slot, StateStorage
from fastnn.program.variable import (
    ALIGNMENT,
    Variable,
    adopt,
    aligned_bytes,
    padded,
    unique,
)


def variable(*shape: int, dtype: str = "float32", start: float = 0.0, **options) -> Variable:
    values = np.arange(np.prod(shape), dtype=dtype).reshape(shape) + start
    return Variable(values, dtype=dtype, **options)


def test_a_variable_has_a_value():
    v = variable(2, 3, name="kernel")
    assert (v.shape, v.size, v.nbytes, v.ndim, v.dtype) == ((2, 3), 6, 24, 2, "float32")
    assert v.name == v.path == "kernel"
    assert repr(v) == "<Variable path=kernel shape=(2, 3) dtype=float32>"
    np.testing.assert_array_equal(v.numpy(), [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(np.asarray(v), v.value)
    assert np.asarray(v, dtype="float64").dtype == np.float64
    assert float(np.sum(v)) == 15
    assert len(v) == 2
    np.testing.assert_array_equal(v[1], [3, 4, 5])
    assert v.trainable
    assert Variable(1.0, dtype="float64").shape == ()


def test_what_is_handed_out_is_a_copy():
    v = variable(3)
    for taken in (v.numpy(), v.value, np.asarray(v), v[:]):
        taken[:] = 99
    np.testing.assert_array_equal(v.numpy(), [0, 1, 2])
    source = np.zeros(3, np.float32)
    made = Variable(source)
    source[:] = 5
    assert made.numpy().tolist() == [0, 0, 0]
    v.view()[0] = 7  # fastnn's own code writes here
    assert v.numpy()[0] == 7


def test_assign():
    v = variable(2, 3)
    v.assign(np.ones((2, 3), dtype=np.float64))
    assert v.numpy().sum() == 6
    assert v.numpy().dtype == np.float32
    v.assign([[1, 2, 3], [4, 5, 6]])
    assert v.numpy()[1, 2] == 6
    for wrong in (np.ones((3, 2)), np.ones(3), 1.0, np.ones((1, 2, 3))):
        with pytest.raises(ShapeError, match=r"has shape \(2, 3\), received a value of shape"):
            v.assign(wrong)
    assert v.numpy()[1, 2] == 6


def test_arithmetic_with_arrays_is_numpys():
    v = variable(3)
    np.testing.assert_array_equal(v + 1, [1, 2, 3])
    np.testing.assert_array_equal(2 * v, [0, 2, 4])
    np.testing.assert_array_equal(v - np.ones(3), [-1, 0, 1])
    np.testing.assert_array_equal(1 - v, [1, 0, -1])
    np.testing.assert_array_equal(v / 2, [0, 0.5, 1])


def test_memory_is_aligned():
    for size in (1, 63, 64, 65, 1000):
        block = aligned_bytes(size)
        assert block.size == size
        assert block.ctypes.data % ALIGNMENT == 0
        assert not block.any()
        assert padded(size) % ALIGNMENT == 0
        assert 0 <= padded(size) - size < ALIGNMENT


def test_adopting_keeps_values_and_order():
    group = [variable(3, 5), variable(5, start=100), variable(2, 2, start=200, trainable=False)]
    values = [v.numpy() for v in group]
    owner = object()
    adopt(group, owner)
    (buffer,) = {v.buffer for v in group}
    assert buffer.owner is owner
    assert list(buffer.places) == group
    assert [v.offset for v in group] == [0, 64, 128]
    assert all((buffer.data.ctypes.data + v.offset) % ALIGNMENT == 0 for v in group)
    for v, value in zip(group, values, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)
    buffer.data[:] = 0
    assert not any(v.numpy().any() for v in group)


def test_one_buffer_per_dtype():
    single, double = variable(3), variable(3, dtype="float64")
    adopt([single, double], object())
    assert single.buffer is not double.buffer
    np.testing.assert_array_equal(single.numpy(), double.numpy())


def test_adopting_again_moves_nothing_unless_something_is_new():
    owner, a, b = object(), variable(3), variable(4)
    adopt([a, b], owner)
    buffer = a.buffer
    adopt([a, b], owner)
    assert a.buffer is buffer
    c = variable(5, start=50)
    adopt([a, b, c], owner)
    assert a.buffer is b.buffer is c.buffer is not buffer
    np.testing.assert_array_equal(c.numpy(), np.arange(5) + 50)
    np.testing.assert_array_equal(a.numpy(), [0, 1, 2])


def test_what_another_model_owns_stays_there():
    shared, own = variable(3), variable(3)
    first, second = object(), object()
    adopt([shared], first)
    buffer = shared.buffer
    adopt([shared, own], second)
    assert shared.buffer is buffer
    assert own.buffer.owner is second
    shared.assign([7, 8, 9])
    np.testing.assert_array_equal(shared.numpy(), [7, 8, 9])


def test_a_repeated_variable_counts_once():
    a, b = variable(3), variable(3)
    assert unique([a, b, a, b, a]) == [a, b]


def program_of(v: Variable) -> Program:
    x = data.gather_rows(0, (3,), "float32")
    product = elementwise.binary(x, v, function="multiply")
    slots = [Slot("x", "input", 3, "float32"), Slot("y", "output", 3, "float32")]
    return Program([data.scatter_rows(product, 1)], slots)


def test_programs_notice_that_storage_has_moved():
    v = variable(3)
    program = program_of(v)
    assert program.is_current
    v.assign([5, 6, 7])
    assert program.is_current  # a new value is no move
    adopt([v], object())
    assert not program.is_current
    assert program_of(v).is_current


def test_a_move_concerns_the_programs_that_refer_to_it():
    v, other = variable(3), variable(3)
    adopt([v], object())
    program = program_of(v)
    adopt([other], object())
    assert program.is_current  # building one model leaves the others compiled


def test_state_lies_as_its_variables_lie():
    group = [variable(3, 5), variable(5)]
    adopt(group, object())
    storage = StateStorage()
    for number, v in enumerate(group):
        part = storage.view("slot:m", v)
        assert part.shape == v.shape
        assert part.dtype == v.dtype
        assert not part.any()
        part[...] = number + 1
    data_of_slot = storage.array("slot:m", group[0].buffer)
    assert data_of_slot is storage.array("slot:m", group[1].buffer)
    assert data_of_slot.size == group[0].buffer.size
    assert data_of_slot.ctypes.data % ALIGNMENT == 0
    begin = group[1].offset
    np.testing.assert_array_equal(data_of_slot[begin : begin + 20].view(np.float32), [2] * 5)
    assert storage.array("slot:v", group[0].buffer) is not data_of_slot


def test_a_copy_or_a_pickle_has_memory_of_its_own():
    v = variable(3, name="bias")
    for made in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        made.assign([9, 9, 9])
        assert made.name == "bias"
        np.testing.assert_array_equal(v.numpy(), [0, 1, 2])
