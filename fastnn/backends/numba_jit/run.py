"""The run loop: steps of a control block, stages of a step, tiles of a stage, kernels of a tile;
and the part of a thread in it. The twin of ``kernels/run.c``. Which thread computes a tile is
chance; which tiles there are is in the Program: the same bits for any number of threads.
Deliberately not here: the threads themselves, which are Python's (``pool.py``).

One word, STATE, says what a helper must know:  generation << 32 | limit << 16 | entered << 1 |
open. The caller writes the job, then opens a new generation with a limit of helpers. A helper
enters by compare-and-swap (entered + 1), which fails once the job is closed, so the job cannot
change under a helper that is inside. The caller takes part; when no tiles are left it closes the
job and waits for FINISHED = entered. A helper that comes too late delays nobody.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastnn.backends.base import HOST
from fastnn.backends.numba_jit.atomic import add, clear_bits, pause, read, swap, take, write
from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.job import (
    BLOCK,
    ENTERED,
    FINISHED,
    JOB_BYTES,
    MAX_THREADS,
    NEXT,
    OFFSETS,
    PARALLEL_COST,
    PROGRAM,
    ROW_BLOCK_MOST,
    RUN,
    SEGMENTS,
    SPINS,
    STAGE,
    STATE,
    TABLE,
    TILES,
    WORKED,
    N,
)
from fastnn.backends.numba_jit.record import (
    STATUS_CODE,
    STATUS_LOCK,
    STATUS_POSITION,
    call_kernel,
    smaller,
)
from fastnn.backends.numba_jit.system import monotonic_ns, nap
from fastnn.backends.numba_jit.vector import at, stack
from fastnn.program import control, memory
from fastnn.program.record import KIND, STAGE_WORDS

I64: Any = types.int64
WORDS: Any = types.CPointer(types.int64)
ROW, TILE, SERIAL, HOST_STAGE = KIND["row"], KIND["tile"], KIND["serial"], KIND["host"]
STAGE_KIND, STAGE_FIRST, STAGE_COUNT, STAGE_GRAIN, COST_A, COST_B, STAGE_EVERY = range(7)
RECORD_KERNEL, EXTENT_A, EXTENT_B, RECORD_GRAIN = 1, 3, 4, 5
PROGRAM_STAGES, PROGRAM_SEGMENTS, PROGRAM_TABLE = 3, 5, 7
STATUS_WORDS = 8
SEGMENT_BYTES = 64 * 8


@intrinsic
def words_at(typing_context: Any, address: Any) -> Any:
    """The int64 words at an address."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(64).as_pointer())

    return WORDS(types.int64), emit


@intrinsic
def address_of(typing_context: Any, words: Any) -> Any:
    """The address of words."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], ir.IntType(64))

    return types.int64(WORDS), emit


@device
def record_of(job: Any, number: Any) -> Any:
    """A record of the job's stage."""
    stage, offsets = words_at(job[STAGE]), words_at(job[OFFSETS])
    return at(words_at(job[PROGRAM]), offsets[stage[STAGE_FIRST] + number])


@device
def tiles_of(extent: Any, grain: Any) -> Any:
    """Tiles that cover an extent. One, as in small networks, is found without a division."""
    return 1 if 0 < extent <= grain else (extent + grain - 1) // grain


@device
def extent_of(record: Any, n: Any) -> Any:
    """Units of a record that are cut into tiles."""
    return record[EXTENT_A] + record[EXTENT_B] * n


@device
def row_block(stage: Any, n: Any, threads: Any) -> Any:
    """Samples of a tile of a row stage: one tile per thread, within bounds.

    No row's bits depend on where tiles end, so this may depend on the threads.
    """
    share, least = tiles_of(n, threads), stage[STAGE_GRAIN]
    return smaller(share if share > least else least, ROW_BLOCK_MOST)


@device
def count_tiles(job: Any) -> Any:
    """How many tiles the stage has for n rows. A serial stage is one."""
    stage = words_at(job[STAGE])
    if stage[STAGE_KIND] == SERIAL:
        return 1
    if stage[STAGE_KIND] == ROW:
        return tiles_of(job[N], job[BLOCK])
    tiles = 0
    for number in range(stage[STAGE_COUNT]):
        record = record_of(job, number)
        tiles += tiles_of(extent_of(record, job[N]), record[RECORD_GRAIN])
    return tiles


@device
def call(job: Any, record: Any, begin: Any, end: Any) -> Any:
    """Run a record's kernel over a range."""
    address = words_at(job[TABLE])[record[RECORD_KERNEL]]
    call_kernel(address, record, words_at(job[SEGMENTS]), begin, end)


@device
def run_tile(job: Any, tile: Any) -> Any:
    """One tile of the stage."""
    stage, n = words_at(job[STAGE]), job[N]
    kind = stage[STAGE_KIND]
    first = tile * job[BLOCK]
    last = smaller(n, first + job[BLOCK])
    for number in range(stage[STAGE_COUNT]):
        record = record_of(job, number)
        extent = extent_of(record, n)
        if kind == ROW:
            call(job, record, first * record[EXTENT_B], last * record[EXTENT_B])
        elif kind == SERIAL:
            call(job, record, 0, extent)
        else:
            grain = record[RECORD_GRAIN]
            tiles = tiles_of(extent, grain)
            if tile < tiles:
                call(job, record, tile * grain, smaller(extent, (tile + 1) * grain))
                return
            tile -= tiles


