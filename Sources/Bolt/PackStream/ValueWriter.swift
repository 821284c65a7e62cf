package import PropertyGraph

/// Writes Cypher's values as one version of the protocol has them.
package struct ValueWriter {
    /// Where the bytes go.
    package var packer: PackStreamWriter
    private let snapshot: GraphSnapshot
    private let hasElementIDs: Bool
    private let hasUTCMoments: Bool

    /// A writer of values that came from a snapshot. `utcPatch`: whether a 4.4 client asked for the `utc` patch.
    package init(
        _ packer: PackStreamWriter, snapshot: GraphSnapshot, version: BoltVersion, utcPatch: Bool = false
    ) {
        self.packer = packer
        self.snapshot = snapshot
        self.hasElementIDs = version.major >= 5
        self.hasUTCMoments = version.major >= 5 || utcPatch
    }

    /// Appends a value.
    package mutating func write(_ value: Value) {
        switch value {
        case .null: self.packer.writeNull()
        case .boolean(let truth): self.packer.write(truth)
        case .integer(let number): self.packer.write(number)
        case .float(let number): self.packer.write(number)
        case .string(let text): self.packer.write(text)
        case .list(let elements):
            self.packer.beginList(elements.count)
            for element in elements { self.write(element) }
        case .map(let entries):
            self.packer.beginMap(entries.count)
            for (name, value) in entries {
                self.packer.write(name)
                self.write(value)
            }
        case .node(let node): self.write(node)
        case .relationship(let relationship): self.write(relationship, bound: true)
        case .path(let path): self.write(path)
        case .date(let date): self.write(TemporalStructure.date, date.days)
        case .localTime(let time): self.write(TemporalStructure.localTime, time.nanosecondOfDay)
        case .time(let time):
            self.write(TemporalStructure.time, time.local.nanosecondOfDay, time.offsetSeconds)
        case .localDateTime(let moment):
            self.write(TemporalStructure.localDateTime, moment.seconds, moment.nanosecond)
        case .dateTime(let moment): self.write(moment)
        case .duration(let amount):
            self.write(
                TemporalStructure.duration, amount.months, amount.days, amount.seconds, amount.nanosecond)
        case .point(let point): self.write(point)
        }
    }

    private mutating func write(_ tag: UInt8, _ numbers: Int...) {
        self.packer.beginStructure(tag, fields: UInt8(numbers.count))
        for number in numbers { self.packer.write(number) }
    }

    private mutating func write(_ moment: ZonedDateTime) {
        let seconds = self.hasUTCMoments ? moment.seconds : moment.local.seconds
        if let zone = moment.zone {
            let tag = self.hasUTCMoments ? TemporalStructure.zonedUTC : TemporalStructure.zonedLocal
            self.packer.beginStructure(tag, fields: 3)
            self.packer.write(seconds)
            self.packer.write(moment.nanosecond)
            self.packer.write(zone)
        } else {
            let tag = self.hasUTCMoments ? TemporalStructure.dateTimeUTC : TemporalStructure.dateTimeLocal
            self.write(tag, seconds, moment.nanosecond, moment.offsetSeconds)
        }
    }

    private mutating func write(_ point: Point) {
        let tag = point.z == nil ? TemporalStructure.point2D : TemporalStructure.point3D
        self.packer.beginStructure(tag, fields: point.z == nil ? 3 : 4)
        self.packer.write(point.system.rawValue)
        self.packer.write(point.x)
        self.packer.write(point.y)
        if let z = point.z { self.packer.write(z) }
    }

    private mutating func write(_ node: NodeID) {
        self.packer.beginStructure(UInt8(ascii: "N"), fields: self.hasElementIDs ? 4 : 3)
        self.packer.write(Int(node.index))
        let labels = self.snapshot.labels(of: node)
        self.packer.beginList(labels.count)
        for label in labels { self.packer.write(self.snapshot.tokens.name(label)) }
        self.write(self.snapshot.properties(of: node))
        if self.hasElementIDs { self.packer.write("\(node.index)") }
    }

    /// A relationship with its ends, or as paths hold it, without.
    private mutating func write(_ relationship: RelationshipID, bound: Bool) {
        let fields: UInt8 = bound ? (self.hasElementIDs ? 8 : 5) : (self.hasElementIDs ? 4 : 3)
        // A deleted relationship has no ends and no type any more; the structure keeps its shape.
        let record = self.snapshot.relationship(relationship)
        let source = Int(record?.source.index ?? 0)
        let target = Int(record?.target.index ?? 0)
        self.packer.beginStructure(UInt8(ascii: bound ? "R" : "r"), fields: fields)
        self.packer.write(Int(relationship.index))
        if bound {
            self.packer.write(source)
            self.packer.write(target)
        }
        self.packer.write(record.map { self.snapshot.tokens.name($0.type) } ?? "")
        self.write(self.snapshot.properties(of: relationship))
        guard self.hasElementIDs else { return }
        self.packer.write("\(relationship.index)")
        if bound {
            self.packer.write("\(source)")
            self.packer.write("\(target)")
        }
    }

    private mutating func write(_ properties: Properties) {
        self.packer.beginMap(properties.count)
        for entry in properties {
            self.packer.write(self.snapshot.tokens.name(entry.key))
            self.write(entry.value)
        }
    }

    /// Nodes and relationships once each, then the walk: places of relationships from 1, negative against their
    /// direction, and of nodes from 0, in turns.
    private mutating func write(_ path: Path) {
        var nodePlaces: [NodeID: Int] = [:]
        var nodes: [NodeID] = []
        for node in path.nodes where nodePlaces[node] == nil {
            nodePlaces[node] = nodes.count
            nodes.append(node)
        }
        var relationshipPlaces: [RelationshipID: Int] = [:]
        var relationships: [RelationshipID] = []
        for relationship in path.relationships where relationshipPlaces[relationship] == nil {
            relationships.append(relationship)
            relationshipPlaces[relationship] = relationships.count
        }
        self.packer.beginStructure(UInt8(ascii: "P"), fields: 3)
        self.packer.beginList(nodes.count)
        for node in nodes { self.write(node) }
        self.packer.beginList(relationships.count)
        for relationship in relationships { self.write(relationship, bound: false) }
        self.packer.beginList(path.relationships.count * 2)
        for (index, relationship) in path.relationships.enumerated() {
            let place = relationshipPlaces[relationship] ?? 0
            let isForward = self.snapshot.relationship(relationship)?.source == path.nodes[index]
            self.packer.write(isForward ? place : -place)
            self.packer.write(nodePlaces[path.nodes[index + 1]] ?? 0)
        }
    }
}
