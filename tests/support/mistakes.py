"""The mistakes that users make, each as a call. The answers are in tests/test_messages.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastnn
import fastnn.saving.memory
from fastnn import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    saving,
)
from fastnn.models import Sequential
from tests.support.networks import network

X, Y = np.zeros((5, 3)), np.zeros((5, 1))
NAN, BAD_Y, WEIGHTS = X.copy(), Y.copy(), np.ones(5)
NAN[3, 1], BAD_Y[2], WEIGHTS[4] = np.nan, np.inf, -np.inf
HUGE = X.copy()
HUGE[1, 2] = -1e300


def model(**arguments: Any) -> Sequential:
    """3 → 4 → 1, compiled for regression."""
    made = network("numpy", **arguments)
    made.name = "net"
    return made


def classes(loss: Any = "sparse_categorical_crossentropy") -> Sequential:
    """Three classes."""
    return model(outputs=3, activation="softmax", loss=loss)


def unbuilt() -> Sequential:
    """A model that does not know its input."""
    made = Sequential([layers.Dense(2, name="d")], name="net")
    made.compile("sgd", "mse")
    return made


def fit(x: Any = X, y: Any = Y, made: Sequential | None = None, **arguments: Any) -> object:
    """``fit`` without output."""
    return (made or model()).fit(x, y, verbose=0, **arguments)


def images() -> Sequential:
    """Dense layers on images, as beginners stack them."""
    made = Sequential([layers.Input((4, 4)), layers.Dense(3, "softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy")
    return made


def dense(*positional: Any, **arguments: Any) -> object:
    """A Dense layer with a fixed name."""
    return layers.Dense(*positional, name="d", **arguments)


def diverging() -> object:
    """A training whose loss overflows in its third batch."""
    made = Sequential([fastnn.Input((1,)), layers.Dense(1)], seed=1, backend="numpy")
    made.compile(optimizers.SGD(0.25), "mse")
    made.set_weights([[[1e30]], [0.0]])
    x = np.array([0.0, 0.0, 1e10, 0.0])
    return made.fit(x, np.zeros(4), batch_size=1, shuffle=False, verbose=0)


MISTAKES: dict[str, Callable[[], object]] = {
    # names
    "unknown activation": lambda: dense(3, "sigmod"),
    "unknown initializer": lambda: dense(3, kernel_initializer="glorot_unifrm"),
    "unknown optimizer": lambda: model(optimizer="adamm"),
    "unknown loss": lambda: model(loss="binary_crosentropy"),
    "unknown metric": lambda: model(metrics=["acuracy"]),
    "unknown backend": lambda: Sequential(backend="cc"),
    "unknown attribute of fastnn": lambda: fastnn.Sequental,
    "unknown argument of compile": lambda: model().compile("sgd", los="mse"),
    "images without Flatten": lambda: images().fit(np.zeros((2, 4, 4)), np.zeros(2)),
    "unknown argument of a layer": lambda: layers.Dense(3, activaton="relu"),
    "unknown argument of an optimizer": lambda: optimizers.Adam(learnig_rate=0.1),
    "unknown argument of a loss": lambda: losses.MeanSquaredError(from_logits=True),
    "unknown argument of a metric": lambda: metrics.MeanIoU(num_clases=3),
    "unknown argument of a regularizer": lambda: regularizers.L2(l1=0.1),
    "unknown argument of a constraint": lambda: constraints.NonNeg(axis=0),
    "unknown argument of a schedule": lambda: optimizers.schedules.ExponentialDecay(
        0.1, 10, 0.9, stair_case=True
    ),
    "argument that L-BFGS has not": lambda: optimizers.LBFGS(clipnorm=1.0),
    "axis of a constraint": lambda: constraints.MaxNorm(axis=2)(np.ones((2, 2))),
    "bounds of a constraint": lambda: constraints.MinMaxNorm(2.0, 1.0),
    "unknown argument of Sequential": lambda: Sequential([], nme="a"),
    "unsupported argument of a layer": lambda: layers.Dense(3, lora_rank=2),
    "unknown regularizer": lambda: layers.Dense(3, kernel_regularizer="l3"),
    "unknown constraint": lambda: layers.Dense(3, kernel_constraint="max_nrom"),
    "two kinds of clipping": lambda: optimizers.SGD(clipnorm=1.0, clipvalue=0.5),
    "accumulation": lambda: optimizers.SGD(gradient_accumulation_steps=1),
    "a schedule's class": lambda: optimizers.SGD(optimizers.schedules.CosineDecay),
    "a function for a learning rate": lambda: optimizers.SGD(lambda: "fast").learning_rate,
    "learning rate of a schedule": lambda: setattr(
        optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 10)), "learning_rate", 0.2
    ),
    "boundaries": lambda: optimizers.schedules.PiecewiseConstantDecay([3, 5], [0.1, 0.2]),
    # numbers out of range
    "units": lambda: dense(0),
    "rate of dropout": lambda: layers.Dropout(1.5),
    "learning rate": lambda: optimizers.SGD(-0.1),
    "momentum": lambda: optimizers.SGD(0.1, momentum=2.0),
    "beta": lambda: optimizers.Adam(beta_1=1.0),
    "two learning rates": lambda: optimizers.SGD(learning_rate=0.1, lr=0.2),
    "dtype": lambda: dense(3, dtype="float16"),
    "seed": lambda: Sequential(seed=-1),
    "label smoothing": lambda: losses.CategoricalCrossentropy(label_smoothing=2.0),
    "reduction": lambda: losses.MeanSquaredError(reduction="meen"),
    "threads": lambda: fastnn.set_num_threads(0),
    "stddev": lambda: initializers.RandomNormal(stddev="a"),
    "name of a layer": lambda: layers.Dense(3, name="a/b"),
    # building
    "a class for a layer": lambda: Sequential([layers.Dense]),
    "no layer": lambda: Sequential(["dense"]),
    "no list of layers": lambda: Sequential(layers.Dense(3)),
    "two layers of one name": lambda: Sequential([dense(1), dense(1)], name="net"),
    "an input in the middle": lambda: model().add(fastnn.Input((3,), name="i")),
    "an input without a shape": lambda: fastnn.Input(),
    "an input of unknown size": lambda: fastnn.Input((None,), name="i"),
    "an input of size 0": lambda: fastnn.Input((0,), name="i"),
    "pop of nothing": lambda: Sequential(name="net").pop(),
    "no input shape": lambda: unbuilt().build(),
    "branches of two sizes": lambda: Sequential(
        [fastnn.Input((3,)), layers.Residual(dense(2), layers.Add(name="sum"))]
    ),
    "branches that cannot be joined": lambda: layers.Concatenate(name="c")([X, X[:3, None]]),
    "one tensor for a merging layer": lambda: Sequential(
        [fastnn.Input((3,)), layers.Add(name="s")]
    ),
    "a shape that does not fit": lambda: Sequential(
        [fastnn.Input((3,)), layers.Reshape((2, -1), name="r")]
    ),
    "inputs of too many axes": lambda: layers.RepeatVector(2, name="r")(X[:, None]),
    "weights before building": lambda: unbuilt().get_weights(),
    "kernel before building": lambda: layers.Dense(2, name="d").kernel,
    "no layers": lambda: Sequential(name="net").predict(X),
    "get_layer": lambda: model().get_layer("aa"),
    "index of a layer": lambda: model().get_layer(index=2),
    "number of weights": lambda: model().set_weights([X]),
    "shape of weights": lambda: model().set_weights([X, *model().get_weights()[1:]]),
    "two dtypes": lambda: Sequential(
        [fastnn.Input((3,)), dense(1, dtype="float32"), layers.Dense(1, dtype="float64")], "net"
    ),
    # compile
    "fit before compile": lambda: Sequential([fastnn.Input((3,))]).fit(X, Y),
    "no loss": lambda: fit(made=model(loss=None)),
    "loss weights": lambda: model(loss_weights=[1.0]),
    "metrics that are no list": lambda: model(metrics=3),
    "two losses": lambda: model(loss=["mse", "mse"]),
    "from_logits with softmax": lambda: fit(
        y=np.zeros(5), made=classes(losses.SparseCategoricalCrossentropy(from_logits=True))
    ),
    "from_logits with sigmoid": lambda: fit(
        made=model(activation="sigmoid", loss=losses.BinaryCrossentropy(from_logits=True))
    ),
    # arguments of fit and its kin
    "epochs": lambda: fit(epochs=2.5),
    "batch size": lambda: fit(batch_size=0),
    "validation split": lambda: fit(validation_split=1.0),
    "a split that leaves nothing": lambda: fit(X[:1], Y[:1], validation_split=0.5),
    "validation data": lambda: fit(validation_data=X),
    "validation_freq": lambda: fit(validation_freq=0),
    "shuffle": lambda: fit(shuffle="yes"),
    "verbose": lambda: model().fit(X, Y, verbose=3),
    "no x": lambda: fit(None),
    "no y": lambda: fit(y=None),
    "two kinds of weights": lambda: fit(sample_weight=np.ones(5), class_weight={0: 1.0}),
    "number of weights of samples": lambda: fit(sample_weight=np.ones(4)),
    "a function for a callback": lambda: fit(callbacks=[print]),
    "a class for a callback": lambda: fit(callbacks=[callbacks.History]),
    "mode of EarlyStopping": lambda: callbacks.EarlyStopping(mode="maximum"),
    "patience": lambda: callbacks.EarlyStopping(patience=-1),
    "direction not known": lambda: fit(
        epochs=2, callbacks=[callbacks.EarlyStopping("speed", mode="auto")]
    ),
    "name of a checkpoint": lambda: callbacks.ModelCheckpoint("best.weights.h5"),
    "field of a checkpoint": lambda: fit(callbacks=[callbacks.ModelCheckpoint("{acc}.fastnn")]),
    # data
    "shape of x": lambda: fit(np.zeros((5, 4))),
    "flat x": lambda: model().predict(np.zeros((5, 3, 1))),
    "one sample": lambda: model().predict(np.zeros(3)),
    "one axis for an unbuilt model": lambda: unbuilt().predict(np.zeros(3)),
    "no rows": lambda: fit(X[:0], Y[:0]),
    "rows of y": lambda: fit(y=Y[:4]),
    "columns of y": lambda: fit(y=np.zeros((5, 2))),
    "too few columns of y": lambda: fit(made=model(outputs=3)),
    "one-hot rows for labels": lambda: fit(y=np.eye(5, 3), made=classes()),
    "labels for one-hot rows": lambda: fit(y=np.zeros(5), made=classes("categorical_crossentropy")),
    "negative label": lambda: fit(y=[0, 1, -1, 0, 0], made=classes()),
    "label too large": lambda: fit(y=[0, 1, 2, 3, 0], made=classes()),
    "fractional label": lambda: fit(y=[0, 1, 2, 0.7, 0], made=classes()),
    "label of validation": lambda: fit(
        y=np.zeros(5), made=classes(), validation_data=(X, [0, 1, 2, 8, 0])
    ),
    "an id that is none": lambda: Sequential(
        [fastnn.Input((3,)), layers.Embedding(4, 2)], backend="numpy"
    ).predict(X + 4),
    "NaN in x": lambda: fit(NAN),
    "infinity in y": lambda: fit(y=BAD_Y),
    "infinity in weights": lambda: fit(sample_weight=WEIGHTS),
    "too large for float32": lambda: fit(HUGE),
    "NaN in validation data": lambda: fit(validation_data=(NAN, Y)),
    "a generator": lambda: fit(iter([X])),
    "a number": lambda: model().predict(3.0),
    "masked values": lambda: fit(np.ma.masked_array(X, mask=np.isnan(NAN))),
    "shapes of arrays in a loss": lambda: losses.MeanSquaredError()(np.zeros(3), np.zeros((3, 3))),
    "labels in a loss": lambda: losses.SparseCategoricalCrossentropy()([0, 3], np.eye(2, 3)),
    "labels in to_categorical": lambda: fastnn.utils.to_categorical([0, 3], 3),
    "shapes in a metric": lambda: metrics.MeanSquaredError().update_state([0.0], [[0.0, 1.0]]),
    "input of a layer": lambda: layers.Dense(1, name="d").build((None, None)),
    # training
    "a loss that overflows": diverging,
    "optimizer after training": lambda: setattr(model().optimizer, "learning_rate", "fast"),
    # files
    "a lambda in a file": lambda: Sequential(
        [fastnn.Input((3,)), layers.Lambda(lambda x: x, name="l")]
    ).save("m.fastnn"),
    "name of a file": lambda: model().save("m.npz"),
    "a file that is none of ours": lambda: saving.memory.model_from_bytes(b"not a model at all"),
    "no such file": lambda: fastnn.saving.load_model("missing.fastnn"),
}
