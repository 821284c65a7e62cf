import Foundation
import GraphDatabase
import GraphStorage
import JSON
import PropertyGraph
import QueryEngine

/// Something in the way of a measurement.
struct BenchError: Error, CustomStringConvertible {
    let description: String
}

/// The workload of one folder.
struct Bench {
    let folder: String
    let only: Set<String>

    private struct Case {
        let parameters: [String: Value]
        /// Any of these is right, as text.
        let answers: [String]
    }

    func run() async throws {
        let store = FileManager.default.temporaryDirectory.path + "/plexus-bench-cypher-\(getpid())"
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: store) }
        let database = try await GraphDatabase(
            name: "bench", storage: SQLiteStorage(path: store + "/bench.db"))
        let start = ContinuousClock.now
        let entities = try await Loading(folder: self.folder).load(database)
        let seconds = Self.seconds(start)
        Self.say([
            "q": "load", "seconds": .double(seconds), "entities_per_s": .double(Double(entities) / seconds),
        ])
        try self.parse()
        for name in try self.texts("reads").keys.sorted(by: Self.order) where self.wants(name) {
            try self.read(name, database)
        }
        for name in try self.texts("writes").keys.sorted(by: Self.order) where self.wants(name) {
            try await self.write(name, database)
        }
        try await database.close()
    }

    private func wants(_ name: String) -> Bool { self.only.isEmpty || self.only.contains(name) }

    private static func order(_ a: String, _ b: String) -> Bool {
        a.compare(b, options: .numeric) == .orderedAscending
    }

    // MARK: Input

    private func json(_ name: String) throws -> JSON {
        try JSON.parse(utf8: Array(Data(contentsOf: URL(fileURLWithPath: self.folder + "/" + name))))
    }

    private func texts(_ kind: String) throws -> [String: String] {
        var texts: [String: String] = [:]
        for member in try self.json("queries.json")[kind]?.object ?? [:] {
            texts[member.name] = member.value.string
        }
        return texts
    }

    private func cases(_ name: String) throws -> [Case] {
        try (self.json("workload.json")[name]?.array ?? []).map { item in
            guard let pair = item.array, pair.count == 2 else {
                throw BenchError(description: "no case: \(item)")
            }
            var parameters: [String: Value] = [:]
            for member in pair[0].object ?? [:] { parameters[member.name] = Value(member.value) }
            let answers = (pair[1].array ?? []).map { rows in
                Self.canonical(name, (rows.array ?? []).map { ($0.array ?? []).map { Value($0) } })
            }
            return Case(parameters: parameters, answers: answers)
        }
    }

    /// Rows as text; in any order where the query asks for none.
    private static func canonical(_ name: String, _ rows: [[Value]]) -> String {
        let lines = rows.map { row in
            row.map { value in
                guard case .float(let number) = value else { return "\(value)" }
                let rounded = (number * 1e6).rounded(.toNearestOrEven) / 1e6
                // JSON does not tell 43.0 from 43.
                return Int(exactly: rounded).map { "\(Value.integer($0))" } ?? "\(rounded)"
            }.joined(separator: ",")
        }
        return (["Q5", "Q9", "Q10"].contains(name) ? lines : lines.sorted()).joined(separator: "\n")
    }

    // MARK: Measuring

    private func read(_ name: String, _ database: GraphDatabase) throws {
        guard let text = try self.texts("reads")[name] else { return }
        let (cases, engine, graph) = (try self.cases(name), QueryEngine(), database.snapshot())
        func run(_ parameters: [String: Value], _ prefix: String = "") throws -> QueryResult {
            try engine.prepare(prefix + text).run(
                on: graph, parameters: parameters,
                now: ZonedDateTime(seconds: 0, nanosecond: 0, offsetSeconds: 0, zone: nil))
        }
        var (good, bad, wrong) = (0, 0, "")
        let first = ContinuousClock.now
        for item in cases where Self.seconds(first) < 5 {
            let found = Self.canonical(name, try run(item.parameters).rows)
            if item.answers.contains(found) {
                good += 1
            } else {
                bad += 1; wrong = "\(item.parameters): \(found.prefix(200))"
            }
        }
        var times: [Double] = []
        let start = ContinuousClock.now
        while times.count < 3 || times.count < 300 && Self.seconds(start) < 2.5 {
            let parameters = cases[times.count % cases.count].parameters
            let moment = ContinuousClock.now
            _ = try run(parameters)
            times.append(Self.seconds(moment))
        }
        var steps: [Int] = []
        let second = ContinuousClock.now
        for item in cases where steps.isEmpty || Self.seconds(second) < 1 {
            steps.append(try run(item.parameters, "PROFILE ").plan.map(Self.steps) ?? 0)
        }
        Self.report(
            name, times,
            ["good": .int(good), "bad": .int(bad), "steps": .int(steps.sorted()[steps.count / 2])])
        if bad > 0 { Self.say(["q": .string(name + "_wrong"), "wrong": .string(wrong)]) }
    }

    /// How many nodes, relationships and rows the operators of a plan looked at.
    private static func steps(_ plan: PlanDescription) -> Int {
        (plan.measured?.steps ?? 0) + plan.children.map(Self.steps).reduce(0, +)
    }

    private func write(_ name: String, _ database: GraphDatabase) async throws {
        guard let text = try self.texts("writes")[name] else { return }
        var (random, times): (SplitMix64, [Double]) = (SplitMix64(state: 5), [])
        let users = try Loading(folder: self.folder).count(of: "User")
        let (start, limit, base) = (ContinuousClock.now, name == "W2" ? 5 : 1000, 1_000_000_000)
        while times.count < 3 || times.count < limit && Self.seconds(start) < 3 {
            let number = times.count
            let parameters: [String: Value]
            switch name {
            case "W1": parameters = ["id": .integer(base + number), "name": .string("new\(number)")]
            case "W1r": parameters = ["u": .integer(random.below(users)), "j": .integer(base + number)]
            case "W2":
                let rows = (0..<10_000).map { row in
                    Value.map([
                        "id": .integer(base * 2 + number * 10_000 + row), "name": .string("b\(row)"),
                        "status": .string("queued"),
                    ])
                }
                parameters = ["rows": .list(rows)]
            default:
                parameters = ["id": .integer(random.below(users)), "age": .integer(16 + random.below(64))]
            }
            let moment = ContinuousClock.now
            _ = try await database.query(text, parameters: parameters)
            times.append(Self.seconds(moment))
        }
        let rate = Double(name == "W2" ? 10_000 : 1) * Double(times.count) / times.reduce(0, +)
        Self.report(name, times, ["per_s": .double(rate)])
    }

    /// What reading and planning a query costs, the first time and when its text is known.
    private func parse() throws {
        guard self.wants("parse"), let text = try self.texts("reads")["Q10"] else { return }
        var (cold, warm): ([Double], [Double]) = ([], [])
        let known = QueryEngine()
        _ = try known.prepare(text)
        for number in 0..<2000 {
            let engine = QueryEngine()
            var moment = ContinuousClock.now
            _ = try engine.prepare(text + String(repeating: " ", count: number % 7))
            cold.append(Self.seconds(moment))
            moment = ContinuousClock.now
            _ = try known.prepare(text)
            warm.append(Self.seconds(moment))
        }
        Self.report("parse", cold)
        Self.report("parse_cached", warm)
    }

    private static func report(_ name: String, _ times: [Double], _ more: JSON.Object = [:]) {
        let sorted = times.sorted()
        var line: JSON.Object = [
            "q": .string(name), "n": .int(sorted.count), "med": .double(sorted[sorted.count / 2]),
            "min": .double(sorted[0]), "max": .double(sorted[sorted.count - 1]),
        ]
        for member in more { line.append(member.name, member.value) }
        self.say(line)
    }

    private static func say(_ line: JSON.Object) { print(JSON.object(line).text) }

    private static func seconds(_ start: ContinuousClock.Instant) -> Double {
        let duration = ContinuousClock.now - start
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(bound)) }
}

extension Value {
    init(_ json: JSON) {
        if let number = json.int {
            self = .integer(number)
        } else if let number = json.double {
            self = .float(number)
        } else if let text = json.string {
            self = .string(text)
        } else if let truth = json.bool {
            self = .boolean(truth)
        } else {
            self = .null
        }
    }
}
