/*
 * Random tensors that are a function of (seed, step, stream, row, column) alone, as dropout's masks are and from the
 * same words of Philox: element (i, e) of a tensor has the word that dropout would compare for it (dropout.c).
 * Not here: the generator (philox.h). Twin: fastnn/random, fastnn/backends/numpy_ref/noise.py.
 */
#ifndef FASTNN_NOISE_ONCE
#define FASTNN_NOISE_ONCE
/* Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988): the
   rational functions of PPND16, relative error below 1e-15. */
static inline double normal_center(double q)
{
    double r = 0.180625 - q * q;
    double p = 2.5090809287301226727e+3, d = 5.2264952788528545610e+3;
    p = p * r + 3.3430575583588128105e+4, d = d * r + 2.8729085735721942674e+4;
    p = p * r + 6.7265770927008700853e+4, d = d * r + 3.9307895800092710610e+4;
    p = p * r + 4.5921953931549871457e+4, d = d * r + 2.1213794301586595867e+4;
    p = p * r + 1.3731693765509461125e+4, d = d * r + 5.3941960214247511077e+3;
    p = p * r + 1.9715909503065514427e+3, d = d * r + 6.8718700749205790830e+2;
    p = p * r + 1.3314166789178437745e+2, d = d * r + 4.2313330701600911252e+1;
    return q * (p * r + 3.3871328727963666080) / (d * r + 1.0);
}

/* For |q| > 0.425; as 32-bit words give no probability below 2^-33, the algorithm's far tail is never needed. */
static inline double normal_tail(double q)
{
    double r = sqrt(-log(0.5 - fabs(q))) - 1.6;
    double p = 7.74545014278341407640e-4, d = 1.05075007164441684324e-9;
    p = p * r + 2.27238449892691845833e-2, d = d * r + 5.47593808499534494600e-4;
    p = p * r + 2.41780725177450611770e-1, d = d * r + 1.51986665636164571966e-2;
    p = p * r + 1.27045825245236838258e+0, d = d * r + 1.48103976427480074590e-1;
    p = p * r + 3.64784832476320460504e+0, d = d * r + 6.89767334985100004550e-1;
    p = p * r + 5.76949722146069140550e+0, d = d * r + 1.67638483018380384940e+0;
    p = p * r + 4.63033784615654529590e+0, d = d * r + 2.05319162663775882187e+0;
    return copysign((p * r + 1.42343711074968357734) / (d * r + 1.0), q);
}
#endif

/* The 64 words of columns block … block + 63 of row i. i0, i1 = key, i2 = stream. */
INLINE void NAME(noise_words)(uint32_t *words, const int64_t *record, char *const *segments, int64_t i, int64_t block)
{
    philox(words, (uint32_t)(block / 4), (uint32_t)i, (uint32_t)control_integer(segments, CONTROL_STEP),
           (uint32_t)integer_attribute(record, 2), (uint32_t)integer_attribute(record, 0),
           (uint32_t)integer_attribute(record, 1));
}

/* y[i, e] = (word >> 8)·2^-24, uniform in [0, 1). y (n, k), overwritten. Row op. Exact. Bound by the generator. */
static void NAME(random_uniform)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    for (int64_t i = begin; i < end; i++)
        for (int64_t block = 0; block < y.cols; block += 64) {
            uint32_t words[4 * PHILOX_COUNTERS] ALIGNED;
            NAME(noise_words)(words, record, segments, i, block);
            int64_t cols = smaller(y.cols - block, 64);
            for (int64_t e = 0; e < cols; e++)
                y.data[i * y.ld + block + e] = (REAL)(words[e] >> 8) * (REAL)0x1p-24;
        }
}

/* y[i, e] = the quantile of the normal distribution at (word + 1/2)·2^-32. y (n, k), overwritten. Row op. In double,
   rounded once: levels and backends differ by what fma and log leave in the last bits of a double. The center (85 %) is
   computed for all 64 columns at once, the tails one by one. */
static void NAME(random_normal)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    for (int64_t i = begin; i < end; i++)
        for (int64_t block = 0; block < y.cols; block += 64) {
            uint32_t words[4 * PHILOX_COUNTERS] ALIGNED;
            double q[64] ALIGNED, z[64] ALIGNED;
            NAME(noise_words)(words, record, segments, i, block);
            int64_t cols = smaller(y.cols - block, 64);
            for (int64_t e = 0; e < 64; e++) {
                q[e] = ((double)words[e] + 0.5) * 0x1p-32 - 0.5;
                z[e] = normal_center(q[e]);
            }
            for (int64_t e = 0; e < cols; e++)
                y.data[i * y.ld + block + e] = (REAL)(fabs(q[e]) <= 0.425 ? z[e] : normal_tail(q[e]));
        }
}