@device
def run_tiles(job: Any, worker: Any) -> Any:
    """Take tiles until none is left."""
    tile = take(job, NEXT)
    while tile < job[TILES]:
        job[WORKED + worker] = 1
        run_tile(job, tile)
        tile = take(job, NEXT)


@device
def wait(spun: Any, spins: Any) -> Any:
    """Wait a little: spin first, then sleep."""
    if spun < spins:
        pause()
    else:
        nap()


@device
def open_job(job: Any, threads: Any) -> Any:
    """Let helpers in."""
    generation = ((read(job, STATE) >> 32) + 1) & 0x7FFFFFFF
    generation += generation == 0  # 0 is what a new helper has seen
    write(job, FINISHED, 0)
    write(job, STATE, generation << 32 | (threads - 1) << 16 | 1)


@device
def close_job(job: Any) -> Any:
    """Let no more helpers in, and wait for those who are inside."""
    entered = (clear_bits(job, STATE, -2) >> 1) & ENTERED
    spun = 0
    while read(job, FINISHED) != entered:
        wait(spun, job[SPINS])
        spun += 1


def serve(job: Any, number: Any) -> Any:
    """A helper's part in the run that is open, from its beginning to its end."""
    run, seen, spun = read(job, RUN), 0, 0
    while run != 0 and read(job, RUN) == run:
        state = read(job, STATE)
        open_ = state & 1 != 0 and state >> 32 != seen and number <= (state >> 16) & 0xFFFF
        if open_ and swap(job, STATE, state, state + 2):
            seen, spun = state >> 32, 0
            run_tiles(job, number)
            add(job, FINISHED, 1)
        elif not open_:
            wait(spun, job[SPINS])
            spun += 1


def run_program(
    program: Any,
    segments: Any,
    rows: Any,
    first_step: Any,
    first_stage: Any,
    max_steps: Any,
    deadline_ns: Any,
    threads: Any,
    result: Any,
    table: Any,
    shared: Any,
) -> Any:
    """As ``run_program`` in ``kernels/api.h``; ``shared``: the pool's job; 0: a serial run."""
    started, stages, done = monotonic_ns(), program[PROGRAM_STAGES], 0
    addresses = stack(I64, SEGMENT_BYTES)
    for number in range(program[PROGRAM_SEGMENTS]):
        addresses[number] = segments[number]
    status = words_at(addresses[memory.STATUS])
    for number in range(STATUS_WORDS):
        status[number] = 0
    stage_table = at(program, program[PROGRAM_TABLE])
    own = stack(I64, JOB_BYTES)
    job = words_at(shared) if shared != 0 else own
    for number in range(MAX_THREADS):
        job[WORKED + number] = 0
    job[PROGRAM], job[TABLE] = address_of(program), address_of(table)
    job[OFFSETS] = address_of(at(stage_table, stages * STAGE_WORDS))
    job[SEGMENTS] = address_of(addresses)
    running = True
    while running:
        row = address_of(rows) + (first_step + done) * control.WORDS * 8
        addresses[memory.CONTROL] = row
        n, step = words_at(row)[control.N], words_at(row)[control.STEP]
        job[N] = n
        for s in range(first_stage, stages):
            stage = at(stage_table, s * STAGE_WORDS)
            every = stage[STAGE_EVERY]
            if status[STATUS_CODE] == 0 and stage[STAGE_KIND] == HOST_STAGE:
                status[STATUS_CODE] = HOST
                result[5] = s
            elif status[STATUS_CODE] == 0 and (every < 2 or (step + 1) % every == 0):
                job[STAGE] = address_of(stage)
                cost = F64(stage[COST_A]) + F64(stage[COST_B]) * n
                many = shared != 0 and threads > 1 and cost >= PARALLEL_COST
                job[BLOCK] = row_block(stage, n, threads if many else 1)
                job[TILES] = count_tiles(job)
                if many and job[TILES] > 1:
                    write(job, NEXT, 0)
                    open_job(job, smaller(threads, job[TILES]))
                    run_tiles(job, 0)
                    close_job(job)
                else:  # alone, without an atomic word
                    job[WORKED] = 1
                    for tile in range(job[TILES]):
                        run_tile(job, tile)
        if status[STATUS_CODE] != 0:
            running = False
        else:
            first_stage = 0
            done += 1
            in_time = deadline_ns <= 0 or monotonic_ns() - started < deadline_ns
            running = done < max_steps and in_time
    workers = 0
    for number in range(MAX_THREADS):
        workers += job[WORKED + number]
    status[STATUS_POSITION] = 0
    status[STATUS_LOCK] = 0
    result[0] = status[STATUS_CODE]
    result[1] = done
    result[2] = workers
    result[4] = monotonic_ns() - started
    return result[0]


SIGNATURES: dict[str, Any] = {
    "run_program": types.int64(WORDS, WORDS, WORDS, I64, I64, I64, I64, I64, WORDS, WORDS, I64),
    "serve": types.void(WORDS, I64),
}
