/*
 * Philox4x32-10 (Salmon et al., SC 2011, "Parallel random numbers: as easy as 1, 2, 3"), 16 counters at a time.
 * Not here: how words become masks (dropout.c). Twin: fastnn/backends/numpy_ref/dropout.py.
 */
#ifndef FASTNN_PHILOX_H
#define FASTNN_PHILOX_H

#define PHILOX_COUNTERS 16 /* 16 counters x 4 words = 64 neighbouring columns, whatever the vector width */
#define PHILOX_LANES (VECTOR_BYTES / 4)
typedef uint32_t philox_vec __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t philox_wide __attribute__((vector_size(VECTOR_BYTES)));

/* The 64-bit products of the even lanes (0, 2, ..) of a with m. */
INLINE philox_wide philox_even_products(philox_vec a, uint32_t m)
{
#if defined(__AVX512F__)
    return (philox_wide)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(m));
#elif defined(__AVX2__)
    return (philox_wide)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(m));
#elif defined(__SSE2__)
    return (philox_wide)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(m));
#else
    return ((philox_wide)a & UINT64_C(0xffffffff)) * (uint64_t)m; /* little-endian: even lanes are low halves */
#endif
}

/* high, low ← the halves of a·m per lane. Odd lanes are moved down, multiplied, and put back in place. */
INLINE void philox_multiply(philox_vec a, uint32_t m, philox_vec *high, philox_vec *low)
{
    const philox_wide low_half = UINT64_C(0xffffffff) - (philox_wide){0};
    philox_wide even = philox_even_products(a, m), odd = philox_even_products((philox_vec)((philox_wide)a >> 32), m);
    *high = (philox_vec)((even >> 32) | (odd & ~low_half));
    *low = (philox_vec)((even & low_half) | (odd << 32));
}

/*
 * words[w·16 + c] = word w of Philox(counter = (first + c, row, step, stream), key = (low, high)), c = 0..15. Each round:
 *   (c0, c1, c2, c3) ← (hi(M1·c2) ^ c1 ^ k0, lo(M1·c2), hi(M0·c0) ^ c3 ^ k1, lo(M0·c0)), then k0 += W0, k1 += W1.
 * A register of counters at a time; about 8 instructions per round and register pair: 1 to 2 cycles per word on AVX2.
 */
static void philox(uint32_t words[4 * PHILOX_COUNTERS], uint32_t first, uint32_t row, uint32_t step, uint32_t stream,
                   uint32_t low, uint32_t high)
{
    const philox_vec zero = {0};
    philox_vec lane;
    for (uint32_t l = 0; l < PHILOX_LANES; l++)
        lane[l] = l;
    for (uint32_t c = 0; c < PHILOX_COUNTERS; c += PHILOX_LANES) {
        philox_vec c0 = lane + (first + c), c1 = zero + row, c2 = zero + step, c3 = zero + stream;
        uint32_t k0 = low, k1 = high;
        for (int round = 0; round < 10; round++) {
            philox_vec high_0, low_0, high_1, low_1;
            philox_multiply(c0, UINT32_C(0xD2511F53), &high_0, &low_0);
            philox_multiply(c2, UINT32_C(0xCD9E8D57), &high_1, &low_1);
            c0 = high_1 ^ c1 ^ (zero + k0);
            c1 = low_1;
            c2 = high_0 ^ c3 ^ (zero + k1);
            c3 = low_0;
            k0 += UINT32_C(0x9E3779B9);
            k1 += UINT32_C(0xBB67AE85);
        }
        memcpy(words + c, &c0, sizeof c0);
        memcpy(words + 16 + c, &c1, sizeof c1);
        memcpy(words + 32 + c, &c2, sizeof c2);
        memcpy(words + 48 + c, &c3, sizeof c3);
    }
}
#endif
