"""The perceptron of the texts: one neuron with a step as activation, and the rule that trains it.
The arithmetic is ``perceptron_pass`` of ``fastnn/ops/perceptron.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn import arguments, backends, checks
from fastnn.backends.base import Backend, Bound, RunState
from fastnn.errors import DataError, ShapeError
from fastnn.ops import data
from fastnn.ops.optimizer import run_tensor
from fastnn.ops.perceptron import perceptron_pass
from fastnn.program import control as words
from fastnn.program.control import ControlBlock
from fastnn.program.program import Program, Slot
from fastnn.program.variable import Variable, adopt

# Rows of one step of the Program: what is gathered stays in a small L2
BLOCK_ROWS = 1024
# Steps of one native call: about a second for wide inputs, so that Ctrl-C is noticed
MOST_STEPS = 4096


class Perceptron:
    """A perceptron: 1 where the weighted sum of the inputs exceeds 0, else 0.

    ::

        y = 1 if w₁ x₁ + … + wₙ xₙ + w₀ > 0 else 0

    Training visits the samples one after the other, ``threshold`` times::

        w ← w + η (label - y) x,   w₀ ← w₀ + η (label - y)

    If some line (plane, …) separates the two classes, this ends without errors; if none does
    (XOR), it goes on for ever, and ``threshold`` ends it.

    Parameters
    ----------
    no_of_inputs : number of inputs n, at least 1.
    threshold : passes over the data, at least 0; 100 by default. (Texts call it threshold,
        although it is no bound of the weighted sum.)
    learning_rate : η > 0, 0.01 by default; weights start from 0, so it only scales them.
    backend : as for ``Sequential``; None is the default backend.

    Attributes
    ----------
    weights : float64, w₀ first, then the n weights; may be read and set.

    Raises
    ------
    ArgumentError : if an argument is out of its range.

    Examples
    --------
    >>> from fastnn.models import Perceptron
    >>> inputs = [[1, 1], [1, 0], [0, 1], [0, 0]]
    >>> perceptron = Perceptron(2)
    >>> perceptron.train(inputs, [1, 0, 0, 0])
    >>> perceptron.predict([1, 1])
    1
    >>> perceptron.predict(inputs).tolist()
    [1, 0, 0, 0]

    References
    ----------
    Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
    the brain", Psychological Review 65, 1958.

    Notes
    -----
    The weights are those of the usual NumPy script, bit for bit (float64, each product rounded
    before it is added), unless a weighted sum of 32 and more inputs is 0 but for rounding.
    Training stops early when a whole pass changes nothing, since no later one would.
    """

    def __init__(
        self,
        no_of_inputs: int,
        threshold: int = 100,
        learning_rate: float = 0.01,
        *,
        backend: str | None = None,
    ) -> None:
        self.no_of_inputs: int = arguments.integer("Perceptron", "no_of_inputs", no_of_inputs, 1)
        self.threshold: int = arguments.integer("Perceptron", "threshold", threshold, 0)
        self.learning_rate: float = arguments.number(
            "Perceptron", "learning_rate", learning_rate, "(0, inf)"
        )
        self.weights: NDArray[np.float64] = np.zeros(self.no_of_inputs + 1)
        self.backend: Backend = backends.resolve(backend)

    def train(self, training_inputs: ArrayLike, labels: ArrayLike) -> None:
        """Learn from samples, ``threshold`` passes over them in the order given.

        Parameters
        ----------
        training_inputs : (samples, no_of_inputs), or a list of arrays of that length.
        labels : 0 or 1 for each sample.

        Raises
        ------
        ShapeError : if the shapes do not fit.
        DataError : for a label that is not 0 or 1, or an input that is not finite.

        Notes
        -----
        The script of the texts goes as far as the shorter of the two lists; here that is an error,
        and so is NaN.
        """
        x = self._inputs(training_inputs)
        if x.ndim != 2:
            raise ShapeError(
                f"Perceptron: received training_inputs of shape {x.shape}, expected (samples, "
                f"{self.no_of_inputs}). Pass one row per sample."
            )
        y = np.asarray(labels, dtype=np.float64).reshape(-1, 1)
        checks.same_rows([("training_inputs", len(x)), ("labels", len(y))])
        wrong = np.flatnonzero((y != 0) & (y != 1))
        if wrong.size:
            raise DataError(
                f"Perceptron: label {y[wrong[0], 0]:g} of sample {wrong[0]} is not 0 or 1. Write "
                f"the two classes as 0 and 1."
            )
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
            raise DataError(
                f"Perceptron: training_inputs hold NaN or infinity in row {row}. Remove such "
                f"rows, or fill them in."
            )
        if len(x) and self.threshold:
            self._learn(np.ascontiguousarray(x), y)

    def predict(self, inputs: ArrayLike) -> Any:
        """0 or 1 for a sample, or an integer array of them for a matrix with a sample per row.

        Raises
        ------
        ShapeError : if a sample does not have ``no_of_inputs`` numbers.
        """
        x = self._inputs(inputs)
        found = np.dot(x, self.weights[1:]) + self.weights[0] > 0
        return int(found) if x.ndim == 1 else found.astype(np.int64)

    def _inputs(self, inputs: Any) -> NDArray[np.float64]:
        """One sample or a matrix of them as float64."""
        x = np.asarray(inputs, dtype=np.float64)
        if x.ndim not in (1, 2) or x.shape[-1] != self.no_of_inputs:
            raise ShapeError(
                f"Perceptron: received inputs of shape {x.shape}, expected ({self.no_of_inputs},) "
                f"or (samples, {self.no_of_inputs}). Make Perceptron(no_of_inputs=...) fit the "
                f"data."
            )
        return x

    def _learn(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Run the passes natively; every so often see whether one changed nothing."""
        weights = Variable(self.weights[1:], name="weights", dtype="float64")
        bias = Variable(self.weights[:1], name="bias", dtype="float64")
        adopt([weights, bias], self)
        run = _Run(self.backend, [weights, bias], x, y, self.learning_rate)
        left, count = self.threshold, 1
        while left:
            run.passes(min(left - 1, count))
            left -= min(left - 1, count)
            before = (weights.numpy(), bias.numpy())
            run.passes(1)
            left -= 1
            count = min(2 * count, run.most_passes)
            if np.array_equal(before[0], weights.view()) and before[1] == bias.view():
                break
        self.weights = np.concatenate([bias.numpy(), weights.numpy()])


class _Run:
    """The compiled Program of a pass, and its data."""

    def __init__(
        self,
        backend: Backend,
        variables: Sequence[Variable],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        rate: float,
    ) -> None:
        w, b = (run_tensor("parameters", [variable]) for variable in variables)
        rows = data.gather_rows(0, (x.shape[1],), "float64")
        labels = data.gather_rows(1, (1,), "float64")
        slots = [Slot("training_inputs", "input", x.shape[1], "float64")]
        slots.append(Slot("labels", "input", 1, "float64"))
        program = Program([perceptron_pass(w, b, rows, labels)], slots)
        self.executable = backend.compile(program, min(len(x), BLOCK_ROWS))
        self.bound = [Bound(x), Bound(y)]
        self.once = ControlBlock.blocks(len(x), min(len(x), BLOCK_ROWS))
        self.once.floats[:, words.LEARNING_RATE] = rate
        self.most_passes: int = max(1, MOST_STEPS // len(self.once))

    def passes(self, count: int) -> None:
        """Visit all samples ``count`` times."""
        control = ControlBlock(len(self.once) * count)
        control.words[:] = np.tile(self.once.words, (count, 1))
        if count:
            state = RunState.of(self.executable.program)
            self.executable.run(self.bound, control, state, threads=1)
