"""``fastnn predict``: the outputs of a saved model for the samples of a file, as .npz, .csv, .json
or on the screen. Images are read in ``image.py``.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.cli.options import (
    Subparsers,
    add_command,
    add_execution,
    execution,
    names,
    note,
    positive_number,
)
from fastnn.errors import ArgumentError

if TYPE_CHECKING:
    from fastnn.models import Sequential

_SUFFIXES = (".npz", ".csv", ".json")

_DESCRIPTION = """\
Predict with a saved model. INPUT is an .npz file (array x, else x_test, else the only one), a .csv
file (all columns but one named label, target or y) or a .png image (needs Pillow:
pip install 'fastnn[image]'), which is made grey and resized to the model's input.

Written are, for each sample, the class (of a model that ends in softmax or in one sigmoid) and all
outputs: as arrays `class` and `output` in an .npz file, as columns in a .csv file, as lists in a
.json file; without -o as .csv on stdout. For an image, stderr says the most probable classes.
"""
_EXAMPLES = """\
  fastnn predict m.fastnn new.npz -o out.npz
  fastnn predict iris.fastnn new.csv --class-names setosa,versicolor,virginica
  fastnn predict digits.fastnn photo.png --invert --crop
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "predict", "predict with a saved model", _DESCRIPTION, _EXAMPLES
    )
    parser.add_argument("model", metavar="MODEL", help="a .fastnn file")
    parser.add_argument("input", metavar="INPUT", help="an .npz, .csv or .png file")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="the file to write, .npz, .csv or .json (default: .csv on stdout)",
    )
    parser.add_argument(
        "--class-names",
        type=names,
        metavar="NAMES",
        help="names to write instead of the numbers of the classes, separated by commas",
    )
    image = parser.add_argument_group("images")
    image.add_argument(
        "--invert",
        action="store_true",
        help="swap dark and light: for dark ink on paper, because models of MNIST and of the "
        "digits expect light ink on a dark ground",
    )
    image.add_argument(
        "--crop",
        action="store_true",
        help="cut out what is drawn and place it as the digits of MNIST are (in the middle, with a "
        "border; without one for the 8x8 digits): for drawings and photos",
    )
    image.add_argument(
        "--white",
        type=positive_number,
        metavar="VALUE",
        help="the input for a white pixel, black is 0 (default: what the model's Rescaling layer "
        "maps to 1, such as 255 for MNIST and 16 for the digits; 1 without such a layer)",
    )
    add_execution(parser)
    parser.set_defaults(function=predict)


def predict(args: argparse.Namespace) -> int:
    """Load, predict, write."""
    from fastnn.cli.stored_model import load_for

    if args.output is not None and Path(args.output).suffix.lower() not in _SUFFIXES:
        raise ArgumentError(
            f"--output: received {args.output!r}. Expected a name that ends in "
            f"{', '.join(_SUFFIXES)}."
        )
    with execution(args):
        model = load_for(args)
        outputs = model.predict(_samples(args, model), verbose=0)
    outputs = outputs.reshape(len(outputs), -1)
    classes = _classes(model, outputs)
    labels = None if classes is None else _labels(classes, outputs, args.class_names)
    if labels is not None and _is_image(args.input):
        _say(args.input, outputs[0], args.class_names)
    if args.output is None:
        sys.stdout.write(_as_csv(outputs, labels))
        return 0
    _write(Path(args.output), outputs, labels)
    return 0


def _samples(args: argparse.Namespace, model: Sequential) -> NDArray[Any]:
    """What is to be predicted, in the shape of the model's input."""
    if _is_image(args.input):
        from fastnn.cli.image import load_image

        return load_image(args.input, model, invert=args.invert, crop=args.crop, white=args.white)
    if args.invert or args.crop or args.white is not None:
        raise ArgumentError(
            f"--invert, --crop and --white: received with {args.input!r}. Expected a .png image: "
            "leave them out."
        )
    if Path(args.input).suffix.lower() not in (".npz", ".csv"):
        raise ArgumentError(
            f"input {args.input!r}: expected a name that ends in .npz, .csv or .png. Convert the "
            "file."
        )
    from fastnn.datasets import load_inputs

    x = load_inputs(args.input)
    shape = model.sample_shape
    if x.shape == shape and x.shape[1:] != shape:
        note(f"note: {args.input} holds one sample of shape {shape}, without an axis of samples.")
        return x[np.newaxis]
    if x.shape[1:] != shape and x.ndim > 1 and math.prod(x.shape[1:]) == math.prod(shape):
        note(f"note: the samples were reshaped from {x.shape[1:]} to {shape}, the model's input.")
        return x.reshape(len(x), *shape)
    return x


def _classes(model: Sequential, outputs: NDArray[Any]) -> NDArray[np.int64] | None:
    """The most probable class of each sample; None if the outputs are no probabilities."""
    last = model.layers[-1]
    name = getattr(getattr(last, "activation", None), "__name__", "")
    if name == "softmax":
        classes: NDArray[np.int64] = outputs.argmax(axis=1)
        return classes
    if name == "sigmoid" and outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return None


def _labels(
    classes: NDArray[np.int64], outputs: NDArray[Any], given: list[str] | None
) -> list[int] | list[str]:
    """What is written for each class."""
    if given is None:
        return [int(number) for number in classes]
    count = max(2, outputs.shape[1])
    if len(given) != count:
        raise ArgumentError(
            f"--class-names: received {len(given)} names. Expected {count}, one for each class of "
            "the model."
        )
    return [given[number] for number in classes]


def _is_image(path: str) -> bool:
    return Path(path).suffix.lower() == ".png"


def _say(path: str, outputs: NDArray[Any], given: list[str] | None) -> None:
    """The most probable classes of an image, for the person at the screen."""
    shares = outputs if len(outputs) > 1 else np.array([1.0 - outputs[0], outputs[0]])
    best = shares.argsort()[::-1][:3]
    shown = [f"{given[i] if given else i} ({shares[i]:.1%})" for i in best]
    note(f"{path} is most probably {shown[0]}, else {' or '.join(shown[1:])}.")


def _as_csv(outputs: NDArray[Any], labels: list[int] | list[str] | None) -> str:
    """A table with a header; the numbers come back bit for bit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = [f"output_{j}" for j in range(outputs.shape[1])]
    writer.writerow(head if labels is None else ["class", *head])
    for i, row in enumerate(outputs):
        cells = [str(value) for value in row]
        writer.writerow(cells if labels is None else [labels[i], *cells])
    return text.getvalue()


def _write(path: Path, outputs: NDArray[Any], labels: list[int] | list[str] | None) -> None:
    """Write the file that the suffix asks for."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        path.write_text(_as_csv(outputs, labels), encoding="utf-8")
    elif suffix == ".json":
        found: dict[str, Any] = {} if labels is None else {"class": labels}
        # a float32 is written with the digits that bring it back, not with those of its double
        found["output"] = [[float(str(value)) for value in row] for row in outputs]
        path.write_text(json.dumps(found) + "\n", encoding="utf-8")
    else:
        arrays: dict[str, Any] = {} if labels is None else {"class": np.asarray(labels)}
        with path.open("wb") as stream:
            np.savez(stream, output=outputs, **arrays)
