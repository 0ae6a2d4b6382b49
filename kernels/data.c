/*
 * Batch assembly: rows and labels of the user's own arrays, picked by a permutation, cast and checked on the way in,
 * and results on the way out. The arrays are described by binding descriptors (record.h), never copied as a whole.
 * Not here: staging of types the gather cannot read (float16, big-endian, objects), which Python does.
 * Twin: fastnn/backends/numpy_ref/data.py.
 */
#ifndef FASTNN_DATA_ONCE
#define FASTNN_DATA_ONCE
static const int64_t *binding_of(const int64_t *record, char *const *segments)
{
    return (const int64_t *)(const void *)segments[SEGMENT_BINDINGS] + BINDING_WORDS * integer_attribute(record, 0);
}

/* The source row that batch row i reads. */
static int64_t source_row(const int64_t *binding, char *const *segments, int64_t i)
{
    int64_t position = control_integer(segments, CONTROL_OFFSET) + i;
    const int64_t *permutation = (const int64_t *)(intptr_t)binding[BINDING_PERMUTATION];
    return permutation ? permutation[position] : position;
}
static char *source_address(const int64_t *binding, int64_t row)
{
    return (char *)(intptr_t)binding[BINDING_DATA] + row * binding[BINDING_ROW_STRIDE];
}

/* Asks for the rows that a gather's record will read as rows begin .. end of the next step, which lie anywhere in the user's
   array: without it, waiting for memory took 1.1 us of the 15.2 us of a sample of 784 floats. run.c calls it while weight
   gradients are computed. BINDING_POSITIONS is how many positions there are. */
static void fetch_rows_ahead(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *binding = binding_of(record, segments);
    int64_t n = control_integer(segments, CONTROL_ROWS), offset = control_integer(segments, CONTROL_OFFSET) + n;
    int64_t bytes = smaller(operand_cols(record, 0) * binding[BINDING_COLUMN_STRIDE], 8192);
    for (int64_t i = begin; i < smaller(end, binding[BINDING_POSITIONS] - offset); i++) {
        const char *from = source_address(binding, source_row(binding, segments, n + i));
        for (int64_t b = 0; b < bytes; b += 64)
            __builtin_prefetch(from + b, 0, 2);
    }
}

/* One element of any dtype, from any address, as a double (exact but for 64-bit integers beyond 2^53). */
static double element_value(const char *address, int64_t dtype)
{
    union { uint8_t u8; int32_t i32; int64_t i64; float f32; double f64; } value;
    switch (dtype) {
    case DTYPE_I32: memcpy(&value, address, 4); return (double)value.i32;
    case DTYPE_I64: memcpy(&value, address, 8); return (double)value.i64;
    case DTYPE_F32: memcpy(&value, address, 4); return (double)value.f32;
    case DTYPE_F64: memcpy(&value, address, 8); return value.f64;
    default: return (double)(unsigned char)*address;
    }
}

/*
 * y[i, :] = class labels of source row i as int32. y i32 (n, cols), overwritten; i0 = binding, i1 = number of classes
 * (0: any). Row op. A fractional or NaN label is STATUS 3, one outside [0, classes) (or, always, outside int32)
 * STATUS 2; the element is then 0, so that nothing later in this stage reads out of bounds.
 */
static void gather_labels(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *binding = binding_of(record, segments);
    int64_t cols = operand_cols(record, 0), classes = integer_attribute(record, 1), dtype = binding[BINDING_DTYPE];
    double lowest = classes ? 0.0 : -2147483648.0, highest = classes ? (double)(classes - 1) : 2147483647.0;
    for (int64_t i = begin; i < end; i++) {
        int64_t row = source_row(binding, segments, i);
        const char *from = source_address(binding, row);
        int32_t *to = (int32_t *)(void *)operand_data(record, segments, 0) + i * operand_ld(record, 0);
        for (int64_t j = 0; j < cols; j++, from += binding[BINDING_COLUMN_STRIDE]) {
            double value = element_value(from, dtype);
            int64_t fault = STATUS_OK;
            if (!(floor(value) == value) || value - value != 0.0)
                fault = STATUS_LABEL_FRACTION;
            else if (value < lowest || value > highest)
                fault = STATUS_LABEL_RANGE;
            if (fault)
                report(segments, fault, i, row, integer_attribute(record, 0), value);
            to[j] = fault ? 0 : (int32_t)value;
        }
    }
}

/* Bound output row offset + i = x[i, :] for int32 (argmax and the like). x i32 (n, cols); i0 = binding. Row op. */
static void scatter_rows_i32(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *binding = binding_of(record, segments);
    int64_t offset = control_integer(segments, CONTROL_OFFSET), cols = operand_cols(record, 0);
    for (int64_t i = begin; i < end; i++) {
        const int32_t *from = (const int32_t *)(void *)operand_data(record, segments, 0) + i * operand_ld(record, 0);
        char *to = source_address(binding, offset + i);
        for (int64_t j = 0; j < cols; j++)
            memcpy(to + j * binding[BINDING_COLUMN_STRIDE], from + j, sizeof *from);
    }
}

