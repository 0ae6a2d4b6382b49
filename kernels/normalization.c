/*
 * Normalisation of each row (layer, RMS and group normalisation) and of each column over the batch, with gradients. A
 * row is read two or three times while it lies in L1. Sums along a row run in REAL, four registers side by side; sums
 * down the columns in double, rows ascending.
 * Not here: the moving statistics (composed of other kernels). Twin: fastnn/backends/numpy_ref/normalization.py.
 */
#ifndef FASTNN_NORM_ONCE
#define FASTNN_NORM_ONCE
enum { NORM_STRIP = 64, NORM_CHUNK = 256 }; /* columns summed together; columns whose factors are kept on the stack */
#endif

/* Σ_j x_j, of cols elements. Four chains hide the latency of the additions. */
INLINE REAL NAME(norm_sum)(const REAL *x, int64_t cols)
{
    VEC sum[4] = {{0}};
    int64_t j = 0;
    for (; j + 4 * VL <= cols; j += 4 * VL)
        for (int u = 0; u < 4; u++)
            sum[u] += NAME(load)(x + j + u * VL);
    for (int u = 0; j < cols; j += VL, u++)
        sum[u] += NAME(load_some)(x + j, smaller(cols - j, VL));
    return NAME(lane_sum)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* Σ_j (x_j − shift)². */
INLINE REAL NAME(norm_squares)(const REAL *x, int64_t cols, REAL shift)
{
    VEC sum[4] = {{0}}, shifts = NAME(splat)(shift);
    int64_t j = 0;
    for (; j + 4 * VL <= cols; j += 4 * VL)
        for (int u = 0; u < 4; u++) {
            VEC d = NAME(load)(x + j + u * VL) - shifts;
            sum[u] = NAME(multiply_add)(d, d, sum[u]);
        }
    for (int u = 0; j < cols; j += VL, u++) {
        int64_t count = smaller(cols - j, VL);
        VEC d = NAME(select)(NAME(lanes_below)(count), NAME(load_some)(x + j, count) - shifts, (VEC){0});
        sum[u] = NAME(multiply_add)(d, d, sum[u]);
    }
    return NAME(lane_sum)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* mean = Σx/cols (0 if not centered) and inverse = 1/√(Σ(x − mean)²/cols + epsilon) of a row. */
INLINE void NAME(row_statistics)(const REAL *x, int64_t cols, int centered, double epsilon, REAL *mean, REAL *inverse)
{
    *mean = centered ? NAME(norm_sum)(x, cols) / (REAL)cols : 0;
    *inverse = 1 / REAL_MATH(sqrt)(NAME(norm_squares)(x, cols, *mean) / (REAL)cols + (REAL)epsilon);
}

/* y[i] = (mean, 1/√(variance + a0)) of row i; i0 = centered, else mean 0 and the mean square as variance. x (n, k) →
   y (n, 2), overwritten. Row op. Memory bound. */
static void NAME(row_moments)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int centered = integer_attribute(record, 0) != 0;
    double epsilon = float_attribute(record, segments, 0);
    for (int64_t i = begin; i < end; i++) {
        REAL *to = y.data + i * y.ld;
        NAME(row_statistics)(x.data + i * x.ld, x.cols, centered, epsilon, to, to + 1);
    }
}

/* One row of layer_norm_forward; gamma and beta are NULL where there is none. */
INLINE void NAME(normalize_row)(REAL *y, const REAL *x, int64_t cols, REAL mean, REAL inverse, const REAL *gamma,
                                const REAL *beta)
{
    VEC shift = NAME(splat)(mean), factor = NAME(splat)(inverse);
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        VEC v = (NAME(load_some)(x + j, count) - shift) * factor;
        if (gamma && beta)
            v = NAME(multiply_add)(v, NAME(load_some)(gamma + j, count), NAME(load_some)(beta + j, count));
        else if (gamma)
            v = v * NAME(load_some)(gamma + j, count);
        else if (beta)
            v = v + NAME(load_some)(beta + j, count);
        NAME(store_some)(y + j, count, v);
    }
}

