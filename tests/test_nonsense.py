"""Nonsense for every argument of every public constructor, one at a time: it is taken, or refused
by an error of fastnn's own that says so; never by what Python or NumPy trip over inside.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import fastnn
from fastnn.errors import FastnnError
from tests.test_vocabulary import CLASSES, given

NONSENSE: list[Any] = [
    *(None, True, 0, -1, 2**70, 0.5, -0.5, float("nan"), float("inf"), 1j),
    *("", "x", b"x", [], [None], (0,), (-1, 2), [[1, 2], [3]], {}, {"a": 1}, {1, 2}),
    *(object(), int, len, lambda x: x, np.float32(1)),
    *(np.array(["a"]), np.array([None]), np.datetime64("2020")),
]
CALLBACKS = {
    "EarlyStopping": (), "ModelCheckpoint": ("m.fastnn",), "ReduceLROnPlateau": (),
    "LearningRateScheduler": (abs,), "CSVLogger": ("log.csv",), "TerminateOnNaN": (),
    "LambdaCallback": (), "SwapEMAWeights": (), "TrainingReport": (),
}  # fmt: skip
CONSTRUCTORS: dict[str, tuple[Any, dict[str, Any]]] = {
    **{name: (cls, given(cls)) for name, cls in CLASSES.items()},
    **{
        f"callbacks.{name}": (cls, dict(inspect.signature(cls).bind(*needed).arguments))
        for name, needed in CALLBACKS.items()
        for cls in [getattr(fastnn.callbacks, name)]
    },
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_nonsense_is_refused_by_name(name: str) -> None:
    cls, needed = CONSTRUCTORS[name]
    tripped = []
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        for value in NONSENSE:
            try:
                cls(**{**needed, parameter.name: value})
            except FastnnError:
                pass
            except Exception as error:
                tripped.append(f"{parameter.name}={value!r}: {error!r}")
    assert not tripped, "\n".join(tripped)


X = np.ones((2, 3), np.float32)
CALLS: dict[str, Any] = {
    "a float as an axis": lambda: fastnn.ops.expand_dims(X, 1.5),
    "a text as a bound": lambda: fastnn.ops.clip(X, "low", 1.0),
    "a number of repeats": lambda: fastnn.ops.tile(X, 1.5),
    "a float as a shift": lambda: fastnn.ops.roll(X, 0.5),
    "axes that are none": lambda: fastnn.ops.transpose(X, len),
    "a shape that is none": lambda: fastnn.ops.broadcast_to(X, "ab"),
    "a number of tensors": lambda: fastnn.ops.stack(3),
    "places that are none": lambda: fastnn.ops.split(X, 0.5),
    "a list as a beginning": lambda: fastnn.ops.arange([0]),
    "a float as a size": lambda: fastnn.ops.eye(1.5),
    "a text as a shape": lambda: fastnn.ops.zeros("ab"),
    "widths that are none": lambda: fastnn.ops.pad(X, [None]),
    "an optimizer's name": lambda: fastnn.optimizers.serialize("adam"),
    "a number as a configuration": lambda: fastnn.layers.deserialize(3),
    "objects in a list": lambda: fastnn.losses.deserialize("mse", ["mse"]),
    "texts as values": lambda: fastnn.metrics.Mean().update_state(["a"]),
    "a number of weights": lambda: fastnn.Sequential(
        [fastnn.Input((2,)), fastnn.layers.Dense(2)]
    ).set_weights(3),
    "an epsilon that is none": lambda: fastnn.config.set_epsilon("small"),
    "thresholds beyond memory": lambda: fastnn.metrics.AUC(num_thresholds=2**40),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nonsense_in_calls_is_refused(call: Any) -> None:
    with pytest.raises(FastnnError, match="received"):
        call()


def test_an_array_is_an_initializer() -> None:
    layer = fastnn.layers.Dense(3, kernel_initializer=2 * X.T[:2].repeat(2, 1)[:, :3])
    np.testing.assert_array_equal(layer([[1.0, 1.0]]), [[4.0, 4.0, 4.0]])
