import Authorization
import Cryptography
import Foundation
import GraphDatabase
import GraphStorage
import JSON
import PropertyGraph

/// Something in the way of a measurement.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}

/// The workload of one folder: loads its tuples, then asks its checks and lists and makes its writes, and says of each how long
/// it took and how many answers were wrong.
struct Bench {
    private let folder: String
    private let counts: [String: Int]
    private let now = GraphDatabase.now()

    init(arguments: [String]) throws {
        self.folder = arguments[0]
        var counts = ["--checks": 100_000, "--lists": 60, "--writes": 2000]
        var rest = arguments.dropFirst()
        while let name = rest.popFirst() {
            guard counts[name] != nil, let value = rest.popFirst().flatMap(Int.init) else {
                throw BenchError(description: "\(name) is no option, or has no number")
            }
            counts[name] = value
        }
        self.counts = counts
    }

    func run() async throws {
        let work = FileManager.default.temporaryDirectory.path + "/plexus-bench-authorization-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: work) }
        let catalog = try await GraphCatalog(folder: work, creating: true)
        let stores = StoreDirectory(catalog: catalog)
        let store = try await stores.store(try await stores.create("bench", at: self.now).id)
        let source = try String(contentsOfFile: self.folder + "/model.fga", encoding: .utf8)
        try await store.write(try AuthorizationModel.parse(source), at: self.now)
        try await self.load(store)
        for _ in 0..<3 { try self.check(store) }
        try self.list(store)
        try await self.write(store)
        try await catalog.close()
    }

    private func rows(_ file: String, limit: Int = .max) throws -> [[String]] {
        let text = try String(contentsOfFile: "\(self.folder)/\(file)", encoding: .utf8)
        return text.split(separator: "\n").prefix(limit).map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private func say(_ line: JSON.Object) { print(JSON.object(line).text) }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

    // MARK: Loading

    private func load(_ store: AuthorizationStore) async throws {
        let tuples = try self.rows("tuples.tsv").map { row in
            Tuple(
                subject: try EntityReference(row[2]), relation: row[1], object: try EntityReference(row[0]))
        }
        let start = ContinuousClock.now
        var from = 0
        while from < tuples.count {
            let part = Array(tuples[from..<min(from + 50_000, tuples.count)])
            try await store.database.write { transaction in
                let editor = TupleEditor(transaction)
                for tuple in part { try editor.write(tuple) }
            }
            from += part.count
        }
        let took = Self.seconds(ContinuousClock.now - start)
        self.say([
            "q": "load", "tuples": .int(tuples.count), "seconds": .double(took),
            "per_second": .double(Double(tuples.count) / took),
        ])
    }

    // MARK: Checks

    private struct Question {
        let subject: EntityReference
        let relation: String
        let object: EntityReference
        let expected: Bool
    }

    private func check(_ store: AuthorizationStore) throws {
        let questions = try self.rows("checks.tsv", limit: self.counts["--checks"] ?? 0).map { row in
            Question(
                subject: try EntityReference(row[0]), relation: row[1], object: try EntityReference(row[2]),
                expected: row[3] == "1")
        }
        var latencies = [Duration]()
        latencies.reserveCapacity(questions.count)
        var wrong = 0
        let options = CheckOptions(at: self.now)
        let start = ContinuousClock.now
        for question in questions {
            let begin = ContinuousClock.now
            // As a service asks: each time of the newest graph.
            let answer = try store.view().check(
                question.subject, question.relation, question.object, options)
            latencies.append(ContinuousClock.now - begin)
            if answer != question.expected { wrong += 1 }
        }
        let took = Self.seconds(ContinuousClock.now - start)
        latencies.sort()
        self.say([
            "q": "check", "count": .int(questions.count),
            "per_second": .double(Double(questions.count) / took),
            "p50_us": .double(latencies[questions.count / 2] / .microseconds(1)),
            "p99_us": .double(latencies[questions.count * 99 / 100] / .microseconds(1)),
            "max_us": .double((latencies.last ?? .zero) / .microseconds(1)), "wrong": .int(wrong),
        ])
    }

    // MARK: Lists

    private func list(_ store: AuthorizationStore) throws {
        var latencies: [Duration] = []
        var (wrong, total) = (0, 0)
        let options = CheckOptions(at: self.now)
        for row in try self.rows("lists.tsv", limit: self.counts["--lists"] ?? 0) {
            let subject = try EntityReference(row[0])
            let begin = ContinuousClock.now
            let found = try store.view().objects(of: "document", subject, row[1], options)
            latencies.append(ContinuousClock.now - begin)
            let ids = found.map(\.id).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            total += ids.count
            if SHA256.digest(Array(ids.joined(separator: "\n").utf8)) != row[3] { wrong += 1 }
        }
        guard !latencies.isEmpty else { return }
        latencies.sort()
        self.say([
            "q": "list", "count": .int(latencies.count),
            "ids": .double(Double(total) / Double(latencies.count)),
            "p50_ms": .double(latencies[latencies.count / 2] / .milliseconds(1)),
            "p99_ms": .double(latencies[latencies.count * 99 / 100] / .milliseconds(1)), "wrong": .int(wrong),
        ])
    }

    // MARK: Writes

    /// Each is seen by the next check.
    private func write(_ store: AuthorizationStore) async throws {
        let rows = try self.rows("writes.tsv", limit: self.counts["--writes"] ?? 0)
        guard !rows.isEmpty else { return }
        var latencies: [Duration] = []
        var unseen = 0
        let options = CheckOptions(at: self.now)
        for row in rows {
            let tuple = Tuple(
                subject: try EntityReference(row[2]), relation: row[1], object: try EntityReference(row[0]))
            var change = TupleChange()
            change.writes = [tuple]
            let begin = ContinuousClock.now
            try await store.change(change, at: self.now)
            latencies.append(ContinuousClock.now - begin)
            if try !store.view().check(tuple.subject, tuple.relation, tuple.object, options) { unseen += 1 }
        }
        latencies.sort()
        self.say([
            "q": "write", "count": .int(rows.count),
            "p50_us": .double(latencies[rows.count / 2] / .microseconds(1)),
            "p99_us": .double(latencies[rows.count * 99 / 100] / .microseconds(1)), "wrong": .int(unseen),
        ])
    }
}
