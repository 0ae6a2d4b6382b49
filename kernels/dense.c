/*
 * The dense layer: z = x·w + b and its gradients, with the activation fused where the layer has one. Row-major,
 * w (n_in, n_out), so that a row of w meets one element of x. All of them are walks over the blocks of product.h;
 * sums over n_in, n_out or the batch always run in ascending order, in REAL.
 * Not here: the activations' formulas (activation.c). Twin: fastnn/backends/numpy_ref/dense.py.
 */

/* The strip of w (n_rows, ·) that begins at (row, col), cut at the end of w; empty beyond it. */
INLINE NAME(ahead) NAME(strip)(VIEW w, int64_t n_rows, int64_t row, int64_t col, int64_t rows, int64_t cols)
{
    NAME(ahead) next = {.ld = w.ld};
    if (n_rows * w.ld * REAL_BYTES >= AHEAD_BYTES && row < n_rows && col < w.cols) {
        next.strip = w.data + row * w.ld + col;
        next.rows = smaller(rows, n_rows - row);
        next.cols = smaller(cols, w.cols - col);
    }
    return next;
}

/* z[:, j] = f(c + b) for a finished block c of `cols` columns; b may be NULL. */
INLINE void NAME(finish_forward)(const int function, int64_t rows, int64_t cols, const REAL *c, const REAL *b,
                                 REAL *z, int64_t ld)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j += VL) {
            int64_t count = smaller(cols - j, VL);
            VEC sum = NAME(load)(c + i * NR + j);
            if (b)
                sum += NAME(load_some)(b + j, count);
            NAME(store_some)(z + i * ld + j, count, NAME(activation)(function, sum));
        }
}

/* The same with the function as data. */
static void NAME(finish_block)(int64_t function, int64_t rows, int64_t cols, const REAL *c, const REAL *b, REAL *z,
                               int64_t ld)
{
    switch (function) {
    case LINEAR: NAME(finish_forward)(LINEAR, rows, cols, c, b, z, ld); break;
    case RELU: NAME(finish_forward)(RELU, rows, cols, c, b, z, ld); break;
    case SIGMOID: NAME(finish_forward)(SIGMOID, rows, cols, c, b, z, ld); break;
    case TANH: NAME(finish_forward)(TANH, rows, cols, c, b, z, ld); break;
    }
}

/* 1 if all of x is finite: x − x is 0 for finite x and NaN else, and NaN survives a sum. */
static int NAME(all_finite)(const REAL *x, int64_t cols)
{
    VEC sum = {0};
    for (int64_t j = 0; j < cols; j += VL) {
        VEC v = NAME(load_some)(x + j, smaller(cols - j, VL));
        sum += v - v;
    }
    return !NAME(any_lane)((IVEC)(sum != (VEC){0}));
}

/* used[k] = 1 where one of the rows of x has something other than 0 in column k. Returns how many columns have. */
static int64_t NAME(used_columns)(char *used, VIEW x, int64_t rows, int64_t begin, int64_t end)
{
    int64_t count = 0;
    for (int64_t k = begin; k < end; k += VL) {
        int64_t lanes = smaller(end - k, VL);
        NAME(uvec) bits = {0};
        for (int64_t i = 0; i < rows; i++)
            bits |= (NAME(uvec))NAME(load_some)(x.data + i * x.ld + k, lanes);
        bits <<= 1; /* the sign of a zero does not count */
        for (int64_t l = 0; l < lanes; l++)
            count += used[k - begin + l] = bits[l] != 0;
    }
    return count;
}

/*
 * Images have columns that are 0 in a whole block of rows (two in five of MNIST in blocks of 64): their terms 0·w leave
 * every sum as it is, unless w is not finite. Lists the columns that count; returns their number, or n_in and no list if
 * they are nearly all.
 */
