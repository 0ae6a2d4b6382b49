/*
 * The thread pool. Created by the first run that needs it, grown to what a run asks for, dropped in a forked child and
 * built anew there. Workers spin for a few microseconds after a job (the next stage of the same run comes soon), then
 * sleep on a condition variable: an idle process uses no processor time.
 * Not here: tiles (run.c hands them out with an atomic counter), the choice of the number of threads (Python).
 *
 * One word, `state`, says everything a worker needs:  generation << 32 | limit << 16 | entered << 1 | open.
 *   The caller writes the job, then opens a new generation with a limit of workers.
 *   A worker with number ≤ limit that has not seen this generation enters by compare-and-swap (entered + 1): that
 *   fails once the job is closed, so the job's fields cannot change under a worker that is inside.
 *   The caller takes part; when no tiles are left for it, it closes the job and waits for `finished` = entered.
 * So a worker whose processor is busy with another program delays nobody: it finds the job closed and goes back to wait.
 *
 * A worker that was inside when its processor went to another program is waited for (it will finish what it began), up to
 * a time slice of some milliseconds, and the same again at its next slice. When a third of the time is lost that way, the
 * pool stays unused for a while, which doubles while it goes on: the caller alone is then faster than two that share one
 * and a half processors. Rare interruptions do not count as much as what they would take away.
 *
 * Sleeping: a worker sets its `asleep` under the mutex and then looks at `state`; the caller changes `state` and then
 * looks at `asleep`. Both are sequentially consistent, so one of them sees the other. The same for the caller's wait.
 */
#include "pool.h"

#define STATE_OPEN UINT64_C(1)
#define STATE_ENTER UINT64_C(2)
#define STATE_ENTERED(state) (((state) >> 1) & 0x7fff)
#define STATE_LIMIT(state) (((state) >> 16) & 0xffff)
#define STATE_GENERATION(state) ((state) >> 32)
/* Pauses before sleeping: about 30 us here (one pause is 15-40 ns). Longer than the serial stages between two parallel
   ones, shorter than what a sleep and a wake cost together with the time slice a spinner may steal. */
#define POOL_SPINS 1000

/* A wait this long, and longer than twice the caller's own part, is no uneven share of work: a stall. */
#define POOL_STALL_NS 200000
#define POOL_MEMORY_NS 50000000      /* of shared work, after which what was lost before counts half */
#define POOL_PAUSE_NS 10000000      /* unused after a first stall */
#define POOL_PAUSE_MOST_NS 160000000 /* and at most; a stall later than this after the last pause counts as a first */

typedef struct pool_worker {
    _Alignas(64) pool_condition wake; /* a cache line of its own */
    _Atomic int asleep;
    pool_thread thread;
} pool_worker;

static struct {
    _Alignas(64) _Atomic uint64_t state;
    _Alignas(64) _Atomic uint64_t finished;
    _Alignas(64) _Atomic int caller_asleep;
    _Atomic int busy;     /* a caller owns the pool */
    _Atomic int stopping; /* workers end */
    _Atomic int64_t count;
    _Atomic int64_t spins;
    _Atomic int64_t unused_until; /* monotonic_ns */
    int64_t pause, shared, lost;  /* the last pause; time of jobs and of stalls since. The pool's holder owns them */
    int fork_handled;
    pool_work *work;
    void *context;
    pool_mutex mutex;
    pool_condition done;
    pool_worker workers[POOL_MAX_THREADS];
} pool = {.mutex = POOL_MUTEX_INITIALIZER};

/* 1 if a job is open that worker `number` may enter and has not been part of. */
static int job_waits(uint64_t state, uint64_t seen, uint64_t number)
{
    return (state & STATE_OPEN) && STATE_GENERATION(state) != seen && number <= STATE_LIMIT(state);
}

static void worker_sleep(pool_worker *self, uint64_t seen, uint64_t number)
{
    mutex_lock(&pool.mutex);
    atomic_store(&self->asleep, 1);
    while (!atomic_load(&pool.stopping) && !job_waits(atomic_load(&pool.state), seen, number))
        condition_wait(&self->wake, &pool.mutex);
    atomic_store(&self->asleep, 0);
    mutex_unlock(&pool.mutex);
}

THREAD_MAIN(worker_main)
{
    pool_worker *self = argument;
    uint64_t number = (uint64_t)(self - pool.workers) + 1;
    uint64_t seen = 0; /* generations begin at 1 */
    while (!atomic_load(&pool.stopping)) {
        uint64_t state = atomic_load(&pool.state);
        if (job_waits(state, seen, number)) {
            if (!atomic_compare_exchange_strong(&pool.state, &state, state + STATE_ENTER))
                continue;
            seen = STATE_GENERATION(state);
            pool.work(pool.context, (int64_t)number);
            atomic_fetch_add(&pool.finished, 1);
            if (atomic_load(&pool.caller_asleep)) {
                mutex_lock(&pool.mutex);
                condition_signal(&pool.done);
                mutex_unlock(&pool.mutex);
            }
            continue;
        }
        int64_t spins = atomic_load_explicit(&pool.spins, memory_order_relaxed);
        while (spins > 0 && atomic_load_explicit(&pool.state, memory_order_relaxed) == state) {
            spin_pause();
            spins--;
        }
        if (spins == 0)
            worker_sleep(self, seen, number);
    }
    return THREAD_RESULT;
}

