"""Registers of a CPU as values of Numba, and formulas on them; the half of ``kernels/vec.h`` that
C has as operators. A register is an LLVM vector, so a kernel says what is done to a register at a
time and does not hope that a loop is vectorised.

``Lanes`` stands for a register while code is generated: its operators emit instructions. A
``formula`` is a Python function on Lanes, run once per use at compile time, which costs
microseconds where a jitted function costs 50 ms.
Deliberately not here: loads, stores and lane sums (``vector.py``), elementary functions
(``vecmath.py``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from llvmlite import binding, ir
from numba import types
from numba.core import config
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import models, register_model

from fastnn.backends.numba_jit.jit import FAST_MATH

if TYPE_CHECKING:  # Numba's classes, as far as they are used here

    class NumbaType:
        """A type of Numba."""

        def __init__(self, name: str) -> None: ...

        def __call__(self, *arguments: Any) -> Any:
            """The signature of a function that returns this type."""

    class PrimitiveModel:
        """How values of a type are kept."""

        def __init__(self, manager: Any, numba_type: Any, kind: Any) -> None: ...

else:
    NumbaType, PrimitiveModel = types.Type, models.PrimitiveModel

FLAGS = tuple(FAST_MATH)
F32: Any = ir.FloatType()
F64: Any = ir.DoubleType()
I1: Any = ir.IntType(1)
I32: Any = ir.IntType(32)
Function = TypeVar("Function", bound=Callable[..., Any])


def _features() -> set[str]:
    """The CPU features that Numba compiles for: ``NUMBA_CPU_FEATURES``, or this machine's."""
    if config.CPU_FEATURES is not None:
        return {item[1:] for item in config.CPU_FEATURES.split(",") if item[:1] == "+"}
    return {name for name, has in binding.get_host_cpu_features().items() if has}


