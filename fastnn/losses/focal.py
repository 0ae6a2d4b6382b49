"""Focal crossentropies, which weigh down what is already predicted well, and the generalised
crossentropy, which weighs down labels that seem wrong.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.formula_loss import FormulaLoss, apply
from fastnn.losses.formulas import (
    binary_terms,
    class_count,
    logits_of,
    normalised,
    smoothed,
    warn_one_class,
)
from fastnn.losses.loss import check_settings
from fastnn.losses.targets import fit_targets
from fastnn.ops import loss as loss_ops
from fastnn.ops.activation import activation_forward, log_softmax_forward
from fastnn.ops.dispatch import check_last_axis
from fastnn.ops.elementwise import binary, clip, multiply, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import one_hot
from fastnn.program.tensor import Tensor

# below this a probability counts as this: powers below 1 have no finite slope at 0
TINY = 1e-30


def binary_focal_formula(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool,
    alpha: float,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
    axis: int,
) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of (1 - p_t)^gamma times the crossentropy."""
    name = "binary_focal_crossentropy"
    check_last_axis(name, axis, y_pred.shape)
    t = smoothed(fit_targets(y_true, y_pred, name), label_smoothing, 2)
    z = logits_of(y_pred, "sigmoid", from_logits, name, True)
    if z is None:
        losses, one, zero = binary_terms(t, y_pred), scale(y_pred, -1.0, 1.0), y_pred
    else:
        losses = loss_ops.sigmoid_crossentropy(z, t)
        zero = activation_forward(z, "sigmoid")
        one = activation_forward(scale(z, -1.0), "sigmoid")  # 1 - p, exact where p is close to 1
    missed = binary(multiply(t, one), multiply(scale(t, -1.0, 1.0), zero), function="add")
    losses = multiply(losses, _raised(missed, gamma))
    if apply_class_balancing:
        losses = multiply(losses, scale(t, 2.0 * alpha - 1.0, 1.0 - alpha))
    return reduce_columns(losses, "mean")


def categorical_focal_formula(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
    axis: int,
) -> Tensor:
    """(…, k), (…, k) → (…, 1): -alpha Σ t (1 - p)^gamma log p."""
    name = "categorical_focal_crossentropy"
    check_last_axis(name, axis, y_pred.shape)
    warn_one_class(y_pred, name)
    t = smoothed(fit_targets(y_true, y_pred, name), label_smoothing, class_count(y_pred))
    z = logits_of(y_pred, "softmax", from_logits, name, True)
    if z is None:
        p = normalised(y_pred)
        logarithm, missed = unary(p, "log"), scale(p, -1.0, 1.0)
    else:
        logarithm = log_softmax_forward(z)
        missed = scale(unary(logarithm, "expm1"), -1.0)  # 1 - p, exact where p is close to 1
    terms = multiply(multiply(t, logarithm), _raised(missed, gamma))
    return scale(reduce_columns(terms, "sum"), -alpha)


def generalized_formula(y_true: Tensor, y_pred: Tensor, q: float) -> Tensor:
    """int32 (…, 1), (…, k) → (…, 1): (1 - p[label]^q) / q."""
    name = "categorical_generalized_cross_entropy"
    labels = fit_targets(y_true, y_pred, name, sparse=True)
    hot = one_hot(labels, class_count(y_pred), y_pred.dtype)
    right = reduce_columns(multiply(y_pred, hot), "sum")
    return scale(_raised(right, q), -1.0 / q, 1.0 / q)


