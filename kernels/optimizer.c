/*
 * Optimizer steps: tile ops over the flat elements of one contiguous run; w, g and the slots are (1, count), updated
 * in place (w and slots) or read (g); none may overlap. The learning rate and Adam's factor come from the control row.
 * a0 = weight decay (decoupled): first w ← w − lr·a0·w where a0 ≠ 0. All are memory bound.
 * Not here: the formulas (update.h). Twin: fastnn/backends/numpy_ref/optimizer.py.
 */

/* The step of one kind over [begin, end), a register at a time. */
INLINE void NAME(step)(const int kind, const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(update) update = NAME(update_of)(kind, record, segments, 0, 2);
    const REAL *g = (const REAL *)(const void *)operand_data(record, segments, 1);
    int64_t e = begin;
    for (; e + VL <= end; e += VL)
        NAME(apply_update)(kind, &update, e, VL, NAME(load)(g + e));
    if (e < end)
        NAME(apply_update)(kind, &update, e, end - e, NAME(load_part)(g + e, end - e));
}

/* Operands w, g. 12 bytes per element in float. */
static void NAME(sgd_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(step)(UPDATE_SGD, record, segments, begin, end);
}

/* Operands w, g, m. 20 bytes. */
static void NAME(momentum_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(step)(UPDATE_MOMENTUM, record, segments, begin, end);
}

/* Operands w, g, v, then avg if i0, then mom if i1. 20 to 36 bytes, a square root and a division. */
static void NAME(rmsprop_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(step)(UPDATE_RMSPROP, record, segments, begin, end);
}

/* Operands w, g, m, v. 28 bytes. */
static void NAME(adam_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(step)(UPDATE_ADAM, record, segments, begin, end);
}

/*
 * The others, in the same way: lion, adagrad (v), adadelta (v, u), amsgrad (m, v, v̂), adamax (m, u), nadam (m, v),
 * ftrl (n, z). 20 to 36 bytes per element. They are not fused with the weight gradient: only SGD's kin and Adam are
 * common enough for another copy of that kernel each.
 */
#undef OTHER_STEP
#define OTHER_STEP(name, kind)                                                                                         \
    static void NAME(name)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)                   \
    {                                                                                                                  \
        NAME(step)(kind, record, segments, begin, end);                                                                \
    }
OTHER_STEP(lion_step, UPDATE_LION)
OTHER_STEP(adagrad_step, UPDATE_ADAGRAD)
OTHER_STEP(adadelta_step, UPDATE_ADADELTA)
OTHER_STEP(amsgrad_step, UPDATE_AMSGRAD)
OTHER_STEP(adamax_step, UPDATE_ADAMAX)
OTHER_STEP(nadam_step, UPDATE_NADAM)
OTHER_STEP(ftrl_step, UPDATE_FTRL)
