"""fastnn, and the Keras goldens, against what PyTorch made in float64 (`make_torch.py`).

Nothing here needs PyTorch. The second test compares the two peers with each other, where they share
a formula: a golden that both agree on is hardly wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import fastnn
from tests.conftest import WITHOUT_C
from tests.golden.golden_file import GoldenFile, assert_close
from tests.golden.golden_models import batches, build_model, compile_arguments, unflatten

TORCH, MODELS, KERAS = GoldenFile("torch"), GoldenFile("models"), GoldenFile("training")

# Both compute in float64, where ten steps of these networks cost less than 100 roundings of 1e-16;
# with epsilon in effect zero, Adam divides small gradients by themselves, which costs more.
TOLERANCE = 1e-10


@pytest.fixture(params=["numpy"] if WITHOUT_C else ["numpy", "c"])
def backend_name(request: pytest.FixtureRequest) -> str:
    request.node.user_properties.append(("backend", request.param))
    name: str = request.param
    return name


@pytest.fixture
def _float64() -> Iterator[None]:
    before = fastnn.config.floatx()
    fastnn.config.set_floatx("float64")
    yield
    fastnn.config.set_floatx(before)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("case", list(TORCH.cases))
def test_training_follows_pytorch(case: str, backend_name: str) -> None:
    description = TORCH.cases[case]
    arrays = MODELS.inputs(description["arrays_of"], "float64")
    expected = TORCH.expected(case, "float64")
    x, y, steps = arrays["x"], arrays["y"], description["steps"]
    layers, shape = description["layers"], description["input_shape"]
    model = build_model(fastnn, shape, layers, backend=backend_name)
    model.set_weights([arrays[name] for name in description["weights"]])
    specification = {"loss": description["loss"], "optimizer": description["optimizer"]}
    model.compile(**compile_arguments(fastnn, specification))
    losses = []
    for step, rows in enumerate(batches(len(x), description["batch_size"], steps), start=1):
        losses.append(float(model.train_on_batch(x[rows], y[rows])))
        if step in (1, steps):
            golden = unflatten(expected[f"weights_{step}"], description["shapes"])
            for name, a, b in zip(description["weights"], model.get_weights(), golden, strict=True):
                assert_close(a, b, TOLERANCE, f"{name} after {step} steps")
    assert_close(losses, expected["losses"], TOLERANCE, "losses of the steps")


SHARED = [c for c in TORCH.cases if c in KERAS.cases and "-sgd" in c]


def test_the_peers_share_cases() -> None:
    assert len(SHARED) == 24


@pytest.mark.parametrize("case", SHARED)
def test_the_peers_agree(case: str) -> None:
    assert TORCH.cases[case]["optimizer"] == KERAS.cases[case]["optimizer"]
    keras, torch = KERAS.expected(case, "float64"), TORCH.expected(case, "float64")
    for name in ("losses", "weights_1", "weights_10"):
        assert_close(keras[name], torch[name], TOLERANCE, name)
