"""Functions that take a symbolic tensor or an array: on tensors they add ops to the trace, on
arrays they run as a tiny Program on the default backend (``fastnn/program/eager.py``). There is one
formula for both.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ParamSpec

import numpy as np

from fastnn import config
from fastnn.errors import ArgumentError, FastnnError, ShapeError, UnsupportedError
from fastnn.program.tensor import Shape, Size, Tensor, constant
from fastnn.program.variable import Variable

P = ParamSpec("P")
Array = np.ndarray[Any, Any]


def is_symbolic(value: Any) -> bool:
    """Whether the value takes part in a trace: a tensor, or a variable of a layer or metric."""
    return isinstance(value, (Tensor, Variable)) or getattr(value, "is_traced", False)


def symbol(value: Any) -> Any:
    """The tensor of a variable; anything else as it is."""
    traced = isinstance(value, Variable) or getattr(value, "is_traced", False)
    return value.tensor() if traced else value


def float_array(value: Any, owner: str, name: str) -> Array:
    """An array of float32 or float64: arrays of these types as they are, all else as ``floatx()``.

    A Python list becomes ``floatx()``, as in Keras, and not NumPy's float64.
    """
    known = getattr(value, "dtype", None) in (np.float32, np.float64)
    try:
        if value is None:  # NumPy would make NaN of it
            raise TypeError
        return np.asarray(value, dtype=None if known else config.floatx())
    except (TypeError, ValueError):
        raise _no_array(value, owner, name) from None


def _no_array(value: Any, owner: str, name: str) -> FastnnError:
    """The error for a value that is no array of numbers."""
    if getattr(value, "is_sketch", False):
        return UnsupportedError(
            f"{owner}: received {name} of a functional graph (a layer called on Input(...)), but "
            "fastnn's models are Sequential. Put the computation into a Layer whose call uses "
            "fastnn.ops, or use the layer of that purpose, such as Activation or Add."
        )
    return ArgumentError(
        f"{owner}: received {name} of type {type(value).__name__} that is not an array of "
        "numbers. Pass an array, or a list of lists of equal lengths."
    )


def _is_number(value: Any) -> bool:
    """Whether the value is a Python or NumPy number, which enters a formula as a constant."""
    return isinstance(value, (int, float, np.number, np.bool_))


def elementwise(*names: str) -> Callable[[Callable[P, Tensor]], Callable[P, Any]]:
    """Let a function of symbolic tensors take arrays too, which are broadcast against each other.

    Parameters
    ----------
    names : the parameters that hold tensors or arrays; the other ones are settings. Numbers stay
        numbers, unless there is no array.
    """
    return _dispatching(names, broadcast=True)


def rowwise(*names: str) -> Callable[[Callable[P, Tensor]], Callable[P, Any]]:
    """Let a function of symbolic tensors that works along the last axis take arrays too.

    An array of one axis counts as one row.
    """
    return _dispatching(names, broadcast=False)


def _dispatching(
    names: Sequence[str], *, broadcast: bool
) -> Callable[[Callable[P, Tensor]], Callable[P, Any]]:
    """The decorator behind ``elementwise`` and ``rowwise``."""

    def decorate(function: Callable[P, Tensor]) -> Callable[P, Any]:
        signature = inspect.signature(function)
        label = function.__name__

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            if any(is_symbolic(given[name]) for name in names):
                tensors = {name: symbol(value) for name, value in given.items()}
                return function(**tensors)  # type: ignore[call-arg]
            settings = {name: value for name, value in given.items() if name not in names}
            arrays = {name: given[name] for name in names if not _is_number(given[name])}
            if arrays:
                settings.update({name: given[name] for name in names if name not in arrays})
            else:
                arrays = {name: given[name] for name in names}
            made = {name: float_array(value, label, name) for name, value in arrays.items()}
            values = _broadcast(label, made) if broadcast else list(made.values())
            key = (function, *((name, _hashable(value)) for name, value in settings.items()))

            def formula(*traced: Tensor) -> Tensor:
                filled = {**settings, **dict(zip(arrays, traced, strict=True))}
                return function(**filled)  # type: ignore[call-arg]

            return run(formula, values, key)

        return call

    return decorate


def anyaxis(
    *names: str, integers: bool = True
) -> Callable[[Callable[P, Tensor]], Callable[P, Any]]:
    """Let a function of symbolic tensors that may work along any axis take arrays too.

    An array enters as a tensor without the batch axis, so that its first axis is like the others.
    Booleans become numbers.

    Parameters
    ----------
    names : the parameters that hold a tensor or array, or a list of them; the others are settings.
    integers : whether integers stay integers (int32); else they become numbers too.
    """

    def decorate(function: Callable[P, Tensor]) -> Callable[P, Any]:
        signature = inspect.signature(function)
        label = function.__name__

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            counts: dict[str, int | None] = {}
            leaves: list[Any] = []
            for name in names:
                many = isinstance(given[name], (list, tuple)) and name.endswith("xs")
                counts[name] = len(given[name]) if many else None
                leaves += list(given[name]) if many else [given[name]]

            def refilled(values: Sequence[Any]) -> Any:
                left = list(values)
                filled = dict(given)
                for name, count in counts.items():
                    filled[name] = [left.pop(0) for _ in range(1 if count is None else count)]
                    filled[name] = filled[name][0] if count is None else filled[name]
                return function(**filled)  # type: ignore[call-arg]

            if any(is_symbolic(leaf) for leaf in leaves):
                return refilled(_together(leaves, integers))
            if len(leaves) == 1 and _lacks_rows(leaves[0], given.get("axis")):
                # one row of zeros tells the shape and dtype of the result
                array = np.asarray(leaves[0])
                row = np.zeros((1, *array.shape[1:]), array.dtype)
                one: Any = call  # its own signature is hidden from here
                return one(**{**given, names[0]: row})[:0]
            arrays = _same_type([number_array(leaf, label, integers) for leaf in leaves])
            settings = (
                (name, _frozen(value)) for name, value in given.items() if name not in names
            )
            key = (function, tuple(counts.items()), *settings)
            whole = [i for i, array in enumerate(arrays) if array.dtype.kind == "i"]
            from fastnn.program import eager

            return eager.run_unbatched(
                lambda *traced: refilled(traced), arrays, key=key, integer_inputs=whole
            )

        return call

    return decorate


def _lacks_rows(value: Any, axis: Any) -> bool:
    """Whether an array has no rows, and an axis of its rows is named."""
    shape = np.shape(value)
    if axis is None or not shape or shape[0] or 0 in shape[1:]:
        return False
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return all(isinstance(a, int) and a not in (0, -len(shape)) for a in axes)


def number_array(value: Any, owner: str, integers: bool = True) -> Array:
    """An array as ``anyaxis`` takes it: float32, float64 or int64."""
    try:
        if value is None:
            raise TypeError
        array = np.asarray(value)
        if array.dtype.kind in "iu" and integers:
            array = array.astype(np.int64)
        elif array.dtype.name not in ("float32", "float64") or not hasattr(value, "dtype"):
            array = array.astype(config.floatx())
    except (TypeError, ValueError):
        raise _no_array(value, owner, "an argument") from None
    if array.size == 0:
        raise ShapeError(
            f"{owner}: received an array of shape {array.shape}, expected at least one element. "
            "Pass an array that is not empty."
        )
    return array


def _same_type(arrays: list[Array]) -> list[Array]:
    """The float arrays in their common type."""
    floats = [array for array in arrays if array.dtype.kind == "f"]
    if not floats:
        return arrays
    dtype = np.result_type(*floats)
    return [a.astype(dtype, copy=False) if a.dtype.kind == "f" else a for a in arrays]


def _together(leaves: Sequence[Any], integers: bool) -> list[Any]:
    """Tensors of what stands beside a tensor: arrays become constants of its type."""
    from fastnn.ops.elementwise import cast

    tensors = [symbol(leaf) for leaf in leaves]
    dtype = next((t.dtype for t in tensors if isinstance(t, Tensor)), "float32")
    found = []
    for value in tensors:
        if not isinstance(value, Tensor) and value is not None:
            array = np.asarray(value)
            value = constant(array, "int32" if array.dtype.kind in "iu" else dtype)
        if isinstance(value, Tensor) and value.dtype == "int32" and not integers:
            value = cast(value, config.floatx())
        found.append(value)
    return found


def _frozen(value: Any) -> Hashable:
    """A setting, lists and slices included, as part of a cache key."""
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, *map(_frozen, value))
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if isinstance(value, np.ndarray):
        return (value.tobytes(), value.shape, value.dtype.name)
    return _hashable(value)


def _broadcast(label: str, arrays: dict[str, Array]) -> list[Array]:
    """The arrays, broadcast against each other and of one dtype."""
    dtype = np.result_type(*arrays.values())
    try:
        spread = np.broadcast_arrays(*arrays.values())
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ShapeError(
            f"{label}: received arrays of shapes {shapes}, which cannot be broadcast against each "
            "other. Pass arrays of equal shapes, or with axes of size 1."
        ) from None
    return [array.astype(dtype, copy=False) for array in spread]


def _hashable(value: Any) -> Hashable:
    """A setting as part of a cache key: numbers with their type, since 1 == 1.0 == True."""
    if isinstance(value, list):
        value = tuple(value)
    return (type(value).__name__, value)


def check_last_axis(owner: str, axis: Any, shape: Shape) -> None:
    """Refuse any axis but the last, and the last where it is the batch."""
    if isinstance(axis, bool) or axis not in (-1, len(shape) - 1):
        raise UnsupportedError(
            f"{owner}: received axis={axis!r} for a tensor of {len(shape)} axes, but fastnn "
            "supports the last axis only. Pass axis=-1."
        )
    if not shape or isinstance(shape[-1], Size):
        raise UnsupportedError(
            f"{owner}: received a tensor of shape {shape}, whose last axis is the batch, but "
            "fastnn works along an axis of each sample only. Pass a tensor of at least two axes."
        )


def run(
    formula: Callable[..., Tensor], arrays: Sequence[Array], key: Hashable, **options: Any
) -> Array:
    """``eager.run`` that also takes arrays of no rows."""
    from fastnn.program import eager

    if arrays[0].ndim >= 1 and arrays[0].size == 0 and 0 not in arrays[0].shape[1:]:
        # one row of zeros tells the shape and dtype of the result
        row = [np.zeros((1, *array.shape[1:]), array.dtype) for array in arrays]
        if arrays[0].ndim == 1:
            row = [array.reshape(-1, 1) for array in row]
        one = eager.run(formula, row, key=key, **options)
        return one[:0] if arrays[0].ndim > 1 else one.reshape(-1)[:0]
    return eager.run(formula, arrays, key=key, **options)
