"""``TrainingReport``: how training is going, layer by layer, with advice. Gradients come from the
model's own ``"gradients"`` job, the size of a step from one real step that is taken back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.callbacks.callback import Callback, Logs
from fastnn.callbacks.message import show_message
from fastnn.errors import ArgumentError, FastnnError

Array = np.ndarray[Any, Any]

# Thresholds of the advice. Steps of about 1e-3 of the weights are usual; the others are a factor of
# ten and more outside of what healthy networks of tests/callbacks/test_training_report.py show.
LARGE_STEP, SMALL_STEP = 3e-2, 1e-6
LARGE_GRADIENT, VANISHING = 1e2, 1e-3
MANY_DEAD = 0.4
GAP = 1.3
_WIDTH = 79  # of the text


@dataclass
class LayerReport:
    """One line of a report; NaN where a quantity does not exist.

    Attributes
    ----------
    name : the layer.
    gradient : L2 norm of the gradient of the loss by its weights.
    dead : share of its units whose output is the same for all samples.
    ratio : size of an update, ‖Δw‖ / ‖w‖ of one step.
    advice : one line.
    """

    name: str
    gradient: float
    dead: float
    ratio: float
    advice: str = ""


class TrainingReport(Callback):
    """Say how each layer trains, and what to do about it.

    For each layer with weights: the norm of its gradient, the share of dead units (a ReLU that is 0
    for every sample, a sigmoid stuck at its end), and the size of an update compared with the
    weights, about 1e-3 when all is well; then the gap between training and validation.

    Parameters
    ----------
    every : report after every so many epochs and at the end; None (default): at the end.
    samples : rows to look at, spread evenly over the training data, ≥ 2; default 256.
    data : (x, y) to look at instead. (Of an iterator of batches, the first is looked at.)
    verbose : 0 prints nothing (see the attributes); default 1.

    Attributes
    ----------
    layers : list of ``LayerReport``: ``name``, ``gradient``, ``dead``, ``ratio``, ``advice``.
    gap : val_loss / loss; NaN without validation.
    text : the last report as it is printed.

    Raises
    ------
    ArgumentError : an argument out of its range.

    Notes
    -----
    The report changes nothing: training goes on, or ends, with the same bits. Between reports an
    epoch stays one native call. The update is ``-`` for L-BFGS, which has no batches.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.callbacks import TrainingReport
    >>> dense = fastnn.layers.Dense
    >>> stack = [fastnn.Input((1,)), dense(4, "relu", name="a"), dense(1, name="b")]
    >>> model = fastnn.Sequential(stack, seed=1)
    >>> model.compile("sgd", "mse")
    >>> model.get_layer("a").bias.assign([-9.0, -9.0, -9.0, -9.0])  # no unit is ever active
    >>> report = TrainingReport(verbose=0)
    >>> x = [[0.1], [0.5], [0.9]]
    >>> history = model.fit(x, x, verbose=0, callbacks=[report])
    >>> report.layers[0].dead, report.layers[0].gradient
    (1.0, 0.0)
    >>> print(report.layers[0].advice.partition(":")[0])
    no gradient
    """

    def __init__(
        self,
        every: int | None = None,
        samples: int = 256,
        data: tuple[Any, Any] | None = None,
        verbose: int = 1,
    ) -> None:
        super().__init__()
        owner = "TrainingReport"
        self.every: int | None = None
        if every is not None:
            self.every = arguments.integer(owner, "every", every, 1)
        self.samples: int = arguments.integer(owner, "samples", samples, 2)
        if data is not None and not (isinstance(data, (tuple, list)) and len(data) == 2):
            raise ArgumentError(
                f"{owner}: received data of type {type(data).__name__}, expected the pair (x, y). "
                "Pass data=(x, y)."
            )
        self.verbose = verbose
        self.layers: list[LayerReport] = []
        self.gap: float = math.nan
        self.text: str = ""
        self._given = data
        self._rows: tuple[Array, Array, int] | None = None
        self._reported: int | None = None
        self._epoch = 0

    def lend_samples(self, x: Any, y: Any, batch: int) -> None:
        """Take what ``fit`` trains on: a few rows are copied when it begins."""
        if self._given is not None:
            x, y = (np.asarray(part) for part in self._given)
        chosen = np.unique(np.linspace(0, len(x) - 1, min(self.samples, len(x))).astype(np.int64))
        self._rows = np.asarray(x[chosen]), np.asarray(y[chosen]), batch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Report, if an epoch is due."""
        self._epoch = epoch
        if self.every is not None and (epoch + 1) % self.every == 0:
            self._report(logs or {}, f"after epoch {epoch + 1}")
            self._reported = epoch

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Report the end, unless its epoch was reported already."""
        if logs and self._reported != self._epoch:
            self._report(logs, "at the end")
        self._reported = None

    def _needs_hook(self, hook: str) -> bool:
        """Epochs matter only with ``every``, or to a subclass."""
        if hook == "on_epoch_end" and hook not in vars(self):
            overridden = type(self).on_epoch_end is not TrainingReport.on_epoch_end
            return overridden or self.every is not None
        return super()._needs_hook(hook)

    # -- the report -------------------------------------------------------------------------------

    def _report(self, logs: Mapping[str, Any], when: str) -> None:
        if self._rows is None and self._given is not None:
            self.lend_samples(*self._given, 32)
        if self._rows is None:
            self._say(
                "TrainingReport: there are no samples to look at, because fit was not given "
                "arrays. Pass data=(x, y)."
            )
            return
        x, y, batch = self._rows
        try:
            self.layers = self._measured(x, y, batch)
        except FastnnError as error:  # the error that ended training is to be seen, not this one
            self._say(f"TrainingReport: there is no report {when}: {error}")
            return
        _advise(self.layers)
        loss, validation = logs.get("loss", math.nan), logs.get("val_loss", math.nan)
        self.gap = validation / loss if loss else math.nan
        title = f"Training report {when}, on {len(x)} samples"
        gap = _wrapped(_gap_line(loss, validation))
        self._say("\n".join([title, *_table(self.layers), *gap]))

    def _say(self, text: str) -> None:
        self.text = text
        if self.verbose > 0:
            show_message(text)

    def _measured(self, x: Array, y: Array, batch: int) -> list[LayerReport]:
        """The lines without their advice."""
        model = self.model
        gradients = model.gradients(x, y)
        trained = {id(v) for v in model._trained_variables()}
        named = {path: v for path, v in model.named_weights().items() if id(v) in trained}
        steps = self._step(named, x[:batch], y[:batch])
        found, h, before, units = [], x, 0.0, -1
        for layer in model.layers:
            own = {id(v) for v in layer.trainable_weights}
            paths = [path for path, v in named.items() if id(v) in own]
            h = np.asarray(layer(h))
            dead = dead_share(h)
            if paths:
                gradient = _norm(gradients[path] for path in paths)
                size = _norm(named[path].numpy() for path in paths)
                ratio = _norm(steps[path] for path in paths) / size if steps and size else math.nan
                found.append(LayerReport(layer.name, gradient, dead, ratio))
            elif h.shape[-1] == units and dead > before:  # an activation that is a layer
                found.append(LayerReport(layer.name, math.nan, dead, math.nan))
            before, units = dead, h.shape[-1]
        return found

    def _step(self, named: Mapping[str, Any], x: Array, y: Array) -> dict[str, Array]:
        """The change of each weight in one step on these rows; everything is put back."""
        model, optimizer = self.model, self.model.optimizer
        if optimizer.full_batch:
            return {}
        storage = model.optimizer_storage()
        weights = [(v, v.numpy()) for v in model.named_weights().values()]
        slots = {key: array.copy() for key, array in storage.arrays.items()}
        before, iterations = {path: v.numpy() for path, v in named.items()}, optimizer.iterations
        try:
            for _ in range(optimizer.update_every):
                model.train_on_batch(x, y)
            return {path: v.numpy() - before[path] for path, v in named.items()}
        finally:
            for variable, value in weights:
                variable.assign(value)
            for key, array in slots.items():
                storage.arrays[key][...] = array
            optimizer.iterations = iterations


def dead_share(outputs: Array) -> float:
    """The share of units (last axis) whose output is the same for all samples; NaN for one."""
    flat = outputs.reshape(-1, outputs.shape[-1]).astype(np.float64)
    if len(flat) < 2:
        return math.nan
    spread = flat.max(axis=0) - flat.min(axis=0)
    return float(np.mean(spread <= 1e-6 * np.abs(flat).max(axis=0)))


def _norm(arrays: Any) -> float:
    """The L2 norm of all numbers together."""
    return math.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays))


def _advise(layers: list[LayerReport]) -> None:
    """Give each line its advice: the first that applies."""
    largest = max((line.gradient for line in layers if line.gradient >= 0), default=0.0)
    for line in layers:
        line.advice = next(text for holds, text in RULES if holds(line, largest))


RULES: list[tuple[Callable[[LayerReport, float], bool], str]] = [
    (
        lambda line, largest: line.gradient == 0,
        "no gradient: it cannot learn; its units, or those behind it, are dead. Start anew with a "
        "smaller learning rate or leaky_relu, and scale the inputs",
    ),
    (
        lambda line, largest: line.dead >= MANY_DEAD,
        "many dead units: try a smaller learning rate, leaky_relu, he_normal, or scale the inputs",
    ),
    (
        lambda line, largest: line.gradient > LARGE_GRADIENT,
        "large gradient: scale inputs and targets, or pass clipnorm=1.0 to the optimizer",
    ),
    (
        lambda line, largest: line.gradient < VANISHING * largest,
        "vanishing gradient: try relu with he_normal, BatchNormalization, or fewer layers",
    ),
    (
        lambda line, largest: line.ratio > LARGE_STEP,
        "large steps: try a learning rate 3 to 10 times smaller",
    ),
    (
        lambda line, largest: line.ratio < SMALL_STEP,
        "hardly moves: training is done, or the learning rate is too small",
    ),
    (lambda line, largest: True, "fine"),
]


def _table(layers: list[LayerReport]) -> list[str]:
    """The lines of the layers, in columns, then what each advice says, once."""
    width = max([len("layer"), *(len(line.name) for line in layers)])
    lines = [f"  {'layer':{width}}  gradient   dead  update/weight  advice"]
    for line in layers:
        dead = "-" if math.isnan(line.dead) else f"{line.dead:.0%}"
        lines.append(
            f"  {line.name:{width}}  {_number(line.gradient):>8}  {dead:>5}  "
            f"{_number(line.ratio):>13}  {line.advice.partition(':')[0]}"
        )
    for advice in dict.fromkeys(line.advice for line in layers):
        if ":" in advice:
            lines += _wrapped(advice)
    return lines


def _wrapped(text: str) -> list[str]:
    """A sentence in lines that fit a terminal."""
    import textwrap

    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1e}"


def _gap_line(loss: float, validation: float) -> str:
    """What training and validation say together."""
    if math.isnan(validation):
        return "no validation: pass validation_split=0.2 to fit to see whether it overfits"
    shown = f"loss {loss:.4g}, val_loss {validation:.4g}:"
    if validation > GAP * loss:
        return f"{shown} it overfits; try EarlyStopping, Dropout, a smaller network or more data"
    if loss > GAP * validation:
        return f"{shown} validation is better, as with Dropout, or its data are easier"
    return (
        f"{shown} no gap; if the loss is too high, try more epochs, another learning rate or a "
        "larger network"
    )
