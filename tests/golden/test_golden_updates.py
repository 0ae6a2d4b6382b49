"""The optimizers' rules against Keras on every backend and CPU level: weights after ten steps, the
last batch of an epoch partial. The cases are in ``golden_updates.py``; ``make.py`` wrote the file.
"""

from __future__ import annotations

import pytest

import fastnn
from tests.golden.golden_file import TOLERANCE, GoldenFile, assert_close
from tests.golden.golden_models import build_model, compile_arguments, unflatten

MODELS, UPDATES = GoldenFile("models"), GoldenFile("updates")
CASES = list(UPDATES.cases)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_ten_steps(case: str, dtype: str, backend: str) -> None:
    description = UPDATES.cases[case]
    arrays, expected = MODELS.inputs(description["arrays_of"], dtype), UPDATES.expected(case, dtype)
    x, y, size = arrays["x"], arrays["y"], description["batch_size"]
    model = build_model(
        fastnn, description["input_shape"], description["layers"], backend=backend, dtype=dtype
    )
    model.set_weights([arrays[name] for name in description["weights"]])
    specification = {"loss": description["loss"], "optimizer": description["optimizer"]}
    model.compile(**compile_arguments(fastnn, specification))
    model.train_on_batch(x[:size], y[:size])
    first = model.get_weights()
    model.fit(x[size:], y[size:], batch_size=size, epochs=1, shuffle=False, verbose=0)
    model.fit(x, y, batch_size=size, epochs=2, shuffle=False, verbose=0)
    model.train_on_batch(x[:size], y[:size])
    for step, found in ((1, first), (10, model.get_weights())):
        golden = unflatten(expected[f"weights_{step}"], description["shapes"])
        for name, a, b in zip(description["weights"], found, golden, strict=True):
            assert_close(a, b, TOLERANCE[dtype], f"{name} after {step} steps")


@pytest.mark.parametrize("case", CASES)
def test_the_configuration_is_kerass(case: str) -> None:
    """Keras's arguments make the optimizer, and its configuration makes it again."""
    given = UPDATES.cases[case]["optimizer"]
    optimizer = getattr(fastnn.optimizers, given["class"])(**given["config"])
    config = optimizer.get_config()
    assert {name: config[name] for name in given["config"]} == given["config"]
    assert type(optimizer).from_config(config).get_config() == config
    assert fastnn.optimizers.get(given["class"].lower()).name == optimizer.name