static int64_t NAME(list_columns)(int64_t *index, VIEW x, VIEW w, int64_t rows)
{
    char used[INDEX_MOST];
    int64_t n_in = x.cols, count = 0;
    if (n_in > INDEX_MOST || rows * n_in * w.cols < INDEX_LEAST || NAME(used_columns)(used, x, rows, 0, n_in) > n_in - n_in / 8)
        return n_in;
    for (int64_t k = 0; k < n_in; k++)
        if (used[k] || !NAME(all_finite)(w.data + k * w.ld, w.cols))
            index[count++] = k;
    return count;
}

/* c[r] = Σ_k x[r, k]·w[k] for `rows` rows at once: column k goes to lane k mod VL, ascending, then the lanes are added. */
INLINE void NAME(row_products)(const int rows, const REAL *x, int64_t ld, const REAL *w, int64_t n_in, REAL *c)
{
    VEC sum[4] = {0};
    for (int64_t k = 0; k < n_in; k += VL) {
        int64_t count = smaller(n_in - k, VL);
        VEC weights = NAME(load_some)(w + k, count);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            sum[r] = NAME(multiply_add)(NAME(load_some)(x + r * ld + k, count), weights, sum[r]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        c[r] = NAME(lane_sum)(sum[r]);
}

/*
 * z of a layer with one output, a matrix-vector product: the columns of x and w fill the registers, of which a tile would
 * use one lane. Four rows at a time, the same operations for each.
 */
static void NAME(forward_vector)(VIEW z, VIEW x, const REAL *w, const REAL *b, int64_t rows, int64_t function)
{
    REAL c[MC] ALIGNED;
    for (int64_t i = 0; i < rows; i += MC) {
        int64_t block = smaller(rows - i, MC), r = 0;
        const REAL *from = x.data + i * x.ld;
        for (; r + 4 <= block; r += 4)
            NAME(row_products)(4, from + r * x.ld, x.ld, w, x.cols, c + r);
        for (; r < block; r++)
            NAME(row_products)(1, from + r * x.ld, x.ld, w, x.cols, c + r);
        for (r = 0; b && r < block; r++)
            c[r] += *b;
        int64_t joined = z.ld == 1 ? block : 1; /* rows that lie as one */
        for (r = 0; r < block; r += joined)
            NAME(finish_block)(function, 1, joined, c + r, NULL, z.data + (i + r) * z.ld, 0);
    }
}

/*
 * Panels of NR columns outermost, every row tile reading the panel where it lies in w: that it is read from L2 as often
 * as from L1 costs nothing (README.md). A panel whose last register is partial is packed.
 */
static void NAME(forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end, int64_t function)
{
    REAL panel[KC * NR] ALIGNED, c[MC * NR] ALIGNED;
    int64_t index[INDEX_MOST];
    VIEW z = NAME(view_of)(record, segments, 0, begin), x = NAME(view_of)(record, segments, 1, begin);
    VIEW w = NAME(view_of)(record, segments, 2, 0);
    const REAL *b = integer_attribute(record, 0) ? NAME(view_of)(record, segments, 3, 0).data : NULL;
    int64_t n_in = x.cols, n_out = z.cols;
    if (n_out == 1 && w.ld <= 1) {
        NAME(forward_vector)(z, x, w.data, b, end - begin, function);
        return;
    }
    for (int64_t i = 0; i < end - begin; i += MC, x.data += MC * x.ld) {
        int64_t rows = smaller(end - begin - i, MC), listed = NAME(list_columns)(index, x, w, rows);
        for (int64_t j = 0; j < n_out; j += NR) {
            int64_t cols = smaller(n_out - j, NR);
            const int64_t *list = listed < n_in && cols % VL == 0 ? index : NULL;
            int64_t terms = list ? listed : n_in;
            if (terms == 0)
                memset(c, 0, sizeof c);
            for (int64_t k = 0; k < terms; k += KC) {
                int64_t depth = smaller(terms - k, KC), ld = w.ld, first = list ? 0 : k;
                const REAL *from = w.data + first * ld + j;
                if (NAME(packs)(ld, cols, rows) && !list) {
                    NAME(pack_rows)(panel, from, ld, depth, cols);
                    from = panel;
                    ld = NR;
                }
                NAME(ahead) next = k + KC < n_in ? NAME(strip)(w, n_in, k + KC, j, KC, NR)
                                                 : NAME(strip)(w, n_in, 0, j + NR, KC, NR);
                NAME(block_product)(rows, cols, depth, list ? list + k : NULL, x.data + first, x.ld, 1, from, ld, c,
                                    k == 0, &next);
            }
            NAME(finish_block)(function, rows, cols, c, b ? b + j : NULL, z.data + i * z.ld + j, z.ld);
        }
    }
}

/*
 * z = x·w + b. x (n, n_in), w (n_in, n_out), b (n_out) → z (n, n_out), overwritten; i0 = 1 if b is present.
 * z must not overlap x, w or b. Row op. 2·n·n_in·n_out flops. Error ≤ n_in·ε·Σ|x||w| (one chain of multiply-adds, or
 * with one output a chain per lane; the bias last).
 */
static void NAME(dense_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(forward)(record, segments, begin, end, LINEAR);
}

/* y = f(x·w + b): dense_forward with activation i1 applied while the block is in L1; i0 = 1 if b is present.
   The same bits as dense_forward followed by activation_forward. */
static void NAME(dense_activation_forward)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(forward)(record, segments, begin, end, integer_attribute(record, 1));
}

/* dx[:, k] = f'(y)·c for a finished block; linear ignores y. */
INLINE void NAME(finish_dx)(const int function, int64_t rows, int64_t cols, const REAL *c, const REAL *y, int64_t y_ld,
                            REAL *dx, int64_t ld)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < cols; k += VL) {
            int64_t count = smaller(cols - k, VL);
            VEC out = function == LINEAR ? (VEC){0} : NAME(load_some)(y + i * y_ld + k, count);
            VEC sum = NAME(load)(c + i * NR + k);
            NAME(store_some)(dx + i * ld + k, count, NAME(activation_gradient)(function, sum, out));
        }
}

