"""Tracing a model into the Programs of its jobs: train, evaluate, predict, gradients.

Bindings of a Program, by number: 0 x, 1 y, 2 sample weights (if any), then outputs. Words of the
state: two for the loss, then those of each metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.errors import ShapeError, StateError
from fastnn.losses.loss import match_targets
from fastnn.losses.reduction import counted, reduce_tensors
from fastnn.ops import data
from fastnn.ops import metric as metric_ops
from fastnn.ops import state as state_ops
from fastnn.ops.optimizer import run_tensor
from fastnn.optimizers.processing import averages, processed
from fastnn.program.assignments import Assigned, assignments
from fastnn.program.autodiff import gradients
from fastnn.program.penalties import add_penalties, collected
from fastnn.program.program import Program, Slot, StateStorage
from fastnn.program.tensor import BATCH, Node, Shape, Tensor, matrix_view, product
from fastnn.program.variable import Variable, unique

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential
    from fastnn.optimizers import Optimizer
    from fastnn.training.compiled import Figure

Array = np.ndarray[Any, Any]

X, Y, WEIGHTS = range(3)


@dataclass(frozen=True)
class Job:
    """What a Program is traced for; the key under which a model keeps it.

    Attributes
    ----------
    kind : ``"train"``, ``"evaluate"``, ``"predict"``, ``"gradients"`` (of the loss, by weights and
        x) or ``"objective"`` (loss, metrics and gradients by weights, for L-BFGS).
    target : shape of one sample of y, None without y.
    weighted : whether there are sample weights.
    check_loss : whether a loss that is not finite stops the run.
    training : whether layers are called with ``training=True``.
    """

    kind: str
    target: tuple[int, ...] | None = None
    weighted: bool = False
    check_loss: bool = True
    training: bool = False


@dataclass
class Targets:
    """The targets of a batch: gathered once as numbers and once as labels, whichever is used."""

    shape: tuple[int, ...]
    dtype: str
    classes: int

    def __post_init__(self) -> None:
        self._numbers: Tensor | None = None
        self._labels: Tensor | None = None

    def for_(self, sparse: bool) -> Tensor:
        """The tensor for a loss or metric that wants labels (sparse) or numbers."""
        if sparse:
            if self._labels is None:
                self._labels = data.gather_labels(Y, self.shape, self.classes)
            return self._labels
        if self._numbers is None:
            self._numbers = data.gather_rows(Y, self.shape, self.dtype)
        return self._numbers


def target_shape(
    model: Sequential, received: tuple[int, ...], prediction: Shape
) -> tuple[int, ...]:
    """The shape of one target as the loss sees it; an error if targets and predictions do not
    match.
    """
    loss = model.compiled.loss
    name = loss.name if loss is not None else "metrics"
    if loss is None:
        return received or (1,)
    if getattr(loss, "checks_targets", True):
        match_targets((BATCH, *received), prediction, name, sparse=loss.sparse)
    if loss.sparse:
        leading = tuple(size for size in prediction[1:-1] if isinstance(size, int))
        return (*leading, 1)
    sizes = tuple(size for size in prediction[1:] if isinstance(size, int))
    return sizes if len(received) + 1 == len(sizes) else received or (1,)


def build(model: Sequential, job: Job) -> Program:
    """Trace the model for a job."""
    ids = model.input_classes
    columns = matrix_view((BATCH, product(model.sample_shape)))[1]
    if ids:
        x = data.gather_labels(X, model.sample_shape, ids)
    else:
        x = data.gather_rows(X, model.sample_shape, model.dtype)
    slots = [Slot("x", "labels" if ids else "input", columns, model.dtype, classes=ids)]
    with assignments() as assigned, collected() as losses:
        prediction = model.trace(x, training=job.training)
    if not job.training:
        assigned.clear()  # what only evaluates or predicts changes nothing
    if job.kind == "predict":
        slots.append(_output_slot("predictions", prediction))
        changes = [state_ops.assign(variable, value) for variable, value in assigned.items()]
        return Program([data.scatter_rows(prediction, 1), *changes], slots)
    return _with_targets(model, job, x, prediction, slots, assigned, losses)


def _with_targets(
    model: Sequential,
    job: Job,
    x: Tensor,
    prediction: Tensor,
    slots: list[Slot],
    assigned: Assigned,
    added: list[Tensor],
) -> Program:
    """The jobs that compare predictions with targets."""
    compiled = model.compiled
    if job.target is None:
        raise StateError(f"the job {job.kind!r} needs targets.")
    shape = target_shape(model, job.target, prediction.shape)
    classes = matrix_view(prediction.shape)[1]
    given = compiled.loss
    if given is not None and not (given.labels_are_outputs and given.ignore_class is None):
        classes = 0  # a label may lie outside; `Arrays.of` has checked them
    targets = Targets(shape, model.dtype, classes)
    slots.append(Slot("y", "labels", matrix_view((BATCH, product(shape)))[1], model.dtype))
    weights = None
    if job.weighted:
        weights = data.gather_rows(WEIGHTS, (1,), model.dtype)
        slots.append(Slot("sample_weight", "input", 1, model.dtype))
    roots: list[Node] = []
    total: Tensor | None = None
    if compiled.loss is not None:
        loss = compiled.loss
        y = targets.for_(loss.sparse)
        values, valid = counted(*loss.values(y, prediction), prediction.mask, loss.name)
        total = reduce_tensors(
            values, weights, loss.reduction, loss.name, valid, check_finite=job.check_loss
        )
    total = add_penalties(total, added, unique(model.trainable_variables), job.check_loss)
    compiled.has_loss = total is not None
    if total is not None:
        roots.append(metric_ops.metric_scalar(0, total))
    resolved = compiled.resolve((BATCH, *job.target), prediction.shape)
    if job.kind != "gradients":
        first = 2
        for metric, weighted in resolved:
            y = targets.for_(metric.sparse)
            roots += metric.accumulate(first, y, prediction, weights if weighted else None)
            first += metric.words(prediction.shape)
    figures = compiled.figures((BATCH, *job.target), prediction.shape)
    state = initial_state(figures)
    if job.kind == "evaluate":
        return Program(roots, slots, state_size=state.size, initial_state=state)
    if total is None:
        raise StateError(
            "the model was compiled without a loss, and no layer adds one, so it cannot be "
            "trained. Pass one, for example model.compile(optimizer='adam', loss='mse')."
        )
    if job.kind == "objective":
        trained = model.trainable_variables
        roots += [state_ops.assign(v, value) for v, value in assigned.items() if v not in trained]
        return _gradient_program(model, total, None, roots, slots, state)
    if job.kind == "gradients":
        return _gradient_program(model, total, x, roots, slots, state)
    return _training_program(model, compiled.optimizer, total, roots, slots, state, assigned)


def initial_state(figures: Sequence[Figure]) -> Array:
    """The words of all figures before any data, those of the loss included."""
    state: Array = np.zeros(max([2, *(figure.first + figure.count for figure in figures)]))
    for figure in figures:
        if figure.initial is not None:
            state[figure.first : figure.first + figure.count] = figure.initial
    return state


def _output_slot(name: str, tensor: Tensor) -> Slot:
    return Slot(name, "output", matrix_view((BATCH, product(tensor.shape[1:])))[1], tensor.dtype)


def _gradient_program(
    model: Sequential,
    total: Tensor,
    x: Tensor | None,
    roots: list[Node],
    slots: list[Slot],
    state: Array,
) -> Program:
    """∂loss/∂weight for every trainable weight, and ∂loss/∂x, if x is given, as an output."""
    variables = unique(model.trainable_variables)
    wanted = () if x is None or x.dtype == "int32" else (x,)  # ids have no gradient
    found = gradients(total, [*variables, *wanted])
    dx = found.pop() if wanted else None
    if dx is not None:
        roots.append(data.scatter_rows(dx, len(slots)))
        slots.append(_output_slot("input gradient", dx))
    pairs = {v: g for v, g in zip(variables, found, strict=True) if g is not None}
    return Program(
        roots,
        slots,
        state_size=state.size,
        initial_state=state,
        gradients=pairs,
        storage=StateStorage(),
    )


def _training_program(
    model: Sequential,
    optimizer: Optimizer,
    total: Tensor,
    roots: list[Node],
    slots: list[Slot],
    state: Array,
    assigned: Assigned,
) -> Program:
    """One training step: forward, loss, metrics, gradients, updates, assignments, end of the
    epoch.
    """
    variables = unique(model.trainable_variables)
    found = gradients(total, variables)
    pairs = {v: g for v, g in zip(variables, found, strict=True) if g is not None}
    pairs, keep = processed(optimizer, pairs)
    roots += keep
    storage = model.optimizer_storage()
    for run in parameter_runs(list(pairs), optimizer):
        w, g = run_tensor("parameters", run), run_tensor("gradients", run)
        slot_tensors = {name: run_tensor(f"slot:{name}", run) for name in optimizer.slots()}
        made = optimizer.update(w, g, slot_tensors, weight_decay=optimizer.decay_of(run[0]))
        roots += [made] if isinstance(made, Node) else made
    # of a variable that is trained, the optimizer's step is what stays
    roots += [state_ops.assign(v, value) for v, value in assigned.items() if v not in pairs]
    roots.append(metric_ops.epoch_end(state.size, state if state.any() else None))
    return Program(
        roots,
        slots,
        state_size=state.size,
        initial_state=state,
        gradients=pairs,
        storage=storage,
        after=[averages(optimizer, parameter_runs(variables, optimizer)), constrained(list(pairs))],
        every=optimizer.update_every,
    )


def constrained(variables: Sequence[Variable]) -> list[Node]:
    """The nodes that give variables the values that their constraints allow."""
    nodes = []
    for variable in variables:
        if variable.constraint is None:
            continue
        value = variable.constraint(variable.tensor())
        if not isinstance(value, Tensor) or value.shape != variable.shape:
            shape = getattr(value, "shape", type(value).__name__)
            raise ShapeError(
                f"the constraint of {variable.path!r} returned {shape}, expected a tensor of shape "
                f"{variable.shape}. Compute the new value from the weight with fastnn.ops."
            )
        nodes.append(state_ops.assign(variable, value))
    return nodes


def parameter_runs(variables: Sequence[Variable], optimizer: Optimizer) -> list[list[Variable]]:
    """Variables grouped into contiguous runs of storage that are updated alike."""
    wanted = {id(v) for v in variables}
    runs: list[list[Variable]] = []
    for buffer in dict.fromkeys(v.buffer for v in variables):
        open_run: list[Variable] | None = None
        for variable in buffer.places:
            if id(variable) not in wanted:
                open_run = None
                continue
            if open_run and optimizer.joins(open_run[0], variable):
                open_run.append(variable)
            else:
                open_run = [variable]
                runs.append(open_run)
    return runs


__all__ = ["Job", "build", "parameter_runs", "target_shape"]
