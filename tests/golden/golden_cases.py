"""The golden cases: for each area a table name → (description, input arrays).

Descriptions are plain JSON and go into the .npz with the arrays, so that the tests need only the
file. No library runs here: NumPy draws the inputs, `make.py` computes what belongs to them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from tests.golden import golden_updates

SEED = 20240229

Case = tuple[dict[str, Any], dict[str, np.ndarray]]
Cases = dict[str, Case]
Spec = dict[str, Any]


def spec(class_name: str, /, **config: Any) -> Spec:
    """An object in JSON: its Keras class name and its arguments."""
    return {"class": class_name, "config": config}


def generator(*stream: int) -> np.random.Generator:
    """A generator of its own for each case family, so that adding a case moves no other."""
    return np.random.default_rng([SEED, *stream])


def simplex(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Rows of probabilities, none below 0.01, each summing to 1."""
    p = rng.uniform(0.05, 1.0, (rows, columns))
    return p / p.sum(axis=1, keepdims=True)


# --- activations -----------------------------------------------------------------------------


def activation_cases() -> Cases:
    """Each activation at moderate, wide and huge inputs (rows of 6)."""
    rng = generator(1)
    huge = np.array(
        [
            [1e4, -1e4, 0.0, 1.0, -1.0, 30.0],
            [-1e4, -1e4, -1e4, -1e4, -1e4, -1e4],
            [1e4, 1e4, 1e4 - 1, 1e4 - 2, 0.5, -88.0],
            [1e3, -1e3, 100.0, -100.0, 89.0, -89.0],
            [0.0, 1e-4, -1e-4, 1e-7, -1e-7, 1e-30],
        ]
    )
    inputs = {
        "moderate": rng.normal(0.0, 1.5, (9, 6)),
        "wide": rng.normal(0.0, 12.0, (9, 6)),
        "huge": huge,
    }
    found: Cases = {}
    for activation in ("linear", "relu", "sigmoid", "tanh", "softmax"):
        for kind, x in inputs.items():
            arrays = {"x": x, "target": rng.normal(0.0, 1.0, x.shape)}
            found[f"{activation}_{kind}"] = ({"activation": activation}, arrays)
    return found


# --- losses ----------------------------------------------------------------------------------