/* y = (x − mean)·gamma/√(variance + a0) + beta, mean and variance of each row (i0 = centered; else mean 0 and the mean
   square). x (n, k), gamma (k) if i1, beta (k) if i2 → y (n, k), overwritten; may be x itself. Row op. Three passes over
   a row in L1. About 4 ulp of the terms. */
static void NAME(layer_norm_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int centered = integer_attribute(record, 0) != 0, scaled = integer_attribute(record, 1) != 0;
    const REAL *gamma = scaled ? NAME(view_of)(record, segments, 2, 0).data : NULL;
    const REAL *beta = integer_attribute(record, 2) ? NAME(view_of)(record, segments, 2 + scaled, 0).data : NULL;
    double epsilon = float_attribute(record, segments, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *from = x.data + i * x.ld;
        REAL *to = y.data + i * y.ld, mean, inverse;
        NAME(row_statistics)(from, x.cols, centered, epsilon, &mean, &inverse);
        if (gamma && beta)
            NAME(normalize_row)(to, from, x.cols, mean, inverse, gamma, beta);
        else if (gamma)
            NAME(normalize_row)(to, from, x.cols, mean, inverse, gamma, NULL);
        else
            NAME(normalize_row)(to, from, x.cols, mean, inverse, NULL, beta);
    }
}

/* One row of layer_norm_backward: g = dy·gamma, h = (x − mean)·inverse, dx = inverse·(g − Σg/k − h·Σ(g·h)/k). */
INLINE void NAME(normalize_row_backward)(REAL *dx, const REAL *dy, const REAL *x, const REAL *gamma, int64_t cols,
                                         int centered, REAL mean, REAL inverse)
{
    VEC shift = NAME(splat)(mean), factor = NAME(splat)(inverse), sum[2] = {{0}}, dot[2] = {{0}};
    for (int64_t j = 0, u = 0; j < cols; j += VL, u ^= 1) {
        int64_t count = smaller(cols - j, VL);
        VEC g = NAME(load_some)(dy + j, count), h = (NAME(load_some)(x + j, count) - shift) * factor;
        g = gamma ? g * NAME(load_some)(gamma + j, count) : g;
        sum[u] += g;
        dot[u] = NAME(multiply_add)(g, NAME(select)(NAME(lanes_below)(count), h, (VEC){0}), dot[u]);
    }
    VEC mean_g = NAME(splat)(centered ? NAME(lane_sum)(sum[0] + sum[1]) / (REAL)cols : 0);
    VEC mean_gh = NAME(splat)(NAME(lane_sum)(dot[0] + dot[1]) / (REAL)cols);
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        VEC g = NAME(load_some)(dy + j, count), h = (NAME(load_some)(x + j, count) - shift) * factor;
        g = gamma ? g * NAME(load_some)(gamma + j, count) : g;
        NAME(store_some)(dx + j, count, (NAME(multiply_add)(-h, mean_gh, g) - mean_g) * factor);
    }
}

/* dx of layer_norm_forward. dy, x (n, k), moments (n, 2), gamma (k) if i1 → dx (n, k), overwritten; may be dy. i0 =
   centered. Row op. Two passes over two rows in L1. */
static void NAME(layer_norm_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dx = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    VIEW x = NAME(view_of)(record, segments, 2, 0), moments = NAME(view_of)(record, segments, 3, 0);
    int centered = integer_attribute(record, 0) != 0;
    const REAL *gamma = integer_attribute(record, 1) ? NAME(view_of)(record, segments, 4, 0).data : NULL;
    for (int64_t i = begin; i < end; i++) {
        const REAL *given = moments.data + i * moments.ld, *row = x.data + i * x.ld, *from = dy.data + i * dy.ld;
        REAL *to = dx.data + i * dx.ld;
        if (gamma)
            NAME(normalize_row_backward)(to, from, row, gamma, x.cols, centered, given[0], given[1]);
        else
            NAME(normalize_row_backward)(to, from, row, NULL, x.cols, centered, given[0], given[1]);
    }
}

