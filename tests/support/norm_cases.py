"""Rows of ``cases.py`` for state, normalisation and noise: see there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.ops import noise, normalization, state
from fastnn.program.tensor import Node, Tensor
from tests.support import magnitudes as sizes
from tests.support import step_cases
from tests.support.magnitudes import Array, Arrays
from tests.support.one_op import Bench
from tests.support.tolerances import DOUBLE_SUM, EXACT, REDUCTION, Family, rounded

EPSILON = 1e-3
NORMAL = Family(
    "double",
    ulps=1,
    reason="Rounded once from a double; 8 multiply-adds above and below a fraction bar.",
    per_term_double=16,
)


def assign_of(b: Bench) -> Node:
    (variable,) = b.run_of("parameters")
    return state.ASSIGN.node((variable, b.fixed(b.size)), {}, [])


def random_of(make: Callable[..., Tensor], *lead: int) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        b.control.words[:, 2] = 2**32 + 5  # only its low 32 bits count
        tensor = make(b.rows(*lead, b.size), (123456789, 4000000000), 3)
        assert tensor.node is not None
        return tensor.node

    return build


def row_moments(centered: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        return _node(normalization.row_moments(b.rows(b.size), EPSILON, centered))

    return build


def layer_norm(centered: bool, *factors: str, lead: tuple[int, ...] = ()) -> Callable[..., Node]:
    def build(b: Bench) -> Node:
        made = {name: b.fixed(b.size) for name in factors}
        x = b.rows(*lead, b.size)
        return _node(normalization.layer_norm(x, **made, epsilon=EPSILON, centered=centered))

    return build


def layer_norm_backward(centered: bool, scaled: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dy, x = b.rows(b.size), b.rows(b.size)
        gamma = [b.fixed(b.size)] if scaled else []
        inputs = (dy, x, b.rows(2, low=0.1), *gamma)
        attributes = {"centered": centered}
        return normalization.LAYER_NORM_BACKWARD.node(inputs, attributes, [(x.shape, x.dtype)])

    return build


def layer_norm_dgamma(b: Bench) -> Node:
    inputs = (b.rows(b.size), b.rows(b.size), b.rows(2, low=0.1))
    return normalization.LAYER_NORM_DGAMMA.node(inputs, {}, [((b.size,), b.dtype)])


def batch_norm(*factors: str, lead: tuple[int, ...] = ()) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        made = {name: b.fixed(b.size) for name in factors}
        x, mean, variance = b.rows(*lead, b.size), b.fixed(b.size), b.fixed(b.size, low=0.1)
        return _node(normalization.batch_norm(x, mean, variance, **made, epsilon=EPSILON))

    return build


def batch_norm_backward(scaled: bool) -> Callable[[Bench], Node]:
    def build(b: Bench) -> Node:
        dy, x, mean = b.rows(b.size), b.rows(b.size), b.fixed(b.size)
        variance, dgamma, dbeta = b.fixed(b.size, low=0.1), b.fixed(b.size), b.fixed(b.size)
        gamma = [b.fixed(b.size)] if scaled else []
        inputs = (dy, x, mean, variance, dgamma, dbeta, *gamma)
        attributes = {"epsilon": EPSILON}
        return normalization.BATCH_NORM_BACKWARD.node(inputs, attributes, [(x.shape, x.dtype)])

    return build


def batch_norm_dgamma(b: Bench) -> Node:
    inputs = (b.rows(b.size), b.rows(b.size), b.fixed(b.size), b.fixed(b.size, low=0.1))
    return normalization.BATCH_NORM_DGAMMA.node(
        inputs, {"epsilon": EPSILON}, [((b.size,), b.dtype)]
    )


def _node(tensor: Tensor) -> Node:
    assert tensor.node is not None
    return tensor.node


def _factors(given: Arrays, first: int, scaled: bool) -> tuple[Array | float, Array | float]:
    """|gamma| and |beta| among the inputs."""
    left = [np.abs(array) for array in given[first:]]
    gamma = left.pop(0) if scaled else 1.0
    return gamma, left.pop() if left else 0.0


def _spread(x: Array, centered: bool) -> tuple[Array, Array]:
    """The terms of x - mean, and 1/√(variance + ε), of each row."""
    mean = x.mean(axis=-1, keepdims=True) if centered else 0.0
    variance = np.square(x - mean).mean(axis=-1, keepdims=True)
    terms = np.abs(x) + np.abs(x).mean(axis=-1, keepdims=True)
    return terms, 1 / np.sqrt(variance + EPSILON)


def layer_norm_size(centered: bool, scaled: bool) -> Any:
    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        gamma, beta = _factors(inputs, 1, scaled)
        terms, inverse = _spread(inputs[0], centered)
        # an error of the mean is an error of the deviation of all: relative to it, terms·inverse
        worst = 1.0 + (terms * inverse).max(axis=-1, keepdims=True)
        return terms * inverse * worst * gamma + beta

    return magnitude


def row_moments_size(centered: bool) -> Any:
    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        terms, inverse = _spread(inputs[0], centered)
        worst = 1.0 + (terms * inverse).max(axis=-1, keepdims=True)
        return np.concatenate([terms.max(axis=-1, keepdims=True), inverse * worst], axis=-1)

    return magnitude


def layer_norm_backward_size(inputs: Arrays, results: Arrays) -> Array:
    dy, x, moments = (np.abs(array) for array in inputs[:3])
    g = dy * (np.abs(inputs[3]) if len(inputs) == 4 else 1.0)
    h = (x + moments[..., :1]) * moments[..., 1:]
    means = g.mean(axis=-1, keepdims=True) + h * (g * h).mean(axis=-1, keepdims=True)
    return (g + means) * moments[..., 1:]


def layer_norm_dgamma_size(inputs: Arrays, results: Arrays) -> Array:
    dy, x, moments = (np.abs(array) for array in inputs)
    return (dy * (x + moments[..., :1]) * moments[..., 1:]).sum(axis=0)


def batch_norm_size(scaled: bool) -> Any:
    def magnitude(inputs: Arrays, results: Arrays) -> Array:
        x, mean, variance = inputs[:3]
        gamma, beta = _factors(inputs, 3, scaled)
        return (np.abs(x) + np.abs(mean)) * gamma / np.sqrt(variance + EPSILON) + beta

    return magnitude


def batch_norm_backward_size(inputs: Arrays, results: Arrays) -> Array:
    dy, x, mean, variance, dgamma, dbeta = (np.abs(array) for array in inputs[:6])
    gamma = np.abs(inputs[6]) if len(inputs) == 7 else 1.0
    inverse = 1 / np.sqrt(variance + EPSILON)
    return (dy + (dbeta + (x + mean) * inverse * dgamma) / len(x)) * gamma * inverse


def batch_norm_dgamma_size(inputs: Arrays, results: Arrays) -> Array:
    dy, x, mean, variance = (np.abs(array) for array in inputs)
    return (dy * (x + mean) / np.sqrt(variance + EPSILON)).sum(axis=0)


def batch_variance_size(inputs: Arrays, results: Arrays) -> Array:
    x = np.abs(inputs[0]).reshape(-1, inputs[0].shape[-1])
    return np.square(x + x.mean(axis=0)).mean(axis=0)


BOTH = ("gamma", "beta")
ROWS: list[dict[str, Any]] = [
    {"op": "assign", "variant": "", "build": assign_of},
    {"op": "random_uniform", "variant": "", "build": random_of(noise.random_uniform)},
    {"op": "random_uniform", "variant": "rank 3", "build": random_of(noise.random_uniform, 3)},
    {"op": "random_normal", "variant": "", "build": random_of(noise.random_normal)},
    {"op": "random_normal", "variant": "rank 3", "build": random_of(noise.random_normal, 3)},
    *(
        {
            "op": "row_moments",
            "variant": "centered" if centered else "",
            "build": row_moments(centered),
            "family": REDUCTION,
            "magnitude": row_moments_size(centered),
        }
        for centered in (True, False)
    ),
    *(
        {
            "op": "layer_norm_forward",
            "variant": variant,
            "build": layer_norm(centered, *factors, lead=lead),
            "family": REDUCTION,
            "magnitude": layer_norm_size(centered, "gamma" in factors),
        }
        for variant, centered, factors, lead in (
            ("", True, BOTH, ()),
            ("plain", True, (), ()),
            ("gamma", True, ("gamma",), ()),
            ("beta", True, ("beta",), ()),
            ("rms", False, ("gamma",), ()),
            ("rank 3", True, BOTH, (3,)),
        )
    ),
    *(
        {
            "op": "layer_norm_backward",
            "variant": variant,
            "build": layer_norm_backward(centered, scaled),
            "family": REDUCTION,
            "magnitude": layer_norm_backward_size,
        }
        for variant, centered, scaled in (
            ("", True, True),
            ("plain", True, False),
            ("rms", False, True),
        )
    ),
    {
        "op": "layer_norm_dgamma",
        "variant": "",
        "build": layer_norm_dgamma,
        "family": rounded(8),
        "magnitude": layer_norm_dgamma_size,
    },
    {
        "op": "batch_variance",
        "variant": "",
        "build": lambda b: _node(normalization.batch_variance(b.rows(b.size))),
        "family": DOUBLE_SUM,
        "magnitude": batch_variance_size,
        "terms": sizes.all_rows,
    },
    *(
        {
            "op": "batch_norm_forward",
            "variant": variant,
            "build": batch_norm(*factors, lead=lead),
            "family": rounded(8),
            "magnitude": batch_norm_size("gamma" in factors),
        }
        for variant, factors, lead in (
            ("", BOTH, ()),
            ("plain", (), ()),
            ("gamma", ("gamma",), ()),
            ("beta", ("beta",), ()),
            ("rank 3", BOTH, (3,)),
        )
    ),
    *(
        {
            "op": "batch_norm_backward",
            "variant": "" if scaled else "plain",
            "build": batch_norm_backward(scaled),
            "family": rounded(12),
            "magnitude": batch_norm_backward_size,
        }
        for scaled in (True, False)
    ),
    {
        "op": "batch_norm_dgamma",
        "variant": "",
        "build": batch_norm_dgamma,
        "family": rounded(8),
        "magnitude": batch_norm_dgamma_size,
    },
]
ROWS += step_cases.ROWS  # of what surrounds an update
for row in ROWS:
    row.setdefault("family", NORMAL if row["op"] == "random_normal" else EXACT)
