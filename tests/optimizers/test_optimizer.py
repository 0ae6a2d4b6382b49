"""Optimizers as objects: arguments, learning rate, control numbers, nodes, configurations."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest

from fastnn import optimizers
from fastnn.errors import ArgumentError, StateError, UnsupportedError
from fastnn.ops.optimizer import run_tensor
from fastnn.program.variable import Variable

CLASSES = [cls for cls in optimizers.CLASSES if not cls.full_batch]


@pytest.mark.parametrize(
    ("optimizer", "config"),
    [
        (optimizers.SGD(), {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}),
        (
            optimizers.RMSprop(),
            {
                "learning_rate": 0.001,
                "rho": 0.9,
                "momentum": 0.0,
                "epsilon": 1e-7,
                "centered": False,
            },
        ),
        (
            optimizers.Adam(),
            {
                "learning_rate": 0.001,
                "beta_1": 0.9,
                "beta_2": 0.999,
                "epsilon": 1e-7,
                "amsgrad": False,
            },
        ),
        (optimizers.AdamW(), {"learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9}),
    ],
)
def test_defaults_are_those_of_keras(optimizer: Any, config: dict[str, Any]) -> None:
    found = optimizer.get_config()
    assert {name: found[name] for name in config} == config
    keras = {
        "name": found["name"],
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
    }
    assert {name: found[name] for name in keras} == keras


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("clipnorm", 1.0),
        ("clipvalue", 0.5),
        ("global_clipnorm", 1.0),
        ("use_ema", True),
        ("ema_momentum", 0.9),
        ("ema_overwrite_frequency", 10),
        ("loss_scale_factor", 2.0),
        ("gradient_accumulation_steps", 4),
    ],
)
def test_what_surrounds_the_update_is_kept_and_checked(cls: Any, argument: str, value: Any) -> None:
    default = inspect.signature(cls).parameters[argument].default
    assert getattr(cls(), argument) == default
    optimizer = cls(**{argument: value})
    assert getattr(optimizer, argument) == optimizer.get_config()[argument] == value
    assert getattr(cls.from_config(optimizer.get_config()), argument) == value
    for wrong in (-1, "much", float("nan")):
        with pytest.raises(ArgumentError, match=rf"{cls.__name__}: received {argument}="):
            cls(**{argument: wrong})


@pytest.mark.parametrize("cls", CLASSES)
def test_old_spellings(cls: Any) -> None:
    assert cls(lr=0.5).learning_rate == 0.5
    cls(decay=0.0)
    with pytest.raises(UnsupportedError, match=r"decay=1e-06.*InverseTimeDecay"):
        cls(decay=1e-6)
    with pytest.raises(ArgumentError, match="two names for one argument"):
        cls(learning_rate=0.3, lr=0.5)
    with pytest.raises(ArgumentError, match=r"unknown argument 'learningrate'.*'learning_rate'"):
        cls(learningrate=0.5)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", None, True])
def test_the_learning_rate_is_a_number_of_at_least_0(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"SGD: received learning_rate=.*\[0, inf\)"):
        optimizers.SGD(learning_rate=value)
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(ArgumentError, match="learning_rate="):
        optimizer.learning_rate = value
    assert optimizer.learning_rate == 0.1


def test_the_learning_rate_is_a_python_float() -> None:
    for value in (0, 1, np.float32(0.25), np.array(0.25)):
        optimizer = optimizers.Adam(value)  # type: ignore[arg-type]
        assert type(optimizer.learning_rate) is float
    assert optimizers.Adam(lambda: 0.5).learning_rate == 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cls", "argument", "value"),
    [
        (optimizers.SGD, "momentum", 1.0),
        (optimizers.SGD, "momentum", -0.1),
        (optimizers.SGD, "nesterov", "yes"),
        (optimizers.SGD, "weight_decay", -1.0),
        (optimizers.RMSprop, "rho", 1.0),
        (optimizers.RMSprop, "momentum", 1.5),
        (optimizers.RMSprop, "epsilon", -1e-7),
        (optimizers.RMSprop, "centered", None),
        (optimizers.Adam, "beta_1", 1.0),
        (optimizers.Adam, "beta_2", -0.5),
        (optimizers.AdamW, "epsilon", "small"),
        (optimizers.AdamW, "weight_decay", None),
        (optimizers.Adam, "amsgrad", "yes"),
        (optimizers.Lion, "beta_1", 0.0),
        (optimizers.Adagrad, "initial_accumulator_value", -0.1),
        (optimizers.Adadelta, "rho", 1.0),
        (optimizers.Adamax, "beta_2", 1.0),
        (optimizers.Nadam, "epsilon", -1.0),
        (optimizers.Ftrl, "learning_rate_power", 0.5),
        (optimizers.Ftrl, "l1_regularization_strength", -1.0),
        (optimizers.Lamb, "beta_2", 1.0),
        (optimizers.Adafactor, "clip_threshold", 0.0),
        (optimizers.Adafactor, "beta_2_decay", 0.8),
        (optimizers.Muon, "ns_steps", 0),
        (optimizers.Muon, "exclude_layers", "output"),
        (optimizers.Muon, "rms_rate", -1.0),
        (optimizers.Adam, "name", 3),
    ],
)
def test_every_number_has_its_range(cls: Any, argument: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"{cls.__name__}: received {argument}="):
        cls(**{argument: value})


def test_control_numbers() -> None:
    rows = optimizers.SGD(0.25).control(first_step=7, count=3)
    np.testing.assert_array_equal(rows, [[0.25, 0, 0]] * 3)
    rows = optimizers.Adam(0.01).control(first_step=1000, count=4)
    for row, t in zip(rows, range(1001, 1005), strict=True):
        expected = 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        np.testing.assert_allclose(row, [0.01, expected, 0.0], rtol=1e-14)
    assert rows.dtype == np.float64
    assert optimizers.Adam().control(0, 0).shape == (0, 3)


@pytest.mark.parametrize(
    ("optimizer", "op", "slots"),
    [
        (optimizers.SGD(), "sgd_step", ()),
        (optimizers.SGD(momentum=0.9), "momentum_step", ("momentum",)),
        (optimizers.RMSprop(), "rmsprop_step", ("v",)),
        (optimizers.RMSprop(momentum=0.1), "rmsprop_step", ("v", "momentum")),
        (optimizers.RMSprop(centered=True), "rmsprop_step", ("v", "average")),
        (
            optimizers.RMSprop(momentum=0.1, centered=True),
            "rmsprop_step",
            ("v", "average", "momentum"),
        ),
        (optimizers.Adam(), "adam_step", ("m", "v")),
        (optimizers.AdamW(), "adam_step", ("m", "v")),
    ],
)
def test_the_node_reads_its_slots_in_order(optimizer: Any, op: str, slots: Any) -> None:
    assert optimizer.slots() == slots
    run = [Variable(np.zeros(4))]
    tensors = {name: run_tensor(f"slot:{name}", run) for name in slots}
    w, g = run_tensor("parameters", run), run_tensor("gradients", run)
    node = optimizer.update(w, g, tensors, weight_decay=0.25)
    assert node.op.name == op
    assert node.inputs == (w, g, *tensors.values())
    assert node.attributes["weight_decay"] == 0.25


@pytest.mark.parametrize("name", ["sgd", "SGD", "Sgd", "rmsprop", "RMSprop", "adam", "AdamW"])
def test_names_in_any_case(name: str) -> None:
    optimizer = optimizers.get(name)
    assert type(optimizer).__name__.lower() == name.lower()
    assert optimizers.get(optimizer) is optimizer


def test_what_is_no_optimizer() -> None:
    with pytest.raises(ArgumentError, match=r"unknown optimizer 'adamm'. Did you mean .*'sgd'"):
        optimizers.get("adamm")
    with pytest.raises(ArgumentError, match="received 3 as an optimizer"):
        optimizers.get(3)
    assert optimizers.get(None) is None


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.5, 0.9, True, weight_decay=0.1, name="mine"),
        optimizers.RMSprop(0.5, 0.8, 0.1, 1e-5, True),
        optimizers.Adam(0.5, 0.8, 0.99, 1e-5),
        optimizers.AdamW(0.5, 0.2),
    ],
)
def test_configurations_round_trip(optimizer: Any) -> None:
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    copy = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert type(copy) is type(optimizer)
    assert copy.get_config() == optimizer.get_config()
    bias, kernel = Variable(np.zeros(2), name="bias"), Variable(np.zeros(2), name="kernel")
    assert (copy.decays(bias), copy.decays(kernel)) == (False, True)
    assert copy.decay_of(bias) == 0.0
    assert copy.decay_of(kernel) == (optimizer.weight_decay or 0.0)


def test_a_custom_class_is_passed_by_the_caller() -> None:
    class Halving(optimizers.SGD):
        def control(self, first_step: int, count: int) -> Any:
            rows = super().control(first_step, count)
            rows[:, 0] *= 0.5 ** np.arange(first_step, first_step + count)
            return rows

    data = optimizers.serialize(Halving(0.5))
    with pytest.raises(ArgumentError, match="unknown optimizer 'Halving'"):
        optimizers.deserialize(data)
    copy = optimizers.deserialize(data, {"Halving": Halving})
    assert copy.control(1, 2)[:, 0].tolist() == [0.25, 0.125]


def test_what_is_decayed_is_fixed_once_training_has_started() -> None:
    optimizer = optimizers.AdamW()
    optimizer.state = object()
    with pytest.raises(StateError, match="after training had started"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_a_subclass_without_a_rule_says_so() -> None:
    class Empty(optimizers.Optimizer):
        pass

    optimizer = Empty(0.1)
    run = [Variable(np.zeros(4))]
    with pytest.raises(ArgumentError, match=r"'Empty' does not define update"):
        optimizer.update(
            run_tensor("parameters", run), run_tensor("gradients", run), {}, weight_decay=0
        )
