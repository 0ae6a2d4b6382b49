"""From names, functions, configurations and objects to metrics, as ``compile`` takes them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, overload

from fastnn import losses
from fastnn.errors import ArgumentError
from fastnn.layers.layer import snake_case
from fastnn.losses import Loss
from fastnn.metrics import functions
from fastnn.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from fastnn.metrics.auc import (
    AUC,
)
from fastnn.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from fastnn.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
)
from fastnn.metrics.crossentropy_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from fastnn.metrics.f_score import (
    F1Score,
    FBetaScore,
)
from fastnn.metrics.formula_metrics import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SquaredHinge,
)
from fastnn.metrics.iou import (
    BinaryIoU,
    IoU,
    MeanIoU,
    OneHotIoU,
    OneHotMeanIoU,
)
from fastnn.metrics.means import (
    Mean,
    MeanMetricWrapper,
    Sum,
)
from fastnn.metrics.metric import Metric
from fastnn.metrics.operating_points import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from fastnn.metrics.r2_score import (
    R2Score,
)
from fastnn.registry import Registry, checked_config, unknown_name

_CLASSES: tuple[type[Metric], ...] = (
    Mean,
    Sum,
    MeanSquaredError,
    RootMeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    LogCoshError,
    CosineSimilarity,
    R2Score,
    PearsonCorrelation,
    ConcordanceCorrelation,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    KLDivergence,
    Poisson,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    TruePositives,
    FalsePositives,
    TrueNegatives,
    FalseNegatives,
    Precision,
    Recall,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    PrecisionAtRecall,
    RecallAtPrecision,
    AUC,
    F1Score,
    FBetaScore,
    IoU,
    BinaryIoU,
    MeanIoU,
    OneHotIoU,
    OneHotMeanIoU,
)
# each function with the class of its mean
_FUNCTIONS: dict[Any, type[Metric]] = {
    losses.mean_squared_error: MeanSquaredError,
    losses.mean_absolute_error: MeanAbsoluteError,
    losses.mean_absolute_percentage_error: MeanAbsolutePercentageError,
    losses.mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    losses.log_cosh: LogCoshError,
    losses.binary_crossentropy: BinaryCrossentropy,
    losses.categorical_crossentropy: CategoricalCrossentropy,
    losses.sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    losses.kl_divergence: KLDivergence,
    losses.poisson: Poisson,
    losses.hinge: Hinge,
    losses.squared_hinge: SquaredHinge,
    losses.categorical_hinge: CategoricalHinge,
    functions.binary_accuracy: BinaryAccuracy,
    functions.categorical_accuracy: CategoricalAccuracy,
    functions.sparse_categorical_accuracy: SparseCategoricalAccuracy,
    functions.top_k_categorical_accuracy: TopKCategoricalAccuracy,
    functions.sparse_top_k_categorical_accuracy: SparseTopKCategoricalAccuracy,
    functions.pearson_correlation: PearsonCorrelation,
    functions.concordance_correlation: ConcordanceCorrelation,
}
# functions of fastnn that files may name
_OWN_FUNCTIONS = (*_FUNCTIONS, losses.huber, losses.cosine_similarity)
_SHORT = {
    "bce": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}
REGISTRY: Registry[Metric] = Registry(
    "metric",
    {cls.__name__: cls for cls in _CLASSES},
    {
        **{snake_case(cls.__name__): cls.__name__ for cls in _CLASSES},
        **_SHORT,
        **{name.upper(): cls for name, cls in _SHORT.items()},
    },
)
# What these names mean follows from the shapes of targets and predictions: binary, one-hot, labels.
_BY_SHAPE: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
    "accuracy": (BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
    "acc": (BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
    "crossentropy": (BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
    "ce": (BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
}
_OF_LOSS: dict[type[Loss], type[Metric]] = {
    losses.MeanSquaredError: MeanSquaredError,
    losses.BinaryCrossentropy: BinaryCrossentropy,
    losses.CategoricalCrossentropy: CategoricalCrossentropy,
    losses.SparseCategoricalCrossentropy: SparseCategoricalCrossentropy,
}


def check_name(name: str, custom_objects: Mapping[str, Any] | None = None) -> None:
    """Raise ``ArgumentError`` if ``compile`` does not know a metric of that name."""
    known = {**REGISTRY.classes, **REGISTRY.aliases, **_BY_SHAPE, **(custom_objects or {})}
    if name not in known and name.lower() not in _BY_SHAPE:
        raise unknown_name("metric", name, known)


@overload
def get(identifier: None, custom_objects: Mapping[str, Any] | None = None) -> None: ...
@overload
def get(identifier: object, custom_objects: Mapping[str, Any] | None = None) -> Metric: ...
def get(identifier: object, custom_objects: Mapping[str, Any] | None = None) -> Metric | None:
    """The metric that a name, a function, a configuration or an object stands for; None for None.

    Parameters
    ----------
    identifier : a name (``"mse"``, ``"BinaryAccuracy"``), a function f(y_true, y_pred) written in
        ``fastnn.ops``, a ``Metric`` object or class, a ``Loss``, or
        ``{"class_name": ..., "config": ...}``.
    custom_objects : classes and functions of the caller, by name.

    Returns
    -------
    A ``Metric``. Differs from Keras, where a function stays a function.

    Raises
    ------
    ArgumentError : for an unknown name (the message lists the known ones) or any other object.

    Examples
    --------
    >>> get("mse").name
    'mean_squared_error'
    """
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        return get(REGISTRY.find(identifier, custom_objects))
    if isinstance(identifier, Mapping):
        return deserialize(identifier, custom_objects)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return _made(identifier)
    if isinstance(identifier, Loss):
        return _from_loss(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        cls = _FUNCTIONS.get(identifier)
        return MeanMetricWrapper(identifier) if cls is None else cls()
    raise ArgumentError(
        f"received {identifier!r} as a metric, expected a name, a Metric object or a function of "
        "(y_true, y_pred). Pass 'accuracy' or fastnn.metrics.BinaryAccuracy(), for example."
    )


def _made(cls: type[Metric]) -> Metric:
    """A metric of a class, which must need no arguments."""
    needed = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if needed:
        example = ", ".join(f"{name}=..." for name in needed)
        raise ArgumentError(
            f"received the metric class {cls.__name__} by its name, but it needs arguments: "
            f"{', '.join(needed)}. Pass fastnn.metrics.{cls.__name__}({example})."
        )
    return cls()


def _from_loss(loss: Loss) -> Metric:
    """The metric that reports a loss."""
    cls = _OF_LOSS.get(type(loss))
    if cls is not None:
        return cls(**{k: v for k, v in loss.get_config().items() if k not in _NOT_OF_METRICS[cls]})
    metric = MeanMetricWrapper(loss.call, name=loss.name)
    metric.sparse = loss.sparse
    metric.checks_targets = loss.checks_targets
    return metric


_NOT_OF_METRICS: dict[type[Metric], tuple[str, ...]] = {
    MeanSquaredError: ("reduction",),
    BinaryCrossentropy: ("reduction", "axis"),
    CategoricalCrossentropy: ("reduction",),
    SparseCategoricalCrossentropy: ("reduction",),
}


def resolve(
    identifier: Any,
    y_shape: Sequence[Any] | None,
    pred_shape: Sequence[Any],
    loss: Loss | None = None,
) -> Metric:
    """The metric that an item of ``metrics=[...]`` means for given shapes, under the name that logs
    use.

    ``"accuracy"`` and ``"acc"`` become ``BinaryAccuracy`` for predictions (batch, 1), else
    ``SparseCategoricalAccuracy`` for targets with fewer axes or a last axis of 1, else
    ``CategoricalAccuracy``, as Keras decides. ``"crossentropy"`` and ``"ce"`` likewise, which only
    tf.keras 2 knew.

    Parameters
    ----------
    identifier : a name, a function, a ``Metric`` or its configuration.
    y_shape : shape of the targets with the batch in front, as the user passed them; None if
        unknown.
    pred_shape : shape of the predictions, likewise.
    loss : the compiled loss; whether it is sparse decides where ``y_shape`` is unknown.

    Raises
    ------
    ArgumentError : for an unknown name or any other object.

    Examples
    --------
    >>> resolve("acc", (None,), (None, 10))
    <SparseCategoricalAccuracy name=acc>
    """
    if isinstance(identifier, str):
        classes = _BY_SHAPE.get(identifier.lower())
        if classes is not None:
            binary, categorical, sparse = classes
            if pred_shape[-1] == 1:
                cls = binary
            elif _is_sparse(y_shape, pred_shape, loss):
                cls = sparse
            else:
                cls = categorical
            return cls(name=identifier)
        check_name(identifier)
    if identifier is None:
        raise ArgumentError(
            "received None as a metric, expected a name, a Metric object or a function. Leave it "
            "out."
        )
    metric: Metric = get(identifier)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _is_sparse(y_shape: Sequence[Any] | None, pred_shape: Sequence[Any], loss: Loss | None) -> bool:
    """Whether targets are integer labels of several classes."""
    if y_shape is None:
        return loss is not None and loss.sparse
    return len(y_shape) < len(pred_shape) or y_shape[-1] == 1


def serialize(metric: Any) -> dict[str, Any]:
    """The metric as ``{"class_name": ..., "config": ...}``; a function by its name inside.

    Raises
    ------
    ArgumentError : for a function without a name (a lambda).

    Examples
    --------
    >>> serialize(BinaryAccuracy())["config"]["threshold"]
    0.5
    """
    made: Metric | None = get(metric)
    if made is None:
        raise ArgumentError("received None as a metric, expected a Metric object. Leave it out.")
    return {"class_name": type(made).__name__, "config": made.get_config()}


def deserialize(
    config: Mapping[str, Any] | str, custom_objects: Mapping[str, Any] | None = None
) -> Metric:
    """A metric from ``serialize``'s result; ``custom_objects`` adds classes and functions by name.

    Examples
    --------
    >>> deserialize(serialize(BinaryAccuracy(threshold=0.3))).threshold
    0.3
    """
    if isinstance(config, str):
        made: Metric = get(config, custom_objects)
        return made
    if checked_config("a metric", config).get("class_name") != "MeanMetricWrapper":
        return REGISTRY.deserialize(config, custom_objects)
    inner = dict(config.get("config") or {})
    name = inner.pop("fn", None)
    known = {function.__name__: function for function in _OWN_FUNCTIONS}
    known.update(custom_objects or {})
    if not isinstance(name, str) or name not in known:
        raise ArgumentError(
            f"a metric is a function {name!r} of the model's author, which is not part of the "
            f"file. Pass it: custom_objects={{{name!r}: the_function}}."
        )
    return MeanMetricWrapper(known[name], **inner)
