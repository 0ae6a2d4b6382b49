"""Where every tensor of a Program lives: (segment, byte offset, row stride).

Activations and scratch share one workspace, in which tensors that are never alive in the same stage
overlap. The plan is made for a capacity: the largest number of rows of one step. The *guarded*
plan, for tests, reuses nothing and leaves a red zone round each tensor, so that a kernel that
writes outside its operands is caught.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.ops.metric import StateRegion
from fastnn.ops.optimizer import Run
from fastnn.ops.shape import RESHAPE
from fastnn.program.stages import Stage
from fastnn.program.tensor import Tensor, matrix_view, product
from fastnn.program.variable import Buffer, Variable, padded

CONTROL, ATTRIBUTES, STATUS, STATE, HISTORY, WORKSPACE, BINDINGS = range(7)
FIRST_STORAGE = 7
RED_ZONE = 256


@dataclass(frozen=True)
class Location:
    """A tensor's place; ``stride`` is the distance between rows, in elements."""

    segment: int
    offset: int
    stride: int


@dataclass(frozen=True)
class StorageKey:
    """A storage segment: parameters, gradients or a slot of one buffer, or the constants."""

    kind: str
    buffer: Buffer | None


@dataclass
class Plan:
    """The layout of a Program for one capacity."""

    capacity: int
    workspace_bytes: int
    locations: dict[int, Location]
    storage: list[StorageKey]
    constants: np.ndarray[Any, Any]

    def of(self, tensor: Tensor) -> Location:
        """Where the tensor lives."""
        return self.locations[id(tensor)]


def element_bytes(tensor: Tensor) -> int:
    """Bytes of one element."""
    return np.dtype(tensor.dtype).itemsize


def plan(
    stages: Sequence[Stage],
    gradients: dict[int, Variable],
    capacity: int,
    *,
    guarded: bool = False,
) -> Plan:
    """Lay out the tensors of a Program.

    ``gradients`` maps the id of a gradient's tensor to the variable it belongs to: such tensors
    live in the gradient segment, at the variable's own offset.
    """
    taken, gradients = ({}, gradients) if guarded else _in_place(stages, gradients)
    planner = _Planner(gradients, capacity, guarded)
    for number, stage in enumerate(stages):
        for node in stage.nodes:
            alias = node.op is RESHAPE
            for tensor in node.inputs:
                planner.read(tensor, number)
            for tensor in node.outputs:
                source = node.inputs[0] if alias else taken.get(id(tensor))
                planner.make(tensor, number, source)
    return planner.finish()


def _in_place(
    stages: Sequence[Stage], gradients: dict[int, Variable]
) -> tuple[dict[int, Tensor], dict[int, Variable]]:
    """By the id of an output, the input whose memory it takes; and the gradients, where that input
    then belongs to the variable too.

    Only a tensor that no later stage reads, nor another node of the same one, may be overwritten.
    """
    places = dict(gradients)
    last: dict[int, list[int]] = {}
    made: dict[int, Tensor] = {}
    for number, stage in enumerate(stages):
        for node in stage.nodes:
            for tensor in node.inputs:  # of a view nobody knows here until when it is read
                until = len(stages) if node.op is RESHAPE else number
                last.setdefault(id(tensor), []).append(until)
            if node.op is not RESHAPE:
                made.update({id(tensor): tensor for tensor in node.outputs})
    taken: dict[int, Tensor] = {}
    for number, stage in reversed(list(enumerate(stages))):
        for node in reversed(stage.nodes):
            which = node.op.in_place
            if which is None or which >= len(node.inputs):
                continue
            source, output = node.inputs[which], node.output
            readers = last[id(source)]
            fits = source.dtype == output.dtype and product(source.shape) == product(output.shape)
            if id(source) not in made or id(source) in gradients or not fits:
                continue
            if max(readers) == number and readers.count(number) == 1:
                taken[id(output)] = source
                if id(output) in places:
                    places[id(source)] = places[id(output)]
    return taken, places


