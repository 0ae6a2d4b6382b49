"""The crossentropies as metrics: their means over samples, reported beside the loss.

As in Keras these look at the predictions as they are: probabilities are clipped at
``config.epsilon()``, where the loss of the same name may be computed from logits.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.losses.formulas import binary_formula, categorical_formula, sparse_formula
from fastnn.losses.loss import check_settings
from fastnn.metrics.means import MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """Crossentropy of yes-or-no targets.

    mean of -t log p - (1 - t) log(1 - p)

    Parameters
    ----------
    name, dtype : see ``Metric``.
    from_logits, label_smoothing : see ``fastnn.losses.BinaryCrossentropy``.

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : if ``from_logits`` is set and the predictions come from a sigmoid or softmax.

    Examples
    --------
    >>> from fastnn.metrics import BinaryCrossentropy
    >>> round(float(BinaryCrossentropy()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])), 4)
    0.8149
    """

    checks_targets = True

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        self.from_logits: bool
        self.label_smoothing: float
        self.from_logits, self.label_smoothing = check_settings(
            "BinaryCrossentropy", from_logits, label_smoothing
        )
        super().__init__(
            binary_formula,
            name,
            dtype,
            from_logits=self.from_logits,
            label_smoothing=self.label_smoothing,
            fuse=False,
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


class CategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of one-hot targets.

    mean of -Σ_j t_j log p_j

    Parameters
    ----------
    name, dtype : see ``Metric``.
    from_logits, label_smoothing, axis : see ``fastnn.losses.CategoricalCrossentropy``.

    Raises
    ------
    ShapeError : if the shapes differ.
    ArgumentError : if ``from_logits`` is set and the predictions come from a sigmoid or softmax.

    Examples
    --------
    >>> from fastnn.metrics import CategoricalCrossentropy
    >>> metric = CategoricalCrossentropy()
    >>> round(float(metric([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])), 3)
    1.177
    """

    checks_targets = True

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        self.from_logits: bool
        self.label_smoothing: float
        self.from_logits, self.label_smoothing = check_settings(
            "CategoricalCrossentropy", from_logits, label_smoothing
        )
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(
            categorical_formula,
            name,
            dtype,
            from_logits=self.from_logits,
            label_smoothing=self.label_smoothing,
            axis=axis,
            fuse=False,
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of integer labels.

    mean of -log p[label]

    Parameters
    ----------
    name, dtype : see ``Metric``.
    from_logits, ignore_class, axis : see ``fastnn.losses.SparseCategoricalCrossentropy``.

    Raises
    ------
    ShapeError : if the shapes do not fit.
    DataError : for a label that is negative, not whole, or not below the number of classes.
    ArgumentError : if ``from_logits`` is set and the predictions come from a sigmoid or softmax.

    Examples
    --------
    >>> from fastnn.metrics import SparseCategoricalCrossentropy
    >>> metric = SparseCategoricalCrossentropy()
    >>> round(float(metric([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])), 3)
    1.177
    """

    sparse = True
    checks_targets = True

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        owner = "SparseCategoricalCrossentropy"
        arguments.unsupported(owner, {"ignore_class": (ignore_class, None)})
        self.from_logits: bool = arguments.flag(owner, "from_logits", from_logits)
        self.axis: int = arguments.axis(type(self).__name__, axis)
        super().__init__(
            sparse_formula, name, dtype, from_logits=self.from_logits, axis=axis, fuse=False
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric, as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "from_logits": self.from_logits,
            "ignore_class": None,
            "axis": self.axis,
        }
