/*
 * The matrix product of one block, which dense.c's kernels are built from: a register tile (`tile_product`), the walk
 * over a block's row tiles (`block_product`), and the packing of panels. Included once per REAL; constants below.
 * Not here: what is multiplied and what happens to the result (dense.c).
 *
 *            b: depth x NR panel                    A register tile is MR rows x NR columns of c, held in MR·NV
 *            ┌────────┐                             registers; each step of the depth loads NV registers of b,
 *      depth │        │                             spreads one element of a per row and does MR·NV multiply-adds.
 *            └────────┘                             MR·NV + NV + 1 registers: 15 of 16 (SSE, AVX2), 29 of 32
 *   ┌──────┐ ┌────────┐                             (AVX-512, NEON). 12 or more independent sums cover the latency
 * m │  a   │ │   c    │ m ≤ MC rows, in tiles of    (4 cycles x 2 units = 8).
 *   └──────┘ └────────┘ MR or fewer
 *
 * Every element of c is ONE chain c = c + a·b over ascending depth, the same operations whichever tile, block or
 * remainder it falls in (registers stored and loaded between depth blocks lose nothing): a row's bits depend neither
 * on the number of rows nor on where blocks end.
 */
#ifndef FASTNN_PRODUCT_H
#define FASTNN_PRODUCT_H
#if defined(__AVX512F__) || defined(__aarch64__)
#define NV 4 /* 32 registers */
#else
#define NV 2 /* 16 registers */
#endif
#define MR 6
#define MC 256              /* rows of a block: how often a packed panel is used again */
#define PANEL_BYTES 16384  /* a packed panel of b: half of a 32 KiB L1 cache */
#define DW_DEPTH 128
#define INDEX_MOST 4096  /* inputs of a layer whose columns of zeros are looked for */
#define INDEX_LEAST 8192 /* multiply-adds of a block below which looking costs more than it may save */
#define AHEAD_BYTES (1 << 21) /* size of a matrix from which strips are fetched ahead: twice a common L2 */
#endif

#undef NR
#undef KC
#define NR (NV * VL)
#define KC (PANEL_BYTES / (NV * VECTOR_BYTES)) /* depth of a packed panel */

/*
 * c[r, :] = (first ? 0 : c[r, :]) + Σ_p a[r, p] · b[p, :] for r < mr and nv registers of columns, p ascending: 0, 1, ..
 * below depth, or index[0], index[1], .. where there is an index.
 * a[r, p] = a[r·a_row + p·a_step]; b has row stride b_step, c row stride NR. mr and nv are constants where it is inlined.
 */
INLINE void NAME(tile_product)(const int mr, const int nv, const int indexed, int64_t depth, const int64_t *index,
                               const REAL *a, int64_t a_row, int64_t a_step, const REAL *b, int64_t b_step, REAL *c,
                               int first)
{
    VEC sum[MR][NV];
#pragma GCC unroll 6
    for (int r = 0; r < mr; r++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++)
            sum[r][v] = first ? (VEC){0} : NAME(load)(c + r * NR + v * VL);
    for (int64_t p = 0; p < depth; p++) {
        VEC row[NV];
        const REAL *from = indexed ? b + index[p] * b_step : b, *factor = indexed ? a + index[p] * a_step : a;
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++)
            row[v] = NAME(load)(from + v * VL);
#pragma GCC unroll 6
        for (int r = 0; r < mr; r++) {
            VEC element = NAME(splat)(factor[r * a_row]);
#pragma GCC unroll 4
            for (int v = 0; v < nv; v++)
                sum[r][v] += element * row[v];
        }
        if (!indexed) {
            a += a_step;
            b += b_step;
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < mr; r++)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++)
            NAME(store)(c + r * NR + v * VL, sum[r][v]);
}

/* One function per tile height and width, so that the sums stay in registers. */
#undef TILE
#define TILE(mr, nv)                                                                                                   \
    static __attribute__((noinline)) void NAME(tile_##mr##_##nv)(int64_t depth, const int64_t *index, const REAL *a,   \
                                                                 int64_t a_row, int64_t a_step, const REAL *b,         \
                                                                 int64_t b_step, REAL *c, int first)                   \
    {                                                                                                                  \
        if (index)                                                                                                     \
            NAME(tile_product)(mr, nv, 1, depth, index, a, a_row, a_step, b, b_step, c, first);                        \
        else                                                                                                           \
            NAME(tile_product)(mr, nv, 0, depth, index, a, a_row, a_step, b, b_step, c, first);                        \
    }
#undef TILES
#define TILES(nv) TILE(1, nv) TILE(2, nv) TILE(3, nv) TILE(4, nv) TILE(5, nv) TILE(6, nv)
TILES(1)
TILES(2)
#if NV == 4
TILES(3)
TILES(4)
#endif
typedef void NAME(tile_function)(int64_t depth, const int64_t *index, const REAL *a, int64_t a_row, int64_t a_step,
                                 const REAL *b, int64_t b_step, REAL *c, int first);
