import Foundation

/// What to measure, in the order in which it is measured: parts that need the snapshot in memory come first.
enum Part: String, CaseIterable {
    case memory, traversal, scan, hub, `import`, load, commits, readers, growth
}

/// How large the graph is.
enum Size: String, CaseIterable {
    case small = "S"
    case medium = "M"
    case large = "L"

    var nodes: Int {
        switch self {
        case .small: 10_000
        case .medium: 100_000
        case .large: 1_000_000
        }
    }

    var relationships: Int { self.nodes * 10 }

    /// A share of it; 1 for all of it.
    func divided(by divisor: Int) -> GraphSize {
        GraphSize(nodes: self.nodes / divisor, relationships: self.relationships / divisor)
    }
}

/// Nodes and relationships of a graph to generate.
struct GraphSize: Hashable {
    let nodes: Int
    let relationships: Int

    var entities: Int { self.nodes + self.relationships }
}

/// The command line was not understood.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// The command line.
struct Options {
    static let usage = """
        usage: bench-store [PART ...] [--size S|M|L] [--seed N] [--work DIR] [--plexus FILE]
        parts: \(Part.allCases.map(\.rawValue).joined(separator: " "))
        """

    private(set) var parts: Set<Part> = []
    private(set) var size = Size.large
    private(set) var seed: UInt64 = 42
    private(set) var work = "/tmp"
    /// The release program, for the import.
    private(set) var plexus: String?

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                guard let part = Part(rawValue: argument) else {
                    throw UsageError(description: "there is no part `\(argument)`")
                }
                self.parts.insert(part)
                continue
            }
            guard let value = rest.popFirst() else {
                throw UsageError(description: "`\(argument)` needs a value")
            }
            try self.set(argument, value)
        }
        if self.parts.isEmpty { self.parts = Set(Part.allCases) }
    }

    private mutating func set(_ option: String, _ value: String) throws {
        switch option {
        case "--size":
            guard let size = Size(rawValue: value) else {
                throw UsageError(description: "the size is S, M or L, not `\(value)`")
            }
            self.size = size
        case "--seed":
            guard let seed = UInt64(value) else {
                throw UsageError(description: "the seed is a number, not `\(value)`")
            }
            self.seed = seed
        case "--work": self.work = value
        case "--plexus":
            guard FileManager.default.isExecutableFile(atPath: value) else {
                throw UsageError(description: "there is no program `\(value)`")
            }
            self.plexus = URL(fileURLWithPath: value).path
        default: throw UsageError(description: "there is no option `\(option)`")
        }
    }
}
