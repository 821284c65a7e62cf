internal import PropertyGraph

/// Numbers of the names by which jobs, functions and limits are read: looked up once, names keep their numbers.
struct QueueKeys: Sendable {
    let job, function, functionVersion, user, group, run, worker: LabelID?
    let member, provides, resultedIn: RelationshipTypeID?
    private let keys: [PropertyKeyID?]
    /// How many names there were: with more, one may be among them that was missing.
    private let nameCount: Int

    /// The properties that are read.
    enum Name: Int, CaseIterable {
        case id, name, state, function, priority, attempts, input, deadline, needs, run, cores, enabled,
            definition, replicas, adaptive, isEnabled, availableAt, queuedAt, startedBy, timeoutSeconds,
            memoryBytes, maxRunning, maxPerMinute, validFrom, validUntil, dispatchLeft, avoidMachines,
            openChildren, error, errorClass, sha256

        /// As it is written in the graph: `queued_at`.
        static let keys = Self.allCases.map { name in
            "\(name)".reduce(into: "") { key, letter in
                if letter.isUppercase { key += "_" }
                key += letter.lowercased()
            }
        }
    }

    init(_ tokens: TokenTable) {
        self.job = tokens.label("Job")
        self.function = tokens.label("Function")
        self.functionVersion = tokens.label("FunctionVersion")
        self.user = tokens.label("User")
        self.group = tokens.label("Group")
        self.run = tokens.label("Run")
        self.worker = tokens.label("Worker")
        self.provides = tokens.relationshipType("PROVIDES")
        self.resultedIn = tokens.relationshipType("RESULTED_IN")
        self.member = tokens.relationshipType("MEMBER")
        self.keys = Name.keys.map { tokens.propertyKey($0) }
        self.nameCount = Self.count(tokens)
    }

    private static func count(_ tokens: TokenTable) -> Int {
        tokens.labels.names.count + tokens.relationshipTypes.names.count + tokens.propertyKeys.names.count
    }

    /// Whether they are those of a graph: names are never taken back.
    func suit(_ tokens: TokenTable) -> Bool { self.nameCount == Self.count(tokens) }

    func key(_ name: Name) -> PropertyKeyID? {
        self.keys[name.rawValue]
    }

    func value(_ name: Name, of node: NodeID, in graph: GraphSnapshot) -> Value {
        self.key(name).map { graph.property($0, of: node) } ?? .null
    }

    /// The node of a label that a property names.
    func node(
        _ label: LabelID?, _ name: Name, _ value: String, in graph: GraphSnapshot
    ) -> NodeID? {
        guard let label, let key = self.key(name) else { return nil }
        return graph.nodes(label, where: key, equals: .string(value)).first
    }
}

extension QueueKeys {
    /// Whether a relationship counts at a moment, in microseconds since 1970.
    func holds(_ relationship: RelationshipID, at now: Int, in graph: GraphSnapshot) -> Bool {
        func moment(_ name: Name) -> Int? {
            let value = self.key(name).map { graph.property($0, of: relationship) } ?? .null
            return (value.dateTime ?? value.string.flatMap { ZonedDateTime(iso: $0) })?.epochMicroseconds
        }
        return moment(.validFrom) ?? .min <= now && now < moment(.validUntil) ?? .max
    }
}

extension ZonedDateTime {
    /// Microseconds since 1970; times that 64 bits cannot hold are the nearest that they can.
    var epochMicroseconds: Int {
        let (product, overflow) = self.seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isTooLate) = product.addingReportingOverflow(self.nanosecond / 1000)
        return overflow || isTooLate ? (self.seconds < 0 ? Int.min : Int.max) : sum
    }
}

/// What decides whether, when and by whom a job may be taken.
struct JobFacts {
    let state: String
    let isEnabled: Bool
    let lane: JobLane
    let user: String
    let priority: Int
    let since: Int
    let availableAt: Int?
    let deadline: Int?
    /// Whether it is run by jobs of its own: then no worker has it.
    private let hasChildren: Bool
    /// On how many machines it is to run; 1 for most.
    let replicas: Int
    /// How many of these are still to be given out.
    let replicasLeft: Int

    /// Reads a job; nil when the node is none.
    init?(_ node: NodeID, _ graph: GraphSnapshot, _ keys: QueueKeys) {
        guard let label = keys.job, graph.hasLabel(node, label),
            let state = keys.value(.state, of: node, in: graph).string
        else { return nil }
        func value(_ name: QueueKeys.Name) -> Value { keys.value(name, of: node, in: graph) }
        self.state = state
        self.isEnabled = value(.isEnabled) != .boolean(false)
        let needs = value(.needs).list?.compactMap(\.string).sorted() ?? []
        self.hasChildren = value(.openChildren).integer ?? 0 > 0
        self.replicas = max(1, value(.replicas).integer ?? 1)
        self.replicasLeft = self.replicas > 1 ? value(.dispatchLeft).integer ?? self.replicas : 1
        let avoids = self.replicas > 1 ? value(.avoidMachines).list?.compactMap(\.string).sorted() ?? [] : []
        self.lane = JobLane(function: value(.function).string ?? "", needs: needs, avoids: avoids)
        if let user = value(.startedBy).string {
            self.user = user
        } else if let run = value(.run).string, let node = keys.node(keys.run, .id, run, in: graph) {
            // Steps of runs that an earlier version of Plexus made.
            self.user = keys.value(.startedBy, of: node, in: graph).string ?? ""
        } else {
            self.user = ""
        }
        self.priority = value(.priority).integer ?? 0
        self.since = value(.queuedAt).dateTime?.epochMicroseconds ?? 0
        self.availableAt = value(.availableAt).dateTime?.epochMicroseconds
        self.deadline = value(.deadline).dateTime?.epochMicroseconds
    }

    func ready(_ node: NodeID) -> ReadyJob {
        ReadyJob(
            node: node, lane: self.lane, user: self.hasBegun ? Self.replicas : self.user,
            priority: self.priority, since: self.since)
    }

    /// Whether workers have it, or had a replica of it and others are still to come.
    var isOpen: Bool { (self.state == "leased" || self.state == "running") && !self.hasChildren }

    /// Whether a worker may take it, or a replica of it, its time aside.
    var isWanted: Bool {
        self.isEnabled
            && (self.state == "queued" || (self.isOpen && self.replicasLeft > 0 && self.replicas > 1))
    }

    /// Whether replicas of it ran or run: further ones wait for no limit that the first did not.
    var hasBegun: Bool { !self.lane.avoids.isEmpty }

    /// In whose name further replicas take turns with users.
    static let replicas = "\u{0}replicas"
}
