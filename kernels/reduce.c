/*
 * Reductions: over the columns of each row, over the rows of each column, and argmax. Sums run in double in one fixed
 * order, whatever the tile. Not here: the mean of a loss (loss.c). Twin: fastnn/backends/numpy_ref/reduce.py.
 */
#ifndef FASTNN_REDUCE_CODES
#define FASTNN_REDUCE_CODES
enum reduce_code { REDUCE_SUM, REDUCE_MEAN, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD };
#endif

/* out[j] = scale·Σ_i x[i, j] for nv registers of columns of which the last has `count`: rows ascending, in double, the
   sums in registers. */
INLINE void NAME(register_sums)(const int nv, int64_t count, REAL *out, const REAL *x, int64_t ld, int64_t rows, double scale)
{
    DOUBLES sums[4][REAL_PARTS] = {0};
    for (int64_t i = 0; i < rows; i++, x += ld)
#pragma GCC unroll 4
        for (int v = 0; v < nv; v++) {
            VEC values = v == nv - 1 ? NAME(load_some)(x + v * VL, count) : NAME(load)(x + v * VL);
            NAME(add_doubles)(sums[v], values);
        }
#pragma GCC unroll 4
    for (int v = 0; v < nv; v++)
        NAME(store_some)(out + v * VL, v == nv - 1 ? count : VL, NAME(from_doubles)(sums[v], scale));
}

/* out[j − begin] = scale·Σ_i x[i, j] for begin ≤ j < end, rows ascending, in double: four registers of columns at a time,
   rows inside, so that x is read along its rows. */
static void NAME(column_sums)(REAL *out, VIEW x, int64_t rows, int64_t begin, int64_t end, double scale)
{
    for (int64_t j = begin; j < end;) {
        const REAL *from = x.data + j;
        if (end - j >= 4 * VL) {
            NAME(register_sums)(4, VL, out + j - begin, from, x.ld, rows, scale);
            j += 4 * VL;
        } else {
            NAME(register_sums)(1, smaller(end - j, VL), out + j - begin, from, x.ld, rows, scale);
            j += VL;
        }
    }
}

/* Σ of one row in double: column j goes to sum j mod 8 (eight chains hide the latency of the additions), then the
   eight are added in order. */
static double NAME(row_sum)(const REAL *x, int64_t cols)
{
    double sums[8] = {0}, total = 0.0;
    int64_t j = 0;
    for (; j + 8 <= cols; j += 8)
        for (int s = 0; s < 8; s++)
            sums[s] += (double)x[j + s];
    for (; j < cols; j++)
        sums[j % 8] += (double)x[j];
    for (int s = 0; s < 8; s++)
        total += sums[s];
    return total;
}

static double NAME(row_product)(const REAL *x, int64_t cols)
{
    double total = 1.0;
    for (int64_t j = 0; j < cols; j++)
        total *= (double)x[j];
    return total;
}

/* y[i] = sum, mean, max, min or product (i0) of row i. x (n, k) → y (n, 1), overwritten; y may be x's first column only if k is
   1. Row op. max and min give NaN if the row holds one. Memory bound. Sums round once, from double. */
static void NAME(reduce_columns)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int64_t function = integer_attribute(record, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = x.data + i * x.ld;
        REAL *to = y.data + i * y.ld, best = row[0];
        switch (function) {
        case REDUCE_SUM: *to = (REAL)NAME(row_sum)(row, x.cols); break;
        case REDUCE_MEAN: *to = (REAL)(NAME(row_sum)(row, x.cols) / (double)x.cols); break;
        case REDUCE_PROD: *to = (REAL)NAME(row_product)(row, x.cols); break;
        case REDUCE_MAX: *to = NAME(row_maximum)(row, x.cols); break;
        default:
            for (int64_t j = 1; j < x.cols; j++)
                best = (row[j] < best || row[j] != row[j]) ? row[j] : best;
            *to = best;
        }
    }
}

/* y[i] = the first column with the largest value of row i; the first NaN counts as the largest (as NumPy).
   x (n, k) → y i32 (n, 1), overwritten. Row op. */
