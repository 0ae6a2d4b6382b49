"""Whole models: what comes back, and which contents are refused. The real ``Sequential`` is tested
in ``test_sequential.py``; here the fake model shows the file's own rules.
"""

from __future__ import annotations

import ast
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import fastnn.saving
from fastnn.errors import FileFormatError, ShapeError, StateError
from fastnn.program.weight_limit import take_weight, weight_limit
from fastnn.saving import (
    load_model,
    load_weights,
    model_from_bytes,
    model_to_bytes,
    reduce_model,
    save_model,
    save_weights,
)
from fastnn.saving.custom_objects import find_custom_objects
from tests.saving.fake_model import CUSTOM, FakeDense, FakeModel, fake_model
from tests.saving.test_container import join, split, stamped

FORBIDDEN = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "importlib", "runpy", "ctypes"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "import_module", "getattr", "globals"}


def bits(model: FakeModel) -> list[bytes]:
    return [variable.numpy().tobytes() for variable in model.weights]


def odd_values(model: FakeModel) -> FakeModel:
    """Values that careless code changes: NaN with a payload, infinities, -0.0, denormals."""
    kernel = model.weights[0].numpy()
    kernel.view(np.uint32).flat[:5] = [0x7FC12345, 0x7F800000, 0xFF800000, 0x80000000, 1]
    model.weights[0].assign(kernel)
    return model


def with_text(key: str, change: Any, model: Any = None) -> bytes:
    """A model's file (the fake one's by default) with one JSON text changed, sealed again."""
    header, data = split(model_to_bytes(model or fake_model()))
    value = json.loads(header["__metadata__"][key])
    changed = change(value)
    header["__metadata__"][key] = json.dumps(value if changed is None else changed)
    return stamped(join(header, data))


def test_a_model_comes_back_bit_for_bit(tmp_path: Path) -> None:
    model = odd_values(fake_model())
    save_model(model, tmp_path / "m.fastnn")
    found = load_model(tmp_path / "m.fastnn", CUSTOM)
    assert bits(found) == bits(model)
    assert [v.dtype for v in found.weights] == ["float32", "float32", "float64", "float64"]
    assert (found.optimizer, found.iterations) == (model.optimizer, 7)
    assert all((found.slots[name] == model.slots[name]).all() for name in model.slots)
    assert model_to_bytes(found) == model_to_bytes(model) == (tmp_path / "m.fastnn").read_bytes()


def test_compile_false_leaves_the_optimizer_out() -> None:
    found = model_from_bytes(model_to_bytes(fake_model()), CUSTOM, compile=False)
    assert found.optimizer is None
    assert not found.slots


def test_models_without_weights_or_optimizer_are_saved() -> None:
    assert not model_from_bytes(model_to_bytes(FakeModel([])), CUSTOM).weights
    plain = FakeModel([FakeDense("only", 2, 2, "float32")])
    assert model_from_bytes(model_to_bytes(plain), CUSTOM).optimizer is None


def test_a_variable_in_two_places_is_stored_once() -> None:
    layer = FakeDense("shared", 2, 2, "float32")
    names = split(model_to_bytes(FakeModel([layer, layer])))[0].keys()
    assert names == {"__metadata__", "weights/shared/kernel", "weights/shared/bias"}