FEATURES = _features()
AVX512 = {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= FEATURES
VECTOR_BYTES = 64 if AVX512 else 32 if {"avx2", "fma"} <= FEATURES else 16
# 32 registers, or 16: how many columns of a product stay in them (product.py)
MANY_REGISTERS = AVX512 or "neon" in FEATURES


def length(real: types.Float) -> int:
    """Lanes of a register of this float type."""
    return VECTOR_BYTES * 8 // int(real.bitwidth)


class Vector(NumbaType):
    """A register of floats."""

    def __init__(self, real: types.Float) -> None:
        self.real: Any = real
        super().__init__(f"vector({real} x {length(real)})")


class Mask(NumbaType):
    """What a comparison of registers gives."""

    def __init__(self, real: types.Float) -> None:
        self.real: Any = real
        super().__init__(f"mask({real} x {length(real)})")


def element(real: types.Float) -> ir.Type:
    """LLVM's name of a float type."""
    return F32 if real == types.float32 else F64


def register(real: types.Float) -> ir.VectorType:
    """LLVM's name of a register."""
    return ir.VectorType(element(real), length(real))


@register_model(Vector)
class VectorModel(PrimitiveModel):
    """A register is kept as it is."""

    def __init__(self, manager: Any, numba_type: Vector) -> None:
        super().__init__(manager, numba_type, register(numba_type.real))


@register_model(Mask)
class MaskModel(PrimitiveModel):
    """One bit per lane."""

    def __init__(self, manager: Any, numba_type: Mask) -> None:
        super().__init__(manager, numba_type, ir.VectorType(I1, length(numba_type.real)))


class Lanes:
    """A register while a formula is traced; numbers beside it are spread over the lanes."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder: Any = builder
        self.value: Any = value

    @property
    def bits(self) -> int:
        """32 or 64: the float type."""
        element_type = self.value.type.element
        return 32 if element_type == F32 else 64 if element_type == F64 else element_type.width

    @property
    def is_real(self) -> bool:
        """Whether the lanes are floats, rather than integers or a mask."""
        return self.value.type.element in (F32, F64)

    def like(self, other: Any) -> Any:
        """The LLVM value of a register, or of a number in every lane."""
        if isinstance(other, Lanes):
            return other.value
        return ir.Constant(self.value.type, [other] * self.value.type.count)

    def new(self, value: Any) -> Lanes:
        """Another register."""
        return Lanes(self.builder, value)

    def _arithmetic(self, real: str, whole: str, other: Any, swap: bool = False) -> Lanes:
        a, b = self.value, self.like(other)
        a, b = (b, a) if swap else (a, b)
        if self.is_real:
            return self.new(getattr(self.builder, real)(a, b, flags=FLAGS))
        return self.new(getattr(self.builder, whole)(a, b))

    def __add__(self, other: Any) -> Lanes:
        return self._arithmetic("fadd", "add", other)

    def __sub__(self, other: Any) -> Lanes:
        return self._arithmetic("fsub", "sub", other)

    def __rsub__(self, other: Any) -> Lanes:
        return self._arithmetic("fsub", "sub", other, swap=True)

    def __mul__(self, other: Any) -> Lanes:
        return self._arithmetic("fmul", "mul", other)

    def __truediv__(self, other: Any) -> Lanes:
        return self._arithmetic("fdiv", "udiv", other)

    def __rtruediv__(self, other: Any) -> Lanes:
        return self._arithmetic("fdiv", "udiv", other, swap=True)

    def __radd__(self, other: Any) -> Lanes:
        return self.__add__(other)

    def __rmul__(self, other: Any) -> Lanes:
        return self.__mul__(other)

    def __neg__(self) -> Lanes:
        return self.new(self.builder.fneg(self.value))

    def compare(self, how: str, other: Any) -> Lanes:
        """A mask; with NaN every comparison is false but ``!=``."""
        emit = self.builder.fcmp_unordered if how == "!=" else self.builder.fcmp_ordered
        return self.new(emit(how, self.value, self.like(other)))

    def __lt__(self, other: Any) -> Lanes:
        return self.compare("<", other)

    def __le__(self, other: Any) -> Lanes:
        return self.compare("<=", other)

    def __gt__(self, other: Any) -> Lanes:
        return self.compare(">", other)

    def __ge__(self, other: Any) -> Lanes:
        return self.compare(">=", other)

    def __and__(self, other: Any) -> Lanes:
        return self.new(self.builder.and_(self.value, self.like(other)))

    def __or__(self, other: Any) -> Lanes:
        return self.new(self.builder.or_(self.value, self.like(other)))

    def __xor__(self, other: Any) -> Lanes:
        return self.new(self.builder.xor(self.value, self.like(other)))

    def __lshift__(self, other: int) -> Lanes:
        return self.new(self.builder.shl(self.value, self.like(other)))

    def __rshift__(self, other: int) -> Lanes:
        return self.new(self.builder.lshr(self.value, self.like(other)))

    def equal(self, other: Any) -> Lanes:
        """Lanes that are equal (``==`` is left to Python's own meaning)."""
        return self.compare("==", other)

    def unequal(self, other: Any) -> Lanes:
        """Lanes that differ; NaN differs from itself."""
        return self.compare("!=", other)

    def as_integers(self) -> Lanes:
        """The same bits as integers."""
        kind = ir.VectorType(ir.IntType(self.bits), self.value.type.count)
        return self.new(self.builder.bitcast(self.value, kind))

    def as_reals(self) -> Lanes:
        """The same bits as floats."""
        kind = ir.VectorType(F32 if self.bits == 32 else F64, self.value.type.count)
        return self.new(self.builder.bitcast(self.value, kind))

    def through(self, function: str, *others: Lanes) -> Lanes:
        """One of LLVM's own functions, such as ``llvm.sqrt``."""
        kind = self.value.type
        module = self.builder.module
        name = f"{function}.v{kind.count}{'f32' if kind.element == F32 else 'f64'}"
        if name not in module.globals:
            ir.Function(module, ir.FunctionType(kind, [kind] * (1 + len(others))), name)
        arguments = [self.value, *(other.value for other in others)]
        return self.new(self.builder.call(module.globals[name], arguments))


def select(mask: Lanes, a: Any, b: Any) -> Lanes:
    """Mask ? a : b, lane by lane; one of them is a register."""
    some = a if isinstance(a, Lanes) else b
    return mask.new(mask.builder.select(mask.value, some.like(a), some.like(b)))


# -- formulas ------------------------------------------------------------------------------------


def _traced(context: Any, builder: Any, kinds: Any, values: Any, real: types.Float) -> list[Any]:
    """The arguments as Lanes: registers and masks as they are, numbers spread over a register."""
    found: list[Any] = []
    for kind, value in zip(kinds, values, strict=True):
        if not isinstance(kind, (Vector, Mask)):
            value = spread(builder, context.cast(builder, value, kind, real), real)
        found.append(Lanes(builder, value))
    return found


def spread(builder: Any, value: Any, real: types.Float) -> Any:
    """A number in every lane."""
    kind = register(real)
    empty = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(empty, value, I32(0))
    zeros = ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, empty, zeros)


def _real_of(kinds: Any) -> types.Float | None:
    reals = [kind.real for kind in kinds if isinstance(kind, (Vector, Mask))]
    return reals[0] if reals else None


def _register_formula(key: Any, function: Callable[..., Lanes], result: type[types.Type]) -> None:
    """Make ``key`` callable from jitted code with registers, numbers and masks."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            real = _real_of(args)
            known = (Vector, Mask, types.Float, types.Integer)
            if kws or real is None or not all(isinstance(kind, known) for kind in args):
                return None
            return signature(result(real), *args)

    Template.key = key
    infer_global(key, types.Function(Template))

    def lower(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        found = _traced(context, builder, sig.args, values, _real_of(sig.args))
        return function(*found).value

    if key not in _OPERATORS:
        lower_builtin(key, types.VarArg(types.Any))(lower)
        return
    for kinds in [(Vector,)] if key is operator.neg else _PAIRS:
        lower_builtin(key, *kinds)(lower)


_PAIRS = [(Vector, Vector), (Vector, types.Number), (types.Number, Vector), (Mask, Mask)]
_OPERATORS: dict[Any, tuple[Callable[..., Lanes], type[types.Type]]] = {
    operator.neg: (lambda a: -a, Vector),
    operator.add: (lambda a, b: a + b, Vector),
    operator.sub: (lambda a, b: a - b, Vector),
    operator.mul: (lambda a, b: a * b, Vector),
    operator.truediv: (lambda a, b: a / b, Vector),
    operator.iadd: (lambda a, b: a + b, Vector),
    operator.isub: (lambda a, b: a - b, Vector),
    operator.lt: (lambda a, b: a < b, Mask),
    operator.le: (lambda a, b: a <= b, Mask),
    operator.gt: (lambda a, b: a > b, Mask),
    operator.ge: (lambda a, b: a >= b, Mask),
    operator.eq: (lambda a, b: a.equal(b), Mask),
    operator.ne: (lambda a, b: a.unequal(b), Mask),
    operator.and_: (lambda a, b: a & b, Mask),
    operator.or_: (lambda a, b: a | b, Mask),
}
for _key, (_function, _result) in _OPERATORS.items():
    _register_formula(_key, _function, _result)


def formula(function: Function) -> Function:
    """A function of Lanes that jitted code may call with registers and numbers."""
    _register_formula(function, function, Vector)
    return function


def absolute(x: Lanes) -> Lanes:
    """|x|."""
    return x.through("llvm.fabs")


def maximum(a: Lanes, b: Any) -> Lanes:
    """The larger; NaN if either is NaN."""
    return select((a > b) | a.unequal(a), a, b)


def minimum(a: Lanes, b: Any) -> Lanes:
    """The smaller; NaN if either is NaN."""
    return select((a < b) | a.unequal(a), a, b)


def square_root(x: Lanes) -> Lanes:
    """√x, correctly rounded."""
    return x.through("llvm.sqrt")


def multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """a·b + c, one operation where the CPU has it, wherever the code stands.

    For results that several functions must agree on bit for bit: a product and a sum are contracted
    only where both stay in one basic block.
    """
    return a.through("llvm.fmuladd", b, c)


for _plain in (select, multiply_add, absolute, maximum, minimum, square_root):
    formula(_plain)
