"""fastnn against the numbers that Keras gave: `make.py` wrote them, `golden_cases.py` lists them.

Compared are forward values, losses, metrics, every gradient by name, the weights after 1 and after
10 training steps for each loss and optimizer, and the History of fits with weights and validation;
in float32 and float64, on the NumPy and the C backend (CPU levels are the parity suite's matter).
Nothing here needs Keras.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.conftest import WITHOUT_C
from tests.golden.golden_file import (
    FOLDER,
    TOLERANCE,
    GoldenFile,
    GoldenWriter,
    assert_close,
    error_of,
)
from tests.golden.golden_models import (
    batches,
    build_model,
    build_object,
    class_weight_of,
    compile_arguments,
    unflatten,
)

AREAS = (
    "activations", "losses", "metrics", "layers", "initializers", "models", "training", "updates",
    "history",
)  # fmt: skip
FILES = {area: GoldenFile(area) for area in AREAS}


def cases_of(area: str) -> pytest.MarkDecorator:
    """Parametrise a test over the cases of an area."""
    return pytest.mark.parametrize("case", list(FILES[area].cases))


@pytest.fixture(params=["numpy"] if WITHOUT_C else ["numpy", "c"])
def backend_name(request: pytest.FixtureRequest) -> Iterator[str]:
    """Eager calls and new models use this backend."""
    request.node.user_properties.append(("backend", request.param))
    fastnn.set_backend(request.param)
    yield request.param
    fastnn.set_backend("auto")


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    """The float type of everything made in the test."""
    before = fastnn.config.floatx()
    fastnn.config.set_floatx(request.param)
    yield request.param
    fastnn.config.set_floatx(before)


def restored_model(
    case: dict[str, Any], arrays: dict[str, np.ndarray], backend_name: str
) -> fastnn.Sequential:
    """The case's model with the case's weights."""
    model = build_model(fastnn, case["input_shape"], case["layers"], backend=backend_name)
    model.set_weights([arrays[name] for name in case["weights"]])
    return model


def assert_gradients(
    found: dict[str, np.ndarray], expected: dict[str, np.ndarray], prefix: str, tolerance: float
) -> None:
    """Every gradient whose name starts with `prefix` is there and right."""
    named = {k[len(prefix) :]: v for k, v in expected.items() if k.startswith(prefix)}
    assert named
    assert set(named) - {"input"} == set(found) - {"input"}
    for name, value in named.items():
        assert_close(found[name], value, tolerance, f"gradient of {name}")


@cases_of("activations")
def test_activations(case: str, dtype: str, backend_name: str) -> None:
    description, golden = FILES["activations"].cases[case], FILES["activations"]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    name = description["activation"]
    y = getattr(fastnn.activations, name)(arrays["x"])
    assert y.dtype == np.dtype(dtype)
    assert_close(y, expected["y"], TOLERANCE[dtype], f"activations.{name}")
    layer = fastnn.layers.Activation(name)
    model = fastnn.Sequential([fastnn.layers.Input((6,)), layer], backend=backend_name)
    model.compile(optimizer="sgd", loss=fastnn.losses.MeanSquaredError())
    dx = model.gradients(arrays["x"], arrays["target"])["input"]
    assert_close(dx, expected["dx"], TOLERANCE[dtype], f"gradient of activations.{name}")


@cases_of("losses")
def test_losses(case: str, dtype: str, backend_name: str) -> None:
    description, golden = FILES["losses"].cases[case], FILES["losses"]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    y, p, w = arrays["y"], arrays["p"], arrays["w"]
    tolerance = TOLERANCE[dtype]
    loss = build_object(fastnn.losses, description["loss"])
    assert_close(loss(y, p), expected["value"], tolerance, "loss")
    weighted = loss(y, p, sample_weight=w)
    assert_close(weighted, expected["value_weighted"], tolerance, "weighted loss")
    if not description["gradient"]:
        return
    stack = [fastnn.layers.Input(p.shape[1:]), fastnn.layers.Activation("linear")]
    model = fastnn.Sequential(stack, backend=backend_name)
    model.compile(optimizer="sgd", loss=build_object(fastnn.losses, description["loss"]))
    dp = model.gradients(p, y)["input"]
    assert_close(dp, expected["gradient"], tolerance, "dL/dp")
    dp = model.gradients(p, y, sample_weight=w)["input"]
    assert_close(dp, expected["gradient_weighted"], tolerance, "weighted dL/dp")


@cases_of("metrics")
def test_metrics(case: str, dtype: str, backend_name: str) -> None:
    description, golden = FILES["metrics"].cases[case], FILES["metrics"]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    metric = build_object(fastnn.metrics, description["metric"])
    for name in ("results", "results_weighted"):
        metric.reset_state()
        running = []
        for rows in batches(len(arrays["p"]), description["batch_size"], description["batches"]):
            batch = [arrays[key][rows] for key in ("y", "p") if key in arrays]
            weight = arrays["w"][rows] if name == "results_weighted" else None
            metric.update_state(*batch, sample_weight=weight)
            running.append(float(metric.result()))
        assert_close(running, expected[name], TOLERANCE[dtype], name)


@cases_of("layers")
def test_layers(case: str, dtype: str, backend_name: str) -> None:
    description, golden = FILES["layers"].cases[case], FILES["layers"]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    model = restored_model(description, arrays, backend_name)
    x = arrays["x"]
    for how, y in (("call", model(x)), ("predict", model.predict(x, verbose=0))):
        assert y.dtype == np.dtype(dtype)
        assert_close(y, expected["y"], TOLERANCE[dtype], f"forward by {how}")
    model.compile(optimizer="sgd", loss=fastnn.losses.MeanSquaredError())
    found = model.gradients(arrays["x"], arrays["target"])
    if any(name.startswith("d:") for name in expected):
        assert_gradients(found, expected, "d:", TOLERANCE[dtype])


@cases_of("initializers")
def test_initializers(case: str, dtype: str) -> None:
    description, golden = FILES["initializers"].cases[case], FILES["initializers"]
    initializer = build_object(fastnn.initializers, description["initializer"])
    draw = np.asarray(initializer(tuple(description["shape"])))
    assert draw.dtype == np.dtype(dtype)
    assert draw.shape == tuple(description["shape"])
    expected = golden.expected(case, dtype)["statistics"]
    found = np.array([draw.mean(), draw.std(), *np.quantile(draw, description["quantiles"])])
    # A quantile at 1 % of 60,000 draws has a standard error of 0.015 deviations; Keras's draw has
    # as much, so 0.08 is nearly four of their joint standard errors. The seeds are fixed.
    deviation = float(expected[1])
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.08 * deviation + 1e-7)
    assert abs(found[1] - deviation) <= 0.01 * deviation + 1e-7
    if (limit := description["limit"]) is not None:
        assert 0.98 * limit <= np.abs(draw).max() <= limit * (1 + 1e-6)


@cases_of("models")
def test_models(case: str, dtype: str, backend_name: str) -> None:
    description, golden = FILES["models"].cases[case], FILES["models"]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    x, y, w = arrays["x"], arrays["y"], arrays["w"]
    tolerance = TOLERANCE[dtype]
    model = restored_model(description, arrays, backend_name)
    model.compile(**compile_arguments(fastnn, {"loss": description["loss"], "optimizer": "sgd"}))
    assert_close(model.predict(x, verbose=0), expected["forward"], tolerance, "forward")
    loss = model.evaluate(x, y, batch_size=20, verbose=0)
    assert_close(loss, expected["loss"], tolerance, "loss")
    loss = model.test_on_batch(x, y, sample_weight=w)
    assert_close(loss, expected["loss_weighted"], tolerance, "weighted loss")
    assert_gradients(model.gradients(x, y), expected, "d:", tolerance)
    found = model.gradients(x, y, sample_weight=w)
    assert_gradients(found, expected, "d_weighted:", tolerance)


@pytest.mark.parametrize("how", ["train_on_batch", "fit"])
@cases_of("training")
def test_training(case: str, how: str, dtype: str, backend_name: str) -> None:
    """Weights after 1 and after 10 steps, one call a step, and as three epochs and one step."""
    description = FILES["training"].cases[case]
    arrays = FILES["models"].inputs(description["arrays_of"], dtype)
    expected = FILES["training"].expected(case, dtype)
    x, y, size, steps = arrays["x"], arrays["y"], description["batch_size"], description["steps"]
    model = restored_model(description, arrays, backend_name)
    specification = {"loss": description["loss"], "optimizer": description["optimizer"]}
    model.compile(**compile_arguments(fastnn, specification))
    weights = {}
    if how == "train_on_batch":
        losses = []
        for step, rows in enumerate(batches(len(x), size, steps), start=1):
            losses.append(float(model.train_on_batch(x[rows], y[rows])))
            weights[step] = model.get_weights()
        assert_close(losses, expected["losses"], TOLERANCE[dtype], "losses of the steps")
    else:
        epochs, rest = divmod(steps, -(-len(x) // size))
        assert (epochs, rest) == (3, 1)
        options = {"batch_size": size, "epochs": epochs, "shuffle": False, "verbose": 0}
        history = model.fit(x, y, **options).history["loss"]
        model.train_on_batch(x[:size], y[:size])
        weights[steps] = model.get_weights()
        counts = np.array([rows.stop - rows.start for rows in batches(len(x), size, 3)])
        per_epoch = expected["losses"][:9].reshape(3, 3) @ counts / len(x)
        assert_close(history, per_epoch, TOLERANCE[dtype], "losses of the epochs")
    for step in {1, steps} & set(weights):
        golden = unflatten(expected[f"weights_{step}"], description["shapes"])
        for name, a, b in zip(description["weights"], weights[step], golden, strict=True):
            assert_close(a, b, TOLERANCE[dtype], f"{name} after {step} steps")


@cases_of("history")
def test_history(case: str, dtype: str, backend_name: str) -> None:
    check_history(FILES["history"], case, dtype, backend_name)


def check_history(golden: GoldenFile, case: str, dtype: str, backend_name: str) -> None:
    """The History, the weights and the evaluation of a fit are Keras's."""
    description = golden.cases[case]
    arrays, expected = golden.inputs(case, dtype), golden.expected(case, dtype)
    model = restored_model(description, arrays, backend_name)
    model.compile(**compile_arguments(fastnn, description["compile"]))
    x, y, w = arrays["x"], arrays["y"], arrays.get("w")
    fit = class_weight_of(description["fit"])
    if held_out := tuple(arrays[name] for name in ("val_x", "val_y", "val_w") if name in arrays):
        fit["validation_data"] = held_out
    found = {"history:": model.fit(x, y, sample_weight=w, shuffle=False, verbose=0, **fit).history}
    found["evaluate:"] = model.evaluate(
        x, y, sample_weight=w, batch_size=8, verbose=0, return_dict=True
    )
    for prefix, values in found.items():
        named = {k[len(prefix) :]: v for k, v in expected.items() if k.startswith(prefix)}
        assert set(values) == set(named)
        for name, value in named.items():
            assert_close(values[name], value, TOLERANCE[dtype], f"{prefix} {name}")
    weights = unflatten(expected["weights"], description["shapes"])
    for name, a, b in zip(description["weights"], model.get_weights(), weights, strict=True):
        assert_close(a, b, TOLERANCE[dtype], name)


