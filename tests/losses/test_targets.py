"""Which targets fit which predictions: every pair of shapes, and what the errors say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from fastnn import losses
from fastnn.errors import ArgumentError, DataError, ShapeError
from fastnn.losses.loss import match_targets
from fastnn.program.tensor import BATCH, Tensor

SHAPES: list[tuple[int, ...]] = [
    (5,),
    (5, 1),
    (1, 5),
    (5, 3),
    (5, 5),
    (1, 3),
    (1,),
    (3,),
    (5, 3, 1),
    (5, 1, 3),
]
ELEMENTWISE = [losses.MeanSquaredError, losses.BinaryCrossentropy, losses.CategoricalCrossentropy]


@pytest.mark.parametrize("cls", ELEMENTWISE)
@pytest.mark.filterwarnings("ignore:.*1 class:SyntaxWarning")
def test_only_equal_shapes_and_a_column_go_together(cls: type[losses.Loss]) -> None:
    for y_true, y_pred in itertools.product(SHAPES, SHAPES):
        t, p = np.full(y_true, 0.5), np.full(y_pred, 0.5)
        column = {y_true, y_pred} <= {(5,), (5, 1)} or {y_true, y_pred} <= {(1,), (1, 1)}
        if y_true == y_pred or column:
            assert np.isfinite(cls()(t, p))
        else:
            with pytest.raises(ShapeError) as error:
                cls()(t, p)
            if len(y_true) == len(y_pred) == 1:  # one sample
                y_true, y_pred = (1, *y_true), (1, *y_pred)
            shapes = f"targets of shape {y_true} for predictions of shape {y_pred}"
            assert shapes in str(error.value)


def test_a_column_is_a_vector() -> None:
    t, p = np.array([1.0, 0.0, 3.0]), np.array([0.5, 0.5, 1.0])
    values = [losses.MeanSquaredError()(a, b) for a in (t, t[:, None]) for b in (p, p[:, None])]
    np.testing.assert_allclose(values, np.mean((t - p) ** 2), rtol=1e-7)


@pytest.mark.parametrize(
    ("t", "p", "sparse", "fits"),
    [
        ((None,), (None, 1), False, (None, 1)),
        ((None, 1), (None,), False, (None,)),
        ((None, 3), (None, 3), False, (None, 3)),
        ((BATCH,), (BATCH, 1), False, (BATCH, 1)),
        ((7,), (BATCH, 1), False, (7, 1)),
        ((BATCH,), (BATCH, 10), True, (BATCH, 1)),
        ((BATCH, 1), (BATCH, 10), True, (BATCH, 1)),
        ((None, 4), (None, 4, 10), True, (None, 4, 1)),
        ((None, 4, 1), (None, 4, 10), True, (None, 4, 1)),
    ],
)
def test_the_shape_that_targets_get(t: Any, p: Any, sparse: bool, fits: Any) -> None:
    assert match_targets(t, p, "loss", sparse=sparse) == fits


@pytest.mark.parametrize(
    ("t", "p", "name", "sparse", "message"),
    [
        (
            (None,),
            (None, 10),
            "categorical_crossentropy",
            False,
            r"received targets of shape \(batch,\) for predictions of shape \(batch, 10\), "
            r"expected targets of shape \(batch, 10\)\. "
            r"For integer labels use sparse_categorical_crossentropy.*"
            r"to_categorical\(y, 10\)",
        ),
        (
            (None, 10),
            (None, 10),
            "sparse",
            True,
            r"\(batch,\) or \(batch, 1\).*categorical_crossentropy",
        ),
        ((None, 3), (None, 1), "mean_squared_error", False, "Give the last layer 3 units"),
        ((None,), (None, 3), "mean_squared_error", False, "Give the last layer 1 unit"),
        ((4, 3), (5, 3), "mean_squared_error", False, "every row of x one target"),
        ((None, 2, 2), (None, 4), "mean_squared_error", False, "Reshape y"),
    ],
)
def test_the_advice_fits_the_mistake(t: Any, p: Any, name: str, sparse: bool, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        match_targets(t, p, name, sparse=sparse)


@pytest.mark.parametrize("label", [-1, 4, 9])
def test_a_label_out_of_range_is_named(label: int) -> None:
    with pytest.raises(DataError, match=rf"row 1.*label {label}\b.*0 to 3"):
        losses.SparseCategoricalCrossentropy()([0, label, 1], np.full((3, 4), 0.25))


def test_a_label_that_is_not_whole_is_named() -> None:
    with pytest.raises(DataError, match=r"row 2.*0\.7"):
        losses.SparseCategoricalCrossentropy()([0.0, 1.0, 0.7], np.full((3, 4), 0.25))
    with pytest.raises(ArgumentError, match="labels of dtype"):
        losses.SparseCategoricalCrossentropy()(["a", "b"], np.full((2, 4), 0.25))


def test_labels_of_any_integer_type() -> None:
    p = np.array([[0.7, 0.3], [0.4, 0.6]])
    expected = -np.log([0.7, 0.6]).mean()
    for kind in ("int8", "uint8", "int32", "int64", "float32", ">i4", "bool"):
        labels = np.array([0, 1]).astype(kind)
        np.testing.assert_allclose(
            losses.SparseCategoricalCrossentropy()(labels, p), expected, rtol=1e-6
        )


def test_labels_and_numbers_are_not_mixed_up_in_a_trace() -> None:
    p = Tensor((BATCH, 3), "float32")
    with pytest.raises(ArgumentError, match="targets of dtype float32, expected integer labels"):
        losses.SparseCategoricalCrossentropy().call(Tensor((BATCH, 1), "float32"), p)
    with pytest.raises(ArgumentError, match="targets of dtype int32, expected targets of dtype"):
        losses.MeanSquaredError().call(Tensor((BATCH, 3), "int32"), p)
