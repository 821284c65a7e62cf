/// Why a change to a graph was refused. The graph is as it was before the change.
package enum GraphError: Error, Hashable, Sendable {
    /// There is no such node.
    case nodeNotFound(NodeID)
    /// There is no such relationship.
    case relationshipNotFound(RelationshipID)
    /// A node cannot go while relationships hang on it.
    case nodeHasRelationships(NodeID, count: Int)
    /// Maps, entities and lists of lists cannot be stored.
    case notStorable(key: String, typeName: String)
    /// A name of a label, type or key is empty.
    case emptyName
    /// Two nodes of a label, or relationships of a type, would agree in keys that must differ.
    case alreadyExists(
        constraint: String, on: EntityKind, entity: String, keys: [String], values: [Value], holder: UInt32)
    /// A node or relationship lacks a property that it must have.
    case propertyMissing(constraint: String, entity: String, key: String)
    /// A property has a value of another type than it must have.
    case propertyType(constraint: String, entity: String, key: String, wanted: String, found: String)
    /// An index or constraint of that name, or over the same keys, is there already.
    case schemaExists(name: String)
    /// There is no index or constraint of that name.
    case schemaNotFound(name: String)
    /// An index belongs to a constraint and goes with it.
    case indexOwnedByConstraint(name: String)
    /// Rows of a file do not come in order of id, each once: the file is damaged.
    case outOfOrder
    /// Somebody wanted long work to end before it was done.
    case interrupted
    /// Taking changes back left the graph other than it was: a defect of ours; the transaction cannot be used.
    case rollbackFailed
    /// All 4,294,967,295 numbers of a kind are used.
    case full
    /// Rules keep whoever asks from writing this: `label `Person``, `property `salary``.
    case forbidden(String)
    /// A node cannot go while relationships hang on it, some of which its deleter may not see or not write.
    case nodeHasHiddenRelationships(NodeID)
}

extension GraphError {
    /// A stable word for machines.
    package var code: String {
        switch self {
        case .nodeNotFound, .relationshipNotFound: "entity_not_found"
        case .nodeHasRelationships: "node_has_relationships"
        case .notStorable: "value_not_storable"
        case .emptyName: "empty_name"
        case .alreadyExists, .propertyMissing, .propertyType: "constraint_violated"
        case .schemaExists: "schema_exists"
        case .schemaNotFound: "schema_not_found"
        case .indexOwnedByConstraint: "index_owned_by_constraint"
        case .outOfOrder: "out_of_order"
        case .interrupted: "interrupted"
        case .rollbackFailed: "rollback_failed"
        case .full: "graph_full"
        case .forbidden, .nodeHasHiddenRelationships: "forbidden"
        }
    }
}

extension GraphError: CustomStringConvertible {
    /// What went wrong, with names and numbers, and what to do about it.
    package var description: String {
        switch self {
        case .nodeNotFound(let node): "node \(node.index) does not exist or was deleted"
        case .relationshipNotFound(let relationship):
            "relationship \(relationship.index) does not exist or was deleted"
        case .nodeHasRelationships(let node, let count):
            "node \(node.index) still has \(count) relationship\(count == 1 ? "" : "s"); "
                + "delete them first or use DETACH DELETE"
        case .notStorable(let key, let typeName):
            "property `\(key)` cannot hold a \(typeName); store plain values or lists of plain values"
        case .emptyName: "labels, relationship types and property keys need a name"
        case .alreadyExists(let constraint, let kind, let entity, let keys, let values, let holder):
            // Drivers' mappers look for the words "already exists with label".
            "a \(kind.rawValue) already exists with \(kind == .node ? "label" : "type") `\(entity)` and "
                + zip(keys, values).map { "\($0) = \(Self.brief($1))" }.joined(separator: ", ")
                + " (\(kind.rawValue) \(holder), constraint `\(constraint)`)"
        case .propertyType(let constraint, let entity, let key, let wanted, let found):
            "property `\(key)` of `\(entity)` must be of type \(wanted), not \(found) "
                + "(constraint `\(constraint)`)"
        case .propertyMissing(let constraint, let entity, let key):
            "`\(entity)` needs the property `\(key)` (constraint `\(constraint)`)"
        case .schemaExists(let name): "an index or constraint `\(name)` exists already; add IF NOT EXISTS"
        case .schemaNotFound(let name): "there is no index or constraint `\(name)`; add IF EXISTS"
        case .indexOwnedByConstraint(let name):
            "index `\(name)` belongs to a constraint; drop the constraint instead"
        case .outOfOrder: "rows are not in the order of their ids"
        case .interrupted: "the work was to end before it was done; nothing of it was kept"
        case .rollbackFailed:
            "changes could not be taken back; this is a defect of ours, and nothing was written"
        case .full: "the graph is full: no more than 4294967295 nodes and as many relationships"
        case .forbidden(let what):
            "you may not write \(what) in this graph; an administrator of the graph can change that"
        case .nodeHasHiddenRelationships(let node):
            "node \(node.index) has relationships that you may not see and so not delete; ask an administrator of the graph"
        }
    }

    private static func brief(_ value: Value) -> String {
        switch value {
        case .string(let text): "'\(text.prefix(80))'"
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let truth): "\(truth)"
        default: value.typeName
        }
    }
}
