/*
 * Optimizer steps that look at a whole variable before they change an element of it: Lamb and Adafactor (norms, row and
 * column means), Muon (products of matrices). Each is several tile ops, in stages one after the other: sums of a chunk, a
 * row or a column go to arrays of their own, and the last op adds them up, each tile for itself in one order. So the
 * tiles of one variable are shared out among threads, and the bits do not depend on how.
 * a0 = weight decay (decoupled), as in optimizer.c. Twin: fastnn/backends/numpy_ref/layerwise.py.
 */
#ifndef FASTNN_LAYERWISE_ONCE
#define FASTNN_LAYERWISE_ONCE
#define FOLD 16 /* registers added up in REAL before they go to a double: 16 roundings, and no conversion per element */
#define WHOLE_CHUNK 4096 /* elements of one sum (ops/layerwise.py says the same) */
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

/* lr·a0: what of w decays. */
INLINE REAL NAME(decay_of)(const int64_t *record, char *const *segments)
{
    return (REAL)(control_real(segments, CONTROL_LEARNING_RATE) * float_attribute(record, segments, 0));
}

/* The root of what the chunks, rows or columns of an operand add up to. */
static double NAME(norm_of)(const REAL *parts, int64_t count)
{
    double sum = 0.0;
    for (int64_t t = 0; t < count; t++)
        sum += (double)parts[t];
    return sqrt(sum);
}

/* Adam's step without its bias correction's root: u = s1·m/(√(s2·v) + a3). */
INLINE VEC NAME(lamb_move)(VEC first, VEC second, VEC s1, VEC s2, VEC epsilon)
{
    return s1 * first / (NAME(vec_sqrt)(s2 * second) + epsilon);
}

/*
 * Lamb (You et al. 2020), as Keras, first op: m and v as Adam's; of each chunk, lengths = Σ w² of the decayed weights and
 * moves = Σ u², u = s1·m/(√(s2·v) + a3), s1 = 1/(1 − a1^t), s2 = 1/(1 − a2^t). m, v, w, g (1, count); lengths and moves as
 * large, of which one element a chunk is used. Tile op over the chunks.
 */
static void NAME(lamb_moments)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *m = NAME(elements)(record, segments, 0), *v = NAME(elements)(record, segments, 1);
    REAL *w = NAME(elements)(record, segments, 2), *g = NAME(elements)(record, segments, 3);
    REAL *lengths = NAME(elements)(record, segments, 4), *moves = NAME(elements)(record, segments, 5);
    REAL decay = NAME(decay_of)(record, segments);
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 3));
    VEC rest_1 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 1)));
    VEC rest_2 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 2)));
    VEC s1 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_1));
    VEC s2 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_2));
    int64_t n = NAME(element_count)(record, segments, 0);
    for (int64_t t = begin; t < end; t++) {
        NAME(total) length = {0}, move = {0};
        for (int64_t e = t * WHOLE_CHUNK, last = smaller(n, e + WHOLE_CHUNK); e < last; e += VL) {
            int64_t count = smaller(last - e, VL);
            VEC gradient = NAME(load_some)(g + e, count);
            VEC first = NAME(load_some)(m + e, count), second = NAME(load_some)(v + e, count);
            first = NAME(multiply_add)(gradient - first, rest_1, first);
            second = NAME(multiply_add)(NAME(multiply_add)(gradient, gradient, -second), rest_2, second);
            NAME(store_some)(m + e, count, first);
            NAME(store_some)(v + e, count, second);
            NAME(add_squares)(&length, NAME(decayed)(NAME(load_some)(w + e, count), decay), count);
            NAME(add_squares)(&move, NAME(lamb_move)(first, second, s1, s2, epsilon), count);
        }
        lengths[t] = (REAL)NAME(sum_of)(&length);
        moves[t] = (REAL)NAME(sum_of)(&move);
    }
}

/* Second op: w ← w − lr·a0·w − lr·|w|/|u|·u, the quotient 1 where a norm is not above 0; u is computed again, not stored.
   w, m, v, lengths, moves. Tile op over the elements. */
static void NAME(lamb_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *m = NAME(elements)(record, segments, 1);
    REAL *v = NAME(elements)(record, segments, 2), decay = NAME(decay_of)(record, segments);
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 3));
    VEC s1 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_1));
    VEC s2 = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_2));
    int64_t chunks = (NAME(element_count)(record, segments, 0) + WHOLE_CHUNK - 1) / WHOLE_CHUNK;
    double size = NAME(norm_of)(NAME(elements)(record, segments, 3), chunks);
    double length = NAME(norm_of)(NAME(elements)(record, segments, 4), chunks);
    double ratio = size > 0 && length > 0 ? size / length : 1.0;
    VEC rate = NAME(splat)((REAL)(ratio * control_real(segments, CONTROL_LEARNING_RATE)));
    for (int64_t e = begin; e < end; e += VL) {
        int64_t count = smaller(end - e, VL);
        VEC move = NAME(lamb_move)(NAME(load_some)(m + e, count), NAME(load_some)(v + e, count), s1, s2, epsilon);
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        NAME(store_some)(w + e, count, NAME(multiply_add)(-rate, move, weight));
    }
}

