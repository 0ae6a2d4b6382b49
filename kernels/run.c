/*
 * The run loop: steps of a control block, stages of a step, tiles of a stage, kernels of a tile. Which thread computes a
 * tile is chance; which tiles there are is in the program: the same bits for any number of threads.
 * Not here: threads (pool.c), the check of a program (check.c), anything about the maths.
 */

/* Estimated operations below which a stage stays on the calling thread. Waking a sleeping worker costs about 5-10 us
   and a stage's barrier about 1 us; at some 40 GFLOP/s this is the work of about 10 us. */
#define PARALLEL_COST 400000

/* One stage of one step, as the threads that share it see it. */
typedef struct stage_run {
    const int64_t *gather; /* the record that reads the user's rows; NULL if there is none */
    _Alignas(64) _Atomic int64_t next; /* the next tile to hand out: a cache line of its own */
    _Alignas(64) const int64_t *program;
    const int64_t *stage;
    const int64_t *offsets;
    char *const *segments;
    int64_t n, tiles, block; /* block: samples of a tile of a row stage */
    unsigned char *worked; /* [worker] = 1 once it has run a tile of this run */
} stage_run;

static const int64_t *record_of(const stage_run *run, int64_t r)
{
    return run->program + run->offsets[run->stage[STAGE_FIRST] + r];
}
static int64_t extent_of(const int64_t *record, int64_t n)
{
    return record[RECORD_EXTENT_A] + record[RECORD_EXTENT_B] * n;
}
static int64_t tiles_of(int64_t extent, int64_t grain) { return (extent + grain - 1) / grain; }

static void call_kernel(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    kernel_table[record[RECORD_KERNEL]].run(record, segments, begin, end);
}

/*
 * Samples of a tile of a row stage: one tile per thread, within bounds. Weights that a tile has brought into the caches
 * serve all its rows, and no row's bits depend on where tiles end (README.md), so this may depend on the threads: for
 * 128 rows of 784-512-512-10, 16 rows a tile cost 19.5 us a sample, 64 rows 17.4.
 */
#define ROW_BLOCK_MOST 128 /* of 256, forward of 2048 x 2048 is 3 % faster, predict of 784-512-512-10 5 % slower */
static int64_t row_block(const stage_run *run, int64_t threads)
{
    int64_t share = tiles_of(run->n, threads), least = run->stage[STAGE_GRAIN];
    return smaller(share > least ? share : least, ROW_BLOCK_MOST);
}

/* How many tiles the stage has for n rows. A serial stage is one. */
static int64_t count_tiles(const stage_run *run)
{
    int64_t kind = run->stage[STAGE_KIND], tiles = 0;
    if (kind == STAGE_SERIAL)
        return 1;
    if (kind == STAGE_ROW)
        return tiles_of(run->n, run->block);
    for (int64_t r = 0; r < run->stage[STAGE_COUNT]; r++) {
        const int64_t *record = record_of(run, r);
        tiles += tiles_of(extent_of(record, run->n), record[RECORD_GRAIN]);
    }
    return tiles;
}

/* The first record that gathers rows, in the first stage where there is one. */
static const int64_t *find_gather(const int64_t *program, const int64_t *offsets)
{
    for (int64_t r = 0; r < program[PROGRAM_RECORDS]; r++) {
        const int64_t *record = program + offsets[r];
        kernel_function *run = kernel_table[record[RECORD_KERNEL]].run;
        if (run == gather_rows_f32 || run == gather_rows_f64)
            return record;
    }
    return NULL;
}

/* A tile's share of the rows that the next step will read: memory works while the tile computes. */
static void fetch_next_step(const stage_run *run, int64_t tile)
{
    if (run->gather)
        fetch_rows_ahead(run->gather, run->segments, run->n * tile / run->tiles, run->n * (tile + 1) / run->tiles);
}

static void run_tile(const stage_run *run, int64_t tile)
{
    int64_t kind = run->stage[STAGE_KIND], records = run->stage[STAGE_COUNT];
    if (kind == STAGE_TILE) {
        fetch_next_step(run, tile);
        for (int64_t r = 0; r < records; r++) {
            const int64_t *record = record_of(run, r);
            int64_t extent = extent_of(record, run->n), grain = record[RECORD_GRAIN], tiles = tiles_of(extent, grain);
            if (tile < tiles) {
                call_kernel(record, run->segments, tile * grain, smaller(extent, (tile + 1) * grain));
                return;
            }
            tile -= tiles;
        }
        return;
    }
    int64_t first = tile * run->block, last = smaller(run->n, first + run->block);
    for (int64_t r = 0; r < records; r++) {
        const int64_t *record = record_of(run, r);
        if (kind == STAGE_ROW)
            call_kernel(record, run->segments, first * record[RECORD_EXTENT_B], last * record[RECORD_EXTENT_B]);
        else
            call_kernel(record, run->segments, 0, extent_of(record, run->n));
    }
}

