/*
 * The optimizers' update of one register of parameters, from its gradient, in order of complexity. `optimizer.c` runs them over flat gradients, `dense.c` over a gradient that it has just computed and that
 * is never stored, with the same bits: every product that is added is a multiply_add. Scalars are rounded to REAL once;
 * the rest is REAL arithmetic. Included per REAL.
 * Not here: schedules and beta powers (Python, in double). Twin: fastnn/backends/numpy_ref/optimizer.py.
 */
#ifndef FASTNN_UPDATE_KINDS
#define FASTNN_UPDATE_KINDS
enum update_kind {
    UPDATE_NONE, UPDATE_SGD, UPDATE_MOMENTUM, UPDATE_LION, UPDATE_ADAGRAD, UPDATE_ADADELTA, UPDATE_RMSPROP, UPDATE_ADAM,
    UPDATE_AMSGRAD, UPDATE_ADAMAX, UPDATE_NADAM, UPDATE_FTRL
};
#endif

/* What an update needs beside the gradient; `flag` are the record's integers, `scalar` its floats from a1 on. */
typedef struct NAME(update) {
    REAL *w, *slot[3];
    REAL decay; /* lr·a0 */
    int flag[2], exactly; /* exactly: no estimates of roots (vec.h, over_root) */
    VEC rate, more[2], scalar[5], rest[2]; /* more: s2, s3; rest: 1 − a1, 1 − a2, subtracted in double */
} NAME(update);

/* The update of the parameters in operand `w`, its slots beginning with operand `slots`. */
INLINE NAME(update) NAME(update_of)(const int kind, const int64_t *record, char *const *segments, int64_t w,
                                    int64_t slots)
{
    static const int n_flags[] = {0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1};
    static const int n_scalars[] = {0, 0, 1, 2, 1, 2, 3, 3, 3, 3, 3, 5};
    NAME(update) update; /* what the kind does not use stays unset: clearing it all took a third of a small step's time */
    double rate = control_real(segments, CONTROL_LEARNING_RATE);
    update.w = (REAL *)(void *)operand_data(record, segments, w);
    for (int s = 0; s < 3; s++)
        update.slot[s] = (REAL *)(void *)operand_data(record, segments, slots + s < record[RECORD_OPERANDS] ? slots + s : w);
    update.exactly = 0;
    for (int i = 0; i < n_flags[kind]; i++)
        update.flag[i] = integer_attribute(record, i) != 0;
    for (int a = 0; a < n_scalars[kind]; a++)
        update.scalar[a] = NAME(splat)((REAL)float_attribute(record, segments, a + 1));
    for (int a = 0; a < 2 && a < n_scalars[kind]; a++)
        update.rest[a] = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, a + 1)));
    if (kind == UPDATE_RMSPROP || kind == UPDATE_ADAM)
        update.exactly = float_attribute(record, segments, kind == UPDATE_ADAM ? 3 : 2) < 1e-12;
    update.decay = (REAL)(rate * float_attribute(record, segments, 0));
    int own = kind == UPDATE_ADAM || kind == UPDATE_AMSGRAD || kind == UPDATE_ADAMAX || kind == UPDATE_NADAM;
    update.rate = NAME(splat)((REAL)(own ? control_real(segments, CONTROL_SCALAR_1) : rate));
    for (int i = 0; i < 2 && kind == UPDATE_NADAM; i++)
        update.more[i] = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_2 + i));
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

/* w ← w − lr·sign(a1·m + (1 − a1)·g), sign(0) = 0; m ← a2·m + (1 − a2)·g: Chen et al. 2023, Lion. */
INLINE VEC NAME(lion_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC zero = {0}, momentum = NAME(load_some)(u->slot[0] + e, count);
    VEC direction = NAME(multiply_add)(u->scalar[0], momentum, u->rest[0] * gradient);
    VEC step = NAME(select)((IVEC)(direction > zero), u->rate,
                            NAME(select)((IVEC)(direction < zero), -u->rate, u->rate * direction));
    NAME(store_some)(u->slot[0] + e, count, NAME(multiply_add)(u->scalar[1], momentum, u->rest[1] * gradient));
    return weight - step;
}