/*
 * Adafactor (Shazeer and Stern 2018), as Keras, for matrices of i0 rows: r[i] ← s2·r[i] + (1 − s2)·mean_j(g² + a1), and of
 * each row lengths = Σ w² of the decayed weights. r, w, g, lengths; of r and lengths one element a row is used. Tile op
 * over the rows of all matrices.
 */
static void NAME(adafactor_rows)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *r = NAME(elements)(record, segments, 0), *w = NAME(elements)(record, segments, 1);
    REAL *g = NAME(elements)(record, segments, 2), *lengths = NAME(elements)(record, segments, 3);
    REAL decay = NAME(decay_of)(record, segments), epsilon = (REAL)float_attribute(record, segments, 1);
    int64_t cols = operand_cols(record, 0);
    double beta = control_real(segments, CONTROL_SCALAR_2);
    for (int64_t i = begin; i < end; i++) {
        NAME(total) length = {0};
        double sum = 0.0;
        for (int64_t j = 0; j < cols; j += VL) {
            int64_t count = smaller(cols - j, VL);
            VEC gradient = NAME(load_some)(g + i * cols + j, count), square = gradient * gradient + epsilon;
            for (int64_t l = 0; l < count; l++)
                sum += (double)square[l];
            NAME(add_squares)(&length, NAME(decayed)(NAME(load_some)(w + i * cols + j, count), decay), count);
        }
        r[i] = (REAL)(beta * (double)r[i] + (1.0 - beta) * sum / (double)cols);
        lengths[i] = (REAL)NAME(sum_of)(&length);
    }
}

/* c[j] ← s2·c[j] + (1 − s2)·mean_i(g² + a0), i over the i0 rows of a matrix. c, g; of c one element a column is used.
   Tile op over the columns of all matrices. */
static void NAME(adafactor_columns)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *c = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL epsilon = (REAL)float_attribute(record, segments, 0);
    int64_t rows = integer_attribute(record, 0), cols = operand_cols(record, 0);
    double beta = control_real(segments, CONTROL_SCALAR_2);
    for (int64_t j = begin; j < end;) {
        int64_t count = smaller(smaller(end - j, VL), cols - j % cols);
        const REAL *from = g + j / cols * rows * cols + j % cols;
        double sums[VL] = {0};
        for (int64_t i = 0; i < rows; i++) {
            VEC gradient = NAME(load_some)(from + i * cols, count), square = gradient * gradient + epsilon;
            for (int l = 0; l < VL; l++)
                sums[l] += (double)square[l];
        }
        for (int64_t l = 0; l < count; l++)
            c[j + l] = (REAL)(beta * (double)c[j + l] + (1.0 - beta) * sums[l] / (double)rows);
        j += count;
    }
}

/* The mean of the i0 = rows elements of r that belong to one matrix. */
INLINE double NAME(mean_of_rows)(const REAL *r, int64_t rows)
{
    double mean = 0.0;
    for (int64_t i = 0; i < rows; i++)
        mean += (double)r[i] / (double)rows;
    return mean;
}

/* moves[i] = Σ_j u², u = g/√(r[i]·c[j]/mean(r)), for matrices of i0 rows. moves, g, r, c. Tile op over the rows of all
   matrices. */
static void NAME(adafactor_moves)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *moves = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *r = NAME(elements)(record, segments, 2), *c = NAME(elements)(record, segments, 3);
    int64_t rows = integer_attribute(record, 0), cols = operand_cols(record, 0), matrix = -1;
    double mean = 0.0;
    for (int64_t i = begin; i < end; i++) {
        NAME(total) move = {0};
        if (i / rows != matrix) {
            matrix = i / rows;
            mean = NAME(mean_of_rows)(r + matrix * rows, rows);
        }
        VEC row = NAME(splat)((REAL)((double)r[i] / mean));
        for (int64_t j = 0; j < cols; j += VL) {
            int64_t count = smaller(cols - j, VL);
            VEC square = row * NAME(load_some)(c + matrix * cols + j, count);
            NAME(add_squares)(&move, NAME(load_some)(g + i * cols + j, count) / NAME(vec_sqrt)(square), count);
        }
        moves[i] = (REAL)NAME(sum_of)(&move);
    }
}

/* For what is no matrix: v ← s2·v + (1 − s2)·(g² + a1); of each chunk, lengths = Σ w² of the decayed weights and
   moves = Σ g²/v. v, w, g, lengths, moves. Tile op over the chunks. */
