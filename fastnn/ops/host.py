"""The op that is Python: ``ops.python`` calls a function on NumPy arrays within a Program.

It has no kernel. A native run ends before a stage of such ops; Python performs it on the memory of
the run, and the run goes on behind it (``fastnn/backends/packed.py``). All rows of the batch are
computed by one call of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError
from fastnn.ops.contract import HOST, Op, as_tensor
from fastnn.ops.dispatch import float_array, is_symbolic
from fastnn.program.tensor import BATCH, Node, Shape, Size, Tensor

Array = np.ndarray[Any, Any]


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    gradient, name = node.attributes["gradient"], node.attributes["name"]
    if gradient is None:
        raise ArgumentError(
            f"python: {name!r} was given no gradient, but a trained weight depends on the loss "
            "through it. Pass gradient=, a function of (dy, *inputs), or write the formula with "
            "fastnn.ops, which know theirs."
        )
    floats = [tensor for tensor in node.inputs if tensor.dtype != "int32"]
    attributes = {
        "function": _Slopes(gradient, [t.dtype != "int32" for t in node.inputs]),
        "gradient": None,
        "name": f"gradient of {name}",
    }
    outputs = [(tensor.shape, tensor.dtype) for tensor in floats]
    found = iter(PYTHON.node((dy, *node.inputs), attributes, outputs).outputs)
    return [next(found) if tensor.dtype != "int32" else None for tensor in node.inputs]


# not of the vocabulary: no backend has a kernel for it
PYTHON = Op("python", "y = f(x, ...) in Python", HOST, gradient=_gradient)


class _Slopes:
    """A user's gradient as a function of several results, zeros where it has None."""

    def __init__(self, gradient: Callable[..., Any], floats: Sequence[bool]) -> None:
        self.gradient = gradient
        self.floats = floats

    def __call__(self, dy: Array, *inputs: Array) -> tuple[Any, ...]:
        given = self.gradient(dy, *inputs)
        found = given if isinstance(given, (tuple, list)) else (given,)
        if len(found) != len(inputs):
            raise ArgumentError(
                f"it returned {len(found)} gradients for {len(inputs)} inputs, expected one for "
                "each. Return a tuple, with None for an input that needs none."
            )
        pairs = zip(found, inputs, self.floats, strict=True)
        return tuple(np.zeros_like(x) if g is None else g for g, x, wanted in pairs if wanted)


def perform(node: Node, inputs: Sequence[Array], rows: int) -> list[Array]:
    """The outputs of a node for a batch of ``rows``, from copies of its inputs."""
    function, name = node.attributes["function"], node.attributes["name"]
    shapes = [_concrete(tensor.shape, rows) for tensor in node.outputs]
    given = function(*(np.array(array) for array in inputs))
    results = given if isinstance(function, _Slopes) else (given,)
    found = []
    for result, shape, tensor in zip(results, shapes, node.outputs, strict=True):
        array = _numbers(result, name)
        if array.shape != shape:
            raise ShapeError(
                f"python: {name!r} returned an array of shape {array.shape}, expected {shape}. "
                "Return that shape, or say another one as output_shape."
            )
        found.append(array.astype(tensor.dtype, copy=False))
    return found


def _numbers(result: Any, name: str) -> Array:
    """What a function returned, as an array of numbers."""
    try:
        array = np.asarray(result)
        if array.dtype.kind not in "fiub":
            raise TypeError
    except (TypeError, ValueError):
        raise ArgumentError(
            f"python: {name!r} returned {type(result).__name__}, expected a NumPy array of "
            "numbers. Return one."
        ) from None
    return array


def _concrete(shape: Shape, rows: int) -> tuple[int, ...]:
    """A shape for a batch of ``rows``."""
    return tuple(size.at(rows) if isinstance(size, Size) else size for size in shape)


def python(
    function: Callable[..., Any],
    gradient: Callable[..., Any] | None = None,
    inputs: Any = (),
    output_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> Any:
    """y = function(*inputs), computed by NumPy code in the middle of a model, a loss or a metric.

    For formulas that ``fastnn.ops`` cannot express. Native code stops for it in every step; what
    can be written in ``fastnn.ops`` is faster so.

    Parameters
    ----------
    function : takes one NumPy array per input, with all rows of the batch, and returns an array. It
        must depend on nothing but its arguments.
    gradient : takes (dy, *inputs), dy = ∂loss/∂y of the shape of y, and returns ∂loss/∂input for
        each input, None where none is needed; a single array for a single input. Needed where
        something is trained through the function.
    inputs : a tensor or array, or a list of them.
    output_shape : the shape of y, with None for the batch; that of the first input by default.
    name : what messages call it; the function's name by default.

    Returns
    -------
    A tensor, or an array if all inputs are arrays.

    Raises
    ------
    ShapeError : for a result of another shape, when the model runs.
    ArgumentError : for arguments of a wrong kind, or where a gradient is missing.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> def cubed_error(y_true, y_pred):
    ...     return fastnn.ops.python(
    ...         lambda t, p: np.abs(p - t) ** 3,
    ...         lambda dy, t, p: (None, dy * 3 * (p - t) * np.abs(p - t)),
    ...         [y_true, y_pred],
    ...     )
    >>> float(fastnn.losses.get(cubed_error)([[1.0]], [[3.0]]))
    8.0
    """
    for what, value in (("function", function), ("gradient", gradient)):
        if not callable(value) and not (what == "gradient" and value is None):
            raise ArgumentError(
                f"python: received {what}={value!r}, expected a function of arrays. Pass one."
            )
    title = name or getattr(function, "__name__", type(function).__name__)
    operands = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    if not operands:
        raise ArgumentError("python: received no inputs. Pass a tensor, or a list of tensors.")
    attributes = {"function": function, "gradient": gradient, "name": title}
    if not any(is_symbolic(operand) for operand in operands):
        arrays = [float_array(operand, "python", "inputs") for operand in operands]
        rows = len(arrays[0]) if arrays[0].ndim else 1
        shape = _output_shape(output_shape, (BATCH, *arrays[0].shape[1:])[: arrays[0].ndim])
        node = PYTHON.node((), attributes, [(shape, arrays[0].dtype.name)])
        return perform(node, arrays, rows)[0]
    dtype = next(
        (t.dtype for t in operands if isinstance(t, Tensor) and t.dtype != "int32"), "float32"
    )
    tensors = [as_tensor(operand, dtype) for operand in operands]
    shape = _output_shape(output_shape, tensors[0].shape)
    return PYTHON.node(tensors, attributes, [(shape, dtype)]).output


def _output_shape(given: Sequence[int | None] | None, default: Shape) -> Shape:
    """``output_shape`` with the batch where it has None."""
    if given is None:
        return default
    sizes = [BATCH if size is None else size for size in given]
    wrong = [s for s in sizes if not isinstance(s, Size) and (not isinstance(s, int) or s < 1)]
    if wrong or any(isinstance(size, Size) for size in sizes[1:]):
        raise ArgumentError(
            f"python: received output_shape={tuple(given)!r}, expected positive sizes, with None "
            "for the batch as the first. Pass (None, 1), for example."
        )
    return tuple(sizes)
