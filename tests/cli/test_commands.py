"""The command line as a whole, and ``info``, ``evaluate``, ``predict`` and ``inspect``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn.backends import BackendInfo
from fastnn.cli.main import main
from fastnn.models import load_model
from tests.cli.test_train import RESULT, three_groups

COMMANDS = ["train", "evaluate", "predict", "inspect", "run", "info"]


# -- the whole -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"examples:\n  fastnn {command}" in out
    undocumented = re.findall(r"^  (--?[\w-]+(?: [A-Z|]+)?)$(?!\n {20})", out, re.MULTILINE)
    assert undocumented == []


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == shown
    assert all(f"    {command} " in shown for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "unknown command 'trian'; did you mean train? See fastnn --help."),
        (["--verison"], "unknown argument '--verison'; did you mean --version?"),
        (["predict", "m.fastnn"], "the following arguments are required: INPUT"),
        (["evaluate", "m.fastnn"], "the following arguments are required: --dataset"),
        (["evaluate", "no.fastnn", "--dataset", "digits"], "there is no such file: no.fastnn"),
        (["evaluate", "junk.fastnn", "--dataset", "digits"], "too few for a model file"),
        (["inspect", "no.fastnn"], "there is no such file: no.fastnn"),
        (["inspect", "."], "not a regular file"),
        (["run", "no.py"], "script 'no.py' cannot be read (No such file or directory)"),
        (["info", "--threads", "x"], "--threads must be a whole number"),
    ],
)
def test_bad_arguments(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("junk.fastnn").write_text("junk", encoding="utf-8")
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fastnn: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_python_m_fastnn() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fastnn", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"fastnn {fastnn.__version__}\n")


@pytest.mark.skipif(os.name != "posix", reason="a pipe that is closed by its reader")
def test_a_closed_pipe_is_quiet_and_the_model_is_saved() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "fastnn", "train", "--dataset", "digits", "--epochs", "2"]
    done = subprocess.run(
        [*command, "--save", "m.fastnn", "--verbose", "0"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
    assert Path("m.fastnn").exists()


# -- info ------------------------------------------------------------------------------------------


def test_info(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTNN_NUM_THREADS", "3")
    fastnn.backends.threads.default_threads.cache_clear()
    try:
        assert main(["info"]) == 0
    finally:
        fastnn.backends.threads.default_threads.cache_clear()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"fastnn {fastnn.__version__} (")
    assert f"NumPy {np.__version__}" in lines[1]
    for name, found in fastnn.backends().items():
        line = next(line for line in lines if line.startswith(f"{name}: "))
        assert line.startswith(f"{name}: {'available' if found.available else 'unavailable: '}")
    assert "threads: 3 (set by FASTNN_NUM_THREADS)" in lines
    assert any(re.match(r"CPU level: \S+; baseline \(\w", line) for line in lines)
    assert any(line.startswith("data set digits: ") for line in lines)
    assert "data set mnist: not here; `fastnn train --dataset mnist` downloads it" in lines
    assert any(line.endswith("FASTNN_NUM_THREADS=3, FASTNN_OFFLINE=1") for line in lines)


def test_info_says_why_c_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = BackendInfo("c", False, reason="cc: not found\n  in PATH; install a C compiler")
    monkeypatch.setattr(sys.modules["fastnn.backends"], "backends", lambda: {"c": missing})
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert "\nc: unavailable: cc: not found in PATH; install a C compiler\n" in out


@pytest.mark.parametrize(
    ("variable", "line"),
    [
        ("FASTNN_BACKEND", "default backend: none: unknown backend 'nonsense'"),
        ("FASTNN_NUM_THREADS", "threads: FASTNN_NUM_THREADS must be a whole number"),
        ("FASTNN_CPU_LEVEL", "unknown CPU level 'nonsense'"),
    ],
)
def test_info_reports_bad_settings(
    variable: str,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, "nonsense")
    fastnn.backends.threads.default_threads.cache_clear()
    try:
        assert main(["info"]) == 0
    finally:
        fastnn.backends.threads.default_threads.cache_clear()
    assert line in capsys.readouterr().out


# -- evaluate --------------------------------------------------------------------------------------


def test_evaluate(digits_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = fastnn.datasets.load("digits")
    loss, accuracy = load_model(digits_model).evaluate(data.x_test, data.y_test, verbose=0)
    for name in ("auto", "numpy"):
        assert main(["evaluate", str(digits_model), "--dataset", "digits", "--backend", name]) == 0
        match = RESULT.fullmatch(capsys.readouterr().out.removesuffix("\n"))
        assert match
        assert match["accuracy"] == f"{accuracy:.4f}"
        assert float(match["loss"]) == pytest.approx(loss, abs=1.1e-4)
        assert name in ("auto", match["backend"])


def test_the_backend_that_is_asked_for_wins_over_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = fastnn.Sequential([fastnn.Input((64,)), fastnn.layers.Dense(10, "softmax")])
    model.backend_name = "c"
    model.compile(loss="sparse_categorical_crossentropy")
    model.save("m.fastnn")
    command = ["evaluate", "m.fastnn", "--dataset", "digits", "--backend", "numpy"]
    assert main(command) == 0  # 8x8 images are reshaped to the 64 inputs
    assert " backend=numpy level=- " in capsys.readouterr().out


def test_evaluate_of_text_labels_needs_the_classes_of_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_groups(tmp_path / "all.csv")
    lines = (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.endswith("setosa")]
    (tmp_path / "two.csv").write_text("\n".join(kept), encoding="utf-8")
    options = ["--epochs", "60", "--seed", "1", "--verbose", "0", "--save", "m.fastnn"]
    assert main(["train", "--dataset", "all.csv", *options]) == 0
    capsys.readouterr()
    assert main(["evaluate", "m.fastnn", "--dataset", "two.csv"]) == 2
    assert "name the classes of the training with --class-names" in capsys.readouterr().err
    names = ["--class-names", "setosa,versicolor,virginica"]
    assert main(["evaluate", "m.fastnn", "--dataset", "two.csv", *names]) == 0
    match = RESULT.fullmatch(capsys.readouterr().out.removesuffix("\n"))
    assert match
    assert float(match["accuracy"]) > 0.9


def test_a_model_without_a_loss_cannot_be_evaluated(capsys: pytest.CaptureFixture[str]) -> None:
    fastnn.Sequential([fastnn.Input((64,)), fastnn.layers.Dense(10)]).save("m.fastnn")
    assert main(["evaluate", "m.fastnn", "--dataset", "digits"]) == 2
    assert "call model.compile(...) before model.save(...)" in capsys.readouterr().err


# -- predict ---------------------------------------------------------------------------------------


@pytest.fixture
def samples() -> np.ndarray:
    """Ten images of the digits, in new.npz."""
    x = fastnn.datasets.load("digits").x_test[:10]
    np.savez("new.npz", x=x)
    return x


def test_predict_writes_what_the_model_says(
    digits_model: Path, samples: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = load_model(digits_model).predict(samples, verbose=0)
    for name in ("out.npz", "out.csv", "out.json"):
        assert main(["predict", str(digits_model), "new.npz", "-o", name]) == 0
    assert capsys.readouterr() == ("", "")
    with np.load("out.npz") as arrays:
        assert sorted(arrays) == ["class", "output"]
        np.testing.assert_array_equal(arrays["output"], expected)
        np.testing.assert_array_equal(arrays["class"], expected.argmax(axis=1))
    found = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert found["class"] == expected.argmax(axis=1).tolist()
    np.testing.assert_array_equal(np.array(found["output"], dtype=np.float32), expected)
    table = np.loadtxt("out.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(table[:, 1:].astype(np.float32), expected)
    assert main(["predict", str(digits_model), "new.npz"]) == 0
    assert capsys.readouterr().out == Path("out.csv").read_text(encoding="utf-8")


def test_predict_reshapes_and_says_so(
    digits_model: Path, samples: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["predict", str(digits_model), "new.npz"])
    expected = capsys.readouterr().out
    np.savez("flat.npz", x=samples.reshape(10, 64))
    main(["predict", str(digits_model), "flat.npz"])
    captured = capsys.readouterr()
    assert captured.out == expected
    assert "note: the samples were reshaped from (64,) to (8, 8)" in captured.err
    np.savez("one.npz", x=samples[0])
    main(["predict", str(digits_model), "one.npz"])
    captured = capsys.readouterr()
    assert captured.out.splitlines() == expected.splitlines()[:2]
    assert "holds one sample of shape (8, 8)" in captured.err


def test_predict_writes_names_of_classes(
    digits_model: Path, samples: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "zero,one,two,three,four,five,six,seven,eight,nine"
    assert main(["predict", str(digits_model), "new.npz", "--class-names", names]) == 0
    first = capsys.readouterr().out.splitlines()[1].split(",")[0]
    best = load_model(digits_model).predict(samples[:1], verbose=0).argmax()
    assert first == names.split(",")[best]
    assert main(["predict", str(digits_model), "new.npz", "--class-names", "a,b"]) == 2
    assert "received 2 names. Expected 10" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("activation", "units", "header"),
    [("sigmoid", 1, "class,output_0"), ("linear", 2, "output_0,output_1")],
)
def test_predict_knows_what_a_class_is(
    activation: str, units: int, header: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = fastnn.layers.Dense(units, activation, kernel_initializer="ones")
    fastnn.Sequential([fastnn.Input((1,)), layer]).save("m.fastnn")
    Path("x.csv").write_text("-1\n0\n3\n", encoding="utf-8")
    assert main(["predict", "m.fastnn", "x.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == header
    if units == 1:
        assert [line.split(",")[0] for line in lines[1:]] == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new.npz", "-o", "out.txt"], "ends in .npz, .csv, .json"),
        (["new.txt"], "ends in .npz, .csv or .png"),
        (["new.npz", "--invert"], "Expected a .png image"),
        (["wide.csv"], "expects inputs of shape (batch, 8, 8)"),
    ],
)
def test_predict_refuses(
    arguments: list[str],
    message: str,
    digits_model: Path,
    samples: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("wide.csv").write_text("1,2,3\n", encoding="utf-8")
    assert main(["predict", str(digits_model), *arguments]) == 2
    assert message in capsys.readouterr().err


# -- inspect ---------------------------------------------------------------------------------------


def test_inspect_ends_with_the_sum_of_the_weights(
    digits_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(digits_model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    weights = load_model(digits_model).get_weights()
    digest = hashlib.sha256(b"".join(array.tobytes() for array in weights)).hexdigest()
    assert lines[-1] == f"weights sha256: {digest}"
    # automatic names count on in one process: dense, dense_1, ...
    assert any(re.fullmatch(r"  dense(_\d+)?/kernel: F32 \(64, 32\)", line) for line in lines)
