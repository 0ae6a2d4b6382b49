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

/* What a gradient is multiplied by so that the norm √s becomes `most`; 1 if it is no longer. NaN for NaN. */
static inline double clip_factor(const char *s, double most)
{
    double squares;
    memcpy(&squares, s, sizeof squares);
    double norm = sqrt(squares);
    return norm <= most ? 1.0 : most / norm;
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
    double by = clip_factor(operand_data(record, segments, 2), float_attribute(record, segments, 0));
    int keeps = by == 1.0 || !updates_now(segments, integer_attribute(record, 0));
    if (keeps && y == g)
        return;
    VEC factor = NAME(splat)((REAL)(keeps ? 1.0 : by));
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

/* How averages of the weights move in this step: `keep` of the average and `rest` of the weight, all of it at first. */
typedef struct NAME(averaging) {
    VEC keep, rest;
    int first, overwrite;
} NAME(averaging);

INLINE NAME(averaging) NAME(averaging_of)(char *const *segments, double momentum, int64_t every, int64_t frequency)
{
    int64_t updates = control_integer(segments, CONTROL_STEP) / every;
    NAME(averaging) mean = {.first = updates == 0 || momentum == 0};
    mean.keep = NAME(splat)((REAL)momentum);
    mean.rest = NAME(splat)((REAL)(1.0 - momentum));
    mean.overwrite = frequency && (updates + 1) % frequency == 0;
    return mean;
}

INLINE void NAME(average_some)(const NAME(averaging) *mean, REAL *w, REAL *average, int64_t count)
{
    VEC weight = NAME(load_some)(w, count);
    if (!mean->first)
        weight = NAME(multiply_add)(mean->keep, NAME(load_some)(average, count), mean->rest * weight);
    NAME(store_some)(average, count, weight);
    if (mean->overwrite)
        NAME(store_some)(w, count, weight);
}

/* avg = a0·avg + (1 − a0)·w, in the first i0 steps avg = w; then w = avg in every i1-th update (i1 0: never). Updates
   are counted as steps div i0. w, avg dense, updated in place. 12 bytes per element in float. */
static void NAME(average_weights)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(reals_of)(record, segments, 0), *average = NAME(reals_of)(record, segments, 1);
    NAME(averaging) mean = NAME(averaging_of)(segments, float_attribute(record, segments, 0),
                                              integer_attribute(record, 0), integer_attribute(record, 1));
    for (int64_t e = begin; e < end; e += VL)
        NAME(average_some)(&mean, w + e, average + e, smaller(end - e, VL));
}

/*
 * processed_…_step: clip_by_norm, the optimizer's step and average_weights, each weight in one pass: the same bits as one
 * after the other, but that g stays. Operands of the step (w, g, slots), s if the first integer after the step's is not
 * 0, avg if the second is not; then how often w = avg. Floats: the step's, the norm, the average's momentum. Every step
 * updates. 28 bytes per element in float for Adam, 36 with the average, not 48 in three passes.
 */
INLINE void NAME(processed_step)(const int kind, const int flags, const int floats, const int64_t *record,
                                 char *const *segments, int64_t begin, int64_t end)
{
    NAME(update) update = NAME(update_of)(kind, record, segments, 0, 2);
    const REAL *g = NAME(reals_of)(record, segments, 1);
    int clipped = integer_attribute(record, flags) != 0, averaged = integer_attribute(record, flags + 1) != 0;
    int64_t operands = record[RECORD_OPERANDS], e = begin;
    const char *squares = operand_data(record, segments, operands - averaged - 1);
    double most = float_attribute(record, segments, floats), momentum = float_attribute(record, segments, floats + 1);
    VEC factor = NAME(splat)((REAL)(clipped ? clip_factor(squares, most) : 1.0));
    NAME(averaging) mean = NAME(averaging_of)(segments, momentum, 1, integer_attribute(record, flags + 2));
    REAL *average = NAME(reals_of)(record, segments, operands - 1);
    for (; e + VL <= end; e += VL) {
        NAME(apply_update)(kind, &update, e, VL, NAME(load)(g + e) * factor);
        if (averaged)
            NAME(average_some)(&mean, update.w + e, average + e, VL);
    }
    if (e < end) {
        NAME(apply_update)(kind, &update, e, end - e, NAME(load_part)(g + e, end - e) * factor);
        if (averaged)
            NAME(average_some)(&mean, update.w + e, average + e, end - e);
    }
}
#undef PROCESSED_STEP
#define PROCESSED_STEP(name, kind, flags, floats)                                                                      \
    static void NAME(processed_##name)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)       \
    {                                                                                                                  \
        NAME(processed_step)(kind, flags, floats, record, segments, begin, end);                                       \
    }
PROCESSED_STEP(sgd_step, UPDATE_SGD, 0, 1)
PROCESSED_STEP(momentum_step, UPDATE_MOMENTUM, 1, 2)
PROCESSED_STEP(rmsprop_step, UPDATE_RMSPROP, 2, 4)
PROCESSED_STEP(adam_step, UPDATE_ADAM, 0, 4)