@pytest.mark.parametrize("area", AREAS)
def test_the_file_says_how_it_was_made(area: str) -> None:
    meta = FILES[area].meta
    assert set(meta) == {"area", "cases", "command", "dtypes", "peer", "seed", "versions"}
    assert {"keras", "jax", "numpy", "python"} <= set(meta["versions"])
    for case in FILES[area].cases:
        assert set(FILES[area].expected(case, "float32")) == set(
            FILES[area].expected(case, "float64")
        )


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.npz")) < 5e6


def test_the_check_can_fail() -> None:
    """The comparison rejects what it is there to reject."""
    golden = np.array([[0.5, -3.0], [0.0, 2.0]])
    assert error_of(golden, golden) == 0.0
    assert error_of(golden * (1 + 1e-4), golden) == pytest.approx(1e-4)
    assert error_of(golden * 1e-3 * (1 + 1e-4), golden * 1e-3) == pytest.approx(3e-7)
    assert error_of(golden.ravel(), golden) == np.inf
    assert error_of(np.where(golden == 0, np.nan, golden), golden) == np.inf
    assert error_of(golden, np.where(golden == 0, np.nan, golden)) == np.inf
    with pytest.raises(AssertionError, match=r"error 3.33e-05 > 1e-05; worst at \(0, 1\)"):
        assert_close(golden + np.array([[0, 1e-4], [0, 0]]), golden, 1e-5, "weights")
    with pytest.raises(AssertionError, match=r"shapes \(4,\) and \(2, 2\)"):
        assert_close(golden.ravel(), golden, 1e-5, "weights")


def test_the_writer_refuses_the_wrong_dtype() -> None:
    writer = GoldenWriter("none", {})
    writer.inputs("case", {})
    with pytest.raises(TypeError, match="case/y is float32, expected float64"):
        writer.expected("case", "float64", y=np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="declared twice"):
        writer.inputs("case", {})
    with pytest.raises(ValueError, match="has no inputs"):
        writer.expected("other", "float64", y=np.zeros(2))
