"""The messages for data that cannot be trained on: text, dates, several inputs, what is no data at
all. As in ``tests/test_messages.py``: a mistake, and below it what fastnn answers.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.lib.recfunctions  # that one line of advice can be run
import pandas as pd
import pytest

import fastnn
from fastnn.errors import FastnnError
from tests.support.mistakes import X, Y, classes, fit
from tests.support.networks import network
from tests.test_messages import messages

LABELS = np.array([0, 1, 2, 0, 1])
NAMES = np.array(["ham", "spam", "eggs"])[LABELS]
FRAME = pd.DataFrame(X, columns=list("abc"))


def frame(**columns: Any) -> object:
    """``fit`` on a DataFrame with more columns."""
    return network(inputs=3 + len(columns)).fit(FRAME.assign(**columns), Y, verbose=0)


def missing(value: Any, dtype: Any) -> object:
    """``fit`` on a DataFrame that lacks a value."""
    table = FRAME.astype({"b": dtype})
    table.loc[3, "b"] = value
    return fit(table)


def generator() -> object:
    yield X, Y


MISTAKES: dict[str, Callable[[], object]] = {
    "a column of text": lambda: frame(city=["a", "b", "a", "c", "b"]),
    "columns of text": lambda: frame(
        city=pd.Series(list("abacb"), dtype="category"), zip=pd.Series(list("12341"), dtype=object)
    ),
    "a column of dates": lambda: frame(born=pd.date_range("2020-02-01", periods=5)),
    "a column of times": lambda: frame(late=pd.to_timedelta(range(5), unit="D")),
    "a column of objects": lambda: frame(when=[datetime.date(2020, 2, 1)] * 5),
    "a column of lists": lambda: frame(words=[[1, 2], [3], [4], [5], [6]]),
    "a missing value in a DataFrame": lambda: missing(np.nan, "float32"),
    "a missing value of pandas": lambda: missing(pd.NA, "Int64"),
    "a missing value of predict": lambda: network("numpy").predict(
        FRAME.mask(np.arange(15).reshape(5, 3) == 7), verbose=0
    ),
    "text as targets": lambda: fit(y=NAMES, made=classes()),
    "a Series of text as targets": lambda: fit(y=pd.Series(NAMES), made=classes()),
    "numbers as text": lambda: fit(y=LABELS.astype(str), made=classes()),
    "text in lists": lambda: fit([["a", "b", "c"]]),
    "text among objects": lambda: fit(np.array([[1, "a", 2]], object)),
    "dates": lambda: fit(np.array(["2020-01-01"] * 15, "M8[D]").reshape(5, 3)),
    "complex numbers": lambda: fit(X + 1j),
    "a record array": lambda: fit(FRAME.to_records(index=False)),
    "objects": lambda: fit(np.array([[1, object, 2]], object)),
    "ragged lists": lambda: fit([[1, 2], [3]]),
    "ragged objects": lambda: fit(np.array([np.zeros(2), np.zeros(3)], object)),
    "a dict": lambda: fit({"x": X}),
    "a set": lambda: fit({1, 2, 3}),
    "the name of a file": lambda: fit("data.csv"),
    "a path": lambda: fit(Path("data.csv")),
    "a generator function": lambda: fit(generator, None),
    "several inputs": lambda: fit([X, X]),
    "several outputs": lambda: fit(y=[Y, Y]),
    "x and y in one": lambda: fit((X, Y), None),
    "columns as rows": lambda: fit(X.T),
    "class weight that is a list": lambda: fit(class_weight=[1.0, 2.0]),
    "class weight of scikit-learn": lambda: fit(class_weight="balanced"),
    "class weight of a name": lambda: fit(class_weight={"ham": 2.0}),
    "class weight that is not finite": lambda: fit(class_weight={0: np.nan}),
}

# A mistake, and below it what fastnn answers, wrapped
GOLDEN = """
a column of text
    DataError: x, column 'city' holds text (row 0: 'a'), expected numbers. One-hot encode that
    column: pandas.get_dummies(x, columns=['city']); leave out names and ids.
columns of text
    DataError: x, column 'city' holds text (row 0: 'a'), expected numbers. One-hot encode such
    columns: pandas.get_dummies(x, columns=['city', 'zip']); leave out names and ids.
a column of dates
    DataError: x, column 'born' holds dates or times (row 0: 2020-02-01T00:00:00.000000),
    expected numbers. Make numbers of them, for example days: (x['born'] - x['born'].min()) /
    numpy.timedelta64(1, 'D').
