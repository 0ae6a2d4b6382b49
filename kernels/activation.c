/*
 * Activations with their derivatives, softmax and log-softmax. The scalar pairs at the top (on registers) are the
 * only place in C where an activation's formula stands; dense.c's epilogues call them too.
 * Not here: losses from logits (loss.c). Twin: fastnn/backends/numpy_ref/activation.py.
 */
#ifndef FASTNN_ACTIVATION_CODES
#define FASTNN_ACTIVATION_CODES
enum activation_code { LINEAR, RELU, SIGMOID, TANH };
#endif

/* y = f(z): z; z < 0 ? 0 : z (NaN stays); 1/(1 + e^−z); tanh z. */
INLINE VEC NAME(activation)(const int function, VEC z)
{
    switch (function) {
    case RELU: return NAME(select)((IVEC)(z < (VEC){0}), (VEC){0}, z);
    case SIGMOID: return NAME(vec_sigmoid)(z);
    case TANH: return NAME(vec_tanh)(z);
    default: return z;
    }
}

/* dz = dy·f'(z), expressed in the output y: dy; y ≤ 0 ? 0 : dy (0 at the kink); dy·y·(1 − y); dy·(1 − y²).
   A NaN in y gives NaN. */
INLINE VEC NAME(activation_gradient)(const int function, VEC dy, VEC y)
{
    VEC one = NAME(splat)(1);
    switch (function) {
    case RELU: return NAME(select)((IVEC)(y != y), y, NAME(select)((IVEC)(y <= (VEC){0}), (VEC){0}, dy));
    case SIGMOID: return dy * (y * (one - y));
    case TANH: return dy * (one - y * y);
    default: return dy;
    }
}

INLINE void NAME(map_activation)(const int function, VIEW y, VIEW z, int64_t rows)
{
    EACH_VECTOR(rows, y.cols)
        NAME(put)(y, i, j, count, NAME(activation)(function, NAME(fetch)(z, y.cols, i, j, count)));
}

/* y = f(z), f = activation i0. z (n, k) → y (n, k), overwritten; may be z itself. Row op. Memory bound, but for
   sigmoid and tanh (about 20 operations). Accuracy: README, table of functions. */
static void NAME(activation_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&y, &z}, 2, end - begin);
    switch (integer_attribute(record, 0)) {
    case LINEAR: NAME(map_activation)(LINEAR, y, z, rows); break;
    case RELU: NAME(map_activation)(RELU, y, z, rows); break;
    case SIGMOID: NAME(map_activation)(SIGMOID, y, z, rows); break;
    case TANH: NAME(map_activation)(TANH, y, z, rows); break;
    }
}

INLINE void NAME(map_activation_gradient)(const int function, VIEW dz, VIEW dy, VIEW y, int64_t rows)
{
    EACH_VECTOR(rows, dz.cols) {
        VEC gradient = NAME(fetch)(dy, dz.cols, i, j, count), out = NAME(fetch)(y, dz.cols, i, j, count);
        NAME(put)(dz, i, j, count, NAME(activation_gradient)(function, gradient, out));
    }
}

/* dz = dy·f'(y), f = activation i0, y its output. dy, y (n, k) → dz (n, k), overwritten; may be dy or y itself.
   Row op. Memory bound. Exact but for the rounding of at most three operations. */
static void NAME(activation_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW y = NAME(view_of)(record, segments, 2, begin);
    int64_t rows = NAME(join_rows)((VIEW *[]){&dz, &dy, &y}, 3, end - begin);
    switch (integer_attribute(record, 0)) {
    case LINEAR: NAME(map_activation_gradient)(LINEAR, dz, dy, y, rows); break;
    case RELU: NAME(map_activation_gradient)(RELU, dz, dy, y, rows); break;
    case SIGMOID: NAME(map_activation_gradient)(SIGMOID, dz, dy, y, rows); break;
    case TANH: NAME(map_activation_gradient)(TANH, dz, dy, y, rows); break;
    }
}

