internal import Cypher
package import PropertyGraph

/// Runs a body in a transaction, commits, and gives the graph after it. The body runs before this returns, once.
package typealias BatchCommit = ((GraphTransaction) throws -> Void) throws -> GraphSnapshot

/// What a running query works on. One task at a time.
final class ExecutionContext {
    /// The graph as the query sees it now, its own writes included. Lent and not copied: counting the references that a
    /// snapshot consists of, once a row, cost more than all else.
    private(set) var graph: GraphSnapshot {
        @inline(__always) _read { yield self.current.pointee }
        set { self.current.pointee = newValue }
    }
    private let current: UnsafeMutablePointer<GraphSnapshot>
    /// Held instead of the graph while that is written.
    private static let nothing = GraphSnapshot()
    /// The graph as it was at the start, of a query that deletes: what is left of what it deleted. Others do not hold it, so that
    /// what they write changes in place.
    let initial: GraphSnapshot?
    private(set) var transaction: GraphTransaction?
    /// Runs a body in a transaction of its own and commits it; nil where queries cannot commit as they go.
    let commit: BatchCommit?
    let parameters: [String: Value]
    let limits: QueryLimits
    /// The moment that all of the query's clocks show.
    let now: ZonedDateTime
    var counters = QueryCounters()
    /// Nodes that plain DELETE takes away at the end of its clause.
    var deletedLater: [NodeID] = []
    /// The file and line that `LOAD CSV` is at.
    var loaded: (url: String, line: Int)?
    /// What operators do and take, for PROFILE only.
    var profile: QueryProfile?
    private let names: TokenNames
    let entry: RunningQueries.Entry?
    private var abandoned: [Any] = []
    private let control: QueryControl?
    private let concealed: ConcealedGraphs
    private let database: String
    @exclusivity(unchecked) private var keys: [PropertyKeyID?]
    @exclusivity(unchecked) private var labels: [LabelID?]
    @exclusivity(unchecked) private var types: [RelationshipTypeID?]
    @exclusivity(unchecked) private var given: [Value?]
    @exclusivity(unchecked) private var implications: [Bool?]
    private let deadline: ContinuousClock.Instant
    // Touched once a row by one task: checks of exclusive access cost more than the work.
    @exclusivity(unchecked) private var steps = 0
    @exclusivity(unchecked) private var held = 0
    @exclusivity(unchecked) private var touched = 0

    private struct Part {
        let number: Int
        let scan: Int
        let range: Range<UInt32>
        let failures: FirstFailure
    }
    /// The part of a query's work that this is for; nil for all of it.
    private let part: Part?

    /// Whether its work may be split: it only reads, nobody measures it, and it is no part itself.
    var maySplit: Bool {
        self.part == nil && self.transaction == nil && self.commit == nil && self.profile == nil
            && self.control?.isBrief != true
    }

    /// The numbers of nodes that a scan goes through.
    func range(ofScan slot: Int) -> Range<UInt32> {
        if let part = self.part, part.scan == slot { return part.range }
        return 0..<self.graph.nodeIDBound
    }

    init(_ call: QueryCall, names: TokenNames, entry: RunningQueries.Entry? = nil) {
        self.part = nil
        self.concealed = call.concealed
        self.database = call.database
        self.entry = entry
        self.control = call.control
        self.commit = call.commit
        self.names = names
        self.keys = Array(repeating: nil, count: names.keys.count)
        self.labels = Array(repeating: nil, count: names.labels.count)
        self.types = Array(repeating: nil, count: names.types.count)
        self.given = names.parameters.map { call.parameters[$0] }
        self.implications = Array(repeating: nil, count: names.implications.count)
        self.current = .allocate(capacity: 1)
        self.current.initialize(to: call.graph)
        self.initial = names.deletes ? call.graph : nil
        self.transaction = call.transaction
        self.parameters = call.parameters
        self.limits = call.limits
        self.now = call.now
        self.deadline = .now + .seconds(call.limits.seconds)
    }

