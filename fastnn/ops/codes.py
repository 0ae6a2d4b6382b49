"""The numbers by which records name elementwise functions; the twin of ``kernels/codes.h``."""

from __future__ import annotations

ACTIVATION = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
UNARY = {
    "negative": 0,
    "square": 1,
    "exp": 2,
    "log": 3,
    "absolute": 4,
    "sqrt": 5,
    "reciprocal": 6,
    "sign": 7,
    "log1p": 8,
    "expm1": 9,
}
BINARY = {
    "add": 0,
    "subtract": 1,
    "multiply": 2,
    "divide": 3,
    "maximum": 4,
    "minimum": 5,
    "greater": 6,
    "greater_equal": 7,
    "equal": 8,
    "less": 9,
    "less_equal": 10,
    "not_equal": 11,
}
COMPARISONS = ("greater", "greater_equal", "equal", "less", "less_equal", "not_equal")
REDUCE = {"sum": 0, "mean": 1, "max": 2, "min": 3}