/* v ← v + g²; w ← w − lr·g/√(v + a1): Duchi et al. 2011; epsilon inside the root, as Keras. */
INLINE VEC NAME(adagrad_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC square = NAME(multiply_add)(gradient, gradient, NAME(load_some)(u->slot[0] + e, count));
    NAME(store_some)(u->slot[0] + e, count, square);
    return weight - u->rate * gradient / NAME(vec_sqrt)(square + u->scalar[0]);
}

/* v ← a1·v + (1 − a1)·g²; d = √(u + a2)/√(v + a2)·g; u ← a1·u + (1 − a1)·d²; w ← w − lr·d: Zeiler 2012. Slots v, u. */
INLINE VEC NAME(adadelta_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC rho = u->scalar[0], epsilon = u->scalar[1], rest = u->rest[0];
    VEC square = NAME(load_some)(u->slot[0] + e, count), moved = NAME(load_some)(u->slot[1] + e, count);
    square = NAME(multiply_add)(rho, square, rest * (gradient * gradient));
    VEC step = NAME(vec_sqrt)(moved + epsilon) * gradient / NAME(vec_sqrt)(square + epsilon);
    NAME(store_some)(u->slot[0] + e, count, square);
    NAME(store_some)(u->slot[1] + e, count, NAME(multiply_add)(rho, moved, rest * (step * step)));
    return NAME(multiply_add)(-u->rate, step, weight);
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
    VEC step = NAME(over_root)(u->rate * gradient, square, epsilon, (VEC){0}, u->exactly);
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
    return weight - NAME(over_root)(u->rate * first, second, (VEC){0}, u->scalar[2], u->exactly);
}

/* Adam with v̂ ← max(v̂, v) in the place of v under the root: Reddi et al. 2018, AMSGrad. Slots m, v, v̂. */
INLINE VEC NAME(amsgrad_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC first = NAME(load_some)(u->slot[0] + e, count), second = NAME(load_some)(u->slot[1] + e, count);
    first = NAME(multiply_add)(gradient - first, u->rest[0], first);
    second = NAME(multiply_add)(NAME(multiply_add)(gradient, gradient, -second), u->rest[1], second);
    NAME(store_some)(u->slot[0] + e, count, first);
    NAME(store_some)(u->slot[1] + e, count, second);
    second = NAME(vec_maximum)(NAME(load_some)(u->slot[2] + e, count), second);
    NAME(store_some)(u->slot[2] + e, count, second);
    return weight - u->rate * first / (NAME(vec_sqrt)(second) + u->scalar[2]);
}

/* m as Adam's; u ← max(a2·u, |g|); w ← w − s1·m/(u + a3), s1 = lr/(1 − a1^t): Kingma & Ba 2015, section 7.1. */
INLINE VEC NAME(adamax_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC first = NAME(load_some)(u->slot[0] + e, count), norm = NAME(load_some)(u->slot[1] + e, count);
    first = NAME(multiply_add)(gradient - first, u->rest[0], first);
    norm = NAME(vec_maximum)(u->scalar[1] * norm, NAME(vec_absolute)(gradient));
    NAME(store_some)(u->slot[0] + e, count, first);
    NAME(store_some)(u->slot[1] + e, count, norm);
    return weight - u->rate * first / (norm + u->scalar[2]);
}

/* m and v as Adam's; w ← w − (s1·m + s2·g)/(√(s3·v) + a3), with Dozat's schedule of momentum in s1 and s2 and
   s3 = 1/(1 − a2^t): Dozat 2016; epsilon after the correction, as Keras. */
