"""The network that ``fastnn train`` makes for a data set: scaled inputs, hidden Dense layers, and
an output for its classes or numbers. The scaling is a layer, so that the saved model takes the data
as they are.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.errors import DataError

if TYPE_CHECKING:
    from fastnn.datasets import Dataset
    from fastnn.layers import Layer
    from fastnn.models import Sequential


def make_network(args: argparse.Namespace, data: Dataset, seed: int) -> Sequential:
    """The compiled model for a data set and the options of ``fastnn train``."""
    from fastnn import layers, optimizers
    from fastnn.models import Sequential

    shape = data.x_train.shape[1:]
    if not shape:
        raise DataError(
            f"{data.name}: x has shape {data.x_train.shape}, one number per sample without a "
            f"second axis. Expected (samples, features): save x.reshape(-1, 1)."
        )
    stack: list[Layer] = [layers.Input(shape=shape)]
    stack += [layers.Rescaling(*factors) for factors in scaling(data)]
    stack += [layers.Flatten()] if len(shape) > 1 else []
    for units in args.hidden:
        stack.append(layers.Dense(units, activation=args.activation))
        stack += [layers.Dropout(args.dropout)] if args.dropout else []
    classes = len(data.class_names)
    if classes:
        stack.append(layers.Dense(classes, activation="softmax"))
    else:
        stack.append(layers.Dense(int(np.prod(data.y_train.shape[1:], dtype=int))))
    model = Sequential(stack, seed=seed, dtype=args.dtype)
    optimizer: Any = optimizers.get(args.optimizer)
    if args.learning_rate is not None:
        optimizer.learning_rate = args.learning_rate
    if classes:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        model.compile(optimizer, "mean_squared_error")
    return model


def scaling(data: Dataset) -> list[tuple[Any, Any]]:
    """Scale and offset that bring the inputs to a size that trains well; empty if they have it.

    Known ranges (bytes, the digits) go to 0..1. Otherwise columns of numbers get mean 0 and
    standard deviation 1 over the training rows, unless all lie in 0..1 already; so do images, as a
    whole.
    """
    x = data.x_train
    if data.scale != 1.0:
        return [(1.0 / data.scale, 0.0)]
    if x.min() >= 0 and x.max() <= 1:
        return []
    axes = 0 if x.ndim == 2 else None
    mean = x.mean(axis=axes, dtype=np.float64)
    deviation = x.std(axis=axes, dtype=np.float64)
    factor = 1.0 / np.where(deviation > 0, deviation, 1.0)
    return [(factor.tolist(), (-mean * factor).tolist())]


def has_own_names(data: Dataset) -> bool:
    """Whether the classes of a data set have other names than their numbers."""
    return data.class_names != tuple(map(str, range(len(data.class_names))))


def describe_network(model: Sequential) -> str:
    """``784-128-64-10``: the features, then the units of each Dense layer."""
    from fastnn.layers import Dense

    features = int(np.prod(model.sample_shape, dtype=int))
    units = [layer.units for layer in model.layers if isinstance(layer, Dense)]
    return "-".join(str(size) for size in (features, *units))
