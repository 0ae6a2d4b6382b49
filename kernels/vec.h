/*
 * Vectors of one CPU register for the current REAL: loads, stores, selection, lane reductions. Included by real.h
 * once for float and once for double (no include guard on purpose). The arithmetic itself is written with the
 * compilers' vector operators; the few intrinsics here each stand beside a portable twin.
 * Not here: elementary functions (vecmath.h).
 */
typedef REAL NAME(vec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL_INT NAME(ivec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL_UINT NAME(uvec) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(loose_vec) __attribute__((vector_size(VECTOR_BYTES), aligned(REAL_BYTES), may_alias));

/* All lanes = s. The subtraction keeps the sign of a zero and costs nothing (compilers see a broadcast). */
INLINE VEC NAME(splat)(REAL s) { return s - (VEC){0}; }

INLINE VEC NAME(load)(const REAL *p) { return *(const NAME(loose_vec) *)p; }
INLINE void NAME(store)(REAL *p, VEC v) { *(NAME(loose_vec) *)p = v; }

/* mask ? a : b, lane by lane; mask lanes are all ones or all zeros (what a comparison yields). */
INLINE VEC NAME(select)(IVEC mask, VEC a, VEC b) { return (VEC)(((IVEC)a & mask) | ((IVEC)b & ~mask)); }

/* All ones in the lanes below count. */
INLINE IVEC NAME(lanes_below)(int64_t count)
{
    IVEC lane;
    for (int l = 0; l < VL; l++)
        lane[l] = (REAL_INT)l;
    return (IVEC)(lane < ((REAL_INT)count - (IVEC){0}));
}

/* Whether a lane of a comparison's result is set. */
INLINE int NAME(any_lane)(IVEC mask)
{
#if defined(__AVX512F__) && REAL_BITS == 32
    return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__AVX512F__)
    return _mm512_movepi64_mask((__m512i)mask) != 0;
#elif defined(__AVX2__)
    return _mm256_movemask_epi8((__m256i)mask) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_epi8((__m128i)mask) != 0;
#else
    REAL_INT any = 0;
    for (int l = 0; l < VL; l++)
        any |= mask[l];
    return any != 0;
#endif
}

/* The first count (1 .. VL) elements at p, the other lanes 0; touches no memory beyond them. */
INLINE VEC NAME(load_part)(const REAL *p, int64_t count)
{
#if defined(__AVX512F__) && REAL_BITS == 32
    return (VEC)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1u), p);
#elif defined(__AVX512F__)
    return (VEC)_mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1u), p);
#elif defined(__AVX2__) && REAL_BITS == 32
    return (VEC)_mm256_maskload_ps(p, (__m256i)NAME(lanes_below)(count));
#elif defined(__AVX2__)
    return (VEC)_mm256_maskload_pd(p, (__m256i)NAME(lanes_below)(count));
#else
    VEC v = {0};
    for (int l = 0; l < VL; l++)
        if (l < count)
            v[l] = p[l];
    return v;
#endif
}

/* Writes the first count lanes, nothing else. */
INLINE void NAME(store_part)(REAL *p, int64_t count, VEC v)
{
#if defined(__AVX512F__) && REAL_BITS == 32
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1u), (__m512)v);
#elif defined(__AVX512F__)
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << count) - 1u), (__m512d)v);
#elif defined(__AVX2__) && REAL_BITS == 32
    _mm256_maskstore_ps(p, (__m256i)NAME(lanes_below)(count), (__m256)v);
#elif defined(__AVX2__)
    _mm256_maskstore_pd(p, (__m256i)NAME(lanes_below)(count), (__m256d)v);
#else
    for (int l = 0; l < VL; l++)
        if (l < count)
            p[l] = v[l];
#endif
}

INLINE VEC NAME(load_some)(const REAL *p, int64_t count)
{
    return count >= VL ? NAME(load)(p) : NAME(load_part)(p, count);
}
INLINE void NAME(store_some)(REAL *p, int64_t count, VEC v)
{
    if (count >= VL)
        NAME(store)(p, v);
    else
        NAME(store_part)(p, count, v);
}

