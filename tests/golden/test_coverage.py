"""Every public class and activation has golden numbers: its name stands in a case of this folder.
What has none is listed with the reason.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent
WITHOUT = {
    "layers.InputSpec": "what a layer says about its inputs; computes nothing",
    "layers.InputLayer": "computes nothing; Input stands in every case",
    "layers.Lambda": "applies the caller's function",
    "layers.GaussianNoise": "random numbers are ours: tests/layers/test_noise.py has their moments",
    "layers.GaussianDropout": "likewise",
    "layers.AlphaDropout": "likewise",
    "layers.Merge": "the base class of Add and its kin",
    "losses.Loss": "a base class",
    "losses.LossFunctionWrapper": "applies the caller's function",
    "optimizers.LBFGS": "Keras has none: tests/optimizers/test_lbfgs.py",
    "regularizers.Regularizer": "a base class",
    "regularizers.l1_l2": "another name of L1L2",
    "regularizers.orthogonal_regularizer": "another name of OrthogonalRegularizer",
    "constraints.Constraint": "a base class",
    "constraints.NonNeg": "the cases call it non_neg",
    "initializers.Initializer": "a base class",
    "initializers.OrthogonalInitializer": "another name of Orthogonal",
    "initializers.IdentityInitializer": "another name of Identity",
    "activations.binary_step": "Keras has none: tests/test_activations.py",
    "activations.plot": "draws curves",
    "activations.swish": "another name of silu",
    "activations.hard_swish": "another name of hard_silu",
}
NAMESPACES = (
    *("layers", "losses", "metrics", "optimizers", "optimizers.schedules", "regularizers"),
    *("constraints", "initializers", "activations"),
)


def cases() -> str:
    """The text of all cases: the modules that make them, and what the files say of themselves."""
    found = [
        path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path != Path(__file__)
    ]
    for path in FOLDER.glob("*.npz"):
        with np.load(path) as archive:
            found += [str(archive["meta"])] if "meta" in archive.files else []
    return "\n".join(found)


TEXT = cases()


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_public_name_has_a_case(namespace: str) -> None:
    module = importlib.import_module(f"fastnn.{namespace}")
    missing = {
        f"{namespace}.{name}"
        for name in module.__all__
        if inspect.isclass(getattr(module, name)) or namespace == "activations"
        if name not in ("get", "serialize", "deserialize")
        if not re.search(rf"(?<!\w){name}(?!\w)", TEXT)
    }
    assert missing == {name for name in WITHOUT if name.rpartition(".")[0] == namespace}
