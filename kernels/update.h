/*
 * The optimizers' update of one register of parameters, from its gradient: SGD, momentum, RMSprop, Adam, in order of
 * complexity. `optimizer.c` runs them over flat gradients, `dense.c` over a gradient that it has just computed and that
 * is never stored, with the same bits: every product that is added is a multiply_add. Scalars are rounded to REAL once;
 * the rest is REAL arithmetic. Included per REAL.
 * Not here: schedules and beta powers (Python, in double). Twin: fastnn/backends/numpy_ref/optimizer.py.
 */
#ifndef FASTNN_UPDATE_KINDS
#define FASTNN_UPDATE_KINDS
enum update_kind { UPDATE_NONE, UPDATE_SGD, UPDATE_MOMENTUM, UPDATE_RMSPROP, UPDATE_ADAM };
#endif

/* What an update needs beside the gradient; `flag` are the record's integers, `scalar` its floats from a1 on. */
typedef struct NAME(update) {
    REAL *w, *slot[3];
    REAL decay; /* lr·a0 */
    int flag[2];
    VEC rate, scalar[3], rest[2]; /* rest: 1 − a1, 1 − a2, subtracted in double */
} NAME(update);

/* The update of the parameters in operand `w`, its slots beginning with operand `slots`. */
INLINE NAME(update) NAME(update_of)(const int kind, const int64_t *record, char *const *segments, int64_t w,
                                    int64_t slots)
{
    static const int n_flags[] = {0, 0, 1, 2, 0}, n_scalars[] = {0, 0, 1, 3, 3};
    NAME(update) update = {0};
    double rate = control_real(segments, CONTROL_LEARNING_RATE);
    update.w = (REAL *)(void *)operand_data(record, segments, w);
    for (int s = 0; s < 3 && slots + s < record[RECORD_OPERANDS]; s++)
        update.slot[s] = (REAL *)(void *)operand_data(record, segments, slots + s);
    for (int i = 0; i < n_flags[kind]; i++)
        update.flag[i] = integer_attribute(record, i) != 0;
    for (int a = 0; a < n_scalars[kind]; a++)
        update.scalar[a] = NAME(splat)((REAL)float_attribute(record, segments, a + 1));
    for (int a = 0; a < 2 && a < n_scalars[kind]; a++)
        update.rest[a] = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, a + 1)));
    update.decay = (REAL)(rate * float_attribute(record, segments, 0));
    update.rate = NAME(splat)((REAL)(kind == UPDATE_ADAM ? control_real(segments, CONTROL_SCALAR_1) : rate));
    return update;
}

/* w after decoupled decay: w − decay·w; untouched, also if infinite, where that is 0. */
INLINE VEC NAME(decayed)(VEC w, REAL decay)
{
    return decay != 0 ? NAME(multiply_add)(-NAME(splat)(decay), w, w) : w;
}

/* w ← w − lr·g. */
INLINE VEC NAME(sgd_update)(const NAME(update) *u, VEC weight, VEC gradient)
{
    return NAME(multiply_add)(-u->rate, gradient, weight);
}

/* m ← a1·m − lr·g; w ← w + (i0 nesterov: a1·m − lr·g, else m), as Keras (PyTorch's m has no lr in it). */
INLINE VEC NAME(momentum_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC momentum = u->scalar[0], slope = u->rate * gradient;
    VEC velocity = NAME(multiply_add)(momentum, NAME(load_some)(u->slot[0] + e, count), -slope);
    NAME(store_some)(u->slot[0] + e, count, velocity);
    return weight + (u->flag[0] ? NAME(multiply_add)(momentum, velocity, -slope) : velocity);
}

/*
 * v ← a1·v + (1 − a1)·g²; d = v, or centred (i0): avg ← a1·avg + (1 − a1)·g, d = v − avg²; step = lr·g/√(d + a2);
 * i1: mom ← a3·mom + step, w ← w − mom; else w ← w − step. As Keras: epsilon inside the root (PyTorch has it outside).
 * Slots v, then avg if i0, then mom if i1.
 */
INLINE VEC NAME(rmsprop_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC rho = u->scalar[0], epsilon = u->scalar[1], momentum = u->scalar[2], rest = u->rest[0];
    VEC square = NAME(load_some)(u->slot[0] + e, count);
    square = NAME(multiply_add)(rho, square, rest * (gradient * gradient));
    NAME(store_some)(u->slot[0] + e, count, square);
    if (u->flag[0]) {
        VEC mean = NAME(multiply_add)(rho, NAME(load_some)(u->slot[1] + e, count), rest * gradient);
        NAME(store_some)(u->slot[1] + e, count, mean);
        square = NAME(multiply_add)(-mean, mean, square);
    }
    VEC step = u->rate * gradient / NAME(vec_sqrt)(square + epsilon);
    if (u->flag[1]) {
        REAL *velocity = u->slot[u->flag[0] ? 2 : 1];
        step = NAME(multiply_add)(momentum, NAME(load_some)(velocity + e, count), step);
        NAME(store_some)(velocity + e, count, step);
    }
    return weight - step;
}

/*
 * m ← m + (g − m)·(1 − a1); v ← v + (g² − v)·(1 − a2); w ← w − s1·m/(√v + a3) with s1 = lr·√(1 − a2^t)/(1 − a1^t)
 * from the control row: Kingma & Ba 2015, end of section 2, "epsilon hat", as Keras (PyTorch adds epsilon after the
 * bias correction).
 */
INLINE VEC NAME(adam_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC first = NAME(load_some)(u->slot[0] + e, count), second = NAME(load_some)(u->slot[1] + e, count);
    first = NAME(multiply_add)(gradient - first, u->rest[0], first);
    second = NAME(multiply_add)(NAME(multiply_add)(gradient, gradient, -second), u->rest[1], second);
    NAME(store_some)(u->slot[0] + e, count, first);
    NAME(store_some)(u->slot[1] + e, count, second);
    return weight - u->rate * first / (NAME(vec_sqrt)(second) + u->scalar[2]);
}

/* Updates parameters e .. e + count of a run, count ≤ VL, in place. */
INLINE void NAME(apply_update)(const int kind, const NAME(update) *u, int64_t e, int64_t count, VEC gradient)
{
    VEC weight = NAME(decayed)(NAME(load_some)(u->w + e, count), u->decay);
    switch (kind) {
    case UPDATE_SGD: weight = NAME(sgd_update)(u, weight, gradient); break;
    case UPDATE_MOMENTUM: weight = NAME(momentum_update)(u, e, count, weight, gradient); break;
    case UPDATE_RMSPROP: weight = NAME(rmsprop_update)(u, e, count, weight, gradient); break;
    default: weight = NAME(adam_update)(u, e, count, weight, gradient);
    }
    NAME(store_some)(u->w + e, count, weight);
}
