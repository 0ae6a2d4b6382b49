"""Data of PyTorch, Polars and PyArrow themselves. ``.ci/full`` installs them; where one is missing,
its tests are skipped, and the stand-ins of ``test_sources.py`` remain.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastnn.errors import ArgumentError, DataError
from tests.support.networks import network, regression

pytestmark = pytest.mark.filterwarnings("ignore")

X, Y = regression(30)


def losses(x: Any, y: Any = None, **options: Any) -> list[float]:
    """The losses of a short training."""
    found: list[float] = (
        network().fit(x, y, epochs=2, shuffle=False, verbose=0, **options).history["loss"]
    )
    return found


class TestTorch:
    @pytest.fixture
    def torch(self) -> Any:
        return pytest.importorskip("torch", reason="PyTorch is not installed")

    def loader(self, torch: Any, *arrays: Any, **options: Any) -> Any:
        tensors = map(torch.from_numpy, arrays or (X, Y))
        dataset = torch.utils.data.TensorDataset(*tensors)
        return torch.utils.data.DataLoader(dataset, **{"batch_size": 8, **options})

    @pytest.mark.parametrize("workers", [0, 2])
    def test_a_dataloader_is_its_arrays(self, torch: Any, workers: int) -> None:
        expected = losses(X, Y, batch_size=8)
        loader = self.loader(torch, num_workers=workers)
        np.testing.assert_allclose(losses(loader), expected, rtol=1e-6)
        model = network()
        history = model.fit(loader, validation_data=loader, verbose=0).history
        np.testing.assert_allclose(history["val_loss"], model.evaluate(X, Y, verbose=0), rtol=1e-6)
        np.testing.assert_array_equal(model.predict(loader, verbose=0), model.predict(X, verbose=0))

    def test_weights_and_what_is_dropped(self, torch: Any) -> None:
        weights = np.linspace(0.5, 2.0, 30).astype(np.float32)
        found = losses(self.loader(torch, X, Y, weights))
        expected = losses(X, Y, batch_size=8, sample_weight=weights)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        np.testing.assert_allclose(
            losses(self.loader(torch, drop_last=True)), losses(X[:24], Y[:24], batch_size=8)
        )

    @pytest.mark.parametrize("change", ["grad", "bfloat16", "float16", "float64", "int64", "bool"])
    def test_tensors(self, torch: Any, change: str) -> None:
        x = np.round(X)
        tensor = torch.from_numpy(x)
        if change == "bool":
            x, tensor = (x != 0).astype(np.float32), tensor != 0
        elif change == "grad":
            tensor.requires_grad_()
        else:
            tensor = tensor.to(getattr(torch, change))
        assert losses(tensor, torch.from_numpy(Y)) == losses(x, Y)

    def test_a_dataset_gives_samples(self, torch: Any) -> None:
        dataset = self.loader(torch).dataset
        with pytest.raises(ArgumentError, match=r"TensorDataset, which gives single samples.*Data"):
            network().fit(dataset, verbose=0)

    @pytest.mark.parametrize("first", ["torch", "fastnn"])
    def test_both_in_one_process(self, torch: Any, first: str) -> None:
        """In either order: no second OpenMP runtime, no hang."""
        second = {"torch": "fastnn", "fastnn": "torch"}[first]
        program = (
            f"import {first}, {second}, numpy as np\n"
            "x = np.ones((512, 256), np.float32)\n"
            "t = torch.from_numpy(x)\n"
            "m = fastnn.Sequential([fastnn.layers.Dense(256), fastnn.layers.Dense(1)])\n"
            "m.compile('adam', 'mse')\n"
            "for _ in range(2):\n"
            "    (t @ t.T).sum()\n"
            "    m.fit(x, x[:, :1], verbose=0)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr


class TestPolars:
    @pytest.fixture
    def polars(self) -> Any:
        return pytest.importorskip("polars", reason="Polars is not installed")

    def test_frames_and_series(self, polars: Any) -> None:
        frame = polars.DataFrame(X, schema=["a", "b", "c"])
        assert losses(frame, polars.Series(Y[:, 0])) == losses(X, Y)
        mixed = frame.with_columns(polars.Series("d", [True, False] * 15))
        assert len(network(inputs=4).predict(mixed, verbose=0)) == 30

    def test_text_and_missing_values_are_named(self, polars: Any) -> None:
        frame = polars.DataFrame(X, schema=["a", "b", "c"])
        text = frame.with_columns(polars.Series("city", ["x", "y", "z"] * 10))
        with pytest.raises(DataError, match=r"column 'city' holds text.*x\.to_dummies\(\['city'\]"):
            losses(text, Y)
        model = network(inputs=6)
        model.fit(text.to_dummies(["city"]), Y, verbose=0)
        gap = frame.with_columns(polars.Series("b", [1.0, None] * 15))
        with pytest.raises(DataError, match=r"x, row 1 contains NaN \(column 'b'\)"):
            losses(gap, Y)


class TestArrow:
    @pytest.fixture
    def arrow(self) -> Any:
        return pytest.importorskip("pyarrow", reason="PyArrow is not installed")

    def test_tables_arrays_and_frames_of_them(self, arrow: Any) -> None:
        columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}
        expected = losses(X, Y)
        assert losses(arrow.table(columns), arrow.array(Y[:, 0])) == expected
        frame = pd.DataFrame(columns).convert_dtypes(dtype_backend="pyarrow")
        np.testing.assert_allclose(losses(frame, Y), expected, rtol=1e-6)

    def test_text_and_missing_values_are_named(self, arrow: Any) -> None:
        table = arrow.table({"a": X[:, 0], "city": ["x", "y", "z"] * 10})
        way = r"column 'city' holds text.*pandas\.get_dummies\(x\.to_pandas\(\), columns=\['city'\]"
        with pytest.raises(DataError, match=way):
            losses(table, Y)
        gap = arrow.table({"a": X[:, 0], "b": [1, None, 2] * 10, "c": X[:, 2]})
        with pytest.raises(DataError, match=r"x, row 1 contains NaN \(column 'b'\)"):
            losses(gap, Y)
