// What the store costs, each part beside its floor in the same run.
//
// usage: bench-store [PART ...] [--size S|M|L] [--seed N] [--work DIR] [--plexus FILE]
//
// Sizes: S 10 k nodes and 100 k relationships, M 100 k and 1 M, L 1 M and 10 M (the default). Without parts all of them
// run, in this order; all share one generated graph with power-law degrees at both ends (`Generator.swift`).
//
// | part      | ours                                              | beside it                                        |
// | memory    | bytes of a snapshot built by the loader           | fixed goals                                      |
// | traversal | distinct nodes within 2 and 3 hops, by a bitmap   | the same walk in C over CSR                      |
// | scan      | count and average age of `age > 30 AND city = X`  | the branching loop in C over two arrays          |
// | hub       | one relationship more at a hub, in memory         | fixed goal                                       |
// | import    | `plexus import` of CSV, start to exit             | fixed goal; plain SQLite inserting as many rows  |
// | load      | opening the store                                 | fixed goal; plain SQLite stepping through it     |
// | commits   | durable commits of 1 and of 32 writers            | plain SQLite in C, one insert a transaction      |
// | readers   | a small read while a writer commits               | the same read without a writer                   |
// | growth    | durable commits in stores of three sizes          | the smallest of them                             |
//
// What runs beside what is interleaved in rounds; figures are medians of the rounds' ratios or of their latencies.
// Commits count only while the disk's own sync is quiet; the load average after each part tells who else computed.
// Answers are compared, and a difference ends the run with status 1. Lines of figures start with `figure `, no others do.
// `import` needs the program (`--plexus`); without it stores are filled through the storage, which takes longer.

import Foundation

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    try await run(options)
} catch let error as UsageError {
    FileHandle.standardError.write(Data("\(error)\n\(Options.usage)\n".utf8))
    exit(64)
} catch {
    FileHandle.standardError.write(Data("bench-store: \(error)\n".utf8))
    exit(1)
}

func run(_ options: Options) async throws {
    let workshop = try Workshop(options)
    defer { workshop.removeFiles() }
    note(
        "bench-store, size \(options.size.rawValue): \(options.size.nodes) nodes, "
            + "\(options.size.relationships) relationships, seed \(options.seed), work files in \(workshop.folder)"
    )
    for part in Part.allCases where options.parts.contains(part) {
        let started = Clock.now()
        note("")
        note("\(part.rawValue):")
        switch part {
        case .memory: try measureMemory(workshop)
        case .traversal: try measureTraversal(workshop)
        case .scan: try measureScan(workshop)
        case .hub: try measureHub(workshop)
        case .import: try await measureImport(workshop)
        case .load: try await measureLoad(workshop)
        case .commits: try await measureCommits(workshop)
        case .readers: try await measureReaders(workshop)
        case .growth: try await measureGrowth(workshop)
        }
        note("  (\(part.rawValue) took \(Clock.seconds(since: started).short) s; load \(loadAverage()))")
    }
}
