/*
 * Dropout with a mask that is a function of (seed, step, stream, row, column) alone: the same on every backend, for
 * any number of threads, forward and backward, so it is never stored.
 * Not here: the generator (philox.h). Twin: fastnn/backends/numpy_ref/dropout.py.
 */

#include "philox.h"

typedef uint32_t NAME(mask_words) __attribute__((vector_size(VL * 4)));
typedef uint32_t NAME(loose_mask_words) __attribute__((vector_size(VL * 4), aligned(4), may_alias));

/*
 * y[i, j] = keep(i, j) ? x[i, j]·1/(1 − rate) : 0; the backward op is the same kernel on dy. x (n, k) → y (n, k),
 * overwritten; may be x itself. i0, i1 = key, i2 = stream, i3 = rows per sample (for readers of the program: i is
 * already the row of the flattened leading axes); a0 = rate. Row op. keep: uniform ≥ rate with uniform =
 * (word >> 8)·2^−24, compared as integers (exact); column e has counter g = 16·(e div 64) + e mod 16 and word
 * (e mod 64) div 16, so that the words of 16 counters, word by word, are 64 neighbouring columns. Bound by the
 * generator, not by memory. The products round once; a dropped NaN is 0.
 */
static void NAME(dropout)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    double rate = float_attribute(record, segments, 0);
    uint32_t low = (uint32_t)integer_attribute(record, 0), high = (uint32_t)integer_attribute(record, 1);
    uint32_t stream = (uint32_t)integer_attribute(record, 2);
    uint32_t step = (uint32_t)control_integer(segments, CONTROL_STEP);
    IVEC least = (REAL_INT)ceil(rate * 16777216.0) - (IVEC){0}; /* smallest word >> 8 that is kept */
    VEC scale = NAME(splat)((REAL)(1.0 / (1.0 - rate)));
    for (int64_t i = begin; i < end; i++)
        for (int64_t block = 0; block < y.cols; block += 64) {
            uint32_t words[4 * PHILOX_COUNTERS] ALIGNED;
            philox(words, (uint32_t)(block / 4), (uint32_t)i, step, stream, low, high);
            int64_t last = smaller(y.cols, block + 64);
            for (int64_t j = block; j < last; j += VL) {
                int64_t count = smaller(last - j, VL);
                NAME(mask_words) word = *(const NAME(loose_mask_words) *)(words + (j - block));
                IVEC keep = (IVEC)(__builtin_convertvector(word >> 8, IVEC) >= least);
                VEC kept = NAME(fetch)(x, y.cols, i, j, count) * scale;
                NAME(put)(y, i, j, count, NAME(select)(keep, kept, (VEC){0}));
            }
        }
}
