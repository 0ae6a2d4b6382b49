"""JSON inside model files: a parser that refuses what an honest file never holds before it builds
objects from it, and a writer that says which entry is not plain data. What the JSON means is in
``model_file.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from fastnn.errors import ArgumentError, FileFormatError

# A member of the header takes about 22 tokens, so that 8192 members (weights and two optimizer
# slots of a model of 1,300 layers) pass; Python needs at most about 40 bytes per token, 8 MB in
# all.
MAX_TOKENS = 200_000
MAX_DEPTH = 64
MAX_DIGITS = 64  # 128-bit numbers have 39; Python reads long integers in quadratic time

_TOKEN = re.compile(r'"[^"]*"|[\[\]{},:]')


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON text; FileFormatError if it is broken, too deep, too large or ambiguous.

    ``where`` opens the messages: the file and the part of it. NaN and infinities are read, because
    a layer's configuration may hold them; whoever needs a size checks it.
    """
    if not text.isascii():
        raise FileFormatError(f"{where} holds characters beyond ASCII; expected \\u escapes.")
    _check_size(text, where)
    try:
        return json.loads(
            text, object_pairs_hook=lambda pairs: _unique(pairs, where), parse_int=_bounded_int
        )
    except FileFormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where} is not valid JSON ({error}).") from None


def _check_size(text: str, where: str) -> None:
    """Count tokens and nesting without building anything."""
    depth = 0
    # Without its escaped quotes a string is all up to the next quote; a pattern that steps over
    # escapes would need memory for each of them. Backslashes elsewhere stop the parser anyway.
    plain = text.replace("\\\\", "__").replace('\\"', "__")
    for count, token in enumerate(_TOKEN.finditer(plain)):
        if count >= MAX_TOKENS:
            raise FileFormatError(
                f"{where} holds more than {MAX_TOKENS} JSON tokens; expected the description of a "
                "model."
            )
        character = plain[token.start()]
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise FileFormatError(f"{where} is nested more than {MAX_DEPTH} levels deep.")
        elif character in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    """The pairs as a dictionary, no key twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FileFormatError(f"{where} holds the name {key[:80]!r} twice.")
        found[key] = value
    return found


def _bounded_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def write_json(value: Any, what: str) -> str:
    """ASCII JSON of plain data; tuples become lists and NumPy numbers numbers.

    ``what`` names the value in the ArgumentError for anything that JSON cannot hold.
    """
    return json.dumps(_plain(value, what), ensure_ascii=True, separators=(",", ":"))


def _plain(value: Any, where: str) -> Any:
    """The value made of dict, list, str, int, float, bool and None."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return value.item()
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                _refuse(f"{where} has the key {key!r}")
        return {key: _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    _refuse(f"{where} is an object of type {type(value).__name__}")


def _refuse(received: str) -> NoReturn:
    raise ArgumentError(
        f"{received}, which a model file cannot hold; expected numbers, strings, lists and "
        "dictionaries with string keys. Return plain data from get_config()."
    )