def loss_cases() -> Cases:
    """Each loss: from_logits, smoothing, target forms, reductions, saturated and huge inputs."""
    rng = generator(2)
    n, k = 7, 4
    w = np.array([1.0, 0.5, 2.0, 0.0, 1.5, 3.0, 0.25])
    real, logits, p = rng.normal(size=(n, k)), rng.normal(0.0, 3.0, (n, k)), simplex(rng, n, k)
    bits = rng.integers(0, 2, (n, k)).astype(np.float64)
    labels = rng.integers(0, k, n)
    one_hot, soft = np.eye(k)[labels], simplex(rng, n, k)
    one_logit, one_p = rng.normal(0.0, 3.0, (n, 1)), rng.uniform(0.05, 0.95, (n, 1))
    one_bit = rng.integers(0, 2, n)
    extreme = np.zeros((n, k))
    extreme[0] = [1e4, -1e4, 0.0, 3.0]
    extreme[1] = [-1e4, -1e4, -1e4, -1e4]
    extreme[2] = [1e4, 1e4, 1e4, 0.0]
    extreme[3] = [-1e4, 1e4, 5.0, -5.0]
    extreme[4] = [1e3, -1e3, 1e2, -1e2]
    saturated = np.eye(k)[(labels + np.arange(n) % 2) % k]
    found: Cases = {}

    def add(name: str, loss: Spec, y: np.ndarray, prediction: np.ndarray, **more: Any) -> None:
        description = {"loss": loss, "gradient": True, **more}
        found[name] = (description, {"y": y, "p": prediction, "w": w})

    mse, bce = "MeanSquaredError", "BinaryCrossentropy"
    cce, scce = "CategoricalCrossentropy", "SparseCategoricalCrossentropy"
    add("mse", spec(mse), real, logits)
    add("mse_column", spec(mse), real[:, :1], one_logit)
    add("mse_flat_target", spec(mse), real[:, 0], one_logit)
    add("mse_integer_target", spec(mse), labels[:, None], one_logit)
    for from_logits, kind in ((False, "probabilities"), (True, "logits")):
        prediction, single = (logits, one_logit) if from_logits else (p, one_p)
        for smoothing in (0.0, 0.1):
            config = {"from_logits": from_logits, "label_smoothing": smoothing}
            tail = f"{kind}_smoothed" if smoothing else kind
            add(f"bce_{tail}", spec(bce, **config), bits, prediction)
            add(f"cce_{tail}", spec(cce, **config), one_hot, prediction)
        flag = {"from_logits": from_logits}
        add(f"bce_{kind}_flat_target", spec(bce, **flag), one_bit, single)
        add(f"bce_{kind}_soft_target", spec(bce, **flag), soft, prediction)
        add(f"cce_{kind}_soft_target", spec(cce, **flag), soft, prediction)
        add(f"scce_{kind}", spec(scce, **flag), labels, prediction)
        add(f"scce_{kind}_column_target", spec(scce, **flag), labels[:, None], prediction)
        for reduction in ("sum", "mean", "mean_with_sample_weight", "none"):
            more = {"reduction": reduction, **flag}
            scalar = reduction != "none"
            add(f"bce_{kind}_{reduction}", spec(bce, **more), bits, prediction, gradient=scalar)
            add(f"cce_{kind}_{reduction}", spec(cce, **more), one_hot, prediction, gradient=scalar)
            add(f"scce_{kind}_{reduction}", spec(scce, **more), labels, prediction, gradient=scalar)
    for reduction in ("sum", "mean", "mean_with_sample_weight", "none"):
        scalar = reduction != "none"
        add(f"mse_{reduction}", spec(mse, reduction=reduction), real, logits, gradient=scalar)
    flag = {"from_logits": True}
    add("bce_extreme_logits", spec(bce, **flag), bits, extreme)
    add("cce_extreme_logits", spec(cce, **flag), one_hot, extreme)
    add("scce_extreme_logits", spec(scce, **flag), labels, extreme)
    # Probabilities of exactly 0 and 1 are clipped at epsilon = 1e-7, whose float32 rounding near 1
    # is 1.2e-7: the two dtypes rightly give different numbers.
    add("bce_saturated", spec(bce), bits, saturated, float32_differs=True)
    add("cce_saturated", spec(cce), one_hot, saturated, float32_differs=True)
    add("scce_saturated", spec(scce), labels, saturated, float32_differs=True)
    # Keras divides class probabilities by their sum before the logarithm.
    add("cce_unnormalised", spec(cce), one_hot, 1.7 * p + 0.1)
    add("scce_unnormalised", spec(scce), labels, 1.7 * p + 0.1)
    return found


# --- metrics ---------------------------------------------------------------------------------


