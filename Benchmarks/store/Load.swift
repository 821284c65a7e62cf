import CStoreFloor

/// Opens the store of the whole graph: everything into memory, from a warm page cache.
func measureLoad(_ workshop: Workshop) async throws {
    workshop.dropSnapshot()
    let graph = workshop.graph
    let store = try await workshop.store(graph.size)
    var (ours, floors, rows) = ([Double](), [Double](), UInt64(0))
    for round in 0..<3 {
        let floor = try Clock.time { () -> UInt64 in
            var (rows, bytes) = (UInt64(0), UInt64(0))
            try checkSQLite(floor_sqlite_read(Store.file(in: store), &rows, &bytes), "reading the store")
            return rows
        }
        let loaded = try await Store.load(folder: store)
        if round == 0 { try check(loaded.graph, graph) }
        ours.append(loaded.seconds)
        floors.append(floor.seconds)
        rows = floor.result
    }
    note(
        "\(graph.size.entities) entities in \(ours.median.short) s, median of \(ours.count); plain SQLite steps through "
            + "the \(rows) rows of the file in \(floors.median.short) s")
    figure(
        "load_entities_per_second", Double(graph.size.entities) / ours.median, "entities/s",
        .atLeast(1_000_000))
}
