"""Keras loads the files that fastnn writes and predicts the same; see ``test_keras_files.py`` for
the way back. Marked ``keras``: skipped where Keras is not installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastnn
from tests.saving.keras_cases import CASES, inputs, prepared, targets, without_noise

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Keras and JAX about themselves
]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def keras() -> Any:
    pytest.importorskip("h5py")
    return pytest.importorskip("keras", minversion="3.0")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", list(CASES))
def test_keras_loads_ours(name: str, suffix: str, keras: Any, tmp_path: Path) -> None:
    ours = prepared(name, fastnn)
    path = tmp_path / f"m{suffix}"
    ours.save(path)
    theirs = keras.saving.load_model(path)
    x = inputs(name)
    np.testing.assert_allclose(
        theirs.predict(x, verbose=0), ours.predict(x, verbose=0), rtol=TOLERANCE, atol=TOLERANCE
    )
    if ours.optimizer is None:
        assert not theirs.compiled
        return
    # (Keras's public number counts updates, which come in every third step of one case)
    assert int(theirs.optimizer._iterations) == 2
    # Keras builds the optimizer of an .h5 file without weights and cannot go on training
    if without_noise(name) and suffix == ".keras":  # the optimizer's state came along
        y = targets(name, ours.output_shape[-1])
        for model in (ours, theirs):
            model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=5e-5)


@pytest.mark.parametrize("name", ["nested", "normalised", "spectral"])
def test_keras_loads_our_weights(name: str, keras: Any, tmp_path: Path) -> None:
    ours = prepared(name, fastnn)
    ours.save_weights(tmp_path / "m.weights.h5")
    theirs, _ = CASES[name](keras)
    theirs.load_weights(tmp_path / "m.weights.h5")
    x = inputs(name)
    np.testing.assert_allclose(
        theirs.predict(x, verbose=0), ours.predict(x, verbose=0), rtol=TOLERANCE, atol=TOLERANCE
    )


@pytest.mark.parametrize("name", list(CASES))
def test_configurations_pass_both_ways(name: str, keras: Any) -> None:
    ours, theirs = prepared(name, fastnn), prepared(name, keras)
    assert keras.models.model_from_json(ours.to_json()).count_params() == ours.count_params()
    assert fastnn.models.model_from_json(theirs.to_json()).count_params() == ours.count_params()
    made = keras.Sequential.from_config(ours.get_config())
    assert [layer.name for layer in made.layers] == [layer.name for layer in ours.layers]
    again = fastnn.Sequential.from_config(theirs.get_config())
    assert [type(a) for a in again.layers] == [type(a) for a in ours.layers]


REQUIRED: dict[str, dict[str, Any]] = {
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotMeanIoU": {"num_classes": 2},
}
NOT_OF_KERAS = {
    "LBFGS", "Optimizer", "Loss", "Metric", "LossFunctionWrapper", "MeanMetricWrapper",
    "LossScaleOptimizer",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["optimizer", "loss", "metric"])
def test_everything_that_compile_takes_has_a_form_in_keras(kind: str, keras: Any) -> None:
    from fastnn.saving.keras_config import _item, _registry, native

    plural = "losses" if kind == "loss" else f"{kind}s"
    theirs = getattr(keras, plural)
    tested = 0
    for name, cls in _registry(kind).classes.items():
        if name in NOT_OF_KERAS or not hasattr(theirs, name):
            continue
        made = cls(**REQUIRED.get(name, {}))
        config = {"class_name": name, "config": made.get_config()}
        same = getattr(theirs, name)(**REQUIRED.get(name, {}))
        if isinstance(theirs.deserialize(theirs.serialize(same)), str):
            continue  # Keras cannot read its own (Lamb, …)
        found = theirs.deserialize(_item(kind, config))
        assert type(found).__name__ == type(made).__name__
        back = native(theirs.serialize(found))
        again = getattr(fastnn, plural).deserialize(back)
        ours = again.get_config()
        differing = {key for key, value in made.get_config().items() if ours[key] != value}
        assert differing <= {"axis", "delta", "name", "from_sorted_ids"}, name
        tested += 1
    assert tested >= 10
