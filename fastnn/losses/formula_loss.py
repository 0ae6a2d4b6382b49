"""What fastnn's own losses share: a class and a function round one formula on symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from fastnn import config
from fastnn.losses.loss import Loss
from fastnn.losses.targets import per_sample
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor

Formula = Callable[..., Tensor]


class FormulaLoss(Loss):
    """A loss whose ``call`` is a formula with settings.

    A subclass sets ``_formula`` to a ``staticmethod`` of (y_true, y_pred, settings …), and
    ``_settings`` to the names of the attributes that it takes.
    """

    _formula: ClassVar[Any]
    _settings: ClassVar[tuple[str, ...]] = ()

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One loss per sample, (batch, …, 1), from symbolic targets and predictions."""
        values: Tensor = type(self)._formula(y_true, y_pred, **self._chosen())
        return values

    def _chosen(self) -> dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in self._settings}

    def _key(self) -> Hashable:
        """A key by settings for fastnn's own classes, by identity for classes derived from them."""
        if "_formula" not in type(self).__dict__:
            return self
        return (type(self), *self._chosen().items())

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss, as plain data."""
        return {**super().get_config(), **self._chosen()}


def apply(
    formula: Formula,
    name: str,
    y_true: Any,
    y_pred: Any,
    sparse: bool = False,
    **settings: Any,
) -> Any:
    """A formula on tensors or arrays, one value per sample."""
    if is_symbolic(y_true) or is_symbolic(y_pred):
        values = formula(symbol(y_true), symbol(y_pred), **settings)
        return reshape(values, values.shape[:-1]) if values.shape[-1:] == (1,) else values
    return per_sample(
        lambda t, p: formula(t, p, **settings),
        y_true,
        y_pred,
        name=name,
        key=(name, *settings.items(), config.epsilon()),
        sparse=sparse,
        ignored=settings.get("ignore_class"),
    )
