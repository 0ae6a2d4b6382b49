/*
 * The circle loss (Sun et al. 2020): every sample against every reference. O(n·m·k) in double, nothing of size n·m is
 * stored. Not here: the softplus that ends the loss, which is a composition. Twin: fastnn/backends/numpy_ref/circle.py.
 */
#ifndef FASTNN_CIRCLE_ONCE
#define FASTNN_CIRCLE_ONCE
typedef struct circle_pair {
    int positive, negative;
    double value, slope; /* the exponent of the pair, and its derivative by the dot product */
} circle_pair;

/*
 * One pair with the dot product s: d = max(1 − s, 0). Of one class (and not a sample with itself, where i0): the exponent
 * a0·max(a1 + d, 0)·(d − a1); of two: a0·max(1 + a1 − d, 0)·(1 − a1 − d).
 */
static circle_pair circle_of(double s, int same, int itself, double gamma, double margin)
{
    circle_pair pair = {.positive = same && !itself, .negative = !same};
    double d = 1.0 - s < 0 ? 0.0 : 1.0 - s; /* NaN stays NaN */
    double weight = same ? margin + d : 1.0 + margin - d, rest = same ? d - margin : 1.0 - margin - d;
    weight = weight < 0 ? 0.0 : weight;
    pair.value = gamma * weight * rest;
    pair.slope = 1.0 - s < 0 || weight == 0 ? 0.0 : gamma * (same ? -2.0 * d : 2.0 * (1.0 - d));
    return pair;
}

/* Adds e^value to a sum that is kept as total·e^most. */
static void circle_add(double *most, double *total, double value)
{
    if (value > *most) {
        *total *= exp(*most - value); /* e^−inf = 0 before the first one */
        *most = value;
    }
    *total += exp(value - *most);
}
#endif

/* Σ_k a[k]·b[k] in double: column k goes to sum k mod 8, then the eight are added in order. */
static double NAME(double_dot)(const REAL *a, const REAL *b, int64_t count)
{
    double sums[8] = {0}, total = 0.0;
    int64_t k = 0;
    for (; k + 8 <= count; k += 8)
        for (int s = 0; s < 8; s++)
            sums[s] += (double)a[k + s] * (double)b[k + s];
    for (; k < count; k++)
        sums[k % 8] += (double)a[k] * (double)b[k];
    for (int s = 0; s < 8; s++)
        total += sums[s];
    return total;
}

/* y[i] = log Σ_j e^exponent over the references j of the class of sample i, and over those of others; −inf over none.
   x (n, k), labels i32 (n, 1), references (m, k), their labels i32 (m, 1) → y (n, 2), overwritten. a0 = gamma,
   a1 = margin; i0: sample i and reference i are no pair. Row op that reads all references. */
static void NAME(circle_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0), x = NAME(view_of)(record, segments, 1, 0);
    VIEW references = NAME(view_of)(record, segments, 3, 0);
    const int32_t *labels = (const int32_t *)(void *)operand_data(record, segments, 2);
    const int32_t *others = (const int32_t *)(void *)operand_data(record, segments, 4);
    int64_t ld = operand_ld(record, 2), other_ld = operand_ld(record, 4), m = operand_rows(record, segments, 3);
    double gamma = float_attribute(record, segments, 0), margin = float_attribute(record, segments, 1);
    int64_t apart = integer_attribute(record, 0);
    for (int64_t i = begin; i < end; i++) {
        double most[2] = {-INFINITY, -INFINITY}, total[2] = {0};
        for (int64_t j = 0; j < m; j++) {
            double s = NAME(double_dot)(x.data + i * x.ld, references.data + j * references.ld, x.cols);
            circle_pair pair = circle_of(s, labels[i * ld] == others[j * other_ld], apart && i == j, gamma, margin);
            if (pair.positive || pair.negative)
                circle_add(most + pair.negative, total + pair.negative, pair.value);
        }
        for (int l = 0; l < 2; l++)
            y.data[i * y.ld + l] = (REAL)(total[l] == 0 ? -INFINITY : most[l] + log(total[l]));
    }
}

/* The gradient of circle_forward by its samples, or with i1 by its references: dx[i] = Σ_j c_ij·reference_j, or
   dx[j] = Σ_i c_ij·x_i, c_ij = dy[i]·e^(exponent − y[i])·slope. dy, y (n, 2), then as there → dx as x or as the
   references, overwritten. Row op that reads all of them; sums in REAL over the others ascending. */
static void NAME(circle_backward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW dx = NAME(view_of)(record, segments, 0, 0), dy = NAME(view_of)(record, segments, 1, 0);
    VIEW y = NAME(view_of)(record, segments, 2, 0), x = NAME(view_of)(record, segments, 3, 0);
    VIEW references = NAME(view_of)(record, segments, 5, 0);
    const int32_t *labels = (const int32_t *)(void *)operand_data(record, segments, 4);
    const int32_t *others = (const int32_t *)(void *)operand_data(record, segments, 6);
    int64_t ld = operand_ld(record, 4), other_ld = operand_ld(record, 6);
    double gamma = float_attribute(record, segments, 0), margin = float_attribute(record, segments, 1);
    int64_t apart = integer_attribute(record, 0), turned = integer_attribute(record, 1);
    int64_t count = operand_rows(record, segments, turned ? 3 : 5);
    for (int64_t row = begin; row < end; row++) {
        REAL *to = dx.data + row * dx.ld;
        memset(to, 0, (size_t)dx.cols * REAL_BYTES);
        for (int64_t other = 0; other < count; other++) {
            int64_t i = turned ? other : row, j = turned ? row : other;
            const REAL *sample = x.data + i * x.ld, *reference = references.data + j * references.ld;
            double s = NAME(double_dot)(sample, reference, x.cols);
            circle_pair pair = circle_of(s, labels[i * ld] == others[j * other_ld], apart && i == j, gamma, margin);
            if (!pair.positive && !pair.negative)
                continue;
            double share = exp(pair.value - (double)y.data[i * y.ld + pair.negative]);
            REAL factor = (REAL)((double)dy.data[i * dy.ld + pair.negative] * share * pair.slope);
            const REAL *from = turned ? sample : reference;
            for (int64_t k = 0; k < dx.cols; k++)
                to[k] += factor * from[k];
        }
    }
}
