"""The golden cases of the activations beyond those of ``golden_cases.py``, with their arguments,
and of the layers ``ReLU``, ``LeakyReLU``, ``PReLU``, ``ELU`` and ``Softmax``. Recorded as the areas
``activations`` and ``layers`` are; tested by ``test_golden_curves.py``. Without sparsemax: the rows
of Keras 3.15's do not sum to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Cases = dict[str, tuple[dict[str, Any], dict[str, np.ndarray]]]

PLAIN = (
    *("relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "hard_sigmoid", "hard_silu"),
    *("hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "softplus", "softsign"),
    *("log_softmax", "log_sigmoid", "mish", "squareplus", "sparse_plus"),
    *("sparse_sigmoid", "glu"),
)
WITH_ARGUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("relu", {"negative_slope": 0.3, "max_value": 2.0, "threshold": 0.5}),
    ("relu", {"max_value": 1.0}),
    ("relu", {"max_value": 2.0, "threshold": -0.7}),
    ("relu", {"threshold": -0.7, "negative_slope": 0.1}),
    ("leaky_relu", {"negative_slope": 0.05}),
    ("elu", {"alpha": 0.4}),
    ("celu", {"alpha": 2.5}),
    ("gelu", {"approximate": True}),
    ("soft_shrink", {"threshold": 1.2}),
    ("hard_shrink", {"threshold": 1.2}),
    ("squareplus", {"b": 0.3}),
    ("threshold", {"threshold": 0.4, "default_value": -2.0}),
]
LAYERS: dict[str, tuple[str, dict[str, Any], tuple[int, ...], tuple[int, ...] | None]] = {
    "relu": ("ReLU", {}, (6,), None),
    "relu_arguments": (
        "ReLU",
        {"max_value": 1.0, "negative_slope": 0.2, "threshold": 0.3},
        (6,),
        None,
    ),
    "leaky": ("LeakyReLU", {}, (6,), None),
    "leaky_slope": ("LeakyReLU", {"negative_slope": 0.1}, (2, 3), None),
    "elu": ("ELU", {}, (6,), None),
    "elu_alpha": ("ELU", {"alpha": 0.5}, (6,), None),
    "prelu": ("PReLU", {}, (6,), (6,)),
    "prelu_matrix": ("PReLU", {}, (2, 3), (2, 3)),
    "prelu_shared": ("PReLU", {"shared_axes": [1]}, (2, 3), (1, 3)),
    "prelu_shared_last": ("PReLU", {"shared_axes": [2]}, (2, 3), (2, 1)),
    "prelu_shared_middle": ("PReLU", {"shared_axes": [2]}, (2, 3, 4), (2, 1, 4)),
    "prelu_one": ("PReLU", {"shared_axes": [1, 2]}, (2, 3), (1, 1)),
    "softmax": ("Softmax", {}, (6,), None),
    "softmax_first": ("Softmax", {"axis": 1}, (2, 3), None),
    "softmax_last": ("Softmax", {"axis": -1}, (2, 3), None),
    "softmax_middle": ("Softmax", {"axis": 2}, (2, 3, 4), None),
}


def curve_cases() -> Cases:
    """Each activation at moderate, wide and huge inputs (rows of 6)."""
    rng = np.random.default_rng([7, 1])
    # nothing lies at a corner, where derivatives are a matter of taste
    huge = np.array(
        [
            [1e4, -1e4, 0.03, 1.7, -1.7, 30.0],
            [-1e4, -1e4, -1e4, -1e4, -1e4, -1e4],
            [1e4, 1e4, 1e4 - 1, 1e4 - 2, 0.55, -88.0],
            [1e3, -1e3, 100.0, -100.0, 89.0, -89.0],
            [1e-3, 1e-4, -1e-4, 1e-7, -1e-7, 1e-30],
        ]
    )
    inputs = {
        "moderate": rng.normal(0.0, 1.5, (5, 6)),
        "wide": rng.normal(0.0, 12.0, (5, 6)),
        "huge": huge,
    }
    found: Cases = {}
    named = [(name, name, {}) for name in PLAIN]
    named += [(f"{name}_{i}", name, config) for i, (name, config) in enumerate(WITH_ARGUMENTS)]
    for label, activation, config in named:
        for kind, x in inputs.items():
            columns = 3 if activation == "glu" else 6
            arrays = {"x": x, "target": rng.normal(0.0, 1.0, (len(x), columns))}
            found[f"{label}_{kind}"] = ({"activation": activation, "config": config}, arrays)
    return found


def rectifier_cases() -> Cases:
    """Each layer: forward and every gradient."""
    rng = np.random.default_rng([7, 2])
    found: Cases = {}
    for name, (layer, config, shape, alpha) in LAYERS.items():
        x = rng.normal(0.0, 1.5, (5, *shape))
        arrays = {"x": x, "target": rng.normal(size=x.shape)}
        if alpha is not None:
            arrays["layer/alpha"] = rng.normal(0.0, 0.5, alpha)
        description = {
            "input_shape": list(shape),
            "layers": [{"class": layer, "config": {**config, "name": "layer"}}],
            "weights": [key for key in arrays if "/" in key],
        }
        found[name] = (description, arrays)
    return found