class _Planner:
    """Collects lifetimes, then places tensors."""

    def __init__(self, gradients: dict[int, Variable], capacity: int, guarded: bool) -> None:
        self.gradients = gradients
        self.capacity = capacity
        self.guarded = guarded
        self.locations: dict[int, Location] = {}
        self.storage: list[StorageKey] = []
        self.constants: list[np.ndarray[Any, Any]] = []
        self.constant_bytes = 0
        self.root: dict[int, Tensor] = {}
        self.lifetime: dict[int, list[int]] = {}
        self.workspace: list[Tensor] = []
        self.aliases: list[Tensor] = []

    def segment(self, kind: str, buffer: Buffer | None) -> int:
        """The number of a storage segment, a new one if it has not been seen."""
        key = StorageKey(kind, buffer)
        if key not in self.storage:
            self.storage.append(key)
        return FIRST_STORAGE + self.storage.index(key)

    def read(self, tensor: Tensor, stage: int) -> None:
        """Note that a stage reads a tensor; place it if nothing makes it."""
        root = self.root.get(id(tensor), tensor)
        if id(root) in self.lifetime:
            self.lifetime[id(root)][1] = stage
        elif id(root) not in self.locations:
            self.locations[id(root)] = self._fixed(root)

    def make(self, tensor: Tensor, stage: int, source: Tensor | None) -> None:
        """Note that a stage makes a tensor: new memory, or the memory of ``source``."""
        if source is not None:
            root = self.root.get(id(source), source)
            self.root[id(tensor)] = root
            self.aliases.append(tensor)
        elif id(tensor) in self.gradients:
            variable = self.gradients[id(tensor)]
            segment = self.segment("gradients", variable.buffer)
            self.locations[id(tensor)] = self._place(tensor, segment, variable.offset)
        else:
            self.lifetime[id(tensor)] = [stage, stage]
            self.workspace.append(tensor)

    def finish(self) -> Plan:
        """Place the workspace tensors and resolve the aliases."""
        size = self._place_workspace()
        for tensor in self.aliases:
            root = self.locations[id(self.root[id(tensor)])]
            self.locations[id(tensor)] = self._place(tensor, root.segment, root.offset)
        constants = np.zeros(padded(self.constant_bytes), dtype=np.uint8)
        offset = 0
        for array in self.constants:
            constants[offset : offset + array.nbytes] = array.reshape(-1).view(np.uint8)
            offset += padded(array.nbytes)
        return Plan(self.capacity, size, self.locations, self.storage, constants)

    def _place(self, tensor: Tensor, segment: int, offset: int) -> Location:
        return Location(segment, offset, matrix_view(tensor.shape)[1])

    def _fixed(self, tensor: Tensor) -> Location:
        """The place of a variable, a constant or a region."""
        if tensor.variable is not None:
            variable = tensor.variable
            return self._place(tensor, self.segment("parameters", variable.buffer), variable.offset)
        if isinstance(tensor.region, StateRegion):
            return self._place(tensor, STATE, 8 * tensor.region.first)
        if isinstance(tensor.region, Run):
            first = tensor.region.variables[0]
            return self._place(tensor, self.segment(tensor.region.kind, first.buffer), first.offset)
        if tensor.constant is not None:
            offset = self.constant_bytes
            array = np.ascontiguousarray(tensor.constant)
            self.constants.append(array)
            self.constant_bytes += padded(array.nbytes)
            return self._place(tensor, self.segment("constants", None), offset)
        raise RuntimeError(f"{tensor!r} is read before it is made.")

    def _bytes(self, tensor: Tensor) -> int:
        rows, columns = matrix_view(tensor.shape)
        return rows.at(self.capacity) * columns * element_bytes(tensor)

    def _place_workspace(self) -> int:
        """First fit, largest first; two tensors may overlap only if no stage needs both."""
        gap = RED_ZONE if self.guarded else 0
        placed: list[tuple[int, int, int, int]] = []  # first stage, last stage, begin, end
        end_of_all = gap
        for tensor in sorted(self.workspace, key=self._bytes, reverse=True):
            first, last = self.lifetime[id(tensor)]
            size = padded(self._bytes(tensor)) + gap
            rivals = sorted(
                (begin, end)
                for a, b, begin, end in placed
                if self.guarded or (a <= last and first <= b)
            )
            offset = gap
            for begin, end in rivals:
                if offset + size <= begin:
                    break
                offset = max(offset, end)
            placed.append((first, last, offset, offset + size))
            end_of_all = max(end_of_all, offset + size)
            self.locations[id(tensor)] = self._place(tensor, WORKSPACE, offset)
        return end_of_all
