internal import JSON
internal import PropertyGraph

/// The encoding of lines of a log: a JSON array a commit, of steps that are arrays, in an array of the commits that became
/// durable together. The number of the encoding stands beside every line, so that a later one can be told apart.
enum ChangeSetCoding {
    /// The number of the encoding written here.
    static let version = 2
    /// The encoding of lines that hold one commit each, an array of steps.
    static let single = 1
    /// Stands in place of the number for a commit that was too large to be spelled out.
    static let tooLarge = 0

    /// The change sets of a line, whose last one has this position.
    /// - Throws: ``StorageError/damaged(_:)``.
    static func decode(_ text: String, version: Int, last position: Int64) throws(StorageError) -> [ChangeSet]
    {
        guard version == Self.version || version == Self.single else {
            throw .damaged("a change set has encoding \(version), this program reads \(Self.version)")
        }
        guard let array = (try? JSON.parse(text))?.array else {
            throw .damaged("a change set is not a JSON array")
        }
        let commits = version == Self.single ? [.array(array)] : array
        guard commits.count <= position else { throw .damaged("a change set is of no commit") }
        var sets: [ChangeSet] = []
        for (commit, number) in zip(commits, Int(position) - commits.count + 1...Int(position)) {
            sets.append(ChangeSet(position: UInt64(number), changes: try Self.decode(commit)))
        }
        return sets
    }

    private static func decode(_ commit: JSON) throws(StorageError) -> [GraphChange] {
        guard let steps = commit.array else { throw .damaged("a change set is not a JSON array") }
        var changes: [GraphChange] = []
        for step in steps {
            guard let change = Self.decode(step: step) else {
                throw .damaged("a change set has an unreadable step: \(step.text.prefix(200))")
            }
            changes.append(change)
        }
        return changes
    }

    /// One step.
    static func encode(_ change: GraphChange) -> JSON {
        switch change {
        case .putNode(let node, let labels, let properties):
            [
                "putNode", .int(Int(node.index)), .array(labels.map(JSON.string)),
                NamedProperty.storedJSON(properties),
            ]
        case .deleteNode(let node): ["deleteNode", .int(Int(node.index))]
        case .putRelationship(let relationship, let type, let source, let target, let properties):
            [
                "putRelationship", .int(Int(relationship.index)), .string(type), .int(Int(source.index)),
                .int(Int(target.index)), NamedProperty.storedJSON(properties),
            ]
        case .deleteRelationship(let relationship): ["deleteRelationship", .int(Int(relationship.index))]
        case .createIndex(let index):
            [
                "createIndex", .string(index.name), .string(index.label), .array(index.keys.map(JSON.string)),
                .string(SchemaRuleKind.text(of: index)),
            ]
        case .dropIndex(let name): ["dropIndex", .string(name)]
        case .createConstraint(let rule):
            [
                "createConstraint", .string(rule.name), .string(rule.kind.rawValue), .string(rule.entity),
                .array(rule.keys.map(JSON.string)), .string(rule.type?.description ?? ""),
            ]
        case .dropConstraint(let name): ["dropConstraint", .string(name)]
        }
    }

    private static func decode(step: JSON) -> GraphChange? {
        guard let parts = step.array, let verb = parts.first?.string else { return nil }
        func number(_ index: Int) -> UInt32? {
            parts.count > index ? parts[index].int.flatMap(UInt32.init(exactly:)) : nil
        }
        func text(_ index: Int) -> String? { parts.count > index ? parts[index].string : nil }
        func texts(_ index: Int) -> [String]? {
            parts.count > index ? parts[index].array?.compactMap(\.string) : nil
        }
        func named(_ index: Int) -> [NamedProperty]? {
            parts.count > index ? NamedProperty.list(storedJSON: parts[index]) : nil
        }
        switch verb {
        case "putNode":
            guard let id = number(1), let labels = texts(2), let properties = named(3) else { return nil }
            return .putNode(NodeID(id), labels: labels, properties: properties)
        case "deleteNode": return number(1).map { .deleteNode(NodeID($0)) }
        case "putRelationship":
            guard let id = number(1), let type = text(2), let source = number(3), let target = number(4),
                let properties = named(5)
            else { return nil }
            return .putRelationship(
                RelationshipID(id), type: type, source: NodeID(source), target: NodeID(target),
                properties: properties)
        case "deleteRelationship": return number(1).map { .deleteRelationship(RelationshipID($0)) }
        case "createIndex":
            guard let name = text(1), let label = text(2), let keys = texts(3) else { return nil }
            return SchemaRuleKind.index(text(4) ?? "index", name: name, entity: label, keys: keys)
                .map(GraphChange.createIndex)
        case "dropIndex": return text(1).map { .dropIndex(name: $0) }
        case "createConstraint":
            guard let name = text(1), let kind = text(2).flatMap(ConstraintDefinition.Kind.init(rawValue:)),
                let entity = text(3), let keys = texts(4)
            else { return nil }
            let type = PropertyType(text(5) ?? "")
            return .createConstraint(
                ConstraintDefinition(name: name, kind: kind, entity: entity, keys: keys, type: type))
        case "dropConstraint": return text(1).map { .dropConstraint(name: $0) }
        default: return nil
        }
    }
}
