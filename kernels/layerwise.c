/*
 * Optimizer steps that look at a whole variable before they change an element of it: Lamb and Adafactor (norms, row and
 * column means), Muon (products of matrices). Tile ops of one tile per variable: variables are shared out among
 * threads, one variable is computed by one thread in one order. a0 = weight decay (decoupled), as in optimizer.c.
 * Twin: fastnn/backends/numpy_ref/layerwise.py.
 */
#ifndef FASTNN_LAYERWISE_ONCE
#define FASTNN_LAYERWISE_ONCE
#define FOLD 16 /* registers added up in REAL before they go to a double: 16 roundings, and no conversion per element */
#endif

/* A sum in double of registers that come one by one. */
typedef struct NAME(total) {
    VEC part;
    int64_t pending;
    double sum;
} NAME(total);

INLINE void NAME(fold)(NAME(total) *total)
{
    for (int l = 0; l < VL; l++)
        total->sum += (double)total->part[l];
    total->part = (VEC){0};
    total->pending = 0;
}

/* total += v², of the first count lanes. */
INLINE void NAME(add_squares)(NAME(total) *total, VEC v, int64_t count)
{
    if (count < VL)
        v = NAME(select)(NAME(lanes_below)(count), v, (VEC){0});
    total->part = NAME(multiply_add)(v, v, total->part);
    if (++total->pending == FOLD)
        NAME(fold)(total);
}

INLINE double NAME(sum_of)(NAME(total) *total)
{
    NAME(fold)(total);
    return total->sum;
}

INLINE REAL *NAME(elements)(const int64_t *record, char *const *segments, int64_t o)
{
    return (REAL *)(void *)operand_data(record, segments, o);
}

/* Elements of operand o, all rows. */
INLINE int64_t NAME(element_count)(const int64_t *record, char *const *segments, int64_t o)
{
    return operand_rows(record, segments, o) * operand_cols(record, o);
}

/* w ← w − lr·a0·w where a0 ≠ 0; returns Σ w². */
static double NAME(decay_all)(const int64_t *record, char *const *segments)
{
    REAL *w = NAME(elements)(record, segments, 0);
    REAL decay = (REAL)(control_real(segments, CONTROL_LEARNING_RATE) * float_attribute(record, segments, 0));
    int64_t n = NAME(element_count)(record, segments, 0);
    NAME(total) total = {0};
    for (int64_t e = 0; e < n; e += VL) {
        int64_t count = smaller(n - e, VL);
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        NAME(store_some)(w + e, count, weight);
        NAME(add_squares)(&total, weight, count);
    }
    return NAME(sum_of)(&total);
}

/*
 * m and v as Adam's; u = s1·m/(√(s2·v) + a3), s1 = 1/(1 − a1^t), s2 = 1/(1 − a2^t); w ← w − lr·|w|/|u|·u, the quotient 1
 * where a norm is not above 0: You et al. 2020, Lamb, as Keras. w, g, m, v (1, count). u is computed twice and never
 * stored: 48 bytes an element in float.
 */
static void NAME(lamb_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *m = NAME(elements)(record, segments, 2), *v = NAME(elements)(record, segments, 3);
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 3));
    VEC rest_1 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 1)));
    VEC rest_2 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 2)));
    VEC s1 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_1));
    VEC s2 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_2));
    int64_t n = NAME(element_count)(record, segments, 0);
    double size = sqrt(NAME(decay_all)(record, segments));
    NAME(total) total = {0};
    (void)begin;
    (void)end;
    for (int64_t e = 0; e < n; e += VL) {
        int64_t count = smaller(n - e, VL);
        VEC gradient = NAME(load_some)(g + e, count);
        VEC first = NAME(load_some)(m + e, count), second = NAME(load_some)(v + e, count);
        first = NAME(multiply_add)(gradient - first, rest_1, first);
        second = NAME(multiply_add)(NAME(multiply_add)(gradient, gradient, -second), rest_2, second);
        NAME(store_some)(m + e, count, first);
        NAME(store_some)(v + e, count, second);
        NAME(add_squares)(&total, s1 * first / (NAME(vec_sqrt)(s2 * second) + epsilon), count);
    }
    double length = sqrt(NAME(sum_of)(&total)), ratio = size > 0 && length > 0 ? size / length : 1.0;
    VEC rate = NAME(splat)((REAL)(ratio * control_real(segments, CONTROL_LEARNING_RATE)));
    for (int64_t e = 0; e < n; e += VL) {
        int64_t count = smaller(n - e, VL);
        VEC first = NAME(load_some)(m + e, count), second = NAME(load_some)(v + e, count);
        VEC move = s1 * first / (NAME(vec_sqrt)(s2 * second) + epsilon);
        NAME(store_some)(w + e, count, NAME(multiply_add)(-rate, move, NAME(load_some)(w + e, count)));
    }
}

