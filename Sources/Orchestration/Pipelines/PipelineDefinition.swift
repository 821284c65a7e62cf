internal import Cryptography
package import Graphviz
package import JSON

/// A pipeline as its DOT file says it: steps that call functions or other pipelines, edges that carry data and conditions.
///
/// The attributes that mean something are those of ``PipelineVocabulary``; all others are Graphviz's or nobody's.
package struct PipelineDefinition: Hashable, Sendable {
    /// One node.
    package struct Step: Hashable, Sendable {
        /// How many of the edges that lead in must be live.
        package enum Join: String, CaseIterable, Sendable {
            /// All, but for those that a condition cut off further up.
            case all
            /// One.
            case any
            /// None: it runs whatever happened before.
            case always
        }

        /// The node's name.
        package let name: String
        /// Its place in the file, from 0.
        package let position: Int
        /// The function it calls.
        package var function: VersionRange?
        /// The pipeline that is run as this step.
        package var pipeline: VersionRange?
        /// Constant inputs; texts may hold `${parameter}`.
        package var constants: [Assignment] = []
        /// Seconds until a try is killed; nil for the function's own.
        package var timeoutSeconds: Int?
        /// How often a failed try is repeated; nil for the function's own.
        package var retries: Int?
        /// On how many machines it is run.
        package var replicas: Int?
        /// How many of them must agree.
        package var quorum: Int?
        /// How their results are compared; nil for by digest.
        package var comparison: ResultComparison?
        /// Whether a machine of good reputation is mostly believed alone.
        package var isAdaptive = false
        /// Labels that a machine must have.
        package var needs: [String] = []
        /// Greater goes first.
        package var priority = 0
        /// Whether an earlier result of the same version and inputs may stand for it.
        package var isCached = false
        /// A CEL condition without which it is skipped.
        package var when: String?
        /// How many edges must lead in.
        package var join = Join.all
        /// A CEL list; one job for each of its elements.
        package var each: String?
        /// The input that takes the element.
        package var item = "item"
        /// Whether its result is a graph of further steps.
        package var isDynamic = false
        /// Who must approve before it starts.
        package var approval: String?
        /// The choice that it is an alternative of.
        package var branch: String?

        /// Whether it is run on a worker.
        package var callsFunction: Bool { self.function != nil }
    }

    /// One edge.
    package struct Edge: Hashable, Sendable {
        /// Which end of the tail leads on.
        package enum Outcome: String, CaseIterable, Sendable {
            /// It succeeded.
            case success
            /// It failed.
            case failure
            /// Any.
            case always
        }

        /// How results of a fan-out come together.
        package enum Gathering: String, CaseIterable, Sendable {
            /// A list of all.
            case list
            /// Lists one after another.
            case flat
            /// Objects merged, later members first.
            case merge
        }

        /// The step whose result is carried.
        package let source: String
        /// The step that takes it.
        package let target: String
        /// The member of the result that is carried; nil for all of it.
        package var output: String?
        /// The input that takes it.
        package var input: String
        /// A CEL condition.
        package var when: String?
        /// Which end of the tail leads on.
        package var outcome = Outcome.success
        /// Whether the head is run once for each element.
        package var isEach = false
        /// How results of a fan-out come together.
        package var gathering = Gathering.list
    }

    /// Alternatives that are explored side by side.
    package struct Branch: Hashable, Sendable {
        /// How the winner is found.
        package enum Choice: String, CaseIterable, Sendable {
            /// The least metric.
            case min
            /// The greatest metric.
            case max
            /// The first that succeeds and is acceptable.
            case first
            /// All that are acceptable.
            case all
        }

        /// Its name.
        package let name: String
        /// The steps that are its alternatives' ends.
        package var alternatives: [String] = []
        /// All steps that carry its name.
        package var members: [String] = []
        /// A CEL number over `outputs`.
        package var metric: String?
        /// How the winner is found.
        package var choice = Choice.first
        /// A CEL condition over `outputs`.
        package var accept: String?
        /// Whether losers run on.
        package var keepsLosers = false
    }

    /// What starts runs by itself.
    package struct Trigger: Hashable, Sendable {
        /// What it waits for.
        package enum Kind: String, CaseIterable, Sendable {
            /// A time.
            case schedule
            /// A blob of a media type.
            case blob
            /// Rows of a query.
            case query
            /// The end of another run.
            case run
        }

        /// What it waits for.
        package let kind: Kind
        /// The cron expression, media type, query or run.
        package let expression: String
    }

    /// A name and the JSON value given to it.
    package struct Assignment: Hashable, Sendable {
        /// Left of `=`.
        package let name: String
        /// Right of `=`: JSON, or text when it is not JSON.
        package let value: JSON
    }

    /// The graph's name.
    package let name: String
    /// The attribute `version`, or the first 12 digits of the digest.
    package let version: String
    /// SHA-256 of the file, or of file and mapping.
    package let digest: String
    /// What it does.
    package let description: String
    /// Parameters, their types and defaults.
    package let parameters: [PipelineParameter]
    /// Steps in file order.
    package let steps: [Step]
    /// Edges in file order.
    package let edges: [Edge]
    /// Choices, by name.
    package let branches: [Branch]
    /// What starts runs by itself.
    package let triggers: [Trigger]
    /// `last`, `all` or `none`: what a schedule does about missed times.
    package let catchUp: String
    /// The step whose result is the run's.
    package let result: String?
    /// The step that runs when the run fails.
    package let onFailure: String?
    /// The file.
    package let dot: String
    /// The parsed file, mapping included: what a plan is made from again.
    package let graph: DotGraph

    /// `name@version`.
    package var reference: String { "\(self.name)@\(self.version)" }

    /// Reads a parsed DOT file.
    /// `mapping` gives functions to the steps of a file that names none.
    /// - Throws: ``OrchestrationError/invalid(what:problems:)`` with every problem found, each with its place.
    package init(
        graph: DotGraph, dot: String, mapping: PipelineMapping? = nil
    ) throws(OrchestrationError) {
        let reading = PipelineReading(graph: graph, dot: dot, mapping: mapping)
        let errors = reading.problems.filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw .invalid(what: "pipeline `\(graph.name)`", problems: errors.map(\.problem))
        }
        guard !reading.isStructure else {
            let problem = Problem("", "no step has a function; give them functions with a mapping file")
            throw .invalid(what: "pipeline `\(graph.name)`", problems: [problem])
        }
        self = reading.definition
    }

    init(_ reader: PipelineReader) {
        self.name = reader.name
        self.digest = reader.digest
        self.version = reader.version ?? String(reader.digest.prefix(12))
        self.description = reader.graph.attributes["description"] ?? reader.graph.attributes["label"] ?? ""
        self.parameters = reader.parameters
        self.steps = reader.steps
        self.edges = reader.edges
        self.branches = reader.branches
        self.triggers = reader.triggers
        self.catchUp = reader.graph.attributes["catch_up"] ?? "last"
        self.result = reader.graph.attributes["result"]
        self.onFailure = reader.graph.attributes["on_failure"]
        self.dot = reader.dot
        self.graph = reader.graph
    }
}