/* The largest of cols elements; NaN if there is one. */
INLINE REAL NAME(row_maximum)(const REAL *z, int64_t cols)
{
    VEC best = NAME(splat)(z[0]);
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        VEC v = NAME(load_some)(z + j, count);
        best = NAME(vec_maximum)(best, NAME(select)(NAME(lanes_below)(count), v, best));
    }
    return NAME(lane_maximum)(best);
}

/* Σ_j e^(z_j − shift); the terms are left in y unless it is NULL. Summed per lane, then over the lanes. */
INLINE REAL NAME(row_exp_sum)(REAL *y, const REAL *z, int64_t cols, REAL shift)
{
    VEC sum = {0}, shifts = NAME(splat)(shift);
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        VEC e = NAME(vec_exp)(NAME(load_some)(z + j, count) - shifts);
        if (y)
            NAME(store_some)(y + j, count, e);
        sum += NAME(select)(NAME(lanes_below)(count), e, (VEC){0});
    }
    return NAME(lane_sum)(sum);
}

/* Σ_j a_j·b_j, per lane and then over the lanes. */
INLINE REAL NAME(row_dot)(const REAL *a, const REAL *b, int64_t cols)
{
    VEC sum = {0};
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        sum += NAME(load_some)(a + j, count) * NAME(load_some)(b + j, count);
    }
    return NAME(lane_sum)(sum);
}

/* y_j = e^(z_j − max z) / Σ_j e^(z_j − max z). z (n, k) → y (n, k), overwritten; may be z itself. Row op. The shift
   keeps every exponential ≤ 1, so ±1e4 is harmless. Three passes over a row, which stays in L1. About 4 ulp. */
static void NAME(softmax_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    for (int64_t i = 0; i < end - begin; i++) {
        const REAL *from = z.data + i * z.ld;
        REAL *to = y.data + i * y.ld;
        VEC sum = NAME(splat)(NAME(row_exp_sum)(to, from, y.cols, NAME(row_maximum)(from, y.cols)));
        for (int64_t j = 0; j < y.cols; j += VL) {
            int64_t count = smaller(y.cols - j, VL);
            NAME(store_some)(to + j, count, NAME(load_some)(to + j, count) / sum);
        }
    }
}

/* dz_j = y_j·(dy_j − Σ_m dy_m·y_m), y the softmax. dy, y (n, k) → dz (n, k), overwritten; may be dy or y. Row op. */
static void NAME(softmax_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW y = NAME(view_of)(record, segments, 2, begin);
    for (int64_t i = 0; i < end - begin; i++) {
        const REAL *gradient = dy.data + i * dy.ld, *out = y.data + i * y.ld;
        VEC mean = NAME(splat)(NAME(row_dot)(gradient, out, dz.cols));
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            VEC v = NAME(load_some)(out + j, count) * (NAME(load_some)(gradient + j, count) - mean);
            NAME(put)(dz, i, j, count, v);
        }
    }
}

/* y_j = (z_j − max z) − log Σ_m e^(z_m − max z). z (n, k) → y (n, k), overwritten; may be z itself. Row op. */
static void NAME(log_softmax_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    for (int64_t i = 0; i < end - begin; i++) {
        const REAL *from = z.data + i * z.ld;
        REAL shift = NAME(row_maximum)(from, y.cols);
        REAL log_sum = REAL_MATH(log)(NAME(row_exp_sum)(NULL, from, y.cols, shift));
        for (int64_t j = 0; j < y.cols; j += VL) {
            int64_t count = smaller(y.cols - j, VL);
            NAME(put)(y, i, j, count, NAME(load_some)(from + j, count) - NAME(splat)(shift) - NAME(splat)(log_sum));
        }
    }
}

