internal import PropertyGraph

/// Whom a limit is for.
package struct LimitedParty: Hashable, Sendable, CustomStringConvertible {
    /// What limits can be for.
    package enum Kind: String, CaseIterable, Sendable {
        /// All versions of a function together.
        case function
        /// One version of a function; its definition says it.
        case version
        /// One user.
        case user
        /// All members of a group together, those of groups in it among them.
        case group
    }

    /// What it is.
    package let kind: Kind
    /// Its name or id.
    package let id: String

    /// Joins kind and name.
    package init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    /// `user anne`.
    package var description: String {
        self.kind == .version ? "function \(self.id)" : "\(self.kind.rawValue) \(self.id)"
    }
}

/// How much of somebody's work may be done at once, and how often some may begin.
package struct WorkLimit: Hashable, Sendable {
    /// How many jobs may be leased or run at once; nil for any number.
    package let maxRunning: Int?
    /// How many jobs may be taken a minute; nil for any number. They are spread over it: as many at once as come to a second.
    package let maxPerMinute: Int?

    /// Joins the two.
    package init(maxRunning: Int?, maxPerMinute: Int?) {
        self.maxRunning = maxRunning
        self.maxPerMinute = maxPerMinute
    }
}

/// A limit that keeps somebody's jobs from being taken now.
package struct LimitReached: Hashable, Sendable {
    /// Whose limit.
    package let party: LimitedParty
    /// What it allows.
    package let limit: WorkLimit
    /// How many jobs are at work.
    package let running: Int
    /// When the next may be taken, as far as the rate goes, in microseconds since 1970; nil when it is the number at once.
    package let next: Int?
}

/// Counts what is at work, and says who may begin more (the generic cell rate algorithm, and counters).
///
/// Rates are not kept over a restart: then as many jobs as come to a second may begin early.
struct WorkLimits: Sendable {
    private(set) var limits: [LimitedParty: WorkLimit] = [:]
    private(set) var running: [LimitedParty: Int] = [:]
    private var userCount = 0
    private var groupCount = 0
    /// When the next job would be due if jobs came at the rate exactly.
    private var due: [LimitedParty: Int] = [:]

    private static let second = 1_000_000

    mutating func set(_ limit: WorkLimit?, for party: LimitedParty) {
        let change = (limit == nil ? 0 : 1) - (self.limits[party] == nil ? 0 : 1)
        if party.kind == .user { self.userCount += change }
        if party.kind == .group { self.groupCount += change }
        self.limits[party] = limit
        if limit?.maxPerMinute == nil { self.due[party] = nil }
    }

    mutating func begin(_ parties: [LimitedParty]) {
        for party in parties { self.running[party, default: 0] += 1 }
    }

    mutating func end(_ parties: [LimitedParty]) {
        for party in parties {
            guard let count = self.running[party] else { continue }
            self.running[party] = count > 1 ? count - 1 : nil
        }
    }

    private func due(_ party: LimitedParty, _ interval: Int, _ now: Int) -> Int {
        // Not further ahead than it can have become: a clock that was set back must not stop anybody for long.
        min(self.due[party] ?? now, now + interval + Self.second)
    }

    private func interval(_ perMinute: Int) -> Int { 60 * Self.second / max(1, perMinute) }

    /// The first of the parties that may not begin a job now.
    func reached(_ parties: [LimitedParty], at now: Int) -> LimitReached? {
        for party in parties {
            guard let limit = self.limits[party] else { continue }
            let running = self.running[party] ?? 0
            if let most = limit.maxRunning, running >= most {
                return LimitReached(party: party, limit: limit, running: running, next: nil)
            }
            guard let rate = limit.maxPerMinute else { continue }
            let due = self.due(party, self.interval(rate), now)
            if rate == 0 || due >= now + Self.second {
                return LimitReached(
                    party: party, limit: limit, running: running, next: due - Self.second + 1)
            }
        }
        return nil
    }

    /// Notes that a job of these parties was taken.
    mutating func charge(_ parties: [LimitedParty], at now: Int) {
        for party in parties {
            guard let rate = self.limits[party]?.maxPerMinute else { continue }
            let interval = self.interval(rate)
            self.due[party] = max(now, self.due(party, interval, now)) + interval
        }
    }
}

// MARK: Who is limited

extension WorkLimits {
    /// The limit that keeps all jobs of a function version from being taken now, if any.
    func reachedByFunction(_ function: String, at now: Int) -> LimitReached? {
        guard self.limits.count > self.userCount + self.groupCount else { return nil }
        return self.reached(Self.parties(ofFunction: function), at: now)
    }

    /// Whether any user or group has a limit.
    var hasUsersOrGroups: Bool { self.userCount + self.groupCount > 0 }
    private var hasGroups: Bool { self.groupCount > 0 }

    private static func parties(ofFunction function: String) -> [LimitedParty] {
        let name = function.split(separator: "@").first.map(String.init) ?? function
        return [LimitedParty(.version, function), LimitedParty(.function, name)]
    }

    /// Whose limits a job counts against.
    func parties(
        _ function: String, _ user: String, _ graph: GraphSnapshot, _ keys: QueueKeys, _ now: Int
    ) -> [LimitedParty] {
        Self.parties(ofFunction: function) + self.parties(ofUser: user, graph, keys, now)
    }

    func parties(
        ofUser user: String, _ graph: GraphSnapshot, _ keys: QueueKeys, _ now: Int
    ) -> [LimitedParty] {
        var parties = [LimitedParty(.user, user)]
        guard self.hasGroups, let start = keys.node(keys.user, .id, user, in: graph),
            let member = keys.member, let label = keys.group
        else { return parties }
        var (seen, open): (Set<NodeID>, [NodeID]) = ([start], [start])
        while let node = open.popLast() {
            graph.forEachNeighbour(of: node, .outgoing, type: member) { group, relationship in
                guard graph.hasLabel(group, label), keys.holds(relationship, at: now, in: graph),
                    seen.insert(group).inserted
                else { return }
                open.append(group)
                if let id = keys.value(.id, of: group, in: graph).string {
                    let party = LimitedParty(.group, id)
                    if self.limits[party] != nil { parties.append(party) }
                }
            }
        }
        return parties
    }
}
