/*
 * Penalties: what regularizers add to the loss and to the gradients. Sums in double, in one fixed order.
 * Not here: penalties that are compositions of other ops. Twin: fastnn/backends/numpy_ref/penalty.py.
 */
#ifndef FASTNN_PENALTY_ONCE
#define FASTNN_PENALTY_ONCE
#define PENALTY_CHUNK 4096 /* elements of one sum (ops/penalty.py says the same): 16 KiB, a third of an L1 */
#endif

/* Elements of a dense operand. */
INLINE int64_t NAME(elements_of)(const int64_t *record, char *const *segments, int64_t o)
{
    return operand_rows(record, segments, o) * operand_cols(record, o);
}

/* Σ|x| or Σ x² in double: element e goes to sum e mod 16 (chains that hide the latency of the additions and fill
   registers), then the sixteen are added in order. */
INLINE double NAME(power_sum)(const REAL *x, int64_t count, const int square)
{
    enum { CHAINS = 16 };
    double sums[CHAINS] ALIGNED = {0}, total = 0.0;
    int64_t e = 0;
    for (; e + CHAINS <= count; e += CHAINS)
        for (int s = 0; s < CHAINS; s++)
            sums[s] += square ? (double)x[e + s] * (double)x[e + s] : fabs((double)x[e + s]);
    for (; e < count; e++)
        sums[e % CHAINS] += square ? (double)x[e] * (double)x[e] : fabs((double)x[e]);
    for (int s = 0; s < CHAINS; s++)
        total += sums[s];
    return total;
}

/* s[t] = a0·Σ|x_e| + a1·Σ x_e² over the elements e of chunk t; a sum whose factor is 0 is left out. x dense →
   s f64 (1, chunks), overwritten. Tile op over the chunks. 4 bytes per element in float, memory bound. */
static void NAME(penalty_sums)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    double *sums = (double *)(void *)operand_data(record, segments, 0);
    const REAL *x = (const REAL *)(const void *)operand_data(record, segments, 1);
    int64_t elements = NAME(elements_of)(record, segments, 1);
    double l1 = float_attribute(record, segments, 0), l2 = float_attribute(record, segments, 1);
    for (int64_t t = begin; t < end; t++) {
        int64_t first = t * PENALTY_CHUNK, count = smaller(PENALTY_CHUNK, elements - first);
        double sum = l1 != 0 ? l1 * NAME(power_sum)(x + first, count, 0) : 0.0;
        sums[t] = sum + (l2 != 0 ? l2 * NAME(power_sum)(x + first, count, 1) : 0.0);
    }
}

/* y = a0·sign(x) + 2·a1·x, and + g where there is a third operand. All dense, of the same elements; y overwritten, may
   be g. Tile op over the elements. 12 bytes per element in float, memory bound. sign(NaN) is NaN, sign(±0) is ±0. */
static void NAME(penalty_gradient)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *y = (REAL *)(void *)operand_data(record, segments, 0);
    const REAL *x = (const REAL *)(const void *)operand_data(record, segments, 1);
    const REAL *g = record[RECORD_OPERANDS] > 2 ? (const REAL *)(const void *)operand_data(record, segments, 2) : NULL;
    REAL l1 = (REAL)float_attribute(record, segments, 0);
    VEC l2 = NAME(splat)((REAL)(2.0 * float_attribute(record, segments, 1))), zero = {0};
    VEC plus = NAME(splat)(l1), minus = NAME(splat)(-l1);
    for (int64_t e = begin, count; e < end; e += VL) {
        count = smaller(end - e, VL);
        VEC v = NAME(load_some)(x + e, count), slope = l2 * v;
        if (l1 != 0)
            slope += NAME(select)((IVEC)(v > zero), plus, NAME(select)((IVEC)(v < zero), minus, v));
        NAME(store_some)(y + e, count, g ? NAME(load_some)(g + e, count) + slope : slope);
    }
}

/* total = first + Σ_t terms[t] in double, ascending. first f64 (1, 1), terms (rows, cols) → total f64 (1, 1). i0: a
   total that is not finite stops the step. Serial op. */
static void NAME(add_terms)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const REAL *terms = (const REAL *)(const void *)operand_data(record, segments, 2);
    int64_t count = NAME(elements_of)(record, segments, 2);
    double total;
    (void)begin;
    (void)end;
    memcpy(&total, operand_data(record, segments, 1), sizeof total);
    for (int64_t t = 0; t < count; t++)
        total += (double)terms[t];
    memcpy(operand_data(record, segments, 0), &total, sizeof total);
    if (integer_attribute(record, 0) && total - total != 0)
        report(segments, STATUS_LOSS_NOT_FINITE, 0, -1, -1, total);
}

/* y = x / n, n the rows of the step. x, y (1, 1); y may be x. Serial op. */
static void NAME(divide_by_rows)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *y = (REAL *)(void *)operand_data(record, segments, 0);
    (void)begin;
    (void)end;
    *y = *(const REAL *)(const void *)operand_data(record, segments, 1) /
         (REAL)control_integer(segments, CONTROL_ROWS);
}
