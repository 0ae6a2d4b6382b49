"""``fastnn train``: its last line, its files, the data it accepts, and what it leaves unchanged."""

from __future__ import annotations

import json
import re
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn.backends.threads import get_num_threads
from fastnn.cli.inspect import describe
from fastnn.cli.main import main
from fastnn.models import load_model

RESULT = re.compile(
    r"test_accuracy=(?P<accuracy>\d\.\d{4}|-) test_loss=(?P<loss>\d+\.\d{4}) "
    r"samples=(?P<samples>\d+) backend=(?P<backend>\w+) level=(?P<level>[\w-]+) "
    r"threads=(?P<threads>\d+) seconds=(?P<seconds>\d+\.\d)"
)
QUICK = ["train", "--dataset", "digits", "--hidden", "16", "--epochs", "2", "--seed", "1"]


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The fields of the last line of stdout."""
    last = capsys.readouterr().out.splitlines()[-1]
    match = RESULT.fullmatch(last)
    assert match, last
    return match.groupdict()


def weights_sum(path: str) -> str:
    """The SHA-256 of the weights in a file."""
    return describe(path).splitlines()[-1]


def tiny_mnist(folder: Path) -> None:
    """A data set with the names and shapes of MNIST, where FASTNN_DATA would have it."""
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (120, 28, 28), np.uint8), np.arange(120, dtype=np.uint8) % 10
    np.savez(folder / "mnist.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])


def three_groups(path: Path, rows: int = 40) -> None:
    """A table sorted by class, with text labels, columns of very different size and a constant."""
    random = np.random.default_rng(3)
    lines = ["width,constant,height,label"]
    for k, name in enumerate(("setosa", "versicolor", "virginica")):
        for wide, high in random.normal((1000 * k, 0.01 * k), (200, 0.002), (rows, 2)):
            lines.append(f"{wide:.6f},7,{high:.6f},{name}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_last_line_is_the_result(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--epochs", "10", "--backend", backend, "--threads", "3"]) == 0
    fields = result(capsys)
    assert fields["backend"] == backend.partition(":")[0]
    assert fields["level"] == getattr(fastnn.backends.resolve(backend), "level", "-")
    assert fields["samples"] == "360"
    assert fields["threads"] == "3"
    assert float(fields["accuracy"]) > 0.85
    assert float(fields["loss"]) < 0.7


def test_the_result_is_that_of_the_saved_model(capsys: pytest.CaptureFixture[str]) -> None:
    main([*QUICK, "--save", "m.fastnn"])
    fields = result(capsys)
    data = fastnn.datasets.load("digits")
    loss, accuracy = load_model("m.fastnn").evaluate(data.x_test, data.y_test, verbose=0)
    assert fields["loss"] == f"{loss:.4f}"
    assert fields["accuracy"] == f"{accuracy:.4f}"


def test_progress_is_shown_for_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    main([*QUICK, "--threads", "2"])
    out = capsys.readouterr().out
    assert "samples: 1,293 training, 144 validation, 360 test; each 8x8, 10 classes" in out
    assert "model: 64-16-10, 1,210 parameters, float32, seed 1" in out
    assert "2 threads (set by set_num_threads)" in out
    line = (
        r"Epoch 2/2\n1293/1293 \[=+\] - \ds [\d.]+[mu]s/sample - loss: \d\.\d+ - "
        r"accuracy: \d\.\d+ - val_loss: \d\.\d+ - val_accuracy: \d\.\d+\n"
    )
    assert re.search(line, out)


def test_verbose_2_has_no_bar_and_0_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    main([*QUICK, "--verbose", "2"])
    out = capsys.readouterr().out
    assert "1293/1293 - " in out
    assert "==" not in out
    main([*QUICK, "--verbose", "0"])
    captured = capsys.readouterr()
    assert RESULT.fullmatch(captured.out.removesuffix("\n"))
    assert captured.err == ""


def test_the_history_has_all_digits() -> None:
    main([*QUICK, "--history", "h.json"])
    history = json.loads(Path("h.json").read_text(encoding="utf-8"))
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert [len(values) for values in history.values()] == [2, 2, 2, 2]
    text = Path("h.json").read_text(encoding="utf-8")
    assert all(repr(value) in text for value in history["loss"])
    assert all(len(repr(value)) > 10 for value in history["loss"])


def test_two_backends_have_the_same_history() -> None:
    losses = []
    for name in ("numpy", "auto"):
        options = ["--dropout", "0.2", "--backend", name, "--history", f"{name}.json"]
        assert main([*QUICK, *options]) == 0
        losses.append(json.loads(Path(f"{name}.json").read_text(encoding="utf-8"))["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-6)


def test_threads_do_not_change_the_weights_and_seeds_do() -> None:
    for count in ("1", "2", "4"):
        main([*QUICK, "--threads", count, "--save", f"{count}.fastnn"])
    main([*QUICK, "--seed", "2", "--save", "other.fastnn"])
    assert weights_sum("1.fastnn") == weights_sum("2.fastnn") == weights_sum("4.fastnn")
    assert weights_sum("1.fastnn") != weights_sum("other.fastnn")


def test_without_a_seed_the_one_that_was_drawn_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main([*QUICK[:-2], "--save", "drawn.fastnn"])
    seed = re.search(r"seed (\d+)", capsys.readouterr().out)
    assert seed
    main([*QUICK[:-2], "--seed", seed[1], "--save", "again.fastnn"])
    assert weights_sum("drawn.fastnn") == weights_sum("again.fastnn")


def test_the_default_data_are_the_digits_and_the_way_to_mnist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "--epochs", "1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("MNIST is not on this machine: training on the 1,797 handwritten")
    assert "`fastnn train --dataset mnist` downloads it" in out
    assert "FASTNN_DATA=FOLDER" in out


def test_the_default_data_are_mnist_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_mnist(tmp_path)
    monkeypatch.setenv("FASTNN_DATA", str(tmp_path))
    assert main(["train", "--epochs", "1", "--validation-split", "0", "--save", "m.fastnn"]) == 0
    out = capsys.readouterr().out
    assert "90 training, 0 validation, 30 test; each 28x28, 10 classes" in out
    assert "val_loss" not in out
    first = load_model("m.fastnn").layers[0]
    assert first.scale == pytest.approx(1 / 255)


def test_a_table_sorted_by_class_is_scaled_and_shuffled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three_groups(tmp_path / "flowers.csv")
    options = ["--hidden", "16", "--epochs", "40", "--seed", "1", "--save", "m.fastnn"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a class without validation samples would be a warning
        assert main(["train", "--dataset", "flowers.csv", *options]) == 0
    assert "3 classes (setosa, versicolor, virginica)" in capsys.readouterr().out
    model = load_model("m.fastnn")
    data = fastnn.datasets.load("flowers.csv")
    scaled = model.layers[0](data.x_train.astype("float32"))
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 0, 1], atol=1e-5)
    raw = model.predict([[2000.0, 7.0, 0.02], [0.0, 7.0, 0.0]], verbose=0)
    assert raw.argmax(axis=1).tolist() == [2, 0]


def test_numbers_to_predict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    x = random.random((200, 3))
    np.savez(tmp_path / "plane.npz", x=x, y=(x @ [[1.0, 0], [2.0, 1], [-1.0, 0.5]]))
    options = ["--hidden", "", "--epochs", "60", "--learning-rate", "0.05", "--dtype", "float64"]
    assert main(["train", "--dataset", "plane.npz", *options, "--save", "m.fastnn"]) == 0
    fields = result(capsys)
    assert fields["accuracy"] == "-"
    assert float(fields["loss"]) < 0.01
    model = load_model("m.fastnn")
    assert [type(layer).__name__ for layer in model.layers] == ["Dense"]  # 0..1: no rescaling
    assert model.get_weights()[0].dtype == np.float64


def test_patience_keeps_the_best_weights(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--learning-rate", "0.5", "--epochs", "30", "--patience", "2", "--history", "h.json"]
    main([*QUICK, *options, "--save", "m.fastnn"])
    history = json.loads(Path("h.json").read_text(encoding="utf-8"))
    assert len(history["loss"]) < 30
    data = fastnn.datasets.load("digits")
    split = int(len(data.x_train) * 0.9)
    loss = load_model("m.fastnn").evaluate(
        data.x_train[split:], data.y_train[split:], verbose=0, return_dict=True
    )["loss"]
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-6)
    assert "early stopping" in capsys.readouterr().out


def test_the_plot_is_a_picture() -> None:
    main([*QUICK, "--plot", "curves.png"])
    assert Path("curves.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    from PIL import Image

    with Image.open("curves.png") as image:
        colours = {pixel for _, pixel in image.convert("RGB").getcolors(1 << 20) or []}
    assert {(0x1F, 0x77, 0xB4), (0xE0, 0x60, 0x00)} <= colours  # both curves are there


def test_the_files_are_named_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    main([*QUICK, "--save", "m.fastnn", "--plot", "curves.png", "--history", "h.json"])
    assert capsys.readouterr().out.splitlines()[-2] == "written: m.fastnn, h.json, curves.png"


def test_without_matplotlib_a_plot_is_refused_before_training(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert main([*QUICK, "--plot", "curves.png"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "pip install 'fastnn[plot]'" in captured.err


def test_the_settings_of_the_process_come_back() -> None:
    before = fastnn.get_backend(), get_num_threads()
    main([*QUICK, "--backend", "numpy", "--threads", "7"])
    main([*QUICK, "--backend", "numpy", "--threads", "7", "--activation", "none"])
    assert (fastnn.get_backend(), get_num_threads()) == before


def test_it_trains_outside_the_main_thread() -> None:
    """Signals can only be handled in the main one."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main([*QUICK, "--verbose", "0"])))
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "argument --epochs: expected a whole number of at least 1"),
        (["--epochs", "1.5"], "received '1.5'"),
        (
            ["--hidden", "16,x"],
            "argument --hidden: expected whole numbers of at least 1, separated by commas",
        ),
        (["--dropout", "1"], "argument --dropout: expected a number from 0 to below 1"),
        (["--validation-split", "nan"], "expected a number from 0 to below 1, received 'nan'"),
        (["--learning-rate", "-1"], "expected a number above 0"),
        (
            ["--dtype", "float16"],
            "argument --dtype: expected one of float32, float64, received 'float16'",
        ),
        (["--hiden", "3"], "unknown argument '--hiden'; did you mean --hidden?"),
        (["--optimizer", "adamm"], "unknown optimizer 'adamm'. Did you mean 'adam'"),
        (["--activation", "rellu"], "Did you mean 'relu'"),
        (["--backend", "nunpy"], "Did you mean 'numpy'"),
        (["--threads", "0"], "--threads must be a whole number from 1 to 256, received '0'"),
        (["--dataset", "digit"], "unknown data set 'digit'. Did you mean 'digits'"),
        (["--dataset", "no.csv"], "'no.csv' does not exist"),
        (["--dataset", "torn.npz"], "torn.npz: not a readable .npz archive"),
        (["--dataset", "nan.npz"], "2 of the 16 training samples have NaN or infinity in x"),
        (["--dataset", "test.npz"], "test.npz: 1 of the 4 test samples have NaN or infinity in x"),
        (["--dataset", "mnist"], "FASTNN_OFFLINE forbids to download it. Without a network"),
        (["--save", "m.npz"], "expected a name that ends in '.fastnn'"),
        (["--save", "no/m.fastnn"], "there is no folder 'no'"),
        (["--history", "."], "that is a folder"),
        (["--plot", "curves.xyz"], "Expected a name that ends in one of"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("torn.npz").write_bytes(b"PK\x03\x04 and then nothing")
    x = np.ones((20, 2))
    x[:3] = np.nan
    y = np.arange(20) % 2
    np.savez("nan.npz", x=x, y=y)
    np.savez("test.npz", x_train=x[3:], y_train=y[3:], x_test=x[2:6], y_test=y[2:6])
    assert main([*QUICK, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fastnn: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_training_that_diverges_fails_with_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--optimizer", "sgd", "--learning-rate", "1e30"]) == 1
    err = capsys.readouterr().err
    assert "fastnn: error: the loss became" in err
    # the end of the message names an argument of fit, which is no option here
    assert err.endswith("(it is 1e+30), or scale the inputs to about 0 … 1.\n")


def test_no_advice_for_callers_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = np.random.default_rng(0).random((20, 2)), np.arange(20) % 2
    np.savez("good.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    assert main([*QUICK, "--dataset", "good.npz", "--save", "m.fastnn"]) == 0
    x[3, 1] = np.nan
    np.savez("bad.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    capsys.readouterr()
    assert main(["evaluate", "m.fastnn", "--dataset", "bad.npz"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("fastnn: error: x, row 3 contains NaN (column 1).")
    assert err.endswith("Remove or fill such rows (for example numpy.nan_to_num).\n")


def test_warnings_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for all of the library's warnings; here one of a class that is not in the validation."""
    random = np.random.default_rng(0)
    x, y = random.random((100, 4)), np.sort(np.arange(100) % 2)
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setattr("fastnn.datasets.catalog.NAMES", ("sorted.npz",))  # not to be shuffled
    (tmp_path / "mnist.npz").rename(tmp_path / "sorted.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["train", "--dataset", "sorted.npz", "--epochs", "1"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert lines
    assert all(line.startswith("fastnn: warning: ") for line in lines)