INLINE VEC NAME(nadam_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    VEC first = NAME(load_some)(u->slot[0] + e, count), second = NAME(load_some)(u->slot[1] + e, count);
    first = NAME(multiply_add)(gradient - first, u->rest[0], first);
    second = NAME(multiply_add)(NAME(multiply_add)(gradient, gradient, -second), u->rest[1], second);
    NAME(store_some)(u->slot[0] + e, count, first);
    NAME(store_some)(u->slot[1] + e, count, second);
    VEC ahead = NAME(multiply_add)(u->rate, first, u->more[0] * gradient);
    return weight - ahead / (NAME(vec_sqrt)(u->more[1] * second) + u->scalar[2]);
}

/* v^p: the root where p = 0.5 (i0), else libm's pow, lane by lane. */
INLINE VEC NAME(ftrl_power)(const NAME(update) *u, VEC v)
{
    if (u->flag[0])
        return NAME(vec_sqrt)(v);
    for (int l = 0; l < VL; l++)
        v[l] = REAL_MATH(pow)(v[l], u->scalar[0][0]);
    return v;
}

/*
 * n ← n + g²; z ← z + g + a4·w − (n^p − n_old^p)/lr·w; w ← (min(max(z, −a2), a2) − z)/((n^p + a5)/lr + a3), p = a1,
 * a2 = l1, a3 = 2·l2, a4 = 2·shrinkage, a5 = beta: McMahan et al. 2013, with TensorFlow's shrinkage. Nothing where lr = 0.
 */
INLINE VEC NAME(ftrl_update)(const NAME(update) *u, int64_t e, int64_t count, VEC weight, VEC gradient)
{
    if (u->rate[0] == 0)
        return weight;
    VEC sum = NAME(load_some)(u->slot[0] + e, count), linear = NAME(load_some)(u->slot[1] + e, count);
    VEC grown = NAME(multiply_add)(gradient, gradient, sum), power = NAME(ftrl_power)(u, grown);
    VEC sigma = (power - NAME(ftrl_power)(u, sum)) / u->rate;
    linear += NAME(multiply_add)(-sigma, weight, NAME(multiply_add)(u->scalar[3], weight, gradient));
    NAME(store_some)(u->slot[0] + e, count, grown);
    NAME(store_some)(u->slot[1] + e, count, linear);
    VEC clipped = NAME(vec_minimum)(NAME(vec_maximum)(linear, -u->scalar[1]), u->scalar[1]);
    return (clipped - linear) / ((power + u->scalar[4]) / u->rate + u->scalar[2]);
}

/* Updates parameters e .. e + count of a run, count ≤ VL, in place. */
INLINE void NAME(apply_update)(const int kind, const NAME(update) *u, int64_t e, int64_t count, VEC gradient)
{
    VEC weight = NAME(decayed)(NAME(load_some)(u->w + e, count), u->decay);
    switch (kind) {
    case UPDATE_SGD: weight = NAME(sgd_update)(u, weight, gradient); break;
    case UPDATE_MOMENTUM: weight = NAME(momentum_update)(u, e, count, weight, gradient); break;
    case UPDATE_LION: weight = NAME(lion_update)(u, e, count, weight, gradient); break;
    case UPDATE_ADAGRAD: weight = NAME(adagrad_update)(u, e, count, weight, gradient); break;
    case UPDATE_ADADELTA: weight = NAME(adadelta_update)(u, e, count, weight, gradient); break;
    case UPDATE_RMSPROP: weight = NAME(rmsprop_update)(u, e, count, weight, gradient); break;
    case UPDATE_AMSGRAD: weight = NAME(amsgrad_update)(u, e, count, weight, gradient); break;
    case UPDATE_ADAMAX: weight = NAME(adamax_update)(u, e, count, weight, gradient); break;
    case UPDATE_NADAM: weight = NAME(nadam_update)(u, e, count, weight, gradient); break;
    case UPDATE_FTRL: weight = NAME(ftrl_update)(u, e, count, weight, gradient); break;
    default: weight = NAME(adam_update)(u, e, count, weight, gradient);
    }
    NAME(store_some)(u->w + e, count, weight);
}
