"""The arguments x, y, sample_weight and class_weight of ``fit`` and its kin, checked against the
model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn import arguments, checks
from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.layers.input_spec import checked_shape
from fastnn.losses import BinaryCrossentropy, CategoricalCrossentropy
from fastnn.program.program import StateStorage
from fastnn.training.data import Feed, Source, as_array, as_samples
from fastnn.training.tables import column_names

if TYPE_CHECKING:
    from fastnn.losses import Loss

Array = np.ndarray[Any, Any]


def shaped(model: Any, array: Any, name: str) -> Any:
    """The array as samples of the model's input shape; builds a model that has none yet."""
    if not model.built:
        if array.ndim == 1:
            raise ShapeError(
                f"{name} has shape {array.shape}: one axis, so it is not clear whether it holds "
                f"samples or features. Pass ({len(array)}, 1) for samples of one feature, or (1, "
                f"{len(array)}) for one sample."
            )
        model._build_for(checked_shape(array.shape[1:], f"{name}: the shape of one sample"))
    expected: tuple[int, ...] = model.sample_shape
    if array.ndim == 1 and expected == (1,):
        return array[:, None]
    checks.sample_shape(array.shape, expected, name, _first_layer(model))
    return array


def one_input(model: Any, x: Any, name: str) -> Any:
    """x, or the one array of a list, which is how Keras takes inputs too."""
    shapes = _shapes(x)
    if not shapes or min(map(len, shapes)) < 2:
        return x
    sample: tuple[int, ...] | None = model.sample_shape if model.built else None
    if len(x) == 1:
        return x[0] if sample in (None, shapes[0][1:]) else x
    are_rows = len(set(shapes)) == 1 and sample in (None, shapes[0])
    if are_rows or len({shape[0] for shape in shapes}) > 1:
        return x
    variable = name.split()[-1]
    raise ArgumentError(
        f"{name} is a list of {len(x)} arrays of shapes {', '.join(map(str, shapes))}, as for a "
        f"model of {len(x)} inputs. A Sequential model has one: pass the columns beside each "
        f"other, numpy.concatenate({variable}, axis=-1), or one of the arrays."
    )


def _one_output(y: Any, rows: int, name: str) -> Any:
    """y, or the one array of a list that holds the targets of all rows."""
    shapes = _shapes(y)
    if not shapes or len(y) == rows or any(shape[0] != rows for shape in shapes):
        return y
    if len(y) == 1:
        return y[0]
    raise ArgumentError(
        f"{name} is a list of {len(y)} arrays of {rows} rows, as for a model of {len(y)} outputs. "
        f"A Sequential model has one: pass one of the arrays, or numpy.column_stack({name}) for "
        "several numbers per sample."
    )


def _shapes(value: Any) -> list[tuple[int, ...]]:
    """The shapes of a list or tuple of arrays; nothing for anything else."""
    if not isinstance(value, (list, tuple)):
        return []
    shapes = [tuple(item.shape) for item in value if getattr(item, "shape", None)]
    return shapes if len(shapes) == len(value) else []


def samples(model: Any, x: Any, name: str) -> Any:
    """x as samples of the model's input shape: an array, or ``SparseRows``."""
    return shaped(model, as_samples(one_input(model, x, name), name), name)


def _first_layer(model: Any) -> str:
    """The first layer, as messages name it."""
    layers = model.layers
    return f"{type(layers[0]).__name__} {layers[0].name!r}" if layers else f"model {model.name!r}"