#undef TILE_ROW
#define TILE_ROW(nv)                                                                                                   \
    {NAME(tile_1_##nv), NAME(tile_2_##nv), NAME(tile_3_##nv), NAME(tile_4_##nv), NAME(tile_5_##nv), NAME(tile_6_##nv)}
static NAME(tile_function) *const NAME(tiles)[NV][MR] = {
    TILE_ROW(1),
    TILE_ROW(2),
#if NV == 4
    TILE_ROW(3),
    TILE_ROW(4),
#endif
};

/* A strip of a large matrix that is packed after this block: rows x cols at `strip`, distance ld. No hardware prefetcher
   follows the jump to it; asked for while the tiles compute, it is there. rows 0: none. */
typedef struct NAME(ahead) {
    const REAL *strip;
    int64_t rows, cols, ld;
} NAME(ahead);

INLINE void NAME(fetch_ahead)(const NAME(ahead) *next, int64_t begin, int64_t end)
{
    for (int64_t row = begin; row < end; row++)
        for (int64_t j = 0; j < next->cols; j += 64 / REAL_BYTES)
            __builtin_prefetch(next->strip + row * next->ld + j, 0, 2);
}

/* c (rows x NR) = (first ? 0 : c) + a·b for any rows; the row tiles are as even as can be: 32 rows are 6+6+5+5+5+5,
   because a tile of 2 rows has too few independent sums to fill the multiply-add units. */
static void NAME(block_product)(int64_t rows, int64_t cols, int64_t depth, const int64_t *index, const REAL *a,
                                int64_t a_row, int64_t a_step, const REAL *b, int64_t b_step, REAL *c, int first,
                                const NAME(ahead) *next)
{
    NAME(tile_function) *const *tiles = NAME(tiles)[(cols + VL - 1) / VL - 1];
    int64_t number = (rows + MR - 1) / MR, least = (int64_t)((uint32_t)rows / (uint32_t)number), more = rows - least * number;
    for (int64_t t = 0, row = 0; t < number; t++) {
        int64_t height = least + (t < more);
        if (a_step == 1 && !index) /* the next tile's rows of a: strips as well */
            for (int64_t r = row + height; r < smaller(rows, row + 2 * height); r++)
                for (int64_t p = 0; p < depth; p += 64 / REAL_BYTES)
                    __builtin_prefetch(a + r * a_row + p, 0, 3);
        if (next->rows)
            NAME(fetch_ahead)(next, t * next->rows / number, (t + 1) * next->rows / number);
        tiles[height - 1](depth, index, a + row * a_row, a_row, a_step, b, b_step, c + row * NR, first);
        row += height;
    }
}

/*
 * Whether a panel of b is packed: where its last register would reach beyond the row; and where it is one cache line
 * wide (AVX2, SSE) in a matrix whose rows are a page or more apart, for more than two row tiles (784-2048-2048-10 on
 * AVX2: 110 GFLOP/s, not 79). Wider panels are read as fast where they lie, at any stride.
 */
INLINE int NAME(packs)(int64_t ld, int64_t cols, int64_t rows)
{
    return cols % VL || (NR * REAL_BYTES <= 64 && rows > 2 * MR && ld * REAL_BYTES >= 4096);
}

/* panel[p, j] = b[p, j] for cols ≤ NR columns; the last register is filled with zeros, whose sums nobody reads. */
static void NAME(pack_rows)(REAL *panel, const REAL *b, int64_t ld, int64_t depth, int64_t cols)
{
    if (cols == NR) {
        for (int64_t p = 0; p < depth; p++)
            for (int v = 0; v < NV; v++)
                NAME(store)(panel + p * NR + v * VL, NAME(load)(b + p * ld + v * VL));
        return;
    }
    for (int64_t p = 0; p < depth; p++)
        for (int64_t j = 0; j < cols; j += VL)
            NAME(store)(panel + p * NR + j, NAME(load_some)(b + p * ld + j, smaller(cols - j, VL)));
}

/* In place: lane l of v[m] ↔ lane m of v[l]. log2(VL) rounds of interleaving v[m] with v[m + VL/2]. */
INLINE void NAME(transpose)(VEC v[VL])
{
#pragma GCC unroll 4
    for (int round = 1; round < VL; round *= 2) {
        VEC mixed[VL];
#pragma GCC unroll 8
        for (int m = 0; m < VL / 2; m++) {
            VEC low = v[m], high = v[m + VL / 2];
#if VL == 2
            mixed[2 * m] = __builtin_shufflevector(low, high, 0, 2);
            mixed[2 * m + 1] = __builtin_shufflevector(low, high, 1, 3);
#elif VL == 4
            mixed[2 * m] = __builtin_shufflevector(low, high, 0, 4, 1, 5);
            mixed[2 * m + 1] = __builtin_shufflevector(low, high, 2, 6, 3, 7);
#elif VL == 8
            mixed[2 * m] = __builtin_shufflevector(low, high, 0, 8, 1, 9, 2, 10, 3, 11);
            mixed[2 * m + 1] = __builtin_shufflevector(low, high, 4, 12, 5, 13, 6, 14, 7, 15);
#else
            mixed[2 * m] =
                __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            mixed[2 * m + 1] =
                __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#endif
        }
#pragma GCC unroll 16
        for (int m = 0; m < VL; m++)
            v[m] = mixed[m];
    }
}

/* panel[p, j] = b[j, p] for cols ≤ NR rows j of b: squares of VL x VL are turned in registers, the rest is moved one
   by one. Columns up to a whole register are filled with zeros. */
static void NAME(pack_columns)(REAL *panel, const REAL *b, int64_t ld, int64_t depth, int64_t cols)
{
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t width = smaller(cols - j, VL), p = 0;
        const REAL *from = b + j * ld;
        for (; p + VL <= depth && width == VL; p += VL) {
            VEC square[VL];
#pragma GCC unroll 16
            for (int l = 0; l < VL; l++)
                square[l] = NAME(load)(from + l * ld + p);
            NAME(transpose)(square);
#pragma GCC unroll 16
            for (int l = 0; l < VL; l++)
                NAME(store)(panel + (p + l) * NR + j, square[l]);
        }
        for (; p < depth; p++) {
            REAL *to = panel + p * NR + j;
            for (int64_t l = 0; l < VL; l++)
                to[l] = l < width ? from[l * ld + p] : 0;
        }
    }
}
