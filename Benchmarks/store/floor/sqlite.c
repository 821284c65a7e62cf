#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

#include "CStoreFloor.h"

struct floor_sqlite {
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_int64 next;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int insert(floor_sqlite *store, uint32_t source, uint32_t target) {
    sqlite3_bind_int64(store->insert, 1, store->next++);
    sqlite3_bind_text(store->insert, 2, "KNOWS", 5, SQLITE_STATIC);
    sqlite3_bind_int64(store->insert, 3, source);
    sqlite3_bind_int64(store->insert, 4, target);
    sqlite3_bind_text(store->insert, 5, "{}", 2, SQLITE_STATIC);
    int code = sqlite3_step(store->insert);
    int reset = sqlite3_reset(store->insert);
    return code == SQLITE_DONE ? reset : code;
}

static int fill(floor_sqlite *store, uint64_t rows, const uint32_t *sources, const uint32_t *targets, size_t ends) {
    int code = sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL);
    for (uint64_t row = 0; row < rows && !code; row++) code = insert(store, sources[row % ends], targets[row % ends]);
    return code ? code : sqlite3_exec(store->db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

/// Reads the level back: a pragma that was not understood is no error for SQLite.
static int check_synchronous(sqlite3 *db) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA synchronous", -1, &statement, NULL);
    if (!code && (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 2)) code = SQLITE_MISUSE;
    sqlite3_finalize(statement);
    return code;
}

int floor_sqlite_make(floor_sqlite **result, const char *path, uint64_t rows, const uint32_t *sources,
                      const uint32_t *targets, size_t ends) {
    floor_sqlite *store = calloc(1, sizeof *store);
    if (!store) return SQLITE_NOMEM;
    int code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (!code)
        code = sqlite3_exec(store->db,
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "CREATE TABLE relationship (id INTEGER PRIMARY KEY, type TEXT NOT NULL,"
                            " source INTEGER NOT NULL, target INTEGER NOT NULL, properties TEXT NOT NULL) STRICT",
                            NULL, NULL, NULL);
    if (!code) code = check_synchronous(store->db);
    if (!code)
        code = sqlite3_prepare_v3(store->db, "INSERT INTO relationship VALUES (?, ?, ?, ?, ?)", -1,
                                  SQLITE_PREPARE_PERSISTENT, &store->insert, NULL);
    if (!code) code = fill(store, rows, sources, targets, ends);
    if (code) {
        floor_sqlite_close(store);
        return code;
    }
    *result = store;
    return 0;
}

int floor_sqlite_run(floor_sqlite *store, double seconds, const uint32_t *sources, const uint32_t *targets, size_t ends,
                     double *latencies, size_t capacity, size_t *commits) {
    double before = now(), deadline = before + seconds;
    size_t count = 0;
    while (before < deadline && count < capacity) {
        size_t end = (size_t)store->next % ends;
        int code = insert(store, sources[end], targets[end]);
        if (code) return code;
        double after = now();
        latencies[count++] = after - before;
        before = after;
    }
    *commits = count;
    return 0;
}

void floor_sqlite_close(floor_sqlite *store) {
    if (!store) return;
    sqlite3_finalize(store->insert);
    sqlite3_close(store->db);
    free(store);
}

static int read_table(sqlite3 *db, const char *name, uint64_t *rows, uint64_t *bytes) {
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", name);
    if (!sql) return SQLITE_NOMEM;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code) return code;
    int columns = sqlite3_column_count(statement);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = 0; column < columns; column++) {
            if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
                *bytes += sqlite3_column_int64(statement, column) >= 0 ? 8 : 9;
            } else {
                const unsigned char *text = sqlite3_column_blob(statement, column);
                int size = sqlite3_column_bytes(statement, column);
                *bytes += (uint64_t)size + (size > 0 ? text[size - 1] & 1 : 0);
            }
        }
        *rows += 1;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? 0 : code;
}

int floor_sqlite_read(const char *path, uint64_t *rows, uint64_t *bytes) {
    sqlite3 *db = NULL;
    sqlite3_stmt *tables = NULL;
    *rows = *bytes = 0;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (!code)
        code = sqlite3_prepare_v2(db,
                                  "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                                  " AND name NOT LIKE '%log%'",
                                  -1, &tables, NULL);
    while (!code && sqlite3_step(tables) == SQLITE_ROW)
        code = read_table(db, (const char *)sqlite3_column_text(tables, 0), rows, bytes);
    sqlite3_finalize(tables);
    sqlite3_close(db);
    return code;
}

const char *floor_sqlite_message(int code) { return sqlite3_errstr(code); }