/* dgamma[j] = Σ_i dy[i, j]·(x[i, j] − mean_i)·inverse_i. dy, x (n, k), moments (n, 2) → dgamma (1, k), overwritten.
   Tile op over the columns; terms in REAL, summed in double, rows ascending. Memory bound. */
static void NAME(layer_norm_dgamma)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW out = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    VIEW x = NAME(view_of)(record, segments, 2, 0), moments = NAME(view_of)(record, segments, 3, 0);
    int64_t rows = operand_rows(record, segments, 2);
    for (int64_t j = begin; j < end; j += NORM_STRIP) {
        double sums[NORM_STRIP] ALIGNED = {0};
        int64_t cols = smaller(end - j, NORM_STRIP);
        for (int64_t i = 0; i < rows; i++) {
            const REAL *g = dy.data + i * dy.ld + j, *row = x.data + i * x.ld + j;
            REAL mean = moments.data[i * moments.ld], inverse = moments.data[i * moments.ld + 1];
            for (int64_t c = 0; c < cols; c++)
                sums[c] += (double)(g[c] * ((row[c] - mean) * inverse));
        }
        for (int64_t c = 0; c < cols; c++)
            out.data[j + c] = (REAL)sums[c];
    }
}

/* y[j] = Σ_i (x[i, j] − mean_j)²/n, the mean in double. x (n, k) → y (1, k), overwritten. Tile op over the columns; two
   passes, rows ascending, in double. Memory bound. */
static void NAME(batch_variance)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    int64_t rows = operand_rows(record, segments, 1);
    for (int64_t j = begin; j < end; j += NORM_STRIP) {
        double means[NORM_STRIP] ALIGNED = {0}, sums[NORM_STRIP] ALIGNED = {0};
        int64_t cols = smaller(end - j, NORM_STRIP);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t c = 0; c < cols; c++)
                means[c] += (double)x.data[i * x.ld + j + c];
        for (int64_t c = 0; c < cols; c++)
            means[c] /= (double)rows;
        for (int64_t i = 0; i < rows; i++)
            for (int64_t c = 0; c < cols; c++) {
                double d = (double)x.data[i * x.ld + j + c] - means[c];
                sums[c] += d * d;
            }
        for (int64_t c = 0; c < cols; c++)
            y.data[j + c] = (REAL)(sums[c] / (double)rows);
    }
}

/* factor_c = gamma_c/√(variance_c + epsilon) of count columns; without gamma 1/√(variance_c + epsilon). */
INLINE void NAME(column_factors)(REAL *factor, const REAL *variance, const REAL *gamma, int64_t count, double epsilon)
{
    for (int64_t c = 0; c < count; c++)
        factor[c] = (gamma ? gamma[c] : 1) / REAL_MATH(sqrt)(variance[c] + (REAL)epsilon);
}

/* y = (x − mean)·gamma/√(variance + a0) + beta, column by column. x (n, k), mean, variance (k), gamma (k) if i0, beta
   (k) if i1 → y (n, k), overwritten; may be x itself. Row op; the factors of 256 columns are computed once per block of
   rows. Memory bound. Four roundings. */
static void NAME(batch_norm_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    const REAL *mean = NAME(view_of)(record, segments, 2, 0).data, *variance = NAME(view_of)(record, segments, 3, 0).data;
    int scaled = integer_attribute(record, 0) != 0;
    const REAL *gamma = scaled ? NAME(view_of)(record, segments, 4, 0).data : NULL;
    const REAL *beta = integer_attribute(record, 1) ? NAME(view_of)(record, segments, 4 + scaled, 0).data : NULL;
    double epsilon = float_attribute(record, segments, 0);
    for (int64_t first = 0; first < x.cols; first += NORM_CHUNK) {
        REAL factor[NORM_CHUNK] ALIGNED;
        int64_t cols = smaller(x.cols - first, NORM_CHUNK);
        NAME(column_factors)(factor, variance + first, gamma ? gamma + first : NULL, cols, epsilon);
        for (int64_t i = begin; i < end; i++)
            for (int64_t j = 0; j < cols; j += VL) {
                int64_t count = smaller(cols - j, VL), at = first + j;
                VEC d = NAME(load_some)(x.data + i * x.ld + at, count) - NAME(load_some)(mean + at, count);
                VEC shift = beta ? NAME(load_some)(beta + at, count) : (VEC){0};
                NAME(put)(y, i, at, count, NAME(multiply_add)(d, NAME(load_some)(factor + j, count), shift));
            }
    }
}

