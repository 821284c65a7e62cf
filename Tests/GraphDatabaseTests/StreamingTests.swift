import Cypher
import Foundation
import GraphDatabase
import GraphStorage
import PropertyGraph
import QueryEngine
import Testing

/// Rows as they are, counted as a byte each.
private struct PlainRows: RowEncoder {
    private var values: [[Value]] = []
    var rows: Int { self.values.count }
    var bytes: Int { self.values.count }

    mutating func append(_ row: ResultRow) { self.values.append(row.values) }

    mutating func take() -> [[Value]] {
        defer { self.values = [] }
        return self.values
    }
}

/// Takes what a query hands over, when it is told to.
private final class Reader: Sendable {
    let control = QueryControl()
    private let signals: AsyncStream<Void>
    private let handover: ResultHandover<[[Value]], QueryResult>
    let columns = Locked<[String]>([])

    init(_ text: String, on graph: GraphDatabase, patience: Duration = .seconds(60)) throws {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self)
        self.signals = signals
        self.handover = ResultHandover(threads: graph.threads, patience: patience) { signal.yield() }
        graph.stream(
            try graph.engine.prepare(text), on: graph.snapshot(), parameters: [:], limits: .standard,
            control: self.control, encoder: { _ in PlainRows() }, to: self.handover
        ) { columns in
            if case .success(let planned) = columns { self.columns.withLock { $0 = planned.columns } }
            if case .failure = columns { signal.finish() }
        }
    }

    /// The next rows; nil at the end.
    func next() async throws -> [[Value]]? {
        while true {
            let (pieces, end) = self.handover.take()
            if !pieces.isEmpty { return pieces.flatMap { $0 } }
            if let end {
                _ = try end.get()
                return nil
            }
            for await _ in self.signals { break }
        }
    }

    /// Whether the query has ended; takes nothing.
    var isOver: Bool { self.handover.isFinished }

    func cancel() {
        self.control.cancel()
        self.handover.cancel()
    }
}

@Suite(.timeLimit(.minutes(2)))
struct StreamingTests {
    private static func withGraph(_ body: (GraphDatabase) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "plexus-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let catalog = try await GraphCatalog(folder: folder, durability: .relaxed, creating: true)
        try await body(catalog.network)
        try await catalog.close()
    }

    private static let many = "UNWIND range(1, 5000) AS x UNWIND range(1, 2000) AS y RETURN x, y"

    /// Waits, without sleeping, until no query runs.
    private static func untilNothingRuns(_ graph: GraphDatabase) async {
        while !graph.engine.running.all.isEmpty { await Task.yield() }
    }

    @Test func rowsComeInOrder() async throws {
        try await Self.withGraph { graph in
            let reader = try Reader("UNWIND range(1, 20000) AS x RETURN x", on: graph)
            var sum = 0
            while let rows = try await reader.next() {
                for row in rows {
                    sum += 1
                    #expect(row == [.integer(sum)])
                }
            }
            #expect(sum == 20_000)
            #expect(reader.columns.withLock { $0 } == ["x"])
        }
    }

    @Test func aReaderThatDoesNotReadMakesTheQueryWait() async throws {
        try await Self.withGraph { graph in
            let reader = try Reader(Self.many, on: graph)
            let first = try await reader.next() ?? []
            #expect(first.count <= 2 * ResultHandover<[[Value]], QueryResult>.rowLimit)
            // It waits with no more than the limit made: another look finds that, and no more.
            let second = try await reader.next() ?? []
            #expect(second.count <= 2 * ResultHandover<[[Value]], QueryResult>.rowLimit)
            reader.cancel()
            await Self.untilNothingRuns(graph)
        }
    }

    @Test func waitingQueriesLeaveThreadsToOthers() async throws {
        try await Self.withGraph { graph in
            // More than there are threads that compute.
            let readers = try (0..<50).map { _ in try Reader(Self.many, on: graph) }
            for reader in readers { _ = try await reader.next() }
            let result = try await graph.query("UNWIND range(1, 1000) AS x RETURN count(x)")
            #expect(result.rows == [[.integer(1000)]])
            for reader in readers { reader.cancel() }
            await Self.untilNothingRuns(graph)
        }
    }

    @Test func moreThanTheLimitMayNotWait() async throws {
        try await Self.withGraph { graph in
            let readers = try (0..<257).map { _ in try Reader(Self.many, on: graph) }
            // All but one wait; that one is over.
            while !readers.contains(where: \.isOver) { await Task.yield() }
            let found = readers.first { $0.isOver }
            let over = try #require(found)
            await #expect(throws: ReaderFailure.tooManyWait(256)) { while try await over.next() != nil {} }
            #expect(graph.engine.running.all.count == 256)
            for reader in readers { reader.cancel() }
            await Self.untilNothingRuns(graph)
        }
    }

    @Test func aReaderThatNeverComesBackIsGivenUp() async throws {
        try await Self.withGraph { graph in
            let reader = try Reader(Self.many, on: graph, patience: .zero)
            await Self.untilNothingRuns(graph)
            await #expect(throws: ReaderFailure.stalled(seconds: 0)) {
                while try await reader.next() != nil {}
            }
        }
    }

    @Test func aQueryThatComputesIsCancelled() async throws {
        try await Self.withGraph { graph in
            let reader = try Reader(
                "UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y WITH x WHERE x < 0 RETURN x",
                on: graph)
            while graph.engine.running.all.isEmpty { await Task.yield() }
            reader.cancel()
            await Self.untilNothingRuns(graph)
        }
    }

    @Test func errorsComeAfterTheRowsBeforeThem() async throws {
        try await Self.withGraph { graph in
            let reader = try Reader("UNWIND range(-3000, 10) AS x RETURN 1 / x", on: graph)
            var count = 0
            await #expect(throws: CypherError.self) {
                while let rows = try await reader.next() { count += rows.count }
            }
            #expect(count > 0)
        }
    }

    @Test func whatIsNotBriefIsGivenUpWhereNobodyMayWait() async throws {
        try await Self.withGraph { graph in
            let snapshot = graph.snapshot()
            let short = try graph.engine.prepare("RETURN 1")
            #expect(short.known(onSeen: snapshot)?.isBrief == nil, "it is not planned yet")
            #expect(try short.planned(on: snapshot, limits: .standard, database: graph.name).columns == ["1"])
            #expect(short.known(onSeen: snapshot)?.isBrief == true)
            let long = try graph.engine.prepare("UNWIND range(1, 5000) AS x RETURN sum(x)")
            let plan = try long.planned(on: snapshot, limits: .standard, database: graph.name)
            #expect(plan.isBrief)
            do {
                _ = try plan.stream(
                    now: GraphDatabase.now(), control: QueryControl(isBrief: true)
                ) { _ in true }
                Issue.record("it ran to its end")
            } catch let error as CypherError {
                #expect(QueryControl.isNotBrief(error))
            }
            let call = try graph.engine.prepare("CALL db.labels()")
            #expect(try !call.planned(on: snapshot, limits: .standard, database: graph.name).isBrief)
        }
    }
}