/* Loads from addresses that NumPy does not promise to be aligned. */
typedef float loose_float __attribute__((aligned(1), may_alias));
typedef double loose_double __attribute__((aligned(1), may_alias));
typedef int32_t loose_int32 __attribute__((aligned(1), may_alias));
typedef int64_t loose_int64 __attribute__((aligned(1), may_alias));
#endif

/* to[j] = (REAL)source element j; neighbours without a gap get a loop of their own, which vectorises. */
#undef CAST_ROW
#define CAST_ROW(type)                                                                                                 \
    if (stride == (int64_t)sizeof(type))                                                                               \
        for (int64_t j = 0; j < cols; j++)                                                                             \
            to[j] = (REAL)((const type *)(const void *)from)[j];                                                       \
    else                                                                                                               \
        for (int64_t j = 0; j < cols; j++)                                                                             \
            to[j] = (REAL) * (const type *)(const void *)(from + j * stride);                                          \
    break
static void NAME(cast_row)(REAL *to, const char *from, int64_t cols, int64_t stride, int64_t dtype)
{
    switch (dtype) {
    case DTYPE_I32: CAST_ROW(loose_int32);
    case DTYPE_I64: CAST_ROW(loose_int64);
    case DTYPE_F32: CAST_ROW(loose_float);
    case DTYPE_F64: CAST_ROW(loose_double);
    default: CAST_ROW(uint8_t);
    }
}

/* Rows begin .. end of y from rows of y's own type, whole registers at once. Returns 1 if all are finite (as all_finite, in
   the same pass). */
static int NAME(copy_rows)(VIEW y, const int64_t *binding, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *permutation = (const int64_t *)(intptr_t)binding[BINDING_PERMUTATION];
    const char *data = (const char *)(intptr_t)binding[BINDING_DATA];
    int64_t offset = control_integer(segments, CONTROL_OFFSET), stride = binding[BINDING_ROW_STRIDE];
    VEC sum = {0};
    for (int64_t i = begin; i < end; i++) {
        const REAL *from = (const REAL *)(const void *)(data + (permutation ? permutation[offset + i] : offset + i) * stride);
        for (int64_t j = 0; j < y.cols; j += VL) {
            int64_t count = smaller(y.cols - j, VL);
            VEC v = NAME(load_some)(from + j, count);
            NAME(store_some)(y.data + i * y.ld + j, count, v);
            sum += v - v;
        }
    }
    return !NAME(any_lane)((IVEC)(sum != (VEC){0}));
}

/*
 * y[i, :] = (REAL) source row perm[offset + i] (or offset + i), any dtype and byte strides. y (n, cols), overwritten;
 * i0 = binding. Row op. Floating sources whose descriptor says so are checked *after* the cast (1e300 does not fit a
 * float): STATUS 1 with the source row and the source's value. A row that is cast and checked costs one more pass in L1.
 * Rounds once.
 */
static void NAME(gather_rows)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *binding = binding_of(record, segments);
    VIEW y = NAME(view_of)(record, segments, 0, 0);
    int64_t dtype = binding[BINDING_DTYPE], stride = binding[BINDING_COLUMN_STRIDE];
    int check = (binding[BINDING_FLAGS] & BINDING_CHECK_FINITE) && (dtype == DTYPE_F32 || dtype == DTYPE_F64);
    int64_t places = binding[BINDING_DATA] | binding[BINDING_ROW_STRIDE];
    int same = dtype == REAL_DTYPE && stride == REAL_BYTES && places % REAL_BYTES == 0; /* also aligned */
    if (same && (NAME(copy_rows)(y, binding, segments, begin, end) || !check))
        return;
    for (int64_t i = begin; i < end; i++) {
        int64_t row = source_row(binding, segments, i);
        const char *from = source_address(binding, row);
        REAL *to = y.data + i * y.ld;
        if (!same)
            NAME(cast_row)(to, from, y.cols, stride, dtype);
        if (!check || NAME(all_finite)(to, y.cols))
            continue;
        int64_t j = 0;
        while (to[j] - to[j] == 0)
            j++;
        report(segments, STATUS_NOT_FINITE, i, row, integer_attribute(record, 0),
               element_value(from + j * stride, dtype));
    }
}

/* Bound output row offset + i = x[i, :]; the output has REAL's dtype and any strides. x (n, cols); i0 = binding. Row op. */
static void NAME(scatter_rows)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    const int64_t *binding = binding_of(record, segments);
    VIEW x = NAME(view_of)(record, segments, 0, 0);
    int64_t offset = control_integer(segments, CONTROL_OFFSET), stride = binding[BINDING_COLUMN_STRIDE];
    for (int64_t i = begin; i < end; i++) {
        const REAL *from = x.data + i * x.ld;
        char *to = source_address(binding, offset + i);
        if (stride == REAL_BYTES)
            memcpy(to, from, (size_t)x.cols * REAL_BYTES);
        else
            for (int64_t j = 0; j < x.cols; j++)
                memcpy(to + j * stride, from + j, REAL_BYTES);
    }
}
