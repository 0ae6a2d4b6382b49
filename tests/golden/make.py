"""Makes the golden numbers of this folder by running Keras 3 on JAX. One .npz per area.

    KERAS_BACKEND=jax python -m tests.golden.make             # all areas
    KERAS_BACKEND=jax python -m tests.golden.make losses      # one
    KERAS_BACKEND=jax python -m tests.golden.make --check     # compare with the files only

Needs keras and jax (not dependencies of fastnn); run from the checkout. Every case is computed in
float32 and in float64. The case tables are in `golden_cases.py`; this file only runs them. It also
refuses to write a golden that could not catch an error: see `check_teeth`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras.src.backend.common import dtypes as promotions

from tests.golden import golden_blocks, golden_cases
from tests.golden.golden_file import TOLERANCE, GoldenFile, GoldenWriter, error_of
from tests.golden.golden_models import (
    batches,
    build_model,
    build_object,
    class_weight_of,
    compile_arguments,
    flatten,
)

DTYPES = ("float32", "float64")


def use_dtype(dtype: str) -> None:
    """Make Keras and JAX compute in `dtype`, for the rest of this process.

    Keras caches its type promotions, so a process can use one dtype only. On JAX they narrow
    float64 to float32 (tanh of a float64 array is float32); the table that says so is corrected
    here, and `GoldenWriter.expected` refuses any result that is still of another dtype. What stays
    Keras's is every formula.
    """
    promotions.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    jax.config.update("jax_enable_x64", dtype == "float64")
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def cast(arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Floating arrays in `dtype`, the others as they are."""
    return {
        name: value.astype(dtype)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        else value
        for name, value in arrays.items()
    }


