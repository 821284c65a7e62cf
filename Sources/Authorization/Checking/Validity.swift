package import PropertyGraph

/// Whether a relationship counts at a moment, by its `valid_from` and `valid_until`.
package enum Validity: Hashable, Sendable {
    /// It counts.
    case valid
    /// `valid_until` has passed.
    case expired(ZonedDateTime)
    /// `valid_from` has not come.
    case notYet(ZonedDateTime)
    /// A bound is there and is not a point in time: such a relationship never counts.
    case unreadable(key: String)

    /// What to say of a relationship that does not count.
    package var reason: String {
        switch self {
        case .valid: "valid"
        case .expired(let moment): "expired on \(moment)"
        case .notYet(let moment): "valid only from \(moment)"
        case .unreadable(let key): "`\(key)` is not a datetime"
        }
    }
}

/// Reads validity off relationships of one snapshot, at one moment.
struct ValidityReader {
    let graph: GraphSnapshot
    let moment: ZonedDateTime
    private let from: PropertyKeyID?
    private let until: PropertyKeyID?

    init(graph: GraphSnapshot, at moment: ZonedDateTime) {
        self.init(
            graph: graph, at: moment, from: graph.tokens.propertyKey(GraphNaming.validFrom),
            until: graph.tokens.propertyKey(GraphNaming.validUntil))
    }

    /// With the numbers that the keys have in the graph.
    init(graph: GraphSnapshot, at moment: ZonedDateTime, from: PropertyKeyID?, until: PropertyKeyID?) {
        self.graph = graph
        self.moment = moment
        self.from = from
        self.until = until
    }

    /// Whether the relationship says when it counts.
    @inline(__always)
    func isBounded(_ relationship: RelationshipID) -> Bool {
        if let until = self.until, !self.graph.property(until, of: relationship).isNull { return true }
        if let from = self.from, !self.graph.property(from, of: relationship).isNull { return true }
        return false
    }

    /// Whether the relationship counts at the moment.
    @inline(__always)
    func isValid(_ relationship: RelationshipID) -> Bool {
        if self.from == nil, self.until == nil { return true }
        return self.validity(of: relationship) == .valid
    }

    /// The start counts, the end does not: `valid_from <= moment < valid_until`.
    func validity(of relationship: RelationshipID) -> Validity {
        if let until = self.until {
            let value = self.graph.property(until, of: relationship)
            if !value.isNull {
                guard let end = Self.moment(value) else { return .unreadable(key: "valid_until") }
                if !self.moment.isBefore(end) { return .expired(end) }
            }
        }
        if let from = self.from {
            let value = self.graph.property(from, of: relationship)
            if !value.isNull {
                guard let start = Self.moment(value) else { return .unreadable(key: "valid_from") }
                if self.moment.isBefore(start) { return .notYet(start) }
            }
        }
        return .valid
    }

    /// Dates and local datetimes count as UTC.
    private static func moment(_ value: Value) -> ZonedDateTime? {
        switch value {
        case .dateTime(let moment): moment
        case .localDateTime(let local): ZonedDateTime(seconds: local.seconds, nanosecond: local.nanosecond)
        case .date(let date): ZonedDateTime(seconds: date.days * 86_400)
        case .string(let text): ZonedDateTime(iso: text)
        default: nil
        }
    }
}
