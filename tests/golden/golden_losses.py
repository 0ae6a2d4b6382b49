"""The golden cases of all losses beside those of `golden_cases.py`: values with gradients, and ten
training steps of a small network with each of them. `make.py` runs them, `test_golden_losses.py`
reads them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.golden.golden_cases import Cases, Spec, generator, simplex, spec

ROWS, CLASSES = 6, 4
REDUCTIONS = ("sum", "mean_with_sample_weight", "none")


def loss_family_cases() -> Cases:
    """Each loss with each of its settings, and some with other reductions."""
    rng = generator(20)
    n, k = ROWS, CLASSES
    w = np.array([1.0, 0.5, 2.0, 0.0, 1.5, 3.0])
    real, other = rng.normal(size=(n, k)), rng.normal(0.0, 2.0, (n, k))
    positive, counts = rng.uniform(0.1, 3.0, (n, k)), rng.integers(0, 5, (n, k)).astype(float)
    p, soft = simplex(rng, n, k), simplex(rng, n, k)
    bits = rng.integers(0, 2, (n, k)).astype(np.float64)
    labels = np.array([0, 3, 1, 2, 1, 0])
    one_hot, one_p = np.eye(k)[labels], rng.uniform(0.05, 0.95, (n, 1))
    one_bit, signs = rng.integers(0, 2, n), 2.0 * bits - 1.0
    found: Cases = {}

    def add(name: str, loss: Spec, y: np.ndarray, prediction: np.ndarray, **more: Any) -> None:
        description = {"loss": loss, "gradient": True, **more}
        found[name] = (description, {"y": y, "p": prediction, "w": w})

    add("mae", spec("MeanAbsoluteError"), real, other)
    add("mape", spec("MeanAbsolutePercentageError"), real, other)
    add("mape_zero_targets", spec("MeanAbsolutePercentageError"), bits, other)
    add("msle", spec("MeanSquaredLogarithmicError"), positive, positive[::-1])
    add("msle_negative", spec("MeanSquaredLogarithmicError"), real, other)
    for delta in (1.0, 0.3):
        add(f"huber_{delta}", spec("Huber", delta=delta), real, other)
    add("log_cosh", spec("LogCosh"), real, other)
    add("log_cosh_far", spec("LogCosh"), real, 50.0 * other)
    add("cosine", spec("CosineSimilarity"), real, other)
    add("cosine_zeros", spec("CosineSimilarity"), one_hot * real, other)
    add("poisson", spec("Poisson"), counts, positive)
    add("kld", spec("KLDivergence"), soft, p)
    add("kld_one_hot", spec("KLDivergence"), one_hot, p)
    for name, cls in (("hinge", "Hinge"), ("squared_hinge", "SquaredHinge")):
        add(name, spec(cls), signs, other)
        add(f"{name}_bits", spec(cls), bits, other)
        add(f"{name}_flat_target", spec(cls), one_bit, one_p)
    add("categorical_hinge", spec("CategoricalHinge"), one_hot, other)
    for from_logits, kind in ((False, "probabilities"), (True, "logits")):
        prediction = other if from_logits else p
        for gamma, smoothing, balanced in ((2.0, 0.0, False), (0.7, 0.1, True), (0.0, 0.0, False)):
            more = {"from_logits": from_logits, "gamma": gamma, "label_smoothing": smoothing}
            tail = f"{kind}_{gamma}"
            add(f"cfocal_{tail}", spec("CategoricalFocalCrossentropy", **more), one_hot, prediction)
            more["apply_class_balancing"] = balanced
            add(f"bfocal_{tail}", spec("BinaryFocalCrossentropy", **more), bits, prediction)
        flag = {"from_logits": from_logits, "alpha": 0.6}
        add(f"cfocal_{kind}_alpha", spec("CategoricalFocalCrossentropy", **flag), soft, prediction)
        for ignored in (1, -1, 255):
            y = np.where(labels == 1, ignored, labels)
            loss = "SparseCategoricalCrossentropy"
            more = {"from_logits": from_logits, "ignore_class": ignored}
            add(f"scce_{kind}_ignore_{ignored}", spec(loss, **more), y, prediction)
            for reduction in REDUCTIONS if from_logits and ignored == -1 else ():
                reduced = spec(loss, **more, reduction=reduction)
                scalar = reduction != "none"
                add(f"scce_ignore_{reduction}", reduced, y, prediction, gradient=scalar)
    for axis in (None, -1, 0):
        more = {} if axis is None else {"axis": axis}
        tail = "" if axis is None else f"_{axis}"
        weighted = axis != 0  # weights of rows do not fit losses of columns
        add(f"dice{tail}", spec("Dice", **more), bits, p, weighted=weighted)
        more.update(alpha=0.3, beta=0.8)
        add(f"tversky{tail}", spec("Tversky", **more), bits, p, weighted=weighted)
    add("gce", spec("CategoricalGeneralizedCrossEntropy", q=0.7), labels, p)
    for name, cls in (("mae", "MeanAbsoluteError"), ("dice", "Dice"), ("hinge", "Hinge")):
        for reduction in REDUCTIONS:
            scalar = reduction != "none"
            add(f"{name}_{reduction}", spec(cls, reduction=reduction), bits, p, gradient=scalar)
    return found


# loss → output activation, targets
TRAINED: dict[str, tuple[Spec, str, str]] = {
    "mae": (spec("MeanAbsoluteError"), "linear", "real"),
    "mape": (spec("MeanAbsolutePercentageError"), "linear", "positive"),
    "msle": (spec("MeanSquaredLogarithmicError"), "relu", "positive"),
    "huber": (spec("Huber", delta=0.5), "linear", "real"),
    "log_cosh": (spec("LogCosh"), "linear", "real"),
    "cosine": (spec("CosineSimilarity"), "tanh", "real"),
    "poisson": (spec("Poisson"), "sigmoid", "bits"),
    "kld": (spec("KLDivergence"), "softmax", "soft"),
    "hinge": (spec("Hinge"), "tanh", "bits"),
    "squared_hinge": (spec("SquaredHinge"), "tanh", "bits"),
    "categorical_hinge": (spec("CategoricalHinge"), "linear", "one_hot"),
    "bfocal": (spec("BinaryFocalCrossentropy"), "sigmoid", "bits"),
    "cfocal": (spec("CategoricalFocalCrossentropy"), "softmax", "one_hot"),
    "cfocal_logits": (spec("CategoricalFocalCrossentropy", from_logits=True), "linear", "one_hot"),
    "scce_ignore": (spec("SparseCategoricalCrossentropy", ignore_class=-1), "softmax", "ignored"),
    "dice": (spec("Dice"), "sigmoid", "bits"),
    "tversky": (spec("Tversky", alpha=0.3, beta=0.7), "sigmoid", "bits"),
    "gce": (spec("CategoricalGeneralizedCrossEntropy"), "softmax", "labels"),
}


def loss_steps_cases() -> Cases:
    """Ten steps of momentum on one network with each loss; the rate makes the weights move."""
    found: Cases = {}
    for name, (loss, activation, kind) in TRAINED.items():
        rng = generator(21)
        n, sizes = 20, (5, 4, 3)
        layers, weights = [], {}
        for i, function in enumerate(("tanh", activation)):
            layer = ("hidden", "output")[i]
            layers.append(spec("Dense", units=sizes[i + 1], activation=function, name=layer))
            weights[f"{layer}/kernel"] = rng.normal(0.0, 0.6, (sizes[i], sizes[i + 1]))
            weights[f"{layer}/bias"] = rng.uniform(0.1, 0.3, sizes[i + 1])
        x, labels = rng.normal(size=(n, 5)), rng.integers(0, 3, n)
        y = {
            "real": rng.normal(size=(n, 3)),
            "positive": rng.uniform(0.5, 2.0, (n, 3)),
            "bits": rng.integers(0, 2, (n, 3)).astype(np.float64),
            "soft": simplex(rng, n, 3),
            "one_hot": np.eye(3)[labels],
            "labels": labels,
            "ignored": np.where(np.arange(n) % 5 == 0, -1, labels),
        }[kind]
        rate = 0.002 if name == "mape" else 0.2
        description = {
            "input_shape": [5], "layers": layers, "weights": list(weights),
            "shapes": [list(value.shape) for value in weights.values()], "loss": loss,
            "optimizer": spec("SGD", learning_rate=rate, momentum=0.5), "batch_size": 8,
            "steps": 10,
        }  # fmt: skip
        found[name] = (description, {"x": x, "y": y, **weights})
    return found
