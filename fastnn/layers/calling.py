"""What happens when a layer is called on symbolic tensors: its input is checked, its weights are
made, ``training`` and masks are handed on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastnn.errors import ArgumentError
from fastnn.layers.input_spec import check_inputs
from fastnn.layers.tracking import calling, current
from fastnn.program import assignments
from fastnn.program.penalties import add_activity
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable

if TYPE_CHECKING:
    from fastnn.layers.layer import Layer


def tensors_of(value: Any) -> Iterator[Tensor]:
    """The tensors in a tensor or a list, tuple or dict of them."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_of(item)


def is_symbolic(inputs: Any) -> bool:
    """Whether a call takes part in a trace."""
    if isinstance(inputs, (Tensor, Variable)):
        return True
    if isinstance(inputs, dict):
        return any(is_symbolic(item) for item in inputs.values())
    return isinstance(inputs, (list, tuple)) and any(
        isinstance(item, (Tensor, Variable, list, tuple)) and is_symbolic(item) for item in inputs
    )


def call_layer(
    layer: Layer,
    inputs: Any,
    args: tuple[Any, ...],
    training: bool | None,
    mask: Any,
    kwargs: dict[str, Any],
) -> Any:
    """The output of a layer for symbolic inputs."""
    owner = f"{type(layer).__name__} {layer.name!r}"
    inputs = _operands(inputs)
    _check_count(layer, inputs, owner)
    check_inputs(layer.input_spec, inputs, owner)
    context = current()
    if context.sources is not None:
        context.sources.lend(layer)
    training = context.training if training is None else bool(training)
    masked = mask if mask is not None else _masks(inputs)
    with calling(training, context.sources):
        layer.ensure_built(_shapes(inputs))
        options = dict(kwargs)
        if layer._call_has_training:
            options["training"] = training
        if layer._call_has_mask:
            options["mask"] = masked
        with assignments.tracing():
            output = layer.call(inputs, *args, **options)
        found = list(tensors_of(output))
        if not found or not isinstance(output, (Tensor, list, tuple, dict)):
            raise ArgumentError(
                f"layer {layer.name!r}: call() must return a symbolic tensor, returned "
                f"{type(output).__name__}. Compute the output from the input with fastnn.ops."
            )
        if layer.activity_regularizer is not None:
            for tensor in found:
                add_activity(layer.activity_regularizer, tensor, layer.name)
        if any(m is not None for m in (masked if isinstance(masked, list) else [masked])):
            _set_masks(layer, inputs, found, masked)
        elif isinstance(output, Tensor) and output.mask is None and layer.makes_mask:
            output.mask = layer.compute_mask(inputs, None)
    layer._output_shape = found[0].shape
    return output


def _operands(inputs: Any) -> Any:
    """The inputs, variables as their tensors and tuples as lists."""
    if isinstance(inputs, Variable):
        return inputs.tensor()
    if isinstance(inputs, (list, tuple)):
        return [_operands(item) for item in inputs]
    return inputs


def _check_count(layer: Layer, inputs: Any, owner: str) -> None:
    """One input for a layer of one, several for a layer that merges."""
    if isinstance(inputs, Tensor):
        if layer._several_inputs:
            raise ArgumentError(
                f"{owner}: received one tensor, expected a list of at least two. Pass them as "
                "layer([a, b]), or put it into Parallel([...]) as merge=."
            )
    elif type(layer).call.__module__.startswith("fastnn.") and not layer._several_inputs:
        raise ArgumentError(
            f"{owner}: received {len(inputs)} inputs, expected one tensor. Merge them first, for "
            "example with Concatenate() or Add()."
        )


def _shapes(inputs: Any) -> Any:
    """The shape of the input, or a list of the shapes of several."""
    if isinstance(inputs, Tensor):
        return inputs.shape
    return [tensor.shape for tensor in tensors_of(inputs)]


def _masks(inputs: Any) -> Any:
    """The mask that an input carries, or a list of those of several."""
    if isinstance(inputs, Tensor):
        return inputs.mask
    masks = [tensor.mask for tensor in tensors_of(inputs)]
    return masks if any(mask is not None for mask in masks) else None


def _set_masks(layer: Layer, inputs: Any, outputs: list[Tensor], masked: Any) -> None:
    """Hand the mask on, or warn that it ends here."""
    if all(tensor.mask is not None for tensor in outputs):
        return
    if not layer.supports_masking:
        warnings.warn(
            f"layer {layer.name!r} ({type(layer).__name__}) received an input with a mask, but "
            "does not hand masks on: later layers, the loss and the metrics do not see it. Define "
            "compute_mask(inputs, previous_mask) or set self.supports_masking = True in it if its "
            "output has the same steps.",
            stacklevel=4,
        )
        return
    mask = layer.compute_mask(inputs, masked)
    found = mask if isinstance(mask, (list, tuple)) else [mask] * len(outputs)
    for tensor, one in zip(outputs, found, strict=False):
        if tensor.mask is None:
            tensor.mask = one