INLINE VEC NAME(vec_absolute)(VEC v)
{
    return (VEC)((NAME(uvec))v & ((~(REAL_UINT)0 >> 1) - (NAME(uvec)){0}));
}

/* a·b + c: one rounding where the level has fma, else two. For results that several functions must agree on bit for
   bit: compilers contract a product and a sum only where both stay in one basic block, which depends on the code
   round them. */
INLINE VEC NAME(multiply_add)(VEC a, VEC b, VEC c)
{
#if defined(__AVX512F__) && REAL_BITS == 32
    return (VEC)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX512F__)
    return (VEC)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__) && REAL_BITS == 32
    return (VEC)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__FMA__)
    return (VEC)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
    for (int l = 0; l < VL; l++)
        c[l] = REAL_MATH(fma)(a[l], b[l], c[l]);
    return c;
#else
    return a * b + c;
#endif
}

/* Correctly rounded, as IEEE 754 asks of every square root instruction. */
INLINE VEC NAME(vec_sqrt)(VEC v)
{
#if defined(__AVX512F__) && REAL_BITS == 32
    return (VEC)_mm512_sqrt_ps((__m512)v);
#elif defined(__AVX512F__)
    return (VEC)_mm512_sqrt_pd((__m512d)v);
#elif defined(__AVX2__) && REAL_BITS == 32
    return (VEC)_mm256_sqrt_ps((__m256)v);
#elif defined(__AVX2__)
    return (VEC)_mm256_sqrt_pd((__m256d)v);
#elif defined(__SSE2__) && REAL_BITS == 32
    return (VEC)_mm_sqrt_ps((__m128)v);
#elif defined(__SSE2__)
    return (VEC)_mm_sqrt_pd((__m128d)v);
#else
    for (int l = 0; l < VL; l++)
        v[l] = REAL_MATH(sqrt)(v[l]);
    return v;
#endif
}

/*
 * x / (√(v + inside) + outside), the step of Adam and RMSprop, v ≥ 0. In float on AVX-512 by 14-bit estimates and one Newton
 * step each, within 3 ulp: the divider takes a register every 20 cycles or so, which was half of the weight gradients
 * of 784-128-64-10 with Adam. Exact where x or v is not finite or v is negative, and, `exactly`, where the
 * epsilons are so small that the root of a denormal matters. Correctly rounded roots and quotients elsewhere.
 */
INLINE VEC NAME(over_root)(VEC x, VEC v, VEC inside, VEC outside, int exactly)
{
    v += inside;
#if defined(__AVX512F__) && REAL_BITS == 32
    enum { NAN_OR_INFINITE = 0x99, OR_NEGATIVE = 0xd9 };
    if (!exactly) {
        VEC least = NAME(splat)(FLT_MIN), half = NAME(splat)(0.5f); /* least: 0·r is then 0 for v = 0 */
        VEC r = (VEC)_mm512_rsqrt14_ps(_mm512_max_ps((__m512)v, (__m512)least));
        VEC root = v * r;
        root = NAME(multiply_add)(NAME(multiply_add)(-root, root, v), half * r, root);
        VEC divisor = root + outside, inverse = (VEC)_mm512_rcp14_ps((__m512)divisor);
        VEC quotient = x * inverse;
        quotient = NAME(multiply_add)(NAME(multiply_add)(-quotient, divisor, x), inverse, quotient);
        __mmask16 special = (__mmask16)(_mm512_fpclass_ps_mask((__m512)v, OR_NEGATIVE) |
                                        _mm512_fpclass_ps_mask((__m512)x, NAN_OR_INFINITE));
        if (special) /* those lanes alone: an element's bits do not depend on its neighbours */
            quotient = (VEC)_mm512_mask_blend_ps(special, (__m512)quotient, (__m512)(x / (NAME(vec_sqrt)(v) + outside)));
        return quotient;
    }
#else
    (void)exactly;
#endif
    return x / (NAME(vec_sqrt)(v) + outside);
}

