/*
 * The public face of one CPU level's module: what Python may call, and what it promises in return.
 * The same text is compiled (all.c includes it) and read by cffi (kernels/build.py feeds it to ffi.cdef), so it
 * holds prototypes and comments only: no preprocessor lines, no types beyond int64_t, double and char.
 * What a record is, word by word, stands in record.h and README.md; the kernels' contracts stand above each kernel.
 */

/* The level this module was compiled for: "baseline", "avx2" or "avx512". Compare it with the module's name. */
const char *level(void);

/* 1 if this CPU *and* its operating system (XCR0) run a level: which = 0 baseline, 1 avx2 with fma, 2 avx512
   f, bw, dq and vl; else 0. Only the baseline module's answer is of use: load no other before asking it. */
int64_t cpu_supports(int64_t which);

/* Kernels are numbered 0 .. kernel_count() - 1; kernel_name is "dense_forward_f32" and so on, or NULL outside. */
int64_t kernel_count(void);
const char *kernel_name(int64_t id);

/* The version of the record format that run_program reads (word 1 of a program). */
int64_t record_version(void);

/* Checks the structure of a program of `words` int64 words with a table of n_attributes doubles, without following
   any operand: 0 = sound, 1 = wrong magic, 2 = other version, 3 = wrong length, 4 = unknown kernel, 5 = segment
   number out of range, 6 = anything else (counts, offsets, extents, number of operands or attributes, strides).
   Call it once per program; run_program trusts what it is given. It cannot know how large a segment is. */
int64_t check_program(const int64_t *program, int64_t words, int64_t n_attributes);

/* Runs one kernel over [begin, end) on the calling thread, for tests. The record's operands refer to `segments`;
   segments[0] must point to a control row where the kernel reads one. */
void run_kernel(int64_t id, const int64_t *record, char **segments, int64_t begin, int64_t end);

/*
 * Runs steps first_step, first_step + 1, .. of a control block (16 words of 8 bytes per step): at least one step,
 * at most max_steps, and none more once deadline_ns nanoseconds (if > 0) have passed since the call began.
 * `segments` holds the program's segment addresses and is copied, so that threads may share it; segments[0] is
 * ignored. `threads` counts the calling thread: stages with work enough are shared with threads - 1 pool threads.
 * A pool that another call is using is not waited for: the run is then serial. The bits do not depend on any of it.
 *
 * Returns result[0]. result[0] = 0, or the code that a kernel wrote to the STATUS segment (which is zeroed first):
 * the step that found it stopped after the stage that found it and does not count; -1 = out of memory.
 * A stage that Python has to perform ends the run too: result[0] = STATUS_HOST, result[5] = that stage. The run that
 * goes on starts at the same step (first_step counts the steps done) with first_stage one further; else it is 0.
 * result[1] = steps done, result[2] = distinct threads that ran at least one tile, result[3] = 1 if the pool was
 * wanted but busy, result[4] = nanoseconds spent.
 */
int64_t run_program(const int64_t *program, char **segments, const char *control, int64_t first_step,
                    int64_t first_stage, int64_t max_steps, int64_t deadline_ns, int64_t threads, int64_t *result);

/*
 * run_program for one step of `rows` rows, bindings 0 and 1 being rows at `input` and `output`: the short way of a
 * prediction that is asked for again and again. Writes the rows into the control row and the two addresses into the
 * bindings segment; everything else must stand there already. One call at a time may use these two.
 */
int64_t run_step(const int64_t *program, char **segments, char *control, int64_t rows, const char *input,
                 char *output, int64_t threads, int64_t *result);

/* Live pool threads, the callers not counted: 0 before a run first needs one, and again after pool_shutdown. */
int64_t pool_threads(void);

/* Waits for a run that is using the pool, then ends and joins its threads. The next run that needs one starts anew. */
void pool_shutdown(void);
