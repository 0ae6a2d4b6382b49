"""``fastnn evaluate``: the loss and the accuracy of a saved model on the test samples of a data
set.
"""

from __future__ import annotations

import argparse
import math
import time

from fastnn.cli.options import Subparsers, add_command, add_execution, execution, names
from fastnn.errors import ArgumentError, DataError

_BATCH = 1024  # does not change the result

_DESCRIPTION = """\
Evaluate a saved model on the test samples of a data set. The last line of the output has the form
that `fastnn train` prints; seconds are those of the evaluation.
"""
_EXAMPLES = """\
  fastnn evaluate m.fastnn --dataset mnist
  fastnn evaluate iris.fastnn --dataset iris.csv --class-names setosa,versicolor,virginica
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "evaluate", "test a saved model on a data set", _DESCRIPTION, _EXAMPLES
    )
    parser.add_argument("model", metavar="MODEL", help="a .fastnn file")
    parser.add_argument(
        "--dataset",
        required=True,
        metavar="NAME|PATH",
        help="digits, mnist, fashion_mnist, or an .npz or .csv file as for `fastnn train`; a file "
        "without a test part is split in the same way, so the rows are not those of the training",
    )
    parser.add_argument(
        "--class-names",
        type=names,
        metavar="NAMES",
        help="the classes in the order in which the model was trained, separated by commas, for "
        "files whose labels are text (default: the file's own, sorted, as `fastnn train` has them)",
    )
    add_execution(parser)
    parser.set_defaults(function=evaluate)


def evaluate(args: argparse.Namespace) -> int:
    """Load, test, print the results."""
    from fastnn import datasets
    from fastnn.cli.network import has_own_names
    from fastnn.cli.result import result_line
    from fastnn.cli.stored_model import load_for

    with execution(args):
        model = load_for(args)
        if model.optimizer is None:
            raise ArgumentError(
                f"{args.model}: was saved without a loss. Expected a compiled model: call "
                "model.compile(...) before model.save(...)."
            )
        data = datasets.load(args.dataset, class_names=args.class_names)
        outputs = model.output_shape[-1]
        if has_own_names(data) and args.class_names is None and len(data.class_names) != outputs:
            raise DataError(
                f"{args.dataset}: has {len(data.class_names)} classes "
                f"({', '.join(data.class_names[:10])}), but {args.model} has {outputs} outputs. "
                "Expected one each: name the classes of the training with --class-names."
            )
        x = data.x_test
        if x.shape[1:] != model.sample_shape and x[0].size == math.prod(model.sample_shape):
            x = x.reshape(len(x), *model.sample_shape)
        started = time.perf_counter()
        logs = model.evaluate(x, data.y_test, batch_size=_BATCH, verbose=0, return_dict=True)
        print(result_line(model, logs, len(x), time.perf_counter() - started), flush=True)
    return 0
