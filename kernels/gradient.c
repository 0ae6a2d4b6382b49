/*
 * What happens to gradients before an optimizer's step and to weights after it: clipping by a norm, accumulation over
 * steps, averages of the weights. Tile ops over the elements of dense operands. Which step it is (the k-th of k that
 * are accumulated) follows from the control row. Not here: norms (penalty.c), updates (optimizer.c).
 * Twin: fastnn/backends/numpy_ref/gradient.py.
 */
#ifndef FASTNN_GRADIENT_ONCE
#define FASTNN_GRADIENT_ONCE
/* Whether the optimizer updates in this step: the last one of every `every`. */
static inline int updates_now(char *const *segments, int64_t every)
{
    return (control_integer(segments, CONTROL_STEP) + 1) % every == 0;
}
#endif

INLINE REAL *NAME(reals_of)(const int64_t *record, char *const *segments, int64_t o)
{
    return (REAL *)(void *)operand_data(record, segments, o);
}

/* y = g·a0/√s where √s > a0, else g; y = g in steps that update nothing (i0: every how many steps one does). g dense,
   s f64 (1, 1), the sum of squares → y, overwritten, may be g: then nothing moves unless g is too long. NaN in s gives
   NaN. 8 bytes per element in float where it is. */
static void NAME(clip_by_norm)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *y = NAME(reals_of)(record, segments, 0);
    const REAL *g = NAME(reals_of)(record, segments, 1);
    double squares, most = float_attribute(record, segments, 0);
    memcpy(&squares, operand_data(record, segments, 2), sizeof squares);
    double norm = sqrt(squares);
    int keeps = norm <= most || !updates_now(segments, integer_attribute(record, 0));
    if (keeps && y == g)
        return;
    VEC factor = NAME(splat)((REAL)(keeps ? 1.0 : most / norm));
    for (int64_t e = begin, count; e < end; e += VL) {
        count = smaller(end - e, VL);
        NAME(store_some)(y + e, count, NAME(load_some)(g + e, count) * factor);
    }
}

/* y = acc + g, divided by i0 in every i0-th step: the gradient that an update sees is the mean. g, acc dense → y,
   overwritten, may be g. 12 bytes per element in float. */
static void NAME(accumulate_gradient)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *y = NAME(reals_of)(record, segments, 0);
    const REAL *g = NAME(reals_of)(record, segments, 1), *kept = NAME(reals_of)(record, segments, 2);
    int64_t every = integer_attribute(record, 0);
    VEC steps = NAME(splat)((REAL)(updates_now(segments, every) ? every : 1));
    for (int64_t e = begin, count; e < end; e += VL) {
        count = smaller(end - e, VL);
        NAME(store_some)(y + e, count, (NAME(load_some)(g + e, count) + NAME(load_some)(kept + e, count)) / steps);
    }
}

/* acc = y, or 0 in every i0-th step. acc updated in place, y dense. 8 bytes per element in float. Exact. */
static void NAME(keep_gradient)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *kept = NAME(reals_of)(record, segments, 0);
    size_t bytes = (size_t)(end - begin) * sizeof(REAL);
    if (updates_now(segments, integer_attribute(record, 0)))
        memset(kept + begin, 0, bytes);
    else
        memcpy(kept + begin, NAME(reals_of)(record, segments, 1) + begin, bytes);
}

/* avg = a0·avg + (1 − a0)·w, in the first i0 steps avg = w; then w = avg in every i1-th update (i1 0: never). Updates
   are counted as steps div i0. w, avg dense, updated in place. 12 bytes per element in float. */
static void NAME(average_weights)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(reals_of)(record, segments, 0), *average = NAME(reals_of)(record, segments, 1);
    int64_t updates = control_integer(segments, CONTROL_STEP) / integer_attribute(record, 0);
    int64_t frequency = integer_attribute(record, 1);
    double momentum = updates ? float_attribute(record, segments, 0) : 0.0;
    VEC keep = NAME(splat)((REAL)momentum), rest = NAME(splat)((REAL)(1.0 - momentum));
    int first = momentum == 0, overwrite = frequency && (updates + 1) % frequency == 0;
    for (int64_t e = begin, count; e < end; e += VL) {
        count = smaller(end - e, VL);
        VEC weight = NAME(load_some)(w + e, count);
        if (!first)
            weight = NAME(multiply_add)(keep, NAME(load_some)(average + e, count), rest * weight);
        NAME(store_some)(average + e, count, weight);
        if (overwrite)
            NAME(store_some)(w + e, count, weight);
    }
}
