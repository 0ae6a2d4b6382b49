"""The crossentropies: classes ``BinaryCrossentropy``, ``CategoricalCrossentropy`` and
``SparseCategoricalCrossentropy``, and their functions. The formulas are in ``formulas.py``.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.formulas import binary_formula, categorical_formula, sparse_formula
from fastnn.losses.loss import check_settings


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary crossentropy of each sample.

    l = mean over the last axis of -t log p - (1 - t) log(1 - p)

    Parameters
    ----------
    y_true, y_pred, from_logits, label_smoothing, axis : see ``BinaryCrossentropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.binary_crossentropy([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).round(3).tolist()
    [0.9160000085830688, 0.7139999866485596]
    """
    from_logits, smoothing = check_settings("binary_crossentropy", from_logits, label_smoothing)
    settings: dict[str, Any] = {
        "from_logits": from_logits,
        "label_smoothing": smoothing,
        "axis": axis,
    }
    return apply(binary_formula, "binary_crossentropy", y_true, y_pred, **settings)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Crossentropy of each sample, from one-hot targets.

    l = -Σ_j t_j log p_j

    Parameters
    ----------
    y_true, y_pred, from_logits, label_smoothing, axis : see ``CategoricalCrossentropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.categorical_crossentropy([[0, 1, 0]], [[0.05, 0.95, 0.0]]).round(4).tolist()
    [0.05130000039935112]
    """
    from_logits, smoothing = check_settings(
        "categorical_crossentropy", from_logits, label_smoothing
    )
    settings: dict[str, Any] = {
        "from_logits": from_logits,
        "label_smoothing": smoothing,
        "axis": axis,
    }
    return apply(categorical_formula, "categorical_crossentropy", y_true, y_pred, **settings)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Crossentropy of each sample, from integer labels.

    l = -log p[label]

    Parameters
    ----------
    y_true, y_pred, from_logits, ignore_class, axis : see ``SparseCategoricalCrossentropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.sparse_categorical_crossentropy([1], [[0.05, 0.95, 0.0]]).round(4).tolist()
    [0.05130000039935112]
    """
    name = "sparse_categorical_crossentropy"
    ignored = ignored_class(name, ignore_class)
    settings: dict[str, Any] = {
        "from_logits": arguments.flag(name, "from_logits", from_logits),
        "axis": axis,
        "ignore_class": ignored,
    }
    return apply(sparse_formula, name, y_true, y_pred, sparse=True, **settings)


class BinaryCrossentropy(FormulaLoss):
    """Crossentropy of yes-or-no targets.

    l = mean over the last axis of -t log p - (1 - t) log(1 - p)

    Parameters
    ----------
    from_logits : whether predictions are logits z, with p = 1 / (1 + e^(-z)). A last layer with
        activation ``"sigmoid"`` is taken apart automatically, so the loss is computed from its z
        anyway.
    label_smoothing : s in [0, 1]; targets become t (1 - s) + s / 2.
    axis : the last axis; others are not supported.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, k), or (batch,) for (batch, 1).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : if ``from_logits`` is set and the predictions come from a sigmoid or softmax.

    Examples
    --------
    >>> from fastnn.losses import BinaryCrossentropy
    >>> loss = BinaryCrossentropy(from_logits=True)
    >>> round(float(loss([[0], [1], [0], [0]], [[-18.6], [0.51], [2.94], [-12.8]])), 3)
    0.865

    References
    ----------
    Bishop, "Pattern Recognition and Machine Learning" (2006), section 4.3.2.

    Notes
    -----
    As in Keras, plain probabilities are clipped at ``config.epsilon()``. Differs from Keras: in
    training after a sigmoid the loss is exact, and not limited to 16.1.
    """

    _formula = staticmethod(binary_formula)
    _settings = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits: bool
        self.label_smoothing: float
        self.from_logits, self.label_smoothing = check_settings(
            "BinaryCrossentropy", from_logits, label_smoothing
        )
        self.axis: int = arguments.axis(type(self).__name__, axis)


class CategoricalCrossentropy(FormulaLoss):
    """Crossentropy of one-hot targets, or of any distribution over classes.

    l = -Σ_j t_j log p_j

    Parameters
    ----------
    from_logits : whether predictions are logits z, with p = softmax(z). A last layer with
        activation ``"softmax"`` is taken apart automatically, so the loss is computed from its z
        anyway.
    label_smoothing : s in [0, 1]; targets become t (1 - s) + s / classes.
    axis : the last axis; others are not supported.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : if ``from_logits`` is set and the predictions come from a softmax or sigmoid.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import losses
    >>> probabilities = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]
    >>> round(float(losses.CategoricalCrossentropy()(np.eye(3), probabilities)), 4)
    0.4243

    References
    ----------
    Bishop, "Pattern Recognition and Machine Learning" (2006), section 4.3.4.

    Notes
    -----
    As in Keras, plain probabilities are divided by their sum and clipped at ``config.epsilon()``.
    Differs from Keras: in training after a softmax the loss is exact, and not limited to 16.1.
    """

    _formula = staticmethod(categorical_formula)
    _settings = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits: bool
        self.label_smoothing: float
        self.from_logits, self.label_smoothing = check_settings(
            "CategoricalCrossentropy", from_logits, label_smoothing
        )
        self.axis: int = arguments.axis(type(self).__name__, axis)


class SparseCategoricalCrossentropy(FormulaLoss):
    """Crossentropy of integer labels.

    l = -log p[label]

    Parameters
    ----------
    from_logits : whether predictions are logits z, with p = softmax(z). A last layer with
        activation ``"softmax"`` is taken apart automatically, so the loss is computed from its z
        anyway.
    ignore_class : a label that does not count: its samples have no loss, no gradient and no part in
        the mean. It may lie outside of the classes (-1, 255).
    reduction, name, dtype : see ``Loss``.
    axis : the last axis; others are not supported.

    Shapes
    ------
    y_true (batch, …) or (batch, …, 1); y_pred (batch, …, classes).

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is negative, not whole, or not below the number of classes (Keras:
        a number).
    ArgumentError : if ``from_logits`` is set and the predictions come from a softmax or sigmoid.

    Examples
    --------
    >>> from fastnn.losses import SparseCategoricalCrossentropy
    >>> loss = SparseCategoricalCrossentropy()
    >>> round(float(loss([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])), 3)
    1.177

    References
    ----------
    Bishop, "Pattern Recognition and Machine Learning" (2006), section 4.3.4.

    Notes
    -----
    As in Keras, plain probabilities are divided by their sum and clipped at ``config.epsilon()``.
    Differs from Keras: in training after a softmax the loss is exact, and not limited to 16.1.
    """

    sparse = True
    _formula = staticmethod(sparse_formula)
    _settings = ("from_logits", "axis", "ignore_class")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        owner = "SparseCategoricalCrossentropy"
        super().__init__(name, reduction, dtype)
        self.from_logits: bool = arguments.flag(owner, "from_logits", from_logits)
        self.axis: int = arguments.axis(type(self).__name__, axis)
        self.ignore_class: int | None = ignored_class(owner, ignore_class)


def ignored_class(owner: str, value: Any) -> int | None:
    """``ignore_class``, checked."""
    return None if value is None else arguments.integer(owner, "ignore_class", value, -(2**31))
