"""Every public class of layers, losses, metrics, optimizers, schedules, regularizers, constraints
and initializers: an argument that it does not have is refused with a list of those it has, and so
is a value that no argument can have, by name; what it was made with comes back from its
configuration.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pytest

from fastnn import layers
from fastnn.errors import FastnnError

NAMESPACES = (
    *("layers", "losses", "metrics", "optimizers", "optimizers.schedules", "regularizers"),
    *("constraints", "initializers"),
)


def _first(y_true: Any, y_pred: Any) -> Any:
    return y_pred


# What classes cannot do without
NEEDED: dict[str, tuple[Any, ...]] = {
    "InputLayer": ((3,),), "Dense": (3,), "Activation": ("relu",), "Dropout": (0.5,),
    "Embedding": (4, 2), "Lambda": (abs,), "Reshape": ((2,),), "Permute": ((2, 1),),
    "RepeatVector": (2,), "Rescaling": (0.5,), "GaussianNoise": (0.1,), "GaussianDropout": (0.1,),
    "AlphaDropout": (0.1,), "CategoryEncoding": (4,), "Discretization": ([0.0, 1.0],),
    "Wrapper": (layers.Flatten(),), "TimeDistributed": (layers.Flatten(),),
    "SpectralNormalization": (layers.Dense(1),), "Dot": (1,), "Residual": ([layers.Flatten()],),
    "Parallel": ([layers.Flatten(), layers.Flatten()],),
    "LossFunctionWrapper": (_first,), "MeanMetricWrapper": (_first,),
    "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
    "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,), "MeanIoU": (3,), "IoU": (3, [0]),
    "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,),
    "ExponentialDecay": (0.1, 10, 0.5), "PiecewiseConstantDecay": ([1], [0.1, 0.2]),
    "PolynomialDecay": (0.1, 10), "InverseTimeDecay": (0.1, 10, 0.5), "CosineDecay": (0.1, 10),
    "CosineDecayRestarts": (0.1, 10), "Optimizer": (0.1,),
}  # fmt: skip
# Not made by users: base classes, and values that classes hand out
ABSTRACT = {"Merge", "MetricVariable", "LearningRateSchedule", "InputSpec"}
# Whatever else is given goes to the function
OPEN = {"LossFunctionWrapper", "MeanMetricWrapper"}


def classes() -> dict[str, type]:
    """By namespace and name, each class once."""
    found: dict[str, type] = {}
    for namespace in NAMESPACES:
        module = importlib.import_module(f"fastnn.{namespace}")
        for name in module.__all__:
            item = getattr(module, name)
            if inspect.isclass(item) and item.__name__ == name and name not in ABSTRACT:
                found[f"{namespace}.{name}"] = item
    return found


CLASSES = classes()


class Odd:
    """What no argument can be."""

    def __repr__(self) -> str:
        return "<odd>"


def given(cls: type) -> dict[str, Any]:
    """The arguments that a class needs, by name."""
    return dict(inspect.signature(cls).bind(*NEEDED.get(cls.__name__, ())).arguments)


def test_the_classes_are_found() -> None:
    assert len(CLASSES) > 150, len(CLASSES)
    for cls in CLASSES.values():
        cls(**given(cls))


@pytest.mark.parametrize("name", [name for name in CLASSES if name.split(".")[-1] not in OPEN])
def test_unknown_arguments_list_the_known_ones(name: str) -> None:
    cls = CLASSES[name]
    known = [
        parameter.name
        for parameter in inspect.signature(cls).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    with pytest.raises(FastnnError, match="nonsense") as caught:
        cls(**given(cls), nonsense=1)
    assert all(argument in str(caught.value) for argument in known)


@pytest.mark.parametrize("name", CLASSES)
def test_a_value_that_no_argument_can_have_is_refused(name: str) -> None:
    cls = CLASSES[name]
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        with pytest.raises(FastnnError) as caught:
            cls(**{**given(cls), parameter.name: Odd()})
        said = str(caught.value)
        kind = parameter.name.rpartition("_")[2]  # kernel_regularizer: "as a regularizer"
        assert any(word in said for word in (parameter.name, kind, "input_shape")), said


def plain(value: Any) -> Any:
    """Arrays as lists, so that configurations can be compared."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("name", [n for n in CLASSES if n.split(".")[-1] not in {*OPEN, "Lambda"}])
def test_configurations_come_back(name: str) -> None:
    cls = CLASSES[name]
    made = cls(**given(cls))
    if type(made).__name__ in ("Loss", "Metric", "Layer", "Optimizer", "Regularizer", "Constraint"):
        return  # what a subclass adds is not there
    config = made.get_config()
    again = cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)
    assert type(again) is cls
    assert plain(again.get_config()) == plain(config)
