/*
 * Elementwise functions: one kernel per arity with a function code, and a few with constants. Operands broadcast: ld 0
 * repeats a row, one column is repeated over the output's columns. All are row ops, overwrite y, may run in place on
 * an operand of y's shape, are memory bound (4 bytes read per operand and element, 4 written, in float), and round
 * once per operation written below; NaN in gives NaN out, but for comparisons and logic.
 * Not here: activations (activation.c). Twin: fastnn/backends/numpy_ref/elementwise.py.
 */
#ifndef FASTNN_ELEMENTWISE_CODES
#define FASTNN_ELEMENTWISE_CODES
#define UNARY_FUNCTIONS(X)                                                                                             \
    X(0, negative) X(1, square) X(2, exp) X(3, log) X(4, absolute) X(5, sqrt) X(6, reciprocal) X(7, sign) X(8, log1p)  \
    X(9, expm1) X(10, rsqrt) X(11, sin) X(12, cos) X(13, tan) X(14, arcsin) X(15, arccos) X(16, arctan) X(17, sinh)    \
    X(18, cosh) X(19, arcsinh) X(20, arccosh) X(21, arctanh) X(22, floor) X(23, ceil) X(24, round) X(25, trunc)        \
    X(26, erf) X(27, erfc) X(28, log2) X(29, log10) X(30, isnan) X(31, isinf) X(32, isfinite) X(33, logical_not)
#define BINARY_FUNCTIONS(X)                                                                                            \
    X(0, add) X(1, subtract) X(2, multiply) X(3, divide) X(4, maximum) X(5, minimum) X(6, greater)                     \
    X(7, greater_equal) X(8, equal) X(9, less) X(10, less_equal) X(11, not_equal) X(12, power) X(13, mod)              \
    X(14, floor_divide) X(15, arctan2) X(16, logical_and) X(17, logical_or) X(18, logical_xor)
enum unary_code {
#define CODE(number, name) UNARY_##name = number,
    UNARY_FUNCTIONS(CODE)
#undef CODE
};
enum binary_code {
#define CODE(number, name) BINARY_##name = number,
    BINARY_FUNCTIONS(CODE)
#undef CODE
};
#endif

/* 1 where a mask is set, else 0. */
INLINE VEC NAME(truth)(IVEC mask) { return NAME(select)(mask, NAME(splat)(1), (VEC){0}); }

/* sign(x): −1, 0 or 1, NaN for NaN. Tests give 1 or 0. What has a name in vecmath.h is explained there. */
INLINE VEC NAME(unary_function)(const enum unary_code function, VEC x)
{
    VEC zero = {0}, one = NAME(splat)(1);
    switch (function) {
    case UNARY_negative: return -x;
    case UNARY_square: return x * x;
    case UNARY_exp: return NAME(vec_exp)(x);
    case UNARY_log: return NAME(vec_log)(x);
    case UNARY_absolute: return NAME(vec_absolute)(x);
    case UNARY_sqrt: return NAME(vec_sqrt)(x);
    case UNARY_reciprocal: return one / x;
    case UNARY_sign: {
        VEC signs = NAME(select)((IVEC)(x > zero), one, NAME(select)((IVEC)(x < zero), -one, zero));
        return NAME(select)((IVEC)(x != x), x, signs);
    }
    case UNARY_log1p: return NAME(vec_log1p)(x);
    case UNARY_expm1: return NAME(vec_expm1)(x);
    case UNARY_rsqrt: return one / NAME(vec_sqrt)(x);
    case UNARY_sin: return NAME(vec_sin)(x);
    case UNARY_cos: return NAME(vec_cos)(x);
    case UNARY_tan: return NAME(vec_tan)(x);
    case UNARY_arcsin: return NAME(vec_arcsin)(x);
    case UNARY_arccos: return NAME(vec_arccos)(x);
    case UNARY_arctan: return NAME(vec_arctan)(x);
    case UNARY_sinh: return NAME(vec_sinh)(x);
    case UNARY_cosh: return NAME(vec_cosh)(x);
    case UNARY_arcsinh: return NAME(vec_arcsinh)(x);
    case UNARY_arccosh: return NAME(vec_arccosh)(x);
    case UNARY_arctanh: return NAME(vec_arctanh)(x);
    case UNARY_floor: return NAME(vec_floor)(x);
    case UNARY_ceil: return NAME(vec_ceil)(x);
    case UNARY_round: return NAME(vec_round)(x);
    case UNARY_trunc: return NAME(vec_trunc)(x);
    case UNARY_erf: return NAME(vec_erf)(x);
    case UNARY_erfc: return NAME(vec_erfc)(x);
    case UNARY_log2: return NAME(vec_log2)(x);
    case UNARY_log10: return NAME(vec_log10)(x);
    case UNARY_isnan: return NAME(truth)((IVEC)(x != x));
    case UNARY_isinf: return NAME(truth)((IVEC)(NAME(vec_absolute)(x) == NAME(splat)((REAL)INFINITY)));
    case UNARY_isfinite: return NAME(truth)((IVEC)(NAME(vec_absolute)(x) < NAME(splat)((REAL)INFINITY)));
    case UNARY_logical_not: return NAME(truth)((IVEC)(x == zero));
    }
    return x;
}

