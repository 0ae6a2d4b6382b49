/*
 * Optimizer steps, in order of complexity: SGD, momentum, RMSprop, Adam. Tile ops over the flat elements of one
 * contiguous run: w, g and the slots are (1, count), updated in place (w and slots) or read (g); none may overlap.
 * The learning rate and Adam's factor come from the control row, all scalars are rounded to REAL once, the rest is
 * REAL arithmetic. a0 = weight decay (decoupled): first w ← w − lr·a0·w where a0 ≠ 0. All are memory bound but for
 * Adam's and RMSprop's square root and division. Not here: schedules and beta powers (Python, in double).
 * Twin: fastnn/backends/numpy_ref/optimizer.py.
 */

/* w after decoupled decay: w − decay·w with decay = lr·a0; untouched, also if infinite, where that is 0. */
INLINE VEC NAME(decayed)(VEC w, REAL decay) { return decay != 0 ? w - NAME(splat)(decay) * w : w; }

INLINE REAL NAME(learning_rate)(char *const *segments)
{
    return (REAL)control_real(segments, CONTROL_LEARNING_RATE);
}
INLINE REAL NAME(decay_factor)(const int64_t *record, char *const *segments)
{
    return (REAL)(control_real(segments, CONTROL_LEARNING_RATE) * float_attribute(record, segments, 0));
}
INLINE REAL *NAME(run_of)(const int64_t *record, char *const *segments, int64_t o)
{
    return (REAL *)(void *)operand_data(record, segments, o);
}

/* The loop of a step over [begin, end), a register at a time. Binds e and count. */
#undef EACH_ELEMENT
#define EACH_ELEMENT                                                                                                   \
    for (int64_t e = begin, count = smaller(end - begin, VL); e < end; e += VL, count = smaller(end - e, VL))

/* w ← w − lr·g. 12 bytes per element in float. */
static void NAME(sgd_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(run_of)(record, segments, 0);
    const REAL *g = NAME(run_of)(record, segments, 1);
    REAL decay = NAME(decay_factor)(record, segments);
    VEC rate = NAME(splat)(NAME(learning_rate)(segments));
    EACH_ELEMENT {
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        NAME(store_some)(w + e, count, weight - rate * NAME(load_some)(g + e, count));
    }
}

/* m ← a1·m − lr·g; w ← w + (i0 nesterov: a1·m − lr·g, else m), as Keras (PyTorch's m has no lr in it). 20 bytes. */
static void NAME(momentum_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(run_of)(record, segments, 0), *m = NAME(run_of)(record, segments, 2);
    const REAL *g = NAME(run_of)(record, segments, 1);
    int64_t nesterov = integer_attribute(record, 0);
    REAL decay = NAME(decay_factor)(record, segments);
    VEC rate = NAME(splat)(NAME(learning_rate)(segments));
    VEC momentum = NAME(splat)((REAL)float_attribute(record, segments, 1));
    EACH_ELEMENT {
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        VEC slope = rate * NAME(load_some)(g + e, count);
        VEC velocity = momentum * NAME(load_some)(m + e, count) - slope;
        NAME(store_some)(m + e, count, velocity);
        NAME(store_some)(w + e, count, weight + (nesterov ? momentum * velocity - slope : velocity));
    }
}

/*
 * v ← a1·v + (1 − a1)·g²; d = v, or centred (i0): avg ← a1·avg + (1 − a1)·g, d = v − avg²; step = lr·g/√(d + a2);
 * i1: mom ← a3·mom + step, w ← w − mom; else w ← w − step. As Keras: epsilon inside the root (PyTorch has it outside).
 * Operands w, g, v, then avg if i0, then mom if i1.
 */
static void NAME(rmsprop_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    int64_t centred = integer_attribute(record, 0), moving = integer_attribute(record, 1);
    REAL *w = NAME(run_of)(record, segments, 0), *v = NAME(run_of)(record, segments, 2);
    const REAL *g = NAME(run_of)(record, segments, 1);
    REAL *average = centred ? NAME(run_of)(record, segments, 3) : NULL;
    REAL *velocity = moving ? NAME(run_of)(record, segments, centred ? 4 : 3) : NULL;
    double keep = float_attribute(record, segments, 1);
    REAL decay = NAME(decay_factor)(record, segments);
    VEC rate = NAME(splat)(NAME(learning_rate)(segments));
    VEC rho = NAME(splat)((REAL)keep), rest = NAME(splat)((REAL)(1.0 - keep));
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 2));
    VEC momentum = NAME(splat)((REAL)float_attribute(record, segments, 3));
    EACH_ELEMENT {
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        VEC gradient = NAME(load_some)(g + e, count);
        VEC square = rho * NAME(load_some)(v + e, count) + rest * (gradient * gradient);
        NAME(store_some)(v + e, count, square);
        if (centred) {
            VEC mean = rho * NAME(load_some)(average + e, count) + rest * gradient;
            NAME(store_some)(average + e, count, mean);
            square -= mean * mean;
        }
        VEC step = rate * gradient / NAME(vec_sqrt)(square + epsilon);
        if (moving) {
            step += momentum * NAME(load_some)(velocity + e, count);
            NAME(store_some)(velocity + e, count, step);
        }
        NAME(store_some)(w + e, count, weight - step);
    }
}

/*
 * m ← m + (g − m)·(1 − a1); v ← v + (g² − v)·(1 − a2); w ← w − s1·m/(√v + a3) with s1 = lr·√(1 − a2^t)/(1 − a1^t)
 * from the control row: Kingma & Ba 2015, end of section 2, "epsilon hat", as Keras (PyTorch adds epsilon after the
 * bias correction). 28 bytes and a square root and a division per element.
 */
static void NAME(adam_step)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    REAL *w = NAME(run_of)(record, segments, 0), *m = NAME(run_of)(record, segments, 2);
    REAL *v = NAME(run_of)(record, segments, 3);
    const REAL *g = NAME(run_of)(record, segments, 1);
    REAL decay = NAME(decay_factor)(record, segments);
    VEC rate = NAME(splat)((REAL)control_real(segments, CONTROL_SCALAR_1));
    VEC rest_1 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 1)));
    VEC rest_2 = NAME(splat)((REAL)(1.0 - float_attribute(record, segments, 2)));
    VEC epsilon = NAME(splat)((REAL)float_attribute(record, segments, 3));
    EACH_ELEMENT {
        VEC weight = NAME(decayed)(NAME(load_some)(w + e, count), decay);
        VEC gradient = NAME(load_some)(g + e, count);
        VEC first = NAME(load_some)(m + e, count), second = NAME(load_some)(v + e, count);
        first += (gradient - first) * rest_1;
        second += (gradient * gradient - second) * rest_2;
        NAME(store_some)(m + e, count, first);
        NAME(store_some)(v + e, count, second);
        NAME(store_some)(w + e, count, weight - rate * first / (NAME(vec_sqrt)(second) + epsilon));
    }
}
