"""The named workloads that benchmarks train: layer sizes, dropout, optimizer and batch size, data
of a fixed seed, and how much arithmetic they are. What is timed, and against what, is decided by
the suites beside this file. The peers' processes read this file too, so it imports NumPy alone.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import fastnn

Array = np.ndarray[Any, Any]

# Of the workload of elementwise functions: Keras's defaults, but for the norm.
WEIGHT_DECAY, CLIP_NORM, AVERAGE, NORM_EPSILON, FOCUS, BALANCE = 0.004, 0.1, 0.99, 1e-3, 2.0, 0.25


@dataclass(frozen=True)
class Workload:
    """A network and how it is trained.

    Attributes
    ----------
    sizes : inputs, hidden layers, outputs. One output is a sigmoid, several a softmax.
    dropout : rate after each hidden layer.
    optimizer : name. batch : samples a step. samples : samples an epoch.
    elementwise : instead of ReLU and cross-entropy, what keeps memory and vector functions busy:
        layer normalisation and swish after each hidden layer, categorical focal loss, AdamW with
        gradients clipped by their common norm, and a moving average of the weights.
    """

    sizes: tuple[int, ...]
    dropout: float
    optimizer: str
    batch: int
    samples: int
    elementwise: bool = False

    @property
    def binary(self) -> bool:
        """Whether the output is one probability."""
        return self.sizes[-1] == 1

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each dense layer."""
        return list(itertools.pairwise(self.sizes))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        norms = sum(2 * units for units in self.sizes[1:-1]) if self.elementwise else 0
        return sum((n_in + 1) * n_out for n_in, n_out in self.layers) + norms

    def __str__(self) -> str:
        parts = ["-".join(map(str, self.sizes)), f"dropout {self.dropout:g}" * bool(self.dropout)]
        if self.elementwise:
            parts.append("layer norm swish focal loss, clipped and averaged")
        return " ".join([*filter(None, parts), f"{self.optimizer} b{self.batch}"])

    def forward_flops(self) -> float:
        """Useful floating-point operations to predict a sample: 2·in·out a layer."""
        return float(sum(2 * n_in * n_out for n_in, n_out in self.layers))

    def training_flops(self) -> float:
        """… to train a sample: 2·in·out each for forward, dW, and dX of all but the first layer."""
        first, *rest = (2.0 * n_in * n_out for n_in, n_out in self.layers)
        return 2 * first + 3 * sum(rest)

    def data(self, samples: int | None = None) -> tuple[Array, Array]:
        """Uniform inputs in [0, 1) and random labels, seed 0."""
        rng = np.random.default_rng(0)
        n = samples or self.samples
        x = rng.random((n, self.sizes[0]), dtype=np.float32)
        return x, rng.integers(0, 2 if self.binary else self.sizes[-1], n)

    def targets(self, labels: Array) -> Array:
        """The labels as the loss takes them: rows of zeros and a one for the focal loss."""
        return np.eye(self.sizes[-1], dtype=np.float32)[labels] if self.elementwise else labels

    def initial_weights(self, seed: int) -> list[Array]:
        """Kernel and bias of each layer in turn: Glorot uniform and zeros, float32."""
        rng = np.random.default_rng([seed, 1])
        weights: list[Array] = []
        for n_in, n_out in self.layers:
            bound = (6.0 / (n_in + n_out)) ** 0.5
            weights.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(np.float32))
            weights.append(np.zeros(n_out, np.float32))
        return weights

    def model(self, backend: str, dtype: str = "float32", seed: int = 0) -> fastnn.Sequential:
        """The compiled model."""
        import fastnn

        model = fastnn.Sequential(
            [fastnn.Input((self.sizes[0],))], backend=backend, seed=seed, dtype=dtype
        )
        for units in self.sizes[1:-1]:
            model.add(fastnn.layers.Dense(units, None if self.elementwise else "relu"))
            if self.elementwise:
                model.add(fastnn.layers.LayerNormalization())
                model.add(fastnn.layers.Activation("swish"))
            if self.dropout:
                model.add(fastnn.layers.Dropout(self.dropout))
        model.add(fastnn.layers.Dense(self.sizes[-1], "sigmoid" if self.binary else "softmax"))
        if self.elementwise:
            optimizer = fastnn.optimizers.AdamW(
                weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM, use_ema=True
            )
            model.compile(optimizer=optimizer, loss="categorical_focal_crossentropy")
            return model
        loss = "binary_crossentropy" if self.binary else "sparse_categorical_crossentropy"
        model.compile(optimizer=self.optimizer, loss=loss)
        return model


WORKLOADS = {
    "A": Workload((784, 128, 64, 10), 0.5, "adam", 32, 16384),
    "A0": Workload((784, 128, 64, 10), 0.0, "adam", 32, 16384),
    "B": Workload((784, 512, 512, 10), 0.0, "adam", 128, 16384),
    "C": Workload((8, 32, 1), 0.0, "adam", 10, 10000),
    "D": Workload((784, 2048, 2048, 10), 0.0, "adam", 512, 4096),
    "S": Workload((128, 768, 768, 20), 0.0, "adamw", 192, 16384, elementwise=True),
}