/* a − b·⌊a/b⌋, of b's sign; exact but for one rounding where the signs of a and b differ (as NumPy's). */
INLINE VEC NAME(vec_mod)(VEC a, VEC b)
{
    VEC zero = {0}, rest = NAME(vec_fmod)(a, b);
    IVEC other_side = (IVEC)(rest != zero) & ((IVEC)(b < zero) ^ (IVEC)(rest < zero));
    VEC none = (VEC)((IVEC)b & (IVEC)NAME(splat)((REAL)-0.0));
    VEC mod = NAME(select)((IVEC)(rest == zero), none, NAME(select)(other_side, rest + b, rest));
    return NAME(select)((IVEC)(b == zero), rest, mod);
}

/* ⌊a/b⌋ as NumPy finds it: (a − rest)/b is a whole number but for its rounding, which is taken off. a/b for b = 0. */
INLINE VEC NAME(vec_floor_divide)(VEC a, VEC b)
{
    VEC zero = {0}, one = NAME(splat)(1), rest = NAME(vec_fmod)(a, b), quotient = a / b;
    IVEC other_side = (IVEC)(rest != zero) & ((IVEC)(b < zero) ^ (IVEC)(rest < zero));
    VEC whole = (a - rest) / b;
    whole = NAME(select)(other_side, whole - one, whole);
    VEC below = NAME(vec_floor)(whole);
    below = NAME(select)((IVEC)(whole - below > NAME(splat)((REAL)0.5)), below + one, below);
    VEC none = (VEC)((IVEC)quotient & (IVEC)NAME(splat)((REAL)-0.0));
    below = NAME(select)((IVEC)(whole == zero), none, below);
    return NAME(select)((IVEC)(b == zero), quotient, below);
}

/* Comparisons and logic give 1 or 0 (NaN is true, as everything but 0); maximum and minimum give NaN if either
   operand is. */
INLINE VEC NAME(binary_function)(const enum binary_code function, VEC a, VEC b)
{
    VEC zero = {0};
    IVEC left = (IVEC)(a != zero), right = (IVEC)(b != zero);
    switch (function) {
    case BINARY_add: return a + b;
    case BINARY_subtract: return a - b;
    case BINARY_multiply: return a * b;
    case BINARY_divide: return a / b;
    case BINARY_maximum: return NAME(vec_maximum)(a, b);
    case BINARY_minimum: return NAME(vec_minimum)(a, b);
    case BINARY_greater: return NAME(truth)((IVEC)(a > b));
    case BINARY_greater_equal: return NAME(truth)((IVEC)(a >= b));
    case BINARY_equal: return NAME(truth)((IVEC)(a == b));
    case BINARY_less: return NAME(truth)((IVEC)(a < b));
    case BINARY_less_equal: return NAME(truth)((IVEC)(a <= b));
    case BINARY_not_equal: return NAME(truth)((IVEC)(a != b));
    case BINARY_power: return NAME(vec_power)(a, b);
    case BINARY_mod: return NAME(vec_mod)(a, b);
    case BINARY_floor_divide: return NAME(vec_floor_divide)(a, b);
    case BINARY_arctan2: return NAME(vec_arctan2)(a, b);
    case BINARY_logical_and: return NAME(truth)(left & right);
    case BINARY_logical_or: return NAME(truth)(left | right);
    case BINARY_logical_xor: return NAME(truth)(left ^ right);
    }
    return a;
}

INLINE void NAME(map_unary)(const enum unary_code function, VIEW y, VIEW x, int64_t rows)
{
    EACH_VECTOR(rows, y.cols)
        NAME(put)(y, i, j, count, NAME(unary_function)(function, NAME(fetch)(x, y.cols, i, j, count)));
}

/* y = f(x), f = unary function i0. x (n, k) → y (n, k). */
static void NAME(unary)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &x}, 2, end - begin);
    switch (integer_attribute(record, 0)) {
#define CASE(number, name) case number: NAME(map_unary)(UNARY_##name, y, x, rows); break;
        UNARY_FUNCTIONS(CASE)
#undef CASE
    }
}

INLINE void NAME(map_binary)(const enum binary_code function, VIEW y, VIEW a, VIEW b, int64_t rows)
{
    EACH_VECTOR(rows, y.cols) {
        VEC left = NAME(fetch)(a, y.cols, i, j, count), right = NAME(fetch)(b, y.cols, i, j, count);
        NAME(put)(y, i, j, count, NAME(binary_function)(function, left, right));
    }
}

/* y = f(a, b), f = binary function i0. a, b (n, k) → y (n, k). */
static void NAME(binary)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), a = NAME(view_of)(record, segments, 1, begin);
    VIEW b = NAME(view_of)(record, segments, 2, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &a, &b}, 3, end - begin);
    switch (integer_attribute(record, 0)) {
#define CASE(number, name) case number: NAME(map_binary)(BINARY_##name, y, a, b, rows); break;
        BINARY_FUNCTIONS(CASE)
#undef CASE
    }
}

