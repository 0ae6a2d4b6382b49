"""What ``compile`` fixed: the optimizer, the loss and the metrics, and their names in logs.

Metrics given by name ("accuracy") are resolved when the shapes of targets and predictions are
known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn import losses, metrics, optimizers
from fastnn.errors import ArgumentError, UnsupportedError
from fastnn.losses import Loss
from fastnn.metrics import Metric
from fastnn.metrics.means import mean_of
from fastnn.optimizers import Optimizer
from fastnn.program.tensor import Shape
from fastnn.registration import user_objects

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Figure:
    """A quantity of the logs: which words of the state it is made of, and how.

    Attributes
    ----------
    name : in logs.
    first, count : its words.
    compute : from the words to a float or an array.
    is_mean : whether it is the first of two words divided by the second.
    initial : the words before any data; None for zeros.
    """

    name: str
    first: int
    count: int
    compute: Callable[[Array], Any]
    is_mean: bool = False
    initial: Array | None = None

    def of(self, state: Array) -> Any:
        """The quantity, out of all words."""
        return self.compute(state[self.first : self.first + self.count])


def _mean(state: Array) -> float:
    return mean_of(float(state[0]), float(state[1]))


class Compiled:
    """The arguments of ``compile``, checked.

    Attributes
    ----------
    optimizer, loss : objects; the loss may be None for a model that only predicts or evaluates
        metrics.
    metrics, weighted_metrics : as the user gave them, names or objects.
    has_loss : whether there is something to minimise: the loss, or what layers and regularizers
        add, which is known when the model has been traced.
    looked_at : whether ``fit`` has looked for mistakes between the last layer and the loss.
    """

    def __init__(self, optimizer: Any, loss: Any, metric_list: Any, weighted_list: Any) -> None:
        self.optimizer: Optimizer = optimizers.get(optimizer)
        self.loss: Loss | None = None if loss is None else _one_loss(loss)
        self.metrics: list[Any] = _flat_list(metric_list, "metrics")
        self.weighted_metrics: list[Any] = _flat_list(weighted_list, "weighted_metrics")
        self.looked_at: bool = False
        self.has_loss: bool = self.loss is not None
        self._resolved: dict[tuple[Shape, Shape], list[tuple[Metric, bool]]] = {}

    @property
    def needs_targets(self) -> bool:
        """Whether anything reads y; not where all the loss comes from ``add_loss``."""
        return self.loss is not None or bool(self.metrics or self.weighted_metrics)

    def resolve(self, target: Shape, prediction: Shape) -> list[tuple[Metric, bool]]:
        """The metric objects with whether sample weights apply to each, for these shapes."""
        key = (target, prediction)
        if key not in self._resolved:
            resolved = []
            for weighted, items in ((False, self.metrics), (True, self.weighted_metrics)):
                for item in items:
                    metric = metrics.resolve(item, target, prediction, self.loss)
                    resolved.append((metric, weighted))
            log_names(resolved)
            self._resolved[key] = resolved
        return self._resolved[key]

    def figures(self, target: Shape, prediction: Shape) -> list[Figure]:
        """The quantities that are logged, the loss first, and where their state lies."""
        found = [Figure("loss", 0, 2, _mean, True)] if self.has_loss else []
        first = 2  # the loss's words stay free without a loss
        resolved = self.resolve(target, prediction)
        for name, (metric, _) in zip(log_names(resolved), resolved, strict=True):
            count = metric.words(prediction)
            is_mean = type(metric).compute is metrics.Mean.compute
            initial = metric.initial(prediction)
            kept = initial if initial.any() else None
            found.append(Figure(name, first, count, metric.compute, is_mean, kept))
            first += count
        return found

    def log_names(self, target: Shape, prediction: Shape) -> list[str]:
        """The names of the resolved metrics as logs use them."""
        return log_names(self.resolve(target, prediction))

    def metric_names(self) -> list[str]:
        """The names of the metrics as logs use them, for the last resolved shapes or as given."""
        for resolved in self._resolved.values():
            return log_names(resolved)
        return [
            item
            if isinstance(item, str)
            else getattr(item, "name", getattr(item, "__name__", "metric"))
            for item in (*self.metrics, *self.weighted_metrics)
        ]

    def get_config(self) -> dict[str, Any]:
        """Plain data from which ``from_config`` makes an equal object."""
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": None if self.loss is None else losses.serialize(self.loss),
            "metrics": [_serialize_metric(item) for item in self.metrics],
            "weighted_metrics": [_serialize_metric(item) for item in self.weighted_metrics],
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Compiled:
        """The object that ``get_config`` described."""
        loss = config.get("loss")
        return cls(
            optimizers.deserialize(config["optimizer"], custom_objects),
            None if loss is None else losses.deserialize(loss, custom_objects),
            [_deserialize_metric(item, custom_objects) for item in config.get("metrics") or []],
            [
                _deserialize_metric(item, custom_objects)
                for item in config.get("weighted_metrics") or []
            ],
        )


def _one_loss(loss: Any) -> Loss:
    """The loss of a model with one output."""
    if isinstance(loss, (list, tuple, dict)):
        if len(loss) == 1 and not isinstance(loss, dict):
            return losses.get(loss[0])
        raise UnsupportedError(
            f"loss is a {type(loss).__name__} of {len(loss)} items, but a Sequential model has one "
            "output. Pass one loss."
        )
    return losses.get(loss)


def _flat_list(items: Any, what: str) -> list[Any]:
    """Metrics as a flat list."""
    if items is None:
        return []
    if isinstance(items, dict):
        raise UnsupportedError(
            f"{what} is a dict, which names the outputs of a model with several. A Sequential "
            "model has one: pass a list, for example metrics=['accuracy']."
        )
    if not isinstance(items, (list, tuple)):
        raise ArgumentError(f"{what} must be a list, for example ['accuracy']; received {items!r}.")
    flat: list[Any] = []
    for item in items:
        flat.extend(_flat_list(item, what) if isinstance(item, (list, tuple)) else [item])
    for item in flat:
        if isinstance(item, str):
            metrics.check_name(item)
        elif not isinstance(item, Metric) and not callable(item):
            raise ArgumentError(
                f"{what} holds {item!r}. Expected names such as 'accuracy', Metric objects or "
                "functions."
            )
    return flat


def log_names(resolved: Sequence[tuple[Metric, bool]]) -> list[str]:
    """The names of resolved metrics in logs, as in Keras ``weighted_accuracy`` beside ``accuracy``.

    Further metrics of one name are numbered: ``auc``, ``auc_1``. (Keras counts those that were
    given no name through the whole process.)
    """
    names = ["loss"]
    for metric, weighted in resolved:
        name = f"weighted_{metric.name}" if weighted and metric.name in names else metric.name
        if name in names:
            counted = (f"{name}_{number}" for number in itertools.count(1))
            name = next(candidate for candidate in counted if candidate not in names)
        names.append(name)
    return names[1:]


def _serialize_metric(item: Any) -> Any:
    return item if isinstance(item, str) else metrics.serialize(item)


def _deserialize_metric(item: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    if isinstance(item, str) and item not in user_objects(custom_objects):
        return item
    return metrics.deserialize(item, custom_objects)
