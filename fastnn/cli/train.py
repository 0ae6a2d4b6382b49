"""``fastnn train``: trains a multi-layer perceptron on a data set, tests it, and prints one line of
results. The network is made in ``network.py``.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.cli.interrupt import interrupts
from fastnn.cli.options import (
    INTERRUPTED,
    Subparsers,
    add_command,
    add_execution,
    execution,
    natural_number,
    positive_integer,
    positive_number,
    share,
    sizes,
)
from fastnn.cli.outputs import check_outputs, write_outputs
from fastnn.errors import DataError

if TYPE_CHECKING:
    from fastnn.callbacks import Callback
    from fastnn.datasets import Dataset
    from fastnn.models import Sequential

LARGE = 10_000  # training samples from which on the default batch is LARGE_BATCH
SMALL_BATCH, LARGE_BATCH = 32, 128
_EVALUATION_BATCH = 1024  # does not change the result

_DESCRIPTION = """\
Train a multi-layer perceptron and test it. Without arguments: on MNIST if it is on this machine,
else on the 1,797 handwritten digits that come with fastnn.

The inputs are scaled by the network's first layer (bytes to 0..1, columns of numbers to mean 0 and
deviation 1), so a saved model takes the data as they are. The last line of the output is, exactly:
  test_accuracy=0.9831 test_loss=0.0612 samples=10000 backend=c level=avx512 threads=2 seconds=41.2
for the test samples; seconds are those of the training. A model of numbers instead of classes has
test_accuracy=-, the numpy backend has level=-.