/* dx of batch_norm_forward with the batch's own mean and variance: h = (x − mean)/√(variance + a0),
   dx = gamma/√(variance + a0)·(dy − dbeta/n − h·dgamma/n). dy, x (n, k), mean, variance, dgamma, dbeta (k), gamma (k) if
   i0 → dx (n, k), overwritten; may be dy. n: all rows of the batch. Row op. Memory bound. */
static void NAME(batch_norm_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dx = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    VIEW x = NAME(view_of)(record, segments, 2, 0);
    const REAL *mean = NAME(view_of)(record, segments, 3, 0).data, *variance = NAME(view_of)(record, segments, 4, 0).data;
    const REAL *dgamma = NAME(view_of)(record, segments, 5, 0).data, *dbeta = NAME(view_of)(record, segments, 6, 0).data;
    const REAL *gamma = integer_attribute(record, 0) ? NAME(view_of)(record, segments, 7, 0).data : NULL;
    double epsilon = float_attribute(record, segments, 0);
    REAL share = (REAL)(1.0 / (double)operand_rows(record, segments, 2));
    for (int64_t first = 0; first < x.cols; first += NORM_CHUNK) {
        REAL factor[NORM_CHUNK] ALIGNED, slope[NORM_CHUNK] ALIGNED;
        int64_t cols = smaller(x.cols - first, NORM_CHUNK);
        NAME(column_factors)(factor, variance + first, gamma ? gamma + first : NULL, cols, epsilon);
        NAME(column_factors)(slope, variance + first, dgamma + first, cols, epsilon);
        for (int64_t i = begin; i < end; i++)
            for (int64_t j = 0; j < cols; j += VL) {
                int64_t count = smaller(cols - j, VL), at = first + j;
                VEC d = NAME(load_some)(x.data + i * x.ld + at, count) - NAME(load_some)(mean + at, count);
                VEC both = NAME(multiply_add)(d, NAME(load_some)(slope + j, count), NAME(load_some)(dbeta + at, count));
                VEC g = NAME(load_some)(dy.data + i * dy.ld + at, count);
                g = NAME(multiply_add)(-both, NAME(splat)(share), g) * NAME(load_some)(factor + j, count);
                NAME(put)(dx, i, at, count, g);
            }
    }
}

/* dgamma[j] = Σ_i dy[i, j]·(x[i, j] − mean_j)/√(variance_j + a0). dy, x (n, k), mean, variance (k) → dgamma (1, k),
   overwritten. Tile op over the columns; terms in REAL, summed in double, rows ascending. Memory bound. */
static void NAME(batch_norm_dgamma)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW out = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    VIEW x = NAME(view_of)(record, segments, 2, 0);
    const REAL *mean = NAME(view_of)(record, segments, 3, 0).data, *variance = NAME(view_of)(record, segments, 4, 0).data;
    double epsilon = float_attribute(record, segments, 0);
    int64_t rows = operand_rows(record, segments, 2);
    for (int64_t j = begin; j < end; j += NORM_STRIP) {
        double sums[NORM_STRIP] ALIGNED = {0};
        int64_t cols = smaller(end - j, NORM_STRIP);
        for (int64_t i = 0; i < rows; i++) {
            const REAL *g = dy.data + i * dy.ld + j, *row = x.data + i * x.ld + j;
            for (int64_t c = 0; c < cols; c++)
                sums[c] += (double)(g[c] * (row[c] - mean[j + c]));
        }
        for (int64_t c = 0; c < cols; c++)
            out.data[j + c] = (REAL)(sums[c] / sqrt((double)variance[j + c] + epsilon));
    }
}
