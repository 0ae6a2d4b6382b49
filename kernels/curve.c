/*
 * Curves: activations whose derivative is written in the input z, with up to four numbers a0 … a3. One function per curve gives
 * its value and its slope; each kernel is a loop over it. Not here: activations whose derivative needs the output alone, which
 * dense.c fuses (activation.c). Twin: fastnn/backends/numpy_ref/curve.py.
 */
#ifndef FASTNN_CURVE_CODES
#define FASTNN_CURVE_CODES
#define CURVES(X)                                                                                                      \
    X(0, ramp) X(1, hard) X(2, elu) X(3, gelu) X(4, gelu_tanh) X(5, silu) X(6, softplus) X(7, mish) X(8, hard_silu)    \
    X(9, softsign) X(10, squareplus) X(11, step)
enum curve_code {
#define CODE(number, name) CURVE_##name = number,
    CURVES(CODE)
#undef CODE
};
#endif

/* |z| at most 30: beyond, the normal density, e^−z² and 1 − tanh are 0, and a product with z must be, too. */
INLINE VEC NAME(within)(VEC z, REAL limit)
{
    VEC low = NAME(splat)(-limit), high = NAME(splat)(limit);
    return NAME(vec_minimum)(NAME(vec_maximum)(z, low), high);
}

/* tanh(log(1 + e^z)) = n/(n + 2), n = e·(e + 2), e = e^z, z at most 20 (f64: 40), where it is 1. */
INLINE VEC NAME(mish_gate)(VEC z, VEC *e, VEC *n)
{
    VEC last = NAME(splat)(REAL_BITS == 32 ? 20 : 40), two = NAME(splat)(2);
    *e = NAME(vec_exp)(NAME(vec_minimum)(z, last));
    *n = *e * (*e + two);
    return *n / (*n + two);
}

/* 2·√(2/π)·(z + 0.044715·z³), the argument of gelu's sigmoid. */
INLINE VEC NAME(gelu_argument)(VEC z)
{
    VEC cubic = NAME(splat)((REAL)(1.5957691216057308 * 0.044715)), linear = NAME(splat)((REAL)1.5957691216057308);
    return z * (cubic * (z * z) + linear);
}

/* y = f(z):
   ramp        z > a1 ? min(max(z, a2), a3) : a0·(z − a1)    (a0 = 0: 0)
   hard        min(max(a0·z + a1, a2), a3)
   elu         a1·(z > 0 ? z : a0·(e^(a2·z) − 1))
   gelu        z·Φ(z);  gelu_tanh: z·σ(2·√(2/π)·(z + 0.044715·z³))
   silu        z·σ(z);  hard_silu: z·min(max(z/6 + ½, 0), 1)
   softplus    a0·log(1 + e^(a0·z)), a0 = 1 or −1
   mish        z·tanh(log(1 + e^z))
   softsign    z/(1 + |z|)
   squareplus  (z + √(z² + a0))/2
   step        z > 0 ? 1 : 0 */
INLINE VEC NAME(curve)(const enum curve_code function, VEC z, const VEC *a)
{
    VEC zero = {0}, one = NAME(splat)(1), half = NAME(splat)((REAL)0.5), first, second;
    switch (function) {
    case CURVE_ramp: {
        VEC below = NAME(select)((IVEC)(a[0] == zero), zero, a[0] * (z - a[1]));
        VEC above = NAME(vec_minimum)(NAME(vec_maximum)(z, a[2]), a[3]);
        return NAME(select)((IVEC)(z != z), z, NAME(select)((IVEC)(z > a[1]), above, below));
    }
    case CURVE_hard: return NAME(vec_minimum)(NAME(vec_maximum)(a[0] * z + a[1], a[2]), a[3]);
    case CURVE_elu: return a[1] * NAME(select)((IVEC)(z > zero), z, a[0] * NAME(vec_expm1)(a[2] * z));
    case CURVE_gelu: return z * NAME(vec_normal)(z, &first);
    case CURVE_gelu_tanh: return z * NAME(vec_sigmoid)(NAME(gelu_argument)(NAME(within)(z, 30)));
    case CURVE_silu: return z * NAME(vec_sigmoid)(z);
    case CURVE_softplus: {
        VEC u = a[0] * z, rest = NAME(vec_log1p)(NAME(vec_exp)(-NAME(vec_absolute)(u)));
        return a[0] * (NAME(vec_maximum)(u, zero) + rest);
    }
    case CURVE_mish: return z * NAME(mish_gate)(z, &first, &second);
    case CURVE_hard_silu:
        return z * NAME(vec_minimum)(NAME(vec_maximum)(z * NAME(splat)((REAL)(1.0 / 6)) + half, zero), one);
    case CURVE_softsign: return z / (one + NAME(vec_absolute)(z));
    case CURVE_squareplus: {
        VEC root = NAME(vec_sqrt)(z * z + a[0]);
        return NAME(select)((IVEC)(z < zero), half * a[0] / (root - z), half * (z + root));
    }
    case CURVE_step:
        return NAME(select)((IVEC)(z != z), z, NAME(select)((IVEC)(z > zero), one, zero));
    }
    return z;
}

