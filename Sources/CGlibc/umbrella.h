// What the GNU C library has and Swift's module of it lacks.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>

// Writes past the page cache. fcntl.h may have been read without GNU's names before.
#ifdef __O_DIRECT
static const int glibc_o_direct = __O_DIRECT;
#else
static const int glibc_o_direct = O_DIRECT;
#endif

// Processes whose parents are gone become children of this one. prctl takes variable arguments, which Swift cannot give.
static inline int glibc_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); }
