/* What the machine can do at best: multiply-adds a second, and bytes a second from each level of
   the memory. Compiled by probe.py at a CPU level's flags, called by it on one thread or several.
   Nothing of fastnn is here.

   A register is VBYTES wide. Fourteen accumulators: with two constants they fill 16 registers, and
   14 chains hide a latency of 4 at two multiply-adds a cycle (8 would do), or of 3 + 3 at two
   products and two sums a cycle where there is no fma (12 would do). */

#include <stdint.h>

#if defined(__AVX512F__)
#define VBYTES 64
#elif defined(__AVX2__)
#define VBYTES 32
#else
#define VBYTES 16
#endif

#define EXPORT __attribute__((visibility("default")))
#define CHAINS 14
/* The compiler must believe that memory was changed: no round may be left out or merged. */
#define BARRIER __asm__ volatile("" ::: "memory")

/* fma: acc = acc·m + a in 14 chains, `rounds` times. Returns what keeps the work alive.
   flops = rounds · CHAINS · lanes · 2; lanes() says how many.

   read: the sum of a buffer, `rounds` times; rounds · bytes are read. Eight chains.
   update: x = x·m + a in place; rounds · 2 · bytes are read and written. `bytes` is a multiple of
   8 · VBYTES, and the buffer is aligned to 64. */
#define DEFINE(REAL, SUFFIX)                                                                       \
    typedef REAL vec_##SUFFIX __attribute__((vector_size(VBYTES)));                                \
                                                                                                   \
    EXPORT int64_t lanes_##SUFFIX(void) { return (int64_t)(VBYTES / sizeof(REAL)); }               \
                                                                                                   \
    EXPORT double fma_##SUFFIX(int64_t rounds, double factor, double term) {                       \
        vec_##SUFFIX acc[CHAINS], m = (vec_##SUFFIX){0} + (REAL)factor;                            \
        vec_##SUFFIX a = (vec_##SUFFIX){0} + (REAL)term;                                           \
        for (int k = 0; k < CHAINS; k++)                                                           \
            acc[k] = a * (REAL)(k + 1);                                                            \
        for (int64_t r = 0; r < rounds; r++) {                                                     \
            _Pragma("GCC unroll 14") for (int k = 0; k < CHAINS; k++) acc[k] = acc[k] * m + a;     \
        }                                                                                          \
        vec_##SUFFIX sum = acc[0];                                                                 \
        for (int k = 1; k < CHAINS; k++)                                                           \
            sum += acc[k];                                                                         \
        double result = 0;                                                                         \
        for (int64_t lane = 0; lane < lanes_##SUFFIX(); lane++)                                    \
            result += (double)sum[lane];                                                           \
        return result;                                                                             \
    }

DEFINE(float, f32)
DEFINE(double, f64)

EXPORT int64_t chains(void) { return CHAINS; }

EXPORT double read_bytes(const char *data, int64_t bytes, int64_t rounds) {
    const vec_f32 *x = (const vec_f32 *)data;
    const int64_t count = bytes / VBYTES;
    vec_f32 s[8] = {{0}};
    for (int64_t r = 0; r < rounds; r++) {
        for (int64_t i = 0; i < count; i += 8) {
            _Pragma("GCC unroll 8") for (int k = 0; k < 8; k++) s[k] += x[i + k];
        }
        BARRIER;
    }
    const vec_f32 sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    return (double)sum[0];
}

EXPORT double update_bytes(char *data, int64_t bytes, int64_t rounds) {
    vec_f32 *x = (vec_f32 *)data;
    const int64_t count = bytes / VBYTES;
    const vec_f32 half = (vec_f32){0} + 0.5f;
    for (int64_t r = 0; r < rounds; r++) {
        for (int64_t i = 0; i < count; i += 8) {
            _Pragma("GCC unroll 8") for (int k = 0; k < 8; k++) x[i + k] = x[i + k] * half + half;
        }
        BARRIER;
    }
    return (double)x[0][0];
}