/* c[r, :] = dz[r]·w: dx of a layer with one output. The 0 that is added is a tile's. */
INLINE void NAME(outer_product)(int64_t rows, int64_t cols, const REAL *dz, int64_t ld, const REAL *w, REAL *c)
{
    for (int64_t k = 0; k < cols; k += VL) {
        VEC weights = NAME(load_some)(w + k, smaller(cols - k, VL));
        for (int64_t r = 0; r < rows; r++)
            NAME(store)(c + r * NR + k, NAME(multiply_add)(NAME(splat)(dz[r * ld]), weights, (VEC){0}));
    }
}

/* Panels of NR columns of dx = NR rows of w, turned while they are packed, so that the tile reads them as `forward`
   reads w; each panel serves a whole block of rows. */
static void NAME(input_gradient)(const int64_t *record, char *const *segments, int64_t begin, int64_t end,
                                 int64_t function)
{
    REAL panel[KC * NR] ALIGNED, c[MC * NR] ALIGNED;
    VIEW dx = NAME(view_of)(record, segments, 0, begin), dz = NAME(view_of)(record, segments, 1, begin);
    VIEW w = NAME(view_of)(record, segments, 2, 0), y = dx;
    if (function != LINEAR)
        y = NAME(view_of)(record, segments, 3, begin);
    int64_t n_in = dx.cols, n_out = dz.cols;
    for (int64_t i = 0; i < end - begin; i += MC) {
        int64_t rows = smaller(end - begin - i, MC);
        for (int64_t k = 0; k < n_in; k += NR) {
            int64_t cols = smaller(n_in - k, NR);
            int vector = n_out == 1 && w.ld <= 1;
            if (vector)
                NAME(outer_product)(rows, cols, dz.data + i * dz.ld, dz.ld, w.data + k, c);
            for (int64_t j = 0; j < n_out && !vector; j += KC) {
                int64_t depth = smaller(n_out - j, KC);
                NAME(pack_columns)(panel, w.data + k * w.ld + j, w.ld, depth, cols);
                NAME(ahead) next = j + KC < n_out ? NAME(strip)(w, n_in, k, j + KC, NR, KC)
                                                  : NAME(strip)(w, n_in, k + NR, 0, NR, KC);
                NAME(block_product)(rows, cols, depth, NULL, dz.data + i * dz.ld + j, dz.ld, 1, panel, NR, c, j == 0, &next);
            }
            REAL *to = dx.data + i * dx.ld + k;
            const REAL *out = y.data + i * y.ld + k;
            switch (function) {
            case LINEAR: NAME(finish_dx)(LINEAR, rows, cols, c, out, y.ld, to, dx.ld); break;
            case RELU: NAME(finish_dx)(RELU, rows, cols, c, out, y.ld, to, dx.ld); break;
            case SIGMOID: NAME(finish_dx)(SIGMOID, rows, cols, c, out, y.ld, to, dx.ld); break;
            case TANH: NAME(finish_dx)(TANH, rows, cols, c, out, y.ld, to, dx.ld); break;
            }
        }
    }
}

