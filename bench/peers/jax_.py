"""JAX by hand: one jitted training step per call (``step``), and a whole epoch as one jitted
``lax.scan`` (``scan``). Data, permutation and state live on the device; the state is donated; the
batch is gathered inside the compiled code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from bench import workloads
from bench.peers import job as jobs
from bench.peers.job import Array, Job, Measured

VARIANTS = {"train": ["step", "scan"], "infer": ["jit"], "accuracy": ["scan"]}

Parameters = list[tuple[Any, Any]]


def versions() -> dict[str, str]:
    """Names and versions of what is measured."""
    return {"jax": jax.__version__}


def parameters(job: Job) -> Parameters:
    """Kernel and bias of each layer."""
    values = [jnp.asarray(w) for w in job.weights()]
    return list(zip(values[0::2], values[1::2], strict=True))


def logits(weights: Parameters, x: Any, dropout: float = 0.0, key: Any = None) -> Any:
    """The outputs before the last activation."""
    *hidden, (w_last, b_last) = weights
    for number, (w, b) in enumerate(hidden):
        x = jax.nn.relu(x @ w + b)
        if dropout:
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - dropout, x.shape)
            x = jnp.where(kept, x / (1 - dropout), 0)
    return x @ w_last + b_last


def mean_loss(z: Any, y: Any, binary: bool) -> Any:
    """Cross-entropy from logits."""
    if binary:
        z = z[:, 0]
        return jnp.mean(jax.nn.softplus(z) - z * y)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def elementwise_parameters(job: Job) -> Any:
    """Kernel and bias of each layer, scale and offset of each normalisation."""
    dense = parameters(job)
    return dense, [(jnp.ones_like(b), jnp.zeros_like(b)) for _, b in dense[:-1]]


def focal_loss(weights: Any, x: Any, labels: Any) -> Any:
    """The network of layer normalisation and swish, and Keras's categorical focal loss."""
    dense, norms = weights
    for (w, b), (scale, offset) in zip(dense, norms, strict=False):
        z = x @ w + b
        z = z - jnp.mean(z, axis=1, keepdims=True)
        spread = jnp.mean(z * z, axis=1, keepdims=True) + workloads.NORM_EPSILON
        x = jax.nn.silu(z * jax.lax.rsqrt(spread) * scale + offset)
    w, b = dense[-1]
    log_p = jnp.take_along_axis(jax.nn.log_softmax(x @ w + b), labels[:, None], axis=1)
    return -workloads.BALANCE * jnp.mean((1 - jnp.exp(log_p)) ** workloads.FOCUS * log_p)


def elementwise_update(state: Any, x: Any, y: Any, index: Any) -> Any:
    """One step of AdamW with clipped gradients; ``state`` holds the averages in place of a key."""
    weights, m, v, t, averages, total = state
    loss, gradient = jax.value_and_grad(focal_loss)(weights, x[index], y[index])
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)))
    share = jnp.minimum(1.0, workloads.CLIP_NORM / (norm + 1e-12))
    gradient = jax.tree.map(lambda g: g * share, gradient)
    t = t + 1
    m = jax.tree.map(lambda a, g: jobs.BETA_1 * a + (1 - jobs.BETA_1) * g, m, gradient)
    v = jax.tree.map(lambda a, g: jobs.BETA_2 * a + (1 - jobs.BETA_2) * g * g, v, gradient)
    rate = jobs.LEARNING_RATE * jnp.sqrt(1 - jobs.BETA_2**t) / (1 - jobs.BETA_1**t)
    kept = 1 - jobs.LEARNING_RATE * workloads.WEIGHT_DECAY
    weights = jax.tree.map(
        lambda w, a, b: kept * w - rate * a / (jnp.sqrt(b) + jobs.EPSILON), weights, m, v
    )
    averages = jax.tree.map(
        lambda a, w: workloads.AVERAGE * a + (1 - workloads.AVERAGE) * w, averages, weights
    )
    return weights, m, v, t, averages, total + loss * len(index)


def probabilities(weights: Parameters, x: Any, binary: bool) -> Any:
    """The outputs."""
    z = logits(weights, x)
    return jax.nn.sigmoid(z) if binary else jax.nn.softmax(z)


