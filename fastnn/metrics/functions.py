"""The metrics that Keras also has as functions: one value per sample, or per element."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.formula_loss import apply
from fastnn.losses.targets import match_targets
from fastnn.metrics.accuracy import (
    right_classes,
    right_decisions,
    right_labels,
    sparse_in_top_k,
    target_in_top_k,
)
from fastnn.metrics.correlation import concordance, pearson
from fastnn.ops.dispatch import float_array, is_symbolic, run, symbol


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Whether each prediction is on the side of the threshold where its target is.

    [y_true = [y_pred > threshold]]

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape; (batch,) fits (batch, 1).
    threshold : number above which a prediction counts as 1.

    Returns
    -------
    1 or 0 for each element.

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn import metrics
    >>> metrics.binary_accuracy([[1.0, 0.0]], [[0.9, 0.6]]).tolist()
    [[1.0, 0.0]]
    """
    bound = arguments.number("binary_accuracy", "threshold", threshold, "(-inf, inf)")
    if is_symbolic(y_true) or is_symbolic(y_pred):
        return right_decisions(symbol(y_true), symbol(y_pred), bound)
    p = float_array(y_pred, "binary_accuracy", "y_pred")
    t = float_array(y_true, "binary_accuracy", "y_true").astype(p.dtype, copy=False)
    if t.shape != p.shape:
        t = t.reshape(match_targets(t.shape, p.shape, "binary_accuracy"))
    return run(lambda t, p: right_decisions(t, p, bound), [t, p], ("binary_accuracy", bound))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest prediction is that of the class of a one-hot target.

    [argmax y_true = argmax y_pred]

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape (batch, …, k).

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn import metrics
    >>> p = [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]]
    >>> metrics.categorical_accuracy([[0, 0, 1], [0, 1, 0]], p).tolist()
    [0.0, 1.0]
    """
    return apply(right_classes, "categorical_accuracy", y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest prediction is that of the class of an integer label.

    [label = argmax y_pred]

    Parameters
    ----------
    y_true, y_pred : labels (batch, …), predictions (batch, …, classes); tensors or arrays.

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is not a whole number in [0, classes).

    Examples
    --------
    >>> from fastnn import metrics
    >>> p = [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]]
    >>> metrics.sparse_categorical_accuracy([2, 1], p).tolist()
    [0.0, 1.0]
    """
    return apply(right_labels, "sparse_categorical_accuracy", y_true, y_pred, sparse=True)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the class of a one-hot target is among the k largest predictions.

    [number of j with p_j > p_class < k]

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape (batch, …, k).
    k : positive integer.

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes differ.

    Examples
    --------
    >>> from fastnn import metrics
    >>> p = [[0.1, 0.9, 0.8], [0.9, 0.05, 0.06]]
    >>> metrics.top_k_categorical_accuracy([[0, 0, 1], [0, 1, 0]], p, k=2).tolist()
    [1.0, 0.0]
    """
    count = arguments.integer("top_k_categorical_accuracy", "k", k, 1)
    return apply(target_in_top_k, "top_k_categorical_accuracy", y_true, y_pred, k=count)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """Whether the class of an integer label is among the k largest predictions.

    [number of j with p_j > p_label < k]

    Parameters
    ----------
    y_true, y_pred : labels (batch, …), predictions (batch, …, classes); tensors or arrays.
    k : positive integer.
    from_sorted_ids : not supported; False.

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is not a whole number in [0, classes).

    Examples
    --------
    >>> from fastnn import metrics
    >>> p = [[0.1, 0.9, 0.8], [0.9, 0.05, 0.06]]
    >>> metrics.sparse_top_k_categorical_accuracy([2, 1], p, k=2).tolist()
    [1.0, 0.0]
    """
    arguments.unsupported(
        "sparse_top_k_categorical_accuracy", {"from_sorted_ids": (from_sorted_ids, False)}
    )
    count = arguments.integer("sparse_top_k_categorical_accuracy", "k", k, 1)
    return apply(
        sparse_in_top_k, "sparse_top_k_categorical_accuracy", y_true, y_pred, sparse=True, k=count
    )


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Correlation coefficient of the numbers of each sample.

    Σ_j (t_j - mean t)(p_j - mean p) / (k · std t · std p)

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape (batch, …, k).
    axis : the last axis; others are not supported.

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import metrics
    >>> metrics.pearson_correlation([[0.0, 1.0, 0.5]], [[0.0, 1.0, 0.5]]).round(4).tolist()
    [1.0]
    """
    return apply(pearson, "pearson_correlation", y_true, y_pred, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Concordance of the numbers of each sample.

    2 cov(t, p) / (var t + var p + (mean t - mean p)² + epsilon())

    Parameters
    ----------
    y_true, y_pred : tensors or arrays of one shape (batch, …, k).
    axis : the last axis; others are not supported.

    Returns
    -------
    One value per sample, (batch, …).

    Raises
    ------
    ShapeError : if the shapes differ.
    UnsupportedError : for any other axis.

    Examples
    --------
    >>> from fastnn import metrics
    >>> metrics.concordance_correlation([[0.0, 1.0, 0.5]], [[0.0, 0.0, 0.0]]).round(4).tolist()
    [0.0]
    """
    return apply(concordance, "concordance_correlation", y_true, y_pred, axis=axis)
