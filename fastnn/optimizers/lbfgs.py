"""L-BFGS. It needs the loss of all the data as a function of the weights, many times per
iteration: the loop that gives it that is ``fastnn/training/full_batch.py``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.optimizers.optimizer import Optimizer
from fastnn.optimizers.wolfe import Point, search
from fastnn.program.tensor import Node, Tensor

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]


class Iteration(NamedTuple):
    """What one iteration came to: the point, and why it is the last (empty: it is not)."""

    point: Point
    finished: str


class LBFGS(Optimizer):
    """L-BFGS, a quasi-Newton method on all the data at once, for small data and few weights.

    One epoch of ``fit`` is one iteration::

        d ← -H g                      H: made of the last pairs (s, y), never stored
        w' ← w + t d                  t: by the line search
        s, y ← w' - w, g' - g         kept if sᵀy > 0

    w: all trained weights; g: the gradient of the loss over all samples; t: 1 or ``learning_rate``
    where that satisfies the strong Wolfe conditions, else found between: the loss falls by 1e-4 of
    what the slope promises, and the slope along d falls to 0.9 of what it was.

    Parameters
    ----------
    learning_rate : the first t that is tried, 1 by default; in the very first iteration divided by
        the sum of |g|, if that is more than 1.
    max_iterations : iterations after which training stops, whatever ``epochs`` says; None (the
        default) is no limit.
    history_size : pairs (s, y) that are kept, at least 1, 10 by default.
    tolerance_grad : training stops when no |g| is larger; 1e-5 by default.
    tolerance_change : training stops when the loss changes by less than this share of itself (or
        of 1, if it is smaller); 1e-9 by default.
    line_search : ``"strong_wolfe"``, or None for t = ``learning_rate`` always.
    max_evaluations : evaluations of the loss per iteration, at least 1, 25 by default.
    name : name in saved files.

    Raises
    ------
    ArgumentError : if an argument is out of its range; in ``fit``, for a ``batch_size`` other than
        None and the number of samples.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> x = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1)], dtype="float64")
    >>> model.compile(optimizer=fastnn.optimizers.LBFGS(), loss="mse")
    >>> history = model.fit(x, 3 * x + 2, epochs=50, verbose=0)
    >>> [round(float(w.ravel()[0]), 5) for w in model.get_weights()]
    [3.0, 2.0]

    References
    ----------
    Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 45, 1989. Nocedal and Wright, "Numerical optimization", 2nd edition, algorithms
    7.4, 3.5, 3.6.

    Notes
    -----
    Keras has no L-BFGS; scikit-learn's ``MLPClassifier(solver="lbfgs")`` calls SciPy's, which ends
    at the same loss (``max_iter`` is ``epochs`` here). PyTorch's ``LBFGS`` does ``max_iter``
    iterations per step. ``shuffle`` has no effect, callbacks and validation work as ever, and
    ``stop_training`` is set when it has converged. History holds the loss *after* the iteration;
    metrics are those of the same weights. Dropout draws one mask per iteration. Use
    ``dtype="float64"`` for many digits: in float32 the line search ends where the loss's own
    rounding hides its fall. The arithmetic on the weights is float64.
    """

    full_batch: bool = True

    def __init__(
        self,
        learning_rate: float = 1.0,
        max_iterations: int | None = None,
        history_size: int = 10,
        tolerance_grad: float = 1e-5,
        tolerance_change: float = 1e-9,
        line_search: str | None = "strong_wolfe",
        max_evaluations: int = 25,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refused = {key: value for key, value in kwargs.items() if key != "lr"}
        own = list(inspect.signature(LBFGS).parameters)[:-1]  # without clipnorm and its like
        arguments.unknown("LBFGS", refused, own)
        super().__init__(learning_rate, name=name, **kwargs)
        if max_iterations is not None:
            arguments.integer("LBFGS", "max_iterations", max_iterations, 1)
        self.max_iterations: int | None = max_iterations
        self.history_size: int = arguments.integer("LBFGS", "history_size", history_size, 1)
        self.tolerance_grad: float = arguments.number(
            "LBFGS", "tolerance_grad", tolerance_grad, "[0, inf)"
        )
        self.tolerance_change: float = arguments.number(
            "LBFGS", "tolerance_change", tolerance_change, "[0, inf)"
        )
        self.line_search: str | None = arguments.one_of(
            "LBFGS", "line_search", line_search, ("strong_wolfe", None)
        )
        self.max_evaluations: int = arguments.integer(
            "LBFGS", "max_evaluations", max_evaluations, 1
        )

    def slots(self) -> tuple[str, ...]:
        """The pairs ``"s_0"``, ``"y_0"``, …, the oldest first; 0 where there is none yet."""
        return tuple(f"{kind}_{i}" for i in range(self.history_size) for kind in "sy")

    def update(
        self, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], *, weight_decay: float
    ) -> Node:
        """An error: there is no step on a batch."""
        raise ArgumentError(
            "LBFGS: train_on_batch was called, but this optimizer needs all the data in every "
            "iteration. Call fit(x, y, epochs=...), or use Adam."
        )

    def iterate(
        self, objective: Objective, start: Point, pairs: list[tuple[Vector, Vector]]
    ) -> Iteration:
        """One iteration from a point; ``pairs``, oldest first, is brought up to date."""
        if float(np.abs(start.gradient).max(initial=0.0)) <= self.tolerance_grad:
            return Iteration(start, "the gradient is within tolerance_grad")
        found = None
        while found is None:
            direction = self._direction(start.gradient, pairs)
            step = self.learning_rate
            if not pairs:
                step *= min(1.0, 1.0 / float(np.abs(start.gradient).sum()))
            if self.line_search is None:
                place = start.place + step * direction
                found = Point(place, *objective(place))
            else:
                found = search(objective, start, direction, step, self.max_evaluations)
            if found is None:
                if not pairs:
                    return Iteration(start, "no step along the gradient lowers the loss")
                pairs.clear()  # a poor model of the curvature: once more along the gradient
        s, y = found.place - start.place, found.gradient - start.gradient
        if float(s @ y) > 1e-10 * float(s @ s):
            pairs.append((s, y))
            del pairs[: -self.history_size]
        size = max(abs(found.value), abs(start.value), 1.0)
        if abs(start.value - found.value) <= self.tolerance_change * size:
            return Iteration(found, "the change of the loss is within tolerance_change")
        return Iteration(found, "")

    def _direction(self, gradient: Vector, pairs: list[tuple[Vector, Vector]]) -> Vector:
        """-H g by the two loops (Nocedal and Wright, algorithm 7.4)."""
        q, alphas = -gradient, []
        for s, y in reversed(pairs):
            alpha = float(s @ q) / float(s @ y)
            alphas.append(alpha)
            q = q - alpha * y
        if pairs:
            s, y = pairs[-1]
            q = q * (float(s @ y) / float(y @ y))
        for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
            q = q + (alpha - float(y @ q) / float(s @ y)) * s
        return q

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, as plain data."""
        return {
            "name": self.name,
            "learning_rate": self.learning_rate,
            "max_iterations": self.max_iterations,
            "history_size": self.history_size,
            "tolerance_grad": self.tolerance_grad,
            "tolerance_change": self.tolerance_change,
            "line_search": self.line_search,
            "max_evaluations": self.max_evaluations,
        }
