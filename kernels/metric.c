/*
 * Accumulation of metrics in double, and the end of an epoch. A metric's state is a few doubles: sums, such as the
 * weighted sum and the sum of weights, or counts in bins; what follows from them is Python's business.
 * Twin: fastnn/backends/numpy_ref/metric.py.
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

/* If this step ends an epoch: HISTORY row control[4] ← the i0 doubles of STATE, which then become 0, or the values of
   operand 1 if i1. Serial op. */
static void epoch_end(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    size_t bytes = (size_t)integer_attribute(record, 0) * sizeof(double);
    (void)begin;
    (void)end;
    if (!(control_integer(segments, CONTROL_FLAGS) & CONTROL_EPOCH_ENDS))
        return;
    char *state = operand_data(record, segments, 0);
    memcpy(segments[SEGMENT_HISTORY] + (size_t)control_integer(segments, CONTROL_HISTORY_ROW) * bytes, state, bytes);
    if (integer_attribute(record, 1))
        memcpy(state, operand_data(record, segments, 1), bytes);
    else
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

/* state[j] += Σ_i w_i·v_ij in double, in row order. v (rows, cols), w (rows, 1) if i0; state f64 (cols). Serial op. */
static void NAME(metric_sum)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW v = NAME(view_of)(record, segments, 1, 0), w = v;
    int weighted = integer_attribute(record, 0) != 0;
    if (weighted)
        w = NAME(view_of)(record, segments, 2, 0);
    int64_t rows = operand_rows(record, segments, 1);
    double *state = (double *)(void *)operand_data(record, segments, 0);
    (void)begin;
    (void)end;
    for (int64_t i = 0; i < rows; i++) {
        double weight = weighted ? (double)w.data[i * w.ld] : 1.0;
        for (int64_t j = 0; j < v.cols; j++)
            state[j] += weight * (double)v.data[i * v.ld + j];
    }
}

/*
 * state[b·m + j] += v_ij in double, in row order; b is the number of edges below x_ij, 0 for NaN; m = i0, 1 for one
 * histogram (j = 0) or cols for one of each column. x (rows, cols), edges (1, count) ascending, v (rows, cols or 1) if
 * i1, else 1; state f64 ((count + 1)·m). Serial op.
 */
static void NAME(metric_histogram)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0), edges = NAME(view_of)(record, segments, 2, 0), v = x;
    int64_t histograms = integer_attribute(record, 0), weighted = integer_attribute(record, 1);
    if (weighted)
        v = NAME(view_of)(record, segments, 3, 0);
    int64_t rows = operand_rows(record, segments, 1);
    double *state = (double *)(void *)operand_data(record, segments, 0);
    (void)begin;
    (void)end;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < x.cols; j++) {
            REAL value = x.data[i * x.ld + j];
            int64_t low = 0, high = edges.cols; /* edges before low are below, from high on they are not */
            while (low < high) {
                int64_t middle = low + (high - low) / 2;
                if (edges.data[middle] < value)
                    low = middle + 1;
                else
                    high = middle;
            }
            double amount = weighted ? (double)v.data[i * v.ld + (v.cols == 1 ? 0 : j)] : 1.0;
            state[low * histograms + (histograms == 1 ? 0 : j)] += amount;
        }
}

/* y = (REAL)state. y (1, cols), state f64 (cols). Serial op. */
static void NAME(metric_load)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    const double *state = (const double *)(const void *)operand_data(record, segments, 1);
    (void)begin;
    (void)end;
    for (int64_t j = 0; j < y.cols; j++)
        y.data[j] = (REAL)state[j];
}

/* state = (double)x. state f64 (cols), x (1, cols). Serial op. */
static void NAME(metric_store)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW x = NAME(view_of)(record, segments, 1, 0);
    double *state = (double *)(void *)operand_data(record, segments, 0);
    (void)begin;
    (void)end;
    for (int64_t j = 0; j < x.cols; j++)
        state[j] = (double)x.data[j];
}