@dataclass
class Arrays:
    """The checked data of a call.

    Attributes
    ----------
    x, y : as arrays (x may be ``SparseRows``); y has the shape in which it was passed.
    weights : (n,) or None.
    classes : number of classes for sparse labels, 0 otherwise.
    prefix : what messages put before ``x`` and ``y``: ``"validation_data: "``, or nothing.
    first_row : the row of the user's array that is row 0 here.
    columns : the names of x's columns, if they have names.
    """

    x: Any
    y: Array
    weights: Array | None
    classes: int
    prefix: str = ""
    first_row: int = 0
    columns: Sequence[Any] | None = None

    @classmethod
    def of(
        cls,
        model: Any,
        x: Any,
        y: Any,
        sample_weight: Any,
        where: str,
        prefix: str = "",
    ) -> Arrays:
        """Check x, y and the weights of a call."""
        if x is None:
            raise ArgumentError(f"{where}: x is missing. Pass the samples, first axis.")
        compiled = model.compiled
        if y is None and compiled.needs_targets:
            pair = "" if len(_shapes(x)) not in (2, 3) else f": pass the {len(x)} arrays apart"
            raise ArgumentError(f"{where}: y is missing{pair}. Pass one target per sample of x.")
        x_array = samples(model, x, f"{prefix}x")
        if y is None:
            y = np.broadcast_to(np.zeros((), np.uint8), (len(x_array), 1))
        y_array = as_array(_one_output(y, len(x_array), f"{prefix}y"), f"{prefix}y")
        checks.same_rows([(f"{prefix}x", len(x_array)), (f"{prefix}y", len(y_array))])
        loss = compiled.loss
        classes = 0
        if loss is not None:
            _check_target_shape(model, y_array, loss)
            if loss.sparse and loss.labels_are_outputs:
                classes = int(model.output_shape[-1])
                checks.labels(y_array, classes, f"{prefix}y", loss.ignore_class)
            elif isinstance(loss, CategoricalCrossentropy) and y_array.ndim > 1:
                checks.one_hot_rows(y_array, f"{prefix}y")
        weights = _weights(y_array, sample_weight, where, prefix)
        return cls(x_array, y_array, weights, classes, prefix, columns=column_names(x))

    def with_class_weight(
        self, class_weight: Mapping[int, float] | None, dtype: str, where: str
    ) -> Arrays:
        """The same data with the weights of their classes, if there are any."""
        if class_weight is None:
            return self
        if self.weights is not None:
            raise ArgumentError(
                f"{where}: pass either sample_weight or class_weight, not both. Multiply the class "
                "weights into sample_weight if both are meant."
            )
        weights, seen = _from_class_weight(self.y, class_weight, dtype, where)
        if where == "fit":  # a single batch need not have all classes
            _warn_of_absent(set(class_weight) - seen, where)
        return replace(self, weights=weights)

    @property
    def rows(self) -> int:
        """Number of samples."""
        return len(self.x)

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one target."""
        return tuple(self.y.shape[1:])

    def feed(self, dtype: str, check_finite: bool) -> Feed:
        """What a run borrows, by binding."""
        found = [
            Source.of(f"{self.prefix}x", self.x, dtype, self.columns),
            Source.of(f"{self.prefix}y", self.y, "label" if self.classes else dtype),
        ]
        if self.weights is not None:
            found.append(Source.of(f"{self.prefix}sample_weight", self.weights, dtype))
        return Feed(found, check_finite=check_finite, first_row=self.first_row)

    def split(self, share: float, loss: Loss | None) -> tuple[Arrays, Arrays]:
        """The first rows to train on and the last ``share`` of them to validate on, as in Keras."""
        at = math.floor(self.rows * (1.0 - share))
        if at == 0 or at == self.rows:
            raise ArgumentError(
                f"fit: validation_split={share} of {self.rows} samples leaves no samples for "
                f"{'training' if at == 0 else 'validation'}. Pass more data or another share."
            )
        if loss is not None and labelled(loss, self.y):
            one_hot = self.y.ndim == 2 and self.y.shape[1] > 1
            checks.split_classes(self.y[:at], self.y[at:], one_hot)
        w = self.weights
        return (
            replace(self, x=self.x[:at], y=self.y[:at], weights=None if w is None else w[:at]),
            replace(
                self,
                x=self.x[at:],
                y=self.y[at:],
                weights=None if w is None else w[at:],
                first_row=at,
            ),
        )


def labelled(loss: Loss, y: Array) -> bool:
    """Whether the targets of a loss are classes: labels, one-hot rows, or zeros and ones."""
    if loss.sparse:
        return True
    if isinstance(loss, BinaryCrossentropy):
        return y.size == len(y) and checks.zero_or_one(y)
    return y.ndim == 2 and y.shape[1] > 1 and isinstance(loss, CategoricalCrossentropy)


def _check_target_shape(model: Any, y: Array, loss: Loss) -> None:
    """Targets must match predictions before anything is traced or trained."""
    from fastnn.losses.loss import match_targets
    from fastnn.program.tensor import BATCH

    if getattr(loss, "checks_targets", True):
        prediction = (BATCH, *model.output_shape[1:])
        match_targets((BATCH, *y.shape[1:]), prediction, loss.name, sparse=loss.sparse)


def validation_arrays(model: Any, data: Any) -> Arrays:
    """The checked ``validation_data``."""
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise ArgumentError(
            "fit: validation_data must be a tuple (x_val, y_val) or (x_val, y_val, sample_weight), "
            f"received {type(data).__name__}"
            + (f" of {len(data)} items." if isinstance(data, Sequence) else ".")
        )
    weights = data[2] if len(data) == 3 else None
    arrays = Arrays.of(
        model, data[0], data[1], weights, "fit: validation_data", "validation_data: "
    )
    if arrays.rows == 0:
        raise ShapeError(
            "fit: validation_data has no rows. Pass at least one sample, or leave it out."
        )
    return arrays


def validation_freq(value: Any) -> int | frozenset[int]:
    """A whole number from 1, or the epochs of a list."""
    if isinstance(value, (list, tuple, set, frozenset, range, np.ndarray)):
        return frozenset(arguments.integer("fit", "validation_freq", item, 1) for item in value)
    return arguments.integer("fit", "validation_freq", value, 1)


def _weights(y: Array, sample_weight: Any, where: str, prefix: str) -> Array | None:
    """One weight per sample, or None."""
    if sample_weight is None:
        return None
    weights = as_array(sample_weight, f"{prefix}sample_weight")
    if weights.shape not in ((len(y),), (len(y), 1)):
        raise ShapeError(
            f"{where}: sample_weight has shape {weights.shape}, expected ({len(y)},). Pass one "
            "weight per sample."
        )
    return weights.reshape(-1)


def _from_class_weight(
    y: Array, class_weight: Mapping[int, float], dtype: str, where: str
) -> tuple[Array, set[Any]]:
    """Sample weights out of {class: weight}, where classes that are not named weigh 1; and which of
    the named classes y has.
    """
    _check_class_weight(y, class_weight, where)
    weights = np.ones(len(y), dtype=dtype)
    one_hot = y.ndim == 2 and y.shape[1] > 1
    seen = set()
    for start in range(0, len(y), checks.BLOCK):
        part = y[start : start + checks.BLOCK]
        classes = np.argmax(part, axis=1) if one_hot else part.reshape(-1)
        for label, weight in class_weight.items():
            of_class = classes == label
            if of_class.any():
                seen.add(label)
                weights[start : start + checks.BLOCK][of_class] = weight
    return weights, seen


def _check_class_weight(y: Array, class_weight: Any, where: str) -> None:
    """{class: weight}, all of them finite numbers, for one class per sample."""
    if not isinstance(class_weight, Mapping):
        way = "Pass such a dict."
        if isinstance(class_weight, str):  # scikit-learn's "balanced"
            way = (
                "For weights that balance the classes, counts = numpy.bincount(y) and "
                "class_weight=dict(enumerate(len(y) / (len(counts) * counts)))."
            )
        elif isinstance(class_weight, (list, tuple, np.ndarray)):
            way = "Pass dict(enumerate(class_weight))."
        raise ArgumentError(
            f"{where}: class_weight must be a dict such as {{0: 1.0, 1: 5.0}}, received "
            f"{type(class_weight).__name__}. {way}"
        )
    if y.ndim > 2:
        raise ArgumentError(
            f"{where}: class_weight needs one class per sample; y has shape {y.shape}. Pass "
            "sample_weight instead."
        )
    for label, weight in class_weight.items():
        if not (_is_number(label) and _is_number(weight)):
            raise ArgumentError(
                f"{where}: class_weight maps class numbers to numbers, received {label!r}: "
                f"{weight!r}. Write it as {{0: 1.0, 1: 5.0}}; the number of a name is its place "
                "in the classes that fastnn.utils.encode_labels returned."
            )
        if not math.isfinite(float(weight)):
            raise DataError(
                f"{where}: the weight of class {label} is {weight}, which is not finite. Pass a "
                "finite number."
            )


def _warn_of_absent(classes: set[Any], where: str) -> None:
    """Warn of classes that have a weight and no sample: numbers that begin with 1, say."""
    if classes:
        shown = ", ".join(str(label) for label in sorted(classes)[:5])
        checks.warn(
            f"{where}: class_weight names classes that no row of y is of: {shown}. Classes are "
            "numbered from 0, as in y; leave out those that do not occur."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def move_storage(storage: StateStorage) -> None:
    """Let optimizer arrays follow the variables that have moved to other buffers since. A variable
    that was left behind (its layer was popped) loses its part.
    """
    for kind, buffer in list(storage.arrays):
        moved = [v for v in buffer.places if v.buffer is not buffer]
        for variable in moved:
            offset = buffer.places[variable]
            part = storage.arrays[kind, buffer][offset : offset + variable.nbytes]
            storage.view(kind, variable)[...] = part.view(variable.dtype).reshape(variable.shape)
        if moved:
            del storage.arrays[kind, buffer]
