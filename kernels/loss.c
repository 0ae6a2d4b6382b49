/*
 * Losses from logits with their gradients, per sample, and the mean over the batch. Finite for logits up to ±1e4:
 * everything is expressed in z − max z. Not here: losses that are compositions of elementwise ops (mean squared error).
 * Twin: fastnn/backends/numpy_ref/loss.py.
 */

/* l[i] = log Σ_j e^(z_ij) − z[i, label_i], as log Σ e^(z − max) + (max − z[label]), which keeps the digits of a small
   loss of large logits. z (n, k), labels i32 (n, 1) → l (n, 1), overwritten; NaN for a label outside [0, k).
   Row op. */
static void NAME(sparse_softmax_crossentropy_forward)(const int64_t *record, char *const *segments, int64_t begin,
                                                      int64_t end)
{
    VIEW l = NAME(view_of)(record, segments, 0, 0), z = NAME(view_of)(record, segments, 1, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = z.data + i * z.ld;
        REAL shift = NAME(row_maximum)(row, z.cols), sum = NAME(row_exp_sum)(NULL, row, z.cols, shift);
        int64_t label = NAME(integer_at)(record, segments, 2, i, 0);
        REAL chosen = label >= 0 && label < z.cols ? row[label] : (REAL)NAN;
        l.data[i * l.ld] = REAL_MATH(log)(sum) + (shift - chosen);
    }
}

/* dz[i, :] = dl[i]·(softmax(z[i, :]) − onehot(label_i)). dl (n, 1), z (n, k), labels i32 (n, 1) → dz (n, k),
   overwritten; may be z itself. Row op. The exponentials are written to dz first and scaled there. */
static void NAME(sparse_softmax_crossentropy_backward)(const int64_t *record, char *const *segments, int64_t begin,
                                                       int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, 0), dl = NAME(view_of)(record, segments, 1, 0);
    VIEW z = NAME(view_of)(record, segments, 2, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = z.data + i * z.ld;
        REAL *to = dz.data + i * dz.ld, gradient = dl.data[i * dl.ld];
        int64_t label = NAME(integer_at)(record, segments, 3, i, 0);
        REAL sum = NAME(row_exp_sum)(to, row, dz.cols, NAME(row_maximum)(row, dz.cols));
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            VEC p = NAME(load_some)(to + j, count) / NAME(splat)(sum);
            if (label >= j && label < j + count)
                p[label - j] -= 1;
            NAME(store_some)(to + j, count, p * NAME(splat)(gradient));
        }
    }
}

/* l[i] = −Σ_j t_ij·log softmax(z)_ij = Σ_j t_ij·((max − z_ij) + log Σ_m e^(z_im − max)). z, t (n, k) → l (n, 1),
   overwritten. Row op. A class with t_ij = 0 adds nothing, not even where z_ij is −inf. */
static void NAME(softmax_crossentropy_forward)(const int64_t *record, char *const *segments, int64_t begin,
                                               int64_t end)
{
    VIEW l = NAME(view_of)(record, segments, 0, 0), z = NAME(view_of)(record, segments, 1, 0);
    VIEW t = NAME(view_of)(record, segments, 2, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = z.data + i * z.ld, *target = t.data + i * t.ld;
        REAL shift = NAME(row_maximum)(row, z.cols);
        VEC log_sum = NAME(splat)(REAL_MATH(log)(NAME(row_exp_sum)(NULL, row, z.cols, shift))), sum = {0};
        for (int64_t j = 0; j < z.cols; j += VL) {
            int64_t count = smaller(z.cols - j, VL);
            VEC term = (NAME(splat)(shift) - NAME(load_some)(row + j, count)) + log_sum;
            VEC share = NAME(load_some)(target + j, count); /* 0 in the lanes beyond count */
            sum += NAME(select)((IVEC)(share == (VEC){0}), (VEC){0}, share * term);
        }
        l.data[i * l.ld] = NAME(lane_sum)(sum);
    }
}

/* dz[i, :] = dl[i]·(softmax(z[i, :])·Σ_j t_ij − t[i, :]). dl (n, 1), z, t (n, k) → dz (n, k), overwritten; may be z
   itself, not t. Row op. */
static void NAME(softmax_crossentropy_backward)(const int64_t *record, char *const *segments, int64_t begin,
                                                int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, 0), dl = NAME(view_of)(record, segments, 1, 0);
    VIEW z = NAME(view_of)(record, segments, 2, 0), t = NAME(view_of)(record, segments, 3, 0);
    for (int64_t i = begin; i < end; i++) {
        const REAL *row = z.data + i * z.ld, *target = t.data + i * t.ld;
        REAL *to = dz.data + i * dz.ld;
        VEC gradient = NAME(splat)(dl.data[i * dl.ld]), total = {0};
        VEC sum = NAME(splat)(NAME(row_exp_sum)(to, row, dz.cols, NAME(row_maximum)(row, dz.cols)));
        for (int64_t j = 0; j < dz.cols; j += VL)
            total += NAME(load_some)(target + j, smaller(dz.cols - j, VL));
        VEC targets = NAME(splat)(NAME(lane_sum)(total));
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            VEC p = NAME(load_some)(to + j, count) / sum;
            NAME(store_some)(to + j, count, gradient * (p * targets - NAME(load_some)(target + j, count)));
        }
    }
}