/* a > b ? a : b where neither is NaN; NaN if either is (as NumPy's maximum and minimum). */
INLINE VEC NAME(vec_maximum)(VEC a, VEC b) { return NAME(select)((IVEC)(a > b) | (IVEC)(a != a), a, b); }
INLINE VEC NAME(vec_minimum)(VEC a, VEC b) { return NAME(select)((IVEC)(a < b) | (IVEC)(a != a), a, b); }

/* Sums in double of a register's lanes: one register of doubles per REAL_PARTS of it. */
#undef DOUBLES
#undef REAL_PARTS
#if REAL_BITS == 32
typedef double NAME(doubles) __attribute__((vector_size(VECTOR_BYTES)));
typedef float NAME(half_vec) __attribute__((vector_size(VECTOR_BYTES / 2)));
#define DOUBLES NAME(doubles)
#define REAL_PARTS 2
INLINE void NAME(add_doubles)(DOUBLES sums[2], VEC v)
{
    NAME(half_vec) halves[2];
    memcpy(halves, &v, sizeof v);
    sums[0] += __builtin_convertvector(halves[0], DOUBLES);
    sums[1] += __builtin_convertvector(halves[1], DOUBLES);
}
INLINE VEC NAME(from_doubles)(const DOUBLES sums[2], double scale)
{
    VEC v;
    NAME(half_vec) halves[2] = {__builtin_convertvector(sums[0] * scale, NAME(half_vec)),
                                __builtin_convertvector(sums[1] * scale, NAME(half_vec))};
    memcpy(&v, halves, sizeof v);
    return v;
}
#else
#define DOUBLES VEC
#define REAL_PARTS 1
INLINE void NAME(add_doubles)(DOUBLES sums[1], VEC v) { sums[0] += v; }
INLINE VEC NAME(from_doubles)(const DOUBLES sums[1], double scale) { return sums[0] * scale; }
#endif

/*
 * Puts the lanes of a register together, always in the same order: the halves, then the quarters, and so on until two are
 * left. `join` is written for vectors of any length; the halves are registers of their own, which costs a tenth of
 * going through memory lane by lane.
 */
#undef HALVES_16
#undef HALVES_8
#undef HALVES_4
#define HALVES_16(v, join)                                                                                             \
    join(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15))
#define HALVES_8(v, join) join(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7))
#define HALVES_4(v, join) join(__builtin_shufflevector(v, v, 0, 1), __builtin_shufflevector(v, v, 2, 3))
#undef TWO_LANES
#if VL == 16
#define TWO_LANES(two, v, join)                                                                                        \
    __auto_type eight = HALVES_16(v, join);                                                                            \
    __auto_type four = HALVES_8(eight, join);                                                                          \
    __auto_type two = HALVES_4(four, join)
#elif VL == 8
#define TWO_LANES(two, v, join)                                                                                        \
    __auto_type four = HALVES_8(v, join);                                                                              \
    __auto_type two = HALVES_4(four, join)
#elif VL == 4
#define TWO_LANES(two, v, join) __auto_type two = HALVES_4(v, join)
#else
#define TWO_LANES(two, v, join) VEC two = v
#endif
#ifndef JOIN_SUM
#define JOIN_SUM(a, b) ((a) + (b))
#define JOIN_MAXIMUM(a, b) /* vec_maximum, for vectors of any length */                                                \
    ({                                                                                                                 \
        __auto_type left = (a);                                                                                        \
        __auto_type right = (b);                                                                                       \
        __auto_type mask = (left > right) | (left != left);                                                            \
        (__typeof__(left))(((__typeof__(mask))left & mask) | ((__typeof__(mask))right & ~mask));                       \
    })
#endif

INLINE REAL NAME(lane_sum)(VEC v)
{
    TWO_LANES(two, v, JOIN_SUM);
    return two[0] + two[1];
}
/* Largest lane; NaN if any lane is. */
INLINE REAL NAME(lane_maximum)(VEC v)
{
    TWO_LANES(two, v, JOIN_MAXIMUM);
    return two[0] > two[1] || two[0] != two[0] ? two[0] : two[1];
}