/* dx = dz·wᵀ. dz (n, n_out), w (n_in, n_out) → dx (n, n_in), overwritten; must not overlap dz or w. Row op.
   2·n·n_in·n_out flops; error ≤ n_out·ε·Σ|dz||w|. */
static void NAME(dense_dx)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(input_gradient)(record, segments, begin, end, LINEAR);
}

/* dz_below = (dz·wᵀ)·f'(y), f = activation i0 of the layer below, its derivative expressed in its output y (n, n_in).
   dz_below may be y itself. The same bits as dense_dx followed by activation_backward. */
static void NAME(dense_activation_dx)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(input_gradient)(record, segments, begin, end, integer_attribute(record, 0));
}

/* A finished block of dw, at element `at` of the weights: stored, or given to the optimizer's update of these weights. */
INLINE void NAME(finish_dw)(const int kind, const NAME(update) *update, int64_t rows, int64_t cols, REAL *c,
                            REAL *dw, int64_t at, int64_t ld)
{
    if (kind != UPDATE_NONE && cols == ld && cols % VL) { /* few columns: whole registers of joined rows */
        for (int64_t r = 1; r < rows; r++)
            for (int64_t j = 0; j < cols; j++)
                c[r * cols + j] = c[r * NR + j];
        cols *= rows;
        rows = 1;
    }
    for (int64_t r = 0; r < rows; r++, at += ld)
        for (int64_t j = 0; j < cols; j += VL) {
            VEC gradient = NAME(load)(c + r * NR + j);
            int64_t count = smaller(cols - j, VL);
            if (kind == UPDATE_NONE)
                NAME(store_some)(dw + at + j, count, gradient);
            else
                NAME(apply_update)(kind, update, at + j, count, gradient);
        }
}

/* block[p, r] = x[p, k + r] for a tile's rows r of dw, or those that the list names: dense, because x is read down its
   columns by the tiles. */
static void NAME(pack_block)(REAL *block, VIEW x, int64_t k, int64_t depth, int64_t rows, const char *list)
{
    for (int64_t p = 0; p < depth && list; p++)
        for (int64_t r = 0; r < rows; r++)
            block[p * rows + r] = x.data[p * x.ld + k + list[r]];
    for (int64_t p = 0; p < depth && !list; p++)
        for (int64_t r = 0; r < rows; r += VL) {
            int64_t count = smaller(rows - r, VL);
            NAME(store_some)(block + p * rows + r, count, NAME(load_some)(x.data + p * x.ld + k + r, count));
        }
}

/*
 * Columns of x that are 0 in the whole batch have rows of dw that are all the same: Σ 0·dz, which is 0, or NaN where dz
 * is not finite. list ← the columns of [k, k + rows) that are not, then one that is; returns how many, or `rows` and no
 * list if there is nothing to save. In row[r] stands which row of the product is row r of dw.
 */
