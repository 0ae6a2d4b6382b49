"""``fastnn run``: a script runs as under python, with Keras's names. Which names there are is
tested in ``tests/compat``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastnn.cli.main import main

# Of the kind that introductory texts print, with their import lines.
FUNCTIONAL_IMPORTS = """
import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
from tensorflow.keras.optimizers import SGD

model = Sequential()
model.add(Dense(5, input_shape=(8,), activation='relu'))
model.add(Dense(1, activation='sigmoid'))

X_train = np.random.random((100, 8))
y_train = np.random.randint(2, size=(100, 1))

model.compile(optimizer=SGD(), loss='binary_crossentropy')
model.fit(X_train, y_train, epochs=3)
"""
TF_KERAS = """
import numpy as np
import tensorflow as tf

tf.random.set_seed(1)
model = tf.keras.models.Sequential([
    tf.keras.layers.Dense(4, activation='relu', input_shape=(3,)),
    tf.keras.layers.Dense(1, activation='sigmoid')
])
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
inputs = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
outputs = np.array([[0], [1], [1], [0]])
model.fit(inputs, outputs, epochs=1000, verbose=0)
loss, accuracy = model.evaluate(inputs, outputs, verbose=0)
print("Accuracy:", accuracy)
"""
OLD_KERAS = """
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import SGD, Adam
from keras.utils import to_categorical
import numpy as np

X = np.random.rand(100, 8)
y = np.random.randint(2, size=(100, 1))
model = Sequential()
model.add(Dense(32, input_dim=8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
sgd = SGD(lr=0.01)
model.compile(loss='binary_crossentropy', optimizer=sgd, metrics=['accuracy'])
model.fit(X, y, epochs=2, batch_size=10, validation_split=0.2)
adam = Adam(lr=0.01)
"""
MNIST = """
import tensorflow as tf

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784) / 255.0
x_test = x_test.reshape(-1, 784) / 255.0

model = tf.keras.models.Sequential([
    tf.keras.layers.Dense(128, activation='relu', input_shape=(784,)),
    tf.keras.layers.Dropout(0.5),
    tf.keras.layers.Dense(64, activation='relu'),
    tf.keras.layers.Dropout(0.5),
    tf.keras.layers.Dense(10, activation='softmax')
])
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
model.fit(x_train, y_train, epochs=2, batch_size=32, verbose=1)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print("Loss:", loss)
print("Accuracy:", accuracy)
"""


def script(text: str, name: str = "script.py") -> str:
    """A file with that text."""
    Path(name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (FUNCTIONAL_IMPORTS, "Epoch 3/3\n100/100 [====="),
        (TF_KERAS, "Accuracy: 1.0\n"),
        (OLD_KERAS, "Epoch 2/2\n80/80 [====="),
    ],
    ids=["tensorflow.keras", "tf.keras", "keras"],
)
def test_scripts_of_texts_run(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", script(text)]) == 0
    captured = capsys.readouterr()
    assert shown in captured.out
    assert captured.err == ""


def test_the_mnist_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a small part of the real data where there is one, else on noise of its shape."""
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (120, 28, 28), np.uint8), np.arange(120, dtype=np.uint8) % 10
    np.savez(tmp_path / "mnist.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    monkeypatch.setenv("FASTNN_DATA", str(tmp_path))
    assert main(["run", script(MNIST)]) == 0
    assert "\nAccuracy: " in capsys.readouterr().out


def test_a_script_sees_itself_as_main(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkdir("folder")
    script("where = 'beside the script'", "folder/neighbour.py")
    name = script(
        "import sys, neighbour\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv, sys.modules['__main__'].__dict__ is globals(), neighbour.where)\n",
        "folder/script.py",
    )
    before = sys.modules["__main__"], sys.argv, list(sys.path), list(sys.meta_path)
    safe = bool(getattr(sys.flags, "safe_path", False))
    if safe:
        sys.path.insert(0, str(Path("folder").resolve()))
    try:
        code = main(["run", "--threads", "1", name, "--epochs", "3", "-x"])
    finally:
        if safe:
            del sys.path[0]
        sys.modules.pop("neighbour", None)
    assert code == 0
    out = capsys.readouterr().out
    assert out == "['folder/script.py', '--epochs', '3', '-x'] True beside the script\n"
    assert (sys.modules["__main__"], sys.argv, list(sys.path), list(sys.meta_path)) == before
    assert "keras" not in sys.modules


SAME_AS_PYTHON = {
    "argv": "import sys; print(sys.argv, __name__, __file__, sys.path[0]); print(__builtins__)",
    "traceback": """
def f():
    raise ValueError('boom')

try:
    f()
except ValueError as error:
    raise RuntimeError('outer') from error
""",
    "syntax": "x = 1\ndef f(:\n",
    "annotations": "def f(x: 1 + 1): pass\nprint(f.__annotations__)",
    "exit 7": "import sys; print('x'); sys.exit(7)",
    "exit text": "import sys; sys.exit('bye')",
    "exit none": "raise SystemExit",
    "hook": "import sys\nsys.excepthook = lambda *e: print('hook', e[0].__name__, e[2].tb_lineno)\n"
    "1 / 0",
    "encoding": "# -*- coding: latin-1 -*-\nprint(len('\xe9'))",
    "missing module": "import no_such_module_anywhere",
}


def test_the_outside_is_that_of_python() -> None:
    """Output, errors and exit code of scripts, in one process each way."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    for label, text in SAME_AS_PYTHON.items():
        encoding = "latin-1" if label == "encoding" else "utf-8"
        Path("same.py").write_text(text, encoding=encoding)
        outcomes = []
        for way in (["-m", "fastnn", "run"], []):
            done = subprocess.run(
                [sys.executable, *way, "same.py", "a", "--b"],
                capture_output=True,
                text=True,
                check=False,
                env=env,
            )
            outcomes.append((done.returncode, done.stdout, done.stderr))
        assert outcomes[0] == outcomes[1], label


def test_a_missing_name_is_an_import_error_of_the_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = script("import numpy\nfrom keras.layers import Conv2D\n")
    assert main(["run", name]) == 1
    err = capsys.readouterr().err.splitlines()
    assert err[:3] == [
        "Traceback (most recent call last):",
        f'  File "{Path(name).resolve()}", line 2, in <module>',
        "    from keras.layers import Conv2D",
    ]
    assert err[3].startswith("ImportError: keras.layers.Conv2D is not in fastnn: fastnn is for ")
    assert len(err) == 4


def test_errors_of_fastnn_show_its_frames(capsys: pytest.CaptureFixture[str]) -> None:
    name = script("import keras\nkeras.Sequential().fit([[1]], [1])\n")
    assert main(["run", name]) == 1
    err = capsys.readouterr().err
    assert "line 2, in <module>" in err
    assert f"fastnn{os.sep}models{os.sep}" in err
    assert f"fastnn{os.sep}cli{os.sep}" not in err
    assert "StateError" in err.splitlines()[-1]


def test_ctrl_c_in_a_script_exits_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", script("raise KeyboardInterrupt")]) == 130
    assert capsys.readouterr().err.endswith("KeyboardInterrupt\n")


@pytest.mark.data
def test_the_mnist_script_learns(
    data_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FASTNN_DATA", str(data_home))
    text = MNIST.replace(
        "x_test = x", "x_train, y_train = x_train[:6000], y_train[:6000]\nx_test = x", 1
    )
    assert main(["run", script(text)]) == 0
    assert float(capsys.readouterr().out.split("Accuracy: ")[1]) > 0.85