    /// For a part of a query's work on another thread: with its own share of the memory, and on nodes of a stretch only.
    init(
        part: Int, of count: Int, scan: Int, _ range: Range<UInt32>, failures: FirstFailure,
        _ whole: ExecutionContext
    ) {
        self.part = Part(number: part, scan: scan, range: range, failures: failures)
        self.concealed = whole.concealed
        self.database = whole.database
        self.entry = whole.entry
        self.control = whole.control
        self.commit = nil
        self.names = whole.names
        self.keys = Array(repeating: nil, count: whole.names.keys.count)
        self.labels = Array(repeating: nil, count: whole.names.labels.count)
        self.types = Array(repeating: nil, count: whole.names.types.count)
        self.given = whole.given
        self.implications = whole.implications
        self.current = .allocate(capacity: 1)
        self.current.initialize(to: whole.graph)
        self.initial = whole.initial
        self.transaction = nil
        self.parameters = whole.parameters
        var limits = whole.limits
        limits.heldValues = max(0, limits.heldValues - whole.held) / count
        self.limits = limits
        self.now = whole.now
        self.deadline = whole.deadline
        self.loaded = whole.loaded
    }

    deinit {
        self.current.deinitialize(count: 1)
        self.current.deallocate()
    }

    /// A parameter that the plan names, nil when it was not given.
    func parameter(_ slot: Int) -> Value? { self.given[slot] }

    /// Whether relationships of a type lead to, or come from, nodes of a label only: by the graph's exact counts, looked up
    /// once a query. False while the query may change the graph.
    func holds(_ slot: Int) -> Bool {
        if let known = self.implications[slot] { return known }
        let implication = self.names.implications[slot]
        var holds = self.transaction == nil && self.commit == nil
        if let type = self.type(implication.type), holds {
            let label = self.label(implication.label)
            let count =
                implication.isTarget
                ? self.graph.count(from: nil, type, to: label) : self.graph.count(from: label, type, to: nil)
            holds = label != nil && count == self.graph.count(type)
        }
        self.implications[slot] = holds
        return holds
    }

    /// A property key that the plan names, nil while the graph has no such key. Looked up once.
    func key(_ slot: Int) -> PropertyKeyID? {
        if let key = self.keys[slot] { return key }
        self.keys[slot] = self.graph.tokens.propertyKey(self.names.keys[slot])
        return self.keys[slot]
    }

    /// A label that the plan names, nil while the graph has no such label.
    func label(_ slot: Int) -> LabelID? {
        if let label = self.labels[slot] { return label }
        self.labels[slot] = self.graph.tokens.label(self.names.labels[slot])
        return self.labels[slot]
    }

    /// A relationship type that the plan names, nil while the graph has no such type.
    func type(_ slot: Int) -> RelationshipTypeID? {
        if let type = self.types[slot] { return type }
        self.types[slot] = self.graph.tokens.relationshipType(self.names.types[slot])
        return self.types[slot]
    }

    /// Tells the profile which operator is at work from now on; gives the one before.
    func enter(_ number: Int, _ profile: QueryProfile) -> Int {
        profile.enter(number, steps: self.steps, held: self.held, pages: self.touched)
    }

    /// Counts a unit of work; every 1,024 it looks at the clock and whether the task was cancelled.
    @inline(__always)
    func step() throws(CypherError) {
        self.steps &+= 1
        if self.steps & 1023 == 0 { try self.look() }
    }

    /// Counts pages of the graph that are about to be looked at: of nodes' or relationships' columns, of neighbours, of the
    /// members of a label, of an index. A page looked at twice counts twice.
    @inline(__always)
    func touch(_ pages: Int = 1) { self.touched &+= pages }

    /// Counts steps that were taken together.
    func step(by count: Int) throws(CypherError) {
        let before = self.steps
        self.steps &+= count
        if before >> 10 != self.steps >> 10 { try self.look() }
    }

    private func look() throws(CypherError) {
        self.control?.countLook()
        if let part = self.part, part.failures.isBefore(part.number) { throw FirstFailure.unwanted }
        guard !Task.isCancelled, self.entry?.isEnded != true, self.control?.isCancelled != true else {
            throw CypherError(.cancelled, "Cancelled", "the query was cancelled")
        }
        if let control = self.control, control.isBrief { throw QueryControl.notBrief }
        guard ContinuousClock.now < self.deadline + (self.control?.waited ?? .zero) else {
            throw CypherError(
                .limit, "TimeLimit", "the query ran longer than its limit of \(self.limits.seconds) s",
                hint: "match less, or ask for a higher limit")
        }
    }