def _raised(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x >= 0, with a slope that is finite at 0."""
    if exponent == 2.0:
        return unary(x, "square")
    if exponent == 0.0:
        return scale(x, 0.0, 1.0)
    return binary(clip(x, TINY, float("inf")), exponent, function="power")


def check_focal(owner: str, alpha: Any, gamma: Any) -> tuple[float, float]:
    """The settings of focal losses, checked."""
    return (
        arguments.number(owner, "alpha", alpha, "[0, 1]"),
        arguments.number(owner, "gamma", gamma, "[0, inf)"),
    )


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary focal crossentropy of each sample.

    l = mean over the last axis of w · (1 - p_t)^gamma · (-t log p - (1 - t) log(1 - p)),
    p_t = t p + (1 - t) (1 - p), w = alpha t + (1 - alpha) (1 - t) with class balancing, else 1

    Parameters
    ----------
    y_true, y_pred, apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis : see
        ``BinaryFocalCrossentropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> t, p = [[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]
    >>> losses.binary_focal_crossentropy(t, p).round(2).tolist()
    [0.33000001311302185, 0.20999999344348907]
    """
    from_logits, label_smoothing = check_settings(
        "binary_focal_crossentropy", from_logits, label_smoothing
    )
    alpha, gamma = check_focal("binary_focal_crossentropy", alpha, gamma)
    return apply(
        binary_focal_formula,
        "binary_focal_crossentropy",
        y_true,
        y_pred,
        apply_class_balancing=apply_class_balancing,
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )


class BinaryFocalCrossentropy(FormulaLoss):
    """Crossentropy of yes-or-no targets in which well predicted ones count little.

    l = mean over the last axis of w · (1 - p_t)^gamma · (-t log p - (1 - t) log(1 - p)),
    p_t = t p + (1 - t) (1 - p), w = alpha t + (1 - alpha) (1 - t) with class balancing, else 1

    Parameters
    ----------
    apply_class_balancing : whether to weigh the classes with alpha and 1 - alpha.
    alpha : the weight of the class 1, in [0, 1].
    gamma : how strongly well predicted targets are weighed down; 0 is the crossentropy itself.
    from_logits : whether predictions are logits z, with p = 1 / (1 + e^(-z)).
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
    >>> from fastnn.losses import BinaryFocalCrossentropy
    >>> round(float(BinaryFocalCrossentropy()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    0.2678

    References
    ----------
    Lin, Goyal, Girshick, He and Dollár, "Focal Loss for Dense Object Detection" (2017).

    Notes
    -----
    As in Keras, plain probabilities are clipped at ``config.epsilon()``. Differs from Keras: in
    training after a sigmoid the loss is computed from what went into it, and so it is from logits:
    exact and not limited.
    """

    _formula = staticmethod(binary_focal_formula)
    _settings = (
        "apply_class_balancing",
        "alpha",
        "gamma",
        "from_logits",
        "label_smoothing",
        "axis",
    )

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha: float
        self.gamma: float
        self.from_logits: bool
        self.label_smoothing: float
        self.alpha, self.gamma = check_focal("BinaryFocalCrossentropy", alpha, gamma)
        self.from_logits, self.label_smoothing = check_settings(
            "BinaryFocalCrossentropy", from_logits, label_smoothing
        )
        self.axis: int = arguments.axis(type(self).__name__, axis)
        self.apply_class_balancing: bool = arguments.flag(
            "BinaryFocalCrossentropy", "apply_class_balancing", apply_class_balancing
        )


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Categorical focal crossentropy of each sample.

    l = -Σ_j alpha · (1 - p_j)^gamma · t_j log p_j

    Parameters
    ----------
    y_true, y_pred, alpha, gamma, from_logits, label_smoothing, axis : see
        ``CategoricalFocalCrossentropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> losses.categorical_focal_crossentropy([[0, 1]], [[0.5, 0.5]]).round(4).tolist()
    [0.043299999088048935]
    """
    from_logits, label_smoothing = check_settings(
        "categorical_focal_crossentropy", from_logits, label_smoothing
    )
    alpha, gamma = check_focal("categorical_focal_crossentropy", alpha, gamma)
    return apply(
        categorical_focal_formula,
        "categorical_focal_crossentropy",
        y_true,
        y_pred,
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )


class CategoricalFocalCrossentropy(FormulaLoss):
    """Crossentropy of one-hot targets in which well predicted ones count little.

    l = -Σ_j alpha · (1 - p_j)^gamma · t_j log p_j

    Parameters
    ----------
    alpha : a factor in [0, 1], the same for all classes.
    gamma : how strongly well predicted targets are weighed down; 0 is alpha times the crossentropy.
    from_logits : whether predictions are logits z, with p = softmax(z).
    label_smoothing : s in [0, 1]; targets become t (1 - s) + s / classes.
    axis : the last axis; others are not supported.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true and y_pred (batch, …, classes).

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : if ``from_logits`` is set and the predictions come from a sigmoid or softmax.

    Examples
    --------
    >>> from fastnn.losses import CategoricalFocalCrossentropy
    >>> p = [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]
    >>> round(float(CategoricalFocalCrossentropy()([[0, 1, 0], [0, 0, 1]], p)), 4)
    0.2332

    References
    ----------
    Lin, Goyal, Girshick, He and Dollár, "Focal Loss for Dense Object Detection" (2017).

    Notes
    -----
    As in Keras, plain probabilities are clipped at ``config.epsilon()``. Differs from Keras: in
    training after a softmax the loss is computed from what went into it, and so it is from logits:
    exact and not limited.
    """

    _formula = staticmethod(categorical_focal_formula)
    _settings = ("alpha", "gamma", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha: float
        self.gamma: float
        self.from_logits: bool
        self.label_smoothing: float
        self.alpha, self.gamma = check_focal("CategoricalFocalCrossentropy", alpha, gamma)
        self.from_logits, self.label_smoothing = check_settings(
            "CategoricalFocalCrossentropy", from_logits, label_smoothing
        )
        self.axis: int = arguments.axis(type(self).__name__, axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Generalised crossentropy of each sample.

    l = (1 - p[label]^q) / q

    Parameters
    ----------
    y_true, y_pred, q : see ``CategoricalGeneralizedCrossEntropy``.

    Returns
    -------
    One value per sample, (batch, …).

    Examples
    --------
    >>> from fastnn import losses
    >>> p = [[0.81, 0.19]]
    >>> losses.categorical_generalized_cross_entropy([0], p, q=0.5).round(4).tolist()
    [0.20000000298023224]
    """
    q = arguments.number("categorical_generalized_cross_entropy", "q", q, "(0, 1)")
    return apply(
        generalized_formula,
        "categorical_generalized_cross_entropy",
        y_true,
        y_pred,
        sparse=True,
        q=q,
    )


class CategoricalGeneralizedCrossEntropy(FormulaLoss):
    """Generalised crossentropy of integer labels, which bears wrong labels.

    l = (1 - p[label]^q) / q

    Parameters
    ----------
    q : in (0, 1); towards 0 it is the crossentropy, towards 1 the mean absolute error.
    reduction, name, dtype : see ``Loss``.

    Shapes
    ------
    y_true (batch, …) or (batch, …, 1), integers; y_pred (batch, …, classes), probabilities.

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is negative, not whole, or not below the number of classes.

    Examples
    --------
    >>> from fastnn.losses import CategoricalGeneralizedCrossEntropy
    >>> round(float(CategoricalGeneralizedCrossEntropy()([0, 1], [[0.81, 0.19], [0.64, 0.36]])), 4)
    0.5

    References
    ----------
    Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels" (2018).
    """

    sparse = True
    _formula = staticmethod(generalized_formula)
    _settings = ("q",)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.q: float = arguments.number("CategoricalGeneralizedCrossEntropy", "q", q, "(0, 1)")
