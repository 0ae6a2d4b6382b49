/*
 * Picking elements by indices, and the indices of the largest. Indices are the user's data: one out of range is
 * reported and touches no memory. Not here: one-hot rows (shape.c). Twin: fastnn/backends/numpy_ref/pick.py.
 */
#ifndef FASTNN_PICK_ONCE
#define FASTNN_PICK_ONCE
/* Index j of row i of operand o, counted from the start of k pieces; −1, reported, if it is outside of [−k, k). The row
   that is named is that of the sample in the array that binding i2 lends, or in the batch where indices are computed. */
static int64_t index_at(const int64_t *record, char *const *segments, int64_t o, int64_t i, int64_t j, int64_t k)
{
    const int32_t *data = (const int32_t *)(void *)operand_data(record, segments, o);
    int64_t index = data[i * operand_ld(record, o) + j], number = integer_attribute(record, 2);
    if (index >= 0 ? index < k : index >= -k)
        return index >= 0 ? index : index + k;
    int64_t per_sample = operand_of(record, o)[OPERAND_ROWS_B], sample = per_sample ? i / per_sample : 0;
    int64_t row = control_integer(segments, CONTROL_OFFSET) + sample;
    if (number >= 0)
        row = source_row((const int64_t *)(const void *)segments[SEGMENT_BINDINGS] + BINDING_WORDS * number, segments, sample);
    report(segments, STATUS_INDEX_RANGE, sample, row, number, (double)index);
    return -1;
}
#endif

/* y[i, j] = x[i, index[i, j]] for pieces of i0 elements; 0 where an index is out of range, so that what follows in this
   stage reads numbers. i1: x is a table (k, i0), else (n, k·i0); index i32 (n or 1, m) → y (n, m·i0), overwritten.
   Row op. Exact. */
static void NAME(take)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int64_t inner = integer_attribute(record, 0), table = integer_attribute(record, 1), m = operand_cols(record, 2);
    int64_t k = table ? operand_rows(record, segments, 1) : x.cols / inner;
    for (int64_t i = begin; i < end; i++) {
        const REAL *from = x.data + (table ? 0 : i * x.ld);
        for (int64_t j = 0; j < m; j++) {
            int64_t index = index_at(record, segments, 2, i, j, k);
            REAL *to = y.data + i * y.ld + j * inner;
            if (index < 0)
                memset(to, 0, (size_t)inner * REAL_BYTES);
            else
                memcpy(to, from + index * inner, (size_t)inner * REAL_BYTES);
        }
    }
}

#if REAL_BITS == 32
/* The same for int32, which is moved as the float of its bits. */
static void take_i32(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    take_f32(record, segments, begin, end);
}
#endif

/* to[c] += from[c] */
INLINE void NAME(add_piece)(REAL *to, const REAL *from, int64_t count)
{
    for (int64_t c = 0; c < count; c++)
        to[c] += from[c];
}

/* dx[i, :] = 0, then dx[i, index[i, j]] += dy[i, j] for ascending j, pieces of i0 elements. dy (n, m·i0), index i32
   (n or 1, m) → dx (n, k·i0), overwritten. Row op. Sums in REAL. */
static void NAME(take_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dx = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    int64_t inner = integer_attribute(record, 0), m = operand_cols(record, 2);
    for (int64_t i = begin; i < end; i++) {
        REAL *to = dx.data + i * dx.ld;
        memset(to, 0, (size_t)dx.cols * REAL_BYTES);
        for (int64_t j = 0; j < m; j++) {
            int64_t index = index_at(record, segments, 2, i, j, dx.cols / inner);
            if (index >= 0)
                NAME(add_piece)(to + index * inner, dy.data + i * dy.ld + j * inner, inner);
        }
    }
}

/* dw[begin .. end] = 0, then dw[index[i, j]] += dy[i, j] for ascending i and j where the index is in that range.
   dy (n, m·i0), index i32 (n or 1, m) → dw (k, i0), overwritten. Tile op over the rows of dw: every tile looks at all
   indices, so that no two tiles write one row and the order of each sum is that of the batch. Sums in REAL. */
static void NAME(take_dw)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dw = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    int64_t inner = integer_attribute(record, 0), m = operand_cols(record, 2);
    int64_t rows = operand_rows(record, segments, 1), k = operand_rows(record, segments, 0);
    int shared = operand_rows(record, segments, 2) == 1; /* one row of indices for all */
    memset(dw.data + begin * inner, 0, (size_t)((end - begin) * inner) * REAL_BYTES);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < m; j++) {
            int64_t index = index_at(record, segments, 2, shared ? 0 : i, j, k);
            if (index >= begin && index < end)
                NAME(add_piece)(dw.data + index * inner, dy.data + i * dy.ld + j * inner, inner);
        }
}

/* y[i, :] = the columns of the largest elements of row i, largest first, the first of equals first; NaN is larger than
   all others. x (n, m) → y i32 (n, k), overwritten. Row op. By insertion into the k found so far: m·k steps at worst. */
static void NAME(top_k_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0);
    int64_t k = operand_cols(record, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = x.data + i * x.ld;
        int32_t *best = (int32_t *)(void *)operand_data(record, segments, 0) + i * operand_ld(record, 0);
        for (int64_t j = 0; j < x.cols; j++) {
            int64_t place = smaller(j, k);
            for (; place > 0; place--) {
                REAL other = row[best[place - 1]];
                if (!(row[j] > other || (row[j] != row[j] && other == other)))
                    break;
                if (place < k)
                    best[place] = best[place - 1];
            }
            if (place < k)
                best[place] = (int32_t)j;
        }
    }
}