/* y = x·a0 + a1 (one rounding where the level has fma). x (n, k) → y (n, k); with a0 = 1, a1 = 0 it broadcasts. */
static void NAME(scale)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &x}, 2, end - begin);
    VEC factor = NAME(splat)((REAL)float_attribute(record, segments, 0));
    VEC offset = NAME(splat)((REAL)float_attribute(record, segments, 1));
    EACH_VECTOR(rows, y.cols)
        NAME(put)(y, i, j, count, NAME(fetch)(x, y.cols, i, j, count) * factor + offset);
}

/* y = min(max(x, a0), a1). x (n, k) → y (n, k). */
static void NAME(clip)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &x}, 2, end - begin);
    VEC low = NAME(splat)((REAL)float_attribute(record, segments, 0));
    VEC high = NAME(splat)((REAL)float_attribute(record, segments, 1));
    EACH_VECTOR(rows, y.cols) {
        VEC v = NAME(fetch)(x, y.cols, i, j, count);
        NAME(put)(y, i, j, count, NAME(vec_minimum)(NAME(vec_maximum)(v, low), high));
    }
}

/* dx = a0 ≤ x ≤ a1 ? dy : 0. dy, x (n, k) → dx (n, k). A NaN in x gives 0: the comparison is false. */
static void NAME(clip_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dx = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW x = NAME(view_of)(record, segments, 2, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&dx, &dy, &x}, 3, end - begin);
    VEC low = NAME(splat)((REAL)float_attribute(record, segments, 0));
    VEC high = NAME(splat)((REAL)float_attribute(record, segments, 1));
    EACH_VECTOR(rows, dx.cols) {
        VEC v = NAME(fetch)(x, dx.cols, i, j, count), gradient = NAME(fetch)(dy, dx.cols, i, j, count);
        NAME(put)(dx, i, j, count, NAME(select)((IVEC)(v >= low) & (IVEC)(v <= high), gradient, (VEC){0}));
    }
}

/* y = c ≠ 0 ? a : b (a NaN in c counts as ≠ 0). c, a, b (n, k) → y (n, k). */
static void NAME(where)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), c = NAME(view_of)(record, segments, 1, begin);
    VIEW a = NAME(view_of)(record, segments, 2, begin), b = NAME(view_of)(record, segments, 3, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &c, &a, &b}, 4, end - begin);
    EACH_VECTOR(rows, y.cols) {
        VEC yes = NAME(fetch)(a, y.cols, i, j, count), no = NAME(fetch)(b, y.cols, i, j, count);
        IVEC chosen = (IVEC)(NAME(fetch)(c, y.cols, i, j, count) != (VEC){0});
        NAME(put)(y, i, j, count, NAME(select)(chosen, yes, no));
    }
}

/* Element j of row i of an int32 operand, with the same broadcasting. */
INLINE int32_t NAME(integer_at)(const int64_t *record, char *const *segments, int64_t o, int64_t i, int64_t j)
{
    const int32_t *data = (const int32_t *)(void *)operand_data(record, segments, o);
    return data[i * operand_ld(record, o) + (operand_cols(record, o) == 1 ? 0 : j)];
}

/* y = (a == b), 1 or 0 in REAL. a, b i32 (n, k) → y (n, k). */
static void NAME(equal_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < y.cols; j++)
            y.data[i * y.ld + j] =
                NAME(integer_at)(record, segments, 1, i, j) == NAME(integer_at)(record, segments, 2, i, j);
}

/* y = (REAL)x. x i32 (n, k) → y (n, k). Exact in double, rounded in float beyond 2^24. */
static void NAME(cast_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < y.cols; j++)
            y.data[i * y.ld + j] = (REAL)NAME(integer_at)(record, segments, 1, i, j);
}

/* y = f(a, ..) for a function of the user's: i0 is the address of a kernel like these, which Numba compiled. */
static void NAME(user_function)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    kernel_function *run = (kernel_function *)(intptr_t)integer_attribute(record, 0);
    run(record, segments, begin, end);
}

/* y = x in REAL, from the other float type. x (n, k) → y (n, k). Rounds once. */
#if REAL_BITS == 32
#define OTHER_REAL double
#else
#define OTHER_REAL float
#endif
static void NAME(cast)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    const OTHER_REAL *x = (const OTHER_REAL *)(void *)operand_data(record, segments, 1);
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < y.cols; j++)
            y.data[i * y.ld + j] = (REAL)x[i * operand_ld(record, 1) + j];
}
#undef OTHER_REAL

/* y i32 = x without its fraction; beyond the range of int32 its nearest end, 0 for NaN. x (n, k) → y (n, k). */
static void NAME(truncate_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0);
    for (int64_t i = begin; i < end; i++) {
        int32_t *to = (int32_t *)(void *)operand_data(record, segments, 0) + i * operand_ld(record, 0);
        for (int64_t j = 0; j < x.cols; j++) {
            double value = (double)x.data[i * x.ld + j];
            value = value < 2147483647.0 ? value : value != value ? 0.0 : 2147483647.0;
            to[j] = (int32_t)(value > -2147483648.0 ? value : -2147483648.0);
        }
    }
}
