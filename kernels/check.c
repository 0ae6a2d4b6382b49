/*
 * The check that an array of words is a program: everything run.c relies on except the sizes of the segments, which
 * only Python knows. Nothing is dereferenced outside program[0 .. words). Not here: the meaning of the words (record.h).
 */
enum check_code {
    CHECK_OK, CHECK_MAGIC, CHECK_VERSION, CHECK_LENGTH, CHECK_KERNEL, CHECK_SEGMENT, CHECK_STRUCTURE
};
#define CHECK_LIMIT (INT64_C(1) << 48) /* no size of a real program is larger, and sums of a few do not overflow */

static int in_range(int64_t value, int64_t low, int64_t high) { return value >= low && value <= high; }

/* One record that lies within `room` words. */
static int64_t check_record(const int64_t *record, int64_t room, int64_t segments, int64_t n_attributes)
{
    if (room < RECORD_HEADER || !in_range(record[RECORD_LENGTH], RECORD_HEADER, room))
        return CHECK_STRUCTURE;
    if (!in_range(record[RECORD_KERNEL], 0, KERNEL_COUNT - 1))
        return CHECK_KERNEL;
    const kernel_entry *kernel = &kernel_table[record[RECORD_KERNEL]];
    int64_t operands = record[RECORD_OPERANDS];
    if (!in_range(record[RECORD_KIND], 0, STAGE_SERIAL) || !in_range(record[RECORD_EXTENT_A], 0, CHECK_LIMIT) ||
        !in_range(record[RECORD_EXTENT_B], 0, CHECK_LIMIT) || !in_range(record[RECORD_GRAIN], 0, CHECK_LIMIT) ||
        (record[RECORD_KIND] == STAGE_TILE && record[RECORD_GRAIN] < 1) ||
        (record[RECORD_KIND] == STAGE_ROW && record[RECORD_EXTENT_A] != 0) ||
        !in_range(record[RECORD_ATTRIBUTE], 0, n_attributes) || n_attributes - record[RECORD_ATTRIBUTE] < kernel->reals ||
        !in_range(operands, kernel->fewest_operands, kernel->most_operands) ||
        record[RECORD_LENGTH] < RECORD_HEADER + OPERAND_WORDS * operands + kernel->integers)
        return CHECK_STRUCTURE;
    for (int64_t o = 0; o < operands; o++) {
        const int64_t *operand = operand_of(record, o);
        if (!in_range(operand[OPERAND_SEGMENT], 0, segments - 1))
            return CHECK_SEGMENT;
        if (!in_range(operand[OPERAND_OFFSET], 0, CHECK_LIMIT) || !in_range(operand[OPERAND_ROWS_A], 0, CHECK_LIMIT) ||
            !in_range(operand[OPERAND_ROWS_B], 0, CHECK_LIMIT) || !in_range(operand[OPERAND_COLS], 1, CHECK_LIMIT) ||
            !in_range(operand[OPERAND_LD], 0, CHECK_LIMIT) ||
            (operand[OPERAND_LD] != 0 && operand[OPERAND_LD] < operand[OPERAND_COLS]))
            return CHECK_STRUCTURE;
    }
    return CHECK_OK;
}

int64_t check_program(const int64_t *program, int64_t words, int64_t n_attributes)
{
    if (words < 1 || program[PROGRAM_MAGIC_WORD] != PROGRAM_MAGIC)
        return CHECK_MAGIC;
    if (words < 2 || program[PROGRAM_VERSION] != RECORD_VERSION)
        return CHECK_VERSION;
    if (words < PROGRAM_HEADER || program[PROGRAM_WORDS] != words)
        return CHECK_LENGTH;
    int64_t stages = program[PROGRAM_STAGES], records = program[PROGRAM_RECORDS];
    int64_t segments = program[PROGRAM_SEGMENTS], table = program[PROGRAM_STAGE_TABLE];
    if (!in_range(segments, SEGMENT_FIRST_FREE, MAX_SEGMENTS))
        return CHECK_SEGMENT;
    if (n_attributes < 0 || !in_range(stages, 0, words) || !in_range(records, 0, words) ||
        !in_range(table, PROGRAM_HEADER, words) || program[PROGRAM_CAPACITY] < 1 ||
        !in_range(stages * STAGE_WORDS + records, 0, words - table))
        return CHECK_STRUCTURE;
    const int64_t *offsets = program + table + stages * STAGE_WORDS;
    int64_t first_record = table + stages * STAGE_WORDS + records;
    for (int64_t r = 0; r < records; r++) {
        if (!in_range(offsets[r], first_record, words))
            return CHECK_STRUCTURE;
        int64_t code = check_record(program + offsets[r], words - offsets[r], segments, n_attributes);
        if (code)
            return code;
    }
    for (int64_t s = 0; s < stages; s++) {
        const int64_t *stage = program + table + s * STAGE_WORDS;
        if (!in_range(stage[STAGE_KIND], 0, STAGE_KINDS - 1) || !in_range(stage[STAGE_FIRST], 0, records) ||
            !in_range(stage[STAGE_COUNT], 0, records - stage[STAGE_FIRST]) ||
            !in_range(stage[STAGE_GRAIN], 0, CHECK_LIMIT) || !in_range(stage[STAGE_COST_A], 0, CHECK_LIMIT) ||
            !in_range(stage[STAGE_COST_B], 0, CHECK_LIMIT) || !in_range(stage[STAGE_EVERY], 0, CHECK_LIMIT) ||
            (stage[STAGE_KIND] == STAGE_ROW && stage[STAGE_GRAIN] < 1))
            return CHECK_STRUCTURE;
        for (int64_t r = stage[STAGE_FIRST]; r < stage[STAGE_FIRST] + stage[STAGE_COUNT]; r++)
            if (program[offsets[r] + RECORD_KIND] != stage[STAGE_KIND])
                return CHECK_STRUCTURE;
    }
    return CHECK_OK;
}