def metric_cases() -> Cases:
    """Each metric over three batches of 8, 8 and 4 rows."""
    rng = generator(3)
    n, k = 20, 4
    w = rng.choice([0.0, 0.5, 1.0, 2.0], n)
    p, logits = simplex(rng, n, k), rng.normal(0.0, 2.0, (n, k))
    p[3] = [0.25, 0.25, 0.25, 0.25]  # a tie: the first class wins
    p[5] = [0.1, 0.4, 0.4, 0.1]
    labels = rng.integers(0, k, n)
    labels[3], labels[5] = 0, 1
    one_hot = np.eye(k)[labels]
    bits, scores = rng.integers(0, 2, (n, k)).astype(np.float64), rng.uniform(0.02, 0.98, (n, k))
    scores[0] = [0.5, 0.5, 0.3, 0.3]  # exactly the threshold counts as 0
    rows: list[tuple[str, Spec, np.ndarray | None, np.ndarray]] = [
        ("mean", spec("Mean"), None, logits[:, 0]),
        ("binary_accuracy", spec("BinaryAccuracy"), bits, scores),
        ("binary_accuracy_threshold", spec("BinaryAccuracy", threshold=0.3), bits, scores),
        ("binary_accuracy_column", spec("BinaryAccuracy"), bits[:, :1], scores[:, :1]),
        ("categorical_accuracy", spec("CategoricalAccuracy"), one_hot, p),
        ("sparse_categorical_accuracy", spec("SparseCategoricalAccuracy"), labels, p),
        ("sparse_accuracy_column", spec("SparseCategoricalAccuracy"), labels[:, None], p),
        ("mean_squared_error", spec("MeanSquaredError"), logits, bits + scores),
        ("binary_crossentropy", spec("BinaryCrossentropy"), bits, scores),
        ("binary_crossentropy_logits", spec("BinaryCrossentropy", from_logits=True), bits, logits),
        ("binary_smoothed", spec("BinaryCrossentropy", label_smoothing=0.1), bits, scores),
        ("categorical_crossentropy", spec("CategoricalCrossentropy"), one_hot, p),
        (
            "categorical_crossentropy_logits",
            spec("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1),
            one_hot,
            logits,
        ),
        ("sparse_categorical_crossentropy", spec("SparseCategoricalCrossentropy"), labels, p),
        (
            "sparse_categorical_crossentropy_logits",
            spec("SparseCategoricalCrossentropy", from_logits=True),
            labels,
            logits,
        ),
    ]
    found: Cases = {}
    for name, metric, y, prediction in rows:
        arrays = {"p": prediction, "w": w}
        if y is not None:
            arrays["y"] = y
        found[name] = ({"metric": metric, "batch_size": 8, "batches": 3}, arrays)
    return found


# --- layers ----------------------------------------------------------------------------------


def layer_cases() -> Cases:
    """Each layer alone or in a short chain, with the weights given."""
    rng = generator(4)
    found: Cases = {}

    def add(name: str, layers: list[Spec], x: np.ndarray, out: tuple[int, ...], **w: Any) -> None:
        weights = {key.replace("__", "/"): rng.normal(0.0, 0.6, shape) for key, shape in w.items()}
        description = {"input_shape": list(x.shape[1:]), "layers": layers, "weights": list(weights)}
        target = rng.normal(size=(len(x), *out))
        found[name] = (description, {"x": x, "target": target, **weights})

    x = rng.normal(size=(5, 6))
    for activation in ("linear", "relu", "sigmoid", "tanh", "softmax"):
        dense = spec("Dense", units=4, activation=activation, name="dense")
        add(f"dense_{activation}", [dense], x, (4,), dense__kernel=(6, 4), dense__bias=(4,))
        dense = spec("Dense", units=4, activation=activation, use_bias=False, name="dense")
        add(f"dense_{activation}_no_bias", [dense], x, (4,), dense__kernel=(6, 4))
        add(f"activation_{activation}", [spec("Activation", activation=activation)], x, (6,))
    one = spec("Dense", units=1, name="dense")
    add("dense_one_unit", [one], x, (1,), dense__kernel=(6, 1), dense__bias=(1,))
    add("dense_one_input", [one], x[:, :1], (1,), dense__kernel=(1, 1), dense__bias=(1,))
    wide = spec("Dense", units=67, activation="tanh", name="dense")
    shapes = {"dense__kernel": (65, 67), "dense__bias": (67,)}
    add("dense_odd_sizes", [wide], rng.normal(size=(9, 65)), (67,), **shapes)
    dense = spec("Dense", units=4, activation="relu", name="dense")
    shapes = {"dense__kernel": (6, 4), "dense__bias": (4,)}
    add("dense_3d", [dense], rng.normal(size=(5, 3, 6)), (3, 4), **shapes)
    add("dropout_inference", [spec("Dropout", rate=0.4)], x, (6,))
    image = rng.normal(size=(5, 2, 3))
    add("flatten", [spec("Flatten")], image, (6,))
    add("flatten_flat", [spec("Flatten")], x, (6,))
    add("flatten_4d", [spec("Flatten")], rng.normal(size=(3, 2, 3, 2)), (12,))
    add("rescaling", [spec("Rescaling", scale=0.25)], x, (6,))
    add("rescaling_offset", [spec("Rescaling", scale=2.0, offset=-1.0)], x, (6,))
    vectors = {"scale": [0.5, 1.0, -2.0, 0.1, 3.0, 1.5], "offset": [0.0, 1.0, 2.0, -1.0, 0.5, 4.0]}
    add("rescaling_vectors", [spec("Rescaling", **vectors)], x, (6,))
    channels = {"scale": [0.5, -1.0, 2.0], "offset": [1.0, 0.0, -1.0]}
    add("rescaling_channels", [spec("Rescaling", **channels)], image, (2, 3))
    pixels = rng.integers(0, 256, (5, 4, 3)).astype(np.uint8)
    chain = [
        spec("Rescaling", scale=1 / 255),
        spec("Flatten"),
        spec("Dense", units=5, activation="relu", name="hidden"),
        spec("Dropout", rate=0.5),
        spec("Dense", units=3, name="output"),
        spec("Activation", activation="softmax"),
    ]
    shapes = {"hidden__kernel": (12, 5), "hidden__bias": (5,)}
    shapes |= {"output__kernel": (5, 3), "output__bias": (3,)}
    add("chain_of_pixels", chain, pixels, (3,), **shapes)
    return found


# --- initializers ----------------------------------------------------------------------------


def initializer_cases() -> Cases:
    """Each initializer, by the statistics of a draw of shape (300, 200)."""
    rows: dict[str, tuple[Spec, float | None]] = {
        "zeros": (spec("Zeros"), 0.0),
        "ones": (spec("Ones"), 1.0),
        "constant": (spec("Constant", value=0.3), 0.3),
        "random_uniform": (spec("RandomUniform", minval=-0.1, maxval=0.3, seed=1), 0.3),
        "random_normal": (spec("RandomNormal", mean=0.2, stddev=0.4, seed=1), None),
        "truncated_normal": (spec("TruncatedNormal", mean=0.0, stddev=0.4, seed=1), 0.8),
        "variance_scaling": (spec("VarianceScaling", scale=2.0, mode="fan_out", seed=1), None),
        "variance_scaling_uniform": (
            spec("VarianceScaling", mode="fan_avg", distribution="uniform", seed=1),
            float(np.sqrt(3.0 / 250.0)),
        ),
        "variance_scaling_untruncated": (
            spec("VarianceScaling", distribution="untruncated_normal", seed=1),
            None,
        ),
        "orthogonal": (spec("Orthogonal", gain=2.0, seed=1), None),
        "identity": (spec("Identity", gain=3.0), 3.0),
    }
    fan = {"Glorot": 1.0 / 250.0, "He": 2.0 / 300.0, "Lecun": 1.0 / 300.0}
    for family, variance in fan.items():
        uniform, normal = f"{family}Uniform", f"{family}Normal"
        rows[f"{family.lower()}_uniform"] = (spec(uniform, seed=1), float(np.sqrt(3.0 * variance)))
        # A normal truncated at two of its standard deviations has 0.87962566 of its deviation.
        limit = 2.0 * float(np.sqrt(variance)) / 0.87962566103423978
        rows[f"{family.lower()}_normal"] = (spec(normal, seed=1), limit)
    quantiles = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
    return {
        name: (
            {"initializer": s, "shape": [300, 200], "quantiles": quantiles, "limit": limit},
            {},
        )
        for name, (s, limit) in rows.items()
    }


# --- networks: their gradients, their training, their history --------------------------------

# name → (loss, hidden activations, units of the output layer, its activation, kind of target)
NETWORKS: dict[str, tuple[Spec, tuple[str, str], int, str, str]] = {
    "mse_linear": (spec("MeanSquaredError"), ("relu", "tanh"), 3, "linear", "real"),
    "mse_sigmoid": (spec("MeanSquaredError"), ("sigmoid", "sigmoid"), 3, "sigmoid", "bits"),
    "mse_softmax": (spec("MeanSquaredError"), ("tanh", "relu"), 3, "softmax", "one_hot"),
    "bce_sigmoid": (spec("BinaryCrossentropy"), ("relu", "sigmoid"), 3, "sigmoid", "bits"),
    "bce_one_unit": (spec("BinaryCrossentropy"), ("relu", "relu"), 1, "sigmoid", "bit"),
    "bce_logits": (
        spec("BinaryCrossentropy", from_logits=True, label_smoothing=0.1),
        ("tanh", "tanh"), 3, "linear", "bits",
    ),
    "cce_softmax": (spec("CategoricalCrossentropy"), ("relu", "tanh"), 3, "softmax", "one_hot"),
    "cce_logits": (
        spec("CategoricalCrossentropy", from_logits=True, label_smoothing=0.1),
        ("sigmoid", "relu"), 3, "linear", "one_hot",
    ),
    "scce_softmax": (
        spec("SparseCategoricalCrossentropy"), ("tanh", "sigmoid"), 3, "softmax", "labels",
    ),
    "scce_logits": (
        spec("SparseCategoricalCrossentropy", from_logits=True),
        ("relu", "relu"), 3, "linear", "labels",
    ),
}  # fmt: skip

# The rates are such that ten steps go far (make.py checks how far) without becoming chaotic.
OPTIMIZERS: dict[str, Spec] = {
    "sgd": spec("SGD", learning_rate=0.1),
    "sgd_momentum": spec("SGD", learning_rate=0.05, momentum=0.9),
    "sgd_nesterov": spec("SGD", learning_rate=0.05, momentum=0.9, nesterov=True),
    "sgd_decay": spec("SGD", learning_rate=0.1, weight_decay=0.05),
    "adam": spec("Adam", learning_rate=0.01),
    "adam_options": spec("Adam", learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
    "adamw": spec("AdamW", learning_rate=0.01),
    "adamw_decay": spec("AdamW", learning_rate=0.01, weight_decay=0.3, beta_1=0.85),
    "rmsprop": spec("RMSprop", learning_rate=0.005),
    "rmsprop_rho": spec("RMSprop", learning_rate=0.005, rho=0.7, epsilon=1e-3),
    "rmsprop_momentum": spec("RMSprop", learning_rate=0.005, momentum=0.6),
    "rmsprop_centered": spec("RMSprop", learning_rate=0.005, centered=True, epsilon=1e-4),
    "rmsprop_centered_momentum": spec(
        "RMSprop", learning_rate=0.005, rho=0.8, momentum=0.5, centered=True, epsilon=1e-4
    ),
    "rmsprop_decay": spec("RMSprop", learning_rate=0.005, weight_decay=0.2),
}


def network(name: str, n: int = 20) -> Case:
    """One of NETWORKS as 7-9-5-k, with data of n rows, sample weights and initial weights."""
    loss, hidden, units, activation, kind = NETWORKS[name]
    rng = generator(5, list(NETWORKS).index(name))
    sizes = [7, 9, 5, units]
    layers, weights = [], {}
    names = ("hidden_1", "hidden_2", "output")
    for i, (layer, function) in enumerate(zip(names, (*hidden, activation), strict=True)):
        layers.append(spec("Dense", units=sizes[i + 1], activation=function, name=layer))
        limit = np.sqrt(6.0 / (sizes[i] + sizes[i + 1]))
        weights[f"{layer}/kernel"] = rng.uniform(-limit, limit, (sizes[i], sizes[i + 1]))
        weights[f"{layer}/bias"] = rng.uniform(-0.2, 0.2, sizes[i + 1])
    labels = rng.integers(0, 3, n)
    target = {
        "real": rng.normal(size=(n, units)),
        "bits": rng.integers(0, 2, (n, units)).astype(np.float64),
        "bit": rng.integers(0, 2, n),
        "one_hot": np.eye(3)[labels],
        "labels": labels,
    }[kind]
    w = rng.choice([0.0, 0.5, 1.0, 2.5], n)
    description = {
        "input_shape": [7], "layers": layers, "weights": list(weights),
        "shapes": [list(value.shape) for value in weights.values()], "loss": loss,
    }  # fmt: skip
    return description, {"x": rng.normal(size=(n, 7)), "y": target, "w": w, **weights}


def model_cases() -> Cases:
    """Every network at its initial weights."""
    return {name: network(name) for name in NETWORKS}


def training_cases() -> Cases:
    """Every network with every optimizer; the arrays are those of the area `models`."""
    found: Cases = {}
    for name in NETWORKS:
        description, arrays = network(name)
        for optimizer, s in OPTIMIZERS.items():
            more = {"optimizer": s, "arrays_of": name, "batch_size": 8, "steps": 10}
            found[f"{name}-{optimizer}"] = ({**description, **more}, arrays)
    return found


def update_cases() -> Cases:
    """Two of the networks with the rules of ``golden_updates.py``."""
    found: Cases = {}
    for name in golden_updates.NETWORKS:
        description, arrays = network(name)
        for optimizer, s in golden_updates.OPTIMIZERS.items():
            more = {"optimizer": s, "arrays_of": name, "batch_size": 8, "steps": 10}
            found[f"{name}-{optimizer}"] = ({**description, **more}, arrays)
    return found


def history_cases() -> Cases:
    """Short fits with the options of compile and fit that change what History holds."""
    found: Cases = {}
    three = {"epochs": 3, "batch_size": 8}
    accuracy = ["accuracy"]
    both = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    classes = {"0": 0.5, "1": 2.0, "2": 1.25}
    losses = ["mse", "mean_squared_error", "binary_crossentropy"]

    def add(
        name: str,
        of: str,
        compiled: dict[str, Any],
        fit: dict[str, Any] | None = None,
        weighted: bool = False,
        validation: str = "",
    ) -> None:
        description, arrays = network(of)
        description = {**description, "fit": {**three, **(fit or {})}}
        description["compile"] = {
            "loss": description.pop("loss"),
            "optimizer": spec("SGD", learning_rate=0.1, momentum=0.5),
            **compiled,
        }
        if not weighted:
            del arrays["w"]
        if validation:
            held_out = network(of, n=11)[1]
            arrays["val_x"], arrays["val_y"] = held_out["x"], held_out["y"]
            if validation == "weighted":
                arrays["val_w"] = held_out["w"]
        found[name] = (description, arrays)

    for of in NETWORKS:
        add(f"accuracy_{of}", of, {"metrics": accuracy})
    add("no_metrics", "cce_softmax", {})
    add("losses_as_metrics", "mse_sigmoid", {"metrics": losses})
    add("loss_classes_as_metrics", "mse_sigmoid", {"metrics": [spec("MeanSquaredError")]})
    add("crossentropy_metric", "cce_softmax", {"metrics": ["categorical_crossentropy", "acc"]})
    sparse = ["sparse_categorical_crossentropy", "sparse_categorical_accuracy"]
    add("sparse_metrics", "scce_softmax", {"metrics": sparse})
    add("logits_metric", "scce_logits", {
        "metrics": [spec("SparseCategoricalCrossentropy", from_logits=True, name="nats")],
    })  # fmt: skip
    add("binary_metrics", "bce_sigmoid", {"metrics": [spec("BinaryAccuracy", threshold=0.4)]})
    add("loss_by_name", "mse_linear", {"loss": "mse", "metrics": ["mse"]})
    add("sample_weight", "scce_softmax", both, weighted=True)
    add("sample_weight_mse", "mse_linear", {"weighted_metrics": ["mse"]}, weighted=True)
    add("sample_weight_binary", "bce_sigmoid", both, weighted=True)
    for reduction in ("mean_with_sample_weight", "sum"):
        for loss, of in (("MeanSquaredError", "mse_linear"), ("BinaryCrossentropy", "bce_sigmoid")):
            name = f"{reduction}_{of}"
            add(name, of, {"loss": spec(loss, reduction=reduction)}, weighted=True)
            found[name][1]["w"][8:16] = 0.0  # a batch without weight: its loss and gradient are 0
    add("class_weight_sparse", "scce_softmax", both, {"class_weight": classes})
    add("class_weight_one_hot", "cce_softmax", both, {"class_weight": classes})
    add("class_weight_binary", "bce_one_unit", both, {"class_weight": {"0": 0.3, "1": 1.7}})
    add("class_weight_missing", "scce_logits", both, {"class_weight": {"1": 3.0}})
    split = {"validation_split": 0.3}
    add("validation_split", "scce_softmax", {"metrics": accuracy}, split)
    add("validation_split_weighted", "cce_softmax", both, split, weighted=True)
    add("validation_split_class_weight", "scce_softmax", both, {**split, "class_weight": classes})
    add("validation_data", "mse_linear", {"metrics": ["mse"]}, validation="plain")
    add("validation_data_weighted", "scce_softmax", both, weighted=True, validation="weighted")
    often = {"epochs": 5, "validation_freq": 2}
    add("validation_freq", "bce_sigmoid", {"metrics": accuracy}, often, validation="plain")
    some = {"validation_batch_size": 3}
    add("validation_batch_size", "cce_logits", {"metrics": accuracy}, some, validation="plain")
    add("batch_of_one", "mse_sigmoid", {"metrics": accuracy}, {"batch_size": 1})
    add("batch_larger_than_data", "mse_sigmoid", {"metrics": accuracy}, {"batch_size": 64})
    add("initial_epoch", "cce_softmax", {"metrics": accuracy}, {"initial_epoch": 1})
    return found


AREAS: dict[str, Callable[[], Cases]] = {
    "activations": activation_cases,
    "losses": loss_cases,
    "metrics": metric_cases,
    "layers": layer_cases,
    "initializers": initializer_cases,
    "models": model_cases,
    "training": training_cases,
    "updates": update_cases,
    "history": history_cases,
    "metric_family": lambda: import_module("tests.golden.golden_metrics").metric_family_cases(),
    "metric_history": lambda: import_module("tests.golden.golden_metrics").metric_history_cases(),
    "blocks": lambda: import_module("tests.golden.golden_blocks").block_cases(),
    "curves": lambda: import_module("tests.golden.golden_curves").curve_cases(),
    "rectifiers": lambda: import_module("tests.golden.golden_curves").rectifier_cases(),
    "loss_family": lambda: import_module("tests.golden.golden_losses").loss_family_cases(),
    "loss_steps": lambda: import_module("tests.golden.golden_losses").loss_steps_cases(),
}