    /// Counts values that stay in memory.
    func hold(_ count: Int) throws(CypherError) {
        let (sum, overflow) = self.held.addingReportingOverflow(count)
        self.held = sum
        guard !overflow, sum <= self.limits.heldValues else {
            throw CypherError(
                .limit, "MemoryLimit",
                "the query would hold more than \(self.limits.heldValues) values in memory",
                hint: "use LIMIT, or smaller lists")
        }
    }

    /// Looks at the clock and whether the query is to end: for work that is long and has no steps to count.
    func pause() throws(CypherError) { try self.look() }

    /// How many small pieces of work lie between two looks where they are no steps: comparisons, elements of lists.
    static let pace = 4096

    /// As ``pause()``, once in ``pace`` calls with numbers that count up.
    @inline(__always)
    func pause(at number: Int) throws(CypherError) {
        if number & (Self.pace - 1) == Self.pace - 1 { try self.look() }
    }

    /// Sorts, and looks now and then whether the query is to end.
    func sort<Elements: MutableCollection & RandomAccessCollection>(
        _ elements: inout Elements, by precedes: (Elements.Element, Elements.Element) -> Bool
    ) throws {
        var comparisons = 0
        try elements.sort { left, right in
            comparisons += 1
            try self.pause(at: comparisons)
            return precedes(left, right)
        }
    }

    /// Runs a body with what it keeps in memory. When it throws, that is freed when the query is over and on another thread:
    /// to free millions of rows takes longer than to see that they are wanted no more.
    func holding<Content, Result>(
        _ content: inout Content, _ body: (inout Content) throws -> Result
    ) throws -> Result {
        do {
            return try body(&content)
        } catch {
            self.abandoned.append(content)
            throw error
        }
    }

    /// What ``holding(_:_:)`` left to be freed; nothing from now on.
    func takeAbandoned() -> [Any] {
        defer { self.abandoned = [] }
        return self.abandoned
    }

    /// Takes back what ``hold(_:)`` counted, once it is no longer in memory.
    func release(_ count: Int) { self.held -= count }

    /// Counts what `+` is about to join: half a page of text, or four elements, are a value. Text of megabytes takes its
    /// time: whether the query is to end is asked first.
    func hold(joining left: Value, _ right: Value) throws(CypherError) {
        switch (left, right) {
        case (.string(let left), .string(let right)):
            let size = left.utf8.count + right.utf8.count
            if size >= 64 { try self.hold(size / 32) }
            if size >= 1 << 20 { try self.look() }
        case (.list(let left), .list(let right)): try self.hold((left.count + right.count) / 4)
        case (.list(let list), _), (_, .list(let list)): try self.hold(list.count / 4)
        case (.string(let text), _), (_, .string(let text)):
            if text.utf8.count >= 64 { try self.hold(text.utf8.count / 32) }
        default: return
        }
    }

    /// Counts values inside of lists and maps that become parts of another: lists that hold one list many times would
    /// else grow without bound when somebody looks at all of it.
    func hold(nested values: some Sequence<Value>) throws(CypherError) {
        for value in values {
            switch value {
            case .list, .map: try self.hold(contentsOf: value)
            default: continue
            }
        }
    }

    /// Counts all values in a value, itself included.
    func hold(contentsOf value: Value) throws(CypherError) {
        try self.hold(try self.size(of: value, limit: self.limits.heldValues, depth: 0))
    }

