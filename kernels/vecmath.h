/*
 * Elementary functions on registers: exp and tanh by our own polynomials, the others lane by lane through libm
 * (they are rare). Every lane is computed by the same operations, so partial registers give the same bits.
 * Accuracy is measured by tests/measure.py --ulp and stated in README.md.
 */

/*
 * exp(x) = 2^k · e^r with k = round(x · log2 e) and r = x − k·ln2, |r| ≤ ln2/2.
 * 1. x is clamped to where the result is 0 or ∞ anyway (NaN passes: comparisons with it are false).
 * 2. k by adding 1.5·2^(mantissa bits): the sum's low bits are k as an integer, which serves the exponent in step 4.
 * 3. ln2 is subtracted in two parts; the first has trailing zeros, so that k·part is exact also without fma.
 * 4. The polynomial times 2^k in two factors, so that denormal results and 2^128 come out right.
 * f32: Cephes' expf minimax polynomial; f64: the Taylor series to r^13, whose rest is below 5e-18.
 */
INLINE VEC NAME(vec_exp)(VEC x)
{
#if REAL_BITS == 32
    const REAL high = 89.0f, low = -104.0f, magic = 12582912.0f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    const REAL log2e = 1.44269504088896341f;
    static const REAL coefficients[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                        4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    enum { MANTISSA = 23, BIAS = 127 };
#else
    const REAL high = 710.0, low = -746.0, magic = 6755399441055744.0, ln2_high = 6.93145751953125e-1;
    const REAL ln2_low = 1.42860682030941723212e-6, log2e = 1.4426950408889634074;
    static const REAL coefficients[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                        1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                        1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
    enum { MANTISSA = 52, BIAS = 1023 };
#endif
    x = NAME(select)((IVEC)(x > NAME(splat)(high)), NAME(splat)(high), x);
    x = NAME(select)((IVEC)(x < NAME(splat)(low)), NAME(splat)(low), x);
    VEC shifted = x * NAME(splat)(log2e) + NAME(splat)(magic);
    VEC k = shifted - NAME(splat)(magic);
    VEC r = x - k * NAME(splat)(ln2_high);
    r = r - k * NAME(splat)(ln2_low);
    VEC p = NAME(splat)(coefficients[0]);
    for (int c = 1; c < (int)(sizeof coefficients / sizeof coefficients[0]); c++)
        p = p * r + NAME(splat)(coefficients[c]);
    p = p * (r * r) + r;
    p = p + NAME(splat)(1);
    /* Unsigned arithmetic throughout: k + 2·BIAS + 2 > 0, halved, is the first exponent, the rest is the second. */
    NAME(uvec) zero = {0};
    NAME(uvec) exponent = (NAME(uvec))shifted - (NAME(uvec))NAME(splat)(magic) + ((REAL_UINT)(2 * BIAS) - zero);
    NAME(uvec) half = exponent >> 1;
    VEC first = (VEC)(half << MANTISSA), second = (VEC)((exponent - half) << MANTISSA);
    return p * first * second;
}

/*
 * tanh(x): |x| < 0.625: x + x³·P(x²) (Cephes; f64: P/Q), which keeps the relative accuracy of small x and the sign
 * of zero; beyond: 1 − 2/(e^(2|x|) + 1) with x's sign, exactly ±1 once e^(2|x|) is large. Both are computed, one is selected.
 */
INLINE VEC NAME(vec_tanh)(VEC x)
{
    VEC size = NAME(vec_absolute)(x), square = x * x, one = NAME(splat)(1);
#if REAL_BITS == 32
    VEC p = NAME(splat)(-5.70498872745e-3f);
    p = p * square + NAME(splat)(2.06390887954e-2f);
    p = p * square + NAME(splat)(-5.37397155531e-2f);
    p = p * square + NAME(splat)(1.33314422036e-1f);
    p = p * square + NAME(splat)(-3.33332819422e-1f);
#else
    VEC p = NAME(splat)(-9.64399179425052238628e-1);
    p = p * square + NAME(splat)(-9.92877231001918586564e1);
    p = p * square + NAME(splat)(-1.61468768441708447952e3);
    VEC q = square + NAME(splat)(1.12811678491632931402e2);
    q = q * square + NAME(splat)(2.23548839060100448583e3);
    q = q * square + NAME(splat)(4.84406305325125486048e3);
    p = p / q;
#endif
    VEC near = p * square * x + x;
    VEC far = one - NAME(splat)(2) / (NAME(vec_exp)(size + size) + one);
    IVEC sign = (IVEC)x & (IVEC)NAME(splat)((REAL)-0.0);
    VEC y = NAME(select)((IVEC)(size < NAME(splat)((REAL)0.625)), near, far);
    return (VEC)((IVEC)y | sign); /* both branches: x + x³·P is +0 for x = −0 */
}

/* 1/(1 + e^−x), from e = e^−|x| ≤ 1 so that nothing overflows and small results keep their relative accuracy. */
INLINE VEC NAME(vec_sigmoid)(VEC x)
{
    VEC one = NAME(splat)(1), e = NAME(vec_exp)(-NAME(vec_absolute)(x));
    return NAME(select)((IVEC)(x < (VEC){0}), e, one) / (one + e);
}

/* The rest is libm's, at most 1 or 2 ulp (glibc): a call per lane, out of line, so that a kernel of many functions
   stays small. */
#undef LANES_THROUGH
#undef LANE_PAIRS_THROUGH
#define LANES_THROUGH(name, function)                                                                                  \
    static __attribute__((noinline)) VEC NAME(vec_##name)(VEC x)                                                       \
    {                                                                                                                  \
        for (int l = 0; l < VL; l++)                                                                                   \
            x[l] = REAL_MATH(function)(x[l]);                                                                          \
        return x;                                                                                                      \
    }
#define LANE_PAIRS_THROUGH(name, function)                                                                             \
    static __attribute__((noinline)) VEC NAME(vec_##name)(VEC a, VEC b)                                                \
    {                                                                                                                  \
        for (int l = 0; l < VL; l++)                                                                                   \
            a[l] = REAL_MATH(function)(a[l], b[l]);                                                                    \
        return a;                                                                                                      \
    }
LANES_THROUGH(log, log)
LANES_THROUGH(log1p, log1p)
LANES_THROUGH(expm1, expm1)
LANES_THROUGH(log2, log2)
LANES_THROUGH(log10, log10)
LANES_THROUGH(erf, erf)
LANES_THROUGH(erfc, erfc)
LANES_THROUGH(sin, sin)
LANES_THROUGH(cos, cos)
LANES_THROUGH(tan, tan)
LANES_THROUGH(arcsin, asin)
LANES_THROUGH(arccos, acos)
LANES_THROUGH(arctan, atan)
LANES_THROUGH(sinh, sinh)
LANES_THROUGH(cosh, cosh)
LANES_THROUGH(arcsinh, asinh)
LANES_THROUGH(arccosh, acosh)
LANES_THROUGH(arctanh, atanh)
LANES_THROUGH(floor, floor)
LANES_THROUGH(ceil, ceil)
LANES_THROUGH(round, rint) /* half to even: nothing changes the rounding mode */
LANES_THROUGH(trunc, trunc)
LANE_PAIRS_THROUGH(power, pow)
LANE_PAIRS_THROUGH(arctan2, atan2)
LANE_PAIRS_THROUGH(fmod, fmod)
