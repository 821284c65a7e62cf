// Floors of bench-store: the least that the same work costs in C, on the same data, in the same process.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Outgoing relationships of all nodes: offsets, neighbours in order and, if asked for, their types.
typedef struct floor_csr floor_csr;

/// Sorts relationships by source, type (when `types` is not NULL) and target. NULL when memory is short.
floor_csr *floor_csr_make(uint32_t nodes, uint64_t relationships, const uint32_t *sources, const uint32_t *targets,
                          const uint8_t *types);
void floor_csr_free(floor_csr *csr);

/// How many other nodes are within so many hops. `queue` has room for all nodes, `seen` a zero bit for each; the bits
/// are zero again afterwards.
uint64_t floor_reached(const floor_csr *csr, uint32_t start, uint32_t hops, uint32_t *queue, uint64_t *seen);
/// The same over relationships of one type.
uint64_t floor_reached_typed(const floor_csr *csr, uint32_t start, uint32_t hops, uint8_t type, uint32_t *queue,
                             uint64_t *seen);
/// How many relationships ``floor_reached`` looks at; `type` below 0 stands for all.
uint64_t floor_walked(const floor_csr *csr, uint32_t start, uint32_t hops, int type, uint32_t *queue, uint64_t *seen);

/// How many rows have age > `over` and the city; gives the sum of their ages. One row after the other, by branches.
uint64_t floor_scan(const int64_t *ages, const uint32_t *cities, size_t count, int64_t over, uint32_t city,
                    int64_t *sum);
/// The same as whatever the compiler makes of it.
uint64_t floor_scan_vectors(const int64_t *ages, const uint32_t *cities, size_t count, int64_t over, uint32_t city,
                            int64_t *sum);

/// Bytes that malloc has given out, in arenas and in maps of their own.
uint64_t floor_heap_bytes(void);
/// Bytes of the process in memory, after free memory went back to the kernel.
uint64_t floor_resident_bytes(void);

/// Waits until all that was written to the path's file system is on disk. Gives 0 or errno.
int floor_settle(const char *path);
/// Writes 4 KiB and waits for the disk, `count` times; seconds of each. Gives 0 or errno.
int floor_sync(const char *path, int appending, size_t count, double *seconds);

/// A plain SQLite file with a table of relationships: WAL, synchronous=FULL, a prepared insert.
typedef struct floor_sqlite floor_sqlite;

/// Makes the file with so many rows in one transaction. Gives 0 or SQLite's code.
int floor_sqlite_make(floor_sqlite **result, const char *path, uint64_t rows, const uint32_t *sources,
                      const uint32_t *targets, size_t ends);
/// Inserts one row a transaction until the time is over or `capacity` is reached; seconds of each. The count goes to
/// `commits`. Gives 0 or SQLite's code.
int floor_sqlite_run(floor_sqlite *store, double seconds, const uint32_t *sources, const uint32_t *targets, size_t ends,
                     double *latencies, size_t capacity, size_t *commits);
void floor_sqlite_close(floor_sqlite *store);
/// Steps through all rows of all tables of a file and looks at every column. Gives 0 or SQLite's code.
int floor_sqlite_read(const char *path, uint64_t *rows, uint64_t *bytes);
/// What a code means.
const char *floor_sqlite_message(int code);
