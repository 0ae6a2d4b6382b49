"""The formulas of the crossentropies, as ops on symbolic tensors.

Where predictions come straight from a softmax or sigmoid, the loss is computed from what went into
it (the logits): exact and finite, where the logarithm of a rounded probability is neither. Plain
probabilities are clipped at ``config.epsilon()`` as in Keras.
"""

from __future__ import annotations

import warnings

from fastnn import config
from fastnn.errors import ArgumentError
from fastnn.losses.targets import fit_targets
from fastnn.ops import loss as loss_ops
from fastnn.ops.dispatch import check_last_axis
from fastnn.ops.elementwise import binary, clip, equal_labels, scale, unary
from fastnn.ops.reduce import reduce_columns
from fastnn.ops.shape import one_hot
from fastnn.program.tensor import Tensor, constant


def binary_formula(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    fuse: bool = True,
) -> Tensor:
    """(…, k), (…, k) → (…, 1): the mean of -t log p - (1 - t) log(1 - p)."""
    name = "binary_crossentropy"
    check_last_axis(name, axis, y_pred.shape)
    t = smoothed(fit_targets(y_true, y_pred, name), label_smoothing, 2)
    z = logits_of(y_pred, "sigmoid", from_logits, name, fuse)
    if z is not None:
        return reduce_columns(loss_ops.sigmoid_crossentropy(z, t), "mean")
    return reduce_columns(binary_terms(t, y_pred), "mean")


def categorical_formula(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    fuse: bool = True,
) -> Tensor:
    """(…, k), (…, k) → (…, 1): -Σ t log p."""
    name = "categorical_crossentropy"
    check_last_axis(name, axis, y_pred.shape)
    warn_one_class(y_pred, name)
    t = smoothed(fit_targets(y_true, y_pred, name), label_smoothing, class_count(y_pred))
    z = logits_of(y_pred, "softmax", from_logits, name, fuse)
    if z is not None:
        return loss_ops.softmax_crossentropy(z, t)
    return _negative_dot(t, y_pred)


def sparse_formula(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
    *,
    fuse: bool = True,
) -> Tensor:
    """int32 (…, 1), (…, k) → (…, 1): -log p[label], 0 where the label is ``ignore_class``."""
    name = "sparse_categorical_crossentropy"
    check_last_axis(name, axis, y_pred.shape)
    warn_one_class(y_pred, name)
    labels = fit_targets(y_true, y_pred, name, sparse=True)
    z = logits_of(y_pred, "softmax", from_logits, name, fuse)
    if z is not None and ignore_class is None:
        return loss_ops.sparse_softmax_crossentropy(z, labels)
    t = one_hot(labels, class_count(y_pred), y_pred.dtype)
    if ignore_class is not None:
        # rows of zeros: no loss, no gradient
        t = binary(t, valid_labels(labels, ignore_class, y_pred.dtype), function="multiply")
    return _negative_dot(t, y_pred) if z is None else loss_ops.softmax_crossentropy(z, t)


def valid_labels(labels: Tensor, ignored: int, dtype: str) -> Tensor:
    """1 where a label counts, 0 where it is the one to ignore."""
    return scale(equal_labels(labels, constant(ignored, "int32"), dtype), -1.0, 1.0)


def logits_of(
    y_pred: Tensor, activation: str, from_logits: bool, name: str, fuse: bool
) -> Tensor | None:
    """The logits behind the predictions, or None if there are only probabilities.

    Raises ``ArgumentError`` if the predictions are said to be logits, but come from a softmax or
    sigmoid.
    """
    made_by = _last_activation(y_pred)
    if from_logits:
        if made_by:
            raise ArgumentError(
                f"{name}: received from_logits=True, but the last layer's activation {made_by!r} "
                "makes probabilities, not logits. Leave out from_logits=True of the loss, or "
                f"activation={made_by!r} of the layer."
            )
        return y_pred
    if fuse and made_by == activation and y_pred.node is not None:
        return y_pred.node.inputs[0]
    return None


def _last_activation(y_pred: Tensor) -> str:
    """``"softmax"`` or ``"sigmoid"`` if the tensor comes straight from one, else ``""``."""
    node = y_pred.node
    if node is None:
        return ""
    if node.op.name == "softmax_forward":
        return "softmax"
    if node.op.name == "activation_forward" and node.attributes["function"] == "sigmoid":
        return "sigmoid"
    return ""


def _negative_dot(t: Tensor, p: Tensor) -> Tensor:
    """-Σ t log p, with p as ``normalised``."""
    logarithm = unary(normalised(p), "log")
    return scale(reduce_columns(binary(t, logarithm, function="multiply"), "sum"), -1.0)


def normalised(p: Tensor) -> Tensor:
    """Class probabilities divided by their sum and clipped, as in Keras."""
    epsilon = config.epsilon()
    return clip(binary(p, reduce_columns(p, "sum"), function="divide"), epsilon, 1.0 - epsilon)


def binary_terms(t: Tensor, y_pred: Tensor) -> Tensor:
    """-t log p - (1 - t) log(1 - p), with p clipped as in Keras."""
    epsilon = config.epsilon()
    p = clip(y_pred, epsilon, 1.0 - epsilon)
    one = binary(t, unary(p, "log"), function="multiply")
    zero = binary(scale(t, -1.0, 1.0), unary(scale(p, -1.0, 1.0), "log"), function="multiply")
    return scale(binary(one, zero, function="add"), -1.0)


def smoothed(t: Tensor, label_smoothing: float, classes: int) -> Tensor:
    """t (1 - s) + s / classes."""
    return scale(t, 1.0 - label_smoothing, label_smoothing / classes) if label_smoothing else t


def class_count(y_pred: Tensor) -> int:
    """Size of the last axis, which is not the batch."""
    size = y_pred.shape[-1]
    if not isinstance(size, int):
        raise ArgumentError(
            "received predictions without an axis of classes. Pass (batch, classes)."
        )
    return size


def warn_one_class(y_pred: Tensor, name: str) -> None:
    """Warn as Keras does: with one class, the loss is 0 whatever the model says."""
    if y_pred.ndim >= 2 and y_pred.shape[-1] == 1:
        warnings.warn(
            f"{name}: received predictions with 1 class, for which the loss is always 0; expected "
            "at least 2. Use binary_crossentropy for one output.",
            SyntaxWarning,
            stacklevel=2,
        )
