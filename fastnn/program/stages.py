"""Cutting a Program into stages, with one barrier between two of them.

A *row stage* is a chain of row-local ops: a block of rows runs through all of them without waiting
for the other blocks, so forward, loss and dx of a batch need no barrier between layers. A *tile
stage* holds ops whose outputs are cut into independent tiles (weight gradients, optimizer updates).
A *serial stage* is run by one thread in order (sums that must not depend on the number of threads).
A *host stage* is run by Python, between two native runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastnn.ops.contract import HOST, ROW, SERIAL, TILE
from fastnn.ops.optimizer import Run, is_step, is_update
from fastnn.program.tensor import Node

# The fewest rows of a block of a row stage: fewer would read the weights too often. How many more,
# an executor decides by the number of threads: no row's bits depend on the block it is in.
ROW_GRAIN = 16


@dataclass
class Stage:
    """Nodes that run between two barriers; in every so many-th step only, if ``every`` is not 1."""

    kind: str
    nodes: list[Node] = field(default_factory=list)
    every: int = 1


def kind_of(node: Node) -> str:
    """The stage that a node belongs to: row ops without a batch axis are serial."""
    if node.op.stage == ROW and not any(t.has_batch for t in (*node.outputs, *node.inputs)):
        return SERIAL
    return node.op.stage


def cut(nodes: Sequence[Node], every: int = 1) -> list[Stage]:
    """The stages, in order. Updates come last, after every read of the old weights and every
    check; those of the optimizer happen in every so many-th step.
    """
    pending = [node for node in nodes if not is_update(node.op)]
    made = {id(tensor) for node in nodes for tensor in node.outputs}
    done: set[int] = set()
    stages: list[Stage] = []
    while pending:
        before = len(pending)
        for kind in (ROW, SERIAL, TILE, HOST):
            stage = _collect(kind, pending, made, done)
            if stage.nodes:
                taken = {node.id for node in stage.nodes}
                pending = [node for node in pending if node.id not in taken]
                done.update(id(tensor) for node in stage.nodes for tensor in node.outputs)
                stages.append(stage)
        if len(pending) == before:
            raise RuntimeError(f"the Program has a cycle: {pending}")
    updates = [node for node in nodes if is_update(node.op)]
    if every > 1:
        steps = [node for node in updates if is_step(node.op)]
        updates = [node for node in updates if not is_step(node.op)]
        stages += [Stage(TILE, group, every) for group in _in_turn(steps)]
    return [*stages, *(Stage(TILE, group) for group in _in_turn(updates))]


def _in_turn(updates: Sequence[Node]) -> list[list[Node]]:
    """Updates in groups, each behind a barrier: one that touches a part of storage that an earlier
    one touches (the second half of a rule that looks at a whole variable) is in a later group.
    """
    groups: list[list[Node]] = []
    last: dict[tuple[str, int], int] = {}
    for node in updates:
        runs = [tensor.region for tensor in node.inputs if isinstance(tensor.region, Run)]
        touched = {(run.kind, id(variable)) for run in runs for variable in run.variables}
        place = 1 + max((last[part] for part in touched if part in last), default=-1)
        last.update(dict.fromkeys(touched, place))
        groups.extend([] for _ in range(place + 1 - len(groups)))
        groups[place].append(node)
    return groups


def _collect(kind: str, pending: Sequence[Node], made: set[int], done: set[int]) -> Stage:
    """The nodes of this kind that can run now, in order."""
    stage = Stage(kind)
    here: set[int] = set()
    blocked = False
    for node in pending:
        if kind_of(node) != kind:
            continue
        # a serial stage keeps the order of effects: nothing with an effect overtakes another
        allowed = here if kind in (ROW, SERIAL) and not node.op.whole(node) else set()
        ready = all(id(t) not in made or id(t) in done or id(t) in allowed for t in node.inputs)
        if not ready or (blocked and node.op.effect):
            blocked = blocked or node.op.effect
            continue
        stage.nodes.append(node)
        here.update(id(tensor) for tensor in node.outputs)
    return stage
