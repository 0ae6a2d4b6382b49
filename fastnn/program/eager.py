"""Eager use: a function written in ops, a layer or a loss, applied to arrays.

There is no second implementation: the function is traced into a tiny Program, which the default
backend compiles and runs. Programs are cached by function, shape and dtype; the cache is bounded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import backends, config
from fastnn.backends.base import Backend, Bound, Executable, RunState
from fastnn.backends.threads import get_num_threads
from fastnn.ops import data, state
from fastnn.ops.contract import ROW
from fastnn.ops.elementwise import broadcast_to
from fastnn.program.assignments import assignments
from fastnn.program.control import STEP, ControlBlock
from fastnn.program.program import Program, Slot
from fastnn.program.tensor import BATCH, Shape, Size, Tensor

if TYPE_CHECKING:
    from fastnn.layers.layer import Layer

Array = np.ndarray[Any, Any]

# Tiny Programs kept; a training script with its losses, metrics and layers needs a few dozen
CACHE_SIZE = 256
_cache: OrderedDict[Hashable, Eager] = OrderedDict()
_lock = threading.Lock()


def _as_array(value: Any, integer: bool) -> Array:
    """An array of a type that the gather reads; float32 and float64 keep their type."""
    array = np.asarray(value)
    if integer and array.dtype.kind in "iub":
        return array.astype(np.int64)
    if array.dtype.name not in ("float32", "float64"):
        array = array.astype(config.floatx())
    return array


def run(
    function: Callable[..., Tensor],
    arrays: Sequence[Any],
    *,
    key: Hashable,
    integer_inputs: Collection[int] = (),
    label_classes: int = 0,
    step: int = 0,
    names: Sequence[str] = (),
    spread: bool = True,
) -> Array:
    """Apply a function of symbolic tensors to arrays.

    Parameters
    ----------
    function : takes one tensor per array and returns a tensor.
    arrays : array-likes with equal numbers of rows. One axis counts as one row, no axis as one
        number.
    key : identifies the function with all its settings; equal keys must mean equal functions.
    integer_inputs : positions of the arrays that hold labels and become int32.
    label_classes : number of classes that labels are checked against; 0 for no check.
    step : what random masks depend on beside their seed.
    names : what messages call the arrays; by position by default.
    spread : whether a result without the batch axis is repeated for each row.
    """
    values = [_as_array(value, i in integer_inputs) for i, value in enumerate(arrays)]
    flat = max(value.ndim for value in values)
    if flat <= 1:
        values = [value.reshape(1, -1) for value in values]
    if 0 in values[0].shape[1:]:
        empty: Array = values[0].reshape(np.shape(arrays[0]))
        return empty
    dtype = next(
        (v.dtype.name for i, v in reversed(list(enumerate(values))) if i not in integer_inputs),
        config.floatx(),
    )
    backend = backends.resolve(None)
    shapes = tuple(value.shape[1:] for value in values)
    full_key = (key, shapes, dtype, tuple(integer_inputs), label_classes, backend)
    rows = len(values[0])
    made = _compiled(
        full_key, function, shapes, dtype, integer_inputs, label_classes, backend, rows
    )
    executable = made.executable
    concrete = tuple(size.at(rows) if isinstance(size, Size) else size for size in made.shape)
    output = np.empty(concrete, dtype=made.dtype)
    if rows == 0:
        return output
    bound = [Bound(value.reshape(rows, -1)) for value in values]
    bound.append(Bound(output.reshape(rows, -1)))
    control = ControlBlock.blocks(rows, rows if made.whole else min(rows, CAPACITY))
    control.words[:, STEP] = np.arange(step, step + len(control))
    result = executable.run(
        bound,
        control,
        RunState.of(executable.program),
        threads=get_num_threads(),
    )
    if result.status:
        from fastnn import checks

        name = names[result.binding] if names else None
        raise checks.run_error(result, executable.program.slots, label_classes, name=name)
    if made.alone and not spread:
        alone: Array = np.asarray(output[0])
        return alone
    if flat == 0:
        return output.reshape(())
    return output[0] if flat == 1 else output


def run_unbatched(
    function: Callable[..., Tensor],
    arrays: Sequence[Array],
    *,
    key: Hashable,
    integer_inputs: Collection[int] = (),
    names: Sequence[str] = (),
) -> Array:
    """Apply a function to arrays that enter as tensors without the batch axis.

    No axis is special, and shapes may differ; one thread computes. Parameters as those of ``run``;
    every array has the dtype that its tensor shall have.
    """
    values = [_as_array(value, i in integer_inputs) for i, value in enumerate(arrays)]
    dtype = next(
        (v.dtype.name for i, v in enumerate(values) if i not in integer_inputs), config.floatx()
    )
    backend = backends.resolve(None)
    shapes = tuple(value.shape for value in values)
    full_key = (key, shapes, dtype, tuple(integer_inputs), "unbatched", backend)
    made = _compiled(full_key, function, shapes, dtype, integer_inputs, 0, backend, None)
    output = np.empty([size for size in made.shape if isinstance(size, int)], dtype=made.dtype)
    bound = [Bound(value.reshape(1, -1)) for value in [*values, output]]
    control = ControlBlock.blocks(1, 1)
    result = made.executable.run(bound, control, RunState.of(made.executable.program))
    if result.status:
        from fastnn import checks

        name = names[result.binding] if names and result.binding >= 0 else None
        raise checks.run_error(result, made.executable.program.slots, 0, name=name)
    return output


# rows of one step of an eager call; bounds the workspace
CAPACITY = 256
# elements of all arrays beyond which a Program without the batch axis, whose workspace holds them,
# is not kept: 256 of a million are at most a few gigabytes
UNBATCHED_MOST = 1_000_000


@dataclass(frozen=True)
class Eager:
    """A compiled function, the shape and dtype of its output, and the most rows of a step.

    ``whole``: all rows must be one step, since samples see each other or a variable changes.
    ``alone``: the result itself has no batch axis.
    """

    executable: Executable
    shape: Shape
    dtype: str
    capacity: int
    whole: bool
    alone: bool

    def serves(self, rows: int | None) -> bool:
        """Whether it can run so many rows, and the variables are where they were."""
        fits = rows is None or rows <= self.capacity or not self.whole
        return fits and self.executable.program.is_current


def _mixes(program: Program) -> bool:
    """Whether a node reads several rows of the batch at once."""
    return any(
        (node.op.stage != ROW or node.op.whole(node))
        and any(tensor.has_batch for tensor in node.inputs)
        for node in program.nodes
    )


def _compiled(
    key: Hashable,
    function: Callable[..., Tensor],
    shapes: Sequence[tuple[int, ...]],
    dtype: str,
    integer_inputs: Collection[int],
    label_classes: int,
    backend: Backend,
    rows: int | None,
) -> Eager:
    """The compiled function, from the cache or traced now.

    Without ``rows`` the arrays enter as tensors without the batch axis.
    """
    unbatched = rows is None
    found = cached(key, rows)
    if found is not None:
        return found
    inputs = []
    slots = []
    for number, sample in enumerate(shapes):
        if number in integer_inputs:
            inputs.append(data.gather_labels(number, sample, label_classes, unbatched=unbatched))
        else:
            inputs.append(data.gather_rows(number, sample, dtype, unbatched=unbatched))
        slots.append(Slot(f"argument {number + 1}", "input", int(np.prod(sample)), dtype))
    with assignments() as assigned:
        output = function(*inputs)
    alone = rows is not None and not output.has_batch
    if alone:  # every row gets it
        output = broadcast_to(output, (BATCH, *output.shape))
    columns = int(np.prod([size for size in output.shape if isinstance(size, int)]))
    slots.append(Slot("output", "output", columns, output.dtype))
    changes = [state.assign(variable, value) for variable, value in assigned.items()]
    result = data.scatter_rows(output, len(inputs), unbatched=unbatched)
    program = Program([result, *changes], slots)
    whole = bool(changes) or _mixes(program)
    capacity = CAPACITY
    if rows is None:
        capacity = 1
    elif whole:
        capacity = max(CAPACITY, 1 << (rows - 1).bit_length())
    executable = backend.compile(program, capacity)
    made = Eager(executable, output.shape, output.dtype, capacity, whole, alone)
    if rows is None and sum(slot.columns for slot in slots) > UNBATCHED_MOST:
        return made
    return keep(key, made)


def cached(key: Hashable, rows: int | None) -> Eager | None:
    """What the cache has under a key, if it serves so many rows."""
    with _lock:
        found = _cache.get(key)
        if found is None or not found.serves(rows):
            return None
        _cache.move_to_end(key)
        return found


def keep(key: Hashable, made: Eager) -> Eager:
    """Put a compiled function into the cache, in place of what was unused for longest."""
    with _lock:
        _cache[key] = made
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return made


def forget() -> None:
    """Drop all compiled functions."""
    with _lock:
        _cache.clear()


def call_layer(layer: Layer, inputs: Any, training: bool, mask: Any = None) -> Array:
    """Apply a layer to an array, or to a list of arrays if it takes several; with a mask of the
    first one.
    """
    several = takes_several(layer, inputs)
    arrays = [np.asarray(item).astype(layer.dtype) for item in (inputs if several else [inputs])]
    count = len(arrays)
    if mask is not None:
        arrays.append(_mask_of_rows(mask, arrays[0]))
    key = (id(layer), layer, training, count, len(arrays))
    step = layer._training_calls
    if training:
        rows = len(arrays[0]) if arrays[0].ndim else 1
        layer._training_calls += -(-rows // CAPACITY)
    names = [f"input {number}" for number in range(1, len(arrays) + 1)] if several else ()
    return run(
        lambda *x: _output(layer, list(x[:count]) if several else x[0], training, *x[count:]),
        arrays,
        key=key,
        step=step,
        names=names,
    )


def _mask_of_rows(mask: Any, x: Array) -> Array:
    """A mask as numbers, with a row for each row of x; one without rows is repeated."""
    numbers = np.asarray(mask).astype(x.dtype)
    if numbers.shape[:1] == x.shape[:1]:
        return numbers
    numbers = numbers[(None,) * (x.ndim - numbers.ndim)]
    rows = x.shape[:1] if numbers.shape[:1] == (1,) else numbers.shape[:1]
    return np.broadcast_to(numbers, (*rows, *numbers.shape[1:]))


def takes_several(layer: Layer, inputs: Any) -> bool:
    """Whether a list is several inputs: for merging layers, and a list of batches for any layer."""
    if not isinstance(inputs, (list, tuple)):
        return False
    batches = [isinstance(item, np.ndarray) and item.ndim > 1 for item in inputs]
    return layer._several_inputs or (len(batches) > 1 and all(batches))


def _output(layer: Layer, x: Any, training: bool, mask: Tensor | None = None) -> Tensor:
    result = layer(x, training=training, mask=mask)
    if not isinstance(result, Tensor):
        raise TypeError(f"layer {layer.name!r} returned {type(result).__name__}.")
    return result
