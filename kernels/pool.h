/*
 * The thread pool as run.c sees it, and the few operating system calls it stands on (POSIX threads; Win32, untested).
 * One job at a time belongs to one caller, who takes part in it. Not here: what a job does (run.c).
 */
#ifndef FASTNN_POOL_H
#define FASTNN_POOL_H

#include <stdatomic.h>
#include <stdint.h>

#define POOL_MAX_THREADS 256 /* callers ask for the cores of one machine; more are cut to this */

/* Part `worker` of a job: 0 is the caller, 1 .. threads - 1 are pool threads. Runs until no tiles are left. */
typedef void pool_work(void *context, int64_t worker);

/* Claims the pool and grows it to threads - 1 workers. Returns the threads it can offer, the caller counted (fewer than
   asked if the system refuses more), or 0 if another caller holds it. */
static int64_t pool_acquire(int64_t threads);
/* Runs work(context, ·) on the caller and on those workers below `threads` that wake in time; returns when all of them
   have. A worker that comes too late is not waited for. Only between pool_acquire and pool_release. */
static void pool_execute(pool_work *work, void *context, int64_t threads);
static void pool_release(void);
/* Whether another program lately kept a worker from its processor in the middle of a job: better not to use the pool. */
static int pool_is_crowded(void);

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <process.h>
typedef HANDLE pool_thread;
typedef SRWLOCK pool_mutex;
typedef CONDITION_VARIABLE pool_condition;
#define POOL_MUTEX_INITIALIZER SRWLOCK_INIT
static void mutex_lock(pool_mutex *mutex) { AcquireSRWLockExclusive(mutex); }
static void mutex_unlock(pool_mutex *mutex) { ReleaseSRWLockExclusive(mutex); }
static void condition_create(pool_condition *condition) { InitializeConditionVariable(condition); }
static void condition_signal(pool_condition *condition) { WakeConditionVariable(condition); }
static void condition_wait(pool_condition *condition, pool_mutex *mutex)
{
    SleepConditionVariableSRW(condition, mutex, INFINITE, 0);
}
static void thread_yield(void) { SwitchToThread(); }
static int64_t processors(void) { return (int64_t)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS); }
#define THREAD_MAIN(name) static unsigned __stdcall name(void *argument)
#define THREAD_RESULT 0
static int thread_create(pool_thread *thread, unsigned(__stdcall *start)(void *), void *argument)
{
    *thread = (HANDLE)_beginthreadex(NULL, 1 << 20, start, argument, 0, NULL);
    return *thread != NULL;
}
static void thread_join(pool_thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}
static void after_fork_in_child(void (*handler)(void)) { (void)handler; } /* no fork here */
static int64_t monotonic_ns(void)
{
    LARGE_INTEGER now, frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (int64_t)((double)now.QuadPart * 1e9 / (double)frequency.QuadPart);
}
#else
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
typedef pthread_t pool_thread;
typedef pthread_mutex_t pool_mutex;
typedef pthread_cond_t pool_condition;
#define POOL_MUTEX_INITIALIZER PTHREAD_MUTEX_INITIALIZER
static void mutex_lock(pool_mutex *mutex) { pthread_mutex_lock(mutex); }
static void mutex_unlock(pool_mutex *mutex) { pthread_mutex_unlock(mutex); }
static void condition_create(pool_condition *condition) { pthread_cond_init(condition, NULL); }
static void condition_signal(pool_condition *condition) { pthread_cond_signal(condition); }
static void condition_wait(pool_condition *condition, pool_mutex *mutex) { pthread_cond_wait(condition, mutex); }
static void thread_yield(void) { sched_yield(); }
#define THREAD_MAIN(name) static void *name(void *argument)
#define THREAD_RESULT NULL

/* Processors this process may use now: affinity where the system knows it. */
static int64_t processors(void)
{
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return CPU_COUNT(&allowed);
#endif
    return (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Signals stay with the caller's threads (Python handles Ctrl-C in its main thread). A stack of 1 MiB holds the
   kernels' buffers (under 200 KiB) also where the system's default is small (128 KiB on musl). */
static int thread_create(pool_thread *thread, void *(*start)(void *), void *argument)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)1 << 20);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, &attributes, start, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}
static void thread_join(pool_thread thread) { pthread_join(thread, NULL); }
static void after_fork_in_child(void (*handler)(void)) { pthread_atfork(NULL, NULL, handler); }
static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
#endif

/* Tells the core that this is a spin: it saves power and leaves the execution units to a sibling thread. */
static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(_M_X64)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
