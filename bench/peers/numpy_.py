"""The network written by hand in NumPy, without waste: every array is made once, products go to
``out=``, and Adam runs over one flat vector in pieces that stay in the cache.
"""

from __future__ import annotations

import numpy as np

from bench.peers import job as jobs
from bench.peers.job import Array, Job, Measured

VARIANTS = {"train": ["by hand"], "infer": ["by hand"], "accuracy": ["by hand"]}
PIECE = 1 << 15  # parameters that Adam updates at a time: five arrays of 128 KiB


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    return {"numpy": np.__version__}


class Network:
    """Parameters in one vector, with views per layer, and buffers for a batch."""

    def __init__(self, job: Job) -> None:
        self.workload = job.network
        values = job.weights()
        self.flat = np.concatenate([value.ravel() for value in values])
        self.gradient, self.m, self.v = (np.zeros_like(self.flat) for _ in range(3))
        self.scratch = np.empty((2, PIECE), np.float32)
        self.w, self.dw = self._views(self.flat, values), self._views(self.gradient, values)
        sizes, batch = self.workload.sizes, self.workload.batch
        self.x = np.empty((batch, sizes[0]), np.float32)
        self.y = [np.empty((batch, units), np.float32) for units in sizes[1:]]
        self.d = [np.empty((batch, units), np.float32) for units in sizes[1:]]
        self.mask = [np.empty((batch, units), np.float32) for units in sizes[1:-1]]
        self.rng = np.random.Generator(np.random.SFC64(job.seed))  # NumPy's fastest
        self.t = 0

    @staticmethod
    def _views(flat: Array, like: list[Array]) -> list[Array]:
        ends = np.cumsum([value.size for value in like])
        return [
            flat[end - value.size : end].reshape(value.shape)
            for end, value in zip(ends, like, strict=True)
        ]

    def step(self, x: Array, labels: Array) -> float:
        """Forward, backward, update; the sum of the losses."""
        n, count = len(x), len(self.y)
        y = [array[:n] for array in self.y]
        below, rate = x, self.workload.dropout
        for layer in range(count):
            np.matmul(below, self.w[2 * layer], out=y[layer])
            y[layer] += self.w[2 * layer + 1]
            if layer < count - 1:
                np.maximum(y[layer], 0, out=y[layer])
                if rate:
                    mask = self.mask[layer][:n]
                    self.rng.random(out=mask, dtype=np.float32)
                    np.greater_equal(mask, rate, out=mask)
                    mask *= 1 / (1 - rate)
                    y[layer] *= mask
            below = y[layer]
        loss, d = self._head(y[-1], labels, n)
        for layer in reversed(range(count)):
            below = y[layer - 1] if layer else x
            np.matmul(below.T, d, out=self.dw[2 * layer])
            d.sum(axis=0, out=self.dw[2 * layer + 1])
            if layer:
                dx = self.d[layer - 1][:n]
                np.matmul(d, self.w[2 * layer].T, out=dx)
                dx *= below > 0  # after dropout too: what was dropped is 0
                if rate:
                    dx *= 1 / (1 - rate)
                d = dx
        self._adam()
        return loss

    def _head(self, z: Array, labels: Array, n: int) -> tuple[float, Array]:
        """Sum of the cross-entropy from logits, and the gradient of its mean."""
        d = self.d[-1][:n]
        if self.workload.binary:
            target = labels[:, None].astype(np.float32)
            loss = float((np.logaddexp(0, z) - z * target).sum())
            np.divide(1, 1 + np.exp(-z), out=d)
            d -= target
        else:
            z -= z.max(axis=1, keepdims=True)
            np.exp(z, out=d)
            sums, rows = d.sum(axis=1, keepdims=True), np.arange(n)
            loss = float((np.log(sums[:, 0]) - z[rows, labels]).sum())
            d /= sums
            d[rows, labels] -= 1
        d *= 1 / n
        return loss, d

    def _adam(self) -> None:
        """m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - rate·m / (√v + ε)."""
        self.t += 1
        rate = jobs.LEARNING_RATE * np.sqrt(1 - jobs.BETA_2**self.t) / (1 - jobs.BETA_1**self.t)
        rate = np.float32(rate)
        for piece in jobs.batches(len(self.flat), PIECE):
            g, m, v, w = self.gradient[piece], self.m[piece], self.v[piece], self.flat[piece]
            a, b = self.scratch[0, : len(g)], self.scratch[1, : len(g)]
            np.multiply(g, 1 - jobs.BETA_1, out=a)
            m *= jobs.BETA_1
            m += a
            np.multiply(g, g, out=a)
            a *= 1 - jobs.BETA_2
            v *= jobs.BETA_2
            v += a
            np.sqrt(v, out=b)
            b += jobs.EPSILON
            np.divide(m, b, out=a)
            a *= rate
            w -= a

    def predict(self, x: Array) -> Array:
        """The outputs for any number of rows."""
        count = len(self.y)
        for layer in range(count):
            x = x @ self.w[2 * layer]
            x += self.w[2 * layer + 1]
            if layer < count - 1:
                np.maximum(x, 0, out=x)
        if self.workload.binary:
            return np.asarray(1 / (1 + np.exp(-x)))
        x -= x.max(axis=1, keepdims=True)
        np.exp(x, out=x)
        x /= x.sum(axis=1, keepdims=True)
        return x


def _epoch(network: Network, x: Array, y: Array, permutation: Array) -> float:
    total = 0.0
    for rows in jobs.batches(len(x), network.workload.batch):
        index = permutation[rows]
        batch = network.x[: len(index)]
        np.take(x, index, axis=0, out=batch)
        total += network.step(batch, y[index])
    return total / len(x)


def train(job: Job, variant: str) -> Measured:
    """Epochs of the loop."""
    network, x, y = Network(job), job.array("x"), job.array("y")
    return jobs.time_epochs(job, lambda order: _epoch(network, x, y, order))


def infer(job: Job, variant: str) -> Measured:
    """Products, in place where possible."""
    network, x = Network(job), job.array("x")
    return jobs.time_calls(job, lambda: network.predict(x), len(x), network.predict(x))


def time_to_accuracy(job: Job, variant: str) -> Measured:
    """Training epochs, each followed by a test."""
    network, x, y = Network(job), job.array("x"), job.array("y")
    return jobs.race(job, lambda order: _epoch(network, x, y, order), network.predict)