def gradients_by_name(
    model: Any, loss: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """dL/d(input) as "input" and dL/d(variable) as "layer/kernel" and so on, by jax.grad."""
    values = [v.value for v in model.trainable_variables]
    fixed = [v.value for v in model.non_trainable_variables]

    def objective(values: list[Any], x: Any) -> Any:
        prediction, _ = model.stateless_call(values, fixed, x, training=False)
        return loss(y, prediction, sample_weight=weight)

    if np.issubdtype(x.dtype, np.integer):
        dvalues, dx = jax.grad(objective)(values, jnp.asarray(x)), None
    else:
        dvalues, dx = jax.grad(objective, argnums=(0, 1))(values, jnp.asarray(x))
    named = {
        "/".join(variable.path.split("/")[-2:]): np.asarray(value)
        for variable, value in zip(model.trainable_variables, dvalues, strict=True)
    }
    return named if dx is None else {"input": np.asarray(dx), **named}


def prefixed(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same arrays with `prefix` before each name."""
    return {prefix + name: value for name, value in arrays.items()}


def record_activations(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Forward values, and dL/dx of the mean squared error of the activation against `target`."""
    function = partial(getattr(keras.activations, case["activation"]), **case.get("config", {}))
    loss = keras.losses.MeanSquaredError()
    y = np.asarray(function(jnp.asarray(arrays["x"])))
    dx = jax.grad(lambda x: loss(arrays["target"], function(x)))(jnp.asarray(arrays["x"]))
    return {"y": y, "dx": dx}


def record_losses(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The loss and its gradient in the prediction, without and with sample weights."""
    loss = build_object(keras.losses, case["loss"])
    y, p, w = arrays["y"], jnp.asarray(arrays["p"]), arrays["w"]
    weights = [("", None), ("_weighted", w)] if case.get("weighted", True) else [("", None)]
    found = {}
    for tail, weight in weights:
        found[f"value{tail}"] = loss(y, p, sample_weight=weight)
        if case["gradient"]:
            found[f"gradient{tail}"] = jax.grad(lambda p, w=weight: loss(y, p, sample_weight=w))(p)
    return found


def record_metrics(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The running result after each of the batches, without and with sample weights."""
    found = {}
    for name, weighted in (("results", False), ("results_weighted", True)):
        metric = build_object(keras.metrics, case["metric"])
        running = []
        for rows in batches(len(arrays["p"]), case["batch_size"], case["batches"]):
            batch = [arrays[key][rows] for key in ("y", "p") if key in arrays]
            weight = arrays["w"][rows] if weighted else None
            metric.update_state(*batch, sample_weight=weight)
            running.append(metric.result())
        found[name] = np.array(running, dtype=dtype)
    return found


def record_layers(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Forward values and every gradient of the mean squared error against `target`."""
    model = build_model(keras, case["input_shape"], case["layers"])
    model.set_weights([arrays[name] for name in case["weights"]])
    x = arrays["x"]
    found = {"y": np.asarray(model(x, training=False))}
    loss = keras.losses.MeanSquaredError()
    return {**found, **prefixed("d:", gradients_by_name(model, loss, x, arrays["target"]))}


def record_blocks(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Forward values and, in the order of the weights, the gradients of the mean squared error."""
    made = [golden_blocks.build(golden_blocks.keras_layers(keras), s) for s in case["layers"]]
    model = keras.Sequential([keras.layers.Input(shape=tuple(case["input_shape"])), *made])
    model.set_weights([arrays[name] for name in case["weights"]])
    y = np.asarray(model(arrays["x"], training=False)).astype(dtype)
    if case["x"] in ("ids", "rounded") and not case["weights"]:
        return {"y": y}
    loss, target = keras.losses.MeanSquaredError(), golden_blocks.target_of(y)
    values = [v.value for v in model.trainable_variables]

    def objective(values: list[Any], x: Any) -> Any:
        return loss(target, model.stateless_call(values, [], x, training=False)[0])

    x = jnp.asarray(arrays["x"])
    found = {f"d:{i}": g for i, g in enumerate(jax.grad(objective)(values, x))}
    if case["x"] != "ids":
        found["dx"] = jax.grad(objective, argnums=1)(values, x)
    return {"y": y, "loss": objective(values, x), **found}


def record_initializers(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Mean, deviation and quantiles of a large draw; the draw itself is nobody's contract."""
    draw = np.asarray(build_object(keras.initializers, case["initializer"])(case["shape"]))
    largest = float(np.abs(draw).max())
    if case["limit"] is not None and not 0.98 * case["limit"] <= largest <= 1.0001 * case["limit"]:
        raise ValueError(f"{case}: the largest of Keras's draw is {largest}")
    found = [draw.mean(), draw.std(), *np.quantile(draw, case["quantiles"])]
    return {"statistics": np.array(found, dtype=draw.dtype)}


def record_models(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Forward, loss and every gradient by name of one small network, at its initial weights."""
    model = build_model(keras, case["input_shape"], case["layers"])
    model.set_weights([arrays[name] for name in case["weights"]])
    loss = build_object(keras.losses, case["loss"])
    x, y, w = arrays["x"], arrays["y"], arrays["w"]
    forward = np.asarray(model(x, training=False))
    return {
        "forward": forward,
        "loss": loss(y, forward),
        "loss_weighted": loss(y, forward, sample_weight=w),
        **prefixed("d:", gradients_by_name(model, loss, x, y)),
        **prefixed("d_weighted:", gradients_by_name(model, loss, x, y, w)),
    }


def record_training(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Weights after 1 and after 10 unshuffled steps, and the loss of each of the steps."""
    model = build_model(keras, case["input_shape"], case["layers"])
    model.set_weights([arrays[name] for name in case["weights"]])
    specification = {"loss": case["loss"], "optimizer": case["optimizer"]}
    # Eagerly: compiling 280 train functions, each for two batch sizes, takes longer than all steps.
    model.compile(**compile_arguments(keras, specification), run_eagerly=True)
    losses, found = [], {}
    steps = batches(len(arrays["x"]), case["batch_size"], case["steps"])
    for step, rows in enumerate(steps, start=1):
        losses.append(model.train_on_batch(arrays["x"][rows], arrays["y"][rows]))
        if step in (1, case["steps"]):
            found[f"weights_{step}"] = flatten(model.get_weights())
    return {"losses": np.array(losses, dtype=dtype), **found}


def record_history(case: dict[str, Any], arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """History of a short unshuffled fit with its options, the final weights, and evaluate."""
    model = build_model(keras, case["input_shape"], case["layers"])
    model.set_weights([arrays[name] for name in case["weights"]])
    model.compile(**compile_arguments(keras, case["compile"]), run_eagerly=True)
    fit = class_weight_of(case["fit"])
    data = {"x": arrays["x"], "y": arrays["y"], "sample_weight": arrays.get("w")}
    names = [name for name in ("val_x", "val_y", "val_w") if name in arrays]
    if names:
        data["validation_data"] = tuple(arrays[name] for name in names)
    history = model.fit(**data, **fit, shuffle=False, verbose=0).history
    result = model.evaluate(
        arrays["x"], arrays["y"], sample_weight=arrays.get("w"), batch_size=8, verbose=0,
        return_dict=True,
    )  # fmt: skip
    found = {name: np.array(values, dtype=dtype) for name, values in history.items()}
    evaluated = {name: np.array(value, dtype=dtype) for name, value in result.items()}
    final = {"weights": flatten(model.get_weights())}
    return {**final, **prefixed("history:", found), **prefixed("evaluate:", evaluated)}


RECORDERS: dict[str, Callable[[dict[str, Any], dict[str, Any], str], dict[str, Any]]] = {
    "activations": record_activations,
    "curves": record_activations,
    "rectifiers": record_layers,
    "losses": record_losses,
    "loss_family": record_losses,
    "loss_steps": record_training,
    "metrics": record_metrics,
    "layers": record_layers,
    "blocks": record_blocks,
    "initializers": record_initializers,
    "models": record_models,
    "training": record_training,
    "updates": record_training,
    "history": record_history,
    "metric_family": record_metrics,
    "metric_history": record_history,
}


def describe() -> dict[str, Any]:
    """What the files say about their own making."""
    return {
        "peer": "keras",
        "command": "KERAS_BACKEND=jax python -m tests.golden.make",
        "seed": golden_cases.SEED,
        "dtypes": list(DTYPES),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "keras_backend": keras.backend.backend(),
            "jax": jax.__version__,
            "numpy": np.__version__,
        },
    }


def compute(area: str, dtype: str) -> dict[str, np.ndarray]:
    """The expected arrays of `area` in `dtype`; `use_dtype` has been called."""
    writer = GoldenWriter(area, {})
    for name, (description, arrays) in golden_cases.AREAS[area]().items():
        writer.inputs(name, description)
        keras.utils.clear_session()
        keras.utils.set_random_seed(golden_cases.SEED)
        writer.expected(name, dtype, **RECORDERS[area](description, cast(arrays, dtype), dtype))
    return writer.arrays


def make(areas: list[str]) -> list[GoldenWriter]:
    """Run every case of the areas in both dtypes, each in a process of its own, side by side: XLA
    compiles most of the time, on one core.
    """
    writers = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.golden.make", *areas, "--into", folder]
        running = [subprocess.Popen([*command, "--dtype", dtype]) for dtype in DTYPES]
        statuses = [process.wait() for process in running]  # of all, before the folder goes
        if any(statuses):
            raise SystemExit(f"computing failed, exit statuses {statuses}; see above")
        for area in areas:
            writer = GoldenWriter(area, describe())
            for name, (description, arrays) in golden_cases.AREAS[area]().items():
                writer.inputs(name, description, **({} if "arrays_of" in description else arrays))
            for dtype in DTYPES:
                with np.load(Path(folder) / f"{area}_{dtype}.npz") as computed:
                    writer.arrays.update({key: computed[key] for key in computed.files})
            writers.append(writer)
    return writers


def check_conditioning(writer: GoldenWriter) -> list[str]:
    """Cases whose float32 numbers are not, to a third of the tolerance, the float64 ones."""
    problems = []
    for key, wide in writer.arrays.items():
        if "/float64/" not in key:
            continue
        narrow = writer.arrays[key.replace("/float64/", "/float32/")]
        limit = 0.02 if writer.area == "initializers" else TOLERANCE["float32"] / 3
        error = error_of(narrow, wide)
        differs = writer.meta["cases"][key.split("/")[0]].get("float32_differs", False)
        if error > limit and not differs:
            problems.append(f"{writer.area}: {key} in float32 is {error:.2g} from float64")
    return problems


def check_teeth(writer: GoldenWriter) -> list[str]:
    """Trajectories that a wrong optimizer could pass.

    Ten steps must move some weight by 30 tolerances and one step by 10, and after ten steps any two
    optimizers of the same network must be 10 tolerances apart.
    """
    problems = []
    limit = 10 * TOLERANCE["float32"]
    final: dict[str, dict[str, np.ndarray]] = {}
    for name, case in (
        writer.meta["cases"].items() if writer.area in ("training", "updates") else ()
    ):
        start = golden_cases.network(case["arrays_of"])[1]
        before = flatten([start[key] for key in case["weights"]])
        for step, least in ((1, limit), (case["steps"], 3 * limit)):
            after = writer.arrays[f"{name}/float64/weights_{step}"]
            if error_of(before, after) < least:
                problems.append(
                    f"{writer.area}: {name} moves by {error_of(before, after):.2g} only"
                )
        for other, weights in final.setdefault(case["arrays_of"], {}).items():
            if error_of(weights, after) < limit:
                apart = error_of(weights, after)
                problems.append(f"{writer.area}: {name} and {other} are {apart:.2g} apart only")
        final[case["arrays_of"]][name] = after
    return problems


def compare_with_file(writer: GoldenWriter) -> list[str]:
    """The differences between what was made now and the stored file."""
    stored = GoldenFile(writer.area)
    found = []
    if set(stored.arrays) != set(writer.arrays):
        found.append(f"{writer.area}: the sets of arrays differ")
    if stored.cases != json.loads(json.dumps(writer.meta["cases"])):
        found.append(f"{writer.area}: the case descriptions differ")
    for key in sorted(set(stored.arrays) & set(writer.arrays)):
        a, b = writer.arrays[key], stored.arrays[key]
        limit = 1e-6 if b.dtype == np.float32 else 1e-12
        if error_of(a, b) > limit:
            found.append(f"{writer.area}: {key} differs by {error_of(a, b):.2g}")
    return found


def main(arguments: list[str]) -> int:
    """Make or check the areas named on the command line (all when none is)."""
    parser = argparse.ArgumentParser(description="Make or check the golden files.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(RECORDERS)}")
    parser.add_argument("--check", action="store_true", help="compare with the files only")
    parser.add_argument("--dtype", choices=DTYPES, help="internal: compute this dtype only")
    parser.add_argument("--into", type=Path, help="internal: the folder for --dtype")
    parsed = parser.parse_args(arguments)
    areas = parsed.areas or list(RECORDERS)
    if parsed.dtype:
        use_dtype(parsed.dtype)
        for area in areas:
            arrays = compute(area, parsed.dtype)
            np.savez(parsed.into / f"{area}_{parsed.dtype}.npz", **arrays)
        return 0
    problems = []
    for writer in make(areas):
        problems += [*check_conditioning(writer), *check_teeth(writer)]
        if parsed.check:
            problems += compare_with_file(writer)
        elif not problems:
            path = writer.save()
            count, size = len(writer.meta["cases"]), path.stat().st_size
            print(f"{path.name}: {count} cases, {len(writer.arrays)} arrays, {size} bytes")
    print("\n".join(problems) if problems else "no problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
