/*
 * The pool and the run loop by themselves, for ThreadSanitizer and AddressSanitizer (README.md says how to run it): the
 * same bits for every number of threads, many callers at once, growth, shutdown, sleep without processor time, fork,
 * the deadline, deterministic faults, and a check_program that survives damaged programs.
 * Not here: the kernels' maths (the parity suite under tests/ of the repository). Exit code 0 and "ok" if all is well.
 */
#include "../all.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                    \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { ROWS = 1000, SAMPLES = 96, IN = 40, OUT = 72, STEPS = 6, CLASSES = 7 };
enum { WEIGHTS = SEGMENT_FIRST_FREE, SEGMENTS };
enum { X = 0, Z = X + SAMPLES * IN, DW = Z + SAMPLES * OUT, LABELS = DW + IN * OUT, LOSS = LABELS + SAMPLES + 2,
       WORKSPACE = LOSS + 2 };

/* A small training loop: gather x and labels, z = relu(x·w) | dw = xᵀz | loss = mean z | w −= lr·dw, loss summed. */
typedef struct bench {
    int64_t program[1024], control[STEPS][CONTROL_WORDS], status[STATUS_WORDS], bindings[2][BINDING_WORDS];
    double attributes[1], state[2], history[2];
    float workspace[WORKSPACE], weights[IN * OUT], x[ROWS * IN];
    int32_t labels[ROWS];
    int64_t words, result[5];
    char *segments[SEGMENTS];
} bench;

static int64_t kernel_id(const char *name)
{
    for (int64_t id = 0; id < kernel_count(); id++)
        if (!strcmp(kernel_name(id), name))
            return id;
    CHECK(!"no such kernel");
    return -1;
}

typedef struct operand { int64_t segment, offset, rows_a, rows_b, cols, ld; } operand;

/* Appends a record; its offset goes to the next free place of the offset list. */
static void add_record(bench *b, int64_t *slot, const char *kernel, int64_t kind, int64_t extent_a, int64_t extent_b,
                       int64_t grain, const operand *operands, int64_t count, int64_t i0, int64_t i1)
{
    int64_t *record = b->program + b->words, length = RECORD_HEADER + OPERAND_WORDS * count + 3;
    int64_t header[RECORD_HEADER] = {length, kernel_id(kernel), kind, extent_a, extent_b, grain, 0, count};
    memcpy(record, header, sizeof header);
    memcpy(record + RECORD_HEADER, operands, (size_t)count * sizeof *operands);
    record[length - 3] = i0;
    record[length - 2] = i1;
    record[length - 1] = 0;
    b->program[(*slot)++] = b->words;
    b->words += length;
}

