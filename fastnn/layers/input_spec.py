"""What a layer expects of its inputs, as data: ``InputSpec``, and the check before each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError, ShapeError
from fastnn.program.tensor import Size, Tensor


class InputSpec:
    """What one input of a layer must be. A layer sets it as ``self.input_spec``, or a list of them.

    Parameters
    ----------
    dtype : name of the element type.
    shape : all sizes, the batch first; None for a size that may be anything.
    ndim, max_ndim, min_ndim : number of axes, the batch included.
    axes : sizes of single axes: ``{-1: 3}``.
    allow_last_axis_squeeze : whether a last axis of size 1 may be missing or extra.
    name, optional : kept for Keras's sake.

    Raises
    ------
    ArgumentError : if ``axes`` is no dict of integers, or names an axis beyond ``ndim``.

    Examples
    --------
    >>> from fastnn.layers import InputSpec
    >>> InputSpec(min_ndim=2, axes={-1: 3})
    InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype: str | None = dtype
        self.shape: tuple[int | None, ...] | None = (
            None if shape is None else checked_batch_shape(shape, "InputSpec", "shape")
        )
        self.ndim: int | None = ndim if self.shape is None else len(self.shape)
        self.max_ndim: int | None = max_ndim
        self.min_ndim: int | None = min_ndim
        self.name: str | None = name
        self.optional: bool = optional
        self.allow_last_axis_squeeze: bool = allow_last_axis_squeeze
        try:
            self.axes: dict[int, int | None] = {
                int(axis): size for axis, size in (axes or {}).items()
            }
        except (AttributeError, TypeError, ValueError):
            raise ArgumentError(
                f"InputSpec: received axes={axes!r}, expected a dict from axes to sizes. Pass "
                "axes={-1: 3}, for example."
            ) from None
        limit = self.ndim if self.ndim is not None else self.max_ndim
        if self.axes and limit is not None and max(self.axes) >= limit:
            raise ArgumentError(
                f"InputSpec: received axes={self.axes} for inputs of at most {limit} axes, "
                f"expected axes below {limit}. Leave the others out."
            )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object, as plain data."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A new object from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        shown = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return f"InputSpec({', '.join(shown)})"


def check_inputs(spec: Any, inputs: Any, owner: str) -> None:
    """Compare the inputs of a layer with its ``input_spec``: one, or a list of them.

    ``owner`` is what messages call the layer.
    """
    if spec is None:
        return
    specs = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    tensors = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    if len(tensors) != len(specs):
        raise ArgumentError(
            f"{owner}: received {len(tensors)} inputs, expected {len(specs)}. Pass "
            f"{'one tensor' if len(specs) == 1 else f'a list of {len(specs)} tensors'}."
        )
    for number, (one, tensor) in enumerate(zip(specs, tensors, strict=True)):
        if one is not None and not (tensor is None and one.optional):
            _check(one, tensor, owner if len(specs) == 1 else f"{owner}, input {number + 1}")


def _check(spec: InputSpec, x: Tensor, owner: str) -> None:
    """Compare one input with one spec."""
    sizes = tuple(None if isinstance(size, Size) else size for size in x.shape)
    expected = _expected(spec)
    advice = "Put a Reshape or Flatten before it, or change the shape of x"

    def fail(what: str) -> ShapeError:
        return ShapeError(f"{owner}: expected {what}, received shape {shown(sizes)}. {advice}.")

    ndim = len(sizes)
    squeezed = _squeezed(sizes, spec) if spec.allow_last_axis_squeeze else sizes
    if spec.ndim is not None and len(squeezed) != spec.ndim:
        raise fail(expected)
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        raise fail(expected)
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        raise fail(expected)
    for axis, size in spec.axes.items():
        found = sizes[axis] if -ndim <= axis < ndim else None
        if size is not None and found is not None and found != size:
            raise fail(f"inputs whose axis {axis} has size {size}")
    if spec.shape is not None and any(
        a is not None and b is not None and a != b
        for a, b in zip(spec.shape[1:], squeezed[1:], strict=False)
    ):
        raise fail(expected)
    if spec.dtype is not None and x.dtype != spec.dtype:
        raise ArgumentError(
            f"{owner}: expected inputs of dtype {spec.dtype}, received {x.dtype}. Give all layers "
            "of a model one dtype."
        )


def _squeezed(sizes: tuple[int | None, ...], spec: InputSpec) -> tuple[int | None, ...]:
    """The sizes with a last axis of 1 dropped or added, if that is what the spec's rank needs."""
    if spec.ndim == len(sizes) - 1 and sizes[-1] == 1:
        return sizes[:-1]
    if spec.shape is not None and spec.ndim == len(sizes) + 1 and spec.shape[-1] == 1:
        return (*sizes, 1)
    return sizes


def _expected(spec: InputSpec) -> str:
    """The spec in words."""
    if spec.shape is not None:
        return f"inputs of shape {shown((None, *spec.shape[1:]))}"
    if spec.ndim is not None:
        return f"inputs of {spec.ndim} axes (batch first)"
    low, high = spec.min_ndim, spec.max_ndim
    if low is not None and high is not None:
        return f"inputs of {low} to {high} axes (batch first)"
    return (
        f"inputs of at {f'least {low}' if low is not None else f'most {high}'} axes (batch first)"
    )


def shown(sizes: Sequence[Any]) -> str:
    """A shape as messages write it: ``(batch, 3)``."""
    texts = ["batch" if size is None or isinstance(size, Size) else str(size) for size in sizes]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def checked_batch_shape(shape: Any, owner: str, name: str) -> tuple[Any, ...]:
    """The argument of that name: the shape of a batch, the batch size first."""
    if isinstance(shape, (list, tuple)) and shape:
        return tuple(shape)
    raise ArgumentError(
        f"{owner}: received {name}={shape!r}, expected a tuple that begins with the batch size. "
        f"Pass {name}=(None, 784), for example."
    )


def checked_shape(shape: Any, what: str) -> tuple[int, ...]:
    """The shape of one sample as a tuple of positive integers."""
    if not isinstance(shape, (int, np.integer, list, tuple, np.ndarray)):
        raise ShapeError(f"{what} must hold positive integers, received {shape!r}.")
    sizes: Sequence[Any] = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    for size in sizes:
        if size is None:
            raise ShapeError(
                f"{what} {tuple(sizes)} has an unknown size (None). Only the batch size may be "
                "unknown, and it is not part of the shape of one sample: give every size."
            )
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise ShapeError(f"{what} must hold positive integers, received {tuple(sizes)}.")
    return tuple(int(size) for size in sizes)