/* l = max(z, 0) − z·t + log(1 + e^−|z|), elementwise. z, t (n, k) → l (n, k), overwritten; may be z itself. Row op. */
static void NAME(sigmoid_crossentropy_forward)(const int64_t *record, char *const *segments, int64_t begin,
                                               int64_t end)
{
    VIEW l = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    VIEW t = NAME(view_of)(record, segments, 2, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&l, &z, &t}, 3, end - begin);
    EACH_VECTOR(rows, l.cols) {
        VEC v = NAME(fetch)(z, l.cols, i, j, count), target = NAME(fetch)(t, l.cols, i, j, count);
        VEC rest = NAME(vec_log1p)(NAME(vec_exp)(-NAME(vec_absolute)(v)));
        NAME(put)(l, i, j, count, NAME(vec_maximum)(v, (VEC){0}) - v * target + rest);
    }
}

/* dz = dl·(sigmoid(z) − t), elementwise. dl, z, t (n, k) → dz (n, k), overwritten; may be any of them. Row op. */
static void NAME(sigmoid_crossentropy_backward)(const int64_t *record, char *const *segments, int64_t begin,
                                                int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dl = NAME(view_of)(record, segments, 1, begin);
    VIEW z = NAME(view_of)(record, segments, 2, begin), t = NAME(view_of)(record, segments, 3, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&dz, &dl, &z, &t}, 4, end - begin);
    EACH_VECTOR(rows, dz.cols) {
        VEC p = NAME(vec_sigmoid)(NAME(fetch)(z, dz.cols, i, j, count));
        VEC error = p - NAME(fetch)(t, dz.cols, i, j, count);
        NAME(put)(dz, i, j, count, NAME(fetch)(dl, dz.cols, i, j, count) * error);
    }
}

#ifndef FASTNN_LOSS_REDUCTIONS
#define FASTNN_LOSS_REDUCTIONS
enum loss_reduction { LOSS_MEAN, LOSS_SUM, LOSS_WEIGHTED_MEAN };
#endif

/* What Σ w·l is divided by: the number of losses, 1, or Σ_i w_i·cols in double, rows ascending (w NULL: all 1). Where
   the weights sum to 0, as they may in one batch, infinity: loss and gradient are 0, as in Keras. */
static double NAME(loss_divisor)(int64_t reduction, int64_t rows, int64_t cols, const VIEW *w)
{
    if (reduction == LOSS_SUM)
        return 1.0;
    if (reduction == LOSS_MEAN || !w)
        return (double)rows * (double)cols;
    double weights = 0.0;
    for (int64_t i = 0; i < rows; i++)
        weights += (double)w->data[i * w->ld];
    return weights == 0.0 ? INFINITY : weights * (double)cols;
}

/*
 * loss = Σ_i Σ_j w_i·l_ij / d, in double, in row order; d by i2: see loss_divisor. l (rows, cols), w (rows, 1) if i0
 * → loss f64 (1), overwritten. i1: a loss that is not finite is STATUS 4 with its bits (row and binding −1). Serial op
 * over the rows [begin, end), which must be all of them: one chain of additions, about 4 cycles each; n is a few
 * hundred.
 */
static void NAME(loss_mean)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW l = NAME(view_of)(record, segments, 1, 0), w = l;
    int weighted = integer_attribute(record, 0) != 0;
    if (weighted)
        w = NAME(view_of)(record, segments, 2, 0);
    int64_t rows = operand_rows(record, segments, 1);
    (void)begin;
    (void)end;
    double sum = 0.0;
    for (int64_t i = 0; i < rows; i++) {
        double weight = weighted ? (double)w.data[i * w.ld] : 1.0;
        for (int64_t j = 0; j < l.cols; j++)
            sum += weight * (double)l.data[i * l.ld + j];
    }
    double loss = sum / NAME(loss_divisor)(integer_attribute(record, 2), rows, l.cols, weighted ? &w : NULL);
    memcpy(operand_data(record, segments, 0), &loss, sizeof loss);
    if (integer_attribute(record, 1) && !(loss - loss == 0.0))
        report(segments, STATUS_LOSS_NOT_FINITE, 0, -1, -1, loss);
}

/* dl_ij = a0·w_i/d, rows of the whole batch (operand l, read for its shape alone); d by i1: see loss_divisor, which
   every tile computes for itself. w (rows, 1) if i0 → dl (rows, cols), overwritten. Row op. Computed in double,
   rounded once. */
static void NAME(loss_mean_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dl = NAME(view_of)(record, segments, 0, 0), w = dl;
    int weighted = integer_attribute(record, 0) != 0;
    if (weighted)
        w = NAME(view_of)(record, segments, 2, 0);
    int64_t rows = operand_rows(record, segments, 1), cols = operand_cols(record, 1);
    double divisor = NAME(loss_divisor)(integer_attribute(record, 1), rows, cols, weighted ? &w : NULL);
    double share = float_attribute(record, segments, 0) / divisor;
    for (int64_t i = begin; i < end; i++) {
        REAL value = (REAL)(weighted ? share * (double)w.data[i * w.ld] : share);
        for (int64_t j = 0; j < dl.cols; j++)
            dl.data[i * dl.ld + j] = value;
    }
}
