"""What ``tensorflow`` has beside ``tensorflow.keras``: functions of ``fastnn.ops`` under
TensorFlow's names and argument names, constants, types, and answers about the machine.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from fastnn.compat.eager_tensor import presented, tensor

# tf's name → fastnn.ops' name, in `tf`, `tf.math` and `tf.nn`; equal names stand alone
SAME = (
    "abs add argmax argmin cast cos cosh divide equal exp expand_dims eye floor greater "
    "greater_equal less less_equal logical_and logical_not logical_or matmul maximum minimum "
    "multiply negative norm not_equal one_hot ones ones_like pad repeat reshape roll round "
    "sigmoid sign sin sinh split sqrt square squeeze stack stop_gradient subtract tan tanh tile "
    "transpose unstack where zeros zeros_like"
)
RENAMED = {
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "clip_by_value": "clip",
    "concat": "concatenate",
    "cumsum": "cumsum",
    "fill": "full",
    "gather": "take",
    "pow": "power",
    "range": "arange",
    "reduce_all": "all",
    "reduce_any": "any",
    "reduce_logsumexp": "logsumexp",
    "reduce_max": "max",
    "reduce_mean": "mean",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_sum": "sum",
}
MATHS = (
    "abs add argmax argmin ceil cos cosh cumsum divide divide_no_nan equal erf exp expm1 floor "
    "greater greater_equal is_finite is_inf is_nan less less_equal log log1p logical_and "
    "logical_not logical_or maximum minimum mod multiply negative not_equal pow reciprocal "
    "reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum "
    "reduce_variance round rsqrt sigmoid sign sin sinh softplus sqrt square subtract tan tanh top_k"
)
MATHS_RENAMED = {
    "is_finite": "isfinite",
    "is_inf": "isinf",
    "is_nan": "isnan",
    "reduce_std": "std",
    "reduce_variance": "var",
}
NETWORK = (
    "elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish "
    "tanh top_k"
)
# tf's argument names, and what ops may call the same thing
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "a": ("x1", "x"),
    "b": ("x2",),
    "clip_value_max": ("x_max",),
    "clip_value_min": ("x_min",),
    "depth": ("num_classes",),
    "dims": ("shape",),
    "features": ("x",),
    "indices": ("x",),
    "input": ("x",),
    "input_tensor": ("x",),
    "logits": ("x",),
    "multiples": ("repeats",),
    "num_or_size_splits": ("indices_or_sections",),
    "paddings": ("pad_width",),
    "params": ("x",),
    "perm": ("axes",),
    "shape": ("newshape",),
    "t": ("x",),
    "tensor": ("x",),
    "value": ("fill_value", "x"),
    "values": ("xs", "x"),
    "x": ("x1",),
    "y": ("x2",),
}
# Functions along the first axis by default, which in ops work on all elements
FIRST_AXIS = {"argmax": 1, "argmin": 1, "cumsum": 1, "take": 2}
TYPES = ("bool", "float32", "float64", "int32", "int64", "uint8")


def function(name: str) -> Callable[..., Any]:
    """A function of ``fastnn.ops`` that takes TensorFlow's argument names."""
    from fastnn import ops

    inner = getattr(ops, name)
    accepted = inspect.signature(inner).parameters

    @functools.wraps(inner)
    def call(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("name", None)
        translated = {}
        for key, value in kwargs.items():
            known = [other for other in (key, *ARGUMENTS.get(key, ())) if other in accepted]
            translated[known[0] if known else key] = value
        if name in FIRST_AXIS and len(args) <= FIRST_AXIS[name]:
            translated.setdefault("axis", 0)
        return presented(inner(*args, **translated))

    return call


def module_functions(names: str, renamed: Mapping[str, str]) -> dict[str, Callable[[], Any]]:
    """The functions of a list that fastnn.ops has, each with what makes it."""
    from fastnn import ops

    pairs = {name: renamed.get(name, RENAMED.get(name, name)) for name in names.split()}
    pairs.update({name: target for name, target in renamed.items() if name not in pairs})
    return {
        name: functools.partial(function, target)
        for name, target in pairs.items()
        if hasattr(ops, target)
    }


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """``tf.constant``: an array with the method ``numpy``."""
    array = tensor(value, dtype)
    if shape is None:
        return array
    whole = int(np.prod(shape))
    return presented(np.broadcast_to(array, shape) if array.size != whole else array.reshape(shape))


def convert_to_tensor(value: Any, dtype: Any = None, **_: Any) -> Any:
    """``tf.convert_to_tensor``; symbolic tensors are returned as they are."""
    from fastnn import ops

    return presented(ops.convert_to_tensor(value, dtype))


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``tf.cast``: of symbolic tensors ``fastnn.ops.cast``, of arrays ``astype``."""
    from fastnn.ops.dispatch import is_symbolic

    kind = np.dtype(dtype).name
    return function("cast")(x, kind) if is_symbolic(x) else presented(np.asarray(x).astype(kind))


def shape(input: Any, *_: Any, **__: Any) -> Any:
    """``tf.shape``: the sizes; of a symbolic tensor they are its ``shape``."""
    from fastnn.ops.dispatch import is_symbolic

    return input.shape if is_symbolic(input) else tensor(np.shape(input))


def function_decorator(func: Any = None, **_: Any) -> Any:
    """``tf.function``: changes nothing, since everything in fastnn is compiled anyway."""
    return func if func is not None else lambda inner: inner


def list_physical_devices(device_type: str | None = None) -> list[SimpleNamespace]:
    """``tf.config.list_physical_devices``: the processor; no GPU is used unless asked for."""
    device = SimpleNamespace(name="/physical_device:CPU:0", device_type="CPU")
    return [device] if device_type in (None, "CPU") else []


def random_numbers(kind: str) -> Callable[..., Any]:
    """``tf.random.normal`` and ``uniform``."""

    def normal(
        shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float32",
        seed: int | None = None, name: str | None = None,
    ) -> Any:  # fmt: skip
        from fastnn.random import make_generator

        return presented(make_generator(seed).normal(mean, stddev, shape).astype(dtype))

    def uniform(
        shape: Any, minval: float = 0, maxval: float | None = None, dtype: Any = "float32",
        seed: int | None = None, name: str | None = None,
    ) -> Any:  # fmt: skip
        from fastnn.random import make_generator

        generator = make_generator(seed)
        if np.dtype(dtype).kind in "iu":
            drawn = generator.integers(int(minval), None if maxval is None else int(maxval), shape)
            return presented(drawn.astype(dtype))
        high = 1.0 if maxval is None else maxval
        return presented(generator.uniform(minval, high, shape).astype(dtype))

    return {"normal": normal, "uniform": uniform}[kind]


def names(full_name: str) -> dict[str, Callable[[], Any]]:
    """The names of a module of TensorFlow outside ``tensorflow.keras``, each with its maker."""
    found: dict[str, Callable[[], Any]] = {}
    if full_name == "tensorflow":
        found = module_functions(SAME, RENAMED)
        values: dict[str, Any] = {kind: np.dtype(kind) for kind in TYPES}
        values.update(
            constant=constant,
            convert_to_tensor=convert_to_tensor,
            cast=cast,
            shape=shape,
            function=function_decorator,
            executing_eagerly=lambda: True,
            get_logger=lambda: logging.getLogger("fastnn"),
            newaxis=None,
        )
        found.update({name: functools.partial(_same, value) for name, value in values.items()})
    elif full_name == "tensorflow.math":
        found = module_functions(MATHS, MATHS_RENAMED)
    elif full_name == "tensorflow.nn":
        found = module_functions(NETWORK, {})
    elif full_name == "tensorflow.random":
        from fastnn.random import set_default_seed

        found = {
            "set_seed": lambda: set_default_seed,
            "normal": lambda: random_numbers("normal"),
            "uniform": lambda: random_numbers("uniform"),
        }
    elif full_name == "tensorflow.config":
        found = {"list_physical_devices": lambda: list_physical_devices}
    elif full_name == "tensorflow.config.experimental":
        found = {
            "list_physical_devices": lambda: list_physical_devices,
            "set_memory_growth": lambda: lambda device, enable: None,
        }
    return found


def _same(value: Any) -> Any:
    return value