/* f'(z). At kinks: ramp's is a0, hard's 0 outside and at its ends that of the inside. NaN for NaN. */
INLINE VEC NAME(curve_slope)(const enum curve_code function, VEC z, const VEC *a)
{
    VEC zero = {0}, one = NAME(splat)(1), half = NAME(splat)((REAL)0.5), two = NAME(splat)(2), first, second;
    switch (function) {
    case CURVE_ramp: {
        IVEC inside = (IVEC)(z >= a[2]) & (IVEC)(z <= a[3]);
        VEC slope = NAME(select)((IVEC)(z > a[1]), NAME(select)(inside, one, zero), a[0]);
        return NAME(select)((IVEC)(z != z), z, slope);
    }
    case CURVE_hard: {
        VEC y = a[0] * z + a[1];
        VEC slope = NAME(select)((IVEC)(y >= a[2]) & (IVEC)(y <= a[3]), a[0], zero);
        return NAME(select)((IVEC)(z != z), z, slope);
    }
    case CURVE_elu:
        return a[1] * NAME(select)((IVEC)(z > zero), one, a[0] * a[2] * NAME(vec_exp)(a[2] * z));
    case CURVE_gelu: {
        VEC near = NAME(within)(z, 30);
        second = NAME(vec_normal)(near, &first);
        return second + near * first;
    }
    case CURVE_gelu_tanh: {
        VEC near = NAME(within)(z, 30), s = NAME(vec_sigmoid)(NAME(gelu_argument)(near));
        VEC rise = NAME(splat)((REAL)(3 * 1.5957691216057308 * 0.044715)) * (near * near);
        return s + near * s * (one - s) * (rise + NAME(splat)((REAL)1.5957691216057308));
    }
    case CURVE_silu: {
        VEC s = NAME(vec_sigmoid)(z);
        return s * (one + z * (one - s));
    }
    case CURVE_softplus: return NAME(vec_sigmoid)(a[0] * z);
    case CURVE_mish: {
        VEC gate = NAME(mish_gate)(z, &first, &second), last = NAME(splat)(REAL_BITS == 32 ? 20 : 40);
        VEC near = NAME(vec_minimum)(z, last), e = first, below = one / (second + two);
        return gate + near * (two * e * below) * (two * (e + one) * below);
    }
    case CURVE_hard_silu: {
        VEC sixth = NAME(splat)((REAL)(1.0 / 6)), y = z * sixth + half;
        VEC gate = NAME(vec_minimum)(NAME(vec_maximum)(y, zero), one);
        return NAME(select)((IVEC)(y < zero) | (IVEC)(y > one), gate, gate + z * sixth);
    }
    case CURVE_softsign: {
        VEC below = one / (one + NAME(vec_absolute)(z));
        return below * below;
    }
    case CURVE_squareplus: {
        VEC root = NAME(vec_sqrt)(z * z + a[0]);
        return NAME(select)((IVEC)(z < zero), half * a[0] / (root - z), half * (z + root)) / root;
    }
    case CURVE_step: return NAME(select)((IVEC)(z != z), z, zero);
    }
    return one;
}

INLINE void NAME(map_curve)(const enum curve_code function, VIEW y, VIEW z, int64_t rows, const VEC *numbers)
{
    EACH_VECTOR(rows, y.cols)
        NAME(put)(y, i, j, count, NAME(curve)(function, NAME(fetch)(z, y.cols, i, j, count), numbers));
}

/* y = f(z), f = curve i0 with the numbers a0 … a3. z (n, k) → y (n, k), overwritten; may be z itself. Row op. 4 to 60
   operations per element; the cheap ones are memory bound. Accuracy: README, table of functions. */
static void NAME(curve_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &z}, 2, end - begin);
    VEC numbers[4];
    for (int k = 0; k < 4; k++)
        numbers[k] = NAME(splat)((REAL)float_attribute(record, segments, k));
    switch (integer_attribute(record, 0)) {
#define CASE(number, name) case number: NAME(map_curve)(CURVE_##name, y, z, rows, numbers); break;
        CURVES(CASE)
#undef CASE
    }
}

INLINE void NAME(map_curve_slope)(const enum curve_code function, VIEW dz, VIEW dy, VIEW z, int64_t rows,
                                  const VEC *numbers)
{
    EACH_VECTOR(rows, dz.cols) {
        VEC gradient = NAME(fetch)(dy, dz.cols, i, j, count), in = NAME(fetch)(z, dz.cols, i, j, count);
        NAME(put)(dz, i, j, count, gradient * NAME(curve_slope)(function, in, numbers));
    }
}

/* dz = dy·f'(z), f = curve i0 with the numbers a0 … a3. dy, z (n, k) → dz (n, k), overwritten; may be dy or z itself.
   Row op; cost as forward. */
static void NAME(curve_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW z = NAME(view_of)(record, segments, 2, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&dz, &dy, &z}, 3, end - begin);
    VEC numbers[4];
    for (int k = 0; k < 4; k++)
        numbers[k] = NAME(splat)((REAL)float_attribute(record, segments, k));
    switch (integer_attribute(record, 0)) {
#define CASE(number, name) case number: NAME(map_curve_slope)(CURVE_##name, dz, dy, z, rows, numbers); break;
        CURVES(CASE)
#undef CASE
    }
}
