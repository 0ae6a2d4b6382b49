"""The golden cases of layers inside layers: merging, branch blocks, shapes, ids, sequences, masks.

A layer is ``{"class": ..., "config": ...}`` whose configuration may hold layers again. ``Residual``
and ``Parallel`` are fastnn's own; for Keras they are written here, of Keras's layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Spec = dict[str, Any]
SEED = 20261122


def spec(name: str, *positional: Any, **config: Any) -> Spec:
    """A layer in JSON; Dense(3) may be written spec("Dense", 3)."""
    first = {"Dense": "units", "Residual": "layers", "Parallel": "branches"}
    if positional:
        config = {first[name]: positional[0], **config}
    return {"class": name, "config": config}


DENSE = spec("Dense", 3, activation="tanh")
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
D = [(4, 3), (3,)]  # the weights of a Dense of three units on four numbers

# name: (input shape, layers, shapes of the weights, what x is)
CASES: dict[str, tuple[tuple[int, ...], list[Spec], list[tuple[int, ...]], str]] = {
    **{
        f"merge_{name.lower()}": (
            (4,), [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec(name))], D + D, "real",
        )
        for name in MERGES
    },
    "three_branches": (
        (4,),
        [spec("Parallel", [[DENSE, spec("Dense", 2)], [], spec("Dense", 3)])],
        [*D, (3, 2), (2,), *D],
        "real",
    ),
    "average_of_three": (
        (4,), [spec("Parallel", [DENSE, DENSE, DENSE], merge=spec("Average"))], D * 3, "real",
    ),
    "concatenate_steps": (
        (5, 4),
        [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec("Concatenate", axis=1))],
        D + D,
        "real",
    ),
    "add_of_two_ranks": (
        (5, 4),
        [spec("Parallel", [[DENSE], [spec("Permute", dims=[2, 1]),
                                     spec("Reshape", target_shape=[20]), spec("Dense", 3)]],
              merge=spec("Add"))],
        [*D, (20, 3), (3,)],
        "real",
    ),
    "dot": (
        (4,),
        [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec("Dot", axes=1))],
        D + D,
        "real",
    ),
    "dot_steps": (
        (5, 4),
        [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec("Dot", axes=[2, 2]))],
        D + D,
        "real",
    ),
    "dot_cosine": (
        (5, 4),
        [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec("Dot", axes=1, normalize=True))],
        D + D,
        "real",
    ),
    "dot_cosine_small": (
        (4,), [spec("Parallel", [[], []], merge=spec("Dot", axes=1, normalize=True))], [], "small",
    ),
    **{
        f"masked_{name.lower()}_of_three": (
            (5, 4),
            [spec("Parallel", [[spec("Masking")], [spec("Masking", mask_value=1.0)],
                               [spec("Rescaling", scale=-1.0), spec("Masking", mask_value=9.0)]],
                  merge=spec(name))],
            [],
            "padded",
        )
        for name in ("Maximum", "Multiply")
    },
    "residual": (
        (4,), [spec("Residual", [DENSE, spec("Dense", 4)])], [*D, (3, 4), (4,)], "real",
    ),
    "residual_gate": (
        (4,),
        [
            spec("Residual", DENSE, merge=spec("Multiply"), shortcut=spec("Dense", 3)),
            spec("Dense", 2),
        ],
        [*D, *D, (3, 2), (2,)],
        "real",
    ),
    "blocks_in_blocks": (
        (4,),
        [spec("Residual", [spec("Parallel", [DENSE, spec("Dense", 3)], merge=spec("Maximum")),
                           spec("Residual", spec("Dense", 3)), spec("Dense", 4)])],
        [*D, *D, (3, 3), (3,), (3, 4), (4,)],
        "real",
    ),
    "reshape": (
        (4,), [spec("Reshape", target_shape=[2, -1]), spec("Dense", 3)], [(2, 3), (3,)], "real",
    ),
    "permute": ((5, 4), [spec("Permute", dims=[2, 1]), spec("Dense", 3)], [(5, 3), (3,)], "real"),
    "permute_three": (
        (2, 3, 4), [spec("Permute", dims=[3, 1, 2]), spec("Dense", 2)], [(3, 2), (2,)], "real",
    ),
    "repeat_vector": (
        (4,),
        [spec("RepeatVector", n=3), spec("TimeDistributed", layer=DENSE), spec("Flatten")],
        D,
        "real",
    ),
    "time_distributed": (
        (5, 4), [spec("TimeDistributed", layer=DENSE), spec("Identity")], D, "real",
    ),
    "time_distributed_images": (
        (3, 2, 2),
        [spec("TimeDistributed", layer=spec("Flatten")), spec("TimeDistributed", layer=DENSE)],
        D,
        "real",
    ),
    "embedding": (
        (5,),
        [spec("Embedding", input_dim=7, output_dim=4), spec("Flatten"), spec("Dense", 2)],
        [(7, 4), (20, 2), (2,)],
        "ids",
    ),
    "embedding_mask": (
        (5,),
        [spec("Embedding", input_dim=7, output_dim=4, mask_zero=True), DENSE],
        [(7, 4), *D],
        "ids",
    ),
    **{
        f"category_{mode}": (
            (5,), [spec("CategoryEncoding", num_tokens=7, output_mode=mode)], [], "ids",
        )
        for mode in ("one_hot", "multi_hot", "count")
    },
    "category_one_column": (
        (1,), [spec("CategoryEncoding", num_tokens=7, output_mode="one_hot")], [], "ids",
    ),
    **{
        f"discretization_{mode}": (
            (4,),
            [spec("Discretization", bin_boundaries=[-0.5, 0.0, 0.25, 1.0], output_mode=mode)],
            [],
            "rounded",
        )
        for mode in ("int", "one_hot", "multi_hot", "count")
    },
    "masking": ((5, 4), [spec("Masking"), DENSE, spec("Dense", 2)], [*D, (3, 2), (2,)], "padded"),
    **{
        f"masked_{name.lower()}": (
            (5, 4),
            [spec("Parallel", [[spec("Masking")], [spec("Masking", mask_value=1.0)]],
                  merge=spec(name))],
            [],
            "padded",
        )
        for name in (*MERGES[2:], "Add")
    },
}  # fmt: skip


def block_cases() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Every case with its arrays."""
    found = {}
    for number, (name, (shape, layers, shapes, kind)) in enumerate(CASES.items()):
        rng = np.random.default_rng(SEED + number)
        x: Any = rng.normal(size=(6, *shape))
        if kind == "ids":
            x = rng.integers(0, 7, (6, *shape))
        elif kind == "rounded":
            x = np.round(4 * x) / 4  # on the boundaries, too
        elif kind == "small":
            x = x * 1e-2
        elif kind == "padded":
            x[rng.random((6, shape[0])) < 0.3] = 0.0
            x[rng.random((6, shape[0])) < 0.3] = 1.0
        weights = {f"w{i}": rng.normal(size=size) * 0.5 for i, size in enumerate(shapes)}
        description = {
            "input_shape": list(shape), "layers": layers, "weights": list(weights), "x": kind,
        }  # fmt: skip
        found[name] = (description, {"x": x, **weights})
    return found


