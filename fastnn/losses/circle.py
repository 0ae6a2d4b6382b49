"""The circle loss, of embeddings: class ``Circle`` and its function."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.errors import ArgumentError, ShapeError
from fastnn.losses.loss import Loss
from fastnn.losses.targets import fit_targets, per_sample
from fastnn.ops import public_smooth
from fastnn.ops.circle import circle_exponents
from fastnn.ops.dispatch import is_symbolic, symbol
from fastnn.ops.elementwise import binary
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, constant

Array = np.ndarray[Any, Any]


def circle_formula(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Tensor | None = None,
    ref_embeddings: Tensor | None = None,
    *,
    remove_diagonal: bool,
    gamma: float,
    margin: float,
) -> Tensor:
    """int32 (n, 1), (n, k) → (n, 1): log(1 + Σ_p e^a Σ_n e^b)."""
    if y_pred.ndim != 2:
        raise ShapeError(
            f"circle: received predictions of shape {y_pred.shape}, expected (batch, features): "
            "one embedding for each sample. Flatten them."
        )
    labels = fit_targets(y_true, y_pred, "circle", sparse=True)
    exponents = circle_exponents(
        y_pred,
        labels,
        y_pred if ref_embeddings is None else ref_embeddings,
        labels if ref_labels is None else ref_labels,
        gamma=gamma,
        margin=margin,
        apart=remove_diagonal,
    )
    found: Tensor = public_smooth.softplus(reduce_columns(exponents, "sum"))
    return found


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Circle loss of each sample.

    l_i = log(1 + Σ_p e^(γ (δ + d_p)(d_p - δ)) Σ_n e^(γ max(1 + δ - d_n, 0)(1 - δ - d_n))), with
    d = max(1 - y_i · r, 0) of the references r of the same class (p) and of the others (n)

    Parameters
    ----------
    y_true, y_pred, remove_diagonal, gamma, margin : see ``Circle``.
    ref_labels, ref_embeddings : labels (m,) and embeddings (m, k) that the samples are compared
        with, both or none; by default the batch itself.

    Returns
    -------
    One value per sample, (batch,).

    Raises
    ------
    ArgumentError : if only one of ``ref_labels`` and ``ref_embeddings`` is given.
    ShapeError : if shapes do not fit.

    Examples
    --------
    >>> from fastnn import losses
    >>> embeddings = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
    >>> losses.circle([0, 0, 1], embeddings, gamma=2.0).round(3).tolist()
    [0.4519999921321869, 0.7760000228881836, 0.0]
    """
    settings = _settings_of("circle", remove_diagonal, gamma, margin)
    if (ref_labels is None) != (ref_embeddings is None):
        missing = "ref_labels" if ref_labels is None else "ref_embeddings"
        raise ArgumentError(
            f"circle: {missing} is missing. Pass ref_labels and ref_embeddings together, one label "
            "for each embedding."
        )
    if is_symbolic(y_true) or is_symbolic(y_pred):
        given, embeddings = symbol(y_pred), None
        others = None
        if ref_labels is not None:
            embeddings = _constant(ref_embeddings, given.dtype)
            others = _column(_constant(ref_labels, "int32"), embeddings)
        labels = symbol(y_true)
        values = circle_formula(labels, given, others, embeddings, **settings)
        return reshape(values, values.shape[:-1])
    references: list[Array] = []
    if ref_labels is not None:
        references = [np.asarray(ref_labels), np.asarray(ref_embeddings)]

    def formula(t: Tensor, p: Tensor) -> Tensor:
        if not references:
            return circle_formula(t, p, **settings)
        embeddings = constant(references[1], p.dtype)
        others = _column(constant(references[0], "int32"), embeddings)
        return circle_formula(t, p, others, embeddings, **settings)

    key = ("circle", *settings.items(), *(array.tobytes() for array in references))
    return per_sample(
        formula,
        y_true,
        y_pred,
        name="circle",
        key=(*key, *(array.shape for array in references)),
        sparse=True,
        bounded=False,
    )


def _constant(value: Any, dtype: str) -> Tensor:
    """A tensor as it is; an array as a constant."""
    return symbol(value) if is_symbolic(value) else constant(np.asarray(value), dtype)


def _column(labels: Tensor, embeddings: Tensor) -> Tensor:
    """Labels of references as (m, 1)."""
    rows = embeddings.shape[:1]
    if embeddings.ndim != 2 or labels.shape not in (rows, (*rows, 1)):
        raise ShapeError(
            f"circle: received ref_labels of shape {labels.shape} and ref_embeddings of shape "
            f"{embeddings.shape}, expected (m,) and (m, features)."
        )
    return reshape(labels, (*rows, 1))


def _settings_of(owner: str, remove_diagonal: Any, gamma: Any, margin: Any) -> dict[str, Any]:
    """The settings, checked."""
    return {
        "remove_diagonal": arguments.flag(owner, "remove_diagonal", remove_diagonal),
        "gamma": arguments.number(owner, "gamma", gamma, "(-inf, inf)"),
        "margin": arguments.number(owner, "margin", margin, "(-inf, inf)"),
    }


class Circle(Loss):
    """Circle loss: embeddings of one class come together, those of different classes apart.

    l_i = log(1 + Σ_p e^(γ (δ + d_p)(d_p - δ)) Σ_n e^(γ max(1 + δ - d_n, 0)(1 - δ - d_n))), with
    d = max(1 - y_i · y_j, 0) of the samples j of the batch of the same class (p) and of the others
    (n)

    Parameters
    ----------
    gamma : γ, the scale of the exponents.
    margin : δ, the distance at which pairs of one class weigh little; 1 - δ for the others.
    remove_diagonal : whether a sample is no pair with itself.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true (batch,) or (batch, 1), whole numbers of any size; y_pred (batch,
    features), rows of length 1: end the model with ``Dense(n)`` and ``UnitNormalization()``.

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is not whole.

    Examples
    --------
    >>> from fastnn.losses import Circle
    >>> embeddings = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
    >>> round(float(Circle(gamma=2.0)([0, 0, 1], embeddings)), 3)
    0.614

    References
    ----------
    Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR 2020.

    Notes
    -----
    As in Keras, the mean is over the samples whose loss is not 0: those with a pair of one class
    and a pair of two in the batch. The loss of a batch depends on who is in it.
    """

    sparse = True
    labels_are_outputs = False

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        found = _settings_of("Circle", remove_diagonal, gamma, margin)
        self.gamma: float = found["gamma"]
        self.margin: float = found["margin"]
        self.remove_diagonal: bool = found["remove_diagonal"]

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """One loss per sample, (batch, 1)."""
        return circle_formula(
            y_true,
            y_pred,
            remove_diagonal=self.remove_diagonal,
            gamma=self.gamma,
            margin=self.margin,
        )

    def values(self, y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor | None]:
        """The losses, and 1 where they are not 0: the others have no part in the mean."""
        found = self.call(y_true, y_pred)
        return found, binary(found, 0.0, function="greater")

    def _marks_of(self, values: Array, y_true: Any, y_pred: Any) -> Array | None:
        return np.greater(values, 0).astype(values.dtype)

    def _key(self) -> Hashable:
        """A key by settings for this class, by identity for classes derived from it."""
        if type(self) is not Circle:
            return self
        return (Circle, self.gamma, self.margin, self.remove_diagonal)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss, as plain data."""
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "margin": self.margin,
            "remove_diagonal": self.remove_diagonal,
        }
