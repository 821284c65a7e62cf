#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "CStoreFloor.h"

uint64_t floor_heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

uint64_t floor_resident_bytes(void) {
    malloc_trim(0);
    unsigned long long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    if (fscanf(file, "%llu %llu", &total, &resident) != 2) resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int floor_settle(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    int result = syncfs(file) < 0 ? errno : 0;
    close(file);
    return result;
}

int floor_sync(const char *path, int appending, size_t count, double *seconds) {
    char block[4096];
    memset(block, 7, sizeof block);
    int file = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    int result = 0;
    // Overwriting needs blocks that are there and known to the disk.
    for (int i = 0; i < 64 && !appending; i++)
        if (pwrite(file, block, sizeof block, (off_t)i * 4096) < 0) result = errno;
    if (fsync(file) < 0) result = errno;
    for (size_t i = 0; i < count && !result; i++) {
        off_t place = (off_t)(appending ? i : i % 64) * 4096;
        double before = now();
        if (pwrite(file, block, sizeof block, place) < 0 || fdatasync(file) < 0) result = errno;
        seconds[i] = now() - before;
    }
    close(file);
    unlink(path);
    return result;
}