Ctrl-C ends the training after the running steps; the model is then saved and tested as usual, and
the exit code is 130. A second Ctrl-C within 2 s stops at once.
"""
_EXAMPLES = """\
  fastnn train
  fastnn train --dataset mnist --hidden 512,512 --dropout 0.2 --epochs 20 --batch-size 128
  fastnn train --dataset iris.csv --hidden 16 --epochs 100 --patience 10 --save iris.fastnn
  fastnn train --dataset digits --seed 1 --history h.json --plot curves.png
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "train",
        "train a network on digits, MNIST or your data",
        _DESCRIPTION,
        _EXAMPLES,
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "--dataset",
        metavar="NAME|PATH",
        help="digits, mnist, fashion_mnist (the last two are downloaded if need be), or a file: "
        ".npz with x_train, y_train, x_test, y_test, or with x and y; .csv with the labels in the "
        "column named label, target or y, else the last. A file without test samples gives every "
        "fifth row, at random. Default: mnist if it is on this machine, else digits",
    )
    data.add_argument(
        "--validation-split",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="share of the training samples to watch instead of train on, 0 to below 1 (default: "
        "0.1): the last ones, as in Keras; of a file, random ones with all classes in their shares",
    )
    network = parser.add_argument_group("network")
    network.add_argument(
        "--hidden",
        type=sizes,
        default=[128, 64],
        metavar="SIZES",
        help="units of the hidden layers, separated by commas (default: 128,64); '' for none",
    )
    network.add_argument(
        "--activation",
        default="relu",
        metavar="NAME",
        help="of the hidden layers: relu (default), sigmoid, tanh, linear, ...",
    )
    network.add_argument(
        "--dropout",
        type=share,
        default=0.0,
        metavar="RATE",
        help="share of the units that is left out in each step, after each hidden layer, 0 to "
        "below 1 (default: 0)",
    )
    network.add_argument(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="type of the weights and of all arithmetic (default: float32)",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--optimizer",
        default="adam",
        metavar="NAME",
        help="adam (default), adamw, sgd, rmsprop, lion, lbfgs or another of fastnn.optimizers",
    )
    training.add_argument(
        "--learning-rate",
        type=positive_number,
        metavar="RATE",
        help="step size, above 0 (default: the optimizer's: 0.01 for sgd, else 0.001)",
    )
    training.add_argument(
        "--epochs",
        type=positive_integer,
        default=20,
        metavar="N",
        help="passes over the training samples (default: 20)",
    )
    training.add_argument(
        "--batch-size",
        type=positive_integer,
        metavar="N",
        help=f"samples per step (default: {LARGE_BATCH}; {SMALL_BATCH} for fewer than "
        f"{LARGE:,} training samples)",
    )
    training.add_argument(
        "--patience",
        type=natural_number,
        metavar="N",
        help="stop when val_loss (loss without validation) has not improved for N epochs, and "
        "keep the weights of the best one, also after Ctrl-C (default: train all epochs, keep the "
        "last weights)",
    )
    training.add_argument(
        "--seed",
        type=natural_number,
        metavar="N",
        help="of the initial weights, the order of the samples and dropout: the same seed gives "
        "the same model, whatever the number of threads (default: a new one, which is shown)",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--save", metavar="M.fastnn", help="write the trained model to this file")
    output.add_argument(
        "--history",
        metavar="H.json",
        help="write loss, accuracy, val_loss and val_accuracy of each epoch, with all digits",
    )
    output.add_argument(
        "--plot",
        metavar="CURVES.png",
        help="draw the curves (.png, .pdf, .svg); needs matplotlib: pip install 'fastnn[plot]'",
    )
    output.add_argument(
        "--verbose",
        type=int,
        choices=(0, 1, 2),
        default=1,
        help="1: a progress bar per epoch (default); 2: one line per epoch; 0: only the last line",
    )
    add_execution(parser)
    parser.set_defaults(function=train)


def train(args: argparse.Namespace) -> int:
    """Train, save what was asked for, test, print the results."""
    check_outputs(args)
    with execution(args):
        from fastnn import datasets
        from fastnn.datasets.catalog import NAMES

        name = _dataset_name(args)
        data = datasets.load(name)
        seed = int.from_bytes(os.urandom(4), "little") if args.seed is None else args.seed
        x, y = data.x_train, data.y_train
        if name not in NAMES:
            _check_finite(data)
            order = spread_order(y if data.class_names else None, len(x), seed)
            x, y = x[order], y[order]
        from fastnn.cli.network import make_network

        model = make_network(args, data, seed)
        if args.verbose:
            print(_headline(args, data, model, seed), flush=True)
        with interrupts() as stop:
            started = time.perf_counter()
            stop.fitting = True
            try:
                history = model.fit(
                    x,
                    y,
                    batch_size=args.batch_size or _batch(model, len(x)),
                    epochs=args.epochs,
                    verbose=args.verbose,
                    callbacks=_callbacks(args),
                    validation_split=args.validation_split,
                )
            finally:
                stop.fitting = False
            seconds = time.perf_counter() - started
            written = write_outputs(args, model, history, data.name)
            if written and args.verbose:
                print(f"written: {', '.join(written)}", flush=True)
            logs = model.evaluate(
                data.x_test, data.y_test, batch_size=_EVALUATION_BATCH, verbose=0, return_dict=True
            )
            from fastnn.cli.result import result_line

            print(result_line(model, logs, len(data.x_test), seconds), flush=True)
            return INTERRUPTED if stop.asked else 0


def _batch(model: Any, samples: int) -> int | None:
    """The batch size where none is asked for: None for an optimizer that needs all the data."""
    return None if model.optimizer.full_batch else default_batch(samples)


def default_batch(samples: int) -> int:
    """The batch size for so many training samples."""
    return LARGE_BATCH if samples >= LARGE else SMALL_BATCH


def spread_order(y: NDArray[Any] | None, rows: int, seed: int) -> NDArray[np.int64]:
    """A random order of the rows in which every stretch has all classes in their shares.

    Tables are often sorted by class, and validation takes the last rows.
    """
    random = np.random.default_rng(seed)
    place = random.random(rows)
    if y is not None:
        labels = y.reshape(-1)
        for label in np.unique(labels):
            of_class = random.permutation(np.flatnonzero(labels == label))
            place[of_class] = (np.arange(len(of_class)) + place[of_class]) / len(of_class)
    return place.argsort()


def _dataset_name(args: argparse.Namespace) -> str:
    """The data set that was named, or the default one with a word on which it is."""
    from fastnn import datasets

    if args.dataset is not None:
        return str(args.dataset)
    if datasets.available("mnist"):
        return "mnist"
    if args.verbose:
        print(
            "MNIST is not on this machine: training on the 1,797 handwritten 8x8 digits that come "
            "with fastnn.\nTo use MNIST: `fastnn train --dataset mnist` downloads it; without a "
            "network put its four .gz files\ninto FOLDER/mnist and set FASTNN_DATA=FOLDER.",
            flush=True,
        )
    return "digits"


def _check_finite(data: Dataset) -> None:
    """Refuse NaN and infinity in a file before training; ``fit`` would name a row of the shuffled
    samples, and the test samples come last.
    """
    for what, kind, array in (
        ("x", "training", data.x_train),
        ("y", "training", data.y_train),
        ("x", "test", data.x_test),
        ("y", "test", data.y_test),
    ):
        if array.dtype.kind != "f":
            continue
        bad = int((~np.isfinite(array.reshape(len(array), -1))).any(axis=1).sum())
        if bad:
            raise DataError(
                f"{data.source}: {bad} of the {len(array)} {kind} samples have NaN or infinity "
                f"in {what}. Expected finite numbers: remove or fill those samples."
            )


def _callbacks(args: argparse.Namespace) -> list[Callback]:
    """Early stopping, if it was asked for."""
    if args.patience is None:
        return []
    from fastnn.callbacks import EarlyStopping

    monitor = "val_loss" if args.validation_split else "loss"
    verbose = int(args.verbose > 0)
    return [
        EarlyStopping(
            monitor=monitor, patience=args.patience, restore_best_weights=True, verbose=verbose
        )
    ]


def _headline(args: argparse.Namespace, data: Dataset, model: Sequential, seed: int) -> str:
    """What is trained, on what, and where."""
    from fastnn.backends.threads import get_num_threads, why
    from fastnn.cli.network import describe_network, has_own_names
    from fastnn.cli.result import level_of

    rows = len(data.x_train)
    watched = rows - int(rows * (1.0 - args.validation_split))
    shape = "x".join(map(str, data.x_train.shape[1:]))
    shape += (" number" if shape == "1" else " numbers") if data.x_train.ndim == 2 else ""
    goal = f"{len(data.class_names)} classes" if data.class_names else "numbers to predict"
    if has_own_names(data) and len(data.class_names) <= 20:
        goal += f" ({', '.join(data.class_names)})"
    level = level_of(model)
    backend = model.backend.name if level == "-" else f"{model.backend.name} ({level})"
    return (
        f"data: {data.name} from {data.source}\n"
        f"samples: {rows - watched:,} training, {watched:,} validation, {len(data.x_test):,} test; "
        f"each {shape}, {goal}\n"
        f"model: {describe_network(model)}, {model.count_params():,} parameters, {args.dtype}, "
        f"seed {seed}\n"
        f"backend: {backend}, {get_num_threads()} threads ({why()})"
    )
