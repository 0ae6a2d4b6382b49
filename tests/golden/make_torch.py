"""Makes `torch.npz`: the same training trajectories in PyTorch, in float64, as a second witness.

    python -m tests.golden.make_torch     # run from the checkout, after tests.golden.make

Needs torch. Autograd here shares no code with Keras or JAX, so an error common to fastnn and Keras
would show. The inputs and initial weights are those of `models.npz`. Where the formulas of the two
libraries differ, the settings are chosen so that they must agree: with a constant learning rate
PyTorch's momentum buffer is -1/learning_rate times Keras's; PyTorch adds epsilon outside the bias
correction (Adam) and outside the square root (RMSprop), so epsilon is 1e-30 there, in effect zero;
PyTorch's SGD adds weight_decay to the gradient, which without momentum is Keras's decoupled decay.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional

from tests.golden.golden_file import GoldenFile, GoldenWriter
from tests.golden.golden_models import batches, flatten

NETWORKS = (
    "mse_linear",
    "mse_softmax",
    "bce_sigmoid",
    "bce_one_unit",
    "cce_logits",
    "scce_softmax",
)
TINY = 1e-30

# name → (Keras's spelling, the class of torch.optim, PyTorch's spelling)
OPTIMIZERS: dict[str, tuple[dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": ({"class": "SGD", "config": {"learning_rate": 0.1}}, torch.optim.SGD, {"lr": 0.1}),
    "sgd_momentum": (
        {"class": "SGD", "config": {"learning_rate": 0.05, "momentum": 0.9}},
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.9},
    ),
    "sgd_nesterov": (
        {"class": "SGD", "config": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}},
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    ),
    "sgd_decay": (
        {"class": "SGD", "config": {"learning_rate": 0.1, "weight_decay": 0.05}},
        torch.optim.SGD,
        {"lr": 0.1, "weight_decay": 0.05},
    ),
    "adam": (
        {"class": "Adam", "config": {"learning_rate": 0.01, "beta_2": 0.98, "epsilon": TINY}},
        torch.optim.Adam,
        {"lr": 0.01, "betas": (0.9, 0.98), "eps": TINY},
    ),
    "adamw": (
        {"class": "AdamW", "config": {"learning_rate": 0.01, "weight_decay": 0.3, "epsilon": TINY}},
        torch.optim.AdamW,
        {"lr": 0.01, "weight_decay": 0.3, "eps": TINY},
    ),
    "rmsprop_momentum": (
        {
            "class": "RMSprop",
            "config": {"learning_rate": 0.005, "rho": 0.8, "momentum": 0.6, "epsilon": TINY},
        },
        torch.optim.RMSprop,
        {"lr": 0.005, "alpha": 0.8, "momentum": 0.6, "eps": TINY},
    ),
}

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda z: z,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda z: torch.softmax(z, dim=1),
}


def forward(case: dict[str, Any], weights: dict[str, torch.Tensor], x: torch.Tensor) -> Any:
    """The output of the network, and its last pre-activation."""
    for layer in case["layers"]:
        config = layer["config"]
        z = x @ weights[f"{config['name']}/kernel"] + weights[f"{config['name']}/bias"]
        x = ACTIVATIONS[config["activation"]](z)
    return x, z


def loss_of(case: dict[str, Any], output: torch.Tensor, z: torch.Tensor, y: np.ndarray) -> Any:
    """The case's loss, from the logits where the last activation is a sigmoid or softmax."""
    target = torch.from_numpy(y)
    smoothing = case["loss"]["config"].get("label_smoothing", 0.0)
    name = case["loss"]["class"]
    if name == "MeanSquaredError":
        return functional.mse_loss(output, target)
    if name == "BinaryCrossentropy":
        target = target.to(torch.float64).reshape(z.shape)
        return functional.binary_cross_entropy_with_logits(z, target)
    return functional.cross_entropy(z, target, label_smoothing=smoothing)


def main() -> None:
    """Train every network with every optimizer and write the file."""
    torch.set_default_dtype(torch.float64)
    models = GoldenFile("models")
    writer = GoldenWriter(
        "torch",
        {
            "peer": "torch",
            "command": "python -m tests.golden.make_torch",
            "seed": models.meta["seed"],
            "dtypes": ["float64"],
            "versions": {
                "python": platform.python_version(),
                "torch": torch.__version__.split("+")[0],
                "numpy": np.__version__,
            },
        },
    )
    for name in NETWORKS:
        case, arrays = models.cases[name], models.inputs(name, "float64")
        x, y = torch.from_numpy(arrays["x"]), arrays["y"]
        for optimizer, (keras_spec, kind, options) in OPTIMIZERS.items():
            weights = {
                key: torch.tensor(arrays[key], requires_grad=True) for key in case["weights"]
            }
            stepper = kind(list(weights.values()), **options)
            found: dict[str, np.ndarray] = {}
            losses = []
            for step, rows in enumerate(batches(len(y), 8, 10), start=1):
                stepper.zero_grad()
                loss = loss_of(case, *forward(case, weights, x[rows]), y[rows])
                loss.backward()
                losses.append(loss.item())
                stepper.step()
                if step in (1, 10):
                    now = [value.detach().numpy().copy() for value in weights.values()]
                    found[f"weights_{step}"] = flatten(now)
            key = f"{name}-{optimizer}"
            description = {"arrays_of": name, "optimizer": keras_spec, "batch_size": 8, "steps": 10}
            writer.inputs(key, {**case, **description})
            writer.expected(key, "float64", losses=np.array(losses), **found)
    path = writer.save()
    print(f"{path.name}: {len(writer.meta['cases'])} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
