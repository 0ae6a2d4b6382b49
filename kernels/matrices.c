/*
 * Products of matrices that belong to one sample. Not here: products with a layer's weights (dense.c).
 * Twin: fastnn/backends/numpy_ref/matrices.py.
 */

/* y = Σ_k a[·, k]·b[k, ·] for `rows` (1 .. 4) rows of a and a register of columns, k ascending. */
INLINE void NAME(matmul_strip)(const int rows, REAL *y, int64_t ld, const REAL *a, int64_t row, int64_t step, const REAL *b,
                               int64_t depth, int64_t columns, int64_t count)
{
    VEC sum[4] = {{0}};
    for (int64_t k = 0; k < depth; k++) {
        VEC v = NAME(load_some)(b + k * columns, count);
#pragma GCC unroll 4
        for (int l = 0; l < rows; l++)
            sum[l] = NAME(multiply_add)(NAME(splat)(a[l * row + k * step]), v, sum[l]);
    }
    for (int l = 0; l < rows; l++)
        NAME(store_some)(y + l * ld, count, sum[l]);
}

/* y[i] = a[i] @ b[i] with i0 = p, i1 = q, i2 = r: a (n or 1, p·q), or stored transposed (i3) as (q, p), b (n or 1, q·r)
   → y (n, p·r), overwritten; must not overlap. Row op. Four rows of a share each register of b; 2·p·q·r flops a row.
   One chain of multiply-adds in REAL per element. */
static void NAME(matmul)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), a = NAME(view_of)(record, segments, 1, 0);
    VIEW b = NAME(view_of)(record, segments, 2, 0);
    int64_t p = integer_attribute(record, 0), q = integer_attribute(record, 1), r = integer_attribute(record, 2);
    int transposed = integer_attribute(record, 3) != 0;
    int64_t row = transposed ? 1 : q, step = transposed ? p : 1;
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < r; j += VL) {
            int64_t count = smaller(r - j, VL), m = 0;
            const REAL *left = a.data + i * a.ld, *right = b.data + i * b.ld + j;
            REAL *to = y.data + i * y.ld + j;
            for (; m + 4 <= p; m += 4)
                NAME(matmul_strip)(4, to + m * r, r, left + m * row, row, step, right, q, r, count);
            for (; m < p; m++)
                NAME(matmul_strip)(1, to + m * r, r, left + m * row, row, step, right, q, r, count);
        }
}
