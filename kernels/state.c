/*
 * State that changes while a program runs, beside what optimizers train. Twin: fastnn/backends/numpy_ref/state.py.
 */

/* variable = value. Both (1, count); variable overwritten, must not overlap value. Tile op over the elements, in the
   stage of the optimizer's steps: after every read of the old value and every check. 8 bytes per element in float.
   Exact. */
static void NAME(assign)(const int64_t *record, char *const *segments, int64_t begin, int64_t end)
{
    size_t first = (size_t)begin * sizeof(REAL), bytes = (size_t)(end - begin) * sizeof(REAL);
    memcpy(operand_data(record, segments, 0) + first, operand_data(record, segments, 1) + first, bytes);
}
