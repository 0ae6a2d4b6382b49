"""DataFrames and object arrays as arrays of numbers, and what is said about values that are none:
text, dates, complex numbers. The message names the column and the row, and the way to numbers. The
libraries that make tables are not imported: pandas, Polars and PyArrow are known by their methods.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from fastnn.errors import DataError, ShapeError

Array = np.ndarray[Any, Any]

NUMBERS = "fiub"  # kinds of dtypes


def is_table(value: Any) -> bool:
    """Whether a value has named columns: a DataFrame of pandas or Polars, a table of PyArrow."""
    return hasattr(value, "column_names") or (
        hasattr(value, "columns") and hasattr(value, "to_numpy")
    )


def column_names(value: Any) -> list[Any] | None:
    """The names of the columns of a table, or None for anything else."""
    if isinstance(value, np.ndarray) or not is_table(value):
        return None
    return list(getattr(value, "column_names", None) or value.columns)


def from_table(value: Any, what: str) -> Array:
    """The numbers of a table; an error names the columns that hold none."""
    array = values_of(value)
    if array.dtype.kind in NUMBERS or array.ndim != 2:
        return array
    columns, refused, text = [], [], []
    for number, name in enumerate(column_names(value) or []):
        column = value.iloc[:, number] if hasattr(value, "iloc") else value[name]
        try:
            columns.append(as_numbers(values_of(column), what, name))
        except DataError as error:
            refused.append(error)
            if "holds text" in str(error):
                text.append(name)
    if text and what.split()[-1] != "y":
        first = str(refused[0]).partition(", expected numbers.")[0]
        raise DataError(f"{first}, expected numbers. {_encode(value, what, text)}")
    if refused:
        raise refused[0]
    return np.column_stack(columns)


def values_of(value: Any) -> Array:
    """A table, or a column of one, as an array of any dtype."""
    try:
        return np.asarray(value.to_numpy())
    except (AttributeError, ValueError):  # a PyArrow array that would have to be copied
        return np.asarray(value)


def as_numbers(array: Array, what: str, column: Any = None) -> Array:
    """An array of numbers out of one of any dtype. What is missing (None, NA) becomes NaN, which is
    found with its row later.
    """
    kind = array.dtype.kind
    if kind in NUMBERS:
        return array
    if array.dtype.name == "bfloat16":  # of JAX; NumPy itself cannot compare its values
        return array.astype(np.float32)
    if kind != "O":
        raise _refusal(what, column, array.reshape(-1), 0, array.shape)
    values = array.reshape(-1).tolist()
    for place, value in enumerate(values):
        if isinstance(value, (str, bytes, datetime.date, datetime.timedelta, complex)):
            raise _refusal(what, column, values, place, array.shape)
        if _is_missing(value):
            values[place] = np.nan
    try:
        rows: Array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise _unequal(what, column, values, array.shape) from None
    return rows.reshape(*array.shape, *rows.shape[1:])


def _is_missing(value: Any) -> bool:
    """Whether a value stands for one that is not known: None, and the NA of pandas."""
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _place(what: str, column: Any, index: int, shape: tuple[int, ...]) -> tuple[str, int]:
    """How messages name the column of a value, and its row."""
    wide = int(np.prod(shape[1:], dtype=np.int64)) if shape else 1
    if column is None and wide > 1:
        column = index % wide
    named = what if column is None else f"{what}, column {column!r}"
    return named, index // max(1, wide)


def _refusal(what: str, column: Any, values: Any, index: int, shape: tuple[int, ...]) -> DataError:
    """The error for a value that is no number."""
    if len(values) == 0:
        return DataError(f"{what} is empty and of no type of numbers. Pass numbers.")
    value = values[index]
    place, row = _place(what, column, index, shape)
    variable = what.split()[-1]
    part = variable if column is None else f"{variable}[{column!r}]"
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if isinstance(value, (str, bytes)):
        shown = repr(_plain(value))
        said = f"holds text (row {row}: {shown if len(shown) <= 30 else f'{shown[:30]}...'})"
        if _reads_as_number(value):
            way = f"It reads as numbers: pass numpy.asarray({part}, dtype='float32')."
        elif variable == "y":
            way = "Number the classes: y, classes = fastnn.utils.encode_labels(y)."
        else:
            way = (
                "Encode what is text as numbers: classes with fastnn.utils.encode_labels and "
                "to_categorical, column by column; leave out names and ids."
            )
    elif kind in ("M", "m") or isinstance(value, (datetime.date, datetime.timedelta)):
        said = f"holds dates or times (row {row}: {value})"
        length = kind == "m" or isinstance(value, datetime.timedelta)
        if kind not in ("M", "m"):  # objects of the datetime module
            part = f"pandas.to_{'timedelta' if length else 'datetime'}({part})"
        days = part if length else f"({part} - {part}.min())"
        way = f"Make numbers of them, for example days: {days} / numpy.timedelta64(1, 'D')."
    elif kind == "c" or isinstance(value, complex):
        said = f"holds complex numbers (row {row}: {_plain(value)})"
        way = f"Pass real and imaginary parts beside each other, or abs({part})."
    elif kind == "V":
        said = "has named fields, as a record array"
        way = f"Pass numpy.lib.recfunctions.structured_to_unstructured({part})."
    else:
        said = f"holds a {type(value).__name__} (row {row})"
        way = "Pass numbers."
    return DataError(f"{place} {said}, expected numbers. {way}")


def _unequal(what: str, column: Any, values: list[Any], shape: tuple[int, ...]) -> Exception:
    """The error for objects that make no array: rows of unequal lengths, or things of no number."""
    lengths = sorted({len(value) for value in values if hasattr(value, "__len__")})
    if len(lengths) > 1:
        place, _ = _place(what, column, 0, (1,))
        return ShapeError(
            f"{place}: its rows do not have equal lengths ({lengths[0]} to {lengths[-1]}), so they "
            "make no array. Pad or cut them to one length."
        )
    for index, value in enumerate(values):
        try:
            float(value)
        except (TypeError, ValueError):
            return _refusal(what, column, values, index, shape)
    return DataError(f"{what} holds objects that make no array of numbers. Pass numbers.")


def _encode(table: Any, what: str, columns: list[Any]) -> str:
    """How the text columns of a table become numbers."""
    variable, named = what.split()[-1], ", ".join(map(repr, columns))
    if hasattr(table, "to_dummies"):  # Polars
        call = f"{variable}.to_dummies([{named}])"
    else:
        of_pandas = variable if hasattr(table, "iloc") else f"{variable}.to_pandas()"
        call = f"pandas.get_dummies({of_pandas}, columns=[{named}])"
    several = "such columns" if len(columns) > 1 else "that column"
    return f"One-hot encode {several}: {call}; leave out names and ids."


def _reads_as_number(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    """A scalar of NumPy as Python's, whose repr is shorter."""
    return value.item() if isinstance(value, np.generic) else value