    /// How many values there are in a value; what is beyond the limit is not looked at. Whatever walks a value, down to
    /// freeing it, needs a piece of the stack a level, so the levels are limited.
    private func size(of value: Value, limit: Int, depth: Int) throws(CypherError) -> Int {
        guard depth <= QueryLimits.depth else {
            throw CypherError(
                .limit, "MemoryLimit", "a value is nested deeper than \(QueryLimits.depth) levels")
        }
        var count = 1
        switch value {
        case .list(let elements):
            for element in elements where count <= limit {
                count += try self.size(of: element, limit: limit - count, depth: depth + 1)
            }
        case .map(let entries):
            for element in entries.values where count <= limit {
                count += try self.size(of: element, limit: limit - count, depth: depth + 1)
            }
        case .path(let path): count += path.nodes.count
        case .string(let text): count += text.utf8.count / 64
        default: break
        }
        return count
    }

    /// Changes the graph. While the body runs the context holds no copy of it, so pages change in place.
    func write<Result>(_ body: (GraphTransaction) throws(GraphError) -> Result) throws(CypherError) -> Result
    {
        guard let transaction = self.transaction else {
            guard self.commit == nil else {
                throw CypherError(
                    .semantic, "ReadOnly", "beside CALL { } IN TRANSACTIONS a query can only read",
                    hint: "put the other changes into the subquery as well")
            }
            throw CypherError(.semantic, "ReadOnly", "the query changes the graph, and this is a read")
        }
        try self.step()
        self.touch()
        guard self.limits.caller.rules?.showsAll ?? true else {
            return try self.write(body, seenIn: transaction)
        }
        self.graph = Self.nothing
        defer { self.graph = transaction.graph }
        do {
            return try body(transaction)
        } catch {
            throw Self.cypherError(error)
        }
    }

    /// As ``write(_:)`` for a caller with rules, who goes on seeing only what is not hidden.
    private func write<Result>(
        _ body: (GraphTransaction) throws(GraphError) -> Result, seenIn transaction: GraphTransaction
    ) throws(CypherError) -> Result {
        let mark = transaction.markStep()
        defer {
            var seen = self.graph
            self.graph = Self.nothing
            transaction.refresh(&seen, since: mark)
            self.graph = seen
        }
        do {
            return try body(transaction)
        } catch {
            throw Self.cypherError(error, for: self.limits.caller)
        }
    }

    /// Runs a part of the query in a transaction that is committed when it returns. The body gets the transaction's name.
    func inTransactionOfItsOwn<Result>(_ body: (String) throws -> Result) throws -> Result {
        guard let commit = self.commit, self.transaction == nil else {
            throw CypherError(
                .semantic, "TransactionStartFailed",
                "CALL { } IN TRANSACTIONS commits as it goes and cannot run inside another transaction",
                hint: "send it as a query of its own")
        }
        var result: Result?
        let (counters, name) = (self.counters, self.entry?.id ?? "")
        do {
            self.graph = try commit { transaction in
                transaction.actor = self.limits.caller.user
                self.transaction = transaction
                if let rules = self.limits.caller.rules { transaction.restrict(to: rules) }
                self.graph = self.seen(transaction.graph, isCommitted: false)
                defer {
                    transaction.liftRules()
                    self.transaction = nil
                    self.graph = Self.nothing
                }
                result = try body(name)
            }
            self.graph = self.seen(self.graph)
        } catch {
            self.counters = counters
            self.deletedLater = []
            self.graph = self.seen(try commit { _ in })
            throw (error as? GraphError).map(Self.cypherError) ?? error
        }
        guard let result else { throw CypherError(.cancelled, "Cancelled", "the transaction did not run") }
        return result
    }

    /// What the caller sees of a graph.
    private func seen(_ graph: GraphSnapshot, isCommitted: Bool = true) -> GraphSnapshot {
        guard let rules = self.limits.caller.rules else { return graph }
        return self.concealed.seen(graph, rules, database: self.database, isCommitted: isCommitted)
    }

    /// As ``cypherError(_:)``, without the values of a node that the caller may not see, or its number.
    static func cypherError(_ error: GraphError, for caller: QueryCaller) -> CypherError {
        guard case .alreadyExists(let constraint, let kind, let entity, let keys, _, _) = error,
            let rules = caller.rules, !rules.showsAll
        else { return self.cypherError(error) }
        return CypherError(
            .constraintValidationFailed, "ConstraintValidationFailed",
            "a \(kind.rawValue) already exists with \(kind == .node ? "label" : "type") `\(entity)` and the same "
                + "\(keys.map { "`\($0)`" }.joined(separator: ", ")) (constraint `\(constraint)`)")
    }