static int64_t NAME(list_rows)(char *list, char *row, VIEW x, int64_t n, int64_t k, int64_t rows, int64_t n_out)
{
    char used[64];
    if (n * rows * n_out < INDEX_LEAST)
        return rows;
    int64_t count = NAME(used_columns)(used, x, n, k, k + rows), listed = 0;
    if (count + 1 > rows - rows / 8)
        return rows;
    for (int64_t r = 0; r < rows; r++) {
        row[r] = (char)(used[r] ? listed : count);
        if (used[r])
            list[listed++] = (char)r;
        else
            list[count] = (char)r;
    }
    return count + 1;
}

/* c[r, :] = c[row[r], :], in place: row[r] ≤ r for listed rows, and the last listed row serves all others. */
static void NAME(spread_rows)(REAL *c, const char *row, int64_t rows, int64_t listed)
{
    REAL zero[NR];
    memcpy(zero, c + (listed - 1) * NR, sizeof zero);
    for (int64_t r = rows - 1; r >= 0; r--)
        memmove(c + r * NR, row[r] == listed - 1 ? zero : c + row[r] * NR, sizeof zero);
}

/*
 * The rows begin .. end of dw of a layer with one output, Σ_i dz[i]·x[i, :]: they fill the registers, of which dw's column
 * would use one lane. The same bits: i ascending.
 */
static void NAME(vector_gradient)(REAL *c, VIEW x, VIEW dz, int64_t n, int64_t begin, int64_t cols)
{
    REAL panel[DW_DEPTH * NR] ALIGNED;
    NAME(tile_function) *tile = NAME(tiles)[(cols + VL - 1) / VL - 1][0];
    for (int64_t i = 0; i < n; i += DW_DEPTH) {
        int64_t depth = smaller(n - i, DW_DEPTH), ld = x.ld;
        const REAL *from = x.data + i * ld + begin;
        if (cols % VL) {
            NAME(pack_rows)(panel, from, ld, depth, cols);
            from = panel;
            ld = NR;
        }
        tile(depth, NULL, dz.data + i * dz.ld, 0, dz.ld, from, ld, c, i == 0);
    }
}

/*
 * The rows begin .. end of dw, HEIGHT at a time, panels of NR columns outermost; the sum over the batch is complete
 * before the next panel, so that an update can have it from L1. Up to ROOM samples of x stay packed for all panels;
 * of larger batches the parts are packed again for each.
 */
INLINE void NAME(weight_gradient)(const int kind, const int64_t *record, char *const *segments, int64_t begin,
                                  int64_t end)
{
    enum { DEPTH = DW_DEPTH, HEIGHT = 48, ROOM = 98304 / (HEIGHT * REAL_BYTES) };
    REAL block[ROOM * HEIGHT] ALIGNED, panel[DEPTH * NR] ALIGNED, c[HEIGHT * NR] ALIGNED;
    const int first = kind == UPDATE_NONE; /* dw is the first operand, or the weights are the third */
    VIEW x = NAME(view_of)(record, segments, first, 0), dz = NAME(view_of)(record, segments, first + 1, 0);
    VIEW dw = NAME(view_of)(record, segments, first ? 0 : 2, 0);
    NAME(update) update;
    if (kind != UPDATE_NONE)
        update = NAME(update_of)(kind, record, segments, 2, 3);
    int64_t n = operand_rows(record, segments, first), n_out = dw.cols;
    for (int64_t k = begin; k < end && n_out == 1; k += NR) {
        int64_t cols = smaller(end - k, NR);
        NAME(vector_gradient)(c, x, dz, n, k, cols);
        NAME(finish_dw)(kind, &update, 1, cols, c, dw.data, k, cols);
    }
    if (n_out == 1)
        return;
    for (int64_t k = begin; k < end; k += HEIGHT) {
        char list[HEIGHT], row[HEIGHT];
        int64_t rows = smaller(end - k, HEIGHT), packed = NAME(list_rows)(list, row, x, n, k, rows, n_out);
        for (int64_t j = 0; j < n_out; j += NR) {
            int64_t cols = smaller(n_out - j, NR), at = k * dw.ld + j;
            for (int64_t i = 0; i < n; i += DEPTH) {
                int64_t depth = smaller(n - i, DEPTH), part = i % ROOM, ld = dz.ld;
                const REAL *from = dz.data + i * ld + j;
                if (part == 0 && (j == 0 || n > ROOM))
                    NAME(pack_block)(block, NAME(rows_from)(x, i), k, smaller(n - i, ROOM), packed,
                                     packed < rows ? list : NULL);
                if (NAME(packs)(ld, cols, packed)) {
                    NAME(pack_rows)(panel, from, ld, depth, cols);
                    from = panel;
                    ld = NR;
                }
                NAME(block_product)(packed, cols, depth, NULL, block + part * packed, 1, packed, from, ld, c, i == 0,
                                    &(NAME(ahead)){0});
            }
            if (packed < rows)
                NAME(spread_rows)(c, row, rows, packed);
            NAME(finish_dw)(kind, &update, rows, cols, c, dw.data, at, dw.ld);
        }
    }
}

