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
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.layers.layer import snake_case
from fastnn.losses.formulas import valid_labels
from fastnn.losses.reduction import REDUCTIONS, reduce
from fastnn.losses.targets import fit_targets, match_targets, per_sample
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.program.results import presented
from fastnn.program.tensor import Tensor

__all__ = ["Loss", "LossFunctionWrapper", "match_targets"]

Array = np.ndarray[Any, Any]


class Loss(arguments.NamesItsArguments):
    """Base class of losses.

    A subclass defines ``call(y_true, y_pred)``, written in ``fastnn.ops``, which gives one loss per
    sample (or element), or one number for the whole batch.

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
    ignore_class : a label that has no part in the mean; ``call`` must give 0 for it.
    labels_are_outputs : whether integer labels number the outputs, and so must be below their
        number.

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
    ignore_class: int | None = None
    labels_are_outputs: bool = True

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        owner = type(self).__name__
        if isinstance(reduction, np.ndarray) or reduction not in REDUCTIONS:
            listed = ", ".join(repr(item) for item in REDUCTIONS)
            raise ArgumentError(
                f"{owner}: received reduction={reduction!r}, expected one of {listed}. Leave it "
                "out for the mean over the batch."
            )
        self.name: str = arguments.text(owner, "name", name) or snake_case(owner)
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
        values = self._on_arrays(self.call, y_true, y_pred)
        if values.ndim == 0 and np.ndim(y_pred) > 1 and sample_weight is not None:
            values = np.broadcast_to(values, np.shape(sample_weight)[:1])  # one for the whole batch
        valid = self._marks_of(values, y_true, y_pred)
        return presented(reduce(values, sample_weight, self.reduction, self.name, valid))

    def _marks_of(self, values: Array, y_true: Any, y_pred: Any) -> Array | None:
        """``valid`` for arrays, whose losses are ``values``."""
        if self.ignore_class is None:
            return None
        return self._on_arrays(self._marks, y_true, y_pred)

    def _on_arrays(
        self, formula: Callable[[Tensor, Tensor], Tensor], y_true: Any, y_pred: Any
    ) -> Array:
        """A formula of this loss, applied to arrays."""
        return per_sample(
            formula,
            y_true,
            y_pred,
            name=self.name,
            key=(self._key(), formula.__name__, config.epsilon()),
            sparse=self.sparse,
            checked=self.checks_targets,
            dtype=self.dtype,
            ignored=self.ignore_class,
            bounded=self.labels_are_outputs,
        )

    def values(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor | None]:
        """What ``call`` and ``valid`` give."""
        return self.call(y_true, y_pred), self.valid(y_true, y_pred)

    def valid(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        """1 where a label counts and 0 where it is ``ignore_class``, (batch, …, 1); None if all
        count.
        """
        return None if self.ignore_class is None else self._marks(y_true, y_pred)

    def _marks(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """1 where a label counts, 0 where it is ``ignore_class``."""
        labels = fit_targets(y_true, y_pred, self.name, sparse=True)
        return valid_labels(labels, self.ignore_class or 0, y_pred.dtype)

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
    fn : takes symbolic targets and predictions and returns one value per sample (or per element, or
        one for the whole batch), written in ``fastnn.ops``. Targets need not have the shape of the
        predictions.
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
        name = arguments.text(type(self).__name__, "name", name)
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


def check_settings(owner: str, from_logits: Any, label_smoothing: Any) -> tuple[bool, float]:
    """The settings of crossentropies, checked."""
    return (
        arguments.flag(owner, "from_logits", from_logits),
        arguments.number(owner, "label_smoothing", label_smoothing, "[0, 1]"),
    )