static void NAME(adafactor_moments)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *v = NAME(elements)(record, segments, 0), *w = NAME(elements)(record, segments, 1);
    REAL *g = NAME(elements)(record, segments, 2), *lengths = NAME(elements)(record, segments, 3);
    REAL *moves = NAME(elements)(record, segments, 4), decay = NAME(decay_of)(record, segments);
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 1));
    double beta = control_real(segments, CONTROL_SCALAR_2);
    VEC keep = NAME(splat)((REAL)beta), rest = NAME(splat)((REAL)(1.0 - beta));
    int64_t n = NAME(element_count)(record, segments, 0);
    for (int64_t t = begin; t < end; t++) {
        NAME(total) length = {0}, move = {0};
        for (int64_t e = t * WHOLE_CHUNK, last = smaller(n, e + WHOLE_CHUNK); e < last; e += VL) {
            int64_t count = smaller(last - e, VL);
            VEC gradient = NAME(load_some)(g + e, count);
            VEC fresh = rest * NAME(multiply_add)(gradient, gradient, epsilon);
            VEC square = NAME(multiply_add)(keep, NAME(load_some)(v + e, count), fresh);
            NAME(store_some)(v + e, count, square);
            NAME(add_squares)(&length, NAME(decayed)(NAME(load_some)(w + e, count), decay), count);
            NAME(add_squares)(&move, gradient / NAME(vec_sqrt)(square), count);
        }
        lengths[t] = (REAL)NAME(sum_of)(&length);
        moves[t] = (REAL)NAME(sum_of)(&move);
    }
}

/* w ← w − lr·a0·w − α·u/max(1, rms(u)/a2), α = max(a1, rms(w))·s1, u = g/√v; v = r[i]·c[j]/mean(r) for matrices of i0
   rows. w, g, lengths, moves, then r and c, or where i0 = 0 v. Tile op over the elements. */
static void NAME(adafactor_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *r = NAME(elements)(record, segments, 4), *c = NAME(elements)(record, segments, record[RECORD_OPERANDS] - 1);
    REAL decay = NAME(decay_of)(record, segments);
    int64_t n = NAME(element_count)(record, segments, 0), rows = integer_attribute(record, 0);
    int64_t cols = rows ? operand_cols(record, 0) : n, matrix = -1;
    int64_t parts = rows ? n / cols : (n + WHOLE_CHUNK - 1) / WHOLE_CHUNK;
    double least = float_attribute(record, segments, 1), most = float_attribute(record, segments, 2), root = sqrt((double)n);
    double size = NAME(norm_of)(NAME(elements)(record, segments, 2), parts) / root, mean = 0.0;
    double length = NAME(norm_of)(NAME(elements)(record, segments, 3), parts) / root / most;
    double rate = (size > least || size != size ? size : least) * control_real(segments, CONTROL_SCALAR_1);
    VEC step = NAME(splat)((REAL)(rate / (length > 1.0 || length != length ? length : 1.0)));
    for (int64_t e = begin; e < end;) {
        int64_t i = e / cols, j = e % cols, last = smaller(end, e - j + cols);
        VEC row = {0};
        if (rows) {
            if (i / rows != matrix) {
                matrix = i / rows;
                mean = NAME(mean_of_rows)(r + matrix * rows, rows);
            }
            row = NAME(splat)((REAL)((double)r[i] / mean));
        }
        for (; e < last; e += VL, j += VL) {
            int64_t count = smaller(last - e, VL);
            VEC square = NAME(load_some)(rows ? c + matrix * cols + j : c + e, count);
            VEC move = NAME(load_some)(g + e, count) / NAME(vec_sqrt)(rows ? row * square : square);
            VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
            NAME(store_some)(w + e, count, NAME(multiply_add)(-step, move, weight));
        }
        e = last;
    }
}

/*
 * Muon (Jordan et al. 2024), as Keras, first op: m ← a0·m + g; x = g + a0·m (i0: nesterov), else m, written transposed
 * where m is wider than tall (i1); of each chunk, lengths = Σ x². m, g, x, lengths. Tile op over the chunks.
 */