    static func cypherError(_ error: GraphError) -> CypherError {
        switch error {
        case .forbidden, .nodeHasHiddenRelationships:
            CypherError(.forbidden, "Forbidden", error.description)
        case .nodeNotFound, .relationshipNotFound:
            CypherError(.entityNotFound, "DeletedEntityAccess", error.description)
        case .nodeHasRelationships:
            CypherError(.constraintVerificationFailed, "DeleteConnectedNode", error.description)
        case .notStorable: CypherError(.type, "InvalidPropertyType", error.description)
        case .alreadyExists, .propertyMissing, .propertyType:
            CypherError(.constraintValidationFailed, "ConstraintValidationFailed", error.description)
        case .emptyName: CypherError(.syntax, "InvalidName", error.description)
        case .schemaExists, .schemaNotFound, .indexOwnedByConstraint:
            CypherError(.argument, "SchemaRule", error.description)
        case .outOfOrder, .rollbackFailed: CypherError(.semantic, "DamagedGraph", error.description)
        case .interrupted: CypherError(.cancelled, "Cancelled", error.description)
        case .full: CypherError(.limit, "GraphFull", error.description)
        }
    }
}

/// What a query changed, by the names that drivers show.
package struct QueryCounters: Hashable, Sendable {
    /// Nodes made.
    package var nodesCreated = 0
    /// Nodes removed.
    package var nodesDeleted = 0
    /// Relationships made.
    package var relationshipsCreated = 0
    /// Relationships removed.
    package var relationshipsDeleted = 0
    /// Properties set or removed.
    package var propertiesSet = 0
    /// Labels added.
    package var labelsAdded = 0
    /// Labels removed.
    package var labelsRemoved = 0
    /// Indexes made.
    package var indexesAdded = 0
    /// Indexes dropped.
    package var indexesRemoved = 0
    /// Constraints made.
    package var constraintsAdded = 0
    /// Constraints dropped.
    package var constraintsRemoved = 0

    /// Nothing changed.
    package init() {}

    /// All counters by name, in a fixed order.
    package var all: [(name: String, count: Int)] {
        [
            ("nodesCreated", self.nodesCreated), ("nodesDeleted", self.nodesDeleted),
            ("relationshipsCreated", self.relationshipsCreated),
            ("relationshipsDeleted", self.relationshipsDeleted), ("propertiesSet", self.propertiesSet),
            ("labelsAdded", self.labelsAdded), ("labelsRemoved", self.labelsRemoved),
            ("indexesAdded", self.indexesAdded), ("indexesRemoved", self.indexesRemoved),
            ("constraintsAdded", self.constraintsAdded), ("constraintsRemoved", self.constraintsRemoved),
        ]
    }
}

/// The names that a plan uses, by slot: resolved when it runs, because names may be made by the query.
struct TokenNames {
    private(set) var keys: [String] = []
    private(set) var labels: [String] = []
    private(set) var types: [String] = []
    private(set) var parameters: [String] = []
    private(set) var implications: [Implication] = []
    /// Whether the query deletes entities.
    var deletes = false

    /// "All relationships of a type have nodes of a label at that end", by slots.
    struct Implication: Hashable {
        let type: Int
        let label: Int
        let isTarget: Bool
    }

    mutating func implication(_ implication: Implication) -> Int {
        Self.slot(implication, &self.implications)
    }

    mutating func key(_ name: String) -> Int { Self.slot(name, &self.keys) }
    mutating func label(_ name: String) -> Int { Self.slot(name, &self.labels) }
    mutating func type(_ name: String) -> Int { Self.slot(name, &self.types) }
    mutating func parameter(_ name: String) -> Int { Self.slot(name, &self.parameters) }

    private static func slot<Name: Equatable>(_ name: Name, _ names: inout [Name]) -> Int {
        if let slot = names.firstIndex(of: name) { return slot }
        names.append(name)
        return names.count - 1
    }
}
