"""What the tests of the command line share: one small trained model, and a machine of its own
without any data set or setting of the user's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fastnn.cli.main import main


@pytest.fixture(autouse=True)
def own_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """A current folder without data; nothing of the real user's is found, nothing is downloaded."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.delenv("FASTNN_CPU_LEVEL", raising=False)
    if request.node.get_closest_marker("data") is None:
        monkeypatch.delenv("FASTNN_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    monkeypatch.setenv("FASTNN_CACHE", str(home / "cache"))
    monkeypatch.setenv("FASTNN_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def digits_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the digits, trained and saved by the command line."""
    path = tmp_path_factory.mktemp("model") / "digits.fastnn"
    arguments = ["--hidden", "32", "--epochs", "5", "--seed", "1", "--save", str(path)]
    assert main(["train", "--dataset", "digits", "--verbose", "0", *arguments]) == 0
    return path
