"""The words that a run and its helpers share, and the limits both know; read by jitted code
(``run.py``) and by Python (``pool.py``), which must not load Numba.
"""

from __future__ import annotations

# what threads write to has a cache line (8 words) of its own
STATE, FINISHED, NEXT, RUN = 0, 8, 16, 24
PROGRAM, STAGE, OFFSETS, SEGMENTS, TABLE, N, TILES, BLOCK, SPINS = range(32, 41)
WORKED = 48  # one word per thread: 1 once it has run a tile of this run
MAX_THREADS = 256
JOB_WORDS = WORKED + MAX_THREADS
JOB_BYTES = 8 * JOB_WORDS
ENTERED = 0x7FFF

# Estimated operations below which a stage stays on the calling thread: as in kernels/run.c.
PARALLEL_COST = 400_000
# Most samples of a tile of a row stage; weights that a tile has brought into the caches serve them.
ROW_BLOCK_MOST = 128
# Pauses before a nap: about 30 us. Longer than the serial stages between two parallel ones.
POOL_SPINS = 1000
