/*
 * Which CPU level this module is, and what this CPU can run. Compiled into every module, meant to be asked of
 * baseline: nothing here executes an instruction beyond the level it reports on.
 */
#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

/* cpuid leaf/subleaf → eax, ebx, ecx, edx; zeros where the leaf does not exist. */
static void cpu_leaf(unsigned leaf, unsigned subleaf, unsigned words[4])
{
#if defined(_MSC_VER)
    int raw[4] = {0, 0, 0, 0};
    __cpuidex(raw, 0, 0);
    if ((unsigned)raw[0] < leaf)
        raw[0] = raw[1] = raw[2] = raw[3] = 0;
    else
        __cpuidex(raw, (int)leaf, (int)subleaf);
    for (int i = 0; i < 4; i++)
        words[i] = (unsigned)raw[i];
#else
    words[0] = words[1] = words[2] = words[3] = 0;
    __get_cpuid_count(leaf, subleaf, &words[0], &words[1], &words[2], &words[3]);
#endif
}

/* XCR0: which register states the operating system saves. Only called when cpuid says that xgetbv exists. */
static uint64_t saved_state(void)
{
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
#endif
}

int64_t cpu_supports(int64_t which)
{
    unsigned one[4], seven[4];
    if (which == 0)
        return 1;
    cpu_leaf(1, 0, one);
    cpu_leaf(7, 0, seven);
    const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12;             /* leaf 1, ecx */
    const unsigned avx2 = 1u << 5;                                                 /* leaf 7, ebx */
    const unsigned avx512 = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);     /* f, dq, bw, vl */
    if ((one[2] & (osxsave | avx | fma)) != (osxsave | avx | fma) || !(seven[1] & avx2))
        return 0;
    uint64_t saved = saved_state();
    if ((saved & 0x06) != 0x06) /* xmm and ymm */
        return 0;
    if (which == 1)
        return 1;
    return which == 2 && (seven[1] & avx512) == avx512 && (saved & 0xE6) == 0xE6; /* and opmask, zmm */
}
#else
int64_t cpu_supports(int64_t which)
{
    return which == 0; /* other architectures have one level, which their compiler's default covers (NEON) */
}
#endif

const char *level(void)
{
#if defined(__AVX512F__)
    return "avx512";
#elif defined(__AVX2__)
    return "avx2";
#else
    return "baseline";
#endif
}