/// Something that a run is given when it starts.
package struct PipelineParameter: Hashable, Sendable {
    /// What values may be.
    package enum Kind: String, CaseIterable, Sendable {
        /// Anything.
        case any
        /// A text.
        case string
        /// A whole number.
        case int
        /// A number.
        case number
        /// `true` or `false`.
        case bool
        /// A list.
        case list
        /// An object.
        case object

        /// Whether a value may stand there; null always may.
        package func admits(_ value: JSON) -> Bool {
            switch (self, value) {
            case (.any, _), (_, .null): true
            case (.string, .string), (.bool, .bool), (.list, .array), (.object, .object): true
            case (.int, _): value.int != nil
            case (.number, _): value.double != nil
            default: false
            }
        }
    }

    /// Its name.
    package let name: String
    /// What values may be.
    package let kind: Kind
    /// The value when none is given; nil when one must be.
    package let standard: JSON?

    /// Reads `type`, `type = default`, or a default alone.
    package init?(name: String, text: String) {
        self.name = name
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
            String($0).trimmed
        }
        if let kind = Self.kind(halves[0]) {
            self.kind = kind
            guard halves.count > 1 else {
                self.standard = nil
                return
            }
            let json = (try? JSON.parse(halves[1])) ?? .string(halves[1])
            let value = kind == .string && json.string == nil ? .string(halves[1]) : json
            guard kind.admits(value) else { return nil }
            self.standard = value
        } else {
            self.kind = .any
            self.standard = (try? JSON.parse(text)) ?? .string(text)
        }
    }

    /// A parameter of any kind with a default.
    init(name: String, standard: JSON) {
        self.name = name
        self.kind = .any
        self.standard = standard
    }

    private static func kind(_ word: String) -> Kind? {
        switch word {
        case "text", "str": .string
        case "integer": .int
        case "float", "double": .number
        case "boolean": .bool
        case "array": .list
        case "map": .object
        default: Kind(rawValue: word)
        }
    }
}
