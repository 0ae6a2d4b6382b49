"""``activations.plot``: a panel for each activation function, with its derivative, which is the one
that training uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.drawing import figures
from fastnn.errors import ArgumentError

Array = np.ndarray[Any, Any]

#: range of the values with the default arguments, and where the function usually stands
ABOUT: dict[str, tuple[str, str]] = {
    "linear": ("(-∞, ∞)", "output layer of regression"),
    "relu": ("[0, ∞)", "hidden layers: the first choice"),
    "relu6": ("[0, 6]", "hidden layers of quantised networks"),
    "leaky_relu": ("(-∞, ∞)", "hidden layers where ReLU units die"),
    "elu": ("(-1, ∞)", "hidden layers; mean nearer to 0"),
    "selu": ("(-1.76, ∞)", "deep hidden layers, lecun_normal"),
    "celu": ("(-1, ∞)", "hidden layers; smooth for any alpha"),
    "gelu": ("[-0.17, ∞)", "hidden layers of transformers"),
    "silu": ("[-0.28, ∞)", "deep hidden layers (swish)"),
    "hard_silu": ("[-0.38, ∞)", "hidden layers; a cheap silu"),
    "mish": ("[-0.31, ∞)", "deep hidden layers"),
    "softplus": ("(0, ∞)", "outputs that must be positive"),
    "squareplus": ("(0, ∞)", "as softplus, without exp"),
    "sparse_plus": ("[0, ∞)", "as softplus, exactly 0 below -1"),
    "sigmoid": ("(0, 1)", "output: one probability; gates"),
    "hard_sigmoid": ("[0, 1]", "gates; a cheap sigmoid"),
    "sparse_sigmoid": ("[0, 1]", "gates that are exactly 0 or 1"),
    "log_sigmoid": ("(-∞, 0)", "output: log of a probability"),
    "tanh": ("(-1, 1)", "hidden layers of small and recurrent nets"),
    "hard_tanh": ("[-1, 1]", "hidden layers; a cheap tanh"),
    "softsign": ("(-1, 1)", "as tanh, with longer tails"),
    "tanh_shrink": ("(-∞, ∞)", "sparse coding: small values to 0"),
    "soft_shrink": ("(-∞, ∞)", "sparse coding: small values to 0"),
    "hard_shrink": ("(-∞, ∞)", "sparse coding: small values to 0"),
    "exponential": ("(0, ∞)", "output: rates of counts (Poisson)"),
    "binary_step": ("{0, 1}", "the perceptron; no gradient"),
}
_LOW, _HIGH, _POINTS = -5.0, 5.0, 801
_FURTHER = {"relu6": 8.0}  # to the right, where something happens beyond _HIGH


def plot(
    names: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None,
    to_file: str | os.PathLike[str],
    dpi: int,
) -> Any:
    """Draw the panels; see ``fastnn.activations.plot``."""
    from fastnn import activations

    owner = "activations.plot"
    dpi = arguments.integer(owner, "dpi", dpi, 1)
    if names is None:
        names = list(ABOUT)
    asked = [names] if isinstance(names, str) or callable(names) else list(names)
    if not asked:
        raise ArgumentError(
            f"{owner}: received no name, expected at least one. Pass None for all of them."
        )
    functions = [activations.get(name) for name in asked]
    points = [
        np.linspace(_LOW, _FURTHER.get(name, _HIGH), _POINTS) for name in map(_name, functions)
    ]
    curves = [_curve(function, x) for function, x in zip(functions, points, strict=True)]
    figures.check(owner, to_file)

    from matplotlib.figure import Figure

    columns = min(4, len(functions))
    rows = -(-len(functions) // columns)
    figure = Figure(figsize=(3.4 * columns, 3.1 * rows + 0.4), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.1, h_pad=0.1)
    panels = zip(functions, points, curves, strict=True)
    for position, (function, x, (y, slope)) in enumerate(panels):
        axes: Any = figure.add_subplot(rows, columns, position + 1)
        axes.axhline(0, color="#bbbbbb", lw=0.8)
        axes.axvline(0, color="#bbbbbb", lw=0.8)
        axes.plot(x, _broken(y), color="#1f77b4", label="f(x)")
        axes.plot(x, _broken(slope), color="#e06000", lw=1.2, ls="--", label="f'(x)")
        axes.set(xlim=(x[0], x[-1]), ylim=_limits(y, slope, x[-1]))
        name = _name(function)
        values, place = ABOUT.get(name, ("", ""))
        axes.set_title(name, fontsize=10, fontweight="bold")
        axes.set_xlabel(f"range {values}\n{place}" if values else "", fontsize=8)
        axes.tick_params(labelsize=7)
        if position == 0:
            axes.legend(fontsize=7, loc="upper left")
    return figures.write(figure, to_file, dpi)


def _curve(function: Callable[..., Any], x: Array) -> tuple[Array, Array]:
    """Values and derivatives at x, both as a model computes them."""
    from fastnn import layers, models

    # The gradient of the sum of a model's outputs; its second column shows whether values mix
    model = models.Sequential([layers.Input((2,)), layers.Activation(function)], dtype="float64")
    model.compile(loss=lambda y_true, y_pred: y_pred * (2.0 * len(x)))
    columns = np.stack([x, x[::-1]], axis=1)
    y = np.asarray(model.predict(columns, verbose=0))
    same = model.predict(np.stack([x, x], axis=1), verbose=0)
    if y.shape != columns.shape or not np.array_equal(y[:, 0], same[:, 0]):
        raise ArgumentError(
            f"activations.plot: {getattr(function, '__name__', function)!r} is no curve: a value "
            "of it depends on other inputs too. Leave it out."
        )
    slope = model.gradients(columns, np.zeros_like(columns))["input"]
    return np.ascontiguousarray(y[:, 0]), np.ascontiguousarray(slope[:, 0])


def _broken(values: Array) -> Array:
    """The values with a gap where they jump, so that no upright line joins the two sides."""
    jumps = np.abs(np.diff(values)) > 0.1
    found = np.array(values)
    found[1:][jumps & (np.abs(values[:-1]) < 20)] = np.nan
    return found


def _name(function: Callable[..., Any]) -> str:
    """What a function is called."""
    return str(getattr(function, "__name__", type(function).__name__))


def _limits(y: Array, slope: Array, highest: float) -> tuple[float, float]:
    """What of the y axis is shown: all, but no more than -2.5 … highest."""
    low = max(min(float(y.min()), float(slope.min()), -0.2), -2.5)
    high = min(max(float(y.max()), float(slope.max()), 1.0), highest)
    space = 0.06 * (high - low)
    return low - space, high + space
