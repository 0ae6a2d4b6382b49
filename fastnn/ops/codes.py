"""The numbers by which records name elementwise functions; the twin of the lists
``ACTIVATION…``, ``CURVES``, ``UNARY_FUNCTIONS``, ``BINARY_FUNCTIONS`` in ``kernels/``.
"""

from __future__ import annotations

ACTIVATION = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
CURVE = {
    "ramp": 0,
    "hard": 1,
    "elu": 2,
    "gelu": 3,
    "gelu_tanh": 4,
    "silu": 5,
    "softplus": 6,
    "mish": 7,
    "hard_silu": 8,
    "softsign": 9,
    "squareplus": 10,
    "step": 11,
}
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
    "rsqrt": 10,
    "sin": 11,
    "cos": 12,
    "tan": 13,
    "arcsin": 14,
    "arccos": 15,
    "arctan": 16,
    "sinh": 17,
    "cosh": 18,
    "arcsinh": 19,
    "arccosh": 20,
    "arctanh": 21,
    "floor": 22,
    "ceil": 23,
    "round": 24,
    "trunc": 25,
    "erf": 26,
    "erfc": 27,
    "log2": 28,
    "log10": 29,
    "isnan": 30,
    "isinf": 31,
    "isfinite": 32,
    "logical_not": 33,
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
    "power": 12,
    "mod": 13,
    "floor_divide": 14,
    "arctan2": 15,
    "logical_and": 16,
    "logical_or": 17,
    "logical_xor": 18,
}
COMPARISONS = ("greater", "greater_equal", "equal", "less", "less_equal", "not_equal")
# their gradient is 0 wherever there is one
FLAT = (
    *("sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite", "logical_not"),
    *(*COMPARISONS, "floor_divide", "logical_and", "logical_or", "logical_xor"),
)
REDUCE = {"sum": 0, "mean": 1, "max": 2, "min": 3, "prod": 4}