static void NAME(argmax_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = x.data + i * x.ld;
        int64_t best = 0;
        for (int64_t j = 1; j < x.cols && row[best] == row[best]; j++)
            if (row[j] > row[best] || row[j] != row[j])
                best = j;
        ((int32_t *)(void *)operand_data(record, segments, 0))[i * operand_ld(record, 0)] = (int32_t)best;
    }
}

/* out[j − begin] = the largest (or smallest) x[i, j] for begin ≤ j < end; NaN if the column holds one. */
static void NAME(column_extremes)(REAL *out, VIEW x, int64_t rows, int64_t begin, int64_t end, int largest)
{
    for (int64_t j = begin, count; j < end; j += VL) {
        count = smaller(end - j, VL);
        VEC best = NAME(load_some)(x.data + j, count);
        for (int64_t i = 1; i < rows; i++) {
            VEC v = NAME(load_some)(x.data + i * x.ld + j, count);
            best = largest ? NAME(vec_maximum)(best, v) : NAME(vec_minimum)(best, v);
        }
        NAME(store_some)(out + j - begin, count, best);
    }
}

/* out[j − begin] = Π_i x[i, j] for begin ≤ j < end, in double. */
static void NAME(column_products)(REAL *out, VIEW x, int64_t rows, int64_t begin, int64_t end)
{
    for (int64_t j = begin; j < end; j++) {
        double total = 1.0;
        for (int64_t i = 0; i < rows; i++)
            total *= (double)x.data[i * x.ld + j];
        out[j - begin] = (REAL)total;
    }
}

/* y[j] = Σ_i x[i, j], the mean, the largest, the smallest or the product (i0), all rows ascending. x (n, k) → y (1, k), overwritten;
   must not overlap. Tile op over the columns. Memory bound. Summed in double, rounded once. */
static void NAME(reduce_rows)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int64_t rows = operand_rows(record, segments, 1), function = integer_attribute(record, 0);
    if (function == REDUCE_MAX || function == REDUCE_MIN) {
        NAME(column_extremes)(y.data + begin, x, rows, begin, end, function == REDUCE_MAX);
        return;
    }
    if (function == REDUCE_PROD) {
        NAME(column_products)(y.data + begin, x, rows, begin, end);
        return;
    }
    double scale = function == REDUCE_MEAN ? 1.0 / (double)rows : 1.0;
    NAME(column_sums)(y.data + begin, x, rows, begin, end, scale);
}

/* y[j] = the first row with the largest value of column j; the first NaN counts as the largest. x (n, k) → y i32 (1, k),
   overwritten. Tile op over the columns. */
static void NAME(argmax_rows_i32)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0);
    int32_t *y = (int32_t *)(void *)operand_data(record, segments, 0);
    int64_t rows = operand_rows(record, segments, 1);
    for (int64_t j = begin; j < end; j++) {
        int64_t best = 0;
        REAL largest = x.data[j];
        for (int64_t i = 1; i < rows && largest == largest; i++) {
            REAL value = x.data[i * x.ld + j];
            if (value > largest || value != value) {
                best = i;
                largest = value;
            }
        }
        y[j] = (int32_t)best;
    }
}

/* y[i, :] = x / rows of the whole y. x (1, k) → y (n, k), overwritten; must not overlap. Row op. Rounds once. */
static void NAME(spread_mean)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, 0);
    VEC rows = NAME(splat)((REAL)operand_rows(record, segments, 0));
    EACH_VECTOR(end - begin, y.cols)
        NAME(put)(y, i, j, count, NAME(load_some)(x.data + j, count) / rows);
}

/* y[i, j] = Σ_{l ≤ j} x[i, l], or with i0 of l ≥ j. x (n, k) → y (n, k), overwritten; may be x itself. Row op. Summed in
   double, each rounded once. */
static void NAME(cumsum)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int64_t step = integer_attribute(record, 0) ? -1 : 1, first = step < 0 ? x.cols - 1 : 0;
    for (int64_t i = begin; i < end; i++) {
        const REAL *from = x.data + i * x.ld + first;
        REAL *to = y.data + i * y.ld + first;
        double total = 0.0;
        for (int64_t j = 0; j < x.cols; j++) {
            total += (double)from[j * step];
            to[j * step] = (REAL)total;
        }
    }
}
