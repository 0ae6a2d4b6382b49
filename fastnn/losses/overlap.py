"""Losses of overlap: how far targets and predictions, as soft sets, have the same elements."""

from __future__ import annotations

from typing import Any

from fastnn import arguments, config
from fastnn.errors import UnsupportedError
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.targets import fit_targets
from fastnn.ops.elementwise import binary, multiply, scale
from fastnn.ops.reduce import reduce_columns, reduce_rows
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product

Axes = int | tuple[int, ...] | list[int] | None


def dice_formula(y_true: Tensor, y_pred: Tensor, axis: Axes) -> Tensor:
    """1 - 2 Σ t p / (Σ t + Σ p + ε), sums over ``axis``."""
    t = fit_targets(y_true, y_pred, "dice")
    both = _total(multiply(t, y_pred), axis, "dice")
    sizes = _total(binary(t, y_pred, function="add"), axis, "dice")
    share = binary(both, scale(sizes, 1.0, config.epsilon()), function="divide")
    return scale(share, -2.0, 1.0)


def tversky_formula(
    y_true: Tensor, y_pred: Tensor, alpha: float, beta: float, axis: Axes
) -> Tensor:
    """1 - Σ t p / (Σ t p + alpha Σ t (1 - p) + beta Σ p (1 - t) + ε), sums over ``axis``."""
    t = fit_targets(y_true, y_pred, "tversky")
    both = _total(multiply(t, y_pred), axis, "tversky")
    missed = _total(multiply(t, scale(y_pred, -1.0, 1.0)), axis, "tversky")
    wrong = _total(multiply(y_pred, scale(t, -1.0, 1.0)), axis, "tversky")
    costs = binary(scale(missed, alpha), scale(wrong, beta, config.epsilon()), function="add")
    share = binary(both, binary(both, costs, function="add"), function="divide")
    return scale(share, -1.0, 1.0)


def _total(x: Tensor, axis: Axes, name: str) -> Tensor:
    """The sum over all axes, the last one (kept with size 1), all but the first or all but the
    last.
    """
    places = set(range(x.ndim)) if axis is None else _places(axis, x.ndim)
    if places == {x.ndim - 1}:
        return reduce_columns(x, "sum")
    if places == set(range(1, x.ndim)):
        rows = reshape(x, (x.shape[0], product(x.shape[1:])))
        return reshape(reduce_columns(rows, "sum"), x.shape[:1])
    if places == set(range(x.ndim)):
        columns = reduce_rows(x, "sum")
        return reshape(reduce_columns(reshape(columns, (1, *columns.shape)), "sum"), ())
    if places == set(range(x.ndim - 1)):
        return reduce_rows(x, "sum")
    raise UnsupportedError(
        f"{name}: received axis={axis!r} for {x.ndim} axes, expected None (all), the last axis, "
        "all but the batch, or all but the last. Pass one of these."
    )


def _checked(owner: str, axis: Any) -> int | tuple[int, ...] | None:
    """The argument ``axis``: None, one axis, or several."""
    if isinstance(axis, (list, tuple)):
        return tuple(arguments.axis(owner, one) for one in axis)
    return None if axis is None else arguments.axis(owner, axis)


def _places(axis: Axes, ndim: int) -> set[int]:
    """Axes counted from 0; one that does not exist stays as it is, and fits nothing."""
    listed = [axis] if isinstance(axis, int) else list(axis or ())
    return {place + ndim if place < 0 else place for place in listed}


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """Dice loss.

    l = 1 - 2 Σ t p / (Σ t + Σ p + ε), ε = ``config.epsilon()``

    Parameters
    ----------
    y_true, y_pred, axis : see ``Dice``.

    Returns
    -------
    One number; with ``axis``, one per sample or per column.

    Examples
    --------
    >>> from fastnn import losses
    >>> round(float(losses.dice([[0.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.0, 1.0]])), 4)
    0.25
    """
    return apply(
        dice_formula, "dice", y_true, y_pred, axis=tuple(axis) if isinstance(axis, list) else axis
    )


class Dice(FormulaLoss):
    """Dice loss: the share of elements that are not common to targets and predictions.

    l = 1 - 2 Σ t p / (Σ t + Σ p + ε), ε = ``config.epsilon()``

    Parameters
    ----------
    axis : over what is summed: None (all axes, the batch too: one number), the last axis, all but
        the batch (both: one loss per sample), or all but the last (one loss per column).
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axes.

    Examples
    --------
    >>> from fastnn.losses import Dice
    >>> round(float(Dice()([[0.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.0, 1.0]])), 4)
    0.25

    Notes
    -----
    With ``axis=None`` the loss of a batch is one number and not a mean over its samples, so it
    depends on how the samples are put into batches; that is Keras's definition.

    References
    ----------
    Milletari, Navab and Ahmadi, "V-Net" (2016).
    """

    _formula = staticmethod(dice_formula)
    _settings = ("axis",)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis: Any = _checked(type(self).__name__, axis)


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """Tversky loss.

    l = 1 - Σ t p / (Σ t p + alpha Σ t (1 - p) + beta Σ p (1 - t) + ε), ε = ``config.epsilon()``

    Parameters
    ----------
    y_true, y_pred, alpha, beta, axis : see ``Tversky``.

    Returns
    -------
    One number; with ``axis``, one per sample or per column.

    Examples
    --------
    >>> from fastnn import losses
    >>> round(float(losses.tversky([[0.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.0, 1.0]])), 4)
    0.25
    """
    return apply(
        tversky_formula,
        "tversky",
        y_true,
        y_pred,
        alpha=alpha,
        beta=beta,
        axis=tuple(axis) if isinstance(axis, list) else axis,
    )


class Tversky(FormulaLoss):
    """Tversky loss: Dice with its own price for misses and for false alarms.

    l = 1 - Σ t p / (Σ t p + alpha Σ t (1 - p) + beta Σ p (1 - t) + ε), ε = ``config.epsilon()``

    Parameters
    ----------
    alpha : the price of targets that the predictions miss.
    beta : the price of predictions that are no targets.
    axis : over what is summed: None (all axes, the batch too: one number), the last axis, all but
        the batch (both: one loss per sample), or all but the last (one loss per column).
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axes.

    Examples
    --------
    >>> from fastnn.losses import Tversky
    >>> loss = Tversky(alpha=0.3, beta=0.7)
    >>> round(float(loss([[0.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.0, 1.0]])), 4)
    0.25

    Notes
    -----
    With ``axis=None`` the loss of a batch is one number and not a mean over its samples, so it
    depends on how the samples are put into batches; that is Keras's definition.

    References
    ----------
    Salehi, Erdogmus and Gholipour, "Tversky loss function for image segmentation using 3D fully
    convolutional deep networks" (2017).
    """

    _formula = staticmethod(tversky_formula)
    _settings = ("alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha: float = arguments.number("Tversky", "alpha", alpha, "[0, inf)")
        self.beta: float = arguments.number("Tversky", "beta", beta, "[0, inf)")
        self.axis: Any = _checked(type(self).__name__, axis)
