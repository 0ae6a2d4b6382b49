/*
 * The type a chapter is compiled for. all.c includes the chapters twice, with REAL_BITS 32 and 64; after this header
 * REAL is float or double, NAME(x) is x_f32 or x_f64, VEC a register of VL of them, VIEW a 2-D operand.
 * Not here: anything that does not depend on the type (record.h).
 */
#undef REAL
#undef REAL_BYTES
#undef REAL_INT
#undef REAL_UINT
#undef REAL_MATH
#undef REAL_DTYPE
#undef NAME
#undef VL
#if REAL_BITS == 32
#define REAL float
#define REAL_BYTES 4
#define REAL_INT int32_t
#define REAL_UINT uint32_t
#define REAL_MATH(function) function##f
#define REAL_DTYPE DTYPE_F32
#define NAME(base) base##_f32
#else
#define REAL double
#define REAL_BYTES 8
#define REAL_INT int64_t
#define REAL_UINT uint64_t
#define REAL_MATH(function) function
#define REAL_DTYPE DTYPE_F64
#define NAME(base) base##_f64
#endif
#define VL (VECTOR_BYTES / REAL_BYTES)

#ifndef VECTOR_BYTES
#include <float.h>
#include <math.h>
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16 /* SSE2 and NEON */
#endif
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#define INLINE static inline __attribute__((always_inline))
#define ALIGNED __attribute__((aligned(64)))
#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define VIEW NAME(view)
#define GRID NAME(grid)
#endif

#include "vec.h"

/* A 2-D operand: element (i, j) is data[i * ld + j]; ld 0 repeats one row, cols 1 one column (see `fetch`). */
typedef struct NAME(view) {
    REAL *data;
    int64_t cols, ld;
} NAME(view);

/* Operand o with row `begin` as its row 0 (begin = 0: the whole operand). */
INLINE VIEW NAME(view_of)(const int64_t *record, char *const *segments, int64_t o, int64_t begin)
{
    VIEW view = {(REAL *)(void *)operand_data(record, segments, o), operand_cols(record, o), operand_ld(record, o)};
    view.data += begin * view.ld;
    return view;
}

INLINE VIEW NAME(rows_from)(VIEW view, int64_t begin)
{
    view.data += begin * view.ld;
    return view;
}

/* count lanes of x at (i, j) for an output of `cols` columns: x with one column is repeated over them. */
INLINE VEC NAME(fetch)(VIEW x, int64_t cols, int64_t i, int64_t j, int64_t count)
{
    const REAL *row = x.data + i * x.ld;
    return x.cols < cols ? NAME(splat)(row[0]) : NAME(load_some)(row + j, count);
}
INLINE void NAME(put)(VIEW y, int64_t i, int64_t j, int64_t count, VEC v)
{
    NAME(store_some)(y.data + i * y.ld + j, count, v);
}

/* The loop of an elementwise kernel over rows x cols, a register at a time; the same code computes full and partial
   registers, so an element's bits do not depend on where it lies. Binds i, j and count. */
#undef EACH_VECTOR
#define EACH_VECTOR(rows, cols)                                                                                        \
    for (int64_t i = 0; i < (rows); i++)                                                                               \
        for (int64_t j = 0, count = smaller((cols), VL); j < (cols); j += VL, count = smaller((cols) - j, VL))

/* Joins the rows of views without gaps into one long row, so that short rows fill the registers. `all` of them must
   be as wide as y and dense. Returns the number of rows left. */
INLINE int64_t NAME(join_rows)(VIEW *const *views, int number, int64_t rows)
{
    int64_t cols = views[0]->cols;
    for (int v = 0; v < number; v++)
        if (views[v]->ld != cols || views[v]->cols != cols)
            return rows;
    for (int v = 0; v < number; v++)
        views[v]->cols = views[v]->ld = rows * cols;
    return 1;
}
