/*
 * Moving the elements of samples: transposing, slicing, joining, repeating and padding are all strided_copy.
 * Not here: who asks for which copy (fastnn/ops/strided.py). Twin: fastnn/backends/numpy_ref/strided.py.
 */
#ifndef FASTNN_STRIDED_ONCE
#define FASTNN_STRIDED_ONCE
/* A part among the integer attributes: axes, start in x, start in y, then size, stride in x and stride in y of each axis. */
enum part_word { PART_AXES, PART_SOURCE, PART_TARGET, PART_HEADER };
enum axis_word { AXIS_SIZE, AXIS_SOURCE, AXIS_TARGET, AXIS_WORDS };
#define AXES_MOST 8 /* RANK_MOST in fastnn/ops/strided.py */
#endif

/* to[k·step] = from[k·from_step] for k < count. */
INLINE void NAME(copy_run)(REAL *to, int64_t step, const REAL *from, int64_t from_step, int64_t count)
{
    if (step == 1 && from_step == 1)
        for (int64_t k = 0; k < count; k++)
            to[k] = from[k];
    else if (step == 1 && from_step == 0)
        for (int64_t k = 0; k < count; k++)
            to[k] = from[0];
    else
        for (int64_t k = 0; k < count; k++)
            to[k * step] = from[k * from_step];
}

/* Copies one part of one row. Its last axis is a run; the axes before it count like the digits of an odometer. */
static void NAME(copy_part)(REAL *to, const REAL *from, const int64_t *part)
{
    int64_t outer = part[PART_AXES] - 1, digits[AXES_MOST] = {0}, d;
    const int64_t *axes = part + PART_HEADER;
    from += part[PART_SOURCE];
    to += part[PART_TARGET];
    if (outer < 0) {
        *to = *from;
        return;
    }
    const int64_t *last = axes + outer * AXIS_WORDS;
    do {
        NAME(copy_run)(to, last[AXIS_TARGET], from, last[AXIS_SOURCE], last[AXIS_SIZE]);
        for (d = outer - 1; d >= 0; d--) {
            const int64_t *axis = axes + d * AXIS_WORDS;
            from += axis[AXIS_SOURCE];
            to += axis[AXIS_TARGET];
            if (++digits[d] < axis[AXIS_SIZE])
                break;
            digits[d] = 0;
            from -= axis[AXIS_SOURCE] * axis[AXIS_SIZE];
            to -= axis[AXIS_TARGET] * axis[AXIS_SIZE];
        }
    } while (d >= 0);
}

INLINE void NAME(copy_parts)(const int64_t *record, char *const *segments, int64_t begin, int64_t end, REAL fill)
{
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    int64_t inputs = record[RECORD_OPERANDS] - 1;
    const int64_t *attributes = record + RECORD_HEADER + OPERAND_WORDS * record[RECORD_OPERANDS];
    for (int64_t i = begin; i < end; i++) {
        const int64_t *part = attributes + 1;
        REAL *to = y.data + i * y.ld;
        if (!attributes[0])
            for (int64_t j = 0; j < y.cols; j++)
                to[j] = fill;
        for (int64_t p = 0; p < inputs; p++) {
            VIEW x = NAME(view_of)(record, segments, 1 + p, 0);
            NAME(copy_part)(to, x.data + i * x.ld, part);
            part += PART_HEADER + AXIS_WORDS * part[PART_AXES];
        }
    }
}

/* y[i, :] = a0, unless i0 says that nothing of it would stay, then y[i, target] = x_p[i, source] for every element of the
   box of part p. x_p (n or 1, k_p) → y (n, k), overwritten; must not overlap. Row op. Runs along y's rows, so that
   writes are dense; memory bound (8 bytes an element, in float), a strided read costs about a nanosecond. Exact. */
static void NAME(strided_copy)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    NAME(copy_parts)(record, segments, begin, end, (REAL)float_attribute(record, segments, 0));
}

#if REAL_BITS == 32
/* The same for int32, which is moved as the float of its bits. */
static void strided_copy_i32(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    int32_t fill = (int32_t)float_attribute(record, segments, 0);
    float bits;
    memcpy(&bits, &fill, sizeof bits);
    copy_parts_f32(record, segments, begin, end, bits);
}
#endif
