"""Cases of everything round an optimizer's update: schedules, clipping, accumulation, averages of
weights, regularizers, constraints, and these together. A case is a function of a library with
Keras's API, so that ``make_steps.py`` runs it in Keras and ``test_golden_steps.py`` in fastnn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Maker = Callable[[Any], Any]

ROWS, FEATURES, HIDDEN, OUTPUTS = 23, 5, 7, 3


def data() -> tuple[Array, Array]:
    """Inputs and targets."""
    rng = np.random.default_rng([20240229, 40])
    return rng.normal(size=(ROWS, FEATURES)), rng.normal(size=(ROWS, OUTPUTS))


def initial_weights() -> list[Array]:
    """Kernel, bias, kernel, bias."""
    rng = np.random.default_rng([20240229, 41])
    shapes = [(FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, OUTPUTS), (OUTPUTS,)]
    return [rng.normal(0.0, 0.6, shape) for shape in shapes]


@dataclass(frozen=True)
class StepCase:
    """A model, trained for a few epochs without shuffling.

    Attributes
    ----------
    optimizer : makes the optimizer.
    first, second : make the arguments of the two Dense layers.
    between : makes a layer between them, if any.
    batch : 6 leaves a partial batch of 5 at the end of each epoch.
    """

    optimizer: Maker
    first: Maker = field(default=lambda k: {})
    second: Maker = field(default=lambda k: {})
    between: Maker | None = None
    batch: int = 6
    epochs: int = 4


def custom_schedule(k: Any) -> Any:
    """A schedule of the user's own, written with Python's arithmetic."""

    class Warm(k.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc,name-defined]
        def __init__(self, top: float) -> None:
            self.top = top

        def __call__(self, step: Any) -> Any:
            return self.top * (step + 1) / (step + 4)

        def get_config(self) -> dict[str, Any]:
            return {"top": self.top}

    return Warm(0.2)


SCHEDULES: dict[str, Maker] = {
    "exponential": lambda k: k.ExponentialDecay(0.2, 5, 0.5),
    "exponential staircase": lambda k: k.ExponentialDecay(0.2, 5, 0.5, staircase=True),
    "inverse time": lambda k: k.InverseTimeDecay(0.2, 3, 0.7),
    "inverse time staircase": lambda k: k.InverseTimeDecay(0.2, 3, 0.7, staircase=True),
    "piecewise": lambda k: k.PiecewiseConstantDecay([3, 7, 11], [0.2, 0.1, 0.05, 0.01]),
    "one boundary": lambda k: k.PiecewiseConstantDecay([6], [0.2, 0.02]),
    "polynomial": lambda k: k.PolynomialDecay(0.2, 10, 0.01, power=2.0),
    "polynomial cycle": lambda k: k.PolynomialDecay(0.2, 5, 0.01, power=0.5, cycle=True),
    "cosine": lambda k: k.CosineDecay(0.2, 12, alpha=0.1),
    "cosine warm-up": lambda k: k.CosineDecay(0.01, 9, warmup_target=0.2, warmup_steps=4),
    "restarts": lambda k: k.CosineDecayRestarts(0.2, 3.3, t_mul=1.5, m_mul=0.8, alpha=0.05),
    "restarts equal": lambda k: k.CosineDecayRestarts(0.2, 4.3, t_mul=1.0, m_mul=0.9),
}


def _sgd(**options: Any) -> Maker:
    return lambda k: k.optimizers.SGD(**{"learning_rate": 0.1, "momentum": 0.8, **options})


def _adam(**options: Any) -> Maker:
    return lambda k: k.optimizers.Adam(**{"learning_rate": 0.05, **options})


def _rmsprop(**options: Any) -> Maker:
    return lambda k: k.optimizers.RMSprop(**{"learning_rate": 0.02, **options})


def _scheduled(name: str, kind: str) -> Maker:
    return lambda k: getattr(k.optimizers, kind)(SCHEDULES[name](k.optimizers.schedules))


def _excluding(k: Any) -> Any:
    optimizer = k.optimizers.AdamW(0.05, weight_decay=0.1, global_clipnorm=0.6)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def squares(k: Any) -> Callable[[Any], Any]:
    """A regularizer that is a function."""
    return lambda w: 0.05 * k.ops.sum(k.ops.square(w))


def capped(k: Any) -> Callable[[Any], Any]:
    """A constraint that is a function."""
    return lambda w: k.ops.minimum(w, 0.3)


def adding(k: Any) -> Any:
    """A layer that adds to the loss."""

    class Adding(k.layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, input_shape: Any) -> None:
            self.gain = self.add_weight(shape=(HIDDEN,), initializer="ones", regularizer="l2")
            self.built = True

        def call(self, inputs: Any) -> Any:
            self.add_loss(0.1 * k.ops.sum(k.ops.square(self.gain)))
            return inputs * self.gain

    return Adding()


_PROCESSING: dict[str, dict[str, Any]] = {
    "clipnorm": {"clipnorm": 0.25},
    "clipvalue": {"clipvalue": 0.08},
    "global_clipnorm": {"global_clipnorm": 0.6},
    "weight_decay": {"weight_decay": 0.1},
    "ema": {"use_ema": True, "ema_momentum": 0.7},
    "ema overwrites": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    "accumulate 2": {"gradient_accumulation_steps": 2},
    "accumulate 3": {"gradient_accumulation_steps": 3},
    "loss scale": {"loss_scale_factor": 8.0},
}
_TOGETHER = {
    "gradient_accumulation_steps": 2,
    "clipnorm": 0.3,
    "weight_decay": 0.05,
    "use_ema": True,
    "ema_momentum": 0.6,
    "ema_overwrite_frequency": 2,
}
_REGULARIZERS: dict[str, Maker] = {
    "l1": lambda k: k.regularizers.L1(0.02),
    "l2": lambda k: k.regularizers.L2(0.05),
    "l1l2": lambda k: k.regularizers.L1L2(0.02, 0.03),
    "name": lambda k: "l2",
    "function": squares,
}
_CONSTRAINTS: dict[str, Maker] = {
    "max_norm": lambda k: k.constraints.MaxNorm(0.8),
    "max_norm axis 1": lambda k: k.constraints.MaxNorm(0.8, axis=1),
    "non_neg": lambda k: "non_neg",
    "unit_norm": lambda k: k.constraints.UnitNorm(),
    "min_max_norm": lambda k: k.constraints.MinMaxNorm(0.5, 0.9, rate=0.4),
    "function": capped,
}

_NORMALIZATIONS: dict[str, dict[str, int]] = {
    "BatchNormalization": {},
    "LayerNormalization": {},
    "GroupNormalization": {"groups": 1},
}

CASES: dict[str, StepCase] = {
    **{f"SGD {name}": StepCase(_scheduled(name, "SGD")) for name in SCHEDULES},
    "Adam cosine warm-up": StepCase(_scheduled("cosine warm-up", "Adam")),
    "custom schedule": StepCase(lambda k: k.optimizers.SGD(custom_schedule(k))),
    **{f"SGD {name}": StepCase(_sgd(**options)) for name, options in _PROCESSING.items()},
    **{f"Adam {name}": StepCase(_adam(**options)) for name, options in _PROCESSING.items()},
    "RMSprop clipnorm": StepCase(_rmsprop(clipnorm=0.25)),
    "AdamW excluding": StepCase(_excluding),
    "Adam together": StepCase(_adam(**_TOGETHER)),
    "SGD together": StepCase(_sgd(**_TOGETHER)),
    "Adam accumulate schedule": StepCase(
        lambda k: k.optimizers.Adam(
            k.optimizers.schedules.ExponentialDecay(0.1, 4, 0.6), gradient_accumulation_steps=3
        )
    ),
    **{
        f"kernel regularizer {name}": StepCase(
            _adam(), lambda k, make=make: {"kernel_regularizer": make(k)}
        )
        for name, make in _REGULARIZERS.items()
    },
    "bias regularizer": StepCase(
        _sgd(), lambda k: {"bias_regularizer": k.regularizers.L1L2(0.1, 0.1)}
    ),
    **{
        f"kernel regularizer orthogonal {mode}": StepCase(
            _sgd(),
            lambda k, mode=mode: {
                "kernel_regularizer": k.regularizers.OrthogonalRegularizer(1.0, mode)
            },
        )
        for mode in ("rows", "columns")
    },
    **{
        f"activity regularizer {name}": StepCase(
            _adam(), lambda k, make=make: {"activity_regularizer": make(k)}
        )
        for name, make in _REGULARIZERS.items()
        if name != "function"  # of a batch
    },
    "activity regularization layer": StepCase(
        _sgd(), between=lambda k: k.layers.ActivityRegularization(l1=0.02, l2=0.1)
    ),
    **{
        f"factors of {kind}": StepCase(
            _sgd(),
            between=lambda k, kind=kind, groups=groups: getattr(k.layers, kind)(
                gamma_regularizer="l2",
                beta_regularizer=k.regularizers.L1L2(0.0, 0.1),
                gamma_constraint=k.constraints.MaxNorm(1.5),
                beta_constraint="non_neg",
                **groups,
            ),
        )
        for kind, groups in _NORMALIZATIONS.items()
    },
    "slopes": StepCase(
        _adam(),
        between=lambda k: k.layers.PReLU(
            alpha_initializer="ones",
            alpha_regularizer=k.regularizers.L2(0.2),
            alpha_constraint=k.constraints.MaxNorm(0.9),
        ),
    ),
    "add_loss": StepCase(_adam(), between=adding),
    **{
        f"kernel constraint {name}": StepCase(
            _adam(), lambda k, make=make: {"kernel_constraint": make(k)}
        )
        for name, make in _CONSTRAINTS.items()
    },
    "bias constraint": StepCase(_sgd(), lambda k: {"bias_constraint": k.constraints.MaxNorm(0.3)}),
    **{
        f"everything, batch {batch}": StepCase(
            _adam(**_TOGETHER),
            lambda k: {
                "kernel_regularizer": k.regularizers.L1L2(0.01, 0.02),
                "activity_regularizer": "l2",
                "kernel_constraint": k.constraints.MaxNorm(1.0),
            },
            # not l1: at the zeros of non_neg, JAX says that the slope of |x| is 1, TensorFlow 0
            lambda k: {"bias_regularizer": "l2", "bias_constraint": "non_neg"},
            batch=batch,
            epochs=1 if batch == 1 else 12 if batch == ROWS else 4,
        )
        for batch in (1, 6, ROWS)
    },
}


def model_of(k: Any, case: StepCase, **options: Any) -> Any:
    """The compiled model with its initial weights."""
    between = [] if case.between is None else [case.between(k)]
    model = k.Sequential(
        [
            k.Input(shape=(FEATURES,)),
            k.layers.Dense(HIDDEN, activation="tanh", **case.first(k)),
            *between,
            k.layers.Dense(OUTPUTS, **case.second(k)),
        ],
        **options,
    )
    kernel, bias, *rest = initial_weights()
    own = model.layers[1].get_weights() if between else []
    model.set_weights([kernel, bias, *own, *rest])
    model.compile(optimizer=case.optimizer(k), loss="mse")
    return model


def outcome(model: Any, case: StepCase, dtype: str) -> dict[str, Array]:
    """The history of losses, the loss of ``evaluate`` and the weights, flat."""
    x, y = (array.astype(dtype) for array in data())
    options = {"batch_size": case.batch, "epochs": case.epochs, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **options).history["loss"]
    return {
        "history": np.array(history, dtype=np.float64),
        "evaluate": np.array(model.evaluate(x, y, batch_size=case.batch, verbose=0)),
        "weights": np.concatenate([np.asarray(w).ravel() for w in model.get_weights()]),
    }