a column of times
    DataError: x, column 'late' holds dates or times (row 0: 0 microseconds), expected numbers.
    Make numbers of them, for example days: x['late'] / numpy.timedelta64(1, 'D').
a column of objects
    DataError: x, column 'when' holds dates or times (row 0: 2020-02-01), expected numbers. Make
    numbers of them, for example days: (pandas.to_datetime(x['when']) -
    pandas.to_datetime(x['when']).min()) / numpy.timedelta64(1, 'D').
a column of lists
    ShapeError: x, column 'words': its rows do not have equal lengths (1 to 2), so they make no
    array. Pad or cut them to one length.
a missing value in a DataFrame
    DataError: x, row 3 contains NaN (column 'b'). Training on it would spoil every weight.
    Remove or fill such rows (for example x.fillna(0)). Or pass check_finite=False to go on
    regardless.
a missing value of pandas
    DataError: x, row 3 contains NaN (column 'b'). Training on it would spoil every weight.
    Remove or fill such rows (for example x.fillna(0)). Or pass check_finite=False to go on
    regardless.
a missing value of predict
    DataError: x, row 2 contains NaN (column 'b'). Training on it would spoil every weight.
    Remove or fill such rows (for example x.fillna(0)). Or pass check_finite=False to go on
    regardless.
text as targets
    DataError: y holds text (row 0: 'ham'), expected numbers. Number the classes: y, classes =
    fastnn.utils.encode_labels(y).
a Series of text as targets
    DataError: y holds text (row 0: 'ham'), expected numbers. Number the classes: y, classes =
    fastnn.utils.encode_labels(y).
numbers as text
    DataError: y holds text (row 0: '0'), expected numbers. It reads as numbers: pass
    numpy.asarray(y, dtype='float32').
text in lists
    DataError: x, column 0 holds text (row 0: 'a'), expected numbers. Encode what is text as
    numbers: classes with fastnn.utils.encode_labels and to_categorical, column by column; leave
    out names and ids.
text among objects
    DataError: x, column 1 holds text (row 0: 'a'), expected numbers. Encode what is text as
    numbers: classes with fastnn.utils.encode_labels and to_categorical, column by column; leave
    out names and ids.
dates
    DataError: x, column 0 holds dates or times (row 0: 2020-01-01), expected numbers. Make
    numbers of them, for example days: (x - x.min()) / numpy.timedelta64(1, 'D').
complex numbers
    DataError: x, column 0 holds complex numbers (row 0: 1j), expected numbers. Pass real and
    imaginary parts beside each other, or abs(x).
a record array
    DataError: x has named fields, as a record array, expected numbers. Pass
    numpy.lib.recfunctions.structured_to_unstructured(x).
objects
    DataError: x, column 1 holds a type (row 0), expected numbers. Pass numbers.
ragged lists
    ShapeError: x: its rows do not have equal lengths, so they make no array. Pad or cut them to
    one length.
ragged objects
    ShapeError: x: its rows do not have equal lengths (2 to 3), so they make no array. Pad or
    cut them to one length.
a dict
    ArgumentError: x is a dict. Expected an array, a list or a DataFrame: a Sequential model has
    one input and one output. Pass one of its arrays, or its columns beside each other:
    numpy.column_stack(list(x.values())).
a set
    ArgumentError: x is a set. Expected an array, a list or a DataFrame: collect the values into
    an array first.
the name of a file
    ArgumentError: x is the text 'data.csv'. Expected the data itself: read the file first, for
    example with pandas.read_csv or numpy.load.
a path
    ArgumentError: x is the text 'data.csv'. Expected the data itself: read the file first, for
    example with pandas.read_csv or numpy.load.
a generator function
    ArgumentError: fit: x is the function generator. Expected data: call it if it is a generator
    function, fit(generator(), ...).
several inputs
    ArgumentError: x is a list of 2 arrays of shapes (5, 3), (5, 3), as for a model of 2 inputs.
    A Sequential model has one: pass the columns beside each other, numpy.concatenate(x,
    axis=-1), or one of the arrays.
several outputs
    ArgumentError: y is a list of 2 arrays of 5 rows, as for a model of 2 outputs. A Sequential
    model has one: pass one of the arrays, or numpy.column_stack(y) for several numbers per
    sample.
x and y in one
    ArgumentError: fit: y is missing: pass the 2 arrays apart. Pass one target per sample of x.
columns as rows
    ShapeError: x: Dense 'a' expects inputs of shape (batch, 3), received (3, 5). Its columns
    are samples: pass x.T.