def target_of(y: np.ndarray) -> np.ndarray:
    """What the gradients' mean squared error compares the output with."""
    flat = np.arange(y.size, dtype=np.float64)
    return np.sin(flat).reshape(y.shape).astype(y.dtype)


def build(namespace: Callable[[str], Any], value: Any) -> Any:
    """A layer of its specification, or a list of them."""
    if isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        return [build(namespace, item) for item in value]
    if not isinstance(value, dict):
        return value
    config = {name: build(namespace, item) for name, item in value["config"].items()}
    return namespace(value["class"])(**config)


def keras_layers(keras: Any) -> Callable[[str], Any]:
    """Keras's layers, and fastnn's blocks made of them."""

    def chain(layers: Any, x: Any) -> Any:
        for layer in layers if isinstance(layers, list) else [layers]:
            x = layer(x)
        return x

    class Residual(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, layers: Any, merge: Any = None, shortcut: Any = None) -> None:
            super().__init__()
            self.main, self.way = layers, [] if shortcut is None else shortcut
            self.merge = merge or keras.layers.Add()

        def call(self, inputs: Any) -> Any:
            return self.merge([chain(self.main, inputs), chain(self.way, inputs)])

    class Parallel(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, branches: Any, merge: Any = None) -> None:
            super().__init__()
            self.branches = branches
            self.merge = merge or keras.layers.Concatenate()
            self.supports_masking = True

        def call(self, inputs: Any) -> Any:
            return self.merge([chain(branch, inputs) for branch in self.branches])

        def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
            return None

    own = {"Residual": Residual, "Parallel": Parallel}
    return lambda name: own.get(name) or getattr(keras.layers, name)