static bench *make_bench(void)
{
    bench *b = calloc(1, sizeof *b);
    CHECK(b);
    enum { STAGES = 4, RECORDS = 7 };
    const int64_t table = PROGRAM_HEADER, grain = 8, cost = 1 << 20; /* cost: every stage is worth sharing */
    int64_t stages[STAGES][STAGE_WORDS] = {{STAGE_ROW, 0, 3, grain, cost, 0, 0, 0},
                                           {STAGE_TILE, 3, 1, 0, cost, 0, 0, 0},
                                           {STAGE_SERIAL, 4, 1, 0, 0, 0, 0, 0},
                                           {STAGE_TILE, 5, 1, 0, cost, 0, 0, 0}};
    memcpy(b->program + table, stages, sizeof stages);
    int64_t slot = table + STAGES * STAGE_WORDS, ws = SEGMENT_WORKSPACE;
    b->words = slot + RECORDS - 1;
    operand x = {ws, 4 * X, 0, 1, IN, IN}, z = {ws, 4 * Z, 0, 1, OUT, OUT}, w = {WEIGHTS, 0, IN, 0, OUT, OUT};
    operand dw = {ws, 4 * DW, IN, 0, OUT, OUT}, labels = {ws, 4 * LABELS, 0, 1, 1, 1}, loss = {ws, 4 * LOSS, 1, 0, 1, 1};
    operand flat_w = {WEIGHTS, 0, 1, 0, IN * OUT, IN * OUT}, flat_dw = {ws, 4 * DW, 1, 0, IN * OUT, IN * OUT};
    add_record(b, &slot, "gather_rows_f32", STAGE_ROW, 0, 1, 0, &x, 1, 0, 0);
    add_record(b, &slot, "gather_labels", STAGE_ROW, 0, 1, 0, &labels, 1, 1, CLASSES);
    add_record(b, &slot, "dense_activation_forward_f32", STAGE_ROW, 0, 1, 0, (operand[]){z, x, w}, 3, 0, RELU);
    add_record(b, &slot, "dense_dw_f32", STAGE_TILE, IN, 0, 3, (operand[]){dw, x, z}, 3, 0, 0);
    add_record(b, &slot, "loss_mean_f32", STAGE_SERIAL, 0, 1, 0, (operand[]){loss, z}, 2, 0, 1);
    add_record(b, &slot, "sgd_step_f32", STAGE_TILE, IN * OUT, 0, 100, (operand[]){flat_w, flat_dw}, 2, 0, 0);
    int64_t header[PROGRAM_HEADER] = {PROGRAM_MAGIC, RECORD_VERSION, b->words, STAGES, RECORDS - 1, SEGMENTS, SAMPLES, table};
    memcpy(b->program, header, sizeof header);
    for (int64_t s = 0; s < STEPS; s++) {
        double rate = 1e-4;
        b->control[s][CONTROL_ROWS] = s == STEPS - 1 ? SAMPLES - 5 : SAMPLES;
        b->control[s][CONTROL_OFFSET] = s * SAMPLES;
        memcpy(&b->control[s][CONTROL_LEARNING_RATE], &rate, sizeof rate);
    }
    for (int64_t e = 0; e < ROWS * IN; e++)
        b->x[e] = (float)((e * 7919) % 2003) / 1000.0f - 1.0f;
    for (int64_t e = 0; e < IN * OUT; e++)
        b->weights[e] = (float)((e * 104729) % 1009) / 5000.0f - 0.1f;
    for (int64_t e = 0; e < ROWS; e++)
        b->labels[e] = (int32_t)(e % CLASSES);
    int64_t bindings[2][BINDING_WORDS] = {
        {(int64_t)(intptr_t)b->x, DTYPE_F32, IN * 4, 4, ROWS, 0, BINDING_CHECK_FINITE, 0},
        {(int64_t)(intptr_t)b->labels, DTYPE_I32, 4, 4, ROWS, 0, 0, 0}};
    memcpy(b->bindings, bindings, sizeof bindings);
    void *segments[SEGMENTS] = {NULL, b->attributes, b->status, b->state, b->history, b->workspace, b->bindings, b->weights};
    for (int s = 0; s < SEGMENTS; s++)
        b->segments[s] = segments[s];
    CHECK(check_program(b->program, b->words, 1) == 0);
    return b;
}

static int64_t run(bench *b, int64_t steps, int64_t deadline, int64_t threads)
{
    return run_program(b->program, b->segments, (const char *)b->control, 0, 0, steps, deadline, threads, b->result);
}

static float expected[IN * OUT];

static void check_run(int64_t threads)
{
    bench *b = make_bench();
    atomic_store(&pool.unused_until, 0); /* a stall on a busy machine must not make this run serial */
    CHECK(run(b, STEPS, 0, threads) == 0);
    CHECK(b->result[1] == STEPS && b->result[2] >= 1 && b->result[2] <= threads && b->result[4] > 0);
    CHECK(!memcmp(b->weights, expected, sizeof expected));
    free(b);
}

static void test_same_bits(void)
{
    bench *b = make_bench();
    CHECK(run(b, STEPS, 0, 1) == 0 && b->result[2] == 1 && pool_threads() == 0);
    memcpy(expected, b->weights, sizeof expected);
    free(b);
    for (int64_t repeat = 0; repeat < 50; repeat++)
        check_run(1 + repeat % 7);
    CHECK(pool_threads() == 6);
}

static void *many_runs(void *argument)
{
    for (int repeat = 0; repeat < 40; repeat++)
        check_run(1 + (repeat + (int)(intptr_t)argument) % 5);
    return NULL;
}