/* A job of the caller's own part and its wait for the others is over: decides about a pause. */
static void note_job(int64_t own_ns, int64_t waited_ns, int64_t now)
{
    pool.shared += own_ns + waited_ns;
    if (pool.shared > POOL_MEMORY_NS) {
        pool.shared /= 2;
        pool.lost /= 2;
    }
    if (waited_ns < POOL_STALL_NS || waited_ns < 2 * own_ns)
        return;
    pool.lost += waited_ns;
    if (3 * pool.lost < pool.shared)
        return;
    pool.shared = pool.lost = 0;
    int64_t last = atomic_load_explicit(&pool.unused_until, memory_order_relaxed);
    pool.pause = now - last > POOL_PAUSE_MOST_NS ? POOL_PAUSE_NS : smaller(2 * pool.pause, POOL_PAUSE_MOST_NS);
    atomic_store_explicit(&pool.unused_until, now + pool.pause, memory_order_relaxed);
}

static int pool_is_crowded(void)
{
    int64_t until = atomic_load_explicit(&pool.unused_until, memory_order_relaxed);
    return until != 0 && monotonic_ns() < until;
}

static void pool_execute(pool_work *work, void *context, int64_t threads)
{
    int64_t started = monotonic_ns();
    uint64_t limit = (uint64_t)threads - 1;
    uint64_t generation = (STATE_GENERATION(atomic_load(&pool.state)) + 1) & 0xffffffff;
    generation += generation == 0; /* 0 is what a new worker has seen */
    pool.work = work;
    pool.context = context;
    atomic_store(&pool.finished, 0);
    atomic_store(&pool.state, generation << 32 | limit << 16 | STATE_OPEN);
    int locked = 0;
    for (uint64_t w = 0; w < limit; w++)
        if (atomic_load(&pool.workers[w].asleep)) {
            if (!locked)
                mutex_lock(&pool.mutex);
            locked = 1;
            condition_signal(&pool.workers[w].wake);
        }
    if (locked)
        mutex_unlock(&pool.mutex);
    work(context, 0);
    int64_t worked = monotonic_ns();
    uint64_t entered = STATE_ENTERED(atomic_fetch_and(&pool.state, ~STATE_OPEN));
    int64_t spins = atomic_load_explicit(&pool.spins, memory_order_relaxed);
    while (atomic_load(&pool.finished) != entered && spins-- > 0)
        spin_pause();
    if (atomic_load(&pool.finished) == entered) {
        note_job(worked - started, 0, worked);
        return;
    }
    mutex_lock(&pool.mutex);
    atomic_store(&pool.caller_asleep, 1);
    while (atomic_load(&pool.finished) != entered)
        condition_wait(&pool.done, &pool.mutex);
    atomic_store(&pool.caller_asleep, 0);
    mutex_unlock(&pool.mutex);
    int64_t now = monotonic_ns();
    note_job(worked - started, now - worked, now);
}

/* In a forked child only the forking thread exists: forget the workers, and whoever held the pool or the mutex. */
static void pool_forget(void)
{
    static const pool_mutex fresh = POOL_MUTEX_INITIALIZER;
    pool.mutex = fresh;
    atomic_store(&pool.unused_until, 0);
    atomic_store(&pool.count, 0);
    atomic_store(&pool.state, 0);
    atomic_store(&pool.caller_asleep, 0);
    atomic_store(&pool.stopping, 0);
    atomic_store(&pool.busy, 0);
}

static int64_t pool_acquire(int64_t threads)
{
    int idle = 0;
    if (!atomic_compare_exchange_strong(&pool.busy, &idle, 1))
        return 0;
    if (!pool.fork_handled) {
        after_fork_in_child(pool_forget);
        pool.fork_handled = 1;
    }
    threads = smaller(threads, POOL_MAX_THREADS);
    int64_t count = atomic_load(&pool.count);
    if (count == 0)
        condition_create(&pool.done);
    while (count < threads - 1) {
        pool_worker *worker = &pool.workers[count];
        condition_create(&worker->wake);
        atomic_store(&worker->asleep, 0);
        if (!thread_create(&worker->thread, worker_main, worker))
            break;
        atomic_store(&pool.count, ++count);
    }
    threads = smaller(threads, count + 1);
    /* More threads than processors: a spinner would only keep another from working. */
    atomic_store(&pool.spins, threads <= processors() ? POOL_SPINS : 0);
    return threads;
}

static void pool_release(void) { atomic_store(&pool.busy, 0); }

int64_t pool_threads(void) { return atomic_load(&pool.count); }

void pool_shutdown(void)
{
    int idle = 0;
    while (!atomic_compare_exchange_weak(&pool.busy, &idle, 1)) {
        idle = 0;
        thread_yield();
    }
    int64_t count = atomic_load(&pool.count);
    mutex_lock(&pool.mutex);
    atomic_store(&pool.stopping, 1);
    for (int64_t w = 0; w < count; w++)
        condition_signal(&pool.workers[w].wake);
    mutex_unlock(&pool.mutex);
    for (int64_t w = 0; w < count; w++)
        thread_join(pool.workers[w].thread);
    atomic_store(&pool.count, 0);
    atomic_store(&pool.stopping, 0);
    atomic_store(&pool.unused_until, 0);
    atomic_store(&pool.busy, 0);
}
