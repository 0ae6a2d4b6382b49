/*
 * Kernels that only arrange: one-hot rows and copies. Twin: fastnn/backends/numpy_ref/shape.py.
 */

/* y[i, :] = 0 but 1 at labels[i]; a label outside [0, k) leaves the row 0. labels i32 (n, 1) → y (n, k), overwritten.
   Row op. Exact. */
static void NAME(one_hot)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    for (int64_t i = begin; i < end; i++) {
        int64_t label = NAME(integer_at)(record, segments, 1, i, 0);
        for (int64_t j = 0; j < y.cols; j++)
            y.data[i * y.ld + j] = j == label;
    }
}

/* y = x, with x's rows or its one column repeated where y has more. x (n, k) → y (n, k), overwritten; must not overlap
   unless equal. Row op. Exact. */
static void NAME(copy)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &x}, 2, end - begin);
    EACH_VECTOR(rows, y.cols)
        NAME(put)(y, i, j, count, NAME(fetch)(x, y.cols, i, j, count));
}
