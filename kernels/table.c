/* The table of kernels, made from list.h: the function, its name, and what its record must hold. */
#include "list.h"

typedef struct kernel_entry {
    const char *name;
    kernel_function *run;
    int64_t fewest_operands, most_operands, integers, reals;
} kernel_entry;

#define PLAIN_ENTRY(name, fewest, most, integers, reals) {#name, name, fewest, most, integers, reals},
#define REAL_ENTRY(name, fewest, most, integers, reals)                                                                \
    PLAIN_ENTRY(name##_f32, fewest, most, integers, reals) PLAIN_ENTRY(name##_f64, fewest, most, integers, reals)
static const kernel_entry kernel_table[] = {KERNEL_LIST(REAL_ENTRY, PLAIN_ENTRY)};
enum { KERNEL_COUNT = sizeof kernel_table / sizeof kernel_table[0] };

int64_t kernel_count(void) { return KERNEL_COUNT; }

const char *kernel_name(int64_t id) { return id >= 0 && id < KERNEL_COUNT ? kernel_table[id].name : NULL; }

int64_t record_version(void) { return RECORD_VERSION; }