REFUSED: dict[str, tuple[str, Any, str]] = {
    "wide": (
        "model",
        lambda m: m["config"]["layers"][0].update(n_out=10**9),
        r"weight 'first/kernel' of shape \(3, 1000000000\) needs 3000000000 elements, and the",
    ),
    "other shape": (
        "model",
        lambda m: m["config"]["layers"][0].update(n_in=2),
        r"'first/kernel' has shape \(2, 4\) in the model and \(3, 4\) in the file",
    ),
    "other name": (
        "model",
        lambda m: m["config"]["layers"][0].update(name="third"),
        "the file lacks 'third/kernel'; .* the model has no 'first/kernel'",
    ),
    "class of the system": (
        "model",
        lambda m: m.update(class_name="os.system"),
        "unknown model class 'os.system'.*Known: 'FakeModel'",
    ),
    "class no string": ("model", lambda m: m.update(class_name=["a"]), "its architecture cannot"),
    "unknown argument": (
        "model",
        lambda m: m["config"]["layers"][0].update(code="import os"),
        "its architecture cannot be used: .*unexpected keyword argument 'code'",
    ),
    "no config": ("model", lambda m: m.pop("config") and None, "class_name and config"),
    "a list": ("model", lambda m: [m], "class_name and config"),
    "training": ("training", lambda t: t.pop("iterations") and None, "training state cannot be"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_contradictions_are_refused(name: str) -> None:
    key, change, reason = REFUSED[name]
    with pytest.raises(FileFormatError, match=reason) as caught:
        model_from_bytes(with_text(key, change), CUSTOM)
    assert str(caught.value).startswith("model bytes: ")


def test_arrays_that_belong_nowhere_are_refused() -> None:
    header, data = split(model_to_bytes(fake_model()))
    header["other/first/kernel"] = header.pop("weights/first/kernel")
    with pytest.raises(FileFormatError, match="expected names that begin with 'weights/'"):
        model_from_bytes(stamped(join(header, data)), CUSTOM)
    header, data = split(model_to_bytes(fake_model()))
    header["weights/first/kernel"]["dtype"] = "I32"
    with pytest.raises(FileFormatError, match=r"has dtype I32; expected F32 or F64"):
        model_from_bytes(stamped(join(header, data)), CUSTOM)


def test_weights_can_be_limited() -> None:
    take_weight("outside", (10**9,))
    with weight_limit(10):
        take_weight("a", (2, 4))
        with pytest.raises(ShapeError, match=r"weight 'b' of shape \(3,\) needs 3 .* leave 2"):
            take_weight("b", (3,))
        take_weight("b", (2,))
    take_weight("outside", (10**9,))


# -- weights alone ---------------------------------------------------------------------------------


def other_model(*names: str) -> FakeModel:
    first, second = names
    model = FakeModel([FakeDense(first, 3, 4, "float32"), FakeDense(second, 4, 2, "float64")])
    for variable in model.weights:
        variable.assign(np.zeros(variable.shape))
    return model


@pytest.mark.parametrize("save", [save_weights, save_model])
@pytest.mark.parametrize("names", [("first", "second"), ("first_2", "second_2"), ("x", "first")])
def test_weights_are_loaded_by_path_or_by_order(
    save: Any, names: tuple[str, str], tmp_path: Path
) -> None:
    path, model = tmp_path / "m.weights.fastnn", fake_model()
    save(model, path)
    found = other_model(*names)
    load_weights(found, path)
    assert bits(found) == bits(model)


def test_weights_of_equal_names_are_never_loaded_by_order(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    layers = [FakeDense("a", 2, 2, "float32"), FakeDense("b", 2, 2, "float32")]
    layers[0].weights[0].assign(np.ones((2, 2)))
    save_weights(FakeModel(layers), path)
    swapped = FakeModel([FakeDense("b", 2, 2, "float32"), FakeDense("a", 2, 2, "float32")])
    load_weights(swapped, path)
    np.testing.assert_array_equal(swapped.layers[1].weights[0].numpy(), np.ones((2, 2)))


def test_equal_names_with_other_shapes_are_not_loaded_by_order(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    save_weights(
        FakeModel([FakeDense("a", 2, 3, "float32"), FakeDense("b", 3, 2, "float32")]), path
    )
    swapped = FakeModel([FakeDense("b", 2, 3, "float32"), FakeDense("a", 3, 2, "float32")])
    with pytest.raises(
        ShapeError, match=r"'b/kernel' has shape \(2, 3\) in the model and \(3, 2\)"
    ):
        load_weights(swapped, path)


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    save_weights(fake_model(), path)
    model = FakeModel([FakeDense("first", 3, 4, "float32"), FakeDense("second", 4, 3, "float32")])
    before = bits(model)
    reason = r"'second/kernel' has shape \(4, 3\) in the model and \(4, 2\) in the file.*skip_mism"
    with pytest.raises(ShapeError, match=reason):
        load_weights(model, path)
    assert bits(model) == before
    with pytest.warns(UserWarning, match=r"skipped weights of .*'second/kernel' has shape"):
        load_weights(model, path, skip_mismatch=True)
    assert bits(model) == bits(fake_model())[:2] + before[2:]


def test_damaged_weights_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    save_weights(fake_model(), path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    model = other_model("first", "second")
    before = bits(model)
    with pytest.raises(FileFormatError, match="do not match the SHA-256 in it"):
        load_weights(model, path)
    assert bits(model) == before


def test_weights_need_a_built_model_and_models_an_architecture(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.fastnn"
    for act in (save_weights, load_weights):
        with pytest.raises(StateError, match=r"has no weights yet.*Give it an Input"):
            act(FakeModel([]), path)
    save_weights(fake_model(), path)
    with pytest.raises(FileFormatError, match=r"without an architecture.*model\.load_weights"):
        load_model(path, CUSTOM)


# -- in memory -------------------------------------------------------------------------------------


class Picklable(FakeModel):
    """A model of the user's own class."""

    def __reduce__(self) -> Any:
        return reduce_model(self)


def picklable() -> Picklable:
    model = Picklable(fake_model().layers)
    model.compile()
    return odd_values(model)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "copied",
    [
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: pickle.loads(cloudpickle.dumps(model)),
        copy.deepcopy,
        copy.copy,
    ],
    ids=["pickle", "cloudpickle", "deepcopy", "copy"],
)
def test_copies_are_equal_and_independent(copied: Any) -> None:
    model = picklable()
    found = copied(model)
    assert type(found) is Picklable
    assert bits(found) == bits(model)
    assert model_to_bytes(found) == model_to_bytes(model)
    found.weights[0].assign(np.zeros((3, 4)))
    assert bits(found) != bits(model)


def own_function(x: Any) -> Any:
    return x


class OwnSchedule:
    """Something of the user's own inside something of the user's own."""


def test_the_users_own_parts_are_found_by_name() -> None:
    layer = fake_model().layers[0]
    layer.activation = own_function  # type: ignore[attr-defined]
    layer.schedule = {"inner": [OwnSchedule()]}  # type: ignore[attr-defined]
    layer.unused = odd_values  # type: ignore[attr-defined]
    configs = [{"layers": [{"activation": "own_function"}]}, None, {"class_name": "OwnSchedule"}]
    assert find_custom_objects([layer], configs) == {
        "own_function": own_function,
        "OwnSchedule": OwnSchedule,
    }


def test_the_loader_can_run_no_code() -> None:
    folder = Path(fastnn.saving.__file__).parent
    sources = [*folder.glob("*.py"), folder.parent / "registry.py"]
    assert len(sources) > 7
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported = {(node.module or "").partition(".")[0]}
            else:
                imported = set()
            assert not imported & FORBIDDEN, f"{source}:{node.lineno}"  # type: ignore[attr-defined]
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
                # getattr with a constant name, or on a class that was found, runs nothing
                constant = name == "getattr" and isinstance(node.args[1], ast.Constant)
                allowed = constant or (name == "compile" and isinstance(node.func, ast.Attribute))
                assert name not in FORBIDDEN_CALLS or allowed, f"{source}:{node.lineno}: {name}"
