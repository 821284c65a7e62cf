package import GraphDatabase
package import PropertyGraph

/// What calls of a function took and came to, by version, and by version and machine, and where a version is worse than the one
/// before it.
package struct FunctionStatistics: Sendable {
    /// A version that is worse than the one before.
    package struct Regression: Hashable, Sendable {
        /// `name@version`.
        package let version: String
        /// The version before it.
        package let before: String
        /// `run_time`, `failures` or `memory`.
        package let measure: String
        /// In words, with both numbers.
        package let message: String
    }

    /// How many tries both versions must have had: fewer say nothing.
    package static let leastTries = 10
    /// How much longer, or larger, a version must be to be called worse.
    package static let leastFactor = 1.25
    /// How many more of a hundred tries must fail.
    package static let leastFailurePoints = 5.0

    /// A row of `queries/function_statistics.cypher` for each version, oldest first.
    package let versions: [Record]
    /// A row of `queries/function_statistics_by_machine.cypher` for each version and machine.
    package let machines: [Record]
    /// Oldest version first.
    package let regressions: [Regression]

    /// Reads them.
    /// - Throws: ``CypherError``.
    package init(
        of function: String, since: ZonedDateTime? = nil, in database: GraphDatabase
    ) throws {
        let parameters: [String: Value] = [
            "name": .string(function), "since": since.map(Value.dateTime) ?? .null,
        ]
        self.versions = try database.read("function_statistics", parameters)
        self.machines = try database.read("function_statistics_by_machine", parameters)
        let told = self.versions.filter { ($0["tries"]?.integer ?? 0) >= Self.leastTries }
        self.regressions = zip(told, told.dropFirst()).flatMap(Self.regressions)
    }

    private static func regressions(_ before: Record, _ after: Record) -> [Regression] {
        let (old, new) = (before["id"]?.string ?? "", after["id"]?.string ?? "")
        var found: [Regression] = []
        func compare(
            _ measure: String, _ column: String, _ words: String, least: Int, _ text: (Int) -> String
        ) {
            guard let left = before[column]?.integer, let right = after[column]?.integer,
                right - left >= least, Double(right) >= Double(max(left, 1)) * Self.leastFactor
            else { return }
            found.append(
                Regression(
                    version: new, before: old, measure: measure,
                    message: "\(words) of \(new) is \(text(right)), of \(old) \(text(left))"))
        }
        // Below some milliseconds and megabytes it is chance.
        compare("run_time", "run_median_millis", "the median run time", least: 5) { "\($0) ms" }
        compare("memory", "memory_max_bytes", "the most memory", least: 16 << 20) { "\($0 >> 20) MiB" }
        let (left, right) = (Self.failures(before), Self.failures(after))
        if right - left >= Self.leastFailurePoints {
            found.append(
                Regression(
                    version: new, before: old, measure: "failures",
                    message:
                        "\(Int(right.rounded())) of 100 tries of \(new) fail, of \(old) \(Int(left.rounded()))"
                ))
        }
        return found
    }

    private static func failures(_ row: Record) -> Double {
        let tries = row["tries"]?.integer ?? 0
        return tries == 0 ? 0 : Double(row["failed"]?.integer ?? 0) / Double(tries) * 100
    }
}