static void run_callers(int shutdowns)
{
    enum { CALLERS = 8 };
    pthread_t callers[CALLERS];
    for (intptr_t c = 0; c < CALLERS; c++)
        CHECK(!pthread_create(&callers[c], NULL, many_runs, (void *)c));
    for (int s = 0; s < shutdowns; s++)
        pool_shutdown();
    for (int c = 0; c < CALLERS; c++)
        pthread_join(callers[c], NULL);
}

static void test_grow_and_shut_down(void)
{
    pool_shutdown();
    CHECK(pool_threads() == 0);
    pool_shutdown();
    check_run(2);
    CHECK(pool_threads() == 1);
    check_run(4);
    CHECK(pool_threads() == 3); /* also on fewer than four processors */
    check_run(2);
    CHECK(pool_threads() == 3);
}

static void test_idle_costs_nothing(void)
{
    check_run(4);
    struct timespec pause = {0, 20000000}, before, after;
    nanosleep(&pause, NULL); /* the workers' spins end */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    pause.tv_nsec = 200000000;
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    CHECK(used < 10000000);
}

/* After stalls that take a third of the time the pool is left unused, twice as long the next time; an uneven share of
   work is no stall, and a rare one is borne. */
static void test_crowded(void)
{
    int64_t now = monotonic_ns();
    pool.shared = pool.lost = 0;
    atomic_store(&pool.unused_until, 0);
    note_job(1000, POOL_STALL_NS - 1, now);
    note_job(POOL_STALL_NS, 2 * POOL_STALL_NS - 1, now);
    note_job(30 * POOL_STALL_NS, 0, now);
    note_job(1000, 4 * POOL_STALL_NS, now);
    CHECK(!pool_is_crowded());
    note_job(1000, 40 * POOL_STALL_NS, now);
    CHECK(pool.pause == POOL_PAUSE_NS && atomic_load(&pool.unused_until) == now + POOL_PAUSE_NS);
    atomic_store(&pool.unused_until, now + 60000000000); /* a busy machine may take longer than the pause to come here */
    CHECK(pool_is_crowded());
    bench *b = make_bench();
    CHECK(run(b, STEPS, 0, 3) == 0 && b->result[2] == 1);
    CHECK(!memcmp(b->weights, expected, sizeof expected));
    free(b);
    atomic_store(&pool.unused_until, now + POOL_PAUSE_NS);
    for (int64_t repeat = 0; repeat < 10; repeat++)
        note_job(1000, 4 * POOL_STALL_NS, now);
    CHECK(pool.pause == POOL_PAUSE_MOST_NS);
    note_job(1000, 4 * POOL_STALL_NS, now + 3 * POOL_PAUSE_MOST_NS);
    CHECK(pool.pause == POOL_PAUSE_NS);
    atomic_store(&pool.unused_until, 0);
    CHECK(!pool_is_crowded());
}

