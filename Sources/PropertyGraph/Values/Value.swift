/// Any value that Cypher knows: what a property holds, a parameter carries or a row returns.
///
/// `Hashable` is structural: `1` and `1.0` differ here, `NaN` is unequal to itself, and texts are equal when their bytes
/// are. Cypher's own equality, equivalence and ordering belong to the query engine; indexes use ``IndexKey``.
package enum Value: Hashable, Sendable {
    /// No value.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// A 64-bit integer.
    case integer(Int)
    /// An IEEE 754 double.
    case float(Double)
    /// Unicode text.
    case string(String)
    /// Values in order.
    case list([Value])
    /// Values by name. Never a property: only parameters, expressions and results hold maps.
    case map([String: Value])
    /// A node of the graph that the value came from.
    case node(NodeID)
    /// A relationship of the graph that the value came from.
    case relationship(RelationshipID)
    /// Nodes and the relationships between them.
    indirect case path(Path)
    /// A calendar day.
    case date(CalendarDate)
    /// A time of day without an offset.
    case localTime(LocalTime)
    /// A time of day with its offset from UTC.
    indirect case time(ZonedTime)
    /// A day and time without an offset.
    indirect case localDateTime(LocalDateTime)
    /// A moment, with the offset or zone it was written in.
    indirect case dateTime(ZonedDateTime)
    /// Months, days and seconds.
    indirect case duration(TemporalDuration)
    /// A place in one of four coordinate systems.
    indirect case point(Point)

    /// Whether this is ``null``.
    package var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The text, when this is a string.
    package var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The number, when this is an integer.
    package var integer: Int? {
        if case .integer(let number) = self { return number }
        return nil
    }

    /// The truth value, when this is a boolean.
    package var boolean: Bool? {
        if case .boolean(let truth) = self { return truth }
        return nil
    }

    /// The elements, when this is a list.
    package var list: [Value]? {
        if case .list(let elements) = self { return elements }
        return nil
    }

    /// The entries, when this is a map.
    package var map: [String: Value]? {
        if case .map(let entries) = self { return entries }
        return nil
    }

    /// The moment, when this is a datetime.
    package var dateTime: ZonedDateTime? {
        if case .dateTime(let moment) = self { return moment }
        return nil
    }

    /// The name of the type as Cypher's manual and its errors write it.
    package var typeName: String {
        switch self {
        case .null: "NULL"
        case .boolean: "BOOLEAN"
        case .integer: "INTEGER"
        case .float: "FLOAT"
        case .string: "STRING"
        case .list: "LIST"
        case .map: "MAP"
        case .node: "NODE"
        case .relationship: "RELATIONSHIP"
        case .path: "PATH"
        case .date: "DATE"
        case .localTime: "LOCAL TIME"
        case .time: "ZONED TIME"
        case .localDateTime: "LOCAL DATETIME"
        case .dateTime: "ZONED DATETIME"
        case .duration: "DURATION"
        case .point: "POINT"
        }
    }

    /// Whether a node or relationship may hold it: no maps, no entities, no null and no lists of these.
    package var isStorable: Bool {
        switch self {
        case .null, .map, .node, .relationship, .path: false
        case .list(let elements): elements.allSatisfy { $0.isStorable && $0.list == nil }
        default: true
        }
    }
}

extension Value {
    /// Whether the two are the same, texts by their bytes.
    package static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.float(let a), .float(let b)): a == b
        case (.string(let a), .string(let b)): sameBytes(a, b)
        case (.list(let a), .list(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.node(let a), .node(let b)): a == b
        case (.relationship(let a), .relationship(let b)): a == b
        case (.path(let a), .path(let b)): a == b
        case (.date(let a), .date(let b)): a == b
        case (.localTime(let a), .localTime(let b)): a == b
        case (.time(let a), .time(let b)): a == b
        case (.localDateTime(let a), .localDateTime(let b)): a == b
        case (.dateTime(let a), .dateTime(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.point(let a), .point(let b)): a == b
        default: false
        }
    }

    /// Feeds what ``==(_:_:)`` compares.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let truth): hasher.combine(truth)
        case .integer(let number): hasher.combine(number)
        case .float(let number): hasher.combine(number)
        case .string(let text): hasher.combine(bytesOf: text)
        case .list(let elements): hasher.combine(elements)
        case .map(let entries): hasher.combine(entries)
        case .node(let node): hasher.combine(node)
        case .relationship(let relationship): hasher.combine(relationship)
        case .path(let path): hasher.combine(path)
        case .date(let date): hasher.combine(date)
        case .localTime(let time): hasher.combine(time)
        case .time(let time): hasher.combine(time)
        case .localDateTime(let moment): hasher.combine(moment)
        case .dateTime(let moment): hasher.combine(moment)
        case .duration(let amount): hasher.combine(amount)
        case .point(let point): hasher.combine(point)
        }
    }
}

/// A walk through the graph: `nodes.count == relationships.count + 1`.
package struct Path: Hashable, Sendable {
    /// The nodes in the order of the walk. Never empty.
    package let nodes: [NodeID]
    /// The relationships between them, in order; each may be walked against its direction.
    package let relationships: [RelationshipID]

    /// Joins nodes and the relationships between them; nil when the counts do not fit.
    package init?(nodes: [NodeID], relationships: [RelationshipID]) {
        guard nodes.count == relationships.count + 1 else { return nil }
        self.nodes = nodes
        self.relationships = relationships
    }
}