/*
 * dw[k, :] = Σ_i x[i, k]·dz[i, :], i ascending over the whole batch. x (n, n_in), dz (n, n_out) → dw (n_in, n_out),
 * overwritten; must not overlap x or dz. Tile op over the rows k of dw. 2·n·n_in·n_out flops; error ≤ n·ε·Σ|x||dz|.
 */
static void NAME(dense_dw)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(weight_gradient)(UPDATE_NONE, record, segments, begin, end);
}

/* db[j] = Σ_i dz[i, j], i ascending. dz (n, n_out) → db (1, n_out), overwritten; must not overlap. Tile op over the
   columns. Rows outermost so that dz streams once: n·n_out additions, memory bound. Summed in double, rounded once. */
static void NAME(dense_db)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    VIEW db = NAME(view_of)(record, segments, 0, 0), dz = NAME(view_of)(record, segments, 1, 0);
    NAME(column_sums)(db.data + begin, dz, operand_rows(record, segments, 1), begin, end, 1.0);
}

/* The sums of dense_db given to the update of the biases, operand 1; its slots follow. */
INLINE void NAME(bias_step)(const int kind, const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    enum { WIDTH = 64 };
    REAL sums[WIDTH] ALIGNED;
    VIEW dz = NAME(view_of)(record, segments, 0, 0);
    NAME(update) update = NAME(update_of)(kind, record, segments, 1, 2);
    for (int64_t j = begin; j < end; j += WIDTH) {
        int64_t cols = smaller(end - j, WIDTH);
        NAME(column_sums)(sums, dz, operand_rows(record, segments, 0), j, j + cols, 1.0);
        for (int64_t c = 0; c < cols; c += VL)
            NAME(apply_update)(kind, &update, j + c, smaller(cols - c, VL), NAME(load_some)(sums + c, smaller(cols - c, VL)));
    }
}

/*
 * dense_dw_…_step, dense_db_…_step: dense_dw or dense_db followed by the optimizer's step on that weight or bias; the
 * gradient is never stored. x, dz, w, slots or dz, b, slots; attributes are the step's (update.h). The same bits as one
 * after the other. Saves writing and reading the gradient and a pass over the weights: 8 of Adam's 28 bytes.
 */
#undef GRADIENT_STEPS
#define GRADIENT_STEPS(name, kind)                                                                                     \
    static void NAME(dense_dw_##name)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)        \
    {                                                                                                                  \
        NAME(weight_gradient)(kind, record, segments, begin, end);                                                     \
    }                                                                                                                  \
    static void NAME(dense_db_##name)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)        \
    {                                                                                                                  \
        NAME(bias_step)(kind, record, segments, begin, end);                                                           \
    }
GRADIENT_STEPS(sgd_step, UPDATE_SGD)
GRADIENT_STEPS(momentum_step, UPDATE_MOMENTUM)
GRADIENT_STEPS(rmsprop_step, UPDATE_RMSPROP)
GRADIENT_STEPS(adam_step, UPDATE_ADAM)
