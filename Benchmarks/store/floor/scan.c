#include "CStoreFloor.h"

uint64_t floor_scan(const int64_t *ages, const uint32_t *cities, size_t count, int64_t over, uint32_t city,
                    int64_t *sum) {
    uint64_t found = 0;
    int64_t total = 0;
    for (size_t row = 0; row < count; row++) {
        // A row at a time, as a loop over records would: the empty assembly keeps the branch a branch.
        if (ages[row] > over) {
            __asm__ volatile("");
            if (cities[row] == city) {
                found++;
                total += ages[row];
            }
        }
    }
    *sum = total;
    return found;
}

uint64_t floor_scan_vectors(const int64_t *ages, const uint32_t *cities, size_t count, int64_t over, uint32_t city,
                            int64_t *sum) {
    uint64_t found = 0;
    int64_t total = 0;
    for (size_t row = 0; row < count; row++) {
        int match = (ages[row] > over) & (cities[row] == city);
        found += match;
        total += match ? ages[row] : 0;
    }
    *sum = total;
    return found;
}
