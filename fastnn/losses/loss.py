"""The base class of losses: per-sample losses written in ops, and their reduction to one number.

Inside a Program only ``call`` is used and the reduction is the op ``loss_mean``; on arrays the
values come from the same ``call`` and are reduced here, in float64. Which targets fit is in
``targets.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.layers.layer import snake_case
from fastnn.losses.targets import fit_targets, match_targets, per_sample, shape_text
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.program.tensor import Tensor

__all__ = ["Loss", "LossFunctionWrapper", "match_targets"]

Array = np.ndarray[Any, Any]
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


class Loss:
    """Base class of losses.

    A subclass defines ``call(y_true, y_pred)``, which gives one loss per sample, written in
    ``fastnn.ops``.

    Parameters
    ----------
    name : the class name in snake case by default.
    reduction : ``"sum_over_batch_size"`` (the default) or ``"mean"``: Σ w_i l_i / number of losses;
        ``"sum"``: Σ w_i l_i; ``"mean_with_sample_weight"``: Σ w_i l_i / Σ w_i; ``"none"`` or None:
        the losses w_i l_i themselves.
    dtype : the type in which arrays are computed: ``"float32"`` or ``"float64"``; ``floatx()`` by
        default.

    Attributes
    ----------
    sparse : whether targets are integer labels; they are then int32 tensors (batch, 1) in ``call``.
    checks_targets : whether targets must have the shape of the predictions, see ``match_targets``.

    Examples
    --------
    >>> from fastnn import losses, ops
    >>> class MeanAbsolute(losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.mean(ops.absolute(y_true - y_pred), axis=-1)
    >>> float(MeanAbsolute()([[0.0, 2.0]], [[1.0, 0.0]]))
    1.5
    """

    sparse: bool = False
    checks_targets: bool = True

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        owner = type(self).__name__
        if reduction not in REDUCTIONS:
            listed = ", ".join(repr(item) for item in REDUCTIONS)
            raise ArgumentError(
                f"{owner}: received reduction={reduction!r}, expected one of {listed}. Leave it "
                "out for the mean over the batch."
            )
        self.name: str = name or snake_case(owner)
        self.reduction = reduction
        self.dtype: str = config.standardize_dtype(dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One loss per sample, (batch, …, 1), from symbolic targets and predictions."""
        raise ArgumentError(
            f"loss class {type(self).__name__!r} does not define call(y_true, y_pred). Define it "
            "with functions of fastnn.ops."
        )

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss of arrays; of symbolic tensors, the losses per sample.

        Parameters
        ----------
        y_true : targets.
        y_pred : predictions (batch, …). Two arrays of one axis are one sample.
        sample_weight : one weight per sample (batch,) or (batch, 1), or one per loss.

        Raises
        ------
        ShapeError : if targets do not fit predictions, or weights the losses.
        DataError : for a label that is not a whole number in [0, classes).
        """
        if is_symbolic(y_true) or is_symbolic(y_pred):
            if sample_weight is not None or self.reduction in ("sum", "none", None):
                raise UnsupportedError(
                    f"{self.name}: received symbolic tensors together with sample_weight or "
                    f"reduction={self.reduction!r}, but while a model is traced a loss gives one "
                    "value per sample. Use call(y_true, y_pred), and weight or sum the values "
                    "with fastnn.ops."
                )
            return self.call(symbol(y_true), symbol(y_pred))
        values = per_sample(
            self.call,
            y_true,
            y_pred,
            name=self.name,
            key=(self._key(), config.epsilon()),
            sparse=self.sparse,
            checked=self.checks_targets,
            dtype=self.dtype,
        )
        return reduce(values, sample_weight, self.reduction, self.name)

    def _key(self) -> Hashable:
        """What identifies ``call`` with its settings, for the cache of compiled functions."""
        return self

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss, as plain data."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A new loss from what ``get_config`` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, reduction={self.reduction}>"


class LossFunctionWrapper(Loss):
    """A loss from a function f(y_true, y_pred).

    Parameters
    ----------
    fn : takes symbolic targets and predictions and returns one value per sample (or per element),
        written in ``fastnn.ops``. Targets need not have the shape of the predictions.
    reduction, name, dtype : see ``Loss``; the name is the function's by default.
    **kwargs : further arguments of ``fn``.

    Examples
    --------
    >>> from fastnn import losses, ops
    >>> loss = losses.LossFunctionWrapper(lambda y_true, y_pred: ops.square(y_true - y_pred))
    >>> float(loss([[1.0], [2.0]], [[1.0], [4.0]]))
    2.0
    """

    checks_targets = False

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(fn):
            raise ArgumentError(
                f"LossFunctionWrapper: received fn={fn!r}, expected a function of (y_true, "
                "y_pred). Pass one written in fastnn.ops."
            )
        title = getattr(fn, "__name__", type(fn).__name__)
        super().__init__(name or ("loss" if title == "<lambda>" else title), reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """fn(y_true, y_pred)."""
        if y_true.ndim == 1 and y_pred.ndim == 2 and y_pred.shape[-1] == 1:
            y_true = fit_targets(y_true, y_pred, self.name)
        values = self.fn(y_true, y_pred, **self._fn_kwargs)
        if not isinstance(values, Tensor):
            raise ArgumentError(
                f"loss {self.name!r}: the function returned {type(values).__name__}, expected a "
                "symbolic tensor. Compute the loss from y_true and y_pred with fastnn.ops."
            )
        if not values.has_batch:
            raise ShapeError(
                f"loss {self.name!r}: the function returned shape {shape_text(values.shape)}, "
                "expected one value per sample. Reduce the last axis only: ops.mean(..., axis=-1)."
            )
        return values

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss; the function by its name."""
        title = getattr(self.fn, "__name__", "<lambda>")
        if title == "<lambda>":
            raise ArgumentError(
                f"loss {self.name!r}: a function without a name (a lambda) cannot be written to a "
                "file. Define it with def, and pass it as custom_objects when loading."
            )
        return {**super().get_config(), "fn": title, **self._fn_kwargs}


def reduce(values: Array, sample_weight: Any, reduction: str | None, name: str) -> Any:
    """The reduced loss in the dtype of ``values``; sums run in float64."""
    total: Array = values.astype(np.float64)
    weights = None
    if sample_weight is not None:
        weights = spread_weights(sample_weight, values.shape, name)
        total = total * weights
    if reduction in (None, "none"):
        return total.astype(values.dtype)
    divisor = float(values.size)
    if reduction == "sum":
        divisor = 1.0
    elif reduction == "mean_with_sample_weight" and weights is not None:
        divisor = float(weights.sum())
    # as Keras: nothing divided by nothing is 0
    return values.dtype.type(total.sum() / divisor if divisor else 0.0)


def spread_weights(sample_weight: Any, shape: tuple[int, ...], name: str) -> Array:
    """Sample weights as float64 of the shape of the losses: one per sample, or one per loss."""
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    rows = shape[:1]
    if weights.shape == shape or weights.ndim == 0:
        pass
    elif weights.shape[:1] == rows and all(size == 1 for size in weights.shape[1:]):
        weights = weights.reshape(rows + (1,) * (len(shape) - 1))
    else:
        raise ShapeError(
            f"{name}: received sample_weight of shape {weights.shape} for losses of shape "
            f"{shape}, expected one weight per sample or one per loss. Two arrays of one axis are "
            "one sample: reshape them to (n, 1) to weight their numbers."
        )
    return np.broadcast_to(weights, shape)


def check_settings(owner: str, from_logits: Any, label_smoothing: Any) -> tuple[bool, float]:
    """The settings of crossentropies, checked."""
    return (
        arguments.flag(owner, "from_logits", from_logits),
        arguments.number(owner, "label_smoothing", label_smoothing, "[0, 1]"),
    )
