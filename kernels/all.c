/*
 * The whole native part of fastnn as one translation unit: build.py compiles it once per CPU level into a module of its
 * own (one unit, because setuptools writes the objects of several modules to one path). README.md is the contents page.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdint.h>

#include "api.h"
#include "record.h"

#define REAL_BITS 32
#include "chapters.h"
#undef REAL_BITS
#define REAL_BITS 64
#include "chapters.h"
#undef REAL_BITS

#include "level.c"
#include "pool.c"
#include "table.c"
#include "check.c"
#include "run.c"
