/*
 * Accumulation of metrics in double, and the end of an epoch. A metric's state is two doubles: the weighted sum and
 * the sum of weights; the quotient is Python's business. Twin: fastnn/backends/numpy_ref/metric.py.
 */
#ifndef FASTNN_METRIC_ONCE
#define FASTNN_METRIC_ONCE
/* state[0] += loss·n, state[1] += n (n: rows of the step). state f64 (2), loss f64 (1). Serial op. */
static void metric_scalar(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    double state[2], loss, n = (double)control_integer(segments, CONTROL_ROWS);
    (void)begin;
    (void)end;
    memcpy(state, operand_data(record, segments, 0), sizeof state);
    memcpy(&loss, operand_data(record, segments, 1), sizeof loss);
    state[0] += loss * n;
    state[1] += n;
    memcpy(operand_data(record, segments, 0), state, sizeof state);
}

/* If this step ends an epoch: HISTORY row control[4] ← the i0 doubles of STATE, which then become 0. Serial op. */
static void epoch_end(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    size_t bytes = (size_t)integer_attribute(record, 0) * sizeof(double);
    (void)begin;
    (void)end;
    if (!(control_integer(segments, CONTROL_FLAGS) & CONTROL_EPOCH_ENDS))
        return;
    char *state = operand_data(record, segments, 0);
    memcpy(segments[SEGMENT_HISTORY] + (size_t)control_integer(segments, CONTROL_HISTORY_ROW) * bytes, state, bytes);
    memset(state, 0, bytes);
}
#endif

/* state[0] += Σ w_i·v_ij, state[1] += Σ_i w_i·cols (rows·cols without weights), in double, in row order.
   v (rows, cols), w (rows, 1) if i0; state f64 (2). Serial op. */
static void NAME(metric_mean)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW v = NAME(view_of)(record, segments, 1, 0), w = v;
    int weighted = integer_attribute(record, 0) != 0;
    if (weighted)
        w = NAME(view_of)(record, segments, 2, 0);
    int64_t rows = operand_rows(record, segments, 1);
    (void)begin;
    (void)end;
    double sum = 0.0, weights = 0.0, state[2];
    for (int64_t i = 0; i < rows; i++) {
        double weight = weighted ? (double)w.data[i * w.ld] : 1.0;
        weights += weight;
        for (int64_t j = 0; j < v.cols; j++)
            sum += weight * (double)v.data[i * v.ld + j];
    }
    memcpy(state, operand_data(record, segments, 0), sizeof state);
    state[0] += sum;
    state[1] += weights * (double)v.cols;
    memcpy(operand_data(record, segments, 0), state, sizeof state);
}