class weight that is a list
    ArgumentError: fit: class_weight must be a dict such as {0: 1.0, 1: 5.0}, received list.
    Pass dict(enumerate(class_weight)).
class weight of scikit-learn
    ArgumentError: fit: class_weight must be a dict such as {0: 1.0, 1: 5.0}, received str. For
    weights that balance the classes, counts = numpy.bincount(y) and
    class_weight=dict(enumerate(len(y) / (len(counts) * counts))).
class weight of a name
    ArgumentError: fit: class_weight maps class numbers to numbers, received 'ham': 2.0. Write
    it as {0: 1.0, 1: 5.0}; the number of a name is its place in the classes that
    fastnn.utils.encode_labels returned.
class weight that is not finite
    DataError: fit: the weight of class 0 is nan, which is not finite. Pass a finite number.
"""

MESSAGES = messages(GOLDEN)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_message(mistake: str) -> None:
    with pytest.raises(FastnnError) as raised:
        MISTAKES[mistake]()
    assert f"{type(raised.value).__name__}: {raised.value}" == MESSAGES[mistake]


def test_every_message_belongs_to_a_mistake() -> None:
    assert list(MESSAGES) == list(MISTAKES)


@pytest.mark.parametrize("mistake", MESSAGES)
def test_form(mistake: str) -> None:
    """Whole sentences, without the insides of arrays or of fastnn."""
    message = MESSAGES[mistake]
    assert message[-1] == "."
    assert not re.search(r"(?<!numpy\.as)array\(|dtype\(|object at 0x|  |\n", message)
    assert len(message) < 350


TEXT = FRAME.assign(city=["a", "b", "a", "c", "b"], zip=list("12341"))
DATES = FRAME.assign(born=pd.date_range("2020-02-01", periods=5))
NAMED = pd.DataFrame({"born": [datetime.date(2020, 2, day) for day in range(1, 6)]})
RECORDS = FRAME.to_records(index=False)
# what was passed as x and y; what the message says to pass instead
ADVICE: list[tuple[Any, Any, str]] = [
    (TEXT, Y, "x = pandas.get_dummies(x, columns=['city', 'zip'])"),
    (DATES, Y, "x['born'] = (x['born'] - x['born'].min()) / numpy.timedelta64(1, 'D')"),
    (
        NAMED,
        Y,
        "x['born'] = (pandas.to_datetime(x['born']) - pandas.to_datetime(x['born']).min()) / "
        "numpy.timedelta64(1, 'D')",
    ),
    (FRAME.mask(FRAME == 0), Y, "x = x.fillna(0)"),
    (X.astype(str), Y, "x = numpy.asarray(x, dtype='float32')"),
    (X.astype(str).tolist(), Y, "x = numpy.asarray(x, dtype='float32')"),
    (X, NAMES, "y, classes = fastnn.utils.encode_labels(y)"),
    (X, pd.Series(NAMES, dtype="category"), "y, classes = fastnn.utils.encode_labels(y)"),
    (RECORDS, Y, "x = numpy.lib.recfunctions.structured_to_unstructured(x)"),
    ([X, X], Y, "x = numpy.concatenate(x, axis=-1)"),
    ({"a": X[:, 0], "b": X[:, 1]}, Y, "x = numpy.column_stack(list(x.values()))"),
    (np.asfortranarray(X.T), Y, "x = x.T"),
]


def trained(x: Any, y: Any, *first: fastnn.layers.Layer) -> float:
    """The loss of a model that learns x and y, and gets its input shape from them or ``first``."""
    text = np.asarray(y).dtype.kind != "f"
    last = fastnn.layers.Dense(3, "softmax") if text else fastnn.layers.Dense(1)
    model = fastnn.Sequential([*first, last])
    model.compile("sgd", "sparse_categorical_crossentropy" if text else "mse")
    return float(model.fit(x, y, verbose=0).history["loss"][0])


@pytest.mark.parametrize(("x", "y", "advice"), ADVICE, ids=[row[2][:40] for row in ADVICE])
def test_the_advice_works(x: Any, y: Any, advice: str) -> None:
    """What the message says to pass can be trained on."""
    with pytest.raises(FastnnError) as raised:
        trained(x, y, *[fastnn.Input((3,))] * (type(x) in (list, np.ndarray)))
    assert advice.partition(" = ")[2] in str(raised.value)
    names = {"x": copy.copy(x), "y": y, "numpy": np, "pandas": pd, "fastnn": fastnn}
    exec(advice, names)
    assert np.isfinite(trained(names["x"], names["y"]))