static void test_fork(void)
{
    check_run(4);
    pthread_t caller; /* the fork happens while another thread may hold the pool */
    CHECK(!pthread_create(&caller, NULL, many_runs, NULL));
    for (int repeat = 0; repeat < 5; repeat++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(30);
            CHECK(pool_threads() == 0);
            check_run(3);
            CHECK(pool_threads() == 2);
            check_run(4);
            pool_shutdown();
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pthread_join(caller, NULL);
}

static void test_faults(void)
{
    for (int64_t threads = 1; threads <= 4; threads++) {
        bench *b = make_bench();
        b->labels[SAMPLES + 60] = CLASSES;         /* step 1, position 60: tile 7 */
        b->labels[SAMPLES + 33] = -4;              /* step 1, position 33: tile 4 */
        b->x[(SAMPLES + 33) * IN + 5] = -INFINITY; /* the same row, in the binding before */
        CHECK(run(b, STEPS, 0, threads) == STATUS_NOT_FINITE && b->result[1] == 1);
        CHECK(b->status[STATUS_ROW] == SAMPLES + 33 && b->status[STATUS_BINDING] == 0);
        CHECK(!b->status[STATUS_POSITION] && !b->status[STATUS_LOCK]);
        b->x[(SAMPLES + 33) * IN + 5] = 0;
        double value;
        CHECK(run(b, STEPS, 0, threads) == STATUS_LABEL_RANGE && b->result[1] == 1);
        memcpy(&value, &b->status[STATUS_VALUE], sizeof value);
        CHECK(b->status[STATUS_ROW] == SAMPLES + 33 && b->status[STATUS_BINDING] == 1 && value == -4.0);
        free(b);
    }
    bench *b = make_bench();
    report(b->segments, STATUS_LABEL_RANGE, 60, 1060, 1, 0.0); /* any order: the smallest position, then binding */
    report(b->segments, STATUS_LABEL_RANGE, 33, 1033, 1, 0.0);
    report(b->segments, STATUS_NOT_FINITE, 33, 1033, 0, 0.0);
    report(b->segments, STATUS_LABEL_RANGE, 34, 1034, 0, 0.0);
    CHECK(b->status[STATUS_CODE] == STATUS_NOT_FINITE && b->status[STATUS_ROW] == 1033);
    float weight = b->weights[0];
    b->weights[3] = NAN; /* relu passes NaN on: the loss stops the step before the weights change */
    CHECK(run(b, STEPS, 0, 2) == STATUS_LOSS_NOT_FINITE && b->result[1] == 0);
    CHECK(b->status[STATUS_ROW] == -1 && b->weights[0] == weight);
    free(b);
}

static void test_deadline(void)
{
    bench *b = make_bench();
    CHECK(run(b, STEPS, 1, 1) == 0 && b->result[1] == 1);
    CHECK(run(b, STEPS, INT64_C(60000000000), 1) == 0 && b->result[1] == STEPS);
    free(b);
}

static void test_damaged_programs(void)
{
    bench *b = make_bench();
    const int64_t values[] = {-1, 0, 1, 7, 63, 64, 65, 1000, INT64_MAX, INT64_MIN, INT64_C(1) << 47};
    int64_t *copy = malloc((size_t)b->words * sizeof *copy); /* exactly as long: a read beyond it is seen */
    CHECK(copy);
    for (int64_t word = 0; word < b->words; word++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            memcpy(copy, b->program, (size_t)b->words * sizeof *copy);
            copy[word] = values[v];
            check_program(copy, b->words, 1);
        }
    memcpy(copy, b->program, (size_t)b->words * sizeof *copy);
    CHECK(check_program(copy, b->words, 1) == CHECK_OK);
    CHECK(check_program(copy, b->words, 0) == CHECK_STRUCTURE); /* sgd_step reads one float attribute */
    CHECK(check_program(copy, 0, 1) == CHECK_MAGIC && check_program(copy, b->words - 1, 1) == CHECK_LENGTH);
    int64_t first = copy[copy[PROGRAM_STAGE_TABLE] + copy[PROGRAM_STAGES] * STAGE_WORDS];
    copy[first + RECORD_KERNEL] = KERNEL_COUNT;
    CHECK(check_program(copy, b->words, 1) == CHECK_KERNEL);
    copy[first + RECORD_KERNEL] = 0;
    copy[first + RECORD_HEADER] = SEGMENTS;
    CHECK(check_program(copy, b->words, 1) == CHECK_SEGMENT);
    copy[PROGRAM_VERSION] = RECORD_VERSION + 1;
    CHECK(check_program(copy, b->words, 1) == CHECK_VERSION);
    free(copy);
    free(b);
}

int main(int argc, char **argv)
{
    int forks = !(argc > 1 && !strcmp(argv[1], "--no-fork")); /* ThreadSanitizer cannot start threads after a fork */
    test_same_bits();
    test_grow_and_shut_down();
    run_callers(0);
    run_callers(20);
    test_idle_costs_nothing();
    test_faults();
    test_deadline();
    test_damaged_programs();
    test_crowded();
    if (forks)
        test_fork();
    pool_shutdown();
    printf("ok (%s%s)\n", level(), forks ? "" : ", without fork");
    return 0;
}