static void NAME(muon_start)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *m = NAME(elements)(record, segments, 0), *g = NAME(elements)(record, segments, 1);
    REAL *x = NAME(elements)(record, segments, 2), *lengths = NAME(elements)(record, segments, 3);
    int64_t nesterov = integer_attribute(record, 0), turned = integer_attribute(record, 1);
    int64_t rows = operand_rows(record, segments, 0), cols = operand_cols(record, 0), n = rows * cols;
    VEC mu = NAME(splat)((REAL)float_attribute(record, segments, 0));
    for (int64_t t = begin; t < end; t++) {
        NAME(total) length = {0};
        for (int64_t e = t * WHOLE_CHUNK, last = smaller(n, e + WHOLE_CHUNK); e < last; e += VL) {
            int64_t count = smaller(last - e, VL);
            VEC gradient = NAME(load_some)(g + e, count);
            VEC velocity = NAME(multiply_add)(mu, NAME(load_some)(m + e, count), gradient);
            VEC start = nesterov ? NAME(multiply_add)(mu, velocity, gradient) : velocity;
            NAME(store_some)(m + e, count, velocity);
            NAME(add_squares)(&length, start, count);
            if (!turned)
                NAME(store_some)(x + e, count, start);
            else
                for (int64_t l = 0; l < count; l++)
                    x[(e + l) % cols * rows + (e + l) / cols] = start[l];
        }
        lengths[t] = (REAL)NAME(sum_of)(&length);
    }
}

/* x ← x/(√Σ lengths + 1e-7). x, lengths. Tile op over the elements. */
static void NAME(muon_scale)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *x = NAME(elements)(record, segments, 0);
    int64_t chunks = (NAME(element_count)(record, segments, 0) + WHOLE_CHUNK - 1) / WHOLE_CHUNK;
    double length = NAME(norm_of)(NAME(elements)(record, segments, 1), chunks);
    VEC factor = NAME(splat)((REAL)(1.0 / (length + 1e-7)));
    for (int64_t e = begin; e < end; e += VL) {
        int64_t count = smaller(end - e, VL);
        NAME(store_some)(x + e, count, factor * NAME(load_some)(x + e, count));
    }
}

/*
 * y = a0·p·q + a1·z, all dense, with i0 pᵀ in the place of p: the products of a round, A = xᵀ·x, B = a·A² + b·A,
 * x' = x·B + c·x of a tall x. y, p, q, z (not read where a1 = 0); y overwritten, must not overlap. Tile op over the rows
 * of y, which dense.c's register tiles compute (product.h): 2·depth flops an element.
 */
static void NAME(muon_product)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL panel[KC * NR] ALIGNED, c[MC * NR] ALIGNED;
    REAL *y = NAME(elements)(record, segments, 0), *p = NAME(elements)(record, segments, 1);
    REAL *q = NAME(elements)(record, segments, 2), *z = NAME(elements)(record, segments, 3);
    int64_t turned = integer_attribute(record, 0), n = operand_cols(record, 0), ld = operand_cols(record, 1);
    int64_t depth = turned ? operand_rows(record, segments, 1) : ld, p_row = turned ? 1 : ld, p_step = turned ? ld : 1;
    REAL share = (REAL)float_attribute(record, segments, 1);
    VEC factor = NAME(splat)((REAL)float_attribute(record, segments, 0)), own = NAME(splat)(share);
    for (int64_t i = begin; i < end; i += MC)
        for (int64_t j = 0; j < n; j += NR) {
            int64_t rows = smaller(end - i, MC), cols = smaller(n - j, NR);
            for (int64_t k = 0; k < depth; k += KC) {
                int64_t part = smaller(depth - k, KC), step = n;
                const REAL *from = q + k * n + j;
                if (NAME(packs)(n, cols, rows)) {
                    NAME(pack_rows)(panel, from, n, part, cols);
                    from = panel;
                    step = NR;
                }
                NAME(block_product)(rows, cols, part, NULL, p + i * p_row + k * p_step, p_row, p_step, from, step, c,
                                    k == 0, &(NAME(ahead)){0});
            }
            for (int64_t row = 0; row < rows; row++)
                for (int64_t v = 0; v < cols; v += VL) {
                    int64_t at = (i + row) * n + j + v, count = smaller(cols - v, VL);
                    VEC sum = factor * NAME(load)(c + row * NR + v);
                    if (share != 0)
                        sum = NAME(multiply_add)(own, NAME(load_some)(z + at, count), sum);
                    NAME(store_some)(y + at, count, sum);
                }
        }
}

/* w ← w − lr·a0·w − lr·a1·x, x transposed where i0. w, x. Tile op over the elements. */
static void NAME(muon_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(elements)(record, segments, 0), *x = NAME(elements)(record, segments, 1);
    int64_t turned = integer_attribute(record, 0), rows = operand_rows(record, segments, 0), cols = operand_cols(record, 0);
    REAL decay = NAME(decay_of)(record, segments);
    VEC rate = NAME(splat)((REAL)(control_real(segments, CONTROL_LEARNING_RATE) * float_attribute(record, segments, 1)));
    for (int64_t e = begin; e < end; e += VL) {
        int64_t count = smaller(end - e, VL);
        VEC move = {0}, weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        if (!turned)
            move = NAME(load_some)(x + e, count);
        else
            for (int64_t l = 0; l < count; l++)
                move[l] = x[(e + l) % cols * rows + (e + l) / cols];
        NAME(store_some)(w + e, count, NAME(multiply_add)(-rate, move, weight));
    }
}