/* dz_j = dy_j − e^(y_j)·Σ_m dy_m, y the log-softmax. dy, y (n, k) → dz (n, k), overwritten; may be dy or y. Row op. */
static void NAME(log_softmax_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW y = NAME(view_of)(record, segments, 2, begin);
    for (int64_t i = 0; i < end - begin; i++) {
        const REAL *gradient = dy.data + i * dy.ld, *out = y.data + i * y.ld;
        VEC sum = {0};
        for (int64_t j = 0; j < dz.cols; j += VL)
            sum += NAME(load_some)(gradient + j, smaller(dz.cols - j, VL));
        VEC total = NAME(splat)(NAME(lane_sum)(sum));
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            VEC v = NAME(load_some)(gradient + j, count) - NAME(vec_exp)(NAME(load_some)(out + j, count)) * total;
            NAME(put)(dz, i, j, count, v);
        }
    }
}

/* y = max(z − τ, 0) with Σ y = 1: the point of the simplex next to z. z (n, k) → y (n, k), overwritten; may be z itself. Row
   op. With z' = z − max z, τ ≥ −1: from there the mean of what lies above τ, less 1/number, is taken again and again
   (Michelot 1986) until nothing falls below it any more: no sorting, a handful of passes over a row in L1. A row whose
   largest element is not finite becomes NaN. Martins and Astudillo, "From softmax to sparsemax", ICML 2016. */
static void NAME(sparsemax_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, begin), z = NAME(view_of)(record, segments, 1, begin);
    VEC zero = {0}, one = NAME(splat)(1);
    for (int64_t i = 0; i < end - begin; i++) {
        const REAL *from = z.data + i * z.ld;
        REAL *to = y.data + i * y.ld, best = NAME(row_maximum)(from, y.cols), tau = -1;
        VEC shift = NAME(splat)(best - best == 0 ? best : (REAL)NAN);
        for (REAL before = 0, number = -1; number != before;) {
            VEC sum = zero, above = zero, limit = NAME(splat)(tau);
            for (int64_t j = 0; j < y.cols; j += VL) {
                int64_t count = smaller(y.cols - j, VL);
                VEC v = NAME(load_some)(from + j, count) - shift;
                IVEC inside = (IVEC)(v > limit) & NAME(lanes_below)(count);
                sum += NAME(select)(inside, v, zero);
                above += NAME(select)(inside, one, zero);
            }
            before = number;
            number = NAME(lane_sum)(above);
            tau = (NAME(lane_sum)(sum) - 1) / number;
        }
        VEC limit = NAME(splat)(tau);
        for (int64_t j = 0; j < y.cols; j += VL) {
            int64_t count = smaller(y.cols - j, VL);
            VEC v = NAME(load_some)(from + j, count) - shift - limit;
            NAME(store_some)(to + j, count, NAME(vec_maximum)(v, zero));
        }
    }
}

/* dz_j = y_j > 0 ? dy_j − mean of dy over {k: y_k > 0} : 0; NaN where y is. dy, y (n, k) → dz (n, k), overwritten; may be dy or
   y itself. Row op. */
static void NAME(sparsemax_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dz = NAME(view_of)(record, segments, 0, begin), dy = NAME(view_of)(record, segments, 1, begin);
    VIEW y = NAME(view_of)(record, segments, 2, begin);
    VEC zero = {0}, one = NAME(splat)(1);
    for (int64_t i = 0; i < end - begin; i++) {
        VEC sum = zero, number = zero;
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            IVEC inside = (IVEC)(NAME(load_some)(y.data + i * y.ld + j, count) > zero);
            sum += NAME(select)(inside, NAME(load_some)(dy.data + i * dy.ld + j, count), zero);
            number += NAME(select)(inside, one, zero);
        }
        VEC mean = NAME(splat)(NAME(lane_sum)(sum) / NAME(lane_sum)(number));
        for (int64_t j = 0; j < dz.cols; j += VL) {
            int64_t count = smaller(dz.cols - j, VL);
            VEC out = NAME(load_some)(y.data + i * y.ld + j, count);
            VEC gradient = NAME(load_some)(dy.data + i * dy.ld + j, count) - mean;
            gradient = NAME(select)((IVEC)(out > zero), gradient, zero);
            NAME(store_some)(dz.data + i * dz.ld + j, count, NAME(select)((IVEC)(out != out), out, gradient));
        }
    }
}
