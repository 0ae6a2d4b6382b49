/*
 * Elementary functions on registers: exp, log, tanh, erf and their kin by polynomials, the others lane by lane
 * through libm (they are rare). Every lane is computed by the same operations, so partial registers give the same bits.
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

/* Horner's scheme, the highest power first. */
INLINE VEC NAME(polynomial)(VEC x, const REAL *coefficients, int count)
{
    VEC p = NAME(splat)(coefficients[0]);
    for (int c = 1; c < count; c++)
        p = p * x + NAME(splat)(coefficients[c]);
    return p;
}
#undef POLYNOMIAL
#define POLYNOMIAL(x, table) NAME(polynomial)(x, table, (int)(sizeof table / sizeof table[0]))

/*
 * expm1(x) = 2^k·((e^r − 1) + (1 − 2^−k)), k and r as in exp, whose polynomial without its 1 is e^r − 1. For k = 0 nothing is
 * added, so small x keep their digits. Below −20 (f32; −40) the result is −1.
 */
INLINE VEC NAME(vec_expm1)(VEC x)
{
#if REAL_BITS == 32
    const REAL high = 89.0f, low = -20.0f, magic = 12582912.0f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static const REAL table[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    enum { MANTISSA = 23, BIAS = 127 };
#else
    const REAL high = 710.0, low = -40.0, magic = 6755399441055744.0, ln2_high = 6.93145751953125e-1;
    const REAL ln2_low = 1.42860682030941723212e-6;
    static const REAL table[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                 1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      0.5};
    enum { MANTISSA = 52, BIAS = 1023 };
#endif
    VEC given = x, one = NAME(splat)(1);
    x = NAME(select)((IVEC)(x > NAME(splat)(high)), NAME(splat)(high), x);
    x = NAME(select)((IVEC)(x < NAME(splat)(low)), NAME(splat)(low), x);
    VEC shifted = x * NAME(splat)((REAL)1.4426950408889634074) + NAME(splat)(magic);
    VEC k = shifted - NAME(splat)(magic);
    VEC r = x - k * NAME(splat)(ln2_high);
    r = r - k * NAME(splat)(ln2_low);
    VEC p = POLYNOMIAL(r, table) * (r * r) + r;
    NAME(uvec) whole = (NAME(uvec))shifted - (NAME(uvec))NAME(splat)(magic), zero = {0};
    NAME(uvec) exponent = whole + ((REAL_UINT)(2 * BIAS) - zero), half = exponent >> 1;
    VEC first = (VEC)(half << MANTISSA), second = (VEC)((exponent - half) << MANTISSA);
    /* 2^−k: −k + BIAS > −BIAS, and where k = BIAS + 1 (or more, a denormal) 0 is as good */
    NAME(uvec) inverse = ((REAL_UINT)BIAS - zero) - whole;
    VEC small = (VEC)(inverse << MANTISSA);
    small = NAME(select)((IVEC)(k > NAME(splat)((REAL)(BIAS - 1))), (VEC){0}, small);
    VEC y = (p + (one - small)) * first * second;
    return NAME(select)((IVEC)(given == (VEC){0}), given, y); /* keeps the sign of zero */
}

/*
 * log(2^k·(1 + f)) + c for √½ ≤ 1 + f < √2 and a small c: with s = f/(2 + f), log(1 + f) = f − (f²/2 − s·(f²/2 + R)),
 * R = z·P(z), z = s² (fdlibm's e_log.c, FreeBSD's e_logf.c and their coefficients). ln2 in two parts, so that k·part is exact.
 */
INLINE VEC NAME(log_core)(VEC f, VEC k, VEC c)
{
#if REAL_BITS == 32
    const REAL ln2_high = 6.9313812256e-01f, ln2_low = 9.0580006145e-06f;
    static const REAL table[] = {0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f};
#else
    const REAL ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    static const REAL table[] = {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                                 2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                                 6.666666666666735130e-01};
#endif
    VEC s = f / (NAME(splat)(2) + f), z = s * s, half = NAME(splat)((REAL)0.5) * f * f;
    VEC rest = z * POLYNOMIAL(z, table);
    return k * NAME(splat)(ln2_high) - ((half - (s * (half + rest) + (k * NAME(splat)(ln2_low) + c))) - f);
}

/* k and 1 + f of a normal positive x: its bits, shifted so that the exponent changes at √½, and not at 1. */
INLINE VEC NAME(split_power)(VEC x, VEC *k)
{
#if REAL_BITS == 32
    const REAL_UINT root = 0x3f3504f3u, one = 0x3f800000u, fraction = 0x007fffffu;
    const REAL magic = 12582912.0f;
    enum { MANTISSA = 23, BIAS = 127 };
#else
    const REAL_UINT root = 0x3fe6a09e667f3bcdu, one = 0x3ff0000000000000u, fraction = 0x000fffffffffffffu;
    const REAL magic = 6755399441055744.0;
    enum { MANTISSA = 52, BIAS = 1023 };
#endif
    NAME(uvec) zero = {0}, bits = (NAME(uvec))x + ((one - root) - zero);
    VEC shifted = (VEC)((bits >> MANTISSA) + (NAME(uvec))NAME(splat)(magic)); /* magic + exponent, as a number */
    *k = shifted - NAME(splat)(magic + (REAL)BIAS);
    return (VEC)((bits & (fraction - zero)) + (root - zero));
}

/* log(x); denormals are scaled up first. */
INLINE VEC NAME(vec_log)(VEC x)
{
#if REAL_BITS == 32
    const REAL least = 1.17549435e-38f, scale = 33554432.0f, power = 25.0f;
#else
    const REAL least = 2.2250738585072014e-308, scale = 18014398509481984.0, power = 54.0;
#endif
    VEC zero = {0}, one = NAME(splat)(1), infinity = NAME(splat)((REAL)INFINITY), k;
    IVEC small = (IVEC)(x < NAME(splat)(least));
    VEC m = NAME(split_power)(NAME(select)(small, x * NAME(splat)(scale), x), &k);
    k = NAME(select)(small, k - NAME(splat)(power), k);
    VEC y = NAME(log_core)(m - one, k, zero);
    y = NAME(select)((IVEC)(x == zero), -infinity, NAME(select)((IVEC)(x < zero), NAME(splat)((REAL)NAN), y));
    return NAME(select)((IVEC)(x < infinity), y, x); /* infinity and NaN stay */
}

/* log(1 + x): near 0 with f = x itself, else of u = 1 + x with what u's rounding lost, divided by u. */
INLINE VEC NAME(vec_log1p)(VEC x)
{
    VEC zero = {0}, one = NAME(splat)(1), infinity = NAME(splat)((REAL)INFINITY), k;
    VEC u = one + x, m = NAME(split_power)(u, &k);
    VEC lost = NAME(select)((IVEC)(x >= one), one - (u - x), x - (u - one)) / u;
    IVEC near = (IVEC)(x > NAME(splat)((REAL)-0.29)) & (IVEC)(x < NAME(splat)((REAL)0.41));
    VEC f = NAME(select)(near, x, m - one);
    VEC y = NAME(log_core)(f, NAME(select)(near, zero, k), NAME(select)(near, zero, lost));
    y = NAME(select)((IVEC)(x == -one), -infinity, NAME(select)((IVEC)(x < -one), NAME(splat)((REAL)NAN), y));
    y = NAME(select)((IVEC)(x == zero), x, y); /* keeps the sign of zero */
    return NAME(select)((IVEC)(x < infinity), y, x);
}

/*
 * erf and its kin. |x| < 0.75: erf(x) = x + x·P(x²). Beyond: erfc(t) = e^(−t²)·S(q)/(t + 3), q = (t − 3)/(t + 3), which keeps the
 * relative accuracy of small results. P and S: tests/fit.py. e^(−t²) is corrected by what the rounding of t² lost.
 */
INLINE VEC NAME(erf_near)(VEC x)
{
#if REAL_BITS == 32
    static const REAL table[] = {
        -0.000675647956868f, 0.00511533211253f, -0.0268351145686f, 0.112833865384f, -0.376126194694f,
        0.128379165579f};
#else
    static const REAL table[] = {
        -9.5028408947747051607e-10, 1.4413879289095028856e-8, -1.6333229343433699958e-7,
        1.6460383209858148676e-6, -0.000014925589383821142879, 0.00012055331545294116432,
        -0.00085483270011359461396, 0.0052239776252221918701, -0.026866170645118444826, 0.11283791670955087198,
        -0.37612638903183752009, 0.12837916709551257389};
#endif
    return POLYNOMIAL(x * x, table) * x + x;
}
INLINE VEC NAME(bell)(VEC t)
{
    const REAL_UINT upper = REAL_BITS == 32 ? (REAL_UINT)0xfffff000u : (REAL_UINT)0xfffffffff8000000u;
    NAME(uvec) zero = {0};
    VEC high = (VEC)((NAME(uvec))t & (upper - zero)), low = t - high; /* high² is exact */
    VEC square = t * t, e = NAME(vec_exp)(-square);
    return e - e * (((high * high - square) + (high + high) * low) + low * low);
}
INLINE VEC NAME(erfc_far)(VEC t, VEC bell)
{
#if REAL_BITS == 32
    static const REAL table[] = {
        -0.000265524698573f, -0.000465311988616f, 0.00303575398859f, -0.0012362233177f, -0.0268283401248f,
        0.119530598221f, -0.310467138536f, 0.590228237689f, -0.883394456353f, 1.0740069079f};
#else
    static const REAL table[] = {
        2.9025661508384167366e-9, -1.1384968507636743656e-8, -6.8848553414059111846e-9,
        5.8913401910690526707e-8, 4.9334630768831283429e-8, -2.4189512989452311782e-7,
        -4.0833428241024648556e-7, 1.0036137656010117324e-6, 2.7649488685122553236e-6,
        -4.7509038727485687923e-6, -0.000017470315981326325771, 0.000030398553608602671166,
        0.00010756142437149019121, -0.00027677790501403929051, -0.00054830968339999261088,
        0.003034062006617960498, -0.0012124166278055259776, -0.026827234624756409925, 0.11952776128731056843,
        -0.31046726190056099467, 0.59022835710410158329, -0.88339445316988367123, 1.0740069070883397025};
#endif
    VEC three = NAME(splat)(3), inverse = NAME(splat)(1) / (t + three);
    return bell * (POLYNOMIAL((t - three) * inverse, table) * inverse);
}
/* |x|, at most 28, where erfc and e^(−t²) are 0. */
INLINE VEC NAME(erf_size)(VEC x)
{
    VEC size = NAME(vec_absolute)(x), last = NAME(splat)(28);
    return NAME(select)((IVEC)(size > last), last, size);
}
INLINE VEC NAME(vec_erf)(VEC x)
{
    VEC t = NAME(erf_size)(x), far = NAME(splat)(1) - NAME(erfc_far)(t, NAME(bell)(t));
    VEC y = NAME(select)((IVEC)(t < NAME(splat)((REAL)0.75)), NAME(erf_near)(t), far);
    return (VEC)((IVEC)y | ((IVEC)x & (IVEC)NAME(splat)((REAL)-0.0)));
}
INLINE VEC NAME(vec_erfc)(VEC x)
{
    VEC t = NAME(erf_size)(x), far = NAME(erfc_far)(t, NAME(bell)(t)), near = NAME(splat)(1) - NAME(erf_near)(x);
    far = NAME(select)((IVEC)(x < (VEC){0}), NAME(splat)(2) - far, far);
    return NAME(select)((IVEC)(t < NAME(splat)((REAL)0.75)), near, far);
}
/* Φ(x) = erfc(−x/√2)/2, the normal distribution, and its density φ(x) = e^(−x²/2)/√(2π). */
INLINE VEC NAME(vec_normal)(VEC x, VEC *density)
{
    VEC half = NAME(splat)((REAL)0.5), w = x * NAME(splat)((REAL)0.70710678118654752440);
    VEC t = NAME(erf_size)(w), e = NAME(bell)(t), far = half * NAME(erfc_far)(t, e);
    *density = e * NAME(splat)((REAL)0.39894228040143267794);
    far = NAME(select)((IVEC)(x < (VEC){0}), far, NAME(splat)(1) - far);
    return NAME(select)((IVEC)(t < NAME(splat)((REAL)0.75)), half + half * NAME(erf_near)(w), far);
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
LANES_THROUGH(log2, log2)
LANES_THROUGH(log10, log10)
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