/* r[i] ← s2·r[i] + (1 − s2)·mean_j(g² + a1), c[j] the same over i, for one matrix. */
static void NAME(factor_means)(REAL *r, REAL *c, const REAL *g, int64_t rows, int64_t cols, double beta, REAL epsilon)
{
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < cols; j++)
            sum += (double)(g[i * cols + j] * g[i * cols + j] + epsilon);
        r[i] = (REAL)(beta * (double)r[i] + (1.0 - beta) * sum / (double)cols);
    }
    for (int64_t j = 0; j < cols; j += VL) {
        int64_t count = smaller(cols - j, VL);
        double sums[VL] = {0};
        for (int64_t i = 0; i < rows; i++) {
            VEC gradient = NAME(load_some)(g + i * cols + j, count), square = gradient * gradient + epsilon;
            for (int l = 0; l < VL; l++)
                sums[l] += (double)square[l];
        }
        for (int64_t l = 0; l < count; l++)
            c[j + l] = (REAL)(beta * (double)c[j + l] + (1.0 - beta) * sums[l] / (double)rows);
    }
}

/*
 * Adafactor (Shazeer and Stern 2018), as Keras. α = max(a2, rms(w))·s1; for each matrix of i0 rows r, c as above and
 * v = r[i]·c[j]/mean(r); where i0 = 0, v ← s2·v + (1 − s2)·(g² + a1) is a slot; u = g/√v; w ← w − α·u/max(1, rms(u)/a3).
 * w, g, then r and c (as large as w, their first elements are used), or v.
 */
static void NAME(adafactor_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *r = NAME(elements)(record, segments, 2), *c = NAME(elements)(record, segments, record[RECORD_OPERANDS] - 1);
    int64_t n = NAME(element_count)(record, segments, 0), rows = integer_attribute(record, 0);
    int64_t cols = rows ? operand_cols(record, 0) : n, matrices = rows ? n / (rows * cols) : 1;
    double beta = control_real(segments, CONTROL_SCALAR_2), size = sqrt(NAME(decay_all)(record, segments) / (double)n);
    double rate = float_attribute(record, segments, 2), most = float_attribute(record, segments, 3);
    REAL epsilon = (REAL)float_attribute(record, segments, 1);
    NAME(total) total = {0};
    (void)begin;
    (void)end;
    rate = (size > rate || size != size ? size : rate) * control_real(segments, CONTROL_SCALAR_1);
    for (int pass = 0; pass < 2; pass++) {
        VEC step = {0};
        if (pass) {
            double length = sqrt(NAME(sum_of)(&total) / (double)n) / most;
            step = NAME(splat)((REAL)(rate / (length > 1.0 || length != length ? length : 1.0)));
        }
        for (int64_t at = 0; at < matrices; at++) {
            REAL *row = r + at * rows, *col = c + at * cols, *from = g + at * rows * cols, *to = w + at * rows * cols;
            double mean = 0.0;
            if (rows && !pass)
                NAME(factor_means)(row, col, from, rows, cols, beta, epsilon);
            for (int64_t i = 0; i < rows; i++)
                mean += (double)row[i] / (double)rows;
            for (int64_t i = 0; i < (rows ? rows : 1); i++)
                for (int64_t j = 0; j < cols; j += VL) {
                    int64_t count = smaller(cols - j, VL);
                    VEC gradient = NAME(load_some)(from + i * cols + j, count), square = NAME(load_some)(col + j, count);
                    if (rows) {
                        square = NAME(splat)((REAL)((double)row[i] / mean)) * square;
                    } else if (!pass) {
                        VEC fresh = NAME(multiply_add)(gradient, gradient, NAME(splat)(epsilon));
                        square = NAME(multiply_add)(NAME(splat)((REAL)beta), square,
                                                    NAME(splat)((REAL)(1.0 - beta)) * fresh);
                        NAME(store_some)(col + j, count, square);
                    }
                    VEC move = gradient / NAME(vec_sqrt)(square);
                    if (pass) {
                        VEC weight = NAME(load_some)(to + i * cols + j, count);
                        NAME(store_some)(to + i * cols + j, count, NAME(multiply_add)(-step, move, weight));
                    } else {
                        NAME(add_squares)(&total, move, count);
                    }
                }
        }
    }
}

