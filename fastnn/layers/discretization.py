"""Numbers as the numbers of the bins that they fall into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments, ops
from fastnn.errors import ArgumentError, StateError
from fastnn.layers.encoding import MODES, checked_mode, encode
from fastnn.layers.layer import Layer
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor
from fastnn.program.variable import Variable

Array = np.ndarray[Any, Any]


class Discretization(Layer):
    """Replaces numbers by the numbers of their bins.

    y = how many boundaries are ≤ x

    Parameters
    ----------
    bin_boundaries : ascending numbers; k of them make k + 1 bins.
    num_bins : number of bins whose boundaries ``adapt`` finds, instead of ``bin_boundaries``.
    epsilon : error tolerance of the quantiles of ``adapt``, in (0, 1).
    output_mode : ``"int"``: the bin's number; else see ``CategoryEncoding``.
    sparse : not supported; False.
    dtype, name : see ``Layer``.

    Shapes
    ------
    ``"int"``: outputs are of the shape of the inputs; else as of ``CategoryEncoding``.

    Raises
    ------
    ArgumentError : with both or none of ``bin_boundaries`` and ``num_bins``, or bad values.
    StateError : when called before ``adapt``.

    Examples
    --------
    >>> from fastnn.layers import Discretization
    >>> Discretization(bin_boundaries=[0.0, 1.0])([[-5.0, 0.0, 0.5, 7.0]]).tolist()
    [[0.0, 1.0, 1.0, 2.0]]
    >>> layer = Discretization(num_bins=2)
    >>> layer.adapt([1.0, 2.0, 3.0, 4.0])
    >>> layer.bin_boundaries
    [2.0]

    Notes
    -----
    Differs from Keras: in mode ``"int"`` the numbers are of the layer's float type.
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        owner = f"Discretization {self.name!r}"
        arguments.unsupported("Discretization", {"sparse": (sparse, False)})
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError(
                f"{owner}: received {'none' if num_bins is None else 'both'} of bin_boundaries and "
                "num_bins, expected one. Pass bin_boundaries, or num_bins and call adapt(data)."
            )
        self.output_mode: str = checked_mode(owner, output_mode, ("int", *MODES))
        self.epsilon: float = arguments.number(owner, "epsilon", epsilon, "(0, 1)")
        self.num_bins: int | None = (
            None if num_bins is None else arguments.integer(owner, "num_bins", num_bins, 1)
        )
        self.bin_boundaries: list[float] | None = (
            None if bin_boundaries is None else _ascending(bin_boundaries, owner)
        )
        self._summary: Array = np.zeros((2, 0), np.float32)
        self._traced: set[Variable] = set()  # a set: what is found, not a weight of the layer

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find boundaries between which equally many numbers of the data lie.

        Parameters
        ----------
        data : an array, or a list or generator of batches.
        steps : number of batches to use; all by default.

        Raises
        ------
        StateError : for a layer that was made with ``bin_boundaries``.
        """
        if self.num_bins is None:
            raise StateError(
                f"Discretization {self.name!r}: adapt finds boundaries, but the layer was made "
                "with bin_boundaries. Make it with num_bins instead."
            )
        self._summary = np.zeros((2, 0), np.float32)
        numbers = isinstance(data, np.ndarray) or not hasattr(data, "__iter__")
        for number, batch in enumerate([data] if numbers else data):
            if steps is not None and number >= steps:
                break
            found = _summarized(np.asarray(batch, np.float32), self.epsilon)
            joined = np.concatenate((found, self._summary), axis=1)
            joined = np.take(joined, np.argsort(joined[0]), axis=1)
            self._summary = _compressed(joined, self.epsilon)
        bounds: list[float] = _compressed(self._summary, 1.0 / self.num_bins)[0, :-1].tolist()
        self.bin_boundaries = bounds
        while self._traced:  # what was compiled holds the old boundaries, and their number
            self._traced.pop().buffer.abandoned = True

    def call(self, inputs: Tensor) -> Tensor:
        """The numbers of the bins, encoded."""
        owner = f"Discretization {self.name!r}"
        if self.bin_boundaries is None:
            raise StateError(
                f"{owner}: it has no boundaries yet. Call adapt(data) first, or make it with "
                "bin_boundaries."
            )
        # NaN, where there is no boundary: nothing is greater
        bounds = Variable(self.bin_boundaries or [np.nan], dtype=self.dtype, trainable=False)
        self._traced.add(bounds)
        above = ops.greater_equal(reshape(inputs, (*inputs.shape, 1)), bounds.tensor())
        bins: Tensor = ops.sum(above, axis=-1)
        if self.output_mode == "int":
            return bins
        return encode(bins, self.output_mode, len(self.bin_boundaries) + 1, self.dtype, owner)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data; boundaries found included."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": False,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new layer from what ``get_config`` returned."""
        settings = dict(config)
        found = settings.pop("bin_boundaries") if settings.get("num_bins") is not None else None
        layer = cls(**settings)
        if found is not None:
            layer.bin_boundaries = _ascending(found, f"Discretization {layer.name!r}")
        return layer


def _ascending(values: Any, owner: str) -> list[float]:
    """Boundaries as ascending finite numbers."""
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim != 1 or not np.isfinite(found).all() or (np.diff(found) < 0).any():
        raise ArgumentError(
            f"{owner}: received bin_boundaries={values!r}, expected ascending finite numbers. Pass "
            "a list such as [0.0, 1.0, 2.0]."
        )
    bounds: list[float] = found.tolist()
    return bounds


def _summarized(values: Array, epsilon: float) -> Array:
    """Every so many-th of the sorted values with the number of values that it stands for: the
    method of Keras (and of ``numpy.quantile``), so that boundaries agree with Keras's.
    """
    ordered = np.sort(values.reshape(-1))
    step = max(ordered.size * epsilon, 1)
    chosen = ordered[int(step - 1) :: int(step)]
    return np.stack([chosen, np.ones_like(chosen) * step])


def _compressed(summary: Array, epsilon: float) -> Array:
    """A summary of at most 1 / epsilon values, interpolated between the given ones."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    bins = np.interp(shares, weights / weights[-1], summary[0])
    reached = np.interp(shares, weights / weights[-1], weights)
    return np.stack((bins, np.diff(reached, prepend=0.0))).astype(np.float32)
