#include <stdlib.h>
#include <string.h>

#include "CStoreFloor.h"

struct floor_csr {
    uint32_t *offsets;
    uint32_t *targets;
    uint8_t *types;
};

/// One pass of a counting sort: `order` by `keys`, stable. `starts` has `bound` + 1 places.
static void sort_by(const uint32_t *keys, const uint8_t *small_keys, uint32_t bound, const uint32_t *order,
                    uint32_t *sorted, uint64_t count, uint32_t *starts) {
#define KEY(i) (keys ? keys[i] : small_keys[i])
    memset(starts, 0, ((size_t)bound + 1) * sizeof *starts);
    for (uint64_t i = 0; i < count; i++) starts[KEY(i) + 1]++;
    for (uint32_t k = 0; k < bound; k++) starts[k + 1] += starts[k];
    for (uint64_t i = 0; i < count; i++) sorted[starts[KEY(order[i])]++] = order[i];
#undef KEY
}

floor_csr *floor_csr_make(uint32_t nodes, uint64_t relationships, const uint32_t *sources, const uint32_t *targets,
                          const uint8_t *types) {
    size_t count = relationships ? relationships : 1;
    floor_csr *csr = calloc(1, sizeof *csr);
    uint32_t *order = malloc(count * sizeof *order);
    uint32_t *sorted = malloc(count * sizeof *sorted);
    uint32_t *starts = malloc(((size_t)nodes + 257) * sizeof *starts);
    if (csr) {
        csr->offsets = calloc((size_t)nodes + 1, sizeof *csr->offsets);
        csr->targets = malloc(count * sizeof *csr->targets);
        csr->types = types ? malloc(count) : NULL;
    }
    if (!csr || !order || !sorted || !starts || !csr->offsets || !csr->targets || (types && !csr->types)) {
        floor_csr_free(csr);
        csr = NULL;
    } else {
        for (uint64_t i = 0; i < relationships; i++) sorted[i] = (uint32_t)i;
        sort_by(targets, NULL, nodes, sorted, order, relationships, starts);
        if (types) {
            sort_by(NULL, types, 256, order, sorted, relationships, starts);
            memcpy(order, sorted, relationships * sizeof *order);
        }
        sort_by(sources, NULL, nodes, order, sorted, relationships, starts);
        for (uint64_t i = 0; i < relationships; i++) {
            csr->offsets[sources[sorted[i]] + 1]++;
            csr->targets[i] = targets[sorted[i]];
            if (types) csr->types[i] = types[sorted[i]];
        }
        for (uint32_t node = 0; node < nodes; node++) csr->offsets[node + 1] += csr->offsets[node];
    }
    free(order);
    free(sorted);
    free(starts);
    return csr;
}

void floor_csr_free(floor_csr *csr) {
    if (!csr) return;
    free(csr->offsets);
    free(csr->targets);
    free(csr->types);
    free(csr);
}

/// The first of [low, high) whose type is not below `type`.
static inline uint32_t first_of_type(const uint8_t *types, uint32_t low, uint32_t high, uint32_t type) {
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (types[middle] < type) low = middle + 1;
        else high = middle;
    }
    return low;
}

static inline __attribute__((always_inline)) uint64_t walk(const floor_csr *csr, uint32_t start, uint32_t hops, int type,
                                                           uint32_t *restrict queue, uint64_t *restrict seen,
                                                           uint64_t *walked) {
    const uint32_t *restrict offsets = csr->offsets;
    const uint32_t *restrict targets = csr->targets;
    size_t next = 0, end = 1, count = 1;
    queue[0] = start;
    seen[start >> 6] |= 1ull << (start & 63);
    for (uint32_t hop = 0; hop < hops; hop++) {
        for (; next < end; next++) {
            uint32_t first = offsets[queue[next]], last = offsets[queue[next] + 1];
            if (type >= 0) {
                first = first_of_type(csr->types, first, last, (uint32_t)type);
                last = first_of_type(csr->types, first, last, (uint32_t)type + 1);
            }
            if (walked) *walked += last - first;
            for (uint32_t i = first; i < last; i++) {
                uint32_t node = targets[i];
                uint64_t bit = 1ull << (node & 63);
                if (seen[node >> 6] & bit) continue;
                seen[node >> 6] |= bit;
                queue[count++] = node;
            }
        }
        end = count;
    }
    for (size_t i = 0; i < count; i++) seen[queue[i] >> 6] = 0;
    return count - 1;
}

uint64_t floor_reached(const floor_csr *csr, uint32_t start, uint32_t hops, uint32_t *queue, uint64_t *seen) {
    return walk(csr, start, hops, -1, queue, seen, NULL);
}

uint64_t floor_reached_typed(const floor_csr *csr, uint32_t start, uint32_t hops, uint8_t type, uint32_t *queue,
                             uint64_t *seen) {
    return walk(csr, start, hops, type, queue, seen, NULL);
}

uint64_t floor_walked(const floor_csr *csr, uint32_t start, uint32_t hops, int type, uint32_t *queue, uint64_t *seen) {
    uint64_t walked = 0;
    walk(csr, start, hops, type, queue, seen, &walked);
    return walked;
}
