"""A Program: the traced ops of one job (train, evaluate, predict, …), its bindings and its storage.

Backends compile Programs; nothing here knows a backend. ``README.md`` beside this file tells the
whole story, from a layer's ``call`` to a native run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastnn.ops.optimizer import Run
from fastnn.ops.shape import RESHAPE, copy
from fastnn.program.autodiff import ancestors
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Buffer, Variable, aligned_bytes

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Slot:
    """What a binding is: an input or output array that the caller lends for a run.

    Attributes
    ----------
    name : what messages call it, for example ``"x"``.
    kind : ``"input"``, ``"labels"`` or ``"output"``.
    columns : elements of one row.
    dtype : the dtype of an output; inputs may have any that the gather reads.
    classes : labels and ids are in [0, this); 0 where the caller knows.
    """

    name: str
    kind: str
    columns: int
    dtype: str
    classes: int = 0


@dataclass
class StateStorage:
    """Gradient and optimizer arrays beside the parameter buffers, in the same layout.

    One byte array per (kind, buffer): ``kind`` is ``"gradients"`` or ``"slot:NAME"``. ``initial``
    holds what a kind starts from, by kind, where that is not 0.
    """

    arrays: dict[tuple[str, Buffer], Array] = field(default_factory=dict)
    initial: dict[str, float] = field(default_factory=dict)

    def array(self, kind: str, buffer: Buffer) -> Array:
        """The array of a kind beside a buffer, made when first asked for."""
        key = (kind, buffer)
        if key not in self.arrays:
            self.arrays[key] = aligned_bytes(buffer.size)
            if kind in self.initial:
                self._start(kind, buffer)
        return self.arrays[key]

    def _start(self, kind: str, buffer: Buffer) -> None:
        value = self.initial.get(kind, 0.0)
        numbers = self.arrays[kind, buffer]
        if value:
            numbers = numbers.view(next(iter(buffer.places)).dtype)  # a buffer has one dtype
        numbers[...] = value

    def restart(self) -> None:
        """Set every array to what it starts from."""
        for kind, buffer in self.arrays:
            self._start(kind, buffer)

    def view(self, kind: str, variable: Variable, shape: tuple[int, ...] | None = None) -> Array:
        """The part that belongs to a variable, as a writable array of its shape, or of a smaller
        one.
        """
        data = self.array(kind, variable.buffer)
        part = data[variable.offset : variable.offset + variable.nbytes].view(variable.dtype)
        if shape is None:
            return part.reshape(variable.shape)
        return part[: math.prod(shape)].reshape(shape)


class Program:
    """Nodes in order, with what they read and write outside themselves.

    Parameters
    ----------
    roots : the nodes that must run; what they depend on is found, everything else dropped.
    slots : the bindings, by number.
    state_size : float64 accumulators of the metrics.
    initial_state : what they are before any data; None for zeros.
    gradients : gradient tensor of each variable that has one; they live in the gradient storage.
    storage : gradient and optimizer arrays.
    after : groups of roots that run when all variables have their new values, one group after the
        other (averages of weights, constraints).
    every : the optimizer updates in every so many-th step (gradient accumulation).
    """

    def __init__(
        self,
        roots: Sequence[Node],
        slots: Sequence[Slot],
        *,
        state_size: int = 0,
        initial_state: Array | None = None,
        gradients: Mapping[Variable, Tensor] | None = None,
        storage: StateStorage | None = None,
        after: Sequence[Sequence[Node]] = (),
        every: int = 1,
    ) -> None:
        self.slots: tuple[Slot, ...] = tuple(slots)
        self.state_size = state_size
        self.initial_state = initial_state
        self.storage: StateStorage = storage if storage is not None else StateStorage()
        self.gradients: dict[int, Variable] = {}
        needed = list(roots)
        for variable, tensor in (gradients or {}).items():
            node = tensor.node
            if node is None or node.op is RESHAPE or id(tensor) in self.gradients:
                tensor = copy(tensor)
                node = tensor.node
            if node is not None:
                needed.append(node)
            self.gradients[id(tensor)] = variable
        self.nodes: list[Node] = ancestors(needed)
        self.after: list[list[Node]] = [ancestors(group) for group in after if group]
        self.every = every
        self._buffers: tuple[Buffer, ...] = self._buffers_read()

    def _buffers_read(self) -> tuple[Buffer, ...]:
        """The buffers of the variables that its nodes refer to."""
        found: dict[Buffer, None] = {}
        for group in (self.nodes, *self.after):
            for tensor in (tensor for node in group for tensor in node.inputs):
                if tensor.variable is not None:
                    found[tensor.variable.buffer] = None
                elif isinstance(tensor.region, Run):
                    found[tensor.region.variables[0].buffer] = None
        return tuple(found)

    @property
    def is_current(self) -> bool:
        """Whether its variables lie where they lay when it was made."""
        return not any(buffer.abandoned for buffer in self._buffers)

    def op_names(self) -> list[str]:
        """The names of the ops, in order; for tests and for reading."""
        return [node.op.name for group in (self.nodes, *self.after) for node in group]

    def __repr__(self) -> str:
        return "\n".join(repr(node) for group in (self.nodes, *self.after) for node in group)