def update(state: Any, x: Any, y: Any, index: Any, dropout: float, binary: bool) -> Any:
    """One step: (weights, m, v, t, key, loss sum) of the batch whose rows are ``index``."""
    weights, m, v, t, key, total = state
    key, noise = jax.random.split(key) if dropout else (key, key)
    labels = y[index]

    def loss_of(w: Parameters) -> Any:
        return mean_loss(logits(w, x[index], dropout, noise), labels, binary)

    loss, gradient = jax.value_and_grad(loss_of)(weights)
    t = t + 1
    mean = partial(jax.tree.map, lambda a, g: jobs.BETA_1 * a + (1 - jobs.BETA_1) * g)
    square = partial(jax.tree.map, lambda a, g: jobs.BETA_2 * a + (1 - jobs.BETA_2) * g * g)
    m, v = mean(m, gradient), square(v, gradient)
    rate = jobs.LEARNING_RATE * jnp.sqrt(1 - jobs.BETA_2**t) / (1 - jobs.BETA_1**t)
    weights = jax.tree.map(
        lambda w, a, b: w - rate * a / (jnp.sqrt(b) + jobs.EPSILON), weights, m, v
    )
    return weights, m, v, t, key, total + loss * len(index)


class Learner:
    """The state of a training on the device."""

    def __init__(self, job: Job, variant: str) -> None:
        workload = job.network
        self.x, self.y = jnp.asarray(job.array("x")), jnp.asarray(job.array("y"), jnp.int32)
        self.batch, self.binary = workload.batch, workload.binary
        weights = elementwise_parameters(job) if workload.elementwise else parameters(job)
        zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
        own = jax.tree.map(jnp.copy, weights) if workload.elementwise else jax.random.key(job.seed)
        self.state = (weights, *zeros, jnp.float32(0), own, jnp.float32(0))
        step = partial(update, dropout=workload.dropout, binary=workload.binary)
        if workload.elementwise:
            step = elementwise_update
        self.step = jax.jit(step, donate_argnums=0)

        def whole(state: Any, x: Any, y: Any, order: Any) -> Any:
            return jax.lax.scan(lambda s, index: (step(s, x, y, index), None), state, order)[0]

        def one(state: Any, x: Any, y: Any, order: Any, start: Any) -> Any:
            return step(state, x, y, jax.lax.dynamic_slice(order, (start,), (self.batch,)))

        self.scan = jax.jit(whole, donate_argnums=0)
        self.one = jax.jit(one, donate_argnums=0)
        self.run: Callable[[Any], None] = self._by_scan if variant == "scan" else self._by_steps

    def epoch(self, permutation: Array) -> float:
        """One epoch; returns when the device is done."""
        self.state = (*self.state[:5], jnp.float32(0))
        order = jnp.asarray(permutation, jnp.int32)
        full = len(order) // self.batch * self.batch
        self.run(order[:full])
        if full < len(order):
            self.state = self.step(self.state, self.x, self.y, order[full:])
        jax.block_until_ready(self.state)
        return float(self.state[5]) / len(order)

    def _by_scan(self, order: Any) -> None:
        self.state = self.scan(self.state, self.x, self.y, order.reshape(-1, self.batch))

    def _by_steps(self, order: Any) -> None:
        for start in range(0, len(order), self.batch):
            self.state = self.one(self.state, self.x, self.y, order, start)


def train(job: Job, variant: str) -> Measured:
    """Epochs by steps or by scan."""
    return jobs.time_epochs(job, Learner(job, variant).epoch)


def infer(job: Job, variant: str) -> Measured:
    """A jitted function of an array on the device."""
    weights, x = parameters(job), jnp.asarray(job.array("x"))
    predict = jax.jit(partial(probabilities, binary=job.network.binary))
    outputs = jax.device_get(predict(weights, x))
    return jobs.time_calls(job, lambda: predict(weights, x).block_until_ready(), len(x), outputs)


def time_to_accuracy(job: Job, variant: str) -> Measured:
    """Training epochs, each followed by a test."""
    learner = Learner(job, variant)
    predict = jax.jit(logits)

    def outputs(x: Array) -> Array:
        found: Array = jax.device_get(predict(learner.state[0], x))
        return found

    return jobs.race(job, learner.epoch, outputs)
