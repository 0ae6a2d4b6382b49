/*
 * The perceptron's learning rule, sample after sample: a serial op, because each sample meets the weights that the one
 * before it left. Twin: fastnn/backends/numpy_ref/perceptron.py.
 *
 * The sum and the update are written without multiply-adds (NO_CONTRACTION), so that weights are bit for bit those of
 * the NumPy script of the texts, whose products are rounded before they are added.
 */
#ifndef FASTNN_PERCEPTRON_ONCE
#define FASTNN_PERCEPTRON_ONCE
#if defined(__clang__)
#define NO_CONTRACTION
#define CONTRACTION_OFF _Pragma("clang fp contract(off)")
#else
#define NO_CONTRACTION __attribute__((optimize("fp-contract=off")))
#define CONTRACTION_OFF
#endif
#endif

/* Σ x[k]·w[k]: k ascending below 32 terms (as BLAS does there), eight sums side by side beyond. */
NO_CONTRACTION static REAL NAME(plain_dot)(const REAL *x, const REAL *w, int64_t cols)
{
    CONTRACTION_OFF
    REAL sum = 0, sums[8] = {0};
    int64_t k = 0;
    for (; cols >= 32 && k + 8 <= cols; k += 8)
        for (int l = 0; l < 8; l++)
            sums[l] += x[k + l] * w[k + l];
    for (int l = 0; l < 8 && cols >= 32; l++)
        sum += sums[l];
    for (; k < cols; k++)
        sum += x[k] * w[k];
    return sum;
}

/* w[k] ← w[k] + step·x[k], the product rounded first. */
NO_CONTRACTION static void NAME(plain_update)(REAL *w, REAL step, const REAL *x, int64_t cols)
{
    CONTRACTION_OFF
    for (int64_t k = 0; k < cols; k++)
        w[k] += step * x[k];
}

/*
 * For each row i: step = lr·(y[i] − (Σ x[i, k]·w[k] + b > 0)); where it is not 0, w ← w + step·x[i], b ← b + step.
 * w (1, n_in), b (1, 1) updated in place, x (n, n_in), y (n, 1). Serial op; 2·n·n_in flops and what is learned.
 * Rosenblatt 1958.
 */
static void NAME(perceptron_pass)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW w = NAME(view_of)(record, segments, 0, 0), b = NAME(view_of)(record, segments, 1, 0);
    VIEW x = NAME(view_of)(record, segments, 2, 0), y = NAME(view_of)(record, segments, 3, 0);
    int64_t rows = operand_rows(record, segments, 2);
    REAL rate = (REAL)control_real(segments, CONTROL_LEARNING_RATE);
    (void)begin;
    (void)end;
    for (int64_t i = 0; i < rows; i++) {
        const REAL *row = x.data + i * x.ld;
        REAL sum = NAME(plain_dot)(row, w.data, x.cols) + b.data[0];
        REAL step = rate * (y.data[i * y.ld] - (sum > 0 ? (REAL)1 : (REAL)0));
        if (step != 0) {
            NAME(plain_update)(w.data, step, row, x.cols);
            b.data[0] += step;
        }
    }
}