/* A pool_work: takes tiles until none is left. */
static void run_tiles(void *context, int64_t worker)
{
    stage_run *run = context;
    int64_t tile;
    while ((tile = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < run->tiles) {
        run->worked[worker] = 1;
        run_tile(run, tile);
    }
}

void run_kernel(int64_t id, const int64_t *record, char **segments, int64_t begin, int64_t end)
{
    kernel_table[id].run(record, segments, begin, end);
    int64_t *status = (int64_t *)(void *)segments[SEGMENT_STATUS];
    if (status)
        status[STATUS_POSITION] = status[STATUS_LOCK] = 0;
}

/* What a run carries from stage to stage. */
typedef struct run_state {
    int64_t threads; /* asked for; then, once the pool is held, what it offers */
    int held, refused;
    unsigned char worked[POOL_MAX_THREADS];
} run_state;

static void run_stage(run_state *state, stage_run *run)
{
    double cost = (double)run->stage[STAGE_COST_A] + (double)run->stage[STAGE_COST_B] * (double)run->n;
    int parallel = state->threads > 1 && cost >= PARALLEL_COST && !state->refused && !pool_is_crowded();
    run->block = row_block(run, parallel ? state->threads : 1);
    run->tiles = count_tiles(run);
    run->worked = state->worked;
    if (parallel && run->tiles > 1) {
        if (!state->held) {
            int64_t offered = pool_acquire(state->threads);
            state->held = offered > 0;
            state->refused = !state->held;
            state->threads = state->held ? offered : state->threads;
        }
        if (state->held && state->threads > 1) {
            atomic_store_explicit(&run->next, 0, memory_order_relaxed);
            pool_execute(run_tiles, run, smaller(state->threads, run->tiles));
            return;
        }
    }
    for (int64_t tile = 0; tile < run->tiles; tile++)
        run_tile(run, tile);
    state->worked[0] |= run->tiles > 0;
}

/* Whether a stage runs in this step: always, or in every STAGE_EVERY-th. */
static int stage_is_due(const int64_t *stage, char *const *segments)
{
    int64_t every = stage[STAGE_EVERY];
    return every < 2 || (control_integer(segments, CONTROL_STEP) + 1) % every == 0;
}

int64_t run_program(const int64_t *program, char **segments, const char *control, int64_t first_step,
                    int64_t first_stage, int64_t max_steps, int64_t deadline_ns, int64_t threads, int64_t *result)
{
    int64_t started = monotonic_ns(), stages = program[PROGRAM_STAGES], done = 0;
    char *table[MAX_SEGMENTS];
    memcpy(table, segments, (size_t)program[PROGRAM_SEGMENTS] * sizeof *table);
    int64_t *status = (int64_t *)(void *)table[SEGMENT_STATUS];
    memset(status, 0, STATUS_WORDS * sizeof *status);
    run_state state = {.threads = threads};
    const int64_t *stage_table = program + program[PROGRAM_STAGE_TABLE];
    const int64_t *offsets = stage_table + stages * STAGE_WORDS;
    stage_run run = {.program = program, .offsets = offsets, .segments = table, .gather = find_gather(program, offsets)};
    do {
        /* The kernels only read the control row; the cast is for the segment table's common type. */
        table[SEGMENT_CONTROL] = (char *)(uintptr_t)control + (first_step + done) * CONTROL_WORDS * 8;
        run.n = control_integer(table, CONTROL_ROWS);
        for (int64_t s = first_stage; s < stages && !status[STATUS_CODE]; s++) {
            run.stage = stage_table + s * STAGE_WORDS;
            if (run.stage[STAGE_KIND] == STAGE_HOST) {
                status[STATUS_CODE] = STATUS_HOST;
                result[5] = s;
            } else if (stage_is_due(run.stage, table)) {
                run_stage(&state, &run);
            }
        }
        if (status[STATUS_CODE])
            break;
        first_stage = 0;
        done++;
    } while (done < max_steps && (deadline_ns <= 0 || monotonic_ns() - started < deadline_ns));
    if (state.held)
        pool_release();
    int64_t workers = 0;
    for (int64_t w = 0; w < POOL_MAX_THREADS; w++)
        workers += state.worked[w];
    status[STATUS_POSITION] = status[STATUS_LOCK] = 0;
    result[0] = status[STATUS_CODE];
    result[1] = done;
    result[2] = workers;
    result[3] = state.refused;
    result[4] = monotonic_ns() - started;
    return result[0];
}

int64_t run_step(const int64_t *program, char **segments, char *control, int64_t rows, const char *input,
                 char *output, int64_t threads, int64_t *result)
{
    int64_t *in = (int64_t *)(void *)segments[SEGMENT_BINDINGS], *out = in + BINDING_WORDS;
    memcpy(control + 8 * CONTROL_ROWS, &rows, sizeof rows);
    in[BINDING_DATA] = (int64_t)(intptr_t)input;
    out[BINDING_DATA] = (int64_t)(intptr_t)output;
    in[BINDING_ROWS] = in[BINDING_POSITIONS] = out[BINDING_ROWS] = out[BINDING_POSITIONS] = rows;
    return run_program(program, segments, control, 0, 0, 1, 0, threads, result);
}