/* out (m, n) = p·q, dense; p[i, k] = p[i·p_row + k·p_step]; q (depth, n), or with `turned` its transpose (n, depth). */
static void NAME(matrix_product)(REAL *out, int64_t m, int64_t n, int64_t depth, const REAL *p, int64_t p_row,
                                 int64_t p_step, const REAL *q, int turned)
{
    REAL panel[KC * NR] ALIGNED, c[MC * NR] ALIGNED;
    for (int64_t i = 0; i < m; i += MC)
        for (int64_t j = 0; j < n; j += NR) {
            int64_t rows = smaller(m - i, MC), cols = smaller(n - j, NR);
            for (int64_t k = 0; k < depth; k += KC) {
                int64_t part = smaller(depth - k, KC), ld = NR;
                const REAL *from = panel;
                if (turned) {
                    NAME(pack_columns)(panel, q + j * depth + k, depth, part, cols);
                } else if (NAME(packs)(n, cols, rows)) {
                    NAME(pack_rows)(panel, q + k * n + j, n, part, cols);
                } else {
                    from = q + k * n + j;
                    ld = n;
                }
                NAME(block_product)(rows, cols, part, NULL, p + i * p_row + k * p_step, p_row, p_step, from, ld, c,
                                    k == 0, &(NAME(ahead)){0});
            }
            for (int64_t r = 0; r < rows; r++)
                for (int64_t v = 0; v < cols; v += VL)
                    NAME(store_some)(out + (i + r) * n + j + v, smaller(cols - v, VL), NAME(load)(c + r * NR + v));
        }
}

/* y ← f·x + h·y over n elements. */
static void NAME(combine)(REAL *y, const REAL *x, int64_t n, double f, double h)
{
    VEC factor = NAME(splat)((REAL)f), own = NAME(splat)((REAL)h);
    for (int64_t e = 0; e < n; e += VL) {
        int64_t count = smaller(n - e, VL);
        VEC sum = NAME(multiply_add)(factor, NAME(load_some)(x + e, count), own * NAME(load_some)(y + e, count));
        NAME(store_some)(y + e, count, sum);
    }
}

/*
 * m ← a1·m + g; x = g + a1·m (i0: nesterov), else m; x ← x/(|x| + 1e-7); i1 times: A = x·xᵀ (or xᵀ·x, the smaller),
 * B = a3·A + a4·A², x ← a2·x + B·x (or x·B); w ← w − lr·a5·x: Jordan et al. 2024, Muon, as Keras. w, g, m (rows, cols),
 * then scratch as large as w: x, the product, A, B. 2·k²·(2·long + k) flops a round, k the smaller side.
 */
static void NAME(muon_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *m = NAME(elements)(record, segments, 2), *x = NAME(elements)(record, segments, 3);
    REAL *y = NAME(elements)(record, segments, 4), *a = NAME(elements)(record, segments, 5);
    REAL *b = NAME(elements)(record, segments, 6);
    int64_t rows = operand_rows(record, segments, 0), cols = operand_cols(record, 0), n = rows * cols;
    int64_t k = smaller(rows, cols), nesterov = integer_attribute(record, 0), rounds = integer_attribute(record, 1);
    double momentum = float_attribute(record, segments, 1), factors[3];
    NAME(total) total = {0};
    (void)begin;
    (void)end;
    for (int f = 0; f < 3; f++)
        factors[f] = float_attribute(record, segments, 2 + f);
    VEC mu = NAME(splat)((REAL)momentum);
    for (int64_t e = 0; e < n; e += VL) {
        int64_t count = smaller(n - e, VL);
        VEC gradient = NAME(load_some)(g + e, count);
        VEC velocity = NAME(multiply_add)(mu, NAME(load_some)(m + e, count), gradient);
        VEC start = nesterov ? NAME(multiply_add)(mu, velocity, gradient) : velocity;
        NAME(store_some)(m + e, count, velocity);
        NAME(store_some)(x + e, count, start);
        NAME(add_squares)(&total, start, count);
    }
    NAME(combine)(x, x, n, 1.0 / (sqrt(NAME(sum_of)(&total)) + 1e-7), 0.0);
    for (int64_t round = 0; round < rounds; round++) {
        if (rows > cols)
            NAME(matrix_product)(a, k, k, rows, x, 1, cols, x, 0);
        else
            NAME(matrix_product)(a, k, k, cols, x, cols, 1, x, 1);
        NAME(matrix_product)(b, k, k, k, a, k, 1, a, 0);
        NAME(combine)(b, a, k * k, factors[1], factors[2]);
        if (rows > cols)
            NAME(matrix_product)(y, rows, cols, k, x, cols, 1, b, 0);
        else
            NAME(matrix_product)(y, rows, cols, k, b, k, 1, x, 0);
        NAME(combine)(x, y, n, 1.0, factors[0]);
    }
    NAME(decay_all)(record, segments);
    NAME(combine)(w, x, n, -control_real(segments, CONTROL_LEARNING_RATE) * float_attribute(record, segments, 5), 1.0);
}
