/*
 * How a kernel reads its record: the operands (addresses, columns, row strides), the attributes and the control row,
 * and how it reports a fault of the user's data. The table of words stands in README.md.
 * Not here: what each kernel does with them, and the check that a program is well formed (check.c).
 */
#ifndef FASTNN_RECORD_H
#define FASTNN_RECORD_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

typedef void kernel_function(const int64_t *record, char *const *segments, int64_t begin, int64_t end);

#define PROGRAM_MAGIC INT64_C(0x464E4E31) /* "FNN1" */
#ifndef RECORD_VERSION
#define RECORD_VERSION 1 /* of builds without Python; build.py derives it from this file's and api.h's declarations */
#endif
#define MAX_SEGMENTS 64 /* the segment table is copied to the stack of every run */

enum program_word {
    PROGRAM_MAGIC_WORD, PROGRAM_VERSION, PROGRAM_WORDS, PROGRAM_STAGES, PROGRAM_RECORDS, PROGRAM_SEGMENTS,
    PROGRAM_CAPACITY, PROGRAM_STAGE_TABLE, PROGRAM_HEADER
};
enum stage_kind { STAGE_ROW, STAGE_TILE, STAGE_SERIAL, STAGE_HOST, STAGE_KINDS };
enum stage_word {
    STAGE_KIND, STAGE_FIRST, STAGE_COUNT, STAGE_GRAIN, STAGE_COST_A, STAGE_COST_B, STAGE_EVERY, STAGE_WORDS = 8
};
enum record_word {
    RECORD_LENGTH, RECORD_KERNEL, RECORD_KIND, RECORD_EXTENT_A, RECORD_EXTENT_B, RECORD_GRAIN, RECORD_ATTRIBUTE,
    RECORD_OPERANDS, RECORD_HEADER
};
enum operand_word {
    OPERAND_SEGMENT, OPERAND_OFFSET, OPERAND_ROWS_A, OPERAND_ROWS_B, OPERAND_COLS, OPERAND_LD, OPERAND_WORDS
};
enum segment {
    SEGMENT_CONTROL, SEGMENT_ATTRIBUTES, SEGMENT_STATUS, SEGMENT_STATE, SEGMENT_HISTORY, SEGMENT_WORKSPACE,
    SEGMENT_BINDINGS, SEGMENT_FIRST_FREE
};
enum control_word { /* 16 words of 8 bytes; from CONTROL_LEARNING_RATE on they are doubles */
    CONTROL_ROWS, CONTROL_OFFSET, CONTROL_STEP, CONTROL_FLAGS, CONTROL_HISTORY_ROW,
    CONTROL_LEARNING_RATE = 8, CONTROL_SCALAR_1, CONTROL_SCALAR_2, CONTROL_WORDS = 16
};
enum binding_word {
    BINDING_DATA, BINDING_DTYPE, BINDING_ROW_STRIDE, BINDING_COLUMN_STRIDE, BINDING_ROWS, BINDING_PERMUTATION,
    BINDING_FLAGS, BINDING_POSITIONS, BINDING_WORDS = 8
};
enum binding_dtype { DTYPE_U8, DTYPE_I32, DTYPE_I64, DTYPE_F32, DTYPE_F64, DTYPE_BOOL };
enum binding_flag { BINDING_CHECK_FINITE = 1 };
enum control_flag { CONTROL_EPOCH_ENDS = 1 };
enum status_code {
    STATUS_OK, STATUS_NOT_FINITE, STATUS_LABEL_RANGE, STATUS_LABEL_FRACTION, STATUS_LOSS_NOT_FINITE, STATUS_INDEX_RANGE,
    STATUS_HOST /* a host stage is next: not an error */
};
enum status_word { /* position and lock are scratch of a run: zero when it has returned */
    STATUS_CODE, STATUS_ROW, STATUS_BINDING, STATUS_VALUE, STATUS_POSITION, STATUS_LOCK, STATUS_WORDS = 8
};

static inline const int64_t *operand_of(const int64_t *record, int64_t o)
{
    return record + RECORD_HEADER + o * OPERAND_WORDS;
}

/* Address of operand o's element (0, 0). */
static inline char *operand_data(const int64_t *record, char *const *segments, int64_t o)
{
    const int64_t *operand = operand_of(record, o);
    return segments[operand[OPERAND_SEGMENT]] + operand[OPERAND_OFFSET];
}

/* Reads word `word` of the current step's control row as an integer, or as a double. */
static inline int64_t control_integer(char *const *segments, int64_t word)
{
    int64_t value;
    memcpy(&value, segments[SEGMENT_CONTROL] + 8 * word, sizeof value);
    return value;
}
static inline double control_real(char *const *segments, int64_t word)
{
    double value;
    memcpy(&value, segments[SEGMENT_CONTROL] + 8 * word, sizeof value);
    return value;
}

/* Rows of operand o in this step: a + b * n. */
static inline int64_t operand_rows(const int64_t *record, char *const *segments, int64_t o)
{
    const int64_t *operand = operand_of(record, o);
    int64_t per_sample = operand[OPERAND_ROWS_B];
    return operand[OPERAND_ROWS_A] + (per_sample ? per_sample * control_integer(segments, CONTROL_ROWS) : 0);
}
static inline int64_t operand_cols(const int64_t *record, int64_t o)
{
    return operand_of(record, o)[OPERAND_COLS];
}
static inline int64_t operand_ld(const int64_t *record, int64_t o)
{
    return operand_of(record, o)[OPERAND_LD];
}

/* Integer attribute i lies after the operands; float attribute i lies in the program's table of doubles. */
static inline int64_t integer_attribute(const int64_t *record, int64_t i)
{
    return record[RECORD_HEADER + OPERAND_WORDS * record[RECORD_OPERANDS] + i];
}
static inline double float_attribute(const int64_t *record, char *const *segments, int64_t i)
{
    double value;
    memcpy(&value, segments[SEGMENT_ATTRIBUTES] + 8 * (record[RECORD_ATTRIBUTE] + i), sizeof value);
    return value;
}

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/*
 * Reports a fault: STATUS ← code, source row, binding, bits of the value; of several reports in one stage the one
 * with the smallest position in the batch stays (then the smallest binding), whichever thread comes first. The lock
 * is a word of STATUS itself, so that runs of different segments never meet and a fork cannot leave it held.
 */
static inline void report(char *const *segments, int64_t code, int64_t position, int64_t row, int64_t binding,
                          double value)
{
    int64_t *status = (int64_t *)(void *)segments[SEGMENT_STATUS];
    _Atomic int64_t *lock = (_Atomic int64_t *)(void *)(status + STATUS_LOCK);
    int64_t open = 0;
    while (!atomic_compare_exchange_weak(lock, &open, 1))
        open = 0;
    int first = status[STATUS_CODE] == STATUS_OK || position < status[STATUS_POSITION] ||
                (position == status[STATUS_POSITION] && binding < status[STATUS_BINDING]);
    if (first) {
        status[STATUS_CODE] = code;
        status[STATUS_ROW] = row;
        status[STATUS_BINDING] = binding;
        memcpy(status + STATUS_VALUE, &value, sizeof value);
        status[STATUS_POSITION] = position;
    }
    atomic_store(lock, 0);
}

#endif
